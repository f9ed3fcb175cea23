/* What a drive stores, hides, deletes, renames, copies and compacts; who may open it. */
#define _DEFAULT_SOURCE 1
#include <sys/wait.h>
#include <unistd.h>

#include "drive_testing.h"

static void assert_file(const char *path, const char *vector)
{
    struct bytes made = file_load(path), kept = vector_load(vector);
    assert_int_equal(made.size, kept.size);
    assert_memory_equal(made.data, kept.data, kept.size);
    free(made.data);
    free(kept.data);
}

static void vectors_are_written(void **state)
{
    (void)state;
    const char *path = scratch_path("vector");
    uint8_t bob[70], key1[64];
    for (size_t i = 0; i < sizeof bob; i++)
        bob[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof key1; i++)
        key1[i] = (uint8_t)(0x80 + i);
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_NEW);
    put(drive, key_of("alice"), "hello", 5);
    put(drive, key_of("bob"), bob, sizeof bob);
    bool existed = false;
    assert_ok(llkv_drive_delete(drive, key_of("alice"), &existed, error));
    assert_true(existed);
    llkv_drive_item items[] = {{key_of("carol"), "x", 1}, {key_of("key1"), key1, sizeof key1}};
    assert_ok(llkv_drive_put_batch(drive, items, 2, error));
    assert_file(path, "basic.bin");
    close_drive(drive);
    assert_file(path, "basic.bin");

    drive = open_drive(path, LLKV_DRIVE_EXISTING);
    assert_int_equal(llkv_drive_count(drive), 3);
    assert_absent(drive, key_of("alice"));
    assert_value(drive, key_of("bob"), bob, sizeof bob);
    assert_value(drive, key_of("carol"), "x", 1);
    assert_value(drive, key_of("key1"), key1, sizeof key1);
    close_drive(drive);
    assert_int_equal(unlink(path), 0);

    char letters[44];
    memset(letters, 'A', sizeof letters);
    drive = open_drive(path, LLKV_DRIVE_NEW);
    put(drive, key_of("key1"), letters, sizeof letters);
    put(drive, key_of("key1"), "v2", 2);
    put(drive, key_of("key1"), "v3", 2);
    close_drive(drive);
    assert_file(path, "update.bin");
    assert_int_equal(unlink(path), 0);
}

static void raw_keys_are_written(void **state)
{
    (void)state;
    const char *path = scratch_path("vector");
    struct bytes kept = vector_load("pager.bin");
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    put(drive, 0, kept.data, 8);
    put(drive, 1, kept.data + 64, 48);
    put(drive, 2, kept.data + 192, 41);
    assert_ok(llkv_drive_delete(drive, 2, NULL, error));
    assert_file(path, "pager.bin");
    assert_value(drive, 0, kept.data, 8);
    assert_value(drive, 1, kept.data + 64, 48);
    assert_absent(drive, 2);
    close_drive(drive);
    free(kept.data);
    assert_int_equal(unlink(path), 0);
}

static void values_come_back(void **state)
{
    (void)state;
    const char *path = scratch_path("values");
    enum { BIG = 3 << 20 };
    uint8_t *big = malloc(BIG);
    uint64_t random = 5;
    for (size_t i = 0; i < BIG; i++)
        big[i] = (uint8_t)next_random(&random);
    for (int map = 0; map < 2; map++) {
        llkv_drive_options options = {
            .struct_size = sizeof options, .no_sync = map != 0, .no_map = map == 0};
        llkv_drive *drive = NULL;
        assert_ok(llkv_drive_open(path, &options, &drive, error));
        for (size_t bytes = 2; bytes < BIG; bytes = bytes * 3 + 1) {
            put(drive, bytes, big, bytes);
            assert_value(drive, bytes, big, bytes);
            put(drive, bytes, big + 1, bytes);
            assert_value(drive, bytes, big + 1, bytes);
        }
        uint64_t count = llkv_drive_count(drive);
        assert_ok(llkv_drive_sync(drive, error));
        close_drive(drive);
        drive = open_drive(path, LLKV_DRIVE_READ);
        assert_int_equal(llkv_drive_count(drive), count);
        for (size_t bytes = 2; bytes < BIG; bytes = bytes * 3 + 1)
            assert_value(drive, bytes, big + 1, bytes);
        assert_code(llkv_drive_put(drive, 1, "x", 1, error), LLKV_READONLY);
        assert_code(llkv_drive_compact(drive, error), LLKV_READONLY);
        close_drive(drive);
        assert_int_equal(verify(path, NULL, NULL).damages, 0);
    }
    free(big);
    assert_int_equal(unlink(path), 0);
}

static void what_cannot_be_stored_is_refused(void **state)
{
    (void)state;
    const char *path = scratch_path("refused");
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    put(drive, 1, "kept", 4);
    size_t size = file_size(path);
    assert_code(llkv_drive_put(drive, 1, "", 0, error), LLKV_DATA);
    assert_code(llkv_drive_put(drive, 1, NULL, 0, error), LLKV_DATA);
    assert_code(llkv_drive_put(drive, 1, "", 1, error), LLKV_DATA);
    llkv_drive_item items[] = {{2, "two", 3}, {3, "", 0}};
    assert_code(llkv_drive_put_batch(drive, items, 2, error), LLKV_DATA);
    assert_int_equal(file_size(path), size);
    assert_int_equal(llkv_drive_count(drive), 1);
    put(drive, 1, "\0", 2);
    assert_value(drive, 1, "\0", 2);
    llkv_drive_options none = {.struct_size = 0};
    llkv_drive *other = NULL;
    assert_code(llkv_drive_open(path, &none, &other, error), LLKV_MISUSE);
    assert_code(try_open(path, (llkv_drive_mode)9, &other, error), LLKV_MISUSE);
    assert_code(try_open(path, LLKV_DRIVE_NEW, &other, error), LLKV_EXISTS);
    assert_code(try_open(scratch_path("nothing"), LLKV_DRIVE_EXISTING, &other, error), LLKV_NAME);
    assert_code(try_open(scratch_path("nothing"), LLKV_DRIVE_READ, &other, error), LLKV_NAME);
    assert_code(try_open("/tmp", LLKV_DRIVE_READ, &other, error), LLKV_IO);
    close_drive(drive);
    assert_int_equal(unlink(path), 0);
}

static void streams_write_pieces(void **state)
{
    (void)state;
    const char *path = scratch_path("stream"), *whole_path = scratch_path("whole");
    enum { BYTES = 500000 };
    uint8_t *data = malloc(BYTES);
    uint64_t random = 9;
    for (size_t i = 0; i < BYTES; i++)
        data[i] = (uint8_t)next_random(&random);
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    put(drive, 7, "before", 6);
    llkv_drive_stream *stream = NULL, *second = NULL;
    assert_ok(llkv_drive_stream_begin(drive, 7, &stream, error));
    for (size_t at = 0, step = 1; at < BYTES; at += step, step = step * 2 + 1) {
        size_t some = BYTES - at < step ? BYTES - at : step;
        assert_ok(llkv_drive_stream_write(stream, data + at, some, error));
        step = some;
    }
    assert_value(drive, 7, "before", 6);
    assert_code(llkv_drive_put(drive, 8, "x", 1, error), LLKV_BUSY);
    assert_code(llkv_drive_delete(drive, 7, NULL, error), LLKV_BUSY);
    assert_code(llkv_drive_compact(drive, error), LLKV_BUSY);
    assert_code(llkv_drive_stream_begin(drive, 8, &second, error), LLKV_BUSY);
    assert_code(llkv_drive_close(drive, error), LLKV_BUSY);
    assert_ok(llkv_drive_stream_finish(stream, error));
    assert_value(drive, 7, data, BYTES);
    llkv_drive *whole = open_drive(whole_path, LLKV_DRIVE_WRITE);
    put(whole, 7, "before", 6);
    put(whole, 7, data, BYTES);
    close_drive(whole);
    struct bytes a = file_load(path), b = file_load(whole_path);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);

    assert_ok(llkv_drive_stream_begin(drive, 9, &stream, error));
    assert_ok(llkv_drive_stream_write(stream, data, BYTES, error));
    llkv_drive_stream_abort(stream);
    assert_absent(drive, 9);
    assert_ok(llkv_drive_stream_begin(drive, 9, &stream, error));
    assert_code(llkv_drive_stream_finish(stream, error), LLKV_DATA);
    assert_ok(llkv_drive_stream_begin(drive, 9, &stream, error));
    assert_ok(llkv_drive_stream_write(stream, "", 1, error));
    assert_code(llkv_drive_stream_finish(stream, error), LLKV_DATA);
    assert_int_equal(file_size(path), a.size);
    llkv_drive_stream_abort(NULL);
    close_drive(drive);
    free(a.data);
    free(b.data);
    free(data);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(whole_path), 0);
}

static void keys_are_listed_renamed_copied(void **state)
{
    (void)state;
    const char *path = scratch_path("keys"), *other_path = scratch_path("other");
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    llkv_drive *other = open_drive(other_path, LLKV_DRIVE_WRITE);
    for (uint64_t key = 1; key <= 100; key++)
        put(drive, key, &key, sizeof key);
    put(drive, 50, "fifty", 5);
    llkv_drive_cursor *cursor = NULL;
    assert_ok(llkv_drive_cursor_open(drive, &cursor, error));
    for (uint64_t key = 1; key <= 60; key++)
        assert_ok(llkv_drive_delete(drive, key, NULL, error));
    llkv_drive_entry entry;
    uint64_t offset = 0, seen = 0;
    while (llkv_drive_cursor_next(cursor, &entry)) {
        assert_true(seen == 0 || entry.offset > offset);
        offset = entry.offset;
        assert_int_equal(entry.bytes, entry.key == 50 ? 5 : 8);
        seen++;
    }
    assert_int_equal(entry.key, 50);
    assert_int_equal(seen, 100);
    assert_false(llkv_drive_cursor_next(cursor, &entry));
    llkv_drive_cursor_close(cursor);
    assert_int_equal(llkv_drive_count(drive), 40);
    assert_int_equal(info_of(drive).value_bytes, 40 * 8);

    uint64_t seventy = 70, eighty = 80;
    assert_ok(llkv_drive_rename(drive, 70, 7, error));
    assert_absent(drive, 70);
    assert_value(drive, 7, &seventy, 8);
    assert_ok(llkv_drive_rename(drive, 7, 80, error));
    assert_value(drive, 80, &seventy, 8);
    assert_ok(llkv_drive_rename(drive, 80, 80, error));
    assert_code(llkv_drive_rename(drive, 7, 81, error), LLKV_NAME);
    put(drive, 80, &eighty, 8);
    assert_ok(llkv_drive_copy(drive, 80, other, 81, error));
    assert_ok(llkv_drive_copy(drive, 80, drive, 82, error));
    assert_value(other, 81, &eighty, 8);
    assert_value(drive, 82, &eighty, 8);
    assert_code(llkv_drive_copy(drive, 1, other, 1, error), LLKV_NAME);
    assert_int_equal(llkv_drive_count(drive), 39);
    bool existed = true;
    size_t size = file_size(path);
    assert_ok(llkv_drive_delete(drive, 1, &existed, error));
    assert_false(existed);
    assert_int_equal(file_size(path), size);
    close_drive(drive);
    close_drive(other);
    drive = open_drive(path, LLKV_DRIVE_WRITE);
    assert_int_equal(llkv_drive_count(drive), 39);
    assert_value(drive, 82, &eighty, 8);
    close_drive(drive);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(other_path), 0);
}

static void views_outlive_what_they_show(void **state)
{
    (void)state;
    const char *path = scratch_path("views");
    for (int map = 0; map < 2; map++) {
        llkv_drive_options options = {.struct_size = sizeof options, .no_map = map == 0};
        llkv_drive *drive = NULL;
        assert_ok(llkv_drive_open(path, &options, &drive, error));
        put(drive, 1, "first", 5);
        llkv_drive_view before, after;
        assert_ok(llkv_drive_get(drive, 1, &before, error));
        put(drive, 1, "second", 6);
        assert_ok(llkv_drive_get(drive, 1, &after, error));
        assert_ok(llkv_drive_compact(drive, error));
        put(drive, 1, "third", 5);
        close_drive(drive);
        assert_memory_equal(before.data, "first", 5);
        assert_memory_equal(after.data, "second", 6);
        llkv_drive_release(&before);
        llkv_drive_release(&after);
        llkv_drive_release(&after);
        assert_int_equal(unlink(path), 0);
    }
}

static void compaction_keeps_current_values(void **state)
{
    (void)state;
    const char *path = scratch_path("compact");
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    uint64_t random = 1;
    for (int i = 0; i < 3000; i++) {
        uint64_t key = next_random(&random) % 100, value[4];
        for (size_t k = 0; k < 4; k++)
            value[k] = key * 1000 + (uint64_t)i;
        if (i % 7 == 0)
            assert_ok(llkv_drive_delete(drive, key, NULL, error));
        else
            put(drive, key, value, sizeof value);
    }
    llkv_drive *reader = open_drive(path, LLKV_DRIVE_READ);
    llkv_drive_info before = info_of(drive);
    assert_int_equal(before.file_bytes, file_size(path));
    assert_ok(llkv_drive_compact(drive, error));
    llkv_drive_info after = info_of(drive);
    assert_int_equal(after.count, before.count);
    assert_int_equal(after.value_bytes, before.value_bytes);
    assert_int_equal(after.file_bytes, file_size(path));
    assert_true(after.file_bytes < before.file_bytes / 10);
    assert_int_equal(verify(path, NULL, NULL).entries, after.count);
    for (uint64_t key = 0; key < 100; key++) {
        llkv_drive_view old, new;
        assert_ok(llkv_drive_get(reader, key, &old, error));
        assert_ok(llkv_drive_get(drive, key, &new, error));
        assert_int_equal(old.bytes, new.bytes);
        if (old.bytes > 0) assert_memory_equal(old.data, new.data, new.bytes);
        llkv_drive_release(&old);
        llkv_drive_release(&new);
    }
    put(drive, 7, "after", 5);
    uint64_t after_count = llkv_drive_count(drive);
    close_drive(reader);

    const char *left = compact_path(path);
    file_store(left, "somebody's", 10);
    assert_code(llkv_drive_compact(drive, error), LLKV_EXISTS);
    assert_int_equal(file_size(left), 10);
    assert_int_equal(unlink(left), 0);
    assert_ok(llkv_drive_compact(drive, error));
    llkv_drive *second = NULL;
    assert_code(try_open(path, LLKV_DRIVE_WRITE, &second, error), LLKV_BUSY);
    close_drive(drive);
    drive = open_drive(path, LLKV_DRIVE_WRITE);
    assert_value(drive, 7, "after", 5);
    assert_int_equal(llkv_drive_count(drive), after_count);
    close_drive(drive);

    const char *link = scratch_path("link");
    assert_int_equal(symlink(path, link), 0);
    drive = open_drive(link, LLKV_DRIVE_WRITE);
    assert_code(llkv_drive_compact(drive, error), LLKV_IO);
    assert_value(drive, 7, "after", 5);
    close_drive(drive);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
}

/* Values are copied in pieces; of every length around one and two of them, and beyond a buffer. */
static void values_of_all_lengths_are_copied(void **state)
{
    (void)state;
    const char *path = scratch_path("lengths");
    enum { BYTES = 300000 };
    uint8_t *data = malloc(BYTES);
    uint64_t random = 3;
    for (size_t i = 0; i < BYTES; i++)
        data[i] = (uint8_t)next_random(&random);
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    static const size_t around[] = {65536, 131072, 262144};
    for (size_t i = 0; i < 3; i++)
        for (size_t bytes = around[i] - 45; bytes <= around[i] + 45; bytes++)
            put(drive, bytes, data + bytes % 64, bytes);
    assert_ok(llkv_drive_rename(drive, 65537, 1, error));
    assert_ok(llkv_drive_compact(drive, error));
    assert_value(drive, 1, data + 65537 % 64, 65537);
    assert_ok(llkv_drive_rename(drive, 1, 65537, error));
    for (size_t i = 0; i < 3; i++)
        for (size_t bytes = around[i] - 45; bytes <= around[i] + 45; bytes++)
            assert_value(drive, bytes, data + bytes % 64, bytes);
    close_drive(drive);
    assert_int_equal(verify(path, NULL, NULL).damages, 0);
    free(data);
    assert_int_equal(unlink(path), 0);
}

static void one_writer_many_readers(void **state)
{
    (void)state;
    const char *path = scratch_path("lock");
    llkv_drive *writer = open_drive(path, LLKV_DRIVE_WRITE), *second = NULL;
    put(writer, 1, "one", 3);
    llkv_error who = LLKV_ERROR_INIT;
    char process[32];
    assert_int_equal(try_open(path, LLKV_DRIVE_WRITE, &second, &who), LLKV_BUSY);
    (void)snprintf(process, sizeof process, "process %d on", (int)getpid());
    assert_non_null(strstr(who.message, process));
    llkv_drive *reader = open_drive(path, LLKV_DRIVE_READ);
    put(writer, 1, "two", 3);
    assert_value(reader, 1, "one", 3);
    close_drive(reader);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        llkv_error error = LLKV_ERROR_INIT;
        bool refused = try_open(path, LLKV_DRIVE_EXISTING, &second, &error) == LLKV_BUSY &&
                       llkv_drive_put(writer, 2, "x", 1, &error) == LLKV_MISUSE &&
                       try_open(path, LLKV_DRIVE_READ, &second, &error) == LLKV_OK &&
                       llkv_drive_count(second) == 1;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close_drive(writer);
    writer = open_drive(path, LLKV_DRIVE_WRITE);
    assert_value(writer, 1, "two", 3);
    close_drive(writer);
    assert_int_equal(unlink(path), 0);
}

/* The file of a database is a container; as a drive it can be looked at, and no more. */
static void databases_are_read_only(void **state)
{
    (void)state;
    const char *path = scratch_path("database");
    llkv_pager_drive_options options = {.struct_size = sizeof options};
    llkv_pager *pager = NULL;
    llkv_drive *drive = NULL;
    assert_ok(llkv_pager_drive_open(path, &options, &pager, error));
    assert_code(try_open(path, LLKV_DRIVE_WRITE, &drive, error), LLKV_BUSY);
    assert_ok(pager->methods->root_publish(pager, 0, "root", 4, 1, error));
    pager->methods->close(pager);
    size_t size = file_size(path);
    assert_code(try_open(path, LLKV_DRIVE_WRITE, &drive, error), LLKV_UNSUPPORTED);
    assert_int_equal(file_size(path), size);
    assert_int_equal(verify(path, NULL, NULL).damages, 0);
    drive = open_drive(path, LLKV_DRIVE_READ);
    assert_true(llkv_drive_count(drive) > 0);
    close_drive(drive);
    assert_int_equal(unlink(path), 0);
}

/* The same operations give the same bytes, and another pad only other pads. */
static void write_thousand(const char *path, bool mark_pads)
{
    llkv_drive_options options = {
        .struct_size = sizeof options, .no_sync = true, .mark_pads = mark_pads};
    llkv_drive *drive = NULL;
    uint64_t random = 1234;
    uint8_t value[256];
    assert_ok(llkv_drive_open(path, &options, &drive, error));
    for (int i = 0; i < 1000; i++) {
        uint64_t key = next_random(&random) % 50, bytes = 2 + next_random(&random) % 200;
        for (size_t k = 0; k < bytes; k++)
            value[k] = (uint8_t)next_random(&random);
        llkv_drive_item items[] = {{key, value, bytes}, {key + 1, value, 2}, {key + 2, NULL, 0}};
        switch (next_random(&random) % 4) {
        case 0: put(drive, key, value, bytes); break;
        case 1: assert_ok(llkv_drive_delete(drive, key, NULL, error)); break;
        case 2: assert_ok(llkv_drive_put_batch(drive, items, 3, error)); break;
        default:
            if (llkv_drive_exists(drive, key))
                assert_ok(llkv_drive_rename(drive, key, key + 3, error));
            break;
        }
    }
    close_drive(drive);
}

static void the_same_operations_give_the_same_file(void **state)
{
    (void)state;
    const char *path = scratch_path("same");
    write_thousand(path, false);
    struct bytes first = file_load(path);
    assert_int_equal(unlink(path), 0);
    write_thousand(path, false);
    struct bytes second = file_load(path);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    free(second.data);
    assert_int_equal(unlink(path), 0);
    write_thousand(path, true);
    second = file_load(path);
    assert_int_equal(first.size, second.size);
    size_t changed = 0;
    for (size_t i = 0; i < first.size; i++) {
        if (first.data[i] == second.data[i]) continue;
        assert_int_equal(first.data[i], 0);
        assert_int_equal(second.data[i], 0x5a);
        changed++;
    }
    assert_true(changed > 1000);
    assert_int_equal(verify(path, NULL, NULL).damages, 0);
    free(first.data);
    free(second.data);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_written),
        cmocka_unit_test(raw_keys_are_written),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(what_cannot_be_stored_is_refused),
        cmocka_unit_test(streams_write_pieces),
        cmocka_unit_test(keys_are_listed_renamed_copied),
        cmocka_unit_test(views_outlive_what_they_show),
        cmocka_unit_test(compaction_keeps_current_values),
        cmocka_unit_test(values_of_all_lengths_are_copied),
        cmocka_unit_test(one_writer_many_readers),
        cmocka_unit_test(databases_are_read_only),
        cmocka_unit_test(the_same_operations_give_the_same_file),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
