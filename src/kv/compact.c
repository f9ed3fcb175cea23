#include <assert.h>

#include "kv/kv_priv.h"

static const char SUFFIX[] = "-compact";

void kv_remove_quietly(struct cx *cx, const struct os_fs *fs, const char *path)
{
    llkv_error error = LLKV_ERROR_INIT;
    struct cx quiet = *cx;
    quiet.error = &error;
    llkv_code rc = fs->remove(&quiet, fs, path);
    (void)rc; /* it stays behind, and whoever needs the name is told */
}

/* A new file would take the link's place, not that of the file it points to. */
static llkv_code refuse_link(struct cx *cx, const struct kv *drive)
{
    struct os_fs_file *file = NULL;
    TRY(drive->fs->open(cx, drive->fs, drive->path, OS_NO_FOLLOW, &file));
    os_fs_close(file);
    return LLKV_OK;
}

/* The values of `slots` in the same order, which is that of the old file; slots then say where they
 * are in the new one. */
static llkv_code copy_values(struct cx *cx, struct kv *drive, struct kv_append *append,
                             struct kv_slot *slots, size_t count)
{
    struct os_fs_file *from = drive->file->file;
    for (size_t i = 0; i < count; i++) {
        struct kv_slot *slot = &slots[i];
        TRY(kv_append_copy(cx, append, slot->key, from, slot->payload, slot->bytes));
        slot->payload = append->payload;
    }
    TRY(kv_append_flush(cx, append));
    return os_fs_sync(cx, append->file);
}

/* The new file has the name: the drive goes on in it. */
static void move_in(struct kv *drive, struct kv_file *file, uint64_t tail,
                    const struct kv_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kv_index_put(&drive->index, slots[i].key, slots[i].payload, slots[i].bytes);
    kv_file_unref(drive->file);
    kv_pin_unref(drive->map);
    drive->file = file;
    drive->map = NULL;
    drive->tail = tail;
    drive->ragged = false;
}

static llkv_code replace(struct cx *cx, struct kv *drive, const char *name, struct os_fs_file *file,
                         struct kv_slot *slots)
{
    const struct os_fs *fs = drive->fs;
    struct kv_append append = {.pad = drive->append.pad};
    struct kv_file *shared = NULL;
    uint64_t tail = 0;
    llkv_code rc;
    TRY_TO(done, rc, kv_lock_writer(cx, file, name));
    TRY_TO(done, rc, kv_append_begin(cx, &append, file, 0));
    TRY_TO(done, rc, copy_values(cx, drive, &append, slots, drive->index.count));
    tail = append.tail;
    shared = kv_file_new(cx, file);
    if (shared == NULL) rc = cx_nomem(cx);
    if (rc == LLKV_OK) rc = fs->rename(cx, fs, name, drive->path, true);
    if (rc != LLKV_OK) mem_free(shared);
done:
    kv_append_deinit(&append);
    if (rc == LLKV_OK)
        move_in(drive, shared, tail, slots, drive->index.count);
    else
        os_fs_close(file);
    return rc;
}

static llkv_code compact_locked(struct cx *cx, struct kv *drive)
{
    const struct os_fs *fs = drive->fs;
    struct os_fs_file *file = NULL;
    struct kv_slot *slots = NULL;
    TRY(kv_write_begin(cx, drive));
    TRY(refuse_link(cx, drive));
    char *name = cx_printf(cx, "%s%s", drive->path, SUFFIX);
    if (name == NULL) return LLKV_NOMEM;
    TRY(kv_index_list(cx, &drive->index, &slots));
    llkv_code rc = fs->open(cx, fs, name, OS_WRITE | OS_CREATE | OS_EXCLUSIVE, &file);
    if (rc == LLKV_EXISTS)
        rc = cx_hint(cx, "an interrupted compaction leaves it behind; remove it");
    if (rc == LLKV_OK) {
        rc = replace(cx, drive, name, file, slots);
        if (rc != LLKV_OK) kv_remove_quietly(cx, fs, name);
    }
    mem_free(slots);
    TRY(rc);
    if (fs->directory_sync(cx, fs, drive->path) == LLKV_OK) return LLKV_OK;
    /* Either file has all values; but one that is written now may be the one that loses its name.
     */
    drive->failed = true;
    return cx_fail(cx, LLKV_UNKNOWN, "\"%s\" was compacted, but its directory could not be synced",
                   drive->path);
}

llkv_code kv_compact(struct cx *cx, struct kv *drive)
{
    pthread_mutex_lock(&drive->mutex);
    llkv_code rc = compact_locked(cx, drive);
    pthread_mutex_unlock(&drive->mutex);
    return rc;
}
