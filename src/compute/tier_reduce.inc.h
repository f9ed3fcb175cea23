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

/* 1.5 * 2^52 units of 2^(32 * bin). */
static double bin_anchor(int bin)
{
    const uint64_t bits = ((uint64_t)(1023 + 52 + 32 * bin) << 52) | UINT64_C(0x8000000000000);
    double anchor;
    memcpy(&anchor, &bits, sizeof anchor);
    return anchor;
}

static void split_floats(const double *x, uint32_t n, int window, struct float_bins *out)
{
    double anchor[SUM_BINS];
    int64_t sum[SUM_BINS] = {0};
    for (int k = 0; k < SUM_BINS; k++) anchor[k] = bin_anchor(window - k);
    if (simd_sum_bins(x, n, anchor, SUM_BINS - 1, sum)) {
        memset(sum, 0, sizeof sum);
        (void)simd_sum_bins(x, n, anchor, SUM_BINS, sum); /* what is left now is dropped */
    }
    for (int k = 0; k < SUM_BINS; k++) out->bin[k] = sum[SUM_BINS - 1 - k];
}
