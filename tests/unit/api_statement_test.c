/* The public calls: prepare, bind, step, values, results, streams, misuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api_testing.h"
#include "base/alloc.h"

static void values_of_every_kind(void **state)
{
    struct fixture *f = *state;
    bool row;
    llkv_statement *s =
        prepare(f, "SELECT 42 AS n, 1.50 AS d, 'text' AS t, NULL AS z, TRUE AS b, 1e3 AS r");
    assert_int_equal(llkv_column_count(s), 6);
    assert_string_equal(llkv_column_name(s, 0), "n");
    assert_int_equal(llkv_column_type(s, 0), LLKV_TYPE_INTEGER);
    assert_string_equal(llkv_column_type_text(s, 1), "DECIMAL(3,2)");
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_true(row);
    assert_int_equal(llkv_value_int64(s, 0), 42);
    assert_true(llkv_value_double(s, 1) == 1.5);
    assert_string_equal(llkv_value_text(s, 1, NULL), "1.50");
    assert_string_equal(llkv_value_text(s, 2, NULL), "text");
    assert_true(llkv_value_is_null(s, 3));
    assert_true(llkv_value_bool(s, 4));
    assert_string_equal(llkv_value_text(s, 5, NULL), "1000.0");
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_false(row);
    llkv_statement_free(s);
}

static void parameters_keep_their_values(void **state)
{
    struct fixture *f = *state;
    bool row;
    llkv_statement *s = prepare(f, "SELECT ? + 1, $name");
    assert_int_equal(llkv_statement_parameter_count(s), 2);
    assert_int_equal(llkv_statement_parameter_index(s, "name"), 2);
    assert_int_equal(llkv_bind_int64(s, 1, 41, &f->error), LLKV_OK);
    assert_int_equal(llkv_bind_text(s, 2, "longer than twelve bytes", 24, &f->error), LLKV_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
        assert_true(row);
        assert_int_equal(llkv_value_int64(s, 0), 42);
        assert_string_equal(llkv_value_text(s, 1, NULL), "longer than twelve bytes");
        llkv_statement_reset(s);
    }
    assert_int_equal(llkv_bind_int64(s, 3, 1, &f->error), LLKV_MISUSE);
    assert_int_equal(llkv_bind_text(s, 2, "\xff", 1, &f->error), LLKV_DATA);
    llkv_statement_free(s);
}

static void plans_follow_the_catalog(void **state)
{
    struct fixture *f = *state;
    bool row;
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)");
    llkv_statement *s = prepare(f, "SELECT a FROM t");
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    llkv_statement_reset(s);
    run_ok(f, "DROP TABLE t; CREATE TABLE t(b INTEGER, a INTEGER); INSERT INTO t VALUES (1, 2)");
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_int_equal(llkv_value_int64(s, 0), 2);
    llkv_statement_reset(s);
    run_ok(f, "DROP TABLE t");
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_NAME);
    llkv_statement_free(s);
}

static void results_are_structured(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "CREATE TABLE t(a INTEGER);\nINSERT INTO t VALUES (1), (2);\n"
                              "UPDATE t SET a = a + 1;\nSELECT a FROM t ORDER BY a;\nDELETE FROM t";
    llkv_results *results = NULL;
    assert_int_equal(llkv_execute(f->session, sql, sizeof sql - 1, &results, &f->error), LLKV_OK);
    assert_int_equal(llkv_results_count(results), 5);
    assert_int_equal(llkv_results_info(results, 0).kind, LLKV_RESULT_CREATE_TABLE);
    assert_int_equal(llkv_results_info(results, 1).rows, 2);
    assert_string_equal(llkv_results_info(results, 1).object, "t");
    assert_int_equal(llkv_results_info(results, 2).kind, LLKV_RESULT_UPDATE);
    assert_int_equal(llkv_results_info(results, 4).rows, 2);
    struct ArrowArrayStream stream;
    assert_int_equal(llkv_results_take(results, 0, &stream, &f->error), LLKV_MISUSE);
    assert_int_equal(llkv_results_take(results, 3, &stream, &f->error), LLKV_OK);
    llkv_results_free(results);
    struct ArrowArray array;
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(array.length, 2);
    assert_int_equal(((const int32_t *)array.children[0]->buffers[1])[1], 3);
    array.release(&array);
    stream.release(&stream);
}

static void streams_hold_the_session(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "SELECT range FROM range(100000)";
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    assert_int_equal(llkv_query(f->session, sql, sizeof sql - 1, &stream, &f->error), LLKV_OK);
    assert_int_equal(llkv_session_close(f->session, &f->error), LLKV_BUSY);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_string_equal(schema.children[0]->format, "l");
    schema.release(&schema);
    int64_t rows = 0, sum = 0;
    for (;;) {
        struct ArrowArray array;
        assert_int_equal(stream.get_next(&stream, &array), 0);
        if (array.release == NULL) break;
        const int64_t *values = array.children[0]->buffers[1];
        for (int64_t i = 0; i < array.length; i++)
            sum += values[array.children[0]->offset + i];
        rows += array.length;
        array.release(&array);
    }
    stream.release(&stream);
    assert_int_equal(rows, 100000);
    assert_int_equal(sum, INT64_C(4999950000));
}

static void errors_have_places(void **state)
{
    struct fixture *f = *state;
    static const char sql[] = "SELECT 1;\nSELECT 2,\n  nope";
    llkv_results *results = NULL;
    assert_int_equal(llkv_execute(f->session, sql, sizeof sql - 1, &results, &f->error), LLKV_NAME);
    assert_int_equal(llkv_results_count(results), 1);
    llkv_results_free(results);
    assert_int_equal(f->error.offset, (int)(strstr(sql, "nope") - sql));
    assert_int_equal(f->error.line, 3);
    assert_int_equal(f->error.column, 3);
    assert_string_equal(f->error.sqlstate, "42703");
    size_t used;
    llkv_statement *s = NULL;
    static const char broken[] = "SELEKT 1; SELECT 2";
    assert_int_equal(llkv_prepare(f->session, broken, sizeof broken - 1, &s, &used, NULL),
                     LLKV_SYNTAX);
    assert_int_equal(used, 9);
}

static void statements_are_atomic(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    assert_int_equal(run(f, "INSERT INTO t VALUES (3), (1)"), LLKV_CONSTRAINT);
    assert_string_equal(f->error.sqlstate, "23505");
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 2);
    run_ok(f, "UPDATE t SET a = a + 1");
    assert_int_equal(scalar(f, "SELECT sum(a) FROM t"), 5);
}

/* Every allocation fails once: an error or the right answer, never a crash, nothing lost. */
static void allocations_may_fail(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR); INSERT INTO t VALUES (1, 'x')");
    static const char *const statements[] = {
        "SELECT t.b, count(*) FROM t JOIN t u ON t.a = u.a GROUP BY t.b ORDER BY 1 LIMIT 3",
        "INSERT INTO t VALUES (2, 'a text of more than twelve bytes')",
        "UPDATE t SET b = b || '!' WHERE a = 2",
        "DELETE FROM t WHERE a = 2",
        "CREATE TABLE u AS SELECT * FROM t; DROP TABLE u",
        "WITH m AS MATERIALIZED (SELECT a FROM t) SELECT * FROM m FULL JOIN m AS n USING (a)",
        "SELECT DISTINCT ON (a) a, b FROM t WHERE (a, b) IN (SELECT a, b FROM t) ORDER BY a, b",
        "SELECT * FROM t, LATERAL (VALUES ((SELECT t.a)), (2)) AS l(x) WHERE x > 0",
        "UPDATE t SET (a, b) = (v.x, 'y') FROM (VALUES (9)) AS v(x) WHERE t.a = v.x",
        "DESCRIBE t; EXPLAIN SELECT * FROM t WHERE a = 1; SHOW ALL; TRUNCATE t",
        "INSERT INTO t VALUES (1, 'x')",
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        int64_t nth = 1;
        llkv_code rc;
        do {
            mem_fail_nth(nth, false);
            rc = run(f, statements[i]);
            mem_fail_nth(0, false);
            if (rc != LLKV_OK) assert_int_equal(rc, LLKV_NOMEM);
            if (rc != LLKV_OK && i == 4) (void)run(f, "DROP TABLE IF EXISTS u");
            nth++;
        } while (rc != LLKV_OK && nth < 5000);
        assert_int_equal(rc, LLKV_OK);
    }
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 1);
}

/* Bind a number and a text of `len` times `letter` (or NULL), run to the end. */
static llkv_code write_once(struct fixture *f, llkv_statement *s, int64_t k, char letter,
                            size_t len)
{
    char text[2000];
    bool row = false;
    memset(text, letter, sizeof text);
    llkv_code rc = llkv_bind_int64(s, 1, k, &f->error);
    if (rc == LLKV_OK)
        rc =
            len == 0 ? llkv_bind_null(s, 2, &f->error) : llkv_bind_text(s, 2, text, len, &f->error);
    if (rc == LLKV_OK) rc = llkv_statement_step(s, &row, &f->error);
    assert_false(row);
    llkv_statement_reset(s);
    return rc;
}

/* One execution serves many runs: with other values, after errors, over changes of the catalog. */
static void small_writes_run_again(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(k INTEGER PRIMARY KEY, n INTEGER CHECK (n < 100000), s VARCHAR)");
    llkv_statement *in = prepare(f, "INSERT INTO t VALUES (?1 + 1, ?1 * 2, upper(?2) || '!')");
    llkv_statement *up = prepare(f, "UPDATE t SET s = ?2 || s, n = n + 1 WHERE k = ?1 AND n >= 0");
    int64_t texts = 0;
    for (int64_t i = 0; i < 600; i++) {
        const size_t len = (size_t)(i * 37 % 1500);
        if (i == 200) run_ok(f, "CREATE TABLE other(a INTEGER); CREATE INDEX by_n ON t(n)");
        if (i == 307) run_ok(f, "DROP INDEX by_n; DROP TABLE other");
        if (i % 50 == 10) run_ok(f, "BEGIN");
        assert_int_equal(write_once(f, in, i, (char)('a' + i % 26), len), LLKV_OK);
        if (i % 50 != 40 && i % 50 >= 10 && i % 50 < 40) /* found in the transaction's own rows */
            assert_int_equal(write_once(f, up, i + 1, 'x', 3), LLKV_OK);
        if (i % 50 == 40) run_ok(f, "COMMIT");
        if (i % 50 == 45) {
            assert_int_equal(write_once(f, in, i, 'q', 5), LLKV_CONSTRAINT);
            assert_int_equal(write_once(f, in, 50000, 'q', 5), LLKV_CONSTRAINT); /* the CHECK */
            assert_int_equal(write_once(f, up, 100000 + i, 'q', 5), LLKV_OK);    /* no row */
        }
        if (len != 0) texts += (int64_t)len + 1 + (i % 50 >= 10 && i % 50 < 40 ? 3 : 0);
    }
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 600);
    assert_int_equal(scalar(f, "SELECT sum(n) - sum(2 * (k - 1)) FROM t"), 12 * 30);
    assert_int_equal(scalar(f, "SELECT sum(length(s)) FROM t"), texts);
    assert_int_equal(scalar(f, "SELECT count(*) FROM t WHERE s IS NULL"), 1);
    llkv_statement_free(in);
    llkv_statement_free(up);
}

/* In a transaction and not, each allocation of a run fails once; what a failed run leaves serves
 * nobody. */
static void repeated_writes_may_fail(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(k INTEGER PRIMARY KEY, s VARCHAR)");
    run_ok(f, "SET sqlite_compat = true");
    llkv_statement *in = prepare(f, "INSERT INTO t VALUES (?1, ?2 || 'z')");
    int64_t rows = 0;
    for (int round = 0; round < 2; round++) {
        if (round == 1) run_ok(f, "BEGIN");
        for (int64_t nth = 1; nth < 200; nth++) {
            mem_fail_nth(nth, false);
            const llkv_code rc = write_once(f, in, rows, 'a', (size_t)(nth * 61 % 1900) + 1);
            mem_fail_nth(0, false);
            if (rc != LLKV_OK) assert_int_equal(rc, LLKV_NOMEM);
            rows += rc == LLKV_OK;
        }
        if (round == 1) run_ok(f, "COMMIT");
    }
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), rows);
    assert_int_equal(scalar(f, "SELECT max(k) FROM t"), rows - 1);
    llkv_statement_free(in);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        TEST(values_of_every_kind),     TEST(parameters_keep_their_values),
        TEST(plans_follow_the_catalog), TEST(results_are_structured),
        TEST(streams_hold_the_session), TEST(errors_have_places),
        TEST(statements_are_atomic),    TEST(allocations_may_fail),
        TEST(small_writes_run_again),   TEST(repeated_writes_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
