/* Casts of single values and of vectors: the table of semantics, texts both ways, TRY, and the
 * numeric prefixes of sqlite_compat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/bitmap.h"
#include "func/cast.h"

static struct arena arena;
static llkv_error error;
static struct cx cx;

static int setup(void **state)
{
    (void)state;
    error = (llkv_error)LLKV_ERROR_INIT;
    arena_init(&arena, NULL);
    cx = (struct cx){.arena = &arena, .error = &error};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

/* "DECIMAL(4,1)" is written as TYPE_DECIMAL with its modifiers. */
struct row {
    struct type to;
    const char *text, *result; /* NULL: 22P02 and the like; "!": out of range */
};

static struct value text_value(const char *text)
{
    return (struct value){.type = type_of(TYPE_VARCHAR), .s = slice_of(text)};
}

static void check_text(const struct value *value, const char *expected)
{
    struct slice text;
    assert_int_equal(value_to_text(&cx, value, &text), LLKV_OK);
    if (!slice_equal(text, slice_of(expected)))
        fail_msg("got %.*s, expected %s", SLICE_ARG(text), expected);
}

static void check_row(const struct row *row, bool sqlite_compat)
{
    struct value from = text_value(row->text);
    struct value to;
    llkv_code code = value_cast(&cx, &from, row->to, sqlite_compat, 7, &to);
    if (row->result == NULL) {
        if (code != LLKV_DATA) fail_msg("'%s': code %d", row->text, code);
    } else if (strcmp(row->result, "!") == 0) {
        if (code != LLKV_OVERFLOW) fail_msg("'%s': code %d", row->text, code);
    } else {
        if (code != LLKV_OK) fail_msg("'%s': %s", row->text, error.message);
        check_text(&to, row->result);
    }
}

#define T(name)                                                                                    \
    {                                                                                              \
        .id = TYPE_##name                                                                          \
    }

static struct type full(struct type type)
{
    if (type.id != TYPE_DECIMAL && type.length == 0) return type_of((enum type_id)type.id);
    return type.id == TYPE_DECIMAL ? type_decimal(type.precision, type.scale)
                                   : type_varchar(type.length);
}

static const struct row rows[] = {
    {T(INTEGER), "42", "42"},
    {T(INTEGER), "  123   ", "123"},
    {T(INTEGER), "2.5", "3"},
    {T(INTEGER), "-2.5", "-3"},
    {T(INTEGER), "1e2", "100"},
    {T(INTEGER), "0x1F", "31"},
    {T(INTEGER), "1_000", "1000"},
    {T(INTEGER), "abc", NULL},
    {T(INTEGER), "", NULL},
    {T(INTEGER), "2147483648", "!"},
    {T(TINYINT), "127.5", "!"},
    {T(TINYINT), "-128", "-128"},
    {T(UTINYINT), "255", "255"},
    {T(UTINYINT), "256", "!"},
    {T(UTINYINT), "-1", "!"},
    {T(HUGEINT), "170141183460469231731687303715884105727",
     "170141183460469231731687303715884105727"},
    {T(UHUGEINT), "340282366920938463463374607431768211455",
     "340282366920938463463374607431768211455"},
    {T(DOUBLE), "1e16", "1e+16"},
    {T(DOUBLE), "0.00001", "1e-05"},
    {T(DOUBLE), "100", "100.0"},
    {T(DOUBLE), "inf", "inf"},
    {T(DOUBLE), "-Infinity", "-inf"},
    {T(DOUBLE), "nan", "nan"},
    {T(DOUBLE), "1.2.3", NULL},
    {T(FLOAT), "1e39", "!"},
    {T(FLOAT), "0.1", "0.1"},
    {{.id = TYPE_DECIMAL, .precision = 4, .scale = 1}, "12.35", "12.4"},
    {{.id = TYPE_DECIMAL, .precision = 4, .scale = 1}, "999.95", "!"},
    {{.id = TYPE_DECIMAL, .precision = 38, .scale = 0},
     "1e37",
     "10000000000000000000000000000000000000"},
    {T(BOOLEAN), "TRUE", "true"},
    {T(BOOLEAN), "t", "true"},
    {T(BOOLEAN), "No", "false"},
    {T(BOOLEAN), "0", "false"},
    {T(BOOLEAN), "on", NULL},
    {T(BOOLEAN), "12345", NULL},
    {T(DATE), "1992-03-22", "1992-03-22"},
    {T(DATE), "0044-03-15 (BC)", "0044-03-15 (BC)"},
    {T(DATE), "infinity", "infinity"},
    {T(DATE), "1992-02-30", "!"},
    {T(TIME), "01:02:03.500", "01:02:03.5"},
    {T(TIMESTAMP), "1992-03-22 01:02:03.456", "1992-03-22 01:02:03.456"},
    {T(TIMESTAMP), "1992-03-22", "1992-03-22 00:00:00"},
    {T(TIMESTAMPTZ), "1992-03-22 01:02:03+01", "1992-03-22 00:02:03+00"},
    {T(TIMESTAMPTZ), "1992-03-22 01:02:03 Mars/Crater", NULL},
    {T(INTERVAL), "1 year 2 months 3 days 04:05:06.7", "1 year 2 months 3 days 04:05:06.7"},
    {T(INTERVAL), "1 month", "1 month"},
    {T(INTERVAL), "soon", NULL},
    {T(BLOB), "a\\x00\\xFFb", "a\\x00\\xFFb"},
    {T(BLOB), "\\", NULL},
    {T(BLOB), "ä", NULL},
    {T(UUID), "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {T(UUID), "a0ee", NULL},
    {{.id = TYPE_VARCHAR, .length = 3}, "Zoëys", "Zoë"},
    {T(NUMBER), "12", "12"},
    {T(NUMBER), "1.50", "1.5"},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct row row = rows[i];
        row.to = full(row.to);
        check_row(&row, false);
    }
}

static void test_sqlite_texts(void **state)
{
    (void)state;
    static const struct row prefixes[] = {
        {T(BIGINT), "12abc", "12"},
        {T(BIGINT), "abc", "0"},
        {T(BIGINT), "2.9", "2"},
        {T(BIGINT), "-2.9x", "-2"},
        {T(BIGINT), "", "0"},
        {T(BIGINT), "9223372036854775808", "9223372036854775807"},
        {T(BIGINT), "-1e300", "-9223372036854775808"},
        {T(DOUBLE), "1.5e1x", "15.0"},
        {T(DOUBLE), "x", "0.0"},
        {T(NUMBER), " 7 ", "7"},
        {T(NUMBER), "7.25 apples", "7.25"},
        {T(NUMBER), "none", "0"},
        {T(BOOLEAN), "2", "true"},
        {T(BOOLEAN), "zero", "false"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++) {
        struct row row = prefixes[i];
        row.to = full(row.to);
        check_row(&row, true);
    }
}

/* ---- numbers ---- */

static void check_real(double d, enum type_id to, bool sqlite_compat, const char *expected)
{
    struct value from = {.type = type_of(TYPE_DOUBLE), .d = d};
    struct value result;
    llkv_code code = value_cast(&cx, &from, type_of(to), sqlite_compat, -1, &result);
    if (expected == NULL) {
        assert_int_equal(code, LLKV_OVERFLOW);
        assert_string_equal(error.sqlstate, "22003");
        return;
    }
    assert_int_equal(code, LLKV_OK);
    check_text(&result, expected);
}

static void test_numbers(void **state)
{
    (void)state;
    check_real(2.5, TYPE_INTEGER, false, "2");
    check_real(3.5, TYPE_INTEGER, false, "4");
    check_real(-2.5, TYPE_INTEGER, false, "-2");
    check_real(3e9, TYPE_INTEGER, false, NULL);
    check_real((double)NAN, TYPE_INTEGER, false, NULL);
    check_real(-2.9, TYPE_BIGINT, true, "-2");
    check_real(1e300, TYPE_BIGINT, true, "9223372036854775807");
    check_real(1e308, TYPE_FLOAT, false, NULL);
    check_real(0.0, TYPE_BOOLEAN, false, "false");
    check_real(-0.5, TYPE_BOOLEAN, false, "true");
    struct value from = {.type = type_decimal(4, 2), .i = 250};
    struct value to;
    assert_int_equal(value_cast(&cx, &from, type_of(TYPE_INTEGER), false, -1, &to), LLKV_OK);
    check_text(&to, "3");
    from.i = -1250;
    assert_int_equal(value_cast(&cx, &from, type_decimal(3, 1), false, -1, &to), LLKV_OK);
    check_text(&to, "-12.5");
    assert_int_equal(value_cast(&cx, &from, type_decimal(2, 1), false, -1, &to), LLKV_OVERFLOW);
    from = (struct value){.type = type_of(TYPE_BOOLEAN), .b = true};
    assert_int_equal(value_cast(&cx, &from, type_decimal(3, 1), false, -1, &to), LLKV_OK);
    check_text(&to, "1.0");
    from = (struct value){.type = type_of(TYPE_NUMBER)};
    from.number.d = 1.25;
    from.number.is_real = 1;
    assert_int_equal(value_cast(&cx, &from, type_decimal(3, 1), false, -1, &to), LLKV_OK);
    check_text(&to, "1.3");
    from = (struct value){.type = type_of(TYPE_DATE), .i = 0};
    assert_int_equal(value_cast(&cx, &from, type_of(TYPE_INTEGER), false, 3, &to),
                     LLKV_UNSUPPORTED);
    from = (struct value){.type = type_of(TYPE_NULL), .is_null = true};
    assert_int_equal(value_cast(&cx, &from, type_of(TYPE_DATE), false, 3, &to), LLKV_OK);
    assert_true(to.is_null && to.type.id == TYPE_DATE);
}

/* ---- vectors: dead rows are not looked at, TRY gives NULL ---- */

static void test_vectors(void **state)
{
    (void)state;
    static const char *const words[] = {"1", "x", "3", "99999999999", "a text that is not inline"};
    struct str_view views[5];
    for (uint32_t i = 0; i < 5; i++)
        views[i] = str_of(words[i], (uint32_t)strlen(words[i]));
    struct func_arg arg = {views, NULL, false};
    struct type from = type_of(TYPE_VARCHAR);
    int32_t out[5];
    uint64_t live = 5;
    uint64_t valid = ~UINT64_C(0);
    struct func_call call = {.cx = &cx,
                             .heap = &arena,
                             .n = 5,
                             .arg_count = 1,
                             .args = &arg,
                             .arg_types = &from,
                             .type = type_of(TYPE_INTEGER),
                             .live = &live,
                             .out = out,
                             .out_validity = &valid,
                             .at = 4};
    func_eval_fn *cast = function_cast(from, call.type);
    assert_non_null(cast);
    assert_int_equal(cast(&call), LLKV_OK);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[2], 3);
    live = 31;
    assert_int_equal(cast(&call), LLKV_DATA);
    assert_string_equal(error.message, "'x' is not a valid INTEGER");
    call.try_cast = true;
    assert_int_equal(cast(&call), LLKV_OK);
    assert_int_equal(valid & 31, 5);
}

static void test_flags(void **state)
{
    (void)state;
    struct type i32 = type_of(TYPE_INTEGER), i64 = type_of(TYPE_BIGINT);
    struct type real = type_of(TYPE_DOUBLE), text = type_of(TYPE_VARCHAR);
    assert_false(cast_can_raise(i32, i64, false));
    assert_true(cast_can_raise(i64, i32, false));
    assert_false(cast_can_raise(i64, real, false));
    assert_true(cast_can_raise(real, i64, false));
    assert_false(cast_can_raise(real, i64, true));
    assert_true(cast_can_raise(text, i64, false));
    assert_false(cast_can_raise(text, i64, true));
    assert_false(cast_can_raise(i64, text, false));
    assert_false(cast_can_raise(i32, type_decimal(12, 2), false));
    assert_true(cast_can_raise(i32, type_decimal(11, 2), false));
    assert_false(cast_can_raise(type_decimal(9, 2), i32, false));
    assert_true(cast_can_raise(type_decimal(12, 2), i32, false));
    assert_false(cast_can_raise(type_decimal(9, 2), type_decimal(10, 3), false));
    assert_true(cast_can_raise(type_decimal(9, 2), type_decimal(8, 1), false));
    assert_true(cast_can_raise(type_of(TYPE_DATE), i64, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sqlite_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flags, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
