/* csv_priv.h -- a block of text on its way to vectors: fields, records, conversion.
 *
 *   csv_scan      text -> struct csv_field per value, struct csv_record per line
 *   csv_convert   some records -> one vector per column
 *   csv_read      file -> blocks of whole records; what is handed out in which order */
#ifndef FORMAT_CSV_PRIV_H
#define FORMAT_CSV_PRIV_H
#include "base/alloc.h"
#include "base/arena.h"
#include "format/csv.h"

enum {
    CSV_BLOCK_BYTES = 1 << 20,       /* per worker */
    CSV_RECORD_BYTES_MAX = 64 << 20, /* longer lines are refused */
    CSV_PAD_BYTES = 64,              /* readable behind the text of a block */
    CSV_LENGTH_BITS = 30,
};
static_assert(CSV_RECORD_BYTES_MAX < 1 << CSV_LENGTH_BITS, "a length fits");

#define CSV_QUOTED (UINT32_C(1) << 31)
#define CSV_ESCAPED (UINT32_C(1) << 30) /* holds doubled quotes or escapes */
#define CSV_LENGTH_MASK (CSV_ESCAPED - 1)

/* Without the quotes around it. */
struct csv_field {
    uint32_t start;  /* in the block */
    uint32_t length; /* and CSV_QUOTED, CSV_ESCAPED */
};

struct csv_record {
    uint32_t first; /* of its fields; those of the next record follow */
    uint32_t line;  /* from the beginning of the block */
};

enum csv_fault { CSV_FINE, CSV_FAULT_AFTER_QUOTE, CSV_FAULT_OPEN_QUOTE };

/* Zero-initialised: empty. The arrays only grow. */
struct csv_index {
    struct mem_budget *budget;
    struct csv_field *fields;
    struct csv_record *records; /* one more than record_count: the end of the last */
    size_t field_count, field_capacity;
    size_t record_count, record_capacity;
    size_t used;     /* bytes that whole records take */
    uint32_t lines;  /* line ends in these bytes */
    bool ascii;      /* no byte above 0x7f in the text */
    bool keep_empty; /* an empty line is a record of one empty value; set by the owner */
    uint8_t fault;   /* enum csv_fault: of the record behind the last one */
};

/* Cut text[0 .. len) into records, at most `records_max`; it is the end of the file if `last`.
 * CSV_PAD_BYTES behind it are readable. False: no memory. */
NODISCARD bool csv_scan(struct csv_index *index, const struct csv_dialect *dialect,
                        const char *text, size_t len, bool last, size_t records_max);
void csv_index_deinit(struct csv_index *index);

ALWAYS_INLINE uint32_t csv_field_count(const struct csv_index *index, size_t record)
{
    return index->records[record + 1].first - index->records[record].first;
}

/* The field's text; escapes are taken out in place, once. */
struct slice csv_field_text(const struct csv_dialect *dialect, char *text, struct csv_field *field);
ALWAYS_INLINE bool csv_field_is_null(const struct csv_dialect *dialect, const char *text,
                                     const struct csv_field *field)
{
    return field->length == dialect->null_length &&
           memcmp(text + field->start, dialect->null_text, dialect->null_length) == 0;
}

/* What a block is converted from; immutable meanwhile, but for escapes in the text. */
struct csv_source {
    const struct csv_spec *spec;
    const struct csv_dialect *dialect; /* nothing left to sniff */
    char *text;
    const struct csv_index *index;
    uint64_t line; /* of the beginning of the block */
};

/* Room for one batch. */
struct csv_slot {
    struct batch batch;
    struct vector *vectors;
    void **data;         /* per column; NULL if it is skipped */
    uint64_t **validity; /* VEC_WORDS_MAX words per column */
    struct arena heap;   /* of blobs */
    size_t first;        /* record of row 0 */
};
NODISCARD llkv_code csv_slot_init(struct cx *cx, struct csv_slot *slot, const struct csv_spec *spec,
                                  struct mem_budget *budget);
void csv_slot_deinit(struct csv_slot *slot, uint32_t column_count);
/* Records first .. first + n, n <= VEC_ROWS_MAX. */
NODISCARD llkv_code csv_convert(struct cx *cx, const struct csv_source *source, size_t first,
                                uint32_t n, struct csv_slot *slot);
/* Prefix the error with the file and the line of the record, and the column if there is one. */
NODISCARD llkv_code csv_error_at(struct cx *cx, llkv_code code, const struct csv_source *source,
                                 size_t record, const struct csv_column *column);
/* Would the field be a value of the type? */
bool csv_field_fits(struct slice text, struct type type, struct arena *heap);

/* What is still open in `io_dialect`, found out from the first records of a text. */
NODISCARD llkv_code csv_choose(struct cx *cx, const struct csv_spec *spec, const char *text,
                               size_t len, bool last, struct csv_dialect *io_dialect);
/* LLKV_UNSUPPORTED for what begins like a compressed file. */
NODISCARD llkv_code csv_refuse_compressed(struct cx *cx, const char *path, const char *text,
                                          size_t len);
/* Bytes before the first record: a byte order mark. */
size_t csv_mark_bytes(const char *text, size_t len);
#endif
