/* The parts of DuckDB's C interface that are needed, declared from its documentation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "library.h"

typedef struct {
    uint64_t retired[3];
    void *retired_columns;
    char *retired_message;
    void *data;
} duckdb_result;

enum { DUCKDB_INTEGER = 4, DUCKDB_BIGINT = 5, DUCKDB_HUGEINT = 16, DUCKDB_VARCHAR = 17 };

struct duckdb_huge {
    uint64_t low;
    int64_t high;
};

/* Text of up to 12 bytes stands in the value itself. */
struct duckdb_string {
    uint32_t bytes;
    char head[4];
    union {
        char tail[8];
        const char *data;
    } rest;
};

struct api {
    const char *(*library_version)(void);
    int (*create_config)(void **out_config);
    int (*set_config)(void *config, const char *name, const char *value);
    void (*destroy_config)(void **config);
    int (*open_ext)(const char *path, void **out_database, void *config, char **out_error);
    void (*close)(void **database);
    int (*connect)(void *database, void **out_connection);
    void (*disconnect)(void **connection);
    int (*query)(void *connection, const char *sql, duckdb_result *out_result);
    const char *(*result_error)(duckdb_result *result);
    void (*destroy_result)(duckdb_result *result);
    uint64_t (*column_count)(duckdb_result *result);
    int (*column_type)(duckdb_result *result, uint64_t column);
    void *(*fetch_chunk)(duckdb_result result);
    uint64_t (*chunk_size)(void *chunk);
    void *(*chunk_vector)(void *chunk, uint64_t column);
    void (*destroy_chunk)(void **chunk);
    void *(*vector_data)(void *vector);
    int (*prepare)(void *connection, const char *sql, void **out_statement);
    const char *(*prepare_error)(void *statement);
    int (*bind_int64)(void *statement, uint64_t parameter, int64_t value);
    int (*execute_prepared)(void *statement, duckdb_result *out_result);
    void (*destroy_prepare)(void **statement);
};

struct bench_engine {
    struct api api;
    void *database, *connection;
    uint32_t threads;
};

struct bench_statement {
    const struct api *api;
    void *statement;
};

const struct bench_dialect bench_dialect = {
    .name = "duckdb",
    .types = {"INTEGER NOT NULL", "BIGINT NOT NULL", "BIGINT PRIMARY KEY", "VARCHAR NOT NULL"},
    .keyed_ending = "",
    .plain_ending = "",
    .series = "(SELECT range AS i FROM range(@)) AS series",
};

static bool load_api(const char *library, struct api *api, struct bench_error *error)
{
    const struct bench_symbol symbols[] = {
        {"duckdb_library_version", &api->library_version},
        {"duckdb_create_config", &api->create_config},
        {"duckdb_set_config", &api->set_config},
        {"duckdb_destroy_config", &api->destroy_config},
        {"duckdb_open_ext", &api->open_ext},
        {"duckdb_close", &api->close},
        {"duckdb_connect", &api->connect},
        {"duckdb_disconnect", &api->disconnect},
        {"duckdb_query", &api->query},
        {"duckdb_result_error", &api->result_error},
        {"duckdb_destroy_result", &api->destroy_result},
        {"duckdb_column_count", &api->column_count},
        {"duckdb_column_type", &api->column_type},
        {"duckdb_fetch_chunk", &api->fetch_chunk},
        {"duckdb_data_chunk_get_size", &api->chunk_size},
        {"duckdb_data_chunk_get_vector", &api->chunk_vector},
        {"duckdb_destroy_data_chunk", &api->destroy_chunk},
        {"duckdb_vector_get_data", &api->vector_data},
        {"duckdb_prepare", &api->prepare},
        {"duckdb_prepare_error", &api->prepare_error},
        {"duckdb_bind_int64", &api->bind_int64},
        {"duckdb_execute_prepared", &api->execute_prepared},
        {"duckdb_destroy_prepare", &api->destroy_prepare},
    };
    return bench_library_load(library, symbols, sizeof symbols / sizeof symbols[0], error);
}

static bool open_database(struct bench_engine *engine, struct bench_error *error)
{
    const struct api *api = &engine->api;
    char threads[16];
    (void)snprintf(threads, sizeof threads, "%u", engine->threads); /* fits */
    void *config = NULL;
    char *message = NULL;
    if (api->create_config(&config) != 0) return bench_fail(error, "open", "no configuration");
    bool done = api->set_config(config, "threads", threads) == 0 &&
                api->open_ext(":memory:", &engine->database, config, &message) == 0 &&
                api->connect(engine->database, &engine->connection) == 0;
    api->destroy_config(&config);
    return done || bench_fail(error, "open", message == NULL ? "no connection" : message);
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
    if (!open_database(engine, error)) {
        bench_close(engine);
        return false;
    }
    *out_engine = engine;
    return true;
}

void bench_close(struct bench_engine *engine)
{
    if (engine == NULL) return;
    if (engine->connection != NULL) engine->api.disconnect(&engine->connection);
    if (engine->database != NULL) engine->api.close(&engine->database);
    free(engine);
}

void bench_describe(struct bench_engine *engine, struct slt_text *out)
{
    slt_text_addf(out, "%s; :memory:; threads = t", engine->api.library_version());
}

/* Sums come as 128 bits; those of the workloads fit into 64. */
static void take_huge(struct bench_sink *sink, const struct duckdb_huge *value)
{
    bool fits = value->low <= INT64_MAX ? value->high == 0 : value->high == -1;
    if (fits)
        bench_sink_int(sink, (int64_t)value->low);
    else
        bench_sink_text(sink, "too large", strlen("too large"));
}

static void take_string(struct bench_sink *sink, const struct duckdb_string *value)
{
    bool here = value->bytes <= 12;
    bench_sink_text(sink, here ? value->head : value->rest.data, value->bytes);
}

static bool take_value(struct bench_sink *sink, int type, const void *data, uint64_t row)
{
    switch (type) {
    case DUCKDB_INTEGER: bench_sink_int(sink, ((const int32_t *)data)[row]); return true;
    case DUCKDB_BIGINT: bench_sink_int(sink, ((const int64_t *)data)[row]); return true;
    case DUCKDB_HUGEINT: take_huge(sink, (const struct duckdb_huge *)data + row); return true;
    case DUCKDB_VARCHAR: take_string(sink, (const struct duckdb_string *)data + row); return true;
    default: return false;
    }
}

struct column {
    int type;
    const void *data;
};

static bool take_chunk(struct bench_sink *sink, const struct column *columns, uint64_t count,
                       uint64_t rows)
{
    for (uint64_t r = 0; r < rows; r++) {
        for (uint64_t c = 0; c < count; c++) {
            if (!take_value(sink, columns[c].type, columns[c].data, r)) return false;
        }
        bench_sink_row(sink);
    }
    return true;
}

static bool take_rows(const struct api *api, duckdb_result *result, struct bench_sink *sink,
                      struct bench_error *error)
{
    struct column columns[BENCH_COLUMNS_MAX];
    uint64_t count = api->column_count(result);
    if (count > BENCH_COLUMNS_MAX) return bench_fail(error, "result", "too many columns");
    for (uint64_t c = 0; c < count; c++)
        columns[c].type = api->column_type(result, c);
    for (void *chunk; (chunk = api->fetch_chunk(*result)) != NULL;) {
        for (uint64_t c = 0; c < count; c++)
            columns[c].data = api->vector_data(api->chunk_vector(chunk, c));
        bool known = take_chunk(sink, columns, count, api->chunk_size(chunk));
        api->destroy_chunk(&chunk);
        if (!known) return bench_fail(error, "result", "a type that no workload has");
    }
    return true;
}

/* The result of a statement that was run: its rows, or its error; freed in any case. */
static bool finish_result(const struct api *api, int state, duckdb_result *result,
                          struct bench_sink *sink, struct bench_error *error)
{
    bool done = state == 0;
    if (!done) {
        const char *message = api->result_error(result);
        (void)bench_fail(error, "duckdb", message == NULL ? "no message" : message);
    } else {
        done = take_rows(api, result, sink, error);
    }
    api->destroy_result(result);
    return done;
}

bool bench_query(struct bench_engine *engine, const char *sql, struct bench_sink *sink,
                 struct bench_error *error)
{
    duckdb_result result = {0};
    int state = engine->api.query(engine->connection, sql, &result);
    return finish_result(&engine->api, state, &result, sink, error);
}

bool bench_exec(struct bench_engine *engine, const char *sql, struct bench_error *error)
{
    struct bench_sink sink = {0};
    return bench_query(engine, sql, &sink, error);
}

bool bench_prepare(struct bench_engine *engine, const char *sql,
                   struct bench_statement **out_statement, struct bench_error *error)
{
    struct bench_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) return bench_fail(error, "prepare", "out of memory");
    statement->api = &engine->api;
    if (engine->api.prepare(engine->connection, sql, &statement->statement) != 0) {
        const char *message = engine->api.prepare_error(statement->statement);
        (void)bench_fail(error, "prepare", message == NULL ? "no message" : message);
        bench_finish(statement);
        return false;
    }
    *out_statement = statement;
    return true;
}

bool bench_bind(struct bench_statement *statement, uint32_t parameter, int64_t value,
                struct bench_error *error)
{
    bool done = statement->api->bind_int64(statement->statement, parameter, value) == 0;
    return done || bench_fail(error, "bind", "refused");
}

bool bench_run(struct bench_statement *statement, struct bench_sink *sink,
               struct bench_error *error)
{
    duckdb_result result = {0};
    int state = statement->api->execute_prepared(statement->statement, &result);
    return finish_result(statement->api, state, &result, sink, error);
}

void bench_finish(struct bench_statement *statement)
{
    if (statement == NULL) return;
    if (statement->statement != NULL) statement->api->destroy_prepare(&statement->statement);
    free(statement);
}

bool bench_append(struct bench_engine *engine, const struct bench_block *block,
                  struct bench_error *error)
{
    (void)engine;
    return bench_fail(error, block->table->name, "the data comes by SQL");
}
