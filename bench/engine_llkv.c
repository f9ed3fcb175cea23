#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "llkv.h"

struct bench_engine {
    llkv_engine *engine;
    llkv_session *session;
};

struct bench_statement {
    llkv_statement *statement;
};

const struct bench_dialect bench_dialect = {
    .name = "llkv",
    .types = {"INTEGER NOT NULL", "BIGINT NOT NULL", "BIGINT PRIMARY KEY", "VARCHAR NOT NULL"},
    .keyed_ending = "",
    .plain_ending = "",
    .series = "(SELECT range AS i FROM range(@)) AS series",
};

static bool fail(struct bench_error *error, const llkv_error *cause)
{
    return bench_fail(error, cause->sqlstate, cause->message);
}

bool bench_open(const char *library, uint32_t threads, struct bench_engine **out_engine,
                struct bench_error *error)
{
    (void)library;
    llkv_error cause = LLKV_ERROR_INIT;
    struct bench_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) return bench_fail(error, "open", "out of memory");
    llkv_engine_options options = {.struct_size = sizeof options, .threads = threads};
    llkv_code rc = llkv_engine_open(&options, &engine->engine, &cause);
    if (rc == LLKV_OK) rc = llkv_session_open(engine->engine, &engine->session, &cause);
    if (rc != LLKV_OK) {
        bench_close(engine);
        return fail(error, &cause);
    }
    *out_engine = engine;
    return true;
}

void bench_close(struct bench_engine *engine)
{
    if (engine == NULL) return;
    (void)llkv_session_close(engine->session, NULL); /* the program ends here */
    (void)llkv_engine_close(engine->engine, NULL);
    free(engine);
}

void bench_describe(struct bench_engine *engine, struct slt_text *out)
{
    (void)engine;
    slt_text_addf(out, "%s; in memory; threads = t", llkv_version());
}

static bool take_rows(llkv_statement *statement, struct bench_sink *sink, llkv_error *cause)
{
    bool row = false;
    uint32_t columns = llkv_column_count(statement);
    for (;;) {
        if (llkv_statement_step(statement, &row, cause) != LLKV_OK) return false;
        if (!row) return true;
        for (uint32_t c = 0; c < columns; c++) {
            llkv_type type = llkv_column_type(statement, c);
            if (type == LLKV_TYPE_INTEGER || type == LLKV_TYPE_BIGINT) {
                bench_sink_int(sink, llkv_value_int64(statement, c));
                continue;
            }
            size_t bytes = 0;
            const char *text = llkv_value_text(statement, c, &bytes);
            bench_sink_text(sink, text == NULL ? "" : text, text == NULL ? 0 : bytes);
        }
        bench_sink_row(sink);
    }
}

bool bench_query(struct bench_engine *engine, const char *sql, struct bench_sink *sink,
                 struct bench_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    llkv_statement *statement = NULL;
    if (llkv_prepare(engine->session, sql, strlen(sql), &statement, NULL, &cause) != LLKV_OK)
        return fail(error, &cause);
    bool done = take_rows(statement, sink, &cause);
    llkv_statement_free(statement);
    return done || fail(error, &cause);
}

bool bench_exec(struct bench_engine *engine, const char *sql, struct bench_error *error)
{
    struct bench_sink sink = {0};
    return bench_query(engine, sql, &sink, error);
}

bool bench_prepare(struct bench_engine *engine, const char *sql,
                   struct bench_statement **out_statement, struct bench_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    struct bench_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) return bench_fail(error, "prepare", "out of memory");
    llkv_code rc =
        llkv_prepare(engine->session, sql, strlen(sql), &statement->statement, NULL, &cause);
    if (rc != LLKV_OK) {
        free(statement);
        return fail(error, &cause);
    }
    *out_statement = statement;
    return true;
}

bool bench_bind(struct bench_statement *statement, uint32_t parameter, int64_t value,
                struct bench_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    llkv_code rc = llkv_bind_int64(statement->statement, parameter, value, &cause);
    return rc == LLKV_OK || fail(error, &cause);
}

bool bench_run(struct bench_statement *statement, struct bench_sink *sink,
               struct bench_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    return take_rows(statement->statement, sink, &cause) || fail(error, &cause);
}

void bench_finish(struct bench_statement *statement)
{
    if (statement == NULL) return;
    llkv_statement_free(statement->statement);
    free(statement);
}

bool bench_append(struct bench_engine *engine, const struct bench_block *block,
                  struct bench_error *error)
{
    (void)engine;
    return bench_fail(error, block->table->name, "the data comes by SQL");
}
