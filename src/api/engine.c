/* engine.c -- engines and sessions. */
#include <string.h>

#include "api/api.h"

void api_begin(struct api_call *call, struct session *session, llkv_error *error)
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
    if (session == NULL) return;
    call->cx.cancel = &session->cancel;
    call->cx.pool = session->database->pool;
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
    struct database *database = NULL;
    api_begin(&call, NULL, error);
    llkv_code rc = database_open(&call.cx, options, &database);
    if (rc == LLKV_OK) *out_engine = (llkv_engine *)database;
    return api_end(&call, rc);
}

llkv_code llkv_engine_close(llkv_engine *engine, llkv_error *error)
{
    struct api_call call;
    if (engine == NULL) return LLKV_OK;
    api_begin(&call, NULL, error);
    return api_end(&call, database_close(&call.cx, (struct database *)engine));
}

llkv_code llkv_session_open(llkv_engine *engine, llkv_session **out_session, llkv_error *error)
{
    struct api_call call;
    struct session *session = NULL;
    api_begin(&call, NULL, error);
    llkv_code rc = session_open(&call.cx, (struct database *)engine, NULL, &session);
    if (rc == LLKV_OK) *out_session = (llkv_session *)session;
    return api_end(&call, rc);
}

llkv_code llkv_session_open_like(llkv_session *like, llkv_session **out_session, llkv_error *error)
{
    struct api_call call;
    struct session *session = NULL;
    api_begin(&call, NULL, error);
    struct session *model = session_of(like);
    llkv_code rc = session_open(&call.cx, model->database, model, &session);
    if (rc == LLKV_OK) *out_session = (llkv_session *)session;
    return api_end(&call, rc);
}

llkv_code llkv_session_close(llkv_session *session, llkv_error *error)
{
    struct api_call call;
    if (session == NULL) return LLKV_OK;
    api_begin(&call, NULL, error);
    return api_end(&call, session_close(&call.cx, session_of(session)));
}

void llkv_session_interrupt(llkv_session *session)
{
    session_interrupt(session_of(session));
}
