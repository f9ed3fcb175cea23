/* op_scan.c -- rows of a table: pruned by the predicates, filtered while they are in cache. */
#include "exec/exec_priv.h"

struct op_scan {
    struct op op;
    struct link_filter filter;
};

struct scan_state {
    struct scan_spec spec;
    struct scan_predicate *predicates;
    uint32_t segments;
};

struct scan_local {
    struct scan *scan;
    struct filter_eval filter;
    struct batch batch;
    uint32_t segment, end;
    bool open;
};

/* A predicate that compares with NULL is true for no row. */
static bool bind_predicates(const struct pnode_scan *node, const struct value *values,
                            struct scan_state *s)
{
    s->spec.predicate_count = node->predicate_count;
    for (uint32_t i = 0; i < node->predicate_count; i++) {
        const struct pscan_predicate *p = &node->predicates[i];
        s->predicates[i] = (struct scan_predicate){.column = p->column, .op = p->op};
        if (p->value == NULL) continue;
        s->predicates[i].value = values[i];
        if (values[i].is_null) return false;
    }
    return true;
}

static llkv_code scan_prepare(struct run *run, const struct op *op)
{
    const struct pnode_scan *node = (const struct pnode_scan *)op->node;
    struct scan_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (!is_new && (!op->varies || node->predicate_count == 0)) return LLKV_OK;
    const size_t count = node->predicate_count;
    if (is_new) {
        s->spec = (struct scan_spec){.table = node->table,
                                     .reader = run->exec->env.reader,
                                     .columns = node->columns,
                                     .column_count = op->node->out_count};
        if (count != 0) {
            s->predicates =
                cx_alloc_zero(run->cx, count * (sizeof *s->predicates + sizeof(struct value)));
            if (s->predicates == NULL) return LLKV_NOMEM;
        }
        s->spec.predicates = s->predicates;
    }
    struct value *values = count == 0 ? NULL : (struct value *)(void *)(s->predicates + count);
    for (uint32_t i = 0; i < count; i++)
        if (node->predicates[i].value != NULL)
            TRY(eval_scalar(run, node->predicates[i].value, &values[i]));
    const bool possible = bind_predicates(node, values, s);
    s->segments = possible ? scan_segment_count(&s->spec) : 0;
    return LLKV_OK;
}

static llkv_code scan_attach(struct run *run, const struct op *op)
{
    struct scan_state *s = run->exec->states[op->id];
    struct scan_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    if (is_new) TRY(scan_new(run->cx, &s->spec, &l->scan));
    l->segment = 0;
    l->end = s->segments;
    l->open = false;
    return LLKV_OK;
}

static uint32_t scan_morsels(struct run *run, const struct op *op)
{
    const struct scan_state *s = run->exec->states[op->id];
    return s->segments;
}

static llkv_code scan_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end)
{
    struct scan_local *l = run->locals[op->id];
    l->segment = first;
    l->end = end;
    l->open = false;
    return LLKV_OK;
}

static llkv_code scan_pull(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct op_scan *scan = (const struct op_scan *)op;
    struct scan_local *l = run->locals[op->id];
    *out_batch = NULL;
    for (;;) {
        if (!l->open) {
            bool empty;
            if (l->segment == l->end) return LLKV_OK;
            TRY(cx_check_cancel(run->cx));
            TRY(scan_open_segment(run->cx, l->scan, l->segment, &empty));
            l->segment++;
            if (empty) continue;
            l->open = true;
        }
        TRY(scan_next(run->cx, l->scan, &l->batch));
        if (l->batch.rows == 0) {
            l->open = false;
            continue;
        }
        TRY(filter_select(run, &scan->filter, &l->filter, &l->batch));
        if (l->batch.live == 0) continue;
        *out_batch = &l->batch;
        return LLKV_OK;
    }
}

static const struct op_class scan_class = {
    .name = "scan",
    .cost_ns = 1.0,
    .prepare = scan_prepare,
    .attach = scan_attach,
    .morsels = scan_morsels,
    .seek = scan_seek,
    .next = scan_pull,
};

llkv_code link_scan(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_scan *scan = (const struct pnode_scan *)node;
    struct op_scan *op;
    TRY(link_op(lk, &scan_class, node, sizeof *op, &op));
    TRY(link_conjuncts(lk, &scan->filter, node->out, node->out_count, &op->filter));
    *out_op = &op->op;
    return LLKV_OK;
}
