#include "table/own_read.h"

#include <assert.h>
#include <string.h>

struct own_view own_view_at(const struct table *table, const struct table_reader *reader)
{
    const struct table_writes *writes = reader->own->first;
    while (writes != NULL && writes->table != table)
        writes = writes->next;
    if (writes == NULL) return (struct own_view){0};
    struct own_span span = own_span_at(&writes->own, reader->mark);
    return (struct own_view){
        .writes = writes,
        .mark = reader->mark,
        .rows = reader->mark == OWN_MARK_NOW ? writes->inserted : span.inserted,
        .live = span.live,
    };
}

const struct own_change *own_view_change(const struct own_view *view, uint64_t row_id)
{
    return own_seen(&view->writes->own, row_id, view->mark);
}

bool own_view_has(const struct own_view *view, uint64_t row_id)
{
    if (row_id - TABLE_OWN_ROW_FIRST >= view->rows) return false;
    const struct own_change *change = own_view_change(view, row_id);
    return change == NULL || change->batch != NULL;
}

uint32_t own_view_pieces(const struct own_view *view)
{
    if (view->writes == NULL || view->rows == 0) return 0;
    return writes_piece_of(view->writes, view->rows - 1) + 1;
}

uint32_t own_view_piece_rows(const struct own_view *view, uint32_t k)
{
    struct piece piece = writes_piece(view->writes, k);
    assert(piece.first < view->rows);
    return view->rows - piece.first < piece.rows ? (uint32_t)(view->rows - piece.first)
                                                 : piece.rows;
}

void own_copy_flat(const struct vector *v, struct value_room *room, struct vector *out)
{
    struct vector flat;
    uint64_t bits[VEC_WORDS_MAX];
    vec_flatten(v, NULL, v->rows, room->data, bits, &flat);
    if (flat.data != room->data && flat.data != NULL) {
        size_t bytes = v->phys == PHYS_BOOL ? bitmap_words(v->rows) * sizeof(uint64_t)
                                            : (size_t)v->rows * phys_bytes[v->phys];
        memcpy(room->data, flat.data, bytes);
    }
    if (flat.validity == NULL) {
        bitmap_fill(room->validity, v->rows, true);
    } else {
        memcpy(room->validity, flat.validity, bitmap_words(v->rows) * sizeof(uint64_t));
    }
    *out = (struct vector){.phys = v->phys,
                           .shape = VEC_FLAT,
                           .rows = v->rows,
                           .data = room->data,
                           .validity = room->validity};
}

llkv_code own_view_read(struct cx *cx, const struct own_view *view, uint32_t k, uint32_t first,
                        uint32_t n, uint16_t column, struct value_room *room, struct vector *out)
{
    struct piece piece = writes_piece(view->writes, k);
    const struct layout *layout = store_layout(view->writes->table->store);
    const struct own *own = &view->writes->own;
    uint64_t scratch[2 * VEC_WORDS_MAX];
    struct vector v;
    TRY(value_room_ensure(cx, room));
    if (piece.sealed != NULL) {
        TRY(chunk_ready(cx, piece.sealed->columns[column]));
        v = sealed_vector(piece.sealed, column, first / layout->vector_rows, n);
        if (own->numbers_changed.rows == 0) {
            *out = v;
            return LLKV_OK;
        }
    } else {
        v = rowbuf_vector(piece.buf, column, first, n, scratch);
    }
    own_copy_flat(&v, room, out);
    for (uint32_t i = 0; own->numbers_changed.rows != 0 && i < n; i++) {
        uint64_t row_id = TABLE_OWN_ROW_FIRST + piece.first + first + i;
        const struct own_change *change = own_view_change(view, row_id);
        if (change == NULL || change->batch == NULL) continue;
        update_put(change->batch, change->at, column, room->data, room->validity, i);
    }
    return LLKV_OK;
}

llkv_code own_view_value(struct cx *cx, const struct own_view *view, uint64_t row_id,
                         uint16_t column, void *data, uint64_t *validity, uint32_t slot)
{
    uint64_t number = row_id - TABLE_OWN_ROW_FIRST;
    struct piece piece = writes_piece(view->writes, writes_piece_of(view->writes, number));
    const struct layout *layout = store_layout(view->writes->table->store);
    uint32_t at = (uint32_t)(number - piece.first);
    uint16_t row = (uint16_t)(at % layout->vector_rows);
    uint64_t scratch[2 * VEC_WORDS_MAX];
    _Alignas(16) uint64_t value[2] = {0, 0};
    uint64_t valid;
    struct vector v, flat;
    if (piece.sealed != NULL) {
        TRY(chunk_ready(cx, piece.sealed->columns[column]));
        v = sealed_vector(piece.sealed, column, at / layout->vector_rows, row + 1u);
    } else {
        v = rowbuf_vector(piece.buf, column, at, 1, scratch);
        row = 0;
    }
    const size_t width = phys_bytes[v.phys];
    vec_flatten(&v, &row, 1, value, &valid, &flat);
    bit_put(validity, slot,
            v.phys != PHYS_NULLS && (flat.validity == NULL || bit_get(flat.validity, 0)));
    if (v.phys == PHYS_BOOL) {
        bit_put(data, slot, bit_get(flat.data, 0));
    } else if (width != 0) {
        memcpy((uint8_t *)data + slot * width, flat.data, width);
    }
    const struct own_change *change = own_view_change(view, row_id);
    if (change != NULL && change->batch != NULL)
        update_put(change->batch, change->at, column, data, validity, slot);
    return LLKV_OK;
}
