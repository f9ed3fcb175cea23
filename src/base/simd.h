/* simd.h -- the operations compilers do not find by themselves, by name, each with a plain body.
 *
 * The body is chosen by the flags a file is compiled with (SIMD_AVX512, SIMD_AVX2, neither), so
 * only files that are compiled once per instruction set see another one than the plain body. All
 * bodies give the same bits; the tests of compute compare them. Unaligned pointers are fine
 * everywhere. */
#ifndef BASE_SIMD_H
#define BASE_SIMD_H
#include <stdint.h>

#include <stdbool.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/compiler.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) &&                      \
    defined(__AVX512DQ__) && defined(__AVX512VBMI2__)
#define SIMD_AVX512 1
#define SIMD_AVX2 0
#define SIMD_MASKED 1
#elif defined(__AVX2__) && defined(__BMI2__)
#define SIMD_AVX512 0
#define SIMD_AVX2 1
#define SIMD_MASKED 0
#else
#define SIMD_AVX512 0
#define SIMD_AVX2 0
#define SIMD_MASKED 0
#endif

/* Bit i: the top bit of byte i. */
ALWAYS_INLINE uint64_t simd_bytes_to_bits(const uint8_t bytes[64])
{
    uint64_t bits = 0;
#if defined(__x86_64__)
    for (uint32_t i = 0; i < 64; i += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(bytes + i));
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(v) << i;
    }
#else
    for (uint32_t i = 0; i < 64; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        /* The multiplication brings the eight top bits together in the highest byte. */
        word = (word >> 7) & UINT64_C(0x0101010101010101);
        bits |= (word * UINT64_C(0x0102040810204080) >> 56) << i;
    }
#endif
    return bits;
}

/* Bit i: bytes[i] is `c`. */
ALWAYS_INLINE uint64_t simd_bytes_equal(const uint8_t bytes[64], uint8_t c)
{
    uint64_t bits = 0;
#if defined(__x86_64__)
    const __m128i all = _mm_set1_epi8((char)c);
    for (uint32_t i = 0; i < 64; i += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(bytes + i));
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, all)) << i;
    }
#else
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), all = UINT64_C(0x0101010101010101) * c;
    for (uint32_t i = 0; i < 64; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        word ^= all; /* zero where equal; then 0x80 there */
        word = ~(((word & low) + low) | word | low);
        bits |= ((word >> 7) * UINT64_C(0x0102040810204080) >> 56) << i;
    }
#endif
    return bits;
}

/* ---- comparisons: simd_compare_<type>(a, b, n, less, a_scalar, b_scalar) ---- */

/* NaN equals NaN and is above everything; -0.0 equals 0.0. No branches: these are lanes of loops.
 */
#define SIMD_FLOAT_LESS(x, y) ((((x) < (y)) | ((y) != (y))) & ((x) == (x)))
#define SIMD_FLOAT_SAME(x, y) (((x) == (y)) | (((x) != (x)) & ((y) != (y))))

#if SIMD_AVX512

ALWAYS_INLINE uint64_t simd_lt_ps(__m512 u, __m512 v)
{
    const __mmask16 ordered = _mm512_cmp_ps_mask(u, u, _CMP_ORD_Q);
    return _mm512_mask_cmp_ps_mask(ordered, u, v, _CMP_NGE_UQ);
}
ALWAYS_INLINE uint64_t simd_eq_ps(__m512 u, __m512 v)
{
    const __mmask16 nan = _mm512_cmp_ps_mask(u, u, _CMP_UNORD_Q);
    return (uint64_t)_mm512_cmp_ps_mask(u, v, _CMP_EQ_OQ) |
           (uint64_t)_mm512_mask_cmp_ps_mask(nan, v, v, _CMP_UNORD_Q);
}
ALWAYS_INLINE uint64_t simd_lt_pd(__m512d u, __m512d v)
{
    const __mmask8 ordered = _mm512_cmp_pd_mask(u, u, _CMP_ORD_Q);
    return _mm512_mask_cmp_pd_mask(ordered, u, v, _CMP_NGE_UQ);
}
ALWAYS_INLINE uint64_t simd_eq_pd(__m512d u, __m512d v)
{
    const __mmask8 nan = _mm512_cmp_pd_mask(u, u, _CMP_UNORD_Q);
    return (uint64_t)_mm512_cmp_pd_mask(u, v, _CMP_EQ_OQ) |
           (uint64_t)_mm512_mask_cmp_pd_mask(nan, v, v, _CMP_UNORD_Q);
}
#include "base/simd_compare_avx512.inc.h"

#elif SIMD_AVX2

/* A bit per lane of ones. */
ALWAYS_INLINE uint64_t simd_bits_8(__m256i lanes)
{
    return (uint32_t)_mm256_movemask_epi8(lanes);
}
ALWAYS_INLINE uint64_t simd_bits_16(__m256i lanes)
{
    const __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    return (uint32_t)_mm_movemask_epi8(bytes);
}
ALWAYS_INLINE uint64_t simd_bits_32(__m256i lanes)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}
ALWAYS_INLINE uint64_t simd_bits_64(__m256i lanes)
{
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(lanes));
}
/* Unsigned order is signed order with the top bits flipped. */
ALWAYS_INLINE __m256i simd_flip_8(__m256i lanes)
{
    return _mm256_xor_si256(lanes, _mm256_set1_epi8((char)-128));
}
ALWAYS_INLINE __m256i simd_flip_16(__m256i lanes)
{
    return _mm256_xor_si256(lanes, _mm256_set1_epi16(INT16_MIN));
}
ALWAYS_INLINE __m256i simd_flip_32(__m256i lanes)
{
    return _mm256_xor_si256(lanes, _mm256_set1_epi32(INT32_MIN));
}
ALWAYS_INLINE __m256i simd_flip_64(__m256i lanes)
{
    return _mm256_xor_si256(lanes, _mm256_set1_epi64x(INT64_MIN));
}
ALWAYS_INLINE uint64_t simd_lt_ps(__m256 u, __m256 v)
{
    const __m256 less = _mm256_cmp_ps(u, v, _CMP_NGE_UQ);
    const __m256 ordered = _mm256_cmp_ps(u, u, _CMP_ORD_Q);
    return (uint32_t)_mm256_movemask_ps(_mm256_and_ps(less, ordered));
}
ALWAYS_INLINE uint64_t simd_eq_ps(__m256 u, __m256 v)
{
    const __m256 u_nan = _mm256_cmp_ps(u, u, _CMP_UNORD_Q);
    const __m256 v_nan = _mm256_cmp_ps(v, v, _CMP_UNORD_Q);
    const __m256 same = _mm256_cmp_ps(u, v, _CMP_EQ_OQ);
    return (uint32_t)_mm256_movemask_ps(_mm256_or_ps(same, _mm256_and_ps(u_nan, v_nan)));
}
ALWAYS_INLINE uint64_t simd_lt_pd(__m256d u, __m256d v)
{
    const __m256d less = _mm256_cmp_pd(u, v, _CMP_NGE_UQ);
    const __m256d ordered = _mm256_cmp_pd(u, u, _CMP_ORD_Q);
    return (uint32_t)_mm256_movemask_pd(_mm256_and_pd(less, ordered));
}
ALWAYS_INLINE uint64_t simd_eq_pd(__m256d u, __m256d v)
{
    const __m256d u_nan = _mm256_cmp_pd(u, u, _CMP_UNORD_Q);
    const __m256d v_nan = _mm256_cmp_pd(v, v, _CMP_UNORD_Q);
    const __m256d same = _mm256_cmp_pd(u, v, _CMP_EQ_OQ);
    return (uint32_t)_mm256_movemask_pd(_mm256_or_pd(same, _mm256_and_pd(u_nan, v_nan)));
}
#include "base/simd_compare_avx2.inc.h"

#else
#include "base/simd_compare_plain.inc.h"
#endif

/* ---- 16-byte slots ---- */

/* The lower bits of the pairs of bits of `bits`, brought together. */
ALWAYS_INLINE uint64_t simd_even_bits(uint64_t bits)
{
#if SIMD_AVX512 || SIMD_AVX2
    return _pext_u64(bits, UINT64_C(0x5555555555555555));
#else
    bits &= UINT64_C(0x5555555555555555);
    bits = (bits | bits >> 1) & UINT64_C(0x3333333333333333);
    bits = (bits | bits >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    bits = (bits | bits >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    bits = (bits | bits >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (bits | bits >> 16) & UINT64_C(0x00000000ffffffff);
#endif
}

/* Which 8-byte words of the 32 slots at `a` equal those at `b`: 2 bits per slot, low word first. */
ALWAYS_INLINE uint64_t simd_same_words32(const uint8_t *a, const uint8_t *b, const bool b_scalar)
{
    uint64_t same = 0;
#if SIMD_AVX512
    for (uint32_t i = 0; i < 8; i++) {
        const __m512i u = _mm512_loadu_si512(a + i * 64);
        const __m512i v = b_scalar ? _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)b))
                                   : _mm512_loadu_si512(b + i * 64);
        same |= (uint64_t)_mm512_cmpeq_epi64_mask(u, v) << (i * 8);
    }
#elif SIMD_AVX2
    for (uint32_t i = 0; i < 16; i++) {
        const __m256i u = _mm256_loadu_si256((const __m256i *)(a + i * 32));
        const __m256i v = b_scalar
                              ? _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)b))
                              : _mm256_loadu_si256((const __m256i *)(b + i * 32));
        same |= simd_bits_64(_mm256_cmpeq_epi64(u, v)) << (i * 4);
    }
#else
    for (uint32_t i = 0; i < 64; i++) {
        uint64_t u, v;
        memcpy(&u, a + i * 8, 8);
        memcpy(&v, b + (b_scalar ? i & 1 : i) * 8, 8);
        same |= (uint64_t)(u == v) << i;
    }
#endif
    return same;
}

/* Bit i: slot i of 64 equals slot i of `b` (or the one slot there): in its first 8 bytes only
 * (`head_only`) or in all 16. */
ALWAYS_INLINE uint64_t simd_same_slots64(const void *a, const void *b, const bool b_scalar,
                                         const bool head_only)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    uint64_t low = simd_same_words32(x, y, b_scalar);
    uint64_t high = simd_same_words32(x + 512, b_scalar ? y : y + 512, b_scalar);
    if (!head_only) {
        low &= low >> 1;
        high &= high >> 1;
    }
    return simd_even_bits(low) | simd_even_bits(high) << 32;
}

/* ---- bits to positions ---- */

/* Write base + the position of every set bit; returns how many. `out` has room for 64 values. */
ALWAYS_INLINE uint32_t simd_bits_to_positions(uint16_t *out, uint64_t bits, uint32_t base)
{
#if SIMD_AVX512
    const __m512i lanes =
        _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13,
                         12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i low = _mm512_add_epi16(lanes, _mm512_set1_epi16((short)base));
    const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(32));
    const uint32_t low_count = (uint32_t)__builtin_popcount((uint32_t)bits);
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi16((__mmask32)bits, low));
    _mm512_storeu_si512(out + low_count,
                        _mm512_maskz_compress_epi16((__mmask32)(bits >> 32), high));
    return (uint32_t)__builtin_popcountll(bits);
#elif SIMD_AVX2
    uint32_t count = 0;
    for (uint32_t i = 0; i < 64; i += 8) {
        const uint64_t byte = (bits >> i) & 0xff;
        const uint64_t kept = _pdep_u64(byte, UINT64_C(0x0101010101010101)) * 0xff;
        const uint64_t packed = _pext_u64(UINT64_C(0x0706050403020100), kept);
        const __m128i lanes = _mm_cvtepu8_epi16(_mm_cvtsi64_si128((long long)packed));
        const __m128i at = _mm_add_epi16(lanes, _mm_set1_epi16((short)(base + i)));
        _mm_storeu_si128((__m128i *)(out + count), at);
        count += (uint32_t)__builtin_popcountll(byte);
    }
    return count;
#else
    uint32_t count = 0;
    if (bits == ~UINT64_C(0)) {
        for (; count < 64; count++)
            out[count] = (uint16_t)(base + count);
        return count;
    }
    for (; bits != 0; bits &= bits - 1)
        out[count++] = (uint16_t)(base + (uint32_t)__builtin_ctzll(bits));
    return count;
#endif
}

/* ---- exact sums of doubles ---- */

#if SIMD_AVX512
enum { SIMD_F64_LANES = 8 };
typedef __m512d simd_f64;
typedef __m512i simd_u64;
#define SIMD_F64_LOAD(p) _mm512_loadu_pd(p)
#define SIMD_F64_ALL(x) _mm512_set1_pd(x)
#define SIMD_F64_ADD(a, b) _mm512_add_pd(a, b)
#define SIMD_F64_SUB(a, b) _mm512_sub_pd(a, b)
#define SIMD_U64_ZERO() _mm512_setzero_si512()
#define SIMD_U64_ADD(a, b) _mm512_add_epi64(a, _mm512_castpd_si512(b))
#define SIMD_U64_OR(a, b) _mm512_or_si512(a, _mm512_castpd_si512(b))
#define SIMD_U64_STORE(p, a) _mm512_storeu_si512(p, a)
#define SIMD_U64_DISTANCE(a, b) _mm512_sub_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b))
/* Lanes of ones where |x| is not below the limit; b is what was found so far. */
#define SIMD_U64_BEYOND(b, x, limit)                                                               \
    _mm512_mask_set1_epi64(b, _mm512_cmp_pd_mask(_mm512_abs_pd(x), limit, _CMP_NLT_UQ), -1)
#elif SIMD_AVX2
enum { SIMD_F64_LANES = 4 };
typedef __m256d simd_f64;
typedef __m256i simd_u64;
#define SIMD_F64_LOAD(p) _mm256_loadu_pd(p)
#define SIMD_F64_ALL(x) _mm256_set1_pd(x)
#define SIMD_F64_ADD(a, b) _mm256_add_pd(a, b)
#define SIMD_F64_SUB(a, b) _mm256_sub_pd(a, b)
#define SIMD_U64_ZERO() _mm256_setzero_si256()
#define SIMD_U64_ADD(a, b) _mm256_add_epi64(a, _mm256_castpd_si256(b))
#define SIMD_U64_OR(a, b) _mm256_or_si256(a, _mm256_castpd_si256(b))
#define SIMD_U64_STORE(p, a) _mm256_storeu_si256((__m256i *)(p), a)
#define SIMD_U64_DISTANCE(a, b) _mm256_sub_epi64(_mm256_castpd_si256(a), _mm256_castpd_si256(b))
#define SIMD_U64_BEYOND(b, x, limit)                                                               \
    SIMD_U64_OR(b, _mm256_cmp_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), x), limit, _CMP_NLT_UQ))
#elif defined(__x86_64__)
enum { SIMD_F64_LANES = 2 };
typedef __m128d simd_f64;
typedef __m128i simd_u64;
#define SIMD_F64_LOAD(p) _mm_loadu_pd(p)
#define SIMD_F64_ALL(x) _mm_set1_pd(x)
#define SIMD_F64_ADD(a, b) _mm_add_pd(a, b)
#define SIMD_F64_SUB(a, b) _mm_sub_pd(a, b)
#define SIMD_U64_ZERO() _mm_setzero_si128()
#define SIMD_U64_ADD(a, b) _mm_add_epi64(a, _mm_castpd_si128(b))
#define SIMD_U64_OR(a, b) _mm_or_si128(a, _mm_castpd_si128(b))
#define SIMD_U64_STORE(p, a) _mm_storeu_si128((__m128i *)(p), a)
#define SIMD_U64_DISTANCE(a, b) _mm_sub_epi64(_mm_castpd_si128(a), _mm_castpd_si128(b))
#define SIMD_U64_BEYOND(b, x, limit)                                                               \
    SIMD_U64_OR(b, _mm_cmpnlt_pd(_mm_andnot_pd(_mm_set1_pd(-0.0), x), limit))
#else
enum { SIMD_F64_LANES = 1 };
typedef double simd_f64;
typedef uint64_t simd_u64;
ALWAYS_INLINE uint64_t simd_pattern(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
#define SIMD_F64_LOAD(p) (*(p))
#define SIMD_F64_ALL(x) (x)
#define SIMD_F64_ADD(a, b) ((a) + (b))
#define SIMD_F64_SUB(a, b) ((a) - (b))
#define SIMD_U64_ZERO() 0
#define SIMD_U64_ADD(a, b) ((a) + simd_pattern(b))
#define SIMD_U64_OR(a, b) ((a) | simd_pattern(b))
#define SIMD_U64_STORE(p, a) (*(p) = (a))
#define SIMD_U64_DISTANCE(a, b) (simd_pattern(a) - simd_pattern(b))
#define SIMD_U64_BEYOND(b, x, limit) ((b) | (uint64_t) !((x) < (limit) && (x) > -(limit)))
#endif

enum { SIMD_BINS_MAX = 4 };

struct simd_bins {
    int64_t sum[SIMD_BINS_MAX]; /* of the slices, in units, highest first */
    bool beyond;                /* some |x| was not below the limit: the sums mean nothing */
    bool left;                  /* not every value was the sum of its slices */
};

/* Cut n doubles into slices and add them up: slice k of x is what the slices before left of x,
 * rounded (half to even) to a multiple of unit k. anchor[k] is 1.5 * 2^52 units; the limit at most
 * 2^51 of the first. No step rounds but the wanted one, so the order of additions does not matter.
 * n is a multiple of SIMD_F64_LANES; `bins` is a constant. */
ALWAYS_INLINE struct simd_bins simd_sum_bins(const double *x, uint32_t n, const double *anchor,
                                             const uint32_t bins, double limit)
{
    const simd_f64 limits = SIMD_F64_ALL(limit);
    simd_f64 anchors[SIMD_BINS_MAX];
    simd_u64 sums[SIMD_BINS_MAX], left = SIMD_U64_ZERO(), beyond = SIMD_U64_ZERO();
    for (uint32_t k = 0; k < bins; k++) {
        sums[k] = SIMD_U64_ZERO();
        anchors[k] = SIMD_F64_ALL(anchor[k]);
    }
    for (uint32_t i = 0; i < n; i += SIMD_F64_LANES) {
        simd_f64 rest = SIMD_F64_LOAD(x + i);
        beyond = SIMD_U64_BEYOND(beyond, rest, limits);
        for (uint32_t k = 0; k < bins; k++) {
            const simd_f64 shifted = SIMD_F64_ADD(rest, anchors[k]);
            sums[k] = SIMD_U64_ADD(sums[k], shifted);
            rest = SIMD_F64_SUB(rest, SIMD_F64_SUB(shifted, anchors[k]));
        }
        left = SIMD_U64_OR(left, rest);
    }
    struct simd_bins out = {{0}, false, false};
    uint64_t lanes[SIMD_F64_LANES];
    for (uint32_t k = 0; k < bins; k++) {
        /* The lowest bits of a shifted value count units, from those of the anchor. */
        uint64_t zero, sum = 0;
        memcpy(&zero, &anchor[k], sizeof zero);
        SIMD_U64_STORE(lanes, sums[k]);
        for (uint32_t j = 0; j < SIMD_F64_LANES; j++)
            sum += lanes[j];
        out.sum[k] = (int64_t)(sum - n * zero);
    }
    SIMD_U64_STORE(lanes, left);
    for (uint32_t j = 0; j < SIMD_F64_LANES; j++)
        out.left |= lanes[j] << 1 != 0; /* not -0.0 */
    SIMD_U64_STORE(lanes, beyond);
    for (uint32_t j = 0; j < SIMD_F64_LANES; j++)
        out.beyond |= lanes[j] != 0;
    return out;
}

/* The slices themselves instead of their sums: slice k of x[i], in units, to out[k * stride + i].
 * Returns whether something was left of a value. */
ALWAYS_INLINE bool simd_cut_bins(const double *x, uint32_t n, const double *anchor,
                                 const uint32_t bins, uint64_t *out, const uint32_t stride)
{
    simd_u64 left = SIMD_U64_ZERO();
    for (uint32_t i = 0; i < n; i += SIMD_F64_LANES) {
        simd_f64 rest = SIMD_F64_LOAD(x + i);
        for (uint32_t k = 0; k < bins; k++) {
            const simd_f64 anchors = SIMD_F64_ALL(anchor[k]);
            const simd_f64 shifted = SIMD_F64_ADD(rest, anchors);
            SIMD_U64_STORE(out + k * stride + i, SIMD_U64_DISTANCE(shifted, anchors));
            rest = SIMD_F64_SUB(rest, SIMD_F64_SUB(shifted, anchors));
        }
        left = SIMD_U64_OR(left, rest);
    }
    uint64_t lanes[SIMD_F64_LANES], any = 0;
    SIMD_U64_STORE(lanes, left);
    for (uint32_t j = 0; j < SIMD_F64_LANES; j++)
        any |= lanes[j] << 1; /* not -0.0 */
    return any != 0;
}
#endif
