#include "column/segment.h"

#include <assert.h>
#include <string.h>

static bool has_text(const struct layout *layout)
{
    for (uint32_t c = 0; c < layout->column_count; c++)
        if (layout->phys[c] == PHYS_VIEW) return true;
    return false;
}

static struct open_text *open_text_new(struct mem_budget *budget)
{
    struct open_text *text = mem_alloc_zero(budget, sizeof *text);
    if (text != NULL) text->heap.budget = budget;
    return text;
}

static void open_text_free(void *object)
{
    struct open_text *text = object;
    if (text == NULL) return;
    text_heap_deinit(&text->heap);
    mem_free(text);
}

struct segment *segment_new(struct mem_budget *budget, const struct layout *layout,
                            struct sealed *sealed)
{
    const size_t vectors = layout->vectors * sizeof(struct vector_state);
    const size_t overlays = layout->column_count * sizeof(_Atomic(struct overlay_column *));
    const size_t counts = layout->column_count * sizeof(uint64_t);
    uint8_t *block = mem_alloc_zero(budget, sizeof(struct segment) + vectors + overlays + counts +
                                                2 * (size_t)layout->column_count);
    if (block == NULL) return NULL;
    struct segment *segment = (struct segment *)(void *)block;
    segment->layout = layout;
    segment->budget = budget;
    block += sizeof(struct segment) + vectors;
    segment->overlays = (_Atomic(struct overlay_column *) *)(void *)block;
    segment->text_bytes = (uint64_t *)(void *)(block + overlays);
    segment->pinned = (_Atomic uint8_t *)(block + overlays + counts);
    segment->updated = segment->pinned + layout->column_count;
    if (sealed == NULL && has_text(layout)) {
        segment->text = open_text_new(budget);
        if (segment->text == NULL) {
            mem_free(segment);
            return NULL;
        }
    }
    if (sealed != NULL) {
        atomic_init(&segment->rows, sealed->rows);
        atomic_init(&segment->sealed, sealed);
    }
    return segment;
}

static void free_vector(struct segment *segment, struct vector_state *vector)
{
    if (atomic_load_explicit(&segment->sealed, memory_order_relaxed) == NULL)
        open_block_free(atomic_load_explicit(&vector->open, memory_order_relaxed));
    struct deletes *deletes = atomic_load_explicit(&vector->deletes, memory_order_relaxed);
    while (deletes != NULL) {
        struct deletes *older = atomic_load_explicit(&deletes->older, memory_order_relaxed);
        deletes_free(deletes);
        deletes = older;
    }
    touch_forget(&vector->touches, INT64_MAX);
}

static void free_overlays(struct segment *segment, struct overlay_column *column)
{
    if (column == NULL) return;
    for (uint32_t v = 0; v < segment->layout->vectors; v++) {
        struct overlay *overlay = atomic_load_explicit(&column->heads[v], memory_order_relaxed);
        while (overlay != NULL) {
            struct overlay *older = atomic_load_explicit(&overlay->older, memory_order_relaxed);
            overlay_free(overlay);
            overlay = older;
        }
    }
    mem_free(column);
}

void segment_free(struct segment *segment)
{
    if (segment == NULL) return;
    for (uint32_t v = 0; v < segment->layout->vectors; v++)
        free_vector(segment, &segment->vectors[v]);
    for (uint32_t c = 0; c < segment->layout->column_count; c++)
        free_overlays(segment, atomic_load_explicit(&segment->overlays[c], memory_order_relaxed));
    open_text_free(segment->text);
    sealed_free(atomic_load_explicit(&segment->sealed, memory_order_relaxed));
    mem_free(segment);
}

void segment_drop(struct segment *segment)
{
    struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_relaxed);
    if (sealed != NULL) sealed_keep(sealed, false);
}

struct open_block *segment_block(struct segment *segment, struct readers *readers, uint32_t vector,
                                 uint32_t rows, uint32_t first_rows)
{
    const struct layout *layout = segment->layout;
    _Atomic(struct open_block *) *slot = &segment->vectors[vector].open;
    struct open_block *old = atomic_load_explicit(slot, memory_order_relaxed);
    if (old != NULL && old->capacity >= rows) return old;
    uint32_t capacity = old == NULL ? first_rows : old->capacity * 4;
    while (capacity < rows)
        capacity *= 4;
    if (capacity > layout->vector_rows) capacity = layout->vector_rows;
    uint32_t written = atomic_load_explicit(&segment->rows, memory_order_relaxed);
    uint32_t first = vector * layout->vector_rows;
    uint32_t keep = written > first ? written - first : 0;
    if (old != NULL && keep > old->capacity) keep = old->capacity;
    struct open_block *block = open_block_new(segment->budget, layout, capacity, old, keep);
    if (block == NULL) return NULL;
    atomic_store_explicit(slot, block, memory_order_release);
    if (old != NULL) readers_retire(readers, &old->retired, open_block_free);
    return block;
}

struct overlay_column *segment_overlays(struct segment *segment, uint32_t column)
{
    _Atomic(struct overlay_column *) *slot = &segment->overlays[column];
    struct overlay_column *overlays = atomic_load_explicit(slot, memory_order_relaxed);
    if (overlays != NULL) return overlays;
    size_t heads = segment->layout->vectors * sizeof(_Atomic(struct overlay *));
    overlays = mem_alloc_zero(segment->budget, sizeof *overlays + heads);
    if (overlays == NULL) return NULL;
    live_zone_init(&overlays->zone);
    atomic_store_explicit(&segment->updated[column], 1, memory_order_relaxed);
    atomic_store_explicit(slot, overlays, memory_order_release);
    return overlays;
}

/* ---- sealing ---- */

static struct vector open_vector(const void *arg, uint32_t column, uint32_t vector,
                                 uint64_t *scratch)
{
    const struct segment *segment = arg;
    const struct layout *layout = segment->layout;
    const struct open_block *block =
        atomic_load_explicit(&segment->vectors[vector].open, memory_order_relaxed);
    const struct open_column *open = &block->columns[column];
    uint32_t rows = atomic_load_explicit(&segment->rows, memory_order_relaxed);
    uint32_t n = rows - vector * layout->vector_rows;
    if (n > layout->vector_rows) n = layout->vector_rows;
    struct vector v = {.phys = layout->phys[column], .shape = VEC_FLAT, .rows = n};
    v.data = open->data;
    if (v.phys == PHYS_BOOL) {
        open_bits_copy(scratch, open->data, n);
        v.data = scratch;
    }
    open_bits_copy(scratch + VEC_WORDS_MAX, open->validity, n);
    v.validity = bitmap_all(scratch + VEC_WORDS_MAX, n) ? NULL : scratch + VEC_WORDS_MAX;
    return v;
}

llkv_code segment_seal(struct cx *cx, struct segment *segment, struct readers *readers,
                       llkv_pager *pager)
{
    assert(atomic_load_explicit(&segment->sealed, memory_order_relaxed) == NULL);
    const struct layout *layout = segment->layout;
    struct sealed_source source = {
        .vector = open_vector,
        .arg = segment,
        .rows = atomic_load_explicit(&segment->rows, memory_order_relaxed),
    };
    struct sealed *sealed = NULL;
    TRY(sealed_new(cx, segment->budget, pager, layout, &source, &sealed));
    sealed_keep(sealed, true);
    atomic_store_explicit(&segment->sealed, sealed, memory_order_release);
    /* The pointers to the blocks stay: a reader that came before the store still follows them. */
    for (uint32_t v = 0; v < layout->vectors; v++) {
        struct open_block *block =
            atomic_load_explicit(&segment->vectors[v].open, memory_order_relaxed);
        if (block != NULL) readers_retire(readers, &block->retired, open_block_free);
    }
    if (segment->text != NULL) readers_retire(readers, &segment->text->retired, open_text_free);
    segment->text = NULL;
    return LLKV_OK;
}

/* ---- folding ---- */

/* Generations up to `ts` are in the base. True if none is left. */
static bool cut_overlays(_Atomic(struct overlay *) *head, struct readers *readers, int64_t ts)
{
    _Atomic(struct overlay *) *link = head;
    struct overlay *at = atomic_load_explicit(link, memory_order_relaxed);
    while (at != NULL && at->ts > ts) {
        link = &at->older;
        at = atomic_load_explicit(link, memory_order_relaxed);
    }
    if (at != NULL) atomic_store_explicit(link, NULL, memory_order_release);
    while (at != NULL) {
        struct overlay *older = atomic_load_explicit(&at->older, memory_order_relaxed);
        readers_retire(readers, &at->retired, overlay_free);
        at = older;
    }
    return atomic_load_explicit(head, memory_order_relaxed) == NULL;
}

static void free_overlay_column(void *column)
{
    mem_free(column);
}

void segment_fold(struct segment *segment, struct readers *readers, struct sealed *next,
                  const uint32_t *replaced, uint32_t count, int64_t ts)
{
    struct sealed *old = atomic_load_explicit(&segment->sealed, memory_order_relaxed);
    assert(old != NULL);
    /* The base first: a reader that finds an overlay cut finds its values here. */
    atomic_store_explicit(&segment->sealed, next, memory_order_release);
    for (uint32_t i = 0; i < count; i++) {
        _Atomic(struct overlay_column *) *slot = &segment->overlays[replaced[i]];
        struct overlay_column *column = atomic_load_explicit(slot, memory_order_relaxed);
        if (column == NULL) continue;
        bool empty = true;
        for (uint32_t v = 0; v < segment->layout->vectors; v++)
            empty = cut_overlays(&column->heads[v], readers, ts) && empty;
        if (!empty) continue;
        atomic_store_explicit(slot, NULL, memory_order_release);
        readers_retire(readers, &column->retired, free_overlay_column);
    }
    readers_retire(readers, &old->retired, sealed_free);
}

/* ---- reading ---- */

/* Words nobody writes any more, or that the reader treats as atomic (`growing`). */
static const uint64_t *plain_words(const _Atomic uint64_t *words)
{
    return (const uint64_t *)(uintptr_t)words;
}

static llkv_code base_source(struct cx *cx, struct segment *segment, uint32_t column,
                             uint32_t vector, uint32_t rows, struct value_source *out)
{
    const struct layout *layout = segment->layout;
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    struct value_source source = {.phys = layout->phys[column], .shape = VEC_FLAT};
    *out = source;
    if (source.phys == PHYS_NULLS) return LLKV_OK;
    if (sealed != NULL) {
        TRY(chunk_ready(cx, sealed->columns[column]));
        struct vector v = sealed_vector(sealed, column, vector, rows);
        out->shape = v.shape;
        out->data = v.data;
        out->validity = v.validity;
        out->heap = v.aux;
        return LLKV_OK;
    }
    const struct open_block *block =
        atomic_load_explicit(&segment->vectors[vector].open, memory_order_acquire);
    const struct open_column *open = &block->columns[column];
    source.growing = rows < layout->vector_rows;
    source.data = open->data;
    if (atomic_load_explicit(&open->zone.nulls, memory_order_relaxed) != 0)
        source.validity = plain_words(open->validity);
    *out = source;
    return LLKV_OK;
}

static struct overlay *overlay_of(struct segment *segment, uint32_t column, uint32_t vector,
                                  int64_t ts)
{
    struct overlay_column *overlays =
        atomic_load_explicit(&segment->overlays[column], memory_order_acquire);
    return overlays == NULL ? NULL : overlay_at(&overlays->heads[vector], ts);
}

llkv_code segment_source(struct cx *cx, struct segment *segment, uint32_t column, uint32_t vector,
                         uint32_t rows, int64_t ts, struct value_source *out)
{
    /* The overlay first: once it is cut, its values are in the base. */
    const struct overlay *overlay = overlay_of(segment, column, vector, ts);
    if (overlay != NULL && overlay->dense != NULL) {
        *out = (struct value_source){.phys = segment->layout->phys[column],
                                     .shape = VEC_FLAT,
                                     .data = overlay->dense->data,
                                     .validity = overlay->dense->validity};
    } else {
        TRY(base_source(cx, segment, column, vector, rows, out));
    }
    if (overlay != NULL && overlay->patch.count != 0) out->overlay = overlay;
    return LLKV_OK;
}

static const _Atomic uint64_t *atomic_words(const void *words)
{
    return (const _Atomic uint64_t *)words;
}

static void copy_words(const struct value_source *source, const void *words, uint32_t n,
                       uint64_t *out)
{
    if (source->growing) {
        open_bits_copy(out, atomic_words(words), n);
    } else {
        bitmap_copy_bits(out, words, 0, n);
    }
}

llkv_code value_room_bits(struct cx *cx, struct value_room *room)
{
    if (room->validity != NULL) return LLKV_OK;
    room->validity = cx_alloc(cx, 2 * VEC_WORDS_MAX * sizeof(uint64_t));
    return room->validity == NULL ? LLKV_NOMEM : LLKV_OK;
}

llkv_code value_room_ensure(struct cx *cx, struct value_room *room)
{
    if (room->data != NULL) return LLKV_OK;
    TRY(value_room_bits(cx, room));
    room->data = cx_alloc_zero(cx, (size_t)VEC_ROWS_MAX * 16 + 16);
    return room->data == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* FLAT values in the room, patches applied. */
static void copy_patched(const struct value_source *source, uint32_t rows, struct value_room *room,
                         struct vector *out)
{
    struct vector base = {.phys = source->phys,
                          .shape = source->shape,
                          .rows = rows,
                          .data = source->data,
                          .aux = source->heap};
    if (source->validity == NULL) {
        bitmap_fill(room->validity, rows, true);
    } else {
        copy_words(source, source->validity, rows, room->validity);
        base.validity = room->validity;
    }
    if (source->phys == PHYS_BOOL) {
        copy_words(source, source->data, rows, room->data);
    } else if (source->shape == VEC_FLAT) {
        memcpy(room->data, source->data, (size_t)rows * phys_bytes[source->phys]);
    } else {
        struct vector ignored;
        uint64_t bits[VEC_WORDS_MAX];
        vec_flatten(&base, NULL, rows, room->data, bits, &ignored);
    }
    overlay_patch(source->overlay, source->phys, rows, room->data, room->validity);
    *out = (struct vector){.phys = source->phys,
                           .shape = VEC_FLAT,
                           .rows = rows,
                           .data = room->data,
                           .validity = room->validity};
}

llkv_code segment_read(struct cx *cx, struct segment *segment, uint32_t column, uint32_t vector,
                       uint32_t rows, int64_t ts, struct value_room *room, struct vector *out)
{
    struct value_source source;
    TRY(segment_source(cx, segment, column, vector, rows, ts, &source));
    *out = (struct vector){.phys = source.phys,
                           .shape = source.shape,
                           .flags = VEC_STABLE,
                           .rows = rows,
                           .validity = source.validity,
                           .data = source.data,
                           .aux = source.heap};
    bool copy_bits = source.growing && (source.validity != NULL || source.phys == PHYS_BOOL);
    if (source.overlay == NULL && !copy_bits) return LLKV_OK;
    TRY(value_room_ensure(cx, room));
    if (source.overlay != NULL) {
        copy_patched(&source, rows, room, out);
        return LLKV_OK;
    }
    out->flags = 0;
    if (source.validity != NULL) {
        copy_words(&source, source.validity, rows, room->validity);
        out->validity = room->validity;
    }
    if (source.phys == PHYS_BOOL) {
        copy_words(&source, source.data, rows, room->data);
        out->data = room->data;
    }
    return LLKV_OK;
}

static bool source_bit(const struct value_source *source, const void *words, uint32_t i)
{
    if (source->growing) return open_bit_get(atomic_words(words), i);
    return bit_get(words, i);
}

static void gather_views(const struct value_source *source, const uint16_t *positions, uint32_t n,
                         struct str_view *out)
{
    const int32_t *offsets = source->data;
    for (uint32_t i = 0; i < n; i++) {
        const int32_t *at = offsets + positions[i];
        out[i] = str_of(source->heap + at[0], (uint32_t)(at[1] - at[0]));
    }
}

static void gather_fixed(const struct value_source *source, const uint16_t *positions, uint32_t n,
                         uint8_t *out)
{
    const uint8_t *values = source->data;
    const size_t width = phys_bytes[source->phys];
    if (width == 8) {
        for (uint32_t i = 0; i < n; i++)
            memcpy(out + i * 8, values + positions[i] * 8u, 8);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        memcpy(out + i * width, values + positions[i] * width, width);
}

static void gather_patches(const struct value_source *source, const uint16_t *positions, uint32_t n,
                           void *data, uint64_t *validity, uint32_t at)
{
    const struct patch *patch = &source->overlay->patch;
    const size_t width = phys_bytes[source->phys];
    for (uint32_t i = 0; i < n; i++) {
        int found = overlay_find(source->overlay, positions[i]);
        if (found < 0) continue;
        const size_t slot = (size_t)found;
        bit_put(validity, at + i, patch->validity == NULL || bit_get(patch->validity, slot));
        if (source->phys == PHYS_BOOL) {
            bit_put(data, at + i, ((const uint8_t *)patch->values)[slot] != 0);
        } else {
            memcpy((uint8_t *)data + (at + i) * width,
                   (const uint8_t *)patch->values + slot * width, width);
        }
    }
}

void value_source_gather(const struct value_source *source, const uint16_t *positions, uint32_t n,
                         void *data, uint64_t *validity, uint32_t at)
{
    if (source->phys == PHYS_NULLS) {
        for (uint32_t i = 0; i < n; i++)
            bit_clear(validity, at + i);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        bit_put(validity, at + i,
                source->validity == NULL || source_bit(source, source->validity, positions[i]));
    if (source->phys == PHYS_BOOL) {
        for (uint32_t i = 0; i < n; i++)
            bit_put(data, at + i, source_bit(source, source->data, positions[i]));
    } else if (source->shape == VEC_OFFS) {
        gather_views(source, positions, n, (struct str_view *)data + at);
    } else {
        gather_fixed(source, positions, n, (uint8_t *)data + (size_t)at * phys_bytes[source->phys]);
    }
    if (source->overlay != NULL) gather_patches(source, positions, n, data, validity, at);
}

const uint64_t *segment_deleted(struct segment *segment, uint32_t vector, int64_t ts)
{
    const struct deletes *deletes = deletes_at(&segment->vectors[vector].deletes, ts);
    return deletes == NULL ? NULL : deletes->bits;
}

/* ---- bounds ---- */

static struct zone base_zone(struct segment *segment, uint32_t column, uint32_t vector)
{
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    if (sealed != NULL) return sealed->columns[column]->zones[vector];
    const struct open_block *block =
        atomic_load_explicit(&segment->vectors[vector].open, memory_order_acquire);
    return live_zone_read(&block->columns[column].zone);
}

struct zone segment_vector_zone(struct segment *segment, uint32_t column, uint32_t vector,
                                int64_t ts)
{
    const struct overlay *overlay = overlay_of(segment, column, vector, ts); /* before the base */
    struct zone zone = base_zone(segment, column, vector);
    if (overlay != NULL) zone_merge(&zone, &overlay->zone);
    return zone;
}

struct zone segment_zone(struct segment *segment, uint32_t column, uint32_t rows)
{
    struct zone zone = {0};
    struct overlay_column *overlays = /* before the base */
        atomic_load_explicit(&segment->overlays[column], memory_order_acquire);
    const struct sealed *sealed = atomic_load_explicit(&segment->sealed, memory_order_acquire);
    if (sealed != NULL) {
        zone = sealed->columns[column]->zone;
    } else {
        for (uint32_t v = 0; v * segment->layout->vector_rows < rows; v++) {
            struct zone part = base_zone(segment, column, v);
            zone_merge(&zone, &part);
        }
    }
    if (overlays == NULL) return zone;
    struct zone changed = live_zone_read(&overlays->zone);
    zone_merge(&zone, &changed);
    return zone;
}
