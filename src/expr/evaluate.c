#include "base/bitmap.h"
#include "expr/expr_priv.h"
#include "func/cast.h"
#include "func/like.h"

/* Expressions without columns, one value at a time: the kernels of programs with n = 1, without
 * compiling anything. The binder folds constants with it. */

struct evaluation {
    struct cx *cx;
    const struct value *params;
    bool sqlite_compat;
};

/* A value as a kernel takes and gives it. */
union slot {
    struct str_view view; /* the widest */
    uint64_t words[2];
    u128 wide;
};

static llkv_code evaluate(struct evaluation *ev, const struct expr *e, struct value *out);

static void set_null(struct value *out, struct type type)
{
    memset(out, 0, sizeof *out);
    out->type = type;
    out->is_null = true;
}

static void set_bool(struct value *out, bool truth)
{
    memset(out, 0, sizeof *out);
    out->type = type_of(TYPE_BOOLEAN);
    out->b = truth;
}

static void store(const struct value *value, union slot *slot)
{
    slot->words[0] = 0;
    slot->words[1] = 0;
    value_store(value, (enum phys_type)value->type.phys, slot, 0);
}

/* Texts in the view itself are copied: the slot is gone when the value is read. */
static llkv_code load(struct evaluation *ev, const union slot *slot, struct type type,
                      struct value *out)
{
    struct vector v = {.phys = type.phys, .shape = VEC_FLAT, .rows = 1, .data = slot};
    *out = vec_value(&v, type, 0);
    if (type.phys != PHYS_VIEW || out->s.len > STR_INLINE_MAX) return LLKV_OK;
    char *copy = cx_strndup(ev->cx, out->s.data, out->s.len);
    if (copy == NULL) return LLKV_NOMEM;
    out->s.data = copy;
    return LLKV_OK;
}

/* ---- arithmetic ---- */

static bool is_zero(const struct value *value)
{
    union slot slot;
    uint64_t bit = 1;
    store(value, &slot);
    kernel_div_zero(&bit, &slot, (enum phys_type)value->type.phys, true, 1);
    return (bit & 1) == 0;
}

static llkv_code check_precision(struct evaluation *ev, const struct expr *e,
                                 const union slot *slot)
{
    union slot ignored[2];
    enum phys_type phys = (enum phys_type)e->type.phys;
    struct decimal_cast param = {e->type.scale, e->type.scale, e->type.precision};
    kernel_fn *kernel = kernel_decimal_cast(phys, phys);
    if (e->type.id != TYPE_DECIMAL || !expr_decimal_overflows(e)) return LLKV_OK;
    CHECK(ev->cx, kernel != NULL);
    return kernel(ignored, slot, NULL, &param, 1) == 0 ? LLKV_OK : expr_fail_precision(ev->cx, e);
}

static llkv_code evaluate_arith(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value a, b;
    union slot sa, sb, so[2];
    TRY(evaluate(ev, e->args[0], &a));
    TRY(evaluate(ev, e->args[1], &b));
    set_null(out, e->type);
    enum phys_type phys = (enum phys_type)e->type.phys;
    if (a.is_null || b.is_null || phys == PHYS_NULLS) return LLKV_OK;
    bool number = phys == PHYS_NUMBER;
    kernel_fn *kernel = number ? kernel_number((enum arith_op)e->op, KERNEL_VV)
                               : kernel_arith((enum arith_op)e->op, phys, KERNEL_VV);
    if (kernel == NULL) return expr_fail_operator(ev->cx, e);
    if (expr_divides_to_null(e, ev->sqlite_compat) && is_zero(&b)) return LLKV_OK;
    store(&a, &sa);
    store(&b, &sb);
    uint32_t flag = kernel(so, &sa, &sb, NULL, 1);
    bool real = number || phys == PHYS_F32 || phys == PHYS_F64;
    if (flag != 0 && !real) return expr_fail_arith(ev->cx, e, &a, &b);
    TRY(check_precision(ev, e, so));
    return load(ev, so, e->type, out);
}

static llkv_code evaluate_unary(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value a;
    union slot sa, so[2];
    TRY(evaluate(ev, e->args[0], &a));
    set_null(out, e->type);
    enum phys_type phys = (enum phys_type)e->type.phys;
    if (a.is_null || phys == PHYS_NULLS) return LLKV_OK;
    kernel_fn *kernel = kernel_unary((enum unary_op)e->op, phys);
    store(&a, &sa);
    if (kernel != NULL) {
        if (kernel(so, &sa, NULL, NULL, 1) != 0 && phys != PHYS_F32 && phys != PHYS_F64)
            return expr_fail_unary(ev->cx, e, &a);
        return load(ev, so, e->type, out);
    }
    kernel = kernel_number(ARITH_SUB, KERNEL_VV);
    if (phys != PHYS_NUMBER || e->op != UNARY_NEG || kernel == NULL)
        return expr_fail_operator(ev->cx, e);
    union slot zero = {.words = {0, 0}};
    (void)kernel(so, &zero, &sa, NULL, 1); /* reals instead of overflow: nothing to flag */
    return load(ev, so, e->type, out);
}

/* ---- comparison ---- */

static llkv_code compare(struct evaluation *ev, const struct expr *e, enum compare_op op,
                         const struct value *a, const struct value *b, bool *out_truth)
{
    union slot sa, sb;
    uint64_t bits = 0;
    kernel_fn *kernel = kernel_compare(op, (enum phys_type)a->type.phys, KERNEL_VV);
    if (kernel == NULL) return expr_fail_operator(ev->cx, e);
    store(a, &sa);
    store(b, &sb);
    (void)kernel(&bits, &sa, &sb, NULL, 1); /* comparisons do not fail */
    *out_truth = (bits & 1) != 0;
    return LLKV_OK;
}

static llkv_code evaluate_compare(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value a, b;
    bool truth;
    TRY(evaluate(ev, e->args[0], &a));
    TRY(evaluate(ev, e->args[1], &b));
    set_null(out, e->type);
    if (a.is_null || b.is_null) return LLKV_OK;
    TRY(compare(ev, e, (enum compare_op)e->op, &a, &b, &truth));
    set_bool(out, truth);
    return LLKV_OK;
}

static llkv_code evaluate_distinct(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value a, b;
    TRY(evaluate(ev, e->args[0], &a));
    TRY(evaluate(ev, e->args[1], &b));
    bool differ = a.is_null != b.is_null;
    if (!a.is_null && !b.is_null) TRY(compare(ev, e, CMP_NE, &a, &b, &differ));
    set_bool(out, differ != (e->op == 1));
    return LLKV_OK;
}

static llkv_code evaluate_nullif(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value b;
    bool equal = false;
    TRY(evaluate(ev, e->args[0], out));
    TRY(evaluate(ev, e->args[1], &b));
    if (out->is_null || b.is_null) return LLKV_OK;
    TRY(compare(ev, e, CMP_EQ, out, &b, &equal));
    if (equal) set_null(out, e->type);
    return LLKV_OK;
}

static llkv_code evaluate_in(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value x;
    bool unknown = false;
    bool found = false;
    TRY(evaluate(ev, e->args[0], &x));
    for (uint32_t i = 1; i < e->arg_count && !found; i++) {
        struct value item;
        TRY(evaluate(ev, e->args[i], &item));
        unknown |= item.is_null || x.is_null;
        if (!item.is_null && !x.is_null) TRY(compare(ev, e, CMP_EQ, &x, &item, &found));
    }
    set_bool(out, found != (e->op == 1));
    if (unknown && !found) set_null(out, e->type);
    return LLKV_OK;
}

/* ---- three-valued logic; operands behind a deciding one are not looked at ---- */

static llkv_code evaluate_words(struct evaluation *ev, const struct expr *e, struct value *out)
{
    bool decides = e->kind == EXPR_OR;
    bool unknown = false;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        struct value value;
        TRY(evaluate(ev, e->args[i], &value));
        unknown |= value.is_null;
        if (value.is_null || value.b != decides) continue;
        set_bool(out, decides);
        return LLKV_OK;
    }
    set_bool(out, !decides);
    if (unknown) set_null(out, e->type);
    return LLKV_OK;
}

static llkv_code evaluate_test(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value a;
    TRY(evaluate(ev, e->args[0], &a));
    bool negated = e->op == 1;
    if (e->kind == EXPR_NOT) {
        set_bool(out, !a.b);
        if (a.is_null) set_null(out, e->type);
    } else if (e->kind == EXPR_IS_NULL) {
        set_bool(out, a.is_null);
    } else if (e->kind == EXPR_IS_NOT_NULL) {
        set_bool(out, !a.is_null);
    } else {
        set_bool(out, (!a.is_null && a.b == (e->kind == EXPR_IS_TRUE)) != negated);
    }
    return LLKV_OK;
}

static llkv_code evaluate_case(struct evaluation *ev, const struct expr *e, struct value *out)
{
    uint32_t i = 0;
    for (; i + 1 < e->arg_count; i += 2) {
        struct value condition;
        TRY(evaluate(ev, e->args[i], &condition));
        if (!condition.is_null && condition.b) return evaluate(ev, e->args[i + 1], out);
    }
    if (i < e->arg_count) return evaluate(ev, e->args[i], out);
    set_null(out, e->type);
    return LLKV_OK;
}

static llkv_code evaluate_coalesce(struct evaluation *ev, const struct expr *e, struct value *out)
{
    for (uint32_t i = 0; i < e->arg_count; i++) {
        TRY(evaluate(ev, e->args[i], out));
        if (!out->is_null) return LLKV_OK;
    }
    set_null(out, e->type);
    return LLKV_OK;
}

/* ---- casts, calls, LIKE ---- */

/* TRY: a failure of the value becomes NULL; a lack of memory stays what it is. */
static llkv_code evaluate_cast(struct evaluation *ev, const struct expr *e, struct value *out)
{
    TRY(evaluate(ev, e->args[0], out));
    if (out->is_null) {
        set_null(out, e->type);
        return LLKV_OK;
    }
    struct value from = *out;
    bool sqlite = e->op == EXPR_CAST_SQLITE;
    llkv_code rc = value_cast(ev->cx, &from, e->type, sqlite, e->at, out);
    if (e->op != EXPR_CAST_TRY || (rc != LLKV_OVERFLOW && rc != LLKV_DATA)) return rc;
    set_null(out, e->type);
    return LLKV_OK;
}

static llkv_code call_function(struct evaluation *ev, const struct expr *e,
                               const struct func_arg *args, const struct type *types,
                               struct value *out)
{
    union slot result[2] = {{.words = {0, 0}}};
    uint64_t valid = 1;
    struct func_call call = {.cx = ev->cx,
                             .heap = ev->cx->arena,
                             .n = 1,
                             .arg_count = e->arg_count,
                             .args = args,
                             .arg_types = types,
                             .type = e->type,
                             .out = result,
                             .out_validity = &valid,
                             .sqlite_compat = ev->sqlite_compat,
                             .at = e->at};
    TRY(e->function->eval(&call));
    set_null(out, e->type);
    return valid & 1 ? load(ev, result, e->type, out) : LLKV_OK;
}

static llkv_code evaluate_call(struct evaluation *ev, const struct expr *e, struct value *out)
{
    static const uint64_t not_valid = 0;
    struct few {
        struct func_arg args[FUNC_ARGS_MAX];
        struct type types[FUNC_ARGS_MAX];
        union slot slots[FUNC_ARGS_MAX];
    } few;
    struct func_arg *args = few.args;
    struct type *types = few.types;
    union slot *slots = few.slots;
    if (e->arg_count > FUNC_ARGS_MAX) {
        args = cx_alloc_array(ev->cx, e->arg_count, sizeof *args);
        types = cx_alloc_array(ev->cx, e->arg_count, sizeof *types);
        slots = cx_alloc_array(ev->cx, e->arg_count, sizeof *slots);
        if (args == NULL || types == NULL || slots == NULL) return LLKV_NOMEM;
    }
    bool strict = (e->function->flags & FUNC_STRICT) != 0;
    bool null = false;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        struct value value;
        TRY(evaluate(ev, e->args[i], &value));
        null |= value.is_null;
        store(&value, &slots[i]);
        types[i] = e->args[i]->type;
        args[i] = (struct func_arg){&slots[i], value.is_null ? &not_valid : NULL, false};
    }
    set_null(out, e->type);
    if ((strict && null) || e->type.phys == PHYS_NULLS) return LLKV_OK;
    return call_function(ev, e, args, types, out);
}

static llkv_code evaluate_like(struct evaluation *ev, const struct expr *e, struct value *out)
{
    struct value operands[3];
    int32_t escape = -1;
    bool null = false;
    for (uint32_t i = 0; i < e->arg_count && i < 3; i++) {
        TRY(evaluate(ev, e->args[i], &operands[i]));
        null |= operands[i].is_null;
    }
    set_null(out, e->type);
    if (null) return LLKV_OK;
    if (e->arg_count > 2) TRY(like_escape(ev->cx, operands[2].s, e->at, &escape));
    enum like_case mode = LIKE_CASE_EXACT;
    if (e->op & EXPR_LIKE_NOCASE) mode = ev->sqlite_compat ? LIKE_CASE_ASCII : LIKE_CASE_UNICODE;
    struct like *like;
    TRY(like_new(ev->cx, operands[1].s, escape, mode, e->at, &like));
    set_bool(out, like_match(like, operands[0].s) != ((e->op & EXPR_LIKE_NOT) != 0));
    return LLKV_OK;
}

/* ---- all ---- */

static llkv_code evaluate_leaf(struct evaluation *ev, const struct expr *e, struct value *out)
{
    if (e->kind == EXPR_CONST) {
        *out = *e->value;
        return LLKV_OK;
    }
    CHECK(ev->cx, e->kind == EXPR_PARAM);
    CHECK(ev->cx, ev->params != NULL);
    *out = ev->params[e->parameter];
    CHECK(ev->cx, out->is_null || out->type.phys == e->type.phys);
    out->type = e->type;
    return LLKV_OK;
}

static llkv_code evaluate_node(struct evaluation *ev, const struct expr *e, struct value *out)
{
    switch ((enum expr_kind)e->kind) {
    case EXPR_ARITH: return evaluate_arith(ev, e, out);
    case EXPR_UNARY: return evaluate_unary(ev, e, out);
    case EXPR_COMPARE: return evaluate_compare(ev, e, out);
    case EXPR_DISTINCT: return evaluate_distinct(ev, e, out);
    case EXPR_AND:
    case EXPR_OR: return evaluate_words(ev, e, out);
    case EXPR_NOT:
    case EXPR_IS_NULL:
    case EXPR_IS_NOT_NULL:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE: return evaluate_test(ev, e, out);
    case EXPR_CASE: return evaluate_case(ev, e, out);
    case EXPR_COALESCE: return evaluate_coalesce(ev, e, out);
    case EXPR_NULLIF: return evaluate_nullif(ev, e, out);
    case EXPR_CAST: return evaluate_cast(ev, e, out);
    case EXPR_IN: return evaluate_in(ev, e, out);
    case EXPR_LIKE: return evaluate_like(ev, e, out);
    case EXPR_CALL: return evaluate_call(ev, e, out);
    case EXPR_CONST:
    case EXPR_COLUMN:
    case EXPR_PARAM:
    case EXPR_KIND_COUNT: break;
    }
    return cx_fail(ev->cx, LLKV_INTERNAL, "expression of kind %u", (unsigned)e->kind);
}

static llkv_code evaluate(struct evaluation *ev, const struct expr *e, struct value *out)
{
    if (e->arg_count == 0 && e->kind != EXPR_CALL) return evaluate_leaf(ev, e, out);
    TRY(cx_enter(ev->cx));
    TRY(evaluate_node(ev, e, out));
    cx_leave(ev->cx);
    return LLKV_OK;
}

llkv_code expr_evaluate(struct cx *cx, const struct expr *e, const struct value *params,
                        bool sqlite_compat, struct value *out_value)
{
    struct evaluation ev = {.cx = cx, .params = params, .sqlite_compat = sqlite_compat};
    uint32_t depth = cx->depth;
    llkv_code rc = evaluate(&ev, e, out_value);
    cx->depth = depth; /* a failure that the caller goes on after leaves nothing behind */
    return rc;
}
