/* Roots: CHECKPOINTs written, published, read; the beginning and the end of a session. */
#include <assert.h>
#include <string.h>

#include "base/crc32.h"
#include "base/crc32c.h"
#include "storage/drive_priv.h"
#include "storage/srd.h"

/* A CHECKPOINT to be written. */
struct checkpoint {
    const void *root;
    size_t root_bytes;
    uint64_t version, replay_from, log_id;
    struct log_position start;
    uint32_t flags;
    bool with_changes; /* of the batch table and of what was discarded; else as the root has them */
};

static uint64_t align64(uint64_t offset)
{
    return (offset + LLKV_PAGER_ALIGN - 1) / LLKV_PAGER_ALIGN * LLKV_PAGER_ALIGN;
}

/* All of the entry in memory, but header and end; `lock` and append_lock are held. */
static llkv_code compose(struct cx *cx, struct drive_pager *dp, const struct checkpoint *c,
                         struct entry *entry, uint8_t **out_bytes)
{
    if (c->with_changes) drive_drops_assign(dp, c->version);
    uint64_t table_bytes = c->with_changes ? batch_table_changed_bytes(&dp->table) : 0;
    uint64_t drops_bytes = (uint64_t)drive_drops_count(dp, c->version) * DROP_BYTES;
    uint64_t table_at = align64(ENTRY_HEADER_BYTES + c->root_bytes);
    uint64_t drops_at = align64(table_at + table_bytes);
    if (drops_bytes > DRIVE_BATCH_BYTES_MAX || table_bytes > DRIVE_BATCH_BYTES_MAX)
        return cx_fail(cx, LLKV_LIMIT, "too much has changed since the last checkpoint");
    entry->bytes = entry_bytes_for(drops_at + drops_bytes);
    uint8_t *bytes = mem_alloc_zero(dp->budget, entry->bytes);
    if (bytes == NULL) return cx_nomem(cx);
    if (c->root_bytes != 0) memcpy(bytes + ENTRY_HEADER_BYTES, c->root, c->root_bytes);
    entry->table = dp->root.table;
    if (c->with_changes)
        entry->table = batch_table_encode(&dp->table, entry->offset + table_at, bytes + table_at);
    drive_drops_encode(dp, c->version, bytes + drops_at);
    entry->root = (struct entry_part){ENTRY_HEADER_BYTES, (uint32_t)c->root_bytes,
                                      crc32c(0, bytes + ENTRY_HEADER_BYTES, c->root_bytes)};
    entry->drops = (struct entry_part){(uint32_t)drops_at, (uint32_t)drops_bytes,
                                       crc32c(0, bytes + drops_at, drops_bytes)};
    *out_bytes = bytes;
    return LLKV_OK;
}

/* append_lock is held. */
static llkv_code append_checkpoint(struct cx *cx, struct drive_pager *dp,
                                   const struct checkpoint *c, struct entry *entry)
{
    uint8_t *bytes = NULL;
    TRY(storage_refuse_if_failed(cx, &dp->failed));
    if (dp->last_seq == UINT32_MAX) return cx_fail(cx, LLKV_LIMIT, "no batch numbers are left");
    pthread_mutex_lock(&dp->lock);
    *entry = (struct entry){.kind = ENTRY_CHECKPOINT,
                            .batch_seq = dp->last_seq + 1,
                            .offset = dp->tail,
                            .flags = c->flags,
                            .log_id = c->log_id,
                            .version = c->version,
                            .replay_from = c->replay_from,
                            .start = c->start};
    entry->previous = dp->root.kind == ENTRY_CHECKPOINT ? dp->root.offset : ENTRY_NO_OFFSET;
    memcpy(entry->file_id, dp->file_id, sizeof entry->file_id);
    llkv_code rc = compose(cx, dp, c, entry, &bytes);
    pthread_mutex_unlock(&dp->lock);
    if (rc != LLKV_OK) return rc;
    entry_header_encode(entry, bytes);
    uint8_t *end = bytes + entry->bytes - ENTRY_END_BYTES;
    entry_end_encode(entry, end);
    entry_end_set_crc(end, crc32_ieee(0, bytes, entry->bytes - SRD_TRAILER_BYTES));
    struct drive_chunk chunk = {bytes, entry->bytes};
    rc = drive_append(cx, dp, &chunk, 1, entry->bytes);
    if (rc == LLKV_OK) dp->last_seq = entry->batch_seq;
    mem_free(bytes);
    return rc;
}

/* Write it and make it durable; it is not the root yet. */
static llkv_code write_checkpoint(struct cx *cx, struct drive_pager *dp, const struct checkpoint *c,
                                  struct entry *out_entry)
{
    pthread_mutex_lock(&dp->append_lock);
    llkv_code rc = append_checkpoint(cx, dp, c, out_entry);
    pthread_mutex_unlock(&dp->append_lock);
    if (rc != LLKV_OK) return rc;
    return drive_sync(cx, dp);
}

llkv_code drive_root_repeat(struct cx *cx, struct drive_pager *dp, uint32_t flags, uint64_t log_id,
                            const struct log_position *start)
{
    struct checkpoint c = {.root = dp->root_bytes,
                           .root_bytes = dp->root.root.bytes,
                           .version = dp->root.version,
                           .replay_from = dp->root.replay_from,
                           .log_id = log_id,
                           .start = *start,
                           .flags = flags};
    struct entry entry;
    TRY(write_checkpoint(cx, dp, &c, &entry));
    pthread_mutex_lock(&dp->lock);
    dp->root = entry;
    pthread_mutex_unlock(&dp->lock);
    return LLKV_OK;
}

/* The same, for the log that is there. */
static llkv_code repeat_root(struct cx *cx, struct drive_pager *dp, uint32_t flags)
{
    struct log_position start = log_start_for(dp->log, dp->root.replay_from);
    return drive_root_repeat(cx, dp, flags, dp->log->ids.log_id, &start);
}

llkv_code drive_root_create(struct cx *cx, struct drive_pager *dp)
{
    struct checkpoint c = {.replay_from = 1, .start.lsn = 1};
    struct entry entry;
    TRY(write_checkpoint(cx, dp, &c, &entry));
    dp->root = entry;
    return LLKV_OK;
}

/* ---- sessions ---- */

void drive_log_world(struct drive_pager *dp, struct log_world *out_world)
{
    *out_world = (struct log_world){.fs = dp->fs,
                                    .budget = dp->budget,
                                    .failed = &dp->failed,
                                    .path = dp->log_path,
                                    .planted = dp->planted,
                                    .read_only = dp->options.read_only};
}

static llkv_code make_log(struct cx *cx, struct drive_pager *dp)
{
    struct log_world world;
    struct log_ids ids = {0};
    drive_log_world(dp, &world);
    memcpy(ids.file_id, dp->file_id, sizeof ids.file_id);
    TRY(dp->fs->random(cx, dp->fs, &ids.log_id, sizeof ids.log_id));
    ids.log_id |= 1; /* 0 says: none */
    struct log_root root = {.tail = dp->root.offset + dp->root.bytes,
                            .version = dp->root.version,
                            .replay_from = dp->root.replay_from,
                            .crc = dp->root.crc};
    struct log *log = NULL;
    TRY(log_create(cx, &world, &ids, dp->segment_bytes, &root, &log));
    llkv_code rc = dp->fs->directory_sync(cx, dp->fs, dp->log_path);
    if (rc != LLKV_OK) {
        log_close(log);
        return storage_broken(cx, &dp->failed);
    }
    dp->log = log;
    return LLKV_OK;
}

static llkv_code begin_locked(struct cx *cx, struct drive_pager *dp)
{
    if (atomic_load(&dp->session)) return LLKV_OK;
    TRY(storage_refuse_if_failed(cx, &dp->failed));
    if (dp->log == NULL)
        TRY(make_log(cx, dp));
    else if (dp->fs->directory_sync(cx, dp->fs, dp->log_path) != LLKV_OK)
        return storage_broken(cx, &dp->failed); /* whoever made the files may have died before it */
    bool required =
        (dp->root.flags & ENTRY_LOG_REQUIRED) != 0 && dp->root.log_id == dp->log->ids.log_id;
    if (!required) TRY(repeat_root(cx, dp, ENTRY_LOG_REQUIRED));
    atomic_store(&dp->session, true);
    return LLKV_OK;
}

llkv_code drive_session_begin(struct cx *cx, struct drive_pager *dp)
{
    if (atomic_load(&dp->session)) return LLKV_OK;
    pthread_mutex_lock(&dp->session_lock);
    llkv_code rc = begin_locked(cx, dp);
    pthread_mutex_unlock(&dp->session_lock);
    return rc;
}

/* The last entry says that no log is needed. */
static llkv_code make_clean(struct cx *cx, struct drive_pager *dp)
{
    if (dp->junk) TRY(dp->fs->resize(cx, dp->file, dp->tail));
    bool clean =
        (dp->root.flags & ENTRY_LOG_REQUIRED) == 0 && dp->root.offset + dp->root.bytes == dp->tail;
    return clean && !dp->junk ? LLKV_OK : repeat_root(cx, dp, 0);
}

void drive_session_end(struct drive_pager *dp)
{
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, &local); /* whatever fails here: the next open recovers */
    bool alone = false;
    if (dp->options.read_only || atomic_load(&dp->failed) || dp->log == NULL) return;
    if (dp->root.replay_from != log_next_lsn(dp->log)) return;
    if (make_clean(&cx, dp) != LLKV_OK) return;
    if (drive_lock_alone(&cx, dp, &alone) != LLKV_OK || !alone) return;
    log_close(dp->log);
    dp->log = NULL;
    if (dp->fs->remove(&cx, dp->fs, dp->log_path) != LLKV_OK) return;
    (void)dp->fs->directory_sync(&cx, dp->fs, dp->log_path);
}

/* ---- publishing ---- */

/* publish_lock and session_lock are held: the root stays as it is. */
static llkv_code check_publish(struct cx *cx, struct drive_pager *dp, uint64_t expected_version,
                               size_t bytes, uint64_t replay_from)
{
    TRY(drive_check_writable(cx, dp));
    if (bytes > LLKV_PAGER_ROOT_BYTES_MAX)
        return cx_fail(cx, LLKV_LIMIT, "a root of %zu bytes is too large", bytes);
    if (dp->root.version != expected_version)
        return cx_fail(cx, LLKV_CONFLICT, "the root is at version %llu, not %llu",
                       (unsigned long long)dp->root.version, (unsigned long long)expected_version);
    uint64_t next = dp->log == NULL ? dp->root.replay_from : log_next_lsn(dp->log);
    if (replay_from < dp->root.replay_from || replay_from > next)
        return cx_fail(cx, LLKV_MISUSE, "replay_from %llu is not between %llu and %llu",
                       (unsigned long long)replay_from, (unsigned long long)dp->root.replay_from,
                       (unsigned long long)next);
    return LLKV_OK;
}

/* C3. publish_lock is held. */
static llkv_code publish(struct cx *cx, struct drive_pager *dp, const struct checkpoint *wanted)
{
    struct checkpoint c = *wanted;
    struct entry entry;
    TRY(drive_session_begin(cx, dp));
    TRY(log_sync(cx, dp->log, c.replay_from - 1)); /* P1 */
    c.log_id = dp->log->ids.log_id;
    c.start = log_start_for(dp->log, c.replay_from);
    TRY(write_checkpoint(cx, dp, &c, &entry)); /* P2, P3 */
    struct log_root root = {.tail = entry.offset + entry.bytes,
                            .version = entry.version,
                            .replay_from = entry.replay_from,
                            .start = entry.start,
                            .crc = entry.crc};
    pthread_mutex_lock(&dp->lock);
    uint64_t container_tail = dp->synced_tail;
    pthread_mutex_unlock(&dp->lock);
    TRY(log_root_write(cx, dp->log, &root, container_tail)); /* P4, P5 */
    pthread_mutex_lock(&dp->lock);
    dp->root = entry;
    if (c.root_bytes != 0) memcpy(dp->root_bytes, c.root, c.root_bytes);
    batch_table_commit(&dp->table, &entry.table);
    pthread_mutex_unlock(&dp->lock);
    drive_punch(dp, entry.version); /* P6 */
    return LLKV_OK;
}

llkv_code drive_root_publish(llkv_pager *pager, uint64_t expected_version, const void *root,
                             size_t bytes, uint64_t replay_from, llkv_error *error)
{
    struct drive_pager *dp = drive_of(pager);
    llkv_error local = LLKV_ERROR_INIT;
    struct cx cx = drive_cx(dp, error == NULL ? &local : error);
    struct checkpoint c = {.root = root,
                           .root_bytes = bytes,
                           .version = expected_version + 1,
                           .replay_from = replay_from,
                           .flags = ENTRY_LOG_REQUIRED,
                           .with_changes = true};
    pthread_mutex_lock(&dp->publish_lock);
    pthread_mutex_lock(&dp->session_lock);
    llkv_code rc = check_publish(&cx, dp, expected_version, bytes, replay_from);
    pthread_mutex_unlock(&dp->session_lock);
    if (rc == LLKV_OK) rc = publish(&cx, dp, &c);
    pthread_mutex_unlock(&dp->publish_lock);
    return rc;
}

llkv_code drive_root_get(llkv_pager *pager, uint64_t *out_version, void *out_root,
                         size_t *out_bytes, uint64_t *out_replay_from, llkv_error *error)
{
    (void)error;
    struct drive_pager *dp = drive_of(pager);
    pthread_mutex_lock(&dp->lock);
    *out_version = dp->root.version;
    *out_bytes = dp->root.root.bytes;
    *out_replay_from = dp->root.replay_from;
    memcpy(out_root, dp->root_bytes, dp->root.root.bytes);
    pthread_mutex_unlock(&dp->lock);
    return LLKV_OK;
}

/* ---- reading ---- */

static llkv_code damaged(struct cx *cx, const struct drive_pager *dp, const char *what)
{
    return cx_fail(cx, LLKV_CORRUPT, "\"%s\": %s of the newest checkpoint is damaged", dp->path,
                   what);
}

static llkv_code load_drops(struct cx *cx, struct drive_pager *dp, const struct entry *checkpoint)
{
    const struct entry_part *part = &checkpoint->drops;
    if (part->bytes == 0) return LLKV_OK;
    uint8_t *bytes = mem_alloc(dp->budget, part->bytes);
    if (bytes == NULL) return cx_nomem(cx);
    llkv_code rc = os_fs_read(cx, dp->file, bytes, part->bytes, checkpoint->offset + part->offset);
    if (rc == LLKV_OK && crc32c(0, bytes, part->bytes) != part->crc)
        rc = damaged(cx, dp, "the list of free ranges");
    if (rc == LLKV_OK) rc = drive_drops_decode(cx, dp, checkpoint, bytes);
    mem_free(bytes);
    return rc;
}

llkv_code drive_root_load(struct cx *cx, struct drive_pager *dp, const struct entry *checkpoint)
{
    const struct entry_part *part = &checkpoint->root;
    assert(checkpoint->kind == ENTRY_CHECKPOINT);
    if (part->bytes > sizeof dp->root_bytes) return damaged(cx, dp, "the root");
    uint64_t from = checkpoint->offset + part->offset;
    if (part->bytes != 0) TRY(os_fs_read(cx, dp->file, dp->root_bytes, part->bytes, from));
    if (crc32c(0, dp->root_bytes, part->bytes) != part->crc) return damaged(cx, dp, "the root");
    TRY(batch_table_init(cx, &dp->table, dp->file, dp->budget, &checkpoint->table));
    TRY(load_drops(cx, dp, checkpoint));
    dp->root = *checkpoint;
    return LLKV_OK;
}
