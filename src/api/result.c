/* result.c -- scripts with structured results; streams. */
#include <errno.h>
#include <string.h>

#include "api/api.h"

/* ---- streams of a statement ---- */

struct stream_source {
    struct result_source base;
    struct statement *statement;
    struct arena arena; /* the schema, and this */
    struct result_schema schema;
    bool owned;
};

static llkv_code stream_next(struct result_source *source, struct cx *cx,
                             const struct batch **out_batch)
{
    struct statement *s = ((struct stream_source *)source)->statement;
    if (s->state == STATEMENT_DONE) {
        *out_batch = NULL;
        return LLKV_OK;
    }
    return statement_next(cx, s, out_batch);
}

static void stream_close(struct result_source *source)
{
    struct stream_source *stream = (struct stream_source *)source;
    struct session *session = stream->statement->session;
    statement_reset(stream->statement);
    if (stream->owned) statement_free(stream->statement);
    assert(session->open_count > 0);
    session->open_count--;
    arena_deinit(&stream->arena);
    mem_free(stream);
}

llkv_code api_schema(struct cx *cx, const struct statement *statement, struct result_schema *out)
{
    uint32_t count = statement_column_count(statement);
    const char **names = cx_alloc_array(cx, count + 1u, sizeof *names);
    struct type *types = cx_alloc_array(cx, count + 1u, sizeof *types);
    if (names == NULL || types == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = statement_column_name(statement, i);
        names[i] = cx_strndup(cx, name, strlen(name));
        types[i] = statement_column_type(statement, i);
        if (names[i] == NULL) return LLKV_NOMEM;
    }
    *out = (struct result_schema){count, names, types};
    return LLKV_OK;
}

llkv_code api_stream(struct cx *cx, struct statement *statement, bool owned,
                     struct ArrowArrayStream *out_stream)
{
    struct mem_budget *budget = &statement->session->database->budget;
    if (!statement->info.has_rows)
        return cx_fail(cx, LLKV_MISUSE, "the statement has no rows to stream");
    struct stream_source *source = mem_alloc_zero(budget, sizeof *source);
    if (source == NULL) return cx_nomem(cx);
    source->base = (struct result_source){stream_next, stream_close};
    source->statement = statement;
    arena_init(&source->arena, budget);
    struct cx schema_cx = *cx;
    schema_cx.arena = &source->arena;
    llkv_code rc = api_schema(&schema_cx, statement, &source->schema);
    if (rc == LLKV_OK) rc = arrow_export_stream(cx, &source->schema, &source->base, out_stream);
    if (rc != LLKV_OK) {
        arena_deinit(&source->arena);
        mem_free(source);
        return rc;
    }
    statement_reset(statement);
    source->owned = owned;
    statement->session->open_count++;
    return LLKV_OK;
}

llkv_code llkv_statement_stream(llkv_statement *statement, struct ArrowArrayStream *out_stream,
                                llkv_error *error)
{
    struct api_call call;
    struct statement *s = statement_of(statement);
    TRY(api_begin(&call, s->session, error));
    return api_end(&call, api_stream(&call.cx, s, false, out_stream));
}

llkv_code llkv_query(llkv_session *session, const char *sql, size_t bytes,
                     struct ArrowArrayStream *out_stream, llkv_error *error)
{
    llkv_statement *statement = NULL;
    llkv_code rc = llkv_prepare(session, sql, bytes, &statement, NULL, error);
    if (rc != LLKV_OK) return rc;
    struct api_call call;
    TRY(api_begin(&call, session_of(session), error));
    if (statement == NULL)
        rc = cx_fail(&call.cx, LLKV_MISUSE, "there is no statement in the text");
    else
        rc = api_stream(&call.cx, statement_of(statement), true, out_stream);
    if (rc != LLKV_OK) llkv_statement_free(statement);
    return api_end(&call, rc);
}

/* ---- results kept in memory ---- */

/* Charged to no budget, since it may outlive the engine once it is taken; until then its size is
 * counted against the engine's. Also the source of the stream that takes it. */
struct kept_rows {
    struct ArrowSchema schema;
    struct ArrowArray *arrays;
    uint32_t count, capacity, next;
    struct mem_budget *counted_in; /* NULL: in none */
    size_t counted_bytes;
};

struct one_result {
    llkv_result_info info;
    struct kept_rows rows;
};

struct llkv_results {
    struct session *session;
    struct arena arena; /* names */
    struct one_result *items;
    size_t count, capacity;
};

static void stop_counting(struct kept_rows *rows)
{
    if (rows->counted_in != NULL) mem_uncharge(rows->counted_in, rows->counted_bytes);
    rows->counted_in = NULL;
    rows->counted_bytes = 0;
}

static void kept_deinit(struct kept_rows *rows)
{
    stop_counting(rows);
    if (rows->schema.release != NULL) rows->schema.release(&rows->schema);
    for (uint32_t i = rows->next; i < rows->count; i++)
        if (rows->arrays[i].release != NULL) rows->arrays[i].release(&rows->arrays[i]);
    mem_free(rows->arrays);
    *rows = (struct kept_rows){0};
}

/* About what a batch takes as an array. */
static size_t array_bytes(const struct result_schema *schema, const struct ArrowArray *array)
{
    const size_t rows = (size_t)array->length;
    size_t bytes = sizeof *array;
    for (uint32_t i = 0; i < schema->column_count; i++) {
        const struct ArrowArray *child = array->children[i];
        bytes += 2 * sizeof *child + rows * phys_bytes[schema->types[i].phys];
        if (child->n_buffers > 2) bytes += (size_t)((const int32_t *)child->buffers[1])[rows];
    }
    return bytes;
}

static llkv_code count_array(struct cx *cx, struct kept_rows *rows, size_t bytes)
{
    if (cx->budget == NULL) return LLKV_OK;
    if (!mem_charge(cx->budget, bytes)) return cx_nomem(cx);
    rows->counted_in = cx->budget;
    rows->counted_bytes += bytes;
    return LLKV_OK;
}

static llkv_code keep_batch(struct cx *cx, struct kept_rows *rows,
                            const struct result_schema *schema, const struct batch *batch)
{
    if (rows->count == rows->capacity) {
        uint32_t capacity = rows->capacity == 0 ? 4 : rows->capacity * 2;
        struct ArrowArray *grown = mem_realloc(rows->arrays, capacity * sizeof *grown, NULL);
        if (grown == NULL) return cx_nomem(cx);
        rows->arrays = grown;
        rows->capacity = capacity;
    }
    TRY(arrow_export_batch(cx, schema, batch, &rows->arrays[rows->count]));
    rows->count++; /* it is released with the others, whatever follows */
    return count_array(cx, rows, array_bytes(schema, &rows->arrays[rows->count - 1]));
}

static llkv_code run_kept(struct cx *cx, struct statement *statement, struct kept_rows *rows)
{
    struct result_schema schema;
    const struct batch *batch;
    TRY(api_schema(cx, statement, &schema));
    if (statement->info.has_rows) TRY(arrow_export_schema(cx, &schema, &rows->schema));
    for (;;) {
        TRY(statement_next(cx, statement, &batch));
        if (batch == NULL) return LLKV_OK;
        TRY(keep_batch(cx, rows, &schema, batch));
    }
}

static llkv_code add_result(struct cx *cx, llkv_results *results, struct one_result **out)
{
    if (results->count == results->capacity) {
        size_t capacity = results->capacity == 0 ? 4 : results->capacity * 2;
        struct one_result *grown =
            mem_realloc(results->items, capacity * sizeof *grown, cx->budget);
        if (grown == NULL) return cx_nomem(cx);
        results->items = grown;
        results->capacity = capacity;
    }
    *out = &results->items[results->count];
    **out = (struct one_result){0};
    return LLKV_OK;
}

/* What can fail comes first: nothing may once the statement has committed. */
static llkv_code run_one(struct cx *cx, llkv_results *results, struct statement *statement,
                         size_t offset)
{
    struct one_result *result = NULL;
    const char *object = statement->info.object;
    struct cx kept_cx = *cx;
    kept_cx.arena = &results->arena;
    TRY(add_result(cx, results, &result));
    char *note = cx_alloc_zero(&kept_cx, sizeof statement->note);
    if (note == NULL) return LLKV_NOMEM;
    if (object != NULL) {
        object = cx_strndup(&kept_cx, object, strlen(object));
        if (object == NULL) return LLKV_NOMEM;
    }
    llkv_code rc = run_kept(cx, statement, &result->rows);
    if (rc != LLKV_OK) {
        kept_deinit(&result->rows);
        return rc;
    }
    result->info = statement->info;
    result->info.offset = (int32_t)offset;
    result->info.object = object;
    if (statement->info.note != NULL)
        result->info.note = memcpy(note, statement->note, sizeof statement->note);
    results->count++;
    return LLKV_OK;
}

/* Places in an error count from the beginning of the script. */
static void place_error(struct cx *cx, struct slice script, size_t start)
{
    llkv_error *e = cx->error;
    if (e->offset < 0 || start == 0) return;
    struct slice whole = script;
    e->offset += (int32_t)start;
    e->line = e->column = 1;
    for (size_t i = 0; i < (size_t)e->offset && i < whole.len; i++) {
        bool lead = ((unsigned char)whole.data[i] & 0xc0) != 0x80;
        if (whole.data[i] == '\n')
            e->line++, e->column = 1;
        else if (lead)
            e->column++;
    }
}

static llkv_code run_script(struct cx *cx, struct session *session, struct slice sql,
                            llkv_results *results)
{
    size_t at = 0;
    while (at < sql.len) {
        struct statement *statement;
        size_t used;
        struct slice rest = {sql.data + at, sql.len - at};
        llkv_code rc = statement_prepare(cx, session, rest, &statement, &used);
        size_t start = at;
        if (rc == LLKV_OK && statement != NULL) {
            start = at + used - statement->text.len;
            rc = run_one(cx, results, statement, start);
            statement_free(statement);
        }
        if (rc != LLKV_OK) {
            place_error(cx, sql, start);
            return rc;
        }
        at += used;
        arena_reset(cx->arena);
    }
    return LLKV_OK;
}

llkv_code llkv_execute(llkv_session *session, const char *sql, size_t bytes,
                       llkv_results **out_results, llkv_error *error)
{
    struct api_call call;
    struct session *s = session_of(session);
    TRY(api_begin(&call, s, error));
    call.cx.text = (struct slice){sql, bytes};
    llkv_results *results = mem_alloc_zero(call.cx.budget, sizeof *results);
    if (results == NULL) return api_end(&call, cx_nomem(&call.cx));
    results->session = s;
    arena_init(&results->arena, call.cx.budget);
    s->open_count++;
    llkv_code rc = run_script(&call.cx, s, call.cx.text, results);
    if (out_results != NULL)
        *out_results = results;
    else
        llkv_results_free(results);
    return api_end(&call, rc);
}

size_t llkv_results_count(const llkv_results *results)
{
    return results == NULL ? 0 : results->count;
}

llkv_result_info llkv_results_info(const llkv_results *results, size_t index)
{
    assert(index < results->count);
    return results->items[index].info;
}

void llkv_results_free(llkv_results *results)
{
    if (results == NULL) return;
    for (size_t i = 0; i < results->count; i++)
        kept_deinit(&results->items[i].rows);
    assert(results->session->open_count > 0);
    results->session->open_count--;
    arena_deinit(&results->arena);
    mem_free(results->items);
    mem_free(results);
}

/* ---- a kept row set as a stream ---- */

static int kept_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct kept_rows *rows = stream->private_data;
    if (rows->schema.release == NULL) return EINVAL; /* it was handed out before */
    *out = rows->schema;
    rows->schema.release = NULL;
    return 0;
}

static int kept_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct kept_rows *rows = stream->private_data;
    memset(out, 0, sizeof *out);
    if (rows->next < rows->count) *out = rows->arrays[rows->next++];
    return 0;
}

static const char *kept_last_error(struct ArrowArrayStream *stream)
{
    const struct kept_rows *rows = stream->private_data;
    return rows->schema.release == NULL ? "the schema of this stream was taken before" : NULL;
}

static void kept_release(struct ArrowArrayStream *stream)
{
    struct kept_rows *rows = stream->private_data;
    kept_deinit(rows);
    mem_free(rows);
    stream->release = NULL;
}

llkv_code llkv_results_take(llkv_results *results, size_t index,
                            struct ArrowArrayStream *out_stream, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, results->session, error));
    if (index >= results->count || results->items[index].rows.schema.release == NULL)
        return api_end(&call, cx_fail(&call.cx, LLKV_MISUSE, "there is no row set to take"));
    struct kept_rows *rows = mem_alloc(NULL, sizeof *rows);
    if (rows == NULL) return api_end(&call, cx_nomem(&call.cx));
    *rows = results->items[index].rows;
    results->items[index].rows = (struct kept_rows){0};
    stop_counting(rows);
    *out_stream = (struct ArrowArrayStream){.get_schema = kept_get_schema,
                                            .get_next = kept_get_next,
                                            .get_last_error = kept_last_error,
                                            .release = kept_release,
                                            .private_data = rows};
    return api_end(&call, LLKV_OK);
}

const char *llkv_result_kind_text(llkv_result_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        LLKV_RESULT_LIST(X)
#undef X
    };
    return (size_t)kind < sizeof texts / sizeof texts[0] ? texts[kind] : "UNKNOWN";
}
