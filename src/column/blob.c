#include "column/blob.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"

enum { BATCH_BYTES = 64 * 1024 * 1024 };
/* Numbers of batches that are not sealed yet count down from the largest one. */
enum { SINK_BATCHES_MAX = 65536 };
#define SINK_SEQ_FIRST (UINT32_MAX - SINK_BATCHES_MAX)

/* ---- reading ---- */

llkv_code blob_view(struct cx *cx, llkv_pager *pager, struct blob_ref ref,
                    llkv_pager_view *out_view)
{
    if (ref.bytes == 0) return cx_fail(cx, LLKV_CORRUPT, "a structure of the file is missing");
    llkv_pager_view view = {0};
    TRY(pager_view(cx, pager, ref.handle, ref.bytes, &view));
    if (crc32c(0, view.data, ref.bytes) != ref.crc) {
        blob_view_release(pager, &view);
        return cx_fail(cx, LLKV_CORRUPT, "batch %u, %u bytes at %llu: wrong checksum",
                       blob_batch(ref), ref.bytes, (unsigned long long)blob_offset(ref));
    }
    *out_view = view;
    return LLKV_OK;
}

void blob_view_release(llkv_pager *pager, llkv_pager_view *view)
{
    if (view->data != NULL) pager->methods->view_release(pager, view);
    *view = (llkv_pager_view){0};
}

void blob_discard(llkv_pager *pager, struct blob_ref ref)
{
    if (ref.bytes == 0) return;
    pager->methods->discard(pager, blob_batch(ref), blob_offset(ref), blob_round(ref.bytes));
}

struct blob_ref unpack_blob_ref(struct pack_reader *r, uint32_t own_seq)
{
    struct blob_ref ref = {.handle = unpack_u64(r)};
    ref.bytes = unpack_u32(r);
    ref.crc = unpack_u32(r);
    if (blob_batch(ref) == 0) ref.handle |= (uint64_t)own_seq << 32;
    if (blob_batch(ref) >= SINK_SEQ_FIRST) r->bad = true;
    if (r->bad) ref = (struct blob_ref){0};
    return ref;
}

void pack_blob_range(struct pack_writer *w, size_t begin, uint64_t handle, uint64_t bytes)
{
    bytes = blob_round(bytes);
    if (!w->bad && w->len >= begin + BLOB_RANGE_BYTES) {
        uint64_t last[2];
        uint8_t *at = w->data + w->len - BLOB_RANGE_BYTES;
        memcpy(last, at, sizeof last);
        bool same_batch = last[0] >> 32 == handle >> 32;
        if (same_batch && last[0] + last[1] / LLKV_PAGER_ALIGN == handle) {
            last[1] += bytes;
            memcpy(at, last, sizeof last);
            return;
        }
    }
    pack_u64(w, handle);
    pack_u64(w, bytes);
}

/* ---- writing ---- */

void blob_sink_init(struct blob_sink *sink, struct mem_budget *budget, llkv_pager *pager)
{
    llkv_pager_caps caps = pager->methods->caps(pager);
    *sink = (struct blob_sink){.pager = pager, .budget = budget, .bytes_max = BATCH_BYTES};
    if (caps.batch_bytes_max < sink->bytes_max) sink->bytes_max = caps.batch_bytes_max;
}

static void give_up_batch(struct blob_sink *sink)
{
    if (sink->batch != NULL) sink->pager->methods->batch_abort(sink->pager, sink->batch);
    sink->batch = NULL;
}

void blob_sink_deinit(struct blob_sink *sink)
{
    if (sink->pager == NULL) return;
    give_up_batch(sink);
    mem_free(sink->seqs);
    *sink = (struct blob_sink){0};
}

/* Room for the number of one more batch. */
static llkv_code ensure_seqs(struct cx *cx, struct blob_sink *sink)
{
    if (sink->count < sink->capacity) return LLKV_OK;
    if (sink->count == SINK_BATCHES_MAX) return cx_fail(cx, LLKV_LIMIT, "too many batches");
    uint32_t capacity = sink->capacity == 0 ? 4 : sink->capacity * 2;
    uint32_t *grown = mem_realloc(sink->seqs, capacity * sizeof *grown, sink->budget);
    if (grown == NULL) return cx_nomem(cx);
    sink->seqs = grown;
    sink->capacity = capacity;
    return LLKV_OK;
}

llkv_code blob_sink_finish(struct cx *cx, struct blob_sink *sink)
{
    if (sink->batch == NULL) return LLKV_OK;
    llkv_pager_batch *batch = sink->batch;
    sink->batch = NULL; /* consumed, also on failure */
    TRY(pager_batch_seal(cx, sink->pager, batch, &sink->seqs[sink->count]));
    sink->count++;
    return LLKV_OK;
}

llkv_code blob_sink_reserve(struct cx *cx, struct blob_sink *sink, uint64_t bytes)
{
    if (sink->batch != NULL && sink->batch_bytes + bytes <= sink->bytes_max) return LLKV_OK;
    TRY(blob_sink_finish(cx, sink));
    TRY(ensure_seqs(cx, sink));
    TRY(pager_batch_begin(cx, sink->pager, &sink->batch));
    sink->batch_bytes = 0;
    return LLKV_OK;
}

llkv_code blob_sink_add(struct cx *cx, struct blob_sink *sink, uint64_t bytes, void **out_space,
                        uint64_t *out_handle)
{
    uint64_t offset;
    assert(bytes != 0);
    if (sink->batch == NULL) TRY(blob_sink_reserve(cx, sink, bytes));
    TRY(pager_batch_add(cx, sink->pager, sink->batch, bytes, out_space, &offset));
    CHECK(cx, offset % LLKV_PAGER_ALIGN == 0 && offset / LLKV_PAGER_ALIGN <= UINT32_MAX);
    sink->batch_bytes = offset + blob_round(bytes);
    sink->total_bytes += blob_round(bytes);
    *out_handle = pager_handle(UINT32_MAX - sink->count, offset);
    return LLKV_OK;
}

llkv_code blob_sink_put(struct cx *cx, struct blob_sink *sink, const struct pack_writer *bytes,
                        struct blob_ref *out_ref)
{
    void *space;
    struct blob_ref ref = {0};
    if (bytes->bad) return cx_nomem(cx);
    if (bytes->len > UINT32_MAX) return cx_fail(cx, LLKV_LIMIT, "a structure is too large");
    TRY(blob_sink_reserve(cx, sink, bytes->len));
    TRY(blob_sink_add(cx, sink, bytes->len, &space, &ref.handle));
    memcpy(space, bytes->data, bytes->len);
    ref.bytes = (uint32_t)bytes->len;
    ref.crc = crc32c(0, bytes->data, bytes->len);
    *out_ref = ref;
    return LLKV_OK;
}

void pack_blob_ref(struct pack_writer *w, const struct blob_sink *sink, struct blob_ref ref)
{
    uint64_t handle = ref.handle;
    if (ref.bytes != 0 && blob_batch(ref) > SINK_SEQ_FIRST) {
        uint32_t number = UINT32_MAX - blob_batch(ref);
        assert(number <= sink->count);
        uint64_t seq = number == sink->count ? 0 : sink->seqs[number];
        handle = seq << 32 | (handle & UINT32_MAX);
    }
    pack_u64(w, ref.bytes == 0 ? 0 : handle);
    pack_u32(w, ref.bytes);
    pack_u32(w, ref.bytes == 0 ? 0 : ref.crc);
}

uint64_t blob_sink_resolve(const struct blob_sink *sink, uint64_t handle)
{
    uint32_t seq = (uint32_t)(handle >> 32);
    if (seq <= SINK_SEQ_FIRST) return handle;
    assert(UINT32_MAX - seq < sink->count);
    return (uint64_t)sink->seqs[UINT32_MAX - seq] << 32 | (handle & UINT32_MAX);
}

void blob_sink_discard(struct blob_sink *sink)
{
    give_up_batch(sink);
    for (uint32_t i = 0; i < sink->count; i++)
        sink->pager->methods->discard(sink->pager, sink->seqs[i], 0, UINT64_MAX);
    sink->count = 0;
}
