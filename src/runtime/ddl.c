/* ddl.c -- CREATE, DROP, REINDEX. Each commits by itself. */
#include "runtime/command.h"

struct ddl {
    struct cx *cx;
    struct database *db;
    struct snapshot snapshot;
    struct table_reader reader; /* of the snapshot */
    struct plan_env env;
};

static llkv_code ddl_begin(struct cx *cx, struct statement *s, struct ddl *out)
{
    *out = (struct ddl){.cx = cx, .db = s->session->database};
    TRY(txn_snapshot_begin(cx, out->db->manager, &out->snapshot));
    out->reader = (struct table_reader){.snapshot = &out->snapshot};
    out->env = (struct plan_env){.catalog = catalog_current(out->db->catalog),
                                 .reader = &out->reader,
                                 .settings = &s->session->settings};
    return LLKV_OK;
}

static void ddl_end(struct ddl *d)
{
    txn_snapshot_end(d->db->manager, &d->snapshot);
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
static llkv_code fill_table(struct cx *cx, struct statement *s,
                            const struct ast_create_table *create)
{
    struct ast_table table = {.base = {.kind = AST_TABLE, .at = create->base.at},
                              .path = create->path};
    struct ast_insert insert = {.base = {.kind = AST_INSERT, .at = create->base.at},
                                .table = &table,
                                .query = create->query};
    int64_t rows;
    return statement_run_part(cx, s->session, &insert.base, &rows);
}

static llkv_code drop_object(struct cx *cx, struct statement *s, const struct object *object)
{
    return catalog_drop(cx, s->session->database->catalog, object);
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
    TRY(refuse_taken(d, &create->path, temporary));
    TRY(plan_bind_create_table(d->cx, &d->env, create, &def));
    TRY(catalog_create_table(d->cx, d->db->catalog, def, &object));
    if (create->query == NULL || (create->base.flags & AST_CREATE_NO_DATA) != 0) return LLKV_OK;
    llkv_code rc = fill_table(d->cx, s, create);
    if (rc == LLKV_OK) return LLKV_OK;
    llkv_error error = *d->cx->error; /* the reason counts, not how the table went away */
    llkv_code dropped = drop_object(d->cx, s, object);
    if (dropped == LLKV_OK) *d->cx->error = error;
    return dropped == LLKV_OK ? rc : dropped;
}

llkv_code command_create_table(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    llkv_code rc = create_table(&d, s, (const struct ast_create_table *)node);
    ddl_end(&d);
    return rc;
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
    if ((create->base.flags & AST_CREATE_OR_REPLACE) == 0)
        TRY(refuse_taken(d, &create->path, temporary));
    TRY(plan_bind_create_view(d->cx, &d->env, create, &def));
    return catalog_create_view(d->cx, d->db->catalog, &def);
}

llkv_code command_create_view(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    llkv_code rc = create_view(&d, (const struct ast_create_view *)node);
    ddl_end(&d);
    return rc;
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
    return catalog_create_index(d->cx, d->db->catalog, table, &key);
}

llkv_code command_create_index(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    llkv_code rc = create_index(&d, (const struct ast_create_index *)node);
    ddl_end(&d);
    return rc;
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
    return catalog_create_trigger(d->cx, d->db->catalog, on, name->text, sql,
                                  (create->base.flags & AST_CREATE_TEMP) != 0);
}

llkv_code command_create_trigger(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ddl d;
    TRY(ddl_begin(cx, s, &d));
    llkv_code rc = create_trigger(&d, s, (const struct ast_create_trigger *)node);
    ddl_end(&d);
    return rc;
}

llkv_code command_create_schema(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_create_schema *create = (const struct ast_create_schema *)node;
    struct catalog *catalog = s->session->database->catalog;
    llkv_code rc = catalog_create_schema(cx, catalog, last_part(&create->path)->text);
    bool lenient = (node->flags & AST_CREATE_IF_NOT_EXISTS) != 0;
    return rc == LLKV_EXISTS && lenient ? LLKV_OK : rc;
}

/* ---- DROP ---- */

static const char *kind_text(uint16_t kind)
{
    switch ((enum ast_object_kind)kind) {
    case AST_OBJECT_TABLE: return "table";
    case AST_OBJECT_VIEW: return "view";
    case AST_OBJECT_INDEX: return "index";
    case AST_OBJECT_TRIGGER: return "trigger";
    default: return "object";
    }
}

static bool kind_fits(uint16_t wanted, const struct object *object)
{
    return (wanted == AST_OBJECT_TABLE && object->kind == OBJECT_TABLE) ||
           (wanted == AST_OBJECT_VIEW && object->kind == OBJECT_VIEW) ||
           (wanted == AST_OBJECT_INDEX && object->kind == OBJECT_INDEX) ||
           (wanted == AST_OBJECT_TRIGGER && object->kind == OBJECT_TRIGGER);
}

static llkv_code drop_one(struct ddl *d, struct statement *s, const struct ast *drop,
                          const struct ast_path *path)
{
    const struct ast_name *name = last_part(path);
    struct slice schema = schema_part(path, false);
    const struct object *object =
        drop->op == AST_OBJECT_TRIGGER
            ? catalog_find_trigger(d->env.catalog, schema, name->text)
            : catalog_find(d->env.catalog, schema, name->text, name->hash);
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
    return drop_object(d->cx, s, object);
}

llkv_code command_drop(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_drop *drop = (const struct ast_drop *)node;
    bool known = node->op == AST_OBJECT_TABLE || node->op == AST_OBJECT_VIEW ||
                 node->op == AST_OBJECT_INDEX || node->op == AST_OBJECT_TRIGGER;
    if (!known)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "DROP of anything but tables, views, indexes and triggers is not "
                          "supported");
    if ((node->flags & AST_DROP_CASCADE) != 0)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "DROP ... CASCADE is not supported");
    for (uint32_t i = 0; i < drop->objects.count; i++) {
        struct ddl d;
        TRY(ddl_begin(cx, s, &d));
        llkv_code rc =
            drop_one(&d, s, node, &((const struct ast_object *)drop->objects.items[i])->path);
        ddl_end(&d);
        if (rc != LLKV_OK) return rc;
    }
    return LLKV_OK;
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
    llkv_code rc = reindex(&d, (const struct ast_reindex *)node);
    ddl_end(&d);
    return rc;
}
