/* query.c -- queries: WITH, set operations, ORDER BY and LIMIT around them. */
#include "plan/bind/bind.h"

static llkv_code bind_body(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                           const struct ast *body, const struct ast_list *order,
                           struct bound_query *out);

/* ---- set operations ---- */

llkv_code bind_query_cast(struct binder *b, struct bound_query *io_query, const struct type *types)
{
    struct lnode *map = NULL;
    for (uint32_t i = 0; i < io_query->column_count; i++) {
        struct bound_column *column = &io_query->columns[i];
        if (type_equal(column->type, types[i])) continue;
        const struct expr *e;
        TRY(plan_column(b->plan, column->iu, -1, &e));
        TRY(bind_cast(b, e, types[i], EXPR_CAST_PLAIN, -1, &e));
        if (map == NULL) TRY(lnode_new(b->plan, LOP_MAP, io_query->node, NULL, &map));
        TRY(plan_iu_new(b->plan, types[i], "", column->nullable, &column->iu));
        VEC_PUSH(b->cx, &map->map.items, (struct lmap_item){column->iu, e});
        column->type = types[i];
    }
    if (map != NULL) io_query->node = map;
    return LLKV_OK;
}

static llkv_code setop_types(struct binder *b, const struct ast_setop *setop,
                             const struct bound_query *l, const struct bound_query *r,
                             struct type *types)
{
    for (uint32_t i = 0; i < l->column_count; i++) {
        const struct bound_column *x = &l->columns[i], *y = &r->columns[i];
        if (x->literal_text && y->type.id != TYPE_NULL && !type_is_numeric(y->type)) {
            types[i] = y->type;
        } else if (y->literal_text && x->type.id != TYPE_NULL && !type_is_numeric(x->type)) {
            types[i] = x->type;
        } else if (!bind_common_of(b, COMMON_RESULT, x->type, y->type, &types[i])) {
            char xt[32], yt[32];
            type_print(x->type, xt, sizeof xt);
            type_print(y->type, yt, sizeof yt);
            return cx_fail_at(b->cx, LLKV_TYPE, bind_at(b, &setop->base), "42804",
                              "column %u of the set operation: %s and %s do not fit", i + 1, xt,
                              yt);
        }
        if (types[i].id == TYPE_NULL) types[i] = type_of(TYPE_INTEGER);
    }
    return LLKV_OK;
}

static enum lsetop_kind setop_kind(const struct ast_setop *setop)
{
    switch ((enum ast_setop_op)setop->base.op) {
    case AST_SETOP_UNION:
        return (setop->base.flags & AST_SETOP_ALL) != 0 ? LSETOP_UNION_ALL : LSETOP_UNION;
    case AST_SETOP_INTERSECT: return LSETOP_INTERSECT;
    case AST_SETOP_EXCEPT: return LSETOP_EXCEPT;
    }
    return LSETOP_UNION;
}

static llkv_code combine(struct binder *b, const struct ast_setop *setop, struct bound_query *l,
                         struct bound_query *r)
{
    if (l->column_count != r->column_count)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &setop->base), "42601",
                          "the sides of a set operation have %u and %u columns", l->column_count,
                          r->column_count);
    struct type *types = cx_alloc_array(b->cx, l->column_count, sizeof *types);
    if (types == NULL) return LLKV_NOMEM;
    TRY(setop_types(b, setop, l, r, types));
    TRY(bind_query_cast(b, l, types));
    TRY(bind_query_cast(b, r, types));
    struct lnode *node;
    TRY(lnode_new(b->plan, LOP_SETOP, l->node, r->node, &node));
    node->kind = (uint8_t)setop_kind(setop);
    node->all = (setop->base.flags & AST_SETOP_ALL) != 0;
    for (uint32_t i = 0; i < l->column_count; i++) {
        bool nullable = l->columns[i].nullable || r->columns[i].nullable;
        iu_id iu;
        VEC_PUSH(b->cx, &node->setop.from[0], l->columns[i].iu);
        VEC_PUSH(b->cx, &node->setop.from[1], r->columns[i].iu);
        TRY(plan_iu_new(b->plan, types[i], "", nullable, &iu));
        VEC_PUSH(b->cx, &node->setop.ius, iu);
        l->columns[i] = (struct bound_column){
            .name = l->columns[i].name, .iu = iu, .type = types[i], .nullable = nullable};
    }
    l->node = node;
    l->ordered = false;
    return LLKV_OK;
}

/* ORDER BY may use what any arm calls its columns. */
static llkv_code keep_names(struct binder *b, const struct bound_query *arm,
                            const struct bound_alias **io_aliases)
{
    for (uint32_t i = 0; i < arm->column_count; i++) {
        struct bound_alias *alias = cx_alloc(b->cx, sizeof *alias);
        if (alias == NULL) return LLKV_NOMEM;
        *alias = (struct bound_alias){*io_aliases, arm->columns[i].name, i};
        *io_aliases = alias;
    }
    return LLKV_OK;
}

static llkv_code bind_setop(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                            const struct ast_setop *setop, struct bound_query *out)
{
    if ((setop->base.flags & AST_SETOP_BY_NAME) != 0)
        return bind_unsupported(b, &setop->base, "BY NAME");
    const struct bound_alias *aliases = NULL;
    TRY(bind_body(b, parent, ctes, setop->arms.items[0], NULL, out));
    for (uint32_t i = 1; i < setop->arms.count; i++) {
        struct bound_query right;
        TRY(bind_body(b, parent, ctes, setop->arms.items[i], NULL, &right));
        TRY(combine(b, setop, out, &right));
        TRY(keep_names(b, &right, &aliases));
    }
    out->aliases = aliases;
    return LLKV_OK;
}

/* ---- ORDER BY of anything but a plain SELECT: names and ordinals of the output ---- */

static llkv_code order_column(struct binder *b, const struct bound_query *query,
                              const struct ast *value, uint32_t *out)
{
    if (value->kind == AST_LITERAL && value->op == AST_LITERAL_INTEGER) {
        const struct ast_literal *literal = (const struct ast_literal *)value;
        if ((value->flags & AST_LITERAL_FITS) != 0 && literal->value >= 1 &&
            literal->value <= query->column_count) {
            *out = (uint32_t)literal->value - 1;
            return LLKV_OK;
        }
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, value), "42P10",
                          "ORDER BY position is not among the %u columns", query->column_count);
    }
    if (value->kind != AST_COLUMN)
        return cx_fail_at(
            b->cx, LLKV_SEMANTIC, bind_at(b, value), "42P10",
            "ORDER BY of a set operation takes columns of the result, no expressions");
    const struct ast_path *path = &((const struct ast_column *)value)->path;
    for (uint32_t i = 0; i < query->column_count; i++)
        if (slice_equal_folded(query->columns[i].name, path->parts[path->count - 1].text)) {
            *out = i;
            return LLKV_OK;
        }
    for (const struct bound_alias *alias = query->aliases; alias != NULL; alias = alias->next)
        if (slice_equal_folded(alias->name, path->parts[path->count - 1].text)) {
            *out = alias->column;
            return LLKV_OK;
        }
    return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, value), "42703",
                      "the result has no column \"%.*s\"",
                      SLICE_ARG(path->parts[path->count - 1].text));
}

static llkv_code add_order(struct binder *b, struct lnode *sort, const struct ast_order *order,
                           iu_id iu)
{
    const struct expr *e;
    struct psort_key key;
    TRY(plan_column(b->plan, iu, bind_at(b, &order->base), &e));
    TRY(bind_sort_key(b, order, e, &key));
    VEC_PUSH(b->cx, &sort->sort.keys, key);
    return LLKV_OK;
}

static llkv_code bind_output_order(struct binder *b, const struct ast_list *order,
                                   struct bound_query *io)
{
    struct lnode *sort;
    TRY(lnode_new(b->plan, LOP_SORT, io->node, NULL, &sort));
    for (uint32_t i = 0; i < order->count; i++) {
        const struct ast_order *item = (const struct ast_order *)order->items[i];
        if (item->value == NULL) {
            for (uint32_t c = 0; c < io->column_count; c++)
                TRY(add_order(b, sort, item, io->columns[c].iu));
            continue;
        }
        uint32_t column = 0;
        TRY(order_column(b, io, item->value, &column));
        TRY(add_order(b, sort, item, io->columns[column].iu));
    }
    io->node = sort;
    io->ordered = true;
    return LLKV_OK;
}

/* ---- LIMIT ---- */

static llkv_code limit_expr(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                            const struct ast *node, const char *what, const struct expr **out)
{
    struct scope scope = {.ctes = ctes, .clause = CLAUSE_VALUES};
    (void)parent; /* LIMIT sees no columns, those of outer queries neither */
    *out = NULL;
    if (node == NULL) return LLKV_OK;
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &scope.node));
    scope.node->values.row_count = 1;
    struct lnode *one = scope.node;
    const struct expr *e;
    TRY(bind_expr(b, &scope, node, &e));
    if (scope.node != one) return bind_unsupported(b, node, "a subquery in LIMIT");
    return bind_coerce(b, e, type_of(TYPE_BIGINT), what, out);
}

static llkv_code bind_limit(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                            const struct ast_query *query, struct bound_query *io)
{
    if ((query->base.flags & AST_QUERY_LIMIT_PERCENT) != 0)
        return bind_unsupported(b, query->limit, "LIMIT with a percentage");
    if ((query->base.flags & AST_QUERY_WITH_TIES) != 0)
        return bind_unsupported(b, query->limit, "WITH TIES");
    if (query->limit == NULL && query->offset == NULL) return LLKV_OK;
    struct lnode *node;
    TRY(lnode_new(b->plan, LOP_LIMIT, io->node, NULL, &node));
    TRY(limit_expr(b, parent, ctes, query->limit, "LIMIT", &node->limit.limit));
    TRY(limit_expr(b, parent, ctes, query->offset, "OFFSET", &node->limit.offset));
    node->limit.negative_is_none = b->settings->sqlite_compat;
    io->node = node;
    return LLKV_OK;
}

/* ---- the whole ---- */

static llkv_code bind_body(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                           const struct ast *body, const struct ast_list *order,
                           struct bound_query *out)
{
    llkv_code rc = cx_enter(b->cx);
    if (rc != LLKV_OK) return cx_place(b->cx, rc, bind_at(b, body));
    *out = (struct bound_query){0};
    switch (body->kind) {
    case AST_SELECT:
        rc = bind_select(b, parent, ctes, (const struct ast_select *)body, order, out);
        order = NULL;
        break;
    case AST_SETOP: rc = bind_setop(b, parent, ctes, (const struct ast_setop *)body, out); break;
    case AST_VALUES: rc = bind_values(b, parent, ctes, (const struct ast_values *)body, out); break;
    case AST_QUERY: rc = bind_query(b, parent, ctes, (const struct ast_query *)body, out); break;
    default: rc = bind_unsupported(b, body, "this query");
    }
    if (rc != LLKV_OK) return rc;
    if (order != NULL && order->count != 0) TRY(bind_output_order(b, order, out));
    cx_leave(b->cx);
    return LLKV_OK;
}

static llkv_code check_cte_name(struct binder *b, const struct ast_with *with, uint32_t index)
{
    const struct ast_cte *cte = (const struct ast_cte *)with->ctes.items[index];
    for (uint32_t k = 0; k < index; k++) {
        const struct ast_cte *other = (const struct ast_cte *)with->ctes.items[k];
        if (slice_equal_folded(other->name.text, cte->name.text))
            return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at_name(b, &cte->name), "42712",
                              "\"%.*s\" is defined twice", SLICE_ARG(cte->name.text));
    }
    return LLKV_OK;
}

llkv_code bind_with(struct binder *b, struct scope *parent, const struct ast_with *with,
                    const struct scope_cte **io_ctes)
{
    if (with == NULL) return LLKV_OK;
    if ((with->base.flags & AST_WITH_RECURSIVE) != 0)
        return bind_unsupported(b, &with->base, "WITH RECURSIVE");
    for (uint32_t i = 0; i < with->ctes.count; i++) {
        TRY(check_cte_name(b, with, i));
        struct scope_cte *entry = cx_alloc(b->cx, sizeof *entry);
        struct cte_state *state = cx_alloc_zero(b->cx, sizeof *state);
        if (entry == NULL || state == NULL) return LLKV_NOMEM;
        *entry = (struct scope_cte){.cte = (const struct ast_cte *)with->ctes.items[i],
                                    .outer = *io_ctes,
                                    .parent = parent,
                                    .state = state};
        *io_ctes = entry;
    }
    return LLKV_OK;
}

llkv_code bind_unused_ctes(struct binder *b, const struct ast_with *with,
                           const struct scope_cte *ctes)
{
    for (uint32_t i = 0; with != NULL && i < with->ctes.count; i++, ctes = ctes->outer) {
        struct bound_query ignored;
        if (ctes->state->used) continue;
        TRY(bind_query(b, ctes->parent, ctes->outer, ctes->cte->query, &ignored));
    }
    return LLKV_OK;
}

llkv_code bind_query(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                     const struct ast_query *query, struct bound_query *out)
{
    TRY(bind_with(b, parent, query->with, &ctes));
    TRY(bind_body(b, parent, ctes, query->body, &query->order, out));
    TRY(bind_unused_ctes(b, query->with, ctes));
    return bind_limit(b, parent, ctes, query, out);
}
