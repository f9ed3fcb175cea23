/* own.h -- what an explicit transaction changed in rows of one table: a journal.
 *
 * Every change knows the step of the transaction it was made in and the change of the same row
 * before it, so that a reader with a mark sees the row as it was then, and the journal can be cut
 * back to a mark without needing memory.
 *
 * Owns:    the journal, the newest change of every row, what the steps added up to.
 * Threads: written by the transaction's thread while nobody reads; `rows_changed` only under the
 *          commit mutex as well, because other committers look at it.
 * Holds:   steps ascend along the journal; the values of a change are complete: they cover every
 *          column the transaction changed in the row. */
#ifndef TABLE_OWN_H
#define TABLE_OWN_H
#include "table/row_set.h"

struct update_batch;

struct own_change {
    uint64_t row_id;                  /* of a committed row, or a provisional one */
    const struct update_batch *batch; /* has the new values; NULL: the row is deleted */
    uint32_t at;                      /* which row of the batch */
    uint32_t older;                   /* index + 1 of the row's change before; 0: none */
    uint32_t step;
};

struct own_row {
    uint64_t row_id;
    uint32_t newest; /* index + 1 of its newest change; 0: none is left */
    bool used;
};

/* After this step: rows inserted so far, and by how much the number of live rows changed. */
struct own_span {
    uint32_t step;
    uint64_t inserted;
    int64_t live;
};

struct own {
    struct mem_budget *budget;
    struct own_change *changes;
    uint32_t count, capacity;
    struct own_row *rows; /* a hash table by row id, a power of two long */
    uint32_t row_count, row_capacity;
    struct own_span *spans;
    uint32_t span_count, span_capacity;
    struct row_set rows_changed;    /* committed rows with a change: the intents */
    struct row_set numbers_changed; /* numbers of inserted rows with a change */
};

void own_init(struct own *own, struct mem_budget *budget, uint32_t vector_rows);
void own_deinit(struct own *own);
/* Room for n more changes and one more step. */
NODISCARD llkv_code own_reserve(struct cx *cx, struct own *own, uint32_t n);
/* There is room. */
void own_note(struct own *own, const struct own_change *change);
/* `inserted` and `live` come on top of what the steps before added up to. There is room. */
void own_note_rows(struct own *own, uint32_t step, uint64_t inserted, int64_t live);

/* The newest change of a row before `mark`, or NULL. */
const struct own_change *own_seen(const struct own *own, uint64_t row_id, uint32_t mark);
/* What the steps before `mark` added up to. */
struct own_span own_span_at(const struct own *own, uint32_t mark);

/* Forget the newest change; the journal is not empty. Under the commit mutex. */
struct own_change own_pop(struct own *own);
/* Forget spans from step `mark` on. */
void own_cut_spans(struct own *own, uint32_t mark);
#endif
