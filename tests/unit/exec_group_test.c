/* Groups against a list of groups: every strategy, NULL keys, DISTINCT, FILTER, ORDER BY inside of
 * aggregates, promises about ranges that do not hold, one to four threads. */
#include "exec_testing.h"

enum { ROWS = 1000, COLUMNS = 4 };

/* Columns: k BIGINT, t VARCHAR, v BIGINT, d DOUBLE. */
struct data {
    struct value rows[ROWS][COLUMNS];
    uint32_t count;
};

static const char *const texts[] = {"x", "yy",           "a text of more than twelve bytes",
                                    "",  "zzzzzzzzzzzz", "a text of more than twelve bytes!"};

static void data_make(struct data *data, uint64_t seed, uint32_t keys, uint32_t null_in)
{
    data->count = ROWS;
    for (uint32_t r = 0; r < ROWS; r++) {
        struct value *row = data->rows[r];
        row[0] = lab_int((int64_t)(lab_random(&seed) % keys) - 3);
        row[1] = lab_text(texts[lab_random(&seed) % 6]);
        row[2] = lab_int((int64_t)(lab_random(&seed) % 50));
        row[3] = lab_double((double)(lab_random(&seed) % 64) / 4);
        for (uint32_t c = 0; c < COLUMNS; c++)
            if (null_in != 0 && lab_random(&seed) % null_in == 0) {
                row[c].is_null = true;
                row[c].i = 0;
            }
    }
}

static struct value data_fill(void *arg, uint32_t row, uint32_t column)
{
    const struct data *data = arg;
    return data->rows[row][column];
}

static struct table *data_table(struct lab *lab, struct data *data)
{
    static const enum type_id types[] = {TYPE_BIGINT, TYPE_VARCHAR, TYPE_BIGINT, TYPE_DOUBLE};
    return lab_table(lab, types, COLUMNS, data->count, data_fill, data);
}

/* ---- the model: groups in the order they are met ---- */
struct group {
    struct value keys[2];
    int64_t rows, count, sum, filtered, distinct;
    struct value min, max, first;
    double total;
    bool seen[64];
    uint32_t members[ROWS], member_count;
};
struct groups {
    struct group *items;
    uint32_t count;
};

static bool same(const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null) return a->is_null && b->is_null;
    return a->type.phys == PHYS_VIEW ? slice_equal(a->s, b->s) : a->i == b->i;
}

static void group_add(struct group *g, const struct value *row, uint32_t number)
{
    if (g->rows == 0) {
        g->min = g->max = lab_null(TYPE_BIGINT);
        g->first = row[1];
    }
    g->rows++;
    g->members[g->member_count++] = number;
    if (!row[3].is_null) g->total += row[3].d;
    if (row[2].is_null) return;
    g->count++;
    g->sum += row[2].i;
    g->filtered += row[2].i < 25 ? row[2].i : 0;
    if (!g->seen[row[2].i]) g->distinct++;
    g->seen[row[2].i] = true;
    if (g->min.is_null || row[2].i < g->min.i) g->min = row[2];
    if (g->max.is_null || row[2].i > g->max.i) g->max = row[2];
}

static struct groups model(const struct data *data, uint32_t key_count, const uint32_t *keys)
{
    struct groups all = {calloc(ROWS + 1, sizeof(struct group)), 0};
    assert_non_null(all.items);
    if (key_count == 0) {
        all.count = 1;
        all.items[0].min = all.items[0].max = lab_null(TYPE_BIGINT);
    }
    for (uint32_t r = 0; r < data->count; r++) {
        const struct value *row = data->rows[r];
        uint32_t g = 0;
        for (; g < all.count; g++) {
            bool equal = true;
            for (uint32_t k = 0; k < key_count; k++)
                equal &= same(&all.items[g].keys[k], &row[keys[k]]);
            if (equal) break;
        }
        if (g == all.count) {
            all.count++;
            for (uint32_t k = 0; k < key_count; k++)
                all.items[g].keys[k] = row[keys[k]];
        }
        group_add(&all.items[g], row, r);
    }
    return all;
}

/* ---- the plan: count(*), count(v), sum(v), min, max, sum(v) filter (v < 25), sum(d) and more ----
 */
enum { BASE_AGGS = 7 };

static struct pnode_group *group_plan(struct lab *lab, const struct pnode *child,
                                      uint32_t key_count, const uint32_t *keys, uint32_t agg_count)
{
    struct pnode_group *g = lab_node(lab, POP_GROUP, sizeof *g, key_count + agg_count);
    const struct expr **list = lab_new(lab, (key_count + 1) * sizeof *list);
    struct pagg *aggs = lab_new(lab, (agg_count + 1) * sizeof *aggs);
    for (uint32_t k = 0; k < key_count; k++) {
        list[k] = lab_column(lab, child, keys[k]);
        lab_type(&g->base, k, list[k]->type);
    }
    g->keys = list;
    g->key_count = key_count;
    g->aggs = aggs;
    g->agg_count = agg_count;
    g->strategy = key_count == 0 ? PGROUP_PLAIN : PGROUP_HASH;
    g->row_of_agg = -1;
    lab_child(&g->base, child, NULL);
    return g;
}

static struct pagg *agg_set(struct lab *lab, struct pnode_group *g, uint32_t i, enum agg_op op,
                            const struct expr *arg, enum type_id type)
{
    struct pagg *aggs;
    memcpy(&aggs, &g->aggs, sizeof aggs);
    aggs[i] = (struct pagg){.op = (uint8_t)op, .arg = arg, .type = type_of(type)};
    lab_type(&g->base, g->key_count + i, aggs[i].type);
    (void)lab;
    return &aggs[i];
}

static void base_aggs(struct lab *lab, struct pnode_group *g, const struct pnode *child)
{
    const struct expr *v = lab_column(lab, child, 2);
    agg_set(lab, g, 0, AGG_COUNT_STAR, NULL, TYPE_BIGINT);
    agg_set(lab, g, 1, AGG_COUNT, v, TYPE_BIGINT);
    agg_set(lab, g, 2, AGG_SUM, v, TYPE_BIGINT);
    agg_set(lab, g, 3, AGG_MIN, v, TYPE_BIGINT);
    agg_set(lab, g, 4, AGG_MAX, v, TYPE_BIGINT);
    agg_set(lab, g, 5, AGG_SUM, v, TYPE_BIGINT)->filter =
        lab_compare(lab, CMP_LT, v, lab_const(lab, lab_int(25)));
    agg_set(lab, g, 6, AGG_TOTAL, lab_column(lab, child, 3), TYPE_DOUBLE);
}

static void base_line(const struct group *g, uint32_t key_count, struct lines *out)
{
    struct value v[2 + BASE_AGGS];
    uint32_t n = 0;
    bool low = false;
    for (uint32_t i = 0; i < 25; i++)
        low |= g->seen[i];
    for (uint32_t k = 0; k < key_count; k++)
        v[n++] = g->keys[k];
    v[n++] = lab_int(g->rows);
    v[n++] = lab_int(g->count);
    v[n++] = g->count == 0 ? lab_null(TYPE_BIGINT) : lab_int(g->sum);
    v[n++] = g->min;
    v[n++] = g->max;
    v[n++] = low ? lab_int(g->filtered) : lab_null(TYPE_BIGINT);
    v[n++] = lab_double(g->total);
    lines_add(out, v, n);
}

static const uint32_t key_sets[][2] = {{0, 0}, {1, 0}, {0, 1}, {0, 2}};
static const uint32_t key_counts[] = {1, 1, 2, 2};

static void check_hash(uint32_t keys, uint32_t null_in)
{
    struct lab lab;
    struct data *data = calloc(1, sizeof *data);
    lab_init(&lab);
    data_make(data, keys, keys, null_in);
    struct table *table = data_table(&lab, data);
    for (uint32_t set = 0; set < 4; set++) {
        const struct pnode *scan = &lab_scan(&lab, table, false)->base;
        struct pnode_group *g = group_plan(&lab, scan, key_counts[set], key_sets[set], BASE_AGGS);
        base_aggs(&lab, g, scan);
        struct groups all = model(data, key_counts[set], key_sets[set]);
        struct lines want = {0};
        for (uint32_t i = 0; i < all.count; i++)
            base_line(&all.items[i], key_counts[set], &want);
        lab_expect(&lab, &g->base, &want, true, "hash");
        free(all.items);
    }
    lab_deinit(&lab);
    free(data);
}

static void test_hash(void **state)
{
    (void)state;
    check_hash(5, 0);
    check_hash(5, 7);
    check_hash(700, 11);
}

static void test_plain(void **state)
{
    (void)state;
    struct data *data = calloc(1, sizeof *data);
    for (uint32_t empty = 0; empty < 2; empty++) {
        struct lab lab;
        lab_init(&lab);
        data_make(data, 17, 9, 5);
        if (empty) data->count = 0;
        struct table *table = data_table(&lab, data);
        const struct pnode *scan = &lab_scan(&lab, table, false)->base;
        struct pnode_group *g = group_plan(&lab, scan, 0, NULL, BASE_AGGS);
        base_aggs(&lab, g, scan);
        struct groups all = model(data, 0, NULL);
        struct lines want = {0};
        base_line(&all.items[0], 0, &want);
        lab_expect(&lab, &g->base, &want, true, "plain");
        struct pnode_group *rows = group_plan(&lab, scan, 0, NULL, 1);
        agg_set(&lab, rows, 0, AGG_COUNT_STAR, NULL, TYPE_BIGINT);
        const struct value count = lab_int(data->count);
        lines_add(&want, &count, 1);
        lab_expect(&lab, &rows->base, &want, true, "count(*)");
        free(all.items);
        lab_deinit(&lab);
    }
    free(data);
}

/* The promise about the range of k: right, and too narrow, which must not show. */
static void test_direct(void **state)
{
    (void)state;
    static const uint32_t keys[] = {0, 2};
    struct data *data = calloc(1, sizeof *data);
    for (uint32_t narrow = 0; narrow < 2; narrow++) {
        for (uint32_t key_count = 1; key_count <= 2; key_count++) {
            struct lab lab;
            lab_init(&lab);
            data_make(data, 23, 20, 6);
            struct table *table = data_table(&lab, data);
            const struct pnode *scan = &lab_scan(&lab, table, false)->base;
            struct pnode_group *g = group_plan(&lab, scan, key_count, keys, BASE_AGGS);
            const struct pgroup_range ranges[2] = {{-3, narrow ? 15 : 16}, {0, 49}};
            g->strategy = PGROUP_DIRECT;
            g->ranges = ranges;
            base_aggs(&lab, g, scan);
            struct groups all = model(data, key_count, keys);
            struct lines want = {0};
            for (uint32_t i = 0; i < all.count; i++)
                base_line(&all.items[i], key_count, &want);
            lab_expect(&lab, &g->base, &want, false, narrow ? "direct, narrow" : "direct");
            free(all.items);
            lab_deinit(&lab);
        }
    }
    free(data);
}

static const struct data *sorting;
static int by_text_then_value(const void *a, const void *b)
{
    const struct value *x = sorting->rows[*(const uint32_t *)a];
    const struct value *y = sorting->rows[*(const uint32_t *)b];
    if (x[2].is_null != y[2].is_null) return x[2].is_null ? 1 : -1;
    if (!x[2].is_null && x[2].i != y[2].i) return x[2].i > y[2].i ? -1 : 1;
    return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* count(DISTINCT v), first(t), group_concat(t ORDER BY v DESC NULLS LAST), by k. */
static void check_special(uint32_t key_count)
{
    static const uint32_t keys[] = {0};
    struct lab lab;
    struct data *data = calloc(1, sizeof *data);
    lab_init(&lab);
    data_make(data, 31, 300, 6);
    if (key_count == 0) data->count = 30;
    struct table *table = data_table(&lab, data);
    const struct pnode *scan = &lab_scan(&lab, table, false)->base;
    struct pnode_group *g = group_plan(&lab, scan, key_count, keys, 4);
    agg_set(&lab, g, 0, AGG_COUNT, lab_column(&lab, scan, 2), TYPE_BIGINT)->distinct = true;
    agg_set(&lab, g, 1, AGG_FIRST, lab_column(&lab, scan, 1), TYPE_VARCHAR);
    struct pagg *concat =
        agg_set(&lab, g, 2, AGG_GROUP_CONCAT, lab_column(&lab, scan, 1), TYPE_VARCHAR);
    const struct psort_key order = {lab_column(&lab, scan, 2), true, false};
    concat->separator = SLICE("+");
    concat->order = &order;
    concat->order_count = 1;
    agg_set(&lab, g, 3, AGG_AVG, lab_column(&lab, scan, 2), TYPE_DOUBLE);
    struct groups all = model(data, key_count, keys);
    struct lines want = {0};
    sorting = data;
    for (uint32_t i = 0; i < all.count; i++) {
        struct group *m = &all.items[i];
        char text[4096] = "";
        bool any = false;
        qsort(m->members, m->member_count, sizeof *m->members, by_text_then_value);
        for (uint32_t j = 0; j < m->member_count; j++) {
            const struct value *t = &data->rows[m->members[j]][1];
            if (t->is_null) continue;
            const size_t at = strlen(text);
            snprintf(text + at, sizeof text - at, "%s%.*s", any ? "+" : "", SLICE_ARG(t->s));
            any = true;
        }
        const struct value avg =
            m->count == 0 ? lab_null(TYPE_DOUBLE) : lab_double((double)m->sum / (double)m->count);
        const struct value v[] = {m->keys[0], lab_int(m->distinct), m->first,
                                  any ? lab_text(text) : lab_null(TYPE_VARCHAR), avg};
        lines_add(&want, key_count == 0 ? v + 1 : v, key_count == 0 ? 4 : 5);
    }
    lab_expect(&lab, &g->base, &want, true, "special");
    free(all.items);
    lab_deinit(&lab);
    free(data);
}

static void test_special(void **state)
{
    (void)state;
    check_special(0);
    check_special(1);
}

/* sqlite_compat: next to max(v), t is that of the row with the maximum. */
static void test_row_of(void **state)
{
    (void)state;
    static const uint32_t keys[] = {0};
    struct lab lab;
    struct data *data = calloc(1, sizeof *data);
    lab_init(&lab);
    data_make(data, 41, 200, 4);
    struct table *table = data_table(&lab, data);
    const struct pnode *scan = &lab_scan(&lab, table, false)->base;
    struct pnode_group *g = group_plan(&lab, scan, 1, keys, 2);
    agg_set(&lab, g, 0, AGG_ANY, lab_column(&lab, scan, 1), TYPE_VARCHAR);
    agg_set(&lab, g, 1, AGG_MAX, lab_column(&lab, scan, 2), TYPE_BIGINT);
    g->row_of_agg = 1;
    struct groups all = model(data, 1, keys);
    struct lines want = {0};
    for (uint32_t i = 0; i < all.count; i++) {
        const struct group *m = &all.items[i];
        uint32_t best = m->members[0];
        for (uint32_t j = 1; j < m->member_count; j++) {
            const struct value *v = &data->rows[m->members[j]][2], *b = &data->rows[best][2];
            if (!v->is_null && (b->is_null || v->i > b->i)) best = m->members[j];
        }
        const struct value v[] = {m->keys[0], data->rows[best][1], m->max};
        lines_add(&want, v, 3);
    }
    lab_expect(&lab, &g->base, &want, true, "row of");
    free(all.items);
    lab_deinit(&lab);
    free(data);
}

/* A sum that does not fit its type. */
static void test_overflow(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct data *data = calloc(1, sizeof *data);
    data_make(data, 43, 3, 0);
    for (uint32_t r = 0; r < ROWS; r++)
        data->rows[r][2].i = INT64_MAX / 2;
    struct table *table = data_table(&lab, data);
    const struct pnode *scan = &lab_scan(&lab, table, false)->base;
    struct pnode_group *g = group_plan(&lab, scan, 0, NULL, 1);
    agg_set(&lab, g, 0, AGG_SUM, lab_column(&lab, scan, 2), TYPE_BIGINT);
    for (uint32_t threads = 1; threads <= 4; threads *= 2) {
        struct lines got = lab_run_with(&lab, &g->base, threads, NULL);
        assert_int_equal(lab.rc, LLKV_OVERFLOW);
        assert_string_equal(lab.error.sqlstate, "22003");
        lines_free(&got);
    }
    lab_deinit(&lab);
    free(data);
}

/* DISTINCT: keys and nothing else. */
static void test_distinct(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct data *data = calloc(1, sizeof *data);
    data_make(data, 47, 30, 9);
    struct table *table = data_table(&lab, data);
    const struct pnode *scan = &lab_scan(&lab, table, false)->base;
    struct pnode_group *g = group_plan(&lab, scan, 2, key_sets[2], 0);
    struct groups all = model(data, 2, key_sets[2]);
    struct lines want = {0};
    for (uint32_t i = 0; i < all.count; i++)
        lines_add(&want, all.items[i].keys, 2);
    lab_expect(&lab, &g->base, &want, true, "distinct");
    free(all.items);
    lab_deinit(&lab);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),     cmocka_unit_test(test_plain),
        cmocka_unit_test(test_direct),   cmocka_unit_test(test_special),
        cmocka_unit_test(test_row_of),   cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
