#define _GNU_SOURCE 1
#include "base/os_fork.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

void os_fork_mark_init(struct os_fork_mark *mark)
{
    *mark = (struct os_fork_mark){.process = getpid()};
#ifdef MADV_WIPEONFORK
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, PAGE_BYTES, MADV_WIPEONFORK) != 0) {
        (void)munmap(page, PAGE_BYTES); /* without it numbers are compared */
        return;
    }
    mark->page = page;
    atomic_store(mark->page, 1);
#endif
}

void os_fork_mark_deinit(struct os_fork_mark *mark)
{
    if (mark->page != NULL) (void)munmap(mark->page, PAGE_BYTES); /* it is one of ours */
    *mark = (struct os_fork_mark){0};
}

bool os_fork_compare(const struct os_fork_mark *mark)
{
    return mark->process != getpid();
}
