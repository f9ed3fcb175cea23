/* group.c -- how groups are found: a direct index where statistics bound the keys, else by hash. */
#include "plan/phys/phys.h"

enum { DIRECT_ROWS_MIN = 4096, DIRECT_FACTOR = 4, DIRECT_SLOTS_MAX = 1 << 22 };

static llkv_code group_need(struct phys *p, struct lnode *node, struct iuset *out)
{
    for (uint32_t i = 0; i < node->group.keys.count; i++)
        TRY(iuset_add_expr(p->cx, out, node->group.keys.items[i].expr));
    for (uint32_t i = 0; i < node->group.aggs.count; i++) {
        const struct lagg *agg = &node->group.aggs.items[i];
        TRY(iuset_add_expr(p->cx, out, agg->arg));
        TRY(iuset_add_expr(p->cx, out, agg->filter));
        for (uint32_t k = 0; k < agg->order_count; k++)
            TRY(iuset_add_expr(p->cx, out, agg->order[k].expr));
    }
    return LLKV_OK;
}

static llkv_code group_agg(struct phys *p, const struct lagg *agg, struct pagg *out)
{
    struct psort_key *order = NULL;
    *out = (struct pagg){.op = agg->op,
                         .distinct = agg->distinct,
                         .separator = agg->separator,
                         .type = agg->type,
                         .scale = agg->scale,
                         .order_count = agg->order_count};
    TRY(phys_expr(p, agg->arg, &out->arg));
    TRY(phys_expr(p, agg->filter, &out->filter));
    if (agg->order_count == 0) return LLKV_OK;
    order = cx_alloc_array(p->cx, agg->order_count, sizeof *order);
    if (order == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < agg->order_count; i++) {
        order[i] = agg->order[i];
        TRY(phys_expr(p, order[i].expr, &order[i].expr));
    }
    out->order = order;
    return LLKV_OK;
}

/* The proven range of an integer key. */
static bool key_range(struct phys *p, const struct expr *key, struct pgroup_range *out)
{
    struct column_stats stats;
    if (key->type.id == TYPE_BOOLEAN) {
        *out = (struct pgroup_range){0, 1};
        return true;
    }
    if (!type_is_integer(key->type) || phys_bytes[key->type.phys] > 8) return false;
    if (key->type.phys == PHYS_U64) return false;
    if (!phys_stats(p, key, &stats) || !stats.has_range) return false;
    *out = (struct pgroup_range){stats.min.i, stats.max.i};
    return true;
}

static llkv_code choose_direct(struct phys *p, struct pnode_group *node, const struct pnode *child)
{
    if (!plan_rule_on(p->plan, RULE_BIT(direct_group)) || child->rows < DIRECT_ROWS_MIN)
        return LLKV_OK;
    struct pgroup_range *ranges = cx_alloc_array(p->cx, node->key_count, sizeof *ranges);
    if (ranges == NULL) return LLKV_NOMEM;
    double slots = 1;
    for (uint32_t i = 0; i < node->key_count; i++) {
        if (!key_range(p, node->keys[i], &ranges[i])) return LLKV_OK;
        slots *= (double)ranges[i].max - (double)ranges[i].min + 2; /* and one for NULL */
        if (slots > DIRECT_SLOTS_MAX || slots > DIRECT_FACTOR * child->rows) return LLKV_OK;
    }
    node->ranges = ranges;
    node->strategy = PGROUP_DIRECT;
    return LLKV_OK;
}

static double group_rows(const struct lnode *node, const struct pnode *child)
{
    if (node->group.keys.count == 0) return 1;
    if (node->rows >= 0) return node->rows;
    return child->rows / 4 + 1;
}

llkv_code phys_group(struct phys *p, struct lnode *node, const struct iuset *need,
                     struct pnode **out)
{
    struct iuset below = {0};
    struct pnode *child;
    uint32_t keys = node->group.keys.count, aggs = node->group.aggs.count;
    (void)need; /* pruning took what nobody needs */
    TRY(group_need(p, node, &below));
    TRY(phys_build(p, node->child[0], &below, &child));
    iu_id *ius = cx_alloc_array(p->cx, keys + aggs + 1u, sizeof *ius);
    const struct expr **key_exprs = cx_alloc_array(p->cx, keys + 1u, sizeof *key_exprs);
    struct pagg *paggs = cx_alloc_array(p->cx, aggs + 1u, sizeof *paggs);
    if (ius == NULL || key_exprs == NULL || paggs == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < keys; i++) {
        ius[i] = node->group.keys.items[i].iu;
        TRY(phys_expr(p, node->group.keys.items[i].expr, &key_exprs[i]));
    }
    for (uint32_t i = 0; i < aggs; i++) {
        ius[keys + i] = node->group.aggs.items[i].iu;
        TRY(group_agg(p, &node->group.aggs.items[i], &paggs[i]));
    }
    TRY(phys_node(p, POP_GROUP, sizeof(struct pnode_group), ius, keys + aggs, out));
    struct pnode_group *group = (struct pnode_group *)*out;
    group->strategy = keys == 0 ? PGROUP_PLAIN : PGROUP_HASH;
    group->key_count = keys;
    group->agg_count = aggs;
    group->keys = key_exprs;
    group->aggs = paggs;
    group->row_of_agg = node->group.row_of_agg;
    (*out)->child[0] = child;
    (*out)->child_count = 1;
    (*out)->rows = group_rows(node, child);
    (*out)->rows_max = keys == 0 ? 1 : child->rows_max;
    return keys == 0 ? LLKV_OK : choose_direct(p, group, child);
}
