/* Transactions on the drive pager: what was committed before a close without a checkpoint is in the
 * log, and comes back with the same rows, row ids and keys; then commits go on. */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <unistd.h>

#include "storage/drive_pager.h"
#include "txn_game.h"

static char folder[64], path[96], log_path[96];

static int setup(void **state)
{
    (void)state;
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof folder, "%s/llkv-txn-XXXXXX", where);
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/t.llkv", folder);
    (void)snprintf(log_path, sizeof log_path, "%.80s-log", path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(log_path);
    return rmdir(folder);
}

static llkv_pager *open_drive(void)
{
    llkv_error error = LLKV_ERROR_INIT;
    llkv_pager *pager = NULL;
    if (llkv_pager_drive_open(path, NULL, &pager, &error) != LLKV_OK) fail_msg("%s", error.message);
    return pager;
}

/* A game on the file, with an empty table behind commit `from`. */
static struct game *open_game(uint32_t segment_rows, uint32_t vector_rows, int64_t from)
{
    struct game *g = calloc(1, sizeof *g);
    world_init(&g->w, segment_rows, vector_rows);
    g->w.pager->methods->close(g->w.pager);
    g->w.pager = open_drive();
    txn_resume(g->w.manager, from);
    g->latest[0].row = UINT32_MAX; /* the model knows nothing */
    make_table(&g->w, &g->table);
    return g;
}

/* What the log holds behind commit `from`. */
static void play_back(struct game *g, int64_t from)
{
    llkv_error error = LLKV_ERROR_INIT;
    const llkv_pager_methods *m = g->w.pager->methods;
    if (m->log_replay(g->w.pager, (uint64_t)from + 1, replay_group, g, &error) != LLKV_OK)
        fail_msg("%s %s", error.message, g->w.t.error.message);
}

/* A root says that the log up to here is needed no more. */
static void publish_root(struct game *g)
{
    uint8_t root[LLKV_PAGER_ROOT_BYTES_MAX];
    uint64_t version, from;
    size_t bytes;
    llkv_error error = LLKV_ERROR_INIT;
    const llkv_pager_methods *m = g->w.pager->methods;
    const int64_t last = txn_watermark(g->w.manager);
    assert_int_equal(m->root_get(g->w.pager, &version, root, &bytes, &from, &error), LLKV_OK);
    txn_log_release(g->w.manager, g->w.pager, last + 1);
    if (m->root_publish(g->w.pager, version, "root", 4, (uint64_t)last + 1, &error) != LLKV_OK)
        fail_msg("%s", error.message);
}

static void change_much(struct game *g, uint32_t first, uint32_t rows)
{
    struct txn *t = &g->txns[0];
    begin(g, t);
    write_set_mark(t->set);
    insert_numbered(g, t->set, first, rows);
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
    struct table_reader reader = reader_of(t, write_set_mark(t->set));
    for (uint32_t id = first; id < first + rows; id += 5) {
        struct row r;
        numbered(&r, 100000 + id);
        uint64_t row_id = row_of(g, &reader, id);
        if (id % 2 == 0) {
            assert_ok(&g->w.t, write_delete(&g->w.t.cx, t->set, g->table, &row_id, 1, NULL));
        } else {
            assert_ok(&g->w.t, update_row(&g->w.t.cx, g, t->set, row_id, &r, 1u << V | 1u << S));
        }
    }
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
    assert_ok(&g->w.t, write_set_commit(&g->w.t.cx, t->set));
    write_set_free(t->set);
    txn_snapshot_end(g->w.manager, &t->snapshot);
    t->open = false;
}

static void again_and_again(uint32_t segment_rows, uint32_t vector_rows)
{
    const int64_t used = mem_used_bytes();
    int64_t last = 0;
    for (uint32_t round = 0; round < 5; round++) {
        struct game *g = open_game(segment_rows, vector_rows, last);
        const enum txn_synchronous mode = round % 2 == 0 ? TXN_SYNC_FULL : TXN_SYNC_NORMAL;
        assert_ok(&g->w.t, txn_log_open(&g->w.t.cx, g->w.manager, g->w.pager, mode));
        for (uint32_t i = 0; i < 30; i++)
            assert_ok(&g->w.t, insert_alone(g, round * 100000 + i));
        change_much(g, round * 100000 + 1000, round == 3 ? 12000 : 300);
        assert_ok(&g->w.t, insert_alone(g, round * 100000 + 50));
        const uint64_t named = txn_log_batch_bytes(g->w.manager);
        /* Full segments are in the file already; more rows than the log takes are put there. */
        assert_int_equal(named != 0, round == 3 && segment_rows > 1000);
        if (round == 2) publish_root(g); /* the log is not needed; the rows are given up */
        const uint64_t sum = sum_of(g);
        const int64_t end = txn_watermark(g->w.manager);
        game_free(g);
        for (uint32_t again = 0; round != 2 && again < 2; again++) {
            g = open_game(segment_rows, vector_rows, last);
            play_back(g, last);
            assert_int_equal(txn_watermark(g->w.manager), end);
            assert_true(sum_of(g) == sum);
            assert_true(txn_log_batch_bytes(g->w.manager) == named);
            assert_ok(&g->w.t, table_check(&g->w.t.cx, g->table));
            if (again == 1) {
                publish_root(g);
                assert_true(txn_log_batch_bytes(g->w.manager) == 0);
            }
            game_free(g);
        }
        last = end;
    }
    assert_int_equal(mem_used_bytes(), used);
    (void)unlink(path);
    (void)unlink(log_path);
}

static void small_units(void **state)
{
    (void)state;
    again_and_again(64, 8);
}

static void default_units(void **state)
{
    (void)state;
    again_and_again(65536, 2048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_units),
        cmocka_unit_test(default_units),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
