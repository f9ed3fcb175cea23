/* utility.c -- SET, RESET, SHOW, PRAGMA, CHECKPOINT. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "runtime/command.h"

/* A bare word is its own value: SET default_order = desc. */
static llkv_code constant(struct cx *cx, const struct ast *node, struct value *out)
{
    *out = (struct value){.type = type_of(TYPE_VARCHAR)};
    if (node->kind == AST_COLUMN) {
        const struct ast_path *path = &((const struct ast_column *)node)->path;
        out->s = path->parts[path->count - 1].text;
        return LLKV_OK;
    }
    if (node->kind == AST_LITERAL) {
        const struct ast_literal *literal = (const struct ast_literal *)node;
        bool word = node->op == AST_LITERAL_TRUE || node->op == AST_LITERAL_FALSE;
        out->is_null = node->op == AST_LITERAL_NULL;
        out->s =
            word ? (node->op == AST_LITERAL_TRUE ? SLICE("true") : SLICE("false")) : literal->text;
        return LLKV_OK;
    }
    return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                      "a setting takes a constant, not an expression");
}

static struct slice setting_name(const struct ast_path *path)
{
    return path->parts[path->count - 1].text;
}

llkv_code command_set(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_set *set = (const struct ast_set *)node;
    struct session *session = s->session;
    if (set->scope == AST_SET_LOCAL || set->scope == AST_SET_VARIABLE)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "SET LOCAL and SET VARIABLE are not supported");
    if (set->name.count == 0) {
        session_reset_all(session);
        return LLKV_OK;
    }
    int32_t at = (int32_t)set->name.parts[0].at;
    struct slice name = setting_name(&set->name);
    bool reset = node->op == AST_SET_RESET ||
                 (set->values.count == 1 && set->values.items[0]->kind == AST_DEFAULT);
    if (reset) return session_reset(cx, session, name, at);
    if (set->values.count != 1)
        return cx_fail_at(cx, LLKV_SYNTAX, at, NULL, "a setting takes one value");
    struct value value;
    TRY(constant(cx, set->values.items[0], &value));
    return session_set(cx, session, name, &value, set->scope == AST_SET_GLOBAL, at);
}

/* ---- SHOW ---- */

static bool shows_tables(const struct ast *node)
{
    return (node->flags & AST_SHOW_TABLES) != 0 && (node->flags & AST_SHOW_FROM) == 0;
}

llkv_code command_show_columns(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_show *show = (const struct ast_show *)node;
    static const char *const tables[] = {"name"};
    static const char *const settings[] = {"name", "value"};
    if (node->flags == AST_SHOW_ALL) return command_columns(cx, s, settings, ARRAY_COUNT(settings));
    if (shows_tables(node)) return command_columns(cx, s, tables, 1);
    if (node->flags != 0 || show->name.count == 0)
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL,
                          "this form of SHOW is not supported");
    struct slice name = setting_name(&show->name);
    const char *column = cx_strndup(cx, name.data, name.len);
    return column == NULL ? LLKV_NOMEM : command_columns(cx, s, &column, 1);
}

static llkv_code show_tables(struct cx *cx, struct statement *s)
{
    struct view view;
    llkv_code rc = LLKV_OK;
    TRY(view_begin(cx, s, &view));
    const struct catalog_scope *catalog = &view.env.catalog;
    for (uint32_t i = 0; i < catalog_scope_count(catalog) && rc == LLKV_OK; i++) {
        const struct object *object = catalog_scope_at(catalog, i);
        if (object->kind != OBJECT_TABLE && object->kind != OBJECT_VIEW) continue;
        const char *name = cx_strndup(cx, object->name, strlen(object->name));
        rc = name == NULL ? LLKV_NOMEM : command_add_row(cx, s, &name);
    }
    view_end(s, &view);
    return rc;
}

static llkv_code show_settings(struct cx *cx, struct statement *s)
{
    const char *cells[2];
    for (uint32_t i = 0; (cells[0] = session_setting_name(i)) != NULL; i++) {
        TRY(session_show(cx, s->session, slice_of(cells[0]), -1, &cells[1]));
        TRY(command_add_row(cx, s, cells));
    }
    return LLKV_OK;
}

llkv_code command_show(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_show *show = (const struct ast_show *)node;
    const char *value;
    if (node->flags == AST_SHOW_ALL) return show_settings(cx, s);
    if (shows_tables(node)) return show_tables(cx, s);
    TRY(session_show(cx, s->session, setting_name(&show->name), (int32_t)show->name.parts[0].at,
                     &value));
    return command_add_row(cx, s, &value);
}

/* ---- PRAGMA ---- */

static bool name_is(struct slice name, const char *word)
{
    return slice_equal_folded(name, slice_of(word));
}

/* sql.md: accepted without effect, because scripts send them. */
static bool has_no_effect(struct slice name)
{
    static const char *const names[] = {"enable_verification", "disable_verification",
                                        "enable_profiling"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (name_is(name, names[i])) return true;
    return name.len > 7 && slice_equal_folded((struct slice){name.data, 7}, SLICE("verify_"));
}

llkv_code command_pragma_columns(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_pragma *pragma = (const struct ast_pragma *)node;
    static const char *const info[] = {"cid", "name", "type", "notnull", "dflt_value", "pk"};
    struct slice name = setting_name(&pragma->name);
    if (name_is(name, "table_info") && (node->flags & AST_PRAGMA_CALL) != 0)
        return command_columns(cx, s, info, ARRAY_COUNT(info));
    if (has_no_effect(name) || (node->flags & AST_PRAGMA_ASSIGN) != 0) return LLKV_OK;
    return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)node->at, NULL, "PRAGMA %.*s is not supported",
                      SLICE_ARG(name));
}

static bool in_primary_key(const struct table_def *def, uint32_t column)
{
    for (uint32_t k = 0; k < def->key_count; k++)
        for (uint32_t c = 0; c < def->keys[k].column_count; c++)
            if (def->keys[k].primary && def->keys[k].columns[c].column == column) return true;
    return false;
}

static llkv_code table_info_rows(struct cx *cx, struct statement *s, const struct table_def *def)
{
    for (uint32_t i = 0; i < def->column_count; i++) {
        const struct column_def *column = &def->columns[i];
        char type[32];
        type_print(column->type, type, sizeof type);
        const char *cells[] = {cx_printf(cx, "%u", i),
                               cx_printf(cx, "%s", column->name),
                               cx_printf(cx, "%s", type),
                               column->not_null ? "true" : "false",
                               NULL,
                               in_primary_key(def, i) ? "true" : "false"};
        if (cells[0] == NULL || cells[1] == NULL || cells[2] == NULL) return LLKV_NOMEM;
        if (column->default_sql != NULL) {
            cells[4] = cx_printf(cx, "%s", column->default_sql);
            if (cells[4] == NULL) return LLKV_NOMEM;
        }
        TRY(command_add_row(cx, s, cells));
    }
    return LLKV_OK;
}

static llkv_code table_info(struct cx *cx, struct statement *s, const struct ast_pragma *pragma)
{
    struct view view;
    struct value name;
    if (pragma->values.count != 1)
        return cx_fail_at(cx, LLKV_SYNTAX, (int32_t)pragma->base.at, NULL,
                          "table_info takes the name of a table");
    TRY(constant(cx, pragma->values.items[0], &name));
    TRY(view_begin(cx, s, &view));
    const struct object *object =
        catalog_scope_find(&view.env.catalog, (struct slice){0}, name.s, slice_hash_folded(name.s));
    llkv_code rc;
    if (object == NULL || object->kind != OBJECT_TABLE)
        rc = cx_fail_at(cx, LLKV_NAME, (int32_t)pragma->values.items[0]->at, "42P01",
                        "table \"%.*s\" does not exist", SLICE_ARG(name.s));
    else
        rc = table_info_rows(cx, s, table_definition(object->table));
    view_end(s, &view);
    return rc;
}

llkv_code command_pragma(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_pragma *pragma = (const struct ast_pragma *)node;
    struct slice name = setting_name(&pragma->name);
    if (has_no_effect(name)) return LLKV_OK;
    if (name_is(name, "table_info")) return table_info(cx, s, pragma);
    if (pragma->values.count != 1)
        return cx_fail_at(cx, LLKV_SYNTAX, (int32_t)node->at, NULL, "a setting takes one value");
    struct value value;
    TRY(constant(cx, pragma->values.items[0], &value));
    return session_set(cx, s->session, name, &value, false, (int32_t)pragma->name.parts[0].at);
}

/* ---- CHECKPOINT ---- */

/* Until the transactions are over that have changed something by now. Others may begin meanwhile.
 */
static llkv_code wait_for_writers(struct cx *cx, struct database *db)
{
    const struct timespec while_waiting = {.tv_nsec = 1000000};
    const uint32_t phase = atomic_fetch_add(&db->writer_phase, 1) & 1;
    while (atomic_load(&db->writers[phase]) != 0) {
        TRY(cx_check_cancel(cx));
        (void)nanosleep(&while_waiting, NULL); /* woken early, it looks early */
    }
    return LLKV_OK;
}

llkv_code command_checkpoint(struct cx *cx, struct statement *s, const struct ast *node)
{
    const struct ast_checkpoint *checkpoint = (const struct ast_checkpoint *)node;
    struct database *db = s->session->database;
    if (ast_name_given(&checkpoint->name))
        return cx_fail_at(cx, LLKV_UNSUPPORTED, (int32_t)checkpoint->name.at, NULL,
                          "CHECKPOINT of a database by its name is not supported");
    if (s->transaction != NULL && transaction_has_changes(s->transaction))
        return cx_fail_at(cx, LLKV_BUSY, (int32_t)node->at, NULL,
                          "the transaction has changes that are not committed");
    if ((node->flags & AST_CHECKPOINT_FORCE) != 0) {
        TRY(wait_for_writers(cx, db));
    } else if (atomic_load(&db->writers[0]) != 0 || atomic_load(&db->writers[1]) != 0) {
        llkv_code rc = cx_fail_at(cx, LLKV_BUSY, (int32_t)node->at, NULL,
                                  "another transaction has changes that are not committed");
        return rc == LLKV_BUSY ? cx_hint(cx, "FORCE CHECKPOINT waits for it") : rc;
    }
    return database_checkpoint(cx, db);
}
