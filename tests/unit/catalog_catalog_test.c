/* Names: every kind of object made, found, replaced and dropped; old snapshots; lack of memory;
 * readers beside changes. */
#include <pthread.h>
#include <stdatomic.h>

#include "catalog/scope.h"
#include "catalog_testing.h"

static const struct column_def columns[] = {
    {.name = "a", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
};
static const struct key_column a_column[] = {{0, false}};

static llkv_code create_table_in(struct cx *cx, struct catalog_lab *f, struct catalog *catalog,
                                 const char *schema, const char *name)
{
    struct table_def def = {.schema = schema,
                            .name = name,
                            .column_count = 1,
                            .columns = columns,
                            .temporary = catalog != f->catalog};
    const struct object *object;
    TRY(change_create_table(cx, catalog, f->w.manager, &def, &object));
    assert_string_equal(object->name, name);
    assert_int_equal(table_definition(object->table)->id, object->id);
    assert_string_equal(table_definition(object->table)->schema, object->schema);
    return LLKV_OK;
}

static llkv_code create_table(struct cx *cx, struct catalog_lab *f, const char *schema,
                              const char *name)
{
    return create_table_in(cx, f, f->catalog, schema, name);
}

static llkv_code create_trigger(struct cx *cx, struct catalog_lab *f, const struct object *on,
                                struct slice name, struct slice sql)
{
    const struct trigger_def def = {.on = on, .name = name, .sql = sql};
    return change_create_trigger(cx, f->catalog, f->w.manager, &def);
}

static const struct object *find(struct catalog_lab *f, const char *schema, const char *name)
{
    struct slice n = slice_of(name);
    return catalog_find(catalog_newest(f->catalog), slice_of(schema), n, slice_hash_folded(n));
}

static void names(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct cx *cx = &f.w.t.cx;
    assert_ok(&f.w.t, create_table(cx, &f, NULL, "Accounts"));
    assert_non_null(find(&f, NULL, "ACCOUNTS"));
    assert_non_null(find(&f, "MAIN", "accounts"));
    assert_null(find(&f, "temp", "accounts"));
    assert_int_equal(create_table(cx, &f, "main", "accounts"), LLKV_EXISTS);
    assert_string_equal(f.w.t.error.sqlstate, "42P07");
    assert_string_equal(f.w.t.error.message, "table \"Accounts\" exists already");
    assert_int_equal(create_table(cx, &f, "temp", "t"), LLKV_SEMANTIC); /* not everybody's */
    assert_string_equal(f.w.t.error.sqlstate, "42P16");
    assert_int_equal(create_table(cx, &f, "nowhere", "t"), LLKV_NAME);
    assert_string_equal(f.w.t.error.sqlstate, "3F000");
    assert_ok(&f.w.t, change_create_schema(cx, f.catalog, f.w.manager, SLICE("s")));
    assert_int_equal(change_create_schema(cx, f.catalog, f.w.manager, SLICE("S")), LLKV_EXISTS);
    assert_int_equal(change_create_schema(cx, f.catalog, f.w.manager, SLICE("main")), LLKV_EXISTS);
    assert_ok(&f.w.t, create_table(cx, &f, "s", "accounts"));
    assert_string_equal(find(&f, "s", "accounts")->schema, "s");
    assert_string_equal(catalog_suggest(catalog_newest(f.catalog), SLICE("acounts")), "Accounts");
    assert_string_equal(catalog_suggest(catalog_newest(f.catalog), SLICE("acocunts")), "Accounts");
    assert_null(catalog_suggest(catalog_newest(f.catalog), SLICE("customers")));
    assert_null(catalog_suggest(catalog_newest(f.catalog), SLICE("")));
    catalog_lab_deinit(&f);
}

static const struct object *find_in_scope(const struct catalog_scope *scope, const char *schema,
                                          const char *name)
{
    struct slice n = slice_of(name);
    return catalog_scope_find(scope, slice_of(schema), n, slice_hash_folded(n));
}

static struct catalog_scope scope_of(struct catalog_lab *f, struct catalog *temp)
{
    return (struct catalog_scope){.temp = temp == NULL ? NULL : catalog_newest(temp),
                                  .common = catalog_newest(f->catalog)};
}

/* Two sessions, each with temporary objects of its own, and one without. */
static void temporary_objects(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct cx *cx = &f.w.t.cx;
    struct catalog *one = catalog_new_temporary(cx, f.catalog);
    struct catalog *two = catalog_new_temporary(cx, f.catalog);
    assert_non_null(one);
    assert_non_null(two);
    assert_ok(&f.w.t, create_table(cx, &f, NULL, "t"));
    const uint64_t version = catalog_newest_version(f.catalog);
    assert_ok(&f.w.t, create_table_in(cx, &f, one, NULL, "T"));
    assert_ok(&f.w.t, create_table_in(cx, &f, two, "temp", "t"));
    assert_ok(&f.w.t, create_table_in(cx, &f, two, NULL, "accounts"));
    assert_int_equal(create_table_in(cx, &f, two, "temp", "t"), LLKV_EXISTS);
    assert_int_equal(create_table_in(cx, &f, two, "main", "x"), LLKV_SEMANTIC);
    assert_int_equal(change_create_schema(cx, two, f.w.manager, SLICE("s")), LLKV_SEMANTIC);
    assert_int_equal(catalog_newest_version(f.catalog), version);

    const struct catalog_scope of_one = scope_of(&f, one), of_two = scope_of(&f, two);
    const struct catalog_scope of_none = scope_of(&f, NULL);
    const struct object *common = find_in_scope(&of_none, NULL, "t");
    assert_string_equal(common->schema, "main");
    assert_null(find_in_scope(&of_none, "temp", "t"));
    assert_string_equal(find_in_scope(&of_one, NULL, "t")->name, "T");
    assert_ptr_equal(find_in_scope(&of_one, NULL, "t"), find_in_scope(&of_one, "TEMP", "t"));
    assert_ptr_equal(find_in_scope(&of_one, "main", "t"), common);
    assert_true(find_in_scope(&of_two, NULL, "t") != find_in_scope(&of_one, NULL, "t"));
    assert_null(find_in_scope(&of_one, NULL, "accounts"));
    assert_null(catalog_scope_suggest(&of_one, SLICE("acounts")));
    assert_string_equal(catalog_scope_suggest(&of_two, SLICE("acounts")), "accounts");
    assert_int_equal(catalog_scope_count(&of_two), 3);
    assert_ptr_equal(catalog_scope_at(&of_two, 0), common);
    assert_string_equal(catalog_scope_at(&of_two, 2)->name, "accounts");
    assert_int_not_equal(find_in_scope(&of_two, NULL, "t")->id,
                         find_in_scope(&of_one, NULL, "t")->id);
    const uint64_t id = find_in_scope(&of_one, NULL, "t")->id;
    assert_non_null(catalog_scope_find_id(&of_one, id));
    assert_null(catalog_scope_find_id(&of_two, id));
    assert_int_equal(catalog_scope_version(&of_none).temp, 0);
    assert_int_not_equal(catalog_scope_version(&of_two).temp, 0);

    const struct trigger_def watch = {
        .on = common, .name = SLICE("g"), .sql = SLICE("..."), .temporary = true};
    assert_int_equal(change_create_trigger(cx, f.catalog, f.w.manager, &watch), LLKV_SEMANTIC);
    assert_ok(&f.w.t, change_create_trigger(cx, one, f.w.manager, &watch));
    const struct catalog_scope then = scope_of(&f, one);
    assert_true(catalog_scope_has_trigger(&then, common->id));
    assert_false(catalog_scope_has_trigger(&of_two, common->id));
    assert_non_null(catalog_scope_find_trigger(&then, (struct slice){0}, SLICE("G")));
    assert_ok(&f.w.t, change_drop(cx, f.catalog, f.w.manager, common)); /* it keeps nobody */
    catalog_free(two);
    catalog_free(one);
    catalog_lab_deinit(&f);
}

/* What one session drops goes with its own snapshots, whatever others hold. */
static void dropped_temporary(void **state)
{
    (void)state;
    struct catalog_lab f;
    struct snapshot other;
    catalog_lab_init(&f);
    struct cx *cx = &f.w.t.cx;
    struct catalog *temp = catalog_new_temporary(cx, f.catalog);
    assert_non_null(temp);
    assert_ok(&f.w.t, txn_snapshot_begin(cx, f.w.manager, &other));
    for (int round = 0; round < 3; round++) {
        const int64_t before = mem_used_bytes();
        assert_ok(&f.w.t, create_table_in(cx, &f, temp, NULL, "t"));
        const struct catalog_scope scope = scope_of(&f, temp);
        assert_ok(&f.w.t, change_drop(cx, temp, f.w.manager, find_in_scope(&scope, NULL, "t")));
        assert_true(mem_used_bytes() > before);
        catalog_sweep_before(temp, txn_watermark(f.w.manager) - 1);
        assert_true(mem_used_bytes() > before);
        catalog_sweep_before(temp, txn_watermark(f.w.manager));
        if (round != 0) assert_int_equal(mem_used_bytes(), before); /* the test has its arena */
    }
    assert_ok(&f.w.t, create_table_in(cx, &f, temp, NULL, "t"));
    catalog_free(temp);
    txn_snapshot_end(f.w.manager, &other);
    catalog_lab_deinit(&f);
}

static void views_indexes_triggers(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct cx *cx = &f.w.t.cx;
    assert_ok(&f.w.t, create_table(cx, &f, NULL, "t"));
    static const char *const view_columns[] = {"x", "y"};
    struct view_def view = {.name = SLICE("v"),
                            .sql = SLICE("SELECT 1, 2"),
                            .column_names = view_columns,
                            .column_count = 2};
    assert_ok(&f.w.t, change_create_view(cx, f.catalog, f.w.manager, &view));
    uint64_t id = find(&f, NULL, "v")->id;
    assert_string_equal(find(&f, NULL, "v")->column_names[1], "y");
    assert_int_equal(change_create_view(cx, f.catalog, f.w.manager, &view), LLKV_EXISTS);
    view.or_replace = true;
    view.sql = SLICE("SELECT 3");
    view.column_names = NULL;
    assert_ok(&f.w.t, change_create_view(cx, f.catalog, f.w.manager, &view));
    assert_string_equal(find(&f, NULL, "v")->sql, "SELECT 3");
    assert_int_equal(find(&f, NULL, "v")->id, id);
    view.name = SLICE("t");
    assert_int_equal(change_create_view(cx, f.catalog, f.w.manager, &view), LLKV_EXISTS);

    struct key_def key = {.name = "i", .unique = true, .column_count = 1, .columns = a_column};
    assert_ok(&f.w.t, change_create_index(cx, f.catalog, f.w.manager, find(&f, NULL, "t"), &key));
    const struct object *index = find(&f, NULL, "i");
    assert_int_equal(index->kind, OBJECT_INDEX);
    assert_true(index->unique);
    assert_int_equal(index->table_id, find(&f, NULL, "t")->id);
    assert_int_equal(table_key_count(index->table), 1);
    assert_int_equal(table_key(index->table, 0)->id, index->id);
    assert_int_equal(change_create_index(cx, f.catalog, f.w.manager, find(&f, NULL, "t"), &key),
                     LLKV_EXISTS);
    assert_int_equal(change_create_index(cx, f.catalog, f.w.manager, find(&f, NULL, "v"), &key),
                     LLKV_SEMANTIC);

    assert_false(catalog_has_trigger(catalog_newest(f.catalog), index->table_id));
    assert_ok(&f.w.t, create_trigger(cx, &f, find(&f, NULL, "t"), SLICE("t"),
                                     SLICE("CREATE TRIGGER t ...")));
    assert_int_equal(create_trigger(cx, &f, find(&f, NULL, "t"), SLICE("T"), SLICE("...")),
                     LLKV_EXISTS);
    assert_string_equal(f.w.t.error.sqlstate, "42710");
    assert_true(catalog_has_trigger(catalog_newest(f.catalog), index->table_id));
    assert_non_null(catalog_find_trigger(catalog_newest(f.catalog), SLICE("main"), SLICE("t")));
    assert_int_equal(catalog_count(catalog_newest(f.catalog)), 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct object *object = catalog_at(catalog_newest(f.catalog), i);
        assert_ptr_equal(catalog_find_id(catalog_newest(f.catalog), object->id), object);
    }
    assert_null(catalog_find_id(catalog_newest(f.catalog), 99));

    assert_ok(&f.w.t, change_drop(cx, f.catalog, f.w.manager, index));
    assert_int_equal(table_key_count(find(&f, NULL, "t")->table), 0);
    assert_ok(&f.w.t, change_create_index(cx, f.catalog, f.w.manager, find(&f, NULL, "t"), &key));
    assert_ok(&f.w.t, change_drop(cx, f.catalog, f.w.manager, find(&f, NULL, "t")));
    assert_null(find(&f, NULL, "i"));
    assert_null(catalog_find_trigger(catalog_newest(f.catalog), SLICE("main"), SLICE("t")));
    assert_non_null(find(&f, NULL, "v"));
    assert_int_equal(catalog_count(catalog_newest(f.catalog)), 1);
    catalog_lab_deinit(&f);
}

static void what_is_held_stays(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct cx *cx = &f.w.t.cx;
    struct snapshot s;
    assert_ok(&f.w.t, change_create_schema(cx, f.catalog, f.w.manager, SLICE("s")));
    assert_ok(&f.w.t, create_table(cx, &f, "s", "t"));
    assert_ok(&f.w.t, txn_snapshot_begin(cx, f.w.manager, &s));
    const struct catalog_snapshot *old = catalog_newest(f.catalog);
    const struct object *t = find(&f, "s", "t"), *schema = NULL;
    for (uint32_t i = 0; i < catalog_count(old); i++)
        if (catalog_at(old, i)->kind == OBJECT_SCHEMA) schema = catalog_at(old, i);
    assert_int_equal(change_drop(cx, f.catalog, f.w.manager, schema), LLKV_DEPENDENT);
    assert_string_equal(f.w.t.error.sqlstate, "2BP01");
    assert_ok(&f.w.t, change_drop(cx, f.catalog, f.w.manager, t));
    assert_ok(&f.w.t, change_drop(cx, f.catalog, f.w.manager, schema));
    assert_int_equal(change_drop(cx, f.catalog, f.w.manager, t), LLKV_NAME);
    assert_string_equal(f.w.t.error.sqlstate, "42P01");
    assert_true(catalog_snapshot_version(catalog_newest(f.catalog)) >
                catalog_snapshot_version(old));
    assert_ptr_equal(catalog_find(old, SLICE("s"), SLICE("t"), t->name_hash), t);
    assert_int_equal(table_row_count(t->table, READER(&s)), 0);
    txn_snapshot_end(f.w.manager, &s);
    catalog_lab_deinit(&f);
}

static void lack_of_memory(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    for (int64_t n = 1;; n++) {
        struct catalog_lab f;
        catalog_lab_init(&f);
        struct test_cx t;
        struct cx *cx = test_cx_init(&t);
        struct key_def key = {.name = "i", .column_count = 1, .columns = a_column};
        struct view_def view = {.name = SLICE("v"), .sql = SLICE("SELECT 1"), .or_replace = true};
        int failures = 0;
        mem_fail_nth(n, false);
        for (int step = 0; step < 8; step++)
            for (;;) { /* again until it works */
                uint32_t before = catalog_count(catalog_newest(f.catalog));
                llkv_code rc = LLKV_OK;
                switch (step) {
                case 0: rc = change_create_schema(cx, f.catalog, f.w.manager, SLICE("s")); break;
                case 1: rc = create_table(cx, &f, "s", "t"); break;
                case 2:
                    rc = change_create_index(cx, f.catalog, f.w.manager, find(&f, "s", "t"), &key);
                    break;
                case 3:
                case 4: rc = change_create_view(cx, f.catalog, f.w.manager, &view); break;
                case 5:
                    rc = create_trigger(cx, &f, find(&f, "s", "t"), SLICE("g"), SLICE("..."));
                    break;
                case 6: rc = change_drop(cx, f.catalog, f.w.manager, find(&f, "s", "i")); break;
                default: rc = change_drop(cx, f.catalog, f.w.manager, find(&f, "s", "t")); break;
                }
                if (rc == LLKV_OK) break;
                assert_int_equal(rc, LLKV_NOMEM);
                assert_int_equal(catalog_count(catalog_newest(f.catalog)), before);
                assert_int_equal(failures++, 0);
            }
        mem_fail_nth(0, false);
        test_cx_deinit(&t);
        catalog_lab_deinit(&f);
        assert_int_equal(mem_used_bytes(), used);
        if (failures == 0) {
            assert_true(n > 20);
            return;
        }
    }
}

enum { ROUNDS = 300 };
static atomic_bool stop;

static void *look_around(void *arg)
{
    struct catalog_lab *f = arg;
    struct test_cx t;
    struct cx *cx = test_cx_init(&t);
    while (!atomic_load(&stop)) {
        struct snapshot s;
        if (txn_snapshot_begin(cx, f->w.manager, &s) != LLKV_OK) abort();
        const struct catalog_snapshot *snapshot = catalog_view(f->catalog, &s);
        for (uint32_t i = 0; i < catalog_count(snapshot); i++) {
            const struct object *object = catalog_at(snapshot, i);
            if (catalog_find_id(snapshot, object->id) != object) abort();
            if (object->kind == OBJECT_TABLE && table_row_count(object->table, READER(&s)) != 0)
                abort();
        }
        txn_snapshot_end(f->w.manager, &s);
    }
    test_cx_deinit(&t);
    return NULL;
}

static void readers_beside_changes(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    pthread_t threads[2];
    struct key_def key = {.name = "i", .column_count = 1, .columns = a_column};
    atomic_store(&stop, false);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, look_around, &f);
    for (int i = 0; i < ROUNDS; i++) {
        assert_ok(&f.w.t, create_table(&f.w.t.cx, &f, NULL, "t"));
        assert_ok(&f.w.t, change_create_index(&f.w.t.cx, f.catalog, f.w.manager,
                                              find(&f, NULL, "t"), &key));
        if (i % 2)
            assert_ok(&f.w.t, change_drop(&f.w.t.cx, f.catalog, f.w.manager, find(&f, NULL, "i")));
        assert_ok(&f.w.t, change_drop(&f.w.t.cx, f.catalog, f.w.manager, find(&f, NULL, "t")));
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    catalog_lab_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(temporary_objects),
        cmocka_unit_test(dropped_temporary),
        cmocka_unit_test(views_indexes_triggers),
        cmocka_unit_test(what_is_held_stays),
        cmocka_unit_test(lack_of_memory),
        cmocka_unit_test(readers_beside_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
