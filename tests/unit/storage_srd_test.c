/* The entries of a container, byte by byte: the vectors of tests/data/drive are made and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "storage/srd.h"

enum { FILE_BYTES_MAX = 4096 };

struct file {
    uint8_t bytes[FILE_BYTES_MAX];
    size_t size;
};

static void load(const char *name, struct file *out)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", DRIVE_DATA, name);
    FILE *from = fopen(path, "rb");
    if (from == NULL) fail_msg("cannot open %s", path);
    out->size = fread(out->bytes, 1, sizeof out->bytes, from);
    (void)fclose(from); /* only read */
}

static void put_hash(struct file *file, uint64_t hash, const void *value, size_t bytes)
{
    file->size +=
        srd_value_encode(file->size, hash, value, bytes, SRD_PAD_ZERO, file->bytes + file->size);
}

static void put(struct file *file, const char *key, const void *value, size_t bytes)
{
    put_hash(file, srd_key_hash(key, strlen(key)), value, bytes);
}

static void drop_hash(struct file *file, uint64_t hash)
{
    file->size += srd_tombstone_encode(file->size, hash, file->bytes + file->size);
}

static void assert_same(const struct file *made, const char *name)
{
    struct file *kept = calloc(1, sizeof *kept);
    load(name, kept);
    assert_int_equal(made->size, kept->size);
    assert_memory_equal(made->bytes, kept->bytes, kept->size);
    free(kept);
}

static void make_basic(struct file *file)
{
    uint8_t bytes[70];
    *file = (struct file){.size = 0};
    put(file, "alice", "hello", 5);
    for (int i = 0; i < 70; i++)
        bytes[i] = (uint8_t)(i + 1);
    put(file, "bob", bytes, 70);
    drop_hash(file, srd_key_hash("alice", 5));
    put(file, "carol", "x", 1);
    for (int i = 0; i < 64; i++)
        bytes[i] = (uint8_t)(0x80 + i);
    put(file, "key1", bytes, 64);
}

static void vectors_are_made(void **state)
{
    (void)state;
    struct file *file = calloc(1, sizeof *file);
    make_basic(file);
    assert_same(file, "basic.bin");
    file->size -= 75; /* 9 bytes of the last payload are there */
    assert_same(file, "torn.bin");

    *file = (struct file){.size = 0};
    char letters[44];
    memset(letters, 'A', sizeof letters);
    put(file, "key1", letters, sizeof letters);
    put(file, "key1", "v2", 2);
    put(file, "key1", "v3", 2);
    assert_same(file, "update.bin");
    free(file);
}

/* The payloads of pager.bin are the ancestor's; they are taken from it and put in their places. */
static void vector_of_raw_keys_is_made(void **state)
{
    (void)state;
    struct file *file = calloc(1, sizeof *file), *kept = calloc(1, sizeof *kept);
    load("pager.bin", kept);
    put_hash(file, 0, kept->bytes, 8);
    put_hash(file, 1, kept->bytes + 64, 48);
    put_hash(file, 2, kept->bytes + 192, 41);
    drop_hash(file, 2);
    assert_same(file, "pager.bin");
    free(file);
    free(kept);
}

static struct srd_entry entry_at(const struct file *file, uint64_t tail)
{
    struct srd_entry entry = {0};
    assert_true(tail >= SRD_TOMBSTONE_BYTES);
    const uint8_t *last = file->bytes + tail - SRD_TOMBSTONE_BYTES;
    assert_int_equal(srd_entry_locate(tail, last, &entry), SRD_FAULT_NONE);
    assert_int_equal(srd_entry_check(&entry, file->bytes + entry.prev), SRD_FAULT_NONE);
    return entry;
}

static void vectors_are_read(void **state)
{
    (void)state;
    static const struct srd_entry basic[] = {
        {213, 256, 64, 340, 0x384d070cd5d829e2, 0x850cdfaa, false},
        {175, 192, 1, 213, 0xe2fdb994ad3fcba4, 0x8cdc1683, false},
        {154, 154, 1, 175, 0x4da10dd61a0116b0, 0xd202ef8d, true},
        {25, 64, 70, 154, 0x1403c0c40f49b8e5, 0x65fc79cd, false},
        {0, 0, 5, 25, 0x4da10dd61a0116b0, 0x3610a686, false},
    };
    struct file *file = calloc(1, sizeof *file);
    load("basic.bin", file);
    uint64_t tail = file->size;
    for (size_t i = 0; i < sizeof basic / sizeof basic[0]; i++) {
        struct srd_entry entry = entry_at(file, tail);
        assert_int_equal(entry.prev, basic[i].prev);
        assert_int_equal(entry.payload, basic[i].payload);
        assert_int_equal(entry.payload_bytes, basic[i].payload_bytes);
        assert_int_equal(entry.tail, basic[i].tail);
        assert_int_equal(entry.crc, basic[i].crc);
        assert_int_equal(entry.tombstone, basic[i].tombstone);
        assert_int_equal(entry.key_hash, basic[i].key_hash);
        tail = entry.prev;
    }
    assert_int_equal(tail, 0);
    free(file);
}

static void key_hashes_are_those_of_the_format(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint64_t hash;
    } known[] = {
        {"", 0x2d06800538d394c2},
        {"alice", 0x4da10dd61a0116b0},
        {"bob", 0x1403c0c40f49b8e5},
        {"carol", 0xe2fdb994ad3fcba4},
        {"key1", 0x384d070cd5d829e2},
        {"test_key", 0xe0614cc5ecbeed92},
        {"longer_key_name", 0x4c21bc57c3b572ee},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(srd_key_hash(known[i].key, strlen(known[i].key)), known[i].hash);
}

static uint32_t crc_by_definition(const uint8_t *data, size_t bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void checksums_follow_the_definition(void **state)
{
    (void)state;
    enum { BYTES = 700 };
    uint8_t data[BYTES + 16];
    assert_int_equal(crc32_ieee(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(srd_crc("", 1), SRD_TOMBSTONE_CRC);
    srand(7);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(rand() >> 7);
    for (size_t bytes = 0; bytes <= BYTES; bytes++) {
        const uint8_t *from = data + bytes % 16;
        uint32_t crc = crc_by_definition(from, bytes);
        assert_int_equal(crc32_ieee(0, from, bytes), crc);
        assert_int_equal(crc32_ieee_plain(0, from, bytes), crc);
        size_t cut = bytes == 0 ? 0 : (size_t)rand() % bytes;
        uint32_t first = crc32_ieee(0, from, cut);
        uint32_t second = crc32_ieee(0, from + cut, bytes - cut);
        assert_int_equal(crc32_ieee(first, from + cut, bytes - cut), crc);
        assert_int_equal(crc32_ieee_shift(first, bytes - cut) ^ second, crc);
    }
}

static void false_entries_are_refused(void **state)
{
    (void)state;
    uint8_t last[SRD_TOMBSTONE_BYTES];
    struct srd_entry entry;
    srd_tombstone_encode(100, 1, last);
    assert_int_equal(srd_entry_locate(20, last, &entry), SRD_FAULT_SHORT);
    assert_int_equal(srd_entry_locate(UINT64_MAX, last, &entry), SRD_FAULT_SHORT);
    assert_int_equal(srd_entry_locate(120, last, &entry), SRD_FAULT_PREV);
    assert_int_equal(srd_entry_locate(121, last, &entry), SRD_FAULT_NONE);
    assert_true(entry.tombstone);
    last[0] = 1; /* a payload of one byte would be at 128 */
    assert_int_equal(srd_entry_locate(121, last, &entry), SRD_FAULT_EMPTY);
    srd_tombstone_encode(UINT64_C(1) << 60, 1, last);
    assert_int_equal(srd_entry_locate(4096, last, &entry), SRD_FAULT_PREV);
    memset(last + 1 + 8, 0xff, 8);
    assert_int_equal(srd_entry_locate(4096, last, &entry), SRD_FAULT_PREV);
    srd_tombstone_encode(128, 1, last); /* where both rules of the start agree */
    assert_int_equal(srd_entry_locate(149, last, &entry), SRD_FAULT_NONE);
    assert_int_equal(srd_entry_check(&entry, last), SRD_FAULT_NONE);
    assert_false(srd_payload_allowed("", 0));
    assert_false(srd_payload_allowed("", 1));
    assert_true(srd_payload_allowed("\0", 2));
}

/* But for the key hash, which nothing protects, every changed bit of an entry is found. */
static void changed_bits_are_found(void **state)
{
    (void)state;
    struct file *file = calloc(1, sizeof *file);
    make_basic(file);
    for (uint64_t at = 213; at < 340; at++) {
        for (int bit = 0; bit < 8; bit++) {
            file->bytes[at] ^= (uint8_t)(1 << bit);
            struct srd_entry entry = {0};
            const uint8_t *last = file->bytes + 340 - SRD_TOMBSTONE_BYTES;
            enum srd_fault fault = srd_entry_locate(340, last, &entry);
            if (fault == SRD_FAULT_NONE && entry.prev == 213)
                fault = srd_entry_check(&entry, file->bytes + entry.prev);
            else
                fault = SRD_FAULT_PREV;
            bool in_hash = at >= 320 && at < 328;
            assert_int_equal(fault == SRD_FAULT_NONE, in_hash);
            file->bytes[at] ^= (uint8_t)(1 << bit);
        }
    }
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_made),
        cmocka_unit_test(vector_of_raw_keys_is_made),
        cmocka_unit_test(vectors_are_read),
        cmocka_unit_test(key_hashes_are_those_of_the_format),
        cmocka_unit_test(checksums_follow_the_definition),
        cmocka_unit_test(false_entries_are_refused),
        cmocka_unit_test(changed_bits_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
