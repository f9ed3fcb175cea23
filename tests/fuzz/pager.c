/* pager.c -- a database file and its log with anything in them: opened, replayed, viewed, refused.
 *
 * The input is a list of changes to the files of a small life; then checksums are made right again
 * (unless the first byte says not to), so that the code behind them is reached. What was opened
 * must go on to work: publish, take a commit, and open again after the end of the process. */
#include "storage/pager.h"

#include <string.h>

#include "base/crc32.h"
#include "base/crc32c.h"
#include "base/os_fs.h"
#include "fuzz.h"
#include "storage/drive_pager.h"
#include "storage/entry_format.h"
#include "storage/srd.h"

/* ---- files in memory ---- */

enum {
    FILE_BYTES_MAX = 8 * 1024 * 1024,
    FILES = 3,
    SEGMENT_BYTES = 64 * 1024,
    LOG_USED = 16 * 1024
};

struct memory_file {
    struct os_fs_file base;
    struct stored *stored;
};

/* The container, its log, and the one being made. */
static struct stored {
    const char *name;
    uint8_t *bytes;
    uint64_t size;
    bool exists;
} files[FILES] = {{.name = "f"}, {.name = "f-log"}, {.name = "f-new"}};

static struct stored *stored_of(const char *path)
{
    for (uint32_t i = 0; i < FILES; i++)
        if (strcmp(files[i].name, path) == 0) return &files[i];
    abort();
}

static llkv_code fs_open(struct cx *cx, const struct os_fs *fs, const char *path, uint32_t flags,
                         struct os_fs_file **out_file)
{
    struct stored *stored = stored_of(path);
    if (!stored->exists && (flags & OS_CREATE) == 0) return cx_fail(cx, LLKV_NAME, "no file");
    if (!stored->exists || (flags & OS_TRUNCATE) != 0) stored->size = 0;
    stored->exists = true;
    struct memory_file *file = calloc(1, sizeof *file);
    FUZZ_CHECK(file != NULL);
    *file = (struct memory_file){{fs}, stored};
    *out_file = &file->base;
    return LLKV_OK;
}

static struct stored *of(struct os_fs_file *file)
{
    return ((struct memory_file *)(void *)file)->stored;
}

static void fs_close(struct os_fs_file *file)
{
    free(file);
}

static llkv_code fs_read(struct cx *cx, struct os_fs_file *file, void *out, uint64_t bytes,
                         uint64_t offset, uint64_t *out_bytes)
{
    (void)cx;
    const struct stored *s = of(file);
    uint64_t left = offset < s->size ? s->size - offset : 0;
    *out_bytes = left < bytes ? left : bytes;
    if (*out_bytes != 0) memcpy(out, s->bytes + offset, *out_bytes);
    return LLKV_OK;
}

static llkv_code fs_resize(struct cx *cx, struct os_fs_file *file, uint64_t bytes)
{
    struct stored *s = of(file);
    if (bytes > FILE_BYTES_MAX) return cx_fail(cx, LLKV_LIMIT, "full");
    if (bytes > s->size) memset(s->bytes + s->size, 0, bytes - s->size);
    s->size = bytes;
    return LLKV_OK;
}

static llkv_code fs_write(struct cx *cx, struct os_fs_file *file, const void *data, uint64_t bytes,
                          uint64_t offset, bool dsync)
{
    (void)dsync;
    struct stored *s = of(file);
    if (offset > FILE_BYTES_MAX || bytes > FILE_BYTES_MAX - offset)
        return cx_fail(cx, LLKV_LIMIT, "full");
    if (offset + bytes > s->size) TRY(fs_resize(cx, file, offset + bytes));
    memcpy(s->bytes + offset, data, bytes);
    return LLKV_OK;
}

static llkv_code fs_sync(struct cx *cx, struct os_fs_file *file)
{
    (void)cx;
    (void)file;
    return LLKV_OK;
}

static llkv_code fs_size(struct cx *cx, struct os_fs_file *file, uint64_t *out_bytes)
{
    (void)cx;
    *out_bytes = of(file)->size;
    return LLKV_OK;
}

static llkv_code fs_punch(struct cx *cx, struct os_fs_file *file, uint64_t offset, uint64_t bytes,
                          bool *out_done)
{
    (void)cx;
    const struct stored *s = of(file);
    *out_done = true;
    if (offset >= s->size) return LLKV_OK;
    memset(s->bytes + offset, 0, bytes < s->size - offset ? bytes : s->size - offset);
    return LLKV_OK;
}

static llkv_code fs_map(struct cx *cx, struct os_fs_file *file, uint64_t offset, uint64_t bytes,
                        const void **out_data)
{
    const struct stored *s = of(file);
    if (offset > s->size || bytes > s->size - offset) return cx_fail(cx, LLKV_CORRUPT, "short");
    void *copy = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, s->bytes + offset, bytes);
    *out_data = copy;
    return LLKV_OK;
}

static void fs_unmap(const struct os_fs *fs, const void *data, uint64_t bytes)
{
    (void)fs;
    (void)bytes;
    union {
        const void *constant;
        void *plain;
    } pointer = {.constant = data};
    free(pointer.plain);
}

static llkv_code fs_lock(struct cx *cx, struct os_fs_file *file, const struct os_lock *lock,
                         bool *out_taken)
{
    (void)cx;
    (void)file;
    (void)lock;
    *out_taken = true;
    return LLKV_OK;
}

static llkv_code fs_lock_find(struct cx *cx, struct os_fs_file *file, const struct os_lock *lock,
                              bool *out_found, uint64_t *out_offset)
{
    (void)cx;
    (void)file;
    (void)lock;
    *out_found = false;
    *out_offset = 0;
    return LLKV_OK;
}

static llkv_code fs_identity(struct cx *cx, struct os_fs_file *file, struct os_file_id *out_id)
{
    (void)cx;
    *out_id = (struct os_file_id){1, (uint64_t)(of(file) - files)};
    return LLKV_OK;
}

static llkv_code fs_find(struct cx *cx, const struct os_fs *fs, const char *path, bool *out_exists,
                         struct os_file_id *out_id)
{
    (void)cx;
    (void)fs;
    struct stored *s = stored_of(path);
    *out_exists = s->exists;
    if (out_id != NULL) *out_id = (struct os_file_id){1, (uint64_t)(s - files)};
    return LLKV_OK;
}

static llkv_code fs_remove(struct cx *cx, const struct os_fs *fs, const char *path)
{
    (void)cx;
    (void)fs;
    stored_of(path)->exists = false;
    return LLKV_OK;
}

static llkv_code fs_rename(struct cx *cx, const struct os_fs *fs, const char *from, const char *to,
                           bool replace)
{
    (void)fs;
    struct stored *a = stored_of(from);
    struct stored *b = stored_of(to);
    if (b->exists && !replace) return cx_fail(cx, LLKV_EXISTS, "there");
    const char *name = b->name; /* the open file goes with its bytes: names change places */
    b->name = a->name;
    a->name = name;
    b->exists = false;
    return LLKV_OK;
}

static llkv_code fs_directory_sync(struct cx *cx, const struct os_fs *fs, const char *path)
{
    (void)cx;
    (void)fs;
    (void)path;
    return LLKV_OK;
}

static llkv_code fs_random(struct cx *cx, const struct os_fs *fs, void *out, uint64_t bytes)
{
    (void)cx;
    (void)fs;
    memset(out, 0x5c, bytes);
    return LLKV_OK;
}

static struct os_process fs_process(const struct os_fs *fs)
{
    (void)fs;
    return (struct os_process){1, 1};
}

static const struct os_fs memory = {
    .open = fs_open,
    .close = fs_close,
    .read = fs_read,
    .write = fs_write,
    .sync = fs_sync,
    .size = fs_size,
    .resize = fs_resize,
    .reserve = fs_resize,
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
    .process = fs_process,
};

/* ---- a life, and what it left ---- */

static llkv_pager *open_pager(bool read_only)
{
    const llkv_pager_drive_options options = {.struct_size = sizeof options,
                                              .read_only = read_only};
    const struct drive_options inner = {.fs = &memory, .segment_bytes = SEGMENT_BYTES};
    llkv_pager *pager = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = drive_pager_open("f", &options, &inner, &pager, &error);
    FUZZ_CHECK((rc == LLKV_OK) == (pager != NULL));
    FUZZ_CHECK(rc == LLKV_OK || (error.code == rc && error.message[0] != '\0'));
    return pager;
}

struct root {
    uint64_t version, replay_from, next_lsn;
    uint8_t bytes[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t size;
};

static llkv_code count_frames(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                              size_t size)
{
    struct root *root = arg;
    uint32_t sum = crc32c(0, bytes, size); /* every byte can be read */
    (void)sum;
    FUZZ_CHECK(frames > 0 && first_lsn <= root->next_lsn);
    root->next_lsn = first_lsn + frames;
    return LLKV_OK;
}

static llkv_code load_root(llkv_pager *pager, struct root *root)
{
    llkv_code rc = pager->methods->root_get(pager, &root->version, root->bytes, &root->size,
                                            &root->replay_from, NULL);
    FUZZ_CHECK(rc == LLKV_OK && root->size <= sizeof root->bytes);
    root->next_lsn = root->replay_from;
    return pager->methods->log_replay(pager, root->replay_from, count_frames, root, NULL);
}

static llkv_code commit(llkv_pager *pager, struct root *root, uint32_t frames)
{
    char bytes[200] = "frames";
    llkv_pager_group group = {.struct_size = sizeof group,
                              .frames = frames,
                              .first_lsn = root->next_lsn,
                              .bytes = bytes,
                              .size = 50 * (size_t)frames,
                              .durable = true};
    llkv_code rc = pager->methods->log_append(pager, &group, NULL);
    if (rc == LLKV_OK) root->next_lsn += frames;
    return rc;
}

static llkv_code publish(llkv_pager *pager, struct root *root)
{
    llkv_code rc = pager->methods->root_publish(pager, root->version, root->bytes, root->size,
                                                root->next_lsn, NULL);
    if (rc == LLKV_OK) root->version++;
    return rc;
}

static uint32_t add_batch(llkv_pager *pager, uint64_t bytes)
{
    llkv_pager_batch *batch = NULL;
    void *space = NULL;
    uint64_t offset = 0;
    uint32_t seq = 0;
    if (pager->methods->batch_begin(pager, &batch, NULL) != LLKV_OK) return 0;
    if (pager->methods->batch_add(pager, batch, bytes, &space, &offset, NULL) != LLKV_OK) abort();
    memset(space, 0x11, bytes);
    return pager->methods->batch_seal(pager, batch, &seq, NULL) == LLKV_OK ? seq : 0;
}

/* The files of the life as they are when its process ends, made once. */
static struct stored life[2];

static void keep_life(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct stored *s = stored_of(i == 0 ? "f" : "f-log");
        life[i] = *s;
        life[i].bytes = malloc(s->size);
        FUZZ_CHECK(life[i].bytes != NULL);
        memcpy(life[i].bytes, s->bytes, s->size);
    }
}

/* Two roots, batches before and behind them, free ranges, frames behind the newest root. */
static void make_life(void)
{
    if (life[0].bytes != NULL) return;
    for (uint32_t i = 0; i < FILES; i++) {
        files[i].bytes = malloc(FILE_BYTES_MAX);
        FUZZ_CHECK(files[i].bytes != NULL);
    }
    llkv_pager *pager = open_pager(false);
    FUZZ_CHECK(pager != NULL);
    struct root root = {.size = 100, .next_lsn = 1};
    bool ok = commit(pager, &root, 2) == LLKV_OK;
    uint32_t gone = add_batch(pager, 9000);
    ok = ok && gone != 0 && add_batch(pager, 3000) != 0 && publish(pager, &root) == LLKV_OK;
    pager->methods->discard(pager, gone, 64, 5000);
    ok = ok && publish(pager, &root) == LLKV_OK && commit(pager, &root, 1) == LLKV_OK;
    uint32_t named = add_batch(pager, 500);
    ok = ok && pager->methods->batch_sync(pager, named, NULL) == LLKV_OK &&
         commit(pager, &root, 3) == LLKV_OK && commit(pager, &root, 1) == LLKV_OK;
    FUZZ_CHECK(ok);
    keep_life();
    pager->methods->close(pager);
}

static void restore_life(void)
{
    for (uint32_t i = 0; i < FILES; i++)
        files[i].exists = false;
    for (uint32_t i = 0; i < 2; i++) {
        struct stored *s = stored_of(i == 0 ? "f" : "f-log");
        memcpy(s->bytes, life[i].bytes, life[i].size);
        s->size = life[i].size;
        s->exists = true;
    }
}

/* ---- changes ---- */

static uint64_t get(const uint8_t *bytes, uint32_t width)
{
    uint64_t value = 0;
    memcpy(&value, bytes, width);
    return value;
}

static void put_crc(uint8_t *at, uint32_t crc)
{
    memcpy(at, &crc, sizeof crc);
}

static bool within(const struct stored *s, uint64_t offset, uint64_t bytes)
{
    return offset <= s->size && bytes <= s->size - offset;
}

/* The checksum of a part that a footer names, put into the footer. */
static void fix_part(struct stored *s, uint64_t entry, uint8_t *place, uint32_t offset_at,
                     uint32_t crc_at)
{
    uint64_t offset = entry + get(place + offset_at, 4);
    uint64_t bytes = get(place + offset_at + 4, 4);
    if (!within(s, offset, bytes)) return;
    put_crc(place + crc_at, crc32c(0, s->bytes + offset, bytes));
}

/* Footers at the ends of blocks, and all that they vouch for. */
static void fix_container(struct stored *s)
{
    for (uint64_t at = 0; at + 4096 <= s->size; at += 4096) {
        uint8_t *header = s->bytes + at;
        if (memcmp(header, "LLKVENY1", 8) == 0) put_crc(header + 60, crc32c(0, header, 60));
    }
    for (uint64_t end = 4096; end <= s->size; end += 4096) {
        uint8_t *footer = s->bytes + end - ENTRY_END_BYTES;
        if (memcmp(footer, "LLKVFOT1", 8) != 0) continue;
        uint64_t entry = get(footer + 48, 8);
        fix_part(s, entry, footer, 152, 160);
        fix_part(s, entry, footer, 164, 172);
        uint64_t table = get(footer + 136, 8);
        if (within(s, table, 1024)) put_crc(footer + 144, crc32c(0, s->bytes + table, 1024));
        put_crc(footer + 228, crc32c(0, footer, 228));
        uint64_t payload = end - SRD_TRAILER_BYTES;
        if (entry < payload)
            put_crc(s->bytes + end - 4, crc32_ieee(0, s->bytes + entry, payload - entry));
    }
}

static void fix_log(struct stored *s, const struct stored *container)
{
    uint32_t seed = 0;
    for (uint64_t at = 0; at < 8192 && within(s, at, LOG_SLOT_BYTES); at += 4096) {
        uint8_t *slot = s->bytes + at;
        uint64_t tail = get(slot + 56, 8);
        if (tail >= 4096 && within(container, tail - 4096, 4096))
            memcpy(slot + 128, container->bytes + tail - ENTRY_END_BYTES + 228, 4);
        put_crc(slot + 140, crc32c(0, slot, 140));
        if (get(slot + 40, 8) != 0) seed = crc32c(0, slot + 16, 24);
    }
    for (uint64_t at = 8192; at < LOG_USED && within(s, at, LOG_GROUP_BYTES); at += 8) {
        uint8_t *bytes = s->bytes + at;
        if (memcmp(bytes, "LLSGMNT1", 8) == 0) put_crc(bytes + 60, crc32c(seed, bytes, 60));
        if (memcmp(bytes, "LGRP", 4) != 0) continue;
        uint64_t payload = get(bytes + 56, 4);
        if (within(s, at + LOG_GROUP_BYTES, payload))
            put_crc(bytes + 64, crc32c(0, bytes + LOG_GROUP_BYTES, payload));
        put_crc(bytes + 4, crc32c(seed, bytes + 8, LOG_GROUP_BYTES - 8));
    }
}

/* One change: a file, a place, how many bytes, the bytes. Small numbers and ends are likely. */
static size_t change(const uint8_t *data, size_t size)
{
    if (size < 5) return size;
    struct stored *s = stored_of((data[0] & 1) == 0 ? "f" : "f-log");
    uint64_t used = (data[0] & 1) == 0 ? s->size : LOG_USED;
    uint64_t at = ((uint64_t)data[1] << 8 | data[2]) * 8;
    if ((data[0] & 2) != 0 && s->size >= 4096) /* in a footer, from an entry's end */
        at = (at / 256 + 1) * 4096 - ENTRY_END_BYTES + at % 256;
    at %= used + 1;
    size_t count = data[3] % 9;
    if (count > size - 4) count = size - 4;
    if ((data[0] & 0x60) == 0x60)
        s->size = at; /* cut */
    else if (within(s, at, count))
        memcpy(s->bytes + at, data + 4, count);
    return 4 + count;
}

/* ---- what is tried ---- */

static void look_around(llkv_pager *pager)
{
    for (uint32_t seq = 0; seq < 12; seq++) {
        llkv_pager_view view = {0};
        for (uint64_t offset = 0; offset < 4096; offset += 1984) {
            uint64_t handle = pager_handle(seq, offset);
            if (pager->methods->view(pager, handle, 200, &view, NULL) != LLKV_OK) continue;
            uint32_t sum = crc32c(0, view.data, 200);
            (void)sum;
            pager->methods->view_release(pager, &view);
        }
    }
    pager->methods->discard(pager, 2, 64, 8192);
    pager->methods->discard(pager, 3, 0, UINT64_MAX);
}

/* Go on with what was opened; true if everything that was asked for was done. */
static bool go_on(llkv_pager *pager, struct root *root)
{
    if (load_root(pager, root) != LLKV_OK) return false;
    look_around(pager);
    if (publish(pager, root) != LLKV_OK || publish(pager, root) != LLKV_OK) return false;
    if (add_batch(pager, 100) == 0 || commit(pager, root, 2) != LLKV_OK) return false;
    return publish(pager, root) == LLKV_OK && commit(pager, root, 1) == LLKV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    make_life();
    restore_life();
    uint8_t how = data[0];
    for (size_t at = 1; at < size;)
        at += change(data + at, size - at);
    if ((how & 1) == 0) {
        fix_container(stored_of("f"));
        fix_log(stored_of("f-log"), stored_of("f"));
    }
    struct root root = {0};
    llkv_pager *pager = open_pager(true);
    if (pager != NULL) {
        (void)load_root(pager, &root);
        look_around(pager);
        pager->methods->close(pager);
    }
    pager = open_pager(false);
    if (pager == NULL) return 0;
    (void)go_on(pager, &root);
    pager->methods->close(pager);
    return 0;
}
