/* values.h -- values of one column as bytes of a file: what tail fragments and patches are made of.
 *
 * Validity (if there are NULLs), then values as they are in memory; texts as lengths and bytes. */
#ifndef COLUMN_VALUES_H
#define COLUMN_VALUES_H
#include "arrow/vector.h"
#include "base/cx.h"
#include "base/pack.h"

/* The n values of FLAT `v` from its first on. */
void pack_values(struct pack_writer *w, const struct vector *v, uint32_t n);
/* n <= VEC_ROWS_MAX values of the type, as a FLAT vector whose storage comes from cx->arena; texts
 * point into the reader's bytes. LLKV_CORRUPT if they are not there or not such of the type. */
NODISCARD llkv_code unpack_values(struct cx *cx, struct pack_reader *r, struct type type,
                                  uint32_t n, struct vector *out);
#endif
