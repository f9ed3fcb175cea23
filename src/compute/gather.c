/* gather.c -- moving values by position; a width is all these loops know of a type. */
#include "base/bitmap.h"
#include "compute/kernel.h"

struct word_pair {
    uint64_t low, high;
};

#define G_IDX 16
#define G_IDX_TYPE uint16_t
#include "arrow/gather_widths.inc.h"
#define G_IDX 32
#define G_IDX_TYPE uint32_t
#include "arrow/gather_widths.inc.h"

void gather16(void *restrict out, const void *data, uint32_t width, const uint16_t *sel, uint32_t n)
{
    gather_by_16(out, data, width, sel, n);
}

void gather32(void *restrict out, const void *data, uint32_t width, const uint32_t *idx, uint32_t n)
{
    gather_by_32(out, data, width, idx, n);
}

void gather_bits16(uint64_t *restrict out, const uint64_t *bits, const uint16_t *sel, uint32_t n)
{
    gather_bits_by_16(out, bits, sel, n);
}

void gather_bits32(uint64_t *restrict out, const uint64_t *bits, const uint32_t *idx, uint32_t n)
{
    gather_bits_by_32(out, bits, idx, n);
}

static void scatter_8(uint8_t *restrict out, const uint8_t *data, const uint16_t *sel, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[sel[i]] = data[i];
}
static void scatter_16(uint16_t *restrict out, const uint16_t *data, const uint16_t *sel,
                       uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[sel[i]] = data[i];
}
static void scatter_32(uint32_t *restrict out, const uint32_t *data, const uint16_t *sel,
                       uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[sel[i]] = data[i];
}
static void scatter_64(uint64_t *restrict out, const uint64_t *data, const uint16_t *sel,
                       uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[sel[i]] = data[i];
}
static void scatter_128(struct word_pair *restrict out, const struct word_pair *data,
                        const uint16_t *sel, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[sel[i]] = data[i];
}

void scatter16(void *restrict out, const void *data, uint32_t width, const uint16_t *sel,
               uint32_t n)
{
    switch (width) {
    case 1: scatter_8((uint8_t *)out, (const uint8_t *)data, sel, n); return;
    case 2: scatter_16((uint16_t *)out, (const uint16_t *)data, sel, n); return;
    case 4: scatter_32((uint32_t *)out, (const uint32_t *)data, sel, n); return;
    case 8: scatter_64((uint64_t *)out, (const uint64_t *)data, sel, n); return;
    case 16: scatter_128((struct word_pair *)out, (const struct word_pair *)data, sel, n); return;
    default: assert(false);
    }
}

void scatter_bits16(uint64_t *restrict out, const uint64_t *bits, const uint16_t *sel, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        bit_put(out, sel[i], bit_get(bits, i));
}

void offs_to_views(struct str_view *restrict out, const int32_t *offsets, const uint8_t *heap,
                   uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *text = heap + offsets[i];
        const uint32_t len = (uint32_t)(offsets[i + 1] - offsets[i]);
        /* The first 12 bytes, whether they belong to the text or not: the heap is padded. What does
         * not is masked away; no branch but the one at 12, which is a selection. */
        uint64_t head, tail = 0;
        memcpy(&head, text, 8);
        memcpy(&tail, text + 8, 4);
        const uint64_t head_mask = low_bits((size_t)len * 8);
        const uint64_t tail_mask = len <= 8 ? 0 : low_bits(((size_t)len - 8) * 8);
        head &= head_mask;
        tail &= tail_mask;
        const uint64_t rest = head >> 32 | tail << 32;
        const uint64_t pointer = (uint64_t)(uintptr_t)text;
        const uint64_t words[2] = {len | head << 32, len <= STR_INLINE_MAX ? rest : pointer};
        memcpy(&out[i], words, sizeof words);
    }
}
