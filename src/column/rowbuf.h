/* rowbuf.h -- rows nobody else can see yet: column builders up to a segment long.
 *
 * Values are FLAT and contiguous, bits begin at bit 0. Slots under NULLs are zero. Texts live in a
 * heap of the buffer's own. One owner. Zeroed memory is an empty buffer that owns nothing. */
#ifndef COLUMN_ROWBUF_H
#define COLUMN_ROWBUF_H
#include "base/cx.h"
#include "column/layout.h"
#include "column/text_heap.h"

struct rowbuf_column {
    void *data;         /* 64-byte aligned */
    uint64_t *validity; /* NULL until the first NULL arrives */
    uint64_t nulls;
    uint64_t text_bytes; /* of all texts, short ones too */
};

struct rowbuf {
    const struct layout *layout;
    struct mem_budget *budget;
    uint32_t rows, capacity;
    struct rowbuf_column *columns; /* one block with room for the first rows of every column */
    size_t block_bytes;
    struct text_heap heap;
};

/* `layout` is borrowed. */
NODISCARD llkv_code rowbuf_init(struct cx *cx, struct rowbuf *buf, const struct layout *layout,
                                struct mem_budget *budget);
void rowbuf_deinit(struct rowbuf *buf);
/* Forget the rows, keep the room. */
void rowbuf_clear(struct rowbuf *buf);
/* Keep the first `rows` rows. */
void rowbuf_truncate(struct rowbuf *buf, uint32_t rows);
/* Append n <= VEC_ROWS_MAX rows of one vector per column: those that `sel` names, or the first n.
 * On failure nothing was appended. The caller sees to it that rows + n <= segment_rows. */
NODISCARD llkv_code rowbuf_append(struct cx *cx, struct rowbuf *buf, const struct vector *columns,
                                  const uint16_t *sel, uint32_t n);
/* n <= VEC_ROWS_MAX rows from row `first` on as a FLAT vector. `scratch`: VEC_WORDS_MAX words for
 * bits that do not begin at a word, twice (values, validity). */
struct vector rowbuf_vector(const struct rowbuf *buf, uint32_t column, uint32_t first, uint32_t n,
                            uint64_t *scratch);
#endif
