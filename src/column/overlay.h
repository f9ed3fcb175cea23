/* overlay.h -- updated values of one vector of one column: a chain of immutable generations.
 *
 * Every generation holds all updates of the vector up to its timestamp: a dense part (a replacement
 * for the whole vector, shared with neighbours in the chain) with sparse patches on top, either of
 * which may be missing. A reader takes the first generation that is not newer than its snapshot.
 *
 * Owns:    its values and the texts they point to.
 * Threads: readers follow `older` without a lock; the writer publishes and cuts under the commit
 *          mutex.
 * Holds:   timestamps fall along the chain; positions ascend; the zone covers every value. */
#ifndef COLUMN_OVERLAY_H
#define COLUMN_OVERLAY_H
#include <stdatomic.h>

#include "base/cx.h"
#include "column/layout.h"
#include "column/text_heap.h"
#include "column/zone.h"
#include "storage/retire.h"

/* Values at some positions of a vector. BOOL: one byte per value. */
struct patch {
    uint32_t count;
    const uint16_t *positions; /* ascending */
    const void *values;
    const uint64_t *validity; /* bits, NULL: all valid */
};

/* A whole vector: FLAT, BOOL as bits. */
struct dense {
    atomic_uint refs;
    void *data;
    uint64_t *validity; /* NULL: all valid */
    struct zone zone;
    struct text_heap heap;
};

struct overlay {
    struct retired retired;
    int64_t ts;
    _Atomic(struct overlay *) older;
    struct dense *dense; /* or NULL */
    struct patch patch;  /* on top of it; count may be 0 */
    struct zone zone;    /* of dense and patches */

    /* While it is not yet published: */
    struct overlay *next_pending;
    _Atomic(struct overlay *) *head;
    _Atomic int64_t *changed_ts; /* of the segment */
    uint32_t column;
    struct zone fresh;             /* of the values that came with this generation */
    struct live_zone *column_zone; /* of all overlays of the column in the segment */
};

/* `older` (or NULL) with `more` on top, as patches. NULL: no memory. */
struct overlay *overlay_merge(struct mem_budget *budget, enum phys_type phys,
                              const struct overlay *older, const struct patch *more);
/* `base` (FLAT, every row of a full vector, what is older than `more` applied) with `more` on top,
 * as a dense vector. NULL: no memory. */
struct overlay *overlay_densify(struct mem_budget *budget, const struct vector *base,
                                const struct patch *more);
/* A free function for readers_retire as well. */
void overlay_free(void *overlay);

/* Widen by the values of a patch. */
void patch_zone(const struct patch *patch, enum phys_type phys, struct zone *io_zone);

/* The generation a snapshot sees; NULL: none. */
struct overlay *overlay_at(_Atomic(struct overlay *) *head, int64_t ts);
/* Put the patches onto the first n rows of FLAT `data` and `validity` (all bits there). */
void overlay_patch(const struct overlay *overlay, enum phys_type phys, uint32_t n, void *data,
                   uint64_t *validity);
/* The patch at a position: its index, or -1. */
int overlay_find(const struct overlay *overlay, uint32_t position);
#endif
