#include "expr/program_priv.h"

/* AND, OR, CASE, COALESCE: operands that only some rows need. One that cannot raise and is cheap is
 * computed for all rows and blended; another becomes a program of its own. */

enum {
    EAGER_VALUE_MAX = 4, /* kernels; values are blended row by row */
    EAGER_BOOL_MAX = 16, /* conditions word by word */
    COST_CALL = EAGER_BOOL_MAX + 1,
    COST_LIKE = EAGER_BOOL_MAX + 1
};

/* Kernels that `e` takes, up to a little beyond `limit`. */
static uint32_t cost_of(const struct expr *e, uint32_t limit)
{
    if (e->arg_count == 0) return e->kind == EXPR_CALL ? COST_CALL : 0;
    uint32_t cost = 1;
    if (e->kind == EXPR_CALL) cost = COST_CALL;
    if (e->kind == EXPR_LIKE) cost = COST_LIKE;
    if (e->kind == EXPR_IN) return cost + cost_of(e->args[0], limit);
    for (uint32_t i = 0; i < e->arg_count && cost <= limit; i++)
        cost += cost_of(e->args[i], limit - cost);
    return cost;
}

static bool is_eager(const struct expr *e, uint32_t cost_max)
{
    if (e->flags & (EXPR_CAN_RAISE | EXPR_VOLATILE)) return false;
    return cost_of(e, cost_max) <= cost_max;
}

static llkv_code make_arm(struct compiler *c, const struct expr *e, bool lazy, struct arm *out_arm)
{
    out_arm->lazy = lazy;
    if (lazy) return compile_child(c, e, &out_arm->index);
    TRY(compile_node(c, e, &out_arm->index));
    out_arm->scalar = compile_scalar(c, out_arm->index);
    return LLKV_OK;
}

static llkv_code new_arms(struct compiler *c, uint32_t count, struct arms_detail **out_detail,
                          struct arm **out_arms)
{
    struct arms_detail *detail = cx_alloc_zero(c->cx, sizeof *detail);
    struct arm *arms = cx_alloc_zero(c->cx, ((size_t)count + 1) * sizeof *arms);
    if (detail == NULL || arms == NULL) return LLKV_NOMEM;
    detail->count = count;
    detail->arms = arms;
    *out_detail = detail;
    *out_arms = arms;
    return LLKV_OK;
}

static void use_arms(struct compiler *c, const struct arms_detail *detail)
{
    for (uint32_t i = 0; i < detail->count; i++)
        if (!detail->arms[i].lazy) compile_use(c, detail->arms[i].index);
}

/* ---- AND, OR ---- */

static llkv_code emit_words(struct compiler *c, const struct expr *e, uint16_t a, uint16_t b,
                            uint16_t *out_reg)
{
    struct instr in = {.op = e->kind == EXPR_OR ? OP_OR : OP_AND,
                       .phys = PHYS_BOOL,
                       .in_phys = PHYS_BOOL,
                       .a = a,
                       .b = b,
                       .c = REG_NONE,
                       .expr = e};
    if (compile_scalar(c, a) && compile_scalar(c, b)) in.flags = INSTR_SCALAR;
    return compile_emit(c, in, out_reg);
}

/* The operands that can be computed for all rows come first; if there are none, the first one. */
static llkv_code compile_bool_eager(struct compiler *c, const struct expr *e, uint32_t *out_lazy,
                                    uint16_t *out_reg)
{
    bool have = false;
    *out_lazy = 0;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        uint16_t reg;
        if (!is_eager(e->args[i], EAGER_BOOL_MAX)) {
            ++*out_lazy;
            continue;
        }
        TRY(compile_node(c, e->args[i], &reg));
        if (have) TRY(emit_words(c, e, *out_reg, reg, &reg));
        *out_reg = reg;
        have = true;
    }
    if (have) return LLKV_OK;
    --*out_lazy;
    return compile_node(c, e->args[0], out_reg);
}

static llkv_code compile_bool_words(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    uint16_t first;
    uint32_t lazy_count;
    TRY(compile_bool_eager(c, e, &lazy_count, &first));
    *out_reg = first;
    if (lazy_count == 0) return LLKV_OK;
    struct arms_detail *detail;
    struct arm *arms;
    TRY(new_arms(c, lazy_count, &detail, &arms));
    detail->is_or = e->kind == EXPR_OR;
    /* from the back, so that a first operand taken above is the one left out */
    uint32_t at = lazy_count;
    for (uint32_t i = e->arg_count; i-- > 0 && at > 0;)
        if (!is_eager(e->args[i], EAGER_BOOL_MAX)) TRY(make_arm(c, e->args[i], true, &arms[--at]));
    struct instr in = {.op = OP_LAZY_BOOL,
                       .phys = PHYS_BOOL,
                       .in_phys = PHYS_BOOL,
                       .a = first,
                       .b = REG_NONE,
                       .c = REG_NONE,
                       .detail = detail,
                       .expr = e};
    return compile_emit(c, in, out_reg);
}

/* ---- CASE, COALESCE ---- */

static bool all_scalar(const struct arms_detail *detail)
{
    for (uint32_t i = 0; i < detail->count; i++)
        if (detail->arms[i].lazy || !detail->arms[i].scalar) return false;
    return true;
}

static llkv_code emit_arms(struct compiler *c, const struct expr *e, enum opcode op,
                           const struct arms_detail *detail, uint16_t *out_reg)
{
    use_arms(c, detail);
    struct instr in = {.op = (uint8_t)op,
                       .phys = e->type.phys,
                       .in_phys = e->type.phys,
                       .a = REG_NONE,
                       .b = REG_NONE,
                       .c = REG_NONE,
                       .detail = detail,
                       .expr = e};
    if (all_scalar(detail)) in.flags = INSTR_SCALAR;
    return compile_emit(c, in, out_reg);
}

static llkv_code compile_case(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    if (e->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    struct arms_detail *detail;
    struct arm *arms;
    TRY(new_arms(c, e->arg_count, &detail, &arms));
    for (uint32_t i = 0; i < e->arg_count; i++) {
        bool lazy = i > 0 && !is_eager(e->args[i], EAGER_VALUE_MAX);
        TRY(make_arm(c, e->args[i], lazy, &arms[i]));
    }
    return emit_arms(c, e, OP_CASE, detail, out_reg);
}

static llkv_code compile_coalesce(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    if (e->type.phys == PHYS_NULLS) return compile_null(c, e->type, out_reg);
    struct arms_detail *detail;
    struct arm *arms;
    TRY(new_arms(c, e->arg_count, &detail, &arms));
    for (uint32_t i = 0; i < e->arg_count; i++) {
        bool lazy = i > 0 && !is_eager(e->args[i], EAGER_VALUE_MAX);
        TRY(make_arm(c, e->args[i], lazy, &arms[i]));
    }
    if (detail->count == 1) {
        *out_reg = arms[0].index;
        return LLKV_OK;
    }
    return emit_arms(c, e, OP_COALESCE, detail, out_reg);
}

llkv_code compile_lazy(struct compiler *c, const struct expr *e, uint16_t *out_reg)
{
    if (e->kind == EXPR_CASE) return compile_case(c, e, out_reg);
    if (e->kind == EXPR_COALESCE) return compile_coalesce(c, e, out_reg);
    return compile_bool_words(c, e, out_reg);
}
