#include "files.h"

#include <string.h>

#include "base/crc32.h"
#include "base/crc32c.h"
#include "fuzz.h"
#include "storage/entry_format.h"
#include "storage/srd.h"

/* ---- files in memory ---- */

struct memory_file {
    struct os_fs_file base;
    struct stored *stored;
};

static struct stored files[FILES] = {{.name = "f"}, {.name = "f-log"}, {.name = "f-new"}};

struct stored *stored_of(const char *path)
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

const struct os_fs files_fs = {
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

/* ---- what a life left ---- */

void files_init(void)
{
    for (uint32_t i = 0; i < FILES; i++) {
        if (files[i].bytes == NULL) files[i].bytes = malloc(FILE_BYTES_MAX);
        FUZZ_CHECK(files[i].bytes != NULL);
        files[i].exists = false;
    }
}

void files_keep(struct kept *kept)
{
    for (uint32_t i = 0; i < KEPT_FILES; i++) {
        const struct stored *s = stored_of(i == 0 ? "f" : "f-log");
        if (!s->exists) continue;
        kept->size[i] = s->size;
        kept->bytes[i] = malloc(s->size + 1);
        FUZZ_CHECK(kept->bytes[i] != NULL);
        memcpy(kept->bytes[i], s->bytes, s->size);
    }
}

void files_restore(const struct kept *kept)
{
    files_init();
    for (uint32_t i = 0; i < KEPT_FILES; i++) {
        struct stored *s = stored_of(i == 0 ? "f" : "f-log");
        if (kept->bytes[i] == NULL) continue;
        memcpy(s->bytes, kept->bytes[i], kept->size[i]);
        s->size = kept->size[i];
        s->exists = true;
    }
}

/* ---- sums ---- */

uint64_t files_get(const uint8_t *bytes, uint32_t width)
{
    uint64_t value = 0;
    memcpy(&value, bytes, width);
    return value;
}

void files_put_crc(uint8_t *at, uint32_t crc)
{
    memcpy(at, &crc, sizeof crc);
}

bool files_within(const struct stored *s, uint64_t offset, uint64_t bytes)
{
    return offset <= s->size && bytes <= s->size - offset;
}

/* The checksum of a part that a footer names, put into the footer. */
static void fix_part(struct stored *s, uint64_t entry, uint8_t *place, uint32_t offset_at,
                     uint32_t crc_at)
{
    uint64_t offset = entry + files_get(place + offset_at, 4);
    uint64_t bytes = files_get(place + offset_at + 4, 4);
    if (!files_within(s, offset, bytes)) return;
    files_put_crc(place + crc_at, crc32c(0, s->bytes + offset, bytes));
}

/* Footers at the ends of blocks, and all that they vouch for. */
void files_fix_container(struct stored *s)
{
    for (uint64_t at = 0; at + 4096 <= s->size; at += 4096) {
        uint8_t *header = s->bytes + at;
        if (memcmp(header, "LLKVENY1", 8) == 0) files_put_crc(header + 60, crc32c(0, header, 60));
    }
    for (uint64_t end = 4096; end <= s->size; end += 4096) {
        uint8_t *footer = s->bytes + end - ENTRY_END_BYTES;
        if (memcmp(footer, "LLKVFOT1", 8) != 0) continue;
        uint64_t entry = files_get(footer + 48, 8);
        fix_part(s, entry, footer, 152, 160);
        fix_part(s, entry, footer, 164, 172);
        uint64_t table = files_get(footer + 136, 8);
        if (files_within(s, table, 1024))
            files_put_crc(footer + 144, crc32c(0, s->bytes + table, 1024));
        files_put_crc(footer + 228, crc32c(0, footer, 228));
        uint64_t payload = end - SRD_TRAILER_BYTES;
        if (entry < payload)
            files_put_crc(s->bytes + end - 4, crc32_ieee(0, s->bytes + entry, payload - entry));
    }
}

void files_fix_log(struct stored *s, const struct stored *container)
{
    uint32_t seed = 0;
    for (uint64_t at = 0; at < 8192 && files_within(s, at, LOG_SLOT_BYTES); at += 4096) {
        uint8_t *slot = s->bytes + at;
        uint64_t tail = files_get(slot + 56, 8);
        if (tail >= 4096 && files_within(container, tail - 4096, 4096))
            memcpy(slot + 128, container->bytes + tail - ENTRY_END_BYTES + 228, 4);
        files_put_crc(slot + 140, crc32c(0, slot, 140));
        if (files_get(slot + 40, 8) != 0) seed = crc32c(0, slot + 16, 24);
    }
    for (uint64_t at = 8192; at < LOG_LOOKED_BYTES && files_within(s, at, LOG_GROUP_BYTES);
         at += 8) {
        uint8_t *bytes = s->bytes + at;
        if (memcmp(bytes, "LLSGMNT1", 8) == 0) files_put_crc(bytes + 60, crc32c(seed, bytes, 60));
        if (memcmp(bytes, "LGRP", 4) != 0) continue;
        uint64_t payload = files_get(bytes + 56, 4);
        if (files_within(s, at + LOG_GROUP_BYTES, payload))
            files_put_crc(bytes + 64, crc32c(0, bytes + LOG_GROUP_BYTES, payload));
        files_put_crc(bytes + 4, crc32c(seed, bytes + 8, LOG_GROUP_BYTES - 8));
    }
}
