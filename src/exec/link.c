/* link.c -- from the physical plan to operators and chains: programs are compiled, once per plan.
 */
#include "exec/exec_priv.h"

int32_t layout_find(const iu_id *layout, uint32_t count, iu_id column)
{
    for (uint32_t i = 0; i < count; i++)
        if (layout[i] == column) return (int32_t)i;
    return -1;
}

/* A literal needs no program. */
static llkv_code link_constant(struct linker *lk, const struct expr *e, struct link_expr *out)
{
    static const uint64_t none;
    const uint8_t phys = e->type.phys;
    uint64_t *slot = cx_alloc_zero(lk->cx, 2 * sizeof *slot); /* the widest value, or one bit */
    struct vector *v = cx_alloc(lk->cx, sizeof *v);
    if (slot == NULL || v == NULL) return LLKV_NOMEM;
    const bool null = e->value->is_null || phys == PHYS_NULLS;
    CHECK(lk->cx, null || e->value->type.phys == phys);
    *v = (struct vector){.phys = phys,
                         .shape = VEC_CONST,
                         .flags = VEC_STABLE,
                         .rows = VEC_ROWS_MAX,
                         .validity = null ? &none : NULL,
                         .data = slot};
    if (!null) value_store(e->value, phys, slot, 0);
    out->constant = v;
    return LLKV_OK;
}

static llkv_code link_computed(struct linker *lk, const struct expr *e, const iu_id *layout,
                               uint32_t layout_count, struct link_expr *out)
{
    *out = (struct link_expr){.type = e->type, .has_param = (e->flags & EXPR_HAS_PARAM) != 0};
    if (e->kind == EXPR_COLUMN) {
        const int32_t column = layout_find(layout, layout_count, e->column);
        CHECK(lk->cx, column >= 0);
        out->column = (uint32_t)column;
        return LLKV_OK;
    }
    const struct program_options options = {
        .layout = layout, .layout_count = layout_count, .sqlite_compat = lk->plan->sqlite_compat};
    return program_compile(lk->cx, e, &options, &out->program);
}

llkv_code link_expr(struct linker *lk, const struct expr *e, const iu_id *layout,
                    uint32_t layout_count, struct link_expr *out)
{
    if (e->kind != EXPR_CONST) return link_computed(lk, e, layout, layout_count, out);
    *out = (struct link_expr){.type = e->type};
    return link_constant(lk, e, out);
}

llkv_code link_exprs(struct linker *lk, const struct expr *const *e, uint32_t count,
                     const struct pnode *over, struct link_expr **out_exprs)
{
    *out_exprs = NULL;
    if (count == 0) return LLKV_OK;
    struct link_expr *exprs = cx_alloc_array(lk->cx, count, sizeof *exprs);
    if (exprs == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        TRY(link_expr(lk, e[i], over->out, over->out_count, &exprs[i]));
    *out_exprs = exprs;
    return LLKV_OK;
}

llkv_code link_conjuncts(struct linker *lk, const struct pfilter *filter, const iu_id *layout,
                         uint32_t layout_count, struct link_filter *out)
{
    *out = (struct link_filter){.count = filter->count};
    if (filter->count == 0) return LLKV_OK;
    out->conjuncts = cx_alloc_array(lk->cx, filter->count, sizeof *out->conjuncts);
    if (out->conjuncts == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < filter->count; i++)
        TRY(link_computed(lk, filter->conjuncts[i], layout, layout_count, &out->conjuncts[i]));
    return LLKV_OK;
}

static bool any_bound(const struct linker *lk)
{
    for (size_t w = 0; w < bitmap_words(lk->plan->parameter_count); w++)
        if (lk->bound[w] != 0) return true;
    return false;
}

llkv_code link_op(struct linker *lk, const struct op_class *class, const struct pnode *node,
                  size_t bytes, void *out_op)
{
    struct op *op = cx_alloc_zero(lk->cx, bytes);
    if (op == NULL) return LLKV_NOMEM;
    op->class = class;
    op->node = node;
    op->id = lk->op_count++;
    op->varies = any_bound(lk) && link_varies(lk, node);
    op->serial = class->serial;
    memcpy(out_op, &op, sizeof op);
    return LLKV_OK;
}

/* ---- chains ---- */
static const struct {
    link_fn *link;
    bool transform; /* its first child belongs to the same chain */
} linkers[POP_COUNT] = {
    [POP_SCAN] = {link_scan, false},
    [POP_LOOKUP] = {link_lookup, false},
    [POP_VALUES] = {link_values, false},
    [POP_RANGE] = {link_range, false},
    [POP_EMPTY] = {link_empty, false},
    [POP_FILTER] = {link_filter, true},
    [POP_PROJECT] = {link_project, true},
    [POP_HASH_JOIN] = {link_join, true},
    [POP_LOOP_JOIN] = {link_join, true},
    [POP_APPLY] = {link_apply, true},
    [POP_GROUP] = {link_group, false},
    [POP_SORT] = {link_sort, false},
    [POP_LIMIT] = {link_limit, true},
    [POP_UNION_ALL] = {link_union, false},
    [POP_SET] = {link_set, true},
    [POP_SHARED] = {link_shared, false},
    [POP_INSERT] = {link_dml, true},
    [POP_UPDATE] = {link_dml, true},
    [POP_DELETE] = {link_dml, true},
    [POP_CSV] = {link_csv, false},
    [POP_CSV_WRITE] = {link_csv_write, true},
};

static llkv_code link_node(struct linker *lk, const struct pnode *node)
{
    const struct op *op;
    TRY(cx_enter(lk->cx));
    CHECK(lk->cx, node->op < POP_COUNT);
    if (linkers[node->op].transform) TRY(link_node(lk, node->child[0]));
    TRY(linkers[node->op].link(lk, node, &op));
    VEC_PUSH(lk->cx, &lk->open, op);
    cx_leave(lk->cx);
    return LLKV_OK;
}

llkv_code link_chain(struct linker *lk, const struct pnode *node, const struct chain **out_chain)
{
    struct linker inner = *lk;
    memset(&inner.open, 0, sizeof inner.open);
    struct chain *chain = cx_alloc_zero(lk->cx, sizeof *chain);
    if (chain == NULL) return LLKV_NOMEM;
    TRY(link_node(&inner, node));
    lk->op_count = inner.op_count;
    chain->id = inner.chain_count;
    lk->chain_count = inner.chain_count + 1;
    chain->source = inner.open.items[0];
    chain->op_count = inner.open.count - 1;
    chain->ops = inner.open.items + 1;
    chain->parallel = chain->source->class->morsels != NULL;
    for (uint32_t i = 0; i < inner.open.count; i++) {
        chain->parallel &= !inner.open.items[i]->serial;
        chain->cost_ns += inner.open.items[i]->class->cost_ns;
    }
    *out_chain = chain;
    return LLKV_OK;
}

/* Nothing is computed once and kept: no breakers, no inits, no shared subplans. */
static bool plan_restarts(const struct exec_plan *linked)
{
    const struct chain *root = linked->root;
    bool restarts = linked->plan->init_count == 0 && linked->plan->shared_count == 0 &&
                    root->source->class->restarts;
    for (uint32_t i = 0; i < root->op_count; i++)
        restarts = restarts && root->ops[i]->class->restarts;
    return restarts;
}

llkv_code exec_link(struct cx *cx, const struct pplan *plan, const struct exec_plan **out_plan)
{
    struct linker lk = {.cx = cx, .plan = plan};
    struct exec_plan *linked = cx_alloc_zero(cx, sizeof *linked);
    const struct chain **inits = cx_alloc_array(cx, plan->init_count, sizeof *inits);
    const struct link_shared **shared = cx_alloc_array(cx, plan->shared_count, sizeof *shared);
    lk.bound = cx_alloc_zero(cx, (bitmap_words(plan->parameter_count) + 1) * 8);
    if (linked == NULL || inits == NULL || shared == NULL || lk.bound == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < plan->shared_count; i++)
        TRY(link_shared_plan(&lk, plan->shared[i], &shared[i]));
    for (uint32_t i = 0; i < plan->init_count; i++)
        TRY(link_chain(&lk, plan->inits[i].node, &inits[i]));
    TRY(link_chain(&lk, plan->root, &linked->root));
    linked->plan = plan;
    linked->op_count = lk.op_count;
    linked->chain_count = lk.chain_count;
    linked->inits = inits;
    linked->shared = shared;
    linked->restarts = plan_restarts(linked);
    *out_plan = linked;
    return LLKV_OK;
}
