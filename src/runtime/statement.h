/* statement.h -- one statement from text to rows.
 *
 * States:
 *   idle      no text; kept by the session for reuse
 *   prepared  parsed, and planned if it is a query or DML
 *   running   holds a snapshot; rows are coming
 *   done      ran to its end; the next step starts it anew
 *   cut       the transaction it ran in has ended; the next step fails
 * Owns two arenas: one holds the tree and the plan as long as the text, the other what one run
 * needs. A plan is made anew when the catalog, the settings or the types of bound values changed.
 */
#ifndef RUNTIME_STATEMENT_H
#define RUNTIME_STATEMENT_H
#include "arrow/vector.h"
#include "exec/exec.h"
#include "llkv/result.h"
#include "runtime/session.h"
#include "runtime/transaction.h"
#include "sql/parse.h"

enum statement_state {
    STATEMENT_IDLE,
    STATEMENT_PREPARED,
    STATEMENT_RUNNING,
    STATEMENT_DONE,
    STATEMENT_CUT
};

/* Rows that a command hands out (EXPLAIN, SHOW, PRAGMA): texts. The columns are known once it is
 * prepared, the cells lie in the run arena. */
struct text_rows {
    uint32_t column_count, row_count;
    const char *const *names;
    const char **cells; /* row after row; NULL is NULL */
};

/* Where the texts bound to one parameter stand, one after the other. */
struct param_room {
    char *data;
    size_t bytes;
};

struct statement {
    struct session *session;
    uint8_t state;        /* enum statement_state */
    bool cached;          /* freed statements of this text are kept in the session's cache */
    bool typed_by_values; /* the types of bound values decided, not where parameters stand */
    /* running */
    bool is_part;      /* of a command, whose transaction it has */
    bool has_mark;     /* `mark` is set */
    bool executes;     /* what fails from here on fails the transaction */
    bool has_snapshot; /* of its own */
    /* prepared */
    uint32_t param_count;
    struct arena plan_arena, run_arena, param_arena, value_arena;
    struct slice text; /* in plan_arena, NUL-terminated */
    uint64_t text_hash;
    struct ast_stmt *ast;
    uint64_t settings_epoch; /* the plan's */
    uint64_t newest_version; /* of the catalog when the plan was made: others count, too */
    struct pplan *plan;      /* NULL: a command */
    const struct exec_plan *linked;
    const char **type_texts; /* of columns whose type has modifiers; or NULL */
    struct value *params;    /* param_count of them, then room for the plan's own; in plan_arena */
    struct value *run_params;
    struct param_room *param_rooms; /* per parameter; what they have lies in param_arena */
    /* running */
    struct statement *running_next, **running_place; /* in the session's list */
    struct transaction *transaction;   /* that it is a part of; NULL: it commits by itself */
    struct transaction_mark mark;      /* to undo it */
    const struct catalog_scope *reads; /* of a part: what it reads is looked up there; or NULL */
    struct snapshot snapshot;          /* its own, if it commits by itself */
    struct table_reader reader;
    int64_t now_micros; /* when the run began, if its plan asks */
    struct exec *exec;
    struct exec *kept; /* one that ended, to be run again with the same plan; in run_arena */
    struct write_set *writes;
    struct text_rows rows;
    struct vector *row_vectors; /* of text rows */
    struct batch row_batch;
    const struct batch *batch; /* the current one; NULL before the first and at the end */
    uint32_t live;             /* index of the current row among its live ones */
    int64_t row_count;
    llkv_result_info info;
    char note[EXEC_NOTE_MAX]; /* what info.note points to */
};

/* Compile the first statement of `sql`; NULL if there is none. *out_used as in llkv_prepare. */
NODISCARD llkv_code statement_prepare(struct cx *cx, struct session *session, struct slice sql,
                                      struct statement **out_statement, size_t *out_used);
/* Free what the session keeps for reuse. */
void statement_drop_kept(struct session *session);
/* Ends a run; gives the statement back to its session. NULL is allowed. */
void statement_free(struct statement *statement);
void statement_reset(struct statement *statement);

/* The next batch with live rows, valid until the next call; NULL at the end. Starts a run if none
 * is going on. */
NODISCARD llkv_code statement_next(struct cx *cx, struct statement *statement,
                                   const struct batch **out_batch);
/* The next row; false at the end. */
NODISCARD llkv_code statement_step(struct cx *cx, struct statement *statement, bool *out_row);

/* `value` is copied. `parameter` counts from 1. */
NODISCARD llkv_code statement_bind(struct cx *cx, struct statement *statement, uint32_t parameter,
                                   const struct value *value);

uint32_t statement_column_count(const struct statement *statement);
const char *statement_column_name(const struct statement *statement, uint32_t column);
struct type statement_column_type(const struct statement *statement, uint32_t column);
/* As SQL writes it; lives as long as the plan. */
const char *statement_column_type_text(const struct statement *statement, uint32_t column);
/* Of the current row; NULL if there is none. */
struct value statement_value(const struct statement *statement, uint32_t column);

/* ---- command.c: statements without a plan ---- */
/* Is it allowed in a transaction that has failed? */
bool command_ends_failure(const struct ast *node);
/* Run it; rows it has go to statement->rows. */
NODISCARD llkv_code command_run(struct cx *cx, struct statement *statement);
/* What it is, before it runs; LLKV_UNSUPPORTED for what has no executor. */
NODISCARD llkv_code command_describe(struct cx *cx, struct statement *statement);
/* Plan and run `node` (INSERT, ...) as a part of a command; in a transaction, or (NULL) with a
 * commit of its own. `reads` (or NULL): what it reads is looked up there. */
NODISCARD llkv_code statement_run_part(struct cx *cx, struct session *session,
                                       struct transaction *transaction, struct ast *node,
                                       const struct catalog_scope *reads, int64_t *out_rows);
#endif
