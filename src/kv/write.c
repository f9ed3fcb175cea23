#include <assert.h>
#include <string.h>

#include "kv/kv_priv.h"

/* Cut off what is behind the tail. If that fails, the next write does it first. */
static llkv_code cut(struct cx *cx, struct kv *drive)
{
    struct os_fs_file *file = drive->file->file;
    drive->ragged = true;
    TRY(file->fs->resize(cx, file, drive->tail));
    drive->ragged = false;
    return LLKV_OK;
}

/* The same after an error, which stays the one that is told. */
static void cut_quietly(struct cx *cx, struct kv *drive)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx quiet = *cx;
    quiet.error = &error;
    quiet.cancel = NULL;
    llkv_code rc = cut(&quiet, drive);
    (void)rc; /* drive->ragged remembers it */
}

llkv_code kv_write_begin(struct cx *cx, struct kv *drive)
{
    const char *path = drive->path;
    if (drive->read_only)
        return cx_fail(cx, LLKV_READONLY, "\"%s\" is open for reading only", path);
    if (drive->fs->process(drive->fs).process_id != drive->process_id)
        return cx_fail(cx, LLKV_MISUSE, "\"%s\" was opened by another process", path);
    if (drive->failed)
        return cx_fail(cx, LLKV_IO, "\"%s\" takes no more writes after a failed sync", path);
    if (drive->stream != NULL)
        return cx_fail(cx, LLKV_BUSY, "a stream is being written to \"%s\"", path);
    if (drive->ragged) TRY(cut(cx, drive));
    return kv_append_begin(cx, &drive->append, drive->file->file, drive->tail);
}

llkv_code kv_write_end(struct cx *cx, struct kv *drive, llkv_code rc)
{
    if (rc == LLKV_OK) rc = kv_append_flush(cx, &drive->append);
    if (rc != LLKV_OK) {
        cut_quietly(cx, drive);
        return rc;
    }
    assert(drive->append.tail >= drive->tail);
    drive->tail = drive->append.tail;
    if (drive->no_sync || os_fs_sync(cx, drive->file->file) == LLKV_OK) return LLKV_OK;
    drive->failed = true;
    return cx_fail(cx, LLKV_UNKNOWN, "\"%s\" was written, but could not be synced", drive->path);
}

/* ---- put, delete ---- */

/* Where the items went, the tail having been at `tail`. */
static void index_items(struct kv *drive, const llkv_drive_item *items, size_t count, uint64_t tail)
{
    for (size_t i = 0; i < count; i++) {
        bool gone = items[i].value == NULL;
        uint64_t payload = gone ? tail : tail + srd_pad_bytes(tail);
        kv_index_put(&drive->index, items[i].key, payload, gone ? 0 : items[i].bytes);
        tail = gone ? tail + SRD_TOMBSTONE_BYTES : srd_value_tail(tail, items[i].bytes);
    }
    assert(tail == drive->tail);
}

static llkv_code append_item(struct cx *cx, struct kv_append *append, const llkv_drive_item *item)
{
    if (item->value == NULL) return kv_append_tombstone(cx, append, item->key);
    return kv_append_value(cx, append, item->key, item->value, item->bytes);
}

static llkv_code put_locked(struct cx *cx, struct kv *drive, const llkv_drive_item *items,
                            size_t count)
{
    uint64_t tail = drive->tail;
    TRY(kv_write_begin(cx, drive));
    TRY(kv_index_reserve(cx, &drive->index, count));
    llkv_code rc = LLKV_OK;
    for (size_t i = 0; rc == LLKV_OK && i < count; i++)
        rc = append_item(cx, &drive->append, &items[i]);
    rc = kv_write_end(cx, drive, rc);
    if (rc == LLKV_OK || rc == LLKV_UNKNOWN) index_items(drive, items, count, tail);
    return rc;
}

llkv_code kv_put_batch(struct cx *cx, struct kv *drive, const llkv_drive_item *items, size_t count)
{
    pthread_mutex_lock(&drive->mutex);
    llkv_code rc = put_locked(cx, drive, items, count);
    pthread_mutex_unlock(&drive->mutex);
    return rc;
}

llkv_code kv_delete(struct cx *cx, struct kv *drive, uint64_t key, bool *out_existed)
{
    const llkv_drive_item item = {.key = key};
    pthread_mutex_lock(&drive->mutex);
    llkv_code rc = kv_write_begin(cx, drive);
    bool exists = kv_index_find(&drive->index, key) != NULL;
    if (rc == LLKV_OK && exists) rc = put_locked(cx, drive, &item, 1);
    pthread_mutex_unlock(&drive->mutex);
    if (rc == LLKV_OK && out_existed != NULL) *out_existed = exists;
    return rc;
}

/* ---- rename, copy ---- */

static llkv_code rename_locked(struct cx *cx, struct kv *drive, uint64_t from, uint64_t to)
{
    uint64_t tail = drive->tail;
    TRY(kv_write_begin(cx, drive));
    TRY(kv_index_reserve(cx, &drive->index, 2));
    const struct kv_slot *found = kv_index_find(&drive->index, from);
    if (found == NULL)
        return cx_fail(cx, LLKV_NAME, "\"%s\" has no key %016llx", drive->path,
                       (unsigned long long)from);
    if (from == to) return LLKV_OK;
    struct kv_slot value = *found;
    struct os_fs_file *file = drive->file->file;
    llkv_code rc = kv_append_copy(cx, &drive->append, to, file, value.payload, value.bytes);
    if (rc == LLKV_OK) rc = kv_append_tombstone(cx, &drive->append, from);
    rc = kv_write_end(cx, drive, rc);
    if (rc != LLKV_OK && rc != LLKV_UNKNOWN) return rc;
    kv_index_put(&drive->index, to, tail + srd_pad_bytes(tail), value.bytes);
    kv_index_put(&drive->index, from, 0, 0);
    return rc;
}

llkv_code kv_rename(struct cx *cx, struct kv *drive, uint64_t from, uint64_t to)
{
    pthread_mutex_lock(&drive->mutex);
    llkv_code rc = rename_locked(cx, drive, from, to);
    pthread_mutex_unlock(&drive->mutex);
    return rc;
}

llkv_code kv_copy(struct cx *cx, struct kv *drive, uint64_t from, struct kv *target, uint64_t to)
{
    llkv_drive_view view = {0};
    TRY(kv_get(cx, drive, from, &view));
    if (view.data == NULL)
        return cx_fail(cx, LLKV_NAME, "\"%s\" has no key %016llx", drive->path,
                       (unsigned long long)from);
    const llkv_drive_item item = {.key = to, .value = view.data, .bytes = view.bytes};
    llkv_code rc = kv_put_batch(cx, target, &item, 1);
    kv_release(&view);
    return rc;
}

/* ---- streams ---- */

llkv_code kv_stream_begin(struct cx *cx, struct kv *drive, uint64_t key,
                          struct kv_stream **out_stream)
{
    struct kv_stream *stream = mem_alloc_zero(cx->budget, sizeof *stream);
    if (stream == NULL) return cx_nomem(cx);
    stream->drive = drive;
    stream->key = key;
    pthread_mutex_lock(&drive->mutex);
    llkv_code rc = kv_write_begin(cx, drive);
    if (rc == LLKV_OK) rc = kv_index_reserve(cx, &drive->index, 1);
    if (rc == LLKV_OK) rc = kv_append_value_begin(cx, &drive->append);
    if (rc == LLKV_OK) drive->stream = stream;
    pthread_mutex_unlock(&drive->mutex);
    if (rc == LLKV_OK)
        *out_stream = stream;
    else
        mem_free(stream);
    return rc;
}

/* The stream has the appender for itself; the mutex is not held. */
llkv_code kv_stream_write(struct cx *cx, struct kv_stream *stream, const void *data, size_t bytes)
{
    if (stream->rc != LLKV_OK)
        return cx_fail(cx, stream->rc, "an earlier write of this stream failed");
    stream->rc = kv_append_value_bytes(cx, &stream->drive->append, data, bytes);
    return stream->rc;
}

/* Give the appender back, with the value or without. */
static llkv_code end_stream(struct cx *cx, struct kv_stream *stream, llkv_code rc)
{
    struct kv *drive = stream->drive;
    pthread_mutex_lock(&drive->mutex);
    assert(drive->stream == stream);
    uint64_t payload = drive->append.payload, bytes = drive->append.payload_bytes;
    if (rc == LLKV_OK) rc = kv_append_value_end(cx, &drive->append, stream->key);
    rc = kv_write_end(cx, drive, rc);
    if (rc == LLKV_OK || rc == LLKV_UNKNOWN)
        kv_index_put(&drive->index, stream->key, payload, bytes);
    drive->stream = NULL;
    pthread_mutex_unlock(&drive->mutex);
    mem_free(stream);
    return rc;
}

llkv_code kv_stream_finish(struct cx *cx, struct kv_stream *stream)
{
    llkv_code rc = stream->rc;
    if (rc != LLKV_OK) rc = cx_fail(cx, rc, "an earlier write of this stream failed");
    return end_stream(cx, stream, rc);
}

void kv_stream_abort(struct cx *cx, struct kv_stream *stream)
{
    llkv_code rc = end_stream(cx, stream, cx_fail(cx, LLKV_CANCELLED, "the stream was aborted"));
    (void)rc; /* it says so */
}
