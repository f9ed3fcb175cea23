/* op_set.c -- INTERSECT and EXCEPT: the right side becomes a table of rows with their counts, the
 * left side is pushed through it and keeps its order. NULLs are equal. */
#include "exec/keytab.h"

struct op_set {
    struct op op;
    uint8_t kind;
    bool all;
    const struct chain *right;
    struct rowfmt fmt;
    struct link_expr *columns; /* of either side, by position */
};

/* States of a row in the table. */
struct set_count {
    int64_t right; /* of the right side; ALL: not yet used up */
    int64_t given; /* the row was given out */
};

struct set_state {
    struct keytab table;
    struct eval *evals;
    struct vector *vectors;
    uint32_t *ids;
    uint16_t *sel;
    struct batch batch;
    bool made;
};

static llkv_code set_make(struct run *run, const struct op_set *set, struct set_state *s)
{
    const size_t count = set->fmt.column_count + 1;
    if (s->made) {
        keytab_reset(&s->table);
        return LLKV_OK;
    }
    TRY(keytab_init(run, &s->table, &set->fmt));
    s->evals = cx_alloc_zero(run->cx, count * sizeof *s->evals);
    s->vectors = cx_alloc_zero(run->cx, count * sizeof *s->vectors);
    s->ids = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *s->ids);
    s->sel = cx_alloc_array(run->cx, VEC_ROWS_MAX + 64, sizeof *s->sel);
    if (s->evals == NULL || s->vectors == NULL || s->ids == NULL || s->sel == NULL)
        return LLKV_NOMEM;
    s->made = true;
    return LLKV_OK;
}

static llkv_code set_rows(struct run *run, const struct op_set *set, struct set_state *s,
                          const struct batch *in, bool add)
{
    for (uint32_t c = 0; c < set->fmt.column_count; c++)
        TRY(eval_flat(run, &set->columns[c], &s->evals[c], in, &s->vectors[c]));
    return add ? keytab_map(&s->table, s->vectors, in->live, s->ids)
               : keytab_find(&s->table, s->vectors, in->live, s->ids);
}

static struct set_count *count_of(const struct op_set *set, const struct set_state *s, uint32_t row)
{
    return (struct set_count *)(void *)(keytab_row(&s->table, row) + set->fmt.state_at);
}

static llkv_code right_open(struct run *run, void *arg, uint32_t range_count)
{
    (void)run;
    (void)arg;
    (void)range_count;
    return LLKV_OK;
}

static llkv_code right_consume(struct run *run, void *arg, uint32_t range, const struct batch *in)
{
    const struct op_set *set = arg;
    struct set_state *s = run->exec->states[set->op.id];
    (void)range;
    TRY(set_rows(run, set, s, in, true));
    for (uint32_t i = 0; i < in->live; i++)
        count_of(set, s, s->ids[i])->right++;
    return LLKV_OK;
}

/* The table changes while the left side goes through it: every start builds it anew. */
static llkv_code set_prepare(struct run *run, const struct op *op)
{
    const struct op_set *set = (const struct op_set *)op;
    const struct sink sink = {
        .open = right_open, .consume = right_consume, .arg = (void *)(uintptr_t)set};
    struct set_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    TRY(set_make(run, set, s));
    return chain_drain(run, set->right, &sink);
}

static llkv_code set_attach(struct run *run, const struct op *op)
{
    (void)run;
    (void)op;
    return LLKV_OK;
}

/* Is a left row given out? */
static bool judge(const struct op_set *set, struct set_count *c)
{
    const bool intersect = set->kind == PSET_INTERSECT;
    if (!set->all) {
        if ((c->right != 0) != intersect || c->given != 0) return false;
        c->given = 1;
        return true;
    }
    if (c->right == 0) return !intersect;
    c->right--;
    return intersect;
}

static llkv_code set_push(struct run *run, const struct op *op, const struct batch *in,
                          const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_set *set = (const struct op_set *)op;
    struct set_state *s = run->exec->states[op->id];
    const bool intersect = set->kind == PSET_INTERSECT;
    uint32_t kept = 0;
    *out_result = OP_NEED_INPUT;
    /* Rows of EXCEPT are entered as they are given out, so that each is given once. */
    TRY(set_rows(run, set, s, in, !intersect && !set->all));
    for (uint32_t i = 0; i < in->live; i++) {
        const bool missing = s->ids[i] == ROW_NONE;
        if (missing ? intersect : !judge(set, count_of(set, s, s->ids[i]))) continue;
        s->sel[kept++] = in->sel == NULL ? (uint16_t)i : in->sel[i];
    }
    if (kept == 0) return LLKV_OK;
    s->batch = *in;
    *out_batch = &s->batch;
    if (kept == in->live) return LLKV_OK;
    s->batch.sel = s->sel;
    s->batch.live = kept;
    return LLKV_OK;
}

static const struct op_class set_class = {
    .name = "set operation",
    .serial = true,
    .cost_ns = 15,
    .prepare = set_prepare,
    .attach = set_attach,
    .push = set_push,
};

llkv_code link_set(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_set *n = (const struct pnode_set *)node;
    const uint32_t count = node->out_count;
    struct op_set *op;
    TRY(link_op(lk, &set_class, node, sizeof *op, &op));
    op->kind = n->kind;
    op->all = n->all;
    uint8_t *phys = cx_alloc(lk->cx, count + 1);
    op->columns = cx_alloc_array(lk->cx, count + 1, sizeof *op->columns);
    if (phys == NULL || op->columns == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < count; c++) {
        op->columns[c] = (struct link_expr){.column = c, .type = node->out_types[c]};
        phys[c] = node->out_types[c].phys;
    }
    TRY(rowfmt_init(lk->cx, &op->fmt, phys, count, count, sizeof(struct set_count)));
    TRY(link_chain(lk, node->child[1], &op->right));
    *out_op = &op->op;
    return LLKV_OK;
}
