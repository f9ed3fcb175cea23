/* Entries in the container file: found, checked, appended, made durable. */
#include <assert.h>
#include <string.h>

#include "base/crc32.h"
#include "storage/drive_priv.h"
#include "storage/srd.h"

enum { READ_BYTES = 1024 * 1024 };

static llkv_code too_new(struct cx *cx, const struct drive_pager *dp)
{
    return cx_fail(cx, LLKV_UNSUPPORTED, "\"%s\" was written by a newer version", dp->path);
}

static bool same_id(const struct drive_pager *dp, const struct entry *entry)
{
    return memcmp(dp->file_id, entry->file_id, sizeof dp->file_id) == 0;
}

llkv_code drive_entry_before(struct cx *cx, struct drive_pager *dp, uint64_t tail,
                             struct entry *out_entry, bool *out_valid)
{
    uint8_t end[ENTRY_END_BYTES];
    uint32_t payload_crc;
    *out_valid = false;
    if (tail < STORAGE_BLOCK_BYTES || tail % STORAGE_BLOCK_BYTES != 0) return LLKV_OK;
    TRY(os_fs_read(cx, dp->file, end, sizeof end, tail - sizeof end));
    enum entry_verdict verdict = entry_end_decode(end, out_entry, &payload_crc);
    if (verdict == ENTRY_TOO_NEW) return too_new(cx, dp);
    *out_valid = verdict == ENTRY_VALID && same_id(dp, out_entry) && out_entry->offset < tail &&
                 tail - out_entry->offset == out_entry->bytes;
    return LLKV_OK;
}

llkv_code drive_entry_at(struct cx *cx, struct drive_pager *dp, uint64_t offset,
                         uint64_t file_bytes, struct entry *out_entry, bool *out_valid)
{
    uint8_t bytes[ENTRY_HEADER_BYTES];
    struct entry header;
    *out_valid = false;
    if (offset > file_bytes || file_bytes - offset < STORAGE_BLOCK_BYTES) return LLKV_OK;
    TRY(os_fs_read(cx, dp->file, bytes, sizeof bytes, offset));
    enum entry_verdict verdict = entry_header_decode(bytes, &header);
    if (verdict == ENTRY_TOO_NEW) return too_new(cx, dp);
    if (verdict != ENTRY_VALID || !same_id(dp, &header) || header.offset != offset) return LLKV_OK;
    if (header.bytes > file_bytes - offset) return LLKV_OK;
    bool valid = false;
    TRY(drive_entry_before(cx, dp, offset + header.bytes, out_entry, &valid));
    *out_valid = valid && out_entry->offset == offset && out_entry->kind == header.kind &&
                 out_entry->batch_seq == header.batch_seq;
    return LLKV_OK;
}

/* CRC-32/IEEE of a range of the file. */
static llkv_code range_crc(struct cx *cx, struct drive_pager *dp, uint64_t from, uint64_t bytes,
                           uint32_t *out_crc)
{
    uint8_t *buffer = mem_alloc(dp->budget, READ_BYTES);
    if (buffer == NULL) return cx_nomem(cx);
    llkv_code rc = LLKV_OK;
    uint32_t crc = 0;
    while (bytes > 0) {
        uint64_t some = bytes < READ_BYTES ? bytes : READ_BYTES;
        TRY_TO(done, rc, cx_check_cancel(cx));
        TRY_TO(done, rc, os_fs_read(cx, dp->file, buffer, some, from));
        crc = crc32_ieee(crc, buffer, some);
        from += some;
        bytes -= some;
    }
    *out_crc = crc;
done:
    mem_free(buffer);
    return rc;
}

llkv_code drive_entry_intact(struct cx *cx, struct drive_pager *dp, const struct entry *entry,
                             bool *out_intact)
{
    uint8_t bytes[SRD_TRAILER_BYTES];
    uint64_t payload_bytes = entry->bytes - SRD_TRAILER_BYTES;
    uint32_t crc = 0;
    TRY(os_fs_read(cx, dp->file, bytes, sizeof bytes, entry->offset + payload_bytes));
    TRY(range_crc(cx, dp, entry->offset, payload_bytes, &crc));
    *out_intact = srd_trailer_decode(bytes).crc == crc;
    return LLKV_OK;
}

llkv_code drive_chain_foreign(struct cx *cx, struct drive_pager *dp, uint64_t tail,
                              uint64_t file_bytes, bool *out_chain)
{
    uint64_t at = file_bytes;
    *out_chain = false;
    while (at > tail) {
        uint8_t last[SRD_TOMBSTONE_BYTES];
        struct srd_entry entry;
        uint32_t crc = 0;
        if (at - tail < SRD_TOMBSTONE_BYTES) return LLKV_OK;
        TRY(os_fs_read(cx, dp->file, last, sizeof last, at - sizeof last));
        if (srd_entry_locate(at, last, &entry) != SRD_FAULT_NONE) return LLKV_OK;
        if (entry.prev < tail) return LLKV_OK;
        TRY(range_crc(cx, dp, entry.payload, entry.payload_bytes, &crc));
        if (crc != entry.crc) return LLKV_OK;
        at = entry.prev;
    }
    *out_chain = true;
    return LLKV_OK;
}

llkv_code drive_append(struct cx *cx, struct drive_pager *dp, const struct drive_chunk *chunks,
                       uint32_t count, uint64_t bytes)
{
    assert(bytes % STORAGE_BLOCK_BYTES == 0);
    if (bytes > SRD_TAIL_MAX - dp->tail)
        return cx_fail_at(cx, LLKV_LIMIT, -1, "53100", "\"%s\" is as long as it can be", dp->path);
    if (dp->junk) TRY(dp->fs->resize(cx, dp->file, dp->tail));
    dp->junk = true;
    uint64_t at = dp->tail;
    for (uint32_t i = 0; i < count; i++) {
        TRY(os_fs_write(cx, dp->file, chunks[i].data, chunks[i].bytes, at));
        at += chunks[i].bytes;
    }
    assert(at - dp->tail == bytes);
    dp->junk = false;
    dp->tail = at;
    pthread_mutex_lock(&dp->lock);
    dp->written_tail = at;
    pthread_mutex_unlock(&dp->lock);
    return LLKV_OK;
}

llkv_code drive_sync(struct cx *cx, struct drive_pager *dp)
{
    TRY(storage_refuse_if_failed(cx, &dp->failed));
    pthread_mutex_lock(&dp->lock);
    uint64_t written = dp->written_tail;
    pthread_mutex_unlock(&dp->lock);
    if (!planted(dp->planted, PLANTED_SKIP_CONTAINER_SYNC)) {
        llkv_code rc = os_fs_sync(cx, dp->file);
        if (rc != LLKV_OK) return storage_broken(cx, &dp->failed);
    }
    pthread_mutex_lock(&dp->lock);
    if (dp->synced_tail < written) dp->synced_tail = written;
    pthread_mutex_unlock(&dp->lock);
    return LLKV_OK;
}
