/* The instrumented pager: every call is counted, some may be made to fail, then it is passed on. */
#include <stdatomic.h>

#include "storage/pager.h"
#include "storage/pager_priv.h"

struct counting_pager {
    struct llkv_pager pager;
    llkv_pager *inner;
    llkv_pager_methods methods; /* without log functions if `inner` has none */
    _Atomic uint64_t calls[PAGER_CALL_COUNT];
    _Atomic uint64_t bytes[PAGER_CALL_COUNT];
    _Atomic int64_t fail_countdown; /* 0: never */
};

static struct counting_pager *counting_of(llkv_pager *pager)
{
    return (struct counting_pager *)(void *)pager;
}

static llkv_pager *note(llkv_pager *pager, enum pager_call call, uint64_t bytes)
{
    struct counting_pager *cp = counting_of(pager);
    atomic_fetch_add_explicit(&cp->calls[call], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&cp->bytes[call], bytes, memory_order_relaxed);
    return cp->inner;
}

/* Is it this call's turn to fail? */
static bool turn(llkv_pager *pager)
{
    struct counting_pager *cp = counting_of(pager);
    if (atomic_load_explicit(&cp->fail_countdown, memory_order_relaxed) <= 0) return false;
    return atomic_fetch_sub_explicit(&cp->fail_countdown, 1, memory_order_relaxed) == 1;
}

static llkv_code injected(llkv_error *error)
{
    return pager_fail(error, LLKV_IO, "an i/o error was injected");
}

static llkv_pager_caps counting_caps(llkv_pager *pager)
{
    llkv_pager *inner = counting_of(pager)->inner;
    return inner->methods->caps(inner);
}

static llkv_code counting_batch_begin(llkv_pager *pager, llkv_pager_batch **out_batch,
                                      llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_BATCH_BEGIN, 0);
    if (turn(pager)) return injected(error);
    return inner->methods->batch_begin(inner, out_batch, error);
}

static llkv_code counting_batch_add(llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                                    void **out_space, uint64_t *out_offset, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_BATCH_ADD, bytes);
    if (turn(pager)) return injected(error);
    return inner->methods->batch_add(inner, batch, bytes, out_space, out_offset, error);
}

static llkv_code counting_batch_seal(llkv_pager *pager, llkv_pager_batch *batch,
                                     uint32_t *out_batch_seq, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_BATCH_SEAL, 0);
    if (turn(pager)) {
        inner->methods->batch_abort(inner, batch);
        return injected(error);
    }
    return inner->methods->batch_seal(inner, batch, out_batch_seq, error);
}

static void counting_batch_abort(llkv_pager *pager, llkv_pager_batch *batch)
{
    llkv_pager *inner = note(pager, PAGER_CALL_BATCH_ABORT, 0);
    inner->methods->batch_abort(inner, batch);
}

static llkv_code counting_batch_sync(llkv_pager *pager, uint32_t batch_seq, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_BATCH_SYNC, 0);
    if (turn(pager)) return injected(error);
    return inner->methods->batch_sync(inner, batch_seq, error);
}

static void counting_discard(llkv_pager *pager, uint32_t batch_seq, uint64_t offset, uint64_t bytes)
{
    llkv_pager *inner = note(pager, PAGER_CALL_DISCARD, bytes);
    inner->methods->discard(inner, batch_seq, offset, bytes);
}

static llkv_code counting_view(llkv_pager *pager, uint64_t handle, uint64_t bytes,
                               llkv_pager_view *out_view, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_VIEW, bytes);
    if (turn(pager)) return injected(error);
    return inner->methods->view(inner, handle, bytes, out_view, error);
}

static void counting_view_release(llkv_pager *pager, llkv_pager_view *view)
{
    llkv_pager *inner = note(pager, PAGER_CALL_VIEW_RELEASE, 0);
    inner->methods->view_release(inner, view);
}

static llkv_code counting_root_get(llkv_pager *pager, uint64_t *out_version, void *out_root,
                                   size_t *out_bytes, uint64_t *out_replay_from, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_ROOT_GET, 0);
    if (turn(pager)) return injected(error);
    return inner->methods->root_get(inner, out_version, out_root, out_bytes, out_replay_from,
                                    error);
}

static llkv_code counting_root_publish(llkv_pager *pager, uint64_t expected_version,
                                       const void *root, size_t bytes, uint64_t replay_from,
                                       llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_ROOT_PUBLISH, bytes);
    if (turn(pager)) return injected(error);
    return inner->methods->root_publish(inner, expected_version, root, bytes, replay_from, error);
}

static llkv_code counting_log_append(llkv_pager *pager, const llkv_pager_group *group,
                                     llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_LOG_APPEND, group->size);
    if (turn(pager)) return injected(error);
    return inner->methods->log_append(inner, group, error);
}

static llkv_code counting_log_sync(llkv_pager *pager, uint64_t lsn, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_LOG_SYNC, 0);
    if (turn(pager)) return injected(error);
    return inner->methods->log_sync(inner, lsn, error);
}

static llkv_code counting_log_replay(llkv_pager *pager, uint64_t from_lsn, llkv_pager_replay_fn *fn,
                                     void *arg, llkv_error *error)
{
    llkv_pager *inner = note(pager, PAGER_CALL_LOG_REPLAY, 0);
    if (turn(pager)) return injected(error);
    return inner->methods->log_replay(inner, from_lsn, fn, arg, error);
}

static void counting_close(llkv_pager *pager)
{
    mem_free(counting_of(pager));
}

llkv_pager *pager_counting_new(struct mem_budget *budget, llkv_pager *inner)
{
    struct counting_pager *cp = mem_alloc_zero(budget, sizeof *cp);
    if (cp == NULL) return NULL;
    cp->inner = inner;
    cp->methods = (llkv_pager_methods){
        .struct_size = sizeof(llkv_pager_methods),
        .caps = counting_caps,
        .batch_begin = counting_batch_begin,
        .batch_add = counting_batch_add,
        .batch_seal = counting_batch_seal,
        .batch_abort = counting_batch_abort,
        .batch_sync = counting_batch_sync,
        .discard = counting_discard,
        .view = counting_view,
        .view_release = counting_view_release,
        .root_get = counting_root_get,
        .root_publish = counting_root_publish,
        .close = counting_close,
    };
    if (inner->methods->caps(inner).flags & LLKV_PAGER_DURABLE_LOG) {
        cp->methods.log_append = counting_log_append;
        cp->methods.log_sync = counting_log_sync;
        cp->methods.log_replay = counting_log_replay;
    }
    cp->pager.methods = &cp->methods;
    return &cp->pager;
}

struct pager_counts pager_counting_get(llkv_pager *pager)
{
    struct counting_pager *cp = counting_of(pager);
    struct pager_counts counts;
    for (uint32_t i = 0; i < PAGER_CALL_COUNT; i++) {
        counts.calls[i] = atomic_load_explicit(&cp->calls[i], memory_order_relaxed);
        counts.bytes[i] = atomic_load_explicit(&cp->bytes[i], memory_order_relaxed);
    }
    return counts;
}

void pager_counting_fail_nth(llkv_pager *pager, int64_t nth)
{
    atomic_store_explicit(&counting_of(pager)->fail_countdown, nth, memory_order_relaxed);
}
