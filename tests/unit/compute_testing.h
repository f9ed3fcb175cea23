/* compute_testing.h -- what the tests of compute share: random columns, lengths, tiers. */
#ifndef COMPUTE_TESTING_H
#define COMPUTE_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bitmap.h"
#include "compute/kernel_priv.h"

/* Fixed seed: every run sees the same columns. */
struct random {
    uint64_t state;
};

static inline uint64_t random_u64(struct random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint32_t random_below(struct random *r, uint32_t n)
{
    return (uint32_t)(random_u64(r) % n);
}

/* 0 .. 131, then a full vector and one less. */
static inline uint32_t next_length(uint32_t n)
{
    return n < 131 ? n + 1 : n == 131 ? 2047 : n + 1;
}

/* Room for a vector of any type, and for what may be read behind it. */
struct column {
    _Alignas(64) uint8_t bytes[VEC_ROWS_MAX * 16 + 64];
};

static inline bool phys_is_float(enum phys_type type)
{
    return type == PHYS_F32 || type == PHYS_F64;
}
static inline bool phys_is_signed(enum phys_type type)
{
    return type >= PHYS_I8 && type <= PHYS_I128;
}
static inline bool phys_is_integer(enum phys_type type)
{
    return type >= PHYS_I8 && type <= PHYS_U128;
}
/* Bits of an integer type. */
static inline uint32_t phys_bits(enum phys_type type)
{
    return (uint32_t)phys_bytes[type] * 8;
}

static inline double random_real(struct random *r)
{
    static const double odd[] = {0.0,      -0.0,     1.0,     -1.0,    0.5,     1.5,
                                 2.5,      -2.5,     1e300,   -1e300,  5e-324,  -5e-324,
                                 0x1p52,   0x1p53,   0x1p63,  -0x1p63, 0x1p64,  0x1p127,
                                 -0x1p127, 0x1p128,  127.5,   -128.5,  128.0,   255.5,
                                 DBL_MAX,  -DBL_MAX, DBL_MIN, 1e-310,  32767.5, 2147483647.5};
    const uint32_t kind = random_below(r, 8);
    if (kind == 0) return odd[random_below(r, ARRAY_COUNT(odd))];
    if (kind == 1) return (double)NAN;
    if (kind == 2) return random_below(r, 2) ? (double)INFINITY : -(double)INFINITY;
    const double unit = (double)(random_u64(r) >> 11) * 0x1p-53;
    if (kind == 3) return (unit - 0.5) * 0x1p70;
    if (kind == 4) return (double)(int64_t)(random_u64(r) % 2001) / 2 - 500;
    return (unit - 0.5) * 1000;
}

/* All bits random, small, or at the ends of the range. */
static inline u128 random_integer(struct random *r, enum phys_type type)
{
    const uint32_t bits = phys_bits(type);
    const u128 top = (u128)1 << (bits - 1);
    const u128 any = (u128)random_u64(r) << 64 | random_u64(r);
    switch (random_below(r, 6)) {
    case 0: return any;
    case 1: return top + random_below(r, 5) - 2;
    case 2: return random_below(r, 3) - (u128)1;
    case 3: return any >> random_below(r, 128);
    case 4: return 0 - (any >> random_below(r, 128));
    default: return random_below(r, 200) - (u128)100;
    }
}

static inline void fill(struct column *c, enum phys_type type, uint32_t n, struct random *r)
{
    memset(c->bytes, 0x5a, sizeof c->bytes);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *at = c->bytes + (size_t)i * phys_bytes[type];
        if (type == PHYS_F64) {
            const double x = random_real(r);
            memcpy(at, &x, sizeof x);
        } else if (type == PHYS_F32) {
            const double wide = random_real(r);
            const float x = fabs(wide) > (double)FLT_MAX && wide - wide == 0 ? 3.0f : (float)wide;
            memcpy(at, &x, sizeof x);
        } else {
            const u128 x = random_integer(r, type);
            memcpy(at, &x, phys_bytes[type]);
        }
    }
}

/* Value i of an integer column, sign or zero extended. */
static inline u128 integer_at(const struct column *c, enum phys_type type, uint32_t i)
{
    u128 x = 0;
    memcpy(&x, c->bytes + (size_t)i * phys_bytes[type], phys_bytes[type]);
    const uint32_t bits = phys_bits(type);
    if (phys_is_signed(type) && bits < 128 && (x >> (bits - 1)) & 1) x |= ~(u128)0 << bits;
    return x;
}

static inline double real_at(const struct column *c, enum phys_type type, uint32_t i)
{
    if (type == PHYS_F32) {
        float x;
        memcpy(&x, c->bytes + (size_t)i * 4, 4);
        return (double)x;
    }
    double x;
    memcpy(&x, c->bytes + (size_t)i * 8, 8);
    return x;
}

/* The same number: equal bits, or both NaN. */
static inline bool same_real(double a, double b)
{
    return a != a ? b != b : memcmp(&a, &b, sizeof a) == 0;
}

/* The tiers this machine can run, one after the other; NULL ends them. */
static inline const struct tier *first_tier(void)
{
    return tier_get(CPU_BASELINE);
}
static inline const struct tier *next_tier(const struct tier *tier)
{
    for (int id = CPU_BASELINE; id < CPU_AVX512; id++)
        if (tier == tier_get((enum cpu_tier)id)) return tier_get((enum cpu_tier)(id + 1));
    return NULL;
}
#endif
