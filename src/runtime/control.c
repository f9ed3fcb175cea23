/* control.c -- BEGIN, COMMIT, ROLLBACK, savepoints: what begins and ends transactions. */
#include "runtime/command.h"

static llkv_code refuse_level(struct cx *cx, uint32_t level, int32_t at)
{
    /* The others promise no more than a snapshot gives. */
    if (level != AST_ISOLATION_SERIALIZABLE) return LLKV_OK;
    return cx_fail_at(cx, LLKV_UNSUPPORTED, at, NULL,
                      "isolation level SERIALIZABLE is not supported; transactions see a snapshot");
}

static llkv_code need_transaction(struct cx *cx, const struct session *session, int32_t at)
{
    if (session->transaction.state != TRANSACTION_NONE) return LLKV_OK;
    return cx_fail_at(cx, LLKV_TRANSACTION, at, "25P01", "there is no transaction");
}

llkv_code session_begin(struct cx *cx, struct session *session, bool read_only, int32_t at)
{
    struct transaction *txn = &session->transaction;
    if (txn->state != TRANSACTION_NONE)
        return cx_fail_at(cx, LLKV_TRANSACTION, at, "25001", "a transaction is open already");
    transaction_begin(txn, session->database, &session->temp, read_only);
    return LLKV_OK;
}

llkv_code session_commit(struct cx *cx, struct session *session, int32_t at, bool *out_committed)
{
    struct transaction *txn = &session->transaction;
    TRY(need_transaction(cx, session, at));
    session_cut_running(session);
    *out_committed = txn->state == TRANSACTION_ACTIVE;
    llkv_code rc = LLKV_OK;
    if (*out_committed)
        rc = transaction_commit(cx, txn);
    else
        transaction_rollback(txn);
    session_sweep(session);
    return rc;
}

llkv_code session_rollback(struct cx *cx, struct session *session, int32_t at)
{
    TRY(need_transaction(cx, session, at));
    session_cut_running(session);
    transaction_rollback(&session->transaction);
    session_sweep(session);
    return LLKV_OK;
}

llkv_code session_check_may_write(struct cx *cx, const struct session *session, int32_t at)
{
    if (session->engine->read_only || session->database->read_only)
        return cx_fail_at(cx, LLKV_READONLY, at, NULL, "the database is open read-only");
    if (!session->transaction.read_only) return LLKV_OK;
    return cx_fail_at(cx, LLKV_READONLY, at, NULL, "the transaction is read-only");
}

/* SET TRANSACTION: before the first statement has looked at anything. */
static llkv_code set_modes(struct cx *cx, struct session *session,
                           const struct ast_transaction *node)
{
    struct transaction *txn = &session->transaction;
    const int32_t at = (int32_t)node->base.at;
    TRY(need_transaction(cx, session, at));
    if (txn->has_snapshot)
        return cx_fail_at(cx, LLKV_TRANSACTION, at, "25001",
                          "SET TRANSACTION must come before the first statement");
    if ((node->base.flags & AST_TRANSACTION_READ_ONLY) != 0) txn->read_only = true;
    if ((node->base.flags & AST_TRANSACTION_READ_WRITE) != 0) txn->read_only = false;
    return LLKV_OK;
}

static llkv_code savepoint(struct cx *cx, struct session *session,
                           const struct ast_transaction *node)
{
    const int32_t at = (int32_t)node->name.at;
    TRY(need_transaction(cx, session, (int32_t)node->base.at));
    switch ((enum ast_transaction_op)node->base.op) {
    case AST_TRANSACTION_SAVEPOINT:
        return transaction_savepoint(cx, &session->transaction, node->name.text);
    case AST_TRANSACTION_RELEASE:
        return transaction_release(cx, &session->transaction, node->name.text, at);
    default: break;
    }
    session_cut_running(session);
    return transaction_rollback_to(cx, &session->transaction, node->name.text, at);
}

static llkv_txn_kind result_kind(const struct ast *node)
{
    switch ((enum ast_transaction_op)node->op) {
    case AST_TRANSACTION_BEGIN: return LLKV_TXN_BEGIN;
    case AST_TRANSACTION_COMMIT: return LLKV_TXN_COMMIT;
    case AST_TRANSACTION_ROLLBACK: return LLKV_TXN_ROLLBACK;
    case AST_TRANSACTION_SAVEPOINT: return LLKV_TXN_SAVEPOINT;
    case AST_TRANSACTION_RELEASE: return LLKV_TXN_RELEASE;
    case AST_TRANSACTION_ROLLBACK_TO: return LLKV_TXN_ROLLBACK_TO;
    case AST_TRANSACTION_SET: break;
    }
    return LLKV_TXN_NONE;
}

llkv_code command_transaction_describe(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_transaction *transaction = (const struct ast_transaction *)node;
    TRY(refuse_level(cx, transaction->isolation, (int32_t)node->at));
    s->info.transaction = result_kind(node);
    return LLKV_OK;
}

llkv_code command_transaction(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_transaction *transaction = (const struct ast_transaction *)node;
    struct session *session = s->session;
    const int32_t at = (int32_t)node->at;
    bool committed = true;
    s->transaction = NULL; /* it is not a part of what it ends */
    switch ((enum ast_transaction_op)node->op) {
    case AST_TRANSACTION_BEGIN:
        return session_begin(cx, session, (node->flags & AST_TRANSACTION_READ_ONLY) != 0, at);
    case AST_TRANSACTION_COMMIT:
        TRY(session_commit(cx, session, at, &committed));
        s->info.transaction = committed ? LLKV_TXN_COMMIT : LLKV_TXN_ROLLBACK;
        return LLKV_OK;
    case AST_TRANSACTION_ROLLBACK: return session_rollback(cx, session, at);
    case AST_TRANSACTION_SAVEPOINT:
    case AST_TRANSACTION_RELEASE:
    case AST_TRANSACTION_ROLLBACK_TO: return savepoint(cx, session, transaction);
    case AST_TRANSACTION_SET: break;
    }
    return set_modes(cx, session, transaction);
}

/* May it run in a transaction that has failed? */
bool command_ends_failure(const struct ast *node)
{
    return node->kind == AST_TRANSACTION &&
           (node->op == AST_TRANSACTION_COMMIT || node->op == AST_TRANSACTION_ROLLBACK ||
            node->op == AST_TRANSACTION_ROLLBACK_TO);
}
