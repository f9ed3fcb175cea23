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
