/* A table from its image: segments from records, rows of open ones from fragments. */
#include <assert.h>
#include <string.h>

#include "column/stored_priv.h"
#include "column/values.h"

struct loader {
    struct cx *cx;
    struct store *store;
    const struct layout *layout;
    const struct stored_segment *stored;
    struct segment *segment;
    struct rowbuf rows; /* of a run */
    int64_t deleted;
};

static llkv_code damaged(struct loader *l, const char *what)
{
    return cx_fail(l->cx, LLKV_CORRUPT, "%s of a segment are not what was written", what);
}

/* ---- open segments ---- */

static llkv_code append_rows(struct loader *l, uint32_t at, uint32_t n)
{
    const struct row_run run = {&l->rows, 0, n};
    TRY(store_write_run(l->cx, l->store, l->segment, &run));
    segment_count_texts(l->segment, &l->rows, 0, n, false);
    struct open_block *block = atomic_load_explicit(
        &l->segment->vectors[at / l->layout->vector_rows].open, memory_order_relaxed);
    for (uint32_t c = 0; c < l->layout->column_count; c++)
        store_note_block(l->layout, c, block, &l->rows, 0, n);
    atomic_store_explicit(&l->segment->rows, at + n, memory_order_relaxed);
    return LLKV_OK;
}

/* The next rows of a fragment, which lie in one vector. */
static llkv_code load_run(struct loader *l, struct pack_reader *r, uint32_t at, uint32_t end,
                          uint32_t *out_rows)
{
    const uint32_t n = unpack_u32(r);
    const uint32_t room = l->layout->vector_rows - at % l->layout->vector_rows;
    if (r->bad || n == 0 || n > room || n > end - at) return damaged(l, "rows");
    struct arena_mark mark = arena_mark(l->cx->arena);
    struct vector *columns = cx_alloc_array(l->cx, l->layout->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < l->layout->column_count; c++)
        TRY(unpack_values(l->cx, r, layout_type(l->layout, c), n, &columns[c]));
    rowbuf_clear(&l->rows);
    TRY(rowbuf_append(l->cx, &l->rows, columns, NULL, n));
    TRY(append_rows(l, at, n));
    arena_rewind(l->cx->arena, mark);
    *out_rows = n;
    return LLKV_OK;
}

static llkv_code read_fragment(struct loader *l, const struct stored_fragment *fragment,
                               const void *data)
{
    struct pack_reader r;
    const uint32_t end = fragment->first + fragment->rows;
    pack_reader_init(&r, data, fragment->blob.bytes);
    bool sound = unpack_u32(&r) == FRAGMENT_MAGIC;
    if (unpack_u32(&r) != fragment->first || !sound) return damaged(l, "rows");
    for (uint32_t at = fragment->first; at < end;) {
        uint32_t n = 0;
        TRY(load_run(l, &r, at, end, &n));
        at += n;
        TRY(cx_check_cancel(l->cx));
    }
    return pack_left(&r) == 0 ? LLKV_OK : damaged(l, "rows");
}

static llkv_code load_fragments(struct loader *l)
{
    for (uint32_t i = 0; i < l->stored->fragment_count; i++) {
        llkv_pager_view view;
        TRY(blob_view(l->cx, l->store->pager, l->stored->fragments[i].blob, &view));
        llkv_code rc = read_fragment(l, &l->stored->fragments[i], view.data);
        blob_view_release(l->store->pager, &view);
        TRY(rc);
    }
    return LLKV_OK;
}

/* ---- sealed ones ---- */

static llkv_code open_chunks(struct loader *l, struct stored_segment *stored,
                             struct sealed **out_sealed)
{
    struct store *store = l->store;
    const uint32_t columns = l->layout->column_count;
    struct column_chunk **chunks = cx_alloc_zero(l->cx, columns * sizeof(struct column_chunk *));
    if (chunks == NULL) return LLKV_NOMEM;
    llkv_code rc = LLKV_OK;
    for (uint32_t c = 0; c < columns && rc == LLKV_OK; c++) {
        rc = chunk_open(l->cx, store->budget, store->pager, l->layout, c, stored->columns[c].chunk,
                        &chunks[c]);
        if (rc != LLKV_OK) break;
        stored->columns[c].chunk_bytes = chunks[c]->extent_bytes;
        if (chunks[c]->rows < stored->rows) rc = damaged(l, "columns");
    }
    struct sealed *sealed = NULL;
    if (rc == LLKV_OK) {
        sealed = sealed_of(store->budget, store->pager, l->layout, chunks, NULL);
        if (sealed == NULL) rc = cx_nomem(l->cx);
    }
    if (sealed != NULL) {
        sealed->rows = stored->rows; /* of more, a rollback cut some off */
        *out_sealed = sealed;
        return LLKV_OK;
    }
    for (uint32_t c = 0; c < columns; c++)
        chunk_unref(chunks[c]);
    return rc;
}

/* ---- patches ---- */

static uint32_t rows_of_vector(const struct loader *l, uint32_t vector)
{
    uint32_t n = l->stored->rows - vector * l->layout->vector_rows;
    return n < l->layout->vector_rows ? n : l->layout->vector_rows;
}

/* Positions ascend and lie in the vector. */
static bool positions_are_sound(const uint16_t *positions, uint32_t n, uint32_t rows)
{
    for (uint32_t i = 0; i < n; i++)
        if (positions[i] >= rows || (i != 0 && positions[i] <= positions[i - 1])) return false;
    return true;
}

static llkv_code add_overlay(struct loader *l, uint32_t column, uint32_t vector,
                             const struct patch *patch)
{
    enum phys_type phys = l->layout->phys[column];
    struct overlay_column *overlays = segment_overlays(l->segment, column);
    struct overlay *made =
        overlays == NULL ? NULL : overlay_merge(l->store->budget, phys, NULL, patch);
    if (made == NULL) return cx_nomem(l->cx);
    made->ts = l->stored->ts;
    live_zone_merge(&overlays->zone, &made->zone);
    atomic_store_explicit(&overlays->heads[vector], made, memory_order_release);
    return LLKV_OK;
}

static llkv_code load_vector_patch(struct loader *l, struct pack_reader *r, uint32_t column,
                                   int64_t *io_last_vector)
{
    const enum phys_type phys = l->layout->phys[column];
    const uint32_t n = unpack_u32(r);
    const uint32_t vector = unpack_u32(r);
    if (r->bad || n == 0 || n > l->layout->vector_rows || vector >= l->layout->vectors ||
        (int64_t)vector <= *io_last_vector || vector * l->layout->vector_rows >= l->stored->rows)
        return damaged(l, "updates");
    *io_last_vector = vector;
    const uint8_t *raw = unpack_bytes(r, n * sizeof(uint16_t));
    if (raw == NULL) return damaged(l, "updates");
    struct arena_mark mark = arena_mark(l->cx->arena);
    uint16_t *positions = cx_alloc_array(l->cx, n, sizeof *positions);
    if (positions == NULL) return LLKV_NOMEM;
    memcpy(positions, raw, n * sizeof *positions);
    if (!positions_are_sound(positions, n, rows_of_vector(l, vector))) return damaged(l, "updates");
    struct vector v;
    TRY(unpack_values(l->cx, r, layout_type(l->layout, column), n, &v));
    struct patch patch = {
        .count = n, .positions = positions, .values = v.data, .validity = v.validity};
    if (phys == PHYS_BOOL) {
        uint8_t *bytes = cx_alloc(l->cx, n);
        if (bytes == NULL) return LLKV_NOMEM;
        for (uint32_t i = 0; i < n; i++)
            bytes[i] = bit_get(v.data, i);
        patch.values = bytes;
    }
    TRY(add_overlay(l, column, vector, &patch));
    arena_rewind(l->cx->arena, mark);
    return LLKV_OK;
}

static llkv_code read_patch(struct loader *l, struct pack_reader *r, uint32_t column)
{
    int64_t last_vector = -1;
    bool sound = unpack_u32(r) == PATCH_MAGIC;
    if (unpack_u32(r) != column || !sound || l->layout->phys[column] == PHYS_NULLS)
        return damaged(l, "updates");
    while (pack_left(r) != 0)
        TRY(load_vector_patch(l, r, column, &last_vector));
    return r->bad ? damaged(l, "updates") : LLKV_OK;
}

static llkv_code load_patches(struct loader *l)
{
    for (uint32_t c = 0; c < l->layout->column_count; c++) {
        llkv_pager_view view;
        struct pack_reader r;
        struct blob_ref ref = l->stored->columns[c].patch;
        if (ref.bytes == 0) continue;
        TRY(blob_view(l->cx, l->store->pager, ref, &view));
        pack_reader_init(&r, view.data, ref.bytes);
        llkv_code rc = read_patch(l, &r, c);
        blob_view_release(l->store->pager, &view);
        TRY(rc);
    }
    return LLKV_OK;
}

/* ---- deletes ---- */

static llkv_code deletes_of(struct loader *l, uint32_t vector, struct deletes **out)
{
    _Atomic(struct deletes *) *head = &l->segment->vectors[vector].deletes;
    struct deletes *made = atomic_load_explicit(head, memory_order_relaxed);
    if (made == NULL) {
        made = deletes_new(l->store->budget, l->layout->vector_words, NULL);
        if (made == NULL) return cx_nomem(l->cx);
        made->ts = l->stored->ts;
        atomic_store_explicit(head, made, memory_order_release);
    }
    *out = made;
    return LLKV_OK;
}

static llkv_code read_positions(struct loader *l, struct pack_reader *r, uint32_t count)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct deletes *deletes;
        uint32_t position = unpack_u16(r);
        if (r->bad || position < next || position >= l->stored->rows) return damaged(l, "deletes");
        next = position + 1;
        TRY(deletes_of(l, position / l->layout->vector_rows, &deletes));
        bit_set(deletes->bits, position % l->layout->vector_rows);
    }
    return LLKV_OK;
}

/* The blob may be older than the last rows of the segment: then their vectors are not in it. */
static llkv_code read_bits(struct loader *l, struct pack_reader *r, uint32_t count)
{
    const size_t bytes = l->layout->vector_words * sizeof(uint64_t);
    uint64_t found = 0;
    for (uint32_t v = 0; pack_left(r) != 0; v++) {
        struct deletes *deletes;
        const uint8_t *bits = unpack_bytes(r, bytes);
        if (bits == NULL || v * l->layout->vector_rows >= l->stored->rows)
            return damaged(l, "deletes");
        TRY(deletes_of(l, v, &deletes));
        memcpy(deletes->bits, bits, bytes);
        size_t here = bitmap_count(deletes->bits, rows_of_vector(l, v));
        if (here != bitmap_count(deletes->bits, l->layout->vector_words * 64))
            return damaged(l, "deletes");
        found += here;
    }
    return found == count ? LLKV_OK : damaged(l, "deletes");
}

static llkv_code read_deletes(struct loader *l, struct pack_reader *r)
{
    bool sound = unpack_u32(r) == DELETES_MAGIC;
    uint32_t sparse = unpack_u32(r);
    uint32_t count = unpack_u32(r);
    if (!sound || r->bad || sparse > 1 || count > l->stored->rows) return damaged(l, "deletes");
    TRY(sparse ? read_positions(l, r, count) : read_bits(l, r, count));
    l->deleted += count;
    return pack_left(r) == 0 ? LLKV_OK : damaged(l, "deletes");
}

static llkv_code load_deletes(struct loader *l)
{
    struct blob_ref ref = l->stored->deletes;
    llkv_pager_view view;
    struct pack_reader r;
    if (ref.bytes == 0) return LLKV_OK;
    TRY(blob_view(l->cx, l->store->pager, ref, &view));
    pack_reader_init(&r, view.data, ref.bytes);
    llkv_code rc = read_deletes(l, &r);
    blob_view_release(l->store->pager, &view);
    return rc;
}

/* ---- segments ---- */

static llkv_code push_segment(struct loader *l, struct stored_segment *stored)
{
    struct store *store = l->store;
    struct sealed *sealed = NULL;
    TRY(store_ensure_directory(l->cx, store));
    if (stored_has_base(stored)) TRY(open_chunks(l, stored, &sealed));
    l->segment = segment_new(store->budget, l->layout, sealed);
    if (l->segment == NULL) {
        sealed_free(sealed);
        return cx_nomem(l->cx);
    }
    atomic_store_explicit(&store_directory(store)->items[store->segment_count], l->segment,
                          memory_order_release);
    store->segment_count++;
    return LLKV_OK;
}

static llkv_code load_segment(struct loader *l, struct stored_segment *stored, bool last)
{
    l->stored = stored;
    struct arena_mark mark = arena_mark(l->cx->arena);
    TRY(push_segment(l, stored));
    TRY(load_fragments(l));
    TRY(load_patches(l));
    TRY(load_deletes(l));
    l->segment->closed = !last;
    atomic_store_explicit(&l->segment->changed_ts, stored->ts, memory_order_relaxed);
    arena_rewind(l->cx->arena, mark);
    return cx_check_cancel(l->cx);
}

static llkv_code load_all(struct loader *l, struct stored_image *image)
{
    struct store *store = l->store;
    uint64_t rows = 0;
    for (uint32_t i = 0; i < image->segment_count; i++) {
        TRY(load_segment(l, image->segments[i], i + 1 == image->segment_count));
        rows += image->segments[i]->rows;
    }
    if ((int64_t)rows - l->deleted != image->live_rows) return damaged(l, "rows");
    struct marks *marks = store_marks(store);
    assert(atomic_load_explicit(&marks->count, memory_order_relaxed) == 0);
    marks->items[0] =
        (struct mark){.ts = image->ts, .row_end = image->row_end, .live_rows = image->live_rows};
    atomic_store_explicit(&marks->count, 1, memory_order_release);
    atomic_store_explicit(&store->data_version, 1, memory_order_release);
    return LLKV_OK;
}

llkv_code store_load(struct cx *cx, struct store *store, struct blob_ref ref, int64_t latest)
{
    assert(store->segment_count == 0);
    assert(store->stored == NULL);
    struct loader l = {.cx = cx, .store = store, .layout = &store->layout};
    struct stored_image *image;
    TRY(stored_get_image(cx, store, ref, &image));
    llkv_code rc = rowbuf_init(cx, &l.rows, l.layout, store->budget);
    if (rc == LLKV_OK && image->ts > latest) rc = damaged(&l, "commits");
    if (rc == LLKV_OK) rc = load_all(&l, image);
    rowbuf_deinit(&l.rows);
    if (rc != LLKV_OK) {
        stored_image_free(image);
        return rc;
    }
    store->stored = image;
    return LLKV_OK;
}
