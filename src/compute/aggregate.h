/* aggregate.h -- states of aggregate functions: made, fed, merged, read.
 *
 * A state is plain bytes of a fixed size that may be moved with memcpy; zero bytes are its start
 * (that is why there is no init). What outgrows it (texts, lists) lives in the context's heap. An
 * aggregate is fed dense values (`sel` already applied) in the physical type it was found for. The
 * result does not depend on the order in which rows and states meet, floats included, but for
 * FIRST, LAST, ANY and GROUP_CONCAT. */
#ifndef COMPUTE_AGGREGATE_H
#define COMPUTE_AGGREGATE_H
#include "arrow/vector.h"
#include "base/cx.h"

/* X(name) */
#define AGG_LIST(X)                                                                                \
    X(COUNT_STAR) /* -> I64; takes no values */                                                    \
    X(COUNT)      /* -> I64; any type */                                                           \
    X(SUM)        /* integers and decimals -> I128 exact, flagged beyond; floats -> F64 */         \
    X(SUM_I64)    /* I8..I64, NUMBER(integers) -> I64, flagged beyond (sqlite_compat) */           \
    X(SUM_NUMBER) /* NUMBER -> NUMBER: integer if all were, else real (sqlite_compat) */           \
    X(TOTAL)      /* -> F64, 0.0 for no rows */                                                    \
    X(AVG)        /* -> F64; integers summed exactly, divided once (decimals: caller scales) */    \
    X(MIN)        /* -> same type */                                                               \
    X(MAX)                                                                                         \
    X(ANY)   /* any non-NULL value, else NULL */                                                   \
    X(FIRST) /* first row's value, NULL included */                                                \
    X(LAST)                                                                                        \
    X(BOOL_AND) /* BOOL -> BOOL */                                                                 \
    X(BOOL_OR)                                                                                     \
    X(BIT_AND) /* integers */                                                                      \
    X(BIT_OR)                                                                                      \
    X(BIT_XOR)                                                                                     \
    X(GROUP_CONCAT) /* VIEW -> VIEW, separator from the context */                                 \
    X(VAR_POP)      /* F64 -> F64 */                                                               \
    X(VAR_SAMP)                                                                                    \
    X(STDDEV_POP)                                                                                  \
    X(STDDEV_SAMP)

enum agg_op {
#define X(name) AGG_##name,
    AGG_LIST(X)
#undef X
        AGG_COUNT_OF_OPS
};

/* One per aggregate call and worker. */
struct agg_context {
    struct cx *cx;
    struct arena *heap;     /* for texts; lives as long as the states */
    struct slice separator; /* GROUP_CONCAT */
};

struct agg_kernel {
    uint8_t out_phys;
    uint32_t state_bytes; /* multiple of 16 */
    /* Feed n values to one state. validity may be NULL. */
    llkv_code (*update)(struct agg_context *ac, void *state, const void *data,
                        const uint64_t *validity, uint32_t n);
    /* Row i goes to the state at rows + group[i] * stride. */
    llkv_code (*update_groups)(struct agg_context *ac, uint8_t *rows, uint32_t stride,
                               const uint32_t *group, const void *data, const uint64_t *validity,
                               uint32_t n);
    llkv_code (*merge)(struct agg_context *ac, void *into, const void *from);
    /* Write one value of out_phys to `out` (BOOL: one byte, 0 or 1); *out_valid false: NULL.
     * LLKV_OVERFLOW (22003, recorded) if the result does not fit. */
    llkv_code (*final)(struct agg_context *ac, const void *state, void *out, bool *out_valid);
};

/* COUNT, SUM and AVG of integers need no more of their values than how many there were and what
 * they add up to: add that to a state. Both may be zero. */
typedef void agg_total_fn(void *state, int64_t sum, int64_t count);
/* NULL for aggregates that need the values. `in` is ignored for COUNT_STAR. */
agg_total_fn *agg_total_find(enum agg_op op, enum phys_type in);

/* NULL if the aggregate does not take the type. `in` is ignored for COUNT_STAR. */
const struct agg_kernel *agg_kernel_find(enum agg_op op, enum phys_type in);
#endif
