#include "runtime/engine.h"

#include <string.h>

#include "base/os_fs.h"

/* The databases on files that this process has open. Opening and closing one holds the lock to its
 * end, so that nobody finds a database that is about to be there, or to be gone. */
static struct {
    pthread_mutex_t lock;
    struct os_fork_mark fork;
    struct database *first;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What a parent process has open is none of the child's. Its lock may have been held by a thread
 * that the child does not have. */
static void registry_enter(void)
{
    if (registry.fork.process != 0 && os_forked(&registry.fork)) {
        (void)pthread_mutex_init(&registry.lock, NULL); /* a plain mutex: cannot fail */
        registry.first = NULL;
        os_fork_mark_deinit(&registry.fork);
    }
    pthread_mutex_lock(&registry.lock);
    if (registry.fork.process == 0) os_fork_mark_init(&registry.fork);
}

static void registry_leave(void)
{
    pthread_mutex_unlock(&registry.lock);
}

static struct database *find_open(const struct os_file_id *id)
{
    for (struct database *db = registry.first; db != NULL; db = db->next_open)
        if (db->file.device == id->device && db->file.inode == id->inode) return db;
    return NULL;
}

static void unlist(const struct database *database)
{
    struct database **at = &registry.first;
    while (*at != NULL && *at != database)
        at = &(*at)->next_open;
    if (*at != NULL) *at = database->next_open;
}

static bool is_memory(const llkv_engine_options *options)
{
    if (options == NULL || options->pager != NULL || options->path == NULL) return true;
    return options->path[0] == '\0' || strcmp(options->path, ":memory:") == 0;
}

static llkv_code check_options(struct cx *cx, const llkv_engine_options *options)
{
    if (options == NULL) return LLKV_OK;
    if (options->struct_size < sizeof *options)
        return cx_fail(cx, LLKV_MISUSE, "struct_size of the options is not set");
    if (options->read_only && options->must_create)
        return cx_fail(cx, LLKV_MISUSE, "a database cannot be made and opened read-only");
    if (options->must_create && options->must_exist)
        return cx_fail(cx, LLKV_MISUSE, "a database cannot have to be there and not to be there");
    return LLKV_OK;
}

/* Another open of a file: does it fit the first one? */
static llkv_code share(struct cx *cx, const llkv_engine_options *options, struct database *db)
{
    if (options->must_create)
        return cx_fail_at(cx, LLKV_EXISTS, -1, "58P02", "\"%s\" exists already", options->path);
    if (db->read_only && !options->read_only)
        return cx_fail(cx, LLKV_BUSY, "\"%s\" is open read-only in this process", options->path);
    db->shares++;
    return LLKV_OK;
}

/* Under the lock of the registry. */
static llkv_code open_file(struct cx *cx, const llkv_engine_options *options,
                           struct database **out_database)
{
    const struct os_fs *fs = os_fs_native();
    struct os_file_id id = {0};
    bool exists = false;
    TRY(fs->find(cx, fs, options->path, &exists, &id));
    *out_database = exists ? find_open(&id) : NULL;
    if (*out_database != NULL) return share(cx, options, *out_database);
    struct database *db;
    TRY(database_open(cx, options, &db));
    llkv_code rc = fs->find(cx, fs, options->path, &exists, &db->file);
    if (rc == LLKV_OK && !exists)
        rc = cx_fail(cx, LLKV_IO, "\"%s\" was removed while it was opened", options->path);
    if (rc != LLKV_OK) {
        database_close(db);
        return rc;
    }
    db->next_open = registry.first;
    registry.first = db;
    *out_database = db;
    return LLKV_OK;
}

llkv_code engine_open(struct cx *cx, const llkv_engine_options *options, struct engine **out_engine)
{
    TRY(check_options(cx, options));
    struct engine *engine = mem_alloc_zero(NULL, sizeof *engine);
    if (engine == NULL) return cx_nomem(cx);
    llkv_code rc;
    if (is_memory(options)) {
        rc = database_open(cx, options, &engine->database);
    } else {
        registry_enter();
        rc = open_file(cx, options, &engine->database);
        registry_leave();
    }
    if (rc != LLKV_OK) {
        mem_free(engine);
        return rc;
    }
    os_fork_mark_init(&engine->fork);
    engine->read_only = engine->database->read_only || (options != NULL && options->read_only);
    *out_engine = engine;
    return LLKV_OK;
}

llkv_code engine_close(struct cx *cx, struct engine *engine)
{
    TRY(engine_check(cx, engine));
    uint32_t sessions = atomic_load(&engine->session_count);
    if (sessions != 0)
        return cx_fail(cx, LLKV_BUSY, "%u session%s still open", sessions,
                       sessions == 1 ? " is" : "s are");
    struct database *db = engine->database;
    registry_enter();
    if (--db->shares == 0) {
        unlist(db);
        database_close(db);
    }
    registry_leave();
    os_fork_mark_deinit(&engine->fork);
    mem_free(engine);
    return LLKV_OK;
}

llkv_code engine_refuse_child(struct cx *cx)
{
    return cx_fail(cx, LLKV_MISUSE,
                   "the database was opened before a fork, in the parent of this process");
}
