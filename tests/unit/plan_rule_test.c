/* Rule by rule: what a query looks like before and after. */
#include "plan_testing.h"

static void expect(struct plan_lab *lab, const char *sql, const char *plan)
{
    assert_string_equal(lab_optimize(lab, sql), plan);
}

static void conditions_reach_their_tables(void **state)
{
    expect(*state, "SELECT x FROM a WHERE id = 5 AND x > 3",
           "scan a id, x where id = 5 and x > 3\n");
    expect(*state, "SELECT s FROM (SELECT x AS s, count(*) FROM a GROUP BY x) AS t WHERE s > 3",
           "group by x\n"
           "  scan a x where x > 3\n");
    expect(*state,
           "SELECT s FROM (SELECT x AS s FROM a UNION ALL SELECT y FROM b) AS t WHERE s > 3",
           "setop union all  from x and y\n"
           "  scan a x where x > 3\n"
           "  scan b y where y > 3\n");
}

static void limits_stop_conditions(void **state)
{
    expect(*state, "SELECT x FROM (SELECT x FROM a LIMIT 3) AS t WHERE x = 1",
           "select x = 1\n"
           "  limit 3\n"
           "    scan a x\n");
}

static void products_become_joins(void **state)
{
    expect(*state, "SELECT a.x, b.x FROM a, b WHERE a.id = b.x",
           "join inner on id = x\n"
           "  scan a id, x\n"
           "  scan b x\n");
}

static void constants_follow_equalities(void **state)
{
    expect(*state, "SELECT a.x FROM a, b WHERE a.id = b.x AND a.id = 7",
           "join inner on id = x\n"
           "  scan a id, x where id = 7\n"
           "  scan b x where x = 7\n");
    expect(*state, "SELECT b.y FROM a LEFT JOIN b ON a.x = b.x WHERE a.x IN (1, 2)",
           "join left on x = x\n"
           "  scan a x where x IN (1, 2)\n"
           "  scan b x, y where x IN (1, 2)\n");
}

static void what_may_raise_stays_above_joins(void **state)
{
    expect(*state, "SELECT a.x FROM a, b WHERE a.id = b.id AND a.x + 1 > 5",
           "select x + 1 > 5\n"
           "  join inner on id = id\n"
           "    scan a id, x\n"
           "    scan b id\n");
    expect(*state, "SELECT a.x FROM a, b WHERE a.x + 1 = b.id",
           "join inner on x + 1 = id\n"
           "  scan a x\n"
           "  scan b id\n");
}

static void ors_are_factored(void **state)
{
    expect(*state,
           "SELECT a.y FROM a, b WHERE (a.id = b.id AND a.x = 1) OR (a.id = b.id AND b.x = 2)",
           "join inner on id = id and x = 1 OR x = 2\n"
           "  scan a id, x, y\n"
           "  scan b id, x\n");
    expect(*state, "SELECT y FROM a WHERE x = 1 OR x = 2 OR x = 3",
           "scan a x, y where x IN (1, 2, 3)\n");
    expect(*state,
           "SELECT a.y FROM a, b WHERE a.id = b.id AND ((a.x = 1 AND b.x = 2) OR (a.x = 3 AND b.x "
           "= 4))",
           "join inner on id = id and x = 1 AND x = 2 OR x = 3 AND x = 4\n"
           "  scan a id, x, y where x = 1 OR x = 3\n"
           "  scan b id, x where x = 2 OR x = 4\n");
}

static void outer_joins_become_inner(void **state)
{
    expect(*state, "SELECT a.x FROM a LEFT JOIN b ON a.x = b.x WHERE b.y > 3",
           "join inner on x = x\n"
           "  scan a x\n"
           "  scan b x, y where y > 3\n");
    expect(*state, "SELECT a.x FROM a LEFT JOIN b ON a.x = b.x WHERE b.y > 3 OR b.y IS NULL",
           "select y > 3 OR y IS NULL\n"
           "  join left on x = x\n"
           "    scan a x\n"
           "    scan b x, y\n");
    expect(*state, "SELECT a.x FROM a FULL JOIN b ON a.x = b.x WHERE a.y = 1",
           "join left on x = x\n"
           "  scan a x, y where y = 1\n"
           "  scan b x\n");
}

static void unread_joins_disappear(void **state)
{
    expect(*state, "SELECT a.x FROM a LEFT JOIN b ON a.x = b.id", "scan a x\n");
    expect(*state, "SELECT a.x FROM a LEFT JOIN b ON a.x = b.x",
           "join left on x = x\n"
           "  scan a x\n"
           "  scan b x\n");
}

static void marks_become_semi_joins(void **state)
{
    expect(*state, "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.y > 3)",
           "join semi on x = x\n"
           "  scan a x, id\n"
           "  scan b x, y where y > 3\n");
    expect(*state, "SELECT id FROM a WHERE x NOT IN (SELECT x FROM b)",
           "join anti null on x = x\n"
           "  scan a x, id\n"
           "  scan b x\n");
    expect(*state, "SELECT id FROM a WHERE x IS NOT NULL AND x NOT IN (SELECT y FROM b)",
           "join anti on x = y\n"
           "  scan a x, id where x IS NOT NULL\n"
           "  scan b y\n");
    expect(*state, "SELECT id FROM a WHERE x NOT IN (SELECT x FROM b WHERE b.y = a.y)",
           "join anti on y = y and x = x IS NOT FALSE\n"
           "  scan a x, y, id\n"
           "  scan b y, x\n");
}

static void marks_stay_where_they_are_values(void **state)
{
    expect(*state, "SELECT id FROM a WHERE x IN (SELECT x FROM b) OR y = 1",
           "select mark OR y = 1\n"
           "  join mark null-aware mark on x = x\n"
           "    scan a x, y, id\n"
           "    scan b x\n");
}

static void nothing_follows_from_false(void **state)
{
    expect(*state, "SELECT count(*) FROM a WHERE x = 1 AND NULL",
           "group:  = COUNT_STAR()\n"
           "  empty\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_reach_their_tables),
        cmocka_unit_test(limits_stop_conditions),
        cmocka_unit_test(products_become_joins),
        cmocka_unit_test(constants_follow_equalities),
        cmocka_unit_test(what_may_raise_stays_above_joins),
        cmocka_unit_test(ors_are_factored),
        cmocka_unit_test(outer_joins_become_inner),
        cmocka_unit_test(unread_joins_disappear),
        cmocka_unit_test(marks_become_semi_joins),
        cmocka_unit_test(marks_stay_where_they_are_values),
        cmocka_unit_test(nothing_follows_from_false),
    };
    return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
