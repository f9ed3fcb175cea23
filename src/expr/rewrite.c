#include "base/vec.h"
#include "expr/expr.h"

/* Walks and rewrites of whole trees. */

bool expr_is_const(const struct expr *e)
{
    return e->kind == EXPR_CONST;
}

static bool value_same(const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    if (a->type.phys == PHYS_BOOL) return a->b == b->b;
    if (a->type.phys == PHYS_VIEW) return slice_equal(a->s, b->s);
    /* bit for bit: -0.0 is not 0.0 here. The members of the union begin at its first byte */
    return memcmp(&a->uh, &b->uh, phys_bytes[a->type.phys]) == 0;
}

/* All but the arguments. */
static bool head_equal(const struct expr *a, const struct expr *b)
{
    if (a->hash != b->hash || a->kind != b->kind || a->op != b->op) return false;
    if (a->arg_count != b->arg_count || !type_equal(a->type, b->type)) return false;
    if ((a->flags ^ b->flags) & EXPR_DIV_NULL) return false;
    switch ((enum expr_kind)a->kind) {
    case EXPR_CONST: return value_same(a->value, b->value);
    case EXPR_COLUMN: return a->column == b->column;
    case EXPR_PARAM: return a->parameter == b->parameter;
    case EXPR_CALL: return a->function == b->function;
    case EXPR_ARITH:
    case EXPR_UNARY:
    case EXPR_COMPARE:
    case EXPR_DISTINCT:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_IS_NULL:
    case EXPR_IS_NOT_NULL:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_NULLIF:
    case EXPR_CAST:
    case EXPR_IN:
    case EXPR_LIKE:
    case EXPR_KIND_COUNT: break;
    }
    return true;
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a == b) return true;
    if (!head_equal(a, b)) return false;
    for (uint32_t i = 0; i < a->arg_count; i++)
        if (!expr_equal(a->args[i], b->args[i])) return false;
    return true;
}

void expr_columns(const struct expr *e, void (*fn)(void *arg, iu_id column), void *arg)
{
    if (e->kind == EXPR_COLUMN) fn(arg, e->column);
    if (!(e->flags & EXPR_HAS_COLUMN)) return;
    for (uint32_t i = 0; i < e->arg_count; i++)
        expr_columns(e->args[i], fn, arg);
}

static llkv_code substitute_args(struct cx *cx, const struct expr *e, expr_map_fn *map, void *arg,
                                 const struct expr **out)
{
    enum { FEW = 8 };
    const struct expr *few[FEW];
    const struct expr **args = few;
    if (e->arg_count > FEW) {
        args = cx_alloc_array(cx, e->arg_count, sizeof(const struct expr *));
        if (args == NULL) return LLKV_NOMEM;
    }
    for (uint32_t i = 0; i < e->arg_count; i++)
        TRY(expr_substitute(cx, e->args[i], map, arg, &args[i]));
    return expr_with_args(cx, e, args, out);
}

llkv_code expr_substitute(struct cx *cx, const struct expr *e, expr_map_fn *map, void *arg,
                          const struct expr **out)
{
    *out = e;
    if (!(e->flags & EXPR_HAS_COLUMN)) return LLKV_OK;
    if (e->kind == EXPR_COLUMN) {
        const struct expr *put = map(arg, e);
        if (put != NULL) *out = put;
        return LLKV_OK;
    }
    TRY(cx_enter(cx));
    TRY(substitute_args(cx, e, map, arg, out));
    cx_leave(cx);
    return LLKV_OK;
}
