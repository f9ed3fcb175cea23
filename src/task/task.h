/* task.h -- a pool of threads that helps a caller through a range of independent indexes.
 *
 * Owns:    the helper threads, started at the first call that can use them.
 * Threads: any number of callers at the same time, also from inside a task. The caller always works
 *          itself and does everything alone if nobody comes, so that no call can deadlock.
 * Holds:   every index runs once, or not at all if a lower one failed; one worker number is used by
 *          one thread at a time. */
#ifndef TASK_TASK_H
#define TASK_TASK_H
#include <stdint.h>

#include "base/cx.h"

/* Parallel from this cost on, and a helper for each further share of it. */
#define TASK_PARALLEL_NS 100e3
#define TASK_HELPER_NS 50e3

struct task_pool;

/* `threads` workers, callers included; 0: one per processor. No thread is started yet. NULL: no
 * memory. */
struct task_pool *task_pool_new(uint32_t threads);
/* Ends the threads. No call may be running. NULL is allowed. */
void task_pool_free(struct task_pool *pool);
/* 1 for a NULL pool. */
uint32_t task_pool_threads(const struct task_pool *pool);

struct range_task {
    /* Do one index. `worker` numbers the working place, below task_workers(); 0 is the caller's, on
     * `cx` of task_run itself. The cx of the others has an arena of its own, which lives as long as
     * what the caller's arena holds now, and no error that counts unless it is returned. */
    llkv_code (*run)(struct cx *cx, void *arg, uint32_t worker, uint32_t index);
    void *arg;
    uint32_t count;
    double cost_ns; /* an estimate for all of it */
};

/* How many worker numbers task_run would use: min(threads, count, cost / 50 us), 1 below 100 us. */
uint32_t task_workers(const struct task_pool *pool, const struct range_task *task);

/* Run every index below `count`; returns when all are done. Indexes run in rising order per worker,
 * mostly in long runs. Of several errors the one of the lowest index is recorded and returned, the
 * same at any number of threads: an error stops the indexes above it and lets those below it run.
 * LLKV_CANCELLED once cx->cancel is set; it is looked at before each index. `pool` may be NULL. */
NODISCARD llkv_code task_run(struct cx *cx, struct task_pool *pool, const struct range_task *task);
#endif
