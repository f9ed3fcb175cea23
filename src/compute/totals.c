#include "compute/totals.h"

#include "compute/kernel_priv.h"

uint32_t totals_words(uint32_t sums)
{
    assert(sums <= TOTAL_SUMS_MAX);
    return sums == 0 ? 1 : sums == 1 ? 2 : sums <= 3 ? 4 : 8;
}

/* Stored columns go on in memory where a batch ends. The loop that adds waits for its own stores,
 * not for memory: time to ask for the next batch's values, one cache line of each column at a turn.
 */
ALWAYS_INLINE void fetch_ahead(const struct totals *t, const int64_t *const *args, uint32_t i,
                               const uint32_t sums)
{
    enum { LINE_ROWS = 8 };
    if (i % LINE_ROWS != 0) return;
    const uintptr_t row = i + VEC_ROWS_MAX; /* behind the end of the array: no pointer into it */
    for (uint32_t s = 0; s < sums; s++)
        PREFETCH((const void *)((uintptr_t)args[s] + row * sizeof *args[s]));
    PREFETCH((const void *)((uintptr_t)t->keys + row * t->key_bytes));
}

/* `width`, `sums` and `copies` are constants of the caller, which makes one loop for each. */
ALWAYS_INLINE void add_rows(const struct totals *t, const uint32_t *restrict ids,
                            const int64_t *const *args, uint32_t n, const uint32_t width,
                            const uint32_t sums, const uint32_t copies)
{
    uint64_t *words = t->words;
    const int64_t *a = sums > 0 ? args[0] : NULL, *b = sums > 1 ? args[1] : NULL,
                  *c = sums > 2 ? args[2] : NULL;
    uint32_t i = 0;
    for (; i + copies <= n; i += copies) {
        fetch_ahead(t, args, i, sums);
        for (uint32_t k = 0; k < copies; k++) {
            uint64_t *w = words + (size_t)k * t->copy_words + (size_t)ids[i + k] * width;
            w[0]++;
            if (sums > 0) w[1] += (uint64_t)a[i + k];
            if (sums > 1) w[2] += (uint64_t)b[i + k];
            if (sums > 2) w[3] += (uint64_t)c[i + k];
        }
    }
    for (; i < n; i++) {
        uint64_t *w = words + (size_t)(i % copies) * t->copy_words + (size_t)ids[i] * width;
        w[0]++;
        if (sums > 0) w[1] += (uint64_t)a[i];
        if (sums > 1) w[2] += (uint64_t)b[i];
        if (sums > 2) w[3] += (uint64_t)c[i];
    }
}

/* The fourth sum and those behind it, in the copy that counted the row. */
static void add_further(const struct totals *t, const uint32_t *ids, const int64_t *const *args,
                        uint32_t n)
{
    for (uint32_t s = 3; s < t->sums; s++) {
        const int64_t *x = args[s];
        uint64_t *words = t->words + 1 + s;
        for (uint32_t i = 0; i < n; i++)
            words[(size_t)(i % t->copies) * t->copy_words + (size_t)ids[i] * t->width] +=
                (uint64_t)x[i];
    }
}

#define BY_COPIES(width, sums)                                                                     \
    (t->copies == 1 ? add_rows(t, ids, args, n, width, sums, 1)                                    \
                    : add_rows(t, ids, args, n, width, sums, TOTAL_COPIES))

void totals_add(const struct totals *t, const uint32_t *ids, const int64_t *const *args, uint32_t n)
{
    switch (t->sums) {
    case 0: BY_COPIES(1, 0); break;
    case 1: BY_COPIES(2, 1); break;
    case 2: BY_COPIES(4, 2); break;
    case 3: BY_COPIES(4, 3); break;
    default:
        BY_COPIES(8, 3);
        add_further(t, ids, args, n);
        break;
    }
}

group_ids_fn *group_ids_find(enum phys_type type)
{
    assert(type < PHYS_COUNT);
    return tier_best()->group_ids[type];
}

total_words_fn *total_words_find(enum phys_type type)
{
    assert(type < PHYS_COUNT);
    return tier_best()->total_words[type];
}
