/* ddl.c -- CREATE, DROP, REINDEX: in the transaction of the session, or in one of their own. */
#include "runtime/command.h"

struct ddl {
    struct cx *cx;
    struct session *session;
    struct transaction *transaction; /* of the session, or: */
    struct transaction own;
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
    d->env.catalog = transaction_catalog(d->transaction);
}

static llkv_code ddl_begin(struct cx *cx, struct statement *s, struct ddl *out)
{
    struct session *session = s->session;
    *out = (struct ddl){.cx = cx, .session = session, .transaction = s->transaction};
    if (s->transaction == NULL) {
        transaction_begin(&out->own, session->database, &session->temp, false);
        out->transaction = &out->own;
    }
    llkv_code rc = transaction_take_snapshot(cx, out->transaction);
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
    if (rc == LLKV_OK)
        rc = transaction_commit(d->cx, &d->own);
    else
        transaction_rollback(&d->own);
    session_sweep(d->session);
    return rc;
}

static const struct ast_name *last_part(const struct ast_path *path)
{
    return &path->parts[path->count - 1];
}

static struct slice schema_part(const struct ast_path *path, bool temporary)
{
    if (path->count >= 2) return ast_path_schema(path);
    return temporary ? SLICE("temp") : (struct slice){0};
}

static llkv_code check_database(const struct ddl *d, const struct ast_path *path)
{
    return plan_check_database(d->cx, &d->env.catalog, path, (int32_t)path->parts[0].at);
}

/* What is called so in the schema; NULL: nothing. */
static const struct object *existing_in(const struct ddl *d, struct slice schema,
                                        const struct ast_path *path)
{
    const struct ast_name *name = last_part(path);
    return catalog_scope_find(&d->env.catalog, schema, name->text, name->hash);
}

/* The same where a new object of this name would go. */
static const struct object *existing(const struct ddl *d, const struct ast_path *path,
                                     bool temporary)
{
    struct slice schema = schema_part(path, temporary);
    if (schema.len == 0) schema = SLICE("main");
    return existing_in(d, schema, path);
}

/* The catalog would find out as well, but does not know where the name stands. */
static llkv_code refuse_taken(const struct ddl *d, const struct ast_path *path,
                              const struct object *there)
{
    static const char *const kinds[] = {"table", "view", "index", "trigger", "schema"};
    if (there == NULL) return LLKV_OK;
    return cx_fail_at(d->cx, LLKV_EXISTS, (int32_t)last_part(path)->at, "42P07",
                      "%s \"%s\" exists already", kinds[there->kind], there->name);
}

static llkv_code refuse_replace(struct cx *cx, const struct ast *node)
{
    return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                      "CREATE OR REPLACE is supported for views only");
}

/* CREATE TEMP, or into the schema temp by name. */
static bool makes_temporary(const struct ast *create, const struct ast_path *path)
{
    return (create->flags & AST_CREATE_TEMP) != 0 ||
           slice_equal_folded(schema_part(path, false), SLICE("temp"));
}

/* ---- tables ---- */

static struct ast_name name_of(const char *text, uint32_t at)
{
    return (struct ast_name){
        .text = slice_of(text), .hash = slice_hash_folded(slice_of(text)), .at = at, .end = at};
}

/* INSERT INTO t query: the rows of CREATE TABLE t AS query, which sees what was there `before`. */
static llkv_code fill_table(struct ddl *d, const struct object *made,
                            const struct ast_create_table *create,
                            const struct catalog_scope *before)
{
    const uint32_t at = last_part(&create->path)->at;
    struct ast_name path[] = {name_of(made->schema, at), name_of(made->name, at)};
    struct ast_table table = {.base = {.kind = AST_TABLE, .at = create->base.at},
                              .path = {path, ARRAY_COUNT(path)}};
    struct ast_insert insert = {.base = {.kind = AST_INSERT, .at = create->base.at},
                                .table = &table,
                                .query = create->query};
    int64_t rows;
    return statement_run_part(d->cx, d->session, d->transaction, &insert.base, before, &rows);
}

static llkv_code make_table(struct ddl *d, const struct ast_create_table *create,
                            const struct table_def *def)
{
    const struct catalog_scope before = d->env.catalog;
    const struct object *made;
    struct catalog_edit *edit;
    TRY(transaction_edit(d->cx, d->transaction, def->temporary, &edit));
    TRY(catalog_edit_create_table(d->cx, edit, def, &made));
    if (create->query == NULL || (create->base.flags & AST_CREATE_NO_DATA) != 0) return LLKV_OK;
    return fill_table(d, made, create, &before);
}

static llkv_code create_table(struct ddl *d, const struct ast_create_table *create)
{
    struct table_def *def;
    bool temporary = makes_temporary(&create->base, &create->path);
    TRY(check_database(d, &create->path));
    if ((create->base.flags & AST_CREATE_OR_REPLACE) != 0)
        return refuse_replace(d->cx, &create->base);
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0) {
        const struct object *there = existing(d, &create->path, temporary);
        if (there != NULL && there->kind == OBJECT_TABLE) return LLKV_OK;
    }
    TRY(check_may_change(d, temporary, create->base.at));
    TRY(refuse_taken(d, &create->path, existing(d, &create->path, temporary)));
    TRY(plan_bind_create_table(d->cx, &d->env, create, &def));
    /* While the mark holds, the catalog from before stays. */
    struct transaction_mark mark = transaction_set_mark(d->transaction);
    llkv_code rc = make_table(d, create, def);
    transaction_release_mark(d->transaction, &mark);
    return rc;
}

llkv_code command_create_table(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_table(&d, (const struct ast_create_table *)node));
}

/* ---- views ---- */

static llkv_code create_view(struct ddl *d, const struct ast_create_view *create)
{
    struct view_def def;
    struct catalog_edit *edit;
    const bool lenient = (create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0;
    TRY(check_database(d, &create->path));
    const struct object *there =
        existing(d, &create->path, makes_temporary(&create->base, &create->path));
    if (lenient && there != NULL && there->kind == OBJECT_VIEW) return LLKV_OK;
    TRY(plan_bind_create_view(d->cx, &d->env, create, &def));
    there = existing(d, &create->path, def.temporary); /* what it reads may have decided that */
    if (lenient && there != NULL && there->kind == OBJECT_VIEW) return LLKV_OK;
    TRY(check_may_change(d, def.temporary, create->base.at));
    if (!def.or_replace) TRY(refuse_taken(d, &create->path, there));
    TRY(transaction_edit(d->cx, d->transaction, def.temporary, &edit));
    return catalog_edit_create_view(d->cx, edit, &def);
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
    struct catalog_edit *edit;
    if ((create->base.flags & AST_CREATE_OR_REPLACE) != 0)
        return refuse_replace(d->cx, &create->base);
    TRY(plan_bind_create_index(d->cx, &d->env, create, &table, &key));
    /* Its schema is that of the table. */
    const struct object *there = existing_in(d, slice_of(table->schema), &create->path);
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0 && there != NULL &&
        there->kind == OBJECT_INDEX)
        return LLKV_OK;
    TRY(refuse_taken(d, &create->path, there));
    TRY(check_may_change(d, table->temporary, create->base.at));
    TRY(transaction_edit(d->cx, d->transaction, table->temporary, &edit));
    return catalog_edit_create_index(d->cx, edit, table, &key, d->transaction->writes);
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
    TRY(check_database(d, path));
    *out = existing_in(d, schema_part(path, false), path);
    if (*out != NULL) return LLKV_OK;
    llkv_code rc = cx_fail_at(d->cx, LLKV_NAME, (int32_t)name->at, "42P01",
                              "%s \"%.*s\" does not exist", what, SLICE_ARG(name->text));
    const char *near = catalog_scope_suggest(&d->env.catalog, name->text);
    return near == NULL ? rc : cx_hint(d->cx, "did you mean \"%s\"?", near);
}

static llkv_code create_trigger(struct ddl *d, struct statement *s,
                                const struct ast_create_trigger *create)
{
    const struct object *on;
    struct catalog_edit *edit;
    const struct ast_name *name = last_part(&create->path);
    if ((create->base.flags & AST_CREATE_OR_REPLACE) != 0)
        return refuse_replace(d->cx, &create->base);
    TRY(check_database(d, &create->path));
    TRY(find_object(d, &create->table, "table", &on));
    const bool temporary = makes_temporary(&create->base, &create->path) || on->temporary;
    if (temporary) {
        TRY(transaction_drop_orphans(d->cx, d->transaction)); /* they hold names */
        ddl_look(d);
    }
    struct slice schema = temporary ? SLICE("temp") : slice_of(on->schema);
    if ((create->base.flags & AST_CREATE_IF_NOT_EXISTS) != 0 &&
        catalog_scope_find_trigger(&d->env.catalog, schema, name->text) != NULL)
        return LLKV_OK;
    struct slice sql = {s->text.data + create->base.at, create->base.end - create->base.at};
    const struct trigger_def def = {
        .on = on, .name = name->text, .sql = sql, .temporary = temporary};
    TRY(check_may_change(d, temporary, create->base.at));
    TRY(transaction_edit(d->cx, d->transaction, temporary, &edit));
    return catalog_edit_create_trigger(d->cx, edit, &def);
}

llkv_code command_create_trigger(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    return ddl_end(&d, create_trigger(&d, s, (const struct ast_create_trigger *)node));
}

static llkv_code create_schema(struct ddl *d, const struct ast_create_schema *create)
{
    struct catalog_edit *edit;
    TRY(check_may_change(d, false, create->base.at));
    TRY(transaction_edit(d->cx, d->transaction, false, &edit));
    llkv_code rc = catalog_edit_create_schema(d->cx, edit, last_part(&create->path)->text, 0);
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

/* With what belongs to it. Temporary triggers are in another catalog than what they watch. */
static llkv_code drop_object(struct ddl *d, const struct object *object)
{
    const struct catalog_snapshot *temp = d->env.catalog.temp;
    const bool watched =
        !object->temporary && temp != NULL && catalog_has_trigger(temp, object->id);
    struct catalog_edit *edit;
    TRY(transaction_edit(d->cx, d->transaction, object->temporary, &edit));
    TRY(catalog_edit_drop(d->cx, edit, object));
    if (watched) TRY(transaction_drop_orphans(d->cx, d->transaction));
    ddl_look(d);
    return LLKV_OK;
}

/* Tables and views of a schema, with what belongs to them. */
static llkv_code drop_content(struct ddl *d, struct slice schema)
{
    for (uint32_t i = 0; i < catalog_scope_count(&d->env.catalog);) {
        const struct object *object = catalog_scope_at(&d->env.catalog, i);
        bool inside = slice_equal_folded(slice_of(object->schema), schema) &&
                      (object->kind == OBJECT_TABLE || object->kind == OBJECT_VIEW);
        if (inside) TRY(drop_object(d, object));
        i = inside ? 0 : i + 1; /* it is another list now */
    }
    return LLKV_OK;
}

static llkv_code drop_one(struct ddl *d, const struct ast *drop, const struct ast_path *path)
{
    const struct ast_name *name = last_part(path);
    struct slice schema = schema_part(path, false);
    const struct object *object;
    TRY(check_database(d, path));
    if (drop->op == AST_OBJECT_TRIGGER)
        object = catalog_scope_find_trigger(&d->env.catalog, schema, name->text);
    else if (drop->op == AST_OBJECT_SCHEMA)
        object = catalog_find_schema(d->env.catalog.common, name->text);
    else
        object = existing_in(d, schema, path);
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
    return drop_object(d, object);
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
    for (uint32_t i = 0; i < catalog_scope_count(&d->env.catalog); i++) {
        object = catalog_scope_at(&d->env.catalog, i);
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
