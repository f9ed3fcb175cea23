/* zone.h -- what is known of some values without looking at them: bounds and NULLs.
 *
 * Bounds are kept as zone keys: a u64 for every value such that a <= b implies key(a) <= key(b).
 * For types of up to 8 bytes the key tells the value; for wider ones it is coarser, which costs
 * pruning and never an answer. -0.0 counts as 0.0, NaN is above everything. INTERVAL and NUMBER
 * have none.
 *
 * Threads: a struct zone is plain data; a struct live_zone has one writer and any readers, and only
 * ever grows wider. */
#ifndef COLUMN_ZONE_H
#define COLUMN_ZONE_H
#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "arrow/vector.h"

struct zone {
    uint64_t min, max; /* zone keys, if values > 0 and the type has keys */
    uint64_t values;   /* not NULL */
    uint64_t nulls;
};

struct live_zone {
    _Atomic uint64_t min, max, values, nulls;
};

/* Values of this type have keys. */
bool zone_has_keys(enum phys_type phys);
/* The key tells the value. */
bool zone_is_exact(enum phys_type phys);
/* The keys of n <= VEC_ROWS_MAX values of FLAT data; slots of NULLs give any key. BOOL: bits, from
 * bit `first` on; else from element `first` on. The type has keys. */
void zone_keys(enum phys_type phys, const void *data, uint32_t first, uint32_t n,
               uint64_t *out_keys);
/* The key of a value, which is not NULL and whose type has keys. */
uint64_t zone_key_of_value(const struct value *value);
/* The smallest (`upper`: largest) value that may have this key; false if no bound is known. Sets
 * everything but the type of `out`. Not for texts. */
bool zone_bound(enum phys_type phys, uint64_t key, bool upper, struct value *out);

/* Widen by n values with these keys. `validity`: bits from bit 0, or NULL. `keys` is NULL for types
 * without. */
void zone_add(struct zone *zone, const uint64_t *keys, const uint64_t *validity, uint32_t n);
void zone_merge(struct zone *zone, const struct zone *more);

/* Do the keys ascend, beginning not below *previous (strictly: above it; NULL: nothing is before
 * them)? Clears what does not hold. */
void zone_order(const uint64_t *keys, uint32_t n, const uint64_t *previous, bool *io_ascending,
                bool *io_strictly);

void live_zone_init(struct live_zone *live);
void live_zone_merge(struct live_zone *live, const struct zone *more);
struct zone live_zone_read(const struct live_zone *live);
#endif
