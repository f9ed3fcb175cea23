/* How a commit changes the keys of a table: first every entry that ends, then those that come, so
 * that rows may hand their keys on to each other. */
#include <assert.h>
#include <string.h>

#include "table/key_runs.h"
#include "table/own_read.h"

/* One key while its changes are reserved. */
struct key_change {
    struct cx *cx;
    struct table_writes *writes;
    const struct layout *layout;
    struct key *key;
    struct key_rows before, after;
    bool unique; /* new keys are to be looked up: nobody else may have them */
};

/* Where a unit of rows is. */
static struct segment *unit_segment(const struct key_change *kc, uint64_t unit,
                                    uint32_t *out_vector)
{
    *out_vector = (uint32_t)(unit % kc->layout->vectors);
    return store_segment(kc->writes->table->store, (uint32_t)(unit / kc->layout->vectors));
}

llkv_code commit_keys_begin(struct cx *cx, struct table_writes *writes)
{
    writes->keys = table_keys(writes->table);
    uint32_t count = atomic_load_explicit(&writes->keys->count, memory_order_relaxed);
    for (writes->keys_begun = 0; writes->keys_begun < count; writes->keys_begun++)
        TRY(index_change_begin(cx, key_at(writes->keys, writes->keys_begun)->index));
    return LLKV_OK;
}

/* ---- deletes ---- */

static llkv_code end_unit(struct key_change *kc, uint64_t unit, const uint64_t *bits)
{
    uint16_t positions[VEC_ROWS_MAX];
    uint32_t n = 0;
    uint32_t vector;
    struct segment *segment = unit_segment(kc, unit, &vector);
    for (uint32_t i = 0; i < kc->layout->vector_rows; i++)
        if (bit_get(bits, i)) positions[n++] = (uint16_t)i;
    TRY(key_rows_gather(kc->cx, &kc->before, segment, vector, positions, n, TS_LATEST));
    for (uint32_t i = 0; i < n; i++) {
        TRY(key_rows_make(kc->cx, &kc->before, i));
        TRY(index_change_end(kc->cx, kc->key->index, kc->before.bytes.data, kc->before.bytes.len,
                             unit * kc->layout->vector_rows + positions[i]));
    }
    return LLKV_OK;
}

static llkv_code end_deleted(struct key_change *kc)
{
    struct table_writes *writes = kc->writes;
    for (uint32_t i = 0; i < writes->touched_count; i++) {
        const uint64_t *bits = row_set_unit(&writes->deleted, writes->touched[i].unit);
        if (bits != NULL) TRY(end_unit(kc, writes->touched[i].unit, bits));
    }
    return LLKV_OK;
}

/* ---- updates ---- */

/* Put the new values over what was gathered. */
static void put_new_values(struct key_change *kc, const struct update_ref *refs, uint32_t n)
{
    for (uint32_t k = 0; k < kc->key->def.column_count; k++) {
        struct value_room *room = &kc->after.rooms[k];
        for (uint32_t i = 0; i < n; i++)
            update_put(refs[i].batch, refs[i].at, kc->key->def.columns[k].column, room->data,
                       room->validity, i);
    }
}

static bool touches_key(const struct key_change *kc, const struct update_ref *refs, uint32_t n)
{
    const struct update_batch *seen = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (refs[i].batch == seen) continue;
        seen = refs[i].batch;
        for (uint32_t k = 0; k < kc->key->def.column_count; k++)
            if (update_column(seen, kc->key->def.columns[k].column) >= 0) return true;
    }
    return false;
}

static llkv_code add_entry(struct key_change *kc, struct key_rows *kr, uint32_t row,
                           uint64_t row_id)
{
    const struct normkey *bytes = &kr->bytes;
    struct index *index = kc->key->index;
    if (kc->unique && !kr->has_null) {
        bool lives;
        uint64_t other;
        TRY(index_change_lives(kc->cx, index, bytes->data, bytes->len, &lives, &other));
        if (lives) return key_rows_collision(kc->cx, kr, row);
    }
    return index_change_add(kc->cx, index, bytes->data, bytes->len, row_id);
}

/* Rows of one vector: old entries end, or new ones come. A key that stays the same stays. */
static llkv_code change_group(struct key_change *kc, const struct update_ref *refs, uint32_t n,
                              bool add)
{
    uint16_t positions[VEC_ROWS_MAX];
    uint32_t vector;
    if (!touches_key(kc, refs, n)) return LLKV_OK;
    struct segment *segment = unit_segment(kc, refs[0].row_id / kc->layout->vector_rows, &vector);
    for (uint32_t i = 0; i < n; i++)
        positions[i] = (uint16_t)(refs[i].row_id % kc->layout->vector_rows);
    TRY(key_rows_gather(kc->cx, &kc->before, segment, vector, positions, n, TS_LATEST));
    TRY(key_rows_gather(kc->cx, &kc->after, segment, vector, positions, n, TS_LATEST));
    put_new_values(kc, refs, n);
    for (uint32_t i = 0; i < n; i++) {
        TRY(key_rows_make(kc->cx, &kc->before, i));
        TRY(key_rows_make(kc->cx, &kc->after, i));
        const struct normkey *old = &kc->before.bytes;
        const struct normkey *new = &kc->after.bytes;
        if (old->len == new->len && memcmp(old->data, new->data, old->len) == 0) continue;
        if (add) {
            TRY(add_entry(kc, &kc->after, i, refs[i].row_id));
        } else {
            TRY(index_change_end(kc->cx, kc->key->index, old->data, old->len, refs[i].row_id));
        }
    }
    return LLKV_OK;
}

static llkv_code change_updated(struct key_change *kc, bool add)
{
    const struct table_writes *writes = kc->writes;
    const uint32_t count = writes->ref_count - writes->own_ref_count;
    for (uint32_t at = 0; at < count;) {
        uint32_t n = update_group(writes->refs + at, count - at, kc->layout->vector_rows);
        TRY(change_group(kc, writes->refs + at, n, add));
        at += n;
    }
    return LLKV_OK;
}

/* ---- inserts ---- */

static llkv_code load_piece(struct key_change *kc, const struct store_piece *piece, uint32_t done,
                            uint32_t n)
{
    if (piece->sealed == NULL)
        return key_rows_buffer(kc->cx, &kc->after, piece->buf, piece->first + done, n);
    return key_rows_sealed(kc->cx, &kc->after, piece->sealed, done / kc->layout->vector_rows, n);
}

/* Put new values over those of the n rows from number `first` on that were loaded. */
static llkv_code patch_inserted(struct key_change *kc, uint64_t first, uint32_t n,
                                const struct update_ref **io_ref)
{
    const struct table_writes *writes = kc->writes;
    const struct update_ref *end = writes->refs + writes->ref_count;
    const uint64_t row_id = TABLE_OWN_ROW_FIRST + first;
    if (*io_ref == end || (*io_ref)->row_id >= row_id + n) return LLKV_OK;
    for (uint32_t k = 0; k < kc->key->def.column_count; k++) {
        const struct vector loaded = kc->after.columns[k];
        TRY(value_room_ensure(kc->cx, &kc->after.rooms[k]));
        own_copy_flat(&loaded, &kc->after.rooms[k], &kc->after.columns[k]);
    }
    for (; *io_ref != end && (*io_ref)->row_id < row_id + n; (*io_ref)++)
        for (uint32_t k = 0; k < kc->key->def.column_count; k++)
            update_put((*io_ref)->batch, (*io_ref)->at, kc->key->def.columns[k].column,
                       kc->after.rooms[k].data, kc->after.rooms[k].validity,
                       (*io_ref)->row_id - row_id);
    return LLKV_OK;
}

/* A whole segment whose keys ascend needs no entries, if its rows are all as they were inserted. */
static llkv_code admit_piece(struct key_change *kc, const struct store_piece *piece,
                             bool *out_admitted)
{
    struct table_writes *writes = kc->writes;
    *out_admitted = false;
    if (piece->sealed == NULL || writes->own_dead.rows != 0 || writes->own_ref_count != 0)
        return LLKV_OK;
    return key_runs_admit(kc->cx, index_runs_of(kc->key->index),
                          layout_segment(kc->layout, piece->row_id), piece->sealed, out_admitted);
}

/* Pieces are in the order in which the rows were inserted. */
static llkv_code add_inserted(struct key_change *kc)
{
    struct table_writes *writes = kc->writes;
    uint64_t number = 0;
    const struct update_ref *ref = writes->refs + writes->ref_count - writes->own_ref_count;
    for (uint32_t p = 0; p < writes->change.piece_count; p++) {
        const struct store_piece *piece = &writes->change.pieces[p];
        bool admitted;
        TRY(admit_piece(kc, piece, &admitted));
        if (admitted) {
            number += piece->rows;
            continue;
        }
        for (uint32_t done = 0; done < piece->rows;) {
            uint32_t n = piece->rows - done;
            if (n > kc->layout->vector_rows) n = kc->layout->vector_rows;
            TRY(load_piece(kc, piece, done, n));
            TRY(patch_inserted(kc, number, n, &ref));
            for (uint32_t i = 0; i < n; i++, number++) {
                if (row_set_has(&writes->own_dead, number)) continue;
                TRY(key_rows_make(kc->cx, &kc->after, i));
                TRY(add_entry(kc, &kc->after, i, piece->row_id + done + i));
            }
            done += n;
        }
    }
    return LLKV_OK;
}

static llkv_code change_key(struct key_change *kc)
{
    TRY(end_deleted(kc));
    TRY(change_updated(kc, false));
    TRY(change_updated(kc, true));
    return add_inserted(kc);
}

llkv_code commit_keys_change(struct cx *cx, struct table_writes *writes)
{
    for (uint32_t k = 0; k < writes->keys_begun; k++) {
        struct key_change kc = {.cx = cx,
                                .writes = writes,
                                .layout = store_layout(writes->table->store),
                                .key = key_at(writes->keys, k)};
        kc.unique = key_is_unique(kc.key) && !own_keys_hold(writes, kc.key);
        struct arena_mark mark = arena_mark(cx->arena);
        const bool moves = touches_key(&kc, writes->refs, writes->ref_count);
        const bool ends = moves || writes->deleted.rows != 0;
        if (!ends && writes->change.piece_count == 0) continue;
        llkv_code rc = key_rows_init(cx, &kc.after, writes->table, &kc.key->def);
        if (rc == LLKV_OK && ends) rc = key_rows_init(cx, &kc.before, writes->table, &kc.key->def);
        if (rc == LLKV_OK) rc = change_key(&kc);
        key_rows_deinit(&kc.before);
        key_rows_deinit(&kc.after);
        if (rc != LLKV_OK) return rc;
        arena_rewind(cx->arena, mark);
    }
    return LLKV_OK;
}

void commit_keys_apply(struct table_writes *writes, int64_t ts)
{
    for (uint32_t k = 0; k < writes->keys_begun; k++)
        index_change_apply(key_at(writes->keys, k)->index, ts);
    writes->keys_begun = 0;
}

void commit_keys_undo(struct table_writes *writes)
{
    for (uint32_t k = 0; k < writes->keys_begun; k++)
        index_change_undo(key_at(writes->keys, k)->index);
    writes->keys_begun = 0;
}
