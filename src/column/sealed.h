/* sealed.h -- the columns of one full segment, each a chunk of its own.
 *
 * A sealed segment is written with a header that names its chunks, so that two numbers
 * (struct sealed_ref) are enough to find it again. A checkpoint may replace single columns: that
 * makes another struct sealed, which shares the others.
 *
 * Owns:    a reference to each chunk, and the header.
 * Threads: immutable, any number of readers. */
#ifndef COLUMN_SEALED_H
#define COLUMN_SEALED_H
#include "column/chunk.h"
#include "storage/retire.h"

/* Where the header stands in the file. */
struct sealed_ref {
    uint32_t batch_seq;
    uint64_t header_offset;
};

struct sealed {
    struct retired retired;
    const struct layout *layout;
    llkv_pager *pager;
    uint32_t rows, column_count; /* the layout may be gone when it is freed */
    struct blob_ref header;      /* bytes 0: it was opened column by column */
    struct column_chunk *columns[];
};

/* Write the rows to the pager. LLKV_LIMIT if a column's texts are too long for int32 offsets. */
NODISCARD llkv_code sealed_new(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                               const struct layout *layout, const struct sealed_source *source,
                               struct sealed **out_sealed);
/* Find it again; every field is checked, the values when they are touched first. What it finds
 * stays when it is freed. */
NODISCARD llkv_code sealed_open(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                                const struct layout *layout, struct sealed_ref ref,
                                struct sealed **out_sealed);
struct sealed_ref sealed_ref_of(const struct sealed *sealed);
/* Its batches are durable when the call returns. */
NODISCARD llkv_code sealed_sync(struct cx *cx, const struct sealed *sealed);
/* `columns` are taken over; an entry that is NULL is shared with `old` (which may be NULL if there
 * are none). NULL: no memory, `columns` are still the caller's. */
struct sealed *sealed_of(struct mem_budget *budget, llkv_pager *pager, const struct layout *layout,
                         struct column_chunk **columns, const struct sealed *old);
/* The bytes stay (true) or go (false) with the last reference. */
void sealed_keep(struct sealed *sealed, bool keep);
/* NULL is allowed. A free function for readers_retire as well. */
void sealed_free(void *sealed);
/* Count the values into `sketches`, one per column: what sealed_new did for its source. */
void sealed_add_sketches(const struct sealed *sealed, struct sketch *sketches);
/* n rows of a vector of a column that is ready. */
ALWAYS_INLINE struct vector sealed_vector(const struct sealed *sealed, uint32_t column,
                                          uint32_t vector, uint32_t n)
{
    return chunk_vector(sealed->columns[column], vector, n);
}
#endif
