/* make.c -- expression constructors that fold while they build. */
#include <string.h>

#include "plan/bind/bind.h"

llkv_code bind_flag(struct binder *b, const struct expr *e, uint8_t flag, const struct expr **out)
{
    struct expr *copy = cx_alloc(b->cx, sizeof *copy);
    if (copy == NULL) return LLKV_NOMEM;
    memcpy(copy, e, sizeof *copy);
    copy->flags |= flag;
    *out = copy;
    return LLKV_OK;
}

/* Longer texts are cheaper to make again than to keep in every plan: a chain of || would keep all
 * of its beginnings. */
enum { FOLD_TEXT_BYTES_MAX = 4096 };

/* An argument that could not be folded will not be for its parent either, unless the parent may
 * never ask for it. */
static bool args_folded(const struct expr *e)
{
    if (e->kind == EXPR_AND || e->kind == EXPR_OR || e->kind == EXPR_CASE ||
        e->kind == EXPR_COALESCE || e->kind == EXPR_CAST)
        return true;
    for (uint32_t i = 0; i < e->arg_count; i++)
        if (!expr_is_const(e->args[i])) return false;
    return true;
}

llkv_code bind_fold(struct binder *b, const struct expr *e, const struct expr **out)
{
    *out = e;
    if (e->kind == EXPR_CONST || e->kind == EXPR_COLUMN || e->kind == EXPR_PARAM) return LLKV_OK;
    if ((e->flags & (EXPR_VOLATILE | EXPR_HAS_COLUMN | EXPR_HAS_PARAM)) != 0) return LLKV_OK;
    if (!plan_rule_on(b->plan, RULE_BIT(const_fold)) || !args_folded(e)) return LLKV_OK;
    struct value value;
    struct arena_mark mark = arena_mark(b->cx->arena);
    llkv_code rc = expr_evaluate(b->cx, e, NULL, b->settings->sqlite_compat, &value);
    if (rc == LLKV_NOMEM || rc == LLKV_CANCELLED) return rc;
    if (rc != LLKV_OK) { /* it raises only if it is reached */
        b->cx->error->code = LLKV_OK;
        return LLKV_OK;
    }
    if (!value.is_null && e->type.phys == PHYS_VIEW && value.s.len > FOLD_TEXT_BYTES_MAX) {
        arena_rewind(b->cx->arena, mark);
        return LLKV_OK;
    }
    value.type = e->type;
    return expr_const(b->cx, &value, e->at, out);
}

llkv_code bind_make(struct binder *b, enum expr_kind kind, uint8_t op, struct type type,
                    const struct expr *const *args, uint32_t count, int32_t at,
                    const struct expr **out)
{
    const struct expr *e;
    TRY(expr_make(b->cx, kind, op, type, args, count, at, &e));
    return bind_fold(b, e, out);
}

static bool is_bool_const(const struct expr *e, bool *out_null, bool *out_value)
{
    if (e->kind != EXPR_CONST || e->type.id != TYPE_BOOLEAN) return false;
    *out_null = e->value->is_null;
    *out_value = !e->value->is_null && e->value->b;
    return true;
}

/* NOT goes to the leaves where that keeps three-valued logic. */
llkv_code bind_not(struct binder *b, const struct expr *e, int32_t at, const struct expr **out)
{
    bool simplify = plan_rule_on(b->plan, RULE_BIT(bool_simplify));
    if (simplify && e->kind == EXPR_NOT) {
        *out = e->args[0];
        return LLKV_OK;
    }
    if (simplify && e->kind == EXPR_COMPARE)
        return bind_make(b, EXPR_COMPARE, (uint8_t)compare_negate((enum compare_op)e->op), e->type,
                         e->args, 2, at, out);
    if (simplify && (e->kind == EXPR_IS_NULL || e->kind == EXPR_IS_NOT_NULL))
        return bind_make(b, e->kind == EXPR_IS_NULL ? EXPR_IS_NOT_NULL : EXPR_IS_NULL, 0, e->type,
                         e->args, 1, at, out);
    if (simplify && (e->kind == EXPR_IN || e->kind == EXPR_DISTINCT))
        return bind_make(b, (enum expr_kind)e->kind, e->op ^ 1, e->type, e->args, e->arg_count, at,
                         out);
    return bind_make(b, EXPR_NOT, 0, type_of(TYPE_BOOLEAN), &e, 1, at, out);
}

/* Drop operands that decide nothing; *out_decided: one decides all. */
static uint32_t keep_operands(enum expr_kind kind, const struct expr *const *args, uint32_t count,
                              const struct expr **kept, bool *out_decided)
{
    bool neutral = kind == EXPR_AND;
    uint32_t n = 0;
    *out_decided = false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_null, value;
        if (is_bool_const(args[i], &is_null, &value) && !is_null) {
            if (value == neutral) continue;
            *out_decided = true;
            return 0;
        }
        bool again = false;
        for (uint32_t k = 0; k < n && k < 16 && !again; k++)
            again = expr_equal(kept[k], args[i]);
        if (!again || (args[i]->flags & EXPR_VOLATILE)) kept[n++] = args[i];
    }
    return n;
}

llkv_code bind_logic(struct binder *b, enum expr_kind kind, const struct expr *const *args,
                     uint32_t count, int32_t at, const struct expr **out)
{
    if (!plan_rule_on(b->plan, RULE_BIT(bool_simplify)))
        return bind_make(b, kind, 0, type_of(TYPE_BOOLEAN), args, count, at, out);
    const struct expr **kept = cx_alloc_array(b->cx, count, sizeof *kept);
    if (kept == NULL) return LLKV_NOMEM;
    bool decided;
    uint32_t n = keep_operands(kind, args, count, kept, &decided);
    if (decided) return bind_bool(b, kind == EXPR_OR, at, out);
    if (n == 0) return bind_bool(b, kind == EXPR_AND, at, out);
    if (n == 1) {
        *out = kept[0];
        return LLKV_OK;
    }
    return bind_make(b, kind, 0, type_of(TYPE_BOOLEAN), kept, n, at, out);
}
