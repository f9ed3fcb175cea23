/* csv_write.c -- vectors to delimited text. */
#include <assert.h>
#include <stdio.h>

#include "base/os_file.h"
#include "base/os_stream.h"
#include "format/csv_priv.h"
#include "func/cast.h"

enum { BUFFER_BYTES = 1 << 18, PART_NAMES = 100 };

struct csv_writer {
    struct csv_dialect dialect;
    const struct csv_sink_column *columns;
    uint32_t column_count;
    struct mem_budget *budget;
    const char *path; /* NULL: standard output */
    char *part;       /* the file being written, renamed in the end */
    struct os_file file;
    uint64_t offset;
    char *buffer;
    size_t used, capacity;
    bool special[256]; /* characters that make quotes necessary */
};

/* ---- the buffer ---- */

static llkv_code flush(struct cx *cx, struct csv_writer *w)
{
    if (w->used == 0) return LLKV_OK;
    if (w->path == NULL)
        TRY(os_stdout_write(cx, w->buffer, w->used));
    else
        TRY(os_file_write(cx, &w->file, w->buffer, w->used, w->offset));
    w->offset += w->used;
    w->used = 0;
    return LLKV_OK;
}

static llkv_code need(struct cx *cx, struct csv_writer *w, size_t bytes)
{
    if (bytes <= w->capacity - w->used) return LLKV_OK;
    TRY(flush(cx, w));
    if (bytes <= w->capacity) return LLKV_OK;
    char *grown = mem_realloc(w->buffer, bytes, w->budget);
    if (grown == NULL) return cx_nomem(cx);
    w->buffer = grown;
    w->capacity = bytes;
    return LLKV_OK;
}

static void put(struct csv_writer *w, const char *data, size_t len)
{
    assert(len <= w->capacity - w->used);
    if (len != 0) memcpy(w->buffer + w->used, data, len);
    w->used += len;
}

static void put_char(struct csv_writer *w, char c)
{
    assert(w->used < w->capacity);
    w->buffer[w->used++] = c;
}

/* ---- values ---- */

static bool needs_quotes(const struct csv_writer *w, struct slice text)
{
    const struct csv_dialect *d = &w->dialect;
    for (size_t i = 0; i < text.len; i++)
        if (w->special[(uint8_t)text.data[i]]) return true;
    return text.len == d->null_length && memcmp(text.data, d->null_text, text.len) == 0;
}

static llkv_code put_quoted(struct cx *cx, struct csv_writer *w, struct slice text)
{
    const struct csv_dialect *d = &w->dialect;
    if (d->quote == 0)
        return cx_fail_at(cx, LLKV_DATA, -1, "22P04",
                          "a value holds the delimiter, a line end or the text of NULL, and there "
                          "is no quote");
    TRY(need(cx, w, text.len * 2 + 2));
    put_char(w, d->quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == d->quote || text.data[i] == d->escape) put_char(w, d->escape);
        put_char(w, text.data[i]);
    }
    put_char(w, d->quote);
    return LLKV_OK;
}

static llkv_code put_text(struct cx *cx, struct csv_writer *w, struct slice text, bool force)
{
    if (force || needs_quotes(w, text)) return put_quoted(cx, w, text);
    TRY(need(cx, w, text.len));
    put(w, text.data, text.len);
    return LLKV_OK;
}

static llkv_code put_value(struct cx *cx, struct csv_writer *w, uint32_t c,
                           const struct value *value)
{
    const bool force = w->dialect.force_quote_all || w->columns[c].force_quote;
    char text[CAST_TEXT_MAX];
    if (value->is_null) {
        TRY(need(cx, w, w->dialect.null_length));
        put(w, w->dialect.null_text, w->dialect.null_length);
        return LLKV_OK;
    }
    if (value->type.id == TYPE_VARCHAR) return put_text(cx, w, value->s, force);
    if (value->type.id != TYPE_BLOB)
        return put_text(cx, w, (struct slice){text, cast_print(value, text)}, force);
    char *room = mem_alloc(w->budget, value->s.len * 4 + 1);
    if (room == NULL) return cx_nomem(cx);
    llkv_code rc = put_text(cx, w, (struct slice){room, cast_print_blob(value->s, room)}, force);
    mem_free(room);
    return rc;
}

static llkv_code put_between(struct cx *cx, struct csv_writer *w, uint32_t c)
{
    TRY(need(cx, w, 1));
    put_char(w, c + 1 == w->column_count ? '\n' : w->dialect.delimiter);
    return LLKV_OK;
}

llkv_code csv_writer_write(struct cx *cx, struct csv_writer *w, const struct batch *batch)
{
    assert(batch->column_count == w->column_count);
    for (uint32_t i = 0; i < batch->live; i++) {
        const uint32_t row = batch->sel == NULL ? i : batch->sel[i];
        for (uint32_t c = 0; c < w->column_count; c++) {
            const struct value value = vec_value(&batch->columns[c], w->columns[c].type, row);
            TRY(put_value(cx, w, c, &value));
            TRY(put_between(cx, w, c));
        }
    }
    return LLKV_OK;
}

/* ---- files ---- */

/* A device or a link under that name stays what it is. */
static llkv_code check_target(struct cx *cx, const char *path)
{
    struct os_file file = {0};
    bool exists;
    TRY(os_file_find(cx, path, &exists, NULL));
    if (!exists) return LLKV_OK;
    TRY(os_file_open(cx, path, OS_WRITE | OS_NO_FOLLOW, &file));
    os_file_close(&file);
    return LLKV_OK;
}

static llkv_code create_part(struct cx *cx, struct csv_writer *w)
{
    const llkv_error before = *cx->error;
    const size_t bytes = strlen(w->path) + 16;
    TRY(check_target(cx, w->path));
    w->part = mem_alloc(w->budget, bytes);
    if (w->part == NULL) return cx_nomem(cx);
    llkv_code rc = LLKV_EXISTS;
    for (int i = 0; i < PART_NAMES && rc == LLKV_EXISTS; i++) {
        *cx->error = before;
        (void)snprintf(w->part, bytes, "%s.part%d", w->path, i); /* fits */
        rc = os_file_open(cx, w->part, OS_WRITE | OS_CREATE | OS_EXCLUSIVE, &w->file);
    }
    return rc;
}

static void mark_special(struct csv_writer *w)
{
    w->special[(uint8_t)w->dialect.delimiter] = true;
    w->special['\n'] = w->special['\r'] = true;
    if (w->dialect.quote != 0) w->special[(uint8_t)w->dialect.quote] = true;
}

static llkv_code put_header(struct cx *cx, struct csv_writer *w)
{
    if (w->dialect.header == CSV_NO) return LLKV_OK;
    for (uint32_t c = 0; c < w->column_count; c++) {
        TRY(put_text(cx, w, slice_of(w->columns[c].name), false));
        TRY(put_between(cx, w, c));
    }
    return LLKV_OK;
}

static void complete(struct csv_dialect *d)
{
    if (d->delimiter == 0) d->delimiter = ',';
    if (!d->quote_given) d->quote = '"';
    if (d->escape == 0) d->escape = d->quote;
}

llkv_code csv_writer_open(struct cx *cx, const struct csv_target *target,
                          struct csv_writer **out_writer)
{
    struct csv_writer *w = mem_alloc_zero(cx->budget, sizeof *w);
    llkv_code rc;
    if (w == NULL) return cx_nomem(cx);
    w->dialect = target->dialect;
    w->columns = target->columns;
    w->column_count = target->column_count;
    w->budget = cx->budget;
    w->path = target->path;
    w->capacity = BUFFER_BYTES;
    complete(&w->dialect);
    mark_special(w);
    TRY_TO(done, rc, csv_dialect_check(cx, &w->dialect));
    w->buffer = mem_alloc(w->budget, w->capacity);
    if (w->buffer == NULL) TRY_TO(done, rc, cx_nomem(cx));
    if (w->path != NULL) TRY_TO(done, rc, create_part(cx, w));
    TRY_TO(done, rc, put_header(cx, w));
    *out_writer = w;
done:
    if (rc != LLKV_OK) csv_writer_close(w);
    return rc;
}

llkv_code csv_writer_finish(struct cx *cx, struct csv_writer *w)
{
    TRY(flush(cx, w));
    if (w->path == NULL) return LLKV_OK;
    TRY(os_file_sync(cx, &w->file));
    TRY(os_file_rename(cx, w->part, w->path));
    os_file_close(&w->file);
    mem_free(w->part);
    w->part = NULL;
    return os_directory_sync(cx, w->path);
}

void csv_writer_close(struct csv_writer *w)
{
    if (w == NULL) return;
    if (w->part != NULL && os_file_is_open(&w->file)) {
        llkv_error ignored = {.struct_size = sizeof ignored};
        struct cx cx = {.error = &ignored};
        os_file_close(&w->file);
        if (os_file_remove(&cx, w->part) != LLKV_OK) w->offset = 0; /* it is left, under its name */
    }
    mem_free(w->part);
    mem_free(w->buffer);
    mem_free(w);
}
