/* plan.h -- from AST to physical plan: bind, rewrite, order joins, choose operators.
 *
 * Pure: reads the catalog snapshot and table statistics, writes nothing but the plan, which lies in
 * cx->arena. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H
#include "plan/pplan.h"
#include "plan/settings.h"
#include "sql/parse.h"

struct plan_env {
    struct catalog_scope catalog;
    /* Where the table that is written to is looked up, if not there: a table that was just made is
     * none that its own rows are read from. */
    const struct catalog_scope *target;
    const struct table_reader *reader;
    const struct settings *settings;
    /* Values bound so far (user_parameter types are taken from them where the context does not
     * say), or NULL while preparing. */
    const struct value *params;
    uint32_t param_count;
    bool debug_checks; /* verify the tree after every pass */
};

/* Does the first of three parts of an object's name name the database, or `temp`? 3D000 if not,
 * placed `at`; a name of fewer parts is always well. */
NODISCARD llkv_code plan_check_database(struct cx *cx, const struct catalog_scope *scope,
                                        const struct ast_path *path, int32_t at);

/* SELECT, VALUES, INSERT, UPDATE, DELETE. Other statements: plan_bind_* below, or the runtime. */
NODISCARD llkv_code plan_statement(struct cx *cx, const struct plan_env *env,
                                   const struct ast_stmt *stmt, struct pplan **out_plan);

/* The logical and physical tree as text, a line per operator: EXPLAIN. */
NODISCARD llkv_code plan_explain(struct cx *cx, const struct pplan *plan, const char **out_text);

/* ---- DDL: definitions with names resolved, types decided, expressions checked ---- */
NODISCARD llkv_code plan_bind_create_table(struct cx *cx, const struct plan_env *env,
                                           const struct ast_create_table *stmt,
                                           struct table_def **out_def);
NODISCARD llkv_code plan_bind_create_view(struct cx *cx, const struct plan_env *env,
                                          const struct ast_create_view *stmt,
                                          struct view_def *out_def);
NODISCARD llkv_code plan_bind_create_index(struct cx *cx, const struct plan_env *env,
                                           const struct ast_create_index *stmt,
                                           const struct object **out_table,
                                           struct key_def *out_key);
#endif
