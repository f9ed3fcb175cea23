/* csv_scan.c -- text to fields and records: 64 bytes at a time, of which only delimiters, quotes
 * and line ends are looked at. */
#include <assert.h>

#include "base/simd.h"
#include "format/csv_priv.h"

/* OPEN: in a value without quotes, or before one. CLOSED: behind a quote that may be the last. */
enum scan_state { SCAN_OPEN, SCAN_QUOTED, SCAN_CLOSED };

#define NOWHERE SIZE_MAX

struct scan {
    struct csv_index *index;
    const struct csv_dialect *dialect;
    size_t start;   /* of the value */
    size_t close;   /* CLOSED: the quote */
    size_t skip;    /* the byte behind an escape, or the \n behind a \r that ended a line */
    size_t first;   /* field of the record */
    uint32_t line;  /* where the record begins */
    uint32_t flags; /* of the value */
    uint8_t state;
};

/* What stands where in 64 bytes. */
struct marks {
    uint64_t delimiter, newline, carriage, quote, escape;
};

static bool reserve(void *array, size_t *capacity, size_t count, size_t item,
                    struct mem_budget *budget)
{
    void *old, *grown;
    if (count <= *capacity) return true;
    memcpy(&old, array, sizeof old);
    const size_t wanted = count + *capacity + 1024;
    grown = mem_realloc(old, wanted * item, budget);
    if (grown == NULL) return false;
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

static bool make_room(struct csv_index *x)
{
    enum { MORE = 64 + 2 };
    return reserve(&x->fields, &x->field_capacity, x->field_count + MORE, sizeof *x->fields,
                   x->budget) &&
           reserve(&x->records, &x->record_capacity, x->record_count + MORE, sizeof *x->records,
                   x->budget);
}

static struct marks find_marks(const struct csv_dialect *d, const char *text, uint64_t there)
{
    const uint8_t *p = (const uint8_t *)text;
    struct marks m = {.delimiter = simd_bytes_equal(p, (uint8_t)d->delimiter) & there,
                      .newline = simd_bytes_equal(p, '\n') & there,
                      .carriage = simd_bytes_equal(p, '\r') & there};
    if (d->quote != 0) m.quote = simd_bytes_equal(p, (uint8_t)d->quote) & there;
    if (d->escape != d->quote) m.escape = simd_bytes_equal(p, (uint8_t)d->escape) & there;
    return m;
}

ALWAYS_INLINE void end_value(struct scan *s, size_t end, size_t next)
{
    struct csv_index *x = s->index;
    x->fields[x->field_count++] =
        (struct csv_field){(uint32_t)s->start, (uint32_t)(end - s->start) | s->flags};
    s->start = next;
    s->flags = 0;
}

/* Behind the last value of the record, whose line ends before `next`. */
ALWAYS_INLINE void end_record(struct scan *s, size_t next)
{
    struct csv_index *x = s->index;
    const bool empty = x->field_count - s->first == 1 && x->fields[s->first].length == 0;
    if (empty && !x->keep_empty)
        x->field_count--;
    else
        x->records[x->record_count++] = (struct csv_record){(uint32_t)s->first, s->line};
    s->first = x->field_count;
    s->line = ++x->lines;
    x->used = next;
}

/* No quotes, and lines end with \n: nothing to decide. */
static void scan_plain(struct scan *s, const struct marks *m, size_t base)
{
    uint64_t marks = m->delimiter | m->newline;
    while (marks != 0) {
        const uint32_t bit = (uint32_t)__builtin_ctzll(marks);
        const size_t at = base + bit;
        end_value(s, at, at + 1);
        if (((m->newline >> bit) & 1) != 0) end_record(s, at + 1);
        marks &= marks - 1;
    }
}

/* A mark outside of quotes, or right behind the last one: value_end is where the text ends. */
static void mark_open(struct scan *s, const struct marks *m, uint64_t bit, size_t at,
                      size_t value_end)
{
    if ((m->newline & bit) != 0 && at == s->skip) {
        s->start = at + 1;
        s->index->used = at + 1;
        return;
    }
    if ((m->quote & bit) != 0) {
        if (at != s->start || s->flags != 0) return;
        s->state = SCAN_QUOTED;
        s->flags = CSV_QUOTED;
        s->start = at + 1;
        return;
    }
    if (((m->delimiter | m->newline | m->carriage) & bit) == 0) return;
    s->state = SCAN_OPEN;
    end_value(s, value_end, at + 1);
    if ((m->delimiter & bit) != 0) return;
    if ((m->carriage & bit) != 0) s->skip = at + 1;
    end_record(s, at + 1);
}

static void mark_quoted(struct scan *s, const struct marks *m, uint64_t bit, size_t at)
{
    if ((m->newline & bit) != 0) s->index->lines++;
    if (at == s->skip) return;
    if ((m->escape & bit) != 0) {
        s->flags |= CSV_ESCAPED;
        s->skip = at + 1;
    } else if ((m->quote & bit) != 0) {
        s->state = SCAN_CLOSED;
        s->close = at;
    }
}

static void mark_closed(struct scan *s, const struct marks *m, uint64_t bit, size_t at)
{
    const uint64_t ends = m->delimiter | m->newline | m->carriage;
    if (at != s->close + 1) {
        s->index->fault = CSV_FAULT_AFTER_QUOTE;
    } else if ((ends & bit) != 0) {
        mark_open(s, m, bit, at, s->close);
    } else if ((m->quote & bit) != 0 && s->dialect->escape == s->dialect->quote) {
        s->flags |= CSV_ESCAPED;
        s->state = SCAN_QUOTED;
    } else {
        s->index->fault = CSV_FAULT_AFTER_QUOTE;
    }
}

static void scan_marks(struct scan *s, const struct marks *m, size_t base)
{
    uint64_t marks = m->delimiter | m->newline | m->carriage | m->quote | m->escape;
    for (; marks != 0 && s->index->fault == CSV_FINE; marks &= marks - 1) {
        const uint64_t bit = marks & -marks;
        const size_t at = base + (size_t)__builtin_ctzll(marks);
        switch ((enum scan_state)s->state) {
        case SCAN_OPEN: mark_open(s, m, bit, at, at); break;
        case SCAN_QUOTED: mark_quoted(s, m, bit, at); break;
        case SCAN_CLOSED: mark_closed(s, m, bit, at); break;
        }
    }
}

/* What the file ends with has no line end. */
static void scan_end(struct scan *s, size_t len)
{
    struct csv_index *x = s->index;
    if (s->state == SCAN_QUOTED) {
        x->fault = CSV_FAULT_OPEN_QUOTE;
    } else if (s->state == SCAN_CLOSED && s->close + 1 != len) {
        x->fault = CSV_FAULT_AFTER_QUOTE;
    } else if (s->start < len || x->field_count > s->first || s->state == SCAN_CLOSED) {
        end_value(s, s->state == SCAN_CLOSED ? s->close : len, len);
        end_record(s, len);
    }
}

bool csv_scan(struct csv_index *index, const struct csv_dialect *dialect, const char *text,
              size_t len, bool last, size_t records_max)
{
    struct scan s = {.index = index, .dialect = dialect, .skip = NOWHERE};
    assert(dialect->delimiter != 0);
    index->field_count = index->record_count = index->used = 0;
    index->lines = 0;
    index->ascii = true;
    index->fault = CSV_FINE;
    if (!last && len != 0 && text[len - 1] == '\r') len--; /* a \n may follow */
    for (size_t base = 0; base < len; base += 64) {
        const struct marks m = find_marks(dialect, text + base, low_bits(len - base));
        if (!make_room(index)) return false;
        if (simd_bytes_to_bits((const uint8_t *)text + base) != 0) index->ascii = false;
        if (s.state == SCAN_OPEN && (m.quote | m.carriage | m.escape) == 0 && s.skip != base)
            scan_plain(&s, &m, base);
        else
            scan_marks(&s, &m, base);
        if (index->fault != CSV_FINE || index->record_count >= records_max) break;
    }
    if (!make_room(index)) return false;
    if (last && index->fault == CSV_FINE && index->record_count < records_max) scan_end(&s, len);
    index->records[index->record_count] = (struct csv_record){(uint32_t)s.first, s.line};
    return true;
}

void csv_index_deinit(struct csv_index *index)
{
    mem_free(index->fields);
    mem_free(index->records);
    *index = (struct csv_index){0};
}

struct slice csv_field_text(const struct csv_dialect *dialect, char *text, struct csv_field *field)
{
    char *data = text + field->start;
    uint32_t length = field->length & CSV_LENGTH_MASK;
    if ((field->length & CSV_ESCAPED) != 0) {
        uint32_t to = 0;
        for (uint32_t from = 0; from < length; from++) {
            if (data[from] == dialect->escape && from + 1 < length) from++;
            data[to++] = data[from];
        }
        length = to;
        field->length = CSV_QUOTED | length;
    }
    return (struct slice){data, length};
}
