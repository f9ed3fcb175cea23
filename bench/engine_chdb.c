/* The parts of chdb's C interface that are needed, declared from its documentation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "library.h"

struct api {
    void **(*connect)(int argc, char **argv); /* the connection is what the result points at */
    void (*close_conn)(void **connection);
    void *(*query_n)(void *connection, const char *sql, size_t sql_bytes, const char *format,
                     size_t format_bytes);
    void (*destroy_result)(void *result);
    char *(*result_buffer)(void *result);
    size_t (*result_length)(void *result);
    const char *(*result_error)(void *result);
};

struct bench_engine {
    struct api api;
    void **connection;
    uint32_t threads;
};

/* Scans are fastest over tables of the Memory engine; only MergeTree has an index. */
const struct bench_dialect bench_dialect = {
    .name = "chdb",
    .types = {"Int32", "Int64", "Int64", "String"},
    .keyed_ending = " ENGINE = MergeTree ORDER BY id",
    .plain_ending = " ENGINE = Memory",
    .series = "(SELECT toInt64(number) AS i FROM numbers(@)) AS series",
};

static bool load_api(const char *library, struct api *api, struct bench_error *error)
{
    const struct bench_symbol symbols[] = {
        {"chdb_connect", &api->connect},
        {"chdb_close_conn", &api->close_conn},
        {"chdb_query_n", &api->query_n},
        {"chdb_destroy_query_result", &api->destroy_result},
        {"chdb_result_buffer", &api->result_buffer},
        {"chdb_result_length", &api->result_length},
        {"chdb_result_error", &api->result_error},
    };
    return bench_library_load(library, symbols, sizeof symbols / sizeof symbols[0], error);
}

static bool open_connection(struct bench_engine *engine, struct bench_error *error)
{
    char name[] = "clickhouse", sql[64];
    char *arguments[] = {name};
    engine->connection = engine->api.connect(1, arguments);
    if (engine->connection == NULL) return bench_fail(error, "open", "no connection");
    (void)snprintf(sql, sizeof sql, "SET max_threads = %u", engine->threads); /* fits */
    return bench_exec(engine, sql, error) && bench_exec(engine, "SET use_query_cache = 0", error);
}

bool bench_open(const char *library, uint32_t threads, struct bench_engine **out_engine,
                struct bench_error *error)
{
    struct bench_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) return bench_fail(error, "open", "out of memory");
    engine->threads = threads;
    if (!load_api(library, &engine->api, error)) {
        free(engine);
        return false;
    }
    if (!open_connection(engine, error)) {
        bench_close(engine);
        return false;
    }
    *out_engine = engine;
    return true;
}

void bench_close(struct bench_engine *engine)
{
    if (engine == NULL) return;
    if (engine->connection != NULL) engine->api.close_conn(engine->connection);
    free(engine);
}

void bench_describe(struct bench_engine *engine, struct slt_text *out)
{
    struct slt_text version = {0};
    struct bench_sink sink = {.rows = &version};
    struct bench_error error = {0};
    if (bench_query(engine, "SELECT version()", &sink, &error) && version.len > 0)
        slt_text_add(out, version.data, version.len - 1); /* without its newline */
    slt_text_deinit(&version);
    slt_text_addz(out, "; in memory, ENGINE = Memory, with a key MergeTree; max_threads = t, "
                       "use_query_cache = 0");
}

bool bench_query(struct bench_engine *engine, const char *sql, struct bench_sink *sink,
                 struct bench_error *error)
{
    static const char format[] = "TabSeparated";
    const struct api *api = &engine->api;
    void *result = api->query_n(*engine->connection, sql, strlen(sql), format, sizeof format - 1);
    if (result == NULL) return bench_fail(error, "chdb", "no result");
    const char *message = api->result_error(result);
    bool done = message == NULL || message[0] == '\0';
    if (done)
        bench_sink_lines(sink, api->result_buffer(result), api->result_length(result));
    else
        (void)bench_fail(error, "chdb", message);
    api->destroy_result(result);
    return done;
}

bool bench_exec(struct bench_engine *engine, const char *sql, struct bench_error *error)
{
    struct bench_sink sink = {0};
    return bench_query(engine, sql, &sink, error);
}

bool bench_prepare(struct bench_engine *engine, const char *sql,
                   struct bench_statement **out_statement, struct bench_error *error)
{
    (void)engine;
    (void)out_statement;
    return bench_fail(error, sql, "chdb prepares no statements");
}

bool bench_bind(struct bench_statement *statement, uint32_t parameter, int64_t value,
                struct bench_error *error)
{
    (void)statement;
    (void)parameter;
    (void)value;
    return bench_fail(error, "bind", "chdb prepares no statements");
}

bool bench_run(struct bench_statement *statement, struct bench_sink *sink,
               struct bench_error *error)
{
    (void)statement;
    (void)sink;
    return bench_fail(error, "run", "chdb prepares no statements");
}

void bench_finish(struct bench_statement *statement)
{
    (void)statement; /* there are none */
}

bool bench_append(struct bench_engine *engine, const struct bench_block *block,
                  struct bench_error *error)
{
    (void)engine;
    return bench_fail(error, block->table->name, "the data comes by SQL");
}
