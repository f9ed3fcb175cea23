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

#include "base/os_file.h"

static char directory[64];
static struct arena arena;
static llkv_error error = LLKV_ERROR_INIT;
static struct cx cx = {.arena = &arena, .error = &error};

static char *path_of(const char *name)
{
    char *path = cx_printf(&cx, "%s/%s", directory, name);
    assert_non_null(path);
    return path;
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
    arena_deinit(&arena);
    return result != 0 || mem_used_bytes() != 0;
}

static void files_are_written_and_read(void **state)
{
    (void)state;
    struct os_file file = {0};
    assert_false(os_file_is_open(&file));
    os_file_close(&file);
    char *path = path_of("a");
    assert_int_equal(os_file_open(&cx, path, 0, &file), LLKV_NAME);
    assert_string_equal(error.sqlstate, "58P01");
    assert_non_null(strstr(error.message, path));
    assert_int_equal(os_file_open(&cx, path, OS_WRITE | OS_CREATE, &file), LLKV_OK);
    assert_true(os_file_is_open(&file));
    assert_int_equal(os_file_write(&cx, &file, "hello", 5, 10), LLKV_OK);
    uint64_t size;
    assert_int_equal(os_file_size(&cx, &file, &size), LLKV_OK);
    assert_int_equal(size, 15);
    char text[20] = "";
    assert_int_equal(os_file_read(&cx, &file, text, 15, 0), LLKV_OK);
    assert_memory_equal(text, "\0\0\0\0\0\0\0\0\0\0hello", 15);
    assert_int_equal(os_file_read(&cx, &file, text, 16, 0), LLKV_CORRUPT);
    assert_int_equal(os_file_read_some(&cx, &file, text, 16, 12, &size), LLKV_OK);
    assert_int_equal(size, 3);
    assert_int_equal(os_file_sync(&cx, &file), LLKV_OK);
    assert_int_equal(os_file_reserve(&cx, &file, 10000), LLKV_OK);
    assert_int_equal(os_file_size(&cx, &file, &size), LLKV_OK);
    assert_int_equal(size, 10000);
    assert_int_equal(os_file_reserve(&cx, &file, 100), LLKV_OK);
    const void *data;
    assert_int_equal(os_file_map(&cx, &file, 0, 100000, &data), LLKV_OK); /* shows what comes */
    assert_int_equal(os_file_write(&cx, &file, "later", 5, 50000), LLKV_OK);
    assert_memory_equal((const char *)data + 50000, "later", 5);
    os_file_unmap(data, 100000);
    assert_int_equal(os_file_map(&cx, &file, 0, 15, &data), LLKV_OK);
    os_file_close(&file);
    assert_memory_equal((const char *)data + 10, "hello", 5);
    os_file_unmap(data, 15);
    assert_int_equal(os_file_open(&cx, path, OS_WRITE, &file), LLKV_OK);
    assert_int_equal(os_file_map(&cx, &file, 0, 0, &data), LLKV_OK);
    assert_null(data);
    assert_int_equal(os_file_resize(&cx, &file, 3), LLKV_OK);
    assert_int_equal(os_file_size(&cx, &file, &size), LLKV_OK);
    assert_int_equal(size, 3);
    assert_int_equal(os_file_resize(&cx, &file, UINT64_MAX), LLKV_LIMIT);
    os_file_close(&file);
    assert_int_equal(os_file_open(&cx, path, OS_WRITE | OS_TRUNCATE, &file), LLKV_OK);
    assert_int_equal(os_file_size(&cx, &file, &size), LLKV_OK);
    assert_int_equal(size, 0);
    os_file_close(&file);
    assert_int_equal(os_file_remove(&cx, path), LLKV_OK);
    assert_int_equal(os_file_remove(&cx, path), LLKV_NAME);
}

static void only_plain_files_are_opened(void **state)
{
    (void)state;
    struct os_file file = {0};
    char *fifo = path_of("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(os_file_open(&cx, fifo, 0, &file), LLKV_IO); /* and it does not hang */
    assert_non_null(strstr(error.message, "not a regular file"));
    assert_int_equal(os_file_open(&cx, directory, 0, &file), LLKV_IO);
    assert_int_equal(os_file_open(&cx, directory, OS_WRITE, &file), LLKV_IO);
    assert_int_equal(os_file_open(&cx, "/dev/null", OS_WRITE, &file), LLKV_IO);
    char *link = path_of("link");
    char *path = path_of("a");
    assert_int_equal(symlink("a", link), 0);
    assert_int_equal(os_file_open(&cx, path, OS_WRITE | OS_CREATE | OS_PRIVATE, &file), LLKV_OK);
    os_file_close(&file);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(os_file_open(&cx, link, 0, &file), LLKV_OK);
    os_file_close(&file);
    assert_int_equal(os_file_open(&cx, link, OS_NO_FOLLOW, &file), LLKV_IO);
    uint32_t fresh = OS_WRITE | OS_CREATE | OS_EXCLUSIVE;
    assert_int_equal(os_file_open(&cx, path, fresh, &file), LLKV_EXISTS);
    assert_false(os_file_is_open(&file));
    assert_int_equal(os_file_remove(&cx, fifo), LLKV_OK);
    assert_int_equal(os_file_remove(&cx, link), LLKV_OK);
    assert_int_equal(os_file_remove(&cx, path), LLKV_OK);
}

static void names_change(void **state)
{
    (void)state;
    struct os_file file = {0};
    char *a = path_of("a");
    char *b = path_of("b");
    bool exists;
    assert_int_equal(os_file_open(&cx, a, OS_WRITE | OS_CREATE, &file), LLKV_OK);
    os_file_close(&file);
    assert_int_equal(os_file_rename(&cx, a, b), LLKV_OK);
    assert_int_equal(os_file_find(&cx, a, &exists, NULL), LLKV_OK);
    assert_false(exists);
    assert_int_equal(os_file_find(&cx, b, &exists, NULL), LLKV_OK);
    assert_true(exists);
    assert_int_equal(os_file_rename(&cx, a, b), LLKV_NAME);
    assert_int_equal(os_directory_sync(&cx, b), LLKV_OK);
    assert_int_equal(os_directory_sync(&cx, "name"), LLKV_OK);
    assert_int_equal(os_directory_sync(&cx, "/name"), LLKV_OK);
    assert_int_equal(os_directory_sync(&cx, path_of("none/name")), LLKV_NAME);
    assert_int_equal(os_file_remove(&cx, b), LLKV_OK);
}

static void temporary_files_have_no_name(void **state)
{
    (void)state;
    struct os_file file = {0};
    assert_int_equal(os_file_open_temporary(&cx, directory, &file), LLKV_OK);
    assert_int_equal(os_file_write(&cx, &file, "x", 1, 100000), LLKV_OK);
    os_file_close(&file);
    assert_int_equal(os_file_open_temporary(&cx, path_of("none"), &file), LLKV_NAME);
}

/* Every operation fails in turn; each error comes back, and nothing leaks. */
static void failures_come_back(void **state)
{
    (void)state;
    char *path = path_of("a");
    for (int64_t nth = 1;; nth++) {
        struct os_file file = {0};
        char text[4];
        os_fail_nth(nth, true);
        llkv_code rc = os_file_open(&cx, path, OS_WRITE | OS_CREATE, &file);
        if (rc == LLKV_OK) rc = os_file_write(&cx, &file, "text", 4, 0);
        if (rc == LLKV_OK) rc = os_file_sync(&cx, &file);
        if (rc == LLKV_OK) rc = os_file_read(&cx, &file, text, 4, 0);
        if (rc == LLKV_OK) rc = os_file_resize(&cx, &file, 3);
        if (rc == LLKV_OK) rc = os_file_reserve(&cx, &file, 5);
        if (rc == LLKV_OK) rc = os_directory_sync(&cx, path);
        if (rc == LLKV_OK) rc = os_file_remove(&cx, path);
        os_fail_nth(0, false);
        os_file_close(&file);
        if (rc == LLKV_OK) {
            assert_int_equal(nth, 9);
            break;
        }
        assert_int_equal(rc, LLKV_IO);
        assert_string_equal(error.sqlstate, "58030");
    }
    mem_fail_nth(1, true);
    struct os_file file = {0};
    assert_int_equal(os_file_open(&cx, path, OS_WRITE | OS_CREATE, &file), LLKV_NOMEM);
    mem_fail_nth(0, false);
    assert_int_equal(os_file_remove(&cx, path), LLKV_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_written_and_read),
        cmocka_unit_test(only_plain_files_are_opened),
        cmocka_unit_test(names_change),
        cmocka_unit_test(temporary_files_have_no_name),
        cmocka_unit_test(failures_come_back),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
