/* hash.h -- hashes of values, for hash tables. Seeded per engine where keys may be hostile. */
#ifndef BASE_HASH_H
#define BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include "base/compiler.h"

/* Mix one 64-bit value: xor-shift, multiply, twice (the finaliser of MurmurHash3, 64 bit). */
ALWAYS_INLINE uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}
/* Add the hash `h` of a further column to `acc`. */
ALWAYS_INLINE uint64_t hash_mix(uint64_t acc, uint64_t h)
{
    return hash_u64(acc * UINT64_C(0x9e3779b97f4a7c15) + h);
}
#define HASH_NULL UINT64_C(0x6e756c6c6e756c6c)

/* Bytes of any length (XXH3-64). */
uint64_t hash_bytes(const void *data, size_t len);
#endif
