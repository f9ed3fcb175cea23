/* compute/decimal_narrow.inc.h -- template: struct decimal_end of a type whose values fit 64 signed
 * bits. */
#define K_FN(name) CONCAT4(decimal, name, K_ID)

static void K_FN(load_64)(int64_t *restrict out, const void *data, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = ((const K_TYPE *)data)[i];
}
static uint32_t K_FN(load_128)(i128 *restrict out, const void *data, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = ((const K_TYPE *)data)[i];
    return 0;
}
static uint32_t K_FN(store_64)(void *restrict out, const int64_t *values, uint32_t n)
{
    K_TYPE *restrict to = (K_TYPE *)out;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (K_TYPE)values[i];
        bad |= to[i] != values[i];
    }
    return bad;
}
static uint32_t K_FN(store_128)(void *restrict out, const i128 *values, uint32_t n)
{
    K_TYPE *restrict to = (K_TYPE *)out;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (K_TYPE)values[i];
        bad |= to[i] != values[i];
    }
    return bad;
}
static const struct decimal_end CONCAT(end_, K_ID) = {
    sizeof(K_TYPE), K_FN(load_64), K_FN(load_128), K_FN(store_64), K_FN(store_128),
};
#include "compute/undef_type.inc.h"
