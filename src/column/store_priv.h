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
    struct stored_image *stored;       /* the checkpoint's: what the current root says, or NULL */
};

/* Marks and directory of the writer. */
struct marks *store_marks(struct store *store);
struct directory *store_directory(struct store *store);

/* Room for one more segment. */
NODISCARD llkv_code store_ensure_directory(struct cx *cx, struct store *store);
/* Write rows that lie in one vector behind those that are there; the count of rows is the caller's
 * to move on. */
NODISCARD llkv_code store_write_run(struct cx *cx, struct store *store, struct segment *segment,
                                    const struct row_run *run);
/* Texts of n rows of a buffer came to the segment, or are taken back. */
void segment_count_texts(struct segment *segment, const struct rowbuf *buf, uint32_t first,
                         uint32_t n, bool take_back);
/* The newest commit up to `ts` that changed the table; -1: none. */
int64_t store_changed_ts(struct store *store, int64_t ts);
/* Forget what stands in the file, and with `discard` give it up. */
void store_stored_free(struct store *store, bool discard);
/* Widen the zone of a column of an open block by n rows of a buffer. */
void store_note_block(const struct layout *layout, uint32_t column, struct open_block *block,
                      const struct rowbuf *buf, uint32_t first, uint32_t n);

/* Take up the rows of a piece into block zones and statistics. */
void store_note_piece(struct store *store, const struct store_piece *piece);
/* Count the values of a patch in the sketch, which a commit that fails later does not hurt. */
void store_note_patch(struct store *store, uint32_t column, const struct patch *patch);
/* Take up the bounds of updated values. */
void store_note_overlay(struct store *store, uint32_t column, const struct overlay *overlay);
#endif
