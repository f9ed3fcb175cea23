/* write_priv.h -- what a write set collects per table; shared by collecting (write.c, insert.c,
 * write_update.c) and committing (commit.c, commit_keys.c). */
#ifndef TABLE_WRITE_PRIV_H
#define TABLE_WRITE_PRIV_H
#include "index/art.h"
#include "table/row_set.h"
#include "table/table_priv.h"
#include "table/write.h"

/* Inserted rows: sealed already, or in a buffer that is full in another way. */
struct chunk {
    struct chunk *next;
    struct sealed *sealed; /* or NULL: */
    struct rowbuf buf;
    uint64_t first; /* number of its first row among the rows inserted */
};

/* New values for some columns of up to a segment's worth of rows. */
struct update_batch {
    struct update_batch *next;
    struct layout layout;
    uint16_t *columns; /* of the table; the layout's columns in order */
    uint8_t *phys;
    struct rowbuf values;
    uint64_t *row_ids; /* one per row of `values` */
    uint32_t row_id_room;
};

/* Rows inserted by this set, by a unique key: for REPLACE and IGNORE. */
struct own_key {
    const struct key *key;
    struct art_change tree; /* leaves end with the number of the row */
    struct key_rows rows;
};

struct update_ref;

struct table_writes {
    struct txn_participant participant; /* first */
    struct table_writes *next;
    struct table *table;
    struct arena arena; /* of what is small */

    struct chunk *chunks, **chunks_end;
    struct rowbuf rows;       /* the last ones inserted */
    uint64_t inserted;        /* in chunks and rows */
    struct sketch *sketches;  /* of sealed chunks; NULL: none yet */
    struct row_set own_dead;  /* inserted and replaced; by number */
    struct own_key *own_keys; /* NULL: not needed yet */
    uint32_t own_key_count;
    bool has_own_keys;

    struct row_set deleted, updated; /* by row id */
    struct update_batch *updates, **updates_end, *update_last;

    /* While it commits: */
    struct store_change change;
    struct update_ref *refs; /* by row id */
    uint32_t ref_count;
    struct row_unit *touched; /* vectors with deletes or updates */
    uint32_t touched_count;
    struct key_list *keys;
    uint32_t keys_begun;
};

struct write_set {
    struct txn_manager *manager;
    const struct snapshot *snapshot;
    uint64_t txn;
    struct mem_budget *budget;
    struct table_writes *first;
    bool committed;
};

/* What the set has for a table, made if there is nothing yet. */
NODISCARD llkv_code writes_of(struct cx *cx, struct write_set *set, struct table *table,
                              struct table_writes **out_writes);
/* Rows number first .. of those inserted, n of them, all in one chunk: into the key's columns. */
NODISCARD llkv_code writes_key_rows(struct cx *cx, struct table_writes *writes, struct key_rows *kr,
                                    uint64_t first, uint32_t *out_rows);
void own_keys_deinit(struct table_writes *writes);

/* One updated row. */
struct update_ref {
    uint64_t row_id;
    const struct update_batch *batch;
    uint32_t at; /* in the batch */
};
/* All updates but those of deleted rows, by row id; in cx->arena. */
NODISCARD llkv_code writes_update_refs(struct cx *cx, struct table_writes *writes,
                                       struct update_ref **out_refs, uint32_t *out_count);
/* How many of the refs from the first on belong to the same vector. */
uint32_t update_group(const struct update_ref *refs, uint32_t count, uint32_t vector_rows);
/* Is there a new value for the column? Its number in the batch, or -1. */
int update_column(const struct update_batch *batch, uint16_t column);

/* ---- commit_keys.c ---- */
/* Begin a change of every key. */
NODISCARD llkv_code commit_keys_begin(struct cx *cx, struct table_writes *writes);
/* Entries of deleted rows and of updated keys end, then those of new keys come; 23505. */
NODISCARD llkv_code commit_keys_change(struct cx *cx, struct table_writes *writes);
void commit_keys_apply(struct table_writes *writes, int64_t ts);
void commit_keys_undo(struct table_writes *writes);
#endif
