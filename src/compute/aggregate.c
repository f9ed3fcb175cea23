#include "compute/aggregate.h"

#include "compute/agg_priv.h"

const struct agg_kernel *agg_kernel_find(enum agg_op op, enum phys_type in)
{
    assert(op < AGG_COUNT_OF_OPS);
    assert(in < PHYS_COUNT);
    typedef const struct agg_kernel *finder(enum agg_op op, enum phys_type in);
    static finder *const families[] = {
        agg_count_find,   agg_sum_find,  agg_float_find, agg_number_find,
        agg_min_max_find, agg_pick_find, agg_text_find,  agg_bits_find,
    };
    for (size_t i = 0; i < ARRAY_COUNT(families); i++) {
        const struct agg_kernel *kernel = families[i](op, in);
        if (kernel != NULL) return kernel;
    }
    return NULL;
}
