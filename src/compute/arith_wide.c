/* arith_wide.c -- arithmetic of 128 bits, and of one operand where no tier has it. */
#include "base/bitmap.h"
#include "compute/kernel_priv.h"
#include "compute/number.h"
#include "compute/wide.h"

#define NOT_ZERO(any) ((uint32_t)((any) != 0))
#define NEVER(any) ((void)(any), 0u)

#define ADD_I(x, y, r, bad) ((bad) = i128_add(x, y, &(r)))
#define SUB_I(x, y, r, bad)                                                                        \
    ((r) = (i128)((u128)(x) - (u128)(y)), (bad) = (((x) ^ (y)) & ((x) ^ (r))) < 0)
#define MUL_I(x, y, r, bad) ((bad) = i128_mul(x, y, &(r)))
#define DIV_I(x, y, r, bad)                                                                        \
    ((r) = (y) == 0    ? 0                                                                         \
           : (y) == -1 ? (i128)(0 - (u128)(x))                                                     \
                       : (x) / (y),                                                                \
     (bad) = (y) == -1 && (x) == I128_MIN)
#define MOD_I(x, y, r, bad)                                                                        \
    ((r) = (y) == 0 || (y) == -1 ? 0 : (x) % (y), (bad) = (y) == -1 && (x) == I128_MIN)
#define ADD_U(x, y, r, bad) ((r) = (x) + (y), (bad) = (r) < (x))
#define SUB_U(x, y, r, bad) ((r) = (x) - (y), (bad) = (x) < (y))
#define MUL_U(x, y, r, bad) ((bad) = u128_mul(x, y, &(r)))
#define DIV_U(x, y, r, bad) ((r) = (y) == 0 ? 0 : (x) / (y), (bad) = 0)
#define MOD_U(x, y, r, bad) ((r) = (y) == 0 ? 0 : (x) % (y), (bad) = 0)
#define AND_U(x, y, r, bad) ((r) = (x) & (y), (bad) = 0)
#define OR_U(x, y, r, bad) ((r) = (x) | (y), (bad) = 0)
#define XOR_U(x, y, r, bad) ((r) = (x) ^ (y), (bad) = 0)
#define IN_WIDTH(y) ((u128)(y) < 128)
#define COUNT(y) ((uint32_t)(y)&127)
#define SHL_I(x, y, r, bad)                                                                        \
    ((r) = IN_WIDTH(y) ? (i128)((u128)(x) << COUNT(y)) : 0,                                        \
     (bad) = (y) < 0 || (IN_WIDTH(y) ? ((r) >> COUNT(y)) != (x) : (x) != 0))
#define SHL_U(x, y, r, bad)                                                                        \
    ((r) = IN_WIDTH(y) ? (x) << COUNT(y) : 0,                                                      \
     (bad) = IN_WIDTH(y) ? ((r) >> COUNT(y)) != (x) : (x) != 0)
#define SHR_I(x, y, r, bad) ((r) = (x) >> (IN_WIDTH(y) ? COUNT(y) : 127), (bad) = (y) < 0)
#define SHR_U(x, y, r, bad) ((r) = IN_WIDTH(y) ? (x) >> COUNT(y) : 0, (bad) = 0)

#define K_TEMPLATE "compute/arith.inc.h"
#define K_FLAG NOT_ZERO
#define K_OP add
#define K_EVAL_I ADD_I
#define K_EVAL_U ADD_U
#include "compute/each_wide.inc.h"
#define K_OP sub
#define K_EVAL_I SUB_I
#define K_EVAL_U SUB_U
#include "compute/each_wide.inc.h"
#define K_OP mul
#define K_EVAL_I MUL_I
#define K_EVAL_U MUL_U
#include "compute/each_wide.inc.h"
#define K_OP div
#define K_EVAL_I DIV_I
#define K_EVAL_U DIV_U
#include "compute/each_wide.inc.h"
#define K_OP mod
#define K_EVAL_I MOD_I
#define K_EVAL_U MOD_U
#include "compute/each_wide.inc.h"
#define K_OP shl
#define K_EVAL_I SHL_I
#define K_EVAL_U SHL_U
#include "compute/each_wide.inc.h"
#define K_OP shr
#define K_EVAL_I SHR_I
#define K_EVAL_U SHR_U
#include "compute/each_wide.inc.h"
#define K_OP and
#define K_EVAL_I AND_U
#define K_EVAL_U AND_U
#include "compute/each_wide.inc.h"
#define K_OP or
#define K_EVAL_I OR_U
#define K_EVAL_U OR_U
#include "compute/each_wide.inc.h"
#define K_OP xor
#define K_EVAL_I XOR_U
#define K_EVAL_U XOR_U
#include "compute/each_wide.inc.h"
#undef K_TEMPLATE

#define SHAPES(op, id)                                                                             \
    {                                                                                              \
        op##_##id##_vv, op##_##id##_vs, op##_##id##_sv                                             \
    }
#define WIDE_ROW(op)                                                                               \
    {                                                                                              \
        [PHYS_I128] = SHAPES(op, i128), [PHYS_U128] = SHAPES(op, u128)                             \
    }
kernel_fn *const arith_wide[ARITH_OP_COUNT][PHYS_COUNT][KERNEL_SHAPE_COUNT] = {
    [ARITH_ADD] = WIDE_ROW(add), [ARITH_SUB] = WIDE_ROW(sub), [ARITH_MUL] = WIDE_ROW(mul),
    [ARITH_DIV] = WIDE_ROW(div), [ARITH_MOD] = WIDE_ROW(mod), [ARITH_AND] = WIDE_ROW(and),
    [ARITH_OR] = WIDE_ROW(or),   [ARITH_XOR] = WIDE_ROW(xor), [ARITH_SHL] = WIDE_ROW(shl),
    [ARITH_SHR] = WIDE_ROW(shr),
};

/* ---- one operand ---- */
#define NEG_I(x, r, bad) ((r) = (i128)(0 - (u128)(x)), (bad) = (x) == I128_MIN)
#define ABS_I(x, r, bad) ((r) = (i128)i128_magnitude(x), (bad) = (x) == I128_MIN)
#define NOT_I(x, r, bad) ((r) = ~(x), (bad) = 0)
#define NEG_U(x, r, bad) ((r) = 0 - (x), (bad) = (x) != 0)
#define ABS_U(x, r, bad) ((r) = (x), (bad) = 0)
#define K_TEMPLATE "compute/unary.inc.h"
#define K_OP neg
#define K_EVAL_I NEG_I
#define K_EVAL_U NEG_U
#include "compute/each_wide.inc.h"
#define K_OP abs
#define K_EVAL_I ABS_I
#define K_EVAL_U ABS_U
#include "compute/each_wide.inc.h"
#define K_OP not
#define K_EVAL_I NOT_I
#define K_EVAL_U NOT_I
#include "compute/each_wide.inc.h"

/* As SQLite: -x of the smallest integer is real, abs of it is an error, ~x takes the whole part. */
static struct number number_negate(struct number x)
{
    if (x.is_real) return number_real(-x.d);
    return x.i == INT64_MIN ? number_real(0x1p63) : number_int(-x.i);
}
static struct number number_absolute(struct number x)
{
    if (x.is_real) return number_real(x.d < 0 ? -x.d : x.d + 0);
    return number_int(x.i < 0 ? (int64_t)(0 - (uint64_t)x.i) : x.i);
}
#define NEG_NUMBER(x, r, bad) ((r) = number_negate(x), (bad) = 0)
#define ABS_NUMBER(x, r, bad) ((r) = number_absolute(x), (bad) = !(x).is_real && (x).i == INT64_MIN)
#define NOT_NUMBER(x, r, bad) ((r) = number_int(~number_to_int(x)), (bad) = 0)
#define K_ID number
#define K_TYPE struct number
#define K_UTYPE uint32_t
#define K_OP neg
#define K_EVAL NEG_NUMBER
#include "compute/unary.inc.h"
#undef K_EVAL
#undef K_OP
#define K_ID number
#define K_TYPE struct number
#define K_UTYPE uint32_t
#define K_OP abs
#define K_EVAL ABS_NUMBER
#include "compute/unary.inc.h"
#undef K_EVAL
#undef K_OP
#define K_ID number
#define K_TYPE struct number
#define K_UTYPE uint32_t
#define K_OP not
#define K_EVAL NOT_NUMBER
#include "compute/unary.inc.h"

kernel_fn *const unary_once[UNARY_OP_COUNT][PHYS_COUNT] = {
    [UNARY_NEG] =
        {[PHYS_I128] = neg_i128_v, [PHYS_U128] = neg_u128_v, [PHYS_NUMBER] = neg_number_v},
    [UNARY_ABS] =
        {[PHYS_I128] = abs_i128_v, [PHYS_U128] = abs_u128_v, [PHYS_NUMBER] = abs_number_v},
    [UNARY_BITNOT] =
        {[PHYS_I128] = not_i128_v, [PHYS_U128] = not_u128_v, [PHYS_NUMBER] = not_number_v},
};
