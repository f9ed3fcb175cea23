/* Rows of a write set by key: maps of what it wrote, which propose rows; unique keys at the end of
 * a statement of an explicit transaction. */
#include <assert.h>
#include <string.h>

#include "table/own_read.h"
#include "table/write_priv.h"

void own_keys_deinit(struct table_writes *writes)
{
    for (uint32_t i = 0; i < writes->own_key_count; i++) {
        key_map_deinit(&writes->own_keys[i].map);
        key_rows_deinit(&writes->own_keys[i].rows);
    }
    writes->own_key_count = 0;
    writes->own_keys = NULL; /* in the arena */
    writes->has_own_keys = false;
    writes->keyed_rows = 0;
    writes->keyed_changes = 0;
}

llkv_code own_key_add(struct cx *cx, struct own_key *own, uint64_t row_id)
{
    if (own->rows.has_null && key_is_unique(own->key)) return LLKV_OK;
    return key_map_add(cx, &own->map, own->hash, row_id);
}

/* Are the maps those of the keys in force? */
static bool keys_are_current(const struct table_writes *writes)
{
    const struct key_list *keys = table_keys(writes->table);
    uint32_t count = atomic_load_explicit(&keys->count, memory_order_acquire);
    if (!writes->has_own_keys || writes->own_key_count != count) return false;
    for (uint32_t i = 0; i < count; i++)
        if (writes->own_keys[i].key != key_at(keys, i)) return false;
    return true;
}

static llkv_code own_keys_init(struct cx *cx, struct table_writes *writes)
{
    const struct key_list *keys = table_keys(writes->table);
    uint32_t count = atomic_load_explicit(&keys->count, memory_order_acquire);
    struct cx inner = cx_with_arena(cx, &writes->arena);
    own_keys_deinit(writes);
    writes->own_keys = cx_alloc_zero(&inner, count * sizeof *writes->own_keys);
    if (writes->own_keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct key *key = key_at(keys, i);
        if (!key_is_unique(key) && !writes_explicit(writes)) continue;
        struct own_key *own = &writes->own_keys[writes->own_key_count];
        TRY(key_rows_init(&inner, &own->rows, writes->table, &key->def));
        own->key = key;
        own->map = (struct key_map){.budget = writes->table->budget};
        writes->own_key_count++;
    }
    writes->has_own_keys = true;
    return LLKV_OK;
}

/* ---- does a row of the transaction have a key ---- */

bool own_change_moves(const struct own_change *change, const struct key_def *def)
{
    for (uint32_t i = 0; change->batch != NULL && i < def->column_count; i++)
        if (update_column(change->batch, def->columns[i].column) >= 0) return true;
    return false;
}

/* The key columns of n rows as they are for the transaction now. */
static llkv_code read_rows(struct cx *cx, struct table_writes *writes, const uint64_t *row_ids,
                           uint32_t n, struct key_rows *kr)
{
    const struct table_reader now = {writes->set->snapshot, writes->set, OWN_MARK_NOW};
    kr->rows = n;
    for (uint32_t i = 0; i < kr->def->column_count; i++)
        TRY(table_gather(cx, writes->table, &now, row_ids, n, kr->def->columns[i].column,
                         &kr->columns[i]));
    return LLKV_OK;
}

llkv_code own_row_has_key(struct cx *cx, struct table_writes *writes, const struct key_def *def,
                          uint64_t row_id, const struct normkey *bytes, bool *out_has)
{
    struct key_rows kr;
    struct arena_mark mark = arena_mark(cx->arena);
    const struct own_change *change = own_seen(&writes->own, row_id, OWN_MARK_NOW);
    *out_has = false;
    if (!writes_row_lives(writes, row_id)) return LLKV_OK;
    /* An entry from before a rollback. */
    if (row_id < TABLE_OWN_ROW_FIRST && (change == NULL || !own_change_moves(change, def)))
        return LLKV_OK;
    llkv_code rc = key_rows_init(cx, &kr, writes->table, def);
    if (rc == LLKV_OK) rc = read_rows(cx, writes, &row_id, 1, &kr);
    if (rc == LLKV_OK) rc = key_rows_make(cx, &kr, 0);
    *out_has = rc == LLKV_OK && kr.bytes.len == bytes->len &&
               memcmp(kr.bytes.data, bytes->data, bytes->len) == 0;
    key_rows_deinit(&kr);
    if (rc == LLKV_OK) arena_rewind(cx->arena, mark);
    return rc;
}

/* ---- unique keys ---- */

struct meeting {
    struct cx *cx;
    struct table_writes *writes;
    struct own_key *own;
    uint64_t row_id; /* the row that has the key */
    bool found;      /* another one has it too */
};

static llkv_code meet_written(struct meeting *m)
{
    struct own_key *own = m->own;
    const struct key_map_entry *entry = key_map_find(&own->map, own->hash);
    for (; entry != NULL && !m->found; entry = key_map_older(&own->map, entry))
        if (entry->row_id != m->row_id)
            TRY(own_row_has_key(m->cx, m->writes, &own->key->def, entry->row_id, &own->rows.bytes,
                                &m->found));
    return LLKV_OK;
}

static bool meet_committed(void *arg, uint64_t row_id, bool live)
{
    struct meeting *m = arg;
    if (!live || row_id == m->row_id) return true;
    const struct own_change *change = own_seen(&m->writes->own, row_id, OWN_MARK_NOW);
    if (change != NULL && (change->batch == NULL || own_change_moves(change, &m->own->key->def)))
        return true; /* deleted, or under its new key in the map */
    m->found = true;
    return false;
}

/* Row `row` of own->rows goes to the map; if its key is unique, nobody else has it. */
static llkv_code enter(struct cx *cx, struct table_writes *writes, struct own_key *own,
                       uint32_t row, uint64_t row_id)
{
    struct meeting m = {.cx = cx, .writes = writes, .own = own, .row_id = row_id};
    const struct normkey *bytes = &own->rows.bytes;
    TRY(key_rows_make(cx, &own->rows, row));
    own->hash = key_map_hash(&own->rows.bytes);
    if (key_is_unique(own->key) && !own->rows.has_null && writes_explicit(writes)) {
        TRY(meet_written(&m));
        if (!m.found)
            TRY(index_lookup(cx, own->key->index, bytes->data, bytes->len, meet_committed, &m));
        if (m.found) return key_rows_collision(cx, &own->rows, row);
    }
    return own_key_add(cx, own, row_id);
}

/* Before any of the statement's rows are looked up, here or by an INSERT that replaces or ignores.
 */
static void note_state(struct own_key *own)
{
    const uint64_t published = index_published(own->key->index);
    if (!own->is_checked) own->published = published;
    if (own->published != published || !key_is_unique(own->key)) own->must_recheck = true;
    own->is_checked = true;
}

bool own_keys_hold(const struct table_writes *writes, const struct key *key)
{
    if (!writes_explicit(writes) || writes->keyed_rows != writes->inserted ||
        writes->keyed_changes != writes->own.count)
        return false;
    for (uint32_t k = 0; k < writes->own_key_count; k++) {
        const struct own_key *own = &writes->own_keys[k];
        if (own->key == key)
            return own->is_checked && !own->must_recheck &&
                   own->published == index_published(key->index);
    }
    return false;
}

/* ---- taking up what was written ---- */

/* Rows that live still, n of them or fewer. */
static llkv_code enter_rows(struct cx *cx, struct table_writes *writes, const uint64_t *row_ids,
                            uint32_t n)
{
    for (uint32_t k = 0; k < writes->own_key_count && n != 0; k++) {
        struct own_key *own = &writes->own_keys[k];
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(read_rows(cx, writes, row_ids, n, &own->rows));
        for (uint32_t i = 0; i < n; i++)
            TRY(enter(cx, writes, own, i, row_ids[i]));
        arena_rewind(cx->arena, mark);
    }
    return LLKV_OK;
}

/* Rows of the buffer from number `first` on, all as they were inserted: read where they stand. */
static llkv_code enter_buffered(struct cx *cx, struct table_writes *writes, uint64_t first,
                                uint32_t n)
{
    struct cx lasting = cx_with_arena(cx, &writes->arena); /* scratch of own->rows stays */
    const uint64_t buffered = writes->inserted - writes->rows.rows;
    for (uint32_t k = 0; k < writes->own_key_count; k++) {
        struct own_key *own = &writes->own_keys[k];
        TRY(key_rows_buffer(&lasting, &own->rows, &writes->rows, (uint32_t)(first - buffered), n));
        for (uint32_t i = 0; i < n; i++)
            TRY(enter(cx, writes, own, i, TABLE_OWN_ROW_FIRST + first + i));
    }
    return LLKV_OK;
}

static llkv_code take_inserted(struct cx *cx, struct table_writes *writes)
{
    uint64_t row_ids[VEC_ROWS_MAX];
    const bool as_inserted = writes->own.numbers_changed.rows == 0 && writes->own_dead.rows == 0;
    for (uint64_t at = writes->keyed_rows; at < writes->inserted;) {
        uint32_t n = 0;
        TRY(cx_check_cancel(cx));
        if (as_inserted && at >= writes->inserted - writes->rows.rows) {
            n = writes->inserted - at < VEC_ROWS_MAX ? (uint32_t)(writes->inserted - at)
                                                     : VEC_ROWS_MAX;
            TRY(enter_buffered(cx, writes, at, n));
            at += n;
            continue;
        }
        for (; at < writes->inserted && n < VEC_ROWS_MAX; at++) {
            bool dead = !writes_explicit(writes)
                            ? row_set_has(&writes->own_dead, at)
                            : !writes_row_lives(writes, TABLE_OWN_ROW_FIRST + at);
            if (!dead) row_ids[n++] = TABLE_OWN_ROW_FIRST + at;
        }
        TRY(enter_rows(cx, writes, row_ids, n));
    }
    return LLKV_OK;
}

/* Does any key change with it, and is it the row's newest change? */
static bool is_worth_entering(const struct table_writes *writes, const struct own_change *change)
{
    if (own_seen(&writes->own, change->row_id, OWN_MARK_NOW) != change) return false;
    for (uint32_t k = 0; k < writes->own_key_count; k++)
        if (own_change_moves(change, &writes->own_keys[k].key->def)) return true;
    return false;
}

static llkv_code take_changed(struct cx *cx, struct table_writes *writes)
{
    uint64_t row_ids[VEC_ROWS_MAX];
    const struct own *own = &writes->own;
    for (uint32_t at = writes->keyed_changes; at < own->count;) {
        uint32_t n = 0;
        TRY(cx_check_cancel(cx));
        for (; at < own->count && n < VEC_ROWS_MAX; at++)
            if (is_worth_entering(writes, &own->changes[at]))
                row_ids[n++] = own->changes[at].row_id;
        TRY(enter_rows(cx, writes, row_ids, n));
    }
    return LLKV_OK;
}

llkv_code own_keys_update(struct cx *cx, struct table_writes *writes)
{
    if (writes_explicit(writes) ? !keys_are_current(writes) : !writes->has_own_keys)
        TRY(own_keys_init(cx, writes));
    for (uint32_t k = 0; k < writes->own_key_count; k++)
        note_state(&writes->own_keys[k]);
    if (writes->own_key_count != 0) {
        TRY(take_inserted(cx, writes));
        TRY(take_changed(cx, writes));
    }
    writes->keyed_rows = writes->inserted;
    writes->keyed_changes = writes->own.count;
    return LLKV_OK;
}
