/* node.c -- making and asking logical nodes. */
#include <string.h>

#include "plan/algebra/algebra.h"

llkv_code plan_iu_new(struct plan *plan, struct type type, const char *name, bool nullable,
                      iu_id *out_iu)
{
    struct cx *cx = plan->cx;
    if (plan->ius.count == 0) VEC_PUSH(cx, &plan->ius, (struct iu){.name = ""});
    *out_iu = plan->ius.count;
    VEC_PUSH(cx, &plan->ius, (struct iu){.type = type, .name = name, .nullable = nullable});
    return LLKV_OK;
}

llkv_code plan_column(struct plan *plan, iu_id iu, int32_t at, const struct expr **out)
{
    assert(iu != 0);
    assert(iu < plan->ius.count);
    const struct iu *info = &plan->ius.items[iu];
    return expr_column(plan->cx, iu, info->type, info->nullable, at, out);
}

llkv_code lnode_new(struct plan *plan, enum lop op, struct lnode *left, struct lnode *right,
                    struct lnode **out)
{
    TRY(cx_check_cancel(plan->cx));
    if (plan->node_count++ == PLAN_NODES_MAX)
        return cx_fail_at(plan->cx, LLKV_LIMIT, -1, "54001",
                          "the statement needs more than %d operators", (int)PLAN_NODES_MAX);
    struct lnode *node = cx_alloc_zero(plan->cx, sizeof *node);
    if (node == NULL) return LLKV_NOMEM;
    node->op = (uint8_t)op;
    node->child[0] = left;
    node->child[1] = right;
    node->rows = -1;
    *out = node;
    return LLKV_OK;
}

static llkv_code add_list(struct plan *plan, struct iuset *set, const iu_id *ius, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        TRY(iuset_add(plan->cx, set, ius[i]));
    return LLKV_OK;
}

/* What a node produces that none of its children does. */
static llkv_code own_ius(struct plan *plan, const struct lnode *node, struct iuset *set)
{
    struct cx *cx = plan->cx;
    switch ((enum lop)node->op) {
    case LOP_SCAN: return add_list(plan, set, node->scan.ius.items, node->scan.ius.count);
    case LOP_VALUES: return add_list(plan, set, node->values.ius.items, node->values.ius.count);
    case LOP_RANGE: return iuset_add(cx, set, node->range.iu);
    case LOP_CSV: return add_list(plan, set, node->csv.ius.items, node->csv.ius.count);
    case LOP_EMPTY: return add_list(plan, set, node->empty.ius.items, node->empty.ius.count);
    case LOP_SETOP: return add_list(plan, set, node->setop.ius.items, node->setop.ius.count);
    case LOP_SHARED: return add_list(plan, set, node->shared.ius.items, node->shared.ius.count);
    case LOP_JOIN: return node->kind == LJOIN_MARK ? iuset_add(cx, set, node->join.mark) : LLKV_OK;
    case LOP_MAP:
        for (uint32_t i = 0; i < node->map.items.count; i++)
            TRY(iuset_add(cx, set, node->map.items.items[i].iu));
        return LLKV_OK;
    case LOP_GROUP:
        for (uint32_t i = 0; i < node->group.keys.count; i++)
            TRY(iuset_add(cx, set, node->group.keys.items[i].iu));
        for (uint32_t i = 0; i < node->group.aggs.count; i++)
            TRY(iuset_add(cx, set, node->group.aggs.items[i].iu));
        return LLKV_OK;
    case LOP_SELECT:
    case LOP_SORT:
    case LOP_LIMIT:
    case LOP_COUNT: return LLKV_OK;
    }
    return LLKV_OK;
}

static bool join_hands_up_right(const struct lnode *join)
{
    return join->kind == LJOIN_INNER || join->kind == LJOIN_LEFT || join->kind == LJOIN_RIGHT ||
           join->kind == LJOIN_FULL || join->kind == LJOIN_SINGLE;
}

llkv_code lnode_produced(struct plan *plan, const struct lnode *node, struct iuset *io_set)
{
    TRY(cx_enter(plan->cx));
    TRY(own_ius(plan, node, io_set));
    if (node->op != LOP_GROUP && node->op != LOP_SETOP && node->child[0] != NULL)
        TRY(lnode_produced(plan, node->child[0], io_set));
    if (node->op == LOP_JOIN && join_hands_up_right(node))
        TRY(lnode_produced(plan, node->child[1], io_set));
    cx_leave(plan->cx);
    return LLKV_OK;
}

static llkv_code each(expr_list *list, lnode_expr_fn *fn, void *arg)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(fn(arg, &list->items[i]));
    return LLKV_OK;
}

static llkv_code each_sort_key(struct psort_key *keys, uint32_t count, lnode_expr_fn *fn, void *arg)
{
    for (uint32_t i = 0; i < count; i++)
        TRY(fn(arg, &keys[i].expr));
    return LLKV_OK;
}

static llkv_code group_exprs(struct lnode *node, lnode_expr_fn *fn, void *arg)
{
    for (uint32_t i = 0; i < node->group.keys.count; i++)
        TRY(fn(arg, &node->group.keys.items[i].expr));
    for (uint32_t i = 0; i < node->group.aggs.count; i++) {
        struct lagg *agg = &node->group.aggs.items[i];
        if (agg->arg != NULL) TRY(fn(arg, &agg->arg));
        if (agg->filter != NULL) TRY(fn(arg, &agg->filter));
        TRY(each_sort_key(agg->order, agg->order_count, fn, arg));
    }
    return LLKV_OK;
}

llkv_code lnode_exprs(struct lnode *node, lnode_expr_fn *fn, void *arg)
{
    switch ((enum lop)node->op) {
    case LOP_SCAN: return each(&node->scan.conjuncts, fn, arg);
    case LOP_VALUES: return each(&node->values.exprs, fn, arg);
    case LOP_SELECT: return each(&node->select.conjuncts, fn, arg);
    case LOP_JOIN: return each(&node->join.conditions, fn, arg);
    case LOP_GROUP: return group_exprs(node, fn, arg);
    case LOP_RANGE:
        TRY(fn(arg, &node->range.start));
        TRY(fn(arg, &node->range.stop));
        return fn(arg, &node->range.step);
    case LOP_MAP:
        for (uint32_t i = 0; i < node->map.items.count; i++)
            TRY(fn(arg, &node->map.items.items[i].expr));
        return LLKV_OK;
    case LOP_SORT:
        for (uint32_t i = 0; i < node->sort.keys.count; i++)
            TRY(fn(arg, &node->sort.keys.items[i].expr));
        return LLKV_OK;
    case LOP_LIMIT:
        if (node->limit.limit != NULL) TRY(fn(arg, &node->limit.limit));
        if (node->limit.offset != NULL) TRY(fn(arg, &node->limit.offset));
        return LLKV_OK;
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SETOP:
    case LOP_SHARED:
    case LOP_COUNT: return LLKV_OK;
    }
    return LLKV_OK;
}

struct collect {
    struct plan *plan;
    struct iuset *set;
};

static llkv_code collect_expr(void *arg, const struct expr **io_expr)
{
    struct collect *c = arg;
    return iuset_add_expr(c->plan->cx, c->set, *io_expr);
}

/* Everything named in the subtree, and everything produced anywhere in it. */
static llkv_code walk(struct plan *plan, struct lnode *node, struct iuset *named,
                      struct iuset *produced)
{
    TRY(cx_enter(plan->cx));
    struct collect c = {plan, named};
    TRY(lnode_exprs(node, collect_expr, &c));
    TRY(own_ius(plan, node, produced));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(walk(plan, node->child[i], named, produced));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code lnode_free(struct plan *plan, const struct lnode *node, struct iuset *io_set)
{
    struct iuset named = {0}, produced = {0};
    /* The walk reads only; it takes a plain pointer because rewrites share the visitor. */
    struct lnode copy = *node;
    TRY(walk(plan, &copy, &named, &produced));
    iuset_remove_all(&named, &produced);
    return iuset_add_all(plan->cx, io_set, &named);
}

llkv_code plan_conjuncts(struct plan *plan, const struct expr *e, expr_list *io_list)
{
    if (e->kind != EXPR_AND) {
        VEC_PUSH(plan->cx, io_list, e);
        return LLKV_OK;
    }
    TRY(cx_enter(plan->cx));
    for (uint32_t i = 0; i < e->arg_count; i++)
        TRY(plan_conjuncts(plan, e->args[i], io_list));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code lnode_select(struct plan *plan, struct lnode *node, const struct expr *condition,
                       struct lnode **out)
{
    if (condition->kind == EXPR_CONST && !condition->value->is_null && condition->value->b) {
        *out = node;
        return LLKV_OK;
    }
    if (node->op != LOP_SELECT) TRY(lnode_new(plan, LOP_SELECT, node, NULL, &node));
    *out = node;
    return plan_conjuncts(plan, condition, &node->select.conjuncts);
}
