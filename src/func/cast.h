/* cast.h -- how a cast between two logical types is done: kernels and functions, in steps.
 *
 * Everything here is plain data found by value; there is no state. */
#ifndef FUNC_CAST_H
#define FUNC_CAST_H
#include "base/number.h"
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

/* ---- single values and their texts ---- */

/* Parse as CAST(text AS to) does; no VARCHAR. Blobs are written to *heap; TEXT_RANGE for a BLOB
 * means that there is no memory. */
NODISCARD enum text_result cast_parse(struct slice text, struct type to, bool sqlite_compat,
                                      struct arena *heap, struct value *out_value);
/* The error of a text that cast_parse did not take. */
NODISCARD llkv_code cast_fail_text(struct cx *cx, struct slice text, struct type to,
                                   enum text_result why, int32_t at);
enum { CAST_TEXT_MAX = 160 };
/* Print a value of any type but VARCHAR and BLOB; returns the length. */
size_t cast_print(const struct value *value, char out[CAST_TEXT_MAX]);
/* As the text of a blob; `out` has room for 4 bytes per byte. */
size_t cast_print_blob(struct slice blob, char *out);
#endif
