/* database.h -- one open database: what all its sessions share.
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
#include "catalog/catalog.h"
#include "llkv/engine.h"
#include "llkv/pager.h"
#include "plan/settings.h"
#include "txn/txn.h"

struct database {
    struct mem_budget budget;
    struct llkv_pager *pager;
    bool owns_pager;
    struct txn_manager *manager;
    struct catalog *catalog;
    struct task_pool *pool;
    struct block_pool *blocks;
    struct table_options table_options;
    uint32_t threads;
    atomic_uint session_count;
    pthread_mutex_t defaults_mutex;
    struct settings defaults; /* what new sessions start with */
};

/* `options` may be NULL. */
NODISCARD llkv_code database_open(struct cx *cx, const llkv_engine_options *options,
                                  struct database **out_database);
/* LLKV_BUSY while sessions are open. */
NODISCARD llkv_code database_close(struct cx *cx, struct database *database);

struct settings settings_default(void);
#endif
