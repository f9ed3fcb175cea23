/* operator.c -- typing of arithmetic, comparison and the other operators. */
#include "plan/bind/bind.h"

static llkv_code no_operator(struct binder *b, const char *name, const struct expr *x,
                             const struct expr *y, int32_t at)
{
    char left[32], right[32];
    type_print(x->type, left, sizeof left);
    type_print(y->type, right, sizeof right);
    llkv_code rc = cx_fail_at(b->cx, LLKV_TYPE, at, "42883", "there is no operator %s %s %s", left,
                              name, right);
    bool text = x->type.id == TYPE_VARCHAR || y->type.id == TYPE_VARCHAR;
    if (text) return cx_hint(b->cx, "write CAST(... AS type) to say what the text is");
    return rc;
}

/* ---- comparison ---- */

/* SQLite orders values of different classes by class: numbers, texts, blobs. */
static int value_class(struct type type)
{
    if (type_is_numeric(type) || type.id == TYPE_BOOLEAN) return 1;
    return type.id == TYPE_VARCHAR ? 2 : type.id == TYPE_BLOB ? 3 : 0;
}

/* Known without looking at the values, but for NULLs. */
static llkv_code compare_classes(struct binder *b, enum compare_op op, const struct expr *left,
                                 const struct expr *right, int32_t at, const struct expr **out)
{
    int x = value_class(left->type), y = value_class(right->type);
    bool less = op == CMP_LT || op == CMP_LE, greater = op == CMP_GT || op == CMP_GE;
    bool holds = op == CMP_NE || (x < y ? less : greater);
    struct type boolean = type_of(TYPE_BOOLEAN);
    const struct expr *nulls[2], *args[3];
    TRY(bind_make(b, EXPR_IS_NULL, 0, boolean, &left, 1, at, &nulls[0]));
    TRY(bind_make(b, EXPR_IS_NULL, 0, boolean, &right, 1, at, &nulls[1]));
    TRY(bind_logic(b, EXPR_OR, nulls, 2, at, &args[0]));
    TRY(bind_null(b, boolean, at, &args[1]));
    TRY(bind_bool(b, holds, at, &args[2]));
    return bind_make(b, EXPR_CASE, 0, boolean, args, 3, at, out);
}

llkv_code bind_compare(struct binder *b, enum compare_op op, const struct expr *left,
                       const struct expr *right, int32_t at, const struct expr **out)
{
    static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};
    struct type type;
    bool blob = left->type.id == TYPE_BLOB || right->type.id == TYPE_BLOB;
    if (!bind_common_type(b, COMMON_COMPARE, left, right, &type)) {
        bool classes = b->settings->sqlite_compat && blob && value_class(left->type) != 0 &&
                       value_class(right->type) != 0;
        if (classes) return compare_classes(b, op, left, right, at, out);
        return no_operator(b, names[op], left, right, at);
    }
    bool unknown = left->kind == EXPR_PARAM || right->kind == EXPR_PARAM;
    if (type.id == TYPE_NULL && unknown) type = type_of(TYPE_VARCHAR);
    const struct expr *args[2];
    TRY(bind_coerce(b, left, type, "the left side", &args[0]));
    TRY(bind_coerce(b, right, type, "the right side", &args[1]));
    if (type.id == TYPE_NULL) return bind_null(b, type_of(TYPE_BOOLEAN), at, out);
    return bind_make(b, EXPR_COMPARE, (uint8_t)op, type_of(TYPE_BOOLEAN), args, 2, at, out);
}

static llkv_code bind_distinct(struct binder *b, uint16_t op, const struct expr *left,
                               const struct expr *right, int32_t at, const struct expr **out)
{
    struct type type;
    if (!bind_common_type(b, COMMON_COMPARE, left, right, &type))
        return no_operator(b, "IS DISTINCT FROM", left, right, at);
    const struct expr *args[2];
    TRY(bind_coerce(b, left, type, "the left side", &args[0]));
    TRY(bind_coerce(b, right, type, "the right side", &args[1]));
    return bind_make(b, EXPR_DISTINCT, op == AST_BINARY_NOT_DISTINCT, type_of(TYPE_BOOLEAN), args,
                     2, at, out);
}

/* ---- arithmetic ---- */

/* What an operand of arithmetic counts as; text and booleans only under sqlite_compat. */
static llkv_code arith_operand(struct binder *b, const struct expr *e, const struct expr **out)
{
    *out = e;
    if (!b->settings->sqlite_compat) return LLKV_OK;
    if (e->type.id == TYPE_BOOLEAN)
        return bind_cast(b, e, type_of(TYPE_BIGINT), EXPR_CAST_PLAIN, e->at, out);
    if (e->type.id == TYPE_VARCHAR || e->type.id == TYPE_BLOB)
        return bind_cast(b, e, type_of(TYPE_NUMBER), EXPR_CAST_SQLITE, e->at, out);
    return LLKV_OK;
}

static uint32_t digits38(uint32_t digits)
{
    return digits > 38 ? 38 : digits;
}

/* + and - : scale max, precision one more; both operands get the result's type. */
static llkv_code decimal_add(struct binder *b, enum arith_op op, const struct expr *const *args,
                             struct type common, int32_t at, const struct expr **out)
{
    struct type type = type_decimal(digits38((uint32_t)common.precision + 1), common.scale);
    const struct expr *cast[2];
    for (int i = 0; i < 2; i++)
        TRY(bind_cast(b, args[i], type, EXPR_CAST_PLAIN, args[i]->at, &cast[i]));
    return bind_make(b, EXPR_ARITH, (uint8_t)op, type, cast, 2, at, out);
}

/* * : scales and precisions add up; operands keep their scales and take the result's width. */
static llkv_code decimal_mul(struct binder *b, const struct expr *const *args, int32_t at,
                             const struct expr **out)
{
    struct type t[2];
    for (int i = 0; i < 2; i++)
        t[i] = args[i]->type.id == TYPE_DECIMAL ? args[i]->type
                                                : bind_decimal_of_integer(args[i]->type);
    uint32_t scale = (uint32_t)t[0].scale + t[1].scale;
    if (scale > 38)
        return cx_fail_at(b->cx, LLKV_OVERFLOW, at, NULL,
                          "a product of scale %u does not fit DECIMAL(38)", scale);
    struct type type = type_decimal(digits38((uint32_t)t[0].precision + t[1].precision), scale);
    const struct expr *cast[2];
    for (int i = 0; i < 2; i++) {
        struct type operand = t[i];
        operand.precision = type.precision;
        operand.phys = type.phys;
        TRY(bind_cast(b, args[i], operand, EXPR_CAST_PLAIN, args[i]->at, &cast[i]));
    }
    return bind_make(b, EXPR_ARITH, ARITH_MUL, type, cast, 2, at, out);
}

static llkv_code decimal_arith(struct binder *b, enum arith_op op, const struct expr *const *args,
                               struct type common, int32_t at, const struct expr **out)
{
    if (op == ARITH_ADD || op == ARITH_SUB) return decimal_add(b, op, args, common, at, out);
    if (op == ARITH_MUL) return decimal_mul(b, args, at, out);
    const struct expr *cast[2];
    struct type type = op == ARITH_MOD ? common : type_of(TYPE_DOUBLE);
    for (int i = 0; i < 2; i++)
        TRY(bind_cast(b, args[i], type, EXPR_CAST_PLAIN, args[i]->at, &cast[i]));
    return bind_make(b, EXPR_ARITH, (uint8_t)op, type, cast, 2, at, out);
}

/* SQLite: integers when both are, else reals; % of reals works on their integer parts. */
static llkv_code compat_arith(struct binder *b, enum arith_op op, const struct expr *const *args,
                              int32_t at, const struct expr **out)
{
    bool number = args[0]->type.id == TYPE_NUMBER || args[1]->type.id == TYPE_NUMBER;
    bool real = type_is_float(args[0]->type) || type_is_float(args[1]->type);
    struct type result = type_of(number ? TYPE_NUMBER : real ? TYPE_DOUBLE : TYPE_BIGINT);
    bool parts = op == ARITH_MOD && real && !number;
    struct type operand = parts ? type_of(TYPE_BIGINT) : result;
    enum expr_cast mode = parts ? EXPR_CAST_SQLITE : EXPR_CAST_PLAIN;
    const struct expr *cast[2];
    for (int i = 0; i < 2; i++)
        TRY(bind_cast(b, args[i], operand, mode, args[i]->at, &cast[i]));
    const struct expr *e;
    TRY(expr_make(b->cx, EXPR_ARITH, (uint8_t)op, operand, cast, 2, at, &e));
    if (op == ARITH_DIV || op == ARITH_MOD) TRY(bind_flag(b, e, EXPR_DIV_NULL | EXPR_NULLABLE, &e));
    TRY(bind_fold(b, e, &e));
    return bind_cast(b, e, result, EXPR_CAST_PLAIN, at, out);
}

static llkv_code number_arith(struct binder *b, enum arith_op op, bool exact,
                              const struct expr *const *args, int32_t at, const struct expr **out)
{
    struct type type;
    if (!bind_common_type(b, COMMON_COMPARE, args[0], args[1], &type)) return LLKV_TYPE;
    if (type.id == TYPE_NULL) type = type_of(TYPE_INTEGER);
    bool integers = type_is_integer(type);
    if (integers && op == ARITH_DIV && exact) type = type_of(TYPE_DOUBLE);
    if (type.id == TYPE_DECIMAL) return decimal_arith(b, op, args, type, at, out);
    const struct expr *cast[2];
    TRY(bind_coerce(b, args[0], type, "the left side", &cast[0]));
    TRY(bind_coerce(b, args[1], type, "the right side", &cast[1]));
    return bind_make(b, EXPR_ARITH, (uint8_t)op, type, cast, 2, at, out);
}

static bool is_number(const struct expr *e)
{
    return type_is_numeric(e->type) || e->type.id == TYPE_NULL;
}

static bool is_text_literal(const struct expr *e)
{
    return e->type.id == TYPE_VARCHAR && (e->flags & EXPR_LITERAL) != 0;
}

static bool is_temporal(const struct expr *e)
{
    return type_is_temporal(e->type);
}

static llkv_code bind_arith(struct binder *b, enum arith_op op, const char *name, bool exact,
                            const struct expr *const *in, int32_t at, const struct expr **out)
{
    const struct expr *args[2];
    for (int i = 0; i < 2; i++)
        TRY(arith_operand(b, in[i], &args[i]));
    if (is_temporal(args[0]) || is_temporal(args[1]))
        return bind_function(b, slice_of(name), args, 2, at, out);
    for (int i = 0; i < 2; i++)
        if (is_text_literal(args[i]) && is_number(args[1 - i]))
            TRY(bind_coerce(b, args[i], args[1 - i]->type, "the text", &args[i]));
    if (!is_number(args[0]) || !is_number(args[1]))
        return no_operator(b, name, args[0], args[1], at);
    if (b->settings->sqlite_compat) {
        for (int i = 0; i < 2; i++)
            if (args[i]->type.id == TYPE_NULL)
                TRY(bind_cast(b, args[i], type_of(TYPE_BIGINT), EXPR_CAST_PLAIN, at, &args[i]));
        return compat_arith(b, op, args, at, out);
    }
    return number_arith(b, op, exact, args, at, out);
}

/* & | << >>: integers only. */
static llkv_code bind_bits(struct binder *b, enum arith_op op, const char *name,
                           const struct expr *const *in, int32_t at, const struct expr **out)
{
    const struct expr *args[2];
    bool compat = b->settings->sqlite_compat;
    for (int i = 0; i < 2; i++) {
        TRY(arith_operand(b, in[i], &args[i]));
        if (compat)
            TRY(bind_cast(b, args[i], type_of(TYPE_BIGINT), EXPR_CAST_SQLITE, at, &args[i]));
        if (!type_is_integer(args[i]->type) && args[i]->type.id != TYPE_NULL)
            return no_operator(b, name, args[0], in[1], at);
    }
    struct type type;
    if (!bind_common_type(b, COMMON_COMPARE, args[0], args[1], &type))
        return no_operator(b, name, args[0], args[1], at);
    if (type.id == TYPE_NULL) type = type_of(TYPE_INTEGER);
    for (int i = 0; i < 2; i++)
        TRY(bind_coerce(b, args[i], type, "the operand", &args[i]));
    if (compat && op == ARITH_SHL) op = ARITH_SHL_WRAP;
    if (compat && op == ARITH_SHR) op = ARITH_SHR_WRAP;
    return bind_make(b, EXPR_ARITH, (uint8_t)op, type, args, 2, at, out);
}

static llkv_code bind_concat(struct binder *b, const struct expr *const *in, int32_t at,
                             const struct expr **out)
{
    bool blob = in[0]->type.id == TYPE_BLOB && in[1]->type.id == TYPE_BLOB;
    const struct expr *args[2];
    for (int i = 0; i < 2; i++)
        TRY(bind_cast(b, in[i], type_of(blob ? TYPE_BLOB : TYPE_VARCHAR), EXPR_CAST_PLAIN, at,
                      &args[i]));
    return bind_function(b, SLICE("||"), args, 2, at, out);
}

llkv_code bind_binary(struct binder *b, uint16_t op, const struct expr *left,
                      const struct expr *right, int32_t at, const struct expr **out)
{
    const struct expr *args[2] = {left, right};
    bool exact = !b->settings->integer_division;
    switch ((enum ast_binary_op)op) {
    case AST_BINARY_ADD: return bind_arith(b, ARITH_ADD, "+", false, args, at, out);
    case AST_BINARY_SUB: return bind_arith(b, ARITH_SUB, "-", false, args, at, out);
    case AST_BINARY_MUL: return bind_arith(b, ARITH_MUL, "*", false, args, at, out);
    case AST_BINARY_DIV: return bind_arith(b, ARITH_DIV, "/", exact, args, at, out);
    case AST_BINARY_INT_DIV: return bind_arith(b, ARITH_DIV, "//", false, args, at, out);
    case AST_BINARY_MOD: return bind_arith(b, ARITH_MOD, "%", false, args, at, out);
    case AST_BINARY_POWER: return bind_function(b, SLICE("power"), args, 2, at, out);
    case AST_BINARY_CONCAT: return bind_concat(b, args, at, out);
    case AST_BINARY_BIT_AND: return bind_bits(b, ARITH_AND, "&", args, at, out);
    case AST_BINARY_BIT_OR: return bind_bits(b, ARITH_OR, "|", args, at, out);
    case AST_BINARY_SHIFT_LEFT: return bind_bits(b, ARITH_SHL, "<<", args, at, out);
    case AST_BINARY_SHIFT_RIGHT: return bind_bits(b, ARITH_SHR, ">>", args, at, out);
    case AST_BINARY_EQ: return bind_compare(b, CMP_EQ, left, right, at, out);
    case AST_BINARY_NE: return bind_compare(b, CMP_NE, left, right, at, out);
    case AST_BINARY_LT: return bind_compare(b, CMP_LT, left, right, at, out);
    case AST_BINARY_LE: return bind_compare(b, CMP_LE, left, right, at, out);
    case AST_BINARY_GT: return bind_compare(b, CMP_GT, left, right, at, out);
    case AST_BINARY_GE: return bind_compare(b, CMP_GE, left, right, at, out);
    case AST_BINARY_DISTINCT:
    case AST_BINARY_NOT_DISTINCT: return bind_distinct(b, op, left, right, at, out);
    case AST_BINARY_STARTS: return bind_function(b, SLICE("starts_with"), args, 2, at, out);
    case AST_BINARY_ARROW:
    case AST_BINARY_ARROW_TEXT:
    case AST_BINARY_CONTAINS:
    case AST_BINARY_CONTAINED:
    case AST_BINARY_OVERLAP:
    case AST_BINARY_OP_COUNT: break;
    }
    return cx_fail_at(b->cx, LLKV_UNSUPPORTED, at, NULL,
                      "operators on JSON and lists are not supported");
}

llkv_code bind_unary(struct binder *b, uint16_t op, const struct expr *value, int32_t at,
                     const struct expr **out)
{
    const struct expr *e = value;
    if (op == AST_UNARY_PLUS) {
        *out = value;
        return LLKV_OK;
    }
    if (op == AST_UNARY_NOT) {
        TRY(bind_to_condition(b, value, &e));
        return bind_not(b, e, at, out);
    }
    if (op == AST_UNARY_FACTORIAL) return bind_function(b, SLICE("factorial"), &value, 1, at, out);
    TRY(arith_operand(b, value, &e));
    if (e->type.id == TYPE_NULL)
        TRY(bind_cast(b, e, type_of(TYPE_INTEGER), EXPR_CAST_PLAIN, at, &e));
    bool bits = op == AST_UNARY_BIT_NOT;
    if (bits && b->settings->sqlite_compat)
        TRY(bind_cast(b, e, type_of(TYPE_BIGINT), EXPR_CAST_SQLITE, at, &e));
    if (op == AST_UNARY_MINUS && e->type.id == TYPE_INTERVAL)
        return bind_function(b, SLICE("-"), &e, 1, at, out);
    if (bits ? !type_is_integer(e->type) : !type_is_numeric(e->type)) {
        char text[32];
        type_print(e->type, text, sizeof text);
        return cx_fail_at(b->cx, LLKV_TYPE, at, "42883", "there is no operator %s %s",
                          bits                  ? "~"
                          : op == AST_UNARY_ABS ? "@"
                                                : "-",
                          text);
    }
    if (e->type.id == TYPE_NUMBER && op == AST_UNARY_MINUS) { /* 0 - x keeps the class of x */
        const struct expr *zero;
        TRY(bind_int(b, 0, at, &zero));
        return bind_binary(b, AST_BINARY_SUB, zero, e, at, out);
    }
    enum unary_op unary = bits ? UNARY_BITNOT : op == AST_UNARY_ABS ? UNARY_ABS : UNARY_NEG;
    bool literal = (value->flags & EXPR_LITERAL) != 0;
    TRY(bind_make(b, EXPR_UNARY, (uint8_t)unary, e->type, &e, 1, at, &e));
    if (literal && e->kind == EXPR_CONST) return bind_flag(b, e, EXPR_LITERAL, out);
    *out = e;
    return LLKV_OK;
}
