/* function.h -- the registry of scalar functions and of casts that kernels do not do.
 *
 * One record per overload, immutable, found by name. The binder picks the overload and inserts
 * casts; expr calls `eval` on dense vectors. Aggregates: compute/aggregate.h, named by
 * function_aggregate. */
#ifndef FUNC_FUNCTION_H
#define FUNC_FUNCTION_H
#include "arrow/vector.h"
#include "base/cx.h"
#include "compute/aggregate.h"

/* One vector operand of a call: n dense FLAT values, or one if `constant`. */
struct func_arg {
    const void *data;         /* BOOL: bits */
    const uint64_t *validity; /* NULL: all valid; constant: bit 0 tells */
    bool constant;
};

/* A call over up to VEC_ROWS_MAX rows. Strict functions are not asked about rows with NULLs, but
 * the slots are there and initialised; their results are ignored. */
struct func_call {
    struct cx *cx;
    struct arena *heap; /* for texts that do not fit a view; lives until the batch is done */
    uint32_t n, arg_count;
    const struct func_arg *args;
    const struct type *arg_types;
    struct type type;
    const uint64_t *live;   /* rows that matter: an error may only be raised for these. NULL: all */
    void *out;              /* n values of type.phys; BOOL: bits */
    uint64_t *out_validity; /* all ones at first; clear bits for NULL results */
    bool sqlite_compat;
    bool try_cast; /* casts: NULL instead of an error */
    int32_t at;    /* place in the SQL text, for errors */
};
typedef llkv_code func_eval_fn(struct func_call *call);

enum func_flag {
    FUNC_STRICT = 1,    /* NULL in, NULL out; set by nearly all */
    FUNC_VOLATILE = 2,  /* random(): never folded, never moved */
    FUNC_CAN_RAISE = 4, /* some argument values are errors */
    FUNC_VARIADIC = 8,  /* the last parameter may repeat */
    FUNC_STABLE = 16,   /* the same within a statement: now() */
    FUNC_TEXT_ANY = 32, /* VARCHAR parameters take any type by casting (concat) */
};

/* How the result type follows from the arguments. */
enum func_result { FUNC_RESULT_FIXED, FUNC_RESULT_FIRST_ARG, FUNC_RESULT_WIDEST_ARG };

enum { FUNC_ARGS_MAX = 8 };
struct function {
    const char *name;                     /* lower case */
    uint8_t arg_count_min, arg_count_max; /* variadic: max is 255 */
    uint8_t flags, result_rule;
    uint8_t arg_types[FUNC_ARGS_MAX]; /* enum type_id; TYPE_NULL: any type, handed over as it is */
    uint8_t result_type;              /* enum type_id */
    func_eval_fn *eval;
    const char *doc;     /* one line */
    const char *example; /* SQL expression => result, run as a test */
};

/* All overloads of a name (case does not matter): *out_count is 0 if there is none. Contiguous. */
const struct function *function_find(struct slice name, uint32_t *out_count);
/* The nearest name, for hints; NULL: none within 2 edits. */
const char *function_suggest(struct slice name);
uint32_t function_count(void);
const struct function *function_at(uint32_t index);

/* The aggregate of that name; false if there is none. count(*) is asked for with star. */
bool function_aggregate(struct slice name, bool star, enum agg_op *out_op);

/* The cast from one logical type to another where text or temporal types are concerned (kernels do
 * the numbers); NULL if there is none. Text forms: semantics.md; sqlite_compat: numeric prefixes.
 */
func_eval_fn *function_cast(struct type from, struct type to);

/* Cast one value; text results live in cx->arena. The binder folds literals with it. */
NODISCARD llkv_code value_cast(struct cx *cx, const struct value *value, struct type to,
                               bool sqlite_compat, int32_t at, struct value *out_value);
/* As CAST(value AS VARCHAR) writes it, in cx->arena. */
NODISCARD llkv_code value_to_text(struct cx *cx, const struct value *value, struct slice *out_text);

/* A LIKE pattern, compiled once: equals, prefix, suffix, contains, or parts. */
struct like;
NODISCARD llkv_code like_compile(struct cx *cx, struct slice pattern, int32_t escape,
                                 bool ignore_case, struct like **out_like);
bool like_match(const struct like *like, struct slice text);
#endif
