/* exec_testing.h -- a laboratory for physical plans: tables, nodes, and results as lines of text.
 *
 * Plans are built by hand; every result is compared with a model that knows no vectors. */
#ifndef EXEC_TESTING_H
#define EXEC_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/buffer.h"
#include "exec/exec.h"
#include "task/task.h"

enum { LAB_TABLES = 16, LAB_THREADS = 4 };

struct lab {
    struct mem_budget budget;
    struct arena arena;
    llkv_error error;
    struct cx cx;
    struct block_pool *blocks;
    struct task_pool *pool;
    struct txn_manager *manager;
    struct snapshot snapshot;
    struct table_reader reader; /* of the snapshot */
    bool has_snapshot;
    struct llkv_pager *pager;
    struct table *tables[LAB_TABLES];
    uint32_t table_count;
    uint32_t segment_rows, vector_rows;
    iu_id next_iu;
    uint32_t next_parameter;
    const struct pnode *shared[4];
    uint32_t shared_count;
    struct pinit inits[4];
    uint32_t init_count;
    bool sqlite_compat;
    int64_t rows_changed;
    llkv_code rc; /* of the last run */
};

static inline void lab_init(struct lab *lab)
{
    memset(lab, 0, sizeof *lab);
    arena_init(&lab->arena, &lab->budget);
    lab->error = (llkv_error)LLKV_ERROR_INIT;
    lab->blocks = block_pool_new(&lab->budget);
    lab->pool = task_pool_new(LAB_THREADS);
    lab->cx = (struct cx){
        .arena = &lab->arena, .error = &lab->error, .budget = &lab->budget, .pool = lab->pool};
    assert_int_equal(llkv_pager_memory_open(&lab->pager, NULL), LLKV_OK);
    lab->manager = txn_manager_new(&lab->budget);
    assert_non_null(lab->manager);
    lab->segment_rows = 64;
    lab->vector_rows = 8;
    lab->next_iu = 1;
}

static inline void lab_deinit(struct lab *lab)
{
    if (lab->has_snapshot) txn_snapshot_end(lab->manager, &lab->snapshot);
    for (uint32_t i = 0; i < lab->table_count; i++)
        table_free(lab->tables[i]);
    txn_manager_free(lab->manager);
    lab->pager->methods->close(lab->pager);
    task_pool_free(lab->pool);
    arena_deinit(&lab->arena);
    block_pool_free(lab->blocks);
    assert_int_equal(lab->budget.used_bytes, 0);
}

static inline void *lab_new(struct lab *lab, size_t bytes)
{
    void *p = cx_alloc_zero(&lab->cx, bytes);
    assert_non_null(p);
    return p;
}

static inline void lab_ok(struct lab *lab, llkv_code rc)
{
    if (rc != LLKV_OK) print_error("%s: %s\n", llkv_code_text(rc), lab->error.message);
    assert_int_equal(rc, LLKV_OK);
}

/* ---- values ---- */
static inline struct value lab_null(enum type_id id)
{
    return (struct value){.type = type_of(id), .is_null = true};
}
static inline struct value lab_int(int64_t i)
{
    return (struct value){.type = type_of(TYPE_BIGINT), .i = i};
}
static inline struct value lab_double(double d)
{
    return (struct value){.type = type_of(TYPE_DOUBLE), .d = d};
}
static inline struct value lab_text(const char *text)
{
    return (struct value){.type = type_of(TYPE_VARCHAR), .s = slice_of(text)};
}

/* A line grows by "|value". */
static inline void line_add(char *line, size_t size, const struct value *v)
{
    const size_t at = strlen(line);
    char *to = line + at;
    const size_t room = size - at;
    const char *bar = at == 0 ? "" : "|";
    const enum phys_type phys = v->type.phys;
    if (v->is_null)
        snprintf(to, room, "%sNULL", bar);
    else if (phys == PHYS_VIEW)
        snprintf(to, room, "%s%.*s", bar, SLICE_ARG(v->s));
    else if (phys == PHYS_F64)
        snprintf(to, room, "%s%.6g", bar, v->d);
    else if (phys == PHYS_BOOL)
        snprintf(to, room, "%s%s", bar, v->b ? "true" : "false");
    else if (phys == PHYS_I128)
        snprintf(to, room, "%s%" PRId64, bar, (int64_t)v->h);
    else
        snprintf(to, room, "%s%" PRId64, bar, v->i);
}

struct lines {
    char **items;
    uint32_t count, capacity;
};
enum { LINE_BYTES = 2048 };

static inline char *lines_new(struct lines *l)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity == 0 ? 256 : l->capacity * 2;
        l->items = realloc(l->items, l->capacity * sizeof *l->items);
        assert_non_null(l->items);
    }
    char *line = calloc(1, LINE_BYTES);
    assert_non_null(line);
    l->items[l->count++] = line;
    return line;
}

static inline void lines_free(struct lines *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    memset(l, 0, sizeof *l);
}

static inline void lines_add(struct lines *l, const struct value *values, uint32_t n)
{
    char *line = lines_new(l);
    for (uint32_t i = 0; i < n; i++)
        line_add(line, LINE_BYTES, &values[i]);
}

static inline int line_order(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static inline void lines_sort(struct lines *l)
{
    if (l->count != 0) qsort(l->items, l->count, sizeof *l->items, line_order);
}

static inline void lines_check(const struct lines *got, const struct lines *want, const char *what)
{
    for (uint32_t i = 0; i < got->count && i < want->count; i++) {
        if (strcmp(got->items[i], want->items[i]) == 0) continue;
        print_error("%s: line %u is %s, not %s\n", what, i, got->items[i], want->items[i]);
        break;
    }
    if (got->count != want->count)
        print_error("%s: %u lines, not %u\n", what, got->count, want->count);
    assert_int_equal(got->count, want->count);
    for (uint32_t i = 0; i < got->count; i++)
        assert_string_equal(got->items[i], want->items[i]);
}

/* ---- tables ---- */
typedef struct value lab_fill(void *arg, uint32_t row, uint32_t column);

static inline void lab_snapshot(struct lab *lab)
{
    if (lab->has_snapshot) txn_snapshot_end(lab->manager, &lab->snapshot);
    lab_ok(lab, txn_snapshot_begin(&lab->cx, lab->manager, &lab->snapshot));
    lab->reader = (struct table_reader){.snapshot = &lab->snapshot};
    lab->has_snapshot = true;
}

static inline void lab_insert(struct lab *lab, struct table *table, uint32_t rows, lab_fill *fill,
                              void *arg)
{
    const struct table_def *def = table_definition(table);
    struct write_set *set;
    lab_snapshot(lab);
    lab_ok(lab, write_set_new(&lab->cx, lab->manager, &lab->snapshot, TXN_ID_AUTO_COMMIT, &set));
    struct vector *columns = lab_new(lab, def->column_count * sizeof *columns);
    for (uint32_t from = 0; from < rows;) {
        const uint32_t n = rows - from < VEC_ROWS_MAX ? rows - from : VEC_ROWS_MAX;
        for (uint32_t c = 0; c < def->column_count; c++) {
            uint8_t *data = lab_new(lab, VEC_ROWS_MAX * 16 + 64);
            uint64_t *validity = lab_new(lab, VEC_WORDS_MAX * 8 + 64);
            for (uint32_t i = 0; i < n; i++) {
                const struct value v = fill(arg, from + i, c);
                bit_put(validity, i, !v.is_null);
                if (!v.is_null) value_store(&v, def->columns[c].type.phys, data, i);
            }
            columns[c] = (struct vector){.phys = def->columns[c].type.phys,
                                         .shape = VEC_FLAT,
                                         .rows = n,
                                         .validity = validity,
                                         .data = data};
        }
        const struct batch batch = {
            .rows = n, .live = n, .column_count = def->column_count, .columns = columns};
        lab_ok(lab, write_insert(&lab->cx, set, table, &batch, WRITE_ABORT, NULL));
        from += n;
    }
    lab_ok(lab, write_set_commit(&lab->cx, set));
    write_set_free(set);
    lab_snapshot(lab);
}

static inline struct table *lab_table_keyed(struct lab *lab, const enum type_id *types,
                                            uint32_t column_count, const struct key_def *keys,
                                            uint32_t key_count)
{
    struct column_def *columns = lab_new(lab, column_count * sizeof *columns);
    for (uint32_t c = 0; c < column_count; c++) {
        columns[c].name = cx_printf(&lab->cx, "c%u", c);
        columns[c].name_hash = slice_hash_folded(slice_of(columns[c].name));
        columns[c].type = type_of(types[c]);
    }
    const struct table_def def = {.id = lab->table_count + 1,
                                  .schema = "main",
                                  .name = cx_printf(&lab->cx, "t%u", lab->table_count),
                                  .column_count = column_count,
                                  .columns = columns,
                                  .key_count = key_count,
                                  .keys = keys};
    const struct table_options options = {.segment_rows = lab->segment_rows,
                                          .vector_rows = lab->vector_rows};
    struct table *table;
    assert_true(lab->table_count < LAB_TABLES);
    lab_ok(lab, table_new(&lab->cx, lab->manager, lab->pager, &options, &def, &table));
    lab->tables[lab->table_count++] = table;
    return table;
}

static inline struct table *lab_table(struct lab *lab, const enum type_id *types,
                                      uint32_t column_count, uint32_t rows, lab_fill *fill,
                                      void *arg)
{
    struct table *table = lab_table_keyed(lab, types, column_count, NULL, 0);
    lab_insert(lab, table, rows, fill, arg);
    return table;
}

/* ---- expressions ---- */
static inline const struct expr *lab_const(struct lab *lab, struct value v)
{
    const struct expr *e;
    lab_ok(lab, expr_const(&lab->cx, &v, -1, &e));
    return e;
}
static inline const struct expr *lab_column(struct lab *lab, const struct pnode *node, uint32_t i)
{
    const struct expr *e;
    lab_ok(lab, expr_column(&lab->cx, node->out[i], node->out_types[i], true, -1, &e));
    return e;
}
static inline const struct expr *lab_param(struct lab *lab, uint32_t p, enum type_id id)
{
    const struct expr *e;
    lab_ok(lab, expr_param(&lab->cx, p, type_of(id), -1, &e));
    return e;
}
static inline const struct expr *lab_binary(struct lab *lab, enum expr_kind kind, uint8_t op,
                                            const struct expr *a, const struct expr *b)
{
    const struct expr *args[2] = {a, b}, *e;
    const struct type type = kind == EXPR_ARITH ? a->type : type_of(TYPE_BOOLEAN);
    lab_ok(lab, expr_make(&lab->cx, kind, op, type, args, 2, -1, &e));
    return e;
}
static inline const struct expr *lab_compare(struct lab *lab, enum compare_op op,
                                             const struct expr *a, const struct expr *b)
{
    return lab_binary(lab, EXPR_COMPARE, (uint8_t)op, a, b);
}
static inline struct pfilter lab_filter(struct lab *lab, const struct expr *e)
{
    const struct expr **list = lab_new(lab, sizeof *list);
    *list = e;
    return (struct pfilter){e == NULL ? 0 : 1, list};
}
/* `n` expressions as an array. */
static inline const struct expr *const *lab_list(struct lab *lab, uint32_t n, ...)
{
    const struct expr **list = lab_new(lab, (n + 1) * sizeof *list);
    va_list ap;
    va_start(ap, n);
    for (uint32_t i = 0; i < n; i++)
        list[i] = va_arg(ap, const struct expr *);
    va_end(ap);
    return list;
}

/* ---- nodes ---- */
static inline void *lab_node(struct lab *lab, enum pop op, size_t bytes, uint32_t out_count)
{
    struct pnode *n = lab_new(lab, bytes);
    iu_id *out = lab_new(lab, (out_count + 1) * sizeof *out);
    for (uint32_t i = 0; i < out_count; i++)
        out[i] = lab->next_iu++;
    n->op = (uint8_t)op;
    n->out_count = out_count;
    n->out = out;
    n->out_types = lab_new(lab, (out_count + 1) * sizeof(struct type));
    n->rows = 1000;
    n->rows_max = 1e9;
    return n;
}
static inline void lab_type(const struct pnode *n, uint32_t i, struct type type)
{
    struct type *types;
    memcpy(&types, &n->out_types, sizeof types);
    types[i] = type;
}
static inline void lab_child(struct pnode *n, const struct pnode *a, const struct pnode *b)
{
    n->child[0] = a;
    n->child[1] = b;
    n->child_count = (uint8_t)((a != NULL) + (b != NULL));
}
/* out = the child's */
static inline void *lab_same(struct lab *lab, enum pop op, size_t bytes, const struct pnode *child)
{
    struct pnode *n = lab_node(lab, op, bytes, 0);
    n->out_count = child->out_count;
    n->out = child->out;
    n->out_types = child->out_types;
    lab_child(n, child, NULL);
    return n;
}

static inline struct pnode_scan *lab_scan(struct lab *lab, struct table *table, bool row_id)
{
    const struct table_def *def = table_definition(table);
    const uint32_t n = def->column_count + row_id;
    struct pnode_scan *s = lab_node(lab, POP_SCAN, sizeof *s, n);
    uint16_t *columns = lab_new(lab, (n + 1) * sizeof *columns);
    for (uint32_t c = 0; c < def->column_count; c++) {
        columns[c] = (uint16_t)c;
        lab_type(&s->base, c, def->columns[c].type);
    }
    if (row_id) {
        columns[n - 1] = SCAN_COLUMN_ROW_ID;
        lab_type(&s->base, n - 1, type_of(TYPE_BIGINT));
    }
    s->columns = columns;
    s->table = table;
    s->base.rows = 100000;
    return s;
}

static inline struct pnode *lab_where(struct lab *lab, const struct pnode *child,
                                      const struct expr *e)
{
    struct pnode_filter *f = lab_same(lab, POP_FILTER, sizeof *f, child);
    f->filter = lab_filter(lab, e);
    return &f->base;
}

static inline struct pnode *lab_project(struct lab *lab, const struct pnode *child, uint32_t n,
                                        const struct expr *const *exprs)
{
    struct pnode_project *p = lab_node(lab, POP_PROJECT, sizeof *p, n);
    for (uint32_t i = 0; i < n; i++)
        lab_type(&p->base, i, exprs[i]->type);
    p->exprs = exprs;
    lab_child(&p->base, child, NULL);
    return &p->base;
}

static inline struct pnode *lab_limit(struct lab *lab, const struct pnode *child, int64_t limit,
                                      int64_t offset)
{
    struct pnode_limit *l = lab_same(lab, POP_LIMIT, sizeof *l, child);
    if (limit >= 0) l->limit = lab_const(lab, lab_int(limit));
    if (offset > 0) l->offset = lab_const(lab, lab_int(offset));
    return &l->base;
}

/* ---- running ---- */
static inline void lab_collect(const struct pnode *root, const struct batch *b, struct lines *out)
{
    assert_int_equal(b->column_count, root->out_count);
    assert_true(b->live != 0);
    for (uint32_t i = 0; i < b->live; i++) {
        char *line = lines_new(out);
        const uint32_t row = b->sel == NULL ? i : b->sel[i];
        for (uint32_t c = 0; c < root->out_count; c++) {
            const struct value v = vec_value(&b->columns[c], root->out_types[c], row);
            line_add(line, LINE_BYTES, &v);
        }
    }
}

static inline struct exec *lab_open(struct lab *lab, const struct pnode *root, uint32_t threads,
                                    struct write_set *writes)
{
    struct pplan *plan = lab_new(lab, sizeof *plan);
    plan->root = root;
    plan->column_count = root->out_count;
    plan->types = root->out_types;
    plan->parameter_count = lab->next_parameter;
    plan->inits = lab->inits;
    plan->init_count = lab->init_count;
    plan->shared = lab->shared;
    plan->shared_count = lab->shared_count;
    plan->sqlite_compat = lab->sqlite_compat;
    const struct exec_plan *linked;
    lab->rc = exec_link(&lab->cx, plan, &linked);
    if (lab->rc != LLKV_OK) return NULL;
    if (!lab->has_snapshot) lab_snapshot(lab);
    const struct exec_env env = {.manager = lab->manager,
                                 .reader = &lab->reader,
                                 .params =
                                     lab_new(lab, (lab->next_parameter + 1) * sizeof(struct value)),
                                 .writes = writes,
                                 .blocks = lab->blocks,
                                 .threads = threads,
                                 .parallel_threshold_ns = threads > 1 ? 1e-3 : 0};
    struct exec *exec;
    lab->rc = exec_open(&lab->cx, linked, &env, &exec);
    return lab->rc == LLKV_OK ? exec : NULL;
}

/* The rows, or none and lab->rc. */
static inline struct lines lab_run_with(struct lab *lab, const struct pnode *root, uint32_t threads,
                                        struct write_set *writes)
{
    struct lines out = {0};
    struct exec *exec = lab_open(lab, root, threads, writes);
    if (exec == NULL) return out;
    for (;;) {
        const struct batch *batch;
        lab->rc = exec_next(&lab->cx, exec, &batch);
        if (lab->rc != LLKV_OK || batch == NULL) break;
        lab_collect(root, batch, &out);
    }
    lab->rows_changed = exec_rows_changed(exec);
    exec_close(exec);
    if (lab->rc != LLKV_OK) lines_free(&out);
    return out;
}

static inline struct lines lab_run(struct lab *lab, const struct pnode *root, uint32_t threads)
{
    struct lines out = lab_run_with(lab, root, threads, NULL);
    lab_ok(lab, lab->rc);
    return out;
}

/* Run at 1, 2 and 4 threads: the same lines in the same order, and `want` (which is freed), sorted
 * on both sides unless `ordered`. */
static inline void lab_expect(struct lab *lab, const struct pnode *root, struct lines *want,
                              bool ordered, const char *what)
{
    struct lines first = lab_run(lab, root, 1);
    for (uint32_t threads = 2; threads <= LAB_THREADS; threads *= 2) {
        struct lines other = lab_run(lab, root, threads);
        lines_check(&other, &first, what);
        lines_free(&other);
    }
    if (!ordered) {
        lines_sort(&first);
        lines_sort(want);
    }
    lines_check(&first, want, what);
    lines_free(&first);
    lines_free(want);
}

/* A small generator of numbers that are always the same. */
static inline uint64_t lab_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = *state;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
#endif
