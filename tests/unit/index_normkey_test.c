/* The order of key bytes is the order of the values, for every type, both directions, NULL below.
 */
#include "index/normkey.h"
#include "store_testing.h"

enum { VALUES_MAX = 64, KEY_MAX = 200 };

struct bytes {
    uint8_t data[KEY_MAX];
    size_t len;
};

static struct bytes key_of(enum phys_type phys, bool descending, const void *slot)
{
    struct test_cx t;
    struct normkey key = {0};
    struct bytes out = {.len = 0};
    assert_ok(&t, normkey_append(test_cx_init(&t), &key, phys, descending, slot));
    assert_true(key.len <= KEY_MAX);
    memcpy(out.data, key.data, key.len);
    out.len = key.len;
    normkey_deinit(&key);
    test_cx_deinit(&t);
    return out;
}

static int order(const struct bytes *a, const struct bytes *b)
{
    size_t n = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->data, b->data, n);
    return c != 0 ? (c > 0) - (c < 0) : (a->len > b->len) - (a->len < b->len);
}

/* `values`: n different values in ascending order, `width` bytes each. */
static void expect_ascending(enum phys_type phys, const void *values, size_t width, uint32_t n)
{
    struct bytes up[VALUES_MAX + 1], down[VALUES_MAX + 1];
    assert_true(n <= VALUES_MAX);
    up[0] = key_of(phys, false, NULL);
    down[0] = key_of(phys, true, NULL);
    for (uint32_t i = 0; i < n; i++) {
        up[i + 1] = key_of(phys, false, (const uint8_t *)values + i * width);
        down[i + 1] = key_of(phys, true, (const uint8_t *)values + i * width);
    }
    for (uint32_t i = 0; i <= n; i++)
        for (uint32_t j = 0; j <= n; j++) {
            assert_int_equal(order(&up[i], &up[j]), (i > j) - (i < j));
            assert_int_equal(order(&down[i], &down[j]), (i < j) - (i > j));
            /* No key begins another. */
            if (i != j && up[i].len < up[j].len)
                assert_memory_not_equal(up[i].data, up[j].data, up[i].len);
        }
}

static void integers(void **state)
{
    (void)state;
    int8_t i8[] = {INT8_MIN, -1, 0, 1, INT8_MAX};
    int16_t i16[] = {INT16_MIN, -256, -1, 0, 1, 255, 256, INT16_MAX};
    int32_t i32[] = {INT32_MIN, -65536, -1, 0, 1, 65535, INT32_MAX};
    int64_t i64[] = {INT64_MIN, INT32_MIN, -1, 0, 1, UINT32_MAX, INT64_MAX};
    uint8_t u8[] = {0, 1, 127, 128, 255};
    uint16_t u16[] = {0, 255, 256, UINT16_MAX};
    uint32_t u32[] = {0, 1, INT32_MAX, UINT32_MAX};
    uint64_t u64[] = {0, UINT32_MAX, INT64_MAX, UINT64_MAX};
    i128 i128s[] = {-((i128)INT64_MAX << 40), INT64_MIN, -1, 0, 1, INT64_MAX, (i128)UINT64_MAX,
                    (i128)INT64_MAX << 40};
    u128 u128s[] = {0, 1, UINT64_MAX, (u128)UINT64_MAX + 1, ~(u128)0};
    uint8_t bools[] = {0, 1};
    expect_ascending(PHYS_I8, i8, sizeof *i8, ARRAY_COUNT(i8));
    expect_ascending(PHYS_I16, i16, sizeof *i16, ARRAY_COUNT(i16));
    expect_ascending(PHYS_I32, i32, sizeof *i32, ARRAY_COUNT(i32));
    expect_ascending(PHYS_I64, i64, sizeof *i64, ARRAY_COUNT(i64));
    expect_ascending(PHYS_U8, u8, sizeof *u8, ARRAY_COUNT(u8));
    expect_ascending(PHYS_U16, u16, sizeof *u16, ARRAY_COUNT(u16));
    expect_ascending(PHYS_U32, u32, sizeof *u32, ARRAY_COUNT(u32));
    expect_ascending(PHYS_U64, u64, sizeof *u64, ARRAY_COUNT(u64));
    expect_ascending(PHYS_I128, i128s, sizeof *i128s, ARRAY_COUNT(i128s));
    expect_ascending(PHYS_U128, u128s, sizeof *u128s, ARRAY_COUNT(u128s));
    expect_ascending(PHYS_BOOL, bools, sizeof *bools, ARRAY_COUNT(bools));
}

static void floats(void **state)
{
    (void)state;
    double inf = __builtin_inf();
    double f64[] = {-inf, -1e300, -1.5, -1e-320,          0, 1e-320, 1e-5,
                    1.5,  1e300,  inf,  __builtin_nan("")};
    float f32[] = {-__builtin_inff(), -1.5f, -1e-40f, 0, 1e-40f, 1.5f, __builtin_inff(),
                   __builtin_nanf("")};
    expect_ascending(PHYS_F64, f64, sizeof *f64, ARRAY_COUNT(f64));
    expect_ascending(PHYS_F32, f32, sizeof *f32, ARRAY_COUNT(f32));
    double zero = 0.0, minus_zero = -0.0, minus_nan = -__builtin_nan("");
    struct bytes a = key_of(PHYS_F64, false, &zero), b = key_of(PHYS_F64, false, &minus_zero);
    assert_int_equal(order(&a, &b), 0);
    a = key_of(PHYS_F64, false, &minus_nan);
    b = key_of(PHYS_F64, false, &f64[10]);
    assert_int_equal(order(&a, &b), 0);
}

static void texts(void **state)
{
    (void)state;
    static const struct slice words[] = {
        {"", 0},
        {"\0", 1},
        {"\0\0", 2},
        {"\0\1", 2},
        {"\0\xff", 2},
        {"\1", 1},
        {"a", 1},
        {"a\0", 2},
        {"a\0\0b", 4},
        {"a\0b", 3},
        {"a\1", 2},
        {"aa", 2},
        {"ab", 2},
        {"abcdefghijklmnop", 16},
        {"abcdefghijklmnoq", 16},
        {"b", 1},
        {"\xc3\xa4", 2},
        {"\xff", 1},
        {"\xff\xff", 2},
    };
    struct str_view views[ARRAY_COUNT(words)];
    for (uint32_t i = 0; i < ARRAY_COUNT(words); i++)
        views[i] = str_of(words[i].data, (uint32_t)words[i].len);
    expect_ascending(PHYS_VIEW, views, sizeof *views, ARRAY_COUNT(words));
}

static void intervals(void **state)
{
    (void)state;
    struct interval v[] = {{-1, 0, 0}, {0, -29, 0}, {0, 0, -1}, {0, 0, 0}, {0, 0, 1},
                           {0, 1, 0},  {0, 29, 1},  {1, 0, 0},  {1, 0, 1}};
    expect_ascending(PHYS_MDN, v, sizeof *v, ARRAY_COUNT(v));
    struct interval month = {1, 0, 0}, days = {0, 30, 0}, day = {0, 1, 0};
    struct interval micros = {0, 0, INT64_C(86400000000)};
    struct bytes a = key_of(PHYS_MDN, false, &month), b = key_of(PHYS_MDN, false, &days);
    assert_int_equal(order(&a, &b), 0);
    a = key_of(PHYS_MDN, false, &day);
    b = key_of(PHYS_MDN, false, &micros);
    assert_int_equal(order(&a, &b), 0);
}

static void what_cannot_be_a_key(void **state)
{
    (void)state;
    struct test_cx t;
    struct normkey key = {0};
    struct number n = {.i = 1};
    assert_int_equal(normkey_append(test_cx_init(&t), &key, PHYS_NUMBER, false, &n),
                     LLKV_UNSUPPORTED);
    normkey_deinit(&key);
    test_cx_deinit(&t);
}

/* Short keys need no memory; those that outgrow the short place keep their bytes, and those that
 * cannot grow too. */
static void keys_grow(void **state)
{
    (void)state;
    struct test_cx t;
    struct normkey key = {0};
    uint8_t want[10 * 9];
    bool failed = false;
    test_cx_init(&t);
    for (int64_t i = 0; i < 10; i++) {
        mem_fail_nth(1, false);
        llkv_code rc = normkey_append(&t.cx, &key, PHYS_I64, false, &i);
        mem_fail_nth(0, false);
        if (rc != LLKV_OK) {
            assert_int_equal(rc, LLKV_NOMEM);
            assert_true(key.len > NORMKEY_SHORT_BYTES - 18);
            failed = true;
            assert_int_equal(normkey_append(&t.cx, &key, PHYS_I64, false, &i), LLKV_OK);
        }
        memcpy(want + i * 9, (const uint8_t[9]){1, 0x80}, 9);
        want[i * 9 + 8] = (uint8_t)i;
        assert_int_equal(key.len, (size_t)(i + 1) * 9);
        assert_memory_equal(key.data, want, key.len);
    }
    assert_true(failed);
    normkey_deinit(&key);
    test_cx_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(floats),
        cmocka_unit_test(texts),
        cmocka_unit_test(intervals),
        cmocka_unit_test(what_cannot_be_a_key),
        cmocka_unit_test(keys_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
