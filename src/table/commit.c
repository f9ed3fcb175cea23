/* A write set commits: each table it wrote to takes part as one participant. */
#include <assert.h>
#include <string.h>

#include "table/encode.h"

static struct table_writes *writes_of_participant(struct txn_participant *participant)
{
    return (struct table_writes *)participant;
}

/* ---- reserve ---- */

static llkv_code find_conflicts(struct cx *cx, struct table_writes *writes,
                                const struct snapshot *snapshot)
{
    struct store *store = writes->table->store;
    const struct layout *layout = store_layout(store);
    for (uint32_t i = 0; i < writes->touched_count; i++) {
        const struct row_unit *unit = &writes->touched[i];
        int row =
            store_find_conflict(store, (uint32_t)(unit->unit / layout->vectors),
                                (uint32_t)(unit->unit % layout->vectors), unit->bits, snapshot->ts);
        if (row < 0) continue;
        return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001",
                          "a row of table \"%s\" was changed by another transaction since this one "
                          "began",
                          writes->table->def->name);
    }
    return LLKV_OK;
}

static llkv_code reserve_inserts(struct cx *cx, struct table_writes *writes)
{
    struct store_change *change = &writes->change;
    for (uint32_t i = 0; i < writes->chunk_count; i++) {
        const struct chunk *chunk = writes->chunks[i];
        if (chunk->sealed != NULL) {
            TRY(store_reserve_sealed(cx, change, chunk->sealed));
        } else {
            TRY(store_reserve_rows(cx, change, &chunk->buf));
        }
    }
    return store_reserve_rows(cx, change, &writes->rows);
}

/* Rows inserted and replaced by this very set are deleted as they come. */
static llkv_code delete_own_dead(struct cx *cx, struct table_writes *writes)
{
    uint64_t number = 0;
    if (writes->own_dead.rows == 0) return LLKV_OK;
    for (uint32_t p = 0; p < writes->change.piece_count; p++) {
        const struct store_piece *piece = &writes->change.pieces[p];
        for (uint32_t i = 0; i < piece->rows; i++, number++) {
            bool added;
            if (!row_set_has(&writes->own_dead, number)) continue;
            TRY(row_set_add(cx, &writes->deleted, piece->row_id + i, &added));
        }
    }
    return LLKV_OK;
}

static llkv_code reserve_deletes(struct cx *cx, struct table_writes *writes)
{
    const struct layout *layout = store_layout(writes->table->store);
    struct row_unit *units;
    uint32_t count;
    TRY(delete_own_dead(cx, writes));
    TRY(row_set_union(cx, &writes->deleted, NULL, &units, &count));
    for (uint32_t i = 0; i < count; i++)
        TRY(store_reserve_deletes(cx, &writes->change, (uint32_t)(units[i].unit / layout->vectors),
                                  (uint32_t)(units[i].unit % layout->vectors), units[i].bits));
    for (uint32_t i = 0; i < writes->touched_count; i++)
        TRY(store_reserve_touch(
            cx, &writes->change, (uint32_t)(writes->touched[i].unit / layout->vectors),
            (uint32_t)(writes->touched[i].unit % layout->vectors), writes->touched[i].bits));
    return LLKV_OK;
}

/* Updated rows that this very set inserted: they have row ids now. Both come in ascending order,
 * and the ids are larger than those of rows that were there before. */
static void place_own_refs(struct table_writes *writes)
{
    struct update_ref *ref = writes->refs + writes->ref_count - writes->own_ref_count;
    struct update_ref *end = writes->refs + writes->ref_count;
    uint64_t number = 0;
    for (uint32_t p = 0; p < writes->change.piece_count && ref != end; p++) {
        const struct store_piece *piece = &writes->change.pieces[p];
        for (; ref != end; ref++) {
            uint64_t at = ref->row_id - TABLE_OWN_ROW_FIRST - number;
            if (at >= piece->rows) break;
            ref->row_id = piece->row_id + at;
        }
        number += piece->rows;
    }
    assert(ref == end);
}

/* The new values of one column for rows of one vector, as a patch. */
static llkv_code make_patch(struct cx *cx, const struct layout *layout,
                            const struct update_ref *refs, uint32_t n, uint16_t column,
                            struct patch *out_patch)
{
    enum phys_type phys = layout->phys[column];
    const size_t width = phys == PHYS_BOOL ? 1 : phys_bytes[phys];
    uint16_t *positions = cx_alloc_array(cx, n, sizeof *positions);
    uint8_t *values = cx_alloc_zero(cx, n * width + 1);
    uint64_t *validity = cx_alloc_zero(cx, bitmap_words(n) * sizeof *validity);
    if (positions == NULL || values == NULL || validity == NULL) return LLKV_NOMEM;
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        int at = update_column(refs[i].batch, column);
        if (at < 0) continue;
        const struct rowbuf_column *from = &refs[i].batch->values.columns[at];
        uint32_t row = refs[i].at;
        positions[count] = (uint16_t)(refs[i].row_id % layout->vector_rows);
        bit_put(validity, count, from->validity == NULL || bit_get(from->validity, row));
        if (phys == PHYS_BOOL) {
            values[count] = bit_get(from->data, row);
        } else if (width != 0) {
            memcpy(values + count * width, (const uint8_t *)from->data + row * width, width);
        }
        count++;
    }
    *out_patch = (struct patch){
        .count = count, .positions = positions, .values = values, .validity = validity};
    return LLKV_OK;
}

/* Columns of the table that the refs bring values for, as bits in cx->arena. */
static llkv_code group_columns(struct cx *cx, const struct layout *layout,
                               const struct update_ref *refs, uint32_t n, uint64_t **out_bits)
{
    const struct update_batch *seen = NULL;
    uint64_t *bits = cx_alloc_zero(cx, bitmap_words(layout->column_count) * sizeof *bits);
    if (bits == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        if (refs[i].batch == seen) continue;
        seen = refs[i].batch;
        for (uint32_t c = 0; c < seen->layout.column_count; c++)
            bit_set(bits, seen->columns[c]);
    }
    *out_bits = bits;
    return LLKV_OK;
}

static llkv_code reserve_group(struct cx *cx, struct table_writes *writes,
                               const struct update_ref *refs, uint32_t n)
{
    const struct layout *layout = store_layout(writes->table->store);
    uint64_t unit = refs[0].row_id / layout->vector_rows;
    uint64_t *columns;
    TRY(group_columns(cx, layout, refs, n, &columns));
    for (uint32_t c = 0; c < layout->column_count; c++) {
        struct patch patch;
        if (!bit_get(columns, c)) continue;
        TRY(make_patch(cx, layout, refs, n, (uint16_t)c, &patch));
        TRY(store_reserve_update(cx, &writes->change, (uint32_t)(unit / layout->vectors),
                                 (uint32_t)(unit % layout->vectors), c, &patch));
    }
    return LLKV_OK;
}

static llkv_code reserve_updates(struct cx *cx, struct table_writes *writes)
{
    const struct layout *layout = store_layout(writes->table->store);
    place_own_refs(writes);
    for (uint32_t at = 0; at < writes->ref_count;) {
        uint32_t n = update_group(writes->refs + at, writes->ref_count - at, layout->vector_rows);
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(reserve_group(cx, writes, writes->refs + at, n));
        arena_rewind(cx->arena, mark);
        at += n;
    }
    return LLKV_OK;
}

static llkv_code reserve_all(struct cx *cx, struct table_writes *writes,
                             const struct snapshot *snapshot)
{
    TRY(writes_check_others(cx, writes));
    TRY(find_conflicts(cx, writes, snapshot));
    TRY(reserve_inserts(cx, writes));
    TRY(commit_keys_begin(cx, writes));
    TRY(commit_keys_change(cx, writes));
    TRY(reserve_deletes(cx, writes));
    return reserve_updates(cx, writes);
}

static void undo(struct txn_participant *participant)
{
    struct table_writes *writes = writes_of_participant(participant);
    commit_keys_undo(writes);
    store_undo(&writes->change);
}

static llkv_code reserve(struct cx *cx, struct txn_participant *participant,
                         const struct snapshot *snapshot)
{
    struct table_writes *writes = writes_of_participant(participant);
    TRY(store_change_begin(cx, &writes->change, writes->table->store));
    llkv_code rc = reserve_all(cx, writes, snapshot);
    if (rc != LLKV_OK) undo(participant);
    return rc;
}

/* ---- apply ---- */

static void apply(struct txn_participant *participant, int64_t ts)
{
    struct table_writes *writes = writes_of_participant(participant);
    const bool logs = !writes->table->def->temporary &&
                      txn_log_pager(writes->set->manager) == store_pager(writes->table->store);
    store_apply(&writes->change, ts, writes->sketches);
    commit_keys_apply(writes, ts);
    struct write_set *set = writes->set;
    set->logged = true;
    txn_log_keep(set->manager, set->log_batches, ts); /* by the first of its tables */
    set->log_batches = NULL;
    for (uint32_t i = 0; i < writes->chunk_count; i++) {
        struct sealed **sealed = &writes->chunks[i]->sealed;
        if (*sealed != NULL && logs) sealed_keep(*sealed, true); /* the log names it */
        *sealed = NULL;                                          /* the table's now */
    }
    writes_leave(writes);
}

/* ---- before the commit mutex ---- */

static bool is_empty(const struct table_writes *writes)
{
    return writes->inserted == 0 && writes->deleted.rows == 0 && writes->updated.rows == 0 &&
           writes->own.count == 0;
}

bool write_set_is_empty(const struct write_set *set)
{
    for (const struct table_writes *writes = set->first; writes != NULL; writes = writes->next)
        if (!is_empty(writes)) return false;
    return true;
}

/* Of an explicit transaction: what became of each row. */
static llkv_code collect_rows(struct cx *cx, struct table_writes *writes)
{
    const struct own *own = &writes->own;
    for (uint32_t i = 0; i < own->row_capacity; i++) {
        const struct own_row *row = &own->rows[i];
        bool added;
        if (!row->used || row->newest == 0) continue;
        bool deleted = own->changes[row->newest - 1].batch == NULL;
        if (row->row_id < TABLE_OWN_ROW_FIRST) {
            struct row_set *set = deleted ? &writes->deleted : &writes->updated;
            TRY(row_set_add(cx, set, row->row_id, &added));
        } else if (deleted) {
            TRY(row_set_add(cx, &writes->own_dead, row->row_id - TABLE_OWN_ROW_FIRST, &added));
        }
    }
    return LLKV_OK;
}

/* Everything that does not need the latest state. */
static llkv_code prepare(struct cx *cx, struct table_writes *writes)
{
    if (writes_explicit(writes)) TRY(collect_rows(cx, writes));
    TRY(row_set_union(cx, &writes->deleted, &writes->updated, &writes->touched,
                      &writes->touched_count));
    return writes_update_refs(cx, writes);
}

llkv_code write_set_participants(struct cx *cx, struct write_set *set,
                                 struct txn_participant **out_first)
{
    *out_first = NULL;
    if (set->committed) return cx_fail(cx, LLKV_MISUSE, "the writes are committed already");
    for (struct table_writes *writes = set->first; writes != NULL; writes = writes->next) {
        if (is_empty(writes)) continue;
        TRY(writes_seal(cx, writes));
        TRY(prepare(cx, writes));
        writes->takes_part = true;
        writes->participant = (struct txn_participant){.reserve = reserve,
                                                       .encode = encode_writes,
                                                       .apply = apply,
                                                       .undo = undo,
                                                       .next = *out_first};
        *out_first = &writes->participant;
    }
    if (txn_log_pager(set->manager) != NULL) TRY(encode_write_set(cx, set));
    set->committed = true;
    return LLKV_OK;
}

llkv_code write_set_commit(struct cx *cx, struct write_set *set)
{
    struct txn_participant *first;
    int64_t ts;
    TRY(write_set_participants(cx, set, &first));
    return first == NULL ? LLKV_OK : txn_commit(cx, set->manager, set->snapshot, first, &ts);
}
