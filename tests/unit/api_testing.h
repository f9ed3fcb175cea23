/* api_testing.h -- one engine in memory with one session, through the public calls: what tests of
 * the API run statements with. */
#ifndef TESTS_API_TESTING_H
#define TESTS_API_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "llkv.h"

struct fixture {
    llkv_engine *engine;
    llkv_session *session;
    llkv_error error;
};

/* A setup and a teardown: an engine with default options, and nothing left of it. */
static inline int open_all(void **state)
{
    static struct fixture f;
    f = (struct fixture){.error = LLKV_ERROR_INIT};
    assert_int_equal(llkv_engine_open(NULL, &f.engine, &f.error), LLKV_OK);
    assert_int_equal(llkv_session_open(f.engine, &f.session, &f.error), LLKV_OK);
    *state = &f;
    return 0;
}

static inline int close_all(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(llkv_session_close(f->session, &f->error), LLKV_OK);
    assert_int_equal(llkv_engine_close(f->engine, &f->error), LLKV_OK);
    assert_int_equal(mem_used_bytes(), 0);
    return 0;
}

/* Run a script; its results are dropped. */
static inline llkv_code run(struct fixture *f, const char *sql)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(f->session, sql, strlen(sql), &results, &f->error);
    llkv_results_free(results);
    return rc;
}

static inline void run_ok(struct fixture *f, const char *sql)
{
    llkv_code rc = run(f, sql);
    if (rc != LLKV_OK) fail_msg("%s: %s", sql, f->error.message);
}

/* Both fail the test with the error. */
static inline llkv_statement *prepare(struct fixture *f, const char *sql)
{
    llkv_statement *statement = NULL;
    llkv_code rc = llkv_prepare(f->session, sql, strlen(sql), &statement, NULL, &f->error);
    if (rc != LLKV_OK) fail_msg("%s: %s", sql, f->error.message);
    return statement;
}

static inline int64_t scalar(struct fixture *f, const char *sql)
{
    bool row = false;
    llkv_statement *s = prepare(f, sql);
    assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
    assert_true(row);
    int64_t value = llkv_value_int64(s, 0);
    llkv_statement_free(s);
    return value;
}
#endif
