/* The simulated disk loses what it may lose, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "disk.h"

struct world {
    struct arena arena;
    llkv_error error;
    struct cx cx;
    struct disk *disk;
    const struct os_fs *fs;
};

static struct world *world_new(void)
{
    static struct world world; /* tests run one after the other */
    world = (struct world){.error = LLKV_ERROR_INIT};
    world.cx = (struct cx){.arena = &world.arena, .error = &world.error};
    world.disk = disk_new(7);
    world.fs = disk_fs(world.disk);
    return &world;
}

static void world_free(struct world *world)
{
    assert_int_equal(disk_held_count(world->disk), 0);
    disk_free(world->disk);
}

static struct os_fs_file *create(struct world *world, const char *path)
{
    struct os_fs_file *file = NULL;
    assert_int_equal(
        world->fs->open(&world->cx, world->fs, path, OS_WRITE | OS_CREATE | OS_EXCLUSIVE, &file),
        LLKV_OK);
    return file;
}

static void put(struct world *world, struct os_fs_file *file, char byte, uint64_t bytes,
                uint64_t offset, bool dsync)
{
    char data[16384];
    assert_true(bytes <= sizeof data);
    memset(data, byte, bytes);
    assert_int_equal(world->fs->write(&world->cx, file, data, bytes, offset, dsync), LLKV_OK);
}

/* A file "a" whose name is durable. */
static struct os_fs_file *create_durable(struct world *world)
{
    struct os_fs_file *file = create(world, "a");
    assert_int_equal(world->fs->sync(&world->cx, file), LLKV_OK);
    assert_int_equal(world->fs->directory_sync(&world->cx, world->fs, "a"), LLKV_OK);
    return file;
}

/* What a crash now leaves of "a": its bytes as text, "" if it is empty, NULL if it is gone. */
static const char *left(struct world *world, enum disk_loss loss, uint64_t seed)
{
    static char text[16385];
    struct disk_cursor *cursor = disk_cursor_new(world->disk);
    disk_cursor_advance(cursor, disk_position(world->disk));
    struct disk *after = disk_cursor_crash(cursor, loss, seed);
    const struct os_fs *fs = disk_fs(after);
    struct os_fs_file *file = NULL;
    const char *result = NULL;
    if (fs->open(&world->cx, fs, "a", 0, &file) == LLKV_OK) {
        uint64_t bytes = 0;
        memset(text, 0, sizeof text);
        assert_int_equal(fs->read(&world->cx, file, text, sizeof text - 1, 0, &bytes), LLKV_OK);
        os_fs_close(file);
        result = text;
    }
    disk_free(after);
    disk_cursor_free(cursor);
    return result;
}

static void synced_bytes_stay(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create_durable(world);
    put(world, file, 'x', 6000, 0, false);
    assert_int_equal(world->fs->sync(&world->cx, file), LLKV_OK);
    for (uint64_t seed = 0; seed < 50; seed++) {
        for (int loss = 0; loss < DISK_LOSS_COUNT; loss++) {
            const char *text = left(world, (enum disk_loss)loss, seed);
            assert_int_equal(strspn(text, "x"), 6000);
        }
    }
    os_fs_close(file);
    world_free(world);
}

static void unsynced_bytes_come_in_any_part(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create_durable(world);
    put(world, file, 'x', 2048, 0, false);
    assert_string_equal(left(world, DISK_NOTHING, 1), "");
    assert_int_equal(strlen(left(world, DISK_ALL, 1)), 2048);
    assert_int_equal(strlen(left(world, DISK_KILLED, 1)), 2048);
    bool prefix[5] = {false}, hole = false, only_length = false;
    for (uint64_t seed = 0; seed < 300; seed++) {
        size_t length = strlen(left(world, DISK_PREFIX, seed));
        assert_int_equal(length % 512, 0);
        prefix[length / 512] = true;
        const char *text = left(world, DISK_SECTORS, seed);
        hole = hole || (text[0] == 0 && text[600] == 'x');
        struct disk_cursor *cursor = disk_cursor_new(world->disk);
        disk_cursor_advance(cursor, disk_position(world->disk));
        struct disk *after = disk_cursor_crash(cursor, DISK_PAGES, seed);
        only_length = only_length ||
                      (disk_file_size(after, "a") == 2048 && left(world, DISK_PAGES, seed)[0] == 0);
        disk_free(after);
        disk_cursor_free(cursor);
    }
    for (int i = 0; i < 5; i++)
        assert_true(prefix[i]);
    assert_true(hole);
    assert_true(only_length);
    os_fs_close(file);
    world_free(world);
}

static void dsync_covers_its_own_bytes_only(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create_durable(world);
    put(world, file, 'a', 512, 0, false);
    put(world, file, 'b', 512, 512, true);
    put(world, file, 'c', 512, 512, false);
    const char *text = left(world, DISK_NOTHING, 1);
    assert_int_equal(text[0], 0);
    assert_int_equal(text[512], 'b');
    put(world, file, 'd', 512, 512, true);
    for (uint64_t seed = 0; seed < 40; seed++) {
        text = left(world, DISK_WRITES, seed);
        assert_int_equal(text[512], 'd'); /* the older one never comes to lie over it */
    }
    os_fs_close(file);
    world_free(world);
}

static void failed_sync_is_never_made_up_for(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create_durable(world);
    put(world, file, 'a', 512, 0, false);
    disk_fail_nth(world->disk, 1, false, DISK_EIO);
    assert_int_equal(world->fs->sync(&world->cx, file), LLKV_IO);
    put(world, file, 'b', 512, 512, false);
    assert_int_equal(world->fs->sync(&world->cx, file), LLKV_OK);
    const char *text = left(world, DISK_NOTHING, 1);
    assert_int_equal(text[0], 0);
    assert_int_equal(text[512], 'b');
    os_fs_close(file);
    world_free(world);
}

static void names_need_the_directory(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create(world, "new");
    put(world, file, 'x', 100, 0, true);
    assert_int_equal(world->fs->rename(&world->cx, world->fs, "new", "a", false), LLKV_OK);
    assert_null(left(world, DISK_NOTHING, 1));
    assert_int_equal(world->fs->directory_sync(&world->cx, world->fs, "a"), LLKV_OK);
    assert_int_equal(strlen(left(world, DISK_NOTHING, 1)), 100);
    assert_int_equal(world->fs->remove(&world->cx, world->fs, "a"), LLKV_OK);
    assert_int_equal(strlen(left(world, DISK_NOTHING, 1)), 100);
    assert_null(left(world, DISK_ALL, 1));
    struct os_fs_file *other = create(world, "a");
    assert_int_equal(world->fs->rename(&world->cx, world->fs, "a", "a", false), LLKV_EXISTS);
    os_fs_close(other);
    os_fs_close(file);
    world_free(world);
}

/* After the process was killed everything is there, but a cut of the power still takes it. */
static void killed_process_leaves_it_unsynced(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create_durable(world);
    put(world, file, 'x', 100, 0, false);
    os_fs_close(file);
    struct disk_cursor *cursor = disk_cursor_new(world->disk);
    disk_cursor_advance(cursor, disk_position(world->disk));
    struct disk *after = disk_cursor_crash(cursor, DISK_KILLED, 1);
    disk_cursor_free(cursor);
    world_free(world);
    world->disk = after;
    world->fs = disk_fs(after);
    assert_string_equal(left(world, DISK_NOTHING, 1), "");
    assert_int_equal(world->fs->open(&world->cx, world->fs, "a", OS_WRITE, &file), LLKV_OK);
    assert_int_equal(world->fs->sync(&world->cx, file), LLKV_OK);
    assert_int_equal(strlen(left(world, DISK_NOTHING, 1)), 100);
    os_fs_close(file);
    world_free(world);
}

static void calls_fail_on_demand(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *file = create_durable(world);
    char data[1024];
    memset(data, 'x', sizeof data);
    uint64_t bytes = 0;
    disk_fail_nth(world->disk, 1, false, DISK_SHORT);
    assert_int_equal(world->fs->write(&world->cx, file, data, 1024, 0, false), LLKV_IO);
    assert_int_equal(world->fs->size(&world->cx, file, &bytes), LLKV_OK);
    assert_int_equal(bytes, 512);
    disk_fail_nth(world->disk, 2, true, DISK_FULL);
    put(world, file, 'y', 100, 0, false);
    assert_int_equal(world->fs->read(&world->cx, file, data, 10, 0, &bytes), LLKV_OK);
    assert_int_equal(world->fs->write(&world->cx, file, data, 1024, 0, false), LLKV_LIMIT);
    assert_string_equal(world->error.sqlstate, "53100");
    assert_int_equal(world->fs->resize(&world->cx, file, 4096), LLKV_LIMIT);
    disk_fail_nth(world->disk, 0, false, DISK_EIO);
    disk_limit(world->disk, 2000);
    assert_int_equal(world->fs->resize(&world->cx, file, 4096), LLKV_LIMIT);
    assert_int_equal(world->fs->resize(&world->cx, file, 1900), LLKV_OK);
    os_fs_close(file);
    world_free(world);
}

static bool take(struct world *world, struct os_fs_file *file, enum os_lock_kind kind,
                 uint64_t offset, uint64_t bytes)
{
    bool taken = false;
    struct os_lock lock = {kind, offset, bytes};
    assert_int_equal(world->fs->lock(&world->cx, file, &lock, &taken), LLKV_OK);
    return taken;
}

static void locks_belong_to_open_files(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct os_fs_file *one = create_durable(world), *two = NULL;
    assert_int_equal(world->fs->open(&world->cx, world->fs, "a", OS_WRITE, &two), LLKV_OK);
    assert_true(take(world, one, OS_LOCK_EXCLUSIVE, 10, 10));
    assert_true(take(world, one, OS_LOCK_NONE, 14, 2));
    assert_true(take(world, two, OS_LOCK_EXCLUSIVE, 14, 2));
    assert_false(take(world, two, OS_LOCK_SHARED, 16, 1));
    assert_true(take(world, one, OS_LOCK_SHARED, 16, 4));
    assert_true(take(world, two, OS_LOCK_SHARED, 16, 1));
    assert_false(take(world, one, OS_LOCK_EXCLUSIVE, 16, 1));
    struct os_lock probe = {OS_LOCK_EXCLUSIVE, 0, 100};
    bool found = false;
    uint64_t offset = 0;
    assert_int_equal(world->fs->lock_find(&world->cx, two, &probe, &found, &offset), LLKV_OK);
    assert_true(found);
    os_fs_close(one);
    assert_int_equal(world->fs->lock_find(&world->cx, two, &probe, &found, &offset), LLKV_OK);
    assert_false(found);
    os_fs_close(two);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synced_bytes_stay),
        cmocka_unit_test(unsynced_bytes_come_in_any_part),
        cmocka_unit_test(dsync_covers_its_own_bytes_only),
        cmocka_unit_test(failed_sync_is_never_made_up_for),
        cmocka_unit_test(names_need_the_directory),
        cmocka_unit_test(killed_process_leaves_it_unsynced),
        cmocka_unit_test(calls_fail_on_demand),
        cmocka_unit_test(locks_belong_to_open_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
