/* compute/agg_groups.inc.h -- template: the update_groups of an aggregate that cannot fail.
 *
 * In:  A_FN(name), A_STATE, A_TYPE, A_ADD(state, value)
 * Out: static A_FN(groups) */
static llkv_code A_FN(groups)(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                              const uint32_t *group, const void *data, const uint64_t *validity,
                              uint32_t n)
{
    (void)ac;
    const A_TYPE *x = (const A_TYPE *)data;
    if (validity == NULL) {
        for (uint32_t i = 0; i < n; i++)
            A_ADD((A_STATE *)(void *)(rows + (size_t)group[i] * stride), x[i]);
        return LLKV_OK;
    }
    for (uint32_t base = 0; base < n; base += 64) {
        uint64_t valid = validity[base >> 6] & low_bits(n - base);
        for (; valid != 0; valid &= valid - 1) {
            const uint32_t i = base + (uint32_t)__builtin_ctzll(valid);
            A_ADD((A_STATE *)(void *)(rows + (size_t)group[i] * stride), x[i]);
        }
    }
    return LLKV_OK;
}
