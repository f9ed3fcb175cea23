/* Writing a column: head first in the batch, filled in last. */
#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "column/chunk_priv.h"
#include "column/sound.h"

struct writing {
    struct cx *cx;
    const struct layout *layout;
    const struct sealed_source *source;
    uint32_t column;
    enum phys_type phys;
    struct chunk_head head;
    struct chunk_shape shape;
    uint8_t *head_space;
    void *space[PART_COUNT];
    struct zone *zones; /* in the head's space */
    struct sketch *sketch;
    uint64_t scratch[2 * VEC_WORDS_MAX];
    uint64_t keys[VEC_ROWS_MAX];
};

struct chunk_shape chunk_shape(const struct layout *layout, const struct chunk_head *head)
{
    struct chunk_shape shape = {0};
    const uint32_t vectors = chunk_vectors(layout, head->rows);
    const uint64_t bits = (uint64_t)vectors * layout->vector_words * sizeof(uint64_t);
    enum phys_type phys = head->phys;
    if (phys != PHYS_NULLS)
        shape.bytes[PART_DATA] = phys == PHYS_VIEW   ? ((uint64_t)head->rows + 1) * sizeof(int32_t)
                                 : phys == PHYS_BOOL ? bits
                                                     : (uint64_t)head->rows * phys_bytes[phys];
    if (head->flags & CHUNK_VALIDITY) shape.bytes[PART_VALIDITY] = bits;
    if (head->flags & CHUNK_HEAP) shape.bytes[PART_HEAP] = head->text_bytes;
    shape.head_bytes = sizeof *head + vectors * sizeof(struct zone);
    if (head->flags & CHUNK_SKETCH) shape.head_bytes += sizeof(struct sketch);
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        if (shape.bytes[i] == 0) continue;
        shape.bytes[i] += CHUNK_PAD_BYTES;
        shape.head_bytes += chunk_blocks(shape.bytes[i]) * sizeof(uint32_t);
        shape.extent_bytes += blob_round(shape.bytes[i]);
    }
    shape.extent_bytes += blob_round(shape.head_bytes);
    return shape;
}

static llkv_code next_vector(struct writing *w, uint32_t vector, struct vector *out)
{
    *out = w->source->vector(w->source->arg, w->column, vector, w->scratch);
    if (out->data == NULL && w->phys != PHYS_NULLS) return w->cx->error->code;
    assert(out->shape == VEC_FLAT);
    assert(w->phys == PHYS_BOOL || w->phys == PHYS_NULLS ||
           sound_values(layout_type(w->layout, w->column), out->data, out->validity, out->rows));
    return LLKV_OK;
}

/* How much room does the column need? */
static llkv_code measure(struct writing *w)
{
    const uint32_t vectors = chunk_vectors(w->layout, w->source->rows);
    uint64_t nulls = 0;
    w->head = (struct chunk_head){.magic = CHUNK_MAGIC,
                                  .format = CHUNK_FORMAT,
                                  .phys = (uint8_t)w->phys,
                                  .rows = w->source->rows,
                                  .vector_rows = w->layout->vector_rows};
    for (uint32_t v = 0; w->phys != PHYS_NULLS && v < vectors; v++) {
        struct vector in;
        TRY(next_vector(w, v, &in));
        if (in.validity != NULL) nulls += in.rows - bitmap_count(in.validity, in.rows);
        const struct str_view *views = in.data;
        for (uint32_t i = 0; w->phys == PHYS_VIEW && i < in.rows; i++)
            if (vec_valid(&in, i)) w->head.text_bytes += views[i].len;
    }
    if (w->head.text_bytes > INT32_MAX)
        return cx_fail(w->cx, LLKV_LIMIT, "the texts of a segment are too long");
    if (nulls != 0) w->head.flags |= CHUNK_VALIDITY;
    if (w->head.text_bytes != 0) w->head.flags |= CHUNK_HEAP;
    if (w->source->sketches != NULL && w->phys != PHYS_NULLS) w->head.flags |= CHUNK_SKETCH;
    w->shape = chunk_shape(w->layout, &w->head);
    return LLKV_OK;
}

static llkv_code add_pieces(struct writing *w, struct blob_sink *sink, struct blob_ref *out_head)
{
    void *head;
    uint64_t handle;
    TRY(blob_sink_reserve(w->cx, sink, w->shape.extent_bytes));
    TRY(blob_sink_add(w->cx, sink, w->shape.head_bytes, &head, &out_head->handle));
    out_head->bytes = (uint32_t)w->shape.head_bytes;
    w->head_space = head;
    memset(head, 0, w->shape.head_bytes);
    uint64_t offset = blob_offset(*out_head) + blob_round(w->shape.head_bytes);
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        const uint64_t bytes = w->shape.bytes[i];
        if (bytes == 0) continue;
        TRY(blob_sink_add(w->cx, sink, bytes, &w->space[i], &handle));
        CHECK(w->cx, (handle & UINT32_MAX) * LLKV_PAGER_ALIGN == offset);
        memset((uint8_t *)w->space[i] + bytes - CHUNK_PAD_BYTES, 0, CHUNK_PAD_BYTES);
        offset += blob_round(bytes);
    }
    w->zones = (struct zone *)(void *)(w->head_space + sizeof w->head);
    if (w->head.flags & CHUNK_SKETCH)
        w->sketch = (struct sketch *)(void *)(w->zones + chunk_vectors(w->layout, w->source->rows));
    return LLKV_OK;
}

static void copy_texts(struct writing *w, const struct vector *in, uint32_t first)
{
    int32_t *offsets = (int32_t *)w->space[PART_DATA] + first;
    uint8_t *heap = w->space[PART_HEAP];
    const struct str_view *views = in->data;
    if (first == 0) offsets[0] = 0;
    uint32_t at = (uint32_t)offsets[0];
    for (uint32_t i = 0; i < in->rows; i++) {
        uint32_t len = vec_valid(in, i) ? views[i].len : 0;
        if (len != 0) memcpy(heap + at, str_data(&views[i]), len);
        at += len;
        offsets[i + 1] = (int32_t)at;
    }
}

static void copy_bits(uint64_t *to, const uint64_t *from, uint32_t rows, uint32_t words)
{
    memset(to, 0, words * sizeof *to);
    if (from == NULL) {
        bitmap_fill(to, rows, true);
    } else {
        bitmap_copy_bits(to, from, 0, rows);
    }
}

static void copy_vector(struct writing *w, uint32_t v, const struct vector *in)
{
    const uint32_t first = v * w->layout->vector_rows;
    const uint32_t words = w->layout->vector_words;
    if (w->phys == PHYS_VIEW) {
        copy_texts(w, in, first);
    } else if (w->phys == PHYS_BOOL) {
        copy_bits((uint64_t *)w->space[PART_DATA] + (size_t)v * words, in->data, in->rows, words);
    } else {
        const size_t width = phys_bytes[w->phys];
        memcpy((uint8_t *)w->space[PART_DATA] + first * width, in->data, in->rows * width);
    }
    if (w->space[PART_VALIDITY] == NULL) return;
    copy_bits((uint64_t *)w->space[PART_VALIDITY] + (size_t)v * words, in->validity, in->rows,
              words);
}

/* What the vector tells about the column. */
static void note_vector(struct writing *w, uint32_t v, const struct vector *in, bool *io_ascending,
                        bool *io_strictly)
{
    struct zone *zone = &w->zones[v];
    bool keyed = zone_has_keys(w->phys);
    if (keyed) zone_keys(w->phys, in->data, 0, in->rows, w->keys);
    zone_add(zone, keyed ? w->keys : NULL, in->validity, in->rows);
    zone_merge(&w->head.zone, zone);
    if (w->sketch != NULL) sketch_add(w->sketch, w->phys, in->data, 0, in->validity, in->rows);
    if (zone->nulls != 0) *io_ascending = *io_strictly = false;
    if (!*io_ascending) return;
    if (v == 0) w->head.first_key = w->keys[0];
    zone_order(w->keys, in->rows, v == 0 ? NULL : &w->head.last_key, io_ascending, io_strictly);
    w->head.last_key = w->keys[in->rows - 1];
}

static llkv_code fill(struct writing *w)
{
    bool ascending = zone_is_exact(w->phys);
    bool strictly = ascending;
    for (uint32_t v = 0; v < chunk_vectors(w->layout, w->source->rows); v++) {
        struct vector in;
        TRY(next_vector(w, v, &in));
        if (w->phys == PHYS_NULLS) {
            w->zones[v].nulls = in.rows;
            zone_merge(&w->head.zone, &w->zones[v]);
            continue;
        }
        copy_vector(w, v, &in);
        note_vector(w, v, &in, &ascending, &strictly);
    }
    if (ascending) w->head.flags |= CHUNK_ASCENDING;
    if (ascending && strictly) w->head.flags |= CHUNK_STRICTLY;
    if (w->sketch != NULL) sketch_merge(&w->source->sketches[w->column], w->sketch);
    return LLKV_OK;
}

static void fill_head(struct writing *w)
{
    uint32_t *crcs = (uint32_t *)(void *)(w->zones + chunk_vectors(w->layout, w->source->rows));
    if (w->sketch != NULL) crcs = (uint32_t *)(void *)(w->sketch + 1);
    memcpy(w->head_space, &w->head, sizeof w->head);
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        if (w->shape.bytes[i] == 0) continue;
        crc32c_blocks(w->space[i], w->shape.bytes[i], CHUNK_BLOCK_BYTES, crcs);
        crcs += chunk_blocks(w->shape.bytes[i]);
    }
    assert((uint8_t *)crcs == w->head_space + w->shape.head_bytes);
}

llkv_code chunk_write(struct cx *cx, struct blob_sink *sink, const struct layout *layout,
                      uint32_t column, const struct sealed_source *source,
                      struct blob_ref *out_head, uint64_t *out_extent_bytes)
{
    assert(source->rows > 0);
    assert(source->rows <= layout->segment_rows);
    struct blob_ref head = {0};
    struct writing *w = mem_alloc_zero(sink->budget, sizeof *w);
    if (w == NULL) return cx_nomem(cx);
    w->cx = cx;
    w->layout = layout;
    w->source = source;
    w->column = column;
    w->phys = layout->phys[column];
    llkv_code rc;
    TRY_TO(done, rc, measure(w));
    TRY_TO(done, rc, add_pieces(w, sink, &head));
    TRY_TO(done, rc, fill(w));
    fill_head(w);
    head.crc = crc32c(0, w->head_space, w->shape.head_bytes);
    *out_head = head;
    *out_extent_bytes = w->shape.extent_bytes;
done:
    mem_free(w);
    return rc;
}
