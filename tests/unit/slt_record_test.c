#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "slt/record.h"

static struct slt_text text;
static struct slt_reader reader;

static void open_text(const char *string, const char *dialect)
{
    const struct slt_dialect *found = slt_dialect_find(dialect);
    assert_non_null(found);
    slt_text_clear(&text);
    slt_text_addz(&text, string);
    slt_text_room(&text, 1);
    slt_reader_init(&reader, &text, found, found->labels);
}

static struct slt_record next(enum slt_record_kind kind)
{
    struct slt_record record;
    slt_reader_next(&reader, &record);
    assert_int_equal(record.kind, kind);
    return record;
}

static void assert_slice(struct slt_slice slice, const char *string)
{
    assert_int_equal(slice.len, strlen(string));
    assert_memory_equal(slice.data, string, slice.len);
}

static void statements_and_queries(void **state)
{
    (void)state;
    open_text("statement ok\nCREATE TABLE t(a)\n\n\n\nstatement error # why\nDROP\nTABLE u;\n\n"
              "query IR rowsort join-4-1\nSELECT 1,\n 2\n----\n1\n2.000\n\nquery T\nSELECT 1",
              "sqlite");
    struct slt_record record = next(SLT_RECORD_STATEMENT);
    assert_slice(record.sql, "CREATE TABLE t(a)");
    assert_false(record.expect_error);
    assert_int_equal(record.line, 1);
    record = next(SLT_RECORD_STATEMENT);
    assert_slice(record.sql, "DROP\nTABLE u;");
    assert_true(record.expect_error);
    assert_int_equal(record.line, 6);
    record = next(SLT_RECORD_QUERY);
    assert_slice(record.sql, "SELECT 1,\n 2");
    assert_slice(record.types, "IR");
    assert_slice(record.label, "join-4-1");
    assert_slice(record.expected, "1\n2.000\n");
    assert_int_equal(record.sort, SLT_SORT_ROWS);
    record = next(SLT_RECORD_QUERY);
    assert_slice(record.sql, "SELECT 1");
    assert_false(record.has_expected);
    assert_int_equal(record.expected.len, 0);
    next(SLT_RECORD_END);
    next(SLT_RECORD_END);
}

static void comments_vanish_everywhere(void **state)
{
    (void)state;
    open_text("# head\r\n\r\n# more\r\nquery I\r\n#inside\r\nSELECT\r\n# inside\r\n1\r\n----\r\n"
              "#1\r\n1\r\n# tail\r\n2\r\n",
              "sqlite");
    struct slt_record record = next(SLT_RECORD_QUERY);
    assert_slice(record.sql, "SELECT\n1");
    assert_slice(record.expected, "1\n2\n");
    next(SLT_RECORD_END);
}

static void guards(void **state)
{
    (void)state;
    open_text("skipif SQLite\nstatement ok\nA\n\nonlyif mysql # empty RHS\nstatement ok\nB\n\n"
              "skipif mysql\nonlyif sqlite\nquery I\nC\n\nonlyif mysql\nhalt\n\n"
              "onlyif sqlite\nhash-threshold 8\n\nhalt\n",
              "sqlite");
    assert_true(next(SLT_RECORD_STATEMENT).skip);
    assert_true(next(SLT_RECORD_STATEMENT).skip);
    assert_false(next(SLT_RECORD_QUERY).skip);
    assert_true(next(SLT_RECORD_HALT).skip);
    struct slt_record record = next(SLT_RECORD_HASH_THRESHOLD);
    assert_false(record.skip);
    assert_int_equal(record.hash_threshold, 8);
    assert_false(next(SLT_RECORD_HALT).skip);
}

static void blanks_do_not_end_a_record(void **state)
{
    (void)state;
    open_text("query T\nSELECT 1\n----\n \n\nstatement ok\nX\n", "sqlite");
    assert_slice(next(SLT_RECORD_QUERY).expected, " \n");
    assert_slice(next(SLT_RECORD_STATEMENT).sql, "X");
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "statement maybe\nX\n", "statement ok\n",
        "query\nSELECT 1\n",    "query X\nSELECT 1\n",
        "query I some\nX\n",    "hash-threshold x\n",
        "frobnicate\nX\n",      "skipif\nstatement ok\nX\n",
        "onlyif sqlite\n\n",    "query I\n----\n1\n",
        "loop i 0 3\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        open_text(wrong[i], "sqlite");
        assert_non_null(next(SLT_RECORD_INVALID).problem);
        next(SLT_RECORD_END);
    }
}

static void own_files_have_more(void **state)
{
    (void)state;
    open_text("statement ok con1\nBEGIN\n\nquery I con2\nSELECT 1\n----\n1\n\n"
              "connection con3\nquery I rowsort\nSELECT 1\n----\n1\n\n"
              "statement error\nSELECT x\n----\n42703\nline 1, column 8\n\n"
              "query IT\nSELECT\n----\n1\ta b\n2\tc\n\nquery IT\nSELECT\n----\n1\na\n",
              "own");
    assert_slice(next(SLT_RECORD_STATEMENT).connection, "con1");
    assert_slice(next(SLT_RECORD_QUERY).connection, "con2");
    assert_slice(next(SLT_RECORD_QUERY).connection, "con3");
    struct slt_record record = next(SLT_RECORD_STATEMENT);
    assert_slice(record.sql, "SELECT x");
    assert_slice(record.expected, "42703\nline 1, column 8\n");
    assert_int_equal(record.connection.len, 0);
    assert_slice(next(SLT_RECORD_QUERY).expected, "1\na b\n2\nc\n");
    assert_slice(next(SLT_RECORD_QUERY).expected, "1\na\n");
}

static void dialects_by_path(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"tests/slt/join/left.slt", "own"},
        {"checkouts/llkv/tests/slt/join/left.slt", "own"},
        {"corpus/sqlite/test/select1.test", "sqlite"},
        {"corpus/duckdb/test/sql/join/a.test", "duckdb"},
        {"x/datafusion_portable/math.slt", "rs"},
        {"x/sqllogictest-rs/tests/slt/basic.slt", "rs"},
        {"select1.test", "sqlite"},
        {"a.slturl", "own"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(slt_dialect_of_file(cases[i][0])->name, cases[i][1]);
    }
    assert_null(slt_dialect_find("cake"));
}

static int teardown(void **state)
{
    (void)state;
    slt_text_deinit(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_and_queries),
        cmocka_unit_test(comments_vanish_everywhere),
        cmocka_unit_test(guards),
        cmocka_unit_test(blanks_do_not_end_a_record),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(own_files_have_more),
        cmocka_unit_test(dialects_by_path),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
