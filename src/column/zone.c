#include "column/zone.h"

#include <assert.h>
#include <string.h>

#include "base/bitmap.h"

#define SIGN_BIT (UINT64_C(1) << 63)

ALWAYS_INLINE uint64_t key_of_signed(int64_t value)
{
    return (uint64_t)value ^ SIGN_BIT;
}

ALWAYS_INLINE uint64_t key_of_unsigned(uint64_t value)
{
    return value;
}

ALWAYS_INLINE uint64_t key_of_double(double value)
{
    if (value != value) return UINT64_MAX;
    value += 0.0; /* -0.0 becomes 0.0 */
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits & SIGN_BIT) ? ~bits : bits | SIGN_BIT;
}

ALWAYS_INLINE uint64_t key_of_float(float value)
{
    return key_of_double((double)value);
}

/* Beyond 64 bits all values share the outermost keys. */
ALWAYS_INLINE uint64_t key_of_i128(i128 value)
{
    if (value < INT64_MIN) return 0;
    return value > INT64_MAX ? UINT64_MAX : key_of_signed((int64_t)value);
}

ALWAYS_INLINE uint64_t key_of_u128(u128 value)
{
    return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

/* The first eight bytes, most significant first. */
ALWAYS_INLINE uint64_t key_of_bytes(const uint8_t *bytes, uint32_t len)
{
    uint64_t key = 0;
    uint32_t n = len < 8 ? len : 8;
    if (n != 0) memcpy(&key, bytes, n);
    return __builtin_bswap64(key);
}

ALWAYS_INLINE uint64_t key_of_view(struct str_view view)
{
    return key_of_bytes(str_data(&view), view.len);
}

#define K_NAME keys_i8
#define K_TYPE int8_t
#define K_KEY key_of_signed
#include "column/zone_keys.inc.h"
#define K_NAME keys_i16
#define K_TYPE int16_t
#define K_KEY key_of_signed
#include "column/zone_keys.inc.h"
#define K_NAME keys_i32
#define K_TYPE int32_t
#define K_KEY key_of_signed
#include "column/zone_keys.inc.h"
#define K_NAME keys_i64
#define K_TYPE int64_t
#define K_KEY key_of_signed
#include "column/zone_keys.inc.h"
#define K_NAME keys_i128
#define K_TYPE i128
#define K_KEY key_of_i128
#include "column/zone_keys.inc.h"
#define K_NAME keys_u8
#define K_TYPE uint8_t
#define K_KEY key_of_unsigned
#include "column/zone_keys.inc.h"
#define K_NAME keys_u16
#define K_TYPE uint16_t
#define K_KEY key_of_unsigned
#include "column/zone_keys.inc.h"
#define K_NAME keys_u32
#define K_TYPE uint32_t
#define K_KEY key_of_unsigned
#include "column/zone_keys.inc.h"
#define K_NAME keys_u64
#define K_TYPE uint64_t
#define K_KEY key_of_unsigned
#include "column/zone_keys.inc.h"
#define K_NAME keys_u128
#define K_TYPE u128
#define K_KEY key_of_u128
#include "column/zone_keys.inc.h"
#define K_NAME keys_f32
#define K_TYPE float
#define K_KEY key_of_float
#include "column/zone_keys.inc.h"
#define K_NAME keys_f64
#define K_TYPE double
#define K_KEY key_of_double
#include "column/zone_keys.inc.h"
#define K_NAME keys_view
#define K_TYPE struct str_view
#define K_KEY key_of_view
#include "column/zone_keys.inc.h"

typedef void keys_fn(const void *data, uint32_t n, uint64_t *restrict out);
static keys_fn *const keys_of_type[PHYS_COUNT] = {
    [PHYS_I8] = keys_i8,     [PHYS_I16] = keys_i16,   [PHYS_I32] = keys_i32, [PHYS_I64] = keys_i64,
    [PHYS_I128] = keys_i128, [PHYS_U8] = keys_u8,     [PHYS_U16] = keys_u16, [PHYS_U32] = keys_u32,
    [PHYS_U64] = keys_u64,   [PHYS_U128] = keys_u128, [PHYS_F32] = keys_f32, [PHYS_F64] = keys_f64,
    [PHYS_VIEW] = keys_view,
};

bool zone_has_keys(enum phys_type phys)
{
    return phys == PHYS_BOOL || keys_of_type[phys] != NULL;
}

bool zone_is_exact(enum phys_type phys)
{
    return zone_has_keys(phys) && phys != PHYS_VIEW && phys != PHYS_I128 && phys != PHYS_U128;
}

void zone_keys(enum phys_type phys, const void *data, uint32_t first, uint32_t n,
               uint64_t *out_keys)
{
    assert(n <= VEC_ROWS_MAX);
    assert(zone_has_keys(phys));
    if (phys == PHYS_BOOL) {
        for (uint32_t i = 0; i < n; i++)
            out_keys[i] = bit_get(data, first + i);
        return;
    }
    keys_of_type[phys]((const uint8_t *)data + (size_t)first * phys_bytes[phys], n, out_keys);
}

uint64_t zone_key_of_value(const struct value *value)
{
    switch ((enum phys_type)value->type.phys) {
    case PHYS_BOOL: return value->b;
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64: return key_of_signed(value->i);
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return value->u;
    case PHYS_I128: return key_of_i128(value->h);
    case PHYS_U128: return key_of_u128(value->uh);
    case PHYS_F32: return key_of_float(value->f);
    case PHYS_F64: return key_of_double(value->d);
    case PHYS_VIEW: {
        uint32_t len = value->s.len < 8 ? (uint32_t)value->s.len : 8;
        return key_of_bytes((const uint8_t *)value->s.data, len);
    }
    case PHYS_NULLS:
    case PHYS_MDN:
    case PHYS_NUMBER:
    case PHYS_COUNT: break;
    }
    assert(false);
    return 0;
}

static double double_of_key(uint64_t key)
{
    uint64_t bits = (key & SIGN_BIT) ? key & ~SIGN_BIT : ~key;
    double value;
    if (key == UINT64_MAX) bits = UINT64_C(0x7ff8000000000000); /* NaN */
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool zone_bound(enum phys_type phys, uint64_t key, bool upper, struct value *out)
{
    out->is_null = false;
    switch (phys) {
    case PHYS_BOOL: out->b = key != 0; return true;
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64: out->i = (int64_t)(key ^ SIGN_BIT); return true;
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: out->u = key; return true;
    case PHYS_I128: out->h = (int64_t)(key ^ SIGN_BIT); return upper ? key != UINT64_MAX : key != 0;
    case PHYS_U128: out->uh = key; return upper ? key != UINT64_MAX : true;
    case PHYS_F32: out->f = (float)double_of_key(key); return true;
    case PHYS_F64: out->d = double_of_key(key); return true;
    case PHYS_NULLS:
    case PHYS_VIEW:
    case PHYS_MDN:
    case PHYS_NUMBER:
    case PHYS_COUNT: break;
    }
    return false;
}

static void bounds_all(const uint64_t *keys, uint32_t n, uint64_t *io_min, uint64_t *io_max)
{
    uint64_t min = *io_min;
    uint64_t max = *io_max;
    for (uint32_t i = 0; i < n; i++) {
        min = keys[i] < min ? keys[i] : min;
        max = keys[i] > max ? keys[i] : max;
    }
    *io_min = min;
    *io_max = max;
}

static void bounds_valid(const uint64_t *keys, const uint64_t *validity, uint32_t n,
                         uint64_t *io_min, uint64_t *io_max)
{
    for (uint32_t i = 0; i < n; i++)
        if (bit_get(validity, i)) bounds_all(&keys[i], 1, io_min, io_max);
}

void zone_add(struct zone *zone, const uint64_t *keys, const uint64_t *validity, uint32_t n)
{
    uint64_t valid = validity == NULL ? n : bitmap_count(validity, n);
    uint64_t min = zone->values == 0 ? UINT64_MAX : zone->min;
    uint64_t max = zone->values == 0 ? 0 : zone->max;
    if (keys != NULL && valid == n) bounds_all(keys, n, &min, &max);
    if (keys != NULL && valid != n && valid != 0) bounds_valid(keys, validity, n, &min, &max);
    zone->values += valid;
    zone->nulls += n - valid;
    if (zone->values == 0) return;
    zone->min = min;
    zone->max = max;
}

void zone_merge(struct zone *zone, const struct zone *more)
{
    if (more->values != 0) {
        if (zone->values == 0 || more->min < zone->min) zone->min = more->min;
        if (zone->values == 0 || more->max > zone->max) zone->max = more->max;
    }
    zone->values += more->values;
    zone->nulls += more->nulls;
}

void zone_order(const uint64_t *keys, uint32_t n, const uint64_t *previous, bool *io_ascending,
                bool *io_strictly)
{
    if (n == 0) return;
    uint32_t falls = previous != NULL && keys[0] < *previous;
    uint32_t stays = previous != NULL && keys[0] == *previous;
    for (uint32_t i = 1; i < n; i++) {
        falls += keys[i] < keys[i - 1];
        stays += keys[i] == keys[i - 1];
    }
    if (falls != 0) *io_ascending = false;
    if (falls + stays != 0) *io_strictly = false;
}

void live_zone_init(struct live_zone *live)
{
    atomic_init(&live->min, UINT64_MAX);
    atomic_init(&live->max, 0);
    atomic_init(&live->values, 0);
    atomic_init(&live->nulls, 0);
}

static void add(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + more, memory_order_relaxed); /* one writer */
}

void live_zone_merge(struct live_zone *live, const struct zone *more)
{
    if (more->values != 0) {
        if (more->min < atomic_load_explicit(&live->min, memory_order_relaxed))
            atomic_store_explicit(&live->min, more->min, memory_order_relaxed);
        if (more->max > atomic_load_explicit(&live->max, memory_order_relaxed))
            atomic_store_explicit(&live->max, more->max, memory_order_relaxed);
    }
    add(&live->values, more->values);
    add(&live->nulls, more->nulls);
}

struct zone live_zone_read(const struct live_zone *live)
{
    return (struct zone){.min = atomic_load_explicit(&live->min, memory_order_relaxed),
                         .max = atomic_load_explicit(&live->max, memory_order_relaxed),
                         .values = atomic_load_explicit(&live->values, memory_order_relaxed),
                         .nulls = atomic_load_explicit(&live->nulls, memory_order_relaxed)};
}
