#include <stdlib.h>

#include "image.h"
#include "subject.h"

void promises_deinit(struct promises *promises)
{
    free(promises->items);
    *promises = (struct promises){0};
}

void promises_add(struct promises *promises, struct promise promise)
{
    promises->items = crash_grow(promises->items, (promises->count + 1) * sizeof promise);
    promises->items[promises->count++] = promise;
}

void promises_copy(struct promises *to, const struct promises *from)
{
    *to = (struct promises){0};
    for (uint64_t i = 0; i < from->count; i++)
        promises_add(to, from->items[i]);
}

/* Of each 16 bits on their own: one count of less than 65,536, or several. */
static uint64_t maxima(uint64_t a, uint64_t b)
{
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 16) {
        uint64_t x = a >> shift & 0xffff, y = b >> shift & 0xffff;
        result |= (x > y ? x : y) << shift;
    }
    return result;
}

struct promise promises_at(const struct promises *promises, const struct promise *floor,
                           uint64_t position, bool all_kept)
{
    struct promise at = *floor;
    for (uint64_t i = 0; i < promises->count; i++) {
        const struct promise *promise = &promises->items[i];
        if (promise->position > position || !(promise->durable || all_kept)) continue;
        at.last = maxima(at.last, promise->last);
        if (promise->version > at.version) at.version = promise->version;
    }
    return at;
}
