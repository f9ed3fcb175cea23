/* engine.c -- engines and sessions. */
#include <string.h>

#include "api/api.h"

llkv_code api_begin(struct api_call *call, struct session *session, llkv_error *error)
{
    if (error == NULL) {
        call->own_error = (llkv_error)LLKV_ERROR_INIT;
        error = &call->own_error;
    }
    error->code = LLKV_OK;
    error->offset = -1;
    call->arena = (struct arena){0};
    struct mem_budget *budget = session == NULL ? NULL : &session->database->budget;
    arena_init(&call->arena, budget);
    call->cx = (struct cx){.arena = &call->arena, .error = error, .budget = budget};
    if (session == NULL) return LLKV_OK;
    call->cx.cancel = &session->cancel;
    call->cx.pool = session->database->pool;
    return engine_check(&call->cx, session->engine); /* the arena is empty still */
}

llkv_code api_end(struct api_call *call, llkv_code rc)
{
    arena_deinit(&call->arena);
    assert(rc == LLKV_OK || call->cx.error->code == rc);
    if (rc == LLKV_OK) call->cx.error->code = LLKV_OK;
    return rc;
}

const char *llkv_version(void)
{
    return "0.1.0";
}

llkv_code llkv_engine_open(const llkv_engine_options *options, llkv_engine **out_engine,
                           llkv_error *error)
{
    struct api_call call;
    struct engine *engine = NULL;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = engine_open(&call.cx, options, &engine);
    if (rc == LLKV_OK) *out_engine = (llkv_engine *)engine;
    return api_end(&call, rc);
}

llkv_code llkv_engine_close(llkv_engine *engine, llkv_error *error)
{
    struct api_call call;
    if (engine == NULL) return LLKV_OK;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, engine_close(&call.cx, (struct engine *)engine));
}

llkv_code llkv_session_open(llkv_engine *engine, llkv_session **out_session, llkv_error *error)
{
    struct api_call call;
    struct session *session = NULL;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = engine_check(&call.cx, (struct engine *)engine);
    if (rc == LLKV_OK) rc = session_open(&call.cx, (struct engine *)engine, NULL, &session);
    if (rc == LLKV_OK) *out_session = (llkv_session *)session;
    return api_end(&call, rc);
}

llkv_code llkv_session_open_like(llkv_session *like, llkv_session **out_session, llkv_error *error)
{
    struct api_call call;
    struct session *session = NULL;
    struct session *model = session_of(like);
    TRY(api_begin(&call, model, error));
    llkv_code rc = session_open(&call.cx, model->engine, model, &session);
    if (rc == LLKV_OK) *out_session = (llkv_session *)session;
    return api_end(&call, rc);
}

llkv_code llkv_session_close(llkv_session *session, llkv_error *error)
{
    struct api_call call;
    if (session == NULL) return LLKV_OK;
    TRY(api_begin(&call, session_of(session), error));
    return api_end(&call, session_close(&call.cx, session_of(session)));
}

/* ---- transactions ---- */

llkv_txn_state llkv_session_transaction(const llkv_session *session)
{
    switch ((enum transaction_state)((const struct session *)session)->transaction.state) {
    case TRANSACTION_NONE: return LLKV_TXN_STATE_NONE;
    case TRANSACTION_ACTIVE: return LLKV_TXN_STATE_ACTIVE;
    case TRANSACTION_FAILED: break;
    }
    return LLKV_TXN_STATE_FAILED;
}

llkv_code llkv_session_begin(llkv_session *session, bool read_only, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, session_of(session), error));
    return api_end(&call, session_begin(&call.cx, session_of(session), read_only, -1));
}

llkv_code llkv_session_commit(llkv_session *session, bool *out_committed, llkv_error *error)
{
    struct api_call call;
    bool committed = false;
    TRY(api_begin(&call, session_of(session), error));
    llkv_code rc = session_commit(&call.cx, session_of(session), -1, &committed);
    if (out_committed != NULL) *out_committed = rc == LLKV_OK && committed;
    return api_end(&call, rc);
}

llkv_code llkv_session_rollback(llkv_session *session, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, session_of(session), error));
    return api_end(&call, session_rollback(&call.cx, session_of(session), -1));
}

bool llkv_session_progress(const llkv_session *session, uint64_t *out_done, uint64_t *out_total)
{
    const struct cx_progress *progress = &((const struct session *)session)->progress;
    *out_done = atomic_load_explicit(&progress->done, memory_order_relaxed);
    *out_total = atomic_load_explicit(&progress->total, memory_order_relaxed);
    return *out_total != 0;
}

void llkv_session_interrupt(llkv_session *session)
{
    session_interrupt(session_of(session));
}
