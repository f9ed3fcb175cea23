#include <stdarg.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "image.h"
#include "storage/pager.h"
#include "subject.h"

enum { SMALL_SEGMENT_BYTES = 64 * 1024 };

struct life {
    llkv_pager *pager;
    struct disk *disk;
    struct history *history;
    const struct life_plan *plan;
    struct life_result *result;
    uint64_t random;
    uint64_t version;
    struct root root;           /* the newest published one */
    struct batch_ref fresh[64]; /* named by frames that no root covers */
    uint64_t fresh_lsn[64], fresh_count;
    bool broken; /* an outcome is unknown: nothing is written any more */
    llkv_error error;
};

PRINTF_LIKE(2, 3) static bool wrong(struct life *life, const char *format, ...)
{
    va_list args;
    if (life->result->what[0] != '\0') return false;
    va_start(args, format);
    (void)vsnprintf(life->result->what, sizeof life->result->what, format, args);
    va_end(args);
    return false;
}

/* A call succeeded; where calls are made to fail it may also say so, in words that fit. */
static bool worked(struct life *life, llkv_code rc, const char *call)
{
    if (rc == LLKV_OK) return true;
    bool expected = rc == LLKV_IO || rc == LLKV_LIMIT || rc == LLKV_NOMEM;
    if (life->plan->damaged && rc == LLKV_CORRUPT) return false;
    if (!life->plan->failures || !expected)
        return wrong(life, "%s: %s (%s)", call, life->error.message, life->error.sqlstate);
    if (strcmp(life->error.sqlstate, "08007") == 0) life->broken = true;
    return false;
}

static uint64_t below(struct life *life, uint64_t bound)
{
    return crash_random_below(&life->random, bound);
}

/* ---- comparing ---- */

static bool ref_check(struct life *life, const struct batch_ref *ref, const char *named_by)
{
    llkv_pager_view view = {0};
    if (ref->bytes == 0) return true;
    llkv_code rc =
        life->pager->methods->view(life->pager, ref->handle, ref->bytes, &view, &life->error);
    if (life->plan->damaged && rc == LLKV_CORRUPT) return true;
    if (rc != LLKV_OK)
        return wrong(life, "batch of %llu bytes at %llx, named by %s: %s",
                     (unsigned long long)ref->bytes, (unsigned long long)ref->handle, named_by,
                     life->error.message);
    bool same = life->plan->damaged || bytes_match(view.data, ref->bytes, ref->seed);
    life->pager->methods->view_release(life->pager, &view);
    return same || wrong(life, "batch at %llx, named by %s, holds other bytes",
                         (unsigned long long)ref->handle, named_by);
}

static bool root_check(struct life *life, uint64_t at_least)
{
    uint8_t bytes[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t size = 0;
    uint64_t replay_from = 0;
    llkv_code rc = life->pager->methods->root_get(life->pager, &life->version, bytes, &size,
                                                  &replay_from, &life->error);
    if (!worked(life, rc, "root_get")) return false;
    if (life->version < at_least)
        return wrong(life, "root version %llu, but %llu was published",
                     (unsigned long long)life->version, (unsigned long long)at_least);
    life->root = (struct root){0};
    if (life->version == 0)
        return (size == 0 && replay_from == 1) || wrong(life, "a first root that is not empty");
    const struct root *tried = history_root(life->history, life->version);
    if (tried == NULL || size != sizeof *tried || memcmp(tried, bytes, sizeof *tried) != 0)
        return wrong(life, "root version %llu was never published like this",
                     (unsigned long long)life->version);
    if (replay_from != tried->last_lsn + 1)
        return wrong(life, "root version %llu replays from %llu", (unsigned long long)life->version,
                     (unsigned long long)replay_from);
    life->root = *tried;
    for (uint64_t i = 0; i < tried->ref_count; i++) {
        if (!ref_check(life, &tried->refs[i], "the root")) return false;
    }
    return true;
}

struct replay {
    struct life *life;
    uint64_t next_lsn;
};

static llkv_code replay_group(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                              size_t size)
{
    struct replay *replay = arg;
    struct life *life = replay->life;
    const struct group *group = history_group(life->history, first_lsn);
    if (first_lsn != replay->next_lsn) {
        (void)wrong(life, "replay: lsn %llu after %llu", (unsigned long long)first_lsn,
                    (unsigned long long)replay->next_lsn - 1);
        return LLKV_CORRUPT;
    }
    if (group == NULL || group->frames != frames || group->size != size ||
        memcmp(group->bytes, bytes, size) != 0) {
        (void)wrong(life, "replay: the group at lsn %llu is not of this history",
                    (unsigned long long)first_lsn);
        return LLKV_CORRUPT;
    }
    replay->next_lsn += frames;
    if (!ref_check(life, &group->batch, "a frame")) return LLKV_CORRUPT;
    if (group->batch.bytes > 0 && life->fresh_count < 64) {
        life->fresh_lsn[life->fresh_count] = first_lsn;
        life->fresh[life->fresh_count++] = group->batch;
    }
    return LLKV_OK;
}

static bool open_and_check(struct life *life, const struct promise *floor)
{
    llkv_code rc =
        crash_drive_open(life->disk, life->plan->bug, life->plan->small ? SMALL_SEGMENT_BYTES : 0,
                         &life->pager, &life->error);
    if (!worked(life, rc, "open")) return false;
    if (!root_check(life, floor->version)) return false;
    struct replay replay = {life, life->root.last_lsn + 1};
    rc = life->pager->methods->log_replay(life->pager, replay.next_lsn, replay_group, &replay,
                                          &life->error);
    if (!worked(life, rc, "log_replay")) return false;
    uint64_t last = replay.next_lsn - 1;
    if (last < floor->last)
        return wrong(life, "lsn %llu is the last, but %llu was acknowledged",
                     (unsigned long long)last, (unsigned long long)floor->last);
    history_cut(life->history, last, life->version);
    return true;
}

/* ---- working ---- */

static void promise(struct life *life, uint64_t lsn, uint64_t version, bool durable)
{
    promises_add(&life->history->promises,
                 (struct promise){disk_position(life->disk), lsn, version, durable});
}

static uint64_t some_size(struct life *life)
{
    switch (below(life, 8)) {
    case 0: return 1 + below(life, 20000);
    case 1: return 1 + below(life, 3000);
    case 2:
        if (life->plan->small) return 1 + below(life, 50000);
        return below(life, 20) == 0 ? LLKV_PAGER_GROUP_BYTES_MAX : 100000;
    default: return 30 + below(life, 200);
    }
}

/* A sealed batch; one in four has pieces before the one that counts. */
static bool batch_write(struct life *life, struct batch_ref *out_ref)
{
    const llkv_pager_methods *methods = life->pager->methods;
    llkv_pager_batch *batch = NULL;
    void *space = NULL;
    uint32_t seq = 0;
    uint64_t offset = 0;
    if (!worked(life, methods->batch_begin(life->pager, &batch, &life->error), "batch_begin"))
        return false;
    uint64_t before = below(life, 4) == 0 ? 1 + below(life, 3) : 0;
    struct batch_ref ref = {.bytes = some_size(life), .seed = crash_random(&life->random)};
    for (uint64_t i = 0; i <= before; i++) {
        uint64_t bytes = i < before ? 1 + below(life, 5000) : ref.bytes;
        llkv_code rc = methods->batch_add(life->pager, batch, bytes, &space, &offset, &life->error);
        if (!worked(life, rc, "batch_add")) {
            methods->batch_abort(life->pager, batch);
            return false;
        }
        bytes_fill(space, bytes, ref.seed);
    }
    if (below(life, 10) == 0) {
        methods->batch_abort(life->pager, batch);
        *out_ref = (struct batch_ref){0};
        return true;
    }
    if (!worked(life, methods->batch_seal(life->pager, batch, &seq, &life->error), "batch_seal"))
        return false;
    ref.handle = pager_handle(seq, offset);
    *out_ref = ref;
    return true;
}

/* An ordinary failure changes nothing: the group is not there. */
static void group_forget(struct life *life, bool has_batch)
{
    struct groups *groups = &life->history->groups;
    free(groups->items[--groups->count].bytes);
    if (has_batch) life->fresh_count--;
}

/* What was asked for belongs to the history before the call, what was promised after it. */
static bool group_append(struct life *life, struct group group)
{
    llkv_pager_group call = {.struct_size = sizeof call,
                             .frames = group.frames,
                             .first_lsn = group.first_lsn,
                             .bytes = group.bytes,
                             .size = group.size,
                             .durable = group.durable};
    history_add_group(life->history, group);
    if (group.batch.bytes > 0) {
        assert(life->fresh_count < 64);
        life->fresh_lsn[life->fresh_count] = group.first_lsn;
        life->fresh[life->fresh_count++] = group.batch;
    }
    llkv_code rc = life->pager->methods->log_append(life->pager, &call, &life->error);
    if (!worked(life, rc, "log_append")) {
        if (!life->broken) group_forget(life, group.batch.bytes > 0);
        return false;
    }
    promise(life, history_last(life->history), 0, group.durable);
    return true;
}

static bool step_append(struct life *life, struct batch_ref batch)
{
    struct group group = {.first_lsn = history_last(life->history) + 1,
                          .frames = (uint32_t)(1 + below(life, 5)),
                          .durable = below(life, 10) < (life->plan->normal ? 2 : 9),
                          .batch = batch,
                          .size = some_size(life)};
    group.bytes = crash_grow(NULL, group.size);
    bytes_fill(group.bytes, group.size, crash_random(&life->random));
    return group_append(life, group);
}

static bool step_bulk(struct life *life)
{
    struct batch_ref ref = {0};
    if (!batch_write(life, &ref)) return false;
    if (ref.bytes == 0 || below(life, 6) == 0 || life->fresh_count == 60) return true; /* dead */
    llkv_code rc =
        life->pager->methods->batch_sync(life->pager, (uint32_t)(ref.handle >> 32), &life->error);
    if (!worked(life, rc, "batch_sync")) return false;
    if (below(life, 6) == 0) return true; /* dead as well */
    return step_append(life, ref);
}

static bool step_sync(struct life *life)
{
    uint64_t last = history_last(life->history);
    if (last == 0) return true;
    llkv_code rc = life->pager->methods->log_sync(life->pager, last, &life->error);
    if (!worked(life, rc, "log_sync")) return false;
    promise(life, last, 0, true);
    return true;
}

static bool step_pause(struct life *life)
{
    llkv_pager_group call = {.struct_size = sizeof call,
                             .first_lsn = history_last(life->history) + 1};
    return worked(life, life->pager->methods->log_append(life->pager, &call, &life->error),
                  "log_append of an empty group");
}

/* What the new root names: what the old one named, but for some that are given up, and the batches
 * that frames up to its lsn name. */
static void root_collect(struct life *life, struct root *root, uint64_t last_lsn)
{
    *root = (struct root){.version = life->version + 1, .last_lsn = last_lsn};
    root->filler = crash_random(&life->random);
    for (uint64_t i = 0; i < life->root.ref_count; i++) {
        if (below(life, 3) != 0 && root->ref_count < 10)
            root->refs[root->ref_count++] = life->root.refs[i];
    }
    for (uint64_t i = 0; i < life->fresh_count; i++) {
        if (life->fresh_lsn[i] <= last_lsn && root->ref_count < ROOT_REFS_MAX - 2)
            root->refs[root->ref_count++] = life->fresh[i];
    }
}

static bool root_names(const struct root *root, uint64_t handle)
{
    for (uint64_t i = 0; i < root->ref_count; i++) {
        if (root->refs[i].handle == handle) return true;
    }
    return false;
}

/* The new root counts: what only the old one named is given up, some of it as a whole. */
static void root_succeeds(struct life *life, const struct root *root)
{
    for (uint64_t i = 0; i < life->root.ref_count; i++) {
        const struct batch_ref *ref = &life->root.refs[i];
        if (root_names(root, ref->handle)) continue;
        uint64_t offset = (ref->handle & UINT32_MAX) * LLKV_PAGER_ALIGN;
        bool whole = below(life, 2) == 0;
        life->pager->methods->discard(life->pager, (uint32_t)(ref->handle >> 32),
                                      whole ? 0 : offset, whole ? UINT64_MAX : ref->bytes);
    }
    uint64_t kept = 0;
    for (uint64_t i = 0; i < life->fresh_count; i++) {
        if (life->fresh_lsn[i] <= root->last_lsn) continue;
        life->fresh_lsn[kept] = life->fresh_lsn[i];
        life->fresh[kept++] = life->fresh[i];
    }
    life->fresh_count = kept;
    life->root = *root;
    life->version++;
}

static bool step_publish(struct life *life, bool everything)
{
    struct root root;
    struct batch_ref image = {0};
    uint64_t last = history_last(life->history);
    if (!everything && below(life, 4) == 0) { /* up to the end of some earlier group */
        for (uint64_t i = 0; i < life->history->groups.count; i++) {
            const struct group *group = &life->history->groups.items[i];
            if (group->first_lsn - 1 >= life->root.last_lsn && below(life, 3) == 0)
                last = group->first_lsn - 1;
        }
    }
    if (!batch_write(life, &image)) return false;
    root_collect(life, &root, last);
    if (image.bytes > 0) root.refs[root.ref_count++] = image;
    history_add_root(life->history, &root);
    llkv_code rc = life->pager->methods->root_publish(life->pager, life->version, &root,
                                                      sizeof root, last + 1, &life->error);
    if (!worked(life, rc, "root_publish")) return false;
    root_succeeds(life, &root);
    promise(life, last, life->version, true);
    return true;
}

static bool step(struct life *life)
{
    switch (below(life, 12)) {
    case 0:
    case 1: return step_bulk(life);
    case 2:
    case 3: return step_sync(life);
    case 4: return step_publish(life, false);
    case 5: return step_pause(life);
    default: return step_append(life, (struct batch_ref){0});
    }
}

static bool repeat_lost(struct life *life)
{
    struct groups lost = life->history->lost;
    life->history->lost = (struct groups){0};
    bool fine = true;
    uint64_t repeated = lost.count == 0 ? 0 : below(life, lost.count + 1);
    for (uint64_t i = 0; i < lost.count; i++) {
        if (fine && i < repeated && lost.items[i].batch.bytes == 0 &&
            lost.items[i].first_lsn == history_last(life->history) + 1)
            fine = group_append(life, lost.items[i]);
        else
            free(lost.items[i].bytes);
    }
    free(lost.items);
    return fine;
}

/* Groups that no sync covers, right behind a root: the first of them may be lost without the
 * others, and then nothing is replayed that would make recovery publish a root. */
static bool step_unsynced(struct life *life)
{
    bool fine = step_publish(life, true);
    for (int i = 0; fine && i < 3; i++) {
        struct group group = {.first_lsn = history_last(life->history) + 1,
                              .frames = 1 + (uint32_t)below(life, 3),
                              .size = 40 + below(life, 500)};
        group.bytes = crash_grow(NULL, group.size);
        bytes_fill(group.bytes, group.size, crash_random(&life->random));
        fine = group_append(life, group);
    }
    return fine;
}

static bool work(struct life *life)
{
    bool found = history_last(life->history) > life->root.last_lsn;
    if (found && !step_publish(life, true)) return false;
    life->result->opened = disk_position(life->disk);
    promise(life, history_last(life->history), life->version, true);
    if (life->plan->repeat && !repeat_lost(life)) return false;
    /* Half of those that repeat do nothing else: what was lost behind it must stay lost. */
    uint32_t steps = life->plan->repeat && below(life, 2) == 0 ? 0 : life->plan->steps;
    for (uint32_t i = 0; i < steps; i++) {
        if (!step(life) && (life->broken || !life->plan->failures)) return false;
    }
    if (life->plan->normal && !life->plan->clean && steps > 0) return step_unsynced(life);
    if (life->plan->clean && below(life, 2) == 0) return step_publish(life, true);
    return true;
}

/* Once an outcome is unknown every call that writes says so. */
static void broken_check(struct life *life)
{
    llkv_pager_group call = {.struct_size = sizeof call,
                             .frames = 1,
                             .first_lsn = history_last(life->history) + 1,
                             .bytes = "12345678",
                             .size = 8};
    llkv_code rc = life->pager->methods->log_append(life->pager, &call, &life->error);
    if (rc != LLKV_IO || strcmp(life->error.sqlstate, "08007") != 0)
        (void)wrong(life, "after an unknown outcome log_append says %s", life->error.sqlstate);
}

static bool pager_live(struct disk *disk, void *history, const struct promise *floor,
                       const struct life_plan *plan, struct life_result *result)
{
    struct life life = {.disk = disk,
                        .history = history,
                        .plan = plan,
                        .result = result,
                        .random = plan->seed,
                        .error = LLKV_ERROR_INIT};
    *result = (struct life_result){0};
    if (open_and_check(&life, floor)) (void)work(&life);
    if (life.broken && life.pager != NULL) broken_check(&life);
    result->worked = disk_position(disk);
    if (life.pager != NULL) life.pager->methods->close(life.pager);
    if (plan->clean) result->worked = disk_position(disk);
    if (disk_held_count(disk) != 0) (void)wrong(&life, "files or mappings left open");
    return result->what[0] == '\0';
}

static void *pager_history_new(void)
{
    return crash_alloc(sizeof(struct history));
}

static void pager_history_free(void *history)
{
    history_deinit(history);
    free(history);
}

static void *pager_history_copy(const void *history)
{
    struct history *copy = crash_alloc(sizeof *copy);
    history_copy(copy, history);
    return copy;
}

static const struct promises *pager_promises(const void *history)
{
    return &((const struct history *)history)->promises;
}

static uint64_t pager_last(const void *history)
{
    return history_last(history);
}

const struct subject subject_pager = {.name = "pager",
                                      .history_new = pager_history_new,
                                      .history_free = pager_history_free,
                                      .history_copy = pager_history_copy,
                                      .promises = pager_promises,
                                      .last = pager_last,
                                      .live = pager_live};
