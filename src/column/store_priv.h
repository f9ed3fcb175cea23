/* store_priv.h -- the inside of a store, shared by reading (store.c), writing (change.c),
 * statistics (stats.c) and the check (check.c). */
#ifndef COLUMN_STORE_PRIV_H
#define COLUMN_STORE_PRIV_H
#include "column/store.h"

/* After the commit `ts` rows below row_end exist. */
struct mark {
    int64_t ts;
    uint64_t row_end;
    int64_t live_rows;
};

/* Appended to in place; `count` is published last. A full one is replaced. */
struct marks {
    struct retired retired;
    uint32_t capacity;
    _Atomic uint32_t count;
    struct mark items[];
};

/* Replaced when it is full. */
struct directory {
    struct retired retired;
    uint32_t capacity;
    _Atomic(struct segment *) items[];
};

/* Running statistics of a column: one writer, only ever wider. */
struct column_state {
    struct live_zone zone;
    atomic_bool descends, repeats; /* the keys did not ascend (strictly) somewhere */
    bool any;                      /* the writer's: last_key is set */
    uint64_t last_key;             /* the writer's: of the row with the largest id */
};

struct store {
    struct layout layout;
    struct mem_budget *budget;
    struct readers *readers;
    llkv_pager *pager;
    _Atomic(struct directory *) directory;
    _Atomic(struct marks *) marks;
    _Atomic uint64_t data_version;
    uint32_t segment_count; /* the writer's, like the next one */
    uint32_t seal_from;     /* segments below are sealed or stay open for good */
    struct column_state *columns;
    _Atomic(struct sketch *) sketches; /* one per column, made with the first rows */
};

/* Marks and directory of the writer. */
struct marks *store_marks(struct store *store);
struct directory *store_directory(struct store *store);

/* Take up the rows of a piece into block zones and statistics. */
void store_note_piece(struct store *store, const struct store_piece *piece);
/* Count the values of a patch in the sketch, which a commit that fails later does not hurt. */
void store_note_patch(struct store *store, uint32_t column, const struct patch *patch);
/* Take up the bounds of updated values. */
void store_note_overlay(struct store *store, uint32_t column, const struct overlay *overlay);
#endif
