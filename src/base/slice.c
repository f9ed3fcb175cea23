#include "base/slice.h"

#include "base/hash.h"

static uint8_t fold(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool slice_equal_folded(struct slice a, struct slice b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold(a.data[i]) != fold(b.data[i])) return false;
    return true;
}

uint32_t slice_hash_folded(struct slice s)
{
    uint64_t acc = s.len;
    uint64_t word = 0;
    for (size_t i = 0; i < s.len; i++) {
        word = word << 8 | fold(s.data[i]);
        if ((i & 7) == 7) {
            acc = hash_mix(acc, word);
            word = 0;
        }
    }
    return (uint32_t)(hash_mix(acc, word) >> 32);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Three rows of the usual table are enough. */
uint32_t slice_edits(struct slice a, struct slice b)
{
    uint32_t rows[3][SLICE_EDITS_MAX + 1];
    if (a.len > SLICE_EDITS_MAX || b.len > SLICE_EDITS_MAX) return UINT32_MAX;
    for (uint32_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t *now = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *above2 = rows[(i + 1) % 3];
        now[0] = i;
        for (uint32_t j = 1; j <= b.len; j++) {
            bool same = fold(a.data[i - 1]) == fold(b.data[j - 1]);
            now[j] = least(above[j - 1] + !same, least(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a.data[i - 1]) == fold(b.data[j - 2]) &&
                fold(a.data[i - 2]) == fold(b.data[j - 1]))
                now[j] = least(now[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}
