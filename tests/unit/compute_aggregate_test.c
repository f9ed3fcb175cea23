#include "compute/aggregate.h"
#include "compute/float_sum.h"
#include "compute/number.h"
#include "compute/wide.h"
#include "compute_testing.h"

enum { ROWS = 3000, GROUPS = 7, STRIDE = 160, WORDS = (ROWS + 63) / 64 };

static struct arena heap, scratch;
static llkv_error error = LLKV_ERROR_INIT;
static struct cx cx = {.arena = &scratch, .error = &error};
static struct agg_context context = {.cx = &cx, .heap = &heap};

static _Alignas(64) uint8_t data[ROWS * 16 + 64];
static uint64_t validity[WORDS];
static uint32_t group[ROWS];
static _Alignas(16) uint8_t rows[GROUPS * STRIDE];

/* ---- three ways to the same states ---- */

static void feed_at_once(const struct agg_kernel *k, void *state, const uint64_t *valid)
{
    assert_int_equal(k->update(&context, state, data, valid, ROWS), LLKV_OK);
}

/* In pieces that begin at words, each to one of four states, merged later. */
static void feed_in_parts(const struct agg_kernel *k, enum phys_type phys, void *state,
                          const uint64_t *valid, struct random *r)
{
    static _Alignas(16) uint8_t parts[4 * STRIDE];
    memset(parts, 0, sizeof parts);
    for (uint32_t at = 0; at < ROWS;) {
        uint32_t n = 64 * (1 + random_below(r, 6));
        n = n < ROWS - at ? n : ROWS - at;
        const uint8_t *from =
            phys == PHYS_BOOL ? data + at / 8 : data + (size_t)at * phys_bytes[phys];
        uint8_t *part = parts + (at * 4 / ROWS) * STRIDE; /* in order, for FIRST and LAST */
        assert_int_equal(k->update(&context, part, from, valid == NULL ? NULL : valid + at / 64, n),
                         LLKV_OK);
        at += n;
    }
    assert_int_equal(k->merge(&context, parts + 2 * STRIDE, parts + 3 * STRIDE), LLKV_OK);
    memcpy(state, parts, k->state_bytes); /* states may be moved */
    assert_int_equal(k->merge(&context, state, parts + STRIDE), LLKV_OK);
    assert_int_equal(k->merge(&context, state, parts + 2 * STRIDE), LLKV_OK);
}

static void feed_groups(const struct agg_kernel *k, const uint64_t *valid)
{
    memset(rows, 0, sizeof rows);
    assert_int_equal(k->update_groups(&context, rows, STRIDE, group, data, valid, ROWS), LLKV_OK);
}

/* What a case expects of the rows with group[i] == which, or all if which == GROUPS. */
typedef void define_fn(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                       bool *out_valid);

static bool counts(uint32_t i, uint32_t which, const uint64_t *valid)
{
    return (which == GROUPS || group[i] == which) && (valid == NULL || bit_get(valid, i));
}

static void check_state(const struct agg_kernel *k, const void *state, enum phys_type phys,
                        uint32_t which, const uint64_t *valid, define_fn *define)
{
    _Alignas(16) uint8_t expect[16] = {0}, actual[16] = {0};
    bool expect_valid = false, actual_valid = false;
    define(phys, which, valid, expect, &expect_valid);
    assert_int_equal(k->final(&context, state, actual, &actual_valid), LLKV_OK);
    assert_int_equal(expect_valid, actual_valid);
    if (!expect_valid) return;
    if (k->out_phys == PHYS_F64) {
        double a, b;
        memcpy(&a, expect, 8);
        memcpy(&b, actual, 8);
        assert_true(same_real(a, b));
    } else if (k->out_phys == PHYS_VIEW) {
        assert_true(str_equal((const struct str_view *)(const void *)expect,
                              (const struct str_view *)(const void *)actual));
    } else {
        const size_t width = k->out_phys == PHYS_BOOL ? 1 : phys_bytes[k->out_phys];
        assert_memory_equal(expect, actual, width);
    }
}

static void check_case(enum agg_op op, enum phys_type phys, define_fn *define, struct random *r)
{
    const struct agg_kernel *k = agg_kernel_find(op, phys);
    if (k == NULL) fail_msg("no kernel for op %d over %s", (int)op, phys_names[phys]);
    assert_int_equal(k->state_bytes % 16, 0);
    assert_true(k->state_bytes <= STRIDE);
    for (int nulls = 0; nulls < 3; nulls++) {
        for (int i = 0; i < WORDS; i++) {
            validity[i] = nulls == 2 ? 0 : i % 3 == 0 ? ~UINT64_C(0) : random_u64(r);
        }
        const uint64_t *valid = nulls == 0 ? NULL : validity;
        _Alignas(16) uint8_t state[STRIDE] = {0};
        check_state(k, state, PHYS_NULLS, GROUPS, valid, define); /* nothing was fed */
        feed_at_once(k, state, valid);
        check_state(k, state, phys, GROUPS, valid, define);
        memset(state, 0, sizeof state);
        feed_in_parts(k, phys, state, valid, r);
        check_state(k, state, phys, GROUPS, valid, define);
        feed_groups(k, valid);
        for (uint32_t g = 0; g < GROUPS; g++)
            check_state(k, rows + g * STRIDE, phys, g, valid, define);
    }
}

/* `narrow`: integers small enough for sums of 128-bit values to fit. */
static void make_rows(enum phys_type phys, bool narrow, struct random *r)
{
    static struct column c;
    for (uint32_t i = 0; i < ROWS; i++) {
        group[i] = random_below(r, GROUPS - 1); /* the last group stays empty */
        if (phys == PHYS_BOOL) {
            bit_put((uint64_t *)(void *)data, i, random_below(r, 100) != 0);
            continue;
        }
        fill(&c, phys, 1, r);
        if (narrow && phys_bytes[phys] == 16) {
            i128 x;
            memcpy(&x, c.bytes, sizeof x);
            x = phys == PHYS_I128 ? x >> 20 : (i128)((u128)x >> 20);
            memcpy(c.bytes, &x, sizeof x);
        }
        memcpy(data + (size_t)i * phys_bytes[phys], c.bytes, phys_bytes[phys]);
    }
}

static u128 integer_row(enum phys_type phys, uint32_t i)
{
    static struct column c;
    memcpy(c.bytes, data + (size_t)i * phys_bytes[phys], phys_bytes[phys]);
    return integer_at(&c, phys, 0);
}

/* ---- counts and sums ---- */

static void define_count(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                         bool *out_valid)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++)
        count += counts(i, which, valid);
    memcpy(out, &count, sizeof count);
    *out_valid = true;
}

static i128 sum_of(enum phys_type phys, uint32_t which, const uint64_t *valid, int64_t *out_count)
{
    i128 sum = 0;
    *out_count = 0;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++) {
        if (!counts(i, which, valid)) continue;
        sum += (i128)integer_row(phys, i);
        ++*out_count;
    }
    return sum;
}

static void define_sum(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                       bool *out_valid)
{
    int64_t count;
    const i128 sum = sum_of(phys, which, valid, &count);
    memcpy(out, &sum, sizeof sum);
    *out_valid = count > 0;
}

static void define_total(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                         bool *out_valid)
{
    int64_t count;
    const double total = i128_ratio(sum_of(phys, which, valid, &count), 1);
    memcpy(out, &total, sizeof total);
    *out_valid = true;
}

static void define_average(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                           bool *out_valid)
{
    int64_t count;
    const i128 sum = sum_of(phys, which, valid, &count);
    const double average = count == 0 ? 0 : i128_ratio(sum, (u128)count);
    memcpy(out, &average, sizeof average);
    *out_valid = count > 0;
}

static void integers_are_summed_exactly(void **state)
{
    (void)state;
    struct random r = {1};
    for (enum phys_type phys = PHYS_I8; phys <= PHYS_U128; phys++) {
        make_rows(phys, true, &r);
        check_case(AGG_COUNT, phys, define_count, &r);
        check_case(AGG_SUM, phys, define_sum, &r);
        check_case(AGG_TOTAL, phys, define_total, &r);
        check_case(AGG_AVG, phys, define_average, &r);
    }
    for (enum phys_type phys = PHYS_I8; phys <= PHYS_I32; phys++) {
        make_rows(phys, true, &r);
        check_case(AGG_SUM_I64, phys, define_sum, &r);
    }
}

static void every_tier_sums_alike(void **state)
{
    (void)state;
    static struct column c;
    struct random r = {2};
    for (enum phys_type phys = PHYS_I8; phys <= PHYS_U64; phys++) {
        if (phys == PHYS_I128) continue;
        for (uint32_t n = 0; n <= 2048; n = next_length(n))
            for (int kind = 0; kind < 18; kind++) {
                fill(&c, phys, n, &r);
                if (kind == 2) memset(c.bytes, 1, n * (size_t)phys_bytes[phys]);
                /* Around the width from which a strip of equal values leaves 63 bits. */
                for (uint32_t i = 0; i < n && kind > 2 && phys_bytes[phys] == 8; i++) {
                    const uint64_t top = UINT64_C(1) << (46 + kind);
                    const uint64_t x = n % 2 == 0 ? top - 1 : 0 - top;
                    memcpy(c.bytes + i * 8, &x, 8);
                }
                const bool nulls = kind == 1 || kind == 2;
                uint64_t valid[VEC_WORDS_MAX];
                for (int i = 0; i < VEC_WORDS_MAX; i++)
                    valid[i] = i % 2 == 0 ? random_u64(&r) : ~UINT64_C(0);
                i128 expect = 0;
                for (uint32_t i = 0; i < n; i++)
                    if (!nulls || bit_get(valid, i)) expect += (i128)integer_at(&c, phys, i);
                for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
                    assert_true(tier->sum_int[phys](c.bytes, nulls ? valid : NULL, n) == expect);
            }
    }
}

static void sums_that_do_not_fit(void **state)
{
    (void)state;
    _Alignas(16) uint8_t sum[STRIDE] = {0}, out[16];
    bool valid;
    const int64_t large[2] = {INT64_MAX, 1};
    const struct agg_kernel *k = agg_kernel_find(AGG_SUM_I64, PHYS_I64);
    assert_int_equal(k->update(&context, sum, large, NULL, 2), LLKV_OK);
    assert_int_equal(k->final(&context, sum, out, &valid), LLKV_OVERFLOW);
    assert_string_equal(error.sqlstate, "22003");
    const int64_t back = -1; /* what fits in the end fits */
    assert_int_equal(k->update(&context, sum, &back, NULL, 1), LLKV_OK);
    assert_int_equal(k->final(&context, sum, out, &valid), LLKV_OK);

    memset(sum, 0, sizeof sum);
    const i128 wide[3] = {I128_MAX, I128_MAX, -5};
    k = agg_kernel_find(AGG_SUM, PHYS_I128);
    assert_int_equal(k->update(&context, sum, wide, NULL, 3), LLKV_OK);
    assert_int_equal(k->final(&context, sum, out, &valid), LLKV_OVERFLOW);
    double total;
    assert_int_equal(agg_kernel_find(AGG_TOTAL, PHYS_I128)->final(&context, sum, &total, &valid),
                     LLKV_OK);
    assert_true(total == 0x1p128);
    assert_int_equal(agg_kernel_find(AGG_AVG, PHYS_I128)->final(&context, sum, &total, &valid),
                     LLKV_OK);
    assert_true(fabs(total / (0x1p128 / 3) - 1) < 1e-15);
    const i128 down[2] = {I128_MIN + 1, I128_MIN + 1};
    assert_int_equal(k->update(&context, sum, down, NULL, 2), LLKV_OK);
    i128 exact;
    assert_int_equal(k->final(&context, sum, &exact, &valid), LLKV_OK);
    assert_true(exact == -5);
}

/* ---- floats: the sums have a test of their own ---- */

static void define_float_sum(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                             bool *out_valid)
{
    double sum = 0; /* of quarters: exact */
    *out_valid = false;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++) {
        if (!counts(i, which, valid)) continue;
        double x;
        float y;
        memcpy(&x, data + (size_t)i * 8, 8);
        memcpy(&y, data + (size_t)i * 4, 4);
        sum += phys == PHYS_F32 ? (double)y : x;
        *out_valid = true;
    }
    memcpy(out, &sum, sizeof sum);
}

static void define_float_average(enum phys_type phys, uint32_t which, const uint64_t *valid,
                                 void *out, bool *out_valid)
{
    int64_t count;
    bool ignored;
    define_count(phys, which, valid, &count, &ignored);
    define_float_sum(phys, which, valid, out, out_valid);
    double sum;
    memcpy(&sum, out, sizeof sum);
    sum = count == 0 ? 0 : sum / (double)count;
    memcpy(out, &sum, sizeof sum);
}

static void define_float_total(enum phys_type phys, uint32_t which, const uint64_t *valid,
                               void *out, bool *out_valid)
{
    define_float_sum(phys, which, valid, out, out_valid);
    *out_valid = true;
}

static void floats_are_summed(void **state)
{
    (void)state;
    struct random r = {3};
    for (enum phys_type phys = PHYS_F32; phys <= PHYS_F64; phys++) {
        make_rows(PHYS_BOOL, true, &r);
        for (uint32_t i = 0; i < ROWS; i++) {
            const double x = (double)((int)random_below(&r, 20000) - 10000) / 4;
            const float y = (float)x;
            if (phys == PHYS_F32) {
                memcpy(data + (size_t)i * 4, &y, 4);
            } else {
                memcpy(data + (size_t)i * 8, &x, 8);
            }
        }
        check_case(AGG_SUM, phys, define_float_sum, &r);
        check_case(AGG_TOTAL, phys, define_float_total, &r);
        check_case(AGG_AVG, phys, define_float_average, &r);
    }
}

/* One value after the other into one sum: what strips and lanes must agree with. */
static void define_float_ordered(enum phys_type phys, uint32_t which, const uint64_t *valid,
                                 void *out, bool *out_valid)
{
    struct float_sum sum = {0};
    *out_valid = false;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++) {
        if (!counts(i, which, valid)) continue;
        double x;
        float y;
        memcpy(&x, data + (size_t)i * 8, 8);
        memcpy(&y, data + (size_t)i * 4, 4);
        float_sum_add_slow(&sum, phys == PHYS_F32 ? (double)y : x);
        *out_valid = true;
    }
    const double total = float_sum_total(&sum);
    memcpy(out, &total, sizeof total);
}

static void floats_of_all_sizes_are_summed(void **state)
{
    (void)state;
    struct random r = {33};
    for (int kind = 0; kind < 8; kind++) {
        make_rows(PHYS_F64, true, &r); /* NaN and infinities among them */
        for (uint32_t i = 0; i < ROWS && kind > 0; i++) {
            const double unit = (double)(random_u64(&r) >> 11) * 0x1p-53 - 0.5;
            const int spread[] = {0, 1, 10, 40, 150, 1000, 30, 0};
            double x = ldexp(unit, (int)random_below(&r, (uint32_t)spread[kind] + 1));
            if (kind == 6) x = rint(x) + 0.5; /* halves at the borders of bins */
            if (kind == 7) x = i % 9 == 0 ? unit : 0.0;
            memcpy(data + (size_t)i * 8, &x, 8);
        }
        check_case(AGG_SUM, PHYS_F64, define_float_ordered, &r);
        make_rows(PHYS_F32, true, &r);
        for (uint32_t i = 0; i < ROWS && kind > 0; i++) {
            const float x = ldexpf((float)(random_u64(&r) >> 40), -(int)random_below(&r, 100));
            memcpy(data + (size_t)i * 4, &x, 4);
        }
        check_case(AGG_SUM, PHYS_F32, define_float_ordered, &r);
    }
}

static double variance(enum agg_op op, const double *x, uint32_t n, bool *out_valid)
{
    _Alignas(16) uint8_t sum[STRIDE] = {0};
    double out = -1;
    const struct agg_kernel *k = agg_kernel_find(op, PHYS_F64);
    assert_int_equal(k->update(&context, sum, x, NULL, n), LLKV_OK);
    assert_int_equal(k->final(&context, sum, &out, out_valid), LLKV_OK);
    return out;
}

static void variances(void **state)
{
    (void)state;
    bool valid;
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    assert_true(variance(AGG_VAR_POP, x, 8, &valid) == 4.0 && valid);
    assert_true(variance(AGG_STDDEV_POP, x, 8, &valid) == 2.0);
    assert_true(variance(AGG_VAR_SAMP, x, 8, &valid) == 32.0 / 7);
    assert_true(variance(AGG_STDDEV_SAMP, x, 8, &valid) == sqrt(32.0 / 7));
    (void)variance(AGG_VAR_SAMP, x, 1, &valid);
    assert_false(valid);
    assert_true(variance(AGG_VAR_POP, x, 1, &valid) == 0 && valid);
    (void)variance(AGG_VAR_POP, x, 0, &valid);
    assert_false(valid);
    double equal[100], shifted[8];
    for (int i = 0; i < 100; i++)
        equal[i] = i % 2 == 0 ? 0.1 : 0.1;
    assert_true(variance(AGG_VAR_POP, equal, 100, &valid) == 0);
    for (int i = 0; i < 8; i++)
        shifted[i] = x[i] + 1e9; /* the textbook's formula fails here */
    assert_true(variance(AGG_VAR_POP, shifted, 8, &valid) == 4.0);
    for (int i = 0; i < 8; i++)
        shifted[i] = ldexp(x[i], 1000); /* squares do not fit a double */
    assert_true(variance(AGG_STDDEV_POP, shifted, 8, &valid) == ldexp(2, 1000));
    for (int i = 0; i < 8; i++)
        shifted[i] = ldexp(x[i], -700);
    assert_true(variance(AGG_STDDEV_POP, shifted, 8, &valid) == ldexp(2, -700));
    shifted[3] = (double)INFINITY;
    const double nan = variance(AGG_VAR_POP, shifted, 8, &valid);
    assert_true(nan != nan && valid);

    _Alignas(16) uint8_t sum[STRIDE] = {0};
    const double far[2] = {1e308, -1e308};
    const struct agg_kernel *k = agg_kernel_find(AGG_VAR_POP, PHYS_F64);
    assert_int_equal(k->update(&context, sum, far, NULL, 2), LLKV_OK);
    double out;
    assert_int_equal(k->final(&context, sum, &out, &valid), LLKV_OVERFLOW);
}

static void define_variance(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                            bool *out_valid)
{
    static double x[ROWS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++)
        if (counts(i, which, valid)) memcpy(&x[n++], data + (size_t)i * 8, 8);
    const double result = variance(AGG_VAR_SAMP, x, n, out_valid);
    memcpy(out, &result, sizeof result);
}

static void variances_in_parts(void **state)
{
    (void)state;
    struct random r = {8};
    make_rows(PHYS_BOOL, true, &r);
    for (uint32_t i = 0; i < ROWS; i++) {
        const double x = (double)(random_u64(&r) >> 11) * 0x1p-53 - 0.25;
        memcpy(data + (size_t)i * 8, &x, 8);
    }
    check_case(AGG_VAR_SAMP, PHYS_F64, define_variance, &r);
}

/* ---- smallest, largest, picked ---- */

static enum agg_op defined_op;

static void define_choice(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                          bool *out_valid)
{
    *out_valid = false;
    if (phys == PHYS_NULLS) return;
    bool seen = false;
    const size_t width = phys_bytes[phys];
    for (uint32_t i = 0; i < ROWS; i++) {
        if (which != GROUPS && group[i] != which) continue;
        const bool is_valid = valid == NULL || bit_get(valid, i);
        if (defined_op == AGG_FIRST && seen) continue;
        if (defined_op != AGG_FIRST && defined_op != AGG_LAST) {
            if (!is_valid || (defined_op == AGG_ANY && seen)) continue;
            const int order = seen ? order_strict(phys, data + i * width, out) : 0;
            if (seen && (defined_op == AGG_MIN ? order >= 0 : order <= 0)) continue;
        }
        seen = true;
        *out_valid = is_valid;
        memcpy(out, data + i * width, width);
    }
}

static void values_are_chosen(void **state)
{
    (void)state;
    static const enum agg_op ops[] = {AGG_MIN, AGG_MAX, AGG_ANY, AGG_FIRST, AGG_LAST};
    struct random r = {4};
    for (enum phys_type phys = PHYS_I8; phys <= PHYS_NUMBER; phys++)
        for (size_t op = 0; op < ARRAY_COUNT(ops); op++) {
            if (phys == PHYS_VIEW || phys_is_float(phys)) continue;
            if (phys == PHYS_MDN || phys == PHYS_NUMBER) {
                make_rows(PHYS_BOOL, true, &r);
                for (uint32_t i = 0; i < ROWS; i++) {
                    const struct interval mdn = {(int)random_below(&r, 3),
                                                 (int)random_below(&r, 90), random_below(&r, 9)};
                    const struct number number = random_below(&r, 2)
                                                     ? number_int(random_below(&r, 50))
                                                     : number_real(random_below(&r, 100) / 2.0);
                    memcpy(data + (size_t)i * 16,
                           phys == PHYS_MDN ? (const void *)&mdn : (const void *)&number, 16);
                }
            } else {
                make_rows(phys, true, &r);
            }
            defined_op = ops[op];
            check_case(ops[op], phys, define_choice, &r);
        }
}

static void floats_order_as_sorting_does(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    const double x[] = {1, nan, -0.0, 0.0, -nan};
    double out;
    bool valid;
    for (enum agg_op op = AGG_MIN; op <= AGG_MAX; op++) {
        _Alignas(16) uint8_t at_once[STRIDE] = {0}, merged[STRIDE] = {0};
        const struct agg_kernel *k = agg_kernel_find(op, PHYS_F64);
        assert_int_equal(k->update(&context, at_once, x, NULL, 5), LLKV_OK);
        assert_int_equal(k->final(&context, at_once, &out, &valid), LLKV_OK);
        assert_true(op == AGG_MIN ? same_real(out, -0.0) : out != out);
        for (int i = 4; i >= 0; i--) {
            _Alignas(16) uint8_t one[STRIDE] = {0};
            assert_int_equal(k->update(&context, one, &x[i], NULL, 1), LLKV_OK);
            assert_int_equal(k->merge(&context, merged, one), LLKV_OK);
        }
        assert_memory_equal(merged, at_once, k->state_bytes);
    }
    const float y[] = {3.5f, -2.0f, 8.0f};
    const uint32_t groups[] = {0, 1, 0};
    memset(rows, 0, sizeof rows);
    const struct agg_kernel *k = agg_kernel_find(AGG_MAX, PHYS_F32);
    assert_int_equal(k->update_groups(&context, rows, STRIDE, groups, y, NULL, 3), LLKV_OK);
    float most;
    assert_int_equal(k->final(&context, rows, &most, &valid), LLKV_OK);
    assert_true(most == 8.0f);
    assert_int_equal(k->final(&context, rows + STRIDE, &most, &valid), LLKV_OK);
    assert_true(most == -2.0f);
}

/* ---- bits ---- */

static void define_bits(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                        bool *out_valid)
{
    u128 bits = 0;
    *out_valid = false;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++) {
        if (!counts(i, which, valid)) continue;
        const u128 x = phys == PHYS_BOOL ? bit_get((const uint64_t *)(const void *)data, i)
                                         : integer_row(phys, i);
        if (!*out_valid) {
            bits = x;
        } else if (defined_op == AGG_BIT_AND || defined_op == AGG_BOOL_AND ||
                   defined_op == AGG_MIN) {
            bits &= x;
        } else {
            bits = defined_op == AGG_BIT_XOR ? bits ^ x : bits | x;
        }
        *out_valid = true;
    }
    memcpy(out, &bits, sizeof bits);
}

static void bits_are_combined(void **state)
{
    (void)state;
    struct random r = {5};
    for (enum phys_type phys = PHYS_I8; phys <= PHYS_U128; phys++)
        for (defined_op = AGG_BIT_AND; defined_op <= AGG_BIT_XOR; defined_op++) {
            make_rows(phys, true, &r);
            check_case(defined_op, phys, define_bits, &r);
        }
    static const enum agg_op ops[] = {AGG_BOOL_AND, AGG_BOOL_OR, AGG_MIN, AGG_MAX};
    for (size_t op = 0; op < ARRAY_COUNT(ops); op++) {
        make_rows(PHYS_BOOL, true, &r);
        defined_op = ops[op];
        check_case(ops[op], PHYS_BOOL, define_bits, &r);
    }
    make_rows(PHYS_BOOL, true, &r);
    check_case(AGG_COUNT, PHYS_BOOL, define_count, &r);
    const struct agg_kernel *first = agg_kernel_find(AGG_FIRST, PHYS_BOOL);
    const struct agg_kernel *last = agg_kernel_find(AGG_LAST, PHYS_BOOL);
    _Alignas(16) uint8_t a[STRIDE] = {0}, b[STRIDE] = {0};
    const uint64_t bits = 4;
    uint8_t out;
    bool valid;
    assert_int_equal(first->update(&context, a, &bits, NULL, 3), LLKV_OK);
    assert_int_equal(last->update(&context, b, &bits, NULL, 3), LLKV_OK);
    assert_int_equal(first->final(&context, a, &out, &valid), LLKV_OK);
    assert_int_equal(out, 0);
    assert_int_equal(last->final(&context, b, &out, &valid), LLKV_OK);
    assert_int_equal(out, 1);
}

/* ---- texts ---- */

static char text_heap[ROWS][40];

static void make_texts(struct random *r)
{
    make_rows(PHYS_BOOL, true, r);
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t len = random_below(r, 36);
        for (uint32_t k = 0; k < len; k++)
            text_heap[i][k] = (char)('a' + random_below(r, 26));
        const struct str_view view = str_of(text_heap[i], len);
        memcpy(data + (size_t)i * sizeof view, &view, sizeof view);
    }
}

static void texts_are_kept(void **state)
{
    (void)state;
    static const enum agg_op ops[] = {AGG_MIN, AGG_MAX, AGG_ANY, AGG_FIRST, AGG_LAST};
    struct random r = {6};
    for (size_t op = 0; op < ARRAY_COUNT(ops); op++) {
        make_texts(&r);
        defined_op = ops[op];
        check_case(ops[op], PHYS_VIEW, define_choice, &r);
    }
    /* The batch goes away; the state does not notice. */
    make_texts(&r);
    _Alignas(16) uint8_t kept[STRIDE] = {0};
    const struct agg_kernel *k = agg_kernel_find(AGG_MAX, PHYS_VIEW);
    char long_text[] = "zzzz, longer than what a view holds";
    struct str_view view = str_of(long_text, (uint32_t)strlen(long_text)), out;
    assert_int_equal(k->update(&context, kept, &view, NULL, 1), LLKV_OK);
    memset(long_text, 'a', 10);
    bool valid;
    assert_int_equal(k->final(&context, kept, &out, &valid), LLKV_OK);
    assert_memory_equal(str_data(&out), "zzzz, longer than what a view holds", out.len);
}

static void define_concat(enum phys_type phys, uint32_t which, const uint64_t *valid, void *out,
                          bool *out_valid)
{
    static char all[ROWS * 40];
    size_t used = 0;
    *out_valid = false;
    for (uint32_t i = 0; i < ROWS && phys != PHYS_NULLS; i++) {
        if (!counts(i, which, valid)) continue;
        if (*out_valid) {
            memcpy(all + used, ", ", 2);
            used += 2;
        }
        struct str_view view;
        memcpy(&view, data + (size_t)i * sizeof view, sizeof view);
        memcpy(all + used, str_data(&view), view.len);
        used += view.len;
        *out_valid = true;
    }
    const struct str_view view = str_of(all, (uint32_t)used);
    memcpy(out, &view, sizeof view);
}

static void texts_are_joined(void **state)
{
    (void)state;
    struct random r = {7};
    make_texts(&r);
    context.separator = SLICE(", ");
    check_case(AGG_GROUP_CONCAT, PHYS_VIEW, define_concat, &r);
    context.separator = (struct slice){0};
    _Alignas(16) uint8_t joined[STRIDE] = {0};
    const struct agg_kernel *k = agg_kernel_find(AGG_GROUP_CONCAT, PHYS_VIEW);
    const struct str_view empty = str_of("", 0);
    struct str_view out;
    bool valid;
    assert_int_equal(k->update(&context, joined, &empty, NULL, 1), LLKV_OK);
    assert_int_equal(k->final(&context, joined, &out, &valid), LLKV_OK);
    assert_true(valid);
    assert_int_equal(out.len, 0);
}

/* Every allocation fails once: an error comes back, and the heap is what holds everything. */
static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    struct random r = {9};
    make_texts(&r);
    static const enum agg_op ops[] = {AGG_MIN, AGG_LAST, AGG_GROUP_CONCAT};
    for (size_t op = 0; op < ARRAY_COUNT(ops); op++) {
        const struct agg_kernel *k = agg_kernel_find(ops[op], PHYS_VIEW);
        int64_t nth = 1;
        for (;; nth++) {
            struct arena small;
            arena_init(&small, NULL);
            context.heap = &small;
            memset(rows, 0, sizeof rows);
            mem_fail_nth(nth, false);
            const llkv_code rc = k->update_groups(&context, rows, STRIDE, group, data, NULL, ROWS);
            mem_fail_nth(0, false);
            arena_deinit(&small);
            context.heap = &heap;
            if (rc == LLKV_OK) break;
            assert_int_equal(rc, LLKV_NOMEM);
            assert_int_equal(error.code, LLKV_NOMEM);
        }
        assert_true(nth > 1);
    }
}

/* ---- NUMBER ---- */

static void numbers_keep_their_class(void **state)
{
    (void)state;
    const struct number ints[] = {number_int(INT64_MAX), number_int(-5)};
    const struct number mixed[] = {number_int(INT64_MAX), number_real(0.5), number_int(INT64_MAX)};
    struct number out;
    bool valid;
    double real;
    _Alignas(16) uint8_t a[STRIDE] = {0}, b[STRIDE] = {0};
    const struct agg_kernel *k = agg_kernel_find(AGG_SUM_NUMBER, PHYS_NUMBER);
    assert_int_equal(k->final(&context, a, &out, &valid), LLKV_OK);
    assert_false(valid);
    assert_int_equal(k->update(&context, a, ints, NULL, 2), LLKV_OK);
    assert_int_equal(k->final(&context, a, &out, &valid), LLKV_OK);
    assert_true(valid && !out.is_real && out.i == INT64_MAX - 5);
    assert_int_equal(k->update(&context, b, mixed, NULL, 3), LLKV_OK);
    assert_int_equal(k->merge(&context, a, b), LLKV_OK);
    assert_int_equal(k->final(&context, a, &out, &valid), LLKV_OK);
    assert_true(out.is_real && out.d == 3 * 0x1p63);
    assert_int_equal(agg_kernel_find(AGG_TOTAL, PHYS_NUMBER)->final(&context, a, &real, &valid),
                     LLKV_OK);
    assert_true(real == 3 * 0x1p63);
    assert_int_equal(agg_kernel_find(AGG_AVG, PHYS_NUMBER)->final(&context, a, &real, &valid),
                     LLKV_OK);
    assert_true(real == 3 * 0x1p63 / 5);
    k = agg_kernel_find(AGG_SUM_I64, PHYS_NUMBER);
    assert_int_equal(k->final(&context, a, &out.i, &valid), LLKV_INTERNAL);
    memset(a, 0, sizeof a);
    assert_int_equal(k->update(&context, a, mixed, NULL, 1), LLKV_OK);
    assert_int_equal(k->update(&context, a, mixed, NULL, 1), LLKV_OK);
    assert_int_equal(k->final(&context, a, &out.i, &valid), LLKV_OVERFLOW);
}

static void what_is_taken(void **state)
{
    (void)state;
    assert_null(agg_kernel_find(AGG_SUM, PHYS_VIEW));
    assert_null(agg_kernel_find(AGG_SUM, PHYS_BOOL));
    assert_null(agg_kernel_find(AGG_SUM, PHYS_NUMBER));
    assert_null(agg_kernel_find(AGG_SUM_I64, PHYS_U64));
    assert_null(agg_kernel_find(AGG_VAR_POP, PHYS_I64));
    assert_null(agg_kernel_find(AGG_BIT_OR, PHYS_F64));
    assert_null(agg_kernel_find(AGG_GROUP_CONCAT, PHYS_I32));
    _Alignas(16) uint8_t a[STRIDE] = {0};
    int64_t count = -1;
    bool valid;
    const struct agg_kernel *k = agg_kernel_find(AGG_COUNT_STAR, PHYS_NULLS);
    assert_int_equal(k->update(&context, a, NULL, NULL, 100), LLKV_OK);
    assert_int_equal(k->final(&context, a, &count, &valid), LLKV_OK);
    assert_int_equal(count, 100);
    memset(a, 0, sizeof a);
    k = agg_kernel_find(AGG_COUNT, PHYS_NULLS);
    assert_int_equal(k->update(&context, a, NULL, NULL, 100), LLKV_OK);
    assert_int_equal(k->final(&context, a, &count, &valid), LLKV_OK);
    assert_int_equal(count, 0);
    k = agg_kernel_find(AGG_MIN, PHYS_NULLS);
    assert_int_equal(k->update(&context, a, NULL, NULL, 100), LLKV_OK);
    assert_int_equal(k->final(&context, a, &count, &valid), LLKV_OK);
    assert_false(valid);
}

int main(void)
{
    arena_init(&heap, NULL);
    arena_init(&scratch, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_summed_exactly),
        cmocka_unit_test(every_tier_sums_alike),
        cmocka_unit_test(sums_that_do_not_fit),
        cmocka_unit_test(floats_are_summed),
        cmocka_unit_test(floats_of_all_sizes_are_summed),
        cmocka_unit_test(variances),
        cmocka_unit_test(variances_in_parts),
        cmocka_unit_test(values_are_chosen),
        cmocka_unit_test(floats_order_as_sorting_does),
        cmocka_unit_test(bits_are_combined),
        cmocka_unit_test(texts_are_kept),
        cmocka_unit_test(texts_are_joined),
        cmocka_unit_test(lack_of_memory_is_an_error),
        cmocka_unit_test(numbers_keep_their_class),
        cmocka_unit_test(what_is_taken),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_deinit(&heap);
    arena_deinit(&scratch);
    return failed;
}
