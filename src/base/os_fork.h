/* os_fork.h -- has the process been forked since? Files, locks and threads of the parent are not
 * the child's: who holds such things asks before each use.
 *
 * Costs one load where the system clears marked pages in children, else the number of the process.
 * Threads: any; the mark does not change in the process that made it. */
#ifndef BASE_OS_FORK_H
#define BASE_OS_FORK_H
#include <stddef.h>
#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"

struct os_fork_mark {
    _Atomic uint32_t *page; /* not 0 in the process that made it; NULL: compare numbers */
    int64_t process;
};

void os_fork_mark_init(struct os_fork_mark *mark);
void os_fork_mark_deinit(struct os_fork_mark *mark);
bool os_fork_compare(const struct os_fork_mark *mark);

/* True in a child of the process that made the mark. */
ALWAYS_INLINE bool os_forked(const struct os_fork_mark *mark)
{
    if (LIKELY(mark->page != NULL))
        return atomic_load_explicit(mark->page, memory_order_relaxed) == 0;
    return os_fork_compare(mark);
}
#endif
