/* scope.h -- what one session sees: its own temporary objects, then everybody's.
 *
 * Two snapshots that one reader sees: of the session's catalog of temporary objects, and of the
 * common one. Nothing of another session can be found through it.
 *
 * Owns:    nothing; valid as long as the two snapshots are.
 * Threads: immutable. */
#ifndef CATALOG_SCOPE_H
#define CATALOG_SCOPE_H
#include "catalog/catalog.h"

struct catalog_scope {
    const struct catalog_snapshot *temp; /* NULL: the session has nothing temporary */
    const struct catalog_snapshot *common;
    const char *database; /* the name of everybody's part, the first of three; NULL: any */
};

/* A table, view or index (or trigger) by name. schema: empty slice = `temp`, then `main`. NULL:
 * none. */
const struct object *catalog_scope_find(const struct catalog_scope *scope, struct slice schema,
                                        struct slice name, uint32_t name_hash);
const struct object *catalog_scope_find_trigger(const struct catalog_scope *scope,
                                                struct slice schema, struct slice name);
const struct object *catalog_scope_find_id(const struct catalog_scope *scope, uint64_t id);
/* Everybody's in creation order, then the session's own: index < catalog_scope_count. */
uint32_t catalog_scope_count(const struct catalog_scope *scope);
const struct object *catalog_scope_at(const struct catalog_scope *scope, uint32_t index);
/* The name nearest to `name`, for hints; NULL: none. */
const char *catalog_scope_suggest(const struct catalog_scope *scope, struct slice name);
/* Is there a trigger on this table or view? */
bool catalog_scope_has_trigger(const struct catalog_scope *scope, uint64_t table_id);

/* Two scopes of one session are the same if their versions are. */
struct catalog_version {
    uint64_t temp, common; /* temp is 0 without a catalog of its own */
};
struct catalog_version catalog_scope_version(const struct catalog_scope *scope);
#endif
