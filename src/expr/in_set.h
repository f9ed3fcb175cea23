/* in_set.h -- the list of a long IN: a set of values of one physical type, NULLs told apart.
 *
 * Immutable once made; integers of a small span are a bitmap, other integers and texts a hash
 * table, the rest a sorted array. Values are kept by pointer where they are texts. */
#ifndef EXPR_IN_SET_H
#define EXPR_IN_SET_H
#include "arrow/vector.h"
#include "base/cx.h"

struct in_set;

/* `values` are of type `type` or NULL; in cx->arena. */
NODISCARD llkv_code in_set_new(struct cx *cx, struct type type, const struct value *const *values,
                               uint32_t count, const struct in_set **out_set);
bool in_set_has_null(const struct in_set *set);
/* Bit i: is value i of FLAT data in the set? Bits behind n in the last word are zero. */
void in_set_test(const struct in_set *set, const void *data, uint32_t n, uint64_t *out_bits);
#endif
