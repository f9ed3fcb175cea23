/* scope.c -- which column a name means. */
#include <stdio.h>

#include "plan/bind/bind.h"

int32_t bind_at(const struct binder *b, const struct ast *node)
{
    return b->view_depth > 0 ? b->view_at : (int32_t)node->at;
}

int32_t bind_at_name(const struct binder *b, const struct ast_name *name)
{
    return b->view_depth > 0 ? b->view_at : (int32_t)name->at;
}

llkv_code bind_unsupported(struct binder *b, const struct ast *node, const char *what)
{
    return cx_fail_at(b->cx, LLKV_UNSUPPORTED, bind_at(b, node), NULL, "%s is not supported", what);
}

static bool name_is(struct slice a, uint32_t a_hash, const struct ast_name *b)
{
    return a_hash == b->hash && slice_equal_folded(a, b->text);
}

/* Does the qualifier (all parts but the last) name this relation? */
static bool qualifies(const struct scope_relation *r, const struct ast_name *parts, uint32_t count)
{
    if (count == 0) return true;
    if (!name_is(r->name, r->hash, &parts[count - 1])) return false;
    if (count == 1) return true;
    return slice_equal_folded(r->schema, parts[count - 2].text);
}

struct match {
    struct scope_relation *relation;
    uint32_t column;
    uint32_t count;
};

static void find_in(struct scope *scope, const struct ast_path *path, struct match *m)
{
    const struct ast_name *name = &path->parts[path->count - 1];
    for (uint32_t i = 0; i < scope->relations.count; i++) {
        struct scope_relation *r = &scope->relations.items[i];
        if (path->count > 1 && !qualifies(r, path->parts, path->count - 1)) continue;
        for (uint32_t c = 0; c < r->column_count; c++) {
            const struct scope_column *column = &r->columns[c];
            if (column->hash != name->hash || !name_is(column->name, column->hash, name)) continue;
            if (column->hidden && path->count == 1) continue;
            if (m->count++ == 0) {
                m->relation = r;
                m->column = c;
            }
            break; /* a name twice in one derived table means the first */
        }
    }
}

/* rowid, when no real column is called that. */
static bool is_row_id(const struct ast_name *name)
{
    return slice_equal_folded(name->text, SLICE("rowid"));
}

static llkv_code row_id_column(struct binder *b, struct lnode *scan, iu_id *out_iu)
{
    for (uint32_t i = 0; i < scan->scan.columns.count; i++)
        if (scan->scan.columns.items[i] == SCAN_COLUMN_ROW_ID) {
            *out_iu = scan->scan.ius.items[i];
            return LLKV_OK;
        }
    TRY(plan_iu_new(b->plan, type_of(TYPE_BIGINT), "rowid", false, out_iu));
    b->plan->ius.items[*out_iu].scan = scan;
    b->plan->ius.items[*out_iu].column = SCAN_COLUMN_ROW_ID;
    VEC_PUSH(b->cx, &scan->scan.columns, SCAN_COLUMN_ROW_ID);
    VEC_PUSH(b->cx, &scan->scan.ius, *out_iu);
    return LLKV_OK;
}

static llkv_code find_row_id(struct binder *b, struct scope *scope, const struct ast_path *path,
                             int32_t at, const struct expr **out)
{
    *out = NULL;
    if (!is_row_id(&path->parts[path->count - 1])) return LLKV_OK;
    struct scope_relation *found = NULL;
    for (uint32_t i = 0; i < scope->relations.count; i++) {
        struct scope_relation *r = &scope->relations.items[i];
        if (r->scan == NULL || !qualifies(r, path->parts, path->count - 1)) continue;
        if (found != NULL)
            return cx_fail_at(b->cx, LLKV_NAME, at, "42702", "column \"rowid\" is ambiguous");
        found = r;
    }
    if (found == NULL) return LLKV_OK;
    iu_id iu;
    TRY(row_id_column(b, found->scan, &iu));
    const struct expr *e;
    TRY(plan_column(b->plan, iu, at, &e));
    if (!b->settings->sqlite_compat) {
        *out = e;
        return LLKV_OK;
    }
    const struct expr *one;
    TRY(bind_int(b, 1, at, &one));
    return bind_binary(b, AST_BINARY_ADD, e, one, at, out);
}

llkv_code bind_relation_column(struct binder *b, struct scope_relation *relation, uint32_t column,
                               iu_id *out_iu)
{
    struct scope_column *c = &relation->columns[column];
    if (c->iu == 0) {
        assert(relation->scan != NULL);
        struct lnode *scan = relation->scan;
        const char *name = table_definition(relation->object->table)->columns[column].name;
        TRY(plan_iu_new(b->plan, c->type, name, c->nullable, &c->iu));
        b->plan->ius.items[c->iu].scan = scan;
        b->plan->ius.items[c->iu].column = (uint16_t)column;
        VEC_PUSH(b->cx, &scan->scan.columns, (uint16_t)column);
        VEC_PUSH(b->cx, &scan->scan.ius, c->iu);
    }
    *out_iu = c->iu;
    return LLKV_OK;
}

static llkv_code ambiguous(struct binder *b, struct scope *scope, const struct ast_path *path)
{
    const struct ast_name *name = &path->parts[path->count - 1];
    char list[200];
    size_t used = 0;
    list[0] = '\0';
    for (uint32_t i = 0; i < scope->relations.count && used < sizeof list; i++) {
        struct scope one = {.relations = {&scope->relations.items[i], 1, 1}};
        struct match m = {0};
        find_in(&one, path, &m);
        if (m.count == 0) continue;
        int n = snprintf(list + used, sizeof list - used, "%s%.*s.%.*s", used == 0 ? "" : ", ",
                         SLICE_ARG(m.relation->name), SLICE_ARG(name->text));
        used += n < 0 ? 0 : (size_t)n;
    }
    llkv_code rc = cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42702",
                              "column \"%.*s\" is ambiguous", SLICE_ARG(name->text));
    return rc == LLKV_OK ? rc : cx_hint(b->cx, "it may be %s", list);
}

/* No relation is called what stands in front of the column. */
static llkv_code no_relation(struct binder *b, struct scope *scope, const struct ast_path *path)
{
    const struct ast_name *name = &path->parts[path->count - 2];
    llkv_code rc = cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, &path->parts[0]), "42P01",
                              "table \"%.*s\" is not in FROM", SLICE_ARG(name->text));
    for (struct scope *s = scope; s != NULL; s = s->parent)
        for (uint32_t i = 0; i < s->relations.count; i++) {
            const struct scope_relation *r = &s->relations.items[i];
            if (r->name.len == 0) continue;
            bool renamed =
                r->object != NULL && slice_equal_folded(slice_of(r->object->name), name->text);
            if (renamed) return cx_hint(b->cx, "it is called \"%.*s\" here", SLICE_ARG(r->name));
            if (slice_edits(r->name, name->text) > 2 || name->text.len <= 2) continue;
            return cx_hint(b->cx, "did you mean \"%.*s\"?", SLICE_ARG(r->name));
        }
    return rc;
}

struct nearest {
    const struct scope_relation *relation;
    const struct scope_column *column;
    uint32_t edits;
};

static void find_nearest(struct scope *scope, struct slice name, struct nearest *best)
{
    for (uint32_t i = 0; i < scope->relations.count; i++) {
        const struct scope_relation *r = &scope->relations.items[i];
        for (uint32_t c = 0; c < r->column_count; c++) {
            uint32_t edits = slice_edits(r->columns[c].name, name);
            if (edits >= best->edits || edits >= name.len) continue;
            *best = (struct nearest){r, &r->columns[c], edits};
        }
    }
}

static llkv_code unknown(struct binder *b, struct scope *scope, const struct ast_path *path)
{
    const struct ast_name *name = &path->parts[path->count - 1];
    bool qualified = path->count == 1;
    struct nearest best = {.edits = 3};
    for (struct scope *s = scope; s != NULL; s = s->parent) {
        find_nearest(s, name->text, &best);
        for (uint32_t i = 0; i < s->relations.count; i++)
            qualified |= qualifies(&s->relations.items[i], path->parts, path->count - 1);
    }
    if (!qualified) return no_relation(b, scope, path);
    llkv_code rc = cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42703",
                              "column \"%.*s\" does not exist", SLICE_ARG(name->text));
    if (best.column != NULL && best.relation->name.len != 0)
        return cx_hint(b->cx, "did you mean \"%.*s.%.*s\"?", SLICE_ARG(best.relation->name),
                       SLICE_ARG(best.column->name));
    if (best.column != NULL)
        return cx_hint(b->cx, "did you mean \"%.*s\"?", SLICE_ARG(best.column->name));
    if (name->quoted)
        return cx_hint(b->cx, "texts are written in single quotes: '%.*s'", SLICE_ARG(name->text));
    return rc;
}

/* An alias of the select list, where the clause may see it. */
static llkv_code find_alias(struct binder *b, struct scope *scope, const struct ast_path *path,
                            const struct expr **out)
{
    *out = NULL;
    if (path->count != 1 || scope->select == NULL || scope->alias_depth >= 16) return LLKV_OK;
    if (scope->clause == CLAUSE_FROM || scope->clause == CLAUSE_VALUES) return LLKV_OK;
    uint32_t limit = scope->select->items.count;
    if (limit > scope->alias_limit) limit = scope->alias_limit;
    for (uint32_t i = 0; i < limit; i++) {
        const struct ast_item *item = (const struct ast_item *)scope->select->items.items[i];
        if (item->base.kind != AST_ITEM || !ast_name_given(&item->name)) continue;
        if (!name_is(item->name.text, item->name.hash, &path->parts[0])) continue;
        scope->alias_depth++;
        TRY(bind_expr(b, scope, item->value, out));
        scope->alias_depth--;
        return LLKV_OK;
    }
    return LLKV_OK;
}

llkv_code bind_column(struct binder *b, struct scope *scope, const struct ast_column *column,
                      const struct expr **out)
{
    int32_t at = bind_at(b, &column->base);
    for (struct scope *s = scope; s != NULL; s = s->parent) {
        struct match m = {0};
        find_in(s, &column->path, &m);
        if (m.count > 1) return ambiguous(b, s, &column->path);
        if (m.count == 1) {
            iu_id iu;
            TRY(bind_relation_column(b, m.relation, m.column, &iu));
            return plan_column(b->plan, iu, at, out);
        }
        TRY(find_alias(b, s, &column->path, out));
        if (*out != NULL) return LLKV_OK;
        TRY(find_row_id(b, s, &column->path, at, out));
        if (*out != NULL) return LLKV_OK;
    }
    return unknown(b, scope, &column->path);
}

bool bind_column_exists(struct scope *scope, const struct ast_path *path)
{
    for (struct scope *s = scope; s != NULL; s = s->parent) {
        struct match m = {0};
        find_in(s, path, &m);
        if (m.count > 0) return true;
    }
    return false;
}

llkv_code bind_relation(struct binder *b, struct scope *scope, const struct ast_path *path,
                        struct scope_relation **out)
{
    for (uint32_t i = 0; i < scope->relations.count; i++)
        if (qualifies(&scope->relations.items[i], path->parts, path->count)) {
            *out = &scope->relations.items[i];
            return LLKV_OK;
        }
    const struct ast_name *name = &path->parts[path->count - 1];
    return cx_fail_at(b->cx, LLKV_NAME, bind_at_name(b, name), "42P01",
                      "table \"%.*s\" is not in FROM", SLICE_ARG(name->text));
}
