/* tier.c -- everything that is compiled once per instruction set; TIER is the name of its table. */
#include "base/hash.h"
#include "base/simd.h"
#include "compute/float_key.h"
#include "compute/kernel_priv.h"

#ifndef TIER
#define TIER tier_baseline
#endif

/* ---- arithmetic ---- */
#define TOP_BIT(any) ((uint32_t)((any) >> (K_BITS - 1)))
#define NOT_ZERO(any) ((uint32_t)((any) != 0))
#define NEVER(any) ((void)(any), 0u)

/* The sum overflowed if both operands have another sign than the result. */
#define ADD_SIGNED(x, y, r, bad)                                                                   \
    ((r) = (K_TYPE)((K_UTYPE)(x) + (K_UTYPE)(y)), (bad) = (K_UTYPE)(((x) ^ (r)) & ((y) ^ (r))))
#define SUB_SIGNED(x, y, r, bad)                                                                   \
    ((r) = (K_TYPE)((K_UTYPE)(x) - (K_UTYPE)(y)), (bad) = (K_UTYPE)(((x) ^ (y)) & ((x) ^ (r))))
/* The carry and the borrow of the top bit. */
#define ADD_UNSIGNED(x, y, r, bad)                                                                 \
    ((r) = (K_TYPE)((x) + (y)), (bad) = (K_UTYPE)(((x) & (y)) | (((x) | (y)) & ~(r))))
#define SUB_UNSIGNED(x, y, r, bad)                                                                 \
    ((r) = (K_TYPE)((x) - (y)), (bad) = (K_UTYPE)((~(x) & (y)) | (~((x) ^ (y)) & (r))))
/* The upper half of the product must repeat the sign of the lower one, or be 0. */
#define MUL_SIGNED(x, y, r, bad)                                                                   \
    ((r) = (K_TYPE)((K_WIDE)(x) * (y)),                                                            \
     (bad) = (K_UTYPE)((((K_WIDE)(x) * (y)) >> K_BITS) ^ ((r) >> (K_BITS - 1))))
#define MUL_UNSIGNED(x, y, r, bad)                                                                 \
    ((r) = (K_TYPE)((K_WIDE)((K_WIDE)(x) * (y))),                                                  \
     (bad) = (K_UTYPE)((K_WIDE)((K_WIDE)(x) * (y)) >> K_BITS))

#define K_OP add
#define K_EVAL ADD_SIGNED
#define K_FLAG TOP_BIT
#define K_TEMPLATE "compute/arith.inc.h"
#include "compute/each_int.inc.h"
#undef K_EVAL
#define K_EVAL ADD_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP

#define K_OP sub
#define K_EVAL SUB_SIGNED
#include "compute/each_int.inc.h"
#undef K_EVAL
#define K_EVAL SUB_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#undef K_FLAG

#define K_OP mul
#define K_EVAL MUL_SIGNED
#define K_FLAG NOT_ZERO
#define K_UP_TO_32
#include "compute/each_int.inc.h"
#undef K_EVAL
#define K_EVAL MUL_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#undef K_FLAG
#undef K_UP_TO_32

#define K_ID i64
#define K_TYPE int64_t
#define K_UTYPE uint64_t
#define K_MAGNITUDE(x) ((uint64_t)((x) ^ ((x) >> 63)))
#define K_SAFE_BITS 62 /* [-2^a, 2^a) times [-2^b, 2^b) reaches 2^(a + b) */
#include "compute/mul64.inc.h"
#define K_ID u64
#define K_TYPE uint64_t
#define K_UTYPE uint64_t
#define K_MAGNITUDE(x) (x)
#define K_SAFE_BITS 64
#include "compute/mul64.inc.h"

/* Bits: signed types use the kernels of the unsigned ones. */
#define BITS_AND(x, y, r, bad) ((r) = (K_TYPE)((x) & (y)), (bad) = 0)
#define BITS_OR(x, y, r, bad) ((r) = (K_TYPE)((x) | (y)), (bad) = 0)
#define BITS_XOR(x, y, r, bad) ((r) = (K_TYPE)((x) ^ (y)), (bad) = 0)
#define K_FLAG NEVER
#define K_OP and
#define K_EVAL BITS_AND
#include "compute/each_uint.inc.h"
#undef K_OP
#undef K_EVAL
#define K_OP or
#define K_EVAL BITS_OR
#include "compute/each_uint.inc.h"
#undef K_OP
#undef K_EVAL
#define K_OP xor
#define K_EVAL BITS_XOR
#include "compute/each_uint.inc.h"
#undef K_OP
#undef K_EVAL

#define FLOAT_ADD(x, y, r, bad) ((r) = (x) + (y), (bad) = 0)
#define FLOAT_SUB(x, y, r, bad) ((r) = (x) - (y), (bad) = 0)
#define FLOAT_MUL(x, y, r, bad) ((r) = (x) * (y), (bad) = 0)
#define FLOAT_DIV(x, y, r, bad) ((r) = (x) / (y), (bad) = 0)
#define K_OP add
#define K_EVAL FLOAT_ADD
#include "compute/each_float.inc.h"
#undef K_OP
#undef K_EVAL
#define K_OP sub
#define K_EVAL FLOAT_SUB
#include "compute/each_float.inc.h"
#undef K_OP
#undef K_EVAL
#define K_OP mul
#define K_EVAL FLOAT_MUL
#include "compute/each_float.inc.h"
#undef K_OP
#undef K_EVAL
#define K_OP div
#define K_EVAL FLOAT_DIV
#include "compute/each_float.inc.h"
#undef K_OP
#undef K_EVAL
#undef K_FLAG
#undef K_TEMPLATE

/* ---- one operand ---- */
/* Only the smallest value has its own sign when negated. */
#define NEG_SIGNED(x, r, bad) ((r) = (K_TYPE)(0 - (K_UTYPE)(x)), (bad) = (K_UTYPE)((x) & (r)))
#define NEG_UNSIGNED(x, r, bad) ((r) = (K_TYPE)(0 - (x)), (bad) = (K_UTYPE)((x) | (r)))
#define ABS_SIGNED(x, r, bad)                                                                      \
    ((r) = (K_TYPE)((K_UTYPE)((x) ^ ((x) >> (K_BITS - 1))) - (K_UTYPE)((x) >> (K_BITS - 1))),      \
     (bad) = (K_UTYPE)(r))
#define BITS_NOT(x, r, bad) ((r) = (K_TYPE) ~(x), (bad) = 0)
#define SAME(x, r, bad) ((r) = (x), (bad) = 0)
#define FLOAT_NEG(x, r, bad) ((r) = -(x), (bad) = 0)
#define FLOAT_ABS(x, r, bad) ((r) = (x) < 0 ? -(x) : (x) + 0, (bad) = 0)

#define K_TEMPLATE "compute/unary.inc.h"
#define K_OP neg
#define K_FLAG TOP_BIT
#define K_EVAL NEG_SIGNED
#include "compute/each_int.inc.h"
#undef K_EVAL
#define K_EVAL NEG_UNSIGNED
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#define K_OP abs
#define K_EVAL ABS_SIGNED
#include "compute/each_int.inc.h"
#undef K_EVAL
#undef K_FLAG
#define K_FLAG NEVER
#define K_EVAL SAME
#include "compute/each_uint.inc.h"
#undef K_EVAL
#define K_EVAL FLOAT_ABS
#include "compute/each_float.inc.h"
#undef K_EVAL
#undef K_OP
#define K_OP neg
#define K_EVAL FLOAT_NEG
#include "compute/each_float.inc.h"
#undef K_EVAL
#undef K_OP
#define K_OP not
#define K_EVAL BITS_NOT
#include "compute/each_uint.inc.h"
#undef K_EVAL
#undef K_OP
#undef K_FLAG
#undef K_TEMPLATE

/* ---- comparison ---- */
#define K_TEMPLATE "compute/compare_simd.inc.h"
#include "compute/each_float.inc.h"
#include "compute/each_int.inc.h"
#include "compute/each_uint.inc.h"
#undef K_TEMPLATE
#include "compute/compare_view.inc.h"

/* ---- smallest and largest, sums ---- */
#include "compute/tier_reduce.inc.h"

/* ---- numbers of groups, words to add up ---- */
#define K_TEMPLATE "compute/totals.inc.h"
#define K_TOP(x) ((uint64_t)((x) ^ ((x) >> 63)))
#include "compute/each_int.inc.h"
#undef K_TOP
#define K_TOP(x) (x)
#include "compute/each_uint.inc.h"
#undef K_TOP
#undef K_TEMPLATE

/* ---- positions, hashes ---- */
static uint32_t positions(uint16_t *out, const uint64_t *bits, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i += 64) {
        const uint64_t word = bits[i >> 6] & low_bits(n - i);
        if (word != 0) count += simd_bits_to_positions(out + count, word, i);
    }
    return count;
}

static void hash_words(uint64_t *io, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        io[i] = hash_u64(io[i]);
}

static void hash_mix_words(uint64_t *restrict io, const uint64_t *add, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        io[i] = hash_mix(io[i], add[i]);
}

/* ---- the table ---- */
#define SHAPES(op, id)                                                                             \
    {                                                                                              \
        op##_##id##_vv, op##_##id##_vs, op##_##id##_sv                                             \
    }
#define SIGNED_ROW(op)                                                                             \
    [PHYS_I8] = SHAPES(op, i8), [PHYS_I16] = SHAPES(op, i16), [PHYS_I32] = SHAPES(op, i32),        \
    [PHYS_I64] = SHAPES(op, i64)
#define UNSIGNED_ROW(op)                                                                           \
    [PHYS_U8] = SHAPES(op, u8), [PHYS_U16] = SHAPES(op, u16), [PHYS_U32] = SHAPES(op, u32),        \
    [PHYS_U64] = SHAPES(op, u64)
#define FLOAT_ROW(op) [PHYS_F32] = SHAPES(op, f32), [PHYS_F64] = SHAPES(op, f64)
#define BITS_ROW(op)                                                                               \
    [PHYS_I8] = SHAPES(op, u8), [PHYS_I16] = SHAPES(op, u16), [PHYS_I32] = SHAPES(op, u32),        \
    [PHYS_I64] = SHAPES(op, u64), UNSIGNED_ROW(op)
#define COMPARE(id)                                                                                \
    {                                                                                              \
        [CMP_EQ] = {cmp_##id##_eq_vv, cmp_##id##_eq_vs, cmp_##id##_eq_sv},                         \
        [CMP_NE] = {cmp_##id##_ne_vv, cmp_##id##_ne_vs, cmp_##id##_ne_sv},                         \
        [CMP_LT] = {cmp_##id##_lt_vv, cmp_##id##_lt_vs, cmp_##id##_lt_sv},                         \
        [CMP_LE] = {cmp_##id##_le_vv, cmp_##id##_le_vs, cmp_##id##_le_sv},                         \
        [CMP_GT] = {cmp_##id##_gt_vv, cmp_##id##_gt_vs, cmp_##id##_gt_sv},                         \
        [CMP_GE] = {cmp_##id##_ge_vv, cmp_##id##_ge_vs, cmp_##id##_ge_sv},                         \
    }

#define INTEGER_ROW(op, what)                                                                      \
    {                                                                                              \
        [PHYS_I8] = op##_i8_##what, [PHYS_I16] = op##_i16_##what, [PHYS_I32] = op##_i32_##what,    \
        [PHYS_I64] = op##_i64_##what, [PHYS_U8] = op##_u8_##what, [PHYS_U16] = op##_u16_##what,    \
        [PHYS_U32] = op##_u32_##what, [PHYS_U64] = op##_u64_##what                                 \
    }

const struct tier TIER = {
    .arith =
        {
            [ARITH_ADD] = {SIGNED_ROW(add), UNSIGNED_ROW(add), FLOAT_ROW(add)},
            [ARITH_SUB] = {SIGNED_ROW(sub), UNSIGNED_ROW(sub), FLOAT_ROW(sub)},
            [ARITH_MUL] = {SIGNED_ROW(mul), UNSIGNED_ROW(mul), FLOAT_ROW(mul)},
            [ARITH_DIV] = {FLOAT_ROW(div)},
            [ARITH_AND] = {BITS_ROW(and)},
            [ARITH_OR] = {BITS_ROW(or)},
            [ARITH_XOR] = {BITS_ROW(xor)},
        },
    .unary =
        {
            [UNARY_NEG] = {[PHYS_I8] = neg_i8_v,
                           [PHYS_I16] = neg_i16_v,
                           [PHYS_I32] = neg_i32_v,
                           [PHYS_I64] = neg_i64_v,
                           [PHYS_U8] = neg_u8_v,
                           [PHYS_U16] = neg_u16_v,
                           [PHYS_U32] = neg_u32_v,
                           [PHYS_U64] = neg_u64_v,
                           [PHYS_F32] = neg_f32_v,
                           [PHYS_F64] = neg_f64_v},
            [UNARY_ABS] = {[PHYS_I8] = abs_i8_v,
                           [PHYS_I16] = abs_i16_v,
                           [PHYS_I32] = abs_i32_v,
                           [PHYS_I64] = abs_i64_v,
                           [PHYS_U8] = abs_u8_v,
                           [PHYS_U16] = abs_u16_v,
                           [PHYS_U32] = abs_u32_v,
                           [PHYS_U64] = abs_u64_v,
                           [PHYS_F32] = abs_f32_v,
                           [PHYS_F64] = abs_f64_v},
            [UNARY_BITNOT] = {[PHYS_I8] = not_u8_v,
                              [PHYS_I16] = not_u16_v,
                              [PHYS_I32] = not_u32_v,
                              [PHYS_I64] = not_u64_v,
                              [PHYS_U8] = not_u8_v,
                              [PHYS_U16] = not_u16_v,
                              [PHYS_U32] = not_u32_v,
                              [PHYS_U64] = not_u64_v},
        },
    .compare =
        {
            [PHYS_I8] = COMPARE(i8),
            [PHYS_I16] = COMPARE(i16),
            [PHYS_I32] = COMPARE(i32),
            [PHYS_I64] = COMPARE(i64),
            [PHYS_U8] = COMPARE(u8),
            [PHYS_U16] = COMPARE(u16),
            [PHYS_U32] = COMPARE(u32),
            [PHYS_U64] = COMPARE(u64),
            [PHYS_F32] = COMPARE(f32),
            [PHYS_F64] = COMPARE(f64),
            [PHYS_VIEW] = COMPARE(view),
        },
    .min_max = {[PHYS_I8] = min_max_i8_of,
                [PHYS_I16] = min_max_i16_of,
                [PHYS_I32] = min_max_i32_of,
                [PHYS_I64] = min_max_i64_of,
                [PHYS_U8] = min_max_u8_of,
                [PHYS_U16] = min_max_u16_of,
                [PHYS_U32] = min_max_u32_of,
                [PHYS_U64] = min_max_u64_of,
                [PHYS_F32] = min_max_f32_of,
                [PHYS_F64] = min_max_f64_of},
    .sum_int = {[PHYS_I8] = sum_i8_of,
                [PHYS_I16] = sum_i16_of,
                [PHYS_I32] = sum_i32_of,
                [PHYS_I64] = sum_i64_of,
                [PHYS_U8] = sum_u8_of,
                [PHYS_U16] = sum_u16_of,
                [PHYS_U32] = sum_u32_of,
                [PHYS_U64] = sum_u64_of},
    .group_ids = INTEGER_ROW(totals, ids),
    .total_words = INTEGER_ROW(totals, words),
    .bits_to_positions = positions,
    .hash_words = hash_words,
    .hash_mix_words = hash_mix_words,
    .largest_f64 = largest_f64,
    .float_bins = split_floats,
    .float_digits = cut_floats,
};
