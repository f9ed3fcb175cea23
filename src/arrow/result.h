/* result.h -- batches that leave the engine: named, typed columns out as Arrow arrays.
 *
 * The exporter copies what the batch borrows, but for columns that lie in a struct buffer the
 * caller hands over with a reference. */
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

/* Where a stream gets its batches. Each function is called by the thread that pulls. */
struct result_source {
    /* The next batch, valid until the next call; NULL at the end. */
    llkv_code (*next)(struct result_source *source, struct cx *cx, const struct batch **out_batch);
    /* Called once, when the stream is released. */
    void (*close)(struct result_source *source);
};

/* Move `source` into a stream. `schema` must live until source->close. The stream keeps an error of
 * its own for get_last_error; `cancel` (may be NULL) is polled by whoever runs next(). */
NODISCARD llkv_code arrow_export_stream(struct cx *cx, const struct result_schema *schema,
                                        struct result_source *source,
                                        struct ArrowArrayStream *out_stream);
#endif
