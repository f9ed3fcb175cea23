/* sql.c -- any text, run against a small database: rows or an error, in bounded memory, and what
 * was stored stays whole. */
#include <pthread.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#include "fuzz.h"
#include "llkv.h"

enum { SQL_BYTES_MAX = 4096, BATCHES_MAX = 8, STATEMENTS_MAX = 16, INPUT_MS = 300 };

static const char schema[] =
    "SET external_access = off;"
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR, c DECIMAL(10,2), d DOUBLE);"
    "CREATE TABLE u(x BIGINT, y VARCHAR NOT NULL, z DATE, w BOOLEAN);"
    "CREATE TABLE k(i HUGEINT, s SMALLINT, f FLOAT, p TIMESTAMP, v INTERVAL, o BLOB, m TIME);"
    "CREATE INDEX t_b ON t(b);"
    "CREATE VIEW v AS SELECT a, b FROM t WHERE a > 2;"
    "INSERT INTO t VALUES (1, 'one', 1.25, 0.5), (2, 'two', NULL, 2e10), (3, NULL, -3.5, NULL), "
    "(4, 'a text of more than twelve bytes', 0, -1e-3);"
    "INSERT INTO u SELECT range % 7, 'key ' || range % 3, DATE '2000-01-01' + range::INTEGER, "
    "range % 2 = 0 FROM range(100);"
    "INSERT INTO k VALUES (170141183460469231731687303715884105727, -32768, 1e10, "
    "TIMESTAMP '2001-02-03 04:05:06', INTERVAL '1 month', X'00ff', TIME '01:02:03'), "
    "(NULL, NULL, NULL, NULL, NULL, NULL, NULL), (0, 0, 0, NULL, NULL, NULL, NULL)";

/* What no error may be, whatever the text was. */
static void check_error(const llkv_error *error, size_t size)
{
    FUZZ_CHECK(error->code != LLKV_OK && error->code != LLKV_INTERNAL);
    FUZZ_CHECK(error->code != LLKV_MISUSE && error->code != LLKV_CORRUPT);
    FUZZ_CHECK(strlen(error->sqlstate) == 5 && error->message[0] != '\0');
    FUZZ_CHECK(error->offset >= -1 && error->offset <= (int64_t)size);
    FUZZ_CHECK((error->offset < 0) == (error->line == 0));
}

static void check_batch(const struct ArrowArray *array)
{
    FUZZ_CHECK(array->length >= 0 && array->n_children > 0);
    for (int64_t i = 0; i < array->n_children; i++)
        FUZZ_CHECK(array->children[i]->length == array->length);
}

static void read_some(llkv_statement *statement)
{
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    llkv_error error = LLKV_ERROR_INIT;
    if (llkv_statement_stream(statement, &stream, &error) != LLKV_OK) return;
    for (int i = 0; i < BATCHES_MAX; i++) {
        if (stream.get_next(&stream, &array) != 0) {
            FUZZ_CHECK(stream.get_last_error(&stream) != NULL);
            break;
        }
        if (array.release == NULL) break;
        check_batch(&array);
        array.release(&array);
    }
    stream.release(&stream);
}

static void run_statement(llkv_statement *statement, size_t size)
{
    llkv_error error = LLKV_ERROR_INIT;
    for (uint32_t i = 1; i <= llkv_statement_parameter_count(statement); i++) {
        llkv_code rc = i % 3 == 0   ? llkv_bind_text(statement, i, "two", 3, &error)
                       : i % 3 == 1 ? llkv_bind_int64(statement, i, 2, &error)
                                    : llkv_bind_null(statement, i, &error);
        FUZZ_CHECK(rc == LLKV_OK);
    }
    if (llkv_statement_info(statement).has_rows) {
        read_some(statement);
        return;
    }
    bool row = false;
    if (llkv_statement_step(statement, &row, &error) != LLKV_OK) check_error(&error, size);
}

static void run_all(llkv_session *session, const char *sql, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < STATEMENTS_MAX && at < size; i++) {
        llkv_error error = LLKV_ERROR_INIT;
        llkv_statement *statement = NULL;
        size_t used = 0;
        llkv_code rc = llkv_prepare(session, sql + at, size - at, &statement, &used, &error);
        FUZZ_CHECK(used > 0 && used <= size - at);
        if (rc != LLKV_OK) check_error(&error, size - at);
        if (statement != NULL) run_statement(statement, size);
        llkv_statement_free(statement);
        at += used;
    }
}

/* ---- texts that are only slow: the engine does as told, and is interrupted ---- */

static struct {
    pthread_mutex_t lock;
    pthread_t thread;
    llkv_session *session; /* NULL: nothing runs */
    int64_t deadline_ms;
    int started;
} dog = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC); /* cannot fail for UTC */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *watch(void *unused)
{
    (void)unused;
    for (;;) {
        const struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
        (void)thrd_sleep(&nap, NULL); /* woken early is as good */
        pthread_mutex_lock(&dog.lock);
        if (dog.session != NULL && now_ms() > dog.deadline_ms) llkv_session_interrupt(dog.session);
        pthread_mutex_unlock(&dog.lock);
    }
    return NULL;
}

static void watch_session(llkv_session *session)
{
    pthread_mutex_lock(&dog.lock);
    dog.session = session;
    dog.deadline_ms = now_ms() + INPUT_MS;
    if (!dog.started) dog.started = pthread_create(&dog.thread, NULL, watch, NULL) == 0;
    FUZZ_CHECK(dog.started);
    pthread_mutex_unlock(&dog.lock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > SQL_BYTES_MAX) return 0;
    llkv_engine_options options = {.struct_size = sizeof options,
                                   .threads = 1,
                                   .memory_limit = 32 << 20,
                                   .debug_segment_rows = 64,
                                   .debug_vector_rows = 8};
    llkv_engine *engine = NULL;
    llkv_session *session = NULL;
    llkv_results *results = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    FUZZ_CHECK(llkv_engine_open(&options, &engine, &error) == LLKV_OK);
    FUZZ_CHECK(llkv_session_open(engine, &session, &error) == LLKV_OK);
    FUZZ_CHECK(llkv_execute(session, schema, sizeof schema - 1, NULL, &error) == LLKV_OK);
    watch_session(session);
    run_all(session, (const char *)data, size);
    watch_session(NULL);
    llkv_code rolled_back = llkv_execute(session, "ROLLBACK", 8, NULL, &error);
    (void)rolled_back; /* there may be no transaction */
    FUZZ_CHECK(llkv_execute(session, "SELECT 6 * 7", 12, &results, &error) == LLKV_OK);
    llkv_results_free(results);
    FUZZ_CHECK(llkv_session_close(session, &error) == LLKV_OK);
    FUZZ_CHECK(llkv_engine_close(engine, &error) == LLKV_OK);
    return 0;
}
