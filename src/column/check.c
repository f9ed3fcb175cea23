/* Everything that must hold of a store, looked at while nobody commits. */
#include <string.h>

#include "column/store.h"
#include "column/store_priv.h"

#define RULE(cx, condition, ...)                                                                   \
    do {                                                                                           \
        if (!(condition)) return cx_fail((cx), LLKV_CORRUPT, __VA_ARGS__);                         \
    } while (0)

static llkv_code check_marks(struct cx *cx, struct store *store)
{
    const struct marks *marks = store_marks(store);
    uint32_t count = atomic_load_explicit(&marks->count, memory_order_acquire);
    RULE(cx, count <= marks->capacity, "more marks than room");
    for (uint32_t i = 0; i < count; i++) {
        const struct mark *mark = &marks->items[i];
        RULE(cx, mark->live_rows >= 0, "mark %u: a negative number of rows", i);
        RULE(cx, (uint64_t)mark->live_rows <= mark->row_end, "mark %u: more rows than ids", i);
        if (i == 0) continue;
        RULE(cx, mark[-1].ts < mark->ts, "mark %u: timestamps do not rise", i);
        RULE(cx, mark[-1].row_end <= mark->row_end, "mark %u: rows went away", i);
    }
    return LLKV_OK;
}

/* Generations are cumulative and get older. */
static llkv_code check_deletes(struct cx *cx, struct store *store, struct segment *segment,
                               uint32_t vector, uint32_t rows, int64_t *io_deleted)
{
    const uint32_t words = store->layout.vector_words;
    const struct deletes *newer = segment->vectors[vector].deletes;
    if (newer == NULL) return LLKV_OK;
    *io_deleted += (int64_t)bitmap_count(newer->bits, words * 64);
    RULE(cx, bitmap_count(newer->bits, rows) == bitmap_count(newer->bits, words * 64),
         "a row behind the end is deleted");
    for (const struct deletes *d = newer->older; d != NULL; newer = d, d = d->older) {
        RULE(cx, d->ts < newer->ts, "deletes: timestamps do not fall");
        for (uint32_t w = 0; w < words; w++)
            RULE(cx, (d->bits[w] & ~newer->bits[w]) == 0, "deletes: a row came back");
    }
    return LLKV_OK;
}

static llkv_code check_touches(struct cx *cx, struct segment *segment, uint32_t vector)
{
    const struct touch *touch = segment->vectors[vector].touches;
    for (; touch != NULL && touch->older != NULL; touch = touch->older)
        RULE(cx, touch->older->ts < touch->ts, "touches: timestamps do not fall");
    return LLKV_OK;
}

static llkv_code check_overlays(struct cx *cx, struct segment *segment, uint32_t column,
                                uint32_t vector, uint32_t rows)
{
    struct overlay_column *overlays = segment->overlays[column];
    if (overlays == NULL) return LLKV_OK;
    for (struct overlay *o = overlays->heads[vector]; o != NULL; o = o->older) {
        const struct overlay *older = o->older;
        if (older != NULL) RULE(cx, older->ts < o->ts, "overlays: timestamps do not fall");
        RULE(cx, o->dense != NULL || o->patch.count != 0, "an overlay without values");
        RULE(cx, o->dense == NULL || rows == segment->layout->vector_rows,
             "a dense overlay on a vector that is not complete");
        for (uint32_t i = 0; i < o->patch.count; i++) {
            RULE(cx, o->patch.positions[i] < rows, "a patch behind the end");
            RULE(cx, i == 0 || o->patch.positions[i - 1] < o->patch.positions[i],
                 "patches are not in order");
        }
    }
    return LLKV_OK;
}

/* The values a reader gets lie inside the bounds it gets. */
static llkv_code check_values(struct cx *cx, struct segment *segment, uint32_t column,
                              uint32_t vector, uint32_t rows)
{
    struct value_room room = {0};
    struct vector v, flat;
    uint64_t keys[VEC_ROWS_MAX], validity[VEC_WORDS_MAX];
    enum phys_type phys = segment->layout->phys[column];
    struct zone bounds = segment_vector_zone(segment, column, vector, TS_LATEST);
    struct zone found = {0};
    TRY(segment_read(cx, segment, column, vector, rows, TS_LATEST, &room, &v));
    void *data = cx_alloc(cx, (size_t)VEC_ROWS_MAX * 16);
    if (data == NULL) return LLKV_NOMEM;
    vec_flatten(&v, NULL, rows, data, validity, &flat);
    if (phys == PHYS_NULLS) return LLKV_OK;
    bool keyed = zone_has_keys(phys);
    if (keyed) zone_keys(phys, flat.data, 0, rows, keys);
    zone_add(&found, keyed ? keys : NULL, flat.validity, rows);
    RULE(cx, found.nulls == 0 || bounds.nulls != 0, "column %u: a NULL nobody knows of", column);
    if (found.values == 0 || !keyed) return LLKV_OK;
    RULE(cx, bounds.values != 0 && bounds.min <= found.min && found.max <= bounds.max,
         "column %u: a value outside the bounds of its vector", column);
    return LLKV_OK;
}

static llkv_code check_segment(struct cx *cx, struct store *store, uint32_t index, uint32_t rows,
                               int64_t *io_deleted)
{
    const struct layout *layout = &store->layout;
    struct segment *segment = store_segment(store, index);
    RULE(cx, rows <= layout->segment_rows, "segment %u: too many rows", index);
    RULE(cx, rows == segment->rows, "segment %u: rows that no mark covers", index);
    for (uint32_t v = 0; v * layout->vector_rows < rows; v++) {
        uint32_t n = rows - v * layout->vector_rows;
        if (n > layout->vector_rows) n = layout->vector_rows;
        TRY(check_deletes(cx, store, segment, v, n, io_deleted));
        TRY(check_touches(cx, segment, v));
        struct arena_mark mark = arena_mark(cx->arena);
        for (uint32_t c = 0; c < layout->column_count; c++) {
            TRY(check_overlays(cx, segment, c, v, n));
            TRY(check_values(cx, segment, c, v, n));
        }
        arena_rewind(cx->arena, mark);
    }
    return LLKV_OK;
}

llkv_code store_check(struct cx *cx, struct store *store)
{
    TRY(check_marks(cx, store));
    struct store_view view = store_view_at(store, TS_LATEST);
    int64_t rows = 0;
    int64_t deleted = 0;
    RULE(cx, store_view_segments(store, &view) == store->segment_count, "segments without rows");
    for (uint32_t i = 0; i < store->segment_count; i++) {
        uint32_t here = store_segment_rows(store, &view, i);
        rows += here;
        TRY(check_segment(cx, store, i, here, &deleted));
    }
    RULE(cx, rows - deleted == view.live_rows, "%lld rows are counted, %lld are there",
         (long long)view.live_rows, (long long)(rows - deleted));
    return LLKV_OK;
}
