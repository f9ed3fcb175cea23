/* Writers take turns by a mutex around each transaction: SQLite has one writer at a time, and its
 * own waiting (busy_timeout) sleeps longer than a commit takes. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "durable.h"

struct durable_db {
    char *path;
    enum durable_sync sync;
    pthread_mutex_t turn;
};

struct durable_session {
    struct durable_db *db;
    sqlite3 *connection;
    bool in_transaction; /* has the turn */
};

struct durable_statement {
    struct durable_session *session;
    sqlite3_stmt *stmt;
};

const struct durable_dialect durable_dialect = {
    .create = "CREATE TABLE kv (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL, "
              "s TEXT NOT NULL)",
    .begin = "BEGIN IMMEDIATE",
};

bool durable_open(const char *path, enum durable_sync sync, struct durable_db **out_db,
                  struct durable_error *error)
{
    struct durable_db *db = calloc(1, sizeof *db);
    if (db == NULL || (db->path = strdup(path)) == NULL ||
        pthread_mutex_init(&db->turn, NULL) != 0) {
        free(db);
        return durable_fail(error, "open", "out of memory");
    }
    db->sync = sync;
    *out_db = db;
    return true;
}

void durable_close(struct durable_db *db)
{
    if (db == NULL) return;
    (void)pthread_mutex_destroy(&db->turn); /* nobody has it */
    free(db->path);
    free(db);
}

static void take_turn(struct durable_session *session)
{
    if (!session->in_transaction) pthread_mutex_lock(&session->db->turn);
}

static void give_turn(struct durable_session *session)
{
    session->in_transaction = sqlite3_get_autocommit(session->connection) == 0;
    if (!session->in_transaction) pthread_mutex_unlock(&session->db->turn);
}

bool durable_exec(struct durable_session *session, const char *sql, struct durable_error *error)
{
    take_turn(session);
    bool done = sqlite3_exec(session->connection, sql, NULL, NULL, NULL) == SQLITE_OK;
    give_turn(session);
    return done || durable_fail(error, "sqlite", sqlite3_errmsg(session->connection));
}

bool durable_session_open(struct durable_db *db, struct durable_session **out_session,
                          struct durable_error *error)
{
    struct durable_session *session = calloc(1, sizeof *session);
    if (session == NULL) return durable_fail(error, "session", "out of memory");
    session->db = db;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(db->path, &session->connection, flags, NULL) != SQLITE_OK) {
        (void)durable_fail(error, "open", sqlite3_errmsg(session->connection));
        durable_session_close(session);
        return false;
    }
    *out_session = session;
    return durable_exec(session, "PRAGMA journal_mode = WAL", error) &&
           durable_exec(session,
                        db->sync == DURABLE_FULL ? "PRAGMA synchronous = FULL"
                                                 : "PRAGMA synchronous = NORMAL",
                        error);
}

void durable_session_close(struct durable_session *session)
{
    if (session == NULL) return;
    (void)sqlite3_close(session->connection); /* its statements are finished */
    free(session);
}

bool durable_prepare(struct durable_session *session, const char *sql,
                     struct durable_statement **out_statement, struct durable_error *error)
{
    struct durable_statement *statement = calloc(1, sizeof *statement);
    if (statement == NULL) return durable_fail(error, "prepare", "out of memory");
    statement->session = session;
    if (sqlite3_prepare_v2(session->connection, sql, -1, &statement->stmt, NULL) != SQLITE_OK) {
        free(statement);
        return durable_fail(error, "prepare", sqlite3_errmsg(session->connection));
    }
    *out_statement = statement;
    return true;
}

bool durable_run(struct durable_statement *statement, const int64_t *values, uint32_t count,
                 struct durable_error *error)
{
    bool done = true;
    take_turn(statement->session);
    for (uint32_t i = 0; done && i < count; i++)
        done = sqlite3_bind_int64(statement->stmt, (int)i + 1, values[i]) == SQLITE_OK;
    done = done && sqlite3_step(statement->stmt) == SQLITE_DONE;
    if (!done) (void)durable_fail(error, "run", sqlite3_errmsg(statement->session->connection));
    (void)sqlite3_reset(statement->stmt); /* repeats the error of the step */
    give_turn(statement->session);
    return done;
}

void durable_finish(struct durable_statement *statement)
{
    if (statement == NULL) return;
    (void)sqlite3_finalize(statement->stmt); /* repeats the error of the last step */
    free(statement);
}

bool durable_ask(struct durable_session *session, const char *sql, int64_t *out_number,
                 struct durable_error *error)
{
    sqlite3_stmt *stmt = NULL;
    bool done = sqlite3_prepare_v2(session->connection, sql, -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_ROW;
    if (done) *out_number = sqlite3_column_int64(stmt, 0);
    if (!done) (void)durable_fail(error, "ask", sqlite3_errmsg(session->connection));
    (void)sqlite3_finalize(stmt); /* repeats the error of the step */
    return done;
}
