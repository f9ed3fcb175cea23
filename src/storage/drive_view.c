/* Views of the drive pager: parts of the file in memory, and who looks at them.
 *
 * The file is mapped with room to grow, where the file system can, so that there are few mappings,
 * whatever is appended and looked at. Where it cannot, what was appended since gets a mapping of
 * its own, together with the small ones before it. Nobody looks behind the tail. A mapping that was
 * replaced goes with its last view. */
#include <assert.h>
#include <string.h>

#include "storage/drive_priv.h"

static void mapping_unref(struct drive_pager *dp, struct drive_mapping *mapping)
{
    assert(mapping->refs > 0);
    if (--mapping->refs != 0) return;
    dp->fs->unmap(dp->fs, mapping->data, mapping->end - mapping->begin);
    mem_free(mapping);
}

static uint64_t mapped_end(const struct drive_pager *dp)
{
    return dp->mapping_count == 0 ? 0 : dp->mappings[dp->mapping_count - 1]->end;
}

static llkv_code mapping_room(struct cx *cx, struct drive_pager *dp)
{
    if (dp->mapping_count < dp->mapping_capacity) return LLKV_OK;
    uint32_t wanted = dp->mapping_capacity == 0 ? 16 : dp->mapping_capacity * 2;
    struct drive_mapping **grown =
        mem_realloc(dp->mappings, wanted * sizeof(struct drive_mapping *), dp->budget);
    if (grown == NULL) return cx_nomem(cx);
    dp->mappings = grown;
    dp->mapping_capacity = wanted;
    return LLKV_OK;
}

/* How far beyond the tail a mapping reaches: addresses cost nothing but themselves. */
static const uint64_t MAP_AHEAD_MIN = UINT64_C(1) << 30;
enum { MAP_AHEAD_FACTOR = 4 };

static uint64_t ahead_of(const struct drive_pager *dp)
{
    uint64_t end = dp->written_tail;
    if (!dp->fs->maps_ahead || end > (UINT64_C(1) << 44)) return end;
    end *= MAP_AHEAD_FACTOR;
    return end < MAP_AHEAD_MIN ? MAP_AHEAD_MIN : end;
}

/* Map up to `end`, at least the tail. `lock` is held. */
static llkv_code map_to(struct cx *cx, struct drive_pager *dp, uint64_t end)
{
    uint64_t begin = mapped_end(dp) / OS_MAP_ALIGN * OS_MAP_ALIGN;
    uint32_t kept = dp->mapping_count;
    while (kept > 0 && dp->mappings[kept - 1]->end - dp->mappings[kept - 1]->begin <= end - begin)
        begin = dp->mappings[--kept]->begin;
    TRY(mapping_room(cx, dp));
    struct drive_mapping *mapping = mem_alloc_zero(dp->budget, sizeof *mapping);
    if (mapping == NULL) return cx_nomem(cx);
    *mapping = (struct drive_mapping){.begin = begin, .end = end, .refs = 1};
    llkv_code rc = dp->fs->map(cx, dp->file, begin, end - begin, &mapping->data);
    if (rc != LLKV_OK) {
        mem_free(mapping);
        return rc;
    }
    while (dp->mapping_count > kept)
        mapping_unref(dp, dp->mappings[--dp->mapping_count]);
    dp->mappings[dp->mapping_count++] = mapping;
    return LLKV_OK;
}

/* `lock` is held. */
static llkv_code map_more(struct cx *cx, struct drive_pager *dp)
{
    uint64_t ahead = ahead_of(dp);
    if (ahead > dp->written_tail) {
        llkv_error ignored = LLKV_ERROR_INIT; /* a limit on addresses: then without the room */
        struct cx quiet = *cx;
        quiet.error = &ignored;
        if (map_to(&quiet, dp, ahead) == LLKV_OK) return LLKV_OK;
    }
    return map_to(cx, dp, dp->written_tail);
}

/* The mapping that shows all of [offset, end): they may overlap, so the last one that begins at or
 * below offset. NULL: a range across two of them. */
static struct drive_mapping *mapping_find(const struct drive_pager *dp, uint64_t offset,
                                          uint64_t end)
{
    uint32_t low = 0;
    uint32_t high = dp->mapping_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (dp->mappings[middle]->begin <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low > 0; low--)
        if (dp->mappings[low - 1]->end >= end) return dp->mappings[low - 1];
    return NULL;
}

/* `lock` is held. */
static llkv_code view_locked(struct cx *cx, struct drive_pager *dp, uint64_t handle, uint64_t bytes,
                             struct batch_pin *pin)
{
    uint32_t seq = (uint32_t)(handle >> 32);
    uint64_t offset = (handle & UINT32_MAX) * LLKV_PAGER_ALIGN;
    struct batch_place *place = NULL;
    TRY(batch_table_get(cx, &dp->table, seq, &place));
    bool inside = place != NULL && !place->dropped && bytes != 0 && offset >= ENTRY_HEADER_BYTES &&
                  offset <= place->data_end && bytes <= place->data_end - offset;
    if (!inside)
        return cx_fail(cx, LLKV_CORRUPT, "batch %u holds no %llu bytes at %llu", seq,
                       (unsigned long long)bytes, (unsigned long long)offset);
    pin->offset = place->offset + offset;
    pin->bytes = bytes;
    if (pin->offset > dp->written_tail || bytes > dp->written_tail - pin->offset)
        return cx_fail(cx, LLKV_CORRUPT, "batch %u lies behind the end of the file", seq);
    if (pin->offset + bytes > mapped_end(dp)) TRY(map_more(cx, dp));
    pin->mapping = mapping_find(dp, pin->offset, pin->offset + bytes);
    CHECK(cx, pin->mapping != NULL); /* an entry is mapped as a whole */
    pin->mapping->refs++;
    pin->place = place;
    pin->next = place->pins;
    pin->link = &place->pins;
    if (place->pins != NULL) place->pins->link = &pin->next;
    place->pins = pin;
    return LLKV_OK;
}

llkv_code drive_view(llkv_pager *pager, uint64_t handle, uint64_t bytes, llkv_pager_view *out_view,
                     llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    struct batch_pin *pin = mem_alloc_zero(dp->budget, sizeof *pin);
    if (pin == NULL) return cx_nomem(&cx);
    pthread_mutex_lock(&dp->lock);
    llkv_code rc = view_locked(&cx, dp, handle, bytes, pin);
    pthread_mutex_unlock(&dp->lock);
    if (rc != LLKV_OK) {
        mem_free(pin);
        return rc;
    }
    const uint8_t *data = pin->mapping->data;
    *out_view = (llkv_pager_view){data + (pin->offset - pin->mapping->begin), pin};
    return LLKV_OK;
}

void drive_view_release(llkv_pager *pager, llkv_pager_view *view)
{
    struct drive_pager *dp = drive_of(pager);
    struct batch_pin *pin = view->pin;
    if (pin == NULL) return;
    pthread_mutex_lock(&dp->lock);
    *pin->link = pin->next;
    if (pin->next != NULL) pin->next->link = pin->link;
    mapping_unref(dp, pin->mapping);
    pthread_mutex_unlock(&dp->lock);
    mem_free(pin);
    *view = (llkv_pager_view){0};
}

void drive_mappings_free(struct drive_pager *dp)
{
    while (dp->mapping_count > 0)
        mapping_unref(dp, dp->mappings[--dp->mapping_count]);
    mem_free(dp->mappings);
    dp->mappings = NULL;
}
