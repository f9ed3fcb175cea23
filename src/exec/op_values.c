/* op_values.c -- rows out of nothing: VALUES, number ranges, the empty set. */
#include "exec/exec_priv.h"

/* ---- VALUES ---- */
struct values_local {
    struct colbuf *columns;
    struct vector *vectors;
    struct batch batch;
    bool *fixed; /* per column: all constants, and all there already */
    uint32_t at;
};

static llkv_code values_attach(struct run *run, const struct op *op)
{
    struct values_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->at = 0;
    if (!is_new || op->node->out_count == 0) return LLKV_OK;
    l->columns = cx_alloc_zero(run->cx, (op->node->out_count + 1) * sizeof *l->columns);
    l->vectors = cx_alloc_zero(run->cx, (op->node->out_count + 1) * sizeof *l->vectors);
    l->fixed = cx_alloc_zero(run->cx, op->node->out_count * sizeof *l->fixed);
    if (l->columns == NULL || l->vectors == NULL || l->fixed == NULL) return LLKV_NOMEM;
    return LLKV_OK;
}

/* Constants, parameters and what is evaluated from them live as long as the statement, but inside
 * an apply parameters change under the rows made from them. */
static llkv_code values_column(struct run *run, const struct op *op, struct values_local *l,
                               uint32_t c, uint32_t n)
{
    const struct pnode_values *node = (const struct pnode_values *)op->node;
    const uint32_t width = op->node->out_count;
    const uint8_t phys = op->node->out_types[c].phys;
    struct colbuf *buf = &l->columns[c];
    bool nulls = false;
    bool constant = n == node->row_count;
    if (l->fixed[c]) return LLKV_OK;
    if (UNLIKELY(n > buf->rows)) TRY(colbuf_reserve(run, buf, phys, n));
    for (size_t w = 0; w < bitmap_words(n); w++)
        buf->validity[w] = UINT64_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct expr *e = node->exprs[(size_t)(l->at + i) * width + c];
        struct value computed;
        const struct value *value = &computed;
        constant = constant && e->kind == EXPR_CONST;
        if (e->kind == EXPR_CONST)
            value = e->value;
        else if (e->kind == EXPR_PARAM)
            value = &run->exec->env.params[e->parameter];
        else
            TRY(eval_scalar(run, e, &computed));
        if (value->is_null || phys == PHYS_NULLS) {
            bit_clear(buf->validity, i);
            nulls = true;
        } else {
            value_store(value, phys, buf->data, i);
        }
    }
    l->vectors[c] = (struct vector){.phys = phys,
                                    .shape = VEC_FLAT,
                                    .flags = op->varies ? 0 : VEC_STABLE,
                                    .rows = n,
                                    .validity = nulls ? buf->validity : NULL,
                                    .data = buf->data};
    l->fixed[c] = constant;
    return LLKV_OK;
}

static llkv_code values_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct pnode_values *node = (const struct pnode_values *)op->node;
    struct values_local *l = run->locals[op->id];
    const uint32_t left = node->row_count - l->at;
    const uint32_t n = left < VEC_ROWS_MAX ? left : VEC_ROWS_MAX;
    *out_batch = NULL;
    if (n == 0) return LLKV_OK;
    for (uint32_t c = 0; c < op->node->out_count; c++)
        TRY(values_column(run, op, l, c, n));
    l->at += n;
    l->batch = (struct batch){
        .rows = n, .live = n, .column_count = op->node->out_count, .columns = l->vectors};
    *out_batch = &l->batch;
    return LLKV_OK;
}

static const struct op_class values_class = {.name = "values",
                                             .restarts = true,
                                             .cost_ns = 20,
                                             .attach = values_attach,
                                             .next = values_next};

llkv_code link_values(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    TRY(link_op(lk, &values_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}

/* ---- RANGE ---- */
enum { RANGE_MORSEL = 65536 };

struct range_state {
    int64_t start, step;
    uint64_t count;
};

struct range_local {
    uint64_t at, end;
    int64_t seq[2];
    struct vector vector;
    struct batch batch;
};

static uint64_t range_count(int64_t start, int64_t stop, int64_t step, bool inclusive)
{
    const i128 span = step > 0 ? (i128)stop - start : (i128)start - stop;
    const i128 stride = step > 0 ? (i128)step : -(i128)step;
    if (span < 0 || (span == 0 && !inclusive)) return 0;
    const i128 count = inclusive ? span / stride + 1 : (span + stride - 1) / stride;
    return count > (i128)UINT64_MAX ? UINT64_MAX : (uint64_t)count;
}

static llkv_code range_prepare(struct run *run, const struct op *op)
{
    const struct pnode_range *node = (const struct pnode_range *)op->node;
    struct range_state *s;
    struct value start, stop, step;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (!is_new && !op->varies) return LLKV_OK;
    TRY(eval_scalar(run, node->start, &start));
    TRY(eval_scalar(run, node->stop, &stop));
    TRY(eval_scalar(run, node->step, &step));
    s->count = 0;
    if (start.is_null || stop.is_null || step.is_null) return LLKV_OK;
    if (step.i == 0)
        return cx_fail_at(run->cx, LLKV_DATA, node->step->at, "22023",
                          "the step of a range must not be 0");
    s->start = start.i;
    s->step = step.i;
    s->count = range_count(start.i, stop.i, step.i, node->inclusive);
    return LLKV_OK;
}

static llkv_code range_attach(struct run *run, const struct op *op)
{
    const struct range_state *s = run->exec->states[op->id];
    struct range_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->at = 0;
    l->end = s->count;
    return LLKV_OK;
}

static uint32_t range_morsels(struct run *run, const struct op *op)
{
    const struct range_state *s = run->exec->states[op->id];
    const uint64_t morsels = s->count / RANGE_MORSEL + (s->count % RANGE_MORSEL != 0);
    return morsels > UINT32_MAX ? UINT32_MAX : (uint32_t)morsels;
}

static llkv_code range_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end)
{
    const struct range_state *s = run->exec->states[op->id];
    struct range_local *l = run->locals[op->id];
    l->at = (uint64_t)first * RANGE_MORSEL;
    l->end = end == range_morsels(run, op) ? s->count : (uint64_t)end * RANGE_MORSEL;
    return LLKV_OK;
}

static llkv_code range_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct range_state *s = run->exec->states[op->id];
    struct range_local *l = run->locals[op->id];
    const uint64_t left = l->end - l->at;
    const uint32_t n = left < VEC_ROWS_MAX ? (uint32_t)left : VEC_ROWS_MAX;
    *out_batch = NULL;
    if (n == 0) return LLKV_OK;
    l->seq[0] = (int64_t)((uint64_t)s->start + l->at * (uint64_t)s->step);
    l->seq[1] = s->step;
    l->at += n;
    l->vector = (struct vector){.phys = PHYS_I64, .shape = VEC_SEQ, .rows = n, .data = l->seq};
    l->batch = (struct batch){.rows = n, .live = n, .column_count = 1, .columns = &l->vector};
    *out_batch = &l->batch;
    return LLKV_OK;
}

static const struct op_class range_class = {
    .name = "range",
    .cost_ns = 1,
    .prepare = range_prepare,
    .attach = range_attach,
    .morsels = range_morsels,
    .seek = range_seek,
    .next = range_next,
};

llkv_code link_range(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    CHECK(lk->cx, node->out_count == 1);
    CHECK(lk->cx, node->out_types[0].phys == PHYS_I64);
    TRY(link_op(lk, &range_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}

/* ---- EMPTY ---- */
static llkv_code empty_attach(struct run *run, const struct op *op)
{
    (void)run;
    (void)op;
    return LLKV_OK;
}

static llkv_code empty_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    (void)run;
    (void)op;
    *out_batch = NULL;
    return LLKV_OK;
}

static const struct op_class empty_class = {
    .name = "empty", .attach = empty_attach, .next = empty_next};

llkv_code link_empty(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    TRY(link_op(lk, &empty_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}
