/* classes.c -- equality_classes: what is known of one column is known of all that equal it. And
 * what a disjunction over several relations says about each of them. */
#include "plan/rule/rule.h"

struct classes {
    struct plan *plan;
    iu_id *parent; /* by IU; 0: in no class */
    iu_list members;
};

static iu_id root_of(struct classes *c, iu_id iu)
{
    while (c->parent[iu] != iu) {
        c->parent[iu] = c->parent[c->parent[iu]];
        iu = c->parent[iu];
    }
    return iu;
}

static llkv_code enter(struct classes *c, iu_id iu)
{
    if (c->parent[iu] != 0) return LLKV_OK;
    c->parent[iu] = iu;
    VEC_PUSH(c->plan->cx, &c->members, iu);
    return LLKV_OK;
}

static llkv_code unite(struct classes *c, const expr_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct expr *e = list->items[i];
        if (!expr_is_equality(e, NULL)) continue;
        if (e->args[0]->kind != EXPR_COLUMN || e->args[1]->kind != EXPR_COLUMN) continue;
        TRY(enter(c, e->args[0]->column));
        TRY(enter(c, e->args[1]->column));
        c->parent[root_of(c, e->args[0]->column)] = root_of(c, e->args[1]->column);
    }
    return LLKV_OK;
}

/* The one column that a condition of the form `column op constant` is about; 0: another form. */
static iu_id about(const struct expr *e)
{
    if ((e->flags & (EXPR_VOLATILE | EXPR_CAN_RAISE)) != 0) return 0;
    if (e->kind != EXPR_COMPARE && e->kind != EXPR_IN && e->kind != EXPR_LIKE) return 0;
    iu_id found = 0;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        if (!(e->args[i]->flags & EXPR_HAS_COLUMN)) continue;
        if (e->args[i]->kind != EXPR_COLUMN || found != 0) return 0;
        found = e->args[i]->column;
    }
    return found;
}

static llkv_code derive_one(struct classes *c, const struct expr *e, iu_id from, iu_id to,
                            expr_list *out)
{
    const struct expr **args = cx_alloc_array(c->plan->cx, e->arg_count, sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        args[i] = e->args[i];
        if (args[i]->kind == EXPR_COLUMN && args[i]->column == from)
            TRY(plan_column(c->plan, to, args[i]->at, &args[i]));
    }
    TRY(expr_with_args(c->plan->cx, e, args, &e));
    return expr_list_add(c->plan, out, e);
}

llkv_code classes_derive(struct plan *plan, const expr_list *known, const expr_list *links,
                         expr_list *out)
{
    if (!plan_rule_on(plan, RULE_BIT(equality_classes))) return LLKV_OK;
    struct classes c = {.plan = plan};
    bool constants = false;
    for (uint32_t i = 0; i < known->count && !constants; i++)
        constants = about(known->items[i]) != 0;
    if (!constants) return LLKV_OK;
    c.parent = cx_alloc_zero(plan->cx, (plan->ius.count + 1u) * sizeof *c.parent);
    if (c.parent == NULL) return LLKV_NOMEM;
    TRY(unite(&c, known));
    if (links != known) TRY(unite(&c, links));
    uint32_t count = known->count; /* `out` may be `known`, which then grows */
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *e = known->items[i];
        iu_id iu = about(e);
        if (iu == 0 || c.parent[iu] == 0) continue;
        iu_id root = root_of(&c, iu);
        for (uint32_t k = 0; k < c.members.count; k++)
            if (c.members.items[k] != iu && root_of(&c, c.members.items[k]) == root)
                TRY(derive_one(&c, e, iu, c.members.items[k], out));
    }
    return LLKV_OK;
}

/* The conjuncts of one arm that are about the side alone; *out NULL: none. */
static llkv_code side_of_arm(struct plan *plan, const struct expr *arm, const struct iuset *side,
                             const struct expr **out)
{
    expr_list all = {0}, mine = {0};
    TRY(plan_conjuncts(plan, arm, &all));
    for (uint32_t i = 0; i < all.count; i++) {
        const struct expr *e = all.items[i];
        if ((e->flags & (EXPR_VOLATILE | EXPR_CAN_RAISE)) != 0) continue;
        if (expr_touches(e, side) && expr_within(e, side)) VEC_PUSH(plan->cx, &mine, e);
    }
    *out = NULL;
    return mine.count == 0 ? LLKV_OK : plan_bool(plan, EXPR_AND, 0, mine.items, mine.count, out);
}

llkv_code or_side_filter(struct plan *plan, const struct expr *e, const struct iuset *side,
                         const struct expr **out)
{
    enum { ARMS_MAX = 64 };
    expr_list arms = {0};
    *out = NULL;
    if (e->kind != EXPR_OR || e->arg_count > ARMS_MAX) return LLKV_OK;
    if (!plan_rule_on(plan, RULE_BIT(or_factor))) return LLKV_OK;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        const struct expr *arm;
        TRY(side_of_arm(plan, e->args[i], side, &arm));
        if (arm == NULL) return LLKV_OK;
        TRY(expr_list_add(plan, &arms, arm));
    }
    return plan_bool(plan, EXPR_OR, 0, arms.items, arms.count, out);
}
