/* compute/compare_simd.inc.h -- template: comparisons of numbers up to 64 bits, by base/simd.h. */
#define K_SIMD CONCAT(simd_compare_, K_ID)

ALWAYS_INLINE void CONCAT(compare_, K_ID)(uint64_t *restrict out, const K_TYPE *a, const K_TYPE *b,
                                          uint32_t n, const uint32_t how)
{
    const bool less = (how & COMPARE_LESS) != 0;
    const bool a_scalar = (how & COMPARE_A_SCALAR) != 0, b_scalar = (how & COMPARE_B_SCALAR) != 0;
    const uint64_t flip = (how & COMPARE_INVERT) != 0 ? ~UINT64_C(0) : 0;
    uint32_t i = 0;
    for (; i + 64 <= n; i += 64)
        out[i >> 6] = flip ^ K_SIMD(a + (a_scalar ? 0 : i), b + (b_scalar ? 0 : i), 64, less,
                                    a_scalar, b_scalar);
    if (i < n)
        out[i >> 6] = flip ^ K_SIMD(a + (a_scalar ? 0 : i), b + (b_scalar ? 0 : i), n - i, less,
                                    a_scalar, b_scalar);
}

#define K_BODY(out, a, b, n, how)                                                                  \
    CONCAT(compare_, K_ID)                                                                         \
    ((uint64_t *)out, (const K_TYPE *)a, (const K_TYPE *)b, n, how)
#undef K_SIMD
#include "compute/compare.inc.h"
#include "compute/undef_type.inc.h"
