/* totals.h -- rows counted and integers added up by group, several in one pass over the rows.
 *
 * The totals of a group are `words` 64-bit words: the number of its rows, then one sum each of up
 * to TOTAL_SUMS_MAX arguments. Nothing checks for overflow here: the caller keeps the sums of
 * absolute values below 2^63 and empties the totals in time. */
#ifndef COMPUTE_TOTALS_H
#define COMPUTE_TOTALS_H
#include "arrow/vector.h"

/* With few groups the next row often meets the one before: rows take turns with so many copies of
 * the totals. */
enum { TOTAL_SUMS_MAX = 7, TOTAL_COPIES = 4, TOTAL_COPIED_GROUPS = 256 };

/* Words per group for so many sums: 1, 2, 4 or 8, so that no group lies in two cache lines. */
uint32_t totals_words(uint32_t sums);

struct totals {
    uint64_t *words; /* groups x width, copy after copy */
    uint32_t width;  /* totals_words() */
    uint32_t sums;
    uint32_t copies;     /* 1 or TOTAL_COPIES; row i of a call belongs to copy i % copies */
    uint32_t copy_words; /* from one copy to the next */
    const uint8_t *keys; /* where those of the batch lie; never read, only fetched ahead */
    uint32_t key_bytes;  /* each */
};
/* Row i counts for group ids[i], and args[k][i] is added to its sum k. */
void totals_add(const struct totals *totals, const uint32_t *ids, const int64_t *const *args,
                uint32_t n);

/* A key's part in the number of a group. */
struct group_span {
    int64_t min;
    uint64_t values; /* how many there are from `min` on; at most 2^31 */
    uint32_t size;   /* ids[i] = ids[i] * size + value - min; 0: the first key, ids are not read */
};
/* Non-zero if some value is outside; ids are then of no use. */
typedef uint64_t group_ids_fn(uint32_t *restrict ids, const void *data,
                              const struct group_span *span, uint32_t n);
/* NULL for types that are not integers of up to 64 bits. */
group_ids_fn *group_ids_find(enum phys_type type);

/* Values as words to add up: those of 64 bits stay where they are, others are written to `out`.
 * Returns a word with as many bits as the widest needs beside its sign, 64 if one is no int64_t. */
typedef uint64_t total_words_fn(int64_t *restrict out, const void *data, uint32_t n);
/* NULL as above. */
total_words_fn *total_words_find(enum phys_type type);
#endif
