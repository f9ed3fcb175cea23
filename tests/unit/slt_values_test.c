#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slt/cause.h"
#include "slt/label.h"
#include "slt/values.h"

static void fill(struct slt_values *values, const char *const *items, size_t count)
{
    slt_values_clear(values);
    for (size_t i = 0; i < count; i++) {
        slt_text_addz(&values->text, items[i]);
        slt_values_end(values);
    }
}

static void assert_values(const struct slt_values *values, const char *expected)
{
    assert_int_equal(values->text.len, strlen(expected));
    assert_memory_equal(values->text.data, expected, values->text.len);
}

static void sorting(void **state)
{
    (void)state;
    static const char *const items[] = {"9", "b",  "10",      "a",  "NULL",
                                        "b", "10", "(empty)", "-1", "a a"};
    struct slt_values values = {0};
    fill(&values, items, 10);
    assert_true(slt_values_sort(&values, SLT_SORT_NONE, 2));
    assert_values(&values, "9\nb\n10\na\nNULL\nb\n10\n(empty)\n-1\na a\n");
    assert_true(slt_values_sort(&values, SLT_SORT_ROWS, 2));
    assert_values(&values, "-1\na a\n10\n(empty)\n10\na\n9\nb\nNULL\nb\n");
    assert_true(slt_values_sort(&values, SLT_SORT_VALUES, 2));
    assert_values(&values, "(empty)\n-1\n10\n10\n9\nNULL\na\na a\nb\nb\n");
    slt_values_clear(&values);
    assert_true(slt_values_sort(&values, SLT_SORT_ROWS, 3));
    slt_values_deinit(&values);
}

static int by_bytes(const void *lhs, const void *rhs)
{
    return strcmp(lhs, rhs);
}

/* Every number of values around the lengths of runs, against qsort. Long common beginnings, so that
 * keys alone do not decide. */
static void sorting_agrees_with_qsort(void **state)
{
    (void)state;
    enum { COUNT_MAX = 70, BYTES = 16 };
    static char items[COUNT_MAX][BYTES];
    struct slt_values values = {0};
    uint32_t seed = 20240607;
    for (size_t count = 0; count <= COUNT_MAX; count++) {
        slt_values_clear(&values);
        for (size_t i = 0; i < count; i++) {
            seed = seed * 1664525u + 1013904223u;
            (void)snprintf(items[i], BYTES, "%s%u", (seed >> 30) == 0 ? "" : "12345678",
                           seed >> 24);
            slt_text_addz(&values.text, items[i]);
            slt_values_end(&values);
        }
        qsort(items, count, BYTES, by_bytes);
        assert_true(slt_values_sort(&values, SLT_SORT_VALUES, 1));
        struct slt_slice rest = {values.text.data, values.text.len}, line;
        for (size_t i = 0; i < count; i++) {
            assert_true(slt_slice_line(&rest, &line));
            assert_true(slt_slice_is(line, items[i]));
        }
        assert_int_equal(rest.len, 0);
    }
    slt_values_deinit(&values);
}

static void digests(void **state)
{
    (void)state;
    char digest[SLT_DIGEST_BYTES];
    slt_digest((struct slt_slice){"", 0}, digest);
    assert_string_equal(digest, "d41d8cd98f00b204e9800998ecf8427e");
    slt_digest((struct slt_slice){"1\n2\nNULL\n", 9}, digest);
    assert_string_equal(digest, "947ac7611a144a747fd1ba4cb9205642");
}

static void labels(void **state)
{
    (void)state;
    struct slt_labels table = {0};
    const char *earlier = "";
    char name[40], digest[SLT_DIGEST_BYTES];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 500; i++) {
            int len = snprintf(name, sizeof name, "label-%d", i);
            (void)snprintf(digest, sizeof digest, "%032d", i);
            assert_true(
                slt_labels_note(&table, (struct slt_slice){name, (size_t)len}, digest, &earlier));
            if (round == 0)
                assert_null(earlier);
            else
                assert_string_equal(earlier, digest);
        }
    }
    assert_true(
        slt_labels_note(&table, (struct slt_slice){"12345678901234567890a", 21}, digest, &earlier));
    assert_null(earlier);
    assert_true(
        slt_labels_note(&table, (struct slt_slice){"12345678901234567890b", 21}, digest, &earlier));
    assert_non_null(earlier); /* twenty bytes count */
    slt_labels_deinit(&table);
}

static void causes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"no such table: t1", "no such table: _"},
        {"column \"a\" and 'b c' at 123", "column '_' and '_' at 0"},
        {"it's odd", "it's odd"},
        {"", ""},
    };
    struct slt_text out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        slt_text_clear(&out);
        slt_cause_normalise(&out, (struct slt_slice){cases[i][0], strlen(cases[i][0])});
        assert_true(slt_slice_is((struct slt_slice){out.data, out.len}, cases[i][1]));
    }
    slt_text_deinit(&out);
    struct slt_causes table = {0};
    assert_true(slt_causes_add(&table, (struct slt_slice){"a", 1}, 1));
    assert_true(slt_causes_add(&table, (struct slt_slice){"b", 1}, 2));
    assert_true(slt_causes_add(&table, (struct slt_slice){"a", 1}, 3));
    slt_causes_sort(&table);
    assert_int_equal(table.count, 2);
    assert_string_equal(table.items[0].text, "a");
    assert_int_equal(table.items[0].count, 4);
    slt_causes_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting), cmocka_unit_test(sorting_agrees_with_qsort),
        cmocka_unit_test(digests), cmocka_unit_test(labels),
        cmocka_unit_test(causes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
