/* os_fs.h -- a file system as a table of functions: all that a durable file needs.
 *
 * What must survive a crash reaches its files through a struct os_fs only, so that a test can put a
 * simulated disk in its place: one that fails at a chosen call, tears, reorders and forgets.
 * os_fs_native() is the real one.
 *
 * What a caller may rely on, and a simulated one must offer: a write is seen by every later read;
 * it is on the medium only after os_fs_sync of that file (or, with `dsync`, for its own bytes, when
 * it returns); a new, removed or renamed name is on the medium only after os_fs_directory_sync;
 * what was neither may be there after a crash in any part and order. A mapping shows at least what
 * was in the file when it was made. A failed sync says nothing about what was written before it.
 * Errors name the file; codes as in os_file.h. Threads: reads, writes and syncs of one file may run
 * at the same time. */
#ifndef BASE_OS_FS_H
#define BASE_OS_FS_H
#include <stdint.h>

#include <stdbool.h>

#include "base/cx.h"
#include "base/os_file.h"

struct os_fs;

/* An open file begins with this; the rest belongs to the file system. */
struct os_fs_file {
    const struct os_fs *fs;
};

struct os_fs {
    /* `flags`: enum os_open_flag. Only plain files, without waiting; the file closes on exec. */
    llkv_code (*open)(struct cx *cx, const struct os_fs *fs, const char *path, uint32_t flags,
                      struct os_fs_file **out_file);
    /* Without a sync. Locks taken through the file go; mappings stay. */
    void (*close)(struct os_fs_file *file);
    /* As many of `bytes` as there are before the end of the file. */
    llkv_code (*read)(struct cx *cx, struct os_fs_file *file, void *out, uint64_t bytes,
                      uint64_t offset, uint64_t *out_bytes);
    /* `dsync`: these bytes, and a length that grew with them, are on the medium at the end. */
    llkv_code (*write)(struct cx *cx, struct os_fs_file *file, const void *data, uint64_t bytes,
                       uint64_t offset, bool dsync);
    llkv_code (*sync)(struct cx *cx, struct os_fs_file *file);
    llkv_code (*size)(struct cx *cx, struct os_fs_file *file, uint64_t *out_bytes);
    llkv_code (*resize)(struct cx *cx, struct os_fs_file *file, uint64_t bytes);
    /* Space for all bytes below `bytes`; the size grows to that. */
    llkv_code (*reserve)(struct cx *cx, struct os_fs_file *file, uint64_t bytes);
    /* Give the space of a range back; it reads as zeros, the size stays. `*out_done` is false where
     * the file system cannot: nothing happened then. */
    llkv_code (*punch)(struct cx *cx, struct os_fs_file *file, uint64_t offset, uint64_t bytes,
                       bool *out_done);
    /* A mapping may reach beyond the end of the file, and shows what is written there later. */
    bool maps_ahead;
    /* Read-only memory that shows `bytes` bytes (not 0) from `offset` on, a multiple of
     * OS_MAP_ALIGN; without maps_ahead they must lie before the end of the file. Aligned to 4096.
     * What cannot be read later, because the file was cut or the medium fails, shows as zeros and
     * is counted: os_fault.h. */
    llkv_code (*map)(struct cx *cx, struct os_fs_file *file, uint64_t offset, uint64_t bytes,
                     const void **out_data);
    void (*unmap)(const struct os_fs *fs, const void *data, uint64_t bytes);
    /* Take, change or drop (OS_LOCK_NONE) a lock on a range of bytes, without waiting. */
    llkv_code (*lock)(struct cx *cx, struct os_fs_file *file, const struct os_lock *lock,
                      bool *out_taken);
    /* Would `lock` meet a lock taken through another open file? Then one such lock starts at
     * *out_offset. */
    llkv_code (*lock_find)(struct cx *cx, struct os_fs_file *file, const struct os_lock *lock,
                           bool *out_found, uint64_t *out_offset);
    llkv_code (*identity)(struct cx *cx, struct os_fs_file *file, struct os_file_id *out_id);

    /* ---- names ---- */
    /* `out_id` may be NULL. A broken symbolic link counts as not there. */
    llkv_code (*find)(struct cx *cx, const struct os_fs *fs, const char *path, bool *out_exists,
                      struct os_file_id *out_id);
    llkv_code (*remove)(struct cx *cx, const struct os_fs *fs, const char *path);
    /* Atomically. Without `replace` a `to` that is there is LLKV_EXISTS. */
    llkv_code (*rename)(struct cx *cx, const struct os_fs *fs, const char *from, const char *to,
                        bool replace);
    /* The directory that `path` names a file in: its names are on the medium. */
    llkv_code (*directory_sync)(struct cx *cx, const struct os_fs *fs, const char *path);

    /* ---- the world ---- */
    llkv_code (*random)(struct cx *cx, const struct os_fs *fs, void *out, uint64_t bytes);
    struct os_process (*process)(const struct os_fs *fs);
};

/* The operating system's. */
const struct os_fs *os_fs_native(void);

/* Calls in short. */
ALWAYS_INLINE void os_fs_close(struct os_fs_file *file)
{
    if (file != NULL) file->fs->close(file);
}
NODISCARD ALWAYS_INLINE llkv_code os_fs_write(struct cx *cx, struct os_fs_file *file,
                                              const void *data, uint64_t bytes, uint64_t offset)
{
    return file->fs->write(cx, file, data, bytes, offset, false);
}
NODISCARD ALWAYS_INLINE llkv_code os_fs_sync(struct cx *cx, struct os_fs_file *file)
{
    return file->fs->sync(cx, file);
}
/* Exactly `bytes` bytes; the file ending before that is LLKV_CORRUPT. */
NODISCARD llkv_code os_fs_read(struct cx *cx, struct os_fs_file *file, void *out, uint64_t bytes,
                               uint64_t offset);
#endif
