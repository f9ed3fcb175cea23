/* statement.c -- the door: one statement bound, rewritten, made physical. */
#include "plan/bind/bind.h"

static llkv_code bind_result(struct binder *b, const struct ast_query *ast)
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
    default: break;
    }
    return cx_fail_at(b->cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL, "%s is not supported",
                      ast_statement_name(node));
}

llkv_code plan_statement(struct cx *cx, const struct plan_env *env, const struct ast_stmt *stmt,
                         struct pplan **out_plan)
{
    struct plan *plan = cx_alloc_zero(cx, sizeof *plan);
    if (plan == NULL) return LLKV_NOMEM;
    plan->cx = cx;
    plan->settings = env->settings;
    plan->catalog = env->catalog;
    plan->snapshot = env->snapshot;
    plan->params = env->params;
    plan->debug_checks = env->debug_checks;
    struct binder b = {.plan = plan,
                       .cx = cx,
                       .env = env,
                       .settings = env->settings,
                       .text = cx->text,
                       .view_at = -1};
    struct ldml dml = {0};
    for (uint32_t i = 0; i < stmt->param_count; i++) /* those nobody reads have a type as well */
        VEC_PUSH(cx, &plan->parameter_types, type_of(TYPE_NULL));
    TRY(bind_any(&b, stmt->node, &dml));
    TRY(plan_optimize(plan, &dml));
    return plan_physical(plan, &dml, out_plan);
}
