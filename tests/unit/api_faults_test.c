/* Every allocation of every kind of statement fails once: an error or the right answer, nothing
 * lost, nothing changed by half, and the engine goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api_testing.h"
#include "base/alloc.h"
#include "base/compiler.h"

enum { FAILURES_MAX = 20000 };

/* Small units, so that a few hundred rows meet every storage boundary. */
static int open_with(void **state, uint32_t threads)
{
    static struct fixture f;
    llkv_engine_options options = {.struct_size = sizeof options,
                                   .threads = threads,
                                   .debug_segment_rows = 128,
                                   .debug_vector_rows = 64};
    f = (struct fixture){.error = LLKV_ERROR_INIT};
    assert_int_equal(llkv_engine_open(&options, &f.engine, &f.error), LLKV_OK);
    assert_int_equal(llkv_session_open(f.engine, &f.session, &f.error), LLKV_OK);
    run_ok(&f, "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR, c DECIMAL(10,2), d DOUBLE);"
               "CREATE TABLE u(x BIGINT, y VARCHAR NOT NULL, z DATE);"
               "CREATE INDEX t_b ON t(b);"
               "CREATE VIEW v AS SELECT a, b FROM t WHERE a % 2 = 0;"
               "INSERT INTO t SELECT range, 'text number ' || range, range * 1.25, range / 7e0 "
               "FROM range(300);"
               "INSERT INTO u SELECT range % 50, 'some longer text ' || range % 11, "
               "DATE '2000-01-01' + range::INTEGER FROM range(200)");
    *state = &f;
    return 0;
}

static int open_small_units(void **state)
{
    return open_with(state, 1);
}

/* Which thread meets the failure is then a matter of luck. */
static int open_threads(void **state)
{
    return open_with(state, 4);
}

/* Changes when a row of t or u does. */
static int64_t digest(struct fixture *f)
{
    return scalar(f, "SELECT count(*) * 1000003 + sum(a) * 31 + sum(length(b)) * 7 FROM t") * 1009 +
           scalar(f, "SELECT count(*) * 1000003 + sum(x) * 31 + sum(length(y)) * 7 FROM u");
}

/* Allocation n fails, n = 1, 2, 3 ... until the statement gets through. */
static void fails_cleanly(struct fixture *f, const char *sql, const char *undo)
{
    const int64_t before = digest(f);
    int64_t nth = 0;
    llkv_code rc;
    do {
        mem_fail_nth(++nth, false);
        rc = run(f, sql);
        mem_fail_nth(0, false);
        if (rc == LLKV_OK) break;
        if (rc != LLKV_NOMEM) fail_msg("%s: allocation %d: %s", sql, (int)nth, f->error.message);
        assert_string_equal(f->error.sqlstate, "53200");
        if (digest(f) != before) fail_msg("%s: allocation %d changed rows", sql, (int)nth);
    } while (nth < FAILURES_MAX);
    if (rc != LLKV_OK) fail_msg("%s: never succeeds", sql);
    if (undo != NULL) run_ok(f, undo);
}

static void queries(void **state)
{
    static const char *const texts[] = {
        "SELECT 1, 'text', 1.5, 2e0, NULL, DATE '2000-01-01', INTERVAL '1 day', X'00'",
        "SELECT * FROM t",
        "SELECT b, c FROM t WHERE a BETWEEN 10 AND 200 AND b LIKE '%1%'",
        "SELECT b FROM t WHERE a = 77",
        "SELECT a FROM t WHERE b = 'text number 77'",
        "SELECT a FROM t WHERE a IN (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29)",
        "SELECT y, count(*), sum(x), avg(x), min(z), max(y) FROM u GROUP BY y ORDER BY y",
        "SELECT count(DISTINCT y), sum(DISTINCT x) FROM u",
        "SELECT y, count(DISTINCT x), string_agg(y, ',') FROM u GROUP BY y HAVING count(*) > 3",
        "SELECT DISTINCT y, x % 5 FROM u ORDER BY 2 DESC, 1",
        "SELECT a, b FROM t ORDER BY d DESC, b LIMIT 17 OFFSET 5",
        "SELECT a, b, c, d FROM t ORDER BY b",
        "SELECT t.b, u.y FROM t JOIN u ON t.a = u.x ORDER BY 1, 2",
        "SELECT t.a, u.y FROM t LEFT JOIN u ON t.a = u.x AND u.z > DATE '2000-02-01'",
        "SELECT t.a, u.y FROM t FULL JOIN u ON t.a = u.x + 150",
        "SELECT count(*) FROM t, u WHERE t.a < u.x",
        "SELECT count(*) FROM t t1 JOIN t t2 ON t1.a = t2.a JOIN u ON u.x = t2.a "
        "JOIN t t3 ON t3.b = t1.b",
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.x = t.a AND u.y > t.b)",
        "SELECT a FROM t WHERE a NOT IN (SELECT x FROM u)",
        "SELECT a, (SELECT max(y) FROM u WHERE u.x = t.a) FROM t",
        "SELECT a FROM t WHERE a > ALL (SELECT x FROM u WHERE x < 40) AND c > (SELECT 1.5)",
        "SELECT x FROM u UNION SELECT a FROM t ORDER BY 1",
        "SELECT x FROM u INTERSECT ALL SELECT a FROM t",
        "SELECT x FROM u EXCEPT SELECT a FROM t WHERE a < 25",
        "SELECT x FROM u UNION ALL SELECT a::VARCHAR || 'x' FROM t LIMIT 3",
        "WITH w AS (SELECT a, b FROM t WHERE a < 100), q AS (SELECT a FROM w) "
        "SELECT count(*) FROM q JOIN w ON q.a = w.a",
        "SELECT count(*) FROM v JOIN (SELECT x FROM u GROUP BY x) s ON v.a = s.x",
        "SELECT CASE WHEN a < 10 THEN upper(b) WHEN a < 20 THEN replace(b, 't', 'TTTT') "
        "ELSE coalesce(NULLIF(b, 'x'), 'y') END, substr(b, 2, 5), round(d, 2) FROM t",
        "SELECT sum(range), count(*) FROM range(10000) WHERE range % 3 = 1",
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, NULL)) w(n, s) WHERE s IS NOT NULL",
        "SELECT b::DATE FROM (SELECT '2001-02-03' AS b) s",
        "EXPLAIN SELECT t.b, count(*) FROM t JOIN u ON t.a = u.x GROUP BY t.b ORDER BY 2",
        "SELECT repeat(b, 100) FROM t WHERE a < 20",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        fails_cleanly(f, texts[i], NULL);
}

static void changes(void **state)
{
    static const struct {
        const char *sql, *undo;
    } texts[] = {
        {"INSERT INTO t VALUES (1000, 'a text of more than twelve bytes', 1.5, 2.5)",
         "DELETE FROM t WHERE a = 1000"},
        {"INSERT INTO t(a) SELECT range FROM range(1000, 1200)", "DELETE FROM t WHERE a >= 1000"},
        {"INSERT INTO t SELECT a + 1000, b, c, d FROM t", "DELETE FROM t WHERE a >= 1000"},
        {"INSERT INTO u SELECT a, b, NULL FROM t", NULL},
        {"UPDATE t SET b = b || ' changed', d = d + 1 WHERE a % 3 = 0", NULL},
        {"UPDATE t SET a = a + 1000", "UPDATE t SET a = a - 1000"},
        {"UPDATE u SET y = t.b FROM t WHERE t.a = u.x AND t.a < 10", NULL},
        {"DELETE FROM u WHERE x = 7", NULL},
        {"DELETE FROM u WHERE x IN (SELECT a FROM t WHERE a < 4)", NULL},
        {"DELETE FROM u", "INSERT INTO u SELECT a, b, NULL FROM t"},
        {"CREATE TABLE w AS SELECT a, b FROM t", "DROP TABLE w"},
        {"CREATE TABLE w(a INTEGER PRIMARY KEY, b VARCHAR DEFAULT 'x' NOT NULL UNIQUE, "
         "CHECK (a > 0))",
         "DROP TABLE w"},
        {"CREATE INDEX t_c ON t(c, d)", "DROP INDEX t_c"},
        {"CREATE UNIQUE INDEX t_u ON t(a)", "DROP INDEX t_u"},
        {"CREATE VIEW vv AS SELECT v.a, u.y FROM v JOIN u ON v.a = u.x", "DROP VIEW vv"},
        {"CREATE TEMP TABLE w AS SELECT a, b FROM t", "DROP TABLE w"},
        {"CREATE TEMP TABLE w(a INTEGER PRIMARY KEY, b VARCHAR)", NULL},
        {"CREATE INDEX w_b ON w(b)", NULL},
        {"INSERT INTO w SELECT a, b FROM t", NULL},
        {"CREATE VIEW wv AS SELECT w.a FROM w JOIN u ON w.a = u.x", NULL},
        {"CREATE TEMP TRIGGER g INSTEAD OF INSERT ON v BEGIN SELECT 1; END", NULL},
        {"DROP TRIGGER g", NULL},
        {"DROP INDEX w_b", NULL},
        {"DROP TABLE w", "DROP VIEW wv"},
        {"SET default_null_order = 'nulls_first'", "RESET default_null_order"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        fails_cleanly(f, texts[i].sql, texts[i].undo);
}

/* Errors stay errors, of one kind or the other. */
static void refusals(void **state)
{
    static const struct {
        const char *sql;
        llkv_code code;
    } texts[] = {
        {"SELECT amuont FROM (SELECT 1 AS amount) s", LLKV_NAME},
        {"SELECT a FROM t WHERE", LLKV_SYNTAX},
        {"SELECT lenght('x')", LLKV_NAME},
        {"INSERT INTO t(a) VALUES (1000), (1)", LLKV_CONSTRAINT},
        {"UPDATE t SET a = 5", LLKV_CONSTRAINT},
        {"INSERT INTO u VALUES (1, NULL, NULL)", LLKV_CONSTRAINT},
        {"SELECT a, 9223372036854775807 + a FROM t", LLKV_OVERFLOW},
        {"SELECT (SELECT x FROM u) FROM t", LLKV_CARDINALITY},
        {"SELECT b::INTEGER FROM t", LLKV_DATA},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        const int64_t before = digest(f);
        llkv_code rc = LLKV_NOMEM;
        for (int64_t nth = 1; rc == LLKV_NOMEM && nth < FAILURES_MAX; nth++) {
            mem_fail_nth(nth, false);
            rc = run(f, texts[i].sql);
            mem_fail_nth(0, false);
        }
        if (rc != texts[i].code) fail_msg("%s: %s", texts[i].sql, f->error.message);
        assert_int_equal(digest(f), before);
    }
}

static llkv_code fetch_stream(struct fixture *f, const char *sql)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    llkv_code rc = llkv_query(f->session, sql, strlen(sql), &stream, &f->error);
    if (rc != LLKV_OK) return rc;
    if (stream.get_schema(&stream, &schema) == 0)
        schema.release(&schema);
    else
        rc = LLKV_NOMEM;
    while (rc == LLKV_OK) {
        if (stream.get_next(&stream, &array) != 0) rc = LLKV_NOMEM;
        if (rc != LLKV_OK || array.release == NULL) break;
        array.release(&array);
    }
    if (rc != LLKV_OK) (void)stream.get_last_error(&stream);
    stream.release(&stream);
    return rc;
}

static llkv_code step_prepared(struct fixture *f, llkv_statement *s)
{
    bool row = true;
    llkv_code rc = llkv_bind_text(s, 1, "a text that is longer than twelve", 33, &f->error);
    if (rc == LLKV_OK) rc = llkv_bind_int64(s, 2, 100, &f->error);
    while (rc == LLKV_OK && row) {
        rc = llkv_statement_step(s, &row, &f->error);
        for (uint32_t c = 0; rc == LLKV_OK && row && c < llkv_column_count(s); c++)
            if (llkv_value_text(s, c, NULL) == NULL) rc = LLKV_NOMEM;
    }
    llkv_statement_reset(s);
    return rc;
}

static void streams_and_statements(void **state)
{
    static const char sql[] = "SELECT b || $1, a, c, d FROM t WHERE a < $2";
    struct fixture *f = *state;
    llkv_code rc = LLKV_NOMEM;
    for (int64_t nth = 1; rc != LLKV_OK && nth < FAILURES_MAX; nth++) {
        mem_fail_nth(nth, false);
        rc = fetch_stream(f, "SELECT t.*, u.* FROM t JOIN u ON t.a = u.x");
        mem_fail_nth(0, false);
    }
    assert_int_equal(rc, LLKV_OK);
    llkv_statement *s = NULL;
    assert_int_equal(llkv_prepare(f->session, sql, sizeof sql - 1, &s, NULL, &f->error), LLKV_OK);
    rc = LLKV_NOMEM;
    for (int64_t nth = 1; rc != LLKV_OK && nth < FAILURES_MAX; nth++) {
        mem_fail_nth(nth, false);
        rc = step_prepared(f, s);
        mem_fail_nth(0, false);
    }
    assert_int_equal(rc, LLKV_OK);
    assert_int_equal(step_prepared(f, s), LLKV_OK);
    llkv_statement_free(s);
}

static void opening(void **state)
{
    llkv_code rc = LLKV_NOMEM;
    (void)state;
    for (int64_t nth = 1; rc != LLKV_OK && nth < FAILURES_MAX; nth++) {
        llkv_engine *engine = NULL;
        llkv_session *session = NULL;
        llkv_error error = LLKV_ERROR_INIT;
        llkv_engine_options options = {.struct_size = sizeof options, .threads = 3};
        mem_fail_nth(nth, false);
        rc = llkv_engine_open(&options, &engine, &error);
        if (rc == LLKV_OK) rc = llkv_session_open(engine, &session, &error);
        mem_fail_nth(0, false);
        if (rc != LLKV_OK) assert_int_equal(rc, LLKV_NOMEM);
        assert_int_equal(llkv_session_close(session, &error), LLKV_OK);
        assert_int_equal(llkv_engine_close(engine, &error), LLKV_OK);
        assert_int_equal(mem_used_bytes(), 0);
    }
    assert_int_equal(rc, LLKV_OK);
}

/* From allocation n on there is no memory at all. */
static void nothing_left(void **state)
{
    static const char *const texts[] = {
        "SELECT y, count(*) FROM u GROUP BY y ORDER BY y",
        "SELECT t.b FROM t JOIN u ON t.a = u.x ORDER BY 1",
        "INSERT INTO t(a) SELECT range FROM range(1000, 1200)",
        "UPDATE t SET b = b || '!' WHERE a % 2 = 0",
        "DELETE FROM t WHERE a >= 200",
        "CREATE TABLE w(a INTEGER PRIMARY KEY)",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        const int64_t before = digest(f);
        llkv_code rc = LLKV_NOMEM;
        for (int64_t nth = 1; rc == LLKV_NOMEM && nth < FAILURES_MAX; nth++) {
            mem_fail_nth(nth, true);
            rc = run(f, texts[i]);
            mem_fail_nth(0, false);
            if (rc == LLKV_NOMEM) assert_int_equal(digest(f), before);
        }
        if (rc != LLKV_OK) fail_msg("%s: %s", texts[i], f->error.message);
    }
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_small_units, close_all)
    const struct CMUnitTest tests[] = {
        TEST(queries),
        TEST(changes),
        TEST(refusals),
        TEST(streams_and_statements),
        cmocka_unit_test(opening),
        TEST(nothing_left),
        cmocka_unit_test_setup_teardown(queries, open_threads, close_all),
        cmocka_unit_test_setup_teardown(changes, open_threads, close_all),
        cmocka_unit_test_setup_teardown(refusals, open_threads, close_all),
        cmocka_unit_test_setup_teardown(nothing_left, open_threads, close_all),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
