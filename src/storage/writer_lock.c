#include "storage/writer_lock.h"

static llkv_code take(struct cx *cx, struct os_fs_file *file, enum os_lock_kind kind,
                      uint64_t offset, bool *out_taken)
{
    struct os_lock lock = {kind, offset, 1};
    return file->fs->lock(cx, file, &lock, out_taken);
}

llkv_code writer_lock_try(struct cx *cx, struct os_fs_file *file, bool *out_taken)
{
    bool told = false;
    TRY(take(cx, file, OS_LOCK_EXCLUSIVE, LOCK_WRITER_AT, out_taken));
    if (!*out_taken) return LLKV_OK;
    struct os_process who = file->fs->process(file->fs);
    TRY(take(cx, file, OS_LOCK_SHARED, LOCK_PROCESS_AT + who.process_id, &told));
    return take(cx, file, OS_LOCK_SHARED, LOCK_MACHINE_AT + who.machine, &told);
}

/* Where in a range of numbers the writer holds its lock. */
static llkv_code find(struct cx *cx, struct os_fs_file *file, uint64_t base, bool *out_found,
                      uint64_t *out_number)
{
    struct os_lock lock = {OS_LOCK_EXCLUSIVE, base, LOCK_NUMBERS_COUNT};
    uint64_t offset = base;
    TRY(file->fs->lock_find(cx, file, &lock, out_found, &offset));
    *out_number = offset - base;
    return LLKV_OK;
}

llkv_code writer_lock_busy(struct cx *cx, struct os_fs_file *file, const char *path)
{
    bool process_found = false, machine_found = false;
    uint64_t process = 0, machine = 0;
    TRY(find(cx, file, LOCK_PROCESS_AT, &process_found, &process));
    TRY(find(cx, file, LOCK_MACHINE_AT, &machine_found, &machine));
    if (!process_found || !machine_found)
        return cx_fail(cx, LLKV_BUSY, "\"%s\" is open for writing elsewhere", path);
    bool here = machine == file->fs->process(file->fs).machine;
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is open for writing in process %llu on %s", path,
                   (unsigned long long)process, here ? "this machine" : "another machine");
}
