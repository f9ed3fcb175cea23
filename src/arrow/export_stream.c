#include <errno.h>
#include <string.h>

#include "arrow/export_priv.h"
#include "base/alloc.h"

/* Rows that batches are gathered to before they leave, from the second array on. */
enum { ARRAY_ROWS = 16384 };

/* Behind a stream. States: running; ended (the source has no more); failed (`failed` is the code,
 * `error` the details, and every further call says so again). */
struct stream {
    const struct result_schema *schema;
    struct result_source *source;
    struct exporter *exporter;
    const struct batch *batch; /* being exported; NULL: ask for the next */
    uint32_t batch_at;         /* its live rows that are exported already */
    bool first_left;
    bool ended;
    llkv_code failed;
    struct cx cx;
    struct arena arena;
    llkv_error error;
};

static int errno_of(llkv_code code)
{
    switch (code) {
    case LLKV_OK: return 0;
    case LLKV_NOMEM: return ENOMEM;
    case LLKV_CANCELLED: return ECANCELED;
    case LLKV_TIMEOUT: return ETIMEDOUT;
    case LLKV_UNSUPPORTED: return ENOTSUP;
    case LLKV_IO:
    case LLKV_CORRUPT:
    case LLKV_UNKNOWN:
    case LLKV_INTERNAL: return EIO;
    default: return EINVAL;
    }
}

/* Append what is left of the current batch, or of the next. *out_full: the array cannot take more
 * text. */
NODISCARD static llkv_code gather(struct stream *s, bool *out_full)
{
    struct cx *cx = &s->cx;
    *out_full = false;
    if (s->batch == NULL) {
        TRY(cx_check_cancel(cx));
        TRY(s->source->next(s->source, cx, &s->batch));
        s->batch_at = 0;
        s->ended = s->batch == NULL;
        if (s->ended) return LLKV_OK;
    }
    uint32_t taken = 0;
    TRY(exporter_append(cx, s->exporter, s->batch, s->batch_at, &taken));
    s->batch_at += taken;
    if (s->batch_at == s->batch->live) {
        s->batch = NULL;
        return LLKV_OK;
    }
    *out_full = true;
    if (s->exporter->rows == 0)
        return cx_fail(cx, LLKV_LIMIT, "one value is longer than the 2 GiB that Arrow allows");
    return LLKV_OK;
}

NODISCARD static llkv_code next_array(struct stream *s, struct ArrowArray *out)
{
    uint32_t wanted = s->first_left ? ARRAY_ROWS : 1;
    bool full = false;
    while (!s->ended && !full && s->exporter->rows < wanted)
        TRY(gather(s, &full));
    if (s->exporter->rows == 0) return LLKV_OK; /* the end: `out` is released */
    s->first_left = true;
    return exporter_finish(&s->cx, s->exporter, out);
}

static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct stream *s = stream->private_data;
    memset(out, 0, sizeof *out);
    if (s->failed == LLKV_OK) s->failed = next_array(s, out);
    return errno_of(s->failed);
}

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct stream *s = stream->private_data;
    memset(out, 0, sizeof *out);
    if (s->failed != LLKV_OK) return errno_of(s->failed);
    /* Lack of memory here does not end the stream. */
    return errno_of(arrow_export_schema(&s->cx, s->schema, out));
}

static const char *stream_get_last_error(struct ArrowArrayStream *stream)
{
    struct stream *s = stream->private_data;
    return s->error.code == LLKV_OK ? NULL : s->error.message;
}

static void stream_free(struct stream *s)
{
    exporter_free(s->exporter);
    arena_deinit(&s->arena);
    mem_free(s);
}

static void stream_release(struct ArrowArrayStream *stream)
{
    struct stream *s = stream->private_data;
    exporter_free(s->exporter); /* the schema it reads belongs to the source */
    s->exporter = NULL;
    s->source->close(s->source);
    stream_free(s);
    stream->release = NULL;
    stream->private_data = NULL;
}

llkv_code arrow_export_stream(struct cx *cx, const struct result_schema *schema,
                              struct result_source *source, struct ArrowArrayStream *out_stream)
{
    struct stream *s = mem_alloc_zero(NULL, sizeof *s);
    if (s == NULL) return cx_nomem(cx);
    s->schema = schema;
    s->source = source;
    s->error = (llkv_error)LLKV_ERROR_INIT;
    arena_init(&s->arena, NULL);
    s->cx = *cx;
    s->cx.arena = &s->arena;
    s->cx.error = &s->error;
    llkv_code rc = exporter_new(cx, schema, &s->exporter);
    if (rc == LLKV_OK && cx->text.data != NULL) {
        s->cx.text.data = cx_strndup(&s->cx, cx->text.data, cx->text.len);
        if (s->cx.text.data == NULL) rc = cx_nomem(cx);
    }
    if (rc != LLKV_OK) {
        stream_free(s);
        return rc;
    }
    *out_stream = (struct ArrowArrayStream){
        .get_schema = stream_get_schema,
        .get_next = stream_get_next,
        .get_last_error = stream_get_last_error,
        .release = stream_release,
        .private_data = s,
    };
    return LLKV_OK;
}
