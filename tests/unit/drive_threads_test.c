/* Threads write, read, list and compact one drive: each sees its own keys as it left them, and
 * never a value that nobody wrote. */
#define _DEFAULT_SOURCE 1
#include <pthread.h>
#include <unistd.h>

#include "drive_testing.h"

enum { WRITERS = 3, ROUNDS = 300, KEYS_EACH = 10 };

struct worker {
    llkv_drive *drive;
    uint64_t number;
    bool right;
};

/* A value says whose it is: its key, and the round it was written in. */
static bool check_view(const llkv_drive_view *view, uint64_t key, uint64_t at_least)
{
    uint64_t value[3];
    if (view->data == NULL) return false;
    if (view->bytes != sizeof value) return false;
    memcpy(value, view->data, sizeof value);
    return value[0] == key && value[1] >= at_least && value[2] == (value[0] ^ value[1]);
}

static void *write_keys(void *arg)
{
    struct worker *worker = arg;
    llkv_error error = LLKV_ERROR_INIT;
    worker->right = true;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t key = worker->number * KEYS_EACH + round % KEYS_EACH;
        uint64_t value[3] = {key, round, key ^ round};
        llkv_drive_view view = {0};
        bool fine = llkv_drive_put(worker->drive, key, value, sizeof value, &error) == LLKV_OK &&
                    llkv_drive_get(worker->drive, key, &view, &error) == LLKV_OK &&
                    check_view(&view, key, round);
        llkv_drive_release(&view);
        worker->right = worker->right && fine;
    }
    return NULL;
}

static void *read_keys(void *arg)
{
    struct worker *worker = arg;
    llkv_error error = LLKV_ERROR_INIT;
    worker->right = true;
    for (int round = 0; round < ROUNDS / 10; round++) {
        llkv_drive_cursor *cursor = NULL;
        llkv_drive_entry entry;
        if (llkv_drive_cursor_open(worker->drive, &cursor, &error) != LLKV_OK) return NULL;
        while (llkv_drive_cursor_next(cursor, &entry)) {
            llkv_drive_view view = {0};
            bool fine = llkv_drive_get(worker->drive, entry.key, &view, &error) == LLKV_OK &&
                        check_view(&view, entry.key, 0);
            llkv_drive_release(&view);
            worker->right = worker->right && fine;
        }
        llkv_drive_cursor_close(cursor);
    }
    return NULL;
}

static void *compact_often(void *arg)
{
    struct worker *worker = arg;
    llkv_error error = LLKV_ERROR_INIT;
    worker->right = true;
    for (int round = 0; round < 10; round++)
        worker->right = worker->right && llkv_drive_compact(worker->drive, &error) == LLKV_OK;
    return NULL;
}

static void run_threads(bool no_map)
{
    const char *path = scratch_path("threads");
    llkv_drive_options options = {.struct_size = sizeof options, .no_sync = true, .no_map = no_map};
    llkv_drive *drive = NULL;
    assert_ok(llkv_drive_open(path, &options, &drive, error));
    struct worker workers[WRITERS + 2];
    pthread_t threads[WRITERS + 2];
    for (uint64_t i = 0; i < WRITERS + 2; i++) {
        workers[i] = (struct worker){.drive = drive, .number = i};
        void *(*run)(void *) = i < WRITERS ? write_keys : i == WRITERS ? read_keys : compact_often;
        assert_int_equal(pthread_create(&threads[i], NULL, run, &workers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS + 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].right);
    }
    assert_int_equal(llkv_drive_count(drive), WRITERS * KEYS_EACH);
    close_drive(drive);
    assert_int_equal(verify(path, NULL, NULL).damages, 0);
    assert_int_equal(unlink(path), 0);
}

static void threads_share_a_drive(void **state)
{
    (void)state;
    run_threads(false);
    run_threads(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_a_drive)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
