#include "runtime/session.h"

#include "runtime/statement.h"

llkv_code session_open(struct cx *cx, struct engine *engine, const struct session *like,
                       struct session **out_session)
{
    struct database *database = engine->database;
    struct session *session = mem_alloc_zero(&database->budget, sizeof *session);
    if (session == NULL) return cx_nomem(cx);
    session->engine = engine;
    session->database = database;
    if (like != NULL) {
        session->settings = like->settings;
        session->own_settings = like->own_settings;
        session->defaults_epoch = like->defaults_epoch;
    } else {
        pthread_mutex_lock(&database->defaults_mutex);
        session->settings = database->defaults;
        session->defaults_epoch = atomic_load(&database->defaults_epoch);
        pthread_mutex_unlock(&database->defaults_mutex);
    }
    atomic_fetch_add(&engine->session_count, 1);
    *out_session = session;
    return LLKV_OK;
}

llkv_code session_close(struct cx *cx, struct session *session)
{
    if (session->open_count != 0)
        return cx_fail(cx, LLKV_BUSY, "%u statement%s or stream%s of the session still open",
                       session->open_count, session->open_count == 1 ? "" : "s",
                       session->open_count == 1 ? " is" : "s are");
    transaction_rollback(&session->transaction);
    statement_drop_kept(session);
    atomic_fetch_sub(&session->engine->session_count, 1);
    mem_free(session);
    return LLKV_OK;
}

void session_interrupt(struct session *session)
{
    atomic_store_explicit(&session->cancel, true, memory_order_relaxed);
}
