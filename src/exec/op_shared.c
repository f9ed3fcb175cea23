/* op_shared.c -- a subplan that runs once, when its first reader starts, and is read by several. */
#include "exec/collect.h"

/* The subplan; every reader has its own struct op. */
struct link_shared {
    const struct chain *chain;
    struct rowfmt fmt;
    struct link_expr *exprs;
};

llkv_code link_shared_plan(struct linker *lk, const struct pnode *node,
                           const struct link_shared **out_shared)
{
    struct link_shared *shared = cx_alloc_zero(lk->cx, sizeof *shared);
    if (shared == NULL) return LLKV_NOMEM;
    TRY(link_identity(lk, node, &shared->fmt, &shared->exprs));
    TRY(link_chain(lk, node, &shared->chain));
    *out_shared = shared;
    return LLKV_OK;
}

static llkv_code shared_prepare(struct run *run, const struct op *op)
{
    const uint32_t index = ((const struct pnode_shared *)op->node)->index;
    const struct link_shared *shared = run->exec->plan->shared[index];
    struct collect **slot = &run->exec->shared[index];
    if (*slot != NULL) return LLKV_OK;
    struct collect *c = cx_alloc_zero(run->cx, sizeof *c);
    if (c == NULL) return LLKV_NOMEM;
    c->fmt = &shared->fmt;
    c->exprs = shared->exprs;
    TRY(collect_chain(run, shared->chain, c));
    *slot = c;
    return LLKV_OK;
}

static const struct rowstore *shared_store(const struct run *run, const struct op *op)
{
    return run->exec->shared[((const struct pnode_shared *)op->node)->index]->store;
}

static llkv_code shared_attach(struct run *run, const struct op *op)
{
    struct store_source *s;
    bool is_new;
    TRY(run_local(run, op, sizeof *s, &s, &is_new));
    return store_source_attach(run, s, shared_store(run, op), op->node->out_count, true);
}

static uint32_t shared_morsels(struct run *run, const struct op *op)
{
    return store_source_morsels(shared_store(run, op));
}

static llkv_code shared_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end)
{
    store_source_seek(run->locals[op->id], first, end);
    return LLKV_OK;
}

static llkv_code shared_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    return store_source_next(run, run->locals[op->id], out_batch);
}

static const struct op_class shared_class = {
    .name = "shared",
    .cost_ns = 2,
    .prepare = shared_prepare,
    .attach = shared_attach,
    .morsels = shared_morsels,
    .seek = shared_seek,
    .next = shared_next,
};

llkv_code link_shared(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    CHECK(lk->cx, ((const struct pnode_shared *)node)->index < lk->plan->shared_count);
    TRY(link_op(lk, &shared_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}
