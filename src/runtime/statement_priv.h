/* statement_priv.h -- what the files of a statement share: keeping (statement.c), plans
 * (statement_plan.c), runs (statement_run.c). */
#ifndef RUNTIME_STATEMENT_PRIV_H
#define RUNTIME_STATEMENT_PRIV_H
#include "runtime/statement.h"

/* ---- statement.c ---- */
/* The caller's error, the session's cancel flag and budget, and `arena`. */
struct cx statement_cx(const struct cx *cx, struct statement *s, struct arena *arena);
/* One without a text, which the session kept or a new one. */
NODISCARD llkv_code statement_take_idle(struct cx *cx, struct session *session,
                                        struct statement **out);
/* The execution that was kept for the next run, if any. Its memory goes with the run arena. */
void statement_drop_execution(struct statement *s);

/* After an error: what can be done about damage. */
NODISCARD llkv_code statement_failed(struct cx *cx, llkv_code rc);

/* ---- statement_plan.c ---- */
/* Plan what was parsed, under a snapshot of its own that ends here, or describe the command. */
NODISCARD llkv_code statement_compile(struct cx *cx, struct statement *s);
/* Under the run's snapshot: the plan is used as it is, or made anew in place; the bound values are
 * in s->run_params as it wants them. */
NODISCARD llkv_code statement_refresh_plan(struct cx *cx, struct statement *s);
bool statement_plan_is_of(const struct pplan *plan, struct catalog_version version);

/* ---- statement_run.c ---- */
/* The transaction of the session, if there is one now. Most statements are refused once it failed.
 */
NODISCARD llkv_code statement_enter(struct cx *cx, struct statement *s);
/* The transaction's snapshot, or one of its own. */
NODISCARD llkv_code statement_begin_snapshot(struct cx *cx, struct statement *s);
void statement_end_snapshot(struct statement *s);
#endif
