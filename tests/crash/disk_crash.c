/* disk_crash.c -- what is on the medium after a crash.
 *
 * A cursor holds the tree as the syncs made it durable, and the records after that in order. A
 * record that is durable on its own (a write with dsync, or one behind another whose sync failed)
 * waits in its place until all before it in its file are durable too, so that no older write comes
 * to lie over it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "disk_priv.h"

struct pending {
    uint64_t record;
    bool durable;
    bool doubtful; /* a sync that should have covered it failed */
};

struct disk_cursor {
    struct disk *disk;
    struct tree durable;
    uint64_t position;
    struct pending *pending;
    uint64_t pending_count, pending_room;
};

struct disk_cursor *disk_cursor_new(struct disk *disk)
{
    struct disk_cursor *cursor = crash_alloc(sizeof *cursor);
    cursor->disk = disk;
    tree_copy(&cursor->durable, &disk->start);
    return cursor;
}

void disk_cursor_free(struct disk_cursor *cursor)
{
    if (cursor == NULL) return;
    tree_deinit(&cursor->durable);
    free(cursor->pending);
    free(cursor);
}

uint64_t disk_cursor_unsynced(const struct disk_cursor *cursor)
{
    return cursor->pending_count;
}

static bool is_name_change(const struct record *record)
{
    return record->kind == RECORD_LINK || record->kind == RECORD_UNLINK ||
           record->kind == RECORD_RENAME;
}

static const struct record *record_at(const struct disk_cursor *cursor, uint64_t i)
{
    return &cursor->disk->records[cursor->pending[i].record];
}

/* Is there an older pending record that this one must stay behind? */
static bool waits(const struct disk_cursor *cursor, uint64_t i)
{
    const struct record *record = record_at(cursor, i);
    for (uint64_t j = 0; j < i; j++) {
        const struct record *older = record_at(cursor, j);
        if (is_name_change(record) != is_name_change(older)) continue;
        if (is_name_change(record) || older->inode == record->inode) return true;
    }
    return false;
}

/* What is durable, and everything before it, becomes part of the durable tree. */
static void settle(struct disk_cursor *cursor)
{
    for (uint64_t i = 0; i < cursor->pending_count;) {
        if (!cursor->pending[i].durable || waits(cursor, i)) {
            i++;
            continue;
        }
        tree_apply(&cursor->durable, record_at(cursor, i));
        cursor->pending_count--;
        memmove(&cursor->pending[i], &cursor->pending[i + 1],
                (cursor->pending_count - i) * sizeof(struct pending));
    }
}

static void sync_done(struct disk_cursor *cursor, const struct record *sync)
{
    for (uint64_t i = 0; i < cursor->pending_count; i++) {
        struct pending *pending = &cursor->pending[i];
        const struct record *record = record_at(cursor, i);
        bool names = sync->kind == RECORD_DIRECTORY_SYNC;
        if (pending->record >= sync->offset || names != is_name_change(record)) continue;
        if (!names && record->inode != sync->inode) continue;
        if (sync->kind == RECORD_SYNC_FAILED)
            pending->doubtful = true;
        else if (!pending->doubtful)
            pending->durable = true;
    }
    settle(cursor);
}

static void write_done(struct disk_cursor *cursor, uint64_t write)
{
    for (uint64_t i = 0; i < cursor->pending_count; i++) {
        if (cursor->pending[i].record == write) cursor->pending[i].durable = true;
    }
    settle(cursor);
}

void disk_cursor_advance(struct disk_cursor *cursor, uint64_t position)
{
    assert(position >= cursor->position);
    assert(position <= cursor->disk->record_count);
    for (; cursor->position < position; cursor->position++) {
        const struct record *record = &cursor->disk->records[cursor->position];
        if (record->kind == RECORD_SYNC || record->kind == RECORD_SYNC_FAILED ||
            record->kind == RECORD_DIRECTORY_SYNC) {
            sync_done(cursor, record);
            continue;
        }
        if (record->kind == RECORD_WRITE_DURABLE) {
            write_done(cursor, record->offset);
            continue;
        }
        if (cursor->pending_count == cursor->pending_room) {
            cursor->pending_room = cursor->pending_room * 2 + 64;
            cursor->pending =
                crash_grow(cursor->pending, cursor->pending_room * sizeof(struct pending));
        }
        cursor->pending[cursor->pending_count++] = (struct pending){.record = cursor->position};
    }
}

const char *disk_loss_name(enum disk_loss loss)
{
    static const char *const names[] = {"process killed",        "all kept",        "unsynced lost",
                                        "prefix kept",           "one write lost",  "some writes",
                                        "some 512-byte sectors", "some 4-KiB pages"};
    static_assert(sizeof names / sizeof names[0] == DISK_LOSS_COUNT, "one name each");
    return names[loss];
}

/* ---- the choice of what stays ---- */

struct choice {
    enum disk_loss loss;
    uint64_t random;
    uint64_t keep_of_16;  /* how likely a piece stays */
    uint64_t prefix_left; /* units */
    uint64_t hole;        /* writes before the one that is lost */
    uint64_t unit;
};

static bool stays(struct choice *choice)
{
    return crash_random_below(&choice->random, 16) < choice->keep_of_16;
}

static uint64_t unit_count(const struct record *record, uint64_t unit)
{
    if (record->kind != RECORD_WRITE || record->bytes == 0) return 1;
    return (record->offset + record->bytes - 1) / unit - record->offset / unit + 1;
}

/* A write unit by unit; the length that it gives the file may come without the bytes. */
static void apply_in_units(struct tree *tree, const struct record *record, struct choice *choice)
{
    struct image *file = &tree->files[record->inode];
    uint64_t end = record->offset + record->bytes;
    for (uint64_t at = record->offset, part; at < end; at += part) {
        part = choice->unit - at % choice->unit;
        if (part > end - at) part = end - at;
        bool keep = choice->loss == DISK_PREFIX ? choice->prefix_left > 0 : stays(choice);
        if (choice->prefix_left > 0) choice->prefix_left--;
        if (!keep) continue;
        const uint8_t *data = record->data == NULL ? NULL : record->data + (at - record->offset);
        image_write(file, data, part, at);
    }
    bool length = crash_random_below(&choice->random, 4) == 0;
    if (choice->loss != DISK_PREFIX && length && end > file->size) image_resize(file, end);
}

static void apply_part(struct tree *tree, const struct record *record, struct choice *choice)
{
    switch (choice->loss) {
    case DISK_KILLED:
    case DISK_ALL: tree_apply(tree, record); return;
    case DISK_NOTHING: return;
    case DISK_HOLE:
        if (choice->hole-- != 0) tree_apply(tree, record);
        return;
    case DISK_WRITES:
        if (stays(choice)) tree_apply(tree, record);
        return;
    case DISK_PREFIX:
    case DISK_SECTORS:
    case DISK_PAGES: break;
    case DISK_LOSS_COUNT: return;
    }
    if (record->kind == RECORD_WRITE) {
        tree_reserve(tree, record->inode);
        apply_in_units(tree, record, choice);
        return;
    }
    bool keep = choice->loss == DISK_PREFIX ? choice->prefix_left > 0 : stays(choice);
    if (choice->prefix_left > 0) choice->prefix_left--;
    if (keep) tree_apply(tree, record);
}

/* Changes of names mostly stay in order, as journals have it, now and then in any. */
static bool name_stays(struct choice *choice, bool *broken)
{
    if (choice->loss == DISK_KILLED || choice->loss == DISK_ALL) return true;
    if (choice->loss == DISK_HOLE) return true;
    if (choice->loss == DISK_NOTHING) return false;
    bool keep = stays(choice);
    if (choice->loss == DISK_WRITES) return keep;
    *broken = *broken || !keep;
    return !*broken;
}

static struct choice choice_make(const struct disk_cursor *cursor, enum disk_loss loss,
                                 uint64_t seed)
{
    static const uint64_t keeps[] = {1, 4, 8, 12, 15};
    struct choice choice = {.loss = loss, .random = seed};
    choice.keep_of_16 = keeps[crash_random_below(&choice.random, 5)];
    choice.unit = loss == DISK_PAGES ? 4096 : 512;
    choice.hole = crash_random_below(&choice.random, cursor->pending_count + 1);
    if (loss != DISK_PREFIX) return choice;
    uint64_t units = 0;
    for (uint64_t i = 0; i < cursor->pending_count; i++)
        units += unit_count(record_at(cursor, i), choice.unit);
    choice.prefix_left = crash_random_below(&choice.random, units + 1);
    return choice;
}

struct disk *disk_cursor_crash(const struct disk_cursor *cursor, enum disk_loss loss, uint64_t seed)
{
    struct disk *disk = disk_new(seed);
    struct choice choice = choice_make(cursor, loss, seed);
    bool names_broken = false;
    tree_copy(&disk->start, &cursor->durable);
    for (uint64_t i = 0; i < cursor->pending_count && loss != DISK_KILLED; i++) {
        const struct record *record = record_at(cursor, i);
        if (cursor->pending[i].durable ||
            (is_name_change(record) && name_stays(&choice, &names_broken)))
            tree_apply(&disk->start, record);
        else if (!is_name_change(record))
            apply_part(&disk->start, record, &choice);
    }
    tree_copy(&disk->now, &disk->start);
    for (uint64_t i = 0; i < cursor->pending_count && loss == DISK_KILLED; i++) {
        disk_record(disk, record_copy(record_at(cursor, i)));
        if (cursor->pending[i].durable)
            disk_record(disk, (struct record){.kind = RECORD_WRITE_DURABLE,
                                              .inode = record_at(cursor, i)->inode,
                                              .offset = disk->record_count - 1});
    }
    disk->carried = disk->record_count;
    return disk;
}
