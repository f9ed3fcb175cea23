/* catalog_testing.h -- single changes of the catalog, each with a commit of its own, and indexes of
 * tables without a catalog. */
#ifndef TESTS_CATALOG_TESTING_H
#define TESTS_CATALOG_TESTING_H
#include "catalog/edit.h"
#include "store_testing.h"

/* An empty catalog in a world of its own; nothing of it is left in the end. */
struct catalog_lab {
    struct world w;
    struct catalog *catalog;
    int64_t used;
};

static inline void catalog_lab_init(struct catalog_lab *lab)
{
    lab->used = mem_used_bytes();
    world_init(&lab->w, 64, 8);
    lab->catalog = catalog_new(&lab->w.t.cx, lab->w.manager, lab->w.pager, &lab->w.options);
    assert_non_null(lab->catalog);
}

static inline void catalog_lab_deinit(struct catalog_lab *lab)
{
    catalog_free(lab->catalog);
    world_deinit(&lab->w);
    assert_int_equal(mem_used_bytes(), lab->used);
}

struct catalog_change {
    struct catalog *catalog;
    struct txn_manager *manager;
    struct snapshot snapshot;
    struct catalog_edit *edit;
};

static inline llkv_code catalog_change_begin(struct cx *cx, struct catalog *catalog,
                                             struct txn_manager *manager,
                                             struct catalog_change *out)
{
    *out = (struct catalog_change){.catalog = catalog, .manager = manager};
    TRY(txn_snapshot_begin(cx, manager, &out->snapshot));
    llkv_code rc = catalog_edit_new(cx, catalog, &out->snapshot, txn_id_new(manager), &out->edit);
    if (rc != LLKV_OK) txn_snapshot_end(manager, &out->snapshot);
    return rc;
}

/* Commit if rc is LLKV_OK; in any case the end. */
static inline llkv_code catalog_change_end(struct cx *cx, struct catalog_change *change,
                                           llkv_code rc)
{
    int64_t ts;
    if (rc == LLKV_OK)
        rc = txn_commit(cx, change->manager, &change->snapshot,
                        catalog_edit_participants(change->edit, NULL), &ts);
    catalog_edit_free(change->edit);
    txn_snapshot_end(change->manager, &change->snapshot);
    catalog_sweep(change->catalog);
    return rc;
}

#define CATALOG_CHANGE(cx, catalog, manager, call)                                                 \
    do {                                                                                           \
        struct catalog_change lab_;                                                                \
        TRY(catalog_change_begin(cx, catalog, manager, &lab_));                                    \
        struct catalog_edit *edit = lab_.edit;                                                     \
        return catalog_change_end(cx, &lab_, call);                                                \
    } while (0)

static inline llkv_code change_create_schema(struct cx *cx, struct catalog *catalog,
                                             struct txn_manager *manager, struct slice name)
{
    CATALOG_CHANGE(cx, catalog, manager, catalog_edit_create_schema(cx, edit, name, 0));
}

static inline llkv_code change_create_table(struct cx *cx, struct catalog *catalog,
                                            struct txn_manager *manager,
                                            const struct table_def *def,
                                            const struct object **out_object)
{
    CATALOG_CHANGE(cx, catalog, manager, catalog_edit_create_table(cx, edit, def, out_object));
}

static inline llkv_code change_create_view(struct cx *cx, struct catalog *catalog,
                                           struct txn_manager *manager, const struct view_def *def)
{
    CATALOG_CHANGE(cx, catalog, manager, catalog_edit_create_view(cx, edit, def));
}

static inline llkv_code change_create_index(struct cx *cx, struct catalog *catalog,
                                            struct txn_manager *manager, const struct object *table,
                                            const struct key_def *key)
{
    CATALOG_CHANGE(cx, catalog, manager, catalog_edit_create_index(cx, edit, table, key, NULL));
}

static inline llkv_code change_create_trigger(struct cx *cx, struct catalog *catalog,
                                              struct txn_manager *manager,
                                              const struct trigger_def *def)
{
    CATALOG_CHANGE(cx, catalog, manager, catalog_edit_create_trigger(cx, edit, def));
}

static inline llkv_code change_drop(struct cx *cx, struct catalog *catalog,
                                    struct txn_manager *manager, const struct object *object)
{
    CATALOG_CHANGE(cx, catalog, manager, catalog_edit_drop(cx, edit, object));
}
#endif
