/* Commits of every size through the log and back; damage in the log. */
#include "txn_game.h"

static void large_commits(void **state)
{
    (void)state;
    static const uint32_t units[][2] = {{64, 8}, {65536, 2048}};
    for (uint32_t k = 0; k < 2; k++) {
        int64_t used = mem_used_bytes();
        struct game *g = game_new(units[k][0], units[k][1]);
        struct txn *t = &g->txns[0];
        const uint32_t rows = k == 0 ? 3000 : 70000;
        begin(g, t);
        write_set_mark(t->set);
        insert_numbered(g, t->set, 0, rows);
        assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
        struct table_reader reader = reader_of(t, write_set_mark(t->set));
        for (uint32_t id = 0; id < rows; id += 3) {
            struct row r;
            numbered(&r, 100000 + id);
            uint64_t row_id = row_of(g, &reader, id);
            uint32_t mask = id % 2 ? 1u << V | 1u << S : 1u << B;
            if (id % 5 == 0) {
                assert_ok(&g->w.t, write_delete(&g->w.t.cx, t->set, g->table, &row_id, 1, NULL));
            } else {
                assert_ok(&g->w.t, update_row(&g->w.t.cx, g, t->set, row_id, &r, mask));
            }
        }
        assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
        assert_ok(&g->w.t, write_set_commit(&g->w.t.cx, t->set));
        write_set_free(t->set);
        txn_snapshot_end(g->w.manager, &t->snapshot);
        t->open = false;
        assert_ok(&g->w.t, insert_alone(g, rows + 1));
        check_replay(g);
        game_free(g);
        assert_int_equal(mem_used_bytes(), used);
    }
}

/* What is damaged gives an error, or other values; never a crash. */
static void damaged_groups(void **state)
{
    (void)state;
    struct game *g = game_new(64, 8);
    struct txn *t = &g->txns[0];
    for (uint32_t round = 0; round < 4; round++) {
        begin(g, t);
        write_set_mark(t->set);
        insert_numbered(g, t->set, round * 100, 20 + round * 30);
        assert_ok(&g->w.t, write_set_statement_end(&g->w.t.cx, t->set));
        struct table_reader reader = reader_of(t, write_set_mark(t->set));
        for (uint32_t id = 0; id < 20; id += 4) {
            struct row r;
            numbered(&r, 5000 + id + round * 1000);
            uint64_t row_id = row_of(g, &reader, round * 100 + id);
            assert_ok(&g->w.t, update_row(&g->w.t.cx, g, t->set, row_id, &r, 2u + 4u * (id % 8)));
            if (round == 0) continue;
            row_id = row_of(g, &reader, (round - 1) * 100 + id + 1);
            assert_ok(&g->w.t, write_delete(&g->w.t.cx, t->set, g->table, &row_id, 1, NULL));
        }
        assert_ok(&g->w.t, write_set_commit(&g->w.t.cx, t->set));
        write_set_free(t->set);
        txn_snapshot_end(g->w.manager, &t->snapshot);
        t->open = false;
    }
    struct log_pager *log = log_pager_of(g->w.pager);
    uint32_t failed = 0;
    for (uint32_t tries = 0; tries < 600; tries++) {
        struct game *other = another(g);
        uint32_t which = below(g, log->group_count);
        llkv_code rc = LLKV_OK;
        for (uint32_t i = 0; i < log->group_count && rc == LLKV_OK; i++) {
            const struct log_group *group = &log->groups[i];
            uint8_t *copy = malloc(group->size);
            size_t size = group->size;
            memcpy(copy, group->bytes, size);
            if (i == which && tries % 4 == 0) size = below(g, (uint32_t)size);
            for (uint32_t k = 0; i == which && tries % 4 != 0 && k < 1 + below(g, 3); k++)
                copy[16 + below(g, (uint32_t)size - 16)] ^= (uint8_t)(1u << below(g, 8));
            copy = realloc(copy, size == 0 ? 1 : size);
            rc = replay_group(other, group->first_lsn, group->frames, copy, size);
            free(copy);
        }
        failed += rc != LLKV_OK;
        assert_ok(&g->w.t, table_check(&g->w.t.cx, other->table));
        another_free(other);
    }
    assert_true(failed > 150);
    game_free(g);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_commits),
        cmocka_unit_test(damaged_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
