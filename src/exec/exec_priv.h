/* exec_priv.h -- the skeleton of execution: operators, chains, runs.
 *
 * A plan is cut at its breakers. What is left between two of them is a chain: a source and the
 * operators its batches are pushed through. A breaker (group, sort, build side of a join) drains
 * the chain below it when it is prepared and is a source, or a table, for the chain above.
 *
 *   struct op      linked operator, immutable, shared by executions
 *   struct exec    one execution: state per operator, shared by workers    exec->states[op->id]
 *   struct run     one worker's world: memory, error, locals               run->locals[op->id]
 *
 * A chain is drained by one run, or by several, each with a contiguous range of the source's
 * morsels; what they collect is combined in the order of the ranges. That is why the answer does
 * not depend on the number of threads. */
#ifndef EXEC_EXEC_PRIV_H
#define EXEC_EXEC_PRIV_H
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/bitmap.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/vec.h"
#include "exec/exec.h"
#include "expr/program.h"

struct op;
struct run;
struct chain;
struct collect;
struct link_shared;

/* NEED_INPUT: done with this batch. MORE: call again with the same batch. DONE: wants no more. */
enum op_result { OP_NEED_INPUT, OP_MORE, OP_DONE };

/* Functions may be NULL where that is said. `prepare` and `attach` are called at every start of the
 * chain, so an operator inside an apply starts over there and reuses what it has. */
struct op_class {
    const char *name;
    /* Batches must come on one thread and in order. */
    bool serial;
    /* Attach is all it takes to start over with other parameters. */
    bool restarts;
    /* Nanoseconds per row, for the decision to go parallel. */
    double cost_ns;
    /* Make the shared state, drain the breakers below. One thread. NULL: nothing to do. */
    llkv_code (*prepare)(struct run *run, const struct op *op);
    /* Make or reset the local state. */
    llkv_code (*attach)(struct run *run, const struct op *op);
    /* Source: the number of morsels (NULL: one, not to be divided) and the choice of some. After
     * attach a source is at its beginning and gives everything. */
    uint32_t (*morsels)(struct run *run, const struct op *op);
    llkv_code (*seek)(struct run *run, const struct op *op, uint32_t first, uint32_t end);
    /* Source: the next batch with live rows, NULL at the end. */
    llkv_code (*next)(struct run *run, const struct op *op, const struct batch **out_batch);
    /* Otherwise: *out_batch is NULL or has live rows; valid until the next call. */
    llkv_code (*push)(struct run *run, const struct op *op, const struct batch *in,
                      const struct batch **out_batch, enum op_result *out_result);
    /* What is left when the source has ended everywhere, batch by batch; NULL at the end. The
     * function may be NULL. */
    llkv_code (*flush)(struct run *run, const struct op *op, const struct batch **out_batch);
};

struct op {
    const struct op_class *class;
    const struct pnode *node;
    uint32_t id;
    /* Depends on a parameter that an apply above binds: what it computed is void at the next start.
     */
    bool varies;
    bool serial; /* as its class, or for reasons of its own */
};

struct chain {
    uint32_t id;
    bool parallel;  /* no operator is serial, and the source has morsels */
    double cost_ns; /* per row of the source */
    const struct op *source;
    uint32_t op_count;
    const struct op *const *ops;
};

/* ---- linking ---- */
/* An expression over the columns of a batch: a column as it is, one value, or a program. */
struct link_expr {
    const struct program *program; /* NULL for a column or a constant */
    const struct vector *constant; /* CONST, or NULL */
    uint32_t column;               /* of the batch, if it is neither */
    bool has_param;
    struct type type;
};

struct linker {
    struct cx *cx;
    const struct pplan *plan;
    uint32_t op_count, chain_count;
    uint64_t *bound; /* bits: parameters that applies bind, of the one being linked outwards */
    VEC(const struct op *) open; /* operators of the chain being built */
};
NODISCARD llkv_code link_expr(struct linker *lk, const struct expr *e, const iu_id *layout,
                              uint32_t layout_count, struct link_expr *out);
ALWAYS_INLINE bool link_is_column(const struct link_expr *e)
{
    return e->program == NULL && e->constant == NULL;
}
/* `count` expressions; *out_exprs is NULL for none. */
NODISCARD llkv_code link_exprs(struct linker *lk, const struct expr *const *e, uint32_t count,
                               const struct pnode *over, struct link_expr **out_exprs);
/* A new operator of `bytes` (it begins with struct op). */
NODISCARD llkv_code link_op(struct linker *lk, const struct op_class *class,
                            const struct pnode *node, size_t bytes, void *out_op);
/* The chain that produces the rows of `node`. */
NODISCARD llkv_code link_chain(struct linker *lk, const struct pnode *node,
                               const struct chain **out_chain);
/* Does something below `node` use a parameter that an apply binds? */
bool link_varies(const struct linker *lk, const struct pnode *node);
/* Position of `column` in `layout`, or -1. */
int32_t layout_find(const iu_id *layout, uint32_t count, iu_id column);

/* One per kind of node. Transforms are called after their child was linked into the same chain;
 * they and sources leave their operator in *out_op. */
typedef llkv_code link_fn(struct linker *lk, const struct pnode *node, const struct op **out_op);
link_fn link_scan, link_lookup, link_values, link_range, link_empty, link_filter, link_project,
    link_join, link_apply, link_group, link_sort, link_limit, link_union, link_set, link_shared,
    link_dml, link_csv, link_csv_write;
/* Does it read a file of delimited text? */
bool csv_is_source(const struct op *op);
/* Prefix an error with the file and the line of a row of the last batch. */
NODISCARD llkv_code csv_source_error(struct run *run, const struct op *op, uint32_t row,
                                     llkv_code code);
NODISCARD llkv_code link_shared_plan(struct linker *lk, const struct pnode *node,
                                     const struct link_shared **out_shared);

/* ---- execution ---- */
struct owned {
    struct owned *next;
    void (*release)(void *ptr);
    void *ptr;
};

struct chain_state {
    uint32_t phase;              /* enum chain_phase */
    uint32_t flushing;           /* the operator being flushed */
    bool no_flush;               /* a range of a parallel run: the flush comes after all of them */
    const struct batch **inputs; /* per operator: the batch it was given */
    bool *more;                  /* per operator: call again with it */
};

struct run {
    struct cx *cx;
    struct exec *exec;
    void **locals;
    struct chain_state **chains;
    struct owned *owned;
    /* Ranges only; the main run works with the statement's own. */
    struct cx own_cx;
    struct arena arena;
    llkv_error error;
    llkv_code rc;
};

struct exec_plan {
    const struct pplan *plan;
    uint32_t op_count, chain_count;
    const struct chain *root; /* a DML node is the last operator of the root's chain */
    bool restarts;
    const struct chain *const *inits;
    const struct link_shared *const *shared;
};

struct exec {
    struct exec_env env;
    const struct exec_plan *plan;
    void **states;
    uint64_t epoch; /* counts changes of parameters */
    int64_t rows_changed;
    char note[EXEC_NOTE_MAX];
    bool started, ended, failed;
    struct collect **shared; /* per shared subplan: what it gave, once it ran */
    struct run main;
    struct run **ranges;
    uint32_t range_count;
};

/* Call release(ptr) at exec_close; `ptr` must outlive it (the run's arena does). */
NODISCARD llkv_code run_own(struct run *run, void (*release)(void *ptr), void *ptr);
/* Zeroed local or shared state, made at the first call. */
NODISCARD llkv_code run_local(struct run *run, const struct op *op, size_t bytes, void *out_local,
                              bool *out_new);
NODISCARD llkv_code exec_state(struct run *run, const struct op *op, size_t bytes, void *out_state,
                               bool *out_new);
/* Large memory of an operator: zeroed, on huge pages from some size on, because what is probed at
 * random misses the small ones. NULL after recording LLKV_NOMEM; freed with the same size, to the
 * same budget. */
void *big_alloc(struct cx *cx, size_t bytes);
void big_free(struct mem_budget *budget, void *ptr, size_t bytes);
/* Set a parameter: programs bind it before their next run. */
void exec_set_param(struct exec *exec, uint32_t parameter, const struct value *value);

/* fn(run, arg, index) for every index < count, each with a run of its own. The error of the lowest
 * index wins. Runs stay until the end of the execution. */
typedef llkv_code range_fn(struct run *run, void *arg, uint32_t index);
NODISCARD llkv_code exec_ranges(struct run *run, uint32_t count, double cost_ns, range_fn *fn,
                                void *arg);

/* ---- chains ---- */
/* Prepare and attach every operator: the chain is at its beginning, also the second time. */
NODISCARD llkv_code chain_start(struct run *run, const struct chain *chain);
/* The halves of a start: the shared part, on one thread; the local one, for every run. With
 * no_flush the operators keep what they have left at the end. */
NODISCARD llkv_code chain_prepare(struct run *run, const struct chain *chain);
NODISCARD llkv_code chain_attach(struct run *run, const struct chain *chain, bool no_flush);
/* Does some operator have rows left at the end? */
bool chain_flushes(const struct chain *chain);
/* The next batch with live rows; NULL at the end. */
NODISCARD llkv_code chain_next(struct run *run, const struct chain *chain,
                               const struct batch **out_batch);

/* What a breaker does with batches. `range` counts from 0; several ranges consume at the same time,
 * each into a place of its own, and the order of ranges is the order of rows. */
struct sink {
    /* Before anything else: how many ranges there will be at most. */
    llkv_code (*open)(struct run *run, void *arg, uint32_t range_count);
    /* Called on the range's own run. */
    llkv_code (*consume)(struct run *run, void *arg, uint32_t range, const struct batch *batch);
    void *arg;
    uint32_t ranges_per_thread; /* more balance better, fewer merge cheaper; 0: serial */
};
/* Start the chain and run it to its end into `sink`. */
NODISCARD llkv_code chain_drain(struct run *run, const struct chain *chain,
                                const struct sink *sink);

/* ---- evaluation (eval.c) ---- */
/* Room for the values of one column. */
struct colbuf {
    void *data;
    uint64_t *validity;
    uint32_t rows, width;
};
/* One expression's registers and scratch, of one run. Zero is its start. */
struct eval {
    struct registers *registers;
    uint32_t rows;
    uint64_t epoch;
    struct colbuf flat;
};
/* Room for `rows` values of `phys`, in the run's arena; what was there is lost if it grows. */
NODISCARD llkv_code colbuf_reserve(struct run *run, struct colbuf *buf, uint8_t phys,
                                   uint32_t rows);
/* Dense values of the live rows, FLAT or CONST, or the column as it is if all rows are live. */
NODISCARD llkv_code eval_vector(struct run *run, const struct link_expr *e, struct eval *ev,
                                const struct batch *in, struct vector *out);
/* Always FLAT, dense and of the expression's physical type. */
NODISCARD llkv_code eval_flat(struct run *run, const struct link_expr *e, struct eval *ev,
                              const struct batch *in, struct vector *out);
/* Any column as dense FLAT values of `phys`. */
NODISCARD llkv_code flat_column(struct run *run, const struct vector *v, const uint16_t *sel,
                                uint32_t n, uint8_t phys, struct colbuf *buf, struct vector *out);

/* A conjunction. */
struct link_filter {
    uint32_t count;
    struct link_expr *conjuncts;
};
struct filter_eval {
    struct eval *evals;
    uint16_t *sel;
};
NODISCARD llkv_code link_conjuncts(struct linker *lk, const struct pfilter *filter,
                                   const iu_id *layout, uint32_t layout_count,
                                   struct link_filter *out);
/* Narrow `io` to the rows for which every conjunct is true; io->sel then lies in `fe`. */
NODISCARD llkv_code filter_select(struct run *run, const struct link_filter *filter,
                                  struct filter_eval *fe, struct batch *io);

/* The value of an expression without columns, at prepare. */
NODISCARD llkv_code eval_scalar(struct run *run, const struct expr *e, struct value *out_value);

#endif
