/* print_util.c -- transactions, settings and utilities as SQL text. */
#include "sql/print_priv.h"

static void put_name_after(struct printer *out, const char *word, const struct ast_name *name)
{
    if (!ast_name_given(name)) return;
    put(out, word);
    put_name(out, name);
}

static void put_path_after(struct printer *out, const char *word, struct ast_path path)
{
    if (path.count == 0) return;
    put(out, word);
    put_path(out, path);
}

/* (a, b) behind `word`; nothing for an empty list. */
static void put_parens(struct printer *out, const char *word, struct ast_list list)
{
    if (list.count == 0) return;
    put(out, word);
    put(out, "(");
    put_list(out, list);
    put(out, ")");
}

/* A file: a string, a parameter, or an expression in parentheses. */
static void put_file(struct printer *out, const struct ast *file)
{
    bool plain =
        file->kind == AST_PARAM || (file->kind == AST_LITERAL && file->op == AST_LITERAL_STRING);
    if (!plain) put(out, "(");
    put_expr(out, file, RANK_NONE);
    if (!plain) put(out, ")");
}

static void put_transaction(struct printer *out, const struct ast_transaction *node)
{
    static const char *const verbs[] = {"BEGIN",   "COMMIT",      "ROLLBACK",       "SAVEPOINT",
                                        "RELEASE", "ROLLBACK TO", "SET TRANSACTION"};
    static const char *const levels[] = {"",
                                         " ISOLATION LEVEL READ UNCOMMITTED",
                                         " ISOLATION LEVEL READ COMMITTED",
                                         " ISOLATION LEVEL REPEATABLE READ",
                                         " ISOLATION LEVEL SERIALIZABLE",
                                         " ISOLATION LEVEL SNAPSHOT"};
    put(out, verbs[node->base.op]);
    put_name_after(out, " ", &node->name);
    put(out, levels[node->isolation]);
    if (node->base.flags & AST_TRANSACTION_READ_ONLY) put(out, " READ ONLY");
    if (node->base.flags & AST_TRANSACTION_READ_WRITE) put(out, " READ WRITE");
}

static void put_prepare(struct printer *out, const struct ast_prepare *node)
{
    put(out, "PREPARE ");
    put_name(out, &node->name);
    put_parens(out, " ", node->types);
    put(out, " AS ");
    put_node(out, node->statement);
}

static void put_set(struct printer *out, const struct ast_set *node)
{
    static const char *const scopes[] = {"", "SESSION ", "GLOBAL ", "LOCAL ", "VARIABLE "};
    put(out, node->base.op == AST_SET_RESET ? "RESET " : "SET ");
    put(out, scopes[node->scope]);
    if (node->name.count == 0) put(out, "ALL");
    put_path(out, node->name);
    if (node->base.op == AST_SET_RESET) return;
    put(out, " = ");
    put_list(out, node->values);
}

static void put_show(struct printer *out, const struct ast_show *node)
{
    put(out, "SHOW");
    if (node->base.flags & AST_SHOW_ALL) put(out, " ALL");
    if (node->base.flags & AST_SHOW_TABLES) put(out, " TABLES");
    if (node->base.flags & AST_SHOW_DATABASES) put(out, " DATABASES");
    if (node->base.flags & AST_SHOW_SCHEMAS) put(out, " SCHEMAS");
    put_path_after(out, node->base.flags & AST_SHOW_FROM ? " FROM " : " ", node->name);
}

static void put_pragma(struct printer *out, const struct ast_pragma *node)
{
    put_path_after(out, "PRAGMA ", node->name);
    if (node->base.flags & AST_PRAGMA_ASSIGN) {
        put(out, " = ");
        put_list(out, node->values);
    } else if (node->base.flags & AST_PRAGMA_CALL) {
        put(out, "(");
        put_list(out, node->values);
        put(out, ")");
    }
}

static void put_explain(struct printer *out, const struct ast_explain *node)
{
    put(out, "EXPLAIN ");
    if (node->base.flags & AST_EXPLAIN_QUERY_PLAN) put(out, "QUERY PLAN ");
    if (node->base.flags & AST_EXPLAIN_ANALYZE) put(out, "ANALYZE ");
    if (node->options.count > 0) {
        put_parens(out, "", node->options);
        put(out, " ");
    }
    put_node(out, node->statement);
}

static void put_describe(struct printer *out, const struct ast_describe *node)
{
    put(out, node->base.op == AST_DESCRIBE_SUMMARIZE ? "SUMMARIZE" : "DESCRIBE");
    put_path_after(out, " ", node->path);
    if (node->statement == NULL) return;
    put(out, " ");
    put_node(out, node->statement);
}

/* Values of options are literals and words; the grammar takes no other text for words than it gave.
 */
static void put_option(struct printer *out, const struct ast_option *option)
{
    put_name(out, &option->name);
    if (option->values.count == 0) return;
    const struct ast *value = option->values.items[0];
    bool plain =
        option->values.count == 1 &&
        (value->kind == AST_LITERAL || value->kind == AST_STAR || value->kind == AST_PARAM ||
         value->kind == AST_ARRAY || value->kind == AST_STRUCT);
    if (plain) {
        put(out, " = ");
        put_node(out, value);
    } else {
        put_parens(out, " ", option->values);
    }
}

static void put_copy(struct printer *out, const struct ast_copy *node)
{
    bool from = node->base.flags & AST_COPY_FROM;
    put(out, "COPY ");
    if (node->query != NULL) {
        put(out, "(");
        put_query(out, node->query);
        put(out, ")");
    }
    put_path(out, node->path);
    put_columns(out, node->columns);
    put(out, from ? " FROM " : " TO ");
    if (node->file == NULL)
        put(out, from ? "STDIN" : "STDOUT");
    else
        put_file(out, node->file);
    put_parens(out, " ", node->options);
}

static void put_export(struct printer *out, const struct ast_export *node)
{
    put(out, node->base.op == AST_EXPORT_IMPORT ? "IMPORT DATABASE " : "EXPORT DATABASE ");
    if (ast_name_given(&node->database)) {
        put_name(out, &node->database);
        put(out, " TO ");
    }
    put_file(out, node->file);
    put_parens(out, " ", node->options);
}

static void put_attach(struct printer *out, const struct ast_attach *node)
{
    put(out, "ATTACH ");
    if (node->base.flags & AST_CREATE_OR_REPLACE) put(out, "OR REPLACE ");
    if (node->base.flags & AST_CREATE_IF_NOT_EXISTS) put(out, "IF NOT EXISTS ");
    put_file(out, node->file);
    put_name_after(out, " AS ", &node->name);
    put_parens(out, " ", node->options);
}

static void put_vacuum(struct printer *out, const struct ast_vacuum *node)
{
    put(out, "VACUUM");
    if (node->base.flags & AST_VACUUM_FULL) put(out, " FULL");
    if (node->base.flags & AST_VACUUM_ANALYZE) put(out, " ANALYZE");
    put_parens(out, " ", node->options);
    put_path_after(out, " ", node->path);
    put_columns(out, node->columns);
    if (node->into == NULL) return;
    put(out, " INTO ");
    put_file(out, node->into);
}

static void put_backup(struct printer *out, const struct ast_backup *node)
{
    put(out, "BACKUP");
    put_name_after(out, " ", &node->name);
    put(out, " TO ");
    put_file(out, node->file);
    put_parens(out, " ", node->options);
}

static void put_deallocate(struct printer *out, const struct ast_deallocate *node)
{
    put(out, "DEALLOCATE ");
    if (ast_name_given(&node->name))
        put_name(out, &node->name);
    else
        put(out, "ALL");
}

static bool put_short_command(struct printer *out, const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_EXECUTE:
        put(out, "EXECUTE ");
        put_name(out, &((const struct ast_execute *)node)->name);
        put_parens(out, "", ((const struct ast_execute *)node)->args);
        return true;
    case AST_DEALLOCATE: put_deallocate(out, (const struct ast_deallocate *)node); return true;
    case AST_ANALYZE:
        put(out, "ANALYZE");
        put_path_after(out, " ", ((const struct ast_analyze *)node)->path);
        put_columns(out, ((const struct ast_analyze *)node)->columns);
        return true;
    case AST_CHECKPOINT:
        put(out, node->flags & AST_CHECKPOINT_FORCE ? "FORCE CHECKPOINT" : "CHECKPOINT");
        put_name_after(out, " ", &((const struct ast_checkpoint *)node)->name);
        return true;
    case AST_DETACH:
        put(out, node->flags & AST_DROP_IF_EXISTS ? "DETACH DATABASE IF EXISTS" : "DETACH");
        put_name_after(out, " ", &((const struct ast_detach *)node)->name);
        return true;
    case AST_USE: put_path_after(out, "USE ", ((const struct ast_use *)node)->path); return true;
    case AST_CALL_STATEMENT:
        put(out, "CALL ");
        put_call(out, ((const struct ast_call_statement *)node)->call);
        return true;
    case AST_INTEGRITY:
        put(out, "INTEGRITY CHECK");
        put_path_after(out, " ", ((const struct ast_integrity *)node)->path);
        return true;
    case AST_STATEMENT: put_node(out, ((const struct ast_stmt *)node)->node); return true;
    default: return false;
    }
}

bool put_command(struct printer *out, const struct ast *node)
{
    if (put_ddl(out, node)) return true;
    switch ((enum ast_kind)node->kind) {
    case AST_TRANSACTION: put_transaction(out, (const struct ast_transaction *)node); return true;
    case AST_PREPARE: put_prepare(out, (const struct ast_prepare *)node); return true;
    case AST_SET: put_set(out, (const struct ast_set *)node); return true;
    case AST_SHOW: put_show(out, (const struct ast_show *)node); return true;
    case AST_PRAGMA: put_pragma(out, (const struct ast_pragma *)node); return true;
    case AST_EXPLAIN: put_explain(out, (const struct ast_explain *)node); return true;
    case AST_DESCRIBE: put_describe(out, (const struct ast_describe *)node); return true;
    case AST_OPTION: put_option(out, (const struct ast_option *)node); return true;
    case AST_COPY: put_copy(out, (const struct ast_copy *)node); return true;
    case AST_EXPORT: put_export(out, (const struct ast_export *)node); return true;
    case AST_ATTACH: put_attach(out, (const struct ast_attach *)node); return true;
    case AST_VACUUM: put_vacuum(out, (const struct ast_vacuum *)node); return true;
    case AST_BACKUP: put_backup(out, (const struct ast_backup *)node); return true;
    default: return put_short_command(out, node);
    }
}
