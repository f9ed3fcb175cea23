/* drive_history.h -- containers whose every tail is known, cut at every byte. */
#ifndef DRIVE_HISTORY_H
#define DRIVE_HISTORY_H
#include "drive_testing.h"

/* A read-only drive shows what ends at `tail`. */
static inline void assert_tail(const char *path, uint64_t tail)
{
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_READ);
    llkv_drive_info info = info_of(drive);
    if (info.file_bytes - info.lost_bytes != tail)
        fail_msg("the tail is %llu, not %llu",
                 (unsigned long long)(info.file_bytes - info.lost_bytes), (unsigned long long)tail);
    close_drive(drive);
}

/* A writer opens it and cuts it there. */
static inline void assert_repaired(const char *path, uint64_t tail)
{
    close_drive(open_drive(path, LLKV_DRIVE_WRITE));
    assert_int_equal(file_size(path), tail);
    assert_int_equal(verify(path, NULL, NULL).damages, 0);
}

struct history {
    uint64_t *tails, *counts; /* after each entry */
    size_t entries;
};

/* Random operations, one entry each; what the tail and the number of keys were after each. */
static inline struct history write_random(const char *path, size_t operations, uint64_t seed)
{
    struct history history = {calloc(operations + 1, 8), calloc(operations + 1, 8), 0};
    assert_true(history.tails != NULL && history.counts != NULL);
    uint64_t random = seed;
    uint8_t value[128];
    llkv_drive *drive = open_drive(path, LLKV_DRIVE_WRITE);
    for (size_t i = 0; i < operations; i++) {
        char name[24];
        int len = snprintf(name, sizeof name, "key %d", (int)(next_random(&random) % 40));
        llkv_drive_key key = llkv_drive_key_of(name, (size_t)len);
        uint64_t bytes = 2 + next_random(&random) % (sizeof value - 2);
        bool zeros = next_random(&random) % 4 == 0;
        for (size_t k = 0; k < bytes; k++)
            value[k] = zeros ? 0 : (uint8_t)next_random(&random);
        if (next_random(&random) % 4 == 0)
            assert_ok(llkv_drive_delete(drive, key, NULL, error));
        else
            put(drive, key, value, bytes);
        uint64_t tail = info_of(drive).file_bytes;
        if (tail == history.tails[history.entries]) continue;
        history.tails[++history.entries] = tail;
        history.counts[history.entries] = llkv_drive_count(drive);
    }
    close_drive(drive);
    return history;
}

static inline void free_history(struct history *history)
{
    free(history->tails);
    free(history->counts);
}

/* Shorten the file byte by byte: it opens at the end of the last whole entry, and nothing behind it
 * looks like one. */
static inline void cut_everywhere(const char *path, const struct history *history,
                                  uint64_t writer_every)
{
    size_t entry = history->entries;
    for (uint64_t size = history->tails[entry]; size > 0; size--) {
        assert_int_equal(truncate(path, (off_t)size), 0);
        if (size < history->tails[entry]) entry--;
        llkv_drive *drive = open_drive(path, LLKV_DRIVE_READ);
        llkv_drive_info info = info_of(drive);
        assert_int_equal(info.file_bytes, size);
        assert_int_equal(size - info.lost_bytes, history->tails[entry]);
        assert_int_equal(info.count, history->counts[entry]);
        close_drive(drive);
        if (size % writer_every != 0) continue;
        struct bytes kept = file_load(path);
        assert_repaired(path, history->tails[entry]);
        file_store(path, kept.data, kept.size);
        free(kept.data);
    }
}
#endif
