/* Changes of the catalog: everything that can fail is done, then one pointer is stored. */
#include <assert.h>
#include <string.h>

#include "catalog/catalog_priv.h"

static struct catalog_snapshot *now(struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->current, memory_order_relaxed);
}

/* ---- entries ---- */

static llkv_code copy_text(struct cx *cx, struct slice text, const char **out)
{
    *out = cx_strndup(cx, text.data, text.len);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* An entry with its names; the id is the next one. */
static llkv_code entry_new(struct cx *cx, struct catalog *catalog, enum object_kind kind,
                           struct slice schema, struct slice name, struct entry **out_entry)
{
    struct entry *entry = mem_alloc_zero(catalog->budget, sizeof *entry);
    if (entry == NULL) return cx_nomem(cx);
    arena_init(&entry->arena, catalog->budget);
    struct cx inner = *cx;
    inner.arena = &entry->arena;
    struct object *object = &entry->object;
    object->kind = (uint8_t)kind;
    object->id = catalog->last_id + 1;
    object->version = now(catalog)->version + 1;
    object->name_hash = slice_hash_folded(name);
    llkv_code rc = copy_text(&inner, schema, &object->schema);
    if (rc == LLKV_OK) rc = copy_text(&inner, name, &object->name);
    if (rc != LLKV_OK) {
        entry_free(entry);
        return rc;
    }
    *out_entry = entry;
    return LLKV_OK;
}

/* ---- rules about names ---- */

static bool is_builtin_schema(struct slice name)
{
    return slice_equal_folded(name, SLICE("main")) || slice_equal_folded(name, SLICE("temp"));
}

static llkv_code check_schema(struct cx *cx, const struct catalog *catalog, struct slice schema)
{
    const struct catalog_snapshot *snapshot =
        atomic_load_explicit(&catalog->current, memory_order_relaxed);
    if (is_builtin_schema(schema)) return LLKV_OK;
    if (snapshot_find(snapshot, SPACE_SCHEMAS, schema, schema, slice_hash_folded(schema)) != NULL)
        return LLKV_OK;
    return cx_fail_at(cx, LLKV_NAME, -1, "3F000", "there is no schema \"%.*s\"", SLICE_ARG(schema));
}

static const char *kind_text(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_TABLE: return "table";
    case OBJECT_VIEW: return "view";
    case OBJECT_INDEX: return "index";
    case OBJECT_TRIGGER: return "trigger";
    case OBJECT_SCHEMA: return "schema";
    }
    return "object";
}

static llkv_code check_free(struct cx *cx, struct catalog *catalog, enum name_space space,
                            struct slice schema, struct slice name)
{
    const struct object *taken =
        snapshot_find(now(catalog), space, schema, name, slice_hash_folded(name));
    if (taken == NULL) return LLKV_OK;
    return cx_fail_at(cx, LLKV_EXISTS, -1, space == SPACE_RELATIONS ? "42P07" : "42710",
                      "%s \"%s\" exists already", kind_text(taken->kind), taken->name);
}

/* The object as it is now: the caller may have seen an older catalog. */
static llkv_code find_now(struct cx *cx, struct catalog *catalog, const struct object *object,
                          const struct object **out_object)
{
    *out_object = catalog_find_id(now(catalog), object->id);
    if (*out_object != NULL) return LLKV_OK;
    bool relation = object_space(object->kind) == SPACE_RELATIONS;
    return cx_fail_at(cx, LLKV_NAME, -1, relation ? "42P01" : "42704",
                      "%s \"%s\" is not there any more", kind_text(object->kind), object->name);
}

static struct slice schema_or(struct slice schema, bool temporary)
{
    if (schema.len != 0) return schema;
    return temporary ? SLICE("temp") : SLICE("main");
}

/* ---- publishing ---- */

static void publish(struct catalog *catalog, struct catalog_snapshot *next)
{
    struct catalog_snapshot *old = now(catalog);
    atomic_store_explicit(&catalog->current, next, memory_order_release);
    txn_retire(catalog->manager, old, snapshot_free);
}

/* Put a complete entry in. On failure it still belongs to the caller. */
static llkv_code put(struct cx *cx, struct catalog *catalog, struct entry *entry)
{
    const struct snapshot_edit edit = {.put = entry};
    struct catalog_snapshot *next = snapshot_new(catalog->budget, now(catalog), &edit);
    if (next == NULL) return cx_nomem(cx);
    if (entry->object.id > catalog->last_id) catalog->last_id = entry->object.id;
    publish(catalog, next);
    return LLKV_OK;
}

/* ---- schemas ---- */

static llkv_code create_schema(struct cx *cx, struct catalog *catalog, struct slice name)
{
    struct entry *entry;
    if (is_builtin_schema(name))
        return cx_fail_at(cx, LLKV_EXISTS, -1, "42P06", "schema \"%.*s\" exists already",
                          SLICE_ARG(name));
    TRY(check_free(cx, catalog, SPACE_SCHEMAS, name, name));
    TRY(entry_new(cx, catalog, OBJECT_SCHEMA, name, name, &entry));
    llkv_code rc = put(cx, catalog, entry);
    if (rc != LLKV_OK) entry_free(entry);
    return rc;
}

llkv_code catalog_create_schema(struct cx *cx, struct catalog *catalog, struct slice name)
{
    pthread_mutex_lock(&catalog->lock);
    llkv_code rc = create_schema(cx, catalog, name);
    pthread_mutex_unlock(&catalog->lock);
    return rc;
}

/* ---- tables ---- */

static llkv_code create_table(struct cx *cx, struct catalog *catalog, const struct table_def *def,
                              const struct object **out_object)
{
    struct slice schema = schema_or(slice_of(def->schema), def->temporary);
    struct slice name = slice_of(def->name);
    struct entry *entry;
    TRY(check_schema(cx, catalog, schema));
    TRY(check_free(cx, catalog, SPACE_RELATIONS, schema, name));
    TRY(entry_new(cx, catalog, OBJECT_TABLE, schema, name, &entry));
    struct object *object = &entry->object;
    struct table_def full = *def;
    full.id = object->id;
    full.schema = object->schema;
    object->temporary = slice_equal_folded(schema, SLICE("temp"));
    full.temporary = object->temporary;
    object->table_id = object->id;
    struct cx lasting = *cx;
    lasting.budget = catalog->budget;
    llkv_code rc = table_new(&lasting, catalog->manager, catalog->pager, &catalog->options, &full,
                             &object->table);
    if (rc == LLKV_OK) rc = put(cx, catalog, entry);
    if (rc != LLKV_OK) {
        table_free(object->table);
        entry_free(entry);
        return rc;
    }
    if (out_object != NULL) *out_object = object;
    return LLKV_OK;
}

llkv_code catalog_create_table(struct cx *cx, struct catalog *catalog, const struct table_def *def,
                               const struct object **out_object)
{
    pthread_mutex_lock(&catalog->lock);
    llkv_code rc = create_table(cx, catalog, def, out_object);
    pthread_mutex_unlock(&catalog->lock);
    return rc;
}

/* ---- views ---- */

static llkv_code fill_view(struct cx *cx, struct entry *entry, const struct view_def *def)
{
    struct cx inner = *cx;
    inner.arena = &entry->arena;
    struct object *object = &entry->object;
    TRY(copy_text(&inner, def->sql, &object->sql));
    object->column_count = def->column_count;
    object->temporary = slice_equal_folded(slice_of(object->schema), SLICE("temp"));
    if (def->column_names == NULL) return LLKV_OK;
    const char **names = cx_alloc_array(&inner, def->column_count, sizeof *names);
    if (names == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++)
        TRY(copy_text(&inner, slice_of(def->column_names[i]), &names[i]));
    object->column_names = names;
    return LLKV_OK;
}

static llkv_code create_view(struct cx *cx, struct catalog *catalog, const struct view_def *def)
{
    struct slice schema = schema_or(def->schema, def->temporary);
    TRY(check_schema(cx, catalog, schema));
    const struct object *old = snapshot_find(now(catalog), SPACE_RELATIONS, schema, def->name,
                                             slice_hash_folded(def->name));
    bool replace = old != NULL && old->kind == OBJECT_VIEW && def->or_replace;
    if (!replace) TRY(check_free(cx, catalog, SPACE_RELATIONS, schema, def->name));
    struct entry *entry;
    TRY(entry_new(cx, catalog, OBJECT_VIEW, schema, def->name, &entry));
    if (replace) entry->object.id = old->id;
    llkv_code rc = fill_view(cx, entry, def);
    if (rc == LLKV_OK) rc = put(cx, catalog, entry);
    if (rc != LLKV_OK) {
        entry_free(entry);
    } else if (replace) {
        txn_retire(catalog->manager, entry_of(old), entry_free);
    }
    return rc;
}

llkv_code catalog_create_view(struct cx *cx, struct catalog *catalog, const struct view_def *def)
{
    pthread_mutex_lock(&catalog->lock);
    llkv_code rc = create_view(cx, catalog, def);
    pthread_mutex_unlock(&catalog->lock);
    return rc;
}

/* ---- indexes ---- */

static llkv_code create_index(struct cx *cx, struct catalog *catalog, const struct object *on,
                              const struct key_def *key)
{
    const struct object *table;
    struct entry *entry;
    TRY(find_now(cx, catalog, on, &table));
    if (table->kind != OBJECT_TABLE)
        return cx_fail_at(cx, LLKV_SEMANTIC, -1, "42809", "\"%s\" is not a table", table->name);
    struct slice schema = slice_of(table->schema);
    TRY(check_free(cx, catalog, SPACE_RELATIONS, schema, slice_of(key->name)));
    TRY(entry_new(cx, catalog, OBJECT_INDEX, schema, slice_of(key->name), &entry));
    struct object *object = &entry->object;
    object->table = table->table;
    object->table_id = table->id;
    object->unique = key->unique;
    object->temporary = table->temporary;
    struct key_def full = *key;
    full.id = object->id;
    full.name = object->name;
    const struct snapshot_edit edit = {.put = entry};
    struct catalog_snapshot *next = snapshot_new(catalog->budget, now(catalog), &edit);
    llkv_code rc = next == NULL ? cx_nomem(cx) : table_key_add(cx, table->table, &full);
    if (rc != LLKV_OK) {
        snapshot_free(next);
        entry_free(entry);
        return rc;
    }
    catalog->last_id = object->id;
    publish(catalog, next);
    return LLKV_OK;
}

llkv_code catalog_create_index(struct cx *cx, struct catalog *catalog, const struct object *table,
                               const struct key_def *key)
{
    pthread_mutex_lock(&catalog->lock);
    llkv_code rc = create_index(cx, catalog, table, key);
    pthread_mutex_unlock(&catalog->lock);
    return rc;
}

/* ---- triggers ---- */

static llkv_code create_trigger(struct cx *cx, struct catalog *catalog, const struct object *on,
                                struct slice name, struct slice sql, bool temporary)
{
    const struct object *target;
    struct entry *entry;
    TRY(find_now(cx, catalog, on, &target));
    if (target->kind != OBJECT_TABLE && target->kind != OBJECT_VIEW)
        return cx_fail_at(cx, LLKV_SEMANTIC, -1, "42809", "\"%s\" is not a table or view",
                          target->name);
    struct slice schema = temporary ? SLICE("temp") : slice_of(target->schema);
    TRY(check_free(cx, catalog, SPACE_TRIGGERS, schema, name));
    TRY(entry_new(cx, catalog, OBJECT_TRIGGER, schema, name, &entry));
    struct cx inner = *cx;
    inner.arena = &entry->arena;
    entry->object.table = target->table;
    entry->object.table_id = target->id;
    entry->object.temporary = temporary;
    llkv_code rc = copy_text(&inner, sql, &entry->object.sql);
    if (rc == LLKV_OK) rc = put(cx, catalog, entry);
    if (rc != LLKV_OK) entry_free(entry);
    return rc;
}

llkv_code catalog_create_trigger(struct cx *cx, struct catalog *catalog, const struct object *on,
                                 struct slice name, struct slice sql, bool temporary)
{
    pthread_mutex_lock(&catalog->lock);
    llkv_code rc = create_trigger(cx, catalog, on, name, sql, temporary);
    pthread_mutex_unlock(&catalog->lock);
    return rc;
}

/* ---- dropping ---- */

/* The object itself, and what cannot be without it. */
static bool goes_with(const struct object *object, const struct object *dropped)
{
    if (object->id == dropped->id) return true;
    bool belongs = object->kind == OBJECT_INDEX || object->kind == OBJECT_TRIGGER;
    return belongs && object->table_id == dropped->id;
}

static llkv_code check_schema_empty(struct cx *cx, struct catalog *catalog,
                                    const struct object *schema)
{
    const struct catalog_snapshot *snapshot = now(catalog);
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct object *object = &snapshot->entries[i]->object;
        if (object->id == schema->id) continue;
        if (!slice_equal_folded(slice_of(object->schema), slice_of(schema->name))) continue;
        return cx_fail_at(cx, LLKV_DEPENDENT, -1, "2BP01", "schema \"%s\" still holds %s \"%s\"",
                          schema->name, kind_text(object->kind), object->name);
    }
    return LLKV_OK;
}

static llkv_code drop(struct cx *cx, struct catalog *catalog, const struct object *object)
{
    const struct object *dropped;
    TRY(find_now(cx, catalog, object, &dropped));
    if (dropped->kind == OBJECT_SCHEMA) TRY(check_schema_empty(cx, catalog, dropped));
    const struct snapshot_edit edit = {.without = goes_with, .dropped = dropped};
    struct catalog_snapshot *old = now(catalog);
    struct catalog_snapshot *next = snapshot_new(catalog->budget, old, &edit);
    if (next == NULL) return cx_nomem(cx);
    bool had_key =
        dropped->kind != OBJECT_INDEX || table_key_drop(dropped->table, slice_of(dropped->name));
    /* The entries that go are found in the old snapshot before it is given away. */
    atomic_store_explicit(&catalog->current, next, memory_order_release);
    const struct entry *self = entry_of(dropped);
    for (uint32_t i = 0; i < old->count; i++) {
        struct entry *entry = old->entries[i];
        if (entry == self || !goes_with(&entry->object, dropped)) continue;
        txn_retire(catalog->manager, entry, entry_free);
    }
    if (dropped->kind == OBJECT_TABLE) table_retire(dropped->table);
    txn_retire(catalog->manager, entry_of(dropped), entry_free);
    txn_retire(catalog->manager, old, snapshot_free);
    CHECK(cx, had_key);
    return LLKV_OK;
}

llkv_code catalog_drop(struct cx *cx, struct catalog *catalog, const struct object *object)
{
    pthread_mutex_lock(&catalog->lock);
    llkv_code rc = drop(cx, catalog, object);
    pthread_mutex_unlock(&catalog->lock);
    return rc;
}
