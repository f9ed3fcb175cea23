/* The drive pager as a table of functions; the calls of its log. */
#include "storage/drive_pager.h"

#include "base/os_fault.h"
#include "storage/drive_priv.h"

/* The count is the process's: a page of another file that is lost counts, too, which is on the safe
 * side. */
static llkv_code check_pages(struct cx *cx, const struct drive_pager *dp)
{
    if (os_fault_count() == dp->lost_pages) return LLKV_OK;
    return cx_fail(
        cx, LLKV_IO,
        "a part of \"%s\" could not be read: it was cut by somebody, or its medium fails",
        dp->path);
}

llkv_code drive_check_writable(struct cx *cx, struct drive_pager *dp)
{
    if (dp->options.read_only)
        return cx_fail(cx, LLKV_READONLY, "\"%s\" was opened to be read only", dp->path);
    TRY(check_pages(cx, dp)); /* it might be zeros that are to be written */
    return storage_refuse_if_failed(cx, &dp->failed);
}

static llkv_pager_caps drive_caps(llkv_pager *pager)
{
    (void)pager;
    return (llkv_pager_caps){.struct_size = sizeof(llkv_pager_caps),
                             .flags = LLKV_PAGER_ZERO_COPY | LLKV_PAGER_DURABLE_LOG |
                                      LLKV_PAGER_SHARED_READERS,
                             .batch_bytes_max = DRIVE_BATCH_BYTES_MAX - ENTRY_HEADER_BYTES};
}

static llkv_code drive_log_append(llkv_pager *pager, const llkv_pager_group *group,
                                  llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    TRY(drive_check_writable(&cx, dp));
    if (group->frames == 0 && group->size == 0 && !atomic_load(&dp->session))
        return LLKV_OK; /* nothing was written, so there is nothing to tell */
    TRY(drive_session_begin(&cx, dp));
    pthread_mutex_lock(&dp->lock);
    uint64_t container_tail = dp->synced_tail;
    pthread_mutex_unlock(&dp->lock);
    return log_append(&cx, dp->log, group, container_tail);
}

static llkv_code drive_log_sync(llkv_pager *pager, uint64_t lsn, llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    TRY(drive_check_writable(&cx, dp));
    if (lsn == 0) return LLKV_OK;
    TRY(drive_session_begin(&cx, dp));
    return log_sync(&cx, dp->log, lsn);
}

/* Hands on what a scan finds. */
struct replay {
    llkv_pager_replay_fn *fn;
    void *arg;
    uint64_t from_lsn;
};

static llkv_code replay_group(void *arg, const struct log_group *group, const void *payload)
{
    const struct replay *replay = arg;
    bool wanted = group->frames > 0 && group->first_lsn + group->frames > replay->from_lsn;
    if (!wanted) return LLKV_OK;
    return replay->fn(replay->arg, group->first_lsn, group->frames, payload, group->bytes);
}

static llkv_code replay_kept(struct drive_pager *dp, const struct replay *replay)
{
    for (const struct drive_group *group = dp->groups; group != NULL; group = group->next) {
        bool wanted = group->frames > 0 && group->first_lsn + group->frames > replay->from_lsn;
        if (!wanted) continue;
        TRY(replay->fn(replay->arg, group->first_lsn, group->frames, group->payload, group->bytes));
    }
    return LLKV_OK;
}

static llkv_code drive_log_replay(llkv_pager *pager, uint64_t from_lsn, llkv_pager_replay_fn *fn,
                                  void *arg, llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    struct replay replay = {fn, arg, from_lsn};
    struct log_scan scan;
    if (dp->options.read_only) return replay_kept(dp, &replay);
    if (dp->log == NULL) return LLKV_OK;
    uint64_t end = log_next_lsn(dp->log);
    if (from_lsn >= end) return LLKV_OK;
    struct log_position start = log_start_for(dp->log, from_lsn);
    TRY(log_scan(&cx, dp->log, &start, end, replay_group, &replay, &scan));
    if (scan.end.lsn >= end) return LLKV_OK;
    return cx_fail(&cx, LLKV_CORRUPT, "\"%s\": the log cannot be read beyond lsn %llu", dp->path,
                   (unsigned long long)scan.end.lsn);
}

const llkv_pager_methods drive_methods = {
    .struct_size = sizeof(llkv_pager_methods),
    .caps = drive_caps,
    .batch_begin = drive_batch_begin,
    .batch_add = drive_batch_add,
    .batch_seal = drive_batch_seal,
    .batch_abort = drive_batch_abort,
    .batch_sync = drive_batch_sync,
    .discard = drive_discard,
    .view = drive_view,
    .view_release = drive_view_release,
    .root_get = drive_root_get,
    .root_publish = drive_root_publish,
    .log_append = drive_log_append,
    .log_sync = drive_log_sync,
    .log_replay = drive_log_replay,
    .close = drive_close,
};

llkv_code drive_pager_tend(struct cx *cx, llkv_pager *pager)
{
    if (pager->methods != &drive_methods) return LLKV_OK;
    struct drive_pager *dp = drive_of(pager);
    bool idle = dp->options.read_only || !atomic_load(&dp->session) || atomic_load(&dp->failed);
    return idle ? LLKV_OK : log_prepare(cx, dp->log);
}

llkv_code drive_pager_check_pages(struct cx *cx, llkv_pager *pager)
{
    return pager->methods == &drive_methods ? check_pages(cx, drive_of(pager)) : LLKV_OK;
}

llkv_code drive_pager_identity(struct cx *cx, llkv_pager *pager, struct os_file_id *out_id)
{
    if (pager->methods != &drive_methods) return cx_fail(cx, LLKV_MISUSE, "the pager has no file");
    struct drive_pager *dp = drive_of(pager);
    return dp->fs->identity(cx, dp->file, out_id);
}
