/* Files that were cut, torn, damaged or made up: what of them opens, what is repaired, what is
 * told, what is saved. */
#define _DEFAULT_SOURCE 1
#include <unistd.h>

#include "drive_history.h"

enum { DAMAGES_MAX = 16 };

struct told {
    llkv_drive_damage damages[DAMAGES_MAX];
    size_t count;
};

static void on_damage(void *arg, const llkv_drive_damage *damage)
{
    struct told *told = arg;
    assert_true(told->count < DAMAGES_MAX);
    assert_true(damage->bytes > 0 && damage->reason[0] != '\0');
    told->damages[told->count++] = *damage;
}

/* A writer does not touch it. */
static void assert_refused(const char *path)
{
    llkv_drive *drive = NULL;
    struct bytes before = file_load(path);
    assert_code(try_open(path, LLKV_DRIVE_WRITE, &drive, error), LLKV_CORRUPT);
    struct bytes after = file_load(path);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    free(before.data);
    free(after.data);
}

static void torn_vector_ends_at_213(void **state)
{
    (void)state;
    const char *path = scratch_path("torn");
    struct bytes torn = vector_load("torn.bin");
    file_store(path, torn.data, torn.size);
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_READ);
    assert_int_equal(info_of(drive).lost_bytes, torn.size - 213);
    assert_int_equal(llkv_drive_count(drive), 2);
    assert_value(drive, key_of("carol"), "x", 1);
    assert_value(drive, key_of("bob"), torn.data + 64, 70);
    assert_absent(drive, key_of("alice"));
    close_drive(drive);
    struct told told = {.count = 0};
    llkv_drive_report report = verify(path, on_damage, &told);
    assert_true(report.torn);
    assert_int_equal(report.entries, 4);
    assert_int_equal(report.damages, 1);
    assert_int_equal(told.damages[0].offset, 213);
    assert_int_equal(told.damages[0].bytes, torn.size - 213);
    assert_int_equal(file_size(path), torn.size);
    assert_repaired(path, 213);
    struct bytes basic = vector_load("basic.bin");
    drive = open_drive(path, LLKV_DRIVE_WRITE);
    put(drive, key_of("key1"), basic.data + 256, 64);
    close_drive(drive);
    struct bytes again = file_load(path);
    assert_int_equal(again.size, basic.size);
    assert_memory_equal(again.data, basic.data, basic.size);
    free(torn.data);
    free(basic.data);
    free(again.data);
    assert_int_equal(unlink(path), 0);
}

static void files_cut_at_every_byte_open_at_the_right_tail(void **state)
{
    (void)state;
    const char *path = scratch_path("cut");
    struct history history = write_random(path, 120, 17);
    cut_everywhere(path, &history, 61);
    free_history(&history);
    assert_int_equal(unlink(path), 0);
}

static void zeros_behind_the_end_are_torn(void **state)
{
    (void)state;
    const char *path = scratch_path("zeros");
    struct history history = write_random(path, 40, 23);
    uint64_t tail = history.tails[history.entries];
    for (uint64_t more = 1; more < 200000; more = more * 3 + 1) {
        assert_int_equal(truncate(path, (off_t)(tail + more)), 0);
        assert_tail(path, tail);
        assert_true(verify(path, NULL, NULL).torn);
        assert_repaired(path, tail);
    }
    for (uint64_t size = 1; size < 100000; size = size * 5 + 1) {
        assert_int_equal(truncate(path, 0), 0);
        assert_int_equal(truncate(path, (off_t)size), 0);
        assert_tail(path, 0);
        assert_repaired(path, 0);
    }
    free_history(&history);
    assert_int_equal(unlink(path), 0);
}

/* Every byte but those of key hashes, which nothing in the format protects. */
static void a_damaged_byte_is_found_wherever_it_is(void **state)
{
    (void)state;
    const char *path = scratch_path("damage");
    struct history history = write_random(path, 40, 31);
    struct bytes whole = file_load(path);
    size_t entry = 1;
    for (size_t at = 0; at < whole.size; at++) {
        if (at >= history.tails[entry]) entry++;
        uint64_t trailer = history.tails[entry] - SRD_TRAILER_BYTES;
        if (at >= trailer && at < trailer + 8) continue;
        uint8_t was = whole.data[at];
        whole.data[at] ^= at % 2 == 0 ? 0xff : 0x10;
        file_store(path, whole.data, whole.size);
        struct told told = {.count = 0};
        llkv_drive_report report = verify(path, on_damage, &told);
        assert_int_equal(report.damages, 1);
        assert_false(report.torn);
        /* A trailer that points into its own pad still finds its value: then only the rest of the
         * pad belongs to nobody. */
        uint64_t end = told.damages[0].offset + told.damages[0].bytes;
        assert_int_equal(told.damages[0].offset, history.tails[entry - 1]);
        assert_true(end == history.tails[entry] || end <= history.tails[entry - 1] + SRD_ALIGN);
        assert_int_equal(report.entries, history.entries - (end == history.tails[entry]));
        assert_tail(path, history.tails[entry - 1]);
        if (at % 7 == 0) assert_refused(path);
        whole.data[at] = was;
    }
    free(whole.data);
    free_history(&history);
    assert_int_equal(unlink(path), 0);
}

/* ---- salvage ---- */

static llkv_drive_report salvage(const char *path, const char *to)
{
    llkv_drive_report report = {.struct_size = sizeof report};
    assert_ok(llkv_drive_salvage(path, to, &report, error));
    assert_int_equal(verify(to, NULL, NULL).damages, 0);
    return report;
}

static void salvage_keeps_what_is_whole(void **state)
{
    (void)state;
    const char *path = scratch_path("hurt"), *to = scratch_path("saved");
    struct bytes basic = vector_load("basic.bin");
    file_store(path, basic.data, basic.size);
    assert_int_equal(salvage(path, to).damages, 0);
    struct bytes saved = file_load(to);
    assert_int_equal(saved.size, basic.size);
    assert_memory_equal(saved.data, basic.data, basic.size);
    free(saved.data);
    llkv_drive_report report = {.struct_size = sizeof report};
    assert_code(llkv_drive_salvage(path, to, &report, error), LLKV_EXISTS);
    assert_code(llkv_drive_salvage(path, path, &report, error), LLKV_EXISTS);
    assert_int_equal(unlink(to), 0);

    basic.data[100] ^= 1; /* in bob's value */
    basic.data[159] ^= 1; /* the delete of alice: its key hash stays as it is */
    basic.data[171] ^= 1; /* its checksum */
    basic.data[330] ^= 1; /* where key1 says it begins */
    file_store(path, basic.data, basic.size);
    struct told told = {.count = 0};
    assert_int_equal(verify(path, on_damage, &told).damages, 2);
    assert_int_equal(told.damages[0].offset, 213);
    assert_int_equal(told.damages[0].bytes, 340 - 213);
    assert_int_equal(told.damages[1].offset, 25);
    assert_int_equal(told.damages[1].bytes, 175 - 25);
    assert_refused(path);
    report = salvage(path, to);
    assert_int_equal(report.entries, 2);
    assert_int_equal(report.damaged_bytes, 340 - 213 + 175 - 25);
    llkv_drive *drive = open_drive(to, LLKV_DRIVE_WRITE);
    assert_int_equal(llkv_drive_count(drive), 2);
    assert_value(drive, key_of("alice"), "hello", 5);
    assert_value(drive, key_of("carol"), "x", 1);
    close_drive(drive);
    free(basic.data);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(to), 0);
}

static void reasons_are_told(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        enum srd_fault fault;
    } cases[] = {{100, SRD_FAULT_CHECKSUM}, {30, SRD_FAULT_PAD},      {151, SRD_FAULT_CHECKSUM},
                 {145, SRD_FAULT_LINK},     {154, SRD_FAULT_EMPTY},   {300, SRD_FAULT_CHECKSUM},
                 {330, SRD_FAULT_LINK},     {220, SRD_FAULT_PAD},     {0, SRD_FAULT_CHECKSUM},
                 {15, SRD_FAULT_LINK},      {192, SRD_FAULT_CHECKSUM}};
    const char *path = scratch_path("reason");
    struct bytes basic = vector_load("basic.bin");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        basic.data[cases[i].at] ^= 0x41;
        file_store(path, basic.data, basic.size);
        struct told told = {.count = 0};
        assert_int_equal(verify(path, on_damage, &told).damages, 1);
        const char *wanted = srd_fault_text(cases[i].fault);
        if (cases[i].fault == SRD_FAULT_EMPTY) wanted = srd_fault_text(SRD_FAULT_LOST);
        assert_string_equal(told.damages[0].reason, wanted);
        assert_refused(path);
        basic.data[cases[i].at] ^= 0x41;
    }
    free(basic.data);
    assert_int_equal(unlink(path), 0);
}

/* ---- made up ---- */

/* An entry that is right by itself stands behind torn bytes: what it follows was damaged. */
static void whole_entries_behind_a_gap_are_never_cut(void **state)
{
    (void)state;
    const char *path = scratch_path("gap");
    struct bytes basic = vector_load("basic.bin");
    memset(basic.data + 25, 0, 154 - 25); /* the page of bob never came, the later ones did */
    file_store(path, basic.data, basic.size);
    assert_tail(path, 25);
    assert_refused(path);
    llkv_drive_report report = verify(path, NULL, NULL);
    assert_false(report.torn);
    assert_int_equal(report.entries, 4);

    /* It claims bytes in the middle of bob. */
    uint8_t false_entry[200];
    size_t bytes = srd_value_encode(100, 1, basic.data + 128, 32, SRD_PAD_ZERO, false_entry);
    struct bytes whole = vector_load("basic.bin");
    whole.data = realloc(whole.data, 1024);
    assert_non_null(whole.data);
    memset(whole.data + 340, 0x77, 1024 - 340);
    uint32_t crc = srd_crc(whole.data + 128, 500 - 128);
    struct srd_trailer trailer = {1, 100, crc};
    srd_trailer_encode(&trailer, whole.data + 500);
    memset(whole.data + 100, 0, 28);
    file_store(path, whole.data, 1024);
    assert_tail(path, 25);
    assert_refused(path);
    assert_true(bytes > 0);
    free(whole.data);
    free(basic.data);
    assert_int_equal(unlink(path), 0);
}

/* A value that is a container itself is a value, torn or not. */
static void containers_in_values_are_values(void **state)
{
    (void)state;
    const char *path = scratch_path("nested");
    struct bytes basic = vector_load("basic.bin");
    for (int before = 0; before < 2; before++) {
        llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
        if (before == 1) put(drive, 1, "before", 6);
        uint64_t tail = info_of(drive).file_bytes;
        put(drive, 2, basic.data, basic.size);
        uint64_t end = info_of(drive).file_bytes;
        close_drive(drive);
        /* At byte 0 the inner container is one: what is cut there holds together by itself. */
        for (uint64_t size = end - 1; before == 1 && size > tail; size--) {
            assert_int_equal(truncate(path, (off_t)size), 0);
            assert_tail(path, tail);
        }
        assert_int_equal(unlink(path), 0);
    }
    free(basic.data);
}

/* Whatever the bytes are, a scan of them ends, and says how they are covered. */
static void assert_scanned(const char *path, size_t size)
{
    llkv_drive_report report = verify(path, NULL, NULL);
    assert_int_equal(report.file_bytes, size);
    assert_true(report.damaged_bytes <= size);
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_READ);
    assert_true(info_of(drive).lost_bytes <= size);
    close_drive(drive);
}

static void made_up_files_are_survived(void **state)
{
    (void)state;
    const char *path = scratch_path("hostile");
    enum { BYTES = 3000 };
    uint8_t data[BYTES];
    uint64_t random = 99;
    for (int round = 0; round < 600; round++) {
        size_t size = next_random(&random) % BYTES;
        for (size_t i = 0; i < size; i++)
            data[i] = round % 3 == 0 ? (uint8_t)next_random(&random) : round % 3 == 1 ? 0 : 0x5a;
        for (int i = 0; round % 2 == 0 && i < 40 && size > 100; i++) {
            size_t at = next_random(&random) % (size - 60);
            static const uint64_t far[] = {UINT64_MAX, UINT64_MAX - 63, UINT64_C(1) << 62,
                                           UINT64_C(1) << 63, INT64_MAX};
            uint64_t prev = i % 3 == 0 ? far[i % 5] : next_random(&random) % size;
            uint64_t payload = prev > size ? 0 : prev + srd_pad_bytes(prev);
            struct srd_trailer trailer = {next_random(&random), prev, 0};
            if (payload < at) trailer.crc = srd_crc(data + payload, at - payload);
            srd_trailer_encode(&trailer, data + at);
            if (i % 4 == 0) (void)srd_tombstone_encode(at, 7, data + at);
        }
        file_store(path, data, size);
        assert_scanned(path, size);
    }
    assert_int_equal(unlink(path), 0);
}

/* Trailers at every place, each of an entry that reaches back to byte 0: no pass per trailer. */
static void long_false_chains_are_survived(void **state)
{
    (void)state;
    const char *path = scratch_path("chains");
    enum { BYTES = 400000 };
    uint8_t *data = calloc(1, BYTES);
    assert_non_null(data);
    for (size_t at = 64; at + SRD_TRAILER_BYTES <= BYTES; at += SRD_TRAILER_BYTES) {
        struct srd_trailer trailer = {at, at % 3 == 0 ? 0 : 64, (uint32_t)at};
        srd_trailer_encode(&trailer, data + at);
    }
    file_store(path, data, BYTES);
    assert_scanned(path, BYTES);
    uint32_t crc = 0;
    for (size_t at = 64; at + SRD_TRAILER_BYTES <= BYTES; at += SRD_TRAILER_BYTES) {
        struct srd_trailer trailer = {at, 64, crc};
        srd_trailer_encode(&trailer, data + at);
        crc = srd_crc(data + 64, at + SRD_TRAILER_BYTES - 64);
    }
    file_store(path, data, BYTES - 1);
    assert_scanned(path, BYTES - 1);
    free(data);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torn_vector_ends_at_213),
        cmocka_unit_test(files_cut_at_every_byte_open_at_the_right_tail),
        cmocka_unit_test(zeros_behind_the_end_are_torn),
        cmocka_unit_test(a_damaged_byte_is_found_wherever_it_is),
        cmocka_unit_test(salvage_keeps_what_is_whole),
        cmocka_unit_test(reasons_are_told),
        cmocka_unit_test(whole_entries_behind_a_gap_are_never_cut),
        cmocka_unit_test(containers_in_values_are_values),
        cmocka_unit_test(made_up_files_are_survived),
        cmocka_unit_test(long_false_chains_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
