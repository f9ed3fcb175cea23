/* A drive pager made and closed: its memory, its files, the order in which locks are taken. */
#include <assert.h>
#include <string.h>

#include "base/os_fault.h"
#include "storage/drive_priv.h"

enum { OPEN_ATTEMPTS_MAX = 100, READ_ATTEMPTS_MAX = 5 };

static char *path_with(struct drive_pager *dp, const char *path, const char *suffix)
{
    size_t len = strlen(path);
    size_t more = strlen(suffix) + 1;
    char *joined = mem_alloc(dp->budget, len + more);
    if (joined == NULL) return NULL;
    memcpy(joined, path, len);
    memcpy(joined + len, suffix, more);
    return joined;
}

static uint32_t init_locks(struct drive_pager *dp)
{
    uint32_t locks = 0;
    if (pthread_mutex_init(&dp->publish_lock, NULL) == 0) locks++;
    if (locks == 1 && pthread_mutex_init(&dp->session_lock, NULL) == 0) locks++;
    if (locks == 2 && pthread_mutex_init(&dp->append_lock, NULL) == 0) locks++;
    if (locks == 3 && pthread_mutex_init(&dp->lock, NULL) == 0) locks++;
    return locks;
}

static void deinit_locks(struct drive_pager *dp, uint32_t locks)
{
    if (locks > 0) pthread_mutex_destroy(&dp->publish_lock);
    if (locks > 1) pthread_mutex_destroy(&dp->session_lock);
    if (locks > 2) pthread_mutex_destroy(&dp->append_lock);
    if (locks > 3) pthread_mutex_destroy(&dp->lock);
}

static void free_memory(struct drive_pager *dp, uint32_t locks)
{
    deinit_locks(dp, locks);
    mem_free(dp->path);
    mem_free(dp->log_path);
    mem_free(dp->new_path);
    mem_free(dp);
}

/* Everything that an attempt to open the files has gathered. */
static void forget_files(struct drive_pager *dp)
{
    log_close(dp->log);
    dp->log = NULL;
    drive_groups_free(dp);
    drive_mappings_free(dp);
    batch_table_deinit(&dp->table);
    mem_free(dp->drops);
    dp->drops = NULL;
    dp->drop_count = dp->drop_capacity = 0;
    os_fs_close(dp->file);
    dp->file = NULL;
    dp->root = (struct entry){0};
}

void drive_close(llkv_pager *pager)
{
    struct drive_pager *dp = drive_of(pager);
    drive_session_end(dp);
    forget_files(dp);
    free_memory(dp, 4);
}

static struct drive_pager *drive_new(const char *path, const llkv_pager_drive_options *options,
                                     const struct drive_options *inner)
{
    struct drive_pager *dp = mem_alloc_zero(inner->budget, sizeof *dp);
    if (dp == NULL) return NULL;
    dp->pager.methods = &drive_methods;
    dp->options = *options;
    dp->fs = inner->fs == NULL ? os_fs_native() : inner->fs;
    dp->budget = inner->budget;
    dp->planted = inner->planted;
    dp->segment_bytes = inner->segment_bytes;
    if (dp->segment_bytes == 0) dp->segment_bytes = options->log_segment_bytes;
    if (dp->segment_bytes == 0) dp->segment_bytes = LOG_SEGMENT_BYTES_DEFAULT;
    dp->lost_pages = os_fault_count();
    uint32_t locks = init_locks(dp);
    dp->path = path_with(dp, path, "");
    dp->log_path = path_with(dp, path, "-log");
    dp->new_path = path_with(dp, path, "-new");
    bool paths = dp->path != NULL && dp->log_path != NULL && dp->new_path != NULL;
    if (paths && locks == 4) return dp;
    free_memory(dp, locks);
    return NULL;
}

/* ---- a new file (S3) ---- */

/* Is the open file still the one of that name? */
static llkv_code same_file(struct cx *cx, struct drive_pager *dp, const char *path, bool *out_same)
{
    struct os_file_id of_file = {0};
    struct os_file_id of_name = {0};
    bool exists = false;
    TRY(dp->fs->identity(cx, dp->file, &of_file));
    TRY(dp->fs->find(cx, dp->fs, path, &exists, &of_name));
    *out_same = exists && of_file.device == of_name.device && of_file.inode == of_name.inode;
    return LLKV_OK;
}

/* Fill the file of the new name, whose writer we are; then it gets its own name. `replace`: an
 * empty file of that name is there. */
static llkv_code fill_new(struct cx *cx, struct drive_pager *dp, bool replace)
{
    struct table_ref none = {0};
    TRY(dp->fs->resize(cx, dp->file, 0));
    TRY(dp->fs->random(cx, dp->fs, dp->file_id, sizeof dp->file_id));
    TRY(batch_table_init(cx, &dp->table, dp->file, dp->budget, &none));
    TRY(drive_root_create(cx, dp));
    TRY(dp->fs->rename(cx, dp->fs, dp->new_path, dp->path, replace));
    TRY(dp->fs->directory_sync(cx, dp->fs, dp->path));
    return LLKV_OK;
}

/* *out_made is false if somebody else made the file meanwhile. */
static llkv_code create(struct cx *cx, struct drive_pager *dp, bool replace, bool *out_made)
{
    bool log_exists = false;
    bool locked = false;
    bool same = false;
    *out_made = false;
    TRY(dp->fs->find(cx, dp->fs, dp->log_path, &log_exists, NULL));
    if (log_exists) {
        llkv_code rc = cx_fail(cx, LLKV_EXISTS, "\"%s\" is not made: a log \"%s\" is there",
                               dp->path, dp->log_path);
        if (rc != LLKV_OK)
            rc = cx_hint(cx, "It belongs to a database that is missing; move it away.");
        return rc;
    }
    TRY(dp->fs->open(cx, dp->fs, dp->new_path, OS_WRITE | OS_CREATE, &dp->file));
    TRY(drive_lock_writer(cx, dp, &locked));
    if (!locked) return cx_fail(cx, LLKV_BUSY, "\"%s\" is being made by another process", dp->path);
    TRY(same_file(cx, dp, dp->new_path, &same));
    if (!same) return LLKV_OK; /* its maker has given it its name */
    dp->tail = dp->written_tail = dp->synced_tail = 0;
    dp->last_seq = 0;
    llkv_code rc = fill_new(cx, dp, replace);
    if (rc == LLKV_EXISTS && !replace) {
        (void)dp->fs->remove(cx, dp->fs, dp->new_path); /* ours; the other one counts */
        return LLKV_OK;
    }
    TRY(rc);
    *out_made = true;
    return drive_lock_take(cx, dp);
}

/* ---- a file that is there ---- */

/* A reader has its root pinned: is it still the newest? */
static llkv_code reader_settled(struct cx *cx, struct drive_pager *dp, bool *out_settled)
{
    bool moved = false;
    TRY(drive_lock_pin(cx, dp, dp->root.version));
    if (dp->log != NULL)
        TRY(log_slot_moved(cx, dp->log, &moved));
    else if (!dp->log_unfinished)
        TRY(dp->fs->find(cx, dp->fs, dp->log_path, &moved, NULL));
    *out_settled = !moved;
    return LLKV_OK;
}

static llkv_code open_existing(struct cx *cx, struct drive_pager *dp, bool *out_open)
{
    bool same = false;
    *out_open = false;
    uint32_t flags = dp->options.read_only ? 0 : OS_WRITE;
    TRY(dp->fs->open(cx, dp->fs, dp->path, flags, &dp->file));
    TRY(drive_lock_take(cx, dp));
    TRY(same_file(cx, dp, dp->path, &same));
    if (!same) return LLKV_OK;
    TRY(drive_recover(cx, dp));
    if (dp->options.read_only) return reader_settled(cx, dp, out_open);
    *out_open = true;
    return LLKV_OK;
}

static llkv_code attempt(struct cx *cx, struct drive_pager *dp, bool *out_open)
{
    bool exists = false;
    TRY(dp->fs->find(cx, dp->fs, dp->path, &exists, NULL));
    bool may_create = !dp->options.read_only && !dp->options.must_exist;
    if (!exists && may_create) return create(cx, dp, false, out_open);
    if (!exists || !may_create) return open_existing(cx, dp, out_open);
    uint64_t bytes = 0; /* an empty file counts as one that is not there */
    TRY(dp->fs->open(cx, dp->fs, dp->path, OS_WRITE, &dp->file));
    TRY(dp->fs->size(cx, dp->file, &bytes));
    os_fs_close(dp->file);
    dp->file = NULL;
    return bytes == 0 ? create(cx, dp, true, out_open) : open_existing(cx, dp, out_open);
}

/* A reader may see a writer in the middle of its work, and take it for damage: it looks again. */
static bool worth_another_try(const struct drive_pager *dp, llkv_code rc, uint32_t attempts)
{
    if (rc == LLKV_OK) return true;
    return dp->options.read_only && rc == LLKV_CORRUPT && attempts < READ_ATTEMPTS_MAX;
}

static llkv_code open_files(struct cx *cx, struct drive_pager *dp)
{
    for (uint32_t i = 0; i < OPEN_ATTEMPTS_MAX; i++) {
        bool opened = false;
        llkv_code rc = attempt(cx, dp, &opened);
        if (rc == LLKV_OK && opened) return LLKV_OK;
        forget_files(dp);
        if (!worth_another_try(dp, rc, i + 1)) return rc;
    }
    return cx_fail(cx, LLKV_BUSY, "\"%s\" changes faster than it can be opened", dp->path);
}

static llkv_code check_options(struct cx *cx, const char *path,
                               const llkv_pager_drive_options *options,
                               const struct drive_options *inner)
{
    if (path == NULL || path[0] == '\0') return cx_fail(cx, LLKV_MISUSE, "there is no path");
    if (options->struct_size < sizeof *options)
        return cx_fail(cx, LLKV_MISUSE, "the options' struct_size is too small");
    uint64_t bytes = options->log_segment_bytes;
    bool fits = bytes == 0 || (bytes >= LOG_FIRST_SEGMENT_BYTES && bytes <= LOG_SEGMENT_BYTES_MAX);
    if (!fits || bytes % STORAGE_BLOCK_BYTES != 0)
        return cx_fail(cx, LLKV_MISUSE, "a log segment cannot have %llu bytes",
                       (unsigned long long)bytes);
    assert(inner->segment_bytes == 0 || inner->segment_bytes >= LOG_SEGMENT_BYTES_MIN);
    (void)inner;
    return LLKV_OK;
}

llkv_code drive_pager_open(const char *path, const llkv_pager_drive_options *options,
                           const struct drive_options *inner, llkv_pager **out_pager,
                           llkv_error *error)
{
    const llkv_pager_drive_options defaults = {.struct_size = sizeof defaults};
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = {.error = error == NULL ? &local : error, .budget = inner->budget};
    if (options == NULL) options = &defaults;
    if (out_pager == NULL) return cx_fail(&cx, LLKV_MISUSE, "out_pager is NULL");
    TRY(check_options(&cx, path, options, inner));
    struct drive_pager *dp = drive_new(path, options, inner);
    if (dp == NULL) return cx_nomem(&cx);
    llkv_code rc = open_files(&cx, dp);
    if (rc != LLKV_OK) {
        free_memory(dp, 4);
        return rc;
    }
    *out_pager = &dp->pager;
    return LLKV_OK;
}

llkv_code llkv_pager_drive_open(const char *path, const llkv_pager_drive_options *options,
                                llkv_pager **out_pager, llkv_error *error)
{
    const struct drive_options inner = {0};
    return drive_pager_open(path, options, &inner, out_pager, error);
}
