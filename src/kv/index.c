#include "kv/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { CAP_MIN = 64 };
/* In `payload` of a slot without a value: free, or of a deleted key. */
#define FREE UINT64_C(0)
#define DELETED UINT64_MAX

static bool is_free(const struct kv_slot *slot)
{
    return slot->bytes == 0 && slot->payload == FREE;
}

void kv_index_deinit(struct kv_index *index)
{
    mem_free(index->slots);
    *index = (struct kv_index){0};
}

void kv_index_clear(struct kv_index *index)
{
    struct kv_index empty = {.seed = index->seed, .keep_deleted = index->keep_deleted};
    kv_index_deinit(index);
    *index = empty;
}

/* The key's slot, or the free one where it would go. There is one: the table is never full. */
static struct kv_slot *slot_of(const struct kv_index *index, uint64_t key)
{
    assert(index->used < index->cap);
    size_t at = (size_t)hash_u64(key ^ index->seed) & (index->cap - 1);
    while (!is_free(&index->slots[at]) && index->slots[at].key != key)
        at = (at + 1) & (index->cap - 1);
    return &index->slots[at];
}

const struct kv_slot *kv_index_find(const struct kv_index *index, uint64_t key)
{
    if (index->count == 0) return NULL;
    const struct kv_slot *slot = slot_of(index, key);
    return slot->bytes == 0 ? NULL : slot;
}

llkv_code kv_index_reserve(struct cx *cx, struct kv_index *index, size_t more)
{
    size_t least, bytes, cap = CAP_MIN;
    if (!size_add(index->used, more, &least) || !size_mul(least, 2, &least)) return cx_nomem(cx);
    if (least <= index->cap) return LLKV_OK;
    size_t kept = index->keep_deleted ? index->used : index->count;
    if (!size_add(kept, more, &least) || !size_mul(least, 3, &least)) return cx_nomem(cx);
    while (cap < least)
        cap *= 2;
    if (!size_mul(cap, sizeof *index->slots, &bytes)) return cx_nomem(cx);
    struct kv_index bigger = *index;
    bigger.slots = mem_alloc_zero(cx->budget, bytes);
    if (bigger.slots == NULL) return cx_nomem(cx);
    bigger.cap = cap;
    bigger.used = kept;
    for (size_t i = 0; i < index->cap; i++) {
        const struct kv_slot *slot = &index->slots[i];
        bool keep = index->keep_deleted ? !is_free(slot) : slot->bytes != 0;
        if (keep) *slot_of(&bigger, slot->key) = *slot;
    }
    mem_free(index->slots);
    *index = bigger;
    return LLKV_OK;
}

static void fill(struct kv_index *index, struct kv_slot *slot, const struct kv_slot *value)
{
    if (is_free(slot)) index->used++;
    index->count += value->bytes != 0;
    index->count -= slot->bytes != 0;
    index->value_bytes += value->bytes;
    index->value_bytes -= slot->bytes;
    *slot = *value;
    assert(index->used < index->cap);
}

void kv_index_put(struct kv_index *index, uint64_t key, uint64_t payload, uint64_t bytes)
{
    struct kv_slot value = {key, bytes == 0 ? DELETED : payload, bytes};
    fill(index, slot_of(index, key), &value);
}

void kv_index_put_older(struct kv_index *index, uint64_t key, uint64_t payload, uint64_t bytes)
{
    struct kv_slot value = {key, bytes == 0 ? DELETED : payload, bytes};
    struct kv_slot *slot = slot_of(index, key);
    if (is_free(slot)) fill(index, slot, &value);
}

static int compare_places(const void *a, const void *b)
{
    const struct kv_slot *left = a, *right = b;
    return (left->payload > right->payload) - (left->payload < right->payload);
}

llkv_code kv_index_list(struct cx *cx, const struct kv_index *index, struct kv_slot **out_slots)
{
    *out_slots = NULL;
    if (index->count == 0) return LLKV_OK;
    struct kv_slot *slots = mem_alloc(cx->budget, index->count * sizeof *slots);
    if (slots == NULL) return cx_nomem(cx);
    size_t count = 0;
    for (size_t i = 0; i < index->cap; i++)
        if (index->slots[i].bytes != 0) slots[count++] = index->slots[i];
    assert(count == index->count);
    qsort(slots, count, sizeof *slots, compare_places);
    *out_slots = slots;
    return LLKV_OK;
}
