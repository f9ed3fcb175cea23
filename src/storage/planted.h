/* planted.h -- faults of the durability protocol, put in on purpose.
 *
 * A crash test that does not find each of them proves nothing. They exist in builds with assertions
 * only; what each breaks stands in the README of this module. */
#ifndef STORAGE_PLANTED_H
#define STORAGE_PLANTED_H
#include <stdbool.h>

#include "base/compiler.h"

enum planted_bug {
    PLANTED_NONE,
    PLANTED_SKIP_CONTAINER_SYNC, /* syncs of the container do nothing */
    PLANTED_SKIP_LOG_SYNC,       /* nor do those of the log, nor durable writes to it */
    PLANTED_KEEP_SALT,           /* after recovery the log goes on in the segment it ended in */
    PLANTED_CUT_UNCHECKED,       /* recovery cuts at the root's end, whatever the log names */
    PLANTED_PUBLISH_EARLY,       /* commits in FULL are published before they are durable */
};

ALWAYS_INLINE bool planted(enum planted_bug set, enum planted_bug bug)
{
#ifdef NDEBUG
    (void)set;
    (void)bug;
    return false;
#else
    return set == bug;
#endif
}
#endif
