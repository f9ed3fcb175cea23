#include "column/sound.h"

#include <string.h>

#include "base/bitmap.h"
#include "base/date.h"
#include "base/number.h"
#include "base/utf8.h"

/* ---- values ---- */

static u128 magnitude(i128 value)
{
    return value < 0 ? -(u128)value : (u128)value;
}

static bool decimal_is_sound(struct type type, const uint8_t *slot)
{
    i128 value = 0;
    switch ((enum phys_type)type.phys) {
    case PHYS_I16: {
        int16_t v;
        memcpy(&v, slot, sizeof v);
        value = v;
        break;
    }
    case PHYS_I32: {
        int32_t v;
        memcpy(&v, slot, sizeof v);
        value = v;
        break;
    }
    case PHYS_I64: {
        int64_t v;
        memcpy(&v, slot, sizeof v);
        value = v;
        break;
    }
    default: memcpy(&value, slot, sizeof value); break;
    }
    return magnitude(value) < number_pow10(type.precision);
}

static bool slot_is_sound(struct type type, const uint8_t *slot)
{
    int64_t v = 0;
    switch (type.id) {
    case TYPE_DECIMAL: return decimal_is_sound(type, slot);
    case TYPE_DATE: {
        int32_t days;
        memcpy(&days, slot, sizeof days);
        return days >= DATE_MINUS_INFINITY;
    }
    case TYPE_TIME: memcpy(&v, slot, sizeof v); return v >= 0 && v <= MICROS_PER_DAY;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        memcpy(&v, slot, sizeof v);
        return v >= TIMESTAMP_MIN || v == TIMESTAMP_MINUS_INFINITY;
    default: return true;
    }
}

static bool slots_are_sound(struct type type, const uint8_t *data, const uint64_t *validity,
                            uint32_t n)
{
    const uint32_t width = phys_bytes[type.phys];
    for (uint32_t i = 0; i < n; i++)
        if ((validity == NULL || bit_get(validity, i)) &&
            !slot_is_sound(type, data + (size_t)i * width))
            return false;
    return true;
}

/* ---- the same for many at once: nothing outside bounds that suffice ---- */

/* About the years -71000 to 75000. */
#define LIKELY_TIMESTAMP (INT64_C(1) << 61)

/* The bounds are at most 2^63 - 1 apart, so a value outside turns up the top bit of one of the two
 * differences: no comparison, which 64 bits do not have in every instruction set. */
#define DEFINE_ALL_WITHIN(name, int_type)                                                          \
    static bool name(const int_type *values, uint32_t n, int64_t min, int64_t max)                 \
    {                                                                                              \
        const uint64_t width = (uint64_t)max - (uint64_t)min;                                      \
        uint64_t outside = 0;                                                                      \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            const uint64_t above = (uint64_t)values[i] - (uint64_t)min;                            \
            outside |= above | (width - above);                                                    \
        }                                                                                          \
        return outside >> 63 == 0;                                                                 \
    }
DEFINE_ALL_WITHIN(all_within_i16, int16_t)
DEFINE_ALL_WITHIN(all_within_i32, int32_t)
DEFINE_ALL_WITHIN(all_within_i64, int64_t)
#undef DEFINE_ALL_WITHIN

static bool decimals_are_within(struct type type, const void *data, uint32_t n)
{
    const int64_t bound =
        type.precision <= 18 ? (int64_t)number_powers_of_10[type.precision] - 1 : 0;
    switch ((enum phys_type)type.phys) {
    case PHYS_I16: return all_within_i16(data, n, -bound, bound);
    case PHYS_I32: return all_within_i32(data, n, -bound, bound);
    case PHYS_I64: return all_within_i64(data, n, -bound, bound);
    default: return false;
    }
}

static bool views_are_sound(const struct str_view *views, const uint64_t *validity, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if ((validity == NULL || bit_get(validity, i)) &&
            !utf8_valid((const char *)str_data(&views[i]), views[i].len))
            return false;
    return true;
}

/* Another kind than integer or real, or bytes that no kind has. */
static bool numbers_are_sound(const struct number *numbers, uint32_t n)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++)
        wrong += numbers[i].is_real > 1;
    return wrong == 0;
}

bool sound_values(struct type type, const void *data, const uint64_t *validity, uint32_t n)
{
    bool within = true;
    if (type.phys == PHYS_NUMBER) return numbers_are_sound(data, n);
    switch (type.id) {
    case TYPE_VARCHAR: return views_are_sound(data, validity, n);
    case TYPE_DECIMAL: within = decimals_are_within(type, data, n); break;
    case TYPE_DATE: within = all_within_i32(data, n, DATE_MINUS_INFINITY, INT32_MAX); break;
    case TYPE_TIME: within = all_within_i64(data, n, 0, MICROS_PER_DAY); break;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
        within = all_within_i64(data, n, -LIKELY_TIMESTAMP, LIKELY_TIMESTAMP);
        break;
    default: break;
    }
    /* Something is outside: in the slot of a NULL, or an infinity, or it is wrong. */
    return within || slots_are_sound(type, data, validity, n);
}

/* ---- texts ---- */

/* What is valid as a whole and where every text begins at a character, each text is valid. */
bool sound_starts(const int32_t *offsets, uint32_t n, const uint8_t *heap)
{
    uint32_t inside = 0;
    while (n > 0 && offsets[n - 1] == offsets[n])
        n--; /* empty ones at the end begin behind everything */
    for (uint32_t i = 0; i < n; i++)
        inside += (heap[offsets[i]] & 0xc0) == 0x80;
    return inside == 0;
}

/* ---- zones ---- */

bool sound_zone(const struct zone *zone, enum phys_type phys, uint64_t rows, bool exactly)
{
    const uint64_t most = UINT64_C(1) << 62; /* counts of updates add up */
    if (zone->values > most || zone->nulls > most) return false;
    if (exactly && zone->values + zone->nulls != rows) return false;
    if (zone->values != 0 && phys == PHYS_NULLS) return false;
    return zone->values == 0 || !zone_has_keys(phys) || zone->min <= zone->max;
}
