#include <assert.h>
#include <string.h>

#include "kv/kv_priv.h"
#include "storage/entry_format.h"
#include "storage/writer_lock.h"

enum { ATTEMPTS_MAX = 16 };

/* ---- what is shared with readers ---- */

struct kv_file *kv_file_new(struct cx *cx, struct os_fs_file *file)
{
    struct kv_file *shared = mem_alloc(cx->budget, sizeof *shared);
    if (shared == NULL) return NULL;
    atomic_init(&shared->refs, 1);
    shared->file = file;
    return shared;
}

void kv_file_ref(struct kv_file *file)
{
    atomic_fetch_add(&file->refs, 1);
}

void kv_file_unref(struct kv_file *file)
{
    if (file == NULL || atomic_fetch_sub(&file->refs, 1) != 1) return;
    os_fs_close(file->file);
    mem_free(file);
}

void kv_pin_unref(struct kv_pin *pin)
{
    if (pin == NULL || atomic_fetch_sub(&pin->refs, 1) != 1) return;
    if (pin->fs != NULL) pin->fs->unmap(pin->fs, pin->data, pin->bytes);
    mem_free(pin);
}

/* ---- opening ---- */

struct settings {
    llkv_drive_mode mode;
    bool no_sync, no_map, mark_pads;
};

static llkv_code take_options(struct cx *cx, const llkv_drive_options *options,
                              struct settings *out)
{
    *out = (struct settings){.mode = LLKV_DRIVE_WRITE};
    if (options == NULL) return LLKV_OK;
    if (options->struct_size < sizeof *options)
        return cx_fail(cx, LLKV_MISUSE, "struct_size of the options is not set");
    if ((uint32_t)options->mode > LLKV_DRIVE_READ)
        return cx_fail(cx, LLKV_MISUSE, "there is no such mode to open a drive in");
    *out = (struct settings){options->mode, options->no_sync, options->no_map, options->mark_pads};
    return LLKV_OK;
}

llkv_code kv_lock_writer(struct cx *cx, struct os_fs_file *file, const char *path)
{
    bool taken = false;
    TRY(writer_lock_try(cx, file, &taken));
    if (taken) return LLKV_OK;
    llkv_code rc = writer_lock_busy(cx, file, path);
    return rc == LLKV_BUSY ? cx_hint(cx, "close it there, or open it read-only") : rc;
}

/* Has the name been given to another file (a compacted one) since this one was opened? */
static llkv_code was_replaced(struct cx *cx, struct os_fs_file *file, const char *path,
                              bool *out_replaced)
{
    struct os_file_id mine = {0}, named = {0};
    bool exists = false;
    TRY(file->fs->identity(cx, file, &mine));
    TRY(file->fs->find(cx, file->fs, path, &exists, &named));
    *out_replaced = !exists || mine.device != named.device || mine.inode != named.inode;
    return LLKV_OK;
}

static uint32_t open_flags(llkv_drive_mode mode)
{
    switch (mode) {
    case LLKV_DRIVE_READ: return 0;
    case LLKV_DRIVE_EXISTING: return OS_WRITE;
    case LLKV_DRIVE_WRITE: return OS_WRITE | OS_CREATE;
    case LLKV_DRIVE_NEW: return OS_WRITE | OS_CREATE | OS_EXCLUSIVE;
    }
    return 0;
}

/* The file that has the name, locked if it is to be written. */
static llkv_code open_file(struct cx *cx, const struct os_fs *fs, const char *path,
                           llkv_drive_mode mode, struct os_fs_file **out_file)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        struct os_fs_file *file = NULL;
        bool replaced = false;
        TRY(fs->open(cx, fs, path, open_flags(mode), &file));
        llkv_code rc = LLKV_OK;
        if (mode != LLKV_DRIVE_READ) rc = kv_lock_writer(cx, file, path);
        if (rc == LLKV_OK && mode != LLKV_DRIVE_READ) rc = was_replaced(cx, file, path, &replaced);
        if (rc == LLKV_OK && !replaced) {
            *out_file = file;
            return LLKV_OK;
        }
        os_fs_close(file);
        if (rc != LLKV_OK) return rc;
    }
    return cx_fail(cx, LLKV_BUSY, "\"%s\" is being replaced again and again", path);
}

static llkv_code index_entry(struct cx *cx, void *arg, const struct srd_entry *entry)
{
    struct kv *drive = arg;
    TRY(kv_index_reserve(cx, &drive->index, 1));
    kv_index_put_older(&drive->index, entry->key_hash, entry->payload,
                       entry->tombstone ? 0 : entry->payload_bytes);
    return LLKV_OK;
}

static void index_restart(void *arg)
{
    struct kv *drive = arg;
    kv_index_clear(&drive->index);
}

static llkv_code scan(struct cx *cx, struct kv *drive, uint64_t size,
                      struct srd_verdict *out_verdict)
{
    const struct srd_visitor visitor = {
        .entry = index_entry, .restart = index_restart, .arg = drive};
    struct srd_reader reader;
    llkv_code rc = srd_reader_init(cx, drive->file->file, size, &reader);
    if (rc == LLKV_OK) rc = srd_scan_chain(cx, &reader, &visitor, out_verdict);
    srd_reader_deinit(&reader);
    return rc;
}

/* A writer may cut off the file while we read it, which is no damage: what it cuts was torn. */
static llkv_code scan_until_still(struct cx *cx, struct kv *drive, uint64_t *out_size,
                                  struct srd_verdict *out_verdict)
{
    struct os_fs_file *file = drive->file->file;
    for (int attempt = 1;; attempt++) {
        uint64_t size = 0;
        TRY(file->fs->size(cx, file, out_size));
        kv_index_clear(&drive->index);
        llkv_code rc = scan(cx, drive, *out_size, out_verdict);
        if (rc != LLKV_CORRUPT || attempt == ATTEMPTS_MAX) return rc;
        TRY(file->fs->size(cx, file, &size));
        if (size == *out_size) return rc;
    }
}

static llkv_code refuse_damaged(struct cx *cx, const struct kv *drive, uint64_t tail)
{
    llkv_code rc =
        cx_fail(cx, LLKV_CORRUPT, "\"%s\" is damaged from byte %llu on, and is left as it is",
                drive->path, (unsigned long long)tail);
    return rc == LLKV_OK
               ? rc
               : cx_hint(
                     cx,
                     "verify says what is damaged, salvage keeps what is whole; it can be opened "
                     "read-only up to there");
}

/* A database is a container as well, with rules of its own for who appends what. */
static llkv_code refuse_database(struct cx *cx, const struct kv *drive, uint64_t tail)
{
    uint8_t end[ENTRY_END_BYTES];
    struct entry entry;
    uint32_t crc = 0;
    if (tail < sizeof end) return LLKV_OK;
    TRY(os_fs_read(cx, drive->file->file, end, sizeof end, tail - sizeof end));
    if (entry_end_decode(end, &entry, &crc) == ENTRY_INVALID) return LLKV_OK;
    return cx_fail(cx, LLKV_UNSUPPORTED, "\"%s\" is a database: as a drive it is read-only",
                   drive->path);
}

/* Read what is there, and make a writer's file end at its tail. */
static llkv_code load(struct cx *cx, struct kv *drive)
{
    struct os_fs_file *file = drive->file->file;
    struct srd_verdict verdict = {0};
    uint64_t size = 0;
    TRY(drive->fs->random(cx, drive->fs, &drive->index.seed, sizeof drive->index.seed));
    drive->index.keep_deleted = true;
    TRY(scan_until_still(cx, drive, &size, &verdict));
    drive->index.keep_deleted = false;
    drive->tail = verdict.tail;
    drive->lost_bytes = size - verdict.tail;
    if (drive->read_only) return LLKV_OK;
    TRY(refuse_database(cx, drive, verdict.tail));
    if (verdict.state == SRD_DAMAGED) return refuse_damaged(cx, drive, verdict.tail);
    if (verdict.state == SRD_TORN) {
        TRY(file->fs->resize(cx, file, verdict.tail));
        TRY(os_fs_sync(cx, file));
    }
    /* The file may be new; its name is to last as well as its bytes. */
    if (size == 0 && !drive->no_sync) TRY(drive->fs->directory_sync(cx, drive->fs, drive->path));
    drive->lost_bytes = 0;
    return LLKV_OK;
}

static void destroy(struct kv *drive)
{
    kv_file_unref(drive->file);
    kv_pin_unref(drive->map);
    kv_index_deinit(&drive->index);
    kv_append_deinit(&drive->append);
    (void)pthread_mutex_destroy(&drive->mutex); /* nobody holds it */
    mem_free(drive->path);
    mem_free(drive);
}

static struct kv *new_drive(struct cx *cx, const struct os_fs *fs, const char *path,
                            const struct settings *settings)
{
    struct kv *drive = mem_alloc_zero(cx->budget, sizeof *drive);
    if (drive == NULL) return NULL;
    size_t bytes = strlen(path) + 1;
    drive->path = mem_alloc(cx->budget, bytes);
    if (drive->path == NULL || pthread_mutex_init(&drive->mutex, NULL) != 0) {
        mem_free(drive->path);
        mem_free(drive);
        return NULL;
    }
    memcpy(drive->path, path, bytes);
    drive->fs = fs;
    drive->read_only = settings->mode == LLKV_DRIVE_READ;
    drive->no_sync = settings->no_sync;
    drive->no_map = settings->no_map;
    drive->append.pad = settings->mark_pads ? SRD_PAD_MARK : SRD_PAD_ZERO;
    drive->process_id = fs->process(fs).process_id;
    return drive;
}

llkv_code kv_open(struct cx *cx, const struct os_fs *fs, const char *path,
                  const llkv_drive_options *options, struct kv **out_drive)
{
    struct settings settings;
    struct os_fs_file *file = NULL;
    TRY(take_options(cx, options, &settings));
    TRY(open_file(cx, fs, path, settings.mode, &file));
    struct kv *drive = new_drive(cx, fs, path, &settings);
    if (drive != NULL) drive->file = kv_file_new(cx, file);
    if (drive == NULL || drive->file == NULL) {
        os_fs_close(file);
        if (drive != NULL) destroy(drive);
        return cx_nomem(cx);
    }
    llkv_code rc = load(cx, drive);
    if (rc != LLKV_OK) {
        destroy(drive);
        return rc;
    }
    *out_drive = drive;
    return LLKV_OK;
}

llkv_code kv_close(struct cx *cx, struct kv *drive)
{
    llkv_code rc = LLKV_OK;
    if (drive->stream != NULL)
        return cx_fail(cx, LLKV_BUSY, "a stream of \"%s\" is open", drive->path);
    struct os_fs_file *file = drive->file->file;
    bool mine = drive->fs->process(drive->fs).process_id == drive->process_id;
    if (!drive->read_only && !drive->failed && mine) {
        if (drive->ragged) rc = file->fs->resize(cx, file, drive->tail);
        if (rc == LLKV_OK) rc = os_fs_sync(cx, file);
    }
    destroy(drive);
    return rc;
}

llkv_code kv_sync(struct cx *cx, struct kv *drive)
{
    llkv_code rc = LLKV_OK;
    pthread_mutex_lock(&drive->mutex);
    if (drive->failed)
        rc = cx_fail(cx, LLKV_IO, "\"%s\" takes no more writes after a failed sync", drive->path);
    else if (!drive->read_only)
        rc = os_fs_sync(cx, drive->file->file);
    if (rc != LLKV_OK) drive->failed = true;
    pthread_mutex_unlock(&drive->mutex);
    return rc;
}

void kv_info_get(struct kv *drive, llkv_drive_info *out_info)
{
    pthread_mutex_lock(&drive->mutex);
    llkv_drive_info info = {.struct_size = out_info->struct_size,
                            .count = drive->index.count,
                            .value_bytes = drive->index.value_bytes,
                            .file_bytes = drive->tail + drive->lost_bytes,
                            .lost_bytes = drive->lost_bytes};
    pthread_mutex_unlock(&drive->mutex);
    size_t bytes = out_info->struct_size < sizeof info ? out_info->struct_size : sizeof info;
    memcpy(out_info, &info, bytes);
}
