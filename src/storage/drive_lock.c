/* Who may do what with a container: locks on bytes far behind its end.
 *
 * They belong to the open file and go with it, also by the end of the process. A writer tells who
 * it is by where it holds two shared locks: the offset of one is its process id, that of the other
 * a number for its machine. */
#include "storage/drive_priv.h"

#define LOCK_BASE (UINT64_C(1) << 62)
#define WRITER_AT LOCK_BASE
#define MAINTENANCE_AT (LOCK_BASE + 1)
#define PINS_AT (LOCK_BASE + (UINT64_C(1) << 20))
#define PINS_COUNT (UINT64_C(1) << 20)
#define PROCESS_AT (LOCK_BASE + (UINT64_C(1) << 32))
#define MACHINE_AT (LOCK_BASE + (UINT64_C(1) << 33))
#define NUMBERS_COUNT (UINT64_C(1) << 32)

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

/* LLKV_BUSY, with who it is as far as that is to be found out. */
static llkv_code busy(struct cx *cx, struct drive_pager *dp)
{
    bool process_found = false;
    bool machine_found = false;
    uint64_t process = 0;
    uint64_t machine = 0;
    TRY(find(cx, dp, PROCESS_AT, NUMBERS_COUNT, &process_found, &process));
    TRY(find(cx, dp, MACHINE_AT, NUMBERS_COUNT, &machine_found, &machine));
    if (!process_found || !machine_found)
        return cx_fail(cx, LLKV_BUSY, "\"%s\" is open for writing elsewhere", dp->path);
    bool here = machine - MACHINE_AT == dp->fs->process(dp->fs).machine;
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is open for writing in process %llu on %s", dp->path,
                   (unsigned long long)(process - PROCESS_AT),
                   here ? "this machine" : "another machine");
}

llkv_code drive_lock_writer(struct cx *cx, struct drive_pager *dp, bool *out_taken)
{
    bool told = false;
    TRY(take(cx, dp, OS_LOCK_EXCLUSIVE, WRITER_AT, out_taken));
    if (!*out_taken) return LLKV_OK;
    struct os_process who = dp->fs->process(dp->fs);
    TRY(take(cx, dp, OS_LOCK_SHARED, PROCESS_AT + who.process_id, &told));
    return take(cx, dp, OS_LOCK_SHARED, MACHINE_AT + who.machine, &told);
}

llkv_code drive_lock_take(struct cx *cx, struct drive_pager *dp)
{
    bool taken = false;
    if (dp->options.read_only) {
        /* A shared lock on WRITER would keep writers out: only look. */
        uint64_t offset = 0;
        struct os_lock writer = {OS_LOCK_SHARED, WRITER_AT, 1};
        TRY(dp->fs->lock_find(cx, dp->file, &writer, &dp->live, &offset));
    } else {
        TRY(drive_lock_writer(cx, dp, &taken));
        if (!taken) return busy(cx, dp);
    }
    TRY(take(cx, dp, OS_LOCK_SHARED, MAINTENANCE_AT, &taken));
    if (taken) return LLKV_OK;
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is being closed or rewritten by another process",
                   dp->path);
}

llkv_code drive_lock_pin(struct cx *cx, struct drive_pager *dp, uint64_t version)
{
    bool taken = false;
    TRY(take(cx, dp, OS_LOCK_SHARED, PINS_AT + version % PINS_COUNT, &taken));
    if (taken) return LLKV_OK;
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is locked by another program", dp->path);
}

llkv_code drive_lock_pinned(struct cx *cx, struct drive_pager *dp, bool *out_pinned)
{
    uint64_t offset = 0;
    return find(cx, dp, PINS_AT, PINS_COUNT, out_pinned, &offset);
}

llkv_code drive_lock_alone(struct cx *cx, struct drive_pager *dp, bool *out_alone)
{
    return take(cx, dp, OS_LOCK_EXCLUSIVE, MAINTENANCE_AT, out_alone);
}
