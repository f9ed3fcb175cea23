/* os_file.h -- files: read and written at offsets, never through a position.
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
/* Everything written so far is on the medium, the length too. After a failure nothing written since
 * the last success may be relied on, and another try proves nothing. */
NODISCARD llkv_code os_file_sync(struct cx *cx, const struct os_file *file);
NODISCARD llkv_code os_file_size(struct cx *cx, const struct os_file *file, uint64_t *out_bytes);
/* Cut or lengthen (reads as zeros). */
NODISCARD llkv_code os_file_resize(struct cx *cx, const struct os_file *file, uint64_t bytes);
/* Reserve space so that writes below `bytes` do not run out of it; the size grows to that. Where
 * the file system cannot, this is os_file_resize. */
NODISCARD llkv_code os_file_reserve(struct cx *cx, const struct os_file *file, uint64_t bytes);

/* The whole file read-only in memory: *out_data stays valid until os_file_unmap, even if the file
 * is closed. `bytes` must not go beyond its end. 0 bytes give NULL. */
NODISCARD llkv_code os_file_map(struct cx *cx, const struct os_file *file, uint64_t bytes,
                                const void **out_data);
void os_file_unmap(const void *data, uint64_t bytes);

/* Names. A missing file is LLKV_NAME. */
NODISCARD llkv_code os_file_remove(struct cx *cx, const char *path);
/* Replaces `to`, atomically; make it last with os_directory_sync. */
NODISCARD llkv_code os_file_rename(struct cx *cx, const char *from, const char *to);
NODISCARD llkv_code os_file_exists(struct cx *cx, const char *path, bool *out_exists);
/* The directory that `path` names a file in: its names are on the medium. */
NODISCARD llkv_code os_directory_sync(struct cx *cx, const char *path);

/* Tests: file operation number `nth` from now (1 = the next) fails with EIO, and with `for_good`
 * every one after it; 0 switches it off. Also by LLKV_FAIL=io:N (see fault.h). */
void os_fail_nth(int64_t nth, bool for_good);
#endif
