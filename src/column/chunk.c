#include "column/chunk.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/utf8.h"
#include "column/chunk_priv.h"
#include "column/sound.h"

static llkv_code damaged(struct cx *cx, const struct column_chunk *chunk, const char *what)
{
    return cx_fail(cx, LLKV_CORRUPT, "batch %u, column at %llu: %s", blob_batch(chunk->head),
                   (unsigned long long)blob_offset(chunk->head), what);
}

/* ---- the head ---- */

static bool head_is_sound(const struct layout *layout, uint32_t column,
                          const struct chunk_head *head)
{
    enum phys_type phys = layout->phys[column];
    bool text = (head->flags & CHUNK_HEAP) != 0;
    bool sketch = (head->flags & CHUNK_SKETCH) != 0;
    if (head->magic != CHUNK_MAGIC || head->format != CHUNK_FORMAT) return false;
    if (head->phys != phys || (head->flags & ~CHUNK_FLAGS_ALL) != 0) return false;
    if (head->rows == 0 || head->rows > layout->segment_rows) return false;
    if (head->vector_rows != layout->vector_rows) return false;
    if (text != (head->text_bytes != 0) || (text && phys != PHYS_VIEW)) return false;
    if (head->text_bytes > INT32_MAX) return false;
    if (phys == PHYS_NULLS && (head->flags & CHUNK_VALIDITY) != 0) return false;
    if ((head->flags & CHUNK_ASCENDING) != 0 && !zone_is_exact(phys)) return false;
    if ((head->flags & CHUNK_ASCENDING) == 0 && (head->flags & CHUNK_STRICTLY) != 0) return false;
    return !(sketch && phys == PHYS_NULLS);
}

/* Zones are trusted as far as they exclude nothing that is there, which only the sum of the head
 * can tell; but NULLs need their bits, bounds do not cross and every row counts. */
static bool zones_are_sound(const struct column_chunk *chunk, bool has_validity)
{
    const uint32_t vector_rows = chunk->layout->vector_rows;
    const bool nulls = chunk->phys == PHYS_NULLS || has_validity;
    for (uint32_t v = 0; v < chunk_vectors(chunk->layout, chunk->rows); v++) {
        const struct zone *zone = &chunk->zones[v];
        uint32_t n = chunk->rows - v * vector_rows;
        if (n > vector_rows) n = vector_rows;
        if (!sound_zone(zone, chunk->phys, n, true) || (zone->nulls != 0 && !nulls)) return false;
    }
    return sound_zone(&chunk->zone, chunk->phys, chunk->rows, true) &&
           (!chunk->ascending || chunk->zone.nulls == 0);
}

/* Where everything is, once the head is known to be sound. */
static void locate(struct column_chunk *chunk, const struct chunk_head *head,
                   const struct chunk_shape *shape)
{
    const uint8_t *at = (const uint8_t *)chunk->views[0].data + sizeof *head;
    uint64_t offset = blob_offset(chunk->head) + blob_round(shape->head_bytes);
    chunk->zones = (const struct zone *)(const void *)at;
    at += chunk_vectors(chunk->layout, head->rows) * sizeof(struct zone);
    if (head->flags & CHUNK_SKETCH) {
        chunk->sketch = (const struct sketch *)(const void *)at;
        at += sizeof(struct sketch);
    }
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        if (shape->bytes[i] == 0) continue;
        chunk->buffers[i] = (struct chunk_buffer){
            .offset = offset, .bytes = shape->bytes[i], .crcs = (const uint32_t *)(const void *)at};
        at += chunk_blocks(shape->bytes[i]) * sizeof(uint32_t);
        offset += blob_round(shape->bytes[i]);
    }
}

static llkv_code read_head(struct cx *cx, struct column_chunk *chunk, uint32_t column)
{
    struct chunk_head head;
    if (chunk->head.bytes < sizeof head) return damaged(cx, chunk, "its head is too short");
    TRY(blob_view(cx, chunk->pager, chunk->head, &chunk->views[0]));
    memcpy(&head, chunk->views[0].data, sizeof head);
    if (!head_is_sound(chunk->layout, column, &head)) return damaged(cx, chunk, "its head");
    struct chunk_shape shape = chunk_shape(chunk->layout, &head);
    if (shape.head_bytes != chunk->head.bytes) return damaged(cx, chunk, "the size of its head");
    if (blob_offset(chunk->head) + shape.extent_bytes > (UINT64_C(1) << 32) * LLKV_PAGER_ALIGN)
        return damaged(cx, chunk, "its size");
    chunk->phys = head.phys;
    chunk->rows = head.rows;
    chunk->zone = head.zone;
    chunk->ascending = (head.flags & CHUNK_ASCENDING) != 0;
    chunk->strictly = (head.flags & CHUNK_STRICTLY) != 0;
    chunk->first_key = head.first_key;
    chunk->last_key = head.last_key;
    chunk->text_bytes = head.text_bytes;
    chunk->extent_bytes = shape.extent_bytes;
    locate(chunk, &head, &shape);
    if (!zones_are_sound(chunk, (head.flags & CHUNK_VALIDITY) != 0))
        return damaged(cx, chunk, "its bounds");
    if (chunk->sketch != NULL && !sketch_is_sound(chunk->sketch))
        return damaged(cx, chunk, "its sketch");
    return LLKV_OK;
}

llkv_code chunk_open(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                     const struct layout *layout, uint32_t column, struct blob_ref head,
                     struct column_chunk **out_chunk)
{
    struct column_chunk *chunk = mem_alloc_aligned(budget, sizeof *chunk);
    if (chunk == NULL) return cx_nomem(cx);
    memset(chunk, 0, sizeof *chunk);
    if (pthread_mutex_init(&chunk->lock, NULL) != 0) {
        mem_free(chunk);
        return cx_nomem(cx);
    }
    atomic_init(&chunk->refs, 1);
    atomic_init(&chunk->kept, true); /* until somebody says otherwise */
    chunk->pager = pager;
    chunk->layout = layout;
    chunk->type = layout_type(layout, column);
    chunk->head = head;
    llkv_code rc = read_head(cx, chunk, column);
    if (rc != LLKV_OK) {
        chunk_unref(chunk);
        return rc;
    }
    *out_chunk = chunk;
    return LLKV_OK;
}

void chunk_ref(struct column_chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
}

void chunk_unref(struct column_chunk *chunk)
{
    if (chunk == NULL) return;
    if (atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) != 1) return;
    for (uint32_t i = 0; i < CHUNK_VIEWS; i++)
        blob_view_release(chunk->pager, &chunk->views[i]);
    if (!atomic_load_explicit(&chunk->kept, memory_order_relaxed))
        chunk->pager->methods->discard(chunk->pager, blob_batch(chunk->head),
                                       blob_offset(chunk->head), chunk->extent_bytes);
    pthread_mutex_destroy(&chunk->lock);
    mem_free(chunk);
}

/* ---- the buffers ---- */

/* A walk over texts that must be UTF-8, so that nothing that goes from character to character looks
 * behind the end of one. */
struct text_walk {
    const char *heap;
    size_t at, end;
    bool plain; /* nothing beyond ASCII so far */
};

/* On to `upto`, or to the character that lies across it. */
static llkv_code walk_text(struct cx *cx, const struct column_chunk *chunk, struct text_walk *walk,
                           size_t upto)
{
    enum { PIECE_BYTES = 16 * 1024 };
    if (upto > walk->end) upto = walk->end;
    while (walk->at < upto) {
        const char *text = walk->heap + walk->at;
        const size_t n = upto - walk->at < PIECE_BYTES ? upto - walk->at : PIECE_BYTES;
        size_t valid = n;
        if (!utf8_is_ascii(text, n)) {
            walk->plain = false;
            valid = utf8_valid_prefix(text, n);
        }
        const bool across = walk->at + n < walk->end && n - valid < UTF8_BYTES_MAX;
        if (valid != n && !across) return damaged(cx, chunk, "texts that are not UTF-8");
        const bool reached = walk->at + n == upto;
        walk->at += valid;
        if (reached) break;
    }
    return LLKV_OK;
}

/* `walk`, or NULL: over the same bytes, while the cache has them. */
static llkv_code check_sums(struct cx *cx, const struct column_chunk *chunk, uint32_t part,
                            struct text_walk *walk)
{
    enum { AT_ONCE = 12 }; /* what a cache close by holds */
    const struct chunk_buffer *buffer = &chunk->buffers[part];
    const uint8_t *at = chunk->views[part + 1].data;
    uint32_t found[AT_ONCE];
    uint64_t left = buffer->bytes;
    for (const uint32_t *crcs = buffer->crcs; left != 0; crcs += AT_ONCE) {
        uint64_t run = (uint64_t)AT_ONCE * CHUNK_BLOCK_BYTES;
        uint64_t n = left < run ? left : run;
        crc32c_blocks(at, n, CHUNK_BLOCK_BYTES, found);
        if (memcmp(found, crcs, chunk_blocks(n) * sizeof *found) != 0)
            return damaged(cx, chunk, "wrong checksum");
        at += n;
        left -= n;
        if (walk != NULL) TRY(walk_text(cx, chunk, walk, buffer->bytes - left));
        TRY(cx_check_cancel(cx));
    }
    return LLKV_OK;
}

static bool offsets_are_sound(const struct column_chunk *chunk, const int32_t *offsets)
{
    uint32_t falls = offsets[0] != 0;
    for (uint32_t i = 0; i < chunk->rows; i++)
        falls += offsets[i + 1] < offsets[i];
    return falls == 0 && (uint64_t)offsets[chunk->rows] <= chunk->text_bytes;
}

static llkv_code check_texts(struct cx *cx, const struct column_chunk *chunk)
{
    const int32_t *offsets = chunk->views[PART_DATA + 1].data;
    const char *heap = chunk->views[PART_HEAP + 1].data;
    struct text_walk walk = {.heap = heap, .end = (size_t)offsets[chunk->rows], .plain = true};
    const bool utf8 = chunk->type.id == TYPE_VARCHAR;
    if (chunk->buffers[PART_HEAP].bytes == 0) return LLKV_OK;
    TRY(check_sums(cx, chunk, PART_HEAP, utf8 ? &walk : NULL));
    assert(!utf8 || walk.at == walk.end);
    if (!walk.plain && !sound_starts(offsets, chunk->rows, (const uint8_t *)heap))
        return damaged(cx, chunk, "texts that begin inside a character");
    return LLKV_OK;
}

static llkv_code check_values(struct cx *cx, const struct column_chunk *chunk)
{
    const struct layout *layout = chunk->layout;
    const uint8_t *data = chunk->views[PART_DATA + 1].data;
    const uint64_t *validity = chunk->views[PART_VALIDITY + 1].data;
    /* A slot counts as NULL where a reader takes it for that (chunk_vector). */
    for (uint32_t v = 0; v < chunk_vectors(layout, chunk->rows); v++) {
        const uint32_t first = v * layout->vector_rows;
        uint32_t n = chunk->rows - first;
        if (n > layout->vector_rows) n = layout->vector_rows;
        const uint64_t *bits = NULL;
        if (validity != NULL && chunk->zones[v].nulls != 0)
            bits = validity + (size_t)v * layout->vector_words;
        if (!sound_values(chunk->type, data + (size_t)first * phys_bytes[chunk->phys], bits, n))
            return damaged(cx, chunk, "values that its type does not have");
    }
    return LLKV_OK;
}

/* The sums, and everything that a reader would follow or rely on. */
static llkv_code check_content(struct cx *cx, const struct column_chunk *chunk)
{
    const void *data = chunk->views[PART_DATA + 1].data;
    if (chunk->phys == PHYS_NULLS) return LLKV_OK;
    TRY(check_sums(cx, chunk, PART_DATA, NULL));
    if (chunk->buffers[PART_VALIDITY].bytes != 0) TRY(check_sums(cx, chunk, PART_VALIDITY, NULL));
    if (chunk->phys == PHYS_BOOL) return LLKV_OK;
    if (chunk->phys != PHYS_VIEW) return check_values(cx, chunk);
    if (!offsets_are_sound(chunk, data)) return damaged(cx, chunk, "offsets of texts");
    return check_texts(cx, chunk);
}

static llkv_code map_buffers(struct cx *cx, struct column_chunk *chunk, bool trusted)
{
    for (uint32_t i = 0; i < PART_COUNT; i++) {
        const struct chunk_buffer *buffer = &chunk->buffers[i];
        llkv_pager_view *view = &chunk->views[i + 1];
        if (buffer->bytes == 0 || view->data != NULL) continue;
        TRY(pager_view(cx, chunk->pager, pager_handle(blob_batch(chunk->head), buffer->offset),
                       buffer->bytes, view));
    }
    return trusted ? LLKV_OK : check_content(cx, chunk);
}

llkv_code chunk_make_ready(struct cx *cx, struct column_chunk *chunk, bool trusted)
{
    pthread_mutex_lock(&chunk->lock);
    llkv_code rc = LLKV_OK;
    if (!atomic_load_explicit(&chunk->ready, memory_order_relaxed)) {
        rc = map_buffers(cx, chunk, trusted);
        if (rc == LLKV_OK) {
            chunk->data = chunk->views[PART_DATA + 1].data;
            chunk->validity = chunk->views[PART_VALIDITY + 1].data;
            chunk->heap = chunk->views[PART_HEAP + 1].data;
            if (chunk->phys == PHYS_VIEW && chunk->heap == NULL) chunk->heap = chunk->data;
            atomic_store_explicit(&chunk->ready, true, memory_order_release);
        }
    }
    pthread_mutex_unlock(&chunk->lock);
    return rc;
}

struct vector chunk_vector(const struct column_chunk *chunk, uint32_t vector, uint32_t n)
{
    const struct layout *layout = chunk->layout;
    enum phys_type phys = chunk->phys;
    struct vector v = {.phys = (uint8_t)phys, .shape = VEC_FLAT, .flags = VEC_STABLE, .rows = n};
    const size_t first = (size_t)vector * layout->vector_rows;
    assert(first + n <= chunk->rows);
    if (phys == PHYS_NULLS) return v;
    if (phys == PHYS_VIEW) {
        v.shape = VEC_OFFS;
        v.data = chunk->data + first * sizeof(int32_t);
        v.aux = chunk->heap;
    } else if (phys == PHYS_BOOL) {
        v.data = chunk->data + (size_t)vector * layout->vector_words * sizeof(uint64_t);
    } else {
        v.data = chunk->data + first * phys_bytes[phys];
    }
    if (chunk->validity != NULL && chunk->zones[vector].nulls != 0)
        v.validity = chunk->validity + (size_t)vector * layout->vector_words;
    return v;
}
