/* compute/mul64.inc.h -- template: the checked product of 64-bit integers.
 *
 * In:  K_ID, K_TYPE, K_UTYPE, K_MAGNITUDE(x), K_SAFE_BITS
 *
 * No instruction set multiplies 64 x 64 to 128 in lanes. But how wide the factors of a strip are is
 * found by ORing their magnitudes; if both together are at most K_SAFE_BITS wide no product
 * overflows and the plain loop does, which is vectorized. */
#define K_OP mul
#define K_FN(shape) CONCAT4(K_OP, K_ID, shape)

/* Bits that the widest of n values needs beside its sign. */
ALWAYS_INLINE uint32_t K_FN(width)(const K_TYPE *a, uint32_t n)
{
    uint64_t any = 0;
    for (uint32_t i = 0; i < n; i++)
        any |= K_MAGNITUDE(a[i]);
    return any == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(any);
}

ALWAYS_INLINE uint32_t K_FN(body)(K_TYPE *restrict out, const K_TYPE *a, const K_TYPE *b,
                                  uint32_t n, const bool a_scalar, const bool b_scalar)
{
    if (K_FN(width)(a, a_scalar ? 1 : n) + K_FN(width)(b, b_scalar ? 1 : n) <= K_SAFE_BITS) {
        for (uint32_t i = 0; i < n; i++) {
            const K_UTYPE x = (K_UTYPE)a[a_scalar ? 0 : i], y = (K_UTYPE)b[b_scalar ? 0 : i];
            out[i] = (K_TYPE)(x * y);
        }
        return 0;
    }
    uint32_t any = 0;
    for (uint32_t i = 0; i < n; i++) {
        K_TYPE r;
        any |= __builtin_mul_overflow(a[a_scalar ? 0 : i], b[b_scalar ? 0 : i], &r);
        out[i] = r;
    }
    return any;
}
#include "compute/arith_shapes.inc.h"
#include "compute/undef_type.inc.h"
#undef K_OP
#undef K_MAGNITUDE
#undef K_SAFE_BITS
