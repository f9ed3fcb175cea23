/* cast.c -- which types meet, and the casts that bring them together. The only place that knows. */
#include "plan/bind/bind.h"

enum { DECIMAL_DIGITS_MAX = 38 };

/* Decimal digits that hold every value of an integer type. */
static uint32_t integer_digits(uint8_t id)
{
    switch (id) {
    case TYPE_TINYINT:
    case TYPE_UTINYINT: return 3;
    case TYPE_SMALLINT:
    case TYPE_USMALLINT: return 5;
    case TYPE_INTEGER:
    case TYPE_UINTEGER: return 10;
    case TYPE_BIGINT: return 19;
    case TYPE_UBIGINT: return 20;
    default: return DECIMAL_DIGITS_MAX;
    }
}

static uint32_t integer_bits(uint8_t id)
{
    switch (id) {
    case TYPE_TINYINT:
    case TYPE_UTINYINT: return 8;
    case TYPE_SMALLINT:
    case TYPE_USMALLINT: return 16;
    case TYPE_INTEGER:
    case TYPE_UINTEGER: return 32;
    case TYPE_BIGINT:
    case TYPE_UBIGINT: return 64;
    default: return 128;
    }
}

static struct type signed_of_bits(uint32_t bits)
{
    return type_of(bits <= 8    ? TYPE_TINYINT
                   : bits <= 16 ? TYPE_SMALLINT
                   : bits <= 32 ? TYPE_INTEGER
                   : bits <= 64 ? TYPE_BIGINT
                                : TYPE_HUGEINT);
}

static struct type common_integer(struct type x, struct type y)
{
    bool sx = type_is_signed_integer(x), sy = type_is_signed_integer(y);
    uint32_t bx = integer_bits(x.id), by = integer_bits(y.id);
    if (sx == sy) return bx >= by ? x : y;
    uint32_t s = sx ? bx : by, u = sx ? by : bx;
    return signed_of_bits(s > u ? s : u * 2);
}

struct type bind_decimal_of_integer(struct type t)
{
    return type_decimal(integer_digits(t.id), 0);
}

static struct type common_decimal(struct type x, struct type y)
{
    if (x.id != TYPE_DECIMAL) x = bind_decimal_of_integer(x);
    if (y.id != TYPE_DECIMAL) y = bind_decimal_of_integer(y);
    uint32_t scale = x.scale > y.scale ? x.scale : y.scale;
    uint32_t px = (uint32_t)(x.precision - x.scale), py = (uint32_t)(y.precision - y.scale);
    uint32_t precision = (px > py ? px : py) + scale;
    return type_decimal(precision > DECIMAL_DIGITS_MAX ? DECIMAL_DIGITS_MAX : precision, scale);
}

static struct type common_number(const struct binder *b, enum common_use use, struct type x,
                                 struct type y)
{
    bool compat = b->settings->sqlite_compat;
    if (x.id == TYPE_NUMBER || y.id == TYPE_NUMBER) return type_of(TYPE_NUMBER);
    if (type_is_float(x) || type_is_float(y)) {
        bool mixed = type_is_integer(x) || type_is_integer(y);
        if (compat && mixed) return type_of(TYPE_NUMBER);
        (void)use;
        bool wide = x.id == TYPE_DOUBLE || y.id == TYPE_DOUBLE;
        return type_of(wide ? TYPE_DOUBLE : TYPE_FLOAT);
    }
    if (x.id == TYPE_DECIMAL || y.id == TYPE_DECIMAL) return common_decimal(x, y);
    return common_integer(x, y);
}

static bool common_temporal(struct type x, struct type y, struct type *out)
{
    if (x.id == TYPE_INTERVAL || y.id == TYPE_INTERVAL) return false;
    if (x.id == TYPE_TIME || y.id == TYPE_TIME) return false;
    bool zoned = x.id == TYPE_TIMESTAMPTZ || y.id == TYPE_TIMESTAMPTZ;
    *out = type_of(zoned ? TYPE_TIMESTAMPTZ : TYPE_TIMESTAMP);
    return true;
}

bool bind_common_of(const struct binder *b, enum common_use use, struct type x, struct type y,
                    struct type *out)
{
    bool compat = b->settings->sqlite_compat;
    if (x.id == y.id && x.id != TYPE_DECIMAL) {
        *out = x;
        if (x.id == TYPE_VARCHAR) out->length = x.length == y.length ? x.length : 0;
        return true;
    }
    if (x.id == TYPE_NULL || y.id == TYPE_NULL) {
        *out = x.id == TYPE_NULL ? y : x;
        return true;
    }
    if (type_is_numeric(x) && type_is_numeric(y)) {
        *out = common_number(b, use, x, y);
        return true;
    }
    if (type_is_temporal(x) && type_is_temporal(y)) return common_temporal(x, y, out);
    bool bx = x.id == TYPE_BOOLEAN, by = y.id == TYPE_BOOLEAN;
    if ((bx && type_is_numeric(y)) || (by && type_is_numeric(x))) {
        if (use == COMMON_RESULT && !compat) return false;
        *out = bx ? y : x;
        return true;
    }
    if (use == COMMON_RESULT && (x.id == TYPE_VARCHAR || y.id == TYPE_VARCHAR) &&
        x.id != TYPE_BLOB && y.id != TYPE_BLOB) {
        *out = type_of(TYPE_VARCHAR);
        return true;
    }
    return false;
}

/* A literal that can take the type of what it meets. */
static bool adapts(const struct expr *e, struct type to)
{
    if ((e->flags & EXPR_LITERAL) == 0 || e->kind != EXPR_CONST || e->value->is_null) return false;
    if (e->type.id == TYPE_VARCHAR) return to.id != TYPE_NULL;
    if (!type_is_integer(e->type) || !type_is_integer(to)) return false;
    if (e->type.phys == PHYS_I128 || e->type.phys == PHYS_U128) return false;
    int64_t v = e->value->i;
    uint32_t bits = integer_bits(to.id);
    if (!type_is_signed_integer(to)) return v >= 0 && (bits >= 64 || v < (INT64_C(1) << bits));
    if (bits >= 64) return true;
    int64_t limit = INT64_C(1) << (bits - 1);
    return v >= -limit && v < limit;
}

bool bind_common_type(const struct binder *b, enum common_use use, const struct expr *x,
                      const struct expr *y, struct type *out)
{
    bool ax = adapts(x, y->type), ay = adapts(y, x->type);
    if (ax != ay) {
        *out = ax ? y->type : x->type;
        if (out->id == TYPE_VARCHAR) out->length = 0;
        return true;
    }
    return bind_common_of(b, use, x->type, y->type, out);
}

static bool cast_exists(struct type from, struct type to)
{
    bool from_kernel = type_is_numeric(from) || from.id == TYPE_BOOLEAN;
    bool to_kernel = type_is_numeric(to) || to.id == TYPE_BOOLEAN;
    if (from.id == to.id || from.id == TYPE_NULL) return true;
    if (from_kernel && to_kernel) return true;
    return function_cast(from, to) != NULL;
}

/* A parameter takes the type of the place where it is met first. */
static llkv_code type_param(struct binder *b, const struct expr *e, struct type to,
                            const struct expr **out)
{
    struct type *known = &b->plan->parameter_types.items[e->parameter];
    if (known->id == TYPE_NULL) {
        *known = to;
        known->length = 0;
    }
    return expr_param(b->cx, e->parameter, *known, e->at, out);
}

llkv_code bind_cast(struct binder *b, const struct expr *e, struct type to, enum expr_cast mode,
                    int32_t at, const struct expr **out)
{
    if (e->kind == EXPR_PARAM && e->type.id == TYPE_NULL && to.id != TYPE_NULL)
        TRY(type_param(b, e, to, &e));
    if (type_equal(e->type, to)) {
        *out = e;
        return LLKV_OK;
    }
    if (e->kind == EXPR_CONST && e->value->is_null) return bind_null(b, to, at, out);
    if (!cast_exists(e->type, to)) {
        char from_text[32], to_text[32];
        type_print(e->type, from_text, sizeof from_text);
        type_print(to, to_text, sizeof to_text);
        return cx_fail_at(b->cx, LLKV_TYPE, at, "42846", "%s cannot be cast to %s", from_text,
                          to_text);
    }
    const struct expr *cast;
    TRY(expr_make(b->cx, EXPR_CAST, (uint8_t)mode, to, &e, 1, at, &cast));
    return bind_fold(b, cast, out);
}

/* A string literal that does not parse is an error right away: it was written, not computed. */
static llkv_code adapt_text(struct binder *b, const struct expr *e, struct type to,
                            const struct expr **out)
{
    struct value value;
    TRY(value_cast(b->cx, e->value, to, b->settings->sqlite_compat, e->at, &value));
    value.type = to;
    return expr_const(b->cx, &value, e->at, out);
}

llkv_code bind_coerce(struct binder *b, const struct expr *e, struct type to, const char *what,
                      const struct expr **out)
{
    if (type_equal(e->type, to)) {
        *out = e;
        return LLKV_OK;
    }
    if (adapts(e, to) && e->type.id == TYPE_VARCHAR && to.id != TYPE_VARCHAR)
        return adapt_text(b, e, to, out);
    struct type common;
    bool fits = adapts(e, to) || e->type.id == TYPE_NULL ||
                bind_common_of(b, COMMON_RESULT, e->type, to, &common) ||
                bind_common_of(b, COMMON_COMPARE, e->type, to, &common);
    if (!fits) {
        char from_text[32], to_text[32];
        type_print(e->type, from_text, sizeof from_text);
        type_print(to, to_text, sizeof to_text);
        return cx_fail_at(b->cx, LLKV_TYPE, e->at, "42804", "%s is %s, %s is needed", what,
                          from_text, to_text);
    }
    return bind_cast(b, e, to, EXPR_CAST_PLAIN, e->at, out);
}

llkv_code bind_assign(struct binder *b, const struct expr *e, struct type to, const char *column,
                      const struct expr **out)
{
    llkv_code rc;
    bool compat = b->settings->sqlite_compat;
    struct type plain = to;
    plain.length = 0;
    if (to.id == TYPE_VARCHAR && to.length != 0 && b->settings->char_length_enforce) {
        const struct expr *text;
        TRY(bind_cast(b, e, plain, EXPR_CAST_PLAIN, e->at, &text));
        const struct expr *length;
        TRY(bind_int(b, to.length, e->at, &length));
        const struct expr *args[] = {text, length};
        return bind_function(b, SLICE("__check_length"), args, 2, e->at, out);
    }
    if (!compat && to.id != TYPE_VARCHAR && e->type.id == TYPE_VARCHAR && adapts(e, to))
        return adapt_text(b, e, plain, out);
    rc = bind_cast(b, e, plain, compat ? EXPR_CAST_SQLITE : EXPR_CAST_PLAIN, e->at, out);
    if (rc != LLKV_OK && rc != LLKV_NOMEM) return cx_while(b->cx, rc, "column \"%s\"", column);
    return rc;
}

/* A string literal beside anything but a text: it takes the other's type, literal or not. */
static bool meets_text(const struct binder *b, const struct expr *e, struct type other)
{
    return e->type.id == TYPE_VARCHAR && other.id != TYPE_VARCHAR && !b->settings->sqlite_compat;
}

llkv_code bind_unify(struct binder *b, const struct expr **exprs, uint32_t count, const char *what,
                     struct type *out_type)
{
    const struct expr *lead = exprs[0];
    struct type type = lead->type;
    for (uint32_t i = 1; i < count; i++) {
        const struct expr *e = exprs[i];
        bool literal = (e->flags & EXPR_LITERAL) != 0;
        bool lead_literal = (lead->flags & EXPR_LITERAL) != 0;
        if (literal && (!lead_literal || meets_text(b, e, type)) && adapts(e, type)) continue;
        if (lead_literal && (!literal || meets_text(b, lead, e->type)) && adapts(lead, e->type)) {
            lead = e;
            type = e->type;
            continue;
        }
        struct type common;
        if (!bind_common_of(b, COMMON_RESULT, type, e->type, &common)) {
            char x[32], y[32];
            type_print(type, x, sizeof x);
            type_print(e->type, y, sizeof y);
            return cx_fail_at(b->cx, LLKV_TYPE, e->at, "42804", "%s: %s and %s do not fit", what, x,
                              y);
        }
        if (!literal) lead = e;
        type = common;
    }
    for (uint32_t i = 0; i < count; i++)
        TRY(bind_coerce(b, exprs[i], type, what, &exprs[i]));
    *out_type = type;
    return LLKV_OK;
}

llkv_code bind_to_condition(struct binder *b, const struct expr *e, const struct expr **out)
{
    if (e->type.id == TYPE_BOOLEAN) {
        *out = e;
        return LLKV_OK;
    }
    struct type boolean = type_of(TYPE_BOOLEAN);
    if (type_is_numeric(e->type) || e->type.id == TYPE_NULL)
        return bind_cast(b, e, boolean, EXPR_CAST_PLAIN, e->at, out);
    if (e->type.id == TYPE_VARCHAR && b->settings->sqlite_compat) {
        const struct expr *number;
        TRY(bind_cast(b, e, type_of(TYPE_DOUBLE), EXPR_CAST_SQLITE, e->at, &number));
        return bind_cast(b, number, boolean, EXPR_CAST_PLAIN, e->at, out);
    }
    if (adapts(e, boolean)) return adapt_text(b, e, boolean, out);
    char text[32];
    type_print(e->type, text, sizeof text);
    return cx_fail_at(b->cx, LLKV_TYPE, e->at, "42804", "a condition is needed, this is %s", text);
}
