/* transaction.h -- a transaction while it runs: what its statements see and what they have changed.
 *
 * States: none -> active -> none; active -> failed (a statement failed while it executed) -> none,
 *         or active again by going back to a savepoint.
 * Owns:   the snapshot of its first statement, the rows it has written, the definitions it has
 *         changed (everybody's and temporary ones apart), its savepoints. DDL outside of a
 *         transaction has one of its own for as long as it runs.
 * Threads: one at a time, as its session. */
#ifndef RUNTIME_TRANSACTION_H
#define RUNTIME_TRANSACTION_H
#include "catalog/edit.h"
#include "catalog/scope.h"
#include "runtime/database.h"
#include "table/write.h"

enum transaction_state { TRANSACTION_NONE, TRANSACTION_ACTIVE, TRANSACTION_FAILED };

struct savepoint;

struct transaction {
    struct database *database;
    struct catalog **temp; /* the session's: NULL until it has something temporary */
    uint64_t id;
    uint8_t state; /* enum transaction_state */
    bool read_only;
    bool has_snapshot;
    bool counted;                   /* as a writer of the database, */
    uint8_t writer_phase;           /* in this phase */
    struct snapshot snapshot;       /* taken by the first statement */
    struct write_set *writes;       /* NULL: none yet */
    struct catalog_edit *edit;      /* NULL: no definition was changed */
    struct catalog_edit *temp_edit; /* the same, of temporary ones */
    struct savepoint *savepoints;   /* latest first */
};

/* From none to active. `temp` is where the session keeps its catalog of temporary objects. */
void transaction_begin(struct transaction *txn, struct database *database, struct catalog **temp,
                       bool read_only);
/* Make everything public, or nothing and the error; in both cases back to none. */
NODISCARD llkv_code transaction_commit(struct cx *cx, struct transaction *txn);
/* Forget everything; back to none. Nothing to do if it is there already. */
void transaction_rollback(struct transaction *txn);

/* Every statement but those that control transactions begins with this. */
NODISCARD llkv_code transaction_take_snapshot(struct cx *cx, struct transaction *txn);
/* The catalog as the transaction sees it; it has a snapshot. */
struct catalog_scope transaction_catalog(const struct transaction *txn);
/* Where changes go, of temporary objects or of everybody's; made when they are needed first. */
NODISCARD llkv_code transaction_edit(struct cx *cx, struct transaction *txn, bool temporary,
                                     struct catalog_edit **out_edit);
/* Drop temporary triggers whose table or view is gone: dropped by this transaction, or by others.
 */
NODISCARD llkv_code transaction_drop_orphans(struct cx *cx, struct transaction *txn);
NODISCARD llkv_code transaction_writes(struct cx *cx, struct transaction *txn,
                                       struct write_set **out_writes);
/* What a statement that begins now reads; it does not see what it writes itself. */
struct table_reader transaction_reader(const struct transaction *txn);
/* Has it changed anything that others will see, or rows? */
bool transaction_has_changes(const struct transaction *txn);

/* ---- going back ---- */
struct transaction_mark {
    struct catalog_mark catalog, temp;
    uint32_t writes;
    bool had_edit, had_temp_edit;
};
struct transaction_mark transaction_set_mark(struct transaction *txn);
void transaction_release_mark(struct transaction *txn, const struct transaction_mark *mark);
/* Undo what came after the mark, which stays. */
void transaction_go_back(struct transaction *txn, const struct transaction_mark *mark);

/* ---- savepoints, by name; the latest one of a name counts. 3B001 if there is none. ---- */
NODISCARD llkv_code transaction_savepoint(struct cx *cx, struct transaction *txn,
                                          struct slice name);
NODISCARD llkv_code transaction_release(struct cx *cx, struct transaction *txn, struct slice name,
                                        int32_t at);
NODISCARD llkv_code transaction_rollback_to(struct cx *cx, struct transaction *txn,
                                            struct slice name, int32_t at);
#endif
