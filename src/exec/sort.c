/* sort.c -- sorting entries: insertion for a handful, radix for many, merging for ties. */
#include "exec/sort.h"

enum { INSERTION_MAX = 32, RADIX_MIN = 512, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

struct tie_break {
    const struct rowstore *store;
    const struct sort_key *keys;
    uint32_t key_count;
    bool exact; /* equal codes are equal rows */
};

/* Is b before a? Entries are compared in the order they stand in, so that equal ones keep it. */
static bool goes_before(const struct tie_break *t, const struct sort_entry *b,
                        const struct sort_entry *a)
{
    if (b->code != a->code) return b->code < a->code;
    if (t->exact) return false;
    return sort_compare(t->store->fmt, t->keys, t->key_count, rowstore_at(t->store, b->row),
                        rowstore_at(t->store, a->row)) < 0;
}

static void insertion_sort(const struct tie_break *t, struct sort_entry *e, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        const struct sort_entry x = e[i];
        uint64_t j = i;
        for (; j > 0 && goes_before(t, &x, &e[j - 1]); j--)
            e[j] = e[j - 1];
        e[j] = x;
    }
}

static void merge(const struct tie_break *t, const struct sort_entry *a, uint64_t a_count,
                  const struct sort_entry *b, uint64_t b_count, struct sort_entry *out)
{
    const struct sort_entry *a_end = a + a_count, *b_end = b + b_count;
    while (a < a_end && b < b_end)
        *out++ = goes_before(t, b, a) ? *b++ : *a++;
    while (a < a_end)
        *out++ = *a++;
    while (b < b_end)
        *out++ = *b++;
}

/* Bottom-up, in place with scratch of the same size. */
static void merge_sort(const struct tie_break *t, struct sort_entry *e, struct sort_entry *scratch,
                       uint64_t n)
{
    for (uint64_t at = 0; at < n; at += INSERTION_MAX)
        insertion_sort(t, e + at, n - at < INSERTION_MAX ? n - at : INSERTION_MAX);
    struct sort_entry *from = e, *to = scratch;
    for (uint64_t width = INSERTION_MAX; width < n; width *= 2) {
        for (uint64_t at = 0; at < n; at += 2 * width) {
            const uint64_t left = n - at < width ? n - at : width;
            const uint64_t rest = n - at - left;
            merge(t, from + at, left, from + at + left, rest < width ? rest : width, to + at);
        }
        struct sort_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != e) memcpy(e, from, n * sizeof *e);
}

/* One digit, stable. False if all entries have the same. */
static bool radix_pass(const struct sort_entry *from, struct sort_entry *to, uint64_t n,
                       uint32_t shift)
{
    uint64_t at[DIGITS] = {0};
    for (uint64_t i = 0; i < n; i++)
        at[(from[i].code >> shift) & (DIGITS - 1)]++;
    if (at[(from[0].code >> shift) & (DIGITS - 1)] == n) return false;
    uint64_t sum = 0;
    for (uint32_t d = 0; d < DIGITS; d++) {
        const uint64_t count = at[d];
        at[d] = sum;
        sum += count;
    }
    for (uint64_t i = 0; i < n; i++)
        to[at[(from[i].code >> shift) & (DIGITS - 1)]++] = from[i];
    return true;
}

static llkv_code radix_sort(struct run *run, struct sorter *s, uint32_t bits)
{
    for (uint32_t shift = 0; shift < bits; shift += DIGIT_BITS) {
        TRY(cx_check_cancel(run->cx));
        if (!radix_pass(s->entries, s->scratch, s->count, shift)) continue;
        struct sort_entry *swap = s->entries;
        s->entries = s->scratch;
        s->scratch = swap;
    }
    return LLKV_OK;
}

/* Entries with equal codes are sorted by their columns. */
static llkv_code sort_ties(struct run *run, struct sorter *s, const struct tie_break *t)
{
    for (uint64_t at = 0; at < s->count;) {
        uint64_t end = at + 1;
        while (end < s->count && s->entries[end].code == s->entries[at].code)
            end++;
        if (end - at > 1) {
            TRY(cx_check_cancel(run->cx));
            merge_sort(t, s->entries + at, s->scratch, end - at);
        }
        at = end;
    }
    return LLKV_OK;
}

static void sorter_release(void *ptr)
{
    struct sorter *s = ptr;
    mem_free(s->entries < s->scratch ? s->entries : s->scratch);
    s->entries = NULL;
    s->scratch = NULL;
    s->room = 0;
}

static llkv_code sorter_reserve(struct run *run, struct sorter *s, uint64_t n)
{
    if (n <= s->room) return LLKV_OK;
    if (s->run == NULL) {
        s->run = run;
        TRY(run_own(run, sorter_release, s));
    }
    sorter_release(s);
    const uint64_t room = n < 64 ? 64 : n;
    struct sort_entry *both =
        mem_alloc_aligned(run->cx->budget, (size_t)room * 2 * sizeof *s->entries);
    if (both == NULL) return cx_nomem(run->cx);
    s->entries = both;
    s->scratch = both + room;
    s->room = room;
    return LLKV_OK;
}

llkv_code sorter_sort(struct run *run, struct sorter *sorter, const struct rowstore *store,
                      const struct sort_key *keys, uint32_t key_count)
{
    struct tie_break t = {.store = store, .keys = keys, .key_count = key_count};
    uint32_t bits;
    sorter->count = store->count;
    if (store->count == 0) return LLKV_OK;
    TRY(sorter_reserve(run, sorter, store->count));
    sort_codes(store, keys, key_count, sorter->entries, &bits, &t.exact);
    if (store->count <= INSERTION_MAX) {
        insertion_sort(&t, sorter->entries, store->count);
        return LLKV_OK;
    }
    if (store->count < RADIX_MIN) {
        merge_sort(&t, sorter->entries, sorter->scratch, store->count);
        return LLKV_OK;
    }
    TRY(radix_sort(run, sorter, bits));
    return t.exact ? LLKV_OK : sort_ties(run, sorter, &t);
}
