/* wide.h -- 128-bit arithmetic that compilers lack or leave to a library of their own. */
#ifndef COMPUTE_WIDE_H
#define COMPUTE_WIDE_H
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"

#define I128_MAX ((i128)(~(u128)0 >> 1))
#define I128_MIN (-I128_MAX - 1)
#define U128_MAX (~(u128)0)

ALWAYS_INLINE u128 i128_magnitude(i128 x)
{
    return x < 0 ? 0 - (u128)x : (u128)x;
}

/* *out = a * b modulo 2^128; true if that is not the product. */
ALWAYS_INLINE bool u128_mul(u128 a, u128 b, u128 *out)
{
    *out = a * b;
    const uint64_t a_high = (uint64_t)(a >> 64), b_high = (uint64_t)(b >> 64);
    if ((a_high | b_high) == 0) return false;
    if (a_high != 0 && b_high != 0) return true;
    const u128 cross = a_high != 0 ? (u128)a_high * (uint64_t)b : (u128)b_high * (uint64_t)a;
    const u128 low = (u128)(uint64_t)a * (uint64_t)b;
    return cross >> 64 != 0 || (cross << 64) + low < low;
}

ALWAYS_INLINE bool i128_mul(i128 a, i128 b, i128 *out)
{
    *out = (i128)((u128)a * (u128)b);
    if (a == (int64_t)a && b == (int64_t)b) return false;
    u128 magnitude;
    const bool over = u128_mul(i128_magnitude(a), i128_magnitude(b), &magnitude);
    const u128 most = (a < 0) != (b < 0) ? (u128)1 << 127 : (u128)I128_MAX;
    return over || magnitude > most;
}

ALWAYS_INLINE bool i128_add(i128 a, i128 b, i128 *out)
{
    const i128 r = (i128)((u128)a + (u128)b);
    *out = r;
    return ((a ^ r) & (b ^ r)) < 0;
}

/* 10^digits, digits <= 38. */
u128 u128_pow10(uint32_t digits);

/* numerator / denominator as the nearest double (half to even); denominator > 0. */
double i128_ratio(i128 numerator, u128 denominator);
double u128_ratio(bool negative, u128 magnitude, u128 denominator);
/* The nearest double to (-1)^negative * magnitude * 2^exponent, `sticky` telling that the magnitude
 * is a little larger than that; infinity beyond the largest. */
double u128_scaled(bool negative, u128 magnitude, bool sticky, int exponent);
#endif
