/* compute/cast_edge.inc.h -- template: the type F_... from and to BOOL and NUMBER.
 *
 * Out: static cast_bool_<F>, cast_<F>_bool, cast_<F>_number, cast_number_<F>, trunc_number_<F> */
static uint32_t CAST_FROM_BOOL(F_ID)(void *restrict out, const void *a, const void *b,
                                     const void *param, uint32_t n)
{
    (void)b;
    (void)param;
    F_TYPE *restrict to = (F_TYPE *)out;
    for (uint32_t i = 0; i < n; i++)
        to[i] = (F_TYPE)bit_get((const uint64_t *)a, i);
    return 0;
}

static uint32_t CAST_TO_BOOL(F_ID)(void *restrict out, const void *a, const void *b,
                                   const void *param, uint32_t n)
{
    (void)b;
    (void)param;
    const F_TYPE *from = (const F_TYPE *)a;
    uint64_t *restrict to = (uint64_t *)out;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = 0;
        for (uint32_t k = 0; k < 64 && i + k < n; k++)
            word |= (uint64_t)(from[i + k] != 0) << k;
        to[i >> 6] = word;
    }
    return 0;
}

static uint32_t CONCAT4(cast, F_ID, number)(void *restrict out, const void *a, const void *b,
                                            const void *param, uint32_t n)
{
    (void)b;
    (void)param;
    const F_TYPE *from = (const F_TYPE *)a;
    struct number *restrict to = (struct number *)out;
    for (uint32_t i = 0; i < n; i++) {
#if F_FLOAT
        to[i] = number_real((double)from[i]);
#else
        /* Integers beyond 64 bits are real. */
        const int64_t whole = (int64_t)from[i];
        const bool fits = (F_TYPE)whole == from[i] && (F_SIGNED || whole >= 0);
        to[i] = fits ? number_int(whole) : number_real((double)from[i]);
#endif
    }
    return 0;
}

/* One number after the other, by the casts of its class. */
static uint32_t CONCAT(cast_number_, F_ID)(void *restrict out, const void *a, const void *b,
                                           const void *param, uint32_t n)
{
    const struct number *from = (const struct number *)a;
    F_TYPE *restrict to = (F_TYPE *)out;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++)
        bad |= from[i].is_real ? CONCAT(cast_f64_, F_ID)(&to[i], &from[i].d, b, param, 1)
                               : CONCAT(cast_i64_, F_ID)(&to[i], &from[i].i, b, param, 1);
    return bad;
}

#if !F_FLOAT
static uint32_t CONCAT(trunc_number_, F_ID)(void *restrict out, const void *a, const void *b,
                                            const void *param, uint32_t n)
{
    (void)b;
    (void)param;
    const struct number *from = (const struct number *)a;
    F_TYPE *restrict to = (F_TYPE *)out;
    for (uint32_t i = 0; i < n; i++) {
        if (from[i].is_real) {
            (void)CONCAT(trunc_f64_, F_ID)(&to[i], &from[i].d, NULL, NULL, 1);
        } else if (CONCAT(cast_i64_, F_ID)(&to[i], &from[i].i, NULL, NULL, 1) != 0) {
            const F_TYPE least = (F_TYPE)(F_SIGNED ? (F_UTYPE)1 << (F_BITS - 1) : 0);
            to[i] = from[i].i < 0 ? least : (F_TYPE) ~(F_UTYPE)least;
        }
    }
    return 0;
}
#endif
