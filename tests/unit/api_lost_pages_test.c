/* A database file that somebody cuts while it is read: an error, not the end of the process. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "llkv.h"

static char directory[64], path[96], log_path[104];

static int setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%.40s/llkv-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(directory) == NULL) return 1;
    snprintf(path, sizeof path, "%s/t.llkv", directory);
    snprintf(log_path, sizeof log_path, "%.95s-log", path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(log_path);
    return rmdir(directory);
}

struct fixture {
    llkv_engine *engine;
    llkv_session *session;
    llkv_error error;
};

static void open_file(struct fixture *f)
{
    llkv_engine_options options = {.struct_size = sizeof options, .path = path};
    f->error = (llkv_error)LLKV_ERROR_INIT;
    if (llkv_engine_open(&options, &f->engine, &f->error) != LLKV_OK)
        fail_msg("%s", f->error.message);
    assert_int_equal(llkv_session_open(f->engine, &f->session, &f->error), LLKV_OK);
}

static void close_file(struct fixture *f)
{
    assert_int_equal(llkv_session_close(f->session, &f->error), LLKV_OK);
    (void)llkv_engine_close(f->engine, &f->error); /* the last checkpoint may fail */
}

static llkv_code run(struct fixture *f, const char *sql)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(f->session, sql, strlen(sql), &results, &f->error);
    llkv_results_free(results);
    return rc;
}

static void run_ok(struct fixture *f, const char *sql)
{
    if (run(f, sql) != LLKV_OK) fail_msg("%s: %s", sql, f->error.message);
}

static void a_cut_file_is_an_error(void **state)
{
    (void)state;
    struct fixture f;
    open_file(&f);
    run_ok(&f, "CREATE TABLE t (a BIGINT, b BIGINT)");
    run_ok(&f, "INSERT INTO t SELECT i, i * 7 FROM generate_series(1, 200000) AS g (i)");
    close_file(&f);
    open_file(&f);
    run_ok(&f, "SELECT sum(b) FROM t"); /* read, checked and mapped */
    assert_int_equal(truncate(path, 8192), 0);
    assert_int_equal(run(&f, "SELECT sum(b) FROM t"), LLKV_IO);
    assert_non_null(strstr(f.error.message, "could not be read"));
    /* The zeros are there now, without a fault: still nothing goes out, and nothing is written. */
    assert_int_equal(run(&f, "SELECT sum(b) FROM t"), LLKV_IO);
    assert_int_equal(run(&f, "UPDATE t SET b = b + 1"), LLKV_IO);
    assert_int_equal(run(&f, "CHECKPOINT"), LLKV_IO);
    close_file(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_cut_file_is_an_error)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
