#define _GNU_SOURCE 1
#include "task/task.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "task/range.h"

enum {
    THREADS_MAX = 256,
    SPIN_NS = 20000, /* longer, and a machine with few processors pays for it */
    SPINS_PER_LOOK = 64,
};
#define NO_ERROR UINT32_MAX

/* A working place of a job. Handed from thread to thread under the pool's lock. */
struct worker {
    struct cx cx;
    struct arena arena;
    llkv_error error;
    bool taken;
};

/* One task_run, on its caller's stack. States: listed (helpers may join), unlisted (helpers that
 * are inside finish their index), done (active == 0). */
struct job {
    struct job *next, *previous; /* in the pool's ring */
    struct task_pool *pool;
    const struct range_task *task;
    struct cx *caller_cx;
    struct worker *workers; /* [0] is not set: the caller works on its own cx */
    struct range *ranges;
    uint32_t worker_count;
    uint32_t active; /* helpers inside; under the pool's lock */
    bool listed;
    pthread_cond_t left;

    pthread_mutex_t error_lock;
    atomic_uint error_index; /* the lowest that failed */
    llkv_code error_code;
    llkv_error error;
};

struct task_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *ring; /* the job that the next helper looks at first */
    uint32_t threads_max;
    uint32_t started;
    uint32_t sleeping;
    uint32_t busy; /* inside a job */
    bool stopping;
    atomic_uint open_places; /* places that a helper could take; a hint for those that spin */
    pthread_t threads[THREADS_MAX];
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- one job ---- */

/* The lowest index counts. */
static void record_error(struct job *job, const struct cx *cx, llkv_code code, uint32_t index)
{
    pthread_mutex_lock(&job->error_lock);
    if (index < atomic_load_explicit(&job->error_index, memory_order_relaxed)) {
        job->error_code = code;
        job->error = *cx->error;
        atomic_store_explicit(&job->error_index, index, memory_order_relaxed);
    }
    pthread_mutex_unlock(&job->error_lock);
}

static void run_index(struct job *job, struct cx *cx, uint32_t worker, uint32_t index)
{
    if (index > atomic_load_explicit(&job->error_index, memory_order_relaxed)) return;
    uint32_t depth = cx->depth;
    llkv_code rc = cx_check_cancel(cx);
    if (rc == LLKV_OK) rc = job->task->run(cx, job->task->arg, worker, index);
    if (UNLIKELY(rc != LLKV_OK)) record_error(job, cx, rc, index);
    cx->depth = depth; /* an error leaves recursions without counting back */
}

/* Work at one place until nothing is left, or for one index if others want help too. */
static void work(struct job *job, struct cx *cx, uint32_t worker, bool one_only)
{
    uint32_t index;
    while (range_take(job->ranges, job->worker_count, worker, &index)) {
        run_index(job, cx, worker, index);
        if (one_only) return;
    }
}

/* ---- the helpers ---- */

/* Under the lock. */
static void unlist(struct task_pool *pool, struct job *job)
{
    if (!job->listed) return;
    job->listed = false;
    job->next->previous = job->previous;
    job->previous->next = job->next;
    if (pool->ring == job) pool->ring = job->next == job ? NULL : job->next;
    for (uint32_t i = 1; i < job->worker_count; i++)
        if (!job->workers[i].taken)
            atomic_fetch_sub_explicit(&pool->open_places, 1, memory_order_relaxed);
}

static void list(struct task_pool *pool, struct job *job)
{
    if (pool->ring == NULL) {
        job->next = job->previous = job;
        pool->ring = job;
    } else {
        job->next = pool->ring;
        job->previous = pool->ring->previous;
        job->previous->next = job;
        job->next->previous = job;
    }
    job->listed = true;
    atomic_fetch_add_explicit(&pool->open_places, job->worker_count - 1, memory_order_relaxed);
}

/* The next job in turn that has a free place and work left; takes the place. Under the lock. */
static struct job *join(struct task_pool *pool, uint32_t *out_worker)
{
    struct job *first = pool->ring;
    struct job *job = first;
    if (job == NULL) return NULL;
    do {
        for (uint32_t i = 1; i < job->worker_count; i++) {
            if (job->workers[i].taken) continue;
            if (range_all_empty(job->ranges, job->worker_count)) break;
            job->workers[i].taken = true;
            job->active++;
            pool->busy++;
            atomic_fetch_sub_explicit(&pool->open_places, 1, memory_order_relaxed);
            pool->ring = job->next;
            *out_worker = i;
            return job;
        }
        job = job->next;
    } while (job != first);
    return NULL;
}

/* Under the lock. The job may be gone afterwards. */
static void leave(struct task_pool *pool, struct job *job, uint32_t worker)
{
    assert(job->active > 0);
    job->workers[worker].taken = false;
    job->active--;
    pool->busy--;
    if (job->listed) {
        atomic_fetch_add_explicit(&pool->open_places, 1, memory_order_relaxed);
        /* Nothing left: nobody need look here any more. */
        if (range_all_empty(job->ranges, job->worker_count)) unlist(pool, job);
    }
    if (job->active == 0 && !job->listed) pthread_cond_signal(&job->left);
}

/* A little while without the lock: work that follows closely needs no wake-up. */
static void spin(const struct task_pool *pool)
{
    int64_t end = now_ns() + SPIN_NS;
    do {
        for (uint32_t i = 0; i < SPINS_PER_LOOK; i++) {
            if (atomic_load_explicit(&pool->open_places, memory_order_relaxed) != 0) return;
            CPU_PAUSE();
        }
    } while (now_ns() < end);
}

static void *helper(void *arg)
{
    struct task_pool *pool = arg;
    bool may_spin = false; /* after having worked */
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        uint32_t worker = 0;
        struct job *job = join(pool, &worker);
        if (job != NULL) {
            bool others_wait = job->next != job;
            pthread_mutex_unlock(&pool->lock);
            work(job, &job->workers[worker].cx, worker, others_wait);
            pthread_mutex_lock(&pool->lock);
            leave(pool, job, worker);
            may_spin = true;
        } else if (may_spin) {
            pthread_mutex_unlock(&pool->lock);
            spin(pool);
            pthread_mutex_lock(&pool->lock);
            may_spin = false;
        } else {
            pool->sleeping++;
            pthread_cond_wait(&pool->work, &pool->lock);
            pool->sleeping--;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Threads enough for `helpers` more than are busy; fewer if the system has no more. The lock is
 * held. Signals are for the host's own threads. */
static void start_threads(struct task_pool *pool, uint32_t helpers)
{
    uint32_t wanted = pool->busy + helpers;
    if (wanted > pool->threads_max - 1) wanted = pool->threads_max - 1;
    if (pool->started >= wanted) return;
    sigset_t all, before;
    sigfillset(&all);
    /* Those that a thread brings upon itself cannot wait: blocked, they end the process. */
    static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->started < wanted) {
        if (pthread_create(&pool->threads[pool->started], NULL, helper, pool) != 0) break;
        pthread_setname_np(pool->threads[pool->started], "llkv-worker");
        pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct task_pool *task_pool_new(uint32_t threads)
{
    if (threads == 0) {
        int64_t processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors < 1             ? 1
                  : processors > THREADS_MAX ? THREADS_MAX
                                             : (uint32_t)processors;
    }
    struct task_pool *pool = mem_alloc_zero(NULL, sizeof *pool);
    if (pool == NULL) return NULL;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        mem_free(pool);
        return NULL;
    }
    if (pthread_cond_init(&pool->work, NULL) != 0) {
        pthread_mutex_destroy(&pool->lock);
        mem_free(pool);
        return NULL;
    }
    pool->threads_max = threads < THREADS_MAX ? threads : THREADS_MAX;
    return pool;
}

void task_pool_free(struct task_pool *pool)
{
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->lock);
    assert(pool->ring == NULL);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

uint32_t task_pool_threads(const struct task_pool *pool)
{
    return pool == NULL ? 1 : pool->threads_max;
}

/* ---- the caller ---- */

uint32_t task_workers(const struct task_pool *pool, const struct range_task *task)
{
    uint32_t threads = task_pool_threads(pool);
    if (threads < 2 || task->count < 2 || !(task->cost_ns >= TASK_PARALLEL_NS)) return 1;
    uint32_t workers = task->count < threads ? task->count : threads;
    double worth = task->cost_ns / TASK_HELPER_NS;
    return worth < (double)workers ? (uint32_t)worth : workers;
}

static llkv_code run_alone(struct cx *cx, const struct range_task *task)
{
    for (uint32_t i = 0; i < task->count; i++) {
        uint32_t depth = cx->depth;
        llkv_code rc = cx_check_cancel(cx);
        if (rc == LLKV_OK) rc = task->run(cx, task->arg, 0, i);
        cx->depth = depth;
        if (rc != LLKV_OK) return rc;
    }
    return LLKV_OK;
}

static void worker_deinit(void *worker)
{
    arena_deinit(&((struct worker *)worker)->arena);
}

/* Working places for the helpers, in the caller's arena. */
NODISCARD static llkv_code job_init(struct job *job, struct cx *cx, struct task_pool *pool,
                                    const struct range_task *task)
{
    uint32_t count = task_workers(pool, task);
    *job = (struct job){.pool = pool, .task = task, .caller_cx = cx, .worker_count = count};
    job->workers = cx_alloc_array(cx, count, sizeof *job->workers);
    char *memory = cx_alloc_array(cx, (size_t)count + 1, sizeof *job->ranges);
    if (job->workers == NULL || memory == NULL) return LLKV_NOMEM;
    size_t beside = (uintptr_t)memory % sizeof *job->ranges;
    job->ranges = (struct range *)(void *)(memory + (sizeof *job->ranges - beside));
    range_split(job->ranges, count, task->count);
    for (uint32_t i = 1; i < count; i++) {
        struct worker *w = &job->workers[i];
        w->taken = false;
        w->cx = *cx;
        w->cx.arena = &w->arena;
        w->cx.error = &w->error;
        w->error = (llkv_error)LLKV_ERROR_INIT;
        arena_init(&w->arena, cx->arena->budget);
        if (!arena_on_reset(cx->arena, worker_deinit, w)) return cx_nomem(cx);
    }
    atomic_init(&job->error_index, NO_ERROR);
    if (pthread_mutex_init(&job->error_lock, NULL) != 0) return cx_nomem(cx);
    if (pthread_cond_init(&job->left, NULL) == 0) return LLKV_OK;
    pthread_mutex_destroy(&job->error_lock);
    return cx_nomem(cx);
}

/* Let helpers in; as many are woken as the job has places for them. */
static void open_job(struct task_pool *pool, struct job *job)
{
    uint32_t helpers = job->worker_count - 1;
    pthread_mutex_lock(&pool->lock);
    start_threads(pool, helpers);
    list(pool, job);
    uint32_t wake = helpers < pool->sleeping ? helpers : pool->sleeping;
    for (uint32_t i = 0; i < wake; i++)
        pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

/* Let nobody in any more and wait for those inside. What they leave behind is visible here. */
static void close_job(struct task_pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    unlist(pool, job);
    while (job->active != 0)
        pthread_cond_wait(&job->left, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

llkv_code task_run(struct cx *cx, struct task_pool *pool, const struct range_task *task)
{
    if (task_workers(pool, task) < 2) return run_alone(cx, task);
    struct job job;
    TRY(job_init(&job, cx, pool, task));
    open_job(pool, &job);
    work(&job, cx, 0, false);
    close_job(pool, &job);
    /* A helper that was asked to help elsewhere may have left a part it had just stolen. */
    work(&job, cx, 0, false);
    assert(range_all_empty(job.ranges, job.worker_count));
    pthread_cond_destroy(&job.left);
    pthread_mutex_destroy(&job.error_lock);
    if (atomic_load_explicit(&job.error_index, memory_order_relaxed) == NO_ERROR) return LLKV_OK;
    uint32_t struct_size = cx->error->struct_size;
    *cx->error = job.error;
    cx->error->struct_size = struct_size;
    return job.error_code;
}
