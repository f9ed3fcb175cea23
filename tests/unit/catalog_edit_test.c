/* Edits: private until they commit, checked against other commits, undone back to a mark. */
#include "catalog_testing.h"

static const struct column_def columns[] = {
    {.name = "a", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
};
static const struct key_column a_column[] = {{0, false}};

static struct catalog_change begin(struct catalog_lab *f)
{
    struct catalog_change change;
    assert_ok(&f->w.t, catalog_change_begin(&f->w.t.cx, f->catalog, f->w.manager, &change));
    return change;
}

static llkv_code commit(struct catalog_lab *f, struct catalog_change *change)
{
    return catalog_change_end(&f->w.t.cx, change, LLKV_OK);
}

static void roll_back(struct catalog_lab *f, struct catalog_change *change)
{
    assert_int_equal(catalog_change_end(&f->w.t.cx, change, LLKV_CANCELLED), LLKV_CANCELLED);
}

static llkv_code table(struct catalog_lab *f, struct catalog_change *change, const char *schema,
                       const char *name)
{
    const struct table_def def = {
        .schema = schema, .name = name, .column_count = 1, .columns = columns};
    return catalog_edit_create_table(&f->w.t.cx, change->edit, &def, NULL);
}

static llkv_code index_on(struct catalog_lab *f, struct catalog_change *change,
                          const struct object *on, const char *name)
{
    const struct key_def key = {.name = name, .column_count = 1, .columns = a_column};
    return catalog_edit_create_index(&f->w.t.cx, change->edit, on, &key, NULL);
}

static llkv_code view(struct catalog_lab *f, struct catalog_change *change, const char *name,
                      const char *sql)
{
    const struct view_def def = {.name = slice_of(name), .sql = slice_of(sql), .or_replace = true};
    return catalog_edit_create_view(&f->w.t.cx, change->edit, &def);
}

static const struct object *find_in(const struct catalog_snapshot *snapshot, const char *name)
{
    return catalog_find(snapshot, (struct slice){0}, slice_of(name),
                        slice_hash_folded(slice_of(name)));
}

static const struct object *own(const struct catalog_change *change, const char *name)
{
    return find_in(catalog_edit_view(change->edit), name);
}

static const struct object *now(struct catalog_lab *f, const char *name)
{
    return find_in(catalog_newest(f->catalog), name);
}

static llkv_code drop(struct catalog_lab *f, struct catalog_change *change, const char *name)
{
    const struct object *object = own(change, name);
    assert_non_null(object);
    return catalog_edit_drop(&f->w.t.cx, change->edit, object);
}

static void private_until_commit(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct catalog_change one = begin(&f), other = begin(&f);
    assert_true(catalog_edit_is_empty(one.edit));
    assert_ok(&f.w.t, table(&f, &one, NULL, "t"));
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "t"), "i"));
    assert_ok(&f.w.t, view(&f, &one, "v", "SELECT 1"));
    assert_int_equal(table(&f, &one, NULL, "T"), LLKV_EXISTS);
    assert_non_null(own(&one, "t"));
    assert_null(own(&other, "t"));
    assert_null(now(&f, "t"));
    const uint64_t version = catalog_snapshot_version(catalog_edit_view(one.edit));
    assert_int_not_equal(version, catalog_newest_version(f.catalog));
    assert_ok(&f.w.t, commit(&f, &one));
    assert_int_equal(version, catalog_newest_version(f.catalog));
    assert_non_null(now(&f, "t"));
    assert_null(own(&other, "t")); /* its snapshot is older */
    assert_null(find_in(catalog_view(f.catalog, &other.snapshot), "t"));
    assert_int_equal(table_key_count(now(&f, "t")->table), 1);
    roll_back(&f, &other);
    one = begin(&f);
    assert_ok(&f.w.t, table(&f, &one, NULL, "u"));
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "t"), "j"));
    assert_ok(&f.w.t, drop(&f, &one, "i"));
    assert_ok(&f.w.t, drop(&f, &one, "v"));
    roll_back(&f, &one);
    assert_null(now(&f, "u"));
    assert_null(now(&f, "j"));
    assert_non_null(now(&f, "i"));
    assert_non_null(now(&f, "v"));
    assert_int_equal(table_key_count(now(&f, "t")->table), 1);
    catalog_lab_deinit(&f);
}

static void made_and_dropped_in_one(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct catalog_change one = begin(&f);
    assert_ok(&f.w.t, table(&f, &one, NULL, "t"));
    assert_ok(&f.w.t, table(&f, &one, NULL, "u"));
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "t"), "i"));
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "u"), "j"));
    assert_ok(&f.w.t, view(&f, &one, "v", "SELECT 1"));
    assert_ok(&f.w.t, view(&f, &one, "v", "SELECT 2"));
    assert_ok(&f.w.t, drop(&f, &one, "t"));
    assert_ok(&f.w.t, drop(&f, &one, "j"));
    assert_ok(&f.w.t, commit(&f, &one));
    assert_null(now(&f, "t"));
    assert_null(now(&f, "i"));
    assert_null(now(&f, "j"));
    assert_int_equal(table_key_count(now(&f, "u")->table), 0);
    assert_string_equal(now(&f, "v")->sql, "SELECT 2");
    one = begin(&f);
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "u"), "j"));
    assert_ok(&f.w.t, drop(&f, &one, "j"));
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "u"), "j"));
    assert_ok(&f.w.t, drop(&f, &one, "u"));
    assert_ok(&f.w.t, table(&f, &one, NULL, "u"));
    assert_ok(&f.w.t, commit(&f, &one));
    assert_int_equal(table_key_count(now(&f, "u")->table), 0);
    assert_int_equal(catalog_count(catalog_newest(f.catalog)), 2);
    catalog_lab_deinit(&f);
}

/* The first of two edits commits, then the second does: LLKV_OK or a conflict. */
static llkv_code race(struct catalog_lab *f, int which)
{
    struct catalog_change one = begin(f), two = begin(f);
    struct cx *cx = &f->w.t.cx;
    struct trigger_def trigger = {.on = own(&two, "t"), .name = SLICE("g"), .sql = SLICE("...")};
    llkv_code rc = LLKV_OK;
    switch (which) {
    case 0: /* one name */
        assert_ok(&f->w.t, table(f, &one, NULL, "new"));
        rc = view(f, &two, "new", "SELECT 1");
        break;
    case 1: /* dropped twice: the gate of the table tells at once */
        assert_ok(&f->w.t, drop(f, &one, "t"));
        rc = drop(f, &two, "t");
        break;
    case 2: /* dropped below a trigger */
        assert_ok(&f->w.t, drop(f, &one, "t"));
        rc = catalog_edit_create_trigger(cx, two.edit, &trigger);
        break;
    case 3: /* replaced twice */
        assert_ok(&f->w.t, view(f, &one, "v", "SELECT 2"));
        rc = view(f, &two, "v", "SELECT 3");
        break;
    case 4: /* replaced, and dropped */
        assert_ok(&f->w.t, view(f, &one, "v", "SELECT 2"));
        rc = drop(f, &two, "v");
        break;
    case 5: /* a schema filled */
        assert_ok(&f->w.t, table(f, &one, "s", "in_it"));
        rc = catalog_edit_drop(cx, two.edit,
                               catalog_find_schema(catalog_edit_view(two.edit), SLICE("s")));
        break;
    case 6: /* a schema dropped */
        assert_ok(&f->w.t,
                  catalog_edit_drop(cx, one.edit,
                                    catalog_find_schema(catalog_edit_view(one.edit), SLICE("s"))));
        rc = table(f, &two, "s", "in_it");
        break;
    case 7: /* nothing in common */
        assert_ok(&f->w.t, table(f, &one, NULL, "one"));
        rc = table(f, &two, NULL, "two");
        break;
    case 8: /* a trigger on what another one drops goes with it */
        trigger.on = own(&one, "t");
        assert_ok(&f->w.t, catalog_edit_create_trigger(cx, one.edit, &trigger));
        rc = drop(f, &two, "t");
        break;
    default: /* a name freed and taken again by both */
        assert_ok(&f->w.t, drop(f, &one, "t"));
        assert_ok(&f->w.t, table(f, &one, NULL, "t"));
        rc = drop(f, &two, "t");
        if (rc == LLKV_OK) rc = table(f, &two, NULL, "t");
        break;
    }
    assert_ok(&f->w.t, commit(f, &one));
    return catalog_change_end(cx, &two, rc);
}

static void conflicts(void **state)
{
    (void)state;
    for (int which = 0; which <= 9; which++) {
        struct catalog_lab f;
        catalog_lab_init(&f);
        struct catalog_change base = begin(&f);
        assert_ok(&f.w.t, catalog_edit_create_schema(&f.w.t.cx, base.edit, SLICE("s"), 0));
        assert_ok(&f.w.t, table(&f, &base, NULL, "t"));
        assert_ok(&f.w.t, view(&f, &base, "v", "SELECT 1"));
        assert_ok(&f.w.t, commit(&f, &base));
        const bool fits = which == 7 || which == 8;
        assert_int_equal(race(&f, which), fits ? LLKV_OK : LLKV_CONFLICT);
        if (!fits) assert_string_equal(f.w.t.error.sqlstate, "40001");
        if (which == 7) {
            assert_non_null(now(&f, "one"));
            assert_non_null(now(&f, "two"));
            assert_true(now(&f, "one")->id < now(&f, "two")->id);
        }
        if (which == 8) assert_int_equal(catalog_count(catalog_newest(f.catalog)), 2);
        catalog_lab_deinit(&f);
    }
}

static void marks(void **state)
{
    (void)state;
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct catalog_change base = begin(&f);
    assert_ok(&f.w.t, table(&f, &base, NULL, "t"));
    assert_ok(&f.w.t, commit(&f, &base));
    struct catalog_change one = begin(&f);
    struct catalog_mark first = catalog_edit_mark(one.edit);
    assert_ok(&f.w.t, table(&f, &one, NULL, "u"));
    struct catalog_mark second = catalog_edit_mark(one.edit);
    assert_ok(&f.w.t, index_on(&f, &one, own(&one, "t"), "i"));
    assert_ok(&f.w.t, drop(&f, &one, "u"));
    assert_ok(&f.w.t, table(&f, &one, NULL, "w"));
    catalog_edit_rollback(one.edit, &second);
    catalog_edit_rollback(one.edit, &second);
    assert_non_null(own(&one, "u"));
    assert_null(own(&one, "i"));
    assert_null(own(&one, "w"));
    assert_int_equal(table_key_count(now(&f, "t")->table), 0);
    assert_ok(&f.w.t, drop(&f, &one, "t"));
    catalog_edit_release(one.edit, &second);
    catalog_edit_rollback(one.edit, &first);
    catalog_edit_release(one.edit, &first);
    assert_non_null(own(&one, "t"));
    assert_true(catalog_edit_is_empty(one.edit));
    assert_ok(&f.w.t, table(&f, &one, NULL, "x"));
    assert_ok(&f.w.t, commit(&f, &one));
    assert_non_null(now(&f, "x"));
    catalog_lab_deinit(&f);
}

/* Each snapshot finds the catalog of its own time, and what it finds stays. */
static void generations(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct catalog_lab f;
    catalog_lab_init(&f);
    struct snapshot snapshots[COUNT];
    char name[16] = "";
    for (int i = 0; i < COUNT; i++) {
        struct catalog_change change = begin(&f);
        if (i > 0) assert_ok(&f.w.t, drop(&f, &change, name));
        snprintf(name, sizeof name, "t%d", i);
        assert_ok(&f.w.t, table(&f, &change, NULL, name));
        assert_ok(&f.w.t, commit(&f, &change));
        assert_ok(&f.w.t, txn_snapshot_begin(&f.w.t.cx, f.w.manager, &snapshots[i]));
    }
    for (int i = 0; i < COUNT; i++) { /* the ones in the middle first */
        const int at = (i * 7 + 3) % COUNT;
        const struct catalog_snapshot *seen = catalog_view(f.catalog, &snapshots[at]);
        assert_int_equal(catalog_count(seen), 1);
        snprintf(name, sizeof name, "t%d", at);
        const struct table_reader reader = {.snapshot = &snapshots[at]};
        assert_int_equal(table_row_count(find_in(seen, name)->table, &reader), 0);
        txn_snapshot_end(f.w.manager, &snapshots[at]);
        catalog_sweep(f.catalog);
    }
    catalog_lab_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_until_commit),
        cmocka_unit_test(made_and_dropped_in_one),
        cmocka_unit_test(conflicts),
        cmocka_unit_test(marks),
        cmocka_unit_test(generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
