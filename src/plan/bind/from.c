/* from.c -- FROM: tables, views, derived tables, table functions. Joins: join.c. */
#include "plan/bind/bind.h"
#include "plan/rule/rule.h"

/* ---- relations ---- */

/* Rename the columns of a relation: t AS x(a, b). */
static llkv_code rename_columns(struct binder *b, struct scope_relation *r,
                                const struct ast_names *names)
{
    if (names->count > r->column_count)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at_name(b, &names->items[r->column_count]),
                          "42P10", "\"%.*s\" has %u columns, %u names are given",
                          SLICE_ARG(r->name), r->column_count, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        r->columns[i].name = names->items[i].text;
        r->columns[i].hash = names->items[i].hash;
    }
    return LLKV_OK;
}

llkv_code bind_add_relation(struct binder *b, struct scope *scope, struct scope_relation *r,
                            const struct ast_name *alias, const struct ast_names *names)
{
    if (alias != NULL && ast_name_given(alias)) {
        r->name = alias->text;
        r->hash = alias->hash;
        r->schema = (struct slice){0};
    }
    if (names != NULL) TRY(rename_columns(b, r, names));
    VEC_PUSH(b->cx, &scope->relations, *r);
    return LLKV_OK;
}

/* ---- base tables ---- */

static llkv_code table_relation(struct binder *b, const struct object *object, struct lnode **out,
                                struct scope_relation *out_relation)
{
    const struct table_def *def = table_definition(object->table);
    struct lnode *scan;
    TRY(lnode_new(b->plan, LOP_SCAN, NULL, NULL, &scan));
    scan->scan.object = object;
    struct scope_column *columns = cx_alloc_array(b->cx, def->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++)
        columns[i] = (struct scope_column){.name = slice_of(def->columns[i].name),
                                           .hash = def->columns[i].name_hash,
                                           .type = def->columns[i].type,
                                           .nullable = !def->columns[i].not_null};
    *out_relation = (struct scope_relation){.schema = slice_of(object->schema),
                                            .name = slice_of(object->name),
                                            .hash = object->name_hash,
                                            .scan = scan,
                                            .object = object,
                                            .column_count = def->column_count,
                                            .columns = columns};
    b->plan->relation_count++;
    *out = scan;
    return LLKV_OK;
}

/* ---- queries as relations ---- */

static llkv_code query_relation(struct binder *b, const struct bound_query *query,
                                struct scope_relation *out)
{
    struct scope_column *columns = cx_alloc_array(b->cx, query->column_count + 1, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < query->column_count; i++)
        columns[i] = (struct scope_column){.name = query->columns[i].name,
                                           .hash = slice_hash_folded(query->columns[i].name),
                                           .iu = query->columns[i].iu,
                                           .type = query->columns[i].type,
                                           .nullable = query->columns[i].nullable};
    *out = (struct scope_relation){.column_count = query->column_count, .columns = columns};
    return LLKV_OK;
}

static llkv_code bind_view_text(struct binder *b, const struct object *view,
                                struct bound_query *out)
{
    struct ast_stmt *stmt = NULL;
    size_t at = 0;
    struct sql_options options = {.sqlite_compat = b->settings->sqlite_compat};
    struct slice text = slice_of(view->sql), outer_text = b->cx->text;
    b->cx->text = text;
    llkv_code rc = sql_parse_next(b->cx, &options, text, &at, &stmt);
    b->cx->text = outer_text;
    if (rc != LLKV_OK) return rc;
    if (stmt == NULL || stmt->node->kind != AST_QUERY)
        return cx_fail(b->cx, LLKV_CORRUPT, "what is stored of view \"%s\" is no query",
                       view->name);
    return bind_query(b, NULL, NULL, (const struct ast_query *)stmt->node, out);
}

/* A view of everybody means the same to everybody: what it names is never what a session calls so
 * temporarily. */
static llkv_code bind_view_query(struct binder *b, const struct object *view,
                                 struct bound_query *out)
{
    const struct plan_env *outer = b->env;
    struct plan_env common = *outer;
    common.catalog.temp = NULL;
    if (!view->temporary) b->env = &common;
    llkv_code rc = bind_view_text(b, view, out);
    b->env = outer;
    return rc;
}

static llkv_code view_relation(struct binder *b, const struct object *view, int32_t at,
                               struct lnode **out, struct scope_relation *out_relation)
{
    struct bound_query query;
    if (b->view_depth >= BIND_VIEW_DEPTH_MAX)
        return cx_fail_at(b->cx, LLKV_LIMIT, at, "54001", "views are nested more than %d deep",
                          BIND_VIEW_DEPTH_MAX);
    if (b->view_depth++ == 0) b->view_at = at;
    llkv_code rc = bind_view_query(b, view, &query);
    b->view_depth--;
    if (rc == LLKV_NOMEM || rc == LLKV_CANCELLED) return rc;
    if (rc == LLKV_LIMIT) return cx_place(b->cx, rc, at);
    if (rc != LLKV_OK) return cx_while(b->cx, rc, "view \"%s\"", view->name);
    TRY(query_relation(b, &query, out_relation));
    if (view->column_count > query.column_count)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, at, "42P10",
                          "view \"%s\" names %u columns, its query has %u", view->name,
                          view->column_count, query.column_count);
    for (uint32_t i = 0; i < view->column_count; i++) {
        out_relation->columns[i].name = slice_of(view->column_names[i]);
        out_relation->columns[i].hash = slice_hash_folded(out_relation->columns[i].name);
    }
    out_relation->schema = slice_of(view->schema);
    out_relation->name = slice_of(view->name);
    out_relation->hash = view->name_hash;
    *out = query.node;
    return LLKV_OK;
}

static const struct scope_cte *find_cte(const struct scope_cte *ctes, const struct ast_path *path)
{
    if (path->count != 1) return NULL;
    for (; ctes != NULL; ctes = ctes->outer)
        if (slice_equal_folded(ctes->cte->name.text, path->parts[0].text)) return ctes;
    return NULL;
}

/* Is it computed once for all references? If it says so, or if two of them would differ. */
static llkv_code cte_shared(struct binder *b, const struct scope_cte *cte,
                            const struct bound_query *query, bool *out)
{
    struct iuset outer = {0};
    *out = (cte->cte->base.flags & AST_CTE_MATERIALIZED) != 0;
    if (!*out) TRY(lnode_volatile(b->plan, query->node, out));
    if (!*out) return LLKV_OK;
    TRY(lnode_free(b->plan, query->node, &outer));
    *out = iuset_empty(&outer);
    return LLKV_OK;
}

/* One reference to a shared definition: columns of its own for those of the definition. */
static llkv_code cte_reader(struct binder *b, const struct cte_state *state,
                            struct bound_query *out)
{
    struct lnode *node;
    TRY(lnode_new(b->plan, LOP_SHARED, NULL, NULL, &node));
    node->shared.index = state->index;
    out->columns = cx_alloc_array(b->cx, out->column_count + 1u, sizeof *out->columns);
    if (out->columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < out->column_count; i++) {
        struct bound_column *column = &out->columns[i];
        *column = state->query->columns[i];
        VEC_PUSH(b->cx, &node->shared.from, column->iu);
        TRY(plan_iu_new(b->plan, column->type, "", column->nullable, &column->iu));
        VEC_PUSH(b->cx, &node->shared.ius, column->iu);
    }
    out->node = node;
    return LLKV_OK;
}

static llkv_code cte_query(struct binder *b, const struct scope_cte *cte, struct bound_query *out)
{
    struct cte_state *state = cte->state;
    if (!state->shared) {
        TRY(bind_query(b, cte->parent, cte->outer, cte->cte->query, out));
        if (!state->used) TRY(cte_shared(b, cte, out, &state->shared));
        state->used = true;
        if (!state->shared) return LLKV_OK;
        struct bound_query *kept = cx_alloc(b->cx, sizeof *kept);
        if (kept == NULL) return LLKV_NOMEM;
        *kept = *out;
        state->query = kept;
        state->index = b->plan->shared.count;
        VEC_PUSH(b->cx, &b->plan->shared, out->node);
        b->plan->has_subquery = true;
    }
    *out = *state->query;
    return cte_reader(b, state, out);
}

/* A reference binds the query anew, so each has columns of its own. */
static llkv_code cte_relation(struct binder *b, const struct scope_cte *cte, struct lnode **out,
                              struct scope_relation *out_relation)
{
    struct bound_query query;
    TRY(cte_query(b, cte, &query));
    TRY(query_relation(b, &query, out_relation));
    out_relation->name = cte->cte->name.text;
    out_relation->hash = cte->cte->name.hash;
    *out = query.node;
    return rename_columns(b, out_relation, &cte->cte->columns);
}

static llkv_code bind_table(struct binder *b, struct scope *scope, const struct ast_table *table,
                            struct lnode **out)
{
    struct scope_relation relation;
    const struct object *object;
    int32_t at = bind_at(b, &table->base);
    if (table->sample != NULL) return bind_unsupported(b, &table->sample->base, "TABLESAMPLE");
    if ((table->base.flags & AST_TABLE_FILE) != 0) {
        TRY(bind_csv_table(b, table, out, &relation));
        return bind_add_relation(b, scope, &relation, &table->alias, &table->columns);
    }
    const struct scope_cte *cte = find_cte(scope->ctes, &table->path);
    if (cte != NULL) {
        TRY(cte_relation(b, cte, out, &relation));
        return bind_add_relation(b, scope, &relation, &table->alias, &table->columns);
    }
    TRY(bind_object(b, &table->path, &object));
    if (ast_name_given(&table->indexed_by) &&
        catalog_scope_find(&b->env->catalog, (struct slice){0}, table->indexed_by.text,
                           table->indexed_by.hash) == NULL)
        return cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, &table->indexed_by), "42704",
                          "index \"%.*s\" does not exist", SLICE_ARG(table->indexed_by.text));
    if (object->kind == OBJECT_VIEW)
        TRY(view_relation(b, object, at, out, &relation));
    else if (object->kind == OBJECT_TABLE)
        TRY(table_relation(b, object, out, &relation));
    else
        return cx_fail_at(b->cx, LLKV_NAME, at, "42809", "\"%s\" is not a table", object->name);
    return bind_add_relation(b, scope, &relation, &table->alias, &table->columns);
}

llkv_code bind_target(struct binder *b, struct scope *scope, const struct ast_table *table,
                      const struct object **out_object)
{
    struct scope_relation relation;
    const struct catalog_scope *catalog = b->env->target;
    if (catalog == NULL) catalog = &b->env->catalog;
    TRY(bind_object_in(b, catalog, &table->path, out_object));
    if ((*out_object)->kind != OBJECT_TABLE)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &table->base), "42809",
                          "\"%s\" is a %s and cannot be changed", (*out_object)->name,
                          (*out_object)->kind == OBJECT_VIEW ? "view" : "index");
    TRY(table_relation(b, *out_object, &scope->node, &relation));
    return bind_add_relation(b, scope, &relation, &table->alias, &table->columns);
}

/* ---- derived tables and table functions ---- */

static llkv_code bind_derived(struct binder *b, struct scope *scope,
                              const struct ast_derived *derived, struct lnode **out)
{
    struct bound_query query;
    struct scope_relation relation;
    if (derived->sample != NULL) return bind_unsupported(b, &derived->sample->base, "TABLESAMPLE");
    /* LATERAL: what stands before it in FROM may be named. */
    struct scope before = {.parent = scope->parent, .ctes = scope->ctes, .clause = CLAUSE_FROM};
    before.relations.items = scope->relations.items;
    before.relations.count = before.relations.capacity = scope->relations.count;
    bool lateral = (derived->base.flags & AST_FROM_LATERAL) != 0;
    b->has_lateral |= lateral;
    TRY(bind_query(b, lateral ? &before : scope->parent, scope->ctes, derived->query, &query));
    TRY(query_relation(b, &query, &relation));
    *out = query.node;
    return bind_add_relation(b, scope, &relation, &derived->alias, &derived->columns);
}

static llkv_code range_argument(struct binder *b, struct scope *scope, const struct ast *arg,
                                const struct expr **out)
{
    struct scope none = {.parent = scope->parent, .ctes = scope->ctes, .clause = CLAUSE_VALUES};
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &none.node));
    none.node->values.row_count = 1;
    struct lnode *before = none.node;
    TRY(bind_expr(b, &none, arg, out));
    if (none.node != before || ((*out)->flags & EXPR_HAS_COLUMN) != 0)
        return bind_unsupported(b, arg, "a table function over columns or subqueries");
    return bind_coerce(b, *out, type_of(TYPE_BIGINT), "a bound of the range", out);
}

/* range(stop), range(start, stop [, step]), generate_series: the same up to and including. */
static llkv_code bind_table_function(struct binder *b, struct scope *scope,
                                     const struct ast_table_function *function, struct lnode **out)
{
    const struct ast_call *call = function->call;
    struct slice name = call->name.parts[call->name.count - 1].text;
    struct scope_relation file;
    if (bind_is_csv_function(name) && (function->base.flags & AST_FROM_ORDINALITY) == 0) {
        TRY(bind_csv_function(b, call, out, &file));
        return bind_add_relation(b, scope, &file, &function->alias, &function->columns);
    }
    bool series = slice_equal_folded(name, SLICE("generate_series"));
    if (!series && !slice_equal_folded(name, SLICE("range")))
        return cx_fail_at(b->cx, LLKV_UNSUPPORTED, bind_at(b, &call->base), NULL,
                          "table function %.*s is not supported", SLICE_ARG(name));
    if ((function->base.flags & AST_FROM_ORDINALITY) != 0)
        return bind_unsupported(b, &function->base, "WITH ORDINALITY");
    uint32_t count = call->args.count;
    if (count < 1 || count > 3)
        return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, &call->base), "42883",
                          "%.*s takes one to three arguments", SLICE_ARG(name));
    struct lnode *node;
    TRY(lnode_new(b->plan, LOP_RANGE, NULL, NULL, &node));
    int32_t at = bind_at(b, &call->base);
    const struct expr *args[3];
    for (uint32_t i = 0; i < count; i++)
        TRY(range_argument(b, scope, call->args.items[i], &args[i]));
    TRY(bind_int(b, 0, at, &node->range.start));
    TRY(bind_int(b, 1, at, &node->range.step));
    TRY(bind_coerce(b, node->range.start, type_of(TYPE_BIGINT), "start", &node->range.start));
    TRY(bind_coerce(b, node->range.step, type_of(TYPE_BIGINT), "step", &node->range.step));
    node->range.stop = args[count == 1 ? 0 : 1];
    if (count >= 2) node->range.start = args[0];
    if (count == 3) node->range.step = args[2];
    node->inclusive = series;
    TRY(plan_iu_new(b->plan, type_of(TYPE_BIGINT), "range", false, &node->range.iu));
    struct scope_column *column = cx_alloc(b->cx, sizeof *column);
    if (column == NULL) return LLKV_NOMEM;
    *column = (struct scope_column){.name = series ? SLICE("generate_series") : SLICE("range"),
                                    .iu = node->range.iu,
                                    .type = type_of(TYPE_BIGINT)};
    column->hash = slice_hash_folded(column->name);
    struct scope_relation relation = {
        .name = column->name, .hash = column->hash, .column_count = 1, .columns = column};
    *out = node;
    return bind_add_relation(b, scope, &relation, &function->alias, &function->columns);
}

/* ---- FROM ---- */

llkv_code bind_item(struct binder *b, struct scope *scope, const struct ast *item,
                    struct lnode **out)
{
    llkv_code rc = cx_enter(b->cx);
    if (rc != LLKV_OK) return cx_place(b->cx, rc, bind_at(b, item));
    switch (item->kind) {
    case AST_TABLE: rc = bind_table(b, scope, (const struct ast_table *)item, out); break;
    case AST_DERIVED: rc = bind_derived(b, scope, (const struct ast_derived *)item, out); break;
    case AST_JOIN: rc = bind_join(b, scope, (const struct ast_join *)item, out); break;
    case AST_TABLE_FUNCTION:
        rc = bind_table_function(b, scope, (const struct ast_table_function *)item, out);
        break;
    case AST_PIVOT: rc = bind_unsupported(b, item, "PIVOT"); break;
    default: rc = bind_unsupported(b, item, "UNPIVOT"); break;
    }
    if (rc == LLKV_OK) cx_leave(b->cx);
    return rc;
}

/* Two relations of one name could not be told apart. */
static llkv_code check_names(struct binder *b, const struct scope *scope,
                             const struct ast_list *from)
{
    for (uint32_t i = 1; i < scope->relations.count; i++)
        for (uint32_t k = 0; k < i; k++) {
            const struct scope_relation *x = &scope->relations.items[i];
            const struct scope_relation *y = &scope->relations.items[k];
            if (x->hash != y->hash || x->name.len == 0) continue;
            if (!slice_equal_folded(x->name, y->name)) continue;
            if (!slice_equal_folded(x->schema, y->schema)) continue;
            if (b->settings->sqlite_compat) continue;
            return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, from->items[0]), "42712",
                              "table name \"%.*s\" stands in FROM twice; give one an alias",
                              SLICE_ARG(x->name));
        }
    return LLKV_OK;
}

llkv_code bind_from_more(struct binder *b, struct scope *scope, const struct ast_list *from)
{
    scope->clause = CLAUSE_FROM;
    for (uint32_t i = 0; i < from->count; i++) {
        struct lnode *node;
        TRY(bind_item(b, scope, from->items[i], &node));
        if (scope->node == NULL)
            scope->node = node;
        else
            TRY(bind_cross(b, scope->node, node, &scope->node));
    }
    return from->count == 0 ? LLKV_OK : check_names(b, scope, from);
}

llkv_code bind_from(struct binder *b, struct scope *scope, const struct ast_list *from)
{
    TRY(bind_from_more(b, scope, from));
    if (scope->node != NULL) return LLKV_OK;
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &scope->node)); /* one row, no columns */
    scope->node->values.row_count = 1;
    return LLKV_OK;
}
