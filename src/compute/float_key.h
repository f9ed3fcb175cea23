/* float_key.h -- floats as integers in the same order: -0.0 below 0.0, every NaN one and above all.
 */
#ifndef COMPUTE_FLOAT_KEY_H
#define COMPUTE_FLOAT_KEY_H
#include <stdint.h>

#include <string.h>

#include "base/compiler.h"

/* The bits below the sign are flipped for negative values; doing it twice gives the value back. */
ALWAYS_INLINE int32_t key_f32(float x)
{
    int32_t bits = 0x7fc00000;
    if (x == x) memcpy(&bits, &x, sizeof bits);
    return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}
ALWAYS_INLINE float unkey_f32(int32_t key)
{
    const int32_t bits = key ^ (int32_t)((uint32_t)(key >> 31) >> 1);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
ALWAYS_INLINE int64_t key_f64(double x)
{
    int64_t bits = INT64_C(0x7ff8000000000000);
    if (x == x) memcpy(&bits, &x, sizeof bits);
    return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}
ALWAYS_INLINE double unkey_f64(int64_t key)
{
    const int64_t bits = key ^ (int64_t)((uint64_t)(key >> 63) >> 1);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
#endif
