/* command.c -- statements that are no queries: what each kind is, and who runs it. */
#include "runtime/command.h"

typedef llkv_code command_fn(struct cx *cx, struct statement *s, const struct ast *node);

struct command {
    uint8_t kind;   /* enum ast_kind */
    uint8_t result; /* llkv_result_kind */
    command_fn *run;
    command_fn *describe; /* names its columns; NULL: it has none */
};

static const struct command commands[] = {
    {AST_CREATE_TABLE, LLKV_RESULT_CREATE_TABLE, command_create_table, NULL},
    {AST_CREATE_VIEW, LLKV_RESULT_CREATE_VIEW, command_create_view, NULL},
    {AST_CREATE_INDEX, LLKV_RESULT_CREATE_INDEX, command_create_index, NULL},
    {AST_CREATE_TRIGGER, LLKV_RESULT_CREATE_TRIGGER, command_create_trigger, NULL},
    {AST_CREATE_SCHEMA, LLKV_RESULT_CREATE_SCHEMA, command_create_schema, NULL},
    {AST_DROP, LLKV_RESULT_DROP, command_drop, NULL},
    {AST_REINDEX, LLKV_RESULT_UTILITY, command_reindex, NULL},
    {AST_TRANSACTION, LLKV_RESULT_TRANSACTION, command_transaction, command_transaction_describe},
    {AST_CHECKPOINT, LLKV_RESULT_UTILITY, command_checkpoint, NULL},
    {AST_SET, LLKV_RESULT_SET, command_set, NULL},
    {AST_SHOW, LLKV_RESULT_UTILITY, command_show, command_show_columns},
    {AST_PRAGMA, LLKV_RESULT_UTILITY, command_pragma, command_pragma_columns},
    {AST_EXPLAIN, LLKV_RESULT_EXPLAIN, command_explain, command_explain_columns},
    {AST_DESCRIBE, LLKV_RESULT_UTILITY, command_describe_rows, command_describe_columns},
    {AST_TRUNCATE, LLKV_RESULT_UTILITY, command_truncate, NULL},
};

static const struct command *find_command(const struct ast *node)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        if (commands[i].kind == node->kind) return &commands[i];
    return NULL;
}

llkv_code command_describe(struct cx *cx, struct statement *s)
{
    const struct ast *node = s->ast->node;
    const struct command *command = find_command(node);
    if (command == NULL)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL, "%s is not supported",
                          ast_statement_name(node));
    s->info = (llkv_result_info){.kind = (llkv_result_kind)command->result};
    if (command->describe == NULL) return LLKV_OK;
    TRY(command->describe(cx, s, node));
    s->info.has_rows = s->rows.column_count != 0;
    return LLKV_OK;
}

llkv_code command_run(struct cx *cx, struct statement *s)
{
    const struct command *command = find_command(s->ast->node);
    CHECK(cx, command != NULL);
    return command->run(cx, s, s->ast->node);
}

llkv_code command_columns(struct cx *cx, struct statement *s, const char *const *names,
                          uint32_t count)
{
    const char **copy = cx_alloc_array(cx, count, sizeof *copy);
    if (copy == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        copy[i] = names[i];
    s->rows.names = copy;
    s->rows.column_count = count;
    return LLKV_OK;
}

llkv_code command_add_row(struct cx *cx, struct statement *s, const char *const *cells)
{
    uint32_t width = s->rows.column_count, count = s->rows.row_count;
    const char **grown = s->rows.cells;
    if (count >= VEC_ROWS_MAX) return cx_fail(cx, LLKV_LIMIT, "more than %d rows", VEC_ROWS_MAX);
    if ((count & (count - 1)) == 0) { /* full at powers of two */
        uint32_t room = count == 0 ? 1 : count * 2;
        grown = cx_alloc_array(cx, (size_t)room * width, sizeof *grown);
        if (grown == NULL) return LLKV_NOMEM;
        for (uint32_t i = 0; i < count * width; i++)
            grown[i] = s->rows.cells[i];
    }
    for (uint32_t c = 0; c < width; c++)
        grown[count * width + c] = cells[c];
    s->rows.cells = grown;
    s->rows.row_count = count + 1;
    return LLKV_OK;
}

/* ---- what commands read ---- */

llkv_code view_begin(struct cx *cx, struct statement *s, struct view *out)
{
    struct database *db = s->session->database;
    *out = (struct view){.transaction = s->transaction};
    if (s->transaction == NULL) {
        TRY(txn_snapshot_begin(cx, db->manager, &out->snapshot));
        out->reader = (struct table_reader){.snapshot = &out->snapshot};
        out->env.catalog = session_catalog(s->session, &out->snapshot);
    } else {
        TRY(transaction_take_snapshot(cx, s->transaction));
        out->reader = transaction_reader(s->transaction);
        out->env.catalog = transaction_catalog(s->transaction);
    }
    out->env.reader = &out->reader;
    out->env.settings = &s->session->settings;
    return LLKV_OK;
}

void view_end(struct statement *s, struct view *view)
{
    if (view->transaction == NULL) session_end_snapshot(s->session, &view->snapshot);
}

/* ---- EXPLAIN ---- */

llkv_code command_explain_columns(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_explain *explain = (const struct ast_explain *)node;
    static const char *const names[] = {"plan"};
    if ((node->flags & AST_EXPLAIN_ANALYZE) != 0)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "EXPLAIN ANALYZE is not supported");
    if (explain->options.count != 0)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)explain->options.items[0]->at, NULL,
                          "options of EXPLAIN are not supported");
    return command_columns(cx, s, names, 1);
}

static llkv_code explain_lines(struct cx *cx, struct statement *s, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        const char *line = cx_strndup(cx, text, len);
        if (line == NULL) return LLKV_NOMEM;
        TRY(command_add_row(cx, s, &line));
        text += len + (text[len] == '\n' ? 1 : 0);
    }
    return LLKV_OK;
}

llkv_code command_explain(struct cx *cx, struct statement *s, const struct ast *node)
{
    struct ast_stmt inner = {.base = {.kind = AST_STATEMENT},
                             .node = ((const struct ast_explain *)node)->statement};
    struct view view;
    struct pplan *plan;
    const char *text = NULL;
    TRY(view_begin(cx, s, &view));
    llkv_code rc = plan_statement(cx, &view.env, &inner, &plan);
    if (rc == LLKV_OK) rc = plan_explain(cx, plan, &text);
    view_end(s, &view);
    return rc != LLKV_OK ? rc : explain_lines(cx, s, text);
}
