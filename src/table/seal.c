/* seal.c -- full buffers of inserted rows become sealed segments, several at the same time.
 *
 * Only rows that nobody reads before they are committed can wait: those of a statement that commits
 * by itself. Whatever they become does not depend on how many were sealed together. */
#include <assert.h>
#include <string.h>

#include "table/write_priv.h"
#include "task/task.h"

enum { SEAL_NS_PER_VALUE = 20 };

static struct vector buffer_vector(const void *arg, uint32_t column, uint32_t vector,
                                   uint64_t *scratch)
{
    const struct rowbuf *buf = arg;
    uint32_t first = vector * buf->layout->vector_rows;
    uint32_t n = buf->rows - first;
    if (n > buf->layout->vector_rows) n = buf->layout->vector_rows;
    return rowbuf_vector(buf, column, first, n, scratch);
}

llkv_code writes_seal_buffer(struct cx *cx, const struct table *table, const struct rowbuf *buf,
                             struct sketch *sketches, struct sealed **out_sealed)
{
    const struct sealed_source source = {
        .vector = buffer_vector, .arg = buf, .rows = buf->rows, .sketches = sketches};
    return sealed_new(cx, table->budget, store_pager(table->store), store_layout(table->store),
                      &source, out_sealed);
}

uint32_t writes_seals(const struct cx *cx, const struct table_writes *writes)
{
    if (writes_explicit(writes) || writes->set->replays) return 1;
    const uint32_t threads = task_pool_threads(cx->pool);
    return threads < SEALS_MAX ? threads : SEALS_MAX;
}

struct seal_job {
    struct table_writes *writes;
    struct chunk **chunks;
    struct sketch *sketches; /* of each chunk */
};

static llkv_code seal_one(struct cx *cx, void *arg, uint32_t worker, uint32_t index)
{
    struct seal_job *job = arg;
    const struct table *table = job->writes->table;
    const uint32_t columns = store_layout(table->store)->column_count;
    struct chunk *chunk = job->chunks[index];
    (void)worker;
    return writes_seal_buffer(cx, table, &chunk->buf, job->sketches + (size_t)index * columns,
                              &chunk->sealed);
}

/* What a chunk does not need any more is filled next. */
static void keep_buffer(struct table_writes *writes, struct chunk *chunk)
{
    struct rowbuf buf = chunk->buf;
    memset(&chunk->buf, 0, sizeof chunk->buf);
    if (writes->spare == NULL) /* without it a fresh one does as well */
        writes->spare = mem_alloc_zero(writes->table->budget, SEALS_MAX * sizeof *writes->spare);
    if (writes->spare == NULL || writes->spare_count == SEALS_MAX) {
        rowbuf_deinit(&buf);
        return;
    }
    rowbuf_clear(&buf);
    writes->spare[writes->spare_count++] = buf;
}

llkv_code writes_seal(struct cx *cx, struct table_writes *writes)
{
    const struct table *table = writes->table;
    const struct layout *layout = store_layout(table->store);
    const uint32_t columns = layout->column_count, count = writes->unsealed;
    if (count == 0) return LLKV_OK;
    assert(count <= writes->chunk_count);
    TRY(writes_ensure_sketches(cx, writes));
    struct seal_job job = {.writes = writes,
                           .chunks = writes->chunks + (writes->chunk_count - count)};
    job.sketches =
        mem_alloc_zero(table->budget, (size_t)count * columns * sizeof *job.sketches + 1);
    if (job.sketches == NULL) return cx_nomem(cx);
    const double values = (double)count * layout->segment_rows * columns;
    const struct range_task task = {
        .run = seal_one, .arg = &job, .count = count, .cost_ns = values * SEAL_NS_PER_VALUE};
    llkv_code rc = task_run(cx, cx->pool, &task);
    writes->unsealed = 0; /* what failed is dropped with the set */
    for (uint32_t i = 0; i < count && rc == LLKV_OK; i++) {
        for (uint32_t c = 0; c < columns; c++)
            sketch_merge(&writes->sketches[c], &job.sketches[(size_t)i * columns + c]);
        keep_buffer(writes, job.chunks[i]);
    }
    mem_free(job.sketches);
    return rc;
}

llkv_code writes_seal_later(struct cx *cx, struct table_writes *writes)
{
    struct rowbuf fresh = {0};
    TRY(writes_ensure_chunk(cx, writes));
    if (writes->spare_count == 0)
        TRY(rowbuf_init(cx, &fresh, store_layout(writes->table->store), writes->table->budget));
    struct chunk *chunk = mem_alloc_zero(writes->table->budget, sizeof *chunk);
    if (chunk == NULL) {
        rowbuf_deinit(&fresh);
        return cx_nomem(cx);
    }
    if (writes->spare_count != 0) fresh = writes->spare[--writes->spare_count];
    chunk->first = writes->inserted - writes->rows.rows;
    chunk->buf = writes->rows;
    writes->rows = fresh;
    writes->chunks[writes->chunk_count++] = chunk;
    writes->unsealed++;
    return writes->unsealed < writes_seals(cx, writes) ? LLKV_OK : writes_seal(cx, writes);
}
