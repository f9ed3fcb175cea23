/* copy.c -- COPY: an INSERT whose rows come from a file, or a query whose rows go to one. */
#include "plan/bind/bind.h"

llkv_code bind_file_name(struct binder *b, const struct ast *file, const char **out)
{
    struct scope scope = {.clause = CLAUSE_VALUES};
    const struct expr *e;
    TRY(lnode_new(b->plan, LOP_VALUES, NULL, NULL, &scope.node));
    scope.node->values.row_count = 1;
    TRY(bind_expr(b, &scope, file, &e));
    if (e->kind != EXPR_CONST)
        return bind_unsupported(b, file, "a file name that is not a constant");
    if (e->value->is_null || e->type.id != TYPE_VARCHAR)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, bind_at(b, file), "42804",
                          "the name of a file is a text");
    if (memchr(e->value->s.data, '\0', e->value->s.len) != NULL)
        return cx_fail_at(b->cx, LLKV_DATA, bind_at(b, file), "22021",
                          "the name of a file has no zero bytes");
    *out = cx_strndup(b->cx, e->value->s.data, e->value->s.len);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

llkv_code bind_refuse_files(struct binder *b, const struct ast *at)
{
    if (!b->settings->no_external_access) return LLKV_OK;
    return cx_fail_at(b->cx, LLKV_READONLY, bind_at(b, at), "42501",
                      "files are not accessible: external_access is off");
}

/* ---- FROM ---- */

/* The values of a record, in order: the columns named, or all of the table. A VARCHAR(n) is read
 * whole; that it is not too long is checked as for INSERT. */
static llkv_code record_columns(struct binder *b, const struct table_def *def,
                                const int32_t *target, struct lnode *node, struct csv_spec *spec,
                                iu_id *source)
{
    struct csv_column *columns = cx_alloc_array(b->cx, def->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    spec->columns = columns;
    for (uint32_t k = 0; k < def->column_count; k++) {
        for (uint32_t i = 0; i < def->column_count; i++) {
            const struct column_def *c = &def->columns[i];
            iu_id iu;
            if (target[i] != (int32_t)k) continue;
            const struct type type = c->type.id == TYPE_VARCHAR ? type_varchar(0) : c->type;
            columns[k] =
                (struct csv_column){.type = type, .name = c->name, .required = c->not_null};
            TRY(plan_iu_new(b->plan, type, c->name, !c->not_null, &iu));
            VEC_PUSH(b->cx, &node->csv.ius, iu);
            source[i] = iu;
            spec->column_count++;
        }
    }
    return LLKV_OK;
}

static llkv_code bind_copy_from(struct binder *b, const struct ast_copy *copy, struct ldml *dml)
{
    const struct ast_table table = {.base = copy->base, .path = copy->path};
    struct scope scope = {0};
    const struct object *object;
    struct csv_options options;
    struct lnode *node;
    if (copy->file == NULL) return bind_unsupported(b, &copy->base, "COPY FROM STDIN");
    if (copy->query != NULL) return bind_unsupported(b, &copy->base, "COPY of a query FROM a file");
    TRY(bind_target(b, &scope, &table, &object));
    TRY(bind_refuse_triggers(b, object, &copy->base, "COPY"));
    const struct table_def *def = table_definition(object->table);
    struct csv_spec *spec = cx_alloc_zero(b->cx, sizeof *spec);
    int32_t *target = cx_alloc_array(b->cx, def->column_count, sizeof *target);
    iu_id *source = cx_alloc_array(b->cx, def->column_count, sizeof *source);
    if (spec == NULL || target == NULL || source == NULL) return LLKV_NOMEM;
    memset(source, 0, def->column_count * sizeof *source);
    TRY(bind_target_columns(b, &copy->columns, def, target));
    TRY(bind_csv_options(b, &copy->options, false, &options));
    TRY(lnode_new(b->plan, LOP_CSV, NULL, NULL, &node));
    TRY(record_columns(b, def, target, node, spec, source));
    TRY(bind_file_name(b, copy->file, &spec->path));
    spec->dialect = options.dialect;
    spec->table = def->name;
    node->csv.spec = spec;
    b->plan->root = node;
    TRY(bind_insert_rows(b, object, source, bind_at(b, &copy->base), dml));
    dml->copy = true;
    return LLKV_OK;
}

/* ---- TO ---- */

/* SELECT columns FROM table */
static llkv_code table_query(struct binder *b, const struct ast_copy *copy,
                             const struct ast_query **out)
{
    const struct ast place = {.at = copy->base.at, .end = copy->base.end};
    struct ast_query *query = cx_alloc_zero(b->cx, sizeof *query);
    struct ast_select *select = cx_alloc_zero(b->cx, sizeof *select);
    struct ast_table *table = cx_alloc_zero(b->cx, sizeof *table);
    struct ast_star *star = cx_alloc_zero(b->cx, sizeof *star);
    const uint32_t count = copy->columns.count == 0 ? 1 : copy->columns.count;
    struct ast **items = cx_alloc_array(b->cx, count + 1u, sizeof *items);
    if (query == NULL || select == NULL || table == NULL || star == NULL || items == NULL)
        return LLKV_NOMEM;
    query->base = select->base = table->base = star->base = place;
    query->base.kind = AST_QUERY;
    select->base.kind = AST_SELECT;
    table->base.kind = AST_TABLE;
    star->base.kind = AST_STAR;
    table->path = copy->path;
    items[0] = &star->base;
    for (uint32_t i = 0; i < copy->columns.count; i++) {
        struct ast_item *item = cx_alloc_zero(b->cx, sizeof *item);
        struct ast_column *column = cx_alloc_zero(b->cx, sizeof *column);
        if (item == NULL || column == NULL) return LLKV_NOMEM;
        item->base = column->base =
            (struct ast){.at = copy->columns.items[i].at, .end = copy->columns.items[i].end};
        item->base.kind = AST_ITEM;
        column->base.kind = AST_COLUMN;
        column->path = (struct ast_path){&copy->columns.items[i], 1};
        item->value = &column->base;
        items[i] = &item->base;
    }
    items[count] = &table->base;
    select->items = (struct ast_list){.items = items, .count = count};
    select->from = (struct ast_list){.items = items + count, .count = 1};
    query->body = &select->base;
    *out = query;
    return LLKV_OK;
}

static llkv_code mark_forced(struct binder *b, const struct ast_option *option,
                             struct csv_sink_column *columns, uint32_t count)
{
    for (uint32_t i = 0; i < option->values.count; i++) {
        const struct ast *value = option->values.items[i];
        const struct ast_column *column = (const struct ast_column *)value;
        bool found = false;
        if (value->kind != AST_COLUMN || column->path.count != 1)
            return cx_fail_at(b->cx, LLKV_SYNTAX, bind_at(b, value), "42601",
                              "FORCE_QUOTE takes names of columns, or *");
        for (uint32_t c = 0; c < count; c++) {
            if (!slice_equal_folded(column->path.parts[0].text, slice_of(columns[c].name)))
                continue;
            columns[c].force_quote = found = true;
        }
        if (!found)
            return cx_fail_at(b->cx, LLKV_NAME, bind_at(b, value), "42703",
                              "COPY writes no column \"%.*s\"",
                              SLICE_ARG(column->path.parts[0].text));
    }
    return LLKV_OK;
}

static llkv_code bind_copy_to(struct binder *b, const struct ast_copy *copy)
{
    struct csv_options options;
    struct csv_target *target = cx_alloc_zero(b->cx, sizeof *target);
    const struct ast_query *query = copy->query;
    if (target == NULL) return LLKV_NOMEM;
    TRY(bind_csv_options(b, &copy->options, true, &options));
    if (query == NULL) TRY(table_query(b, copy, &query));
    TRY(bind_result(b, query));
    if (copy->file != NULL) TRY(bind_file_name(b, copy->file, &target->path));
    target->dialect = options.dialect;
    target->column_count = b->plan->out.count;
    struct csv_sink_column *columns =
        cx_alloc_zero(b->cx, (target->column_count + 1u) * sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < target->column_count; i++)
        columns[i].name = b->plan->names[i];
    target->columns = columns;
    b->plan->copy_to = target;
    if (options.force_quote == NULL) return LLKV_OK;
    return mark_forced(b, options.force_quote, columns, target->column_count);
}

llkv_code bind_copy(struct binder *b, const struct ast_copy *copy, struct ldml *dml)
{
    if (copy->file != NULL) TRY(bind_refuse_files(b, copy->file));
    if ((copy->base.flags & AST_COPY_FROM) != 0) return bind_copy_from(b, copy, dml);
    return bind_copy_to(b, copy);
}
