/* The operating system's files as a struct os_fs. */
#include "base/os_fs.h"

#include <assert.h>

#include "base/os_fault.h"

struct native_file {
    struct os_fs_file base;
    struct os_file file;
};

static struct os_file *file_of(struct os_fs_file *file)
{
    return &((struct native_file *)(void *)file)->file;
}

static llkv_code native_open(struct cx *cx, const struct os_fs *fs, const char *path,
                             uint32_t flags, struct os_fs_file **out_file)
{
    struct native_file *file = mem_alloc_zero(cx->budget, sizeof *file);
    if (file == NULL) return cx_nomem(cx);
    file->base.fs = fs;
    llkv_code rc = os_file_open(cx, path, flags, &file->file);
    if (rc != LLKV_OK) {
        mem_free(file);
        return rc;
    }
    *out_file = &file->base;
    return LLKV_OK;
}

static void native_close(struct os_fs_file *file)
{
    os_file_close(file_of(file));
    mem_free(file);
}

static llkv_code native_read(struct cx *cx, struct os_fs_file *file, void *out, uint64_t bytes,
                             uint64_t offset, uint64_t *out_bytes)
{
    return os_file_read_some(cx, file_of(file), out, bytes, offset, out_bytes);
}

static llkv_code native_write(struct cx *cx, struct os_fs_file *file, const void *data,
                              uint64_t bytes, uint64_t offset, bool dsync)
{
    if (dsync) return os_file_write_durable(cx, file_of(file), data, bytes, offset);
    return os_file_write(cx, file_of(file), data, bytes, offset);
}

static llkv_code native_sync(struct cx *cx, struct os_fs_file *file)
{
    return os_file_sync(cx, file_of(file));
}

static llkv_code native_size(struct cx *cx, struct os_fs_file *file, uint64_t *out_bytes)
{
    return os_file_size(cx, file_of(file), out_bytes);
}

static llkv_code native_resize(struct cx *cx, struct os_fs_file *file, uint64_t bytes)
{
    return os_file_resize(cx, file_of(file), bytes);
}

static llkv_code native_reserve(struct cx *cx, struct os_fs_file *file, uint64_t bytes)
{
    return os_file_reserve(cx, file_of(file), bytes);
}

static llkv_code native_punch(struct cx *cx, struct os_fs_file *file, uint64_t offset,
                              uint64_t bytes, bool *out_done)
{
    return os_file_punch(cx, file_of(file), offset, bytes, out_done);
}

static llkv_code native_map(struct cx *cx, struct os_fs_file *file, uint64_t offset, uint64_t bytes,
                            const void **out_data)
{
    assert(bytes != 0);
    const void *data = NULL;
    TRY(os_file_map(cx, file_of(file), offset, bytes, &data));
    if (!os_fault_guard(data, bytes)) {
        os_file_unmap(data, bytes);
        return cx_fail(cx, LLKV_LIMIT, "too many parts of files are mapped");
    }
    *out_data = data;
    return LLKV_OK;
}

static void native_unmap(const struct os_fs *fs, const void *data, uint64_t bytes)
{
    (void)fs;
    os_fault_unguard(data);
    os_file_unmap(data, bytes);
}

static llkv_code native_lock(struct cx *cx, struct os_fs_file *file, const struct os_lock *lock,
                             bool *out_taken)
{
    return os_file_lock(cx, file_of(file), lock, out_taken);
}

static llkv_code native_lock_find(struct cx *cx, struct os_fs_file *file,
                                  const struct os_lock *lock, bool *out_found, uint64_t *out_offset)
{
    return os_file_lock_find(cx, file_of(file), lock, out_found, out_offset);
}

static llkv_code native_identity(struct cx *cx, struct os_fs_file *file, struct os_file_id *out_id)
{
    return os_file_identity(cx, file_of(file), out_id);
}

static llkv_code native_find(struct cx *cx, const struct os_fs *fs, const char *path,
                             bool *out_exists, struct os_file_id *out_id)
{
    (void)fs;
    return os_file_find(cx, path, out_exists, out_id);
}

static llkv_code native_remove(struct cx *cx, const struct os_fs *fs, const char *path)
{
    (void)fs;
    return os_file_remove(cx, path);
}

static llkv_code native_rename(struct cx *cx, const struct os_fs *fs, const char *from,
                               const char *to, bool replace)
{
    (void)fs;
    return replace ? os_file_rename(cx, from, to) : os_file_rename_new(cx, from, to);
}

static llkv_code native_directory_sync(struct cx *cx, const struct os_fs *fs, const char *path)
{
    (void)fs;
    return os_directory_sync(cx, path);
}

static llkv_code native_random(struct cx *cx, const struct os_fs *fs, void *out, uint64_t bytes)
{
    (void)fs;
    return os_random(cx, out, bytes);
}

static struct os_process native_process(const struct os_fs *fs)
{
    (void)fs;
    return os_process();
}

static const struct os_fs native = {
    .open = native_open,
    .close = native_close,
    .read = native_read,
    .write = native_write,
    .sync = native_sync,
    .size = native_size,
    .resize = native_resize,
    .reserve = native_reserve,
    .punch = native_punch,
    .maps_ahead = true,
    .map = native_map,
    .unmap = native_unmap,
    .lock = native_lock,
    .lock_find = native_lock_find,
    .identity = native_identity,
    .find = native_find,
    .remove = native_remove,
    .rename = native_rename,
    .directory_sync = native_directory_sync,
    .random = native_random,
    .process = native_process,
};

const struct os_fs *os_fs_native(void)
{
    return &native;
}

llkv_code os_fs_read(struct cx *cx, struct os_fs_file *file, void *out, uint64_t bytes,
                     uint64_t offset)
{
    uint64_t got = 0;
    TRY(file->fs->read(cx, file, out, bytes, offset, &got));
    if (got == bytes) return LLKV_OK;
    return cx_fail(cx, LLKV_CORRUPT, "the file ends at byte %llu, where %llu bytes were to follow",
                   (unsigned long long)(offset + got), (unsigned long long)(bytes - got));
}
