/* collect.h -- drain a chain into a row store, in the order of its rows at any number of threads;
 * read a store as batches.
 *
 * A struct collect belongs to one operator's shared state; a struct store_source to one run. */
#ifndef EXEC_COLLECT_H
#define EXEC_COLLECT_H
#include "exec/rows.h"

struct collect_range {
    struct rowstore store;
    struct vector *vectors;
    struct eval *evals;
    uint64_t *wide_hash;
    uint32_t *hash;
    uint32_t hash_rows;
};

/* Zero but for the first group is its start. */
struct collect {
    const struct rowfmt *fmt;
    const struct link_expr *exprs; /* one per column of the format */
    bool hashed;                   /* rows carry the hash of their keys */

    struct collect_range **ranges;
    uint32_t range_count, range_room;
    struct rowstore *store; /* the result */
};
NODISCARD llkv_code collect_chain(struct run *run, const struct chain *chain, struct collect *c);
/* Format and expressions that keep the columns of `node` as they are. */
NODISCARD llkv_code link_identity(struct linker *lk, const struct pnode *node,
                                  struct rowfmt *out_fmt, struct link_expr **out_exprs);

enum { STORE_MORSEL_BLOCKS = 16 };

/* Zero is its start. */
struct store_source {
    const struct rowstore *store;
    struct rowreader reader;
    uint32_t end_block, column_count;
    bool stable;         /* the store lives as long as the statement */
    const uint32_t *map; /* column of the store per column read; NULL: the same */
    const uint8_t **rows;
    struct colbuf *columns;
    struct vector *vectors;
    struct batch batch;
};
/* Read the first `column_count` columns from the beginning. */
NODISCARD llkv_code store_source_attach(struct run *run, struct store_source *s,
                                        const struct rowstore *store, uint32_t column_count,
                                        bool stable);
uint32_t store_source_morsels(const struct rowstore *store);
void store_source_seek(struct store_source *s, uint32_t first, uint32_t end);
NODISCARD llkv_code store_source_next(struct run *run, struct store_source *s,
                                      const struct batch **out_batch);
/* The batch of the n rows that were put into s->rows. */
NODISCARD llkv_code store_source_read(struct run *run, struct store_source *s, uint32_t n);
#endif
