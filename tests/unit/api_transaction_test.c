/* Transactions through the public calls: states, results, statements that outlive them, forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_testing.h"
#include "base/alloc.h"

static llkv_txn_state state_of(const struct fixture *f)
{
    return llkv_session_transaction(f->session);
}

static llkv_txn_kind kind_of(struct fixture *f, const char *sql)
{
    llkv_results *results = NULL;
    llkv_code rc = llkv_execute(f->session, sql, strlen(sql), &results, &f->error);
    if (rc != LLKV_OK) fail_msg("%s: %s", sql, f->error.message);
    llkv_result_info info = llkv_results_info(results, 0);
    assert_int_equal(info.kind, LLKV_RESULT_TRANSACTION);
    assert_false(info.has_rows);
    llkv_results_free(results);
    return info.transaction;
}

static void states(void **state)
{
    struct fixture *f = *state;
    bool committed = true;
    run_ok(f, "CREATE TABLE t(a INTEGER PRIMARY KEY)");
    assert_int_equal(state_of(f), LLKV_TXN_STATE_NONE);
    assert_int_equal(llkv_session_commit(f->session, NULL, &f->error), LLKV_TRANSACTION);
    assert_string_equal(f->error.sqlstate, "25P01");
    assert_int_equal(llkv_session_rollback(f->session, &f->error), LLKV_TRANSACTION);
    assert_int_equal(llkv_session_begin(f->session, false, &f->error), LLKV_OK);
    assert_int_equal(state_of(f), LLKV_TXN_STATE_ACTIVE);
    assert_int_equal(llkv_session_begin(f->session, false, &f->error), LLKV_TRANSACTION);
    assert_string_equal(f->error.sqlstate, "25001");
    run_ok(f, "INSERT INTO t VALUES (1)");
    assert_int_equal(llkv_session_commit(f->session, &committed, &f->error), LLKV_OK);
    assert_true(committed);
    assert_int_equal(llkv_session_begin(f->session, false, &f->error), LLKV_OK);
    run_ok(f, "INSERT INTO t VALUES (2)");
    assert_int_equal(run(f, "SELECT nothing"), LLKV_NAME);
    assert_int_equal(state_of(f), LLKV_TXN_STATE_ACTIVE);
    assert_int_equal(run(f, "INSERT INTO t VALUES (1)"), LLKV_CONSTRAINT);
    assert_int_equal(state_of(f), LLKV_TXN_STATE_FAILED);
    assert_int_equal(run(f, "SELECT 1"), LLKV_TRANSACTION);
    assert_string_equal(f->error.sqlstate, "25P02");
    assert_int_equal(llkv_session_commit(f->session, &committed, &f->error), LLKV_OK);
    assert_false(committed);
    assert_int_equal(llkv_session_begin(f->session, true, &f->error), LLKV_OK);
    assert_int_equal(run(f, "DELETE FROM t"), LLKV_READONLY);
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 1);
    assert_int_equal(llkv_session_rollback(f->session, &f->error), LLKV_OK);
}

static void structured_results(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(a INTEGER PRIMARY KEY)");
    assert_int_equal(kind_of(f, "BEGIN"), LLKV_TXN_BEGIN);
    assert_int_equal(kind_of(f, "SAVEPOINT s"), LLKV_TXN_SAVEPOINT);
    assert_int_equal(kind_of(f, "ROLLBACK TO s"), LLKV_TXN_ROLLBACK_TO);
    assert_int_equal(kind_of(f, "RELEASE s"), LLKV_TXN_RELEASE);
    assert_int_equal(kind_of(f, "SET TRANSACTION READ WRITE"), LLKV_TXN_NONE);
    assert_int_equal(kind_of(f, "END"), LLKV_TXN_COMMIT);
    assert_int_equal(kind_of(f, "START TRANSACTION"), LLKV_TXN_BEGIN);
    assert_int_equal(kind_of(f, "ABORT"), LLKV_TXN_ROLLBACK);
    run_ok(f, "BEGIN; INSERT INTO t VALUES (1)");
    assert_int_equal(run(f, "INSERT INTO t VALUES (1)"), LLKV_CONSTRAINT);
    assert_int_equal(kind_of(f, "COMMIT"), LLKV_TXN_ROLLBACK); /* it had failed */
    assert_int_equal(scalar(f, "SELECT count(*) FROM t"), 0);
}

/* A session that is closed rolls back, and others go on at once. */
static void close_rolls_back(void **state)
{
    struct fixture *f = *state;
    llkv_session *first = f->session;
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)");
    assert_int_equal(llkv_session_open(f->engine, &f->session, &f->error), LLKV_OK);
    run_ok(f, "BEGIN; UPDATE t SET a = 2; CREATE TABLE u(a INTEGER); INSERT INTO u VALUES (1)");
    llkv_session *second = f->session;
    f->session = first;
    assert_int_equal(run(f, "UPDATE t SET a = 3"), LLKV_CONFLICT);
    assert_true(f->error.retryable);
    assert_int_equal(llkv_session_close(second, &f->error), LLKV_OK);
    run_ok(f, "UPDATE t SET a = 3");
    assert_int_equal(run(f, "SELECT * FROM u"), LLKV_NAME);
    assert_int_equal(scalar(f, "SELECT a FROM t"), 3);
}

/* A statement that is still running when its transaction ends has nothing left to read. */
static void running_statements_are_cut(void **state)
{
    static const char *const ends[] = {"COMMIT", "ROLLBACK", "ROLLBACK TO s"};
    struct fixture *f = *state;
    bool row;
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1), (2), (3)");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        llkv_statement *before = prepare(f, "SELECT a FROM t");
        assert_int_equal(llkv_statement_step(before, &row, &f->error), LLKV_OK);
        run_ok(f, "BEGIN; SAVEPOINT s; CREATE TABLE u(a INTEGER)");
        run_ok(f, "INSERT INTO u SELECT * FROM t");
        llkv_statement *own = prepare(f, "SELECT a FROM u"), *other = prepare(f, "SELECT a FROM t");
        assert_int_equal(llkv_statement_step(own, &row, &f->error), LLKV_OK);
        assert_true(row);
        run_ok(f, ends[i]);
        assert_true(llkv_value_is_null(own, 0));
        assert_int_equal(llkv_statement_step(own, &row, &f->error), LLKV_TRANSACTION);
        assert_false(row);
        /* Then it starts anew, and finds the table or not. */
        assert_int_equal(llkv_statement_step(own, &row, &f->error), i == 0 ? LLKV_OK : LLKV_NAME);
        assert_int_equal(llkv_statement_step(other, &row, &f->error), LLKV_OK);
        /* One that had begun before the transaction goes on. */
        assert_int_equal(llkv_statement_step(before, &row, &f->error), LLKV_OK);
        assert_int_equal(llkv_value_int64(before, 0), 2);
        llkv_statement_free(before);
        llkv_statement_free(own);
        llkv_statement_free(other);
        if (i == 2) assert_int_equal(llkv_session_rollback(f->session, &f->error), LLKV_OK);
        (void)run(f, "DROP TABLE IF EXISTS u");
    }
}

/* Plans over a private catalog are for its transaction only: kept statements and prepared ones. */
static void plans_do_not_leak(void **state)
{
    struct fixture *f = *state;
    bool row;
    static const char *const count_columns = "SELECT * FROM t";
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)");
    llkv_statement *prepared = prepare(f, count_columns);
    for (int i = 0; i < 4; i++)
        llkv_statement_free(prepare(f, count_columns)); /* met often enough to be kept */
    run_ok(f, "BEGIN; DROP TABLE t; CREATE TABLE t(x INTEGER, y INTEGER)");
    run_ok(f, "INSERT INTO t VALUES (7, 8), (9, 10)");
    for (int i = 0; i < 4; i++) {
        llkv_statement *s = prepare(f, count_columns);
        assert_int_equal(llkv_column_count(s), 2);
        assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
        assert_int_equal(llkv_value_int64(s, 1), 8);
        llkv_statement_free(s);
    }
    assert_int_equal(llkv_statement_step(prepared, &row, &f->error), LLKV_OK);
    assert_int_equal(llkv_column_count(prepared), 2);
    assert_int_equal(llkv_session_rollback(f->session, &f->error), LLKV_OK);
    for (int i = 0; i < 4; i++) {
        llkv_statement *s = prepare(f, count_columns);
        assert_int_equal(llkv_column_count(s), 1);
        assert_int_equal(llkv_statement_step(s, &row, &f->error), LLKV_OK);
        assert_int_equal(llkv_value_int64(s, 0), 1);
        llkv_statement_free(s);
    }
    assert_int_equal(llkv_statement_step(prepared, &row, &f->error), LLKV_TRANSACTION); /* cut */
    assert_int_equal(llkv_statement_step(prepared, &row, &f->error), LLKV_OK);
    assert_int_equal(llkv_column_count(prepared), 1);
    llkv_statement_free(prepared);
}

/* Everything of the parent is refused in a child, and nothing of it is touched. */
static void forked_child(void **state)
{
    struct fixture *f = *state;
    run_ok(f, "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1)");
    llkv_statement *statement = prepare(f, "SELECT a FROM t");
    bool row;
    assert_int_equal(llkv_statement_step(statement, &row, &f->error), LLKV_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        llkv_session *session = NULL;
        llkv_engine *engine = NULL;
        int wrong = 0;
        wrong += run(f, "SELECT 1") != LLKV_MISUSE;
        wrong += llkv_statement_step(statement, &row, &f->error) != LLKV_MISUSE;
        wrong += llkv_session_open(f->engine, &session, &f->error) != LLKV_MISUSE;
        wrong += llkv_session_close(f->session, &f->error) != LLKV_MISUSE;
        wrong += llkv_engine_close(f->engine, &f->error) != LLKV_MISUSE;
        llkv_statement_free(statement);
        wrong += llkv_engine_open(NULL, &engine, &f->error) != LLKV_OK; /* its own are its own */
        wrong += llkv_engine_close(engine, &f->error) != LLKV_OK;
        _exit(wrong);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    llkv_statement_free(statement);
    assert_int_equal(scalar(f, "SELECT a FROM t"), 1);
}

/* Every allocation of a transaction fails once: nothing of it is left, and it works again. */
static void lack_of_memory(void **state)
{
    static const char *const script[] = {
        "BEGIN",
        "INSERT INTO t VALUES (3, 'three'), (4, 'four')",
        "UPDATE t SET b = upper(b) WHERE a IN (1, 3)",
        "SAVEPOINT s",
        "CREATE TABLE u AS SELECT * FROM t",
        "CREATE UNIQUE INDEX i ON t (b)",
        "CREATE VIEW v AS SELECT a FROM u",
        "DELETE FROM t WHERE a = 2",
        "ROLLBACK TO s",
        "CREATE UNIQUE INDEX i ON t (b)",
        "DROP TABLE old",
        "SELECT count(*) FROM t JOIN t AS o ON t.a = o.a",
        "COMMIT",
    };
    struct fixture *f = *state;
    for (int64_t n = 1;; n += n < 60 ? 1 : 7) {
        llkv_code rc = LLKV_OK;
        run_ok(f, "CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR); CREATE TABLE old(a INTEGER)");
        run_ok(f, "INSERT INTO t VALUES (1, 'one'), (2, 'two')");
        mem_fail_nth(n, false);
        for (size_t i = 0; i < sizeof script / sizeof script[0] && rc == LLKV_OK; i++)
            rc = run(f, script[i]);
        mem_fail_nth(0, false);
        if (state_of(f) != LLKV_TXN_STATE_NONE)
            assert_int_equal(llkv_session_rollback(f->session, &f->error), LLKV_OK);
        assert_int_equal(run(f, "SELECT * FROM u"), LLKV_NAME);
        assert_int_equal(run(f, "SELECT * FROM v"), LLKV_NAME);
        if (rc == LLKV_OK) {
            assert_int_equal(scalar(f, "SELECT count(*) FROM t WHERE b = 'THREE'"), 1);
            assert_int_equal(run(f, "DROP TABLE old"), LLKV_NAME);
            assert_true(n > 60);
            return;
        }
        assert_int_equal(rc, LLKV_NOMEM);
        assert_int_equal(scalar(f, "SELECT count(*) FROM t WHERE b IN ('one', 'two')"), 2);
        assert_int_equal(run(f, "DROP INDEX i"), LLKV_NAME);
        run_ok(f, "DROP TABLE t; DROP TABLE old");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(states, open_all, close_all),
        cmocka_unit_test_setup_teardown(structured_results, open_all, close_all),
        cmocka_unit_test_setup_teardown(close_rolls_back, open_all, close_all),
        cmocka_unit_test_setup_teardown(running_statements_are_cut, open_all, close_all),
        cmocka_unit_test_setup_teardown(plans_do_not_leak, open_all, close_all),
        cmocka_unit_test_setup_teardown(forked_child, open_all, close_all),
        cmocka_unit_test_setup_teardown(lack_of_memory, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
