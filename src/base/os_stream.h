/* os_stream.h -- the standard output of the process, for those who ask for it by name. */
#ifndef BASE_OS_STREAM_H
#define BASE_OS_STREAM_H
#include "base/cx.h"

/* All of it, in order. What the host keeps in buffers of its own is not flushed before. */
NODISCARD llkv_code os_stdout_write(struct cx *cx, const void *data, size_t bytes);
#endif
