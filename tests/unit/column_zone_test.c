/* Zone keys follow the order of the values, bounds come back, order is found, sketches estimate. */
#include "column/sketch.h"
#include "column/zone.h"
#include "store_testing.h"

static int order_of(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* `values`: ascending; exact: keys differ where values differ. */
static void expect_order(enum phys_type phys, const void *values, uint32_t n, bool exact)
{
    uint64_t keys[VEC_ROWS_MAX];
    assert_true(zone_has_keys(phys));
    assert_int_equal(zone_is_exact(phys), exact);
    zone_keys(phys, values, 0, n, keys);
    struct vector v = {.phys = (uint8_t)phys, .shape = VEC_FLAT, .rows = n, .data = values};
    for (uint32_t i = 0; i < n; i++) {
        struct type type = {.phys = (uint8_t)phys, .id = TYPE_BIGINT};
        struct value value = vec_value(&v, type, i);
        assert_true(keys[i] == zone_key_of_value(&value));
        for (uint32_t j = 0; j < i; j++) {
            if (exact) assert_int_equal(order_of(keys[j], keys[i]), -1);
            assert_true(keys[j] <= keys[i]);
        }
    }
}

static void keys_follow_values(void **state)
{
    (void)state;
    int8_t i8[] = {INT8_MIN, -1, 0, 1, INT8_MAX};
    int16_t i16[] = {INT16_MIN, -1, 0, INT16_MAX};
    int32_t i32[] = {INT32_MIN, -1, 0, INT32_MAX};
    int64_t i64[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    uint8_t u8[] = {0, 1, 255};
    uint16_t u16[] = {0, 1, UINT16_MAX};
    uint32_t u32[] = {0, 1, UINT32_MAX};
    uint64_t u64[] = {0, 1, UINT64_MAX};
    i128 wide[] = {-((i128)1 << 100), INT64_MIN, -5, 0, 5, INT64_MAX, (i128)1 << 100};
    u128 uwide[] = {0, 5, UINT64_MAX, (u128)1 << 100};
    double f64[] = {-__builtin_inf(), -1e10, -1e-320,         0,
                    1e-320,           3,     __builtin_inf(), __builtin_nan("")};
    float f32[] = {-__builtin_inff(), -2, 0, 1e-40f, 2, __builtin_nanf("")};
    struct str_view texts[] = {str_of("", 0),
                               str_of("a", 1),
                               str_of("abcdefgh", 8),
                               str_of("abcdefghi", 9),
                               str_of("abcdefghijklmnop", 16),
                               str_of("b", 1)};
    expect_order(PHYS_I8, i8, ARRAY_COUNT(i8), true);
    expect_order(PHYS_I16, i16, ARRAY_COUNT(i16), true);
    expect_order(PHYS_I32, i32, ARRAY_COUNT(i32), true);
    expect_order(PHYS_I64, i64, ARRAY_COUNT(i64), true);
    expect_order(PHYS_U8, u8, ARRAY_COUNT(u8), true);
    expect_order(PHYS_U16, u16, ARRAY_COUNT(u16), true);
    expect_order(PHYS_U32, u32, ARRAY_COUNT(u32), true);
    expect_order(PHYS_U64, u64, ARRAY_COUNT(u64), true);
    expect_order(PHYS_I128, wide, ARRAY_COUNT(wide), false);
    expect_order(PHYS_U128, uwide, ARRAY_COUNT(uwide), false);
    expect_order(PHYS_F64, f64, ARRAY_COUNT(f64), true);
    expect_order(PHYS_F32, f32, ARRAY_COUNT(f32), true);
    expect_order(PHYS_VIEW, texts, ARRAY_COUNT(texts), false);
    assert_false(zone_has_keys(PHYS_MDN));
    double zeros[] = {-0.0, 0.0};
    uint64_t keys[2];
    zone_keys(PHYS_F64, zeros, 0, 2, keys);
    assert_true(keys[0] == keys[1]);
}

static void bounds_come_back(void **state)
{
    (void)state;
    struct value v = {.type = {.phys = PHYS_I64}};
    v.i = -42;
    struct value out;
    assert_true(zone_bound(PHYS_I64, zone_key_of_value(&v), false, &out));
    assert_int_equal(out.i, -42);
    v = (struct value){.type = {.phys = PHYS_F64}};
    v.d = -1.25;
    assert_true(zone_bound(PHYS_F64, zone_key_of_value(&v), true, &out));
    assert_true(out.d == -1.25);
    v = (struct value){.type = {.phys = PHYS_I128}};
    v.h = 77;
    assert_true(zone_bound(PHYS_I128, zone_key_of_value(&v), true, &out));
    assert_true(out.h == 77);
    v.h = (i128)1 << 100;
    assert_false(zone_bound(PHYS_I128, zone_key_of_value(&v), true, &out));
    v.h = -((i128)1 << 100);
    assert_false(zone_bound(PHYS_I128, zone_key_of_value(&v), false, &out));
    assert_false(zone_bound(PHYS_VIEW, 5, false, &out));
}

static void zones_cover(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (uint32_t round = 0; round < 200; round++) {
        int64_t values[131];
        uint64_t keys[131], validity[3] = {test_random(&seed), test_random(&seed), 7};
        uint32_t n = test_below(&seed, 132);
        uint64_t nulls = 0;
        struct zone zone = {0};
        struct live_zone live;
        for (uint32_t i = 0; i < n; i++) {
            values[i] = (int64_t)test_below(&seed, 1000) - 500;
            nulls += !bit_get(validity, i);
        }
        zone_keys(PHYS_I64, values, 0, n, keys);
        zone_add(&zone, keys, validity, n);
        live_zone_init(&live);
        live_zone_merge(&live, &zone);
        struct zone read = live_zone_read(&live);
        assert_int_equal(read.nulls, nulls);
        assert_int_equal(read.values, n - nulls);
        for (uint32_t i = 0; i < n; i++)
            if (bit_get(validity, i)) assert_true(read.min <= keys[i] && keys[i] <= read.max);
    }
}

static void order_is_found(void **state)
{
    (void)state;
    const uint64_t rising[] = {3, 5, 9}, level[] = {3, 3, 9}, falling[] = {3, 9, 8};
    const uint64_t three = 3, two = 2, four = 4;
    struct {
        const uint64_t *keys, *previous;
        bool ascending, strictly;
    } cases[] = {
        {rising, NULL, true, true},    {rising, &two, true, true}, {rising, &three, true, false},
        {rising, &four, false, false}, {level, NULL, true, false}, {falling, NULL, false, false},
    };
    for (uint32_t i = 0; i < ARRAY_COUNT(cases); i++) {
        bool ascending = true, strictly = true;
        zone_order(cases[i].keys, 3, cases[i].previous, &ascending, &strictly);
        assert_int_equal(ascending, cases[i].ascending);
        assert_int_equal(ascending && strictly, cases[i].ascending && cases[i].strictly);
    }
}

static void sketches_estimate(void **state)
{
    (void)state;
    const uint32_t counts[] = {1, 2, 10, 100, 500, 1300, 5000, 100000};
    for (uint32_t c = 0; c < ARRAY_COUNT(counts); c++) {
        struct sketch *sketch = calloc(1, sizeof *sketch), *other = calloc(1, sizeof *other);
        for (int64_t i = 0; i < counts[c]; i++) {
            int64_t twice[2] = {i - 7, i - 7};
            sketch_add(i % 2 ? sketch : other, PHYS_I64, twice, 0, NULL, 2);
        }
        sketch_merge(sketch, other);
        double estimate = sketch_estimate(sketch);
        assert_true(estimate > counts[c] * 0.85 && estimate < counts[c] * 1.15 + 1);
        free(sketch);
        free(other);
    }
    struct sketch *empty = calloc(1, sizeof *empty);
    assert_true(sketch_estimate(empty) == 1);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_follow_values), cmocka_unit_test(bounds_come_back),
        cmocka_unit_test(zones_cover),        cmocka_unit_test(order_is_found),
        cmocka_unit_test(sketches_estimate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
