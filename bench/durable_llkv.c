#include <stdlib.h>
#include <string.h>

#include "durable.h"
#include "llkv.h"

struct durable_db {
    llkv_engine *engine;
    enum durable_sync sync;
};

struct durable_session {
    llkv_session *session;
};

struct durable_statement {
    llkv_statement *statement;
};

const struct durable_dialect durable_dialect = {
    .create = "CREATE TABLE kv (id BIGINT PRIMARY KEY, a BIGINT NOT NULL, b BIGINT NOT NULL, "
              "s VARCHAR NOT NULL)",
    .begin = "BEGIN",
};

static bool fail(struct durable_error *error, const llkv_error *cause)
{
    return durable_fail(error, cause->sqlstate, cause->message);
}

bool durable_open(const char *path, enum durable_sync sync, struct durable_db **out_db,
                  struct durable_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    struct durable_db *db = calloc(1, sizeof *db);
    if (db == NULL) return durable_fail(error, "open", "out of memory");
    db->sync = sync;
    llkv_engine_options options = {.struct_size = sizeof options, .threads = 1, .path = path};
    if (llkv_engine_open(&options, &db->engine, &cause) != LLKV_OK) {
        free(db);
        return fail(error, &cause);
    }
    *out_db = db;
    return true;
}

void durable_close(struct durable_db *db)
{
    if (db == NULL) return;
    (void)llkv_engine_close(db->engine, NULL); /* the program ends here */
    free(db);
}

bool durable_session_open(struct durable_db *db, struct durable_session **out_session,
                          struct durable_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    struct durable_session *session = calloc(1, sizeof *session);
    if (session == NULL) return durable_fail(error, "session", "out of memory");
    if (llkv_session_open(db->engine, &session->session, &cause) != LLKV_OK) {
        free(session);
        return fail(error, &cause);
    }
    *out_session = session;
    return durable_exec(session,
                        db->sync == DURABLE_FULL ? "PRAGMA synchronous = full"
                                                 : "PRAGMA synchronous = normal",
                        error);
}

void durable_session_close(struct durable_session *session)
{
    if (session == NULL) return;
    (void)llkv_session_close(session->session, NULL); /* its statements are finished */
    free(session);
}

bool durable_exec(struct durable_session *session, const char *sql, struct durable_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    return llkv_execute(session->session, sql, strlen(sql), NULL, &cause) == LLKV_OK ||
           fail(error, &cause);
}

bool durable_prepare(struct durable_session *session, const char *sql,
                     struct durable_statement **out_statement, struct durable_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    struct durable_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) return durable_fail(error, "prepare", "out of memory");
    if (llkv_prepare(session->session, sql, strlen(sql), &statement->statement, NULL, &cause) !=
        LLKV_OK) {
        free(statement);
        return fail(error, &cause);
    }
    *out_statement = statement;
    return true;
}

bool durable_run(struct durable_statement *statement, const int64_t *values, uint32_t count,
                 struct durable_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    bool row = true;
    llkv_code rc = LLKV_OK;
    for (uint32_t i = 0; rc == LLKV_OK && i < count; i++)
        rc = llkv_bind_int64(statement->statement, i + 1, values[i], &cause);
    while (rc == LLKV_OK && row)
        rc = llkv_statement_step(statement->statement, &row, &cause);
    llkv_statement_reset(statement->statement);
    return rc == LLKV_OK || fail(error, &cause);
}

void durable_finish(struct durable_statement *statement)
{
    if (statement == NULL) return;
    llkv_statement_free(statement->statement);
    free(statement);
}

bool durable_ask(struct durable_session *session, const char *sql, int64_t *out_number,
                 struct durable_error *error)
{
    llkv_error cause = LLKV_ERROR_INIT;
    llkv_statement *statement = NULL;
    bool row = false;
    if (llkv_prepare(session->session, sql, strlen(sql), &statement, NULL, &cause) != LLKV_OK)
        return fail(error, &cause);
    bool done = llkv_statement_step(statement, &row, &cause) == LLKV_OK;
    if (done && row) {
        /* As text: a sum may be of any width. */
        size_t bytes = 0;
        const char *text = llkv_value_text(statement, 0, &bytes);
        *out_number = text == NULL ? 0 : strtoll(text, NULL, 10);
    }
    llkv_statement_free(statement);
    return done || fail(error, &cause);
}
