/* compute/arith.inc.h -- template, no include guard on purpose: T x T -> T over one strip.
 *
 * In:  K_OP                    name of the operation
 *      K_EVAL(x, y, r, bad)    sets r, and bad to something that K_FLAG sees if r is wrong
 *      K_FLAG(any)             non-zero if one of the values ORed into `any` was set by K_EVAL
 *      K_ID, K_TYPE, K_UTYPE, K_BITS, K_WIDE from each_*.inc.h
 * Out: static K_OP_K_ID_{vv,vs,sv} (v vector, s scalar) of type kernel_fn.
 *
 * The flags are ORed and looked at once per strip: that keeps the loop free of branches. */
#define K_FN(shape) CONCAT4(K_OP, K_ID, shape)

ALWAYS_INLINE uint32_t K_FN(body)(K_TYPE *restrict out, const K_TYPE *a, const K_TYPE *b,
                                  uint32_t n, const bool a_scalar, const bool b_scalar)
{
    K_UTYPE any = 0;
    for (uint32_t i = 0; i < n; i++) {
        const K_TYPE x = a[a_scalar ? 0 : i], y = b[b_scalar ? 0 : i];
        K_TYPE r;
        K_UTYPE bad;
        K_EVAL(x, y, r, bad);
        out[i] = r;
        any |= bad;
    }
    return K_FLAG(any);
}
#include "compute/arith_shapes.inc.h"
#include "compute/undef_type.inc.h"
