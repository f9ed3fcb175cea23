/* float_sum.h -- sums of doubles whose bits do not depend on the order of the additions.
 *
 * Number the bits of the real line and cut it into bins of 32. A value is the sum of its digits:
 * one signed integer per bin, so chosen that the digits from any bin upwards are the value rounded
 * (half to even) to that bin's unit. Digits of one bin are added as integers, exactly. A state
 * keeps the four bins from the one of the largest value downwards (its window); a larger value
 * moves the window up, and what falls out below is what would never have been there had that value
 * come first. So every value counts, rounded to a unit at least 95 bits below the largest one,
 * whatever the order, the split into states, or the instruction set. The total is rounded to a
 * double once.
 *
 * Zero bytes are the empty sum. Plain data; not for threads. Room for 2^47 values. */
#ifndef COMPUTE_FLOAT_SUM_H
#define COMPUTE_FLOAT_SUM_H
#include "compute/kernel_priv.h"

enum float_special { FLOAT_NAN = 1, FLOAT_POSITIVE = 2, FLOAT_NEGATIVE = 4 };

struct float_sum {
    int64_t bin[SUM_BINS];   /* lowest first */
    int16_t carry[SUM_BINS]; /* of the bins, in units of 2^64 */
    int16_t window;          /* 0: no value but 0; else see window_of */
    uint8_t special;         /* enum float_special */
    uint8_t seen;            /* free for the owner */
    uint8_t zero[4];
};
static_assert(sizeof(struct float_sum) == 48, "part of aggregate states");

/* Window w has as its highest bin the one with the unit 2^(32 * (w - bias)). Squares of doubles
 * reach from bin -68 to 64. */
enum { FLOAT_WINDOW_BIAS = 100 };

/* What float_sum_add does not do inline: moves the window, takes whatever value. */
void float_sum_add_slow(struct float_sum *sum, double x);

/* An overflow of 64 bits is a carry, and as good as impossible. */
ALWAYS_INLINE void float_sum_add_digit(struct float_sum *sum, int bin, int64_t digit)
{
    if (UNLIKELY(__builtin_add_overflow(sum->bin[bin], digit, &sum->bin[bin])))
        sum->carry[bin] = (int16_t)(sum->carry[bin] + (digit < 0 ? -1 : 1));
}

ALWAYS_INLINE void float_sum_add(struct float_sum *sum, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int biased = (int)((bits >> 52) & 0x7ff);
    /* The lowest bit of the mantissa stands at 2^(biased - 1075): in which bin, at which bit of it?
     * The highest bin is that of (biased - 1022) / 32. */
    const int lowest = ((biased + 13) >> 5) - 34, shift = (biased + 13) & 31;
    const int highest = ((biased + 2) >> 5) - 32;
    const int at = lowest - (sum->window - FLOAT_WINDOW_BIAS - (SUM_BINS - 1));
    if (UNLIKELY(biased == 0 || biased == 0x7ff || highest + FLOAT_WINDOW_BIAS > sum->window ||
                 at < 0)) {
        float_sum_add_slow(sum, x);
        return;
    }
    const uint64_t mantissa = (bits & (UINT64_C(0xfffffffffffff))) | UINT64_C(1) << 52;
    const uint64_t low = (uint32_t)(mantissa << shift), rest = mantissa >> (32 - shift);
    /* Both digits are rounded half to even, the second one by what the value is, not its sum with
     * the first: a half that the first digit completed is none. */
    const uint64_t up = (low + 0x7fffffff + (rest & 1)) >> 32;
    const int64_t first = (int64_t)low - (int64_t)(up << 32);
    const uint64_t middle = (uint32_t)(rest + up), high = (rest + up) >> 32;
    const uint64_t sign_of_first = (uint64_t)((first > 0) - (first < 0));
    const uint64_t carry = (2 * middle + sign_of_first + 0xffffffff + (high & 1)) >> 33;
    const int64_t second = (int64_t)middle - (int64_t)(carry << 32);
    const int64_t third = (int64_t)(high + carry);
    const int64_t sign = (int64_t)bits >> 63; /* 0 or -1 */
    float_sum_add_digit(sum, at, (first ^ sign) - sign);
    float_sum_add_digit(sum, at + 1, (second ^ sign) - sign);
    if (at + 2 < SUM_BINS) float_sum_add_digit(sum, at + 2, (third ^ sign) - sign);
}
/* The square as it is, not rounded to a double first. */
void float_sum_add_square(struct float_sum *sum, double x);
/* n <= VEC_ROWS_MAX values. */
void float_sum_add_run(struct float_sum *sum, const double *x, uint32_t n);

/* A strip of values and their digits in one window, to be added to sums that have that window. */
struct float_strip {
    double x[FLOAT_STRIP_ROWS];                 /* 0 behind the last */
    int64_t digits[SUM_BINS][FLOAT_STRIP_ROWS]; /* highest bin first */
    uint32_t digit_count;                       /* of SUM_BINS */
    int window;                                 /* -1: no digits were made */
};
/* Make the digits of x. */
void float_strip_cut(struct float_strip *strip);
ALWAYS_INLINE void float_sum_add_from(struct float_sum *sum, const struct float_strip *strip,
                                      uint32_t i, const uint32_t digit_count)
{
    if (UNLIKELY(sum->window != strip->window)) {
        float_sum_add(sum, strip->x[i]);
        return;
    }
    for (uint32_t k = 0; k < digit_count; k++)
        float_sum_add_digit(sum, (int)(SUM_BINS - 1 - k), strip->digits[k][i]);
}

void float_sum_add_int(struct float_sum *sum, i128 x);
void float_sum_merge(struct float_sum *into, const struct float_sum *from);
/* The nearest double; infinity, or NaN (also for infinity - infinity). */
double float_sum_total(const struct float_sum *sum);
/* The nearest double to total / divisor, rounded once. */
double float_sum_ratio(const struct float_sum *sum, uint64_t divisor);

/* total = (high + low) * 2^exponent with 0.5 <= |high| < 1, or high = 0; special values apart. */
struct float_parts {
    double high, low;
    int exponent;
};
struct float_parts float_sum_parts(const struct float_sum *sum);
#endif
