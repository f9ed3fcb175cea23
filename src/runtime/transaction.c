#include "runtime/transaction.h"

#include <assert.h>
#include <string.h>

void transaction_begin(struct transaction *txn, struct database *database, bool read_only)
{
    assert(txn->state == TRANSACTION_NONE);
    *txn = (struct transaction){.database = database,
                                .id = txn_id_new(database->manager),
                                .state = TRANSACTION_ACTIVE,
                                .read_only = read_only};
}

/* ---- what it sees and changes ---- */

llkv_code transaction_take_snapshot(struct cx *cx, struct transaction *txn)
{
    if (txn->has_snapshot) return LLKV_OK;
    TRY(txn_snapshot_begin(cx, txn->database->manager, &txn->snapshot));
    txn->has_snapshot = true;
    return LLKV_OK;
}

const struct catalog_snapshot *transaction_catalog(struct transaction *txn)
{
    assert(txn->has_snapshot);
    if (txn->edit != NULL) return catalog_edit_view(txn->edit);
    return catalog_view(txn->database->catalog, &txn->snapshot);
}

llkv_code transaction_edit(struct cx *cx, struct transaction *txn, struct catalog_edit **out_edit)
{
    TRY(transaction_take_snapshot(cx, txn));
    if (txn->edit == NULL)
        TRY(catalog_edit_new(cx, txn->database->catalog, &txn->snapshot, &txn->edit));
    *out_edit = txn->edit;
    return LLKV_OK;
}

llkv_code transaction_writes(struct cx *cx, struct transaction *txn, struct write_set **out_writes)
{
    TRY(transaction_take_snapshot(cx, txn));
    struct cx lasting = *cx;
    lasting.budget = &txn->database->budget;
    if (txn->writes == NULL)
        TRY(write_set_new(&lasting, txn->database->manager, &txn->snapshot, txn->id, &txn->writes));
    *out_writes = txn->writes;
    return LLKV_OK;
}

struct table_reader transaction_reader(const struct transaction *txn)
{
    return (struct table_reader){.snapshot = &txn->snapshot};
}

/* ---- the end ---- */

static void end(struct transaction *txn)
{
    struct database *db = txn->database;
    write_set_free(txn->writes);
    catalog_edit_free(txn->edit);
    if (txn->has_snapshot) txn_snapshot_end(db->manager, &txn->snapshot);
    *txn = (struct transaction){.state = TRANSACTION_NONE};
    catalog_sweep(db->catalog);
}

static llkv_code commit_changes(struct cx *cx, struct transaction *txn)
{
    struct txn_participant *rows = NULL;
    int64_t ts;
    if (txn->writes != NULL) TRY(write_set_participants(cx, txn->writes, &rows));
    struct txn_participant *first = catalog_edit_participants(txn->edit, rows);
    if (first == NULL) return LLKV_OK;
    return txn_commit(cx, txn->database->manager, &txn->snapshot, first, &ts);
}

llkv_code transaction_commit(struct cx *cx, struct transaction *txn)
{
    assert(txn->state == TRANSACTION_ACTIVE);
    llkv_code rc = commit_changes(cx, txn);
    end(txn);
    return rc;
}

void transaction_rollback(struct transaction *txn)
{
    if (txn->state != TRANSACTION_NONE) end(txn);
}
