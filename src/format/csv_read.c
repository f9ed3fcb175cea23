/* csv_read.c -- a file block by block: whole records are handed out, what is left of a block moves
 * to the front of the next. Memory does not grow with the file, only with its longest line. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/os_file.h"
#include "format/csv_priv.h"
#include "task/task.h"

enum { SLOTS_PER_WORKER = 4, SLOTS_MAX = 64 };

struct csv_reader {
    struct csv_spec spec;
    struct csv_dialect dialect;
    struct mem_budget *budget;
    struct os_file file;
    uint64_t offset; /* in the file, behind the text */
    uint64_t bytes;  /* of the file, when it was opened */
    char *text;      /* capacity + CSV_PAD_BYTES */
    size_t capacity, filled;
    bool ended; /* there is nothing behind the text */
    struct csv_index index;
    struct csv_source source;
    size_t record;          /* the next to be converted */
    struct csv_slot *slots; /* converted: slot_at .. slot_end */
    uint32_t slot_count, slot_at, slot_end;
    const struct csv_slot *last; /* handed out */
};

const char *csv_reader_path(const struct csv_reader *reader)
{
    return reader->spec.path;
}

void csv_reader_note(const struct csv_reader *reader, char *out, size_t size)
{
    const bool delimiter = reader->spec.dialect.delimiter == 0;
    const bool header = reader->spec.dialect.header == CSV_SNIFF;
    out[0] = '\0';
    if (!delimiter && !header) return;
    (void)snprintf(out, size, "sniffed: %s%s%s",
                   delimiter ? csv_delimiter_name(reader->dialect.delimiter) : "",
                   delimiter && header ? ", " : "",
                   !header                             ? ""
                   : reader->dialect.header == CSV_YES ? "a header"
                                                       : "no header"); /* cut if too long */
}

uint64_t csv_reader_line(const struct csv_reader *reader, uint32_t row)
{
    assert(reader->last != NULL);
    return reader->source.line + reader->index.records[reader->last->first + row].line + 1;
}

/* ---- text ---- */

static llkv_code grow(struct cx *cx, struct csv_reader *r)
{
    if (r->capacity >= CSV_RECORD_BYTES_MAX) {
        llkv_code rc = cx_fail_at(cx, LLKV_LIMIT, -1, "54000", "the line is longer than %d bytes",
                                  CSV_RECORD_BYTES_MAX);
        return csv_error_at(cx, rc, &r->source, r->index.record_count, NULL);
    }
    char *text = mem_realloc(r->text, r->capacity * 2 + CSV_PAD_BYTES, r->budget);
    if (text == NULL) return cx_nomem(cx);
    r->text = r->source.text = text;
    r->capacity *= 2;
    return LLKV_OK;
}

static llkv_code read_more(struct cx *cx, struct csv_reader *r)
{
    uint64_t got;
    TRY(os_file_read_some(cx, &r->file, r->text + r->filled, r->capacity - r->filled, r->offset,
                          &got));
    r->offset += got;
    r->filled += got;
    r->ended = r->filled < r->capacity;
    memset(r->text + r->filled, 0, CSV_PAD_BYTES);
    return LLKV_OK;
}

static void drop_text(struct csv_reader *r, size_t bytes)
{
    memmove(r->text, r->text + bytes, r->filled - bytes);
    r->filled -= bytes;
    memset(r->text + r->filled, 0, CSV_PAD_BYTES);
}

static llkv_code scan(struct cx *cx, struct csv_reader *r)
{
    if (!csv_scan(&r->index, &r->dialect, r->text, r->filled, r->ended, SIZE_MAX))
        return cx_nomem(cx);
    r->record = 0;
    return LLKV_OK;
}

/* The next block: at least one record, or a fault, or the end of the file. */
static llkv_code next_block(struct cx *cx, struct csv_reader *r)
{
    r->source.line += r->index.records[r->index.record_count].line;
    drop_text(r, r->index.used);
    for (;;) {
        TRY(cx_check_cancel(cx));
        cx_progress_set(cx->progress, r->offset, r->bytes);
        TRY(read_more(cx, r));
        TRY(scan(cx, r));
        if (r->ended || r->index.record_count != 0 || r->index.fault != CSV_FINE) return LLKV_OK;
        if (r->index.used != 0) return LLKV_OK; /* nothing but empty lines */
        TRY(grow(cx, r));
    }
}

static llkv_code fail_fault(struct cx *cx, struct csv_reader *r)
{
    const char *what = r->index.fault == CSV_FAULT_OPEN_QUOTE
                           ? "a quote is not closed"
                           : "a closing quote is followed by something else than a delimiter";
    llkv_code rc = cx_fail_at(cx, LLKV_DATA, -1, "22P04", "%s", what);
    return csv_error_at(cx, rc, &r->source, r->index.record_count, NULL);
}

/* ---- opening ---- */

static llkv_code skip_lines(struct cx *cx, struct csv_reader *r)
{
    for (int64_t left = r->dialect.skip; left > 0;) {
        const char *end = r->filled == 0 ? NULL : memchr(r->text, '\n', r->filled);
        if (end != NULL) {
            drop_text(r, (size_t)(end - r->text) + 1);
            r->source.line++;
            left--;
        } else if (r->ended) {
            r->filled = 0;
            return LLKV_OK;
        } else {
            drop_text(r, r->filled);
        }
        TRY(cx_check_cancel(cx));
        if (!r->ended && r->filled < r->capacity / 2) TRY(read_more(cx, r));
    }
    return LLKV_OK;
}

llkv_code csv_refuse_compressed(struct cx *cx, const char *path, const char *text, size_t len)
{
    const bool gzip = len >= 2 && memcmp(text, "\x1f\x8b", 2) == 0;
    const bool zstd = len >= 4 && memcmp(text, "\x28\xb5\x2f\xfd", 4) == 0;
    if (!gzip && !zstd) return LLKV_OK;
    return cx_fail(cx, LLKV_UNSUPPORTED, "%s: compressed files are not supported", path);
}

/* Everything that is open becomes known, and the header is left behind. */
static llkv_code begin(struct cx *cx, struct csv_reader *r)
{
    TRY(read_more(cx, r));
    TRY(csv_refuse_compressed(cx, r->spec.path, r->text, r->filled));
    drop_text(r, csv_mark_bytes(r->text, r->filled));
    TRY(skip_lines(cx, r));
    TRY(csv_choose(cx, &r->spec, r->text, r->filled, r->ended, &r->dialect));
    r->index.keep_empty = r->spec.column_count == 1;
    TRY(scan(cx, r));
    while (r->index.record_count == 0 && r->index.fault == CSV_FINE && !r->ended)
        TRY(next_block(cx, r));
    if (r->dialect.header == CSV_YES && r->index.record_count != 0) r->record = 1;
    return LLKV_OK;
}

static llkv_code make_slots(struct cx *cx, struct csv_reader *r)
{
    const uint32_t workers = task_pool_threads(cx->pool);
    r->slot_count = workers == 1 ? 1 : workers * SLOTS_PER_WORKER;
    if (r->slot_count > SLOTS_MAX) r->slot_count = SLOTS_MAX;
    r->slots = mem_alloc_zero(r->budget, r->slot_count * sizeof *r->slots);
    if (r->slots == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < r->slot_count; i++)
        TRY(csv_slot_init(cx, &r->slots[i], &r->spec, r->budget));
    r->capacity = (size_t)CSV_BLOCK_BYTES * (workers < 16 ? workers : 16);
    if (r->spec.debug_block_bytes != 0) r->capacity = r->spec.debug_block_bytes;
    r->text = mem_alloc(r->budget, r->capacity + CSV_PAD_BYTES);
    return r->text == NULL ? cx_nomem(cx) : LLKV_OK;
}

llkv_code csv_reader_open(struct cx *cx, const struct csv_spec *spec,
                          struct csv_reader **out_reader)
{
    struct csv_reader *r = mem_alloc_zero(cx->budget, sizeof *r);
    llkv_code rc;
    if (r == NULL) return cx_nomem(cx);
    r->spec = *spec;
    r->dialect = spec->dialect;
    r->budget = cx->budget;
    r->index.budget = cx->budget;
    r->source = (struct csv_source){.spec = &r->spec, .dialect = &r->dialect, .index = &r->index};
    TRY_TO(done, rc, csv_dialect_check(cx, &r->dialect));
    TRY_TO(done, rc, os_file_open(cx, spec->path, 0, &r->file));
    TRY_TO(done, rc, os_file_size(cx, &r->file, &r->bytes));
    TRY_TO(done, rc, make_slots(cx, r));
    r->source.text = r->text;
    TRY_TO(done, rc, begin(cx, r));
    *out_reader = r;
done:
    if (rc != LLKV_OK) csv_reader_close(r);
    return rc;
}

void csv_reader_close(struct csv_reader *reader)
{
    if (reader == NULL) return;
    for (uint32_t i = 0; reader->slots != NULL && i < reader->slot_count; i++)
        csv_slot_deinit(&reader->slots[i], reader->spec.column_count);
    mem_free(reader->slots);
    mem_free(reader->text);
    csv_index_deinit(&reader->index);
    os_file_close(&reader->file);
    mem_free(reader);
}

/* ---- records to batches ---- */

static uint32_t rows_of(const struct csv_reader *r, size_t first)
{
    const size_t left = r->index.record_count - first;
    return left < VEC_ROWS_MAX ? (uint32_t)left : VEC_ROWS_MAX;
}

static llkv_code convert_slot(struct cx *cx, void *arg, uint32_t worker, uint32_t index)
{
    struct csv_reader *r = arg;
    const size_t first = r->record + (size_t)index * VEC_ROWS_MAX;
    (void)worker;
    return csv_convert(cx, &r->source, first, rows_of(r, first), &r->slots[index]);
}

/* As many batches as there are slots for. */
static llkv_code convert_some(struct cx *cx, struct csv_reader *r)
{
    const size_t left = r->index.record_count - r->record;
    const size_t batches = (left + VEC_ROWS_MAX - 1) / VEC_ROWS_MAX;
    const uint32_t count = batches < r->slot_count ? (uint32_t)batches : r->slot_count;
    const size_t rows = left < (size_t)count * VEC_ROWS_MAX ? left : (size_t)count * VEC_ROWS_MAX;
    const struct range_task task = {.run = convert_slot,
                                    .arg = r,
                                    .count = count,
                                    .cost_ns =
                                        15.0 * (double)rows * (double)(r->spec.column_count + 1)};
    TRY(task_run(cx, cx->pool, &task));
    r->record += rows;
    r->slot_at = 0;
    r->slot_end = count;
    return LLKV_OK;
}

llkv_code csv_reader_next(struct cx *cx, struct csv_reader *r, const struct batch **out_batch)
{
    *out_batch = NULL;
    while (r->slot_at == r->slot_end) {
        if (r->record < r->index.record_count) {
            TRY(convert_some(cx, r));
            break;
        }
        if (r->index.fault != CSV_FINE) return fail_fault(cx, r);
        if (r->ended) return LLKV_OK; /* and everything was in this block */
        TRY(next_block(cx, r));
    }
    r->last = &r->slots[r->slot_at++];
    *out_batch = &r->last->batch;
    return LLKV_OK;
}
