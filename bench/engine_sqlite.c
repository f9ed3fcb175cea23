#include <sqlite3.h>
#include <stdlib.h>

#include "engine.h"

struct bench_engine {
    sqlite3 *db;
};

struct bench_statement {
    sqlite3 *db;
    sqlite3_stmt *stmt;
};

const struct bench_dialect bench_dialect = {
    .name = "sqlite",
    .types = {"INTEGER NOT NULL", "INTEGER NOT NULL", "INTEGER PRIMARY KEY", "TEXT NOT NULL"},
    .keyed_ending = "",
    .plain_ending = "",
    .series = NULL,
};

bool bench_open(const char *library, uint32_t threads, struct bench_engine **out_engine,
                struct bench_error *error)
{
    (void)library;
    (void)threads; /* a statement runs on one, whatever is said */
    struct bench_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) return bench_fail(error, "open", "out of memory");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &engine->db, flags, NULL) != SQLITE_OK) {
        (void)bench_fail(error, "open", sqlite3_errmsg(engine->db));
        bench_close(engine);
        return false;
    }
    *out_engine = engine;
    return true;
}

void bench_close(struct bench_engine *engine)
{
    if (engine == NULL) return;
    (void)sqlite3_close(engine->db); /* the program ends here */
    free(engine);
}

void bench_describe(struct bench_engine *engine, struct slt_text *out)
{
    (void)engine;
    slt_text_addf(out, "%s; :memory:, NOMUTEX; one thread", sqlite3_libversion());
}

static bool take_rows(sqlite3_stmt *stmt, struct bench_sink *sink)
{
    int columns = sqlite3_column_count(stmt);
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int c = 0; c < columns; c++) {
            if (sqlite3_column_type(stmt, c) == SQLITE_INTEGER) {
                bench_sink_int(sink, sqlite3_column_int64(stmt, c));
                continue;
            }
            const unsigned char *text = sqlite3_column_text(stmt, c);
            size_t bytes = (size_t)sqlite3_column_bytes(stmt, c);
            bench_sink_text(sink, (const char *)text, text == NULL ? 0 : bytes);
        }
        bench_sink_row(sink);
    }
    return rc == SQLITE_DONE;
}

bool bench_query(struct bench_engine *engine, const char *sql, struct bench_sink *sink,
                 struct bench_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool done =
        sqlite3_prepare_v2(engine->db, sql, -1, &stmt, NULL) == SQLITE_OK && take_rows(stmt, sink);
    if (!done) (void)bench_fail(error, "sqlite", sqlite3_errmsg(engine->db));
    (void)sqlite3_finalize(stmt); /* repeats the error of the last step */
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
    struct bench_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) return bench_fail(error, "prepare", "out of memory");
    statement->db = engine->db;
    if (sqlite3_prepare_v2(engine->db, sql, -1, &statement->stmt, NULL) != SQLITE_OK) {
        free(statement);
        return bench_fail(error, "prepare", sqlite3_errmsg(engine->db));
    }
    *out_statement = statement;
    return true;
}

bool bench_bind(struct bench_statement *statement, uint32_t parameter, int64_t value,
                struct bench_error *error)
{
    int rc = sqlite3_bind_int64(statement->stmt, (int)parameter, value);
    return rc == SQLITE_OK || bench_fail(error, "bind", sqlite3_errmsg(statement->db));
}

bool bench_run(struct bench_statement *statement, struct bench_sink *sink,
               struct bench_error *error)
{
    bool done = take_rows(statement->stmt, sink);
    if (!done) (void)bench_fail(error, "run", sqlite3_errmsg(statement->db));
    (void)sqlite3_reset(statement->stmt); /* repeats the error of the last step */
    return done;
}

void bench_finish(struct bench_statement *statement)
{
    if (statement == NULL) return;
    (void)sqlite3_finalize(statement->stmt); /* repeats the error of the last step */
    free(statement);
}

static bool insert_rows(sqlite3_stmt *stmt, const struct bench_block *block)
{
    char text[BENCH_TEXT_BYTES];
    for (uint32_t r = 0; r < block->rows; r++) {
        for (uint32_t c = 0; c < block->table->column_count; c++) {
            int64_t value = block->values[c][r];
            int rc;
            if (block->table->columns[c].kind == BENCH_TEXT) {
                int bytes = (int)bench_text_write(text, value);
                rc = sqlite3_bind_text(stmt, (int)c + 1, text, bytes, SQLITE_STATIC);
            } else {
                rc = sqlite3_bind_int64(stmt, (int)c + 1, value);
            }
            if (rc != SQLITE_OK) return false;
        }
        if (sqlite3_step(stmt) != SQLITE_DONE || sqlite3_reset(stmt) != SQLITE_OK) return false;
    }
    return true;
}

bool bench_append(struct bench_engine *engine, const struct bench_block *block,
                  struct bench_error *error)
{
    struct slt_text sql = {0};
    slt_text_addf(&sql, "INSERT INTO %s VALUES (", block->table->name);
    for (uint32_t c = 0; c < block->table->column_count; c++)
        slt_text_addz(&sql, c == 0 ? "?" : ", ?");
    slt_text_addz(&sql, ")");
    sqlite3_stmt *stmt = NULL;
    bool done = !sql.failed && bench_exec(engine, "BEGIN", error) &&
                sqlite3_prepare_v2(engine->db, sql.data, (int)sql.len, &stmt, NULL) == SQLITE_OK &&
                insert_rows(stmt, block);
    if (!done) (void)bench_fail(error, "append", sqlite3_errmsg(engine->db));
    (void)sqlite3_finalize(stmt); /* repeats the error of the last step */
    slt_text_deinit(&sql);
    return done && bench_exec(engine, "COMMIT", error);
}
