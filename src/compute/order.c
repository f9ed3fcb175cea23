/* order.c -- the total order of every type, value by value, and min/max where no tier has it. */
#include "base/bitmap.h"
#include "compute/interval.h"
#include "compute/kernel_priv.h"
#include "compute/number.h"

#define K_ORDER(x, y) (((x) > (y)) - ((x) < (y)))
/* NaN equals NaN and is above everything; -0.0 equals 0.0. */
#define FLOAT_ORDER(x, y)                                                                          \
    ((x) != (x) || (y) != (y) ? ((x) != (x)) - ((y) != (y)) : ((x) > (y)) - ((x) < (y)))

#define K_TEMPLATE "compute/order.inc.h"
#include "compute/each_int.inc.h"
#include "compute/each_uint.inc.h"
#define K_ID i128
#define K_TYPE i128
#include "compute/order.inc.h"
#define K_ID u128
#define K_TYPE u128
#include "compute/order.inc.h"
#undef K_ORDER
#define K_ORDER FLOAT_ORDER
#include "compute/each_float.inc.h"
#undef K_ORDER
#define K_ORDER(x, y)                                                                              \
    ((interval_micros(x) > interval_micros(y)) - (interval_micros(x) < interval_micros(y)))
#define K_ID mdn
#define K_TYPE struct interval
#include "compute/order.inc.h"
#undef K_ORDER
#define K_ORDER(x, y) number_compare(x, y)
#define K_ID number
#define K_TYPE struct number
#include "compute/order.inc.h"
#undef K_TEMPLATE

static int order_view(const void *a, const void *b)
{
    return str_compare((const struct str_view *)a, (const struct str_view *)b);
}

kernel_order_fn *kernel_order(enum phys_type type)
{
    static kernel_order_fn *const orders[PHYS_COUNT] = {
        [PHYS_BOOL] = order_u8,       [PHYS_I8] = order_i8,     [PHYS_I16] = order_i16,
        [PHYS_I32] = order_i32,       [PHYS_I64] = order_i64,   [PHYS_I128] = order_i128,
        [PHYS_U8] = order_u8,         [PHYS_U16] = order_u16,   [PHYS_U32] = order_u32,
        [PHYS_U64] = order_u64,       [PHYS_U128] = order_u128, [PHYS_F32] = order_f32,
        [PHYS_F64] = order_f64,       [PHYS_VIEW] = order_view, [PHYS_MDN] = order_mdn,
        [PHYS_NUMBER] = order_number,
    };
    assert(type < PHYS_COUNT);
    return orders[type];
}

int order_strict(enum phys_type type, const void *a, const void *b)
{
    const int order = kernel_order(type)(a, b);
    if (order != 0 || type == PHYS_VIEW) return order;
    return memcmp(a, b, phys_bytes[type]);
}

static bool min_max_bits(const uint64_t *bits, const uint64_t *validity, uint32_t n,
                         uint8_t *out_min, uint8_t *out_max)
{
    uint64_t set = 0, clear = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        const uint64_t valid =
            low_bits(n - i) & (validity == NULL ? ~UINT64_C(0) : validity[i >> 6]);
        set |= bits[i >> 6] & valid;
        clear |= ~bits[i >> 6] & valid;
    }
    *out_min = clear == 0;
    *out_max = set != 0;
    return (set | clear) != 0;
}

bool kernel_min_max(enum phys_type type, const void *data, const uint64_t *validity, uint32_t n,
                    void *out_min, void *out_max)
{
    assert(type < PHYS_COUNT);
    if (type == PHYS_NULLS) return false;
    if (type == PHYS_BOOL)
        return min_max_bits((const uint64_t *)data, validity, n, (uint8_t *)out_min,
                            (uint8_t *)out_max);
    min_max_fn *fast = tier_best()->min_max[type];
    if (fast != NULL) return fast(data, validity, n, out_min, out_max);
    const uint8_t *values = (const uint8_t *)data, *least = NULL, *most = NULL;
    const size_t width = phys_bytes[type];
    for (uint32_t i = 0; i < n; i++) {
        if (validity != NULL && !bit_get(validity, i)) continue;
        const uint8_t *value = values + i * width;
        if (least == NULL || order_strict(type, value, least) < 0) least = value;
        if (most == NULL || order_strict(type, value, most) > 0) most = value;
    }
    if (least == NULL) return false;
    memcpy(out_min, least, width);
    memcpy(out_max, most, width);
    return true;
}
