/* group_direct.c -- groups as an array over the product of the keys' ranges. */
#include "exec/group.h"

static void direct_release(void *ptr)
{
    struct group_range *r = ptr;
    big_free(r->heap.budget, r->states, r->state_room);
    big_free(r->heap.budget, r->counts, r->count_room);
    r->states = NULL;
    r->counts = NULL;
}

llkv_code group_direct_new(struct run *run, const struct op_group *g, struct group_range *r)
{
    TRY(run_own(run, direct_release, r));
    r->state_room = (size_t)g->slots * g->state_bytes + 16;
    r->count_room = g->slots * sizeof *r->counts;
    r->states = big_alloc(run->cx, r->state_room);
    r->counts = big_alloc(run->cx, r->count_room);
    if (r->states == NULL || r->counts == NULL) return LLKV_NOMEM;
    r->direct = true;
    return LLKV_OK;
}

/* One row after the other: booleans, and columns with NULLs, which are number `span`. */
static uint64_t add_dim_slow(uint32_t *ids, const struct vector *v, const struct group_dim *dim,
                             uint32_t n)
{
    const uint32_t width = phys_bytes[v->phys], size = (uint32_t)dim->span + 1;
    uint64_t outside = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t word = 0, at = dim->span;
        if (v->validity == NULL || bit_get(v->validity, i)) {
            if (v->phys == PHYS_BOOL)
                word = bit_get(v->data, i);
            else
                memcpy(&word, (const uint8_t *)v->data + (size_t)i * width, width);
            at = (uint64_t)slot_integer(v->phys, word) - (uint64_t)dim->min;
            outside |= at >= dim->span;
        }
        ids[i] = ids[i] * size + (uint32_t)at;
    }
    return outside;
}

static uint64_t add_key(uint32_t *ids, const struct vector *v, const struct group_dim *dim,
                        uint32_t n, bool first)
{
    group_ids_fn *fn = group_ids_find(v->phys);
    if (v->validity == NULL && fn != NULL) {
        const struct group_span span = {dim->min, dim->span, first ? 0 : (uint32_t)dim->span + 1};
        return fn(ids, v->data, &span, n);
    }
    if (first) memset(ids, 0, n * sizeof *ids);
    return add_dim_slow(ids, v, dim, n);
}

bool group_direct_ids(const struct op_group *g, struct group_range *r, uint32_t n)
{
    uint64_t outside = 0;
    for (uint32_t k = 0; k < g->node->key_count; k++)
        outside |= add_key(r->ids, &r->keys[k], &g->dims[k], n, k == 0);
    return outside == 0;
}

bool group_direct_counts(const struct op_group *g, const struct link_agg *a)
{
    return g->strategy == PGROUP_DIRECT && a->agg->op == AGG_COUNT_STAR && a->filter.count == 0;
}

static llkv_code feed_count(struct agg_context *context, const struct agg_kernel *kernel,
                            uint8_t *state, uint64_t count)
{
    while (count != 0) {
        const uint32_t n = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
        TRY(kernel->update(context, state, NULL, NULL, n));
        count -= n;
    }
    return LLKV_OK;
}

llkv_code group_direct_finish(struct run *run, const struct op_group *g, struct group_range *r)
{
    group_totals_flush(g, r);
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        const struct link_agg *a = &g->aggs[i];
        struct agg_context context = {.cx = run->cx, .heap = &r->heap};
        if (!group_direct_counts(g, a)) continue;
        for (uint32_t slot = 0; slot < g->slots; slot++)
            TRY(feed_count(&context, a->kernel,
                           r->states + (size_t)slot * g->state_bytes + a->state_at,
                           r->counts[slot]));
    }
    return LLKV_OK;
}

static void put_integer(uint8_t phys, int64_t value, void *data, uint32_t i)
{
    if (phys == PHYS_BOOL)
        bit_put(data, i, value != 0);
    else
        memcpy((uint8_t *)data + (size_t)i * phys_bytes[phys], &value, phys_bytes[phys]);
}

llkv_code group_direct_key(struct run *run, const struct op_group *g, uint32_t k,
                           const uint32_t *slots, uint32_t n, struct colbuf *buf,
                           struct vector *out)
{
    const uint8_t phys = g->keys[k].type.phys;
    bool nulls = false;
    uint64_t below = 1;
    for (uint32_t d = k + 1; d < g->node->key_count; d++)
        below *= g->dims[d].span + 1;
    TRY(colbuf_reserve(run, buf, phys, n));
    memset(buf->validity, 0xff, bitmap_words(n) * 8);
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t at = slots[i] / below % (g->dims[k].span + 1);
        const bool null = at == g->dims[k].span;
        put_integer(phys, null ? 0 : g->dims[k].min + (int64_t)at, buf->data, i);
        if (!null) continue;
        bit_clear(buf->validity, i);
        nulls = true;
    }
    *out = (struct vector){.phys = phys,
                           .shape = VEC_FLAT,
                           .flags = VEC_STABLE,
                           .rows = n,
                           .validity = nulls ? buf->validity : NULL,
                           .data = buf->data};
    return LLKV_OK;
}

/* The groups of some slots into the table, states and all. */
static llkv_code convert_slots(struct run *run, const struct op_group *g, struct group_range *r,
                               struct colbuf *bufs, const uint32_t *slots, uint32_t n)
{
    struct vector *keys = cx_alloc_array(run->cx, g->node->key_count, sizeof *keys);
    uint32_t *ids = cx_alloc_array(run->cx, n, sizeof *ids);
    if (keys == NULL || ids == NULL) return LLKV_NOMEM;
    for (uint32_t k = 0; k < g->node->key_count; k++)
        TRY(group_direct_key(run, g, k, slots, n, &bufs[k], &keys[k]));
    TRY(keytab_map(&r->table, keys, n, ids));
    for (uint32_t i = 0; i < n; i++)
        memcpy(keytab_row(&r->table, ids[i]) + g->fmt.state_at,
               r->states + (size_t)slots[i] * g->state_bytes, g->state_bytes);
    return LLKV_OK;
}

llkv_code group_direct_convert(struct run *run, const struct op_group *g, struct group_range *r)
{
    uint32_t *slots = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *slots);
    struct colbuf *bufs = cx_alloc_zero(run->cx, g->node->key_count * sizeof *bufs);
    if (slots == NULL || bufs == NULL) return LLKV_NOMEM;
    TRY(group_direct_finish(run, g, r));
    uint32_t n = 0;
    for (uint32_t slot = 0; slot < g->slots; slot++) {
        if (r->counts[slot] == 0) continue;
        slots[n++] = slot;
        if (n < VEC_ROWS_MAX) continue;
        TRY(convert_slots(run, g, r, bufs, slots, n));
        n = 0;
    }
    if (n != 0) TRY(convert_slots(run, g, r, bufs, slots, n));
    r->direct = false;
    return LLKV_OK;
}
