/* print_dml.c -- INSERT, UPDATE, DELETE, MERGE and TRUNCATE as SQL text. */
#include "sql/print_priv.h"

static void put_clause(struct printer *out, const char *word, struct ast_list list)
{
    if (list.count == 0) return;
    put(out, word);
    put_list(out, list);
}

static void put_condition(struct printer *out, const char *word, const struct ast *condition)
{
    if (condition == NULL) return;
    put(out, word);
    put_expr(out, condition, RANK_NONE);
}

static const char *const conflict_words[] = {"", "REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK"};

/* INSERT, UPDATE, with OR what happens on a conflict. */
static void put_verb(struct printer *out, const char *verb, uint32_t conflict)
{
    put(out, verb);
    if (conflict != AST_CONFLICT_NONE) {
        put(out, " OR ");
        put(out, conflict_words[conflict]);
    }
    put(out, " ");
}

static void put_insert(struct printer *out, const struct ast_insert *insert)
{
    put_with(out, insert->with);
    put_verb(out, "INSERT", insert->base.op);
    put(out, "INTO ");
    put_from(out, &insert->table->base);
    put_columns(out, insert->columns);
    if (insert->base.flags & AST_INSERT_BY_NAME) put(out, " BY NAME");
    if (insert->base.flags & AST_INSERT_BY_POSITION) put(out, " BY POSITION");
    if (insert->base.flags & AST_INSERT_OVERRIDING_SYSTEM) put(out, " OVERRIDING SYSTEM VALUE");
    if (insert->base.flags & AST_INSERT_OVERRIDING_USER) put(out, " OVERRIDING USER VALUE");
    put(out, " ");
    if (insert->query == NULL)
        put(out, "DEFAULT VALUES");
    else
        put_query(out, insert->query);
    for (uint32_t i = 0; i < insert->on_conflict.count; i++) {
        put(out, " ");
        put_node(out, insert->on_conflict.items[i]);
    }
    put_clause(out, " RETURNING ", insert->returning);
}

static void put_on_conflict(struct printer *out, const struct ast_on_conflict *clause)
{
    put(out, "ON CONFLICT ");
    if (ast_name_given(&clause->constraint)) {
        put(out, "ON CONSTRAINT ");
        put_name(out, &clause->constraint);
        put(out, " ");
    }
    if (clause->target.count > 0) {
        put(out, "(");
        put_list(out, clause->target);
        put(out, ") ");
        put_condition(out, "WHERE ", clause->target_where);
        if (clause->target_where != NULL) put(out, " ");
    }
    if (clause->base.flags & AST_ON_CONFLICT_UPDATE)
        put_clause(out, "DO UPDATE SET ", clause->sets);
    else
        put(out, "DO NOTHING");
    put_condition(out, " WHERE ", clause->where);
}

static void put_set_item(struct printer *out, const struct ast_set_item *item)
{
    bool tuple = item->base.flags & AST_SET_TUPLE;
    if (tuple) put(out, "(");
    put_list(out, item->targets);
    put(out, tuple ? ") = " : " = ");
    put_expr(out, item->value, RANK_NONE);
}

static void put_update(struct printer *out, const struct ast_update *update)
{
    put_with(out, update->with);
    put_verb(out, "UPDATE", update->base.op);
    put_from(out, &update->table->base);
    put_clause(out, " SET ", update->sets);
    put_clause(out, " FROM ", update->from);
    put_condition(out, " WHERE ", update->where);
    put_clause(out, " RETURNING ", update->returning);
}

static void put_delete(struct printer *out, const struct ast_delete *delete)
{
    put_with(out, delete->with);
    put(out, "DELETE FROM ");
    put_from(out, &delete->table->base);
    put_clause(out, " USING ", delete->from);
    put_condition(out, " WHERE ", delete->where);
    put_clause(out, " RETURNING ", delete->returning);
}

static void put_merge(struct printer *out, const struct ast_merge *merge)
{
    bool join = merge->source->kind == AST_JOIN &&
                !ast_name_given(&((const struct ast_join *)merge->source)->alias);
    put_with(out, merge->with);
    put(out, "MERGE INTO ");
    put_from(out, &merge->table->base);
    put(out, join ? " USING (" : " USING ");
    put_from(out, merge->source);
    if (join) put(out, ")");
    put_condition(out, " ON ", merge->on);
    if (merge->using.count > 0) put(out, " USING");
    put_columns(out, merge->using);
    for (uint32_t i = 0; i < merge->whens.count; i++) {
        put(out, " ");
        put_node(out, merge->whens.items[i]);
    }
    put_clause(out, " RETURNING ", merge->returning);
}

static void put_merge_insert(struct printer *out, const struct ast_merge_when *when)
{
    put(out, "INSERT");
    put_columns(out, when->columns);
    if (when->base.flags & AST_MERGE_BY_NAME)
        put(out, " BY NAME");
    else if (when->base.flags & AST_MERGE_STAR)
        put(out, " *");
    else if (when->base.flags & AST_MERGE_DEFAULT_VALUES)
        put(out, " DEFAULT VALUES");
    if (when->values.count == 0) return;
    put(out, " VALUES (");
    put_list(out, when->values);
    put(out, ")");
}

static void put_merge_when(struct printer *out, const struct ast_merge_when *when)
{
    put(out, when->base.flags & AST_MERGE_NOT_MATCHED ? "WHEN NOT MATCHED" : "WHEN MATCHED");
    if (when->base.flags & AST_MERGE_BY_SOURCE) put(out, " BY SOURCE");
    put_condition(out, " AND ", when->condition);
    put(out, " THEN ");
    switch ((enum ast_merge_op)when->base.op) {
    case AST_MERGE_UPDATE:
        put(out, "UPDATE");
        if (when->base.flags & AST_MERGE_BY_NAME)
            put(out, " BY NAME");
        else if (when->base.flags & AST_MERGE_STAR)
            put(out, " SET *");
        put_clause(out, " SET ", when->sets);
        return;
    case AST_MERGE_DELETE: put(out, "DELETE"); return;
    case AST_MERGE_INSERT: put_merge_insert(out, when); return;
    case AST_MERGE_NOTHING: put(out, "DO NOTHING"); return;
    case AST_MERGE_ERROR:
        put(out, "ERROR");
        put_clause(out, " ", when->values);
        return;
    }
}

static void put_truncate(struct printer *out, const struct ast_truncate *truncate)
{
    put_clause(out, "TRUNCATE TABLE ", truncate->tables);
    if (truncate->base.flags & AST_TRUNCATE_RESTART_IDENTITY) put(out, " RESTART IDENTITY");
    if (truncate->base.flags & AST_TRUNCATE_CONTINUE_IDENTITY) put(out, " CONTINUE IDENTITY");
    if (truncate->base.flags & AST_TRUNCATE_CASCADE) put(out, " CASCADE");
}

bool put_dml(struct printer *out, const struct ast *node)
{
    switch ((enum ast_kind)node->kind) {
    case AST_INSERT: put_insert(out, (const struct ast_insert *)node); return true;
    case AST_ON_CONFLICT: put_on_conflict(out, (const struct ast_on_conflict *)node); return true;
    case AST_SET_ITEM: put_set_item(out, (const struct ast_set_item *)node); return true;
    case AST_UPDATE: put_update(out, (const struct ast_update *)node); return true;
    case AST_DELETE: put_delete(out, (const struct ast_delete *)node); return true;
    case AST_MERGE: put_merge(out, (const struct ast_merge *)node); return true;
    case AST_MERGE_WHEN: put_merge_when(out, (const struct ast_merge_when *)node); return true;
    case AST_TRUNCATE: put_truncate(out, (const struct ast_truncate *)node); return true;
    default: return false;
    }
}
