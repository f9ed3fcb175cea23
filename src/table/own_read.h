/* own_read.h -- how readers see what their transaction wrote: rows it inserted, and changes on top
 * of committed rows. Shared by the doors to rows: scan, gather, lookup. */
#ifndef TABLE_OWN_READ_H
#define TABLE_OWN_READ_H
#include "table/write_priv.h"

/* Everything written so far. */
#define OWN_MARK_NOW UINT32_MAX

/* What the transaction wrote to one table before a mark. */
struct own_view {
    const struct table_writes *writes; /* NULL: nothing */
    uint32_t mark;
    uint64_t rows; /* inserted, deleted ones included */
    int64_t live;  /* so many more rows live than without */
};

/* What the reader's transaction wrote to the table, if anything. */
struct own_view own_view_at(const struct table *table, const struct table_reader *reader);
ALWAYS_INLINE struct own_view own_view_of(const struct table *table,
                                          const struct table_reader *reader)
{
    if (LIKELY(reader->own == NULL)) return (struct own_view){0};
    return own_view_at(table, reader);
}

/* The change of a row that the view sees, or NULL. */
const struct own_change *own_view_change(const struct own_view *view, uint64_t row_id);
/* Is the inserted row there? */
bool own_view_has(const struct own_view *view, uint64_t row_id);
/* Chunks with rows of the view. */
uint32_t own_view_pieces(const struct own_view *view);
/* How many rows of chunk k belong to the view. */
uint32_t own_view_piece_rows(const struct own_view *view, uint32_t k);

/* A vector as a FLAT one whose values and validity are all in the room, to be patched; `v` may lie
 * there already. */
void own_copy_flat(const struct vector *v, struct value_room *room, struct vector *out);
/* n rows of a chunk from its row `first` on, which begins a vector: values of a column, FLAT or
 * OFFS, changes applied. In `room`, or the set's own and stable. */
NODISCARD llkv_code own_view_read(struct cx *cx, const struct own_view *view, uint32_t k,
                                  uint32_t first, uint32_t n, uint16_t column,
                                  struct value_room *room, struct vector *out);
/* Put the value of an inserted row into a slot of FLAT data. */
NODISCARD llkv_code own_view_value(struct cx *cx, const struct own_view *view, uint64_t row_id,
                                   uint16_t column, void *data, uint64_t *validity, uint32_t slot);
#endif
