/* Writing plans: insert, update, delete with checks; rows by key; failing allocations; cancelling.
 */
#include "base/alloc.h"
#include "exec_testing.h"

static const enum type_id types[] = {TYPE_BIGINT, TYPE_BIGINT, TYPE_VARCHAR};
enum { COLUMNS = 3 };

static struct value fill(void *arg, uint32_t row, uint32_t column)
{
    (void)arg;
    if (column == 0) return lab_int(row);
    if (column == 1) return lab_int(row % 10);
    return lab_text(row % 2 ? "odd, and longer than a view holds" : "even");
}

static struct table *new_table(struct lab *lab, uint32_t rows)
{
    static const struct key_column by_id[] = {{0, false}}, by_digit[] = {{1, false}};
    static const struct key_def keys[] = {
        {.name = "pk", .unique = true, .primary = true, .column_count = 1, .columns = by_id},
        {.name = "digit", .id = 7, .column_count = 1, .columns = by_digit},
    };
    struct table *table = lab_table_keyed(lab, types, COLUMNS, keys, 2);
    lab_insert(lab, table, rows, fill, NULL);
    return table;
}

/* Run a writing plan and commit. */
static void run_write(struct lab *lab, const struct pnode *root)
{
    struct write_set *set;
    lab_snapshot(lab);
    lab_ok(lab, write_set_new(&lab->cx, lab->manager, &lab->snapshot, TXN_ID_AUTO_COMMIT, &set));
    struct lines none = lab_run_with(lab, root, 1, set);
    if (lab->rc == LLKV_OK) lab->rc = write_set_commit(&lab->cx, set);
    write_set_free(set);
    assert_int_equal(none.count, 0);
    lines_free(&none);
    lab_snapshot(lab);
}

static struct pnode_insert *insert_plan(struct lab *lab, struct table *table,
                                        const struct pnode *child)
{
    struct pnode_insert *n = lab_node(lab, POP_INSERT, sizeof *n, 0);
    n->table = table;
    n->values = lab_list(lab, 3, lab_column(lab, child, 0), lab_column(lab, child, 1),
                         lab_column(lab, child, 2));
    n->on_conflict = WRITE_ABORT;
    lab_child(&n->base, child, NULL);
    return n;
}

/* CHECK (row[1] < limit) */
static struct pfilter small_check(struct lab *lab, iu_id *row, int64_t limit)
{
    const struct expr *column;
    for (uint32_t c = 0; c < COLUMNS; c++)
        row[c] = lab->next_iu++;
    lab_ok(lab, expr_column(&lab->cx, row[1], type_of(TYPE_BIGINT), true, -1, &column));
    return lab_filter(lab, lab_compare(lab, CMP_LT, column, lab_const(lab, lab_int(limit))));
}

static const struct expr *plus(struct lab *lab, const struct expr *e, int64_t i)
{
    return lab_binary(lab, EXPR_ARITH, ARITH_ADD, e, lab_const(lab, lab_int(i)));
}

/* insert into t select id + 1000, digit, text from t: a plan that reads what it writes to. */
static void test_insert(void **state)
{
    (void)state;
    static const char *const names[] = {"small"};
    struct lab lab;
    lab_init(&lab);
    struct table *table = new_table(&lab, 200);
    for (uint32_t round = 0; round < 2; round++) {
        const struct pnode *scan = &lab_scan(&lab, table, false)->base;
        const struct pnode *child =
            lab_project(&lab, scan, 3,
                        lab_list(&lab, 3, plus(&lab, lab_column(&lab, scan, 0), 1000),
                                 lab_column(&lab, scan, 1), lab_column(&lab, scan, 2)));
        struct pnode_insert *n = insert_plan(&lab, table, child);
        iu_id row[COLUMNS];
        n->checks = small_check(&lab, row, round == 0 ? 9 : 10);
        n->row = row;
        n->check_names = names;
        run_write(&lab, &n->base);
        if (round == 0) {
            assert_int_equal(lab.rc, LLKV_CONSTRAINT);
            assert_string_equal(lab.error.sqlstate, "23514");
            continue;
        }
        lab_ok(&lab, lab.rc);
        assert_int_equal(lab.rows_changed, 200);
    }
    struct lines want = {0};
    for (uint32_t r = 0; r < 400; r++) {
        const struct value v[] = {lab_int(r < 200 ? r : r + 800), fill(NULL, r, 1),
                                  fill(NULL, r, 2)};
        lines_add(&want, v, COLUMNS);
    }
    lab_expect(&lab, &lab_scan(&lab, table, false)->base, &want, true, "inserted");
    lab_deinit(&lab);
}

/* update t set digit = digit + 100 where id >= 50, with a check over old and new columns */
static void test_update(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct table *table = new_table(&lab, 200);
    for (uint32_t round = 0; round < 2; round++) {
        struct pnode_scan *scan = lab_scan(&lab, table, true);
        const struct pnode *child = &scan->base;
        scan->filter = lab_filter(&lab, lab_compare(&lab, CMP_GE, lab_column(&lab, child, 0),
                                                    lab_const(&lab, lab_int(50))));
        struct pnode_update *n = lab_node(&lab, POP_UPDATE, sizeof *n, 0);
        const uint16_t column = 1;
        iu_id row[COLUMNS];
        n->table = table;
        n->row_id = child->out[COLUMNS];
        n->columns = &column;
        n->column_count = 1;
        n->values = lab_list(&lab, 1, plus(&lab, lab_column(&lab, child, 1), 100));
        n->checks = small_check(&lab, row, round == 0 ? 109 : 110);
        n->row = row;
        n->on_conflict = WRITE_ABORT;
        lab_child(&n->base, child, NULL);
        run_write(&lab, &n->base);
        if (round == 0) {
            assert_int_equal(lab.rc, LLKV_CONSTRAINT);
            continue;
        }
        lab_ok(&lab, lab.rc);
        assert_int_equal(lab.rows_changed, 150);
    }
    struct lines want = {0};
    for (uint32_t r = 0; r < 200; r++) {
        const struct value v[] = {lab_int(r), lab_int(r % 10 + (r < 50 ? 0 : 100)),
                                  fill(NULL, r, 2)};
        lines_add(&want, v, COLUMNS);
    }
    lab_expect(&lab, &lab_scan(&lab, table, false)->base, &want, false, "updated");
    lab_deinit(&lab);
}

static void test_delete(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct table *table = new_table(&lab, 300);
    struct pnode_scan *scan = lab_scan(&lab, table, true);
    scan->filter = lab_filter(&lab, lab_compare(&lab, CMP_EQ, lab_column(&lab, &scan->base, 1),
                                                lab_const(&lab, lab_int(3))));
    struct pnode_delete *n = lab_node(&lab, POP_DELETE, sizeof *n, 0);
    n->table = table;
    n->row_id = scan->base.out[COLUMNS];
    lab_child(&n->base, &scan->base, NULL);
    run_write(&lab, &n->base);
    lab_ok(&lab, lab.rc);
    assert_int_equal(lab.rows_changed, 30);
    struct lines want = {0};
    for (uint32_t r = 0; r < 300; r++) {
        const struct value v[] = {fill(NULL, r, 0), fill(NULL, r, 1), fill(NULL, r, 2)};
        if (r % 10 != 3) lines_add(&want, v, COLUMNS);
    }
    lab_expect(&lab, &lab_scan(&lab, table, false)->base, &want, true, "left");
    lab_deinit(&lab);
}

/* ---- rows by key ---- */
static struct pnode_lookup *lookup_plan(struct lab *lab, struct table *table, const char *key,
                                        struct value value)
{
    struct pnode_lookup *n = lab_node(lab, POP_LOOKUP, sizeof *n, COLUMNS + 1);
    uint16_t *columns = lab_new(lab, (COLUMNS + 1) * sizeof *columns);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        columns[c] = (uint16_t)c;
        lab_type(&n->base, c, type_of(types[c]));
    }
    columns[COLUMNS] = SCAN_COLUMN_ROW_ID;
    lab_type(&n->base, COLUMNS, type_of(TYPE_BIGINT));
    n->table = table;
    n->columns = columns;
    n->key_name = key;
    n->key_column_count = 1;
    n->values = lab_list(lab, 1, lab_const(lab, value));
    n->unique = strcmp(key, "pk") == 0;
    return n;
}

static void test_lookup(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct table *table = new_table(&lab, 300);
    struct lines want = {0};
    const struct value row[] = {lab_int(77), lab_int(7), fill(NULL, 77, 2), lab_int(77)};
    lines_add(&want, row, 4);
    lab_expect(&lab, &lookup_plan(&lab, table, "pk", lab_int(77))->base, &want, true, "one row");
    lab_expect(&lab, &lookup_plan(&lab, table, "pk", lab_int(777))->base, &want, true, "no row");
    lab_expect(&lab, &lookup_plan(&lab, table, "pk", lab_null(TYPE_BIGINT))->base, &want, true,
               "NULL");
    struct pnode_lookup *many = lookup_plan(&lab, table, "digit", lab_int(4));
    many->filter = lab_filter(&lab, lab_compare(&lab, CMP_LT, lab_column(&lab, &many->base, 0),
                                                lab_const(&lab, lab_int(200))));
    for (uint32_t r = 4; r < 200; r += 10) {
        const struct value v[] = {lab_int(r), lab_int(4), fill(NULL, r, 2), lab_int(r)};
        lines_add(&want, v, 4);
    }
    lab_expect(&lab, &many->base, &want, true, "many rows");
    lab_deinit(&lab);
}

/* ---- what goes wrong on the way ---- */
/* Sort over a group over a join of the table with itself. */
static const struct pnode *large_plan(struct lab *lab, struct table *table)
{
    const struct pnode *l = &lab_scan(lab, table, false)->base;
    const struct pnode *r = &lab_scan(lab, table, false)->base;
    struct pnode_join *j = lab_node(lab, POP_HASH_JOIN, sizeof *j, 2);
    iu_id *out = lab_new(lab, 2 * sizeof *out);
    struct pjoin_key *key = lab_new(lab, sizeof *key);
    out[0] = l->out[0];
    out[1] = r->out[2];
    lab_type(&j->base, 0, l->out_types[0]);
    lab_type(&j->base, 1, r->out_types[2]);
    j->base.out = out;
    j->kind = PJOIN_FULL;
    *key = (struct pjoin_key){lab_column(lab, l, 1), lab_column(lab, r, 1), false};
    j->keys = key;
    j->key_count = 1;
    lab_child(&j->base, l, r);
    struct pnode_group *g = lab_node(lab, POP_GROUP, sizeof *g, 3);
    struct pagg *agg = lab_new(lab, sizeof *agg);
    *agg = (struct pagg){.op = AGG_COUNT_STAR, .type = type_of(TYPE_BIGINT)};
    g->keys = lab_list(lab, 2, lab_column(lab, &j->base, 0), lab_column(lab, &j->base, 1));
    g->key_count = 2;
    g->aggs = agg;
    g->agg_count = 1;
    g->strategy = PGROUP_HASH;
    g->row_of_agg = -1;
    lab_type(&g->base, 0, j->base.out_types[0]);
    lab_type(&g->base, 1, j->base.out_types[1]);
    lab_type(&g->base, 2, agg->type);
    lab_child(&g->base, &j->base, NULL);
    struct pnode_sort *s = lab_same(lab, POP_SORT, sizeof *s, &g->base);
    struct psort_key *order = lab_new(lab, sizeof *order);
    *order = (struct psort_key){lab_column(lab, &g->base, 0), true, false};
    s->keys = order;
    s->key_count = 1;
    s->top = INT64_MAX;
    return &s->base;
}

/* The nth allocation fails, for every n: an error, nothing lost. */
static void test_no_memory(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 2; threads++) {
        bool done = false;
        for (int64_t n = 1; !done && n < 2000; n++) {
            struct lab lab;
            lab_init(&lab);
            struct table *table = new_table(&lab, 400);
            const struct pnode *plan = large_plan(&lab, table);
            mem_fail_nth(n, false);
            struct lines got = lab_run_with(&lab, plan, threads, NULL);
            mem_fail_nth(0, false);
            done = lab.rc == LLKV_OK;
            if (!done) assert_int_equal(lab.rc, LLKV_NOMEM);
            lines_free(&got);
            lab_deinit(&lab);
        }
        assert_true(done);
    }
}

static void test_cancel(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads *= 2) {
        struct lab lab;
        atomic_bool cancel;
        atomic_init(&cancel, true);
        lab_init(&lab);
        struct table *table = new_table(&lab, 400);
        const struct pnode *plan = large_plan(&lab, table);
        lab_snapshot(&lab);
        lab.cx.cancel = &cancel;
        struct lines got = lab_run_with(&lab, plan, threads, NULL);
        assert_int_equal(lab.rc, LLKV_CANCELLED);
        lines_free(&got);
        lab.cx.cancel = NULL;
        lab_deinit(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert),    cmocka_unit_test(test_update),
        cmocka_unit_test(test_delete),    cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
