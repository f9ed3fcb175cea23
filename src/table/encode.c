#include "table/encode.h"

#include <assert.h>

#include "table/own_read.h"
#include "table/row_codec.h"
#include "txn/frame.h"

enum { PART_BYTES = 4 * 1024 * 1024 };

struct encoder {
    struct table_writes *writes;
    struct pack_writer *out;
    uint64_t last_id;
    uint16_t *columns; /* of the table: all of them */
};

static struct pack_writer *bytes_of(struct table_writes *writes)
{
    return &writes->encoded.bytes;
}

/* ---- parts ---- */

/* What has been packed goes to a batch. */
static llkv_code close_part(struct cx *cx, struct table_writes *writes)
{
    struct encoded *encoded = &writes->encoded;
    struct blob_sink *sink = &writes->set->sink;
    if (encoded->bytes.len == 0) return LLKV_OK;
    if (sink->pager == NULL)
        blob_sink_init(sink, writes->set->budget, txn_log_pager(writes->set->manager));
    if (encoded->part_count == encoded->part_capacity) {
        uint32_t capacity = encoded->part_capacity == 0 ? 4 : encoded->part_capacity * 2;
        struct blob_ref *parts =
            mem_realloc(encoded->parts, capacity * sizeof *parts, writes->set->budget);
        if (parts == NULL) return cx_nomem(cx);
        encoded->parts = parts;
        encoded->part_capacity = capacity;
    }
    TRY(blob_sink_put(cx, sink, &encoded->bytes, &encoded->parts[encoded->part_count]));
    encoded->part_count++;
    encoded->bytes.len = 0;
    return LLKV_OK;
}

/* Between two steps. */
static llkv_code end_step(struct cx *cx, struct encoder *e)
{
    if (e->out->bad) return cx_nomem(cx);
    e->last_id = 0; /* every step begins anew */
    TRY(cx_check_cancel(cx));
    return e->out->len < PART_BYTES ? LLKV_OK : close_part(cx, e->writes);
}

static void pack_row_id(struct encoder *e, uint64_t row_id)
{
    pack_varint(e->out, encode_zigzag(e->last_id, row_id));
    e->last_id = row_id;
}

/* ---- inserted rows ---- */

/* All rows of a chunk, those that are deleted again too: row ids count them. */
static llkv_code encode_piece_rows(struct cx *cx, struct encoder *e, const struct piece *piece)
{
    const struct layout *layout = store_layout(e->writes->table->store);
    struct vector *columns = cx_alloc_array(cx, layout->column_count, sizeof *columns);
    uint64_t *scratch =
        cx_alloc_array(cx, layout->column_count, 2 * VEC_WORDS_MAX * sizeof *scratch);
    if (columns == NULL || scratch == NULL) return LLKV_NOMEM;
    for (uint32_t done = 0; done < piece->rows;) {
        uint32_t n = piece->rows - done;
        if (n > layout->vector_rows) n = layout->vector_rows;
        for (uint32_t c = 0; c < layout->column_count; c++) {
            if (piece->sealed != NULL) {
                TRY(chunk_ready(cx, piece->sealed->columns[c]));
                columns[c] = sealed_vector(piece->sealed, c, done / layout->vector_rows, n);
            } else {
                columns[c] =
                    rowbuf_vector(piece->buf, c, done, n, scratch + (size_t)c * 2 * VEC_WORDS_MAX);
            }
        }
        pack_u8(e->out, STEP_ROWS);
        rows_pack(e->out, columns, layout->column_count, NULL, n);
        TRY(end_step(cx, e));
        done += n;
    }
    return LLKV_OK;
}

/* A segment that lies in the log's own pager is named, any other is copied. */
static llkv_code encode_piece(struct cx *cx, struct encoder *e, const struct piece *piece,
                              bool is_last)
{
    llkv_pager *pager = txn_log_pager(e->writes->set->manager);
    if (piece->sealed != NULL && store_pager(e->writes->table->store) == pager) {
        struct sealed_ref ref = sealed_ref_of(piece->sealed);
        TRY(sealed_sync(cx, piece->sealed));
        pack_u8(e->out, STEP_ADOPT);
        pack_varint(e->out, ref.batch_seq);
        pack_varint(e->out, ref.header_offset);
        pack_varint(e->out, piece->rows);
        return end_step(cx, e);
    }
    struct arena_mark mark = arena_mark(cx->arena);
    TRY(encode_piece_rows(cx, e, piece));
    arena_rewind(cx->arena, mark);
    if (is_last) return LLKV_OK;
    pack_u8(e->out, piece->sealed != NULL ? STEP_SEAL : STEP_BREAK);
    return end_step(cx, e);
}

/* ---- deletes ---- */

static llkv_code encode_deletes(struct cx *cx, struct encoder *e, struct row_set *set,
                                uint64_t first_id)
{
    struct row_unit *units;
    uint32_t count;
    uint64_t row_ids[VEC_ROWS_MAX];
    uint32_t n = 0;
    uint64_t left = set->rows;
    TRY(row_set_union(cx, set, NULL, &units, &count));
    for (uint32_t u = 0; u < count; u++) {
        for (uint32_t i = 0; i < set->vector_rows; i++) {
            if (!bit_get(units[u].bits, i)) continue;
            row_ids[n++] = first_id + units[u].unit * set->vector_rows + i;
            left--;
            if (n < VEC_ROWS_MAX && left != 0) continue;
            pack_u8(e->out, STEP_DELETE);
            pack_varint(e->out, n);
            for (uint32_t k = 0; k < n; k++)
                pack_row_id(e, row_ids[k]);
            TRY(end_step(cx, e));
            n = 0;
        }
    }
    return LLKV_OK;
}

/* ---- updates ---- */

/* Does this row of a batch say what the row is in the end? */
static bool is_final(struct table_writes *writes, const struct update_batch *batch, uint32_t at)
{
    if (!writes_explicit(writes)) return !row_set_has(&writes->deleted, batch->row_ids[at]);
    const struct own_change *change = own_seen(&writes->own, batch->row_ids[at], OWN_MARK_NOW);
    return change != NULL && change->batch == batch && change->at == at;
}

static void encode_update_block(struct encoder *e, const struct update_batch *batch,
                                const struct vector *columns, uint32_t first, const uint16_t *sel,
                                uint32_t n)
{
    const uint32_t column_count = batch->layout.column_count;
    pack_u8(e->out, STEP_UPDATE);
    pack_varint(e->out, column_count);
    for (uint32_t c = 0; c < column_count; c++)
        pack_varint(e->out, batch->columns[c]);
    rows_pack(e->out, columns, column_count, sel, n);
    for (uint32_t i = 0; i < n; i++)
        pack_row_id(e, batch->row_ids[first + sel[i]]);
}

static llkv_code encode_batch(struct cx *cx, struct encoder *e, const struct update_batch *batch)
{
    const uint32_t column_count = batch->layout.column_count;
    struct vector *columns = cx_alloc_array(cx, column_count + 1u, sizeof *columns);
    uint64_t *scratch = cx_alloc_array(cx, column_count + 1u, 2 * VEC_WORDS_MAX * sizeof *scratch);
    uint16_t sel[VEC_ROWS_MAX];
    if (columns == NULL || scratch == NULL) return LLKV_NOMEM;
    for (uint32_t first = 0; first < batch->values.rows; first += VEC_ROWS_MAX) {
        uint32_t rows = batch->values.rows - first;
        uint32_t n = 0;
        if (rows > VEC_ROWS_MAX) rows = VEC_ROWS_MAX;
        for (uint32_t i = 0; i < rows; i++)
            if (is_final(e->writes, batch, first + i)) sel[n++] = (uint16_t)i;
        if (n == 0) continue;
        for (uint32_t c = 0; c < column_count; c++)
            columns[c] = rowbuf_vector(&batch->values, c, first, rows,
                                       scratch + (size_t)c * 2 * VEC_WORDS_MAX);
        encode_update_block(e, batch, columns, first, sel, n);
        TRY(end_step(cx, e));
    }
    return LLKV_OK;
}

static llkv_code encode_table(struct cx *cx, struct table_writes *writes)
{
    struct encoder e = {.writes = writes, .out = bytes_of(writes)};
    e.out->budget = writes->set->budget;
    for (uint32_t k = 0; k <= writes->chunk_count; k++) {
        struct piece piece = writes_piece(writes, k);
        if (piece.rows != 0) TRY(encode_piece(cx, &e, &piece, k == writes->chunk_count));
    }
    TRY(encode_deletes(cx, &e, &writes->deleted, 0));
    TRY(encode_deletes(cx, &e, &writes->own_dead, TABLE_OWN_ROW_FIRST));
    for (const struct update_batch *b = writes->updates; b != NULL; b = b->next) {
        struct arena_mark mark = arena_mark(cx->arena);
        TRY(encode_batch(cx, &e, b));
        arena_rewind(cx->arena, mark);
    }
    return LLKV_OK;
}

/* ---- a whole set ---- */

llkv_code writes_note_batch(struct cx *cx, struct write_set *set, uint32_t batch_seq,
                            uint64_t bytes)
{
    for (struct txn_log_batch *b = set->log_batches; b != NULL; b = b->next)
        if (b->batch_seq == batch_seq) {
            b->bytes += bytes;
            return LLKV_OK;
        }
    struct txn_log_batch *batch = mem_alloc_zero(set->budget, sizeof *batch);
    if (batch == NULL) return cx_nomem(cx);
    batch->batch_seq = batch_seq;
    batch->bytes = bytes;
    batch->next = set->log_batches;
    set->log_batches = batch;
    return LLKV_OK;
}

static llkv_code seal_parts(struct cx *cx, struct write_set *set)
{
    struct blob_sink *sink = &set->sink;
    if (sink->pager == NULL) return LLKV_OK;
    TRY(blob_sink_finish(cx, sink));
    for (struct table_writes *writes = set->first; writes != NULL; writes = writes->next) {
        struct encoded *encoded = &writes->encoded;
        for (uint32_t i = 0; i < encoded->part_count; i++) {
            struct blob_ref *part = &encoded->parts[i];
            part->handle = blob_sink_resolve(sink, part->handle);
            TRY(writes_note_batch(cx, set, blob_batch(*part), part->bytes));
        }
    }
    for (uint32_t i = 0; i < sink->count; i++) {
        TRY(writes_note_batch(cx, set, sink->seqs[i], 0));
        TRY(pager_batch_sync(cx, sink->pager, sink->seqs[i]));
    }
    return LLKV_OK;
}

llkv_code encode_write_set(struct cx *cx, struct write_set *set)
{
    size_t total = 0;
    for (struct table_writes *writes = set->first; writes != NULL; writes = writes->next) {
        if (!writes->takes_part || writes->table->def->temporary) continue;
        TRY(encode_table(cx, writes));
        total += bytes_of(writes)->len;
    }
    for (struct table_writes *writes = set->first; writes != NULL; writes = writes->next)
        if (total > ENCODE_INLINE_MAX) TRY(close_part(cx, writes));
    return seal_parts(cx, set);
}

llkv_code encode_writes(struct cx *cx, struct txn_participant *participant, struct frame *frame)
{
    const struct table_writes *writes = (const struct table_writes *)participant;
    const struct encoded *encoded = &writes->encoded;
    struct pack_writer *out = &frame->bytes;
    (void)cx; /* lack of memory shows when the frame is finished */
    if (writes->table->def->temporary) return LLKV_OK;
    frame_op_begin(frame, FRAME_TABLE);
    pack_varint(out, writes->table->def->id);
    pack_varint(out, encoded->part_count);
    for (uint32_t i = 0; i < encoded->part_count; i++) {
        pack_u64(out, encoded->parts[i].handle);
        pack_u32(out, encoded->parts[i].bytes);
        pack_u32(out, encoded->parts[i].crc);
    }
    pack_varint(out, encoded->bytes.len);
    pack_bytes(out, encoded->bytes.data, encoded->bytes.len);
    pack_varint(out, writes->change.piece_count);
    for (uint32_t p = 0; p < writes->change.piece_count; p++) {
        pack_varint(out, writes->change.pieces[p].row_id);
        pack_varint(out, writes->change.pieces[p].rows);
    }
    frame_op_end(frame);
    return LLKV_OK;
}
