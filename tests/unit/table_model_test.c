/* Random inserts, deletes, updates and key changes against an array of rows, looked at through
 * snapshots of several ages. */
#include "column/stored_priv.h"
#include "store_testing.h"
#include "table/checkpoint.h"
#include "table/table_priv.h"

enum { COLUMNS = 7, TAG = 0, K = 1, A = 2, B = 3, C = 4, D = 5, E = 6 };
enum { KEY_TAG, KEY_K, KEY_BA, KEYS };
enum { ROWS_MAX = 12000, HELD_MAX = 4, TEXT_MAX = 40 };

struct row {
    bool alive;
    int64_t tag;
    uint32_t nulls; /* bits */
    int64_t k;
    int32_t a;
    char b[TEXT_MAX];
    uint32_t b_len;
    bool c;
    double d;
    i128 e;
};

struct model {
    struct row *rows;
    uint32_t count;
};

struct held {
    bool used;
    struct snapshot snapshot;
    struct model model;
};

struct game {
    struct world w;
    struct table *table;
    struct model now;
    struct held held[HELD_MAX];
    uint64_t seed;
    int64_t next_tag;
    uint32_t key_range;
    uint64_t *row_ids; /* by index of the model's row, from the last scan */
};

static const struct column_def columns[COLUMNS] = {
    {.name = "tag", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}, .not_null = true},
    {.name = "k", .type = {.id = TYPE_BIGINT, .phys = PHYS_I64}},
    {.name = "a", .type = {.id = TYPE_INTEGER, .phys = PHYS_I32}},
    {.name = "b", .type = {.id = TYPE_VARCHAR, .phys = PHYS_VIEW}},
    {.name = "c", .type = {.id = TYPE_BOOLEAN, .phys = PHYS_BOOL}},
    {.name = "d", .type = {.id = TYPE_DOUBLE, .phys = PHYS_F64}},
    {.name = "e", .type = {.id = TYPE_HUGEINT, .phys = PHYS_I128}},
};
static const struct key_column tag_column[] = {{TAG, false}};
static const struct key_column k_column[] = {{K, false}};
static const struct key_column ba_columns[] = {{B, false}, {A, true}};
static const struct key_def keys[] = {
    {.name = "pk", .unique = true, .primary = true, .column_count = 1, .columns = tag_column},
    {.name = "uk", .unique = true, .column_count = 1, .columns = k_column},
    {.name = "ba", .column_count = 2, .columns = ba_columns},
};

static uint32_t below(struct game *g, uint32_t n)
{
    return test_below(&g->seed, n);
}

static void game_init(struct game *g, uint32_t segment_rows, uint32_t vector_rows, uint64_t seed)
{
    memset(g, 0, sizeof *g);
    world_init(&g->w, segment_rows, vector_rows);
    g->seed = seed;
    g->now.rows = calloc(ROWS_MAX, sizeof *g->now.rows);
    for (uint32_t i = 0; i < HELD_MAX; i++)
        g->held[i].model.rows = calloc(ROWS_MAX, sizeof *g->now.rows);
    g->row_ids = calloc(ROWS_MAX, sizeof *g->row_ids);
    g->key_range = 500;
    struct table_def def = {
        .name = "t", .column_count = COLUMNS, .columns = columns, .key_count = KEYS, .keys = keys};
    assert_ok(&g->w.t,
              table_new(&g->w.t.cx, g->w.manager, g->w.pager, &g->w.options, &def, &g->table));
}

static void game_deinit(struct game *g)
{
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        if (g->held[i].used) txn_snapshot_end(g->w.manager, &g->held[i].snapshot);
        free(g->held[i].model.rows);
    }
    free(g->now.rows);
    free(g->row_ids);
    table_free(g->table);
    world_deinit(&g->w);
}

static struct row random_row(struct game *g)
{
    struct row r = {.alive = true, .tag = g->next_tag++};
    static const char *const words[] = {"",
                                        "a",
                                        "short",
                                        "exactly12byt",
                                        "a text that is longer",
                                        "another text, quite long as well"};
    r.nulls = below(g, 4) == 0 ? below(g, 64) << 1 : 0;
    r.k = below(g, g->key_range);
    r.a = (int32_t)below(g, 100) - 50;
    const char *word = words[below(g, ARRAY_COUNT(words))];
    r.b_len = (uint32_t)snprintf(r.b, sizeof r.b, "%s%u", word, below(g, 30));
    if (r.b_len >= sizeof r.b) r.b_len = sizeof r.b - 1;
    r.c = below(g, 2);
    r.d = below(g, 10) == 0 ? (double)__builtin_nanf("") : (double)below(g, 1000) / 8 - 50;
    r.e = (i128)(int64_t)test_random(&g->seed) * (below(g, 2) ? 1 : 1000000007);
    return r;
}

static bool is_null(const struct row *r, uint32_t column)
{
    return (r->nulls >> column) & 1;
}

/* ---- batches ---- */

struct slots {
    union {
        int64_t i64[VEC_ROWS_MAX];
        int32_t i32[VEC_ROWS_MAX];
        double f64[VEC_ROWS_MAX];
        i128 wide[VEC_ROWS_MAX];
        struct str_view views[VEC_ROWS_MAX];
        uint64_t bits[VEC_WORDS_MAX];
    } v[COLUMNS];
    uint64_t validity[COLUMNS][VEC_WORDS_MAX];
    struct vector vectors[COLUMNS];
};

static void put_slot(struct slots *s, uint32_t at, uint32_t i, uint32_t column, const struct row *r)
{
    bit_put(s->validity[at], i, !is_null(r, column));
    switch (column) {
    case TAG: s->v[at].i64[i] = r->tag; break;
    case K: s->v[at].i64[i] = r->k; break;
    case A: s->v[at].i32[i] = r->a; break;
    case B: s->v[at].views[i] = str_of(r->b, r->b_len); break;
    case C: bit_put(s->v[at].bits, i, r->c); break;
    case D: s->v[at].f64[i] = r->d; break;
    default: s->v[at].wide[i] = r->e; break;
    }
}

static void set_vector(struct slots *s, uint32_t at, uint32_t column, uint32_t n)
{
    s->vectors[at] = (struct vector){.phys = columns[column].type.phys,
                                     .shape = VEC_FLAT,
                                     .rows = n,
                                     .data = &s->v[at],
                                     .validity = s->validity[at]};
}

/* ---- comparing ---- */

static bool same_value(const struct value *v, const struct row *r, uint32_t column)
{
    if (v->is_null || is_null(r, column)) return v->is_null == is_null(r, column);
    switch (column) {
    case TAG: return v->i == r->tag;
    case K: return v->i == r->k;
    case A: return v->i == r->a;
    case B: return v->s.len == r->b_len && memcmp(v->s.data, r->b, r->b_len) == 0;
    case C: return v->b == r->c;
    case D: return memcmp(&v->d, &r->d, sizeof r->d) == 0;
    default: return v->h == r->e;
    }
}

/* The model's row with a tag, by search: tags ascend. */
static uint32_t find_tag(const struct model *m, int64_t tag)
{
    uint32_t low = 0;
    uint32_t high = m->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (m->rows[middle].tag < tag) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert_true(low < m->count && m->rows[low].tag == tag);
    return low;
}

static uint32_t alive_count(const struct model *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->count; i++)
        n += m->rows[i].alive;
    return n;
}

/* Scan and compare; with predicates rows may be missing, but only those that do not meet them. */
static void check_scan(struct game *g, const struct snapshot *snapshot, const struct model *m,
                       const struct scan_predicate *predicate,
                       bool (*meets)(const struct row *, const struct scan_predicate *))
{
    struct test_cx t;
    test_cx_init(&t);
    uint16_t wanted[COLUMNS + 3];
    for (uint16_t i = 0; i < COLUMNS; i++)
        wanted[i] = i;
    wanted[COLUMNS] = SCAN_COLUMN_ROW_ID;
    wanted[COLUMNS + 1] = SCAN_COLUMN_CREATED_BY;
    wanted[COLUMNS + 2] = SCAN_COLUMN_DELETED_BY;
    struct scan_spec spec = {.table = g->table,
                             .reader = READER(snapshot),
                             .columns = wanted,
                             .column_count = COLUMNS + 3,
                             .predicates = predicate,
                             .predicate_count = predicate != NULL};
    uint8_t *seen = calloc(m->count + 1, 1);
    struct scan *scan;
    int64_t last_row = -1;
    uint32_t rows = 0;
    assert_ok(&t, scan_new(&t.cx, &spec, &scan));
    for (uint32_t s = 0; s < scan_segment_count(&spec); s++) {
        bool empty;
        assert_ok(&t, scan_open_segment(&t.cx, scan, s, &empty));
        while (!empty) {
            struct batch batch;
            assert_ok(&t, scan_next(&t.cx, scan, &batch));
            if (batch.rows == 0) break;
            assert_true(batch.live > 0);
            for (uint32_t j = 0; j < batch.live; j++) {
                uint32_t at = batch.sel == NULL ? j : batch.sel[j];
                int64_t tag = vec_value(&batch.columns[TAG], columns[TAG].type, at).i;
                uint32_t i = find_tag(m, tag);
                assert_true(m->rows[i].alive);
                assert_false(seen[i]);
                seen[i] = 1;
                rows++;
                for (uint32_t c = 0; c < COLUMNS; c++) {
                    struct value v = vec_value(&batch.columns[c], columns[c].type, at);
                    if (!same_value(&v, &m->rows[i], c))
                        fail_msg("column %u of row %lld differs", c, (long long)tag);
                }
                struct type id = {.id = TYPE_BIGINT, .phys = PHYS_I64};
                int64_t row_id = vec_value(&batch.columns[COLUMNS], id, at).i;
                assert_true(row_id > last_row);
                assert_int_equal(row_id % g->w.options.segment_rows, batch.first_row + at);
                last_row = row_id;
                int64_t created = vec_value(&batch.columns[COLUMNS + 1], id, at).i;
                assert_true(created > 0 && created <= snapshot->ts);
                if (m == &g->now) g->row_ids[i] = (uint64_t)row_id;
            }
        }
    }
    for (uint32_t i = 0; i < m->count; i++)
        if (m->rows[i].alive && !seen[i]) {
            if (predicate == NULL || meets(&m->rows[i], predicate))
                fail_msg("row %lld is missing", (long long)m->rows[i].tag);
        }
    if (predicate == NULL) assert_int_equal(rows, table_row_count(g->table, READER(snapshot)));
    free(seen);
    test_cx_deinit(&t);
}

static bool meets_a(const struct row *r, const struct scan_predicate *p)
{
    if (p->op == SCAN_IS_NULL) return is_null(r, p->column);
    if (is_null(r, p->column)) return false;
    if (p->op == SCAN_NOT_NULL) return true;
    int order = 0;
    if (p->column == A) order = (r->a > p->value.i) - (r->a < p->value.i);
    if (p->column == TAG) order = (r->tag > p->value.i) - (r->tag < p->value.i);
    if (p->column == E) order = (r->e > p->value.h) - (r->e < p->value.h);
    if (p->column == D) {
        bool x = r->d != r->d;
        bool y = p->value.d != p->value.d;
        order = x || y ? x - y : (r->d > p->value.d) - (r->d < p->value.d);
    }
    if (p->column == B) {
        size_t n = r->b_len < p->value.s.len ? r->b_len : p->value.s.len;
        order = n == 0 ? 0 : memcmp(r->b, p->value.s.data, n);
        if (order == 0) order = (r->b_len > p->value.s.len) - (r->b_len < p->value.s.len);
    }
    switch (p->op) {
    case SCAN_EQ: return order == 0;
    case SCAN_LT: return order < 0;
    case SCAN_LE: return order <= 0;
    case SCAN_GT: return order > 0;
    default: return order >= 0;
    }
}

static void check_predicates(struct game *g, const struct snapshot *snapshot, const struct model *m)
{
    static const uint16_t which[] = {TAG, A, B, D, E};
    struct row r = random_row(g);
    g->next_tag--;
    struct scan_predicate p = {.column = which[below(g, ARRAY_COUNT(which))],
                               .op = (uint8_t)below(g, 7)};
    p.value.type = columns[p.column].type;
    if (p.column == TAG) p.value.i = (int64_t)below(g, (uint32_t)g->next_tag + 1);
    if (p.column == A) p.value.i = r.a;
    if (p.column == B) p.value.s = (struct slice){r.b, r.b_len};
    if (p.column == D) p.value.d = r.d;
    if (p.column == E) p.value.h = r.e;
    check_scan(g, snapshot, m, &p, meets_a);
}

static void check_lookups(struct game *g, const struct snapshot *snapshot, const struct model *m)
{
    struct test_cx t;
    test_cx_init(&t);
    for (uint32_t round = 0; round < 5 && m->count != 0; round++) {
        const struct row *r = &m->rows[below(g, m->count)];
        uint64_t found[400];
        uint32_t count, expected = 0;
        struct value k = {.type = columns[K].type, .i = r->k};
        assert_ok(
            &t, table_key_lookup(&t.cx, g->table, READER(snapshot), KEY_K, &k, found, 400, &count));
        for (uint32_t i = 0; i < m->count; i++)
            expected += m->rows[i].alive && !is_null(&m->rows[i], K) && m->rows[i].k == r->k;
        assert_int_equal(count, expected);
        struct value ba[2] = {{.type = columns[B].type, .s = {r->b, r->b_len}},
                              {.type = columns[A].type, .i = r->a}};
        assert_ok(&t, table_key_lookup(&t.cx, g->table, READER(snapshot), KEY_BA, ba, found, 400,
                                       &count));
        expected = 0;
        for (uint32_t i = 0; i < m->count; i++) {
            const struct row *o = &m->rows[i];
            expected += o->alive && !is_null(o, B) && !is_null(o, A) && o->a == r->a &&
                        o->b_len == r->b_len && memcmp(o->b, r->b, r->b_len) == 0;
        }
        assert_int_equal(count, expected);
        if (count == 0) continue;
        for (uint16_t c = 0; c < COLUMNS; c++) {
            struct vector v, tags;
            assert_ok(&t, table_gather(&t.cx, g->table, READER(snapshot), found, count, c, &v));
            assert_ok(&t,
                      table_gather(&t.cx, g->table, READER(snapshot), found, count, TAG, &tags));
            for (uint32_t i = 0; i < count; i++) {
                struct value tag = vec_value(&tags, columns[TAG].type, i);
                struct value value = vec_value(&v, columns[c].type, i);
                assert_true(same_value(&value, &m->rows[find_tag(m, tag.i)], c));
                if (i > 0) assert_true(found[i - 1] < found[i]);
            }
        }
    }
    test_cx_deinit(&t);
}

static void check_gather(struct game *g, const struct snapshot *snapshot)
{
    struct test_cx t;
    test_cx_init(&t);
    uint64_t ids[300];
    uint32_t which[300];
    uint32_t n = 0;
    for (uint32_t i = 0; i < 300 && g->now.count != 0; i++) {
        uint32_t at = below(g, g->now.count);
        if (!g->now.rows[at].alive) continue;
        which[n] = at;
        ids[n++] = g->row_ids[at];
    }
    for (uint16_t c = 0; c < COLUMNS; c++) {
        struct vector v;
        assert_ok(&t, table_gather(&t.cx, g->table, READER(snapshot), ids, n, c, &v));
        for (uint32_t i = 0; i < n; i++) {
            struct value value = vec_value(&v, columns[c].type, i);
            assert_true(same_value(&value, &g->now.rows[which[i]], c));
        }
    }
    test_cx_deinit(&t);
}

static void check_stats(struct game *g, const struct snapshot *snapshot)
{
    for (uint16_t c = 0; c < COLUMNS; c++) {
        struct column_stats s;
        table_column_stats(g->table, READER(snapshot), c, &s);
        assert_int_equal(s.rows, alive_count(&g->now));
        assert_true(s.distinct >= 1);
        int64_t last = INT64_MIN;
        for (uint32_t i = 0; i < g->now.count; i++) {
            const struct row *r = &g->now.rows[i];
            if (!r->alive) continue;
            if (s.no_nulls) assert_false(is_null(r, c));
            if (is_null(r, c)) continue;
            if (c == TAG && s.ascending) assert_true(r->tag >= last);
            if (c == TAG) last = r->tag;
            if (c == A && s.has_range) assert_true(r->a >= s.min.i && r->a <= s.max.i);
            if (c == E && s.has_range) assert_true(r->e >= s.min.h && r->e <= s.max.h);
        }
    }
}

/* ---- changing ---- */

/* The row of the model with this k that is alive, or -1. */
static int64_t find_k(const struct model *m, int64_t k)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->rows[i].alive && !is_null(&m->rows[i], K) && m->rows[i].k == k) return i;
    return -1;
}

static bool k_is_unique(const struct model *m)
{
    static uint8_t used[1 << 20];
    bool unique = true;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct row *r = &m->rows[i];
        if (!r->alive || is_null(r, K)) continue;
        unique &= used[r->k] == 0;
        used[r->k] = 1;
    }
    for (uint32_t i = 0; i < m->count; i++)
        used[m->rows[i].k] = 0;
    return unique;
}

static void insert(struct game *g, struct write_set *set, uint32_t n, enum write_conflict mode)
{
    struct test_cx t;
    test_cx_init(&t);
    struct slots *s = calloc(1, sizeof *s);
    uint16_t sel[VEC_ROWS_MAX];
    bool with_sel = below(g, 2);
    struct row *made = calloc(n, sizeof *made);
    uint32_t slots = 0;
    for (uint32_t i = 0; i < n; i++) {
        made[i] = random_row(g);
        if (with_sel && slots < VEC_ROWS_MAX - n && below(g, 4) == 0) slots++; /* a dead slot */
        for (uint32_t c = 0; c < COLUMNS; c++)
            put_slot(s, c, slots, c, &made[i]);
        sel[i] = (uint16_t)slots++;
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        set_vector(s, c, c, slots);
    struct batch batch = {.rows = slots,
                          .live = n,
                          .sel = slots == n ? NULL : sel,
                          .column_count = COLUMNS,
                          .columns = s->vectors};
    int64_t counted = 0, expected = 0;
    assert_ok(&t, write_insert(&t.cx, set, g->table, &batch, mode, &counted));
    for (uint32_t i = 0; i < n; i++) {
        int64_t other = is_null(&made[i], K) ? -1 : find_k(&g->now, made[i].k);
        if (other >= 0 && mode == WRITE_IGNORE) continue;
        if (other >= 0 && mode == WRITE_REPLACE) g->now.rows[other].alive = false;
        assert_true(g->now.count < ROWS_MAX);
        g->now.rows[g->now.count++] = made[i];
        expected++;
    }
    assert_int_equal(counted, expected);
    free(made);
    free(s);
    test_cx_deinit(&t);
}

static void delete_some(struct game *g, struct write_set *set, uint32_t n, uint32_t known)
{
    struct test_cx t;
    test_cx_init(&t);
    uint64_t *ids = calloc(n, sizeof *ids);
    uint32_t count = 0;
    int64_t counted = 0, expected = 0;
    for (uint32_t i = 0; i < n && known != 0; i++) {
        uint32_t at = below(g, known);
        if (!g->now.rows[at].alive && below(g, 3)) continue;
        if (g->row_ids[at] == UINT64_MAX) continue; /* dead before */
        ids[count++] = g->row_ids[at];
        expected += g->now.rows[at].alive;
        g->now.rows[at].alive = false;
    }
    assert_ok(&t, write_delete(&t.cx, set, g->table, ids, count, &counted));
    assert_int_equal(counted, expected);
    free(ids);
    test_cx_deinit(&t);
}

static void update_some(struct game *g, struct write_set *set, uint32_t n, uint32_t known)
{
    struct test_cx t;
    test_cx_init(&t);
    struct slots *s = calloc(1, sizeof *s);
    uint64_t ids[VEC_ROWS_MAX];
    uint16_t which[COLUMNS];
    uint32_t width = 0;
    uint32_t count = 0;
    bool run = below(g, 2); /* neighbours, or anywhere */
    uint32_t from = known == 0 ? 0 : below(g, known);
    for (uint16_t c = K; c < COLUMNS; c++)
        if (below(g, 3) == 0) which[width++] = c;
    if (width == 0) which[width++] = A;
    static uint8_t taken[ROWS_MAX];
    memset(taken, 0, sizeof taken);
    struct row *made = calloc(n, sizeof *made); /* the batch points to their texts */
    int64_t counted = 0, expected = 0;
    for (uint32_t i = 0; i < n && known != 0; i++) {
        uint32_t at = run ? from + i : below(g, known);
        if (at >= known || !g->now.rows[at].alive) continue;
        made[i] = random_row(g);
        const struct row r = made[i];
        g->next_tag--;
        for (uint32_t c = 0; c < width; c++)
            put_slot(s, c, count, which[c], &made[i]);
        ids[count++] = g->row_ids[at];
        if (taken[at]) continue; /* named twice: the first values stay */
        taken[at] = 1;
        expected++;
        struct row *into = &g->now.rows[at];
        for (uint32_t c = 0; c < width; c++) {
            into->nulls = (into->nulls & ~(1u << which[c])) | (r.nulls & (1u << which[c]));
            switch (which[c]) {
            case K: into->k = r.k; break;
            case A: into->a = r.a; break;
            case B:
                memcpy(into->b, r.b, sizeof r.b);
                into->b_len = r.b_len;
                break;
            case C: into->c = r.c; break;
            case D: into->d = r.d; break;
            default: into->e = r.e; break;
            }
        }
    }
    for (uint32_t c = 0; c < width; c++)
        set_vector(s, c, which[c], count);
    struct batch batch = {
        .rows = count, .live = count, .column_count = width, .columns = s->vectors};
    assert_ok(&t, write_update(&t.cx, set, g->table, ids, count, which, &batch, &counted));
    assert_int_equal(counted, expected);
    free(made);
    free(s);
    test_cx_deinit(&t);
}

static void hold_or_release(struct game *g)
{
    struct held *h = &g->held[below(g, HELD_MAX)];
    if (h->used) {
        txn_snapshot_end(g->w.manager, &h->snapshot);
        h->used = false;
    } else {
        assert_ok(&g->w.t, txn_snapshot_begin(&g->w.t.cx, g->w.manager, &h->snapshot));
        memcpy(h->model.rows, g->now.rows, g->now.count * sizeof *g->now.rows);
        h->model.count = g->now.count;
        h->used = true;
    }
}

static void step(struct game *g, uint32_t size)
{
    struct test_cx t;
    test_cx_init(&t);
    struct snapshot snapshot;
    struct write_set *set;
    struct row *before = malloc((g->now.count + 1) * sizeof *before);
    uint32_t known = g->now.count;
    memcpy(before, g->now.rows, known * sizeof *before);
    for (uint32_t i = 0; i < known; i++)
        g->row_ids[i] = UINT64_MAX;
    assert_ok(&t, txn_snapshot_begin(&t.cx, g->w.manager, &snapshot));
    check_scan(g, &snapshot, &g->now, NULL, NULL);
    assert_ok(&t, write_set_new(&t.cx, g->w.manager, &snapshot, TXN_ID_AUTO_COMMIT, &set));
    uint32_t kind = below(g, 10);
    uint32_t n = 1 + below(g, size);
    if (g->now.count + size >= ROWS_MAX) kind = 8;
    bool wide = below(g, 2); /* fresh keys, or likely collisions */
    g->key_range = wide ? 1000000 : 500;
    if (kind < 4) {
        insert(g, set, n, WRITE_ABORT);
    } else if (kind == 4) {
        insert(g, set, n, WRITE_REPLACE);
    } else if (kind == 5) {
        insert(g, set, n, WRITE_IGNORE);
    }
    if (kind >= 6 || below(g, 4) == 0) update_some(g, set, 1 + below(g, n), known);
    if (kind >= 8 || below(g, 4) == 0) delete_some(g, set, 1 + below(g, n), known);
    llkv_code rc = write_set_commit(&t.cx, set);
    if (k_is_unique(&g->now)) {
        assert_ok(&t, rc);
    } else {
        assert_int_equal(rc, LLKV_CONSTRAINT);
        assert_string_equal(t.error.sqlstate, "23505");
    }
    if (rc != LLKV_OK) {
        memcpy(g->now.rows, before, known * sizeof *before);
        g->now.count = known;
    }
    write_set_free(set);
    txn_snapshot_end(g->w.manager, &snapshot);
    free(before);
    test_cx_deinit(&t);
}

static void look(struct game *g)
{
    struct test_cx t;
    test_cx_init(&t);
    struct snapshot snapshot;
    assert_ok(&t, txn_snapshot_begin(&t.cx, g->w.manager, &snapshot));
    check_scan(g, &snapshot, &g->now, NULL, NULL);
    check_gather(g, &snapshot);
    check_stats(g, &snapshot);
    check_lookups(g, &snapshot, &g->now);
    for (uint32_t i = 0; i < 6; i++)
        check_predicates(g, &snapshot, &g->now);
    txn_snapshot_end(g->w.manager, &snapshot);
    struct held *h = &g->held[below(g, HELD_MAX)];
    if (h->used) {
        check_scan(g, &h->snapshot, &h->model, NULL, NULL);
        check_lookups(g, &h->snapshot, &h->model);
        for (uint32_t i = 0; i < 3; i++)
            check_predicates(g, &h->snapshot, &h->model);
    }
    assert_ok(&t, table_check(&t.cx, g->table));
    test_cx_deinit(&t);
}

/* ---- checkpoints ---- */

/* Write the table as of a snapshot, or (`fail`) give the checkpoint up before its root is
 * published.
 */
static void checkpoint_at(struct game *g, const struct snapshot *snapshot, bool fail)
{
    struct test_cx t;
    struct blob_sink sink;
    struct stored_image *image;
    test_cx_init(&t);
    blob_sink_init(&sink, NULL, g->w.pager);
    assert_ok(&t, table_checkpoint(&t.cx, g->table, &sink, snapshot->ts, &image));
    assert_ok(&t, blob_sink_finish(&t.cx, &sink));
    if (fail) {
        stored_image_free(image);
        blob_sink_discard(&sink);
    } else if (image != NULL) {
        table_checkpoint_apply(g->table, image, &sink);
    }
    assert_ok(&t, table_fold(&t.cx, g->table));
    blob_sink_deinit(&sink);
    test_cx_deinit(&t);
}

static void checkpoint(struct game *g, bool fail)
{
    struct snapshot snapshot;
    assert_ok(&g->w.t, txn_snapshot_begin(&g->w.t.cx, g->w.manager, &snapshot));
    checkpoint_at(g, &snapshot, fail);
    txn_snapshot_end(g->w.manager, &snapshot);
}

static struct table *restore(struct game *g)
{
    struct test_cx t;
    struct table *table;
    test_cx_init(&t);
    struct table_def def = {
        .name = "t", .column_count = COLUMNS, .columns = columns, .key_count = KEYS, .keys = keys};
    assert_ok(&t, table_restore(&t.cx, g->w.manager, g->w.pager, &g->w.options, &def,
                                table_stored_ref(g->table), &table));
    assert_ok(&t, table_load(&t.cx, table));
    test_cx_deinit(&t);
    return table;
}

/* The state of a snapshot, which others have changed since. */
static void store_older(struct game *g, const struct held *h)
{
    struct table *now = g->table;
    if (store_changed_ts(now->store, h->snapshot.ts) < 0) return;
    if (now->store->stored != NULL && now->store->stored->ts > h->snapshot.ts) return;
    checkpoint_at(g, &h->snapshot, false);
    g->table = restore(g);
    check_scan(g, &h->snapshot, &h->model, NULL, NULL);
    check_lookups(g, &h->snapshot, &h->model);
    assert_ok(&g->w.t, table_check(&g->w.t.cx, g->table));
    table_free(g->table);
    g->table = now;
}

/* Store, and look at what comes back; sometimes go on with that. */
static void store_and_look(struct game *g)
{
    const struct held *h = &g->held[below(g, HELD_MAX)];
    if (h->used) store_older(g, h);
    checkpoint(g, below(g, 5) == 0);
    look(g);
    if (below(g, 3) != 0) return;
    checkpoint(g, false);
    struct table *before = g->table;
    bool used[HELD_MAX];
    bool stay = below(g, 3) == 0;
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        used[i] = g->held[i].used;
        if (used[i] && stay) txn_snapshot_end(g->w.manager, &g->held[i].snapshot);
        g->held[i].used = false; /* older than what was loaded */
    }
    g->table = restore(g);
    look(g);
    if (stay) {
        table_free(before);
        return;
    }
    table_free(g->table);
    g->table = before;
    for (uint32_t i = 0; i < HELD_MAX; i++)
        g->held[i].used = used[i];
}

static void play(uint32_t segment_rows, uint32_t vector_rows, uint64_t seed, uint32_t steps,
                 uint32_t size)
{
    int64_t used = mem_used_bytes();
    struct game g;
    game_init(&g, segment_rows, vector_rows, seed);
    for (uint32_t i = 0; i < steps; i++) {
        step(&g, size);
        if (below(&g, 4) == 0) hold_or_release(&g);
        if (below(&g, 5) == 0) look(&g);
        if (below(&g, 6) == 0) store_and_look(&g);
    }
    look(&g);
    game_deinit(&g);
    assert_int_equal(mem_used_bytes(), used);
}

static void small_units(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++)
        play(64, 8, seed * 7919, 120, 60);
    for (uint64_t seed = 1; seed <= 8; seed++)
        play(64, 8, seed * 6007, 80, 300);
}

static void middle_units(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        play(256, 64, seed * 104729, 100, 200);
}

static void single_rows(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        play(64, 8, seed * 31337, 300, 2);
}

static void default_units(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        play(65536, 2048, seed * 15485863, 40, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_units),
        cmocka_unit_test(middle_units),
        cmocka_unit_test(single_rows),
        cmocka_unit_test(default_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
