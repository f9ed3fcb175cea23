/* build_util.c -- nodes of transactions, prepared statements, settings and utilities. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* ---- transactions, prepared statements ------------------------------------------------------ */

int mode_merge(struct parse *p, int a, int b)
{
    if (p->rc != LLKV_OK) return 0;
    int access = AST_TRANSACTION_READ_ONLY | AST_TRANSACTION_READ_WRITE;
    if (((a & access) != 0 && (b & access) != 0) || (a >> 8 != 0 && b >> 8 != 0))
        parse_fail(p, LLKV_SYNTAX, NULL, p->end, "a mode of the transaction is given twice");
    return a | b;
}

struct ast *transaction_new(struct parse *p, enum ast_transaction_op op, struct token word,
                            int modes, const struct token *name)
{
    struct ast_transaction *node = NODE(p, AST_TRANSACTION, op, ast_transaction, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(modes & 0xff);
    node->isolation = (uint32_t)(modes >> 8);
    if (name != NULL) node->name = token_name(p, name);
    return &node->base;
}

struct ast *prepare_new(struct parse *p, struct token word, struct token name,
                        struct parse_list types, struct ast *statement)
{
    struct ast_prepare *node = NODE(p, AST_PREPARE, 0, ast_prepare, word.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->types = list_end(types);
    node->statement = statement;
    node->param_count = p->params.count;
    return &node->base;
}

struct ast *execute_new(struct parse *p, struct token word, struct token name,
                        struct parse_list args)
{
    struct ast_execute *node = NODE(p, AST_EXECUTE, 0, ast_execute, word.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->args = list_end(args);
    return &node->base;
}

struct ast *deallocate_new(struct parse *p, struct token word, const struct token *name)
{
    struct ast_deallocate *node = NODE(p, AST_DEALLOCATE, 0, ast_deallocate, word.at);
    if (node == NULL) return NULL;
    if (name != NULL) node->name = token_name(p, name);
    return &node->base;
}

struct ast *call_statement(struct parse *p, struct token word, struct ast_call *call)
{
    struct ast_call_statement *node = NODE(p, AST_CALL_STATEMENT, 0, ast_call_statement, word.at);
    if (node == NULL) return NULL;
    node->call = call;
    return &node->base;
}

/* ---- settings ------------------------------------------------------------------------------- */

struct ast *set_new(struct parse *p, struct token word, enum ast_set_scope scope,
                    struct parse_names name, struct parse_list values)
{
    struct ast_set *node = NODE(p, AST_SET, AST_SET_SET, ast_set, word.at);
    if (node == NULL) return NULL;
    node->scope = scope;
    node->name = path_end(name);
    node->values = list_end(values);
    return &node->base;
}

struct ast *set_time_zone(struct parse *p, struct token word, enum ast_set_scope scope,
                          struct ast *value)
{
    struct ast *node = set_new(p, word, scope, names_none(), list_one(p, value));
    struct ast_name *name = node == NULL ? NULL : parse_alloc(p, sizeof *name);
    if (name == NULL) return NULL;
    *name = (struct ast_name){.text = SLICE("timezone"), .at = word.at, .end = word.at + word.len};
    name->hash = slice_hash_folded(name->text);
    ((struct ast_set *)node)->name = (struct ast_path){name, 1};
    return node;
}

struct ast *reset_new(struct parse *p, struct token word, enum ast_set_scope scope,
                      struct parse_names name)
{
    struct ast *node = set_new(p, word, scope, name, list_none());
    if (node != NULL) node->op = AST_SET_RESET;
    return node;
}

struct ast *show_new(struct parse *p, struct token word, int flags, struct parse_names name)
{
    struct ast_show *node = NODE(p, AST_SHOW, 0, ast_show, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->name = path_end(name);
    return &node->base;
}

struct ast *pragma_new(struct parse *p, struct token word, int flags, struct parse_names name,
                       struct parse_list values)
{
    struct ast_pragma *node = NODE(p, AST_PRAGMA, 0, ast_pragma, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->name = path_end(name);
    node->values = list_end(values);
    return &node->base;
}

/* ---- EXPLAIN, DESCRIBE, ANALYZE, options ---------------------------------------------------- */

struct ast *explain_new(struct parse *p, struct token word, int flags, struct parse_list options,
                        struct ast *statement)
{
    struct ast_explain *node = NODE(p, AST_EXPLAIN, 0, ast_explain, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->options = list_end(options);
    node->statement = statement;
    return &node->base;
}

struct ast *describe_new(struct parse *p, enum ast_describe_op op, struct token word,
                         struct parse_names path, struct ast *statement)
{
    struct ast_describe *node = NODE(p, AST_DESCRIBE, op, ast_describe, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    node->statement = statement;
    return &node->base;
}

struct ast *analyze_new(struct parse *p, struct token word, struct parse_names path,
                        struct parse_names columns)
{
    struct ast_analyze *node = NODE(p, AST_ANALYZE, 0, ast_analyze, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    node->columns = names_end(columns);
    return &node->base;
}

struct ast *option_new(struct parse *p, struct token name, struct parse_list values)
{
    struct ast_option *node = NODE(p, AST_OPTION, 0, ast_option, name.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->values = list_end(values);
    return &node->base;
}

struct ast *option_word(struct parse *p, struct token name, struct token value)
{
    return option_new(p, name, list_one(p, column_node_new(p, value)));
}

/* ---- COPY, EXPORT, ATTACH ------------------------------------------------------------------- */

static struct ast_copy *copy_new(struct parse *p, struct token word, struct ast *file)
{
    struct ast_copy *node = NODE(p, AST_COPY, 0, ast_copy, word.at);
    if (node == NULL) return NULL;
    node->base.flags = file == NULL ? AST_COPY_STDIO : 0;
    node->file = file;
    return node;
}

struct ast *copy_table(struct parse *p, struct token word, struct parse_names path,
                       struct parse_names columns, int flags, struct ast *file)
{
    struct ast_copy *node = copy_new(p, word, file);
    if (node == NULL) return NULL;
    node->base.flags |= (uint8_t)flags;
    node->path = path_end(path);
    node->columns = names_end(columns);
    return &node->base;
}

struct ast *copy_query(struct parse *p, struct token word, struct ast_query *query,
                       struct ast *file)
{
    struct ast_copy *node = copy_new(p, word, file);
    if (node == NULL) return NULL;
    node->query = query;
    return &node->base;
}

struct ast *copy_options(struct parse *p, struct ast *copy, struct parse_list options)
{
    if (p->rc != LLKV_OK) return NULL;
    ((struct ast_copy *)copy)->options = list_end(options);
    copy->end = p->end;
    return copy;
}

/* A file is needed: standard streams are COPY's alone. */
static bool file_missing(struct parse *p, struct token word, const struct ast *file)
{
    if (p->rc == LLKV_OK && file == NULL)
        parse_fail(p, LLKV_SYNTAX, NULL, word.at, "this statement needs the name of a file");
    return p->rc != LLKV_OK;
}

struct ast *export_new(struct parse *p, enum ast_export_op op, struct token word,
                       const struct token *database, struct ast *file, struct parse_list options)
{
    struct ast_export *node = NODE(p, AST_EXPORT, op, ast_export, word.at);
    if (node == NULL || file_missing(p, word, file)) return NULL;
    if (database != NULL) node->database = token_name(p, database);
    node->file = file;
    node->options = list_end(options);
    return &node->base;
}

struct ast *attach_new(struct parse *p, struct token word, int flags, struct ast *file,
                       const struct token *name)
{
    struct ast_attach *node = NODE(p, AST_ATTACH, 0, ast_attach, word.at);
    if (node == NULL || file_missing(p, word, file)) return NULL;
    node->base.flags = (uint8_t)flags;
    node->file = file;
    if (name != NULL) node->name = token_name(p, name);
    return &node->base;
}

struct ast *attach_options(struct parse *p, struct ast *attach, struct parse_list options)
{
    if (p->rc != LLKV_OK) return NULL;
    ((struct ast_attach *)attach)->options = list_end(options);
    attach->end = p->end;
    return attach;
}

struct ast *detach_new(struct parse *p, struct token word, int flags, struct token name)
{
    struct ast_detach *node = NODE(p, AST_DETACH, 0, ast_detach, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->name = token_name(p, &name);
    return &node->base;
}

struct ast *use_new(struct parse *p, struct token word, struct parse_names path)
{
    struct ast_use *node = NODE(p, AST_USE, 0, ast_use, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    return &node->base;
}

/* ---- the storage ---------------------------------------------------------------------------- */

struct ast *checkpoint_new(struct parse *p, struct token word, int flags, const struct token *name)
{
    struct ast_checkpoint *node = NODE(p, AST_CHECKPOINT, 0, ast_checkpoint, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    if (name != NULL) node->name = token_name(p, name);
    return &node->base;
}

struct ast *vacuum_new(struct parse *p, struct token word, int flags, struct parse_list options,
                       struct parse_names path, struct parse_names columns)
{
    struct ast_vacuum *node = NODE(p, AST_VACUUM, 0, ast_vacuum, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->options = list_end(options);
    node->path = path_end(path);
    node->columns = names_end(columns);
    return &node->base;
}

struct ast *vacuum_into(struct parse *p, struct ast *vacuum, struct ast *file)
{
    if (p->rc != LLKV_OK) return NULL;
    ((struct ast_vacuum *)vacuum)->into = file;
    vacuum->end = p->end;
    if (file == NULL)
        parse_fail(p, LLKV_SYNTAX, NULL, vacuum->at, "VACUUM INTO needs the name of a file");
    return vacuum;
}

struct ast *backup_new(struct parse *p, struct token word, const struct token *name,
                       struct ast *file, struct parse_list options)
{
    struct ast_backup *node = NODE(p, AST_BACKUP, 0, ast_backup, word.at);
    if (node == NULL || file_missing(p, word, file)) return NULL;
    if (name != NULL) node->name = token_name(p, name);
    node->file = file;
    node->options = list_end(options);
    return &node->base;
}

struct ast *integrity_new(struct parse *p, struct token word, struct parse_names path)
{
    struct ast_integrity *node = NODE(p, AST_INTEGRITY, 0, ast_integrity, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    return &node->base;
}
