/* sort.h -- the order of the rows of a store.
 *
 * Keys become one 64-bit code per row: each key minus its minimum in as many bits as its range
 * needs, one bit before it if it can be NULL, as many keys as fit. Codes are sorted by radix; rows
 * with equal codes are compared by their columns if the codes do not say everything. Stable: rows
 * that compare equal stay in the order of their numbers. */
#ifndef EXEC_SORT_H
#define EXEC_SORT_H
#include "exec/rows.h"

struct sort_key {
    uint32_t column; /* of the store's format */
    bool descending, nulls_first;
};

struct sort_entry {
    uint64_t code;
    uint32_t row;
    uint32_t unused;
};

/* Zero is its start; released with the run it was used with first. */
struct sorter {
    struct run *run;
    struct sort_entry *entries, *scratch; /* the result: entries[0 .. count) */
    uint64_t count, room;
};
NODISCARD llkv_code sorter_sort(struct run *run, struct sorter *sorter,
                                const struct rowstore *store, const struct sort_key *keys,
                                uint32_t key_count);

/* < 0, 0, > 0: rows of one format by the keys. */
int sort_compare(const struct rowfmt *fmt, const struct sort_key *keys, uint32_t key_count,
                 const uint8_t *a, const uint8_t *b);
/* Ascending values of `phys` have ascending codes; equal ones equal codes. Different values have
 * different codes if sort_code_exact. `slot` as in a row. */
uint64_t sort_code(uint8_t phys, const uint8_t *slot);
bool sort_code_exact(uint8_t phys);
/* Codes of n FLAT values. */
void sort_vector_codes(const struct vector *v, uint32_t n, uint64_t *out);

/* sort_codes.c: the code of every row. *out_bits: how many low bits are used; *out_exact: codes
 * decide. */
void sort_codes(const struct rowstore *store, const struct sort_key *keys, uint32_t key_count,
                struct sort_entry *out, uint32_t *out_bits, bool *out_exact);
#endif
