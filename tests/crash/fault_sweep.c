/* fault_sweep.c -- every call of the disk and every allocation fails, once and for good.
 *
 *     fault_sweep io|full|short|alloc [--for-good] [--every K] [--from N] [--to N]
 *
 * A script of transactions runs on a database on a simulated disk, with failure number N of its
 * kind. Each statement may succeed or say what is wrong. Then the database is opened anew, on what
 * the process left and on what a cut of the power leaves: everything that was acknowledged is
 * there, whole, and of the rest only what ended with an unknown outcome (08007), whole or not at
 * all. */
#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "llkv.h"
#include "subject.h"

enum { STEPS = 20, OUTCOME_FAILED = 0, OUTCOME_DONE, OUTCOME_UNKNOWN };

struct sweep {
    const char *kind;
    bool for_good;
    int64_t failure;
    enum disk_failure disk_failure; /* unless `alloc` */
    bool alloc;
    int outcome[STEPS];
    bool created, began; /* table a is there; the steps were taken */
    struct disk *disk;
    llkv_pager *pager;
    llkv_engine *engine;
    llkv_session *session;
    llkv_error error;
};

PRINTF_LIKE(2, 3) static bool wrong(const struct sweep *sweep, const char *format, ...)
{
    va_list args;
    printf("FAILED: %s %lld%s: ", sweep->kind, (long long)sweep->failure,
           sweep->for_good ? " for good" : "");
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    printf("\n  fault_sweep %s%s --from %lld --to %lld\n", sweep->kind,
           sweep->for_good ? " --for-good" : "", (long long)sweep->failure,
           (long long)sweep->failure);
    return false;
}

static llkv_code run(struct sweep *sweep, const char *sql)
{
    llkv_results *results = NULL;
    if (sweep->session == NULL) return LLKV_MISUSE;
    llkv_code rc = llkv_execute(sweep->session, sql, strlen(sql), &results, &sweep->error);
    llkv_results_free(results);
    return rc;
}

static int outcome_of(const struct sweep *sweep, llkv_code rc)
{
    if (rc == LLKV_OK) return OUTCOME_DONE;
    return strcmp(sweep->error.sqlstate, "08007") == 0 ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
}

static llkv_code open_database(struct sweep *sweep)
{
    llkv_engine_options options = {.struct_size = sizeof options,
                                   .threads = 1,
                                   .debug_segment_rows = 128,
                                   .debug_vector_rows = 64};
    llkv_code rc = crash_drive_open(sweep->disk, PLANTED_NONE, 0, &sweep->pager, &sweep->error);
    if (rc != LLKV_OK) return rc;
    options.pager = sweep->pager;
    rc = llkv_engine_open(&options, &sweep->engine, &sweep->error);
    if (rc != LLKV_OK) return rc;
    return llkv_session_open(sweep->engine, &sweep->session, &sweep->error);
}

/* Nothing that closes may fail because of a failure elsewhere, but for the last checkpoint. */
static void close_database(struct sweep *sweep)
{
    (void)llkv_session_close(sweep->session, &sweep->error); /* nothing of it is open */
    (void)llkv_engine_close(sweep->engine, &sweep->error);   /* its checkpoint may fail */
    if (sweep->pager != NULL) sweep->pager->methods->close(sweep->pager);
    sweep->session = NULL;
    sweep->engine = NULL;
    sweep->pager = NULL;
}

/* Step i writes row i of two tables, alone, in a transaction, or with rows enough for a batch. */
static llkv_code step(struct sweep *sweep, int i)
{
    char sql[512];
    llkv_code rc = LLKV_OK;
    if (i % 4 == 1) {
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO a SELECT range * 100 + %d, %d, repeat('y', 90) FROM range(%d)",
                       i, i, i % 8 == 1 ? 3500 : 150);
        return run(sweep, sql);
    }
    if (i % 4 == 3 && i % 8 == 3) (void)run(sweep, "CHECKPOINT"); /* may fail; says nothing new */
    if (i % 2 == 0) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO a VALUES (%d, %d, 'one')", i, i);
        return run(sweep, sql);
    }
    rc = run(sweep, "BEGIN");
    if (rc != LLKV_OK) return rc;
    (void)snprintf(sql, sizeof sql, "INSERT INTO a VALUES (%d, %d, 'one')", i, i);
    rc = run(sweep, sql);
    (void)snprintf(sql, sizeof sql, "UPDATE b SET n = n + 1, last = %d", i);
    if (rc == LLKV_OK) rc = run(sweep, sql);
    if (rc == LLKV_OK) rc = run(sweep, "COMMIT");
    if (rc == LLKV_OK) return rc;
    llkv_error error = sweep->error; /* what the step says, not the clearing up */
    (void)run(sweep, "ROLLBACK");    /* in whatever state it was left */
    sweep->error = error;
    return rc;
}

static int64_t rows_wanted(int i)
{
    return i % 4 == 1 ? (i % 8 == 1 ? 3500 : 150) : 1;
}

static bool scalar(struct sweep *sweep, const char *sql, int64_t *out_value)
{
    llkv_statement *statement = NULL;
    bool row = false;
    llkv_code rc = llkv_prepare(sweep->session, sql, strlen(sql), &statement, NULL, &sweep->error);
    if (rc == LLKV_OK) rc = llkv_statement_step(statement, &row, &sweep->error);
    if (rc == LLKV_OK && row) *out_value = llkv_value_int64(statement, 0);
    llkv_statement_free(statement);
    return rc == LLKV_OK && row;
}

/* Transactions of step i % 4 == 3 count in table b as well. */
static bool check_contents(struct sweep *sweep, const char *after)
{
    int64_t transactions = 0, counted = 0, table = 0;
    if (!scalar(sweep, "SELECT count(*) FROM a WHERE k < 0", &table)) {
        if (!sweep->created) return true;
        return wrong(sweep, "%s: table a: %s", after, sweep->error.message);
    }
    for (int i = 0; i < STEPS; i++) {
        char sql[128];
        int64_t rows = 0;
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM a WHERE k = %d", i);
        if (!scalar(sweep, sql, &rows))
            return wrong(sweep, "%s: %s: %s", after, sql, sweep->error.message);
        if (rows != 0 && rows != rows_wanted(i))
            return wrong(sweep, "%s: step %d is there by half: %lld rows", after, i,
                         (long long)rows);
        if (rows == 0 && sweep->outcome[i] == OUTCOME_DONE)
            return wrong(sweep, "%s: step %d was acknowledged and is gone", after, i);
        if (rows != 0 && sweep->outcome[i] == OUTCOME_FAILED)
            return wrong(sweep, "%s: step %d failed and is there", after, i);
        if (i % 4 == 3 && rows != 0) transactions++;
    }
    if (!scalar(sweep, "SELECT coalesce(sum(n), 0) FROM b", &counted) &&
        (sweep->began || sweep->error.code != LLKV_NAME))
        return wrong(sweep, "%s: table b: %s", after, sweep->error.message);
    if (counted != transactions)
        return wrong(sweep, "%s: %lld transactions, %lld counted", after, (long long)transactions,
                     (long long)counted);
    return true;
}

/* Opens `disk`, which it frees, looks, and writes once more: it must be usable. */
static bool check_disk(struct sweep *sweep, struct disk *disk, const char *after)
{
    struct disk *before = sweep->disk;
    sweep->disk = disk;
    llkv_code rc = open_database(sweep);
    bool fine = rc == LLKV_OK || wrong(sweep, "%s: open: %s", after, sweep->error.message);
    fine = fine && check_contents(sweep, after);
    if (fine && run(sweep, "CREATE TABLE later AS SELECT 1 AS x; DROP TABLE later") != LLKV_OK)
        fine = wrong(sweep, "%s: writing again: %s", after, sweep->error.message);
    close_database(sweep);
    if (fine && disk_held_count(disk) != 0)
        fine = wrong(sweep, "%s: files or mappings left open", after);
    disk_free(disk);
    sweep->disk = before;
    return fine;
}

static void arm(struct sweep *sweep)
{
    if (sweep->alloc)
        mem_fail_nth(sweep->failure, sweep->for_good);
    else
        disk_fail_nth(sweep->disk, sweep->failure, sweep->for_good, sweep->disk_failure);
}

static void disarm(struct sweep *sweep)
{
    mem_fail_nth(0, false);
    disk_fail_nth(sweep->disk, 0, false, DISK_EIO);
}

static void script(struct sweep *sweep)
{
    bool opened = open_database(sweep) == LLKV_OK;
    llkv_code rc = opened
                       ? run(sweep, "CREATE TABLE a(id BIGINT PRIMARY KEY, k BIGINT, txt VARCHAR)")
                       : LLKV_MISUSE;
    sweep->created = rc == LLKV_OK;
    sweep->began = false;
    if (sweep->created) rc = run(sweep, "CREATE TABLE b(n BIGINT, last BIGINT)");
    if (rc == LLKV_OK) rc = run(sweep, "INSERT INTO b VALUES (0, 0)");
    sweep->began = rc == LLKV_OK;
    for (int i = 0; i < STEPS && sweep->began; i++)
        sweep->outcome[i] = outcome_of(sweep, step(sweep, i));
    close_database(sweep);
}

/* False: something is wrong. *out_over: the failure did not come any more. */
static bool sweep_one(struct sweep *sweep, bool *out_over)
{
    memset(sweep->outcome, 0, sizeof sweep->outcome);
    sweep->error = (llkv_error)LLKV_ERROR_INIT;
    sweep->disk = disk_new((uint64_t)sweep->failure);
    uint64_t allocations = mem_alloc_count();
    int64_t used = mem_used_bytes();
    arm(sweep);
    script(sweep);
    disarm(sweep);
    *out_over = sweep->alloc ? mem_alloc_count() - allocations < (uint64_t)sweep->failure
                             : disk_call_count(sweep->disk) < sweep->failure;
    bool fine = disk_held_count(sweep->disk) == 0 || wrong(sweep, "files or mappings left open");
    if (fine && mem_used_bytes() != used)
        fine = wrong(sweep, "%lld bytes leaked", (long long)(mem_used_bytes() - used));
    struct disk_cursor *cursor = disk_cursor_new(sweep->disk);
    disk_cursor_advance(cursor, disk_position(sweep->disk));
    fine = fine && check_disk(sweep, disk_copy(sweep->disk, 1), "opened again");
    fine =
        fine && check_disk(sweep, disk_cursor_crash(cursor, DISK_NOTHING, 1), "after a power cut");
    for (uint64_t seed = 0; fine && seed < 2; seed++)
        fine = check_disk(sweep, disk_cursor_crash(cursor, DISK_SECTORS, seed), "after a torn one");
    disk_cursor_free(cursor);
    disk_free(sweep->disk);
    return fine;
}

static bool kind_read(struct sweep *sweep, const char *kind)
{
    sweep->kind = kind;
    sweep->alloc = strcmp(kind, "alloc") == 0;
    sweep->disk_failure = strcmp(kind, "full") == 0    ? DISK_FULL
                          : strcmp(kind, "short") == 0 ? DISK_SHORT
                                                       : DISK_EIO;
    return sweep->alloc || sweep->disk_failure != DISK_EIO || strcmp(kind, "io") == 0;
}

int main(int argc, char **argv)
{
    struct sweep sweep = {.for_good = false};
    int64_t every = 1, from = 1, to = INT64_MAX;
    bool usage = argc < 2 || !kind_read(&sweep, argv[1]);
    for (int i = 2; i < argc && !usage; i++) {
        int64_t *number = strcmp(argv[i], "--every") == 0  ? &every
                          : strcmp(argv[i], "--from") == 0 ? &from
                          : strcmp(argv[i], "--to") == 0   ? &to
                                                           : NULL;
        if (strcmp(argv[i], "--for-good") == 0)
            sweep.for_good = true;
        else if (number != NULL && i + 1 < argc)
            *number = strtoll(argv[++i], NULL, 10);
        else
            usage = true;
    }
    if (usage || every < 1) {
        fprintf(stderr, "usage: fault_sweep io|full|short|alloc [--for-good] [--every K] "
                        "[--from N] [--to N]\n");
        return 2;
    }
    int64_t failures = 0, runs = 0;
    bool over = false;
    for (sweep.failure = from; !over && sweep.failure <= to; sweep.failure += every) {
        if (!sweep_one(&sweep, &over)) failures++;
        runs++;
        if (failures >= 10) break;
    }
    printf("fault_sweep %s: %lld runs, %lld wrong\n", sweep.kind, (long long)runs,
           (long long)failures);
    return failures == 0 ? 0 : 1;
}
