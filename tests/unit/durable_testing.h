/* durable_testing.h -- what the tests of the drive pager share: a directory, files as bytes, an
 * engine of one number whose state is the frames it has written.
 *
 * The engine's root is the number of frames that it holds; frame n is n * 7 + 3 as text, filled up
 * to a length. So after any crash the state is right if the frames replayed continue the root
 * without a gap, and every one has its bytes. */
#ifndef TESTS_DURABLE_TESTING_H
#define TESTS_DURABLE_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/os_file.h"
#include "storage/drive_pager.h"
#include "storage/pager.h"

static char drive_directory[64];
static char drive_path[96], drive_log_path[96], drive_new_path[96];

static inline int drive_setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(drive_directory, sizeof drive_directory, "%.40s/llkv-XXXXXX",
             base == NULL ? "/tmp" : base);
    if (mkdtemp(drive_directory) == NULL) return 1;
    snprintf(drive_path, sizeof drive_path, "%s/t.llkv", drive_directory);
    snprintf(drive_log_path, sizeof drive_log_path, "%.80s-log", drive_path);
    snprintf(drive_new_path, sizeof drive_new_path, "%.80s-new", drive_path);
    return 0;
}

static inline void drive_remove(void)
{
    (void)unlink(drive_path);
    (void)unlink(drive_log_path);
    (void)unlink(drive_new_path);
}

static inline int drive_teardown(void **state)
{
    (void)state;
    drive_remove();
    return rmdir(drive_directory) != 0 || mem_used_bytes() != 0;
}

/* ---- files as bytes ---- */

struct bytes {
    uint8_t *data;
    size_t len; /* data is NULL if there is no such file */
};

static inline struct bytes bytes_load(const char *path)
{
    struct bytes b = {0};
    FILE *f = fopen(path, "rb");
    if (f == NULL) return b;
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    b.len = (size_t)ftell(f);
    rewind(f);
    b.data = malloc(b.len + 1);
    assert_int_equal(fread(b.data, 1, b.len, f), b.len);
    (void)fclose(f);
    return b;
}

static inline void bytes_store(const char *path, const struct bytes *b)
{
    (void)unlink(path);
    if (b->data == NULL) return;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b->data, 1, b->len, f), b->len);
    (void)fclose(f);
}

/* Both files, as a crash of the process would leave them. */
struct files {
    struct bytes container, log;
};

static inline struct files files_load(void)
{
    return (struct files){bytes_load(drive_path), bytes_load(drive_log_path)};
}

static inline void files_store(const struct files *f)
{
    bytes_store(drive_path, &f->container);
    bytes_store(drive_log_path, &f->log);
}

static inline void files_free(struct files *f)
{
    free(f->container.data);
    free(f->log.data);
    *f = (struct files){0};
}

/* ---- the engine of one number ---- */

struct engine {
    llkv_pager *pager;
    uint64_t version, frames; /* of the root; all frames that there are */
    uint32_t frame_bytes;
    bool wrong;
    llkv_error error;
};

static inline void frame_fill(uint8_t *out, uint32_t bytes, uint64_t n)
{
    for (uint32_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(n * 7 + 3 + i * (n + 1));
}

static inline llkv_code engine_replayed(void *arg, uint64_t first_lsn, uint32_t frames,
                                        const void *bytes, size_t size)
{
    struct engine *e = arg;
    const uint8_t *from = bytes;
    if (size % frames != 0) e->wrong = true;
    uint32_t frame_bytes = (uint32_t)(size / frames);
    uint8_t *wanted = malloc(frame_bytes);
    for (uint32_t i = 0; i < frames; i++) {
        uint64_t lsn = first_lsn + i;
        if (lsn != e->frames + 1) e->wrong = true;
        frame_fill(wanted, frame_bytes, lsn);
        if (memcmp(wanted, from + (size_t)i * frame_bytes, frame_bytes) != 0) e->wrong = true;
        e->frames = lsn;
    }
    free(wanted);
    return LLKV_OK;
}

static inline llkv_code engine_open_with(struct engine *e, const llkv_pager_drive_options *options,
                                         const struct drive_options *inner)
{
    uint8_t root[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t bytes = 0;
    uint64_t replay_from = 0;
    uint32_t frame_bytes = e->frame_bytes == 0 ? 40 : e->frame_bytes;
    *e = (struct engine){.error = LLKV_ERROR_INIT, .frame_bytes = frame_bytes};
    llkv_code rc = drive_pager_open(drive_path, options, inner, &e->pager, &e->error);
    if (rc != LLKV_OK) {
        e->pager = NULL;
        return rc;
    }
    const llkv_pager_methods *m = e->pager->methods;
    rc = m->root_get(e->pager, &e->version, root, &bytes, &replay_from, &e->error);
    assert_int_equal(rc, LLKV_OK);
    assert_true(bytes == 0 || bytes == 8);
    if (bytes == 8) memcpy(&e->frames, root, 8);
    assert_int_equal(replay_from, e->frames + 1);
    rc = m->log_replay(e->pager, replay_from, engine_replayed, e, &e->error);
    assert_false(e->wrong);
    return rc;
}

static inline llkv_code engine_open(struct engine *e)
{
    const llkv_pager_drive_options options = {.struct_size = sizeof options};
    const struct drive_options inner = {.segment_bytes = 64 * 1024};
    return engine_open_with(e, &options, &inner);
}

static inline llkv_code engine_commit(struct engine *e, uint32_t frames, bool durable)
{
    uint8_t *bytes = malloc((size_t)frames * e->frame_bytes);
    for (uint32_t i = 0; i < frames; i++)
        frame_fill(bytes + (size_t)i * e->frame_bytes, e->frame_bytes, e->frames + 1 + i);
    llkv_pager_group group = {.struct_size = sizeof group,
                              .frames = frames,
                              .first_lsn = e->frames + 1,
                              .bytes = bytes,
                              .size = (size_t)frames * e->frame_bytes,
                              .durable = durable};
    llkv_code rc = e->pager->methods->log_append(e->pager, &group, &e->error);
    free(bytes);
    if (rc == LLKV_OK) e->frames += frames;
    return rc;
}

static inline llkv_code engine_checkpoint(struct engine *e)
{
    const llkv_pager_methods *m = e->pager->methods;
    llkv_code rc = m->root_publish(e->pager, e->version, &e->frames, 8, e->frames + 1, &e->error);
    if (rc == LLKV_OK) e->version++;
    return rc;
}

/* A batch of one piece with bytes after its seed. */
static inline llkv_code engine_batch(struct engine *e, uint64_t bytes, uint64_t seed,
                                     uint64_t *out_handle)
{
    const llkv_pager_methods *m = e->pager->methods;
    llkv_pager_batch *batch = NULL;
    void *space = NULL;
    uint64_t offset = 0;
    uint32_t seq = 0;
    llkv_code rc = m->batch_begin(e->pager, &batch, &e->error);
    if (rc != LLKV_OK) return rc;
    rc = m->batch_add(e->pager, batch, bytes, &space, &offset, &e->error);
    if (rc != LLKV_OK) {
        m->batch_abort(e->pager, batch);
        return rc;
    }
    frame_fill(space, (uint32_t)bytes, seed);
    rc = m->batch_seal(e->pager, batch, &seq, &e->error);
    if (rc == LLKV_OK) *out_handle = pager_handle(seq, offset);
    return rc;
}

static inline bool engine_batch_is(struct engine *e, uint64_t handle, uint64_t bytes, uint64_t seed)
{
    const llkv_pager_methods *m = e->pager->methods;
    llkv_pager_view view = {0};
    if (m->view(e->pager, handle, bytes, &view, &e->error) != LLKV_OK) return false;
    uint8_t *wanted = malloc(bytes);
    frame_fill(wanted, (uint32_t)bytes, seed);
    bool same = memcmp(wanted, view.data, bytes) == 0;
    free(wanted);
    m->view_release(e->pager, &view);
    return same;
}

/* Close as a program does that ends well. */
static inline void engine_close(struct engine *e)
{
    if (e->pager != NULL) e->pager->methods->close(e->pager);
    e->pager = NULL;
}

/* Close, but leave the files as they were before: what the end of the process does. */
static inline void engine_crash(struct engine *e)
{
    struct files f = files_load();
    engine_close(e);
    files_store(&f);
    files_free(&f);
}

#define engine_ok(e, expr)                                                                         \
    do {                                                                                           \
        llkv_code ok_rc_ = (expr);                                                                 \
        if (ok_rc_ != LLKV_OK)                                                                     \
            fail_msg("%s: %s: %s", #expr, llkv_code_text(ok_rc_), (e)->error.message);             \
    } while (0)
#endif
