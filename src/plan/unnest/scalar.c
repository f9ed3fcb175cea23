/* scalar.c -- (SELECT count(*) FROM t WHERE t.k = outer.k): aggregates without keys are one row for
 * every outer row, also for those without partners. As groups they are one row per k that exists,
 * so the join pads the others, and what aggregates give for no rows is put in ("count bug"). */
#include "plan/rule/rule.h"
#include "plan/unnest/unnest.h"

struct lnode *scalar_group(struct lnode *right)
{
    while (right->op == LOP_MAP || right->op == LOP_SORT)
        right = right->child[0];
    return right->op == LOP_GROUP && right->group.keys.count == 0 ? right : NULL;
}

/* The result over no rows; *out_null: NULL. */
static struct value empty_value(const struct lagg *agg, bool *out_null)
{
    struct value v = {.type = agg->type};
    *out_null = agg->op != AGG_COUNT && agg->op != AGG_COUNT_STAR && agg->op != AGG_TOTAL;
    if (agg->op == AGG_TOTAL) v.d = 0; /* counts: the integer 0 */
    return v;
}

llkv_code scalar_fill(struct plan *plan, struct lnode *group, struct lnode **io_node)
{
    struct lnode *map = NULL;
    for (uint32_t i = 0; i < group->group.aggs.count; i++) {
        struct lagg *agg = &group->group.aggs.items[i];
        bool is_null;
        struct value value = empty_value(agg, &is_null);
        if (is_null) continue;
        struct lmap_item item = {.iu = agg->iu};
        const struct expr *args[2];
        TRY(plan_iu_new(plan, agg->type, "", true, &agg->iu));
        TRY(plan_column(plan, agg->iu, -1, &args[0]));
        TRY(expr_const(plan->cx, &value, -1, &args[1]));
        TRY(expr_make(plan->cx, EXPR_COALESCE, 0, agg->type, args, 2, -1, &item.expr));
        if (map == NULL) TRY(lnode_new(plan, LOP_MAP, *io_node, NULL, &map));
        VEC_PUSH(plan->cx, &map->map.items, item);
    }
    if (map != NULL) *io_node = map;
    return LLKV_OK;
}

/* The join becomes: the computed columns of the right side, over what empty groups give, over a
 * left join with the groups. */
static llkv_code raise_chain(struct plan *plan, struct lnode *join, struct lnode *group,
                             expr_list conditions)
{
    struct lnode *top = NULL, **hole = &top, *below, *chain = join->child[1];
    TRY(lnode_new(plan, LOP_JOIN, join->child[0], group, &below));
    below->kind = conditions.count == 0 ? LJOIN_SINGLE : LJOIN_LEFT;
    below->join.conditions = conditions;
    if (conditions.count != 0) TRY(scalar_fill(plan, group, &below));
    for (; chain != group; chain = chain->child[0]) {
        if (chain->op != LOP_MAP) continue; /* one row has no order */
        *hole = chain;
        hole = &chain->child[0];
    }
    /* `chain` is the group now; the loop has followed child[0], which is rewritten only here */
    *hole = below;
    *join = *top;
    return LLKV_OK;
}

static llkv_code split_all(struct plan *plan, const expr_list *list, struct lnode *group,
                           const struct iuset *outer, bool change, bool *out)
{
    struct iuset inside = {0};
    TRY(lnode_produced(plan, group->child[0], &inside));
    for (uint32_t i = 0; i < list->count; i++) {
        const struct expr *inner, *other, *e = list->items[i];
        *out = unnest_split(e, outer, &inside, &inner, &other);
        if (!*out) return LLKV_OK;
        if (!change) continue;
        struct lkey key = {.iu = inner->column, .expr = inner};
        if (inner->kind != EXPR_COLUMN)
            TRY(plan_iu_new(plan, inner->type, "", (inner->flags & EXPR_NULLABLE) != 0, &key.iu));
        VEC_PUSH(plan->cx, &group->group.keys, key);
        TRY(plan_column(plan, key.iu, inner->at, &inner));
        TRY(plan_equal(plan, inner, other, e->kind == EXPR_DISTINCT, &list->items[i]));
    }
    return LLKV_OK;
}

struct agg_scan {
    const struct iuset *outer;
    bool fixed;
};

static llkv_code see_agg(void *arg, const struct expr **io_expr)
{
    struct agg_scan *scan = arg;
    scan->fixed |= expr_touches(*io_expr, scan->outer) ||
                   ((*io_expr)->flags & (EXPR_CAN_RAISE | EXPR_VOLATILE)) != 0;
    return LLKV_OK;
}

llkv_code scalar_by_keys(struct plan *plan, struct lnode *join, const struct iuset *outer,
                         bool change, bool *out_done)
{
    struct lnode *group = scalar_group(join->child[1]);
    struct agg_scan scan = {.outer = outer};
    struct replace columns;
    expr_list list = {0};
    *out_done = false;
    if (group == NULL) return LLKV_OK;
    TRY(lnode_exprs(group, see_agg, &scan));
    if (scan.fixed) return LLKV_OK;
    struct unnest_pull request = {.plan = plan, .outer = outer, .change = change};
    TRY(replace_init(plan, &columns));
    TRY(unnest_pull(&request, &group->child[0], &list, &columns, out_done));
    if (*out_done) TRY(split_all(plan, &list, group, outer, change, out_done));
    if (!change || !*out_done) return LLKV_OK;
    return raise_chain(plan, join, group, list);
}

llkv_code scalar_by_domain(struct plan *plan, struct lnode *join, const struct iuset *outer)
{
    struct lnode *group = scalar_group(join->child[1]);
    struct domain d;
    expr_list conditions = {0};
    CHECK(plan->cx, group != NULL);
    TRY(domain_init(plan, join, outer, &d));
    const struct expr **columns = cx_alloc_array(plan->cx, d.list.count + 1u, sizeof *columns);
    const struct expr **own = cx_alloc_array(plan->cx, d.list.count + 1u, sizeof *own);
    if (columns == NULL || own == NULL) return LLKV_NOMEM;
    TRY(domain_push(&d, &group->child[0], columns));
    TRY(domain_rename(&d, group, columns, false));
    for (uint32_t i = 0; i < d.list.count; i++) {
        struct lkey key = {.iu = columns[i]->column, .expr = columns[i]};
        VEC_PUSH(plan->cx, &group->group.keys, key);
    }
    TRY(domain_own(&d, own));
    TRY(domain_conditions(&d, own, columns, &conditions));
    return raise_chain(plan, join, group, conditions);
}
