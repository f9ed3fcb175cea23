/* text_heap.h -- bytes of texts that views point to: appended, never moved, freed all at once.
 *
 * Zeroed memory with a budget is an empty heap. One writer; readers may look at bytes that were
 * published to them. */
#ifndef COLUMN_TEXT_HEAP_H
#define COLUMN_TEXT_HEAP_H
#include <stdbool.h>

#include "arrow/vector.h"
#include "base/alloc.h"

struct text_block;

struct text_heap {
    struct text_block *blocks; /* newest first */
    uint8_t *at, *end;
    struct mem_budget *budget;
    size_t block_bytes; /* of the newest shared block */
};

void text_heap_deinit(struct text_heap *heap);
/* Room for `len` bytes; NULL: no memory. */
uint8_t *text_heap_alloc(struct text_heap *heap, size_t len);
/* Copy what the view points to, if it points anywhere. False: no memory, *view is untouched. */
bool text_heap_adopt(struct text_heap *heap, struct str_view *view);
/* The same for n views. False: no memory, the views point partly here, partly there. */
bool text_heap_adopt_all(struct text_heap *heap, struct str_view *views, uint32_t n);
#endif
