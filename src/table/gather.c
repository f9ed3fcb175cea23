/* One column of given rows. */
#include <assert.h>

#include "table/own_read.h"

/* How many of the rows from `first` on lie in the same vector? Their positions in it. */
static uint32_t same_vector(const struct layout *layout, const uint64_t *row_ids, uint32_t n,
                            uint16_t *positions, uint32_t *out_last)
{
    uint64_t unit = row_ids[0] / layout->vector_rows;
    uint32_t count = 0;
    *out_last = 0;
    while (count < n && row_ids[count] / layout->vector_rows == unit) {
        positions[count] = (uint16_t)(row_ids[count] % layout->vector_rows);
        if (positions[count] > *out_last) *out_last = positions[count];
        count++;
    }
    return count;
}

/* The reader's own value, if there is one, on top of a stored row's. */
static void patch_own(const struct own_view *own, uint64_t row_id, uint16_t column, void *data,
                      uint64_t *validity, uint32_t slot)
{
    const struct row_set *changed = &own->writes->own.rows_changed;
    const uint64_t *bits = row_set_peek(changed, row_id / changed->vector_rows);
    if (bits == NULL || !bit_get(bits, row_id % changed->vector_rows)) return;
    const struct own_change *change = own_view_change(own, row_id);
    if (change == NULL || change->batch == NULL) return;
    update_put(change->batch, change->at, column, data, validity, slot);
}

llkv_code table_gather(struct cx *cx, struct table *table, const struct table_reader *reader,
                       const uint64_t *row_ids, uint32_t n, uint16_t column, struct vector *out)
{
    assert(n <= VEC_ROWS_MAX);
    const struct layout *layout = store_layout(table->store);
    enum phys_type phys = layout->phys[column];
    uint16_t positions[VEC_ROWS_MAX];
    size_t words = bitmap_words(n) + 1;
    uint64_t *validity = cx_alloc_zero(cx, words * sizeof *validity);
    if (validity == NULL) return LLKV_NOMEM;
    size_t width = phys_bytes[phys];
    void *data = cx_alloc_zero(cx, phys == PHYS_BOOL ? words * sizeof(uint64_t) : n * width + 16);
    if (data == NULL) return LLKV_NOMEM;
    const struct own_view own = own_view_of(table, reader);
    for (uint32_t done = 0; done < n;) {
        uint32_t last;
        if (own.writes != NULL && row_ids[done] >= TABLE_OWN_ROW_FIRST) {
            TRY(own_view_value(cx, &own, row_ids[done], column, data, validity, done));
            done++;
            continue;
        }
        uint32_t count = same_vector(layout, row_ids + done, n - done, positions, &last);
        uint32_t segment = layout_segment(layout, row_ids[done]);
        uint32_t vector = layout_position(layout, row_ids[done]) / layout->vector_rows;
        struct value_source source;
        llkv_code rc = segment_source(cx, store_segment(table->store, segment), column, vector,
                                      last + 1, reader->snapshot->ts, &source);
        if (UNLIKELY(rc != LLKV_OK)) return table_read_failed(cx, table, column, rc);
        value_source_gather(&source, positions, count, data, validity, done);
        for (uint32_t i = done; own.writes != NULL && i < done + count; i++)
            patch_own(&own, row_ids[i], column, data, validity, i);
        done += count;
    }
    *out = (struct vector){.phys = (uint8_t)phys,
                           .shape = VEC_FLAT,
                           .rows = n,
                           .data = data,
                           .validity = bitmap_all(validity, n) ? NULL : validity};
    return LLKV_OK;
}
