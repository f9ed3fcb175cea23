/* Keys and constraints through the doors of the table: errors and their words, conflicts, added and
 * dropped keys, snapshots older than a key. */
#include "store_testing.h"

enum { A, B };

static const struct column_def columns[] = {
    {.name = "a", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "b", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
};
static const struct key_column a_column[] = {{A, false}};
static const struct key_column both_columns[] = {{A, false}, {B, true}};
static const struct key_def primary = {
    .name = "t_pk", .unique = true, .primary = true, .column_count = 1, .columns = a_column};

struct fixture {
    struct world w;
    struct table *table;
    int64_t used;
};

static void setup(struct fixture *f, const struct key_def *keys, uint32_t key_count)
{
    f->used = mem_used_bytes();
    world_init(&f->w, 64, 8);
    struct table_def def = {
        .name = "t", .column_count = 2, .columns = columns, .key_count = key_count, .keys = keys};
    assert_ok(&f->w.t,
              table_new(&f->w.t.cx, f->w.manager, f->w.pager, &f->w.options, &def, &f->table));
}

static void teardown(struct fixture *f)
{
    assert_ok(&f->w.t, table_check(&f->w.t.cx, f->table));
    table_free(f->table);
    world_deinit(&f->w);
    assert_int_equal(mem_used_bytes(), f->used);
}

/* One transaction: a snapshot and a write set. */
struct txn {
    struct snapshot snapshot;
    struct write_set *set;
};

static struct txn begin(struct fixture *f)
{
    struct txn txn = {{0}, NULL};
    assert_ok(&f->w.t, txn_snapshot_begin(&f->w.t.cx, f->w.manager, &txn.snapshot));
    return txn;
}

static struct write_set *set_of(struct fixture *f, struct txn *txn)
{
    if (txn->set == NULL)
        assert_ok(&f->w.t, write_set_new(&f->w.t.cx, f->w.manager, &txn->snapshot,
                                         TXN_ID_AUTO_COMMIT, &txn->set));
    return txn->set;
}

static llkv_code end(struct fixture *f, struct txn *txn)
{
    llkv_code rc = txn->set == NULL ? LLKV_OK : write_set_commit(&f->w.t.cx, txn->set);
    write_set_free(txn->set);
    txn_snapshot_end(f->w.manager, &txn->snapshot);
    return rc;
}

static llkv_code insert(struct fixture *f, struct txn *txn, int64_t a, const char *b,
                        enum write_conflict mode)
{
    uint64_t a_valid = a >= 0, b_valid = b != NULL;
    struct str_view text = str_of(b, b == NULL ? 0 : (uint32_t)strlen(b));
    struct vector v[] = {{.phys = PHYS_I64, .rows = 1, .data = &a, .validity = &a_valid},
                         {.phys = PHYS_VIEW, .rows = 1, .data = &text, .validity = &b_valid}};
    struct batch batch = {.rows = 1, .live = 1, .column_count = 2, .columns = v};
    return write_insert(&f->w.t.cx, set_of(f, txn), f->table, &batch, mode, NULL);
}

static llkv_code update_a(struct fixture *f, struct txn *txn, uint64_t row, int64_t a)
{
    static const uint16_t which[] = {A};
    struct vector v = {.phys = PHYS_I64, .rows = 1, .data = &a};
    struct batch batch = {.rows = 1, .live = 1, .column_count = 1, .columns = &v};
    return write_update(&f->w.t.cx, set_of(f, txn), f->table, &row, 1, which, &batch, NULL);
}

static llkv_code delete_row(struct fixture *f, struct txn *txn, uint64_t row)
{
    return write_delete(&f->w.t.cx, set_of(f, txn), f->table, &row, 1, NULL);
}

static void insert_now(struct fixture *f, int64_t a, const char *b)
{
    struct txn txn = begin(f);
    assert_ok(&f->w.t, insert(f, &txn, a, b, WRITE_ABORT));
    assert_ok(&f->w.t, end(f, &txn));
}

static uint32_t lookup(struct fixture *f, const struct snapshot *s, uint32_t key, int64_t a,
                       uint64_t *out_row)
{
    struct value value = {.type = columns[A].type, .i = a};
    uint32_t count;
    assert_ok(&f->w.t,
              table_key_lookup(&f->w.t.cx, f->table, READER(s), key, &value, out_row, 1, &count));
    return count;
}

static void duplicates(void **state)
{
    (void)state;
    static const struct key_def keys[] = {
        {.name = "t_pk", .unique = true, .primary = true, .column_count = 1, .columns = a_column},
        {.name = "t_ab", .unique = true, .column_count = 2, .columns = both_columns},
    };
    struct fixture f;
    setup(&f, keys, 2);
    insert_now(&f, 1, "x");
    struct txn txn = begin(&f);
    assert_ok(&f.w.t, insert(&f, &txn, 1, "y", WRITE_ABORT));
    assert_int_equal(end(&f, &txn), LLKV_CONSTRAINT);
    assert_string_equal(f.w.t.error.sqlstate, "23505");
    assert_string_equal(f.w.t.error.message,
                        "duplicate key \"a: 1\" violates primary key constraint \"t_pk\"");
    txn = begin(&f); /* twice in one set */
    assert_ok(&f.w.t, insert(&f, &txn, 2, "y", WRITE_ABORT));
    assert_ok(&f.w.t, insert(&f, &txn, 2, "z", WRITE_ABORT));
    assert_int_equal(end(&f, &txn), LLKV_CONSTRAINT);
    teardown(&f);
}

static void null_rules(void **state)
{
    (void)state;
    static const struct key_def unique = {
        .name = "t_ab", .unique = true, .column_count = 2, .columns = both_columns};
    struct fixture f;
    setup(&f, &primary, 1);
    struct txn txn = begin(&f);
    assert_int_equal(insert(&f, &txn, -1, "x", WRITE_ABORT), LLKV_CONSTRAINT);
    assert_string_equal(f.w.t.error.sqlstate, "23502");
    assert_string_equal(f.w.t.error.message, "column \"a\" of table \"t\" must not be NULL");
    assert_ok(&f.w.t, end(&f, &txn));
    teardown(&f);
    setup(&f, &unique, 1);
    insert_now(&f, 1, NULL);
    insert_now(&f, 1, NULL); /* NULLs are distinct */
    insert_now(&f, 1, "x");
    txn = begin(&f);
    assert_ok(&f.w.t, insert(&f, &txn, 1, "x", WRITE_ABORT));
    assert_int_equal(end(&f, &txn), LLKV_CONSTRAINT);
    assert_string_equal(f.w.t.error.message,
                        "duplicate key \"a: 1, b: x\" violates unique constraint \"t_ab\"");
    teardown(&f);
}

static void keys_are_handed_on(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t row;
    setup(&f, &primary, 1);
    for (int64_t a = 0; a < 10; a++)
        insert_now(&f, a, "x");
    struct txn txn = begin(&f);
    for (uint64_t r = 0; r < 10; r++)
        assert_ok(&f.w.t, update_a(&f, &txn, r, (int64_t)r + 1));
    assert_ok(&f.w.t, end(&f, &txn));
    txn = begin(&f); /* two rows swap, one leaves its key to a new row */
    assert_ok(&f.w.t, update_a(&f, &txn, 0, 2));
    assert_ok(&f.w.t, update_a(&f, &txn, 1, 1));
    assert_ok(&f.w.t, delete_row(&f, &txn, 5));
    assert_ok(&f.w.t, insert(&f, &txn, 6, "new", WRITE_ABORT));
    assert_int_equal(lookup(&f, &txn.snapshot, 0, 6, &row), 1);
    assert_int_equal(row, 5);
    assert_ok(&f.w.t, end(&f, &txn));
    txn = begin(&f);
    assert_int_equal(lookup(&f, &txn.snapshot, 0, 2, &row), 1);
    assert_int_equal(row, 0);
    assert_int_equal(lookup(&f, &txn.snapshot, 0, 6, &row), 1);
    assert_int_equal(row, 10);
    assert_ok(&f.w.t, end(&f, &txn));
    teardown(&f);
}

/* Two writers of one row: the second one to commit fails, whatever the two did. */
static void first_committer_wins(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < 4; kind++) {
        struct fixture f;
        setup(&f, &primary, 1);
        insert_now(&f, 1, "x");
        insert_now(&f, 2, "x");
        struct txn first = begin(&f), second = begin(&f), other = begin(&f);
        assert_ok(&f.w.t, kind & 1 ? delete_row(&f, &first, 0) : update_a(&f, &first, 0, 10));
        assert_ok(&f.w.t, kind & 2 ? delete_row(&f, &second, 0) : update_a(&f, &second, 0, 20));
        assert_ok(&f.w.t, update_a(&f, &other, 1, 30));
        assert_ok(&f.w.t, end(&f, &first));
        assert_int_equal(end(&f, &second), LLKV_CONFLICT);
        assert_string_equal(f.w.t.error.sqlstate, "40001");
        assert_true(f.w.t.error.retryable);
        assert_ok(&f.w.t, end(&f, &other)); /* another row */
        teardown(&f);
    }
}

static void race_on_a_new_key(void **state)
{
    (void)state;
    struct fixture f;
    setup(&f, &primary, 1);
    for (int mode = 0; mode < 2; mode++) {
        struct txn first = begin(&f), second = begin(&f);
        assert_ok(&f.w.t, insert(&f, &first, mode, "x", WRITE_ABORT));
        assert_ok(&f.w.t, insert(&f, &second, mode, "y", mode == 0 ? WRITE_ABORT : WRITE_IGNORE));
        assert_ok(&f.w.t, end(&f, &first));
        assert_int_equal(end(&f, &second), LLKV_CONSTRAINT);
    }
    teardown(&f);
}

static void replace_and_ignore(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t row;
    setup(&f, &primary, 1);
    insert_now(&f, 1, "old");
    struct txn txn = begin(&f);
    assert_ok(&f.w.t, insert(&f, &txn, 2, "first", WRITE_ABORT)); /* known to what follows */
    assert_ok(&f.w.t, insert(&f, &txn, 2, "second", WRITE_REPLACE));
    assert_ok(&f.w.t, insert(&f, &txn, 2, "third", WRITE_IGNORE));
    assert_ok(&f.w.t, insert(&f, &txn, 1, "new", WRITE_REPLACE));
    assert_ok(&f.w.t, end(&f, &txn));
    txn = begin(&f);
    assert_int_equal(table_row_count(f.table, READER(&txn.snapshot)), 2);
    struct vector v;
    assert_int_equal(lookup(&f, &txn.snapshot, 0, 2, &row), 1);
    assert_ok(&f.w.t, table_gather(&f.w.t.cx, f.table, READER(&txn.snapshot), &row, 1, B, &v));
    assert_int_equal(((const struct str_view *)v.data)->len, 6);
    assert_int_equal(lookup(&f, &txn.snapshot, 0, 1, &row), 1);
    assert_ok(&f.w.t, table_gather(&f.w.t.cx, f.table, READER(&txn.snapshot), &row, 1, B, &v));
    assert_memory_equal(((const struct str_view *)v.data)->prefix, "new", 3);
    assert_ok(&f.w.t, end(&f, &txn));
    teardown(&f);
}

static void added_and_dropped_keys(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t row;
    setup(&f, &primary, 1);
    for (int64_t a = 0; a < 200; a++)
        insert_now(&f, a, a % 2 ? "odd" : "even");
    struct key_def unique_b = {.name = "ub", .id = 5, .unique = true, .column_count = 1};
    static const struct key_column b_column[] = {{B, false}};
    unique_b.columns = b_column;
    struct key *staged, *keys[6];
    assert_int_equal(table_key_stage(&f.w.t.cx, f.table, &unique_b, NULL, &staged),
                     LLKV_CONSTRAINT);
    assert_string_equal(f.w.t.error.sqlstate, "23505");
    assert_int_equal(table_key_count(f.table), 1);
    struct txn old = begin(&f), writer = begin(&f);
    assert_ok(&f.w.t, update_a(&f, &writer, 7, 1007));
    assert_ok(&f.w.t, delete_row(&f, &writer, 8));
    assert_ok(&f.w.t, end(&f, &writer));
    for (uint32_t i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "i%u", i);
        struct key_def key = {.name = name, .id = 10 + i, .column_count = 1, .columns = a_column};
        assert_ok(&f.w.t, test_key_add(&f.w.t.cx, f.w.manager, f.table, &key, &keys[i]));
    }
    assert_int_equal(table_key_count(f.table), 7);
    struct txn now = begin(&f);
    for (uint32_t k = 1; k < 7; k++) {
        assert_int_equal(lookup(&f, &now.snapshot, k, 1007, &row), 1);
        assert_int_equal(lookup(&f, &now.snapshot, k, 7, &row), 0);
        assert_int_equal(lookup(&f, &now.snapshot, k, 8, &row), 0);
        assert_int_equal(lookup(&f, &old.snapshot, k, 7, &row), 1); /* older than the key */
        assert_int_equal(lookup(&f, &old.snapshot, k, 8, &row), 1);
        assert_int_equal(lookup(&f, &old.snapshot, k, 1007, &row), 0);
    }
    assert_true(table_key_usable(f.table, 3, &now.snapshot));
    assert_false(table_key_usable(f.table, 3, &old.snapshot));
    assert_ok(&f.w.t, test_key_drop(&f.w.t.cx, f.w.manager, f.table, keys[2]));
    assert_int_equal(table_key_count(f.table), 6);
    assert_string_equal(table_key(f.table, 3)->name, "i3");
    struct value value = {.type = columns[A].type, .i = 1};
    uint32_t count;
    assert_int_equal(
        table_key_lookup(&f.w.t.cx, f.table, READER(&now.snapshot), 3, &value, &row, 1, &count),
        LLKV_CONFLICT);
    assert_int_equal(lookup(&f, &now.snapshot, 0, 1, &row), 1); /* the definition's: as before */
    assert_ok(&f.w.t, end(&f, &old));
    assert_ok(&f.w.t, end(&f, &now));
    now = begin(&f);
    assert_int_equal(lookup(&f, &now.snapshot, 3, 1, &row), 1);
    assert_ok(&f.w.t, end(&f, &now));
    teardown(&f);
}

/* An index that is not committed, and one whose drop is not. */
static void pending_keys(void **state)
{
    (void)state;
    struct fixture f;
    struct key *key;
    static const struct key_column b_column[] = {{B, false}};
    struct key_def unique_b = {
        .name = "ub", .id = 5, .unique = true, .column_count = 1, .columns = b_column};
    setup(&f, &primary, 1);
    insert_now(&f, 1, "one");
    assert_ok(&f.w.t, table_key_stage(&f.w.t.cx, f.table, &unique_b, NULL, &key));
    struct txn now = begin(&f);
    assert_int_equal(table_key_count(f.table), 2);
    assert_false(table_key_usable(f.table, 1, &now.snapshot));
    assert_ok(&f.w.t, insert(&f, &now, 2, "one", WRITE_ABORT));
    assert_int_equal(end(&f, &now), LLKV_CONSTRAINT); /* kept up already */
    table_key_leave(key);
    insert_now(&f, 2, "one"); /* nothing is unique by it any more */
    table_key_unstage(f.table, key);
    assert_int_equal(table_key_count(f.table), 1);
    assert_int_equal(table_key_stage(&f.w.t.cx, f.table, &unique_b, NULL, &key), LLKV_CONSTRAINT);
    unique_b.unique = false;
    assert_ok(&f.w.t, test_key_add(&f.w.t.cx, f.w.manager, f.table, &unique_b, &key));
    now = begin(&f);
    assert_true(table_key_usable(f.table, 1, &now.snapshot));
    table_key_leave(key);
    assert_false(table_key_usable(f.table, 1, &now.snapshot));
    table_key_keep(key);
    assert_true(table_key_usable(f.table, 1, &now.snapshot));
    assert_ok(&f.w.t, end(&f, &now));
    teardown(&f);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct table *table;
    world_init(&w, 64, 8);
    struct cx *cx = &w.t.cx;
    struct table_def def = {.name = "t"};
    assert_int_equal(table_new(cx, w.manager, w.pager, &w.options, &def, &table), LLKV_LIMIT);
    struct column_def number = {.name = "n", .type = {.id = TYPE_NUMBER, .phys = PHYS_NUMBER}};
    def = (struct table_def){
        .name = "t", .column_count = 1, .columns = &number, .key_count = 1, .keys = &primary};
    assert_int_equal(table_new(cx, w.manager, w.pager, &w.options, &def, &table), LLKV_UNSUPPORTED);
    struct table_options odd = {.segment_rows = 100, .vector_rows = 8};
    def = (struct table_def){.name = "t", .column_count = 2, .columns = columns};
    assert_int_equal(table_new(cx, w.manager, w.pager, &odd, &def, &table), LLKV_MISUSE);
    world_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(duplicates),
        cmocka_unit_test(null_rules),
        cmocka_unit_test(keys_are_handed_on),
        cmocka_unit_test(first_committer_wins),
        cmocka_unit_test(race_on_a_new_key),
        cmocka_unit_test(replace_and_ignore),
        cmocka_unit_test(added_and_dropped_keys),
        cmocka_unit_test(pending_keys),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
