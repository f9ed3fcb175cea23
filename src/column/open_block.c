#include "column/open_block.h"

#include <assert.h>
#include <string.h>

enum { PAD_BYTES = 16, ALIGN = 64 };

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t data_bytes(enum phys_type phys, uint32_t capacity)
{
    size_t bytes = phys == PHYS_BOOL ? bitmap_words(capacity) * sizeof(uint64_t)
                                     : (size_t)capacity * phys_bytes[phys];
    return round_up(bytes + PAD_BYTES);
}

static size_t validity_bytes(uint32_t capacity)
{
    return round_up(bitmap_words(capacity) * sizeof(uint64_t));
}

static size_t block_bytes(const struct layout *layout, uint32_t capacity)
{
    size_t bytes =
        round_up(sizeof(struct open_block) + layout->column_count * sizeof(struct open_column));
    for (uint32_t c = 0; c < layout->column_count; c++)
        bytes += data_bytes(layout->phys[c], capacity) + validity_bytes(capacity);
    return bytes;
}

static void copy_words(_Atomic uint64_t *to, const _Atomic uint64_t *from, uint32_t bits)
{
    for (size_t i = 0; i < bitmap_words(bits); i++)
        atomic_init(&to[i], atomic_load_explicit(&from[i], memory_order_relaxed));
}

static void copy_column(enum phys_type phys, struct open_column *to, const struct open_column *from,
                        uint32_t rows)
{
    struct zone zone = live_zone_read(&from->zone);
    live_zone_merge(&to->zone, &zone);
    copy_words(to->validity, from->validity, rows);
    if (phys == PHYS_BOOL) {
        copy_words(to->data, from->data, rows);
    } else if (rows != 0) {
        memcpy(to->data, from->data, (size_t)rows * phys_bytes[phys]);
    }
}

struct open_block *open_block_new(struct mem_budget *budget, const struct layout *layout,
                                  uint32_t capacity, const struct open_block *older, uint32_t rows)
{
    assert(older == NULL || older->capacity <= capacity);
    struct open_block *block = mem_alloc_aligned(budget, block_bytes(layout, capacity));
    if (block == NULL) return NULL;
    block->capacity = capacity;
    uint8_t *at = (uint8_t *)block + round_up(sizeof(struct open_block) +
                                              layout->column_count * sizeof(struct open_column));
    for (uint32_t c = 0; c < layout->column_count; c++) {
        struct open_column *column = &block->columns[c];
        enum phys_type phys = layout->phys[c];
        column->data = at;
        if (phys == PHYS_BOOL) memset(at, 0, data_bytes(phys, capacity));
        at += data_bytes(phys, capacity);
        column->validity = (_Atomic uint64_t *)(void *)at;
        memset(at, 0xff, validity_bytes(capacity));
        at += validity_bytes(capacity);
        live_zone_init(&column->zone);
        if (older != NULL) copy_column(phys, column, &older->columns[c], rows);
    }
    return block;
}

void open_block_free(void *block)
{
    mem_free(block);
}

/* Bits first.. of `src` as bits at.. of words that others read meanwhile. */
static void write_bits(_Atomic uint64_t *words, uint32_t at, const uint64_t *src, uint32_t first,
                       uint32_t n)
{
    for (uint32_t done = 0; done < n;) {
        uint32_t bit = (at + done) & 63;
        uint32_t count = 64 - bit < n - done ? 64 - bit : n - done;
        uint64_t piece[1];
        bitmap_copy_bits(piece, src, first + done, count);
        uint64_t mask = low_bits(count) << bit;
        _Atomic uint64_t *word = &words[(at + done) >> 6];
        uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
        atomic_store_explicit(word, (old & ~mask) | (piece[0] << bit), memory_order_relaxed);
        done += count;
    }
}

/* A write that was undone may have left cleared bits behind. */
static void set_bits(_Atomic uint64_t *words, uint32_t at, uint32_t n)
{
    static const uint64_t ones[1] = {UINT64_MAX};
    for (uint32_t done = 0; done < n;) {
        uint32_t room = 64 - ((at + done) & 63);
        uint32_t count = room < n - done ? room : n - done;
        uint64_t mask = low_bits(count) << ((at + done) & 63);
        const _Atomic uint64_t *word = &words[(at + done) >> 6];
        if ((atomic_load_explicit(word, memory_order_relaxed) & mask) != mask)
            write_bits(words, at + done, ones, 0, count);
        done += count;
    }
}

bool open_block_write(struct open_block *block, uint32_t c, uint32_t at, const struct row_run *run,
                      struct text_heap *heap)
{
    const uint32_t first = run->first;
    const uint32_t n = run->rows;
    assert(at + n <= block->capacity);
    assert(first + n <= run->buf->rows);
    enum phys_type phys = run->buf->layout->phys[c];
    struct open_column *column = &block->columns[c];
    const struct rowbuf_column *from = &run->buf->columns[c];
    if (phys == PHYS_NULLS) return true;
    if (from->nulls == 0) {
        set_bits(column->validity, at, n);
    } else {
        write_bits(column->validity, at, from->validity, first, n);
    }
    if (phys == PHYS_BOOL) {
        write_bits(column->data, at, from->data, first, n);
        return true;
    }
    const size_t width = phys_bytes[phys];
    uint8_t *slots = (uint8_t *)column->data + at * width;
    memcpy(slots, (const uint8_t *)from->data + first * width, n * width);
    return phys != PHYS_VIEW || text_heap_adopt_all(heap, (struct str_view *)(void *)slots, n);
}

void open_bits_copy(uint64_t *restrict out, const _Atomic uint64_t *words, uint32_t n)
{
    size_t count = bitmap_words(n);
    for (size_t i = 0; i < count; i++)
        out[i] = atomic_load_explicit(&words[i], memory_order_relaxed);
    if ((n & 63) != 0) out[count - 1] &= low_bits(n & 63);
}
