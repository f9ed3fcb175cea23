/* Compiled with PCLMULQDQ; crc32.c asks the processor before it comes here. */
#include "base/crc32_priv.h"

#if defined(__x86_64__)
#include <assert.h>
#include <emmintrin.h>
#include <wmmintrin.h>

/* Powers of x modulo the polynomial, reflected: over four blocks of 128 bits, and over one. The low
 * half of a block stands 32 bits further from its end than the high half's middle, hence +-32. */
#define X_544 0x154442bd4
#define X_480 0x1c6e41596
#define X_160 0x1751997d0
#define X_96 0x0ccaa009e

/* `block`, moved to where `next` is, and added to it. */
static __m128i fold(__m128i block, __m128i powers, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(block, powers, 0x00);
    __m128i high = _mm_clmulepi64_si128(block, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

void crc32_fold(uint32_t crc, const void *data, size_t bytes, uint8_t out_rest[CRC32_REST_BYTES])
{
    assert(bytes >= CRC32_FOLD_BYTES && bytes % CRC32_REST_BYTES == 0);
    const __m128i *from = data;
    const __m128i by_four = _mm_set_epi64x(X_480, X_544), by_one = _mm_set_epi64x(X_96, X_160);
    __m128i a = _mm_xor_si128(_mm_loadu_si128(from), _mm_cvtsi32_si128((int32_t)crc));
    __m128i b = _mm_loadu_si128(from + 1);
    __m128i c = _mm_loadu_si128(from + 2);
    __m128i d = _mm_loadu_si128(from + 3);
    for (from += 4, bytes -= 64; bytes >= 64; from += 4, bytes -= 64) {
        a = fold(a, by_four, _mm_loadu_si128(from));
        b = fold(b, by_four, _mm_loadu_si128(from + 1));
        c = fold(c, by_four, _mm_loadu_si128(from + 2));
        d = fold(d, by_four, _mm_loadu_si128(from + 3));
    }
    a = fold(a, by_one, b);
    a = fold(a, by_one, c);
    a = fold(a, by_one, d);
    for (; bytes > 0; from++, bytes -= 16)
        a = fold(a, by_one, _mm_loadu_si128(from));
    _mm_storeu_si128((__m128i *)(void *)out_rest, a);
}
#endif
