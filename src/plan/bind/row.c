/* row.c -- rows as operands: (a, b) = (1, 2), (a, b) < (1, 2), (a, b) IN ((1, 2), (3, 4)). They are
 * compared member by member; a NULL decides nothing as long as another member does. */
#include "plan/bind/bind.h"

static bool is_comparison(uint16_t op)
{
    return (op >= AST_BINARY_EQ && op <= AST_BINARY_GE) || op == AST_BINARY_DISTINCT ||
           op == AST_BINARY_NOT_DISTINCT;
}

bool bind_is_row_compare(const struct ast_binary *node)
{
    return is_comparison(node->base.op) &&
           (node->left->kind == AST_ROW || node->right->kind == AST_ROW);
}

llkv_code bind_row(struct binder *b, struct scope *scope, const struct ast *node, uint32_t count,
                   const struct expr **out_exprs)
{
    const struct ast_row *row = (const struct ast_row *)node;
    if (node->kind == AST_SUBQUERY && (node->flags & AST_SUBQUERY_ARRAY) == 0)
        return bind_row_query(b, scope, ((const struct ast_subquery *)node)->query, count,
                              out_exprs);
    if (node->kind != AST_ROW)
        return cx_fail_at(b->cx, LLKV_TYPE, bind_at(b, node), "42804",
                          "a row of %u values is needed here", count);
    if (row->items.count != count)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, node), "42601",
                          "rows of %u and %u values do not compare", count, row->items.count);
    for (uint32_t i = 0; i < count; i++)
        TRY(bind_expr(b, scope, row->items.items[i], &out_exprs[i]));
    return LLKV_OK;
}

struct pair {
    const struct expr *const *left, *const *right;
    uint32_t count;
    int32_t at;
};

/* All members by one operator, joined by AND or OR. */
static llkv_code all_members(struct binder *b, uint16_t op, enum expr_kind kind,
                             const struct pair *p, const struct expr **out)
{
    const struct expr **terms = cx_alloc_array(b->cx, p->count, sizeof *terms);
    if (terms == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < p->count; i++)
        TRY(bind_binary(b, op, p->left[i], p->right[i], p->at, &terms[i]));
    return bind_logic(b, kind, terms, p->count, p->at, out);
}

/* The first members that differ decide: l1 < r1 OR (l1 = r1 AND (l2 < r2 OR ...)). */
static llkv_code by_order(struct binder *b, uint16_t op, const struct pair *p,
                          const struct expr **out)
{
    uint16_t strict = op == AST_BINARY_LT || op == AST_BINARY_LE ? AST_BINARY_LT : AST_BINARY_GT;
    uint32_t last = p->count - 1;
    const struct expr *e, *both[2], *either[2];
    TRY(bind_binary(b, op, p->left[last], p->right[last], p->at, &e));
    for (uint32_t i = last; i-- > 0;) {
        TRY(bind_binary(b, AST_BINARY_EQ, p->left[i], p->right[i], p->at, &both[0]));
        both[1] = e;
        TRY(bind_binary(b, strict, p->left[i], p->right[i], p->at, &either[0]));
        TRY(bind_logic(b, EXPR_AND, both, 2, p->at, &either[1]));
        TRY(bind_logic(b, EXPR_OR, either, 2, p->at, &e));
    }
    *out = e;
    return LLKV_OK;
}

static llkv_code compare_rows(struct binder *b, uint16_t op, const struct pair *p,
                              const struct expr **out)
{
    if (op == AST_BINARY_EQ || op == AST_BINARY_NOT_DISTINCT)
        return all_members(b, op, EXPR_AND, p, out);
    if (op == AST_BINARY_NE || op == AST_BINARY_DISTINCT)
        return all_members(b, op, EXPR_OR, p, out);
    return by_order(b, op, p, out);
}

static llkv_code row_room(struct binder *b, uint32_t count, const struct expr ***out)
{
    *out = cx_alloc_array(b->cx, count + 1u, sizeof **out);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

llkv_code bind_row_compare(struct binder *b, struct scope *scope, const struct ast_binary *node,
                           const struct expr **out)
{
    const struct ast *row = node->left->kind == AST_ROW ? node->left : node->right;
    uint32_t count = ((const struct ast_row *)row)->items.count;
    const struct expr **left, **right;
    if (count == 0) return bind_unsupported(b, row, "a row without values");
    TRY(row_room(b, count, &left));
    TRY(row_room(b, count, &right));
    TRY(bind_row(b, scope, node->left, count, left));
    TRY(bind_row(b, scope, node->right, count, right));
    struct pair pair = {left, right, count, bind_at(b, &node->base)};
    return compare_rows(b, node->base.op, &pair, out);
}

llkv_code bind_row_in_list(struct binder *b, struct scope *scope, const struct ast_in_list *node,
                           const struct expr **out)
{
    uint32_t count = ((const struct ast_row *)node->value)->items.count;
    int32_t at = bind_at(b, &node->base);
    bool negated = (node->base.flags & AST_NEGATED) != 0;
    const struct expr **left, **right, *e;
    if (count == 0) return bind_unsupported(b, node->value, "a row without values");
    if (node->items.count == 0) return bind_bool(b, negated, at, out);
    const struct expr **terms;
    TRY(row_room(b, node->items.count, &terms));
    TRY(row_room(b, count, &left));
    TRY(bind_row(b, scope, node->value, count, left));
    for (uint32_t i = 0; i < node->items.count; i++) {
        TRY(row_room(b, count, &right));
        TRY(bind_row(b, scope, node->items.items[i], count, right));
        struct pair pair = {left, right, count, at};
        TRY(compare_rows(b, AST_BINARY_EQ, &pair, &terms[i]));
    }
    TRY(bind_logic(b, EXPR_OR, terms, node->items.count, at, &e));
    if (negated) return bind_not(b, e, at, out);
    *out = e;
    return LLKV_OK;
}
