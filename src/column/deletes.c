#include "column/deletes.h"

#include <string.h>

struct deletes *deletes_new(struct mem_budget *budget, uint32_t words, const struct deletes *older)
{
    struct deletes *made = mem_alloc_zero(budget, sizeof *made + words * sizeof(uint64_t));
    if (made != NULL && older != NULL) memcpy(made->bits, older->bits, words * sizeof(uint64_t));
    return made;
}

void deletes_free(void *deletes)
{
    mem_free(deletes);
}

struct deletes *deletes_at(_Atomic(struct deletes *) *head, int64_t ts)
{
    struct deletes *generation = atomic_load_explicit(head, memory_order_acquire);
    while (generation != NULL && generation->ts > ts)
        generation = atomic_load_explicit(&generation->older, memory_order_acquire);
    return generation;
}

struct touch *touch_new(struct mem_budget *budget, uint32_t words)
{
    return mem_alloc_zero(budget, sizeof(struct touch) + words * sizeof(uint64_t));
}

void touch_forget(struct touch **head, int64_t ts)
{
    struct touch **at = head;
    while (*at != NULL && (*at)->ts > ts)
        at = &(*at)->older;
    struct touch *touch = *at;
    *at = NULL;
    while (touch != NULL) {
        struct touch *older = touch->older;
        mem_free(touch);
        touch = older;
    }
}
