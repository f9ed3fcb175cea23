/* blob.h -- pieces of bytes in sealed batches, with their sums, and a sink that fills batches.
 *
 * A blob is written once and named by a blob_ref from then on. Whoever reads it gets the bytes only
 * if their sum is right; what they mean is still to be checked.
 *
 * A sink takes any number of pieces, puts them into batches of at most 64 MiB (a larger piece has a
 * batch of its own) and seals them. Before that no batch has its number, so handles of pieces in a
 * sink carry a number of the sink's, which blob_sink_resolve turns into the real one afterwards. In
 * the file itself a handle with batch 0 means "the batch this stands in".
 *
 * Threads: a sink belongs to one thread. */
#ifndef COLUMN_BLOB_H
#define COLUMN_BLOB_H
#include "base/cx.h"
#include "base/pack.h"
#include "storage/pager.h"

struct blob_ref {
    uint64_t handle;
    uint32_t bytes; /* 0: there is none */
    uint32_t crc;   /* crc32c */
};
enum { BLOB_REF_BYTES = 16 }; /* packed */

/* ---- reading ---- */

/* The bytes of a blob, whose sum was checked; LLKV_CORRUPT. */
NODISCARD llkv_code blob_view(struct cx *cx, llkv_pager *pager, struct blob_ref ref,
                              llkv_pager_view *out_view);
/* A view of nothing is allowed. */
void blob_view_release(llkv_pager *pager, llkv_pager_view *view);
/* The blob is needed no more. None is allowed. */
void blob_discard(llkv_pager *pager, struct blob_ref ref);
/* What a piece of so many bytes takes. */
ALWAYS_INLINE uint64_t blob_round(uint64_t bytes)
{
    return (bytes + LLKV_PAGER_ALIGN - 1) / LLKV_PAGER_ALIGN * LLKV_PAGER_ALIGN;
}
/* A reference read from a blob in batch `own_seq`. */
struct blob_ref unpack_blob_ref(struct pack_reader *r, uint32_t own_seq);
ALWAYS_INLINE uint32_t blob_batch(struct blob_ref ref)
{
    return (uint32_t)(ref.handle >> 32);
}
ALWAYS_INLINE uint64_t blob_offset(struct blob_ref ref)
{
    return (ref.handle & UINT32_MAX) * LLKV_PAGER_ALIGN;
}

/* Append a range (handle, bytes), or make the last one longer if it ends there; ranges stand in the
 * writer from `begin` on. */
void pack_blob_range(struct pack_writer *w, size_t begin, uint64_t handle, uint64_t bytes);
enum { BLOB_RANGE_BYTES = 16 };

/* ---- writing ---- */

struct blob_sink {
    llkv_pager *pager;
    struct mem_budget *budget;
    uint64_t bytes_max;      /* of a batch */
    llkv_pager_batch *batch; /* the one being filled, or NULL */
    uint64_t batch_bytes;
    uint32_t *seqs; /* of the sealed ones */
    uint32_t count, capacity;
    uint64_t total_bytes;
};

void blob_sink_init(struct blob_sink *sink, struct mem_budget *budget, llkv_pager *pager);
/* What is sealed stays, what is not is given up. */
void blob_sink_deinit(struct blob_sink *sink);
/* The next `bytes` bytes, in whatever pieces, go to the same batch. */
NODISCARD llkv_code blob_sink_reserve(struct cx *cx, struct blob_sink *sink, uint64_t bytes);
/* Room for a piece, to be filled before the next reserve, put or finish. */
NODISCARD llkv_code blob_sink_add(struct cx *cx, struct blob_sink *sink, uint64_t bytes,
                                  void **out_space, uint64_t *out_handle);
/* Put a whole blob; LLKV_NOMEM if the writer is bad. What it refers to in the batch being filled
 * was packed after a reserve for at least its size. */
NODISCARD llkv_code blob_sink_put(struct cx *cx, struct blob_sink *sink,
                                  const struct pack_writer *bytes, struct blob_ref *out_ref);
/* Pack a reference to a blob of this sink, or to one that was sealed before. */
void pack_blob_ref(struct pack_writer *w, const struct blob_sink *sink, struct blob_ref ref);
/* Seal the batch being filled. */
NODISCARD llkv_code blob_sink_finish(struct cx *cx, struct blob_sink *sink);
/* After finish: the handle as everybody else may use it. */
uint64_t blob_sink_resolve(const struct blob_sink *sink, uint64_t handle);
/* Everything in the sink's batches is needed no more. */
void blob_sink_discard(struct blob_sink *sink);
#endif
