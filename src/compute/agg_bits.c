/* agg_bits.c -- BIT_AND, BIT_OR, BIT_XOR of integers; BOOL_AND, BOOL_OR, and MIN and MAX of BOOL.
 */
#include "compute/agg_priv.h"

struct bits_state {
    uint64_t low, high;
    int64_t seen;
    int64_t zero;
};

enum bits_rule { BITS_AND, BITS_OR, BITS_XOR };

ALWAYS_INLINE void bits_combine(struct bits_state *s, u128 x, const enum bits_rule rule)
{
    const u128 kept = (u128)s->high << 64 | s->low;
    u128 r = x;
    if (s->seen != 0) {
        switch (rule) {
        case BITS_AND: r = kept & x; break;
        case BITS_OR: r = kept | x; break;
        case BITS_XOR: r = kept ^ x; break;
        }
    }
    s->low = (uint64_t)r;
    s->high = (uint64_t)(r >> 64);
    s->seen = 1;
}

ALWAYS_INLINE void bits_join(struct bits_state *s, const struct bits_state *f,
                             const enum bits_rule rule)
{
    if (f->seen != 0) bits_combine(s, (u128)f->high << 64 | f->low, rule);
}

static llkv_code and_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    bits_join((struct bits_state *)into, (const struct bits_state *)from, BITS_AND);
    return LLKV_OK;
}
static llkv_code or_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    bits_join((struct bits_state *)into, (const struct bits_state *)from, BITS_OR);
    return LLKV_OK;
}
static llkv_code xor_merge(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    bits_join((struct bits_state *)into, (const struct bits_state *)from, BITS_XOR);
    return LLKV_OK;
}

/* The lower bytes of the state are the value, whatever its width. */
ALWAYS_INLINE llkv_code bits_out(const void *state, void *out, bool *out_valid, uint32_t width)
{
    const struct bits_state *s = (const struct bits_state *)state;
    memcpy(out, s, width);
    *out_valid = s->seen != 0;
    return LLKV_OK;
}
static llkv_code final_1(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    return bits_out(state, out, out_valid, 1);
}
static llkv_code final_2(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    return bits_out(state, out, out_valid, 2);
}
static llkv_code final_4(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    return bits_out(state, out, out_valid, 4);
}
static llkv_code final_8(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    return bits_out(state, out, out_valid, 8);
}
static llkv_code final_16(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    return bits_out(state, out, out_valid, 16);
}

/* Signed types use the kernels of the unsigned ones. */
#define A_STATE struct bits_state
#define K_TEMPLATE "compute/agg_bits.inc.h"
#include "compute/each_uint.inc.h"
#define K_ID u128
#define K_TYPE u128
#include "compute/agg_bits.inc.h"
#undef K_TEMPLATE
#undef A_STATE

/* ---- BOOL ---- */

static llkv_code bools_update(struct bits_state *s, const uint64_t *bits, const uint64_t *validity,
                              uint32_t n, const enum bits_rule rule)
{
    for (uint32_t i = 0; i < n; i += 64) {
        const uint64_t valid =
            low_bits(n - i) & (validity == NULL ? ~UINT64_C(0) : validity[i >> 6]);
        if (valid == 0) continue;
        const bool one =
            rule == BITS_AND ? (~bits[i >> 6] & valid) == 0 : (bits[i >> 6] & valid) != 0;
        bits_combine(s, one, rule);
    }
    return LLKV_OK;
}

static llkv_code bool_and_update(struct agg_context *ac, void *state, const void *data,
                                 const uint64_t *validity, uint32_t n)
{
    (void)ac;
    return bools_update((struct bits_state *)state, (const uint64_t *)data, validity, n, BITS_AND);
}
static llkv_code bool_or_update(struct agg_context *ac, void *state, const void *data,
                                const uint64_t *validity, uint32_t n)
{
    (void)ac;
    return bools_update((struct bits_state *)state, (const uint64_t *)data, validity, n, BITS_OR);
}
static llkv_code bool_and_groups(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                                 const uint32_t *group, const void *data, const uint64_t *validity,
                                 uint32_t n)
{
    (void)ac;
    for (uint32_t i = 0; i < n; i++) {
        struct bits_state *s = (struct bits_state *)(void *)(rows + (size_t)group[i] * stride);
        if (agg_valid(validity, i)) bits_combine(s, bit_get((const uint64_t *)data, i), BITS_AND);
    }
    return LLKV_OK;
}
static llkv_code bool_or_groups(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                                const uint32_t *group, const void *data, const uint64_t *validity,
                                uint32_t n)
{
    (void)ac;
    for (uint32_t i = 0; i < n; i++) {
        struct bits_state *s = (struct bits_state *)(void *)(rows + (size_t)group[i] * stride);
        if (agg_valid(validity, i)) bits_combine(s, bit_get((const uint64_t *)data, i), BITS_OR);
    }
    return LLKV_OK;
}

#define BITS(phys, id, rule, width)                                                                \
    [phys] = {phys,                                                                                \
              sizeof(struct bits_state),                                                           \
              rule##_##id##_update,                                                                \
              rule##_##id##_groups,                                                                \
              rule##_merge,                                                                        \
              final_##width}
#define ROW(rule)                                                                                  \
    {                                                                                              \
        BITS(PHYS_I8, u8, rule, 1), BITS(PHYS_I16, u16, rule, 2), BITS(PHYS_I32, u32, rule, 4),    \
            BITS(PHYS_I64, u64, rule, 8), BITS(PHYS_I128, u128, rule, 16),                         \
            BITS(PHYS_U8, u8, rule, 1), BITS(PHYS_U16, u16, rule, 2),                              \
            BITS(PHYS_U32, u32, rule, 4), BITS(PHYS_U64, u64, rule, 8),                            \
            BITS(PHYS_U128, u128, rule, 16)                                                        \
    }

const struct agg_kernel *agg_bits_find(enum agg_op op, enum phys_type in)
{
    static const struct agg_kernel ands[PHYS_COUNT] = ROW(and), ors[PHYS_COUNT] = ROW(or),
                                   xors[PHYS_COUNT] = ROW(xor);
    static const struct agg_kernel all = {
        PHYS_BOOL, sizeof(struct bits_state), bool_and_update, bool_and_groups, and_merge, final_1};
    static const struct agg_kernel any = {
        PHYS_BOOL, sizeof(struct bits_state), bool_or_update, bool_or_groups, or_merge, final_1};
    if (in == PHYS_BOOL && (op == AGG_BOOL_AND || op == AGG_MIN)) return &all;
    if (in == PHYS_BOOL && (op == AGG_BOOL_OR || op == AGG_MAX)) return &any;
    const struct agg_kernel *row = NULL;
    if (op == AGG_BIT_AND) row = ands;
    if (op == AGG_BIT_OR) row = ors;
    if (op == AGG_BIT_XOR) row = xors;
    return row == NULL || row[in].update == NULL ? NULL : &row[in];
}
