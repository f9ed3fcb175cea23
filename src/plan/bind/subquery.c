/* subquery.c -- subqueries in expressions: dependent joins over what the clause reads. */
#include "plan/bind/bind.h"

static llkv_code attach(struct binder *b, struct scope *scope, enum ljoin_kind kind,
                        struct lnode *right, int32_t at, struct lnode **out_join)
{
    TRY(bind_grouped_free(b, scope, right, at));
    struct iuset outer = {0}, left = {0};
    TRY(lnode_free(b->plan, right, &outer));
    TRY(lnode_produced(b->plan, scope->node, &left));
    struct lnode *join;
    TRY(lnode_new(b->plan, LOP_JOIN, scope->node, right, &join));
    join->kind = (uint8_t)kind;
    join->dependent = iuset_intersects(&outer, &left);
    scope->node = join;
    b->plan->has_subquery = true;
    *out_join = join;
    return LLKV_OK;
}

static llkv_code one_column(struct binder *b, const struct bound_query *query, int32_t at)
{
    if (query->column_count == 1) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SYNTAX, at, "42601",
                      "a subquery used as a value must have one column, this has %u",
                      query->column_count);
}

static llkv_code bind_inner(struct binder *b, struct scope *scope, const struct ast_query *query,
                            struct bound_query *out)
{
    return bind_query(b, scope, scope->ctes, query, out);
}

llkv_code bind_scalar_query(struct binder *b, struct scope *scope, const struct ast_query *query,
                            const struct expr **out)
{
    struct bound_query inner;
    int32_t at = bind_at(b, &query->base);
    TRY(bind_inner(b, scope, query, &inner));
    TRY(one_column(b, &inner, at));
    struct lnode *join;
    TRY(attach(b, scope, LJOIN_SINGLE, inner.node, at, &join));
    join->first_only = b->settings->sqlite_compat;
    b->plan->ius.items[inner.columns[0].iu].nullable = true;
    return plan_column(b->plan, inner.columns[0].iu, at, out);
}

llkv_code bind_exists(struct binder *b, struct scope *scope, const struct ast_query *query,
                      const struct expr **out)
{
    struct bound_query inner;
    int32_t at = bind_at(b, &query->base);
    TRY(bind_inner(b, scope, query, &inner));
    struct lnode *join;
    TRY(attach(b, scope, LJOIN_MARK, inner.node, at, &join));
    TRY(plan_iu_new(b->plan, type_of(TYPE_BOOLEAN), "exists", false, &join->join.mark));
    return plan_column(b->plan, join->join.mark, at, out);
}

/* The mark join of `left op ANY (right)`. */
static llkv_code mark(struct binder *b, struct scope *scope, const struct expr *left,
                      enum compare_op op, const struct bound_query *right, int32_t at,
                      const struct expr **out)
{
    const struct expr *column, *comparison;
    TRY(plan_column(b->plan, right->columns[0].iu, at, &column));
    if (right->columns[0].literal_text && left->type.id != TYPE_VARCHAR)
        TRY(bind_cast(b, column, left->type, EXPR_CAST_PLAIN, at, &column));
    if (left->type.id == TYPE_NULL) TRY(bind_null(b, column->type, at, &left));
    TRY(bind_compare(b, op, left, column, at, &comparison));
    struct lnode *join;
    TRY(attach(b, scope, LJOIN_MARK, right->node, at, &join));
    join->null_aware = true;
    VEC_PUSH(b->cx, &join->join.conditions, comparison);
    TRY(plan_iu_new(b->plan, type_of(TYPE_BOOLEAN), "mark", true, &join->join.mark));
    return plan_column(b->plan, join->join.mark, at, out);
}

llkv_code bind_quantified(struct binder *b, struct scope *scope, const struct expr *left,
                          enum compare_op op, bool all, const struct ast_query *query, int32_t at,
                          const struct expr **out)
{
    struct bound_query inner;
    TRY(bind_inner(b, scope, query, &inner));
    TRY(one_column(b, &inner, at));
    TRY(bind_grouped(b, scope, &left));
    const struct expr *any;
    TRY(mark(b, scope, left, all ? compare_negate(op) : op, &inner, at, &any));
    if (all) return bind_not(b, any, at, out);
    *out = any;
    return LLKV_OK;
}

llkv_code bind_in_object(struct binder *b, struct scope *scope, const struct expr *left,
                         const struct ast_path *path, int32_t at, const struct expr **out)
{
    struct ast_table table = {.base = {.kind = AST_TABLE, .at = path->parts[0].at}, .path = *path};
    struct ast_star star = {.base = {.kind = AST_STAR, .at = path->parts[0].at}};
    struct ast *items[] = {&star.base}, *from[] = {&table.base};
    struct ast_select select = {.base = {.kind = AST_SELECT, .at = path->parts[0].at},
                                .items = {items, 1},
                                .from = {from, 1}};
    struct ast_query query = {.base = {.kind = AST_QUERY, .at = path->parts[0].at},
                              .body = &select.base};
    return bind_quantified(b, scope, left, CMP_EQ, false, &query, at, out);
}
