/* Keys of a table: which there are, building one, looking rows up. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "table/checkpoint.h"
#include "table/key_runs.h"
#include "table/own_read.h"

/* Entries of runs that end while a key is built ended before anybody can ask. */
enum { KEYS_FIRST = 4, BUILD_TS = 1 };

static void key_free(void *object)
{
    struct key *key = object;
    if (key == NULL) return;
    index_free(key->index);
    arena_deinit(&key->arena);
    mem_free(key);
}

static llkv_code key_index_new(struct cx *cx, struct table *table, struct store *store,
                               const struct key_def *def, struct index **out_index)
{
    struct index_runs *runs;
    TRY(key_runs_new(cx, table, store, def, &runs));
    struct index *index = index_new(table->budget, txn_readers(table->manager), runs);
    if (index == NULL) {
        if (runs != NULL) runs->free(runs);
        return cx_nomem(cx);
    }
    *out_index = index;
    return LLKV_OK;
}

static llkv_code key_new(struct cx *cx, struct table *table, const struct key_def *def,
                         struct key **out_key)
{
    struct key *key = mem_alloc_zero(table->budget, sizeof *key);
    if (key == NULL) return cx_nomem(cx);
    arena_init(&key->arena, table->budget);
    llkv_code rc = LLKV_OK;
    TRY_TO(failed, rc, key_def_copy(cx, &key->arena, def, &key->def));
    for (uint32_t i = 0; i < def->column_count; i++) {
        const struct column_def *column = &table->def->columns[def->columns[i].column];
        if (normkey_supports(column->type.phys)) continue;
        rc = cx_fail(cx, LLKV_UNSUPPORTED,
                     "a key over column \"%s\" is not supported: its type is %s", column->name,
                     phys_names[column->type.phys]);
        goto failed;
    }
    TRY_TO(failed, rc, key_index_new(cx, table, table->store, &key->def, &key->index));
    *out_key = key;
    return LLKV_OK;
failed:
    key_free(key);
    return rc;
}

struct key_list *table_keys(const struct table *table)
{
    return atomic_load_explicit(&table->keys, memory_order_acquire);
}

static struct key_list *list_new(struct mem_budget *budget, uint32_t capacity)
{
    struct key_list *list =
        mem_alloc_zero(budget, sizeof *list + capacity * sizeof(_Atomic(struct key *)));
    if (list != NULL) list->capacity = capacity;
    return list;
}

static void list_free(void *list)
{
    mem_free(list);
}

static void push_key(struct key_list *list, struct key *key)
{
    uint32_t count = atomic_load_explicit(&list->count, memory_order_relaxed);
    assert(count < list->capacity);
    atomic_store_explicit(&list->items[count], key, memory_order_release);
    atomic_store_explicit(&list->count, count + 1, memory_order_release);
}

llkv_code table_keys_init(struct cx *cx, struct table *table)
{
    const struct table_def *def = table->def;
    uint32_t capacity = def->key_count < KEYS_FIRST ? KEYS_FIRST : def->key_count;
    struct key_list *list = list_new(table->budget, capacity);
    if (list == NULL) return cx_nomem(cx);
    atomic_store_explicit(&table->keys, list, memory_order_release);
    for (uint32_t i = 0; i < def->key_count; i++) {
        struct key *key;
        TRY(key_new(cx, table, &def->keys[i], &key));
        push_key(list, key);
    }
    return LLKV_OK;
}

void table_keys_deinit(struct table *table)
{
    struct key_list *list = table_keys(table);
    uint32_t count = list == NULL ? 0 : atomic_load_explicit(&list->count, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++)
        key_free(key_at(list, i));
    mem_free(list);
}

uint32_t table_key_count(const struct table *table)
{
    return atomic_load_explicit(&table_keys(table)->count, memory_order_acquire);
}

bool table_key_usable(const struct table *table, uint32_t number, const struct snapshot *snapshot)
{
    const struct key *key = key_at(table_keys(table), number);
    return atomic_load_explicit(&key->state, memory_order_acquire) == 0 &&
           (key->def.id == 0 || key->valid_from <= snapshot->ts);
}

const struct key_def *table_key(const struct table *table, uint32_t key)
{
    const struct key_list *list = table_keys(table);
    assert(key < list->capacity);
    return &key_at(list, key)->def;
}

/* ---- building ---- */

struct build {
    struct table *table;
    struct store *store;
    struct key *key;
    struct index *index; /* the key's, or the one it is to get */
    struct key_rows rows;
    struct key_rows base; /* of runs: what the rows were inserted with */
    struct own_view own;  /* of the transaction that makes the key */
    bool trusted;         /* no row can collide */
    bool hidden;          /* this pass is for the rows that do not have their key any more for it */
};

/* Deleted by the transaction, or given another key? */
static bool build_hides(const struct build *b, uint64_t row_id)
{
    if (b->own.writes == NULL) return false;
    const struct own_change *change = own_view_change(&b->own, row_id);
    return change != NULL && (change->batch == NULL || own_change_moves(change, &b->key->def));
}

static llkv_code build_add(struct cx *cx, struct build *b, uint32_t row, uint64_t row_id)
{
    const struct normkey *bytes = &b->rows.bytes;
    if (b->key->def.unique && !b->rows.has_null && !b->hidden && !b->trusted) {
        bool lives;
        uint64_t other;
        TRY(index_change_lives(cx, b->index, bytes->data, bytes->len, &lives, &other));
        if (lives) return key_rows_collision(cx, &b->rows, row);
    }
    return index_change_add(cx, b->index, bytes->data, bytes->len, row_id);
}

static llkv_code build_vector(struct cx *cx, struct build *b, uint32_t segment, uint32_t vector,
                              uint32_t rows)
{
    const struct layout *layout = store_layout(b->store);
    struct segment *where = store_segment(b->store, segment);
    const uint64_t *deleted = segment_deleted(where, vector, TS_LATEST);
    TRY(cx_check_cancel(cx));
    TRY(key_rows_read(cx, &b->rows, where, vector, rows, TS_LATEST));
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t row_id = layout_row_id(layout, segment, vector * layout->vector_rows + i);
        if (deleted != NULL && bit_get(deleted, i)) continue;
        if (build_hides(b, row_id) != b->hidden) continue;
        TRY(key_rows_make(cx, &b->rows, i));
        TRY(build_add(cx, b, i, row_id));
    }
    return LLKV_OK;
}

/* Is every row of the vector as it was inserted, in the column of the key? */
static bool vector_is_unchanged(const struct build *b, struct segment *segment, uint32_t vector)
{
    uint16_t column = b->key->def.columns[0].column;
    struct overlay_column *overlays =
        atomic_load_explicit(&segment->overlays[column], memory_order_acquire);
    return segment_deleted(segment, vector, TS_LATEST) == NULL &&
           (overlays == NULL || overlay_at(&overlays->heads[vector], TS_LATEST) == NULL);
}

/* Of a run: entries of rows that are not there any more or have another key end (`ends`); then
 * those with another key get their entries. */
static llkv_code build_run_vector(struct cx *cx, struct build *b, uint32_t number, uint32_t vector,
                                  uint32_t rows, bool ends)
{
    const struct layout *layout = store_layout(b->store);
    struct segment *segment = store_segment(b->store, number);
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    const uint64_t *deleted = segment_deleted(segment, vector, TS_LATEST);
    if (vector_is_unchanged(b, segment, vector)) return cx_check_cancel(cx);
    TRY(key_rows_sealed(cx, &b->base, sealed, vector, rows));
    TRY(key_rows_read(cx, &b->rows, segment, vector, rows, TS_LATEST));
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t row_id = layout_row_id(layout, number, vector * layout->vector_rows + i);
        const struct normkey *old = &b->base.bytes;
        const struct normkey *now = &b->rows.bytes;
        bool gone = deleted != NULL && bit_get(deleted, i);
        TRY(key_rows_make(cx, &b->base, i));
        TRY(key_rows_make(cx, &b->rows, i));
        bool moved = old->len != now->len || memcmp(old->data, now->data, old->len) != 0;
        if (ends && (gone || moved))
            TRY(index_change_end(cx, b->index, old->data, old->len, row_id));
        if (!ends && !gone && moved) TRY(build_add(cx, b, i, row_id));
    }
    return LLKV_OK;
}

enum build_pass { PASS_RUNS, PASS_ENDS, PASS_ADDS };

static llkv_code build_segment(struct cx *cx, struct build *b, uint32_t number, uint32_t rows,
                               enum build_pass pass)
{
    const struct layout *layout = store_layout(b->store);
    struct index_runs *runs = index_runs_of(b->index);
    struct segment *segment = store_segment(b->store, number);
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    bool ignored;
    if (pass == PASS_RUNS && sealed == NULL) return LLKV_OK;
    if (pass == PASS_RUNS) return key_runs_admit(cx, runs, number, sealed, &ignored);
    bool run = key_runs_has(runs, number);
    if (pass == PASS_ENDS && !run) return LLKV_OK;
    for (uint32_t v = 0; v * layout->vector_rows < rows; v++) {
        uint32_t n = rows - v * layout->vector_rows;
        if (n > layout->vector_rows) n = layout->vector_rows;
        if (run) {
            TRY(build_run_vector(cx, b, number, v, n, pass == PASS_ENDS));
        } else {
            TRY(build_vector(cx, b, number, v, n));
        }
    }
    return LLKV_OK;
}

static llkv_code build_rows(struct cx *cx, struct build *b, enum build_pass pass)
{
    struct store_view view = store_view_at(b->store, TS_LATEST);
    for (uint32_t s = 0; s < store_view_segments(b->store, &view); s++)
        TRY(build_segment(cx, b, s, store_segment_rows(b->store, &view, s), pass));
    return LLKV_OK;
}

/* A transaction that makes a key over what it wrote itself gets it without runs. */
static llkv_code build_all(struct cx *cx, struct build *b)
{
    if (index_runs_of(b->index) == NULL || b->own.writes != NULL)
        return build_rows(cx, b, PASS_ADDS);
    TRY(build_rows(cx, b, PASS_RUNS));
    TRY(build_rows(cx, b, PASS_ENDS));
    return build_rows(cx, b, PASS_ADDS);
}

/* Room for one more key. */
static llkv_code ensure_list(struct cx *cx, struct table *table)
{
    struct key_list *old = table_keys(table);
    uint32_t count = atomic_load_explicit(&old->count, memory_order_relaxed);
    if (count < old->capacity) return LLKV_OK;
    struct key_list *made = list_new(table->budget, old->capacity * 2);
    if (made == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < count; i++)
        push_key(made, key_at(old, i));
    atomic_store_explicit(&table->keys, made, memory_order_release);
    txn_retire(table->manager, old, list_free);
    return LLKV_OK;
}

/* Under the commit mutex. */
static llkv_code build_key(struct cx *cx, void *arg)
{
    struct build *b = arg;
    b->index = b->key->index;
    TRY(ensure_list(cx, b->table));
    TRY(index_change_begin(cx, b->key->index));
    llkv_code rc = build_all(cx, b);
    if (rc == LLKV_OK && b->own.writes != NULL) {
        b->hidden = true; /* these collide with nothing */
        rc = build_all(cx, b);
    }
    if (rc != LLKV_OK) {
        index_change_undo(b->key->index);
        return rc;
    }
    index_change_apply(b->key->index, BUILD_TS);
    b->key->valid_from = txn_watermark(b->table->manager);
    push_key(table_keys(b->table), b->key);
    return LLKV_OK;
}

llkv_code table_key_stage(struct cx *cx, struct table *table, const struct key_def *def,
                          const struct key_stage *stage, struct key **out_key)
{
    TRY(table_load(cx, table));
    const struct snapshot latest = {.ts = TS_LATEST};
    const struct table_reader reader = {&latest, stage == NULL ? NULL : stage->own, OWN_MARK_NOW};
    struct build b = {.table = table,
                      .store = table->store,
                      .own = own_view_of(table, &reader),
                      .trusted = stage != NULL && stage->trusted};
    TRY(key_new(cx, table, def, &b.key));
    atomic_store_explicit(&b.key->state, KEY_STAGED, memory_order_relaxed);
    llkv_code rc = key_rows_init(cx, &b.rows, table, &b.key->def);
    if (rc == LLKV_OK) rc = key_rows_init(cx, &b.base, table, &b.key->def);
    if (rc == LLKV_OK) rc = txn_exclusively(cx, table->manager, build_key, &b);
    key_rows_deinit(&b.base);
    key_rows_deinit(&b.rows);
    if (rc != LLKV_OK) {
        key_free(b.key);
        return rc;
    }
    *out_key = b.key;
    return LLKV_OK;
}

/* ---- keys of a table that was loaded ---- */

static llkv_code fill_index(struct cx *cx, struct build *b)
{
    struct arena_mark mark = arena_mark(cx->arena);
    llkv_code rc = key_rows_init(cx, &b->rows, b->table, &b->key->def);
    if (rc == LLKV_OK) rc = key_rows_init(cx, &b->base, b->table, &b->key->def);
    if (rc == LLKV_OK) rc = index_change_begin(cx, b->index);
    if (rc == LLKV_OK) {
        rc = build_all(cx, b);
        if (rc != LLKV_OK) index_change_undo(b->index);
    }
    key_rows_deinit(&b->base);
    key_rows_deinit(&b->rows);
    if (rc == LLKV_CONSTRAINT)
        return cx_fail(cx, LLKV_CORRUPT, "rows of table \"%s\" collide in key \"%s\"",
                       b->table->def->name, b->key->def.name);
    if (rc != LLKV_OK) return rc;
    index_change_apply(b->index, BUILD_TS);
    arena_rewind(cx->arena, mark);
    return LLKV_OK;
}

static llkv_code fill_all(struct cx *cx, struct table *table, struct store *store,
                          struct index **indexes, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        struct key *key = key_at(table_keys(table), k);
        TRY(key_index_new(cx, table, store, &key->def, &indexes[k]));
        struct build b = {.table = table, .store = store, .key = key, .index = indexes[k]};
        TRY(fill_index(cx, &b));
    }
    return LLKV_OK;
}

llkv_code table_keys_fill(struct cx *cx, struct table *table, struct store *store)
{
    uint32_t count = table_key_count(table);
    struct index **indexes = cx_alloc_zero(cx, (count + 1) * sizeof(struct index *));
    if (indexes == NULL) return LLKV_NOMEM;
    llkv_code rc = fill_all(cx, table, store, indexes, count);
    for (uint32_t k = 0; k < count; k++) {
        struct key *key = key_at(table_keys(table), k);
        struct index *unused = indexes[k];
        if (rc == LLKV_OK) {
            unused = key->index;
            key->index = indexes[k];
        }
        index_free(unused);
    }
    return rc;
}

llkv_code table_key_restore(struct cx *cx, struct table *table, const struct key_def *def,
                            struct key **out_key)
{
    struct key *key;
    TRY(key_new(cx, table, def, &key));
    llkv_code rc = ensure_list(cx, table);
    if (rc != LLKV_OK) {
        key_free(key);
        return rc;
    }
    push_key(table_keys(table), key);
    *out_key = key;
    return LLKV_OK;
}

void table_key_settle(struct key *key)
{
    assert(atomic_load(&key->state) == KEY_STAGED);
    atomic_store_explicit(&key->state, 0, memory_order_release);
}

void table_key_leave(struct key *key)
{
    atomic_fetch_or_explicit(&key->state, KEY_LEAVING, memory_order_release);
}

void table_key_keep(struct key *key)
{
    atomic_fetch_and_explicit(&key->state, (uint8_t)~KEY_LEAVING, memory_order_release);
}

/* Take it out of the list; under the commit mutex. */
static void unlink_key(struct table *table, struct key *key)
{
    struct key_list *list = table_keys(table);
    uint32_t count = atomic_load_explicit(&list->count, memory_order_relaxed);
    uint32_t at = 0;
    while (at < count && key_at(list, at) != key)
        at++;
    assert(at < count);
    /* The last item stays behind the end: a reader that knows the old count may ask for it. */
    for (uint32_t i = at; i + 1 < count; i++)
        atomic_store_explicit(&list->items[i], key_at(list, i + 1), memory_order_release);
    atomic_store_explicit(&list->count, count - 1, memory_order_release);
    txn_retire(table->manager, key, key_free);
}

void table_key_remove(struct table *table, struct key *key, int64_t ts)
{
    atomic_store_explicit(&table->keys_moved_ts, ts, memory_order_release);
    unlink_key(table, key);
}

struct unstage {
    struct table *table;
    struct key *key;
};

static llkv_code unstage(struct cx *cx, void *arg)
{
    struct unstage *u = arg;
    (void)cx;
    unlink_key(u->table, u->key);
    return LLKV_OK;
}

void table_key_unstage(struct table *table, struct key *key)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.error = &error};
    struct unstage u = {table, key};
    llkv_code rc = txn_exclusively(&cx, table->manager, unstage, &u);
    assert(rc == LLKV_OK); /* nothing in it can fail */
    (void)rc;
}

/* ---- looking up ---- */

struct lookup {
    struct cx *cx;
    struct table *table;
    struct key *key;
    struct store_view view;
    struct own_view own;
    const struct normkey *bytes;
    uint64_t *rows;
    uint32_t count, max;
    llkv_code rc;
};

/* Has a key column of the row ever been updated? If not, its key is what it was at first. */
static bool may_have_changed(const struct lookup *l, uint64_t row_id)
{
    const struct layout *layout = store_layout(l->table->store);
    struct segment *segment = store_segment(l->table->store, layout_segment(layout, row_id));
    for (uint32_t i = 0; i < l->key->def.column_count; i++) {
        uint16_t column = l->key->def.columns[i].column;
        if (atomic_load_explicit(&segment->updated[column], memory_order_acquire) != 0) return true;
    }
    return false;
}

/* Does the row have the key for this snapshot? */
static llkv_code matches(struct lookup *l, uint64_t row_id, bool *out_matches)
{
    const struct layout *layout = store_layout(l->table->store);
    struct segment *segment = store_segment(l->table->store, layout_segment(layout, row_id));
    uint32_t position = layout_position(layout, row_id);
    uint16_t at = (uint16_t)(position % layout->vector_rows);
    struct key_rows kr;
    struct arena_mark mark = arena_mark(l->cx->arena);
    llkv_code rc = key_rows_init(l->cx, &kr, l->table, &l->key->def);
    if (rc == LLKV_OK)
        rc = key_rows_gather(l->cx, &kr, segment, position / layout->vector_rows, &at, 1,
                             l->view.ts);
    if (rc == LLKV_OK) rc = key_rows_make(l->cx, &kr, 0);
    *out_matches = rc == LLKV_OK && kr.bytes.len == l->bytes->len &&
                   memcmp(kr.bytes.data, l->bytes->data, kr.bytes.len) == 0;
    key_rows_deinit(&kr);
    if (rc == LLKV_OK) arena_rewind(l->cx->arena, mark);
    return rc;
}

/* Is the row deleted by the reader's transaction, or has it another key now, under which its own
 * map finds it? */
static bool own_hides(const struct lookup *l, uint64_t row_id)
{
    const struct own_change *change = own_view_change(&l->own, row_id);
    if (change == NULL) return false;
    return change->batch == NULL || own_change_moves(change, &l->key->def);
}

/* Has the row, which the reader's transaction wrote, the key for the reader? */
static llkv_code own_matches(struct lookup *l, uint64_t row_id, bool *out_matches)
{
    struct key_rows kr;
    const struct table_reader reader = {&(struct snapshot){.ts = l->view.ts}, l->own.writes->set,
                                        l->own.mark};
    const struct own_change *change = own_view_change(&l->own, row_id);
    *out_matches = false;
    if (row_id >= TABLE_OWN_ROW_FIRST) {
        if (!own_view_has(&l->own, row_id)) return LLKV_OK;
    } else if (change == NULL || !own_change_moves(change, &l->key->def)) {
        return LLKV_OK;
    }
    struct arena_mark mark = arena_mark(l->cx->arena);
    llkv_code rc = key_rows_init(l->cx, &kr, l->table, &l->key->def);
    kr.rows = 1;
    for (uint32_t i = 0; rc == LLKV_OK && i < l->key->def.column_count; i++)
        rc = table_gather(l->cx, l->table, &reader, &row_id, 1, l->key->def.columns[i].column,
                          &kr.columns[i]);
    if (rc == LLKV_OK) rc = key_rows_make(l->cx, &kr, 0);
    *out_matches = rc == LLKV_OK && kr.bytes.len == l->bytes->len &&
                   memcmp(kr.bytes.data, l->bytes->data, kr.bytes.len) == 0;
    key_rows_deinit(&kr);
    if (rc == LLKV_OK) arena_rewind(l->cx->arena, mark);
    return rc;
}

/* A row its transaction may have given the key. False: look no further. */
static bool take_own(struct lookup *l, uint64_t row_id)
{
    bool ok;
    if (l->count == l->max) return false;
    l->rc = own_matches(l, row_id, &ok);
    if (l->rc == LLKV_OK && ok) l->rows[l->count++] = row_id;
    return l->rc == LLKV_OK;
}

static int compare_row_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The rows that a map proposes, each once. */
static llkv_code take_proposed(struct lookup *l, const struct key_map *map)
{
    const struct key_map_entry *first = key_map_find(map, key_map_hash(l->bytes));
    uint32_t n = 0;
    for (const struct key_map_entry *e = first; e != NULL; e = key_map_older(map, e))
        n++;
    if (n == 0) return LLKV_OK;
    struct arena_mark mark = arena_mark(l->cx->arena);
    uint64_t *row_ids = cx_alloc_array(l->cx, n, sizeof *row_ids);
    if (row_ids == NULL) return LLKV_NOMEM;
    uint32_t at = 0;
    for (const struct key_map_entry *e = first; e != NULL; e = key_map_older(map, e))
        row_ids[at++] = e->row_id;
    if (n > 1) qsort(row_ids, n, sizeof *row_ids, compare_row_ids);
    for (uint32_t i = 0; i < n; i++)
        if ((i == 0 || row_ids[i] != row_ids[i - 1]) && !take_own(l, row_ids[i])) break;
    if (l->rc == LLKV_OK) arena_rewind(l->cx->arena, mark);
    return l->rc;
}

/* Rows of the reader's own transaction; without a map for the key all it wrote is looked at. */
static llkv_code lookup_own(struct lookup *l)
{
    const struct table_writes *writes = l->own.writes;
    const uint32_t before = l->count;
    const struct own_key *own = NULL;
    for (uint32_t i = 0; i < writes->own_key_count; i++)
        if (writes->own_keys[i].key == l->key) own = &writes->own_keys[i];
    if (own != NULL) {
        TRY(take_proposed(l, &own->map));
    } else {
        for (uint32_t i = 0; i < writes->own.row_capacity; i++) {
            const struct own_row *row = &writes->own.rows[i];
            if (!row->used || row->row_id >= TABLE_OWN_ROW_FIRST) continue;
            if (!take_own(l, row->row_id)) break;
        }
        for (uint64_t i = 0; l->rc == LLKV_OK && i < l->own.rows; i++)
            if (!take_own(l, TABLE_OWN_ROW_FIRST + i)) break;
    }
    if (l->count != before) qsort(l->rows, l->count, sizeof *l->rows, compare_row_ids);
    return l->rc;
}

static bool take_row(void *arg, uint64_t row_id, bool live)
{
    struct lookup *l = arg;
    (void)live; /* of the latest state; the snapshot may see another */
    if (l->count == l->max) return false;
    if (!store_row_visible(l->table->store, &l->view, row_id)) return true;
    bool ok = true;
    if (l->own.writes != NULL && own_hides(l, row_id)) return true;
    if (may_have_changed(l, row_id)) l->rc = matches(l, row_id, &ok);
    if (l->rc != LLKV_OK) return false;
    if (ok) l->rows[l->count++] = row_id;
    return true;
}

/* For a snapshot that is older than the key: look at every row. */
static llkv_code lookup_by_scan(struct lookup *l)
{
    struct store *store = l->table->store;
    const struct layout *layout = store_layout(store);
    for (uint32_t s = 0; s < store_view_segments(store, &l->view); s++) {
        uint32_t rows = store_segment_rows(store, &l->view, s);
        for (uint32_t p = 0; p < rows; p++) {
            uint64_t row_id = layout_row_id(layout, s, p);
            bool ok = false;
            if (l->count == l->max) return LLKV_OK;
            if (!store_row_visible(store, &l->view, row_id)) continue;
            if (p % layout->vector_rows == 0) TRY(cx_check_cancel(l->cx));
            if (l->own.writes != NULL && own_hides(l, row_id)) continue;
            TRY(matches(l, row_id, &ok));
            if (ok) l->rows[l->count++] = row_id;
        }
    }
    return LLKV_OK;
}

static llkv_code make_bytes(struct cx *cx, const struct key_def *def, const struct value *values,
                            struct normkey *bytes)
{
    for (uint32_t i = 0; i < def->column_count; i++)
        TRY(normkey_append_value(cx, bytes, def->columns[i].descending, &values[i]));
    return LLKV_OK;
}

llkv_code table_key_lookup(struct cx *cx, struct table *table, const struct table_reader *reader,
                           uint32_t number, const struct value *values, uint64_t *out_rows,
                           uint32_t max, uint32_t *out_count)
{
    const struct snapshot *snapshot = reader->snapshot;
    *out_count = 0;
    int64_t moved = atomic_load_explicit(&table->keys_moved_ts, memory_order_acquire);
    if (number >= table->def->key_count && snapshot->ts < moved)
        return cx_fail_at(cx, LLKV_CONFLICT, -1, "40001",
                          "an index of table \"%s\" was dropped since the transaction began",
                          table->def->name);
    CHECK(cx, number < table_key_count(table));
    struct normkey bytes = {.budget = table->budget};
    struct lookup l = {
        .cx = cx,
        .table = table,
        .key = key_at(table_keys(table), number),
        .view = table_view(table, snapshot),
        .own = own_view_of(table, reader),
        .bytes = &bytes,
        .rows = out_rows,
        .max = max,
    };
    for (uint32_t i = 0; i < l.key->def.column_count; i++)
        if (values[i].is_null) return LLKV_OK;
    l.rc = make_bytes(cx, &l.key->def, values, &bytes);
    if (l.rc == LLKV_OK && snapshot->ts < l.key->valid_from) {
        l.rc = lookup_by_scan(&l);
    } else if (l.rc == LLKV_OK) {
        llkv_code rc = index_lookup(cx, l.key->index, bytes.data, bytes.len, take_row, &l);
        if (rc != LLKV_OK) l.rc = rc;
    }
    if (l.rc == LLKV_OK && l.own.writes != NULL) l.rc = lookup_own(&l);
    normkey_deinit(&bytes);
    *out_count = l.rc == LLKV_OK ? l.count : 0;
    return l.rc;
}
