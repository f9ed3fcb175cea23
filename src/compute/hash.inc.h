/* compute/hash.inc.h -- template: out[i] = K_KEY(data[idx[i]]). */
static void CONCAT(keys_, K_ID)(uint64_t *restrict out, const void *data, const uint32_t *idx,
                                uint32_t n)
{
    const K_TYPE *x = (const K_TYPE *)data;
    for (uint32_t i = 0; i < n; i++)
        out[i] = K_KEY(x[idx[i]]);
}
#include "compute/undef_type.inc.h"
