/* ddl.c -- definitions of tables, views and indexes. */
#include "plan/bind/bind.h"
#include "sql/print.h"

static llkv_code ddl_binder(struct cx *cx, const struct plan_env *env, struct binder *out)
{
    struct plan *plan = cx_alloc_zero(cx, sizeof *plan);
    if (plan == NULL) return LLKV_NOMEM;
    plan->cx = cx;
    plan->settings = env->settings;
    plan->catalog = env->catalog;
    plan->reader = env->reader;
    *out = (struct binder){.plan = plan,
                           .cx = cx,
                           .env = env,
                           .settings = env->settings,
                           .text = cx->text,
                           .view_at = -1};
    return LLKV_OK;
}

static llkv_code text_of(struct binder *b, struct slice text, const char **out)
{
    *out = cx_strndup(b->cx, text.data, text.len);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code sql_of(struct binder *b, const struct ast *node, const char **out)
{
    struct slice text;
    TRY(ast_print(b->cx, node, &text));
    return text_of(b, text, out);
}

struct table_build {
    struct binder *b;
    const struct ast_create_table *stmt;
    VEC(struct column_def) columns;
    VEC(struct key_def) keys;
    VEC(struct check_def) checks;
    VEC(const struct ast *) conditions; /* of the checks, as written */
    struct table_def *def;
};

/* ---- keys ---- */

static bool same_columns(const struct key_def *x, const struct key_def *y)
{
    if (x->column_count != y->column_count) return false;
    for (uint32_t i = 0; i < x->column_count; i++)
        if (x->columns[i].column != y->columns[i].column) return false;
    return true;
}

static llkv_code key_name(struct table_build *t, const struct ast_constraint *constraint,
                          bool primary, const char **out)
{
    if (ast_name_given(&constraint->name)) return text_of(t->b, constraint->name.text, out);
    *out = cx_printf(t->b->cx, "%s_%s_%u", primary ? "PRIMARY_KEY" : "UNIQUE", t->def->name,
                     t->keys.count);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code add_key(struct table_build *t, const struct ast_constraint *constraint,
                         const struct key_column *columns, uint32_t count)
{
    struct binder *b = t->b;
    bool primary = constraint->base.op == AST_CONSTRAINT_PRIMARY_KEY;
    if (constraint->conflict != AST_CONFLICT_NONE)
        return bind_unsupported(b, &constraint->base, "ON CONFLICT in a constraint");
    if ((constraint->base.flags & AST_CONSTRAINT_AUTOINCREMENT) != 0)
        return bind_unsupported(b, &constraint->base, "AUTOINCREMENT");
    struct key_def key = {
        .unique = true, .primary = primary, .column_count = (uint16_t)count, .columns = columns};
    for (uint32_t i = 0; i < t->keys.count; i++) {
        if (primary && t->keys.items[i].primary)
            return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &constraint->base), "42P16",
                              "a table has one primary key");
        if (!same_columns(&t->keys.items[i], &key)) continue;
        t->keys.items[i].primary |= primary;
        for (uint32_t c = 0; primary && c < count; c++)
            t->columns.items[columns[c].column].not_null = true;
        return LLKV_OK;
    }
    TRY(key_name(t, constraint, primary, &key.name));
    for (uint32_t c = 0; primary && c < count; c++)
        t->columns.items[columns[c].column].not_null = true;
    VEC_PUSH(b->cx, &t->keys, key);
    return LLKV_OK;
}

static int column_of(const struct table_build *t, const struct ast_name *name)
{
    for (uint32_t i = 0; i < t->columns.count; i++)
        if (t->columns.items[i].name_hash == name->hash &&
            slice_equal_folded(slice_of(t->columns.items[i].name), name->text))
            return (int)i;
    return -1;
}

static llkv_code key_columns(struct table_build *t, const struct ast_constraint *constraint,
                             struct key_column **out)
{
    struct binder *b = t->b;
    struct key_column *columns = cx_alloc_array(b->cx, constraint->columns.count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < constraint->columns.count; i++) {
        const struct ast_order *item = (const struct ast_order *)constraint->columns.items[i];
        if (item->value == NULL || item->value->kind != AST_COLUMN)
            return bind_unsupported(b, &item->base, "an expression in a key");
        const struct ast_path *path = &((const struct ast_column *)item->value)->path;
        int column = column_of(t, &path->parts[path->count - 1]);
        if (column < 0)
            return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, item->value), "42703",
                              "the table has no column \"%.*s\"",
                              SLICE_ARG(path->parts[path->count - 1].text));
        for (uint32_t k = 0; k < i; k++)
            if (columns[k].column == column)
                return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, item->value), "42701",
                                  "a column stands in the key twice");
        columns[i] =
            (struct key_column){(uint16_t)column, (item->base.flags & AST_ORDER_DESC) != 0};
    }
    *out = columns;
    return LLKV_OK;
}

/* ---- constraints ---- */

static llkv_code add_check(struct table_build *t, const struct ast_constraint *constraint)
{
    struct check_def check = {0};
    if (ast_name_given(&constraint->name)) TRY(text_of(t->b, constraint->name.text, &check.name));
    TRY(sql_of(t->b, constraint->value, &check.sql));
    VEC_PUSH(t->b->cx, &t->checks, check);
    VEC_PUSH(t->b->cx, &t->conditions, constraint->value);
    return LLKV_OK;
}

static const char *unsupported_constraint(const struct ast_constraint *constraint)
{
    switch (constraint->base.op) {
    case AST_CONSTRAINT_FOREIGN_KEY: return "FOREIGN KEY";
    case AST_CONSTRAINT_GENERATED: return "a generated column";
    case AST_CONSTRAINT_IDENTITY: return "an identity column";
    default: return "COLLATE";
    }
}

/* What is stored is bound again by every statement, whose parameters are others. */
static llkv_code refuse_parameters(struct binder *b, const struct ast *at, const char *where)
{
    if (b->plan->parameter_types.count == 0) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, at), "42P02", "%s cannot hold parameters",
                      where);
}

static llkv_code add_default(struct table_build *t, struct column_def *column,
                             const struct ast_constraint *constraint)
{
    struct binder *b = t->b;
    struct scope scope = {.clause = CLAUSE_VALUES};
    const struct expr *e;
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &scope.node));
    struct lnode *one = scope.node;
    TRY(bind_expr(b, &scope, constraint->value, &e));
    if (scope.node != one) return bind_unsupported(b, constraint->value, "a subquery in DEFAULT");
    TRY(refuse_parameters(b, constraint->value, "DEFAULT"));
    TRY(bind_assign(b, e, column->type, column->name, &e));
    return sql_of(b, constraint->value, &column->default_sql);
}

static llkv_code column_constraint(struct table_build *t, uint32_t index,
                                   const struct ast_constraint *constraint)
{
    struct column_def *column = &t->columns.items[index];
    switch ((enum ast_constraint_op)constraint->base.op) {
    case AST_CONSTRAINT_NOT_NULL: column->not_null = true; return LLKV_OK;
    case AST_CONSTRAINT_NULL: return LLKV_OK;
    case AST_CONSTRAINT_DEFAULT: return add_default(t, column, constraint);
    case AST_CONSTRAINT_CHECK: return add_check(t, constraint);
    case AST_CONSTRAINT_UNIQUE:
    case AST_CONSTRAINT_PRIMARY_KEY: {
        struct key_column *columns = cx_alloc(t->b->cx, sizeof *columns);
        if (columns == NULL) return LLKV_NOMEM;
        *columns = (struct key_column){(uint16_t)index,
                                       (constraint->base.flags & AST_CONSTRAINT_DESC) != 0};
        return add_key(t, constraint, columns, 1);
    }
    case AST_CONSTRAINT_FOREIGN_KEY:
    case AST_CONSTRAINT_GENERATED:
    case AST_CONSTRAINT_IDENTITY:
    case AST_CONSTRAINT_COLLATE: break;
    }
    return bind_unsupported(t->b, &constraint->base, unsupported_constraint(constraint));
}

static llkv_code table_constraint(struct table_build *t, const struct ast_constraint *constraint)
{
    if (constraint->base.op == AST_CONSTRAINT_CHECK) return add_check(t, constraint);
    if (constraint->base.op != AST_CONSTRAINT_UNIQUE &&
        constraint->base.op != AST_CONSTRAINT_PRIMARY_KEY)
        return bind_unsupported(t->b, &constraint->base, unsupported_constraint(constraint));
    struct key_column *columns = NULL;
    TRY(key_columns(t, constraint, &columns));
    return add_key(t, constraint, columns, constraint->columns.count);
}

/* ---- columns ---- */

static llkv_code add_column(struct table_build *t, const struct ast_name *name, struct type type)
{
    struct binder *b = t->b;
    if (column_of(t, name) >= 0)
        return cx_fail_at(b->cx, LLKV_EXISTS, bind_at_name(b, name), "42701",
                          "column \"%.*s\" is defined twice", SLICE_ARG(name->text));
    if (t->columns.count >= TABLE_COLUMNS_MAX)
        return cx_fail_at(b->cx, LLKV_LIMIT, bind_at_name(b, name), "54011",
                          "a table has at most %d columns", TABLE_COLUMNS_MAX);
    struct column_def column = {.name_hash = name->hash, .type = type};
    TRY(text_of(b, name->text, &column.name));
    VEC_PUSH(b->cx, &t->columns, column);
    return LLKV_OK;
}

static llkv_code add_columns(struct table_build *t)
{
    struct binder *b = t->b;
    for (uint32_t i = 0; i < t->stmt->columns.count; i++) {
        const struct ast *node = t->stmt->columns.items[i];
        if (node->kind != AST_COLUMN_DEF) return bind_unsupported(b, node, "LIKE in CREATE TABLE");
        const struct ast_column_def *def = (const struct ast_column_def *)node;
        struct type type = type_of(TYPE_VARCHAR);
        if (def->type != NULL)
            TRY(bind_type(b, def->type, &type));
        else if (!b->settings->sqlite_compat)
            return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, node), "42601",
                              "column \"%.*s\" has no type", SLICE_ARG(def->name.text));
        TRY(add_column(t, &def->name, type));
    }
    for (uint32_t i = 0; i < t->stmt->columns.count; i++) {
        const struct ast_column_def *def = (const struct ast_column_def *)t->stmt->columns.items[i];
        for (uint32_t k = 0; k < def->constraints.count; k++)
            TRY(column_constraint(t, i, (const struct ast_constraint *)def->constraints.items[k]));
    }
    for (uint32_t i = 0; i < t->stmt->constraints.count; i++)
        TRY(table_constraint(t, (const struct ast_constraint *)t->stmt->constraints.items[i]));
    return LLKV_OK;
}

/* CREATE TABLE t AS query: the columns are the query's. */
static llkv_code query_columns(struct table_build *t)
{
    struct binder *b = t->b;
    struct bound_query query;
    TRY(bind_query(b, NULL, NULL, t->stmt->query, &query));
    const struct ast_names *names = &t->stmt->column_names;
    if (names->count > query.column_count)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at_name(b, &names->items[query.column_count]),
                          "42P10", "the query has %u columns, %u names are given",
                          query.column_count, names->count);
    for (uint32_t i = 0; i < query.column_count; i++) {
        struct ast_name name = {.text = query.columns[i].name,
                                .hash = slice_hash_folded(query.columns[i].name),
                                .at = t->stmt->query->base.at};
        if (i < names->count) name = names->items[i];
        struct type type = query.columns[i].type;
        if (type.id == TYPE_NULL) type = type_of(TYPE_INTEGER);
        if (type.id == TYPE_NUMBER) type = type_of(TYPE_DOUBLE);
        type.length = 0;
        TRY(add_column(t, &name, type));
    }
    return LLKV_OK;
}

/* CHECK conditions are bound once, so that what is wrong with them shows here. */
static llkv_code try_checks(struct table_build *t)
{
    struct binder *b = t->b;
    struct table_def *def = t->def;
    struct scope_column *columns = cx_alloc_array(b->cx, def->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++) {
        columns[i] = (struct scope_column){.name = slice_of(def->columns[i].name),
                                           .hash = def->columns[i].name_hash,
                                           .type = def->columns[i].type,
                                           .nullable = !def->columns[i].not_null};
        TRY(plan_iu_new(b->plan, columns[i].type, def->columns[i].name, columns[i].nullable,
                        &columns[i].iu));
    }
    struct scope_relation relation = {.name = slice_of(def->name),
                                      .hash = slice_hash_folded(slice_of(def->name)),
                                      .column_count = def->column_count,
                                      .columns = columns};
    for (uint32_t i = 0; i < def->check_count; i++) {
        struct scope scope = {.clause = CLAUSE_WHERE};
        struct lnode *one;
        const struct expr *e;
        scope.relations.items = &relation;
        scope.relations.count = scope.relations.capacity = 1;
        TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &one));
        scope.node = one;
        TRY(bind_expr(b, &scope, t->conditions.items[i], &e));
        if (scope.node != one)
            return bind_unsupported(b, t->conditions.items[i], "a subquery in CHECK");
        TRY(refuse_parameters(b, t->conditions.items[i], "CHECK"));
        TRY(bind_to_condition(b, e, &e));
    }
    return LLKV_OK;
}

static bool is_temp(struct slice schema)
{
    return slice_equal_folded(schema, SLICE("temp"));
}

static llkv_code check_temporary(struct binder *b, const struct ast_path *path, bool temporary)
{
    if (!temporary || path->count < 2) return LLKV_OK;
    const struct ast_name *schema = &path->parts[path->count - 2];
    if (is_temp(ast_path_schema(path))) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at_name(b, schema), "42P16",
                      "what is temporary goes to the schema temp, not to \"%.*s\"",
                      SLICE_ARG(schema->text));
}

static llkv_code table_name(struct table_build *t, bool temporary)
{
    struct binder *b = t->b;
    const struct ast_path *path = &t->stmt->path;
    const struct ast_name *name = &path->parts[path->count - 1];
    if (name->text.len == 0)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, name), "42601",
                          "a name must not be empty");
    TRY(text_of(b, name->text, &t->def->name));
    TRY(check_temporary(b, path, temporary));
    t->def->schema = temporary ? "temp" : "main";
    if (path->count >= 2) TRY(text_of(b, ast_path_schema(path), &t->def->schema));
    t->def->temporary = is_temp(slice_of(t->def->schema));
    return LLKV_OK;
}

llkv_code plan_bind_create_table(struct cx *cx, const struct plan_env *env,
                                 const struct ast_create_table *stmt, struct table_def **out_def)
{
    struct binder b;
    TRY(ddl_binder(cx, env, &b));
    struct table_build t = {.b = &b, .stmt = stmt};
    t.def = cx_alloc_zero(cx, sizeof *t.def);
    if (t.def == NULL) return LLKV_NOMEM;
    if (stmt->base.op != AST_ON_COMMIT_NONE && stmt->base.op != AST_ON_COMMIT_PRESERVE)
        return bind_unsupported(&b, &stmt->base, "ON COMMIT DELETE ROWS or DROP");
    TRY(table_name(&t, (stmt->base.flags & AST_CREATE_TEMP) != 0));
    if (stmt->query != NULL)
        TRY(query_columns(&t));
    else
        TRY(add_columns(&t));
    t.def->columns = t.columns.items;
    t.def->column_count = t.columns.count;
    t.def->keys = t.keys.items;
    t.def->key_count = t.keys.count;
    t.def->checks = t.checks.items;
    t.def->check_count = t.checks.count;
    TRY(try_checks(&t));
    *out_def = t.def;
    return LLKV_OK;
}

/* ---- views ---- */

llkv_code plan_bind_create_view(struct cx *cx, const struct plan_env *env,
                                const struct ast_create_view *stmt, struct view_def *out)
{
    struct binder b;
    struct bound_query query;
    TRY(ddl_binder(cx, env, &b));
    if ((stmt->base.flags & AST_CREATE_MATERIALIZED) != 0)
        return bind_unsupported(&b, &stmt->base, "a materialized view");
    if ((stmt->base.flags & AST_CREATE_RECURSIVE) != 0)
        return bind_unsupported(&b, &stmt->base, "a recursive view");
    TRY(bind_query(&b, NULL, NULL, stmt->query, &query));
    if (b.plan->parameter_types.count != 0)
        return cx_fail_at(cx, LLKV_SEMANTIC, (int32_t)stmt->query->base.at, "42P02",
                          "a view cannot hold parameters");
    if (stmt->columns.count > query.column_count)
        return cx_fail_at(cx, LLKV_SEMANTIC, (int32_t)stmt->base.at, "42P10",
                          "the query has %u columns, %u names are given", query.column_count,
                          stmt->columns.count);
    const char **names = NULL;
    if (stmt->columns.count != 0) {
        names = cx_alloc_array(cx, stmt->columns.count, sizeof *names);
        if (names == NULL) return LLKV_NOMEM;
    }
    for (uint32_t i = 0; i < stmt->columns.count; i++)
        TRY(text_of(&b, stmt->columns.items[i].text, &names[i]));
    /* What reads something temporary is temporary itself. */
    bool temporary = (stmt->base.flags & AST_CREATE_TEMP) != 0 || b.reads_temporary;
    const struct ast_path *path = &stmt->path;
    TRY(check_temporary(&b, path, temporary));
    *out = (struct view_def){.schema = temporary ? SLICE("temp") : SLICE("main"),
                             .name = path->parts[path->count - 1].text,
                             .column_names = names,
                             .column_count = stmt->columns.count,
                             .or_replace = (stmt->base.flags & AST_CREATE_OR_REPLACE) != 0};
    if (path->count >= 2) out->schema = ast_path_schema(path);
    out->temporary = is_temp(out->schema);
    return ast_print(cx, &stmt->query->base, &out->sql);
}

/* ---- indexes ---- */

llkv_code plan_bind_create_index(struct cx *cx, const struct plan_env *env,
                                 const struct ast_create_index *stmt,
                                 const struct object **out_table, struct key_def *out)
{
    struct binder b;
    TRY(ddl_binder(cx, env, &b));
    if (stmt->path.count == 0) return bind_unsupported(&b, &stmt->base, "an index without a name");
    if (stmt->where != NULL) return bind_unsupported(&b, stmt->where, "a partial index");
    if (stmt->include.count != 0) return bind_unsupported(&b, &stmt->base, "INCLUDE");
    if (ast_name_given(&stmt->method) && !slice_equal_folded(stmt->method.text, SLICE("art")))
        return bind_unsupported(&b, &stmt->base, "an index that is not USING art");
    TRY(plan_check_database(cx, &env->catalog, &stmt->path, (int32_t)stmt->path.parts[0].at));
    TRY(bind_object(&b, &stmt->table, out_table));
    if ((*out_table)->kind != OBJECT_TABLE)
        return cx_fail_at(cx, LLKV_SEMANTIC, (int32_t)stmt->base.at, "42809",
                          "\"%s\" is not a table", (*out_table)->name);
    const struct table_def *def = table_definition((*out_table)->table);
    struct key_column *columns = cx_alloc_array(cx, stmt->items.count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < stmt->items.count; i++) {
        const struct ast_order *item = (const struct ast_order *)stmt->items.items[i];
        if (item->value == NULL || item->value->kind != AST_COLUMN)
            return bind_unsupported(&b, &item->base, "an index on an expression");
        if ((item->base.flags & (AST_ORDER_NULLS_FIRST | AST_ORDER_NULLS_LAST)) != 0)
            return bind_unsupported(&b, &item->base, "NULLS FIRST or LAST in an index");
        const struct ast_path *path = &((const struct ast_column *)item->value)->path;
        const struct ast_name *name = &path->parts[path->count - 1];
        int column = table_def_column(def, name->text, name->hash);
        if (column < 0)
            return cx_fail_at(cx, LLKV_NAME, bind_at_name(&b, name), "42703",
                              "table \"%s\" has no column \"%.*s\"", def->name,
                              SLICE_ARG(name->text));
        columns[i] =
            (struct key_column){(uint16_t)column, (item->base.flags & AST_ORDER_DESC) != 0};
    }
    *out = (struct key_def){.unique = (stmt->base.flags & AST_CREATE_UNIQUE) != 0,
                            .column_count = (uint16_t)stmt->items.count,
                            .columns = columns};
    return text_of(&b, stmt->path.parts[stmt->path.count - 1].text, &out->name);
}
