/* Inserts of a write set: rows gather in a buffer; a full buffer is sealed at once, so that a
 * commit of many rows only has to adopt segments. */
#include <assert.h>
#include <string.h>

#include "table/write_priv.h"

/* ---- where the rows are ---- */

static struct vector buffer_vector(const void *arg, uint32_t column, uint32_t vector,
                                   uint64_t *scratch)
{
    const struct rowbuf *buf = arg;
    uint32_t first = vector * buf->layout->vector_rows;
    uint32_t n = buf->rows - first;
    if (n > buf->layout->vector_rows) n = buf->layout->vector_rows;
    return rowbuf_vector(buf, column, first, n, scratch);
}

static llkv_code seal_rows(struct cx *cx, struct table_writes *writes, struct chunk *chunk)
{
    struct table *table = writes->table;
    const struct layout *layout = store_layout(table->store);
    if (writes->sketches == NULL) {
        writes->sketches =
            mem_alloc_zero(table->budget, layout->column_count * sizeof *writes->sketches);
        if (writes->sketches == NULL) return cx_nomem(cx);
    }
    struct sealed_source source = {.vector = buffer_vector,
                                   .arg = &writes->rows,
                                   .rows = writes->rows.rows,
                                   .sketches = writes->sketches};
    TRY(sealed_new(cx, table->budget, store_pager(table->store), layout, &source, &chunk->sealed));
    rowbuf_clear(&writes->rows);
    return LLKV_OK;
}

/* The rows of the buffer become a chunk: sealed if they fill a segment, else as they are. */
static llkv_code close_buffer(struct cx *cx, struct table_writes *writes)
{
    struct table *table = writes->table;
    const struct layout *layout = store_layout(table->store);
    struct chunk *chunk = mem_alloc_zero(table->budget, sizeof *chunk);
    if (chunk == NULL) return cx_nomem(cx);
    llkv_code rc;
    chunk->first = writes->inserted - writes->rows.rows;
    if (writes->rows.rows == layout->segment_rows) {
        rc = seal_rows(cx, writes, chunk);
    } else {
        struct rowbuf fresh;
        rc = rowbuf_init(cx, &fresh, layout, table->budget);
        if (rc == LLKV_OK) {
            chunk->buf = writes->rows;
            writes->rows = fresh;
        }
    }
    if (rc != LLKV_OK) {
        mem_free(chunk);
        return rc;
    }
    *writes->chunks_end = chunk;
    writes->chunks_end = &chunk->next;
    return LLKV_OK;
}

static bool is_full(const struct rowbuf *buf)
{
    if (buf->rows == buf->layout->segment_rows) return true;
    for (uint32_t c = 0; c < buf->layout->column_count; c++)
        if (buf->columns[c].text_bytes > TEXT_BYTES_MAX / 4) return true;
    return false;
}

/* Append n rows (those of `sel`, or the first n). */
static llkv_code append_rows(struct cx *cx, struct table_writes *writes,
                             const struct vector *columns, const uint16_t *sel, uint32_t n)
{
    const struct layout *layout = store_layout(writes->table->store);
    uint16_t part[VEC_ROWS_MAX];
    for (uint32_t done = 0; done < n;) {
        uint32_t count = layout->segment_rows - writes->rows.rows;
        if (count > n - done) count = n - done;
        const uint16_t *rows = sel == NULL ? NULL : sel + done;
        if (sel == NULL && done != 0) {
            for (uint32_t i = 0; i < count; i++)
                part[i] = (uint16_t)(done + i);
            rows = part;
        }
        TRY(rowbuf_append(cx, &writes->rows, columns, rows, count));
        writes->inserted += count;
        done += count;
        if (is_full(&writes->rows)) TRY(close_buffer(cx, writes));
    }
    return LLKV_OK;
}

static const struct chunk *chunk_of(const struct table_writes *writes, uint64_t number)
{
    const struct chunk *found = NULL;
    for (const struct chunk *c = writes->chunks; c != NULL && c->first <= number; c = c->next)
        found = c;
    if (number >= writes->inserted - writes->rows.rows) return NULL;
    return found;
}

llkv_code writes_key_rows(struct cx *cx, struct table_writes *writes, struct key_rows *kr,
                          uint64_t first, uint32_t *out_rows)
{
    const struct layout *layout = store_layout(writes->table->store);
    const struct chunk *chunk = chunk_of(writes, first);
    const struct rowbuf *buf = chunk == NULL ? &writes->rows : &chunk->buf;
    uint64_t base = chunk == NULL ? writes->inserted - buf->rows : chunk->first;
    uint32_t at = (uint32_t)(first - base);
    uint32_t total = chunk != NULL && chunk->sealed != NULL ? chunk->sealed->rows : buf->rows;
    assert(at % layout->vector_rows == 0);
    uint32_t n = total - at < layout->vector_rows ? total - at : layout->vector_rows;
    *out_rows = n;
    if (chunk != NULL && chunk->sealed != NULL)
        return key_rows_sealed(cx, kr, chunk->sealed, at / layout->vector_rows, n);
    return key_rows_buffer(cx, kr, buf, at, n);
}

/* ---- the set's own unique keys ---- */

void own_keys_deinit(struct table_writes *writes)
{
    for (uint32_t i = 0; i < writes->own_key_count; i++) {
        art_discard(&writes->own_keys[i].tree);
        key_rows_deinit(&writes->own_keys[i].rows);
    }
    writes->own_key_count = 0;
    writes->own_keys = NULL; /* in the arena */
    writes->has_own_keys = false;
}

static llkv_code own_key_add(struct cx *cx, struct own_key *own, uint64_t number)
{
    uint8_t row[8];
    struct normkey *bytes = &own->rows.bytes;
    if (own->rows.has_null) return LLKV_OK;
    for (uint32_t i = 0; i < sizeof row; i++)
        row[i] = (uint8_t)(number >> (56 - 8 * i));
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

/* Take up the rows that are there already. */
static llkv_code own_key_fill(struct cx *cx, struct table_writes *writes, struct own_key *own)
{
    for (uint64_t first = 0; first < writes->inserted;) {
        uint32_t n;
        TRY(writes_key_rows(cx, writes, &own->rows, first, &n));
        for (uint32_t i = 0; i < n; i++) {
            TRY(key_rows_make(cx, &own->rows, i));
            TRY(own_key_add(cx, own, first + i));
        }
        first += n;
    }
    return LLKV_OK;
}

static llkv_code own_keys_init(struct cx *cx, struct table_writes *writes)
{
    const struct key_list *keys = table_keys(writes->table);
    uint32_t count = atomic_load_explicit(&keys->count, memory_order_acquire);
    struct cx inner = cx_with_arena(cx, &writes->arena);
    writes->own_keys = cx_alloc_zero(&inner, count * sizeof *writes->own_keys);
    if (writes->own_keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct key *key = key_at(keys, i);
        if (!key_is_unique(key)) continue;
        struct own_key *own = &writes->own_keys[writes->own_key_count];
        TRY(key_rows_init(&inner, &own->rows, writes->table, &key->def));
        own->key = key;
        own->tree = (struct art_change){.budget = writes->table->budget, .owner = 1};
        writes->own_key_count++;
        TRY(own_key_fill(&inner, writes, own));
    }
    writes->has_own_keys = true;
    return LLKV_OK;
}

/* ---- rows that may collide ---- */

struct collision {
    struct cx *cx;
    struct table_writes *writes;
    bool found;
    enum write_conflict mode;
    llkv_code rc;
};

/* A committed row with the key. */
static bool meet_committed(void *arg, uint64_t row_id, bool live)
{
    struct collision *c = arg;
    bool added;
    if (!live || row_set_has(&c->writes->deleted, row_id)) return true;
    c->found = true;
    if (c->mode != WRITE_REPLACE) return false;
    c->rc = row_set_add(c->cx, &c->writes->deleted, row_id, &added);
    return c->rc == LLKV_OK;
}

/* A row of this set with the key. */
static bool meet_own(void *arg, struct art_leaf *leaf)
{
    struct collision *c = arg;
    bool added;
    uint64_t number = art_leaf_row(leaf);
    if (row_set_has(&c->writes->own_dead, number)) return true;
    c->found = true;
    if (c->mode != WRITE_REPLACE) return false;
    c->rc = row_set_add(c->cx, &c->writes->own_dead, number, &added);
    return c->rc == LLKV_OK;
}

static llkv_code collide(struct collision *c, struct own_key *own)
{
    const struct normkey *bytes = &own->rows.bytes;
    if (own->rows.has_null) return LLKV_OK;
    index_lookup(own->key->index, bytes->data, bytes->len, meet_committed, c);
    if (c->rc == LLKV_OK && (!c->found || c->mode == WRITE_REPLACE))
        art_each(own->tree.root, bytes->data, (uint32_t)bytes->len, meet_own, c);
    return c->rc;
}

/* One row: *out_take tells whether it is inserted, as row `number`. */
static llkv_code meet_row(struct cx *cx, struct table_writes *writes, uint32_t row, uint64_t number,
                          enum write_conflict mode, bool *out_take)
{
    struct collision c = {.cx = cx, .writes = writes, .mode = mode};
    for (uint32_t k = 0; k < writes->own_key_count; k++) {
        struct own_key *own = &writes->own_keys[k];
        TRY(key_rows_make(cx, &own->rows, row));
        if (mode != WRITE_ABORT) TRY(collide(&c, own));
        if (c.found && mode == WRITE_IGNORE) {
            *out_take = false;
            return LLKV_OK;
        }
    }
    for (uint32_t k = 0; k < writes->own_key_count; k++)
        TRY(own_key_add(cx, &writes->own_keys[k], number));
    *out_take = true;
    return LLKV_OK;
}

/* The key columns of the rows to be inserted, FLAT and dense. */
static llkv_code load_new_rows(struct cx *cx, struct table_writes *writes,
                               const struct vector *columns, const uint16_t *sel, uint32_t n)
{
    for (uint32_t k = 0; k < writes->own_key_count; k++) {
        struct key_rows *kr = &writes->own_keys[k].rows;
        kr->rows = n;
        for (uint32_t i = 0; i < kr->def->column_count; i++) {
            uint64_t *validity = cx_alloc(cx, VEC_WORDS_MAX * sizeof *validity);
            uint8_t *data = cx_alloc(cx, (size_t)n * 16 + 16);
            if (validity == NULL || data == NULL) return LLKV_NOMEM;
            vec_flatten(&columns[kr->def->columns[i].column], sel, n, data, validity,
                        &kr->columns[i]);
        }
    }
    return LLKV_OK;
}

static llkv_code insert_checked(struct cx *cx, struct table_writes *writes,
                                const struct vector *columns, const uint16_t *sel, uint32_t n,
                                enum write_conflict mode)
{
    uint16_t taken[VEC_ROWS_MAX];
    uint32_t count = 0;
    struct arena_mark mark = arena_mark(cx->arena);
    TRY(load_new_rows(cx, writes, columns, sel, n));
    for (uint32_t i = 0; i < n; i++) {
        bool take = false;
        TRY(meet_row(cx, writes, i, writes->inserted + count, mode, &take));
        if (take) taken[count++] = sel == NULL ? (uint16_t)i : sel[i];
    }
    arena_rewind(cx->arena, mark);
    return append_rows(cx, writes, columns, taken, count);
}

/* ---- the door ---- */

static llkv_code check_not_null(struct cx *cx, const struct table *table, const struct batch *rows)
{
    for (uint32_t c = 0; c < table->def->column_count; c++) {
        const struct vector *v = &rows->columns[c];
        if (!table->required[c]) continue;
        if (v->validity == NULL && v->phys != PHYS_NULLS) continue;
        for (uint32_t i = 0; i < rows->live; i++)
            if (!vec_valid(v, rows->sel == NULL ? i : rows->sel[i]))
                return cx_fail_at(cx, LLKV_CONSTRAINT, -1, "23502",
                                  "column \"%s\" of table \"%s\" must not be NULL",
                                  table->def->columns[c].name, table->def->name);
    }
    return LLKV_OK;
}

llkv_code write_insert(struct cx *cx, struct write_set *set, struct table *table,
                       const struct batch *rows, enum write_conflict on_conflict, int64_t *io_rows)
{
    struct table_writes *writes;
    assert(rows->column_count == table->def->column_count);
    assert(rows->live <= VEC_ROWS_MAX);
    TRY(writes_of(cx, set, table, &writes));
    TRY(check_not_null(cx, table, rows));
    uint64_t before = writes->inserted;
    if (on_conflict != WRITE_ABORT && !writes->has_own_keys) TRY(own_keys_init(cx, writes));
    if (writes->own_key_count != 0) {
        TRY(insert_checked(cx, writes, rows->columns, rows->sel, rows->live, on_conflict));
    } else {
        TRY(append_rows(cx, writes, rows->columns, rows->sel, rows->live));
    }
    if (io_rows != NULL) *io_rows += (int64_t)(writes->inserted - before);
    return LLKV_OK;
}
