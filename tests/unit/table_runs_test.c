/* Keys found in the rows themselves: whole segments that came in the order of the key, while rows
 * of them are deleted and get other keys, over checkpoints and loads; against a map. */
#include "store_testing.h"
#include "table/checkpoint.h"
#include "table/key_runs.h"

enum { ID, VALUE, COLUMNS, IDS_MAX = 6000, BATCH_MAX = 300 };

static struct column_def columns[COLUMNS] = {
    {.name = "id", .type = {.id = TYPE_INTEGER, .phys = PHYS_I32}, .not_null = true},
    {.name = "value", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
};

struct game {
    struct world w;
    struct table *table;
    struct table_def def;
    struct key_def key;
    struct key_column key_column;
    uint64_t seed;
    int64_t values[IDS_MAX]; /* by id; 0: there is no such row */
    int64_t next_value;
    int32_t next_id; /* ids from here on were never used */
    uint32_t admitted;
};

static uint32_t below(struct game *g, uint32_t n)
{
    return test_below(&g->seed, n);
}

static int32_t id_of(uint32_t index)
{
    return (int32_t)index - 1000; /* negative ones as well */
}

static struct index_runs *runs_of(struct game *g)
{
    return index_runs_of(key_at(table_keys(g->table), 0)->index);
}

static uint32_t run_count(struct game *g)
{
    struct store_view view = store_view_at(g->table->store, TS_LATEST);
    uint32_t count = 0;
    for (uint32_t i = 0; i < store_view_segments(g->table->store, &view); i++)
        count += key_runs_has(runs_of(g), i);
    return count;
}

static void game_init(struct game *g, bool descending, uint64_t seed)
{
    memset(g, 0, sizeof *g);
    world_init(&g->w, 64, 8);
    g->seed = seed;
    g->next_value = 1;
    g->key_column = (struct key_column){ID, descending};
    g->key = (struct key_def){.name = "pk",
                              .unique = true,
                              .primary = true,
                              .column_count = 1,
                              .columns = &g->key_column};
    g->def = (struct table_def){
        .name = "t", .column_count = COLUMNS, .columns = columns, .key_count = 1, .keys = &g->key};
    assert_ok(&g->w.t,
              table_new(&g->w.t.cx, g->w.manager, g->w.pager, &g->w.options, &g->def, &g->table));
}

/* The row of an id and its value, asked by key. */
static bool look_up(struct game *g, uint32_t index, uint64_t *out_row, int64_t *out_value)
{
    struct test_cx t;
    struct snapshot snapshot;
    uint32_t count;
    uint64_t rows[3];
    test_cx_init(&t);
    assert_ok(&t, txn_snapshot_begin(&t.cx, g->w.manager, &snapshot));
    struct table_reader reader = {.snapshot = &snapshot};
    struct value id = {.type = columns[ID].type, .i = id_of(index)};
    assert_ok(&t, table_key_lookup(&t.cx, g->table, &reader, 0, &id, rows, 3, &count));
    assert_true(count <= 1);
    if (count == 1) {
        struct vector v;
        assert_ok(&t, table_gather(&t.cx, g->table, &reader, rows, 1, VALUE, &v));
        *out_value = vec_value(&v, columns[VALUE].type, 0).i;
        *out_row = rows[0];
    }
    txn_snapshot_end(g->w.manager, &snapshot);
    test_cx_deinit(&t);
    return count == 1;
}

struct writing {
    struct test_cx t;
    struct snapshot snapshot;
    struct write_set *set;
};

static void begin(struct game *g, struct writing *w)
{
    test_cx_init(&w->t);
    assert_ok(&w->t, txn_snapshot_begin(&w->t.cx, g->w.manager, &w->snapshot));
    assert_ok(&w->t,
              write_set_new(&w->t.cx, g->w.manager, &w->snapshot, TXN_ID_AUTO_COMMIT, &w->set));
}

static llkv_code end(struct game *g, struct writing *w)
{
    llkv_code rc = write_set_commit(&w->t.cx, w->set);
    write_set_free(w->set);
    txn_snapshot_end(g->w.manager, &w->snapshot);
    test_cx_deinit(&w->t);
    return rc;
}

static void insert(struct game *g, uint32_t first, uint32_t n, uint32_t step)
{
    struct writing w;
    int32_t ids[BATCH_MAX];
    int64_t values[BATCH_MAX];
    bool collides = false;
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = id_of(first + i * step);
        values[i] = g->next_value + i;
        collides = collides || g->values[first + i * step] != 0;
    }
    struct vector v[] = {{.phys = PHYS_I32, .rows = n, .data = ids},
                         {.phys = PHYS_I64, .rows = n, .data = values}};
    struct batch batch = {.rows = n, .live = n, .column_count = COLUMNS, .columns = v};
    begin(g, &w);
    assert_ok(&w.t, write_insert(&w.t.cx, w.set, g->table, &batch, WRITE_ABORT, NULL));
    llkv_code rc = end(g, &w);
    assert_int_equal(rc, collides ? LLKV_CONSTRAINT : LLKV_OK);
    for (uint32_t i = 0; i < n && !collides; i++)
        g->values[first + i * step] = values[i];
    g->next_value += n;
}

static void delete_some(struct game *g)
{
    struct writing w;
    begin(g, &w);
    for (uint32_t i = below(g, 20); i > 0; i--) {
        uint32_t at = below(g, (uint32_t)g->next_id);
        uint64_t row;
        int64_t value;
        if (!look_up(g, at, &row, &value)) continue;
        assert_ok(&w.t, write_delete(&w.t.cx, w.set, g->table, &row, 1, NULL));
        g->values[at] = 0;
    }
    assert_int_equal(end(g, &w), LLKV_OK);
}

/* Rows get other ids, perhaps those of rows that move in the same statement. */
static void move_some(struct game *g)
{
    struct writing w;
    static const uint16_t id_only[] = {ID};
    uint32_t from[8], to[8];
    uint64_t rows[8];
    int64_t moved[8];
    uint32_t n = 0;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t at = below(g, (uint32_t)g->next_id);
        bool twice = false;
        for (uint32_t j = 0; j < n; j++)
            twice = twice || from[j] == at;
        if (!twice && look_up(g, at, &rows[n], &moved[n])) from[n++] = at;
    }
    if (n == 0) return;
    bool rotate = below(g, 2);
    for (uint32_t i = 0; i < n; i++)
        to[i] = rotate ? from[(i + 1) % n] : below(g, (uint32_t)g->next_id);
    bool collides = false;
    for (uint32_t i = 0; i < n; i++) {
        bool leaves = false;
        for (uint32_t j = 0; j < n; j++) {
            leaves = leaves || from[j] == to[i];
            collides = collides || (j != i && to[j] == to[i]);
        }
        collides = collides || (!leaves && g->values[to[i]] != 0);
    }
    int32_t ids[8];
    for (uint32_t i = 0; i < n; i++)
        ids[i] = id_of(to[i]);
    struct vector v[] = {{.phys = PHYS_I32, .rows = n, .data = ids}};
    struct batch batch = {.rows = n, .live = n, .column_count = 1, .columns = v};
    begin(g, &w);
    assert_ok(&w.t, write_update(&w.t.cx, w.set, g->table, rows, n, id_only, &batch, NULL));
    assert_int_equal(end(g, &w), collides ? LLKV_CONSTRAINT : LLKV_OK);
    if (collides) return;
    for (uint32_t i = 0; i < n; i++)
        g->values[from[i]] = 0;
    for (uint32_t i = 0; i < n; i++)
        g->values[to[i]] = moved[i];
}

static void checkpoint(struct game *g)
{
    struct test_cx t;
    struct snapshot snapshot;
    struct blob_sink sink;
    struct stored_image *image;
    test_cx_init(&t);
    assert_ok(&t, txn_snapshot_begin(&t.cx, g->w.manager, &snapshot));
    blob_sink_init(&sink, NULL, g->w.pager);
    assert_ok(&t, table_checkpoint(&t.cx, g->table, &sink, snapshot.ts, &image));
    assert_ok(&t, blob_sink_finish(&t.cx, &sink));
    if (image != NULL) table_checkpoint_apply(g->table, image, &sink);
    assert_ok(&t, table_fold(&t.cx, g->table));
    blob_sink_deinit(&sink);
    txn_snapshot_end(g->w.manager, &snapshot);
    test_cx_deinit(&t);
}

static void reload(struct game *g)
{
    struct table *again;
    checkpoint(g);
    assert_ok(&g->w.t, table_restore(&g->w.t.cx, g->w.manager, g->w.pager, &g->w.options, &g->def,
                                     table_stored_ref(g->table), &again));
    assert_ok(&g->w.t, table_load(&g->w.t.cx, again));
    table_free(g->table);
    g->table = again;
}

static void look(struct game *g)
{
    assert_ok(&g->w.t, table_check(&g->w.t.cx, g->table));
    for (uint32_t i = 0; i < (uint32_t)g->next_id; i++) {
        uint64_t row;
        int64_t value = 0;
        bool found = look_up(g, i, &row, &value);
        assert_int_equal(found, g->values[i] != 0);
        assert_int_equal(value, g->values[i]);
    }
}

static void play(bool descending, uint64_t seed)
{
    int64_t used = mem_used_bytes();
    struct game g;
    game_init(&g, descending, seed);
    for (uint32_t step = 0; step < 60; step++) {
        uint32_t kind = below(&g, 10);
        if (kind < 3 && g.next_id + BATCH_MAX < IDS_MAX) {
            uint32_t n = 60 + below(&g, 100);
            uint32_t stride = 1 + below(&g, 2);
            insert(&g, (uint32_t)g.next_id, n, stride);
            g.next_id += (int32_t)(n * stride);
        } else if (kind == 3 && g.next_id > 200) { /* into the gaps: mostly collides */
            insert(&g, below(&g, (uint32_t)g.next_id - 200), 1 + below(&g, 70), 1);
        } else if (kind < 6 && g.next_id > 0) {
            delete_some(&g);
        } else if (kind < 8 && g.next_id > 0) {
            move_some(&g);
        } else if (kind == 8) {
            checkpoint(&g);
        } else {
            reload(&g);
        }
        g.admitted += run_count(&g) != 0;
        if (below(&g, 5) == 0) look(&g);
    }
    look(&g);
    assert_true(g.admitted > 0);
    table_free(g.table);
    world_deinit(&g.w);
    assert_int_equal(mem_used_bytes(), used);
}

static void ascending_keys(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        play(false, seed * 7919);
}

static void descending_keys(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        play(true, seed * 6007);
}

/* Every integer type at its ends. */
static void ends_of_types(void **state)
{
    (void)state;
    static const struct type types[] = {
        {.id = TYPE_TINYINT, .phys = PHYS_I8},   {.id = TYPE_SMALLINT, .phys = PHYS_I16},
        {.id = TYPE_INTEGER, .phys = PHYS_I32},  {.id = TYPE_BIGINT, .phys = PHYS_I64},
        {.id = TYPE_UTINYINT, .phys = PHYS_U8},  {.id = TYPE_USMALLINT, .phys = PHYS_U16},
        {.id = TYPE_UINTEGER, .phys = PHYS_U32}, {.id = TYPE_UBIGINT, .phys = PHYS_U64},
    };
    for (uint32_t k = 0; k < ARRAY_COUNT(types) * 2; k++) {
        struct game g;
        struct type type = types[k / 2];
        struct column_def saved = columns[ID];
        columns[ID].type = type;
        game_init(&g, k % 2, 1);
        const bool is_signed = k / 2 < 4;
        const uint32_t bits = 8u << (k / 2 % 4);
        uint64_t least = is_signed ? UINT64_MAX << (bits - 1) : 0;
        uint64_t most = is_signed ? ~least : UINT64_MAX >> (64 - bits);
        uint64_t bytes[64] = {0};
        int64_t values[64];
        uint64_t numbers[64];
        for (uint32_t i = 0; i < 64; i++) {
            numbers[i] = i < 32 ? least + i : most - (63 - i);
            memcpy((uint8_t *)bytes + i * bits / 8, &numbers[i], bits / 8);
            values[i] = i + 1;
        }
        struct vector v[] = {{.phys = type.phys, .rows = 64, .data = bytes},
                             {.phys = PHYS_I64, .rows = 64, .data = values}};
        struct batch batch = {.rows = 64, .live = 64, .column_count = COLUMNS, .columns = v};
        struct writing w;
        begin(&g, &w);
        assert_ok(&w.t, write_insert(&w.t.cx, w.set, g.table, &batch, WRITE_ABORT, NULL));
        assert_int_equal(end(&g, &w), LLKV_OK);
        assert_int_equal(run_count(&g), 1);
        for (uint32_t i = 0; i < 64; i++) {
            struct snapshot snapshot;
            uint64_t row;
            uint32_t count;
            assert_ok(&g.w.t, txn_snapshot_begin(&g.w.t.cx, g.w.manager, &snapshot));
            struct table_reader reader = {.snapshot = &snapshot};
            struct value id = {.type = type};
            if (is_signed) id.i = (int64_t)numbers[i];
            if (!is_signed) id.u = numbers[i];
            assert_ok(&g.w.t,
                      table_key_lookup(&g.w.t.cx, g.table, &reader, 0, &id, &row, 1, &count));
            assert_int_equal(count, 1);
            assert_int_equal(row, i);
            txn_snapshot_end(g.w.manager, &snapshot);
        }
        table_free(g.table);
        world_deinit(&g.w);
        columns[ID] = saved;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascending_keys),
        cmocka_unit_test(descending_keys),
        cmocka_unit_test(ends_of_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
