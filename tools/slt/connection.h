/* connection.h -- the sessions of one file, by name, each on a thread of its own if wanted.
 *
 * Owns:    sessions and threads; not the engine.
 * Threads: the functions belong to the thread that opened the set. Work given to a connection runs
 *          on the connection's thread while the caller waits in an event loop, so that two
 *          connections never run at the same time and the order of the file is kept. */
#ifndef SLT_CONNECTION_H
#define SLT_CONNECTION_H
#include "llkv.h"
#include "slt/text.h"

enum { SLT_SETUP_MAX = 4 };

struct slt_connection; /* opaque */
typedef void slt_work_fn(llkv_session *session, void *arg);

/* Zero-initialised: closed. */
struct slt_connections {
    llkv_engine *engine;
    struct slt_connection *first;     /* the default one */
    struct uv_loop_s *loop;           /* NULL: everything runs on the caller's thread */
    const char *setup[SLT_SETUP_MAX]; /* scripts run on every new session; NULL ends them */
};

/* Open the default connection, named "". The setup scripts are borrowed. */
llkv_code slt_connections_open(struct slt_connections *connections, llkv_engine *engine,
                               bool threads, llkv_error *error);
/* The connection called `name`, made on first use with the settings of the default one. */
llkv_code slt_connections_get(struct slt_connections *connections, struct slt_slice name,
                              struct slt_connection **out_connection, llkv_error *error);
/* Run `work` with the connection's session and wait for it. */
void slt_connection_run(struct slt_connections *connections, struct slt_connection *connection,
                        slt_work_fn *work, void *arg);
/* Close all of them. The first error that closing met, or LLKV_OK. */
llkv_code slt_connections_close(struct slt_connections *connections, llkv_error *error);

/* Run every statement of `sql` and drop the rows. */
llkv_code slt_run_script(llkv_session *session, struct slt_slice sql, llkv_error *error);
#endif
