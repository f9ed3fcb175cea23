/* link_varies.c -- which subplans depend on what an apply binds: a walk over a plan's expressions.
 */
#include "exec/exec_priv.h"

static bool expr_uses(const struct linker *lk, const struct expr *e)
{
    if (e == NULL || (e->flags & (EXPR_HAS_PARAM | EXPR_VOLATILE)) == 0) return false;
    /* What is volatile is computed anew for every row. */
    if ((e->flags & EXPR_VOLATILE) != 0) return true;
    if (e->kind == EXPR_PARAM)
        return e->parameter < lk->plan->parameter_count && bit_get(lk->bound, e->parameter);
    for (uint32_t i = 0; i < e->arg_count; i++)
        if (expr_uses(lk, e->args[i])) return true;
    return false;
}

static bool list_uses(const struct linker *lk, const struct expr *const *exprs, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (expr_uses(lk, exprs[i])) return true;
    return false;
}

static bool filter_uses(const struct linker *lk, const struct pfilter *filter)
{
    return list_uses(lk, filter->conjuncts, filter->count);
}

static bool join_uses(const struct linker *lk, const struct pnode_join *join)
{
    for (uint32_t k = 0; k < join->key_count; k++)
        if (expr_uses(lk, join->keys[k].left) || expr_uses(lk, join->keys[k].right)) return true;
    return filter_uses(lk, &join->residual);
}

static bool keys_use(const struct linker *lk, const struct psort_key *keys, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (expr_uses(lk, keys[k].expr)) return true;
    return false;
}

static bool group_uses(const struct linker *lk, const struct pnode_group *group)
{
    for (uint32_t a = 0; a < group->agg_count; a++) {
        const struct pagg *agg = &group->aggs[a];
        if (expr_uses(lk, agg->arg) || expr_uses(lk, agg->filter) ||
            keys_use(lk, agg->order, agg->order_count))
            return true;
    }
    return list_uses(lk, group->keys, group->key_count);
}

static bool scan_uses(const struct linker *lk, const struct pnode_scan *scan)
{
    for (uint32_t i = 0; i < scan->predicate_count; i++)
        if (expr_uses(lk, scan->predicates[i].value)) return true;
    return filter_uses(lk, &scan->filter);
}

static bool lookup_uses(const struct linker *lk, const struct pnode_lookup *lookup)
{
    return list_uses(lk, lookup->values, lookup->key_column_count) ||
           filter_uses(lk, &lookup->filter);
}

/* The expressions of one node alone. */
static bool node_uses(const struct linker *lk, const struct pnode *node)
{
    switch ((enum pop)node->op) {
    case POP_SCAN: return scan_uses(lk, (const struct pnode_scan *)node);
    case POP_LOOKUP: return lookup_uses(lk, (const struct pnode_lookup *)node);
    case POP_VALUES: {
        const struct pnode_values *v = (const struct pnode_values *)node;
        return list_uses(lk, v->exprs, (uint64_t)v->row_count * node->out_count);
    }
    case POP_RANGE: {
        const struct pnode_range *r = (const struct pnode_range *)node;
        return expr_uses(lk, r->start) || expr_uses(lk, r->stop) || expr_uses(lk, r->step);
    }
    case POP_FILTER: return filter_uses(lk, &((const struct pnode_filter *)node)->filter);
    case POP_PROJECT:
        return list_uses(lk, ((const struct pnode_project *)node)->exprs, node->out_count);
    case POP_HASH_JOIN:
    case POP_LOOP_JOIN: return join_uses(lk, (const struct pnode_join *)node);
    case POP_APPLY: return expr_uses(lk, ((const struct pnode_apply *)node)->compare);
    case POP_GROUP: return group_uses(lk, (const struct pnode_group *)node);
    case POP_SORT: {
        const struct pnode_sort *s = (const struct pnode_sort *)node;
        return keys_use(lk, s->keys, s->key_count);
    }
    case POP_LIMIT: {
        const struct pnode_limit *l = (const struct pnode_limit *)node;
        return expr_uses(lk, l->limit) || expr_uses(lk, l->offset);
    }
    case POP_INSERT:
    case POP_UPDATE:
    case POP_DELETE: return true;
    case POP_CSV:
    case POP_CSV_WRITE:
    case POP_EMPTY:
    case POP_UNION_ALL:
    case POP_SET:
    case POP_SHARED:
    case POP_COUNT: break;
    }
    return false;
}

bool link_varies(const struct linker *lk, const struct pnode *node)
{
    if (node_uses(lk, node)) return true;
    for (uint32_t c = 0; c < node->child_count; c++)
        if (link_varies(lk, node->child[c])) return true;
    return false;
}
