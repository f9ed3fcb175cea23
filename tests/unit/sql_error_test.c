/* sql_error_test.c -- what is wrong, where, and what could stand there; limits; splitting. */
#include "sql/lex.h"
#include "sql_testing.h"

struct wrong {
    const char *sql;
    int offset; /* of the error */
    const char *sqlstate;
    const char *message; /* a part of it; NULL: any */
    const char *hint;    /* a part of it; NULL: any */
};

static const struct wrong wrongs[] = {
    {"SELEC 1", 0, "42601", "syntax error at \"SELEC\"; expected a statement",
     "did you mean SELECT?"},
    {"SELECT * FORM t", 9, "42601", "at \"FORM\"", "FROM"},
    {"SELECT", 6, "42601", "ends too early; expected", NULL},
    {"SELECT 1 +  \n", 10, "42601", "ends too early", NULL},
    {"SELECT ;", 7, "42601", "ends too early", NULL},
    {"SELECT 1 +", 10, "42601", "expected an expression", NULL},
    {"SELECT (1", 9, "42601", "expected ')', ',', an operator", NULL},
    {"SELECT 1)", 8, "42601", "at \")\"", NULL},
    {"SELECT a b c FROM t", 11, "42601", "at \"c\"; expected ','", NULL},
    {"SELECT 1 < 2 < 3", 13, "42601", "do not chain", "AND"},
    {"SELECT a = b = (c = d)", 13, "42601", "do not chain", "AND"},
    {"SELECT a FROM t WHERE", 21, "42601", "an expression", NULL},
    {"SELECT a FROM t WHERE b GROUP a", 30, "42601", "expected BY", NULL},
    {"SELECT a WHERE b FROM t", 17, "42601", "FROM stands before WHERE", NULL},
    {"SELECT a FROM t WHERE b WHERE c", 24, "42601", "WHERE is given twice", NULL},
    {"SELECT a FROM t LIMIT 1 ORDER BY a", 24, "42601", "ORDER BY stands before LIMIT", NULL},
    {"SELECT a FROM t LIMIT 1 LIMIT 2", 24, "42601", "LIMIT is given twice", NULL},
    {"SELECT a INTO b FROM t", 9, "42601", NULL, "CREATE TABLE ... AS"},
    {"SELECT a FROM t FOR UPDATE", 16, "42601", NULL, "FOR UPDATE is not supported"},
    {"SELECT * FROM order", 14, "42601", NULL, "reserved word"},
    {"SELECT a FROM t JOIN", 20, "42601", NULL, NULL},
    {"SELECT a FROM t ON b", 16, "42601", "no join without a condition", NULL},
    {"SELECT a FROM b JOIN c ON d ON e", 28, "42601", "no join without a condition", NULL},
    {"SELECT sum(a) OVER (ORDER BY b PARTITION BY c) FROM t", 31, "42601", "PARTITION BY", NULL},
    {"SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM t", 20, "42P20", NULL,
     NULL},
    {"SELECT 'abc", 7, "42601", "not closed", NULL},
    {"SELECT \"abc", 7, "42601", "not closed", NULL},
    {"SELECT 1 /* x", 9, "42601", "not closed", NULL},
    {"SELECT \"\"", 7, "42601", "empty", NULL},
    {"SELECT 12abc", 7, "42601", "letters follow", NULL},
    {"SELECT \\ 1", 7, "42601", "byte", NULL},
    {"SELECT B'101'", 7, "0A000", "bit strings", NULL},
    {"SELECT E'\\u12'", 9, "22025", "hexadecimal", NULL},
    {"SELECT X'0g'", 10, "22P02", "hexadecimal", NULL},
    {"SELECT X'012'", 7, "22P02", "two digits", NULL},
    {"SELECT 'a\xff'", 7, "22021", "UTF-8", NULL},
    {"SELECT \xff", 7, "22021", "UTF-8", NULL},
    {"SELECT ?0", 7, "54000", NULL, NULL},
    {"SELECT ?40000", 7, "54000", NULL, NULL},
    {"SELECT INTERVAL (1) parsec", 20, "42601", "no unit of time", NULL},
    {"SELECT f(x).*", 7, "0A000", "before .*", NULL},
    {"SELECT count(DISTINCT *)", 22, "42601", NULL, NULL},
    {"VALUES (1), (2, 3)", 12, "42601", "equally long", NULL},
    {"INSERT INTO t VALUES (1, 2), (3)", 29, "42601", "equally long", NULL},
    {"INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1", 25, "42601", NULL, "ON CONFLICT"},
    {"UPDATE t SET a = 1 WHERE b FROM c", 27, "42601", "too late", NULL},
    {"CREATE TABLE t (CHECK (a))", 0, "42P16", "needs a column", NULL},
    {"CREATE TABLE t (a INT, b) AS SELECT 1", 16, "42601", "only names", NULL},
    {"CREATE TABLE t (a INT USING COMPRESSION rle)", 22, "0A000", "COMPRESSION", NULL},
    {"CREATE TABLE t (a INT CHECK (a > 0) DEFERRABLE)", 22, "42601", "only keys", NULL},
    {"CREATE TABLE t (a INT[0])", 22, "42601", "at least 1", NULL},
    {"CREATE DATABASE d", 7, "42601", NULL, NULL},
    {"BEGIN READ ONLY READ WRITE", 26, "42601", "twice", NULL},
    {"MERGE INTO t USING s ON a WHEN MATCHED THEN INSERT VALUES (1)", 26, "42601", "NOT MATCHED",
     NULL},
    {"ALTER TABLE t INCREMENT BY 3", 14, "42601", "only a sequence", NULL},
    {"ATTACH STDIN", 0, "42601", "name of a file", NULL},
    {"FETCH 1", 0, "42601", NULL, NULL},
};

static void errors_are_placed(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(wrongs); i++) {
        const struct wrong *w = &wrongs[i];
        if (try_parse(&world, w->sql, false) != NULL) fail_msg("parsed: %s", w->sql);
        bool right = world.error.offset == w->offset &&
                     strcmp(world.error.sqlstate, w->sqlstate) == 0 &&
                     (w->message == NULL || strstr(world.error.message, w->message) != NULL) &&
                     (w->hint == NULL || strstr(world.error.hint, w->hint) != NULL);
        if (!right)
            fail_msg("%s\n    %s at %d: %s (%s)", w->sql, world.error.sqlstate,
                     (int)world.error.offset, world.error.message, world.error.hint);
        assert_int_equal(world.error.line, 1);
    }
    world_deinit(&world);
}

/* ---- scripts -------------------------------------------------------------------------------- */

/* After an error the script goes on behind the statement that failed. */
static void scripts_go_on(void **state)
{
    (void)state;
    static const char script[] =
        ";; SELECT lambda; SELEC 'a;b' -- ; x\n \"c;d\"; ;"
        "CREATE TRIGGER r UPDATE ON t BEGIN SELECT 1; SELECT CASE WHEN 1 THEN 2 "
        "END; END; CREATE TRIGGER s BEGIN x; END; SELECT 2";
    static const enum ast_kind kinds[] = {AST_QUERY, AST_NONE, AST_CREATE_TRIGGER, AST_NONE,
                                          AST_QUERY};
    struct world world;
    struct slice text = slice_of(script);
    size_t at = 0, count = 0;
    world_init(&world);
    for (;;) {
        struct ast_stmt *stmt = NULL;
        llkv_code rc = sql_parse_next(&world.cx, NULL, text, &at, &stmt);
        if (rc == LLKV_OK && stmt == NULL) break;
        assert_true(count < ARRAY_COUNT(kinds));
        assert_int_equal(rc == LLKV_OK ? stmt->node->kind : AST_NONE, kinds[count]);
        count++;
    }
    assert_int_equal(count, ARRAY_COUNT(kinds));
    assert_int_equal(at, text.len);
    world_deinit(&world);
}

static void statements_end(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        size_t end;
        bool complete;
    } cases[] = {
        {"SELECT 1; x", 9, true},
        {"SELECT 1", 8, false},
        {"SELECT ';", 9, false},
        {"SELECT ';';", 11, true},
        {"SELECT /* ; */ 1;", 17, true},
        {"-- ;\n;", 6, true},
        {"", 0, false},
        {"SELECT $$;$$;", 13, true},
        {"CREATE TEMP TRIGGER r UPDATE ON t BEGIN SELECT 1;", 49, false},
        {"CREATE TRIGGER r UPDATE ON t BEGIN SELECT 1; END; x", 49, true},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        bool complete = false;
        size_t end = sql_statement_end(slice_of(cases[i].sql), 0, false, &complete);
        if (end != cases[i].end || complete != cases[i].complete)
            fail_msg("%s: %zu, %d", cases[i].sql, end, complete);
    }
}

/* ---- limits --------------------------------------------------------------------------------- */

struct bomb {
    const char *before, *open, *middle, *close;
    bool fails; /* nested a hundred thousand times */
};

static const struct bomb bombs[] = {
    {"SELECT ", "(", "1", ")", true},
    {"SELECT ", "[", "1", "]", true},
    {"SELECT ", "{'a': ", "1", "}", true},
    {"SELECT ", "f(", "1", ")", true},
    {"SELECT ", "- ", "1", "", true},
    {"SELECT ", "NOT ", "1", "", true},
    {"SELECT ", "CASE WHEN ", "1", " THEN 1 END", true},
    {"SELECT ", "(SELECT ", "1", ")", true},
    {"SELECT * FROM ", "(SELECT * FROM ", "t", ")", true},
    {"", "(", "SELECT 1", ")", true},
    {"SELECT ", "1 + ", "1", "", false},
    {"SELECT ", "1 AND ", "1", "", false},
    {"SELECT ", "'a' || ", "'a'", "", false},
    {"", "SELECT 1 UNION ALL ", "SELECT 1", "", false},
    {"SELECT ", "1, ", "1", "", true}, /* columns */
    {"SELECT 1::", "STRUCT(a ", "INT", ")", true},
    {"EXPLAIN ", "EXPLAIN ", "SELECT 1", "", true},
};

static char *repeat(struct world *world, const struct bomb *bomb, size_t times)
{
    size_t open = strlen(bomb->open), close = strlen(bomb->close);
    char *sql = cx_alloc(&world->cx, times * (open + close) + 100), *c = sql;
    assert_non_null(sql);
    c = (char *)memcpy(c, bomb->before, strlen(bomb->before)) + strlen(bomb->before);
    for (size_t i = 0; i < times; i++, c += open)
        memcpy(c, bomb->open, open);
    c = (char *)memcpy(c, bomb->middle, strlen(bomb->middle)) + strlen(bomb->middle);
    for (size_t i = 0; i < times; i++, c += close)
        memcpy(c, bomb->close, close);
    *c = '\0';
    return sql;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bombs); i++) {
        struct world world;
        world_init(&world);
        struct ast_stmt *stmt = try_parse(&world, repeat(&world, &bombs[i], 100000), false);
        if ((stmt == NULL) != bombs[i].fails)
            fail_msg("%s: %s", bombs[i].open, world.error.message);
        if (stmt == NULL && bombs[i].open[0] != 'E' && bombs[i].open[0] != '1')
            assert_string_equal(world.error.sqlstate, "54001");
        bool fits = bombs[i].open[0] != 'E';
        stmt = try_parse(&world, repeat(&world, &bombs[i], 400), false);
        if ((stmt != NULL) != fits) fail_msg("%s: %s", bombs[i].open, world.error.message);
        struct slice text;
        if (stmt != NULL) {
            llkv_code rc = ast_print(&world.cx, stmt->node, &text);
            if (rc != LLKV_OK) assert_string_equal(world.error.sqlstate, "54001");
        }
        world_deinit(&world);
    }
}

static void postfix_chains_are_refused_later(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct bomb bomb = {"SELECT a", "[1]", "", "", false};
    struct ast_stmt *stmt = try_parse(&world, repeat(&world, &bomb, 100000), false);
    struct slice text;
    assert_non_null(stmt);
    assert_int_equal(ast_print(&world.cx, stmt->node, &text), LLKV_LIMIT);
    assert_false(ast_equal(stmt->node, parse(&world, "SELECT 1")->node));
    (void)ast_hash(stmt->node); /* must end */
    world_deinit(&world);
}

/* ---- parameters, names, numbers ------------------------------------------------------------- */

static void parameters_are_numbered(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct ast_stmt *stmt = parse(&world, "SELECT ?, :a, $b, @a, ?7, ?, :A");
    assert_int_equal(stmt->param_count, 9);
    const char *names[] = {"", "a", "b", "", "", "", "", "", "A"};
    for (uint32_t i = 0; i < stmt->param_count; i++)
        assert_true(slice_equal(stmt->param_names[i], slice_of(names[i])));
    const struct ast_select *select =
        (const struct ast_select *)((const struct ast_query *)stmt->node)->body;
    static const uint32_t numbers[] = {1, 2, 3, 2, 7, 8, 9};
    for (uint32_t i = 0; i < select->items.count; i++) {
        const struct ast_item *item = (const struct ast_item *)select->items.items[i];
        assert_int_equal(((const struct ast_param *)item->value)->number, numbers[i]);
    }
    world_deinit(&world);
}

static void numbers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *text;
        uint32_t op;
        bool fits;
        int64_t value;
    } cases[] = {
        {"0", "0", AST_LITERAL_INTEGER, true, 0},
        {"9223372036854775807", "9223372036854775807", AST_LITERAL_INTEGER, true, INT64_MAX},
        {"9223372036854775808", "9223372036854775808", AST_LITERAL_INTEGER, false, 0},
        {"0000000000000000000000000000012", "0000000000000000000000000000012", AST_LITERAL_INTEGER,
         true, 12},
        {"0xFF", "255", AST_LITERAL_INTEGER, true, 255},
        {"0xffffffffffffffff", "18446744073709551615", AST_LITERAL_INTEGER, false, 0},
        {"1_000_000", "1000000", AST_LITERAL_INTEGER, true, 1000000},
        {"1.50", "1.50", AST_LITERAL_DECIMAL, false, 0},
        {".5", ".5", AST_LITERAL_DECIMAL, false, 0},
        {"5.", "5.", AST_LITERAL_DECIMAL, false, 0},
        {"1e3", "1e3", AST_LITERAL_REAL, false, 0},
        {"1.5E-3", "1.5E-3", AST_LITERAL_REAL, false, 0},
    };
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct ast_literal *literal =
            (const struct ast_literal *)parse_expr(&world, cases[i].sql);
        assert_int_equal(literal->base.kind, AST_LITERAL);
        assert_int_equal(literal->base.op, cases[i].op);
        assert_true(slice_equal(literal->text, slice_of(cases[i].text)));
        assert_int_equal(literal->base.flags & AST_LITERAL_FITS, cases[i].fits);
        if (cases[i].fits) assert_int_equal(literal->value, cases[i].value);
    }
    world_deinit(&world);
}

static void brackets_depend_on_the_option(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct ast_stmt *names = try_parse(&world, "SELECT [a b], [c][1], [1, 2] FROM [t]", true);
    assert_non_null(names);
    struct ast_stmt *same = parse(&world, "SELECT \"a b\", c[1], [1, 2] FROM t");
    assert_true(ast_equal(names->node, same->node));
    assert_null(try_parse(&world, "SELECT 1 FROM [t]", false));
    assert_non_null(try_parse(&world, "SELECT [a]", false));
    world_deinit(&world);
}

static void parts_are_whole_texts(void **state)
{
    (void)state;
    struct world world;
    struct ast *expr = NULL;
    struct ast_type *type = NULL;
    world_init(&world);
    assert_int_equal(sql_parse_expression(&world.cx, NULL, SLICE("1 + 2 3"), &expr), LLKV_SYNTAX);
    assert_int_equal(sql_parse_expression(&world.cx, NULL, SLICE("1; 2"), &expr), LLKV_SYNTAX);
    assert_int_equal(sql_parse_expression(&world.cx, NULL, SLICE(""), &expr), LLKV_SYNTAX);
    assert_int_equal(sql_parse_expression(&world.cx, NULL, SLICE(" 1 ;"), &expr), LLKV_OK);
    assert_int_equal(sql_parse_type(&world.cx, SLICE("DECIMAL(10, 2)[]"), &type), LLKV_OK);
    assert_int_equal(type->base.op, AST_TYPE_LIST);
    assert_int_equal(type->element->args.count, 2);
    assert_int_equal(sql_parse_type(&world.cx, SLICE("INT NOT NULL"), &type), LLKV_SYNTAX);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_placed),
        cmocka_unit_test(scripts_go_on),
        cmocka_unit_test(statements_end),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(postfix_chains_are_refused_later),
        cmocka_unit_test(parameters_are_numbered),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(brackets_depend_on_the_option),
        cmocka_unit_test(parts_are_whole_texts),
    };
    return cmocka_run_group_tests_name("sql_error", tests, NULL, NULL);
}
