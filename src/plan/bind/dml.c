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

llkv_code bind_refuse_triggers(struct binder *b, const struct object *object, const struct ast *at,
                               const char *verb)
{
    if (!catalog_scope_has_trigger(&b->env->catalog, object->id)) return LLKV_OK;
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

llkv_code bind_target_columns(struct binder *b, const struct ast_names *columns,
                              const struct table_def *def, int32_t *target)
{
    for (uint32_t i = 0; i < def->column_count; i++)
        target[i] = columns->count == 0 ? (int32_t)i : -1;
    for (uint32_t i = 0; i < columns->count; i++) {
        const struct ast_name *name = &columns->items[i];
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

static llkv_code insert_cell(struct binder *b, struct scope *scope, const struct column_def *column,
                             const struct ast *cell, const struct expr **out)
{
    const struct expr *e;
    if (cell->kind == AST_DEFAULT)
        TRY(bind_default(b, column, bind_at(b, cell), &e));
    else
        TRY(bind_expr(b, scope, cell, &e));
    return bind_assign(b, e, column->type, column->name, out);
}

/* target[i]: which column of the source feeds table column i, or -1 for its default. */
static llkv_code insert_targets(struct binder *b, const struct ast_insert *insert,
                                const struct table_def *def, int32_t *target)
{
    TRY(bind_target_columns(b, &insert->columns, def, target));
    for (uint32_t i = 0; i < def->column_count && insert->query == NULL; i++)
        target[i] = -1; /* DEFAULT VALUES */
    return LLKV_OK;
}

/* VALUES rows go to their columns cell by cell: each literal takes its column's type, and DEFAULT
 * is allowed. */
static llkv_code insert_values(struct binder *b, const struct scope_cte *ctes,
                               const struct ast_values *values, const struct table_def *def,
                               const int32_t *target, struct lnode **out, iu_id *source)
{
    struct scope scope = {.clause = CLAUSE_VALUES, .ctes = ctes};
    struct bound_rows rows;
    struct lnode *one = NULL;
    const iu_id *ius;
    size_t at = 0;
    TRY(bind_rows_init(b, values->row_count, values->column_count, &rows));
    for (uint32_t r = 0; r < values->row_count; r++) {
        const struct ast *const *cells =
            (const struct ast *const *)values->cells + (size_t)r * values->column_count;
        TRY(bind_row_begin(b, &scope, &one));
        for (uint32_t i = 0; i < def->column_count; i++)
            if (target[i] >= 0)
                TRY(insert_cell(b, &scope, &def->columns[i], cells[target[i]], &rows.cells[at++]));
        bind_row_end(&rows, r, &scope, one);
    }
    TRY(bind_rows_node(b, &rows, out, &ius));
    for (uint32_t i = 0; i < def->column_count; i++)
        if (target[i] >= 0) source[i] = *ius++;
    return LLKV_OK;
}

static llkv_code check_width(struct binder *b, const struct ast_insert *insert, uint32_t have,
                             uint32_t want)
{
    if (have == want) return LLKV_OK;
    const struct ast *at = insert->query != NULL ? &insert->query->base : &insert->base;
    return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, at), "42601",
                      "%u column%s to be filled, %u value%s given", want,
                      want == 1 ? " is" : "s are", have, have == 1 ? " is" : "s are");
}

static const struct ast_values *plain_values(const struct ast_insert *insert)
{
    const struct ast_query *query = insert->query;
    if (query == NULL || query->with != NULL || query->order.count != 0 || query->limit != NULL ||
        query->offset != NULL || query->body->kind != AST_VALUES)
        return NULL;
    return (const struct ast_values *)query->body;
}

/* BY NAME: every column of the query goes to the table's column of that name. */
static llkv_code targets_by_name(struct binder *b, const struct ast_insert *insert,
                                 const struct table_def *def, const struct bound_query *query,
                                 int32_t *target)
{
    int32_t at = bind_at(b, &insert->query->base);
    for (uint32_t i = 0; i < def->column_count; i++)
        target[i] = -1;
    for (uint32_t i = 0; i < query->column_count; i++) {
        struct slice name = query->columns[i].name;
        int column = table_def_column(def, name, slice_hash_folded(name));
        if (column < 0)
            return cx_fail_at(b->cx, LLKV_NAME, at, "42703", "table \"%s\" has no column \"%.*s\"",
                              def->name, SLICE_ARG(name));
        if (target[column] >= 0)
            return cx_fail_at(b->cx, LLKV_SYNTAX, at, "42701", "column \"%.*s\" is named twice",
                              SLICE_ARG(name));
        target[column] = (int32_t)i;
    }
    return LLKV_OK;
}

/* The rows to insert: source[i] is the IU that feeds table column i, 0 for its default. */
static llkv_code insert_source(struct binder *b, const struct ast_insert *insert,
                               const struct table_def *def, int32_t *target, iu_id *source)
{
    const struct scope_cte *ctes = NULL;
    TRY(bind_with(b, NULL, insert->with, &ctes));
    bool by_name = (insert->base.flags & AST_INSERT_BY_NAME) != 0;
    uint32_t want = insert->columns.count != 0 ? insert->columns.count : def->column_count;
    const struct ast_values *values = plain_values(insert);
    struct lnode *root;
    for (uint32_t i = 0; i < def->column_count; i++)
        source[i] = 0;
    if (insert->query == NULL) {
        TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &root));
        root->values.row_count = 1;
    } else if (values != NULL) {
        TRY(check_width(b, insert, values->column_count, want));
        TRY(insert_values(b, ctes, values, def, target, &root, source));
    } else {
        struct bound_query query;
        TRY(bind_query(b, NULL, ctes, insert->query, &query));
        if (by_name)
            TRY(targets_by_name(b, insert, def, &query, target));
        else
            TRY(check_width(b, insert, query.column_count, want));
        for (uint32_t i = 0; i < def->column_count; i++)
            if (target[i] >= 0) source[i] = query.columns[target[i]].iu;
        root = query.node;
    }
    b->plan->root = root;
    return bind_unused_ctes(b, insert->with, ctes);
}

/* DO NOTHING skips rows that meet any unique key; a target that means fewer keys is refused. */
static llkv_code conflict_target(struct binder *b, const struct ast_on_conflict *conflict,
                                 const struct table *table)
{
    const struct table_def *def = table_definition(table);
    uint32_t unique = 0;
    bool named = false;
    if (conflict->target.count == 0 && !ast_name_given(&conflict->constraint)) return LLKV_OK;
    if (conflict->target_where != NULL)
        return bind_unsupported(b, conflict->target_where, "ON CONFLICT ... WHERE");
    for (uint32_t k = 0; k < table_key_count(table); k++) {
        const struct key_def *key = table_key(table, k);
        if (!key->unique || !table_key_usable(table, k, b->env->reader->snapshot)) continue;
        unique++;
        uint32_t met = 0;
        for (uint32_t i = 0; i < conflict->target.count; i++) {
            const struct ast *value = ((const struct ast_order *)conflict->target.items[i])->value;
            if (value == NULL || value->kind != AST_COLUMN) continue;
            const struct ast_name *name = &((const struct ast_column *)value)->path.parts[0];
            int column = table_def_column(def, name->text, name->hash);
            for (uint32_t c = 0; c < key->column_count; c++)
                met += key->columns[c].column == column;
        }
        named |= ast_name_given(&conflict->constraint)
                     ? slice_equal_folded(conflict->constraint.text, slice_of(key->name))
                     : met == conflict->target.count && met == key->column_count;
    }
    if (!named)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, &conflict->base), "42P10",
                          "no unique key of \"%s\" matches ON CONFLICT", def->name);
    if (unique == 1) return LLKV_OK;
    return bind_unsupported(b, &conflict->base, "ON CONFLICT of one key among several");
}

static llkv_code on_conflict(struct binder *b, const struct ast_insert *insert,
                             const struct object *object, uint8_t *io_action)
{
    if (insert->on_conflict.count == 0) return LLKV_OK;
    const struct ast_on_conflict *conflict =
        (const struct ast_on_conflict *)insert->on_conflict.items[0];
    if (insert->on_conflict.count > 1)
        return bind_unsupported(b, insert->on_conflict.items[1], "a second ON CONFLICT");
    if (insert->base.op != AST_CONFLICT_NONE)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, &conflict->base), "42601",
                          "OR ... and ON CONFLICT exclude each other");
    if ((conflict->base.flags & AST_ON_CONFLICT_UPDATE) != 0)
        return bind_unsupported(b, &conflict->base, "ON CONFLICT DO UPDATE");
    *io_action = WRITE_IGNORE;
    return conflict_target(b, conflict, object->table);
}

static llkv_code refuse_insert_parts(struct binder *b, const struct ast_insert *insert)
{
    const struct ast *at = &insert->base;
    if (insert->returning.count != 0)
        return bind_unsupported(b, insert->returning.items[0], "RETURNING");
    bool by_name = (at->flags & AST_INSERT_BY_NAME) != 0;
    if (by_name && insert->columns.count != 0)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, &insert->columns.items[0]), "42601",
                          "BY NAME takes no list of columns");
    if (by_name && plain_values(insert) != NULL)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, &insert->query->base), "42601",
                          "BY NAME needs a query whose columns have names");
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
    TRY(bind_refuse_triggers(b, object, &insert->base, "INSERT"));
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
    *dml = (struct ldml){
        .kind = LDML_INSERT, .object = object, .column_count = def->column_count, .values = values};
    TRY(conflict_action(b, &insert->base, &dml->on_conflict));
    TRY(on_conflict(b, insert, object, &dml->on_conflict));
    return bind_checks(b, object, dml);
}

llkv_code bind_insert_rows(struct binder *b, const struct object *object, const iu_id *source,
                           int32_t at, struct ldml *dml)
{
    const struct table_def *def = table_definition(object->table);
    const struct expr **values = cx_alloc_array(b->cx, def->column_count, sizeof *values);
    if (values == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++) {
        const struct column_def *column = &def->columns[i];
        if (source[i] != 0)
            TRY(plan_column(b->plan, source[i], at, &values[i]));
        else
            TRY(bind_default(b, column, at, &values[i]));
        TRY(bind_assign(b, values[i], column->type, column->name, &values[i]));
    }
    *dml = (struct ldml){
        .kind = LDML_INSERT, .object = object, .column_count = def->column_count, .values = values};
    return bind_checks(b, object, dml);
}

/* ---- UPDATE ---- */

struct assignment {
    uint16_t column;
    const struct expr *value;
};
typedef VEC(struct assignment) assignment_list;

struct update {
    struct binder *b;
    struct scope *scope;
    const struct object *object;
    assignment_list list;
};

static llkv_code assign_value(struct update *u, const struct ast_name *name, uint32_t column,
                              const struct expr *value)
{
    struct binder *b = u->b;
    const struct column_def *def = &table_definition(u->object->table)->columns[column];
    struct assignment assignment = {.column = (uint16_t)column};
    TRY(bind_assign(b, value, def->type, def->name, &assignment.value));
    for (uint32_t i = 0; i < u->list.count; i++) {
        if (u->list.items[i].column != assignment.column) continue;
        if (!b->settings->sqlite_compat)
            return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at_name(b, name), "42601",
                              "column \"%.*s\" is assigned twice", SLICE_ARG(name->text));
        u->list.items[i] = assignment; /* the last one wins */
        return LLKV_OK;
    }
    VEC_PUSH(b->cx, &u->list, assignment);
    return LLKV_OK;
}

static llkv_code target_column(struct update *u, const struct ast *node,
                               const struct ast_name **out_name, uint32_t *out_column)
{
    struct binder *b = u->b;
    const struct table_def *def = table_definition(u->object->table);
    const struct ast_column *target = (const struct ast_column *)node;
    const struct ast_name *name = &target->path.parts[target->path.count - 1];
    if (target->path.count != 1)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, node), "42601",
                          "the column to set is written without its table");
    int column = table_def_column(def, name->text, name->hash);
    if (column < 0)
        return cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42703",
                          "table \"%s\" has no column \"%.*s\"", def->name, SLICE_ARG(name->text));
    *out_name = name;
    *out_column = (uint32_t)column;
    return LLKV_OK;
}

static llkv_code assigned(struct update *u, const struct ast *value, uint32_t column,
                          const struct expr **out)
{
    const struct column_def *def = &table_definition(u->object->table)->columns[column];
    if (value->kind == AST_DEFAULT) return bind_default(u->b, def, bind_at(u->b, value), out);
    return bind_expr(u->b, u->scope, value, out);
}

/* SET (a, b) = (1, DEFAULT), SET (a, b) = (SELECT ...). */
static llkv_code assign_tuple(struct update *u, const struct ast_set_item *item)
{
    struct binder *b = u->b;
    uint32_t count = item->targets.count;
    const struct expr **values = cx_alloc_array(b->cx, count + 1u, sizeof *values);
    const struct ast_row *row = (const struct ast_row *)item->value;
    if (values == NULL) return LLKV_NOMEM;
    bool is_row = item->value->kind == AST_ROW;
    if (is_row && row->items.count != count)
        return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, item->value), "42601",
                          "%u columns are to be set, %u values are given", count, row->items.count);
    if (!is_row && count > 1) TRY(bind_row(b, u->scope, item->value, count, values));
    for (uint32_t i = 0; i < count; i++) {
        const struct ast_name *name = NULL;
        uint32_t column = 0;
        TRY(target_column(u, item->targets.items[i], &name, &column));
        if (is_row)
            TRY(assigned(u, row->items.items[i], column, &values[i]));
        else if (count == 1)
            TRY(assigned(u, item->value, column, &values[i]));
        TRY(assign_value(u, name, column, values[i]));
    }
    return LLKV_OK;
}

static llkv_code assign_one(struct update *u, const struct ast_set_item *item)
{
    const struct ast_name *name = NULL;
    const struct expr *value;
    uint32_t column = 0;
    if ((item->base.flags & AST_SET_TUPLE) != 0) return assign_tuple(u, item);
    TRY(target_column(u, item->targets.items[0], &name, &column));
    TRY(assigned(u, item->value, column, &value));
    return assign_value(u, name, column, value);
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

/* The target and what is joined to it. */
static llkv_code dml_source(struct binder *b, struct scope *scope, const struct ast_table *table,
                            const struct ast_list *from, struct ldml *dml)
{
    TRY(bind_target(b, scope, table, &dml->object));
    TRY(target_row_id(b, scope->node, &dml->row_id));
    return bind_from_more(b, scope, from);
}

static llkv_code bind_sets(struct update *u, const struct ast_update *ast, struct ldml *dml)
{
    struct binder *b = u->b;
    u->scope->clause = CLAUSE_SELECT;
    for (uint32_t i = 0; i < ast->sets.count; i++)
        TRY(assign_one(u, (const struct ast_set_item *)ast->sets.items[i]));
    uint16_t *columns = cx_alloc_array(b->cx, u->list.count, sizeof *columns);
    const struct expr **values = cx_alloc_array(b->cx, u->list.count, sizeof *values);
    if (columns == NULL || values == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < u->list.count; i++) {
        columns[i] = u->list.items[i].column;
        values[i] = u->list.items[i].value;
    }
    dml->columns = columns;
    dml->values = values;
    dml->column_count = u->list.count;
    return LLKV_OK;
}

llkv_code bind_update(struct binder *b, const struct ast_update *ast, struct ldml *dml)
{
    struct scope scope = {0};
    if (ast->returning.count != 0) return bind_unsupported(b, ast->returning.items[0], "RETURNING");
    *dml = (struct ldml){.kind = LDML_UPDATE};
    TRY(bind_with(b, NULL, ast->with, &scope.ctes));
    TRY(dml_source(b, &scope, ast->table, &ast->from, dml));
    TRY(bind_refuse_triggers(b, dml->object, &ast->base, "UPDATE"));
    TRY(conflict_action(b, &ast->base, &dml->on_conflict));
    if (dml->on_conflict == WRITE_IGNORE)
        return bind_unsupported(b, &ast->base, "UPDATE OR IGNORE");
    TRY(bind_checks(b, dml->object, dml));
    if (dml->checks.count != 0)
        TRY(current_row(b, &scope, table_definition(dml->object->table), dml));
    TRY(target_filter(b, &scope, ast->where));
    struct update update = {.b = b, .scope = &scope, .object = dml->object};
    TRY(bind_sets(&update, ast, dml));
    b->plan->root = scope.node;
    return bind_unused_ctes(b, ast->with, scope.ctes);
}

llkv_code bind_delete(struct binder *b, const struct ast_delete *ast, struct ldml *dml)
{
    struct scope scope = {0};
    if (ast->returning.count != 0) return bind_unsupported(b, ast->returning.items[0], "RETURNING");
    *dml = (struct ldml){.kind = LDML_DELETE};
    TRY(bind_with(b, NULL, ast->with, &scope.ctes));
    TRY(dml_source(b, &scope, ast->table, &ast->from, dml));
    TRY(bind_refuse_triggers(b, dml->object, &ast->base, "DELETE"));
    dml->all = ast->where == NULL && ast->from.count == 0;
    TRY(target_filter(b, &scope, ast->where));
    b->plan->root = scope.node;
    return bind_unused_ctes(b, ast->with, scope.ctes);
}
