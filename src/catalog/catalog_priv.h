/* catalog_priv.h -- snapshots and objects, shared by looking up (snapshot.c), changing (edit.c,
 * change.c) and committing (commit.c). */
#ifndef CATALOG_CATALOG_PRIV_H
#define CATALOG_CATALOG_PRIV_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "catalog/catalog.h"
#include "catalog/edit.h"
#include "txn/txn.h"

/* An object and the memory of its texts. */
struct entry {
    struct object object;
    struct arena arena;
    struct key *key;          /* INDEX */
    struct entry *grave_next; /* once it is dropped: */
    int64_t dropped_ts;       /* snapshots from here on cannot find it */
};

/* Which names can collide. */
enum name_space { SPACE_RELATIONS, SPACE_TRIGGERS, SPACE_SCHEMAS };
enum name_space object_space(enum object_kind kind);

/* Immutable. The entries belong to the catalog or an edit; a snapshot only points to them. */
struct catalog_snapshot {
    _Atomic(struct catalog_snapshot *) older; /* the generation before; NULL: none that matters */
    int64_t ts;                               /* of the commit that made it; 0: the first */
    uint32_t pins;                            /* marks of the edit it belongs to */
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
    bool temporary;            /* of one session's `temp`; the pager is its own */
    _Atomic uint64_t *last_id; /* of the database */
    _Atomic uint64_t own_last_id, last_version, newest_version;
    _Atomic(struct catalog_snapshot *) newest;
    pthread_mutex_t lock; /* for what follows; taken last */
    struct entry *graves; /* dropped and perhaps still seen, latest first */
    _Atomic bool unswept; /* there are graves or older generations */

    pthread_mutex_t checkpoint_lock; /* one at a time; for what follows */
    struct stored_catalog *stored;   /* what the current root says; never NULL */
};

enum change_kind { CHANGE_PUT, CHANGE_DROP };

struct change {
    uint8_t kind;        /* enum change_kind */
    struct entry *entry; /* PUT: made by the edit; DROP: what goes, and what belongs to it */
    struct entry *old;   /* PUT: what it replaces, or NULL */
};

struct catalog_edit {
    struct txn_participant participant; /* first */
    struct txn_participant last;        /* behind those of tables */
    struct catalog *catalog;
    struct catalog_snapshot *base; /* a generation; its snapshot is registered */
    struct catalog_snapshot *view; /* the base, or the edit's own */
    struct snapshot snapshot;
    uint64_t txn;
    struct change *changes;
    uint32_t count, capacity;
    struct table **gates; /* those it has taken */
    uint32_t gate_count, gate_capacity;
    struct catalog_snapshot *next; /* between reserve and apply */
    bool trusted; /* it was committed once: rows do not collide, nobody else is there */
    bool committed;
};

/* The snapshot `old` (or none) without the entries `without` names, with `put` in its place by id,
 * or in the place of the entry that has its id. NULL: no memory. */
struct snapshot_change {
    const struct entry *put;
    bool (*without)(const struct object *object, const void *arg);
    const void *arg;
};
struct catalog_snapshot *snapshot_new(struct mem_budget *budget, const struct catalog_snapshot *old,
                                      const struct snapshot_change *change);
void snapshot_free(struct catalog_snapshot *snapshot);

/* In one schema and one name space; NULL: none. */
const struct object *snapshot_find(const struct catalog_snapshot *snapshot, enum name_space space,
                                   struct slice schema, struct slice name, uint32_t name_hash);

struct entry *entry_of(const struct object *object);
/* NULL is allowed. A table goes with it, and so does what it has in the pager. */
void entry_free(struct entry *entry);
/* The same, but what stands in the pager stays. */
void entry_close(struct entry *entry);
/* A snapshot of these entries, whose ids ascend. NULL: no memory. */
struct catalog_snapshot *snapshot_of(struct mem_budget *budget, struct entry *const *entries,
                                     uint32_t count);

const char *object_kind_text(enum object_kind kind);
/* The object itself, and what cannot be without it. */
bool object_goes_with(const struct object *object, const struct object *dropped);
bool schema_is_builtin(struct slice name);

/* ---- edit.c ---- */
/* The next view; the one before goes, unless a mark holds it. */
void edit_set_view(struct catalog_edit *edit, struct catalog_snapshot *view);
/* Everything of the edit is the catalog's now, since the commit `ts`. */
void edit_done(struct catalog_edit *edit, int64_t ts);
#endif
