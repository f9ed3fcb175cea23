/* object.c -- names of tables, views and indexes: which object a path means. */
#include "plan/bind/bind.h"

llkv_code plan_check_database(struct cx *cx, const struct catalog_scope *scope,
                              const struct ast_path *path, int32_t at)
{
    if (path->count <= 2) return LLKV_OK;
    const struct slice database = path->parts[0].text, schema = path->parts[1].text;
    if (path->count > 3)
        return cx_fail_at(cx, LLKV_SYNTAX, at, "42601", "a name has at most three parts");
    if (slice_equal_folded(database, SLICE("temp"))) {
        if (slice_equal_folded(schema, SLICE("main"))) return LLKV_OK;
        return cx_fail_at(cx, LLKV_NAME, at, "3F000", "schema \"temp.%.*s\" does not exist",
                          SLICE_ARG(schema));
    }
    if (scope->database == NULL || slice_equal_folded(database, slice_of(scope->database)))
        return LLKV_OK;
    llkv_code rc = cx_fail_at(cx, LLKV_NAME, at, "3D000", "database \"%.*s\" does not exist",
                              SLICE_ARG(database));
    return rc == LLKV_NAME ? cx_hint(cx, "this one is called \"%s\"", scope->database) : rc;
}

llkv_code bind_object_in(struct binder *b, const struct catalog_scope *catalog,
                         const struct ast_path *path, const struct object **out)
{
    const struct ast_name *name = &path->parts[path->count - 1];
    const struct slice schema = ast_path_schema(path);
    TRY(plan_check_database(b->cx, catalog, path, bind_at_name(b, &path->parts[0])));
    *out = catalog_scope_find(catalog, schema, name->text, name->hash);
    if (*out != NULL && (*out)->temporary) b->reads_temporary = true;
    if (*out != NULL && (*out)->kind == OBJECT_TABLE) return table_load(b->cx, (*out)->table);
    if (*out != NULL) return LLKV_OK;
    if (schema.len != 0)
        return cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, &path->parts[path->count - 2]), "42P01",
                          "table \"%.*s.%.*s\" does not exist", SLICE_ARG(schema),
                          SLICE_ARG(name->text));
    llkv_code rc = cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42P01",
                              "table \"%.*s\" does not exist", SLICE_ARG(name->text));
    const char *near = catalog_scope_suggest(catalog, name->text);
    return near == NULL ? rc : cx_hint(b->cx, "did you mean \"%s\"?", near);
}

llkv_code bind_object(struct binder *b, const struct ast_path *path, const struct object **out)
{
    return bind_object_in(b, &b->env->catalog, path, out);
}
