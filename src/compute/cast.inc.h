/* compute/cast.inc.h -- template: one numeric type to another, checked.
 *
 * In:  F_..., T_... (ID, TYPE, UTYPE, SIGNED, BITS, FLOAT)
 * Out: static cast_<F>_<T> of type kernel_fn; from floats to integers trunc_<F>_<T> as well */
#define K_FN(kind) CONCAT(kind, CONCAT4(, F_ID, T_ID))

static uint32_t K_FN(cast)(void *restrict out, const void *a, const void *b, const void *param,
                           uint32_t n)
{
    (void)b;
    (void)param;
    T_TYPE *restrict to = (T_TYPE *)out;
    const F_TYPE *from = (const F_TYPE *)a;
#if F_FLOAT && !T_FLOAT
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double whole = round_even((double)from[i]);
        const bool fits =
            whole >= INT_FLOOR(T_SIGNED, T_BITS) && whole < INT_CEILING(T_SIGNED, T_BITS);
        to[i] = (T_TYPE)(fits ? whole : 0);
        bad |= !fits;
    }
    return bad;
#elif T_FLOAT
    uint32_t bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (T_TYPE)from[i];
        /* Only a finite value may not become infinite. */
        bad |= T_BITS == 32 && is_infinite_f32((float)to[i]) && F_FINITE(from[i]);
    }
    return bad;
#else
    F_UTYPE lost = 0;
    for (uint32_t i = 0; i < n; i++) {
        const F_TYPE x = from[i];
        const T_TYPE r = (T_TYPE)x;
        to[i] = r;
        lost |= (F_UTYPE)((F_TYPE)r != x);
#if F_SIGNED && !T_SIGNED
        lost |= (F_UTYPE)(x < 0);
#elif !F_SIGNED && T_SIGNED
        lost |= (F_UTYPE)(r < 0);
#endif
    }
    return lost != 0;
#endif
}

#if F_FLOAT && !T_FLOAT
static uint32_t K_FN(trunc)(void *restrict out, const void *a, const void *b, const void *param,
                            uint32_t n)
{
    (void)b;
    (void)param;
    T_TYPE *restrict to = (T_TYPE *)out;
    const F_TYPE *from = (const F_TYPE *)a;
    const T_TYPE least = (T_TYPE)(T_SIGNED ? (T_UTYPE)1 << (T_BITS - 1) : 0);
    const T_TYPE most = (T_TYPE) ~(T_UTYPE)least;
    for (uint32_t i = 0; i < n; i++) {
        const double x = (double)from[i];
        if (x < INT_CEILING(T_SIGNED, T_BITS)) {
            to[i] = (T_TYPE)(x >= INT_FLOOR(T_SIGNED, T_BITS) ? (T_TYPE)x : least);
        } else {
            to[i] = (T_TYPE)(x != x ? 0 : most);
        }
    }
    return 0;
}
#endif

#undef K_FN
#undef T_ID
#undef T_TYPE
#undef T_UTYPE
#undef T_SIGNED
#undef T_BITS
#undef T_FLOAT
