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

struct promise promises_at(const struct promises *promises, const struct promise *floor,
                           uint64_t position, bool all_kept)
{
    struct promise at = *floor;
    for (uint64_t i = 0; i < promises->count; i++) {
        const struct promise *promise = &promises->items[i];
        if (promise->position > position || !(promise->durable || all_kept)) continue;
        if (promise->last > at.last) at.last = promise->last;
        if (promise->version > at.version) at.version = promise->version;
    }
    return at;
}
