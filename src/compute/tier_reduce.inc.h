/* compute/tier_reduce.inc.h -- min/max and sums, for the tier that includes it. */

/* ---- keys of min/max: integers are their own ---- */
#define K_TEMPLATE "compute/min_max_int.inc.h"
#include "compute/each_int.inc.h"
#include "compute/each_uint.inc.h"
#undef K_TEMPLATE

#define K_ID f32
#define K_TYPE float
#define K_ORD int32_t
#define K_KEY(x) key_f32(x)
#define K_UNKEY(key) unkey_f32(key)
#define K_KEY_MIN INT32_MIN
#define K_KEY_MAX INT32_MAX
#include "compute/min_max.inc.h"
#define K_ID f64
#define K_TYPE double
#define K_ORD int64_t
#define K_KEY(x) key_f64(x)
#define K_UNKEY(key) unkey_f64(key)
#define K_KEY_MIN INT64_MIN
#define K_KEY_MAX INT64_MAX
#include "compute/min_max.inc.h"

/* ---- sums of integers ---- */
#define K_LANE int64_t
#define K_BIAS (UINT64_C(1) << 51)
#define K_TEMPLATE "compute/sum_int.inc.h"
#include "compute/each_int.inc.h"
#undef K_LANE
#undef K_BIAS
#define K_LANE uint64_t
#define K_BIAS 0
#include "compute/each_uint.inc.h"
#undef K_LANE
#undef K_BIAS
#undef K_TEMPLATE

/* ---- sums of doubles ---- */
static uint64_t largest_f64(const double *x, uint32_t n)
{
    int64_t most = 0; /* without its sign a pattern is a positive integer */
    for (uint32_t i = 0; i < n; i++) {
        int64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= INT64_MAX;
        most = bits > most ? bits : most;
    }
    return (uint64_t)most;
}

ALWAYS_INLINE double power_of_two(int exponent)
{
    const uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

static void set_anchors(double anchor[SUM_BINS], int window)
{
    for (int k = 0; k < SUM_BINS; k++)
        anchor[k] = 1.5 * power_of_two(52 + 32 * (window - k));
}

static uint32_t cut_floats(const double x[FLOAT_STRIP_ROWS], int window,
                           int64_t out[SUM_BINS][FLOAT_STRIP_ROWS])
{
    double anchor[SUM_BINS];
    uint64_t *digits = (uint64_t *)&out[0][0];
    set_anchors(anchor, window);
    if (!simd_cut_bins(x, FLOAT_STRIP_ROWS, anchor, SUM_BINS - 1, digits, FLOAT_STRIP_ROWS))
        return SUM_BINS - 1;
    (void)simd_cut_bins(x, FLOAT_STRIP_ROWS, anchor, SUM_BINS, digits, FLOAT_STRIP_ROWS);
    return SUM_BINS;
}

static bool split_floats(const double *x, uint32_t n, int window, struct float_bins *out)
{
    double anchor[SUM_BINS], tail[SIMD_F64_LANES] = {0};
    set_anchors(anchor, window);
    const double limit = power_of_two(32 * window + 31);
    const uint32_t whole = n - n % SIMD_F64_LANES;
    for (uint32_t i = whole; i < n; i++)
        tail[i - whole] = x[i];
    struct simd_bins all = simd_sum_bins(x, whole, anchor, SUM_BINS - 1, limit);
    /* Most values are the sum of three slices; what four leave is dropped. */
    if (all.left && !all.beyond) all = simd_sum_bins(x, whole, anchor, SUM_BINS, limit);
    const struct simd_bins last = simd_sum_bins(tail, SIMD_F64_LANES, anchor, SUM_BINS, limit);
    if (all.beyond || last.beyond) return false;
    for (int k = 0; k < SUM_BINS; k++)
        out->bin[k] = all.sum[SUM_BINS - 1 - k] + last.sum[SUM_BINS - 1 - k];
    return true;
}
