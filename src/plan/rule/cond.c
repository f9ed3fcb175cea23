/* cond.c -- or_factor and or_to_in: disjunctions made useful where they stand.
 *
 *   (a AND b) OR (a AND c)   a AND (b OR c)      the common part may be a join condition
 *   x = 1 OR x = 2           x IN (1, 2)         one look-up instead of two comparisons */
#include "plan/rule/rule.h"

struct arms {
    struct plan *plan;
    expr_list *arm; /* conjuncts, one list per arm */
    uint32_t count;
};

static bool list_has(const expr_list *list, const struct expr *e)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_equal(list->items[i], e)) return true;
    return false;
}

static llkv_code split_arms(struct plan *plan, const struct expr *e, struct arms *arms)
{
    *arms = (struct arms){.plan = plan, .count = e->arg_count};
    arms->arm = cx_alloc_zero(plan->cx, e->arg_count * sizeof *arms->arm);
    if (arms->arm == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < e->arg_count; i++)
        TRY(plan_conjuncts(plan, e->args[i], &arms->arm[i]));
    return LLKV_OK;
}

static llkv_code join_arm(struct plan *plan, const expr_list *arm, const expr_list *without,
                          const struct expr **out)
{
    expr_list rest = {0};
    for (uint32_t i = 0; i < arm->count; i++)
        if (!list_has(without, arm->items[i])) VEC_PUSH(plan->cx, &rest, arm->items[i]);
    *out = NULL; /* nothing left: TRUE */
    return rest.count == 0 ? LLKV_OK : plan_bool(plan, EXPR_AND, 0, rest.items, rest.count, out);
}

static llkv_code or_factor(struct plan *plan, const struct expr **io_expr)
{
    enum { ARMS_MAX = 64, ARM_MAX = 64 };
    const struct expr *e = *io_expr;
    struct arms arms;
    expr_list common = {0};
    bool some = false;
    for (uint32_t i = 0; i < e->arg_count; i++)
        some |= e->args[i]->kind == EXPR_AND;
    if (!some || e->arg_count > ARMS_MAX) return LLKV_OK;
    TRY(split_arms(plan, e, &arms));
    if (arms.arm[0].count > ARM_MAX) return LLKV_OK;
    for (uint32_t i = 0; i < arms.arm[0].count; i++) {
        const struct expr *c = arms.arm[0].items[i];
        bool all = (c->flags & (EXPR_VOLATILE | EXPR_CAN_RAISE)) == 0 && !list_has(&common, c);
        for (uint32_t k = 1; k < arms.count && all; k++)
            all = list_has(&arms.arm[k], c);
        if (all) VEC_PUSH(plan->cx, &common, c);
    }
    if (common.count == 0) return LLKV_OK;
    expr_list rest = {0};
    bool absorbed = false;
    for (uint32_t k = 0; k < arms.count; k++) {
        const struct expr *arm;
        TRY(join_arm(plan, &arms.arm[k], &common, &arm));
        absorbed |= arm == NULL;
        if (arm != NULL) VEC_PUSH(plan->cx, &rest, arm);
    }
    if (!absorbed) {
        const struct expr *disjunction;
        TRY(plan_bool(plan, EXPR_OR, 0, rest.items, rest.count, &disjunction));
        VEC_PUSH(plan->cx, &common, disjunction);
    }
    return plan_bool(plan, EXPR_AND, 0, common.items, common.count, io_expr);
}

/* x = value or x IN (values): the x; NULL if it is neither. */
static const struct expr *membership(const struct expr *e, uint32_t *out_column)
{
    *out_column = 0;
    if ((e->flags & (EXPR_VOLATILE | EXPR_CAN_RAISE)) != 0) return NULL;
    if (e->kind == EXPR_IN && e->op == 0) return e->args[0];
    if (e->kind != EXPR_COMPARE || e->op != CMP_EQ) return NULL;
    for (uint32_t side = 0; side < 2; side++) {
        const struct expr *value = e->args[1 - side];
        if (value->kind != EXPR_CONST && value->kind != EXPR_PARAM) continue;
        if (!(e->args[side]->flags & EXPR_HAS_COLUMN)) continue;
        *out_column = side;
        return e->args[side];
    }
    return NULL;
}

static llkv_code add_members(struct plan *plan, const struct expr *e, uint32_t side,
                             expr_list *list)
{
    if (e->kind == EXPR_COMPARE) return expr_list_add(plan, list, e->args[1 - side]);
    for (uint32_t i = 1; i < e->arg_count; i++)
        TRY(expr_list_add(plan, list, e->args[i]));
    return LLKV_OK;
}

/* One pass over the arms: those that speak of the same x meet in the first one's place. */
static llkv_code or_to_in(struct plan *plan, const struct expr **io_expr)
{
    enum { ARMS_MAX = 512 };
    const struct expr *e = *io_expr;
    expr_list arms = {0};
    bool changed = false;
    if (e->arg_count > ARMS_MAX) return LLKV_OK;
    bool *done = cx_alloc_zero(plan->cx, e->arg_count * sizeof *done);
    if (done == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (done[i]) continue;
        uint32_t side, other_side, merged = 0;
        expr_list members = {0};
        const struct expr *arm = e->args[i], *x = membership(arm, &side);
        for (uint32_t k = i + 1; x != NULL && k < e->arg_count; k++) {
            const struct expr *other = done[k] ? NULL : membership(e->args[k], &other_side);
            if (other == NULL || !expr_equal(x, other)) continue;
            if (merged++ == 0) {
                VEC_PUSH(plan->cx, &members, x);
                TRY(add_members(plan, arm, side, &members));
            }
            TRY(add_members(plan, e->args[k], other_side, &members));
            done[k] = true;
        }
        if (merged > 0) TRY(plan_bool(plan, EXPR_IN, 0, members.items, members.count, &arm));
        changed |= merged > 0;
        VEC_PUSH(plan->cx, &arms, arm);
    }
    return changed ? plan_bool(plan, EXPR_OR, 0, arms.items, arms.count, io_expr) : LLKV_OK;
}

static llkv_code rewrite(struct plan *plan, const struct expr **io_expr)
{
    const struct expr *e = *io_expr;
    if (e->kind != EXPR_OR && e->kind != EXPR_AND && e->kind != EXPR_NOT) return LLKV_OK;
    TRY(cx_enter(plan->cx));
    const struct expr **args = cx_alloc_array(plan->cx, e->arg_count, sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        args[i] = e->args[i];
        TRY(rewrite(plan, &args[i]));
    }
    TRY(expr_with_args(plan->cx, e, args, &e));
    if (e->kind == EXPR_OR && plan_rule_on(plan, RULE_BIT(or_factor))) TRY(or_factor(plan, &e));
    if (e->kind == EXPR_OR && plan_rule_on(plan, RULE_BIT(or_to_in))) TRY(or_to_in(plan, &e));
    *io_expr = e;
    cx_leave(plan->cx);
    return LLKV_OK;
}

static llkv_code rewrite_list(struct plan *plan, expr_list *list, bool keep_last)
{
    bool any = false;
    for (uint32_t i = 0; i < list->count; i++)
        any |= list->items[i]->kind == EXPR_OR || list->items[i]->kind == EXPR_NOT;
    if (!any) return LLKV_OK;
    expr_list out = {0};
    for (uint32_t i = 0; i < list->count; i++) {
        const struct expr *e = list->items[i];
        if (!keep_last || i + 1 < list->count) {
            TRY(rewrite(plan, &e));
            TRY(plan_conjuncts(plan, e, &out));
        } else {
            VEC_PUSH(plan->cx, &out, e);
        }
    }
    list->items = out.items;
    list->count = out.count;
    list->capacity = out.capacity;
    return LLKV_OK;
}

static llkv_code conditions_of(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    TRY(cx_enter(plan->cx));
    if (node->op == LOP_SELECT) TRY(rewrite_list(plan, &node->select.conjuncts, false));
    if (node->op == LOP_JOIN) TRY(rewrite_list(plan, &node->join.conditions, node->null_aware));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(conditions_of(plan, &node->child[i]));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code rule_conditions(struct plan *plan)
{
    return plan_each_tree(plan, conditions_of);
}
