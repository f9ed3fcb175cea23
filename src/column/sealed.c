#include "column/sealed.h"

#include <assert.h>
#include <string.h>

#define HEADER_MAGIC UINT32_C(0x4753454c)
enum { HEADER_FORMAT = 1, HEADER_FIXED_BYTES = 24 };

static struct sealed *sealed_alloc(struct mem_budget *budget, llkv_pager *pager,
                                   const struct layout *layout)
{
    size_t bytes = sizeof(struct sealed) + layout->column_count * sizeof(struct column_chunk *);
    struct sealed *sealed = mem_alloc_zero(budget, bytes);
    if (sealed == NULL) return NULL;
    sealed->layout = layout;
    sealed->column_count = layout->column_count;
    sealed->pager = pager;
    return sealed;
}

void sealed_keep(struct sealed *sealed, bool keep)
{
    for (uint32_t c = 0; c < sealed->column_count; c++)
        if (sealed->columns[c] != NULL)
            atomic_store_explicit(&sealed->columns[c]->kept, keep, memory_order_relaxed);
}

void sealed_free(void *object)
{
    struct sealed *sealed = object;
    if (sealed == NULL) return;
    bool discard = false;
    for (uint32_t c = 0; c < sealed->column_count; c++) {
        struct column_chunk *chunk = sealed->columns[c];
        if (chunk == NULL) continue;
        discard = discard || !atomic_load_explicit(&chunk->kept, memory_order_relaxed);
        chunk_unref(chunk);
    }
    if (discard) blob_discard(sealed->pager, sealed->header);
    mem_free(sealed);
}

struct sealed *sealed_of(struct mem_budget *budget, llkv_pager *pager, const struct layout *layout,
                         struct column_chunk **columns, const struct sealed *old)
{
    struct sealed *sealed = sealed_alloc(budget, pager, layout);
    if (sealed == NULL) return NULL;
    for (uint32_t c = 0; c < layout->column_count; c++) {
        sealed->columns[c] = columns[c];
        if (columns[c] == NULL) {
            sealed->columns[c] = old->columns[c];
            chunk_ref(old->columns[c]);
        }
        sealed->rows = sealed->columns[c]->rows;
    }
    /* A rollback may have cut rows off that the columns still have. */
    if (old != NULL) sealed->rows = old->rows;
    return sealed;
}

/* ---- writing ---- */

/* u32 magic, u16 format, u16 reserved, u32 columns, u32 rows, u32 vector_rows, u32 bytes, then the
 * references to the chunks and the sum of all that. */
static llkv_code put_header(struct cx *cx, struct blob_sink *sink, const struct layout *layout,
                            uint32_t rows, const struct blob_ref *chunks, struct blob_ref *out_ref)
{
    const uint32_t bytes = HEADER_FIXED_BYTES + layout->column_count * BLOB_REF_BYTES;
    struct pack_writer w = {.budget = sink->budget};
    llkv_code rc = blob_sink_reserve(cx, sink, bytes + sizeof(uint32_t));
    if (rc != LLKV_OK) return rc;
    pack_u32(&w, HEADER_MAGIC);
    pack_u16(&w, HEADER_FORMAT);
    pack_u16(&w, 0);
    pack_u32(&w, layout->column_count);
    pack_u32(&w, rows);
    pack_u32(&w, layout->vector_rows);
    pack_u32(&w, bytes);
    for (uint32_t c = 0; c < layout->column_count; c++)
        pack_blob_ref(&w, sink, chunks[c]);
    pack_crc(&w);
    rc = blob_sink_put(cx, sink, &w, out_ref);
    pack_writer_deinit(&w);
    return rc;
}

static llkv_code write_all(struct cx *cx, struct blob_sink *sink, const struct layout *layout,
                           const struct sealed_source *source, struct blob_ref *chunks,
                           struct blob_ref *out_header)
{
    for (uint32_t c = 0; c < layout->column_count; c++) {
        uint64_t extent_bytes;
        TRY(chunk_write(cx, sink, layout, c, source, &chunks[c], &extent_bytes));
    }
    TRY(put_header(cx, sink, layout, source->rows, chunks, out_header));
    TRY(blob_sink_finish(cx, sink));
    for (uint32_t c = 0; c < layout->column_count; c++)
        chunks[c].handle = blob_sink_resolve(sink, chunks[c].handle);
    out_header->handle = blob_sink_resolve(sink, out_header->handle);
    return LLKV_OK;
}

static llkv_code open_all(struct cx *cx, struct mem_budget *budget, struct sealed *sealed,
                          const struct blob_ref *chunks, bool trusted)
{
    const struct layout *layout = sealed->layout;
    for (uint32_t c = 0; c < layout->column_count; c++) {
        TRY(chunk_open(cx, budget, sealed->pager, layout, c, chunks[c], &sealed->columns[c]));
        if (sealed->columns[c]->rows != sealed->rows)
            return cx_fail(cx, LLKV_CORRUPT, "columns of a segment differ in length");
        if (trusted) TRY(chunk_make_ready(cx, sealed->columns[c], true));
    }
    return LLKV_OK;
}

llkv_code sealed_new(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                     const struct layout *layout, const struct sealed_source *source,
                     struct sealed **out_sealed)
{
    struct blob_sink sink;
    struct sealed *sealed = NULL;
    blob_sink_init(&sink, budget, pager);
    llkv_code rc = LLKV_OK;
    struct blob_ref *chunks = mem_alloc(budget, layout->column_count * sizeof *chunks + 1);
    sealed = sealed_alloc(budget, pager, layout);
    if (chunks == NULL || sealed == NULL) {
        rc = cx_nomem(cx);
        goto done;
    }
    sealed->rows = source->rows;
    TRY_TO(done, rc, write_all(cx, &sink, layout, source, chunks, &sealed->header));
    TRY_TO(done, rc, open_all(cx, budget, sealed, chunks, true));
    sealed_keep(sealed, false);
    *out_sealed = sealed;
    sealed = NULL;
done:
    if (rc != LLKV_OK) { /* the chunks are kept, the batches go as a whole */
        sealed_free(sealed);
        blob_sink_discard(&sink);
    }
    mem_free(chunks);
    blob_sink_deinit(&sink);
    return rc;
}

/* ---- reading ---- */

struct sealed_ref sealed_ref_of(const struct sealed *sealed)
{
    assert(sealed->header.bytes != 0);
    return (struct sealed_ref){.batch_seq = blob_batch(sealed->header),
                               .header_offset = blob_offset(sealed->header)};
}

llkv_code sealed_sync(struct cx *cx, const struct sealed *sealed)
{
    uint32_t last = sealed->header.bytes == 0 ? 0 : blob_batch(sealed->header);
    if (last != 0) TRY(pager_batch_sync(cx, sealed->pager, last));
    for (uint32_t c = 0; c < sealed->layout->column_count; c++) {
        uint32_t seq = blob_batch(sealed->columns[c]->head);
        if (seq == last) continue;
        last = seq;
        TRY(pager_batch_sync(cx, sealed->pager, seq));
    }
    return LLKV_OK;
}

static llkv_code bad_header(struct cx *cx, struct sealed_ref ref)
{
    return cx_fail(cx, LLKV_CORRUPT, "batch %u holds no segment at %llu", ref.batch_seq,
                   (unsigned long long)ref.header_offset);
}

/* The sum stands at the end, so the reference needs none. */
static llkv_code read_header(struct cx *cx, const struct layout *layout, struct sealed_ref ref,
                             const llkv_pager_view *view, struct sealed *sealed,
                             struct blob_ref *out_chunks)
{
    const uint32_t bytes = HEADER_FIXED_BYTES + layout->column_count * BLOB_REF_BYTES;
    struct pack_reader r;
    pack_reader_init(&r, view->data, bytes + sizeof(uint32_t));
    if (!unpack_crc(&r)) return bad_header(cx, ref);
    bool sound = unpack_u32(&r) == HEADER_MAGIC;
    sound = unpack_u16(&r) == HEADER_FORMAT && sound;
    sound = unpack_u16(&r) == 0 && sound;
    sound = unpack_u32(&r) == layout->column_count && sound;
    sealed->rows = unpack_u32(&r);
    sound = unpack_u32(&r) == layout->vector_rows && sound;
    sound = unpack_u32(&r) == bytes && sound;
    for (uint32_t c = 0; c < layout->column_count; c++)
        out_chunks[c] = unpack_blob_ref(&r, ref.batch_seq);
    return sound && !r.bad && pack_left(&r) == 0 ? LLKV_OK : bad_header(cx, ref);
}

llkv_code sealed_open(struct cx *cx, struct mem_budget *budget, llkv_pager *pager,
                      const struct layout *layout, struct sealed_ref ref,
                      struct sealed **out_sealed)
{
    const uint32_t bytes =
        HEADER_FIXED_BYTES + layout->column_count * BLOB_REF_BYTES + (uint32_t)sizeof(uint32_t);
    llkv_pager_view view = {0};
    struct sealed *sealed = NULL;
    if (ref.batch_seq == 0 || ref.header_offset % LLKV_PAGER_ALIGN != 0 ||
        ref.header_offset / LLKV_PAGER_ALIGN > UINT32_MAX)
        return bad_header(cx, ref);
    struct blob_ref *chunks = mem_alloc(budget, layout->column_count * sizeof *chunks + 1);
    llkv_code rc = LLKV_OK;
    sealed = sealed_alloc(budget, pager, layout);
    if (chunks == NULL || sealed == NULL) {
        rc = cx_nomem(cx);
        goto done;
    }
    uint64_t handle = pager_handle(ref.batch_seq, ref.header_offset);
    TRY_TO(done, rc, pager_view(cx, pager, handle, bytes, &view));
    TRY_TO(done, rc, read_header(cx, layout, ref, &view, sealed, chunks));
    TRY_TO(done, rc, open_all(cx, budget, sealed, chunks, false));
    sealed->header = (struct blob_ref){.handle = handle, .bytes = bytes};
    *out_sealed = sealed;
    sealed = NULL;
done:
    blob_view_release(pager, &view);
    mem_free(chunks);
    sealed_free(sealed);
    return rc;
}

void sealed_add_sketches(const struct sealed *sealed, struct sketch *sketches)
{
    for (uint32_t c = 0; c < sealed->layout->column_count; c++)
        if (sealed->columns[c]->sketch != NULL)
            sketch_merge(&sketches[c], sealed->columns[c]->sketch);
}
