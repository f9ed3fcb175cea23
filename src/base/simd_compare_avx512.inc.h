/* The comparisons of simd.h with AVX-512: masks come straight out of the compare. */
#define S_ID i8
#define S_TYPE int8_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 64
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi8((__mmask64)(bits), p)
#define S_SET(x) _mm512_set1_epi8((char)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epi8_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi8_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID i16
#define S_TYPE int16_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 32
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi16((__mmask32)(bits), p)
#define S_SET(x) _mm512_set1_epi16((short)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epi16_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi16_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID i32
#define S_TYPE int32_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 16
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi32((__mmask16)(bits), p)
#define S_SET(x) _mm512_set1_epi32((int)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epi32_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi32_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID i64
#define S_TYPE int64_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 8
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi64((__mmask8)(bits), p)
#define S_SET(x) _mm512_set1_epi64((long long)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epi64_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi64_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID u8
#define S_TYPE uint8_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 64
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi8((__mmask64)(bits), p)
#define S_SET(x) _mm512_set1_epi8((char)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epu8_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi8_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID u16
#define S_TYPE uint16_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 32
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi16((__mmask32)(bits), p)
#define S_SET(x) _mm512_set1_epi16((short)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epu16_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi16_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID u32
#define S_TYPE uint32_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 16
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi32((__mmask16)(bits), p)
#define S_SET(x) _mm512_set1_epi32((int)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epu32_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi32_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID u64
#define S_TYPE uint64_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 8
#define S_VEC __m512i
#define S_LOAD(p) _mm512_loadu_si512(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_epi64((__mmask8)(bits), p)
#define S_SET(x) _mm512_set1_epi64((long long)(x))
#define S_LT(u, v) (uint64_t) _mm512_cmplt_epu64_mask(u, v)
#define S_EQ(u, v) (uint64_t) _mm512_cmpeq_epi64_mask(u, v)
#include "base/simd_compare.inc.h"
#define S_ID f32
#define S_TYPE float
#define S_LESS(x, y) SIMD_FLOAT_LESS(x, y)
#define S_SAME(x, y) SIMD_FLOAT_SAME(x, y)
#define S_LANES 16
#define S_VEC __m512
#define S_LOAD(p) _mm512_loadu_ps(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_ps((__mmask16)(bits), p)
#define S_SET(x) _mm512_set1_ps(x)
#define S_LT(u, v) simd_lt_ps(u, v)
#define S_EQ(u, v) simd_eq_ps(u, v)
#include "base/simd_compare.inc.h"
#define S_ID f64
#define S_TYPE double
#define S_LESS(x, y) SIMD_FLOAT_LESS(x, y)
#define S_SAME(x, y) SIMD_FLOAT_SAME(x, y)
#define S_LANES 8
#define S_VEC __m512d
#define S_LOAD(p) _mm512_loadu_pd(p)
#define S_LOAD_PART(bits, p) _mm512_maskz_loadu_pd((__mmask8)(bits), p)
#define S_SET(x) _mm512_set1_pd(x)
#define S_LT(u, v) simd_lt_pd(u, v)
#define S_EQ(u, v) simd_eq_pd(u, v)
#include "base/simd_compare.inc.h"
