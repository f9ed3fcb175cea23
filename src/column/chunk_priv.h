/* chunk_priv.h -- the head of a chunk as it stands in the file; shared by writing and reading. */
#ifndef COLUMN_CHUNK_PRIV_H
#define COLUMN_CHUNK_PRIV_H
#include "column/chunk.h"

#define CHUNK_MAGIC UINT32_C(0x4b435243)
enum { CHUNK_FORMAT = 1 };

enum {
    CHUNK_ASCENDING = 1,
    CHUNK_STRICTLY = 2,
    CHUNK_VALIDITY = 4,
    CHUNK_HEAP = 8,
    CHUNK_SKETCH = 16,
    CHUNK_FLAGS_ALL = 31,
};

/* Followed by the zones of the vectors, the sketch (if there is one) and the sums of the blocks of
 * values, validity and texts. Buffers stand behind the head, each at a multiple of 64. */
struct chunk_head {
    uint32_t magic;       /* 0 */
    uint16_t format;      /* 4 */
    uint8_t phys;         /* 6 */
    uint8_t flags;        /* 7 */
    uint32_t rows;        /* 8 */
    uint32_t vector_rows; /* 12 */
    uint64_t text_bytes;  /* 16 */
    uint64_t first_key;   /* 24 */
    uint64_t last_key;    /* 32 */
    struct zone zone;     /* 40 */
};
static_assert(sizeof(struct chunk_head) == 72, "on disk");
static_assert(sizeof(struct zone) == 32, "on disk");
static_assert(sizeof(struct sketch) == SKETCH_REGISTERS, "on disk");

ALWAYS_INLINE uint32_t chunk_vectors(const struct layout *layout, uint32_t rows)
{
    return (rows + layout->vector_rows - 1) / layout->vector_rows;
}
ALWAYS_INLINE uint32_t chunk_blocks(uint64_t bytes)
{
    return (uint32_t)((bytes + CHUNK_BLOCK_BYTES - 1) / CHUNK_BLOCK_BYTES);
}

/* Sizes of the buffers (padding included) and of the head, from what the head says. */
struct chunk_shape {
    uint64_t bytes[PART_COUNT];
    uint64_t head_bytes, extent_bytes;
};
struct chunk_shape chunk_shape(const struct layout *layout, const struct chunk_head *head);
#endif
