/* result.h -- batches that leave the engine: named, typed columns out as Arrow arrays.
 *
 * The exporter copies what the batch borrows, but for columns that lie in a struct buffer the
 * caller hands over with a reference. What is exported may outlive the engine: it is charged to no
 * budget, and its release may be called by any thread, children before or after their parent.
 *
 * Values that Arrow cannot hold are errors (22003) that name the column and the value: HUGEINT and
 * UHUGEINT beyond 38 digits, INTERVALs beyond 292 years of nanoseconds, integers in a NUMBER column
 * that a double cannot hold. */
#ifndef ARROW_RESULT_H
#define ARROW_RESULT_H
#include "arrow/vector.h"
#include "base/buffer.h"
#include "base/cx.h"
#include "llkv/arrow_abi.h"

struct result_schema {
    uint32_t column_count;
    const char *const *names; /* NUL-terminated */
    const struct type *types;
};

/* A struct schema with a child per column. The caller releases it. */
NODISCARD llkv_code arrow_export_schema(struct cx *cx, const struct result_schema *schema,
                                        struct ArrowSchema *out_schema);
/* Copy the live rows of `batch` out as a struct array. The caller releases it. */
NODISCARD llkv_code arrow_export_batch(struct cx *cx, const struct result_schema *schema,
                                       const struct batch *batch, struct ArrowArray *out_array);

/* Do vectors of this type lie in memory as Arrow wants them? Not so DECIMAL in less than 128 bits,
 * HUGEINT and UHUGEINT (they must be checked), INTERVAL, UUID, NUMBER, and text as views. */
bool arrow_is_native(struct type type);

/* One column in the layout of its Arrow type. */
struct result_column {
    struct buffer *validity; /* NULL: all valid */
    struct buffer *values; /* bits for BOOLEAN, rows + 1 int32 offsets for text; NULL type: NULL */
    struct buffer *heap;   /* text and blobs only */
    int64_t null_count;
};
/* Export buffers without copying: the array holds references of its own. */
NODISCARD llkv_code arrow_export_buffers(struct cx *cx, const struct result_schema *schema,
                                         const struct result_column *columns, int64_t rows,
                                         struct ArrowArray *out_array);

/* Where a stream gets its batches. Each function is called by the thread that pulls. */
struct result_source {
    /* The next batch, valid until the next call; NULL at the end. */
    llkv_code (*next)(struct result_source *source, struct cx *cx, const struct batch **out_batch);
    /* Called once, when the stream is released. */
    void (*close)(struct result_source *source);
};

/* Move `source` into a stream (not if this fails). `schema` must live until source->close. The
 * stream keeps an error of its own for get_last_error; `cancel` (may be NULL) is polled by whoever
 * runs next(). The cx that next() gets is the stream's: budget, pool, cancel flag and depth of
 * `cx`, a copy of its text, and an arena that lives until the stream is released. The first batch
 * leaves at once, later ones are gathered into arrays of up to 16,384 rows. */
NODISCARD llkv_code arrow_export_stream(struct cx *cx, const struct result_schema *schema,
                                        struct result_source *source,
                                        struct ArrowArrayStream *out_stream);
#endif
