/* normkey.h -- key values as bytes whose order under memcmp is the order of the values.
 *
 * Per column: one byte that tells NULL (0) from a value (1), then the value: integers big-endian
 * with the sign flipped; floats by their bits, negative ones inverted, -0.0 as 0.0, NaN last; texts
 * with 0x00 written as 0x00 0xff and closed by 0x00 0x00; intervals by their length in
 * microseconds, months of 30 days. A descending column is inverted as a whole. No key is the
 * beginning of another one. */
#ifndef INDEX_NORMKEY_H
#define INDEX_NORMKEY_H
#include "arrow/vector.h"
#include "base/cx.h"

enum { NORMKEY_SHORT_BYTES = 40 };

/* A growing buffer for one key; zeroed memory is an empty one. Owned by whoever has it. Once it has
 * bytes it must not be copied or moved: short keys stand in the buffer itself. */
struct normkey {
    uint8_t *data;
    size_t len, capacity;
    struct mem_budget *budget;
    uint8_t first[NORMKEY_SHORT_BYTES];
};

void normkey_deinit(struct normkey *key);
/* Append a column. `slot`: one value of FLAT data; BOOL: a byte. NULL: the value is NULL.
 * LLKV_NOMEM; LLKV_UNSUPPORTED for types that cannot be keys. */
NODISCARD llkv_code normkey_append(struct cx *cx, struct normkey *key, enum phys_type phys,
                                   bool descending, const void *slot);
NODISCARD llkv_code normkey_append_value(struct cx *cx, struct normkey *key, bool descending,
                                         const struct value *value);
/* Values of this type can be part of a key. */
bool normkey_supports(enum phys_type phys);
#endif
