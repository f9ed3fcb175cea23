/* Write sets: what they own, deletes, commit. */
#include "table/write.h"

#include <assert.h>
#include <string.h>

#include "table/write_priv.h"

llkv_code write_set_new(struct cx *cx, struct txn_manager *manager, const struct snapshot *snapshot,
                        uint64_t txn, struct write_set **out_set)
{
    struct write_set *set = mem_alloc_zero(cx->budget, sizeof *set);
    if (set == NULL) return cx_nomem(cx);
    set->manager = manager;
    set->snapshot = snapshot;
    set->txn = txn;
    set->budget = cx->budget;
    *out_set = set;
    return LLKV_OK;
}

static void free_chunks(struct table_writes *writes)
{
    while (writes->chunks != NULL) {
        struct chunk *chunk = writes->chunks;
        writes->chunks = chunk->next;
        sealed_free(chunk->sealed);
        rowbuf_deinit(&chunk->buf);
        mem_free(chunk);
    }
}

static void free_updates(struct table_writes *writes)
{
    while (writes->updates != NULL) {
        struct update_batch *batch = writes->updates;
        writes->updates = batch->next;
        rowbuf_deinit(&batch->values);
        mem_free(batch->row_ids);
        mem_free(batch);
    }
}

static void writes_free(struct table_writes *writes)
{
    own_keys_deinit(writes);
    free_chunks(writes);
    free_updates(writes);
    rowbuf_deinit(&writes->rows);
    row_set_deinit(&writes->own_dead);
    row_set_deinit(&writes->deleted);
    row_set_deinit(&writes->updated);
    mem_free(writes->sketches);
    arena_deinit(&writes->arena);
    mem_free(writes);
}

void write_set_free(struct write_set *set)
{
    if (set == NULL) return;
    while (set->first != NULL) {
        struct table_writes *writes = set->first;
        set->first = writes->next;
        writes_free(writes);
    }
    mem_free(set);
}

llkv_code writes_of(struct cx *cx, struct write_set *set, struct table *table,
                    struct table_writes **out_writes)
{
    for (struct table_writes *w = set->first; w != NULL; w = w->next) {
        if (w->table != table) continue;
        *out_writes = w;
        return LLKV_OK;
    }
    const struct layout *layout = store_layout(table->store);
    struct table_writes *writes = mem_alloc_zero(set->budget, sizeof *writes);
    if (writes == NULL) return cx_nomem(cx);
    llkv_code rc = rowbuf_init(cx, &writes->rows, layout, set->budget);
    if (rc != LLKV_OK) {
        mem_free(writes);
        return rc;
    }
    writes->table = table;
    writes->chunks_end = &writes->chunks;
    writes->updates_end = &writes->updates;
    arena_init(&writes->arena, set->budget);
    row_set_init(&writes->own_dead, set->budget, layout->vector_rows);
    row_set_init(&writes->deleted, set->budget, layout->vector_rows);
    row_set_init(&writes->updated, set->budget, layout->vector_rows);
    writes->next = set->first;
    set->first = writes;
    *out_writes = writes;
    return LLKV_OK;
}

llkv_code write_delete(struct cx *cx, struct write_set *set, struct table *table,
                       const uint64_t *row_ids, uint32_t n, int64_t *io_rows)
{
    struct table_writes *writes;
    TRY(writes_of(cx, set, table, &writes));
    struct store_view view = table_view(table, set->snapshot);
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        if (!store_row_visible(table->store, &view, row_ids[i])) continue;
        TRY(row_set_add(cx, &writes->deleted, row_ids[i], &added));
        if (added && io_rows != NULL) (*io_rows)++;
    }
    return LLKV_OK;
}
