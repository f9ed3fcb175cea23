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
/* n <= VEC_ROWS_MAX values of type `phys`, as a FLAT vector whose storage comes from cx->arena;
 * texts point into the reader's bytes. LLKV_CORRUPT if they are not there. */
NODISCARD llkv_code unpack_values(struct cx *cx, struct pack_reader *r, enum phys_type phys,
                                  uint32_t n, struct vector *out);
#endif
