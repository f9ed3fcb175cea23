#include "expr/program_priv.h"

/* Code for the operators that evaluate all their operands. */

static uint8_t scalar_flags(const struct compiler *c, uint16_t a, uint16_t b)
{
    bool sa = compile_scalar(c, a);
    bool sb = compile_scalar(c, b);
    uint8_t flags = 0;
    if (sa) flags |= INSTR_A_SCALAR;
    if (sb) flags |= INSTR_B_SCALAR;
    if (sa && sb) flags |= INSTR_SCALAR;
    return flags;
}

static enum kernel_shape shape_of(uint8_t flags)
{
    if (flags & INSTR_SCALAR) return KERNEL_VV;
    if (flags & INSTR_A_SCALAR) return KERNEL_SV;
    return flags & INSTR_B_SCALAR ? KERNEL_VS : KERNEL_VV;
}

static uint8_t one_flag(const struct compiler *c, uint16_t a)
{
    return compile_scalar(c, a) ? INSTR_SCALAR | INSTR_A_SCALAR : 0;
}

static struct instr instr_of(enum opcode op, const struct expr *e, uint16_t a, uint16_t b)
{
    return (struct instr){.op = (uint8_t)op,
                          .phys = e->type.phys,
                          .in_phys = e->args[0]->type.phys,
                          .a = a,
                          .b = b,
                          .c = REG_NONE,
                          .expr = e};
}

/* ---- arithmetic ---- */

/* Count the digits of a result that the type of the kernel has room for, but not the DECIMAL. */
static llkv_code compile_precision(struct compiler *c, const struct expr *e, uint16_t a,
                                   uint16_t *out_reg)
{
    struct decimal_cast *param = cx_alloc(c->cx, sizeof *param);
    if (param == NULL) return LLKV_NOMEM;
    *param = (struct decimal_cast){e->type.scale, e->type.scale, e->type.precision};
    struct instr in = instr_of(OP_PRECISION, e, a, REG_NONE);
    in.in_phys = e->type.phys;
    in.flags = one_flag(c, a);
    in.detail = param;
    in.kernel = kernel_decimal_cast((enum phys_type)e->type.phys, (enum phys_type)e->type.phys);
    CHECK(c->cx, in.kernel != NULL);
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_arith(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t a, b;
    TRY(compile_node(c, e->args[0], &a));
    TRY(compile_node(c, e->args[1], &b));
    enum phys_type phys = (enum phys_type)e->type.phys;
    if (phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    enum arith_op op = (enum arith_op)e->op;
    bool divides = expr_divides_to_null(e, c->options->sqlite_compat);
    bool real = phys == PHYS_F32 || phys == PHYS_F64 || phys == PHYS_NUMBER;
    enum opcode code = divides ? OP_DIVIDE : real ? OP_BINARY : OP_CHECKED;
    struct instr in = instr_of(code, e, a, b);
    in.flags = scalar_flags(c, a, b);
    enum kernel_shape shape = shape_of(in.flags);
    in.kernel = phys == PHYS_NUMBER ? kernel_number(op, shape) : kernel_arith(op, phys, shape);
    if (in.kernel == NULL) return expr_fail_operator(c->cx, e);
    TRY(compile_emit(c, in, out_reg));
    if (e->type.id != TYPE_DECIMAL || !expr_decimal_overflows(e)) return LLKV_OK;
    return compile_precision(c, e, *out_reg, out_reg);
}

/* Minus a NUMBER is 0 minus it. */
static llkv_code compile_negate_number(struct compiler *c, const struct expr *e, uint16_t a,
                                       uint16_t *out_reg)
{
    struct value *zero = cx_alloc_zero(c->cx, sizeof *zero);
    if (zero == NULL) return LLKV_NOMEM;
    zero->type = e->type;
    uint16_t z;
    TRY(compile_const(c, zero, &z));
    struct instr in = instr_of(OP_BINARY, e, z, a);
    in.flags = scalar_flags(c, z, a);
    in.kernel = kernel_number(ARITH_SUB, shape_of(in.flags));
    CHECK(c->cx, in.kernel != NULL);
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_unary(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t a;
    TRY(compile_node(c, e->args[0], &a));
    enum phys_type phys = (enum phys_type)e->type.phys;
    if (phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    struct instr in = instr_of(OP_UNARY_CHECKED, e, a, REG_NONE);
    in.flags = one_flag(c, a);
    in.kernel = kernel_unary((enum unary_op)e->op, phys);
    if (in.kernel == NULL && phys == PHYS_NUMBER && e->op == UNARY_NEG)
        return compile_negate_number(c, e, a, out_reg);
    if (in.kernel == NULL) return expr_fail_operator(c->cx, e);
    if (phys == PHYS_F32 || phys == PHYS_F64) in.op = OP_UNARY;
    return compile_emit(c, in, out_reg);
}

/* ---- comparison ---- */

llkv_code compile_compare(struct compiler *c, const struct expr *e, enum compare_op op, uint16_t a,
                          uint16_t b, uint16_t *out_reg)
{
    enum phys_type phys = (enum phys_type)c->regs.items[a].phys;
    if (phys == PHYS_NULLS) return compile_null(c, type_of(TYPE_BOOLEAN), out_reg);
    struct instr in = {.op = OP_BINARY,
                       .phys = PHYS_BOOL,
                       .in_phys = (uint8_t)phys,
                       .a = a,
                       .b = b,
                       .c = REG_NONE,
                       .expr = e};
    in.flags = scalar_flags(c, a, b);
    in.kernel = kernel_compare(op, phys, shape_of(in.flags));
    if (in.kernel == NULL) return expr_fail_operator(c->cx, e);
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_distinct(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t a, b, differ;
    TRY(compile_node(c, e->args[0], &a));
    TRY(compile_node(c, e->args[1], &b));
    TRY(compile_compare(c, e, CMP_NE, a, b, &differ));
    struct instr in = instr_of(OP_DISTINCT, e, differ, a);
    in.c = b;
    in.flags = scalar_flags(c, a, b) & INSTR_SCALAR;
    if (e->op == 1) in.flags |= INSTR_NEGATE;
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_nullif(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t a, b, equal;
    TRY(compile_node(c, e->args[0], &a));
    TRY(compile_node(c, e->args[1], &b));
    if (e->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    TRY(compile_compare(c, e, CMP_EQ, a, b, &equal));
    struct instr in = instr_of(OP_NULLIF, e, a, equal);
    in.flags = scalar_flags(c, a, equal);
    return compile_emit(c, in, out_reg);
}

/* NOT and the tests of one value. */
static llkv_code compile_test(struct compiler *c, const struct expr *e, enum opcode op,
                              uint16_t *out_reg)
{
    uint16_t a;
    TRY(compile_node(c, e->args[0], &a));
    struct instr in = instr_of(op, e, a, REG_NONE);
    in.flags = one_flag(c, a);
    if (e->op == 1 && op != OP_NOT) in.flags |= INSTR_NEGATE;
    return compile_emit(c, in, out_reg);
}

/* ---- casts and calls ---- */

static llkv_code emit_call(struct compiler *c, const struct call_detail *head, const struct expr *e,
                           uint8_t flags, uint16_t *out_reg)
{
    struct call_detail *detail = cx_alloc(c->cx, sizeof *detail);
    bool *scalar = cx_alloc_array(c->cx, (size_t)head->arg_count + 1, sizeof *scalar);
    if (detail == NULL || scalar == NULL) return LLKV_NOMEM;
    *detail = *head;
    detail->scalar = scalar;
    bool all = true;
    for (uint32_t i = 0; i < head->arg_count; i++) {
        scalar[i] = compile_scalar(c, head->args[i]);
        all &= scalar[i];
        compile_use(c, head->args[i]);
    }
    if (e->kind == EXPR_CALL && (e->function->flags & FUNC_VOLATILE)) all = false;
    if (all) flags |= INSTR_SCALAR;
    if (head->arg_count > c->call_args_max) c->call_args_max = head->arg_count;
    if (head->type.phys == PHYS_VIEW) c->wants_heap = true;
    struct instr in = {.op = OP_CALL,
                       .flags = flags,
                       .phys = head->type.phys,
                       .a = REG_NONE,
                       .b = REG_NONE,
                       .c = REG_NONE,
                       .detail = detail,
                       .expr = e};
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_call(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t *args = cx_alloc_array(c->cx, (size_t)e->arg_count + 1, sizeof *args);
    struct type *types = cx_alloc_array(c->cx, (size_t)e->arg_count + 1, sizeof *types);
    if (args == NULL || types == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        TRY(compile_node(c, e->args[i], &args[i]));
        types[i] = e->args[i]->type;
    }
    if (e->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    struct call_detail detail = {.eval = e->function->eval,
                                 .strict = (e->function->flags & FUNC_STRICT) != 0,
                                 .arg_count = e->arg_count,
                                 .type = e->type,
                                 .arg_types = types,
                                 .args = args};
    return emit_call(c, &detail, e, 0, out_reg);
}

static llkv_code cast_call(struct compiler *c, const struct expr *e, const struct cast_step *step,
                           uint16_t a, uint16_t *out_reg)
{
    uint16_t *arg = cx_alloc(c->cx, sizeof *arg);
    if (arg == NULL) return LLKV_NOMEM;
    *arg = a;
    struct call_detail detail = {.eval = step->eval,
                                 .strict = true,
                                 .arg_count = 1,
                                 .type = step->to,
                                 .arg_types = &step->from,
                                 .args = arg};
    return emit_call(c, &detail, e, e->op == EXPR_CAST_TRY ? INSTR_TRY : 0, out_reg);
}

static llkv_code cast_kernel(struct compiler *c, const struct expr *e, const struct cast_step *step,
                             uint16_t a, uint16_t *out_reg)
{
    enum opcode op = OP_UNARY;
    if (step->can_raise) op = e->op == EXPR_CAST_TRY ? OP_UNARY_TRY : OP_UNARY_CHECKED;
    struct instr in = {.op = (uint8_t)op,
                       .flags = one_flag(c, a),
                       .phys = step->to.phys,
                       .in_phys = step->from.phys,
                       .a = a,
                       .b = REG_NONE,
                       .c = REG_NONE,
                       .kernel = step->kernel,
                       .detail = step->has_param ? &step->decimal : NULL,
                       .expr = e};
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_cast(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    struct type from = e->args[0]->type;
    TRY(compile_node(c, e->args[0], out_reg));
    if (from.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    struct cast_plan found;
    if (!cast_find(from, e->type, e->op == EXPR_CAST_SQLITE, &found))
        return expr_fail_operator(c->cx, e);
    if (found.count == 0) return LLKV_OK;
    struct cast_plan *plan = cx_alloc(c->cx, sizeof *plan);
    if (plan == NULL) return LLKV_NOMEM;
    *plan = found;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct cast_step *step = &plan->steps[i];
        if (step->kernel != NULL) {
            TRY(cast_kernel(c, e, step, *out_reg, out_reg));
        } else {
            TRY(cast_call(c, e, step, *out_reg, out_reg));
        }
    }
    return LLKV_OK;
}

/* ---- IN ---- */

enum { IN_COMPARES_MAX = 8 };

static llkv_code negate(struct compiler *c, const struct expr *e, uint16_t a, uint16_t *out_reg)
{
    struct instr in = {.op = OP_NOT,
                       .phys = PHYS_BOOL,
                       .in_phys = PHYS_BOOL,
                       .a = a,
                       .b = REG_NONE,
                       .c = REG_NONE,
                       .expr = e};
    in.flags = one_flag(c, a);
    return compile_emit(c, in, out_reg);
}

/* x = a OR x = b ...: that is also the rule for NULLs. */
static llkv_code compile_in_few(struct compiler *c, const struct expr *e, uint16_t x,
                                uint16_t *out_reg)
{
    for (uint32_t i = 1; i < e->arg_count; i++) {
        uint16_t value, equal;
        TRY(compile_node(c, e->args[i], &value));
        TRY(compile_compare(c, e, CMP_EQ, x, value, &equal));
        if (i == 1) {
            *out_reg = equal;
            continue;
        }
        struct instr in = {.op = OP_OR,
                           .phys = PHYS_BOOL,
                           .in_phys = PHYS_BOOL,
                           .a = *out_reg,
                           .b = equal,
                           .c = REG_NONE,
                           .expr = e};
        in.flags = scalar_flags(c, *out_reg, equal);
        TRY(compile_emit(c, in, out_reg));
    }
    return e->op == 1 ? negate(c, e, *out_reg, out_reg) : LLKV_OK;
}

static llkv_code in_detail_new(struct compiler *c, const struct expr *e,
                               const struct in_detail **out_detail)
{
    struct in_detail *detail = cx_alloc_zero(c->cx, sizeof *detail);
    if (detail == NULL) return LLKV_NOMEM;
    *out_detail = detail;
    uint32_t count = e->arg_count - 1;
    const struct value **values = cx_alloc_array(c->cx, count, sizeof(const struct value *));
    if (values == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *item = e->args[i + 1];
        if (item->kind != EXPR_CONST) {
            CHECK(c->cx, item->kind == EXPR_PARAM);
            detail->bound = c->bound.count;
            VEC_PUSH(c->cx, &c->bound, e);
            return LLKV_OK;
        }
        values[i] = item->value;
    }
    return in_set_new(c->cx, e->args[0]->type, values, count, &detail->set);
}

static llkv_code compile_in(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t x;
    TRY(compile_node(c, e->args[0], &x));
    if (e->arg_count == 1) return compile_bool(c, e->op == 1, out_reg);
    bool simple = e->args[0]->type.phys != PHYS_BOOL;
    for (uint32_t i = 1; i < e->arg_count; i++)
        simple &= e->args[i]->kind == EXPR_CONST || e->args[i]->kind == EXPR_PARAM;
    if (e->arg_count <= IN_COMPARES_MAX + 1 || !simple) return compile_in_few(c, e, x, out_reg);
    if (e->args[0]->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    const struct in_detail *detail;
    TRY(in_detail_new(c, e, &detail));
    struct instr in = instr_of(OP_IN, e, x, REG_NONE);
    in.flags = one_flag(c, x);
    if (e->op == 1) in.flags |= INSTR_NEGATE;
    in.detail = detail;
    return compile_emit(c, in, out_reg);
}

/* ---- LIKE ---- */

static llkv_code constant_pattern(struct compiler *c, const struct expr *e,
                                  const struct like **out_like)
{
    *out_like = NULL;
    const struct expr *pattern = e->args[1];
    const struct expr *escape = e->arg_count > 2 ? e->args[2] : NULL;
    if (pattern->kind != EXPR_CONST || pattern->value->is_null) return LLKV_OK;
    if (escape != NULL && (escape->kind != EXPR_CONST || escape->value->is_null)) return LLKV_OK;
    int32_t escape_char = -1;
    if (escape != NULL) TRY(like_escape(c->cx, escape->value->s, escape->at, &escape_char));
    enum like_case mode = LIKE_CASE_EXACT;
    if (e->op & EXPR_LIKE_NOCASE)
        mode = c->options->sqlite_compat ? LIKE_CASE_ASCII : LIKE_CASE_UNICODE;
    struct like *like;
    TRY(like_new(c->cx, pattern->value->s, escape_char, mode, pattern->at, &like));
    *out_like = like;
    return LLKV_OK;
}

static llkv_code compile_like(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t text;
    TRY(compile_node(c, e->args[0], &text));
    for (uint32_t i = 0; i < e->arg_count; i++)
        if (e->args[i]->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    struct instr in = instr_of(OP_LIKE, e, text, REG_NONE);
    const struct like *like;
    TRY(constant_pattern(c, e, &like));
    in.detail = like;
    in.flags = one_flag(c, text);
    if (like == NULL) {
        c->wants_heap = true;
        TRY(compile_node(c, e->args[1], &in.b));
        in.flags = scalar_flags(c, text, in.b);
    }
    if (like == NULL && e->arg_count > 2) {
        TRY(compile_node(c, e->args[2], &in.c));
        if (!compile_scalar(c, in.c)) in.flags &= (uint8_t)~INSTR_SCALAR;
    }
    if (e->op & EXPR_LIKE_NOT) in.flags |= INSTR_NEGATE;
    return compile_emit(c, in, out_reg);
}

llkv_code compile_operator(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    switch ((enum expr_kind)e->kind) {
    case EXPR_ARITH: return compile_arith(c, e, out_reg);
    case EXPR_UNARY: return compile_unary(c, e, out_reg);
    case EXPR_COMPARE: {
        uint16_t a, b;
        TRY(compile_node(c, e->args[0], &a));
        TRY(compile_node(c, e->args[1], &b));
        return compile_compare(c, e, (enum compare_op)e->op, a, b, out_reg);
    }
    case EXPR_DISTINCT: return compile_distinct(c, e, out_reg);
    case EXPR_NOT: return compile_test(c, e, OP_NOT, out_reg);
    case EXPR_IS_NULL: return compile_test(c, e, OP_IS_NULL, out_reg);
    case EXPR_IS_NOT_NULL: return compile_test(c, e, OP_IS_NOT_NULL, out_reg);
    case EXPR_IS_TRUE: return compile_test(c, e, OP_IS_TRUE, out_reg);
    case EXPR_IS_FALSE: return compile_test(c, e, OP_IS_FALSE, out_reg);
    case EXPR_NULLIF: return compile_nullif(c, e, out_reg);
    case EXPR_CAST: return compile_cast(c, e, out_reg);
    case EXPR_IN: return compile_in(c, e, out_reg);
    case EXPR_LIKE: return compile_like(c, e, out_reg);
    case EXPR_CALL: return compile_call(c, e, out_reg);
    case EXPR_CONST:
    case EXPR_COLUMN:
    case EXPR_PARAM:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_KIND_COUNT: break;
    }
    return cx_fail(c->cx, LLKV_INTERNAL, "not an operator: %u", (unsigned)e->kind);
}
