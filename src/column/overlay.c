#include "column/overlay.h"

#include <assert.h>
#include <string.h>

/* In patches a BOOL takes a byte. */
static size_t slot_width(enum phys_type phys)
{
    return phys == PHYS_BOOL ? 1 : phys_bytes[phys];
}

static bool patch_valid(const struct patch *patch, uint32_t i)
{
    return patch->validity == NULL || bit_get(patch->validity, i);
}

static void dense_unref(struct dense *dense)
{
    if (dense == NULL) return;
    if (atomic_fetch_sub(&dense->refs, 1) != 1) return;
    text_heap_deinit(&dense->heap);
    mem_free(dense);
}

void overlay_free(void *object)
{
    struct overlay *overlay = object;
    if (overlay == NULL) return;
    dense_unref(overlay->dense);
    mem_free(overlay);
}

struct overlay *overlay_at(_Atomic(struct overlay *) *head, int64_t ts)
{
    struct overlay *overlay = atomic_load_explicit(head, memory_order_acquire);
    while (overlay != NULL && overlay->ts > ts)
        overlay = atomic_load_explicit(&overlay->older, memory_order_acquire);
    return overlay;
}

/* The index of the first position from `low` on that is not below `position`. */
static uint32_t first_not_below(const struct patch *patch, uint32_t low, uint32_t position)
{
    uint32_t high = patch->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (patch->positions[middle] < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int overlay_find(const struct overlay *overlay, uint32_t position)
{
    const struct patch *patch = &overlay->patch;
    uint32_t at = first_not_below(patch, 0, position);
    return at < patch->count && patch->positions[at] == position ? (int)at : -1;
}

/* ---- merging: both lists ascend; where they meet the newer value wins ---- */

static const struct patch no_patch = {0};

/* How many newer values take the place of an older one. */
static uint32_t count_replaced(const struct patch *older, const struct patch *newer)
{
    uint32_t at = 0, replaced = 0;
    for (uint32_t j = 0; j < newer->count && at < older->count; j++) {
        at = first_not_below(older, at, newer->positions[j]);
        replaced += at < older->count && older->positions[at] == newer->positions[j];
    }
    return replaced;
}

static bool has_nulls(const struct patch *patch)
{
    return patch->validity != NULL && !bitmap_all(patch->validity, patch->count);
}

/* Of the texts that do not fit into their views. */
static size_t text_bytes_of(const struct patch *patch)
{
    const struct str_view *views = patch->values;
    size_t total = 0;
    for (uint32_t i = 0; i < patch->count; i++)
        if (patch_valid(patch, i) && views[i].len > STR_INLINE_MAX) total += views[i].len;
    return total;
}

/* The parts of the one allocation behind the struct. */
struct overlay_room {
    uint16_t *positions;
    uint8_t *values;
    uint64_t *validity;
    uint8_t *text;
};

static size_t round16(size_t bytes)
{
    return (bytes + 15) / 16 * 16;
}

/* `nulls`: with bits of validity. */
static struct overlay *overlay_alloc(struct mem_budget *budget, enum phys_type phys, uint32_t count,
                                     bool nulls, size_t text_bytes, struct overlay_room *out_room)
{
    const size_t words = nulls ? bitmap_words(count) : 0;
    size_t values = round16(sizeof(struct overlay));
    size_t validity = values + round16(count * slot_width(phys));
    size_t positions = validity + round16(words * sizeof(uint64_t));
    size_t text = positions + round16(count * sizeof(uint16_t));
    uint8_t *block = mem_alloc(budget, text + text_bytes);
    if (block == NULL) return NULL;
    struct overlay *overlay = (struct overlay *)(void *)block;
    memset(overlay, 0, sizeof *overlay);
    *out_room = (struct overlay_room){
        .positions = (uint16_t *)(void *)(block + positions),
        .values = block + values,
        .validity = nulls ? (uint64_t *)(void *)(block + validity) : NULL,
        .text = block + text,
    };
    if (nulls) memset(out_room->validity, 0, words * sizeof(uint64_t));
    overlay->patch = (struct patch){.count = count,
                                    .positions = out_room->positions,
                                    .values = out_room->values,
                                    .validity = out_room->validity};
    return overlay;
}

/* Texts move behind the values. */
static void own_text(struct str_view *view, uint8_t **io_text)
{
    if (view->len <= STR_INLINE_MAX) return;
    memcpy(*io_text, view->ptr, view->len);
    view->ptr = *io_text;
    *io_text += view->len;
}

/* n patches of a list to slots `at` .. of the room. */
static void put_run(struct overlay_room *room, enum phys_type phys, uint32_t at,
                    const struct patch *from, uint32_t first, uint32_t n)
{
    const size_t width = slot_width(phys);
    if (n == 0) return;
    memcpy(room->positions + at, from->positions + first, n * sizeof(uint16_t));
    memcpy(room->values + at * width, (const uint8_t *)from->values + first * width, n * width);
    if (room->validity == NULL && phys != PHYS_VIEW) return;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *slot = room->values + (at + i) * width;
        if (!patch_valid(from, first + i)) {
            memset(slot, 0, width);
            continue;
        }
        if (room->validity != NULL) bit_set(room->validity, at + i);
        if (phys == PHYS_VIEW) own_text((struct str_view *)(void *)slot, &room->text);
    }
}

/* The older values stand in runs between the newer ones. */
static void fill_patch(struct overlay_room *room, enum phys_type phys, const struct patch *older,
                       const struct patch *newer)
{
    uint32_t from = 0, at = 0;
    for (uint32_t j = 0; j < newer->count; j++) {
        uint32_t end = first_not_below(older, from, newer->positions[j]);
        put_run(room, phys, at, older, from, end - from);
        at += end - from;
        put_run(room, phys, at++, newer, j, 1);
        from = end + (end < older->count && older->positions[end] == newer->positions[j]);
    }
    put_run(room, phys, at, older, from, older->count - from);
}

/* The zone of patches; BOOL takes a byte here, as U8 does. */
void patch_zone(const struct patch *patch, enum phys_type phys, struct zone *io_zone)
{
    uint64_t keys[VEC_ROWS_MAX];
    bool keyed = zone_has_keys(phys);
    enum phys_type slots = phys == PHYS_BOOL ? PHYS_U8 : phys;
    if (keyed) zone_keys(slots, patch->values, 0, patch->count, keys);
    zone_add(io_zone, keyed ? keys : NULL, patch->validity, patch->count);
}

struct overlay *overlay_merge(struct mem_budget *budget, enum phys_type phys,
                              const struct overlay *older, const struct patch *more)
{
    assert(more->count > 0);
    struct overlay_room room;
    const struct patch *before = older == NULL ? &no_patch : &older->patch;
    uint32_t count = before->count + more->count - count_replaced(before, more);
    bool nulls = before->validity != NULL || has_nulls(more);
    size_t text_bytes = phys == PHYS_VIEW ? text_bytes_of(before) + text_bytes_of(more) : 0;
    struct overlay *overlay = overlay_alloc(budget, phys, count, nulls, text_bytes, &room);
    if (overlay == NULL) return NULL;
    fill_patch(&room, phys, before, more);
    /* Also of the values that are replaced: bounds may be too wide, and this costs nothing. */
    if (older != NULL) overlay->zone = older->zone;
    patch_zone(more, phys, &overlay->zone);
    if (older == NULL || older->dense == NULL) return overlay;
    overlay->dense = older->dense;
    atomic_fetch_add(&overlay->dense->refs, 1);
    return overlay;
}

void overlay_patch(const struct overlay *overlay, enum phys_type phys, uint32_t n, void *data,
                   uint64_t *validity)
{
    const struct patch *patch = &overlay->patch;
    const size_t width = slot_width(phys);
    for (uint32_t i = 0; i < patch->count && patch->positions[i] < n; i++) {
        uint32_t at = patch->positions[i];
        bool valid = patch_valid(patch, i);
        const uint8_t *slot = (const uint8_t *)patch->values + i * width;
        bit_put(validity, at, valid);
        if (phys == PHYS_BOOL) {
            bit_put(data, at, *slot != 0);
        } else {
            memcpy((uint8_t *)data + at * width, slot, width);
        }
    }
}

/* ---- dense vectors ---- */

static struct dense *dense_new(struct mem_budget *budget, const struct vector *base)
{
    const uint32_t n = base->rows;
    size_t words = bitmap_words(n);
    size_t head = (sizeof(struct dense) + 63) / 64 * 64;
    size_t data_bytes =
        base->phys == PHYS_BOOL ? words * sizeof(uint64_t) : n * slot_width(base->phys);
    data_bytes = (data_bytes + 16 + 63) / 64 * 64; /* readable behind its end */
    uint8_t *block = mem_alloc_aligned(budget, head + data_bytes + words * sizeof(uint64_t) + 16);
    if (block == NULL) return NULL;
    struct dense *dense = (struct dense *)(void *)block;
    memset(dense, 0, sizeof *dense);
    atomic_init(&dense->refs, 1);
    dense->heap.budget = budget;
    dense->data = block + head;
    dense->validity = (uint64_t *)(void *)(block + head + data_bytes);
    memset(dense->data, 0, data_bytes);
    memset(dense->validity, 0, words * sizeof(uint64_t) + 16);
    if (base->validity == NULL) {
        bitmap_fill(dense->validity, n, true);
    } else {
        bitmap_copy_bits(dense->validity, base->validity, 0, n);
    }
    if (base->phys == PHYS_BOOL) {
        bitmap_copy_bits(dense->data, base->data, 0, n);
    } else {
        memcpy(dense->data, base->data, n * slot_width(base->phys));
    }
    return dense;
}

/* The dense vector gets texts of its own. */
static bool dense_own_texts(struct dense *dense, uint32_t n)
{
    struct str_view *views = dense->data;
    for (uint32_t i = 0; i < n; i++) {
        if (!bit_get(dense->validity, i)) views[i] = str_of(NULL, 0);
        if (!text_heap_adopt(&dense->heap, &views[i])) return false;
    }
    return true;
}

static void dense_zone(struct dense *dense, enum phys_type phys, uint32_t n)
{
    uint64_t keys[VEC_ROWS_MAX];
    bool keyed = zone_has_keys(phys);
    if (keyed) zone_keys(phys, dense->data, 0, n, keys);
    zone_add(&dense->zone, keyed ? keys : NULL, dense->validity, n);
    if (dense->zone.nulls == 0) dense->validity = NULL;
}

struct overlay *overlay_densify(struct mem_budget *budget, const struct vector *base,
                                const struct patch *more)
{
    assert(base->shape == VEC_FLAT);
    struct overlay_room room;
    struct overlay *overlay = overlay_alloc(budget, base->phys, 0, false, 0, &room);
    if (overlay == NULL) return NULL;
    struct dense *dense = dense_new(budget, base);
    if (dense == NULL) goto no_memory;
    overlay->dense = dense;
    struct overlay on_top = {.patch = *more};
    overlay_patch(&on_top, base->phys, base->rows, dense->data, dense->validity);
    if (base->phys == PHYS_VIEW && !dense_own_texts(dense, base->rows)) goto no_memory;
    dense_zone(dense, base->phys, base->rows);
    overlay->zone = dense->zone;
    return overlay;
no_memory:
    overlay_free(overlay);
    return NULL;
}
