/* keytab.h -- a hash table of distinct keys: a directory over dense rows.
 *
 * Row numbers are dense from 0 in the order keys were first seen, and never change; rows move when
 * the table grows (they are one array, so that aggregate kernels can address states by number).
 * The directory has {u32 hash, u32 row + 1} per slot, linear probing, at most half full; it grows
 * without looking at keys. Zero is not a valid table: keytab_init. One writer. */
#ifndef EXEC_KEYTAB_H
#define EXEC_KEYTAB_H
#include "exec/rows.h"

struct keytab {
    const struct rowfmt *fmt; /* all columns are keys; states behind them start as zero bytes */
    struct run *run;
    uint8_t *rows;
    uint32_t count, capacity;
    bool rows_heap, dir_heap; /* from mem_alloc, not the arena */
    uint64_t *dir;
    uint32_t mask;
    struct arena heap; /* of texts */
    uint64_t *null_seen;
    uint32_t null_row; /* one integer key: the row of NULL + 1 */
    /* scratch of one batch */
    uint8_t *stage;
    uint32_t *hash;
    uint64_t *wide_hash;
    const uint64_t *words; /* one integer key: the values, where they are or in wide_hash */
    uint32_t stage_rows;
};

/* Released with the run. */
NODISCARD llkv_code keytab_init(struct run *run, struct keytab *table, const struct rowfmt *fmt);
void keytab_reset(struct keytab *table);
void keytab_deinit(void *table);
/* ids[i] = row of the key in row i of `keys` (FLAT, dense); new keys are added. Row i added its key
 * if ids[i] is the count before plus the number of rows before i that did so. n <= VEC_ROWS_MAX. */
NODISCARD llkv_code keytab_map(struct keytab *table, const struct vector *keys, uint32_t n,
                               uint32_t *ids);
/* The same without adding: ROW_NONE if the key is not there. */
NODISCARD llkv_code keytab_find(struct keytab *table, const struct vector *keys, uint32_t n,
                                uint32_t *ids);
ALWAYS_INLINE uint8_t *keytab_row(const struct keytab *table, uint32_t row)
{
    return table->rows + (size_t)row * table->fmt->stride;
}
#endif
