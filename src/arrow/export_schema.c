#include <stdio.h>
#include <string.h>

#include "arrow/result.h"
#include "base/alloc.h"

enum { FORMAT_BYTES_MAX = 16 };

/* Behind every exported schema, and before the names it points to. */
struct schema_private {
    char format[FORMAT_BYTES_MAX];
    struct ArrowSchema **children; /* pointers into `nodes` */
    struct ArrowSchema *nodes;
};

/* A key "ARROW:extension:name" and its value, as the specification packs them: int32 counts and
 * lengths in the machine's byte order. */
static const struct {
    int32_t pairs, key_bytes;
    char key[20];
    int32_t value_bytes;
    char value[12]; /* "arrow.uuid", then padding */
} uuid_metadata = {1, 20, "ARROW:extension:name", 10, "arrow.uuid"};

static void schema_release(struct ArrowSchema *schema)
{
    struct schema_private *own = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]);
    schema->release = NULL;
    mem_free(own);
}

/* A node with room for its children, which are zero (released) at first. */
NODISCARD static llkv_code schema_init(struct cx *cx, const char *name, uint32_t child_count,
                                       struct ArrowSchema *out)
{
    size_t name_bytes = strlen(name) + 1;
    size_t per_child = sizeof(struct ArrowSchema) + sizeof(struct ArrowSchema *);
    size_t bytes;
    if (!size_mul(child_count, per_child, &bytes)) return cx_nomem(cx);
    if (!size_add(bytes, sizeof(struct schema_private), &bytes)) return cx_nomem(cx);
    if (!size_add(bytes, name_bytes, &bytes)) return cx_nomem(cx);
    struct schema_private *own = mem_alloc_zero(NULL, bytes);
    if (own == NULL) return cx_nomem(cx);
    own->nodes = (struct ArrowSchema *)(own + 1);
    own->children = (struct ArrowSchema **)(own->nodes + child_count);
    for (uint32_t i = 0; i < child_count; i++)
        own->children[i] = &own->nodes[i];
    char *name_copy = (char *)(own->children + child_count);
    memcpy(name_copy, name, name_bytes);
    *out = (struct ArrowSchema){
        .format = own->format,
        .name = name_copy,
        .flags = ARROW_FLAG_NULLABLE,
        .n_children = child_count,
        .children = child_count == 0 ? NULL : own->children,
        .release = schema_release,
        .private_data = own,
    };
    return LLKV_OK;
}

/* The format strings of the types that have a fixed one. */
static const char *const formats[TYPE_COUNT] = {
    [TYPE_NULL] = "n",         [TYPE_BOOLEAN] = "b",
    [TYPE_TINYINT] = "c",      [TYPE_SMALLINT] = "s",
    [TYPE_INTEGER] = "i",      [TYPE_BIGINT] = "l",
    [TYPE_HUGEINT] = "d:38,0", [TYPE_UTINYINT] = "C",
    [TYPE_USMALLINT] = "S",    [TYPE_UINTEGER] = "I",
    [TYPE_UBIGINT] = "L",      [TYPE_UHUGEINT] = "d:38,0",
    [TYPE_FLOAT] = "f",        [TYPE_DOUBLE] = "g",
    [TYPE_VARCHAR] = "u",      [TYPE_BLOB] = "z",
    [TYPE_DATE] = "tdD",       [TYPE_TIME] = "ttu",
    [TYPE_TIMESTAMP] = "tsu:", [TYPE_TIMESTAMPTZ] = "tsu:UTC",
    [TYPE_INTERVAL] = "tin",   [TYPE_UUID] = "w:16",
    [TYPE_NUMBER] = "g",
};

static void print_format(struct type type, char out[FORMAT_BYTES_MAX])
{
    assert(type.id < TYPE_COUNT);
    if (type.id == TYPE_DECIMAL) {
        snprintf(out, FORMAT_BYTES_MAX, "d:%u,%u", type.precision, type.scale);
        return;
    }
    assert(formats[type.id] != NULL);
    assert(strlen(formats[type.id]) < FORMAT_BYTES_MAX);
    memcpy(out, formats[type.id], strlen(formats[type.id]) + 1);
}

llkv_code arrow_export_schema(struct cx *cx, const struct result_schema *schema,
                              struct ArrowSchema *out_schema)
{
    struct ArrowSchema root;
    TRY(schema_init(cx, "", schema->column_count, &root));
    root.flags = 0;
    memcpy(((struct schema_private *)root.private_data)->format, "+s", 3);
    for (uint32_t i = 0; i < schema->column_count; i++) {
        struct ArrowSchema *child = root.children[i];
        llkv_code rc = schema_init(cx, schema->names[i], 0, child);
        if (rc != LLKV_OK) {
            root.release(&root);
            return rc;
        }
        print_format(schema->types[i], ((struct schema_private *)child->private_data)->format);
        if (schema->types[i].id == TYPE_UUID) child->metadata = (const char *)&uuid_metadata;
    }
    *out_schema = root;
    return LLKV_OK;
}
