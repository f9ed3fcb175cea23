/* session.h -- a conversation: settings, cancel flag, statements kept for reuse.
 *
 * Owns:    its settings, its transaction, its temporary objects, statements kept for reuse.
 * Threads: one at a time, but for session_interrupt. Statements that were freed are kept: their
 * arenas save the next one its allocations, and a text prepared for the third time finds its plan
 * ready. */
#ifndef RUNTIME_SESSION_H
#define RUNTIME_SESSION_H
#include "runtime/engine.h"
#include "runtime/transaction.h"

enum { SESSION_CACHE_SLOTS = 256, SESSION_SEEN_SLOTS = 4096 };

struct statement;

struct session {
    struct engine *engine;
    struct database *database; /* the engine's */
    struct catalog *temp;      /* tables, views .. of its own; NULL: there never were any */
    struct settings settings;
    uint64_t settings_epoch; /* counts up with every change */
    uint64_t defaults_epoch; /* of the database's defaults in it */
    uint32_t own_settings;   /* of enum settings_part: the rest are defaults */
    atomic_bool cancel;
    struct cx_progress progress; /* of the statement that runs */
    struct transaction transaction;
    struct statement *running; /* statements between their first row and their end */
    uint32_t open_count;       /* statements, results and streams not yet closed */
    struct statement *idle;    /* one statement without a text, for the next prepare */
    struct statement *cache[SESSION_CACHE_SLOTS]; /* by hash of the text */
    uint32_t
        seen[SESSION_SEEN_SLOTS]; /* hashes of texts met before: only those are worth keeping */
};

/* `like` may be NULL: the database's defaults. */
NODISCARD llkv_code session_open(struct cx *cx, struct engine *engine, const struct session *like,
                                 struct session **out_session);
/* LLKV_BUSY while statements are open. */
NODISCARD llkv_code session_close(struct cx *cx, struct session *session);
void session_interrupt(struct session *session);
/* Free what is temporary, was dropped, and cannot be seen by its statements any more: no others
 * need be asked. */
void session_sweep(struct session *session);
/* The end of a snapshot that a statement took for itself, and of what only it could see. */
void session_end_snapshot(struct session *session, struct snapshot *snapshot);

/* What a statement with this snapshot sees, outside of a transaction. */
struct catalog_scope session_catalog(const struct session *session,
                                     const struct snapshot *snapshot);

/* ---- control.c. `at` is a place in the statement, or -1. ---- */
/* BEGIN; 25001. */
NODISCARD llkv_code session_begin(struct cx *cx, struct session *session, bool read_only,
                                  int32_t at);
/* COMMIT; 25P01. *out_committed: false if it had failed and was rolled back. */
NODISCARD llkv_code session_commit(struct cx *cx, struct session *session, int32_t at,
                                   bool *out_committed);
NODISCARD llkv_code session_rollback(struct cx *cx, struct session *session, int32_t at);
/* 25006 in a read-only transaction, or database. Temporary tables are nobody's concern. */
NODISCARD llkv_code session_check_may_write(struct cx *cx, const struct session *session,
                                            int32_t at);
/* The running statements of the transaction can go no further: their next step fails. */
void session_cut_running(struct session *session);

/* Take over defaults that were changed. Every statement begins with this. */
void session_refresh_settings(struct session *session);
/* SET name = value; PRAGMA name = value. `global`: for all sessions without a value of their own.
 * `at` is the place of the name. */
NODISCARD llkv_code session_set(struct cx *cx, struct session *session, struct slice name,
                                const struct value *value, bool global, int32_t at);
/* RESET name. */
NODISCARD llkv_code session_reset(struct cx *cx, struct session *session, struct slice name,
                                  int32_t at);
/* RESET ALL: no value of its own any more. */
void session_reset_all(struct session *session);
/* Every setting, by number; NULL behind the last. */
const char *session_setting_name(uint32_t index);
/* The value as text, in cx->arena. */
NODISCARD llkv_code session_show(struct cx *cx, const struct session *session, struct slice name,
                                 int32_t at, const char **out_value);
#endif
