/* range.h -- index ranges that their workers take from and others steal from, without a lock.
 *
 * One 64-bit word: next << 32 | end. An index is in one range at a time, so a word that comes back
 * means what it meant before. */
#ifndef TASK_RANGE_H
#define TASK_RANGE_H
#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"

/* A cache line pair each: neighbours do not disturb. */
struct range {
    _Alignas(128) _Atomic uint64_t word;
};

ALWAYS_INLINE uint64_t range_word(uint32_t next, uint32_t end)
{
    return (uint64_t)next << 32 | end;
}

ALWAYS_INLINE uint32_t range_left(uint64_t word)
{
    uint32_t next = (uint32_t)(word >> 32);
    uint32_t end = (uint32_t)word;
    return next < end ? end - next : 0;
}

/* Split `count` indexes evenly. */
void range_split(struct range *ranges, uint32_t range_count, uint32_t count);
/* The first index of ranges[own]; if that is empty, of the back half of the largest range, the rest
 * of which becomes ranges[own]. False if all looked empty: what another thief has in its hands at
 * that moment is not seen. */
bool range_take(struct range *ranges, uint32_t range_count, uint32_t own, uint32_t *out_index);
bool range_all_empty(const struct range *ranges, uint32_t range_count);
#endif
