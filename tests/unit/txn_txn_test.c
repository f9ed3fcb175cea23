/* Commits in order, snapshots in the register, objects freed neither early nor late. */
#include <pthread.h>
#include <stdatomic.h>

#include "store_testing.h"

struct part {
    struct txn_participant participant;
    char name;
    llkv_code answer;
    char *journal;
    int64_t ts;
};

static void note(struct part *p, char what)
{
    size_t len = strlen(p->journal);
    p->journal[len] = what;
    p->journal[len + 1] = p->name;
    p->journal[len + 2] = '\0';
}

static llkv_code part_reserve(struct cx *cx, struct txn_participant *p, const struct snapshot *s)
{
    struct part *part = (struct part *)p;
    assert_non_null(s);
    note(part, 'r');
    if (part->answer == LLKV_OK) return LLKV_OK;
    return cx_fail(cx, part->answer, "as told");
}
static void part_apply(struct txn_participant *p, int64_t ts)
{
    struct part *part = (struct part *)p;
    note(part, 'a');
    part->ts = ts;
}
static void part_undo(struct txn_participant *p)
{
    note((struct part *)p, 'u');
}

static void commits_are_all_or_nothing(void **state)
{
    (void)state;
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    struct txn_manager *manager = txn_manager_new(NULL);
    struct snapshot s;
    char journal[100] = "";
    struct part parts[3];
    for (int i = 0; i < 3; i++)
        parts[i] = (struct part){.participant = {.reserve = part_reserve,
                                                 .apply = part_apply,
                                                 .undo = part_undo,
                                                 .next = i < 2 ? &parts[i + 1].participant : NULL},
                                 .name = (char)('1' + i),
                                 .journal = journal};
    int64_t ts = 0;
    assert_ok(&t, txn_snapshot_begin(cx, manager, &s));
    assert_int_equal(s.ts, 0);
    assert_ok(&t, txn_commit(cx, manager, &s, &parts[0].participant, &ts));
    assert_string_equal(journal, "r1r2r3a1a2a3");
    assert_int_equal(ts, 1);
    assert_int_equal(parts[2].ts, 1);
    assert_int_equal(txn_watermark(manager), 1);
    journal[0] = '\0';
    parts[2].answer = LLKV_CONSTRAINT;
    assert_int_equal(txn_commit(cx, manager, &s, &parts[0].participant, &ts), LLKV_CONSTRAINT);
    assert_string_equal(journal, "r1r2r3u1u2");
    assert_int_equal(txn_watermark(manager), 1);
    parts[2].answer = LLKV_OK;
    assert_ok(&t, txn_commit(cx, manager, &s, &parts[0].participant, &ts));
    assert_int_equal(ts, 2);
    assert_int_equal(s.ts, 0);
    txn_snapshot_end(manager, &s);
    txn_manager_free(manager);
    test_cx_deinit(&t);
}

static int64_t commit_nothing(struct test_cx *t, struct txn_manager *manager)
{
    int64_t ts;
    assert_ok(t, txn_commit(&t->cx, manager, NULL, NULL, &ts));
    return ts;
}

static void oldest_is_the_oldest(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    int64_t used = mem_used_bytes();
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    struct txn_manager *manager = txn_manager_new(NULL);
    struct snapshot s[COUNT];
    assert_int_equal(txn_oldest_ts(manager), 0);
    for (int64_t i = 0; i < COUNT; i++) {
        assert_ok(&t, txn_snapshot_begin(cx, manager, &s[i]));
        assert_int_equal(s[i].ts, i);
        commit_nothing(&t, manager);
    }
    for (int64_t i = 0; i < COUNT; i++) {
        assert_int_equal(txn_oldest_ts(manager), i);
        txn_snapshot_end(manager, &s[i]);
    }
    assert_int_equal(txn_oldest_ts(manager), COUNT);
    txn_manager_free(manager);
    test_cx_deinit(&t);
    assert_int_equal(mem_used_bytes(), used);
}

struct thing {
    struct retired retired;
    int *freed;
};

static void thing_free(void *p)
{
    struct thing *thing = p;
    (*thing->freed)++;
    mem_free(thing);
}

static void retire_thing(struct txn_manager *manager, int *freed)
{
    struct thing *thing = mem_alloc(NULL, sizeof *thing);
    thing->freed = freed;
    txn_retire(manager, thing, thing_free);
}

static void retired_objects_wait(void **state)
{
    (void)state;
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    struct txn_manager *manager = txn_manager_new(NULL);
    struct snapshot before, between, after;
    int first = 0, second = 0;
    assert_ok(&t, txn_snapshot_begin(cx, manager, &before));
    retire_thing(manager, &first);
    assert_ok(&t, txn_snapshot_begin(cx, manager, &between));
    retire_thing(manager, &second);
    assert_ok(&t, txn_snapshot_begin(cx, manager, &after));
    commit_nothing(&t, manager);
    assert_int_equal(first + second, 0);
    txn_snapshot_end(manager, &after);
    assert_int_equal(first + second, 0);
    txn_snapshot_end(manager, &before);
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    txn_snapshot_end(manager, &between);
    assert_int_equal(second, 1);
    retire_thing(manager, &first); /* left for the end */
    txn_manager_free(manager);
    assert_int_equal(first, 2);
    test_cx_deinit(&t);
}

static void lack_of_memory_is_told(void **state)
{
    (void)state;
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    mem_fail_nth(1, false);
    assert_null(txn_manager_new(NULL));
    mem_fail_nth(0, false);
    struct txn_manager *manager = txn_manager_new(NULL);
    struct snapshot s[65];
    for (int i = 0; i < 64; i++)
        assert_ok(&t, txn_snapshot_begin(cx, manager, &s[i]));
    mem_fail_nth(1, false);
    assert_int_equal(txn_snapshot_begin(cx, manager, &s[64]), LLKV_NOMEM);
    mem_fail_nth(0, false);
    assert_ok(&t, txn_snapshot_begin(cx, manager, &s[64]));
    for (int i = 0; i < 65; i++)
        txn_snapshot_end(manager, &s[i]);
    txn_manager_free(manager);
    test_cx_deinit(&t);
}

/* ---- one shared cell that commits replace, readers follow ---- */

enum { THREADS = 3, ROUNDS = 3000 };

struct cell {
    struct retired retired;
    int64_t ts;
    int64_t twice;
};

struct shared {
    struct txn_manager *manager;
    _Atomic(struct cell *) cell;
    atomic_bool stop;
    struct txn_participant participant;
};

static void cell_free(void *p)
{
    struct cell *cell = p;
    cell->ts = cell->twice = -1; /* whoever still reads it will see */
    mem_free(cell);
}

static struct shared *shared_of(struct txn_participant *p)
{
    return (struct shared *)(void *)((char *)p - offsetof(struct shared, participant));
}

static void cell_apply(struct txn_participant *p, int64_t ts)
{
    struct shared *shared = shared_of(p);
    struct cell *made = mem_alloc(NULL, sizeof *made);
    struct cell *old = atomic_load(&shared->cell);
    made->ts = ts;
    made->twice = ts * 2;
    atomic_store_explicit(&shared->cell, made, memory_order_release);
    if (old != NULL) txn_retire(shared->manager, old, cell_free);
}

static void *read_cells(void *arg)
{
    struct shared *shared = arg;
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    while (!atomic_load(&shared->stop)) {
        struct snapshot s;
        if (txn_snapshot_begin(cx, shared->manager, &s) != LLKV_OK) abort();
        const struct cell *cell = atomic_load_explicit(&shared->cell, memory_order_acquire);
        for (int i = 0; i < 3 && cell != NULL; i++)
            if (cell->ts < s.ts || cell->twice != cell->ts * 2) abort();
        if (txn_oldest_ts(shared->manager) > s.ts) abort();
        txn_snapshot_end(shared->manager, &s);
    }
    test_cx_deinit(&t);
    return NULL;
}

static void readers_beside_committers(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    struct shared shared = {.manager = txn_manager_new(NULL)};
    shared.participant.apply = cell_apply;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, read_cells, &shared);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t ts;
        assert_ok(&t, txn_commit(cx, shared.manager, NULL, &shared.participant, &ts));
        assert_int_equal(ts, i + 1);
    }
    atomic_store(&shared.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    mem_free(atomic_load(&shared.cell));
    txn_manager_free(shared.manager);
    test_cx_deinit(&t);
    assert_int_equal(mem_used_bytes(), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits_are_all_or_nothing), cmocka_unit_test(oldest_is_the_oldest),
        cmocka_unit_test(retired_objects_wait),       cmocka_unit_test(lack_of_memory_is_told),
        cmocka_unit_test(readers_beside_committers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
