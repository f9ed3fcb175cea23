#include "base/os_stream.h"

#include <errno.h>
#include <unistd.h>

llkv_code os_stdout_write(struct cx *cx, const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes != 0) {
        const ssize_t done = write(STDOUT_FILENO, at, bytes);
        if (done < 0 && errno != EINTR)
            return cx_fail(cx, LLKV_IO, "writing to standard output: error %d", errno);
        if (done < 0) {
            TRY(cx_check_cancel(cx));
            continue;
        }
        at += done;
        bytes -= (size_t)done;
    }
    return LLKV_OK;
}
