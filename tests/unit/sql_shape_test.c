/* sql_shape_test.c -- how operators, joins and set operations group: what is written without
 * parentheses has the tree of what is written with them. */
#include "sql_testing.h"

struct pair {
    const char *plain, *grouped;
};

static const struct pair same_expressions[] = {
    {"a + b * c", "a + (b * c)"},
    {"a - b - c", "(a - b) - c"},
    {"a * b / c % d // e", "(((a * b) / c) % d) // e"},
    {"a ** b ** c", "(a ** b) ** c"},
    {"a ^ b * c", "(a ^ b) * c"},
    {"- a ** b", "(- a) ** b"},
    {"- a::INTEGER", "- (a::INTEGER)"},
    {"- - 77", "- (- 77)"},
    {"+ ( - x )", "+ (- x)"},
    {"~ a & b", "(~ a) & b"},
    {"a || b + c", "a || (b + c)"},
    {"a || b || c", "(a || b) || c"},
    {"a | b & c << d", "((a | b) & c) << d"},
    {"a -> 'x' ->> 'y'", "(a -> 'x') ->> 'y'"},
    {"a -> 'x' = b", "(a -> 'x') = b"},
    {"a = b OR c = d AND e", "(a = b) OR ((c = d) AND e)"},
    {"NOT a = b", "NOT (a = b)"},
    {"NOT a AND b", "(NOT a) AND b"},
    {"NOT NOT a", "NOT (NOT a)"},
    {"NOT NULL IS NULL", "NOT (NULL IS NULL)"},
    {"NOT ( NULL ) IS NULL", "NOT (NULL IS NULL)"},
    {"a = b IS NULL", "(a = b) IS NULL"},
    {"a IS NULL = b", "(a IS NULL) = b"},
    {"a IS NOT NULL AND b", "(a IS NOT NULL) AND b"},
    {"a NOT NULL", "a IS NOT NULL"},
    {"a NOTNULL", "a IS NOT NULL"},
    {"a ISNULL", "a IS NULL"},
    {"a IS NOT b", "a IS DISTINCT FROM b"},
    {"a IS b", "a IS NOT DISTINCT FROM b"},
    {"a IS NOT (NOT b)", "a IS DISTINCT FROM (NOT b)"},
    {"a IS b IS NULL", "(a IS b) IS NULL"},
    {"a BETWEEN b AND c AND d", "(a BETWEEN b AND c) AND d"},
    {"a BETWEEN b AND c OR d", "(a BETWEEN b AND c) OR d"},
    {"a NOT BETWEEN b + 1 AND c * 2", "a NOT BETWEEN (b + 1) AND (c * 2)"},
    {"NOT a BETWEEN b AND c", "NOT (a BETWEEN b AND c)"},
    {"a BETWEEN b AND c = d", "(a BETWEEN b AND c) = d"},
    {"a = b NOT IN (c)", "a = (b NOT IN (c))"},
    {"a + b IN (c, d)", "(a + b) IN (c, d)"},
    {"a IN (b) AND c", "(a IN (b)) AND c"},
    {"NOT a IN (b)", "NOT (a IN (b))"},
    {"a NOT LIKE b || c", "a NOT LIKE (b || c)"},
    {"a LIKE b ESCAPE c AND d", "(a LIKE b ESCAPE c) AND d"},
    {"a ~~ b", "a LIKE b"},
    {"like('a', b) AND c NOT LIKE (d)", "\"like\"('a', b) AND (c NOT LIKE d)"},
    {"map([1], [2])[1]", "(\"map\"([1], [2]))[1]"},
    {"filter(l, lambda x: x)", "\"filter\"(l, lambda x: x)"},
    {"a !~~* b", "a NOT ILIKE b"},
    {"a == b", "a = b"},
    {"a != b", "a <> b"},
    {"a < b AND b < c", "(a < b) AND (b < c)"},
    {"(a < b) = (c < d)", "((a) < b) = (c < d)"},
    {"a COLLATE x || b", "(a COLLATE x) || b"},
    {"a AT TIME ZONE b || c", "(a AT TIME ZONE b) || c"},
    {"a + b AT TIME ZONE c", "a + (b AT TIME ZONE c)"},
    {"a[1][2]", "(a[1])[2]"},
    {"- a[1]", "- (a[1])"},
    {"x::INTEGER[3]", "CAST(x AS INTEGER[3])"},
    {"x::INTEGER[]", "CAST(x AS INTEGER[])"},
    {"(x::INTEGER[])[3]", "CAST(x AS INTEGER[])[3]"},
    {"x::DOUBLE PRECISION + 1", "CAST(x AS DOUBLE PRECISION) + 1"},
    {"x::TIMESTAMP WITH TIME ZONE", "CAST(x AS TIMESTAMP WITH TIME ZONE)"},
    {"1 + x::INTEGER::TEXT", "1 + ((x::INTEGER)::TEXT)"},
    {"a OR b OR c", "(a OR b) OR c"},
    {"a AND b AND c AND d", "((a AND b) AND c) AND d"},
    {"4 !", "(4) !"},
    {"@ -5", "@ (-5)"},
    {"((a))", "a"},
    {"((SELECT 1)) + 1", "(SELECT 1) + 1"},
    {"SUBSTRING(a FROM 2 FOR 3)", "substring(a, 2, 3)"},
    {"SUBSTRING(a FOR 3)", "substring(a, 1, 3)"},
    {"POSITION(a IN b)", "strpos(b, a)"},
    {"POSITION('x' IN POSITION(a IN b))", "strpos(strpos(b, a), 'x')"},
    {"EXTRACT(year FROM a)", "date_part('year', a)"},
    {"TRIM(a)", "trim(a)"},
    {"TRIM(BOTH 'x' FROM a)", "trim(a, 'x')"},
    {"TRIM(LEADING FROM a)", "ltrim(a)"},
    {"TRIM(TRAILING 'x' FROM a)", "rtrim(a, 'x')"},
    {"OVERLAY(a PLACING b FROM 2)", "overlay(a, b, 2)"},
    {"count(ALL x)", "count(x)"},
    {"COUNT ( * )", "count(*)"},
    {"f(a => 1, b := 2)", "f(a := 1, b => 2)"},
    {"INTERVAL 3 DAY", "INTERVAL (3) DAYS"},
    {"[x + 1 FOR x IN l IF x > 0]",
     "list_transform(list_filter(l, lambda x: x > 0), lambda x: x + 1)"},
    {"lambda x: x + 1 = 2", "lambda x: ((x + 1) = 2)"},
    {"x IN ((SELECT 1))", "x IN (SELECT 1)"},
    {"0x1F + 1_000", "31 + 1000"},
    {"E'a\\n\\x41\\u00e9'", "'a\nA\xc3\xa9'"},
    {"U&'\\0041\\+00005A\\\\'", "'AZ\\'"},
    {"$$it's$$ || $x$a$$b$x$", "'it''s' || 'a$$b'"},
    {"'a'\n 'b'\n\t'c'", "'abc'"},
    {"x -- comment\n + /* a /* b */ c */ y", "x + y"},
    {"\"a\" + `b`", "a + b"},
};

static const struct pair other_expressions[] = {
    {"a + b * c", "(a + b) * c"},
    {"a - b - c", "a - (b - c)"},
    {"a || b || c", "a || (b || c)"},
    {"a OR b AND c", "(a OR b) AND c"},
    {"NOT a = b", "(NOT a) = b"},
    {"(a.b).c", "a.b.c"},
    {"a AND (b AND c)", "a AND b AND c"},
    {"'A'", "'a'"},
    {"f(DISTINCT x)", "f(x)"},
    {"a LIKE b", "a ILIKE b"},
    {"a IN (b)", "a NOT IN (b)"},
    {"1.0", "1.00"},
    {"count(*)", "count()"},
    {"CAST(a AS INTEGER)", "TRY_CAST(a AS INTEGER)"},
};

static const struct pair same_queries[] = {
    {"SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "SELECT 1 UNION (SELECT 2 INTERSECT SELECT 3)"},
    {"SELECT 1 EXCEPT SELECT 2 UNION SELECT 3", "(SELECT 1 EXCEPT SELECT 2) UNION SELECT 3"},
    {"SELECT 1 UNION ALL SELECT 2 UNION SELECT 3", "(SELECT 1 UNION ALL SELECT 2) UNION SELECT 3"},
    {"SELECT 1 UNION SELECT 2 ORDER BY 1", "(SELECT 1 UNION SELECT 2) ORDER BY 1"},
    {"(((SELECT 2)) UNION SELECT 3)", "SELECT 2 UNION SELECT 3"},
    {"((SELECT 1))", "SELECT 1"},
    {"SELECT a FROM t LIMIT 2, 3", "SELECT a FROM t LIMIT 3 OFFSET 2"},
    {"SELECT a FROM t OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY", "SELECT a FROM t LIMIT 3 OFFSET 2"},
    {"SELECT a FROM t FETCH FIRST ROW ONLY", "SELECT a FROM t LIMIT 1"},
    {"SELECT a FROM t LIMIT 10 %", "SELECT a FROM t LIMIT 10 PERCENT"},
    {"SELECT a FROM t LIMIT ALL", "SELECT a FROM t"},
    {"SELECT a x, b 'y', z : c FROM t", "SELECT a AS x, b AS y, c AS z FROM t"},
    {"SELECT * FROM a JOIN b JOIN c ON x ON y", "SELECT * FROM a JOIN (b JOIN c ON x) ON y"},
    {"SELECT * FROM a JOIN b JOIN c JOIN d ON x ON y ON z",
     "SELECT * FROM a JOIN (b JOIN (c JOIN d ON x) ON y) ON z"},
    {"SELECT * FROM a JOIN b ON x JOIN c ON y", "SELECT * FROM (a JOIN b ON x) JOIN c ON y"},
    {"SELECT * FROM a CROSS JOIN b ON x", "SELECT * FROM a JOIN b ON x"},
    {"SELECT * FROM a, b JOIN c ON x", "SELECT * FROM a, (b JOIN c ON x)"},
    {"SELECT * FROM a LEFT OUTER JOIN b USING (k)", "SELECT * FROM a LEFT JOIN b USING (k)"},
    {"FROM t SELECT a WHERE b", "SELECT a FROM t WHERE b"},
    {"FROM b : a", "FROM a AS b"},
    {"TABLE t", "FROM t"},
    {"SELECT a, FROM t,", "SELECT a FROM t"},
    {"SELECT * FROM VALUES (1, 2), (3, 4) v(a, b)",
     "SELECT * FROM (VALUES (1, 2), (3, 4)) v(a, b)"},
    {"SELECT sum(a) OVER (ROWS 1 PRECEDING) FROM t",
     "SELECT sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t"},
    {"SELECT a FROM t GROUP BY (a, b), ()", "SELECT a FROM t GROUP BY ( a , b ), ( )"},
    {"REPLACE INTO t VALUES (1)", "INSERT OR REPLACE INTO t VALUES (1)"},
    {"CREATE TABLE t (a INT, b INT,)", "CREATE TABLE t (a INT, b INT)"},
    {"INSERT INTO t VALUES (1, -2, 'x'), (NULL, +3.5, TRUE)",
     "INSERT INTO t VALUES ((1), (-2), ('x')), ((NULL), (+3.5), (TRUE))"},
    {"BEGIN DEFERRED TRANSACTION", "BEGIN"},
    {"START TRANSACTION READ ONLY", "BEGIN READ ONLY"},
    {"END", "COMMIT"},
    {"ABORT", "ROLLBACK"},
};

static void expressions_group(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(same_expressions); i++) {
        const struct pair *p = &same_expressions[i];
        struct ast *a = parse_expr(&world, p->plain), *b = parse_expr(&world, p->grouped);
        if (!ast_equal(a, b)) fail_msg("not the same: %s | %s", p->plain, p->grouped);
        assert_int_equal(ast_hash(a), ast_hash(b));
    }
    world_deinit(&world);
}

static void expressions_differ(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(other_expressions); i++) {
        const struct pair *p = &other_expressions[i];
        struct ast *a = parse_expr(&world, p->plain), *b = parse_expr(&world, p->grouped);
        if (ast_equal(a, b)) fail_msg("the same: %s | %s", p->plain, p->grouped);
    }
    world_deinit(&world);
}

static void queries_group(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    for (size_t i = 0; i < ARRAY_COUNT(same_queries); i++) {
        const struct pair *p = &same_queries[i];
        struct ast *a = parse(&world, p->plain)->node, *b = parse(&world, p->grouped)->node;
        if (!ast_equal(a, b)) fail_msg("not the same: %s | %s", p->plain, p->grouped);
    }
    world_deinit(&world);
}

/* AND and OR chains are one node, long chains of + parse and print without recursion. */
static void chains_are_flat(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    const struct ast_logic *logic =
        (const struct ast_logic *)parse_expr(&world, "a OR b OR c OR d OR e OR f");
    assert_int_equal(logic->base.kind, AST_LOGIC);
    assert_int_equal(logic->operands.count, 6);

    enum { TERMS = 20000 };
    char *sql = cx_alloc(&world.cx, 4 * TERMS);
    size_t len = 0;
    for (int i = 0; i < TERMS; i++) {
        memcpy(sql + len, i == 0 ? "1" : " + 1", i == 0 ? 1 : 4);
        len += i == 0 ? 1 : 4;
    }
    sql[len] = '\0';
    struct ast *sum = parse_expr(&world, sql), *copy = NULL;
    struct slice text;
    assert_int_equal(ast_clone(&world.cx, sum, &copy), LLKV_OK);
    assert_true(ast_equal(sum, copy));
    assert_int_equal(ast_hash(sum), ast_hash(copy));
    assert_int_equal(ast_print(&world.cx, sum, &text), LLKV_OK);
    assert_int_equal(text.len, len);
    assert_memory_equal(text.data, sql, len);
    world_deinit(&world);
}

/* Nodes know where they stand. */
static void ranges_are_exact(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    const char *sql = "  SELECT a + 1 AS x, (b) FROM t WHERE c IN (1, 2) ORDER BY f(a)  ;";
    struct ast_stmt *stmt = parse(&world, sql);
    const struct ast_query *query = (const struct ast_query *)stmt->node;
    const struct ast_select *select = (const struct ast_select *)query->body;
    const struct ast_item *first = (const struct ast_item *)select->items.items[0];
    const struct ast_item *second = (const struct ast_item *)select->items.items[1];
    assert_int_equal(stmt->base.at, 2);
    assert_int_equal(stmt->base.end, strlen(sql) - 3);
    assert_int_equal(first->value->at, 9);
    assert_int_equal(first->value->end, 14);
    assert_int_equal(first->base.end, 19);
    assert_int_equal(second->value->at, 21);
    assert_int_equal(second->value->end, 24);
    assert_int_equal(select->where->at, strstr(sql, "c IN") - sql);
    assert_int_equal(select->where->end, strstr(sql, " ORDER") - sql);
    const struct ast_order *order = (const struct ast_order *)query->order.items[0];
    assert_int_equal(order->value->end, strlen(sql) - 3);
    world_deinit(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_group), cmocka_unit_test(expressions_differ),
        cmocka_unit_test(queries_group),     cmocka_unit_test(chains_are_flat),
        cmocka_unit_test(ranges_are_exact),
    };
    return cmocka_run_group_tests_name("sql_shape", tests, NULL, NULL);
}
