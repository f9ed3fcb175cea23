#include "table/checkpoint.h"

#include <assert.h>

#include "table/table_priv.h"

static bool is_loaded(const struct table *table)
{
    return atomic_load_explicit(&table->loaded, memory_order_acquire);
}

llkv_code table_checkpoint(struct cx *cx, struct table *table, struct blob_sink *sink, int64_t ts,
                           struct stored_image **out_image)
{
    *out_image = NULL;
    if (!is_loaded(table)) return LLKV_OK; /* nobody has touched it */
    return store_checkpoint(cx, table->store, sink, ts, out_image);
}

struct blob_ref table_stored_ref(const struct table *table)
{
    return is_loaded(table) ? store_stored_ref(table->store) : table->image;
}

void table_pack_replaced(struct table *table, const struct stored_image *image,
                         struct pack_writer *w)
{
    store_pack_replaced(table->store, image, w);
}

void table_checkpoint_apply(struct table *table, struct stored_image *image,
                            const struct blob_sink *sink)
{
    assert(is_loaded(table));
    store_checkpoint_apply(table->store, image, sink);
}

static llkv_code exclusively(struct cx *cx, void *manager,
                             llkv_code (*fn)(struct cx *cx, void *arg), void *arg)
{
    return txn_exclusively(cx, manager, fn, arg);
}

llkv_code table_fold(struct cx *cx, struct table *table)
{
    if (!is_loaded(table)) return LLKV_OK;
    return store_fold(cx, table->store, exclusively, table->manager);
}

llkv_code table_restore(struct cx *cx, struct txn_manager *manager, struct llkv_pager *pager,
                        const struct table_options *options, const struct table_def *def,
                        struct blob_ref image, struct table **out_table)
{
    TRY(table_new(cx, manager, pager, options, def, out_table));
    (*out_table)->image = image;
    atomic_store_explicit(&(*out_table)->loaded, image.bytes == 0, memory_order_release);
    return LLKV_OK;
}

const struct key_def *table_key_by_id(const struct table *table, uint64_t id)
{
    const struct key_list *keys = table_keys(table);
    uint32_t count = atomic_load_explicit(&keys->count, memory_order_acquire);
    for (uint32_t k = 0; k < count; k++)
        if (key_at(keys, k)->def.id == id) return &key_at(keys, k)->def;
    return NULL;
}

/* ---- loading ---- */

static llkv_code load(struct cx *cx, struct table *table)
{
    struct cx lasting = *cx;
    struct store *store = NULL;
    lasting.budget = table->budget;
    TRY(table_store_new(&lasting, table, store_pager(table->store), &store));
    llkv_code rc = store_load(&lasting, store, table->image, txn_watermark(table->manager));
    if (rc == LLKV_OK) rc = table_keys_fill(&lasting, table, store);
    if (rc != LLKV_OK) {
        store_free(store);
        if (rc == LLKV_CONSTRAINT) /* a unique key has a value twice */
            rc = cx_fail(cx, LLKV_CORRUPT, "rows do not fit to a key");
        return rc == LLKV_NOMEM || rc == LLKV_CANCELLED
                   ? rc
                   : cx_while(cx, rc, "loading table \"%s\"", table->def->name);
    }
    store_free(table->store);
    table->store = store;
    atomic_store_explicit(&table->loaded, true, memory_order_release);
    return LLKV_OK;
}

llkv_code table_load(struct cx *cx, struct table *table)
{
    if (LIKELY(is_loaded(table))) return LLKV_OK;
    pthread_mutex_lock(&table->load_lock);
    llkv_code rc = is_loaded(table) ? LLKV_OK : load(cx, table);
    pthread_mutex_unlock(&table->load_lock);
    return rc;
}
