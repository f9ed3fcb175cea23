/* call.c -- function calls: forms that are expressions, overloads, aggregates. */
#include "plan/bind/bind.h"

static bool call_is(const struct ast_call *call, const char *name)
{
    return call->name.count == 1 && slice_equal_folded(call->name.parts[0].text, slice_of(name));
}

/* ---- overloads ---- */

enum { COST_NONE = 1000000 };

/* What it costs to hand `e` to a parameter of type `to`; COST_NONE: impossible. */
static int arg_cost(const struct binder *b, const struct function *f, const struct expr *e,
                    uint8_t to)
{
    if (to == TYPE_NULL || e->type.id == to) return 0;
    if (e->type.id == TYPE_NULL) return 1;
    struct type target = type_of((enum type_id)to), common;
    if (e->type.id == TYPE_VARCHAR && (e->flags & EXPR_LITERAL) != 0) return 20;
    if (to == TYPE_VARCHAR && (f->flags & FUNC_TEXT_ANY) != 0) return 30;
    if (b->settings->sqlite_compat && to == TYPE_VARCHAR) return 40;
    if (type_is_numeric(e->type) && type_is_numeric(target)) {
        if (to == TYPE_DECIMAL) return type_is_integer(e->type) ? 8 : COST_NONE;
        if (!bind_common_of(b, COMMON_COMPARE, e->type, target, &common)) return COST_NONE;
        if (common.id == to) return 1 + (int)to - (int)e->type.id + (type_is_float(target) ? 8 : 0);
        bool literal = (e->flags & EXPR_LITERAL) != 0 && type_is_integer(target);
        bool index = type_is_integer(e->type) && to == TYPE_BIGINT;
        return literal || index ? 10 : COST_NONE;
    }
    if (type_is_temporal(e->type) && type_is_temporal(target) &&
        bind_common_of(b, COMMON_COMPARE, e->type, target, &common) && common.id == to)
        return 5;
    return COST_NONE;
}

static uint8_t param_type(const struct function *f, uint32_t i)
{
    uint32_t last = f->arg_count_max == 255 ? f->arg_count_min : f->arg_count_max;
    if (last == 0) last = 1;
    if (last > FUNC_ARGS_MAX) last = FUNC_ARGS_MAX;
    return f->arg_types[i < last ? i : last - 1];
}

static int overload_cost(const struct binder *b, const struct function *f,
                         const struct expr *const *args, uint32_t count)
{
    if (count < f->arg_count_min || (f->arg_count_max != 255 && count > f->arg_count_max))
        return COST_NONE;
    int cost = 0;
    for (uint32_t i = 0; i < count; i++) {
        int c = arg_cost(b, f, args[i], param_type(f, i));
        if (c >= COST_NONE) return COST_NONE;
        cost += c;
    }
    return cost;
}

/* Functions of the language that are not here. */
static bool is_later(struct slice name)
{
    static const char *const names[] = {"approx_count_distinct",
                                        "approx_quantile",
                                        "arg_max",
                                        "arg_min",
                                        "array_agg",
                                        "corr",
                                        "covar_pop",
                                        "covar_samp",
                                        "cume_dist",
                                        "currval",
                                        "dense_rank",
                                        "favg",
                                        "first_value",
                                        "fsum",
                                        "gen_random_uuid",
                                        "geomean",
                                        "glob",
                                        "histogram",
                                        "julianday",
                                        "kahan_sum",
                                        "lag",
                                        "last_value",
                                        "lead",
                                        "list",
                                        "mad",
                                        "max_by",
                                        "median",
                                        "min_by",
                                        "mode",
                                        "nextval",
                                        "nth_value",
                                        "ntile",
                                        "overlay",
                                        "percent_rank",
                                        "percentile_cont",
                                        "percentile_disc",
                                        "printf",
                                        "product",
                                        "quantile",
                                        "quantile_cont",
                                        "quantile_disc",
                                        "rank",
                                        "regexp_matches",
                                        "regexp_replace",
                                        "regr_slope",
                                        "row_number",
                                        "setseed",
                                        "strptime",
                                        "struct_pack",
                                        "sumkahan",
                                        "test_all_types",
                                        "time_bucket",
                                        "try",
                                        "try_strptime",
                                        "unnest",
                                        "uuid"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (slice_equal_folded(slice_of(names[i]), name)) return true;
    return false;
}

static llkv_code no_overload(struct binder *b, struct slice name, const struct expr *const *args,
                             uint32_t count, int32_t at, bool known)
{
    char types[256];
    size_t used = 0;
    types[0] = '\0';
    for (uint32_t i = 0; i < count && used + 40 < sizeof types; i++) {
        if (i > 0) types[used++] = ',', types[used++] = ' ';
        used += type_print(args[i]->type, types + used, sizeof types - used);
    }
    if (!known && is_later(name))
        return cx_fail_at(b->cx, LLKV_UNSUPPORTED, at, NULL, "function %.*s is not supported",
                          SLICE_ARG(name));
    char first = name.data[0];
    bool word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_';
    if (!word)
        return cx_fail_at(b->cx, LLKV_TYPE, at, "42883", "there is no operator %.*s for %s",
                          SLICE_ARG(name), types);
    llkv_code rc = cx_fail_at(b->cx, LLKV_NAME, at, "42883", "there is no function %.*s(%s)",
                              SLICE_ARG(name), types);
    if (known) return cx_hint(b->cx, "there is one for other arguments; write CAST(... AS type)");
    const char *near = function_suggest(name);
    return near == NULL ? rc : cx_hint(b->cx, "did you mean %s?", near);
}

static llkv_code widest_type(struct binder *b, const struct function *f,
                             const struct expr *const *args, uint32_t count, struct type *out)
{
    *out = args[0]->type;
    for (uint32_t i = 1; i < count; i++)
        if (!bind_common_of(b, COMMON_RESULT, *out, args[i]->type, out))
            return cx_fail_at(b->cx, LLKV_TYPE, args[i]->at, "42804",
                              "the arguments of %s do not fit together", f->name);
    return LLKV_OK;
}

static llkv_code cast_arg(struct binder *b, const struct function *f, const struct expr *e,
                          uint32_t i, const struct expr **out)
{
    uint8_t to = param_type(f, i);
    *out = e;
    if (to == TYPE_NULL || e->type.id == to) return LLKV_OK;
    return bind_cast(b, e, type_of((enum type_id)to), EXPR_CAST_PLAIN, e->at, out);
}

static const struct function *best_overload(struct binder *b, const struct function *list,
                                            uint32_t overloads, const struct expr *const *args,
                                            uint32_t count)
{
    const struct function *best = NULL;
    int best_cost = COST_NONE;
    for (uint32_t i = 0; i < overloads; i++) {
        int cost = overload_cost(b, &list[i], args, count);
        if (cost >= best_cost) continue;
        best = &list[i];
        best_cost = cost;
    }
    return best;
}

llkv_code bind_function(struct binder *b, struct slice name, const struct expr **args,
                        uint32_t count, int32_t at, const struct expr **out)
{
    uint32_t overloads;
    const struct function *list = function_find(name, &overloads);
    const struct function *best = best_overload(b, list, overloads, args, count);
    if (best == NULL) return no_overload(b, name, args, count, at, overloads > 0);
    const struct expr **cast = cx_alloc_array(b->cx, count + 1, sizeof *cast);
    if (cast == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        TRY(cast_arg(b, best, args[i], i, &cast[i]));
    struct type type = type_of((enum type_id)best->result_type);
    if (best->result_rule == FUNC_RESULT_FIRST_ARG && count > 0) type = cast[0]->type;
    if (best->result_rule == FUNC_RESULT_WIDEST_ARG && count > 0) {
        TRY(widest_type(b, best, cast, count, &type));
        for (uint32_t i = 0; i < count; i++)
            TRY(bind_cast(b, cast[i], type, EXPR_CAST_PLAIN, cast[i]->at, &cast[i]));
    }
    const struct expr *e;
    TRY(expr_call(b->cx, best, type, cast, count, at, &e));
    if ((best->flags & FUNC_STABLE) == 0) return bind_fold(b, e, out);
    b->plan->uses_clock = true;
    *out = e; /* the same within a statement, not within a plan that is kept */
    return LLKV_OK;
}

/* ---- forms that are expressions ---- */

static llkv_code bind_args(struct binder *b, struct scope *s, const struct ast_call *call,
                           const struct expr ***out)
{
    const struct expr **args = cx_alloc_array(b->cx, call->args.count + 2u, sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < call->args.count; i++)
        TRY(bind_expr(b, s, call->args.items[i], &args[i]));
    *out = args;
    return LLKV_OK;
}

static llkv_code wrong_count(struct binder *b, const struct ast_call *call, const char *takes)
{
    return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, &call->base), "42883", "%.*s takes %s",
                      SLICE_ARG(call->name.parts[0].text), takes);
}

/* What stands behind the first constant that is not NULL can never be reached; NULLs are skipped.
 */
static uint32_t drop_unreachable(const struct expr **args, uint32_t count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool constant = args[i]->kind == EXPR_CONST;
        bool last = i + 1 == count;
        if (constant && args[i]->value->is_null && !(last && n == 0)) continue;
        args[n++] = args[i];
        if (constant && !args[i]->value->is_null) break;
    }
    return n;
}

/* As with CASE: under sqlite_compat only arguments that can be reached decide the type. */
static llkv_code bind_coalesce(struct binder *b, struct scope *s, const struct ast_call *call,
                               const struct expr **out)
{
    const struct expr **args;
    if (call->args.count < 1) return wrong_count(b, call, "at least one argument");
    TRY(bind_args(b, s, call, &args));
    struct type type;
    bool compat = b->settings->sqlite_compat;
    uint32_t n = call->args.count;
    if (compat) n = drop_unreachable(args, n);
    TRY(bind_unify(b, args, n, "the arguments of COALESCE", &type));
    if (!compat) n = drop_unreachable(args, n);
    if (n == 1) {
        *out = args[0];
        return LLKV_OK;
    }
    return bind_make(b, EXPR_COALESCE, 0, type, args, n, bind_at(b, &call->base), out);
}

static llkv_code bind_nullif(struct binder *b, struct scope *s, const struct ast_call *call,
                             const struct expr **out)
{
    const struct expr **args, *compared[3];
    if (call->args.count != 2) return wrong_count(b, call, "two arguments");
    TRY(bind_args(b, s, call, &args));
    struct type type;
    int32_t at = bind_at(b, &call->base);
    if (!bind_common_type(b, COMMON_COMPARE, args[0], args[1], &type))
        return cx_fail_at(b->cx, LLKV_TYPE, at, "42883",
                          "the arguments of NULLIF cannot be compared");
    if (type.id == TYPE_NULL || type_equal(args[0]->type, type)) {
        TRY(bind_coerce(b, args[1], args[0]->type, "the second argument", &args[1]));
        return bind_make(b, EXPR_NULLIF, 0, args[0]->type, args, 2, at, out);
    }
    TRY(bind_compare(b, CMP_EQ, args[0], args[1], at, &compared[0]));
    TRY(bind_null(b, args[0]->type, at, &compared[1]));
    compared[2] = args[0];
    return bind_make(b, EXPR_CASE, 0, args[0]->type, compared, 3, at, out);
}

static llkv_code bind_iif(struct binder *b, struct scope *s, const struct ast_call *call,
                          const struct expr **out)
{
    const struct expr *args[3];
    if (call->args.count != 3) return wrong_count(b, call, "three arguments");
    TRY(bind_condition(b, s, call->args.items[0], &args[0]));
    TRY(bind_expr(b, s, call->args.items[1], &args[1]));
    TRY(bind_expr(b, s, call->args.items[2], &args[2]));
    int32_t at = bind_at(b, &call->base);
    struct type type;
    bool known = args[0]->kind == EXPR_CONST;
    if (!known || !b->settings->sqlite_compat)
        TRY(bind_unify(b, args + 1, 2, "the arms of IIF", &type));
    if (known) {
        bool first = !args[0]->value->is_null && args[0]->value->b;
        *out = first ? args[1] : args[2];
        return LLKV_OK;
    }
    return bind_make(b, EXPR_CASE, 0, type, args, 3, at, out);
}

/* SQLite's max(a, b) and min(a, b) of several arguments are greatest and least. */
static struct slice scalar_name(const struct ast_call *call)
{
    if (call->args.count > 1 && call_is(call, "max")) return SLICE("greatest");
    if (call->args.count > 1 && call_is(call, "min")) return SLICE("least");
    return call->name.parts[call->name.count - 1].text;
}

static bool is_aggregate(const struct ast_call *call)
{
    enum agg_op op;
    if (call->name.count != 1) return false;
    if (call->args.count > 1 && (call_is(call, "max") || call_is(call, "min"))) return false;
    return function_aggregate(call->name.parts[0].text, (call->base.flags & AST_CALL_STAR) != 0,
                              &op);
}

static llkv_code refuse_parts(struct binder *b, const struct ast_call *call)
{
    const struct ast *at = &call->base;
    if (call->over != NULL) return bind_unsupported(b, at, "a window function");
    if (call->within_group.count != 0) return bind_unsupported(b, at, "WITHIN GROUP");
    if ((at->flags & (AST_CALL_IGNORE_NULLS | AST_CALL_RESPECT_NULLS)) != 0)
        return bind_unsupported(b, at, "IGNORE NULLS");
    if (call->name.count != 1 || (at->flags & AST_CALL_METHOD) != 0)
        return bind_unsupported(b, at, "a method call");
    return LLKV_OK;
}

/* round(x, n) of a DECIMAL(p, s) has n decimals, floor(x) none. */
static llkv_code cut_scale(struct binder *b, const struct ast_call *call,
                           const struct expr *const *args, const struct expr **io_expr)
{
    static const char *const names[] = {"round", "floor",      "ceil",        "ceiling",
                                        "trunc", "round_even", "roundbankers"};
    const struct expr *e = *io_expr;
    int64_t scale = 0;
    bool rounds = false;
    if (e->type.id != TYPE_DECIMAL || call->args.count == 0) return LLKV_OK;
    for (size_t i = 0; i < ARRAY_COUNT(names) && !rounds; i++)
        rounds = call_is(call, names[i]);
    if (!rounds) return LLKV_OK;
    if (call->args.count > 1) {
        bool constant = args[1]->kind == EXPR_CONST && !args[1]->value->is_null &&
                        type_is_integer(args[1]->type) && phys_bytes[args[1]->type.phys] <= 8;
        if (!constant) return LLKV_OK;
        scale = args[1]->value->i < 0 ? 0 : args[1]->value->i;
    }
    if (scale >= e->type.scale) return LLKV_OK;
    struct type type = type_decimal(e->type.precision, (uint32_t)scale);
    return bind_cast(b, e, type, EXPR_CAST_PLAIN, e->at, io_expr);
}

llkv_code bind_call(struct binder *b, struct scope *scope, const struct ast_call *call,
                    const struct expr **out)
{
    TRY(refuse_parts(b, call));
    if (is_aggregate(call)) return bind_aggregate_ref(b, scope, call, out);
    bool parts = (call->base.flags & (AST_CALL_DISTINCT | AST_CALL_STAR)) != 0 ||
                 call->filter != NULL || call->order.count != 0;
    if (parts)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, &call->base), "42809",
                          "%.*s is no aggregate: DISTINCT, *, FILTER and ORDER BY do not apply",
                          SLICE_ARG(call->name.parts[0].text));
    if (call_is(call, "coalesce") || (call_is(call, "ifnull") && call->args.count == 2))
        return bind_coalesce(b, scope, call, out);
    if (call_is(call, "nullif")) return bind_nullif(b, scope, call, out);
    if (call_is(call, "iif") || call_is(call, "if")) return bind_iif(b, scope, call, out);
    const struct expr **args;
    TRY(bind_args(b, scope, call, &args));
    if (call_is(call, "abs") && call->args.count == 1 && type_is_numeric(args[0]->type) &&
        args[0]->type.id != TYPE_NUMBER)
        return bind_unary(b, AST_UNARY_ABS, args[0], bind_at(b, &call->base), out);
    TRY(bind_function(b, scalar_name(call), args, call->args.count, bind_at(b, &call->base), out));
    return cut_scale(b, call, args, out);
}
