/* layout.h -- the shape of a table's storage: how many columns of what type, in what units.
 *
 * Row id = segment * segment_rows + position. A segment is cut into vectors. Bits (validity, BOOL)
 * of every vector begin at a word of their own, also when a vector has less than 64 rows. */
#ifndef COLUMN_LAYOUT_H
#define COLUMN_LAYOUT_H
#include <stdint.h>

#include <stdbool.h>

#include "arrow/vector.h"
#include "base/bitmap.h"

enum {
    SEGMENT_ROWS_DEFAULT = 65536,
    SEGMENT_ROWS_MIN = 64,
    VECTOR_ROWS_MIN = 8,
    OPEN_ROWS_FIRST = 64, /* room in the first block of a table */
};
/* A text or blob may have so many bytes; a segment is closed before a column of it has more. */
#define TEXT_BYTES_MAX ((uint64_t)1 << 30)

struct layout {
    uint32_t column_count;
    const uint8_t *phys; /* enum phys_type of each column */
    /* What values of a file are checked for; NULL: only how they are stored matters. */
    const struct type *types;
    uint32_t segment_rows, vector_rows;
    uint32_t vectors;      /* per segment */
    uint32_t vector_words; /* of bits per vector */
};

/* Bytes of one value in overlays and FLAT data; BOOL counts as 0 (bits). */
ALWAYS_INLINE uint32_t layout_width(const struct layout *layout, uint32_t column)
{
    return phys_bytes[layout->phys[column]];
}
ALWAYS_INLINE struct type layout_type(const struct layout *layout, uint32_t column)
{
    if (layout->types != NULL) return layout->types[column];
    return (struct type){.id = TYPE_NULL, .phys = layout->phys[column]};
}
ALWAYS_INLINE uint32_t layout_segment(const struct layout *layout, uint64_t row_id)
{
    return (uint32_t)(row_id / layout->segment_rows);
}
ALWAYS_INLINE uint32_t layout_position(const struct layout *layout, uint64_t row_id)
{
    return (uint32_t)(row_id % layout->segment_rows);
}
ALWAYS_INLINE uint64_t layout_row_id(const struct layout *layout, uint32_t segment,
                                     uint32_t position)
{
    return (uint64_t)segment * layout->segment_rows + position;
}
#endif
