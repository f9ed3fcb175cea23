/* Several open transactions against a simple model: own writes are visible and nobody else's,
 * snapshots stay, the first writer of a row wins, unique keys, rollback to marks; every other game
 * writes a log, which gives the same table again. */
#include "txn_game.h"

static void small_units(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        play(64, 8, seed * 7919, 500);
}

static void default_units(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        play(65536, 2048, seed * 104729, 500);
}
static void sealed_rows(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    struct game *g = game_new(64, 8);
    struct txn *t = &g->txns[0];
    begin(g, t);
    uint32_t first = write_set_mark(t->set);
    insert_numbered(g, t->set, 0, 100);
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
    uint32_t second = write_set_mark(t->set);
    insert_numbered(g, t->set, 100, 400);
    struct table_reader reader = reader_of(t, second);
    assert_int_equal(add_up(g, &reader, NULL).rows, 100);
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));

    /* A statement that reads and copies all it sees, in a buffer that is sealed meanwhile. */
    uint32_t third = write_set_mark(t->set);
    reader = reader_of(t, third);
    struct seen seen = add_up(g, &reader, t->set);
    assert_int_equal(seen.rows, 500);
    assert_int_equal(seen.ids, 499 * 500 / 2);
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
    reader = reader_of(t, write_set_mark(t->set));
    struct seen twice = add_up(g, &reader, NULL);
    assert_int_equal(twice.rows, 1000);
    assert_int_equal(twice.values, 2 * seen.values);
    assert_int_equal(twice.lengths, 2 * seen.lengths);

    /* Changes of sealed rows, then back into the middle of a sealed chunk. */
    for (uint32_t id = 0; id < 500; id += 10) {
        struct row r;
        numbered(&r, 5000 + id);
        uint64_t row_id = row_of(g, &reader, id);
        if (id % 20 == 0) {
            assert_ok(&g->w.t, update_row(&g->w.t.cx, g, t->set, row_id, &r, 1u << V | 1u << S));
        } else {
            assert_ok(&g->w.t, write_delete(&g->w.t.cx, t->set, g->table, &row_id, 1, NULL));
        }
    }
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
    reader = reader_of(t, write_set_mark(t->set));
    assert_int_equal(add_up(g, &reader, NULL).rows, 975);
    assert_int_equal(add_up(g, &reader, NULL).values,
                     twice.values + 25 * 5000 - (10 + 490) * 25 / 2);
    write_set_rollback(t->set, third);
    reader = reader_of(t, write_set_mark(t->set));
    assert_int_equal(add_up(g, &reader, NULL).values, seen.values);
    write_set_rollback(t->set, second);
    insert_numbered(g, t->set, 2000, 40);
    uint64_t row_id = row_of(g, &reader, 70);
    assert_ok(&g->w.t, write_delete(&g->w.t.cx, t->set, g->table, &row_id, 1, NULL));
    assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
    reader = reader_of(t, write_set_mark(t->set));
    assert_int_equal(row_of(g, &reader, 2039), TABLE_OWN_ROW_FIRST + 139);
    seen = add_up(g, &reader, NULL);
    assert_int_equal(seen.rows, 139);
    assert_true(first < second);
    assert_ok(&g->w.t, write_set_commit(&g->w.t.cx, t->set));
    write_set_free(t->set);
    txn_snapshot_end(g->w.manager, &t->snapshot);
    t->open = false;

    begin(g, t);
    reader = reader_of(t, 0);
    struct seen after = add_up(g, &reader, NULL);
    assert_memory_equal(&after, &seen, sizeof seen);
    end(g, t, false);
    assert_ok(&g->w.t, table_check(&g->w.t.cx, g->table));
    check_replay(g);
    game_free(g);
    assert_int_equal(mem_used_bytes(), used);
}

/* ---- the gate ---- */

static void gate(void **state)
{
    (void)state;
    struct game *g = game_new(64, 8);
    struct cx *cx = &g->w.t.cx;
    struct txn *ddl = &g->txns[0], *dml = &g->txns[1];
    struct row r;
    numbered(&r, 7);
    assert_ok(&g->w.t, insert_alone(g, 1));
    begin(g, ddl);
    begin(g, dml);
    write_set_mark(dml->set);
    assert_ok(&g->w.t, table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL));
    assert_ok(&g->w.t, table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL));
    assert_int_equal(table_gate_take(cx, g->table, 78, &dml->snapshot, TABLE_GATE_ALL),
                     LLKV_CONFLICT);
    assert_int_equal(insert_row(cx, g, dml->set, &r, 7, WRITE_ABORT), LLKV_CONFLICT);
    assert_string_equal(g->w.t.error.sqlstate, "40001");
    assert_int_equal(insert_alone(g, 2), LLKV_CONFLICT);
    table_gate_release(g->table, 77, false, 0);
    assert_ok(&g->w.t, insert_alone(g, 2));
    assert_int_equal(table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL),
                     LLKV_CONFLICT);
    assert_ok(&g->w.t, insert_row(cx, g, dml->set, &r, 7, WRITE_ABORT));
    end(g, ddl, false);
    begin(g, ddl); /* a snapshot that is new enough, but another transaction has written */
    assert_int_equal(table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL),
                     LLKV_CONFLICT);
    end(g, dml, false);
    begin(g, dml);
    assert_ok(&g->w.t, table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL));
    table_gate_release(g->table, 77, true, dml->snapshot.ts + 1);
    write_set_mark(dml->set);
    assert_int_equal(insert_row(cx, g, dml->set, &r, 7, WRITE_ABORT), LLKV_CONFLICT);
    end(g, dml, false);
    end(g, ddl, false);
    game_free(g);
}

/* An index may be added beside deletes; what was taken for that does not do for other changes. */
static void gate_for_an_index(void **state)
{
    (void)state;
    struct game *g = game_new(64, 8);
    struct cx *cx = &g->w.t.cx;
    struct txn *ddl = &g->txns[0], *dml = &g->txns[1];
    struct row r;
    const uint64_t first = 0;
    numbered(&r, 7);
    assert_ok(&g->w.t, insert_alone(g, 1));
    begin(g, ddl);
    begin(g, dml);
    write_set_mark(dml->set);
    assert_ok(&g->w.t, write_delete(cx, dml->set, g->table, &first, 1, NULL));
    assert_int_equal(table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL),
                     LLKV_CONFLICT);
    assert_ok(&g->w.t, table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_INDEX));
    assert_int_equal(table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL),
                     LLKV_CONFLICT);
    assert_int_equal(write_set_commit(cx, dml->set), LLKV_CONFLICT); /* while it is being added */
    end(g, dml, false);
    assert_ok(&g->w.t, table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_ALL));
    table_gate_release(g->table, 77, false, 0);
    begin(g, dml);
    write_set_mark(dml->set);
    assert_ok(&g->w.t, write_delete(cx, dml->set, g->table, &first, 1, NULL));
    assert_ok(&g->w.t, table_gate_take(cx, g->table, 77, &ddl->snapshot, TABLE_GATE_INDEX));
    table_gate_release(g->table, 77, true, dml->snapshot.ts + 1);
    assert_int_equal(insert_row(cx, g, dml->set, &r, 7, WRITE_ABORT), LLKV_CONFLICT);
    assert_string_equal(g->w.t.error.sqlstate, "40001");
    assert_ok(&g->w.t, write_set_commit(cx, dml->set));
    end(g, dml, false);
    end(g, ddl, false);
    game_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_units),       cmocka_unit_test(default_units),
        cmocka_unit_test(sealed_rows),       cmocka_unit_test(gate),
        cmocka_unit_test(gate_for_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
