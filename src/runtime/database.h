/* database.h -- one open database: what all its sessions share.
 *
 * On a durable pager (a file) it begins with what was committed before: the root, then the log.
 * While it is open a checkpointer writes the root anew now and then; the last thing before it is
 * closed is one more checkpoint, so that nothing is left to replay.
 *
 * Owns:    the transaction manager, the catalog with its tables, the worker pool, recycled blocks,
 *          the memory budget, the pager unless it was handed in.
 * Threads: free-threaded; the defaults of settings are behind a mutex. */
#ifndef RUNTIME_DATABASE_H
#define RUNTIME_DATABASE_H
#include <pthread.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/cx.h"
#include "base/os_file.h"
#include "catalog/catalog.h"
#include "llkv/engine.h"
#include "llkv/pager.h"
#include "plan/settings.h"
#include "txn/txn.h"

struct database {
    /* The first of three parts of a name: the file's up to its last dot, or "memory". */
    char *name;
    struct mem_budget budget;
    struct llkv_pager *pager;
    bool owns_pager;
    struct txn_manager *manager;
    struct catalog *catalog;
    struct task_pool *pool;
    struct block_pool *blocks;
    struct table_options table_options;
    uint32_t threads;
    bool read_only;
    bool durable;                      /* the pager has a log */
    struct checkpointer *checkpointer; /* NULL: nothing to write */
    atomic_int synchronous;            /* enum txn_synchronous */
    /* Open transactions that have changed something, counted by the phase they began in: who waits
     * for those that are open now moves the phase on, and need not wait for later ones. */
    atomic_uint writers[2];
    atomic_uint writer_phase;
    /* Of a database on a file, under the lock of engine.c: */
    uint32_t shares; /* engines that have it open */
    struct os_file_id file;
    struct database *next_open;

    pthread_mutex_t defaults_mutex;
    struct settings defaults;        /* of sessions that have no value of their own */
    _Atomic uint64_t defaults_epoch; /* counts up with every change */
};

/* `options` may be NULL. It has one share. */
NODISCARD llkv_code database_open(struct cx *cx, const llkv_engine_options *options,
                                  struct database **out_database);
/* No session is left. */
void database_close(struct database *database);

/* Write what is not in the root. LLKV_READONLY if nothing may be written. Nothing to do in memory.
 */
NODISCARD llkv_code database_checkpoint(struct cx *cx, struct database *database);
/* PRAGMA synchronous: of the database, from the next commit on. */
void database_set_synchronous(struct database *database, enum txn_synchronous mode);

struct settings settings_default(void);
#endif
