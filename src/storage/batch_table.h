/* batch_table.h -- where each batch lies in the container.
 *
 * A radix tree over batch numbers, 64 ways. On the medium a node is BATCH_NODE_BYTES within a
 * CHECKPOINT and never changes: a publish writes the nodes on the paths to what changed, so its
 * cost follows the change, not the number of batches. Nodes are read when first needed.
 *
 * Owns:    the nodes in memory. Does not: lock, or write to the file.
 * Threads: one at a time.
 * Holds:   a node that is not clean has a parent that is not clean. */
#ifndef STORAGE_BATCH_TABLE_H
#define STORAGE_BATCH_TABLE_H
#include <stdint.h>

#include <stdbool.h>

#include "base/cx.h"
#include "base/os_fs.h"
#include "storage/entry_format.h"

enum {
    BATCH_NODE_WAYS = 64,
    BATCH_NODE_BYTES = BATCH_NODE_WAYS * 16,
    BATCH_HEIGHT_MAX = 6, /* 64^6 > 2^32 */
};

/* A view that is open; kept by who hands out views. */
struct batch_pin;

struct batch_place {
    uint64_t offset;        /* of its entry in the file */
    uint64_t data_end;      /* from there; 0: no such batch */
    struct batch_pin *pins; /* in memory only */
    bool dropped;           /* given up as a whole: not written any more */
};

struct batch_node;

struct batch_table {
    struct os_fs_file *file; /* borrowed */
    struct mem_budget *budget;
    struct batch_node *root;
    struct table_ref ref; /* as it was read, or committed */
    uint32_t height;
};

/* `ref` as a footer has it; checks it. */
NODISCARD llkv_code batch_table_init(struct cx *cx, struct batch_table *table,
                                     struct os_fs_file *file, struct mem_budget *budget,
                                     const struct table_ref *ref);
void batch_table_deinit(struct batch_table *table);
/* *out_place is NULL if there is no such batch; else valid until deinit. */
NODISCARD llkv_code batch_table_get(struct cx *cx, struct batch_table *table, uint32_t seq,
                                    struct batch_place **out_place);
/* Every batch whose node is in memory: those that may have pins. */
typedef void batch_place_fn(void *arg, const struct batch_place *place);
void batch_table_each(const struct batch_table *table, batch_place_fn *fn, void *arg);
/* Make room for `seq`, so that batch_table_put cannot fail. LLKV_CORRUPT if there is such a batch.
 */
NODISCARD llkv_code batch_table_reserve(struct cx *cx, struct batch_table *table, uint32_t seq);
void batch_table_put(struct batch_table *table, uint32_t seq, uint64_t offset, uint64_t data_end);
/* Given up: no longer written, and no views any more. */
NODISCARD llkv_code batch_table_drop(struct cx *cx, struct batch_table *table, uint32_t seq);

/* Bytes that batch_table_encode writes. */
uint64_t batch_table_changed_bytes(const struct batch_table *table);
/* The changed nodes, for `offset` in the file; returns how the table is found then. Nothing counts
 * as written until batch_table_commit; what changes in between stays changed. */
struct table_ref batch_table_encode(struct batch_table *table, uint64_t offset, uint8_t *out);
void batch_table_commit(struct batch_table *table, const struct table_ref *ref);
#endif
