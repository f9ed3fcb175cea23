/* zone_keys.inc.h -- template, no include guard on purpose.
 *
 * In:  K_NAME, K_TYPE, K_KEY(value): a u64
 * Out: static K_NAME: the keys of n values of K_TYPE. */
static void K_NAME(const void *data, uint32_t n, uint64_t *restrict out)
{
    const K_TYPE *values = data;
    for (uint32_t i = 0; i < n; i++)
        out[i] = K_KEY(values[i]);
}
#undef K_NAME
#undef K_TYPE
#undef K_KEY
