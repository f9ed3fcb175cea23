/* csv_sniff.c -- what nobody has said about a file, found out from its first records. The sample is
 * the same whatever the size of a block. */
#include "base/vec.h"
#include "format/csv_priv.h"
#include "func/cast.h"

enum { SAMPLE_BYTES = 1 << 18, SAMPLE_RECORDS = 100 };

size_t csv_mark_bytes(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The beginning of a text, cut in one way. */
struct sample {
    const char *text;
    size_t len;
    bool last;
    struct csv_index index;
};

static llkv_code cut(struct cx *cx, struct sample *sample, const struct csv_dialect *dialect)
{
    if (!csv_scan(&sample->index, dialect, sample->text, sample->len, sample->last, SAMPLE_RECORDS))
        return cx_nomem(cx);
    return LLKV_OK;
}

static bool last_is_empty(const struct csv_index *x, size_t record)
{
    return x->fields[x->records[record + 1].first - 1].length == 0;
}

/* How many records have as many values as there are columns. */
static size_t count_fitting(const struct sample *sample, uint32_t columns)
{
    const struct csv_index *x = &sample->index;
    size_t count = 0;
    for (size_t i = 0; i < x->record_count; i++) {
        const uint32_t have = csv_field_count(x, i);
        count += have == columns || (have == columns + 1 && last_is_empty(x, i));
    }
    return count;
}

static llkv_code choose_delimiter(struct cx *cx, struct sample *sample, uint32_t columns,
                                  struct csv_dialect *io)
{
    static const char candidates[] = {',', '|', ';', '\t'};
    size_t best = 0;
    char delimiter = ',';
    for (size_t i = 0; i < sizeof candidates; i++) {
        struct csv_dialect dialect = *io;
        dialect.delimiter = candidates[i];
        if (dialect.delimiter == io->quote || dialect.delimiter == io->escape) continue;
        TRY(cut(cx, sample, &dialect));
        const size_t count = count_fitting(sample, columns);
        if (count <= best) continue;
        best = count;
        delimiter = candidates[i];
    }
    io->delimiter = delimiter;
    return LLKV_OK;
}

/* A field of the first record; the sample is not touched. */
static llkv_code first_text(struct cx *cx, const struct sample *sample,
                            const struct csv_dialect *dialect, uint32_t c, struct slice *out)
{
    struct csv_field field = sample->index.fields[c];
    const uint32_t length = field.length & CSV_LENGTH_MASK;
    char *copy = cx_strndup(cx, sample->text + field.start, length);
    if (copy == NULL) return LLKV_NOMEM;
    field.start = 0;
    *out = csv_field_text(dialect, copy, &field);
    return LLKV_OK;
}

/* The first line is a header if it holds the names of the columns, or if no column that is not text
 * could read its value there. */
static llkv_code choose_header(struct cx *cx, struct sample *sample, const struct csv_spec *spec,
                               struct csv_dialect *io)
{
    bool names = true, readable = false, typed = false;
    TRY(cut(cx, sample, io));
    io->header = CSV_NO;
    if (sample->index.record_count == 0) return LLKV_OK;
    if (csv_field_count(&sample->index, 0) < spec->column_count) return LLKV_OK;
    for (uint32_t c = 0; c < spec->column_count; c++) {
        const struct csv_column *column = &spec->columns[c];
        struct slice text;
        TRY(first_text(cx, sample, io, c, &text));
        names &= slice_equal_folded(text, slice_of(column->name));
        if (column->type.id == TYPE_VARCHAR) continue;
        typed = true;
        readable |= text.len == 0 ||
                    csv_field_is_null(io, sample->text, &sample->index.fields[c]) ||
                    csv_field_fits(text, column->type, cx->arena);
    }
    if (names || (typed && !readable)) io->header = CSV_YES;
    return LLKV_OK;
}

llkv_code csv_choose(struct cx *cx, const struct csv_spec *spec, const char *text, size_t len,
                     bool last, struct csv_dialect *io)
{
    struct sample sample = {.text = text, .len = len, .last = last};
    llkv_code rc = LLKV_OK;
    if (sample.len > SAMPLE_BYTES) {
        sample.len = SAMPLE_BYTES;
        sample.last = false;
    }
    sample.index.budget = cx->budget;
    sample.index.keep_empty = spec->column_count == 1;
    if (!io->quote_given) io->quote = '"';
    if (io->escape == 0) io->escape = io->quote;
    if (io->delimiter == 0) rc = choose_delimiter(cx, &sample, spec->column_count, io);
    if (rc == LLKV_OK && io->header == CSV_SNIFF) rc = choose_header(cx, &sample, spec, io);
    csv_index_deinit(&sample.index);
    return rc;
}
