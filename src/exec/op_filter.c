/* op_filter.c -- what narrows or renames a batch in passing: filter, project, limit. */
#include "exec/exec_priv.h"

/* ---- FILTER ---- */
struct op_filter {
    struct op op;
    struct link_filter filter;
};

struct filter_local {
    struct filter_eval filter;
    struct batch batch;
};

static llkv_code filter_attach(struct run *run, const struct op *op)
{
    struct filter_local *l;
    bool is_new;
    return run_local(run, op, sizeof *l, &l, &is_new);
}

static llkv_code filter_push(struct run *run, const struct op *op, const struct batch *in,
                             const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_filter *filter = (const struct op_filter *)op;
    struct filter_local *l = run->locals[op->id];
    l->batch = *in;
    *out_result = OP_NEED_INPUT;
    TRY(filter_select(run, &filter->filter, &l->filter, &l->batch));
    if (l->batch.live != 0) *out_batch = &l->batch;
    return LLKV_OK;
}

static const struct op_class filter_class = {
    .name = "filter", .restarts = true, .cost_ns = 1, .attach = filter_attach, .push = filter_push};

llkv_code link_filter(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode *child = node->child[0];
    struct op_filter *op;
    TRY(link_op(lk, &filter_class, node, sizeof *op, &op));
    TRY(link_conjuncts(lk, &((const struct pnode_filter *)node)->filter, child->out,
                       child->out_count, &op->filter));
    *out_op = &op->op;
    return LLKV_OK;
}

/* ---- PROJECT ---- */
struct op_project {
    struct op op;
    struct link_expr *exprs;
    bool columns_only; /* nothing is computed: the selection stays */
};

struct project_local {
    struct eval *evals;
    struct vector *vectors;
    struct batch batch;
};

static llkv_code project_attach(struct run *run, const struct op *op)
{
    const uint32_t count = op->node->out_count;
    struct project_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    if (!is_new) return LLKV_OK;
    l->evals = cx_alloc_zero(run->cx, count * sizeof *l->evals);
    l->vectors =
        cx_alloc_array(run->cx, count, sizeof *l->vectors); /* written before they are read */
    if (l->evals == NULL || l->vectors == NULL) return LLKV_NOMEM;
    return LLKV_OK;
}

static llkv_code project_push(struct run *run, const struct op *op, const struct batch *in,
                              const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_project *project = (const struct op_project *)op;
    struct project_local *l = run->locals[op->id];
    const uint32_t count = op->node->out_count;
    *out_result = OP_NEED_INPUT;
    *out_batch = &l->batch;
    l->batch = *in;
    l->batch.columns = l->vectors;
    l->batch.column_count = count;
    if (project->columns_only) {
        for (uint32_t i = 0; i < count; i++)
            l->vectors[i] = in->columns[project->exprs[i].column];
        return LLKV_OK;
    }
    l->batch.rows = in->live;
    l->batch.sel = NULL;
    for (uint32_t i = 0; i < count; i++)
        TRY(eval_vector(run, &project->exprs[i], &l->evals[i], in, &l->vectors[i]));
    return LLKV_OK;
}

static const struct op_class project_class = {.name = "project",
                                              .restarts = true,
                                              .cost_ns = 2,
                                              .attach = project_attach,
                                              .push = project_push};

llkv_code link_project(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op_project *op;
    TRY(link_op(lk, &project_class, node, sizeof *op, &op));
    TRY(link_exprs(lk, ((const struct pnode_project *)node)->exprs, node->out_count, node->child[0],
                   &op->exprs));
    op->columns_only = true;
    for (uint32_t i = 0; i < node->out_count; i++)
        if (!link_is_column(&op->exprs[i])) op->columns_only = false;
    *out_op = &op->op;
    return LLKV_OK;
}

/* ---- LIMIT ---- */
struct limit_state {
    uint64_t limit, offset;
};

struct limit_local {
    uint64_t limit, offset; /* still to give, still to skip */
    uint16_t *sel;
    struct batch batch;
};

/* A row count; absent or NULL is `none`. */
static llkv_code limit_value(struct run *run, const struct pnode_limit *node, bool offset,
                             uint64_t *out_rows)
{
    const struct expr *e = offset ? node->offset : node->limit;
    const uint64_t none = offset ? 0 : UINT64_MAX;
    struct value value;
    *out_rows = none;
    if (e == NULL) return LLKV_OK;
    TRY(eval_scalar(run, e, &value));
    if (value.is_null) return LLKV_OK;
    if (value.i >= 0) {
        *out_rows = (uint64_t)value.i;
        return LLKV_OK;
    }
    if (node->negative_is_none) return LLKV_OK;
    return offset ? cx_fail_at(run->cx, LLKV_DATA, e->at, "2201X", "OFFSET must not be negative")
                  : cx_fail_at(run->cx, LLKV_DATA, e->at, "2201W", "LIMIT must not be negative");
}

static llkv_code limit_prepare(struct run *run, const struct op *op)
{
    const struct pnode_limit *node = (const struct pnode_limit *)op->node;
    struct limit_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (!is_new && !op->varies) return LLKV_OK;
    TRY(limit_value(run, node, false, &s->limit));
    return limit_value(run, node, true, &s->offset);
}

static llkv_code limit_attach(struct run *run, const struct op *op)
{
    const struct limit_state *s = run->exec->states[op->id];
    struct limit_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->limit = s->limit;
    l->offset = s->offset;
    return LLKV_OK;
}

static llkv_code limit_push(struct run *run, const struct op *op, const struct batch *in,
                            const struct batch **out_batch, enum op_result *out_result)
{
    struct limit_local *l = run->locals[op->id];
    *out_result = l->limit == 0 ? OP_DONE : OP_NEED_INPUT;
    if (l->limit == 0) return LLKV_OK;
    if (l->offset >= in->live) {
        l->offset -= in->live;
        return LLKV_OK;
    }
    const uint32_t skip = (uint32_t)l->offset;
    const uint32_t left = in->live - skip;
    const uint32_t take = l->limit < left ? (uint32_t)l->limit : left;
    l->offset = 0;
    l->limit -= take;
    if (l->limit == 0) *out_result = OP_DONE;
    *out_batch = in;
    if (take == in->live) return LLKV_OK;
    l->batch = *in;
    l->batch.live = take;
    *out_batch = &l->batch;
    if (in->sel != NULL) {
        l->batch.sel = in->sel + skip;
        return LLKV_OK;
    }
    if (l->sel == NULL) l->sel = cx_alloc_array(run->cx, VEC_ROWS_MAX + 64, sizeof *l->sel);
    if (l->sel == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < take; i++)
        l->sel[i] = (uint16_t)(skip + i);
    l->batch.sel = l->sel;
    return LLKV_OK;
}

static const struct op_class limit_class = {
    .name = "limit",
    .serial = true,
    .prepare = limit_prepare,
    .attach = limit_attach,
    .push = limit_push,
};

llkv_code link_limit(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    TRY(link_op(lk, &limit_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}
