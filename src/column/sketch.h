/* sketch.h -- how many different values were there, in 512 bytes (HyperLogLog).
 *
 * Counts every value ever added; deletes do not show. The standard error is 5 %. One writer, any
 * readers. Zeroed memory is an empty sketch. */
#ifndef COLUMN_SKETCH_H
#define COLUMN_SKETCH_H
#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "arrow/type.h"

enum { SKETCH_REGISTERS = 512 };

struct sketch {
    _Atomic uint8_t registers[SKETCH_REGISTERS];
};

/* Add n values of FLAT data from element (BOOL: bit) `first` on. `validity`: bits from 0, or NULL.
 */
void sketch_add(struct sketch *sketch, enum phys_type phys, const void *data, uint32_t first,
                const uint64_t *validity, uint32_t n);
void sketch_merge(struct sketch *sketch, const struct sketch *more);
/* Could sketch_add have made it? Nothing else may be merged or estimated. */
bool sketch_is_sound(const struct sketch *sketch);
double sketch_estimate(const struct sketch *sketch);
#endif
