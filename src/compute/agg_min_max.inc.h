/* compute/agg_min_max.inc.h -- template: MIN and MAX of one type up to 64 bits.
 *
 * In: K_ID, K_PHYS, K_TYPE, A_KEY, A_KEY_OF(x), A_VALUE_OF(key), A_MERGE */
ALWAYS_INLINE void CONCAT4(min_max, K_ID, add)(struct key_state *s, K_TYPE x, const bool greatest)
{
    const A_KEY key = A_KEY_OF(x), kept = (A_KEY)s->key;
    if (s->seen == 0 || (greatest ? key > kept : key < kept)) s->key = (int64_t)key;
    s->seen = 1;
}

static llkv_code CONCAT4(min_max, K_ID, run)(struct key_state *s, const void *data,
                                             const uint64_t *validity, uint32_t n,
                                             const bool greatest)
{
    K_TYPE least[16 / sizeof(K_TYPE)], most[16 / sizeof(K_TYPE)];
    if (kernel_min_max(K_PHYS, data, validity, n, least, most))
        CONCAT4(min_max, K_ID, add)(s, greatest ? most[0] : least[0], greatest);
    return LLKV_OK;
}

static llkv_code CONCAT4(min, K_ID, update)(struct agg_context *ac, void *state, const void *data,
                                            const uint64_t *validity, uint32_t n)
{
    (void)ac;
    return CONCAT4(min_max, K_ID, run)((struct key_state *)state, data, validity, n, false);
}
static llkv_code CONCAT4(max, K_ID, update)(struct agg_context *ac, void *state, const void *data,
                                            const uint64_t *validity, uint32_t n)
{
    (void)ac;
    return CONCAT4(min_max, K_ID, run)((struct key_state *)state, data, validity, n, true);
}

#define A_STATE struct key_state
#define A_TYPE K_TYPE
#define A_FN(name) CONCAT4(min, K_ID, name)
#define A_ADD(s, x) CONCAT4(min_max, K_ID, add)(s, x, false)
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#define A_FN(name) CONCAT4(max, K_ID, name)
#define A_ADD(s, x) CONCAT4(min_max, K_ID, add)(s, x, true)
#include "compute/agg_groups.inc.h"
#undef A_FN
#undef A_ADD
#undef A_STATE
#undef A_TYPE

static llkv_code CONCAT4(min, K_ID, merge)(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    return A_MERGE((struct key_state *)into, (const struct key_state *)from, false);
}
static llkv_code CONCAT4(max, K_ID, merge)(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    return A_MERGE((struct key_state *)into, (const struct key_state *)from, true);
}
static llkv_code CONCAT4(min_max, K_ID, final)(struct agg_context *ac, const void *state, void *out,
                                               bool *out_valid)
{
    (void)ac;
    const struct key_state *s = (const struct key_state *)state;
    const K_TYPE value = A_VALUE_OF(s->key);
    memcpy(out, &value, sizeof value);
    *out_valid = s->seen != 0;
    return LLKV_OK;
}
#include "compute/undef_type.inc.h"
