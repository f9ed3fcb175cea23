/* durable.h -- the interface through which durable commits are measured: a database in a file, many
 * sessions.
 *
 * Owns:    nothing; each durable_<name>.c defines the structs and implements every function. A
 *          program is durable.c with one of them.
 * Threads: a session and its statements by one thread at a time; sessions of a database at once.
 * Holds:   a function that returns false has set the error. */
#ifndef BENCH_DURABLE_H
#define BENCH_DURABLE_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

struct durable_db;
struct durable_session;
struct durable_statement;

struct durable_error {
    char text[512];
};

/* FULL: on the medium when a commit returns. NORMAL: a power cut may take the last commits. */
enum durable_sync { DURABLE_FULL, DURABLE_NORMAL };

struct durable_dialect {
    const char *create; /* the table kv(id, a, b, s), id being the key */
    const char *begin;  /* a transaction that will write */
    bool hand_written;  /* no SQL, and nothing to ask afterwards */
};
extern const struct durable_dialect durable_dialect;

/* A new database in the file `path`. */
bool durable_open(const char *path, enum durable_sync sync, struct durable_db **out_db,
                  struct durable_error *error);
/* NULL is allowed. */
void durable_close(struct durable_db *db);
bool durable_session_open(struct durable_db *db, struct durable_session **out_session,
                          struct durable_error *error);
void durable_session_close(struct durable_session *session);

/* One statement that has no rows; BEGIN and COMMIT, too. */
bool durable_exec(struct durable_session *session, const char *sql, struct durable_error *error);
/* The one number that a query gives. */
bool durable_ask(struct durable_session *session, const char *sql, int64_t *out_number,
                 struct durable_error *error);
bool durable_prepare(struct durable_session *session, const char *sql,
                     struct durable_statement **out_statement, struct durable_error *error);
/* Run it once with these parameters. */
bool durable_run(struct durable_statement *statement, const int64_t *values, uint32_t count,
                 struct durable_error *error);
void durable_finish(struct durable_statement *statement);

/* Set the text of an error, cut to its room; returns false. */
bool durable_fail(struct durable_error *error, const char *what, const char *why);
#endif
