/* ddl.c -- CREATE, DROP, REINDEX: in the transaction of the session, or in one of their own. */
#include "runtime/command.h"

struct ddl {
    struct cx *cx;
    const struct session *session;
    struct transaction *transaction; /* of the session, or: */
    struct transaction own;
    struct catalog_edit *edit;
    struct table_reader reader;
    struct plan_env env;
};

/* What is temporary may come and go where nothing else may be changed. */
static llkv_code check_may_change(const struct ddl *d, bool temporary, uint32_t at)
{
    return temporary ? LLKV_OK : session_check_may_write(d->cx, d->session, (int32_t)at);
}

/* What was changed so far is seen from here on. */
static void ddl_look(struct ddl *d)
{
    d->env.catalog = catalog_edit_view(d->edit);
}

static llkv_code ddl_begin(struct cx *cx, struct statement *s, struct ddl *out)
{
    struct database *db = s->session->database;
    *out = (struct ddl){.cx = cx, .transaction = s->transaction};
    out->session = s->session;
    if (s->transaction == NULL) {
        transaction_begin(&out->own, db, false);
        out->transaction = &out->own;
    }
    llkv_code rc = transaction_edit(cx, out->transaction, &out->edit);
    if (rc != LLKV_OK) {
        transaction_rollback(&out->own);
        return rc;
    }
    out->reader = transaction_reader(out->transaction);
    out->env = (struct plan_env){.reader = &out->reader, .settings = &s->session->settings};
    ddl_look(out);
    return LLKV_OK;
}

/* A transaction of its own is committed, or rolled back after a failure. */
static llkv_code ddl_end(struct ddl *d, llkv_code rc)
{
    struct write_set *writes = d->transaction->writes;
    if (rc == LLKV_OK && writes != NULL) rc = write_set_statement_end(d->cx, writes);
    if (d->transaction != &d->own) return rc;
    if (rc == LLKV_OK) return transaction_commit(d->cx, &d->own);
    transaction_rollback(&d->own);
    return rc;
}

static const struct ast_name *last_part(const struct ast_path *path)
{
    return &path->parts[path->count - 1];
}

static struct slice schema_part(const struct ast_path *path, bool temporary)
{
    if (path->count >= 2) return path->parts[path->count - 2].text;
    return temporary ? SLICE("temp") : (struct slice){0};
}

/* What is called so now, where a new object of this name would go; NULL: nothing. */
static const struct object *existing(const struct ddl *d, const struct ast_path *path,
                                     bool temporary)
{
    const struct ast_name *name = last_part(path);
    struct slice schema = schema_part(path, temporary);
    if (schema.len == 0) schema = SLICE("main");
    return catalog_find(d->env.catalog, schema, name->text, name->hash);
}

/* The catalog would find out as well, but does not know where the name stands. */
static llkv_code refuse_taken(const struct ddl *d, const struct ast_path *path, bool temporary)
{
    static const char *const kinds[] = {"table", "view", "index", "trigger", "schema"};
    const struct object *there = existing(d, path, temporary);
    if (there == NULL) return LLKV_OK;
    return cx_fail_at(d->cx, LLKV_EXISTS, (int32_t)last_part(path)->at, "42P07",
                      "%s \"%s\" exists already", kinds[there->kind], there->name);
}

static llkv_code refuse_replace(struct cx *cx, const struct ast *node)
{
    return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                      "CREATE OR REPLACE is supported for views only");
}

/* ---- tables ---- */

/* INSERT INTO t query: the rows of CREATE TABLE t AS query. */
static llkv_code fill_table(struct ddl *d, struct statement *s,
                            const struct ast_create_table *create)
{
    struct ast_table table = {.base = {.kind = AST_TABLE, .at = create->base.at},
                              .path = create->path};
    struct ast_insert insert = {.base = {.kind = AST_INSERT, .at = create->base.at},
                                .table = &table,
                                .query = create->query};
    int64_t rows;
    return statement_run_part(d->cx, s->session, d->transaction, &insert.base, &rows);
}

static llkv_code create_table(struct ddl *d, struct statement *s,
                              const struct ast_create_table *create)
{
    struct table_def *def;
    const struct object *object;
    bool temporary = (create->base.flags & AST_CREATE_TEMP) != 0;
    if ((create->base.flags & AST_CREATE_OR_REPLACE) != 0)
        return refuse_replace(d->cx, &create->base);
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0) {
        const struct object *there = existing(d, &create->path, temporary);
        if (there != NULL && there->kind == OBJECT_TABLE) return LLKV_OK;
    }
    TRY(check_may_change(d, temporary, create->base.at));
    TRY(refuse_taken(d, &create->path, temporary));
    TRY(plan_bind_create_table(d->cx, &d->env, create, &def));
    TRY(catalog_edit_create_table(d->cx, d->edit, def, &object));
    if (create->query == NULL || (create->base.flags & AST_CREATE_NO_DATA) != 0) return LLKV_OK;
    return fill_table(d, s, create);
}

llkv_code command_create_table(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_table(&d, s, (const struct ast_create_table *)node));
}

/* ---- views ---- */

static llkv_code create_view(struct ddl *d, const struct ast_create_view *create)
{
    struct view_def def;
    bool temporary = (create->base.flags & AST_CREATE_TEMP) != 0;
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0) {
        const struct object *there = existing(d, &create->path, temporary);
        if (there != NULL && there->kind == OBJECT_VIEW) return LLKV_OK;
    }
    TRY(check_may_change(d, temporary, create->base.at));
    if ((create->base.flags & AST_CREATE_OR_REPLACE) == 0)
        TRY(refuse_taken(d, &create->path, temporary));
    TRY(plan_bind_create_view(d->cx, &d->env, create, &def));
    return catalog_edit_create_view(d->cx, d->edit, &def);
}

llkv_code command_create_view(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_view(&d, (const struct ast_create_view *)node));
}

/* ---- indexes ---- */

static llkv_code create_index(struct ddl *d, const struct ast_create_index *create)
{
    const struct object *table;
    struct key_def key;
    if ((create->base.flags & AST_CREATE_OR_REPLACE) != 0)
        return refuse_replace(d->cx, &create->base);
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0 && create->path.count != 0) {
        const struct ast_name *name = last_part(&create->path);
        const struct object *there =
            catalog_find(d->env.catalog, schema_part(&create->path, false), name->text, name->hash);
        if (there != NULL && there->kind == OBJECT_INDEX) return LLKV_OK;
    }
    if (create->path.count != 0) TRY(refuse_taken(d, &create->path, false));
    TRY(plan_bind_create_index(d->cx, &d->env, create, &table, &key));
    TRY(check_may_change(d, table->temporary, create->base.at));
    return catalog_edit_create_index(d->cx, d->edit, table, &key, d->transaction->writes);
}

llkv_code command_create_index(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_index(&d, (const struct ast_create_index *)node));
}

/* ---- triggers, schemas ---- */

static llkv_code find_object(struct ddl *d, const struct ast_path *path, const char *what,
                             const struct object **out)
{
    const struct ast_name *name = last_part(path);
    *out = catalog_find(d->env.catalog, schema_part(path, false), name->text, name->hash);
    if (*out != NULL) return LLKV_OK;
    llkv_code rc = cx_fail_at(d->cx, LLKV_NAME, (int32_t)name->at, "42P01",
                              "%s \"%.*s\" does not exist", what, SLICE_ARG(name->text));
    const char *near = catalog_suggest(d->env.catalog, name->text);
    return near == NULL ? rc : cx_hint(d->cx, "did you mean \"%s\"?", near);
}

static llkv_code create_trigger(struct ddl *d, struct statement *s,
                                const struct ast_create_trigger *create)
{
    const struct object *on;
    const struct ast_name *name = last_part(&create->path);
    if ((create->base.flags & AST_CREATE_OR_REPLACE) != 0)
        return refuse_replace(d->cx, &create->base);
    TRY(find_object(d, &create->table, "table", &on));
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0 &&
        catalog_find_trigger(d->env.catalog, schema_part(&create->path, false), name->text) != NULL)
        return LLKV_OK;
    struct slice sql = {s->text.data + create->base.at, create->base.end - create->base.at};
    const struct trigger_def def = {.on = on,
                                    .name = name->text,
                                    .sql = sql,
                                    .temporary = (create->base.flags & AST_CREATE_TEMP) != 0};
    TRY(check_may_change(d, def.temporary || on->temporary, create->base.at));
    return catalog_edit_create_trigger(d->cx, d->edit, &def);
}

llkv_code command_create_trigger(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_trigger(&d, s, (const struct ast_create_trigger *)node));
}

static llkv_code create_schema(struct ddl *d, const struct ast_create_schema *create)
{
    TRY(check_may_change(d, false, create->base.at));
    llkv_code rc = catalog_edit_create_schema(d->cx, d->edit, last_part(&create->path)->text, 0);
    bool lenient = (create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0;
    return rc == LLKV_EXISTS && lenient ? LLKV_OK : rc;
}

llkv_code command_create_schema(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_schema(&d, (const struct ast_create_schema *)node));
}

/* ---- DROP ---- */

static const char *kind_text(uint16_t kind)
{
    switch ((enum ast_object_kind)kind) {
    case AST_OBJECT_TABLE: return "table";
    case AST_OBJECT_VIEW: return "view";
    case AST_OBJECT_INDEX: return "index";
    case AST_OBJECT_TRIGGER: return "trigger";
    case AST_OBJECT_SCHEMA: return "schema";
    default: return "object";
    }
}

static bool kind_fits(uint16_t wanted, const struct object *object)
{
    return (wanted == AST_OBJECT_TABLE && object->kind == OBJECT_TABLE) ||
           (wanted == AST_OBJECT_VIEW && object->kind == OBJECT_VIEW) ||
           (wanted == AST_OBJECT_INDEX && object->kind == OBJECT_INDEX) ||
           (wanted == AST_OBJECT_TRIGGER && object->kind == OBJECT_TRIGGER) ||
           (wanted == AST_OBJECT_SCHEMA && object->kind == OBJECT_SCHEMA);
}

/* Tables and views of a schema, with what belongs to them. */
static llkv_code drop_content(struct ddl *d, struct slice schema)
{
    for (uint32_t i = 0; i < catalog_count(d->env.catalog);) {
        const struct object *object = catalog_at(d->env.catalog, i);
        bool inside = slice_equal_folded(slice_of(object->schema), schema) &&
                      (object->kind == OBJECT_TABLE || object->kind == OBJECT_VIEW);
        if (!inside) {
            i++;
            continue;
        }
        TRY(catalog_edit_drop(d->cx, d->edit, object));
        ddl_look(d);
        i = 0; /* it is another list now */
    }
    return LLKV_OK;
}

static llkv_code drop_one(struct ddl *d, const struct ast *drop, const struct ast_path *path)
{
    const struct ast_name *name = last_part(path);
    struct slice schema = schema_part(path, false);
    const struct object *object;
    if (drop->op == AST_OBJECT_TRIGGER)
        object = catalog_find_trigger(d->env.catalog, schema, name->text);
    else if (drop->op == AST_OBJECT_SCHEMA)
        object = catalog_find_schema(d->env.catalog, name->text);
    else
        object = catalog_find(d->env.catalog, schema, name->text, name->hash);
    if (object == NULL) {
        if ((drop->flags & AST_DROP_IF_EXISTS) != 0) return LLKV_OK;
        return cx_fail_at(d->cx, LLKV_NAME, (int32_t)name->at,
                          drop->op == AST_OBJECT_TABLE || drop->op == AST_OBJECT_VIEW ? "42P01"
                                                                                      : "42704",
                          "%s \"%.*s\" does not exist", kind_text(drop->op), SLICE_ARG(name->text));
    }
    if (!kind_fits(drop->op, object))
        return cx_fail_at(d->cx, LLKV_NAME, (int32_t)name->at, "42809", "\"%s\" is not %s %s",
                          object->name, drop->op == AST_OBJECT_INDEX ? "an" : "a",
                          kind_text(drop->op));
    TRY(check_may_change(d, object->temporary, name->at));
    if ((drop->flags & AST_DROP_CASCADE) != 0) TRY(drop_content(d, slice_of(object->name)));
    TRY(catalog_edit_drop(d->cx, d->edit, object));
    ddl_look(d);
    return LLKV_OK;
}

/* All of them, or none. */
static llkv_code drop_all(struct ddl *d, const struct ast_drop *drop)
{
    for (uint32_t i = 0; i < drop->objects.count; i++)
        TRY(drop_one(d, &drop->base, &((const struct ast_object *)drop->objects.items[i])->path));
    return LLKV_OK;
}

llkv_code command_drop(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_drop *drop = (const struct ast_drop *)node;
    bool known = node->op == AST_OBJECT_TABLE || node->op == AST_OBJECT_VIEW ||
                 node->op == AST_OBJECT_INDEX || node->op == AST_OBJECT_TRIGGER ||
                 node->op == AST_OBJECT_SCHEMA;
    if (!known)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "DROP of anything but tables, views, indexes, triggers and schemas is "
                          "not supported");
    if ((node->flags & AST_DROP_CASCADE) != 0 && node->op != AST_OBJECT_SCHEMA)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "DROP ... CASCADE is supported for schemas only");
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, drop_all(&d, drop));
}

/* ---- REINDEX: keys never need rebuilding; the structures are checked ---- */

static llkv_code reindex(struct ddl *d, const struct ast_reindex *node)
{
    const struct object *object = NULL;
    if (node->path.count != 0) {
        TRY(find_object(d, &node->path, "table or index", &object));
        if (object->table == NULL)
            return cx_fail_at(d->cx, LLKV_NAME, (int32_t)node->base.at, "42809",
                              "\"%s\" has no index", object->name);
        return table_check(d->cx, object->table);
    }
    for (uint32_t i = 0; i < catalog_count(d->env.catalog); i++) {
        object = catalog_at(d->env.catalog, i);
        if (object->kind == OBJECT_TABLE) TRY(table_check(d->cx, object->table));
    }
    return LLKV_OK;
}

llkv_code command_reindex(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, reindex(&d, (const struct ast_reindex *)node));
}
