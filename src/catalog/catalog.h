/* catalog.h -- names and what they stand for.
 *
 * A catalog snapshot is an immutable set of objects. Every commit that changes the catalog makes a
 * new one, a generation with the timestamp of that commit; a reader takes the newest one that its
 * txn snapshot sees, and may read it and every object in it, without a lock, as long as that
 * snapshot is registered. Changes are collected in an edit (edit.h), private until it commits.
 *
 * Tables, views and indexes share one name space per schema; triggers have their own. The schemas
 * are `main` (where unqualified names are created), user schemas, and `temp`, whose objects belong
 * to one session each: they are in a catalog of their own, which nobody else knows. What a session
 * sees is both together (scope.h). */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H
#include "table/table.h"

struct catalog;
struct catalog_snapshot;

enum object_kind { OBJECT_TABLE, OBJECT_VIEW, OBJECT_INDEX, OBJECT_TRIGGER, OBJECT_SCHEMA };

struct object {
    uint8_t kind;     /* enum object_kind */
    uint64_t id;      /* never reused */
    uint64_t version; /* of the catalog snapshot it came with */
    const char *schema, *name;
    uint32_t name_hash;  /* folded */
    struct table *table; /* TABLE; INDEX, TRIGGER: the table it belongs to, or NULL */
    const char *sql;     /* VIEW: its query; TRIGGER: the whole statement. Canonical text */
    const char *const *column_names; /* VIEW: of its column list, or NULL */
    uint32_t column_count;
    uint64_t table_id; /* INDEX, TRIGGER: id of the table or view */
    bool unique;       /* INDEX */
    bool temporary;
};

/* What a new object is to be. An id of 0: the next free one; a log that is replayed gives the ids
 * it holds. (Tables: table_def, indexes: key_def.) */
struct view_def {
    uint64_t id; /* or 0 */
    struct slice schema, name;
    struct slice sql;
    const char *const *column_names; /* NULL: the query's */
    uint32_t column_count;
    bool temporary, or_replace;
};
struct trigger_def {
    uint64_t id; /* or 0 */
    const struct object *on;
    struct slice name, sql;
    bool temporary;
};

struct catalog *catalog_new(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                            const struct table_options *options);
/* A catalog for the schema `temp` of one session: its rows are in memory only, its ids are like
 * none in `common`, which outlives it. */
struct catalog *catalog_new_temporary(struct cx *cx, struct catalog *common);
/* Frees the tables, too. No edit may be left. NULL is allowed. */
void catalog_free(struct catalog *catalog);

/* What a registered snapshot sees. */
const struct catalog_snapshot *catalog_view(struct catalog *catalog,
                                            const struct snapshot *snapshot);
/* The newest generation, published or about to be: what a commit is checked against. */
const struct catalog_snapshot *catalog_newest(struct catalog *catalog);
/* Its version, for those who have no snapshot registered. */
uint64_t catalog_newest_version(const struct catalog *catalog);
/* Free what was dropped and no snapshot can find any more. Any thread, at any time; costs one load
 * when there is nothing. */
void catalog_sweep(struct catalog *catalog);
/* The same where those who look into the catalog are known: none of them, now or later, has a
 * snapshot older than `oldest`. */
void catalog_sweep_before(struct catalog *catalog, int64_t oldest);
/* No two catalog snapshots that differ have the same version, private ones of edits included. */
uint64_t catalog_snapshot_version(const struct catalog_snapshot *snapshot);

/* A table, view or index (or trigger) by name. schema: empty slice = main. NULL: none. Statements
 * look names up along the search path of their session: scope.h. */
const struct object *catalog_find(const struct catalog_snapshot *snapshot, struct slice schema,
                                  struct slice name, uint32_t name_hash);
const struct object *catalog_find_trigger(const struct catalog_snapshot *snapshot,
                                          struct slice schema, struct slice name);
const struct object *catalog_find_schema(const struct catalog_snapshot *snapshot,
                                         struct slice name);
const struct object *catalog_find_id(const struct catalog_snapshot *snapshot, uint64_t id);
/* Every object, in creation order: index < catalog_count. */
uint32_t catalog_count(const struct catalog_snapshot *snapshot);
const struct object *catalog_at(const struct catalog_snapshot *snapshot, uint32_t index);
/* The name nearest to `name` (Damerau-Levenshtein <= 2), for hints; NULL: none. */
const char *catalog_suggest(const struct catalog_snapshot *snapshot, struct slice name);
/* Is there a trigger on this table or view? */
bool catalog_has_trigger(const struct catalog_snapshot *snapshot, uint64_t table_id);
#endif
