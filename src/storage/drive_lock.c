/* Who may do what with a container: the locks of writer_lock.h, taken by a pager. */
#include "storage/drive_priv.h"
#include "storage/writer_lock.h"

static llkv_code take(struct cx *cx, struct drive_pager *dp, enum os_lock_kind kind,
                      uint64_t offset, bool *out_taken)
{
    struct os_lock lock = {kind, offset, 1};
    return dp->fs->lock(cx, dp->file, &lock, out_taken);
}

/* A lock of any kind, held by anybody else. */
static llkv_code find(struct cx *cx, struct drive_pager *dp, uint64_t offset, uint64_t bytes,
                      bool *out_found, uint64_t *out_offset)
{
    struct os_lock lock = {OS_LOCK_EXCLUSIVE, offset, bytes};
    return dp->fs->lock_find(cx, dp->file, &lock, out_found, out_offset);
}

llkv_code drive_lock_writer(struct cx *cx, struct drive_pager *dp, bool *out_taken)
{
    return writer_lock_try(cx, dp->file, out_taken);
}

llkv_code drive_lock_take(struct cx *cx, struct drive_pager *dp)
{
    bool taken = false;
    if (dp->options.read_only) {
        /* A shared lock on WRITER would keep writers out: only look. */
        uint64_t offset = 0;
        struct os_lock writer = {OS_LOCK_SHARED, LOCK_WRITER_AT, 1};
        TRY(dp->fs->lock_find(cx, dp->file, &writer, &dp->live, &offset));
    } else {
        TRY(drive_lock_writer(cx, dp, &taken));
        if (!taken) return writer_lock_busy(cx, dp->file, dp->path);
    }
    TRY(take(cx, dp, OS_LOCK_SHARED, LOCK_MAINTENANCE_AT, &taken));
    if (taken) return LLKV_OK;
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is being closed or rewritten by another process",
                   dp->path);
}

llkv_code drive_lock_pin(struct cx *cx, struct drive_pager *dp, uint64_t version)
{
    bool taken = false;
    TRY(take(cx, dp, OS_LOCK_SHARED, LOCK_PINS_AT + version % LOCK_PINS_COUNT, &taken));
    if (taken) return LLKV_OK;
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is locked by another program", dp->path);
}

llkv_code drive_lock_pinned(struct cx *cx, struct drive_pager *dp, bool *out_pinned)
{
    uint64_t offset = 0;
    return find(cx, dp, LOCK_PINS_AT, LOCK_PINS_COUNT, out_pinned, &offset);
}

llkv_code drive_lock_alone(struct cx *cx, struct drive_pager *dp, bool *out_alone)
{
    return take(cx, dp, OS_LOCK_EXCLUSIVE, LOCK_MAINTENANCE_AT, out_alone);
}
