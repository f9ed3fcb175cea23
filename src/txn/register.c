#include "txn/register.h"

#include <assert.h>
#include <string.h>

void register_init(struct snapshot_register *reg, struct mem_budget *budget)
{
    reg->budget = budget;
}

void register_deinit(struct snapshot_register *reg)
{
    struct register_block *block = atomic_load(&reg->first.next);
    while (block != NULL) {
        struct register_block *next = atomic_load(&block->next);
        mem_free(block);
        block = next;
    }
}

static bool claim_in(struct register_block *block, uint32_t *out_entry)
{
    for (uint32_t i = 0; i < REGISTER_BLOCK_ENTRIES; i++) {
        struct register_entry *entry = &block->entries[i];
        int64_t free_mark = 0;
        if (atomic_load_explicit(&entry->ts_plus_1, memory_order_relaxed) != 0) continue;
        if (!atomic_compare_exchange_strong(&entry->ts_plus_1, &free_mark, 1)) continue;
        *out_entry = i;
        return true;
    }
    return false;
}

/* The block behind `block`, made if there is none; NULL: no memory. */
static struct register_block *next_block(struct snapshot_register *reg,
                                         struct register_block *block)
{
    struct register_block *next = atomic_load(&block->next);
    if (next != NULL) return next;
    struct register_block *made = mem_alloc_aligned(reg->budget, sizeof *made);
    if (made == NULL) return NULL;
    memset(made, 0, sizeof *made);
    if (atomic_compare_exchange_strong(&block->next, &next, made)) return made;
    mem_free(made); /* another thread was faster */
    return next;
}

/* Before the claimer looks at anything else, so that a scan that misses it came before it. */
static void raise_used(struct snapshot_register *reg, uint32_t used)
{
    uint32_t known = atomic_load(&reg->used);
    while (known < used && !atomic_compare_exchange_weak(&reg->used, &known, used)) {
    }
}

bool register_claim(struct snapshot_register *reg, uint32_t *out_slot)
{
    struct register_block *block = &reg->first;
    for (uint32_t number = 0; number < REGISTER_BLOCKS_MAX && block != NULL; number++) {
        uint32_t entry;
        if (claim_in(block, &entry)) {
            *out_slot = number * REGISTER_BLOCK_ENTRIES + entry;
            raise_used(reg, *out_slot + 1);
            return true;
        }
        block = next_block(reg, block);
    }
    return false;
}

struct register_entry *register_at(struct snapshot_register *reg, uint32_t slot)
{
    struct register_block *block = &reg->first;
    for (uint32_t skip = slot / REGISTER_BLOCK_ENTRIES; skip > 0; skip--) {
        block = atomic_load_explicit(&block->next, memory_order_acquire);
        assert(block != NULL);
    }
    return &block->entries[slot % REGISTER_BLOCK_ENTRIES];
}

void register_release(struct snapshot_register *reg, uint32_t slot)
{
    struct register_entry *entry = register_at(reg, slot);
    assert(atomic_load(&entry->ts_plus_1) != 0);
    atomic_store(&entry->ts_plus_1, 0);
}

int64_t register_min_ts(struct snapshot_register *reg, int64_t none)
{
    int64_t oldest = none;
    uint32_t used = atomic_load(&reg->used);
    struct register_block *block = &reg->first;
    for (uint32_t slot = 0; slot < used; slot++) {
        uint32_t i = slot % REGISTER_BLOCK_ENTRIES;
        if (i == 0 && slot != 0) block = atomic_load(&block->next);
        int64_t ts_plus_1 = atomic_load(&block->entries[i].ts_plus_1);
        if (ts_plus_1 != 0 && ts_plus_1 - 1 < oldest) oldest = ts_plus_1 - 1;
    }
    return oldest;
}

uint64_t register_min_epoch(struct snapshot_register *reg, uint64_t none)
{
    uint64_t oldest = none;
    uint32_t used = atomic_load(&reg->used);
    struct register_block *block = &reg->first;
    for (uint32_t slot = 0; slot < used; slot++) {
        uint32_t i = slot % REGISTER_BLOCK_ENTRIES;
        if (i == 0 && slot != 0) block = atomic_load(&block->next);
        struct register_entry *entry = &block->entries[i];
        if (atomic_load(&entry->ts_plus_1) == 0) continue;
        uint64_t epoch = atomic_load(&entry->epoch);
        if (epoch < oldest) oldest = epoch;
    }
    return oldest;
}
