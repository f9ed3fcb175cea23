/* writer_lock.h -- who writes a container: locks on bytes far behind its end.
 *
 * They belong to the open file and go with it, also by the end of the process. A writer tells who
 * it is by where it holds two shared locks: the offset of one is its process id, that of the other
 * a number for its machine. Databases and plain drives use the same bytes, so that neither opens
 * what the other writes. */
#ifndef STORAGE_WRITER_LOCK_H
#define STORAGE_WRITER_LOCK_H
#include "base/os_fs.h"

/* The whole layout; who else takes locks keeps away from these. */
#define LOCK_BASE (UINT64_C(1) << 62)
#define LOCK_WRITER_AT LOCK_BASE
#define LOCK_MAINTENANCE_AT (LOCK_BASE + 1)
#define LOCK_PINS_AT (LOCK_BASE + (UINT64_C(1) << 20))
#define LOCK_PINS_COUNT (UINT64_C(1) << 20)
#define LOCK_PROCESS_AT (LOCK_BASE + (UINT64_C(1) << 32))
#define LOCK_MACHINE_AT (LOCK_BASE + (UINT64_C(1) << 33))
#define LOCK_NUMBERS_COUNT (UINT64_C(1) << 32)

/* Become the writer; *out_taken is false if another is. */
NODISCARD llkv_code writer_lock_try(struct cx *cx, struct os_fs_file *file, bool *out_taken);
/* LLKV_BUSY, with who the writer is as far as that is to be found out. */
NODISCARD llkv_code writer_lock_busy(struct cx *cx, struct os_fs_file *file, const char *path);
#endif
