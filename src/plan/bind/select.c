/* select.c -- one SELECT: FROM, WHERE, GROUP BY, HAVING, the select list, DISTINCT, ORDER BY. */
#include "plan/bind/bind.h"

struct output {
    struct binder *b;
    struct scope *scope;
    const struct ast_select *select;
    VEC(struct bound_column) columns;
    VEC(const struct expr *) exprs;     /* parallel to columns */
    VEC(const struct ast_name *) names; /* aliases as written; NULL for none */
    struct iuset wanted;                /* DISTINCT: what is read above it */
};

/* ---- the select list ---- */

static llkv_code add_output(struct output *o, struct slice name, const struct ast_name *alias,
                            const struct expr *e)
{
    struct binder *b = o->b;
    if (o->columns.count == BIND_COLUMNS_MAX) /* with what * stands for */
        return cx_fail_at(b->cx, LLKV_LIMIT, bind_at(b, &o->select->base), "54011",
                          "a query has at most %d columns", (int)BIND_COLUMNS_MAX);
    struct bound_column column = {.name = name, .type = e->type};
    column.nullable = (e->flags & EXPR_NULLABLE) != 0 || e->type.id == TYPE_NULL;
    column.literal_text =
        e->kind == EXPR_CONST && e->type.id == TYPE_VARCHAR && (e->flags & EXPR_LITERAL) != 0;
    VEC_PUSH(b->cx, &o->columns, column);
    VEC_PUSH(b->cx, &o->exprs, e);
    VEC_PUSH(b->cx, &o->names, alias);
    return LLKV_OK;
}

static llkv_code add_star(struct output *o, const struct ast_star *star)
{
    struct binder *b = o->b;
    star_columns columns = {0};
    TRY(bind_star(b, o->scope, star, &columns));
    for (uint32_t i = 0; i < columns.count; i++) {
        const struct star_column *column = &columns.items[i];
        const struct expr *e;
        iu_id iu;
        if (column->replaced != NULL) {
            TRY(bind_expr(b, o->scope, column->replaced, &e));
        } else {
            TRY(bind_relation_column(b, column->relation, column->column, &iu));
            TRY(plan_column(b->plan, iu, bind_at(b, &star->base), &e));
        }
        TRY(bind_grouped(b, o->scope, &e));
        TRY(add_output(o, column->name, NULL, e));
    }
    return LLKV_OK;
}

/* Without an alias a column keeps its name; anything else is called by its text. */
static struct slice item_name(const struct binder *b, const struct ast_item *item)
{
    const struct ast *value = item->value;
    if (ast_name_given(&item->name)) return item->name.text;
    if (value->kind == AST_COLUMN) {
        const struct ast_path *path = &((const struct ast_column *)value)->path;
        return path->parts[path->count - 1].text;
    }
    if (value->end > b->text.len || value->at >= value->end) return SLICE("?column?");
    return (struct slice){b->text.data + value->at, value->end - value->at};
}

static llkv_code bind_items(struct output *o)
{
    struct binder *b = o->b;
    o->scope->clause = CLAUSE_SELECT;
    for (uint32_t i = 0; i < o->select->items.count; i++) {
        const struct ast *node = o->select->items.items[i];
        if (node->kind == AST_STAR) {
            TRY(add_star(o, (const struct ast_star *)node));
            continue;
        }
        const struct ast_item *item = (const struct ast_item *)node;
        const struct expr *e;
        o->scope->alias_limit = i; /* aliases of the items before it */
        TRY(bind_expr(b, o->scope, item->value, &e));
        o->scope->alias_limit = UINT32_MAX;
        TRY(bind_grouped(b, o->scope, &e));
        TRY(add_output(o, item_name(b, item), ast_name_given(&item->name) ? &item->name : NULL, e));
    }
    return LLKV_OK;
}

/* Give every expression an IU: a column's own, or one that a MAP computes. */
static llkv_code compute(struct binder *b, struct scope *scope, const struct expr *const *exprs,
                         uint32_t count, iu_id *out_ius)
{
    struct lnode *map = NULL;
    struct iuset own = {0};
    TRY(lnode_produced(b->plan, scope->node, &own));
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *e = exprs[i];
        if (e->kind == EXPR_COLUMN && iuset_has(&own, e->column)) {
            out_ius[i] = e->column;
            continue;
        }
        if (map == NULL) TRY(lnode_new(b->plan, LOP_MAP, scope->node, NULL, &map));
        bool nullable = (e->flags & EXPR_NULLABLE) != 0 || e->type.id == TYPE_NULL;
        TRY(plan_iu_new(b->plan, e->type, "", nullable, &out_ius[i]));
        VEC_PUSH(b->cx, &map->map.items, (struct lmap_item){out_ius[i], e});
    }
    if (map != NULL) scope->node = map;
    return LLKV_OK;
}

/* ---- DISTINCT ---- */

/* A row per combination of keys, with the first value of everything else: in the order of `order`,
 * if it is not NULL. */
static llkv_code first_rows(struct output *o, const iu_id *keys, uint32_t key_count,
                            const struct lnode *order)
{
    struct binder *b = o->b;
    struct lnode *group;
    struct iuset produced = {0};
    TRY(lnode_new(b->plan, LOP_GROUP, o->scope->node, NULL, &group));
    TRY(lnode_produced(b->plan, o->scope->node, &produced));
    group->group.row_of_agg = -1;
    for (uint32_t i = 0; i < key_count; i++) {
        struct lkey key = {.iu = keys[i]};
        TRY(plan_column(b->plan, key.iu, -1, &key.expr));
        VEC_PUSH(b->cx, &group->group.keys, key);
        iuset_remove(&produced, key.iu);
    }
    for (iu_id iu = iuset_next(&produced, 0); iu != 0; iu = iuset_next(&produced, iu)) {
        struct lagg agg = {.iu = iu, .op = AGG_FIRST};
        if (!iuset_has(&o->wanted, iu)) continue;
        TRY(plan_column(b->plan, iu, -1, &agg.arg));
        agg.type = agg.arg->type;
        if (order != NULL) {
            agg.order = order->sort.keys.items;
            agg.order_count = order->sort.keys.count;
        }
        VEC_PUSH(b->cx, &group->group.aggs, agg);
    }
    o->scope->node = group;
    return LLKV_OK;
}

static llkv_code want_outputs(struct output *o, const iu_id *hidden, uint32_t hidden_count)
{
    for (uint32_t i = 0; i < o->columns.count; i++)
        TRY(iuset_add(o->b->cx, &o->wanted, o->columns.items[i].iu));
    for (uint32_t i = 0; i < hidden_count; i++)
        TRY(iuset_add(o->b->cx, &o->wanted, hidden[i]));
    return LLKV_OK;
}

/* DISTINCT: all columns are keys; sorts by what is not shown take the first row's. */
static llkv_code bind_distinct(struct output *o, const iu_id *hidden, uint32_t hidden_count)
{
    iu_id *keys = cx_alloc_array(o->b->cx, o->columns.count + 1u, sizeof *keys);
    uint32_t count = 0;
    if (keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < o->columns.count; i++) {
        bool again = false;
        for (uint32_t k = 0; k < count; k++)
            again |= keys[k] == o->columns.items[i].iu;
        if (!again) keys[count++] = o->columns.items[i].iu;
    }
    TRY(want_outputs(o, hidden, hidden_count));
    return first_rows(o, keys, count, NULL);
}

/* ---- ORDER BY ---- */

llkv_code bind_sort_key(struct binder *b, const struct ast_order *order, const struct expr *e,
                        struct psort_key *out)
{
    uint8_t flags = order->base.flags;
    bool desc = (flags & AST_ORDER_DESC) != 0;
    if ((flags & (AST_ORDER_ASC | AST_ORDER_DESC)) == 0) desc = b->settings->default_desc;
    bool first = false;
    switch ((enum null_order)b->settings->null_order) {
    case NULLS_LAST: first = false; break;
    case NULLS_FIRST: first = true; break;
    case NULLS_SQLITE: first = !desc; break;
    case NULLS_POSTGRES: first = desc; break;
    }
    if ((flags & AST_ORDER_NULLS_FIRST) != 0) first = true;
    if ((flags & AST_ORDER_NULLS_LAST) != 0) first = false;
    *out = (struct psort_key){.expr = e, .descending = desc, .nulls_first = first};
    return LLKV_OK;
}

/* An ordinal or an alias names an output column; -1: neither. */
static llkv_code output_of(struct output *o, const struct ast_order *order, int32_t *out_index)
{
    const struct ast *value = order->value;
    *out_index = -1;
    if (value->kind == AST_LITERAL && value->op == AST_LITERAL_INTEGER) {
        const struct ast_literal *literal = (const struct ast_literal *)value;
        bool fits = (value->flags & AST_LITERAL_FITS) != 0;
        if (!fits || literal->value < 1 || literal->value > o->columns.count)
            return cx_fail_at(o->b->cx, LLKV_SEMANTIC, bind_at(o->b, value), "42P10",
                              "ORDER BY position is not in the select list of %u columns",
                              o->columns.count);
        *out_index = (int32_t)literal->value - 1;
        return LLKV_OK;
    }
    if (value->kind != AST_COLUMN) return LLKV_OK;
    const struct ast_path *path = &((const struct ast_column *)value)->path;
    for (uint32_t i = 0; path->count == 1 && i < o->columns.count; i++) {
        const struct ast_name *name = o->names.items[i];
        if (name == NULL || name->hash != path->parts[0].hash) continue;
        if (!slice_equal_folded(name->text, path->parts[0].text)) continue;
        *out_index = (int32_t)i;
        return LLKV_OK;
    }
    return LLKV_OK;
}

struct order_item {
    const struct ast_order *order;
    int32_t output;          /* index of the output column, or -1 */
    const struct expr *expr; /* else */
};
typedef VEC(struct order_item) order_list;

static llkv_code bind_order_items(struct output *o, const struct ast_list *order, order_list *out)
{
    struct binder *b = o->b;
    o->scope->clause = CLAUSE_ORDER;
    for (uint32_t i = 0; i < order->count; i++) {
        struct order_item item = {.order = (const struct ast_order *)order->items[i]};
        if (item.order->value == NULL) { /* ORDER BY ALL */
            for (uint32_t c = 0; c < o->columns.count; c++) {
                item.output = (int32_t)c;
                VEC_PUSH(b->cx, out, item);
            }
            continue;
        }
        TRY(output_of(o, item.order, &item.output));
        if (item.output < 0) {
            TRY(bind_expr(b, o->scope, item.order->value, &item.expr));
            TRY(bind_grouped(b, o->scope, &item.expr));
            if (item.expr->kind == EXPR_CONST) continue; /* the same for all rows */
            for (uint32_t c = 0; c < o->exprs.count && item.output < 0; c++)
                if (expr_equal(o->exprs.items[c], item.expr)) item.output = (int32_t)c;
        }
        VEC_PUSH(b->cx, out, item);
    }
    return LLKV_OK;
}

static llkv_code sort_node(struct output *o, const order_list *items, const iu_id *ius,
                           struct lnode **out)
{
    struct binder *b = o->b;
    struct lnode *sort;
    TRY(lnode_new(b->plan, LOP_SORT, NULL, NULL, &sort));
    uint32_t next_hidden = 0;
    for (uint32_t i = 0; i < items->count; i++) {
        const struct order_item *item = &items->items[i];
        iu_id iu = item->output >= 0 ? o->columns.items[item->output].iu : ius[next_hidden++];
        const struct expr *e;
        TRY(plan_column(b->plan, iu, bind_at(b, &item->order->base), &e));
        struct psort_key key;
        TRY(bind_sort_key(b, item->order, e, &key));
        VEC_PUSH(b->cx, &sort->sort.keys, key);
    }
    *out = sort;
    return LLKV_OK;
}

/* The expressions of DISTINCT ON behind the others: ordinals, aliases or anything. */
static llkv_code distinct_on(struct output *o, order_list *out)
{
    struct binder *b = o->b;
    for (uint32_t i = 0; i < o->select->distinct_on.count; i++) {
        struct ast_order order = {.value = o->select->distinct_on.items[i]};
        struct order_item item = {.order = NULL};
        TRY(output_of(o, &order, &item.output));
        if (item.output < 0) {
            TRY(bind_expr(b, o->scope, order.value, &item.expr));
            TRY(bind_grouped(b, o->scope, &item.expr));
        }
        VEC_PUSH(b->cx, out, item);
    }
    return LLKV_OK;
}

/* What is sorted or told apart by, but not shown, is computed behind the columns. */
static llkv_code push_hidden(struct output *o, const order_list *items)
{
    for (uint32_t i = 0; i < items->count; i++)
        if (items->items[i].output < 0) VEC_PUSH(o->b->cx, &o->exprs, items->items[i].expr);
    return LLKV_OK;
}

/* DISTINCT ON (...): of each combination the first row in the order of ORDER BY. */
static llkv_code keep_first(struct output *o, const order_list *on, const iu_id *hidden,
                            uint32_t hidden_count, const struct lnode *sort)
{
    iu_id *keys = cx_alloc_array(o->b->cx, on->count + 1u, sizeof *keys);
    uint32_t count = 0, next_hidden = 0;
    if (keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < on->count; i++) {
        const struct order_item *item = &on->items[i];
        iu_id iu = item->output >= 0 ? o->columns.items[item->output].iu : hidden[next_hidden++];
        bool again = false;
        for (uint32_t k = 0; k < count; k++)
            again |= keys[k] == iu;
        if (!again) keys[count++] = iu;
    }
    TRY(want_outputs(o, hidden, hidden_count));
    for (uint32_t i = 0; sort != NULL && i < sort->sort.keys.count; i++)
        TRY(iuset_add_expr(o->b->cx, &o->wanted, sort->sort.keys.items[i].expr));
    return first_rows(o, keys, count, sort);
}

/* Outputs and the expressions sorted by, computed; then DISTINCT and the sort on top. */
static llkv_code finish(struct output *o, const struct ast_list *order)
{
    struct binder *b = o->b;
    order_list items = {0}, on = {0};
    struct lnode *sort = NULL;
    uint32_t shown = o->exprs.count;
    if (order != NULL) TRY(bind_order_items(o, order, &items));
    TRY(distinct_on(o, &on));
    TRY(push_hidden(o, &items));
    uint32_t sorted_by = o->exprs.count - shown;
    TRY(push_hidden(o, &on));
    iu_id *ius = cx_alloc_array(b->cx, o->exprs.count + 1u, sizeof *ius);
    if (ius == NULL) return LLKV_NOMEM;
    TRY(compute(b, o->scope, o->exprs.items, o->exprs.count, ius));
    for (uint32_t i = 0; i < shown; i++)
        o->columns.items[i].iu = ius[i];
    if (items.count != 0) TRY(sort_node(o, &items, ius + shown, &sort));
    if (on.count != 0)
        TRY(keep_first(o, &on, ius + shown + sorted_by, o->exprs.count - shown - sorted_by, sort));
    else if ((o->select->base.flags & AST_SELECT_DISTINCT) != 0)
        TRY(bind_distinct(o, ius + shown, sorted_by));
    if (sort == NULL) return LLKV_OK;
    sort->child[0] = o->scope->node;
    o->scope->node = sort;
    return LLKV_OK;
}

static llkv_code refuse(struct binder *b, const struct ast_select *select)
{
    if (select->windows.count != 0) return bind_unsupported(b, select->windows.items[0], "WINDOW");
    if (select->qualify != NULL) return bind_unsupported(b, select->qualify, "QUALIFY");
    if (select->sample != NULL) return bind_unsupported(b, &select->sample->base, "USING SAMPLE");
    return LLKV_OK;
}

static llkv_code filter(struct binder *b, struct scope *scope, enum scope_clause clause,
                        const struct ast *node)
{
    const struct expr *condition;
    if (node == NULL) return LLKV_OK;
    scope->clause = (uint8_t)clause;
    TRY(bind_condition(b, scope, node, &condition));
    TRY(bind_grouped(b, scope, &condition));
    return lnode_select(b->plan, scope->node, condition, &scope->node);
}

llkv_code bind_select(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                      const struct ast_select *select, const struct ast_list *order,
                      struct bound_query *out)
{
    struct scope scope = {
        .parent = parent, .ctes = ctes, .select = select, .alias_limit = UINT32_MAX};
    struct output output = {.b = b, .scope = &scope, .select = select};
    TRY(refuse(b, select));
    TRY(bind_from(b, &scope, &select->from));
    TRY(filter(b, &scope, CLAUSE_WHERE, select->where));
    TRY(bind_group(b, &scope, select, order));
    TRY(filter(b, &scope, CLAUSE_HAVING, select->having));
    TRY(bind_items(&output));
    TRY(finish(&output, order));
    out->node = scope.node;
    out->columns = output.columns.items;
    out->column_count = output.columns.count;
    out->ordered = order != NULL && order->count != 0;
    return LLKV_OK;
}
