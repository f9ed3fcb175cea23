/* agg_float.c -- SUM, TOTAL, AVG of floats, VAR and STDDEV, all from sums that know no order. */
#include <float.h>
#include <math.h>

#include "compute/agg_priv.h"
#include "compute/float_key.h"
#include "compute/float_sum.h"

struct average_state {
    struct float_sum sum;
    int64_t count;
    int64_t zero;
};

enum { CHUNK_ROWS = 512 };

/* ---- feeding: chunks of doubles in which NULLs have become 0 ---- */

static void chunk_of_f64(double *restrict out, const double *x, const uint64_t *validity,
                         uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = agg_valid(validity, i) ? x[i] : 0.0;
}

static void chunk_of_f32(double *restrict out, const float *x, const uint64_t *validity, uint32_t n)
{
    if (validity == NULL) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = (double)x[i];
    } else {
        for (uint32_t i = 0; i < n; i++)
            out[i] = agg_valid(validity, i) ? (double)x[i] : 0.0;
    }
}

static void feed_f64(struct float_sum *sum, const double *x, const uint64_t *validity, uint32_t n)
{
    double chunk[CHUNK_ROWS];
    for (uint32_t done = 0; done < n;) {
        const uint64_t *valid = validity == NULL ? NULL : validity + done / 64;
        const uint32_t most = valid == NULL ? VEC_ROWS_MAX : CHUNK_ROWS;
        const uint32_t part = n - done < most ? n - done : most;
        if (valid == NULL) {
            float_sum_add_run(sum, x + done, part);
        } else if (bitmap_all(valid, part)) {
            float_sum_add_run(sum, x + done, part);
        } else {
            chunk_of_f64(chunk, x + done, valid, part);
            float_sum_add_run(sum, chunk, part);
        }
        done += part;
    }
}

static void feed_f32(struct float_sum *sum, const float *x, const uint64_t *validity, uint32_t n)
{
    double chunk[CHUNK_ROWS];
    for (uint32_t done = 0; done < n; done += CHUNK_ROWS) {
        const uint64_t *valid = validity == NULL ? NULL : validity + done / 64;
        const uint32_t part = n - done < CHUNK_ROWS ? n - done : CHUNK_ROWS;
        chunk_of_f32(chunk, x + done, valid, part);
        float_sum_add_run(sum, chunk, part);
    }
}

static int64_t valid_count(const uint64_t *validity, uint32_t n)
{
    return validity == NULL ? (int64_t)n : (int64_t)bitmap_count(validity, n);
}

static llkv_code sum_update_f64(struct agg_context *ac, void *state, const void *data,
                                const uint64_t *validity, uint32_t n)
{
    (void)ac;
    struct float_sum *sum = (struct float_sum *)state;
    feed_f64(sum, (const double *)data, validity, n);
    sum->seen |= valid_count(validity, n) != 0;
    return LLKV_OK;
}

static llkv_code sum_update_f32(struct agg_context *ac, void *state, const void *data,
                                const uint64_t *validity, uint32_t n)
{
    (void)ac;
    struct float_sum *sum = (struct float_sum *)state;
    feed_f32(sum, (const float *)data, validity, n);
    sum->seen |= valid_count(validity, n) != 0;
    return LLKV_OK;
}

static llkv_code average_update_f64(struct agg_context *ac, void *state, const void *data,
                                    const uint64_t *validity, uint32_t n)
{
    (void)ac;
    struct average_state *s = (struct average_state *)state;
    feed_f64(&s->sum, (const double *)data, validity, n);
    s->count += valid_count(validity, n);
    return LLKV_OK;
}

static llkv_code average_update_f32(struct agg_context *ac, void *state, const void *data,
                                    const uint64_t *validity, uint32_t n)
{
    (void)ac;
    struct average_state *s = (struct average_state *)state;
    feed_f32(&s->sum, (const float *)data, validity, n);
    s->count += valid_count(validity, n);
    return LLKV_OK;
}

/* Groups: digits are made strip by strip, in lanes, and added row by row. */
struct float_rows {
    uint8_t *rows;
    uint32_t stride;
    const uint32_t *group; /* of the first row of the strip */
};
#define F_STATE struct float_sum
#define F_SUM(s) (s)
#define F_NOTE(s) ((s)->seen = 1)
#define F_FN(name) sum_##name##_f64
#define F_TYPE double
#define F_CHUNK chunk_of_f64
#include "compute/agg_float_groups.inc.h"
#define F_FN(name) sum_##name##_f32
#define F_TYPE float
#define F_CHUNK chunk_of_f32
#include "compute/agg_float_groups.inc.h"
#undef F_STATE
#undef F_SUM
#undef F_NOTE
#define F_STATE struct average_state
#define F_SUM(s) (&(s)->sum)
#define F_NOTE(s) ((s)->count++)
#define F_FN(name) average_##name##_f64
#define F_TYPE double
#define F_CHUNK chunk_of_f64
#include "compute/agg_float_groups.inc.h"
#define F_FN(name) average_##name##_f32
#define F_TYPE float
#define F_CHUNK chunk_of_f32
#include "compute/agg_float_groups.inc.h"
#undef F_STATE
#undef F_SUM
#undef F_NOTE

static llkv_code sum_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    struct float_sum *sum = (struct float_sum *)into;
    float_sum_merge(sum, (const struct float_sum *)from);
    sum->seen |= ((const struct float_sum *)from)->seen;
    return LLKV_OK;
}

static llkv_code total_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const double total = float_sum_total((const struct float_sum *)state);
    memcpy(out, &total, sizeof total);
    *out_valid = true;
    return LLKV_OK;
}

static llkv_code sum_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    TRY(total_final(ac, state, out, out_valid));
    *out_valid = ((const struct float_sum *)state)->seen != 0;
    return LLKV_OK;
}

static llkv_code average_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    struct average_state *s = (struct average_state *)into;
    float_sum_merge(&s->sum, &((const struct average_state *)from)->sum);
    s->count += ((const struct average_state *)from)->count;
    return LLKV_OK;
}

static llkv_code average_final(struct agg_context *ac, const void *state, void *out,
                               bool *out_valid)
{
    (void)ac;
    const struct average_state *s = (const struct average_state *)state;
    *out_valid = s->count != 0;
    const double average = s->count == 0 ? 0 : float_sum_ratio(&s->sum, (uint64_t)s->count);
    memcpy(out, &average, sizeof average);
    return LLKV_OK;
}

/* ---- variance: from the sums of values and squares, subtracted in 106 bits ---- */

struct variance_state {
    struct float_sum sum, squares;
    int64_t count;
    int64_t least, most; /* keys of the values: equal ones have no variance, not even by rounding */
    int64_t zero;
};
static_assert(sizeof(struct variance_state) % 16 == 0, "state_bytes");

ALWAYS_INLINE void variance_add(struct variance_state *s, double x)
{
    const int64_t key = key_f64(x + 0.0); /* -0.0 equals 0.0 */
    s->least = s->count == 0 || key < s->least ? key : s->least;
    s->most = s->count == 0 || key > s->most ? key : s->most;
    s->count++;
    float_sum_add(&s->sum, x);
    float_sum_add_square(&s->squares, x);
}

#define A_FN(name) variance_##name
#define A_STATE struct variance_state
#define A_TYPE double
#define A_ADD(s, x) variance_add(s, x)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_STATE
#undef A_TYPE
#undef A_ADD

static llkv_code variance_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    struct variance_state *s = (struct variance_state *)into;
    const struct variance_state *f = (const struct variance_state *)from;
    if (f->count == 0) return LLKV_OK;
    s->least = s->count == 0 || f->least < s->least ? f->least : s->least;
    s->most = s->count == 0 || f->most > s->most ? f->most : s->most;
    s->count += f->count;
    float_sum_merge(&s->sum, &f->sum);
    float_sum_merge(&s->squares, &f->squares);
    return LLKV_OK;
}

/* The sum of the squared distances from the mean: result * 2^*out_exponent. */
static double squared_distances(const struct variance_state *s, int *out_exponent)
{
    const struct float_parts a = float_sum_parts(&s->sum), b = float_sum_parts(&s->squares);
    const double n = (double)s->count;
    *out_exponent = b.exponent;
    /* a * a / n in two doubles */
    const double square = a.high * a.high;
    const double error = fma(a.high, a.high, -square) + 2 * a.high * a.low;
    const double high = square / n;
    const double low = (fma(-high, n, square) + error) / n;
    const int shift = 2 * a.exponent - b.exponent;
    const double minus_high = ldexp(-high, shift), minus_low = ldexp(-low, shift);
    /* b + that; the larger ones cancel exactly and leave an error of their own */
    const double sum = b.high + minus_high;
    const double back = sum - b.high;
    const double lost = (b.high - (sum - back)) + (minus_high - back);
    const double distances = sum + (lost + (b.low + minus_low));
    return distances > 0 ? distances : 0;
}

static llkv_code variance_of(struct agg_context *ac, const struct variance_state *s,
                             int64_t divisor, bool root, void *out, bool *out_valid)
{
    double result = 0;
    *out_valid = divisor > 0;
    if (divisor <= 0) return LLKV_OK;
    if (s->sum.special != 0) {
        result = (double)NAN;
    } else if (s->least != s->most) {
        int exponent;
        result = squared_distances(s, &exponent) / (double)divisor;
        if (root) {
            result = sqrt((exponent & 1) != 0 ? 2 * result : result);
            exponent = (exponent - (exponent & 1)) / 2;
        }
        result = ldexp(result, exponent);
        if (result > DBL_MAX)
            return cx_fail(ac->cx, LLKV_OVERFLOW, "the variance does not fit DOUBLE");
    }
    memcpy(out, &result, sizeof result);
    return LLKV_OK;
}

static llkv_code var_pop(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct variance_state *s = (const struct variance_state *)state;
    return variance_of(ac, s, s->count, false, out, out_valid);
}
static llkv_code var_samp(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct variance_state *s = (const struct variance_state *)state;
    return variance_of(ac, s, s->count - 1, false, out, out_valid);
}
static llkv_code stddev_pop(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct variance_state *s = (const struct variance_state *)state;
    return variance_of(ac, s, s->count, true, out, out_valid);
}
static llkv_code stddev_samp(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct variance_state *s = (const struct variance_state *)state;
    return variance_of(ac, s, s->count - 1, true, out, out_valid);
}

#define SUM_OF(id, final)                                                                          \
    {                                                                                              \
        PHYS_F64, sizeof(struct float_sum), sum_update_##id, sum_groups_##id, sum_merge, final     \
    }
#define AVERAGE_OF(id)                                                                             \
    {                                                                                              \
        PHYS_F64, sizeof(struct average_state), average_update_##id, average_groups_##id,          \
            average_merge, average_final                                                           \
    }
#define VARIANCE_OF(final)                                                                         \
    {                                                                                              \
        PHYS_F64, sizeof(struct variance_state), variance_update, variance_groups, variance_merge, \
            final                                                                                  \
    }

const struct agg_kernel *agg_float_find(enum agg_op op, enum phys_type in)
{
    static const struct agg_kernel floats[][2] = {
        {SUM_OF(f32, sum_final), SUM_OF(f64, sum_final)},
        {SUM_OF(f32, total_final), SUM_OF(f64, total_final)},
        {AVERAGE_OF(f32), AVERAGE_OF(f64)},
    };
    static const struct agg_kernel variances[] = {VARIANCE_OF(var_pop), VARIANCE_OF(var_samp),
                                                  VARIANCE_OF(stddev_pop),
                                                  VARIANCE_OF(stddev_samp)};
    if (in == PHYS_F64 && op == AGG_VAR_POP) return &variances[0];
    if (in == PHYS_F64 && op == AGG_VAR_SAMP) return &variances[1];
    if (in == PHYS_F64 && op == AGG_STDDEV_POP) return &variances[2];
    if (in == PHYS_F64 && op == AGG_STDDEV_SAMP) return &variances[3];
    if (in != PHYS_F32 && in != PHYS_F64) return NULL;
    if (op == AGG_SUM) return &floats[0][in == PHYS_F64];
    if (op == AGG_TOTAL) return &floats[1][in == PHYS_F64];
    if (op == AGG_AVG) return &floats[2][in == PHYS_F64];
    return NULL;
}
