/* checkpoint_testing.h -- a catalog with tables over a pager that outlives it, a script that fills
 * it, and a number that tells everything a reader can see. */
#ifndef TESTS_CHECKPOINT_TESTING_H
#define TESTS_CHECKPOINT_TESTING_H
#include "catalog/checkpoint.h"
#include "catalog/image.h"
#include "catalog_testing.h"
#include "table/checkpoint.h"

enum { ID, TEXT, FLAG, PRICE, COLUMNS };
enum { ROWS_MAX = 200 };

static const struct column_def columns[COLUMNS] = {
    {.name = "id", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}, .not_null = true},
    {.name = "text",
     .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW, .length = 80},
     .default_sql = "'none'"},
    {.name = "flag", .type = {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL}},
    {.name = "price",
     .type = {.id = TYPE_DECIMAL, .phys = PHYS_I64, .precision = 12, .scale = 2},
     .generated_sql = "id * 2"},
};
static const struct key_column id_column[] = {{ID, false}};
static const struct key_column text_columns[] = {{TEXT, true}, {FLAG, false}};
static const struct key_def pk = {
    .name = "pk", .unique = true, .primary = true, .column_count = 1, .columns = id_column};
static const struct key_def by_text = {
    .name = "by_text", .column_count = 2, .columns = text_columns};
static const struct check_def checks[] = {{.name = "positive", .sql = "id > 0"}, {.sql = "1 = 1"}};

struct place {
    llkv_pager *pager; /* may be a counting one */
    struct txn_manager *manager;
    struct catalog *catalog;
    struct test_cx t;
};

static inline llkv_code place_open(struct place *p, struct cx *cx)
{
    const struct table_options options = {.segment_rows = 64, .vector_rows = 8};
    int64_t replay_from;
    p->manager = txn_manager_new(NULL);
    if (p->manager == NULL) return cx_nomem(cx);
    p->catalog = catalog_new(cx, p->manager, p->pager, &options);
    if (p->catalog == NULL) return cx->error->code;
    return catalog_recover(cx, p->catalog, &replay_from);
}

static inline void place_close(struct place *p)
{
    catalog_free(p->catalog);
    txn_manager_free(p->manager);
    p->catalog = NULL;
    p->manager = NULL;
}

static inline void place_init(struct place *p, llkv_pager *pager)
{
    memset(p, 0, sizeof *p);
    test_cx_init(&p->t);
    p->pager = pager;
    assert_ok(&p->t, place_open(p, &p->t.cx));
}

static inline void place_deinit(struct place *p)
{
    place_close(p);
    test_cx_deinit(&p->t);
}

static inline void reopen(struct place *p)
{
    place_close(p);
    assert_ok(&p->t, place_open(p, &p->t.cx));
}

static inline const struct object *find(struct place *p, const char *name)
{
    return catalog_find(catalog_newest(p->catalog), (struct slice){0}, slice_of(name),
                        slice_hash_folded(slice_of(name)));
}

static inline llkv_code make_table(struct place *p, struct cx *cx, const char *name)
{
    struct table_def def = {.name = name,
                            .column_count = COLUMNS,
                            .columns = columns,
                            .key_count = 1,
                            .keys = &pk,
                            .check_count = 2,
                            .checks = checks};
    const struct object *object;
    return change_create_table(cx, p->catalog, p->manager, &def, &object);
}

/* Rows first .. with this version in their values. */
static inline struct batch make_rows(int64_t first, uint32_t n, uint32_t version, struct vector *v)
{
    static int64_t ids[ROWS_MAX], prices[ROWS_MAX];
    static struct str_view texts[ROWS_MAX];
    static char text[ROWS_MAX][48];
    static uint64_t flags[ROWS_MAX / 64 + 1], validity[ROWS_MAX / 64 + 1];
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = first + i;
        prices[i] = (first + i) * 100 + version;
        int len = snprintf(text[i], sizeof text[i], "text number %lld of version %u",
                           (long long)first + i, version);
        texts[i] = str_of(text[i], (uint32_t)len);
        bit_put(flags, i, (first + i + version) % 3 == 0);
        bit_put(validity, i, (first + i + version) % 7 != 0);
    }
    v[ID] = (struct vector){.phys = PHYS_I64, .rows = n, .data = ids};
    v[TEXT] = (struct vector){.phys = PHYS_VIEW, .rows = n, .data = texts};
    v[FLAG] = (struct vector){.phys = PHYS_BOOL, .rows = n, .data = flags, .validity = validity};
    v[PRICE] = (struct vector){.phys = PHYS_I64, .rows = n, .data = prices};
    return (struct batch){.rows = n, .live = n, .column_count = COLUMNS, .columns = v};
}

enum action { INSERT, UPDATE, DELETE };

/* n rows; row id - 1 of an id is its number as long as rows come in order and nothing else does. */
static inline llkv_code change_rows(struct place *p, struct cx *cx, const char *name,
                                    enum action action, int64_t first, uint32_t n, uint32_t version)
{
    static const uint16_t all[] = {ID, TEXT, FLAG, PRICE};
    struct vector v[COLUMNS];
    struct batch batch = make_rows(first, n, version, v);
    struct table *table = find(p, name)->table;
    struct snapshot snapshot;
    struct write_set *set = NULL;
    uint64_t rows[ROWS_MAX];
    for (uint32_t i = 0; i < n; i++)
        rows[i] = (uint64_t)first - 1 + i;
    TRY(txn_snapshot_begin(cx, p->manager, &snapshot));
    llkv_code rc = write_set_new(cx, p->manager, &snapshot, TXN_ID_AUTO_COMMIT, &set);
    if (rc == LLKV_OK && action == INSERT)
        rc = write_insert(cx, set, table, &batch, WRITE_ABORT, NULL);
    batch.columns = &v[1];
    batch.column_count = COLUMNS - 1;
    if (rc == LLKV_OK && action == UPDATE)
        rc = write_update(cx, set, table, rows, n, all + 1, &batch, NULL);
    if (rc == LLKV_OK && action == DELETE) rc = write_delete(cx, set, table, rows, n, NULL);
    if (rc == LLKV_OK) rc = write_set_commit(cx, set);
    write_set_free(set);
    txn_snapshot_end(p->manager, &snapshot);
    return rc;
}

static inline uint64_t mix(uint64_t sum, const void *data, size_t n)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* A number that tells everything a reader can see of a table. */
static inline llkv_code table_sum(struct place *p, struct cx *cx, struct table *table,
                                  uint64_t *out)
{
    static const uint16_t wanted[] = {ID, TEXT, FLAG, PRICE, SCAN_COLUMN_ROW_ID};
    struct snapshot snapshot;
    TRY(table_load(cx, table));
    TRY(txn_snapshot_begin(cx, p->manager, &snapshot));
    struct table_reader reader = {.snapshot = &snapshot};
    struct scan_spec spec = {
        .table = table, .reader = &reader, .columns = wanted, .column_count = COLUMNS + 1};
    struct scan *scan;
    uint64_t sum = 14695981039346656037u + (uint64_t)table_row_count(table, &reader);
    llkv_code rc = scan_new(cx, &spec, &scan);
    for (uint32_t s = 0; rc == LLKV_OK && s < scan_segment_count(&spec); s++) {
        bool empty;
        struct batch batch = {.rows = 1};
        rc = scan_open_segment(cx, scan, s, &empty);
        while (rc == LLKV_OK && !empty && batch.rows != 0) {
            rc = scan_next(cx, scan, &batch);
            for (uint32_t j = 0; rc == LLKV_OK && j < batch.live; j++) {
                uint32_t at = batch.sel == NULL ? j : batch.sel[j];
                for (uint32_t c = 0; c <= COLUMNS; c++) {
                    struct type type = c < COLUMNS
                                           ? columns[c].type
                                           : (struct type){.id = TYPE_BIGINT, .phys = PHYS_I64};
                    struct value value = vec_value(&batch.columns[c], type, at);
                    sum = mix(sum, &value.is_null, 1);
                    if (value.is_null) continue;
                    if (c == TEXT) sum = mix(sum, value.s.data, value.s.len);
                    if (c == FLAG) sum = mix(sum, &value.b, 1);
                    if (c != TEXT && c != FLAG) sum = mix(sum, &value.i, 8);
                }
            }
        }
    }
    txn_snapshot_end(p->manager, &snapshot);
    *out = sum;
    return rc;
}

/* Of the whole catalog. */
static inline llkv_code catalog_sum_of(struct place *p, struct cx *cx, bool rows_only,
                                       uint64_t *out)
{
    const struct catalog_snapshot *now = catalog_newest(p->catalog);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < catalog_count(now); i++) {
        const struct object *object = catalog_at(now, i);
        struct pack_writer w = {0};
        if (object->temporary) continue;
        catalog_object_encode(&w, object);
        if (w.bad) return cx_nomem(cx);
        if (!rows_only) sum = mix(sum, w.data, w.len);
        pack_writer_deinit(&w);
        if (object->kind != OBJECT_TABLE) continue;
        uint64_t rows;
        TRY(table_sum(p, cx, object->table, &rows));
        sum = mix(sum, &rows, sizeof rows);
    }
    *out = sum;
    return LLKV_OK;
}

static inline llkv_code catalog_sum(struct place *p, struct cx *cx, uint64_t *out)
{
    return catalog_sum_of(p, cx, false, out);
}

enum { STEPS = 17 };

static inline llkv_code run_step(struct place *p, struct cx *cx, uint32_t step)
{
    static const char *const names[] = {"x", "y"};
    struct view_def view = {
        .name = SLICE("v"), .sql = SLICE("SELECT 1, 2"), .column_names = names, .column_count = 2};
    struct trigger_def trigger = {.name = SLICE("tr"), .sql = SLICE("CREATE TRIGGER tr ...")};
    switch (step) {
    case 0: return make_table(p, cx, "a");
    case 1: return change_rows(p, cx, "a", INSERT, 1, 30, 0);
    case 2: return catalog_checkpoint(cx, p->catalog, NULL);
    case 3: return change_rows(p, cx, "a", INSERT, 31, 150, 0); /* two segments are full */
    case 4: return change_create_schema(cx, p->catalog, p->manager, SLICE("s"));
    case 5: return change_create_view(cx, p->catalog, p->manager, &view);
    case 6: return change_create_index(cx, p->catalog, p->manager, find(p, "a"), &by_text);
    case 7: return catalog_checkpoint(cx, p->catalog, NULL);
    case 8: return change_rows(p, cx, "a", UPDATE, 5, 3, 1); /* a patch */
    case 9: return change_rows(p, cx, "a", DELETE, 60, 20, 0);
    case 10: return catalog_checkpoint(cx, p->catalog, NULL);
    case 11: return change_rows(p, cx, "a", UPDATE, 1, 50, 2); /* a chunk is written anew */
    case 12: return make_table(p, cx, "b");
    case 13:
        trigger.on = find(p, "a");
        return change_create_trigger(cx, p->catalog, p->manager, &trigger);
    case 14:
        view.sql = SLICE("SELECT 3, 4");
        view.or_replace = true;
        return change_create_view(cx, p->catalog, p->manager, &view);
    case 15: return change_rows(p, cx, "b", INSERT, 1, 5, 7);
    default: return catalog_checkpoint(cx, p->catalog, NULL);
    }
}
#endif
