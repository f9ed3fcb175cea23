#include <stdio.h>

#include "base/vec.h"
#include "expr/expr_priv.h"

/* Expressions as EXPLAIN shows them: SQL, with parentheses only where they are needed. */

struct printer {
    struct cx *cx;
    const char *(*name)(void *arg, iu_id column);
    void *arg;
    VEC(char) text;
};

/* How tightly an operator binds; 0 is loosest. */
enum level {
    LEVEL_ANY,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARE,
    LEVEL_BITS,
    LEVEL_ADD,
    LEVEL_MUL,
    LEVEL_UNARY,
    LEVEL_ATOM
};

const char *const expr_arith_signs[ARITH_OP_COUNT] = {
    [ARITH_ADD] = " + ",  [ARITH_SUB] = " - ",       [ARITH_MUL] = " * ",
    [ARITH_DIV] = " / ",  [ARITH_MOD] = " % ",       [ARITH_AND] = " & ",
    [ARITH_OR] = " | ",   [ARITH_XOR] = " xor ",     [ARITH_SHL] = " << ",
    [ARITH_SHR] = " >> ", [ARITH_SHL_WRAP] = " << ", [ARITH_SHR_WRAP] = " >> ",
};
static const char *const compare_signs[CMP_OP_COUNT] = {
    [CMP_EQ] = " = ",  [CMP_NE] = " <> ", [CMP_LT] = " < ",
    [CMP_LE] = " <= ", [CMP_GT] = " > ",  [CMP_GE] = " >= ",
};
const char *const expr_unary_signs[UNARY_OP_COUNT] = {
    [UNARY_NEG] = "-", [UNARY_ABS] = "@", [UNARY_BITNOT] = "~"};

static llkv_code put_slice(struct printer *p, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        VEC_PUSH(p->cx, &p->text, s.data[i]);
    return LLKV_OK;
}

static llkv_code put(struct printer *p, const char *text)
{
    return put_slice(p, slice_of(text));
}

static llkv_code print(struct printer *p, const struct expr *e, enum level around);

static enum level arith_level(uint8_t op)
{
    if (op == ARITH_ADD || op == ARITH_SUB) return LEVEL_ADD;
    return op >= ARITH_MUL && op <= ARITH_MOD ? LEVEL_MUL : LEVEL_BITS;
}

static enum level level_of(const struct expr *e)
{
    switch ((enum expr_kind)e->kind) {
    case EXPR_OR: return LEVEL_OR;
    case EXPR_AND: return LEVEL_AND;
    case EXPR_NOT: return LEVEL_NOT;
    case EXPR_DISTINCT:
    case EXPR_IS_NULL:
    case EXPR_IS_NOT_NULL:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE: return LEVEL_IS;
    case EXPR_COMPARE:
    case EXPR_IN:
    case EXPR_LIKE: return LEVEL_COMPARE;
    case EXPR_ARITH: return arith_level(e->op);
    case EXPR_UNARY: return LEVEL_UNARY;
    case EXPR_CONST:
    case EXPR_COLUMN:
    case EXPR_PARAM:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_NULLIF:
    case EXPR_CAST:
    case EXPR_CALL:
    case EXPR_KIND_COUNT: break;
    }
    return LEVEL_ATOM;
}

static bool wants_quotes(struct type type)
{
    return type.phys == PHYS_VIEW || type_is_temporal(type) || type.id == TYPE_UUID;
}

static llkv_code print_const(struct printer *p, const struct value *value)
{
    if (value->is_null) return put(p, "NULL");
    struct slice text;
    TRY(value_to_text(p->cx, value, &text));
    if (!wants_quotes(value->type)) return put_slice(p, text);
    char type[32];
    if (value->type.id != TYPE_VARCHAR) {
        type_print(value->type, type, sizeof type);
        TRY(put(p, type));
        TRY(put(p, " "));
    }
    TRY(put(p, "'"));
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'') TRY(put(p, "'"));
        VEC_PUSH(p->cx, &p->text, text.data[i]);
    }
    return put(p, "'");
}

/* The arguments from `from` on, with `between` between them. */
static llkv_code print_list(struct printer *p, const struct expr *e, uint32_t from,
                            const char *between, enum level around)
{
    for (uint32_t i = from; i < e->arg_count; i++) {
        if (i > from) TRY(put(p, between));
        TRY(print(p, e->args[i], around));
    }
    return LLKV_OK;
}

static llkv_code print_binary(struct printer *p, const struct expr *e, const char *sign)
{
    enum level level = level_of(e);
    TRY(print(p, e->args[0], level));
    TRY(put(p, sign));
    return print(p, e->args[1], (enum level)(level + 1));
}

/* Two minus signs would begin a comment. */
static llkv_code print_unary(struct printer *p, const struct expr *e)
{
    TRY(put(p, expr_unary_signs[e->op]));
    uint32_t at = p->text.count;
    TRY(print(p, e->args[0], LEVEL_ATOM));
    if (p->text.items[at] != '-') return LLKV_OK;
    TRY(put(p, ")"));
    VEC_PUSH(p->cx, &p->text, ')');
    memmove(p->text.items + at + 1, p->text.items + at, p->text.count - at - 2);
    p->text.items[at] = '(';
    return LLKV_OK;
}

static llkv_code print_postfix(struct printer *p, const struct expr *e, const char *text)
{
    TRY(print(p, e->args[0], (enum level)(LEVEL_IS + 1)));
    return put(p, text);
}

static llkv_code print_call(struct printer *p, const struct expr *e, const char *name)
{
    TRY(put(p, name));
    TRY(put(p, "("));
    TRY(print_list(p, e, 0, ", ", LEVEL_ANY));
    return put(p, ")");
}

static llkv_code print_case(struct printer *p, const struct expr *e)
{
    TRY(put(p, "CASE"));
    uint32_t i = 0;
    for (; i + 1 < e->arg_count; i += 2) {
        TRY(put(p, " WHEN "));
        TRY(print(p, e->args[i], LEVEL_ANY));
        TRY(put(p, " THEN "));
        TRY(print(p, e->args[i + 1], LEVEL_ANY));
    }
    if (i < e->arg_count) {
        TRY(put(p, " ELSE "));
        TRY(print(p, e->args[i], LEVEL_ANY));
    }
    return put(p, " END");
}

static llkv_code print_cast(struct printer *p, const struct expr *e)
{
    char type[32];
    type_print(e->type, type, sizeof type);
    TRY(put(p, e->op == EXPR_CAST_TRY ? "TRY_CAST(" : "CAST("));
    TRY(print(p, e->args[0], LEVEL_ANY));
    TRY(put(p, " AS "));
    TRY(put(p, type));
    return put(p, ")");
}

static llkv_code print_in(struct printer *p, const struct expr *e)
{
    TRY(print(p, e->args[0], (enum level)(LEVEL_COMPARE + 1)));
    TRY(put(p, e->op == 1 ? " NOT IN (" : " IN ("));
    TRY(print_list(p, e, 1, ", ", LEVEL_ANY));
    return put(p, ")");
}

static llkv_code print_like(struct printer *p, const struct expr *e)
{
    static const char *const words[] = {" LIKE ", " NOT LIKE ", " ILIKE ", " NOT ILIKE "};
    TRY(print(p, e->args[0], (enum level)(LEVEL_COMPARE + 1)));
    TRY(put(p, words[e->op & (EXPR_LIKE_NOT | EXPR_LIKE_NOCASE)]));
    TRY(print(p, e->args[1], (enum level)(LEVEL_COMPARE + 1)));
    if (e->arg_count < 3) return LLKV_OK;
    TRY(put(p, " ESCAPE "));
    return print(p, e->args[2], (enum level)(LEVEL_COMPARE + 1));
}

static llkv_code print_leaf(struct printer *p, const struct expr *e)
{
    if (e->kind == EXPR_CONST) return print_const(p, e->value);
    char text[24];
    if (e->kind == EXPR_COLUMN) {
        const char *name = p->name == NULL ? NULL : p->name(p->arg, e->column);
        if (name != NULL) return put(p, name);
        snprintf(text, sizeof text, "#%u", (unsigned)e->column);
    } else {
        snprintf(text, sizeof text, "$%u", (unsigned)e->parameter + 1);
    }
    return put(p, text);
}

static llkv_code print_node(struct printer *p, const struct expr *e)
{
    switch ((enum expr_kind)e->kind) {
    case EXPR_CONST:
    case EXPR_COLUMN:
    case EXPR_PARAM: return print_leaf(p, e);
    case EXPR_ARITH: return print_binary(p, e, expr_arith_signs[e->op]);
    case EXPR_UNARY: return print_unary(p, e);
    case EXPR_COMPARE: return print_binary(p, e, compare_signs[e->op]);
    case EXPR_DISTINCT:
        return print_binary(p, e, e->op == 1 ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
    case EXPR_AND: return print_list(p, e, 0, " AND ", (enum level)(LEVEL_AND + 1));
    case EXPR_OR: return print_list(p, e, 0, " OR ", (enum level)(LEVEL_OR + 1));
    case EXPR_NOT: TRY(put(p, "NOT ")); return print(p, e->args[0], LEVEL_NOT);
    case EXPR_IS_NULL: return print_postfix(p, e, " IS NULL");
    case EXPR_IS_NOT_NULL: return print_postfix(p, e, " IS NOT NULL");
    case EXPR_IS_TRUE: return print_postfix(p, e, e->op == 1 ? " IS NOT TRUE" : " IS TRUE");
    case EXPR_IS_FALSE: return print_postfix(p, e, e->op == 1 ? " IS NOT FALSE" : " IS FALSE");
    case EXPR_CASE: return print_case(p, e);
    case EXPR_COALESCE: return print_call(p, e, "coalesce");
    case EXPR_NULLIF: return print_call(p, e, "nullif");
    case EXPR_CAST: return print_cast(p, e);
    case EXPR_IN: return print_in(p, e);
    case EXPR_LIKE: return print_like(p, e);
    case EXPR_CALL: return print_call(p, e, e->function->name);
    case EXPR_KIND_COUNT: break;
    }
    return LLKV_OK;
}

static llkv_code print(struct printer *p, const struct expr *e, enum level around)
{
    bool wrap = level_of(e) < around;
    TRY(cx_enter(p->cx));
    if (wrap) TRY(put(p, "("));
    TRY(print_node(p, e));
    if (wrap) TRY(put(p, ")"));
    cx_leave(p->cx);
    return LLKV_OK;
}

llkv_code expr_print(struct cx *cx, const struct expr *e,
                     const char *(*name)(void *arg, iu_id column), void *arg, const char **out_text)
{
    struct printer p = {.cx = cx, .name = name, .arg = arg};
    TRY(print(&p, e, LEVEL_ANY));
    VEC_PUSH(cx, &p.text, '\0');
    *out_text = p.text.items;
    return LLKV_OK;
}
