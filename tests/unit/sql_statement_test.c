/* sql_statement_test.c -- the map of the language: each statement parses into the kind it should,
 * prints to a text with the same tree, and is copied whole. */
#include "sql_testing.h"

struct sample {
    enum ast_kind kind;
    const char *sql;
};

static const struct sample samples[] = {
    /* queries */
    {AST_QUERY,
     "SELECT DISTINCT ON (a, b) a, t.*, * EXCLUDE (c) REPLACE (d + 1 AS d) RENAME (e AS f) FROM t"},
    {AST_QUERY,
     "SELECT * EXCLUDE c, COLUMNS(*), COLUMNS('x.*') + 1, COLUMNS(lambda c: c LIKE 'a%') FROM t"},
    {AST_QUERY, "WITH RECURSIVE r(n) AS NOT MATERIALIZED (SELECT 1 UNION ALL SELECT n + 1 FROM r), "
                "s AS MATERIALIZED (TABLE r) SELECT * FROM s"},
    {AST_QUERY, "SELECT a, sum(b) FROM t WHERE c GROUP BY ROLLUP (a, (b, c)), CUBE (d), GROUPING "
                "SETS ((a), (), ROLLUP (b)), e HAVING sum(b) > 1 AND GROUPING(a) = 0"},
    {AST_QUERY, "SELECT a, count(*) FROM t GROUP BY ALL ORDER BY ALL DESC NULLS LAST"},
    {AST_QUERY, "SELECT row_number() OVER w, lag(a, 1) IGNORE NULLS OVER (w ORDER BY b DESC NULLS "
                "FIRST GROUPS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE TIES) FROM t WINDOW w AS "
                "(PARTITION BY c, d) QUALIFY row_number() OVER w < 3"},
    {AST_QUERY, "SELECT sum(DISTINCT a ORDER BY b) FILTER (WHERE c > 0), percentile_cont(0.5) "
                "WITHIN GROUP (ORDER BY a) FROM t"},
    {AST_QUERY, "SELECT first(a RESPECT NULLS) OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND "
                "UNBOUNDED FOLLOWING) FROM t"},
    {AST_QUERY,
     "SELECT * FROM a NATURAL LEFT JOIN b CROSS JOIN c FULL OUTER JOIN d USING (x, y) SEMI JOIN e "
     "ON e.x = a.x ANTI JOIN f USING (x) ASOF LEFT JOIN g ON g.t >= a.t POSITIONAL JOIN h"},
    {AST_QUERY, "SELECT * FROM a, LATERAL (SELECT a.x) b(y), range(3) WITH ORDINALITY r(i, n), "
                "LATERAL unnest(a.l) u, s.f(1, x => 2)"},
    {AST_QUERY,
     "SELECT * FROM (a JOIN (b JOIN c ON p) ON q) AS j(x, y), ((SELECT 1) UNION SELECT 2) k"},
    {AST_QUERY, "SELECT * FROM t AS x(a, b) TABLESAMPLE reservoir(10 ROWS) REPEATABLE (42), u "
                "TABLESAMPLE 10%, v TABLESAMPLE bernoulli(5)"},
    {AST_QUERY, "SELECT * FROM t USING SAMPLE 10 PERCENT (system, 7)"},
    {AST_QUERY, "SELECT * FROM 'file.csv', t INDEXED BY i, u NOT INDEXED, memory.main.v"},
    {AST_QUERY, "SELECT a FROM t UNION ALL BY NAME SELECT b FROM u INTERSECT ALL SELECT c FROM v "
                "EXCEPT SELECT 1 ORDER BY 1 COLLATE nocase ASC LIMIT 5 OFFSET ? + 1"},
    {AST_QUERY, "SELECT a FROM t ORDER BY a FETCH FIRST 10 PERCENT ROWS WITH TIES"},
    {AST_QUERY, "VALUES (1, 'a'), (2, NULL) ORDER BY 1"},
    {AST_QUERY, "SELECT * FROM t PIVOT (sum(a) AS s, max(b) FOR y IN (2000, 2010 AS z) m IN ('x') "
                "GROUP BY g) AS p(q)"},
    {AST_QUERY,
     "SELECT * FROM t UNPIVOT INCLUDE NULLS ((v, w) FOR n IN ((a, b) AS 'x', (c, d))) u"},
    {AST_QUERY, "PIVOT t ON y IN (2000, 2010), z USING sum(a), count(*) GROUP BY g"},
    {AST_QUERY, "PIVOT (SELECT * FROM t) ON a || b"},
    {AST_QUERY, "UNPIVOT t ON a, b, COLUMNS(* EXCLUDE c) INTO NAME n VALUE v, w"},
    {AST_QUERY, "UNPIVOT t INCLUDE NULLS ON *"},
    {AST_QUERY, "SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN a THEN b END, CAST(a AS "
                "DECIMAL(10, 2)), TRY_CAST('x' AS INTEGER), x::VARCHAR(3)[][4]"},
    {AST_QUERY, "SELECT EXISTS (SELECT 1), NOT EXISTS (FROM t), ARRAY(SELECT a FROM t), a = ANY "
                "(SELECT 1), b < ALL ([1, 2]), c NOT LIKE SOME (SELECT 'x')"},
    {AST_QUERY, "SELECT [1, 2, 3][1:2], a[:n], a[1:], a[1:-:2], a[lo : hi : st], ARRAY[1], [], "
                "{'a': 1, b: [2]}, MAP {'k': 'v', 1 + 1: 2}, MAP {}"},
    {AST_QUERY, "SELECT (a).b.c, f(x).y, (a.b).g(1, 2), a.f(2).h(), t.s[1].u, ROW(1), ROW(), (1, "
                "2), list_transform(l, lambda x, i: x + i)"},
    {AST_QUERY,
     "SELECT DATE '2020-01-01', TIMESTAMP WITH TIME ZONE 'now', TIME '1:2:3', INTERVAL '1' YEAR TO "
     "MONTH, INTERVAL '2 days', INTERVAL (a + 1) HOURS, current_date, BLOB 'x', X'00ff'"},
    {AST_QUERY, "SELECT a IN (), a IN t, a NOT IN s.f(1, 2), a IN [1, 2], (a, b) IN ((1, 2), (3, "
                "4)), (a, b) IN (SELECT 1, 2), a IN ?"},
    {AST_QUERY, "SELECT a GLOB b, a REGEXP b, a MATCH b, a SIMILAR TO b ESCAPE '!', a ~ b, a !~* "
                "b, a ~~~ b, a @> b, a <@ b, a && b, a ^@ b"},
    {AST_QUERY, "SELECT ?, ?3, $4, :name, @name, $other, #1, DEFAULT"},
    {AST_QUERY, "SELECT a AS select, b AS \"from\", c AS 'it''s', LEFT(a, 1), RIGHT(a, 1), "
                "replace(a, b, c), if(a, b, c), \"left\"(a) FROM t"},
    {AST_QUERY, "SELECT date, time, timestamp, interval, lambda, window, over, filter, nulls, at, "
                "array, map, row, first, values FROM date"},
    {AST_QUERY, "SELECT a AT LOCAL, a COLLATE s.c, 4 !, @ a, TRY(a)"},
    {AST_QUERY, "FROM (DESCRIBE SELECT 1)"},
    /* DML */
    {AST_INSERT, "WITH x AS (SELECT 1) INSERT OR IGNORE INTO s.t AS a (b, c) SELECT * FROM x ON "
                 "CONFLICT (b, lower(c)) WHERE b > 0 DO UPDATE SET b = excluded.b, (c, d) = (1, 2) "
                 "WHERE a.b < 3 RETURNING *, b + 1 AS e"},
    {AST_INSERT, "INSERT INTO t DEFAULT VALUES RETURNING a"},
    {AST_INSERT, "INSERT INTO t BY NAME SELECT 1 AS a ON CONFLICT DO NOTHING"},
    {AST_INSERT, "INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (DEFAULT), (1 + 2), ('x') ON "
                 "CONFLICT ON CONSTRAINT c DO NOTHING"},
    {AST_INSERT, "INSERT INTO t (SELECT 1)"},
    {AST_INSERT, "INSERT INTO t (a, b) (SELECT 1, 2)"},
    {AST_INSERT, "INSERT INTO t FROM u"},
    {AST_UPDATE, "WITH x AS (SELECT 1) UPDATE OR REPLACE t AS a SET b = 1, (c, d) = (SELECT 1, 2), "
                 "e = DEFAULT FROM x, y WHERE a.b = x.b RETURNING c"},
    {AST_UPDATE, "UPDATE t x SET a = 1, WHERE b IN (SELECT 1)"},
    {AST_DELETE,
     "WITH x AS (SELECT 1) DELETE FROM t AS a USING x JOIN y ON z WHERE a.b = x.b RETURNING *"},
    {AST_DELETE, "DELETE FROM t INDEXED BY i WHERE a"},
    {AST_MERGE, "MERGE INTO t AS a USING (SELECT 1) s ON a.x = s.x WHEN MATCHED AND s.d THEN "
                "DELETE WHEN MATCHED THEN UPDATE SET y = s.y WHEN NOT MATCHED BY SOURCE THEN DO "
                "NOTHING WHEN NOT MATCHED THEN INSERT (x, y) VALUES (s.x, DEFAULT) RETURNING x"},
    {AST_MERGE, "MERGE INTO t USING s USING (k) WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED BY "
                "TARGET THEN INSERT BY NAME WHEN MATCHED THEN ERROR 'no'"},
    {AST_TRUNCATE, "TRUNCATE TABLE a, s.b RESTART IDENTITY CASCADE"},
    /* DDL */
    {AST_CREATE_TABLE,
     "CREATE OR REPLACE TEMP TABLE IF NOT EXISTS s.t (a INTEGER PRIMARY KEY DESC, b VARCHAR(10) "
     "NOT NULL DEFAULT 'x' || 'y' COLLATE nocase UNIQUE, c DOUBLE PRECISION NULL CHECK (c > 0), d "
     "INT REFERENCES u (x) ON DELETE SET NULL ON UPDATE CASCADE MATCH FULL DEFERRABLE INITIALLY "
     "DEFERRED, e INT GENERATED ALWAYS AS (a + 1) STORED, f AS (a) VIRTUAL, g INT GENERATED BY "
     "DEFAULT AS IDENTITY (START WITH 5 INCREMENT BY -1), h, CONSTRAINT pk PRIMARY KEY (a, b), "
     "UNIQUE (c), CHECK (a < b), CONSTRAINT fk FOREIGN KEY (c, d) REFERENCES v NOT DEFERRABLE, "
     "LIKE w INCLUDING ALL EXCLUDING INDEXES)"},
    {AST_CREATE_TABLE,
     "CREATE TABLE t (a UNSIGNED BIG INT, b TIMESTAMP(3) WITH TIME ZONE, c STRUCT(x INT, y "
     "MAP(TEXT, INT[])), d UNION(n INT, s TEXT), e ENUM('a', 'b'), f s.mytype, g DEC(), h "
     "INTERVAL, i DATE, j CHARACTER VARYING(3), k TIME WITHOUT TIME ZONE, l ROW(x INT)[3])"},
    {AST_CREATE_TABLE, "CREATE TABLE t (a, b) AS SELECT 1, 2 WITH NO DATA"},
    {AST_CREATE_TABLE, "CREATE TABLE t AS FROM u"},
    {AST_CREATE_TABLE, "CREATE TEMPORARY TABLE t (a INT DEFAULT -1 NOT NULL ON CONFLICT ABORT) ON "
                       "COMMIT DELETE ROWS"},
    {AST_CREATE_INDEX, "CREATE UNIQUE INDEX IF NOT EXISTS s.i ON t USING art (a DESC, b, lower(c) "
                       "COLLATE nocase NULLS LAST) INCLUDE (d) WHERE a > 0"},
    {AST_CREATE_INDEX, "CREATE INDEX ON t (a)"},
    {AST_CREATE_VIEW,
     "CREATE OR REPLACE TEMP VIEW IF NOT EXISTS v (a, b) AS WITH x AS (SELECT 1) SELECT * FROM x"},
    {AST_CREATE_VIEW, "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA"},
    {AST_CREATE_VIEW, "CREATE RECURSIVE VIEW v (n) AS SELECT 1 UNION SELECT n FROM v"},
    {AST_CREATE_TRIGGER, "CREATE TRIGGER t1r1 UPDATE ON t1 BEGIN SELECT 1; END"},
    {AST_CREATE_TRIGGER,
     "CREATE TEMP TRIGGER IF NOT EXISTS r INSTEAD OF INSERT OR UPDATE OF a, b OR DELETE ON v "
     "REFERENCING OLD ROW AS o NEW AS n FOR EACH ROW WHEN (n.a > 0) BEGIN INSERT INTO l VALUES "
     "(n.a); UPDATE t SET a = CASE WHEN 1 THEN 2 END; DELETE FROM u; END"},
    {AST_CREATE_TRIGGER,
     "CREATE OR REPLACE TRIGGER r AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION f(1)"},
    {AST_CREATE_SCHEMA, "CREATE SCHEMA IF NOT EXISTS a.b"},
    {AST_CREATE_SEQUENCE, "CREATE TEMP SEQUENCE q AS BIGINT START 5 INCREMENT -2 NO MINVALUE "
                          "MAXVALUE 100 CACHE 10 CYCLE OWNED BY t.a"},
    {AST_CREATE_TYPE, "CREATE TYPE mood AS ENUM ('sad', 'ok')"},
    {AST_CREATE_TYPE, "CREATE TYPE p AS (x INT, y INT)"},
    {AST_CREATE_TYPE, "CREATE DOMAIN pos AS INTEGER NOT NULL CHECK (VALUE > 0) DEFAULT 1"},
    {AST_CREATE_FUNCTION, "CREATE OR REPLACE MACRO f(a, b INT := 2) AS a + b, (a) AS a"},
    {AST_CREATE_FUNCTION, "CREATE FUNCTION f(a INT) RETURNS INT RETURN a + 1"},
    {AST_CREATE_FUNCTION, "CREATE MACRO f(a) AS TABLE SELECT a LIMIT 3"},
    {AST_DROP, "DROP TABLE IF EXISTS a, s.b CASCADE"},
    {AST_DROP, "DROP MATERIALIZED VIEW v RESTRICT"},
    {AST_DROP, "DROP TRIGGER IF EXISTS r ON t"},
    {AST_DROP, "DROP MACRO TABLE f"},
    {AST_ALTER,
     "ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS a INT DEFAULT 5, DROP COLUMN IF EXISTS b "
     "CASCADE, RENAME COLUMN c TO d, ALTER e TYPE TEXT COLLATE x USING e::TEXT, ALTER COLUMN f SET "
     "DEFAULT 1, ALTER f DROP DEFAULT, ALTER f SET NOT NULL, ALTER f DROP NOT NULL"},
    {AST_ALTER, "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a), ADD PRIMARY KEY (b), DROP CONSTRAINT "
                "d, RENAME CONSTRAINT e TO f, RENAME TO u, SET SCHEMA s"},
    {AST_ALTER, "ALTER TABLE t RENAME a.b TO c"},
    {AST_ALTER, "ALTER VIEW v RENAME TO w"},
    {AST_ALTER, "ALTER SEQUENCE q OWNED BY none RESTART WITH 3 NO CYCLE"},
    {AST_ALTER, "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fine' BEFORE 'ok'"},
    {AST_COMMENT, "COMMENT ON COLUMN t.a IS 'x'"},
    {AST_COMMENT, "COMMENT ON TABLE t IS NULL"},
    {AST_REINDEX, "REINDEX s.i"},
    /* transactions, settings, utilities */
    {AST_TRANSACTION, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE"},
    {AST_TRANSACTION, "COMMIT WORK"},
    {AST_TRANSACTION, "SAVEPOINT a"},
    {AST_TRANSACTION, "ROLLBACK TO SAVEPOINT a"},
    {AST_TRANSACTION, "RELEASE a"},
    {AST_TRANSACTION, "SET TRANSACTION READ ONLY"},
    {AST_PREPARE, "PREPARE p (INTEGER, TEXT) AS SELECT $1, $2"},
    {AST_PREPARE, "PREPARE p FROM INSERT INTO t VALUES (?)"},
    {AST_EXECUTE, "EXECUTE p(1, b := 'x')"},
    {AST_DEALLOCATE, "DEALLOCATE PREPARE ALL"},
    {AST_SET, "SET SESSION search_path = a, 'b'"},
    {AST_SET, "SET GLOBAL x TO DEFAULT"},
    {AST_SET, "SET TIME ZONE 'UTC'"},
    {AST_SET, "SET VARIABLE v = 1 + 2"},
    {AST_SET, "SET a.b = ON"},
    {AST_SET, "RESET ALL"},
    {AST_SET, "RESET SESSION x"},
    {AST_SHOW, "SHOW ALL TABLES"},
    {AST_SHOW, "SHOW TABLES FROM s"},
    {AST_SHOW, "SHOW x"},
    {AST_PRAGMA, "PRAGMA table_info('t')"},
    {AST_PRAGMA, "PRAGMA s.x = ON"},
    {AST_PRAGMA, "PRAGMA enable_verification"},
    {AST_EXPLAIN, "EXPLAIN ANALYZE (FORMAT JSON, COST off) SELECT 1"},
    {AST_EXPLAIN, "EXPLAIN ANALYZE FORMAT TREE UPDATE t SET a = 1"},
    {AST_EXPLAIN, "EXPLAIN QUERY PLAN SELECT 1"},
    {AST_EXPLAIN, "EXPLAIN (SELECT 1)"},
    {AST_DESCRIBE, "DESCRIBE s.t"},
    {AST_DESCRIBE, "DESCRIBE"},
    {AST_DESCRIBE, "SUMMARIZE SELECT 1"},
    {AST_ANALYZE, "ANALYZE t (a, b)"},
    {AST_COPY,
     "COPY t (a, b) FROM 'x.csv' (FORMAT csv, HEADER, DELIMITER '|', NULL 'NA', FORCE_NOT_NULL (a, "
     "b), FORCE_QUOTE *, ESCAPE = '\"', SKIP 3, columns {'a': 'INT'})"},
    {AST_COPY, "COPY (SELECT 1) TO STDOUT WITH (FORMAT arrow)"},
    {AST_COPY, "COPY t FROM STDIN"},
    {AST_CHECKPOINT, "FORCE CHECKPOINT db"},
    {AST_VACUUM, "VACUUM FULL ANALYZE s.t (a)"},
    {AST_VACUUM, "VACUUM (x 1) t INTO 'file'"},
    {AST_ATTACH, "ATTACH DATABASE IF NOT EXISTS 'x.db' AS y (READ_ONLY, TYPE llkv)"},
    {AST_DETACH, "DETACH DATABASE IF EXISTS y"},
    {AST_USE, "USE y.main"},
    {AST_EXPORT, "EXPORT DATABASE y TO 'dir' (FORMAT csv)"},
    {AST_EXPORT, "IMPORT DATABASE 'dir'"},
    {AST_CALL_STATEMENT, "CALL f(1, a => 2)"},
    {AST_BACKUP, "BACKUP y TO 'file'"},
    {AST_INTEGRITY, "INTEGRITY CHECK t"},
};

static void statements_parse(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        struct ast_stmt *stmt = parse(&world, samples[i].sql);
        if (stmt->node->kind != samples[i].kind)
            fail_msg("%s: %s", samples[i].sql, ast_kind_name((enum ast_kind)stmt->node->kind));
        assert_non_null(ast_statement_name(stmt->node));
        assert_int_equal(stmt->base.at, 0);
        assert_int_equal(stmt->base.end, strlen(samples[i].sql));
    }
    world_deinit(&world);
}

static void statements_print(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        struct ast *node = parse(&world, samples[i].sql)->node;
        struct slice text, again;
        assert_int_equal(ast_print(&world.cx, node, &text), LLKV_OK);
        struct ast *second = parse(&world, text.data)->node;
        if (!ast_equal(node, second)) fail_msg("%s\n    became %s", samples[i].sql, text.data);
        assert_int_equal(ast_hash(node), ast_hash(second));
        assert_int_equal(ast_print(&world.cx, second, &again), LLKV_OK);
        if (!slice_equal(text, again)) fail_msg("%s\n    then %s", text.data, again.data);
    }
    world_deinit(&world);
}

/* A copy stands on its own: the text and the arena it came from may go. */
static void statements_copy(void **state)
{
    (void)state;
    struct world world, other;
    world_init(&world);
    world_init(&other);
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        char *sql = cx_strndup(&other.cx, samples[i].sql, strlen(samples[i].sql));
        struct ast_stmt *stmt = parse(&other, sql);
        struct ast *copy = NULL;
        struct slice text, copied;
        assert_int_equal(ast_clone(&world.cx, &stmt->base, &copy), LLKV_OK);
        assert_true(ast_equal(&stmt->base, copy));
        assert_int_equal(ast_print(&world.cx, stmt->node, &text), LLKV_OK);
        memset(sql, '?', strlen(sql));
        arena_reset(&other.arena);
        assert_int_equal(ast_print(&world.cx, copy, &copied), LLKV_OK);
        assert_string_equal(text.data, copied.data);
        assert_int_equal(world.cx.depth, 0);
    }
    world_deinit(&world);
    world_deinit(&other);
}

static llkv_code count_node(struct cx *cx, const struct ast *node, void *count, bool *out_descend)
{
    (void)cx;
    if (node->kind == AST_SUBQUERY) *out_descend = false;
    (*(uint32_t *)count)++;
    return LLKV_OK;
}

static void trees_are_walked(void **state)
{
    (void)state;
    struct world world;
    uint32_t count = 0;
    world_init(&world);
    struct ast *expr = parse_expr(&world, "a + f(b, 1) * (SELECT c FROM d)");
    assert_int_equal(ast_visit(&world.cx, expr, count_node, &count), LLKV_OK);
    assert_int_equal(count, 7); /* + a * f b 1 and the subquery, not what is in it */
    assert_int_equal(world.cx.depth, 0);
    world_deinit(&world);
}

/* At every allocation that can fail: LLKV_NOMEM, no crash, no leak. */
static void memory_runs_out(void **state)
{
    (void)state;
    int64_t before = mem_used_bytes();
    for (size_t i = 0; i < ARRAY_COUNT(samples); i += 7) {
        for (int64_t nth = 1;; nth++) {
            struct world world;
            world_init(&world);
            mem_fail_nth(nth, true);
            struct ast_stmt *stmt = try_parse(&world, samples[i].sql, false);
            struct slice text;
            llkv_code rc = stmt == NULL ? LLKV_NOMEM : ast_print(&world.cx, stmt->node, &text);
            mem_fail_nth(0, false);
            bool done = rc == LLKV_OK;
            if (!done) assert_int_equal(world.error.code, LLKV_NOMEM);
            world_deinit(&world);
            if (done) break;
        }
    }
    assert_int_equal(mem_used_bytes(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_parse), cmocka_unit_test(statements_print),
        cmocka_unit_test(statements_copy),  cmocka_unit_test(trees_are_walked),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("sql_statement", tests, NULL, NULL);
}
