/* key_map.h -- rows by key, for the writes of one transaction: a hash of the key leads to rows.
 *
 * It only proposes: a row it names may have another key with the same hash, may have lost its key
 * since, may be named twice. Nothing is ever taken out. Rows of one hash are a chain, so that keys
 * that many rows share cost no more than others.
 *
 * Owns:    its two arrays. Zeroed memory with a budget is an empty map.
 * Threads: one writer; readers while nobody writes.
 * Holds:   a slot is the newest entry of a hash, or 0; at most half of the slots are taken. */
#ifndef TABLE_KEY_MAP_H
#define TABLE_KEY_MAP_H
#include "index/normkey.h"

struct key_map_entry {
    uint64_t hash, row_id;
    uint32_t older; /* index + 1 of the entry of the same hash before; 0: none */
};

struct key_map {
    struct mem_budget *budget;
    struct key_map_entry *entries;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1 of an entry; a power of two of them */
    uint32_t taken, slot_count;
};

void key_map_deinit(struct key_map *map);
/* What a key is known by here. */
uint64_t key_map_hash(const struct normkey *key);
NODISCARD llkv_code key_map_add(struct cx *cx, struct key_map *map, uint64_t hash, uint64_t row_id);
/* The newest entry for a key, then those before it; NULL: no more. */
const struct key_map_entry *key_map_find(const struct key_map *map, uint64_t hash);
ALWAYS_INLINE const struct key_map_entry *key_map_older(const struct key_map *map,
                                                        const struct key_map_entry *entry)
{
    return entry->older == 0 ? NULL : &map->entries[entry->older - 1];
}
#endif
