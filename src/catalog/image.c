#include "catalog/image.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "table/checkpoint.h"

enum { OBJECT_FORMAT = 1, KEYS_MAX = 65535, CHECKS_MAX = 65535, NAMES_MAX = 65535 };
enum { COLUMN_NOT_NULL = 1, KEY_UNIQUE = 1, KEY_PRIMARY = 2, KEY_FLAGS = 3 };

/* ---- writing ---- */

static void pack_key(struct pack_writer *w, const struct key_def *key)
{
    pack_text(w, key->name);
    pack_u64(w, key->id);
    pack_u8(w, (uint8_t)((key->unique ? KEY_UNIQUE : 0) | (key->primary ? KEY_PRIMARY : 0)));
    pack_u16(w, key->column_count);
    for (uint32_t i = 0; i < key->column_count; i++) {
        pack_u16(w, key->columns[i].column);
        pack_u8(w, key->columns[i].descending);
    }
}

static void pack_column(struct pack_writer *w, const struct column_def *column)
{
    pack_text(w, column->name);
    pack_u8(w, column->type.id);
    pack_u8(w, column->type.phys);
    pack_u8(w, column->type.precision);
    pack_u8(w, column->type.scale);
    pack_u32(w, column->type.length);
    pack_u8(w, column->not_null ? COLUMN_NOT_NULL : 0);
    pack_text(w, column->default_sql);
    pack_text(w, column->generated_sql);
}

static void pack_table(struct pack_writer *w, const struct table_def *def)
{
    pack_u32(w, def->column_count);
    pack_u32(w, def->key_count);
    pack_u32(w, def->check_count);
    for (uint32_t i = 0; i < def->column_count; i++)
        pack_column(w, &def->columns[i]);
    for (uint32_t i = 0; i < def->key_count; i++)
        pack_key(w, &def->keys[i]);
    for (uint32_t i = 0; i < def->check_count; i++) {
        pack_text(w, def->checks[i].name);
        pack_text(w, def->checks[i].sql);
    }
}

static void pack_view(struct pack_writer *w, const struct object *object)
{
    pack_text(w, object->sql);
    pack_u32(w, object->column_names == NULL ? UINT32_MAX : object->column_count);
    for (uint32_t i = 0; object->column_names != NULL && i < object->column_count; i++)
        pack_text(w, object->column_names[i]);
}

void catalog_object_encode(struct pack_writer *w, const struct object *object)
{
    assert(!object->temporary);
    pack_u16(w, OBJECT_FORMAT);
    pack_u8(w, object->kind);
    pack_u64(w, object->id);
    pack_text(w, object->schema);
    pack_text(w, object->name);
    switch ((enum object_kind)object->kind) {
    case OBJECT_TABLE: pack_table(w, table_definition(object->table)); break;
    case OBJECT_VIEW: pack_view(w, object); break;
    case OBJECT_INDEX: {
        const struct key_def *key = table_key_by_id(object->table, object->id);
        assert(key != NULL);
        pack_u64(w, object->table_id);
        pack_key(w, key);
        break;
    }
    case OBJECT_TRIGGER:
        pack_u64(w, object->table_id);
        pack_text(w, object->sql);
        break;
    case OBJECT_SCHEMA: break;
    }
}

/* ---- reading ---- */

static llkv_code damaged(struct cx *cx, const char *what)
{
    return cx_fail(cx, LLKV_CORRUPT, "%s in the catalog is not what was written", what);
}

/* NULL if it was NULL. */
static llkv_code unpack_optional(struct cx *cx, struct pack_reader *r, const char **out)
{
    struct slice text;
    *out = NULL;
    if (!unpack_text(r, &text)) return r->bad ? damaged(cx, "a text") : LLKV_OK;
    if (!utf8_valid(text.data, text.len)) return damaged(cx, "a text");
    *out = cx_strndup(cx, text.data, text.len);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

static llkv_code unpack_needed(struct cx *cx, struct pack_reader *r, const char **out)
{
    TRY(unpack_optional(cx, r, out));
    return *out == NULL ? damaged(cx, "a name") : LLKV_OK;
}

/* `width`: columns of the table. */
static llkv_code unpack_key(struct cx *cx, struct pack_reader *r, uint32_t width,
                            struct key_def *out)
{
    *out = (struct key_def){0};
    TRY(unpack_needed(cx, r, &out->name));
    out->id = unpack_u64(r);
    uint8_t flags = unpack_u8(r);
    out->unique = (flags & KEY_UNIQUE) != 0;
    out->primary = (flags & KEY_PRIMARY) != 0;
    out->column_count = unpack_u16(r);
    if (r->bad || (flags & ~KEY_FLAGS) != 0 || out->column_count == 0 ||
        out->column_count > pack_left(r))
        return damaged(cx, "a key");
    struct key_column *columns = cx_alloc_array(cx, out->column_count, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    out->columns = columns;
    for (uint32_t i = 0; i < out->column_count; i++) {
        columns[i] = (struct key_column){.column = unpack_u16(r)};
        uint8_t descending = unpack_u8(r);
        if (r->bad || columns[i].column >= width || descending > 1) return damaged(cx, "a key");
        columns[i].descending = descending != 0;
    }
    return LLKV_OK;
}

static bool type_is_sound(struct type type)
{
    if (type.id >= TYPE_COUNT) return false;
    if (type.id != TYPE_DECIMAL) return type.phys == type_of(type.id).phys;
    if (type.precision < 1 || type.precision > 38 || type.scale > type.precision) return false;
    return type.phys == type_decimal(type.precision, type.scale).phys;
}

static llkv_code unpack_column(struct cx *cx, struct pack_reader *r, struct column_def *out)
{
    *out = (struct column_def){0};
    TRY(unpack_needed(cx, r, &out->name));
    out->name_hash = slice_hash_folded(slice_of(out->name));
    out->type.id = unpack_u8(r);
    out->type.phys = unpack_u8(r);
    out->type.precision = unpack_u8(r);
    out->type.scale = unpack_u8(r);
    out->type.length = unpack_u32(r);
    uint8_t flags = unpack_u8(r);
    if (r->bad || !type_is_sound(out->type) || (flags & ~COLUMN_NOT_NULL) != 0)
        return damaged(cx, "a column");
    out->not_null = flags != 0;
    TRY(unpack_optional(cx, r, &out->default_sql));
    return unpack_optional(cx, r, &out->generated_sql);
}

static llkv_code unpack_table(struct cx *cx, struct pack_reader *r, struct object_image *image)
{
    struct table_def *def = cx_alloc_zero(cx, sizeof *def);
    if (def == NULL) return LLKV_NOMEM;
    def->id = image->id;
    def->schema = image->schema;
    def->name = image->name;
    def->column_count = unpack_u32(r);
    def->key_count = unpack_u32(r);
    def->check_count = unpack_u32(r);
    if (r->bad || def->column_count == 0 || def->column_count > TABLE_COLUMNS_MAX ||
        def->key_count > KEYS_MAX || def->check_count > CHECKS_MAX)
        return damaged(cx, "a table");
    struct column_def *columns = cx_alloc_array(cx, def->column_count, sizeof *columns);
    struct key_def *keys = cx_alloc_array(cx, def->key_count + 1u, sizeof *keys);
    struct check_def *checks = cx_alloc_array(cx, def->check_count + 1u, sizeof *checks);
    if (columns == NULL || keys == NULL || checks == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < def->column_count; i++)
        TRY(unpack_column(cx, r, &columns[i]));
    for (uint32_t i = 0; i < def->key_count; i++)
        TRY(unpack_key(cx, r, def->column_count, &keys[i]));
    for (uint32_t i = 0; i < def->check_count; i++) {
        TRY(unpack_optional(cx, r, &checks[i].name));
        TRY(unpack_needed(cx, r, &checks[i].sql));
    }
    def->columns = columns;
    def->keys = keys;
    def->checks = checks;
    image->def = def;
    return LLKV_OK;
}

static llkv_code unpack_view(struct cx *cx, struct pack_reader *r, struct object_image *image)
{
    TRY(unpack_needed(cx, r, &image->sql));
    uint32_t count = unpack_u32(r);
    if (r->bad) return damaged(cx, "a view");
    if (count == UINT32_MAX) return LLKV_OK;
    if (count > NAMES_MAX) return damaged(cx, "a view");
    const char **names = cx_alloc_array(cx, count + 1u, sizeof *names);
    if (names == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        TRY(unpack_needed(cx, r, &names[i]));
    image->column_names = names;
    image->column_count = count;
    return LLKV_OK;
}

static llkv_code unpack_index(struct cx *cx, struct pack_reader *r, struct object_image *image)
{
    struct key_def *key = cx_alloc(cx, sizeof *key);
    if (key == NULL) return LLKV_NOMEM;
    image->table_id = unpack_u64(r);
    TRY(unpack_key(cx, r, TABLE_COLUMNS_MAX, key)); /* the table is known to the caller only */
    if (key->id != image->id) return damaged(cx, "an index");
    image->key = key;
    return LLKV_OK;
}

static llkv_code unpack_kind(struct cx *cx, struct pack_reader *r, struct object_image *image)
{
    switch (image->kind) {
    case OBJECT_TABLE: return unpack_table(cx, r, image);
    case OBJECT_VIEW: return unpack_view(cx, r, image);
    case OBJECT_INDEX: return unpack_index(cx, r, image);
    case OBJECT_TRIGGER: image->table_id = unpack_u64(r); return unpack_needed(cx, r, &image->sql);
    case OBJECT_SCHEMA: return LLKV_OK;
    default: return damaged(cx, "an object");
    }
}

llkv_code catalog_object_decode(struct cx *cx, const void *data, size_t bytes,
                                struct object_image *out_image)
{
    struct pack_reader r;
    struct object_image image = {0};
    pack_reader_init(&r, data, bytes);
    uint16_t format = unpack_u16(&r);
    image.kind = unpack_u8(&r);
    image.id = unpack_u64(&r);
    if (r.bad || format != OBJECT_FORMAT || image.id == 0 || image.id > CATALOG_ID_MAX)
        return damaged(cx, "an object");
    TRY(unpack_needed(cx, &r, &image.schema));
    TRY(unpack_needed(cx, &r, &image.name));
    /* What is temporary lies in a pager of its own and never comes here. */
    if (slice_equal_folded(slice_of(image.schema), SLICE("temp"))) return damaged(cx, "an object");
    TRY(unpack_kind(cx, &r, &image));
    if (r.bad || pack_left(&r) != 0) return damaged(cx, "an object");
    *out_image = image;
    return LLKV_OK;
}
