/* compute/number.inc.h -- template: NUMBER x NUMBER -> NUMBER by the function K_OP, in all shapes.
 */
#define K_FN(shape) CONCAT4(number, K_OP, shape)
#define K_TYPE struct number

ALWAYS_INLINE uint32_t K_FN(body)(struct number *restrict out, const struct number *a,
                                  const struct number *b, uint32_t n, const bool a_scalar,
                                  const bool b_scalar)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = K_OP(a[a_scalar ? 0 : i], b[b_scalar ? 0 : i]);
    return 0;
}
#include "compute/arith_shapes.inc.h"
#undef K_FN
#undef K_TYPE
#undef K_OP
