/* bitmap.h -- Arrow-style bitmaps in 64-bit words, bit 0 = first row. */
#ifndef BASE_BITMAP_H
#define BASE_BITMAP_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"

ALWAYS_INLINE size_t bitmap_words(size_t bits)
{
    return (bits + 63) / 64;
}
ALWAYS_INLINE bool bit_get(const uint64_t *words, size_t i)
{
    return (words[i >> 6] >> (i & 63)) & 1;
}
ALWAYS_INLINE void bit_set(uint64_t *words, size_t i)
{
    words[i >> 6] |= UINT64_C(1) << (i & 63);
}
ALWAYS_INLINE void bit_clear(uint64_t *words, size_t i)
{
    words[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
ALWAYS_INLINE void bit_put(uint64_t *words, size_t i, bool value)
{
    words[i >> 6] = (words[i >> 6] & ~(UINT64_C(1) << (i & 63))) | ((uint64_t)value << (i & 63));
}
/* The low `n` bits set, n <= 64. */
ALWAYS_INLINE uint64_t low_bits(size_t n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}
/* Set bits among the first `bits`. */
size_t bitmap_count(const uint64_t *words, size_t bits);
/* First `bits` all set? */
bool bitmap_all(const uint64_t *words, size_t bits);
/* Set or clear the first `bits`; the rest of the last word is cleared. */
void bitmap_fill(uint64_t *words, size_t bits, bool value);
/* Copy `bits` bits from bit `from` of `src` to bit 0 of `dst`; bits behind them are cleared. */
void bitmap_copy_bits(uint64_t *restrict dst, const uint64_t *src, size_t from, size_t bits);
/* Copy `bits` bits from bit 0 of `src` to bit `to` of `dst`; other bits of `dst` stay. */
void bitmap_append_bits(uint64_t *restrict dst, size_t to, const uint64_t *src, size_t bits);
#endif
