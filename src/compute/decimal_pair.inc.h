/* compute/decimal_pair.inc.h -- template: one kernel, from the type F_ID to the type D_ID. */
static uint32_t CONCAT4(decimal, F_ID, D_ID)(void *restrict out, const void *a, const void *b,
                                             const void *param, uint32_t n)
{
    (void)b;
    const struct decimal_cast *cast = (const struct decimal_cast *)param;
#if F_FLOAT
    return CONCAT(cast_from_, F_ID)(&CONCAT(end_, D_ID), out, a, cast, n);
#elif defined(D_TO_REAL)
    return D_TO_REAL(&CONCAT(end_, F_ID), out, a, cast, n);
#else
    return cast_ints(&CONCAT(end_, F_ID), &CONCAT(end_, D_ID), out, a, cast, n);
#endif
}
#undef D_ID
#undef D_TO_REAL
