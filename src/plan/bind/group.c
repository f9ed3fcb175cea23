/* group.c -- GROUP BY and aggregates.
 *
 * Aggregates are found in the AST first and bound over the input; then the GROUP node goes on top,
 * and what is bound afterwards (select list, HAVING, ORDER BY) may name its keys and results only.
 */
#include "plan/bind/bind.h"

/* ---- finding aggregate calls ---- */

static bool is_aggregate_call(const struct ast_call *call, enum agg_op *out_op)
{
    if (call->name.count != 1 || call->over != NULL) return false;
    struct slice name = call->name.parts[0].text;
    bool many = call->args.count > 1;
    if (many && (slice_equal_folded(name, SLICE("max")) || slice_equal_folded(name, SLICE("min"))))
        return false;
    return function_aggregate(name, (call->base.flags & AST_CALL_STAR) != 0, out_op);
}

typedef llkv_code found_fn(void *arg, const struct ast_call *call);
struct finder {
    const struct binder *b;
    found_fn *fn;
    void *arg;
};

static llkv_code find_visit(struct cx *cx, const struct ast *node, void *state, bool *out_descend)
{
    (void)cx;
    struct finder *finder = state;
    enum agg_op op;
    if (node->kind == AST_QUERY) *out_descend = false; /* another level */
    if (node->kind != AST_CALL) return LLKV_OK;
    if (!is_aggregate_call((const struct ast_call *)node, &op)) return LLKV_OK;
    *out_descend = false;
    if (bind_is_outer(finder->b, (const struct ast_call *)node)) return LLKV_OK;
    return finder->fn(finder->arg, (const struct ast_call *)node);
}

static llkv_code find_in(struct binder *b, const struct ast *node, struct finder *finder)
{
    return node == NULL ? LLKV_OK : ast_visit(b->cx, node, find_visit, finder);
}

static llkv_code set_true(void *arg, const struct ast_call *call)
{
    (void)call;
    *(bool *)arg = true;
    return LLKV_OK;
}

bool bind_has_aggregate(struct binder *b, const struct ast *node)
{
    bool found = false;
    struct finder finder = {b, set_true, &found};
    llkv_code rc = find_in(b, node, &finder);
    return rc == LLKV_OK && found;
}

/* ---- typing ---- */

static llkv_code agg_cast(struct binder *b, struct lagg *agg, enum type_id to)
{
    enum expr_cast mode = b->settings->sqlite_compat ? EXPR_CAST_SQLITE : EXPR_CAST_PLAIN;
    return bind_cast(b, agg->arg, type_of(to), mode, agg->arg->at, &agg->arg);
}

static llkv_code agg_mismatch(struct binder *b, const struct lagg *agg, const char *needs)
{
    char text[32];
    type_print(agg->arg->type, text, sizeof text);
    return cx_fail_at(b->cx, LLKV_TYPE, agg->arg->at, "42883", "this aggregate takes %s, not %s",
                      needs, text);
}

static llkv_code type_sum(struct binder *b, struct lagg *agg)
{
    struct type t = agg->arg->type;
    if (b->settings->sqlite_compat) {
        bool text = t.id == TYPE_VARCHAR || t.id == TYPE_BLOB;
        if (t.id == TYPE_BOOLEAN || t.id == TYPE_NULL) TRY(agg_cast(b, agg, TYPE_BIGINT));
        if (text) TRY(agg_cast(b, agg, TYPE_NUMBER));
        t = agg->arg->type;
        if (t.id == TYPE_NUMBER) agg->op = AGG_SUM_NUMBER;
        if (type_is_integer(t)) agg->op = AGG_SUM_I64;
        agg->type = type_is_integer(t) ? type_of(TYPE_BIGINT) : t;
        return LLKV_OK;
    }
    if (t.id == TYPE_NULL) TRY(agg_cast(b, agg, TYPE_INTEGER));
    if (t.id == TYPE_FLOAT) TRY(agg_cast(b, agg, TYPE_DOUBLE));
    t = agg->arg->type;
    if (!type_is_numeric(t)) return agg_mismatch(b, agg, "numbers");
    if (t.id == TYPE_DECIMAL) {
        agg->type = type_decimal(38, t.scale);
    } else if (type_is_integer(t)) {
        bool narrow = phys_bytes[t.phys] <= 4;
        agg->type = type_of(narrow ? TYPE_BIGINT : TYPE_HUGEINT);
    } else {
        agg->type = type_of(TYPE_DOUBLE);
    }
    return LLKV_OK;
}

static llkv_code type_avg(struct binder *b, struct lagg *agg)
{
    struct type t = agg->arg->type;
    bool exact = type_is_integer(t) || t.id == TYPE_DECIMAL;
    if (!exact && !type_is_numeric(t) && t.id != TYPE_NULL && !b->settings->sqlite_compat)
        return agg_mismatch(b, agg, "numbers");
    if (!exact) TRY(agg_cast(b, agg, TYPE_DOUBLE));
    agg->scale = t.id == TYPE_DECIMAL ? t.scale : 0;
    agg->type = type_of(TYPE_DOUBLE);
    return LLKV_OK;
}

static llkv_code type_text(struct binder *b, const struct ast_call *call, struct scope *scope,
                           struct lagg *agg)
{
    TRY(bind_cast(b, agg->arg, type_of(TYPE_VARCHAR), EXPR_CAST_PLAIN, agg->arg->at, &agg->arg));
    agg->type = type_of(TYPE_VARCHAR);
    agg->separator = SLICE(",");
    if (call->args.count < 2) return LLKV_OK;
    if (agg->distinct && b->settings->sqlite_compat)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &call->base), NULL,
                          "DISTINCT aggregates take one argument");
    const struct expr *separator;
    TRY(bind_expr(b, scope, call->args.items[1], &separator));
    if (separator->kind != EXPR_CONST)
        return bind_unsupported(b, call->args.items[1], "a separator that is not a constant");
    if (separator->value->is_null) return LLKV_OK;
    return value_to_text(b->cx, separator->value, &agg->separator);
}

static llkv_code type_agg(struct binder *b, struct scope *scope, const struct ast_call *call,
                          struct lagg *agg)
{
    switch ((enum agg_op)agg->op) {
    case AGG_COUNT_STAR:
    case AGG_COUNT: agg->type = type_of(TYPE_BIGINT); return LLKV_OK;
    case AGG_SUM:
    case AGG_SUM_I64:
    case AGG_SUM_NUMBER: return type_sum(b, agg);
    case AGG_AVG: return type_avg(b, agg);
    case AGG_MIN:
    case AGG_MAX:
    case AGG_ANY:
    case AGG_FIRST:
    case AGG_LAST: agg->type = agg->arg->type; return LLKV_OK;
    case AGG_BOOL_AND:
    case AGG_BOOL_OR:
        if (agg->arg->type.id != TYPE_BOOLEAN && agg->arg->type.id != TYPE_NULL)
            return agg_mismatch(b, agg, "BOOLEAN");
        agg->type = type_of(TYPE_BOOLEAN);
        return agg_cast(b, agg, TYPE_BOOLEAN);
    case AGG_BIT_AND:
    case AGG_BIT_OR:
    case AGG_BIT_XOR:
        if (!type_is_integer(agg->arg->type)) return agg_mismatch(b, agg, "integers");
        agg->type = agg->arg->type;
        return LLKV_OK;
    case AGG_GROUP_CONCAT: return type_text(b, call, scope, agg);
    case AGG_TOTAL:
    case AGG_VAR_POP:
    case AGG_VAR_SAMP:
    case AGG_STDDEV_POP:
    case AGG_STDDEV_SAMP: agg->type = type_of(TYPE_DOUBLE); return agg_cast(b, agg, TYPE_DOUBLE);
    case AGG_COUNT_OF_OPS: break;
    }
    return LLKV_OK;
}

/* ---- binding one call ---- */

static llkv_code agg_order(struct binder *b, struct scope *scope, const struct ast_call *call,
                           struct lagg *agg)
{
    if (call->order.count == 0) return LLKV_OK;
    agg->order = cx_alloc_array(b->cx, call->order.count, sizeof *agg->order);
    if (agg->order == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < call->order.count; i++) {
        const struct ast_order *order = (const struct ast_order *)call->order.items[i];
        if (order->value == NULL) return bind_unsupported(b, &order->base, "ORDER BY ALL here");
        const struct expr *e;
        TRY(bind_expr(b, scope, order->value, &e));
        TRY(bind_sort_key(b, order, e, &agg->order[agg->order_count++]));
    }
    return LLKV_OK;
}

static bool same_agg(const struct lagg *x, const struct lagg *y)
{
    if (x->op != y->op || x->distinct != y->distinct || x->order_count + y->order_count != 0)
        return false;
    if ((x->arg == NULL) != (y->arg == NULL) || (x->filter == NULL) != (y->filter == NULL))
        return false;
    if (x->arg != NULL && ((x->arg->flags & EXPR_VOLATILE) || !expr_equal(x->arg, y->arg)))
        return false;
    if (x->filter != NULL && !expr_equal(x->filter, y->filter)) return false;
    return slice_equal(x->separator, y->separator);
}

static llkv_code add_agg(struct binder *b, struct lnode *group, struct lagg *agg,
                         uint32_t *out_index)
{
    for (uint32_t i = 0; i < group->group.aggs.count; i++)
        if (same_agg(&group->group.aggs.items[i], agg)) {
            *out_index = i;
            return LLKV_OK;
        }
    bool counts = agg->op == AGG_COUNT || agg->op == AGG_COUNT_STAR || agg->op == AGG_TOTAL;
    TRY(plan_iu_new(b->plan, agg->type, "", !counts, &agg->iu));
    *out_index = group->group.aggs.count;
    VEC_PUSH(b->cx, &group->group.aggs, *agg);
    return LLKV_OK;
}

struct collector {
    struct binder *b;
    struct scope *scope;
    struct lnode *group;
};

static llkv_code check_arguments(struct binder *b, const struct ast_call *call)
{
    bool star = (call->base.flags & AST_CALL_STAR) != 0;
    bool distinct = (call->base.flags & AST_CALL_DISTINCT) != 0;
    int32_t at = bind_at(b, &call->base);
    if (star && distinct)
        return cx_fail_at(b->cx, LLKV_SYNTAX, at, NULL, "DISTINCT * is not allowed");
    bool count_empty =
        call->args.count == 0 && slice_equal_folded(call->name.parts[0].text, SLICE("count"));
    if (star || count_empty) return LLKV_OK;
    enum agg_op op = AGG_COUNT;
    bool known = is_aggregate_call(call, &op);
    assert(known);
    (void)known;
    uint32_t max = op == AGG_GROUP_CONCAT ? 2 : 1;
    if (call->args.count < 1 || call->args.count > max)
        return cx_fail_at(b->cx, LLKV_NAME, at, "42883", "%.*s takes %s",
                          SLICE_ARG(call->name.parts[0].text),
                          max == 1 ? "one argument" : "one or two arguments");
    return LLKV_OK;
}

static llkv_code collect(void *arg, const struct ast_call *call)
{
    struct collector *c = arg;
    struct binder *b = c->b;
    enum agg_op op = AGG_COUNT;
    TRY(check_arguments(b, call));
    if (!is_aggregate_call(call, &op)) return LLKV_OK;
    if (call->within_group.count != 0) return bind_unsupported(b, &call->base, "WITHIN GROUP");
    struct lagg agg = {.op = (uint8_t)op};
    bool distinct_matters = op != AGG_MIN && op != AGG_MAX;
    agg.distinct = (call->base.flags & AST_CALL_DISTINCT) != 0 && distinct_matters;
    if (op == AGG_COUNT && call->args.count == 0) agg.op = AGG_COUNT_STAR;
    if (agg.op != AGG_COUNT_STAR) TRY(bind_expr(b, c->scope, call->args.items[0], &agg.arg));
    if (call->filter != NULL) TRY(bind_condition(b, c->scope, call->filter, &agg.filter));
    TRY(bind_outer_check(b, c->scope, call, agg.arg, agg.filter));
    TRY(type_agg(b, c->scope, call, &agg));
    TRY(agg_order(b, c->scope, call, &agg));
    uint32_t index;
    TRY(add_agg(b, c->group, &agg, &index));
    VEC_PUSH(b->cx, &c->scope->aggs, (struct scope_agg){call, index});
    return LLKV_OK;
}

/* ---- the group itself ---- */

/* GROUP BY 2: the second item of the select list. */
static llkv_code group_ordinal(struct binder *b, const struct ast_select *select,
                               const struct ast *item, const struct ast **out)
{
    const struct ast_literal *literal = (const struct ast_literal *)item;
    *out = item;
    if (item->kind != AST_LITERAL || item->op != AST_LITERAL_INTEGER) return LLKV_OK;
    bool fits = (item->flags & AST_LITERAL_FITS) != 0;
    if (!fits || literal->value < 1 || literal->value > select->items.count)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, item), "42P10",
                          "GROUP BY position is not in the select list of %u items",
                          select->items.count);
    const struct ast *chosen = select->items.items[literal->value - 1];
    if (chosen->kind != AST_ITEM) return bind_unsupported(b, item, "a GROUP BY position of a *");
    *out = ((const struct ast_item *)chosen)->value;
    return LLKV_OK;
}

static llkv_code add_key(struct binder *b, struct scope *scope, struct lnode *group,
                         const struct ast *item)
{
    if (item->kind == AST_GROUP_SET)
        return bind_unsupported(b, item, "GROUPING SETS, ROLLUP or CUBE");
    TRY(group_ordinal(b, scope->select, item, &item));
    struct lkey key = {0};
    TRY(bind_expr(b, scope, item, &key.expr));
    for (uint32_t i = 0; i < group->group.keys.count; i++)
        if (expr_equal(group->group.keys.items[i].expr, key.expr)) return LLKV_OK;
    struct iuset input = {0};
    TRY(lnode_produced(b->plan, scope->node, &input));
    bool own = key.expr->kind == EXPR_COLUMN && iuset_has(&input, key.expr->column);
    if (own) /* and not one of an outer query, whose name stays with its rows */
        key.iu = key.expr->column;
    else
        TRY(plan_iu_new(b->plan, key.expr->type, "", (key.expr->flags & EXPR_NULLABLE) != 0,
                        &key.iu));
    VEC_PUSH(b->cx, &group->group.keys, key);
    return LLKV_OK;
}

/* GROUP BY ALL: every item without an aggregate. */
static llkv_code add_all_keys(struct binder *b, struct scope *scope, struct lnode *group)
{
    for (uint32_t i = 0; i < scope->select->items.count; i++) {
        const struct ast *item = scope->select->items.items[i];
        if (item->kind != AST_ITEM) return bind_unsupported(b, item, "GROUP BY ALL with *");
        const struct ast *value = ((const struct ast_item *)item)->value;
        if (!bind_has_aggregate(b, value)) TRY(add_key(b, scope, group, value));
    }
    return LLKV_OK;
}

static llkv_code is_grouped(struct binder *b, const struct ast_select *select,
                            const struct ast_list *order, bool *out)
{
    *out = select->group.count != 0 || select->having != NULL ||
           (select->base.flags & AST_SELECT_GROUP_ALL) != 0;
    for (uint32_t i = 0; b->outer_aggs != NULL && i < b->outer_aggs->count && !*out; i++)
        *out = b->outer_aggs->items[i].owner == select;
    struct finder finder = {b, set_true, out};
    for (uint32_t i = 0; i < select->items.count && !*out; i++)
        TRY(find_in(b, select->items.items[i], &finder));
    for (uint32_t i = 0; order != NULL && i < order->count && !*out; i++)
        TRY(find_in(b, order->items[i], &finder));
    return LLKV_OK;
}

static llkv_code collect_all(struct binder *b, struct scope *scope, struct lnode *group,
                             const struct ast_list *order)
{
    struct collector collector = {b, scope, group};
    struct finder finder = {b, collect, &collector};
    const struct ast_select *select = scope->select;
    scope->clause = CLAUSE_AGGREGATE;
    for (uint32_t i = 0; i < select->items.count; i++)
        TRY(find_in(b, select->items.items[i], &finder));
    TRY(find_in(b, select->having, &finder));
    for (uint32_t i = 0; order != NULL && i < order->count; i++)
        TRY(find_in(b, order->items[i], &finder));
    for (uint32_t i = 0; b->outer_aggs != NULL && i < b->outer_aggs->count; i++)
        if (b->outer_aggs->items[i].owner == select)
            TRY(collect(&collector, b->outer_aggs->items[i].call));
    return LLKV_OK;
}

/* SQLite: with exactly one min() or max(), bare columns come from its row. */
static int32_t row_of_agg(const struct binder *b, const struct lnode *group)
{
    int32_t found = -1;
    if (!b->settings->sqlite_compat) return -1;
    for (uint32_t i = 0; i < group->group.aggs.count; i++) {
        uint8_t op = group->group.aggs.items[i].op;
        if (op != AGG_MIN && op != AGG_MAX) continue;
        if (found >= 0) return -1;
        found = (int32_t)i;
    }
    return found;
}

llkv_code bind_group(struct binder *b, struct scope *scope, const struct ast_select *select,
                     const struct ast_list *order)
{
    bool grouped;
    TRY(is_grouped(b, select, order, &grouped));
    if (!grouped) return LLKV_OK;
    struct lnode *group;
    TRY(lnode_new(b->plan, LOP_GROUP, NULL, NULL, &group));
    scope->clause = CLAUSE_GROUP;
    for (uint32_t i = 0; i < select->group.count; i++)
        TRY(add_key(b, scope, group, select->group.items[i]));
    if ((select->base.flags & AST_SELECT_GROUP_ALL) != 0) TRY(add_all_keys(b, scope, group));
    TRY(collect_all(b, scope, group, order));
    if (group->group.keys.count + group->group.aggs.count == 0) { /* HAVING alone: one group */
        struct lagg agg = {.op = AGG_COUNT_STAR, .type = type_of(TYPE_BIGINT)};
        uint32_t index;
        TRY(add_agg(b, group, &agg, &index));
    }
    group->group.row_of_agg = row_of_agg(b, group);
    TRY(lnode_produced(b->plan, scope->node, &scope->input));
    group->child[0] = scope->node;
    scope->node = group;
    scope->group = group;
    scope->grouped = true;
    return lnode_produced(b->plan, group, &scope->visible);
}

llkv_code bind_aggregate_ref(struct binder *b, struct scope *scope, const struct ast_call *call,
                             const struct expr **out)
{
    int32_t at = bind_at(b, &call->base);
    for (struct scope *s = scope; s != NULL; s = bind_is_outer(b, call) ? s->parent : NULL)
        for (uint32_t i = 0; s->grouped && i < s->aggs.count; i++)
            if (s->aggs.items[i].call == call) {
                uint32_t index = s->aggs.items[i].index;
                return plan_column(b->plan, s->group->group.aggs.items[index].iu, at, out);
            }
    TRY(bind_outer_try(b, scope, call));
    static const char *const places[] = {
        "in FROM", "in WHERE", "in GROUP BY", "inside another aggregate",
        "here",    "here",     "here",        "here"};
    return cx_fail_at(b->cx, LLKV_SEMANTIC, at, "42803", "aggregate %.*s is not allowed %s",
                      SLICE_ARG(call->name.parts[0].text), places[scope->clause]);
}

/* ---- what may be named above the group ---- */

/* What the query calls a column. */
static struct slice column_name(const struct scope *scope, iu_id iu, struct slice own_name)
{
    for (uint32_t i = 0; i < scope->relations.count; i++) {
        const struct scope_relation *r = &scope->relations.items[i];
        for (uint32_t c = 0; c < r->column_count; c++)
            if (r->columns[c].iu == iu) return r->columns[c].name;
    }
    return own_name;
}

static llkv_code bare_column(struct binder *b, struct scope *scope, iu_id iu, int32_t at)
{
    const struct iu *info = &b->plan->ius.items[iu];
    if (!b->settings->sqlite_compat) {
        struct slice name = column_name(scope, iu, slice_of(info->name));
        llkv_code rc =
            cx_fail_at(b->cx, LLKV_SEMANTIC, at, "42803",
                       "column \"%.*s\" is neither grouped nor aggregated", SLICE_ARG(name));
        if (rc == LLKV_OK || name.len == 0) return rc;
        return cx_hint(b->cx, "use any_value(%.*s), or add it to GROUP BY", SLICE_ARG(name));
    }
    bool of_row = scope->group->group.row_of_agg >= 0;
    struct lagg agg = {.iu = iu, .op = of_row ? AGG_ANY : AGG_FIRST, .type = info->type};
    TRY(plan_column(b->plan, iu, at, &agg.arg));
    VEC_PUSH(b->cx, &scope->group->group.aggs, agg);
    return iuset_add(b->cx, &scope->visible, iu);
}

/* Is the column one of the group's input? Columns of tables come into being when they are named, so
 * the set is made anew for those it does not know. */
static llkv_code is_below(struct binder *b, struct scope *scope, iu_id iu, bool *out)
{
    *out = iuset_has(&scope->input, iu);
    if (*out || b->plan->ius.items[iu].scan == NULL) return LLKV_OK;
    TRY(lnode_produced(b->plan, scope->group->child[0], &scope->input));
    *out = iuset_has(&scope->input, iu);
    return LLKV_OK;
}

static llkv_code grouped_columns(struct binder *b, struct scope *scope, const struct expr **io_expr)
{
    const struct expr *e = *io_expr;
    if (!(e->flags & EXPR_HAS_COLUMN)) return LLKV_OK;
    if (e->kind == EXPR_COLUMN) {
        bool below;
        if (iuset_has(&scope->visible, e->column)) return LLKV_OK;
        TRY(is_below(b, scope, e->column, &below));
        return below ? bare_column(b, scope, e->column, e->at) : LLKV_OK;
    }
    for (uint32_t i = 0; i < scope->group->group.keys.count; i++) {
        const struct lkey *key = &scope->group->group.keys.items[i];
        if (expr_equal(key->expr, e)) return plan_column(b->plan, key->iu, e->at, io_expr);
    }
    const struct expr **args = cx_alloc_array(b->cx, e->arg_count, sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    TRY(cx_enter(b->cx));
    for (uint32_t i = 0; i < e->arg_count; i++) {
        args[i] = e->args[i];
        TRY(grouped_columns(b, scope, &args[i]));
    }
    cx_leave(b->cx);
    return expr_with_args(b->cx, e, args, io_expr);
}

llkv_code bind_grouped(struct binder *b, struct scope *scope, const struct expr **io_expr)
{
    return scope->grouped ? grouped_columns(b, scope, io_expr) : LLKV_OK;
}

llkv_code bind_grouped_free(struct binder *b, struct scope *scope, const struct lnode *subquery,
                            int32_t at)
{
    if (!scope->grouped) return LLKV_OK;
    struct iuset outer = {0};
    TRY(lnode_free(b->plan, subquery, &outer));
    for (iu_id iu = iuset_next(&outer, 0); iu != 0; iu = iuset_next(&outer, iu)) {
        bool below;
        if (iuset_has(&scope->visible, iu)) continue;
        TRY(is_below(b, scope, iu, &below));
        if (below) TRY(bare_column(b, scope, iu, at));
    }
    return LLKV_OK;
}
