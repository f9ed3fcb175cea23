/* Entries over time: who lives, who waits, who is taken out, and that old snapshots still find all.
 */
#include "index/index.h"
#include "store_testing.h"

struct fixture {
    struct test_cx t;
    struct cx *cx;
    struct txn_manager *manager;
    struct index *index;
    int64_t used;
};

static void setup(struct fixture *f)
{
    f->used = mem_used_bytes();
    f->cx = test_cx_init(&f->t);
    f->manager = txn_manager_new(NULL);
    f->index = index_new(NULL, txn_readers(f->manager), NULL);
    assert_non_null(f->index);
}

static void teardown(struct fixture *f)
{
    index_free(f->index);
    txn_manager_free(f->manager);
    test_cx_deinit(&f->t);
    assert_int_equal(mem_used_bytes(), f->used);
}

struct step {
    struct txn_participant participant;
    struct fixture *f;
    const char *add, *end; /* keys of one letter, or NULL */
    uint64_t row;
};

static llkv_code step_reserve(struct cx *cx, struct txn_participant *p, const struct snapshot *s)
{
    struct step *step = (struct step *)p;
    (void)s;
    TRY(index_change_begin(cx, step->f->index));
    if (step->end != NULL)
        TRY(index_change_end(cx, step->f->index, (const uint8_t *)step->end, 1, step->row));
    if (step->add != NULL)
        TRY(index_change_add(cx, step->f->index, (const uint8_t *)step->add, 1, step->row));
    return LLKV_OK;
}
static void step_apply(struct txn_participant *p, int64_t ts)
{
    index_change_apply(((struct step *)p)->f->index, ts);
}

static void run(struct fixture *f, const char *end, const char *add, uint64_t row)
{
    struct step step = {.participant = {.reserve = step_reserve, .apply = step_apply},
                        .f = f,
                        .add = add,
                        .end = end,
                        .row = row};
    int64_t ts;
    assert_ok(&f->t, txn_commit(f->cx, f->manager, NULL, &step.participant, &ts));
}

struct found {
    char text[64];
};

static bool collect(void *arg, uint64_t row_id, bool live)
{
    struct found *found = arg;
    size_t len = strlen(found->text);
    snprintf(found->text + len, sizeof found->text - len, "%llu%s ", (unsigned long long)row_id,
             live ? "" : "-");
    return true;
}

static void expect(struct fixture *f, const char *key, const char *rows)
{
    struct found found = {""};
    assert_ok(&f->t, index_lookup(f->cx, f->index, (const uint8_t *)key, 1, collect, &found));
    assert_string_equal(found.text, rows);
}

static void expect_live(struct fixture *f, uint64_t expected)
{
    uint64_t live;
    assert_ok(&f->t, index_check(f->cx, f->index, &live));
    assert_int_equal(live, expected);
}

static void entries_stay_while_somebody_needs_them(void **state)
{
    (void)state;
    struct fixture f;
    struct snapshot s;
    setup(&f);
    run(&f, NULL, "a", 1);
    run(&f, NULL, "a", 2);
    run(&f, NULL, "b", 3);
    expect(&f, "a", "1 2 ");
    assert_ok(&f.t, txn_snapshot_begin(f.cx, f.manager, &s));
    run(&f, "a", "b", 1);
    run(&f, NULL, "c", 9);
    expect(&f, "a", "1- 2 ");
    expect(&f, "b", "1 3 ");
    expect_live(&f, 4);
    txn_snapshot_end(f.manager, &s);
    run(&f, NULL, "c", 10); /* takes the old entry out */
    expect(&f, "a", "2 ");
    expect_live(&f, 5);
    teardown(&f);
}

static void entries_come_back(void **state)
{
    (void)state;
    struct fixture f;
    struct snapshot s, later;
    setup(&f);
    run(&f, NULL, "a", 1);
    assert_ok(&f.t, txn_snapshot_begin(f.cx, f.manager, &s));
    run(&f, "a", "b", 1);
    run(&f, "b", "a", 1);
    expect(&f, "a", "1 ");
    expect(&f, "b", "1- ");
    assert_ok(&f.t, txn_snapshot_begin(f.cx, f.manager, &later));
    run(&f, "a", "c", 1); /* dies again: `later` still needs it */
    txn_snapshot_end(f.manager, &s);
    for (uint64_t row = 10; row < 20; row++)
        run(&f, NULL, "z", row);
    expect(&f, "a", "1- ");
    expect(&f, "b", "");
    expect_live(&f, 11);
    txn_snapshot_end(f.manager, &later);
    for (uint64_t row = 20; row < 30; row++)
        run(&f, NULL, "z", row);
    expect(&f, "a", "");
    expect(&f, "c", "1 ");
    teardown(&f);
}

static void changes_can_be_undone(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t row;
    bool lives;
    setup(&f);
    run(&f, NULL, "a", 1);
    run(&f, NULL, "b", 2);
    run(&f, "a", NULL, 1);
    assert_ok(&f.t, index_change_begin(f.cx, f.index)); /* takes out the entry of row 1 */
    assert_ok(&f.t, index_change_end(f.cx, f.index, (const uint8_t *)"b", 1, 2));
    assert_ok(&f.t, index_change_lives(f.cx, f.index, (const uint8_t *)"b", 1, &lives, &row));
    assert_false(lives);
    assert_ok(&f.t, index_change_add(f.cx, f.index, (const uint8_t *)"a", 1, 7));
    assert_ok(&f.t, index_change_lives(f.cx, f.index, (const uint8_t *)"a", 1, &lives, &row));
    assert_true(lives);
    assert_int_equal(row, 7);
    index_change_undo(f.index);
    expect(&f, "a", "1- ");
    expect(&f, "b", "2 ");
    expect_live(&f, 1);
    run(&f, NULL, "a", 5);
    expect(&f, "a", "5 ");
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_stay_while_somebody_needs_them),
        cmocka_unit_test(entries_come_back),
        cmocka_unit_test(changes_can_be_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
