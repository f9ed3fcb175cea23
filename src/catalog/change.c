/* change.c -- the changes of an edit: everything that can fail is done, then the view is another
 * one.
 */
#include <assert.h>
#include <string.h>

#include "catalog/catalog_priv.h"

/* ---- entries ---- */

static llkv_code copy_text(struct cx *cx, struct slice text, const char **out)
{
    *out = cx_strndup(cx, text.data, text.len);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* The next id, or one that is given. */
static uint64_t take_id(struct catalog *catalog, uint64_t wanted)
{
    if (wanted == 0) return atomic_fetch_add(catalog->last_id, 1) + 1;
    uint64_t last = atomic_load(catalog->last_id);
    while (last < wanted && !atomic_compare_exchange_weak(catalog->last_id, &last, wanted))
        continue;
    return wanted;
}

/* An entry with its names. */
static llkv_code entry_new(struct cx *cx, struct catalog_edit *edit, enum object_kind kind,
                           struct slice schema, struct slice name, struct entry **out_entry)
{
    struct mem_budget *budget = edit->catalog->budget;
    struct entry *entry = mem_alloc_zero(budget, sizeof *entry);
    if (entry == NULL) return cx_nomem(cx);
    arena_init(&entry->arena, budget);
    struct cx inner = *cx;
    inner.arena = &entry->arena;
    struct object *object = &entry->object;
    object->kind = (uint8_t)kind;
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

static bool is_temp(struct slice schema)
{
    return slice_equal_folded(schema, SLICE("temp"));
}

/* Is this the catalog for it? */
static llkv_code check_place(struct cx *cx, const struct catalog_edit *edit, bool temporary)
{
    if (temporary == edit->catalog->temporary) return LLKV_OK;
    return cx_fail_at(cx, LLKV_SEMANTIC, -1, "42P16",
                      "what is temporary belongs to a session and to the schema temp");
}

static llkv_code check_schema(struct cx *cx, const struct catalog_edit *edit, struct slice schema)
{
    TRY(check_place(cx, edit, is_temp(schema)));
    if (schema_is_builtin(schema)) return LLKV_OK;
    if (catalog_find_schema(edit->view, schema) != NULL) return LLKV_OK;
    return cx_fail_at(cx, LLKV_NAME, -1, "3F000", "there is no schema \"%.*s\"", SLICE_ARG(schema));
}

static llkv_code check_free(struct cx *cx, const struct catalog_edit *edit, enum name_space space,
                            struct slice schema, struct slice name)
{
    const struct object *taken =
        snapshot_find(edit->view, space, schema, name, slice_hash_folded(name));
    if (taken == NULL) return LLKV_OK;
    return cx_fail_at(cx, LLKV_EXISTS, -1, space == SPACE_RELATIONS ? "42P07" : "42710",
                      "%s \"%s\" exists already", object_kind_text(taken->kind), taken->name);
}

/* The object as the edit sees it now: the caller may hold an older one. */
static llkv_code find_now(struct cx *cx, const struct catalog_edit *edit,
                          const struct object *object, const struct object **out_object)
{
    *out_object = catalog_find_id(edit->view, object->id);
    if (*out_object != NULL) return LLKV_OK;
    bool relation = object_space(object->kind) == SPACE_RELATIONS;
    return cx_fail_at(cx, LLKV_NAME, -1, relation ? "42P01" : "42704",
                      "%s \"%s\" is not there any more", object_kind_text(object->kind),
                      object->name);
}

static struct slice schema_or(struct slice schema, bool temporary)
{
    if (schema.len != 0) return schema;
    return temporary ? SLICE("temp") : SLICE("main");
}

/* ---- gates ---- */

/* Nobody else writes to the table from here on. One that the edit has made needs no gate; where the
 * log is replayed nobody else is there. */
static llkv_code take_gate(struct cx *cx, struct catalog_edit *edit, const struct object *table,
                           enum table_gate gate)
{
    if (edit->trusted || catalog_find_id(edit->base, table->id) == NULL) return LLKV_OK;
    for (uint32_t i = 0; i < edit->gate_count; i++)
        if (edit->gates[i] == table->table)
            return table_gate_take(cx, table->table, edit->txn, &edit->snapshot, gate);
    if (edit->gate_count == edit->gate_capacity) {
        uint32_t capacity = edit->gate_capacity == 0 ? 4 : edit->gate_capacity * 2;
        struct table **grown =
            mem_realloc(edit->gates, capacity * sizeof *grown, edit->catalog->budget);
        if (grown == NULL) return cx_nomem(cx);
        edit->gates = grown;
        edit->gate_capacity = capacity;
    }
    TRY(table_gate_take(cx, table->table, edit->txn, &edit->snapshot, gate));
    edit->gates[edit->gate_count++] = table->table;
    return LLKV_OK;
}

/* ---- noting ---- */

static llkv_code reserve_change(struct cx *cx, struct catalog_edit *edit)
{
    if (edit->count < edit->capacity) return LLKV_OK;
    uint32_t capacity = edit->capacity == 0 ? 4 : edit->capacity * 2;
    struct change *grown =
        mem_realloc(edit->changes, capacity * sizeof *grown, edit->catalog->budget);
    if (grown == NULL) return cx_nomem(cx);
    edit->changes = grown;
    edit->capacity = capacity;
    return LLKV_OK;
}

/* A view with the change in it, and room to note it: nothing fails after that. */
static llkv_code next_view(struct cx *cx, struct catalog_edit *edit,
                           const struct snapshot_change *change, struct catalog_snapshot **out_view)
{
    TRY(reserve_change(cx, edit));
    struct catalog_snapshot *view = snapshot_new(edit->catalog->budget, edit->view, change);
    if (view == NULL) return cx_nomem(cx);
    view->version = atomic_fetch_add(&edit->catalog->last_version, 1) + 1;
    *out_view = view;
    return LLKV_OK;
}

static void note(struct catalog_edit *edit, const struct change *change,
                 struct catalog_snapshot *view)
{
    edit->changes[edit->count++] = *change;
    edit_set_view(edit, view);
}

/* Put a complete entry in, in the place of `old` if there is one. On failure it still belongs to
 * the caller. */
static llkv_code put(struct cx *cx, struct catalog_edit *edit, struct entry *entry,
                     struct entry *old)
{
    const struct snapshot_change change = {.put = entry};
    struct catalog_snapshot *view;
    TRY(next_view(cx, edit, &change, &view));
    entry->object.version = view->version;
    note(edit, &(struct change){.kind = CHANGE_PUT, .entry = entry, .old = old}, view);
    return LLKV_OK;
}

/* ---- schemas ---- */

llkv_code catalog_edit_create_schema(struct cx *cx, struct catalog_edit *edit, struct slice name,
                                     uint64_t id)
{
    struct entry *entry;
    if (schema_is_builtin(name))
        return cx_fail_at(cx, LLKV_EXISTS, -1, "42P06", "schema \"%.*s\" exists already",
                          SLICE_ARG(name));
    TRY(check_place(cx, edit, false));
    TRY(check_free(cx, edit, SPACE_SCHEMAS, name, name));
    TRY(entry_new(cx, edit, OBJECT_SCHEMA, name, name, &entry));
    entry->object.id = take_id(edit->catalog, id);
    llkv_code rc = put(cx, edit, entry, NULL);
    if (rc != LLKV_OK) entry_free(entry);
    return rc;
}

/* ---- tables ---- */

llkv_code catalog_edit_create_table(struct cx *cx, struct catalog_edit *edit,
                                    const struct table_def *def, const struct object **out_object)
{
    struct catalog *catalog = edit->catalog;
    struct slice schema = schema_or(slice_of(def->schema), def->temporary);
    struct slice name = slice_of(def->name);
    struct entry *entry;
    TRY(check_schema(cx, edit, schema));
    TRY(check_free(cx, edit, SPACE_RELATIONS, schema, name));
    TRY(entry_new(cx, edit, OBJECT_TABLE, schema, name, &entry));
    struct object *object = &entry->object;
    object->id = object->table_id = take_id(catalog, def->id);
    object->temporary = is_temp(schema);
    struct table_def full = *def;
    full.id = object->id;
    full.schema = object->schema;
    full.temporary = object->temporary;
    struct cx lasting = *cx;
    lasting.budget = catalog->budget;
    llkv_code rc = table_new(&lasting, catalog->manager, catalog->pager, &catalog->options, &full,
                             &object->table);
    if (rc == LLKV_OK) rc = put(cx, edit, entry, NULL);
    if (rc != LLKV_OK) {
        entry_free(entry);
        return rc;
    }
    if (out_object != NULL) *out_object = object;
    return LLKV_OK;
}

/* ---- views ---- */

static llkv_code fill_view(struct cx *cx, struct entry *entry, const struct view_def *def)
{
    struct cx inner = *cx;
    inner.arena = &entry->arena;
    struct object *object = &entry->object;
    TRY(copy_text(&inner, def->sql, &object->sql));
    object->column_count = def->column_count;
    object->temporary = is_temp(slice_of(object->schema));
    if (def->column_names == NULL) return LLKV_OK;
    const char **names = cx_alloc_array(&inner, def->column_count, sizeof *names);
    if (names == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++)
        TRY(copy_text(&inner, slice_of(def->column_names[i]), &names[i]));
    object->column_names = names;
    return LLKV_OK;
}

llkv_code catalog_edit_create_view(struct cx *cx, struct catalog_edit *edit,
                                   const struct view_def *def)
{
    struct slice schema = schema_or(def->schema, def->temporary);
    TRY(check_schema(cx, edit, schema));
    const struct object *old =
        snapshot_find(edit->view, SPACE_RELATIONS, schema, def->name, slice_hash_folded(def->name));
    bool replace = old != NULL && old->kind == OBJECT_VIEW && def->or_replace;
    if (!replace) TRY(check_free(cx, edit, SPACE_RELATIONS, schema, def->name));
    struct entry *entry;
    TRY(entry_new(cx, edit, OBJECT_VIEW, schema, def->name, &entry));
    entry->object.id = replace ? old->id : take_id(edit->catalog, def->id);
    llkv_code rc = fill_view(cx, entry, def);
    if (rc == LLKV_OK) rc = put(cx, edit, entry, replace ? entry_of(old) : NULL);
    if (rc != LLKV_OK) entry_free(entry);
    return rc;
}

/* ---- indexes ---- */

llkv_code catalog_edit_create_index(struct cx *cx, struct catalog_edit *edit,
                                    const struct object *on, const struct key_def *key,
                                    const struct write_set *own)
{
    const struct object *table;
    struct entry *entry;
    struct catalog_snapshot *view = NULL;
    TRY(find_now(cx, edit, on, &table));
    if (table->kind != OBJECT_TABLE)
        return cx_fail_at(cx, LLKV_SEMANTIC, -1, "42809", "\"%s\" is not a table", table->name);
    struct slice schema = slice_of(table->schema);
    TRY(check_free(cx, edit, SPACE_RELATIONS, schema, slice_of(key->name)));
    TRY(take_gate(cx, edit, table, TABLE_GATE_INDEX));
    TRY(entry_new(cx, edit, OBJECT_INDEX, schema, slice_of(key->name), &entry));
    struct object *object = &entry->object;
    object->id = take_id(edit->catalog, key->id);
    object->table = table->table;
    object->table_id = table->id;
    object->unique = key->unique;
    object->temporary = table->temporary;
    struct key_def full = *key;
    full.id = object->id;
    full.name = object->name;
    const struct snapshot_change change = {.put = entry};
    const struct key_stage rows = {.own = own, .trusted = edit->trusted};
    llkv_code rc = next_view(cx, edit, &change, &view);
    if (rc == LLKV_OK) rc = table_key_stage(cx, table->table, &full, &rows, &entry->key);
    if (rc != LLKV_OK) {
        snapshot_free(view);
        entry_free(entry);
        return rc;
    }
    object->version = view->version;
    note(edit, &(struct change){.kind = CHANGE_PUT, .entry = entry}, view);
    return LLKV_OK;
}

/* ---- triggers ---- */

/* A temporary trigger may watch what is everybody's, which this catalog does not know; if that is
 * dropped by others, the trigger means nothing any more, and does no harm. */
static bool is_foreign(const struct catalog_edit *edit, const struct object *object)
{
    return edit->catalog->temporary && !object->temporary;
}

llkv_code catalog_edit_create_trigger(struct cx *cx, struct catalog_edit *edit,
                                      const struct trigger_def *def)
{
    const struct object *target = def->on;
    struct entry *entry;
    if (!is_foreign(edit, target)) TRY(find_now(cx, edit, def->on, &target));
    if (target->kind != OBJECT_TABLE && target->kind != OBJECT_VIEW)
        return cx_fail_at(cx, LLKV_SEMANTIC, -1, "42809", "\"%s\" is not a table or view",
                          target->name);
    struct slice schema = def->temporary ? SLICE("temp") : slice_of(target->schema);
    TRY(check_schema(cx, edit, schema));
    TRY(check_free(cx, edit, SPACE_TRIGGERS, schema, def->name));
    TRY(entry_new(cx, edit, OBJECT_TRIGGER, schema, def->name, &entry));
    struct cx inner = *cx;
    inner.arena = &entry->arena;
    entry->object.id = take_id(edit->catalog, def->id);
    entry->object.table = is_foreign(edit, target) ? NULL : target->table;
    entry->object.table_id = target->id;
    entry->object.temporary = is_temp(schema);
    llkv_code rc = copy_text(&inner, def->sql, &entry->object.sql);
    if (rc == LLKV_OK) rc = put(cx, edit, entry, NULL);
    if (rc != LLKV_OK) entry_free(entry);
    return rc;
}

/* ---- dropping ---- */

static llkv_code check_schema_empty(struct cx *cx, const struct catalog_snapshot *view,
                                    const struct object *schema)
{
    for (uint32_t i = 0; i < view->count; i++) {
        const struct object *object = &view->entries[i]->object;
        if (object->id == schema->id) continue;
        if (!slice_equal_folded(slice_of(object->schema), slice_of(schema->name))) continue;
        return cx_fail_at(cx, LLKV_DEPENDENT, -1, "2BP01", "schema \"%s\" still holds %s \"%s\"",
                          schema->name, object_kind_text(object->kind), object->name);
    }
    return LLKV_OK;
}

static bool goes(const struct object *object, const void *dropped)
{
    return object_goes_with(object, dropped);
}

llkv_code catalog_edit_drop(struct cx *cx, struct catalog_edit *edit, const struct object *object)
{
    const struct object *dropped;
    TRY(find_now(cx, edit, object, &dropped));
    if (dropped->kind == OBJECT_SCHEMA) TRY(check_schema_empty(cx, edit->view, dropped));
    if (dropped->kind == OBJECT_TABLE || dropped->kind == OBJECT_INDEX) {
        /* To know what it has in the pager, and so that its keys stay as they are while it is
         * loaded. What is damaged can still be dropped. */
        llkv_code rc = table_load(cx, dropped->table);
        if (rc != LLKV_OK && rc != LLKV_CORRUPT) return rc;
    }
    if (dropped->kind == OBJECT_TABLE) TRY(take_gate(cx, edit, dropped, TABLE_GATE_ALL));
    if (dropped->kind == OBJECT_INDEX)
        TRY(take_gate(cx, edit, catalog_find_id(edit->view, dropped->table_id), TABLE_GATE_ALL));
    const struct snapshot_change change = {.without = goes, .arg = dropped};
    struct catalog_snapshot *view;
    TRY(next_view(cx, edit, &change, &view));
    struct entry *entry = entry_of(dropped);
    if (dropped->kind == OBJECT_INDEX) table_key_leave(entry->key);
    note(edit, &(struct change){.kind = CHANGE_DROP, .entry = entry}, view);
    return LLKV_OK;
}
