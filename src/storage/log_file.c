/* The file of a log: made, opened, lengthened by places; its slots. */
#include <assert.h>
#include <string.h>

#include "storage/log.h"

enum { ZERO_BYTES = 64 * 1024 };

llkv_code storage_broken(struct cx *cx, atomic_bool *failed)
{
    assert(cx->error->code != LLKV_OK);
    char cause[sizeof cx->error->message];
    memcpy(cause, cx->error->message, sizeof cause);
    atomic_store(failed, true);
    return cx_fail_at(cx, LLKV_IO, -1, "08007",
                      "the outcome is unknown, nothing is written until the database is opened "
                      "anew: %s",
                      cause);
}

llkv_code storage_refuse_if_failed(struct cx *cx, const atomic_bool *failed)
{
    if (!atomic_load(failed)) return LLKV_OK;
    return cx_fail_at(cx, LLKV_IO, -1, "08007",
                      "nothing is written until the database is opened anew: an earlier write to "
                      "the log, or a sync, has failed");
}

uint64_t log_place_bytes(const struct log *log, uint32_t place)
{
    return place == 0 ? LOG_FIRST_SEGMENT_BYTES : log->segment_bytes;
}

/* Where a place begins: the first has its own size, all others share one. */
static uint64_t place_offset(const struct log *log, uint32_t place)
{
    if (place == 0) return LOG_PLACES_OFFSET;
    uint64_t first_end = LOG_PLACES_OFFSET + STORAGE_BLOCK_BYTES + LOG_FIRST_SEGMENT_BYTES;
    return first_end + (place - 1) * (STORAGE_BLOCK_BYTES + log->segment_bytes);
}

static struct log *log_new(const struct log_world *world)
{
    size_t path_bytes = strlen(world->path) + 1;
    struct log *log = mem_alloc_zero(world->budget, sizeof *log);
    char *path = mem_alloc(world->budget, path_bytes);
    uint8_t *buffer = world->read_only
                          ? NULL
                          : mem_alloc(world->budget, log_group_span(LLKV_PAGER_GROUP_BYTES_MAX));
    bool memory = log != NULL && path != NULL && (buffer != NULL || world->read_only);
    uint32_t locks = 0;
    if (memory && pthread_mutex_init(&log->append_lock, NULL) == 0) locks++;
    if (locks == 1 && pthread_mutex_init(&log->grow_lock, NULL) == 0) locks++;
    if (locks == 2 && pthread_mutex_init(&log->lock, NULL) == 0) locks++;
    if (locks == 3) {
        memcpy(path, world->path, path_bytes);
        log->world = *world;
        log->world.path = path;
        log->buffer = buffer;
        return log;
    }
    if (locks >= 1) pthread_mutex_destroy(&log->append_lock);
    if (locks >= 2) pthread_mutex_destroy(&log->grow_lock);
    mem_free(buffer);
    mem_free(path);
    mem_free(log);
    return NULL;
}

void log_close(struct log *log)
{
    if (log == NULL) return;
    os_fs_close(log->file);
    pthread_mutex_destroy(&log->append_lock);
    pthread_mutex_destroy(&log->grow_lock);
    pthread_mutex_destroy(&log->lock);
    union {
        const char *constant;
        char *plain;
    } path = {.constant = log->world.path};
    mem_free(path.plain);
    mem_free(log->buffer);
    mem_free(log->marks);
    mem_free(log);
}

llkv_code log_sync_file(struct cx *cx, struct log *log)
{
    if (planted(log->world.planted, PLANTED_SKIP_LOG_SYNC)) return LLKV_OK;
    llkv_code rc = os_fs_sync(cx, log->file);
    return rc == LLKV_OK ? rc : storage_broken(cx, log->world.failed);
}

/* ---- places ---- */

static llkv_code write_zeros(struct cx *cx, struct log *log, uint64_t from, uint64_t to)
{
    uint8_t *zeros = mem_alloc_zero(log->world.budget, ZERO_BYTES);
    if (zeros == NULL) return cx_nomem(cx);
    llkv_code rc = LLKV_OK;
    while (rc == LLKV_OK && from < to) {
        uint64_t bytes = to - from < ZERO_BYTES ? to - from : ZERO_BYTES;
        rc = os_fs_write(cx, log->file, zeros, bytes, from);
        from += bytes;
    }
    mem_free(zeros);
    return rc;
}

llkv_code log_grow(struct cx *cx, struct log *log)
{
    uint32_t place = log->place_count; /* changes under grow_lock only */
    assert(place < LOG_PLACES_MAX);
    uint64_t offset = place_offset(log, place);
    uint64_t end = offset + STORAGE_BLOCK_BYTES + log_place_bytes(log, place);
    llkv_code rc = write_zeros(cx, log, offset, end);
    if (rc != LLKV_OK) return cx_while(cx, rc, "making room in the log");
    TRY(log_sync_file(cx, log)); /* L5 */
    pthread_mutex_lock(&log->lock);
    log->places[place] = (struct log_place){.offset = offset};
    log->place_count = place + 1;
    pthread_mutex_unlock(&log->lock);
    return LLKV_OK;
}

/* L4. `lock` is held. */
static bool place_is_free(const struct log *log, uint32_t place)
{
    const struct log_position *start = &log->slot.root.start;
    if (start->lsn == log->end.lsn) return true; /* no frame is needed */
    if (log->open && place == log->current) return false;
    return log->places[place].segment.sequence < start->sequence;
}

bool log_place_find(const struct log *log, uint64_t span, uint32_t *out_place)
{
    bool found = false;
    for (uint32_t i = 0; i < log->place_count; i++) {
        if (!place_is_free(log, i) || log_place_bytes(log, i) < span) continue;
        if (found && log->places[i].segment.sequence >= log->places[*out_place].segment.sequence)
            continue;
        found = true;
        *out_place = i;
    }
    return found;
}

llkv_code log_prepare(struct cx *cx, struct log *log)
{
    uint32_t place;
    pthread_mutex_lock(&log->grow_lock);
    pthread_mutex_lock(&log->lock);
    bool wanted = log->place_count < LOG_PLACES && !log_place_find(log, 0, &place);
    pthread_mutex_unlock(&log->lock);
    llkv_code rc = wanted ? log_grow(cx, log) : LLKV_OK;
    pthread_mutex_unlock(&log->grow_lock);
    return rc;
}

llkv_code log_segment_open(struct cx *cx, struct log *log, uint32_t place)
{
    struct log_place *p = &log->places[place];
    uint8_t block[STORAGE_BLOCK_BYTES] = {0};
    struct log_segment segment = {
        .sequence = log->sequence_max + 1, .first_lsn = log->end.lsn, .offset = p->offset};
    TRY(log->world.fs->random(cx, log->world.fs, &segment.salt, sizeof segment.salt));
    uint32_t crc = log_segment_encode(&segment, log->seed, block);
    pthread_mutex_lock(&log->lock);
    uint64_t writes = log->writes;
    uint64_t written_lsn = log->end.lsn - 1;
    /* What stood there is gone from now on, whatever becomes of the write. */
    *p = (struct log_place){.offset = p->offset};
    pthread_mutex_unlock(&log->lock);
    llkv_code rc = os_fs_write(cx, log->file, block, sizeof block, p->offset);
    if (rc != LLKV_OK) return storage_broken(cx, log->world.failed);
    TRY(log_sync_file(cx, log)); /* L1, and it makes all before it durable */
    pthread_mutex_lock(&log->lock);
    *p = (struct log_place){p->offset, segment, crc, true};
    log->sequence_max = segment.sequence;
    log->current = place;
    log->open = true;
    log->end.sequence = segment.sequence;
    log->end.offset = p->offset + STORAGE_BLOCK_BYTES;
    log->previous_crc = crc;
    if (log->durable_lsn < written_lsn) log->durable_lsn = written_lsn;
    if (log->synced_writes < writes) log->synced_writes = writes;
    pthread_mutex_unlock(&log->lock);
    return LLKV_OK;
}

/* ---- slots ---- */

static llkv_code write_slot(struct cx *cx, struct log *log, uint32_t at,
                            const struct log_slot *slot)
{
    uint8_t block[STORAGE_BLOCK_BYTES] = {0};
    log_slot_encode(slot, block);
    llkv_code rc = os_fs_write(cx, log->file, block, sizeof block, at * STORAGE_BLOCK_BYTES);
    if (rc != LLKV_OK) return storage_broken(cx, log->world.failed);
    return log_sync_file(cx, log);
}

llkv_code log_root_write(struct cx *cx, struct log *log, const struct log_root *root,
                         uint64_t container_tail)
{
    pthread_mutex_lock(&log->lock);
    uint32_t at = 1 - log->slot_at;
    uint64_t writes = log->writes;
    uint64_t written_lsn = log->end.lsn - 1;
    struct log_slot slot = {.ids = log->ids,
                            .generation = log->slot.generation + 1,
                            .segment_bytes = log->segment_bytes,
                            .root = *root,
                            .durable_lsn = log->durable_lsn,
                            .container_tail = container_tail,
                            .sequence_max = log->sequence_max};
    pthread_mutex_unlock(&log->lock);
    TRY(write_slot(cx, log, at, &slot));
    pthread_mutex_lock(&log->lock);
    log->slot = slot;
    log->slot_at = at;
    if (log->durable_lsn < written_lsn) log->durable_lsn = written_lsn;
    if (log->synced_writes < writes) log->synced_writes = writes;
    if (log->said_lsn < slot.durable_lsn) log->said_lsn = slot.durable_lsn;
    if (root->replay_from == log->end.lsn) log->must_publish = false;
    uint32_t old = 0; /* marks that no replay will start from */
    while (old + 1 < log->mark_count && log->marks[old + 1].lsn <= root->start.lsn)
        old++;
    if (old > 0)
        memmove(log->marks, log->marks + old, (log->mark_count - old) * sizeof *log->marks);
    log->mark_count -= old;
    pthread_mutex_unlock(&log->lock);
    return LLKV_OK;
}

static llkv_code read_slot(struct cx *cx, struct log *log, uint32_t at,
                           const uint8_t file_id[STORAGE_ID_BYTES], struct log_slot *out_slot,
                           enum log_verdict *out_verdict)
{
    uint8_t bytes[LOG_SLOT_BYTES] = {0};
    uint64_t got = 0;
    uint64_t offset = (uint64_t)at * STORAGE_BLOCK_BYTES;
    TRY(log->file->fs->read(cx, log->file, bytes, sizeof bytes, offset, &got));
    *out_verdict = got == sizeof bytes ? log_slot_decode(bytes, file_id, out_slot) : LOG_INVALID;
    if (*out_verdict == LOG_TOO_NEW)
        return cx_fail(cx, LLKV_UNSUPPORTED, "\"%s\" was written by a newer version",
                       log->world.path);
    if (*out_verdict == LOG_OTHER_FILE)
        return cx_fail(cx, LLKV_CORRUPT, "\"%s\" is the log of another database", log->world.path);
    return LLKV_OK;
}

static bool slot_plausible(const struct log_slot *slot)
{
    return slot->segment_bytes >= LOG_SEGMENT_BYTES_MIN &&
           slot->segment_bytes <= LOG_SEGMENT_BYTES_MAX &&
           slot->segment_bytes % STORAGE_BLOCK_BYTES == 0;
}

static llkv_code read_slots(struct cx *cx, struct log *log, const uint8_t file_id[STORAGE_ID_BYTES])
{
    for (uint32_t at = 0; at < LOG_SLOTS; at++) {
        struct log_slot slot;
        enum log_verdict verdict;
        TRY(read_slot(cx, log, at, file_id, &slot, &verdict));
        if (verdict != LOG_VALID || !slot_plausible(&slot)) continue;
        if (log->said_lsn < slot.durable_lsn) log->said_lsn = slot.durable_lsn;
        if (slot.generation <= log->slot.generation) continue;
        log->slot = slot;
        log->slot_at = at;
    }
    return LLKV_OK;
}

llkv_code log_slot_moved(struct cx *cx, struct log *log, bool *out_moved)
{
    *out_moved = false;
    for (uint32_t at = 0; at < LOG_SLOTS; at++) {
        struct log_slot slot;
        enum log_verdict verdict;
        TRY(read_slot(cx, log, at, log->ids.file_id, &slot, &verdict));
        *out_moved |= verdict == LOG_VALID && (slot.generation > log->slot.generation ||
                                               slot.ids.log_id != log->ids.log_id);
    }
    return LLKV_OK;
}

/* The segment in a place by its header or, if that is bad, by its first group (L2). */
static llkv_code read_place(struct cx *cx, struct log *log, struct log_place *place)
{
    uint8_t bytes[STORAGE_BLOCK_BYTES + LOG_GROUP_BYTES];
    TRY(os_fs_read(cx, log->file, bytes, sizeof bytes, place->offset));
    struct log_segment segment;
    uint32_t crc;
    if (log_segment_decode(bytes, log->seed, &segment, &crc) && segment.offset == place->offset) {
        place->segment = segment;
        place->crc = crc;
        place->header_valid = true;
        return LLKV_OK;
    }
    struct log_group group;
    if (!log_group_decode(bytes + STORAGE_BLOCK_BYTES, log->seed, &group, &crc)) return LLKV_OK;
    if (group.offset != place->offset + STORAGE_BLOCK_BYTES) return LLKV_OK;
    place->segment =
        (struct log_segment){group.sequence, group.salt, group.first_lsn, place->offset};
    return LLKV_OK;
}

/* A place that the file ends in was never finished, and holds no segment; else the file was cut. */
static llkv_code check_end(struct cx *cx, struct log *log, uint64_t size)
{
    uint8_t bytes[LOG_SEGMENT_BYTES] = {0};
    uint64_t got = 0;
    struct log_segment segment;
    uint32_t crc;
    uint64_t end = place_offset(log, log->place_count);
    if (size <= end || log->place_count == LOG_PLACES_MAX) return LLKV_OK;
    TRY(log->file->fs->read(cx, log->file, bytes, sizeof bytes, end, &got));
    bool used = log_segment_decode(bytes, log->seed, &segment, &crc);
    if (!used) return LLKV_OK;
    return cx_fail(cx, LLKV_CORRUPT, "\"%s\" is cut short", log->world.path);
}

static llkv_code read_places(struct cx *cx, struct log *log)
{
    uint64_t size = 0;
    TRY(log->file->fs->size(cx, log->file, &size));
    log->sequence_max = log->slot.sequence_max;
    while (log->place_count < LOG_PLACES_MAX) {
        uint32_t i = log->place_count;
        struct log_place place = {.offset = place_offset(log, i)};
        uint64_t bytes = STORAGE_BLOCK_BYTES + log_place_bytes(log, i);
        if (place.offset + bytes > size) break; /* not there, or not finished */
        TRY(read_place(cx, log, &place));
        log->places[log->place_count++] = place;
        if (log->sequence_max < place.segment.sequence) log->sequence_max = place.segment.sequence;
    }
    return check_end(cx, log, size);
}

static llkv_code open_existing(struct cx *cx, struct log *log,
                               const uint8_t file_id[STORAGE_ID_BYTES])
{
    TRY(read_slots(cx, log, file_id));
    if (log->slot.generation == 0) return LLKV_OK;
    log->ids = log->slot.ids;
    log->seed = log_seed(&log->ids);
    log->segment_bytes = log->slot.segment_bytes;
    return read_places(cx, log);
}

llkv_code log_open(struct cx *cx, const struct log_world *world,
                   const uint8_t file_id[STORAGE_ID_BYTES], struct log **out_log)
{
    bool exists = false;
    *out_log = NULL;
    TRY(world->fs->find(cx, world->fs, world->path, &exists, NULL));
    if (!exists) return LLKV_OK;
    struct log *log = log_new(world);
    if (log == NULL) return cx_nomem(cx);
    uint32_t flags = world->read_only ? 0 : OS_WRITE;
    llkv_code rc = world->fs->open(cx, world->fs, world->path, flags, &log->file);
    if (rc == LLKV_OK) rc = open_existing(cx, log, file_id);
    if (rc == LLKV_OK) {
        *out_log = log;
        return LLKV_OK;
    }
    bool gone = log->file == NULL && rc == LLKV_NAME; /* a writer that closed removed it */
    log_close(log);
    return gone && world->read_only ? LLKV_OK : rc;
}

/* ---- a new log ---- */

static llkv_code fill_new(struct cx *cx, struct log *log, struct log_root *root)
{
    llkv_code rc = write_zeros(cx, log, 0, LOG_PLACES_OFFSET);
    if (rc != LLKV_OK) return cx_while(cx, rc, "making the log");
    TRY(log_grow(cx, log));
    root->start =
        (struct log_position){root->replay_from, 1, LOG_PLACES_OFFSET + STORAGE_BLOCK_BYTES};
    log->end = root->start;
    log->durable_lsn = root->replay_from - 1;
    log->said_lsn = log->durable_lsn;
    log->slot_at = 1; /* the next to be written is the other */
    uint8_t block[STORAGE_BLOCK_BYTES] = {0};
    struct log_slot slot = {.ids = log->ids,
                            .generation = 1,
                            .segment_bytes = log->segment_bytes,
                            .root = *root,
                            .durable_lsn = log->durable_lsn,
                            .container_tail = root->tail,
                            .sequence_max = 1};
    log_slot_encode(&slot, block);
    rc = os_fs_write(cx, log->file, block, sizeof block, 0);
    if (rc != LLKV_OK) return cx_while(cx, rc, "making the log");
    TRY(log_segment_open(cx, log, 0)); /* its sync makes the slot durable, too */
    log->slot = slot;
    log->slot_at = 0;
    return LLKV_OK;
}

llkv_code log_create(struct cx *cx, const struct log_world *world, const struct log_ids *ids,
                     uint64_t segment_bytes, struct log_root *root, struct log **out_log)
{
    assert(!world->read_only);
    assert(segment_bytes % STORAGE_BLOCK_BYTES == 0);
    assert(segment_bytes >= LOG_SEGMENT_BYTES_MIN && segment_bytes <= LOG_SEGMENT_BYTES_MAX);
    struct log *log = log_new(world);
    if (log == NULL) return cx_nomem(cx);
    log->ids = *ids;
    log->seed = log_seed(ids);
    log->segment_bytes = segment_bytes;
    uint32_t flags = OS_WRITE | OS_CREATE | OS_TRUNCATE;
    llkv_code rc = world->fs->open(cx, world->fs, world->path, flags, &log->file);
    if (rc == LLKV_OK) rc = fill_new(cx, log, root);
    if (rc == LLKV_OK) {
        *out_log = log;
        return LLKV_OK;
    }
    log_close(log);
    return rc;
}
