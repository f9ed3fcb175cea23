/* table_check: what must hold between rows and keys. */
#include <string.h>

#include "table/table_priv.h"

struct presence {
    uint64_t row_id;
    bool found;
};

static bool is_present(void *arg, uint64_t row_id, bool live)
{
    struct presence *presence = arg;
    presence->found = live && row_id == presence->row_id;
    return !presence->found;
}

/* Every live row has a live entry. */
static llkv_code check_vector(struct cx *cx, struct key *key, struct key_rows *kr, uint64_t first,
                              const uint64_t *deleted)
{
    for (uint32_t i = 0; i < kr->rows; i++) {
        struct presence presence = {.row_id = first + i};
        if (deleted != NULL && bit_get(deleted, i)) continue;
        TRY(key_rows_make(cx, kr, i));
        TRY(index_lookup(cx, key->index, kr->bytes.data, kr->bytes.len, is_present, &presence));
        if (!presence.found)
            return cx_fail(cx, LLKV_CORRUPT, "key \"%s\" does not know row %llu", key->def.name,
                           (unsigned long long)(first + i));
    }
    return LLKV_OK;
}

static llkv_code check_key_rows(struct cx *cx, struct table *table, struct key *key,
                                struct key_rows *kr)
{
    const struct layout *layout = store_layout(table->store);
    struct store_view view = store_view_at(table->store, TS_LATEST);
    for (uint32_t s = 0; s < store_view_segments(table->store, &view); s++) {
        struct segment *segment = store_segment(table->store, s);
        uint32_t rows = store_segment_rows(table->store, &view, s);
        for (uint32_t v = 0; v * layout->vector_rows < rows; v++) {
            uint32_t n = rows - v * layout->vector_rows;
            if (n > layout->vector_rows) n = layout->vector_rows;
            TRY(cx_check_cancel(cx));
            TRY(key_rows_read(cx, kr, segment, v, n, TS_LATEST));
            TRY(check_vector(cx, key, kr, layout_row_id(layout, s, v * layout->vector_rows),
                             segment_deleted(segment, v, TS_LATEST)));
        }
    }
    uint64_t live;
    TRY(index_check(cx, key->index, &live));
    if (live == (uint64_t)view.live_rows) return LLKV_OK;
    return cx_fail(cx, LLKV_CORRUPT, "key \"%s\" has %llu entries for %lld rows", key->def.name,
                   (unsigned long long)live, (long long)view.live_rows);
}

static llkv_code check_all(struct cx *cx, void *arg)
{
    struct table *table = arg;
    TRY(store_check(cx, table->store));
    const struct key_list *keys = table_keys(table);
    uint32_t count = atomic_load_explicit(&keys->count, memory_order_acquire);
    for (uint32_t k = 0; k < count; k++) {
        struct key *key = key_at(keys, k);
        struct key_rows kr;
        llkv_code rc = key_rows_init(cx, &kr, table, &key->def);
        if (rc == LLKV_OK) rc = check_key_rows(cx, table, key, &kr);
        key_rows_deinit(&kr);
        if (rc != LLKV_OK) return rc;
    }
    return LLKV_OK;
}

llkv_code table_check(struct cx *cx, struct table *table)
{
    TRY(table_load(cx, table));
    llkv_code rc = txn_exclusively(cx, table->manager, check_all, table);
    if (rc == LLKV_OK || rc == LLKV_NOMEM || rc == LLKV_CANCELLED) return rc;
    return cx_while(cx, rc, "checking table %s", table->def->name);
}
