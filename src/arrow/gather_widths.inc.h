/* Includes arrow/gather.inc.h once per width of values, for the positions G_IDX and G_IDX_TYPE;
 * then makes gather_<G_IDX>(out, data, width in bytes, idx, n). 16-byte values are pairs of words
 * because a slot is aligned to 8 only. */
#define G_WIDTH 8
#define G_TYPE uint8_t
#include "arrow/gather.inc.h"
#define G_WIDTH 16
#define G_TYPE uint16_t
#include "arrow/gather.inc.h"
#define G_WIDTH 32
#define G_TYPE uint32_t
#include "arrow/gather.inc.h"
#define G_WIDTH 64
#define G_TYPE uint64_t
#include "arrow/gather.inc.h"
#define G_WIDTH 128
#define G_TYPE struct word_pair
#include "arrow/gather.inc.h"

static void CONCAT(gather_by_, G_IDX)(void *restrict out, const void *data, uint32_t width,
                                      const G_IDX_TYPE *idx, uint32_t n)
{
    switch (width) {
    case 1: CONCAT(gather_8_by_, G_IDX)(out, data, idx, n); return;
    case 2: CONCAT(gather_16_by_, G_IDX)(out, data, idx, n); return;
    case 4: CONCAT(gather_32_by_, G_IDX)(out, data, idx, n); return;
    case 8: CONCAT(gather_64_by_, G_IDX)(out, data, idx, n); return;
    case 16: CONCAT(gather_128_by_, G_IDX)(out, data, idx, n); return;
    default: assert(false);
    }
}

static void CONCAT(gather_bits_by_, G_IDX)(uint64_t *restrict out, const uint64_t *bits,
                                           const G_IDX_TYPE *idx, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 64) {
        const uint32_t rows = n - i < 64 ? n - i : 64;
        uint64_t word = 0;
        for (uint32_t k = 0; k < rows; k++)
            word |= (uint64_t)bit_get(bits, idx[i + k]) << k;
        out[i >> 6] = word;
    }
}

#undef G_IDX
#undef G_IDX_TYPE
