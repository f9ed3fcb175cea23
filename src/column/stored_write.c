/* A checkpoint of one table: a reader that writes what it finds changed. */
#include <assert.h>
#include <string.h>

#include "column/stored_priv.h"
#include "column/values.h"

struct writer {
    struct cx *cx;
    struct store *store;
    const struct layout *layout;
    struct blob_sink *sink;
    struct store_view view;
    struct segment *segment; /* the one being written */
    uint32_t index, rows;
    const struct stored_segment *old; /* or NULL */
    struct stored_segment *made;
    bool new_base; /* its chunks stand in for fragments: all patches are made anew */
    struct value_room room, flat, rows_room; /* made once, before anything is read */
};

/* ---- values as of the checkpoint ---- */

/* Rows of one vector, FLAT. Valid until the next call. */
static llkv_code read_flat(struct writer *w, uint32_t column, uint32_t vector, uint32_t rows,
                           struct vector *out)
{
    struct vector v;
    TRY(segment_read(w->cx, w->segment, column, vector, rows, w->view.ts, &w->room, &v));
    *out = v;
    if (v.shape == VEC_FLAT) return LLKV_OK;
    vec_flatten(&v, NULL, rows, w->flat.data, w->flat.validity, out);
    return LLKV_OK;
}

static uint32_t rows_of_vector(const struct writer *w, uint32_t vector)
{
    uint32_t n = w->rows - vector * w->layout->vector_rows;
    return n < w->layout->vector_rows ? n : w->layout->vector_rows;
}

static struct overlay *overlay_now(const struct writer *w, uint32_t column, uint32_t vector)
{
    struct overlay_column *overlays =
        atomic_load_explicit(&w->segment->overlays[column], memory_order_acquire);
    return overlays == NULL ? NULL : overlay_at(&overlays->heads[vector], w->view.ts);
}

/* ---- patches ---- */

/* How many values of the column differ from the base, and when the last of them came. */
static uint32_t count_patched(const struct writer *w, uint32_t column, int64_t *out_newest)
{
    uint32_t count = 0;
    *out_newest = -1;
    for (uint32_t v = 0; v * w->layout->vector_rows < w->rows; v++) {
        const struct overlay *overlay = overlay_now(w, column, v);
        if (overlay == NULL) continue;
        count += overlay->dense != NULL ? rows_of_vector(w, v) : overlay->patch.count;
        if (overlay->ts > *out_newest) *out_newest = overlay->ts;
    }
    return count;
}

/* The patched values of a vector as runs of up to a vector: count, positions, values. */
static llkv_code pack_patch(struct writer *w, struct pack_writer *out, uint32_t column,
                            uint32_t vector, const struct overlay *overlay)
{
    struct vector v;
    uint32_t n = rows_of_vector(w, vector);
    if (overlay->dense != NULL) {
        TRY(read_flat(w, column, vector, n, &v));
        pack_u32(out, n);
        pack_u32(out, vector);
        for (uint32_t i = 0; i < n; i++)
            pack_u16(out, (uint16_t)i);
        pack_values(out, &v, n);
        return LLKV_OK;
    }
    const struct patch *patch = &overlay->patch;
    enum phys_type phys = w->layout->phys[column];
    pack_u32(out, patch->count);
    pack_u32(out, vector);
    for (uint32_t i = 0; i < patch->count; i++)
        pack_u16(out, patch->positions[i]);
    v = (struct vector){.phys = (uint8_t)phys,
                        .shape = VEC_FLAT,
                        .rows = patch->count,
                        .data = patch->values,
                        .validity = patch->validity};
    uint64_t bits[VEC_WORDS_MAX] = {0};
    if (phys == PHYS_BOOL) { /* a byte each, in patches */
        for (uint32_t i = 0; i < patch->count; i++)
            bit_put(bits, i, ((const uint8_t *)patch->values)[i] != 0);
        v.data = bits;
    }
    pack_values(out, &v, patch->count);
    return LLKV_OK;
}

static llkv_code put_patch(struct writer *w, uint32_t column)
{
    struct pack_writer out = {.budget = w->sink->budget};
    llkv_code rc = LLKV_OK;
    uint32_t vectors = 0;
    pack_u32(&out, PATCH_MAGIC);
    pack_u32(&out, column);
    for (uint32_t v = 0; rc == LLKV_OK && v * w->layout->vector_rows < w->rows; v++) {
        const struct overlay *overlay = overlay_now(w, column, v);
        if (overlay == NULL) continue;
        rc = pack_patch(w, &out, column, v, overlay);
        vectors++;
    }
    w->made->columns[column].patch = (struct blob_ref){0};
    if (rc == LLKV_OK && vectors != 0)
        rc = blob_sink_put(w->cx, w->sink, &out, &w->made->columns[column].patch);
    pack_writer_deinit(&out);
    return rc;
}

/* ---- chunks ---- */

static struct vector chunk_source(const void *arg, uint32_t column, uint32_t vector,
                                  uint64_t *scratch)
{
    struct writer *w = *(struct writer *const *)arg;
    struct vector v = {0};
    (void)scratch;
    llkv_code rc = read_flat(w, column, vector, rows_of_vector(w, vector), &v);
    return rc == LLKV_OK ? v : (struct vector){0};
}

static llkv_code rewrite_chunk(struct writer *w, uint32_t column)
{
    struct stored_column *made = &w->made->columns[column];
    struct sealed_source source = {.vector = chunk_source, .arg = &w, .rows = w->rows};
    TRY(chunk_write(w->cx, w->sink, w->layout, column, &source, &made->chunk, &made->chunk_bytes));
    made->chunk_ts = w->view.ts;
    made->patch = (struct blob_ref){0};
    return LLKV_OK;
}

static llkv_code write_column(struct writer *w, uint32_t column)
{
    int64_t newest;
    uint32_t count = count_patched(w, column, &newest);
    if (count == 0) {
        if (w->new_base) w->made->columns[column].patch = (struct blob_ref){0};
        return LLKV_OK;
    }
    bool dirty = w->old == NULL || newest > w->old->ts || w->new_base;
    if (!dirty) return LLKV_OK;
    uint32_t limit =
        w->rows / PATCH_SHARE < PATCH_AT_LEAST ? PATCH_AT_LEAST : w->rows / PATCH_SHARE;
    if (stored_has_base(w->made) && count > limit) return rewrite_chunk(w, column);
    return put_patch(w, column);
}

/* ---- deletes ---- */

static bool deletes_changed(const struct writer *w)
{
    for (uint32_t v = 0; v * w->layout->vector_rows < w->rows; v++) {
        const struct deletes *d = deletes_at(&w->segment->vectors[v].deletes, w->view.ts);
        if (d != NULL && (w->old == NULL || d->ts > w->old->ts)) return true;
    }
    return false;
}

/* Positions of the deleted rows where they are few, else bits per vector. */
static llkv_code write_deletes(struct writer *w)
{
    const uint32_t words = w->layout->vector_words;
    const uint32_t vectors = (w->rows + w->layout->vector_rows - 1) / w->layout->vector_rows;
    uint32_t count = 0;
    if (!deletes_changed(w)) return LLKV_OK;
    for (uint32_t v = 0; v < vectors; v++) {
        const uint64_t *bits = segment_deleted(w->segment, v, w->view.ts);
        if (bits != NULL) count += (uint32_t)bitmap_count(bits, words * 64);
    }
    bool sparse = count * sizeof(uint16_t) < vectors * words * sizeof(uint64_t);
    struct pack_writer out = {.budget = w->sink->budget};
    pack_u32(&out, DELETES_MAGIC);
    pack_u32(&out, sparse);
    pack_u32(&out, count);
    for (uint32_t v = 0; v < vectors; v++) {
        const uint64_t *bits = segment_deleted(w->segment, v, w->view.ts);
        static const uint64_t none[VEC_WORDS_MAX] = {0};
        if (!sparse) pack_bytes(&out, bits == NULL ? none : bits, words * sizeof *bits);
        for (uint32_t i = 0; sparse && bits != NULL && i < w->layout->vector_rows; i++)
            if (bit_get(bits, i)) pack_u16(&out, (uint16_t)(v * w->layout->vector_rows + i));
    }
    llkv_code rc = blob_sink_put(w->cx, w->sink, &out, &w->made->deletes);
    pack_writer_deinit(&out);
    return rc;
}

/* ---- tail fragments ---- */

/* A run of rows of one vector, all columns. */
static llkv_code pack_rows(struct writer *w, struct pack_writer *out, uint32_t first, uint32_t n)
{
    const uint32_t vector = first / w->layout->vector_rows;
    const uint32_t at = first % w->layout->vector_rows;
    uint16_t sel[VEC_ROWS_MAX];
    for (uint32_t i = 0; i < n; i++)
        sel[i] = (uint16_t)(at + i);
    pack_u32(out, n);
    for (uint32_t c = 0; c < w->layout->column_count; c++) {
        struct vector v, flat;
        TRY(read_flat(w, c, vector, at + n, &v));
        vec_flatten(&v, sel, n, w->rows_room.data, w->rows_room.validity, &flat);
        pack_values(out, &flat, n);
    }
    return LLKV_OK;
}

/* The rows from `first` on, as many vectors of them as make a fragment. */
static llkv_code put_fragment(struct writer *w, uint32_t first)
{
    struct pack_writer out = {.budget = w->sink->budget};
    uint32_t at = first;
    llkv_code rc = LLKV_OK;
    pack_u32(&out, FRAGMENT_MAGIC);
    pack_u32(&out, first);
    while (rc == LLKV_OK && at < w->rows && out.len < FRAGMENT_BYTES && !out.bad) {
        uint32_t n = w->layout->vector_rows - at % w->layout->vector_rows;
        if (n > w->rows - at) n = w->rows - at;
        rc = pack_rows(w, &out, at, n);
        at += n;
        if (rc == LLKV_OK) rc = cx_check_cancel(w->cx);
    }
    struct stored_fragment fragment = {.first = first, .rows = at - first};
    if (rc == LLKV_OK) rc = blob_sink_put(w->cx, w->sink, &out, &fragment.blob);
    if (rc == LLKV_OK) w->made->fragments[w->made->fragment_count++] = fragment;
    pack_writer_deinit(&out);
    return rc;
}

/* How many fragments of the old record stay: small ones at its end are merged with what is new. */
static uint32_t fragments_that_stay(const struct writer *w)
{
    uint32_t count = w->old == NULL ? 0 : w->old->fragment_count;
    uint32_t small = 0;
    while (small < count && w->old->fragments[count - small - 1].blob.bytes < FRAGMENT_SMALL_BYTES)
        small++;
    return small >= FRAGMENTS_SMALL_MAX ? count - small : count;
}

static llkv_code write_fragments(struct writer *w)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < w->made->fragment_count; i++)
        first += w->made->fragments[i].rows;
    while (first < w->rows) {
        TRY(put_fragment(w, first));
        const struct stored_fragment *last = &w->made->fragments[w->made->fragment_count - 1];
        first = last->first + last->rows;
    }
    return LLKV_OK;
}

/* ---- segments ---- */

static bool segment_changed(const struct writer *w)
{
    if (w->old == NULL || w->old->rows != w->rows || w->new_base) return true;
    return atomic_load_explicit(&w->segment->changed_ts, memory_order_acquire) > w->old->ts;
}

static void take_chunks(struct writer *w, const struct sealed *sealed)
{
    for (uint32_t c = 0; c < w->layout->column_count; c++) {
        struct stored_column *made = &w->made->columns[c];
        made->chunk = sealed->columns[c]->head;
        made->chunk_bytes = sealed->columns[c]->extent_bytes;
        made->chunk_ts = 0;
    }
    w->made->fragment_count = 0;
}

static llkv_code write_parts(struct writer *w, const struct sealed *sealed)
{
    if (w->new_base) {
        take_chunks(w, sealed);
    } else if (sealed == NULL) {
        TRY(write_fragments(w));
    }
    for (uint32_t c = 0; c < w->layout->column_count; c++)
        TRY(write_column(w, c));
    TRY(write_deletes(w));
    return stored_put_record(w->cx, w->sink, w->made);
}

static llkv_code write_segment(struct writer *w, struct stored_segment **out_made)
{
    const struct sealed *sealed = atomic_load_explicit(&w->segment->sealed, memory_order_acquire);
    /* Filled and sealed by later commits: as of the checkpoint it is still open. */
    if (sealed != NULL && sealed->rows != w->rows) sealed = NULL;
    w->new_base = sealed != NULL && !stored_has_base(w->old);
    if (!segment_changed(w)) return LLKV_OK;
    uint32_t stay = sealed != NULL ? 0 : fragments_that_stay(w);
    uint32_t vectors = (w->rows + w->layout->vector_rows - 1) / w->layout->vector_rows;
    struct stored_segment *made =
        stored_segment_new(w->sink->budget, w->layout->column_count, w->old, stay + vectors + 1);
    if (made == NULL) return cx_nomem(w->cx);
    if (made->fragment_count > stay) made->fragment_count = stay;
    made->rows = w->rows;
    made->ts = w->view.ts;
    w->made = made;
    llkv_code rc = write_parts(w, sealed);
    if (rc != LLKV_OK) {
        stored_segment_free(made);
        return rc;
    }
    *out_made = made;
    return LLKV_OK;
}

/* ---- tables ---- */

static llkv_code write_segments(struct writer *w, struct stored_image *image)
{
    const struct stored_image *old = w->store->stored;
    TRY(value_room_ensure(w->cx, &w->room));
    TRY(value_room_ensure(w->cx, &w->flat));
    TRY(value_room_ensure(w->cx, &w->rows_room));
    for (uint32_t i = 0; i < image->segment_count; i++) {
        w->index = i;
        w->segment = store_segment(w->store, i);
        w->rows = store_segment_rows(w->store, &w->view, i);
        w->old = old != NULL && i < old->segment_count ? old->segments[i] : NULL;
        TRY(write_segment(w, &image->segments[i]));
        TRY(cx_check_cancel(w->cx));
    }
    return stored_put_image(w->cx, w->store, w->sink, image, old);
}

llkv_code store_checkpoint(struct cx *cx, struct store *store, struct blob_sink *sink, int64_t ts,
                           struct stored_image **out_image)
{
    int64_t newest = store_changed_ts(store, ts);
    *out_image = NULL;
    if (newest < 0 || (store->stored != NULL && newest <= store->stored->ts)) return LLKV_OK;
    struct writer w = {.cx = cx,
                       .store = store,
                       .layout = &store->layout,
                       .sink = sink,
                       .view = store_view_at(store, ts)};
    struct stored_image *image = mem_alloc_zero(store->budget, sizeof *image);
    if (image == NULL) return cx_nomem(cx);
    image->budget = store->budget;
    image->ts = ts;
    image->row_end = w.view.row_end;
    image->live_rows = w.view.live_rows;
    image->segment_count = store_view_segments(store, &w.view);
    image->segments =
        mem_alloc_zero(store->budget, (image->segment_count + 1) * sizeof *image->segments);
    llkv_code rc = image->segments == NULL ? cx_nomem(cx) : write_segments(&w, image);
    if (rc != LLKV_OK) {
        if (image->segments == NULL) image->segment_count = 0;
        stored_image_free(image);
        return rc;
    }
    *out_image = image;
    return LLKV_OK;
}

struct blob_ref store_stored_ref(const struct store *store)
{
    const struct blob_ref none = {0};
    return store->stored == NULL ? none : store->stored->ref;
}
