/* expr.c -- expressions: one function per kind of node. */
#include "plan/bind/bind.h"

#define NODE(type, n) ((const struct type *)(n))

static llkv_code bind_ast_unary(struct binder *b, struct scope *s, const struct ast *n,
                                const struct expr **out)
{
    const struct ast_unary *u = NODE(ast_unary, n);
    if (n->op == AST_UNARY_MINUS && u->value->kind == AST_LITERAL &&
        u->value->op >= AST_LITERAL_INTEGER && u->value->op <= AST_LITERAL_REAL)
        return bind_literal(b, NODE(ast_literal, u->value), true, out);
    const struct expr *value;
    TRY(bind_expr(b, s, u->value, &value));
    return bind_unary(b, n->op, value, bind_at(b, n), out);
}

/* Long chains lean to the left: walk them without recursion. */
static llkv_code bind_ast_binary(struct binder *b, struct scope *s, const struct ast *n,
                                 const struct expr **out)
{
    VEC(const struct ast_binary *) spine = {0};
    while (n->kind == AST_BINARY && !bind_is_row_compare(NODE(ast_binary, n))) {
        VEC_PUSH(b->cx, &spine, NODE(ast_binary, n));
        n = NODE(ast_binary, n)->left;
    }
    const struct expr *e;
    if (n->kind == AST_BINARY)
        TRY(bind_row_compare(b, s, NODE(ast_binary, n), &e));
    else
        TRY(bind_expr(b, s, n, &e));
    for (uint32_t i = spine.count; i-- > 0;) {
        const struct ast_binary *node = spine.items[i];
        const struct expr *right;
        TRY(bind_expr(b, s, node->right, &right));
        TRY(bind_binary(b, node->base.op, e, right, bind_at(b, &node->base), &e));
    }
    *out = e;
    return LLKV_OK;
}

static llkv_code bind_ast_logic(struct binder *b, struct scope *s, const struct ast *n,
                                const struct expr **out)
{
    const struct ast_logic *logic = NODE(ast_logic, n);
    const struct expr **args = cx_alloc_array(b->cx, logic->operands.count, sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < logic->operands.count; i++)
        TRY(bind_condition(b, s, logic->operands.items[i], &args[i]));
    enum expr_kind kind = n->op == AST_LOGIC_AND ? EXPR_AND : EXPR_OR;
    return bind_logic(b, kind, args, logic->operands.count, bind_at(b, n), out);
}

static llkv_code bind_ast_is(struct binder *b, struct scope *s, const struct ast *n,
                             const struct expr **out)
{
    const struct expr *value;
    bool negated = (n->flags & AST_NEGATED) != 0;
    TRY(bind_expr(b, s, NODE(ast_is, n)->value, &value));
    struct type boolean = type_of(TYPE_BOOLEAN);
    int32_t at = bind_at(b, n);
    if (n->op == AST_IS_NULL || n->op == AST_IS_UNKNOWN) {
        if (n->op == AST_IS_UNKNOWN) TRY(bind_to_condition(b, value, &value));
        return bind_make(b, negated ? EXPR_IS_NOT_NULL : EXPR_IS_NULL, 0, boolean, &value, 1, at,
                         out);
    }
    TRY(bind_to_condition(b, value, &value));
    return bind_make(b, n->op == AST_IS_TRUE ? EXPR_IS_TRUE : EXPR_IS_FALSE, negated, boolean,
                     &value, 1, at, out);
}

static llkv_code between(struct binder *b, const struct expr *value, const struct expr *low,
                         const struct expr *high, int32_t at, const struct expr **out)
{
    const struct expr *args[2];
    TRY(bind_compare(b, CMP_GE, value, low, at, &args[0]));
    TRY(bind_compare(b, CMP_LE, value, high, at, &args[1]));
    return bind_logic(b, EXPR_AND, args, 2, at, out);
}

static llkv_code bind_ast_between(struct binder *b, struct scope *s, const struct ast *n,
                                  const struct expr **out)
{
    const struct ast_between *node = NODE(ast_between, n);
    const struct expr *value, *low, *high, *e;
    int32_t at = bind_at(b, n);
    TRY(bind_expr(b, s, node->value, &value));
    TRY(bind_expr(b, s, node->low, &low));
    TRY(bind_expr(b, s, node->high, &high));
    TRY(between(b, value, low, high, at, &e));
    if ((n->flags & AST_BETWEEN_SYMMETRIC) != 0) {
        const struct expr *either[2] = {e, NULL};
        TRY(between(b, value, high, low, at, &either[1]));
        TRY(bind_logic(b, EXPR_OR, either, 2, at, &e));
    }
    if ((n->flags & AST_NEGATED) != 0) return bind_not(b, e, at, out);
    *out = e;
    return LLKV_OK;
}

static llkv_code bind_ast_like(struct binder *b, struct scope *s, const struct ast *n,
                               const struct expr **out)
{
    const struct ast_like *node = NODE(ast_like, n);
    int32_t at = bind_at(b, n);
    if (n->op != AST_LIKE_LIKE && n->op != AST_LIKE_ILIKE)
        return bind_unsupported(b, n,
                                n->op == AST_LIKE_GLOB      ? "GLOB"
                                : n->op == AST_LIKE_SIMILAR ? "SIMILAR TO"
                                : n->op == AST_LIKE_MATCH   ? "MATCH"
                                                            : "matching of regular expressions");
    const struct expr *args[3];
    uint32_t count = node->escape == NULL ? 2 : 3;
    TRY(bind_expr(b, s, node->value, &args[0]));
    TRY(bind_expr(b, s, node->pattern, &args[1]));
    if (node->escape != NULL) TRY(bind_expr(b, s, node->escape, &args[2]));
    bool compat = b->settings->sqlite_compat;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t id = args[i]->type.id;
        if (compat || id == TYPE_NULL)
            TRY(bind_cast(b, args[i], type_of(TYPE_VARCHAR), EXPR_CAST_PLAIN, at, &args[i]));
        if (args[i]->type.id != TYPE_VARCHAR) {
            char text[32];
            type_print(args[i]->type, text, sizeof text);
            return cx_fail_at(b->cx, LLKV_TYPE, at, "42883", "LIKE needs texts, this is %s", text);
        }
    }
    uint8_t op = n->op == AST_LIKE_ILIKE || compat ? EXPR_LIKE_NOCASE : 0;
    if ((n->flags & AST_NEGATED) != 0) op |= EXPR_LIKE_NOT;
    return bind_make(b, EXPR_LIKE, op, type_of(TYPE_BOOLEAN), args, count, at, out);
}

/* EXPR_IN takes constants and parameters; anything else becomes comparisons. */
static bool in_list_plain(const struct expr *const *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i]->kind != EXPR_CONST && items[i]->kind != EXPR_PARAM) return false;
    return true;
}

static llkv_code in_as_or(struct binder *b, const struct expr *const *args, uint32_t count,
                          int32_t at, const struct expr **out)
{
    const struct expr **terms = cx_alloc_array(b->cx, count, sizeof *terms);
    if (terms == NULL) return LLKV_NOMEM;
    for (uint32_t i = 1; i < count; i++)
        TRY(bind_compare(b, CMP_EQ, args[0], args[i], at, &terms[i - 1]));
    return bind_logic(b, EXPR_OR, terms, count - 1, at, out);
}

static llkv_code in_list(struct binder *b, const struct expr **args, uint32_t count, bool negated,
                         int32_t at, const struct expr **out)
{
    if (count == 1) return bind_bool(b, negated, at, out); /* IN (): false, for NULL as well */
    struct type type = args[0]->type;
    for (uint32_t i = 1; i < count; i++) {
        const struct expr probe = *args[0];
        struct expr left = probe;
        left.type = type;
        if (!bind_common_type(b, COMMON_COMPARE, &left, args[i], &type))
            return cx_fail_at(
                b->cx, LLKV_TYPE, args[i]->at, "42883",
                "the list of IN holds values that cannot be compared with its left side");
    }
    if (type.id == TYPE_NULL) return bind_null(b, type_of(TYPE_BOOLEAN), at, out);
    bool same = true; /* one type for all, or each compared on its own terms */
    for (uint32_t i = 0; i < count && same; i++)
        same = type_is_numeric(type) == type_is_numeric(args[i]->type) ||
               args[i]->type.id == TYPE_NULL || (args[i]->flags & EXPR_LITERAL) != 0;
    const struct expr *e;
    if (same) {
        for (uint32_t i = 0; i < count; i++)
            TRY(bind_coerce(b, args[i], type, "an item of IN", &args[i]));
    }
    if (same && in_list_plain(args + 1, count - 1))
        return bind_make(b, EXPR_IN, negated, type_of(TYPE_BOOLEAN), args, count, at, out);
    TRY(in_as_or(b, args, count, at, &e));
    if (negated) return bind_not(b, e, at, out);
    *out = e;
    return LLKV_OK;
}

static llkv_code bind_ast_in_list(struct binder *b, struct scope *s, const struct ast *n,
                                  const struct expr **out)
{
    const struct ast_in_list *node = NODE(ast_in_list, n);
    if (node->value->kind == AST_ROW) return bind_row_in_list(b, s, node, out);
    const struct expr **args = cx_alloc_array(b->cx, node->items.count + 1u, sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    TRY(bind_expr(b, s, node->value, &args[0]));
    for (uint32_t i = 0; i < node->items.count; i++)
        TRY(bind_expr(b, s, node->items.items[i], &args[i + 1]));
    bool negated = (n->flags & AST_NEGATED) != 0;
    return in_list(b, args, node->items.count + 1, negated, bind_at(b, n), out);
}

static llkv_code bind_row_in_query(struct binder *b, struct scope *s, const struct ast *row,
                                   const struct ast_query *query, int32_t at,
                                   const struct expr **out)
{
    uint32_t count = NODE(ast_row, row)->items.count;
    const struct expr **left = cx_alloc_array(b->cx, count + 1u, sizeof *left);
    if (left == NULL) return LLKV_NOMEM;
    if (count == 0) return bind_unsupported(b, row, "a row without values");
    TRY(bind_row(b, s, row, count, left));
    return bind_row_in(b, s, left, count, query, at, out);
}

static llkv_code bind_ast_in_query(struct binder *b, struct scope *s, const struct ast *n,
                                   const struct expr **out)
{
    const struct ast_in_query *node = NODE(ast_in_query, n);
    const struct expr *left, *e;
    int32_t at = bind_at(b, n);
    if (node->value->kind == AST_ROW) {
        TRY(bind_row_in_query(b, s, node->value, node->query, at, &e));
    } else {
        TRY(bind_expr(b, s, node->value, &left));
        TRY(bind_quantified(b, s, left, CMP_EQ, false, node->query, at, &e));
    }
    if ((n->flags & AST_NEGATED) != 0) return bind_not(b, e, at, out);
    *out = e;
    return LLKV_OK;
}

static llkv_code bind_ast_in_table(struct binder *b, struct scope *s, const struct ast *n,
                                   const struct expr **out)
{
    const struct ast_in_table *node = NODE(ast_in_table, n);
    const struct expr *left, *e;
    int32_t at = bind_at(b, n);
    if (node->source->kind != AST_COLUMN)
        return bind_unsupported(b, node->source, "IN over a list or table function");
    const struct ast_path *path = &NODE(ast_column, node->source)->path;
    if (bind_column_exists(s, path)) return bind_unsupported(b, node->source, "IN over a list");
    TRY(bind_expr(b, s, node->value, &left));
    TRY(bind_in_object(b, s, left, path, at, &e));
    if ((n->flags & AST_NEGATED) != 0) return bind_not(b, e, at, out);
    *out = e;
    return LLKV_OK;
}

static enum compare_op compare_of(uint16_t op)
{
    switch (op) {
    case AST_BINARY_EQ: return CMP_EQ;
    case AST_BINARY_NE: return CMP_NE;
    case AST_BINARY_LT: return CMP_LT;
    case AST_BINARY_LE: return CMP_LE;
    case AST_BINARY_GT: return CMP_GT;
    default: return CMP_GE;
    }
}

static llkv_code bind_ast_quantified(struct binder *b, struct scope *s, const struct ast *n,
                                     const struct expr **out)
{
    const struct ast_quantified *node = NODE(ast_quantified, n);
    if (node->query == NULL) return bind_unsupported(b, n, "ANY and ALL over a list");
    if (n->op >= AST_QUANTIFIED_LIKE) return bind_unsupported(b, n, "LIKE ANY and LIKE ALL");
    const struct expr *left;
    bool all = (n->flags & AST_QUANTIFIED_ALL) != 0;
    if (node->left->kind == AST_ROW) {
        if (all || n->op != AST_BINARY_EQ)
            return bind_unsupported(b, n, "ANY and ALL over rows (but = ANY)");
        return bind_row_in_query(b, s, node->left, node->query, bind_at(b, n), out);
    }
    TRY(bind_expr(b, s, node->left, &left));
    return bind_quantified(b, s, left, compare_of(n->op), all, node->query, bind_at(b, n), out);
}

/* Drop arms whose condition is known; *io_count: of args. */
static void drop_dead_arms(const struct expr **args, uint32_t *io_count)
{
    uint32_t n = 0, count = *io_count;
    const struct expr *otherwise = args[count - 1];
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        const struct expr *condition = args[i];
        bool known = condition->kind == EXPR_CONST;
        if (known && (condition->value->is_null || !condition->value->b)) continue;
        if (known) {
            otherwise = args[i + 1];
            break;
        }
        args[n++] = condition;
        args[n++] = args[i + 1];
    }
    args[n++] = otherwise;
    *io_count = n;
}

static llkv_code unify_arms(struct binder *b, const struct expr **args, uint32_t count,
                            struct type *out_type)
{
    uint32_t values = count / 2 + 1;
    const struct expr **results = cx_alloc_array(b->cx, values, sizeof *results);
    if (results == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i + 1 < values; i++)
        results[i] = args[2 * i + 1];
    results[values - 1] = args[count - 1];
    TRY(bind_unify(b, results, values, "the arms of CASE", out_type));
    for (uint32_t i = 0; i + 1 < values; i++)
        args[2 * i + 1] = results[i];
    args[count - 1] = results[values - 1];
    return LLKV_OK;
}

/* All arms decide the type; under sqlite_compat, where types go with values, only those that can be
 * reached. */
static llkv_code finish_case(struct binder *b, const struct expr **args, uint32_t count, int32_t at,
                             const struct expr **out)
{
    struct type type;
    bool compat = b->settings->sqlite_compat;
    if (compat) drop_dead_arms(args, &count);
    TRY(unify_arms(b, args, count, &type));
    if (!compat) drop_dead_arms(args, &count);
    if (count == 1) {
        *out = args[0];
        return LLKV_OK;
    }
    return bind_make(b, EXPR_CASE, 0, type, args, count, at, out);
}

static llkv_code bind_ast_case(struct binder *b, struct scope *s, const struct ast *n,
                               const struct expr **out)
{
    const struct ast_case *node = NODE(ast_case, n);
    uint32_t count = node->whens.count * 2 + 1;
    const struct expr **args = cx_alloc_array(b->cx, count, sizeof *args);
    const struct expr *operand = NULL;
    if (args == NULL) return LLKV_NOMEM;
    if (node->operand != NULL) TRY(bind_expr(b, s, node->operand, &operand));
    for (uint32_t i = 0; i < node->whens.count; i++) {
        const struct ast_when *when = NODE(ast_when, node->whens.items[i]);
        if (operand == NULL) {
            TRY(bind_condition(b, s, when->condition, &args[2 * i]));
        } else {
            const struct expr *value;
            TRY(bind_expr(b, s, when->condition, &value));
            TRY(bind_compare(b, CMP_EQ, operand, value, bind_at(b, &when->base), &args[2 * i]));
        }
        TRY(bind_expr(b, s, when->result, &args[2 * i + 1]));
    }
    int32_t at = bind_at(b, n);
    if (node->otherwise != NULL)
        TRY(bind_expr(b, s, node->otherwise, &args[count - 1]));
    else
        TRY(bind_null(b, type_of(TYPE_NULL), at, &args[count - 1]));
    return finish_case(b, args, count, at, out);
}

/* What was cast has a type, even if a literal stands there. */
static llkv_code bind_settled(struct binder *b, const struct expr *e, const struct expr **out)
{
    *out = e;
    if ((e->flags & EXPR_LITERAL) == 0 || e->kind != EXPR_CONST) return LLKV_OK;
    return expr_const(b->cx, e->value, e->at, out);
}

static llkv_code bind_ast_cast(struct binder *b, struct scope *s, const struct ast *n,
                               const struct expr **out)
{
    const struct ast_cast *node = NODE(ast_cast, n);
    const struct expr *value;
    struct type type;
    int32_t at = bind_at(b, n);
    TRY(bind_expr(b, s, node->value, &value));
    TRY(bind_type(b, node->type, &type));
    enum expr_cast mode = (n->flags & AST_CAST_TRY) != 0 ? EXPR_CAST_TRY
                          : b->settings->sqlite_compat   ? EXPR_CAST_SQLITE
                                                         : EXPR_CAST_PLAIN;
    if (type.id != TYPE_VARCHAR || type.length == 0) {
        TRY(bind_cast(b, value, type, mode, at, out));
        return bind_settled(b, *out, out);
    }
    const struct expr *args[3], *from;
    TRY(bind_cast(b, value, type_of(TYPE_VARCHAR), mode, at, &args[0]));
    TRY(bind_int(b, 1, at, &from));
    args[1] = from;
    TRY(bind_int(b, type.length, at, &args[2]));
    return bind_function(b, SLICE("substring"), args, 3, at, out);
}

static llkv_code bind_ast_typed(struct binder *b, const struct ast *n, const struct expr **out)
{
    const struct ast_typed *node = NODE(ast_typed, n);
    struct type type;
    TRY(bind_type(b, node->type, &type));
    struct value text = {.type = type_of(TYPE_VARCHAR)}, value;
    text.s = node->text;
    TRY(value_cast(b->cx, &text, type, false, bind_at(b, n), &value));
    value.type = type;
    return expr_const(b->cx, &value, bind_at(b, n), out);
}

/* INTERVAL (x) DAY: to_days(x). */
static llkv_code interval_call(struct binder *b, const struct ast *n, const struct expr *value,
                               const struct expr **out)
{
    static const char *const functions[] = {
        NULL,       "to_microseconds", "to_milliseconds", "to_seconds",  "to_minutes",
        "to_hours", "to_days",         "to_weeks",        "to_months",   "to_quarters",
        "to_years", "to_decades",      "to_centuries",    "to_millennia"};
    int32_t at = bind_at(b, n);
    if (n->op == AST_UNIT_NONE || value->type.id == TYPE_VARCHAR)
        return bind_cast(b, value, type_of(TYPE_INTERVAL), EXPR_CAST_PLAIN, at, out);
    return bind_function(b, slice_of(functions[n->op]), &value, 1, at, out);
}

/* INTERVAL '3' DAY, INTERVAL 3 DAY, INTERVAL '1 day 2 hours', INTERVAL (x + 1) MONTH. */
static llkv_code bind_ast_interval(struct binder *b, struct scope *s, const struct ast *n,
                                   const struct expr **out)
{
    static const char *const units[] = {
        "",     "microsecond", "millisecond", "second", "minute", "hour",    "day",
        "week", "month",       "quarter",     "year",   "decade", "century", "millennium"};
    const struct ast_interval *node = NODE(ast_interval, n);
    if (node->last_unit != AST_UNIT_NONE) return bind_unsupported(b, n, "INTERVAL ... TO ...");
    const struct expr *value;
    int32_t at = bind_at(b, n);
    TRY(bind_expr(b, s, node->value, &value));
    if (value->kind == EXPR_CONST && value->value->is_null)
        return bind_null(b, type_of(TYPE_INTERVAL), at, out);
    if (value->kind != EXPR_CONST) return interval_call(b, n, value, out);
    struct slice text;
    TRY(value_to_text(b->cx, value->value, &text));
    struct value from = {.type = type_of(TYPE_VARCHAR)}, interval;
    const char *whole = cx_printf(b->cx, "%.*s%s%s", SLICE_ARG(text),
                                  n->op == AST_UNIT_NONE ? "" : " ", units[n->op]);
    if (whole == NULL) return LLKV_NOMEM;
    from.s = slice_of(whole);
    TRY(value_cast(b->cx, &from, type_of(TYPE_INTERVAL), false, at, &interval));
    interval.type = type_of(TYPE_INTERVAL);
    return expr_const(b->cx, &interval, at, out);
}

static llkv_code bind_ast_param(struct binder *b, const struct ast *n, const struct expr **out)
{
    const struct ast_param *node = NODE(ast_param, n);
    struct plan *plan = b->plan;
    if (b->view_depth != 0) /* of a definition; only a damaged file has such */
        return cx_fail_at(b->cx, LLKV_CORRUPT, -1, NULL, "a definition holds a parameter");
    while (plan->parameter_types.count < node->number)
        VEC_PUSH(b->cx, &plan->parameter_types, type_of(TYPE_NULL));
    uint32_t index = node->number - 1;
    struct type *type = &plan->parameter_types.items[index];
    if (b->env->params != NULL && index < b->env->param_count) *type = b->env->params[index].type;
    return expr_param(b->cx, index, *type, bind_at(b, n), out);
}

/* Kinds that are in the language and not here. */
static const char *unsupported_name(const struct ast *n)
{
    switch (n->kind) {
    case AST_POSITION: return "#n";
    case AST_ROW: return "a row as a value";
    case AST_ARRAY: return "a list";
    case AST_STRUCT: return "a struct";
    case AST_MAP: return "a map";
    case AST_SUBSCRIPT:
    case AST_SLICE: return "subscripting";
    case AST_FIELD: return "field access";
    case AST_LAMBDA: return "a lambda";
    case AST_COLLATE: return "COLLATE";
    case AST_AT_ZONE: return "AT TIME ZONE";
    case AST_GROUPING: return "GROUPING";
    default: return "this expression";
    }
}

static llkv_code bind_kind(struct binder *b, struct scope *s, const struct ast *n,
                           const struct expr **out)
{
    switch (n->kind) {
    case AST_LITERAL: return bind_literal(b, NODE(ast_literal, n), false, out);
    case AST_COLUMN: return bind_column(b, s, NODE(ast_column, n), out);
    case AST_PARAM: return bind_ast_param(b, n, out);
    case AST_UNARY: return bind_ast_unary(b, s, n, out);
    case AST_BINARY: return bind_ast_binary(b, s, n, out);
    case AST_LOGIC: return bind_ast_logic(b, s, n, out);
    case AST_IS: return bind_ast_is(b, s, n, out);
    case AST_BETWEEN: return bind_ast_between(b, s, n, out);
    case AST_LIKE: return bind_ast_like(b, s, n, out);
    case AST_IN_LIST: return bind_ast_in_list(b, s, n, out);
    case AST_IN_QUERY: return bind_ast_in_query(b, s, n, out);
    case AST_IN_TABLE: return bind_ast_in_table(b, s, n, out);
    case AST_EXISTS: return bind_exists(b, s, NODE(ast_exists, n)->query, out);
    case AST_SUBQUERY:
        if ((n->flags & AST_SUBQUERY_ARRAY) != 0) return bind_unsupported(b, n, "ARRAY(query)");
        return bind_scalar_query(b, s, NODE(ast_subquery, n)->query, out);
    case AST_QUANTIFIED: return bind_ast_quantified(b, s, n, out);
    case AST_CASE: return bind_ast_case(b, s, n, out);
    case AST_CAST: return bind_ast_cast(b, s, n, out);
    case AST_CALL: return bind_call(b, s, NODE(ast_call, n), out);
    case AST_TYPED: return bind_ast_typed(b, n, out);
    case AST_INTERVAL: return bind_ast_interval(b, s, n, out);
    case AST_STAR:
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, n), NULL, "* is not allowed here");
    case AST_DEFAULT:
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, n), NULL, "DEFAULT is not allowed here");
    default: return bind_unsupported(b, n, unsupported_name(n));
    }
}

llkv_code bind_expr(struct binder *b, struct scope *scope, const struct ast *node,
                    const struct expr **out)
{
    llkv_code rc = cx_enter(b->cx);
    if (rc != LLKV_OK) return cx_place(b->cx, rc, bind_at(b, node));
    TRY(bind_kind(b, scope, node, out));
    cx_leave(b->cx);
    return LLKV_OK;
}

llkv_code bind_condition(struct binder *b, struct scope *scope, const struct ast *node,
                         const struct expr **out)
{
    const struct expr *e;
    TRY(bind_expr(b, scope, node, &e));
    return bind_to_condition(b, e, out);
}

llkv_code bind_stored_expr(struct binder *b, struct scope *scope, const char *sql,
                           const struct expr **out)
{
    struct ast *node;
    struct lnode *one = scope->node;
    struct sql_options options = {.sqlite_compat = b->settings->sqlite_compat};
    struct slice text = slice_of(sql), outer_text = b->cx->text;
    b->cx->text = text;
    llkv_code rc = sql_parse_expression(b->cx, &options, text, &node);
    b->cx->text = outer_text;
    if (rc != LLKV_OK) return rc;
    uint32_t depth = b->view_depth;
    int32_t at = b->view_at;
    /* A subquery would be joined to it, and is found so: statements refuse them. */
    if (one == NULL) TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &one));
    scope->node = one;
    b->view_depth = depth + 1;
    if (depth == 0) b->view_at = -1;
    rc = bind_expr(b, scope, node, out);
    b->view_depth = depth;
    b->view_at = at;
    if (rc == LLKV_OK && scope->node != one)
        rc = cx_fail(b->cx, LLKV_CORRUPT, "a definition holds a subquery where none can be");
    return rc;
}
