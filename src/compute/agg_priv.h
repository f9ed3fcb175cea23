/* agg_priv.h -- one finder per family of aggregates; aggregate.c asks them by operation. */
#ifndef COMPUTE_AGG_PRIV_H
#define COMPUTE_AGG_PRIV_H
#include "base/bitmap.h"
#include "compute/aggregate.h"

/* Each returns NULL for what is not its own. */
const struct agg_kernel *agg_count_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_sum_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_float_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_number_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_min_max_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_pick_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_text_find(enum agg_op op, enum phys_type in);
const struct agg_kernel *agg_bits_find(enum agg_op op, enum phys_type in);

agg_total_fn agg_count_total, agg_sum_total; /* of count_state and sum_state */

ALWAYS_INLINE bool agg_valid(const uint64_t *validity, uint32_t i)
{
    return validity == NULL || bit_get(validity, i);
}
#endif
