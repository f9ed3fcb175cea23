/* csv_sniff.c -- what nobody has said about a file, found out from its first records. The sample is
 * the same whatever the size of a block. */
#include "base/os_file.h"
#include "base/utf8.h"
#include "format/csv_priv.h"
#include "func/cast.h"

enum { SAMPLE_BYTES = 1 << 18, SAMPLE_RECORDS = 100, TYPE_RECORDS = 20000 };

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

static llkv_code cut(struct cx *cx, struct sample *sample, const struct csv_dialect *dialect,
                     size_t records)
{
    if (!csv_scan(&sample->index, dialect, sample->text, sample->len, sample->last, records))
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

static const char candidates[] = {',', '|', ';', '\t'};

/* Characters that mean something else are none. */
static bool is_candidate(const struct csv_dialect *dialect, char c)
{
    return c != dialect->quote && c != dialect->escape;
}

/* Where nothing speaks for any. */
static char first_candidate(const struct csv_dialect *dialect)
{
    size_t i = 0;
    while (!is_candidate(dialect, candidates[i]))
        i++; /* quote and escape are two at most */
    return candidates[i];
}

static llkv_code choose_delimiter(struct cx *cx, struct sample *sample, uint32_t columns,
                                  struct csv_dialect *io)
{
    size_t best = 0;
    char delimiter = first_candidate(io);
    for (size_t i = 0; i < sizeof candidates; i++) {
        struct csv_dialect dialect = *io;
        dialect.delimiter = candidates[i];
        if (!is_candidate(io, dialect.delimiter)) continue;
        TRY(cut(cx, sample, &dialect, SAMPLE_RECORDS));
        const size_t count = count_fitting(sample, columns);
        if (count <= best) continue;
        best = count;
        delimiter = candidates[i];
    }
    io->delimiter = delimiter;
    return LLKV_OK;
}

/* A field of a record; the sample is not touched. */
static llkv_code sample_text(struct cx *cx, const struct sample *sample,
                             const struct csv_dialect *dialect, size_t record, uint32_t c,
                             struct slice *out)
{
    struct csv_field field = sample->index.fields[sample->index.records[record].first + c];
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
    TRY(cut(cx, sample, io, SAMPLE_RECORDS));
    io->header = CSV_NO;
    if (sample->index.record_count == 0) return LLKV_OK;
    if (csv_field_count(&sample->index, 0) < spec->column_count) return LLKV_OK;
    for (uint32_t c = 0; c < spec->column_count; c++) {
        const struct csv_column *column = &spec->columns[c];
        struct slice text;
        TRY(sample_text(cx, sample, io, 0, c, &text));
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

/* ---- files of which nothing is known ---- */

/* Values of the first record, but for a delimiter at the end of all lines. */
static uint32_t width_of(const struct csv_index *x)
{
    const uint32_t width = x->record_count == 0 ? 1 : csv_field_count(x, 0);
    for (size_t r = 0; r < x->record_count; r++)
        if (!last_is_empty(x, r)) return width;
    return width == 1 ? 1 : width - 1;
}

/* The most values that all records have, or that most have. */
static llkv_code guess_delimiter(struct cx *cx, struct sample *sample, struct csv_dialect *io)
{
    uint64_t best = 0;
    char delimiter = first_candidate(io);
    for (size_t i = 0; i < sizeof candidates; i++) {
        struct csv_dialect dialect = *io;
        const struct csv_index *x = &sample->index;
        dialect.delimiter = candidates[i];
        if (!is_candidate(io, dialect.delimiter)) continue;
        TRY(cut(cx, sample, &dialect, SAMPLE_RECORDS));
        const uint32_t width = width_of(x);
        if (width < 2) continue;
        const uint64_t fitting = count_fitting(sample, width);
        const uint64_t score = (fitting * 1000 / x->record_count) * 10000 + width;
        if (score <= best) continue;
        best = score;
        delimiter = candidates[i];
    }
    io->delimiter = delimiter;
    return LLKV_OK;
}

static bool is_word(struct slice text, const char *word)
{
    return slice_equal_folded(text, slice_of(word));
}

/* An integer whose text is nothing but that: zeros in front are part of a name. */
static bool is_integer(struct slice text)
{
    const size_t sign = text.len != 0 && text.data[0] == '-';
    if (text.len == sign || (text.len - sign > 1 && text.data[sign] == '0')) return false;
    for (size_t i = sign; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return true;
}

static bool is_real(struct slice text)
{
    const size_t sign = text.len != 0 && text.data[0] == '-';
    for (size_t i = sign; i < text.len; i++)
        if (memchr("0123456789.eE+-", text.data[i], 15) == NULL) return false;
    return text.len - sign < 2 || text.data[sign] != '0' || text.data[sign + 1] == '.';
}

static bool takes(struct slice text, enum type_id id, struct arena *heap)
{
    if (id == TYPE_VARCHAR) return true;
    if (id == TYPE_BOOLEAN) return is_word(text, "true") || is_word(text, "false");
    if ((id == TYPE_BIGINT || id == TYPE_HUGEINT) && !is_integer(text)) return false;
    if (id == TYPE_DOUBLE && !is_real(text)) return false;
    if (id == TYPE_DATE && memchr(text.data, ':', text.len) != NULL) return false; /* a time, too */
    return csv_field_fits(text, type_of(id), heap);
}

static const enum type_id guesses[] = {TYPE_BOOLEAN, TYPE_BIGINT,    TYPE_HUGEINT, TYPE_DOUBLE,
                                       TYPE_DATE,    TYPE_TIMESTAMP, TYPE_TIME,    TYPE_VARCHAR};

/* The type of the records from `first` on: the first guess that takes all of them; VARCHAR if there
 * is nothing to take. */
static llkv_code guess_type(struct cx *cx, const struct sample *sample,
                            const struct csv_dialect *dialect, size_t first, uint32_t c,
                            struct type *out)
{
    const struct csv_index *x = &sample->index;
    size_t guess = 0;
    bool any = false;
    for (size_t r = first; r < x->record_count; r++) {
        struct slice text;
        if (c >= csv_field_count(x, r) ||
            csv_field_is_null(dialect, sample->text, &x->fields[x->records[r].first + c]))
            continue;
        const struct arena_mark mark = arena_mark(cx->arena);
        TRY(sample_text(cx, sample, dialect, r, c, &text));
        any = true;
        const size_t before = guess;
        while (!takes(text, guesses[guess], cx->arena))
            guess++;
        arena_rewind(cx->arena, mark);
        if (guess == before || r == first) continue;
        r = first - 1; /* what came before must be of the new type as well */
    }
    *out = type_of(any ? guesses[guess] : TYPE_VARCHAR);
    return LLKV_OK;
}

static llkv_code guess_header(struct cx *cx, struct sample *sample, struct csv_sniffed *out)
{
    bool header = false;
    for (uint32_t c = 0; c < out->column_count; c++) {
        struct slice text;
        TRY(guess_type(cx, sample, &out->dialect, 1, c, &out->types[c]));
        if (out->types[c].id == TYPE_VARCHAR) continue;
        TRY(sample_text(cx, sample, &out->dialect, 0, c, &text));
        header |= text.len != 0 && !takes(text, (enum type_id)out->types[c].id, cx->arena);
    }
    out->dialect.header = header ? CSV_YES : CSV_NO;
    return LLKV_OK;
}

static bool name_taken(const struct csv_sniffed *out, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (slice_equal_folded(slice_of(out->names[i]), slice_of(name))) return true;
    return false;
}

/* Names are made different from each other. */
static llkv_code make_name(struct cx *cx, struct slice text, uint32_t c, struct csv_sniffed *out)
{
    const char *name =
        text.len == 0 ? cx_printf(cx, "column%u", c) : cx_strndup(cx, text.data, text.len);
    for (uint32_t n = 1; name != NULL && name_taken(out, c, name); n++)
        name = cx_printf(cx, "%.*s_%u", SLICE_ARG(text), n);
    out->names[c] = name;
    return name == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code sniff_columns(struct cx *cx, struct sample *sample, struct csv_sniffed *out)
{
    TRY(cut(cx, sample, &out->dialect, TYPE_RECORDS));
    const bool any = sample->index.record_count != 0;
    out->column_count = width_of(&sample->index);
    out->names = cx_alloc_array(cx, out->column_count, sizeof *out->names);
    out->types = cx_alloc_array(cx, out->column_count, sizeof *out->types);
    if (out->names == NULL || out->types == NULL) return LLKV_NOMEM;
    if (any && out->dialect.header == CSV_SNIFF) TRY(guess_header(cx, sample, out));
    if (out->dialect.header == CSV_SNIFF) out->dialect.header = CSV_NO;
    const bool header = any && out->dialect.header == CSV_YES;
    for (uint32_t c = 0; c < out->column_count; c++) {
        struct slice text = {0};
        if (header) TRY(sample_text(cx, sample, &out->dialect, 0, c, &text));
        if (!utf8_valid(text.data, text.len)) text.len = 0;
        TRY(make_name(cx, text, c, out));
        TRY(guess_type(cx, sample, &out->dialect, header ? 1 : 0, c, &out->types[c]));
    }
    return LLKV_OK;
}

static llkv_code sniff_text(struct cx *cx, struct sample *sample, struct csv_sniffed *out)
{
    struct csv_dialect *d = &out->dialect;
    const size_t mark = csv_mark_bytes(sample->text, sample->len);
    sample->text += mark;
    sample->len -= mark;
    for (int64_t i = 0; i < d->skip && sample->len != 0; i++) {
        const char *end = memchr(sample->text, '\n', sample->len);
        const size_t bytes = end == NULL ? sample->len : (size_t)(end - sample->text) + 1;
        sample->text += bytes;
        sample->len -= bytes;
    }
    if (!d->quote_given) d->quote = '"';
    d->quote_given = true;
    if (d->escape == 0) d->escape = d->quote;
    if (d->delimiter == 0) TRY(guess_delimiter(cx, sample, d));
    return sniff_columns(cx, sample, out);
}

llkv_code csv_sniff(struct cx *cx, const char *path, const struct csv_dialect *dialect,
                    struct csv_sniffed *out)
{
    struct os_file file = {0};
    char *text = mem_alloc(cx->budget, SAMPLE_BYTES + CSV_PAD_BYTES);
    uint64_t got = 0;
    llkv_code rc;
    *out = (struct csv_sniffed){.dialect = *dialect};
    if (text == NULL) return cx_nomem(cx);
    TRY_TO(done, rc, csv_dialect_check(cx, dialect));
    TRY_TO(done, rc, os_file_open(cx, path, 0, &file));
    TRY_TO(done, rc, os_file_read_some(cx, &file, text, SAMPLE_BYTES, 0, &got));
    TRY_TO(done, rc, csv_refuse_compressed(cx, path, text, got));
    memset(text + got, 0, CSV_PAD_BYTES);
    struct sample sample = {.text = text, .len = got, .last = got < SAMPLE_BYTES};
    sample.index.budget = cx->budget;
    rc = sniff_text(cx, &sample, out);
    csv_index_deinit(&sample.index);
done:
    os_file_close(&file);
    mem_free(text);
    return rc;
}
