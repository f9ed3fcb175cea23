/* sealed.h -- the columns of one full segment: Arrow buffers in a sealed batch of the pager.
 *
 * Owns:    the views of its buffers and the batch, which is discarded with it.
 * Threads: immutable, any number of readers.
 * Holds:   every vector's zone covers its values; offsets of texts ascend from 0. */
#ifndef COLUMN_SEALED_H
#define COLUMN_SEALED_H
#include "base/cx.h"
#include "column/layout.h"
#include "column/sketch.h"
#include "column/zone.h"
#include "storage/pager.h"
#include "storage/retire.h"

struct sealed_column {
    const uint8_t *data;      /* values; BOOL: bits, vector_words per vector; text: int32 offsets */
    const uint64_t *validity; /* vector_words per vector, or NULL: all valid */
    const uint8_t *heap;      /* texts */
    struct zone zone;
    struct zone *zones;           /* one per vector */
    bool ascending, strictly;     /* no NULLs, the type's keys are exact, and the keys ascend */
    uint64_t first_key, last_key; /* if ascending */
};

struct sealed {
    struct retired retired;
    const struct layout *layout;
    llkv_pager *pager;
    uint32_t rows;
    uint32_t batch_seq;
    uint64_t batch_bytes;
    uint32_t view_count;
    llkv_pager_view *views;
    struct sealed_column columns[];
};

/* Where the rows come from: vector number `vector` of a column, FLAT, with every row of it that is
 * there. `scratch`: two times VEC_WORDS_MAX words for bits. */
typedef struct vector sealed_source_fn(const void *source, uint32_t column, uint32_t vector,
                                       uint64_t *scratch);

struct sealed_source {
    sealed_source_fn *vector;
    const void *arg;
    uint32_t rows;
    struct sketch *sketches; /* one per column, or NULL: they take up the values */
};

/* Write the rows to the pager. LLKV_LIMIT if a column's texts are too long for int32 offsets. */
NODISCARD llkv_code sealed_new(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                               const struct layout *layout, const struct sealed_source *source,
                               struct sealed **out_sealed);
/* NULL is allowed. A free function for readers_retire as well. */
void sealed_free(void *sealed);
/* n rows of a vector, from its first on: FLAT and stable; texts are VEC_OFFS. */
struct vector sealed_vector(const struct sealed *sealed, uint32_t column, uint32_t vector,
                            uint32_t n);
#endif
