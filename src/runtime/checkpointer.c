#define _POSIX_C_SOURCE 200809L
#include "runtime/checkpointer.h"

#include <time.h>

#include "catalog/checkpoint.h"
#include "storage/drive_pager.h"

enum {
    LOG_BYTES = 16 * 1024 * 1024,
    BATCH_BYTES = 64 * 1024 * 1024, /* of large changes, which the log only names */
    DIRTY_SECONDS = 60,
    LOOK_EVERY_MS = 100, /* how late it may notice */
    RETRY_SECONDS = 5    /* after a failure, such as a full disk */
};

struct checkpointer {
    struct database *database;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop; /* under the lock */
    atomic_bool cancel;
    /* Of the thread: */
    uint64_t log_bytes;  /* when the last one was written */
    int64_t ts;          /* that it holds */
    int64_t clean_since; /* seconds: until then nothing had been committed since the last one */
    int64_t not_before;
};

static int64_t seconds(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? (int64_t)now.tv_sec : 0;
}

static bool is_due(struct checkpointer *c)
{
    struct txn_manager *manager = c->database->manager;
    const int64_t now = seconds();
    if (txn_watermark(manager) == c->ts) {
        c->clean_since = now;
        return false;
    }
    if (now < c->not_before || txn_log_has_failed(manager)) return false;
    return txn_log_bytes(manager) - c->log_bytes >= LOG_BYTES ||
           txn_log_batch_bytes(manager) >= BATCH_BYTES || now - c->clean_since >= DIRTY_SECONDS;
}

/* A failure takes nothing away: the log goes on holding what the root does not. */
static void work(struct checkpointer *c)
{
    struct database *db = c->database;
    llkv_error error = LLKV_ERROR_INIT;
    struct arena arena;
    struct checkpoint_info info;
    arena_init(&arena, &db->budget);
    struct cx cx = {.arena = &arena, .error = &error, .cancel = &c->cancel, .budget = &db->budget};
    const uint64_t log_bytes = txn_log_bytes(db->manager);
    if (is_due(c)) {
        if (catalog_checkpoint(&cx, db->catalog, &info) == LLKV_OK) {
            c->log_bytes = log_bytes;
            c->ts = info.ts;
            c->clean_since = seconds();
        } else {
            c->not_before = seconds() + RETRY_SECONDS;
        }
    }
    llkv_code tended = drive_pager_tend(&cx, db->pager);
    (void)tended; /* a commit does it otherwise, and tells what is wrong */
    arena_deinit(&arena);
}

static struct timespec in_a_while(void)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_REALTIME, &until); /* of the system's clocks this one is there */
    until.tv_nsec += LOOK_EVERY_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    return until;
}

static void *run(void *arg)
{
    struct checkpointer *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        const struct timespec until = in_a_while();
        (void)pthread_cond_timedwait(&c->wake, &c->lock, &until); /* either way it looks */
        if (c->stop) break;
        pthread_mutex_unlock(&c->lock);
        work(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

llkv_code checkpointer_start(struct cx *cx, struct database *database,
                             struct checkpointer **out_checkpointer)
{
    struct checkpointer *c = mem_alloc_zero(&database->budget, sizeof *c);
    if (c == NULL) return cx_nomem(cx);
    c->database = database;
    c->ts = txn_watermark(database->manager);
    c->clean_since = seconds();
    bool lock = pthread_mutex_init(&c->lock, NULL) == 0;
    bool wake = lock && pthread_cond_init(&c->wake, NULL) == 0;
    if (wake && pthread_create(&c->thread, NULL, run, c) == 0) {
        *out_checkpointer = c;
        return LLKV_OK;
    }
    if (wake) pthread_cond_destroy(&c->wake);
    if (lock) pthread_mutex_destroy(&c->lock);
    mem_free(c);
    return cx_fail(cx, LLKV_LIMIT, "the thread that writes checkpoints could not be started");
}

void checkpointer_stop(struct checkpointer *c)
{
    if (c == NULL) return;
    atomic_store(&c->cancel, true);
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL); /* the thread is ours and was started */
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}
