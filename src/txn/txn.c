#include "txn/txn.h"

#include <stddef.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "txn/commit_log.h"
#include "txn/frame.h"
#include "txn/register.h"

struct txn_manager {
    struct snapshot_register reg; /* first: it is aligned to a cache line */
    struct readers readers;
    struct mem_budget *budget;
    pthread_mutex_t commit_lock;
    int64_t last_ts; /* given out; under the commit lock */
    _Atomic(struct commit_log *) log;
    struct txn_log_batch *batches, **batches_end; /* by timestamp; under the commit lock */
    _Atomic uint64_t batch_bytes;                 /* of them all */
    _Atomic int64_t watermark;
    _Atomic uint64_t next_id; /* of explicit transactions */
    _Atomic uint64_t epoch;   /* moves on with every retired object */

    pthread_mutex_t retire_lock; /* for the list: oldest tag first */
    struct retired *retired_first, **retired_end;
    _Atomic uint64_t retired_count;
};

static struct txn_manager *manager_of(struct readers *readers)
{
    return (struct txn_manager *)(void *)((char *)readers - offsetof(struct txn_manager, readers));
}

static void readers_retire_object(struct readers *readers, struct retired *object)
{
    struct txn_manager *manager = manager_of(readers);
    assert(object->free != NULL);
    object->next = NULL;
    pthread_mutex_lock(&manager->retire_lock);
    object->tag = atomic_fetch_add(&manager->epoch, 1);
    *manager->retired_end = object;
    manager->retired_end = &object->next;
    atomic_fetch_add_explicit(&manager->retired_count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&manager->retire_lock);
}

static int64_t readers_oldest(struct readers *readers)
{
    return txn_oldest_ts(manager_of(readers));
}

struct txn_manager *txn_manager_new(struct mem_budget *budget)
{
    struct txn_manager *manager = mem_alloc_aligned(budget, sizeof *manager);
    if (manager == NULL) return NULL;
    memset(manager, 0, sizeof *manager);
    register_init(&manager->reg, budget);
    manager->budget = budget;
    manager->readers = (struct readers){readers_retire_object, readers_oldest};
    manager->retired_end = &manager->retired_first;
    manager->batches_end = &manager->batches;
    atomic_init(&manager->next_id, TXN_ID_AUTO_COMMIT + 1);
    atomic_init(&manager->epoch, 1);
    if (pthread_mutex_init(&manager->commit_lock, NULL) != 0) goto no_commit_lock;
    if (pthread_mutex_init(&manager->retire_lock, NULL) != 0) goto no_retire_lock;
    return manager;
no_retire_lock:
    pthread_mutex_destroy(&manager->commit_lock);
no_commit_lock:
    mem_free(manager);
    return NULL;
}

/* Unlink what nobody registered can reach; the caller frees the list. */
static struct retired *take_unreachable(struct txn_manager *manager)
{
    uint64_t oldest = register_min_epoch(&manager->reg, UINT64_MAX);
    struct retired *first = manager->retired_first;
    struct retired **end = &manager->retired_first;
    uint64_t count = 0;
    while (*end != NULL && (*end)->tag < oldest) {
        end = &(*end)->next;
        count++;
    }
    if (count == 0) return NULL;
    manager->retired_first = *end;
    if (*end == NULL) manager->retired_end = &manager->retired_first;
    *end = NULL;
    atomic_fetch_sub_explicit(&manager->retired_count, count, memory_order_relaxed);
    return first;
}

static void free_list(struct retired *object)
{
    while (object != NULL) {
        struct retired *next = object->next;
        object->free(object);
        object = next;
    }
}

static void reclaim(struct txn_manager *manager)
{
    if (atomic_load_explicit(&manager->retired_count, memory_order_relaxed) == 0) return;
    if (pthread_mutex_trylock(&manager->retire_lock) != 0) return; /* another thread is at it */
    struct retired *unreachable = take_unreachable(manager);
    pthread_mutex_unlock(&manager->retire_lock);
    free_list(unreachable);
}

static void free_batches(struct txn_log_batch *batch)
{
    while (batch != NULL) {
        struct txn_log_batch *next = batch->next;
        mem_free(batch);
        batch = next;
    }
}

void txn_manager_free(struct txn_manager *manager)
{
    if (manager == NULL) return;
    assert(register_min_ts(&manager->reg, INT64_MAX) == INT64_MAX);
    commit_log_free(atomic_load(&manager->log));
    free_batches(manager->batches);
    reclaim(manager);
    assert(manager->retired_first == NULL);
    pthread_mutex_destroy(&manager->retire_lock);
    pthread_mutex_destroy(&manager->commit_lock);
    register_deinit(&manager->reg);
    mem_free(manager);
}

uint64_t txn_id_new(struct txn_manager *manager)
{
    return atomic_fetch_add_explicit(&manager->next_id, 1, memory_order_relaxed);
}

llkv_code txn_snapshot_begin(struct cx *cx, struct txn_manager *manager,
                             struct snapshot *out_snapshot)
{
    uint32_t slot;
    if (!register_claim(&manager->reg, &slot)) return cx_nomem(cx);
    struct register_entry *entry = register_at(&manager->reg, slot);
    atomic_store(&entry->epoch, atomic_load(&manager->epoch));
    int64_t ts = atomic_load(&manager->watermark);
    atomic_store(&entry->ts_plus_1, ts + 1);
    *out_snapshot = (struct snapshot){.ts = ts, .slot = slot};
    return LLKV_OK;
}

void txn_snapshot_end(struct txn_manager *manager, const struct snapshot *snapshot)
{
    register_release(&manager->reg, snapshot->slot);
    reclaim(manager);
}

int64_t txn_oldest_ts(struct txn_manager *manager)
{
    int64_t watermark = atomic_load(&manager->watermark); /* before the register */
    return register_min_ts(&manager->reg, watermark);
}

int64_t txn_watermark(struct txn_manager *manager)
{
    return atomic_load(&manager->watermark);
}

void txn_resume(struct txn_manager *manager, int64_t ts)
{
    assert(atomic_load(&manager->log) == NULL);
    assert(manager->last_ts <= ts);
    manager->last_ts = ts;
    atomic_store(&manager->watermark, ts);
}

void txn_retire(struct txn_manager *manager, void *ptr, void (*fn)(void *ptr))
{
    readers_retire(&manager->readers, ptr, fn);
}

struct readers *txn_readers(struct txn_manager *manager)
{
    return &manager->readers;
}

/* Undo the participants from `first` up to, not including, `end`. */
static void undo_until(struct txn_participant *first, const struct txn_participant *end)
{
    for (struct txn_participant *p = first; p != end; p = p->next)
        if (p->undo != NULL) p->undo(p);
}

static llkv_code reserve_all(struct cx *cx, const struct snapshot *snapshot,
                             struct txn_participant *first)
{
    for (struct txn_participant *p = first; p != NULL; p = p->next) {
        if (p->reserve == NULL) continue;
        llkv_code rc = p->reserve(cx, p, snapshot);
        if (rc == LLKV_OK) continue;
        undo_until(first, p);
        return rc;
    }
    return LLKV_OK;
}

static void apply_all(struct txn_participant *first, int64_t ts)
{
    for (struct txn_participant *p = first; p != NULL; p = p->next)
        p->apply(p, ts);
}

/* Everything that can fail, for a commit that goes to the log as well. */
static llkv_code make_frame(struct cx *cx, struct txn_participant *first, int64_t ts,
                            struct frame *frame)
{
    for (struct txn_participant *p = first; p != NULL; p = p->next)
        if (p->encode != NULL) TRY(p->encode(cx, p, frame));
    return frame_finish(cx, frame, ts);
}

/* Under the commit lock: a timestamp and a place in the log, or nothing happened. */
static llkv_code enter_log(struct cx *cx, struct txn_manager *manager, struct commit_log *log,
                           struct txn_participant *first, struct frame *frame,
                           struct commit_entry *entry)
{
    llkv_code rc = make_frame(cx, first, manager->last_ts + 1, frame);
    if (rc != LLKV_OK) {
        undo_until(first, NULL);
        return rc;
    }
    /* From here on nothing can fail. */
    const int64_t ts = ++manager->last_ts;
    apply_all(first, ts);
    *entry = (struct commit_entry){.bytes = frame->bytes.data, .size = frame->bytes.len, .ts = ts};
    commit_log_enqueue(log, entry);
    return LLKV_OK;
}

static llkv_code commit_logged(struct cx *cx, struct txn_manager *manager, struct commit_log *log,
                               const struct snapshot *snapshot, struct txn_participant *first,
                               int64_t *out_ts)
{
    struct frame frame = {.bytes = {.budget = manager->budget}};
    struct commit_entry entry;
    pthread_mutex_lock(&manager->commit_lock);
    llkv_code rc = LLKV_OK;
    if (commit_log_has_failed(log))
        rc = cx_fail(cx, LLKV_READONLY,
                     "the log could not be written: the database is read-only until it is opened "
                     "anew");
    if (rc == LLKV_OK) rc = reserve_all(cx, snapshot, first);
    if (rc == LLKV_OK) rc = enter_log(cx, manager, log, first, &frame, &entry);
    pthread_mutex_unlock(&manager->commit_lock);
    if (rc == LLKV_OK) {
        *out_ts = entry.ts;
        rc = commit_log_wait(cx, log, &entry);
    }
    frame_deinit(&frame);
    return rc;
}

llkv_code txn_commit(struct cx *cx, struct txn_manager *manager, const struct snapshot *snapshot,
                     struct txn_participant *first, int64_t *out_ts)
{
    struct commit_log *log = atomic_load_explicit(&manager->log, memory_order_acquire);
    llkv_code rc;
    if (log != NULL) {
        rc = commit_logged(cx, manager, log, snapshot, first, out_ts);
    } else {
        pthread_mutex_lock(&manager->commit_lock);
        rc = reserve_all(cx, snapshot, first);
        if (rc == LLKV_OK) {
            /* From here on nothing can fail. */
            const int64_t ts = ++manager->last_ts;
            apply_all(first, ts);
            atomic_store(&manager->watermark, ts);
            *out_ts = ts;
        }
        pthread_mutex_unlock(&manager->commit_lock);
    }
    reclaim(manager);
    return rc;
}

/* ---- the log ---- */

static struct commit_log *log_of(struct txn_manager *manager)
{
    return atomic_load_explicit(&manager->log, memory_order_acquire);
}

llkv_code txn_log_open(struct cx *cx, struct txn_manager *manager, llkv_pager *pager,
                       enum txn_synchronous mode)
{
    struct commit_log *log;
    struct cx lasting = *cx;
    CHECK(cx, log_of(manager) == NULL);
    CHECK(cx, (pager->methods->caps(pager).flags & LLKV_PAGER_DURABLE_LOG) != 0);
    lasting.budget = manager->budget;
    TRY(commit_log_new(&lasting, pager, &manager->watermark, mode, &log));
    atomic_store_explicit(&manager->log, log, memory_order_release);
    return LLKV_OK;
}

llkv_pager *txn_log_pager(struct txn_manager *manager)
{
    struct commit_log *log = log_of(manager);
    return log == NULL ? NULL : commit_log_pager(log);
}

void txn_log_set_synchronous(struct txn_manager *manager, enum txn_synchronous mode)
{
    struct commit_log *log = log_of(manager);
    if (log != NULL) commit_log_set_mode(log, mode);
}

llkv_code txn_log_sync(struct cx *cx, struct txn_manager *manager)
{
    struct commit_log *log = log_of(manager);
    return log == NULL ? LLKV_OK : commit_log_sync(cx, log);
}

bool txn_log_has_failed(struct txn_manager *manager)
{
    struct commit_log *log = log_of(manager);
    return log != NULL && commit_log_has_failed(log);
}

void txn_log_plant(struct txn_manager *manager, enum planted_bug bug)
{
    struct commit_log *log = log_of(manager);
    if (log != NULL) commit_log_plant(log, bug);
}

void txn_log_keep(struct txn_manager *manager, struct txn_log_batch *batches, int64_t ts)
{
    *manager->batches_end = batches;
    for (; batches != NULL; batches = batches->next) {
        batches->ts = ts;
        manager->batches_end = &batches->next;
        atomic_fetch_add_explicit(&manager->batch_bytes, batches->bytes, memory_order_relaxed);
    }
}

void txn_log_release(struct txn_manager *manager, llkv_pager *pager, int64_t ts)
{
    pthread_mutex_lock(&manager->commit_lock);
    struct txn_log_batch *first = manager->batches;
    struct txn_log_batch **end = &first;
    while (*end != NULL && (*end)->ts < ts)
        end = &(*end)->next;
    manager->batches = *end;
    if (*end == NULL) manager->batches_end = &manager->batches;
    *end = NULL;
    pthread_mutex_unlock(&manager->commit_lock);
    for (const struct txn_log_batch *batch = first; batch != NULL; batch = batch->next) {
        atomic_fetch_sub_explicit(&manager->batch_bytes, batch->bytes, memory_order_relaxed);
        pager->methods->discard(pager, batch->batch_seq, 0, UINT64_MAX);
    }
    free_batches(first);
}

uint64_t txn_log_bytes(struct txn_manager *manager)
{
    struct commit_log *log = log_of(manager);
    return log == NULL ? 0 : commit_log_bytes(log);
}

uint64_t txn_log_batch_bytes(const struct txn_manager *manager)
{
    return atomic_load_explicit(&manager->batch_bytes, memory_order_relaxed);
}

/* ---- recovery ---- */

llkv_code txn_recover_commit(struct cx *cx, struct txn_manager *manager,
                             const struct snapshot *snapshot, struct txn_participant *first,
                             int64_t ts)
{
    int64_t given;
    CHECK(cx, log_of(manager) == NULL);
    if (ts != manager->last_ts + 1)
        return cx_fail(cx, LLKV_CORRUPT, "the log brings commit %lld after commit %lld",
                       (long long)ts, (long long)manager->last_ts);
    return txn_commit(cx, manager, snapshot, first, &given);
}

llkv_code txn_exclusively(struct cx *cx, struct txn_manager *manager,
                          llkv_code (*fn)(struct cx *cx, void *arg), void *arg)
{
    pthread_mutex_lock(&manager->commit_lock);
    llkv_code rc = fn(cx, arg);
    pthread_mutex_unlock(&manager->commit_lock);
    return rc;
}
