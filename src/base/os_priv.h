/* os_priv.h -- what the files that talk to the operating system share: errors, failures on demand.
 */
#ifndef BASE_OS_PRIV_H
#define BASE_OS_PRIV_H
#include <stdint.h>

#include <stdbool.h>

#include "base/cx.h"
#include "base/os_file.h"

/* "cannot <doing> "<path>": <what `error` means>", with the code and SQLSTATE that fit it. */
NODISCARD llkv_code os_fail(struct cx *cx, const char *doing, const char *path, int error);
/* Must this call fail for a test? Then its result is os_injected(): -1, and errno is EIO. */
bool os_fault_due(void);
int os_injected(void);

/* The descriptor of an open file. */
int os_fd(const struct os_file *file);
#endif
