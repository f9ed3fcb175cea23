/* kernel_priv.h -- what is compiled once per instruction set, and where it is found.
 *
 * A tier holds the loops that a wider instruction set makes at least 15 % faster; everything else
 * is compiled once. An entry that is NULL does not exist for that type. */
#ifndef COMPUTE_KERNEL_PRIV_H
#define COMPUTE_KERNEL_PRIV_H
#include "base/cpu.h"
#include "compute/kernel.h"
#include "compute/totals.h"

enum { SUM_BINS = 4, FLOAT_STRIP_ROWS = 256 };

/* How a comparison is made of the two orders (compare.inc.h). */
enum compare_how {
    COMPARE_LESS = 1, /* a < b, else a == b */
    COMPARE_INVERT = 2,
    COMPARE_A_SCALAR = 4,
    COMPARE_B_SCALAR = 8,
};

/* What a run of doubles adds to the bins of a float_sum (float_sum.h). */
struct float_bins {
    int64_t bin[SUM_BINS]; /* lowest first */
};

/* The sum of the valid ones of n <= VEC_ROWS_MAX values, exact. */
typedef i128 sum_int_fn(const void *data, const uint64_t *validity, uint32_t n);
/* As kernel_min_max. */
typedef bool min_max_fn(const void *data, const uint64_t *validity, uint32_t n, void *out_min,
                        void *out_max);

struct tier {
    kernel_fn *arith[ARITH_OP_COUNT][PHYS_COUNT][KERNEL_SHAPE_COUNT];
    kernel_fn *unary[UNARY_OP_COUNT][PHYS_COUNT];
    kernel_fn *compare[PHYS_COUNT][CMP_OP_COUNT][KERNEL_SHAPE_COUNT];
    min_max_fn *min_max[PHYS_COUNT];
    sum_int_fn *sum_int[PHYS_COUNT];
    group_ids_fn *group_ids[PHYS_COUNT];
    total_words_fn *total_words[PHYS_COUNT];
    uint32_t (*bits_to_positions)(uint16_t *out, const uint64_t *bits, uint32_t n);
    /* io[i] = hash_u64(io[i]) */
    void (*hash_words)(uint64_t *io, uint32_t n);
    /* io[i] = hash_mix(io[i], add[i]) */
    void (*hash_mix_words)(uint64_t *restrict io, const uint64_t *add, uint32_t n);
    /* The largest bit pattern but for the signs: tells the largest exponent, and NaN or infinity.
     */
    uint64_t (*largest_f64)(const double *x, uint32_t n);
    /* Splits n <= VEC_ROWS_MAX doubles into the bins with the units 2^(32 * (window - 3)) ...
     * 2^(32 * window). False if some |x| is not below 2^(32 * window + 31). -30 <= window <= 30. */
    bool (*float_bins)(const double *x, uint32_t n, int window, struct float_bins *out);
    /* The digits of each value of a strip instead of their sums, highest bin first; values that are
     * not there are 0. Returns how many digits are not 0 for all: 3, or 4. */
    uint32_t (*float_digits)(const double x[FLOAT_STRIP_ROWS], int window,
                             int64_t out[SUM_BINS][FLOAT_STRIP_ROWS]);
};

/* tier.c, compiled once each; the latter two on x86-64 only. */
extern const struct tier tier_baseline, tier_avx2, tier_avx512;

/* NULL if this machine has not got the instructions. */
const struct tier *tier_get(enum cpu_tier tier);
/* The one that is used. */
const struct tier *tier_best(void);

/* kernel_order, with equal values of different bytes (1 and 1.0) told apart, so that the smallest
 * of some values is one and the same in whatever order they come. For values of 16 bytes. */
int order_strict(enum phys_type type, const void *a, const void *b);

/* Tables that are compiled once. */
extern kernel_fn *const arith_once[ARITH_OP_COUNT][PHYS_COUNT][KERNEL_SHAPE_COUNT];
extern kernel_fn *const arith_wide[ARITH_OP_COUNT][PHYS_COUNT][KERNEL_SHAPE_COUNT];
extern kernel_fn *const unary_once[UNARY_OP_COUNT][PHYS_COUNT];
extern kernel_fn *const compare_once[PHYS_COUNT][CMP_OP_COUNT][KERNEL_SHAPE_COUNT];
#endif
