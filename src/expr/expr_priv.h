/* expr_priv.h -- what the files of this folder share about expressions. */
#ifndef EXPR_EXPR_PRIV_H
#define EXPR_EXPR_PRIV_H
#include "expr/expr.h"

/* " + " and so on, by operator. */
extern const char *const expr_arith_signs[ARITH_OP_COUNT];
extern const char *const expr_unary_signs[UNARY_OP_COUNT];

/* An EXPR_ARITH of type DECIMAL: may the result have more digits than its type? */
bool expr_decimal_overflows(const struct expr *e);
/* An EXPR_ARITH: does a zero divisor give NULL? */
bool expr_divides_to_null(const struct expr *e, bool sqlite_compat);

/* The errors of slots that a checked kernel would not answer. `a` and `b` are the operands. */
NODISCARD llkv_code expr_fail_arith(struct cx *cx, const struct expr *e, const struct value *a,
                                    const struct value *b);
NODISCARD llkv_code expr_fail_unary(struct cx *cx, const struct expr *e, const struct value *a);
NODISCARD llkv_code expr_fail_precision(struct cx *cx, const struct expr *e);
/* There is no kernel for the operator. */
NODISCARD llkv_code expr_fail_operator(struct cx *cx, const struct expr *e);
#endif
