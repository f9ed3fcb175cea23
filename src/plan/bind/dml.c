/* dml.c -- INSERT, UPDATE, DELETE. */
#include "plan/bind/bind.h"

/* ---- checks: over IUs that stand for the columns of the new row ---- */

static llkv_code bind_checks(struct binder *b, const struct object *object, struct ldml *dml)
{
    const struct table_def *def = table_definition(object->table);
    if (def->check_count == 0) return LLKV_OK;
    struct scope_column *columns = cx_alloc_array(b->cx, def->column_count, sizeof *columns);
    iu_id *row = cx_alloc_array(b->cx, def->column_count, sizeof *row);
    const char **names = cx_alloc_array(b->cx, def->check_count, sizeof *names);
    if (columns == NULL || row == NULL || names == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++) {
        const struct column_def *c = &def->columns[i];
        TRY(plan_iu_new(b->plan, c->type, c->name, !c->not_null, &row[i]));
        columns[i] = (struct scope_column){.name = slice_of(c->name),
                                           .hash = c->name_hash,
                                           .iu = row[i],
                                           .type = c->type,
                                           .nullable = !c->not_null};
    }
    struct scope_relation relation = {.name = slice_of(object->name),
                                      .hash = object->name_hash,
                                      .column_count = def->column_count,
                                      .columns = columns};
    struct scope scope = {.clause = CLAUSE_WHERE};
    scope.relations.items = &relation;
    scope.relations.count = scope.relations.capacity = 1;
    for (uint32_t i = 0; i < def->check_count; i++) {
        const struct expr *e;
        TRY(bind_stored_expr(b, &scope, def->checks[i].sql, &e));
        TRY(bind_to_condition(b, e, &e));
        VEC_PUSH(b->cx, &dml->checks, e);
        names[i] = def->checks[i].name != NULL ? def->checks[i].name : def->checks[i].sql;
    }
    dml->row = row;
    dml->check_names = names;
    return LLKV_OK;
}

static llkv_code refuse_triggers(struct binder *b, const struct object *object,
                                 const struct ast *at, const char *verb)
{
    if (!catalog_has_trigger(b->env->catalog, object->id)) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_UNSUPPORTED, bind_at(b, at), NULL,
                      "%s on \"%s\" would fire a trigger, which is not supported", verb,
                      object->name);
}

static llkv_code bind_default(struct binder *b, const struct column_def *column, int32_t at,
                              const struct expr **out)
{
    struct scope scope = {.clause = CLAUSE_VALUES};
    if (column->default_sql == NULL) return bind_null(b, column->type, at, out);
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &scope.node));
    scope.node->values.row_count = 1;
    return bind_stored_expr(b, &scope, column->default_sql, out);
}

static llkv_code conflict_action(struct binder *b, const struct ast *node, uint8_t *out)
{
    switch ((enum ast_conflict)node->op) {
    case AST_CONFLICT_NONE:
    case AST_CONFLICT_ABORT: *out = WRITE_ABORT; return LLKV_OK;
    case AST_CONFLICT_REPLACE: *out = WRITE_REPLACE; return LLKV_OK;
    case AST_CONFLICT_IGNORE: *out = WRITE_IGNORE; return LLKV_OK;
    case AST_CONFLICT_FAIL: return bind_unsupported(b, node, "OR FAIL");
    case AST_CONFLICT_ROLLBACK: break;
    }
    return bind_unsupported(b, node, "OR ROLLBACK");
}

/* ---- INSERT ---- */

/* target[i]: which column of the source feeds table column i, or -1 for its default. */
static llkv_code insert_targets(struct binder *b, const struct ast_insert *insert,
                                const struct table_def *def, int32_t *target)
{
    for (uint32_t i = 0; i < def->column_count; i++)
        target[i] = insert->columns.count == 0 && insert->query != NULL ? (int32_t)i : -1;
    for (uint32_t i = 0; i < insert->columns.count; i++) {
        const struct ast_name *name = &insert->columns.items[i];
        int column = table_def_column(def, name->text, name->hash);
        if (column < 0)
            return cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42703",
                              "table \"%s\" has no column \"%.*s\"", def->name,
                              SLICE_ARG(name->text));
        if (target[column] >= 0)
            return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, name), "42701",
                              "column \"%.*s\" is named twice", SLICE_ARG(name->text));
        target[column] = (int32_t)i;
    }
    return LLKV_OK;
}

/* VALUES rows go to their columns cell by cell: each literal takes its column's type, and DEFAULT is
 * allowed. */
static llkv_code insert_values(struct binder *b, const struct ast_values *values,
                               const struct table_def *def, const int32_t *target,
                               struct lnode **out, iu_id *source)
{
    struct lnode *node;
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &node));
    node->values.row_count = 1;
    struct scope scope = {.clause = CLAUSE_VALUES, .node = node};
    for (uint32_t r = 0; r < values->row_count; r++)
        for (uint32_t i = 0; i < def->column_count; i++) {
            if (target[i] < 0) continue;
            const struct ast *cell =
                values->cells[(size_t)r * values->column_count + (uint32_t)target[i]];
            const struct expr *e;
            if (cell->kind == AST_DEFAULT)
                TRY(bind_default(b, &def->columns[i], bind_at(b, cell), &e));
            else
                TRY(bind_expr(b, &scope, cell, &e));
            if (scope.node != node)
                return bind_unsupported(b, cell, "a subquery in VALUES of an INSERT");
            TRY(bind_assign(b, e, def->columns[i].type, def->columns[i].name, &e));
            VEC_PUSH(b->cx, &node->values.exprs, e);
        }
    node->values.row_count = values->row_count;
    for (uint32_t i = 0; i < def->column_count; i++) {
        if (target[i] < 0) continue;
        struct type type = def->columns[i].type;
        type.length = 0;
        TRY(plan_iu_new(b->plan, type, def->columns[i].name, true, &source[i]));
        VEC_PUSH(b->cx, &node->values.ius, source[i]);
    }
    *out = node;
    return LLKV_OK;
}

static llkv_code check_width(struct binder *b, const struct ast_insert *insert, uint32_t have,
                             uint32_t want)
{
    if (have == want) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, &insert->base), "42601",
                      "%u columns are to be filled, %u values are given", want, have);
}

static bool has_subquery_cell(const struct ast_values *values)
{
    for (size_t i = 0; i < (size_t)values->row_count * values->column_count; i++)
        if (values->cells[i]->kind != AST_LITERAL && values->cells[i]->kind != AST_DEFAULT &&
            values->cells[i]->kind != AST_PARAM && values->cells[i]->kind != AST_UNARY)
            return true;
    return false;
}

static const struct ast_values *plain_values(const struct ast_insert *insert)
{
    const struct ast_query *query = insert->query;
    if (query == NULL || query->with != NULL || query->order.count != 0 || query->limit != NULL ||
        query->offset != NULL || query->body->kind != AST_VALUES)
        return NULL;
    const struct ast_values *values = (const struct ast_values *)query->body;
    return values->row_count == 1 && has_subquery_cell(values) ? NULL : values;
}

/* The rows to insert: source[i] is the IU that feeds table column i, 0 for its default. */
static llkv_code insert_source(struct binder *b, const struct ast_insert *insert,
                               const struct table_def *def, const int32_t *target, iu_id *source)
{
    uint32_t want = insert->columns.count != 0 ? insert->columns.count : def->column_count;
    const struct ast_values *values = plain_values(insert);
    struct lnode *root;
    for (uint32_t i = 0; i < def->column_count; i++) source[i] = 0;
    if (insert->query == NULL) {
        TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &root));
        root->values.row_count = 1;
    } else if (values != NULL) {
        TRY(check_width(b, insert, values->column_count, want));
        TRY(insert_values(b, values, def, target, &root, source));
    } else {
        struct bound_query query;
        TRY(bind_query(b, NULL, NULL, insert->query, &query));
        TRY(check_width(b, insert, query.column_count, want));
        for (uint32_t i = 0; i < def->column_count; i++)
            if (target[i] >= 0) source[i] = query.columns[target[i]].iu;
        root = query.node;
    }
    b->plan->root = root;
    return LLKV_OK;
}

static llkv_code refuse_insert_parts(struct binder *b, const struct ast_insert *insert)
{
    const struct ast *at = &insert->base;
    if (insert->with != NULL) return bind_unsupported(b, &insert->with->base, "WITH on INSERT");
    if (insert->returning.count != 0) return bind_unsupported(b, at, "RETURNING");
    if (insert->on_conflict.count != 0)
        return bind_unsupported(b, insert->on_conflict.items[0], "ON CONFLICT");
    if ((at->flags & AST_INSERT_BY_NAME) != 0) return bind_unsupported(b, at, "BY NAME");
    if ((at->flags & (AST_INSERT_OVERRIDING_SYSTEM | AST_INSERT_OVERRIDING_USER)) != 0)
        return bind_unsupported(b, at, "OVERRIDING");
    return LLKV_OK;
}

llkv_code bind_insert(struct binder *b, const struct ast_insert *insert, struct ldml *dml)
{
    struct scope target_scope = {0};
    const struct object *object;
    TRY(refuse_insert_parts(b, insert));
    TRY(bind_target(b, &target_scope, insert->table, &object));
    TRY(refuse_triggers(b, object, &insert->base, "INSERT"));
    const struct table_def *def = table_definition(object->table);
    int32_t *target = cx_alloc_array(b->cx, def->column_count, sizeof *target);
    iu_id *source = cx_alloc_array(b->cx, def->column_count, sizeof *source);
    const struct expr **values = cx_alloc_array(b->cx, def->column_count, sizeof *values);
    if (target == NULL || source == NULL || values == NULL) return LLKV_NOMEM;
    TRY(insert_targets(b, insert, def, target));
    TRY(insert_source(b, insert, def, target, source));
    int32_t at = bind_at(b, &insert->base);
    for (uint32_t i = 0; i < def->column_count; i++) {
        if (source[i] != 0)
            TRY(plan_column(b->plan, source[i], at, &values[i]));
        else
            TRY(bind_default(b, &def->columns[i], at, &values[i]));
        if (plain_values(insert) == NULL || source[i] == 0)
            TRY(bind_assign(b, values[i], def->columns[i].type, def->columns[i].name, &values[i]));
    }
    *dml = (struct ldml){.kind = LDML_INSERT,
                         .object = object,
                         .column_count = def->column_count,
                         .values = values};
    TRY(conflict_action(b, &insert->base, &dml->on_conflict));
    return bind_checks(b, object, dml);
}

/* ---- UPDATE ---- */

struct assignment {
    uint16_t column;
    const struct expr *value;
};
typedef VEC(struct assignment) assignment_list;

static llkv_code assign_one(struct binder *b, struct scope *scope, const struct object *object,
                            const struct ast_set_item *item, assignment_list *list)
{
    const struct table_def *def = table_definition(object->table);
    if ((item->base.flags & AST_SET_TUPLE) != 0)
        return bind_unsupported(b, &item->base, "SET of several columns at once");
    const struct ast_column *target = (const struct ast_column *)item->targets.items[0];
    const struct ast_name *name = &target->path.parts[target->path.count - 1];
    if (target->path.count != 1)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, name), "42601",
                          "the column to set is written without its table");
    int column = table_def_column(def, name->text, name->hash);
    if (column < 0)
        return cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42703",
                          "table \"%s\" has no column \"%.*s\"", def->name, SLICE_ARG(name->text));
    struct assignment assignment = {.column = (uint16_t)column};
    if (item->value->kind == AST_DEFAULT)
        TRY(bind_default(b, &def->columns[column], bind_at(b, item->value), &assignment.value));
    else
        TRY(bind_expr(b, scope, item->value, &assignment.value));
    TRY(bind_assign(b, assignment.value, def->columns[column].type, def->columns[column].name,
                    &assignment.value));
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].column != assignment.column) continue;
        if (!b->settings->sqlite_compat)
            return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, name), "42601",
                              "column \"%.*s\" is assigned twice", SLICE_ARG(name->text));
        list->items[i] = assignment; /* the last one wins */
        return LLKV_OK;
    }
    VEC_PUSH(b->cx, list, assignment);
    return LLKV_OK;
}

/* Where a row is: the hidden column of the target's scan. */
static llkv_code target_row_id(struct binder *b, struct lnode *scan, iu_id *out)
{
    TRY(plan_iu_new(b->plan, type_of(TYPE_BIGINT), "row_id", false, out));
    b->plan->ius.items[*out].scan = scan;
    b->plan->ius.items[*out].column = SCAN_COLUMN_ROW_ID;
    VEC_PUSH(b->cx, &scan->scan.columns, SCAN_COLUMN_ROW_ID);
    VEC_PUSH(b->cx, &scan->scan.ius, *out);
    return LLKV_OK;
}

static llkv_code target_filter(struct binder *b, struct scope *scope, const struct ast *where)
{
    const struct expr *condition;
    if (where == NULL) return LLKV_OK;
    scope->clause = CLAUSE_WHERE;
    TRY(bind_condition(b, scope, where, &condition));
    return lnode_select(b->plan, scope->node, condition, &scope->node);
}

static llkv_code current_row(struct binder *b, struct scope *scope, const struct table_def *def,
                             struct ldml *dml)
{
    const struct expr **current = cx_alloc_array(b->cx, def->column_count, sizeof *current);
    if (current == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++) {
        iu_id iu;
        TRY(bind_relation_column(b, &scope->relations.items[0], i, &iu));
        TRY(plan_column(b->plan, iu, -1, &current[i]));
    }
    dml->current = current;
    return LLKV_OK;
}

llkv_code bind_update(struct binder *b, const struct ast_update *update, struct ldml *dml)
{
    struct scope scope = {0};
    const struct object *object;
    if (update->with != NULL) return bind_unsupported(b, &update->with->base, "WITH on UPDATE");
    if (update->from.count != 0) return bind_unsupported(b, update->from.items[0], "UPDATE FROM");
    if (update->returning.count != 0) return bind_unsupported(b, &update->base, "RETURNING");
    TRY(bind_target(b, &scope, update->table, &object));
    TRY(refuse_triggers(b, object, &update->base, "UPDATE"));
    const struct table_def *def = table_definition(object->table);
    *dml = (struct ldml){.kind = LDML_UPDATE, .object = object};
    TRY(target_row_id(b, scope.node, &dml->row_id));
    TRY(conflict_action(b, &update->base, &dml->on_conflict));
    if (dml->on_conflict == WRITE_IGNORE) return bind_unsupported(b, &update->base, "UPDATE OR IGNORE");
    TRY(bind_checks(b, object, dml));
    if (dml->checks.count != 0) TRY(current_row(b, &scope, def, dml));
    TRY(target_filter(b, &scope, update->where));
    assignment_list list = {0};
    scope.clause = CLAUSE_SELECT;
    for (uint32_t i = 0; i < update->sets.count; i++)
        TRY(assign_one(b, &scope, object, (const struct ast_set_item *)update->sets.items[i], &list));
    uint16_t *columns = cx_alloc_array(b->cx, list.count, sizeof *columns);
    const struct expr **values = cx_alloc_array(b->cx, list.count, sizeof *values);
    if (columns == NULL || values == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < list.count; i++) {
        columns[i] = list.items[i].column;
        values[i] = list.items[i].value;
    }
    dml->columns = columns;
    dml->values = values;
    dml->column_count = list.count;
    b->plan->root = scope.node;
    return LLKV_OK;
}

llkv_code bind_delete(struct binder *b, const struct ast_delete *del, struct ldml *dml)
{
    struct scope scope = {0};
    const struct object *object;
    if (del->with != NULL) return bind_unsupported(b, &del->with->base, "WITH on DELETE");
    if (del->from.count != 0) return bind_unsupported(b, del->from.items[0], "DELETE USING");
    if (del->returning.count != 0) return bind_unsupported(b, &del->base, "RETURNING");
    TRY(bind_target(b, &scope, del->table, &object));
    TRY(refuse_triggers(b, object, &del->base, "DELETE"));
    *dml = (struct ldml){.kind = LDML_DELETE, .object = object, .all = del->where == NULL};
    TRY(target_row_id(b, scope.node, &dml->row_id));
    TRY(target_filter(b, &scope, del->where));
    b->plan->root = scope.node;
    return LLKV_OK;
}
