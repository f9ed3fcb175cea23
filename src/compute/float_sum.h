/* float_sum.h -- sums of doubles whose bits do not depend on the order of the additions.
 *
 * Number the bits of the real line and cut it into bins of 32. A value is the sum of its digits: one
 * signed integer per bin, so chosen that the digits from any bin upwards are the value rounded (half
 * to even) to that bin's unit. Digits of one bin are added as integers, exactly. A state keeps the
 * four bins from the one of the largest value downwards (its window); a larger value moves the window
 * up, and what falls out below is what would never have been there had that value come first. So
 * every value counts, rounded to a unit at least 95 bits below the largest one, whatever the order,
 * the split into states, or the instruction set. The total is rounded to a double once.
 *
 * Zero bytes are the empty sum. Plain data; not for threads. */
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

void float_sum_add(struct float_sum *sum, double x);
/* The square as it is, not rounded to a double first. */
void float_sum_add_square(struct float_sum *sum, double x);
/* n <= VEC_ROWS_MAX values. */
void float_sum_add_run(struct float_sum *sum, const double *x, uint32_t n);
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
