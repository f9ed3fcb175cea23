/* What the operating system's errors mean here, and failures on demand. */
#define _GNU_SOURCE 1
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "base/os_priv.h"

static struct fault_point io_fault = FAULT_POINT("io:");

void os_fail_nth(int64_t nth, bool for_good)
{
    fault_arm(&io_fault, nth, for_good);
}

bool os_fault_due(void)
{
    return fault_due(&io_fault);
}

int os_injected(void)
{
    errno = EIO;
    return -1;
}

int os_fd(const struct os_file *file)
{
    assert(file->fd_plus_1 != 0);
    return file->fd_plus_1 - 1;
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

llkv_code os_fail(struct cx *cx, const char *doing, const char *path, int error)
{
    char text[128];
    /* The GNU form: it returns the text, and works from any thread. */
    const char *reason = strerror_r(error, text, sizeof text);
    return cx_fail_at(cx, code_of(error), -1, sqlstate_of(error), "cannot %s \"%s\": %s", doing,
                      path, reason);
}
