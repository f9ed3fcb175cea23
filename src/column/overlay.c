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

int overlay_find(const struct overlay *overlay, uint32_t position)
{
    const struct patch *patch = &overlay->patch;
    uint32_t low = 0;
    uint32_t high = patch->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (patch->positions[middle] < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < patch->count && patch->positions[low] == position ? (int)low : -1;
}

/* ---- merging: both lists ascend; where they meet the newer value wins ---- */

/* Where each value of the result comes from. */
struct merge {
    const struct patch *source[2]; /* older, newer */
    uint32_t count;
    uint16_t from[VEC_ROWS_MAX]; /* index * 2 + source */
};

static const struct patch no_patch = {0};

static void merge_lists(struct merge *merge, const struct patch *older, const struct patch *newer)
{
    uint32_t i = 0;
    uint32_t j = 0;
    merge->source[0] = older;
    merge->source[1] = newer;
    merge->count = 0;
    while (i < older->count || j < newer->count) {
        bool take_old =
            j == newer->count || (i < older->count && older->positions[i] < newer->positions[j]);
        bool both = !take_old && i < older->count && older->positions[i] == newer->positions[j];
        merge->from[merge->count++] = (uint16_t)(take_old ? i * 2 : j * 2 + 1);
        if (take_old || both) i++;
        if (!take_old) j++;
    }
}

static const struct str_view *merged_view(const struct merge *merge, uint32_t i)
{
    const struct patch *source = merge->source[merge->from[i] & 1];
    uint32_t at = merge->from[i] >> 1;
    return patch_valid(source, at) ? (const struct str_view *)source->values + at : NULL;
}

static size_t merged_text_bytes(const struct merge *merge)
{
    size_t total = 0;
    for (uint32_t i = 0; i < merge->count; i++) {
        const struct str_view *view = merged_view(merge, i);
        if (view != NULL && view->len > STR_INLINE_MAX) total += view->len;
    }
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

static struct overlay *overlay_alloc(struct mem_budget *budget, enum phys_type phys, uint32_t count,
                                     size_t text_bytes, struct overlay_room *out_room)
{
    size_t values = round16(sizeof(struct overlay));
    size_t validity = values + round16(count * slot_width(phys));
    size_t positions = validity + round16(bitmap_words(count) * sizeof(uint64_t));
    size_t text = positions + round16(count * sizeof(uint16_t));
    uint8_t *block = mem_alloc(budget, text + text_bytes);
    if (block == NULL) return NULL;
    struct overlay *overlay = (struct overlay *)(void *)block;
    memset(overlay, 0, sizeof *overlay);
    *out_room = (struct overlay_room){
        .positions = (uint16_t *)(void *)(block + positions),
        .values = block + values,
        .validity = (uint64_t *)(void *)(block + validity),
        .text = block + text,
    };
    memset(out_room->validity, 0, bitmap_words(count) * sizeof(uint64_t));
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

static void fill_patch(const struct merge *merge, enum phys_type phys, struct overlay_room *room)
{
    const size_t width = slot_width(phys);
    for (uint32_t i = 0; i < merge->count; i++) {
        const struct patch *source = merge->source[merge->from[i] & 1];
        uint32_t at = merge->from[i] >> 1;
        uint8_t *slot = room->values + i * width;
        room->positions[i] = source->positions[at];
        if (!patch_valid(source, at)) {
            memset(slot, 0, width);
            continue;
        }
        bit_set(room->validity, i);
        memcpy(slot, (const uint8_t *)source->values + at * width, width);
        if (phys == PHYS_VIEW) own_text((struct str_view *)(void *)slot, &room->text);
    }
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
    struct merge merge;
    struct overlay_room room;
    merge_lists(&merge, older == NULL ? &no_patch : &older->patch, more);
    size_t text_bytes = phys == PHYS_VIEW ? merged_text_bytes(&merge) : 0;
    struct overlay *overlay = overlay_alloc(budget, phys, merge.count, text_bytes, &room);
    if (overlay == NULL) return NULL;
    fill_patch(&merge, phys, &room);
    patch_zone(&overlay->patch, phys, &overlay->zone);
    if (older == NULL || older->dense == NULL) return overlay;
    overlay->dense = older->dense;
    atomic_fetch_add(&overlay->dense->refs, 1);
    zone_merge(&overlay->zone, &overlay->dense->zone);
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
    struct overlay *overlay = overlay_alloc(budget, base->phys, 0, 0, &room);
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
