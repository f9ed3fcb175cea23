/* Every allocation and every call of the pager fails in turn: the statement fails with the right
 * code, leaves no trace, and succeeds when it is run again. */
#include "store_testing.h"

enum { ID, TEXT, FLAG, COLUMNS };
enum { ROWS = 150 };

static const struct column_def columns[COLUMNS] = {
    {.name = "id", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}, .not_null = true},
    {.name = "text", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
    {.name = "flag", .type = {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL}},
};
static const struct key_column id_column[] = {{ID, false}};
static const struct key_column text_column[] = {{TEXT, true}};
static const struct key_def pk = {
    .name = "pk", .unique = true, .primary = true, .column_count = 1, .columns = id_column};
static const struct key_def by_text = {
    .name = "by_text", .id = 7, .column_count = 1, .columns = text_column};

struct script {
    struct world w;
    llkv_pager *counting;
    struct table *table;
    struct cx *cx; /* of the step that runs */
    struct snapshot snapshot;
    struct write_set *set;
    struct key *key;
};

static int64_t count_rows(struct script *s)
{
    struct snapshot snapshot;
    assert_ok(&s->w.t, txn_snapshot_begin(&s->w.t.cx, s->w.manager, &snapshot));
    int64_t rows = table_row_count(s->table, READER(&snapshot));
    txn_snapshot_end(s->w.manager, &snapshot);
    return rows;
}

/* While a failure is waiting to happen: without a registered snapshot, which nobody needs here. */
static int64_t count_rows_quietly(struct script *s)
{
    struct snapshot latest = {.ts = txn_watermark(s->w.manager)};
    return table_row_count(s->table, READER(&latest));
}

static llkv_code insert(struct script *s, int64_t first, uint32_t n, enum write_conflict mode)
{
    int64_t ids[ROWS];
    struct str_view texts[ROWS];
    char text[ROWS][40];
    uint64_t flags[3] = {0x5555555555555555, 0x5555, 0x1234}, validity[3] = {~UINT64_C(9), 7, 7};
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = first + i;
        int len = snprintf(text[i], sizeof text[i], "a text for the row number %u", i % 50);
        texts[i] = str_of(text[i], (uint32_t)len);
    }
    struct vector v[] = {
        {.phys = PHYS_I64, .rows = n, .data = ids},
        {.phys = PHYS_VIEW, .rows = n, .data = texts},
        {.phys = PHYS_BOOL, .rows = n, .data = flags, .validity = validity},
    };
    struct batch batch = {.rows = n, .live = n, .column_count = COLUMNS, .columns = v};
    return write_insert(s->cx, s->set, s->table, &batch, mode, NULL);
}

static llkv_code update(struct script *s, uint64_t first, uint32_t n, uint32_t step)
{
    uint64_t rows[ROWS];
    int64_t ids[ROWS];
    struct str_view texts[ROWS];
    static const uint16_t which[] = {ID, TEXT};
    for (uint32_t i = 0; i < n; i++) {
        rows[i] = first + i * step;
        ids[i] = 5000 + (int64_t)rows[i];
        texts[i] = str_of("an updated text, long enough", 28);
    }
    struct vector v[] = {{.phys = PHYS_I64, .rows = n, .data = ids},
                         {.phys = PHYS_VIEW, .rows = n, .data = texts}};
    struct batch batch = {.rows = n, .live = n, .column_count = 2, .columns = v};
    return write_update(s->cx, s->set, s->table, rows, n, which, &batch, NULL);
}

static llkv_code delete_rows(struct script *s, uint64_t first, uint32_t n)
{
    uint64_t rows[ROWS];
    for (uint32_t i = 0; i < n; i++)
        rows[i] = first + i;
    return write_delete(s->cx, s->set, s->table, rows, n, NULL);
}

static llkv_code writes_of_step(struct script *s, uint32_t step)
{
    switch (step) {
    case 0: return insert(s, 0, 10, WRITE_ABORT);
    case 1: return insert(s, 100, 150, WRITE_ABORT); /* two segments are sealed */
    case 2: return insert(s, 300, 60, WRITE_ABORT);
    case 3: return update(s, 64, 40, 1); /* dense */
    case 4: return update(s, 70, 5, 9);  /* sparse on dense and sparse alone */
    case 5: return delete_rows(s, 60, 30);
    case 6: return insert(s, 295, 20, WRITE_REPLACE);
    case 7: return insert(s, 310, 20, WRITE_IGNORE);
    default: return insert(s, 1000, 70, WRITE_ABORT);
    }
}

static llkv_code scan_all(struct script *s)
{
    static const uint16_t all[] = {ID, TEXT, FLAG, 0xffff, 0xfffe};
    struct scan_spec spec = {
        .table = s->table, .reader = READER(&s->snapshot), .columns = all, .column_count = 5};
    struct scan *scan;
    TRY(scan_new(s->cx, &spec, &scan));
    for (uint32_t i = 0; i < scan_segment_count(&spec); i++) {
        bool empty;
        struct batch batch;
        TRY(scan_open_segment(s->cx, scan, i, &empty));
        do
            TRY(scan_next(s->cx, scan, &batch));
        while (batch.rows != 0);
    }
    struct value id = {.type = columns[ID].type, .i = 300};
    uint64_t row;
    uint32_t count;
    struct vector v;
    TRY(table_key_lookup(s->cx, s->table, READER(&s->snapshot), 0, &id, &row, 1, &count));
    return table_gather(s->cx, s->table, READER(&s->snapshot), &row, count, TEXT, &v);
}

enum { STEP_TABLE = -1, STEP_KEY = 20, STEP_SCAN = 21, STEP_DROP = 22 };

static llkv_code run_step(struct script *s, int step)
{
    if (step == STEP_TABLE) {
        struct table_def def = {
            .name = "t", .column_count = COLUMNS, .columns = columns, .key_count = 1, .keys = &pk};
        return table_new(s->cx, s->w.manager, s->counting, &s->w.options, &def, &s->table);
    }
    if (step == STEP_KEY) return test_key_add(s->cx, s->w.manager, s->table, &by_text, &s->key);
    if (step == STEP_DROP) return test_key_drop(s->cx, s->w.manager, s->table, s->key);
    TRY(txn_snapshot_begin(s->cx, s->w.manager, &s->snapshot));
    llkv_code rc = LLKV_OK;
    if (step == STEP_SCAN) {
        rc = scan_all(s);
    } else {
        rc = write_set_new(s->cx, s->w.manager, &s->snapshot, TXN_ID_AUTO_COMMIT, &s->set);
        if (rc == LLKV_OK) rc = writes_of_step(s, (uint32_t)step);
        if (rc == LLKV_OK) rc = write_set_commit(s->cx, s->set);
        write_set_free(s->set);
        s->set = NULL;
    }
    txn_snapshot_end(s->w.manager, &s->snapshot);
    return rc;
}

static const int steps[] = {STEP_TABLE, 0, 1, 2, STEP_KEY,  3, 4,
                            STEP_SCAN,  5, 6, 7, STEP_DROP, 8, STEP_SCAN};

/* True if nothing failed any more: n was beyond the last call. */
static bool play(bool memory, int64_t n)
{
    struct script s = {0};
    bool failed = false;
    world_init(&s.w, 64, 8);
    s.counting = pager_counting_new(NULL, s.w.pager);
    assert_non_null(s.counting);
    if (memory) mem_fail_nth(n, false);
    if (!memory) pager_counting_fail_nth(s.counting, n);
    for (uint32_t i = 0; i < ARRAY_COUNT(steps); i++) {
        struct test_cx t;
        s.cx = test_cx_init(&t);
        int64_t before = s.table == NULL || failed ? 0 : count_rows_quietly(&s);
        llkv_code rc = run_step(&s, steps[i]);
        if (rc != LLKV_OK && !failed) {
            failed = true;
            mem_fail_nth(0, false);
            assert_int_equal(rc, memory ? LLKV_NOMEM : LLKV_IO);
            assert_int_equal(t.error.code, rc);
            if (s.table != NULL) {
                assert_int_equal(count_rows(&s), before);
                assert_ok(&s.w.t, table_check(&s.w.t.cx, s.table));
            }
            rc = run_step(&s, steps[i]);
        }
        assert_ok(&t, rc);
        test_cx_deinit(&t);
    }
    mem_fail_nth(0, false);
    assert_ok(&s.w.t, table_check(&s.w.t.cx, s.table));
    /* Ids 60 to 63 are a gap; 15 rows are replaced, 20 ignored. */
    assert_int_equal(count_rows(&s), 10 + 150 + 60 - 26 + 20 - 15 + 70);
    table_free(s.table);
    txn_manager_free(s.w.manager);
    s.w.manager = NULL;
    s.counting->methods->close(s.counting);
    world_deinit(&s.w);
    return !failed;
}

static void every_allocation(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    int64_t n = 1;
    while (!play(true, n)) {
        assert_int_equal(mem_used_bytes(), used);
        n++;
    }
    assert_true(n > 100);
}

static void every_pager_call(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    int64_t n = 1;
    while (!play(false, n)) {
        assert_int_equal(mem_used_bytes(), used);
        n++;
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation),
        cmocka_unit_test(every_pager_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
