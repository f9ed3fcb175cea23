#include "plan/algebra/iuset.h"

#include <string.h>

#include "base/bitmap.h"

static llkv_code grow(struct cx *cx, struct iuset *set, uint32_t words)
{
    uint32_t room = set->words == 0 ? 2 : set->words;
    while (room < words)
        room *= 2;
    uint64_t *more = cx_alloc_array(cx, room, sizeof *more);
    if (more == NULL) return LLKV_NOMEM;
    if (set->words != 0) memcpy(more, set->more, set->words * sizeof *more);
    memset(more + set->words, 0, (room - set->words) * sizeof *more);
    set->more = more;
    set->words = room;
    return LLKV_OK;
}

llkv_code iuset_add(struct cx *cx, struct iuset *set, iu_id iu)
{
    if (iu < 64) {
        set->word0 |= UINT64_C(1) << iu;
        return LLKV_OK;
    }
    uint32_t word = iu / 64 - 1;
    if (word >= set->words) TRY(grow(cx, set, word + 1));
    set->more[word] |= UINT64_C(1) << (iu & 63);
    return LLKV_OK;
}

llkv_code iuset_add_all(struct cx *cx, struct iuset *set, const struct iuset *other)
{
    set->word0 |= other->word0;
    if (other->words > set->words) TRY(grow(cx, set, other->words));
    for (uint32_t i = 0; i < other->words; i++)
        set->more[i] |= other->more[i];
    return LLKV_OK;
}

llkv_code iuset_copy(struct cx *cx, const struct iuset *from, struct iuset *out)
{
    *out = (struct iuset){0};
    return iuset_add_all(cx, out, from);
}

bool iuset_has(const struct iuset *set, iu_id iu)
{
    if (iu < 64) return (set->word0 >> iu) & 1;
    uint32_t word = iu / 64 - 1;
    return word < set->words && ((set->more[word] >> (iu & 63)) & 1);
}

void iuset_remove(struct iuset *set, iu_id iu)
{
    if (iu < 64) {
        set->word0 &= ~(UINT64_C(1) << iu);
        return;
    }
    uint32_t word = iu / 64 - 1;
    if (word < set->words) set->more[word] &= ~(UINT64_C(1) << (iu & 63));
}

void iuset_remove_all(struct iuset *set, const struct iuset *other)
{
    set->word0 &= ~other->word0;
    uint32_t words = set->words < other->words ? set->words : other->words;
    for (uint32_t i = 0; i < words; i++)
        set->more[i] &= ~other->more[i];
}

bool iuset_empty(const struct iuset *set)
{
    if (set->word0 != 0) return false;
    for (uint32_t i = 0; i < set->words; i++)
        if (set->more[i] != 0) return false;
    return true;
}

bool iuset_subset(const struct iuset *a, const struct iuset *b)
{
    if ((a->word0 & ~b->word0) != 0) return false;
    for (uint32_t i = 0; i < a->words; i++) {
        uint64_t other = i < b->words ? b->more[i] : 0;
        if ((a->more[i] & ~other) != 0) return false;
    }
    return true;
}

bool iuset_intersects(const struct iuset *a, const struct iuset *b)
{
    if ((a->word0 & b->word0) != 0) return true;
    uint32_t words = a->words < b->words ? a->words : b->words;
    for (uint32_t i = 0; i < words; i++)
        if ((a->more[i] & b->more[i]) != 0) return true;
    return false;
}

iu_id iuset_next(const struct iuset *set, iu_id after)
{
    iu_id from = after + 1;
    for (uint32_t word = from / 64; word <= set->words; word++) {
        uint64_t bits = word == 0 ? set->word0 : set->more[word - 1];
        if (word == from / 64) bits &= ~low_bits(from & 63);
        if (bits != 0) return word * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    return 0;
}

llkv_code iuset_add_expr(struct cx *cx, struct iuset *set, const struct expr *e)
{
    if (e == NULL || !(e->flags & EXPR_HAS_COLUMN)) return LLKV_OK;
    if (e->kind == EXPR_COLUMN) return iuset_add(cx, set, e->column);
    TRY(cx_enter(cx));
    for (uint32_t i = 0; i < e->arg_count; i++)
        TRY(iuset_add_expr(cx, set, e->args[i]));
    cx_leave(cx);
    return LLKV_OK;
}
