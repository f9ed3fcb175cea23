/* log.h -- the redo log of a container: slots, segments, groups.
 *
 * Owns:    the log file. Does not: know what frames mean, choose a root, lock anything but itself.
 * Threads: log_append and log_prepare by any one thread at a time each; log_sync by any; opening,
 *          scanning, log_root_write and closing by one thread with nobody appending but where it
 *          says otherwise.
 * Holds:   L1 to L6 of the README. After a failed write of a slot, header or group, or a failed
 *          sync, *failed is set and every further write is refused: LLKV_IO, 08007. */
#ifndef STORAGE_LOG_H
#define STORAGE_LOG_H
#include <stdint.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/cx.h"
#include "base/os_fs.h"
#include "llkv/pager.h"
#include "storage/log_format.h"
#include "storage/planted.h"

enum {
    LOG_SEGMENT_BYTES_MIN = 64 * 1024, /* below LOG_FIRST_SEGMENT_BYTES only for tests */
    LOG_SEGMENT_BYTES_DEFAULT = 16 * 1024 * 1024,
    LOG_SEGMENT_BYTES_MAX = 1024 * 1024 * 1024,
    LOG_PLACES = 5,      /* so many are made without need: the first, and four more */
    LOG_PLACES_MAX = 17, /* four times that, when no root can be published */
};

/* A part of the file that holds one segment at a time: its header's block, then groups. */
struct log_place {
    uint64_t offset;
    struct log_segment segment; /* sequence 0: none that can be read */
    uint32_t crc;               /* of its header */
    bool header_valid;          /* else `segment` was learned from its first group */
};

/* What opening a log needs to know, and what it shares with the pager. */
struct log_world {
    const struct os_fs *fs;
    struct mem_budget *budget;
    atomic_bool *failed;
    const char *path;
    enum planted_bug planted;
    bool read_only;
};

struct log {
    struct log_world world; /* its path is a copy */
    struct os_fs_file *file;
    struct log_ids ids;
    uint32_t seed;
    uint64_t segment_bytes;
    pthread_mutex_t append_lock; /* held while a group is written */
    pthread_mutex_t grow_lock;   /* held while a place is made; after append_lock */
    pthread_mutex_t lock;        /* for what follows; the last to be taken */
    struct log_slot slot;        /* the newest durable one; generation 0: none */
    uint32_t slot_at;
    struct log_place places[LOG_PLACES_MAX];
    uint32_t place_count;
    struct log_position end; /* where the next group goes; its sequence is that of the last one */
    bool open;               /* a segment is open at `end`; else the next group opens one (L6) */
    bool must_publish;       /* frames were found that no root holds */
    uint32_t current;        /* the place of `end`, if open */
    uint32_t previous_crc;   /* of the group before `end` */
    uint64_t sequence_max;
    uint64_t durable_lsn, said_lsn; /* durable, and said to be so in the log */
    uint64_t writes, synced_writes; /* groups written; of those, durable with all before them */
    struct log_position *marks;     /* beginnings of groups, ascending, where replay can start */
    uint32_t mark_count, mark_capacity;
    uint8_t *buffer; /* one group, header and all */
};

/* ---- log_file.c: the file, its places, the slots ---- */

/* A new log (an unfinished one of that name is overwritten): places synced, then a slot for `root`
 * (whose start is set to the log's beginning) and the first segment, synced. The directory is not
 * synced. Nothing stays open on failure. */
NODISCARD llkv_code log_create(struct cx *cx, const struct log_world *world,
                               const struct log_ids *ids, uint64_t segment_bytes,
                               struct log_root *root, struct log **out_log);
/* *out_log is NULL if there is no such file. Reads the slots: `slot.generation` is 0 if none is
 * valid. A slot of another container is LLKV_CORRUPT. Then the places, if a slot is valid. */
NODISCARD llkv_code log_open(struct cx *cx, const struct log_world *world,
                             const uint8_t file_id[STORAGE_ID_BYTES], struct log **out_log);
/* NULL is allowed. The file stays. */
void log_close(struct log *log);
/* Write the older slot for `root`, sync: L4 counts from then on. Beside log_append and log_sync. */
NODISCARD llkv_code log_root_write(struct cx *cx, struct log *log, const struct log_root *root,
                                   uint64_t container_tail);
/* Make sure that the next segment finds a place, if the log has less than LOG_PLACES. Beside
 * everything. */
NODISCARD llkv_code log_prepare(struct cx *cx, struct log *log);
/* Has the slot on the medium another generation than the one that was read? */
NODISCARD llkv_code log_slot_moved(struct cx *cx, struct log *log, bool *out_moved);

/* ---- log_scan.c: what is there ---- */

/* `payload` is valid during the call. Another code than LLKV_OK ends the scan. */
typedef llkv_code log_group_fn(void *arg, const struct log_group *group, const void *payload);

struct log_scan {
    struct log_position end;      /* the first lsn that is not there, and where it would be */
    uint64_t container_tail;      /* the highest that a group names */
    uint64_t durable_lsn;         /* the same */
    uint32_t previous_crc, place; /* for `end` */
    bool place_valid;
};

/* The groups from `start` on (L2), at most those below `end_lsn`. `fn` may be NULL. */
NODISCARD llkv_code log_scan(struct cx *cx, struct log *log, const struct log_position *start,
                             uint64_t end_lsn, log_group_fn *fn, void *arg,
                             struct log_scan *out_scan);
/* The highest durable_lsn that any valid group says anywhere in the file. */
NODISCARD llkv_code log_evidence(struct cx *cx, struct log *log, uint64_t *out_durable_lsn);
/* Go on behind what a scan found: everything up to there is durable (the caller synced). */
void log_continue(struct log *log, const struct log_scan *scan, const struct log_root *root);

/* ---- log_append.c: what is added ---- */

/* `container_tail`: the container is durable up to there (C2, L3). Ordinary errors: LLKV_MISUSE
 * for what the contract forbids, LLKV_LIMIT if there is no room for a new segment. */
NODISCARD llkv_code log_append(struct cx *cx, struct log *log, const llkv_pager_group *group,
                               uint64_t container_tail);
NODISCARD llkv_code log_sync(struct cx *cx, struct log *log, uint64_t lsn);
/* The next lsn. */
uint64_t log_next_lsn(struct log *log);
/* Where a replay from `lsn` starts: a group's beginning, at or below it. */
struct log_position log_start_for(struct log *log, uint64_t lsn);

/* ---- for the files above ---- */

/* What failed just now leaves the medium unknown: set *failed, make the error say so. */
NODISCARD llkv_code storage_broken(struct cx *cx, atomic_bool *failed);
/* The refusal after that. */
NODISCARD llkv_code storage_refuse_if_failed(struct cx *cx, const atomic_bool *failed);
/* Sync the log, whatever is written by others meanwhile; the lock is not held. */
NODISCARD llkv_code log_sync_file(struct cx *cx, struct log *log);
/* Make one more place. grow_lock is held. */
NODISCARD llkv_code log_grow(struct cx *cx, struct log *log);
uint64_t log_place_bytes(const struct log *log, uint32_t place);
/* A free place for a segment whose first group takes `span` bytes; false: none. `lock` is held. */
bool log_place_find(const struct log *log, uint64_t span, uint32_t *out_place);
/* Write and sync the header of a new segment at `end` into a free place. append_lock is held. */
NODISCARD llkv_code log_segment_open(struct cx *cx, struct log *log, uint32_t place);
#endif
