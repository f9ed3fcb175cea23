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

void update_put(const struct update_batch *batch, uint32_t at, uint16_t column, void *data,
                uint64_t *validity, size_t slot)
{
    int c = update_column(batch, column);
    if (c < 0) return;
    enum phys_type phys = batch->phys[c];
    const size_t width = phys_bytes[phys];
    const struct rowbuf_column *values = &batch->values.columns[c];
    bool valid = values->nulls == 0 || bit_get(values->validity, at);
    bit_put(validity, slot, valid && phys != PHYS_NULLS);
    if (phys == PHYS_BOOL) {
        bit_put(data, slot, bit_get(values->data, at));
    } else if (width != 0) {
        memcpy((uint8_t *)data + slot * width, (const uint8_t *)values->data + at * width, width);
    }
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

/* ---- updates of an explicit transaction ---- */

/* Some rows get new values: row_ids[sel[i]] the values in row sel[i]. */
struct update {
    struct table_writes *writes;
    const uint64_t *row_ids;
    const uint16_t *columns;
    const struct batch *values;
};

/* Append the rows of `sel` to a batch for exactly these columns, each as a change. */
static llkv_code note_update(struct cx *cx, const struct update *u, const uint16_t *sel, uint32_t n)
{
    struct own *own = &u->writes->own;
    const uint32_t step = u->writes->set->step;
    struct update_batch *batch = NULL;
    if (n == 0) return LLKV_OK;
    TRY(own_reserve(cx, own, n));
    TRY(batch_for(cx, u->writes, u->columns, u->values->column_count, n, &batch));
    uint32_t at = batch->values.rows;
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        uint64_t row_id = u->row_ids[sel[i]];
        if (row_id >= TABLE_OWN_ROW_FIRST)
            TRY(row_set_add(cx, &own->numbers_changed, row_id - TABLE_OWN_ROW_FIRST, &added));
    }
    TRY(rowbuf_append(cx, &batch->values, u->values->columns, sel, n));
    for (uint32_t i = 0; i < n; i++) {
        uint64_t row_id = u->row_ids[sel[i]];
        batch->row_ids[at + i] = row_id;
        own_note(own, &(struct own_change){
                          .row_id = row_id, .batch = batch, .at = at + i, .step = step});
    }
    own_note_rows(own, step, 0, 0);
    return LLKV_OK;
}

/* One row that has new values in other columns already: they stay, in one change with these. */
static llkv_code note_again(struct cx *cx, const struct update *u, uint16_t row,
                            const struct own_change *before)
{
    const struct update_batch *old = before->batch;
    const uint32_t room = old->layout.column_count + u->values->column_count;
    struct slot {
        _Alignas(16) uint8_t bytes[16];
        uint64_t valid;
    } *slots = cx_alloc_array(cx, room + 1, sizeof *slots);
    struct vector *vectors = cx_alloc_zero(cx, room * sizeof *vectors);
    uint16_t *columns = cx_alloc_array(cx, room, sizeof *columns);
    if (slots == NULL || vectors == NULL || columns == NULL) return LLKV_NOMEM;
    uint32_t count = 0;
    for (; count < u->values->column_count; count++) {
        struct vector flat;
        struct slot *slot = &slots[count];
        columns[count] = u->columns[count];
        vec_flatten(&u->values->columns[count], &row, 1, slot->bytes, &slot->valid, &flat);
        vectors[count] = flat;
    }
    for (uint32_t i = 0; i < old->layout.column_count; i++) {
        bool known = false;
        for (uint32_t c = 0; c < u->values->column_count; c++)
            known |= u->columns[c] == old->columns[i];
        if (known) continue;
        memset(&slots[count], 0, sizeof slots[count]);
        update_put(old, before->at, old->columns[i], slots[count].bytes, &slots[count].valid, 0);
        columns[count] = old->columns[i];
        vectors[count] = (struct vector){.phys = old->phys[i],
                                         .shape = VEC_FLAT,
                                         .rows = 1,
                                         .data = slots[count].bytes,
                                         .validity = &slots[count].valid};
        count++;
    }
    const uint16_t first = 0;
    const struct batch values = {.rows = 1, .live = 1, .column_count = count, .columns = vectors};
    const struct update all = {u->writes, u->row_ids + row, columns, &values};
    return note_update(cx, &all, &first, 1);
}

/* Do the new values cover every column that the row has new values for already? */
static bool covers(const struct update *u, const struct own_change *before)
{
    if (before == NULL) return true;
    for (uint32_t i = 0; i < before->batch->layout.column_count; i++) {
        bool found = false;
        for (uint32_t c = 0; c < u->values->column_count; c++)
            found |= u->columns[c] == before->batch->columns[i];
        if (!found) return false;
    }
    return true;
}

static llkv_code update_explicit(struct cx *cx, const struct update *u, uint32_t n,
                                 int64_t *io_rows)
{
    const struct table_writes *writes = u->writes;
    struct table *table = writes->table;
    uint16_t sel[VEC_ROWS_MAX], again[VEC_ROWS_MAX];
    uint32_t count = 0;
    uint32_t again_count = 0;
    struct store_view view = table_view(table, writes->set->snapshot);
    TRY(writes_claim(cx, u->writes, u->row_ids, n));
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t row_id = u->row_ids[i];
        if (row_id < TABLE_OWN_ROW_FIRST && !store_row_visible(table->store, &view, row_id))
            continue;
        if (!writes_row_lives(writes, row_id)) continue;
        const struct own_change *before = own_seen(&writes->own, row_id, UINT32_MAX);
        if (before != NULL && before->step == writes->set->step) continue; /* by this statement */
        if (covers(u, before)) {
            sel[count++] = (uint16_t)i;
        } else {
            again[again_count++] = (uint16_t)i;
        }
    }
    TRY(check_not_null(cx, table, u->columns, u->values->column_count, u->values, sel, count));
    TRY(check_not_null(cx, table, u->columns, u->values->column_count, u->values, again,
                       again_count));
    TRY(note_update(cx, u, sel, count));
    for (uint32_t i = 0; i < again_count; i++) {
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(note_again(cx, u, again[i], own_seen(&writes->own, u->row_ids[again[i]], UINT32_MAX)));
        arena_rewind(cx->arena, mark);
    }
    if (io_rows != NULL) *io_rows += count + again_count;
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
    TRY(writes_of(cx, set, table, false, &writes));
    if (writes_explicit(writes)) {
        const struct update update = {writes, row_ids, columns, values};
        return update_explicit(cx, &update, n, io_rows);
    }
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

/* Every update of a statement that commits by itself. */
static uint32_t collect_batches(struct table_writes *writes, struct update_ref *refs)
{
    uint32_t count = 0;
    for (const struct update_batch *b = writes->updates; b != NULL; b = b->next)
        for (uint32_t i = 0; i < b->values.rows; i++) {
            if (row_set_has(&writes->deleted, b->row_ids[i])) continue;
            assert(count < writes->updated.rows);
            refs[count++] = (struct update_ref){b->row_ids[i], b, i};
        }
    return count;
}

/* The newest change of every row, if it is an update. */
static uint32_t collect_changes(const struct table_writes *writes, struct update_ref *refs)
{
    const struct own *own = &writes->own;
    uint32_t count = 0;
    for (uint32_t i = 0; i < own->row_capacity; i++) {
        if (!own->rows[i].used || own->rows[i].newest == 0) continue;
        const struct own_change *change = &own->changes[own->rows[i].newest - 1];
        if (change->batch == NULL) continue;
        refs[count++] = (struct update_ref){change->row_id, change->batch, change->at};
    }
    return count;
}

llkv_code writes_update_refs(struct cx *cx, struct table_writes *writes)
{
    const bool is_explicit = writes_explicit(writes);
    const uint64_t room = is_explicit ? writes->own.row_count : writes->updated.rows;
    if (room > UINT32_MAX) return cx_fail(cx, LLKV_LIMIT, "too many rows are updated at once");
    struct update_ref *refs = cx_alloc_array(cx, room, sizeof *refs);
    if (refs == NULL) return LLKV_NOMEM;
    uint32_t count = is_explicit ? collect_changes(writes, refs) : collect_batches(writes, refs);
    bool sorted = true;
    for (uint32_t i = 1; i < count && sorted; i++)
        sorted = refs[i - 1].row_id < refs[i].row_id;
    if (!sorted) qsort(refs, count, sizeof *refs, compare_refs);
    writes->refs = refs;
    writes->ref_count = count;
    writes->own_ref_count = 0;
    while (count != 0 && refs[count - 1].row_id >= TABLE_OWN_ROW_FIRST) {
        writes->own_ref_count++;
        count--;
    }
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
