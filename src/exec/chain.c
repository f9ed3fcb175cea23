/* chain.c -- drives chains: one batch at a time for whoever asks, or to the end into a sink, on one
 * thread or on several. */
#include "exec/exec_priv.h"

enum chain_phase { CHAIN_SOURCE, CHAIN_FLUSH, CHAIN_END };

llkv_code chain_attach(struct run *run, const struct chain *chain, bool no_flush)
{
    struct chain_state *s = run->chains[chain->id];
    if (s == NULL) {
        s = cx_alloc_zero(run->cx, sizeof *s + chain->op_count * (sizeof(void *) + sizeof(bool)));
        if (s == NULL) return LLKV_NOMEM;
        s->inputs = (const struct batch **)(void *)(s + 1);
        s->more = (bool *)(void *)(s->inputs + chain->op_count);
        run->chains[chain->id] = s;
    }
    s->phase = CHAIN_SOURCE;
    s->flushing = 0;
    s->no_flush = no_flush;
    for (uint32_t i = 0; i < chain->op_count; i++)
        s->more[i] = false;
    TRY(chain->source->class->attach(run, chain->source));
    for (uint32_t i = 0; i < chain->op_count; i++)
        TRY(chain->ops[i]->class->attach(run, chain->ops[i]));
    return LLKV_OK;
}

llkv_code chain_prepare(struct run *run, const struct chain *chain)
{
    /* Builds come before the source: what they hold may be a source's business to skip. */
    for (uint32_t i = 0; i < chain->op_count; i++)
        if (chain->ops[i]->class->prepare != NULL)
            TRY(chain->ops[i]->class->prepare(run, chain->ops[i]));
    if (chain->source->class->prepare != NULL)
        TRY(chain->source->class->prepare(run, chain->source));
    return LLKV_OK;
}

llkv_code chain_start(struct run *run, const struct chain *chain)
{
    TRY(cx_enter(run->cx));
    TRY(chain_prepare(run, chain));
    TRY(chain_attach(run, chain, false));
    cx_leave(run->cx);
    return LLKV_OK;
}

/* Push `in` through the operators from `first` on; *out_batch is what comes out at the end. */
static llkv_code chain_push(struct run *run, const struct chain *chain, uint32_t first,
                            const struct batch *in, const struct batch **out_batch)
{
    struct chain_state *s = run->chains[chain->id];
    for (uint32_t i = first; i < chain->op_count; i++) {
        const struct batch *out = NULL;
        enum op_result result = OP_NEED_INPUT;
        s->inputs[i] = in;
        TRY(chain->ops[i]->class->push(run, chain->ops[i], in, &out, &result));
        s->more[i] = result == OP_MORE;
        if (result == OP_DONE) {
            /* Nothing above i is wanted any more; what lies behind may have something left. */
            for (uint32_t j = 0; j <= i; j++)
                s->more[j] = false;
            s->phase = CHAIN_FLUSH;
            s->flushing = i + 1;
        }
        if (out == NULL) return LLKV_OK;
        in = out;
    }
    *out_batch = in;
    return LLKV_OK;
}

/* The next batch to push and the operator that gets it; NULL at the end. */
static llkv_code chain_pull(struct run *run, const struct chain *chain, uint32_t *out_first,
                            const struct batch **out_batch)
{
    struct chain_state *s = run->chains[chain->id];
    *out_batch = NULL;
    for (uint32_t i = chain->op_count; i-- > 0;) {
        if (!s->more[i]) continue;
        *out_first = i;
        *out_batch = s->inputs[i];
        return LLKV_OK;
    }
    if (s->phase == CHAIN_SOURCE) {
        *out_first = 0;
        TRY(chain->source->class->next(run, chain->source, out_batch));
        if (*out_batch != NULL) return LLKV_OK;
        s->phase = s->no_flush ? CHAIN_END : CHAIN_FLUSH;
        s->flushing = 0;
    }
    for (; s->phase == CHAIN_FLUSH && s->flushing < chain->op_count; s->flushing++) {
        const struct op *op = chain->ops[s->flushing];
        if (op->class->flush == NULL) continue;
        *out_first = s->flushing + 1;
        TRY(op->class->flush(run, op, out_batch));
        if (*out_batch != NULL) return LLKV_OK;
    }
    s->phase = CHAIN_END;
    return LLKV_OK;
}

llkv_code chain_next(struct run *run, const struct chain *chain, const struct batch **out_batch)
{
    *out_batch = NULL;
    while (*out_batch == NULL) {
        uint32_t first;
        const struct batch *in;
        TRY(cx_check_cancel(run->cx));
        TRY(chain_pull(run, chain, &first, &in));
        if (in == NULL) return LLKV_OK;
        TRY(chain_push(run, chain, first, in, out_batch));
    }
    return LLKV_OK;
}

/* ---- draining ---- */
static llkv_code drain_rest(struct run *run, const struct chain *chain, const struct sink *sink,
                            uint32_t range)
{
    for (;;) {
        const struct batch *batch;
        TRY(chain_next(run, chain, &batch));
        if (batch == NULL) return LLKV_OK;
        TRY(sink->consume(run, sink->arg, range, batch));
    }
}

struct drain {
    const struct chain *chain;
    const struct sink *sink;
    uint32_t morsels, ranges;
};

static llkv_code drain_range(struct run *run, void *arg, uint32_t index)
{
    const struct drain *d = arg;
    const struct op *source = d->chain->source;
    const uint32_t first = (uint32_t)((uint64_t)d->morsels * index / d->ranges);
    const uint32_t end = (uint32_t)((uint64_t)d->morsels * (index + 1) / d->ranges);
    TRY(chain_attach(run, d->chain, true));
    TRY(source->class->seek(run, source, first, end));
    return drain_rest(run, d->chain, d->sink, index);
}

bool chain_flushes(const struct chain *chain)
{
    for (uint32_t i = 0; i < chain->op_count; i++)
        if (chain->ops[i]->class->flush != NULL) return true;
    return false;
}

/* How many ranges to run; 1: serially. */
static uint32_t plan_ranges(struct run *run, const struct chain *chain, const struct sink *sink,
                            uint32_t *out_morsels, double *out_cost_ns)
{
    const struct exec_env *env = &run->exec->env;
    if (!chain->parallel || sink->ranges_per_thread == 0 || env->threads <= 1 ||
        run->cx->pool == NULL)
        return 1;
    const uint32_t morsels = chain->source->class->morsels(run, chain->source);
    const double rows =
        chain->source->node->rows > 65536.0 * morsels || !(chain->source->node->rows > 0)
            ? 65536.0 * morsels
            : chain->source->node->rows;
    *out_morsels = morsels;
    *out_cost_ns = rows * chain->cost_ns;
    if (morsels < 2 || *out_cost_ns < env->parallel_threshold_ns) return 1;
    const uint64_t most = (uint64_t)env->threads * sink->ranges_per_thread;
    return morsels < most ? morsels : (uint32_t)most;
}

llkv_code chain_drain(struct run *run, const struct chain *chain, const struct sink *sink)
{
    struct drain d = {.chain = chain, .sink = sink};
    double cost_ns = 0;
    TRY(cx_enter(run->cx));
    TRY(chain_prepare(run, chain));
    d.ranges = plan_ranges(run, chain, sink, &d.morsels, &cost_ns);
    if (d.ranges == 1) {
        TRY(sink->open(run, sink->arg, 1));
        TRY(chain_attach(run, chain, false));
        TRY(drain_rest(run, chain, sink, 0));
        cx_leave(run->cx);
        return LLKV_OK;
    }
    const bool flushes = chain_flushes(chain);
    TRY(sink->open(run, sink->arg, d.ranges + flushes));
    TRY(exec_ranges(run, d.ranges, cost_ns, drain_range, &d));
    if (flushes) {
        TRY(chain_attach(run, chain, false));
        run->chains[chain->id]->phase = CHAIN_FLUSH;
        TRY(drain_rest(run, chain, sink, d.ranges));
    }
    cx_leave(run->cx);
    return LLKV_OK;
}
