/* Plans of statements: made under a snapshot, used again, made anew when what they stand on
 * changed. */
#include <string.h>

#include "func/function.h"
#include "plan/plan.h"
#include "runtime/statement_priv.h"

/* ---- making a plan ---- */

static struct catalog_scope catalog_of(const struct statement *s)
{
    if (s->transaction != NULL) return transaction_catalog(s->transaction);
    return session_catalog(s->session, &s->snapshot);
}

static struct plan_env plan_env_of(const struct statement *s, const struct catalog_scope *now)
{
    return (struct plan_env){.catalog = s->reads != NULL ? *s->reads : *now,
                             .target = now,
                             .reader = &s->reader,
                             .settings = &s->session->settings,
                             .params = s->typed_by_values ? s->params : NULL,
                             .param_count = s->param_count};
}

static bool has_plan(const struct ast *node)
{
    return node->kind == AST_QUERY || node->kind == AST_INSERT || node->kind == AST_UPDATE ||
           node->kind == AST_DELETE || node->kind == AST_COPY;
}

/* Texts of types that have modifiers; most results have none. */
static llkv_code print_types(struct cx *cx, struct statement *s)
{
    s->type_texts = NULL;
    for (uint32_t i = 0; i < s->plan->column_count; i++) {
        struct type type = s->plan->types[i];
        char text[32];
        if (type.id != TYPE_DECIMAL && type.length == 0) continue;
        if (s->type_texts == NULL) {
            size_t bytes = s->plan->column_count * sizeof *s->type_texts;
            s->type_texts = cx_alloc_zero(cx, bytes);
            if (s->type_texts == NULL) return LLKV_NOMEM;
        }
        size_t len = type_print(type, text, sizeof text);
        s->type_texts[i] = cx_strndup(cx, text, len);
        if (s->type_texts[i] == NULL) return LLKV_NOMEM;
    }
    return LLKV_OK;
}

/* Under the snapshot: bind, optimize, link. */
static llkv_code make_plan(struct cx *cx, struct statement *s)
{
    struct cx plan_cx = statement_cx(cx, s, &s->plan_arena);
    const struct catalog_scope now = catalog_of(s);
    struct plan_env env = plan_env_of(s, &now);
    const uint64_t newest = catalog_newest_version(s->session->database->catalog);
    statement_drop_execution(s);
    TRY(plan_statement(&plan_cx, &env, s->ast, &s->plan));
    TRY(exec_link(&plan_cx, s->plan, &s->linked));
    TRY(print_types(&plan_cx, s));
    s->settings_epoch = s->session->settings_epoch;
    s->newest_version = newest;
    s->run_params = cx_alloc_array(&plan_cx, s->plan->parameter_count + 1u, sizeof *s->run_params);
    if (s->run_params == NULL) return LLKV_NOMEM;
    memset(s->run_params, 0, (s->plan->parameter_count + 1u) * sizeof *s->run_params);
    s->info = (llkv_result_info){.kind = s->plan->kind,
                                 .object = s->plan->object_name,
                                 .has_rows = s->plan->kind == LLKV_RESULT_SELECT};
    return LLKV_OK;
}

llkv_code statement_compile(struct cx *cx, struct statement *s)
{
    if (!has_plan(s->ast->node)) {
        struct cx plan_cx = statement_cx(cx, s, &s->plan_arena);
        return command_describe(&plan_cx, s);
    }
    TRY(statement_begin_snapshot(cx, s));
    llkv_code rc = make_plan(cx, s);
    statement_end_snapshot(s);
    if (rc != LLKV_LIMIT) return rc;
    struct cx place_cx = statement_cx(cx, s, &s->plan_arena);
    return cx_place(&place_cx, rc, (int32_t)s->ast->node->at);
}

/* ---- parameters ---- */

/* A BIGINT, which programs bind, that a narrower integer type of the plan can hold. */
static bool narrows(const struct value *value, struct type planned)
{
    if (value->type.id != TYPE_BIGINT) return false;
    switch (planned.id) {
    case TYPE_TINYINT: return value->i == (int8_t)value->i;
    case TYPE_SMALLINT: return value->i == (int16_t)value->i;
    case TYPE_INTEGER: return value->i == (int32_t)value->i;
    default: return false;
    }
}

/* The bound value as the type the plan gave the parameter; false: it would not be the same value.
 */
static llkv_code as_planned(struct cx *cx, const struct value *value, struct type planned,
                            struct value *out, bool *out_same)
{
    *out = *value;
    *out_same = true;
    if (value->is_null) out->type = planned;
    if (value->is_null || type_equal(value->type, planned)) return LLKV_OK;
    if (narrows(value, planned)) {
        out->type = planned;
        return LLKV_OK;
    }
    struct value back;
    bool text = value->type.id == TYPE_VARCHAR || planned.id == TYPE_VARCHAR;
    if (text && planned.id != TYPE_NULL) { /* as a literal would: it must parse */
        TRY(value_cast(cx, value, planned, false, -1, out));
        out->type = planned;
        return LLKV_OK;
    }
    *out_same = false;
    if (!type_is_numeric(value->type) || !type_is_numeric(planned)) return LLKV_OK;
    llkv_code rc = value_cast(cx, value, planned, false, -1, out);
    if (rc == LLKV_OK) rc = value_cast(cx, out, value->type, false, -1, &back);
    if (rc == LLKV_NOMEM) return rc;
    out->type = planned;
    *out_same = rc == LLKV_OK && memcmp(&back.i, &value->i, sizeof back.i) == 0;
    return LLKV_OK;
}

/* Fill in what the plan reads; false: it was made for other types. */
static llkv_code fill_params(struct cx *cx, struct statement *s, bool *out_fit)
{
    *out_fit = true;
    for (uint32_t i = 0; i < s->param_count && *out_fit; i++)
        TRY(as_planned(cx, &s->params[i], s->plan->parameter_types[i], &s->run_params[i], out_fit));
    return LLKV_OK;
}

bool statement_plan_is_of(const struct pplan *plan, struct catalog_version version)
{
    return plan->catalog_version.common == version.common &&
           plan->catalog_version.temp == version.temp;
}

llkv_code statement_refresh_plan(struct cx *cx, struct statement *s)
{
    /* Any change of the catalog counts: a name may mean another object now. So do changes that the
     * snapshot does not see: an index the plan uses may be gone. */
    const struct catalog_scope scope = s->reads != NULL ? *s->reads : catalog_of(s);
    bool fresh = s->settings_epoch == s->session->settings_epoch &&
                 statement_plan_is_of(s->plan, catalog_scope_version(&scope)) &&
                 s->newest_version == catalog_newest_version(s->session->database->catalog);
    bool fit;
    if (!fresh) TRY(make_plan(cx, s));
    TRY(fill_params(cx, s, &fit));
    if (fit) return LLKV_OK;
    s->typed_by_values = true;
    TRY(make_plan(cx, s));
    TRY(fill_params(cx, s, &fit));
    CHECK(cx, fit);
    return LLKV_OK;
}
