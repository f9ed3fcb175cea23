/* op_lookup.c -- rows by key: the point path. No scan: key values, row ids, columns. */
#include "exec/exec_priv.h"

struct op_lookup {
    struct op op;
    struct link_filter filter;
};

enum { FIRST_ROWS = 4 };

struct lookup_local {
    struct value *values;
    struct vector *columns;
    struct filter_eval filter;
    struct batch batch;
    uint64_t *row_ids;
    uint32_t capacity, count, at;
    bool found; /* the key was looked up */
};

static llkv_code lookup_attach(struct run *run, const struct op *op)
{
    const struct pnode_lookup *node = (const struct pnode_lookup *)op->node;
    struct lookup_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->found = false;
    if (!is_new) return LLKV_OK;
    l->capacity = node->unique ? 1 : FIRST_ROWS;
    l->values = cx_alloc_array(run->cx, node->key_column_count + 1, sizeof *l->values);
    l->columns = cx_alloc_array(run->cx, op->node->out_count + 1, sizeof *l->columns);
    l->row_ids = cx_alloc_array(run->cx, l->capacity, sizeof *l->row_ids);
    if (l->values == NULL || l->columns == NULL || l->row_ids == NULL) return LLKV_NOMEM;
    return LLKV_OK;
}

static llkv_code find_key(struct run *run, const struct pnode_lookup *node, uint32_t *out_key)
{
    const uint32_t count = table_key_count(node->table);
    const struct slice name = slice_of(node->key_name);
    for (uint32_t k = 0; k < count; k++) {
        const struct key_def *def = table_key(node->table, k);
        if (def->column_count != node->key_column_count) continue;
        if (!slice_equal(slice_of(def->name), name)) continue;
        *out_key = k;
        return LLKV_OK;
    }
    /* Dropped since the statement began. */
    return cx_fail(run->cx, LLKV_CONFLICT, "the index %s was dropped by another transaction",
                   node->key_name);
}

/* Ask again with more room while the room was filled. */
static llkv_code find_rows(struct run *run, const struct pnode_lookup *node, struct lookup_local *l)
{
    uint32_t key = 0;
    l->found = true;
    l->at = 0;
    l->count = 0;
    for (uint32_t i = 0; i < node->key_column_count; i++) {
        TRY(eval_scalar(run, node->values[i], &l->values[i]));
        if (l->values[i].is_null) return LLKV_OK;
    }
    TRY(find_key(run, node, &key));
    for (;;) {
        TRY(table_key_lookup(run->cx, node->table, run->exec->env.reader, key, l->values,
                             l->row_ids, l->capacity, &l->count));
        if (node->unique || l->count < l->capacity) return LLKV_OK;
        CHECK(run->cx, l->capacity <= UINT32_MAX / 8);
        l->capacity *= 8;
        l->row_ids = cx_alloc_array(run->cx, l->capacity, sizeof *l->row_ids);
        if (l->row_ids == NULL) return LLKV_NOMEM;
    }
}

static llkv_code gather_rows(struct run *run, const struct pnode_lookup *node,
                             struct lookup_local *l, const uint64_t *row_ids, uint32_t n)
{
    for (uint32_t c = 0; c < node->base.out_count; c++) {
        if (node->columns[c] == SCAN_COLUMN_ROW_ID) {
            l->columns[c] =
                (struct vector){.phys = PHYS_I64, .shape = VEC_FLAT, .rows = n, .data = row_ids};
            continue;
        }
        TRY(table_gather(run->cx, node->table, run->exec->env.reader, row_ids, n, node->columns[c],
                         &l->columns[c]));
    }
    l->batch = (struct batch){
        .rows = n, .live = n, .column_count = node->base.out_count, .columns = l->columns};
    return LLKV_OK;
}

static llkv_code lookup_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct op_lookup *lookup = (const struct op_lookup *)op;
    const struct pnode_lookup *node = (const struct pnode_lookup *)op->node;
    struct lookup_local *l = run->locals[op->id];
    *out_batch = NULL;
    if (!l->found) TRY(find_rows(run, node, l));
    while (l->at < l->count) {
        const uint32_t left = l->count - l->at;
        const uint32_t n = left < VEC_ROWS_MAX ? left : VEC_ROWS_MAX;
        TRY(gather_rows(run, node, l, l->row_ids + l->at, n));
        l->at += n;
        TRY(filter_select(run, &lookup->filter, &l->filter, &l->batch));
        if (l->batch.live == 0) continue;
        *out_batch = &l->batch;
        return LLKV_OK;
    }
    return LLKV_OK;
}

static const struct op_class lookup_class = {
    .name = "lookup",
    .restarts = true,
    .cost_ns = 100,
    .attach = lookup_attach,
    .next = lookup_next,
};

llkv_code link_lookup(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_lookup *lookup = (const struct pnode_lookup *)node;
    struct op_lookup *op;
    TRY(link_op(lk, &lookup_class, node, sizeof *op, &op));
    TRY(link_conjuncts(lk, &lookup->filter, node->out, node->out_count, &op->filter));
    *out_op = &op->op;
    return LLKV_OK;
}
