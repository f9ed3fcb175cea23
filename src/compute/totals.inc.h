/* compute/totals.inc.h -- template: one integer type as numbers of groups, and as words to add up.
 *
 * In: K_ID, K_TYPE, K_BITS, K_TOP(x): a word as wide as x needs beside its sign (64 bits) */
#define K_FN(name) CONCAT4(totals, K_ID, name)

/* As group_ids_fn. */
static uint64_t K_FN(ids)(uint32_t *restrict ids, const void *data, const struct group_span *span,
                          uint32_t n)
{
    const K_TYPE *x = (const K_TYPE *)data;
    const uint64_t min = (uint64_t)span->min, values = span->values;
    const uint32_t size = span->size;
    uint64_t outside = 0;
    if (size == 0) {
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t at = (uint64_t)x[i] - min;
            outside |= (values - 1 - at) | at;
            ids[i] = (uint32_t)at;
        }
        return outside >> 63;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t at = (uint64_t)x[i] - min;
        outside |= (values - 1 - at) | at;
        ids[i] = ids[i] * size + (uint32_t)at;
    }
    return outside >> 63;
}

/* As total_words_fn. */
#if K_BITS == 64
static uint64_t K_FN(words)(int64_t *restrict out, const void *data, uint32_t n)
{
    const K_TYPE *x = (const K_TYPE *)data;
    uint64_t any = 0;
    (void)out;
    for (uint32_t i = 0; i < n; i++)
        any |= K_TOP(x[i]);
    return any;
}
#else
static uint64_t K_FN(words)(int64_t *restrict out, const void *data, uint32_t n)
{
    const K_TYPE *x = (const K_TYPE *)data;
    for (uint32_t i = 0; i < n; i++)
        out[i] = x[i];
    return ((uint64_t)1 << K_BITS) - 1;
}
#endif
#undef K_FN
#include "compute/undef_type.inc.h"
