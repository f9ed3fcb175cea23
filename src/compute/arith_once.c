/* arith_once.c -- division, shifts and what else no wider instruction set helps. Divisors that
 * would trap (0; -1 under the smallest value) are replaced before dividing. */
#include <math.h>

#include "compute/kernel_priv.h"

#define NOT_ZERO(any) ((uint32_t)((any) != 0))
#define NEVER(any) ((void)(any), 0u)
#define SMALLEST ((K_TYPE)((K_UTYPE)1 << (K_BITS - 1)))

#define DIV_SIGNED(x, y, r, bad)                                                                   \
    ((r) = (K_TYPE)((y) == 0    ? 0                                                                \
                    : (y) == -1 ? (K_TYPE)(0 - (K_UTYPE)(x))                                       \
                                : (K_TYPE)((x) / (y))),                                            \
     (bad) = (K_UTYPE)((y) == -1 && (x) == SMALLEST))
#define DIV_UNSIGNED(x, y, r, bad) ((r) = (K_TYPE)((y) == 0 ? 0 : (x) / (y)), (bad) = 0)
/* The quotient that belongs to the remainder must exist as well. */
#define MOD_SIGNED(x, y, r, bad)                                                                   \
    ((r) = (K_TYPE)((y) == 0 || (y) == -1 ? 0 : (x) % (y)),                                        \
     (bad) = (K_UTYPE)((y) == -1 && (x) == SMALLEST))
#define MOD_UNSIGNED(x, y, r, bad) ((r) = (K_TYPE)((y) == 0 ? 0 : (x) % (y)), (bad) = 0)

/* Counts from the width on push every bit out; that is no loss to 0. */
#define IN_WIDTH(y) ((K_UTYPE)(y) < K_BITS)
#define COUNT(y) ((K_UTYPE)(y) & (K_BITS - 1))
#define SHL_ANY(x, y, r, bad)                                                                      \
    ((r) = (K_TYPE)(IN_WIDTH(y) ? (K_UTYPE)((K_UTYPE)(x) << COUNT(y)) : 0),                        \
     (bad) = (K_UTYPE)(NEGATIVE(y) || (IN_WIDTH(y) ? ((r) >> COUNT(y)) != (x) : (x) != 0)))
#define SHR_ANY(x, y, r, bad)                                                                      \
    ((r) = (K_TYPE)((x) >> (IN_WIDTH(y) ? COUNT(y) : K_BITS - 1)),                                 \
     (r) = (K_TYPE)(IN_WIDTH(y) || NEGATIVE(x) ? (r) : 0), (bad) = (K_UTYPE)NEGATIVE(y))
#define NEGATIVE_SIGNED(y) ((y) < 0)
#define NEGATIVE_UNSIGNED(y) false

#define K_TEMPLATE "compute/arith.inc.h"
#define K_FLAG NOT_ZERO
#define K_OP div
#define K_EVAL DIV_SIGNED
#include "compute/each_int.inc.h"
#undef K_EVAL
#define K_EVAL DIV_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#define K_OP mod
#define K_EVAL MOD_SIGNED
#include "compute/each_int.inc.h"
#undef K_EVAL
#define K_EVAL MOD_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP

#define NEGATIVE NEGATIVE_SIGNED
#define K_OP shl
#define K_EVAL SHL_ANY
#include "compute/each_int.inc.h"
#undef K_EVAL
#undef K_OP
#define K_OP shr
#define K_EVAL SHR_ANY
#include "compute/each_int.inc.h"
#undef NEGATIVE
#define NEGATIVE NEGATIVE_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#define K_OP shl
#define K_EVAL SHL_ANY
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#undef NEGATIVE
#undef K_FLAG

/* SQLite's shifts. */
static int64_t shift_right(int64_t x, uint64_t count)
{
    return x >> (count < 63 ? count : 63);
}
static int64_t shift_left(int64_t x, uint64_t count)
{
    return count < 64 ? (int64_t)((uint64_t)x << count) : 0;
}
#define SHL_WRAP(x, y, r, bad)                                                                     \
    ((r) = (y) < 0 ? shift_right(x, 0 - (uint64_t)(y)) : shift_left(x, (uint64_t)(y)), (bad) = 0)
#define SHR_WRAP(x, y, r, bad)                                                                     \
    ((r) = (y) < 0 ? shift_left(x, 0 - (uint64_t)(y)) : shift_right(x, (uint64_t)(y)), (bad) = 0)
#define K_FLAG NEVER
#define K_ID i64
#define K_TYPE int64_t
#define K_UTYPE uint64_t
#define K_OP shl_wrap
#define K_EVAL SHL_WRAP
#include "compute/arith.inc.h"
#undef K_EVAL
#undef K_OP
#define K_ID i64
#define K_TYPE int64_t
#define K_UTYPE uint64_t
#define K_OP shr_wrap
#define K_EVAL SHR_WRAP
#include "compute/arith.inc.h"
#undef K_EVAL
#undef K_OP

#define MOD_FLOAT(x, y, r, bad) ((r) = (K_TYPE)FMOD(x, y), (bad) = 0)
#define K_OP mod
#define K_EVAL MOD_FLOAT
#define K_ID f32
#define K_TYPE float
#define K_UTYPE uint32_t
#define FMOD fmodf
#include "compute/arith.inc.h"
#undef FMOD
#define K_ID f64
#define K_TYPE double
#define K_UTYPE uint64_t
#define FMOD fmod
#include "compute/arith.inc.h"
#undef FMOD

#define SHAPES(op, id)                                                                             \
    {                                                                                              \
        op##_##id##_vv, op##_##id##_vs, op##_##id##_sv                                             \
    }
#define INT_ROW(op)                                                                                \
    [PHYS_I8] = SHAPES(op, i8), [PHYS_I16] = SHAPES(op, i16), [PHYS_I32] = SHAPES(op, i32),        \
    [PHYS_I64] = SHAPES(op, i64), [PHYS_U8] = SHAPES(op, u8), [PHYS_U16] = SHAPES(op, u16),        \
    [PHYS_U32] = SHAPES(op, u32), [PHYS_U64] = SHAPES(op, u64)
kernel_fn *const arith_once[ARITH_OP_COUNT][PHYS_COUNT][KERNEL_SHAPE_COUNT] = {
    [ARITH_DIV] = {INT_ROW(div)},
    [ARITH_MOD] = {INT_ROW(mod), [PHYS_F32] = SHAPES(mod, f32), [PHYS_F64] = SHAPES(mod, f64)},
    [ARITH_SHL] = {INT_ROW(shl)},
    [ARITH_SHR] = {INT_ROW(shr)},
    [ARITH_SHL_WRAP] = {[PHYS_I64] = SHAPES(shl_wrap, i64)},
    [ARITH_SHR_WRAP] = {[PHYS_I64] = SHAPES(shr_wrap, i64)},
};
