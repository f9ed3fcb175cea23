#include "catalog/catalog.h"

#include <assert.h>
#include <string.h>

#include "catalog/catalog_priv.h"

struct catalog *catalog_new(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                            const struct table_options *options)
{
    struct catalog *catalog = mem_alloc_zero(cx->budget, sizeof *catalog);
    if (catalog == NULL) goto no_memory;
    catalog->manager = manager;
    catalog->pager = pager;
    catalog->options = *options;
    catalog->budget = cx->budget;
    const struct snapshot_edit nothing = {0};
    struct catalog_snapshot *empty = snapshot_new(catalog->budget, NULL, &nothing);
    if (empty == NULL) goto no_memory;
    atomic_init(&catalog->current, empty);
    if (pthread_mutex_init(&catalog->lock, NULL) == 0) return catalog;
    snapshot_free(empty);
no_memory:
    mem_free(catalog);
    cx->error->code = cx_nomem(cx);
    return NULL;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL) return;
    struct catalog_snapshot *snapshot =
        atomic_load_explicit(&catalog->current, memory_order_relaxed);
    for (uint32_t i = 0; i < snapshot->count; i++) {
        struct entry *entry = snapshot->entries[i];
        if (entry->object.kind == OBJECT_TABLE) table_free(entry->object.table);
        entry_free(entry);
    }
    snapshot_free(snapshot);
    pthread_mutex_destroy(&catalog->lock);
    mem_free(catalog);
}

const struct catalog_snapshot *catalog_current(struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->current, memory_order_acquire);
}
