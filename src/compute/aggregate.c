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

agg_total_fn *agg_total_find(enum agg_op op, enum phys_type in)
{
    if (op == AGG_COUNT_STAR) return agg_count_total;
    if (op == AGG_COUNT && in != PHYS_NULLS) return agg_count_total;
    if (op != AGG_SUM && op != AGG_SUM_I64 && op != AGG_TOTAL && op != AGG_AVG) return NULL;
    const bool is_signed = in == PHYS_I8 || in == PHYS_I16 || in == PHYS_I32 || in == PHYS_I64;
    const bool is_unsigned = in == PHYS_U8 || in == PHYS_U16 || in == PHYS_U32 || in == PHYS_U64;
    return is_signed || is_unsigned ? agg_sum_total : NULL;
}
