/* clone.c -- a second copy of a subtree, with columns of its own. */
#include <assert.h>

#include "plan/rule/rule.h"
#include "plan/unnest/unnest.h"

struct cloner {
    struct plan *plan;
    struct replace *columns;
};

static llkv_code fresh(struct cloner *c, iu_id *io_iu)
{
    const struct expr *known = c->columns->by_iu[*io_iu];
    if (known == NULL) {
        struct iu info = c->plan->ius.items[*io_iu];
        iu_id iu;
        TRY(plan_iu_new(c->plan, info.type, info.name, info.nullable, &iu));
        TRY(plan_column(c->plan, iu, -1, &known));
        TRY(replace_set(c->columns, *io_iu, known));
    }
    *io_iu = known->column;
    return LLKV_OK;
}

static llkv_code fresh_list(struct cloner *c, iu_list *io_list)
{
    iu_list copy = {0};
    for (uint32_t i = 0; i < io_list->count; i++) {
        iu_id iu = io_list->items[i];
        TRY(fresh(c, &iu));
        VEC_PUSH(c->plan->cx, &copy, iu);
    }
    *io_list = copy;
    return LLKV_OK;
}

static llkv_code copy_exprs(struct cloner *c, expr_list *io_list)
{
    expr_list copy = {0};
    for (uint32_t i = 0; i < io_list->count; i++)
        VEC_PUSH(c->plan->cx, &copy, io_list->items[i]);
    *io_list = copy;
    return LLKV_OK;
}

static llkv_code clone_scan(struct cloner *c, struct lnode *node, const struct lnode *old)
{
    memset(&node->scan.columns, 0, sizeof node->scan.columns);
    TRY(fresh_list(c, &node->scan.ius));
    assert(node->scan.ius.count == old->scan.columns.count);
    for (uint32_t i = 0; i < node->scan.ius.count; i++) {
        VEC_PUSH(c->plan->cx, &node->scan.columns, old->scan.columns.items[i]);
        c->plan->ius.items[node->scan.ius.items[i]].scan = node;
        c->plan->ius.items[node->scan.ius.items[i]].column = old->scan.columns.items[i];
    }
    return copy_exprs(c, &node->scan.conjuncts);
}

static llkv_code clone_map(struct cloner *c, struct lnode *node, const struct lnode *old)
{
    memset(&node->map.items, 0, sizeof node->map.items);
    for (uint32_t i = 0; i < old->map.items.count; i++) {
        struct lmap_item item = old->map.items.items[i];
        TRY(fresh(c, &item.iu));
        VEC_PUSH(c->plan->cx, &node->map.items, item);
    }
    return LLKV_OK;
}

static llkv_code clone_group(struct cloner *c, struct lnode *node, const struct lnode *old)
{
    memset(&node->group.keys, 0, sizeof node->group.keys);
    memset(&node->group.aggs, 0, sizeof node->group.aggs);
    for (uint32_t i = 0; i < old->group.keys.count; i++) {
        struct lkey key = old->group.keys.items[i];
        TRY(fresh(c, &key.iu));
        VEC_PUSH(c->plan->cx, &node->group.keys, key);
    }
    for (uint32_t i = 0; i < old->group.aggs.count; i++) {
        struct lagg agg = old->group.aggs.items[i];
        TRY(fresh(c, &agg.iu));
        if (agg.order_count != 0) {
            agg.order = cx_alloc_array(c->plan->cx, agg.order_count, sizeof *agg.order);
            if (agg.order == NULL) return LLKV_NOMEM;
            memcpy(agg.order, old->group.aggs.items[i].order, agg.order_count * sizeof *agg.order);
        }
        VEC_PUSH(c->plan->cx, &node->group.aggs, agg);
    }
    return LLKV_OK;
}

static llkv_code clone_sort(struct cloner *c, struct lnode *node, const struct lnode *old)
{
    memset(&node->sort.keys, 0, sizeof node->sort.keys);
    for (uint32_t i = 0; i < old->sort.keys.count; i++)
        VEC_PUSH(c->plan->cx, &node->sort.keys, old->sort.keys.items[i]);
    return LLKV_OK;
}

/* What it reads is still the definition's; but each reader drops columns from a list of its own. */
static llkv_code clone_shared(struct cloner *c, struct lnode *node, const struct lnode *old)
{
    memset(&node->shared.from, 0, sizeof node->shared.from);
    for (uint32_t i = 0; i < old->shared.from.count; i++)
        VEC_PUSH(c->plan->cx, &node->shared.from, old->shared.from.items[i]);
    return fresh_list(c, &node->shared.ius);
}

static llkv_code clone_own(struct cloner *c, struct lnode *node, const struct lnode *old)
{
    switch ((enum lop)node->op) {
    case LOP_SCAN: return clone_scan(c, node, old);
    case LOP_VALUES:
        TRY(fresh_list(c, &node->values.ius));
        return copy_exprs(c, &node->values.exprs);
    case LOP_RANGE: return fresh(c, &node->range.iu);
    case LOP_CSV: return fresh_list(c, &node->csv.ius);
    case LOP_EMPTY: return fresh_list(c, &node->empty.ius);
    case LOP_SELECT: return copy_exprs(c, &node->select.conjuncts);
    case LOP_MAP: return clone_map(c, node, old);
    case LOP_JOIN:
        if (node->kind == LJOIN_MARK) TRY(fresh(c, &node->join.mark));
        return copy_exprs(c, &node->join.conditions);
    case LOP_GROUP: return clone_group(c, node, old);
    case LOP_SORT: return clone_sort(c, node, old);
    case LOP_SETOP:
        TRY(fresh_list(c, &node->setop.from[0]));
        TRY(fresh_list(c, &node->setop.from[1]));
        return fresh_list(c, &node->setop.ius);
    case LOP_SHARED: return clone_shared(c, node, old);
    case LOP_LIMIT:
    case LOP_COUNT: break;
    }
    return LLKV_OK;
}

static llkv_code clone(struct cloner *c, const struct lnode *old, struct lnode **out)
{
    struct lnode *node;
    TRY(cx_enter(c->plan->cx));
    TRY(lnode_new(c->plan, (enum lop)old->op, NULL, NULL, &node));
    *node = *old;
    for (int i = 0; i < 2; i++)
        if (old->child[i] != NULL) TRY(clone(c, old->child[i], &node->child[i]));
    TRY(clone_own(c, node, old));
    *out = node;
    cx_leave(c->plan->cx);
    return LLKV_OK;
}

llkv_code unnest_clone(struct plan *plan, const struct lnode *node, struct replace *columns,
                       struct lnode **out)
{
    struct cloner c = {plan, columns};
    TRY(replace_init(plan, columns));
    TRY(clone(&c, node, out));
    return replace_tree(columns, *out);
}
