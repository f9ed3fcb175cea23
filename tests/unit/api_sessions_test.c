/* Sessions in threads on one file, beside checkpoints: what moves between rows is never seen half
 * moved, what was acknowledged is there after the file was opened again. */
#define _DEFAULT_SOURCE 1
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api_testing.h"

enum {
    ACCOUNTS = 40,
    CENTS = 100,
    MOVERS = 3,
    MOVES = 120,
    NOTES = 150,
    TABLES = 12,
    CHECKPOINTS = 15
};

struct bank {
    char folder[64], path[96];
    llkv_engine *engine;
    atomic_int moved, running;
};

/* One thread of the test: a session, and the error that ended it early. */
struct client {
    struct bank *bank;
    uint32_t number;
    struct fixture f;
    char wrong[512];
};

/* cmocka's assertions belong to the main thread: a client remembers what was wrong. */
static bool expect(struct client *client, bool holds, const char *what)
{
    if (!holds && client->wrong[0] == '\0')
        (void)snprintf(client->wrong, sizeof client->wrong, "%.200s: %.200s (%s)", what,
                       client->f.error.message, client->f.error.sqlstate);
    return holds;
}

static bool does(struct client *client, const char *sql)
{
    return expect(client, run(&client->f, sql) == LLKV_OK, sql);
}

/* A conflict is an answer, too: the transaction is rolled back. */
static bool does_or_conflicts(struct client *client, const char *sql, bool *out_done)
{
    *out_done = run(&client->f, sql) == LLKV_OK;
    if (*out_done) return true;
    if (!expect(client, client->f.error.retryable, sql)) return false;
    return llkv_session_transaction(client->f.session) == LLKV_TXN_STATE_NONE ||
           does(client, "ROLLBACK");
}

static bool answers(struct client *client, const char *sql, int64_t wanted)
{
    bool row = false;
    llkv_statement *s = NULL;
    llkv_code rc = llkv_prepare(client->f.session, sql, strlen(sql), &s, NULL, &client->f.error);
    if (rc == LLKV_OK) rc = llkv_statement_step(s, &row, &client->f.error);
    bool right = expect(client, rc == LLKV_OK && row && llkv_value_int64(s, 0) == wanted, sql);
    llkv_statement_free(s);
    return right;
}

/* ---- what clients do ---- */

static void move_money(struct client *client)
{
    char sql[256];
    uint32_t random = client->number * 7919u + 1;
    for (int i = 0; i < MOVES; i++) {
        bool done = false;
        random = random * 1103515245u + 12345u;
        const uint32_t from = (random >> 8) % ACCOUNTS, to = (random >> 16) % ACCOUNTS;
        (void)snprintf(sql, sizeof sql,
                       "BEGIN; UPDATE account SET cents = cents - 1 WHERE id = %u;"
                       "UPDATE account SET cents = cents + 1 WHERE id = %u; COMMIT",
                       from, to);
        if (!does_or_conflicts(client, sql, &done)) return;
        if (done) atomic_fetch_add(&client->bank->moved, 1);
    }
}

static void audit(struct client *client)
{
    while (atomic_load(&client->bank->running) > 0) {
        if (!answers(client, "SELECT sum(cents) FROM account", ACCOUNTS * CENTS) ||
            !answers(client, "SELECT count(*) FROM account WHERE id = 7", 1) ||
            !does(client, "BEGIN READ ONLY") ||
            !answers(client, "SELECT sum(cents) FROM account WHERE id >= 0", ACCOUNTS * CENTS) ||
            !answers(client, "SELECT CAST(sum(cents) AS BIGINT) FROM account", ACCOUNTS * CENTS) ||
            !does(client, "COMMIT"))
            return;
    }
}

static void write_notes(struct client *client)
{
    char sql[128];
    for (int i = 0; i < NOTES; i++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO note VALUES (%d, 'note %d')", i, i);
        if (!does(client, sql)) return;
        (void)snprintf(sql, sizeof sql, "SELECT id FROM note WHERE text = 'note %d'", i);
        if (!answers(client, sql, i)) return;
    }
}

static void define(struct client *client)
{
    char sql[256];
    for (int i = 0; i < TABLES; i++) {
        (void)snprintf(sql, sizeof sql,
                       "CREATE TABLE t%d(a INTEGER); INSERT INTO t%d SELECT * FROM range(300);"
                       "CREATE UNIQUE INDEX i%d ON t%d(a); DELETE FROM t%d WHERE a >= 200",
                       i, i, i, i, i);
        if (!does(client, sql)) return;
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM t%d", i);
        if (!answers(client, sql, 200)) return;
        (void)snprintf(sql, sizeof sql, "DROP TABLE t%d", i);
        if (i % 2 == 0 && !does(client, sql)) return;
    }
}

struct job {
    struct client client;
    void (*work)(struct client *client);
    bool is_writer;
    pthread_t thread;
};

static void *run_job(void *arg)
{
    struct job *job = arg;
    job->work(&job->client);
    if (job->is_writer) atomic_fetch_sub(&job->client.bank->running, 1);
    return NULL;
}

static llkv_engine *open_bank(struct bank *bank)
{
    llkv_error error = LLKV_ERROR_INIT;
    const llkv_engine_options options = {.struct_size = sizeof options,
                                         .threads = 2,
                                         .path = bank->path,
                                         .debug_segment_rows = 128,
                                         .debug_vector_rows = 64};
    if (llkv_engine_open(&options, &bank->engine, &error) != LLKV_OK) fail_msg("%s", error.message);
    return bank->engine;
}

static void open_client(struct client *client, struct bank *bank, uint32_t number)
{
    *client = (struct client){.bank = bank, .number = number, .f.error = LLKV_ERROR_INIT};
    client->f.engine = bank->engine;
    assert_int_equal(llkv_session_open(bank->engine, &client->f.session, &client->f.error),
                     LLKV_OK);
}

static void close_client(struct client *client)
{
    assert_string_equal(client->wrong, "");
    assert_int_equal(llkv_session_close(client->f.session, &client->f.error), LLKV_OK);
}

static void checkpoints_beside_sessions(void **state)
{
    struct bank *bank = *state;
    struct client self;
    struct job jobs[MOVERS + 3] = {0};
    open_bank(bank);
    open_client(&self, bank, 100);
    assert_true(does(&self, "CREATE TABLE account(id INTEGER PRIMARY KEY, cents INTEGER);"
                            "INSERT INTO account SELECT range, 100 FROM range(40);"
                            "CREATE TABLE note(id INTEGER PRIMARY KEY, text VARCHAR UNIQUE)"));
    for (uint32_t i = 0; i < MOVERS + 3; i++) {
        jobs[i].work = i < MOVERS        ? move_money
                       : i == MOVERS     ? write_notes
                       : i == MOVERS + 1 ? define
                                         : audit;
        jobs[i].is_writer = i < MOVERS + 2;
        open_client(&jobs[i].client, bank, i);
    }
    atomic_store(&bank->running, MOVERS + 2);
    for (uint32_t i = 0; i < MOVERS + 3; i++)
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]), 0);
    for (int i = 0; i < CHECKPOINTS; i++)
        (void)does(&self, "FORCE CHECKPOINT");
    for (uint32_t i = 0; i < MOVERS + 3; i++)
        assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
    for (uint32_t i = 0; i < MOVERS + 3; i++)
        close_client(&jobs[i].client);
    close_client(&self);
    assert_int_equal(llkv_engine_close(bank->engine, NULL), LLKV_OK);

    open_bank(bank);
    open_client(&self, bank, 100);
    (void)(answers(&self, "SELECT sum(cents) FROM account", ACCOUNTS * CENTS) &&
           answers(&self, "SELECT count(*) FROM note", NOTES) &&
           answers(&self, "SELECT count(*) FROM t1", 200) &&
           answers(&self, "SELECT id FROM note WHERE text = 'note 77'", 77));
    assert_true(atomic_load(&bank->moved) > 0);
    close_client(&self);
    assert_int_equal(llkv_engine_close(bank->engine, NULL), LLKV_OK);
}

/* ---- FORCE CHECKPOINT ---- */

static void force(struct client *client)
{
    (void)does(client, "FORCE CHECKPOINT");
    atomic_fetch_sub(&client->bank->running, 1);
}

/* It waits for those who have changed something by then, not for those who begin after them: one of
 * them is always open here. */
static void force_waits_for_older_writers(void **state)
{
    struct bank *bank = *state;
    struct client one, other;
    struct job waiting = {.work = force};
    open_bank(bank);
    open_client(&waiting.client, bank, 0);
    open_client(&one, bank, 1);
    open_client(&other, bank, 2);
    assert_true(does(&one, "CREATE TABLE note(id INTEGER)"));
    assert_true(does(&one, "BEGIN; INSERT INTO note VALUES (1)"));
    atomic_store(&bank->running, 1);
    assert_int_equal(pthread_create(&waiting.thread, NULL, run_job, &waiting), 0);
    while (atomic_load(&bank->running) > 0) { /* the next one begins before the last one ends */
        assert_true(does(&other, "BEGIN; INSERT INTO note VALUES (2)"));
        assert_true(does(&one, "COMMIT"));
        assert_true(does(&one, "BEGIN; INSERT INTO note VALUES (3)"));
        assert_true(does(&other, "COMMIT"));
    }
    assert_int_equal(pthread_join(waiting.thread, NULL), 0);
    assert_true(does(&one, "ROLLBACK"));
    close_client(&waiting.client);
    close_client(&one);
    close_client(&other);
    assert_int_equal(llkv_engine_close(bank->engine, NULL), LLKV_OK);
}

static int make_folder(void **state)
{
    static struct bank bank;
    const char *base = getenv("TMPDIR");
    memset(&bank, 0, sizeof bank);
    (void)snprintf(bank.folder, sizeof bank.folder, "%.40s/llkv-bank-XXXXXX",
                   base == NULL || strlen(base) > 40 ? "/tmp" : base);
    if (mkdtemp(bank.folder) == NULL) return 1;
    (void)snprintf(bank.path, sizeof bank.path, "%s/db", bank.folder);
    *state = &bank;
    return 0;
}

static int remove_folder(void **state)
{
    struct bank *bank = *state;
    assert_int_equal(unlink(bank->path), 0);
    assert_int_equal(rmdir(bank->folder), 0); /* no log was left */
    assert_int_equal(mem_used_bytes(), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checkpoints_beside_sessions, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(force_waits_for_older_writers, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
