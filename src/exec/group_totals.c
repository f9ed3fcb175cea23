/* group_totals.c -- direct groups whose sums and counts are kept as plain words beside the states.
 *
 * One pass over the rows counts them and adds up all arguments (compute/totals.h); the states get
 * the totals when the range ends, or before a sum of absolute values could reach 2^63. A batch with
 * NULLs or with values too wide turns this off for the range: the states are fed as usual then. */
#include "exec/group.h"

/* A batch of fewer rows is not worth a second array. */
enum { TOTAL_ROWS_MIN = 256, TOTAL_BITS = 62 };

static bool same_column(const struct link_expr *a, const struct link_expr *b)
{
    return link_is_column(a) && link_is_column(b) && a->column == b->column;
}

/* The word of the agg's sum; 0 if there is no more room. */
static uint32_t sum_word(struct op_group *g, const struct link_agg *a)
{
    for (uint32_t s = 0; s < g->sum_count; s++)
        if (same_column(&g->aggs[g->sum_aggs[s]].arg, &a->arg)) return s + 1;
    if (g->sum_count == TOTAL_SUMS_MAX) return 0;
    g->sum_aggs[g->sum_count++] = (uint32_t)(a - g->aggs);
    return g->sum_count;
}

void group_totals_link(struct op_group *g)
{
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        struct link_agg *a = &g->aggs[i];
        if (!a->has_arg || a->filter.count != 0 || a->agg->distinct || a->agg->order_count != 0 ||
            a->by_row)
            continue;
        agg_total_fn *total = agg_total_find(a->agg->op, a->arg.type.phys);
        if (total == NULL) continue;
        if (a->agg->op != AGG_COUNT) {
            a->total_word = sum_word(g, a);
            if (a->total_word == 0) continue;
        }
        a->total = total;
    }
}

static void totals_release(void *ptr)
{
    struct group_range *r = ptr;
    big_free(r->heap.budget, r->totals.words, r->totals_room);
    r->totals.words = NULL;
}

static llkv_code totals_new(struct run *run, const struct op_group *g, struct group_range *r)
{
    const uint32_t width = totals_words(g->sum_count);
    r->totals_tried = true;
    r->totals = (struct totals){.width = width,
                                .sums = g->sum_count,
                                .copies = g->slots <= TOTAL_COPIED_GROUPS ? TOTAL_COPIES : 1,
                                .copy_words = g->slots * width};
    r->totals_room = (size_t)g->slots * width * r->totals.copies * sizeof *r->totals.words;
    TRY(run_own(run, totals_release, r));
    r->totals.words = big_alloc(run->cx, r->totals_room);
    if (r->totals.words == NULL) return LLKV_NOMEM;
    r->totals_on = true;
    return LLKV_OK;
}

static void flush_slot(const struct op_group *g, struct group_range *r, uint32_t slot,
                       const uint64_t *words)
{
    uint8_t *states = r->states + (size_t)slot * g->state_bytes;
    r->counts[slot] += words[0];
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        const struct link_agg *a = &g->aggs[i];
        if (a->total != NULL)
            a->total(states + a->state_at, (int64_t)words[a->total_word], (int64_t)words[0]);
    }
}

void group_totals_flush(const struct op_group *g, struct group_range *r)
{
    if (r->totals_rows == 0) return;
    for (uint32_t c = 0; c < r->totals.copies; c++) {
        uint64_t *words = r->totals.words + (size_t)c * r->totals.copy_words;
        for (uint32_t slot = 0; slot < g->slots; slot++, words += r->totals.width)
            if (words[0] != 0) flush_slot(g, r, slot, words);
    }
    memset(r->totals.words, 0, r->totals_room);
    r->totals_rows = 0;
    r->totals_used = 0;
}

static bool has_nulls(const struct vector *v, uint32_t n)
{
    return v->phys == PHYS_NULLS || (v->validity != NULL && bitmap_count(v->validity, n) != n);
}

/* The arguments of the sums as words; how much they use of what a sum can hold, UINT64_MAX if
 * that cannot be said. */
static llkv_code read_sums(struct run *run, const struct op_group *g, struct group_range *r,
                           const struct batch *in, const int64_t **args, uint64_t *out_used)
{
    uint64_t widest = 0;
    *out_used = UINT64_MAX;
    for (uint32_t s = 0; s < g->sum_count; s++) {
        const uint32_t i = g->sum_aggs[s];
        struct agg_feed *f = &r->feeds[i];
        const uint8_t phys = g->aggs[i].arg.type.phys;
        struct vector v;
        TRY(eval_flat(run, &g->aggs[i].arg, &f->arg, in, &v));
        if (has_nulls(&v, in->live)) return LLKV_OK;
        const bool wide = phys_bytes[phys] == 8;
        if (!wide) TRY(colbuf_reserve(run, &f->words, PHYS_I64, in->live));
        widest |= total_words_find(phys)(f->words.data, v.data, in->live);
        args[s] = wide ? v.data : f->words.data;
    }
    const uint32_t bits = widest == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(widest);
    if (bits + 12 <= TOTAL_BITS) *out_used = (uint64_t)in->live << bits;
    return LLKV_OK;
}

/* COUNT(x) is the count of rows if no x is NULL. */
static llkv_code counts_all(struct run *run, const struct op_group *g, struct group_range *r,
                            const struct batch *in, bool *out_all)
{
    *out_all = true;
    for (uint32_t i = 0; i < g->node->agg_count && *out_all; i++) {
        const struct link_agg *a = &g->aggs[i];
        struct vector v;
        if (a->total == NULL || a->total_word != 0) continue;
        TRY(eval_flat(run, &a->arg, &r->feeds[i].arg, in, &v));
        *out_all = !has_nulls(&v, in->live);
    }
    return LLKV_OK;
}

llkv_code group_totals_feed(struct run *run, const struct op_group *g, struct group_range *r,
                            const struct batch *in)
{
    const int64_t *args[TOTAL_SUMS_MAX] = {0};
    uint64_t used;
    bool all;
    if (!r->totals_tried && in->live >= TOTAL_ROWS_MIN) TRY(totals_new(run, g, r));
    if (r->totals_on) {
        TRY(counts_all(run, g, r, in, &all));
        TRY(read_sums(run, g, r, in, args, &used));
        if (all && used != UINT64_MAX) {
            const bool full = r->totals_used + used >= UINT64_C(1) << TOTAL_BITS;
            /* Emptying must not cost more than the rows between. */
            if (full) r->totals_on = r->totals_rows >= g->slots;
            if (full) group_totals_flush(g, r);
        } else {
            r->totals_on = false;
            group_totals_flush(g, r);
        }
    }
    if (r->totals_on) {
        r->totals.keys = r->keys[0].data;
        r->totals.key_bytes = phys_bytes[r->keys[0].phys];
        totals_add(&r->totals, r->ids, args, in->live);
        r->totals_used += used;
        r->totals_rows += in->live;
        return LLKV_OK;
    }
    for (uint32_t i = 0; i < in->live; i++)
        r->counts[r->ids[i]]++;
    return LLKV_OK;
}
