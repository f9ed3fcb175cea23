/* Locks on ranges of a file, which file it is, and who we are. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/os_priv.h"

/* A lock of the open file ("OFD"): the process's other descriptors and threads do not share it. */
static struct flock to_flock(const struct os_lock *lock)
{
    static const short kinds[] = {
        [OS_LOCK_NONE] = F_UNLCK, [OS_LOCK_SHARED] = F_RDLCK, [OS_LOCK_EXCLUSIVE] = F_WRLCK};
    return (struct flock){.l_type = kinds[lock->kind],
                          .l_whence = SEEK_SET,
                          .l_start = (off_t)lock->offset,
                          .l_len = (off_t)lock->bytes};
}

llkv_code os_file_lock(struct cx *cx, const struct os_file *file, const struct os_lock *lock,
                       bool *out_taken)
{
    struct flock wanted = to_flock(lock);
    int result;
    do
        result = os_fault_due() ? os_injected() : fcntl(os_fd(file), F_OFD_SETLK, &wanted);
    while (result != 0 && errno == EINTR);
    *out_taken = result == 0;
    if (result == 0 || errno == EAGAIN || errno == EACCES) return LLKV_OK;
    return os_fail(cx, "lock", file->path, errno);
}

llkv_code os_file_lock_find(struct cx *cx, const struct os_file *file, const struct os_lock *lock,
                            bool *out_found, uint64_t *out_offset)
{
    struct flock wanted = to_flock(lock);
    int result = os_fault_due() ? os_injected() : fcntl(os_fd(file), F_OFD_GETLK, &wanted);
    if (result != 0) return os_fail(cx, "examine the locks of", file->path, errno);
    *out_found = wanted.l_type != F_UNLCK;
    *out_offset = *out_found ? (uint64_t)wanted.l_start : 0;
    return LLKV_OK;
}

llkv_code os_file_identity(struct cx *cx, const struct os_file *file, struct os_file_id *out_id)
{
    struct stat st;
    if (fstat(os_fd(file), &st) != 0) return os_fail(cx, "examine", file->path, errno);
    *out_id = (struct os_file_id){(uint64_t)st.st_dev, (uint64_t)st.st_ino};
    return LLKV_OK;
}

llkv_code os_random(struct cx *cx, void *out, uint64_t bytes)
{
    char *to = out;
    uint64_t done = 0;
    while (done < bytes) {
        uint64_t wanted = bytes - done < 256 ? bytes - done : 256;
        ssize_t got = getrandom(to + done, wanted, 0);
        if (got > 0)
            done += (uint64_t)got;
        else if (errno != EINTR)
            return os_fail(cx, "get random numbers from", "getrandom", errno);
    }
    return LLKV_OK;
}

struct os_process os_process(void)
{
    struct utsname name;
    memset(&name, 0, sizeof name);
    uint32_t machine = 0;
    if (uname(&name) == 0) machine = (uint32_t)hash_bytes(name.nodename, strlen(name.nodename));
    return (struct os_process){.process_id = (uint32_t)getpid(), .machine = machine};
}
