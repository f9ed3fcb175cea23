/* Hostile input: whatever a program sends, the answer is a result or an error that says where.
 *
 * Never a crash, a hang or a leak, and the session goes on as if nothing had been asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_testing.h"
#include "base/alloc.h"
#include "base/compiler.h"

static void open_with(struct fixture *f, uint64_t memory_limit)
{
    llkv_engine_options options = {
        .struct_size = sizeof options, .threads = 2, .memory_limit = memory_limit};
    *f = (struct fixture){.error = LLKV_ERROR_INIT};
    assert_int_equal(llkv_engine_open(&options, &f->engine, &f->error), LLKV_OK);
    assert_int_equal(llkv_session_open(f->engine, &f->session, &f->error), LLKV_OK);
}

static int open_two(void **state)
{
    static struct fixture f;
    open_with(&f, 0);
    *state = &f;
    return 0;
}

/* What a server would give a stranger. */
static int open_small(void **state)
{
    static struct fixture f;
    open_with(&f, UINT64_C(64) << 20);
    *state = &f;
    return 0;
}

static llkv_code run_bytes(struct fixture *f, const char *sql, size_t bytes)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(f->session, sql, bytes, &results, &f->error);
    llkv_results_free(results);
    return rc;
}

static void still_alive(struct fixture *f)
{
    assert_int_equal(scalar(f, "SELECT 6 * 7"), 42);
}

static void is_error(const struct fixture *f, llkv_code rc, llkv_code wanted, const char *what)
{
    if (rc != wanted)
        fail_msg("%s: %s instead of %s: %s", what, llkv_code_text(rc), llkv_code_text(wanted),
                 rc == LLKV_OK ? "" : f->error.message);
    if (rc == LLKV_OK) return;
    assert_int_equal(strlen(f->error.sqlstate), 5);
    assert_true(f->error.message[0] != '\0');
}

/* ---- texts that are made ---- */

struct made {
    char *data;
    size_t len, capacity;
};

static void add_bytes(struct made *made, const char *text, size_t len)
{
    if (len == 0) return;
    if (made->capacity - made->len < len) {
        made->capacity = (made->capacity + len) * 2;
        made->data = realloc(made->data, made->capacity);
        assert_non_null(made->data);
    }
    memcpy(made->data + made->len, text, len);
    made->len += len;
}

static void add(struct made *made, const char *text)
{
    add_bytes(made, text, strlen(text));
}

static void add_times(struct made *made, const char *text, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        add(made, text);
}

static void add_numbered(struct made *made, const char *before, const char *after, uint32_t n)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%u", n);
    add(made, before);
    add(made, number);
    add(made, after);
}

static llkv_code run_made(struct fixture *f, struct made *made)
{
    llkv_code rc = run_bytes(f, made->data, made->len);
    free(made->data);
    *made = (struct made){0};
    return rc;
}

/* ---- depth and length ---- */

struct bomb {
    const char *head, *open, *middle, *close, *tail;
    uint32_t times;
    llkv_code code;
};

enum { DEEP = 100000, LONG = 1000000, SQL_BYTES_MAX = 64 << 20 };

static const struct bomb bombs[] = {
    {"SELECT ", "(", "1", ")", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "(", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "", "1", ")", "", DEEP, LLKV_SYNTAX},
    {"SELECT ", "(", "1", ")", "", 990, LLKV_OK},
    {"SELECT ", "NOT ", "TRUE", "", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "NOT ", "TRUE", "", "", 990, LLKV_OK},
    {"SELECT ", "- ", "1", "", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "- ", "a", "", " FROM t", 990, LLKV_OK},
    {"SELECT ", "+ ", "1", "", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "~ ", "1", "", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "CASE WHEN TRUE THEN ", "1", " END", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "CASE WHEN a = 1 THEN ", "1", " END", " FROM t", 450, LLKV_OK},
    {"SELECT CASE a ", "WHEN 1 THEN 2 ", "END FROM t", "", "", 5000, LLKV_OK},
    {"SELECT ", "abs(", "1", ")", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "abs(", "a", ")", " FROM t", 900, LLKV_OK},
    {"SELECT ", "CAST(", "1", " AS INTEGER)", "", DEEP, LLKV_LIMIT},
    {"SELECT 1", "::INTEGER", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1", " BETWEEN 1 AND 1", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 'a'", " LIKE 'a'", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1", " IS NULL", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "(SELECT ", "1", ")", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "(SELECT ", "1", ")", "", 300, LLKV_OK},
    {"SELECT ", "(SELECT max(a) + ", "1", " FROM t)", "", 100, LLKV_OK},
    {"SELECT ", "EXISTS (SELECT 1 WHERE ", "TRUE", ")", "", DEEP, LLKV_LIMIT},
    {"SELECT ", "EXISTS (SELECT 1 FROM t WHERE ", "TRUE", ")", "", 200, LLKV_OK},
    {"SELECT * FROM ", "(SELECT * FROM ", "(SELECT 1) t", ") t", "", DEEP, LLKV_LIMIT},
    {"SELECT * FROM ", "(SELECT a FROM ", "t", " WHERE a > 0) t", "", 300, LLKV_OK},
    {"SELECT 1 FROM ", "(", "t", ")", "", DEEP, LLKV_LIMIT},
    {"SELECT 1 FROM t", ", t", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1 FROM t", " NATURAL JOIN t", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1", " UNION ALL SELECT 1", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1", " UNION SELECT 1", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1", " EXCEPT SELECT 1", "", "", "", DEEP, LLKV_LIMIT},
    {"SELECT 1 WHERE 1 = 1", " AND 1 = 1", "", "", "", LONG, LLKV_OK},
    {"SELECT 1 WHERE 1 = 1", " OR 1 = 1", "", "", "", LONG, LLKV_OK},
    {"SELECT 1 FROM t WHERE a = 1", " AND a = 1", "", "", "", LONG, LLKV_OK},
    {"SELECT 1 FROM t WHERE a = 1", " OR a > 1", "", "", "", LONG, LLKV_OK},
    {"SELECT 1 FROM t WHERE a IN (1", ", 2", ")", "", "", LONG, LLKV_OK},
    {"SELECT 1 FROM t WHERE a IN (1", ", b", ")", "", "", DEEP, LLKV_OK},
    {"SELECT 1", " + 1", "", "", "", LONG, LLKV_OK},
    {"SELECT a", " + a", " FROM t", "", "", LONG, LLKV_LIMIT},
    {"SELECT 'x'", " || 'x'", "", "", "", LONG, LLKV_LIMIT},
    {"SELECT 1", ", 1", "", "", "", 9999, LLKV_OK},
    {"SELECT 1", ", 1", "", "", "", 10000, LLKV_LIMIT},
    {"SELECT coalesce(NULL", ", NULL", ", 1)", "", "", DEEP, LLKV_OK},
    {"SELECT count(*) FROM (VALUES (1)", ", (1)", ") v", "", "", DEEP, LLKV_OK},
    {"SELECT count(*) FROM t GROUP BY a", ", a", "", "", "", 5000, LLKV_OK},
    {"SELECT 1 FROM t ORDER BY a", ", a", "", "", "", 5000, LLKV_OK},
    {"SELECT sum(a)", ", sum(a)", " FROM t", "", "", 9999, LLKV_OK},
    {"SELECT ?", " + ?", "", "", "", 32767, LLKV_LIMIT},
    {"SELECT ?32768", "", "", "", "", 0, LLKV_LIMIT},
    {"SELECT ?99999999999999999999", "", "", "", "", 0, LLKV_LIMIT},
    {"SELECT ?0", "", "", "", "", 0, LLKV_LIMIT},
    {"SELECT ", "9", "", "", "", LONG, LLKV_OVERFLOW},
    {"SELECT 0.", "9", "", "", "", LONG, LLKV_OK},
    {"SELECT 1e", "9", "", "", "", LONG, LLKV_OVERFLOW},
    {"SELECT 1e-", "9", "", "", "", LONG, LLKV_OK},
    {"SELECT 0x", "f", "", "", "", LONG, LLKV_SYNTAX},
    {"SELECT X'", "f", "'", "", "", LONG + 1, LLKV_SYNTAX},
    {"SELECT length(X'", "ff", "')", "", "", LONG, LLKV_OK},
    {"SELECT length('", "x", "')", "", "", 10 * LONG, LLKV_OK},
    {"SELECT \"", "x", "\"", "", "", LONG, LLKV_NAME},
    {"SELECT ", "x", "", "", "", LONG, LLKV_NAME},
    {"", "/*", "", "*/", "", DEEP, LLKV_OK},
    {"", "/*", "", "", "", DEEP, LLKV_SYNTAX},
    {"", "-- x\n", "SELECT 1", "", "", LONG, LLKV_OK},
    {"", ";", "SELECT 1", "", "", LONG, LLKV_OK},
    {"SELECT repeat('a', 10000) LIKE '", "%a", "b'", "", "", 20000, LLKV_OK},
    {"SELECT '", "(", "", "", "", LONG, LLKV_SYNTAX},
    {"SELECT \"", "(", "", "", "", LONG, LLKV_SYNTAX},
    {"SELECT $$", "$", "", "", "", LONG, LLKV_SYNTAX},
};

static void bomb_text(const struct bomb *bomb, struct made *made)
{
    add(made, bomb->head);
    add_times(made, bomb->open, bomb->times);
    add(made, bomb->middle);
    add_times(made, bomb->close, bomb->times);
    add(made, bomb->tail);
}

static void depth_and_length(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(a INTEGER, b INTEGER); INSERT INTO t VALUES (1, 2)");
    for (size_t i = 0; i < ARRAY_COUNT(bombs); i++) {
        struct made made = {0};
        char what[64];
        bomb_text(&bombs[i], &made);
        (void)snprintf(what, sizeof what, "%s%s * %u", bombs[i].head, bombs[i].open,
                       bombs[i].times);
        is_error(f, run_made(f, &made), bombs[i].code, what);
        still_alive(f);
    }
}

static void limits_have_places(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(a INTEGER)");
    static const struct bomb deep[] = {
        {"SELECT\n ", "(", "1", ")", "", DEEP, LLKV_LIMIT},
        {"SELECT\n 1", " IS NULL", "", "", "", DEEP, LLKV_LIMIT},
        {"SELECT\n 1 FROM t", ", t", "", "", "", DEEP, LLKV_LIMIT},
        {"SELECT\n 1", " UNION ALL SELECT 1", "", "", "", DEEP, LLKV_LIMIT},
    };
    for (size_t i = 0; i < ARRAY_COUNT(deep); i++) {
        struct made made = {0};
        bomb_text(&deep[i], &made);
        is_error(f, run_made(f, &made), LLKV_LIMIT, deep[i].open);
        if (f->error.offset < 0) fail_msg("%s: no place", deep[i].open);
    }
}

static void texts_have_a_limit(void **state)
{
    struct fixture *f = *state;
    struct made made = {0};
    add(&made, "SELECT length('");
    while (made.len < SQL_BYTES_MAX - 2)
        add_bytes(&made, "xxxxxxxxxxxxxxxx", 16);
    made.len = SQL_BYTES_MAX - 2;
    add(&made, "')");
    assert_int_equal(made.len, SQL_BYTES_MAX);
    is_error(f, run_bytes(f, made.data, made.len), LLKV_OK, "64 MiB");
    add(&made, " ");
    is_error(f, run_made(f, &made), LLKV_LIMIT, "64 MiB and 1");
    add_times(&made, "SELECT 1; ", 8 << 20); /* many statements, one is not too long */
    size_t used = 0;
    llkv_statement *s = NULL;
    assert_int_equal(llkv_prepare(f->session, made.data, made.len, &s, &used, &f->error), LLKV_OK);
    assert_int_equal(used, 9);
    llkv_statement_free(s);
    free(made.data);
    still_alive(f);
}

static void scripts_take_linear_time(void **state)
{
    struct fixture *f = *state;
    struct made made = {0};
    run_ok(f, "CREATE TABLE t(a INTEGER)");
    add_times(&made, "INSERT INTO t VALUES (1);\n", 20000);
    is_error(f, run_made(f, &made), LLKV_OK, "20,000 statements");
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 20000);
}

static void wide_tables(void **state)
{
    struct fixture *f = *state;
    struct made made = {0};
    add(&made, "CREATE TABLE w(c0 INTEGER");
    for (uint32_t i = 1; i < 10000; i++)
        add_numbered(&made, ", c", " INTEGER", i);
    add(&made, "); INSERT INTO w(c1) VALUES (7); UPDATE w SET c9999 = c1 + 1;"
               "SELECT * FROM w; SELECT c9999 FROM w WHERE c5000 IS NULL ORDER BY c1, c2");
    is_error(f, run_made(f, &made), LLKV_OK, "10,000 columns");
    assert_int_equal(scalar(f, "SELECT c9999 FROM w"), 8);
    is_error(f, run(f, "SELECT 1, * FROM w"), LLKV_LIMIT, "10,001 columns of a query");
    is_error(f, run(f, "CREATE TABLE x AS SELECT 1, * FROM w"), LLKV_LIMIT, "AS");
    add(&made, "CREATE TABLE x(c0 INTEGER");
    for (uint32_t i = 1; i < 10001; i++)
        add_numbered(&made, ", c", " INTEGER", i);
    add(&made, ")");
    is_error(f, run_made(f, &made), LLKV_LIMIT, "10,001 columns");
    still_alive(f);
}

static void many_relations(void **state)
{
    struct fixture *f = *state;
    struct made made = {0};
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)");
    add(&made, "SELECT count(*) FROM t t0");
    for (uint32_t i = 1; i < 200; i++) {
        add_numbered(&made, " JOIN t t", "", i);
        add_numbered(&made, " ON t", ".a = t0.a", i);
    }
    is_error(f, run_made(f, &made), LLKV_OK, "200 joined tables");
    add(&made, "SELECT count(*) FROM t t0");
    for (uint32_t i = 1; i < 500; i++)
        add_numbered(&made, ", t t", "", i);
    is_error(f, run_made(f, &made), LLKV_OK, "500 tables in FROM");
    add(&made, "SELECT count(*) FROM t t0");
    for (uint32_t i = 1; i < 1500; i++)
        add_numbered(&made, ", t t", "", i);
    is_error(f, run_made(f, &made), LLKV_LIMIT, "1,500 tables in FROM");
    still_alive(f);
}

/* Names for what was named before double in meaning each time. */
static void short_texts_of_long_meaning(void **state)
{
    struct fixture *f = *state;
    struct made made = {0};
    add(&made, "WITH c0 AS (SELECT 1 AS x)");
    for (uint32_t i = 1; i < 60; i++) {
        add_numbered(&made, ", c", " AS (SELECT l.x FROM c", i);
        add_numbered(&made, "", " l, c", i - 1);
        add_numbered(&made, "", " r)", i - 1);
    }
    add(&made, " SELECT count(*) FROM c59");
    llkv_code rc = run_made(f, &made);
    assert_true(rc == LLKV_LIMIT || rc == LLKV_OK);
    run_ok(f, "CREATE VIEW v0 AS SELECT 1 AS x");
    for (uint32_t i = 1; i < 60; i++) {
        add_numbered(&made, "CREATE VIEW v", " AS SELECT l.x FROM v", i);
        add_numbered(&made, "", " l, v", i - 1);
        add_numbered(&made, "", " r", i - 1);
        rc = run_made(f, &made);
        if (rc != LLKV_OK) break;
    }
    is_error(f, rc, LLKV_LIMIT, "views of views");
    still_alive(f);
}

/* ---- bytes that are no text ---- */

/* The statement with `bytes` in the place of every @. */
static llkv_code run_with(struct fixture *f, const char *statement, const char *bytes, size_t len)
{
    struct made made = {0};
    for (const char *c = statement; *c != '\0'; c++)
        if (*c == '@')
            add_bytes(&made, bytes, len);
        else
            add_bytes(&made, c, 1);
    return run_made(f, &made);
}

static void bytes_anywhere(void **state)
{
    static const char *const places[] = {
        "SELECT '@'",
        "SELECT \"@\"",
        "SELECT `@`",
        "SELECT 1 AS \"a@b\"",
        "SELECT 1 AS a@",
        "SELECT @",
        "-- @\nSELECT 1",
        "/* @ */ SELECT 1",
        "SELECT $$@$$",
        "SELECT E'@'",
        "SELECT X'@'",
        "SELECT 1@",
        "SELECT 1;@",
        "@",
        "SELECT '@",
        "SELECT $@",
        "SELECT :@",
        "CREATE TABLE \"@\"(a INTEGER)",
        "SELECT f@(1)",
        "SELECT a.\"@\"",
        "SET \"@\" = 1",
        "SELECT 1 LIMIT @",
        "SELECT ?@",
        "SELECT 'a' LIKE '@'",
        "SELECT length('@@')",
        "CREATE TABLE c(\"@\" INTEGER)",
        "SELECT 1 @ 2",
        "SELECT 0x@",
        "SELECT 1e@",
        "SELECT CAST(1 AS \"@\")",
        "SELECT DATE '@'",
        "SELECT INTERVAL '@'",
        "SELECT '1@'::INTEGER",
    };
    static const struct {
        const char *bytes;
        size_t len;
    } evil[] = {
        {"\0", 1},
        {"\xff", 1},
        {"\x80", 1},
        {"\xc0\x80", 2},
        {"\xc3", 1},
        {"\xe2\x82", 2},
        {"\xf0\x9f", 2},
        {"\xed\xa0\x80", 3},
        {"\xef\xbf\xbe", 3},
        {"\xf4\x90\x80\x80", 4},
        {"\xf8\x88\x80\x80\x80", 5},
        {"\x01", 1},
        {"\x7f", 1},
        {"\x1b[31m", 5},
        {"\xef\xbb\xbf", 3},
        {"\xe2\x80\xae", 3},
        {"'", 1},
        {"\\", 1},
        {"\r", 1},
        {"%s%n%99999d", 11},
    };
    struct fixture *f = *state;
    for (size_t p = 0; p < ARRAY_COUNT(places); p++)
        for (size_t e = 0; e < ARRAY_COUNT(evil); e++) {
            llkv_code rc = run_with(f, places[p], evil[e].bytes, evil[e].len);
            if (rc == LLKV_INTERNAL || rc == LLKV_NOMEM)
                fail_msg("%s with bytes %zu: %s", places[p], e, f->error.message);
            (void)run(f, "DROP TABLE IF EXISTS c");
        }
    still_alive(f);
}

/* Invalid UTF-8 never becomes a value, and a NUL byte is a character like any other. */
static void values_are_utf8(void **state)
{
    struct fixture *f = *state;
    static const char nul[] = "SELECT length('a\0b')";
    is_error(f, run(f, "SELECT '\xff'"), LLKV_DATA, "literal");
    assert_string_equal(f->error.sqlstate, "22021");
    assert_int_equal(f->error.offset, 7);
    is_error(f, run(f, "SELECT \"\xff\""), LLKV_DATA, "name");
    is_error(f, run(f, "SELECT $$\xff$$"), LLKV_DATA, "dollar quoted");
    is_error(f, run(f, "SELECT E'\\xff'"), LLKV_DATA, "escape");
    is_error(f, run(f, "-- \xff\nSELECT 1"), LLKV_OK, "comment");
    llkv_statement *s = NULL;
    bool row = false;
    size_t bytes = 0;
    assert_int_equal(llkv_prepare(f->session, nul, sizeof nul - 1, &s, NULL, &f->error), LLKV_OK);
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_int_equal(llkv_value_int64(s, 0), 3);
    llkv_statement_free(s);
    assert_int_equal(llkv_prepare(f->session, "SELECT $1 || 'x'", 16, &s, NULL, &f->error),
                     LLKV_OK);
    assert_int_equal(llkv_bind_text(s, 1, "a\0b", 3, &f->error), LLKV_OK);
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_memory_equal(llkv_value_text(s, 0, &bytes), "a\0bx", 5);
    assert_int_equal(bytes, 4);
    static const char *const wrong[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
        is_error(f, llkv_bind_text(s, 1, wrong[i], strlen(wrong[i]), &f->error), LLKV_DATA, "bind");
    llkv_statement_free(s);
}

/* Columns are named by C strings: a name that one cannot hold is refused, not cut. */
static void names_hold_no_nul(void **state)
{
    static const struct {
        const char *sql;
        size_t len;
    } texts[] = {
        {"SELECT 1 AS \"a\0b\"", 17},
        {"CREATE TABLE \"a\0b\"(x INTEGER)", 29},
        {"CREATE TABLE t(\"a\0b\" INTEGER)", 29},
        {"SELECT \"a\0b\" FROM range(3)", 26},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        llkv_code rc = run_bytes(f, texts[i].sql, texts[i].len);
        if (rc == LLKV_OK) fail_msg("%s was not refused", texts[i].sql);
        assert_true(f->error.offset >= 0);
    }
    still_alive(f);
}

static void binds_of_any_size(void **state)
{
    struct fixture *f = *state;
    llkv_statement *s = NULL;
    bool row = false;
    static const char sql[] = "SELECT length($1), $2, $3, $4";
    assert_int_equal(llkv_prepare(f->session, sql, sizeof sql - 1, &s, NULL, &f->error), LLKV_OK);
    char *big = calloc(1, 8 << 20);
    assert_non_null(big);
    memset(big, 'x', 8 << 20);
    assert_int_equal(llkv_bind_text(s, 1, big, 8 << 20, &f->error), LLKV_OK);
    assert_int_equal(llkv_bind_text(s, 2, NULL, 0, &f->error), LLKV_OK);
    assert_int_equal(llkv_bind_blob(s, 3, big, 1 << 20, &f->error), LLKV_OK);
    assert_int_equal(llkv_bind_double(s, 4, 0.0 / 1.0, &f->error), LLKV_OK);
    free(big);
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_int_equal(llkv_value_int64(s, 0), 8 << 20);
    assert_int_equal(llkv_bind_null(s, 0, &f->error), LLKV_MISUSE);
    assert_int_equal(llkv_bind_null(s, 5, &f->error), LLKV_MISUSE);
    assert_int_equal(llkv_bind_null(s, UINT32_MAX, &f->error), LLKV_MISUSE);
    assert_int_equal(llkv_statement_parameter_index(s, ""), 0);
    assert_true(llkv_value_is_null(s, 99));
    assert_null(llkv_column_name(s, 99));
    llkv_statement_free(s);
}

/* Rows that were taken belong to the taker. */
static void rows_outlive_the_engine(void **state)
{
    static const char sql[] = "SELECT range, repeat('x', 100) FROM range(10000)";
    struct fixture f;
    llkv_results *results = NULL;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    int64_t rows = 0;
    (void)state;
    open_with(&f, 0);
    assert_int_equal(llkv_execute(f.session, sql, sizeof sql - 1, &results, &f.error), LLKV_OK);
    assert_int_equal(llkv_results_take(results, 0, &stream, &f.error), LLKV_OK);
    llkv_results_free(results);
    assert_int_equal(llkv_session_close(f.session, &f.error), LLKV_OK);
    assert_int_equal(llkv_engine_close(f.engine, &f.error), LLKV_OK);
    for (;;) {
        assert_int_equal(stream.get_next(&stream, &array), 0);
        if (array.release == NULL) break;
        rows += array.length;
        array.release(&array);
    }
    stream.release(&stream);
    assert_int_equal(rows, 10000);
    assert_int_equal(mem_used_bytes(), 0);
}

/* ---- memory ---- */

static void big_values(void **state)
{
    static const struct {
        const char *sql;
        llkv_code code;
    } cases[] = {
        {"SELECT length(repeat('x', 1000000000))", LLKV_NOMEM},
        {"SELECT repeat('x', 1000000000)", LLKV_NOMEM},
        {"SELECT length(repeat('x', 9223372036854775807))", LLKV_LIMIT},
        {"SELECT length(repeat(repeat('x', 1000000), 1000000))", LLKV_LIMIT},
        {"SELECT length(lpad('x', 2147483647, 'y'))", LLKV_LIMIT},
        {"SELECT length(replace(repeat('a', 100000), 'a', repeat('b', 100000)))", LLKV_LIMIT},
        {"SELECT sum(length(repeat('x', range::INTEGER))) FROM range(5000)", LLKV_OK},
        {"SELECT repeat('x', 100000) FROM range(100000)", LLKV_NOMEM},
        {"SELECT string_agg(repeat('x', 1000), ',') FROM range(1000000)", LLKV_NOMEM},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        is_error(f, run(f, cases[i].sql), cases[i].code, cases[i].sql);
        if (cases[i].code == LLKV_NOMEM) assert_string_equal(f->error.sqlstate, "53200");
        still_alive(f);
    }
}

/* An error or the right answer; which of them depends on how thrifty the operators are. */
static void big_operators(void **state)
{
    static const char *const queries[] = {
        "SELECT count(*) FROM (SELECT range, count(*) FROM range(3000000) GROUP BY range) g",
        "SELECT count(*) FROM (SELECT DISTINCT range * 7 FROM range(3000000)) g",
        "SELECT count(*) FROM range(3000000) a JOIN range(3000000) b ON a.range = b.range",
        "SELECT count(*) FROM (SELECT range::VARCHAR || 'xxxxxxxxxxxxxxxx' AS k, count(*) "
        "FROM range(1000000) GROUP BY 1) g",
        "SELECT count(*) FROM (SELECT range FROM range(5000000) ORDER BY range % 1000, range "
        "LIMIT 4000000) s",
        "SELECT count(*) FROM (SELECT range FROM range(3000000) UNION "
        "SELECT range + 1 FROM range(3000000)) u",
        "SELECT count(DISTINCT range) FROM range(5000000)",
        "SELECT median(range) FROM range(5000000)",
        "SELECT count(*) FROM range(3000000) a WHERE a.range IN "
        "(SELECT b.range FROM range(3000000) b)",
        "CREATE TABLE big AS SELECT range AS a, range::VARCHAR || 'abcdefghijkl' AS b "
        "FROM range(3000000)",
        "SELECT range, range + 1, range + 2, range + 3 FROM range(3000000)",
        "SELECT length(repeat('x', range::INTEGER)) FROM range(100000)",
        "SELECT max(length(repeat('x', 100000) || range)) FROM range(100000)",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_COUNT(queries); i++) {
        llkv_code rc = run(f, queries[i]);
        if (rc == LLKV_UNSUPPORTED || rc == LLKV_NAME) continue;
        if (rc != LLKV_OK) is_error(f, rc, LLKV_NOMEM, queries[i]);
        if (rc != LLKV_OK) assert_string_equal(f->error.sqlstate, "53200");
        still_alive(f);
        (void)run(f, "DROP TABLE IF EXISTS big");
    }
    run_ok(f, "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR)");
    run_ok(f, "INSERT INTO t SELECT range, 'text' FROM range(1000)");
    llkv_code rc = run(f, "INSERT INTO t SELECT range, repeat('y', 100) FROM range(1000, 3000000)");
    if (rc != LLKV_OK) is_error(f, rc, LLKV_NOMEM, "INSERT");
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), rc == LLKV_OK ? 3000000 : 1000);
    rc = run(f, "UPDATE t SET b = repeat('z', 200000)");
    if (rc != LLKV_OK) is_error(f, rc, LLKV_NOMEM, "UPDATE");
    if (rc != LLKV_OK) assert_int_equal(scalar(f, "SELECT count(*) FROM t WHERE b = 'text'"), 1000);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_two, close_all)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, open_small, close_all)
    const struct CMUnitTest tests[] = {
        TEST(depth_and_length),
        TEST(limits_have_places),
        TEST(texts_have_a_limit),
        TEST(scripts_take_linear_time),
        TEST(wide_tables),
        TEST(many_relations),
        TEST(short_texts_of_long_meaning),
        TEST(bytes_anywhere),
        TEST(values_are_utf8),
        TEST(names_hold_no_nul),
        TEST(binds_of_any_size),
        cmocka_unit_test(rows_outlive_the_engine),
        SMALL(big_values),
        SMALL(big_operators),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
