/* crash_harness.c -- crashes, by the thousand, of a drive pager or of a database on one.
 *
 *     crash_harness pager|sql|threads [--seed N] [--seeds COUNT] [--states COUNT] [--state M]
 *                   [--bug NAME] [--expect-failure] [--verbose] [--records] [--trace]
 *
 *     crash_harness pager|sql|threads --fail io|full|short|alloc [--for-good] [--nth N] [--seed N]
 *
 * A seed makes one run of work on a new database. A state is a crash somewhere in it, the life
 * after that, mostly with a crash in it or in its recovery, and so on. --state runs one of them
 * alone; the program prints the command that does so for the first state that fails; with --records
 * it also prints what the lives of that state wrote.
 *
 * With --fail each call of the disk (or allocation) of a run fails in turn, once or for good: an
 * error or success, and what was acknowledged is there when it is opened again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "subject.h"

struct options {
    uint64_t seed, seeds, states;
    int64_t state;    /* -1: all */
    const char *fail; /* NULL: no calls are made to fail */
    bool for_good, damage;
    int64_t nth; /* 0: all */
    const struct subject *subject;
    enum planted_bug bug;
    const char *bug_name; /* NULL: none */
    bool expect_failure, verbose, records, trace;
};

/* One run of work, and where its crashes are looked for. */
struct run {
    const struct options *options;
    uint64_t seed;
    struct disk *disk;
    void *history;
    struct life_result result;
    bool normal, small;
};

enum { LIVES_MAX = 4 };

/* Follows one line of lives from a crash to the next; the story of it in `story`. */
struct line {
    const struct run *run;
    uint64_t random;
    struct disk *disk;
    void *history;
    struct promise floor;   /* what must be there now */
    struct promise durable; /* and after any crash to come */
    struct life_result result;
    char story[1024];
};

static uint64_t states_run;

static void tell(struct line *line, const char *what, uint64_t position, uint64_t of)
{
    size_t used = strlen(line->story);
    (void)snprintf(line->story + used, sizeof line->story - used, "%s%s after record %llu of %llu",
                   used == 0 ? "" : "; ", what, (unsigned long long)position,
                   (unsigned long long)of);
}

/* The disk after a crash of the present life behind `position`. What only the page cache held is
 * there after the process was killed, and may be gone after the crash that comes next. */
static void crash_as(struct line *line, const struct disk_cursor *cursor, enum disk_loss loss,
                     uint64_t position, uint64_t of)
{
    const struct promises *promises = line->run->options->subject->promises(line->history);
    bool all_kept = loss == DISK_KILLED || loss == DISK_ALL;
    tell(line, disk_loss_name(loss), position, of);
    line->floor = promises_at(promises, &line->durable, position, all_kept);
    line->durable = promises_at(promises, &line->durable, position, loss == DISK_ALL);
    line->disk = disk_cursor_crash(cursor, loss, crash_random(&line->random));
    states_run++;
}

static void crash(struct line *line, const struct disk_cursor *cursor, uint64_t position,
                  uint64_t of)
{
    enum disk_loss loss = (enum disk_loss)crash_random_below(&line->random, DISK_LOSS_COUNT);
    crash_as(line, cursor, loss, position, of);
}

/* Recovery and work on the disk that a crash left; true: it was right. */
static bool live(struct line *line)
{
    struct life_plan plan = {.seed = crash_random(&line->random),
                             .steps = (uint32_t)crash_random_below(&line->random, 12),
                             .normal = line->run->normal,
                             .small = line->run->small,
                             .repeat = crash_random_below(&line->random, 2) == 0,
                             .clean = crash_random_below(&line->random, 4) == 0,
                             .trace = line->run->options->trace,
                             .bug = line->run->options->bug};
    bool fine = line->run->options->subject->live(line->disk, line->history, &line->floor, &plan,
                                                  &line->result);
    if (line->run->options->records) {
        printf("a life after: %s\n", line->story);
        disk_print(line->disk);
    }
    return fine;
}

static void crash_again(struct line *line)
{
    struct disk *before = line->disk;
    uint64_t where = crash_random_below(&line->random, 3); /* in recovery, at the end, anywhere */
    uint64_t bound = where == 0 ? line->result.opened : line->result.worked;
    uint64_t begin = disk_carried(before); /* what was there before this life stays together */
    if (bound < begin) bound = begin;
    uint64_t position = begin + crash_random_below(&line->random, bound - begin + 1);
    if (where == 1) position = line->result.worked;
    struct disk_cursor *cursor = disk_cursor_new(before);
    disk_cursor_advance(cursor, position);
    crash(line, cursor, position, line->result.worked);
    disk_cursor_free(cursor);
    disk_free(before);
}

static uint64_t state_random(const struct run *run, uint64_t state)
{
    uint64_t random = run->seed * 1000003 + state;
    return crash_random(&random);
}

/* Anywhere; one in three at the end, where most is unsynced. */
static uint64_t position_of(const struct run *run, uint64_t state)
{
    uint64_t random = state_random(run, state), position = crash_random(&random);
    return state % 3 == 0 ? run->result.worked : position % (run->result.worked + 1);
}

/* `cursor` stands at the position of the state. */
static bool state_run(const struct run *run, uint64_t state, const struct disk_cursor *cursor,
                      uint64_t position)
{
    struct line line = {.run = run, .random = state_random(run, state)};
    (void)crash_random(&line.random); /* made the position */
    line.history = run->options->subject->history_copy(run->history);
    crash(&line, cursor, position, run->result.worked);
    bool fine = live(&line);
    for (int lives = 1; fine && lives < LIVES_MAX; lives++) {
        if (crash_random_below(&line.random, 4) == 0) break;
        crash_again(&line);
        fine = live(&line);
    }
    if (!fine && !run->options->expect_failure) {
        printf("FAILED: %s\n  %s\n  crash_harness %s --seed %llu --state %llu%s%s\n",
               line.result.what, line.story, run->options->subject->name,
               (unsigned long long)run->seed, (unsigned long long)state,
               run->options->bug_name == NULL ? "" : " --bug ",
               run->options->bug_name == NULL ? "" : run->options->bug_name);
    } else if (run->options->verbose) {
        printf("seed %llu state %llu: %s: %s\n", (unsigned long long)run->seed,
               (unsigned long long)state, line.story, fine ? "right" : line.result.what);
    }
    disk_free(line.disk);
    run->options->subject->history_free(line.history);
    return fine;
}

struct place {
    uint64_t position, state;
};

static int place_compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    return x->state < y->state ? -1 : x->state > y->state;
}

/* All states of a run, in the order of their positions, because a cursor only moves forward. */
static bool states_check(const struct run *run)
{
    const struct options *options = run->options;
    uint64_t count = options->state >= 0 ? 1 : options->states;
    struct place *places = calloc(count + 1, sizeof *places);
    if (places == NULL) abort();
    for (uint64_t i = 0; i < count; i++) {
        places[i].state = options->state >= 0 ? (uint64_t)options->state : i;
        places[i].position = position_of(run, places[i].state);
    }
    qsort(places, count, sizeof *places, place_compare);
    struct disk_cursor *cursor = disk_cursor_new(run->disk);
    bool fine = true;
    for (uint64_t i = 0; i < count && fine; i++) {
        disk_cursor_advance(cursor, places[i].position);
        fine = state_run(run, places[i].state, cursor, places[i].position);
    }
    disk_cursor_free(cursor);
    free(places);
    return fine;
}

static struct run run_make(const struct options *options, uint64_t seed)
{
    return (struct run){.options = options,
                        .seed = seed,
                        .disk = disk_new(seed),
                        .history = options->subject->history_new(),
                        .normal = seed % 2 == 1,
                        .small = seed % 4 < 2};
}

static struct life_plan plan_make(const struct run *run)
{
    return (struct life_plan){.seed = run->seed,
                              .steps = 20 + (uint32_t)(run->seed * 7 % 60),
                              .normal = run->normal,
                              .small = run->small,
                              .clean = run->seed % 3 == 0,
                              .trace = run->options->trace,
                              .bug = run->options->bug};
}

static bool seed_check(const struct options *options, uint64_t seed)
{
    struct run run = run_make(options, seed);
    struct life_plan plan = plan_make(&run);
    struct promise nothing = {0};
    bool fine = options->subject->live(run.disk, run.history, &nothing, &plan, &run.result);
    if (!fine && !options->expect_failure)
        printf("FAILED without a crash: %s\n  crash_harness %s --seed %llu\n", run.result.what,
               options->subject->name, (unsigned long long)seed);
    if (options->records) disk_print(run.disk);
    if (options->verbose)
        printf("seed %llu: %llu records, %llu commits, %s\n", (unsigned long long)seed,
               (unsigned long long)run.result.worked,
               (unsigned long long)options->subject->last(run.history),
               run.normal ? "normal" : "full");
    fine = fine && states_check(&run);
    options->subject->history_free(run.history);
    disk_free(run.disk);
    return fine;
}

/* ---- damage ---- */

/* Bits of what a run left are flipped: an error, or a state of the history, however old. */
static bool damage_check(const struct options *options, uint64_t seed)
{
    static const char *const files[] = {"db", "db-log"};
    struct run run = run_make(options, seed);
    struct life_plan plan = plan_make(&run), look = {.damaged = true};
    struct promise nothing = {0};
    bool fine = options->subject->live(run.disk, run.history, &nothing, &plan, &run.result);
    for (uint64_t i = 0; fine && i < options->states; i++) {
        uint64_t random = state_random(&run, i);
        struct disk *disk = disk_copy(run.disk, random);
        for (uint64_t flips = 1 + crash_random_below(&random, 2); flips > 0; flips--) {
            const char *file = files[crash_random_below(&random, 2)];
            int64_t size = disk_file_size(disk, file);
            uint64_t used = size > 200000 ? 200000 : size < 1 ? 1 : (uint64_t)size;
            disk_damage(disk, file, crash_random_below(&random, used),
                        (uint8_t)(1 << crash_random_below(&random, 8)));
        }
        struct life_result result;
        void *history = options->subject->history_copy(run.history);
        fine = options->subject->live(disk, history, &nothing, &look, &result);
        states_run++;
        if (!fine)
            printf("FAILED: %s\n  crash_harness %s --damage --seed %llu, the %llu. flip\n",
                   result.what, options->subject->name, (unsigned long long)seed,
                   (unsigned long long)i);
        options->subject->history_free(history);
        disk_free(disk);
    }
    options->subject->history_free(run.history);
    disk_free(run.disk);
    return fine;
}

/* ---- calls that fail ---- */

static void arm(const struct options *options, struct disk *disk, int64_t nth)
{
    if (strcmp(options->fail, "alloc") == 0)
        mem_fail_nth(nth, options->for_good);
    else
        disk_fail_nth(disk, nth, options->for_good,
                      strcmp(options->fail, "full") == 0    ? DISK_FULL
                      : strcmp(options->fail, "short") == 0 ? DISK_SHORT
                                                            : DISK_EIO);
}

/* What is left when the process goes on to the next one, and after crashes at its end. */
static bool failed_states_check(const struct run *run, int64_t nth)
{
    static const enum disk_loss losses[] = {DISK_KILLED, DISK_NOTHING, DISK_SECTORS, DISK_HOLE};
    struct disk_cursor *cursor = disk_cursor_new(run->disk);
    bool fine = true;
    disk_cursor_advance(cursor, run->result.worked);
    for (size_t i = 0; fine && i < sizeof losses / sizeof losses[0]; i++) {
        struct line line = {.run = run, .random = run->seed + (uint64_t)nth};
        line.history = run->options->subject->history_copy(run->history);
        crash_as(&line, cursor, losses[i], run->result.worked, run->result.worked);
        fine = live(&line);
        if (!fine)
            printf("FAILED: %s\n  %s\n  crash_harness %s --seed %llu --fail %s%s --nth %lld\n",
                   line.result.what, line.story, run->options->subject->name,
                   (unsigned long long)run->seed, run->options->fail,
                   run->options->for_good ? " --for-good" : "", (long long)nth);
        disk_free(line.disk);
        run->options->subject->history_free(line.history);
    }
    disk_cursor_free(cursor);
    return fine;
}

/* One run in which call `nth` fails. *out_over: it has fewer calls. */
static bool failure_check(const struct options *options, uint64_t seed, int64_t nth, bool *out_over)
{
    struct run run = run_make(options, seed);
    struct life_plan plan = plan_make(&run);
    struct promise nothing = {0};
    uint64_t allocations = mem_alloc_count();
    int64_t used = mem_used_bytes();
    plan.failures = true;
    arm(options, run.disk, nth);
    bool fine = options->subject->live(run.disk, run.history, &nothing, &plan, &run.result);
    arm(options, run.disk, 0);
    *out_over = strcmp(options->fail, "alloc") == 0
                    ? (int64_t)(mem_alloc_count() - allocations) < nth
                    : disk_call_count(run.disk) < nth;
    if (fine && mem_used_bytes() != used) {
        (void)snprintf(run.result.what, sizeof run.result.what, "%lld bytes leaked",
                       (long long)(mem_used_bytes() - used));
        fine = false;
    }
    if (!fine)
        printf("FAILED: %s\n  crash_harness %s --seed %llu --fail %s%s --nth %lld\n",
               run.result.what, options->subject->name, (unsigned long long)seed, options->fail,
               options->for_good ? " --for-good" : "", (long long)nth);
    fine = fine && failed_states_check(&run, nth);
    options->subject->history_free(run.history);
    disk_free(run.disk);
    return fine;
}

static bool failures_check(const struct options *options, uint64_t seed)
{
    bool over = false;
    uint64_t failed = 0;
    int64_t nth = options->nth == 0 ? 1 : options->nth;
    for (; !over && failed < 5; nth++) {
        if (!failure_check(options, seed, nth, &over)) failed++;
        if (options->nth != 0) break;
    }
    return failed == 0;
}

/* ---- the command ---- */

static bool bug_read(struct options *options, const char *name)
{
    static const struct {
        const char *name;
        enum planted_bug bug;
    } bugs[] = {{"container-sync", PLANTED_SKIP_CONTAINER_SYNC},
                {"log-sync", PLANTED_SKIP_LOG_SYNC},
                {"keep-salt", PLANTED_KEEP_SALT},
                {"cut-unchecked", PLANTED_CUT_UNCHECKED},
                {"publish-early", PLANTED_PUBLISH_EARLY}};
    for (size_t i = 0; i < sizeof bugs / sizeof bugs[0]; i++) {
        if (strcmp(name, bugs[i].name) != 0) continue;
        options->bug_name = bugs[i].name;
        options->bug = bugs[i].bug;
        return true;
    }
    return false;
}

static bool subject_read(struct options *options, const char *name)
{
    static const struct subject *const subjects[] = {&subject_pager, &subject_sql,
                                                     &subject_threads};
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (strcmp(name, subjects[i]->name) == 0) options->subject = subjects[i];
    }
    return options->subject != NULL;
}

static bool options_read(struct options *options, int argc, char **argv)
{
    if (argc < 2 || !subject_read(options, argv[1])) return false;
    for (int i = 2; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        bool *flag = strcmp(name, "--expect-failure") == 0 ? &options->expect_failure
                     : strcmp(name, "--verbose") == 0      ? &options->verbose
                     : strcmp(name, "--records") == 0      ? &options->records
                     : strcmp(name, "--trace") == 0        ? &options->trace
                     : strcmp(name, "--damage") == 0       ? &options->damage
                     : strcmp(name, "--for-good") == 0     ? &options->for_good
                                                           : NULL;
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        i++;
        char *end = NULL;
        uint64_t number = strtoull(value, &end, 10);
        bool is_number = *value != '\0' && *end == '\0';
        if (strcmp(name, "--bug") == 0) {
            if (!bug_read(options, value)) return false;
        } else if (strcmp(name, "--fail") == 0) {
            options->fail = value;
        } else if (strcmp(name, "--nth") == 0 && is_number) {
            options->nth = (int64_t)number;
        } else if (strcmp(name, "--seed") == 0 && is_number) {
            options->seed = number;
        } else if (strcmp(name, "--seeds") == 0 && is_number) {
            options->seeds = number;
        } else if (strcmp(name, "--states") == 0 && is_number) {
            options->states = number;
        } else if (strcmp(name, "--state") == 0 && is_number) {
            options->state = (int64_t)number;
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .seeds = 1, .states = 100, .state = -1};
    if (!options_read(&options, argc, argv)) {
        fprintf(stderr,
                "usage: crash_harness pager|sql|threads [--seed N] [--seeds COUNT] "
                "[--states COUNT] [--state M] "
                "[--bug NAME] [--expect-failure] [--verbose] [--records] [--trace] [--damage]\n");
        return 2;
    }
#ifdef NDEBUG
    if (options.bug_name != NULL) {
        printf("skipped: planted faults are in builds with assertions only\n");
        return 77;
    }
#endif
    uint64_t failed = 0;
    for (uint64_t i = 0; i < options.seeds; i++) {
        uint64_t seed = options.seed + i;
        bool fine = options.damage         ? damage_check(&options, seed)
                    : options.fail == NULL ? seed_check(&options, seed)
                                           : failures_check(&options, seed);
        if (!fine) failed++;
        if (failed > 0 && options.expect_failure) break;
    }
    printf("crash_harness %s: %llu states from seed %llu on, %llu runs failed%s\n",
           options.subject->name, (unsigned long long)states_run, (unsigned long long)options.seed,
           (unsigned long long)failed, options.expect_failure ? ", as they should" : "");
    return (failed > 0) == options.expect_failure ? 0 : 1;
}
