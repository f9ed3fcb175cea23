/* The same answers on any number of threads, and while others write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "llkv.h"

struct fixture {
    llkv_engine *engine;
    llkv_session *session;
    llkv_error error;
};

static void open_with(struct fixture *f, uint32_t threads)
{
    llkv_engine_options options = {.struct_size = sizeof options, .threads = threads};
    *f = (struct fixture){.error = LLKV_ERROR_INIT};
    assert_int_equal(llkv_engine_open(&options, &f->engine, &f->error), LLKV_OK);
    assert_int_equal(llkv_session_open(f->engine, &f->session, &f->error), LLKV_OK);
}

static void close_all(struct fixture *f)
{
    assert_int_equal(llkv_session_close(f->session, &f->error), LLKV_OK);
    assert_int_equal(llkv_engine_close(f->engine, &f->error), LLKV_OK);
    assert_int_equal(mem_used_bytes(), 0);
}

static llkv_code run(llkv_session *session, const char *sql, llkv_error *error)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(session, sql, strlen(sql), &results, error);
    llkv_results_free(results);
    return rc;
}

static void run_ok(struct fixture *f, const char *sql)
{
    llkv_code rc = run(f->session, sql, &f->error);
    if (rc != LLKV_OK) fail_msg("%s: %s", sql, f->error.message);
}

/* ---- the answer of a query as two numbers ---- */

struct digest {
    int64_t rows;
    uint64_t in_order;  /* depends on the order of rows */
    uint64_t unordered; /* does not */
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Every column is BIGINT without NULLs. */
static void digest_array(struct digest *d, const struct ArrowArray *array)
{
    for (int64_t row = 0; row < array->length; row++) {
        uint64_t h = 1;
        for (int64_t c = 0; c < array->n_children; c++) {
            const struct ArrowArray *child = array->children[c];
            const int64_t *values = child->buffers[1];
            h = mix(h, (uint64_t)values[child->offset + row]);
        }
        d->in_order = mix(d->in_order, h);
        d->unordered += h;
    }
    d->rows += array->length;
}

static struct digest digest_of(struct fixture *f, const char *sql)
{
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    struct digest d = {0};
    if (llkv_query(f->session, sql, strlen(sql), &stream, &f->error) != LLKV_OK)
        fail_msg("%s: %s", sql, f->error.message);
    for (;;) {
        if (stream.get_next(&stream, &array) != 0)
            fail_msg("%s: %s", sql, stream.get_last_error(&stream));
        if (array.release == NULL) break;
        digest_array(&d, &array);
        array.release(&array);
    }
    stream.release(&stream);
    return d;
}

/* ---- any number of threads ---- */

/* The thread sanitizer slows every memory access down. */
#if THREAD_SANITIZER
#define ROWS "150000"
#else
#define ROWS "1000000"
#endif

struct question {
    const char *sql;
    bool ordered;
};

static const struct question questions[] = {
    {"SELECT sum(a)::BIGINT, count(*), min(b), max(c), (sum(r) * 1000)::BIGINT FROM t", false},
    {"SELECT a FROM t WHERE a % 7 = 3 AND b < 900", false},
    {"SELECT b % 10 AS k, count(*), sum(a)::BIGINT FROM t GROUP BY k", false},
    {"SELECT c % 10000 AS k, count(*), min(a) FROM t GROUP BY k", false},
    {"SELECT c AS k, count(*), sum(b)::BIGINT FROM t GROUP BY k", false},
    {"SELECT length(s)::BIGINT, count(*) FROM t GROUP BY s", false},
    {"SELECT count(DISTINCT b), count(DISTINCT s), sum(DISTINCT b)::BIGINT FROM t", false},
    {"SELECT DISTINCT b FROM t WHERE a > 1000", false},
    {"SELECT count(*), sum(x.b)::BIGINT FROM t x JOIN t y ON x.c = y.a", false},
    {"SELECT count(*), sum(x.a)::BIGINT FROM t x LEFT JOIN small s ON x.b = s.k WHERE s.k IS NULL",
     false},
    {"SELECT x.a, s.v FROM t x JOIN small s ON x.b = s.k AND x.a % 3 = 0", false},
    {"SELECT count(*) FROM t x WHERE EXISTS (SELECT 1 FROM small s WHERE s.k = x.b)", false},
    {"SELECT count(*) FROM t WHERE a NOT IN (SELECT k FROM small)", false},
    {"SELECT count(*), sum(m)::BIGINT FROM (SELECT (SELECT max(v) FROM small s WHERE s.k = t.b) "
     "AS m FROM t) q WHERE m IS NOT NULL",
     false},
    {"SELECT c, a FROM t ORDER BY c, a", true},
    {"SELECT a, b FROM t ORDER BY b DESC, s, a", true},
    {"SELECT a, b FROM t ORDER BY b, a LIMIT 1000 OFFSET 500", true},
    {"SELECT a FROM t ORDER BY s DESC, a LIMIT 10", true},
    {"SELECT a FROM t WHERE a < 200000 UNION SELECT c FROM t WHERE c > 900000", false},
    {"SELECT b FROM t EXCEPT SELECT k FROM small", false},
    {"SELECT k, count(*) FROM (SELECT b AS k, count(*) FROM t GROUP BY b, a % 5) q GROUP BY k "
     "ORDER BY k",
     true},
    {"SELECT range FROM range(1000000) WHERE range % 1000 = 1", false},
};

static void fill(struct fixture *f)
{
    run_ok(f, "CREATE TABLE t AS SELECT range AS a, range * 7919 % 1009 AS b, "
              "range * 104729 % 1000003 AS c, 'key ' || range * 31 % 5003 AS s, range / 3e0 AS r "
              "FROM range(" ROWS ");"
              "CREATE TABLE small AS SELECT range * 2 AS k, range * range AS v FROM range(400);"
              "DELETE FROM t WHERE a % 100 = 17; UPDATE t SET b = b + 1 WHERE a % 50 = 3");
}

static void same_on_any_number_of_threads(void **state)
{
    static const uint32_t counts[] = {1, 2, 4, 7};
    struct digest right[ARRAY_COUNT(questions)];
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        struct fixture f;
        open_with(&f, counts[i]);
        fill(&f);
        for (size_t q = 0; q < ARRAY_COUNT(questions); q++) {
            struct digest d = digest_of(&f, questions[q].sql);
            if (i == 0) right[q] = d;
            bool same = d.rows == right[q].rows && d.unordered == right[q].unordered &&
                        (!questions[q].ordered || d.in_order == right[q].in_order);
            if (!same) fail_msg("%u threads: %s", counts[i], questions[q].sql);
        }
        close_all(&f);
    }
}

/* ---- while others write ---- */

enum { READS = 24 };

struct writer {
    struct fixture *f;
    atomic_bool stop;
    uint32_t number;
    _Atomic int64_t writes, conflicts;
    llkv_code rc;
    llkv_error error;
};

/* Each statement leaves the sum of v as it was. */
static const char *const harmless[] = {
    "INSERT INTO money SELECT range + 1000000, 5 - range % 2 * 10, 'new' FROM range(1000)",
    "UPDATE money SET v = -v WHERE id >= 1000000",
    "DELETE FROM money WHERE id >= 1000000 AND id < 1000500",
    "UPDATE money SET v = v + 1 - id % 2 * 2 WHERE id < 2000",
    "DELETE FROM money WHERE id >= 1000000",
    "UPDATE money SET note = note || '.' WHERE id % 5000 = 0",
};

static void *write_on(void *arg)
{
    struct writer *w = arg;
    llkv_session *session = NULL;
    w->error = (llkv_error)LLKV_ERROR_INIT;
    w->rc = llkv_session_open(w->f->engine, &session, &w->error);
    for (size_t i = w->number; w->rc == LLKV_OK && !atomic_load(&w->stop); i++) {
        w->rc = run(session, harmless[i % ARRAY_COUNT(harmless)], &w->error);
        if (w->rc == LLKV_CONFLICT) {
            w->conflicts++;
            w->rc = LLKV_OK;
        }
        w->writes++;
    }
    if (llkv_session_close(session, &w->error) != LLKV_OK) w->rc = LLKV_BUSY;
    return NULL;
}

static const struct question steady[] = {
    {"SELECT sum(v)::BIGINT FROM money", false},
    {"SELECT sum(s)::BIGINT FROM (SELECT id % 1000, sum(v) AS s FROM money GROUP BY 1) g", false},
    {"SELECT sum(m.v)::BIGINT FROM money m JOIN money n ON m.id = n.id", false},
    {"SELECT sum(v)::BIGINT FROM (SELECT v FROM money ORDER BY note, v) s", false},
    {"SELECT sum(v)::BIGINT FROM money WHERE id < 1000000 OR id >= 1000000", false},
    {"SELECT count(*) FROM money WHERE id < 300000", false},
};

static void readers_see_one_moment(void **state)
{
    struct fixture f;
    struct writer writers[2] = {{0}};
    pthread_t threads[2];
    struct digest right[ARRAY_COUNT(steady)];
    (void)state;
    open_with(&f, 4);
    run_ok(&f, "CREATE TABLE money(id BIGINT, v BIGINT, note VARCHAR);"
               "INSERT INTO money SELECT range, range % 97, 'note ' || range % 13 "
               "FROM range(300000)");
    for (size_t q = 0; q < ARRAY_COUNT(steady); q++)
        right[q] = digest_of(&f, steady[q].sql);
    for (uint32_t i = 0; i < 2; i++) {
        writers[i].f = &f;
        writers[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    }
    size_t wrong = SIZE_MAX;
    for (size_t i = 0; i < READS && wrong == SIZE_MAX; i++) {
        size_t q = i % ARRAY_COUNT(steady);
        struct digest d = digest_of(&f, steady[q].sql);
        if (d.unordered != right[q].unordered) wrong = q;
    }
    for (uint32_t i = 0; i < 2; i++)
        atomic_store(&writers[i].stop, true);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (writers[i].rc != LLKV_OK) fail_msg("writer %u: %s", i, writers[i].error.message);
        assert_true(writers[i].writes > writers[i].conflicts);
    }
    if (wrong != SIZE_MAX) fail_msg("%s", steady[wrong].sql);
    close_all(&f);
}

/* Tables come and go while others look at them. */
static void *change_tables(void *arg)
{
    struct writer *w = arg;
    llkv_session *session = NULL;
    w->error = (llkv_error)LLKV_ERROR_INIT;
    w->rc = llkv_session_open(w->f->engine, &session, &w->error);
    while (w->rc == LLKV_OK && !atomic_load(&w->stop)) {
        w->rc = run(session,
                    "CREATE TABLE coming AS SELECT range AS a FROM range(5000);"
                    "CREATE INDEX coming_a ON coming(a); DROP TABLE coming",
                    &w->error);
        w->writes++;
    }
    if (llkv_session_close(session, &w->error) != LLKV_OK) w->rc = LLKV_BUSY;
    return NULL;
}

static void tables_come_and_go(void **state)
{
    struct fixture f;
    struct writer writer = {0};
    pthread_t thread;
    (void)state;
    open_with(&f, 3);
    writer.f = &f;
    assert_int_equal(pthread_create(&thread, NULL, change_tables, &writer), 0);
    llkv_code rc = LLKV_OK;
    for (int i = 0; i < 100000; i++) {
        if (i >= 300 && atomic_load(&writer.writes) >= 20) break;
        rc = run(f.session, "SELECT sum(a), count(*) FROM coming WHERE a > 17", &f.error);
        if (rc != LLKV_OK && rc != LLKV_NAME) break;
    }
    atomic_store(&writer.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    if (writer.rc != LLKV_OK) fail_msg("writer: %s", writer.error.message);
    if (rc != LLKV_OK && rc != LLKV_NAME) fail_msg("reader: %s", f.error.message);
    close_all(&f);
}

/* An interrupt stops a statement on all its threads, and only that one. */
static void *interrupt_soon(void *arg)
{
    struct writer *w = arg;
    while (!atomic_load(&w->stop))
        llkv_session_interrupt(w->f->session);
    return NULL;
}

static void interrupts_stop_every_thread(void **state)
{
    static const char *const endless[] = {
        "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1",
        "SELECT count(*) FROM (SELECT DISTINCT range FROM range(1000000000000)) d",
        "SELECT range FROM range(1000000000000) ORDER BY range DESC LIMIT 5",
        "SELECT count(*) FROM range(1000000000000) WHERE range % 2 = 3",
    };
    struct fixture f;
    (void)state;
    open_with(&f, 4);
    for (size_t i = 0; i < ARRAY_COUNT(endless); i++) {
        struct writer w = {.f = &f};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, &w), 0);
        llkv_code rc = run(f.session, endless[i], &f.error);
        atomic_store(&w.stop, true);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(rc, LLKV_CANCELLED);
        run_ok(&f, "SELECT count(*) FROM range(10000)");
    }
    close_all(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_on_any_number_of_threads),
        cmocka_unit_test(readers_see_one_moment),
        cmocka_unit_test(tables_come_and_go),
        cmocka_unit_test(interrupts_stop_every_thread),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
