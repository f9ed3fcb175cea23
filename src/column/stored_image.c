/* Records of segments and images of tables as bytes, and what they are in memory. */
#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "column/sound.h"
#include "column/stored_priv.h"

enum { STORED_FORMAT = 1, STATE_DESCENDS = 1, STATE_REPEATS = 2, STATE_ANY = 4, STATE_ALL = 7 };
enum { RECORD_FIXED_BYTES = 64, RECORD_FRAGMENT_BYTES = 24, RECORD_COLUMN_BYTES = 48 };
enum { IMAGE_FIXED_BYTES = 80, IMAGE_COLUMN_BYTES = 48 };

struct stored_segment *stored_segment_new(struct mem_budget *budget, uint32_t column_count,
                                          const struct stored_segment *old, uint32_t fragments)
{
    size_t bytes = sizeof(struct stored_segment) + column_count * sizeof(struct stored_column);
    struct stored_segment *made = mem_alloc_zero(budget, bytes);
    if (made == NULL) return NULL;
    if (old != NULL) memcpy(made, old, bytes);
    made->column_count = column_count;
    made->fragments = NULL;
    if (fragments == 0) return made;
    made->fragments = mem_alloc_zero(budget, fragments * sizeof *made->fragments);
    if (made->fragments == NULL) {
        mem_free(made);
        return NULL;
    }
    uint32_t keep = made->fragment_count < fragments ? made->fragment_count : fragments;
    if (keep != 0) memcpy(made->fragments, old->fragments, keep * sizeof *made->fragments);
    made->fragment_count = keep;
    return made;
}

void stored_segment_free(struct stored_segment *segment)
{
    if (segment == NULL) return;
    mem_free(segment->fragments);
    mem_free(segment);
}

void stored_image_free(struct stored_image *image)
{
    if (image == NULL) return;
    for (uint32_t i = 0; i < image->segment_count; i++)
        stored_segment_free(image->segments[i]);
    mem_free(image->segments);
    mem_free(image);
}

struct blob_ref stored_image_ref(const struct stored_image *image)
{
    return image->ref;
}

static llkv_code damaged(struct cx *cx, const char *what)
{
    return cx_fail(cx, LLKV_CORRUPT, "%s of a table is not what was written", what);
}

/* ---- records ---- */

llkv_code stored_put_record(struct cx *cx, struct blob_sink *sink, struct stored_segment *segment)
{
    struct pack_writer w = {.budget = sink->budget};
    uint64_t bytes = RECORD_FIXED_BYTES +
                     (uint64_t)segment->fragment_count * RECORD_FRAGMENT_BYTES +
                     (uint64_t)segment->column_count * RECORD_COLUMN_BYTES;
    TRY(blob_sink_reserve(cx, sink, bytes));
    pack_u32(&w, RECORD_MAGIC);
    pack_u32(&w, STORED_FORMAT);
    pack_u32(&w, segment->column_count);
    pack_u32(&w, segment->rows);
    pack_u64(&w, (uint64_t)segment->ts);
    pack_blob_ref(&w, sink, segment->deletes);
    pack_u32(&w, segment->fragment_count);
    for (uint32_t i = 0; i < segment->fragment_count; i++) {
        pack_blob_ref(&w, sink, segment->fragments[i].blob);
        pack_u32(&w, segment->fragments[i].first);
        pack_u32(&w, segment->fragments[i].rows);
    }
    for (uint32_t c = 0; c < segment->column_count; c++) {
        const struct stored_column *column = &segment->columns[c];
        pack_blob_ref(&w, sink, column->chunk);
        pack_u64(&w, (uint64_t)column->chunk_ts);
        pack_blob_ref(&w, sink, column->patch);
    }
    assert(w.bad || w.len <= bytes);
    llkv_code rc = blob_sink_put(cx, sink, &w, &segment->record);
    pack_writer_deinit(&w);
    return rc;
}

/* Fragments follow each other from row 0 to the end, and there are none beside chunks. */
static bool fragments_are_sound(const struct stored_segment *segment)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < segment->fragment_count; i++) {
        const struct stored_fragment *fragment = &segment->fragments[i];
        if (fragment->first != rows || fragment->rows == 0) return false;
        if (fragment->rows > segment->rows - rows || fragment->blob.bytes == 0) return false;
        rows += fragment->rows;
    }
    if (stored_has_base(segment)) return segment->fragment_count == 0;
    return rows == segment->rows;
}

static bool columns_are_sound(const struct stored_segment *segment)
{
    bool base = stored_has_base(segment);
    for (uint32_t c = 0; c < segment->column_count; c++) {
        const struct stored_column *column = &segment->columns[c];
        if ((column->chunk.bytes != 0) != base) return false;
        if (column->chunk_ts < 0 || column->chunk_ts > segment->ts) return false;
    }
    return true;
}

static llkv_code read_record(struct cx *cx, struct store *store, struct pack_reader *r,
                             uint32_t seq, struct stored_segment **out_segment)
{
    const struct layout *layout = &store->layout;
    struct stored_segment head = {.column_count = layout->column_count};
    bool sound = unpack_u32(r) == RECORD_MAGIC;
    sound = unpack_u32(r) == STORED_FORMAT && sound;
    sound = unpack_u32(r) == layout->column_count && sound;
    head.rows = unpack_u32(r);
    head.ts = (int64_t)unpack_u64(r);
    head.deletes = unpack_blob_ref(r, seq);
    uint32_t fragments = unpack_u32(r);
    if (!sound || r->bad || head.rows == 0 || head.rows > layout->segment_rows ||
        fragments > FRAGMENTS_MAX || fragments > head.rows || head.ts < 0)
        return damaged(cx, "a record");
    struct stored_segment *made =
        stored_segment_new(store->budget, layout->column_count, NULL, fragments);
    if (made == NULL) return cx_nomem(cx);
    *out_segment = made;
    made->rows = head.rows;
    made->ts = head.ts;
    made->deletes = head.deletes;
    made->fragment_count = fragments;
    for (uint32_t i = 0; i < fragments; i++) {
        made->fragments[i].blob = unpack_blob_ref(r, seq);
        made->fragments[i].first = unpack_u32(r);
        made->fragments[i].rows = unpack_u32(r);
    }
    for (uint32_t c = 0; c < layout->column_count; c++) {
        made->columns[c].chunk = unpack_blob_ref(r, seq);
        made->columns[c].chunk_ts = (int64_t)unpack_u64(r);
        made->columns[c].patch = unpack_blob_ref(r, seq);
    }
    if (r->bad || pack_left(r) != 0 || !fragments_are_sound(made) || !columns_are_sound(made))
        return damaged(cx, "a record");
    return LLKV_OK;
}

llkv_code stored_get_record(struct cx *cx, struct store *store, struct blob_ref ref,
                            struct stored_segment **out_segment)
{
    llkv_pager_view view;
    struct pack_reader r;
    struct stored_segment *made = NULL;
    TRY(blob_view(cx, store->pager, ref, &view));
    pack_reader_init(&r, view.data, ref.bytes);
    llkv_code rc = read_record(cx, store, &r, blob_batch(ref), &made);
    blob_view_release(store->pager, &view);
    if (rc == LLKV_OK && made != NULL) {
        made->record = ref;
    } else {
        stored_segment_free(made);
        return rc;
    }
    *out_segment = made;
    return LLKV_OK;
}

/* ---- images ---- */

/* The key of the row with the largest id, if the column's keys ascend up to it. */
static llkv_code last_key(struct cx *cx, struct store *store, const struct stored_image *image,
                          uint32_t column, uint64_t *out_key)
{
    const struct layout *layout = &store->layout;
    enum phys_type phys = layout->phys[column];
    *out_key = 0;
    if (image->row_end == 0 || !zone_is_exact(phys)) return LLKV_OK;
    if (atomic_load_explicit(&store->columns[column].descends, memory_order_relaxed))
        return LLKV_OK;
    uint64_t row = image->row_end - 1;
    uint32_t position = layout_position(layout, row);
    uint32_t vector = position / layout->vector_rows;
    uint32_t at = position % layout->vector_rows;
    struct arena_mark mark = arena_mark(cx->arena);
    struct value_room room = {0};
    struct vector v;
    TRY(segment_read(cx, store_segment(store, layout_segment(layout, row)), column, vector, at + 1,
                     image->ts, &room, &v));
    zone_keys(phys, v.data, at, 1, out_key);
    arena_rewind(cx->arena, mark);
    return LLKV_OK;
}

static llkv_code pack_states(struct cx *cx, struct store *store, const struct stored_image *image,
                             struct pack_writer *w)
{
    for (uint32_t c = 0; c < store->layout.column_count; c++) {
        struct column_state *state = &store->columns[c];
        struct zone zone = live_zone_read(&state->zone);
        uint64_t key;
        uint8_t flags = image->row_end == 0 ? 0 : STATE_ANY;
        if (atomic_load_explicit(&state->descends, memory_order_relaxed)) flags |= STATE_DESCENDS;
        if (atomic_load_explicit(&state->repeats, memory_order_relaxed)) flags |= STATE_REPEATS;
        TRY(last_key(cx, store, image, c, &key));
        pack_u8(w, store->layout.phys[c]);
        pack_u8(w, flags);
        pack_u64(w, key);
        pack_u64(w, zone.min);
        pack_u64(w, zone.max);
        pack_u64(w, zone.values);
        pack_u64(w, zone.nulls);
    }
    return LLKV_OK;
}

/* Sketches change rarely once a table has some rows: they are a blob of their own. */
static llkv_code put_sketches(struct cx *cx, struct store *store, struct blob_sink *sink,
                              struct stored_image *image, const struct stored_image *old)
{
    const struct sketch *sketches = atomic_load_explicit(&store->sketches, memory_order_acquire);
    if (sketches == NULL) return LLKV_OK;
    struct pack_writer w = {.budget = sink->budget};
    pack_u32(&w, SKETCHES_MAGIC);
    for (uint32_t c = 0; c < store->layout.column_count; c++) {
        uint8_t registers[SKETCH_REGISTERS];
        for (uint32_t i = 0; i < SKETCH_REGISTERS; i++)
            registers[i] = atomic_load_explicit(&sketches[c].registers[i], memory_order_relaxed);
        pack_bytes(&w, registers, sizeof registers);
    }
    llkv_code rc = LLKV_OK;
    bool same = !w.bad && old != NULL && old->sketches.bytes == w.len &&
                old->sketches.crc == crc32c(0, w.data, w.len);
    image->sketches = same ? old->sketches : (struct blob_ref){0};
    if (!same) rc = blob_sink_put(cx, sink, &w, &image->sketches);
    pack_writer_deinit(&w);
    return rc;
}

llkv_code stored_put_image(struct cx *cx, struct store *store, struct blob_sink *sink,
                           struct stored_image *image, const struct stored_image *old)
{
    struct pack_writer w = {.budget = sink->budget};
    TRY(put_sketches(cx, store, sink, image, old));
    uint64_t bytes = IMAGE_FIXED_BYTES + (uint64_t)image->segment_count * BLOB_REF_BYTES +
                     (uint64_t)store->layout.column_count * IMAGE_COLUMN_BYTES;
    TRY(blob_sink_reserve(cx, sink, bytes));
    pack_u32(&w, IMAGE_MAGIC);
    pack_u32(&w, STORED_FORMAT);
    pack_u32(&w, store->layout.column_count);
    pack_u32(&w, store->layout.segment_rows);
    pack_u32(&w, store->layout.vector_rows);
    pack_u32(&w, image->segment_count);
    pack_u64(&w, (uint64_t)image->ts);
    pack_u64(&w, image->row_end);
    pack_u64(&w, (uint64_t)image->live_rows);
    pack_blob_ref(&w, sink, image->sketches);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct stored_segment *segment = image->segments[i];
        pack_blob_ref(&w, sink, segment == NULL ? old->segments[i]->record : segment->record);
    }
    llkv_code rc = pack_states(cx, store, image, &w);
    assert(w.bad || w.len <= bytes);
    if (rc == LLKV_OK) rc = blob_sink_put(cx, sink, &w, &image->ref);
    pack_writer_deinit(&w);
    return rc;
}

static llkv_code get_sketches(struct cx *cx, struct store *store, struct blob_ref ref)
{
    const uint32_t columns = store->layout.column_count;
    if (ref.bytes == 0) return LLKV_OK;
    if (ref.bytes != sizeof(uint32_t) + columns * sizeof(struct sketch))
        return damaged(cx, "the sketches");
    llkv_pager_view view;
    TRY(blob_view(cx, store->pager, ref, &view));
    struct pack_reader r;
    pack_reader_init(&r, view.data, ref.bytes);
    llkv_code rc = unpack_u32(&r) == SKETCHES_MAGIC ? LLKV_OK : damaged(cx, "the sketches");
    struct sketch *made = mem_alloc(store->budget, columns * sizeof *made + 1);
    if (rc == LLKV_OK && made == NULL) rc = cx_nomem(cx);
    for (uint32_t c = 0; rc == LLKV_OK && c < columns; c++) {
        memcpy(&made[c], unpack_bytes(&r, sizeof *made), sizeof *made);
        if (!sketch_is_sound(&made[c])) rc = damaged(cx, "the sketches");
    }
    blob_view_release(store->pager, &view);
    if (rc != LLKV_OK) {
        mem_free(made);
        return rc;
    }
    atomic_store_explicit(&store->sketches, made, memory_order_release);
    return LLKV_OK;
}

static llkv_code unpack_states(struct cx *cx, struct store *store, struct pack_reader *r)
{
    for (uint32_t c = 0; c < store->layout.column_count; c++) {
        struct column_state *state = &store->columns[c];
        uint8_t phys = unpack_u8(r);
        uint8_t flags = unpack_u8(r);
        uint64_t key = unpack_u64(r);
        struct zone zone = {.min = unpack_u64(r), .max = unpack_u64(r)};
        zone.values = unpack_u64(r);
        zone.nulls = unpack_u64(r);
        if (r->bad || phys != store->layout.phys[c] || (flags & ~STATE_ALL) != 0 ||
            !sound_zone(&zone, phys, 0, false))
            return damaged(cx, "the statistics");
        live_zone_merge(&state->zone, &zone);
        atomic_store_explicit(&state->descends, (flags & STATE_DESCENDS) != 0,
                              memory_order_relaxed);
        atomic_store_explicit(&state->repeats, (flags & STATE_REPEATS) != 0, memory_order_relaxed);
        state->any = (flags & STATE_ANY) != 0;
        state->last_key = key;
    }
    return LLKV_OK;
}

static bool image_is_sound(const struct layout *layout, const struct stored_image *image,
                           uint64_t left)
{
    if (image->ts < 0 || image->live_rows < 0 || (uint64_t)image->live_rows > image->row_end)
        return false;
    uint64_t segments = image->row_end == 0 ? 0 : (image->row_end - 1) / layout->segment_rows + 1;
    return segments == image->segment_count &&
           left >= (uint64_t)image->segment_count * BLOB_REF_BYTES;
}

static llkv_code read_image(struct cx *cx, struct store *store, struct pack_reader *r,
                            struct stored_image *image)
{
    const struct layout *layout = &store->layout;
    const uint32_t seq = blob_batch(image->ref);
    bool sound = unpack_u32(r) == IMAGE_MAGIC;
    sound = unpack_u32(r) == STORED_FORMAT && sound;
    sound = unpack_u32(r) == layout->column_count && sound;
    sound = unpack_u32(r) == layout->segment_rows && sound;
    sound = unpack_u32(r) == layout->vector_rows && sound;
    uint32_t segments = unpack_u32(r);
    image->ts = (int64_t)unpack_u64(r);
    image->row_end = unpack_u64(r);
    image->live_rows = (int64_t)unpack_u64(r);
    image->sketches = unpack_blob_ref(r, seq);
    image->segment_count = segments;
    sound = sound && !r->bad && image_is_sound(layout, image, pack_left(r));
    image->segment_count = 0; /* so many are there */
    if (!sound) return damaged(cx, "the image");
    image->segments = mem_alloc_zero(store->budget, (segments + 1) * sizeof *image->segments);
    if (image->segments == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < segments; i++) {
        struct blob_ref record = unpack_blob_ref(r, seq);
        TRY(stored_get_record(cx, store, record, &image->segments[i]));
        image->segment_count++;
        if (image->segments[i]->ts > image->ts) return damaged(cx, "a record");
        TRY(cx_check_cancel(cx));
    }
    uint32_t last = segments == 0 ? 0 : image->segments[segments - 1]->rows;
    if (segments != 0 && layout_row_id(layout, segments - 1, last) != image->row_end)
        return damaged(cx, "the image");
    TRY(unpack_states(cx, store, r));
    return pack_left(r) == 0 ? LLKV_OK : damaged(cx, "the image");
}

llkv_code stored_get_image(struct cx *cx, struct store *store, struct blob_ref ref,
                           struct stored_image **out_image)
{
    llkv_pager_view view = {0};
    struct pack_reader r;
    struct stored_image *image = mem_alloc_zero(store->budget, sizeof *image);
    if (image == NULL) return cx_nomem(cx);
    image->budget = store->budget;
    image->ref = ref;
    llkv_code rc;
    TRY_TO(done, rc, blob_view(cx, store->pager, ref, &view));
    pack_reader_init(&r, view.data, ref.bytes);
    TRY_TO(done, rc, read_image(cx, store, &r, image));
    TRY_TO(done, rc, get_sketches(cx, store, image->sketches));
    *out_image = image;
    image = NULL;
done:
    blob_view_release(store->pager, &view);
    stored_image_free(image);
    return rc;
}
