/* The comparisons of simd.h with AVX2: lanes of ones, brought together by a movemask. */
#define S_ID i8
#define S_TYPE int8_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 32
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi8((char)(x))
#define S_LT(u, v) simd_bits_8(_mm256_cmpgt_epi8(v, u))
#define S_EQ(u, v) simd_bits_8(_mm256_cmpeq_epi8(u, v))
#include "base/simd_compare.inc.h"
#define S_ID i16
#define S_TYPE int16_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 16
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi16((short)(x))
#define S_LT(u, v) simd_bits_16(_mm256_cmpgt_epi16(v, u))
#define S_EQ(u, v) simd_bits_16(_mm256_cmpeq_epi16(u, v))
#include "base/simd_compare.inc.h"
#define S_ID i32
#define S_TYPE int32_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 8
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi32((int)(x))
#define S_LT(u, v) simd_bits_32(_mm256_cmpgt_epi32(v, u))
#define S_EQ(u, v) simd_bits_32(_mm256_cmpeq_epi32(u, v))
#include "base/simd_compare.inc.h"
#define S_ID i64
#define S_TYPE int64_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 4
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi64x((long long)(x))
#define S_LT(u, v) simd_bits_64(_mm256_cmpgt_epi64(v, u))
#define S_EQ(u, v) simd_bits_64(_mm256_cmpeq_epi64(u, v))
#include "base/simd_compare.inc.h"
#define S_ID u8
#define S_TYPE uint8_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 32
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi8((char)(x))
#define S_LT(u, v) simd_bits_8(_mm256_cmpgt_epi8(simd_flip_8(v), simd_flip_8(u)))
#define S_EQ(u, v) simd_bits_8(_mm256_cmpeq_epi8(u, v))
#include "base/simd_compare.inc.h"
#define S_ID u16
#define S_TYPE uint16_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 16
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi16((short)(x))
#define S_LT(u, v) simd_bits_16(_mm256_cmpgt_epi16(simd_flip_16(v), simd_flip_16(u)))
#define S_EQ(u, v) simd_bits_16(_mm256_cmpeq_epi16(u, v))
#include "base/simd_compare.inc.h"
#define S_ID u32
#define S_TYPE uint32_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 8
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi32((int)(x))
#define S_LT(u, v) simd_bits_32(_mm256_cmpgt_epi32(simd_flip_32(v), simd_flip_32(u)))
#define S_EQ(u, v) simd_bits_32(_mm256_cmpeq_epi32(u, v))
#include "base/simd_compare.inc.h"
#define S_ID u64
#define S_TYPE uint64_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 4
#define S_VEC __m256i
#define S_LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define S_SET(x) _mm256_set1_epi64x((long long)(x))
#define S_LT(u, v) simd_bits_64(_mm256_cmpgt_epi64(simd_flip_64(v), simd_flip_64(u)))
#define S_EQ(u, v) simd_bits_64(_mm256_cmpeq_epi64(u, v))
#include "base/simd_compare.inc.h"
#define S_ID f32
#define S_TYPE float
#define S_LESS(x, y) SIMD_FLOAT_LESS(x, y)
#define S_SAME(x, y) SIMD_FLOAT_SAME(x, y)
#define S_LANES 8
#define S_VEC __m256
#define S_LOAD(p) _mm256_loadu_ps(p)
#define S_SET(x) _mm256_set1_ps(x)
#define S_LT(u, v) simd_lt_ps(u, v)
#define S_EQ(u, v) simd_eq_ps(u, v)
#include "base/simd_compare.inc.h"
#define S_ID f64
#define S_TYPE double
#define S_LESS(x, y) SIMD_FLOAT_LESS(x, y)
#define S_SAME(x, y) SIMD_FLOAT_SAME(x, y)
#define S_LANES 4
#define S_VEC __m256d
#define S_LOAD(p) _mm256_loadu_pd(p)
#define S_SET(x) _mm256_set1_pd(x)
#define S_LT(u, v) simd_lt_pd(u, v)
#define S_EQ(u, v) simd_eq_pd(u, v)
#include "base/simd_compare.inc.h"
