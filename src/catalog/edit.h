/* edit.h -- private changes of the catalog: of one transaction, or of one statement.
 *
 * States: open -> committed | freed. An edit begins with what its snapshot sees; every change makes
 * a new private catalog snapshot, in which the owner of the edit looks names up. It becomes public
 * as a participant of a commit, together with the rows of new tables, and is checked then against
 * what others have committed since (40001).
 *
 * Owns:    the objects it has made, with their tables, until they are committed; the gates of the
 *          tables that it drops or that get or lose an index: others cannot write to them (40001).
 * Threads: one at a time. */
#ifndef CATALOG_EDIT_H
#define CATALOG_EDIT_H
#include "catalog/catalog.h"

struct catalog_edit;

/* `snapshot` stays registered as long as the edit lives. `txn`: whose the gates of
 * changed tables are, an id of its own (txn_id_new). */
NODISCARD llkv_code catalog_edit_new(struct cx *cx, struct catalog *catalog,
                                     const struct snapshot *snapshot, uint64_t txn,
                                     struct catalog_edit **out_edit);
/* Take back what was not committed, open the gates. NULL is allowed. */
void catalog_edit_free(struct catalog_edit *edit);
/* The catalog with the changes made so far; until the next change. */
const struct catalog_snapshot *catalog_edit_view(const struct catalog_edit *edit);
bool catalog_edit_is_empty(const struct catalog_edit *edit);

/* ---- changes. LLKV_EXISTS (42P07, 42710) if the name is taken, LLKV_NAME (42P01, 42704, 3F000) if
 * an object is not there; then nothing has changed. Definitions are copied. An id of 0 means the
 * next free one; a log that is replayed gives the ids it holds. ---- */
NODISCARD llkv_code catalog_edit_create_schema(struct cx *cx, struct catalog_edit *edit,
                                               struct slice name, uint64_t id);
/* The table is empty, and known to nobody else before the commit. */
NODISCARD llkv_code catalog_edit_create_table(struct cx *cx, struct catalog_edit *edit,
                                              const struct table_def *def,
                                              const struct object **out_object);
NODISCARD llkv_code catalog_edit_create_view(struct cx *cx, struct catalog_edit *edit,
                                             const struct view_def *def);
/* Builds the key over the table's rows; 23505 if it is unique and rows collide. 40001 if another
 * transaction is changing the table, its rows or its definition. `own` as in table_key_stage. */
NODISCARD llkv_code catalog_edit_create_index(struct cx *cx, struct catalog_edit *edit,
                                              const struct object *table, const struct key_def *key,
                                              const struct write_set *own);
NODISCARD llkv_code catalog_edit_create_trigger(struct cx *cx, struct catalog_edit *edit,
                                                const struct trigger_def *def);
/* Drops what belongs to it as well (a table's indexes and triggers). Views stay. 40001 as above. */
NODISCARD llkv_code catalog_edit_drop(struct cx *cx, struct catalog_edit *edit,
                                      const struct object *object);

/* ---- savepoints: every mark is released, latest first ---- */
struct catalog_mark {
    struct catalog_snapshot *view;
    uint32_t changes;
};
struct catalog_mark catalog_edit_mark(struct catalog_edit *edit);
void catalog_edit_release(struct catalog_edit *edit, const struct catalog_mark *mark);
/* Undo the changes since the mark, which stays; cannot fail. */
void catalog_edit_rollback(struct catalog_edit *edit, const struct catalog_mark *mark);

/* ---- commit ---- */
/* What takes part in the commit: the edit, then `between` (what tables change, NULL: nothing), then
 * what of the edit must come last. Without changes only `between`. `edit` may be NULL. */
struct txn_participant *catalog_edit_participants(struct catalog_edit *edit,
                                                  struct txn_participant *between);
/* Call fn for every table that the edit drops: rows written to them come to nothing. */
void catalog_edit_dropped_tables(const struct catalog_edit *edit,
                                 void (*fn)(void *arg, const struct table *table), void *arg);
/* Call fn for every table made since the mark (NULL: the beginning), latest first. */
void catalog_edit_made_tables(const struct catalog_edit *edit, const struct catalog_mark *mark,
                              void (*fn)(void *arg, const struct table *table), void *arg);
#endif
