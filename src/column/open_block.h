/* open_block.h -- room for the rows of one vector of all columns, filled by commits while others
 * read.
 *
 * A value is written once, before a commit publishes it, and never moves; a block that gets too
 * small is copied into a larger one and the old one is retired. Bits share words with rows that are
 * being written, so these words are atomic until the vector is full. */
#ifndef COLUMN_OPEN_BLOCK_H
#define COLUMN_OPEN_BLOCK_H
#include <stdatomic.h>

#include "column/layout.h"
#include "column/rowbuf.h"
#include "column/zone.h"
#include "storage/retire.h"

struct open_column {
    void *data;                 /* BOOL: _Atomic uint64_t words of bits */
    _Atomic uint64_t *validity; /* all set at first */
    struct live_zone zone;      /* zone.nulls == 0: every bit of validity is set */
};

struct open_block {
    struct retired retired;
    uint32_t capacity; /* rows */
    struct open_column columns[];
};

/* With the first `rows` rows of `older` (or none). NULL: no memory. */
struct open_block *open_block_new(struct mem_budget *budget, const struct layout *layout,
                                  uint32_t capacity, const struct open_block *older, uint32_t rows);
/* For readers_retire. */
void open_block_free(void *block);
/* Some rows of a buffer. */
struct row_run {
    const struct rowbuf *buf;
    uint32_t first, rows;
};
/* Write column `c` of the run as rows at .. of the block. Texts go to `heap`; false: no memory for
 * them. */
bool open_block_write(struct open_block *block, uint32_t c, uint32_t at, const struct row_run *run,
                      struct text_heap *heap);
/* The first n bits of words that somebody may be writing behind. */
void open_bits_copy(uint64_t *restrict out, const _Atomic uint64_t *words, uint32_t n);

ALWAYS_INLINE bool open_bit_get(const _Atomic uint64_t *words, uint32_t i)
{
    return (atomic_load_explicit(&words[i >> 6], memory_order_relaxed) >> (i & 63)) & 1;
}
#endif
