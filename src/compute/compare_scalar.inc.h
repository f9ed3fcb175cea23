/* compute/compare_scalar.inc.h -- template: comparisons of a type one value after the other.
 *
 * In: K_ID, K_TYPE, K_LESS(x, y), K_SAME(x, y) */
ALWAYS_INLINE void CONCAT(compare_, K_ID)(uint64_t *restrict out, const K_TYPE *a, const K_TYPE *b,
                                          uint32_t n, const uint32_t how)
{
    const bool less = (how & COMPARE_LESS) != 0;
    const bool a_scalar = (how & COMPARE_A_SCALAR) != 0, b_scalar = (how & COMPARE_B_SCALAR) != 0;
    const uint64_t flip = (how & COMPARE_INVERT) != 0 ? ~UINT64_C(0) : 0;
    for (uint32_t i = 0; i < n; i += 64) {
        const uint32_t rows = n - i < 64 ? n - i : 64;
        uint64_t bits = 0;
        for (uint32_t k = 0; k < rows; k++) {
            const K_TYPE x = a[a_scalar ? 0 : i + k], y = b[b_scalar ? 0 : i + k];
            bits |= (uint64_t)(less ? K_LESS(x, y) : K_SAME(x, y)) << k;
        }
        out[i >> 6] = flip ^ bits;
    }
}

#define K_BODY(out, a, b, n, how)                                                                  \
    CONCAT(compare_, K_ID)                                                                         \
    ((uint64_t *)out, (const K_TYPE *)a, (const K_TYPE *)b, n, how)
#include "compute/compare.inc.h"
#undef K_TYPE
#undef K_LESS
#undef K_SAME
