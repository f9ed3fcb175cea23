/* exec.h -- runs physical plans.
 *
 *   link   once per plan: compile programs, pick kernels        exec_link
 *   open   once per execution: state from one arena             exec_open
 *   next   batch after batch, on the caller's thread            exec_next
 *   restart  the same again with other parameters               exec_restart
 *   close  releases what the arena does not                     exec_close
 *
 * Parallel inside the hot path: a pipeline with enough work is spread over cx->pool, segment by
 * segment; the answer does not depend on the number of threads. A small statement wakes no thread.
 */
#ifndef EXEC_EXEC_H
#define EXEC_EXEC_H
#include "plan/pplan.h"

struct exec_plan; /* immutable, shared by executions; lives in the arena it was linked in */
struct exec;      /* one execution */
enum { EXEC_NOTE_MAX = 128 };

struct exec_env {
    struct txn_manager *manager;
    const struct table_reader *reader;
    struct value *params;     /* plan->parameter_count; the user's filled in, the rest is exec's */
    struct write_set *writes; /* DML: collects; committed by the caller. Else NULL */
    struct block_pool *blocks;
    uint32_t threads;             /* at most; 1: never parallel */
    double parallel_threshold_ns; /* estimated work below which nothing is spread; 0: the default */
};

NODISCARD llkv_code exec_link(struct cx *cx, const struct pplan *plan,
                              const struct exec_plan **out_plan);
/* `env` is copied, what it points to is borrowed until close. Inits and shared subplans run lazily,
 * before the first batch. Memory comes from cx->arena and the block pool. */
NODISCARD llkv_code exec_open(struct cx *cx, const struct exec_plan *plan,
                              const struct exec_env *env, struct exec **out_exec);
/* The next batch with live rows, in the layout of plan->root, valid until the next call; NULL at
 * the end. DML runs to its end at the first call and gives NULL. After an error only close is
 * allowed. */
NODISCARD llkv_code exec_next(struct cx *cx, struct exec *exec, const struct batch **out_batch);
/* Can it be run once more? Few plans: values or a key into a table. What its operators made serves
 * again, so that a small statement does not pay for making it. */
bool exec_may_restart(const struct exec *exec);
/* Back to the beginning, from anywhere, with another `env` of the same plan and the arena it was
 * opened with, of which nothing was taken back. It may restart. */
void exec_restart(struct exec *exec, const struct exec_env *env);
/* What the execution found out that its caller may want to tell, "" if nothing; until close. */
const char *exec_note(const struct exec *exec);
/* Rows inserted, updated or deleted so far. */
int64_t exec_rows_changed(const struct exec *exec);
/* NULL is allowed. */
void exec_close(struct exec *exec);
#endif
