/* statement.c -- the door: one statement bound, rewritten, made physical. */
#include "plan/bind/bind.h"

llkv_code bind_result(struct binder *b, const struct ast_query *ast)
{
    struct bound_query query;
    struct plan *plan = b->plan;
    TRY(bind_query(b, NULL, NULL, ast, &query));
    plan->root = query.node;
    plan->ordered = query.ordered;
    plan->names = cx_alloc_array(b->cx, query.column_count, sizeof *plan->names);
    if (plan->names == NULL && query.column_count != 0) return LLKV_NOMEM;
    for (uint32_t i = 0; i < query.column_count; i++) {
        struct slice name = query.columns[i].name;
        plan->names[i] = cx_strndup(b->cx, name.data, name.len);
        if (plan->names[i] == NULL) return LLKV_NOMEM;
        VEC_PUSH(b->cx, &plan->out, query.columns[i].iu);
    }
    return LLKV_OK;
}

static llkv_code bind_any(struct binder *b, const struct ast *node, struct ldml *dml)
{
    switch (node->kind) {
    case AST_QUERY: return bind_result(b, (const struct ast_query *)node);
    case AST_INSERT: return bind_insert(b, (const struct ast_insert *)node, dml);
    case AST_UPDATE: return bind_update(b, (const struct ast_update *)node, dml);
    case AST_DELETE: return bind_delete(b, (const struct ast_delete *)node, dml);
    case AST_COPY: return bind_copy(b, (const struct ast_copy *)node, dml);
    default: break;
    }
    return cx_fail_at(b->cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL, "%s is not supported",
                      ast_statement_name(node));
}

/* Binding starts again when an aggregate turns out to belong to another query than was thought. */
struct attempt {
    const struct plan_env *env;
    const struct ast_stmt *stmt;
    struct plan *plan;
    struct ldml *dml;
    outer_agg_list outer_aggs;
};

static llkv_code bind_once(struct cx *cx, struct attempt *a, bool *out_again)
{
    const struct plan_env *env = a->env;
    *a->plan = (struct plan){.cx = cx,
                             .settings = env->settings,
                             .catalog = env->catalog,
                             .reader = env->reader,
                             .params = env->params,
                             .debug_checks = env->debug_checks};
    *a->dml = (struct ldml){0};
    struct binder b = {.plan = a->plan,
                       .cx = cx,
                       .env = env,
                       .settings = env->settings,
                       .text = cx->text,
                       .view_at = -1,
                       .outer_aggs = &a->outer_aggs};
    for (uint32_t i = 0; i < a->stmt->param_count; i++) /* types of those unread */
        VEC_PUSH(cx, &a->plan->parameter_types, type_of(TYPE_NULL));
    llkv_code rc = bind_any(&b, a->stmt->node, a->dml);
    *out_again = b.again;
    return rc;
}

static llkv_code bind(struct cx *cx, const struct plan_env *env, const struct ast_stmt *stmt,
                      struct plan *plan, struct ldml *dml)
{
    struct attempt a = {.env = env, .stmt = stmt, .plan = plan, .dml = dml};
    const llkv_error before = *cx->error;
    const uint32_t depth = cx->depth;
    for (;;) {
        bool again = false;
        llkv_code rc = bind_once(cx, &a, &again);
        if (rc == LLKV_OK || !again) return rc;
        *cx->error = before;
        cx->depth = depth;
    }
}

llkv_code plan_statement(struct cx *cx, const struct plan_env *env, const struct ast_stmt *stmt,
                         struct pplan **out_plan)
{
    struct plan *plan = cx_alloc_zero(cx, sizeof *plan);
    struct ldml dml;
    if (plan == NULL) return LLKV_NOMEM;
    TRY(bind(cx, env, stmt, plan, &dml));
    TRY(plan_optimize(plan, &dml));
    return plan_physical(plan, &dml, out_plan);
}
