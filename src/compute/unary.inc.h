/* compute/unary.inc.h -- template: T -> T over one strip. K_EVAL(x, r, bad); else as arith.inc.h.
 */
#define K_FN(shape) CONCAT4(K_OP, K_ID, shape)

static uint32_t K_FN(v)(void *restrict out, const void *a, const void *b, const void *param,
                        uint32_t n)
{
    (void)b;
    (void)param;
    K_TYPE *restrict to = (K_TYPE *)out;
    const K_TYPE *from = (const K_TYPE *)a;
    K_UTYPE any = 0;
    for (uint32_t i = 0; i < n; i++) {
        const K_TYPE x = from[i];
        K_TYPE r;
        K_UTYPE bad;
        K_EVAL(x, r, bad);
        to[i] = r;
        any |= bad;
    }
    return K_FLAG(any);
}
#include "compute/undef_type.inc.h"
