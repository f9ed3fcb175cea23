/* A database of two tables with a byte changed somewhere: what it says then is an error or what it
 * said before, and never something else. */
#define _DEFAULT_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "llkv.h"

enum { COPY_BYTES_MAX = 16 * 1024 * 1024, LOG_BYTES = 64 * 1024, STATES_MAX = 16 };

static char folder[64], path[96], log_path[100];

static int make_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%.40s/llkv-damage-XXXXXX",
                   base == NULL || strlen(base) > 40 ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/db", folder);
    (void)snprintf(log_path, sizeof log_path, "%s-log", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(log_path);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(mem_used_bytes(), 0);
    return 0;
}

/* ---- the database ---- */

/* Behind the view one change each: each leaves a state to which a damaged log may lead back. */
static const char *const script[] = {
    "CREATE TABLE t(a BIGINT PRIMARY KEY, b VARCHAR, c DECIMAL(12,2), d DATE, e BOOLEAN)",
    "CREATE TABLE u(x INTEGER, y VARCHAR, z DOUBLE); CREATE INDEX u_y ON u(y)",
    "INSERT INTO t SELECT range * 2, 'text number ' || range, range / 4.0, "
    "DATE '2020-01-01' + (range % 100)::INTEGER, range % 3 = 0 FROM range(300)",
    "INSERT INTO u SELECT range % 17, CASE WHEN range % 5 = 0 THEN NULL ELSE 'k' || range END, "
    "range * 0.5 FROM range(90)",
    "CHECKPOINT",
    "UPDATE t SET b = 'chang\xc3\xa9', c = NULL WHERE a BETWEEN 20 AND 60",
    "DELETE FROM t WHERE a % 14 = 0; DELETE FROM u WHERE x = 3",
    "UPDATE u SET z = -1 WHERE x = 5; CREATE VIEW v AS SELECT a, b FROM t WHERE a > 100",
    "CHECKPOINT",
    "INSERT INTO t SELECT 1000 + range, 'late', 1, NULL, NULL FROM range(100)",
    "UPDATE u SET y = 'later' WHERE x = 8",
    "DELETE FROM t WHERE a < 10",
};
enum { STEPS = sizeof script / sizeof *script };

static const char *const questions[] = {
    "SELECT * FROM t",
    "SELECT * FROM u",
    "SELECT count(*), sum(a), min(b), max(b), sum(c), count(d), max(d) FROM t",
    "SELECT x, count(y), sum(z) FROM u GROUP BY x ORDER BY x",
    "SELECT b, c FROM t WHERE a = 222",
    "SELECT a FROM t WHERE c > 20 AND e",
    "SELECT x FROM u WHERE y = 'k33'",
    "SELECT count(*) FROM v",
};

struct database {
    llkv_engine *engine;
    llkv_session *session;
    llkv_error error;
};

static llkv_code open_database(struct database *db, bool read_only)
{
    const llkv_engine_options options = {.struct_size = sizeof options,
                                         .threads = 1,
                                         .path = path,
                                         .read_only = read_only,
                                         .debug_segment_rows = 64,
                                         .debug_vector_rows = 16};
    *db = (struct database){.error = LLKV_ERROR_INIT};
    llkv_code rc = llkv_engine_open(&options, &db->engine, &db->error);
    if (rc == LLKV_OK) rc = llkv_session_open(db->engine, &db->session, &db->error);
    return rc;
}

static void close_database(struct database *db)
{
    llkv_error error = LLKV_ERROR_INIT;
    assert_int_equal(llkv_session_close(db->session, &error), LLKV_OK);
    assert_int_equal(llkv_engine_close(db->engine, &error), LLKV_OK);
}

static llkv_code ask(struct database *db, const char *sql, uint64_t *io_sum)
{
    llkv_statement *statement = NULL;
    bool row = false;
    llkv_code rc = llkv_prepare(db->session, sql, strlen(sql), &statement, NULL, &db->error);
    while (rc == LLKV_OK) {
        rc = llkv_statement_step(statement, &row, &db->error);
        if (rc != LLKV_OK || !row) break;
        for (uint32_t c = 0; c < llkv_column_count(statement); c++) {
            size_t bytes = 0;
            bool null = llkv_value_is_null(statement, c);
            const char *text = llkv_value_text(statement, c, &bytes);
            assert_non_null(text);
            *io_sum = *io_sum * 31 + (null ? 7 : hash_bytes(text, bytes));
        }
    }
    llkv_statement_free(statement);
    return rc;
}

static llkv_code ask_all(struct database *db, uint64_t *out_sum)
{
    llkv_code rc = LLKV_OK;
    *out_sum = 0;
    for (size_t i = 0; i < sizeof questions / sizeof *questions && rc == LLKV_OK; i++)
        rc = ask(db, questions[i], out_sum);
    return rc;
}

/* ---- files ---- */

struct copy {
    uint8_t *bytes;
    size_t len; /* 0: there is no such file */
};

static struct copy take_copy(const char *name)
{
    struct copy copy = {0};
    FILE *file = fopen(name, "rb");
    if (file == NULL) return copy;
    copy.bytes = malloc(COPY_BYTES_MAX);
    assert_non_null(copy.bytes);
    copy.len = fread(copy.bytes, 1, COPY_BYTES_MAX, file);
    assert_true(copy.len > 0 && copy.len < COPY_BYTES_MAX);
    (void)fclose(file);
    return copy;
}

static void put_copy(const char *name, const struct copy *copy)
{
    (void)unlink(name);
    if (copy->len == 0) return;
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(copy->bytes, 1, copy->len, file), copy->len);
    assert_int_equal(fclose(file), 0);
}

struct life {
    struct copy container, log;
    uint64_t
        states[STATES_MAX]; /* what it said after each step that it could say something after */
    uint32_t count;
};

/* `killed`: the files are those of the process as it was at the end, not closed. */
static void make_life(struct life *life, bool killed)
{
    struct database db;
    *life = (struct life){0};
    assert_int_equal(open_database(&db, false), LLKV_OK);
    for (uint32_t i = 0; i < STEPS; i++) {
        llkv_code rc = llkv_execute(db.session, script[i], strlen(script[i]), NULL, &db.error);
        if (rc != LLKV_OK) fail_msg("%s: %s", script[i], db.error.message);
        uint64_t sum;
        if (i < 7) continue; /* the view is not there yet */
        assert_int_equal(ask_all(&db, &sum), LLKV_OK);
        life->states[life->count++] = sum;
    }
    if (killed) {
        life->container = take_copy(path);
        life->log = take_copy(log_path);
        assert_true(life->log.len > 0);
    }
    close_database(&db);
    if (!killed) life->container = take_copy(path);
    put_copy(path, &life->container);
    put_copy(log_path, &life->log);
}

static void free_life(struct life *life)
{
    free(life->container.bytes);
    free(life->log.bytes);
    (void)unlink(path);
    (void)unlink(log_path);
}

/* ---- damage ---- */

/* True: it was found. `oldest`: states from there on are right. */
static bool look(const struct life *life, uint32_t oldest, const char *what, size_t at)
{
    struct database db;
    uint64_t sum = 0;
    llkv_code rc = open_database(&db, true);
    if (rc == LLKV_OK) rc = ask_all(&db, &sum);
    if (rc != LLKV_OK && rc != LLKV_CORRUPT && rc != LLKV_UNSUPPORTED)
        fail_msg("%s, byte %zu: %s", what, at, db.error.message);
    bool right = rc != LLKV_OK;
    for (uint32_t i = oldest; i < life->count && !right; i++)
        right = sum == life->states[i];
    if (!right) fail_msg("%s, byte %zu: a wrong answer", what, at);
    close_database(&db);
    return rc != LLKV_OK;
}

/* Other bytes at every `step`-th place, three ways: a bit, all bits, zeros around it. */
static uint32_t damage(const struct life *life, const char *name, const struct copy *copy,
                       size_t end, size_t step)
{
    static const uint8_t zeros[64];
    const bool is_log = copy == &life->log;
    /* Of a log the last commits may be gone: nothing says that they were there. */
    const uint32_t oldest = is_log ? 0 : life->count - 1;
    uint32_t found = 0;
    int fd = open(name, O_RDWR);
    assert_true(fd >= 0);
    for (size_t at = 3, i = 0; at + sizeof zeros < end; at += step, i++) {
        uint8_t byte = copy->bytes[at];
        byte ^= (uint8_t)(i % 3 == 0 ? 1u << i % 8 : 0xffu);
        if (i % 3 == 2) {
            assert_int_equal(pwrite(fd, zeros, sizeof zeros, (off_t)at), sizeof zeros);
        } else {
            assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        }
        found += look(life, oldest, is_log ? "log" : "container", at);
        assert_int_equal(pwrite(fd, copy->bytes + at, sizeof zeros, (off_t)at), sizeof zeros);
    }
    assert_int_equal(close(fd), 0);
    return found;
}

static void a_closed_file(void **state)
{
    (void)state;
    struct life life;
    make_life(&life, false);
    assert_false(look(&life, life.count - 1, "unchanged", 0));
    assert_true(damage(&life, path, &life.container, life.container.len, 37) > 100);
    free_life(&life);
}

static void a_file_and_its_log(void **state)
{
    (void)state;
    struct life life;
    make_life(&life, true);
    assert_false(look(&life, life.count - 1, "unchanged", 0));
    assert_true(damage(&life, path, &life.container, life.container.len, 41) > 100);
    assert_true(damage(&life, log_path, &life.log, LOG_BYTES, 11) > 20);
    assert_false(look(&life, life.count - 1, "unchanged", 0));
    free_life(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_closed_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_and_its_log, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
