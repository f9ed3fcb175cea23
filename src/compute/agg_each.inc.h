/* compute/agg_each.inc.h -- template: the update of an aggregate that cannot fail, row by row.
 *
 * In and out as agg_groups.inc.h: static A_FN(update) */
static llkv_code A_FN(update)(struct agg_context *ac, void *state, const void *data,
                              const uint64_t *validity, uint32_t n)
{
    (void)ac;
    const A_TYPE *x = (const A_TYPE *)data;
    A_STATE *s = (A_STATE *)state;
    for (uint32_t i = 0; i < n; i++)
        if (agg_valid(validity, i)) A_ADD(s, x[i]);
    return LLKV_OK;
}
