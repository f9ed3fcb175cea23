/* Values that a type has and those it does not have, bounds that can be and those that cannot. */
#include "base/date.h"
#include "column/sound.h"
#include "store_testing.h"

static bool one(struct type type, const void *slot)
{
    /* Between others, so that the rows around it do not hide it. */
    _Alignas(16) uint8_t data[5 * 16] = {0};
    const uint32_t width = phys_bytes[type.phys];
    memcpy(data + 3 * width, slot, width);
    uint64_t valid = 0x1f, without = 0x17;
    bool sound = sound_values(type, data, NULL, 5);
    assert_int_equal(sound_values(type, data, &valid, 5), sound);
    assert_true(sound_values(type, data, &without, 5)); /* NULL may be anything */
    assert_true(sound_values(type, data, NULL, 3));
    return sound;
}

static bool one_i64(struct type type, int64_t value)
{
    return one(type, &value);
}

static void times(void **state)
{
    (void)state;
    const struct type date = type_of(TYPE_DATE);
    const struct type at = type_of(TYPE_TIMESTAMP), zoned = type_of(TYPE_TIMESTAMPTZ);
    const int32_t days[] = {INT32_MIN, DATE_MINUS_INFINITY, DATE_MIN, DATE_INFINITY};
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(one(date, &days[i]), i != 0);
    assert_true(one_i64(type_of(TYPE_TIME), 0));
    assert_true(one_i64(type_of(TYPE_TIME), MICROS_PER_DAY));
    assert_false(one_i64(type_of(TYPE_TIME), MICROS_PER_DAY + 1));
    assert_false(one_i64(type_of(TYPE_TIME), -1));
    assert_true(one_i64(at, TIMESTAMP_MIN));
    assert_true(one_i64(at, TIMESTAMP_INFINITY));
    assert_true(one_i64(zoned, TIMESTAMP_MINUS_INFINITY));
    assert_false(one_i64(at, TIMESTAMP_MIN - 1));
    assert_false(one_i64(zoned, TIMESTAMP_MINUS_INFINITY + 1));
    assert_false(one_i64(at, INT64_MIN));
}

static void decimals(void **state)
{
    (void)state;
    const int16_t small[] = {999, -999, 1000, -1000, INT16_MIN};
    const int32_t middle[] = {999999999, -999999999, 1000000000, INT32_MIN, INT32_MAX};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(one(type_decimal(3, 1), &small[i]), i < 2);
        assert_int_equal(one(type_decimal(9, 0), &middle[i]), i < 2);
    }
    assert_true(one_i64(type_decimal(18, 2), INT64_C(-999999999999999999)));
    assert_false(one_i64(type_decimal(18, 2), INT64_C(1000000000000000000)));
    assert_false(one_i64(type_decimal(18, 2), INT64_MIN));
    i128 wide = 1;
    for (uint32_t i = 0; i < 38; i++)
        wide *= 10;
    assert_false(one(type_decimal(38, 0), &wide));
    wide = 1 - wide;
    assert_true(one(type_decimal(38, 0), &wide));
    wide = -((i128)1 << 126) * 2;
    assert_false(one(type_decimal(38, 0), &wide));
}

static void texts(void **state)
{
    (void)state;
    const struct str_view good = str_of("caf\xc3\xa9", 5), bad = str_of("caf\xc3", 4);
    assert_true(one(type_of(TYPE_VARCHAR), &good));
    assert_false(one(type_of(TYPE_VARCHAR), &bad));
    assert_true(one(type_of(TYPE_BLOB), &bad));
    const int32_t fine[] = {0, 0, 3, 5, 5}, inside[] = {0, 4, 5, 5, 5};
    assert_true(sound_starts(fine, 4, (const uint8_t *)"caf\xc3\xa9\xa9"));
    assert_false(sound_starts(inside, 4, (const uint8_t *)"caf\xc3\xa9\xa9"));
}

static void zones(void **state)
{
    (void)state;
    struct zone zone = {.min = 3, .max = 3, .values = 4, .nulls = 1};
    assert_true(sound_zone(&zone, PHYS_I64, 5, true));
    assert_false(sound_zone(&zone, PHYS_I64, 6, true));
    assert_true(sound_zone(&zone, PHYS_I64, 6, false));
    assert_false(sound_zone(&zone, PHYS_NULLS, 5, true));
    zone.max = 2;
    assert_false(sound_zone(&zone, PHYS_I64, 5, true));
    assert_true(sound_zone(&zone, PHYS_MDN, 5, true)); /* has no bounds */
    zone.values = 0;
    zone.nulls = 5;
    assert_true(sound_zone(&zone, PHYS_I64, 5, true));
    zone.values = UINT64_MAX;
    zone.nulls = 6;
    assert_false(sound_zone(&zone, PHYS_MDN, 5, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(decimals),
        cmocka_unit_test(texts),
        cmocka_unit_test(zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
