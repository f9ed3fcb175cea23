/* fault.h -- failures on demand, so that tests reach every error path.
 *
 * A fault point stands before a kind of call that may fail (allocations, file operations). Builds
 * with assertions arm it from the environment, once: LLKV_FAIL=alloc:3 fails the third allocation,
 * alloc:3+ that and all after it; several are separated by commas. Thread-safe. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H
#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"

enum fault_state { FAULT_UNREAD, FAULT_OFF, FAULT_ARMED };

struct fault_point {
    const char *key; /* "alloc:" */
    atomic_int state;
    _Atomic int64_t left;
    atomic_bool for_good;
};

#ifdef NDEBUG
#define FAULT_POINT(key)                                                                           \
    {                                                                                              \
        (key), FAULT_OFF, 0, false                                                                 \
    }
#else
#define FAULT_POINT(key)                                                                           \
    {                                                                                              \
        (key), FAULT_UNREAD, 0, false                                                              \
    }
#endif

/* Call number `nth` from now (1 = the next) fails, and with `for_good` all after it; 0: none. */
void fault_arm(struct fault_point *point, int64_t nth, bool for_good);
bool fault_due_slow(struct fault_point *point);

/* Must this call fail? */
ALWAYS_INLINE bool fault_due(struct fault_point *point)
{
    return UNLIKELY(atomic_load_explicit(&point->state, memory_order_relaxed) != FAULT_OFF) &&
           fault_due_slow(point);
}
#endif
