/* agg_sum.c -- SUM, SUM_I64, TOTAL and AVG of integers: exact, rounded or refused once at the end.
 */
#include "compute/agg_priv.h"
#include "compute/kernel_priv.h"
#include "compute/wide.h"

/* A number of 192 bits, of which types up to 64 bits use the lower 128. */
struct sum_state {
    uint64_t low, high;
    int64_t above;
    int64_t count;
};

ALWAYS_INLINE i128 state_sum(const struct sum_state *s)
{
    return (i128)((u128)s->high << 64 | s->low);
}

ALWAYS_INLINE void state_add(struct sum_state *s, i128 x)
{
    const u128 sum = ((u128)s->high << 64 | s->low) + (u128)x;
    s->low = (uint64_t)sum;
    s->high = (uint64_t)(sum >> 64);
}

ALWAYS_INLINE void state_add_wide(struct sum_state *s, u128 x, int64_t sign_word)
{
    state_add(s, (i128)x);
    s->above += sign_word + ((u128)state_sum(s) < x); /* the carry */
}

/* ---- up to 64 bits ---- */

#define K_TEMPLATE "compute/agg_sum.inc.h"
#include "compute/each_int.inc.h"
#include "compute/each_uint.inc.h"
#undef K_TEMPLATE

static llkv_code narrow_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    struct sum_state *s = (struct sum_state *)into;
    state_add(s, state_sum((const struct sum_state *)from));
    s->count += ((const struct sum_state *)from)->count;
    return LLKV_OK;
}

void agg_sum_total(void *state, int64_t sum, int64_t count)
{
    struct sum_state *s = (struct sum_state *)state;
    state_add(s, sum);
    s->count += count;
}

static llkv_code narrow_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const struct sum_state *s = (const struct sum_state *)state;
    const i128 sum = state_sum(s);
    memcpy(out, &sum, sizeof sum);
    *out_valid = s->count != 0;
    return LLKV_OK;
}

static llkv_code i64_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct sum_state *s = (const struct sum_state *)state;
    const i128 sum = state_sum(s);
    const int64_t result = (int64_t)sum;
    *out_valid = s->count != 0;
    if (result != sum) return cx_fail(ac->cx, LLKV_OVERFLOW, "the sum does not fit BIGINT");
    memcpy(out, &result, sizeof result);
    return LLKV_OK;
}

static llkv_code narrow_total(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const double total = i128_ratio(state_sum((const struct sum_state *)state), 1);
    memcpy(out, &total, sizeof total);
    *out_valid = true;
    return LLKV_OK;
}

static llkv_code narrow_average(struct agg_context *ac, const void *state, void *out,
                                bool *out_valid)
{
    (void)ac;
    const struct sum_state *s = (const struct sum_state *)state;
    *out_valid = s->count != 0;
    const double average = s->count == 0 ? 0 : i128_ratio(state_sum(s), (u128)s->count);
    memcpy(out, &average, sizeof average);
    return LLKV_OK;
}

/* ---- 128 bits ---- */

#define A_STATE struct sum_state
#define A_FN(name) i128_##name
#define A_TYPE i128
#define A_ADD(s, x) (state_add_wide((s), (u128)(x), (x) < 0 ? -1 : 0), (s)->count++)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_TYPE
#undef A_ADD
#define A_FN(name) u128_##name
#define A_TYPE u128
#define A_ADD(s, x) (state_add_wide((s), (x), 0), (s)->count++)
#include "compute/agg_each.inc.h"
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_TYPE
#undef A_ADD
#undef A_STATE

static llkv_code wide_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    struct sum_state *s = (struct sum_state *)into;
    const struct sum_state *f = (const struct sum_state *)from;
    state_add_wide(s, (u128)state_sum(f), f->above);
    s->count += f->count;
    return LLKV_OK;
}

/* The words above 128 bits only repeat the sign. */
static bool wide_fits(const struct sum_state *s)
{
    return s->above == (state_sum(s) < 0 ? -1 : 0);
}

static llkv_code wide_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct sum_state *s = (const struct sum_state *)state;
    *out_valid = s->count != 0;
    if (!wide_fits(s)) return cx_fail(ac->cx, LLKV_OVERFLOW, "the sum does not fit 128 bits");
    return narrow_final(ac, state, out, out_valid);
}

/* Division in words of 64 bits, of which the quotient has two in use at least. */
static double wide_ratio(const struct sum_state *s, uint64_t divisor)
{
    const bool negative = s->above < 0;
    u128 low = (u128)state_sum(s);
    uint64_t above = (uint64_t)s->above;
    if (negative) {
        low = 0 - low;
        above = ~above + (low == 0);
    }
    const u128 middle = (u128)(above % divisor) << 64 | (uint64_t)(low >> 64);
    const u128 lowest = (middle % divisor) << 64 | (uint64_t)low;
    const uint64_t words[3] = {(uint64_t)(lowest / divisor), (uint64_t)(middle / divisor),
                               above / divisor};
    const bool rest = lowest % divisor != 0;
    if (words[2] == 0) return u128_scaled(negative, (u128)words[1] << 64 | words[0], rest, 0);
    return u128_scaled(negative, (u128)words[2] << 64 | words[1], rest || words[0] != 0, 64);
}

static llkv_code wide_total(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const double total = wide_ratio((const struct sum_state *)state, 1);
    memcpy(out, &total, sizeof total);
    *out_valid = true;
    return LLKV_OK;
}

static llkv_code wide_average(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    const struct sum_state *s = (const struct sum_state *)state;
    if (s->count == 0 || wide_fits(s)) return narrow_average(ac, state, out, out_valid);
    const double average = wide_ratio(s, (uint64_t)s->count);
    memcpy(out, &average, sizeof average);
    *out_valid = true;
    return LLKV_OK;
}

#define NARROW(id, out, final)                                                                     \
    {                                                                                              \
        out, sizeof(struct sum_state), sum_##id##_update, sum_##id##_groups, narrow_merge, final   \
    }
#define WIDE(id, out, final)                                                                       \
    {                                                                                              \
        out, sizeof(struct sum_state), id##_update, id##_groups, wide_merge, final                 \
    }
#define ROW(out, narrow, wide)                                                                     \
    {                                                                                              \
        [PHYS_I8] = NARROW(i8, out, narrow), [PHYS_I16] = NARROW(i16, out, narrow),                \
        [PHYS_I32] = NARROW(i32, out, narrow), [PHYS_I64] = NARROW(i64, out, narrow),              \
        [PHYS_U8] = NARROW(u8, out, narrow), [PHYS_U16] = NARROW(u16, out, narrow),                \
        [PHYS_U32] = NARROW(u32, out, narrow), [PHYS_U64] = NARROW(u64, out, narrow),              \
        [PHYS_I128] = WIDE(i128, out, wide), [PHYS_U128] = WIDE(u128, out, wide)                   \
    }

static const struct agg_kernel sums[PHYS_COUNT] = ROW(PHYS_I128, narrow_final, wide_final);
static const struct agg_kernel totals[PHYS_COUNT] = ROW(PHYS_F64, narrow_total, wide_total);
static const struct agg_kernel averages[PHYS_COUNT] = ROW(PHYS_F64, narrow_average, wide_average);
static const struct agg_kernel sums_i64[PHYS_COUNT] = {
    [PHYS_I8] = NARROW(i8, PHYS_I64, i64_final),
    [PHYS_I16] = NARROW(i16, PHYS_I64, i64_final),
    [PHYS_I32] = NARROW(i32, PHYS_I64, i64_final),
    [PHYS_I64] = NARROW(i64, PHYS_I64, i64_final),
};

const struct agg_kernel *agg_sum_find(enum agg_op op, enum phys_type in)
{
    const struct agg_kernel *row = NULL;
    if (op == AGG_SUM) row = sums;
    if (op == AGG_SUM_I64) row = sums_i64;
    if (op == AGG_TOTAL) row = totals;
    if (op == AGG_AVG) row = averages;
    return row == NULL || row[in].update == NULL ? NULL : &row[in];
}
