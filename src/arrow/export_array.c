#include <string.h>

#include "arrow/export_priv.h"
#include "base/alloc.h"
#include "base/bitmap.h"

/* Behind every exported array. A child that was moved away has its own and needs nothing of its
 * parent's but the memory of the struct it was moved out of. */
struct array_private {
    struct buffer *held[ARRAY_BUFFERS_MAX];
    const void *buffers[ARRAY_BUFFERS_MAX];
    struct ArrowArray **children; /* pointers into `nodes` */
    struct ArrowArray *nodes;
};

static void array_release(struct ArrowArray *array)
{
    struct array_private *own = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
    for (uint32_t i = 0; i < ARRAY_BUFFERS_MAX; i++)
        buffer_unref(own->held[i]);
    array->release = NULL;
    mem_free(own);
}

uint32_t arrow_value_bytes(struct type type)
{
    switch ((enum type_id)type.id) {
    case TYPE_DECIMAL:
    case TYPE_HUGEINT:
    case TYPE_UHUGEINT:
    case TYPE_INTERVAL:
    case TYPE_UUID: return 16;
    case TYPE_VARCHAR:
    case TYPE_BLOB: return 4;
    case TYPE_NUMBER: return 8;
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT:
    case TYPE_UTINYINT:
    case TYPE_USMALLINT:
    case TYPE_UINTEGER:
    case TYPE_UBIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_COUNT: break;
    }
    return phys_bytes[type.phys];
}

bool arrow_is_native(struct type type)
{
    switch ((enum type_id)type.id) {
    case TYPE_DECIMAL: return type.phys == PHYS_I128;
    case TYPE_HUGEINT:
    case TYPE_UHUGEINT:
    case TYPE_INTERVAL:
    case TYPE_UUID:
    case TYPE_NUMBER:
    case TYPE_VARCHAR:
    case TYPE_BLOB: return false;
    case TYPE_NULL:
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INTEGER:
    case TYPE_BIGINT:
    case TYPE_UTINYINT:
    case TYPE_USMALLINT:
    case TYPE_UINTEGER:
    case TYPE_UBIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ:
    case TYPE_COUNT: break;
    }
    return true;
}

static bool is_text(struct type type)
{
    return type.id == TYPE_VARCHAR || type.id == TYPE_BLOB;
}

llkv_code arrow_array_init(struct cx *cx, struct type type, const struct result_column *column,
                           int64_t rows, struct ArrowArray *out_array)
{
    struct array_private *own = mem_alloc_zero(NULL, sizeof *own);
    if (own == NULL) {
        buffer_unref(column->validity);
        buffer_unref(column->values);
        buffer_unref(column->heap);
        return cx_nomem(cx);
    }
    own->held[0] = column->validity;
    own->held[1] = column->values;
    own->held[2] = column->heap;
    for (uint32_t i = 0; i < ARRAY_BUFFERS_MAX; i++)
        own->buffers[i] = own->held[i] == NULL ? NULL : own->held[i]->data;
    bool is_null = type.id == TYPE_NULL;
    *out_array = (struct ArrowArray){
        .length = rows,
        .null_count = is_null ? rows : column->null_count,
        .n_buffers = is_null         ? 0
                     : is_text(type) ? 3
                                     : 2,
        .buffers = own->buffers,
        .release = array_release,
        .private_data = own,
    };
    return LLKV_OK;
}

llkv_code arrow_struct_init(struct cx *cx, uint32_t child_count, int64_t rows,
                            struct ArrowArray *out_array)
{
    size_t per_child = sizeof(struct ArrowArray) + sizeof(struct ArrowArray *);
    size_t bytes;
    if (!size_mul(child_count, per_child, &bytes)) return cx_nomem(cx);
    if (!size_add(bytes, sizeof(struct array_private), &bytes)) return cx_nomem(cx);
    struct array_private *own = mem_alloc_zero(NULL, bytes);
    if (own == NULL) return cx_nomem(cx);
    own->nodes = (struct ArrowArray *)(own + 1);
    own->children = (struct ArrowArray **)(own->nodes + child_count);
    for (uint32_t i = 0; i < child_count; i++)
        own->children[i] = &own->nodes[i];
    *out_array = (struct ArrowArray){
        .length = rows,
        .n_buffers = 1, /* the validity of the rows: all are */
        .buffers = own->buffers,
        .n_children = child_count,
        .children = child_count == 0 ? NULL : own->children,
        .release = array_release,
        .private_data = own,
    };
    return LLKV_OK;
}

/* Do the buffers hold what `rows` rows of this type need? */
static bool column_is_whole(struct type type, const struct result_column *c, int64_t rows)
{
    uint64_t count = (uint64_t)rows;
    if (type.id == TYPE_NULL) return true;
    if (c->values == NULL) return false;
    if (c->validity != NULL && c->validity->bytes < (count + 7) / 8) return false;
    if (c->validity == NULL && c->null_count != 0) return false;
    uint64_t bytes = type.id == TYPE_BOOLEAN ? (count + 7) / 8
                     : is_text(type)         ? (count + 1) * sizeof(int32_t)
                                             : count * arrow_value_bytes(type);
    return c->values->bytes >= bytes && (!is_text(type) || c->heap != NULL);
}

static struct buffer *ref_or_null(struct buffer *buffer)
{
    return buffer == NULL ? NULL : buffer_ref(buffer);
}

llkv_code arrow_export_buffers(struct cx *cx, const struct result_schema *schema,
                               const struct result_column *columns, int64_t rows,
                               struct ArrowArray *out_array)
{
    CHECK(cx, rows >= 0);
    for (uint32_t i = 0; i < schema->column_count; i++)
        CHECK(cx, column_is_whole(schema->types[i], &columns[i], rows));
    struct ArrowArray root;
    TRY(arrow_struct_init(cx, schema->column_count, rows, &root));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        struct result_column own = {
            .validity = ref_or_null(columns[i].validity),
            .values = ref_or_null(columns[i].values),
            .heap = ref_or_null(columns[i].heap),
            .null_count = columns[i].null_count,
        };
        llkv_code rc = arrow_array_init(cx, schema->types[i], &own, rows, root.children[i]);
        if (rc == LLKV_OK) continue;
        root.release(&root);
        return rc;
    }
    *out_array = root;
    return LLKV_OK;
}
