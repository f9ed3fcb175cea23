#include <string.h>

#include "arrow/export_priv.h"
#include "base/bitmap.h"
#include "base/number.h"
#include "base/uuid.h"

enum { CAPACITY_FIRST = 64 };

void column_builder_init(struct column_builder *builder, struct type type)
{
    *builder = (struct column_builder){.type = type, .heap_bytes_max = HEAP_BYTES_MAX};
}

/* Empty again; what it held is somebody else's now. */
static void forget(struct column_builder *builder)
{
    *builder =
        (struct column_builder){.type = builder->type, .heap_bytes_max = builder->heap_bytes_max};
}

void column_builder_deinit(struct column_builder *builder)
{
    buffer_unref(builder->validity);
    buffer_unref(builder->values);
    buffer_unref(builder->heap);
    forget(builder);
}

static bool is_text(const struct column_builder *b)
{
    return b->type.phys == PHYS_VIEW;
}

/* Replace *io by a larger one with the same first `used` bytes. The rest is zeroed: what leaves the
 * library is never uninitialised. */
NODISCARD static llkv_code grow(struct cx *cx, struct buffer **io, uint64_t used, uint64_t bytes)
{
    struct buffer *larger = buffer_new(NULL, bytes);
    if (larger == NULL) return cx_nomem(cx);
    if (used != 0) memcpy(larger->data, (*io)->data, used);
    memset(larger->data + used, 0, bytes - used);
    buffer_unref(*io);
    *io = larger;
    return LLKV_OK;
}

static uint64_t bits_bytes(uint32_t rows)
{
    return bitmap_words(rows) * sizeof(uint64_t);
}

static uint64_t values_bytes(const struct column_builder *b, uint32_t rows)
{
    if (b->type.phys == PHYS_BOOL) return bits_bytes(rows);
    return ((uint64_t)rows + is_text(b)) * arrow_value_bytes(b->type);
}

NODISCARD static llkv_code reserve(struct cx *cx, struct column_builder *b, uint32_t more)
{
    uint32_t wanted = b->rows + more;
    if (wanted <= b->capacity && b->values != NULL) return LLKV_OK;
    uint32_t capacity = b->rows == 0 ? more : b->capacity * 2;
    if (capacity < wanted) capacity = wanted;
    if (capacity < CAPACITY_FIRST) capacity = CAPACITY_FIRST;
    uint64_t used = b->values == NULL ? 0 : values_bytes(b, b->rows);
    TRY(grow(cx, &b->values, used, values_bytes(b, capacity)));
    if (b->validity != NULL) TRY(grow(cx, &b->validity, bits_bytes(b->rows), bits_bytes(capacity)));
    if (is_text(b) && b->heap == NULL) TRY(grow(cx, &b->heap, 0, CAPACITY_FIRST));
    b->capacity = capacity;
    return LLKV_OK;
}

NODISCARD static llkv_code reserve_heap(struct cx *cx, struct column_builder *b, uint64_t more)
{
    uint64_t wanted = b->heap_bytes + more;
    assert(wanted <= b->heap_bytes_max);
    if (wanted <= b->heap->bytes) return LLKV_OK;
    uint64_t bytes = b->rows == 0 ? wanted : b->heap->bytes * 2;
    if (bytes < wanted) bytes = wanted;
    if (bytes > b->heap_bytes_max) bytes = b->heap_bytes_max;
    return grow(cx, &b->heap, b->heap_bytes, bytes);
}

NODISCARD static llkv_code append_validity(struct cx *cx, struct column_builder *b,
                                           const struct vector *v, uint32_t rows)
{
    uint32_t valid = v->validity == NULL ? rows : (uint32_t)bitmap_count(v->validity, rows);
    if (valid == rows && b->validity == NULL) return LLKV_OK;
    if (b->validity == NULL) {
        TRY(grow(cx, &b->validity, 0, bits_bytes(b->capacity)));
        bitmap_fill((uint64_t *)(void *)b->validity->data, b->rows, true);
    }
    uint64_t *words = (uint64_t *)(void *)b->validity->data;
    static const uint64_t all[VEC_WORDS_MAX] = {
#define X8                                                                                         \
    ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0),            \
        ~UINT64_C(0), ~UINT64_C(0)
        X8, X8, X8, X8
#undef X8
    };
    bitmap_append_bits(words, b->rows, v->validity == NULL ? all : v->validity, rows);
    b->nulls += rows - valid;
    return LLKV_OK;
}

NODISCARD static llkv_code no_room(struct cx *cx, const char *name, const char *value,
                                   const char *arrow_type)
{
    return cx_fail_at(cx, LLKV_OVERFLOW, -1, "22003", "column \"%s\": %s does not fit Arrow's %s",
                      name, value, arrow_type);
}

/* ---- values, by type. `out` is where the first goes; slots under NULL become 0 where looking at
 * them could raise an error. ---- */

static void widen_decimals(i128 *out, const struct vector *v, uint32_t rows)
{
    switch ((enum phys_type)v->phys) {
    case PHYS_I16:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = ((const int16_t *)v->data)[i];
        break;
    case PHYS_I32:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = ((const int32_t *)v->data)[i];
        break;
    case PHYS_I64:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = ((const int64_t *)v->data)[i];
        break;
    default: /* the only other one that decimals are stored in */
        assert(v->phys == PHYS_I128);
        memcpy(out, v->data, rows * sizeof *out);
        break;
    }
}

NODISCARD static llkv_code copy_hugeints(struct cx *cx, i128 *out, const struct vector *v,
                                         uint32_t rows, const char *name)
{
    const i128 limit = (i128)number_pow10(38);
    const i128 *in = v->data;
    for (uint32_t i = 0; i < rows; i++) {
        bool valid = vec_valid(v, i);
        out[i] = valid ? in[i] : 0;
        if (!valid || (in[i] < limit && in[i] > -limit)) continue;
        char text[NUMBER_TEXT_MAX];
        number_print_i128(in[i], text);
        return no_room(cx, name, text, "decimal128(38, 0)");
    }
    return LLKV_OK;
}

NODISCARD static llkv_code copy_uhugeints(struct cx *cx, i128 *out, const struct vector *v,
                                          uint32_t rows, const char *name)
{
    const u128 limit = number_pow10(38);
    const u128 *in = v->data;
    for (uint32_t i = 0; i < rows; i++) {
        bool valid = vec_valid(v, i);
        out[i] = valid && in[i] < limit ? (i128)in[i] : 0;
        if (!valid || in[i] < limit) continue;
        char text[NUMBER_TEXT_MAX];
        number_print_u128(in[i], text);
        return no_room(cx, name, text, "decimal128(38, 0)");
    }
    return LLKV_OK;
}

/* Arrow's month_day_nano. */
struct arrow_interval {
    int32_t months, days;
    int64_t nanos;
};
static_assert(sizeof(struct arrow_interval) == 16, "by the specification");

NODISCARD static llkv_code copy_intervals(struct cx *cx, struct arrow_interval *out,
                                          const struct vector *v, uint32_t rows, const char *name)
{
    const struct interval *in = v->data;
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = (struct arrow_interval){0};
        if (!vec_valid(v, i)) continue;
        int64_t nanos;
        if (__builtin_mul_overflow(in[i].micros, 1000, &nanos)) {
            char text[NUMBER_TEXT_MAX + 16];
            size_t len = number_print_i64(in[i].micros, text);
            memcpy(text + len, " microseconds", sizeof " microseconds");
            return no_room(cx, name, text, "interval of nanoseconds");
        }
        out[i] = (struct arrow_interval){in[i].months, in[i].days, nanos};
    }
    return LLKV_OK;
}

NODISCARD static llkv_code copy_numbers(struct cx *cx, double *out, const struct vector *v,
                                        uint32_t rows, const char *name)
{
    const struct number *in = v->data;
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = 0;
        if (!vec_valid(v, i)) continue;
        out[i] = in[i].is_real ? in[i].d : (double)in[i].i;
        /* 2^63 is the one double that an int64 rounds to without being able to hold it. */
        if (in[i].is_real || (out[i] < 0x1p63 && (int64_t)out[i] == in[i].i)) continue;
        char text[NUMBER_TEXT_MAX];
        number_print_i64(in[i].i, text);
        return no_room(cx, name, text, "float64");
    }
    return LLKV_OK;
}

static void copy_uuids(uint8_t *out, const struct vector *v, uint32_t rows)
{
    const i128 *in = v->data;
    for (uint32_t i = 0; i < rows; i++)
        uuid_to_bytes(in[i], out + (size_t)i * UUID_BYTES);
}

NODISCARD static llkv_code append_fixed(struct cx *cx, struct column_builder *b,
                                        const struct vector *v, uint32_t rows, const char *name)
{
    uint32_t bytes = arrow_value_bytes(b->type);
    void *out = b->values->data + (size_t)b->rows * bytes;
    switch ((enum type_id)b->type.id) {
    case TYPE_DECIMAL: widen_decimals(out, v, rows); return LLKV_OK;
    case TYPE_HUGEINT: return copy_hugeints(cx, out, v, rows, name);
    case TYPE_UHUGEINT: return copy_uhugeints(cx, out, v, rows, name);
    case TYPE_INTERVAL: return copy_intervals(cx, out, v, rows, name);
    case TYPE_NUMBER: return copy_numbers(cx, out, v, rows, name);
    case TYPE_UUID: copy_uuids(out, v, rows); return LLKV_OK;
    default: memcpy(out, v->data, (size_t)rows * bytes); return LLKV_OK;
    }
}

/* How many of the rows fit the heap, and the bytes they take. */
static uint32_t texts_that_fit(const struct column_builder *b, const struct vector *v,
                               uint32_t rows, uint64_t *out_bytes)
{
    const struct str_view *views = v->data;
    uint64_t bytes = 0;
    uint32_t taken = 0;
    for (; taken < rows; taken++) {
        uint64_t len = vec_valid(v, taken) ? views[taken].len : 0;
        if (b->heap_bytes + bytes + len > b->heap_bytes_max) break;
        bytes += len;
    }
    *out_bytes = bytes;
    return taken;
}

NODISCARD static llkv_code append_texts(struct cx *cx, struct column_builder *b,
                                        const struct vector *v, uint32_t rows, uint64_t bytes)
{
    TRY(reserve_heap(cx, b, bytes));
    const struct str_view *views = v->data;
    int32_t *offsets = (int32_t *)(void *)b->values->data + b->rows;
    uint8_t *heap = b->heap->data;
    uint32_t at = b->heap_bytes;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t len = vec_valid(v, i) ? views[i].len : 0;
        if (len != 0) memcpy(heap + at, str_data(&views[i]), len);
        at += len;
        offsets[i + 1] = (int32_t)at;
    }
    b->heap_bytes = at;
    return LLKV_OK;
}

/* A column of any type may come as nothing but NULLs. The values stay what they are: initialised.
 */
NODISCARD static llkv_code append_nulls(struct cx *cx, struct column_builder *b, uint32_t rows)
{
    static const uint64_t none[VEC_WORDS_MAX];
    struct vector nulls = {.phys = b->type.phys, .rows = rows, .validity = none};
    TRY(append_validity(cx, b, &nulls, rows));
    if (is_text(b)) {
        int32_t *offsets = (int32_t *)(void *)b->values->data + b->rows;
        for (uint32_t i = 0; i < rows; i++)
            offsets[i + 1] = (int32_t)b->heap_bytes;
    }
    b->rows += rows;
    return LLKV_OK;
}

llkv_code column_builder_append(struct cx *cx, struct column_builder *b, const struct vector *flat,
                                const char *name, uint32_t *out_taken)
{
    assert(flat->shape == VEC_FLAT);
    uint32_t rows = flat->rows;
    *out_taken = rows;
    if (b->type.id == TYPE_NULL) {
        b->rows += rows;
        return LLKV_OK;
    }
    CHECK(cx, flat->phys == b->type.phys || flat->phys == PHYS_NULLS);
    TRY(reserve(cx, b, rows));
    if (flat->phys == PHYS_NULLS) return append_nulls(cx, b, rows);
    if (is_text(b)) {
        uint64_t bytes;
        rows = texts_that_fit(b, flat, rows, &bytes);
        TRY(append_texts(cx, b, flat, rows, bytes));
    } else if (b->type.phys == PHYS_BOOL) {
        bitmap_append_bits((uint64_t *)(void *)b->values->data, b->rows, flat->data, rows);
    } else {
        TRY(append_fixed(cx, b, flat, rows, name));
    }
    TRY(append_validity(cx, b, flat, rows));
    b->rows += rows;
    *out_taken = rows;
    return LLKV_OK;
}

void column_builder_truncate(struct column_builder *b, uint32_t rows)
{
    assert(rows <= b->rows);
    b->rows = rows;
    if (b->values == NULL) return;
    if (b->validity != NULL)
        b->nulls = rows - (uint32_t)bitmap_count((uint64_t *)(void *)b->validity->data, rows);
    if (is_text(b)) b->heap_bytes = (uint32_t)((int32_t *)(void *)b->values->data)[rows];
}

llkv_code column_builder_finish(struct cx *cx, struct column_builder *b,
                                struct ArrowArray *out_array)
{
    if (b->type.id != TYPE_NULL) {
        llkv_code rc = reserve(cx, b, 0); /* an empty column has its buffers too */
        if (rc != LLKV_OK) {
            column_builder_deinit(b);
            return rc;
        }
        b->values->bytes = values_bytes(b, b->rows);
    }
    struct result_column column = {
        .validity = b->nulls == 0 ? NULL : b->validity,
        .values = b->values,
        .heap = b->heap,
        .null_count = b->nulls,
    };
    if (b->nulls == 0) buffer_unref(b->validity);
    int64_t rows = b->rows;
    forget(b);
    return arrow_array_init(cx, b->type, &column, rows, out_array);
}
