/* export_priv.h -- the parts of the exporter. This folder only. */
#ifndef ARROW_EXPORT_PRIV_H
#define ARROW_EXPORT_PRIV_H
#include "arrow/result.h"

/* ---- arrays: export_array.c ---- */

/* Validity, values or offsets, heap. */
enum { ARRAY_BUFFERS_MAX = 3 };

/* The bytes that one value of the type takes in Arrow; 0 for bits and nulls, 4 (an offset) for
 * text. */
uint32_t arrow_value_bytes(struct type type);

/* A column's array. It takes over the references in `column`, on failure as well. */
NODISCARD llkv_code arrow_array_init(struct cx *cx, struct type type,
                                     const struct result_column *column, int64_t rows,
                                     struct ArrowArray *out_array);
/* A struct array without children yet; they are filled in one by one and may be released at any
 * time. */
NODISCARD llkv_code arrow_struct_init(struct cx *cx, uint32_t child_count, int64_t rows,
                                      struct ArrowArray *out_array);

/* ---- columns that grow: export_column.c ---- */

struct column_builder {
    struct type type;
    struct buffer *validity; /* made with the first NULL */
    struct buffer *values;
    struct buffer *heap;
    uint32_t rows, capacity; /* of values, and of validity if there is one */
    uint32_t nulls;
    uint32_t heap_bytes; /* in use */
    uint32_t heap_bytes_max;
};

/* What the offsets of a text column reach. */
enum { HEAP_BYTES_MAX = INT32_MAX };

void column_builder_init(struct column_builder *builder, struct type type);

void column_builder_deinit(struct column_builder *builder);
/* Append rows of a FLAT vector. *out_taken: how many; fewer than all of them only when the heap of
 * texts is full, and then possibly none. `name` is for messages. */
NODISCARD llkv_code column_builder_append(struct cx *cx, struct column_builder *builder,
                                          const struct vector *flat, const char *name,
                                          uint32_t *out_taken);
/* Forget the rows from `rows` on. */
void column_builder_truncate(struct column_builder *builder, uint32_t rows);
/* Move the column out; the builder is empty afterwards, also after a failure. */
NODISCARD llkv_code column_builder_finish(struct cx *cx, struct column_builder *builder,
                                          struct ArrowArray *out_array);

/* ---- batches: export_batch.c ---- */

struct exporter {
    const struct result_schema *schema;
    struct column_builder *columns;
    uint32_t rows;
    /* Where vectors of other shapes become flat ones. */
    void *values;
    uint64_t validity[VEC_WORDS_MAX];
    uint16_t positions[VEC_ROWS_MAX];
};

NODISCARD llkv_code exporter_new(struct cx *cx, const struct result_schema *schema,
                                 struct exporter **out_exporter);
void exporter_free(struct exporter *exporter);
/* Append live rows of the batch from number `from` on; *out_taken as above. */
NODISCARD llkv_code exporter_append(struct cx *cx, struct exporter *exporter,
                                    const struct batch *batch, uint32_t from, uint32_t *out_taken);
/* Move what was appended out; the exporter is empty afterwards, also after a failure. */
NODISCARD llkv_code exporter_finish(struct cx *cx, struct exporter *exporter,
                                    struct ArrowArray *out_array);
#endif
