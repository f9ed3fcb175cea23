/* rows.c -- how many rows every operator hands up. */
#include <math.h>

#include "plan/stats/stats.h"

/* x = y over the two sides: which argument belongs to the left; -1: another form. */
static int key_side(const struct expr *e, const struct iuset *left)
{
    bool equal =
        (e->kind == EXPR_COMPARE && e->op == CMP_EQ) || (e->kind == EXPR_DISTINCT && e->op == 1);
    if (!equal) return -1;
    bool in_left[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        const struct expr *column = e->args[i];
        while (column->kind != EXPR_COLUMN && column->arg_count != 0)
            column = column->args[0];
        if (column->kind != EXPR_COLUMN) return -1;
        in_left[i] = iuset_has(left, column->column);
    }
    if (in_left[0] == in_left[1]) return -1;
    return in_left[0] ? 0 : 1;
}

llkv_code stats_join(struct plan *plan, const expr_list *conditions, const struct iuset *left,
                     const double rows[2], double *out)
{
    double distinct[2] = {1, 1}, part, d;
    bool keys = false;
    *out = 1;
    for (uint32_t i = 0; i < conditions->count; i++) {
        const struct expr *e = conditions->items[i];
        int side = key_side(e, left);
        if (side < 0) {
            TRY(stats_selectivity(plan, e, &part));
            *out *= part;
            continue;
        }
        for (int k = 0; k < 2; k++) {
            TRY(stats_distinct(plan, e->args[k == 0 ? side : 1 - side], fmax(1, rows[k]), &d));
            distinct[k] *= d;
        }
        keys = true;
    }
    /* several columns have at most as many combinations as there are rows */
    for (int k = 0; k < 2; k++)
        distinct[k] = fmax(1, fmin(distinct[k], rows[k]));
    if (keys) *out /= fmax(distinct[0], distinct[1]);
    return LLKV_OK;
}

/* The part of the left rows that have a partner. */
static llkv_code part_with_partner(struct plan *plan, const struct lnode *join,
                                   const struct iuset *left, double *out)
{
    const double rows[2] = {join->child[0]->rows, join->child[1]->rows};
    double part, d[2] = {1, 1}, one;
    bool keys = false;
    *out = 1;
    for (uint32_t i = 0; i < join->join.conditions.count; i++) {
        const struct expr *e = join->join.conditions.items[i];
        int side = key_side(e, left);
        if (side < 0) {
            TRY(stats_selectivity(plan, e, &part));
            *out *= fmax(part, 0.5); /* any of several partners will do */
            continue;
        }
        keys = true;
        for (int k = 0; k < 2; k++) {
            TRY(stats_distinct(plan, e->args[k == 0 ? side : 1 - side], fmax(1, rows[k]), &one));
            d[k] *= one;
        }
    }
    if (keys) *out *= fmin(1, fmin(d[1], rows[1]) / fmax(1, fmin(d[0], rows[0])));
    if (rows[1] < 1) *out = 0;
    return LLKV_OK;
}

static llkv_code join_rows(struct plan *plan, struct lnode *node)
{
    struct iuset left = {0};
    const double rows[2] = {node->child[0]->rows, node->child[1]->rows};
    double part;
    node->rows = rows[0];
    if (node->kind == LJOIN_MARK || node->kind == LJOIN_SINGLE) return LLKV_OK;
    TRY(lnode_produced(plan, node->child[0], &left));
    if (node->kind == LJOIN_SEMI || node->kind == LJOIN_ANTI || node->kind == LJOIN_ANTI_NULL) {
        TRY(part_with_partner(plan, node, &left, &part));
        node->rows *= node->kind == LJOIN_SEMI ? part : fmax(0.1, 1 - part);
        return LLKV_OK;
    }
    TRY(stats_join(plan, &node->join.conditions, &left, rows, &part));
    node->rows = rows[0] * rows[1] * part;
    if (node->kind == LJOIN_LEFT || node->kind == LJOIN_FULL)
        node->rows = fmax(node->rows, rows[0]);
    if (node->kind == LJOIN_RIGHT || node->kind == LJOIN_FULL)
        node->rows = fmax(node->rows, rows[1]);
    return LLKV_OK;
}

static llkv_code group_rows(struct plan *plan, struct lnode *node)
{
    double groups = 1, d, rows = node->child[0]->rows;
    for (uint32_t i = 0; i < node->group.keys.count && groups < rows; i++) {
        TRY(stats_distinct(plan, node->group.keys.items[i].expr, fmax(1, rows), &d));
        groups *= d;
    }
    node->rows = node->group.keys.count == 0 ? 1 : fmin(groups, rows);
    return LLKV_OK;
}

static double limit_rows(const struct lnode *node)
{
    const struct expr *limit = node->limit.limit;
    double rows = node->child[0]->rows;
    if (limit == NULL || limit->kind != EXPR_CONST || limit->value->is_null) return rows;
    return limit->value->i < 0 ? rows : fmin(rows, (double)limit->value->i);
}

static double range_rows(const struct lnode *node)
{
    const struct expr *parts[3] = {node->range.start, node->range.stop, node->range.step};
    for (int i = 0; i < 3; i++)
        if (parts[i]->kind != EXPR_CONST || parts[i]->value->is_null) return 1000;
    if (parts[2]->value->i == 0) return 0;
    double span = (double)parts[1]->value->i - (double)parts[0]->value->i;
    return fmax(0, span / (double)parts[2]->value->i);
}

static double setop_rows(const struct lnode *node)
{
    double left = node->child[0]->rows, right = node->child[1]->rows;
    switch ((enum lsetop_kind)node->kind) {
    case LSETOP_UNION_ALL:
    case LSETOP_UNION: return left + right;
    case LSETOP_INTERSECT: return fmin(left, right);
    case LSETOP_EXCEPT: return left;
    }
    return left;
}

llkv_code stats_node_rows(struct plan *plan, struct lnode *node)
{
    double part = 1;
    switch ((enum lop)node->op) {
    case LOP_SCAN:
        TRY(stats_conjunction(plan, &node->scan.conjuncts, &part));
        node->rows = stats_table_rows(plan, node);
        if (node->rows > 0) node->rows = fmax(1, node->rows * part);
        break;
    case LOP_VALUES: node->rows = node->values.row_count; break;
    case LOP_RANGE: node->rows = range_rows(node); break;
    case LOP_CSV: node->rows = 100000; break; /* nobody has looked */
    case LOP_EMPTY: node->rows = 0; break;
    case LOP_SELECT:
        TRY(stats_conjunction(plan, &node->select.conjuncts, &part));
        node->rows = node->child[0]->rows * part;
        break;
    case LOP_MAP:
    case LOP_SORT: node->rows = node->child[0]->rows; break;
    case LOP_LIMIT: node->rows = limit_rows(node); break;
    case LOP_JOIN: return join_rows(plan, node);
    case LOP_GROUP: return group_rows(plan, node);
    case LOP_SETOP: node->rows = setop_rows(node); break;
    case LOP_SHARED: node->rows = fmax(0, plan->shared.items[node->shared.index]->rows); break;
    case LOP_COUNT: break;
    }
    return LLKV_OK;
}

llkv_code stats_rows(struct plan *plan, struct lnode *node)
{
    TRY(cx_enter(plan->cx));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(stats_rows(plan, node->child[i]));
    TRY(stats_node_rows(plan, node));
    cx_leave(plan->cx);
    return LLKV_OK;
}
