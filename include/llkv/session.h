/* session.h -- a conversation with an engine: settings and the current transaction. */
#ifndef LLKV_SESSION_H
#define LLKV_SESSION_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "llkv/engine.h"
#include "llkv/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct llkv_session llkv_session;

LLKV_API LLKV_NODISCARD llkv_code llkv_session_open(llkv_engine *engine, llkv_session **out_session,
                                                    llkv_error *error);

/* A session with the settings that `like` has now; nothing else is shared. */
LLKV_API LLKV_NODISCARD llkv_code llkv_session_open_like(llkv_session *like,
                                                         llkv_session **out_session,
                                                         llkv_error *error);

/* Close it; an open transaction is rolled back. LLKV_BUSY, and nothing happens, while statements,
 * results or streams of it are open. NULL is allowed. */
LLKV_API llkv_code llkv_session_close(llkv_session *session, llkv_error *error);

/* ---- transactions: the same as BEGIN, COMMIT, ROLLBACK. A transaction sees what was committed
 * when its first statement began, and its own changes. ---- */
typedef enum llkv_txn_state {
    LLKV_TXN_STATE_NONE,   /* every statement commits by itself */
    LLKV_TXN_STATE_ACTIVE, /* between BEGIN and its end */
    LLKV_TXN_STATE_FAILED  /* a statement failed: ROLLBACK, ROLLBACK TO and COMMIT are taken */
} llkv_txn_state;
LLKV_API llkv_txn_state llkv_session_transaction(const llkv_session *session);
LLKV_API LLKV_NODISCARD llkv_code llkv_session_begin(llkv_session *session, bool read_only,
                                                     llkv_error *error);
/* Ends the transaction, also when it fails: LLKV_CONFLICT or LLKV_CONSTRAINT say that nothing of it
 * happened, LLKV_UNKNOWN that only reopening the database shows. A transaction that had failed is
 * rolled back, and *out_committed (may be NULL) is false. Statements that are still running are cut
 * off: their next step fails. */
LLKV_API LLKV_NODISCARD llkv_code llkv_session_commit(llkv_session *session, bool *out_committed,
                                                      llkv_error *error);
LLKV_API LLKV_NODISCARD llkv_code llkv_session_rollback(llkv_session *session, llkv_error *error);

/* Make the running statement fail with LLKV_CANCELLED soon. Any thread may call it. A statement
 * that starts afterwards is not affected. */
LLKV_API void llkv_session_interrupt(llkv_session *session);

/* How far the statement that runs now is: *out_done of *out_total, in units of its own (bytes of a
 * file, say); false if nobody knows. Any thread may ask. */
LLKV_API bool llkv_session_progress(const llkv_session *session, uint64_t *out_done,
                                    uint64_t *out_total);

#ifdef __cplusplus
}
#endif
#endif
