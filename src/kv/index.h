/* index.h -- where the current value of each key lies: a hash table of key hashes. Private to
 * drive.
 *
 * Keys come from files that may be hostile, so their places depend on a secret number. A deleted
 * key keeps its slot at least until the table grows. Threads: one at a time. */
#ifndef KV_INDEX_H
#define KV_INDEX_H
#include <stdbool.h>

#include "base/cx.h"

struct kv_slot {
    uint64_t key;
    uint64_t payload; /* offset of the value */
    uint64_t bytes;   /* 0: none */
};

/* Zero-initialised is an empty one. */
struct kv_index {
    struct kv_slot *slots;
    size_t cap;   /* a power of two, or 0 */
    size_t used;  /* slots that are not free */
    size_t count; /* keys */
    uint64_t value_bytes;
    uint64_t seed;
    bool keep_deleted; /* while entries come newest first: a delete hides what comes after it */
};

void kv_index_deinit(struct kv_index *index);
/* Forget all keys. */
void kv_index_clear(struct kv_index *index);
/* NULL if there is no such key. */
const struct kv_slot *kv_index_find(const struct kv_index *index, uint64_t key);
/* Room for `more` new keys, so that kv_index_put cannot fail. */
NODISCARD llkv_code kv_index_reserve(struct cx *cx, struct kv_index *index, size_t more);
/* `bytes` > 0: the key's value; 0: the key is deleted. Room has been reserved. */
void kv_index_put(struct kv_index *index, uint64_t key, uint64_t payload, uint64_t bytes);
/* The same where entries come newest first: what is known of the key already stays. */
void kv_index_put_older(struct kv_index *index, uint64_t key, uint64_t payload, uint64_t bytes);
/* All keys, oldest value first, in memory of the caller (mem_free); NULL after an error, and if
 * there are none. */
NODISCARD llkv_code kv_index_list(struct cx *cx, const struct kv_index *index,
                                  struct kv_slot **out_slots);
#endif
