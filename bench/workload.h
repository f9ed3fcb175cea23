/* workload.h -- the tables, their values and the queries, the same for every engine.
 *
 * Owns:    constant tables only.
 * Threads: any.
 * Holds:   a value depends on the number of its row and on nothing else but the size of the table;
 *          the formula stands once in SQL and once in C, and a checked query sees any difference.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "slt/text.h"

enum { BENCH_COLUMNS_MAX = 4, BENCH_TEXT_BYTES = 32, BENCH_BLOCK_ROWS = 65536 };

/* KEY is a 64-bit integer, the primary key; TEXT is "name " and a number. */
enum bench_kind { BENCH_INT32, BENCH_INT64, BENCH_KEY, BENCH_TEXT, BENCH_KIND_COUNT };

struct bench_column {
    const char *name;
    enum bench_kind kind;
    const char *formula; /* SQL over i, the number of the row; @ stands for the rows / 10 */
    int64_t (*value)(int64_t i, int64_t tenth);
};

struct bench_table {
    const char *name;
    uint32_t column_count;
    struct bench_column columns[BENCH_COLUMNS_MAX];
};

/* Consecutive rows of a table: of TEXT columns, the number in it. */
struct bench_block {
    const struct bench_table *table;
    int64_t table_rows; /* that it will have in the end */
    uint32_t rows;
    const int64_t *values[BENCH_COLUMNS_MAX];
};

enum bench_shape {
    BENCH_ONCE,     /* one run is long enough to be timed */
    BENCH_TEXT_RUN, /* many short statements, each from its text; @ in it stands for a key */
    BENCH_PREPARED, /* one prepared statement, run many times; its parameter, if any, is a key */
};

struct bench_work {
    const char *name;
    enum bench_shape shape;
    bool keyed; /* there is a key in it */
    const char *sql;
};

/* NULL if there is none of that name. */
const struct bench_table *bench_table_find(const char *name);
const struct bench_work *bench_work_find(const char *name);
/* Add `sql` with every @ replaced by `number`. */
void bench_expand(struct slt_text *out, const char *sql, int64_t number);
/* The n-th key to look up in a table of `rows` rows. */
int64_t bench_key(int64_t n, int64_t rows);
/* Write the text of a TEXT column and return its length. */
size_t bench_text_write(char out[BENCH_TEXT_BYTES], int64_t number);
#endif
