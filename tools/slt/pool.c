#include "slt/pool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child sends back for a file, followed by the two texts. */
struct message {
    struct slt_counts counts;
    uint64_t failures_bytes, causes_bytes; /* causes: lines of a count, a blank, the cause */
};

struct worker {
    pid_t pid; /* 0: none */
    int to, from;
    bool busy;
    size_t file;
    uint64_t deadline_ns; /* 0: none */
    struct slt_progress *progress;
};

struct pool {
    const struct slt_options *options;
    const struct slt_files *files;
    slt_done_fn *done;
    void *arg;
    FILE *err;
    struct worker *workers;
    struct pollfd *polls; /* one per worker */
    size_t worker_count;
    struct slt_progress *progress; /* shared with the children, one each */
};

static bool write_all(int fd, const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t done = write(fd, at, bytes);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        at += done;
        bytes -= (size_t)done;
    }
    return true;
}

static bool read_exactly(int fd, void *data, size_t bytes)
{
    char *at = data;
    while (bytes > 0) {
        ssize_t done = read(fd, at, bytes);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        at += done;
        bytes -= (size_t)done;
    }
    return true;
}

static bool send_result(int fd, const struct slt_result *result)
{
    struct slt_text causes = {0};
    for (size_t i = 0; i < result->causes.count; i++) {
        const struct slt_cause *cause = &result->causes.items[i];
        slt_text_addf(&causes, "%llu %s\n", (unsigned long long)cause->count, cause->text);
    }
    struct message message = {result->counts, result->failures.len, causes.len};
    bool sent = write_all(fd, &message, sizeof message) &&
                write_all(fd, result->failures.data, result->failures.len) &&
                write_all(fd, causes.data, causes.len);
    slt_text_deinit(&causes);
    return sent;
}

/* The life of a child: file numbers come in, results go out. */
static void serve(const struct pool *pool, const struct worker *worker, int in, int out)
{
    uint64_t file = 0;
    while (read_exactly(in, &file, sizeof file)) {
        struct slt_result result = {0};
        slt_file_run(pool->options, pool->files->items[file].path, worker->progress, &result);
        bool sent = send_result(out, &result);
        slt_result_deinit(&result);
        if (!sent) break;
    }
}

static void close_pipes(struct worker *worker)
{
    if (worker->to >= 0) (void)close(worker->to); /* pipes: nothing to lose */
    if (worker->from >= 0) (void)close(worker->from);
    worker->to = worker->from = -1;
}

static bool spawn(struct pool *pool, struct worker *worker)
{
    int request[2], answer[2];
    if (pipe(request) != 0) return false;
    if (pipe(answer) != 0) {
        (void)close(request[0]);
        (void)close(request[1]);
        return false;
    }
    (void)fflush(NULL); /* or the child would write it a second time */
    worker->pid = fork();
    if (worker->pid == 0) {
        (void)close(request[1]);
        (void)close(answer[0]);
        for (size_t i = 0; i < pool->worker_count; i++) {
            if (&pool->workers[i] != worker) close_pipes(&pool->workers[i]);
        }
        serve(pool, worker, request[0], answer[1]);
        exit(0);
    }
    (void)close(request[0]);
    (void)close(answer[1]);
    worker->to = request[1];
    worker->from = answer[0];
    if (worker->pid > 0) return true;
    worker->pid = 0;
    close_pipes(worker);
    return false;
}

/* Wait for the child and describe how it ended; *out_clean is true for exit code 0. */
static void reap(struct worker *worker, char *text, size_t bytes, bool *out_clean)
{
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    *out_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status)) {
        (void)snprintf(text, bytes, "crash: signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status))); /* cut if too long */
    } else {
        (void)snprintf(text, bytes, "crash: the process ended with exit code %d",
                       WEXITSTATUS(status));
    }
    worker->pid = 0;
    close_pipes(worker);
}

/* The file's child is gone: tell what is known. */
static void bury(struct pool *pool, struct worker *worker, bool timed_out)
{
    char how[160];
    bool clean = false;
    reap(worker, how, sizeof how, &clean);
    if (timed_out) (void)snprintf(how, sizeof how, "timeout");
    struct slt_result result = {0};
    uint64_t failed = atomic_load(&worker->progress->failed);
    result.counts.records = atomic_load(&worker->progress->records);
    result.counts.failed = failed + 1;
    if (result.counts.records > failed + 1) {
        result.counts.passed = result.counts.records - failed - 1;
    }
    slt_text_addf(&result.failures, "%s:%u: %s", pool->files->items[worker->file].path,
                  atomic_load(&worker->progress->line), how);
    if (timed_out) {
        slt_text_addf(&result.failures, " after %u s", pool->options->timeout_seconds);
    }
    slt_text_addc(&result.failures, '\n');
    (void)slt_causes_add(&result.causes, (struct slt_slice){how, strlen(how)}, 1);
    worker->busy = false;
    pool->done(pool->arg, worker->file, &result);
    slt_result_deinit(&result);
}

static void parse_causes(struct slt_causes *causes, struct slt_slice text)
{
    struct slt_slice line;
    while (slt_slice_line(&text, &line)) {
        char *end = NULL;
        uint64_t count = strtoull(line.data, &end, 10);
        size_t used = (size_t)(end - line.data) + 1;
        if (used > line.len) continue;
        (void)slt_causes_add(causes, (struct slt_slice){line.data + used, line.len - used}, count);
    }
}

/* Take the result of a file. False if the child died before it was complete. */
static bool receive(struct pool *pool, struct worker *worker)
{
    struct message message;
    if (!read_exactly(worker->from, &message, sizeof message)) return false;
    struct slt_result result = {.counts = message.counts};
    struct slt_text causes = {0};
    char *failures_room = slt_text_room(&result.failures, message.failures_bytes);
    char *causes_room = slt_text_room(&causes, message.causes_bytes);
    bool complete = failures_room != NULL && causes_room != NULL &&
                    read_exactly(worker->from, failures_room, message.failures_bytes) &&
                    read_exactly(worker->from, causes_room, message.causes_bytes);
    if (complete) {
        result.failures.len = message.failures_bytes;
        parse_causes(&result.causes, (struct slt_slice){causes.data, message.causes_bytes});
        worker->busy = false;
        pool->done(pool->arg, worker->file, &result);
    }
    slt_result_deinit(&result);
    slt_text_deinit(&causes);
    return complete;
}

static bool assign(struct pool *pool, struct worker *worker, size_t file)
{
    uint64_t number = file;
    for (int attempt = 0; attempt < 2; attempt++) {
        if (worker->pid == 0 && !spawn(pool, worker)) break;
        if (write_all(worker->to, &number, sizeof number)) {
            uint32_t seconds = pool->options->timeout_seconds;
            worker->busy = true;
            worker->file = file;
            worker->deadline_ns =
                seconds == 0 ? 0 : slt_clock_ns() + (uint64_t)seconds * 1000000000u;
            return true;
        }
        char how[160];
        bool clean = false;
        reap(worker, how, sizeof how, &clean); /* it died between two files: take another */
    }
    fprintf(pool->err, "Error: cannot start a process: %s\n", strerror(errno));
    return false;
}

/* Milliseconds until the first deadline; -1: none. */
static int wait_ms(const struct pool *pool)
{
    uint64_t first = 0, now = slt_clock_ns();
    for (size_t i = 0; i < pool->worker_count; i++) {
        const struct worker *worker = &pool->workers[i];
        if (!worker->busy || worker->deadline_ns == 0) continue;
        if (first == 0 || worker->deadline_ns < first) first = worker->deadline_ns;
    }
    if (first == 0) return -1;
    if (first <= now) return 0;
    uint64_t ms = (first - now) / 1000000u + 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void attend(struct pool *pool)
{
    struct pollfd *polls = pool->polls;
    for (size_t i = 0; i < pool->worker_count; i++) {
        polls[i] = (struct pollfd){.fd = pool->workers[i].busy ? pool->workers[i].from : -1,
                                   .events = POLLIN};
    }
    if (poll(polls, pool->worker_count, wait_ms(pool)) < 0) return; /* a signal: look again */
    uint64_t now = slt_clock_ns();
    for (size_t i = 0; i < pool->worker_count; i++) {
        struct worker *worker = &pool->workers[i];
        if (!worker->busy) continue;
        if (polls[i].revents != 0) {
            if (!receive(pool, worker)) bury(pool, worker, false);
        } else if (worker->deadline_ns != 0 && now >= worker->deadline_ns) {
            (void)kill(worker->pid, SIGKILL); /* our own child, not yet waited for */
            bury(pool, worker, true);
        }
    }
}

static bool any_busy(const struct pool *pool)
{
    for (size_t i = 0; i < pool->worker_count; i++) {
        if (pool->workers[i].busy) return true;
    }
    return false;
}

static bool run_all(struct pool *pool)
{
    size_t next = 0;
    bool working = true;
    while (working || any_busy(pool)) {
        for (size_t i = 0; working && i < pool->worker_count; i++) {
            if (next == pool->files->count) break;
            if (!pool->workers[i].busy) working = assign(pool, &pool->workers[i], next++);
        }
        if (any_busy(pool))
            attend(pool);
        else if (next == pool->files->count)
            return working;
    }
    return false;
}

/* Let the children end, and see that they do so well. */
static bool dismiss(struct pool *pool)
{
    bool all_clean = true;
    for (size_t i = 0; i < pool->worker_count; i++) {
        struct worker *worker = &pool->workers[i];
        if (worker->pid == 0) continue;
        (void)close(worker->to);
        worker->to = -1;
        char how[160];
        bool clean = false;
        reap(worker, how, sizeof how, &clean);
        if (clean) continue;
        fprintf(pool->err, "Error: a process that had run all its files: %s\n", how);
        all_clean = false;
    }
    return all_clean;
}

bool slt_pool_run(const struct slt_options *options, const struct slt_files *files,
                  slt_done_fn *done, void *arg, FILE *err)
{
    struct pool pool = {.options = options,
                        .files = files,
                        .done = done,
                        .arg = arg,
                        .err = err,
                        .worker_count = options->jobs};
    if (pool.worker_count > files->count) pool.worker_count = files->count;
    size_t shared_bytes = pool.worker_count * sizeof *pool.progress;
    pool.polls = calloc(pool.worker_count, sizeof *pool.polls);
    pool.workers = calloc(pool.worker_count, sizeof *pool.workers);
    pool.progress =
        mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool well = false;
    if (pool.polls == NULL || pool.workers == NULL || pool.progress == MAP_FAILED) {
        fprintf(err, "Error: out of memory\n");
    } else {
        (void)signal(SIGPIPE, SIG_IGN); /* a dead child shows as a failed write instead */
        for (size_t i = 0; i < pool.worker_count; i++) {
            pool.workers[i].to = pool.workers[i].from = -1;
            pool.workers[i].progress = &pool.progress[i];
        }
        well = run_all(&pool);
        well = dismiss(&pool) && well;
    }
    if (pool.progress != MAP_FAILED) (void)munmap(pool.progress, shared_bytes);
    free(pool.workers);
    free(pool.polls);
    return well;
}
