/* crash_kill.c -- a process with four writers, killed again and again.
 *
 *     crash_kill DIRECTORY [--rounds COUNT] [--seed N]
 *
 * In each round a child opens the database, says what is in it, and writes from four threads; what
 * was acknowledged it says through a pipe. The parent kills it after a while, every third time
 * while it still recovers, and keeps the ledger: whatever was acknowledged must be there in the
 * next round, and of each thread at most the one commit beyond that which was under way. */
#define _GNU_SOURCE 1
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "llkv.h"

enum { WRITERS = 4, PATH_BYTES = 512 };
enum message_kind { FOUND, ACKNOWLEDGED, WRONG, READY };

/* Smaller than what a pipe takes whole. */
struct message {
    uint32_t kind, writer;
    int64_t number;
    char text[160];
};

/* ---- the child ---- */

struct child {
    llkv_engine *engine;
    int pipe;
    uint64_t seed;
    int64_t first[WRITERS]; /* what each goes on from */
};

struct child_writer {
    struct child *child;
    uint32_t number;
};

static void say(int fd, struct message message)
{
    if (write(fd, &message, sizeof message) != (ssize_t)sizeof message) _exit(3);
}

static void say_wrong(struct child *child, const char *doing, const llkv_error *error)
{
    struct message message = {.kind = WRONG};
    (void)snprintf(message.text, sizeof message.text, "%.60s: %.80s", doing, error->message);
    say(child->pipe, message);
    _exit(1);
}

static void run(struct child *child, llkv_session *session, const char *sql)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(session, sql, strlen(sql), &results, &error);
    llkv_results_free(results);
    if (rc != LLKV_OK) say_wrong(child, sql, &error);
}

static int64_t scalar(struct child *child, llkv_session *session, const char *sql)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_statement *statement = NULL;
    bool row = false;
    llkv_code rc = llkv_prepare(session, sql, strlen(sql), &statement, NULL, &error);
    if (rc == LLKV_OK) rc = llkv_statement_step(statement, &row, &error);
    if (rc != LLKV_OK || !row) say_wrong(child, sql, &error);
    int64_t value = llkv_value_int64(statement, 0);
    llkv_statement_free(statement);
    return value;
}

static llkv_session *session_open(struct child *child)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_session *session = NULL;
    if (llkv_session_open(child->engine, &session, &error) != LLKV_OK)
        say_wrong(child, "opening a session", &error);
    return session;
}

/* Refused while others are in the middle of a transaction: the next one may come through. */
static void checkpoint(struct child *child, llkv_session *session)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_results *results = NULL;
    const char *sql = "CHECKPOINT";
    llkv_code rc = llkv_execute(session, sql, strlen(sql), &results, &error);
    llkv_results_free(results);
    if (rc != LLKV_OK && rc != LLKV_BUSY) say_wrong(child, sql, &error);
}

/* One commit: in turn one statement, a transaction of several, or rows enough for a batch. */
static void commit(struct child *child, llkv_session *session, uint32_t writer, int64_t number)
{
    char sql[1024];
    const char *begin = "BEGIN;", *end = ";COMMIT";
    int64_t rows = number % 97 == 0 ? 4000 : number % 5 == 0 ? 30 : 0;
    int used = snprintf(sql, sizeof sql,
                        "%sINSERT INTO ledger VALUES (%u, %lld);"
                        "UPDATE counters SET n = %lld WHERE writer = %u",
                        begin, writer, (long long)number, (long long)number, writer);
    if (rows > 0)
        used += snprintf(sql + used, sizeof sql - (size_t)used,
                         ";DELETE FROM loads WHERE writer = %u;"
                         "INSERT INTO loads SELECT %u, %lld, repeat('x', 80) FROM range(%lld)",
                         writer, writer, (long long)number, (long long)rows);
    (void)snprintf(sql + used, sizeof sql - (size_t)used, "%s", end);
    run(child, session, sql);
}

static void *write_on(void *arg)
{
    struct child_writer *self = arg;
    struct child *child = self->child;
    llkv_session *session = session_open(child);
    for (int64_t number = child->first[self->number] + 1;; number++) {
        commit(child, session, self->number, number);
        say(child->pipe,
            (struct message){.kind = ACKNOWLEDGED, .writer = self->number, .number = number});
        if (number % 20 == 0) checkpoint(child, session);
    }
    return NULL;
}

/* What is there: for each writer the counter, which its ledger must bear out. */
static void report(struct child *child, llkv_session *session)
{
    char sql[256];
    run(child, session,
        "CREATE TABLE IF NOT EXISTS counters(writer INTEGER PRIMARY KEY, n BIGINT);"
        "CREATE TABLE IF NOT EXISTS ledger(writer INTEGER, n BIGINT, PRIMARY KEY(writer, n));"
        "CREATE TABLE IF NOT EXISTS loads(writer INTEGER, n BIGINT, txt VARCHAR)");
    if (scalar(child, session, "SELECT count(*) FROM counters") == 0)
        run(child, session, "INSERT INTO counters VALUES (0, 0), (1, 0), (2, 0), (3, 0)");
    for (uint32_t i = 0; i < WRITERS; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT n FROM counters WHERE writer = %u", i);
        int64_t n = child->first[i] = scalar(child, session, sql);
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) * 1000000 + coalesce(max(n), 0) FROM ledger "
                       "WHERE writer = %u",
                       i);
        int64_t ledger = scalar(child, session, sql);
        int64_t load = n - n % 5 > n - n % 97 ? n - n % 5 : n - n % 97;
        int64_t rows = load == 0 ? 0 : load % 97 == 0 ? 4000 : 30;
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM loads WHERE writer = %u AND n = %lld AND "
                       "length(txt) = 80",
                       i, (long long)load);
        int64_t found = scalar(child, session, sql);
        struct message message = {.kind = FOUND, .writer = i, .number = n};
        if (ledger != n * 1000000 + n || found != rows) {
            message.kind = WRONG;
            (void)snprintf(message.text, sizeof message.text,
                           "writer %u: counter %lld, ledger %lld, %lld rows of load %lld", i,
                           (long long)n, (long long)ledger, (long long)found, (long long)load);
        }
        say(child->pipe, message);
    }
}

static void child_run(const char *path, int fd, uint64_t seed)
{
    struct child child = {.pipe = fd, .seed = seed};
    struct child_writer writers[WRITERS];
    pthread_t threads[WRITERS];
    llkv_error error = LLKV_ERROR_INIT;
    llkv_engine_options options = {.struct_size = sizeof options, .path = path, .threads = 1};
    if (llkv_engine_open(&options, &child.engine, &error) != LLKV_OK)
        say_wrong(&child, "open", &error);
    llkv_session *session = session_open(&child);
    if (seed % 2 == 1) run(&child, session, "PRAGMA synchronous=normal");
    report(&child, session);
    say(fd, (struct message){.kind = READY});
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct child_writer){&child, i};
        if (pthread_create(&threads[i], NULL, write_on, &writers[i]) != 0) _exit(4);
    }
    for (uint32_t i = 0; i < WRITERS; i++)
        (void)pthread_join(threads[i], NULL);
    _exit(0);
}

/* ---- the parent ---- */

struct ledger {
    int64_t acknowledged[WRITERS];
    uint64_t commits;
    bool wrong;
};

static void take_message(struct ledger *ledger, const struct message *message)
{
    int64_t *acknowledged = &ledger->acknowledged[message->writer % WRITERS];
    switch ((enum message_kind)message->kind) {
    case READY: return;
    case WRONG:
        printf("FAILED: %s\n", message->text);
        ledger->wrong = true;
        return;
    case ACKNOWLEDGED:
        *acknowledged = message->number;
        ledger->commits++;
        return;
    case FOUND: break;
    }
    if (message->number != *acknowledged && message->number != *acknowledged + 1) {
        printf("FAILED: writer %u is at %lld, but %lld was acknowledged\n", message->writer,
               (long long)message->number, (long long)*acknowledged);
        ledger->wrong = true;
    }
    *acknowledged = message->number;
}

static void sleep_micros(uint64_t micros)
{
    struct timespec time = {.tv_sec = (time_t)(micros / 1000000),
                            .tv_nsec = (int64_t)(micros % 1000000) * 1000};
    (void)nanosleep(&time, NULL);
}

/* One child from birth to death. `early`: it is killed without waiting until it is ready. */
static bool round_run(const char *path, struct ledger *ledger, uint64_t *random, bool early)
{
    int fds[2];
    if (pipe(fds) != 0) return false;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) return false;
    uint64_t seed = crash_random(random);
    if (pid == 0) {
        (void)close(fds[0]);
        child_run(path, fds[1], seed);
    }
    (void)close(fds[1]);
    struct message message = {.kind = WRONG};
    bool more = true;
    while (!early && more && message.kind != READY) {
        more = read(fds[0], &message, sizeof message) == (ssize_t)sizeof message;
        if (more) take_message(ledger, &message);
    }
    sleep_micros(early ? crash_random_below(random, 6000) : crash_random_below(random, 60000));
    (void)kill(pid, SIGKILL);
    while (read(fds[0], &message, sizeof message) == (ssize_t)sizeof message)
        take_message(ledger, &message);
    (void)close(fds[0]);
    int status = 0;
    (void)waitpid(pid, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        printf("FAILED: the child ended by itself, status %x\n", (unsigned)status);
        ledger->wrong = true;
    }
    return !ledger->wrong;
}

int main(int argc, char **argv)
{
    uint64_t rounds = 20, seed = 1;
    for (int i = 2; i + 1 < argc; i += 2) {
        uint64_t *number = strcmp(argv[i], "--rounds") == 0 ? &rounds : &seed;
        *number = strtoull(argv[i + 1], NULL, 10);
    }
    if (argc < 2 || argc % 2 != 0) {
        fprintf(stderr, "usage: crash_kill DIRECTORY [--rounds COUNT] [--seed N]\n");
        return 2;
    }
    char path[PATH_BYTES], log[PATH_BYTES + 8];
    (void)mkdir(argv[1], 0700); /* it may be there */
    (void)snprintf(path, sizeof path, "%s/kill.llkv", argv[1]);
    (void)snprintf(log, sizeof log, "%s-log", path);
    (void)unlink(path);
    (void)unlink(log);
    struct ledger ledger = {0};
    uint64_t random = seed, round = 0;
    while (round < rounds && round_run(path, &ledger, &random, round % 3 == 2))
        round++;
    printf("crash_kill: %llu of %llu rounds from seed %llu, %llu commits acknowledged\n",
           (unsigned long long)round, (unsigned long long)rounds, (unsigned long long)seed,
           (unsigned long long)ledger.commits);
    return ledger.wrong || round < rounds ? 1 : 0;
}
