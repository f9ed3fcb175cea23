/* A catalog with tables is written to a pager, found again by another catalog, and damaged. */
#include "catalog/checkpoint.h"
#include "catalog/image.h"
#include "checkpoint_testing.h"

static void comes_back(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    struct place p;
    place_init(&p, pager_memory_new(NULL));
    uint64_t before, after;
    for (uint32_t step = 0; step < STEPS; step++) {
        assert_ok(&p.t, run_step(&p, &p.t.cx, step));
        if (step % 4 != 2 && step < 10) continue;
        assert_ok(&p.t, catalog_sum(&p, &p.t.cx, &before));
        assert_ok(&p.t, catalog_checkpoint(&p.t.cx, p.catalog, NULL));
        int64_t ts = txn_watermark(p.manager);
        reopen(&p);
        assert_int_equal(txn_watermark(p.manager), ts);
        assert_ok(&p.t, catalog_sum(&p, &p.t.cx, &after));
        assert_true(before == after);
        if (find(&p, "a") != NULL) assert_ok(&p.t, table_check(&p.t.cx, find(&p, "a")->table));
    }
    /* Ids go on, and what is dropped stays away. */
    uint64_t last = find(&p, "b")->id;
    assert_ok(&p.t, change_drop(&p.t.cx, p.catalog, p.manager, find(&p, "a")));
    assert_ok(&p.t, make_table(&p, &p.t.cx, "c"));
    assert_true(find(&p, "c")->id > last);
    struct checkpoint_info info;
    assert_ok(&p.t, catalog_checkpoint(&p.t.cx, p.catalog, &info));
    assert_true(info.published);
    assert_ok(&p.t, catalog_checkpoint(&p.t.cx, p.catalog, &info));
    assert_false(info.published);
    reopen(&p);
    assert_null(find(&p, "a"));
    assert_null(find(&p, "by_text"));
    assert_non_null(find(&p, "c"));
    assert_int_equal(catalog_count(catalog_newest(p.catalog)), 4);
    llkv_pager *pager = p.pager;
    place_deinit(&p);
    pager->methods->close(pager);
    assert_int_equal(mem_used_bytes(), used);
}

/* Lack of memory and failing calls of the pager: the step fails with the right code, and works when
 * it is run again; what is written in the end is right. */
static void play(bool memory, int64_t n, uint64_t expected_rows, uint64_t *out_allocations)
{
    struct place p;
    llkv_pager *inner = pager_memory_new(NULL);
    llkv_pager *counting = pager_counting_new(NULL, inner);
    uint64_t rows, before = 0, after = 0, begun = mem_alloc_count();
    place_init(&p, counting);
    if (memory) mem_fail_nth(n, false);
    if (!memory) pager_counting_fail_nth(counting, n);
    for (uint32_t step = 0; step < STEPS; step++) {
        struct test_cx t;
        llkv_code rc = run_step(&p, test_cx_init(&t), step);
        if (rc != LLKV_OK) {
            assert_int_equal(rc, memory ? LLKV_NOMEM : LLKV_IO);
            assert_int_equal(t.error.code, rc);
            assert_ok(&t, run_step(&p, &t.cx, step));
        }
        test_cx_deinit(&t);
    }
    struct test_cx t;
    llkv_code rc = catalog_sum_of(&p, test_cx_init(&t), true, &rows);
    if (rc != LLKV_OK) assert_ok(&t, catalog_sum_of(&p, &t.cx, true, &rows));
    assert_true(rows == expected_rows);
    rc = catalog_sum(&p, &t.cx, &before);
    if (rc != LLKV_OK) assert_ok(&t, catalog_sum(&p, &t.cx, &before));
    place_close(&p);
    rc = place_open(&p, &t.cx);
    if (rc != LLKV_OK) { /* nothing was recovered */
        place_close(&p);
        assert_ok(&t, place_open(&p, &t.cx));
    }
    rc = catalog_sum(&p, &t.cx, &after);
    if (rc != LLKV_OK) { /* a table whose load failed is loaded by the next call */
        assert_int_equal(rc, memory ? LLKV_NOMEM : LLKV_IO);
        assert_ok(&t, catalog_sum(&p, &t.cx, &after));
    }
    *out_allocations = mem_alloc_count() - begun;
    mem_fail_nth(0, false);
    pager_counting_fail_nth(counting, 0);
    assert_true(before == after);
    test_cx_deinit(&t);
    place_deinit(&p);
    counting->methods->close(counting);
    inner->methods->close(inner);
}

static uint64_t expected_rows(void)
{
    struct place p;
    uint64_t sum = 0;
    place_init(&p, pager_memory_new(NULL));
    for (uint32_t step = 0; step < STEPS; step++)
        assert_ok(&p.t, run_step(&p, &p.t.cx, step));
    assert_ok(&p.t, catalog_sum_of(&p, &p.t.cx, true, &sum));
    llkv_pager *pager = p.pager;
    place_deinit(&p);
    pager->methods->close(pager);
    return sum;
}

static void every_failure(bool memory)
{
    uint64_t sum = expected_rows();
    int64_t used = mem_used_bytes();
    uint64_t allocations = UINT64_MAX;
    /* Calls of the pager are fewer than allocations. */
    for (int64_t n = 1; (uint64_t)n <= allocations; n++) {
        play(memory, n, sum, &allocations);
        assert_int_equal(mem_used_bytes(), used);
    }
    assert_true(allocations > 300);
}

static void every_allocation(void **state)
{
    (void)state;
    every_failure(true);
}

static void every_pager_call(void **state)
{
    (void)state;
    every_failure(false);
}

/* An index goes from a table that nobody has looked at. */
static void index_of_unloaded_table(void **state)
{
    (void)state;
    struct place p;
    uint64_t before, after;
    place_init(&p, pager_memory_new(NULL));
    for (uint32_t step = 0; step < STEPS; step++)
        assert_ok(&p.t, run_step(&p, &p.t.cx, step));
    assert_ok(&p.t, catalog_sum_of(&p, &p.t.cx, true, &before));
    reopen(&p);
    assert_ok(&p.t, change_drop(&p.t.cx, p.catalog, p.manager, find(&p, "by_text")));
    assert_ok(&p.t, table_check(&p.t.cx, find(&p, "a")->table));
    assert_ok(&p.t, catalog_checkpoint(&p.t.cx, p.catalog, NULL));
    reopen(&p);
    assert_null(find(&p, "by_text"));
    assert_int_equal(table_key_count(find(&p, "a")->table), 1);
    assert_ok(&p.t, table_check(&p.t.cx, find(&p, "a")->table));
    assert_ok(&p.t, catalog_sum_of(&p, &p.t.cx, true, &after));
    assert_true(before == after);
    llkv_pager *pager = p.pager;
    place_deinit(&p);
    pager->methods->close(pager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(index_of_unloaded_table),
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(every_pager_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
