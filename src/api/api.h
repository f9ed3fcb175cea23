/* api.h -- what the bodies of include/llkv.h share. Private to api. */
#ifndef API_API_H
#define API_API_H
#include "arrow/result.h"
#include "llkv.h"
#include "runtime/statement.h"

/* A call's world before there is a statement: an arena of its own for names and messages, and an
 * error object even if the caller gave none. */
struct api_call {
    struct cx cx;
    struct arena arena;
    llkv_error own_error;
};

/* Pair with api_end, but not after a failure (LLKV_MISUSE in a forked child). `session` may be
 * NULL.
 */
NODISCARD llkv_code api_begin(struct api_call *call, struct session *session, llkv_error *error);
/* Release what the call used; returns `rc`. */
llkv_code api_end(struct api_call *call, llkv_code rc);

/* The public handles are the runtime's objects. */
ALWAYS_INLINE struct session *session_of(llkv_session *session)
{
    return (struct session *)session;
}
ALWAYS_INLINE struct statement *statement_of(llkv_statement *statement)
{
    return (struct statement *)statement;
}
ALWAYS_INLINE const struct statement *statement_view(const llkv_statement *statement)
{
    return (const struct statement *)statement;
}

/* Stream the batches of a statement; `owned`: free it when the stream is released. */
NODISCARD llkv_code api_stream(struct cx *cx, struct statement *statement, bool owned,
                               struct ArrowArrayStream *out_stream);
/* The columns of a statement in cx->arena. */
NODISCARD llkv_code api_schema(struct cx *cx, const struct statement *statement,
                               struct result_schema *out);
#endif
