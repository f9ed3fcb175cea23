/* store.h -- all rows of a table: segments in row-id order under one rule of visibility.
 *
 * Rows get dense row ids at commit, in commit order. So what a snapshot sees of the inserts is a
 * prefix: the commit marks tell where it ends. Deletes and updates are generations per vector.
 *
 * Owns:    segments, marks, statistics.
 * Threads: readers hold a registered snapshot and take no lock. Changes are made by the thread that
 *          holds the commit mutex.
 * Holds:   see README.md. */
#ifndef COLUMN_STORE_H
#define COLUMN_STORE_H
#include "column/segment.h"

struct store;

/* What a table is stored with. */
struct store_options {
    uint32_t column_count;
    const struct type *types;
    uint32_t segment_rows, vector_rows; /* powers of two */
};

/* Copies the options; manager of the readers and pager outlive the store. NULL: no memory. */
struct store *store_new(struct mem_budget *budget, struct readers *readers, llkv_pager *pager,
                        const struct store_options *options);
/* No reader is left. NULL is allowed. What stands in the pager stays there. */
void store_free(struct store *store);
/* The same, and what stands in the pager is given up. */
void store_drop(struct store *store);
const struct layout *store_layout(const struct store *store);
struct mem_budget *store_budget(const struct store *store);
llkv_pager *store_pager(const struct store *store);

/* ---- what a snapshot sees ---- */
#define TS_LATEST INT64_MAX /* the writer's view: everything that is committed */

struct store_view {
    int64_t ts;
    uint64_t row_end;  /* rows with smaller ids exist (or are gaps at the end of a segment) */
    int64_t live_rows; /* not deleted */
};
struct store_view store_view_at(struct store *store, int64_t ts);
/* Segments that may hold visible rows. */
uint32_t store_view_segments(const struct store *store, const struct store_view *view);
/* A segment the view covers. */
struct segment *store_segment(struct store *store, uint32_t index);
/* Rows of it that the view covers, deleted ones included. */
uint32_t store_segment_rows(struct store *store, const struct store_view *view, uint32_t index);
/* Is there such a row, and is it not deleted? */
bool store_row_visible(struct store *store, const struct store_view *view, uint64_t row_id);
/* The timestamp of the commit that made rows first .. of a segment, for n rows. Exact for rows
 * newer than the oldest snapshot at the time of the last compaction; older ones share a later
 * mark's. */
void store_created_by(struct store *store, uint64_t first_row, uint32_t n, int64_t *out_ts);
/* The timestamp of the last commit that wrote to it, published or not; 0: none. Under the commit
 * mutex, like the next one. */
int64_t store_last_ts(struct store *store);
/* Was the row updated or deleted by a commit after `ts`? */
bool store_row_changed(struct store *store, uint64_t row_id, int64_t ts);
uint64_t store_data_version(const struct store *store);

/* ---- statistics, over everything that was ever committed ---- */
struct store_stats {
    struct zone zone;
    bool ascending, strictly; /* in row-id order, no NULLs */
    double distinct;          /* >= 1 */
};
void store_column_stats(struct store *store, uint32_t column, struct store_stats *out_stats);

/* ---- changes: begin, any number of reservations, then apply or undo; under the commit mutex.
 * Reservations may fail and write nothing a reader can see; apply cannot fail. ---- */

/* Where reserved rows went. */
struct store_piece {
    uint64_t row_id;
    uint32_t first, rows;     /* of the buffer or of the sealed columns */
    const struct rowbuf *buf; /* or NULL: */
    struct sealed *sealed;
};

struct store_change {
    struct store *store;
    struct store_piece *pieces; /* in row-id order */
    uint32_t piece_count, piece_capacity;
    struct deletes *deletes; /* pending generations */
    struct overlay *overlays;
    struct touch *touches;
    uint32_t old_segments, old_rows; /* to undo with */
    uint64_t row_end;
    int64_t inserted, deleted;
};

/* Seals what became full before, ensures room for the marks. */
NODISCARD llkv_code store_change_begin(struct cx *cx, struct store_change *change,
                                       struct store *store);
/* Append the rows of `buf`, which lives until apply or undo. */
NODISCARD llkv_code store_reserve_rows(struct cx *cx, struct store_change *change,
                                       const struct rowbuf *buf);
/* Append a segment, which becomes the store's in apply. */
NODISCARD llkv_code store_reserve_sealed(struct cx *cx, struct store_change *change,
                                         struct sealed *sealed);
/* Was a row of the vector changed by a commit after `ts`? The first such row of `bits`, or -1. */
int store_find_conflict(struct store *store, uint32_t segment, uint32_t vector,
                        const uint64_t *bits, int64_t ts);
/* Delete the rows of a vector that have their bit set; once per vector and change. */
NODISCARD llkv_code store_reserve_deletes(struct cx *cx, struct store_change *change,
                                          uint32_t segment, uint32_t vector, const uint64_t *bits);
/* Change values of a vector; once per vector, column and change. */
NODISCARD llkv_code store_reserve_update(struct cx *cx, struct store_change *change,
                                         uint32_t segment, uint32_t vector, uint32_t column,
                                         const struct patch *patch);
/* Note that these rows were updated; once per vector and change. */
NODISCARD llkv_code store_reserve_touch(struct cx *cx, struct store_change *change,
                                        uint32_t segment, uint32_t vector, const uint64_t *bits);
/* `sketches`: of the sealed columns, one per column, or NULL. */
void store_apply(struct store_change *change, int64_t ts, const struct sketch *sketches);
void store_undo(struct store_change *change);

/* Everything that must hold, looked at while nobody commits. */
NODISCARD llkv_code store_check(struct cx *cx, struct store *store);
#endif
