#include "base/hash.h"
#include "expr/expr_priv.h"
#include "func/cast.h"

/* Both halves of the mixed word, so that short inputs reach every bit of the hash. */
static uint32_t fold(uint64_t h)
{
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h ^ (h >> 32));
}

static uint64_t hash_head(const struct expr *e)
{
    uint64_t type = (uint64_t)e->type.id | (uint64_t)e->type.phys << 8 |
                    (uint64_t)e->type.precision << 16 | (uint64_t)e->type.scale << 24 |
                    (uint64_t)e->type.length << 32;
    uint64_t node = (uint64_t)e->kind | (uint64_t)e->op << 8 | (uint64_t)e->arg_count << 16;
    return type * UINT64_C(0xff51afd7ed558ccd) + node;
}

static uint64_t hash_value(const struct value *v)
{
    if (v->is_null) return HASH_NULL;
    uint64_t words[2] = {0, 0};
    switch ((enum phys_type)v->type.phys) {
    case PHYS_NULLS:
    case PHYS_COUNT: return HASH_NULL;
    case PHYS_BOOL: return v->b ? 1 : 2;
    case PHYS_VIEW: return hash_bytes(v->s.data, v->s.len);
    case PHYS_F32: memcpy(words, &v->f, sizeof v->f); return words[0];
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64:
    case PHYS_F64: return v->u;
    case PHYS_I128:
    case PHYS_U128:
    case PHYS_MDN:
    case PHYS_NUMBER: memcpy(words, &v->uh, sizeof words); break;
    }
    return hash_mix(words[0], words[1]);
}

static struct expr *new_node(struct cx *cx, enum expr_kind kind, struct type type, int32_t at)
{
    struct expr *e = cx_alloc(cx, sizeof *e);
    if (e == NULL) return NULL;
    *e = (struct expr){.kind = (uint8_t)kind, .at = at, .type = type};
    return e;
}

llkv_code expr_const(struct cx *cx, const struct value *value, int32_t at, const struct expr **out)
{
    struct expr *e = new_node(cx, EXPR_CONST, value->type, at);
    struct value *copy = e == NULL ? NULL : cx_alloc(cx, sizeof *copy);
    if (copy == NULL) return LLKV_NOMEM;
    *copy = *value;
    e->value = copy;
    if (value->is_null) e->flags = EXPR_NULLABLE;
    e->hash = fold(hash_head(e) ^ hash_value(value));
    *out = e;
    return LLKV_OK;
}

llkv_code expr_column(struct cx *cx, iu_id column, struct type type, bool nullable, int32_t at,
                      const struct expr **out)
{
    struct expr *e = new_node(cx, EXPR_COLUMN, type, at);
    if (e == NULL) return LLKV_NOMEM;
    e->column = column;
    e->flags = EXPR_HAS_COLUMN;
    if (nullable) e->flags = EXPR_HAS_COLUMN | EXPR_NULLABLE;
    e->hash = fold(hash_head(e) ^ hash_u64(column));
    *out = e;
    return LLKV_OK;
}

llkv_code expr_param(struct cx *cx, uint32_t parameter, struct type type, int32_t at,
                     const struct expr **out)
{
    struct expr *e = new_node(cx, EXPR_PARAM, type, at);
    if (e == NULL) return LLKV_NOMEM;
    e->parameter = parameter;
    e->flags = EXPR_HAS_PARAM | EXPR_NULLABLE;
    e->hash = fold(hash_head(e) ^ hash_u64(parameter));
    *out = e;
    return LLKV_OK;
}

/* ---- what an operator adds to the flags of its arguments ---- */

static bool is_int_phys(uint8_t phys)
{
    return phys >= PHYS_I8 && phys <= PHYS_U128;
}

/* A constant divisor that neither divides by zero nor overflows. */
static bool is_plain_divisor(const struct expr *e)
{
    if (e->kind != EXPR_CONST || e->value->is_null) return false;
    switch ((enum phys_type)e->type.phys) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64: return e->value->i != 0 && e->value->i != -1;
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return e->value->u != 0;
    case PHYS_I128: return e->value->h != 0 && e->value->h != -1;
    case PHYS_U128: return e->value->uh != 0;
    case PHYS_F32: return e->value->f < 0 || e->value->f > 0;
    case PHYS_F64: return e->value->d < 0 || e->value->d > 0;
    case PHYS_NUMBER:
    case PHYS_NULLS:
    case PHYS_BOOL:
    case PHYS_VIEW:
    case PHYS_MDN:
    case PHYS_COUNT: return false;
    }
    return false;
}

/* Digits before the point that the value may have: casts that only widen are looked through. */
static uint32_t digits_before_point(const struct expr *e)
{
    uint32_t digits = cast_integer_digits(e->type);
    if (e->kind != EXPR_CAST || e->op != EXPR_CAST_PLAIN) return digits;
    struct type from = e->args[0]->type;
    if (!type_is_integer(from) && from.id != TYPE_DECIMAL) return digits;
    uint32_t inner = cast_integer_digits(from);
    /* dropping digits behind the point may round up into one more before it */
    if (from.scale > e->type.scale) inner++;
    return inner < digits ? inner : digits;
}

bool expr_decimal_overflows(const struct expr *e)
{
    uint32_t a = digits_before_point(e->args[0]);
    uint32_t b = digits_before_point(e->args[1]);
    uint32_t room = cast_integer_digits(e->type);
    switch ((enum arith_op)e->op) {
    case ARITH_ADD:
    case ARITH_SUB: return (a > b ? a : b) + 1 > room;
    case ARITH_MUL: return a + b > room;
    case ARITH_MOD: return false;
    case ARITH_DIV:
    case ARITH_AND:
    case ARITH_OR:
    case ARITH_XOR:
    case ARITH_SHL:
    case ARITH_SHR:
    case ARITH_SHL_WRAP:
    case ARITH_SHR_WRAP:
    case ARITH_OP_COUNT: break;
    }
    return true;
}

bool expr_divides_to_null(const struct expr *e, bool sqlite_compat)
{
    if (e->op != ARITH_DIV && e->op != ARITH_MOD) return false;
    if (is_int_phys(e->type.phys) || e->type.phys == PHYS_NUMBER) return true;
    return sqlite_compat || (e->flags & EXPR_DIV_NULL);
}

/* Whether reals divided by zero give NULL is known when the program is compiled, not here. */
static uint8_t arith_flags(const struct expr *e)
{
    enum arith_op op = (enum arith_op)e->op;
    bool ints = is_int_phys(e->type.phys);
    bool divides = op == ARITH_DIV || op == ARITH_MOD;
    bool plain = divides && is_plain_divisor(e->args[1]);
    uint8_t flags = 0;
    if (divides && !plain) flags |= EXPR_NULLABLE;
    switch (op) {
    case ARITH_ADD:
    case ARITH_SUB:
    case ARITH_MUL:
        if (e->type.id == TYPE_DECIMAL ? expr_decimal_overflows(e) : ints) flags |= EXPR_CAN_RAISE;
        break;
    case ARITH_DIV:
    case ARITH_MOD: /* the least number and -1 */
        if (ints && !plain) flags |= EXPR_CAN_RAISE;
        break;
    case ARITH_SHL:
    case ARITH_SHR: flags |= EXPR_CAN_RAISE; break;
    case ARITH_AND:
    case ARITH_OR:
    case ARITH_XOR:
    case ARITH_SHL_WRAP:
    case ARITH_SHR_WRAP:
    case ARITH_OP_COUNT: break;
    }
    return flags;
}

static uint8_t case_flags(const struct expr *e)
{
    if (e->arg_count % 2 == 0) return EXPR_NULLABLE;
    for (uint32_t i = 1; i + 1 < e->arg_count; i += 2)
        if (e->args[i]->flags & EXPR_NULLABLE) return EXPR_NULLABLE;
    return e->args[e->arg_count - 1]->flags & EXPR_NULLABLE;
}

static uint8_t coalesce_flags(const struct expr *e)
{
    for (uint32_t i = 0; i < e->arg_count; i++)
        if (!(e->args[i]->flags & EXPR_NULLABLE)) return 0;
    return EXPR_NULLABLE;
}

static uint8_t cast_flags(const struct expr *e)
{
    uint8_t flags = e->args[0]->flags & EXPR_NULLABLE;
    if (e->op == EXPR_CAST_TRY) return EXPR_NULLABLE;
    if (cast_can_raise(e->args[0]->type, e->type, e->op == EXPR_CAST_SQLITE))
        flags |= EXPR_CAN_RAISE;
    return flags;
}

/* The flags of an operator node. Most are strict: they are NULL if an argument is. */
static uint8_t node_flags(const struct expr *e, uint8_t of_args)
{
    uint8_t strict = of_args & EXPR_NULLABLE;
    switch ((enum expr_kind)e->kind) {
    case EXPR_ARITH: return strict | arith_flags(e);
    case EXPR_UNARY:
        return e->op != UNARY_BITNOT && is_int_phys(e->type.phys) && e->type.id != TYPE_DECIMAL
                   ? strict | EXPR_CAN_RAISE
                   : strict;
    case EXPR_COMPARE:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_IN: return strict;
    case EXPR_LIKE:
        return e->arg_count > 2 && e->args[2]->kind != EXPR_CONST ? strict | EXPR_CAN_RAISE
                                                                  : strict;
    case EXPR_DISTINCT:
    case EXPR_IS_NULL:
    case EXPR_IS_NOT_NULL:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE: return 0;
    case EXPR_CASE: return case_flags(e);
    case EXPR_COALESCE: return coalesce_flags(e);
    case EXPR_NULLIF: return EXPR_NULLABLE;
    case EXPR_CAST: return cast_flags(e);
    case EXPR_CALL: {
        uint8_t flags = EXPR_NULLABLE;
        if (e->function->flags & FUNC_CAN_RAISE) flags |= EXPR_CAN_RAISE;
        if (e->function->flags & FUNC_VOLATILE) flags |= EXPR_VOLATILE;
        return flags;
    }
    case EXPR_CONST:
    case EXPR_COLUMN:
    case EXPR_PARAM:
    case EXPR_KIND_COUNT: break;
    }
    return strict;
}

static void finish(struct expr *e)
{
    uint8_t of_args = 0;
    uint64_t hash = hash_head(e);
    for (uint32_t i = 0; i < e->arg_count; i++) {
        of_args |= e->args[i]->flags;
        hash = (hash ^ e->args[i]->hash) * UINT64_C(0xc4ceb9fe1a85ec53);
        hash ^= hash >> 29;
    }
    /* a distance, so that hashes are the same wherever the library is loaded */
    if (e->kind == EXPR_CALL)
        hash ^= (uint64_t)((uintptr_t)e->function - (uintptr_t)function_at(0));
    enum { INHERITED = EXPR_CAN_RAISE | EXPR_VOLATILE | EXPR_HAS_COLUMN | EXPR_HAS_PARAM };
    e->flags |= (of_args & INHERITED) | node_flags(e, of_args);
    e->hash = fold(hash);
}

static llkv_code make(struct cx *cx, struct expr head, const struct expr *const *args,
                      const struct expr **out)
{
    struct expr *e = cx_alloc(cx, sizeof *e + head.arg_count * sizeof *args);
    if (e == NULL) return LLKV_NOMEM;
    const struct expr **copy = (const struct expr **)(void *)(e + 1);
    for (uint32_t i = 0; i < head.arg_count; i++) {
        CHECK(cx, args[i] != NULL);
        copy[i] = args[i];
    }
    *e = head;
    e->args = copy;
    finish(e);
    *out = e;
    return LLKV_OK;
}

llkv_code expr_make(struct cx *cx, enum expr_kind kind, uint8_t op, struct type type,
                    const struct expr *const *args, uint32_t arg_count, int32_t at,
                    const struct expr **out)
{
    CHECK(cx, kind > EXPR_PARAM);
    CHECK(cx, kind < EXPR_CALL);
    CHECK(cx, arg_count > 0);
    struct expr head = {
        .kind = (uint8_t)kind, .op = op, .type = type, .arg_count = arg_count, .at = at};
    return make(cx, head, args, out);
}

llkv_code expr_call(struct cx *cx, const struct function *function, struct type type,
                    const struct expr *const *args, uint32_t arg_count, int32_t at,
                    const struct expr **out)
{
    CHECK(cx, function != NULL);
    struct expr head = {.kind = EXPR_CALL, .type = type, .arg_count = arg_count, .at = at};
    head.function = function;
    return make(cx, head, args, out);
}

llkv_code expr_with_args(struct cx *cx, const struct expr *e, const struct expr *const *args,
                         const struct expr **out)
{
    bool same = true;
    for (uint32_t i = 0; i < e->arg_count; i++)
        same &= args[i] == e->args[i];
    *out = e;
    if (same) return LLKV_OK;
    struct expr head = *e;
    head.flags &= EXPR_DIV_NULL;
    return make(cx, head, args, out);
}
