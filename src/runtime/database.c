#include "runtime/database.h"

#include <string.h>
#include <unistd.h>

#include "catalog/checkpoint.h"
#include "catalog/replay.h"
#include "runtime/checkpointer.h"
#include "storage/drive_pager.h"
#include "storage/pager.h"
#include "task/task.h"

struct settings settings_default(void)
{
    return (struct settings){.integer_division = true, .char_length_enforce = true};
}

static int64_t default_memory_limit(void)
{
    int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? pages / 10 * 8 * page : 0;
}

static bool power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static llkv_code take_sizes(struct cx *cx, const llkv_engine_options *options,
                            struct table_options *out)
{
    *out = (struct table_options){.segment_rows = 65536, .vector_rows = VEC_ROWS_MAX};
    if (options == NULL) return LLKV_OK;
    if (options->debug_segment_rows != 0) out->segment_rows = options->debug_segment_rows;
    if (options->debug_vector_rows != 0) out->vector_rows = options->debug_vector_rows;
    out->no_pruning = options->debug_no_pruning;
    if (!power_of_two(out->segment_rows) || !power_of_two(out->vector_rows) ||
        out->segment_rows < 64 || out->segment_rows > 65536 || out->vector_rows < 8 ||
        out->vector_rows > VEC_ROWS_MAX || out->vector_rows > out->segment_rows)
        return cx_fail(
            cx, LLKV_MISUSE,
            "debug sizes are powers of two: vectors of 8 to 2048 rows, segments of 64 to "
            "65536");
    return LLKV_OK;
}

static bool has_path(const llkv_engine_options *options)
{
    return options != NULL && options->path != NULL && options->path[0] != '\0' &&
           strcmp(options->path, ":memory:") != 0;
}

/* What SQL calls it. */
static char *name_of(const llkv_engine_options *options, struct mem_budget *budget)
{
    const char *path = has_path(options) ? options->path : "memory";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) path = slash + 1;
    const char *dot = strrchr(path, '.');
    const size_t len = dot == NULL || dot == path ? strlen(path) : (size_t)(dot - path);
    char *name = mem_alloc(budget, len + 1);
    if (name == NULL) return NULL;
    memcpy(name, path, len);
    name[len] = '\0';
    return name;
}

static llkv_code open_pager(struct cx *cx, const llkv_engine_options *options, struct database *db)
{
    if (options != NULL && options->pager != NULL) {
        db->pager = options->pager;
        return LLKV_OK;
    }
    db->owns_pager = true; /* its bytes count against the limit */
    if (!has_path(options)) {
        db->pager = pager_memory_new(&db->budget);
        return db->pager == NULL ? cx_nomem(cx) : LLKV_OK;
    }
    const llkv_pager_drive_options drive = {.struct_size = sizeof drive,
                                            .read_only = options->read_only,
                                            .must_exist =
                                                options->must_exist || options->read_only};
    const struct drive_options inner = {.budget = &db->budget};
    return drive_pager_open(options->path, &drive, &inner, &db->pager, cx->error);
}

static llkv_code open_parts(struct cx *cx, const llkv_engine_options *options, struct database *db)
{
    db->name = name_of(options, &db->budget);
    if (db->name == NULL) return cx_nomem(cx);
    TRY(open_pager(cx, options, db));
    db->manager = txn_manager_new(&db->budget);
    db->pool = task_pool_new(options == NULL ? 0 : options->threads);
    db->blocks = block_pool_new(&db->budget);
    if (db->manager == NULL || db->pool == NULL || db->blocks == NULL) return cx_nomem(cx);
    db->threads = task_pool_threads(db->pool);
    db->catalog = catalog_new(cx, db->manager, db->pager, &db->table_options);
    return db->catalog == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* ---- what was there before ---- */

/* The root, then the log. What was replayed becomes part of the root before anything is written to
 * the log again; where there is no room for that the database is read-only. */
static llkv_code recover(struct cx *cx, struct database *db)
{
    int64_t from;
    uint64_t frames = 0;
    TRY(catalog_recover(cx, db->catalog, &from));
    if (!db->durable) return LLKV_OK;
    TRY(catalog_replay(cx, db->catalog, from, &frames));
    if (db->read_only) return LLKV_OK;
    if (frames != 0) {
        llkv_code rc = catalog_checkpoint(cx, db->catalog, NULL);
        if (rc == LLKV_LIMIT) {
            db->read_only = true;
            return LLKV_OK;
        }
        TRY(rc);
    }
    return txn_log_open(cx, db->manager, db->pager,
                        (enum txn_synchronous)atomic_load(&db->synchronous));
}

static llkv_code open_content(struct cx *cx, struct database *db)
{
    struct arena arena;
    struct cx inner = *cx;
    const llkv_pager_caps caps = db->pager->methods->caps(db->pager);
    db->durable = (caps.flags & LLKV_PAGER_DURABLE_LOG) != 0;
    atomic_store(&db->synchronous, TXN_SYNC_FULL);
    arena_init(&arena, &db->budget);
    inner.arena = &arena;
    inner.budget = &db->budget;
    inner.pool = db->pool;
    llkv_code rc = recover(&inner, db);
    arena_deinit(&arena);
    if (rc != LLKV_OK || !db->durable || db->read_only) return rc;
    return checkpointer_start(cx, db, &db->checkpointer);
}

static void close_parts(struct database *db)
{
    checkpointer_stop(db->checkpointer);
    task_pool_free(db->pool);
    catalog_free(db->catalog);
    txn_manager_free(db->manager);
    block_pool_free(db->blocks);
    if (db->owns_pager && db->pager != NULL) db->pager->methods->close(db->pager);
    pthread_mutex_destroy(&db->defaults_mutex);
    mem_free(db->name);
    mem_free(db);
}

llkv_code database_open(struct cx *cx, const llkv_engine_options *options,
                        struct database **out_database)
{
    struct table_options sizes;
    TRY(take_sizes(cx, options, &sizes));
    struct database *db = mem_alloc_zero(NULL, sizeof *db);
    if (db == NULL) return cx_nomem(cx);
    db->table_options = sizes;
    db->shares = 1;
    db->read_only = options != NULL && options->read_only;
    db->defaults = settings_default();
    bool limited = options != NULL && options->memory_limit != 0;
    db->budget.limit_bytes = limited ? (int64_t)options->memory_limit : default_memory_limit();
    if (pthread_mutex_init(&db->defaults_mutex, NULL) != 0) {
        mem_free(db);
        return cx_nomem(cx);
    }
    llkv_code rc = open_parts(cx, options, db);
    if (rc == LLKV_OK) rc = open_content(cx, db);
    if (rc != LLKV_OK) {
        close_parts(db);
        return rc;
    }
    *out_database = db;
    return LLKV_OK;
}

llkv_code database_checkpoint(struct cx *cx, struct database *db)
{
    if (!db->durable) return LLKV_OK;
    if (db->read_only) return cx_fail(cx, LLKV_READONLY, "the database is open read-only");
    return catalog_checkpoint(cx, db->catalog, NULL);
}

void database_set_synchronous(struct database *db, enum txn_synchronous mode)
{
    atomic_store(&db->synchronous, (int)mode);
    if (db->durable && !db->read_only) txn_log_set_synchronous(db->manager, mode);
}

void database_close(struct database *db)
{
    if (db->checkpointer != NULL) {
        llkv_error error = LLKV_ERROR_INIT;
        struct arena arena;
        arena_init(&arena, &db->budget);
        struct cx cx = {.arena = &arena, .error = &error, .budget = &db->budget, .pool = db->pool};
        checkpointer_stop(db->checkpointer);
        db->checkpointer = NULL;
        llkv_code rc = database_checkpoint(&cx, db);
        (void)rc; /* if it fails, everything is in the log still */
        arena_deinit(&arena);
    }
    close_parts(db);
}
