/* sink.h -- where the values of a result go.
 *
 * Owns:    nothing; `rows` is borrowed and may be NULL.
 * Threads: one.
 * Holds:   `fold` does not depend on the order of the rows, so that a timed run, which keeps no
 *          text, can be compared with a checked one of the same engine. */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "slt/text.h"

/* Zero-initialised: folds only. */
struct bench_sink {
    struct slt_text *rows; /* values with TABs between them, each row ended by a newline */
    uint64_t fold;
    uint64_t row_count;
    bool inside; /* the row has a value already */
};

/* Take one value of the current row. */
void bench_sink_int(struct bench_sink *sink, int64_t value);
/* Take one value that is text, or a number too large for 64 bits. */
void bench_sink_text(struct bench_sink *sink, const char *value, size_t bytes);
/* The current row is complete. */
void bench_sink_row(struct bench_sink *sink);
/* Take a whole result that is in the form of `rows` already. */
void bench_sink_lines(struct bench_sink *sink, const char *lines, size_t bytes);
#endif
