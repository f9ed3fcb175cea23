/* csv.h -- delimited text: files to batches of typed columns, and back.
 *
 * A record is a line; values stand between delimiters. A value that begins with the quote ends with
 * the next one that is neither doubled nor behind the escape; in between everything is text, line
 * ends too. A quote elsewhere is text. Lines end with \n, \r\n or \r. One empty value more than
 * there are columns is a delimiter at the end of the line, and is left out. Lines with nothing on
 * them are left out unless there is one column only. What reads as the text of NULL is NULL unless
 * it is quoted.
 *
 * Texts become values as CAST reads them, to the letter (func/cast.h).
 *
 * Owns:    a reader owns its file and its blocks, a writer its file and what is not written yet.
 * Threads: one at a time; conversion is spread over cx->pool. The answer does not depend on it. */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H
#include "arrow/vector.h"
#include "base/cx.h"

enum { CSV_NULL_MAX = 64 };

/* What a choice is as long as nobody has made it. */
enum csv_choice { CSV_SNIFF, CSV_NO, CSV_YES };

/* How the text is written. Zero-initialised: find out. Plain data: kept and copied. */
struct csv_dialect {
    char delimiter;       /* 0: sniff; one ASCII character */
    bool quote_given;     /* quote is meant as it stands */
    char quote;           /* 0: values are never quoted; '"' unless given */
    char escape;          /* 0: the quote itself */
    uint8_t header;       /* enum csv_choice */
    uint8_t null_length;  /* the text of NULL; 0: nothing at all */
    bool null_padding;    /* values missing at the end of a line are NULL */
    bool force_quote_all; /* writing: every value but NULL is quoted */
    char null_text[CSV_NULL_MAX];
    int64_t skip; /* lines at the beginning that are no records */
};

/* The delimiter is none of the others and no line end, and so on; else 22023 / 42601. */
NODISCARD llkv_code csv_dialect_check(struct cx *cx, const struct csv_dialect *dialect);
/* As people say it: "comma", "'|'" ... */
const char *csv_delimiter_name(char delimiter);

/* ---- reading ---- */

/* A value of every record. */
struct csv_column {
    struct type type;
    const char *name;
    bool required; /* NULL is an error, 23502 */
    bool skipped;  /* not converted: the batches have an empty column there */
};

struct csv_spec {
    const char *path;
    struct csv_dialect dialect;
    uint32_t column_count;
    const struct csv_column *columns;
    const char *table;          /* for errors */
    uint32_t debug_block_bytes; /* 0, or smaller blocks to test with */
};

struct csv_reader;

/* Open the file and find out what the dialect leaves open. The spec's texts are borrowed. */
NODISCARD llkv_code csv_reader_open(struct cx *cx, const struct csv_spec *spec,
                                    struct csv_reader **out_reader);
/* The next records, one vector per column, all live; valid until the next call; NULL at the end.
 * Texts point into the reader. An error names the file, the line, the column and the reason. */
NODISCARD llkv_code csv_reader_next(struct cx *cx, struct csv_reader *reader,
                                    const struct batch **out_batch);
/* The line that record `row` of the last batch begins on, from 1. */
uint64_t csv_reader_line(const struct csv_reader *reader, uint32_t row);
const char *csv_reader_path(const struct csv_reader *reader);
/* NULL is allowed. */
void csv_reader_close(struct csv_reader *reader);

/* What was found out about the text, for people: "sniffed: comma, a header"; "" if nothing was left
 * open. */
void csv_reader_note(const struct csv_reader *reader, char *out, size_t size);

/* ---- sniffing ---- */

struct csv_sniffed {
    struct csv_dialect dialect; /* nothing is open any more */
    uint32_t column_count;
    const char **names; /* of the header, or column0, column1 ... */
    struct type *types;
};
/* Find out everything about a file of which nothing is known but `dialect`, from its beginning. A
 * column is of the first type that takes all its values there: BOOLEAN, BIGINT, HUGEINT, DOUBLE,
 * DATE, TIMESTAMP, TIME, else VARCHAR. A header is taken for one if there is a column of another
 * type than VARCHAR that its value there is not of. Memory comes from the arena. */
NODISCARD llkv_code csv_sniff(struct cx *cx, const char *path, const struct csv_dialect *dialect,
                              struct csv_sniffed *out_sniffed);

/* ---- writing ---- */

struct csv_sink_column {
    struct type type;
    const char *name;
    bool force_quote;
};

/* Where rows go, and how. `path` NULL: the standard output of the process. */
struct csv_target {
    const char *path;
    struct csv_dialect dialect;
    uint32_t column_count;
    const struct csv_sink_column *columns;
};

struct csv_writer;

/* A file appears under its name when csv_writer_finish succeeds, and replaces what was there; until
 * then it is beside it. The target's texts are borrowed. */
NODISCARD llkv_code csv_writer_open(struct cx *cx, const struct csv_target *target,
                                    struct csv_writer **out_writer);
/* The live rows. */
NODISCARD llkv_code csv_writer_write(struct cx *cx, struct csv_writer *writer,
                                     const struct batch *batch);
NODISCARD llkv_code csv_writer_finish(struct cx *cx, struct csv_writer *writer);
/* Without finish: nothing was written. NULL is allowed. */
void csv_writer_close(struct csv_writer *writer);
#endif
