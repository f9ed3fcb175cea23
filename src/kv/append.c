#include "kv/append.h"

#include <assert.h>
#include <string.h>

#include "base/crc32.h"

enum { BUFFER_BYTES = 128 * 1024, COPY_BYTES = 64 * 1024 };

llkv_code kv_append_begin(struct cx *cx, struct kv_append *append, struct os_fs_file *file,
                          uint64_t tail)
{
    if (append->buffer == NULL) append->buffer = mem_alloc(cx->budget, BUFFER_BYTES);
    if (append->buffer == NULL) return cx_nomem(cx);
    append->file = file;
    append->tail = append->at = tail;
    append->used = 0;
    return LLKV_OK;
}

void kv_append_deinit(struct kv_append *append)
{
    mem_free(append->buffer);
    mem_free(append->piece);
    *append = (struct kv_append){0};
}

llkv_code kv_append_flush(struct cx *cx, struct kv_append *append)
{
    if (append->used == 0) return LLKV_OK;
    TRY(os_fs_write(cx, append->file, append->buffer, append->used, append->at));
    append->at += append->used;
    append->used = 0;
    return LLKV_OK;
}

static uint64_t end_of(const struct kv_append *append)
{
    return append->at + append->used;
}

static llkv_code add(struct cx *cx, struct kv_append *append, const void *data, uint64_t bytes)
{
    if (bytes > SRD_TAIL_MAX - SRD_ALIGN - end_of(append))
        return cx_fail(cx, LLKV_LIMIT, "the file would be too long");
    if (bytes > BUFFER_BYTES - append->used) TRY(kv_append_flush(cx, append));
    if (bytes > BUFFER_BYTES) {
        TRY(os_fs_write(cx, append->file, data, bytes, append->at));
        append->at += bytes;
        return LLKV_OK;
    }
    if (bytes > 0) memcpy(append->buffer + append->used, data, (size_t)bytes);
    append->used += (size_t)bytes;
    return LLKV_OK;
}

llkv_code kv_append_value_begin(struct cx *cx, struct kv_append *append)
{
    uint8_t pad[SRD_ALIGN];
    assert(end_of(append) == append->tail);
    memset(pad, append->pad, sizeof pad);
    TRY(add(cx, append, pad, srd_pad_bytes(append->tail)));
    append->payload = end_of(append);
    append->payload_bytes = 0;
    append->crc = 0;
    assert(append->payload % SRD_ALIGN == 0);
    return LLKV_OK;
}

llkv_code kv_append_value_bytes(struct cx *cx, struct kv_append *append, const void *data,
                                uint64_t bytes)
{
    if (bytes == 0) return LLKV_OK;
    TRY(add(cx, append, data, bytes));
    if (append->payload_bytes == 0) append->first = *(const uint8_t *)data;
    append->payload_bytes += bytes;
    append->crc = crc32_ieee(append->crc, data, (size_t)bytes);
    return LLKV_OK;
}

llkv_code kv_append_value_end(struct cx *cx, struct kv_append *append, uint64_t key)
{
    uint8_t bytes[SRD_TRAILER_BYTES];
    if (append->payload_bytes == 0)
        return cx_fail(cx, LLKV_DATA, "the format cannot store a value without bytes");
    if (!srd_payload_allowed(&append->first, append->payload_bytes))
        return cx_fail(cx, LLKV_DATA, "a single zero byte means a delete in this format");
    struct srd_trailer trailer = {key, append->tail, append->crc};
    srd_trailer_encode(&trailer, bytes);
    TRY(add(cx, append, bytes, sizeof bytes));
    append->tail = end_of(append);
    return LLKV_OK;
}

llkv_code kv_append_value(struct cx *cx, struct kv_append *append, uint64_t key, const void *value,
                          uint64_t bytes)
{
    TRY(kv_append_value_begin(cx, append));
    TRY(kv_append_value_bytes(cx, append, value, bytes));
    return kv_append_value_end(cx, append, key);
}

/* The value and its trailer behind it, in pieces; a small one is one read. */
static llkv_code copy_pieces(struct cx *cx, struct kv_append *append, struct os_fs_file *from,
                             uint64_t offset, uint64_t bytes, uint32_t *out_crc)
{
    uint64_t left = bytes + SRD_TRAILER_BYTES;
    while (left > 0) {
        uint64_t some = left < COPY_BYTES ? left : COPY_BYTES;
        /* The trailer stays in one piece. */
        if (left > COPY_BYTES && left < COPY_BYTES + SRD_TRAILER_BYTES)
            some = left - SRD_TRAILER_BYTES;
        bool last = some == left;
        uint64_t value = last ? some - SRD_TRAILER_BYTES : some;
        TRY(cx_check_cancel(cx));
        TRY(os_fs_read(cx, from, append->piece, some, offset));
        TRY(kv_append_value_bytes(cx, append, append->piece, value));
        if (last) *out_crc = srd_trailer_decode(append->piece + value).crc;
        offset += some;
        left -= some;
    }
    return LLKV_OK;
}

llkv_code kv_append_copy(struct cx *cx, struct kv_append *append, uint64_t key,
                         struct os_fs_file *from, uint64_t offset, uint64_t bytes)
{
    uint32_t crc = 0;
    if (append->piece == NULL) append->piece = mem_alloc(cx->budget, COPY_BYTES);
    if (append->piece == NULL) return cx_nomem(cx);
    TRY(kv_append_value_begin(cx, append));
    TRY(copy_pieces(cx, append, from, offset, bytes, &crc));
    if (append->crc != crc)
        return cx_fail(cx, LLKV_CORRUPT, "the value at byte %llu: %s", (unsigned long long)offset,
                       srd_fault_text(SRD_FAULT_CHECKSUM));
    return kv_append_value_end(cx, append, key);
}

llkv_code kv_append_tombstone(struct cx *cx, struct kv_append *append, uint64_t key)
{
    uint8_t bytes[SRD_TOMBSTONE_BYTES];
    assert(end_of(append) == append->tail);
    (void)srd_tombstone_encode(append->tail, key, bytes); /* as long as the array */
    TRY(add(cx, append, bytes, sizeof bytes));
    append->tail = end_of(append);
    return LLKV_OK;
}
