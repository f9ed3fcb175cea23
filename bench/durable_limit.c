/* What the medium takes for one commit: a block of a file that was written before is written again,
 * and is there when the call returns. One writer. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "durable.h"

enum { LOG_BYTES = 16 << 20, RECORD_BYTES = 128 };

struct durable_db {
    int fd;
    enum durable_sync sync;
};

struct durable_session {
    struct durable_db *db;
    off_t at;
    bool in_transaction;
};

struct durable_statement {
    struct durable_session *session;
};

const struct durable_dialect durable_dialect = {
    .create = "", .begin = "BEGIN", .hand_written = true};

static bool zero_fill(int fd)
{
    char *zeros = calloc(1, LOG_BYTES);
    bool done = zeros != NULL && write(fd, zeros, LOG_BYTES) == LOG_BYTES && fsync(fd) == 0;
    free(zeros);
    return done;
}

bool durable_open(const char *path, enum durable_sync sync, struct durable_db **out_db,
                  struct durable_error *error)
{
    struct durable_db *db = calloc(1, sizeof *db);
    if (db == NULL) return durable_fail(error, "open", "out of memory");
    db->sync = sync;
    db->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (db->fd < 0 || !zero_fill(db->fd)) {
        free(db);
        return durable_fail(error, path, "cannot be written");
    }
    *out_db = db;
    return true;
}

void durable_close(struct durable_db *db)
{
    if (db == NULL) return;
    (void)close(db->fd); /* the program ends here */
    free(db);
}

bool durable_session_open(struct durable_db *db, struct durable_session **out_session,
                          struct durable_error *error)
{
    *out_session = calloc(1, sizeof **out_session);
    if (*out_session == NULL) return durable_fail(error, "session", "out of memory");
    (*out_session)->db = db;
    return true;
}

void durable_session_close(struct durable_session *session)
{
    free(session);
}

static bool commit(struct durable_session *session, struct durable_error *error)
{
    char record[RECORD_BYTES] = "commit";
    struct iovec piece = {record, sizeof record};
    int flags = session->db->sync == DURABLE_FULL ? RWF_DSYNC : 0;
    if (pwritev2(session->db->fd, &piece, 1, session->at, flags) != sizeof record)
        return durable_fail(error, "commit", "cannot be written");
    session->at = (session->at + RECORD_BYTES) % LOG_BYTES;
    return true;
}

bool durable_exec(struct durable_session *session, const char *sql, struct durable_error *error)
{
    bool ends = strcmp(sql, "COMMIT") == 0;
    if (strcmp(sql, durable_dialect.begin) == 0) session->in_transaction = true;
    if (ends) session->in_transaction = false;
    return !ends || commit(session, error);
}

bool durable_ask(struct durable_session *session, const char *sql, int64_t *out_number,
                 struct durable_error *error)
{
    (void)session;
    *out_number = 0;
    return durable_fail(error, sql, "there is no SQL");
}

bool durable_prepare(struct durable_session *session, const char *sql,
                     struct durable_statement **out_statement, struct durable_error *error)
{
    (void)sql; /* what it would do is not measured */
    *out_statement = calloc(1, sizeof **out_statement);
    if (*out_statement == NULL) return durable_fail(error, "prepare", "out of memory");
    (*out_statement)->session = session;
    return true;
}

bool durable_run(struct durable_statement *statement, const int64_t *values, uint32_t count,
                 struct durable_error *error)
{
    (void)values;
    (void)count;
    return statement->session->in_transaction || commit(statement->session, error);
}

void durable_finish(struct durable_statement *statement)
{
    free(statement);
}
