/* record.h -- the reader: the text of a file, cut into records.
 *
 * Owns:    nothing. A record's slices point into the text, which the reader edits in place
 *          (comment lines and carriage returns are closed up, so that SQL and expected values are
 *          each one run of bytes).
 * Threads: one at a time.
 * Holds:   `expected` is a sequence of lines that all end with a newline. */
#ifndef SLT_RECORD_H
#define SLT_RECORD_H
#include "slt/dialect.h"
#include "slt/text.h"

enum slt_record_kind {
    SLT_RECORD_END,
    SLT_RECORD_STATEMENT,
    SLT_RECORD_QUERY,
    SLT_RECORD_HALT,
    SLT_RECORD_HASH_THRESHOLD,
    SLT_RECORD_REQUIRE,   /* sql: what the file needs */
    SLT_RECORD_LOAD,      /* sql: the path; read_only */
    SLT_RECORD_RESTART,   /* close and open the database again */
    SLT_RECORD_RECONNECT, /* a new default connection */
    SLT_RECORD_NOTHING,   /* for other runners */
    SLT_RECORD_INVALID,
};

enum slt_sort { SLT_SORT_NONE, SLT_SORT_ROWS, SLT_SORT_VALUES };

struct slt_record {
    enum slt_record_kind kind;
    enum slt_sort sort;
    bool skip;         /* skipif or onlyif says so */
    bool expect_error; /* statement error */
    bool maybe;        /* statement maybe: an error is as good as none */
    bool read_only;
    bool has_expected; /* there was a `----` */
    uint32_t line;     /* of the directive, from 1 */
    uint64_t hash_threshold;
    struct slt_slice sql, types, label, expected;
    struct slt_slice connection; /* empty: the default connection */
    const char *problem;         /* what is wrong with an invalid record */
};

struct slt_reader {
    char *at, *end;
    uint32_t line; /* of `at`, from 1 */
    const struct slt_dialect *dialect;
    const char *const *labels; /* NULL-terminated */
};

/* `text` must outlive the records and have one byte of spare capacity. */
void slt_reader_init(struct slt_reader *reader, struct slt_text *text,
                     const struct slt_dialect *dialect, const char *const *labels);

/* The next record; SLT_RECORD_END when there is none. */
void slt_reader_next(struct slt_reader *reader, struct slt_record *out_record);
#endif
