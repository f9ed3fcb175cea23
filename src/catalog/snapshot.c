#include <stddef.h>

#include <assert.h>
#include <string.h>

#include "catalog/catalog_priv.h"

enum name_space object_space(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_INDEX: return SPACE_RELATIONS;
    case OBJECT_TRIGGER: return SPACE_TRIGGERS;
    case OBJECT_SCHEMA: return SPACE_SCHEMAS;
    }
    assert(false);
    return SPACE_RELATIONS;
}

struct entry *entry_of(const struct object *object)
{
    return (struct entry *)(void *)((char *)(uintptr_t)object - offsetof(struct entry, object));
}

void entry_free(struct entry *entry)
{
    if (entry == NULL) return;
    if (entry->object.kind == OBJECT_TABLE) table_drop(entry->object.table);
    arena_deinit(&entry->arena);
    mem_free(entry);
}

void entry_close(struct entry *entry)
{
    if (entry == NULL) return;
    if (entry->object.kind == OBJECT_TABLE) table_free(entry->object.table);
    arena_deinit(&entry->arena);
    mem_free(entry);
}

const char *object_kind_text(enum object_kind kind)
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

bool object_goes_with(const struct object *object, const struct object *dropped)
{
    if (object->id == dropped->id) return true;
    bool belongs = object->kind == OBJECT_INDEX || object->kind == OBJECT_TRIGGER;
    return belongs && object->table_id == dropped->id;
}

bool schema_is_builtin(struct slice name)
{
    return slice_equal_folded(name, SLICE("main")) || slice_equal_folded(name, SLICE("temp"));
}

void snapshot_free(struct catalog_snapshot *snapshot)
{
    mem_free(snapshot);
}

/* One allocation: the struct, the entries, the slots. */
static struct catalog_snapshot *snapshot_alloc(struct mem_budget *budget, uint32_t entries)
{
    uint32_t slots = 16;
    while (slots < entries * 2)
        slots *= 2;
    size_t bytes = sizeof(struct catalog_snapshot) + entries * sizeof(struct entry *) +
                   slots * sizeof(uint32_t);
    struct catalog_snapshot *made = mem_alloc_zero(budget, bytes);
    if (made == NULL) return NULL;
    made->slot_count = slots;
    made->entries = (struct entry **)(made + 1);
    made->slots = (uint32_t *)(made->entries + entries);
    return made;
}

static void append(struct catalog_snapshot *snapshot, struct entry *entry)
{
    uint32_t mask = snapshot->slot_count - 1;
    uint32_t at = entry->object.name_hash & mask;
    while (snapshot->slots[at] != 0)
        at = (at + 1) & mask;
    assert(snapshot->count == 0 ||
           snapshot->entries[snapshot->count - 1]->object.id < entry->object.id);
    snapshot->entries[snapshot->count++] = entry;
    snapshot->slots[at] = snapshot->count;
    snapshot->trigger_count += entry->object.kind == OBJECT_TRIGGER;
}

struct catalog_snapshot *snapshot_of(struct mem_budget *budget, struct entry *const *entries,
                                     uint32_t count)
{
    struct catalog_snapshot *made = snapshot_alloc(budget, count);
    for (uint32_t i = 0; made != NULL && i < count; i++)
        append(made, entries[i]);
    return made;
}

struct catalog_snapshot *snapshot_new(struct mem_budget *budget, const struct catalog_snapshot *old,
                                      const struct snapshot_change *change)
{
    uint32_t count = old == NULL ? 0 : old->count;
    struct catalog_snapshot *made = snapshot_alloc(budget, count + 1);
    if (made == NULL) return NULL;
    struct entry *put = change->put == NULL ? NULL : entry_of(&change->put->object);
    for (uint32_t i = 0; i < count; i++) {
        struct entry *entry = old->entries[i];
        if (put != NULL && entry->object.id >= put->object.id) {
            bool replaced = entry->object.id == put->object.id;
            append(made, put);
            put = NULL;
            if (replaced) continue;
        }
        if (change->without != NULL && change->without(&entry->object, change->arg)) continue;
        append(made, entry);
    }
    if (put != NULL) append(made, put);
    return made;
}

const struct object *snapshot_find(const struct catalog_snapshot *snapshot, enum name_space space,
                                   struct slice schema, struct slice name, uint32_t name_hash)
{
    uint32_t mask = snapshot->slot_count - 1;
    for (uint32_t at = name_hash & mask; snapshot->slots[at] != 0; at = (at + 1) & mask) {
        const struct object *object = &snapshot->entries[snapshot->slots[at] - 1]->object;
        if (object->name_hash != name_hash || object_space(object->kind) != space) continue;
        if (!slice_equal_folded(slice_of(object->name), name)) continue;
        if (slice_equal_folded(slice_of(object->schema), schema)) return object;
    }
    return NULL;
}

static struct slice schema_or_main(struct slice schema)
{
    return schema.len == 0 ? SLICE("main") : schema;
}

const struct object *catalog_find(const struct catalog_snapshot *snapshot, struct slice schema,
                                  struct slice name, uint32_t name_hash)
{
    return snapshot_find(snapshot, SPACE_RELATIONS, schema_or_main(schema), name, name_hash);
}

const struct object *catalog_find_trigger(const struct catalog_snapshot *snapshot,
                                          struct slice schema, struct slice name)
{
    return snapshot_find(snapshot, SPACE_TRIGGERS, schema_or_main(schema), name,
                         slice_hash_folded(name));
}

const struct object *catalog_find_schema(const struct catalog_snapshot *snapshot, struct slice name)
{
    return snapshot_find(snapshot, SPACE_SCHEMAS, name, name, slice_hash_folded(name));
}

const struct object *catalog_find_id(const struct catalog_snapshot *snapshot, uint64_t id)
{
    uint32_t low = 0;
    uint32_t high = snapshot->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (snapshot->entries[middle]->object.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == snapshot->count || snapshot->entries[low]->object.id != id) return NULL;
    return &snapshot->entries[low]->object;
}

uint64_t catalog_snapshot_version(const struct catalog_snapshot *snapshot)
{
    return snapshot->version;
}

uint32_t catalog_count(const struct catalog_snapshot *snapshot)
{
    return snapshot->count;
}

const struct object *catalog_at(const struct catalog_snapshot *snapshot, uint32_t index)
{
    assert(index < snapshot->count);
    return &snapshot->entries[index]->object;
}

bool catalog_has_trigger(const struct catalog_snapshot *snapshot, uint64_t table_id)
{
    if (snapshot->trigger_count == 0) return false;
    for (uint32_t i = 0; i < snapshot->count; i++) {
        const struct object *object = &snapshot->entries[i]->object;
        if (object->kind == OBJECT_TRIGGER && object->table_id == table_id) return true;
    }
    return false;
}
