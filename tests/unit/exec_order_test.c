/* Rows in order and sets of rows: sort with ties, NULLs and wide keys, top-N, limit, union,
 * intersect, except, values, ranges, shared subplans, scalar subqueries run before. */
#include "exec_testing.h"

enum { ROWS = 900, COLUMNS = 4 };

/* Columns: id BIGINT, a BIGINT, t VARCHAR, d DOUBLE. */
struct data {
    struct value rows[ROWS][COLUMNS];
    uint32_t count;
};

static const char *const texts[] = {
    "b", "a", "abcdefgh", "abcdefghi", "abcdefgh, and a long rest 1", "abcdefgh, and a long rest 2",
    ""};

static void data_make(struct data *data, uint64_t seed, uint32_t count, int64_t values,
                      uint32_t null_in)
{
    data->count = count;
    for (uint32_t r = 0; r < count; r++) {
        struct value *row = data->rows[r];
        row[0] = lab_int(r);
        row[1] = lab_int((int64_t)(lab_random(&seed) % (uint64_t)values) - values / 2);
        if (values > 1000000) row[1].i *= INT64_C(3000000000);
        row[2] = lab_text(texts[lab_random(&seed) % 7]);
        row[3] = lab_double(((double)(lab_random(&seed) % 41) - 20) / 4);
        for (uint32_t c = 1; c < COLUMNS; c++)
            if (null_in != 0 && lab_random(&seed) % null_in == 0) row[c].is_null = true;
    }
}

static struct value data_fill(void *arg, uint32_t row, uint32_t column)
{
    const struct data *data = arg;
    return data->rows[row][column];
}

static struct table *data_table(struct lab *lab, struct data *data)
{
    static const enum type_id types[] = {TYPE_BIGINT, TYPE_BIGINT, TYPE_VARCHAR, TYPE_DOUBLE};
    return lab_table(lab, types, COLUMNS, data->count, data_fill, data);
}

/* ---- sorting ---- */
struct order {
    uint32_t count;
    struct {
        uint32_t column;
        bool descending, nulls_first;
    } keys[3];
};
static const struct data *sorting;
static const struct order *sort_order;

static int compare_values(const struct value *x, const struct value *y)
{
    if (x->type.phys == PHYS_VIEW) {
        const size_t n = x->s.len < y->s.len ? x->s.len : y->s.len;
        const int order = n == 0 ? 0 : memcmp(x->s.data, y->s.data, n);
        return order != 0 ? order : (x->s.len > y->s.len) - (x->s.len < y->s.len);
    }
    if (x->type.phys == PHYS_F64) return (x->d > y->d) - (x->d < y->d);
    return (x->i > y->i) - (x->i < y->i);
}

static int compare_rows(const void *a, const void *b)
{
    const uint32_t m = *(const uint32_t *)a, n = *(const uint32_t *)b;
    for (uint32_t k = 0; k < sort_order->count; k++) {
        const uint32_t c = sort_order->keys[k].column;
        const struct value *x = &sorting->rows[m][c], *y = &sorting->rows[n][c];
        if (x->is_null && y->is_null) continue;
        if (x->is_null || y->is_null) return x->is_null == sort_order->keys[k].nulls_first ? -1 : 1;
        const int order = compare_values(x, y);
        if (order != 0) return sort_order->keys[k].descending ? -order : order;
    }
    return m < n ? -1 : 1;
}

static const struct order orders[] = {
    {1, {{1, false, false}}},
    {1, {{1, true, true}}},
    {1, {{2, false, true}}},
    {1, {{3, true, false}}},
    {2, {{2, true, false}, {3, false, true}}},
    {3, {{3, false, false}, {1, true, true}, {2, false, false}}},
    {3, {{1, false, true}, {2, true, true}, {3, true, true}}},
    {0, {{0, false, false}}},
};

static struct pnode *sort_plan(struct lab *lab, const struct pnode *child, const struct order *o,
                               int64_t top, bool computed)
{
    struct pnode_sort *s = lab_same(lab, POP_SORT, sizeof *s, child);
    struct psort_key *keys = lab_new(lab, 4 * sizeof *keys);
    for (uint32_t k = 0; k < o->count; k++) {
        keys[k] = (struct psort_key){lab_column(lab, child, o->keys[k].column),
                                     o->keys[k].descending, o->keys[k].nulls_first};
        if (computed && o->keys[k].column == 1)
            keys[k].expr =
                lab_binary(lab, EXPR_ARITH, ARITH_ADD, keys[k].expr, lab_const(lab, lab_int(1)));
    }
    s->keys = keys;
    s->key_count = o->count;
    s->top = top;
    return &s->base;
}

static void check_sorts(struct data *data)
{
    static uint32_t rows[ROWS];
    static const int64_t tops[] = {INT64_MAX, 1, 7, 100, 5000};
    struct lab lab;
    lab_init(&lab);
    struct table *table = data_table(&lab, data);
    for (uint32_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        for (uint32_t t = 0; t < 10; t++) {
            const struct pnode *scan = &lab_scan(&lab, table, false)->base;
            const struct pnode *plan = sort_plan(&lab, scan, &orders[o], tops[t % 5], t >= 5);
            struct lines want = {0};
            sorting = data;
            sort_order = &orders[o];
            for (uint32_t r = 0; r < data->count; r++)
                rows[r] = r;
            qsort(rows, data->count, sizeof *rows, compare_rows);
            for (uint32_t r = 0; r < data->count && r < tops[t % 5]; r++)
                lines_add(&want, data->rows[rows[r]], COLUMNS);
            lab_expect(&lab, plan, &want, true, "sort");
        }
    }
    lab_deinit(&lab);
}

static void test_sort(void **state)
{
    (void)state;
    struct data *data = calloc(1, sizeof *data);
    data_make(data, 1, ROWS, 30, 8);
    check_sorts(data);
    data_make(data, 2, ROWS, 2000000000, 0);
    check_sorts(data);
    data_make(data, 3, ROWS, INT64_C(1) << 31, 5);
    check_sorts(data);
    data_make(data, 4, 20, 5, 4);
    check_sorts(data);
    data_make(data, 5, 200, 5, 4);
    check_sorts(data);
    data_make(data, 6, 0, 5, 4);
    check_sorts(data);
    free(data);
}

/* Enough rows for several cuts of a top-N: 20,000 numbers out of a range, the last come first. */
static void test_top_of_many(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct pnode_range *r = lab_node(&lab, POP_RANGE, sizeof *r, 1);
    lab_type(&r->base, 0, type_of(TYPE_BIGINT));
    r->start = lab_const(&lab, lab_int(0));
    r->stop = lab_const(&lab, lab_int(300000));
    r->step = lab_const(&lab, lab_int(1));
    const struct order o = {1, {{0, true, false}}};
    struct lines want = {0};
    for (int64_t i = 0; i < 10; i++) {
        const struct value v = lab_int(299999 - i);
        lines_add(&want, &v, 1);
    }
    lab_expect(&lab, sort_plan(&lab, &r->base, &o, 10, false), &want, true, "top of many");
    lab_deinit(&lab);
}

/* ---- limit ---- */
static void test_limit(void **state)
{
    (void)state;
    struct data *data = calloc(1, sizeof *data);
    struct lab lab;
    lab_init(&lab);
    data_make(data, 11, 300, 10, 0);
    struct table *table = data_table(&lab, data);
    for (int64_t limit = -1; limit < 320; limit = limit * 2 + 3) {
        for (int64_t offset = 0; offset < 320; offset = offset * 3 + 1) {
            const struct pnode *scan = &lab_scan(&lab, table, false)->base;
            const struct pnode *odd = lab_where(
                &lab, scan,
                lab_compare(&lab, CMP_GE, lab_column(&lab, scan, 1), lab_const(&lab, lab_int(0))));
            struct lines want = {0};
            int64_t at = 0;
            for (uint32_t r = 0; r < data->count; r++) {
                if (data->rows[r][1].i < 0) continue;
                if (at >= offset && (limit < 0 || at < offset + limit))
                    lines_add(&want, data->rows[r], COLUMNS);
                at++;
            }
            lab_expect(&lab, lab_limit(&lab, odd, limit, offset), &want, true, "limit");
        }
    }
    struct pnode *bad = lab_limit(&lab, &lab_scan(&lab, table, false)->base, 1, 0);
    ((struct pnode_limit *)(void *)bad)->limit = lab_const(&lab, lab_int(-1));
    struct lines got = lab_run_with(&lab, bad, 1, NULL);
    assert_int_equal(lab.rc, LLKV_DATA);
    assert_string_equal(lab.error.sqlstate, "2201W");
    lines_free(&got);
    lab_deinit(&lab);
    free(data);
}

/* ---- sets ---- */
/* Two columns of the table, a and t, of the rows with id % step == 0. */
static const struct pnode *two_columns(struct lab *lab, struct table *table)
{
    const struct pnode *scan = &lab_scan(lab, table, false)->base;
    return lab_project(lab, scan, 2,
                       lab_list(lab, 2, lab_column(lab, scan, 1), lab_column(lab, scan, 2)));
}

static bool same(const struct value *a, const struct value *b)
{
    for (uint32_t c = 1; c < 3; c++) {
        if (a[c].is_null != b[c].is_null) return false;
        if (!a[c].is_null && compare_values(&a[c], &b[c]) != 0) return false;
    }
    return true;
}

static void model_set(const struct data *l, const struct data *r, uint8_t kind, bool all,
                      struct lines *out)
{
    bool used[ROWS] = {false};
    for (uint32_t i = 0; i < l->count; i++) {
        bool before = false, found = false;
        for (uint32_t k = 0; k < i && !all; k++)
            before |= same(l->rows[k], l->rows[i]);
        for (uint32_t j = 0; j < r->count && !found; j++) {
            if (used[j] || !same(l->rows[i], r->rows[j])) continue;
            found = true;
            used[j] = all;
        }
        if (!before && found == (kind == PSET_INTERSECT)) lines_add(out, l->rows[i] + 1, 2);
    }
}

static void test_sets(void **state)
{
    (void)state;
    struct data *l = calloc(1, sizeof *l), *r = calloc(1, sizeof *r);
    struct lab lab;
    lab_init(&lab);
    data_make(l, 21, 500, 40, 6);
    data_make(r, 22, 200, 40, 6);
    struct table *lt = data_table(&lab, l), *rt = data_table(&lab, r);
    for (uint8_t kind = PSET_INTERSECT; kind <= PSET_EXCEPT; kind++) {
        for (uint32_t all = 0; all < 2; all++) {
            const struct pnode *a = two_columns(&lab, lt), *b = two_columns(&lab, rt);
            struct pnode_set *s = lab_same(&lab, POP_SET, sizeof *s, a);
            s->kind = kind;
            s->all = all != 0;
            lab_child(&s->base, a, b);
            struct lines want = {0};
            model_set(l, r, kind, all != 0, &want);
            lab_expect(&lab, &s->base, &want, true, "set operation");
        }
    }
    lab_deinit(&lab);
    free(l);
    free(r);
}

static struct pnode *union_plan(struct lab *lab, const struct pnode *a, const struct pnode *b)
{
    struct pnode_union *u = lab_node(lab, POP_UNION_ALL, sizeof *u, a->out_count);
    for (uint32_t i = 0; i < a->out_count; i++)
        lab_type(&u->base, i, a->out_types[i]);
    lab_child(&u->base, a, b);
    return &u->base;
}

/* UNION ALL of three, also below a sort that drains it in parallel. */
static void test_union(void **state)
{
    (void)state;
    struct data *data = calloc(1, sizeof *data);
    struct lab lab;
    lab_init(&lab);
    data_make(data, 31, 400, 40, 6);
    struct table *table = data_table(&lab, data);
    const struct pnode *a = &lab_scan(&lab, table, false)->base;
    const struct pnode *b = &lab_scan(&lab, table, false)->base;
    const struct pnode *c = &lab_scan(&lab, table, false)->base;
    const struct pnode *plan = union_plan(&lab, a, union_plan(&lab, b, c));
    struct lines want = {0};
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t r = 0; r < data->count; r++)
            lines_add(&want, data->rows[r], COLUMNS);
    lab_expect(&lab, plan, &want, true, "union all");
    const struct order none = {0, {{0, false, false}}};
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t r = 0; r < data->count; r++)
            lines_add(&want, data->rows[r], COLUMNS);
    lab_expect(&lab, sort_plan(&lab, plan, &none, INT64_MAX, false), &want, true,
               "union all, kept");
    lab_deinit(&lab);
    free(data);
}

/* ---- sources without a table ---- */
static void test_range(void **state)
{
    (void)state;
    static const int64_t cases[][3] = {{0, 10, 1},
                                       {0, 10, 3},
                                       {10, 0, -4},
                                       {5, 5, 1},
                                       {5, 4, 1},
                                       {0, 5000, 7},
                                       {INT64_MAX - 3, INT64_MAX, 2},
                                       {-3, 3, 100}};
    struct lab lab;
    lab_init(&lab);
    for (uint32_t i = 0; i < 16; i++) {
        const int64_t *c = cases[i / 2];
        struct pnode_range *r = lab_node(&lab, POP_RANGE, sizeof *r, 1);
        lab_type(&r->base, 0, type_of(TYPE_BIGINT));
        r->start = lab_const(&lab, lab_int(c[0]));
        r->stop = lab_const(&lab, lab_int(c[1]));
        r->step = lab_const(&lab, lab_int(c[2]));
        r->inclusive = i % 2 != 0;
        struct lines want = {0};
        for (i128 at = c[0]; c[2] > 0 ? at <= c[1] : at >= c[1]; at += c[2]) {
            if (at == c[1] && !r->inclusive) break;
            const struct value v = lab_int((int64_t)at);
            lines_add(&want, &v, 1);
        }
        lab_expect(&lab, &r->base, &want, true, "range");
    }
    lab_deinit(&lab);
}

static void test_values(void **state)
{
    (void)state;
    enum { VALUES = 5000 };
    struct lab lab;
    lab_init(&lab);
    struct pnode_values *v = lab_node(&lab, POP_VALUES, sizeof *v, 2);
    lab_type(&v->base, 0, type_of(TYPE_BIGINT));
    lab_type(&v->base, 1, type_of(TYPE_VARCHAR));
    const struct expr **exprs = lab_new(&lab, VALUES * 2 * sizeof *exprs);
    struct lines want = {0};
    for (uint32_t i = 0; i < VALUES; i++) {
        const struct value row[2] = {i % 7 == 0 ? lab_null(TYPE_BIGINT) : lab_int(i),
                                     lab_text(texts[i % 7])};
        exprs[2 * i] = lab_const(&lab, row[0]);
        exprs[2 * i + 1] = lab_const(&lab, row[1]);
        lines_add(&want, row, 2);
    }
    v->exprs = exprs;
    v->row_count = VALUES;
    lab_expect(&lab, &v->base, &want, true, "values");
    const struct pnode *empty = lab_node(&lab, POP_EMPTY, sizeof(struct pnode), 1);
    lab_type(empty, 0, type_of(TYPE_BIGINT));
    lab_expect(&lab, empty, &want, true, "empty");
    lab_deinit(&lab);
}

/* ---- shared subplans and inits ---- */
static const struct pnode *shared_plan(struct lab *lab, uint32_t index)
{
    const struct pnode *def = lab->shared[index];
    struct pnode_shared *s = lab_node(lab, POP_SHARED, sizeof *s, def->out_count);
    for (uint32_t i = 0; i < def->out_count; i++)
        lab_type(&s->base, i, def->out_types[i]);
    s->index = index;
    return &s->base;
}

static void test_shared(void **state)
{
    (void)state;
    struct data *data = calloc(1, sizeof *data);
    struct lab lab;
    lab_init(&lab);
    data_make(data, 41, 700, 40, 6);
    struct table *table = data_table(&lab, data);
    lab.shared[0] = &lab_scan(&lab, table, false)->base;
    lab.shared_count = 1;
    lab.shared[1] = union_plan(&lab, shared_plan(&lab, 0), shared_plan(&lab, 0));
    lab.shared_count = 2;
    const struct pnode *plan = union_plan(&lab, shared_plan(&lab, 1), shared_plan(&lab, 0));
    struct lines want = {0};
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t r = 0; r < data->count; r++)
            lines_add(&want, data->rows[r], COLUMNS);
    lab_expect(&lab, plan, &want, true, "shared");
    lab_deinit(&lab);
    free(data);
}

static void test_inits(void **state)
{
    (void)state;
    struct data *data = calloc(1, sizeof *data);
    struct lab lab;
    lab_init(&lab);
    data_make(data, 51, 100, 40, 0);
    struct table *table = data_table(&lab, data);
    /* The smallest a, then all rows that have it. */
    const struct pnode *all = &lab_scan(&lab, table, false)->base;
    const struct order o = {1, {{1, false, false}}};
    const struct pnode *first = sort_plan(&lab, all, &o, 1, false);
    const struct pnode *a =
        lab_project(&lab, first, 1, lab_list(&lab, 1, lab_column(&lab, first, 1)));
    lab.inits[0] = (struct pinit){.node = a, .parameter = 0};
    lab.init_count = 1;
    lab.next_parameter = 1;
    const struct pnode *scan = &lab_scan(&lab, table, false)->base;
    const struct pnode *plan = lab_where(
        &lab, scan,
        lab_compare(&lab, CMP_EQ, lab_column(&lab, scan, 1), lab_param(&lab, 0, TYPE_BIGINT)));
    int64_t smallest = INT64_MAX;
    struct lines want = {0};
    for (uint32_t r = 0; r < data->count; r++)
        if (data->rows[r][1].i < smallest) smallest = data->rows[r][1].i;
    for (uint32_t r = 0; r < data->count; r++)
        if (data->rows[r][1].i == smallest) lines_add(&want, data->rows[r], COLUMNS);
    lab_expect(&lab, plan, &want, true, "init");
    /* More than one row. */
    lab.inits[0].node = lab_project(&lab, all, 1, lab_list(&lab, 1, lab_column(&lab, all, 1)));
    struct lines got = lab_run_with(&lab, plan, 1, NULL);
    assert_int_equal(lab.rc, LLKV_CARDINALITY);
    lines_free(&got);
    lab_deinit(&lab);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort),   cmocka_unit_test(test_top_of_many),
        cmocka_unit_test(test_limit),  cmocka_unit_test(test_sets),
        cmocka_unit_test(test_union),  cmocka_unit_test(test_range),
        cmocka_unit_test(test_values), cmocka_unit_test(test_shared),
        cmocka_unit_test(test_inits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
