/* One column of given rows. */
#include <assert.h>

#include "table/table_priv.h"

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
    for (uint32_t done = 0; done < n;) {
        uint32_t last;
        uint32_t count = same_vector(layout, row_ids + done, n - done, positions, &last);
        uint32_t segment = layout_segment(layout, row_ids[done]);
        uint32_t vector = layout_position(layout, row_ids[done]) / layout->vector_rows;
        struct value_source source;
        TRY(segment_source(cx, store_segment(table->store, segment), column, vector, last + 1,
                           reader->snapshot->ts, &source));
        value_source_gather(&source, positions, count, data, validity, done);
        done += count;
    }
    *out = (struct vector){.phys = (uint8_t)phys,
                           .shape = VEC_FLAT,
                           .rows = n,
                           .data = data,
                           .validity = bitmap_all(validity, n) ? NULL : validity};
    return LLKV_OK;
}
