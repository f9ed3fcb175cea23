/* arrow/gather.inc.h -- template, no include guard on purpose: moving values by position.
 *
 * In:  G_WIDTH   bits per value, a name part: 8, 16, 32, 64, 128
 *      G_TYPE    an unsigned type of that width
 *      G_IDX     a name part for the type of positions: 16, 32
 *      G_IDX_TYPE
 * Out: static gather_<G_WIDTH>_<G_IDX>(out, data, idx, n): out[i] = data[idx[i]] */
#define G_FN CONCAT(gather_, CONCAT4(G_WIDTH, by, G_IDX))

static void G_FN(void *restrict out, const void *data, const G_IDX_TYPE *idx, uint32_t n)
{
    G_TYPE *restrict to = (G_TYPE *)out;
    const G_TYPE *from = (const G_TYPE *)data;
    for (uint32_t i = 0; i < n; i++)
        to[i] = from[idx[i]];
}

#undef G_FN
#undef G_WIDTH
#undef G_TYPE
