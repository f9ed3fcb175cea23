/* kernel.c -- finds kernels: in the tier of this machine first, else where they are compiled once.
 */
#include "compute/kernel.h"

#include "base/bitmap.h"
#include "compute/kernel_priv.h"

static const struct tier *tier_table(enum cpu_tier tier)
{
    switch (tier) {
    case CPU_BASELINE: return &tier_baseline;
#if defined(__x86_64__)
    case CPU_AVX2: return &tier_avx2;
    case CPU_AVX512: return &tier_avx512;
#else
    case CPU_AVX2:
    case CPU_AVX512: break;
#endif
    }
    return &tier_baseline;
}

const struct tier *tier_get(enum cpu_tier tier)
{
    return tier <= cpu_tier_get() ? tier_table(tier) : NULL;
}

const struct tier *tier_best(void)
{
    return tier_table(cpu_tier_get());
}

kernel_fn *kernel_arith(enum arith_op op, enum phys_type type, enum kernel_shape shape)
{
    assert(op < ARITH_OP_COUNT);
    assert(type < PHYS_COUNT);
    assert(shape < KERNEL_SHAPE_COUNT);
    kernel_fn *fn = tier_best()->arith[op][type][shape];
    if (fn == NULL) fn = arith_once[op][type][shape];
    return fn != NULL ? fn : arith_wide[op][type][shape];
}

kernel_fn *kernel_unary(enum unary_op op, enum phys_type type)
{
    assert(op < UNARY_OP_COUNT);
    assert(type < PHYS_COUNT);
    kernel_fn *fn = tier_best()->unary[op][type];
    return fn != NULL ? fn : unary_once[op][type];
}

kernel_fn *kernel_compare(enum compare_op op, enum phys_type type, enum kernel_shape shape)
{
    assert(op < CMP_OP_COUNT);
    assert(type < PHYS_COUNT);
    assert(shape < KERNEL_SHAPE_COUNT);
    kernel_fn *fn = tier_best()->compare[type][op][shape];
    return fn != NULL ? fn : compare_once[type][op][shape];
}

enum compare_op compare_flip(enum compare_op op)
{
    switch (op) {
    case CMP_LT: return CMP_GT;
    case CMP_LE: return CMP_GE;
    case CMP_GT: return CMP_LT;
    case CMP_GE: return CMP_LE;
    case CMP_EQ:
    case CMP_NE:
    case CMP_OP_COUNT: break;
    }
    return op;
}

enum compare_op compare_negate(enum compare_op op)
{
    switch (op) {
    case CMP_EQ: return CMP_NE;
    case CMP_NE: return CMP_EQ;
    case CMP_LT: return CMP_GE;
    case CMP_LE: return CMP_GT;
    case CMP_GT: return CMP_LE;
    case CMP_GE: return CMP_LT;
    case CMP_OP_COUNT: break;
    }
    return op;
}

void kernel_div_zero(uint64_t *io_validity, const void *b, enum phys_type type, bool scalar,
                     uint32_t n)
{
    assert(n <= VEC_ROWS_MAX);
    static const struct number zero[1]; /* zero bytes are 0 in every type */
    uint64_t words[VEC_WORDS_MAX];
    kernel_fn *differs = kernel_compare(CMP_NE, type, KERNEL_VS);
    assert(differs != NULL);
    (void)differs(words, b, zero, NULL, scalar ? 1 : n);
    const uint64_t all = 0 - (words[0] & 1);
    for (size_t i = 0; i < bitmap_words(n); i++)
        io_validity[i] &= scalar ? all : words[i];
}

uint32_t bits_to_positions(uint16_t *out, const uint64_t *bits, uint32_t n)
{
    assert(n <= UINT16_MAX + 1u);
    return tier_best()->bits_to_positions(out, bits, n);
}
