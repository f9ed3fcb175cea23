/* compute/compare.inc.h -- template: the six comparisons in the three shapes out of two orders.
 *
 * In:  K_ID
 *      K_BODY(out, a, b, n, less, invert, a_scalar, b_scalar)   a < b or a == b to bits, inverted
 * if wanted; the last four are constants, and a_scalar only comes with `less` Out: static
 * cmp_<K_ID>_{eq,ne,lt,le,gt,ge}_{vv,vs,sv} of type kernel_fn. */
#define K_FN(op) CONCAT4(cmp, K_ID, op)
#define K_ARGS void *restrict out, const void *a, const void *b, const void *param, uint32_t n
#define K_DEFINE(op, how)                                                                          \
    static uint32_t K_FN(op)(K_ARGS)                                                               \
    {                                                                                              \
        (void)param;                                                                               \
        K_BODY(out, a, b, n, how);                                                                 \
        return 0;                                                                                  \
    }
/* a op b is b flip a: one loop serves both. */
#define K_FLIP(op, flipped)                                                                        \
    static uint32_t K_FN(op)(K_ARGS)                                                               \
    {                                                                                              \
        return K_FN(flipped)(out, b, a, param, n);                                                 \
    }

K_DEFINE(eq_vv, 0)
K_DEFINE(eq_vs, COMPARE_B_SCALAR)
K_DEFINE(ne_vv, COMPARE_INVERT)
K_DEFINE(ne_vs, COMPARE_INVERT | COMPARE_B_SCALAR)
K_DEFINE(lt_vv, COMPARE_LESS)
K_DEFINE(lt_vs, COMPARE_LESS | COMPARE_B_SCALAR)
K_DEFINE(lt_sv, COMPARE_LESS | COMPARE_A_SCALAR)
K_DEFINE(ge_vv, COMPARE_LESS | COMPARE_INVERT)
K_DEFINE(ge_vs, COMPARE_LESS | COMPARE_INVERT | COMPARE_B_SCALAR)
K_DEFINE(ge_sv, COMPARE_LESS | COMPARE_INVERT | COMPARE_A_SCALAR)
K_FLIP(eq_sv, eq_vs)
K_FLIP(ne_sv, ne_vs)
K_FLIP(gt_vv, lt_vv)
K_FLIP(gt_vs, lt_sv)
K_FLIP(gt_sv, lt_vs)
K_FLIP(le_vv, ge_vv)
K_FLIP(le_vs, ge_sv)
K_FLIP(le_sv, ge_vs)

#undef K_FN
#undef K_ARGS
#undef K_DEFINE
#undef K_FLIP
#undef K_ID
#undef K_BODY
