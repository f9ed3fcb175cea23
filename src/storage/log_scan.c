/* Reading a log: which groups count, where they end, and what else lies there. */
#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "storage/log.h"

/* Groups are read many at a time; room for the longest is always enough. */
enum { WINDOW_BYTES = 2 * 1024 * 1024 };
static_assert(WINDOW_BYTES > LOG_GROUP_BYTES + LLKV_PAGER_GROUP_BYTES_MAX, "any group fits");

/* A walk over the groups. */
struct walk {
    struct log *log;
    struct log_position at;
    uint32_t place; /* of `at`, if place_valid */
    uint32_t previous_crc;
    bool place_valid, previous_known;
    uint8_t *window; /* the bytes [window_begin, window_end) of the file */
    uint64_t window_begin, window_end;
};

/* Bytes of the file, in the window; they lie before `limit`, where the place ends. */
static llkv_code walk_bytes(struct cx *cx, struct walk *walk, uint64_t offset, uint64_t bytes,
                            uint64_t limit, const uint8_t **out_bytes)
{
    assert(bytes <= WINDOW_BYTES && offset <= limit && bytes <= limit - offset);
    bool inside = offset >= walk->window_begin && offset + bytes <= walk->window_end;
    if (!inside) {
        uint64_t some = limit - offset < WINDOW_BYTES ? limit - offset : WINDOW_BYTES;
        TRY(os_fs_read(cx, walk->log->file, walk->window, some, offset));
        walk->window_begin = offset;
        walk->window_end = offset + some;
    }
    *out_bytes = walk->window + (offset - walk->window_begin);
    return LLKV_OK;
}

/* The segment that goes on at `at` (L2): the newest one that begins with its lsn. */
static bool find_successor(const struct log *log, const struct log_position *at,
                           uint32_t *out_place)
{
    uint64_t best = at->sequence;
    for (uint32_t i = 0; i < log->place_count; i++) {
        const struct log_segment *segment = &log->places[i].segment;
        if (segment->first_lsn != at->lsn || segment->sequence <= best) continue;
        best = segment->sequence;
        *out_place = i;
    }
    return best != at->sequence;
}

static void enter_segment(struct walk *walk, uint32_t i)
{
    const struct log_place *place = &walk->log->places[i];
    walk->place = i;
    walk->place_valid = true;
    walk->at.sequence = place->segment.sequence;
    walk->at.offset = place->offset + STORAGE_BLOCK_BYTES;
    walk->previous_crc = place->crc;
    walk->previous_known = place->header_valid;
}

/* The place of the start, if it still holds the segment that start names. False: the file has no
 * such place any more. */
static bool enter_start(struct walk *walk)
{
    const struct log *log = walk->log;
    for (uint32_t i = 0; i < log->place_count; i++) {
        const struct log_place *place = &log->places[i];
        uint64_t first = place->offset + STORAGE_BLOCK_BYTES;
        bool inside = walk->at.offset >= first &&
                      walk->at.offset - first <= log_place_bytes(log, i) &&
                      (walk->at.offset - first) % LOG_GROUP_ALIGN == 0;
        if (!inside) continue;
        /* An unreadable header says nothing: groups name their segment themselves. */
        walk->place = i;
        walk->place_valid =
            place->segment.sequence == walk->at.sequence || place->segment.sequence == 0;
        walk->previous_known = place->header_valid && walk->at.offset == first;
        walk->previous_crc = place->crc;
        return true;
    }
    return false;
}

/* Are the numbers of a group those of the one that has to come at `at`? */
static bool group_fits(const struct walk *walk, const struct log_group *group)
{
    const struct log_place *place = &walk->log->places[walk->place];
    if (group->offset != walk->at.offset || group->sequence != walk->at.sequence) return false;
    if (group->first_lsn != walk->at.lsn) return false;
    if (place->header_valid && group->salt != place->segment.salt) return false;
    if (walk->previous_known && group->previous_crc != walk->previous_crc) return false;
    return (group->frames == 0) == (group->bytes == 0);
}

/* A group that was read. */
struct found {
    struct log_group group;
    const uint8_t *payload; /* until the next one is read */
    uint32_t crc;           /* of its header */
    bool valid;             /* else none is there that counts */
};

/* The group at `at`. */
static llkv_code read_group(struct cx *cx, struct walk *walk, struct found *out)
{
    struct log *log = walk->log;
    struct log_group *group = &out->group;
    out->valid = false;
    if (!walk->place_valid) return LLKV_OK;
    uint64_t end =
        log->places[walk->place].offset + STORAGE_BLOCK_BYTES + log_place_bytes(log, walk->place);
    if (end - walk->at.offset < LOG_GROUP_BYTES) return LLKV_OK;
    const uint8_t *header = NULL;
    TRY(walk_bytes(cx, walk, walk->at.offset, LOG_GROUP_BYTES, end, &header));
    if (!log_group_decode(header, log->seed, group, &out->crc)) return LLKV_OK;
    if (!group_fits(walk, group)) return LLKV_OK;
    if (group->bytes > LLKV_PAGER_GROUP_BYTES_MAX) return LLKV_OK;
    if (group->bytes > end - walk->at.offset - LOG_GROUP_BYTES) return LLKV_OK;
    uint64_t from = walk->at.offset + LOG_GROUP_BYTES;
    TRY(walk_bytes(cx, walk, from, group->bytes, end, &out->payload));
    out->valid = crc32c(0, out->payload, group->bytes) == group->payload_crc;
    return LLKV_OK;
}

static void note_group(struct log_scan *scan, const struct log_group *group)
{
    if (scan->container_tail < group->container_tail) scan->container_tail = group->container_tail;
    if (scan->durable_lsn < group->durable_lsn) scan->durable_lsn = group->durable_lsn;
}

static llkv_code walk_groups(struct cx *cx, struct walk *walk, uint64_t end_lsn, log_group_fn *fn,
                             void *arg, struct log_scan *scan)
{
    if (!enter_start(walk))
        return cx_fail(cx, LLKV_CORRUPT, "\"%s\" is cut short", walk->log->world.path);
    while (walk->at.lsn < end_lsn) {
        struct found found;
        uint32_t place = 0;
        TRY(cx_check_cancel(cx));
        if (find_successor(walk->log, &walk->at, &place)) enter_segment(walk, place);
        TRY(read_group(cx, walk, &found));
        if (!found.valid) break;
        note_group(scan, &found.group);
        if (fn != NULL) TRY(fn(arg, &found.group, found.payload));
        walk->at.lsn += found.group.frames;
        walk->at.offset += log_group_span(found.group.bytes);
        walk->previous_crc = found.crc;
        walk->previous_known = true;
    }
    return LLKV_OK;
}

llkv_code log_scan(struct cx *cx, struct log *log, const struct log_position *start,
                   uint64_t end_lsn, log_group_fn *fn, void *arg, struct log_scan *out_scan)
{
    assert(start->lsn != 0);
    struct walk walk = {.log = log, .at = *start};
    struct log_scan scan = {0};
    walk.window = mem_alloc(log->world.budget, WINDOW_BYTES);
    if (walk.window == NULL) return cx_nomem(cx);
    llkv_code rc = walk_groups(cx, &walk, end_lsn, fn, arg, &scan);
    mem_free(walk.window);
    if (rc != LLKV_OK) return rc;
    scan.end = walk.at;
    scan.previous_crc = walk.previous_crc;
    scan.place = walk.place;
    scan.place_valid = walk.place_valid;
    *out_scan = scan;
    return LLKV_OK;
}

/* ---- evidence ---- */

enum { LOOK_BYTES = 1024 * 1024 };

/* Groups that begin in the first `bytes` bytes at `data`, which are those at `offset` of the file;
 * LOG_GROUP_BYTES more are readable. */
static uint64_t look_at(const struct log *log, const uint8_t *data, uint64_t bytes, uint64_t offset)
{
    uint64_t durable_lsn = 0;
    for (uint64_t i = 0; i < bytes; i += LOG_GROUP_ALIGN) {
        struct log_group group;
        uint32_t crc;
        if (!log_group_likely(data + i)) continue;
        if (!log_group_decode(data + i, log->seed, &group, &crc)) continue;
        if (group.offset == offset + i && group.durable_lsn > durable_lsn)
            durable_lsn = group.durable_lsn;
    }
    return durable_lsn;
}

static llkv_code look_through(struct cx *cx, struct log *log, uint8_t *buffer,
                              uint64_t *out_durable_lsn)
{
    uint64_t size = 0;
    TRY(log->file->fs->size(cx, log->file, &size));
    for (uint64_t offset = LOG_PLACES_OFFSET; offset < size; offset += LOOK_BYTES) {
        uint64_t got = 0;
        TRY(cx_check_cancel(cx));
        memset(buffer, 0, LOOK_BYTES + LOG_GROUP_BYTES);
        TRY(log->file->fs->read(cx, log->file, buffer, LOOK_BYTES + LOG_GROUP_BYTES, offset, &got));
        uint64_t durable_lsn = look_at(log, buffer, got < LOOK_BYTES ? got : LOOK_BYTES, offset);
        if (*out_durable_lsn < durable_lsn) *out_durable_lsn = durable_lsn;
    }
    return LLKV_OK;
}

llkv_code log_evidence(struct cx *cx, struct log *log, uint64_t *out_durable_lsn)
{
    uint8_t *buffer = mem_alloc(log->world.budget, LOOK_BYTES + LOG_GROUP_BYTES);
    if (buffer == NULL) return cx_nomem(cx);
    *out_durable_lsn = log->said_lsn; /* what the slots say */
    llkv_code rc = look_through(cx, log, buffer, out_durable_lsn);
    mem_free(buffer);
    return rc;
}

void log_continue(struct log *log, const struct log_scan *scan, const struct log_root *root)
{
    pthread_mutex_lock(&log->lock);
    log->slot.root = *root;
    log->end = scan->end;
    log->durable_lsn = scan->end.lsn - 1;
    log->must_publish = scan->end.lsn > root->replay_from;
    if (planted(log->world.planted, PLANTED_KEEP_SALT) && scan->place_valid &&
        log->places[scan->place].header_valid) {
        log->open = true;
        log->current = scan->place;
        log->previous_crc = scan->previous_crc;
    }
    pthread_mutex_unlock(&log->lock);
}
