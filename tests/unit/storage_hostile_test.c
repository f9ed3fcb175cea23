/* Containers whose every checksum is right and whose contents lie: about where batches are, and
 * what nobody needs. */
#define _GNU_SOURCE 1
#include "base/crc32.h"
#include "base/crc32c.h"
#include "durable_testing.h"
#include "storage/batch_table.h"
#include "storage/entry_format.h"
#include "storage/srd.h"

enum { LIVE_BYTES = 100000, OTHER_BYTES = 30000 };

/* A closed database: two batches, a range of the second one given up by the newest root. */
struct closed {
    struct bytes file;
    uint64_t live, other; /* handles */
    struct entry root;    /* the newest CHECKPOINT */
};

static uint8_t *end_of(struct closed *c)
{
    return c->file.data + c->root.offset + c->root.bytes - ENTRY_END_BYTES;
}

static void closed_init(struct closed *c)
{
    struct engine e = {0};
    uint32_t crc;
    memset(c, 0, sizeof *c);
    engine_ok(&e, engine_open(&e));
    engine_ok(&e, engine_commit(&e, 2, true));
    engine_ok(&e, engine_batch(&e, LIVE_BYTES, 1, &c->live));
    engine_ok(&e, engine_batch(&e, OTHER_BYTES, 2, &c->other));
    engine_ok(&e, engine_checkpoint(&e));
    e.pager->methods->discard(e.pager, (uint32_t)(c->other >> 32), 64, 20000);
    engine_ok(&e, engine_checkpoint(&e));
    engine_close(&e);
    c->file = bytes_load(drive_path);
    const uint8_t *end = c->file.data + c->file.len - ENTRY_END_BYTES;
    assert_int_equal(entry_end_decode(end, &c->root, &crc), ENTRY_VALID);
    assert_int_equal(c->root.kind, ENTRY_CHECKPOINT);
    assert_int_equal(c->root.drops.bytes, 32);
    assert_int_equal(c->root.table.height, 1);
}

/* Write it down with every checksum right. */
static void closed_store(struct closed *c)
{
    struct entry *root = &c->root;
    uint8_t *data = c->file.data;
    root->drops.crc = crc32c(0, data + root->offset + root->drops.offset, root->drops.bytes);
    root->table.crc = crc32c(0, data + root->table.offset, BATCH_NODE_BYTES);
    entry_end_encode(root, end_of(c));
    entry_end_set_crc(end_of(c),
                      crc32_ieee(0, data + root->offset, root->bytes - SRD_TRAILER_BYTES));
    bytes_store(drive_path, &c->file);
}

static void closed_deinit(struct closed *c)
{
    free(c->file.data);
    drive_remove();
}

/* Where the entry of a handle's batch begins. */
static uint64_t entry_of(const struct closed *c, uint64_t handle)
{
    for (uint64_t at = 0; at < c->file.len; at += STORAGE_BLOCK_BYTES) {
        struct entry entry;
        if (entry_header_decode(c->file.data + at, &entry) == ENTRY_VALID &&
            entry.batch_seq == handle >> 32)
            return at;
    }
    fail();
    return 0;
}

/* A free range over bytes that somebody has looked at and found right: they stay as long as they
 * are looked at, whatever batch the range says it is of. */
static void what_is_looked_at_stays(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 3; kind++) {
        struct closed c;
        struct engine e = {0};
        llkv_pager_view view = {0};
        closed_init(&c);
        /* Of no batch, of another one, of the batch itself. */
        const uint32_t seqs[] = {777, (uint32_t)(c.other >> 32), (uint32_t)(c.live >> 32)};
        uint8_t *drop = c.file.data + c.root.offset + c.root.drops.offset;
        const uint64_t range[2] = {entry_of(&c, c.live), LIVE_BYTES};
        memcpy(drop, range, sizeof range);
        memcpy(drop + 24, &seqs[kind], 4);
        closed_store(&c);
        engine_ok(&e, engine_open(&e));
        const llkv_pager_methods *m = e.pager->methods;
        engine_ok(&e, m->view(e.pager, c.live, LIVE_BYTES, &view, &e.error));
        for (uint32_t i = 0; i < 3; i++) {
            engine_ok(&e, engine_commit(&e, 1, true));
            engine_ok(&e, engine_checkpoint(&e));
            uint8_t *wanted = malloc(LIVE_BYTES);
            frame_fill(wanted, LIVE_BYTES, 1);
            assert_memory_equal(view.data, wanted, LIVE_BYTES);
            free(wanted);
        }
        m->view_release(e.pager, &view);
        assert_true(engine_batch_is(&e, c.other, 64, 2) || kind == 1);
        engine_close(&e);
        closed_deinit(&c);
    }
}

/* Pieces are aligned because entries begin at blocks, and lie in the file. */
static void batches_are_where_batches_can_be(void **state)
{
    (void)state;
    static const uint64_t adds[] = {1,
                                    8,
                                    64,
                                    2048,
                                    UINT64_C(1) << 62,
                                    UINT64_C(0) - 4096,
                                    UINT64_C(1) << 40,
                                    UINT64_C(1) << 63};
    for (uint32_t i = 0; i < 2 * sizeof adds / sizeof *adds; i++) {
        struct closed c;
        struct engine e = {0};
        closed_init(&c);
        uint8_t *place = c.file.data + c.root.table.offset + (c.live >> 32) % BATCH_NODE_WAYS * 16;
        uint64_t value;
        place += i % 2 * 8; /* the offset, or where the pieces end */
        memcpy(&value, place, 8);
        value += adds[i / 2];
        memcpy(place, &value, 8);
        closed_store(&c);
        llkv_code rc = engine_open(&e);
        if (rc == LLKV_OK) {
            llkv_pager_view view = {0};
            const llkv_pager_methods *m = e.pager->methods;
            rc = m->view(e.pager, c.live, LIVE_BYTES, &view, &e.error);
            if (rc == LLKV_OK) {
                assert_int_equal((uintptr_t)view.data % 64, 0);
                (void)crc32c(0, view.data, LIVE_BYTES);
                m->view_release(e.pager, &view);
            }
        }
        /* A block earlier there are bytes as well. */
        const bool readable = i % 2 == 1 || adds[i / 2] % STORAGE_BLOCK_BYTES == 0;
        assert_true(rc == LLKV_CORRUPT || (rc == LLKV_OK && readable));
        engine_close(&e);
        closed_deinit(&c);
    }
}

/* The number of the next batch is taken: whoever wants to write one is told. */
static void numbers_to_come_are_free(void **state)
{
    (void)state;
    struct closed c;
    struct engine e = {0};
    uint64_t handle = 0;
    closed_init(&c);
    const uint64_t place[2] = {entry_of(&c, c.live), 4096};
    for (uint64_t seq = c.root.batch_seq + 1; seq < BATCH_NODE_WAYS; seq++)
        memcpy(c.file.data + c.root.table.offset + seq * 16, place, sizeof place);
    closed_store(&c);
    engine_ok(&e, engine_open(&e));
    assert_int_equal(engine_batch(&e, 1000, 3, &handle), LLKV_CORRUPT);
    assert_true(engine_batch_is(&e, c.live, LIVE_BYTES, 1));
    engine_close(&e);
    closed_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_looked_at_stays),
        cmocka_unit_test(batches_are_where_batches_can_be),
        cmocka_unit_test(numbers_to_come_are_free),
    };
    return cmocka_run_group_tests(tests, drive_setup, drive_teardown);
}
