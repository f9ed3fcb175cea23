#include <string.h>

#include "arrow/export_priv.h"
#include "base/alloc.h"

enum { SLOT_BYTES_MAX = 16 };

llkv_code exporter_new(struct cx *cx, const struct result_schema *schema,
                       struct exporter **out_exporter)
{
    struct exporter *exporter = mem_alloc(NULL, sizeof *exporter);
    if (exporter == NULL) return cx_nomem(cx);
    size_t bytes = 0;
    bool fits = size_mul(schema->column_count, sizeof *exporter->columns, &bytes);
    exporter->schema = schema;
    exporter->rows = 0;
    exporter->columns = fits ? mem_alloc(NULL, bytes) : NULL;
    exporter->values = mem_alloc_aligned(NULL, (size_t)VEC_ROWS_MAX * SLOT_BYTES_MAX);
    if (exporter->columns == NULL || exporter->values == NULL) {
        mem_free(exporter->columns);
        mem_free(exporter->values);
        mem_free(exporter);
        return cx_nomem(cx);
    }
    for (uint32_t i = 0; i < schema->column_count; i++)
        column_builder_init(&exporter->columns[i], schema->types[i]);
    *out_exporter = exporter;
    return LLKV_OK;
}

static void exporter_clear(struct exporter *exporter)
{
    for (uint32_t i = 0; i < exporter->schema->column_count; i++)
        column_builder_deinit(&exporter->columns[i]);
    exporter->rows = 0;
}

void exporter_free(struct exporter *exporter)
{
    if (exporter == NULL) return;
    exporter_clear(exporter);
    mem_free(exporter->columns);
    mem_free(exporter->values);
    mem_free(exporter);
}

/* The positions of live rows `from` .. `from + count`; NULL for the first rows of all. */
static const uint16_t *positions(struct exporter *exporter, const struct batch *batch,
                                 uint32_t from, uint32_t count)
{
    if (batch->sel != NULL) return batch->sel + from;
    if (from == 0) return NULL;
    for (uint32_t i = 0; i < count; i++)
        exporter->positions[i] = (uint16_t)(from + i);
    return exporter->positions;
}

llkv_code exporter_append(struct cx *cx, struct exporter *exporter, const struct batch *batch,
                          uint32_t from, uint32_t *out_taken)
{
    const struct result_schema *schema = exporter->schema;
    CHECK(cx, batch->column_count == schema->column_count);
    CHECK(cx, batch->live <= batch->rows && batch->rows <= VEC_ROWS_MAX && from <= batch->live);
    uint32_t taken = batch->live - from;
    const uint16_t *sel = positions(exporter, batch, from, taken);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        struct vector flat;
        uint32_t column_taken = 0;
        vec_flatten(&batch->columns[i], sel, taken, exporter->values, exporter->validity, &flat);
        llkv_code rc = column_builder_append(cx, &exporter->columns[i], &flat, schema->names[i],
                                             &column_taken);
        if (rc != LLKV_OK) {
            exporter_clear(exporter);
            return rc;
        }
        if (column_taken < taken) taken = column_taken; /* for the columns to come as well */
    }
    exporter->rows += taken;
    for (uint32_t i = 0; i < schema->column_count; i++)
        column_builder_truncate(&exporter->columns[i], exporter->rows);
    *out_taken = taken;
    return LLKV_OK;
}

llkv_code exporter_finish(struct cx *cx, struct exporter *exporter, struct ArrowArray *out_array)
{
    struct ArrowArray root;
    uint32_t count = exporter->schema->column_count;
    llkv_code rc = arrow_struct_init(cx, count, exporter->rows, &root);
    if (rc != LLKV_OK) {
        exporter_clear(exporter);
        return rc;
    }
    for (uint32_t i = 0; i < count && rc == LLKV_OK; i++)
        rc = column_builder_finish(cx, &exporter->columns[i], root.children[i]);
    exporter_clear(exporter);
    if (rc == LLKV_OK)
        *out_array = root;
    else
        root.release(&root);
    return rc;
}

llkv_code arrow_export_batch(struct cx *cx, const struct result_schema *schema,
                             const struct batch *batch, struct ArrowArray *out_array)
{
    struct exporter *exporter = NULL;
    TRY(exporter_new(cx, schema, &exporter));
    uint32_t taken = 0;
    llkv_code rc = exporter_append(cx, exporter, batch, 0, &taken);
    if (rc == LLKV_OK && taken < batch->live)
        rc = cx_fail(cx, LLKV_LIMIT, "one array cannot hold more than 2 GiB of text");
    if (rc == LLKV_OK) rc = exporter_finish(cx, exporter, out_array);
    exporter_free(exporter);
    return rc;
}
