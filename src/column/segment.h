/* segment.h -- the rows of one segment: base values, what was deleted, what was updated.
 *
 * States: open (values in blocks, one per vector, made on demand) -> sealed (values in the pager;
 * the blocks are retired). Deletes and overlays stay where they are over the change.
 *
 * Threads: readers follow atomic pointers; everything else belongs to the writer that holds the
 * commit mutex.
 * Holds:   `rows` counts what was written, which readers may only use for a segment that a later
 * one has followed; else the snapshot's end of rows tells. */
#ifndef COLUMN_SEGMENT_H
#define COLUMN_SEGMENT_H
#include "column/deletes.h"
#include "column/open_block.h"
#include "column/overlay.h"
#include "column/sealed.h"

/* Texts of the open blocks. */
struct open_text {
    struct retired retired;
    struct text_heap heap;
};

struct vector_state {
    _Atomic(struct open_block *) open;
    _Atomic(struct deletes *) deletes;
    struct touch *touches; /* the writer's */
};

/* Overlays of one column; `zone` covers all that were ever published. */
struct overlay_column {
    struct retired retired;
    struct live_zone zone;
    _Atomic(struct overlay *) heads[]; /* one per vector */
};

struct segment {
    const struct layout *layout;
    struct mem_budget *budget;
    _Atomic uint32_t rows;
    _Atomic int64_t changed_ts; /* the last commit that deleted or updated here */
    bool closed;                /* the writer's: nothing is appended any more */
    struct open_text *text;     /* the writer's; NULL once sealed, or without text columns */
    uint64_t *text_bytes;       /* the writer's: per column */
    _Atomic uint8_t *pinned; /* per column: the base stays as it is, somebody counts on its order */
    _Atomic uint8_t *updated; /* per column: it had overlays since the table was made or loaded */
    _Atomic(struct sealed *) sealed;
    _Atomic(struct overlay_column *) *overlays; /* one per column */
    struct vector_state vectors[];
};

/* Open and empty, or with sealed columns, which it takes over. NULL: no memory; `sealed` is then
 * still the caller's. */
struct segment *segment_new(struct mem_budget *budget, const struct layout *layout,
                            struct sealed *sealed);
/* Frees everything at once. NULL is allowed. What stands in the pager stays unless segment_drop was
 * called before. */
void segment_free(struct segment *segment);
/* What stands in the pager is needed no more. */
void segment_drop(struct segment *segment);
/* The block of a vector with room for `rows` rows; NULL: no memory. The block it replaces is
 * retired. `first_rows`: how much room a first block has. */
struct open_block *segment_block(struct segment *segment, struct readers *readers, uint32_t vector,
                                 uint32_t rows, uint32_t first_rows);
/* Write the columns to the pager and go over to them. On failure the segment stays open. */
NODISCARD llkv_code segment_seal(struct cx *cx, struct segment *segment, struct readers *readers,
                                 llkv_pager *pager);
/* Go over to `next`, which shares what it did not replace (`replaced` columns), and cut the
 * overlays of these columns up to `ts`, all of which it contains. No snapshot is older than `ts`.
 */
void segment_fold(struct segment *segment, struct readers *readers, struct sealed *next,
                  const uint32_t *replaced, uint32_t count, int64_t ts);
/* The overlays of a column, made if there are none; NULL: no memory. */
struct overlay_column *segment_overlays(struct segment *segment, uint32_t column);

/* ---- reading ---- */

/* Where the values of one vector of a column are, for one snapshot. */
struct value_source {
    uint8_t phys, shape; /* FLAT or OFFS */
    bool growing;        /* bits are in _Atomic words that somebody may be writing behind */
    const void *data;
    const uint64_t *validity;
    const uint8_t *heap;
    const struct overlay *overlay; /* whose patches go on top, or NULL */
};
/* `rows`: how many the snapshot sees of the vector. LLKV_CORRUPT: the values are damaged. */
NODISCARD llkv_code segment_source(struct cx *cx, struct segment *segment, uint32_t column,
                                   uint32_t vector, uint32_t rows, int64_t ts,
                                   struct value_source *out_source);

/* Room for values that must be copied: VEC_ROWS_MAX values, and two times as many bits. Zero is a
 * room that was not needed yet. */
struct value_room {
    void *data;
    uint64_t *validity;
};
/* Make the room if there is none, in cx->arena. */
NODISCARD llkv_code value_room_ensure(struct cx *cx, struct value_room *room);
/* The same for the bits alone: for a few rows the values are not worth clearing. */
NODISCARD llkv_code value_room_bits(struct cx *cx, struct value_room *room);
/* The first `rows` rows of a vector, as the snapshot sees them. Points into the table's memory
 * where nothing must be patched, else into `room` (allocated from cx->arena). */
NODISCARD llkv_code segment_read(struct cx *cx, struct segment *segment, uint32_t column,
                                 uint32_t vector, uint32_t rows, int64_t ts,
                                 struct value_room *room, struct vector *out);
/* Values at n positions of a vector, to slots at.. of FLAT `data` and bits at.. of `validity`. */
void value_source_gather(const struct value_source *source, const uint16_t *positions, uint32_t n,
                         void *data, uint64_t *validity, uint32_t at);
/* Deleted rows of a vector for a snapshot, as bits; NULL: none. */
const uint64_t *segment_deleted(struct segment *segment, uint32_t vector, int64_t ts);

/* Bounds of what any snapshot sees of a vector, or of `rows` rows of the whole segment. */
struct zone segment_vector_zone(struct segment *segment, uint32_t column, uint32_t vector,
                                int64_t ts);
struct zone segment_zone(struct segment *segment, uint32_t column, uint32_t rows);
#endif
