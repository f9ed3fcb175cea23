/* Every allocation of an explicit transaction, its commit and its replay failing in turn: the
 * statement is undone and goes through when it is tried again; so does the commit. */
#include "txn_game.h"

enum { STATEMENTS = 5 };

static llkv_code insert_some(struct cx *cx, struct game *g, struct txn *t, uint32_t first,
                             uint32_t count, enum write_conflict mode)
{
    struct row r;
    for (uint32_t i = 0; i < count; i++) {
        numbered(&r, first + i);
        TRY(insert_row(cx, g, t->set, &r, first + i, mode));
    }
    return LLKV_OK;
}

static llkv_code change_some(struct cx *cx, struct game *g, struct txn *t,
                             const struct table_reader *reader, uint32_t first, uint32_t mask)
{
    for (uint32_t i = 0; i < 6; i++) {
        struct row r;
        uint64_t row_id;
        uint32_t count;
        struct value id = {.type = columns[ID].type, .i = first + i * 17};
        numbered(&r, 3000 + first + i);
        TRY(table_key_lookup(cx, g->table, reader, KEY_ID, &id, &row_id, 1, &count));
        if (count == 0) return cx_fail(cx, LLKV_INTERNAL, "row %lld is gone", (long long)id.i);
        if (mask == 0) {
            TRY(write_delete(cx, t->set, g->table, &row_id, 1, NULL));
        } else {
            TRY(update_row(cx, g, t->set, row_id, &r, mask));
        }
    }
    return LLKV_OK;
}

static llkv_code run_statement(struct cx *cx, struct game *g, struct txn *t, uint32_t mark,
                               uint32_t number)
{
    const struct table_reader reader = reader_of(t, mark);
    switch (number) {
    case 0: TRY(insert_some(cx, g, t, 100, 140, WRITE_ABORT)); break;
    case 1: TRY(change_some(cx, g, t, &reader, 105, 1u << S)); break;
    case 2: TRY(change_some(cx, g, t, &reader, 5, 1u << V | 1u << B)); break;
    case 3:
        TRY(change_some(cx, g, t, &reader, 5, 1u << U));
        TRY(change_some(cx, g, t, &reader, 110, 0));
        break;
    default: TRY(insert_some(cx, g, t, 130, 4, WRITE_REPLACE)); break;
    }
    return write_set_statement_end(cx, t->set);
}

static struct seen look(struct game *g, struct txn *t)
{
    const struct table_reader reader = reader_of(t, write_set_mark(t->set));
    return add_up(g, &reader, NULL);
}

/* After a failure no further one is armed. */
static llkv_code try_statement(struct game *g, struct txn *t, uint32_t number)
{
    struct test_cx c;
    test_cx_init(&c);
    const uint32_t mark = write_set_mark(t->set);
    llkv_code rc = run_statement(&c.cx, g, t, mark, number);
    if (rc != LLKV_OK) {
        mem_fail_nth(0, false);
        assert_int_equal(rc, LLKV_NOMEM);
        write_set_rollback(t->set, mark);
    }
    test_cx_deinit(&c);
    return rc;
}

static bool transaction(struct game *g)
{
    struct txn *t = &g->txns[0];
    bool failed = false;
    struct test_cx c;
    test_cx_init(&c);
    llkv_code rc = txn_snapshot_begin(&c.cx, g->w.manager, &t->snapshot);
    if (rc == LLKV_OK) {
        rc = write_set_new(&c.cx, g->w.manager, &t->snapshot, txn_id_new(g->w.manager), &t->set);
        if (rc != LLKV_OK) txn_snapshot_end(g->w.manager, &t->snapshot);
    }
    if (rc == LLKV_OK) {
        for (uint32_t i = 0; i < STATEMENTS; i++) {
            if (try_statement(g, t, i) == LLKV_OK) continue;
            failed = true;
            const struct seen before = look(g, t);
            assert_int_equal(before.rows, i == 0 ? 100 : i == 4 ? 234 : 240);
            assert_int_equal(try_statement(g, t, i), LLKV_OK);
        }
        rc = write_set_commit(&c.cx, t->set);
        write_set_free(t->set);
        txn_snapshot_end(g->w.manager, &t->snapshot);
    }
    mem_fail_nth(0, false);
    if (rc != LLKV_OK) {
        assert_int_equal(rc, LLKV_NOMEM);
        assert_ok(&g->w.t, table_check(&g->w.t.cx, g->table));
        assert_false(transaction(g));
        failed = true;
    }
    test_cx_deinit(&c);
    return failed;
}

static bool replay_fails(struct game *g, int64_t n)
{
    struct game *other = another(g);
    llkv_error error = LLKV_ERROR_INIT;
    mem_fail_nth(n, false);
    llkv_code rc = g->w.pager->methods->log_replay(g->w.pager, 1, replay_group, other, &error);
    mem_fail_nth(0, false);
    assert_true(rc == LLKV_OK || rc == LLKV_NOMEM);
    struct test_cx c;
    test_cx_init(&c);
    assert_ok(&c, table_check(&c.cx, other->table));
    test_cx_deinit(&c);
    if (rc == LLKV_OK) assert_true(sum_of(other) == sum_of(g));
    another_free(other);
    return rc != LLKV_OK;
}

static struct game *begin_game(void)
{
    struct game *g = game_new(64, 8);
    for (uint32_t i = 0; i < 100; i++)
        assert_ok(&g->w.t, insert_alone(g, i));
    return g;
}

static void every_allocation(void **state)
{
    (void)state;
    const int64_t used = mem_used_bytes();
    bool failed = true;
    uint64_t sum = 0;
    for (int64_t n = 1; failed; n++) {
        struct game *g = begin_game();
        mem_fail_nth(n, false);
        failed = transaction(g);
        if (n == 1) sum = sum_of(g);
        assert_true(sum_of(g) == sum);
        assert_ok(&g->w.t, table_check(&g->w.t.cx, g->table));
        if (n % 50 == 0) check_replay(g);
        game_free(g);
        assert_int_equal(mem_used_bytes(), used);
        if (!failed) assert_true(n > 100);
    }
}

static void every_allocation_of_a_replay(void **state)
{
    (void)state;
    const int64_t used = mem_used_bytes();
    struct game *g = begin_game();
    int64_t n = 1;
    transaction(g);
    while (replay_fails(g, n))
        n += n < 50 || n > 1000 ? 1 : 7;
    assert_true(n > 1000);
    game_free(g);
    assert_int_equal(mem_used_bytes(), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(every_allocation_of_a_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
