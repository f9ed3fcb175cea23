#include "slt/connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct slt_connection {
    struct slt_connection *next;
    struct slt_slice name; /* in the text of the file */
    llkv_session *session;
    /* With a thread: `work` is set by the owner, cleared by the thread; `lock` guards both. */
    bool has_thread, has_lock, has_wake, has_done, stop;
    uv_thread_t thread;
    uv_mutex_t lock;
    uv_cond_t wake;
    uv_async_t done;
    slt_work_fn *work;
    void *arg;
};

static llkv_code fail(llkv_error *error, llkv_code code, const char *message)
{
    *error = (llkv_error)LLKV_ERROR_INIT;
    error->code = code;
    memcpy(error->sqlstate, llkv_code_sqlstate(code), 5);
    size_t len = strlen(message);
    memcpy(error->message, message, len < sizeof error->message ? len + 1 : 0);
    return code;
}

llkv_code slt_run_script(llkv_session *session, struct slt_slice sql, llkv_error *error)
{
    while (sql.len > 0) {
        llkv_statement *statement = NULL;
        size_t used = 0;
        llkv_code rc = llkv_prepare(session, sql.data, sql.len, &statement, &used, error);
        if (rc != LLKV_OK) return rc;
        bool row = statement != NULL;
        while (row && rc == LLKV_OK)
            rc = llkv_statement_step(statement, &row, error);
        llkv_statement_free(statement);
        if (rc != LLKV_OK) return rc;
        if (used == 0 || used > sql.len) break;
        sql.data += used;
        sql.len -= used;
    }
    return LLKV_OK;
}

static void thread_main(void *arg)
{
    struct slt_connection *connection = arg;
    uv_mutex_lock(&connection->lock);
    while (!connection->stop) {
        if (connection->work == NULL) {
            uv_cond_wait(&connection->wake, &connection->lock);
            continue;
        }
        connection->work(connection->session, connection->arg);
        connection->work = NULL;
        (void)uv_async_send(&connection->done); /* fails only on a closed handle */
    }
    uv_mutex_unlock(&connection->lock);
}

static void on_done(uv_async_t *async)
{
    uv_stop(async->loop);
}

static llkv_code start_thread(struct slt_connections *connections,
                              struct slt_connection *connection, llkv_error *error)
{
    int rc = uv_mutex_init(&connection->lock);
    if (rc == 0) {
        connection->has_lock = true;
        rc = uv_cond_init(&connection->wake);
    }
    if (rc == 0) {
        connection->has_wake = true;
        rc = uv_async_init(connections->loop, &connection->done, on_done);
    }
    if (rc == 0) {
        connection->has_done = true;
        rc = uv_thread_create(&connection->thread, thread_main, connection);
    }
    if (rc != 0) return fail(error, LLKV_LIMIT, uv_strerror(rc));
    connection->has_thread = true;
    return LLKV_OK;
}

static void stop_thread(struct slt_connections *connections, struct slt_connection *connection)
{
    if (connection->has_thread) {
        uv_mutex_lock(&connection->lock);
        connection->stop = true;
        uv_cond_signal(&connection->wake);
        uv_mutex_unlock(&connection->lock);
        (void)uv_thread_join(&connection->thread); /* the thread is ours and was started */
    }
    if (connection->has_done) {
        uv_close((uv_handle_t *)&connection->done, NULL);
        (void)uv_run(connections->loop, UV_RUN_NOWAIT); /* lets the loop forget the handle */
    }
    if (connection->has_wake) uv_cond_destroy(&connection->wake);
    if (connection->has_lock) uv_mutex_destroy(&connection->lock);
}

struct setup {
    struct slt_connections *connections;
    llkv_code rc;
    llkv_error *error;
};

static void run_setup(llkv_session *session, void *arg)
{
    struct setup *setup = arg;
    const char *const *scripts = setup->connections->setup;
    for (size_t i = 0; i < SLT_SETUP_MAX && scripts[i] != NULL && setup->rc == LLKV_OK; i++) {
        struct slt_slice script = {scripts[i], strlen(scripts[i])};
        setup->rc = slt_run_script(session, script, setup->error);
    }
}

static llkv_code open_session(struct slt_connections *connections,
                              struct slt_connection *connection, llkv_error *error)
{
    if (connections->first != NULL) { /* a second connection starts with the first one's settings */
        return llkv_session_open_like(connections->first->session, &connection->session, error);
    }
    return llkv_session_open(connections->engine, &connection->session, error);
}

static llkv_code add_connection(struct slt_connections *connections, struct slt_slice name,
                                struct slt_connection **out_connection, llkv_error *error)
{
    struct slt_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) return fail(error, LLKV_NOMEM, "out of memory");
    connection->name = name;
    llkv_code rc = open_session(connections, connection, error);
    bool first = connections->first == NULL;
    if (rc == LLKV_OK && connections->loop != NULL) {
        rc = start_thread(connections, connection, error);
    }
    if (rc != LLKV_OK) {
        stop_thread(connections, connection);
        (void)llkv_session_close(connection->session,
                                 NULL); /* the first error is the one to tell */
        free(connection);
        return rc;
    }
    struct slt_connection **end = &connections->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = connection;
    *out_connection = connection;
    if (!first) return LLKV_OK;
    struct setup setup = {connections, LLKV_OK, error};
    slt_connection_run(connections, connection, run_setup, &setup);
    return setup.rc;
}

llkv_code slt_connections_open(struct slt_connections *connections, llkv_engine *engine,
                               bool threads, llkv_error *error)
{
    assert(connections->first == NULL);
    connections->engine = engine;
    if (threads) {
        connections->loop = malloc(sizeof *connections->loop);
        if (connections->loop == NULL) return fail(error, LLKV_NOMEM, "out of memory");
        int rc = uv_loop_init(connections->loop);
        if (rc != 0) {
            free(connections->loop);
            connections->loop = NULL;
            return fail(error, LLKV_LIMIT, uv_strerror(rc));
        }
    }
    struct slt_connection *connection = NULL;
    return add_connection(connections, (struct slt_slice){"", 0}, &connection, error);
}

llkv_code slt_connections_get(struct slt_connections *connections, struct slt_slice name,
                              struct slt_connection **out_connection, llkv_error *error)
{
    for (struct slt_connection *c = connections->first; c != NULL; c = c->next) {
        bool same = c->name.len == name.len &&
                    (name.len == 0 || memcmp(c->name.data, name.data, name.len) == 0);
        if (same) {
            *out_connection = c;
            return LLKV_OK;
        }
    }
    return add_connection(connections, name, out_connection, error);
}

static bool is_working(struct slt_connection *connection)
{
    uv_mutex_lock(&connection->lock);
    bool working = connection->work != NULL;
    uv_mutex_unlock(&connection->lock);
    return working;
}

void slt_connection_run(struct slt_connections *connections, struct slt_connection *connection,
                        slt_work_fn *work, void *arg)
{
    if (!connection->has_thread) {
        work(connection->session, arg);
        return;
    }
    uv_mutex_lock(&connection->lock);
    connection->arg = arg;
    connection->work = work;
    uv_cond_signal(&connection->wake);
    uv_mutex_unlock(&connection->lock);
    while (is_working(connection))
        (void)uv_run(connections->loop, UV_RUN_DEFAULT);
}

llkv_code slt_connections_close(struct slt_connections *connections, llkv_error *error)
{
    llkv_code rc = LLKV_OK;
    while (connections->first != NULL) {
        struct slt_connection *connection = connections->first;
        connections->first = connection->next;
        stop_thread(connections, connection);
        llkv_code close_rc = llkv_session_close(connection->session, rc == LLKV_OK ? error : NULL);
        if (rc == LLKV_OK) rc = close_rc;
        free(connection);
    }
    if (connections->loop != NULL) {
        (void)uv_run(connections->loop, UV_RUN_NOWAIT);
        (void)uv_loop_close(connections->loop); /* every handle of it is closed */
        free(connections->loop);
    }
    *connections = (struct slt_connections){0};
    return rc;
}
