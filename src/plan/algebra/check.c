/* check.c -- everything that must hold of a logical tree, after every pass in debug runs.
 *
 * `outer` is what a subtree may take from outside: nothing at the root, the left side's IUs on the
 * right of a dependent join. */
#include "plan/algebra/algebra.h"

struct check {
    struct plan *plan;
    const char *after;
    uint32_t shared_limit; /* a shared definition may name earlier ones only */
};

static llkv_code fail(struct check *c, const struct lnode *node, const char *what, iu_id iu)
{
    static const char *const names[LOP_COUNT] = {
#define X(name, text) [LOP_##name] = text,
        LOP_LIST(X)
#undef X
    };
    return cx_fail(c->plan->cx, LLKV_INTERNAL, "plan after %s: %s: %s (column %u)", c->after,
                   names[node->op], what, iu);
}

static llkv_code within(struct check *c, const struct lnode *node, const struct expr *e,
                        const struct iuset *visible)
{
    if (e == NULL) return fail(c, node, "an expression is missing", 0);
    struct iuset used = {0};
    TRY(iuset_add_expr(c->plan->cx, &used, e));
    iuset_remove_all(&used, visible);
    if (!iuset_empty(&used)) return fail(c, node, "names what is not there", iuset_next(&used, 0));
    return LLKV_OK;
}

static llkv_code all_within(struct check *c, const struct lnode *node, const expr_list *list,
                            const struct iuset *visible)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(within(c, node, list->items[i], visible));
    return LLKV_OK;
}

static llkv_code iu_type(struct check *c, const struct lnode *node, iu_id iu, struct type type)
{
    if (iu == 0 || iu >= c->plan->ius.count) return fail(c, node, "no such column", iu);
    struct type own = c->plan->ius.items[iu].type;
    if (own.id != type.id || own.phys != type.phys || own.scale != type.scale)
        return fail(c, node, "the type is another one", iu);
    return LLKV_OK;
}

static llkv_code same_type(struct check *c, const struct lnode *node, iu_id to, iu_id from)
{
    if (from == 0 || from >= c->plan->ius.count) return fail(c, node, "no such column", from);
    return iu_type(c, node, to, c->plan->ius.items[from].type);
}

static llkv_code check_group(struct check *c, const struct lnode *node, const struct iuset *visible)
{
    if (node->group.keys.count + node->group.aggs.count == 0)
        return fail(c, node, "neither keys nor aggregates", 0);
    for (uint32_t i = 0; i < node->group.keys.count; i++) {
        const struct lkey *key = &node->group.keys.items[i];
        TRY(within(c, node, key->expr, visible));
        TRY(iu_type(c, node, key->iu, key->expr->type));
    }
    for (uint32_t i = 0; i < node->group.aggs.count; i++) {
        const struct lagg *agg = &node->group.aggs.items[i];
        if (agg->arg != NULL) TRY(within(c, node, agg->arg, visible));
        if (agg->filter != NULL) TRY(within(c, node, agg->filter, visible));
        for (uint32_t k = 0; k < agg->order_count; k++)
            TRY(within(c, node, agg->order[k].expr, visible));
        TRY(iu_type(c, node, agg->iu, agg->type));
    }
    if (node->group.row_of_agg >= (int32_t)node->group.aggs.count)
        return fail(c, node, "row_of_agg is none of the aggregates", 0);
    return LLKV_OK;
}

static llkv_code check_setop(struct check *c, const struct lnode *node)
{
    for (int side = 0; side < 2; side++) {
        struct iuset produced = {0};
        TRY(lnode_produced(c->plan, node->child[side], &produced));
        if (node->setop.from[side].count != node->setop.ius.count)
            return fail(c, node, "the sides have other columns", 0);
        for (uint32_t i = 0; i < node->setop.ius.count; i++) {
            iu_id from = node->setop.from[side].items[i];
            if (!iuset_has(&produced, from)) return fail(c, node, "names what is not there", from);
            TRY(same_type(c, node, node->setop.ius.items[i], from));
        }
    }
    return LLKV_OK;
}

static llkv_code check_shared(struct check *c, const struct lnode *node)
{
    if (node->shared.index >= c->shared_limit) return fail(c, node, "no such definition", 0);
    if (node->shared.ius.count != node->shared.from.count)
        return fail(c, node, "not as many columns as it has names", 0);
    struct iuset produced = {0};
    TRY(lnode_produced(c->plan, c->plan->shared.items[node->shared.index], &produced));
    for (uint32_t i = 0; i < node->shared.ius.count; i++) {
        if (!iuset_has(&produced, node->shared.from.items[i]))
            return fail(c, node, "names what is not there", node->shared.from.items[i]);
        TRY(same_type(c, node, node->shared.ius.items[i], node->shared.from.items[i]));
    }
    return LLKV_OK;
}

static llkv_code check_leaf(struct check *c, const struct lnode *node, const struct iuset *outer)
{
    struct iuset visible = {0};
    TRY(iuset_copy(c->plan->cx, outer, &visible));
    switch ((enum lop)node->op) {
    case LOP_SCAN:
        if (node->scan.columns.count != node->scan.ius.count)
            return fail(c, node, "not as many columns as it has names", 0);
        TRY(lnode_produced(c->plan, node, &visible));
        return all_within(c, node, &node->scan.conjuncts, &visible);
    case LOP_VALUES:
        if (node->values.exprs.count != (size_t)node->values.row_count * node->values.ius.count)
            return fail(c, node, "not as many values as rows and columns", 0);
        for (uint32_t i = 0; i < node->values.exprs.count; i++)
            TRY(iu_type(c, node, node->values.ius.items[i % node->values.ius.count],
                        node->values.exprs.items[i]->type));
        return all_within(c, node, &node->values.exprs, &visible);
    case LOP_RANGE:
        TRY(within(c, node, node->range.start, &visible));
        TRY(within(c, node, node->range.stop, &visible));
        return within(c, node, node->range.step, &visible);
    case LOP_SHARED: return check_shared(c, node);
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SELECT:
    case LOP_MAP:
    case LOP_JOIN:
    case LOP_GROUP:
    case LOP_SORT:
    case LOP_LIMIT:
    case LOP_SETOP:
    case LOP_COUNT: return LLKV_OK;
    }
    return LLKV_OK;
}

/* The node's own expressions over `visible`. */
static llkv_code check_own(struct check *c, const struct lnode *node, const struct iuset *visible,
                           const struct iuset *outer)
{
    switch ((enum lop)node->op) {
    case LOP_SELECT:
        if (node->select.conjuncts.count == 0) return fail(c, node, "no condition", 0);
        return all_within(c, node, &node->select.conjuncts, visible);
    case LOP_MAP:
        for (uint32_t i = 0; i < node->map.items.count; i++) {
            const struct lmap_item *item = &node->map.items.items[i];
            TRY(within(c, node, item->expr, visible));
            TRY(iu_type(c, node, item->iu, item->expr->type));
        }
        return LLKV_OK;
    case LOP_JOIN:
        if (node->null_aware && node->join.conditions.count == 0)
            return fail(c, node, "null-aware without a comparison", 0);
        return all_within(c, node, &node->join.conditions, visible);
    case LOP_GROUP: return check_group(c, node, visible);
    case LOP_SORT:
        for (uint32_t i = 0; i < node->sort.keys.count; i++)
            TRY(within(c, node, node->sort.keys.items[i].expr, visible));
        return LLKV_OK;
    case LOP_LIMIT: {
        struct iuset none = {0};
        if (node->limit.limit != NULL) TRY(within(c, node, node->limit.limit, &none));
        return node->limit.offset == NULL ? LLKV_OK : within(c, node, node->limit.offset, &none);
    }
    case LOP_SETOP: return check_setop(c, node);
    case LOP_SCAN:
    case LOP_VALUES:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SHARED:
    case LOP_COUNT: return check_leaf(c, node, outer);
    }
    return LLKV_OK;
}

static bool is_leaf(const struct lnode *node)
{
    return node->op == LOP_SCAN || node->op == LOP_VALUES || node->op == LOP_RANGE ||
           node->op == LOP_CSV || node->op == LOP_EMPTY || node->op == LOP_SHARED;
}

static llkv_code check_node(struct check *c, const struct lnode *node, const struct iuset *outer)
{
    struct cx *cx = c->plan->cx;
    if (node->op >= LOP_COUNT) return cx_fail(cx, LLKV_INTERNAL, "plan after %s: op", c->after);
    bool two = node->op == LOP_JOIN || node->op == LOP_SETOP;
    bool leaf = is_leaf(node);
    if ((node->child[0] == NULL) != leaf || (node->child[1] == NULL) == two)
        return fail(c, node, "another number of children", 0);
    TRY(cx_enter(cx));
    struct iuset visible = {0}, left = {0}, right = {0};
    TRY(iuset_copy(cx, outer, &visible));
    if (!leaf) {
        TRY(check_node(c, node->child[0], outer));
        TRY(lnode_produced(c->plan, node->child[0], &left));
        TRY(iuset_add_all(cx, &visible, &left));
    }
    if (two) {
        bool dependent = node->op == LOP_JOIN && node->dependent;
        TRY(check_node(c, node->child[1], dependent ? &visible : outer));
        TRY(lnode_produced(c->plan, node->child[1], &right));
        if (node->op == LOP_JOIN && iuset_intersects(&left, &right))
            return fail(c, node, "both sides produce a column", 0);
        TRY(iuset_add_all(cx, &visible, &right));
    }
    TRY(check_own(c, node, &visible, outer));
    cx_leave(cx);
    return LLKV_OK;
}

llkv_code plan_check(struct plan *plan, const char *after)
{
    struct check c = {.plan = plan, .after = after};
    struct iuset none = {0}, produced = {0};
    for (uint32_t i = 0; i < plan->shared.count; i++) {
        c.shared_limit = i;
        TRY(check_node(&c, plan->shared.items[i], &none));
    }
    c.shared_limit = plan->shared.count;
    TRY(check_node(&c, plan->root, &none));
    TRY(lnode_produced(plan, plan->root, &produced));
    for (uint32_t i = 0; i < plan->out.count; i++)
        if (!iuset_has(&produced, plan->out.items[i]))
            return fail(&c, plan->root, "a result column is not produced", plan->out.items[i]);
    return LLKV_OK;
}
