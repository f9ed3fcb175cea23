#include "txn/commit_log.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { GROUP_BYTES_MAX = LLKV_PAGER_GROUP_BYTES_MAX, PAUSE_NANOSECONDS = 25 * 1000 * 1000 };

struct commit_log {
    llkv_pager *pager;
    _Atomic int64_t *watermark;
    _Atomic int mode; /* of enum txn_synchronous */
    atomic_bool failed;
    char reason[256]; /* why; written once, before `failed` is set */
    enum planted_bug planted;
    _Atomic uint64_t bytes; /* of all frames appended */
    uint8_t *buffer;        /* the leader's */

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t turn;  /* a group is done */
    pthread_cond_t work;  /* for the helper: there is something to do, or it shall stop */
    struct commit_entry *first, **end;
    bool leading;       /* a thread is in log_append */
    bool helper_sleeps; /* until there is work */
    bool stop;
    int64_t written;   /* the last frame appended */
    int64_t durable;   /* the last frame that is known to be durable */
    int64_t announced; /* `durable` when the last group was written */
    pthread_t helper;
};

static enum txn_synchronous mode_of(struct commit_log *log)
{
    return (enum txn_synchronous)atomic_load_explicit(&log->mode, memory_order_relaxed);
}

/* ---- under the lock ---- */

static void fail_all(struct commit_log *log, const llkv_error *error)
{
    if (!atomic_load(&log->failed))
        (void)snprintf(log->reason, sizeof log->reason, "%.200s", error->message);
    atomic_store(&log->failed, true);
    if (log->leading) return; /* it reads the entries; it fails them when it is back */
    while (log->first != NULL) {
        struct commit_entry *entry = log->first;
        log->first = entry->next;
        entry->state = ENTRY_FAILED;
    }
    log->end = &log->first;
    pthread_cond_broadcast(&log->turn);
}

/* Is there anything for the helper? */
static bool has_work(struct commit_log *log)
{
    if (atomic_load(&log->failed)) return false;
    if (mode_of(log) == TXN_SYNC_OFF) return false;
    return log->durable < log->written || log->announced < log->durable;
}

static void call_helper(struct commit_log *log)
{
    if (!log->helper_sleeps || !has_work(log)) return;
    log->helper_sleeps = false;
    pthread_cond_signal(&log->work);
}

/* ---- groups ---- */

/* How many of the frames that wait fit into one group. */
static uint32_t take_group(struct commit_log *log, size_t *out_size)
{
    uint32_t frames = 0;
    size_t size = 0;
    for (const struct commit_entry *e = log->first; e != NULL; e = e->next) {
        if (size + e->size > GROUP_BYTES_MAX) break;
        size += e->size;
        frames++;
    }
    *out_size = size;
    return frames;
}

/* The entries belong to threads that wait, and only ever get a `next`, which this does not follow
 * behind the group. */
static const void *gather(struct commit_log *log, const struct commit_entry *first, uint32_t frames)
{
    if (frames == 1) return first->bytes;
    size_t at = 0;
    const struct commit_entry *entry = first;
    for (uint32_t i = 0; i < frames; i++) {
        memcpy(log->buffer + at, entry->bytes, entry->size);
        at += entry->size;
        if (i + 1 < frames) entry = entry->next;
    }
    return log->buffer;
}

static void publish(struct commit_log *log, uint32_t frames, bool durable)
{
    int64_t ts = log->written;
    for (uint32_t i = 0; i < frames; i++) {
        struct commit_entry *entry = log->first;
        assert(entry->ts == ts + 1);
        ts = entry->ts;
        log->first = entry->next;
        entry->state = ENTRY_PUBLISHED;
    }
    if (log->first == NULL) log->end = &log->first;
    log->announced = log->durable;
    log->written = ts;
    if (durable) log->durable = ts;
    atomic_store(log->watermark, ts);
}

/* Write one group; the lock is held on entry and on return, but not meanwhile. */
static void lead(struct commit_log *log)
{
    llkv_error error = LLKV_ERROR_INIT;
    size_t size;
    const uint32_t frames = take_group(log, &size);
    const bool durable =
        mode_of(log) == TXN_SYNC_FULL && !planted(log->planted, PLANTED_PUBLISH_EARLY);
    const struct commit_entry *first = log->first;
    assert(frames != 0); /* a frame is smaller than a group */
    log->leading = true;
    pthread_mutex_unlock(&log->lock);
    const llkv_pager_group group = {.struct_size = sizeof group,
                                    .frames = frames,
                                    .first_lsn = (uint64_t)first->ts,
                                    .bytes = gather(log, first, frames),
                                    .size = size,
                                    .durable = durable};
    llkv_code rc = log->pager->methods->log_append(log->pager, &group, &error);
    pthread_mutex_lock(&log->lock);
    log->leading = false;
    if (rc != LLKV_OK || atomic_load(&log->failed)) {
        fail_all(log, &error);
        return;
    }
    atomic_fetch_add_explicit(&log->bytes, size, memory_order_relaxed);
    publish(log, frames, durable);
    pthread_cond_broadcast(&log->turn);
    call_helper(log);
}

void commit_log_enqueue(struct commit_log *log, struct commit_entry *entry)
{
    assert(entry->size <= GROUP_BYTES_MAX);
    pthread_mutex_lock(&log->lock);
    entry->next = NULL;
    entry->state = ENTRY_WAITS;
    if (atomic_load(&log->failed)) {
        entry->state = ENTRY_FAILED;
    } else {
        *log->end = entry;
        log->end = &entry->next;
    }
    pthread_mutex_unlock(&log->lock);
}

llkv_code commit_log_wait(struct cx *cx, struct commit_log *log, struct commit_entry *entry)
{
    pthread_mutex_lock(&log->lock);
    while (entry->state == ENTRY_WAITS) {
        if (log->leading) {
            pthread_cond_wait(&log->turn, &log->lock);
        } else {
            lead(log);
        }
    }
    bool published = entry->state == ENTRY_PUBLISHED;
    pthread_mutex_unlock(&log->lock);
    if (published) return LLKV_OK;
    return cx_fail(cx, LLKV_UNKNOWN,
                   "the log could not be written (%s): nobody knows whether the transaction is in "
                   "it, and the database is read-only until it is opened anew",
                   log->reason);
}

/* ---- durability behind the commits ---- */

/* Sync what is written. The lock is held on entry and on return, but not meanwhile. */
static llkv_code sync_written(struct commit_log *log, llkv_error *error)
{
    int64_t written = log->written;
    if (log->durable >= written) return LLKV_OK;
    pthread_mutex_unlock(&log->lock);
    llkv_code rc = log->pager->methods->log_sync(log->pager, (uint64_t)written, error);
    pthread_mutex_lock(&log->lock);
    if (rc != LLKV_OK) {
        fail_all(log, error);
    } else if (log->durable < written) {
        log->durable = written;
    }
    return rc;
}

llkv_code commit_log_sync(struct cx *cx, struct commit_log *log)
{
    llkv_error error = LLKV_ERROR_INIT;
    pthread_mutex_lock(&log->lock);
    llkv_code rc = atomic_load(&log->failed) ? LLKV_UNKNOWN : sync_written(log, &error);
    if (rc == LLKV_OK) call_helper(log);
    pthread_mutex_unlock(&log->lock);
    if (rc == LLKV_OK) return LLKV_OK;
    return cx_fail(cx, LLKV_UNKNOWN,
                   "the log could not be made durable (%s): the database is read-only until it is "
                   "opened anew",
                   log->reason);
}

/* Say what is durable in a group of its own, if nobody commits right now. */
static void announce(struct commit_log *log)
{
    llkv_error error = LLKV_ERROR_INIT;
    if (log->leading || log->first != NULL || log->announced >= log->durable) return;
    const llkv_pager_group group = {.struct_size = sizeof group,
                                    .first_lsn = (uint64_t)log->written + 1};
    const int64_t durable = log->durable;
    log->leading = true;
    pthread_mutex_unlock(&log->lock);
    llkv_code rc = log->pager->methods->log_append(log->pager, &group, &error);
    pthread_mutex_lock(&log->lock);
    log->leading = false;
    if (rc != LLKV_OK || atomic_load(&log->failed)) {
        fail_all(log, &error);
        return;
    }
    log->announced = durable;
    pthread_cond_broadcast(&log->turn);
}

/* Wait until a moment from now, or until told to stop. */
static void pause_helper(struct commit_log *log)
{
    struct timespec until;
    if (timespec_get(&until, TIME_UTC) == 0) return;
    until.tv_nsec += PAUSE_NANOSECONDS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!log->stop)
        if (pthread_cond_timedwait(&log->work, &log->lock, &until) != 0) return;
}

static void *help(void *arg)
{
    struct commit_log *log = arg;
    pthread_mutex_lock(&log->lock);
    while (!log->stop) {
        if (!has_work(log)) {
            log->helper_sleeps = true;
            pthread_cond_wait(&log->work, &log->lock);
            log->helper_sleeps = false;
            continue;
        }
        const int64_t written = log->written;
        llkv_error error = LLKV_ERROR_INIT;
        pause_helper(log);
        if (log->stop || !has_work(log)) continue;
        if (sync_written(log, &error) == LLKV_OK && log->written == written) announce(log);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* ---- life ---- */

llkv_code commit_log_new(struct cx *cx, llkv_pager *pager, _Atomic int64_t *watermark,
                         enum txn_synchronous mode, struct commit_log **out_log)
{
    struct commit_log *log = mem_alloc_zero(cx->budget, sizeof *log);
    if (log == NULL) return cx_nomem(cx);
    log->buffer = mem_alloc(cx->budget, GROUP_BYTES_MAX);
    if (log->buffer == NULL) goto no_memory;
    log->pager = pager;
    log->watermark = watermark;
    log->end = &log->first;
    log->written = atomic_load(watermark);
    log->durable = log->announced = log->written;
    atomic_init(&log->mode, (int)mode);
    if (pthread_mutex_init(&log->lock, NULL) != 0) goto no_memory;
    if (pthread_cond_init(&log->turn, NULL) != 0) goto no_turn;
    if (pthread_cond_init(&log->work, NULL) != 0) goto no_work;
    if (pthread_create(&log->helper, NULL, help, log) != 0) goto no_helper;
    *out_log = log;
    return LLKV_OK;
no_helper:
    pthread_cond_destroy(&log->work);
no_work:
    pthread_cond_destroy(&log->turn);
no_turn:
    pthread_mutex_destroy(&log->lock);
no_memory:
    mem_free(log->buffer);
    mem_free(log);
    return cx_nomem(cx);
}

void commit_log_free(struct commit_log *log)
{
    if (log == NULL) return;
    pthread_mutex_lock(&log->lock);
    assert(log->first == NULL);
    log->stop = true;
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->helper, NULL);
    pthread_cond_destroy(&log->work);
    pthread_cond_destroy(&log->turn);
    pthread_mutex_destroy(&log->lock);
    mem_free(log->buffer);
    mem_free(log);
}

llkv_pager *commit_log_pager(struct commit_log *log)
{
    return log->pager;
}

void commit_log_set_mode(struct commit_log *log, enum txn_synchronous mode)
{
    pthread_mutex_lock(&log->lock);
    atomic_store_explicit(&log->mode, (int)mode, memory_order_relaxed);
    call_helper(log);
    pthread_mutex_unlock(&log->lock);
}

void commit_log_plant(struct commit_log *log, enum planted_bug bug)
{
    log->planted = bug;
}

bool commit_log_has_failed(struct commit_log *log)
{
    return atomic_load(&log->failed);
}

uint64_t commit_log_bytes(struct commit_log *log)
{
    return atomic_load_explicit(&log->bytes, memory_order_relaxed);
}
