#include "column/rowbuf.h"

#include <assert.h>
#include <string.h>

enum { FIRST_ROWS = 16, PAD_BYTES = 64, ALIGN = 64 };

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t data_bytes(enum phys_type phys, uint32_t rows)
{
    if (phys == PHYS_BOOL) return bitmap_words(rows) * sizeof(uint64_t) + PAD_BYTES;
    return (size_t)rows * phys_bytes[phys] + PAD_BYTES;
}

/* Most buffers of a small statement stay small: one allocation is all they need. */
llkv_code rowbuf_init(struct cx *cx, struct rowbuf *buf, const struct layout *layout,
                      struct mem_budget *budget)
{
    const uint32_t rows = layout->segment_rows < FIRST_ROWS ? layout->segment_rows : FIRST_ROWS;
    const size_t head = sizeof(struct rowbuf_column) * layout->column_count;
    *buf = (struct rowbuf){
        .layout = layout, .budget = budget, .capacity = rows, .heap = {.budget = budget}};
    buf->block_bytes = head + ALIGN;
    for (uint32_t c = 0; c < layout->column_count; c++)
        buf->block_bytes += aligned(data_bytes(layout->phys[c], rows));
    buf->columns = mem_alloc(budget, buf->block_bytes);
    if (buf->columns == NULL) return cx_nomem(cx);
    memset(buf->columns, 0, head);
    size_t at = aligned((uintptr_t)buf->columns + head) - (uintptr_t)buf->columns;
    for (uint32_t c = 0; c < layout->column_count; c++) {
        buf->columns[c].data = (uint8_t *)buf->columns + at;
        at += aligned(data_bytes(layout->phys[c], rows));
    }
    assert(at <= buf->block_bytes);
    return LLKV_OK;
}

static void free_data(const struct rowbuf *buf, void *data)
{
    const bool in_block = (uintptr_t)data - (uintptr_t)buf->columns < buf->block_bytes;
    if (!in_block) mem_free(data);
}

void rowbuf_deinit(struct rowbuf *buf)
{
    if (buf->columns == NULL) return;
    for (uint32_t c = 0; c < buf->layout->column_count; c++) {
        free_data(buf, buf->columns[c].data);
        mem_free(buf->columns[c].validity);
    }
    mem_free(buf->columns);
    text_heap_deinit(&buf->heap);
    *buf = (struct rowbuf){0};
}

void rowbuf_clear(struct rowbuf *buf)
{
    for (uint32_t c = 0; c < buf->layout->column_count; c++) {
        struct rowbuf_column *column = &buf->columns[c];
        mem_free(column->validity);
        column->validity = NULL;
        column->nulls = 0;
        column->text_bytes = 0;
    }
    text_heap_deinit(&buf->heap);
    buf->rows = 0;
}

void rowbuf_truncate(struct rowbuf *buf, uint32_t rows)
{
    assert(rows <= buf->rows);
    for (uint32_t c = 0; c < buf->layout->column_count; c++) {
        struct rowbuf_column *column = &buf->columns[c];
        if (column->nulls != 0) column->nulls = rows - bitmap_count(column->validity, rows);
        if (buf->layout->phys[c] != PHYS_VIEW) continue;
        const struct str_view *views = column->data;
        for (uint32_t i = rows; i < buf->rows; i++)
            column->text_bytes -= views[i].len;
    }
    buf->rows = rows;
}

static bool grow_column(struct rowbuf *buf, uint32_t c, uint32_t capacity)
{
    enum phys_type phys = buf->layout->phys[c];
    struct rowbuf_column *column = &buf->columns[c];
    void *data = mem_alloc_aligned(buf->budget, data_bytes(phys, capacity));
    if (data == NULL) return false;
    if (column->validity != NULL) {
        size_t words = bitmap_words(capacity);
        uint64_t *validity = mem_realloc(column->validity, words * sizeof(uint64_t), buf->budget);
        if (validity == NULL) {
            mem_free(data);
            return false;
        }
        column->validity = validity;
    }
    memcpy(data, column->data, data_bytes(phys, buf->rows) - PAD_BYTES);
    free_data(buf, column->data);
    column->data = data;
    return true;
}

/* Columns that grew before another failed just have more room than `capacity` says. */
static llkv_code ensure_room(struct cx *cx, struct rowbuf *buf, uint32_t rows)
{
    if (rows <= buf->capacity) return LLKV_OK;
    assert(rows <= buf->layout->segment_rows);
    uint32_t capacity = buf->capacity * 4;
    if (capacity < rows) capacity = rows;
    capacity = (capacity + 63) / 64 * 64; /* whole words of bits */
    if (capacity > buf->layout->segment_rows) capacity = buf->layout->segment_rows;
    for (uint32_t c = 0; c < buf->layout->column_count; c++)
        if (!grow_column(buf, c, capacity)) return cx_nomem(cx);
    buf->capacity = capacity;
    return LLKV_OK;
}

/* The bits of the n rows behind buf->rows; `valid` NULL: all. */
static bool append_validity(struct rowbuf *buf, struct rowbuf_column *column, const uint64_t *valid,
                            uint32_t n)
{
    uint64_t nulls = valid == NULL ? 0 : n - bitmap_count(valid, n);
    if (nulls == 0 && column->validity == NULL) return true;
    if (column->validity == NULL) {
        size_t words = bitmap_words(buf->capacity);
        column->validity = mem_alloc(buf->budget, words * sizeof(uint64_t));
        if (column->validity == NULL) return false;
        bitmap_fill(column->validity, buf->rows, true);
    }
    uint64_t ones[VEC_WORDS_MAX];
    if (valid == NULL) {
        bitmap_fill(ones, n, true);
        valid = ones;
    }
    bitmap_append_bits(column->validity, buf->rows, valid, n);
    column->nulls += nulls;
    return true;
}

/* Texts of the n views at `views` move into the buffer; views under NULLs become empty. */
static llkv_code adopt_texts(struct cx *cx, struct rowbuf *buf, struct rowbuf_column *column,
                             struct str_view *views, const uint64_t *valid, uint32_t n)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (valid != NULL && !bit_get(valid, i)) views[i] = str_of(NULL, 0);
        if (views[i].len > TEXT_BYTES_MAX)
            return cx_fail(cx, LLKV_LIMIT, "a text of %u bytes is too long", views[i].len);
        if (!text_heap_adopt(&buf->heap, &views[i])) return cx_nomem(cx);
        total += views[i].len;
    }
    column->text_bytes += total;
    return LLKV_OK;
}

static void zero_nulls(uint8_t *slots, uint32_t width, const uint64_t *valid, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!bit_get(valid, i)) memset(slots + (size_t)i * width, 0, width);
}

static llkv_code append_column(struct cx *cx, struct rowbuf *buf, uint32_t c,
                               const struct vector *v, const uint16_t *sel, uint32_t n)
{
    enum phys_type phys = buf->layout->phys[c];
    struct rowbuf_column *column = &buf->columns[c];
    uint64_t validity[VEC_WORDS_MAX], bits[VEC_WORDS_MAX];
    struct vector flat;
    if (phys == PHYS_NULLS) return LLKV_OK;
    assert(v->phys == phys);
    const size_t width = phys_bytes[phys];
    uint8_t *slots = (uint8_t *)column->data + buf->rows * width;
    const bool plain = v->shape == VEC_FLAT && sel == NULL && v->validity == NULL;
    if (plain && phys != PHYS_BOOL && phys != PHYS_VIEW) {
        memcpy(slots, v->data, n * width);
        if (LIKELY(column->validity == NULL)) return LLKV_OK;
        return append_validity(buf, column, NULL, n) ? LLKV_OK : cx_nomem(cx);
    }
    vec_flatten(v, sel, n, phys == PHYS_BOOL ? (void *)bits : (void *)slots, validity, &flat);
    if (phys == PHYS_BOOL) {
        bitmap_append_bits(column->data, buf->rows, flat.data, n);
    } else if (flat.data != slots) {
        memcpy(slots, flat.data, n * width);
    }
    if (phys == PHYS_VIEW) {
        TRY(adopt_texts(cx, buf, column, (struct str_view *)(void *)slots, flat.validity, n));
    } else if (phys != PHYS_BOOL && flat.validity != NULL) {
        zero_nulls(slots, (uint32_t)width, flat.validity, n);
    }
    return append_validity(buf, column, flat.validity, n) ? LLKV_OK : cx_nomem(cx);
}

/* The counts of a column for buf->rows, whatever stands behind. */
static void count_again(struct rowbuf *buf, uint32_t c)
{
    struct rowbuf_column *column = &buf->columns[c];
    const struct str_view *views = column->data;
    column->nulls =
        column->validity == NULL ? 0 : buf->rows - bitmap_count(column->validity, buf->rows);
    column->text_bytes = 0;
    for (uint32_t i = 0; buf->layout->phys[c] == PHYS_VIEW && i < buf->rows; i++)
        column->text_bytes += views[i].len;
}

llkv_code rowbuf_append(struct cx *cx, struct rowbuf *buf, const struct vector *columns,
                        const uint16_t *sel, uint32_t n)
{
    assert(n <= VEC_ROWS_MAX);
    assert(buf->rows + n <= buf->layout->segment_rows);
    if (n == 0) return LLKV_OK;
    TRY(ensure_room(cx, buf, buf->rows + n));
    for (uint32_t c = 0; c < buf->layout->column_count; c++) {
        llkv_code rc = append_column(cx, buf, c, &columns[c], sel, n);
        if (rc == LLKV_OK) continue;
        for (uint32_t i = 0; i <= c; i++)
            count_again(buf, i);
        return rc;
    }
    buf->rows += n;
    return LLKV_OK;
}

struct vector rowbuf_vector(const struct rowbuf *buf, uint32_t column, uint32_t first, uint32_t n,
                            uint64_t *scratch)
{
    assert(first + n <= buf->rows);
    enum phys_type phys = buf->layout->phys[column];
    const struct rowbuf_column *rc = &buf->columns[column];
    struct vector v = {.phys = (uint8_t)phys, .shape = VEC_FLAT, .rows = n};
    if (phys == PHYS_BOOL) {
        bitmap_copy_bits(scratch, rc->data, first, n);
        v.data = scratch;
    } else if (phys != PHYS_NULLS) {
        v.data = (const uint8_t *)rc->data + (size_t)first * phys_bytes[phys];
    }
    if (rc->nulls == 0) return v;
    bitmap_copy_bits(scratch + VEC_WORDS_MAX, rc->validity, first, n);
    v.validity = scratch + VEC_WORDS_MAX;
    return v;
}
