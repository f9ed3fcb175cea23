/* op_dml.c -- INSERT, UPDATE, DELETE: the end of a chain. Rows go to the write set; the chain reads
 * the statement's reader and so never meets what it has written. */
#include "exec/exec_priv.h"

struct op_dml {
    struct op op;
    uint32_t value_count;
    struct link_expr *values;
    bool straight;         /* INSERT: the values are the child's columns as they are, no CHECK */
    uint32_t row_count;    /* columns of the new row, for the checks */
    struct link_expr *row; /* UPDATE: per table column; program and column of the old value */
    int32_t *row_value;    /* per table column: the value that replaces it, or -1 */
    bool *row_known;
    struct link_filter checks;
    const char *const *check_names;
    struct table *table;
    uint32_t row_id;      /* column of the child */
    const struct op *csv; /* INSERT: the file that the rows come from, or NULL */
};

struct dml_local {
    struct eval *evals, *row_evals, *check_evals;
    struct vector *vectors, *row;
    struct eval id_eval;
    uint64_t *row_ids;
};

static llkv_code dml_attach(struct run *run, const struct op *op)
{
    const struct op_dml *dml = (const struct op_dml *)op;
    struct dml_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    CHECK(run->cx, run->exec->env.writes != NULL);
    if (!is_new) return LLKV_OK;
    l->evals = cx_alloc_zero(run->cx, (dml->value_count + 1) * sizeof *l->evals);
    l->vectors = cx_alloc_zero(run->cx, (dml->value_count + 1) * sizeof *l->vectors);
    l->row_evals = cx_alloc_zero(run->cx, (dml->row_count + 1) * sizeof *l->row_evals);
    l->row = cx_alloc_zero(run->cx, (dml->row_count + 1) * sizeof *l->row);
    l->check_evals = cx_alloc_zero(run->cx, (dml->checks.count + 1) * sizeof *l->check_evals);
    l->row_ids = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->row_ids);
    if (l->evals == NULL || l->vectors == NULL || l->row_evals == NULL || l->row == NULL ||
        l->check_evals == NULL || l->row_ids == NULL)
        return LLKV_NOMEM;
    return LLKV_OK;
}

/* A CHECK is violated by FALSE; NULL passes. */
static llkv_code run_checks(struct run *run, const struct op_dml *dml, struct dml_local *l,
                            const struct batch *rows)
{
    for (uint32_t i = 0; i < dml->checks.count; i++) {
        struct vector v;
        TRY(eval_flat(run, &dml->checks.conjuncts[i], &l->check_evals[i], rows, &v));
        const uint64_t *bits = v.data;
        for (size_t w = 0; w < bitmap_words(rows->live); w++) {
            uint64_t wrong = ~bits[w] & low_bits(rows->live - w * 64);
            if (v.validity != NULL) wrong &= v.validity[w];
            if (wrong == 0) continue;
            const char *name = dml->check_names == NULL ? NULL : dml->check_names[i];
            const struct table_def *def = table_definition(dml->table);
            if (name == NULL)
                return cx_fail_at(run->cx, LLKV_CONSTRAINT, -1, "23514",
                                  "a row violates a CHECK constraint of table %s", def->name);
            return cx_fail_at(run->cx, LLKV_CONSTRAINT, -1, "23514",
                              "a row violates the CHECK constraint %s of table %s", name,
                              def->name);
        }
    }
    return LLKV_OK;
}

static llkv_code new_values(struct run *run, const struct op_dml *dml, struct dml_local *l,
                            const struct batch *in)
{
    for (uint32_t i = 0; i < dml->value_count; i++)
        TRY(eval_flat(run, &dml->values[i], &l->evals[i], in, &l->vectors[i]));
    return LLKV_OK;
}

static llkv_code row_ids(struct run *run, const struct op_dml *dml, struct dml_local *l,
                         const struct batch *in)
{
    const struct link_expr e = {.column = dml->row_id, .type = type_of(TYPE_BIGINT)};
    struct vector v;
    TRY(eval_flat(run, &e, &l->id_eval, in, &v));
    memcpy(l->row_ids, v.data, in->live * sizeof *l->row_ids);
    return LLKV_OK;
}

/* The new rows, into l->vectors, checked. */
static llkv_code insert_values(struct run *run, const struct op_dml *dml, struct dml_local *l,
                               const struct batch *in)
{
    TRY(new_values(run, dml, l, in));
    const struct batch rows = {.rows = in->live,
                               .live = in->live,
                               .column_count = dml->value_count,
                               .columns = l->vectors};
    return run_checks(run, dml, l, &rows);
}

/* The batch has failed: which line of the file was it? Row by row it fails again. */
static llkv_code name_line(struct run *run, const struct op_dml *dml, struct dml_local *l,
                           const struct batch *in, llkv_code rc)
{
    const llkv_error error = *run->cx->error;
    if (rc == LLKV_NOMEM || rc == LLKV_CANCELLED) return rc;
    for (uint32_t i = 0; i < in->rows; i++) {
        const uint16_t sel = (uint16_t)i;
        struct batch one = *in;
        one.live = 1;
        one.sel = &sel;
        const llkv_code again = insert_values(run, dml, l, &one);
        if (again != LLKV_OK) return csv_source_error(run, dml->csv, i, again);
    }
    *run->cx->error = error; /* a volatile default, say */
    return rc;
}

/* Every column FLAT and of the table's own physical type, all rows live. */
static bool is_flat(const struct op_dml *dml, const struct batch *in)
{
    bool flat = in->sel == NULL;
    for (uint32_t c = 0; c < dml->value_count && flat; c++)
        flat = in->columns[c].shape == VEC_FLAT && in->columns[c].phys == dml->values[c].type.phys;
    return flat;
}

static llkv_code insert_rows(struct run *run, const struct op *op, const struct batch *rows)
{
    const struct pnode_insert *node = (const struct pnode_insert *)op->node;
    const struct arena_mark mark = arena_mark(run->cx->arena);
    TRY(write_insert(run->cx, run->exec->env.writes, node->table, rows,
                     (enum write_conflict)node->on_conflict, &run->exec->rows_changed));
    arena_rewind(run->cx->arena, mark);
    return LLKV_OK;
}

static llkv_code insert_push(struct run *run, const struct op *op, const struct batch *in,
                             const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_dml *dml = (const struct op_dml *)op;
    struct dml_local *l = run->locals[op->id];
    *out_batch = NULL;
    *out_result = OP_NEED_INPUT;
    if (dml->straight && is_flat(dml, in)) return insert_rows(run, op, in);
    llkv_code rc = insert_values(run, dml, l, in);
    if (rc != LLKV_OK && dml->csv != NULL) return name_line(run, dml, l, in, rc);
    if (rc != LLKV_OK) return rc;
    const struct batch rows = {.rows = in->live,
                               .live = in->live,
                               .column_count = dml->value_count,
                               .columns = l->vectors};
    return insert_rows(run, op, &rows);
}

/* The new row, as far as checks look at it. */
static llkv_code check_new_rows(struct run *run, const struct op_dml *dml, struct dml_local *l,
                                const struct batch *in)
{
    static const uint64_t none;
    static const _Alignas(16) uint8_t zero[16];
    if (dml->checks.count == 0) return LLKV_OK;
    for (uint32_t c = 0; c < dml->row_count; c++) {
        if (dml->row_value[c] >= 0)
            l->row[c] = l->vectors[dml->row_value[c]];
        else if (dml->row_known[c])
            TRY(eval_flat(run, &dml->row[c], &l->row_evals[c], in, &l->row[c]));
        else
            l->row[c] = (struct vector){.phys = PHYS_NULLS,
                                        .shape = VEC_CONST,
                                        .rows = in->live,
                                        .validity = &none,
                                        .data = zero};
    }
    const struct batch rows = {
        .rows = in->live, .live = in->live, .column_count = dml->row_count, .columns = l->row};
    return run_checks(run, dml, l, &rows);
}

static llkv_code update_push(struct run *run, const struct op *op, const struct batch *in,
                             const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_dml *dml = (const struct op_dml *)op;
    const struct pnode_update *node = (const struct pnode_update *)op->node;
    struct dml_local *l = run->locals[op->id];
    *out_batch = NULL;
    *out_result = OP_NEED_INPUT;
    TRY(new_values(run, dml, l, in));
    TRY(row_ids(run, dml, l, in));
    TRY(check_new_rows(run, dml, l, in));
    const struct batch values = {.rows = in->live,
                                 .live = in->live,
                                 .column_count = dml->value_count,
                                 .columns = l->vectors};
    const struct arena_mark mark = arena_mark(run->cx->arena);
    TRY(write_update(run->cx, run->exec->env.writes, dml->table, l->row_ids, in->live,
                     node->columns, &values, &run->exec->rows_changed));
    arena_rewind(run->cx->arena, mark);
    return LLKV_OK;
}

static llkv_code delete_push(struct run *run, const struct op *op, const struct batch *in,
                             const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_dml *dml = (const struct op_dml *)op;
    struct dml_local *l = run->locals[op->id];
    *out_batch = NULL;
    *out_result = OP_NEED_INPUT;
    TRY(row_ids(run, dml, l, in));
    return write_delete(run->cx, run->exec->env.writes, dml->table, l->row_ids, in->live,
                        &run->exec->rows_changed);
}

static const struct op_class insert_class = {
    .name = "insert", .serial = true, .restarts = true, .attach = dml_attach, .push = insert_push};
static const struct op_class update_class = {
    .name = "update", .serial = true, .restarts = true, .attach = dml_attach, .push = update_push};
static const struct op_class delete_class = {
    .name = "delete", .serial = true, .restarts = true, .attach = dml_attach, .push = delete_push};

/* ---- linking ---- */
static llkv_code link_insert(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_insert *n = (const struct pnode_insert *)node;
    const uint32_t columns = table_definition(n->table)->column_count;
    struct op_dml *op;
    TRY(link_op(lk, &insert_class, node, sizeof *op, &op));
    op->table = n->table;
    op->value_count = columns;
    op->check_names = n->check_names;
    TRY(link_exprs(lk, n->values, columns, node->child[0], &op->values));
    const struct op *below = lk->open.items[lk->open.count - 1];
    op->csv = csv_is_source(below) ? below : NULL;
    op->straight = n->checks.count == 0 && node->child[0]->out_count == columns;
    for (uint32_t c = 0; c < columns && op->straight; c++)
        op->straight = link_is_column(&op->values[c]) && op->values[c].column == c;
    *out_op = &op->op;
    return link_conjuncts(lk, &n->checks, n->row, columns, &op->checks);
}

/* Does replacing rows on a collision come down to a plain update, because no unique key changes? */
static bool touches_unique_key(const struct pnode_update *n)
{
    const uint32_t keys = table_key_count(n->table);
    for (uint32_t k = 0; k < keys; k++) {
        const struct key_def *key = table_key(n->table, k);
        if (!key->unique && !key->primary) continue;
        for (uint32_t i = 0; i < key->column_count; i++)
            for (uint32_t c = 0; c < n->column_count; c++)
                if (key->columns[i].column == n->columns[c]) return true;
    }
    return false;
}

static llkv_code link_new_row(struct linker *lk, const struct pnode_update *n, struct op_dml *op)
{
    const struct pnode *child = n->base.child[0];
    op->row_count = table_definition(n->table)->column_count;
    op->row = cx_alloc_zero(lk->cx, (op->row_count + 1) * sizeof *op->row);
    op->row_value = cx_alloc_array(lk->cx, op->row_count + 1, sizeof *op->row_value);
    op->row_known = cx_alloc_zero(lk->cx, (op->row_count + 1) * sizeof *op->row_known);
    if (op->row == NULL || op->row_value == NULL || op->row_known == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < op->row_count; c++) {
        op->row_value[c] = -1;
        for (uint32_t i = 0; i < n->column_count; i++)
            if (n->columns[i] == c) op->row_value[c] = (int32_t)i;
        const struct expr *current = n->current == NULL ? NULL : n->current[c];
        if (current == NULL || op->row_value[c] >= 0) continue;
        op->row_known[c] = true;
        TRY(link_expr(lk, current, child->out, child->out_count, &op->row[c]));
    }
    return link_conjuncts(lk, &n->checks, n->row, op->row_count, &op->checks);
}

static llkv_code link_row_id(struct linker *lk, const struct pnode *node, iu_id row_id,
                             struct op_dml *op)
{
    const int32_t c = layout_find(node->child[0]->out, node->child[0]->out_count, row_id);
    CHECK(lk->cx, c >= 0);
    op->row_id = (uint32_t)c;
    return LLKV_OK;
}

static llkv_code link_update(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    const struct pnode_update *n = (const struct pnode_update *)node;
    struct op_dml *op;
    TRY(link_op(lk, &update_class, node, sizeof *op, &op));
    if (n->on_conflict != WRITE_ABORT && touches_unique_key(n))
        return cx_fail(lk->cx, LLKV_UNSUPPORTED,
                       "UPDATE OR REPLACE of columns of a unique key is not supported");
    op->table = n->table;
    op->value_count = n->column_count;
    op->check_names = n->check_names;
    TRY(link_exprs(lk, n->values, n->column_count, node->child[0], &op->values));
    TRY(link_row_id(lk, node, n->row_id, op));
    *out_op = &op->op;
    return n->checks.count == 0 ? LLKV_OK : link_new_row(lk, n, op);
}

llkv_code link_dml(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    if (node->op == POP_INSERT) return link_insert(lk, node, out_op);
    if (node->op == POP_UPDATE) return link_update(lk, node, out_op);
    const struct pnode_delete *n = (const struct pnode_delete *)node;
    struct op_dml *op;
    TRY(link_op(lk, &delete_class, node, sizeof *op, &op));
    op->table = n->table;
    *out_op = &op->op;
    return link_row_id(lk, node, n->row_id, op);
}
