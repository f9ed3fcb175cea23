/* How a commit changes a store: reserve writes where no reader looks, apply publishes. */
#include <assert.h>
#include <string.h>

#include "column/store.h"
#include "column/store_priv.h"

static void free_marks(void *marks)
{
    mem_free(marks);
}

static void free_directory(void *directory)
{
    mem_free(directory);
}

/* ---- room ---- */

/* Room for one more mark. Marks that no snapshot can ask for are dropped: all before the newest one
 * that the oldest snapshot sees. */
static llkv_code ensure_mark(struct cx *cx, struct store *store)
{
    struct marks *old = store_marks(store);
    uint32_t count = atomic_load_explicit(&old->count, memory_order_relaxed);
    if (count < old->capacity) return LLKV_OK;
    int64_t oldest = store->readers->oldest_ts(store->readers);
    uint32_t keep_from = 0;
    while (keep_from + 1 < count && old->items[keep_from + 1].ts <= oldest)
        keep_from++;
    uint32_t kept = count - keep_from;
    uint32_t capacity = kept * 2 < 64 ? 64 : kept * 2;
    struct marks *made =
        mem_alloc_zero(store->budget, sizeof *made + capacity * sizeof(struct mark));
    if (made == NULL) return cx_nomem(cx);
    made->capacity = capacity;
    memcpy(made->items, old->items + keep_from, kept * sizeof(struct mark));
    atomic_init(&made->count, kept);
    atomic_store_explicit(&store->marks, made, memory_order_release);
    readers_retire(store->readers, &old->retired, free_marks);
    return LLKV_OK;
}

llkv_code store_ensure_directory(struct cx *cx, struct store *store)
{
    struct directory *old = store_directory(store);
    if (store->segment_count < old->capacity) return LLKV_OK;
    if (old->capacity > UINT32_MAX / 4) return cx_fail(cx, LLKV_LIMIT, "the table is too large");
    uint32_t capacity = old->capacity * 2;
    struct directory *made =
        mem_alloc_zero(store->budget, sizeof *made + capacity * sizeof(_Atomic(struct segment *)));
    if (made == NULL) return cx_nomem(cx);
    made->capacity = capacity;
    for (uint32_t i = 0; i < store->segment_count; i++)
        atomic_init(&made->items[i], atomic_load_explicit(&old->items[i], memory_order_relaxed));
    atomic_store_explicit(&store->directory, made, memory_order_release);
    readers_retire(store->readers, &old->retired, free_directory);
    return LLKV_OK;
}

static llkv_code ensure_sketches(struct cx *cx, struct store *store)
{
    if (atomic_load_explicit(&store->sketches, memory_order_relaxed) != NULL) return LLKV_OK;
    size_t bytes = store->layout.column_count * sizeof(struct sketch);
    struct sketch *sketches = mem_alloc_zero(store->budget, bytes == 0 ? 1 : bytes);
    if (sketches == NULL) return cx_nomem(cx);
    atomic_store_explicit(&store->sketches, sketches, memory_order_release);
    return LLKV_OK;
}

static struct segment *segment_at(struct store *store, uint32_t index)
{
    assert(index < store->segment_count);
    return atomic_load_explicit(&store_directory(store)->items[index], memory_order_relaxed);
}

static uint32_t written_rows(const struct segment *segment)
{
    return atomic_load_explicit(&segment->rows, memory_order_relaxed);
}

/* Worth sealing: as full as it gets. */
static bool is_full(const struct segment *segment)
{
    if (written_rows(segment) == segment->layout->segment_rows) return true;
    for (uint32_t c = 0; c < segment->layout->column_count; c++)
        if (segment->text_bytes[c] > TEXT_BYTES_MAX / 2) return true;
    return false;
}

static llkv_code seal_full(struct cx *cx, struct store *store)
{
    while (store->seal_from < store->segment_count) {
        struct segment *segment = segment_at(store, store->seal_from);
        bool sealed = atomic_load_explicit(&segment->sealed, memory_order_relaxed) != NULL;
        bool full = is_full(segment);
        bool last = store->seal_from + 1 == store->segment_count;
        if (!sealed && !segment->closed && !(full && last)) break;
        if (!sealed && full) {
            TRY(segment_seal(cx, segment, store->readers, store->pager));
            segment->closed = true;
        }
        store->seal_from++;
    }
    return LLKV_OK;
}

llkv_code store_change_begin(struct cx *cx, struct store_change *change, struct store *store)
{
    *change = (struct store_change){.store = store};
    TRY(ensure_mark(cx, store));
    TRY(seal_full(cx, store));
    change->old_segments = store->segment_count;
    if (store->segment_count != 0)
        change->old_rows = written_rows(segment_at(store, store->segment_count - 1));
    change->row_end = store_view_at(store, TS_LATEST).row_end;
    return LLKV_OK;
}

static llkv_code add_piece(struct cx *cx, struct store_change *change,
                           const struct store_piece *piece)
{
    if (change->piece_count == change->piece_capacity) {
        uint32_t capacity = change->piece_capacity == 0 ? 4 : change->piece_capacity * 2;
        struct store_piece *grown =
            mem_realloc(change->pieces, capacity * sizeof *grown, change->store->budget);
        if (grown == NULL) return cx_nomem(cx);
        change->pieces = grown;
        change->piece_capacity = capacity;
    }
    change->pieces[change->piece_count++] = *piece;
    return LLKV_OK;
}

/* ---- inserts ---- */

static llkv_code push_segment(struct cx *cx, struct store *store, struct sealed *sealed,
                              struct segment **out_segment)
{
    TRY(store_ensure_directory(cx, store));
    struct segment *segment = segment_new(store->budget, &store->layout, sealed);
    if (segment == NULL) return cx_nomem(cx);
    atomic_store_explicit(&store_directory(store)->items[store->segment_count], segment,
                          memory_order_release);
    store->segment_count++;
    *out_segment = segment;
    return LLKV_OK;
}

/* How many of the rows from `first` on does the segment take? Rows and texts are limited. */
static uint32_t rows_that_fit(const struct segment *segment, const struct rowbuf *buf,
                              uint32_t first)
{
    const struct layout *layout = segment->layout;
    uint32_t n = layout->segment_rows - written_rows(segment);
    if (n > buf->rows - first) n = buf->rows - first;
    for (uint32_t c = 0; c < layout->column_count; c++) {
        if (layout->phys[c] != PHYS_VIEW) continue;
        uint64_t bytes = segment->text_bytes[c];
        if (bytes + buf->columns[c].text_bytes <= TEXT_BYTES_MAX) continue;
        const struct str_view *views = (const struct str_view *)buf->columns[c].data + first;
        uint32_t fit = 0;
        while (fit < n && bytes + views[fit].len <= TEXT_BYTES_MAX)
            bytes += views[fit++].len;
        if (fit == 0 && written_rows(segment) == 0) fit = 1;
        n = fit;
    }
    return n;
}

llkv_code store_write_run(struct cx *cx, struct store *store, struct segment *segment,
                          const struct row_run *run)
{
    const struct layout *layout = &store->layout;
    uint32_t position = written_rows(segment);
    uint32_t vector = position / layout->vector_rows;
    uint32_t at = position % layout->vector_rows;
    bool very_first = position == 0 && segment == segment_at(store, 0);
    uint32_t room = very_first ? OPEN_ROWS_FIRST : layout->vector_rows;
    struct open_block *block = segment_block(segment, store->readers, vector, at + run->rows, room);
    if (block == NULL) return cx_nomem(cx);
    struct text_heap *heap = segment->text == NULL ? NULL : &segment->text->heap;
    for (uint32_t c = 0; c < layout->column_count; c++)
        if (!open_block_write(block, c, at, run, heap)) return cx_nomem(cx);
    return LLKV_OK;
}

void segment_count_texts(struct segment *segment, const struct rowbuf *buf, uint32_t first,
                         uint32_t n, bool take_back)
{
    for (uint32_t c = 0; c < segment->layout->column_count; c++) {
        if (segment->layout->phys[c] != PHYS_VIEW) continue;
        const struct str_view *views = (const struct str_view *)buf->columns[c].data + first;
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < n; i++)
            bytes += views[i].len;
        segment->text_bytes[c] += take_back ? (uint64_t)0 - bytes : bytes;
    }
}

static llkv_code write_piece(struct cx *cx, struct store_change *change, uint32_t index,
                             const struct rowbuf *buf, uint32_t first, uint32_t n)
{
    struct store *store = change->store;
    struct segment *segment = segment_at(store, index);
    uint32_t position = written_rows(segment);
    struct store_piece piece = {.row_id = layout_row_id(&store->layout, index, position),
                                .first = first,
                                .rows = n,
                                .buf = buf};
    TRY(add_piece(cx, change, &piece));
    change->pieces[change->piece_count - 1].rows = 0; /* grows with what is written */
    for (uint32_t done = 0; done < n;) {
        uint32_t at = (position + done) % store->layout.vector_rows;
        uint32_t count = store->layout.vector_rows - at;
        if (count > n - done) count = n - done;
        const struct row_run run = {buf, first + done, count};
        TRY(store_write_run(cx, store, segment, &run));
        segment_count_texts(segment, buf, first + done, count, false);
        atomic_store_explicit(&segment->rows, position + done + count, memory_order_relaxed);
        change->pieces[change->piece_count - 1].rows += count;
        done += count;
    }
    change->row_end = piece.row_id + n;
    change->inserted += n;
    return LLKV_OK;
}

/* The last segment takes more rows. */
static bool last_is_open(struct store *store)
{
    if (store->segment_count == 0) return false;
    struct segment *segment = segment_at(store, store->segment_count - 1);
    bool sealed = atomic_load_explicit(&segment->sealed, memory_order_relaxed) != NULL;
    return !sealed && !segment->closed;
}

llkv_code store_reserve_rows(struct cx *cx, struct store_change *change, const struct rowbuf *buf)
{
    struct store *store = change->store;
    struct segment *ignored;
    TRY(ensure_sketches(cx, store));
    for (uint32_t first = 0; first < buf->rows;) {
        if (!last_is_open(store)) TRY(push_segment(cx, store, NULL, &ignored));
        uint32_t index = store->segment_count - 1;
        uint32_t n = rows_that_fit(segment_at(store, index), buf, first);
        if (n == 0) {
            TRY(push_segment(cx, store, NULL, &ignored));
            continue;
        }
        TRY(write_piece(cx, change, index, buf, first, n));
        first += n;
    }
    return LLKV_OK;
}

llkv_code store_reserve_sealed(struct cx *cx, struct store_change *change, struct sealed *sealed)
{
    struct store *store = change->store;
    struct segment *segment;
    TRY(ensure_sketches(cx, store));
    struct store_piece piece = {.rows = sealed->rows, .sealed = sealed};
    TRY(add_piece(cx, change, &piece));
    change->piece_count--;
    TRY(push_segment(cx, store, sealed, &segment));
    piece.row_id = layout_row_id(&store->layout, store->segment_count - 1, 0);
    change->pieces[change->piece_count++] = piece;
    change->row_end = piece.row_id + sealed->rows;
    change->inserted += sealed->rows;
    return LLKV_OK;
}

/* ---- deletes and updates ---- */

int store_find_conflict(struct store *store, uint32_t segment, uint32_t vector,
                        const uint64_t *bits, int64_t ts)
{
    const struct touch *touch = segment_at(store, segment)->vectors[vector].touches;
    for (; touch != NULL && touch->ts > ts; touch = touch->older)
        for (uint32_t w = 0; w < store->layout.vector_words; w++) {
            uint64_t both = touch->bits[w] & bits[w];
            if (both != 0) return (int)(w * 64) + __builtin_ctzll(both);
        }
    return -1;
}

llkv_code store_reserve_deletes(struct cx *cx, struct store_change *change, uint32_t segment,
                                uint32_t vector, const uint64_t *bits)
{
    struct store *store = change->store;
    struct segment *where = segment_at(store, segment);
    _Atomic(struct deletes *) *head = &where->vectors[vector].deletes;
    const uint32_t words = store->layout.vector_words;
    struct deletes *older = atomic_load_explicit(head, memory_order_relaxed);
    struct deletes *made = deletes_new(store->budget, words, older);
    if (made == NULL) return cx_nomem(cx);
    for (uint32_t w = 0; w < words; w++) {
        change->deleted += __builtin_popcountll(bits[w] & ~made->bits[w]);
        made->bits[w] |= bits[w];
    }
    made->head = head;
    made->changed_ts = &where->changed_ts;
    made->next_pending = change->deletes;
    change->deletes = made;
    return LLKV_OK;
}

llkv_code store_reserve_touch(struct cx *cx, struct store_change *change, uint32_t segment,
                              uint32_t vector, const uint64_t *bits)
{
    struct store *store = change->store;
    struct touch *touch = touch_new(store->budget, store->layout.vector_words);
    if (touch == NULL) return cx_nomem(cx);
    memcpy(touch->bits, bits, store->layout.vector_words * sizeof *bits);
    touch->head = &segment_at(store, segment)->vectors[vector].touches;
    touch->next_pending = change->touches;
    change->touches = touch;
    return LLKV_OK;
}

/* The base of a dense overlay: the whole vector as it is now, FLAT. */
static llkv_code read_whole(struct cx *cx, struct segment *segment, uint32_t column,
                            uint32_t vector, struct vector *out)
{
    struct value_room room = {0};
    const uint32_t rows = segment->layout->vector_rows;
    struct vector v;
    TRY(segment_read(cx, segment, column, vector, rows, TS_LATEST, &room, &v));
    *out = v;
    if (v.shape == VEC_FLAT) return LLKV_OK;
    void *data = cx_alloc(cx, (size_t)rows * 16 + 16);
    uint64_t *validity = cx_alloc(cx, bitmap_words(rows) * sizeof *validity);
    if (data == NULL || validity == NULL) return LLKV_NOMEM;
    vec_flatten(&v, NULL, rows, data, validity, out);
    return LLKV_OK;
}

/* Few patches stay patches; many become a whole vector, if the vector is complete. NULL: an error
 * was recorded. */
static struct overlay *make_overlay(struct cx *cx, struct store *store, uint32_t number,
                                    uint32_t vector, uint32_t column, const struct patch *patch)
{
    enum { DENSE_SHARE = 16 };
    struct segment *segment = segment_at(store, number);
    struct overlay_column *overlays = segment_overlays(segment, column);
    if (overlays == NULL) goto no_memory;
    const uint32_t vector_rows = store->layout.vector_rows;
    struct overlay *older = overlay_at(&overlays->heads[vector], TS_LATEST);
    struct store_view view = store_view_at(store, TS_LATEST); /* without rows of this change */
    bool complete = store_segment_rows(store, &view, number) >= (vector + 1) * vector_rows;
    uint32_t count = patch->count + (older == NULL ? 0 : older->patch.count);
    struct overlay *made;
    if (complete && count > vector_rows / DENSE_SHARE) {
        struct arena_mark mark = arena_mark(cx->arena);
        struct vector base;
        if (read_whole(cx, segment, column, vector, &base) != LLKV_OK) return NULL;
        made = overlay_densify(store->budget, &base, patch);
        arena_rewind(cx->arena, mark);
    } else {
        made = overlay_merge(store->budget, store->layout.phys[column], older, patch);
    }
    if (made == NULL) goto no_memory;
    made->head = &overlays->heads[vector];
    made->changed_ts = &segment->changed_ts;
    made->column_zone = &overlays->zone;
    return made;
no_memory:
    cx->error->code = cx_nomem(cx);
    return NULL;
}

llkv_code store_reserve_update(struct cx *cx, struct store_change *change, uint32_t segment,
                               uint32_t vector, uint32_t column, const struct patch *patch)
{
    struct store *store = change->store;
    TRY(ensure_sketches(cx, store));
    if (store->layout.phys[column] == PHYS_NULLS) return LLKV_OK; /* NULL for ever */
    struct overlay *made = make_overlay(cx, store, segment, vector, column, patch);
    if (made == NULL) return cx->error->code;
    made->column = column;
    patch_zone(patch, store->layout.phys[column], &made->fresh);
    store_note_patch(store, column, patch);
    made->next_pending = change->overlays;
    change->overlays = made;
    return LLKV_OK;
}

/* ---- apply ---- */

/* Put a generation in front, cut what no snapshot needs: everything behind the first one that the
 * oldest snapshot sees. */
static void publish_deletes(struct store *store, struct deletes *made, int64_t ts, int64_t oldest)
{
    struct deletes *older = atomic_load_explicit(made->head, memory_order_relaxed);
    made->ts = ts;
    atomic_store_explicit(made->changed_ts, ts, memory_order_release);
    atomic_store_explicit(&made->older, older, memory_order_relaxed);
    atomic_store_explicit(made->head, made, memory_order_release);
    while (older != NULL && older->ts > oldest)
        older = atomic_load_explicit(&older->older, memory_order_relaxed);
    if (older == NULL) return;
    struct deletes *unneeded = atomic_load_explicit(&older->older, memory_order_relaxed);
    atomic_store_explicit(&older->older, NULL, memory_order_release);
    while (unneeded != NULL) {
        struct deletes *next = atomic_load_explicit(&unneeded->older, memory_order_relaxed);
        readers_retire(store->readers, &unneeded->retired, deletes_free);
        unneeded = next;
    }
}

static void publish_overlay(struct store *store, struct overlay *made, int64_t ts, int64_t oldest)
{
    struct overlay *older = atomic_load_explicit(made->head, memory_order_relaxed);
    store_note_overlay(store, made->column, made);
    live_zone_merge(made->column_zone, &made->zone);
    made->ts = ts;
    atomic_store_explicit(made->changed_ts, ts, memory_order_release);
    atomic_store_explicit(&made->older, older, memory_order_relaxed);
    atomic_store_explicit(made->head, made, memory_order_release);
    while (older != NULL && older->ts > oldest)
        older = atomic_load_explicit(&older->older, memory_order_relaxed);
    if (older == NULL) return;
    struct overlay *unneeded = atomic_load_explicit(&older->older, memory_order_relaxed);
    atomic_store_explicit(&older->older, NULL, memory_order_release);
    while (unneeded != NULL) {
        struct overlay *next = atomic_load_explicit(&unneeded->older, memory_order_relaxed);
        readers_retire(store->readers, &unneeded->retired, overlay_free);
        unneeded = next;
    }
}

static void publish_touch(struct touch *touch, int64_t ts, int64_t oldest)
{
    touch->ts = ts;
    touch->older = *touch->head;
    *touch->head = touch;
    touch_forget(touch->head, oldest);
}

static void publish_generations(struct store_change *change, int64_t ts)
{
    struct store *store = change->store;
    int64_t oldest = store->readers->oldest_ts(store->readers);
    while (change->deletes != NULL) {
        struct deletes *next = change->deletes->next_pending;
        publish_deletes(store, change->deletes, ts, oldest);
        change->deletes = next;
    }
    while (change->overlays != NULL) {
        struct overlay *next = change->overlays->next_pending;
        publish_overlay(store, change->overlays, ts, oldest);
        change->overlays = next;
    }
    while (change->touches != NULL) {
        struct touch *next = change->touches->next_pending;
        publish_touch(change->touches, ts, oldest);
        change->touches = next;
    }
}

static void publish_mark(struct store_change *change, int64_t ts)
{
    struct marks *marks = store_marks(change->store);
    uint32_t count = atomic_load_explicit(&marks->count, memory_order_relaxed);
    assert(count < marks->capacity);
    int64_t live = count == 0 ? 0 : marks->items[count - 1].live_rows;
    assert(count == 0 || marks->items[count - 1].ts < ts);
    marks->items[count] = (struct mark){.ts = ts,
                                        .row_end = change->row_end,
                                        .live_rows = live + change->inserted - change->deleted};
    atomic_store_explicit(&marks->count, count + 1, memory_order_release);
}

static void release(struct store_change *change)
{
    mem_free(change->pieces);
    change->pieces = NULL;
    change->piece_count = 0;
}

void store_apply(struct store_change *change, int64_t ts, const struct sketch *sketches)
{
    struct store *store = change->store;
    for (uint32_t i = 0; i < change->piece_count; i++) {
        const struct store_piece *piece = &change->pieces[i];
        if (piece->sealed != NULL) sealed_keep(piece->sealed, true); /* committed */
        store_note_piece(store, piece);
    }
    struct sketch *own = atomic_load_explicit(&store->sketches, memory_order_relaxed);
    for (uint32_t c = 0; sketches != NULL && c < store->layout.column_count; c++)
        sketch_merge(&own[c], &sketches[c]);
    for (uint32_t i = change->old_segments == 0 ? 0 : change->old_segments - 1;
         i + 1 < store->segment_count; i++)
        segment_at(store, i)->closed = true;
    publish_generations(change, ts);
    publish_mark(change, ts);
    atomic_fetch_add_explicit(&store->data_version, 1, memory_order_release);
    release(change);
}

/* ---- undo ---- */

static void drop_pending(struct store_change *change)
{
    while (change->deletes != NULL) {
        struct deletes *next = change->deletes->next_pending;
        deletes_free(change->deletes);
        change->deletes = next;
    }
    while (change->overlays != NULL) {
        struct overlay *next = change->overlays->next_pending;
        overlay_free(change->overlays);
        change->overlays = next;
    }
    while (change->touches != NULL) {
        struct touch *next = change->touches->next_pending;
        mem_free(change->touches);
        change->touches = next;
    }
}

void store_undo(struct store_change *change)
{
    struct store *store = change->store;
    drop_pending(change);
    for (uint32_t i = 0; i < change->piece_count; i++) {
        const struct store_piece *piece = &change->pieces[i];
        uint32_t index = layout_segment(&store->layout, piece->row_id);
        struct segment *segment = segment_at(store, index);
        if (piece->sealed != NULL) { /* it belongs to the caller */
            atomic_store_explicit(&segment->sealed, NULL, memory_order_relaxed);
        } else {
            segment_count_texts(segment, piece->buf, piece->first, piece->rows, true);
        }
    }
    while (store->segment_count > change->old_segments) {
        segment_free(segment_at(store, store->segment_count - 1));
        store->segment_count--;
    }
    if (store->segment_count != 0)
        atomic_store_explicit(&segment_at(store, store->segment_count - 1)->rows, change->old_rows,
                              memory_order_relaxed);
    release(change);
}
