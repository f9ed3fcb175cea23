/* What counts after a crash: the root, the frames behind it, the tail (README, recovery). */
#include <assert.h>
#include <string.h>

#include "storage/drive_priv.h"
#include "storage/srd.h"

/* Entries behind the slot's CHECKPOINT. */
struct walked {
    struct entry *entries;
    uint32_t count, capacity;
    uint64_t end; /* of the last one */
};

static llkv_code refuse_with(struct cx *cx, const struct drive_pager *dp, const char *what,
                             const char *hint)
{
    llkv_code rc = cx_fail(cx, LLKV_CORRUPT, "\"%s\" is not opened: %s", dp->path, what);
    if (rc != LLKV_OK) rc = cx_hint(cx, "%s", hint);
    return rc;
}

static llkv_code refuse(struct cx *cx, const struct drive_pager *dp, const char *what)
{
    return refuse_with(cx, dp, what,
                       "Nothing was changed. Keep copies of the file and of its log before "
                       "anything else is tried.");
}

/* ---- the id of the file ---- */

static llkv_code foreign_file(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes)
{
    bool chain = false;
    if (file_bytes == 0)
        return cx_fail(cx, LLKV_CORRUPT, "\"%s\" is empty, not an LLKV database", dp->path);
    TRY(drive_chain_foreign(cx, dp, 0, file_bytes, &chain));
    if (!chain) return cx_fail(cx, LLKV_CORRUPT, "\"%s\" is not an LLKV database", dp->path);
    return refuse_with(cx, dp, "it is a simd-r-drive container, but not an LLKV database",
                       "`llkv drive` reads such files.");
}

static llkv_code read_file_id(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes)
{
    uint8_t bytes[ENTRY_HEADER_BYTES];
    struct entry first;
    if (file_bytes < STORAGE_BLOCK_BYTES) return foreign_file(cx, dp, file_bytes);
    TRY(os_fs_read(cx, dp->file, bytes, sizeof bytes, 0));
    enum entry_verdict verdict = entry_header_decode(bytes, &first);
    if (verdict == ENTRY_TOO_NEW)
        return cx_fail(cx, LLKV_UNSUPPORTED, "\"%s\" was written by a newer version", dp->path);
    if (verdict != ENTRY_VALID || first.offset != 0) return foreign_file(cx, dp, file_bytes);
    memcpy(dp->file_id, first.file_id, sizeof dp->file_id);
    return LLKV_OK;
}

/* ---- no log ---- */

static llkv_code no_clean_end(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes)
{
    bool chain = false;
    TRY(drive_chain_foreign(cx, dp, 0, file_bytes, &chain));
    if (!chain)
        return refuse(cx, dp,
                      "it does not end with a checkpoint, and there is no log beside it "
                      "that says where to go on");
    return refuse_with(cx, dp, "another program has appended to it",
                       "Cut what was appended, or take the entries over with `llkv drive`.");
}

/* C5. `with_log`: a log is there, but none that was ever finished. */
static llkv_code recover_clean(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes,
                               bool with_log)
{
    struct entry entry;
    bool valid = false;
    bool intact = false;
    TRY(drive_entry_before(cx, dp, file_bytes, &entry, &valid));
    if (valid) TRY(drive_entry_intact(cx, dp, &entry, &intact));
    if (!valid || !intact || entry.kind != ENTRY_CHECKPOINT)
        return with_log ? refuse(cx, dp, "its log is damaged") : no_clean_end(cx, dp, file_bytes);
    bool required = (entry.flags & ENTRY_LOG_REQUIRED) != 0;
    if (required && with_log) return refuse(cx, dp, "its log is damaged");
    if (required && !dp->options.without_log)
        return refuse_with(cx, dp,
                           "it was not closed, and its log is missing, which holds the last "
                           "transactions, or its end was cut off",
                           "A copy needs both files, or a database that was closed. Opening "
                           "without the log loses what only it held.");
    TRY(drive_root_load(cx, dp, &entry));
    dp->log_unfinished = with_log;
    dp->last_seq = entry.batch_seq;
    dp->tail = dp->written_tail = dp->synced_tail = file_bytes;
    if (!required || dp->options.read_only) return LLKV_OK;
    /* What the log held is given up: the file says so before anything else is written to it. */
    return drive_root_repeat(cx, dp, 0, entry.log_id, &entry.start);
}

/* ---- the entries behind the slot's CHECKPOINT ---- */

static llkv_code push_entry(struct cx *cx, struct drive_pager *dp, struct walked *walked,
                            const struct entry *entry)
{
    if (walked->count == walked->capacity) {
        uint32_t wanted = walked->capacity == 0 ? 16 : walked->capacity * 2;
        size_t bytes;
        if (wanted <= walked->capacity || !size_mul(wanted, sizeof *entry, &bytes))
            return cx_nomem(cx);
        struct entry *grown = mem_realloc(walked->entries, bytes, dp->budget);
        if (grown == NULL) return cx_nomem(cx);
        walked->entries = grown;
        walked->capacity = wanted;
    }
    walked->entries[walked->count++] = *entry;
    walked->end = entry->offset + entry->bytes;
    return LLKV_OK;
}

static llkv_code walk_entries(struct cx *cx, struct drive_pager *dp, const struct entry *from,
                              uint64_t file_bytes, struct walked *walked)
{
    uint32_t seq = from->batch_seq;
    walked->end = from->offset + from->bytes;
    for (;;) {
        struct entry entry;
        bool valid = false;
        TRY(cx_check_cancel(cx));
        TRY(drive_entry_at(cx, dp, walked->end, file_bytes, &entry, &valid));
        if (!valid || entry.batch_seq <= seq) return LLKV_OK;
        if (entry.kind == ENTRY_CHECKPOINT && entry.log_id != dp->log->ids.log_id)
            return refuse(cx, dp, "it has been used with another log since the one beside it");
        seq = entry.batch_seq;
        TRY(push_entry(cx, dp, walked, &entry));
    }
}

/* The newest CHECKPOINT that is whole, with everything before it; the slot's if there is none. */
static llkv_code choose_root(struct cx *cx, struct drive_pager *dp, const struct walked *walked,
                             struct entry *root)
{
    uint32_t count = walked->count;
    while (count > 0 && walked->entries[count - 1].kind != ENTRY_CHECKPOINT)
        count--;
    for (uint32_t i = 0; i < count; i++) {
        bool intact = false;
        TRY(drive_entry_intact(cx, dp, &walked->entries[i], &intact));
        if (!intact) break;
        if (walked->entries[i].kind == ENTRY_CHECKPOINT) *root = walked->entries[i];
    }
    return LLKV_OK;
}

static llkv_code slot_checkpoint(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes,
                                 struct entry *out_entry)
{
    const struct log_root *root = &dp->log->slot.root;
    bool valid = false;
    if (root->tail > file_bytes)
        return refuse(cx, dp, "its log speaks of bytes that it does not have");
    TRY(drive_entry_before(cx, dp, root->tail, out_entry, &valid));
    bool same = valid && out_entry->kind == ENTRY_CHECKPOINT && out_entry->crc == root->crc &&
                out_entry->version == root->version && out_entry->replay_from == root->replay_from;
    if (!same) return refuse(cx, dp, "the checkpoint that its log names is not in it");
    bool ours = out_entry->log_id == dp->log->ids.log_id;
    bool clean = (out_entry->flags & ENTRY_LOG_REQUIRED) == 0;
    if (!ours && !clean) return refuse(cx, dp, "the log beside it is not the one it requires");
    return LLKV_OK;
}

/* ---- the frames ---- */

/* A reader keeps groups, since a writer may reuse their place. */
struct keeper {
    struct drive_pager *dp;
    struct cx *cx;
    struct drive_group **link;
    uint64_t replay_from;
};

static llkv_code keep_group(void *arg, const struct log_group *group, const void *payload)
{
    struct keeper *keeper = arg;
    if (group->first_lsn + group->frames <= keeper->replay_from) return LLKV_OK;
    struct drive_group *kept =
        mem_alloc(keeper->dp->budget, sizeof(struct drive_group) + group->bytes);
    if (kept == NULL) return cx_nomem(keeper->cx);
    kept->next = NULL;
    kept->first_lsn = group->first_lsn;
    kept->frames = group->frames;
    kept->bytes = group->bytes;
    memcpy(kept->payload, payload, group->bytes);
    *keeper->link = kept;
    keeper->link = &kept->next;
    return LLKV_OK;
}

void drive_groups_free(struct drive_pager *dp)
{
    while (dp->groups != NULL) {
        struct drive_group *group = dp->groups;
        dp->groups = group->next;
        mem_free(group);
    }
}

static llkv_code scan_frames(struct cx *cx, struct drive_pager *dp, const struct entry *root,
                             const struct log_position *start, struct log_scan *out_scan)
{
    struct keeper keeper = {dp, cx, &dp->groups, root->replay_from};
    log_group_fn *fn = dp->options.read_only ? keep_group : NULL;
    TRY(log_scan(cx, dp->log, start, UINT64_MAX, fn, &keeper, out_scan));
    if (out_scan->end.lsn < root->replay_from)
        return refuse(cx, dp, "frames are missing from the log that were durable");
    if (dp->live) return LLKV_OK; /* what is being written now is not damage */
    uint64_t durable_lsn = 0;
    TRY(log_evidence(cx, dp->log, &durable_lsn));
    if (durable_lsn < out_scan->end.lsn) return LLKV_OK;
    return refuse(cx, dp, "its log is damaged: frames that were durable cannot be read");
}

/* ---- the tail ---- */

/* Bytes behind the tail may go, unless another program wrote them. */
static llkv_code check_rest(struct cx *cx, struct drive_pager *dp, const struct walked *walked,
                            uint64_t file_bytes)
{
    bool chain = false;
    if (walked->end == file_bytes) return LLKV_OK; /* ours, and dead */
    TRY(drive_chain_foreign(cx, dp, dp->tail, file_bytes, &chain));
    if (!chain) return LLKV_OK;
    return refuse_with(cx, dp, "another program has appended to it while it was in use",
                       "Take the entries over with `llkv drive`, then cut them.");
}

static llkv_code find_tail(struct cx *cx, struct drive_pager *dp, const struct walked *walked,
                           const struct entry *root, const struct log_scan *scan)
{
    uint64_t tail = root->offset + root->bytes;
    if (dp->log->slot.container_tail > tail) tail = dp->log->slot.container_tail;
    if (scan->container_tail > tail) tail = scan->container_tail;
    if (planted(dp->planted, PLANTED_CUT_UNCHECKED)) tail = root->offset + root->bytes;
    bool boundary = tail == root->offset + root->bytes;
    for (uint32_t i = 0; i < walked->count; i++)
        boundary |= walked->entries[i].offset + walked->entries[i].bytes == tail;
    if (!boundary) return refuse(cx, dp, "bytes are missing from it that its log relies on");
    dp->tail = tail;
    return LLKV_OK;
}

/* Batches between the root and the tail, which frames may name. */
static llkv_code adopt_batches(struct cx *cx, struct drive_pager *dp, const struct walked *walked)
{
    uint64_t root_end = dp->root.offset + dp->root.bytes;
    for (uint32_t i = 0; i < walked->count; i++) {
        const struct entry *entry = &walked->entries[i];
        if (dp->last_seq < entry->batch_seq) dp->last_seq = entry->batch_seq;
        bool wanted = entry->kind == ENTRY_DATA && entry->offset >= root_end &&
                      entry->offset + entry->bytes <= dp->tail;
        if (!wanted) continue;
        TRY(batch_table_reserve(cx, &dp->table, entry->batch_seq));
        batch_table_put(&dp->table, entry->batch_seq, entry->offset, entry->data_end);
    }
    return LLKV_OK;
}

/* ---- what a writer does to the files ---- */

static llkv_code settle(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes,
                        const struct log_scan *scan, bool newer_root)
{
    struct log_root root = {.tail = dp->root.offset + dp->root.bytes,
                            .version = dp->root.version,
                            .replay_from = dp->root.replay_from,
                            .start = dp->root.start,
                            .crc = dp->root.crc};
    if (!newer_root) root = dp->log->slot.root;
    TRY(log_sync_file(cx, dp->log));
    llkv_code rc = os_fs_sync(cx, dp->file);
    if (rc == LLKV_OK && dp->tail < file_bytes) {
        TRY(dp->fs->resize(cx, dp->file, dp->tail));
        rc = os_fs_sync(cx, dp->file);
    }
    if (rc != LLKV_OK) return storage_broken(cx, &dp->failed);
    log_continue(dp->log, scan, &root);
    return newer_root ? log_root_write(cx, dp->log, &root, dp->tail) : LLKV_OK;
}

static llkv_code recover_with_log(struct cx *cx, struct drive_pager *dp, uint64_t file_bytes,
                                  struct walked *walked)
{
    struct entry slot_root;
    struct log_scan scan;
    TRY(slot_checkpoint(cx, dp, file_bytes, &slot_root));
    TRY(walk_entries(cx, dp, &slot_root, file_bytes, walked));
    struct entry root = slot_root;
    TRY(choose_root(cx, dp, walked, &root));
    bool newer = root.offset != slot_root.offset;
    const struct log_position start = newer ? root.start : dp->log->slot.root.start;
    TRY(scan_frames(cx, dp, &root, &start, &scan));
    TRY(find_tail(cx, dp, walked, &root, &scan));
    if (!planted(dp->planted, PLANTED_CUT_UNCHECKED)) TRY(check_rest(cx, dp, walked, file_bytes));
    TRY(drive_root_load(cx, dp, &root));
    dp->last_seq = root.batch_seq;
    TRY(adopt_batches(cx, dp, walked));
    return dp->options.read_only ? LLKV_OK : settle(cx, dp, file_bytes, &scan, newer);
}

llkv_code drive_recover(struct cx *cx, struct drive_pager *dp)
{
    struct log_world world;
    struct walked walked = {0};
    uint64_t file_bytes = 0;
    TRY(dp->fs->size(cx, dp->file, &file_bytes));
    TRY(read_file_id(cx, dp, file_bytes));
    drive_log_world(dp, &world);
    TRY(log_open(cx, &world, dp->file_id, &dp->log));
    /* Beside a writer the file has grown by what the slot speaks of. */
    TRY(dp->fs->size(cx, dp->file, &file_bytes));
    bool usable = dp->log != NULL && dp->log->slot.generation != 0;
    llkv_code rc;
    if (usable) {
        rc = recover_with_log(cx, dp, file_bytes, &walked);
    } else {
        bool with_log = dp->log != NULL;
        log_close(dp->log);
        dp->log = NULL;
        rc = recover_clean(cx, dp, file_bytes, with_log);
    }
    mem_free(walked.entries);
    dp->written_tail = dp->synced_tail = dp->tail;
    return rc;
}
