/* Dependent joins: which way they go, and what is left. */
#include "plan_testing.h"

static void expect(struct plan_lab *lab, const char *sql, const char *plan)
{
    assert_string_equal(lab_optimize(lab, sql), plan);
}

static void counts_of_nothing_are_zero(void **state)
{
    expect(*state, "SELECT (SELECT count(*) FROM b WHERE b.x = a.x) FROM a",
           "map  = coalesce(, 0)\n"
           "  join left on x = x\n"
           "    scan a x\n"
           "    group by x:  = COUNT_STAR()\n"
           "      scan b x\n");
    expect(*state, "SELECT (SELECT max(y) + 1 FROM b WHERE b.x = a.x) FROM a",
           "map  =  + 1\n"
           "  join left on x = x\n"
           "    scan a x\n"
           "    group by x:  = MAX(y)\n"
           "      scan b x, y\n");
}

static void other_comparisons_need_a_domain(void **state)
{
    expect(*state, "SELECT (SELECT count(*) FROM b WHERE b.x < a.x) FROM a",
           "map  = coalesce(, 0)\n"
           "  join left on x IS NOT DISTINCT FROM x\n"
           "    scan a x\n"
           "    group by x:  = COUNT_STAR()\n"
           "      join inner on x < x\n"
           "        group by x\n"
           "          scan a x\n"
           "        scan b x\n");
}

static void joins_are_read_once(void **state)
{
    expect(*state,
           "SELECT (SELECT count(*) FROM c WHERE c.x < a.x) FROM a LEFT JOIN b ON a.x = b.x",
           "shared 0:\n"
           "  join left on x = x\n"
           "    scan a x\n"
           "    scan b x\n"
           "map  = coalesce(, 0)\n"
           "  join left on x IS NOT DISTINCT FROM x\n"
           "    shared 0 x from x\n"
           "    group by x:  = COUNT_STAR()\n"
           "      join inner on x < x\n"
           "        group by x\n"
           "          shared 0 x from x\n"
           "        scan c x\n");
}

static void conditions_pass_groups_by_their_keys(void **state)
{
    expect(*state,
           "SELECT id FROM a WHERE x IN (SELECT max(x) FROM b WHERE b.y = a.y GROUP BY b.id)",
           "join semi on y = y and x = \n"
           "  scan a x, y, id\n"
           "  group by id, y:  = MAX(x)\n"
           "    scan b y, id, x\n");
}

static void computed_columns_are_replaced(void **state)
{
    expect(*state, "SELECT id FROM a WHERE x IN (SELECT coalesce(b.x, a.y) FROM b)",
           "join semi on x = coalesce(x, y)\n"
           "  scan a x, y, id\n"
           "  scan b x\n");
}

static void levels_are_skipped(void **state)
{
    expect(*state,
           "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND EXISTS "
           "(SELECT 1 FROM c WHERE c.x = b.y AND c.y = a.y))",
           "join semi on x IS NOT DISTINCT FROM x and y = y\n"
           "  scan a x, y, id\n"
           "  join semi on x = y and y = y\n"
           "    join inner on x = x\n"
           "      group by x, y\n"
           "        scan a x, y\n"
           "      scan b x, y\n"
           "    scan c x, y\n");
}

static void limits_stay_correlated(void **state)
{
    expect(*state, "SELECT (SELECT x FROM b WHERE b.x < a.x ORDER BY y LIMIT 1) FROM a",
           "join single dependent\n"
           "  scan a x\n"
           "  limit 1\n"
           "    sort by y\n"
           "      scan b x, y where x < x\n");
}

static void keys_make_single_joins_plain(void **state)
{
    expect(*state, "SELECT (SELECT y FROM b WHERE b.id = a.x) FROM a",
           "join left on id = x\n"
           "  scan a x\n"
           "  scan b id, y\n");
    expect(*state, "SELECT (SELECT y FROM b WHERE b.x = a.x) FROM a",
           "join single on x = x\n"
           "  scan a x\n"
           "  scan b x, y\n");
}

static void one_row_is_a_value(void **state)
{
    expect(*state, "SELECT id FROM a WHERE x NOT IN (SELECT max(x) FROM b)",
           "select NOT x = \n"
           "  join single\n"
           "    scan a x, id\n"
           "    group:  = MAX(x)\n"
           "      scan b x\n");
}

static void cost_keeps_few_rows_correlated(void **state)
{
    struct plan_lab *lab = *state;
    lab->settings.disabled_rules = 0;
    const char *text = lab_optimize(lab, "SELECT (SELECT count(*) FROM b WHERE b.x < a.x) FROM a");
    lab->settings.disabled_rules = RULE_BIT(apply_by_cost);
    assert_non_null(strstr(text, "single dependent"));
}

static void off_means_off(void **state)
{
    struct plan_lab *lab = *state;
    lab->settings.disabled_rules = UINT64_MAX;
    const char *sql = "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x)";
    struct plan *plan = lab_bind(lab, sql);
    const char *before = lab_print(lab, plan);
    assert_ok(&lab->t, plan_optimize(plan, NULL));
    assert_string_equal(before, lab_print(lab, plan));
    lab->settings.disabled_rules = RULE_BIT(apply_by_cost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_nothing_are_zero),
        cmocka_unit_test(other_comparisons_need_a_domain),
        cmocka_unit_test(joins_are_read_once),
        cmocka_unit_test(conditions_pass_groups_by_their_keys),
        cmocka_unit_test(computed_columns_are_replaced),
        cmocka_unit_test(levels_are_skipped),
        cmocka_unit_test(limits_stay_correlated),
        cmocka_unit_test(keys_make_single_joins_plain),
        cmocka_unit_test(one_row_is_a_value),
        cmocka_unit_test(cost_keeps_few_rows_correlated),
        cmocka_unit_test(off_means_off),
    };
    return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
