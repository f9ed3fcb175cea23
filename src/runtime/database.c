#include "runtime/database.h"

#include <string.h>
#include <unistd.h>

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

static bool is_memory(const llkv_engine_options *options)
{
    if (options == NULL || options->path == NULL || options->path[0] == '\0') return true;
    return strcmp(options->path, ":memory:") == 0;
}

static llkv_code check_options(struct cx *cx, const llkv_engine_options *options)
{
    if (!is_memory(options) && options->pager == NULL)
        return cx_fail(cx, LLKV_UNSUPPORTED,
                       "database files are not supported; \"%s\" was not opened", options->path);
    if (options != NULL && options->read_only)
        return cx_fail(cx, LLKV_UNSUPPORTED, "a read-only database in memory is not supported");
    return LLKV_OK;
}

static llkv_code open_parts(struct cx *cx, const llkv_engine_options *options, struct database *db)
{
    db->pager = options == NULL ? NULL : options->pager;
    if (db->pager == NULL) {
        db->pager = pager_memory_new(&db->budget); /* its bytes count against the limit */
        if (db->pager == NULL) return cx_nomem(cx);
        db->owns_pager = true;
    }
    db->manager = txn_manager_new(&db->budget);
    db->pool = task_pool_new(options == NULL ? 0 : options->threads);
    db->blocks = block_pool_new(&db->budget);
    if (db->manager == NULL || db->pool == NULL || db->blocks == NULL) return cx_nomem(cx);
    db->threads = task_pool_threads(db->pool);
    db->catalog = catalog_new(cx, db->manager, db->pager, &db->table_options);
    return db->catalog == NULL ? LLKV_NOMEM : LLKV_OK;
}

static void close_parts(struct database *db)
{
    task_pool_free(db->pool);
    catalog_free(db->catalog);
    txn_manager_free(db->manager);
    block_pool_free(db->blocks);
    if (db->owns_pager) db->pager->methods->close(db->pager);
    pthread_mutex_destroy(&db->defaults_mutex);
    mem_free(db);
}

llkv_code database_open(struct cx *cx, const llkv_engine_options *options,
                        struct database **out_database)
{
    struct table_options sizes;
    TRY(check_options(cx, options));
    TRY(take_sizes(cx, options, &sizes));
    struct database *db = mem_alloc_zero(NULL, sizeof *db);
    if (db == NULL) return cx_nomem(cx);
    db->table_options = sizes;
    db->shares = 1;
    db->defaults = settings_default();
    bool limited = options != NULL && options->memory_limit != 0;
    db->budget.limit_bytes = limited ? (int64_t)options->memory_limit : default_memory_limit();
    if (pthread_mutex_init(&db->defaults_mutex, NULL) != 0) {
        mem_free(db);
        return cx_nomem(cx);
    }
    llkv_code rc = open_parts(cx, options, db);
    if (rc != LLKV_OK) {
        close_parts(db);
        return rc;
    }
    *out_database = db;
    return LLKV_OK;
}

void database_close(struct database *db)
{
    close_parts(db);
}
