/* catalog.h -- names and what they stand for.
 *
 * A catalog snapshot is an immutable set of objects; a change makes a new one and publishes it with
 * one pointer store. Whoever holds a registered txn snapshot may read the catalog snapshot it got,
 * and every object in it, without a lock.
 *
 * Tables, views and indexes share one name space per schema; triggers have their own. The schemas
 * are `main` (where unqualified names are created), `temp` (searched first) and user schemas. */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H
#include "table/table.h"

struct catalog;
struct catalog_snapshot;

enum object_kind { OBJECT_TABLE, OBJECT_VIEW, OBJECT_INDEX, OBJECT_TRIGGER, OBJECT_SCHEMA };

struct object {
    uint8_t kind;     /* enum object_kind */
    uint64_t id;      /* never reused */
    uint64_t version; /* of the catalog when it was made or changed */
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

struct catalog *catalog_new(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                            const struct table_options *options);
/* Frees the tables, too. NULL is allowed. */
void catalog_free(struct catalog *catalog);

/* What is in force now; call after registering the txn snapshot that protects it. */
const struct catalog_snapshot *catalog_current(struct catalog *catalog);
uint64_t catalog_snapshot_version(const struct catalog_snapshot *snapshot);

/* A table, view or index (or trigger) by name. schema: empty slice = the search path. NULL: none.
 */
const struct object *catalog_find(const struct catalog_snapshot *snapshot, struct slice schema,
                                  struct slice name, uint32_t name_hash);
const struct object *catalog_find_trigger(const struct catalog_snapshot *snapshot,
                                          struct slice schema, struct slice name);
const struct object *catalog_find_id(const struct catalog_snapshot *snapshot, uint64_t id);
/* Every object, in creation order: index < catalog_count. */
uint32_t catalog_count(const struct catalog_snapshot *snapshot);
const struct object *catalog_at(const struct catalog_snapshot *snapshot, uint32_t index);
/* The name nearest to `name` (Damerau-Levenshtein <= 2), for hints; NULL: none. */
const char *catalog_suggest(const struct catalog_snapshot *snapshot, struct slice name);
/* Is there a trigger on this table or view? */
bool catalog_has_trigger(const struct catalog_snapshot *snapshot, uint64_t table_id);

/* ---- changes; each commits by itself. LLKV_EXISTS (42P07, 42710) if the name is taken, LLKV_NAME
 * (42P01, 42704) if an object is not there. Definitions are copied; ids are assigned here. ---- */
NODISCARD llkv_code catalog_create_schema(struct cx *cx, struct catalog *catalog,
                                          struct slice name);
NODISCARD llkv_code catalog_create_table(struct cx *cx, struct catalog *catalog,
                                         const struct table_def *def,
                                         const struct object **out_object);
struct view_def {
    struct slice schema, name;
    struct slice sql;
    const char *const *column_names; /* NULL: the query's */
    uint32_t column_count;
    bool temporary, or_replace;
};
NODISCARD llkv_code catalog_create_view(struct cx *cx, struct catalog *catalog,
                                        const struct view_def *def);
NODISCARD llkv_code catalog_create_index(struct cx *cx, struct catalog *catalog,
                                         const struct object *table, const struct key_def *key);
NODISCARD llkv_code catalog_create_trigger(struct cx *cx, struct catalog *catalog,
                                           const struct object *on, struct slice name,
                                           struct slice sql, bool temporary);
/* Drops what belongs to it as well (a table's indexes and triggers). Views stay. */
NODISCARD llkv_code catalog_drop(struct cx *cx, struct catalog *catalog,
                                 const struct object *object);
#endif
