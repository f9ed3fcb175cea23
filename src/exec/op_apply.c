/* op_apply.c -- runs the right side once per left row, with parameters bound to its columns: what
 * unnesting leaves. The inner chain is made once and started over for every row; rows it gives are
 * remembered per distinct binding where the plan says so.
 *
 * What comes out is made by the join's code: an apply is a loop join whose candidates differ from
 * row to row. */
#include "exec/join.h"
#include "exec/keytab.h"

struct op_apply {
    struct op_join join; /* first: join_output.c works on it */
    const struct pnode_apply *node;
    uint32_t *columns; /* of the left batch, per parameter */
    struct link_expr *bindings;
    struct rowfmt memo_fmt;
};

/* The rows that one left row gets: of apply_local.rows. */
struct inner_rows {
    uint64_t first, count;
};
static_assert(sizeof(struct inner_rows) == 16, "states of the memo");

enum { MEMO_ROWS_MAX = 1 << 20 };

struct apply_state {
    struct join_state join; /* first */
    struct rowstore store;
    struct keytab memo;
    bool made;
};

struct apply_local {
    struct join_local join; /* first */
    struct eval *inner_evals;
    struct vector *inner_vectors;
    struct eval *binding_evals;
    struct vector *bindings;
    uint32_t *memo_ids;
    struct inner_rows *found; /* per live row */
    VEC(const uint8_t *) rows;
    const uint8_t **fresh;
    struct rowreader reader; /* at the end of the store */
    uint64_t next;           /* of the live row's rows */
};

static bool needs_rows(uint8_t kind)
{
    return kind != PJOIN_SEMI && kind != PJOIN_ANTI && kind != PJOIN_MARK_EXISTS;
}

static void forget(struct apply_state *s, const struct op_apply *apply)
{
    rowstore_reset(&s->store);
    if (apply->node->memo) keytab_reset(&s->memo);
}

static llkv_code apply_prepare(struct run *run, const struct op *op)
{
    const struct op_apply *apply = (const struct op_apply *)op;
    struct apply_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (!s->made) {
        TRY(rowstore_init(run, &s->store, &apply->join.fmt));
        if (apply->node->memo) TRY(keytab_init(run, &s->memo, &apply->memo_fmt));
        s->join.rows.store = &s->store;
        s->made = true;
    }
    return LLKV_OK;
}

static llkv_code apply_attach(struct run *run, const struct op *op)
{
    const struct op_apply *apply = (const struct op_apply *)op;
    struct apply_state *s = run->exec->states[op->id];
    const size_t params = apply->node->param_count + 1, columns = apply->join.fmt.column_count + 1;
    struct apply_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->join.phase = JOIN_IDLE;
    if (is_new || op->varies) {
        forget(s, apply);
        l->rows.count = 0;
        l->reader = (struct rowreader){0};
    }
    if (!is_new) return LLKV_OK;
    TRY(join_local_init(run, &apply->join, &l->join));
    l->inner_evals = cx_alloc_zero(run->cx, columns * sizeof *l->inner_evals);
    l->inner_vectors = cx_alloc_zero(run->cx, columns * sizeof *l->inner_vectors);
    l->binding_evals = cx_alloc_zero(run->cx, params * sizeof *l->binding_evals);
    l->bindings = cx_alloc_zero(run->cx, params * sizeof *l->bindings);
    l->memo_ids = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->memo_ids);
    l->found = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->found);
    l->fresh = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->fresh);
    if (l->inner_evals == NULL || l->inner_vectors == NULL || l->binding_evals == NULL ||
        l->bindings == NULL || l->memo_ids == NULL || l->found == NULL || l->fresh == NULL)
        return LLKV_NOMEM;
    return LLKV_OK;
}

/* ---- running the inner chain ---- */
static llkv_code keep_rows(struct run *run, const struct op_apply *apply, struct apply_local *l,
                           const struct batch *batch)
{
    struct apply_state *s = run->exec->states[apply->join.op.id];
    for (uint32_t c = 0; c < apply->join.fmt.column_count; c++)
        TRY(eval_flat(run, &apply->join.build_exprs[c], &l->inner_evals[c], batch,
                      &l->inner_vectors[c]));
    TRY(rowstore_append(&s->store, l->inner_vectors, NULL, batch->live));
    /* Not a row more: the reader must stay in a block that is not full yet. */
    const uint32_t n = rowstore_next(&s->store, &l->reader, batch->live, l->fresh);
    CHECK(run->cx, n == batch->live);
    for (uint32_t i = 0; i < n; i++)
        VEC_PUSH(run->cx, &l->rows, l->fresh[i]);
    return LLKV_OK;
}

static llkv_code run_inner(struct run *run, const struct op_apply *apply, struct apply_local *l,
                           struct inner_rows *out)
{
    *out = (struct inner_rows){.first = l->rows.count};
    TRY(chain_start(run, apply->join.build));
    for (;;) {
        const struct batch *batch;
        TRY(chain_next(run, apply->join.build, &batch));
        if (batch == NULL) return LLKV_OK;
        out->count += batch->live;
        if (!needs_rows(apply->join.kind)) return LLKV_OK;
        TRY(keep_rows(run, apply, l, batch));
        if (apply->join.kind != PJOIN_SINGLE) continue;
        if (apply->node->first_only) {
            out->count = 1;
            return LLKV_OK;
        }
        if (out->count > 1)
            return cx_fail(run->cx, LLKV_CARDINALITY,
                           "more than one row returned by a subquery used as an expression");
    }
}

static void bind(struct run *run, const struct op_apply *apply, const struct batch *in,
                 uint32_t row)
{
    const struct pnode *left = apply->node->base.child[0];
    for (uint32_t p = 0; p < apply->node->param_count; p++) {
        const uint32_t c = apply->columns[p];
        const struct value value = vec_value(&in->columns[c], left->out_types[c], row);
        run->exec->env.params[apply->node->params[p].parameter] = value;
    }
    run->exec->epoch++;
}

static llkv_code find_bindings(struct run *run, const struct op_apply *apply, struct apply_local *l,
                               const struct batch *in)
{
    struct apply_state *s = run->exec->states[apply->join.op.id];
    for (uint32_t p = 0; p < apply->node->param_count; p++)
        TRY(eval_flat(run, &apply->bindings[p], &l->binding_evals[p], in, &l->bindings[p]));
    return keytab_map(&s->memo, l->bindings, in->live, l->memo_ids);
}

/* The inner rows of every live row. */
static llkv_code run_batch(struct run *run, const struct op_apply *apply, struct apply_local *l,
                           const struct batch *in)
{
    struct apply_state *s = run->exec->states[apply->join.op.id];
    const bool memo = apply->node->memo;
    if (!memo || l->rows.count > MEMO_ROWS_MAX || s->memo.count > MEMO_ROWS_MAX) {
        forget(s, apply);
        l->rows.count = 0;
        l->reader = (struct rowreader){0};
    }
    uint32_t known = memo ? s->memo.count : 0;
    if (memo) TRY(find_bindings(run, apply, l, in));
    for (uint32_t i = 0; i < in->live; i++) {
        uint8_t *kept =
            memo ? keytab_row(&s->memo, l->memo_ids[i]) + apply->memo_fmt.state_at : NULL;
        if (memo && l->memo_ids[i] < known) {
            memcpy(&l->found[i], kept, sizeof l->found[i]);
            continue;
        }
        bind(run, apply, in, in->sel == NULL ? i : in->sel[i]);
        TRY(run_inner(run, apply, l, &l->found[i]));
        if (!memo) continue;
        memcpy(kept, &l->found[i], sizeof l->found[i]);
        known = l->memo_ids[i] + 1;
    }
    return LLKV_OK;
}

/* ---- pairs ---- */
static void make_pairs(const struct op_apply *apply, struct apply_local *l, const struct batch *in)
{
    struct join_local *j = &l->join;
    const bool keeps_left = apply->join.kind == PJOIN_LEFT || apply->join.kind == PJOIN_SINGLE;
    j->pair_count = 0;
    j->null_rows = false;
    while (j->pair_count < VEC_ROWS_MAX && j->at < in->live) {
        const struct inner_rows *rows = &l->found[j->at];
        const bool alone = rows->count == 0 && keeps_left;
        if (l->next < rows->count || alone) {
            const uint32_t n = j->pair_count++;
            j->live[n] = (uint16_t)j->at;
            j->positions[n] = in->sel == NULL ? (uint16_t)j->at : in->sel[j->at];
            j->rows[n] = alone ? apply->join.fmt.null_row : l->rows.items[rows->first + l->next];
            j->row_ids[n] = 0;
            j->null_rows |= alone;
            l->next++;
        }
        if (l->next < rows->count) continue;
        l->next = 0;
        j->at++;
    }
}

static void begin_verdicts(struct apply_local *l, const struct batch *in, bool by_rows)
{
    struct join_local *j = &l->join;
    memset(j->matched, 0, bitmap_words(in->live) * 8);
    memset(j->unknown, 0, bitmap_words(in->live) * 8);
    j->at = 0;
    l->next = 0;
    for (uint32_t i = 0; by_rows && i < in->live; i++)
        if (l->found[i].count != 0) bit_set(j->matched, i);
}

static llkv_code apply_push(struct run *run, const struct op *op, const struct batch *in,
                            const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_apply *apply = (const struct op_apply *)op;
    struct apply_local *l = run->locals[op->id];
    struct join_local *j = &l->join;
    *out_result = OP_NEED_INPUT;
    if (j->phase == JOIN_IDLE) {
        TRY(run_batch(run, apply, l, in));
        begin_verdicts(l, in, !needs_rows(apply->join.kind));
    }
    if (!needs_rows(apply->join.kind)) return join_emit_left(run, &apply->join, j, in, out_batch);
    if (apply->join.kind == PJOIN_MARK_IN) {
        while (j->at < in->live) {
            make_pairs(apply, l, in);
            if (j->pair_count == 0) continue;
            TRY(join_residual(run, &apply->join, j, in));
            for (uint32_t i = 0; i < j->pair_count; i++)
                bit_set(j->matched, j->live[i]);
        }
        return join_emit_left(run, &apply->join, j, in, out_batch);
    }
    make_pairs(apply, l, in);
    j->phase = j->at < in->live ? JOIN_PAIRS : JOIN_IDLE;
    if (j->phase == JOIN_PAIRS) *out_result = OP_MORE;
    return j->pair_count == 0 ? LLKV_OK : join_emit_pairs(run, &apply->join, j, in, out_batch);
}

static const struct op_class apply_class = {
    .name = "apply",
    .serial = true,
    .cost_ns = 500,
    .prepare = apply_prepare,
    .attach = apply_attach,
    .push = apply_push,
};

/* ---- linking ---- */
static llkv_code link_params(struct linker *lk, struct op_apply *op)
{
    const struct pnode_apply *node = op->node;
    const struct pnode *left = node->base.child[0];
    uint8_t *phys = cx_alloc(lk->cx, node->param_count + 1);
    op->columns = cx_alloc_array(lk->cx, node->param_count + 1, sizeof *op->columns);
    op->bindings = cx_alloc_array(lk->cx, node->param_count + 1, sizeof *op->bindings);
    if (phys == NULL || op->columns == NULL || op->bindings == NULL) return LLKV_NOMEM;
    for (uint32_t p = 0; p < node->param_count; p++) {
        const int32_t c = layout_find(left->out, left->out_count, node->params[p].column);
        CHECK(lk->cx, c >= 0);
        CHECK(lk->cx, node->params[p].parameter < lk->plan->parameter_count);
        op->columns[p] = (uint32_t)c;
        op->bindings[p] = (struct link_expr){.column = (uint32_t)c, .type = left->out_types[c]};
        phys[p] = left->out_types[c].phys;
    }
    return rowfmt_init(lk->cx, &op->memo_fmt, phys, node->param_count, node->param_count,
                       sizeof(struct inner_rows));
}

/* The inner chain, with this apply's parameters known as changing. */
static llkv_code link_inner(struct linker *lk, struct op_apply *op)
{
    const size_t words = bitmap_words(lk->plan->parameter_count) + 1;
    uint64_t *outer = lk->bound;
    uint64_t *bound = cx_alloc_array(lk->cx, words, sizeof *bound);
    if (bound == NULL) return LLKV_NOMEM;
    memcpy(bound, outer, words * sizeof *bound);
    for (uint32_t p = 0; p < op->node->param_count; p++)
        bit_set(bound, op->node->params[p].parameter);
    lk->bound = bound;
    TRY(link_chain(lk, op->node->base.child[1], &op->join.build));
    lk->bound = outer;
    return LLKV_OK;
}

llkv_code link_apply(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_apply *n = (const struct pnode_apply *)node;
    struct op_apply *op;
    TRY(link_op(lk, &apply_class, node, sizeof *op, &op));
    struct pnode_join *as_join = cx_alloc_zero(lk->cx, sizeof *as_join);
    const struct expr **compare = cx_alloc(lk->cx, sizeof(struct expr *));
    if (as_join == NULL || compare == NULL) return LLKV_NOMEM;
    *compare = n->compare;
    as_join->base = n->base;
    as_join->kind = n->kind;
    as_join->first_only = n->first_only;
    as_join->mark = n->mark;
    as_join->residual = (struct pfilter){n->compare == NULL ? 0 : 1, compare};
    op->node = n;
    op->join.node = as_join;
    op->join.kind = n->kind;
    op->join.loop = true;
    op->join.deferred = true;
    op->join.in_kind = n->kind == PJOIN_MARK_IN;
    CHECK(lk->cx, n->compare == NULL || op->join.in_kind);
    TRY(link_params(lk, op));
    TRY(link_inner(lk, op));
    TRY(join_link_columns(lk, &op->join));
    *out_op = &op->join.op;
    return LLKV_OK;
}
