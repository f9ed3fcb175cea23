/* The drive pager: conformance, sessions, reopening, refusals, space. */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/crc32c.h"
#include "durable_testing.h"
#include "storage/srd.h"

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static void it_conforms(void **state)
{
    (void)state;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_pager *pager = NULL;
    assert_int_equal(llkv_pager_drive_open(drive_path, NULL, &pager, &error), LLKV_OK);
    llkv_code rc = llkv_pager_check(pager, &error);
    if (rc != LLKV_OK) fail_msg("%s", error.message);
    pager->methods->close(pager);
    assert_false(exists(drive_log_path));
    assert_false(exists(drive_new_path));
    assert_int_equal(llkv_pager_drive_open(drive_path, NULL, &pager, &error), LLKV_OK);
    uint64_t version, replay_from;
    size_t bytes;
    uint8_t root[LLKV_PAGER_ROOT_BYTES_MAX];
    rc = pager->methods->root_get(pager, &version, root, &bytes, &replay_from, &error);
    assert_int_equal(rc, LLKV_OK);
    assert_int_equal(version, 4);
    assert_int_equal(bytes, 0);
    assert_true(replay_from > 1);
    pager->methods->close(pager);
    drive_remove();
}

/* What only reads leaves no trace. */
static void reading_writes_nothing(void **state)
{
    (void)state;
    struct engine e = {0};
    engine_ok(&e, engine_open(&e));
    engine_close(&e);
    struct files before = files_load();
    assert_int_equal(before.container.len, 4096);
    assert_null(before.log.data);
    engine_ok(&e, engine_open(&e));
    engine_close(&e);
    struct files after = files_load();
    assert_int_equal(after.container.len, before.container.len);
    assert_memory_equal(after.container.data, before.container.data, before.container.len);
    assert_null(after.log.data);
    files_free(&before);
    files_free(&after);
    drive_remove();
}

static void sessions_follow_each_other(void **state)
{
    (void)state;
    struct engine e = {0};
    uint64_t handles[20];
    for (uint32_t i = 0; i < 20; i++) {
        engine_ok(&e, engine_open(&e));
        assert_int_equal(e.frames, i * 3);
        for (uint32_t j = 0; j < i; j++)
            assert_true(engine_batch_is(&e, handles[j], 1000 + 5000 * j, j));
        engine_ok(&e, engine_commit(&e, 1, true));
        engine_ok(&e, engine_batch(&e, 1000 + 5000 * i, i, &handles[i]));
        engine_ok(&e, engine_commit(&e, 2, false));
        engine_ok(&e, engine_checkpoint(&e));
        assert_true(engine_batch_is(&e, handles[i], 1000 + 5000 * i, i));
        engine_close(&e);
        assert_false(exists(drive_log_path));
    }
    drive_remove();
}

/* Frames that no root holds are replayed, and must be published before the log goes on. */
static void crashes_are_recovered(void **state)
{
    (void)state;
    struct engine e = {0};
    uint64_t handle = 0;
    engine_ok(&e, engine_open(&e));
    engine_ok(&e, engine_commit(&e, 3, true));
    engine_ok(&e, engine_checkpoint(&e));
    engine_ok(&e, engine_batch(&e, 70000, 9, &handle));
    engine_ok(&e, e.pager->methods->batch_sync(e.pager, (uint32_t)(handle >> 32), &e.error));
    engine_ok(&e, engine_commit(&e, 2, false));
    engine_ok(&e, engine_commit(&e, 1, false));
    engine_crash(&e);
    for (uint32_t i = 0; i < 3; i++) {
        engine_ok(&e, engine_open(&e));
        assert_int_equal(e.frames, 6);
        assert_true(engine_batch_is(&e, handle, 70000, 9));
        assert_int_equal(engine_commit(&e, 1, true), LLKV_MISUSE);
        engine_crash(&e);
    }
    engine_ok(&e, engine_open(&e));
    engine_ok(&e, engine_checkpoint(&e));
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_crash(&e);
    engine_ok(&e, engine_open(&e));
    assert_int_equal(e.frames, 7);
    assert_true(engine_batch_is(&e, handle, 70000, 9));
    engine_ok(&e, engine_checkpoint(&e));
    engine_close(&e);
    assert_false(exists(drive_log_path));
    engine_ok(&e, engine_open(&e));
    assert_int_equal(e.frames, 7);
    assert_true(engine_batch_is(&e, handle, 70000, 9));
    engine_close(&e);
    drive_remove();
}

/* Groups over many segments, roots now and then, a crash after every step. */
static void the_log_turns_round(void **state)
{
    (void)state;
    struct engine e = {.frame_bytes = 9000};
    for (uint32_t round = 0; round < 6; round++) {
        e.frame_bytes = 9000;
        engine_ok(&e, engine_open(&e));
        assert_int_equal(e.frames, round * 300);
        if (round > 0) engine_ok(&e, engine_checkpoint(&e));
        for (uint32_t i = 0; i < 100; i++) {
            engine_ok(&e, engine_commit(&e, 3, i % 5 == 0));
            if (i % 30 == round) engine_ok(&e, engine_checkpoint(&e));
            if (i % 10 == 7)
                engine_ok(&e, drive_pager_tend(&(struct cx){.error = &e.error}, e.pager));
        }
        engine_crash(&e);
        struct bytes log = bytes_load(drive_log_path);
        assert_true(log.len < 3 * 1024 * 1024);
        free(log.data);
    }
    drive_remove();
}

/* Without a root the log grows to its limit, then says so; a root makes room again. */
static void a_full_log_is_an_ordinary_error(void **state)
{
    (void)state;
    struct engine e = {.frame_bytes = 60000};
    engine_ok(&e, engine_open(&e));
    llkv_code rc = LLKV_OK;
    for (uint32_t i = 0; i < 100 && rc == LLKV_OK; i++)
        rc = engine_commit(&e, 1, false);
    assert_int_equal(rc, LLKV_LIMIT);
    assert_string_equal(e.error.sqlstate, "53100");
    assert_true(e.frames > 30);
    assert_int_equal(engine_commit(&e, 1, false), LLKV_LIMIT);
    engine_ok(&e, engine_checkpoint(&e));
    engine_ok(&e, engine_commit(&e, 1, false));
    engine_crash(&e);
    engine_ok(&e, engine_open(&e));
    engine_close(&e);
    drive_remove();
}

static uint64_t blocks_used(void)
{
    struct stat st;
    assert_int_equal(stat(drive_path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

/* Space comes back two roots after the discard, not before, and not while somebody looks. */
static void discarded_space_comes_back(void **state)
{
    (void)state;
    struct engine e = {0};
    uint64_t handle = 0;
    uint64_t other = 0;
    const uint64_t bytes = 8 * 1024 * 1024;
    engine_ok(&e, engine_open(&e));
    const llkv_pager_methods *m = e.pager->methods;
    engine_ok(&e, engine_batch(&e, bytes, 1, &handle));
    engine_ok(&e, engine_batch(&e, bytes, 2, &other));
    engine_ok(&e, engine_checkpoint(&e));
    uint64_t full = blocks_used();
    assert_true(full > 2 * bytes);
    llkv_pager_view view = {0};
    engine_ok(&e, m->view(e.pager, handle, bytes, &view, &e.error));
    m->discard(e.pager, (uint32_t)(handle >> 32), 64, bytes / 2); /* in two parts */
    m->discard(e.pager, (uint32_t)(handle >> 32), 64 + bytes / 2, bytes - bytes / 2);
    engine_ok(&e, engine_checkpoint(&e));
    assert_true(blocks_used() >= full);
    engine_ok(&e, engine_checkpoint(&e));
    assert_true(blocks_used() >= full); /* seen */
    uint8_t *wanted = malloc(bytes);
    frame_fill(wanted, (uint32_t)bytes, 1);
    assert_memory_equal(view.data, wanted, bytes);
    free(wanted);
    m->view_release(e.pager, &view);
    engine_ok(&e, engine_checkpoint(&e));
    uint64_t less = blocks_used();
    assert_true(less < full - bytes / 2 || less >= full); /* or it cannot punch */
    assert_true(engine_batch_is(&e, other, bytes, 2));
    /* Given up as a whole, and remembered over a crash. */
    m->discard(e.pager, (uint32_t)(other >> 32), 0, UINT64_MAX);
    assert_false(engine_batch_is(&e, other, bytes, 2));
    engine_ok(&e, engine_checkpoint(&e));
    engine_crash(&e);
    engine_ok(&e, engine_open(&e));
    assert_false(engine_batch_is(&e, other, bytes, 2));
    uint64_t again = blocks_used(); /* copies have no holes */
    engine_ok(&e, engine_checkpoint(&e));
    assert_true(blocks_used() < again - bytes / 2 || less >= full);
    engine_close(&e);
    drive_remove();
}

/* Enough batches for three levels of the table; found again after reopening. */
static void many_batches_are_found(void **state)
{
    (void)state;
    enum { BATCHES = 4500 };
    struct engine e = {0};
    static uint64_t handles[BATCHES];
    engine_ok(&e, engine_open(&e));
    for (uint32_t i = 0; i < BATCHES; i++) {
        engine_ok(&e, engine_batch(&e, 100, i, &handles[i]));
        if (i % 900 == 0) engine_ok(&e, engine_checkpoint(&e));
    }
    engine_ok(&e, engine_checkpoint(&e));
    struct stat before, after;
    assert_int_equal(stat(drive_path, &before), 0);
    engine_ok(&e, engine_batch(&e, 100, 7, &handles[7]));
    engine_ok(&e, engine_checkpoint(&e));
    assert_int_equal(stat(drive_path, &after), 0);
    assert_true(after.st_size - before.st_size <= 3 * 4096); /* what changed, not what there is */
    engine_close(&e);
    engine_ok(&e, engine_open(&e));
    for (uint32_t i = 0; i < BATCHES; i++)
        assert_true(engine_batch_is(&e, handles[i], 100, i));
    engine_close(&e);
    drive_remove();
}

/* ---- refusals ---- */

static void write_text(const char *path, const char *text)
{
    struct bytes b = {(uint8_t *)strdup(text), strlen(text)};
    bytes_store(path, &b);
    free(b.data);
}

static void strange_files_are_refused(void **state)
{
    (void)state;
    struct engine e = {0};
    write_text(drive_path, "This is a letter, not a database.");
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    assert_non_null(strstr(e.error.message, "is not an LLKV database"));
    drive_remove();
    assert_int_equal(mkfifo(drive_path, 0600), 0);
    assert_int_equal(engine_open(&e), LLKV_IO);
    drive_remove();
    assert_int_equal(mkdir(drive_path, 0700), 0);
    assert_int_equal(engine_open(&e), LLKV_IO);
    assert_int_equal(rmdir(drive_path), 0);
    llkv_pager_drive_options options = {.struct_size = sizeof options, .must_exist = true};
    struct drive_options inner = {0};
    assert_int_equal(engine_open_with(&e, &options, &inner), LLKV_NAME);
    options = (llkv_pager_drive_options){.struct_size = sizeof options, .read_only = true};
    assert_int_equal(engine_open_with(&e, &options, &inner), LLKV_NAME);
    options.log_segment_bytes = 4096;
    assert_int_equal(engine_open_with(&e, &options, &inner), LLKV_MISUSE);
    write_text(drive_log_path, "left by somebody");
    assert_int_equal(engine_open(&e), LLKV_EXISTS);
    drive_remove();
    write_text(drive_path, ""); /* an empty file is as good as none */
    engine_ok(&e, engine_open(&e));
    engine_close(&e);
    drive_remove();
}

static void two_writers_are_one_too_many(void **state)
{
    (void)state;
    struct engine a = {0};
    struct engine b = {0};
    char who[40];
    engine_ok(&a, engine_open(&a));
    assert_int_equal(engine_open(&b), LLKV_BUSY);
    snprintf(who, sizeof who, "process %d on this machine", (int)getpid());
    if (strstr(b.error.message, who) == NULL) fail_msg("%s", b.error.message);
    engine_close(&a);
    engine_ok(&b, engine_open(&b));
    engine_close(&b);
    drive_remove();
}

static void open_reader(struct engine *e)
{
    const llkv_pager_drive_options options = {.struct_size = sizeof options, .read_only = true};
    const struct drive_options inner = {0};
    engine_ok(e, engine_open_with(e, &options, &inner));
}

/* A reader sees what was written when it opened, beside a writer and after a crash, and no byte
 * changes. */
static void readers_only_read(void **state)
{
    (void)state;
    struct engine w = {0};
    struct engine r = {0};
    uint64_t handle = 0;
    engine_ok(&w, engine_open(&w));
    open_reader(&r);
    assert_int_equal(r.frames, 0);
    assert_int_equal(engine_commit(&r, 1, true), LLKV_READONLY);
    assert_int_equal(engine_checkpoint(&r), LLKV_READONLY);
    llkv_pager_batch *batch = NULL;
    assert_int_equal(r.pager->methods->batch_begin(r.pager, &batch, NULL), LLKV_READONLY);
    engine_close(&r);
    engine_ok(&w, engine_commit(&w, 2, true));
    engine_ok(&w, engine_batch(&w, 5000, 4, &handle));
    engine_ok(&w, engine_checkpoint(&w));
    engine_ok(&w, engine_commit(&w, 3, false));
    open_reader(&r);
    assert_int_equal(r.frames, 5);
    assert_true(engine_batch_is(&r, handle, 5000, 4));
    engine_ok(&w, engine_commit(&w, 1, false));
    engine_ok(&w, engine_checkpoint(&w));
    engine_ok(&w, engine_checkpoint(&w));
    assert_true(engine_batch_is(&r, handle, 5000, 4));
    engine_close(&r);
    engine_ok(&w, engine_commit(&w, 1, false));
    engine_crash(&w);
    struct files before = files_load();
    open_reader(&r);
    assert_int_equal(r.frames, 7);
    assert_true(engine_batch_is(&r, handle, 5000, 4));
    engine_close(&r);
    struct files after = files_load();
    assert_int_equal(before.container.len, after.container.len);
    assert_int_equal(before.log.len, after.log.len);
    assert_memory_equal(before.container.data, after.container.data, before.container.len);
    assert_memory_equal(before.log.data, after.log.data, before.log.len);
    files_free(&before);
    files_free(&after);
    drive_remove();
}

/* While a reader has the files open the log stays, and is used again. */
static void a_reader_keeps_the_log(void **state)
{
    (void)state;
    struct engine w = {0};
    struct engine r = {0};
    engine_ok(&w, engine_open(&w));
    engine_ok(&w, engine_commit(&w, 2, true));
    open_reader(&r);
    engine_ok(&w, engine_checkpoint(&w));
    engine_close(&w);
    assert_true(exists(drive_log_path));
    engine_ok(&w, engine_open(&w));
    assert_int_equal(w.frames, 2);
    engine_ok(&w, engine_commit(&w, 1, true));
    engine_close(&r);
    engine_crash(&w);
    engine_ok(&w, engine_open(&w));
    assert_int_equal(w.frames, 3);
    engine_ok(&w, engine_checkpoint(&w));
    engine_close(&w);
    assert_false(exists(drive_log_path));
    drive_remove();
}

/* Files that do not belong together, or not all of them. */
static void mixed_files_are_refused(void **state)
{
    (void)state;
    struct engine e = {0};
    engine_ok(&e, engine_open(&e));
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_ok(&e, engine_checkpoint(&e));
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_crash(&e);
    struct files first = files_load();
    (void)unlink(drive_log_path);
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    assert_non_null(strstr(e.error.message, "its log is missing"));
    const llkv_pager_drive_options options = {.struct_size = sizeof options, .without_log = true};
    const struct drive_options inner = {0};
    engine_ok(&e, engine_open_with(&e, &options, &inner));
    assert_int_equal(e.frames, 1);
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_crash(&e);
    engine_ok(&e, engine_open(&e));
    assert_int_equal(e.frames, 2);
    engine_ok(&e, engine_checkpoint(&e));
    engine_close(&e);
    /* The old log beside the container that went on with another. */
    bytes_store(drive_log_path, &first.log);
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    struct bytes log = bytes_load(drive_log_path); /* refused, not changed */
    assert_memory_equal(log.data, first.log.data, log.len);
    free(log.data);
    drive_remove();
    engine_ok(&e, engine_open(&e)); /* another database, with the first one's log */
    engine_close(&e);
    bytes_store(drive_log_path, &first.log);
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    assert_non_null(strstr(e.error.message, "the log of another database"));
    files_free(&first);
    drive_remove();
}

/* The same file with an entry of another program behind it. */
static void append_entry(const char *path)
{
    struct bytes b = bytes_load(path);
    uint8_t *longer = malloc(b.len + 200);
    if (b.len != 0) memcpy(longer, b.data, b.len);
    size_t more = srd_value_encode(b.len, 77, "somebody's value", 16, SRD_PAD_ZERO, longer + b.len);
    struct bytes now = {longer, b.len + more};
    bytes_store(path, &now);
    free(longer);
    free(b.data);
}

/* What another program has appended is never cut off. */
static void entries_of_others_are_refused(void **state)
{
    (void)state;
    struct engine e = {0};
    write_text(drive_path, "");
    append_entry(drive_path);
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    assert_non_null(strstr(e.error.message, "is a simd-r-drive container"));
    drive_remove();
    engine_ok(&e, engine_open(&e));
    engine_close(&e);
    append_entry(drive_path);
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    assert_non_null(strstr(e.error.message, "another program has appended to it"));
    drive_remove();
    engine_ok(&e, engine_open(&e));
    engine_ok(&e, engine_commit(&e, 1, true));
    engine_ok(&e, engine_checkpoint(&e));
    engine_crash(&e);
    append_entry(drive_path);
    append_entry(drive_path);
    struct bytes before = bytes_load(drive_path);
    assert_int_equal(engine_open(&e), LLKV_CORRUPT);
    assert_non_null(strstr(e.error.message, "while it was in use"));
    struct bytes after = bytes_load(drive_path);
    assert_int_equal(before.len, after.len);
    before.len -= 37; /* half an entry is nobody's: it goes */
    bytes_store(drive_path, &before);
    engine_ok(&e, engine_open(&e));
    assert_int_equal(e.frames, 1);
    engine_close(&e);
    free(before.data);
    free(after.data);
    drive_remove();
}

static void newer_formats_are_refused(void **state)
{
    (void)state;
    struct engine e = {0};
    engine_ok(&e, engine_open(&e));
    engine_close(&e);
    struct bytes b = bytes_load(drive_path);
    b.data[8] = 2; /* the major number of the header */
    uint32_t crc = crc32c(0, b.data, 60);
    memcpy(b.data + 60, &crc, 4);
    bytes_store(drive_path, &b);
    assert_int_equal(engine_open(&e), LLKV_UNSUPPORTED);
    b.data[8] = 1;
    crc = crc32c(0, b.data, 60);
    memcpy(b.data + 60, &crc, 4);
    uint8_t *footer = b.data + b.len - 256;
    footer[16] = 1; /* a feature that nobody knows */
    crc = crc32c(0, footer, 228);
    memcpy(footer + 228, &crc, 4);
    bytes_store(drive_path, &b);
    assert_int_equal(engine_open(&e), LLKV_UNSUPPORTED);
    free(b.data);
    drive_remove();
}

static void other_pagers_have_no_file(void **state)
{
    (void)state;
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.error = &error};
    struct os_file_id id;
    llkv_pager *pager = pager_memory_new(NULL);
    assert_int_equal(drive_pager_identity(&cx, pager, &id), LLKV_MISUSE);
    assert_int_equal(drive_pager_tend(&cx, pager), LLKV_OK);
    assert_int_equal(drive_pager_check_pages(&cx, pager), LLKV_OK);
    pager->methods->close(pager);
    struct engine e = {0};
    engine_ok(&e, engine_open(&e));
    assert_int_equal(drive_pager_identity(&cx, e.pager, &id), LLKV_OK);
    struct stat st;
    assert_int_equal(stat(drive_path, &st), 0);
    assert_int_equal(id.inode, st.st_ino);
    engine_close(&e);
    drive_remove();
}

/* ---- everything at once ---- */

struct crowd {
    struct engine e; /* its frames: written by the committer, published when they are */
    _Atomic uint64_t committed;
    atomic_bool stop;
    atomic_int failures;
};

static void *crowd_commits(void *arg)
{
    struct crowd *c = arg;
    for (uint32_t i = 0; i < 400; i++) {
        if (engine_commit(&c->e, 1 + i % 3, i % 16 == 0) != LLKV_OK)
            atomic_fetch_add(&c->failures, 1);
        atomic_store(&c->committed, c->e.frames);
    }
    atomic_store(&c->stop, true);
    return NULL;
}

static void *crowd_syncs(void *arg)
{
    struct crowd *c = arg;
    while (!atomic_load(&c->stop)) {
        uint64_t lsn = atomic_load(&c->committed);
        llkv_code rc = c->e.pager->methods->log_sync(c->e.pager, lsn, NULL);
        if (rc != LLKV_OK) atomic_fetch_add(&c->failures, 1);
    }
    return NULL;
}

static void *crowd_publishes(void *arg)
{
    struct crowd *c = arg;
    uint64_t version = 0;
    while (!atomic_load(&c->stop)) {
        uint64_t frames = atomic_load(&c->committed);
        llkv_code rc =
            c->e.pager->methods->root_publish(c->e.pager, version++, &frames, 8, frames + 1, NULL);
        if (rc != LLKV_OK) atomic_fetch_add(&c->failures, 1);
        llkv_error error = LLKV_ERROR_INIT;
        struct cx cx = {.error = &error};
        if (drive_pager_tend(&cx, c->e.pager) != LLKV_OK) atomic_fetch_add(&c->failures, 1);
    }
    return NULL;
}

static void *crowd_batches(void *arg)
{
    struct crowd *c = arg;
    struct engine mine = {.pager = c->e.pager, .error = LLKV_ERROR_INIT};
    uint64_t last = 0;
    for (uint32_t i = 0; !atomic_load(&c->stop); i++) {
        uint64_t handle = 0;
        bool right = engine_batch(&mine, 50000, i, &handle) == LLKV_OK &&
                     engine_batch_is(&mine, handle, 50000, i);
        uint32_t seq = (uint32_t)(handle >> 32);
        if (right && i % 4 == 0)
            right = mine.pager->methods->batch_sync(mine.pager, seq, NULL) == LLKV_OK;
        if (!right) atomic_fetch_add(&c->failures, 1);
        if (last != 0)
            mine.pager->methods->discard(mine.pager, (uint32_t)(last >> 32), 0, UINT64_MAX);
        last = handle;
    }
    return NULL;
}

static void everything_at_once(void **state)
{
    (void)state;
    struct crowd c = {0};
    engine_ok(&c.e, engine_open(&c.e));
    void *(*const works[])(void *) = {crowd_commits, crowd_syncs, crowd_publishes, crowd_batches,
                                      crowd_batches};
    pthread_t threads[ARRAY_COUNT(works)];
    for (uint32_t i = 0; i < ARRAY_COUNT(works); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, works[i], &c), 0);
    for (uint32_t i = 0; i < ARRAY_COUNT(works); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&c.failures), 0);
    uint64_t frames = c.e.frames;
    engine_crash(&c.e);
    engine_ok(&c.e, engine_open(&c.e));
    assert_int_equal(c.e.frames, frames);
    engine_close(&c.e);
    drive_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_conforms),
        cmocka_unit_test(reading_writes_nothing),
        cmocka_unit_test(sessions_follow_each_other),
        cmocka_unit_test(crashes_are_recovered),
        cmocka_unit_test(the_log_turns_round),
        cmocka_unit_test(a_full_log_is_an_ordinary_error),
        cmocka_unit_test(discarded_space_comes_back),
        cmocka_unit_test(many_batches_are_found),
        cmocka_unit_test(strange_files_are_refused),
        cmocka_unit_test(two_writers_are_one_too_many),
        cmocka_unit_test(readers_only_read),
        cmocka_unit_test(a_reader_keeps_the_log),
        cmocka_unit_test(mixed_files_are_refused),
        cmocka_unit_test(entries_of_others_are_refused),
        cmocka_unit_test(newer_formats_are_refused),
        cmocka_unit_test(other_pagers_have_no_file),
        cmocka_unit_test(everything_at_once),
    };
    return cmocka_run_group_tests(tests, drive_setup, drive_teardown);
}
