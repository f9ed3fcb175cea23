/* decimal.c -- casts between scales: blocks of values go to 64 or 128 bits, are scaled there, and
 * go to their type, each step checked. */
#include <math.h>

#include "compute/kernel.h"
#include "compute/wide.h"

enum { BLOCK_ROWS = 64, POWERS_64 = 18 /* 10^18 is the largest in 64 bits */ };

/* One integer type as the source or the target of a cast. The 64-bit functions are NULL for types
 * that have values beyond. All but load_64 return non-zero if a value did not fit. */
struct decimal_end {
    uint32_t width;
    void (*load_64)(int64_t *restrict out, const void *data, uint32_t n);
    uint32_t (*load_128)(i128 *restrict out, const void *data, uint32_t n);
    uint32_t (*store_64)(void *restrict out, const int64_t *values, uint32_t n);
    uint32_t (*store_128)(void *restrict out, const i128 *values, uint32_t n);
};

#define K_TEMPLATE "compute/decimal_narrow.inc.h"
#define K_UP_TO_32
#include "compute/each_uint.inc.h"
#undef K_UP_TO_32
#include "compute/each_int.inc.h"
#undef K_TEMPLATE
#define K_TEMPLATE "compute/decimal_wide.inc.h"
#define K_ID u64
#define K_TYPE uint64_t
#define K_NEGATIVE(x) false
#include K_TEMPLATE
#define K_ID i128
#define K_TYPE i128
#define K_NEGATIVE(x) ((x) < 0)
#include K_TEMPLATE
#define K_ID u128
#define K_TYPE u128
#define K_NEGATIVE(x) false
#include K_TEMPLATE
#undef K_TEMPLATE

/* ---- scaling ---- */

static i128 largest_of(uint32_t precision)
{
    return precision == 0 ? I128_MAX : (i128)(u128_pow10(precision) - 1);
}

static uint32_t scale_up_64(int64_t *io, uint32_t n, uint32_t digits, i128 largest)
{
    const int64_t factor = (int64_t)u128_pow10(digits);
    const int64_t bound = largest < INT64_MAX ? (int64_t)largest : INT64_MAX;
    /* Without a factor and a bound the smallest integer, whose negative does not exist, is fine. */
    const int64_t most = bound / factor, least = most == INT64_MAX ? INT64_MIN : -most;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        bad |= io[i] > most || io[i] < least;
        io[i] = (int64_t)((uint64_t)io[i] * (uint64_t)factor);
    }
    return bad;
}

static uint32_t scale_up_128(i128 *io, uint32_t n, uint32_t digits, i128 largest)
{
    const i128 factor = (i128)u128_pow10(digits);
    const i128 most = largest / factor, least = most == I128_MAX ? I128_MIN : -most;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        bad |= io[i] > most || io[i] < least;
        io[i] = (i128)((u128)io[i] * (u128)factor);
    }
    return bad;
}

/* Half away from zero. The power is even, so half of it is exact. */
static uint32_t scale_down_64(int64_t *io, uint32_t n, uint32_t digits, i128 largest)
{
    const int64_t factor = (int64_t)u128_pow10(digits), half = factor / 2;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        const int64_t rest = io[i] % factor;
        io[i] = io[i] / factor + (rest >= half) - (rest <= -half);
        bad |= io[i] > largest || io[i] < -largest;
    }
    return bad;
}

static uint32_t scale_down_128(i128 *io, uint32_t n, uint32_t digits, i128 largest)
{
    const i128 factor = (i128)u128_pow10(digits), half = factor / 2;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        const i128 rest = io[i] % factor;
        io[i] = io[i] / factor + (rest >= half) - (rest <= -half);
        bad |= io[i] > largest || io[i] < -largest;
    }
    return bad;
}

/* Above 128 signed bits there is one cast only: the integer as it is. */
static uint32_t cast_u128_u128(u128 *restrict out, const u128 *a, const struct decimal_cast *cast,
                               uint32_t n)
{
    const u128 largest = cast->to_precision == 0 ? U128_MAX : u128_pow10(cast->to_precision) - 1;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        bad |= a[i] > largest;
        out[i] = a[i];
    }
    return bad;
}

static uint32_t cast_ints(const struct decimal_end *from, const struct decimal_end *to,
                          void *restrict out, const void *a, const struct decimal_cast *cast,
                          uint32_t n)
{
    if (from == &end_u128 && to == &end_u128 && cast->from_scale == cast->to_scale)
        return cast_u128_u128((u128 *)out, (const u128 *)a, cast, n);
    const bool up = cast->to_scale >= cast->from_scale;
    const uint32_t digits = up ? cast->to_scale - (uint32_t)cast->from_scale
                               : cast->from_scale - (uint32_t)cast->to_scale;
    const i128 largest = largest_of(cast->to_precision);
    const bool narrow = from->load_64 != NULL && to->store_64 != NULL && digits <= POWERS_64;
    const uint8_t *in = (const uint8_t *)a;
    uint8_t *at = (uint8_t *)out;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i += BLOCK_ROWS) {
        const uint32_t rows = n - i < BLOCK_ROWS ? n - i : BLOCK_ROWS;
        if (narrow) {
            int64_t work[BLOCK_ROWS];
            from->load_64(work, in, rows);
            bad |= (up ? scale_up_64 : scale_down_64)(work, rows, digits, largest);
            bad |= to->store_64(at, work, rows);
        } else {
            i128 work[BLOCK_ROWS];
            bad |= from->load_128(work, in, rows);
            bad |= (up ? scale_up_128 : scale_down_128)(work, rows, digits, largest);
            bad |= to->store_128(at, work, rows);
        }
        in += (size_t)rows * from->width;
        at += (size_t)rows * to->width;
    }
    return bad;
}

/* ---- reals ---- */

static void cast_to_reals(const struct decimal_end *from, double *restrict out, const void *a,
                          const struct decimal_cast *cast, uint32_t n)
{
    const u128 divisor = u128_pow10(cast->from_scale);
    const bool is_unsigned = from == &end_u128;
    for (uint32_t i = 0; i < n; i++) {
        i128 value;
        const uint8_t *at = (const uint8_t *)a + (size_t)i * from->width;
        if (is_unsigned) {
            u128 magnitude;
            memcpy(&magnitude, at, sizeof magnitude);
            out[i] = u128_ratio(false, magnitude, divisor);
        } else {
            (void)from->load_128(&value, at, 1); /* cannot fail: every such type fits */
            out[i] = i128_ratio(value, divisor);
        }
    }
}

static uint32_t cast_to_f64(const struct decimal_end *from, void *restrict out, const void *a,
                            const struct decimal_cast *cast, uint32_t n)
{
    cast_to_reals(from, (double *)out, a, cast, n);
    return 0;
}

static uint32_t cast_to_f32(const struct decimal_end *from, void *restrict out, const void *a,
                            const struct decimal_cast *cast, uint32_t n)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        double value;
        cast_to_reals(from, &value, (const uint8_t *)a + (size_t)i * from->width, cast, 1);
        /* Only 2^128 - 1 and its neighbours reach beyond the largest float. */
        const bool fits = value < 0x1.ffffffp127;
        ((float *)out)[i] = (float)(fits ? value : 0);
        bad |= !fits;
    }
    return bad;
}

static uint32_t cast_from_real(const struct decimal_end *to, void *restrict out, double x,
                               const struct decimal_cast *cast)
{
    const double scaled = round(x * (double)u128_pow10(cast->to_scale));
    const i128 largest = largest_of(cast->to_precision);
    /* Integers from 2^127 on are those of UHUGEINT only. */
    const bool fits = scaled >= -0x1p127 && scaled < 0x1p127;
    if (!fits && to == &end_u128 && cast->to_precision == 0 && scaled > 0 && scaled < 0x1p128) {
        const u128 value = (u128)scaled;
        memcpy(out, &value, sizeof value);
        return 0;
    }
    const i128 value = fits ? (i128)scaled : 0;
    const bool within = value <= largest && value >= -largest;
    return (uint32_t)!fits | (uint32_t)!within | to->store_128(out, &value, 1);
}

static uint32_t cast_from_f64(const struct decimal_end *to, void *restrict out, const void *a,
                              const struct decimal_cast *cast, uint32_t n)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++)
        bad |= cast_from_real(to, (uint8_t *)out + (size_t)i * to->width, ((const double *)a)[i],
                              cast);
    return bad;
}

static uint32_t cast_from_f32(const struct decimal_end *to, void *restrict out, const void *a,
                              const struct decimal_cast *cast, uint32_t n)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++)
        bad |= cast_from_real(to, (uint8_t *)out + (size_t)i * to->width,
                              (double)((const float *)a)[i], cast);
    return bad;
}

/* ---- a kernel per pair ---- */
#define F_TEMPLATE "compute/decimal_to.inc.h"
#include "compute/cast_from.inc.h"
#undef F_TEMPLATE

#define TO_INTS(from)                                                                              \
    [PHYS_I8] = decimal_##from##_i8, [PHYS_I16] = decimal_##from##_i16,                            \
    [PHYS_I32] = decimal_##from##_i32, [PHYS_I64] = decimal_##from##_i64,                          \
    [PHYS_I128] = decimal_##from##_i128, [PHYS_U8] = decimal_##from##_u8,                          \
    [PHYS_U16] = decimal_##from##_u16, [PHYS_U32] = decimal_##from##_u32,                          \
    [PHYS_U64] = decimal_##from##_u64, [PHYS_U128] = decimal_##from##_u128
#define TO_ALL(from)                                                                               \
    {                                                                                              \
        TO_INTS(from), [PHYS_F32] = decimal_##from##_f32, [PHYS_F64] = decimal_##from##_f64        \
    }

kernel_fn *kernel_decimal_cast(enum phys_type from, enum phys_type to)
{
    static kernel_fn *const casts[PHYS_COUNT][PHYS_COUNT] = {
        [PHYS_I8] = TO_ALL(i8),     [PHYS_I16] = TO_ALL(i16),    [PHYS_I32] = TO_ALL(i32),
        [PHYS_I64] = TO_ALL(i64),   [PHYS_I128] = TO_ALL(i128),  [PHYS_U8] = TO_ALL(u8),
        [PHYS_U16] = TO_ALL(u16),   [PHYS_U32] = TO_ALL(u32),    [PHYS_U64] = TO_ALL(u64),
        [PHYS_U128] = TO_ALL(u128), [PHYS_F32] = {TO_INTS(f32)}, [PHYS_F64] = {TO_INTS(f64)},
    };
    assert(from < PHYS_COUNT);
    assert(to < PHYS_COUNT);
    return casts[from][to];
}
