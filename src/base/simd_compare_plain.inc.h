/* The comparisons of simd.h without intrinsics: bytes of ones, which a compiler vectorizes, then a
 * movemask. */
#define S_ID i8
#define S_TYPE int8_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID i16
#define S_TYPE int16_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID i32
#define S_TYPE int32_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID i64
#define S_TYPE int64_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID u8
#define S_TYPE uint8_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID u16
#define S_TYPE uint16_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID u32
#define S_TYPE uint32_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID u64
#define S_TYPE uint64_t
#define S_LESS(x, y) ((x) < (y))
#define S_SAME(x, y) ((x) == (y))
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID f32
#define S_TYPE float
#define S_LESS(x, y) SIMD_FLOAT_LESS(x, y)
#define S_SAME(x, y) SIMD_FLOAT_SAME(x, y)
#define S_LANES 1
#include "base/simd_compare.inc.h"
#define S_ID f64
#define S_TYPE double
#define S_LESS(x, y) SIMD_FLOAT_LESS(x, y)
#define S_SAME(x, y) SIMD_FLOAT_SAME(x, y)
#define S_LANES 1
#include "base/simd_compare.inc.h"
