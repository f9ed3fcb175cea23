/* op_union.c -- UNION ALL: the rows of the first child, then those of the second. */
#include "exec/exec_priv.h"

struct op_union {
    struct op op;
    const struct chain *children[2];
};

struct union_local {
    uint32_t child; /* being read */
    bool whole;     /* everything; otherwise the morsels sought */
    uint32_t first, end;
};

static llkv_code union_prepare(struct run *run, const struct op *op)
{
    const struct op_union *u = (const struct op_union *)op;
    TRY(chain_prepare(run, u->children[0]));
    return chain_prepare(run, u->children[1]);
}

static llkv_code union_attach(struct run *run, const struct op *op)
{
    const struct op_union *u = (const struct op_union *)op;
    struct union_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    *l = (struct union_local){.whole = true};
    return chain_attach(run, u->children[0], false);
}

static uint32_t child_morsels(struct run *run, const struct op *op, uint32_t child)
{
    const struct op *source = ((const struct op_union *)op)->children[child]->source;
    return source->class->morsels(run, source);
}

static uint32_t union_morsels(struct run *run, const struct op *op)
{
    return child_morsels(run, op, 0) + child_morsels(run, op, 1);
}

/* Attach child `c` at the part of it that was sought. */
static llkv_code enter_child(struct run *run, const struct op *op, uint32_t c)
{
    const struct op_union *u = (const struct op_union *)op;
    struct union_local *l = run->locals[op->id];
    l->child = c;
    if (c == 2) return LLKV_OK;
    TRY(chain_attach(run, u->children[c], !l->whole));
    if (l->whole) return LLKV_OK;
    const uint32_t before = c == 0 ? 0 : child_morsels(run, op, 0);
    const uint32_t count = child_morsels(run, op, c);
    const uint32_t first = l->first < before ? 0 : l->first - before;
    const uint32_t end = l->end < before ? 0 : l->end - before;
    const struct op *source = u->children[c]->source;
    return source->class->seek(run, source, first < count ? first : count,
                               end < count ? end : count);
}

static llkv_code union_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end)
{
    struct union_local *l = run->locals[op->id];
    *l = (struct union_local){.first = first, .end = end};
    return enter_child(run, op, 0);
}

static llkv_code union_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct op_union *u = (const struct op_union *)op;
    struct union_local *l = run->locals[op->id];
    *out_batch = NULL;
    while (l->child < 2) {
        TRY(chain_next(run, u->children[l->child], out_batch));
        if (*out_batch != NULL) return LLKV_OK;
        TRY(enter_child(run, op, l->child + 1));
    }
    return LLKV_OK;
}

static const struct op_class union_class = {
    .name = "union all",
    .cost_ns = 1,
    .prepare = union_prepare,
    .attach = union_attach,
    .morsels = union_morsels,
    .seek = union_seek,
    .next = union_next,
};

llkv_code link_union(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op_union *op;
    TRY(link_op(lk, &union_class, node, sizeof *op, &op));
    for (uint32_t c = 0; c < 2; c++) {
        TRY(link_chain(lk, node->child[c], &op->children[c]));
        /* What a child has left at its end belongs behind all of its morsels. */
        if (!op->children[c]->parallel || chain_flushes(op->children[c])) op->op.serial = true;
    }
    *out_op = &op->op;
    return LLKV_OK;
}
