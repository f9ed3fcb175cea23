/* threads_life.c -- lives of a database with writers in threads of their own: groups of commits,
 * syncs beside the next write, checkpoints beside both.
 *
 * Each commit of a writer raises its counter and puts a row into a ledger that says what counters
 * it saw. After a crash each counter is between what was acknowledged and what was asked for, its
 * ledger bears it out, and whatever a commit that is there saw is there as well: so it is a prefix
 * of the order of the commits, and nothing was visible that is gone. */
#include <stdarg.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "image.h"
#include "runtime/engine.h"
#include "subject.h"

enum { WRITERS = 3 };

/* Commits of each writer so far; a promise packs what must be there, 16 bits for each. */
struct counts {
    uint64_t asked[WRITERS];
    struct promises promises;
};

struct life {
    llkv_pager *pager;
    llkv_engine *engine;
    struct disk *disk;
    struct counts *history;
    const struct life_plan *plan;
    struct life_result *result;
    pthread_mutex_t mutex; /* the history and the result, while writers run */
};

struct writer {
    struct life *life;
    llkv_session *session;
    uint32_t number;
    llkv_error error;
};

PRINTF_LIKE(2, 3) static bool wrong(struct life *life, const char *format, ...)
{
    va_list args;
    (void)pthread_mutex_lock(&life->mutex); /* cannot fail */
    if (life->result->what[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(life->result->what, sizeof life->result->what, format, args);
        va_end(args);
    }
    (void)pthread_mutex_unlock(&life->mutex);
    return false;
}

static void *counts_new(void)
{
    return crash_alloc(sizeof(struct counts));
}

static void counts_free(void *history)
{
    promises_deinit(&((struct counts *)history)->promises);
    free(history);
}

static void *counts_copy(const void *from)
{
    struct counts *copy = crash_alloc(sizeof *copy);
    *copy = *(const struct counts *)from;
    promises_copy(&copy->promises, &((const struct counts *)from)->promises);
    return copy;
}

static const struct promises *counts_promises(const void *history)
{
    return &((const struct counts *)history)->promises;
}

static uint64_t counts_last(const void *history)
{
    uint64_t sum = 0;
    for (int i = 0; i < WRITERS; i++)
        sum += ((const struct counts *)history)->asked[i];
    return sum;
}

static uint64_t packed(uint32_t writer, uint64_t count)
{
    return count << writer * 16;
}

static uint64_t unpacked(uint64_t last, uint32_t writer)
{
    return last >> writer * 16 & 0xffff;
}

/* ---- statements ---- */

static bool run(struct writer *writer, const char *sql)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(writer->session, sql, strlen(sql), &results, &writer->error);
    llkv_results_free(results);
    if (rc == LLKV_OK) return true;
    return wrong(writer->life, "%.150s: %s (%s)", sql, writer->error.message,
                 writer->error.sqlstate);
}

/* One row of numbers. */
static bool numbers(struct writer *writer, const char *sql, int64_t *out, uint32_t count)
{
    llkv_statement *statement = NULL;
    bool row = false;
    llkv_code rc =
        llkv_prepare(writer->session, sql, strlen(sql), &statement, NULL, &writer->error);
    if (rc == LLKV_OK) rc = llkv_statement_step(statement, &row, &writer->error);
    for (uint32_t i = 0; i < count && row; i++)
        out[i] = llkv_value_int64(statement, i);
    llkv_statement_free(statement);
    return (rc == LLKV_OK && row) || wrong(writer->life, "%s: %s", sql, writer->error.message);
}

static const char see_all[] = "SELECT max(CASE WHEN w = 0 THEN n END), max(CASE WHEN w = 1 THEN n "
                              "END), max(CASE WHEN w = 2 THEN n END) FROM counters";

static void promise(struct life *life, uint64_t last, bool durable)
{
    (void)pthread_mutex_lock(&life->mutex); /* cannot fail */
    promises_add(
        &life->history->promises,
        (struct promise){.position = disk_position(life->disk), .last = last, .durable = durable});
    (void)pthread_mutex_unlock(&life->mutex);
}

static bool commit(struct writer *writer)
{
    struct life *life = writer->life;
    uint64_t n = ++life->history->asked[writer->number]; /* this writer's own */
    int64_t seen[WRITERS] = {0};
    char sql[512];
    if (!run(writer, "BEGIN") || !numbers(writer, see_all, seen, WRITERS)) return false;
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO ledger VALUES (%u, %llu, %lld, %lld, %lld, repeat('x', %llu));"
                   "UPDATE counters SET n = %llu WHERE w = %u",
                   writer->number, (unsigned long long)n, (long long)seen[0], (long long)seen[1],
                   (long long)seen[2], (unsigned long long)(n % 7 * 30), (unsigned long long)n,
                   writer->number);
    if (!run(writer, sql) || !run(writer, "COMMIT")) return false;
    promise(life, packed(writer->number, n), !life->plan->normal);
    /* What others committed is seen, so it must not go any more. */
    if (!numbers(writer, see_all, seen, WRITERS)) return false;
    for (uint32_t i = 0; i < WRITERS; i++)
        promise(life, packed(i, (uint64_t)seen[i]), !life->plan->normal);
    return true;
}

static void *write_on(void *arg)
{
    struct writer *writer = arg;
    bool fine = true;
    for (uint32_t i = 0; fine && i < writer->life->plan->steps; i++) {
        llkv_results *results = NULL;
        fine = commit(writer);
        if (writer->number != 0 || i % 9 != 8) continue;
        /* Refused while others are in the middle of a transaction. */
        llkv_code rc = llkv_execute(writer->session, "CHECKPOINT", 10, &results, &writer->error);
        llkv_results_free(results);
        if (rc != LLKV_OK && rc != LLKV_BUSY)
            fine = wrong(writer->life, "CHECKPOINT: %s", writer->error.message);
    }
    return NULL;
}

/* ---- a life ---- */

static bool open_database(struct life *life, struct writer *writers)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = crash_drive_open(life->disk, life->plan->bug, 0, &life->pager, &error);
    if (rc != LLKV_OK) return wrong(life, "open: %s", error.message);
    llkv_engine_options options = {
        .struct_size = sizeof options, .threads = 1, .pager = life->pager};
    rc = llkv_engine_open(&options, &life->engine, &error);
    if (rc != LLKV_OK) return wrong(life, "open: %s", error.message);
    /* The public handle is the runtime's object. */
    txn_log_plant(((struct engine *)life->engine)->database->manager, life->plan->bug);
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.life = life, .number = i, .error = LLKV_ERROR_INIT};
        rc = llkv_session_open(life->engine, &writers[i].session, &error);
        if (rc != LLKV_OK) return wrong(life, "session: %s", error.message);
    }
    return run(&writers[0],
               life->plan->normal ? "PRAGMA synchronous=normal" : "PRAGMA synchronous=full");
}

static bool compare_writer(struct life *life, struct writer *reader, const struct promise *floor,
                           uint32_t number, const int64_t *counters)
{
    char sql[256];
    int64_t found[2 + WRITERS] = {0};
    uint64_t n = (uint64_t)counters[number], least = unpacked(floor->last, number);
    if (n < least || n > life->history->asked[number])
        return wrong(life, "writer %u is at %llu, but %llu were acknowledged, %llu asked for",
                     number, (unsigned long long)n, (unsigned long long)least,
                     (unsigned long long)life->history->asked[number]);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*), coalesce(max(n), 0), coalesce(max(s0), 0), "
                   "coalesce(max(s1), 0), coalesce(max(s2), 0) FROM ledger WHERE w = %u",
                   number);
    if (!numbers(reader, sql, found, 2 + WRITERS)) return false;
    if (found[0] != counters[number] || found[1] != counters[number])
        return wrong(life, "writer %u is at %llu, its ledger has %lld rows up to %lld", number,
                     (unsigned long long)n, (long long)found[0], (long long)found[1]);
    for (int i = 0; i < WRITERS; i++) {
        if (found[2 + i] > counters[i])
            return wrong(life, "writer %u saw %lld of writer %d, which is at %lld", number,
                         (long long)found[2 + i], i, (long long)counters[i]);
    }
    life->history->asked[number] = n;
    return true;
}

/* The tables are made in one transaction: there is nothing, or everything. */
static bool compare(struct life *life, struct writer *reader, const struct promise *floor)
{
    int64_t counters[WRITERS] = {0};
    if (!run(reader, "BEGIN; CREATE TABLE IF NOT EXISTS counters(w INTEGER PRIMARY KEY, n BIGINT);"
                     "CREATE TABLE IF NOT EXISTS ledger(w INTEGER, n BIGINT, s0 BIGINT, s1 BIGINT, "
                     "s2 BIGINT, txt VARCHAR, PRIMARY KEY(w, n)); COMMIT"))
        return false;
    int64_t rows = 0;
    if (!numbers(reader, "SELECT count(*) FROM counters", &rows, 1)) return false;
    if (rows == 0 && !run(reader, "INSERT INTO counters VALUES (0, 0), (1, 0), (2, 0)"))
        return false;
    if (!numbers(reader, see_all, counters, WRITERS)) return false;
    for (uint32_t i = 0; i < WRITERS; i++) {
        if (!compare_writer(life, reader, floor, i, counters)) return false;
    }
    promises_deinit(&life->history->promises);
    return true;
}

static void work(struct writer *writers)
{
    pthread_t threads[WRITERS];
    uint32_t started = 0;
    while (started < WRITERS &&
           pthread_create(&threads[started], NULL, write_on, &writers[started]) == 0)
        started++;
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL); /* cannot fail: started, not joined yet */
}

static void close_database(struct life *life, struct writer *writers)
{
    llkv_error error = LLKV_ERROR_INIT;
    for (uint32_t i = 0; i < WRITERS; i++) {
        if (llkv_session_close(writers[i].session, &error) != LLKV_OK)
            (void)wrong(life, "closing a session: %s", error.message);
    }
    if (llkv_engine_close(life->engine, &error) != LLKV_OK)
        (void)wrong(life, "closing: %s", error.message);
    if (life->pager != NULL) life->pager->methods->close(life->pager);
}

static bool threads_live(struct disk *disk, void *history, const struct promise *floor,
                         const struct life_plan *plan, struct life_result *result)
{
    struct life life = {.disk = disk, .history = history, .plan = plan, .result = result};
    struct writer writers[WRITERS] = {0};
    *result = (struct life_result){0};
    if (pthread_mutex_init(&life.mutex, NULL) != 0) return false;
    disk_sync_takes(disk, 60);
    if (open_database(&life, writers) && compare(&life, &writers[0], floor)) {
        uint64_t there = 0;
        for (uint32_t i = 0; i < WRITERS; i++)
            there |= packed(i, life.history->asked[i]);
        result->opened = disk_position(disk);
        promise(&life, there, true);
        work(writers);
    }
    result->worked = disk_position(disk);
    close_database(&life, writers);
    if (plan->clean) result->worked = disk_position(disk);
    if (disk_held_count(disk) != 0) (void)wrong(&life, "files or mappings left open");
    (void)pthread_mutex_destroy(&life.mutex);
    return result->what[0] == '\0';
}

const struct subject subject_threads = {.name = "threads",
                                        .history_new = counts_new,
                                        .history_free = counts_free,
                                        .history_copy = counts_copy,
                                        .promises = counts_promises,
                                        .last = counts_last,
                                        .live = threads_live};
