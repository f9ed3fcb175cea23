#include "expr/expr_priv.h"

/* Messages of failing operators. They name the values, so that the row can be found. */

static void type_text(struct type type, char out[32])
{
    type_print(type, out, 32);
}

static llkv_code value_text(struct cx *cx, const struct value *value, struct slice *out_text)
{
    enum { SHOWN_MAX = 80 };
    TRY(value_to_text(cx, value, out_text));
    if (out_text->len > SHOWN_MAX) out_text->len = SHOWN_MAX;
    return LLKV_OK;
}

llkv_code expr_fail_arith(struct cx *cx, const struct expr *e, const struct value *a,
                          const struct value *b)
{
    struct slice left, right;
    char type[32];
    type_text(e->type, type);
    TRY(value_text(cx, a, &left));
    TRY(value_text(cx, b, &right));
    return cx_fail_at(cx, LLKV_OVERFLOW, e->at, "22003", "%s out of range: %.*s%s%.*s", type,
                      SLICE_ARG(left), expr_arith_signs[e->op], SLICE_ARG(right));
}

llkv_code expr_fail_unary(struct cx *cx, const struct expr *e, const struct value *a)
{
    struct slice text;
    char type[32];
    type_text(e->type, type);
    TRY(value_text(cx, a, &text));
    return cx_fail_at(cx, LLKV_OVERFLOW, e->at, "22003", "%s out of range: %s(%.*s)", type,
                      expr_unary_signs[e->op], SLICE_ARG(text));
}

llkv_code expr_fail_precision(struct cx *cx, const struct expr *e)
{
    char type[32];
    type_text(e->type, type);
    return cx_fail_at(cx, LLKV_OVERFLOW, e->at, "22003", "%s out of range in %s", type,
                      e->op == ARITH_MUL ? "a multiplication" : "an addition or subtraction");
}

llkv_code expr_fail_operator(struct cx *cx, const struct expr *e)
{
    char type[32];
    type_text(e->arg_count > 0 ? e->args[0]->type : e->type, type);
    const char *what = "this operator";
    if (e->kind == EXPR_ARITH) what = expr_arith_signs[e->op];
    if (e->kind == EXPR_UNARY) what = expr_unary_signs[e->op];
    if (e->kind == EXPR_COMPARE || e->kind == EXPR_DISTINCT) what = "comparison";
    if (e->kind == EXPR_CAST) {
        char to[32];
        type_text(e->type, to);
        return cx_fail_at(cx, LLKV_UNSUPPORTED, e->at, NULL, "casting %s to %s is not supported",
                          type, to);
    }
    while (*what == ' ')
        what++;
    return cx_fail_at(cx, LLKV_UNSUPPORTED, e->at, NULL, "%s is not supported for %s", what, type);
}
