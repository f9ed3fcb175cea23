#include "table/own.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "table/table.h"

void own_init(struct own *own, struct mem_budget *budget, uint32_t vector_rows)
{
    *own = (struct own){.budget = budget};
    row_set_init(&own->rows_changed, budget, vector_rows);
    row_set_init(&own->numbers_changed, budget, vector_rows);
}

void own_deinit(struct own *own)
{
    mem_free(own->changes);
    mem_free(own->rows);
    mem_free(own->spans);
    row_set_deinit(&own->rows_changed);
    row_set_deinit(&own->numbers_changed);
}

/* The slot of a row, or the free one where it belongs. */
static uint32_t find_row(const struct own_row *rows, uint32_t capacity, uint64_t row_id)
{
    uint32_t mask = capacity - 1;
    uint32_t at = (uint32_t)hash_u64(row_id) & mask;
    while (rows[at].used && rows[at].row_id != row_id)
        at = (at + 1) & mask;
    return at;
}

static llkv_code grow_rows(struct cx *cx, struct own *own, uint32_t n)
{
    uint32_t capacity = own->row_capacity == 0 ? 16 : own->row_capacity;
    while ((uint64_t)capacity < ((uint64_t)own->row_count + n) * 2) {
        if (capacity > UINT32_MAX / 4) return cx_fail(cx, LLKV_LIMIT, "too many rows are changed");
        capacity *= 2;
    }
    if (capacity == own->row_capacity) return LLKV_OK;
    struct own_row *rows = mem_alloc_zero(own->budget, capacity * sizeof *rows);
    if (rows == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < own->row_capacity; i++)
        if (own->rows[i].used) rows[find_row(rows, capacity, own->rows[i].row_id)] = own->rows[i];
    mem_free(own->rows);
    own->rows = rows;
    own->row_capacity = capacity;
    return LLKV_OK;
}

llkv_code own_reserve(struct cx *cx, struct own *own, uint32_t n)
{
    if (own->count > UINT32_MAX / 4 - n)
        return cx_fail(cx, LLKV_LIMIT, "too many rows are changed in one transaction");
    if (own->count + n > own->capacity) {
        uint32_t capacity = own->capacity == 0 ? 16 : own->capacity * 2;
        if (capacity < own->count + n) capacity = own->count + n;
        struct own_change *changes =
            mem_realloc(own->changes, capacity * sizeof *changes, own->budget);
        if (changes == NULL) return cx_nomem(cx);
        own->changes = changes;
        own->capacity = capacity;
    }
    if (own->span_count == own->span_capacity) {
        uint32_t capacity = own->span_capacity == 0 ? 8 : own->span_capacity * 2;
        struct own_span *spans = mem_realloc(own->spans, capacity * sizeof *spans, own->budget);
        if (spans == NULL) return cx_nomem(cx);
        own->spans = spans;
        own->span_capacity = capacity;
    }
    return n == 0 ? LLKV_OK : grow_rows(cx, own, n);
}

void own_note(struct own *own, const struct own_change *change)
{
    assert(own->count < own->capacity);
    assert(own->count == 0 || own->changes[own->count - 1].step <= change->step);
    struct own_row *row = &own->rows[find_row(own->rows, own->row_capacity, change->row_id)];
    if (!row->used) {
        *row = (struct own_row){.row_id = change->row_id, .used = true};
        own->row_count++;
    }
    own->changes[own->count] = *change;
    own->changes[own->count].older = row->newest;
    row->newest = ++own->count;
}

void own_note_rows(struct own *own, uint32_t step, uint64_t inserted, int64_t live)
{
    struct own_span last = {0};
    if (own->span_count != 0) last = own->spans[own->span_count - 1];
    assert(last.step <= step);
    if (own->span_count == 0 || last.step != step) {
        assert(own->span_count < own->span_capacity);
        own->span_count++;
    }
    own->spans[own->span_count - 1] = (struct own_span){
        .step = step, .inserted = last.inserted + inserted, .live = last.live + live};
}

const struct own_change *own_seen(const struct own *own, uint64_t row_id, uint32_t mark)
{
    if (own->row_count == 0) return NULL;
    const struct own_row *row = &own->rows[find_row(own->rows, own->row_capacity, row_id)];
    uint32_t at = row->used ? row->newest : 0;
    while (at != 0 && own->changes[at - 1].step >= mark)
        at = own->changes[at - 1].older;
    return at == 0 ? NULL : &own->changes[at - 1];
}

struct own_span own_span_at(const struct own *own, uint32_t mark)
{
    uint32_t low = 0;
    uint32_t high = own->span_count;
    while (low < high) { /* the first span of a step that is not before the mark */
        uint32_t middle = low + (high - low) / 2;
        if (own->spans[middle].step < mark) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct own_span none = {0};
    return low == 0 ? none : own->spans[low - 1];
}

struct own_change own_pop(struct own *own)
{
    assert(own->count != 0);
    struct own_change change = own->changes[--own->count];
    struct own_row *row = &own->rows[find_row(own->rows, own->row_capacity, change.row_id)];
    assert(row->used && row->newest == own->count + 1);
    row->newest = change.older;
    if (change.older != 0) return change;
    if (change.row_id < TABLE_OWN_ROW_FIRST) {
        row_set_remove(&own->rows_changed, change.row_id);
    } else {
        row_set_remove(&own->numbers_changed, change.row_id - TABLE_OWN_ROW_FIRST);
    }
    return change;
}

void own_cut_spans(struct own *own, uint32_t mark)
{
    while (own->span_count != 0 && own->spans[own->span_count - 1].step >= mark)
        own->span_count--;
}
