#include "table/key_map.h"

#include <assert.h>

#include "base/hash.h"

enum { FIRST_ENTRIES = 32 };

void key_map_deinit(struct key_map *map)
{
    mem_free(map->entries);
    mem_free(map->slots);
    *map = (struct key_map){.budget = map->budget};
}

/* The slot of a hash, or the free one where it belongs. There is room. */
static uint32_t find_slot(const struct key_map *map, const uint32_t *slots, uint32_t slot_count,
                          uint64_t hash)
{
    const uint32_t mask = slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (slots[at] != 0 && map->entries[slots[at] - 1].hash != hash)
        at = (at + 1) & mask;
    return at;
}

static llkv_code grow_entries(struct cx *cx, struct key_map *map)
{
    if (map->count < map->capacity) return LLKV_OK;
    if (map->count > UINT32_MAX / 4)
        return cx_fail(cx, LLKV_LIMIT, "too many rows are changed in one transaction");
    const uint32_t capacity = map->capacity == 0 ? FIRST_ENTRIES : map->capacity * 2;
    struct key_map_entry *entries =
        mem_realloc(map->entries, capacity * sizeof *entries, map->budget);
    if (entries == NULL) return cx_nomem(cx);
    map->entries = entries;
    map->capacity = capacity;
    return LLKV_OK;
}

static llkv_code grow_slots(struct cx *cx, struct key_map *map)
{
    if (map->taken < map->slot_count / 2) return LLKV_OK;
    const uint32_t slot_count = map->slot_count == 0 ? FIRST_ENTRIES * 2 : map->slot_count * 4;
    uint32_t *slots = mem_alloc_zero(map->budget, slot_count * sizeof *slots);
    if (slots == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < map->slot_count; i++) {
        if (map->slots[i] == 0) continue;
        const uint64_t hash = map->entries[map->slots[i] - 1].hash;
        slots[find_slot(map, slots, slot_count, hash)] = map->slots[i];
    }
    mem_free(map->slots);
    map->slots = slots;
    map->slot_count = slot_count;
    return LLKV_OK;
}

uint64_t key_map_hash(const struct normkey *key)
{
    return hash_bytes(key->data, key->len);
}

llkv_code key_map_add(struct cx *cx, struct key_map *map, uint64_t hash, uint64_t row_id)
{
    TRY(grow_entries(cx, map));
    TRY(grow_slots(cx, map));
    uint32_t *slot = &map->slots[find_slot(map, map->slots, map->slot_count, hash)];
    map->taken += *slot == 0;
    map->entries[map->count] = (struct key_map_entry){hash, row_id, *slot};
    *slot = ++map->count;
    assert(map->taken <= map->slot_count / 2);
    return LLKV_OK;
}

const struct key_map_entry *key_map_find(const struct key_map *map, uint64_t hash)
{
    if (map->count == 0) return NULL;
    const uint32_t newest = map->slots[find_slot(map, map->slots, map->slot_count, hash)];
    return newest == 0 ? NULL : &map->entries[newest - 1];
}
