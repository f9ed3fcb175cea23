/* drive.c -- any file: it is read, told to be whole or damaged, repaired or refused, saved.
 *
 * The first byte says what the rest is: even, the file itself; odd, a list of things to do to an
 * empty one, so that entries with right checksums stand in wrong places. */
#define _DEFAULT_SOURCE 1
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "llkv.h"
#include "storage/srd.h"

enum { FILE_BYTES_MAX = 1 << 16, NAME_BYTES = 64 };

struct file {
    uint8_t bytes[FILE_BYTES_MAX];
    size_t size;
};

struct input {
    const uint8_t *data;
    size_t left;
};

static uint32_t take(struct input *input)
{
    if (input->left == 0) return 0;
    input->left--;
    return *input->data++;
}

/* An entry that ends the file, of everything from `from` on, or of `bytes` bytes. */
static void add_value(struct file *file, struct input *input)
{
    uint8_t value[256];
    size_t bytes = take(input) % 255 + 2;
    for (size_t i = 0; i < bytes; i++)
        value[i] = (uint8_t)take(input);
    if (file->size + bytes + 128 > FILE_BYTES_MAX) return;
    uint8_t pad = take(input) % 2 == 0 ? SRD_PAD_ZERO : SRD_PAD_MARK;
    file->size +=
        srd_value_encode(file->size, take(input), value, bytes, pad, file->bytes + file->size);
}

/* A trailer whose checksum fits, wherever it says that its entry begins. */
static void add_trailer(struct file *file, struct input *input)
{
    if (file->size + SRD_TRAILER_BYTES > FILE_BYTES_MAX) return;
    uint64_t prev = take(input) << 8 | take(input);
    struct srd_trailer trailer = {take(input), prev, 0};
    uint64_t payload = prev + srd_pad_bytes(prev);
    if (payload < file->size) trailer.crc = srd_crc(file->bytes + payload, file->size - payload);
    srd_trailer_encode(&trailer, file->bytes + file->size);
    file->size += SRD_TRAILER_BYTES;
}

static void do_step(struct file *file, struct input *input)
{
    size_t place = take(input) << 8 | take(input);
    switch (take(input) % 7) {
    case 0:
    case 1: add_value(file, input); break;
    case 2:
        if (file->size + SRD_TOMBSTONE_BYTES > FILE_BYTES_MAX) break;
        file->size += srd_tombstone_encode(file->size, take(input), file->bytes + file->size);
        break;
    case 3: add_trailer(file, input); break;
    case 4: /* cut */
        if (file->size > 0) file->size -= place % 64 % file->size;
        break;
    case 5: /* change a byte */
        if (file->size > 0) file->bytes[place % file->size] ^= (uint8_t)take(input);
        break;
    default: /* zeros, as a file that grew and was not written */
        place %= 5000;
        if (file->size + place > FILE_BYTES_MAX) break;
        memset(file->bytes + file->size, 0, place);
        file->size += place;
        break;
    }
}

static void make_file(struct file *file, const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    bool made = take(&input) % 2 == 1;
    file->size = 0;
    if (!made && input.left <= FILE_BYTES_MAX) {
        file->size = input.left;
        memcpy(file->bytes, input.data, input.left);
    }
    while (made && input.left > 0)
        do_step(file, &input);
}

static void store(const char *path, const struct file *file)
{
    FILE *out = fopen(path, "wb");
    FUZZ_CHECK(out != NULL);
    FUZZ_CHECK(fwrite(file->bytes, 1, file->size, out) == file->size);
    FUZZ_CHECK(fclose(out) == 0);
}

static void check_same(const char *path, const struct file *file)
{
    static uint8_t bytes[FILE_BYTES_MAX + 1];
    FILE *in = fopen(path, "rb");
    FUZZ_CHECK(in != NULL);
    FUZZ_CHECK(fread(bytes, 1, sizeof bytes, in) == file->size);
    FUZZ_CHECK(fclose(in) == 0);
    FUZZ_CHECK(memcmp(bytes, file->bytes, file->size) == 0);
}

/* Every key that is listed has its value; returns the tail. */
static uint64_t read_all(llkv_drive *drive)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_cursor *cursor = NULL;
    llkv_drive_entry entry;
    llkv_drive_info info = {.struct_size = sizeof info};
    uint64_t seen = 0;
    FUZZ_CHECK(llkv_drive_cursor_open(drive, &cursor, &error) == LLKV_OK);
    while (llkv_drive_cursor_next(cursor, &entry)) {
        llkv_drive_view view = {0};
        FUZZ_CHECK(llkv_drive_get(drive, entry.key, &view, &error) == LLKV_OK);
        FUZZ_CHECK(view.data != NULL && view.bytes == entry.bytes);
        llkv_drive_release(&view);
        seen++;
    }
    llkv_drive_cursor_close(cursor);
    llkv_drive_info_get(drive, &info);
    FUZZ_CHECK(info.count == seen);
    FUZZ_CHECK(info.lost_bytes <= info.file_bytes);
    return info.file_bytes - info.lost_bytes;
}

static llkv_drive_report verify(const char *path)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_report report = {.struct_size = sizeof report};
    FUZZ_CHECK(llkv_drive_verify(path, NULL, NULL, &report, &error) == LLKV_OK);
    FUZZ_CHECK(report.damaged_bytes <= report.file_bytes);
    FUZZ_CHECK((report.damages == 0) == (report.damaged_bytes == 0));
    FUZZ_CHECK(!report.torn || report.damages == 1);
    return report;
}

/* A writer takes what is whole or torn, ends at the tail that a reader saw, and can go on. */
static void write_it(const char *path, const struct file *file, const llkv_drive_report *report,
                     uint64_t tail)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive_options options = {.struct_size = sizeof options, .no_sync = true};
    llkv_drive *drive = NULL;
    llkv_code rc = llkv_drive_open(path, &options, &drive, &error);
    bool damaged = report->damages > 0 && !report->torn;
    FUZZ_CHECK(rc == (damaged ? LLKV_CORRUPT : LLKV_OK));
    if (damaged) {
        check_same(path, file);
        return;
    }
    FUZZ_CHECK(read_all(drive) == tail);
    FUZZ_CHECK(llkv_drive_put(drive, 77, "more", 4, &error) == LLKV_OK);
    FUZZ_CHECK(llkv_drive_compact(drive, &error) == LLKV_OK);
    (void)read_all(drive); /* what it checks is enough */
    FUZZ_CHECK(llkv_drive_close(drive, &error) == LLKV_OK);
    FUZZ_CHECK(verify(path).damages == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct file file;
    char path[NAME_BYTES], saved[NAME_BYTES];
    llkv_error error = LLKV_ERROR_INIT;
    llkv_drive *drive = NULL;
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(path, sizeof path, "%s/llkv-fuzz-%d", folder, (int)getpid());
    (void)snprintf(saved, sizeof saved, "%s/llkv-fuzz-%d-saved", folder, (int)getpid());
    make_file(&file, data, size);
    store(path, &file);

    llkv_drive_report report = verify(path);
    FUZZ_CHECK(report.file_bytes == file.size);
    llkv_drive_options options = {.struct_size = sizeof options, .mode = LLKV_DRIVE_READ};
    FUZZ_CHECK(llkv_drive_open(path, &options, &drive, &error) == LLKV_OK);
    uint64_t tail = read_all(drive);
    FUZZ_CHECK(llkv_drive_close(drive, &error) == LLKV_OK);
    FUZZ_CHECK((tail == file.size) == (report.damages == 0));

    llkv_drive_report saved_report = {.struct_size = sizeof saved_report};
    FUZZ_CHECK(llkv_drive_salvage(path, saved, &saved_report, &error) == LLKV_OK);
    FUZZ_CHECK(saved_report.entries == report.entries);
    llkv_drive_report again = verify(saved);
    FUZZ_CHECK(again.damages == 0 && again.entries == report.entries);
    check_same(path, &file);
    write_it(path, &file, &report, tail);
    (void)unlink(saved); /* there, as it was read */
    (void)unlink(path);
    return 0;
}
