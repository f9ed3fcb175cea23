/* The operating system's files through struct os_fs. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_fault.h"
#include "base/os_fs.h"

static char directory[64];
static llkv_error error = LLKV_ERROR_INIT;
static struct cx cx = {.error = &error}; /* without an arena: the file system needs none */
static char paths[4][96];

static char *path_of(uint32_t i)
{
    snprintf(paths[i], sizeof paths[i], "%s/%c", directory, (char)('a' + i));
    return paths[i];
}

static int make_directory(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%.40s/llkv-XXXXXX", base == NULL ? "/tmp" : base);
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    int result = rmdir(directory);
    return result != 0 || mem_used_bytes() != 0;
}

static struct os_fs_file *open_file(const char *path)
{
    const struct os_fs *fs = os_fs_native();
    struct os_fs_file *file = NULL;
    assert_int_equal(fs->open(&cx, fs, path, OS_WRITE | OS_CREATE, &file), LLKV_OK);
    assert_ptr_equal(file->fs, fs);
    return file;
}

static void files_hold_what_is_written(void **state)
{
    (void)state;
    const struct os_fs *fs = os_fs_native();
    struct os_fs_file *file = open_file(path_of(0));
    uint8_t text[8] = {0};
    uint64_t bytes = 0;
    assert_int_equal(os_fs_write(&cx, file, "abcd", 4, 0), LLKV_OK);
    assert_int_equal(fs->write(&cx, file, "efgh", 4, 4, true), LLKV_OK);
    assert_int_equal(os_fs_sync(&cx, file), LLKV_OK);
    assert_int_equal(os_fs_read(&cx, file, text, 8, 0), LLKV_OK);
    assert_memory_equal(text, "abcdefgh", 8);
    assert_int_equal(os_fs_read(&cx, file, text, 8, 1), LLKV_CORRUPT);
    assert_int_equal(fs->read(&cx, file, text, 8, 6, &bytes), LLKV_OK);
    assert_int_equal(bytes, 2);
    assert_int_equal(fs->resize(&cx, file, 6), LLKV_OK);
    assert_int_equal(fs->reserve(&cx, file, 3 * OS_MAP_ALIGN), LLKV_OK);
    assert_int_equal(fs->size(&cx, file, &bytes), LLKV_OK);
    assert_int_equal(bytes, 3 * OS_MAP_ALIGN);
    os_fs_close(file);
    os_fs_close(NULL);
    assert_int_equal(fs->remove(&cx, fs, path_of(0)), LLKV_OK);
}

static void ranges_are_mapped_and_punched(void **state)
{
    (void)state;
    const struct os_fs *fs = os_fs_native();
    struct os_fs_file *file = open_file(path_of(0));
    uint8_t *block = malloc(OS_MAP_ALIGN);
    memset(block, 'x', OS_MAP_ALIGN);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(os_fs_write(&cx, file, block, OS_MAP_ALIGN, i * OS_MAP_ALIGN), LLKV_OK);
    const void *data = NULL;
    assert_int_equal(fs->map(&cx, file, OS_MAP_ALIGN, 2 * OS_MAP_ALIGN, &data), LLKV_OK);
    assert_memory_equal(data, block, OS_MAP_ALIGN);
    bool done = false;
    assert_int_equal(fs->punch(&cx, file, OS_MAP_ALIGN, OS_MAP_ALIGN, &done), LLKV_OK);
    assert_int_equal(os_fs_read(&cx, file, block, 1, OS_MAP_ALIGN), LLKV_OK);
    assert_int_equal(block[0], done ? 0 : 'x');
    assert_int_equal(os_fs_read(&cx, file, block, 1, OS_MAP_ALIGN - 1), LLKV_OK);
    assert_int_equal(block[0], 'x');
    assert_int_equal(fs->punch(&cx, file, UINT64_MAX, 1, &done), LLKV_LIMIT);
    fs->unmap(fs, data, 2 * OS_MAP_ALIGN);
    free(block);
    os_fs_close(file);
    assert_int_equal(fs->remove(&cx, fs, path_of(0)), LLKV_OK);
}

/* A page that is not there any more reads as zeros, and is counted. */
static void lost_pages_are_counted(void **state)
{
    (void)state;
    const struct os_fs *fs = os_fs_native();
    struct os_fs_file *file = open_file(path_of(0));
    uint8_t *block = malloc(OS_MAP_ALIGN);
    memset(block, 'x', OS_MAP_ALIGN);
    assert_int_equal(os_fs_write(&cx, file, block, OS_MAP_ALIGN, 0), LLKV_OK);
    const void *data = NULL;
    assert_int_equal(fs->map(&cx, file, 0, OS_MAP_ALIGN, &data), LLKV_OK);
    const volatile uint8_t *bytes = data;
    uint64_t before = os_fault_count();
    assert_int_equal(bytes[OS_MAP_ALIGN - 1], 'x');
    assert_int_equal(os_fault_count(), before);
    assert_int_equal(fs->resize(&cx, file, 100), LLKV_OK);
    assert_int_equal(bytes[OS_MAP_ALIGN - 1], 0);
    assert_int_equal(os_fault_count(), before + 1);
    assert_int_equal(bytes[99], 'x');
    assert_int_equal(os_fault_count(), before + 1);
    fs->unmap(fs, data, OS_MAP_ALIGN);
    free(block);
    os_fs_close(file);
    assert_int_equal(fs->remove(&cx, fs, path_of(0)), LLKV_OK);
}

/* Locks belong to the open file, so two opens in one process meet. */
static void locks_meet(void **state)
{
    (void)state;
    const struct os_fs *fs = os_fs_native();
    const uint64_t far = UINT64_C(1) << 62;
    struct os_fs_file *a = open_file(path_of(0));
    struct os_fs_file *b = open_file(path_of(0));
    struct os_lock shared = {OS_LOCK_SHARED, far + 7, 1};
    struct os_lock exclusive = {OS_LOCK_EXCLUSIVE, far, 100};
    bool taken = false;
    bool found = true;
    uint64_t offset = 1;
    assert_int_equal(fs->lock_find(&cx, b, &exclusive, &found, &offset), LLKV_OK);
    assert_false(found);
    assert_int_equal(offset, 0);
    assert_int_equal(fs->lock(&cx, a, &shared, &taken), LLKV_OK);
    assert_true(taken);
    assert_int_equal(fs->lock(&cx, b, &shared, &taken), LLKV_OK);
    assert_true(taken);
    assert_int_equal(fs->lock(&cx, b, &exclusive, &taken), LLKV_OK);
    assert_false(taken);
    assert_int_equal(fs->lock_find(&cx, b, &exclusive, &found, &offset), LLKV_OK);
    assert_true(found);
    assert_int_equal(offset, far + 7);
    os_fs_close(a);
    assert_int_equal(fs->lock(&cx, b, &exclusive, &taken), LLKV_OK);
    assert_true(taken);
    exclusive.kind = OS_LOCK_NONE;
    assert_int_equal(fs->lock(&cx, b, &exclusive, &taken), LLKV_OK);
    assert_true(taken);
    os_fs_close(b);
    assert_int_equal(fs->remove(&cx, fs, path_of(0)), LLKV_OK);
}

static void names_and_identities(void **state)
{
    (void)state;
    const struct os_fs *fs = os_fs_native();
    struct os_fs_file *file = open_file(path_of(0));
    struct os_file_id of_file = {0};
    struct os_file_id of_name = {0};
    bool exists = true;
    assert_int_equal(fs->identity(&cx, file, &of_file), LLKV_OK);
    assert_int_equal(fs->find(&cx, fs, path_of(1), &exists, &of_name), LLKV_OK);
    assert_false(exists);
    os_fs_close(open_file(path_of(1)));
    assert_int_equal(fs->rename(&cx, fs, path_of(0), path_of(1), false), LLKV_EXISTS);
    assert_int_equal(fs->rename(&cx, fs, path_of(0), path_of(1), true), LLKV_OK);
    assert_int_equal(fs->rename(&cx, fs, path_of(1), path_of(2), false), LLKV_OK);
    assert_int_equal(fs->rename(&cx, fs, path_of(1), path_of(0), false), LLKV_NAME);
    assert_int_equal(fs->find(&cx, fs, path_of(2), &exists, &of_name), LLKV_OK);
    assert_true(exists);
    assert_memory_equal(&of_file, &of_name, sizeof of_file);
    assert_int_equal(fs->directory_sync(&cx, fs, path_of(2)), LLKV_OK);
    os_fs_close(file);
    assert_int_equal(fs->remove(&cx, fs, path_of(2)), LLKV_OK);
    assert_int_equal(fs->remove(&cx, fs, path_of(2)), LLKV_NAME);
    struct os_fs_file *none = NULL;
    assert_int_equal(fs->open(&cx, fs, directory, 0, &none), LLKV_IO);
    assert_null(none);
    uint64_t numbers[2] = {0};
    assert_int_equal(fs->random(&cx, fs, numbers, sizeof numbers), LLKV_OK);
    assert_true(numbers[0] != numbers[1]);
    assert_int_equal(fs->process(fs).process_id, getpid());
}

static void failures_come_back(void **state)
{
    (void)state;
    const struct os_fs *fs = os_fs_native();
    for (int64_t nth = 1;; nth++) {
        struct os_fs_file *file = NULL;
        struct os_lock lock = {OS_LOCK_SHARED, 0, 1};
        const void *data = NULL;
        uint64_t offset = 0;
        bool flag;
        (void)unlink(path_of(1)); /* left by a failure to remove it */
        os_fail_nth(nth, true);
        llkv_code rc = fs->open(&cx, fs, path_of(0), OS_WRITE | OS_CREATE, &file);
        if (rc == LLKV_OK) rc = fs->write(&cx, file, "text", 4, 0, true);
        if (rc == LLKV_OK) rc = fs->lock(&cx, file, &lock, &flag);
        if (rc == LLKV_OK) rc = fs->lock_find(&cx, file, &lock, &flag, &offset);
        if (rc == LLKV_OK) rc = fs->map(&cx, file, 0, 4, &data);
        if (data != NULL) fs->unmap(fs, data, 4);
        if (rc == LLKV_OK) rc = fs->punch(&cx, file, 0, 4, &flag);
        if (rc == LLKV_OK) rc = fs->find(&cx, fs, path_of(0), &flag, NULL);
        if (rc == LLKV_OK) rc = fs->rename(&cx, fs, path_of(0), path_of(1), false);
        if (rc == LLKV_OK) rc = fs->remove(&cx, fs, path_of(1));
        os_fail_nth(0, false);
        os_fs_close(file);
        if (rc == LLKV_OK) {
            assert_int_equal(nth, 10);
            return;
        }
        assert_int_equal(rc, LLKV_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: the test runner puts its own signal handlers before each test. */
        cmocka_unit_test(lost_pages_are_counted),
        cmocka_unit_test(files_hold_what_is_written),
        cmocka_unit_test(ranges_are_mapped_and_punched),
        cmocka_unit_test(locks_meet),
        cmocka_unit_test(names_and_identities),
        cmocka_unit_test(failures_come_back),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
