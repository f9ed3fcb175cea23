/* Adding to a log: groups written one after the other, made durable, and where they can be found
 * again. */
#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "storage/log.h"

/* Bytes between two places where a replay can start. */
#define MARK_SPACING_BYTES UINT64_C(65536)

uint64_t log_next_lsn(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    uint64_t lsn = log->end.lsn;
    pthread_mutex_unlock(&log->lock);
    return lsn;
}

struct log_position log_start_for(struct log *log, uint64_t lsn)
{
    pthread_mutex_lock(&log->lock);
    struct log_position start = log->slot.root.start;
    for (uint32_t i = log->mark_count; i > 0; i--) {
        if (log->marks[i - 1].lsn > lsn) continue;
        if (log->marks[i - 1].lsn >= start.lsn) start = log->marks[i - 1];
        break;
    }
    if (log->end.lsn == lsn) start = log->end;
    pthread_mutex_unlock(&log->lock);
    assert(start.lsn <= lsn);
    return start;
}

/* Remember that a group begins at `at`, if the last one remembered is far. Without memory a replay
 * starts earlier than it must. `lock` is held. */
static void mark(struct log *log, const struct log_position *at)
{
    if (log->mark_count > 0) {
        const struct log_position *last = &log->marks[log->mark_count - 1];
        bool near =
            last->sequence == at->sequence && at->offset - last->offset < MARK_SPACING_BYTES;
        if (near) return;
    }
    if (log->mark_count == log->mark_capacity) {
        uint32_t wanted = log->mark_capacity == 0 ? 64 : log->mark_capacity * 2;
        size_t bytes = wanted * sizeof *log->marks;
        struct log_position *grown = mem_realloc(log->marks, bytes, log->world.budget);
        if (grown == NULL) return;
        log->marks = grown;
        log->mark_capacity = wanted;
    }
    log->marks[log->mark_count++] = *at;
}

static llkv_code check_group(struct cx *cx, struct log *log, const llkv_pager_group *group)
{
    if (group->struct_size < sizeof *group)
        return cx_fail(cx, LLKV_MISUSE, "the group's struct_size is too small");
    if ((group->frames == 0) != (group->size == 0) || (group->size != 0 && group->bytes == NULL))
        return cx_fail(cx, LLKV_MISUSE, "a group has frames and bytes, or neither");
    if (group->size > LLKV_PAGER_GROUP_BYTES_MAX)
        return cx_fail(cx, LLKV_LIMIT, "a group of %zu bytes is too large for the log",
                       group->size);
    pthread_mutex_lock(&log->lock);
    uint64_t next = log->end.lsn;
    bool must_publish = log->must_publish;
    pthread_mutex_unlock(&log->lock);
    if (group->first_lsn != next)
        return cx_fail(cx, LLKV_MISUSE, "the log goes on at lsn %llu, not %llu",
                       (unsigned long long)next, (unsigned long long)group->first_lsn);
    if (group->frames > 0 && must_publish)
        return cx_fail(cx, LLKV_MISUSE,
                       "a root that holds the frames found in the log must be published first");
    return LLKV_OK;
}

/* See to it that `span` bytes fit at the end: in the open segment, or in a new one. */
static llkv_code make_room(struct cx *cx, struct log *log, uint64_t span)
{
    uint32_t place = 0;
    pthread_mutex_lock(&log->lock);
    uint64_t used = 0;
    if (log->open) used = log->end.offset - log->places[log->current].offset - STORAGE_BLOCK_BYTES;
    bool fits = log->open && span <= log_place_bytes(log, log->current) - used;
    pthread_mutex_unlock(&log->lock);
    if (fits) return LLKV_OK;
    if (span > log->segment_bytes)
        return cx_fail(cx, LLKV_LIMIT, "a group of %llu bytes does not fit into a segment",
                       (unsigned long long)span);
    llkv_code rc = LLKV_OK;
    pthread_mutex_lock(&log->grow_lock); /* or wait for whoever makes a place just now */
    pthread_mutex_lock(&log->lock);
    bool found = log_place_find(log, span, &place);
    bool full = log->place_count == LOG_PLACES_MAX;
    pthread_mutex_unlock(&log->lock);
    if (!found && !full) {
        place = log->place_count;
        rc = log_grow(cx, log);
    }
    pthread_mutex_unlock(&log->grow_lock);
    if (!found && full)
        return cx_fail_at(cx, LLKV_LIMIT, -1, "53100",
                          "the log is full, and no checkpoint could make room in it");
    TRY(rc);
    return log_segment_open(cx, log, place);
}

/* Header and payload in the buffer; returns the header's checksum. */
static uint32_t compose(struct log *log, const llkv_pager_group *group, uint64_t container_tail,
                        uint64_t *out_durable_lsn)
{
    pthread_mutex_lock(&log->lock);
    struct log_group header = {.first_lsn = log->end.lsn,
                               .durable_lsn = log->durable_lsn,
                               .sequence = log->end.sequence,
                               .salt = log->places[log->current].segment.salt,
                               .offset = log->end.offset,
                               .container_tail = container_tail,
                               .bytes = (uint32_t)group->size,
                               .frames = group->frames,
                               .payload_crc = crc32c(0, group->bytes, group->size),
                               .previous_crc = log->previous_crc};
    pthread_mutex_unlock(&log->lock);
    *out_durable_lsn = header.durable_lsn;
    if (group->size != 0) memcpy(log->buffer + LOG_GROUP_BYTES, group->bytes, group->size);
    uint64_t used = LOG_GROUP_BYTES + group->size;
    memset(log->buffer + used, 0, log_group_span(group->size) - used);
    return log_group_encode(&header, log->seed, log->buffer);
}

/* Write the group and say so. Only when everything before it is durable can a write that is durable
 * by itself do; else the whole file is synced. */
static llkv_code write_group(struct cx *cx, struct log *log, const llkv_pager_group *group,
                             uint64_t container_tail)
{
    uint64_t said = 0;
    uint32_t crc = compose(log, group, container_tail, &said);
    uint64_t span = log_group_span(group->size);
    pthread_mutex_lock(&log->lock);
    struct log_position at = log->end;
    bool alone = group->durable && log->synced_writes == log->writes &&
                 !planted(log->world.planted, PLANTED_SKIP_LOG_SYNC);
    pthread_mutex_unlock(&log->lock);
    llkv_code rc = log->file->fs->write(cx, log->file, log->buffer, span, at.offset, alone);
    if (rc != LLKV_OK) return storage_broken(cx, log->world.failed);
    pthread_mutex_lock(&log->lock);
    if (group->frames > 0) mark(log, &at);
    log->writes++;
    log->end.lsn += group->frames;
    log->end.offset += span;
    log->previous_crc = crc;
    if (log->said_lsn < said) log->said_lsn = said;
    if (alone) {
        log->synced_writes = log->writes;
        log->durable_lsn = log->end.lsn - 1;
    }
    uint64_t last = log->end.lsn - 1;
    pthread_mutex_unlock(&log->lock);
    return group->durable && !alone ? log_sync(cx, log, last) : LLKV_OK;
}

static llkv_code append_locked(struct cx *cx, struct log *log, const llkv_pager_group *group,
                               uint64_t container_tail)
{
    TRY(check_group(cx, log, group));
    uint64_t span = log_group_span(group->size);
    if (group->frames == 0) {
        /* Only if there is news, and room for it where the log ends. */
        pthread_mutex_lock(&log->lock);
        bool news = log->open && log->said_lsn < log->durable_lsn;
        uint64_t begin = log->places[log->current].offset + STORAGE_BLOCK_BYTES;
        bool room = news && span <= log_place_bytes(log, log->current) - (log->end.offset - begin);
        pthread_mutex_unlock(&log->lock);
        if (!room) return LLKV_OK;
    } else {
        TRY(make_room(cx, log, span));
    }
    return write_group(cx, log, group, container_tail);
}

llkv_code log_append(struct cx *cx, struct log *log, const llkv_pager_group *group,
                     uint64_t container_tail)
{
    TRY(storage_refuse_if_failed(cx, log->world.failed));
    pthread_mutex_lock(&log->append_lock);
    llkv_code rc = append_locked(cx, log, group, container_tail);
    pthread_mutex_unlock(&log->append_lock);
    return rc;
}

llkv_code log_sync(struct cx *cx, struct log *log, uint64_t lsn)
{
    TRY(storage_refuse_if_failed(cx, log->world.failed));
    pthread_mutex_lock(&log->lock);
    uint64_t written_lsn = log->end.lsn - 1;
    uint64_t writes = log->writes;
    bool done = log->durable_lsn >= lsn;
    pthread_mutex_unlock(&log->lock);
    if (lsn > written_lsn)
        return cx_fail(cx, LLKV_MISUSE, "lsn %llu has not been written", (unsigned long long)lsn);
    if (done) return LLKV_OK;
    TRY(log_sync_file(cx, log));
    pthread_mutex_lock(&log->lock);
    if (log->durable_lsn < written_lsn) log->durable_lsn = written_lsn;
    if (log->synced_writes < writes) log->synced_writes = writes;
    pthread_mutex_unlock(&log->lock);
    return LLKV_OK;
}
