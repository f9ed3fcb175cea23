/* Every file operation and every allocation fails once, and for good, at every place of a script:
 * what was acknowledged is there, what was refused is not, and nothing leaks. */
#define _DEFAULT_SOURCE 1
#include <fcntl.h>
#include <unistd.h>

#include "base/os_file.h"
#include "drive_testing.h"

enum { KEYS = 5, BIG_BYTES = 300000 };

/* What each key must have: NULL none, else the text; `maybe` where the outcome is unknown. */
struct model {
    const char *now[KEYS], *maybe[KEYS];
    bool failed; /* some call did */
};

static char big[BIG_BYTES + 1];

/* The outcome of a call that gives `key` the value `value`. */
static void note(struct model *model, llkv_code rc, uint64_t key, const char *value)
{
    if (rc == LLKV_OK) model->now[key] = model->maybe[key] = value;
    if (rc == LLKV_UNKNOWN) model->maybe[key] = value;
    if (rc != LLKV_OK) model->failed = true;
}

static void write_values(llkv_drive *drive, struct model *m)
{
    llkv_error error = LLKV_ERROR_INIT;
    note(m, llkv_drive_put(drive, 0, "zero", 4, &error), 0, "zero");
    llkv_drive_item items[] = {{1, "one", 3}, {2, "two", 3}, {0, NULL, 0}};
    llkv_code rc = llkv_drive_put_batch(drive, items, 3, &error);
    note(m, rc, 1, "one");
    note(m, rc, 2, "two");
    note(m, rc, 0, NULL);
    note(m, llkv_drive_put(drive, 3, big, BIG_BYTES, &error), 3, big);
    llkv_drive_stream *stream = NULL;
    rc = llkv_drive_stream_begin(drive, 4, &stream, &error);
    for (int i = 0; rc == LLKV_OK && i < 2; i++)
        rc = llkv_drive_stream_write(stream, big + i * BIG_BYTES / 2, BIG_BYTES / 2, &error);
    if (rc == LLKV_OK) {
        note(m, llkv_drive_stream_finish(stream, &error), 4, big);
    } else {
        m->failed = true;
        llkv_drive_stream_abort(stream);
    }
}

static void change_values(llkv_drive *drive, struct model *m)
{
    llkv_error error = LLKV_ERROR_INIT;
    bool existed = false;
    llkv_code rc = llkv_drive_delete(drive, 1, &existed, &error);
    if (rc != LLKV_OK || existed) note(m, rc, 1, NULL);
    rc = llkv_drive_rename(drive, 3, 1, &error);
    note(m, rc, 1, big);
    note(m, rc, 3, NULL);
    llkv_code copied = llkv_drive_copy(drive, 2, drive, 0, &error);
    note(m, copied, 0, "two");
    rc = llkv_drive_compact(drive, &error);
    if (rc != LLKV_OK) m->failed = true;
    note(m, llkv_drive_put(drive, 2, "after", 5, &error), 2, "after");
    rc = llkv_drive_sync(drive, &error);
    if (rc != LLKV_OK) m->failed = true;
}

static bool has(llkv_drive *drive, uint64_t key, const char *text)
{
    llkv_drive_view view;
    assert_ok(llkv_drive_get(drive, key, &view, error));
    size_t bytes = text == NULL ? 0 : strlen(text);
    bool same = view.bytes == bytes && (bytes == 0 || memcmp(view.data, text, bytes) == 0);
    llkv_drive_release(&view);
    return same;
}

static void assert_model(llkv_drive *drive, const struct model *m)
{
    for (uint64_t key = 0; key < KEYS; key++)
        if (!has(drive, key, m->now[key]) && !has(drive, key, m->maybe[key]))
            fail_msg("key %llu has another value", (unsigned long long)key);
}

/* Returns whether nothing failed. */
static bool run_script(const char *path, struct model *m)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive *drive = NULL;
    llkv_code rc = llkv_drive_open(path, NULL, &drive, &error);
    assert_int_equal(rc, rc == LLKV_OK ? LLKV_OK : error.code);
    if (rc != LLKV_OK) return false;
    write_values(drive, m);
    change_values(drive, m);
    llkv_drive_view view;
    llkv_code got = llkv_drive_get(drive, 2, &view, &error);
    llkv_drive_release(&view);
    llkv_drive_cursor *cursor = NULL;
    llkv_code listed = llkv_drive_cursor_open(drive, &cursor, &error);
    llkv_drive_cursor_close(cursor);
    llkv_code closed = llkv_drive_close(drive, &error);
    return closed == LLKV_OK && got == LLKV_OK && listed == LLKV_OK && !m->failed;
}

static int free_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);
    assert_true(fd >= 0);
    (void)close(fd); /* only its number counts */
    return fd;
}

static void fail_at(int64_t n, bool for_good, bool memory)
{
    if (memory)
        mem_fail_nth(n, for_good);
    else
        os_fail_nth(n, for_good);
}

/* One run with the nth call failing. Returns whether the script got to its end with all done. */
static bool run_failing(int64_t n, bool for_good, bool memory)
{
    const char *path = scratch_path("fault");
    struct model m = {.failed = false};
    int64_t used = mem_used_bytes();
    int descriptor = free_descriptor();
    fail_at(n, for_good, memory);
    bool done = run_script(path, &m);
    fail_at(0, false, memory);
    assert_int_equal(mem_used_bytes(), used);
    assert_int_equal(free_descriptor(), descriptor);
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    assert_model(drive, &m);
    put(drive, 1, "again", 5);
    close_drive(drive);
    assert_int_equal(verify(path, NULL, NULL).damages, 0);
    const char *left = compact_path(path);
    (void)unlink(left); /* there only if the removal failed as well */
    assert_int_equal(unlink(path), 0);
    return done;
}

static void fail_everywhere(bool for_good, bool memory, int64_t least)
{
    int64_t n = 1;
    while (!run_failing(n, for_good, memory))
        assert_true(++n < 10000);
    assert_true(n > least);
}

static void file_operations_fail_once(void **state)
{
    (void)state;
    fail_everywhere(false, false, 60);
}

static void file_operations_fail_for_good(void **state)
{
    (void)state;
    fail_everywhere(true, false, 60);
}

static void allocations_fail(void **state)
{
    (void)state;
    fail_everywhere(false, true, 20);
    fail_everywhere(true, true, 20);
}

/* Readers, verify and salvage: an error or the right answer, and nothing left behind. */
static bool survey_failing(const char *path, int64_t n, bool memory)
{
    const char *to = scratch_path("saved");
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_report report = {.struct_size = sizeof report};
    llkv_drive *drive = NULL;
    int64_t used = mem_used_bytes();
    int descriptor = free_descriptor();
    fail_at(n, false, memory);
    llkv_code opened = try_open(path, LLKV_DRIVE_READ, &drive, &error);
    llkv_code closed = llkv_drive_close(drive, &error);
    llkv_code verified = llkv_drive_verify(path, NULL, NULL, &report, &error);
    if (verified == LLKV_OK) assert_int_equal(report.damages, 2);
    llkv_code saved = llkv_drive_salvage(path, to, &report, &error);
    fail_at(0, false, memory);
    /* Where opening failed behind the making of the file, an empty one stays. */
    if (saved != LLKV_OK && access(to, F_OK) == 0) assert_int_equal(file_size(to), 0);
    assert_true(unlink(to) == 0 || saved != LLKV_OK);
    assert_int_equal(closed, LLKV_OK);
    assert_int_equal(mem_used_bytes(), used);
    assert_int_equal(free_descriptor(), descriptor);
    return opened == LLKV_OK && verified == LLKV_OK && saved == LLKV_OK;
}

static void surveys_fail(void **state)
{
    (void)state;
    const char *path = scratch_path("survey");
    struct bytes basic = vector_load("basic.bin");
    basic.data[100] ^= 1;
    basic.data[300] ^= 1;
    file_store(path, basic.data, basic.size);
    free(basic.data);
    for (int memory = 0; memory < 2; memory++) {
        int64_t n = 1;
        while (!survey_failing(path, n, memory == 1))
            assert_true(++n < 1000);
        assert_true(n > 10);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    memset(big, 'b', BIG_BYTES);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_operations_fail_once),
        cmocka_unit_test(file_operations_fail_for_good),
        cmocka_unit_test(allocations_fail),
        cmocka_unit_test(surveys_fail),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
