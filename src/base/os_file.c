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
#include <unistd.h>

#include "base/fault.h"

/* One call never moves more than this: Linux does at most 2 GiB anyway. */
#define CHUNK_BYTES_MAX (UINT64_C(1) << 30)

static struct fault_point io_fault = FAULT_POINT("io:");

void os_fail_nth(int64_t nth, bool for_good)
{
    fault_arm(&io_fault, nth, for_good);
}

/* The result of a call that is to fail for a test. */
static int injected(void)
{
    errno = EIO;
    return -1;
}

static llkv_code code_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return LLKV_NAME;
    case EEXIST: return LLKV_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return LLKV_READONLY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE: return LLKV_LIMIT;
    case ENOMEM: return LLKV_NOMEM;
    default: return LLKV_IO;
    }
}

static const char *sqlstate_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return "58P01"; /* undefined file */
    case EEXIST: return "58P02";  /* duplicate file */
    case EACCES:
    case EPERM:
    case EROFS: return "42501"; /* insufficient privilege */
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "53100"; /* disk full */
    case EMFILE:
    case ENFILE: return "53000"; /* insufficient resources */
    case ENOMEM: return "53200";
    default: return "58030"; /* i/o error */
    }
}

NODISCARD static llkv_code fail(struct cx *cx, const char *doing, const char *path, int error)
{
    char text[128];
    /* The GNU form: it returns the text, and works from any thread. */
    const char *reason = strerror_r(error, text, sizeof text);
    return cx_fail_at(cx, code_of(error), -1, sqlstate_of(error), "cannot %s \"%s\": %s", doing,
                      path, reason);
}

static int fd_of(const struct os_file *file)
{
    assert(file->fd_plus_1 != 0);
    return file->fd_plus_1 - 1;
}

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
    if (fstat(fd, &st) != 0) return fail(cx, "examine", path, errno);
    if (!S_ISREG(st.st_mode)) return cx_fail(cx, LLKV_IO, "\"%s\" is not a regular file", path);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
        return fail(cx, "open", path, errno);
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
        fd = fault_due(&io_fault) ? injected() : open(path, open_flags(flags), mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return fail(cx, "open", path, errno);
    return adopt(cx, fd, path, flags, out_file);
}

llkv_code os_file_open_temporary(struct cx *cx, const char *directory, struct os_file *out_file)
{
    int fd =
        fault_due(&io_fault) ? injected() : open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *name = cx_printf(cx, "%s/llkv-XXXXXX", directory);
        if (name == NULL) return LLKV_NOMEM;
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0 && unlink(name) != 0) {
            int error = errno;
            close(fd);
            return fail(cx, "unlink", name, error);
        }
    }
    if (fd < 0) return fail(cx, "make a temporary file in", directory, errno);
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
        ssize_t got = fault_due(&io_fault)
                          ? injected()
                          : pread(fd_of(file), to + done, wanted, (off_t)(offset + done));
        if (got == 0) break;
        if (got > 0)
            done += (uint64_t)got;
        else if (errno != EINTR)
            return fail(cx, "read", file->path, errno);
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

llkv_code os_file_write(struct cx *cx, const struct os_file *file, const void *data, uint64_t bytes,
                        uint64_t offset)
{
    const char *from = data;
    uint64_t done = 0;
    while (done < bytes) {
        uint64_t wanted = bytes - done < CHUNK_BYTES_MAX ? bytes - done : CHUNK_BYTES_MAX;
        ssize_t put = fault_due(&io_fault)
                          ? injected()
                          : pwrite(fd_of(file), from + done, wanted, (off_t)(offset + done));
        if (put > 0)
            done += (uint64_t)put;
        else if (put == 0)
            return fail(cx, "write", file->path, ENOSPC);
        else if (errno != EINTR)
            return fail(cx, "write", file->path, errno);
    }
    return LLKV_OK;
}

llkv_code os_file_sync(struct cx *cx, const struct os_file *file)
{
    int result;
    do
        result = fault_due(&io_fault) ? injected() : fdatasync(fd_of(file));
    while (result != 0 && errno == EINTR);
    return result == 0 ? LLKV_OK : fail(cx, "sync", file->path, errno);
}

llkv_code os_file_size(struct cx *cx, const struct os_file *file, uint64_t *out_bytes)
{
    struct stat st;
    if (fstat(fd_of(file), &st) != 0) return fail(cx, "examine", file->path, errno);
    *out_bytes = (uint64_t)st.st_size;
    return LLKV_OK;
}

llkv_code os_file_resize(struct cx *cx, const struct os_file *file, uint64_t bytes)
{
    int result;
    if (bytes > INT64_MAX) return fail(cx, "resize", file->path, EFBIG);
    do
        result = fault_due(&io_fault) ? injected() : ftruncate(fd_of(file), (off_t)bytes);
    while (result != 0 && errno == EINTR);
    return result == 0 ? LLKV_OK : fail(cx, "resize", file->path, errno);
}

llkv_code os_file_reserve(struct cx *cx, const struct os_file *file, uint64_t bytes)
{
    uint64_t size = 0;
    TRY(os_file_size(cx, file, &size));
    if (bytes <= size) return LLKV_OK;
    if (bytes > INT64_MAX) return fail(cx, "resize", file->path, EFBIG);
    int result;
    do
        result = fault_due(&io_fault)
                     ? injected()
                     : fallocate(fd_of(file), 0, (off_t)size, (off_t)(bytes - size));
    while (result != 0 && errno == EINTR);
    if (result == 0) return LLKV_OK;
    if (errno == EOPNOTSUPP || errno == ENOSYS) return os_file_resize(cx, file, bytes);
    return fail(cx, "reserve space for", file->path, errno);
}

llkv_code os_file_map(struct cx *cx, const struct os_file *file, uint64_t bytes,
                      const void **out_data)
{
    *out_data = NULL;
    if (bytes == 0) return LLKV_OK;
    uint64_t size = 0;
    TRY(os_file_size(cx, file, &size));
    if (bytes > size)
        return cx_fail(cx, LLKV_CORRUPT, "\"%s\" has %llu bytes, %llu were expected", file->path,
                       (unsigned long long)size, (unsigned long long)bytes);
    void *data = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd_of(file), 0);
    if (data == MAP_FAILED) return fail(cx, "map", file->path, errno);
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

llkv_code os_file_remove(struct cx *cx, const char *path)
{
    int result = fault_due(&io_fault) ? injected() : unlink(path);
    return result == 0 ? LLKV_OK : fail(cx, "remove", path, errno);
}

llkv_code os_file_rename(struct cx *cx, const char *from, const char *to)
{
    int result = fault_due(&io_fault) ? injected() : rename(from, to);
    return result == 0 ? LLKV_OK : fail(cx, "rename", from, errno);
}

llkv_code os_file_exists(struct cx *cx, const char *path, bool *out_exists)
{
    struct stat st;
    int result = stat(path, &st);
    if (result != 0 && errno != ENOENT && errno != ENOTDIR) return fail(cx, "examine", path, errno);
    *out_exists = result == 0;
    return LLKV_OK;
}

llkv_code os_directory_sync(struct cx *cx, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char *directory = slash == NULL ? cx_strndup(cx, ".", 1) : cx_strndup(cx, path, len);
    if (directory == NULL) return LLKV_NOMEM;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(cx, "open", directory, errno);
    llkv_code rc = LLKV_OK;
    /* Some file systems cannot sync a directory and say so. */
    int result = fault_due(&io_fault) ? injected() : fsync(fd);
    if (result != 0 && errno != EINVAL && errno != EROFS) rc = fail(cx, "sync", directory, errno);
    close(fd);
    return rc;
}
