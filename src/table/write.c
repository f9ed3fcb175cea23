/* Write sets: what they own, deletes, marks and rollback. */
#include "table/write.h"

#include <assert.h>
#include <string.h>

#include "table/write_priv.h"

llkv_code write_set_new(struct cx *cx, struct txn_manager *manager, const struct snapshot *snapshot,
                        uint64_t txn, struct write_set **out_set)
{
    assert(txn >= TXN_ID_AUTO_COMMIT);
    struct write_set *set = mem_alloc_zero(cx->budget, sizeof *set);
    if (set == NULL) return cx_nomem(cx);
    set->manager = manager;
    set->snapshot = snapshot;
    set->txn = txn;
    set->budget = cx->budget;
    *out_set = set;
    return LLKV_OK;
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
    writes_cut_rows(writes, 0);
    mem_free(writes->chunks);
    free_updates(writes);
    own_deinit(&writes->own);
    pack_writer_deinit(&writes->encoded.bytes);
    mem_free(writes->encoded.parts);
    rowbuf_deinit(&writes->rows);
    while (writes->spare_count != 0)
        rowbuf_deinit(&writes->spare[--writes->spare_count]);
    mem_free(writes->spare);
    row_set_deinit(&writes->own_dead);
    row_set_deinit(&writes->deleted);
    row_set_deinit(&writes->updated);
    mem_free(writes->sketches);
    arena_deinit(&writes->arena);
    mem_free(writes);
}

static llkv_code leave_all(struct cx *cx, void *arg)
{
    struct write_set *set = arg;
    (void)cx; /* nothing can fail */
    for (struct table_writes *w = set->first; w != NULL; w = w->next)
        writes_leave(w);
    return LLKV_OK;
}

/* Run what cannot fail under the commit mutex. */
static void exclusively(struct write_set *set, llkv_code (*fn)(struct cx *cx, void *arg), void *arg)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.error = &error};
    llkv_code rc = txn_exclusively(&cx, set->manager, fn, arg);
    assert(rc == LLKV_OK);
    (void)rc;
}

void write_set_free(struct write_set *set)
{
    if (set == NULL) return;
    if (set->txn != TXN_ID_AUTO_COMMIT && set->first != NULL) exclusively(set, leave_all, set);
    while (set->first != NULL) {
        struct table_writes *writes = set->first;
        set->first = writes->next;
        writes_free(writes);
    }
    if (!set->logged) blob_sink_discard(&set->sink);
    blob_sink_deinit(&set->sink);
    while (set->log_batches != NULL) {
        struct txn_log_batch *next = set->log_batches->next;
        mem_free(set->log_batches);
        set->log_batches = next;
    }
    mem_free(set);
}

static llkv_code leave_one(struct cx *cx, void *arg)
{
    (void)cx;
    writes_leave(arg);
    return LLKV_OK;
}

void write_set_forget(struct write_set *set, const struct table *table)
{
    struct table_writes **at = &set->first;
    while (*at != NULL && (*at)->table != table)
        at = &(*at)->next;
    struct table_writes *writes = *at;
    if (writes == NULL) return;
    *at = writes->next;
    exclusively(set, leave_one, writes);
    writes_free(writes);
}

static llkv_code writes_new(struct cx *cx, struct write_set *set, struct table *table, bool deletes,
                            struct table_writes **out_writes)
{
    const struct layout *layout = store_layout(table->store);
    struct table_writes *writes = mem_alloc_zero(set->budget, sizeof *writes);
    if (writes == NULL) return cx_nomem(cx);
    writes->set = set;
    writes->table = table;
    writes->only_deletes = deletes;
    writes->updates_end = &writes->updates;
    arena_init(&writes->arena, set->budget);
    own_init(&writes->own, set->budget, layout->vector_rows);
    row_set_init(&writes->own_dead, set->budget, layout->vector_rows);
    row_set_init(&writes->deleted, set->budget, layout->vector_rows);
    row_set_init(&writes->updated, set->budget, layout->vector_rows);
    llkv_code rc = writes_explicit(writes) ? writes_join(cx, writes) : LLKV_OK;
    if (rc != LLKV_OK) {
        writes_free(writes);
        return rc;
    }
    *out_writes = writes;
    return LLKV_OK;
}

llkv_code writes_of(struct cx *cx, struct write_set *set, struct table *table, bool deletes,
                    struct table_writes **out_writes)
{
    for (struct table_writes *w = set->first; w != NULL; w = w->next) {
        if (w->table != table) continue;
        *out_writes = w;
        return deletes || !w->only_deletes ? LLKV_OK : writes_go_further(cx, w);
    }
    TRY(table_load(cx, table));
    TRY(writes_new(cx, set, table, deletes, out_writes));
    (*out_writes)->next = set->first;
    set->first = *out_writes;
    return LLKV_OK;
}

/* ---- deletes ---- */

bool writes_row_lives(const struct table_writes *writes, uint64_t row_id)
{
    const struct own_change *change = own_seen(&writes->own, row_id, UINT32_MAX);
    if (change != NULL && change->batch == NULL) return false;
    return row_id < TABLE_OWN_ROW_FIRST || row_id - TABLE_OWN_ROW_FIRST < writes->inserted;
}

/* The row is claimed already. `seen`: its own transaction saw it. */
static llkv_code note_delete(struct cx *cx, struct table_writes *writes, uint64_t row_id, bool seen)
{
    struct own *own = &writes->own;
    const struct own_change change = {.row_id = row_id, .step = writes->set->step};
    bool added;
    TRY(own_reserve(cx, own, 1));
    if (row_id >= TABLE_OWN_ROW_FIRST)
        TRY(row_set_add(cx, &own->numbers_changed, row_id - TABLE_OWN_ROW_FIRST, &added));
    own_note(own, &change);
    own_note_rows(own, change.step, 0, seen ? -1 : 0);
    return LLKV_OK;
}

llkv_code writes_delete_row(struct cx *cx, struct table_writes *writes, uint64_t row_id)
{
    bool added;
    if (writes_explicit(writes)) {
        struct store_view view = table_view(writes->table, writes->set->snapshot);
        TRY(writes_claim(cx, writes, &row_id, 1));
        return note_delete(cx, writes, row_id,
                           row_id >= TABLE_OWN_ROW_FIRST ||
                               store_row_visible(writes->table->store, &view, row_id));
    }
    if (row_id < TABLE_OWN_ROW_FIRST) return row_set_add(cx, &writes->deleted, row_id, &added);
    return row_set_add(cx, &writes->own_dead, row_id - TABLE_OWN_ROW_FIRST, &added);
}

static llkv_code delete_explicit(struct cx *cx, struct table_writes *writes,
                                 const uint64_t *row_ids, uint32_t n, int64_t *io_rows)
{
    struct table *table = writes->table;
    struct store_view view = table_view(table, writes->set->snapshot);
    TRY(writes_claim(cx, writes, row_ids, n));
    for (uint32_t i = 0; i < n; i++) {
        if (row_ids[i] < TABLE_OWN_ROW_FIRST && !store_row_visible(table->store, &view, row_ids[i]))
            continue;
        if (!writes_row_lives(writes, row_ids[i])) continue;
        TRY(note_delete(cx, writes, row_ids[i], true));
        if (io_rows != NULL) (*io_rows)++;
    }
    return LLKV_OK;
}

llkv_code write_delete(struct cx *cx, struct write_set *set, struct table *table,
                       const uint64_t *row_ids, uint32_t n, int64_t *io_rows)
{
    struct table_writes *writes;
    TRY(writes_of(cx, set, table, true, &writes));
    if (writes_explicit(writes)) return delete_explicit(cx, writes, row_ids, n, io_rows);
    struct store_view view = table_view(table, set->snapshot);
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        if (!store_row_visible(table->store, &view, row_ids[i])) continue;
        TRY(row_set_add(cx, &writes->deleted, row_ids[i], &added));
        if (added && io_rows != NULL) (*io_rows)++;
    }
    return LLKV_OK;
}

/* ---- statements and savepoints of an explicit transaction ---- */

uint32_t write_set_mark(struct write_set *set)
{
    assert(set->txn != TXN_ID_AUTO_COMMIT);
    return ++set->step;
}

struct rollback {
    struct write_set *set;
    uint32_t mark;
};

static void rollback_table(struct table_writes *writes, uint32_t mark)
{
    struct own *own = &writes->own;
    while (own->count != 0 && own->changes[own->count - 1].step >= mark) {
        struct own_change change = own_pop(own);
        if (change.batch == NULL) continue;
        /* Values were appended in the order of the changes. */
        struct update_batch *batch = (struct update_batch *)(uintptr_t)change.batch;
        rowbuf_truncate(&batch->values, change.at);
    }
    own_cut_spans(own, mark);
    writes_cut_rows(writes, own_span_at(own, mark).inserted);
    if (writes->keyed_rows > writes->inserted) writes->keyed_rows = writes->inserted;
    if (writes->keyed_changes > own->count) writes->keyed_changes = own->count;
}

/* Under the commit mutex, because intents go. */
static llkv_code rollback_all(struct cx *cx, void *arg)
{
    const struct rollback *rollback = arg;
    (void)cx; /* nothing can fail */
    for (struct table_writes *w = rollback->set->first; w != NULL; w = w->next)
        rollback_table(w, rollback->mark);
    return LLKV_OK;
}

void write_set_rollback(struct write_set *set, uint32_t mark)
{
    assert(set->txn != TXN_ID_AUTO_COMMIT);
    assert(mark <= set->step);
    struct rollback rollback = {set, mark};
    exclusively(set, rollback_all, &rollback);
}

llkv_code write_set_statement_end(struct cx *cx, struct write_set *set)
{
    if (set->txn == TXN_ID_AUTO_COMMIT) return LLKV_OK;
    for (struct table_writes *writes = set->first; writes != NULL; writes = writes->next)
        TRY(own_keys_update(cx, writes));
    return LLKV_OK;
}
