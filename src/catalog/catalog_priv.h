/* catalog_priv.h -- snapshots and objects, shared by looking up (snapshot.c) and changing
 * (catalog.c, change.c). */
#ifndef CATALOG_CATALOG_PRIV_H
#define CATALOG_CATALOG_PRIV_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "catalog/catalog.h"
#include "txn/txn.h"

/* An object and the memory of its texts. */
struct entry {
    struct retired retired;
    struct object object;
    struct arena arena;
};

/* Which names can collide. */
enum name_space { SPACE_RELATIONS, SPACE_TRIGGERS, SPACE_SCHEMAS };
enum name_space object_space(enum object_kind kind);

/* Immutable. The entries belong to the catalog; a snapshot only points to them. */
struct catalog_snapshot {
    struct retired retired;
    uint64_t version;
    uint32_t count;
    uint32_t trigger_count;
    uint32_t slot_count;    /* a power of two, more than count */
    struct entry **entries; /* ids ascend */
    uint32_t *slots;        /* by name hash: index + 1 of an entry, 0: free */
};

struct catalog {
    struct txn_manager *manager;
    struct llkv_pager *pager;
    struct table_options options;
    struct mem_budget *budget;
    pthread_mutex_t lock; /* for changes */
    uint64_t last_id;
    _Atomic(struct catalog_snapshot *) current;
};

/* The snapshot `old` (or none) without the entries `without` names, with `put` appended, or in the
 * place of the entry that has its id. NULL: no memory. */
struct snapshot_edit {
    const struct entry *put;
    bool (*without)(const struct object *object, const struct object *dropped);
    const struct object *dropped;
};
struct catalog_snapshot *snapshot_new(struct mem_budget *budget, const struct catalog_snapshot *old,
                                      const struct snapshot_edit *edit);
void snapshot_free(void *snapshot);

/* In one schema and one name space; NULL: none. */
const struct object *snapshot_find(const struct catalog_snapshot *snapshot, enum name_space space,
                                   struct slice schema, struct slice name, uint32_t name_hash);

struct entry *entry_of(const struct object *object);
/* Not the table. NULL is allowed. */
void entry_free(void *entry);
#endif
