/* disk.c -- the simulated disk as a file system. */
#define _DEFAULT_SOURCE 1 /* nanosleep */
#include "disk.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "disk_priv.h"

struct disk_file {
    struct os_fs_file file; /* first */
    struct disk *disk;
    uint32_t inode, flags;
    char *path;
};

static struct disk *disk_of(const struct os_fs *fs)
{
    /* The table is part of the disk, which is not constant. */
    return (struct disk *)(uintptr_t)fs;
}

static struct disk_file *file_of(struct os_fs_file *file)
{
    return (struct disk_file *)(void *)file;
}

uint64_t crash_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t crash_random_below(uint64_t *state, uint64_t bound)
{
    assert(bound > 0);
    return crash_random(state) % bound;
}

static void lock(struct disk *disk)
{
    (void)pthread_mutex_lock(&disk->mutex); /* cannot fail: initialised, not recursive */
}

static void unlock(struct disk *disk)
{
    (void)pthread_mutex_unlock(&disk->mutex);
}

/* A sync is under way; the mutex is not held. */
static void device_works(const struct disk *disk)
{
    struct timespec time = {.tv_nsec = (int64_t)disk->sync_micros * 1000};
    if (disk->sync_micros == 0)
        (void)sched_yield();
    else
        (void)nanosleep(&time, NULL);
}

/* ---- failures ---- */

void disk_fail_nth(struct disk *disk, int64_t nth, bool for_good, enum disk_failure failure)
{
    lock(disk);
    disk->fail_left = nth;
    disk->fail_for_good = for_good;
    disk->failure = failure;
    unlock(disk);
}

/* Counts a call; must it fail? */
static bool due(struct disk *disk, bool needs_space)
{
    disk->calls++;
    if (disk->fail_left == 0 || (disk->failure == DISK_FULL && !needs_space)) return false;
    if (disk->fail_left < 0) return true;
    if (--disk->fail_left > 0) return false;
    disk->fail_left = disk->fail_for_good ? -1 : 0;
    return true;
}

NODISCARD static llkv_code fail(struct cx *cx, const struct disk *disk, const char *doing,
                                const char *path)
{
    if (disk->failure == DISK_FULL)
        return cx_fail_at(cx, LLKV_LIMIT, -1, "53100", "cannot %s \"%s\": no space (simulated)",
                          doing, path);
    return cx_fail_at(cx, LLKV_IO, -1, "58030", "cannot %s \"%s\": simulated failure", doing, path);
}

NODISCARD static llkv_code full(struct cx *cx, const char *path)
{
    return cx_fail_at(cx, LLKV_LIMIT, -1, "53100", "cannot write \"%s\": the disk is full", path);
}

/* Is there room for the file to be so big? */
static bool fits(const struct disk *disk, uint32_t inode, uint64_t size)
{
    if (disk->limit_bytes == 0 || size <= disk->now.files[inode].size) return true;
    uint64_t total = size;
    for (uint32_t i = 0; i < disk->now.names.count; i++) {
        uint32_t other = disk->now.names.items[i].inode;
        if (other != inode) total += disk->now.files[other].size;
    }
    return total <= disk->limit_bytes;
}

/* ---- files ---- */

/* Caller holds the mutex. */
NODISCARD static llkv_code open_locked(struct cx *cx, struct disk *disk, const char *path,
                                       uint32_t flags, uint32_t *out_inode)
{
    if (due(disk, (flags & OS_CREATE) != 0)) return fail(cx, disk, "open", path);
    const struct name *name = names_find(&disk->now.names, path);
    if (name == NULL) {
        if ((flags & OS_CREATE) == 0)
            return cx_fail_at(cx, LLKV_NAME, -1, "58P01", "\"%s\" is not there", path);
        *out_inode = disk->now.file_count;
        disk_record(disk, record_copy(&(struct record){.kind = RECORD_LINK,
                                                       .inode = *out_inode,
                                                       .path = (char *)(uintptr_t)path}));
        return LLKV_OK;
    }
    if ((flags & OS_EXCLUSIVE) != 0)
        return cx_fail_at(cx, LLKV_EXISTS, -1, "58P02", "\"%s\" is there already", path);
    *out_inode = name->inode;
    if ((flags & OS_TRUNCATE) != 0)
        disk_record(disk, (struct record){.kind = RECORD_RESIZE, .inode = name->inode});
    return LLKV_OK;
}

static llkv_code fs_open(struct cx *cx, const struct os_fs *fs, const char *path, uint32_t flags,
                         struct os_fs_file **out_file)
{
    struct disk *disk = disk_of(fs);
    uint32_t inode = 0;
    lock(disk);
    llkv_code rc = open_locked(cx, disk, path, flags, &inode);
    if (rc == LLKV_OK) disk->held++;
    unlock(disk);
    if (rc != LLKV_OK) return rc;
    struct disk_file *file = crash_alloc(sizeof *file);
    size_t path_bytes = strlen(path) + 1;
    file->file.fs = fs;
    file->disk = disk;
    file->inode = inode;
    file->flags = flags;
    file->path = memcpy(crash_alloc(path_bytes), path, path_bytes);
    *out_file = &file->file;
    return LLKV_OK;
}

static void fs_close(struct os_fs_file *os_file)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    disk->held--;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < disk->lock_count; i++) {
        if (disk->locks[i].owner != file) disk->locks[kept++] = disk->locks[i];
    }
    disk->lock_count = kept;
    unlock(disk);
    free(file->path);
    free(file);
}

static llkv_code fs_read(struct cx *cx, struct os_fs_file *os_file, void *out, uint64_t bytes,
                         uint64_t offset, uint64_t *out_bytes)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false))
        rc = fail(cx, disk, "read", file->path);
    else
        *out_bytes = image_read(&disk->now.files[file->inode], out, bytes, offset);
    unlock(disk);
    return rc;
}

static bool all_zero(const uint8_t *data, uint64_t bytes)
{
    return bytes == 0 || (data[0] == 0 && memcmp(data, data + 1, bytes - 1) == 0);
}

/* Caller holds the mutex. A failure may come after the first half. */
NODISCARD static llkv_code write_locked(struct cx *cx, struct disk_file *file, const void *data,
                                        uint64_t bytes, uint64_t offset)
{
    struct disk *disk = file->disk;
    llkv_code rc = LLKV_OK;
    if ((file->flags & OS_WRITE) == 0)
        return cx_fail(cx, LLKV_INTERNAL, "\"%s\" was opened for reading", file->path);
    if (!fits(disk, file->inode, offset + bytes)) return full(cx, file->path);
    if (due(disk, true)) {
        rc = fail(cx, disk, "write", file->path);
        bytes = disk->failure == DISK_EIO ? 0 : bytes / 2;
    }
    if (bytes == 0) return rc;
    struct record record = {.kind = RECORD_WRITE, .inode = file->inode, .offset = offset};
    record.bytes = bytes;
    if (!all_zero(data, bytes)) record.data = memcpy(crash_grow(NULL, bytes), data, bytes);
    disk_record(disk, record);
    return rc;
}

static llkv_code fs_write(struct cx *cx, struct os_fs_file *os_file, const void *data,
                          uint64_t bytes, uint64_t offset, bool dsync)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = write_locked(cx, file, data, bytes, offset);
    if (rc == LLKV_OK && dsync) {
        uint64_t write = disk->record_count - 1;
        unlock(disk); /* others go on while the device is at it */
        device_works(disk);
        lock(disk);
        disk_record(disk, (struct record){
                              .kind = RECORD_WRITE_DURABLE, .inode = file->inode, .offset = write});
    }
    unlock(disk);
    return rc;
}

static llkv_code fs_sync(struct cx *cx, struct os_fs_file *os_file)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    uint64_t covered = disk->record_count;
    unlock(disk); /* what is written from now on is not covered */
    device_works(disk);
    lock(disk);
    bool failed = due(disk, false);
    disk_record(disk, (struct record){.kind = failed ? RECORD_SYNC_FAILED : RECORD_SYNC,
                                      .inode = file->inode,
                                      .offset = covered});
    llkv_code rc = failed ? fail(cx, disk, "sync", file->path) : LLKV_OK;
    unlock(disk);
    return rc;
}

static llkv_code fs_size(struct cx *cx, struct os_fs_file *os_file, uint64_t *out_bytes)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false))
        rc = fail(cx, disk, "examine", file->path);
    else
        *out_bytes = disk->now.files[file->inode].size;
    unlock(disk);
    return rc;
}

static llkv_code fs_resize(struct cx *cx, struct os_fs_file *os_file, uint64_t bytes)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, true))
        rc = fail(cx, disk, "resize", file->path);
    else if (!fits(disk, file->inode, bytes))
        rc = full(cx, file->path);
    else
        disk_record(disk,
                    (struct record){.kind = RECORD_RESIZE, .inode = file->inode, .bytes = bytes});
    unlock(disk);
    return rc;
}

static llkv_code fs_reserve(struct cx *cx, struct os_fs_file *os_file, uint64_t bytes)
{
    uint64_t size = 0;
    TRY(fs_size(cx, os_file, &size));
    return size >= bytes ? LLKV_OK : fs_resize(cx, os_file, bytes);
}

static llkv_code fs_punch(struct cx *cx, struct os_fs_file *os_file, uint64_t offset,
                          uint64_t bytes, bool *out_done)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false))
        rc = fail(cx, disk, "punch", file->path);
    else
        disk_record(disk, (struct record){.kind = RECORD_PUNCH,
                                          .inode = file->inode,
                                          .offset = offset,
                                          .bytes = bytes});
    *out_done = rc == LLKV_OK;
    unlock(disk);
    return rc;
}

static llkv_code fs_map(struct cx *cx, struct os_fs_file *os_file, uint64_t offset, uint64_t bytes,
                        const void **out_data)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    if (offset % OS_MAP_ALIGN != 0 || bytes == 0)
        return cx_fail(cx, LLKV_INTERNAL, "\"%s\": a mapping must be aligned", file->path);
    uint64_t room = (bytes + IMAGE_PAGE_BYTES - 1) / IMAGE_PAGE_BYTES * IMAGE_PAGE_BYTES;
    void *data = NULL;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false)) {
        rc = fail(cx, disk, "map", file->path);
    } else if (offset + bytes > disk->now.files[file->inode].size) {
        rc = cx_fail(cx, LLKV_INTERNAL, "\"%s\": mapped beyond its end", file->path);
    } else if ((data = aligned_alloc(IMAGE_PAGE_BYTES, room)) == NULL) {
        rc = cx_nomem(cx);
    } else {
        (void)image_read(&disk->now.files[file->inode], data, bytes, offset);
        disk->held++;
        *out_data = data;
    }
    unlock(disk);
    return rc;
}

static void fs_unmap(const struct os_fs *fs, const void *data, uint64_t bytes)
{
    (void)bytes;
    if (data == NULL) return;
    struct disk *disk = disk_of(fs);
    lock(disk);
    disk->held--;
    unlock(disk);
    free((void *)(uintptr_t)data); /* ours; constant for the reader only */
}

/* ---- locks ---- */

/* Another open file's lock that this one cannot stand beside; caller holds the mutex. */
static const struct held_lock *conflict(const struct disk_file *file, const struct os_lock *wanted)
{
    const struct disk *disk = file->disk;
    for (uint32_t i = 0; i < disk->lock_count; i++) {
        const struct held_lock *held = &disk->locks[i];
        bool apart = wanted->offset >= held->end || wanted->offset + wanted->bytes <= held->begin;
        bool shared = held->kind == OS_LOCK_SHARED && wanted->kind == OS_LOCK_SHARED;
        if (held->inode == file->inode && held->owner != file && !apart && !shared) return held;
    }
    return NULL;
}

static void lock_add(struct disk *disk, struct held_lock held)
{
    if (held.begin >= held.end || held.kind == OS_LOCK_NONE) return;
    disk->locks = crash_grow(disk->locks, (disk->lock_count + 1) * sizeof held);
    disk->locks[disk->lock_count++] = held;
}

/* The file's own locks on the range give way to the new one. */
static void lock_replace(struct disk *disk, const struct disk_file *file,
                         const struct os_lock *wanted)
{
    uint64_t begin = wanted->offset, end = wanted->offset + wanted->bytes;
    for (uint32_t i = 0; i < disk->lock_count;) {
        struct held_lock held = disk->locks[i];
        if (held.owner != file || begin >= held.end || end <= held.begin) {
            i++;
            continue;
        }
        disk->locks[i] = disk->locks[--disk->lock_count];
        struct held_lock before = held, after = held;
        before.end = begin > held.begin ? begin : held.begin;
        after.begin = end < held.end ? end : held.end;
        lock_add(disk, before);
        lock_add(disk, after);
    }
    lock_add(disk, (struct held_lock){file, file->inode, wanted->kind, begin, end});
}

static llkv_code fs_lock(struct cx *cx, struct os_fs_file *os_file, const struct os_lock *wanted,
                         bool *out_taken)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false)) {
        rc = fail(cx, disk, "lock", file->path);
    } else {
        *out_taken = wanted->kind == OS_LOCK_NONE || conflict(file, wanted) == NULL;
        if (*out_taken) lock_replace(disk, file, wanted);
    }
    unlock(disk);
    return rc;
}

static llkv_code fs_lock_find(struct cx *cx, struct os_fs_file *os_file,
                              const struct os_lock *wanted, bool *out_found, uint64_t *out_offset)
{
    struct disk_file *file = file_of(os_file);
    struct disk *disk = file->disk;
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false)) {
        rc = fail(cx, disk, "lock", file->path);
    } else {
        const struct held_lock *held = conflict(file, wanted);
        *out_found = held != NULL;
        if (held != NULL) *out_offset = held->begin;
    }
    unlock(disk);
    return rc;
}

static llkv_code fs_identity(struct cx *cx, struct os_fs_file *os_file, struct os_file_id *out_id)
{
    struct disk_file *file = file_of(os_file);
    lock(file->disk);
    llkv_code rc = due(file->disk, false) ? fail(cx, file->disk, "examine", file->path) : LLKV_OK;
    unlock(file->disk);
    /* Its own number for each disk, so that two open disks never meet in one registry. */
    *out_id = (struct os_file_id){(uint64_t)(uintptr_t)file->disk, file->inode + 1};
    return rc;
}

/* ---- names ---- */

static llkv_code fs_find(struct cx *cx, const struct os_fs *fs, const char *path, bool *out_exists,
                         struct os_file_id *out_id)
{
    struct disk *disk = disk_of(fs);
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false)) {
        rc = fail(cx, disk, "examine", path);
    } else {
        const struct name *name = names_find(&disk->now.names, path);
        *out_exists = name != NULL;
        if (name != NULL && out_id != NULL)
            *out_id = (struct os_file_id){(uint64_t)(uintptr_t)disk, name->inode + 1};
    }
    unlock(disk);
    return rc;
}

static llkv_code fs_remove(struct cx *cx, const struct os_fs *fs, const char *path)
{
    struct disk *disk = disk_of(fs);
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false))
        rc = fail(cx, disk, "remove", path);
    else if (names_find(&disk->now.names, path) == NULL)
        rc = cx_fail_at(cx, LLKV_NAME, -1, "58P01", "\"%s\" is not there", path);
    else
        disk_record(disk, record_copy(&(struct record){.kind = RECORD_UNLINK,
                                                       .path = (char *)(uintptr_t)path}));
    unlock(disk);
    return rc;
}

static llkv_code fs_rename(struct cx *cx, const struct os_fs *fs, const char *from, const char *to,
                           bool replace)
{
    struct disk *disk = disk_of(fs);
    lock(disk);
    llkv_code rc = LLKV_OK;
    const struct name *name = names_find(&disk->now.names, from);
    if (due(disk, false))
        rc = fail(cx, disk, "rename", from);
    else if (name == NULL)
        rc = cx_fail_at(cx, LLKV_NAME, -1, "58P01", "\"%s\" is not there", from);
    else if (!replace && names_find(&disk->now.names, to) != NULL)
        rc = cx_fail_at(cx, LLKV_EXISTS, -1, "58P02", "\"%s\" is there already", to);
    else
        disk_record(disk, record_copy(&(struct record){.kind = RECORD_RENAME,
                                                       .inode = name->inode,
                                                       .path = (char *)(uintptr_t)from,
                                                       .to = (char *)(uintptr_t)to}));
    unlock(disk);
    return rc;
}

static llkv_code fs_directory_sync(struct cx *cx, const struct os_fs *fs, const char *path)
{
    struct disk *disk = disk_of(fs);
    lock(disk);
    llkv_code rc = LLKV_OK;
    if (due(disk, false))
        rc = fail(cx, disk, "sync the directory of", path);
    else
        disk_record(disk,
                    (struct record){.kind = RECORD_DIRECTORY_SYNC, .offset = disk->record_count});
    unlock(disk);
    return rc;
}

/* ---- the world ---- */

static llkv_code fs_random(struct cx *cx, const struct os_fs *fs, void *out, uint64_t bytes)
{
    struct disk *disk = disk_of(fs);
    uint8_t *to = out;
    lock(disk);
    llkv_code rc = due(disk, false) ? fail(cx, disk, "read", "random numbers") : LLKV_OK;
    for (uint64_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)crash_random(&disk->random);
    unlock(disk);
    return rc;
}

static struct os_process fs_process(const struct os_fs *fs)
{
    (void)fs;
    return (struct os_process){.process_id = 1, .machine = 1};
}

/* ---- the disk ---- */

struct disk *disk_new(uint64_t seed)
{
    struct disk *disk = crash_alloc(sizeof *disk);
    disk->fs = (struct os_fs){.open = fs_open,
                              .close = fs_close,
                              .read = fs_read,
                              .write = fs_write,
                              .sync = fs_sync,
                              .size = fs_size,
                              .resize = fs_resize,
                              .reserve = fs_reserve,
                              .punch = fs_punch,
                              .map = fs_map,
                              .unmap = fs_unmap,
                              .lock = fs_lock,
                              .lock_find = fs_lock_find,
                              .identity = fs_identity,
                              .find = fs_find,
                              .remove = fs_remove,
                              .rename = fs_rename,
                              .directory_sync = fs_directory_sync,
                              .random = fs_random,
                              .process = fs_process};
    disk->random = seed;
    if (pthread_mutex_init(&disk->mutex, NULL) != 0) abort();
    return disk;
}

void disk_free(struct disk *disk)
{
    if (disk == NULL) return;
    for (uint64_t i = 0; i < disk->record_count; i++)
        record_deinit(&disk->records[i]);
    free(disk->records);
    free(disk->locks);
    tree_deinit(&disk->start);
    tree_deinit(&disk->now);
    (void)pthread_mutex_destroy(&disk->mutex);
    free(disk);
}

const struct os_fs *disk_fs(struct disk *disk)
{
    return &disk->fs;
}

uint64_t disk_position(struct disk *disk)
{
    lock(disk);
    uint64_t position = disk->record_count;
    unlock(disk);
    return position;
}

uint64_t disk_carried(struct disk *disk)
{
    return disk->carried;
}

int64_t disk_call_count(struct disk *disk)
{
    lock(disk);
    int64_t calls = disk->calls;
    unlock(disk);
    return calls;
}

int64_t disk_held_count(struct disk *disk)
{
    lock(disk);
    int64_t held = disk->held;
    unlock(disk);
    return held;
}

void disk_sync_takes(struct disk *disk, uint32_t micros)
{
    disk->sync_micros = micros;
}

void disk_limit(struct disk *disk, uint64_t bytes)
{
    lock(disk);
    disk->limit_bytes = bytes;
    unlock(disk);
}

int64_t disk_file_size(struct disk *disk, const char *path)
{
    const struct name *name = names_find(&disk->now.names, path);
    return name == NULL ? -1 : (int64_t)disk->now.files[name->inode].size;
}

void disk_damage(struct disk *disk, const char *path, uint64_t offset, uint8_t xor_with)
{
    const struct name *name = names_find(&disk->now.names, path);
    if (name == NULL) return;
    struct tree *trees[] = {&disk->start, &disk->now};
    for (int i = 0; i < 2; i++) {
        tree_reserve(trees[i], name->inode);
        struct image *file = &trees[i]->files[name->inode];
        uint8_t byte = 0;
        if (image_read(file, &byte, 1, offset) == 0) continue;
        byte ^= xor_with;
        image_write(file, &byte, 1, offset);
    }
}

struct disk *disk_copy(struct disk *disk, uint64_t seed)
{
    struct disk *copy = disk_new(seed);
    tree_copy(&copy->start, &disk->now);
    tree_copy(&copy->now, &disk->now);
    return copy;
}
