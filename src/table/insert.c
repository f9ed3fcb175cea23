/* Inserts of a write set: rows gather in a buffer; a full buffer is sealed at once, so that a
 * commit of many rows only has to adopt segments. */
#include <assert.h>
#include <string.h>

#include "table/write_priv.h"

/* ---- where the rows are ---- */

llkv_code writes_ensure_sketches(struct cx *cx, struct table_writes *writes)
{
    const struct layout *layout = store_layout(writes->table->store);
    if (writes->sketches != NULL) return LLKV_OK;
    writes->sketches =
        mem_alloc_zero(writes->table->budget, layout->column_count * sizeof *writes->sketches);
    return writes->sketches == NULL ? cx_nomem(cx) : LLKV_OK;
}

static llkv_code seal_rows(struct cx *cx, struct table_writes *writes, struct chunk *chunk)
{
    TRY(writes_ensure_sketches(cx, writes));
    return writes_seal_buffer(cx, writes->table, &writes->rows, writes->sketches, &chunk->sealed);
}

/* A statement may be reading rows of the buffer that earlier ones inserted. */
static bool buffer_is_read(const struct table_writes *writes)
{
    if (!writes_explicit(writes)) return false;
    uint64_t before = own_span_at(&writes->own, writes->set->step).inserted;
    return before > writes->inserted - writes->rows.rows;
}

llkv_code writes_ensure_chunk(struct cx *cx, struct table_writes *writes)
{
    if (writes->chunk_count < writes->chunk_capacity) return LLKV_OK;
    uint32_t capacity = writes->chunk_capacity == 0 ? 4 : writes->chunk_capacity * 2;
    struct chunk **chunks =
        mem_realloc(writes->chunks, capacity * sizeof *chunks, writes->table->budget);
    if (chunks == NULL) return cx_nomem(cx);
    writes->chunks = chunks;
    writes->chunk_capacity = capacity;
    return LLKV_OK;
}

static void chunk_free(struct chunk *chunk)
{
    sealed_free(chunk->sealed);
    rowbuf_deinit(&chunk->buf);
    mem_free(chunk);
}

/* The rows of the buffer become a chunk: sealed if they fill a segment, else as they are. */
static llkv_code close_buffer(struct cx *cx, struct table_writes *writes, bool full)
{
    struct table *table = writes->table;
    const struct layout *layout = store_layout(table->store);
    struct rowbuf fresh = {0};
    llkv_code rc;
    TRY(writes_ensure_chunk(cx, writes));
    struct chunk *chunk = mem_alloc_zero(table->budget, sizeof *chunk);
    if (chunk == NULL) return cx_nomem(cx);
    chunk->first = writes->inserted - writes->rows.rows;
    bool keep = !full || buffer_is_read(writes);
    if (full) TRY_TO(failed, rc, seal_rows(cx, writes, chunk));
    if (keep) {
        TRY_TO(failed, rc, rowbuf_init(cx, &fresh, layout, table->budget));
        chunk->buf = writes->rows;
        writes->rows = fresh;
    } else {
        rowbuf_clear(&writes->rows);
    }
    writes->chunks[writes->chunk_count++] = chunk;
    return LLKV_OK;
failed:
    chunk_free(chunk);
    return rc;
}

llkv_code writes_break(struct cx *cx, struct table_writes *writes, bool seal)
{
    return writes->rows.rows == 0 ? LLKV_OK : close_buffer(cx, writes, seal);
}

llkv_code writes_adopt(struct cx *cx, struct table_writes *writes, struct sealed *sealed)
{
    if (writes->rows.rows != 0) TRY(close_buffer(cx, writes, false));
    TRY(writes_ensure_sketches(cx, writes));
    TRY(writes_ensure_chunk(cx, writes));
    TRY(own_reserve(cx, &writes->own, 0));
    struct chunk *chunk = mem_alloc_zero(writes->table->budget, sizeof *chunk);
    if (chunk == NULL) return cx_nomem(cx);
    sealed_add_sketches(sealed, writes->sketches);
    chunk->sealed = sealed;
    chunk->first = writes->inserted;
    writes->chunks[writes->chunk_count++] = chunk;
    writes->inserted += sealed->rows;
    own_note_rows(&writes->own, writes->set->step, sealed->rows, sealed->rows);
    return LLKV_OK;
}

void writes_cut_rows(struct table_writes *writes, uint64_t keep)
{
    assert(keep <= writes->inserted);
    uint64_t buffered = writes->inserted - writes->rows.rows;
    writes->inserted = keep;
    if (keep >= buffered) {
        if (writes->rows.columns != NULL)
            rowbuf_truncate(&writes->rows, (uint32_t)(keep - buffered));
        return;
    }
    if (writes->rows.columns != NULL) rowbuf_clear(&writes->rows);
    while (writes->chunk_count != 0) {
        struct chunk *chunk = writes->chunks[writes->chunk_count - 1];
        if (chunk->first < keep) {
            uint32_t rows = (uint32_t)(keep - chunk->first);
            if (chunk->sealed != NULL && chunk->sealed->rows > rows) chunk->sealed->rows = rows;
            if (chunk->buf.rows > rows) rowbuf_truncate(&chunk->buf, rows);
            return;
        }
        chunk_free(chunk);
        writes->chunk_count--;
    }
}

static bool has_long_texts(const struct rowbuf *buf)
{
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
    if (writes->rows.columns == NULL)
        TRY(rowbuf_init(cx, &writes->rows, layout, writes->set->budget));
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
        const bool full = writes->rows.rows == layout->segment_rows;
        if (full && writes_seals(cx, writes) > 1)
            TRY(writes_seal_later(cx, writes));
        else if (full || (!writes->set->replays && has_long_texts(&writes->rows)))
            TRY(close_buffer(cx, writes, full));
    }
    return LLKV_OK;
}

struct piece writes_piece(const struct table_writes *writes, uint32_t k)
{
    if (k == writes->chunk_count)
        return (struct piece){.buf = &writes->rows,
                              .first = writes->inserted - writes->rows.rows,
                              .rows = writes->rows.rows};
    const struct chunk *chunk = writes->chunks[k];
    return (struct piece){.sealed = chunk->sealed,
                          .buf = &chunk->buf,
                          .first = chunk->first,
                          .rows = chunk->sealed != NULL ? chunk->sealed->rows : chunk->buf.rows};
}

uint32_t writes_piece_of(const struct table_writes *writes, uint64_t number)
{
    uint32_t low = 0;
    uint32_t high = writes->chunk_count;
    assert(number < writes->inserted);
    if (number >= writes->inserted - writes->rows.rows) return high;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (writes->chunks[middle]->first <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

llkv_code writes_key_rows(struct cx *cx, struct table_writes *writes, struct key_rows *kr,
                          uint64_t first, uint32_t *out_rows)
{
    const uint32_t vector_rows = store_layout(writes->table->store)->vector_rows;
    struct piece piece = writes_piece(writes, writes_piece_of(writes, first));
    uint32_t at = (uint32_t)(first - piece.first);
    assert(at % vector_rows == 0);
    uint32_t n = piece.rows - at < vector_rows ? piece.rows - at : vector_rows;
    *out_rows = n;
    if (piece.sealed != NULL) return key_rows_sealed(cx, kr, piece.sealed, at / vector_rows, n);
    return key_rows_buffer(cx, kr, piece.buf, at, n);
}

/* ---- rows that may collide ---- */

struct collision {
    struct cx *cx;
    struct table_writes *writes;
    struct own_key *own;
    bool found;
    enum write_conflict mode;
    llkv_code rc;
};

static bool is_deleted(const struct collision *c, uint64_t row_id)
{
    if (writes_explicit(c->writes)) return !writes_row_lives(c->writes, row_id);
    if (row_id < TABLE_OWN_ROW_FIRST) return row_set_has(&c->writes->deleted, row_id);
    return row_set_has(&c->writes->own_dead, row_id - TABLE_OWN_ROW_FIRST);
}

/* A row that has the key. False: look no further. */
static bool meet(struct collision *c, uint64_t row_id)
{
    c->found = true;
    if (c->mode != WRITE_REPLACE) return false;
    c->rc = writes_delete_row(c->cx, c->writes, row_id);
    return c->rc == LLKV_OK;
}

/* A committed row with the key. */
static bool meet_committed(void *arg, uint64_t row_id, bool live)
{
    struct collision *c = arg;
    if (!live || is_deleted(c, row_id)) return true;
    const struct own_change *change = own_seen(&c->writes->own, row_id, UINT32_MAX);
    if (change != NULL && own_change_moves(change, &c->own->key->def)) return true;
    return meet(c, row_id);
}

/* A row that this set wrote, maybe with the key. */
static bool meet_own(struct collision *c, uint64_t row_id)
{
    bool has = false;
    if (is_deleted(c, row_id)) return true;
    c->rc = own_row_has_key(c->cx, c->writes, &c->own->key->def, row_id, &c->own->rows.bytes, &has);
    if (c->rc != LLKV_OK) return false;
    return !has || meet(c, row_id);
}

static llkv_code collide(struct collision *c, struct own_key *own)
{
    const struct normkey *bytes = &own->rows.bytes;
    if (own->rows.has_null || !key_is_unique(own->key)) return LLKV_OK;
    c->own = own;
    TRY(index_lookup(c->cx, own->key->index, bytes->data, bytes->len, meet_committed, c));
    if (c->rc != LLKV_OK || (c->found && c->mode != WRITE_REPLACE)) return c->rc;
    const struct key_map_entry *entry = key_map_find(&own->map, own->hash);
    while (entry != NULL && meet_own(c, entry->row_id))
        entry = key_map_older(&own->map, entry);
    return c->rc;
}

/* For REPLACE and IGNORE, and if there are maps to keep up.
 *
 * One row: *out_take tells whether it is inserted, as row `number`. */
static llkv_code meet_row(struct cx *cx, struct table_writes *writes, uint32_t row, uint64_t number,
                          enum write_conflict mode, bool *out_take)
{
    struct collision c = {.cx = cx, .writes = writes, .mode = mode};
    for (uint32_t k = 0; k < writes->own_key_count; k++) {
        struct own_key *own = &writes->own_keys[k];
        TRY(key_rows_make(cx, &own->rows, row));
        own->hash = key_map_hash(&own->rows.bytes);
        if (mode != WRITE_ABORT) TRY(collide(&c, own));
        if (c.found && mode == WRITE_IGNORE) {
            *out_take = false;
            return LLKV_OK;
        }
    }
    for (uint32_t k = 0; k < writes->own_key_count; k++)
        TRY(own_key_add(cx, &writes->own_keys[k], TABLE_OWN_ROW_FIRST + number));
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

/* Each row is appended before the next one is looked at, so that what it has for a key can be read
 * back. */
static llkv_code insert_checked(struct cx *cx, struct table_writes *writes,
                                const struct vector *columns, const uint16_t *sel, uint32_t n,
                                enum write_conflict mode)
{
    struct arena_mark mark = arena_mark(cx->arena);
    TRY(load_new_rows(cx, writes, columns, sel, n));
    for (uint32_t i = 0; i < n; i++) {
        const uint16_t row = sel == NULL ? (uint16_t)i : sel[i];
        bool take = false;
        TRY(meet_row(cx, writes, i, writes->inserted, mode, &take));
        if (take) TRY(append_rows(cx, writes, columns, &row, 1));
    }
    arena_rewind(cx->arena, mark);
    writes->keyed_rows = writes->inserted;
    return LLKV_OK;
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
    TRY(writes_of(cx, set, table, false, &writes));
    TRY(check_not_null(cx, table, rows));
    uint64_t before = writes->inserted;
    bool checked = on_conflict != WRITE_ABORT;
    if (checked) TRY(own_keys_update(cx, writes));
    if (!writes_explicit(writes)) checked = writes->own_key_count != 0;
    if (writes_explicit(writes)) TRY(own_reserve(cx, &writes->own, 0));
    llkv_code rc =
        checked ? insert_checked(cx, writes, rows->columns, rows->sel, rows->live, on_conflict)
                : append_rows(cx, writes, rows->columns, rows->sel, rows->live);
    int64_t inserted = (int64_t)(writes->inserted - before);
    /* Of a failed insert too, so that the rollback finds the rows. */
    if (writes_explicit(writes) && inserted != 0)
        own_note_rows(&writes->own, set->step, (uint64_t)inserted, inserted);
    if (io_rows != NULL && rc == LLKV_OK) *io_rows += inserted;
    return rc;
}
