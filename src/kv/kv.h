/* kv.h -- values under 64-bit keys in one simd-r-drive file: what include/llkv/drive.h promises.
 *
 * Owns:    the open file, its lock, the index of its keys.
 * Threads: any number for a drive; one at a time for a stream and a cursor.
 * Holds:   the file ends at the tail, but for what an open stream or a failed write left behind it;
 *          every key of the index names a value before the tail; index, tail and file change
 *          together, under the mutex. */
#ifndef KV_KV_H
#define KV_KV_H
#include "base/os_fs.h"
#include "llkv/drive.h"

struct kv;
struct kv_stream;
struct kv_cursor;

/* `options` may be NULL. `fs` outlives the drive. */
NODISCARD llkv_code kv_open(struct cx *cx, const struct os_fs *fs, const char *path,
                            const llkv_drive_options *options, struct kv **out_drive);
/* LLKV_BUSY while a stream is open; otherwise it is gone, whatever is returned. */
NODISCARD llkv_code kv_close(struct cx *cx, struct kv *drive);
NODISCARD llkv_code kv_sync(struct cx *cx, struct kv *drive);
void kv_info_get(struct kv *drive, llkv_drive_info *out_info);

NODISCARD llkv_code kv_put_batch(struct cx *cx, struct kv *drive, const llkv_drive_item *items,
                                 size_t count);
NODISCARD llkv_code kv_delete(struct cx *cx, struct kv *drive, uint64_t key, bool *out_existed);
NODISCARD llkv_code kv_rename(struct cx *cx, struct kv *drive, uint64_t from, uint64_t to);
NODISCARD llkv_code kv_copy(struct cx *cx, struct kv *drive, uint64_t from, struct kv *target,
                            uint64_t to);
NODISCARD llkv_code kv_compact(struct cx *cx, struct kv *drive);

NODISCARD llkv_code kv_stream_begin(struct cx *cx, struct kv *drive, uint64_t key,
                                    struct kv_stream **out_stream);
NODISCARD llkv_code kv_stream_write(struct cx *cx, struct kv_stream *stream, const void *data,
                                    size_t bytes);
/* Both free it. */
NODISCARD llkv_code kv_stream_finish(struct cx *cx, struct kv_stream *stream);
void kv_stream_abort(struct cx *cx, struct kv_stream *stream);

NODISCARD llkv_code kv_get(struct cx *cx, struct kv *drive, uint64_t key,
                           llkv_drive_view *out_view);
void kv_release(llkv_drive_view *view);
bool kv_exists(struct kv *drive, uint64_t key);
NODISCARD llkv_code kv_cursor_open(struct cx *cx, struct kv *drive, struct kv_cursor **out_cursor);
bool kv_cursor_next(struct kv_cursor *cursor, llkv_drive_entry *out_entry);
void kv_cursor_close(struct kv_cursor *cursor);

NODISCARD llkv_code kv_verify(struct cx *cx, const struct os_fs *fs, const char *path,
                              llkv_drive_damage_fn *fn, void *arg, llkv_drive_report *out_report);
NODISCARD llkv_code kv_salvage(struct cx *cx, const struct os_fs *fs, const char *path,
                               const char *to, llkv_drive_report *out_report);
#endif
