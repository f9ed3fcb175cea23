/* pager.h -- the pager contract for callers inside the library, and the pagers in the box.
 *
 * The functions call the pager's methods and see to it that a failure leaves a complete error in
 * the cx, also with a pager that reports its code only. Threads, ownership: llkv/pager.h. */
#ifndef STORAGE_PAGER_H
#define STORAGE_PAGER_H
#include <stdint.h>

#include <stdbool.h>

#include "base/alloc.h"
#include "base/cx.h"
#include "llkv/pager.h"

/* A place in a sealed batch. `offset` is a multiple of LLKV_PAGER_ALIGN. */
ALWAYS_INLINE uint64_t pager_handle(uint32_t batch_seq, uint64_t offset)
{
    return (uint64_t)batch_seq << 32 | offset / LLKV_PAGER_ALIGN;
}

NODISCARD llkv_code pager_batch_begin(struct cx *cx, llkv_pager *pager,
                                      llkv_pager_batch **out_batch);
NODISCARD llkv_code pager_batch_add(struct cx *cx, llkv_pager *pager, llkv_pager_batch *batch,
                                    uint64_t bytes, void **out_space, uint64_t *out_offset);
/* Consumes the batch, also on failure. */
NODISCARD llkv_code pager_batch_seal(struct cx *cx, llkv_pager *pager, llkv_pager_batch *batch,
                                     uint32_t *out_batch_seq);
/* Durable when the call returns. */
NODISCARD llkv_code pager_batch_sync(struct cx *cx, llkv_pager *pager, uint32_t batch_seq);
/* So many bytes at a handle are needed no more. */
void pager_discard(llkv_pager *pager, uint64_t handle, uint64_t bytes);
NODISCARD llkv_code pager_view(struct cx *cx, llkv_pager *pager, uint64_t handle, uint64_t bytes,
                               llkv_pager_view *out_view);

NODISCARD llkv_code pager_root_get(struct cx *cx, llkv_pager *pager, uint64_t *out_version,
                                   void *out_root, size_t *out_bytes, uint64_t *out_replay_from);
NODISCARD llkv_code pager_root_publish(struct cx *cx, llkv_pager *pager, uint64_t expected_version,
                                       const void *root, size_t bytes, uint64_t replay_from);
/* What `fn` returned comes back as it is, its error too: it has recorded it in the same cx. */
NODISCARD llkv_code pager_log_replay(struct cx *cx, llkv_pager *pager, uint64_t from_lsn,
                                     llkv_pager_replay_fn *fn, void *arg);

/* A pager in memory whose blocks are charged to `budget`. Closed like any other. NULL: no memory.
 */
llkv_pager *pager_memory_new(struct mem_budget *budget);

/* ---- the instrumented pager: counts every call and byte on its way to another pager ---- */
#define PAGER_CALL_LIST(X)                                                                         \
    X(BATCH_BEGIN)                                                                                 \
    X(BATCH_ADD)                                                                                   \
    X(BATCH_SEAL)                                                                                  \
    X(BATCH_ABORT)                                                                                 \
    X(BATCH_SYNC)                                                                                  \
    X(DISCARD)                                                                                     \
    X(VIEW) X(VIEW_RELEASE) X(ROOT_GET) X(ROOT_PUBLISH) X(LOG_APPEND) X(LOG_SYNC) X(LOG_REPLAY)

enum pager_call {
#define X(name) PAGER_CALL_##name,
    PAGER_CALL_LIST(X)
#undef X
        PAGER_CALL_COUNT
};

struct pager_counts {
    uint64_t calls[PAGER_CALL_COUNT];
    uint64_t bytes[PAGER_CALL_COUNT]; /* added, viewed, discarded, published, logged */
};

/* `inner` is borrowed and outlives it. NULL: no memory. */
llkv_pager *pager_counting_new(struct mem_budget *budget, llkv_pager *inner);
/* What went through `pager`, which is a counting one. */
struct pager_counts pager_counting_get(llkv_pager *pager);
/* Tests: call number `nth` from now that can fail (1 = the next) fails with LLKV_IO; 0: none. */
void pager_counting_fail_nth(llkv_pager *pager, int64_t nth);
#endif
