/* session.h -- a conversation: settings, cancel flag, statements kept for reuse.
 *
 * Threads: one at a time, but for session_interrupt. Statements that were freed are kept: their
 * arenas save the next one its allocations, and a text prepared for the third time finds its plan
 * ready. */
#ifndef RUNTIME_SESSION_H
#define RUNTIME_SESSION_H
#include "runtime/database.h"

enum { SESSION_CACHE_SLOTS = 256, SESSION_SEEN_SLOTS = 4096 };

struct statement;

struct session {
    struct database *database;
    struct settings settings;
    uint64_t settings_epoch; /* counts up with every change */
    atomic_bool cancel;
    uint32_t open_count;    /* statements, results and streams not yet closed */
    struct statement *idle; /* one statement without a text, for the next prepare */
    struct statement *cache[SESSION_CACHE_SLOTS]; /* by hash of the text */
    uint32_t
        seen[SESSION_SEEN_SLOTS]; /* hashes of texts met before: only those are worth keeping */
};

/* `like` may be NULL: the database's defaults. */
NODISCARD llkv_code session_open(struct cx *cx, struct database *database,
                                 const struct session *like, struct session **out_session);
/* LLKV_BUSY while statements are open. */
NODISCARD llkv_code session_close(struct cx *cx, struct session *session);
void session_interrupt(struct session *session);

/* SET name = value; PRAGMA name = value. `global`: for sessions opened later. `at` is the place of
 * the name. */
NODISCARD llkv_code session_set(struct cx *cx, struct session *session, struct slice name,
                                const struct value *value, bool global, int32_t at);
/* RESET name. */
NODISCARD llkv_code session_reset(struct cx *cx, struct session *session, struct slice name,
                                  int32_t at);
/* RESET ALL: what new sessions start with. */
void session_reset_all(struct session *session);
/* Every setting, by number; NULL behind the last. */
const char *session_setting_name(uint32_t index);
/* The value as text, in cx->arena. */
NODISCARD llkv_code session_show(struct cx *cx, const struct session *session, struct slice name,
                                 int32_t at, const char **out_value);
#endif
