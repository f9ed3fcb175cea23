#include "catalog/scope.h"

#include "catalog/catalog_priv.h"

static const struct object *find(const struct catalog_scope *scope, enum name_space space,
                                 struct slice schema, struct slice name, uint32_t name_hash)
{
    const struct slice temp = SLICE("temp"), main = SLICE("main");
    const bool anywhere = schema.len == 0;
    const struct object *object = NULL;
    if (scope->temp != NULL && (anywhere || slice_equal_folded(schema, temp)))
        object = snapshot_find(scope->temp, space, temp, name, name_hash);
    if (object != NULL) return object;
    return snapshot_find(scope->common, space, anywhere ? main : schema, name, name_hash);
}

const struct object *catalog_scope_find(const struct catalog_scope *scope, struct slice schema,
                                        struct slice name, uint32_t name_hash)
{
    return find(scope, SPACE_RELATIONS, schema, name, name_hash);
}

const struct object *catalog_scope_find_trigger(const struct catalog_scope *scope,
                                                struct slice schema, struct slice name)
{
    return find(scope, SPACE_TRIGGERS, schema, name, slice_hash_folded(name));
}

const struct object *catalog_scope_find_id(const struct catalog_scope *scope, uint64_t id)
{
    const struct object *object = NULL;
    if (scope->temp != NULL) object = catalog_find_id(scope->temp, id);
    return object != NULL ? object : catalog_find_id(scope->common, id);
}

uint32_t catalog_scope_count(const struct catalog_scope *scope)
{
    return scope->common->count + (scope->temp == NULL ? 0 : scope->temp->count);
}

const struct object *catalog_scope_at(const struct catalog_scope *scope, uint32_t index)
{
    const uint32_t common = scope->common->count;
    return index < common ? catalog_at(scope->common, index)
                          : catalog_at(scope->temp, index - common);
}

const char *catalog_scope_suggest(const struct catalog_scope *scope, struct slice name)
{
    const char *common = catalog_suggest(scope->common, name);
    const char *temp = scope->temp == NULL ? NULL : catalog_suggest(scope->temp, name);
    if (temp == NULL || common == NULL) return temp == NULL ? common : temp;
    return slice_edits(name, slice_of(temp)) < slice_edits(name, slice_of(common)) ? temp : common;
}

bool catalog_scope_has_trigger(const struct catalog_scope *scope, uint64_t table_id)
{
    if (catalog_has_trigger(scope->common, table_id)) return true;
    return scope->temp != NULL && catalog_has_trigger(scope->temp, table_id);
}

struct catalog_version catalog_scope_version(const struct catalog_scope *scope)
{
    return (struct catalog_version){.temp = scope->temp == NULL ? 0 : scope->temp->version,
                                    .common = scope->common->version};
}
