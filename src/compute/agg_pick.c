/* agg_pick.c -- ANY, FIRST and LAST of values of a fixed width; a width is all they know of a type.
 */
#include "compute/agg_priv.h"

struct pick_state {
    uint64_t value[2];
    uint8_t seen, valid;
    uint8_t zero[14];
};

enum pick_rule { PICK_ANY, PICK_FIRST, PICK_LAST };

/* Should the row replace what is there? */
ALWAYS_INLINE bool takes(const struct pick_state *s, bool valid, const enum pick_rule rule)
{
    switch (rule) {
    case PICK_ANY: return valid && s->seen == 0;
    case PICK_FIRST: return s->seen == 0;
    case PICK_LAST: return true;
    }
    return false;
}

/* width 0: bits, kept as one byte */
ALWAYS_INLINE void pick(struct pick_state *s, const void *data, uint32_t row, bool valid,
                        const uint32_t width, const enum pick_rule rule)
{
    if (!takes(s, valid, rule)) return;
    s->seen = 1;
    s->valid = valid;
    if (!valid) return;
    if (width == 0) {
        s->value[0] = bit_get((const uint64_t *)data, row);
    } else {
        memcpy(s->value, (const uint8_t *)data + (size_t)row * width, width);
    }
}

static llkv_code merge_any(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    const struct pick_state *f = (const struct pick_state *)from;
    struct pick_state *s = (struct pick_state *)into;
    if (s->seen == 0 && f->seen != 0) *s = *f;
    return LLKV_OK;
}

static llkv_code merge_last(struct agg_context *ac, void *into, const void *from)
{
    (void)ac;
    const struct pick_state *f = (const struct pick_state *)from;
    if (f->seen != 0) *(struct pick_state *)into = *f;
    return LLKV_OK;
}

#define P_ID bits
#define P_WIDTH 0
#include "compute/agg_pick.inc.h"
#define P_ID w1
#define P_WIDTH 1
#include "compute/agg_pick.inc.h"
#define P_ID w2
#define P_WIDTH 2
#include "compute/agg_pick.inc.h"
#define P_ID w4
#define P_WIDTH 4
#include "compute/agg_pick.inc.h"
#define P_ID w8
#define P_WIDTH 8
#include "compute/agg_pick.inc.h"
#define P_ID w16
#define P_WIDTH 16
#include "compute/agg_pick.inc.h"

#define PICK(phys, id, rule, merge)                                                                \
    [phys] = {phys,  sizeof(struct pick_state), rule##_##id##_update, rule##_##id##_groups,        \
              merge, pick_##id##_final}
#define ROW(rule, merge)                                                                           \
    {                                                                                              \
        PICK(PHYS_BOOL, bits, rule, merge), PICK(PHYS_I8, w1, rule, merge),                        \
            PICK(PHYS_I16, w2, rule, merge), PICK(PHYS_I32, w4, rule, merge),                      \
            PICK(PHYS_I64, w8, rule, merge), PICK(PHYS_I128, w16, rule, merge),                    \
            PICK(PHYS_U8, w1, rule, merge), PICK(PHYS_U16, w2, rule, merge),                       \
            PICK(PHYS_U32, w4, rule, merge), PICK(PHYS_U64, w8, rule, merge),                      \
            PICK(PHYS_U128, w16, rule, merge), PICK(PHYS_F32, w4, rule, merge),                    \
            PICK(PHYS_F64, w8, rule, merge), PICK(PHYS_MDN, w16, rule, merge),                     \
            PICK(PHYS_NUMBER, w16, rule, merge)                                                    \
    }

const struct agg_kernel *agg_pick_find(enum agg_op op, enum phys_type in)
{
    static const struct agg_kernel any[PHYS_COUNT] = ROW(any, merge_any);
    static const struct agg_kernel first[PHYS_COUNT] = ROW(first, merge_any);
    static const struct agg_kernel last[PHYS_COUNT] = ROW(last, merge_last);
    const struct agg_kernel *row = NULL;
    if (op == AGG_ANY) row = any;
    if (op == AGG_FIRST) row = first;
    if (op == AGG_LAST) row = last;
    return row == NULL || row[in].update == NULL ? NULL : &row[in];
}
