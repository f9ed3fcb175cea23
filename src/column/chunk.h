/* chunk.h -- one column of one full segment: Arrow buffers in a batch, and a head that says what
 * they are.
 *
 * States: named (the head was read: bounds are known) -> ready (the buffers are mapped, their sums
 * and offsets were checked). A chunk that this process wrote is ready at once; one from a file
 * becomes ready when the first reader touches it. An error leaves it named, and the next reader
 * gets the error too.
 *
 * Owns:    its views. Counted, because a segment whose other columns were rewritten shares it.
 * Threads: immutable but for becoming ready, any number of readers.
 * Holds:   every vector's zone covers its values; offsets of texts ascend from 0 and end in the
 *          heap; values are such of the column's type. */
#ifndef COLUMN_CHUNK_H
#define COLUMN_CHUNK_H
#include <pthread.h>
#include <stdatomic.h>

#include "column/blob.h"
#include "column/layout.h"
#include "column/sketch.h"
#include "column/zone.h"

enum { CHUNK_VIEWS = 4 }; /* head, values, validity, texts */

struct chunk_buffer {
    uint64_t offset, bytes; /* in the chunk's batch; bytes 0: not there */
    const uint32_t *crcs;   /* one per block of CHUNK_BLOCK_BYTES */
};
enum { CHUNK_BLOCK_BYTES = 16384, CHUNK_PAD_BYTES = 16 };
enum chunk_part { PART_DATA, PART_VALIDITY, PART_HEAP, PART_COUNT };

struct column_chunk {
    const uint8_t *data;      /* values; BOOL: bits, vector_words per vector; text: int32 offsets */
    const uint64_t *validity; /* vector_words per vector, or NULL: all valid */
    const uint8_t *heap;      /* texts */
    const struct zone *zones; /* one per vector */
    atomic_bool ready;        /* data, validity and heap may be used */
    bool ascending, strictly; /* no NULLs, the type's keys are exact, and the keys ascend */
    uint8_t phys;
    uint32_t rows;
    struct zone zone;
    uint64_t first_key, last_key; /* if ascending */

    atomic_uint refs;
    atomic_bool kept; /* the bytes stay when the last reference goes */
    llkv_pager *pager;
    const struct layout *layout;
    struct type type; /* what values are checked for */
    struct blob_ref head;
    uint64_t extent_bytes; /* head and buffers follow each other */
    uint64_t text_bytes;
    struct chunk_buffer buffers[PART_COUNT];
    const struct sketch *sketch; /* of the values, or NULL */
    llkv_pager_view views[CHUNK_VIEWS];
    pthread_mutex_t lock; /* of becoming ready */
};

/* ---- writing ---- */

/* Where the rows come from: vector number `vector` of a column, FLAT, with every row of it that is
 * there; NULL data: an error was recorded in the cx. `scratch`: two times VEC_WORDS_MAX words for
 * bits. */
typedef struct vector sealed_source_fn(const void *source, uint32_t column, uint32_t vector,
                                       uint64_t *scratch);

struct sealed_source {
    sealed_source_fn *vector;
    const void *arg;
    uint32_t rows;
    struct sketch *sketches; /* one per column, or NULL: they take up the values */
};

/* Write a column to the sink. The reference is the sink's until it is finished; from there on the
 * chunk takes *out_extent_bytes. LLKV_LIMIT if the texts are too long for int32 offsets. */
NODISCARD llkv_code chunk_write(struct cx *cx, struct blob_sink *sink, const struct layout *layout,
                                uint32_t column, const struct sealed_source *source,
                                struct blob_ref *out_head, uint64_t *out_extent_bytes);

/* ---- reading ---- */

/* Read the head of column `column` of a table with this layout; everything in it is checked.
 * `layout` outlives the chunk. */
NODISCARD llkv_code chunk_open(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                               const struct layout *layout, uint32_t column, struct blob_ref head,
                               struct column_chunk **out_chunk);
void chunk_ref(struct column_chunk *chunk);
/* With the last reference the views go, and the bytes unless they are kept. NULL is allowed. */
void chunk_unref(struct column_chunk *chunk);
/* The slow half of chunk_ready. `trusted`: written by this process just now. */
NODISCARD llkv_code chunk_make_ready(struct cx *cx, struct column_chunk *chunk, bool trusted);
/* To be called before the buffers are looked at. */
NODISCARD ALWAYS_INLINE llkv_code chunk_ready(struct cx *cx, struct column_chunk *chunk)
{
    if (LIKELY(atomic_load_explicit(&chunk->ready, memory_order_acquire))) return LLKV_OK;
    return chunk_make_ready(cx, chunk, false);
}
/* n rows of a vector of a ready chunk, from its first on: FLAT and stable; texts are VEC_OFFS. */
struct vector chunk_vector(const struct column_chunk *chunk, uint32_t vector, uint32_t n);
#endif
