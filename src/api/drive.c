/* drive.c -- drives: files of values under keys. */
#include "api/api.h"
#include "kv/kv.h"
#include "storage/srd.h"

static struct kv *kv_of(llkv_drive *drive)
{
    return (struct kv *)drive;
}

llkv_drive_key llkv_drive_key_of(const void *data, size_t bytes)
{
    return srd_key_hash(data, bytes);
}

llkv_code llkv_drive_open(const char *path, const llkv_drive_options *options,
                          llkv_drive **out_drive, llkv_error *error)
{
    struct api_call call;
    struct kv *drive = NULL;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = kv_open(&call.cx, os_fs_native(), path, options, &drive);
    if (rc == LLKV_OK) *out_drive = (llkv_drive *)drive;
    return api_end(&call, rc);
}

llkv_code llkv_drive_close(llkv_drive *drive, llkv_error *error)
{
    struct api_call call;
    if (drive == NULL) return LLKV_OK;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_close(&call.cx, kv_of(drive)));
}

llkv_code llkv_drive_sync(llkv_drive *drive, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_sync(&call.cx, kv_of(drive)));
}

void llkv_drive_info_get(llkv_drive *drive, llkv_drive_info *out_info)
{
    kv_info_get(kv_of(drive), out_info);
}

uint64_t llkv_drive_count(llkv_drive *drive)
{
    llkv_drive_info info = {.struct_size = sizeof info};
    kv_info_get(kv_of(drive), &info);
    return info.count;
}

llkv_code llkv_drive_put(llkv_drive *drive, llkv_drive_key key, const void *value, size_t bytes,
                         llkv_error *error)
{
    /* A value without bytes is refused, also where its pointer is NULL, which means a delete. */
    const llkv_drive_item item = {.key = key, .value = value == NULL ? "" : value, .bytes = bytes};
    return llkv_drive_put_batch(drive, &item, 1, error);
}

llkv_code llkv_drive_delete(llkv_drive *drive, llkv_drive_key key, bool *out_existed,
                            llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_delete(&call.cx, kv_of(drive), key, out_existed));
}

llkv_code llkv_drive_put_batch(llkv_drive *drive, const llkv_drive_item *items, size_t count,
                               llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_put_batch(&call.cx, kv_of(drive), items, count));
}

llkv_code llkv_drive_stream_begin(llkv_drive *drive, llkv_drive_key key,
                                  llkv_drive_stream **out_stream, llkv_error *error)
{
    struct api_call call;
    struct kv_stream *stream = NULL;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = kv_stream_begin(&call.cx, kv_of(drive), key, &stream);
    if (rc == LLKV_OK) *out_stream = (llkv_drive_stream *)stream;
    return api_end(&call, rc);
}

llkv_code llkv_drive_stream_write(llkv_drive_stream *stream, const void *data, size_t bytes,
                                  llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = kv_stream_write(&call.cx, (struct kv_stream *)stream, data, bytes);
    return api_end(&call, rc);
}

llkv_code llkv_drive_stream_finish(llkv_drive_stream *stream, llkv_error *error)
{
    struct api_call call;
    if (stream == NULL) return LLKV_OK;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_stream_finish(&call.cx, (struct kv_stream *)stream));
}

void llkv_drive_stream_abort(llkv_drive_stream *stream)
{
    struct api_call call;
    if (stream == NULL) return;
    if (api_begin(&call, NULL, NULL) != LLKV_OK) return; /* never, without a session */
    kv_stream_abort(&call.cx, (struct kv_stream *)stream);
    (void)api_end(&call, LLKV_OK); /* an abort has no outcome */
}

llkv_code llkv_drive_rename(llkv_drive *drive, llkv_drive_key from, llkv_drive_key to,
                            llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_rename(&call.cx, kv_of(drive), from, to));
}

llkv_code llkv_drive_copy(llkv_drive *drive, llkv_drive_key from, llkv_drive *target,
                          llkv_drive_key to, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_copy(&call.cx, kv_of(drive), from, kv_of(target), to));
}

llkv_code llkv_drive_compact(llkv_drive *drive, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_compact(&call.cx, kv_of(drive)));
}

llkv_code llkv_drive_get(llkv_drive *drive, llkv_drive_key key, llkv_drive_view *out_view,
                         llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    return api_end(&call, kv_get(&call.cx, kv_of(drive), key, out_view));
}

void llkv_drive_release(llkv_drive_view *view)
{
    kv_release(view);
}

bool llkv_drive_exists(llkv_drive *drive, llkv_drive_key key)
{
    return kv_exists(kv_of(drive), key);
}

llkv_code llkv_drive_cursor_open(llkv_drive *drive, llkv_drive_cursor **out_cursor,
                                 llkv_error *error)
{
    struct api_call call;
    struct kv_cursor *cursor = NULL;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = kv_cursor_open(&call.cx, kv_of(drive), &cursor);
    if (rc == LLKV_OK) *out_cursor = (llkv_drive_cursor *)cursor;
    return api_end(&call, rc);
}

bool llkv_drive_cursor_next(llkv_drive_cursor *cursor, llkv_drive_entry *out_entry)
{
    return kv_cursor_next((struct kv_cursor *)cursor, out_entry);
}

void llkv_drive_cursor_close(llkv_drive_cursor *cursor)
{
    if (cursor != NULL) kv_cursor_close((struct kv_cursor *)cursor);
}

llkv_code llkv_drive_verify(const char *path, llkv_drive_damage_fn *fn, void *arg,
                            llkv_drive_report *out_report, llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = kv_verify(&call.cx, os_fs_native(), path, fn, arg, out_report);
    return api_end(&call, rc);
}

llkv_code llkv_drive_salvage(const char *path, const char *to, llkv_drive_report *out_report,
                             llkv_error *error)
{
    struct api_call call;
    TRY(api_begin(&call, NULL, error));
    llkv_code rc = kv_salvage(&call.cx, os_fs_native(), path, to, out_report);
    return api_end(&call, rc);
}
