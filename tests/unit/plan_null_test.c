/* What a NULL is said to decide, against evaluation under every assignment. */
#include "plan/rule/rule.h"
#include "store_testing.h"

enum { COLUMNS = 3 };

struct null_lab {
    struct test_cx t;
    struct settings settings;
    struct plan plan;
    iu_id ius[COLUMNS];
    uint64_t seed;
};

static const struct expr *make(struct null_lab *lab, enum expr_kind kind, uint8_t op,
                               const struct expr *x, const struct expr *y)
{
    const struct expr *args[2] = {x, y}, *e;
    assert_ok(&lab->t, expr_make(&lab->t.cx, kind, op, type_of(TYPE_BOOLEAN), args,
                                 y == NULL ? 1 : 2, -1, &e));
    return e;
}

static const struct expr *constant(struct null_lab *lab, uint32_t which)
{
    struct value value = {.type = type_of(TYPE_BOOLEAN), .is_null = which == 2, .b = which == 1};
    const struct expr *e;
    assert_ok(&lab->t, expr_const(&lab->t.cx, &value, -1, &e));
    return e;
}

static const struct expr *random_expr(struct null_lab *lab, uint32_t depth)
{
    const struct expr *e;
    if (depth == 0 || test_below(&lab->seed, 5) == 0) {
        if (test_below(&lab->seed, 5) == 0) return constant(lab, test_below(&lab->seed, 3));
        assert_ok(&lab->t,
                  plan_column(&lab->plan, lab->ius[test_below(&lab->seed, COLUMNS)], -1, &e));
        return e;
    }
    const struct expr *x = random_expr(lab, depth - 1), *y = random_expr(lab, depth - 1);
    switch (test_below(&lab->seed, 11)) {
    case 0:
    case 1: return make(lab, EXPR_AND, 0, x, y);
    case 2:
    case 3: return make(lab, EXPR_OR, 0, x, y);
    case 4: return make(lab, EXPR_NOT, 0, x, NULL);
    case 5: return make(lab, EXPR_IS_NULL, 0, x, NULL);
    case 6: return make(lab, EXPR_IS_NOT_NULL, 0, x, NULL);
    case 7: return make(lab, EXPR_IS_TRUE, (uint8_t)test_below(&lab->seed, 2), x, NULL);
    case 8: return make(lab, EXPR_IS_FALSE, (uint8_t)test_below(&lab->seed, 2), x, NULL);
    case 9: return make(lab, EXPR_DISTINCT, (uint8_t)test_below(&lab->seed, 2), x, y);
    default: return make(lab, EXPR_COMPARE, (uint8_t)test_below(&lab->seed, 6), x, y);
    }
}

static struct value evaluate(struct null_lab *lab, const struct expr *e, uint32_t assignment)
{
    struct replace replace;
    struct value value;
    assert_ok(&lab->t, replace_init(&lab->plan, &replace));
    for (int i = 0; i < COLUMNS; i++, assignment /= 3)
        assert_ok(&lab->t, replace_set(&replace, lab->ius[i], constant(lab, assignment % 3)));
    assert_ok(&lab->t, replace_expr(&replace, &e));
    assert_ok(&lab->t, expr_evaluate(&lab->t.cx, e, NULL, false, &value));
    return value;
}

static bool holds(enum null_question q, struct value value)
{
    switch (q) {
    case NULL_GIVES_NULL: return value.is_null;
    case NULL_NOT_TRUE: return value.is_null || !value.b;
    case NULL_NOT_FALSE: return value.is_null || value.b;
    }
    return false;
}

static uint32_t digit(uint32_t assignment, int at)
{
    while (at-- > 0)
        assignment /= 3;
    return assignment % 3;
}

static void check(struct null_lab *lab, const struct expr *e, enum null_question q,
                  uint32_t *io_found)
{
    struct iuset set = {0};
    assert_ok(&lab->t, null_implied(&lab->plan, e, q, &set));
    for (int c = 0; c < COLUMNS; c++) {
        if (!iuset_has(&set, lab->ius[c])) continue;
        (*io_found)++;
        for (uint32_t assignment = 0; assignment < 27; assignment++)
            if (digit(assignment, c) == 2) assert_true(holds(q, evaluate(lab, e, assignment)));
    }
}

static void nulls_decide_what_they_are_said_to(void **state)
{
    (void)state;
    static struct null_lab lab;
    uint32_t found = 0;
    lab.seed = 5;
    for (int round = 0; round < 3000; round++) {
        test_cx_init(&lab.t);
        lab.plan = (struct plan){.cx = &lab.t.cx, .settings = &lab.settings};
        for (int i = 0; i < COLUMNS; i++)
            assert_ok(&lab.t,
                      plan_iu_new(&lab.plan, type_of(TYPE_BOOLEAN), "c", true, &lab.ius[i]));
        const struct expr *e = random_expr(&lab, 3);
        check(&lab, e, NULL_GIVES_NULL, &found);
        check(&lab, e, NULL_NOT_TRUE, &found);
        check(&lab, e, NULL_NOT_FALSE, &found);
        test_cx_deinit(&lab.t);
    }
    assert_true(found > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nulls_decide_what_they_are_said_to)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
