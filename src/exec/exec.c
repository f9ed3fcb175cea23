/* exec.c -- one execution from open to close: runs, parameters, inits, shared subplans. */
#include <assert.h>

#include "exec/exec_priv.h"
#include "task/task.h"

llkv_code run_own(struct run *run, void (*release)(void *ptr), void *ptr)
{
    struct owned *o = cx_alloc(run->cx, sizeof *o);
    if (o == NULL) return LLKV_NOMEM;
    *o = (struct owned){run->owned, release, ptr};
    run->owned = o;
    return LLKV_OK;
}

static void run_release(struct run *run)
{
    for (struct owned *o = run->owned; o != NULL; o = o->next)
        o->release(o->ptr);
    run->owned = NULL;
}

llkv_code run_local(struct run *run, const struct op *op, size_t bytes, void *out_local,
                    bool *out_new)
{
    void *local = run->locals[op->id];
    *out_new = local == NULL;
    if (local == NULL) {
        local = cx_alloc_zero(run->cx, bytes);
        if (local == NULL) return LLKV_NOMEM;
        run->locals[op->id] = local;
    }
    memcpy(out_local, &local, sizeof local);
    return LLKV_OK;
}

llkv_code exec_state(struct run *run, const struct op *op, size_t bytes, void *out_state,
                     bool *out_new)
{
    void *state = run->exec->states[op->id];
    *out_new = state == NULL;
    if (state == NULL) {
        state = cx_alloc_zero(run->cx, bytes);
        if (state == NULL) return LLKV_NOMEM;
        run->exec->states[op->id] = state;
    }
    memcpy(out_state, &state, sizeof state);
    return LLKV_OK;
}

enum { BIG_BYTES = 4 * 1024 * 1024 };

static size_t whole_pages(size_t bytes)
{
    return (bytes + MEM_PAGE_BYTES - 1) / MEM_PAGE_BYTES * MEM_PAGE_BYTES;
}

void *big_alloc(struct cx *cx, size_t bytes)
{
    void *ptr = bytes < BIG_BYTES ? mem_alloc_zero(cx->budget, bytes)
                                  : mem_map(cx->budget, whole_pages(bytes));
    if (ptr == NULL && cx_nomem(cx) != LLKV_OK) return NULL; /* the caller returns the code */
    return ptr;
}

void big_free(struct mem_budget *budget, void *ptr, size_t bytes)
{
    if (ptr == NULL) return;
    if (bytes < BIG_BYTES)
        mem_free(ptr);
    else
        mem_unmap(budget, ptr, whole_pages(bytes));
}

void exec_set_param(struct exec *exec, uint32_t parameter, const struct value *value)
{
    exec->env.params[parameter] = *value;
    exec->epoch++;
}

/* ---- ranges: runs beside the main one ---- */
static llkv_code range_run_new(struct run *run, struct run **out_run)
{
    const struct exec_plan *plan = run->exec->plan;
    struct run *r = cx_alloc_zero(run->cx, sizeof *r);
    if (r == NULL) return LLKV_NOMEM;
    r->exec = run->exec;
    r->locals = cx_alloc_zero(run->cx, plan->op_count * sizeof *r->locals);
    r->chains = cx_alloc_zero(run->cx, plan->chain_count * sizeof(void *));
    if (r->locals == NULL || r->chains == NULL) return LLKV_NOMEM;
    r->error.struct_size = sizeof r->error;
    r->own_cx = *run->cx;
    r->own_cx.arena = &r->arena;
    r->own_cx.error = &r->error;
    r->own_cx.pool = NULL;
    r->cx = &r->own_cx;
    arena_init(&r->arena, run->cx->budget);
    *out_run = r;
    return LLKV_OK;
}

static llkv_code ranges_reserve(struct run *run, uint32_t count)
{
    struct exec *exec = run->exec;
    if (count <= exec->range_count) return LLKV_OK;
    struct run **ranges = cx_alloc_array(run->cx, count, sizeof *ranges);
    if (ranges == NULL) return LLKV_NOMEM;
    if (exec->range_count != 0) memcpy(ranges, exec->ranges, exec->range_count * sizeof *ranges);
    exec->ranges = ranges;
    while (exec->range_count < count) {
        TRY(range_run_new(run, &ranges[exec->range_count]));
        exec->range_count++;
    }
    return LLKV_OK;
}

struct range_job {
    struct exec *exec;
    range_fn *fn;
    void *arg;
    atomic_uint failed; /* the lowest index that failed: those above it need not run */
};

static llkv_code range_task_run(struct cx *cx, void *arg, uint32_t worker, uint32_t index)
{
    struct range_job *job = arg;
    struct run *run = job->exec->ranges[index];
    (void)cx; /* what a range makes outlives the task: it has memory and an error of its own */
    (void)worker;
    if (index > atomic_load_explicit(&job->failed, memory_order_relaxed)) return LLKV_OK;
    run->rc = job->fn(run, job->arg, index);
    if (run->rc == LLKV_OK) return LLKV_OK;
    unsigned lowest = atomic_load_explicit(&job->failed, memory_order_relaxed);
    while (index < lowest && !atomic_compare_exchange_weak(&job->failed, &lowest, index))
        continue;
    return LLKV_OK;
}

llkv_code exec_ranges(struct run *run, uint32_t count, double cost_ns, range_fn *fn, void *arg)
{
    struct range_job job = {.exec = run->exec, .fn = fn, .arg = arg};
    atomic_init(&job.failed, UINT32_MAX);
    TRY(ranges_reserve(run, count));
    for (uint32_t i = 0; i < count; i++) {
        run->exec->ranges[i]->rc = LLKV_OK;
        run->exec->ranges[i]->own_cx.depth = run->cx->depth;
    }
    const struct range_task task = {.run = range_task_run,
                                    .arg = &job,
                                    .count = count,
                                    .cost_ns =
                                        cost_ns < TASK_PARALLEL_NS ? TASK_PARALLEL_NS : cost_ns};
    TRY(task_run(run->cx, run->cx->pool, &task));
    for (uint32_t i = 0; i < count; i++) {
        struct run *r = run->exec->ranges[i];
        if (r->rc == LLKV_OK) continue;
        const uint32_t size = run->cx->error->struct_size;
        *run->cx->error = r->error;
        run->cx->error->struct_size = size;
        return r->rc;
    }
    return LLKV_OK;
}

/* ---- open, next, close ---- */
#define PARALLEL_THRESHOLD_NS 100e3

llkv_code exec_open(struct cx *cx, const struct exec_plan *plan, const struct exec_env *env,
                    struct exec **out_exec)
{
    const size_t pointers =
        (size_t)plan->op_count * 2 + plan->chain_count + plan->plan->shared_count;
    struct exec *exec = cx_alloc_zero(cx, sizeof *exec + pointers * sizeof(void *));
    if (exec == NULL) return LLKV_NOMEM;
    void **at = (void **)(void *)(exec + 1);
    exec->env = *env;
    exec->plan = plan;
    if (exec->env.parallel_threshold_ns <= 0)
        exec->env.parallel_threshold_ns = PARALLEL_THRESHOLD_NS;
    exec->states = at;
    exec->main.locals = at + plan->op_count;
    exec->main.chains = (struct chain_state **)(void *)(at + (size_t)plan->op_count * 2);
    exec->shared = (struct collect **)(void *)(exec->main.chains + plan->chain_count);
    exec->main.cx = cx;
    exec->main.exec = exec;
    exec->epoch = 1;
    *out_exec = exec;
    return LLKV_OK;
}

bool exec_may_restart(const struct exec *exec)
{
    return exec->plan->restarts && !exec->failed;
}

void exec_restart(struct exec *exec, const struct exec_env *env)
{
    assert(exec_may_restart(exec));
    exec->env = *env;
    if (exec->env.parallel_threshold_ns <= 0)
        exec->env.parallel_threshold_ns = PARALLEL_THRESHOLD_NS;
    exec->epoch++; /* parameters are bound anew */
    exec->started = exec->ended = false;
    exec->rows_changed = 0;
    exec->note[0] = '\0';
}

/* The value of a one-column subquery. */
static llkv_code run_init(struct run *run, const struct pinit *init, const struct chain *chain)
{
    struct value value = {.type = init->node->out_types[0], .is_null = true};
    const struct batch *batch;
    uint64_t rows = 0;
    TRY(chain_start(run, chain));
    for (;;) {
        TRY(chain_next(run, chain, &batch));
        if (batch == NULL) break;
        if (rows == 0) {
            value = vec_value(&batch->columns[0], init->node->out_types[0],
                              batch->sel == NULL ? 0 : batch->sel[0]);
            const enum phys_type phys = value.type.phys;
            if (!value.is_null && phys == PHYS_VIEW) {
                char *copy = cx_alloc(run->cx, value.s.len + 16);
                if (copy == NULL) return LLKV_NOMEM;
                if (value.s.len != 0) memcpy(copy, value.s.data, value.s.len);
                value.s.data = copy;
            }
        }
        rows += batch->live;
        if (init->first_only) break;
        if (rows > 1)
            return cx_fail(run->cx, LLKV_CARDINALITY,
                           "more than one row returned by a subquery used as an expression");
    }
    exec_set_param(run->exec, init->parameter, &value);
    return LLKV_OK;
}

static llkv_code start(struct exec *exec)
{
    const struct exec_plan *plan = exec->plan;
    exec->started = true;
    for (uint32_t i = 0; i < plan->plan->init_count; i++)
        TRY(run_init(&exec->main, &plan->plan->inits[i], plan->inits[i]));
    return chain_start(&exec->main, plan->root);
}

static llkv_code next_batch(struct exec *exec, const struct batch **out_batch)
{
    if (!exec->started) TRY(start(exec));
    return chain_next(&exec->main, exec->plan->root, out_batch);
}

llkv_code exec_next(struct cx *cx, struct exec *exec, const struct batch **out_batch)
{
    *out_batch = NULL;
    CHECK(cx, !exec->failed);
    if (exec->ended) return LLKV_OK;
    exec->main.cx = cx;
    const llkv_code rc = next_batch(exec, out_batch);
    exec->failed = rc != LLKV_OK;
    exec->ended = *out_batch == NULL;
    return rc;
}

int64_t exec_rows_changed(const struct exec *exec)
{
    return exec->rows_changed;
}

const char *exec_note(const struct exec *exec)
{
    return exec->note;
}

void exec_close(struct exec *exec)
{
    if (exec == NULL) return;
    for (uint32_t i = 0; i < exec->range_count; i++) {
        run_release(exec->ranges[i]);
        arena_deinit(&exec->ranges[i]->arena);
    }
    exec->range_count = 0;
    run_release(&exec->main);
}
