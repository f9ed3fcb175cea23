/* compare_once.c -- comparisons that are compiled once: bits, 128 bits, intervals, numbers. */
#include "base/bitmap.h"
#include "compute/interval.h"
#include "compute/kernel_priv.h"
#include "compute/number.h"

/* ---- bits ---- */

ALWAYS_INLINE void compare_bool(uint64_t *restrict out, const uint64_t *a, const uint64_t *b,
                                uint32_t n, const uint32_t how)
{
    const bool less = (how & COMPARE_LESS) != 0;
    const bool a_scalar = (how & COMPARE_A_SCALAR) != 0, b_scalar = (how & COMPARE_B_SCALAR) != 0;
    const uint64_t flip = (how & COMPARE_INVERT) != 0 ? ~UINT64_C(0) : 0;
    for (size_t i = 0; i < bitmap_words(n); i++) {
        const uint64_t x = a_scalar ? 0 - (a[0] & 1) : a[i];
        const uint64_t y = b_scalar ? 0 - (b[0] & 1) : b[i];
        out[i] = flip ^ (less ? ~x & y : ~(x ^ y));
    }
}
#define K_ID bits
#define K_BODY(out, a, b, n, how)                                                                  \
    compare_bool((uint64_t *)out, (const uint64_t *)a, (const uint64_t *)b, n, how)
#include "compute/compare.inc.h"

/* ---- types with a scalar order each ---- */

#define K_ID i128
#define K_TYPE i128
#define K_LESS(x, y) ((x) < (y))
#define K_SAME(x, y) ((x) == (y))
#include "compute/compare_scalar.inc.h"

#define K_ID u128
#define K_TYPE u128
#define K_LESS(x, y) ((x) < (y))
#define K_SAME(x, y) ((x) == (y))
#include "compute/compare_scalar.inc.h"

#define K_ID mdn
#define K_TYPE struct interval
#define K_LESS(x, y) (interval_micros(x) < interval_micros(y))
#define K_SAME(x, y) (interval_micros(x) == interval_micros(y))
#include "compute/compare_scalar.inc.h"

#define K_ID number
#define K_TYPE struct number
#define K_LESS(x, y) (number_compare(x, y) < 0)
#define K_SAME(x, y) (number_compare(x, y) == 0)
#include "compute/compare_scalar.inc.h"

#define COMPARE(id)                                                                                \
    {                                                                                              \
        [CMP_EQ] = {cmp_##id##_eq_vv, cmp_##id##_eq_vs, cmp_##id##_eq_sv},                         \
        [CMP_NE] = {cmp_##id##_ne_vv, cmp_##id##_ne_vs, cmp_##id##_ne_sv},                         \
        [CMP_LT] = {cmp_##id##_lt_vv, cmp_##id##_lt_vs, cmp_##id##_lt_sv},                         \
        [CMP_LE] = {cmp_##id##_le_vv, cmp_##id##_le_vs, cmp_##id##_le_sv},                         \
        [CMP_GT] = {cmp_##id##_gt_vv, cmp_##id##_gt_vs, cmp_##id##_gt_sv},                         \
        [CMP_GE] = {cmp_##id##_ge_vv, cmp_##id##_ge_vs, cmp_##id##_ge_sv},                         \
    }
kernel_fn *const compare_once[PHYS_COUNT][CMP_OP_COUNT][KERNEL_SHAPE_COUNT] = {
    [PHYS_BOOL] = COMPARE(bits), [PHYS_I128] = COMPARE(i128),     [PHYS_U128] = COMPARE(u128),
    [PHYS_MDN] = COMPARE(mdn),   [PHYS_NUMBER] = COMPARE(number),
};
