#include "base/crc32c_fast.h"

#include <string.h>

#if defined(__SSE4_2__)
#include <nmmintrin.h>

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

uint32_t crc32c_fast(uint32_t state, const uint8_t *at, size_t bytes)
{
    uint64_t wide = state;
    for (; bytes >= 8; bytes -= 8, at += 8)
        wide = _mm_crc32_u64(wide, word_at(at));
    state = (uint32_t)wide;
    for (; bytes != 0; bytes--, at++)
        state = _mm_crc32_u8(state, *at);
    return state;
}

void crc32c_lanes(const uint8_t *at, size_t block_bytes, uint32_t *out)
{
    const uint8_t *second = at + block_bytes;
    const uint8_t *third = second + block_bytes;
    uint64_t a = UINT32_MAX;
    uint64_t b = UINT32_MAX;
    uint64_t c = UINT32_MAX;
    for (size_t i = 0; i + 8 <= block_bytes; i += 8) {
        a = _mm_crc32_u64(a, word_at(at + i));
        b = _mm_crc32_u64(b, word_at(second + i));
        c = _mm_crc32_u64(c, word_at(third + i));
    }
    out[0] = ~(uint32_t)a;
    out[1] = ~(uint32_t)b;
    out[2] = ~(uint32_t)c;
}
#else
uint32_t crc32c_fast(uint32_t state, const uint8_t *at, size_t bytes)
{
    (void)at;
    (void)bytes;
    return state;
}

void crc32c_lanes(const uint8_t *at, size_t block_bytes, uint32_t *out)
{
    (void)at;
    (void)block_bytes;
    memset(out, 0, CRC32C_LANES * sizeof *out);
}
#endif
