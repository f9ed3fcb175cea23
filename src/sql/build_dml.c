/* build_dml.c -- nodes of INSERT, UPDATE, DELETE, MERGE and TRUNCATE. */
#include "sql/build.h"

/* ---- INSERT --------------------------------------------------------------------------------- */

static uint32_t statement_at(const struct ast_with *with, struct token word)
{
    return with != NULL ? with->base.at : word.at;
}

struct ast_insert *insert_begin(struct parse *p, struct ast_with *with, struct token word,
                                enum ast_conflict conflict)
{
    struct ast_insert *node = NODE(p, AST_INSERT, conflict, ast_insert, statement_at(with, word));
    if (node != NULL) node->with = with;
    return node;
}

struct ast_insert *insert_new(struct parse *p, struct ast_insert *insert, struct ast_table *table,
                              struct parse_names columns, int flags, struct ast_query *query)
{
    if (p->rc != LLKV_OK) return NULL;
    insert->base.flags = (uint8_t)flags;
    insert->base.end = p->end;
    insert->table = table;
    insert->columns = names_end(columns);
    insert->query = query;
    return insert;
}

struct ast_insert *insert_on_conflict(struct parse *p, struct ast_insert *insert,
                                      struct ast_on_conflict *clause)
{
    if (p->rc != LLKV_OK) return NULL;
    insert->on_conflict = list_extend(p, insert->on_conflict, &clause->base);
    insert->base.end = p->end;
    return insert;
}

struct ast_insert *insert_returning(struct parse *p, struct ast_insert *insert,
                                    struct parse_list items)
{
    if (p->rc != LLKV_OK) return NULL;
    insert->returning = list_end(items);
    insert->base.end = p->end;
    return insert;
}

struct ast_on_conflict *conflict_target(struct parse *p, struct parse_list target,
                                        struct ast *where, const struct token *constraint)
{
    struct ast_on_conflict *node = NODE(p, AST_ON_CONFLICT, 0, ast_on_conflict, p->end);
    if (node == NULL) return NULL;
    node->target = list_end(target);
    node->target_where = where;
    if (constraint != NULL) node->constraint = token_name(p, constraint);
    return node;
}

struct ast_on_conflict *on_conflict(struct parse *p, struct token word,
                                    struct ast_on_conflict *clause, struct parse_list sets,
                                    struct ast *where)
{
    if (p->rc != LLKV_OK) return NULL;
    clause->base.at = word.at;
    clause->base.end = p->end;
    if (sets.count > 0) clause->base.flags = AST_ON_CONFLICT_UPDATE;
    clause->sets = list_end(sets);
    clause->where = where;
    return clause;
}

/* ---- UPDATE, DELETE ------------------------------------------------------------------------- */

struct ast *set_item(struct parse *p, struct parse_names target, struct ast *value)
{
    struct ast *column = expr_of_path(p, target);
    struct ast_set_item *node = NODE(p, AST_SET_ITEM, 0, ast_set_item, at_of(column));
    struct parse_list targets = list_one(p, column);
    if (node == NULL || p->rc != LLKV_OK) return NULL;
    node->targets = list_end(targets);
    node->value = value;
    return &node->base;
}

struct ast *set_tuple(struct parse *p, struct token open, struct parse_list targets,
                      struct ast *value)
{
    struct ast_set_item *node = NODE(p, AST_SET_ITEM, 0, ast_set_item, open.at);
    if (node == NULL) return NULL;
    node->base.flags = AST_SET_TUPLE;
    node->targets = list_end(targets);
    node->value = value;
    return &node->base;
}

struct ast_update *update_new(struct parse *p, struct ast_with *with, struct token word,
                              enum ast_conflict conflict, struct ast_table *table,
                              struct parse_list sets)
{
    struct ast_update *node = NODE(p, AST_UPDATE, conflict, ast_update, statement_at(with, word));
    if (node == NULL) return NULL;
    node->with = with;
    node->table = table;
    node->sets = list_end(sets);
    return node;
}

/* A clause that is given for the second time, or behind one that ends the statement. */
static bool clause_is_late(struct parse *p, struct token word, bool late)
{
    if (p->rc == LLKV_OK && late)
        parse_fail(p, LLKV_SYNTAX, NULL, word.at, "this clause is given twice or comes too late");
    return p->rc != LLKV_OK;
}

struct ast_update *update_from(struct parse *p, struct ast_update *update, struct token word,
                               struct parse_list from)
{
    if (p->rc != LLKV_OK) return NULL;
    bool late = update->from.count > 0 || update->where != NULL || update->returning.count > 0;
    if (clause_is_late(p, word, late)) return NULL;
    update->from = list_end(from);
    update->base.end = p->end;
    return update;
}

struct ast_update *update_where(struct parse *p, struct ast_update *update, struct token word,
                                struct ast *condition)
{
    if (p->rc != LLKV_OK) return NULL;
    if (clause_is_late(p, word, update->where != NULL || update->returning.count > 0)) return NULL;
    update->where = condition;
    update->base.end = p->end;
    return update;
}

struct ast_update *update_returning(struct parse *p, struct ast_update *update, struct token word,
                                    struct parse_list items)
{
    if (p->rc != LLKV_OK || clause_is_late(p, word, update->returning.count > 0)) return NULL;
    update->returning = list_end(items);
    update->base.end = p->end;
    return update;
}

struct ast_delete *delete_new(struct parse *p, struct ast_with *with, struct token word,
                              struct ast_table *table)
{
    struct ast_delete *node = NODE(p, AST_DELETE, 0, ast_delete, statement_at(with, word));
    if (node == NULL) return NULL;
    node->with = with;
    node->table = table;
    return node;
}

struct ast_delete *delete_using(struct parse *p, struct ast_delete *delete, struct parse_list from)
{
    if (p->rc != LLKV_OK) return NULL;
    delete->from = list_end(from);
    delete->base.end = p->end;
    return delete;
}

struct ast_delete *delete_where(struct parse *p, struct ast_delete *delete, struct token word,
                                struct ast *condition)
{
    if (p->rc != LLKV_OK) return NULL;
    if (clause_is_late(p, word, delete->where != NULL || delete->returning.count > 0)) return NULL;
    delete->where = condition;
    delete->base.end = p->end;
    return delete;
}

struct ast_delete *delete_returning(struct parse *p, struct ast_delete *delete, struct token word,
                                    struct parse_list items)
{
    if (p->rc != LLKV_OK || clause_is_late(p, word, delete->returning.count > 0)) return NULL;
    delete->returning = list_end(items);
    delete->base.end = p->end;
    return delete;
}

/* ---- MERGE, TRUNCATE ------------------------------------------------------------------------ */

struct ast_merge *merge_new(struct parse *p, struct ast_with *with, struct token word,
                            struct ast_table *table)
{
    struct ast_merge *node = NODE(p, AST_MERGE, 0, ast_merge, statement_at(with, word));
    if (node == NULL) return NULL;
    node->with = with;
    node->table = table;
    return node;
}

struct ast_merge *merge_source(struct parse *p, struct ast_merge *merge, struct ast *source,
                               struct ast *on, struct parse_names using)
{
    if (p->rc != LLKV_OK) return NULL;
    merge->source = source;
    merge->on = on;
    merge->using = names_end(using);
    return merge;
}

struct ast_merge *merge_add(struct parse *p, struct ast_merge *merge, struct ast *when)
{
    if (p->rc != LLKV_OK) return NULL;
    merge->whens = list_extend(p, merge->whens, when);
    merge->base.end = p->end;
    return merge;
}

struct ast_merge *merge_returning(struct parse *p, struct ast_merge *merge, struct parse_list items)
{
    if (p->rc != LLKV_OK) return NULL;
    merge->returning = list_end(items);
    merge->base.end = p->end;
    return merge;
}

struct ast_merge_when *merge_action(struct parse *p, enum ast_merge_op op, int flags,
                                    struct parse_list list, struct parse_names columns)
{
    struct ast_merge_when *node = NODE(p, AST_MERGE_WHEN, op, ast_merge_when, p->end);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->columns = names_end(columns);
    if (op == AST_MERGE_UPDATE)
        node->sets = list_end(list);
    else
        node->values = list_end(list);
    return node;
}

struct ast *merge_when(struct parse *p, struct token word, int flags, struct ast *condition,
                       struct ast_merge_when *action)
{
    if (p->rc != LLKV_OK) return NULL;
    bool inserts = action->base.op == AST_MERGE_INSERT;
    bool can_insert = (flags & AST_MERGE_NOT_MATCHED) && !(flags & AST_MERGE_BY_SOURCE);
    bool writes_target = action->base.op == AST_MERGE_UPDATE || action->base.op == AST_MERGE_DELETE;
    if ((inserts && !can_insert) || (writes_target && can_insert)) {
        parse_fail(p, LLKV_SYNTAX, NULL, word.at, "%s",
                   inserts ? "INSERT needs WHEN NOT MATCHED [BY TARGET]"
                           : "UPDATE and DELETE need a row of the target");
        return NULL;
    }
    action->base.flags |= (uint8_t)flags;
    action->base.at = word.at;
    action->base.end = p->end;
    action->condition = condition;
    return &action->base;
}

struct ast *truncate_new(struct parse *p, struct token word, struct parse_list tables, int flags)
{
    struct ast_truncate *node = NODE(p, AST_TRUNCATE, 0, ast_truncate, word.at);
    if (node == NULL) return NULL;
    node->base.flags = (uint8_t)flags;
    node->tables = list_end(tables);
    return &node->base;
}

struct ast *object_new(struct parse *p, struct parse_names path)
{
    struct ast_object *node =
        NODE(p, AST_OBJECT, 0, ast_object, path.count > 0 ? path.items[0].at : p->end);
    if (node == NULL) return NULL;
    node->path = path_end(path);
    return &node->base;
}
