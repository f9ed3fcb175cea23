#include "base/bitmap.h"

#include <string.h>

size_t bitmap_count(const uint64_t *words, size_t bits)
{
    size_t whole = bits / 64;
    size_t count = 0;
    for (size_t i = 0; i < whole; i++)
        count += (size_t)__builtin_popcountll(words[i]);
    if ((bits & 63) != 0) count += (size_t)__builtin_popcountll(words[whole] & low_bits(bits & 63));
    return count;
}

bool bitmap_all(const uint64_t *words, size_t bits)
{
    size_t whole = bits / 64;
    uint64_t all = ~UINT64_C(0);
    for (size_t i = 0; i < whole; i++)
        all &= words[i];
    if (~all != 0) return false;
    uint64_t tail = low_bits(bits & 63);
    return (bits & 63) == 0 || (words[whole] & tail) == tail;
}

void bitmap_fill(uint64_t *words, size_t bits, bool value)
{
    if (bits == 0) return;
    size_t count = bitmap_words(bits);
    memset(words, value ? 0xff : 0, count * sizeof *words);
    if (value && (bits & 63) != 0) words[count - 1] = low_bits(bits & 63);
}

/* 64 bits from any position; reads only words that hold some of the `bits` bits from `from`. */
static uint64_t word_at(const uint64_t *src, size_t from, size_t bits)
{
    size_t word = from >> 6;
    size_t shift = from & 63;
    uint64_t value = src[word] >> shift;
    if (shift != 0 && shift + bits > 64) value |= src[word + 1] << (64 - shift);
    return value & low_bits(bits);
}

void bitmap_copy_bits(uint64_t *restrict dst, const uint64_t *src, size_t from, size_t bits)
{
    size_t done = 0;
    for (; bits - done >= 64; done += 64)
        dst[done >> 6] = word_at(src, from + done, 64);
    if (done < bits) dst[done >> 6] = word_at(src, from + done, bits - done);
}

void bitmap_append_bits(uint64_t *restrict dst, size_t to, const uint64_t *src, size_t bits)
{
    for (size_t done = 0; done < bits;) {
        size_t at = (to + done) & 63;
        size_t count = 64 - at < bits - done ? 64 - at : bits - done;
        uint64_t mask = low_bits(count) << at;
        uint64_t *word = &dst[(to + done) >> 6];
        *word = (*word & ~mask) | (word_at(src, done, count) << at);
        done += count;
    }
}
