#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static struct slice of(const char *text)
{
    return slice_of(text);
}

static void expect_double(double value, const char *text)
{
    char out[NUMBER_TEXT_MAX];
    size_t len = number_print_double(value, out);
    assert_string_equal(out, text);
    assert_int_equal(len, strlen(text));
}

static void doubles_print_as_specified(void **state)
{
    (void)state;
    expect_double(0.0, "0.0");
    expect_double(-0.0, "-0.0");
    expect_double(1.0, "1.0");
    expect_double(-128.5, "-128.5");
    expect_double(0.1, "0.1");
    expect_double(0.0001, "0.0001");
    expect_double(0.00012345, "0.00012345");
    expect_double(0.00001, "1e-05");
    expect_double(0.0000123, "1.23e-05");
    expect_double(1e15, "1000000000000000.0");
    expect_double(1234567890123456.0, "1234567890123456.0");
    expect_double(9999999999999998.0, "9999999999999998.0");
    expect_double(1e16, "1e+16");
    expect_double(12345678901234567.0, "1.2345678901234568e+16");
    expect_double(-1.2345678901234e+200, "-1.2345678901234e+200");
    expect_double(5e-324, "5e-324");
    expect_double(1.7976931348623157e308, "1.7976931348623157e+308");
    expect_double(2.2250738585072014e-308, "2.2250738585072014e-308");
    expect_double(9007199254740993.0, "9007199254740992.0");
    expect_double(100.0, "100.0");
    expect_double(123.456, "123.456");
    expect_double(2e22, "2e+22");
    expect_double((double)INFINITY, "inf");
    expect_double((double)-INFINITY, "-inf");
    expect_double((double)NAN, "nan");
    char out[NUMBER_TEXT_MAX];
    number_print_float(0.1f, out);
    assert_string_equal(out, "0.1");
    number_print_float(16777216.0f, out);
    assert_string_equal(out, "16777216.0");
    number_print_float(3.4028235e38f, out);
    assert_string_equal(out, "3.4028235e+38");
    number_print_float(1e-45f, out);
    assert_string_equal(out, "1e-45");
}

/* How many significant digits has the text? */
static size_t digit_count(const char *text)
{
    char digits[NUMBER_TEXT_MAX];
    size_t n = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n != 0 || *text != '0')) digits[n++] = *text;
    while (n != 0 && digits[n - 1] == '0')
        n--;
    return n;
}

static void check_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) return;
    char out[NUMBER_TEXT_MAX];
    size_t len = number_print_double(value, out);
    double back = strtod(out, NULL);
    uint64_t back_bits;
    memcpy(&back_bits, &back, sizeof back);
    if (back_bits != bits) fail_msg("%016" PRIx64 " printed as %s", bits, out);
    double read;
    assert_int_equal(number_cast_double((struct slice){out, len}, &read), TEXT_OK);
    assert_memory_equal(&read, &value, sizeof value);

    char reference[64];
    int precision = 1;
    for (; precision < 17; precision++) {
        snprintf(reference, sizeof reference, "%.*e", precision - 1, value);
        if (strtod(reference, NULL) == value) break;
    }
    snprintf(reference, sizeof reference, "%.*e", precision - 1, value);
    /* No shorter than the reference allows; where it is as short, no farther from the value. */
    size_t count = digit_count(out);
    size_t reference_count = digit_count(reference);
    if (count > reference_count && value != 0) fail_msg("%s is longer than %s", out, reference);
}

static void doubles_print_shortest_and_read_back(void **state)
{
    (void)state;
    for (uint64_t e = 0; e < 2047; e++) { /* the edges of every power of two */
        for (uint64_t d = 0; d < 5; d++)
            check_double((e << 52) + d - 2);
    }
    for (int i = 0; i < 100000; i++)
        check_double(next_random() & INT64_MAX);
    for (int i = 0; i < 50000; i++) { /* decimals people write */
        double value = (double)(next_random() % 1000000000) / 100;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        check_double(bits);
    }
}

static void floats_print_shortest_and_read_back(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 300000; i++) {
        uint32_t bits = i < 5 * 255 ? ((i / 5) << 23) + i % 5 - 2 : (uint32_t)next_random();
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char out[NUMBER_TEXT_MAX];
        size_t len = number_print_float(value, out);
        float back = strtof(out, NULL);
        assert_memory_equal(&back, &value, sizeof value);
        assert_int_equal(number_cast_float((struct slice){out, len}, &back), TEXT_OK);
        assert_memory_equal(&back, &value, sizeof value);
        char reference[64];
        int precision = 1;
        for (; precision < 9; precision++) {
            snprintf(reference, sizeof reference, "%.*e", precision - 1, (double)value);
            if (strtof(reference, NULL) == value) break;
        }
        snprintf(reference, sizeof reference, "%.*e", precision - 1, (double)value);
        if (value != 0 && digit_count(out) > digit_count(reference))
            fail_msg("%s is longer than %s", out, reference);
    }
}

static void check_text(const char *text)
{
    double expect = strtod(text, NULL);
    float expect_float = strtof(text, NULL);
    double value = 0;
    float value_float = 0;
    enum text_result result = number_cast_double(of(text), &value);
    assert_int_equal(result, isinf(expect) ? TEXT_RANGE : TEXT_OK);
    if (result == TEXT_OK && memcmp(&value, &expect, sizeof value) != 0)
        fail_msg("%s read as %.17g", text, value);
    result = number_cast_float(of(text), &value_float);
    assert_int_equal(result, isinf(expect_float) ? TEXT_RANGE : TEXT_OK);
    if (result == TEXT_OK && memcmp(&value_float, &expect_float, sizeof value_float) != 0)
        fail_msg("%s read as float %.9g", text, (double)value_float);
}

static void texts_read_as_the_nearest_double(void **state)
{
    (void)state;
    static const char *const hard[] = {
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "9007199254740993",
        "9007199254740992.999999999999999999999999",
        "9007199254740993.0000000000000000000000000000000000001",
        "1e-400",
        "1e400",
        "1e-1000000000",
        "0e1000000000",
        "6.0221407e23",
        "123456789012345678901234567890e-10",
        "8.5e-46",
        "16777217",
        "16777217.00000000000000000000000000000001",
        "3.4028235677973366e38",
        "3.4028235677973365e38",
        "7.0064923216240853e-46",
        "0.000000000000000000000000000000001",
        "1448997445238699",
        "7.3177701707893310e+15",
        "89255e-22",
        "104110013277974872254e-225",
        "00000000000000000000000000000000000000001.5",
        "9999999999999999999",
        "99999999999999999999",
    };
    for (size_t i = 0; i < ARRAY_COUNT(hard); i++)
        check_text(hard[i]);
    char text[1200];
    for (int i = 0; i < 200000; i++) {
        int digits = (int)(next_random() % 25) + 1;
        int n = 0;
        for (int j = 0; j < digits; j++) {
            text[n++] = (char)('0' + next_random() % 10);
            if (j == (int)(next_random() % 25)) break;
        }
        if (next_random() % 2 == 0) {
            text[n++] = '.';
            for (int j = 0; j < digits; j++)
                text[n++] = (char)('0' + next_random() % 10);
        }
        snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)(next_random() % 680) - 345);
        check_text(text);
    }
}

/* Numbers exactly in the middle of two doubles, and a hair beside it, with all their digits. */
static void middles_go_to_even(void **state)
{
    (void)state;
    char text[1600];
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = i < 100 ? (uint64_t)i : next_random() & INT64_MAX;
        double low;
        memcpy(&low, &bits, sizeof low);
        bits++;
        double high;
        memcpy(&high, &bits, sizeof high);
        if (!isfinite(low) || !isfinite(high)) continue;
        __extension__ typedef long double wide;
        wide middle = ((wide)low + (wide)high) / 2;
        snprintf(text, sizeof text, "%.1100Lf", middle);
        check_text(text);
        snprintf(text + strlen(text), 8, "0001");
        check_text(text);
        snprintf(text, sizeof text, "%.780Le", middle);
        check_text(text);
    }
}

static void texts_that_are_not_numbers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " ",    ".",    "e5",    "1e",    "1e+",  "--1",
                                      "1 2", "1.5x", "abc",  "0x1p3", "_1",    "1__2", "1_",
                                      "+",   "-",    "infi", "nanx",  "1.2.3", "- 1"};
    double value;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_int_equal(number_cast_double(of(bad[i]), &value), TEXT_INVALID);
    assert_int_equal(number_cast_double(of(" 1_000.5 "), &value), TEXT_OK);
    assert_true(value == 1000.5);
    assert_int_equal(number_cast_double(of("-Infinity"), &value), TEXT_OK);
    assert_true(isinf(value) && value < 0);
    assert_int_equal(number_cast_double(of("NaN"), &value), TEXT_OK);
    assert_true(isnan(value));
    assert_int_equal(number_cast_double(of(".5"), &value), TEXT_OK);
    assert_true(value == 0.5);
    assert_int_equal(number_cast_double(of("5."), &value), TEXT_OK);
    assert_true(value == 5);
}

static void expect_integer(const char *text, enum text_result result, int64_t expect)
{
    i128 value = 0;
    enum text_result got = number_cast_i128(of(text), &value);
    if (got != result || value != expect) fail_msg("%s: %d, %" PRId64, text, got, (int64_t)value);
}

static void integers_are_cast_with_rounding(void **state)
{
    (void)state;
    expect_integer("0.5", TEXT_OK, 1);
    expect_integer("-0.5", TEXT_OK, -1);
    expect_integer("0.4999999999999999999999999999999999999999999999", TEXT_OK, 0);
    expect_integer("0.05", TEXT_OK, 0);
    expect_integer("1.50004", TEXT_OK, 2);
    expect_integer("1e2", TEXT_OK, 100);
    expect_integer("15e-1", TEXT_OK, 2);
    expect_integer("14e-1", TEXT_OK, 1);
    expect_integer("5e-1", TEXT_OK, 1);
    expect_integer("5e-2", TEXT_OK, 0);
    expect_integer(" 1_000 ", TEXT_OK, 1000);
    expect_integer("0x1F", TEXT_OK, 31);
    expect_integer("-0x1f", TEXT_OK, -31);
    expect_integer("0b101", TEXT_OK, 5);
    expect_integer("0x", TEXT_INVALID, 0);
    expect_integer("0xG", TEXT_INVALID, 0);
    expect_integer("0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", TEXT_RANGE, 0);
    expect_integer("1e18", TEXT_OK, 1000000000000000000);
    expect_integer("1e40", TEXT_RANGE, 0);
    expect_integer("0e99999999999", TEXT_OK, 0);
    expect_integer("1e-99999999999", TEXT_OK, 0);
    expect_integer("1_", TEXT_INVALID, 0);
    expect_integer("", TEXT_INVALID, 0);
    expect_integer("1x", TEXT_INVALID, 0);
}

static void expect_decimal(const char *text, uint32_t precision, uint32_t scale,
                           enum text_result result, const char *expect)
{
    i128 value = 0;
    assert_int_equal(number_cast_decimal(of(text), precision, scale, &value), result);
    if (result != TEXT_OK) return;
    char out[NUMBER_TEXT_MAX];
    number_print_decimal(value, scale, out);
    assert_string_equal(out, expect);
}

static void decimals_read_and_print(void **state)
{
    (void)state;
    expect_decimal("1.005", 10, 2, TEXT_OK, "1.01");
    expect_decimal("-1.005", 10, 2, TEXT_OK, "-1.01");
    expect_decimal("0.001", 10, 2, TEXT_OK, "0.00");
    expect_decimal("99.994", 4, 2, TEXT_OK, "99.99");
    expect_decimal("99.995", 4, 2, TEXT_RANGE, NULL);
    expect_decimal("12", 38, 36, TEXT_OK, "12.000000000000000000000000000000000000");
    expect_decimal("99999999999999999999999999999999999999", 38, 0, TEXT_OK,
                   "99999999999999999999999999999999999999");
    expect_decimal("100000000000000000000000000000000000000", 38, 0, TEXT_RANGE, NULL);
    expect_decimal("0.00000000000000000000000000000000000001", 38, 38, TEXT_OK,
                   "0.00000000000000000000000000000000000001");
    expect_decimal("-.5", 2, 1, TEXT_OK, "-0.5");
    expect_decimal("0x10", 5, 2, TEXT_OK, "16.00");
    expect_decimal("x", 5, 2, TEXT_INVALID, NULL);
}

static void integers_print_and_parse(void **state)
{
    (void)state;
    char out[NUMBER_TEXT_MAX];
    static const int64_t edges[] = {0, 1, -1, 9, 10, 99, 100, 101, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 100000; i++) {
        int64_t value = i < 10 ? edges[i] : (int64_t)next_random() >> (next_random() % 64);
        char expect[32];
        snprintf(expect, sizeof expect, "%" PRId64, value);
        number_print_i64(value, out);
        assert_string_equal(out, expect);
        int64_t back;
        assert_int_equal(number_parse_i64(of(out), &back), TEXT_OK);
        assert_int_equal(back, value);
        snprintf(expect, sizeof expect, "%" PRIu64, (uint64_t)value);
        number_print_u64((uint64_t)value, out);
        assert_string_equal(out, expect);
        i128 wide = (i128)value * INT64_MAX + value;
        number_print_i128(wide, out);
        i128 wide_back;
        assert_int_equal(number_parse_i128(of(out), &wide_back), TEXT_OK);
        assert_true(wide == wide_back);
    }
    number_print_i128((i128)((u128)1 << 127), out);
    assert_string_equal(out, "-170141183460469231731687303715884105728");
    number_print_u128(~(u128)0, out);
    assert_string_equal(out, "340282366920938463463374607431768211455");
    number_print_u128((u128)UINT64_MAX + 1, out);
    assert_string_equal(out, "18446744073709551616");
    number_print_u128((u128)10000000000000000000u, out);
    assert_string_equal(out, "10000000000000000000");
    for (uint32_t n = 0; n <= 38; n++) {
        number_print_u128(number_pow10(n), out);
        assert_int_equal(strlen(out), n + 1);
        assert_int_equal(strspn(out + 1, "0"), n);
    }
}

static void integers_out_of_range_are_told(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    i128 h;
    u128 uh;
    assert_int_equal(number_parse_i64(of("9223372036854775808"), &i), TEXT_RANGE);
    assert_int_equal(number_parse_i64(of("-9223372036854775808"), &i), TEXT_OK);
    assert_true(i == INT64_MIN);
    assert_int_equal(number_parse_i64(of("-9223372036854775809"), &i), TEXT_RANGE);
    assert_int_equal(number_parse_u64(of("18446744073709551615"), &u), TEXT_OK);
    assert_int_equal(number_parse_u64(of("18446744073709551616"), &u), TEXT_RANGE);
    assert_int_equal(number_parse_u64(of("-1"), &u), TEXT_RANGE);
    assert_int_equal(number_parse_u64(of("-0"), &u), TEXT_OK);
    assert_int_equal(number_parse_i128(of("170141183460469231731687303715884105727"), &h), TEXT_OK);
    assert_int_equal(number_parse_i128(of("170141183460469231731687303715884105728"), &h),
                     TEXT_RANGE);
    assert_int_equal(number_parse_i128(of("-170141183460469231731687303715884105728"), &h),
                     TEXT_OK);
    assert_int_equal(number_parse_u128(of("340282366920938463463374607431768211455"), &uh),
                     TEXT_OK);
    assert_int_equal(number_parse_u128(of("340282366920938463463374607431768211456"), &uh),
                     TEXT_RANGE);
    assert_int_equal(number_parse_u128(of("999999999999999999999999999999999999999999"), &uh),
                     TEXT_RANGE);
    static const char *const bad[] = {"", "-", "+", "1.0", " 1", "1 ", "0x1", "1e1"};
    for (size_t n = 0; n < ARRAY_COUNT(bad); n++)
        assert_int_equal(number_parse_i64(of(bad[n]), &i), TEXT_INVALID);
}

static void prefixes_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        bool is_integer;
    } cases[] = {{"12abc", 2, true}, {" -12.5e3x", 8, false}, {"abc", 0, false},
                 {"1e", 1, true},    {"1e+", 1, true},        {".5", 2, false},
                 {"5.", 2, false},   {"-", 0, false},         {"1_0", 1, true},
                 {"0x10", 1, true},  {"  +7 ", 4, true},      {"1.5.6", 3, false},
                 {"1e5", 3, false},  {".", 0, false},         {"", 0, false}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        bool is_integer;
        struct slice prefix = number_prefix(of(cases[i].text), &is_integer);
        assert_int_equal(prefix.len, cases[i].len);
        assert_int_equal(is_integer, cases[i].is_integer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_print_as_specified),
        cmocka_unit_test(doubles_print_shortest_and_read_back),
        cmocka_unit_test(floats_print_shortest_and_read_back),
        cmocka_unit_test(texts_read_as_the_nearest_double),
        cmocka_unit_test(middles_go_to_even),
        cmocka_unit_test(texts_that_are_not_numbers_are_refused),
        cmocka_unit_test(integers_are_cast_with_rounding),
        cmocka_unit_test(decimals_read_and_print),
        cmocka_unit_test(integers_print_and_parse),
        cmocka_unit_test(integers_out_of_range_are_told),
        cmocka_unit_test(prefixes_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
