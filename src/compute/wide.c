#include "compute/wide.h"

#include <assert.h>
#include <math.h>

static const uint64_t pow10_u64[20] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

u128 u128_pow10(uint32_t digits)
{
    assert(digits <= 38);
    return digits <= 19 ? (u128)pow10_u64[digits] : (u128)pow10_u64[19] * pow10_u64[digits - 19];
}

static int u128_bits(u128 x)
{
    const uint64_t high = (uint64_t)(x >> 64), low = (uint64_t)x;
    if (high != 0) return 128 - __builtin_clzll(high);
    return low == 0 ? 0 : 64 - __builtin_clzll(low);
}

double u128_scaled(bool negative, u128 magnitude, bool sticky, int exponent)
{
    const int bits = u128_bits(magnitude);
    if (bits == 0) return 0.0; /* nothing is only a little larger than 0 here */
    uint64_t head;
    if (bits > 64) {
        const int cut = bits - 64;
        head = (uint64_t)(magnitude >> cut);
        sticky |= (magnitude & (((u128)1 << cut) - 1)) != 0;
        exponent += cut;
    } else {
        head = (uint64_t)magnitude << (64 - bits);
        exponent -= 64 - bits;
    }
    /* 64 bits and a sticky last one round once and right, as 53 are wanted. Whatever ends up below
     * the smallest normal number had no more bits than it keeps. */
    const double value = ldexp((double)(head | (uint64_t)sticky), exponent);
    return negative ? -value : value;
}

double i128_ratio(i128 numerator, u128 denominator)
{
    return u128_ratio(numerator < 0, i128_magnitude(numerator), denominator);
}

double u128_ratio(bool negative, u128 magnitude, u128 denominator)
{
    assert(denominator > 0);
    if (magnitude == 0) return 0.0;
    const u128 exact = (u128)1 << 53;
    if (magnitude <= exact && denominator <= exact) {
        const double ratio = (double)(uint64_t)magnitude / (double)(uint64_t)denominator;
        return negative ? -ratio : ratio;
    }
    if (denominator >> 64 == 0) { /* one division gives 64 bits or more */
        const int shift = 128 - u128_bits(magnitude);
        const u128 shifted = magnitude << shift;
        return u128_scaled(negative, shifted / denominator, shifted % denominator != 0, -shift);
    }
    /* At least 64 bits of the quotient, one at a time once the division left fewer. */
    u128 quotient = magnitude / denominator, rest = magnitude % denominator;
    int exponent = 0;
    while (rest != 0 && quotient >> 63 == 0) {
        const bool carry = rest >> 127 != 0;
        rest <<= 1;
        quotient <<= 1;
        exponent--;
        if (carry || rest >= denominator) {
            rest -= denominator;
            quotient |= 1;
        }
    }
    return u128_scaled(negative, quotient, rest != 0, exponent);
}
