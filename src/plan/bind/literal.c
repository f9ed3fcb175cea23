/* literal.c -- literals to typed constants. */
#include "plan/bind/bind.h"

static llkv_code literal_of(struct binder *b, const struct value *value, int32_t at,
                            const struct expr **out)
{
    const struct expr *e;
    TRY(expr_const(b->cx, value, at, &e));
    return bind_flag(b, e, EXPR_LITERAL, out);
}

llkv_code bind_null(struct binder *b, struct type type, int32_t at, const struct expr **out)
{
    struct value value = {.type = type, .is_null = true};
    return literal_of(b, &value, at, out);
}

llkv_code bind_bool(struct binder *b, bool v, int32_t at, const struct expr **out)
{
    struct value value = {.type = type_of(TYPE_BOOLEAN)};
    value.b = v;
    return expr_const(b->cx, &value, at, out);
}

llkv_code bind_int(struct binder *b, int64_t v, int32_t at, const struct expr **out)
{
    bool small = v >= INT32_MIN && v <= INT32_MAX && !b->settings->sqlite_compat;
    struct value value = {.type = type_of(small ? TYPE_INTEGER : TYPE_BIGINT)};
    value.i = v;
    return literal_of(b, &value, at, out);
}

/* A number whose text is `text`, as `type`. */
static llkv_code number_of(struct binder *b, struct slice text, bool negative, struct type type,
                           int32_t at, const struct expr **out)
{
    if (negative) {
        const char *signed_text = cx_printf(b->cx, "-%.*s", SLICE_ARG(text));
        if (signed_text == NULL) return LLKV_NOMEM;
        text = slice_of(signed_text);
    }
    struct value from = {.type = type_of(TYPE_VARCHAR)}, value;
    from.s = text;
    TRY(value_cast(b->cx, &from, type, false, at, &value));
    return literal_of(b, &value, at, out);
}

/* An integer beyond 64 bits: HUGEINT, UHUGEINT, else DOUBLE. */
static llkv_code big_integer(struct binder *b, struct slice text, bool negative, int32_t at,
                             const struct expr **out)
{
    if (negative && slice_equal(text, SLICE("9223372036854775808")))
        return bind_int(b, INT64_MIN, at, out);
    if (b->settings->sqlite_compat)
        return number_of(b, text, negative, type_of(TYPE_DOUBLE), at, out);
    llkv_code rc = number_of(b, text, negative, type_of(TYPE_HUGEINT), at, out);
    if (rc != LLKV_OVERFLOW && rc != LLKV_DATA) return rc;
    if (!negative) {
        rc = number_of(b, text, false, type_of(TYPE_UHUGEINT), at, out);
        if (rc != LLKV_OVERFLOW && rc != LLKV_DATA) return rc;
    }
    return number_of(b, text, negative, type_of(TYPE_DOUBLE), at, out);
}

/* 1.50 is DECIMAL(3,2); more than 38 digits are a DOUBLE. */
static llkv_code decimal_literal(struct binder *b, struct slice text, bool negative, int32_t at,
                                 const struct expr **out)
{
    size_t digits = 0, scale = 0;
    bool behind = false, leading = true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            behind = true;
            continue;
        }
        if (leading && !behind && text.data[i] == '0') continue;
        leading = false;
        digits++;
        if (behind) scale++;
    }
    if (digits < scale) digits = scale;
    if (digits == 0) digits = 1;
    if (digits > 38 || b->settings->sqlite_compat)
        return number_of(b, text, negative, type_of(TYPE_DOUBLE), at, out);
    return number_of(b, text, negative, type_decimal((uint32_t)digits, (uint32_t)scale), at, out);
}

llkv_code bind_literal(struct binder *b, const struct ast_literal *literal, bool negative,
                       const struct expr **out)
{
    int32_t at = bind_at(b, &literal->base);
    switch ((enum ast_literal_op)literal->base.op) {
    case AST_LITERAL_NULL: return bind_null(b, type_of(TYPE_NULL), at, out);
    case AST_LITERAL_TRUE: return bind_bool(b, true, at, out);
    case AST_LITERAL_FALSE: return bind_bool(b, false, at, out);
    case AST_LITERAL_INTEGER:
        if ((literal->base.flags & AST_LITERAL_FITS) != 0)
            return bind_int(b, negative ? -literal->value : literal->value, at, out);
        return big_integer(b, literal->text, negative, at, out);
    case AST_LITERAL_DECIMAL: return decimal_literal(b, literal->text, negative, at, out);
    case AST_LITERAL_REAL:
        return number_of(b, literal->text, negative, type_of(TYPE_DOUBLE), at, out);
    case AST_LITERAL_STRING:
    case AST_LITERAL_BLOB: break;
    }
    bool text = literal->base.op == AST_LITERAL_STRING;
    struct value value = {.type = type_of(text ? TYPE_VARCHAR : TYPE_BLOB)};
    value.s = literal->text;
    return literal_of(b, &value, at, out);
}
