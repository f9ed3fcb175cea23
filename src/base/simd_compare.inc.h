/* base/simd_compare.inc.h -- template, no include guard on purpose: up to 64 comparisons to bits.
 *
 * In:  S_ID, S_TYPE
 *      S_LESS(x, y), S_SAME(x, y)   the order of two values, as in kernel.h
 *      S_LANES                      values per vector, and then, unless S_LANES is 1:
 *      S_LOAD(p), S_SET(x), S_LT(u, v), S_EQ(u, v)   the last two: a bit per lane
 *      S_LOAD_PART(bits, p)         lanes without a bit are not read; only if SIMD_MASKED is 1
 * Out: simd_compare_<S_ID>: bit i tells a[i] < b[i] (`less`) or a[i] == b[i]; n <= 64; bits from n
 * on are undefined. */
#define S_FN(name) CONCAT4(simd, name, S_ID)

ALWAYS_INLINE bool S_FN(scalar)(S_TYPE x, S_TYPE y, const bool less)
{
    return less ? S_LESS(x, y) : S_SAME(x, y);
}

#if S_LANES == 1
ALWAYS_INLINE uint64_t S_FN(compare)(const S_TYPE *a, const S_TYPE *b, uint32_t n, const bool less,
                                     const bool a_scalar, const bool b_scalar)
{
    if (n < 64) {
        uint64_t bits = 0;
        for (uint32_t i = 0; i < n; i++)
            bits |= (uint64_t)S_FN(scalar)(a[a_scalar ? 0 : i], b[b_scalar ? 0 : i], less) << i;
        return bits;
    }
    uint8_t bytes[64];
    for (uint32_t i = 0; i < 64; i++)
        bytes[i] = S_FN(scalar)(a[a_scalar ? 0 : i], b[b_scalar ? 0 : i], less) ? 0xff : 0;
    return simd_bytes_to_bits(bytes);
}
#else
ALWAYS_INLINE uint64_t S_FN(compare)(const S_TYPE *a, const S_TYPE *b, uint32_t n, const bool less,
                                     const bool a_scalar, const bool b_scalar)
{
    uint64_t bits = 0;
    uint32_t i = 0;
    for (; i + S_LANES <= n; i += S_LANES) {
        const S_VEC u = a_scalar ? S_SET(a[0]) : S_LOAD(a + i);
        const S_VEC v = b_scalar ? S_SET(b[0]) : S_LOAD(b + i);
        bits |= (less ? S_LT(u, v) : S_EQ(u, v)) << i;
    }
#if SIMD_MASKED
    if (i < n) {
        const uint64_t part = low_bits(n - i);
        const S_VEC u = a_scalar ? S_SET(a[0]) : S_LOAD_PART(part, a + i);
        const S_VEC v = b_scalar ? S_SET(b[0]) : S_LOAD_PART(part, b + i);
        bits |= (less ? S_LT(u, v) : S_EQ(u, v)) << i;
    }
#else
    for (; i < n; i++)
        bits |= (uint64_t)S_FN(scalar)(a[a_scalar ? 0 : i], b[b_scalar ? 0 : i], less) << i;
#endif
    return bits;
}
#endif

#undef S_FN
#undef S_ID
#undef S_TYPE
#undef S_LESS
#undef S_SAME
#undef S_LANES
#undef S_VEC
#undef S_LOAD
#undef S_LOAD_PART
#undef S_SET
#undef S_LT
#undef S_EQ
