#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "slt/render.h"

static void assert_text(struct slt_text *text, const char *expected)
{
    slt_text_addc(text, '\0');
    assert_false(text->failed);
    assert_string_equal(text->data, expected);
    slt_text_clear(text);
}

static void integers(void **state)
{
    (void)state;
    struct slt_text out = {0};
    slt_render_int64(&out, 0);
    assert_text(&out, "0");
    slt_render_int64(&out, INT64_MIN);
    assert_text(&out, "-9223372036854775808");
    slt_render_int64(&out, INT64_MAX);
    assert_text(&out, "9223372036854775807");
    slt_text_deinit(&out);
}

static void reals_read_as_integers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {2.9, "2"},
        {-2.9, "-2"},
        {-0.5, "0"},
        {1e30, "9223372036854775807"},
        {-1e30, "-9223372036854775808"},
        {(double)NAN, "0"},
    };
    struct slt_text out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slt_render_truncated(&out, cases[i].value);
        assert_text(&out, cases[i].text);
    }
    slt_text_deinit(&out);
}

static void texts_read_as_integers(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"12abc", "12"},
        {"  -7", "-7"},
        {"+3", "3"},
        {"abc", "0"},
        {"", "0"},
        {"-", "0"},
        {"2.7", "2"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-99999999999999999999", "-9223372036854775808"},
    };
    struct slt_text out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slt_render_prefix(&out, (struct slt_slice){cases[i][0], strlen(cases[i][0])});
        assert_text(&out, cases[i][1]);
    }
    slt_text_deinit(&out);
}

/* What SQLite's printf("%.3f") gives, and for large values what its files hold. */
static void reals(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.000"},
        {1.0, "1.000"},
        {-0.0001, "-0.000"},
        {0.0625, "0.063"},
        {1.0005, "1.001"},
        {2.0005, "2.001"},
        {-1.9996, "-2.000"},
        {358.5, "358.500"},
        {999.9999, "1000.000"},
        {4294967296.25, "4294967296.250"},
        {-9223372036854775808.0, "-9223372036854776000.000"},
        {18446744073709551616.0, "18446744073709550000.000"},
        {1e20, "100000000000000000000.000"},
        {(double)INFINITY, "Inf"},
    };
    struct slt_text out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slt_render_real(&out, cases[i].value);
        assert_text(&out, cases[i].text);
    }
    slt_text_deinit(&out);
}

static void reals_read_as_texts(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {1.0, "1.0"},       {-0.0, "0.0"},     {0.1 + 0.2, "0.3"},
        {1e20, "1.0e+20"},  {1e-5, "1.0e-05"}, {123456789012345678.0, "1.23456789012346e+17"},
        {972.96, "972.96"},
    };
    struct slt_text out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slt_render_real_text(&out, cases[i].value);
        assert_text(&out, cases[i].text);
    }
    slt_text_deinit(&out);
}

static void texts(void **state)
{
    (void)state;
    struct slt_text out = {0};
    slt_render_text(&out, (struct slt_slice){"", 0}, false);
    assert_text(&out, "(empty)");
    slt_render_text(&out, (struct slt_slice){"a\tb\x7f \xc3\xa4~", 8}, false);
    assert_text(&out, "a@b@ @@~");
    slt_render_text(&out, (struct slt_slice){"a\nb \xc3\xa4", 6}, true);
    assert_text(&out, "a@b \xc3\xa4");
    slt_text_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(reals_read_as_integers),
        cmocka_unit_test(texts_read_as_integers),
        cmocka_unit_test(reals),
        cmocka_unit_test(reals_read_as_texts),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
