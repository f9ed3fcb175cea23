/* write.h -- the private writes of a transaction, until they commit all together or not at all.
 *
 * States: collecting -> committed | freed. Values are copied in. Constraints of the table itself
 * are checked: NOT NULL at once, keys at commit (so that UPDATE k = k + 1 works); CHECK belongs to
 * the caller. Conflicts with commits since the snapshot are 40001, key collisions 23505 with the
 * key's name and values in the message.
 *
 * A statement that commits by itself: new, writes, commit, free. An explicit transaction: new, and
 * for each statement
 *     mark = write_set_mark(set)               the statement reads with this mark
 *     writes
 *     write_set_statement_end(cx, set)         unique keys, 23505
 *     or write_set_rollback(set, mark)         the statement is undone
 * then commit or not, free. Its updates and deletes leave intents on the rows: another writer of
 * the row gets 40001 at once, whichever comes first, and so does it if the row was changed after
 * its snapshot. A savepoint is a mark as well.
 *
 * Threads: one at a time; while nobody writes, readers with the set as theirs may be parallel. */
#ifndef TABLE_WRITE_H
#define TABLE_WRITE_H
#include "table/table.h"

struct write_set;

/* What an INSERT does about rows that collide with a unique key (REPLACE, IGNORE look at the latest
 * committed rows and at the rows inserted before). */
enum write_conflict { WRITE_ABORT, WRITE_REPLACE, WRITE_IGNORE };

/* `snapshot` is borrowed and must stay registered until the end. `txn`: TXN_ID_AUTO_COMMIT, or the
 * id of an explicit transaction (txn_id_new). */
NODISCARD llkv_code write_set_new(struct cx *cx, struct txn_manager *manager,
                                  const struct snapshot *snapshot, uint64_t txn,
                                  struct write_set **out_set);
/* Forget what was not committed, intents too. NULL is allowed. */
void write_set_free(struct write_set *set);

/* What is written from now on can be told from what was written before: readers with this mark see
 * the latter only, and a rollback to it forgets the former. For explicit transactions. */
uint32_t write_set_mark(struct write_set *set);
/* Forget everything written since the mark was given. Cannot fail. No reader with a later mark is
 * left. */
void write_set_rollback(struct write_set *set, uint32_t mark);
/* Check the unique keys of what the statement wrote against the latest committed rows and the
 * transaction's own (23505), and make it known to lookups. Nothing to do for TXN_ID_AUTO_COMMIT. */
NODISCARD llkv_code write_set_statement_end(struct cx *cx, struct write_set *set);
/* Forget all that was written to a table, which goes. Marks stay good for the others. */
void write_set_forget(struct write_set *set, const struct table *table);
/* Has anything been written that a commit would publish? */
bool write_set_is_empty(const struct write_set *set);

/* Append the live rows of `rows`: one vector per table column, in order, of the column's physical
 * type and any shape. *io_rows (may be NULL) grows by the rows inserted (ignored ones do not
 * count). */
NODISCARD llkv_code write_insert(struct cx *cx, struct write_set *set, struct table *table,
                                 const struct batch *rows, enum write_conflict on_conflict,
                                 int64_t *io_rows);
/* A row named twice is deleted once; *io_rows grows by the rows deleted. */
NODISCARD llkv_code write_delete(struct cx *cx, struct write_set *set, struct table *table,
                                 const uint64_t *row_ids, uint32_t n, int64_t *io_rows);
/* New values (dense, n rows, one FLAT or CONST vector per entry of `columns`) for n rows. A row
 * named twice keeps the first values. */
NODISCARD llkv_code write_update(struct cx *cx, struct write_set *set, struct table *table,
                                 const uint64_t *row_ids, uint32_t n, const uint16_t *columns,
                                 const struct batch *values, int64_t *io_rows);
/* Publish everything, or nothing and the error. The set is still to be freed. */
NODISCARD llkv_code write_set_commit(struct cx *cx, struct write_set *set);
/* The same as a part of a larger commit (txn_commit): what takes part in it for the set, NULL if
 * nothing was written. The set counts as committed from here on. */
NODISCARD llkv_code write_set_participants(struct cx *cx, struct write_set *set,
                                           struct txn_participant **out_first);
#endif
