/* op_group.c -- linking and the sink of GROUP BY. */
#include "exec/group.h"

enum { DIRECT_SLOTS_MAX = 1 << 24 };

static llkv_code make_table(struct run *run, const struct op_group *g, struct group_range *r)
{
    if (r->has_table) return LLKV_OK;
    TRY(keytab_init(run, &r->table, &g->fmt));
    r->has_table = true;
    return LLKV_OK;
}

static void heap_release(void *heap)
{
    arena_deinit(heap);
}

/* ---- one range ---- */
static llkv_code range_new(struct run *run, const struct op_group *g, struct group_range **out)
{
    struct group_range *r = cx_alloc_zero(run->cx, sizeof *r);
    if (r == NULL) return LLKV_NOMEM;
    r->run = run;
    arena_init(&r->heap, run->cx->budget);
    TRY(run_own(run, heap_release, &r->heap));
    r->keys = cx_alloc_zero(run->cx, (g->node->key_count + 1) * sizeof *r->keys);
    r->key_evals = cx_alloc_zero(run->cx, (g->node->key_count + 1) * sizeof *r->key_evals);
    if (r->keys == NULL || r->key_evals == NULL) return LLKV_NOMEM;
    TRY(group_feeds_new(run, g, r));
    if (g->strategy == PGROUP_PLAIN) {
        r->plain = cx_alloc_zero(run->cx, g->state_bytes + 16);
        if (r->plain == NULL) return LLKV_NOMEM;
    } else if (g->strategy == PGROUP_DIRECT) {
        TRY(group_direct_new(run, g, r));
    } else {
        TRY(make_table(run, g, r));
    }
    *out = r;
    return LLKV_OK;
}

/* Start over with the memory of the run before. */
static llkv_code range_reset(const struct op_group *g, struct group_range *r)
{
    arena_reset(&r->heap);
    if (r->plain != NULL) memset(r->plain, 0, g->state_bytes);
    if (r->has_table) keytab_reset(&r->table);
    if (r->states != NULL) {
        r->direct = true;
        memset(r->states, 0, (size_t)g->slots * g->state_bytes);
        memset(r->counts, 0, g->slots * sizeof *r->counts);
    }
    return group_feeds_reset(g, r);
}

static llkv_code group_open(struct run *run, void *arg, uint32_t range_count)
{
    struct group_state *s = run->exec->states[((const struct op *)arg)->id];
    s->range_count = range_count;
    if (range_count <= s->range_room) return LLKV_OK;
    s->ranges = cx_alloc_zero(run->cx, range_count * sizeof(struct group_range *));
    s->range_room = range_count;
    return s->ranges == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code reserve_ids(struct run *run, struct group_range *r, uint32_t n)
{
    if (n <= r->room) return LLKV_OK;
    r->room = n <= 64 ? 64 : n <= 512 ? 512 : VEC_ROWS_MAX;
    r->ids = cx_alloc_array(run->cx, r->room, sizeof *r->ids);
    return r->ids == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code group_consume(struct run *run, void *arg, uint32_t range, const struct batch *in)
{
    const struct op_group *g = arg;
    struct group_state *s = run->exec->states[g->op.id];
    struct group_range *r = s->ranges[range];
    if (r == NULL) {
        TRY(range_new(run, g, &r));
        s->ranges[range] = r;
    }
    if (g->strategy == PGROUP_PLAIN) return group_feed(run, g, r, in, NULL);
    TRY(reserve_ids(run, r, in->live));
    for (uint32_t k = 0; k < g->node->key_count; k++)
        TRY(eval_flat(run, &g->keys[k], &r->key_evals[k], in, &r->keys[k]));
    if (r->direct) {
        if (group_direct_ids(g, r, in->live)) {
            TRY(group_totals_feed(run, g, r, in));
            return group_feed(run, g, r, in, r->ids);
        }
        TRY(make_table(run, g, r));
        TRY(group_direct_convert(run, g, r));
    }
    TRY(keytab_map(&r->table, r->keys, in->live, r->ids));
    return group_feed(run, g, r, in, r->ids);
}

static llkv_code group_prepare(struct run *run, const struct op *op)
{
    const struct op_group *g = (const struct op_group *)op;
    const struct sink sink = {.open = group_open,
                              .consume = group_consume,
                              .arg = (void *)(uintptr_t)g,
                              .ranges_per_thread = g->ranges_per_thread};
    struct group_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (s->done && !op->varies) return LLKV_OK;
    s->done = true;
    if (g->count_rows) {
        const struct pnode_scan *scan = (const struct pnode_scan *)g->input->source->node;
        s->rows = table_row_count(scan->table, run->exec->env.reader);
        return LLKV_OK;
    }
    for (uint32_t i = 0; i < s->range_room; i++)
        if (s->ranges[i] != NULL) TRY(range_reset(g, s->ranges[i]));
    TRY(chain_drain(run, g->input, &sink));
    if (s->ranges[0] == NULL) TRY(range_new(run, g, &s->ranges[0]));
    TRY(group_feed_ordered(run, g, s->ranges[0]));
    return group_merge(run, g, s);
}

static const struct op_class group_class = {
    .name = "group",
    .cost_ns = 5,
    .prepare = group_prepare,
    .attach = group_attach,
    .morsels = group_morsels,
    .seek = group_seek,
    .next = group_next,
};

/* ---- linking ---- */
static llkv_code link_order(struct linker *lk, const struct op_group *g, struct link_agg *a)
{
    const struct pnode *child = g->op.node->child[0];
    const uint32_t count = a->agg->order_count;
    uint8_t *phys = cx_alloc(lk->cx, count + 2);
    a->order_exprs = cx_alloc_array(lk->cx, count + 1, sizeof *a->order_exprs);
    a->order_keys = cx_alloc_array(lk->cx, count + 1, sizeof *a->order_keys);
    if (phys == NULL || a->order_exprs == NULL || a->order_keys == NULL) return LLKV_NOMEM;
    phys[0] = PHYS_U32;
    a->order_keys[0] = (struct sort_key){.column = 0};
    for (uint32_t k = 0; k < count; k++) {
        const struct psort_key *key = &a->agg->order[k];
        TRY(link_expr(lk, key->expr, child->out, child->out_count, &a->order_exprs[k]));
        phys[k + 1] = a->order_exprs[k].type.phys;
        a->order_keys[k + 1] = (struct sort_key){
            .column = k + 1, .descending = key->descending, .nulls_first = key->nulls_first};
    }
    a->order_exprs[count] = a->arg;
    phys[count + 1] = a->arg.type.phys;
    return rowfmt_init(lk->cx, &a->order_fmt, phys, count + 2, 0, 0);
}

/* What the kernel gives must be what the plan says, or an exact sum to be narrowed. */
static bool result_fits(const struct link_agg *a)
{
    const uint8_t want = a->agg->type.phys;
    if (a->kernel->out_phys == want) return true;
    return a->kernel->out_phys == PHYS_I128 && phys_bytes[want] != 0 && want != PHYS_F32 &&
           want != PHYS_VIEW && want != PHYS_NUMBER && want != PHYS_MDN;
}

static llkv_code link_agg(struct linker *lk, const struct op_group *g, struct link_agg *a)
{
    const struct pnode *child = g->op.node->child[0];
    const struct pagg *agg = a->agg;
    a->has_arg = agg->arg != NULL;
    if (a->has_arg) TRY(link_expr(lk, agg->arg, child->out, child->out_count, &a->arg));
    if (agg->filter != NULL) {
        const struct pfilter filter = {1, &agg->filter};
        TRY(link_conjuncts(lk, &filter, child->out, child->out_count, &a->filter));
    }
    const enum phys_type in = a->has_arg ? a->arg.type.phys : PHYS_I64;
    a->kernel = agg_kernel_find((enum agg_op)agg->op, in);
    CHECK(lk->cx, a->kernel != NULL);
    CHECK(lk->cx, a->by_row || result_fits(a));
    if (agg->distinct && a->has_arg) {
        const uint8_t phys[2] = {PHYS_U32, a->arg.type.phys};
        TRY(rowfmt_init(lk->cx, &a->distinct_fmt, phys, 2, 2, 0));
    }
    if (agg->order_count != 0 && a->has_arg) TRY(link_order(lk, g, a));
    return LLKV_OK;
}

static llkv_code link_aggs(struct linker *lk, struct op_group *g)
{
    const struct pnode_group *node = g->node;
    g->aggs = cx_alloc_zero(lk->cx, (node->agg_count + 1) * sizeof *g->aggs);
    if (g->aggs == NULL) return LLKV_NOMEM;
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < node->agg_count; i++) {
        struct link_agg *a = &g->aggs[i];
        a->agg = &node->aggs[i];
        a->by_row = node->row_of_agg >= 0 && a->agg->op == AGG_ANY;
        TRY(link_agg(lk, g, a));
        a->state_at = bytes;
        bytes += a->by_row ? (uint32_t)sizeof(struct row_value) : a->kernel->state_bytes;
        /* These need every row of a group in one place and in order. */
        if ((a->agg->distinct || a->agg->order_count != 0) && a->has_arg) g->ranges_per_thread = 0;
    }
    if (node->row_of_agg >= 0) {
        CHECK(lk->cx, (uint32_t)node->row_of_agg < node->agg_count);
        CHECK(lk->cx, g->aggs[node->row_of_agg].has_arg);
        g->ranges_per_thread = 0;
        g->best_at = bytes;
        bytes += sizeof(struct row_value);
    }
    g->state_bytes = bytes;
    return LLKV_OK;
}

static bool is_direct_type(uint8_t phys)
{
    return phys == PHYS_BOOL || phys == PHYS_I8 || phys == PHYS_I16 || phys == PHYS_I32 ||
           phys == PHYS_I64 || phys == PHYS_U8 || phys == PHYS_U16 || phys == PHYS_U32 ||
           phys == PHYS_U64;
}

/* Dimensions of the array; too large: a table after all. */
static llkv_code link_direct(struct linker *lk, struct op_group *g)
{
    const struct pnode_group *node = g->node;
    uint64_t slots = 1;
    g->dims = cx_alloc_array(lk->cx, node->key_count + 1, sizeof *g->dims);
    if (g->dims == NULL) return LLKV_NOMEM;
    for (uint32_t k = 0; k < node->key_count; k++) {
        const struct pgroup_range *range = &node->ranges[k];
        const i128 span = (i128)range->max - range->min + 1;
        if (span <= 0 || span > DIRECT_SLOTS_MAX || !is_direct_type(g->keys[k].type.phys))
            return LLKV_OK;
        g->dims[k] = (struct group_dim){range->min, (uint64_t)span};
        slots *= (uint64_t)span + 1;
        if (slots > DIRECT_SLOTS_MAX) return LLKV_OK;
    }
    if (slots * (g->state_bytes + 1) > UINT64_C(1) << 29) return LLKV_OK;
    g->slots = (uint32_t)slots;
    g->strategy = PGROUP_DIRECT;
    group_totals_link(g);
    if (g->ranges_per_thread != 0 && slots * g->state_bytes < 1 << 20) g->ranges_per_thread = 4;
    return LLKV_OK;
}

static llkv_code link_formats(struct linker *lk, struct op_group *g)
{
    const uint32_t count = g->node->key_count;
    uint8_t *phys = cx_alloc(lk->cx, count + 1);
    g->order_keys = cx_alloc_array(lk->cx, count + 1, sizeof *g->order_keys);
    if (phys == NULL || g->order_keys == NULL) return LLKV_NOMEM;
    for (uint32_t k = 0; k < count; k++) {
        phys[k] = g->keys[k].type.phys;
        g->order_keys[k] = (struct sort_key){.column = k};
    }
    TRY(rowfmt_init(lk->cx, &g->fmt, phys, count, count, g->state_bytes));
    phys[count] = PHYS_U64;
    return rowfmt_init(lk->cx, &g->order_fmt, phys, count + 1, 0, 0);
}

/* count(*) of a whole table is known without reading it. */
static bool counts_rows(const struct op_group *g)
{
    const struct pnode *source = g->input->source->node;
    if (g->strategy != PGROUP_PLAIN || g->input->op_count != 0 || source->op != POP_SCAN)
        return false;
    if (((const struct pnode_scan *)source)->filter.count != 0 || g->node->agg_count == 0)
        return false;
    for (uint32_t i = 0; i < g->node->agg_count; i++)
        if (g->node->aggs[i].op != AGG_COUNT_STAR || g->aggs[i].filter.count != 0) return false;
    return true;
}

llkv_code link_group(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op_group *g;
    TRY(link_op(lk, &group_class, node, sizeof *g, &g));
    g->node = (const struct pnode_group *)node;
    g->strategy = g->node->key_count == 0 ? PGROUP_PLAIN : PGROUP_HASH;
    g->ranges_per_thread = g->strategy == PGROUP_PLAIN ? 4 : 1;
    TRY(link_chain(lk, node->child[0], &g->input));
    TRY(link_exprs(lk, g->node->keys, g->node->key_count, node->child[0], &g->keys));
    TRY(link_aggs(lk, g));
    if (g->node->strategy == PGROUP_DIRECT && g->node->key_count != 0) TRY(link_direct(lk, g));
    TRY(link_formats(lk, g));
    g->count_rows = counts_rows(g);
    *out_op = &g->op;
    return LLKV_OK;
}
