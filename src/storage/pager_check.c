/* The conformance test of llkv/pager.h: every rule a caller relies on, on an empty pager.
 *
 * Each step returns LLKV_OK or the first rule that is broken, as LLKV_CORRUPT (LLKV_MISUSE for a
 * pager that lacks a function). Errors of the pager itself are passed on. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/cx.h"
#include "storage/pager.h"
#include "storage/pager_priv.h"

enum { SMALL_BYTES = 1, ODD_BYTES = 100, BIG_BYTES = 200000 };

struct check {
    llkv_pager *pager;
    const llkv_pager_methods *m;
    llkv_error *error;
    uint32_t replay_group; /* the number of the next group a replay is to bring */
    uint64_t replay_lsn;   /* and its first frame */
    bool replay_wrong;
};

#define RULE(c, condition, ...)                                                                    \
    do {                                                                                           \
        if (!(condition)) return pager_fail((c)->error, LLKV_CORRUPT, __VA_ARGS__);                \
    } while (0)

static uint8_t pattern(uint64_t seed, uint64_t i)
{
    return (uint8_t)((seed * 131 + i * 7 + (i >> 8)) & 0xff);
}

static void fill(void *space, uint64_t bytes, uint64_t seed)
{
    uint8_t *p = space;
    for (uint64_t i = 0; i < bytes; i++)
        p[i] = pattern(seed, i);
}

static bool filled(const void *data, uint64_t bytes, uint64_t seed)
{
    const uint8_t *p = data;
    for (uint64_t i = 0; i < bytes; i++)
        if (p[i] != pattern(seed, i)) return false;
    return true;
}

static llkv_code check_methods(struct check *c)
{
    const llkv_pager_methods *m = c->m;
    if (m == NULL || m->struct_size < sizeof *m)
        return pager_fail(c->error, LLKV_MISUSE, "the table of functions is missing or too small");
    bool all = m->caps && m->batch_begin && m->batch_add && m->batch_seal && m->batch_abort &&
               m->batch_sync && m->discard && m->view && m->view_release && m->root_get &&
               m->root_publish && m->close;
    if (!all) return pager_fail(c->error, LLKV_MISUSE, "a function is missing");
    llkv_pager_caps caps = m->caps(c->pager);
    RULE(c, caps.struct_size >= sizeof caps, "caps: struct_size is not set");
    RULE(c, caps.batch_bytes_max >= BIG_BYTES * 2, "caps: batch_bytes_max is too small");
    bool log = m->log_append && m->log_sync && m->log_replay;
    RULE(c, log || !(caps.flags & LLKV_PAGER_DURABLE_LOG), "a log is promised, its functions lack");
    return LLKV_OK;
}

struct root {
    uint64_t version, replay_from;
    size_t bytes;
    uint8_t data[LLKV_PAGER_ROOT_BYTES_MAX];
};

static llkv_code root_get(struct check *c, struct root *out_root)
{
    return c->m->root_get(c->pager, &out_root->version, out_root->data, &out_root->bytes,
                          &out_root->replay_from, c->error);
}

static llkv_code expect_root(struct check *c, uint64_t version, size_t bytes, uint64_t seed)
{
    struct root root = {0};
    TRY(root_get(c, &root));
    RULE(c, root.version == version, "root_get: version %llu instead of %llu",
         (unsigned long long)root.version, (unsigned long long)version);
    RULE(c, root.bytes == bytes, "root_get: %zu bytes instead of %zu", root.bytes, bytes);
    RULE(c, filled(root.data, bytes, seed), "root_get: not the bytes that were published");
    RULE(c, root.replay_from == 1, "root_get: not the replay_from that was published");
    return LLKV_OK;
}

static llkv_code check_root(struct check *c)
{
    uint8_t bytes[LLKV_PAGER_ROOT_BYTES_MAX + 1];
    struct root root = {0};
    TRY(root_get(c, &root));
    RULE(c, root.version == 0 && root.bytes == 0,
         "root_get: an empty pager has version 0 and 0 bytes");
    RULE(c, root.replay_from == 1, "root_get: an empty pager is replayed from lsn 1");
    fill(bytes, ODD_BYTES, 1);
    TRY(c->m->root_publish(c->pager, 0, bytes, ODD_BYTES, 1, c->error));
    TRY(root_get(c, &root));
    const uint64_t version = root.version;
    RULE(c, version > 0, "root_publish: the version did not grow");
    TRY(expect_root(c, version, ODD_BYTES, 1));
    fill(bytes, sizeof bytes, 2);
    llkv_code rc = c->m->root_publish(c->pager, version - 1, bytes, SMALL_BYTES, 1, NULL);
    RULE(c, rc == LLKV_CONFLICT, "root_publish: a stale version must be LLKV_CONFLICT");
    rc = c->m->root_publish(c->pager, version, bytes, sizeof bytes, 1, NULL);
    RULE(c, rc != LLKV_OK, "root_publish: a root beyond the limit was taken");
    TRY(expect_root(c, version, ODD_BYTES, 1));
    TRY(c->m->root_publish(c->pager, version, bytes, LLKV_PAGER_ROOT_BYTES_MAX, 1, c->error));
    TRY(root_get(c, &root));
    RULE(c, root.version > version, "root_publish: the version did not grow");
    return expect_root(c, root.version, LLKV_PAGER_ROOT_BYTES_MAX, 2);
}

/* One batch of pieces of several sizes, built piece by piece. */
static const uint64_t piece_bytes[] = {SMALL_BYTES, ODD_BYTES, 64, BIG_BYTES, 4096};
enum { PIECES = ARRAY_COUNT(piece_bytes) };

struct built {
    llkv_pager_batch *batch;
    void *spaces[PIECES];
    uint64_t offsets[PIECES];
    uint32_t seq;
    uint64_t seed;
};

static llkv_code add_piece(struct check *c, struct built *b, uint32_t i)
{
    void *space = NULL;
    uint64_t offset = 1;
    TRY(c->m->batch_add(c->pager, b->batch, piece_bytes[i], &space, &offset, c->error));
    RULE(c, space != NULL, "batch_add: no space was handed out");
    RULE(c, (uintptr_t)space % LLKV_PAGER_ALIGN == 0, "batch_add: the space is not aligned");
    RULE(c, offset % LLKV_PAGER_ALIGN == 0, "batch_add: the offset is not a multiple of 64");
    if (i > 0)
        RULE(c, offset >= b->offsets[i - 1] + piece_bytes[i - 1], "batch_add: pieces overlap");
    b->spaces[i] = space;
    b->offsets[i] = offset;
    return LLKV_OK;
}

static llkv_code build(struct check *c, struct built *b)
{
    for (uint32_t i = 0; i < PIECES; i++)
        TRY(add_piece(c, b, i));
    /* Only now: the spaces stay valid until seal. */
    for (uint32_t i = 0; i < PIECES; i++)
        fill(b->spaces[i], piece_bytes[i], b->seed + i);
    llkv_pager_batch *batch = b->batch;
    b->batch = NULL;
    return c->m->batch_seal(c->pager, batch, &b->seq, c->error);
}

static llkv_code expect_piece(struct check *c, const struct built *b, uint32_t i)
{
    llkv_pager_view view = {0};
    uint64_t handle = pager_handle(b->seq, b->offsets[i]);
    TRY(c->m->view(c->pager, handle, piece_bytes[i], &view, c->error));
    bool aligned = (uintptr_t)view.data % LLKV_PAGER_ALIGN == 0;
    bool same = filled(view.data, piece_bytes[i], b->seed + i);
    c->m->view_release(c->pager, &view);
    RULE(c, aligned, "view: the bytes are not aligned");
    RULE(c, same, "view: not the bytes that were written");
    return LLKV_OK;
}

/* A view that begins inside a piece. */
static llkv_code expect_inner(struct check *c, const struct built *b)
{
    llkv_pager_view view = {0};
    const uint32_t piece = 3;
    const uint64_t skip = 640;
    uint64_t handle = pager_handle(b->seq, b->offsets[piece] + skip);
    TRY(c->m->view(c->pager, handle, 64, &view, c->error));
    const uint8_t *bytes = view.data;
    bool same = true;
    for (uint64_t i = 0; i < 64; i++)
        same &= bytes[i] == pattern(b->seed + piece, i + skip);
    c->m->view_release(c->pager, &view);
    RULE(c, same, "view: wrong bytes inside a piece");
    return LLKV_OK;
}

static void abort_open(struct check *c, struct built *built, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (built[i].batch != NULL) c->m->batch_abort(c->pager, built[i].batch);
}

/* Three batches open at once: two sealed in the other order, one aborted. */
static llkv_code check_batches(struct check *c, struct built *built)
{
    for (uint32_t i = 0; i < 3; i++) {
        built[i].seed = 10 + i * 10;
        TRY(c->m->batch_begin(c->pager, &built[i].batch, c->error));
    }
    TRY(add_piece(c, &built[2], 0));
    TRY(build(c, &built[1]));
    TRY(build(c, &built[0]));
    c->m->batch_abort(c->pager, built[2].batch);
    built[2].batch = NULL;
    RULE(c, built[0].seq != built[1].seq, "batch_seal: two batches have the same number");
    for (uint32_t b = 0; b < 2; b++) {
        TRY(c->m->batch_sync(c->pager, built[b].seq, c->error));
        for (uint32_t i = 0; i < PIECES; i++)
            TRY(expect_piece(c, &built[b], i));
        TRY(expect_inner(c, &built[b]));
    }
    return LLKV_OK;
}

static llkv_code expect_no_view(struct check *c, uint64_t handle, uint64_t bytes, const char *what)
{
    llkv_pager_view view = {0};
    llkv_code rc = c->m->view(c->pager, handle, bytes, &view, NULL);
    if (rc == LLKV_OK) c->m->view_release(c->pager, &view);
    RULE(c, rc != LLKV_OK, "view: %s", what);
    return LLKV_OK;
}

static llkv_code check_bad_views(struct check *c, const struct built *b)
{
    TRY(expect_no_view(c, pager_handle(b->seq + 1000, 0), 64,
                       "a batch that does not exist was found"));
    return expect_no_view(c, pager_handle(b->seq, b->offsets[PIECES - 1]), (uint64_t)1 << 40,
                          "bytes beyond the end of a batch were found");
}

/* A view outlives the discard of its bytes; other batches do not notice. */
static llkv_code check_discard(struct check *c, const struct built *gone, const struct built *kept)
{
    llkv_pager_view view = {0};
    const uint32_t piece = 3;
    uint64_t handle = pager_handle(gone->seq, gone->offsets[piece]);
    TRY(c->m->view(c->pager, handle, piece_bytes[piece], &view, c->error));
    uint64_t end = gone->offsets[PIECES - 1] + piece_bytes[PIECES - 1];
    c->m->discard(c->pager, gone->seq, 0, (end + 63) / 64 * 64);
    bool same = filled(view.data, piece_bytes[piece], gone->seed + piece);
    c->m->view_release(c->pager, &view);
    RULE(c, same, "discard: the bytes of a view changed");
    for (uint32_t i = 0; i < PIECES; i++)
        TRY(expect_piece(c, kept, i));
    return LLKV_OK;
}

/* ---- the log: group g holds g % 3 + 1 frames, the empty one behind it none ---- */

enum { LOG_GROUPS = 20 };

static uint32_t frames_of(uint32_t group)
{
    return group % 3 + 1;
}

/* The lsn of the first frame of a group. */
static uint64_t first_lsn_of(uint32_t group)
{
    uint64_t lsn = 1;
    for (uint32_t i = 0; i < group; i++)
        lsn += frames_of(i);
    return lsn;
}

static llkv_code replayed(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                          size_t size)
{
    struct check *c = arg;
    if (frames == 0 && size == 0) return LLKV_OK;
    uint32_t group = c->replay_group++;
    bool right = group < LOG_GROUPS && first_lsn == first_lsn_of(group) &&
                 frames == frames_of(group) && size == ODD_BYTES + group &&
                 filled(bytes, size, group);
    c->replay_wrong |= !right;
    return LLKV_OK;
}

static llkv_code stop_replay(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                             size_t size)
{
    (void)arg;
    (void)first_lsn;
    (void)frames;
    (void)bytes;
    (void)size;
    return LLKV_CANCELLED;
}

/* Replay from `lsn` must bring the groups from number `first` on and nothing else. */
static llkv_code expect_replay(struct check *c, uint64_t lsn, uint32_t first)
{
    c->replay_group = first;
    c->replay_wrong = false;
    TRY(c->m->log_replay(c->pager, lsn, replayed, c, c->error));
    RULE(c, !c->replay_wrong, "log_replay: wrong groups, or not in the order of their lsn");
    RULE(c, c->replay_group == LOG_GROUPS, "log_replay: %u groups instead of %u",
         c->replay_group - first, LOG_GROUPS - first);
    return LLKV_OK;
}

static llkv_code append(struct check *c, uint32_t group, llkv_error *error)
{
    uint8_t bytes[ODD_BYTES + LOG_GROUPS + 2]; /* also of a group behind the last */
    assert(ODD_BYTES + group <= sizeof bytes);
    fill(bytes, sizeof bytes, group);
    llkv_pager_group written = {.struct_size = sizeof written,
                                .frames = frames_of(group),
                                .first_lsn = first_lsn_of(group),
                                .bytes = bytes,
                                .size = ODD_BYTES + group,
                                .durable = group % 4 == 0};
    return c->m->log_append(c->pager, &written, error);
}

/* What is refused changes nothing: the next group is taken as if nothing had been tried. */
static llkv_code check_refused_groups(struct check *c)
{
    llkv_code rc = append(c, LOG_GROUPS + 1, NULL);
    RULE(c, rc != LLKV_OK, "log_append: a gap between lsns was taken");
    rc = append(c, 1, NULL);
    RULE(c, rc != LLKV_OK, "log_append: an lsn was taken twice");
    llkv_pager_group big = {.struct_size = sizeof big, .frames = 1, .bytes = c};
    big.first_lsn = first_lsn_of(LOG_GROUPS / 2);
    big.size = LLKV_PAGER_GROUP_BYTES_MAX + 1;
    rc = c->m->log_append(c->pager, &big, NULL);
    RULE(c, rc != LLKV_OK, "log_append: a group beyond the limit was taken");
    rc = c->m->log_sync(c->pager, big.first_lsn, NULL);
    RULE(c, rc != LLKV_OK, "log_sync: an lsn that was not written is said to be durable");
    return LLKV_OK;
}

static llkv_code check_log_root(struct check *c)
{
    struct root root = {0};
    const uint32_t half = LOG_GROUPS / 2;
    uint64_t end = first_lsn_of(LOG_GROUPS);
    TRY(root_get(c, &root));
    llkv_code rc = c->m->root_publish(c->pager, root.version, "", 0, end + 1, NULL);
    RULE(c, rc != LLKV_OK, "root_publish: a replay_from beyond the log was taken");
    TRY(c->m->root_publish(c->pager, root.version, "", 0, first_lsn_of(half), c->error));
    TRY(root_get(c, &root));
    RULE(c, root.replay_from == first_lsn_of(half),
         "root_get: not the replay_from that was published");
    rc = c->m->root_publish(c->pager, root.version, "", 0, root.replay_from - 1, NULL);
    RULE(c, rc != LLKV_OK, "root_publish: replay_from went back");
    TRY(expect_replay(c, root.replay_from, half));
    TRY(c->m->root_publish(c->pager, root.version, "", 0, end, c->error));
    return expect_replay(c, end, LOG_GROUPS);
}

static llkv_code check_log(struct check *c)
{
    const uint32_t half = LOG_GROUPS / 2;
    llkv_pager_group empty = {.struct_size = sizeof empty, .first_lsn = 1};
    TRY(c->m->log_append(c->pager, &empty, c->error));
    for (uint32_t i = 0; i < LOG_GROUPS; i++) {
        if (i == half) TRY(check_refused_groups(c));
        TRY(append(c, i, c->error));
    }
    empty.first_lsn = first_lsn_of(LOG_GROUPS);
    TRY(c->m->log_sync(c->pager, empty.first_lsn - 1, c->error));
    TRY(c->m->log_append(c->pager, &empty, c->error));
    TRY(expect_replay(c, 1, 0));
    TRY(expect_replay(c, first_lsn_of(half), half));
    /* Group 11 has three frames: the last of them brings it whole. */
    TRY(expect_replay(c, first_lsn_of(half + 2) - 1, half + 1));
    llkv_code rc = c->m->log_replay(c->pager, 1, stop_replay, c, NULL);
    RULE(c, rc == LLKV_CANCELLED, "log_replay: the callback's code was not returned");
    return check_log_root(c);
}

llkv_code llkv_pager_check(llkv_pager *pager, llkv_error *error)
{
    if (pager == NULL) return pager_fail(error, LLKV_MISUSE, "pager is NULL");
    struct check c = {.pager = pager, .m = pager->methods, .error = error};
    struct built built[3] = {{0}};
    llkv_code rc;
    TRY(check_methods(&c));
    TRY_TO(done, rc, check_root(&c));
    TRY_TO(done, rc, check_batches(&c, built));
    TRY_TO(done, rc, check_bad_views(&c, &built[1]));
    TRY_TO(done, rc, check_discard(&c, &built[0], &built[1]));
    if (c.m->caps(pager).flags & LLKV_PAGER_DURABLE_LOG) rc = check_log(&c);
done:
    abort_open(&c, built, ARRAY_COUNT(built));
    return rc;
}
