/* Rows of a write set by key: trees of what it wrote, which propose rows; unique keys at the end of
 * a statement of an explicit transaction. */
#include <assert.h>
#include <string.h>

#include "table/own_read.h"
#include "table/write_priv.h"

void own_keys_deinit(struct table_writes *writes)
{
    for (uint32_t i = 0; i < writes->own_key_count; i++) {
        art_discard(&writes->own_keys[i].tree);
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
    uint8_t row[8];
    struct normkey *bytes = &own->rows.bytes;
    if (own->rows.has_null && key_is_unique(own->key)) return LLKV_OK;
    for (uint32_t i = 0; i < sizeof row; i++)
        row[i] = (uint8_t)(row_id >> (56 - 8 * i));
    struct normkey full = {.budget = bytes->budget};
    size_t len;
    if (!size_add(bytes->len, sizeof row, &len) || len > UINT32_MAX)
        return cx_fail(cx, LLKV_LIMIT, "a key is too long");
    full.data = mem_alloc(full.budget, len);
    if (full.data == NULL) return cx_nomem(cx);
    memcpy(full.data, bytes->data, bytes->len);
    memcpy(full.data + bytes->len, row, sizeof row);
    bool made;
    struct art_leaf *leaf = art_insert(&own->tree, full.data, (uint32_t)len, &made);
    mem_free(full.data);
    return leaf == NULL ? cx_nomem(cx) : LLKV_OK;
}

/* Are the trees those of the keys in force? */
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
        own->tree = (struct art_change){.budget = writes->table->budget, .owner = 1};
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
    llkv_code rc;
};

static bool meet_written(void *arg, struct art_leaf *leaf)
{
    struct meeting *m = arg;
    uint64_t row_id = art_leaf_row(leaf);
    if (row_id == m->row_id) return true;
    m->rc = own_row_has_key(m->cx, m->writes, &m->own->key->def, row_id, &m->own->rows.bytes,
                            &m->found);
    return m->rc == LLKV_OK && !m->found;
}

static bool meet_committed(void *arg, uint64_t row_id, bool live)
{
    struct meeting *m = arg;
    if (!live || row_id == m->row_id) return true;
    const struct own_change *change = own_seen(&m->writes->own, row_id, OWN_MARK_NOW);
    if (change != NULL && (change->batch == NULL || own_change_moves(change, &m->own->key->def)))
        return true; /* deleted, or under its new key in the tree */
    m->found = true;
    return false;
}

/* Row `row` of own->rows goes to the tree; if its key is unique, nobody else has it. */
static llkv_code enter(struct cx *cx, struct table_writes *writes, struct own_key *own,
                       uint32_t row, uint64_t row_id)
{
    struct meeting m = {.cx = cx, .writes = writes, .own = own, .row_id = row_id};
    const struct normkey *bytes = &own->rows.bytes;
    TRY(key_rows_make(cx, &own->rows, row));
    if (key_is_unique(own->key) && !own->rows.has_null && writes_explicit(writes)) {
        art_each(own->tree.root, bytes->data, (uint32_t)bytes->len, meet_written, &m);
        if (m.rc == LLKV_OK && !m.found)
            TRY(index_lookup(cx, own->key->index, bytes->data, bytes->len, meet_committed, &m));
        TRY(m.rc);
        if (m.found) return key_rows_collision(cx, &own->rows, row);
    }
    return own_key_add(cx, own, row_id);
}

/* ---- taking up what was written ---- */

/* Rows that live still, n of them or fewer. */
static llkv_code enter_rows(struct cx *cx, struct table_writes *writes, const uint64_t *row_ids,
                            uint32_t n)
{
    for (uint32_t k = 0; k < writes->own_key_count; k++) {
        struct own_key *own = &writes->own_keys[k];
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(read_rows(cx, writes, row_ids, n, &own->rows));
        for (uint32_t i = 0; i < n; i++)
            TRY(enter(cx, writes, own, i, row_ids[i]));
        arena_rewind(cx->arena, mark);
    }
    return LLKV_OK;
}

static llkv_code take_inserted(struct cx *cx, struct table_writes *writes)
{
    uint64_t row_ids[VEC_ROWS_MAX];
    for (uint64_t at = writes->keyed_rows; at < writes->inserted;) {
        uint32_t n = 0;
        TRY(cx_check_cancel(cx));
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
    if (writes->own_key_count != 0) {
        TRY(take_inserted(cx, writes));
        TRY(take_changed(cx, writes));
    }
    writes->keyed_rows = writes->inserted;
    writes->keyed_changes = writes->own.count;
    return LLKV_OK;
}
