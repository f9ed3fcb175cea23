/* No engine, but the loops that a C programmer writes who knows the data: what the machine allows.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

enum {
    THREADS_MAX = 64,
    TABLES_MAX = 4,
    GROUPS_MAX = 10000,
    COPIES = 4,       /* of the states of few groups: rows that meet do not wait for each other */
    PROBE_ROWS = 256, /* whose places are asked for before the first is looked at */
    HUGE_PAGE_BYTES = 2097152,
};

struct table {
    const struct bench_table *table;
    int64_t rows;
    void *columns[BENCH_COLUMNS_MAX]; /* int32_t or int64_t by the kind */
};

struct bench_engine {
    uint32_t threads;
    uint32_t table_count;
    struct table tables[TABLES_MAX];
};

const struct bench_dialect bench_dialect = {.name = "limit", .hand_written = true};

bool bench_open(const char *library, uint32_t threads, struct bench_engine **out_engine,
                struct bench_error *error)
{
    (void)library;
    if (threads == 0 || threads > THREADS_MAX) return bench_fail(error, "open", "too many threads");
    struct bench_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) return bench_fail(error, "open", "out of memory");
    engine->threads = threads;
    *out_engine = engine;
    return true;
}

void bench_close(struct bench_engine *engine)
{
    if (engine == NULL) return;
    for (uint32_t t = 0; t < engine->table_count; t++) {
        for (uint32_t c = 0; c < BENCH_COLUMNS_MAX; c++)
            free(engine->tables[t].columns[c]);
    }
    free(engine);
}

void bench_describe(struct bench_engine *engine, struct slt_text *out)
{
    (void)engine;
    slt_text_addz(out, "hand-written C, arrays in huge pages, -O3 for this processor; t threads");
}

bool bench_exec(struct bench_engine *engine, const char *sql, struct bench_error *error)
{
    (void)engine;
    return bench_fail(error, sql, "there is no SQL here");
}

static size_t width_of(enum bench_kind kind)
{
    return kind == BENCH_INT32 ? sizeof(int32_t) : sizeof(int64_t);
}

static void *new_column(size_t bytes)
{
    size_t whole = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    void *space = aligned_alloc(HUGE_PAGE_BYTES, whole);
    if (space != NULL) (void)madvise(space, whole, MADV_HUGEPAGE); /* a wish */
    return space;
}

static struct table *find_table(struct bench_engine *engine, const char *name)
{
    for (uint32_t t = 0; t < engine->table_count; t++) {
        if (strcmp(engine->tables[t].table->name, name) == 0) return &engine->tables[t];
    }
    return NULL;
}

static struct table *add_table(struct bench_engine *engine, const struct bench_block *block)
{
    if (engine->table_count == TABLES_MAX) return NULL;
    struct table *table = &engine->tables[engine->table_count++];
    table->table = block->table;
    for (uint32_t c = 0; c < block->table->column_count; c++) {
        size_t bytes = (size_t)block->table_rows * width_of(block->table->columns[c].kind);
        table->columns[c] = new_column(bytes);
        if (table->columns[c] == NULL) return NULL;
    }
    return table;
}

bool bench_append(struct bench_engine *engine, const struct bench_block *block,
                  struct bench_error *error)
{
    struct table *table = find_table(engine, block->table->name);
    if (table == NULL) table = add_table(engine, block);
    if (table == NULL) return bench_fail(error, block->table->name, "no room for it");
    for (uint32_t c = 0; c < block->table->column_count; c++) {
        if (block->table->columns[c].kind == BENCH_INT32) {
            int32_t *to = (int32_t *)table->columns[c] + table->rows;
            for (uint32_t r = 0; r < block->rows; r++)
                to[r] = (int32_t)block->values[c][r];
        } else {
            int64_t *to = (int64_t *)table->columns[c] + table->rows;
            memcpy(to, block->values[c], block->rows * sizeof *to);
        }
    }
    table->rows += block->rows;
    return true;
}

/* A part of the work: rows [begin, end), with what it found. */
struct part {
    void (*run)(struct part *part);
    const void *input;
    size_t begin, end;
    void *output;
};

static void *part_main(void *arg)
{
    struct part *part = arg;
    part->run(part);
    return NULL;
}

/* Run the parts, the first one on this thread. */
static bool run_parts(struct part *parts, uint32_t count)
{
    pthread_t threads[THREADS_MAX];
    uint32_t started = 1;
    while (started < count &&
           pthread_create(&threads[started], NULL, part_main, &parts[started]) == 0)
        started++;
    if (started == count) parts[0].run(&parts[0]);
    for (uint32_t p = 1; p < started; p++)
        (void)pthread_join(threads[p], NULL); /* it was started */
    return started == count;
}

/* Split `rows` rows evenly; output p is `outputs` + p * stride. */
static bool run_split(const struct bench_engine *engine, const struct part *model, size_t rows,
                      void *outputs, size_t stride)
{
    struct part parts[THREADS_MAX];
    for (uint32_t p = 0; p < engine->threads; p++) {
        parts[p] = *model;
        parts[p].begin = rows * p / engine->threads;
        parts[p].end = rows * (p + 1) / engine->threads;
        parts[p].output = (char *)outputs + p * stride;
    }
    return run_parts(parts, engine->threads);
}

struct sum_output {
    uint64_t sum;
    char apart[56]; /* another processor's line */
};

static void sum_run(struct part *part)
{
    const struct table *facts = part->input;
    const int64_t *x = facts->columns[0];
    uint64_t sum = 0;
    for (size_t i = part->begin; i < part->end; i++)
        sum += (uint64_t)x[i];
    ((struct sum_output *)part->output)->sum = sum;
}

static bool run_sum(struct bench_engine *engine, const struct table *facts, struct bench_sink *sink)
{
    struct sum_output outputs[THREADS_MAX] = {0};
    struct part model = {.run = sum_run, .input = facts};
    if (!run_split(engine, &model, (size_t)facts->rows, outputs, sizeof outputs[0])) return false;
    uint64_t sum = 0;
    for (uint32_t p = 0; p < engine->threads; p++)
        sum += outputs[p].sum;
    bench_sink_int(sink, (int64_t)sum);
    bench_sink_row(sink);
    return true;
}

struct state {
    uint64_t sum, count;
};

struct group_input {
    const int64_t *x;
    const int32_t *keys;
};

static void group_few_run(struct part *part)
{
    const struct group_input *in = part->input;
    struct state copies[COPIES][16] = {0};
    size_t i = part->begin;
    for (; i + COPIES <= part->end; i += COPIES) {
        for (size_t c = 0; c < COPIES; c++) {
            struct state *state = &copies[c][in->keys[i + c]];
            state->sum += (uint64_t)in->x[i + c];
            state->count++;
        }
    }
    struct state *states = part->output;
    for (size_t c = 0; c < COPIES; c++) {
        for (size_t g = 0; g < 16; g++) {
            states[g].sum += copies[c][g].sum;
            states[g].count += copies[c][g].count;
        }
    }
    for (; i < part->end; i++) {
        states[in->keys[i]].sum += (uint64_t)in->x[i];
        states[in->keys[i]].count++;
    }
}

static void group_many_run(struct part *part)
{
    const struct group_input in = *(const struct group_input *)part->input;
    struct state *states = part->output;
    const size_t end = part->end;
    for (size_t i = part->begin; i < end; i++) {
        struct state *state = &states[in.keys[i]];
        state->sum += (uint64_t)in.x[i];
        state->count++;
    }
}

static bool run_group(struct bench_engine *engine, const struct table *facts, bool few,
                      struct bench_sink *sink)
{
    struct group_input input = {facts->columns[0], facts->columns[few ? 1 : 2]};
    struct state *states = calloc((size_t)engine->threads * GROUPS_MAX, sizeof *states);
    if (states == NULL) return false;
    struct part model = {.run = few ? group_few_run : group_many_run, .input = &input};
    bool done = run_split(engine, &model, (size_t)facts->rows, states, GROUPS_MAX * sizeof *states);
    for (size_t g = 0; done && g < GROUPS_MAX; g++) {
        struct state whole = {0};
        for (uint32_t p = 0; p < engine->threads; p++) {
            whole.sum += states[(size_t)p * GROUPS_MAX + g].sum;
            whole.count += states[(size_t)p * GROUPS_MAX + g].count;
        }
        if (whole.count == 0) continue;
        bench_sink_int(sink, (int64_t)g);
        bench_sink_int(sink, (int64_t)whole.sum);
        bench_sink_int(sink, (int64_t)whole.count);
        bench_sink_row(sink);
    }
    free(states);
    return done;
}

/* Linear probing over keys and values together; no key is -1. */
struct slot {
    int64_t key, value;
};

struct join_input {
    const int64_t *k, *v;
    const struct slot *slots;
    uint64_t mask;
};

struct join_output {
    uint64_t count, sum_v, sum_w;
    char apart[40]; /* another processor's line */
};

static uint64_t hash_of(int64_t key)
{
    uint64_t h = (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 32);
}

static void probe_some(const struct join_input *in, size_t first, size_t rows,
                       struct join_output *out)
{
    uint64_t at[PROBE_ROWS];
    for (size_t r = 0; r < rows; r++) {
        at[r] = hash_of(in->k[first + r]) & in->mask;
        __builtin_prefetch(&in->slots[at[r]]);
    }
    for (size_t r = 0; r < rows; r++) {
        uint64_t s = at[r];
        int64_t key = in->k[first + r];
        while (in->slots[s].key != key && in->slots[s].key != -1)
            s = (s + 1) & in->mask;
        if (in->slots[s].key == -1) continue;
        out->count++;
        out->sum_v += (uint64_t)in->v[first + r];
        out->sum_w += (uint64_t)in->slots[s].value;
    }
}

static void probe_run(struct part *part)
{
    struct join_output out = {0};
    for (size_t i = part->begin; i < part->end; i += PROBE_ROWS) {
        size_t left = part->end - i;
        probe_some(part->input, i, left < PROBE_ROWS ? left : PROBE_ROWS, &out);
    }
    *(struct join_output *)part->output = out;
}

static struct slot *build_slots(const struct table *build, uint64_t *out_mask)
{
    uint64_t size = 1;
    while (size < 2 * (uint64_t)build->rows)
        size *= 2;
    struct slot *slots = new_column(size * sizeof *slots);
    if (slots == NULL) return NULL;
    memset(slots, 0xFF, size * sizeof *slots);
    const int64_t *k = build->columns[0], *w = build->columns[1];
    for (int64_t i = 0; i < build->rows; i++) {
        uint64_t s = hash_of(k[i]) & (size - 1);
        while (slots[s].key != -1)
            s = (s + 1) & (size - 1);
        slots[s] = (struct slot){k[i], w[i]};
    }
    *out_mask = size - 1;
    return slots;
}

static bool run_join(struct bench_engine *engine, const struct table *probe,
                     const struct table *build, struct bench_sink *sink)
{
    struct join_input input = {.k = probe->columns[0], .v = probe->columns[1]};
    struct slot *slots = build_slots(build, &input.mask);
    if (slots == NULL) return false;
    input.slots = slots;
    struct join_output outputs[THREADS_MAX] = {0}, whole = {0};
    struct part model = {.run = probe_run, .input = &input};
    bool done = run_split(engine, &model, (size_t)probe->rows, outputs, sizeof outputs[0]);
    free(slots);
    if (!done) return false;
    for (uint32_t p = 0; p < engine->threads; p++) {
        whole.count += outputs[p].count;
        whole.sum_v += outputs[p].sum_v;
        whole.sum_w += outputs[p].sum_w;
    }
    bench_sink_int(sink, (int64_t)whole.count);
    bench_sink_int(sink, (int64_t)whole.sum_v);
    bench_sink_int(sink, (int64_t)whole.sum_w);
    bench_sink_row(sink);
    return true;
}

bool bench_query(struct bench_engine *engine, const char *sql, struct bench_sink *sink,
                 struct bench_error *error)
{
    struct table *facts = find_table(engine, "facts");
    struct table *probe = find_table(engine, "probe"), *build = find_table(engine, "build");
    bool done;
    if (strcmp(sql, "join") == 0 && probe != NULL && build != NULL)
        done = run_join(engine, probe, build, sink);
    else if (facts == NULL)
        return bench_fail(error, sql, "its table is not loaded");
    else if (strcmp(sql, "sum") == 0)
        done = run_sum(engine, facts, sink);
    else if (strcmp(sql, "group10") == 0 || strcmp(sql, "group10k") == 0)
        done = run_group(engine, facts, strcmp(sql, "group10") == 0, sink);
    else
        return bench_fail(error, sql, "not written by hand");
    return done || bench_fail(error, sql, "no memory or no threads");
}

bool bench_prepare(struct bench_engine *engine, const char *sql,
                   struct bench_statement **out_statement, struct bench_error *error)
{
    (void)engine;
    (void)out_statement;
    return bench_fail(error, sql, "not written by hand");
}

bool bench_bind(struct bench_statement *statement, uint32_t parameter, int64_t value,
                struct bench_error *error)
{
    (void)statement;
    (void)parameter;
    (void)value;
    return bench_fail(error, "bind", "not written by hand");
}

bool bench_run(struct bench_statement *statement, struct bench_sink *sink,
               struct bench_error *error)
{
    (void)statement;
    (void)sink;
    return bench_fail(error, "run", "not written by hand");
}

void bench_finish(struct bench_statement *statement)
{
    (void)statement; /* there are none */
}
