/* os_file.h -- files: read and written at offsets, never through a position; names and locks.
 *
 * Only regular files are opened; descriptors are closed on exec. A call that was interrupted or did
 * only part is continued. Errors name the file: LLKV_IO, or LLKV_LIMIT for a full medium, LLKV_NAME
 * for a file that is not there, LLKV_EXISTS, LLKV_READONLY for missing rights. Threads: reads and
 * writes of one file may run at the same time. */
#ifndef BASE_OS_FILE_H
#define BASE_OS_FILE_H
#include <stdint.h>

#include <stdbool.h>

#include "base/cx.h"

enum os_open_flag {
    OS_WRITE = 1,      /* reading only without it */
    OS_CREATE = 2,     /* if it is not there; permissions by the process's umask */
    OS_EXCLUSIVE = 4,  /* with OS_CREATE: it must not be there */
    OS_TRUNCATE = 8,   /* with OS_WRITE */
    OS_NO_FOLLOW = 16, /* the name itself must not be a symbolic link */
    OS_PRIVATE = 32,   /* with OS_CREATE: for the owner only */
};

/* Which file it is, whatever names it has. */
struct os_file_id {
    uint64_t device, inode;
};

/* Mappings begin at a multiple of this. */
enum { OS_MAP_ALIGN = 65536 };

enum os_lock_kind { OS_LOCK_NONE, OS_LOCK_SHARED, OS_LOCK_EXCLUSIVE };

/* A lock on a range of bytes, which need not exist. It belongs to the open file, not to the
 * process: it goes when that is closed, also by the end of the process. */
struct os_lock {
    enum os_lock_kind kind;
    uint64_t offset, bytes;
};

/* Who runs this: the process, and a number for the machine (and boot) it runs on. */
struct os_process {
    uint32_t process_id, machine;
};

/* Zero-initialised is a valid file that is not open. `path` belongs to the file. */
struct os_file {
    int32_t fd_plus_1; /* 0: not open */
    uint32_t flags;    /* enum os_open_flag */
    char *path;
};

NODISCARD llkv_code os_file_open(struct cx *cx, const char *path, uint32_t flags,
                                 struct os_file *out_file);
/* A file without a name in `directory`, for spilling; gone when it is closed. */
NODISCARD llkv_code os_file_open_temporary(struct cx *cx, const char *directory,
                                           struct os_file *out_file);
/* Close without a sync; a file that is not open is allowed. */
void os_file_close(struct os_file *file);
bool os_file_is_open(const struct os_file *file);

/* Exactly `bytes` bytes; the file ending before that is LLKV_CORRUPT. */
NODISCARD llkv_code os_file_read(struct cx *cx, const struct os_file *file, void *out,
                                 uint64_t bytes, uint64_t offset);
/* As many of `bytes` as there are before the end of the file. */
NODISCARD llkv_code os_file_read_some(struct cx *cx, const struct os_file *file, void *out,
                                      uint64_t bytes, uint64_t offset, uint64_t *out_bytes);
NODISCARD llkv_code os_file_write(struct cx *cx, const struct os_file *file, const void *data,
                                  uint64_t bytes, uint64_t offset);
/* The same, and these bytes are on the medium when it returns. */
NODISCARD llkv_code os_file_write_durable(struct cx *cx, const struct os_file *file,
                                          const void *data, uint64_t bytes, uint64_t offset);
/* Everything written so far is on the medium, the length too. After a failure nothing written since
 * the last success may be relied on, and another try proves nothing. */
NODISCARD llkv_code os_file_sync(struct cx *cx, const struct os_file *file);
NODISCARD llkv_code os_file_size(struct cx *cx, const struct os_file *file, uint64_t *out_bytes);
/* Cut or lengthen (reads as zeros). */
NODISCARD llkv_code os_file_resize(struct cx *cx, const struct os_file *file, uint64_t bytes);
/* Reserve space so that writes below `bytes` do not run out of it; the size grows to that. Where
 * the file system cannot, this is os_file_resize. */
NODISCARD llkv_code os_file_reserve(struct cx *cx, const struct os_file *file, uint64_t bytes);

/* Give the space of a range back: it reads as zeros, the size stays. *out_done is false, and
 * nothing happened, where the file system cannot. */
NODISCARD llkv_code os_file_punch(struct cx *cx, const struct os_file *file, uint64_t offset,
                                  uint64_t bytes, bool *out_done);

/* A range of the file read-only in memory: *out_data stays valid until os_file_unmap, even if the
 * file is closed. It may go beyond the end, where nobody may look before something was written;
 * `offset` is a multiple of OS_MAP_ALIGN. 0 bytes give NULL. */
NODISCARD llkv_code os_file_map(struct cx *cx, const struct os_file *file, uint64_t offset,
                                uint64_t bytes, const void **out_data);
void os_file_unmap(const void *data, uint64_t bytes);

/* Take, change or drop (OS_LOCK_NONE) a lock without waiting. */
NODISCARD llkv_code os_file_lock(struct cx *cx, const struct os_file *file,
                                 const struct os_lock *lock, bool *out_taken);
/* Would `lock` meet one that another open file holds? One such begins at *out_offset. */
NODISCARD llkv_code os_file_lock_find(struct cx *cx, const struct os_file *file,
                                      const struct os_lock *lock, bool *out_found,
                                      uint64_t *out_offset);
NODISCARD llkv_code os_file_identity(struct cx *cx, const struct os_file *file,
                                     struct os_file_id *out_id);

/* Names. A missing file is LLKV_NAME. */
NODISCARD llkv_code os_file_remove(struct cx *cx, const char *path);
/* Replaces `to`, atomically; make it last with os_directory_sync. */
NODISCARD llkv_code os_file_rename(struct cx *cx, const char *from, const char *to);
/* Atomically as well; a `to` that is there is LLKV_EXISTS. */
NODISCARD llkv_code os_file_rename_new(struct cx *cx, const char *from, const char *to);
/* `out_id` may be NULL. */
NODISCARD llkv_code os_file_find(struct cx *cx, const char *path, bool *out_exists,
                                 struct os_file_id *out_id);
/* The directory that `path` names a file in: its names are on the medium. */
NODISCARD llkv_code os_directory_sync(struct cx *cx, const char *path);

/* Numbers nobody can foresee. */
NODISCARD llkv_code os_random(struct cx *cx, void *out, uint64_t bytes);
struct os_process os_process(void);

/* Tests: file operation number `nth` from now (1 = the next) fails with EIO, and with `for_good`
 * every one after it; 0 switches it off. Also by LLKV_FAIL=io:N (see fault.h). */
void os_fail_nth(int64_t nth, bool for_good);
#endif
