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
    catalog_free(session->temp); /* no statement of the session is left, and nobody else knows it */
    atomic_fetch_sub(&session->engine->session_count, 1);
    mem_free(session);
    return LLKV_OK;
}

struct catalog_scope session_catalog(const struct session *session, const struct snapshot *snapshot)
{
    struct catalog *temp = session->temp;
    return (struct catalog_scope){.temp = temp == NULL ? NULL : catalog_view(temp, snapshot),
                                  .common = catalog_view(session->database->catalog, snapshot),
                                  .database = session->database->name};
}

void session_sweep(struct session *session)
{
    if (session->temp == NULL) return;
    /* Statements to come see the watermark, and those that run nothing older than their start. */
    int64_t oldest = txn_watermark(session->database->manager);
    const struct transaction *txn = &session->transaction;
    if (txn->has_snapshot && txn->snapshot.ts < oldest) oldest = txn->snapshot.ts;
    for (const struct statement *s = session->running; s != NULL; s = s->running_next)
        if (s->has_snapshot && s->snapshot.ts < oldest) oldest = s->snapshot.ts;
    catalog_sweep_before(session->temp, oldest);
}

void session_end_snapshot(struct session *session, struct snapshot *snapshot)
{
    struct database *db = session->database;
    txn_snapshot_end(db->manager, snapshot);
    catalog_sweep(db->catalog);
    session_sweep(session);
}

void session_interrupt(struct session *session)
{
    atomic_store_explicit(&session->cancel, true, memory_order_relaxed);
}
