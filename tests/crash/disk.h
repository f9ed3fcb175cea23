/* disk.h -- a simulated disk: a file system in memory that knows what a crash may leave.
 *
 * It is a struct os_fs. Every change is recorded in order, and so is the return of every sync. A
 * crash after the first `position` records leaves what was synced by then, and of the rest any
 * part: whole writes, units of 512 or 4096 bytes, lengths without their bytes (zeros), names or no
 * names. A sync covers what had been written when it was called; one that failed covers nothing,
 * and no later one makes up for it.
 *
 * Threads: the file system may be used by any number at the same time; everything else while none
 * of them uses it. Memory comes from malloc (image.h). */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H
#include "base/os_fs.h"

struct disk;

/* Empty. `seed` makes the random numbers that the file system hands out. */
struct disk *disk_new(uint64_t seed);
/* Files that are still open stay valid for closing only until here. */
void disk_free(struct disk *disk);
const struct os_fs *disk_fs(struct disk *disk);
/* The number of records so far. */
uint64_t disk_position(struct disk *disk);
/* The records that a killed process left to this life: what it wrote and did not sync. All of that
 * is there, so a crash of this life stands behind it. */
uint64_t disk_carried(struct disk *disk);

/* From now on a sync takes that long: others write meanwhile. */
void disk_sync_takes(struct disk *disk, uint32_t micros);

/* ---- failures ---- */
enum disk_failure {
    DISK_EIO,  /* LLKV_IO; nothing was done */
    DISK_FULL, /* LLKV_LIMIT, only of calls that need space; a write may have done its first half */
    DISK_SHORT, /* LLKV_IO of a write whose first half was done; other calls as DISK_EIO */
};
/* Call number `nth` from now (1 = the next) fails, with `for_good` all after it too; 0: none. */
void disk_fail_nth(struct disk *disk, int64_t nth, bool for_good, enum disk_failure failure);
/* Fallible calls made so far. */
int64_t disk_call_count(struct disk *disk);
/* Files open and mappings made that are not given back. */
int64_t disk_held_count(struct disk *disk);
/* Bytes that the files may take together; 0: no limit. */
void disk_limit(struct disk *disk, uint64_t bytes);

/* ---- crashes ---- */
enum disk_loss {
    DISK_KILLED,  /* the process ended: all is there, the unsynced part still unsynced */
    DISK_ALL,     /* everything reached the medium */
    DISK_NOTHING, /* nothing that was not synced */
    DISK_PREFIX,  /* the first units of what was unsynced, in order */
    DISK_HOLE,    /* all but one of the unsynced writes */
    DISK_WRITES,  /* any of the unsynced writes */
    DISK_SECTORS, /* any of their 512-byte units; lengths on their own */
    DISK_PAGES,   /* any of their 4096-byte units; lengths on their own */
    DISK_LOSS_COUNT,
};
const char *disk_loss_name(enum disk_loss loss);

/* Walks over the records; what was durable at its position is known at any time. */
struct disk_cursor;
struct disk_cursor *disk_cursor_new(struct disk *disk);
void disk_cursor_free(struct disk_cursor *cursor);
/* Forward only. */
void disk_cursor_advance(struct disk_cursor *cursor, uint64_t position);
/* Records before the position that no sync covers. */
uint64_t disk_cursor_unsynced(const struct disk_cursor *cursor);
/* The disk that a crash at the position leaves. */
struct disk *disk_cursor_crash(const struct disk_cursor *cursor, enum disk_loss loss,
                               uint64_t seed);

/* ---- looking at it ---- */
/* The size of a file, -1 if there is no such name. */
int64_t disk_file_size(struct disk *disk, const char *path);
/* The records, one to a line, to standard output. */
void disk_print(struct disk *disk);
/* Change bytes behind everybody's back, on the medium. */
void disk_damage(struct disk *disk, const char *path, uint64_t offset, uint8_t xor_with);
/* A copy of what is there now, all of it durable. */
struct disk *disk_copy(struct disk *disk, uint64_t seed);

/* Numbers for tests: each call moves on. */
uint64_t crash_random(uint64_t *state);
/* 0 <= result < bound. */
uint64_t crash_random_below(uint64_t *state, uint64_t bound);
#endif
