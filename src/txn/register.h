/* register.h -- the register of snapshots: who may still look at what.
 *
 * Owns:    blocks of entries, one cache line each, kept until deinit.
 * Threads: everything may be called by any thread at any time.
 * Holds:   an entry in use carries a timestamp + 1 and the epoch it began in; 0: free. */
#ifndef TXN_REGISTER_H
#define TXN_REGISTER_H
#include <stdint.h>

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"

enum { REGISTER_BLOCK_ENTRIES = 64, REGISTER_BLOCKS_MAX = 16384 };

struct register_entry {
    alignas(64) _Atomic int64_t ts_plus_1; /* 0: free */
    _Atomic uint64_t epoch;
};

struct register_block {
    struct register_entry entries[REGISTER_BLOCK_ENTRIES];
    _Atomic(struct register_block *) next;
};

struct snapshot_register {
    struct register_block first;
    struct mem_budget *budget;
    _Atomic uint32_t used; /* no slot from here on was ever claimed */
};

/* `reg` is zeroed memory, aligned to 64. */
void register_init(struct snapshot_register *reg, struct mem_budget *budget);
void register_deinit(struct snapshot_register *reg);

/* Claim an entry, with timestamp 0 and an epoch not newer than now. False: no memory. */
bool register_claim(struct snapshot_register *reg, uint32_t *out_slot);
/* The entry of a claimed slot. */
struct register_entry *register_at(struct snapshot_register *reg, uint32_t slot);
void register_release(struct snapshot_register *reg, uint32_t slot);

/* The smallest timestamp among the entries in use, or `none`. */
int64_t register_min_ts(struct snapshot_register *reg, int64_t none);
/* The smallest epoch among them, or `none`. */
uint64_t register_min_epoch(struct snapshot_register *reg, uint64_t none);
#endif
