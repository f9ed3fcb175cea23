/* rank.c -- filter_order: of several conditions on the same rows, the one that drops most per
 * nanosecond comes first. Those that may raise an error stay behind the ones written before them.
 */
#include <math.h>

#include "plan/stats/stats.h"

/* Nanoseconds per row, roughly. */
static double own_cost(const struct expr *e)
{
    bool text = e->arg_count != 0 && e->args[0]->type.phys == PHYS_VIEW;
    switch ((enum expr_kind)e->kind) {
    case EXPR_CONST:
    case EXPR_COLUMN:
    case EXPR_PARAM: return 0;
    case EXPR_COMPARE:
    case EXPR_DISTINCT: return text ? 2 : 0.1;
    case EXPR_IN: return text ? 6 : 0.5;
    case EXPR_LIKE: return 10;
    case EXPR_CALL: return 15;
    case EXPR_CAST: return text || e->type.phys == PHYS_VIEW ? 20 : 0.3;
    case EXPR_CASE: return 2;
    case EXPR_ARITH:
    case EXPR_UNARY:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_IS_NULL:
    case EXPR_IS_NOT_NULL:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE:
    case EXPR_COALESCE:
    case EXPR_NULLIF:
    case EXPR_KIND_COUNT: return 0.2;
    }
    return 0.2;
}

static llkv_code cost_of(struct plan *plan, const struct expr *e, double *io_cost)
{
    *io_cost += own_cost(e);
    if (e->arg_count == 0 || e->kind == EXPR_IN) return LLKV_OK;
    TRY(cx_enter(plan->cx));
    for (uint32_t i = 0; i < e->arg_count; i++)
        TRY(cost_of(plan, e->args[i], io_cost));
    cx_leave(plan->cx);
    return LLKV_OK;
}

static llkv_code rank_of(struct plan *plan, const struct expr *e, double *out)
{
    double cost = 0.1, part;
    TRY(cost_of(plan, e, &cost));
    TRY(stats_selectivity(plan, e, &part));
    *out = cost / fmax(1 - part, 0.01);
    return LLKV_OK;
}

static bool is_fixed(const struct expr *e)
{
    return (e->flags & (EXPR_CAN_RAISE | EXPR_VOLATILE)) != 0;
}

/* Insertion, because lists are short and equal ranks keep their order. */
static llkv_code rank_list(struct plan *plan, expr_list *list)
{
    enum { LIST_MAX = 64 };
    double ranks[LIST_MAX];
    if (list->count < 2 || list->count > LIST_MAX) return LLKV_OK;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct expr *e = list->items[i];
        double rank;
        TRY(rank_of(plan, e, &rank));
        uint32_t at = i;
        while (!is_fixed(e) && at > 0 && !is_fixed(list->items[at - 1]) && ranks[at - 1] > rank) {
            list->items[at] = list->items[at - 1];
            ranks[at] = ranks[at - 1];
            at--;
        }
        list->items[at] = e;
        ranks[at] = rank;
    }
    return LLKV_OK;
}

static llkv_code rank_node(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    TRY(cx_enter(plan->cx));
    if (node->op == LOP_SCAN && node->scan.conjuncts.count > 1 &&
        stats_table_rows(plan, node) > STATS_SMALL_ROWS)
        TRY(rank_list(plan, &node->scan.conjuncts));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(rank_node(plan, &node->child[i]));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code rule_filter_order(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->shared.count; i++)
        TRY(rank_node(plan, &plan->shared.items[i]));
    return rank_node(plan, &plan->root);
}
