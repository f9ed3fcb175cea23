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
    if (right->columns[0].literal_text && left->type.id != TYPE_VARCHAR &&
        left->type.id != TYPE_NULL)
        TRY(bind_cast(b, column, left->type, EXPR_CAST_PLAIN, at, &column));
    if (left->type.id == TYPE_NULL)
        TRY(bind_cast(b, left, column->type, EXPR_CAST_PLAIN, at, &left));
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

static llkv_code row_columns(struct binder *b, const struct bound_query *query, uint32_t count,
                             int32_t at)
{
    if (query->column_count == count) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SYNTAX, at, "42601",
                      "a row of %u values and a query of %u columns do not compare", count,
                      query->column_count);
}

llkv_code bind_row_query(struct binder *b, struct scope *scope, const struct ast_query *query,
                         uint32_t count, const struct expr **out_exprs)
{
    struct bound_query inner;
    int32_t at = bind_at(b, &query->base);
    TRY(bind_inner(b, scope, query, &inner));
    TRY(row_columns(b, &inner, count, at));
    struct lnode *join;
    TRY(attach(b, scope, LJOIN_SINGLE, inner.node, at, &join));
    join->first_only = b->settings->sqlite_compat;
    for (uint32_t i = 0; i < count; i++) {
        b->plan->ius.items[inner.columns[i].iu].nullable = true;
        TRY(plan_column(b->plan, inner.columns[i].iu, at, &out_exprs[i]));
    }
    return LLKV_OK;
}

/* Equalities that are never NULL stand apart, where a hash join can use them; what is left is one
 * condition, whose NULL counts as unknown. */
static llkv_code row_conditions(struct binder *b, const struct expr *const *left,
                                const struct bound_query *right, int32_t at, expr_list *out)
{
    expr_list unknown = {0};
    for (uint32_t i = 0; i < right->column_count; i++) {
        const struct expr *column, *equal;
        TRY(plan_column(b->plan, right->columns[i].iu, at, &column));
        if (right->columns[i].literal_text && left[i]->type.id != TYPE_VARCHAR &&
            left[i]->type.id != TYPE_NULL)
            TRY(bind_cast(b, column, left[i]->type, EXPR_CAST_PLAIN, at, &column));
        TRY(bind_compare(b, CMP_EQ, left[i], column, at, &equal));
        if ((equal->flags & EXPR_NULLABLE) != 0)
            VEC_PUSH(b->cx, &unknown, equal);
        else
            VEC_PUSH(b->cx, out, equal);
    }
    if (unknown.count == 0) return LLKV_OK;
    const struct expr *last;
    TRY(bind_make(b, EXPR_AND, 0, type_of(TYPE_BOOLEAN), unknown.items, unknown.count, at, &last));
    if (unknown.count == 1) last = unknown.items[0];
    VEC_PUSH(b->cx, out, last);
    return LLKV_OK;
}

llkv_code bind_row_in(struct binder *b, struct scope *scope, const struct expr *const *left,
                      uint32_t count, const struct ast_query *query, int32_t at,
                      const struct expr **out)
{
    struct bound_query inner;
    expr_list conditions = {0};
    TRY(bind_inner(b, scope, query, &inner));
    TRY(row_columns(b, &inner, count, at));
    const struct expr **grouped = cx_alloc_array(b->cx, count, sizeof *grouped);
    if (grouped == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        grouped[i] = left[i];
        TRY(bind_grouped(b, scope, &grouped[i]));
    }
    TRY(row_conditions(b, grouped, &inner, at, &conditions));
    struct lnode *join;
    TRY(attach(b, scope, LJOIN_MARK, inner.node, at, &join));
    join->null_aware = true;
    join->join.conditions = conditions;
    TRY(plan_iu_new(b->plan, type_of(TYPE_BOOLEAN), "mark", true, &join->join.mark));
    return plan_column(b->plan, join->join.mark, at, out);
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
