/* build_ddl.c -- nodes of CREATE TABLE and its constraints, DROP, ALTER, COMMENT, REINDEX. */
#include "sql/build.h"
#include "sql/grammar_gen.h"

/* ---- CREATE TABLE --------------------------------------------------------------------------- */

struct ast_create_table *table_begin(struct parse *p, struct parse_create create, int flags,
                                     struct parse_names path)
{
    struct ast_create_table *node = NODE(p, AST_CREATE_TABLE, 0, ast_create_table, create.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)(create.flags | flags);
    node->path = path_end(path);
    return node;
}

struct ast_create_table *table_elements(struct parse *p, struct ast_create_table *table,
                                        struct parse_list elements)
{
    struct parse_list columns = list_none(), constraints = list_none();
    for (uint32_t i = 0; i < elements.count && p->rc == LLKV_OK; i++) {
        struct ast *element = elements.items[i];
        if (element->kind == AST_CONSTRAINT)
            constraints = list_add(p, constraints, element);
        else
            columns = list_add(p, columns, element);
    }
    if (p->rc != LLKV_OK) return NULL;
    if (columns.count > SQL_COLUMNS_MAX)
        parse_fail(p, LLKV_LIMIT, "54011", table->base.at, "a table has at most %d columns",
                   SQL_COLUMNS_MAX);
    if (columns.count == 0)
        parse_fail(p, LLKV_SYNTAX, "42P16", table->base.at, "a table needs a column");
    table->columns = list_end(columns);
    table->constraints = list_end(constraints);
    table->base.end = p->end;
    return table;
}

/* CREATE TABLE t(a, b) AS: the elements must be names alone. */
struct ast *table_as(struct parse *p, struct ast_create_table *table, struct parse_list elements,
                     struct ast_query *query, int flags)
{
    if (p->rc != LLKV_OK) return NULL;
    struct ast_name *names = parse_alloc(p, (elements.count + 1) * sizeof *names);
    if (names == NULL) return NULL;
    for (uint32_t i = 0; i < elements.count; i++) {
        const struct ast_column_def *column = (const struct ast_column_def *)elements.items[i];
        bool is_name = column->base.kind == AST_COLUMN_DEF && column->type == NULL &&
                       column->constraints.count == 0;
        if (!is_name) {
            parse_fail(p, LLKV_SYNTAX, NULL, column->base.at,
                       "with AS SELECT only names of columns may be given");
            return NULL;
        }
        names[i] = column->name;
    }
    table->column_names = (struct ast_names){elements.count > 0 ? names : NULL, elements.count};
    table->query = query;
    table->base.flags |= (uint8_t)flags;
    table->base.end = p->end;
    return &table->base;
}

struct ast *table_on_commit(struct parse *p, struct ast_create_table *table,
                            enum ast_on_commit what)
{
    if (p->rc != LLKV_OK) return NULL;
    table->base.op = (uint16_t)what;
    table->base.end = p->end;
    return &table->base;
}

struct ast *table_like(struct parse *p, struct token word, struct parse_names path, int include)
{
    struct ast_like_table *node = NODE(p, AST_LIKE_TABLE, 0, ast_like_table, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    node->include = (uint32_t)include;
    return &node->base;
}

int like_option(struct parse *p, struct token word)
{
    if (p->rc != LLKV_OK) return 0;
    if (token_is(p, &word, "defaults")) return AST_LIKE_DEFAULTS;
    if (token_is(p, &word, "constraints")) return AST_LIKE_CONSTRAINTS;
    if (token_is(p, &word, "indexes")) return AST_LIKE_INDEXES;
    if (token_is(p, &word, "comments")) return AST_LIKE_COMMENTS;
    parse_fail(p, LLKV_SYNTAX, NULL, word.at, "LIKE has no option of this name");
    parse_hint(p, "options are ALL, DEFAULTS, CONSTRAINTS, INDEXES, GENERATED, IDENTITY, COMMENTS");
    return 0;
}

struct ast_column_def *column_new(struct parse *p, struct token name, struct ast_type *type)
{
    struct ast_column_def *node = NODE(p, AST_COLUMN_DEF, 0, ast_column_def, name.at);
    if (node == NULL) return NULL;
    node->name = token_name(p, &name);
    node->type = type;
    return node;
}

struct ast_column_def *column_add(struct parse *p, struct ast_column_def *column,
                                  struct ast_constraint *constraint)
{
    if (p->rc != LLKV_OK) return NULL;
    column->constraints = list_extend(p, column->constraints, &constraint->base);
    column->base.end = p->end;
    return column;
}

/* ---- constraints ---------------------------------------------------------------------------- */

struct ast_constraint *constraint_new(struct parse *p, enum ast_constraint_op op, uint32_t at)
{
    return NODE(p, AST_CONSTRAINT, op, ast_constraint, at);
}

struct ast_constraint *constraint_refused(struct parse *p, struct token word, struct token what)
{
    if (p->rc != LLKV_OK) return NULL;
    bool known = token_is(p, &what, "compression");
    parse_fail(p, known ? LLKV_UNSUPPORTED : LLKV_SYNTAX, NULL, word.at, "%s",
               known ? "USING COMPRESSION is not supported: the storage chooses by itself"
                     : "USING does not belong into the definition of a column");
    return NULL;
}

struct ast_constraint *constraint_name(struct parse *p, struct token word, struct token name,
                                       struct ast_constraint *constraint)
{
    if (p->rc != LLKV_OK) return NULL;
    constraint->name = token_name(p, &name);
    constraint->base.at = word.at;
    return constraint;
}

struct ast_constraint *constraint_value(struct parse *p, enum ast_constraint_op op,
                                        struct token word, struct ast *value)
{
    struct ast_constraint *node = constraint_new(p, op, word.at);
    if (node != NULL) node->value = value;
    return node;
}

struct ast_constraint *constraint_key(struct parse *p, struct token word, int flags)
{
    struct ast_constraint *node = constraint_new(p, AST_CONSTRAINT_PRIMARY_KEY, word.at);
    if (node != NULL) node->base.flags = (uint8_t)flags;
    return node;
}

struct ast_constraint *constraint_collate(struct parse *p, struct token word,
                                          struct parse_names collation)
{
    struct ast_constraint *node = constraint_new(p, AST_CONSTRAINT_COLLATE, word.at);
    if (node != NULL) node->target = path_end(collation);
    return node;
}

struct ast_constraint *constraint_identity(struct parse *p, struct token word, int flags,
                                           struct parse_list options)
{
    struct ast_constraint *node = constraint_new(p, AST_CONSTRAINT_IDENTITY, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->options = list_end(options);
    return node;
}

/* Which constraints take which flags. */
struct ast_constraint *constraint_flag(struct parse *p, struct ast_constraint *constraint, int flag)
{
    if (p->rc != LLKV_OK) return NULL;
    enum ast_constraint_op op = (enum ast_constraint_op)constraint->base.op;
    int storage = AST_CONSTRAINT_STORED | AST_CONSTRAINT_VIRTUAL;
    bool key = op == AST_CONSTRAINT_UNIQUE || op == AST_CONSTRAINT_PRIMARY_KEY ||
               op == AST_CONSTRAINT_FOREIGN_KEY;
    bool fits = flag & storage
                    ? op == AST_CONSTRAINT_GENERATED && !(constraint->base.flags & storage)
                    : key;
    if (!fits) {
        parse_fail(p, LLKV_SYNTAX, NULL, constraint->base.at, "%s",
                   flag & storage ? "STORED or VIRTUAL stands once, behind a generated column"
                                  : "only keys can be DEFERRABLE");
        return NULL;
    }
    constraint->base.flags |= (uint8_t)flag;
    constraint->base.end = p->end;
    return constraint;
}

struct ast_constraint *constraint_conflict(struct parse *p, struct ast_constraint *constraint,
                                           enum ast_conflict conflict)
{
    if (p->rc != LLKV_OK) return NULL;
    constraint->conflict = conflict;
    constraint->base.end = p->end;
    return constraint;
}

struct ast_constraint *constraint_references(struct parse *p, struct token word,
                                             struct parse_names table, struct parse_names columns)
{
    struct ast_constraint *node = constraint_new(p, AST_CONSTRAINT_FOREIGN_KEY, word.at);
    if (node == NULL) return NULL;
    node->target = path_end(table);
    node->target_columns = names_end(columns);
    return node;
}

static struct ast_constraint *set_once(struct parse *p, struct ast_constraint *constraint,
                                       uint32_t *place, uint32_t value)
{
    if (*place != 0)
        parse_fail(p, LLKV_SYNTAX, NULL, constraint->base.at,
                   "this clause of REFERENCES is given "
                   "twice");
    *place = value;
    constraint->base.end = p->end;
    return constraint;
}

struct ast_constraint *constraint_on_delete(struct parse *p, struct ast_constraint *constraint,
                                            enum ast_action action)
{
    return p->rc != LLKV_OK ? NULL : set_once(p, constraint, &constraint->on_delete, action);
}

struct ast_constraint *constraint_on_update(struct parse *p, struct ast_constraint *constraint,
                                            enum ast_action action)
{
    return p->rc != LLKV_OK ? NULL : set_once(p, constraint, &constraint->on_update, action);
}

struct ast_constraint *constraint_match(struct parse *p, struct ast_constraint *constraint,
                                        enum ast_match match)
{
    return p->rc != LLKV_OK ? NULL : set_once(p, constraint, &constraint->match, match);
}

int match_word(struct parse *p, struct token word)
{
    if (p->rc != LLKV_OK) return AST_MATCH_NONE;
    if (token_is(p, &word, "simple")) return AST_MATCH_SIMPLE;
    if (token_is(p, &word, "partial")) return AST_MATCH_PARTIAL;
    parse_fail(p, LLKV_SYNTAX, NULL, word.at, "MATCH is SIMPLE, FULL or PARTIAL");
    return AST_MATCH_NONE;
}

struct ast_constraint *constraint_columns(struct parse *p, enum ast_constraint_op op,
                                          struct token word, struct parse_list columns)
{
    struct ast_constraint *node = constraint_new(p, op, word.at);
    if (node != NULL) node->columns = list_end(columns);
    return node;
}

struct ast_constraint *constraint_foreign(struct parse *p, struct token word,
                                          struct parse_list columns,
                                          struct ast_constraint *references)
{
    if (p->rc != LLKV_OK) return NULL;
    references->columns = list_end(columns);
    references->base.at = word.at;
    return references;
}

/* ---- DROP, ALTER, COMMENT, REINDEX ---------------------------------------------------------- */

struct ast *drop_new(struct parse *p, struct token word, enum ast_object_kind kind, int flags,
                     struct parse_list objects, struct parse_names table)
{
    struct ast_drop *node = NODE(p, AST_DROP, kind, ast_drop, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->objects = list_end(objects);
    node->table = path_end(table);
    return &node->base;
}

struct ast *alter_new(struct parse *p, struct token word, enum ast_object_kind kind, int flags,
                      struct parse_names path, struct parse_list actions)
{
    struct ast_alter *node = NODE(p, AST_ALTER, kind, ast_alter, word.at);
    if (node == NULL) return NULL;
    if (kind != AST_OBJECT_SEQUENCE && actions.count > 0 && actions.items[0]->kind == AST_OPTION) {
        parse_fail(p, LLKV_SYNTAX, NULL, actions.items[0]->at, "only a sequence has this option");
        return NULL;
    }
    node->base.flags = flags & AST_DROP_IF_EXISTS ? AST_ALTER_IF_EXISTS : 0;
    node->path = path_end(path);
    node->actions = list_end(actions);
    return &node->base;
}

static struct ast_alter_action *action_new(struct parse *p, struct token word, enum ast_alter_op op,
                                           struct parse_names name)
{
    struct ast_alter_action *node = NODE(p, AST_ALTER_ACTION, op, ast_alter_action, word.at);
    if (node != NULL) node->name = path_end(name);
    return node;
}

struct ast *alter_add_column(struct parse *p, struct token word, int flags,
                             struct ast_column_def *column)
{
    struct ast_alter_action *node = action_new(p, word, AST_ALTER_ADD_COLUMN, names_none());
    if (node == NULL) return NULL;
    if (flags != 0) node->base.flags = AST_ALTER_IF_NOT_EXISTS;
    node->column = column;
    return &node->base;
}

struct ast *alter_add_constraint(struct parse *p, struct token word,
                                 struct ast_constraint *constraint)
{
    struct ast_alter_action *node = action_new(p, word, AST_ALTER_ADD_CONSTRAINT, names_none());
    if (node == NULL) return NULL;
    node->constraint = constraint;
    return &node->base;
}

struct ast *alter_drop(struct parse *p, struct token word, enum ast_alter_op op, int flags,
                       struct parse_names name, int behaviour)
{
    struct ast_alter_action *node = action_new(p, word, op, name);
    if (node == NULL) return NULL;
    if (flags != 0) node->base.flags |= AST_ALTER_COLUMN_IF_EXISTS;
    if (behaviour & AST_DROP_CASCADE) node->base.flags |= AST_ALTER_CASCADE;
    if (behaviour & AST_DROP_RESTRICT) node->base.flags |= AST_ALTER_RESTRICT;
    return &node->base;
}

struct ast *alter_column(struct parse *p, struct token word, enum ast_alter_op op,
                         struct parse_names name, struct ast *value)
{
    struct ast_alter_action *node = action_new(p, word, op, name);
    if (node == NULL) return NULL;
    node->value = value;
    return &node->base;
}

struct ast *alter_type(struct parse *p, struct token word, struct parse_names name,
                       struct ast_type *type, struct parse_names collation)
{
    struct ast_alter_action *node = action_new(p, word, AST_ALTER_SET_TYPE, name);
    if (node == NULL) return NULL;
    node->type = type;
    node->collation = path_end(collation);
    return &node->base;
}

struct ast *alter_using(struct parse *p, struct ast *action, struct ast *value)
{
    if (p->rc != LLKV_OK) return NULL;
    ((struct ast_alter_action *)action)->value = value;
    action->end = p->end;
    return action;
}

struct ast *alter_rename(struct parse *p, struct token word, enum ast_alter_op op,
                         struct parse_names old_name, struct token new_name)
{
    struct ast_alter_action *node = action_new(p, word, op, old_name);
    if (node == NULL) return NULL;
    node->new_name = token_name(p, &new_name);
    return &node->base;
}

struct ast *alter_add_value(struct parse *p, struct token word, int flags, struct token label,
                            const struct token *neighbour)
{
    struct parse_names name = neighbour != NULL ? names_one(p, *neighbour) : names_none();
    struct ast_alter_action *node = action_new(p, word, AST_ALTER_ADD_VALUE, name);
    if (node == NULL) return NULL;
    if (flags & AST_CREATE_IF_NOT_EXISTS) node->base.flags |= AST_ALTER_IF_NOT_EXISTS;
    if (flags & AST_ALTER_BEFORE) node->base.flags |= AST_ALTER_BEFORE;
    node->value = expr_string(p, label);
    return &node->base;
}

struct ast *comment_new(struct parse *p, struct token word, enum ast_object_kind kind,
                        struct parse_names path, struct ast *text)
{
    struct ast_comment *node = NODE(p, AST_COMMENT, kind, ast_comment, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    node->text = text;
    return &node->base;
}

struct ast *reindex_new(struct parse *p, struct token word, struct parse_names path)
{
    struct ast_reindex *node = NODE(p, AST_REINDEX, 0, ast_reindex, word.at);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    return &node->base;
}
