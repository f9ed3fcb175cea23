/* csv_convert.c -- fields to vectors: column by column, a loop per kind of type. */
#include <assert.h>
#include <inttypes.h>

#include "base/bitmap.h"
#include "base/date.h"
#include "base/number_plain.h"
#include "base/utf8.h"
#include "format/csv_priv.h"
#include "func/cast.h"

/* One column of a batch being made. */
struct column_job {
    const struct csv_source *source;
    const struct csv_column *column;
    uint32_t number; /* of the column */
    size_t first;    /* record */
    uint32_t n;
    void *data;
    uint64_t *validity;
    struct arena *heap;
};

llkv_code csv_slot_init(struct cx *cx, struct csv_slot *slot, const struct csv_spec *spec,
                        struct mem_budget *budget)
{
    const size_t count = spec->column_count;
    arena_init(&slot->heap, budget);
    slot->vectors = mem_alloc_zero(budget, (count + 1) * sizeof *slot->vectors);
    slot->data = mem_alloc_zero(budget, (count + 1) * sizeof *slot->data);
    slot->validity = mem_alloc_zero(budget, (count + 1) * sizeof *slot->validity);
    if (slot->vectors == NULL || slot->data == NULL || slot->validity == NULL) return cx_nomem(cx);
    for (size_t c = 0; c < count; c++) {
        const uint8_t phys = spec->columns[c].type.phys;
        const size_t width = phys == PHYS_BOOL ? 1 : phys_bytes[phys];
        slot->vectors[c] = (struct vector){.phys = phys, .shape = VEC_FLAT};
        if (spec->columns[c].skipped) continue;
        slot->data[c] = mem_alloc_aligned(budget, VEC_ROWS_MAX * width + CSV_PAD_BYTES);
        slot->validity[c] = mem_alloc(budget, VEC_WORDS_MAX * sizeof(uint64_t));
        if (slot->data[c] == NULL || slot->validity[c] == NULL) return cx_nomem(cx);
        memset(slot->data[c], 0, VEC_ROWS_MAX * width + CSV_PAD_BYTES);
    }
    return LLKV_OK;
}

void csv_slot_deinit(struct csv_slot *slot, uint32_t column_count)
{
    for (uint32_t c = 0; c < column_count; c++) {
        if (slot->data != NULL) mem_free(slot->data[c]);
        if (slot->validity != NULL) mem_free(slot->validity[c]);
    }
    mem_free(slot->data);
    mem_free(slot->validity);
    mem_free(slot->vectors);
    arena_deinit(&slot->heap);
    *slot = (struct csv_slot){0};
}

llkv_code csv_error_at(struct cx *cx, llkv_code code, const struct csv_source *source,
                       size_t record, const struct csv_column *column)
{
    const uint64_t line = source->line + source->index->records[record].line + 1;
    if (column == NULL) return cx_while(cx, code, "%s, line %" PRIu64, source->spec->path, line);
    const unsigned number = (unsigned)(column - source->spec->columns) + 1;
    return cx_while(cx, code, "%s, line %" PRIu64 ", column %u (%s)", source->spec->path, line,
                    number, column->name);
}

/* ---- values ---- */

static struct csv_field *field_of(const struct column_job *job, uint32_t row)
{
    const struct csv_index *x = job->source->index;
    const struct csv_record *record = &x->records[job->first + row];
    if (UNLIKELY(record->first + job->number >= record[1].first)) return NULL; /* padded */
    return &x->fields[record->first + job->number];
}

/* The field if it is a value; NULL stands for NULL. */
ALWAYS_INLINE struct csv_field *value_field(const struct column_job *job, uint32_t row)
{
    struct csv_field *field = field_of(job, row);
    const struct csv_source *source = job->source;
    if (UNLIKELY(field == NULL) || csv_field_is_null(source->dialect, source->text, field))
        return NULL;
    return field;
}

static llkv_code refuse_null(struct cx *cx, const struct column_job *job, uint32_t row)
{
    llkv_code rc = cx_fail_at(cx, LLKV_CONSTRAINT, -1, "23502",
                              "column \"%s\" of table \"%s\" must not be NULL", job->column->name,
                              job->source->spec->table);
    return csv_error_at(cx, rc, job->source, job->first + row, job->column);
}

static llkv_code fail_value(struct cx *cx, const struct column_job *job, uint32_t row,
                            struct slice text, enum text_result why)
{
    llkv_code rc;
    if (!utf8_valid(text.data, text.len))
        rc = cx_fail_at(cx, LLKV_DATA, -1, "22021", "the value is not valid UTF-8");
    else if (why == TEXT_RANGE && job->column->type.id == TYPE_BLOB)
        return cx_nomem(cx);
    else
        rc = cast_fail_text(cx, text, job->column->type, why, -1);
    return csv_error_at(cx, rc, job->source, job->first + row, job->column);
}

/* Any type but VARCHAR, as CAST reads it. */
static llkv_code slow_value(struct cx *cx, const struct column_job *job, uint32_t row,
                            struct csv_field *field)
{
    struct slice text = csv_field_text(job->source->dialect, job->source->text, field);
    struct value value;
    enum text_result result = cast_parse(text, job->column->type, false, job->heap, &value);
    if (result != TEXT_OK) return fail_value(cx, job, row, text, result);
    value_store(&value, (enum phys_type)job->column->type.phys, job->data, row);
    return LLKV_OK;
}

static struct slice plain_text(const struct column_job *job, const struct csv_field *field)
{
    return (struct slice){job->source->text + field->start, field->length & CSV_LENGTH_MASK};
}

/* Reads a text at first sight and stores the value; false: ask slow_value. */
typedef bool read_fn(const struct column_job *job, struct slice text, uint32_t row);

static inline bool read_i64(const struct column_job *job, struct slice text, uint32_t row)
{
    return number_plain_i64(text, (int64_t *)job->data + row);
}

static inline bool read_i32(const struct column_job *job, struct slice text, uint32_t row)
{
    int64_t value;
    if (!number_plain_i64(text, &value) || value != (int32_t)value) return false;
    ((int32_t *)job->data)[row] = (int32_t)value;
    return true;
}

static inline bool read_i16(const struct column_job *job, struct slice text, uint32_t row)
{
    int64_t value;
    if (!number_plain_i64(text, &value) || value != (int16_t)value) return false;
    ((int16_t *)job->data)[row] = (int16_t)value;
    return true;
}

static inline bool read_decimal(const struct column_job *job, struct slice text, int64_t *out)
{
    const struct type type = job->column->type;
    return number_plain_decimal(text, type.precision, type.scale, out);
}

static inline bool read_decimal64(const struct column_job *job, struct slice text, uint32_t row)
{
    return read_decimal(job, text, (int64_t *)job->data + row);
}

static inline bool read_decimal32(const struct column_job *job, struct slice text, uint32_t row)
{
    int64_t value;
    if (!read_decimal(job, text, &value)) return false;
    ((int32_t *)job->data)[row] = (int32_t)value;
    return true;
}

static inline bool read_date(const struct column_job *job, struct slice text, uint32_t row)
{
    return date_plain(text, (int32_t *)job->data + row);
}

static inline bool read_double(const struct column_job *job, struct slice text, uint32_t row)
{
    return number_plain_double(text, (double *)job->data + row);
}

static inline bool read_nothing(const struct column_job *job, struct slice text, uint32_t row)
{
    (void)job, (void)text, (void)row;
    return false;
}

/* Inlined for every `read`. */
ALWAYS_INLINE llkv_code each_value(struct cx *cx, const struct column_job *job, read_fn *read)
{
    for (uint32_t i = 0; i < job->n; i++) {
        struct csv_field *field = value_field(job, i);
        if (UNLIKELY(field == NULL)) {
            bit_clear(job->validity, i);
            continue;
        }
        if (UNLIKELY(!read(job, plain_text(job, field), i))) TRY(slow_value(cx, job, i, field));
    }
    return LLKV_OK;
}

static llkv_code convert_text(struct cx *cx, const struct column_job *job)
{
    const struct csv_source *source = job->source;
    struct str_view *views = job->data;
    for (uint32_t i = 0; i < job->n; i++) {
        struct csv_field *field = value_field(job, i);
        if (UNLIKELY(field == NULL)) {
            bit_clear(job->validity, i);
            views[i] = str_of(NULL, 0);
            continue;
        }
        struct slice text = csv_field_text(source->dialect, source->text, field);
        if (!source->index->ascii && !utf8_valid(text.data, text.len))
            return fail_value(cx, job, i, text, TEXT_INVALID);
        views[i] = str_of(text.data, (uint32_t)text.len);
    }
    return LLKV_OK;
}

static llkv_code convert_values(struct cx *cx, const struct column_job *job)
{
    const struct type type = job->column->type;
    switch ((enum type_id)type.id) {
    case TYPE_VARCHAR: return convert_text(cx, job);
    case TYPE_BIGINT: return each_value(cx, job, read_i64);
    case TYPE_INTEGER: return each_value(cx, job, read_i32);
    case TYPE_SMALLINT: return each_value(cx, job, read_i16);
    case TYPE_DOUBLE: return each_value(cx, job, read_double);
    case TYPE_DATE: return each_value(cx, job, read_date);
    case TYPE_DECIMAL:
        if (type.phys == PHYS_I64) return each_value(cx, job, read_decimal64);
        if (type.phys == PHYS_I32) return each_value(cx, job, read_decimal32);
        break;
    default: break;
    }
    return each_value(cx, job, read_nothing);
}

static llkv_code convert_column(struct cx *cx, const struct csv_source *source, size_t first,
                                uint32_t n, uint32_t c, struct csv_slot *slot)
{
    const struct csv_column *column = &source->spec->columns[c];
    struct vector *v = &slot->vectors[c];
    const struct column_job job = {.source = source,
                                   .column = column,
                                   .number = c,
                                   .first = first,
                                   .n = n,
                                   .data = slot->data[c],
                                   .validity = slot->validity[c],
                                   .heap = &slot->heap};
    bitmap_fill(job.validity, n, true);
    TRY(convert_values(cx, &job));
    v->rows = n;
    v->data = job.data;
    v->validity = bitmap_all(job.validity, n) ? NULL : job.validity;
    if (v->validity == NULL || !column->required) return LLKV_OK;
    uint32_t row = 0;
    while (bit_get(job.validity, row))
        row++;
    return refuse_null(cx, &job, row);
}

/* ---- records ---- */

/* One empty value more than there are columns is a delimiter at the end of the line. */
static llkv_code check_width(struct cx *cx, const struct csv_source *source, size_t record)
{
    const struct csv_index *x = source->index;
    const uint32_t wanted = source->spec->column_count;
    const uint32_t have = csv_field_count(x, record);
    if (have == wanted || (have < wanted && source->dialect->null_padding)) return LLKV_OK;
    if (have == wanted + 1 && x->fields[x->records[record + 1].first - 1].length == 0)
        return LLKV_OK;
    llkv_code rc = cx_fail_at(cx, LLKV_DATA, -1, "22P04", "%u value%s where %u %s expected", have,
                              have == 1 ? "" : "s", wanted, wanted == 1 ? "is" : "are");
    return csv_error_at(cx, rc, source, record, NULL);
}

/* An error in an earlier line comes first. */
static llkv_code convert_one_by_one(struct cx *cx, const struct csv_source *source, size_t first,
                                    uint32_t n, struct csv_slot *slot)
{
    for (uint32_t i = 0; i < n; i++) {
        TRY(check_width(cx, source, first + i));
        for (uint32_t c = 0; c < source->spec->column_count; c++)
            if (!source->spec->columns[c].skipped)
                TRY(convert_column(cx, source, first + i, 1, c, slot));
    }
    return cx_fail(cx, LLKV_INTERNAL, "a record was right the second time");
}

llkv_code csv_convert(struct cx *cx, const struct csv_source *source, size_t first, uint32_t n,
                      struct csv_slot *slot)
{
    const uint32_t count = source->spec->column_count;
    llkv_code rc = LLKV_OK;
    assert(n <= VEC_ROWS_MAX);
    assert(first + n <= source->index->record_count);
    arena_reset(&slot->heap);
    for (uint32_t i = 0; i < n && rc == LLKV_OK; i++)
        rc = check_width(cx, source, first + i);
    for (uint32_t c = 0; c < count && rc == LLKV_OK; c++)
        if (!source->spec->columns[c].skipped) rc = convert_column(cx, source, first, n, c, slot);
    if (rc == LLKV_NOMEM) return rc;
    if (rc != LLKV_OK) return convert_one_by_one(cx, source, first, n, slot);
    slot->first = first;
    slot->batch =
        (struct batch){.rows = n, .live = n, .column_count = count, .columns = slot->vectors};
    return LLKV_OK;
}

bool csv_field_fits(struct slice text, struct type type, struct arena *heap)
{
    struct value value;
    if (type.id == TYPE_VARCHAR) return utf8_valid(text.data, text.len);
    return cast_parse(text, type, false, heap, &value) == TEXT_OK;
}
