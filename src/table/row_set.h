/* row_set.h -- a set of row numbers, kept as bits per vector of rows.
 *
 * Zeroed memory with a budget and sizes is an empty set. One owner. */
#ifndef TABLE_ROW_SET_H
#define TABLE_ROW_SET_H
#include <stdint.h>

#include <stdbool.h>

#include "base/cx.h"

/* The rows unit * vector_rows + i with bit i set. */
struct row_unit {
    uint64_t unit;
    uint64_t *bits; /* vector_words; NULL: a free slot of the table */
};

struct row_set {
    struct mem_budget *budget;
    uint32_t vector_rows, vector_words;
    struct row_unit *slots; /* a hash table, a power of two long */
    uint32_t count, capacity;
    uint32_t last; /* the slot found last: rows come in runs */
    uint64_t rows;
};

void row_set_init(struct row_set *set, struct mem_budget *budget, uint32_t vector_rows);
void row_set_deinit(struct row_set *set);
/* *out_added: it was not in before. */
NODISCARD llkv_code row_set_add(struct cx *cx, struct row_set *set, uint64_t row, bool *out_added);
bool row_set_has(struct row_set *set, uint64_t row);
void row_set_remove(struct row_set *set, uint64_t row);
/* The bits of a unit, or NULL. */
const uint64_t *row_set_unit(struct row_set *set, uint64_t unit);
/* The same for readers that share the set. */
const uint64_t *row_set_peek(const struct row_set *set, uint64_t unit);
/* The units of both sets in ascending order, each with the bits of `a` or `b` or both; in
 * cx->arena, the bits too. `b` may be NULL. */
NODISCARD llkv_code row_set_union(struct cx *cx, struct row_set *a, struct row_set *b,
                                  struct row_unit **out_units, uint32_t *out_count);
#endif
