#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "task/range.h"
#include "task/task.h"

struct world {
    struct arena arena;
    llkv_error error;
    atomic_bool cancel;
    struct cx cx;
};

static void world_init(struct world *w, struct task_pool *pool)
{
    memset(w, 0, sizeof *w);
    w->error = (llkv_error)LLKV_ERROR_INIT;
    w->cx = (struct cx){.arena = &w->arena, .error = &w->error, .cancel = &w->cancel, .pool = pool};
}

enum { COUNT = 1000, WORKERS_MAX = 8 };

struct counts {
    atomic_uint runs[COUNT];
    atomic_uint inside[WORKERS_MAX];
    atomic_uint fail_from; /* indexes from here on fail ... */
    uint32_t fail_step;    /* ... if they are multiples of this */
    uint32_t pause_ns;
    bool nest;
};

static void pause_randomly(uint32_t index, uint32_t most_ns)
{
    if (most_ns == 0) return;
    uint64_t x = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    struct timespec t = {0, (int64_t)(x >> 40) % most_ns};
    nanosleep(&t, NULL);
}

static llkv_code add_one(struct cx *cx, void *arg, uint32_t worker, uint32_t index)
{
    atomic_uint *sum = arg;
    (void)cx;
    (void)worker;
    (void)index;
    atomic_fetch_add(sum, 1);
    return LLKV_OK;
}

static llkv_code count_run(struct cx *cx, void *arg, uint32_t worker, uint32_t index)
{
    struct counts *c = arg;
    assert_true(worker < WORKERS_MAX);
    assert_int_equal(atomic_fetch_add(&c->inside[worker], 1), 0); /* one thread per place */
    pause_randomly(index, c->pause_ns);
    char *memory = cx_printf(cx, "index %u", index);
    assert_non_null(memory);
    if (c->nest) {
        atomic_uint sum = 0;
        struct range_task inner = {add_one, &sum, 20, 1e9};
        assert_int_equal(task_run(cx, cx->pool, &inner), LLKV_OK);
        assert_int_equal(sum, 20);
    }
    atomic_fetch_add(&c->runs[index], 1);
    atomic_fetch_sub(&c->inside[worker], 1);
    if (index >= c->fail_from && index % c->fail_step == 0) {
        if (cx_enter(cx) != LLKV_OK) return LLKV_LIMIT;
        return cx_fail_at(cx, LLKV_DATA, -1, "22012", "index %u", index);
    }
    return LLKV_OK;
}

static struct counts *counts_new(void)
{
    struct counts *c = calloc(1, sizeof *c);
    atomic_init(&c->fail_from, UINT32_MAX);
    c->fail_step = 1;
    return c;
}

static void every_index_runs_once(void **state)
{
    (void)state;
    for (uint32_t threads = 0; threads <= WORKERS_MAX; threads++) {
        struct task_pool *pool = task_pool_new(threads);
        assert_non_null(pool);
        if (threads != 0) assert_int_equal(task_pool_threads(pool), threads);
        if (task_pool_threads(pool) > WORKERS_MAX) continue;
        for (uint32_t round = 0; round < 20; round++) {
            struct world w;
            world_init(&w, pool);
            struct counts *c = counts_new();
            c->pause_ns = round % 4 == 0 ? 2000 : 0;
            c->nest = round % 3 == 0;
            struct range_task task = {count_run, c, round * 7 % COUNT, 1e9};
            assert_int_equal(task_run(&w.cx, pool, &task), LLKV_OK);
            for (uint32_t i = 0; i < COUNT; i++)
                assert_int_equal(c->runs[i], i < task.count);
            free(c);
            arena_deinit(&w.arena);
        }
        task_pool_free(pool);
    }
    assert_int_equal(mem_used_bytes(), 0);
}

static void the_lowest_error_wins(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        struct task_pool *pool = task_pool_new(threads);
        for (uint32_t round = 0; round < 50; round++) {
            struct world w;
            world_init(&w, pool);
            w.error.struct_size = 77;
            struct counts *c = counts_new();
            c->fail_from = round * 11;
            c->fail_step = 3;
            c->pause_ns = 3000;
            uint32_t expect = (round * 11 + 2) / 3 * 3;
            struct range_task task = {count_run, c, COUNT, 1e9};
            assert_int_equal(task_run(&w.cx, pool, &task), LLKV_DATA);
            char text[32];
            snprintf(text, sizeof text, "index %u", expect);
            assert_string_equal(w.error.message, text);
            assert_string_equal(w.error.sqlstate, "22012");
            assert_int_equal(w.error.struct_size, 77);
            assert_int_equal(w.cx.depth, 0);
            for (uint32_t i = 0; i <= expect; i++)
                assert_int_equal(c->runs[i], 1);
            free(c);
            arena_deinit(&w.arena);
        }
        task_pool_free(pool);
    }
}

static llkv_code cancel_at_500(struct cx *cx, void *arg, uint32_t worker, uint32_t index)
{
    struct world *w = arg;
    (void)cx;
    (void)worker;
    if (index == 500) atomic_store(&w->cancel, true);
    return LLKV_OK;
}

static void cancel_stops_all(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct task_pool *pool = task_pool_new(threads);
        struct world w;
        world_init(&w, pool);
        struct range_task task = {cancel_at_500, &w, 100000000, 1e9};
        assert_int_equal(task_run(&w.cx, pool, &task), LLKV_CANCELLED);
        assert_string_equal(w.error.sqlstate, "57014");
        arena_deinit(&w.arena);
        task_pool_free(pool);
    }
}

static void small_tasks_stay_on_their_thread(void **state)
{
    (void)state;
    struct task_pool *pool = task_pool_new(4);
    struct range_task task = {NULL, NULL, 10, 99e3};
    assert_int_equal(task_workers(pool, &task), 1);
    task.cost_ns = 100e3;
    assert_int_equal(task_workers(pool, &task), 2);
    task.cost_ns = 160e3;
    assert_int_equal(task_workers(pool, &task), 3);
    task.cost_ns = 1e300;
    assert_int_equal(task_workers(pool, &task), 4);
    task.count = 3;
    assert_int_equal(task_workers(pool, &task), 3);
    task.count = 1;
    assert_int_equal(task_workers(pool, &task), 1);
    assert_int_equal(task_workers(NULL, &task), 1);
    assert_int_equal(task_pool_threads(NULL), 1);
    struct world w;
    world_init(&w, NULL);
    uint64_t count = mem_alloc_count();
    atomic_uint sum = 0;
    struct range_task alone = {add_one, &sum, 1000, 1e9};
    assert_int_equal(task_run(&w.cx, NULL, &alone), LLKV_OK);
    alone.cost_ns = 1e3;
    assert_int_equal(task_run(&w.cx, pool, &alone), LLKV_OK);
    assert_int_equal(sum, 2000);
    assert_int_equal(mem_alloc_count(), count);
    task_pool_free(pool);
    task_pool_free(NULL);
}

struct session {
    pthread_t thread;
    struct task_pool *pool;
    uint32_t seed;
};

static void *session_main(void *arg)
{
    struct session *s = arg;
    for (uint32_t round = 0; round < 40; round++) {
        struct world w;
        world_init(&w, s->pool);
        struct counts *c = counts_new();
        bool fails = (round + s->seed) % 5 == 0;
        if (fails) c->fail_from = 300;
        c->nest = (round + s->seed) % 4 == 0;
        c->pause_ns = 500;
        struct range_task task = {count_run, c, 100 + round * 17 % 900, 1e9};
        llkv_code rc = task_run(&w.cx, s->pool, &task);
        fails = fails && task.count > 300;
        if (rc != (fails ? LLKV_DATA : LLKV_OK)) abort();
        uint32_t must = fails ? 301 : task.count;
        for (uint32_t i = 0; i < must; i++)
            if (c->runs[i] != 1) abort();
        free(c);
        arena_deinit(&w.arena);
    }
    return NULL;
}

static void sessions_share_the_pool(void **state)
{
    (void)state;
    struct task_pool *pool = task_pool_new(4);
    struct session sessions[5];
    for (uint32_t i = 0; i < 5; i++) {
        sessions[i] = (struct session){.pool = pool, .seed = i};
        assert_int_equal(pthread_create(&sessions[i].thread, NULL, session_main, &sessions[i]), 0);
    }
    for (uint32_t i = 0; i < 5; i++)
        pthread_join(sessions[i].thread, NULL);
    task_pool_free(pool);
    assert_int_equal(mem_used_bytes(), 0);
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    mem_fail_nth(1, false);
    assert_null(task_pool_new(4));
    struct task_pool *pool = task_pool_new(4);
    struct world w;
    world_init(&w, pool);
    atomic_uint sum = 0;
    struct range_task task = {add_one, &sum, 1000, 1e9};
    mem_fail_nth(1, true);
    assert_int_equal(task_run(&w.cx, pool, &task), LLKV_NOMEM);
    mem_fail_nth(0, false);
    assert_int_equal(sum, 0);
    assert_int_equal(task_run(&w.cx, pool, &task), LLKV_OK);
    arena_deinit(&w.arena);
    task_pool_free(pool);
    assert_int_equal(mem_used_bytes(), 0);
}

static void ranges_split_and_steal(void **state)
{
    (void)state;
    static struct range ranges[5];
    for (uint32_t count = 0; count < 300; count++) {
        static uint8_t seen[300];
        memset(seen, 0, sizeof seen);
        range_split(ranges, 5, count);
        uint32_t taken = 0;
        uint32_t index;
        for (uint32_t i = 0; range_take(ranges, 5, (i * i) % 5, &index); i++) {
            assert_true(index < count);
            assert_int_equal(seen[index]++, 0);
            taken++;
        }
        assert_int_equal(taken, count);
        assert_true(range_all_empty(ranges, 5));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_runs_once),
        cmocka_unit_test(the_lowest_error_wins),
        cmocka_unit_test(cancel_stops_all),
        cmocka_unit_test(small_tasks_stay_on_their_thread),
        cmocka_unit_test(sessions_share_the_pool),
        cmocka_unit_test(lack_of_memory_is_an_error),
        cmocka_unit_test(ranges_split_and_steal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
