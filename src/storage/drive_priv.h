/* drive_priv.h -- the state of the drive pager, and what its files offer each other.
 *
 * Locks, outermost first: publish_lock (one publish at a time), session_lock (the first write of a
 * session), append_lock (who holds it appends to the container), lock (memory only, and nodes of
 * the batch table are read under it). The log has its own, below all of these. */
#ifndef STORAGE_DRIVE_PRIV_H
#define STORAGE_DRIVE_PRIV_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/cx.h"
#include "storage/batch_table.h"
#include "storage/drive_pager.h"
#include "storage/entry_format.h"
#include "storage/log.h"

enum {
    DRIVE_BATCH_BYTES_MAX = 64 * 1024 * 1024,
    DROP_BYTES = 32, /* one range in a CHECKPOINT */
};

/* A range that was discarded and is not punched yet. */
struct drive_drop {
    uint64_t offset, bytes; /* in the file */
    uint64_t version;       /* of the root that dropped it; 0: the next one will */
    uint32_t batch_seq;
};

/* A part of the file in memory. */
struct drive_mapping {
    uint64_t begin, end; /* in the file; begin is a multiple of OS_MAP_ALIGN */
    const void *data;
    uint32_t refs; /* pins, and one while it is in the list */
};

struct batch_pin {
    struct drive_mapping *mapping;
    struct batch_place *place;
    struct batch_pin *next, **link; /* in place->pins */
    uint64_t offset, bytes;         /* in the file */
};

/* What a reader keeps of the log. */
struct drive_group {
    struct drive_group *next;
    uint64_t first_lsn;
    uint32_t frames, bytes;
    uint8_t payload[];
};

struct drive_pager {
    struct llkv_pager pager;
    llkv_pager_drive_options options;
    const struct os_fs *fs;
    struct mem_budget *budget;
    enum planted_bug planted;
    uint64_t segment_bytes;
    char *path, *log_path, *new_path;
    struct os_fs_file *file;
    uint8_t file_id[STORAGE_ID_BYTES];
    atomic_bool failed;  /* F1 */
    atomic_bool session; /* S1 is done */
    uint64_t lost_pages; /* os_fault_count when it was opened */
    bool live;           /* a reader: another process is writing */
    bool log_unfinished; /* a file of the log's name that S1 overwrites */

    pthread_mutex_t publish_lock, session_lock, append_lock, lock;
    /* ---- append_lock ---- */
    uint64_t tail;
    uint32_t last_seq;
    bool junk; /* a failed write may have left bytes behind the tail */
    /* ---- lock ---- */
    uint64_t written_tail; /* `tail`, for who does not append */
    uint64_t synced_tail;  /* L3: container_tail */
    struct entry root;     /* the CHECKPOINT that counts */
    uint8_t root_bytes[LLKV_PAGER_ROOT_BYTES_MAX];
    struct batch_table table;
    struct drive_drop *drops;
    uint32_t drop_count, drop_capacity;
    struct drive_mapping **mappings; /* ascending; together they cover [0, mapped_end) */
    uint32_t mapping_count, mapping_capacity;
    struct log *log;            /* NULL until a session begins, and for a clean file */
    struct drive_group *groups; /* readers: what the log holds */
};

ALWAYS_INLINE struct drive_pager *drive_of(llkv_pager *pager)
{
    return (struct drive_pager *)(void *)pager;
}
ALWAYS_INLINE struct cx drive_cx(struct drive_pager *dp, llkv_error *error)
{
    return (struct cx){.error = error, .budget = dp->budget};
}

/* ---- drive_pager.c ---- */

/* Refuses on a pager that was opened to read, or that failed. */
NODISCARD llkv_code drive_check_writable(struct cx *cx, struct drive_pager *dp);

extern const llkv_pager_methods drive_methods;

/* ---- drive_open.c ---- */

void drive_close(llkv_pager *pager);

/* ---- drive_entry.c: entries in the file ---- */

/* The entry at `offset` of a file of `file_bytes` bytes; *out_valid is false if none of ours is
 * whole there. Its payload's checksum is given, not compared. */
NODISCARD llkv_code drive_entry_at(struct cx *cx, struct drive_pager *dp, uint64_t offset,
                                   uint64_t file_bytes, struct entry *out_entry, bool *out_valid);
/* The one that ends at `tail`. */
NODISCARD llkv_code drive_entry_before(struct cx *cx, struct drive_pager *dp, uint64_t tail,
                                       struct entry *out_entry, bool *out_valid);
/* Does its payload have the checksum of its trailer? */
NODISCARD llkv_code drive_entry_intact(struct cx *cx, struct drive_pager *dp,
                                       const struct entry *entry, bool *out_intact);
/* Do bytes from `tail` to the end of the file look like entries of another program: a chain down to
 * `tail`, every checksum right? */
NODISCARD llkv_code drive_chain_foreign(struct cx *cx, struct drive_pager *dp, uint64_t tail,
                                        uint64_t file_bytes, bool *out_chain);
/* Append `count` buffers, which make up a whole entry of `bytes` bytes. append_lock is held. */
struct drive_chunk {
    const void *data;
    uint64_t bytes;
};
NODISCARD llkv_code drive_append(struct cx *cx, struct drive_pager *dp,
                                 const struct drive_chunk *chunks, uint32_t count, uint64_t bytes);
/* Sync the container; everything written before counts as synced. */
NODISCARD llkv_code drive_sync(struct cx *cx, struct drive_pager *dp);

/* ---- drive_batch.c ---- */

llkv_code drive_batch_begin(llkv_pager *pager, llkv_pager_batch **out_batch, llkv_error *error);
llkv_code drive_batch_add(llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                          void **out_space, uint64_t *out_offset, llkv_error *error);
llkv_code drive_batch_seal(llkv_pager *pager, llkv_pager_batch *batch, uint32_t *out_batch_seq,
                           llkv_error *error);
void drive_batch_abort(llkv_pager *pager, llkv_pager_batch *batch);
llkv_code drive_batch_sync(llkv_pager *pager, uint32_t batch_seq, llkv_error *error);

/* ---- drive_view.c ---- */

llkv_code drive_view(llkv_pager *pager, uint64_t handle, uint64_t bytes, llkv_pager_view *out_view,
                     llkv_error *error);
void drive_view_release(llkv_pager *pager, llkv_pager_view *view);
void drive_mappings_free(struct drive_pager *dp);

/* ---- drive_space.c ---- */

void drive_discard(llkv_pager *pager, uint32_t batch_seq, uint64_t offset, uint64_t bytes);
/* What is new is dropped by the root `version`. `lock` is held for this and the next two. */
void drive_drops_assign(struct drive_pager *dp, uint64_t version);
/* The ranges that a CHECKPOINT of the root `version` lists, and how many. */
uint32_t drive_drops_count(const struct drive_pager *dp, uint64_t version);
void drive_drops_encode(const struct drive_pager *dp, uint64_t version, uint8_t *out);
NODISCARD llkv_code drive_drops_decode(struct cx *cx, struct drive_pager *dp,
                                       const struct entry *root, const uint8_t *bytes);
/* The root `version` is durable: punch what C4 allows. */
void drive_punch(struct drive_pager *dp, uint64_t version);

/* ---- drive_root.c ---- */

llkv_code drive_root_get(llkv_pager *pager, uint64_t *out_version, void *out_root,
                         size_t *out_bytes, uint64_t *out_replay_from, llkv_error *error);
llkv_code drive_root_publish(llkv_pager *pager, uint64_t expected_version, const void *root,
                             size_t bytes, uint64_t replay_from, llkv_error *error);
/* S1: on return anything may be written. */
NODISCARD llkv_code drive_session_begin(struct cx *cx, struct drive_pager *dp);
/* S2, as far as it gets. */
void drive_session_end(struct drive_pager *dp);
/* The first CHECKPOINT of a new file, synced. */
NODISCARD llkv_code drive_root_create(struct cx *cx, struct drive_pager *dp);
/* The same root once more, with other flags, synced. Nobody else changes the root meanwhile. */
NODISCARD llkv_code drive_root_repeat(struct cx *cx, struct drive_pager *dp, uint32_t flags,
                                      uint64_t log_id, const struct log_position *start);
/* The root as a CHECKPOINT says; reads its bytes, the batch table's root and the drops. */
NODISCARD llkv_code drive_root_load(struct cx *cx, struct drive_pager *dp,
                                    const struct entry *checkpoint);
void drive_log_world(struct drive_pager *dp, struct log_world *out_world);

/* ---- drive_lock.c ---- */

/* WRITER, if the pager writes; MAINTENANCE; LLKV_BUSY names who has it. Sets dp->live. */
NODISCARD llkv_code drive_lock_take(struct cx *cx, struct drive_pager *dp);
/* Only the writer's; used on a file that is being made. */
NODISCARD llkv_code drive_lock_writer(struct cx *cx, struct drive_pager *dp, bool *out_taken);
/* A reader's pin on its root's version. */
NODISCARD llkv_code drive_lock_pin(struct cx *cx, struct drive_pager *dp, uint64_t version);
/* Does any other process hold a pin? */
NODISCARD llkv_code drive_lock_pinned(struct cx *cx, struct drive_pager *dp, bool *out_pinned);
/* MAINTENANCE alone: tried, not awaited; given back by closing the file. */
NODISCARD llkv_code drive_lock_alone(struct cx *cx, struct drive_pager *dp, bool *out_alone);

/* ---- drive_recover.c ---- */

/* Root, log, tail: everything but what a writer then does to the files. */
NODISCARD llkv_code drive_recover(struct cx *cx, struct drive_pager *dp);
void drive_groups_free(struct drive_pager *dp);
#endif
