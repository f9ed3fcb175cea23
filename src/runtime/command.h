/* command.h -- the executors of statements without a plan. Private to runtime.
 *
 * A run function gets a cx over the run arena; a columns function one over the plan arena, while
 * the statement is prepared. */
#ifndef RUNTIME_COMMAND_H
#define RUNTIME_COMMAND_H
#include <string.h>

#include "plan/plan.h"
#include "runtime/statement.h"

/* Declare the columns a command has; `names` are copied, not what they point to. */
NODISCARD llkv_code command_columns(struct cx *cx, struct statement *s, const char *const *names,
                                    uint32_t count);
/* One more row; the texts must live in the run arena or longer. */
NODISCARD llkv_code command_add_row(struct cx *cx, struct statement *s, const char *const *cells);

/* What a command reads: the catalog and the rows of one snapshot. It must not move. */
struct view {
    struct transaction *transaction; /* NULL: a snapshot of its own */
    struct snapshot snapshot;
    struct table_reader reader;
    struct plan_env env;
};
NODISCARD llkv_code view_begin(struct cx *cx, struct statement *s, struct view *out_view);
void view_end(struct statement *s, struct view *view);

#define COMMAND(name)                                                                              \
    NODISCARD llkv_code command_##name(struct cx *cx, struct statement *s, const struct ast *node)
/* ddl.c */
COMMAND(create_table);
COMMAND(create_view);
COMMAND(create_index);
COMMAND(create_trigger);
COMMAND(create_schema);
COMMAND(drop);
COMMAND(reindex);
/* control.c */
COMMAND(transaction);
COMMAND(transaction_describe);
/* utility.c */
COMMAND(set);
COMMAND(show);
COMMAND(show_columns);
COMMAND(checkpoint);
COMMAND(pragma);
COMMAND(pragma_columns);
/* describe.c */
COMMAND(describe_rows);
COMMAND(describe_columns);
COMMAND(truncate);
/* command.c */
COMMAND(explain);
COMMAND(explain_columns);
#undef COMMAND
#endif
