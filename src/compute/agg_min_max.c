/* agg_min_max.c -- MIN and MAX of everything but texts. */
#include "compute/agg_priv.h"
#include "compute/float_key.h"
#include "compute/kernel_priv.h"

/* Up to 64 bits: the key of the value, which orders as the value does. */
struct key_state {
    int64_t key; /* unsigned types: the bits of a uint64_t */
    int64_t seen;
};

static llkv_code key_merge_signed(struct key_state *s, const struct key_state *f, bool greatest)
{
    if (f->seen != 0 && (s->seen == 0 || (greatest ? f->key > s->key : f->key < s->key))) *s = *f;
    return LLKV_OK;
}
static llkv_code key_merge_unsigned(struct key_state *s, const struct key_state *f, bool greatest)
{
    const uint64_t a = (uint64_t)s->key, b = (uint64_t)f->key;
    if (f->seen != 0 && (s->seen == 0 || (greatest ? b > a : b < a))) *s = *f;
    return LLKV_OK;
}

#define K_TEMPLATE "compute/agg_min_max.inc.h"
#define A_KEY int64_t
#define A_KEY_OF(x) ((int64_t)(x))
#define A_VALUE_OF(key) ((K_TYPE)(key))
#define A_MERGE key_merge_signed
#include "compute/each_int.inc.h"
#undef A_KEY
#undef A_KEY_OF
#undef A_MERGE
#define A_KEY uint64_t
#define A_KEY_OF(x) ((uint64_t)(x))
#define A_MERGE key_merge_unsigned
#include "compute/each_uint.inc.h"
#undef A_KEY
#undef A_KEY_OF
#undef A_VALUE_OF
#undef A_MERGE
#define A_KEY int64_t
#define A_MERGE key_merge_signed
#define A_KEY_OF(x) KEY_OF_FLOAT(x)
#define A_VALUE_OF(key) VALUE_OF_FLOAT(key)
#define K_ID f32
#define K_PHYS PHYS_F32
#define K_TYPE float
#define KEY_OF_FLOAT(x) key_f32(x)
#define VALUE_OF_FLOAT(key) unkey_f32((int32_t)(key))
#include K_TEMPLATE
#undef KEY_OF_FLOAT
#undef VALUE_OF_FLOAT
#define K_ID f64
#define K_PHYS PHYS_F64
#define K_TYPE double
#define KEY_OF_FLOAT(x) key_f64(x)
#define VALUE_OF_FLOAT(key) unkey_f64(key)
#include K_TEMPLATE
#undef KEY_OF_FLOAT
#undef VALUE_OF_FLOAT
#undef A_KEY
#undef A_KEY_OF
#undef A_VALUE_OF
#undef A_MERGE
#undef K_TEMPLATE

/* ---- 16 bytes ---- */
struct slot {
    uint64_t words[2];
};
struct slot_state {
    struct slot value;
    int64_t seen;
    int64_t zero;
};

ALWAYS_INLINE void slot_add(struct slot_state *s, const struct slot *x, enum phys_type phys,
                            bool greatest)
{
    const int order = s->seen == 0 ? 0 : order_strict(phys, x, &s->value);
    if (s->seen != 0 && (greatest ? order <= 0 : order >= 0)) return;
    s->value = *x;
    s->seen = 1;
}

static llkv_code slot_final(struct agg_context *ac, const void *state, void *out, bool *out_valid)
{
    (void)ac;
    const struct slot_state *s = (const struct slot_state *)state;
    memcpy(out, &s->value, sizeof s->value);
    *out_valid = s->seen != 0;
    return LLKV_OK;
}

#define S_ID i128
#define S_PHYS PHYS_I128
#include "compute/agg_min_max_slot.inc.h"
#define S_ID u128
#define S_PHYS PHYS_U128
#include "compute/agg_min_max_slot.inc.h"
#define S_ID mdn
#define S_PHYS PHYS_MDN
#include "compute/agg_min_max_slot.inc.h"
#define S_ID number
#define S_PHYS PHYS_NUMBER
#include "compute/agg_min_max_slot.inc.h"

#define KEYED(id, phys, which)                                                                     \
    [phys] = {phys,                                                                                \
              sizeof(struct key_state),                                                            \
              which##_##id##_update,                                                               \
              which##_##id##_groups,                                                               \
              which##_##id##_merge,                                                                \
              min_max_##id##_final}
#define SLOT(id, phys, which)                                                                      \
    [phys] = {phys,                                                                                \
              sizeof(struct slot_state),                                                           \
              which##_##id##_update,                                                               \
              which##_##id##_groups,                                                               \
              which##_##id##_merge,                                                                \
              slot_final}
#define ROW(which)                                                                                 \
    {                                                                                              \
        KEYED(i8, PHYS_I8, which), KEYED(i16, PHYS_I16, which), KEYED(i32, PHYS_I32, which),       \
            KEYED(i64, PHYS_I64, which), KEYED(u8, PHYS_U8, which), KEYED(u16, PHYS_U16, which),   \
            KEYED(u32, PHYS_U32, which), KEYED(u64, PHYS_U64, which), KEYED(f32, PHYS_F32, which), \
            KEYED(f64, PHYS_F64, which), SLOT(i128, PHYS_I128, which),                             \
            SLOT(u128, PHYS_U128, which), SLOT(mdn, PHYS_MDN, which),                              \
            SLOT(number, PHYS_NUMBER, which)                                                       \
    }

const struct agg_kernel *agg_min_max_find(enum agg_op op, enum phys_type in)
{
    static const struct agg_kernel least[PHYS_COUNT] = ROW(min), most[PHYS_COUNT] = ROW(max);
    const struct agg_kernel *row = NULL;
    if (op == AGG_MIN) row = least;
    if (op == AGG_MAX) row = most;
    return row == NULL || row[in].update == NULL ? NULL : &row[in];
}
