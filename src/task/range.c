#include "task/range.h"

#include <assert.h>

void range_split(struct range *ranges, uint32_t range_count, uint32_t count)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < range_count; i++) {
        uint32_t end = (uint32_t)((uint64_t)count * (i + 1) / range_count);
        atomic_init(&ranges[i].word, range_word(next, end));
        next = end;
    }
}

static bool take_front(struct range *range, uint32_t *out_index)
{
    uint64_t word = atomic_load_explicit(&range->word, memory_order_relaxed);
    while (range_left(word) != 0) {
        if (atomic_compare_exchange_weak_explicit(&range->word, &word, word + (UINT64_C(1) << 32),
                                                  memory_order_relaxed, memory_order_relaxed)) {
            *out_index = (uint32_t)(word >> 32);
            return true;
        }
    }
    return false;
}

/* The back half of a range, the larger one; false if somebody was faster. */
static bool steal_back(struct range *range, uint64_t *out_word)
{
    uint64_t word = atomic_load_explicit(&range->word, memory_order_relaxed);
    uint32_t left = range_left(word);
    if (left == 0) return false;
    uint32_t next = (uint32_t)(word >> 32);
    uint32_t end = (uint32_t)word;
    uint32_t middle = next + left / 2;
    *out_word = range_word(middle, end);
    return atomic_compare_exchange_strong_explicit(&range->word, &word, range_word(next, middle),
                                                   memory_order_relaxed, memory_order_relaxed);
}

bool range_take(struct range *ranges, uint32_t range_count, uint32_t own, uint32_t *out_index)
{
    assert(own < range_count);
    if (take_front(&ranges[own], out_index)) return true;
    for (;;) {
        uint32_t most = 0;
        uint32_t victim = own;
        for (uint32_t i = 0; i < range_count; i++) {
            uint32_t left = range_left(atomic_load_explicit(&ranges[i].word, memory_order_relaxed));
            if (left <= most) continue;
            most = left;
            victim = i;
        }
        if (most == 0) return false;
        uint64_t stolen;
        if (!steal_back(&ranges[victim], &stolen)) continue;
        /* The own range is empty, and only its worker fills it: a plain store will do. */
        *out_index = (uint32_t)(stolen >> 32);
        atomic_store_explicit(&ranges[own].word, stolen + (UINT64_C(1) << 32),
                              memory_order_relaxed);
        return true;
    }
}

bool range_all_empty(const struct range *ranges, uint32_t range_count)
{
    for (uint32_t i = 0; i < range_count; i++)
        if (range_left(atomic_load_explicit(&ranges[i].word, memory_order_relaxed)) != 0)
            return false;
    return true;
}
