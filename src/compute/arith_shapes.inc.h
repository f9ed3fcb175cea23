/* compute/arith_shapes.inc.h -- template: the three shapes of K_FN(body), which is given constants
 * to be specialised by. */
static uint32_t K_FN(vv)(void *restrict out, const void *a, const void *b, const void *param,
                         uint32_t n)
{
    (void)param;
    return K_FN(body)((K_TYPE *)out, (const K_TYPE *)a, (const K_TYPE *)b, n, false, false);
}

static uint32_t K_FN(vs)(void *restrict out, const void *a, const void *b, const void *param,
                         uint32_t n)
{
    (void)param;
    const K_TYPE scalar = *(const K_TYPE *)b;
    return K_FN(body)((K_TYPE *)out, (const K_TYPE *)a, &scalar, n, false, true);
}

static uint32_t K_FN(sv)(void *restrict out, const void *a, const void *b, const void *param,
                         uint32_t n)
{
    (void)param;
    const K_TYPE scalar = *(const K_TYPE *)a;
    return K_FN(body)((K_TYPE *)out, &scalar, (const K_TYPE *)b, n, true, false);
}
