/* Temporary objects through the public calls: two sessions of one engine, closing, files shared in
 * one process, prepared statements, threads. */
#define _DEFAULT_SOURCE 1
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_testing.h"

static llkv_session *open_session(struct fixture *f)
{
    llkv_session *session = NULL;
    assert_int_equal(llkv_session_open(f->engine, &session, &f->error), LLKV_OK);
    return session;
}

/* The same fixture, seen from another session. */
static struct fixture as(const struct fixture *f, llkv_session *session)
{
    return (struct fixture){f->engine, session, LLKV_ERROR_INIT};
}

static void each_its_own(void **state)
{
    struct fixture *f = *state;
    struct fixture a = as(f, open_session(f)), b = as(f, open_session(f));
    run_ok(&a, "CREATE TEMP TABLE t(x INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    run_ok(&b, "CREATE TEMP TABLE t(x TEXT, y INTEGER); INSERT INTO t VALUES ('b', 7)");
    assert_int_equal(run(f, "SELECT * FROM t"), LLKV_NAME);
    assert_int_equal(scalar(&a, "SELECT sum(x) FROM t"), 3);
    assert_int_equal(scalar(&b, "SELECT y FROM temp.t"), 7);
    /* The settings of a session are handed on, its tables are not. */
    llkv_session *like = NULL;
    assert_int_equal(llkv_session_open_like(a.session, &like, &f->error), LLKV_OK);
    struct fixture c = as(f, like);
    assert_int_equal(run(&c, "SELECT * FROM t"), LLKV_NAME);
    assert_int_equal(llkv_session_close(like, &f->error), LLKV_OK);
    assert_int_equal(llkv_session_close(a.session, &f->error), LLKV_OK);
    assert_int_equal(scalar(&b, "SELECT count(*) FROM t"), 1);
    assert_int_equal(run(f, "SELECT * FROM t"), LLKV_NAME);
    assert_int_equal(llkv_session_close(b.session, &f->error), LLKV_OK);
}

/* Closing gives the memory back whatever other sessions still look at. */
static void close_frees(void **state)
{
    struct fixture *f = *state;
    bool row;
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t SELECT range FROM range(5000)");
    llkv_statement *running = prepare(f, "SELECT a FROM t");
    assert_int_equal(llkv_statement_step(running, &row, &f->error), LLKV_OK);
    const int64_t before = mem_used_bytes();
    for (int round = 0; round < 5; round++) {
        struct fixture a = as(f, open_session(f));
        run_ok(&a, "CREATE TEMP TABLE big AS SELECT range AS n, 'some text ' || range AS s "
                   "FROM range(100000)");
        run_ok(&a, "CREATE INDEX big_n ON big (n); CREATE TEMP VIEW v AS SELECT count(*) FROM big");
        run_ok(&a, "CREATE TEMP TRIGGER r AFTER INSERT ON main.t BEGIN SELECT 1; END");
        run_ok(&a,
               "BEGIN; CREATE TEMP TABLE undecided(a INTEGER); INSERT INTO undecided VALUES (1);"
               "DROP VIEW v");
        assert_true(mem_used_bytes() - before > 2000000);
        llkv_statement *open = prepare(&a, "SELECT n FROM big");
        assert_int_equal(llkv_statement_step(open, &row, &a.error), LLKV_OK);
        assert_int_equal(llkv_session_close(a.session, &a.error), LLKV_BUSY);
        llkv_statement_free(open);
        assert_int_equal(llkv_session_close(a.session, &a.error), LLKV_OK);
    }
    assert_true(mem_used_bytes() - before < 2000000);
    run_ok(f, "INSERT INTO t VALUES (1)"); /* the trigger is gone as well */
    llkv_statement_free(running);
}

/* DROP does so, too, as soon as no statement of the session itself looks at it. */
static void drop_frees(void **state)
{
    struct fixture *f = *state;
    struct fixture a = as(f, open_session(f));
    bool row;
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t SELECT range FROM range(5000)");
    llkv_statement *other = prepare(f, "SELECT a FROM t");
    assert_int_equal(llkv_statement_step(other, &row, &f->error), LLKV_OK);
    run_ok(&a, "CREATE TEMP TABLE big AS SELECT range AS n, 'some text ' || range AS s "
               "FROM range(100000)");
    const int64_t full = mem_used_bytes();
    llkv_statement *own = prepare(&a, "SELECT n FROM big");
    assert_int_equal(llkv_statement_step(own, &row, &a.error), LLKV_OK);
    run_ok(&a, "DROP TABLE big");
    int64_t rows = 0, sum = 0;
    for (; row; rows++) {
        sum += llkv_value_int64(own, 0);
        assert_int_equal(llkv_statement_step(own, &row, &a.error), LLKV_OK);
    }
    assert_int_equal(rows, 100000);
    assert_int_equal(sum, INT64_C(100000) * 99999 / 2);
    assert_int_equal(llkv_statement_step(own, &row, &a.error), LLKV_NAME);
    assert_true(full - mem_used_bytes() > 1000000);
    llkv_statement_free(own);
    llkv_statement_free(other);
    assert_int_equal(llkv_session_close(a.session, &f->error), LLKV_OK);
}

static int64_t step_int(struct fixture *f, llkv_statement *s)
{
    bool row = false;
    if (llkv_statement_step(s, &row, &f->error) != LLKV_OK) fail_msg("%s", f->error.message);
    assert_true(row);
    int64_t value = llkv_value_int64(s, 0);
    llkv_statement_reset(s);
    return value;
}

/* A prepared statement follows the names of its own session only. */
static void prepared(void **state)
{
    struct fixture *f = *state;
    struct fixture a = as(f, open_session(f));
    run_ok(f, "CREATE TABLE t(x INTEGER); INSERT INTO t VALUES (1)");
    llkv_statement *in_f = prepare(f, "SELECT x FROM t"), *in_a = prepare(&a, "SELECT x FROM t");
    assert_int_equal(step_int(f, in_f), 1);
    assert_int_equal(step_int(&a, in_a), 1);
    run_ok(&a, "CREATE TEMP TABLE t(other TEXT, x BIGINT); INSERT INTO t VALUES ('a', 2)");
    assert_int_equal(step_int(f, in_f), 1);
    assert_int_equal(step_int(&a, in_a), 2);
    run_ok(&a, "BEGIN; DROP TABLE t");
    assert_int_equal(step_int(&a, in_a), 1);
    run_ok(&a, "CREATE TEMP TABLE t AS SELECT 3 AS x");
    assert_int_equal(step_int(&a, in_a), 3);
    run_ok(&a, "ROLLBACK");
    assert_int_equal(step_int(&a, in_a), 2);
    assert_int_equal(step_int(f, in_f), 1);
    run_ok(f, "CREATE TEMP TABLE t AS SELECT 4 AS x");
    assert_int_equal(step_int(f, in_f), 4);
    assert_int_equal(step_int(&a, in_a), 2);
    for (int i = 0; i < 4; i++) { /* met often enough to be kept with its plan */
        assert_int_equal(scalar(&a, "SELECT max(x) FROM t"), 2);
        assert_int_equal(scalar(f, "SELECT max(x) FROM t"), 4);
    }
    run_ok(&a, "DROP TABLE t");
    assert_int_equal(scalar(&a, "SELECT max(x) FROM t"), 1);
    llkv_statement_free(in_a);
    llkv_statement_free(in_f);
    assert_int_equal(llkv_session_close(a.session, &f->error), LLKV_OK);
}

/* Prepared DML follows them as well, and what it kept of a table that is gone is not used. */
static void prepared_changes(void **state)
{
    struct fixture *f = *state;
    struct fixture a = as(f, open_session(f));
    bool row;
    run_ok(f, "CREATE TABLE t(x INTEGER)");
    llkv_statement *insert = prepare(&a, "INSERT INTO t VALUES (?)");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++) {
            if (i == 2) run_ok(&a, "CREATE TEMP TABLE t(x BIGINT PRIMARY KEY)");
            assert_int_equal(llkv_bind_int64(insert, 1, i, &a.error), LLKV_OK);
            assert_int_equal(llkv_statement_step(insert, &row, &a.error), LLKV_OK);
        }
        assert_int_equal(scalar(&a, "SELECT sum(x) FROM t"), 5);
        run_ok(&a, "DROP TABLE t");
        assert_int_equal(scalar(&a, "SELECT sum(x) FROM t"), 1 + round);
    }
    run_ok(&a, "CREATE TEMP TABLE t(x BIGINT)");
    for (int i = 0; i < 2; i++)
        assert_int_equal(llkv_statement_step(insert, &row, &a.error), LLKV_OK);
    llkv_statement_free(insert); /* and is kept, with an execution */
    assert_int_equal(llkv_session_close(a.session, &f->error), LLKV_OK);
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 6);
}

/* ---- on a file ---- */

struct place {
    char folder[64], path[96];
};

static struct place make_place(void)
{
    struct place place;
    const char *base = getenv("TMPDIR");
    (void)snprintf(place.folder, sizeof place.folder, "%.40s/llkv-temp-XXXXXX",
                   base == NULL || strlen(base) > 40 ? "/tmp" : base);
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.path, sizeof place.path, "%s/db", place.folder);
    return place;
}

static void remove_place(const struct place *place)
{
    (void)unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
}

static struct fixture open_place(const struct place *place)
{
    struct fixture f = {.error = LLKV_ERROR_INIT};
    const llkv_engine_options options = {
        .struct_size = sizeof options, .threads = 1, .path = place->path};
    if (llkv_engine_open(&options, &f.engine, &f.error) != LLKV_OK) fail_msg("%s", f.error.message);
    f.session = open_session(&f);
    return f;
}

static void close_place(struct fixture *f)
{
    assert_int_equal(llkv_session_close(f->session, &f->error), LLKV_OK);
    assert_int_equal(llkv_engine_close(f->engine, &f->error), LLKV_OK);
}

/* Two engines on one file share the database, but no session. */
static void two_engines(void **state)
{
    (void)state;
    struct place place = make_place();
    struct fixture one = open_place(&place), two = open_place(&place);
    run_ok(&one, "CREATE TABLE t(a INTEGER); CREATE TEMP TABLE t AS SELECT 1 AS a, 2 AS b");
    run_ok(&two, "INSERT INTO t VALUES (5); CREATE TEMP TABLE u AS SELECT a FROM t");
    assert_int_equal(scalar(&one, "SELECT b FROM t"), 2);
    assert_int_equal(run(&one, "SELECT * FROM u"), LLKV_NAME);
    run_ok(&one, "CHECKPOINT; INSERT INTO t SELECT range, 0 FROM range(3000)");
    close_place(&two);
    assert_int_equal(scalar(&one, "SELECT count(*) FROM t"), 3001);
    assert_int_equal(scalar(&one, "SELECT count(*) FROM main.t"), 1);
    run_ok(&one, "CHECKPOINT");
    close_place(&one);
    one = open_place(&place);
    assert_int_equal(scalar(&one, "SELECT a FROM t"), 5);
    assert_int_equal(run(&one, "SELECT * FROM temp.t"), LLKV_NAME);
    close_place(&one);
    remove_place(&place);
}

static int work_and_die(const struct place *place)
{
    struct fixture f = open_place(place), other = as(&f, open_session(&f));
    llkv_code rc = run(&f, "CREATE TEMP TABLE t(a INTEGER); CREATE TEMP VIEW v AS SELECT * FROM t;"
                           "CREATE INDEX i ON t (a); INSERT INTO t VALUES (1), (2)");
    if (rc == LLKV_OK) rc = run(&other, "CREATE TEMP TABLE t(b TEXT); CREATE TABLE m(x INTEGER)");
    if (rc == LLKV_OK)
        rc = run(&f,
                 "BEGIN; CREATE TABLE t AS SELECT a * 10 AS a FROM t; INSERT INTO m VALUES (7);"
                 "INSERT INTO t VALUES (3); CREATE TEMP TABLE x(a INTEGER); DROP VIEW v; COMMIT");
    if (rc == LLKV_OK) rc = run(&other, "INSERT INTO t VALUES ('b'); UPDATE t SET b = 'c'");
    return rc == LLKV_OK ? 0 : 1;
}

/* The log holds nothing that is temporary, and what it holds of the same commits comes back. */
static void after_a_crash(void **state)
{
    (void)state;
    struct place place = make_place();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(work_and_die(&place));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct fixture f = open_place(&place);
    assert_int_equal(scalar(&f, "SELECT sum(a) FROM t"), 30);
    assert_int_equal(scalar(&f, "SELECT x FROM m"), 7);
    assert_int_equal(run(&f, "SELECT * FROM temp.t"), LLKV_NAME);
    assert_int_equal(run(&f, "SELECT * FROM x"), LLKV_NAME);
    run_ok(&f, "CREATE TEMP TABLE t(a INTEGER); CREATE TEMP VIEW v AS SELECT * FROM t");
    close_place(&f);
    remove_place(&place);
}

/* ---- threads ---- */

enum { WORKERS = 3, ROUNDS = 40 };

struct worker {
    struct fixture *f;
    int number;
    bool wrong;
};

static bool worker_round(struct fixture *s, int number, int round)
{
    char text[256];
    const int rows = 10 + number * 100 + round;
    (void)snprintf(text, sizeof text,
                   "CREATE TEMP TABLE t AS SELECT range AS c%d FROM range(%d);"
                   "CREATE INDEX i ON t (c%d); CREATE TEMP VIEW v AS SELECT count(*) AS n FROM t",
                   number, rows, number);
    if (run(s, text) != LLKV_OK) return false;
    if (scalar(s, "SELECT n FROM v") != rows) return false;
    if (run(s, "BEGIN; DELETE FROM t; DROP TABLE t; CREATE TEMP TABLE t(x INTEGER); ROLLBACK") !=
        LLKV_OK)
        return false;
    (void)snprintf(text, sizeof text, "SELECT count(*) FROM t JOIN everybodys ON c%d = a", number);
    if (scalar(s, text) != 5) return false;
    if (round % 2 == 0) return true; /* the rest goes with the session */
    return run(s, "DROP INDEX i; DROP TABLE t; DROP VIEW v") == LLKV_OK;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    for (int round = 0; round < ROUNDS && !worker->wrong; round++) {
        struct fixture s = {.engine = worker->f->engine, .error = LLKV_ERROR_INIT};
        worker->wrong = llkv_session_open(s.engine, &s.session, &s.error) != LLKV_OK;
        if (worker->wrong) break;
        worker->wrong = !worker_round(&s, worker->number, round);
        if (worker->wrong) (void)fprintf(stderr, "%s\n", s.error.message);
        worker->wrong |= llkv_session_close(s.session, &s.error) != LLKV_OK;
    }
    return NULL;
}

/* Each makes, uses and leaves the same names, while definitions of everybody come and go. */
static void threads(void **state)
{
    struct fixture *f = *state;
    struct worker workers[WORKERS];
    pthread_t ids[WORKERS];
    run_ok(f,
           "CREATE TABLE everybodys(a INTEGER); INSERT INTO everybodys SELECT range FROM range(5)");
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.f = f, .number = i};
        assert_int_equal(pthread_create(&ids[i], NULL, work, &workers[i]), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        run_ok(f, "CREATE TABLE t(m INTEGER); CREATE VIEW v AS SELECT m FROM t");
        run_ok(f, "DROP VIEW v; DROP TABLE t");
    }
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
        assert_false(workers[i].wrong);
    }
    assert_int_equal(run(f, "SELECT * FROM t"), LLKV_NAME);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
    const struct CMUnitTest tests[] = {
        TEST(each_its_own),
        TEST(close_frees),
        TEST(drop_frees),
        TEST(prepared),
        TEST(prepared_changes),
        cmocka_unit_test(two_engines),
        cmocka_unit_test(after_a_crash),
        TEST(threads),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
