/* The life of one engine: commands come in on standard input, one a line, answers go out.
 *
 *   describe            version and settings
 *   load TABLE ROWS     make it and fill it
 *   check WORK          the rows of its result (of its first statements, if they are short)
 *   time WORK           how long one run takes
 *   quit
 *
 * An answer is `ok` with the number of bytes that follow on the next lines, or `error` with a
 * message. `time` answers with four numbers: nanoseconds per run, runs, and in nanoseconds of
 * processor time what the whole measurement used itself and what the rest of the machine used. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "engine.h"

enum {
    SHORT_RUNS_CHECKED = 1000,
    TEXTS = 65536,           /* different statements of one BENCH_TEXT_RUN */
    RUNS_PER_CLOCK = 64,     /* short statements between two looks at the clock */
    TIME_NS_MIN = 200000000, /* a measurement is repeated until it takes this long */
    LINE_BYTES = 256,
};

struct worker {
    struct bench_engine *engine;
    int64_t key_rows;     /* of the table with a key */
    struct slt_text rows; /* the answer to the last command */
    struct bench_error error;
};

bool bench_fail(struct bench_error *error, const char *what, const char *why)
{
    (void)snprintf(error->text, sizeof error->text, "%s: %s", what, why); /* cut if too long */
    return false;
}

static bool add_create(struct slt_text *sql, const struct bench_table *table)
{
    bool keyed = false;
    slt_text_addf(sql, "CREATE TABLE %s (", table->name);
    for (uint32_t c = 0; c < table->column_count; c++) {
        const struct bench_column *column = &table->columns[c];
        if (column->kind == BENCH_KEY) keyed = true;
        slt_text_addf(sql, "%s%s %s", c == 0 ? "" : ", ", column->name,
                      bench_dialect.types[column->kind]);
    }
    slt_text_addf(sql, ")%s", keyed ? bench_dialect.keyed_ending : bench_dialect.plain_ending);
    slt_text_addc(sql, '\0');
    return keyed;
}

static void add_fill(struct slt_text *sql, const struct bench_table *table, int64_t rows)
{
    slt_text_addf(sql, "INSERT INTO %s SELECT ", table->name);
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (c > 0) slt_text_addz(sql, ", ");
        bench_expand(sql, table->columns[c].formula, rows / 10);
    }
    slt_text_addz(sql, " FROM ");
    bench_expand(sql, bench_dialect.series, rows);
    slt_text_addc(sql, '\0');
}

static bool append_all(struct worker *worker, const struct bench_table *table, int64_t rows,
                       int64_t *space)
{
    struct bench_block block = {.table = table, .table_rows = rows};
    for (uint32_t c = 0; c < table->column_count; c++)
        block.values[c] = space + (size_t)c * BENCH_BLOCK_ROWS;
    for (int64_t first = 0; first < rows; first += block.rows) {
        int64_t left = rows - first;
        block.rows = left < BENCH_BLOCK_ROWS ? (uint32_t)left : BENCH_BLOCK_ROWS;
        for (uint32_t c = 0; c < table->column_count; c++) {
            int64_t *values = space + (size_t)c * BENCH_BLOCK_ROWS;
            for (uint32_t r = 0; r < block.rows; r++)
                values[r] = table->columns[c].value(first + r, rows / 10);
        }
        if (!bench_append(worker->engine, &block, &worker->error)) return false;
    }
    return true;
}

static bool append_table(struct worker *worker, const struct bench_table *table, int64_t rows)
{
    int64_t *space = malloc((size_t)BENCH_BLOCK_ROWS * BENCH_COLUMNS_MAX * sizeof *space);
    if (space == NULL) return bench_fail(&worker->error, "load", "out of memory");
    bool done = append_all(worker, table, rows, space);
    free(space);
    return done;
}

static bool load(struct worker *worker, const char *name, int64_t rows)
{
    const struct bench_table *table = bench_table_find(name);
    if (table == NULL || rows <= 0) return bench_fail(&worker->error, name, "no such table");
    struct slt_text sql = {0};
    if (add_create(&sql, table)) worker->key_rows = rows;
    size_t fill_at = sql.len;
    if (bench_dialect.series != NULL) add_fill(&sql, table, rows);
    bool done;
    if (sql.failed)
        done = bench_fail(&worker->error, "load", "out of memory");
    else
        done = bench_dialect.hand_written || bench_exec(worker->engine, sql.data, &worker->error);
    if (done && bench_dialect.series != NULL)
        done = bench_exec(worker->engine, sql.data + fill_at, &worker->error);
    else if (done)
        done = append_table(worker, table, rows);
    slt_text_deinit(&sql);
    return done;
}

/* The statements of a BENCH_TEXT_RUN one after the other, each ended by a NUL; out_at has room for
 * TEXTS places in them. */
static bool make_texts(struct worker *worker, const struct bench_work *work, struct slt_text *out,
                       size_t *out_at)
{
    int64_t rows = worker->key_rows > 0 ? worker->key_rows : 1;
    for (int64_t n = 0; n < TEXTS; n++) {
        out_at[n] = out->len;
        bench_expand(out, work->sql, bench_key(n, rows));
        slt_text_addc(out, '\0');
    }
    return !out->failed || bench_fail(&worker->error, work->name, "out of memory");
}

/* Both kinds of short runs: `statement`, or if it is NULL the texts. */
struct short_run {
    const struct bench_work *work;
    struct bench_statement *statement;
    struct slt_text texts;
    size_t *at;
};

static void short_run_deinit(struct short_run *run)
{
    bench_finish(run->statement);
    slt_text_deinit(&run->texts);
    free(run->at);
}

static bool short_run_init(struct worker *worker, const struct bench_work *work,
                           struct short_run *run)
{
    run->work = work;
    if (work->shape == BENCH_PREPARED)
        return bench_prepare(worker->engine, work->sql, &run->statement, &worker->error);
    run->at = malloc(TEXTS * sizeof *run->at);
    if (run->at == NULL) return bench_fail(&worker->error, work->name, "out of memory");
    return make_texts(worker, work, &run->texts, run->at);
}

/* Run the statements numbered from `first` on. */
static bool run_some(struct worker *worker, const struct short_run *run, int64_t first,
                     int64_t count, struct bench_sink *sink)
{
    struct bench_error *error = &worker->error;
    for (int64_t n = first; n < first + count; n++) {
        bool done;
        if (run->statement == NULL) {
            const char *sql = run->texts.data + run->at[n % TEXTS];
            done = bench_query(worker->engine, sql, sink, error);
        } else {
            int64_t key = run->work->keyed ? bench_key(n % TEXTS, worker->key_rows) : 0;
            done = (!run->work->keyed || bench_bind(run->statement, 1, key, error)) &&
                   bench_run(run->statement, sink, error);
        }
        if (!done) return false;
    }
    return true;
}

static const char *text_of(const struct bench_work *work)
{
    return bench_dialect.hand_written ? work->name : work->sql;
}

static bool check(struct worker *worker, const struct bench_work *work)
{
    struct bench_sink sink = {.rows = &worker->rows};
    if (work->shape == BENCH_ONCE)
        return bench_query(worker->engine, text_of(work), &sink, &worker->error);
    struct short_run run = {0};
    bool done =
        short_run_init(worker, work, &run) && run_some(worker, &run, 0, SHORT_RUNS_CHECKED, &sink);
    short_run_deinit(&run);
    return done;
}

struct timing {
    uint64_t start_ns, own_ns, machine_ns;
    uint64_t runs, ns;
};

static void timing_start(struct timing *timing)
{
    timing->machine_ns = clock_machine_cpu_ns();
    timing->own_ns = clock_own_cpu_ns();
    timing->start_ns = clock_ns();
}

static void timing_answer(struct timing *timing, struct slt_text *out)
{
    uint64_t own = clock_own_cpu_ns() - timing->own_ns;
    uint64_t machine = clock_machine_cpu_ns() - timing->machine_ns;
    double per_run = (double)timing->ns / (double)timing->runs;
    slt_text_addf(out, "%.1f %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", per_run, timing->runs, own,
                  machine > own ? machine - own : 0);
}

/* Every run folds to the same value, or the times mean nothing. */
static bool time_once(struct worker *worker, const struct bench_work *work, struct timing *timing)
{
    uint64_t fold = 0;
    timing_start(timing);
    do {
        struct bench_sink sink = {0};
        if (!bench_query(worker->engine, text_of(work), &sink, &worker->error)) return false;
        if (timing->runs > 0 && sink.fold != fold)
            return bench_fail(&worker->error, work->name, "two runs gave different results");
        fold = sink.fold;
        timing->runs++;
        timing->ns = clock_ns() - timing->start_ns;
    } while (timing->ns < TIME_NS_MIN);
    return true;
}

static bool time_short(struct worker *worker, const struct bench_work *work, struct timing *timing)
{
    struct short_run run = {0};
    bool done = short_run_init(worker, work, &run);
    struct bench_sink sink = {0};
    timing_start(timing);
    while (done && timing->ns < TIME_NS_MIN) {
        done = run_some(worker, &run, (int64_t)timing->runs, RUNS_PER_CLOCK, &sink);
        timing->runs += RUNS_PER_CLOCK;
        timing->ns = clock_ns() - timing->start_ns;
    }
    short_run_deinit(&run);
    if (done && sink.row_count != timing->runs)
        return bench_fail(&worker->error, work->name, "a statement did not give one row");
    return done;
}

static bool do_time(struct worker *worker, const struct bench_work *work)
{
    struct timing timing = {0};
    bool done = work->shape == BENCH_ONCE ? time_once(worker, work, &timing)
                                          : time_short(worker, work, &timing);
    if (done) timing_answer(&timing, &worker->rows);
    return done;
}

/* False: the command failed, and the error says why. */
static bool obey(struct worker *worker, const char *command, const char *name, const char *number)
{
    if (strcmp(command, "describe") == 0) {
        bench_describe(worker->engine, &worker->rows);
        slt_text_addc(&worker->rows, '\n');
        return true;
    }
    if (strcmp(command, "load") == 0) return load(worker, name, strtoll(number, NULL, 10));
    const struct bench_work *work = bench_work_find(name);
    if (work == NULL) return bench_fail(&worker->error, name, "no such work");
    if (work->keyed && worker->key_rows == 0)
        return bench_fail(&worker->error, name, "its table is not loaded");
    if (strcmp(command, "check") == 0) return check(worker, work);
    if (strcmp(command, "time") == 0) return do_time(worker, work);
    return bench_fail(&worker->error, command, "no such command");
}

static void serve(struct worker *worker)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char command[32] = "", name[32] = "", number[32] = "";
        int words = sscanf(line, "%31s %31s %31s", command, name, number);
        if (words < 1) continue;
        if (strcmp(command, "quit") == 0) return;
        slt_text_clear(&worker->rows);
        bool done = obey(worker, command, name, number);
        if (done && worker->rows.failed) done = bench_fail(&worker->error, name, "out of memory");
        if (done) {
            printf("ok %zu\n", worker->rows.len);
            (void)fwrite(worker->rows.data, 1, worker->rows.len, stdout);
        } else {
            for (char *c = worker->error.text; *c != '\0'; c++) {
                if (*c == '\n') *c = ' ';
            }
            printf("error %s\n", worker->error.text);
        }
        (void)fflush(stdout); /* a reader that is gone shows as the end of the input */
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s LIBRARY THREADS   (\"\": no library)\n", argv[0]);
        return 2;
    }
    struct worker worker = {0};
    uint32_t threads = (uint32_t)strtoul(argv[2], NULL, 10);
    if (!bench_open(argv[1], threads, &worker.engine, &worker.error)) {
        printf("error %s\n", worker.error.text);
        return 1;
    }
    printf("ok 0\n");
    (void)fflush(stdout); /* as above */
    serve(&worker);
    bench_close(worker.engine);
    slt_text_deinit(&worker.rows);
    return 0;
}
