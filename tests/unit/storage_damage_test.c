/* Damaged files: cut, zeroed and flipped at every place that recovery relies on. A file is opened
 * with what it held, or with less in the right order where nothing tells that more was durable, or
 * refused; it is never opened with anything else. */
#define _GNU_SOURCE 1
#include "base/os_fs.h"
#include "durable_testing.h"
#include "storage/entry_format.h"
#include "storage/log_format.h"

static llkv_code no_sync(struct cx *cx, struct os_fs_file *file)
{
    (void)cx;
    (void)file;
    return LLKV_OK;
}
static llkv_code no_directory_sync(struct cx *cx, const struct os_fs *fs, const char *path)
{
    (void)cx;
    (void)fs;
    (void)path;
    return LLKV_OK;
}

/* The real files without waiting for the medium: tens of thousands of opens. */
static struct os_fs fast;

static llkv_code open_fast(struct engine *e, bool read_only)
{
    const llkv_pager_drive_options options = {
        .struct_size = sizeof options, .read_only = read_only, .must_exist = true};
    const struct drive_options inner = {.segment_bytes = 64 * 1024, .fs = &fast};
    return engine_open_with(e, &options, &inner);
}

/* What was written, and where. */
struct life {
    struct files files;
    uint64_t frames;      /* all of them */
    uint64_t durable;     /* said to be durable by a later group or a slot */
    uint64_t root_frames; /* in the newest root */
    struct log_group groups[32];
    uint32_t group_count;
    uint64_t log_used; /* where the last group ends */
    uint64_t handle;
};

enum { BATCH_BYTES = 3000 };

/* Groups of the newest segment, found by their headers. */
static void find_groups(struct life *life)
{
    struct log_slot slot;
    uint8_t id[STORAGE_ID_BYTES];
    memcpy(id, life->files.container.data + 16, sizeof id);
    assert_int_equal(log_slot_decode(life->files.log.data, id, &slot), LOG_VALID);
    uint32_t seed = log_seed(&slot.ids);
    for (uint64_t at = LOG_PLACES_OFFSET; at + LOG_GROUP_BYTES < life->files.log.len; at += 8) {
        struct log_group group;
        uint32_t crc;
        if (!log_group_likely(life->files.log.data + at)) continue;
        if (!log_group_decode(life->files.log.data + at, seed, &group, &crc)) continue;
        assert_true(life->group_count < ARRAY_COUNT(life->groups));
        life->groups[life->group_count++] = group;
        life->log_used = at + log_group_span(group.bytes);
        if (life->durable < group.durable_lsn) life->durable = group.durable_lsn;
    }
}

/* Two roots, a batch that the log names (as far as the pager knows), durable groups and others. */
static struct life make_life(void)
{
    struct life life = {0};
    struct engine e = {0};
    const llkv_pager_drive_options options = {.struct_size = sizeof options};
    const struct drive_options inner = {.segment_bytes = 64 * 1024, .fs = &fast};
    engine_ok(&e, engine_open_with(&e, &options, &inner));
    engine_ok(&e, engine_commit(&e, 2, true));
    engine_ok(&e, engine_checkpoint(&e));
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_ok(&e, engine_batch(&e, BATCH_BYTES, 1, &life.handle));
    engine_ok(&e, engine_checkpoint(&e));
    life.root_frames = e.frames;
    engine_ok(&e, engine_commit(&e, 3, true));
    engine_ok(&e, engine_batch(&e, BATCH_BYTES, 2, &life.handle));
    uint32_t seq = (uint32_t)(life.handle >> 32);
    engine_ok(&e, e.pager->methods->batch_sync(e.pager, seq, &e.error));
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_ok(&e, engine_commit(&e, 2, false));
    engine_ok(&e, engine_commit(&e, 1, false));
    life.frames = e.frames;
    life.files = files_load();
    engine_close(&e);
    files_store(&life.files);
    find_groups(&life);
    assert_int_equal(life.group_count, 6);
    assert_int_equal(life.durable, life.root_frames + 4);
    return life;
}

static void store_log(const struct life *life)
{
    bytes_store(drive_log_path, &life->files.log);
}

/* Open what is there; the state must be one that was. Returns the frames, or -1: refused. */
static int64_t open_and_look(const struct life *life, bool read_only, uint64_t least)
{
    struct engine e = {0};
    llkv_code rc = open_fast(&e, read_only);
    if (rc != LLKV_OK) {
        bool refused = rc == LLKV_CORRUPT || rc == LLKV_UNSUPPORTED;
        if (!refused) fail_msg("%s", e.error.message);
        return -1;
    }
    assert_true(e.frames >= least && e.frames <= life->frames);
    if (e.frames >= life->root_frames + 4)
        assert_true(engine_batch_is(&e, life->handle, BATCH_BYTES, 2));
    int64_t frames = (int64_t)e.frames;
    engine_close(&e);
    return frames;
}

/* Frames that there are if the log is gone from `at` on. */
static uint64_t frames_before(const struct life *life, uint64_t at)
{
    uint64_t frames = life->root_frames;
    for (uint32_t i = 0; i < life->group_count; i++) {
        const struct log_group *g = &life->groups[i];
        uint64_t end = g->offset + LOG_GROUP_BYTES + g->bytes;
        if (end <= at && g->first_lsn + g->frames - 1 > frames)
            frames = g->first_lsn + g->frames - 1;
    }
    return frames;
}

/* Everything from byte `at` on reads as zeros: what a write that did not arrive leaves. */
static void a_log_that_ends_anywhere(void **state)
{
    (void)state;
    struct life life = make_life();
    struct files cut = files_load();
    uint64_t begin = life.groups[2].offset; /* the first that no root holds */
    for (uint64_t at = life.log_used; at >= begin; at--) {
        cut.log.data[at] = 0;
        bytes_store(drive_log_path, &cut.log);
        uint64_t wanted = frames_before(&life, at);
        int64_t frames = open_and_look(&life, true, life.root_frames);
        /* The zeroed byte may have been zero before. */
        uint64_t next = frames_before(&life, at + 1);
        bool told = false; /* does a group that is still whole say that more was durable? */
        for (uint32_t i = 0; i < life.group_count; i++)
            told |=
                life.groups[i].offset + LOG_GROUP_BYTES <= at && life.groups[i].durable_lsn > next;
        if (told)
            assert_int_equal(frames, -1);
        else
            assert_true(frames == (int64_t)wanted || frames == (int64_t)next || frames == -1);
    }
    files_free(&cut);
    files_free(&life.files);
    drive_remove();
}

/* A log cut off is never an ordinary state: places are made and synced before they are used. */
static void a_log_cut_off_is_refused(void **state)
{
    (void)state;
    struct life life = make_life();
    for (uint64_t len = 0; len < life.files.log.len; len += len < life.log_used + 100 ? 1 : 4093) {
        struct bytes cut = {life.files.log.data, len};
        bytes_store(drive_log_path, &cut);
        assert_int_equal(open_and_look(&life, true, 0), -1);
    }
    files_free(&life.files);
    drive_remove();
}

static void flip(struct bytes *b, const char *path, uint64_t bit)
{
    b->data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    FILE *f = fopen(path, "rb+");
    assert_non_null(f);
    assert_int_equal(fseek(f, (long)(bit / 8), SEEK_SET), 0);
    assert_int_equal(fputc(b->data[bit / 8], f), b->data[bit / 8]);
    (void)fclose(f);
}

static void slots_are_checked(void **state)
{
    (void)state;
    struct life life = make_life();
    for (uint32_t slot = 0; slot < 2; slot++) {
        for (uint64_t bit = 0; bit < LOG_SLOT_BYTES * 8; bit++) {
            uint64_t at = slot * STORAGE_BLOCK_BYTES * UINT64_C(8) + bit;
            flip(&life.files.log, drive_log_path, at);
            /* The other slot, and the CHECKPOINT behind its own, tell everything. */
            assert_int_equal(open_and_look(&life, true, 0), (int64_t)life.frames);
            flip(&life.files.log, drive_log_path, at);
        }
    }
    files_free(&life.files);
    drive_remove();
}

static void groups_are_checked(void **state)
{
    (void)state;
    struct life life = make_life();
    uint64_t begin = (LOG_PLACES_OFFSET + STORAGE_BLOCK_BYTES) * UINT64_C(8);
    for (uint64_t bit = begin; bit < life.log_used * 8; bit++) {
        const struct log_group *hit = NULL;
        for (uint32_t i = 0; i < life.group_count; i++)
            if (life.groups[i].offset <= bit / 8) hit = &life.groups[i];
        assert_non_null(hit);
        bool inside = bit / 8 < hit->offset + LOG_GROUP_BYTES + hit->bytes;
        flip(&life.files.log, drive_log_path, bit);
        int64_t frames = open_and_look(&life, true, life.root_frames);
        if (!inside || hit->first_lsn + hit->frames - 1 <= life.root_frames)
            assert_true(frames == (int64_t)life.frames);
        else if (hit->first_lsn <= life.durable)
            assert_int_equal(frames, -1); /* damage to what was durable */
        else
            assert_int_equal(frames, (int64_t)hit->first_lsn - 1); /* a torn tail */
        flip(&life.files.log, drive_log_path, bit);
    }
    /* The segment's header is not needed for what is in it. */
    for (uint64_t bit = 0; bit < LOG_SEGMENT_BYTES * 8; bit++) {
        flip(&life.files.log, drive_log_path, LOG_PLACES_OFFSET * UINT64_C(8) + bit);
        assert_int_equal(open_and_look(&life, true, 0), (int64_t)life.frames);
        flip(&life.files.log, drive_log_path, LOG_PLACES_OFFSET * UINT64_C(8) + bit);
    }
    files_free(&life.files);
    drive_remove();
}

/* Headers, footers and trailers of all entries, and everything in checkpoints. */
static void entries_are_checked(void **state)
{
    (void)state;
    struct life life = make_life();
    struct bytes *c = &life.files.container;
    uint64_t entries = 0;
    for (uint64_t at = 0; at < c->len; entries++) {
        struct entry header;
        assert_int_equal(entry_header_decode(c->data + at, &header), ENTRY_VALID);
        uint64_t end = at + header.bytes;
        for (uint64_t byte = at; byte < end; byte++) {
            bool inside = header.kind == ENTRY_DATA && byte >= at + ENTRY_HEADER_BYTES &&
                          byte < end - ENTRY_END_BYTES;
            bool padding = byte >= at + 1200 && byte < end - ENTRY_END_BYTES;
            if (inside || padding) continue;
            for (uint64_t bit = byte * 8; bit < byte * 8 + 8; bit += 1 + bit % 3) {
                flip(c, drive_path, bit);
                (void)open_and_look(&life, true, life.root_frames);
                flip(c, drive_path, bit);
            }
        }
        at = end;
    }
    assert_true(entries >= 6);
    files_free(&life.files);
    drive_remove();
}

/* The end of the container: less than the log relies on is refused, dead bytes are cut. */
static void the_tail_is_found(void **state)
{
    (void)state;
    struct life life = make_life();
    struct bytes *c = &life.files.container;
    for (uint64_t len = 0; len < c->len; len += 37) {
        struct bytes cut = {c->data, len};
        bytes_store(drive_path, &cut);
        assert_int_equal(open_and_look(&life, true, 0), -1);
    }
    uint64_t seed = 99;
    for (uint32_t i = 0; i < 60; i++) {
        struct bytes more = {malloc(c->len + 10000), c->len + i * 163};
        memcpy(more.data, c->data, c->len);
        for (uint64_t j = c->len; j < more.len; j++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            more.data[j] = i % 3 == 0 ? 0 : (uint8_t)(seed >> 56);
        }
        bytes_store(drive_path, &more);
        store_log(&life);
        assert_int_equal(open_and_look(&life, false, 0), (int64_t)life.frames);
        struct bytes now = bytes_load(drive_path);
        assert_int_equal(now.len, c->len); /* no more, no less */
        free(now.data);
        free(more.data);
    }
    files_free(&life.files);
    drive_remove();
}

static int setup(void **state)
{
    fast = *os_fs_native();
    fast.sync = no_sync;
    fast.directory_sync = no_directory_sync;
    return drive_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_ends_anywhere), cmocka_unit_test(a_log_cut_off_is_refused),
        cmocka_unit_test(slots_are_checked),        cmocka_unit_test(groups_are_checked),
        cmocka_unit_test(entries_are_checked),      cmocka_unit_test(the_tail_is_found),
    };
    return cmocka_run_group_tests(tests, setup, drive_teardown);
}
