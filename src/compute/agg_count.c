/* agg_count.c -- COUNT, COUNT(*), and every aggregate over the type that has only NULLs. */
#include "compute/agg_priv.h"

struct count_state {
    int64_t count;
    int64_t zero;
};

static llkv_code star_update(struct agg_context *ac, void *state, const void *data,
                             const uint64_t *validity, uint32_t n)
{
    (void)ac;
    (void)data;
    (void)validity;
    ((struct count_state *)state)->count += n;
    return LLKV_OK;
}

static llkv_code star_groups(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                             const uint32_t *group, const void *data, const uint64_t *validity,
                             uint32_t n)
{
    (void)ac;
    (void)data;
    (void)validity;
    for (uint32_t i = 0; i < n; i++)
        ((struct count_state *)(void *)(rows + (size_t)group[i] * stride))->count++;
    return LLKV_OK;
}

static llkv_code count_update(struct agg_context *ac, void *state, const void *data,
                              const uint64_t *validity, uint32_t n)
{
    (void)ac;
    (void)data;
    ((struct count_state *)state)->count +=
        validity == NULL ? (int64_t)n : (int64_t)bitmap_count(validity, n);
    return LLKV_OK;
}

static llkv_code count_groups(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                              const uint32_t *group, const void *data, const uint64_t *validity,
                              uint32_t n)
{
    if (validity == NULL) return star_groups(ac, rows, stride, group, data, NULL, n);
    for (uint32_t i = 0; i < n; i++)
        ((struct count_state *)(void *)(rows + (size_t)group[i] * stride))->count +=
            bit_get(validity, i);
    return LLKV_OK;
}

static llkv_code count_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    ((struct count_state *)into)->count += ((const struct count_state *)from)->count;
    return LLKV_OK;
}

void agg_count_total(void *state, int64_t sum, int64_t count)
{
    (void)sum;
    ((struct count_state *)state)->count += count;
}

static llkv_code count_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    memcpy(out, &((const struct count_state *)state)->count, sizeof(int64_t));
    *out_valid = true;
    return LLKV_OK;
}

/* ---- no values at all ---- */

static llkv_code nulls_update(struct agg_context *ac, void *state, const void *data,
                              const uint64_t *validity, uint32_t n)
{
    (void)ac;
    (void)state;
    (void)data;
    (void)validity;
    (void)n;
    return LLKV_OK;
}

static llkv_code nulls_groups(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                              const uint32_t *group, const void *data, const uint64_t *validity,
                              uint32_t n)
{
    (void)rows;
    (void)stride;
    (void)group;
    return nulls_update(ac, NULL, data, validity, n);
}

static llkv_code nulls_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    (void)into;
    (void)from;
    return LLKV_OK;
}

static llkv_code nulls_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    (void)state;
    (void)out;
    *out_valid = false;
    return LLKV_OK;
}

static const struct agg_kernel count_star = {
    PHYS_I64, sizeof(struct count_state), star_update, star_groups, count_merge, count_final};
static const struct agg_kernel count_any = {
    PHYS_I64, sizeof(struct count_state), count_update, count_groups, count_merge, count_final};
static const struct agg_kernel count_nulls = {
    PHYS_I64, sizeof(struct count_state), nulls_update, nulls_groups, count_merge, count_final};
static const struct agg_kernel pick_nulls = {
    PHYS_NULLS, sizeof(struct count_state), nulls_update, nulls_groups, nulls_merge, nulls_final};

const struct agg_kernel *agg_count_find(enum agg_op op, enum phys_type in)
{
    if (op == AGG_COUNT_STAR) return &count_star;
    if (op == AGG_COUNT) return in == PHYS_NULLS ? &count_nulls : &count_any;
    if (in != PHYS_NULLS) return NULL;
    const bool same_type =
        op == AGG_MIN || op == AGG_MAX || op == AGG_ANY || op == AGG_FIRST || op == AGG_LAST;
    return same_type ? &pick_nulls : NULL;
}
