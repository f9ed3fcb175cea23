/* Databases on files: opened, shared, refused, left behind by a crash and found again. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "llkv.h"

struct fixture {
    char folder[64], path[96], log[100];
    llkv_error error;
};

static int make_folder(void **state)
{
    static struct fixture f;
    const char *base = getenv("TMPDIR");
    f = (struct fixture){.error = LLKV_ERROR_INIT};
    (void)snprintf(f.folder, sizeof f.folder, "%.40s/llkv-file-XXXXXX",
                   base == NULL || strlen(base) > 40 ? "/tmp" : base);
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.path, sizeof f.path, "%s/db", f.folder);
    (void)snprintf(f.log, sizeof f.log, "%s-log", f.path);
    *state = &f;
    return 0;
}

static int remove_folder(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    (void)unlink(f->log);
    assert_int_equal(rmdir(f->folder), 0); /* nothing else was left there */
    assert_int_equal(mem_used_bytes(), 0);
    return 0;
}

static llkv_engine_options options_of(const struct fixture *f)
{
    return (llkv_engine_options){
        .struct_size = sizeof(llkv_engine_options), .threads = 1, .path = f->path};
}

static llkv_engine *open_with(struct fixture *f, const llkv_engine_options *options)
{
    llkv_engine *engine = NULL;
    if (llkv_engine_open(options, &engine, &f->error) != LLKV_OK) fail_msg("%s", f->error.message);
    return engine;
}

static llkv_engine *open_file(struct fixture *f)
{
    const llkv_engine_options options = options_of(f);
    return open_with(f, &options);
}

static llkv_code try_open(struct fixture *f, const llkv_engine_options *options)
{
    llkv_engine *engine = NULL;
    llkv_code rc = llkv_engine_open(options, &engine, &f->error);
    if (rc == LLKV_OK) (void)llkv_engine_close(engine, NULL);
    return rc;
}

static llkv_session *session_on(struct fixture *f, llkv_engine *engine)
{
    llkv_session *session = NULL;
    assert_int_equal(llkv_session_open(engine, &session, &f->error), LLKV_OK);
    return session;
}

static llkv_code run_in(struct fixture *f, llkv_session *session, const char *sql)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(session, sql, strlen(sql), &results, &f->error);
    llkv_results_free(results);
    return rc;
}

static llkv_code run(struct fixture *f, llkv_engine *engine, const char *sql)
{
    llkv_session *session = session_on(f, engine);
    llkv_code rc = run_in(f, session, sql);
    assert_int_equal(llkv_session_close(session, NULL), LLKV_OK);
    return rc;
}

static void run_ok(struct fixture *f, llkv_engine *engine, const char *sql)
{
    if (run(f, engine, sql) != LLKV_OK) fail_msg("%s: %s", sql, f->error.message);
}

static int64_t scalar(struct fixture *f, llkv_engine *engine, const char *sql)
{
    bool row = false;
    llkv_statement *s = NULL;
    llkv_session *session = session_on(f, engine);
    if (llkv_prepare(session, sql, strlen(sql), &s, NULL, &f->error) != LLKV_OK ||
        llkv_statement_step(s, &row, &f->error) != LLKV_OK)
        fail_msg("%s: %s", sql, f->error.message);
    assert_true(row);
    int64_t value = llkv_value_int64(s, 0);
    llkv_statement_free(s);
    assert_int_equal(llkv_session_close(session, NULL), LLKV_OK);
    return value;
}

static void close_ok(struct fixture *f, llkv_engine *engine)
{
    assert_int_equal(llkv_engine_close(engine, &f->error), LLKV_OK);
}

static bool is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static void kept_over_close(void **state)
{
    struct fixture *f = *state;
    llkv_engine *engine = open_file(f);
    run_ok(f, engine,
           "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR DEFAULT 'x' CHECK (b <> 'y'));"
           "INSERT INTO t VALUES (1, 'one'), (2, 'two'); CREATE UNIQUE INDEX i ON t (b DESC);"
           "CREATE VIEW v AS SELECT a * 10 AS x FROM t; CREATE SCHEMA s;"
           "CREATE TABLE s.u AS SELECT * FROM t;"
           "CREATE TEMP TABLE gone(a INTEGER); INSERT INTO gone VALUES (1);"
           "CREATE TEMP VIEW gone_too AS SELECT 1;");
    close_ok(f, engine);
    assert_false(is_there(f->log)); /* one file remains */
    for (int round = 0; round < 3; round++) {
        engine = open_file(f);
        assert_int_equal(scalar(f, engine, "SELECT sum(x) FROM v"), 30 + 100 * round);
        assert_int_equal(scalar(f, engine, "SELECT count(*) FROM s.u WHERE b LIKE 't%'"), 1);
        assert_int_equal(run(f, engine, "SELECT * FROM gone"), LLKV_NAME);
        assert_int_equal(run(f, engine, "SELECT * FROM gone_too"), LLKV_NAME);
        assert_int_equal(run(f, engine, "INSERT INTO t VALUES (3, 'one')"), LLKV_CONSTRAINT);
        assert_int_equal(run(f, engine, "INSERT INTO t VALUES (2, 'new')"), LLKV_CONSTRAINT);
        assert_int_equal(run(f, engine, "INSERT INTO t VALUES (3, 'y')"), LLKV_CONSTRAINT);
        run_ok(f, engine, "UPDATE t SET a = a + 10 WHERE b = 'one'");
        close_ok(f, engine);
    }
}

static void opens_share(void **state)
{
    struct fixture *f = *state;
    llkv_engine_options options = options_of(f);
    options.must_exist = true;
    assert_int_equal(try_open(f, &options), LLKV_NAME);
    options.must_exist = false;
    options.must_create = true;
    llkv_engine *first = open_with(f, &options);
    assert_int_equal(try_open(f, &options), LLKV_EXISTS);
    llkv_engine *second = open_file(f);
    llkv_session *session = session_on(f, first);
    run_ok(f, second, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)");
    assert_int_equal(run_in(f, session, "INSERT INTO t VALUES (2)"), LLKV_OK);
    assert_int_equal(scalar(f, second, "SELECT count(*) FROM t"), 2);
    options.must_create = false;
    options.read_only = true;
    llkv_engine *reader = open_with(f, &options);
    assert_int_equal(scalar(f, reader, "SELECT count(*) FROM t"), 2);
    assert_int_equal(run(f, reader, "INSERT INTO t VALUES (3)"), LLKV_READONLY);
    assert_int_equal(run(f, reader, "DROP TABLE t"), LLKV_READONLY);
    run_ok(f, reader, "CREATE TEMP TABLE x(a INTEGER); INSERT INTO x VALUES (3)");
    assert_int_equal(run(f, reader, "INSERT INTO x VALUES (3)"), LLKV_NAME); /* another session */
    /* A session keeps its own engine open, not the others. */
    assert_int_equal(llkv_engine_close(first, &f->error), LLKV_BUSY);
    close_ok(f, second);
    close_ok(f, reader);
    assert_int_equal(run_in(f, session, "INSERT INTO t VALUES (4)"), LLKV_OK);
    assert_int_equal(llkv_session_close(session, &f->error), LLKV_OK);
    close_ok(f, first);
    reader = open_with(f, &options);
    assert_int_equal(scalar(f, reader, "SELECT count(*) FROM t"), 3);
    options.read_only = false;
    assert_int_equal(try_open(f, &options), LLKV_BUSY);
    close_ok(f, reader);
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    llkv_engine_options options = options_of(f);
    options.read_only = true;
    assert_int_equal(try_open(f, &options), LLKV_NAME);
    options.must_create = true;
    assert_int_equal(try_open(f, &options), LLKV_MISUSE);
    options.path = f->folder;
    options.read_only = options.must_create = false;
    assert_int_not_equal(try_open(f, &options), LLKV_OK);
    int file = open(f->path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, "This is no database, it is a letter.", 36), 36);
    assert_int_equal(close(file), 0);
    options.path = f->path;
    assert_int_not_equal(try_open(f, &options), LLKV_OK);
    struct stat status;
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_size, 36); /* it was not touched */
}

/* Do something in another process, which ends without closing. */
static void in_a_child(struct fixture *f, void (*work)(struct fixture *f, llkv_engine *engine))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        llkv_engine *engine = NULL;
        const llkv_engine_options options = options_of(f);
        if (llkv_engine_open(&options, &engine, &f->error) != LLKV_OK) _exit(3);
        work(f, engine);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void child_run(struct fixture *f, llkv_session *session, const char *sql)
{
    if (run_in(f, session, sql) == LLKV_OK) return;
    (void)fprintf(stderr, "%s: %s\n", sql, f->error.message);
    _exit(2);
}

static void define_and_crash(struct fixture *f, llkv_engine *engine)
{
    llkv_session *session = session_on(f, engine), *open = session_on(f, engine);
    child_run(f, session, "CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER)");
    child_run(f, session, "CREATE TABLE dropped(a INTEGER); INSERT INTO dropped VALUES (1)");
    child_run(f, session, "INSERT INTO t VALUES (1, 1), (2, 1), (3, 3)");
    child_run(f, session, "CREATE VIEW v AS SELECT 1 AS x; CREATE SCHEMA s");
    /* A unique index beside the rows that collide, which go with the same commit. */
    child_run(f, session,
              "BEGIN; DELETE FROM t WHERE a = 2; CREATE UNIQUE INDEX i ON t (b);"
              "INSERT INTO t VALUES (4, 4); CREATE OR REPLACE VIEW v AS SELECT 2 AS x;"
              "CREATE TABLE s.made AS SELECT a FROM t; CREATE TABLE unmade(a INTEGER);"
              "INSERT INTO unmade VALUES (1); DROP TABLE unmade; DROP TABLE dropped;"
              "CREATE TABLE dropped(z VARCHAR); INSERT INTO dropped VALUES ('anew');"
              "CREATE TEMP TABLE x(a INTEGER); INSERT INTO x VALUES (1); COMMIT");
    child_run(f, session, "BEGIN; CREATE TABLE rolled_back(a INTEGER); ROLLBACK");
    child_run(f, session, "CREATE INDEX j ON t (b); DROP INDEX j");
    child_run(f, session, "INSERT INTO x VALUES (2); UPDATE t SET b = 33 WHERE a = 3");
    child_run(f, open, "BEGIN; INSERT INTO t VALUES (100, 100); DROP VIEW v");
}

static void check_definitions(struct fixture *f, llkv_engine *engine)
{
    assert_int_equal(scalar(f, engine, "SELECT sum(a * 100 + b) FROM t"), 838);
    assert_int_equal(scalar(f, engine, "SELECT x FROM v"), 2);
    assert_int_equal(scalar(f, engine, "SELECT sum(a) FROM s.made"), 8);
    assert_int_equal(scalar(f, engine, "SELECT count(*) FROM dropped WHERE z = 'anew'"), 1);
    assert_int_equal(run(f, engine, "SELECT * FROM unmade"), LLKV_NAME);
    assert_int_equal(run(f, engine, "SELECT * FROM rolled_back"), LLKV_NAME);
    assert_int_equal(run(f, engine, "SELECT * FROM x"), LLKV_NAME);
    assert_int_equal(run(f, engine, "DROP INDEX j"), LLKV_NAME);
}

/* Everything acknowledged is there after a crash, and nothing else; first for one who only reads.
 */
static void found_after_a_crash(void **state)
{
    struct fixture *f = *state;
    in_a_child(f, define_and_crash);
    assert_true(is_there(f->log));
    llkv_engine_options options = options_of(f);
    options.read_only = true;
    llkv_engine *engine = open_with(f, &options);
    check_definitions(f, engine);
    close_ok(f, engine);
    assert_true(is_there(f->log));
    engine = open_file(f);
    check_definitions(f, engine);
    assert_int_equal(run(f, engine, "INSERT INTO t VALUES (5, 33)"), LLKV_CONSTRAINT);
    run_ok(f, engine, "INSERT INTO t VALUES (5, 5)");
    run_ok(f, engine, "DELETE FROM t WHERE a = 5; REINDEX");
    close_ok(f, engine);
    assert_false(is_there(f->log));
    engine = open_file(f);
    check_definitions(f, engine);
    close_ok(f, engine);
}

static void write_and_crash(struct fixture *f, llkv_engine *engine)
{
    static const char *const modes[] = {"full", "normal", "off"};
    llkv_session *session = session_on(f, engine);
    char sql[100];
    child_run(f, session, "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b INTEGER)");
    for (int i = 0; i < 30; i++) {
        (void)snprintf(sql, sizeof sql, "SET synchronous = %s", modes[i % 3]);
        child_run(f, session, sql);
        child_run(f, session, "INSERT INTO t SELECT count(*), 0 FROM t");
        child_run(f, session, "UPDATE t SET b = b + 1");
        if (i == 20) child_run(f, session, "CHECKPOINT");
    }
}

/* A process that ends loses nothing in any mode: what is written is the system's. */
static void crash_after_crash(void **state)
{
    struct fixture *f = *state;
    for (int round = 1; round <= 3; round++) {
        in_a_child(f, write_and_crash);
        llkv_engine *engine = open_file(f);
        const int64_t n = 30 * round;
        assert_int_equal(scalar(f, engine, "SELECT count(*) FROM t"), n);
        assert_int_equal(scalar(f, engine, "SELECT sum(b) FROM t"), n * (n + 1) / 2);
        close_ok(f, engine);
    }
}

static void open_elsewhere(struct fixture *f, llkv_engine *engine)
{
    int ready = open(f->log, O_RDONLY);
    (void)ready; /* it is there while the database is open */
    if (run(f, engine, "SELECT 1") != LLKV_OK) _exit(4);
}

/* One process at a time may write. */
static void other_processes(void **state)
{
    struct fixture *f = *state;
    llkv_engine *engine = open_file(f);
    run_ok(f, engine, "CREATE TABLE t(a INTEGER)");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        llkv_engine_options options = options_of(f);
        int wrong = try_open(f, &options) != LLKV_BUSY;
        options.read_only = true;
        wrong += try_open(f, &options) != LLKV_OK;
        _exit(wrong);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close_ok(f, engine);
    in_a_child(f, open_elsewhere);
    engine = open_file(f);
    assert_int_equal(scalar(f, engine, "SELECT count(*) FROM t"), 0);
    close_ok(f, engine);
}

/* The same on a pager that the program opened itself. */
static void own_pager(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 3; round++) {
        llkv_pager *pager = NULL;
        assert_int_equal(llkv_pager_drive_open(f->path, NULL, &pager, &f->error), LLKV_OK);
        const llkv_engine_options options = {
            .struct_size = sizeof options, .threads = 1, .pager = pager};
        llkv_engine *engine = open_with(f, &options);
        run_ok(f, engine, "CREATE TABLE IF NOT EXISTS t(a INTEGER)");
        run_ok(f, engine, "INSERT INTO t SELECT count(*) FROM t");
        assert_int_equal(scalar(f, engine, "SELECT count(*) FROM t"), round + 1);
        close_ok(f, engine);
        pager->methods->close(pager);
    }
}

/* A savepoint may cut a segment that is sealed already: its columns have rows that are not there,
 * neither when it is written, nor when a column of it is written anew. */
static void segment_cut_by_rollback(void **state)
{
    struct fixture *f = *state;
    llkv_engine_options options = options_of(f);
    options.debug_segment_rows = 128;
    options.debug_vector_rows = 64;
    llkv_engine *engine = open_with(f, &options);
    run_ok(f, engine,
           "CREATE TABLE t(a INTEGER, b INTEGER);"
           "BEGIN; INSERT INTO t SELECT range, 0 FROM range(5); SAVEPOINT s;"
           "INSERT INTO t SELECT range, 1 FROM range(5, 400); ROLLBACK TO s; COMMIT");
    for (int round = 0; round < 3; round++) {
        run_ok(f, engine, "UPDATE t SET a = a + 1");
        run_ok(f, engine, "CHECKPOINT");
        assert_int_equal(scalar(f, engine, "SELECT count(*) FROM t"), 5);
        close_ok(f, engine);
        engine = open_with(f, &options);
        assert_int_equal(scalar(f, engine, "SELECT count(*) FROM t"), 5);
        assert_int_equal(scalar(f, engine, "SELECT sum(a + b) FROM t"), 10 + 5 * (round + 1));
    }
    close_ok(f, engine);
}

/* In names of three parts a file's database is called as the file is, without what follows the dot.
 */
static void called_as_the_file(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->path, sizeof f->path, "%s/fleet.2.db", f->folder);
    llkv_engine *engine = open_file(f);
    run_ok(f, engine, "CREATE TABLE \"fleet.2\".main.ship(tons INTEGER)");
    run_ok(f, engine, "INSERT INTO \"fleet.2\".main.ship VALUES (60)");
    assert_int_equal(scalar(f, engine, "SELECT tons FROM ship"), 60);
    assert_int_equal(run(f, engine, "SELECT * FROM memory.main.ship"), LLKV_NAME);
    assert_string_equal(f->error.sqlstate, "3D000");
    assert_string_equal(f->error.hint, "this one is called \"fleet.2\"");
    close_ok(f, engine);
}

/* One byte of what stands at `text` in the file becomes another one. */
static void damage(const struct fixture *f, const char *text)
{
    static char content[1 << 20];
    FILE *file = fopen(f->path, "r+b");
    assert_non_null(file);
    const size_t bytes = fread(content, 1, sizeof content, file);
    const char *at = memmem(content, bytes, text, strlen(text));
    assert_non_null(at);
    assert_int_equal(fseek(file, at - content, SEEK_SET), 0);
    assert_int_equal(fputc(text[0] ^ 1, file), text[0] ^ 1);
    assert_int_equal(fclose(file), 0);
}

/* Damage is an error that says where, and what can be done; all else can be read. */
static void damage_is_named(void **state)
{
    struct fixture *f = *state;
    llkv_engine_options options = options_of(f);
    options.debug_segment_rows = 128; /* full ones are read when they are asked for */
    options.debug_vector_rows = 64;
    llkv_engine *engine = open_with(f, &options);
    run_ok(
        f, engine,
        "CREATE TABLE ship(name VARCHAR, tons INTEGER); CREATE TABLE port(name VARCHAR UNIQUE);"
        "INSERT INTO ship SELECT 'a ship of the fleet, number ' || i, i FROM range(1000) AS r(i);"
        "INSERT INTO port SELECT 'a port of the world, number ' || i FROM range(1000) AS r(i)");
    close_ok(f, engine);
    damage(f, "a ship of the fleet, number 500");
    damage(f, "a port of the world, number 500");
    engine = open_with(f, &options);
    assert_int_equal(run(f, engine, "SELECT max(name) FROM ship"), LLKV_CORRUPT);
    assert_string_equal(f->error.sqlstate, "XX001");
    assert_non_null(strstr(f->error.message, "reading column \"name\" of table \"ship\": "));
    assert_non_null(strstr(f->error.message, "wrong checksum"));
    assert_non_null(strstr(f->error.hint, "damaged"));
    assert_int_equal(run(f, engine, "SELECT * FROM port"), LLKV_CORRUPT);
    assert_non_null(strstr(f->error.message, "loading table \"port\": "));
    assert_non_null(strstr(f->error.hint, "damaged"));
    assert_int_equal(scalar(f, engine, "SELECT sum(tons) FROM ship"), 499500);
    close_ok(f, engine);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        FILE_TEST(kept_over_close),    FILE_TEST(opens_share),
        FILE_TEST(what_is_refused),    FILE_TEST(found_after_a_crash),
        FILE_TEST(crash_after_crash),  FILE_TEST(other_processes),
        FILE_TEST(own_pager),          FILE_TEST(segment_cut_by_rollback),
        FILE_TEST(called_as_the_file), FILE_TEST(damage_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
