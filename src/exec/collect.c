/* collect.c -- the rows of a chain into a store, and a store read as batches. */
#include "exec/collect.h"

/* ---- reading a store as batches ---- */
llkv_code store_source_attach(struct run *run, struct store_source *s, const struct rowstore *store,
                              uint32_t column_count, bool stable)
{
    if (s->columns == NULL) {
        s->columns = cx_alloc_zero(run->cx, (column_count + 1) * sizeof *s->columns);
        s->vectors = cx_alloc_zero(run->cx, (column_count + 1) * sizeof *s->vectors);
        s->rows = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *s->rows);
        if (s->columns == NULL || s->vectors == NULL || s->rows == NULL) return LLKV_NOMEM;
        s->column_count = column_count;
    }
    s->store = store;
    s->stable = stable;
    store_source_seek(s, 0, store_source_morsels(store));
    return LLKV_OK;
}

uint32_t store_source_morsels(const struct rowstore *store)
{
    return (store->filled + STORE_MORSEL_BLOCKS - 1) / STORE_MORSEL_BLOCKS;
}

void store_source_seek(struct store_source *s, uint32_t first, uint32_t end)
{
    s->reader = (struct rowreader){.block = first * STORE_MORSEL_BLOCKS};
    s->end_block = end * STORE_MORSEL_BLOCKS;
    if (s->end_block > s->store->filled) s->end_block = s->store->filled;
}

llkv_code store_source_read(struct run *run, struct store_source *s, uint32_t n)
{
    for (uint32_t c = 0; c < s->column_count; c++) {
        const uint32_t from = s->map == NULL ? c : s->map[c];
        const struct rowlist list = {s->rows, n, rowstore_has_nulls(s->store, from)};
        TRY(rowfmt_read(run, s->store->fmt, from, &list, &s->columns[c], &s->vectors[c]));
        if (s->stable) s->vectors[c].flags |= VEC_STABLE;
    }
    s->batch = (struct batch){
        .rows = n, .live = n, .column_count = s->column_count, .columns = s->vectors};
    return LLKV_OK;
}

llkv_code store_source_next(struct run *run, struct store_source *s, const struct batch **out_batch)
{
    *out_batch = NULL;
    const struct rowstore part = {
        .fmt = s->store->fmt, .filled = s->end_block, .blocks = s->store->blocks};
    const uint32_t n = rowstore_next(&part, &s->reader, VEC_ROWS_MAX, s->rows);
    if (n == 0) return LLKV_OK;
    TRY(store_source_read(run, s, n));
    *out_batch = &s->batch;
    return LLKV_OK;
}

/* ---- collecting a chain into a store ---- */
static llkv_code collect_open(struct run *run, void *arg, uint32_t range_count)
{
    struct collect *c = arg;
    c->range_count = range_count;
    if (range_count > c->range_room) {
        c->ranges = cx_alloc_zero(run->cx, range_count * sizeof(struct collect_range *));
        if (c->ranges == NULL) return LLKV_NOMEM;
        c->range_room = range_count;
    }
    return LLKV_OK;
}

static llkv_code collect_range_new(struct run *run, struct collect *c, uint32_t range,
                                   struct collect_range **out_range)
{
    struct collect_range *r = cx_alloc_zero(run->cx, sizeof *r);
    if (r == NULL) return LLKV_NOMEM;
    const uint32_t count = c->fmt->column_count;
    r->vectors = cx_alloc_zero(run->cx, (count + 1) * sizeof *r->vectors);
    r->evals = cx_alloc_zero(run->cx, (count + 1) * sizeof *r->evals);
    if (r->vectors == NULL || r->evals == NULL) return LLKV_NOMEM;
    TRY(rowstore_init(run, &r->store, c->fmt));
    c->ranges[range] = r;
    *out_range = r;
    return LLKV_OK;
}

static llkv_code collect_consume(struct run *run, void *arg, uint32_t range,
                                 const struct batch *batch)
{
    struct collect *c = arg;
    struct collect_range *r = c->ranges[range];
    if (r == NULL) TRY(collect_range_new(run, c, range, &r));
    for (uint32_t i = 0; i < c->fmt->column_count; i++)
        TRY(eval_flat(run, &c->exprs[i], &r->evals[i], batch, &r->vectors[i]));
    if (!c->hashed) return rowstore_append(&r->store, r->vectors, NULL, batch->live);
    if (batch->live > r->hash_rows) {
        r->hash_rows = batch->live <= 64 ? 64 : VEC_ROWS_MAX;
        r->wide_hash = cx_alloc_array(run->cx, r->hash_rows, sizeof *r->wide_hash);
        r->hash = cx_alloc_array(run->cx, r->hash_rows, sizeof *r->hash);
        if (r->wide_hash == NULL || r->hash == NULL) return LLKV_NOMEM;
    }
    rowfmt_hash(c->fmt, r->vectors, batch->live, r->wide_hash, r->hash);
    return rowstore_append(&r->store, r->vectors, r->hash, batch->live);
}

llkv_code collect_chain(struct run *run, const struct chain *chain, struct collect *c)
{
    const struct sink sink = {
        .open = collect_open, .consume = collect_consume, .arg = c, .ranges_per_thread = 4};
    /* Stores of an earlier run are used again. */
    for (uint32_t i = 0; i < c->range_room; i++) {
        if (c->ranges[i] == NULL) continue;
        /* Blocks that went to the first range's store are of no use to where they came from. */
        if (c->range_count > 1) rowstore_deinit(&c->ranges[i]->store);
        rowstore_reset(&c->ranges[i]->store);
    }
    TRY(chain_drain(run, chain, &sink));
    if (c->ranges[0] == NULL) {
        struct collect_range *first;
        TRY(collect_range_new(run, c, 0, &first));
    }
    c->store = &c->ranges[0]->store;
    for (uint32_t i = 1; i < c->range_count; i++)
        if (c->ranges[i] != NULL) TRY(rowstore_concat(c->store, &c->ranges[i]->store));
    return LLKV_OK;
}

/* The columns of a node as they are. */
llkv_code link_identity(struct linker *lk, const struct pnode *node, struct rowfmt *out_fmt,
                        struct link_expr **out_exprs)
{
    const uint32_t count = node->out_count;
    struct link_expr *exprs = cx_alloc_array(lk->cx, count + 1, sizeof *exprs);
    uint8_t *phys = cx_alloc(lk->cx, count + 1);
    if (exprs == NULL || phys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = (struct link_expr){.column = i, .type = node->out_types[i]};
        phys[i] = node->out_types[i].phys;
    }
    *out_exprs = exprs;
    return rowfmt_init(lk->cx, out_fmt, phys, count, 0, 0);
}
