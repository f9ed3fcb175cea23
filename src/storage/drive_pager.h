/* drive_pager.h -- the pager on a file, for callers inside the library and for tests.
 *
 * llkv_pager_drive_open (llkv/pager.h) is this with the operating system's files. Threads, errors:
 * llkv/pager.h; what is on the medium when: the README of this module. */
#ifndef STORAGE_DRIVE_PAGER_H
#define STORAGE_DRIVE_PAGER_H
#include "base/alloc.h"
#include "base/os_fs.h"
#include "llkv/pager.h"
#include "storage/planted.h"

struct drive_options {
    const struct os_fs *fs;    /* NULL: os_fs_native() */
    struct mem_budget *budget; /* of everything the pager allocates; may be NULL */
    uint64_t segment_bytes;    /* of the log; 0: as llkv_pager_drive_options has it. Less than 1 MiB
                                  limits groups to that: for tests */
    enum planted_bug planted;
};

NODISCARD llkv_code drive_pager_open(const char *path, const llkv_pager_drive_options *options,
                                     const struct drive_options *inner, llkv_pager **out_pager,
                                     llkv_error *error);
/* Work that commits need not wait for: the next segment of the log is made ready. Call it now and
 * then from a thread that has nothing better to do; any pager but a drive pager: nothing. */
NODISCARD llkv_code drive_pager_tend(struct cx *cx, llkv_pager *pager);
/* LLKV_IO if a page of a mapped file could not be read since the pager was opened (os_fault.h):
 * what was read may be zeros, so nothing that follows from it may go out or be written. It stays so
 * until the file is opened anew. Any pager but a drive pager: LLKV_OK. */
NODISCARD llkv_code drive_pager_check_pages(struct cx *cx, llkv_pager *pager);
/* Which file it is. LLKV_MISUSE for another pager. */
NODISCARD llkv_code drive_pager_identity(struct cx *cx, llkv_pager *pager,
                                         struct os_file_id *out_id);
#endif
