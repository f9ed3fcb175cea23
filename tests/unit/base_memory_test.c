#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/cx.h"
#include "base/vec.h"

static int64_t used_before;

static int remember_use(void **state)
{
    (void)state;
    used_before = mem_used_bytes();
    return 0;
}

static int expect_no_leak(void **state)
{
    (void)state;
    mem_fail_nth(0, false);
    return mem_used_bytes() == used_before ? 0 : -1;
}

static void budgets_count_and_limit(void **state)
{
    (void)state;
    struct mem_budget budget = {.limit_bytes = 1000};
    char *a = mem_alloc(&budget, 600);
    assert_non_null(a);
    assert_int_equal((uintptr_t)a % 16, 0);
    assert_null(mem_alloc(&budget, 500));
    assert_int_equal(budget.used_bytes, 600);
    char *b = mem_alloc_aligned(&budget, 300);
    assert_non_null(b);
    assert_int_equal((uintptr_t)b % 64, 0);
    memset(b, 1, 300);
    mem_free(a);
    assert_int_equal(budget.used_bytes, 300);
    char *c = mem_alloc_zero(&budget, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(c[i], 0);
    memset(c, 7, 100);
    c = mem_realloc(c, 650, &budget);
    assert_int_equal(c[99], 7);
    assert_int_equal(budget.used_bytes, 950);
    assert_null(mem_realloc(c, 1200, &budget));
    assert_int_equal(budget.used_bytes, 950);
    mem_free(c);
    mem_free(b);
    mem_free(NULL);
    assert_int_equal(budget.used_bytes, 0);
    assert_true(budget.peak_bytes >= 950 && budget.peak_bytes <= 1000);
    assert_null(mem_alloc(NULL, SIZE_MAX));
    assert_null(mem_alloc(NULL, SIZE_MAX / 2));
    void *none = mem_alloc(NULL, 0);
    assert_non_null(none);
    mem_free(none);
}

static void allocations_fail_on_demand(void **state)
{
    (void)state;
    uint64_t count = mem_alloc_count();
    mem_fail_nth(2, false);
    void *a = mem_alloc(NULL, 1);
    assert_non_null(a);
    assert_null(mem_alloc(NULL, 1));
    void *b = mem_alloc(NULL, 1);
    assert_non_null(b);
    assert_int_equal(mem_alloc_count() - count, 3);
    mem_fail_nth(1, true);
    assert_null(mem_alloc_zero(NULL, 1));
    assert_null(mem_alloc_aligned(NULL, 1));
    assert_null(mem_map(NULL, MEM_PAGE_BYTES));
    assert_null(mem_realloc(a, 100, NULL));
    mem_fail_nth(0, false);
    mem_free(a);
    mem_free(b);
}

static void pages_are_aligned_and_zero(void **state)
{
    (void)state;
    struct mem_budget budget = {0};
    char *pages = mem_map(&budget, MEM_PAGE_BYTES);
    assert_non_null(pages);
    assert_int_equal((uintptr_t)pages % MEM_PAGE_BYTES, 0);
    assert_int_equal(pages[MEM_PAGE_BYTES - 1], 0);
    pages[0] = 1;
    assert_int_equal(budget.used_bytes, MEM_PAGE_BYTES);
    mem_unmap(&budget, pages, MEM_PAGE_BYTES);
    assert_int_equal(budget.used_bytes, 0);
}

static char order[16];

static void note(void *ptr)
{
    strncat(order, ptr, 1);
}

static void arenas_reset_and_reuse(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_reset(&arena);
    arena_deinit(&arena);
    arena_init(&arena, NULL);
    order[0] = '\0';
    char a[] = "a", b[] = "b";
    char *first = arena_alloc(&arena, 10);
    assert_int_equal((uintptr_t)first % 16, 0);
    assert_true(arena_on_reset(&arena, note, a));
    assert_true(arena_on_reset(&arena, note, b));
    for (int i = 0; i < 1000; i++)
        memset(arena_alloc(&arena, 1000), i, 1000);
    memset(arena_alloc(&arena, 5000000), 1, 5000000);
    assert_true(arena.total_bytes > 6000000);
    arena_reset(&arena);
    assert_string_equal(order, "ba");
    assert_int_equal(arena.total_bytes, 65536);
    uint64_t count = mem_alloc_count();
    assert_ptr_equal(arena_alloc(&arena, 10), first);
    for (int i = 0; i < 60; i++)
        memset(arena_alloc(&arena, 1000), i, 1000);
    assert_int_equal(mem_alloc_count(), count);
    arena_deinit(&arena);
    /* A big request first: it is not what a reset keeps. */
    memset(arena_alloc(&arena, 1000000), 1, 1000000);
    arena_alloc(&arena, 16);
    arena_reset(&arena);
    assert_int_equal(arena.total_bytes, 65536);
    arena_deinit(&arena);
}

static void arenas_rewind(void **state)
{
    (void)state;
    struct arena arena = {0};
    order[0] = '\0';
    char a[] = "a", b[] = "b", c[] = "c";
    struct arena_mark start = arena_mark(&arena);
    assert_true(arena_on_reset(&arena, note, a));
    struct arena_mark mark = arena_mark(&arena);
    char *next = arena_alloc(&arena, 16);
    assert_true(arena_on_reset(&arena, note, b));
    memset(arena_alloc(&arena, 100000), 1, 100000);
    struct arena_mark later = arena_mark(&arena);
    for (int i = 0; i < 300; i++)
        memset(arena_alloc(&arena, 1000), i, 1000);
    assert_true(arena_on_reset(&arena, note, c));
    arena_rewind(&arena, later);
    assert_string_equal(order, "c");
    memset(arena_alloc(&arena, 1000), 1, 1000);
    arena_rewind(&arena, mark);
    assert_string_equal(order, "cb");
    assert_ptr_equal(arena_alloc(&arena, 16), next);
    arena_rewind(&arena, start);
    assert_string_equal(order, "cba");
    assert_int_equal(arena.total_bytes, 0);
    arena_deinit(&arena);
}

static void arenas_survive_failures(void **state)
{
    (void)state;
    struct arena arena = {0};
    mem_fail_nth(1, false);
    assert_null(arena_alloc(&arena, 16));
    mem_fail_nth(1, false);
    assert_false(arena_on_reset(&arena, note, NULL));
    assert_non_null(arena_alloc(&arena, 16));
    mem_fail_nth(1, true);
    assert_null(arena_alloc(&arena, 1000000));
    assert_non_null(arena_alloc(&arena, 16));
    mem_fail_nth(0, false);
    arena_deinit(&arena);
}

static void lists_grow(void **state)
{
    (void)state;
    struct arena arena = {0};
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &arena, .error = &error};
    VEC(uint32_t) list = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        assert_int_equal(VEC_RESERVE(&cx, &list), LLKV_OK);
        list.items[list.count++] = i;
    }
    for (uint32_t i = 0; i < list.count; i++)
        assert_int_equal(list.items[i], i);
    uint32_t capacity = UINT32_MAX;
    void *items = &list;
    assert_int_equal(vec_grow(&cx, &items, &capacity, 1), LLKV_LIMIT);
    arena_deinit(&arena);
    list.items = NULL;
    list.count = list.capacity = 0;
    mem_fail_nth(1, true);
    assert_int_equal(VEC_RESERVE(&cx, &list), LLKV_NOMEM);
    mem_fail_nth(0, false);
    arena_deinit(&arena);
}

static int released;

static void release(void *owner)
{
    released += *(int *)owner;
}

static void buffers_count_references(void **state)
{
    (void)state;
    struct buffer *own = buffer_new(NULL, 1000);
    assert_non_null(own);
    assert_int_equal((uintptr_t)own->data % 64, 0);
    memset(own->data, 1, own->bytes);
    for (int i = 0; i < 64; i++)
        assert_int_equal(own->data[own->bytes + (uint64_t)i], 0);
    assert_ptr_equal(buffer_ref(own), own);
    buffer_unref(own);
    own->data[5] = 6;
    buffer_unref(own);
    buffer_unref(NULL);
    struct buffer *empty = buffer_new(NULL, 0);
    assert_non_null(empty);
    buffer_unref(empty);
    int one = 1;
    released = 0;
    struct buffer *foreign = buffer_wrap(NULL, "abc", 3, release, &one);
    buffer_unref(buffer_ref(foreign));
    assert_int_equal(released, 0);
    buffer_unref(foreign);
    assert_int_equal(released, 1);
    mem_fail_nth(1, true);
    assert_null(buffer_new(NULL, 10));
    assert_null(buffer_wrap(NULL, "abc", 3, release, &one));
    assert_int_equal(released, 1);
}

static void blocks_and_big_buffers_are_recycled(void **state)
{
    (void)state;
    struct mem_budget budget = {0};
    struct block_pool *pool = block_pool_new(&budget);
    assert_non_null(pool);
    void *small = block_get(pool, BLOCK_64K);
    void *large = block_get(pool, BLOCK_2M);
    memset(small, 1, 65536);
    memset(large, 1, MEM_PAGE_BYTES);
    assert_int_equal((uintptr_t)large % MEM_PAGE_BYTES, 0);
    block_put(pool, small, BLOCK_64K);
    block_put(pool, large, BLOCK_2M);
    block_put(pool, NULL, BLOCK_2M);
    uint64_t count = mem_alloc_count();
    assert_ptr_equal(block_get(pool, BLOCK_64K), small);
    assert_ptr_equal(block_get(pool, BLOCK_2M), large);
    assert_int_equal(mem_alloc_count(), count);
    block_put(pool, small, BLOCK_64K);
    block_put(pool, large, BLOCK_2M);

    for (uint64_t bytes = 1; bytes <= (UINT64_C(1) << 23); bytes *= 2)
        for (uint64_t extra = 0; extra < 2; extra++) {
            struct buffer *first = buffer_new(&budget, bytes + extra);
            memset(first->data, 1, first->bytes);
            assert_true(first->capacity >= first->bytes);
            buffer_unref(first);
            struct buffer *second = buffer_new(&budget, bytes + extra);
            for (int i = 0; i < 64; i++)
                assert_int_equal(second->data[second->bytes + (uint64_t)i], 0);
            if (bytes > 40000 && bytes < 4000000) assert_ptr_equal(first, second);
            buffer_unref(second);
        }
    assert_true(block_pool_trim(pool, 1000000) == 0);
    assert_true(block_pool_trim(pool, 0) > 1000000);
    block_pool_free(pool);
    block_pool_free(NULL);
    assert_null(budget.blocks);
    assert_int_equal(budget.used_bytes, 0);
}

static void kept_blocks_make_room_at_the_limit(void **state)
{
    (void)state;
    struct mem_budget budget = {.limit_bytes = 64 << 20};
    struct block_pool *pool = block_pool_new(&budget);
    void *blocks[8];
    for (int i = 0; i < 8; i++)
        blocks[i] = block_get(pool, BLOCK_2M);
    for (int i = 0; i < 8; i++)
        block_put(pool, blocks[i], BLOCK_2M);
    assert_true(budget.used_bytes >= 8 << 20); /* an eighth of the limit is kept */
    assert_true(budget.used_bytes < 9 << 20);
    void *rest = mem_alloc(&budget, 63 << 20);
    assert_non_null(rest);
    assert_null(block_get(pool, BLOCK_2M));
    mem_free(rest);
    block_pool_free(pool);
    assert_int_equal(budget.used_bytes, 0);
    mem_fail_nth(1, true);
    assert_null(block_pool_new(&budget));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, remember_use, expect_no_leak)
    const struct CMUnitTest tests[] = {
        TEST(budgets_count_and_limit),
        TEST(allocations_fail_on_demand),
        TEST(pages_are_aligned_and_zero),
        TEST(arenas_reset_and_reuse),
        TEST(arenas_rewind),
        TEST(arenas_survive_failures),
        TEST(lists_grow),
        TEST(buffers_count_references),
        TEST(blocks_and_big_buffers_are_recycled),
        TEST(kept_blocks_make_room_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
