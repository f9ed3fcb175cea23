#include "runtime/transaction.h"

#include <assert.h>
#include <string.h>

void transaction_begin(struct transaction *txn, struct database *database, struct catalog **temp,
                       bool read_only)
{
    assert(txn->state == TRANSACTION_NONE);
    *txn = (struct transaction){.database = database,
                                .temp = temp,
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

static const struct catalog_snapshot *
view_of(const struct catalog_edit *edit, struct catalog *catalog, const struct snapshot *snapshot)
{
    if (edit != NULL) return catalog_edit_view(edit);
    return catalog == NULL ? NULL : catalog_view(catalog, snapshot);
}

struct catalog_scope transaction_catalog(const struct transaction *txn)
{
    assert(txn->has_snapshot);
    return (struct catalog_scope){.temp = view_of(txn->temp_edit, *txn->temp, &txn->snapshot),
                                  .common =
                                      view_of(txn->edit, txn->database->catalog, &txn->snapshot),
                                  .database = txn->database->name};
}

/* CHECKPOINT does not run beside transactions that have changed something. */
static void count_writer(struct transaction *txn)
{
    struct database *db = txn->database;
    if (txn->counted) return;
    txn->counted = true;
    txn->writer_phase = atomic_load(&db->writer_phase) & 1;
    atomic_fetch_add(&db->writers[txn->writer_phase], 1);
}

static llkv_code temp_edit(struct cx *cx, struct transaction *txn, struct catalog_edit **out_edit)
{
    if (*txn->temp == NULL) *txn->temp = catalog_new_temporary(cx, txn->database->catalog);
    if (*txn->temp == NULL) return LLKV_NOMEM;
    if (txn->temp_edit == NULL)
        TRY(catalog_edit_new(cx, *txn->temp, &txn->snapshot, txn->id, &txn->temp_edit));
    *out_edit = txn->temp_edit;
    return LLKV_OK;
}

llkv_code transaction_drop_orphans(struct cx *cx, struct transaction *txn)
{
    struct catalog_edit *edit;
    TRY(temp_edit(cx, txn, &edit));
    struct catalog_scope scope = transaction_catalog(txn);
    for (uint32_t i = 0; i < catalog_count(scope.temp);) {
        const struct object *object = catalog_at(scope.temp, i);
        const bool orphan = object->kind == OBJECT_TRIGGER &&
                            catalog_scope_find_id(&scope, object->table_id) == NULL;
        if (orphan) TRY(catalog_edit_drop(cx, edit, object));
        if (orphan) scope = transaction_catalog(txn);
        i = orphan ? 0 : i + 1; /* it is another list now */
    }
    return LLKV_OK;
}

llkv_code transaction_edit(struct cx *cx, struct transaction *txn, bool temporary,
                           struct catalog_edit **out_edit)
{
    TRY(transaction_take_snapshot(cx, txn));
    if (temporary) return temp_edit(cx, txn, out_edit);
    if (txn->edit == NULL)
        TRY(catalog_edit_new(cx, txn->database->catalog, &txn->snapshot, txn->id, &txn->edit));
    count_writer(txn);
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
    count_writer(txn);
    *out_writes = txn->writes;
    return LLKV_OK;
}

struct table_reader transaction_reader(const struct transaction *txn)
{
    return (struct table_reader){.snapshot = &txn->snapshot,
                                 .own = txn->writes,
                                 .mark = txn->writes == NULL ? 0 : write_set_mark(txn->writes)};
}

bool transaction_has_changes(const struct transaction *txn)
{
    return (txn->writes != NULL && !write_set_is_empty(txn->writes)) ||
           (txn->edit != NULL && !catalog_edit_is_empty(txn->edit));
}

/* ---- marks ---- */

struct transaction_mark transaction_set_mark(struct transaction *txn)
{
    struct transaction_mark mark = {.writes =
                                        txn->writes == NULL ? 0 : write_set_mark(txn->writes)};
    mark.had_edit = txn->edit != NULL;
    mark.had_temp_edit = txn->temp_edit != NULL;
    if (mark.had_edit) mark.catalog = catalog_edit_mark(txn->edit);
    if (mark.had_temp_edit) mark.temp = catalog_edit_mark(txn->temp_edit);
    return mark;
}

void transaction_release_mark(struct transaction *txn, const struct transaction_mark *mark)
{
    if (mark->had_edit) catalog_edit_release(txn->edit, &mark->catalog);
    if (mark->had_temp_edit) catalog_edit_release(txn->temp_edit, &mark->temp);
}

static void forget_table(void *writes, const struct table *table)
{
    write_set_forget(writes, table);
}

/* Rows of tables that go are forgotten before. NULL: to before there was the edit. */
static void go_back(struct transaction *txn, struct catalog_edit **edit,
                    const struct catalog_mark *mark)
{
    if (*edit == NULL) return;
    if (txn->writes != NULL) catalog_edit_made_tables(*edit, mark, forget_table, txn->writes);
    if (mark != NULL) {
        catalog_edit_rollback(*edit, mark);
    } else {
        catalog_edit_free(*edit);
        *edit = NULL;
    }
}

void transaction_go_back(struct transaction *txn, const struct transaction_mark *mark)
{
    if (txn->writes != NULL) write_set_rollback(txn->writes, mark->writes);
    go_back(txn, &txn->edit, mark->had_edit ? &mark->catalog : NULL);
    go_back(txn, &txn->temp_edit, mark->had_temp_edit ? &mark->temp : NULL);
}

/* ---- savepoints ---- */

struct savepoint {
    struct savepoint *older;
    struct transaction_mark mark;
    size_t name_bytes;
    char name[];
};

static void drop_latest(struct transaction *txn)
{
    struct savepoint *savepoint = txn->savepoints;
    txn->savepoints = savepoint->older;
    transaction_release_mark(txn, &savepoint->mark);
    mem_free(savepoint);
}

static llkv_code find_savepoint(struct cx *cx, const struct transaction *txn, struct slice name,
                                int32_t at, struct savepoint **out)
{
    for (*out = txn->savepoints; *out != NULL; *out = (*out)->older)
        if (slice_equal_folded((struct slice){(*out)->name, (*out)->name_bytes}, name))
            return LLKV_OK;
    return cx_fail_at(cx, LLKV_TRANSACTION, at, "3B001", "there is no savepoint \"%.*s\"",
                      SLICE_ARG(name));
}

llkv_code transaction_savepoint(struct cx *cx, struct transaction *txn, struct slice name)
{
    struct savepoint *savepoint =
        mem_alloc_zero(&txn->database->budget, sizeof *savepoint + name.len);
    if (savepoint == NULL) return cx_nomem(cx);
    memcpy(savepoint->name, name.data, name.len);
    savepoint->name_bytes = name.len;
    savepoint->mark = transaction_set_mark(txn);
    savepoint->older = txn->savepoints;
    txn->savepoints = savepoint;
    return LLKV_OK;
}

llkv_code transaction_release(struct cx *cx, struct transaction *txn, struct slice name, int32_t at)
{
    struct savepoint *savepoint;
    TRY(find_savepoint(cx, txn, name, at, &savepoint));
    while (txn->savepoints != savepoint)
        drop_latest(txn);
    drop_latest(txn);
    return LLKV_OK;
}

llkv_code transaction_rollback_to(struct cx *cx, struct transaction *txn, struct slice name,
                                  int32_t at)
{
    struct savepoint *savepoint;
    TRY(find_savepoint(cx, txn, name, at, &savepoint));
    while (txn->savepoints != savepoint)
        drop_latest(txn);
    transaction_go_back(txn, &savepoint->mark);
    txn->state = TRANSACTION_ACTIVE;
    return LLKV_OK;
}

/* ---- the end ---- */

static void end(struct transaction *txn)
{
    struct database *db = txn->database;
    while (txn->savepoints != NULL)
        drop_latest(txn);
    write_set_free(txn->writes);
    catalog_edit_free(txn->temp_edit);
    catalog_edit_free(txn->edit);
    if (txn->has_snapshot) txn_snapshot_end(db->manager, &txn->snapshot);
    if (txn->counted) atomic_fetch_sub(&db->writers[txn->writer_phase], 1);
    *txn = (struct transaction){.state = TRANSACTION_NONE};
    catalog_sweep(db->catalog);
}

static llkv_code commit_changes(struct cx *cx, struct transaction *txn)
{
    struct txn_participant *rows = NULL;
    int64_t ts;
    if (txn->writes != NULL) {
        if (txn->edit != NULL) catalog_edit_dropped_tables(txn->edit, forget_table, txn->writes);
        if (txn->temp_edit != NULL)
            catalog_edit_dropped_tables(txn->temp_edit, forget_table, txn->writes);
        TRY(write_set_participants(cx, txn->writes, &rows));
    }
    struct txn_participant *first = catalog_edit_participants(txn->edit, rows);
    first = catalog_edit_participants(txn->temp_edit, first);
    if (first == NULL) return LLKV_OK;
    return txn_commit(cx, txn->database->manager, &txn->snapshot, first, &ts);
}

llkv_code transaction_commit(struct cx *cx, struct transaction *txn)
{
    assert(txn->state == TRANSACTION_ACTIVE);
    while (txn->savepoints != NULL)
        drop_latest(txn);
    llkv_code rc = commit_changes(cx, txn);
    end(txn);
    return rc;
}

void transaction_rollback(struct transaction *txn)
{
    if (txn->state != TRANSACTION_NONE) end(txn);
}
