#include "column/text_heap.h"

#include <string.h>

enum { BLOCK_FIRST_BYTES = 512, BLOCK_BYTES_MAX = 256 * 1024 };

struct text_block {
    struct text_block *older;
    size_t unused; /* keeps what follows aligned to 16 */
};

void text_heap_deinit(struct text_heap *heap)
{
    while (heap->blocks != NULL) {
        struct text_block *block = heap->blocks;
        heap->blocks = block->older;
        mem_free(block);
    }
    *heap = (struct text_heap){.budget = heap->budget};
}

static uint8_t *push_block(struct text_heap *heap, size_t bytes)
{
    size_t total;
    if (!size_add(bytes, sizeof(struct text_block), &total)) return NULL;
    struct text_block *block = mem_alloc(heap->budget, total);
    if (block == NULL) return NULL;
    block->older = heap->blocks;
    heap->blocks = block;
    return (uint8_t *)(block + 1);
}

uint8_t *text_heap_alloc(struct text_heap *heap, size_t len)
{
    if (len <= (size_t)(heap->end - heap->at)) {
        uint8_t *p = heap->at;
        heap->at += len;
        return p;
    }
    size_t wanted = heap->block_bytes == 0 ? BLOCK_FIRST_BYTES : heap->block_bytes * 4;
    if (wanted > BLOCK_BYTES_MAX) wanted = BLOCK_BYTES_MAX;
    if (len > wanted / 4) return push_block(heap, len); /* a block of its own */
    uint8_t *p = push_block(heap, wanted);
    if (p == NULL) return NULL;
    heap->block_bytes = wanted;
    heap->at = p + len;
    heap->end = p + wanted;
    return p;
}

bool text_heap_adopt(struct text_heap *heap, struct str_view *view)
{
    if (view->len <= STR_INLINE_MAX) return true;
    uint8_t *copy = text_heap_alloc(heap, view->len);
    if (copy == NULL) return false;
    memcpy(copy, view->ptr, view->len);
    view->ptr = copy;
    return true;
}

bool text_heap_adopt_all(struct text_heap *heap, struct str_view *views, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!text_heap_adopt(heap, &views[i])) return false;
    return true;
}
