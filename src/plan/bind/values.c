/* values.c -- VALUES: rows of expressions. A row with a subquery is a query of its own; then the
 * rows are put together by UNION ALL. */
#include <string.h>

#include "plan/bind/bind.h"

/* ---- rows ---- */

llkv_code bind_rows_init(struct binder *b, uint32_t row_count, uint32_t column_count,
                         struct bound_rows *out)
{
    *out = (struct bound_rows){.row_count = row_count, .column_count = column_count};
    out->cells = cx_alloc_array(b->cx, (size_t)row_count * column_count + 1, sizeof *out->cells);
    out->nodes = cx_alloc_array(b->cx, row_count + 1u, sizeof *out->nodes);
    if (out->cells == NULL || out->nodes == NULL) return LLKV_NOMEM;
    memset(out->nodes, 0, (row_count + 1u) * sizeof *out->nodes);
    return LLKV_OK;
}

llkv_code bind_row_begin(struct binder *b, struct scope *io_scope, struct lnode **io_one)
{
    if (*io_one != NULL && io_scope->node == *io_one) return LLKV_OK; /* nothing was put on it */
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, io_one));
    (*io_one)->values.row_count = 1;
    io_scope->node = *io_one;
    return LLKV_OK;
}

void bind_row_end(struct bound_rows *rows, uint32_t row, const struct scope *scope,
                  const struct lnode *one)
{
    rows->nodes[row] = scope->node == one ? NULL : scope->node;
}

/* ---- the node ---- */

struct arm {
    struct lnode *node;
    iu_list ius;
};

static bool column_nullable(const struct bound_rows *rows, uint32_t column)
{
    for (uint32_t r = 0; r < rows->row_count; r++) {
        const struct expr *e = rows->cells[(size_t)r * rows->column_count + column];
        if ((e->flags & EXPR_NULLABLE) != 0 || e->type.id == TYPE_NULL) return true;
    }
    return false;
}

static llkv_code arm_columns(struct binder *b, const struct bound_rows *rows, struct arm *arm)
{
    for (uint32_t c = 0; c < rows->column_count; c++) {
        iu_id iu;
        TRY(plan_iu_new(b->plan, rows->cells[c]->type, "", column_nullable(rows, c), &iu));
        VEC_PUSH(b->cx, &arm->ius, iu);
    }
    return LLKV_OK;
}

/* Rows without subqueries from `first` on, or the one row that has some; *io_first goes behind. */
static llkv_code next_arm(struct binder *b, const struct bound_rows *rows, uint32_t *io_first,
                          struct arm *out)
{
    uint32_t first = *io_first, end = first + 1;
    const struct expr **cells = rows->cells + (size_t)first * rows->column_count;
    *out = (struct arm){0};
    TRY(arm_columns(b, rows, out));
    if (rows->nodes[first] != NULL) {
        TRY(lnode_new(b->plan, LOP_MAP, rows->nodes[first], NULL, &out->node));
        for (uint32_t c = 0; c < rows->column_count; c++)
            VEC_PUSH(b->cx, &out->node->map.items, (struct lmap_item){out->ius.items[c], cells[c]});
    } else {
        while (end < rows->row_count && rows->nodes[end] == NULL)
            end++;
        TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &out->node));
        out->node->values.row_count = end - first;
        out->node->values.ius = out->ius;
        out->node->values.exprs.items = cells;
        out->node->values.exprs.count = (end - first) * rows->column_count;
        out->node->values.exprs.capacity = out->node->values.exprs.count;
    }
    *io_first = end;
    return LLKV_OK;
}

static llkv_code unite(struct binder *b, const struct bound_rows *rows, const struct arm *left,
                       const struct arm *right, struct arm *out)
{
    struct arm both = {0};
    TRY(lnode_new(b->plan, LOP_SETOP, left->node, right->node, &both.node));
    TRY(arm_columns(b, rows, &both));
    both.node->kind = LSETOP_UNION_ALL;
    both.node->setop.ius = both.ius;
    both.node->setop.from[0] = left->ius;
    both.node->setop.from[1] = right->ius;
    *out = both;
    return LLKV_OK;
}

llkv_code bind_rows_node(struct binder *b, const struct bound_rows *rows, struct lnode **out_node,
                         const iu_id **out_ius)
{
    VEC(struct arm) arms = {0};
    for (uint32_t first = 0; first < rows->row_count;) {
        struct arm arm;
        TRY(next_arm(b, rows, &first, &arm));
        VEC_PUSH(b->cx, &arms, arm);
    }
    while (arms.count > 1) { /* in pairs: the tree is no deeper than it must be */
        uint32_t kept = 0;
        for (uint32_t i = 0; i < arms.count; i += 2, kept++) {
            if (i + 1 == arms.count)
                arms.items[kept] = arms.items[i];
            else
                TRY(unite(b, rows, &arms.items[i], &arms.items[i + 1], &arms.items[kept]));
        }
        arms.count = kept;
    }
    *out_node = arms.items[0].node;
    *out_ius = arms.items[0].ius.items;
    return LLKV_OK;
}

/* ---- VALUES as a query ---- */

static llkv_code bind_cells(struct binder *b, struct scope *scope, const struct ast_values *values,
                            struct bound_rows *rows)
{
    struct lnode *one = NULL;
    for (uint32_t r = 0; r < values->row_count; r++) {
        TRY(bind_row_begin(b, scope, &one));
        for (uint32_t c = 0; c < values->column_count; c++) {
            size_t i = (size_t)r * values->column_count + c;
            TRY(bind_expr(b, scope, values->cells[i], &rows->cells[i]));
        }
        bind_row_end(rows, r, scope, one);
    }
    return LLKV_OK;
}

/* One type per column. */
static llkv_code unify_cells(struct binder *b, const struct bound_rows *rows, struct type *types)
{
    const struct expr **column = cx_alloc_array(b->cx, rows->row_count, sizeof *column);
    if (column == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < rows->column_count; c++) {
        for (uint32_t r = 0; r < rows->row_count; r++)
            column[r] = rows->cells[(size_t)r * rows->column_count + c];
        TRY(bind_unify(b, column, rows->row_count, "the rows of VALUES", &types[c]));
        for (uint32_t r = 0; r < rows->row_count; r++)
            rows->cells[(size_t)r * rows->column_count + c] = column[r];
    }
    return LLKV_OK;
}

llkv_code bind_values(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                      const struct ast_values *values, struct bound_query *out)
{
    struct scope scope = {.parent = parent, .ctes = ctes, .clause = CLAUSE_VALUES};
    struct bound_rows rows;
    const iu_id *ius;
    uint32_t count = values->column_count;
    struct type *types = cx_alloc_array(b->cx, count, sizeof *types);
    out->columns = cx_alloc_array(b->cx, count, sizeof *out->columns);
    if (types == NULL || out->columns == NULL) return LLKV_NOMEM;
    TRY(bind_rows_init(b, values->row_count, count, &rows));
    TRY(bind_cells(b, &scope, values, &rows));
    TRY(unify_cells(b, &rows, types));
    TRY(bind_rows_node(b, &rows, &out->node, &ius));
    for (uint32_t c = 0; c < count; c++) {
        const char *name = cx_printf(b->cx, "column%u", c + 1);
        if (name == NULL) return LLKV_NOMEM;
        b->plan->ius.items[ius[c]].name = name;
        out->columns[c] = (struct bound_column){.name = slice_of(name),
                                                .iu = ius[c],
                                                .type = types[c],
                                                .nullable = b->plan->ius.items[ius[c]].nullable};
    }
    out->column_count = count;
    return LLKV_OK;
}
