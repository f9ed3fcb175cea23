/* Names of files: removed, changed, looked up, made to last. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_priv.h"

llkv_code os_file_remove(struct cx *cx, const char *path)
{
    int result = os_fault_due() ? os_injected() : unlink(path);
    return result == 0 ? LLKV_OK : os_fail(cx, "remove", path, errno);
}

llkv_code os_file_rename(struct cx *cx, const char *from, const char *to)
{
    int result = os_fault_due() ? os_injected() : rename(from, to);
    return result == 0 ? LLKV_OK : os_fail(cx, "rename", from, errno);
}

llkv_code os_file_rename_new(struct cx *cx, const char *from, const char *to)
{
    int result =
        os_fault_due() ? os_injected() : renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (result == 0) return LLKV_OK;
    if (errno != EINVAL && errno != ENOSYS) return os_fail(cx, "rename", from, errno);
    /* The file system does not know that call: a second name refuses one that is there, too. */
    if (link(from, to) != 0) return os_fail(cx, "rename", from, errno);
    return unlink(from) == 0 ? LLKV_OK : os_fail(cx, "remove", from, errno);
}

llkv_code os_file_find(struct cx *cx, const char *path, bool *out_exists, struct os_file_id *out_id)
{
    struct stat st;
    int result = os_fault_due() ? os_injected() : stat(path, &st);
    if (result != 0 && errno != ENOENT && errno != ENOTDIR)
        return os_fail(cx, "examine", path, errno);
    *out_exists = result == 0;
    if (result == 0 && out_id != NULL)
        *out_id = (struct os_file_id){(uint64_t)st.st_dev, (uint64_t)st.st_ino};
    return LLKV_OK;
}

static llkv_code sync_directory(struct cx *cx, const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return os_fail(cx, "open", directory, errno);
    llkv_code rc = LLKV_OK;
    /* Some file systems cannot sync a directory and say so. */
    int result = os_fault_due() ? os_injected() : fsync(fd);
    if (result != 0 && errno != EINVAL && errno != EROFS)
        rc = os_fail(cx, "sync", directory, errno);
    close(fd);
    return rc;
}

llkv_code os_directory_sync(struct cx *cx, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return sync_directory(cx, ".");
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    char *directory = mem_alloc(cx->budget, len + 1);
    if (directory == NULL) return cx_nomem(cx);
    memcpy(directory, path, len);
    directory[len] = '\0';
    llkv_code rc = sync_directory(cx, directory);
    mem_free(directory);
    return rc;
}
