/* pager.c -- a database file and its log with anything in them: opened, replayed, viewed, refused.
 *
 * The input is a list of changes to the files of a small life; then checksums are made right again
 * (unless the first byte says not to), so that the code behind them is reached. What was opened
 * must go on to work: publish, take a commit, and open again after the end of the process. */
#include "storage/pager.h"

#include <string.h>

#include "base/crc32c.h"
#include "files.h"
#include "fuzz.h"
#include "storage/drive_pager.h"
#include "storage/entry_format.h"

enum { LOG_USED = 16 * 1024 };

/* ---- a life, and what it left ---- */

static llkv_pager *open_pager(bool read_only)
{
    const llkv_pager_drive_options options = {.struct_size = sizeof options,
                                              .read_only = read_only};
    const struct drive_options inner = {.fs = &files_fs, .segment_bytes = SEGMENT_BYTES};
    llkv_pager *pager = NULL;
    llkv_error error = LLKV_ERROR_INIT;
    llkv_code rc = drive_pager_open("f", &options, &inner, &pager, &error);
    FUZZ_CHECK((rc == LLKV_OK) == (pager != NULL));
    FUZZ_CHECK(rc == LLKV_OK || (error.code == rc && error.message[0] != '\0'));
    return pager;
}

struct root {
    uint64_t version, replay_from, next_lsn;
    uint8_t bytes[LLKV_PAGER_ROOT_BYTES_MAX];
    size_t size;
};

static llkv_code count_frames(void *arg, uint64_t first_lsn, uint32_t frames, const void *bytes,
                              size_t size)
{
    struct root *root = arg;
    uint32_t sum = crc32c(0, bytes, size); /* every byte can be read */
    (void)sum;
    FUZZ_CHECK(frames > 0 && first_lsn <= root->next_lsn);
    root->next_lsn = first_lsn + frames;
    return LLKV_OK;
}

static llkv_code load_root(llkv_pager *pager, struct root *root)
{
    llkv_code rc = pager->methods->root_get(pager, &root->version, root->bytes, &root->size,
                                            &root->replay_from, NULL);
    FUZZ_CHECK(rc == LLKV_OK && root->size <= sizeof root->bytes);
    root->next_lsn = root->replay_from;
    return pager->methods->log_replay(pager, root->replay_from, count_frames, root, NULL);
}

static llkv_code commit(llkv_pager *pager, struct root *root, uint32_t frames)
{
    char bytes[200] = "frames";
    llkv_pager_group group = {.struct_size = sizeof group,
                              .frames = frames,
                              .first_lsn = root->next_lsn,
                              .bytes = bytes,
                              .size = 50 * (size_t)frames,
                              .durable = true};
    llkv_code rc = pager->methods->log_append(pager, &group, NULL);
    if (rc == LLKV_OK) root->next_lsn += frames;
    return rc;
}

static llkv_code publish(llkv_pager *pager, struct root *root)
{
    llkv_code rc = pager->methods->root_publish(pager, root->version, root->bytes, root->size,
                                                root->next_lsn, NULL);
    if (rc == LLKV_OK) root->version++;
    return rc;
}

static uint32_t add_batch(llkv_pager *pager, uint64_t bytes)
{
    llkv_pager_batch *batch = NULL;
    void *space = NULL;
    uint64_t offset = 0;
    uint32_t seq = 0;
    if (pager->methods->batch_begin(pager, &batch, NULL) != LLKV_OK) return 0;
    if (pager->methods->batch_add(pager, batch, bytes, &space, &offset, NULL) != LLKV_OK) abort();
    memset(space, 0x11, bytes);
    return pager->methods->batch_seal(pager, batch, &seq, NULL) == LLKV_OK ? seq : 0;
}

/* The files of the life as they are when its process ends, made once. */
static struct kept life;

/* Two roots, batches before and behind them, free ranges, frames behind the newest root. */
static void make_life(void)
{
    if (life.bytes[0] != NULL) return;
    files_init();
    llkv_pager *pager = open_pager(false);
    FUZZ_CHECK(pager != NULL);
    struct root root = {.size = 100, .next_lsn = 1};
    bool ok = commit(pager, &root, 2) == LLKV_OK;
    uint32_t gone = add_batch(pager, 9000);
    ok = ok && gone != 0 && add_batch(pager, 3000) != 0 && publish(pager, &root) == LLKV_OK;
    pager->methods->discard(pager, gone, 64, 5000);
    ok = ok && publish(pager, &root) == LLKV_OK && commit(pager, &root, 1) == LLKV_OK;
    uint32_t named = add_batch(pager, 500);
    ok = ok && pager->methods->batch_sync(pager, named, NULL) == LLKV_OK &&
         commit(pager, &root, 3) == LLKV_OK && commit(pager, &root, 1) == LLKV_OK;
    FUZZ_CHECK(ok);
    files_keep(&life);
    pager->methods->close(pager);
}

/* ---- changes ---- */

/* One change: a file, a place, how many bytes, the bytes. Small numbers and ends are likely. */
static size_t change(const uint8_t *data, size_t size)
{
    if (size < 5) return size;
    struct stored *s = stored_of((data[0] & 1) == 0 ? "f" : "f-log");
    uint64_t used = (data[0] & 1) == 0 ? s->size : LOG_USED;
    uint64_t at = ((uint64_t)data[1] << 8 | data[2]) * 8;
    if ((data[0] & 2) != 0 && s->size >= 4096) /* in a footer, from an entry's end */
        at = (at / 256 + 1) * 4096 - ENTRY_END_BYTES + at % 256;
    at %= used + 1;
    size_t count = data[3] % 9;
    if (count > size - 4) count = size - 4;
    if ((data[0] & 0x60) == 0x60)
        s->size = at; /* cut */
    else if (files_within(s, at, count))
        memcpy(s->bytes + at, data + 4, count);
    return 4 + count;
}

/* ---- what is tried ---- */

static void look_around(llkv_pager *pager)
{
    for (uint32_t seq = 0; seq < 12; seq++) {
        llkv_pager_view view = {0};
        for (uint64_t offset = 0; offset < 4096; offset += 1984) {
            uint64_t handle = pager_handle(seq, offset);
            if (pager->methods->view(pager, handle, 200, &view, NULL) != LLKV_OK) continue;
            uint32_t sum = crc32c(0, view.data, 200);
            (void)sum;
            pager->methods->view_release(pager, &view);
        }
    }
    pager->methods->discard(pager, 2, 64, 8192);
    pager->methods->discard(pager, 3, 0, UINT64_MAX);
}

/* Go on with what was opened; true if everything that was asked for was done. */
static bool go_on(llkv_pager *pager, struct root *root)
{
    if (load_root(pager, root) != LLKV_OK) return false;
    look_around(pager);
    if (publish(pager, root) != LLKV_OK || publish(pager, root) != LLKV_OK) return false;
    if (add_batch(pager, 100) == 0 || commit(pager, root, 2) != LLKV_OK) return false;
    return publish(pager, root) == LLKV_OK && commit(pager, root, 1) == LLKV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    make_life();
    files_restore(&life);
    uint8_t how = data[0];
    for (size_t at = 1; at < size;)
        at += change(data + at, size - at);
    if ((how & 1) == 0) {
        files_fix_container(stored_of("f"));
        files_fix_log(stored_of("f-log"), stored_of("f"));
    }
    struct root root = {0};
    llkv_pager *pager = open_pager(true);
    if (pager != NULL) {
        (void)load_root(pager, &root);
        look_around(pager);
        pager->methods->close(pager);
    }
    pager = open_pager(false);
    if (pager == NULL) return 0;
    (void)go_on(pager, &root);
    pager->methods->close(pager);
    return 0;
}
