/* cast.h -- how a cast between two logical types is done: kernels and functions, in steps.
 *
 * Everything here is plain data found by value; there is no state. */
#ifndef FUNC_CAST_H
#define FUNC_CAST_H
#include "compute/kernel.h"
#include "func/function.h"

enum { CAST_STEPS_MAX = 2 };

/* One step: a kernel if `kernel` is set, else a function. */
struct cast_step {
    struct type from, to;
    kernel_fn *kernel;
    func_eval_fn *eval;
    struct decimal_cast decimal; /* the kernel's param if has_param */
    bool has_param;
    bool can_raise; /* some value has no image; never with TRY */
};

/* No steps: the bytes are the same. */
struct cast_plan {
    uint32_t count;
    struct cast_step steps[CAST_STEPS_MAX];
};

/* False if there is no such cast. `sqlite_compat`: reals are truncated, texts give their numeric
 * prefix. From TYPE_NULL there are no steps: every value is NULL. */
bool cast_find(struct type from, struct type to, bool sqlite_compat, struct cast_plan *out_plan);
/* May the cast fail for some value? True if there is none. */
bool cast_can_raise(struct type from, struct type to, bool sqlite_compat);

/* Digits before the point that a value of the type may have; 0 for types without digits. */
uint32_t cast_integer_digits(struct type type);

/* The error of a cast that does not fit, naming the value. */
NODISCARD llkv_code cast_fail_range(struct cx *cx, const struct value *value, struct type to,
                                    int32_t at);
#endif
