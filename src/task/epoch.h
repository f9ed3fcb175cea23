/* epoch.h -- freeing what readers without locks may still be looking at.
 *
 * A reader enters before it follows shared pointers and exits when it holds none any more. A writer
 * unlinks an object, then retires it; it is freed when every reader that was inside at that moment
 * has left.
 *
 * Threads: a slot belongs to one thread at a time, everything else is free for all.
 * Holds:   an object retired while the domain stood at epoch e is freed only when no slot shows an
 *          epoch <= e. */
#ifndef TASK_EPOCH_H
#define TASK_EPOCH_H
#include <stdint.h>

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/compiler.h"

/* What is retired begins with this, so that retiring needs no memory and cannot fail. Its bytes are
 * the domain's from epoch_retire on; readers must not look at them. */
struct epoch_item {
    struct epoch_item *next;
    void (*free_fn)(void *ptr);
    uint64_t epoch;
};

/* One reader's: a session's, or a worker's. */
struct epoch_slot {
    _Alignas(64) _Atomic uint64_t epoch; /* 0: outside */
    uint32_t depth;                      /* enters without their exits */
    struct epoch_domain *domain;
    struct epoch_slot *next;
};

struct epoch_domain;

/* NULL: no memory. */
struct epoch_domain *epoch_domain_new(struct mem_budget *budget);
/* Frees everything retired; no reader may be inside and no slot be left. NULL is allowed. */
void epoch_domain_free(struct epoch_domain *domain);

/* NULL: no memory. */
struct epoch_slot *epoch_slot_new(struct epoch_domain *domain);
/* Outside of every enter. NULL is allowed. */
void epoch_slot_free(struct epoch_slot *slot);

/* Neither waits or locks. Enters may be nested; the outermost counts. */
void epoch_enter(struct epoch_slot *slot);
void epoch_exit(struct epoch_slot *slot);

/* `ptr`, which begins with a struct epoch_item, was unlinked by the caller: new readers cannot find
 * it. fn(ptr) is called once nobody can, by any thread, outside of the domain's lock. */
void epoch_retire(struct epoch_domain *domain, void *ptr, void (*fn)(void *ptr));
/* Free what can be freed now; returns how many objects must wait. Retiring does so now and then. */
uint64_t epoch_reclaim(struct epoch_domain *domain);
#endif
