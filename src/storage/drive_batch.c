/* Batches of the drive pager: built in memory, written as one entry when sealed. */
#include <assert.h>
#include <string.h>

#include "base/crc32.h"
#include "storage/drive_priv.h"
#include "storage/pager_priv.h"
#include "storage/srd.h"

enum {
    CHUNK_BYTES = 256 * 1024, /* memory is taken in pieces of at least this */
    CHUNKS_MAX = 1024,        /* more than fit into DRIVE_BATCH_BYTES_MAX */
};
static_assert(DRIVE_BATCH_BYTES_MAX / CHUNK_BYTES * 2 < CHUNKS_MAX, "no batch needs more");

struct chunk {
    uint8_t *data;
    uint64_t offset; /* of its first byte, in the entry */
    uint64_t used, capacity;
};

/* The chunks follow each other without gaps; the first begins with room for the entry's header. */
struct llkv_pager_batch {
    uint32_t chunk_count;
    struct chunk chunks[CHUNKS_MAX];
};

static void batch_free(struct llkv_pager_batch *batch)
{
    for (uint32_t i = 0; i < batch->chunk_count; i++)
        mem_free(batch->chunks[i].data);
    mem_free(batch);
}

static uint64_t batch_end(const struct llkv_pager_batch *batch)
{
    if (batch->chunk_count == 0) return ENTRY_HEADER_BYTES;
    const struct chunk *last = &batch->chunks[batch->chunk_count - 1];
    return last->offset + last->used;
}

static bool add_chunk(struct drive_pager *dp, struct llkv_pager_batch *batch, uint64_t bytes)
{
    assert(batch->chunk_count < CHUNKS_MAX);
    bool first = batch->chunk_count == 0;
    uint64_t reserved = first ? ENTRY_HEADER_BYTES : 0;
    uint64_t capacity = bytes + reserved < CHUNK_BYTES ? CHUNK_BYTES : bytes + reserved;
    uint8_t *data = mem_alloc_aligned(dp->budget, capacity);
    if (data == NULL) return false;
    memset(data, 0, reserved);
    uint64_t offset = first ? 0 : batch_end(batch);
    batch->chunks[batch->chunk_count++] = (struct chunk){data, offset, reserved, capacity};
    return true;
}

llkv_code drive_batch_begin(llkv_pager *pager, llkv_pager_batch **out_batch, llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    TRY(drive_check_writable(&cx, dp));
    struct llkv_pager_batch *batch = mem_alloc_zero(dp->budget, sizeof *batch);
    if (batch == NULL) return cx_nomem(&cx);
    *out_batch = batch;
    return LLKV_OK;
}

llkv_code drive_batch_add(llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                          void **out_space, uint64_t *out_offset, llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    if (bytes == 0) return pager_fail(error, LLKV_MISUSE, "a piece of a batch has no bytes");
    uint64_t at = batch_end(batch);
    if (bytes > DRIVE_BATCH_BYTES_MAX || at > DRIVE_BATCH_BYTES_MAX - bytes)
        return pager_fail(error, LLKV_LIMIT, "a batch is larger than %d bytes",
                          DRIVE_BATCH_BYTES_MAX);
    uint64_t rounded = (bytes + LLKV_PAGER_ALIGN - 1) / LLKV_PAGER_ALIGN * LLKV_PAGER_ALIGN;
    struct chunk *last = batch->chunk_count == 0 ? NULL : &batch->chunks[batch->chunk_count - 1];
    if (last == NULL || last->capacity - last->used < rounded) {
        if (!add_chunk(dp, batch, rounded)) return pager_fail(error, LLKV_NOMEM, "out of memory");
        last = &batch->chunks[batch->chunk_count - 1];
    }
    uint8_t *space = last->data + last->used;
    memset(space + bytes, 0, rounded - bytes);
    *out_space = space;
    *out_offset = last->offset + last->used;
    last->used += rounded;
    return LLKV_OK;
}

void drive_batch_abort(llkv_pager *pager, llkv_pager_batch *batch)
{
    (void)pager;
    batch_free(batch);
}

/* The checksum of what follows the header. */
static uint32_t body_crc(const struct llkv_pager_batch *batch)
{
    uint32_t crc = 0;
    for (uint32_t i = 0; i < batch->chunk_count; i++) {
        const struct chunk *chunk = &batch->chunks[i];
        uint64_t skip = i == 0 ? ENTRY_HEADER_BYTES : 0;
        crc = crc32_ieee(crc, chunk->data + skip, chunk->used - skip);
    }
    return crc;
}

/* An entry in parts: the header goes into the first chunk, the rest into `end`. */
struct sealing {
    struct entry entry;
    uint32_t body_crc;
    uint8_t *end; /* zeros, footer, trailer */
    uint64_t end_bytes;
};

static void finish_entry(struct llkv_pager_batch *batch, struct sealing *s)
{
    uint8_t *header = batch->chunks[0].data;
    entry_header_encode(&s->entry, header);
    uint64_t body = s->entry.data_end - ENTRY_HEADER_BYTES;
    uint32_t crc = crc32_ieee(0, header, ENTRY_HEADER_BYTES);
    crc = crc32_ieee_shift(crc, body) ^ s->body_crc;
    uint8_t *last = s->end + s->end_bytes - ENTRY_END_BYTES;
    entry_end_encode(&s->entry, last);
    crc = crc32_ieee(crc, s->end, s->end_bytes - SRD_TRAILER_BYTES);
    entry_end_set_crc(last, crc);
}

/* append_lock is held. */
static llkv_code write_batch(struct cx *cx, struct drive_pager *dp, struct llkv_pager_batch *batch,
                             struct sealing *s)
{
    TRY(storage_refuse_if_failed(cx, &dp->failed));
    if (dp->last_seq == UINT32_MAX) return cx_fail(cx, LLKV_LIMIT, "no batch numbers are left");
    uint32_t seq = dp->last_seq + 1;
    pthread_mutex_lock(&dp->lock);
    llkv_code rc = batch_table_reserve(cx, &dp->table, seq);
    pthread_mutex_unlock(&dp->lock);
    if (rc != LLKV_OK) return rc;
    s->entry.batch_seq = seq;
    s->entry.offset = dp->tail;
    finish_entry(batch, s);
    struct drive_chunk *chunks =
        mem_alloc(dp->budget, (batch->chunk_count + 1) * sizeof(struct drive_chunk));
    if (chunks == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < batch->chunk_count; i++)
        chunks[i] = (struct drive_chunk){batch->chunks[i].data, batch->chunks[i].used};
    chunks[batch->chunk_count] = (struct drive_chunk){s->end, s->end_bytes};
    rc = drive_append(cx, dp, chunks, batch->chunk_count + 1, s->entry.bytes);
    mem_free(chunks);
    if (rc != LLKV_OK) return rc;
    dp->last_seq = seq;
    pthread_mutex_lock(&dp->lock);
    batch_table_put(&dp->table, seq, s->entry.offset, s->entry.data_end);
    pthread_mutex_unlock(&dp->lock);
    return LLKV_OK;
}

static llkv_code seal(struct cx *cx, struct drive_pager *dp, struct llkv_pager_batch *batch,
                      uint32_t *out_batch_seq)
{
    TRY(drive_check_writable(cx, dp));
    TRY(drive_session_begin(cx, dp));
    if (batch->chunk_count == 0 && !add_chunk(dp, batch, 0)) return cx_nomem(cx);
    struct sealing s = {.entry = {.kind = ENTRY_DATA, .previous = ENTRY_NO_OFFSET}};
    memcpy(s.entry.file_id, dp->file_id, sizeof dp->file_id);
    s.entry.data_end = batch_end(batch);
    s.entry.bytes = entry_bytes_for(s.entry.data_end);
    s.body_crc = body_crc(batch);
    s.end_bytes = s.entry.bytes - s.entry.data_end;
    s.end = mem_alloc_zero(dp->budget, s.end_bytes);
    if (s.end == NULL) return cx_nomem(cx);
    pthread_mutex_lock(&dp->append_lock);
    llkv_code rc = write_batch(cx, dp, batch, &s);
    pthread_mutex_unlock(&dp->append_lock);
    mem_free(s.end);
    if (rc == LLKV_OK) *out_batch_seq = s.entry.batch_seq;
    return rc;
}

llkv_code drive_batch_seal(llkv_pager *pager, llkv_pager_batch *batch, uint32_t *out_batch_seq,
                           llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    llkv_code rc = seal(&cx, dp, batch, out_batch_seq);
    batch_free(batch);
    return rc;
}

llkv_code drive_batch_sync(llkv_pager *pager, uint32_t batch_seq, llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    struct batch_place *place = NULL;
    TRY(drive_check_writable(&cx, dp));
    pthread_mutex_lock(&dp->lock);
    llkv_code rc = batch_table_get(&cx, &dp->table, batch_seq, &place);
    bool known = place != NULL;
    bool synced = known && place->offset + place->data_end <= dp->synced_tail;
    pthread_mutex_unlock(&dp->lock);
    if (rc != LLKV_OK) return rc;
    if (!known) return cx_fail(&cx, LLKV_MISUSE, "there is no batch %u", batch_seq);
    return synced ? LLKV_OK : drive_sync(&cx, dp);
}
