#define _GNU_SOURCE 1
#include "base/os_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/os_priv.h"

/* One call never moves more than this: Linux does at most 2 GiB anyway. */
#define CHUNK_BYTES_MAX (UINT64_C(1) << 30)

bool os_file_is_open(const struct os_file *file)
{
    return file->fd_plus_1 != 0;
}

static char *copy_path(struct cx *cx, const char *path)
{
    size_t bytes = strlen(path) + 1;
    char *copy = mem_alloc(cx->budget, bytes);
    if (copy != NULL) memcpy(copy, path, bytes);
    return copy;
}

/* Is it a regular file? Then make calls wait again, which opening must not (a FIFO would block). */
NODISCARD static llkv_code check_kind(struct cx *cx, int fd, const char *path)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return os_fail(cx, "examine", path, errno);
    if (!S_ISREG(st.st_mode)) return cx_fail(cx, LLKV_IO, "\"%s\" is not a regular file", path);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
        return os_fail(cx, "open", path, errno);
    return LLKV_OK;
}

NODISCARD static llkv_code adopt(struct cx *cx, int fd, const char *path, uint32_t flags,
                                 struct os_file *out_file)
{
    llkv_code rc = check_kind(cx, fd, path);
    char *copy = rc == LLKV_OK ? copy_path(cx, path) : NULL;
    if (rc == LLKV_OK && copy == NULL) rc = cx_nomem(cx);
    if (rc != LLKV_OK) {
        close(fd);
        return rc;
    }
    *out_file = (struct os_file){.fd_plus_1 = fd + 1, .flags = flags, .path = copy};
    return LLKV_OK;
}

static int open_flags(uint32_t flags)
{
    int wanted = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    wanted |= (flags & OS_WRITE) != 0 ? O_RDWR : O_RDONLY;
    if ((flags & OS_CREATE) != 0) wanted |= O_CREAT;
    if ((flags & OS_EXCLUSIVE) != 0) wanted |= O_EXCL;
    if ((flags & OS_TRUNCATE) != 0) wanted |= O_TRUNC;
    if ((flags & OS_NO_FOLLOW) != 0) wanted |= O_NOFOLLOW;
    return wanted;
}

llkv_code os_file_open(struct cx *cx, const char *path, uint32_t flags, struct os_file *out_file)
{
    assert((flags & OS_EXCLUSIVE) == 0 || (flags & OS_CREATE) != 0);
    assert((flags & (OS_CREATE | OS_TRUNCATE)) == 0 || (flags & OS_WRITE) != 0);
    int fd;
    mode_t mode = (flags & OS_PRIVATE) != 0 ? 0600 : 0666;
    do
        fd = os_fault_due() ? os_injected() : open(path, open_flags(flags), mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return os_fail(cx, "open", path, errno);
    return adopt(cx, fd, path, flags, out_file);
}

llkv_code os_file_open_temporary(struct cx *cx, const char *directory, struct os_file *out_file)
{
    int fd = os_fault_due() ? os_injected() : open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *name = cx_printf(cx, "%s/llkv-XXXXXX", directory);
        if (name == NULL) return LLKV_NOMEM;
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0 && unlink(name) != 0) {
            int error = errno;
            close(fd);
            return os_fail(cx, "unlink", name, error);
        }
    }
    if (fd < 0) return os_fail(cx, "make a temporary file in", directory, errno);
    return adopt(cx, fd, directory, OS_WRITE | OS_PRIVATE, out_file);
}

void os_file_close(struct os_file *file)
{
    if (file->fd_plus_1 != 0) close(file->fd_plus_1 - 1); /* what had to last has been synced */
    mem_free(file->path);
    *file = (struct os_file){0};
}

llkv_code os_file_read_some(struct cx *cx, const struct os_file *file, void *out, uint64_t bytes,
                            uint64_t offset, uint64_t *out_bytes)
{
    char *to = out;
    uint64_t done = 0;
    while (done < bytes) {
        uint64_t wanted = bytes - done < CHUNK_BYTES_MAX ? bytes - done : CHUNK_BYTES_MAX;
        ssize_t got = os_fault_due()
                          ? os_injected()
                          : pread(os_fd(file), to + done, wanted, (off_t)(offset + done));
        if (got == 0) break;
        if (got > 0)
            done += (uint64_t)got;
        else if (errno != EINTR)
            return os_fail(cx, "read", file->path, errno);
    }
    *out_bytes = done;
    return LLKV_OK;
}

llkv_code os_file_read(struct cx *cx, const struct os_file *file, void *out, uint64_t bytes,
                       uint64_t offset)
{
    uint64_t got = 0;
    TRY(os_file_read_some(cx, file, out, bytes, offset, &got));
    if (got == bytes) return LLKV_OK;
    return cx_fail(cx, LLKV_CORRUPT, "\"%s\" ends at byte %llu, where %llu bytes were to follow",
                   file->path, (unsigned long long)(offset + got),
                   (unsigned long long)(bytes - got));
}

/* Does this kernel, or this file system, not know RWF_DSYNC? */
static bool lacks_dsync(int error)
{
    return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

static ssize_t write_once(int fd, const void *data, uint64_t bytes, uint64_t offset, bool dsync)
{
    if (os_fault_due()) return os_injected();
    if (!dsync) return pwrite(fd, data, bytes, (off_t)offset);
    union {
        const void *constant;
        void *plain;
    } pointer = {.constant = data};
    struct iovec vector = {.iov_base = pointer.plain, .iov_len = bytes};
    ssize_t put = pwritev2(fd, &vector, 1, (off_t)offset, RWF_DSYNC);
    if (put >= 0 || !lacks_dsync(errno)) return put;
    put = pwrite(fd, data, bytes, (off_t)offset);
    return put > 0 && fdatasync(fd) != 0 ? -1 : put;
}

static llkv_code write_all(struct cx *cx, const struct os_file *file, const void *data,
                           uint64_t bytes, uint64_t offset, bool dsync)
{
    const char *from = data;
    uint64_t done = 0;
    while (done < bytes) {
        uint64_t wanted = bytes - done < CHUNK_BYTES_MAX ? bytes - done : CHUNK_BYTES_MAX;
        ssize_t put = write_once(os_fd(file), from + done, wanted, offset + done, dsync);
        if (put > 0)
            done += (uint64_t)put;
        else if (put == 0)
            return os_fail(cx, "write", file->path, ENOSPC);
        else if (errno != EINTR)
            return os_fail(cx, "write", file->path, errno);
    }
    return LLKV_OK;
}

llkv_code os_file_write(struct cx *cx, const struct os_file *file, const void *data, uint64_t bytes,
                        uint64_t offset)
{
    return write_all(cx, file, data, bytes, offset, false);
}

llkv_code os_file_write_durable(struct cx *cx, const struct os_file *file, const void *data,
                                uint64_t bytes, uint64_t offset)
{
    return write_all(cx, file, data, bytes, offset, true);
}

llkv_code os_file_sync(struct cx *cx, const struct os_file *file)
{
    int result;
    do
        result = os_fault_due() ? os_injected() : fdatasync(os_fd(file));
    while (result != 0 && errno == EINTR);
    return result == 0 ? LLKV_OK : os_fail(cx, "sync", file->path, errno);
}

llkv_code os_file_size(struct cx *cx, const struct os_file *file, uint64_t *out_bytes)
{
    struct stat st;
    if (fstat(os_fd(file), &st) != 0) return os_fail(cx, "examine", file->path, errno);
    *out_bytes = (uint64_t)st.st_size;
    return LLKV_OK;
}

llkv_code os_file_resize(struct cx *cx, const struct os_file *file, uint64_t bytes)
{
    int result;
    if (bytes > INT64_MAX) return os_fail(cx, "resize", file->path, EFBIG);
    do
        result = os_fault_due() ? os_injected() : ftruncate(os_fd(file), (off_t)bytes);
    while (result != 0 && errno == EINTR);
    return result == 0 ? LLKV_OK : os_fail(cx, "resize", file->path, errno);
}

llkv_code os_file_reserve(struct cx *cx, const struct os_file *file, uint64_t bytes)
{
    uint64_t size = 0;
    TRY(os_file_size(cx, file, &size));
    if (bytes <= size) return LLKV_OK;
    if (bytes > INT64_MAX) return os_fail(cx, "resize", file->path, EFBIG);
    int result;
    do
        result = os_fault_due() ? os_injected()
                                : fallocate(os_fd(file), 0, (off_t)size, (off_t)(bytes - size));
    while (result != 0 && errno == EINTR);
    if (result == 0) return LLKV_OK;
    if (errno == EOPNOTSUPP || errno == ENOSYS) return os_file_resize(cx, file, bytes);
    return os_fail(cx, "reserve space for", file->path, errno);
}

llkv_code os_file_punch(struct cx *cx, const struct os_file *file, uint64_t offset, uint64_t bytes,
                        bool *out_done)
{
    *out_done = true;
    if (bytes == 0) return LLKV_OK;
    if (offset > INT64_MAX || bytes > INT64_MAX - offset)
        return os_fail(cx, "punch a hole into", file->path, EFBIG);
    int result;
    do
        result = os_fault_due() ? os_injected()
                                : fallocate(os_fd(file), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                            (off_t)offset, (off_t)bytes);
    while (result != 0 && errno == EINTR);
    if (result == 0) return LLKV_OK;
    *out_done = false;
    if (errno == EOPNOTSUPP || errno == ENOSYS) return LLKV_OK;
    return os_fail(cx, "punch a hole into", file->path, errno);
}

llkv_code os_file_map(struct cx *cx, const struct os_file *file, uint64_t offset, uint64_t bytes,
                      const void **out_data)
{
    assert(offset % OS_MAP_ALIGN == 0);
    *out_data = NULL;
    if (bytes == 0) return LLKV_OK;
    int fault = os_fault_due() ? os_injected() : 0;
    void *data = fault != 0 ? MAP_FAILED
                            : mmap(NULL, bytes, PROT_READ, MAP_SHARED, os_fd(file), (off_t)offset);
    if (data == MAP_FAILED) return os_fail(cx, "map", file->path, errno);
    (void)madvise(data, bytes, MADV_DONTFORK); /* a wish */
    *out_data = data;
    return LLKV_OK;
}

void os_file_unmap(const void *data, uint64_t bytes)
{
    if (data == NULL) return;
    union {
        const void *constant;
        void *plain;
    } pointer = {.constant = data};
    munmap(pointer.plain, bytes);
}
