/* describe.c -- DESCRIBE: the columns of a table or query; TRUNCATE: DELETE of all rows. */
#include "runtime/command.h"

llkv_code command_describe_columns(struct cx *cx, struct statement *s, const struct ast *node)
{
    static const char *const names[] = {"column_name", "column_type", "null",
                                        "key",         "default",     "extra"};
    const struct ast_describe *describe = (const struct ast_describe *)node;
    if (node->op == AST_DESCRIBE_SUMMARIZE)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "SUMMARIZE is not supported");
    if (describe->statement == NULL && describe->path.count == 0)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "DESCRIBE of everything is not supported; SHOW TABLES lists the names");
    if (describe->statement != NULL && describe->statement->kind != AST_QUERY)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)describe->statement->at, NULL,
                          "DESCRIBE of what is no query is not supported");
    return command_columns(cx, s, names, ARRAY_COUNT(names));
}

static const char *key_text(const struct table_def *def, uint32_t column)
{
    const char *text = NULL;
    for (uint32_t k = 0; k < def->key_count; k++)
        for (uint32_t c = 0; c < def->keys[k].column_count; c++) {
            if (def->keys[k].columns[c].column != column) continue;
            if (def->keys[k].primary) return "PRI";
            if (def->keys[k].unique) text = "UNI";
        }
    return text;
}

static llkv_code add_column(struct cx *cx, struct statement *s, const char *name, struct type type,
                            const char *const rest[3])
{
    char text[32];
    type_print(type, text, sizeof text);
    const char *cells[] = {
        cx_printf(cx, "%s", name), cx_printf(cx, "%s", text), rest[0], rest[1], NULL, NULL};
    if (cells[0] == NULL || cells[1] == NULL) return LLKV_NOMEM;
    if (rest[2] != NULL) {
        cells[4] = cx_printf(cx, "%s", rest[2]);
        if (cells[4] == NULL) return LLKV_NOMEM;
    }
    return command_add_row(cx, s, cells);
}

static llkv_code table_rows(struct cx *cx, struct statement *s, const struct table_def *def)
{
    for (uint32_t i = 0; i < def->column_count; i++) {
        const struct column_def *column = &def->columns[i];
        const char *rest[] = {column->not_null ? "NO" : "YES", key_text(def, i),
                              column->default_sql};
        TRY(add_column(cx, s, column->name, column->type, rest));
    }
    return LLKV_OK;
}

static llkv_code query_rows(struct cx *cx, struct statement *s, const struct plan_env *env,
                            struct ast *query)
{
    static const char *const rest[] = {"YES", NULL, NULL};
    struct ast_stmt stmt = {.base = {.kind = AST_STATEMENT}, .node = query};
    struct pplan *plan;
    TRY(plan_statement(cx, env, &stmt, &plan));
    for (uint32_t i = 0; i < plan->column_count; i++)
        TRY(add_column(cx, s, plan->names[i], plan->types[i], rest));
    return LLKV_OK;
}

/* SELECT * FROM path: what a view hands out, and the error for what is not there. */
static llkv_code path_rows(struct cx *cx, struct statement *s, const struct plan_env *env,
                           const struct ast_path *path)
{
    const struct ast_name *name = &path->parts[path->count - 1];
    struct slice schema = ast_path_schema(path);
    TRY(plan_check_database(cx, &env->catalog, path, (int32_t)path->parts[0].at));
    const struct object *object = catalog_scope_find(&env->catalog, schema, name->text, name->hash);
    if (object != NULL && object->kind == OBJECT_TABLE)
        return table_rows(cx, s, table_definition(object->table));
    struct ast at = {.at = path->parts[0].at, .end = name->end};
    struct ast_table table = {.base = at, .path = *path};
    struct ast_star star = {.base = at};
    struct ast *items[] = {&star.base}, *from[] = {&table.base};
    struct ast_select select = {.base = at, .items = {items, 1}, .from = {from, 1}};
    struct ast_query query = {.base = at, .body = &select.base};
    table.base.kind = AST_TABLE;
    star.base.kind = AST_STAR;
    select.base.kind = AST_SELECT;
    query.base.kind = AST_QUERY;
    return query_rows(cx, s, env, &query.base);
}

llkv_code command_describe_rows(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_describe *describe = (const struct ast_describe *)node;
    struct view view;
    TRY(view_begin(cx, s, &view));
    llkv_code rc = describe->statement != NULL ? query_rows(cx, s, &view.env, describe->statement)
                                               : path_rows(cx, s, &view.env, &describe->path);
    view_end(s, &view);
    return rc;
}

llkv_code command_truncate(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_truncate *truncate = (const struct ast_truncate *)node;
    int64_t rows;
    if (node->flags != 0)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "TRUNCATE with RESTART, CONTINUE or CASCADE is not supported");
    if (truncate->tables.count != 1)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "TRUNCATE of several tables at once is not supported");
    const struct ast_object *object = (const struct ast_object *)truncate->tables.items[0];
    struct ast_table table = {.base = object->base, .path = object->path};
    struct ast_delete all = {.base = *node, .table = &table};
    table.base.kind = AST_TABLE;
    all.base.kind = AST_DELETE;
    all.base.op = AST_CONFLICT_NONE;
    all.base.flags = 0;
    return statement_run_part(cx, s->session, s->transaction, &all.base, NULL, &rows);
}
