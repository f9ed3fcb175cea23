/* compute/decimal_wide.inc.h -- template: struct decimal_end of a type with values beyond 64 bits.
 *
 * In: K_ID, K_TYPE, K_NEGATIVE(x) */
#define K_FN(name) CONCAT4(decimal, name, K_ID)

static uint32_t K_FN(load_128)(i128 *restrict out, const void *data, uint32_t n)
{
    const K_TYPE *from = (const K_TYPE *)data;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (i128)from[i];
        bad |= (out[i] < 0) != K_NEGATIVE(from[i]);
    }
    return bad;
}
static uint32_t K_FN(store_128)(void *restrict out, const i128 *values, uint32_t n)
{
    K_TYPE *restrict to = (K_TYPE *)out;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (K_TYPE)values[i];
        bad |= (i128)to[i] != values[i] || (values[i] < 0) != K_NEGATIVE(to[i]);
    }
    return bad;
}
static const struct decimal_end CONCAT(end_, K_ID) = {
    sizeof(K_TYPE), NULL, K_FN(load_128), NULL, K_FN(store_128),
};
#undef K_NEGATIVE
#include "compute/undef_type.inc.h"
