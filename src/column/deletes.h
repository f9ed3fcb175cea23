/* deletes.h -- deleted rows of one vector: a chain of immutable generations; and who wrote when.
 *
 * A generation holds all deletes up to its timestamp. A reader takes the first one that is not
 * newer than its snapshot. Touches tell which rows a commit changed (updated or deleted); only
 * committers look at them, under the commit mutex, to find out who was first. */
#ifndef COLUMN_DELETES_H
#define COLUMN_DELETES_H
#include <stdatomic.h>

#include "base/alloc.h"
#include "column/layout.h"
#include "storage/retire.h"

struct deletes {
    struct retired retired;
    int64_t ts;
    _Atomic(struct deletes *) older;
    struct deletes *next_pending; /* while it is not yet published */
    _Atomic(struct deletes *) *head;
    _Atomic int64_t *changed_ts; /* of the segment */
    uint64_t bits[];             /* vector_words */
};

struct touch {
    int64_t ts;
    struct touch *older; /* smaller ts */
    struct touch *next_pending;
    struct touch **head;
    uint64_t bits[];
};

/* A copy of `older` (or none) to set bits in. NULL: no memory. */
struct deletes *deletes_new(struct mem_budget *budget, uint32_t words, const struct deletes *older);
/* For readers_retire. */
void deletes_free(void *deletes);
/* The generation a snapshot sees; NULL: none. */
struct deletes *deletes_at(_Atomic(struct deletes *) *head, int64_t ts);

struct touch *touch_new(struct mem_budget *budget, uint32_t words);
/* Free what is not newer than `ts`. */
void touch_forget(struct touch **head, int64_t ts);
#endif
