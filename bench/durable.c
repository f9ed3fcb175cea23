/* One measurement of durable commits, in a process of its own:
 *
 *     bench_durable_<engine> PATH full|normal WORK THREADS MILLISECONDS
 *
 *   insert   each commit one new row
 *   batch    each commit 100 new rows
 *   update   each commit one cell of a row found by its key
 *
 * PATH must not exist, and stays behind. Prints one line: nanoseconds per commit, commits,
 * processor time of this process and of the rest of the machine, bytes handed to write calls, and
 * bytes sent to the medium; the last four for all commits together. Afterwards the rows are counted
 * and summed. */
#include "durable.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

enum {
    BATCH_ROWS = 100,
    UPDATE_ROWS = 100000,
    WARM_COMMITS = 20,
    THREADS_MAX = 64,
    LINE_BYTES = 256,
};
/* Writers do not meet: each has keys of its own. */
#define KEYS_EACH INT64_C(1000000000)

static const char insert_sql[] = "INSERT INTO kv VALUES (?, ?, ?, 'a name of the usual length')";
static const char update_sql[] = "UPDATE kv SET a = ? WHERE id = ?";

enum work { WORK_INSERT, WORK_BATCH, WORK_UPDATE };

struct shared {
    enum work work;
    struct durable_db *db;
    atomic_int warm; /* writers that are ready */
    atomic_bool go, stop, failed;
};

struct writer {
    struct shared *shared;
    struct durable_session *session;
    struct durable_statement *statement;
    int64_t number;
    int64_t commits, timed; /* all, and those while the clock ran */
    int64_t rows, sum;      /* added by them */
    int64_t *cells;         /* WORK_UPDATE: what each row has */
    struct durable_error error;
};

bool durable_fail(struct durable_error *error, const char *what, const char *why)
{
    (void)snprintf(error->text, sizeof error->text, "%s: %s", what, why); /* cut if too long */
    return false;
}

static bool insert_row(struct writer *writer)
{
    int64_t values[3] = {writer->number * KEYS_EACH + writer->rows, writer->rows * 3,
                         writer->rows % 1000};
    if (!durable_run(writer->statement, values, 3, &writer->error)) return false;
    writer->sum += values[1];
    writer->rows++;
    return true;
}

static bool insert_many(struct writer *writer, int64_t rows)
{
    if (!durable_exec(writer->session, durable_dialect.begin, &writer->error)) return false;
    for (int64_t r = 0; r < rows; r++)
        if (!insert_row(writer)) return false;
    return durable_exec(writer->session, "COMMIT", &writer->error);
}

static bool update_row(struct writer *writer)
{
    int64_t key = writer->commits * 2654435761 % UPDATE_ROWS;
    int64_t values[2] = {writer->commits, key};
    if (!durable_run(writer->statement, values, 2, &writer->error)) return false;
    writer->sum += values[0] - writer->cells[key];
    writer->cells[key] = values[0];
    return true;
}

static bool commit_once(struct writer *writer)
{
    bool done = false;
    switch (writer->shared->work) {
    case WORK_INSERT: done = insert_row(writer); break;
    case WORK_BATCH: done = insert_many(writer, BATCH_ROWS); break;
    case WORK_UPDATE: done = update_row(writer); break;
    }
    writer->commits += done;
    return done;
}

/* The rows that updates find; their statement is not that of the measurement. */
static bool fill(struct writer *writer)
{
    bool done = durable_prepare(writer->session, insert_sql, &writer->statement, &writer->error);
    for (int n = 0; done && n < UPDATE_ROWS / 1000; n++)
        done = insert_many(writer, 1000);
    durable_finish(writer->statement);
    writer->statement = NULL;
    writer->cells = calloc(UPDATE_ROWS, sizeof *writer->cells);
    if (writer->cells == NULL) return durable_fail(&writer->error, "fill", "out of memory");
    for (int64_t r = 0; r < UPDATE_ROWS; r++)
        writer->cells[r] = r * 3;
    return done;
}

static bool open_writer(struct writer *writer)
{
    struct shared *shared = writer->shared;
    bool update = shared->work == WORK_UPDATE;
    return durable_session_open(shared->db, &writer->session, &writer->error) &&
           (!update || fill(writer)) &&
           durable_prepare(writer->session, update ? update_sql : insert_sql, &writer->statement,
                           &writer->error);
}

static void close_writer(struct writer *writer)
{
    durable_finish(writer->statement);
    durable_session_close(writer->session);
    free(writer->cells);
}

static void *write_commits(void *arg)
{
    struct writer *writer = arg;
    struct shared *shared = writer->shared;
    bool done = true;
    for (int i = 0; done && i < WARM_COMMITS; i++)
        done = commit_once(writer);
    atomic_fetch_add(&shared->warm, 1);
    while (!atomic_load(&shared->go))
        (void)sched_yield(); /* it always can */
    while (done && !atomic_load(&shared->stop)) {
        done = commit_once(writer);
        writer->timed += done;
    }
    if (!done) atomic_store(&shared->failed, true);
    return NULL;
}

/* ---- what was written, by the system's account ---- */

struct written {
    uint64_t calls, medium; /* bytes */
};

static struct written written_now(void)
{
    struct written written = {0, 0};
    char line[LINE_BYTES];
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "wchar: ", 7) == 0) written.calls = strtoull(line + 7, NULL, 10);
        if (strncmp(line, "write_bytes: ", 13) == 0) written.medium = strtoull(line + 13, NULL, 10);
    }
    if (file != NULL) (void)fclose(file); /* only read */
    return written;
}

static void pass_time(int64_t milliseconds)
{
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0) {
    }
}

/* Let the writers work that long, and print what it came to. */
static void measure(struct shared *shared, struct writer *writers, pthread_t *threads, int count,
                    int64_t milliseconds)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    while (atomic_load(&shared->warm) < count)
        (void)nanosleep(&nap, NULL); /* woken early is as good */
    struct written before = written_now();
    uint64_t machine = clock_machine_cpu_ns(), own = clock_own_cpu_ns(), start = clock_ns();
    atomic_store(&shared->go, true);
    pass_time(milliseconds);
    atomic_store(&shared->stop, true);
    int64_t commits = 0;
    for (int i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL); /* it was made */
        commits += writers[i].timed;
    }
    uint64_t ns = clock_ns() - start;
    own = clock_own_cpu_ns() - own;
    machine = clock_machine_cpu_ns() - machine;
    struct written after = written_now();
    if (commits == 0) return;
    printf("%.1f %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
           (double)ns / (double)commits, commits, own, machine > own ? machine - own : 0,
           after.calls - before.calls, after.medium - before.medium);
}

/* Is everything there that was acknowledged, and nothing else? */
static bool check(struct writer *writers, int count)
{
    int64_t rows = 0, sum = 0, found_rows = 0, found_sum = 0;
    struct durable_error *error = &writers[0].error;
    if (durable_dialect.hand_written) return true;
    for (int i = 0; i < count; i++) {
        rows += writers[i].rows;
        sum += writers[i].sum;
    }
    if (!durable_ask(writers[0].session, "SELECT count(*) FROM kv", &found_rows, error) ||
        !durable_ask(writers[0].session, "SELECT sum(a) FROM kv", &found_sum, error))
        return false;
    return (rows == found_rows && sum == found_sum) ||
           durable_fail(error, "check", "the rows are not those that were committed");
}

static int complain(const struct durable_error *error)
{
    fprintf(stderr, "Error: %s\n", error->text);
    return 1;
}

static bool create_table(struct durable_db *db, struct durable_error *error)
{
    struct durable_session *session = NULL;
    if (!durable_session_open(db, &session, error)) return false;
    bool done = durable_exec(session, durable_dialect.create, error);
    durable_session_close(session);
    return done;
}

static int run(struct shared *shared, int count, int64_t milliseconds)
{
    static struct writer writers[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    struct durable_error error;
    if (!create_table(shared->db, &error)) return complain(&error);
    for (int i = 0; i < count; i++) {
        writers[i] = (struct writer){.shared = shared, .number = i};
        if (!open_writer(&writers[i])) return complain(&writers[i].error);
    }
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, write_commits, &writers[i]) != 0)
            return complain(&(struct durable_error){"no more threads"});
    }
    measure(shared, writers, threads, count, milliseconds);
    for (int i = 0; i < count; i++)
        if (atomic_load(&shared->failed) && writers[i].error.text[0] != '\0')
            return complain(&writers[i].error);
    if (!check(writers, count)) return complain(&writers[0].error);
    for (int i = 0; i < count; i++)
        close_writer(&writers[i]);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const works[] = {"insert", "batch", "update"};
    struct shared shared = {.work = WORK_INSERT};
    struct durable_error error;
    int work = 0, threads = argc == 6 ? (int)strtol(argv[4], NULL, 10) : 0;
    int64_t milliseconds = argc == 6 ? strtoll(argv[5], NULL, 10) : 0;
    while (argc == 6 && work < 3 && strcmp(argv[3], works[work]) != 0)
        work++;
    if (argc != 6 || work == 3 || threads < 1 || threads > THREADS_MAX || milliseconds < 1 ||
        (work == WORK_UPDATE && threads != 1)) {
        fprintf(stderr, "usage: %s PATH full|normal insert|batch|update THREADS MILLISECONDS\n",
                argv[0]);
        return 2;
    }
    shared.work = (enum work)work;
    bool full = strcmp(argv[2], "full") == 0;
    if (!durable_open(argv[1], full ? DURABLE_FULL : DURABLE_NORMAL, &shared.db, &error))
        return complain(&error);
    int code = run(&shared, threads, milliseconds);
    if (code == 0) durable_close(shared.db);
    return code;
}
