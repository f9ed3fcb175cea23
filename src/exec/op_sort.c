/* op_sort.c -- ORDER BY: rows are collected, put in order, and handed on; with a limit only as many
 * as can be among the first are kept. */
#include "exec/collect.h"
#include "exec/sort.h"

struct op_sort {
    struct op op;
    const struct pnode_sort *node;
    const struct chain *input;
    struct rowfmt fmt; /* what is computed for keys, and the columns */
    struct link_expr *exprs;
    struct sort_key *keys;
    struct link_expr first_key;
    uint32_t *map; /* column of the row per output column */
    bool top;      /* keep node->top rows */
};

enum { TOP_MAX = 65536, TOP_SLACK = 4096 };

/* What one range keeps for a top-N: rows, and from the first cut on a bound they must be within. */
struct top_range {
    struct rowstore stores[2]; /* the second takes what remains at a cut */
    uint32_t current;
    struct sorter sorter;
    struct vector *vectors;
    struct eval *evals;
    struct eval first;
    uint16_t *sel;
    uint64_t *codes;
    const uint8_t **rows;
    bool bounded, bound_null;
    uint64_t bound;      /* code of the first key of the last row kept */
    uint64_t bound_slot; /* the key itself, if it is an integer of up to 64 bits */
};

struct sort_state {
    struct collect rows;
    struct top_range **tops;
    uint32_t top_count, top_room;
    const struct rowstore *store;
    struct sorter sorter;
    uint64_t count; /* rows to hand on */
    bool done;
};

struct sort_local {
    struct store_source source;
    uint64_t at, end;
};

/* ---- top-N ---- */
static llkv_code top_open(struct run *run, void *arg, uint32_t range_count)
{
    struct sort_state *s = run->exec->states[((const struct op *)arg)->id];
    s->top_count = range_count;
    if (range_count <= s->top_room) return LLKV_OK;
    s->tops = cx_alloc_zero(run->cx, range_count * sizeof(struct top_range *));
    s->top_room = range_count;
    return s->tops == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code top_range_new(struct run *run, const struct op_sort *sort, struct top_range **out)
{
    struct top_range *r = cx_alloc_zero(run->cx, sizeof *r);
    if (r == NULL) return LLKV_NOMEM;
    const size_t count = sort->fmt.column_count + 1;
    r->vectors = cx_alloc_zero(run->cx, count * sizeof *r->vectors);
    r->evals = cx_alloc_zero(run->cx, count * sizeof *r->evals);
    r->sel = cx_alloc_array(run->cx, VEC_ROWS_MAX + 64, sizeof *r->sel);
    r->rows = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *r->rows);
    r->codes = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *r->codes);
    if (r->codes == NULL || r->vectors == NULL || r->evals == NULL || r->sel == NULL ||
        r->rows == NULL)
        return LLKV_NOMEM;
    TRY(rowstore_init(run, &r->stores[0], &sort->fmt));
    TRY(rowstore_init(run, &r->stores[1], &sort->fmt));
    *out = r;
    return LLKV_OK;
}

/* Sort, keep the first `top` rows, and remember how far the last one reaches. */
static llkv_code top_cut(struct run *run, const struct op_sort *sort, struct top_range *r)
{
    struct rowstore *from = &r->stores[r->current], *to = &r->stores[1 - r->current];
    const uint64_t top = (uint64_t)sort->node->top;
    TRY(sorter_sort(run, &r->sorter, from, sort->keys, sort->node->key_count));
    rowstore_reset(to);
    const uint64_t keep = from->count < top ? from->count : top;
    for (uint64_t at = 0; at < keep;) {
        uint32_t n = 0;
        for (; n < VEC_ROWS_MAX && at < keep; at++)
            r->rows[n++] = rowstore_at(from, r->sorter.entries[at].row);
        TRY(rowstore_copy(to, from, r->rows, n));
    }
    r->current = 1 - r->current;
    if (keep < top || keep == 0) return LLKV_OK;
    const uint8_t *last = rowstore_at(from, r->sorter.entries[keep - 1].row);
    const uint32_t c = sort->keys[0].column;
    r->bounded = true;
    r->bound_null = row_is_null(last, c);
    r->bound = sort_code(sort->fmt.phys[c], last + sort->fmt.at[c]);
    memcpy(&r->bound_slot, last + sort->fmt.at[c], sizeof r->bound_slot);
    return LLKV_OK;
}

/* Could a row with this first key still be among the first? Ties could. */
static bool within_bound(const struct op_sort *sort, const struct top_range *r, bool null,
                         uint64_t code)
{
    const struct sort_key *key = &sort->keys[0];
    if (null || r->bound_null) return null == r->bound_null || null == key->nulls_first;
    return key->descending ? code >= r->bound : code <= r->bound;
}

static bool is_word(uint8_t phys)
{
    return (phys >= PHYS_I8 && phys <= PHYS_I64) || (phys >= PHYS_U8 && phys <= PHYS_U64);
}

/* Integers without NULLs: most batches have none within the bound, which one comparison tells. */
static void narrow_words(const struct op_sort *sort, struct top_range *r, const struct vector *v,
                         struct batch *io)
{
    uint64_t bits[VEC_WORDS_MAX];
    const enum compare_op op = sort->keys[0].descending ? CMP_GE : CMP_LE;
    kernel_fn *within = kernel_compare(op, (enum phys_type)v->phys, KERNEL_VS);
    (void)within(bits, v->data, &r->bound_slot, NULL, io->live); /* comparisons raise no flag */
    const uint32_t kept = bits_to_positions(r->sel, bits, io->live);
    for (uint32_t i = 0; io->sel != NULL && i < kept; i++)
        r->sel[i] = io->sel[r->sel[i]];
    io->sel = r->sel;
    io->live = kept;
}

static llkv_code top_narrow(struct run *run, const struct op_sort *sort, struct top_range *r,
                            struct batch *io)
{
    struct vector v;
    TRY(eval_flat(run, &sort->first_key, &r->first, io, &v));
    if (v.validity == NULL && !r->bound_null && is_word(v.phys)) {
        narrow_words(sort, r, &v, io);
        return LLKV_OK;
    }
    sort_vector_codes(&v, io->live, r->codes);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < io->live; i++) {
        const bool null = v.validity != NULL && !bit_get(v.validity, i);
        r->sel[kept] = io->sel == NULL ? (uint16_t)i : io->sel[i];
        kept += within_bound(sort, r, null, r->codes[i]);
    }
    io->sel = r->sel;
    io->live = kept;
    return LLKV_OK;
}

static llkv_code top_consume(struct run *run, void *arg, uint32_t range, const struct batch *batch)
{
    const struct op_sort *sort = arg;
    struct sort_state *s = run->exec->states[sort->op.id];
    struct top_range *r = s->tops[range];
    if (r == NULL) {
        TRY(top_range_new(run, sort, &r));
        s->tops[range] = r;
    }
    struct batch in = *batch;
    if (r->bounded) TRY(top_narrow(run, sort, r, &in));
    if (in.live == 0) return LLKV_OK;
    for (uint32_t c = 0; c < sort->fmt.column_count; c++)
        TRY(eval_flat(run, &sort->exprs[c], &r->evals[c], &in, &r->vectors[c]));
    struct rowstore *store = &r->stores[r->current];
    TRY(rowstore_append(store, r->vectors, NULL, in.live));
    const uint64_t full = 2 * (uint64_t)sort->node->top;
    return store->count >= (full < TOP_SLACK ? TOP_SLACK : full) ? top_cut(run, sort, r) : LLKV_OK;
}

static llkv_code top_drain(struct run *run, const struct op_sort *sort, struct sort_state *s)
{
    const struct sink sink = {.open = top_open,
                              .consume = top_consume,
                              .arg = (void *)(uintptr_t)sort,
                              .ranges_per_thread = 4};
    for (uint32_t i = 0; i < s->top_room; i++) {
        if (s->tops[i] == NULL) continue;
        struct rowstore *store = &s->tops[i]->stores[s->tops[i]->current];
        if (s->top_count > 1) rowstore_deinit(store);
        rowstore_reset(store);
        s->tops[i]->bounded = false;
    }
    TRY(chain_drain(run, sort->input, &sink));
    if (s->tops[0] == NULL) TRY(top_range_new(run, sort, &s->tops[0]));
    struct rowstore *store = &s->tops[0]->stores[s->tops[0]->current];
    for (uint32_t i = 1; i < s->top_count; i++)
        if (s->tops[i] != NULL)
            TRY(rowstore_concat(store, &s->tops[i]->stores[s->tops[i]->current]));
    s->store = store;
    return LLKV_OK;
}

/* ---- the operator ---- */
static llkv_code sort_prepare(struct run *run, const struct op *op)
{
    const struct op_sort *sort = (const struct op_sort *)op;
    struct sort_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (is_new) s->rows = (struct collect){.fmt = &sort->fmt, .exprs = sort->exprs};
    if (s->done && !op->varies) return LLKV_OK;
    if (sort->top) {
        TRY(top_drain(run, sort, s));
    } else {
        TRY(collect_chain(run, sort->input, &s->rows));
        s->store = s->rows.store;
    }
    TRY(sorter_sort(run, &s->sorter, s->store, sort->keys, sort->node->key_count));
    const uint64_t top = sort->node->top < 0 ? 0 : (uint64_t)sort->node->top;
    s->count = s->sorter.count < top ? s->sorter.count : top;
    s->done = true;
    return LLKV_OK;
}

static llkv_code sort_attach(struct run *run, const struct op *op)
{
    const struct op_sort *sort = (const struct op_sort *)op;
    const struct sort_state *s = run->exec->states[op->id];
    struct sort_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->source.map = sort->map;
    l->at = 0;
    l->end = s->count;
    return store_source_attach(run, &l->source, s->store, op->node->out_count, !op->varies);
}

enum { SORT_MORSEL = 65536 };

static uint32_t sort_morsels(struct run *run, const struct op *op)
{
    const struct sort_state *s = run->exec->states[op->id];
    return (uint32_t)((s->count + SORT_MORSEL - 1) / SORT_MORSEL);
}

static llkv_code sort_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end)
{
    const struct sort_state *s = run->exec->states[op->id];
    struct sort_local *l = run->locals[op->id];
    l->at = (uint64_t)first * SORT_MORSEL;
    l->end = (uint64_t)end * SORT_MORSEL;
    if (l->end > s->count) l->end = s->count;
    return LLKV_OK;
}

static llkv_code sort_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    enum { AHEAD = 32 };
    const struct sort_state *s = run->exec->states[op->id];
    struct sort_local *l = run->locals[op->id];
    uint32_t n = 0;
    *out_batch = NULL;
    for (; n < VEC_ROWS_MAX && l->at < l->end; l->at++) {
        if (l->at + AHEAD < l->end)
            PREFETCH(rowstore_at(s->store, s->sorter.entries[l->at + AHEAD].row));
        l->source.rows[n++] = rowstore_at(s->store, s->sorter.entries[l->at].row);
    }
    if (n == 0) return LLKV_OK;
    TRY(store_source_read(run, &l->source, n));
    *out_batch = &l->source.batch;
    return LLKV_OK;
}

static const struct op_class sort_class = {
    .name = "sort",
    .cost_ns = 20,
    .prepare = sort_prepare,
    .attach = sort_attach,
    .morsels = sort_morsels,
    .seek = sort_seek,
    .next = sort_next,
};

/* Keys that are columns are kept once. */
static llkv_code link_sort_rows(struct linker *lk, struct op_sort *op)
{
    const struct pnode_sort *node = op->node;
    const struct pnode *child = node->base.child[0];
    const uint32_t columns = child->out_count;
    uint8_t *phys = cx_alloc(lk->cx, columns + node->key_count + 1);
    op->exprs = cx_alloc_array(lk->cx, columns + node->key_count + 1, sizeof *op->exprs);
    op->keys = cx_alloc_array(lk->cx, node->key_count + 1, sizeof *op->keys);
    op->map = cx_alloc_array(lk->cx, columns + 1, sizeof *op->map);
    if (phys == NULL || op->exprs == NULL || op->keys == NULL || op->map == NULL) return LLKV_NOMEM;
    uint32_t count = 0;
    for (; count < columns; count++) {
        const int32_t from = layout_find(child->out, columns, node->base.out[count]);
        CHECK(lk->cx, from >= 0);
        op->exprs[count] =
            (struct link_expr){.column = (uint32_t)from, .type = child->out_types[from]};
        phys[count] = child->out_types[from].phys;
        op->map[count] = count;
    }
    for (uint32_t k = 0; k < node->key_count; k++) {
        struct link_expr e;
        TRY(link_expr(lk, node->keys[k].expr, child->out, columns, &e));
        if (k == 0) op->first_key = e;
        uint32_t at = count;
        if (link_is_column(&e))
            for (at = 0; at < columns && op->exprs[at].column != e.column;)
                at++;
        op->keys[k] = (struct sort_key){.column = at,
                                        .descending = node->keys[k].descending,
                                        .nulls_first = node->keys[k].nulls_first};
        if (at < count) continue;
        op->keys[k].column = count;
        phys[count] = e.type.phys;
        op->exprs[count++] = e;
    }
    return rowfmt_init(lk->cx, &op->fmt, phys, count, 0, 0);
}

llkv_code link_sort(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op_sort *op;
    TRY(link_op(lk, &sort_class, node, sizeof *op, &op));
    op->node = (const struct pnode_sort *)node;
    op->top = op->node->key_count != 0 && op->node->top > 0 && op->node->top <= TOP_MAX;
    TRY(link_chain(lk, node->child[0], &op->input));
    TRY(link_sort_rows(lk, op));
    *out_op = &op->op;
    return LLKV_OK;
}
