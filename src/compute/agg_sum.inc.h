/* compute/agg_sum.inc.h -- template: the sums of one integer type up to 64 bits. */
static llkv_code CONCAT4(sum, K_ID, update)(struct agg_context *ac, void *state, const void *data,
                                            const uint64_t *validity, uint32_t n)
{
    (void)ac;
    struct sum_state *s = (struct sum_state *)state;
    sum_int_fn *sum = tier_best()->sum_int[K_PHYS];
    const uint8_t *at = (const uint8_t *)data;
    for (uint32_t done = 0; done < n; done += VEC_ROWS_MAX) {
        const uint32_t part = n - done < VEC_ROWS_MAX ? n - done : VEC_ROWS_MAX;
        const uint64_t *valid = validity == NULL ? NULL : validity + done / 64;
        state_add(s, sum(at + (size_t)done * sizeof(K_TYPE), valid, part));
        s->count += valid == NULL ? (int64_t)part : (int64_t)bitmap_count(valid, part);
    }
    return LLKV_OK;
}

#define A_FN(name) CONCAT4(sum, K_ID, name)
#define A_STATE struct sum_state
#define A_TYPE K_TYPE
#define A_ADD(s, x) (state_add((s), (x)), (s)->count++)
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_STATE
#undef A_TYPE
#undef A_ADD
#include "compute/undef_type.inc.h"
