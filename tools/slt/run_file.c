#include "slt/run_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "slt/connection.h"
#include "slt/dialect.h"
#include "slt/expand.h"

/* A file while it runs. */
struct run {
    const struct slt_options *options;
    const char *path; /* to show */
    const struct slt_dialect *dialect;
    struct slt_progress *progress;
    struct slt_result *result;
    struct slt_text text;     /* of the file */
    struct slt_text disable;  /* a setup script, NUL-terminated */
    struct slt_text database; /* path, NUL-terminated; empty: in memory */
    struct slt_text expanded;
    bool read_only;
    bool unmet; /* the file needs something that is not there */
    struct slt_connections connections;
    struct slt_check check;
    llkv_engine *engine;
    char folder[64]; /* scratch folder of an engine on a file; empty: none */
};

enum { DEBUG_SEGMENT_ROWS = 64, DEBUG_VECTOR_ROWS = 8 };

void slt_result_deinit(struct slt_result *result)
{
    slt_text_deinit(&result->failures);
    slt_causes_deinit(&result->causes);
    *result = (struct slt_result){0};
}

/* Keep the slowest ones, slowest first. */
static void insert_slow(struct slt_slow slow[SLT_SLOW_COUNT], const struct slt_slow *one)
{
    size_t i = SLT_SLOW_COUNT - 1;
    for (; i > 0 && slow[i - 1].ns < one->ns; i--)
        slow[i] = slow[i - 1];
    slow[i] = *one;
}

/* Count the failure that run->check describes. */
static void note_failure(struct run *run, uint32_t line)
{
    struct slt_result *result = run->result;
    result->counts.failed++;
    atomic_fetch_add_explicit(&run->progress->failed, 1, memory_order_relaxed);
    struct slt_slice cause = {run->check.cause.data, run->check.cause.len};
    (void)slt_causes_add(&result->causes, cause, 1); /* without memory one cause is not counted */
    if (result->counts.failed > run->options->failures_max) return;
    slt_text_addz(&result->failures, run->path);
    if (line > 0) slt_text_addf(&result->failures, ":%u", line);
    slt_text_addz(&result->failures, ": ");
    slt_text_add(&result->failures, run->check.detail.data, run->check.detail.len);
}

static void fail_file(struct run *run, const char *cause)
{
    slt_check_fail(&run->check, NULL, cause);
    note_failure(run, 0);
}

static void fail_file_error(struct run *run, const char *what, const llkv_error *error)
{
    slt_check_fail_error(&run->check, NULL, what, error);
    note_failure(run, 0);
}

/* Where a .slturl file points: the path of the file to read, NUL-terminated in run->text. */
static bool follow_url(struct run *run)
{
    struct slt_slice rest = {run->text.data, run->text.len}, line = {0};
    (void)slt_slice_line(&rest, &line);
    while (line.len > 0 && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == ' ')) {
        line.len--;
    }
    struct slt_text path = {0};
    static const char *const schemes[] = {"file://", "file:", "https://", "http://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (line.len <= len || memcmp(line.data, schemes[i], len) != 0) continue;
        bool web = schemes[i][0] == 'h';
        if (web && run->options->mirror == NULL) break;
        if (web) slt_text_addf(&path, "%s/", run->options->mirror);
        slt_text_add(&path, line.data + len, line.len - len);
        slt_text_addc(&path, '\0');
        break;
    }
    if (path.len == 0 || path.failed) {
        fail_file(run, path.failed ? "out of memory in the harness"
                                   : "the URL is no file: path (http needs --slt-mirror)");
        slt_text_deinit(&path);
        return false;
    }
    slt_text_clear(&run->text);
    int rc = slt_text_read_file(&run->text, path.data);
    if (rc != 0) fail_file(run, strerror(rc));
    slt_text_deinit(&path);
    return rc == 0;
}

static bool read_text(struct run *run)
{
    int rc = slt_text_read_file(&run->text, run->path);
    if (rc != 0) {
        fail_file(run, strerror(rc));
        return false;
    }
    const char *dot = strrchr(run->path, '.');
    return dot == NULL || strcmp(dot, ".slturl") != 0 || follow_url(run);
}

/* A scratch folder, if there is none yet. */
static bool make_folder(struct run *run)
{
    if (run->folder[0] != '\0') return true;
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == '\0') base = "/tmp";
    int len = snprintf(run->folder, sizeof run->folder, "%s/llkv-slt-XXXXXX", base);
    if (len < 0 || (size_t)len >= sizeof run->folder || mkdtemp(run->folder) == NULL) {
        run->folder[0] = '\0';
        fail_file(run, "cannot make a scratch folder below TMPDIR");
        return false;
    }
    return true;
}

static void set_database(struct run *run, const char *name)
{
    slt_text_clear(&run->database);
    if (name != NULL) slt_text_addf(&run->database, "%s/%s", run->folder, name);
    if (name != NULL) slt_text_addc(&run->database, '\0');
}

/* The setup scripts of every first connection. */
static void collect_setups(struct run *run)
{
    size_t setups = 0;
    if (run->dialect->setup != NULL) run->connections.setup[setups++] = run->dialect->setup;
    if (run->options->disable != NULL) {
        slt_text_clear(&run->disable);
        slt_text_addf(&run->disable, "SET disabled_rules = '%s'", run->options->disable);
        slt_text_addc(&run->disable, '\0');
        if (!run->disable.failed) run->connections.setup[setups++] = run->disable.data;
    }
}

/* On the file that run->database names, or in memory. */
static bool open_engine(struct run *run)
{
    const struct slt_options *options = run->options;
    llkv_engine_options engine_options = {
        .struct_size = sizeof engine_options,
        .threads = options->threads,
        .memory_limit = options->memory_limit,
        .path = run->database.len > 0 ? run->database.data : NULL,
        .debug_segment_rows = options->small ? DEBUG_SEGMENT_ROWS : 0,
        .debug_vector_rows = options->small ? DEBUG_VECTOR_ROWS : 0,
        .debug_no_pruning = options->no_pruning,
        .read_only = run->read_only,
    };
    llkv_error error = LLKV_ERROR_INIT;
    if (llkv_engine_open(&engine_options, &run->engine, &error) != LLKV_OK) {
        fail_file_error(run, "cannot open an engine", &error);
        return false;
    }
    collect_setups(run);
    if (slt_connections_open(&run->connections, run->engine, options->multi, &error) != LLKV_OK) {
        fail_file_error(run, "cannot open a session", &error);
        return false;
    }
    return true;
}

static void close_engine(struct run *run)
{
    llkv_error error = LLKV_ERROR_INIT;
    if (slt_connections_close(&run->connections, &error) != LLKV_OK) {
        fail_file_error(run, "cannot close a session", &error);
    }
    if (llkv_engine_close(run->engine, &error) != LLKV_OK) {
        fail_file_error(run, "cannot close the engine", &error);
    }
    run->engine = NULL;
}

static bool open_first(struct run *run)
{
    if (run->options->drive) {
        if (!make_folder(run)) return false;
        set_database(run, "memory"); /* so that names of three parts mean the same */
    }
    return open_engine(run);
}

/* ---- records about the database ---- */

/* A database on another file, empty unless it is only read; without a name one in memory. */
static bool load(struct run *run, const struct slt_record *record)
{
    char name[64] = "";
    size_t at = record->sql.len;
    while (at > 0 && record->sql.data[at - 1] != '/')
        at--;
    size_t len = record->sql.len - at < sizeof name - 5 ? record->sql.len - at : sizeof name - 5;
    memcpy(name, record->sql.data + at, len);
    close_engine(run);
    run->read_only = record->read_only;
    if (record->sql.len == 0) {
        set_database(run, NULL);
        return open_engine(run);
    }
    if (!make_folder(run)) return false;
    set_database(run, name);
    struct slt_text log = {0};
    slt_text_addf(&log, "%s-log", run->database.data);
    slt_text_addc(&log, '\0');
    if (!record->read_only) {
        (void)unlink(run->database.data); /* mostly there is none */
        if (!log.failed) (void)unlink(log.data);
    }
    slt_text_deinit(&log);
    return open_engine(run);
}

/* Closed and opened again; what was in memory is gone with it. */
static bool restart(struct run *run)
{
    close_engine(run);
    return open_engine(run);
}

static bool reconnect(struct run *run)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = slt_connections_close(&run->connections, &error);
    collect_setups(run);
    if (rc == LLKV_OK) {
        rc = slt_connections_open(&run->connections, run->engine, run->options->multi, &error);
    }
    if (rc == LLKV_OK) return true;
    fail_file_error(run, "cannot open a session", &error);
    return false;
}

/* What a file may ask for and gets. */
static bool is_met(const struct slt_record *record)
{
    static const char *const there[] = {"skip_reload", "notwindows",     "64bit",
                                        "longdouble",  "noforcestorage", "no_alternative_verify"};
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        if (slt_slice_is(record->sql, there[i])) return true;
    if (!slt_slice_is(record->sql, "vector_size")) return false;
    struct slt_slice number = record->label;
    unsigned long rows = 0;
    for (size_t i = 0; i < number.len; i++)
        rows = rows * 10 + (unsigned long)(number.data[i] - '0');
    return rows <= 2048;
}

struct job {
    struct slt_check *check;
    const struct slt_record *record;
};

static void run_job(llkv_session *session, void *arg)
{
    struct job *job = arg;
    slt_check_record(job->check, job->record, session);
}

static void run_on_connection(struct run *run, const struct slt_record *record)
{
    struct slt_connection *connection = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = slt_connections_get(&run->connections, record->connection, &connection, &error);
    if (rc != LLKV_OK) {
        slt_check_fail_error(&run->check, record, "cannot open a session", &error);
        return;
    }
    struct job job = {&run->check, record};
    slt_connection_run(&run->connections, connection, run_job, &job);
}

static void note_slow(struct run *run, const struct slt_record *record, uint64_t ns)
{
    struct slt_slow *slow = run->result->counts.slow;
    if (ns <= slow[SLT_SLOW_COUNT - 1].ns) return;
    struct slt_slow one = {.ns = ns, .line = record->line};
    size_t len = record->sql.len < sizeof one.sql - 1 ? record->sql.len : sizeof one.sql - 1;
    for (size_t i = 0; i < len; i++) {
        one.sql[i] = record->sql.data[i] == '\n' ? ' ' : record->sql.data[i];
    }
    insert_slow(slow, &one);
}

/* Statements and queries. */
static void run_record(struct run *run, const struct slt_record *record)
{
    struct slt_counts *counts = &run->result->counts;
    counts->records++;
    atomic_store_explicit(&run->progress->line, record->line, memory_order_relaxed);
    atomic_store_explicit(&run->progress->records, counts->records, memory_order_relaxed);
    if (record->skip) {
        slt_check_skipped(&run->check, record);
    } else {
        uint64_t start = run->options->stats ? slt_clock_ns() : 0;
        run_on_connection(run, record);
        if (run->options->stats) note_slow(run, record, slt_clock_ns() - start);
    }
    if (run->check.failed)
        note_failure(run, record->line);
    else if (record->skip)
        counts->skipped++;
    else
        counts->passed++;
}

/* Between two records; transactions that have changed something are not to be disturbed. */
static void checkpoint(struct run *run)
{
    static const char sql[] = "CHECKPOINT";
    llkv_session *session = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = llkv_session_open(run->engine, &session, &error);
    if (rc == LLKV_OK) {
        rc = slt_run_script(session, (struct slt_slice){sql, sizeof sql - 1}, &error);
        (void)llkv_session_close(session, NULL); /* nothing of it is open */
    }
    if (rc != LLKV_OK && rc != LLKV_BUSY) fail_file_error(run, "checkpoint", &error);
}

static void run_one(struct run *run, const struct slt_record *record)
{
    const uint32_t every = run->options->checkpoint_every;
    run_record(run, record);
    if (every != 0 && run->result->counts.records % every == 0 && !run->read_only) checkpoint(run);
}

static void note_invalid(struct run *run, const struct slt_record *record, const char *problem)
{
    run->result->counts.records++;
    slt_check_fail(&run->check, record, problem);
    note_failure(run, record->line);
}

/* False: the file ends here. */
static bool take_record(struct run *run, const struct slt_record *record)
{
    switch (record->kind) {
    case SLT_RECORD_END: return false;
    case SLT_RECORD_STATEMENT:
    case SLT_RECORD_QUERY: run_one(run, record); return true;
    case SLT_RECORD_HALT: return record->skip;
    case SLT_RECORD_HASH_THRESHOLD:
        if (!record->skip) run->check.hash_threshold = record->hash_threshold;
        return true;
    case SLT_RECORD_REQUIRE: run->unmet = !record->skip && !is_met(record); return !run->unmet;
    case SLT_RECORD_LOAD: return record->skip || load(run, record);
    case SLT_RECORD_RESTART: return record->skip || restart(run);
    case SLT_RECORD_RECONNECT: return record->skip || reconnect(run);
    case SLT_RECORD_NOTHING: return true;
    case SLT_RECORD_INVALID: break;
    }
    note_invalid(run, record, record->problem);
    return true;
}

static void run_records(struct run *run)
{
    const char *const *labels =
        run->options->label_count > 0 ? run->options->labels : run->dialect->labels;
    struct slt_reader reader;
    struct slt_record record;
    slt_reader_init(&reader, run->dialect->expands ? &run->expanded : &run->text, run->dialect,
                    labels);
    do
        slt_reader_next(&reader, &record);
    while (take_record(run, &record));
    if (run->unmet && run->result->counts.passed + run->result->counts.skipped == 0) {
        run->result->counts.records++;
        run->result->counts.skipped++; /* as a whole */
    }
}

/* Loops and variables, where the dialect has them. */
static bool expand(struct run *run)
{
    const char *problem = NULL;
    if (!run->dialect->expands) return true;
    if (!make_folder(run)) return false;
    const struct slt_slice folder = {run->folder, strlen(run->folder)};
    const struct slt_variables variables = {
        .items = {{{"TEST_DIR", 8}, folder}, {{"TEMP_DIR", 8}, folder}}, .count = 2};
    struct slt_slice text = {run->text.data, run->text.len};
    if (slt_expand(text, run->dialect, &variables, &run->expanded, &problem)) return true;
    fail_file(run, problem);
    return false;
}

static void remove_folder(const struct run *run)
{
    struct slt_text path = {0};
    DIR *folder = run->folder[0] == '\0' ? NULL : opendir(run->folder);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        slt_text_clear(&path);
        slt_text_addf(&path, "%s/%s", run->folder, entry->d_name);
        slt_text_addc(&path, '\0');
        if (entry->d_name[0] != '.' && !path.failed) (void)unlink(path.data); /* scratch */
    }
    if (folder != NULL) (void)closedir(folder);   /* it was open */
    if (folder != NULL) (void)rmdir(run->folder); /* what is left is the system's to sweep */
    slt_text_deinit(&path);
}

/* A database on a file is opened once more, and everything in it is looked at. */
static void check_reopened(struct run *run)
{
    llkv_error error = LLKV_ERROR_INIT;
    static const char reindex[] = "REINDEX";
    if (run->database.len == 0 || run->read_only || !open_engine(run)) return;
    llkv_session *session = NULL;
    llkv_code rc = llkv_session_open(run->engine, &session, &error);
    if (rc == LLKV_OK) {
        rc = slt_run_script(session, (struct slt_slice){reindex, sizeof reindex - 1}, &error);
        (void)llkv_session_close(session, NULL); /* nothing of it is open */
    }
    if (rc != LLKV_OK) fail_file_error(run, "after the file was opened again", &error);
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    uint64_t seconds = (uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec;
    uint64_t micros = (uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec;
    return seconds * 1000000000u + micros * 1000u;
}

static void refuse_dialect(struct run *run)
{
    char cause[120];
    (void)snprintf(cause, sizeof cause, "dialect %s (%s) is not supported", run->dialect->name,
                   run->dialect->what); /* the names are short */
    fail_file(run, cause);
}

void slt_file_run(const struct slt_options *options, const char *path,
                  struct slt_progress *progress, struct slt_result *out_result)
{
    uint64_t start = slt_clock_ns(), cpu_start = cpu_ns();
    struct run run = {.options = options, .path = path, .progress = progress};
    run.result = out_result;
    run.dialect =
        options->dialect != NULL ? slt_dialect_find(options->dialect) : slt_dialect_of_file(path);
    run.check.dialect = run.dialect;
    run.check.timed = options->stats;
    atomic_store(&progress->line, 0);
    atomic_store(&progress->records, 0);
    atomic_store(&progress->failed, 0);
    if (!run.dialect->supported) {
        refuse_dialect(&run);
    } else if (read_text(&run) && expand(&run)) {
        if (open_first(&run)) run_records(&run);
        close_engine(&run);
        if (options->drive) {
            check_reopened(&run);
            close_engine(&run);
        }
    }
    remove_folder(&run);
    memcpy(out_result->counts.kinds, run.check.kinds, sizeof run.check.kinds);
    out_result->counts.wall_ns = slt_clock_ns() - start;
    out_result->counts.cpu_ns = cpu_ns() - cpu_start;
    slt_check_deinit(&run.check);
    slt_text_deinit(&run.text);
    slt_text_deinit(&run.disable);
    slt_text_deinit(&run.database);
    slt_text_deinit(&run.expanded);
}
