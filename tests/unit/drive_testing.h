/* drive_testing.h -- drives in scratch files, and files as bytes, for the tests of drives. The
 * first include. */
#ifndef DRIVE_TESTING_H
#define DRIVE_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "llkv.h"
#include "storage/srd.h"

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        llkv_error ok_error_ = LLKV_ERROR_INIT;                                                    \
        llkv_error *error = &ok_error_;                                                            \
        if ((call) != LLKV_OK) fail_msg("%s: %s", #call, ok_error_.message);                       \
    } while (0)

/* The code, and that the error object says the same, with a message. */
#define assert_code(call, wanted)                                                                  \
    do {                                                                                           \
        llkv_error code_error_ = LLKV_ERROR_INIT;                                                  \
        llkv_error *error = &code_error_;                                                          \
        llkv_code code_rc_ = (call);                                                               \
        if (code_rc_ != (wanted)) fail_msg("%s: %d: %s", #call, code_rc_, code_error_.message);    \
        assert_int_equal(code_error_.code, (wanted));                                              \
        assert_true(code_error_.message[0] != '\0');                                               \
    } while (0)

struct bytes {
    uint8_t *data;
    size_t size;
};

/* A folder that is new for every process, and a name in it. In memory if that can be had: the tests
 * sync thousands of times, and ask nothing of the medium. */
static inline const char *scratch_path(const char *name)
{
    static char folder[64], paths[32][128];
    if (folder[0] == '\0') {
        const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        (void)snprintf(folder, sizeof folder, "%s/llkv-drive-XXXXXX", where);
        assert_non_null(mkdtemp(folder));
    }
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (paths[i][0] == '\0') memcpy(paths[i], path, sizeof path);
        if (strcmp(paths[i], path) == 0) return paths[i];
    }
    fail_msg("too many names");
    return NULL;
}

/* What a compaction of `path` writes to. */
static inline const char *compact_path(const char *path)
{
    char name[64];
    int len = snprintf(name, sizeof name, "%s-compact", strrchr(path, '/') + 1);
    assert_true(len > 0 && (size_t)len < sizeof name);
    return scratch_path(name);
}

static inline int scratch_remove(void **state)
{
    char folder[128];
    (void)state;
    memcpy(folder, scratch_path(""), sizeof folder);
    folder[strlen(folder) - 1] = '\0';
    return rmdir(folder); /* every test removes its own files */
}

static inline struct bytes file_load(const char *path)
{
    struct bytes bytes = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    bytes.size = (size_t)ftell(file);
    bytes.data = malloc(bytes.size + 1);
    assert_non_null(bytes.data);
    rewind(file);
    assert_int_equal(fread(bytes.data, 1, bytes.size, file), bytes.size);
    (void)fclose(file); /* only read */
    return bytes;
}

static inline void file_store(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline size_t file_size(const char *path)
{
    struct bytes bytes = file_load(path);
    free(bytes.data);
    return bytes.size;
}

static inline struct bytes vector_load(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", DRIVE_DATA, name);
    return file_load(path);
}

static inline llkv_drive_key key_of(const char *text)
{
    return llkv_drive_key_of(text, strlen(text));
}

static inline llkv_code try_open(const char *path, llkv_drive_mode mode, llkv_drive **out_drive,
                                 llkv_error *error)
{
    llkv_drive_options options = {.struct_size = sizeof options, .mode = mode, .no_sync = true};
    return llkv_drive_open(path, &options, out_drive, error);
}

static inline llkv_drive *open_drive(const char *path, llkv_drive_mode mode)
{
    llkv_drive *drive = NULL;
    assert_ok(try_open(path, mode, &drive, error));
    return drive;
}

static inline void close_drive(llkv_drive *drive)
{
    assert_ok(llkv_drive_close(drive, error));
}

static inline void put(llkv_drive *drive, llkv_drive_key key, const void *value, size_t bytes)
{
    assert_ok(llkv_drive_put(drive, key, value, bytes, error));
}

static inline void assert_value(llkv_drive *drive, llkv_drive_key key, const void *value,
                                size_t bytes)
{
    llkv_drive_view view;
    assert_ok(llkv_drive_get(drive, key, &view, error));
    assert_non_null(view.data);
    assert_int_equal(view.bytes, bytes);
    assert_memory_equal(view.data, value, bytes);
    assert_int_equal((uintptr_t)view.data % 64, 0);
    assert_true(llkv_drive_exists(drive, key));
    llkv_drive_release(&view);
}

static inline void assert_absent(llkv_drive *drive, llkv_drive_key key)
{
    llkv_drive_view view;
    assert_ok(llkv_drive_get(drive, key, &view, error));
    assert_null(view.data);
    assert_false(llkv_drive_exists(drive, key));
    llkv_drive_release(&view);
}

static inline llkv_drive_report verify(const char *path, llkv_drive_damage_fn *fn, void *arg)
{
    llkv_drive_report report = {.struct_size = sizeof report};
    assert_ok(llkv_drive_verify(path, fn, arg, &report, error));
    return report;
}

static inline llkv_drive_info info_of(llkv_drive *drive)
{
    llkv_drive_info info = {.struct_size = sizeof info};
    llkv_drive_info_get(drive, &info);
    return info;
}

/* Numbers that are the same in every run. */
static inline uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = *state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}
#endif
