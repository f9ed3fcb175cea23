/* log_testing.h -- a pager with a log in memory, for tests of what stands above: it keeps the
 * groups it was given, checks the contract of its callers, and fails where it is told to. Batches
 * and roots are those of a pager in memory. */
#ifndef TESTS_LOG_TESTING_H
#define TESTS_LOG_TESTING_H
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>
#include <time.h>

#include "store_testing.h"

struct log_group {
    uint64_t first_lsn;
    uint32_t frames;
    size_t size;
    uint8_t *bytes;
};

struct log_pager {
    llkv_pager base; /* first */
    llkv_pager *inner;
    pthread_mutex_t lock;
    struct log_group *groups;
    uint32_t group_count, capacity;
    uint64_t last_lsn, durable_lsn;
    atomic_int appending;
    uint32_t appends, syncs, announcements;
    int fail_append, fail_sync; /* the nth call from now, 1: the next; 0: none */
    bool broken;
    long delay_ns; /* of an append, so that others queue */
    void (*on_append)(void *arg, const llkv_pager_group *group);
    void *arg;
};

static inline struct log_pager *log_pager_of(llkv_pager *pager)
{
    return (struct log_pager *)(void *)pager;
}
static inline llkv_pager_caps log_caps(llkv_pager *pager)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    llkv_pager_caps caps = inner->methods->caps(inner);
    caps.flags |= LLKV_PAGER_DURABLE_LOG;
    return caps;
}
static inline llkv_code log_batch_begin(llkv_pager *pager, llkv_pager_batch **out_batch,
                                        llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->batch_begin(inner, out_batch, error);
}
static inline llkv_code log_batch_add(llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                                      void **out_space, uint64_t *out_offset, llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->batch_add(inner, batch, bytes, out_space, out_offset, error);
}
static inline llkv_code log_batch_seal(llkv_pager *pager, llkv_pager_batch *batch,
                                       uint32_t *out_batch_seq, llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->batch_seal(inner, batch, out_batch_seq, error);
}
static inline void log_batch_abort(llkv_pager *pager, llkv_pager_batch *batch)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    inner->methods->batch_abort(inner, batch);
}
static inline llkv_code log_batch_sync(llkv_pager *pager, uint32_t batch_seq, llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->batch_sync(inner, batch_seq, error);
}
static inline void log_discard(llkv_pager *pager, uint32_t batch_seq, uint64_t offset,
                               uint64_t bytes)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    inner->methods->discard(inner, batch_seq, offset, bytes);
}
static inline llkv_code log_view(llkv_pager *pager, uint64_t handle, uint64_t bytes,
                                 llkv_pager_view *out_view, llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->view(inner, handle, bytes, out_view, error);
}
static inline void log_view_release(llkv_pager *pager, llkv_pager_view *view)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    inner->methods->view_release(inner, view);
}
static inline llkv_code log_root_get(llkv_pager *pager, uint64_t *out_version, void *out_root,
                                     size_t *out_bytes, uint64_t *out_replay_from,
                                     llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->root_get(inner, out_version, out_root, out_bytes, out_replay_from,
                                    error);
}
static inline llkv_code log_root_publish(llkv_pager *pager, uint64_t expected_version,
                                         const void *root, size_t bytes, uint64_t replay_from,
                                         llkv_error *error)
{
    llkv_pager *inner = log_pager_of(pager)->inner;
    return inner->methods->root_publish(inner, expected_version, root, bytes, replay_from, error);
}

static inline bool log_fails(struct log_pager *log, int *nth)
{
    if (*nth > 0 && --*nth == 0) log->broken = true;
    return log->broken;
}

static inline void log_keep(struct log_pager *log, const llkv_pager_group *group)
{
    if (log->group_count == log->capacity) {
        log->capacity = log->capacity == 0 ? 64 : log->capacity * 2;
        log->groups = realloc(log->groups, log->capacity * sizeof *log->groups);
        if (log->groups == NULL) abort();
    }
    uint8_t *bytes = malloc(group->size);
    if (bytes == NULL) abort();
    memcpy(bytes, group->bytes, group->size);
    log->groups[log->group_count++] =
        (struct log_group){group->first_lsn, group->frames, group->size, bytes};
    log->last_lsn = group->first_lsn + group->frames - 1;
}

/* Called by threads: aborts where the contract is broken. */
static inline llkv_code log_append(llkv_pager *pager, const llkv_pager_group *group,
                                   llkv_error *error)
{
    struct log_pager *log = log_pager_of(pager);
    (void)error;
    if (atomic_fetch_add(&log->appending, 1) != 0) abort();
    if (log->delay_ns != 0) thrd_sleep(&(struct timespec){.tv_nsec = log->delay_ns}, NULL);
    if (log->on_append != NULL) log->on_append(log->arg, group);
    pthread_mutex_lock(&log->lock);
    llkv_code rc = LLKV_OK;
    if (group->first_lsn != log->last_lsn + 1) abort();
    if (group->size > LLKV_PAGER_GROUP_BYTES_MAX) abort();
    if ((group->frames == 0) != (group->size == 0)) abort();
    log->appends++;
    if (log_fails(log, &log->fail_append)) {
        rc = LLKV_IO;
    } else if (group->frames == 0) {
        log->announcements++;
    } else {
        log_keep(log, group);
        if (group->durable) log->durable_lsn = log->last_lsn;
    }
    pthread_mutex_unlock(&log->lock);
    atomic_fetch_sub(&log->appending, 1);
    return rc;
}

static inline llkv_code log_sync(llkv_pager *pager, uint64_t lsn, llkv_error *error)
{
    struct log_pager *log = log_pager_of(pager);
    (void)error;
    pthread_mutex_lock(&log->lock);
    if (lsn > log->last_lsn) abort();
    log->syncs++;
    bool fails = log_fails(log, &log->fail_sync);
    if (!fails && lsn > log->durable_lsn) log->durable_lsn = lsn;
    pthread_mutex_unlock(&log->lock);
    return fails ? LLKV_IO : LLKV_OK;
}

static inline llkv_code log_replay(llkv_pager *pager, uint64_t from_lsn, llkv_pager_replay_fn *fn,
                                   void *arg, llkv_error *error)
{
    struct log_pager *log = log_pager_of(pager);
    (void)error;
    for (uint32_t i = 0; i < log->group_count; i++) {
        const struct log_group *g = &log->groups[i];
        if (g->first_lsn + g->frames <= from_lsn) continue;
        llkv_code rc = fn(arg, g->first_lsn, g->frames, g->bytes, g->size);
        if (rc != LLKV_OK) return rc;
    }
    return LLKV_OK;
}

static inline void log_close(llkv_pager *pager)
{
    struct log_pager *log = log_pager_of(pager);
    for (uint32_t i = 0; i < log->group_count; i++)
        free(log->groups[i].bytes);
    free(log->groups);
    log->inner->methods->close(log->inner);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

static inline struct log_pager *log_pager_new(void)
{
    static const llkv_pager_methods methods = {
        .struct_size = sizeof methods,
        .caps = log_caps,
        .batch_begin = log_batch_begin,
        .batch_add = log_batch_add,
        .batch_seal = log_batch_seal,
        .batch_abort = log_batch_abort,
        .batch_sync = log_batch_sync,
        .discard = log_discard,
        .view = log_view,
        .view_release = log_view_release,
        .root_get = log_root_get,
        .root_publish = log_root_publish,
        .log_append = log_append,
        .log_sync = log_sync,
        .log_replay = log_replay,
        .close = log_close,
    };
    struct log_pager *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->base.methods = &methods;
    log->inner = pager_memory_new(NULL);
    assert_non_null(log->inner);
    pthread_mutex_init(&log->lock, NULL);
    return log;
}
#endif
