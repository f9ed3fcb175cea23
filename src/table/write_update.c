/* Updates of a write set: new values wait in batches, one row id each. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "table/write_priv.h"

int update_column(const struct update_batch *batch, uint16_t column)
{
    for (uint32_t i = 0; i < batch->layout.column_count; i++)
        if (batch->columns[i] == column) return (int)i;
    return -1;
}

/* Everything but the values in one allocation. */
static llkv_code batch_new(struct cx *cx, struct table_writes *writes, const uint16_t *columns,
                           uint32_t column_count, struct update_batch **out_batch)
{
    const struct layout *layout = store_layout(writes->table->store);
    struct mem_budget *budget = writes->table->budget;
    size_t bytes = sizeof(struct update_batch) + column_count * (sizeof *columns + 1u);
    struct update_batch *batch = mem_alloc_zero(budget, bytes);
    if (batch == NULL) return cx_nomem(cx);
    batch->columns = (uint16_t *)(batch + 1);
    batch->phys = (uint8_t *)(batch->columns + column_count);
    memcpy(batch->columns, columns, column_count * sizeof *columns);
    for (uint32_t i = 0; i < column_count; i++)
        batch->phys[i] = layout->phys[columns[i]];
    batch->layout = *layout;
    batch->layout.column_count = column_count;
    batch->layout.phys = batch->phys;
    batch->layout.segment_rows = SEGMENT_ROWS_DEFAULT;
    llkv_code rc = rowbuf_init(cx, &batch->values, &batch->layout, budget);
    if (rc != LLKV_OK) {
        mem_free(batch);
        return rc;
    }
    *writes->updates_end = batch;
    writes->updates_end = &batch->next;
    writes->update_last = batch;
    *out_batch = batch;
    return LLKV_OK;
}

/* A batch for these columns with room for n rows. */
static llkv_code batch_for(struct cx *cx, struct table_writes *writes, const uint16_t *columns,
                           uint32_t column_count, uint32_t n, struct update_batch **out_batch)
{
    struct update_batch *last = writes->update_last;
    bool fits = last != NULL && last->layout.column_count == column_count &&
                memcmp(last->columns, columns, column_count * sizeof *columns) == 0 &&
                last->values.rows + n <= SEGMENT_ROWS_DEFAULT;
    if (!fits) TRY(batch_new(cx, writes, columns, column_count, &last));
    uint32_t rows = last->values.rows + n;
    if (rows > last->row_id_room) {
        uint32_t room = rows * 2 < SEGMENT_ROWS_DEFAULT ? rows * 2 : SEGMENT_ROWS_DEFAULT;
        size_t bytes = room * sizeof *last->row_ids;
        uint64_t *row_ids = mem_realloc(last->row_ids, bytes, writes->table->budget);
        if (row_ids == NULL) return cx_nomem(cx);
        last->row_ids = row_ids;
        last->row_id_room = room;
    }
    *out_batch = last;
    return LLKV_OK;
}

static llkv_code check_not_null(struct cx *cx, const struct table *table, const uint16_t *columns,
                                uint32_t column_count, const struct batch *values,
                                const uint16_t *sel, uint32_t n)
{
    for (uint32_t c = 0; c < column_count; c++) {
        const struct vector *v = &values->columns[c];
        if (!table->required[columns[c]] || (v->validity == NULL && v->phys != PHYS_NULLS))
            continue;
        for (uint32_t i = 0; i < n; i++)
            if (!vec_valid(v, sel[i]))
                return cx_fail_at(cx, LLKV_CONSTRAINT, -1, "23502",
                                  "column \"%s\" of table \"%s\" must not be NULL",
                                  table->def->columns[columns[c]].name, table->def->name);
    }
    return LLKV_OK;
}

llkv_code write_update(struct cx *cx, struct write_set *set, struct table *table,
                       const uint64_t *row_ids, uint32_t n, const uint16_t *columns,
                       const struct batch *values, int64_t *io_rows)
{
    assert(n <= VEC_ROWS_MAX);
    assert(values->sel == NULL);
    struct table_writes *writes;
    uint16_t sel[VEC_ROWS_MAX];
    uint32_t count = 0;
    TRY(writes_of(cx, set, table, &writes));
    struct store_view view = table_view(table, set->snapshot);
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        if (!store_row_visible(table->store, &view, row_ids[i])) continue;
        if (row_set_has(&writes->deleted, row_ids[i])) continue;
        TRY(row_set_add(cx, &writes->updated, row_ids[i], &added));
        if (added) sel[count++] = (uint16_t)i;
    }
    if (count == 0) return LLKV_OK;
    TRY(check_not_null(cx, table, columns, values->column_count, values, sel, count));
    struct update_batch *batch = NULL;
    TRY(batch_for(cx, writes, columns, values->column_count, count, &batch));
    CHECK(cx, batch != NULL);
    uint32_t at = batch->values.rows;
    TRY(rowbuf_append(cx, &batch->values, values->columns, count == n ? NULL : sel, count));
    for (uint32_t i = 0; i < count; i++)
        batch->row_ids[at + i] = row_ids[sel[i]];
    if (io_rows != NULL) *io_rows += count;
    return LLKV_OK;
}

static int compare_refs(const void *a, const void *b)
{
    uint64_t x = ((const struct update_ref *)a)->row_id;
    uint64_t y = ((const struct update_ref *)b)->row_id;
    return (x > y) - (x < y);
}

llkv_code writes_update_refs(struct cx *cx, struct table_writes *writes,
                             struct update_ref **out_refs, uint32_t *out_count)
{
    if (writes->updated.rows > UINT32_MAX)
        return cx_fail(cx, LLKV_LIMIT, "too many rows are updated at once");
    struct update_ref *refs = cx_alloc_array(cx, writes->updated.rows, sizeof *refs);
    if (refs == NULL) return LLKV_NOMEM;
    uint32_t count = 0;
    bool sorted = true;
    for (const struct update_batch *b = writes->updates; b != NULL; b = b->next)
        for (uint32_t i = 0; i < b->values.rows; i++) {
            if (row_set_has(&writes->deleted, b->row_ids[i])) continue;
            assert(count < writes->updated.rows);
            refs[count] = (struct update_ref){b->row_ids[i], b, i};
            if (count != 0) sorted &= refs[count - 1].row_id < refs[count].row_id;
            count++;
        }
    if (!sorted) qsort(refs, count, sizeof *refs, compare_refs);
    *out_refs = refs;
    *out_count = count;
    return LLKV_OK;
}

uint32_t update_group(const struct update_ref *refs, uint32_t count, uint32_t vector_rows)
{
    uint64_t unit = refs[0].row_id / vector_rows;
    uint32_t n = 1;
    while (n < count && refs[n].row_id / vector_rows == unit)
        n++;
    return n;
}
