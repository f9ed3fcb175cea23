/* cast.c -- casts between numbers, booleans and NUMBER. */
#include <float.h>

#include "base/bitmap.h"
#include "compute/kernel.h"
#include "compute/number.h"

/* Half to even. Adding 2^52 leaves no place for a fraction, so the addition rounds. */
ALWAYS_INLINE double round_even(double x)
{
    const double magic = x < 0 ? -0x1p52 : 0x1p52;
    const double whole = (x + magic) - magic;
    return x > -0x1p52 && x < 0x1p52 ? whole : x;
}

ALWAYS_INLINE bool is_infinite_f32(float x)
{
    return x > FLT_MAX || x < -FLT_MAX;
}
ALWAYS_INLINE bool is_finite_f64(double x)
{
    return x <= DBL_MAX && x >= -DBL_MAX;
}

/* The integers of a type are those x with floor <= x < ceiling; both are exact doubles. */
#define INT_FLOOR(is_signed, bits) ((is_signed) ? -POWER(bits) : 0.0)
#define INT_CEILING(is_signed, bits) ((is_signed) ? POWER(bits) : 2 * POWER(bits))
#define POWER(bits)                                                                                \
    ((bits) == 8    ? 0x1p7                                                                        \
     : (bits) == 16 ? 0x1p15                                                                       \
     : (bits) == 32 ? 0x1p31                                                                       \
     : (bits) == 64 ? 0x1p63                                                                       \
                    : 0x1p127)
#define F_FINITE(x) (!F_FLOAT || is_finite_f64((double)(x)))

#define F_TEMPLATE "compute/cast_to.inc.h"
#include "compute/cast_from.inc.h"
#undef F_TEMPLATE

/* ---- BOOL and NUMBER, for every numeric type ---- */
#define F_TEMPLATE "compute/cast_edge.inc.h"
#define CAST_TO_BOOL(id) CONCAT4(cast, id, truth)
#define CAST_FROM_BOOL(id) CONCAT4(cast, truth, id)
#include "compute/cast_from.inc.h"
#undef F_TEMPLATE

static uint32_t cast_truth_number(void *restrict out, const void *a, const void *b,
                                  const void *param, uint32_t n)
{
    (void)b;
    (void)param;
    struct number *restrict to = (struct number *)out;
    for (uint32_t i = 0; i < n; i++)
        to[i] = number_int(bit_get((const uint64_t *)a, i));
    return 0;
}

static uint32_t cast_number_truth(void *restrict out, const void *a, const void *b,
                                  const void *param, uint32_t n)
{
    (void)b;
    (void)param;
    const struct number *from = (const struct number *)a;
    uint64_t *restrict to = (uint64_t *)out;
    for (uint32_t i = 0; i < n; i += 64) {
        uint64_t word = 0;
        for (uint32_t k = 0; k < 64 && i + k < n; k++)
            word |= (uint64_t)(number_to_real(from[i + k]) != 0) << k;
        to[i >> 6] = word;
    }
    return 0;
}

static uint32_t copy_bits(void *restrict out, const void *a, const void *b, const void *param,
                          uint32_t n)
{
    (void)b;
    (void)param;
    memcpy(out, a, bitmap_words(n) * sizeof(uint64_t));
    return 0;
}

static uint32_t copy_numbers(void *restrict out, const void *a, const void *b, const void *param,
                             uint32_t n)
{
    (void)b;
    (void)param;
    memcpy(out, a, n * sizeof(struct number));
    return 0;
}

/* ---- tables ---- */
#define NUMERIC(cell)                                                                              \
    [PHYS_I8] = cell(i8), [PHYS_I16] = cell(i16), [PHYS_I32] = cell(i32), [PHYS_I64] = cell(i64),  \
    [PHYS_I128] = cell(i128), [PHYS_U8] = cell(u8), [PHYS_U16] = cell(u16),                        \
    [PHYS_U32] = cell(u32), [PHYS_U64] = cell(u64), [PHYS_U128] = cell(u128)
#define TO_ROW(from)                                                                               \
    {                                                                                              \
        [PHYS_I8] = cast_##from##_i8, [PHYS_I16] = cast_##from##_i16,                              \
        [PHYS_I32] = cast_##from##_i32, [PHYS_I64] = cast_##from##_i64,                            \
        [PHYS_I128] = cast_##from##_i128, [PHYS_U8] = cast_##from##_u8,                            \
        [PHYS_U16] = cast_##from##_u16, [PHYS_U32] = cast_##from##_u32,                            \
        [PHYS_U64] = cast_##from##_u64, [PHYS_U128] = cast_##from##_u128,                          \
        [PHYS_F32] = cast_##from##_f32, [PHYS_F64] = cast_##from##_f64,                            \
        [PHYS_BOOL] = cast_##from##_truth, [PHYS_NUMBER] = cast_##from##_number                    \
    }
#define FROM_BOOL(to) cast_truth_##to
#define FROM_NUMBER(to) cast_number_##to
#define TRUNC_F32(to) trunc_f32_##to
#define TRUNC_F64(to) trunc_f64_##to
#define TRUNC_NUMBER(to) trunc_number_##to

static kernel_fn *const casts[PHYS_COUNT][PHYS_COUNT] = {
    NUMERIC(TO_ROW),
    [PHYS_F32] = TO_ROW(f32),
    [PHYS_F64] = TO_ROW(f64),
    [PHYS_BOOL] = {NUMERIC(FROM_BOOL), [PHYS_F32] = cast_truth_f32, [PHYS_F64] = cast_truth_f64,
                   [PHYS_BOOL] = copy_bits, [PHYS_NUMBER] = cast_truth_number},
    [PHYS_NUMBER] =
        {NUMERIC(FROM_NUMBER), [PHYS_F32] = cast_number_f32, [PHYS_F64] = cast_number_f64,
         [PHYS_BOOL] = cast_number_truth, [PHYS_NUMBER] = copy_numbers},
};

static kernel_fn *const truncations[PHYS_COUNT][PHYS_COUNT] = {
    [PHYS_F32] = {NUMERIC(TRUNC_F32)},
    [PHYS_F64] = {NUMERIC(TRUNC_F64)},
    [PHYS_NUMBER] = {NUMERIC(TRUNC_NUMBER)},
};

kernel_fn *kernel_cast(enum cast_mode mode, enum phys_type from, enum phys_type to)
{
    assert(from < PHYS_COUNT);
    assert(to < PHYS_COUNT);
    kernel_fn *fn = mode == CAST_TRUNCATE ? truncations[from][to] : NULL;
    return fn != NULL ? fn : casts[from][to];
}
