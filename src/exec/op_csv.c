/* op_csv.c -- files of delimited text: a source of rows, and an end for them. */
#include "exec/exec_priv.h"

/* ---- reading ---- */
struct csv_local {
    struct csv_reader *reader;
    struct vector *vectors;
    struct batch batch;
    bool owned; /* close_reader is registered */
};

static void close_reader(void *ptr)
{
    struct csv_local *l = ptr;
    csv_reader_close(l->reader);
    l->reader = NULL;
}

/* The file is opened at every start, so that it is read again from its beginning. */
static llkv_code csv_attach(struct run *run, const struct op *op)
{
    const struct pnode_csv *node = (const struct pnode_csv *)op->node;
    struct csv_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    if (l->vectors == NULL) {
        l->vectors = cx_alloc_zero(run->cx, (op->node->out_count + 1) * sizeof *l->vectors);
        if (l->vectors == NULL) return LLKV_NOMEM;
    }
    if (!l->owned) TRY(run_own(run, close_reader, l));
    l->owned = true;
    close_reader(l);
    TRY(csv_reader_open(run->cx, node->spec, &l->reader));
    csv_reader_note(l->reader, run->exec->note, sizeof run->exec->note);
    return LLKV_OK;
}

static llkv_code csv_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct pnode_csv *node = (const struct pnode_csv *)op->node;
    struct csv_local *l = run->locals[op->id];
    const struct batch *records;
    *out_batch = NULL;
    TRY(csv_reader_next(run->cx, l->reader, &records));
    if (records == NULL) return LLKV_OK;
    for (uint32_t i = 0; i < op->node->out_count; i++)
        l->vectors[i] = records->columns[node->columns[i]];
    l->batch = (struct batch){.rows = records->rows,
                              .live = records->live,
                              .column_count = op->node->out_count,
                              .columns = l->vectors};
    *out_batch = &l->batch;
    return LLKV_OK;
}

static const struct op_class csv_class = {
    .name = "csv", .cost_ns = 100, .attach = csv_attach, .next = csv_next};

llkv_code link_csv(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    TRY(link_op(lk, &csv_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}

llkv_code csv_source_error(struct run *run, const struct op *op, uint32_t row, llkv_code code)
{
    const struct csv_local *l = run->locals[op->id];
    if (op->class != &csv_class) return code;
    return cx_while(run->cx, code, "%s, line %llu", csv_reader_path(l->reader),
                    (unsigned long long)csv_reader_line(l->reader, row));
}

bool csv_is_source(const struct op *op)
{
    return op->class == &csv_class;
}

/* ---- writing ---- */
struct csv_write_local {
    struct csv_writer *writer;
};

static void close_writer(void *ptr)
{
    struct csv_write_local *l = ptr;
    csv_writer_close(l->writer);
    l->writer = NULL;
}

static llkv_code csv_write_attach(struct run *run, const struct op *op)
{
    const struct pnode_csv_write *node = (const struct pnode_csv_write *)op->node;
    struct csv_write_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    CHECK(run->cx, is_new); /* it is the end of the plan, and runs once */
    TRY(run_own(run, close_writer, l));
    return csv_writer_open(run->cx, node->target, &l->writer);
}

static llkv_code csv_write_push(struct run *run, const struct op *op, const struct batch *in,
                                const struct batch **out_batch, enum op_result *out_result)
{
    struct csv_write_local *l = run->locals[op->id];
    *out_batch = NULL;
    *out_result = OP_NEED_INPUT;
    run->exec->rows_changed += in->live;
    return csv_writer_write(run->cx, l->writer, in);
}

static llkv_code csv_write_flush(struct run *run, const struct op *op,
                                 const struct batch **out_batch)
{
    struct csv_write_local *l = run->locals[op->id];
    *out_batch = NULL;
    return csv_writer_finish(run->cx, l->writer);
}

static const struct op_class csv_write_class = {.name = "csv_write",
                                                .serial = true,
                                                .attach = csv_write_attach,
                                                .push = csv_write_push,
                                                .flush = csv_write_flush};

llkv_code link_csv_write(struct linker *lk, const struct pnode *node, const struct op **out_op)
{
    struct op *op;
    TRY(link_op(lk, &csv_write_class, node, sizeof *op, &op));
    *out_op = op;
    return LLKV_OK;
}
