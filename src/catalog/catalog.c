#include "catalog/catalog.h"

#include <assert.h>
#include <string.h>

#include "catalog/checkpoint_priv.h"
#include "storage/pager.h"

struct catalog *catalog_new(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                            const struct table_options *options)
{
    const struct snapshot_change nothing = {0};
    struct catalog *catalog = mem_alloc_zero(cx->budget, sizeof *catalog);
    struct stored_catalog *stored = mem_alloc_zero(cx->budget, sizeof *stored);
    struct catalog_snapshot *empty = snapshot_new(cx->budget, NULL, &nothing);
    if (catalog == NULL || stored == NULL || empty == NULL) goto no_memory;
    catalog->manager = manager;
    catalog->pager = pager;
    catalog->options = *options;
    catalog->budget = cx->budget;
    catalog->stored = stored;
    catalog->last_id = &catalog->own_last_id;
    empty->version = 1;
    atomic_init(&catalog->last_version, 1);
    atomic_init(&catalog->newest_version, 1);
    atomic_init(&catalog->newest, empty);
    if (pthread_mutex_init(&catalog->lock, NULL) != 0) goto no_memory;
    if (pthread_mutex_init(&catalog->checkpoint_lock, NULL) == 0) return catalog;
    pthread_mutex_destroy(&catalog->lock);
no_memory:
    snapshot_free(empty);
    mem_free(stored);
    mem_free(catalog);
    cx->error->code = cx_nomem(cx);
    return NULL;
}

struct catalog *catalog_new_temporary(struct cx *cx, struct catalog *common)
{
    struct cx lasting = *cx;
    lasting.budget = common->budget;
    struct llkv_pager *pager = pager_memory_new(common->budget);
    if (pager == NULL) {
        cx->error->code = cx_nomem(cx);
        return NULL;
    }
    struct catalog *catalog = catalog_new(&lasting, common->manager, pager, &common->options);
    if (catalog == NULL) {
        pager->methods->close(pager);
        return NULL;
    }
    catalog->temporary = true;
    catalog->last_id = common->last_id;
    return catalog;
}

static void free_generations(struct catalog_snapshot *generation)
{
    while (generation != NULL) {
        struct catalog_snapshot *older =
            atomic_load_explicit(&generation->older, memory_order_relaxed);
        snapshot_free(generation);
        generation = older;
    }
}

static void free_graves(struct entry *entry)
{
    while (entry != NULL) {
        struct entry *next = entry->grave_next;
        entry_free(entry);
        entry = next;
    }
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL) return;
    struct catalog_snapshot *newest = atomic_load_explicit(&catalog->newest, memory_order_relaxed);
    for (uint32_t i = 0; i < newest->count; i++)
        entry_close(newest->entries[i]);
    free_graves(catalog->graves);
    free_generations(newest);
    pthread_mutex_destroy(&catalog->checkpoint_lock);
    pthread_mutex_destroy(&catalog->lock);
    mem_free(catalog->stored->objects);
    mem_free(catalog->stored);
    if (catalog->temporary) catalog->pager->methods->close(catalog->pager);
    mem_free(catalog);
}

const struct catalog_snapshot *catalog_newest(struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->newest, memory_order_acquire);
}

uint64_t catalog_newest_version(const struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->newest_version, memory_order_acquire);
}

const struct catalog_snapshot *catalog_view(struct catalog *catalog,
                                            const struct snapshot *snapshot)
{
    const struct catalog_snapshot *generation = catalog_newest(catalog);
    while (generation->ts > snapshot->ts) {
        generation = atomic_load_explicit(&generation->older, memory_order_acquire);
        assert(generation != NULL); /* the snapshot is registered, so it was kept */
    }
    return generation;
}

/* Unlink what no snapshot from `oldest` on can find; under the lock. Graves lie latest first. */
static struct entry *take_graves(struct catalog *catalog, int64_t oldest)
{
    struct entry **at = &catalog->graves;
    while (*at != NULL && (*at)->dropped_ts > oldest)
        at = &(*at)->grave_next;
    struct entry *taken = *at;
    *at = NULL;
    return taken;
}

static struct catalog_snapshot *take_generations(struct catalog *catalog, int64_t oldest)
{
    struct catalog_snapshot *last = atomic_load_explicit(&catalog->newest, memory_order_acquire);
    while (last != NULL && last->ts > oldest)
        last = atomic_load_explicit(&last->older, memory_order_relaxed);
    if (last == NULL) return NULL;
    return atomic_exchange_explicit(&last->older, NULL, memory_order_relaxed);
}

/* Nobody walks past what is cut off at `oldest`. Frees, and unlocks. */
static void sweep_locked(struct catalog *catalog, int64_t oldest)
{
    struct entry *graves = take_graves(catalog, oldest);
    struct catalog_snapshot *generations = take_generations(catalog, oldest);
    struct catalog_snapshot *newest = atomic_load_explicit(&catalog->newest, memory_order_relaxed);
    bool left = catalog->graves != NULL || newest->ts > oldest;
    atomic_store_explicit(&catalog->unswept, left, memory_order_relaxed);
    pthread_mutex_unlock(&catalog->lock);
    free_graves(graves);
    free_generations(generations);
}

void catalog_sweep(struct catalog *catalog)
{
    if (!atomic_load_explicit(&catalog->unswept, memory_order_relaxed)) return;
    if (pthread_mutex_trylock(&catalog->lock) != 0) return; /* somebody is at it, or will be */
    /* Asked under the lock: no snapshot registered now or later is older. */
    sweep_locked(catalog, txn_oldest_ts(catalog->manager));
}

void catalog_sweep_before(struct catalog *catalog, int64_t oldest)
{
    if (!atomic_load_explicit(&catalog->unswept, memory_order_relaxed)) return;
    pthread_mutex_lock(&catalog->lock);
    sweep_locked(catalog, oldest);
}
