#include "table/schema.h"

#include <string.h>

#include "table/table_priv.h"

int table_def_column(const struct table_def *def, struct slice name, uint32_t name_hash)
{
    for (uint32_t i = 0; i < def->column_count; i++) {
        const struct column_def *column = &def->columns[i];
        if (column->name_hash != name_hash) continue;
        if (slice_equal_folded(slice_of(column->name), name)) return (int)i;
    }
    return -1;
}

struct cx cx_with_arena(const struct cx *cx, struct arena *arena)
{
    struct cx inner = *cx;
    inner.arena = arena;
    return inner;
}

static llkv_code copy_text(struct cx *cx, const char *text, const char **out)
{
    *out = NULL;
    if (text == NULL) return LLKV_OK;
    *out = cx_strndup(cx, text, strlen(text));
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

llkv_code key_def_copy(struct cx *cx, struct arena *arena, const struct key_def *key,
                       struct key_def *out_key)
{
    struct cx inner = cx_with_arena(cx, arena);
    struct key_def copy = *key;
    TRY(copy_text(&inner, key->name, &copy.name));
    struct key_column *columns = cx_alloc_array(&inner, key->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    memcpy(columns, key->columns, key->column_count * sizeof *columns);
    copy.columns = columns;
    *out_key = copy;
    return LLKV_OK;
}

static llkv_code copy_columns(struct cx *cx, const struct table_def *def, struct table_def *copy)
{
    struct column_def *columns = cx_alloc_array(cx, def->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++) {
        columns[i] = def->columns[i];
        TRY(copy_text(cx, def->columns[i].name, &columns[i].name));
        TRY(copy_text(cx, def->columns[i].default_sql, &columns[i].default_sql));
        TRY(copy_text(cx, def->columns[i].generated_sql, &columns[i].generated_sql));
    }
    copy->columns = columns;
    return LLKV_OK;
}

static llkv_code copy_checks(struct cx *cx, const struct table_def *def, struct table_def *copy)
{
    struct check_def *checks = cx_alloc_array(cx, def->check_count, sizeof *checks);
    if (checks == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->check_count; i++) {
        TRY(copy_text(cx, def->checks[i].name, &checks[i].name));
        TRY(copy_text(cx, def->checks[i].sql, &checks[i].sql));
    }
    copy->checks = checks;
    return LLKV_OK;
}

llkv_code table_def_copy(struct cx *cx, struct arena *arena, const struct table_def *def,
                         const struct table_def **out_def)
{
    struct cx inner = cx_with_arena(cx, arena);
    struct table_def *copy = cx_alloc(&inner, sizeof *copy);
    if (copy == NULL) return LLKV_NOMEM;
    *copy = *def;
    TRY(copy_text(&inner, def->schema, &copy->schema));
    TRY(copy_text(&inner, def->name, &copy->name));
    TRY(copy_columns(&inner, def, copy));
    TRY(copy_checks(&inner, def, copy));
    struct key_def *keys = cx_alloc_array(&inner, def->key_count, sizeof *keys);
    if (keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->key_count; i++)
        TRY(key_def_copy(cx, arena, &def->keys[i], &keys[i]));
    copy->keys = keys;
    *out_def = copy;
    return LLKV_OK;
}
