/* engine.h -- the one interface through which a workload runs on an engine.
 *
 * Owns:    nothing; each engine_<name>.c defines struct bench_engine and struct bench_statement and
 *          implements every function below. A program is worker.c with one of them.
 * Threads: one; an engine may use threads of its own, as many as it is told at opening.
 * Holds:   a function that returns false has set the error, and out-parameters are untouched. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "sink.h"
#include "workload.h"

struct bench_engine;
struct bench_statement;

struct bench_error {
    char text[512];
};

/* How the engine wants to be spoken to. */
struct bench_dialect {
    const char *name;
    const char *types[BENCH_KIND_COUNT];
    const char *keyed_ending; /* what ends CREATE TABLE if a column is the key */
    const char *plain_ending; /* and if none is */
    const char *series;       /* what stands in FROM for the rows i = 0 .. N-1, with @ for N; NULL:
                                 the data comes through bench_append */
    bool hand_written;        /* no SQL: tables are appended, queries are called by their names */
};
extern const struct bench_dialect bench_dialect;

/* Open an empty database in memory. `library` is the shared library of a peer, or "". */
bool bench_open(const char *library, uint32_t threads, struct bench_engine **out_engine,
                struct bench_error *error);
/* Close it. NULL is allowed. */
void bench_close(struct bench_engine *engine);
/* Add the version and the settings that matter, on one line, without a newline. */
void bench_describe(struct bench_engine *engine, struct slt_text *out);

/* Run one statement that has no rows. */
bool bench_exec(struct bench_engine *engine, const char *sql, struct bench_error *error);
/* Run one query, from its text to its last value; every value goes into the sink. */
bool bench_query(struct bench_engine *engine, const char *sql, struct bench_sink *sink,
                 struct bench_error *error);

/* Compile a query. False also where the engine has no such thing. */
bool bench_prepare(struct bench_engine *engine, const char *sql,
                   struct bench_statement **out_statement, struct bench_error *error);
/* `parameter` counts from 1. */
bool bench_bind(struct bench_statement *statement, uint32_t parameter, int64_t value,
                struct bench_error *error);
/* Run it from the start to its last row. */
bool bench_run(struct bench_statement *statement, struct bench_sink *sink,
               struct bench_error *error);
/* NULL is allowed. */
void bench_finish(struct bench_statement *statement);

/* Add rows to a table. False where bench_dialect.series says that the data comes by SQL. */
bool bench_append(struct bench_engine *engine, const struct bench_block *block,
                  struct bench_error *error);

/* Set the text of an error, cut to its room; returns false. */
bool bench_fail(struct bench_error *error, const char *what, const char *why);
#endif
