/* Apply of every kind against loops, with and without memory of bindings, nested, and with parts of
 * the inner plan that do not depend on the binding. */
#include "exec_testing.h"

enum { LEFT_ROWS = 200, RIGHT_ROWS = 60 };

/* Columns: id, a, b. */
struct side {
    uint32_t count;
    struct value rows[LEFT_ROWS][3];
};

static void side_make(struct side *s, uint32_t count, uint64_t seed, uint32_t null_in)
{
    s->count = count;
    for (uint32_t r = 0; r < count; r++) {
        s->rows[r][0] = lab_int(r);
        for (uint32_t c = 1; c < 3; c++) {
            s->rows[r][c] = lab_int((int64_t)(lab_random(&seed) % 20));
            if (lab_random(&seed) % null_in == 0) s->rows[r][c] = lab_null(TYPE_BIGINT);
        }
    }
}

static struct value side_fill(void *arg, uint32_t row, uint32_t column)
{
    const struct side *s = arg;
    return s->rows[row][column];
}

static struct table *side_table(struct lab *lab, struct side *s)
{
    static const enum type_id types[] = {TYPE_BIGINT, TYPE_BIGINT, TYPE_BIGINT};
    return lab_table(lab, types, 3, s->count, side_fill, s);
}

static const struct pnode *matching(struct lab *lab, struct table *table, uint32_t parameter)
{
    struct pnode_scan *scan = lab_scan(lab, table, false);
    scan->filter = lab_filter(lab, lab_compare(lab, CMP_EQ, lab_column(lab, &scan->base, 1),
                                               lab_param(lab, parameter, TYPE_BIGINT)));
    return &scan->base;
}

/* out: left, then right or mark. The parameter is left.a. */
static struct pnode_apply *apply_plan(struct lab *lab, uint8_t kind, const struct pnode *l,
                                      const struct pnode *r, uint32_t parameter)
{
    const bool mark = kind == PJOIN_MARK_EXISTS || kind == PJOIN_MARK_IN;
    const bool both = kind == PJOIN_INNER || kind == PJOIN_LEFT || kind == PJOIN_SINGLE;
    const uint32_t n = l->out_count + (mark ? 1 : both ? r->out_count : 0);
    struct pnode_apply *a = lab_node(lab, POP_APPLY, sizeof *a, n);
    iu_id *out = lab_new(lab, n * sizeof *out);
    for (uint32_t i = 0; i < l->out_count; i++) {
        out[i] = l->out[i];
        lab_type(&a->base, i, l->out_types[i]);
    }
    for (uint32_t i = l->out_count; i < n; i++) {
        out[i] = mark ? lab->next_iu++ : r->out[i - l->out_count];
        lab_type(&a->base, i, mark ? type_of(TYPE_BOOLEAN) : r->out_types[i - l->out_count]);
    }
    if (mark) a->mark = out[n - 1];
    a->base.out = out;
    a->kind = kind;
    struct papply_param *p = lab_new(lab, sizeof *p);
    *p = (struct papply_param){parameter, l->out[1]};
    a->params = p;
    a->param_count = 1;
    if (kind == PJOIN_MARK_IN)
        a->compare = lab_compare(lab, CMP_EQ, lab_column(lab, l, 2), lab_column(lab, r, 2));
    lab_child(&a->base, l, r);
    return a;
}

static void model_row(uint8_t kind, const struct value *l, const struct side *right,
                      struct lines *out)
{
    struct value line[6] = {l[0], l[1], l[2]};
    uint32_t found = 0;
    bool equal = false, unknown = false;
    for (uint32_t j = 0; j < right->count; j++) {
        const struct value *r = right->rows[j];
        if (l[1].is_null || r[1].is_null || l[1].i != r[1].i) continue;
        found++;
        if (l[2].is_null || r[2].is_null)
            unknown = true;
        else
            equal |= l[2].i == r[2].i;
        memcpy(line + 3, r, 3 * sizeof *r);
        if (kind == PJOIN_INNER || kind == PJOIN_LEFT || (kind == PJOIN_SINGLE && found == 1))
            lines_add(out, line, 6);
    }
    struct value mark = {.type = type_of(TYPE_BOOLEAN), .b = found != 0};
    for (uint32_t c = 3; c < 6; c++)
        line[c] = lab_null(TYPE_BIGINT);
    if ((kind == PJOIN_LEFT || kind == PJOIN_SINGLE) && found == 0) lines_add(out, line, 6);
    if (kind == PJOIN_SEMI && found != 0) lines_add(out, l, 3);
    if (kind == PJOIN_ANTI && found == 0) lines_add(out, l, 3);
    if (kind == PJOIN_MARK_IN) {
        mark.b = equal;
        mark.is_null = !equal && unknown;
    }
    if (kind != PJOIN_MARK_IN && kind != PJOIN_MARK_EXISTS) return;
    line[3] = mark;
    lines_add(out, line, 4);
}

static void test_kinds(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {PJOIN_INNER,  PJOIN_LEFT,        PJOIN_SEMI,   PJOIN_ANTI,
                                    PJOIN_SINGLE, PJOIN_MARK_EXISTS, PJOIN_MARK_IN};
    struct side *left = calloc(1, sizeof *left), *right = calloc(1, sizeof *right);
    struct lab lab;
    lab_init(&lab);
    side_make(left, LEFT_ROWS, 1, 8);
    side_make(right, RIGHT_ROWS, 2, 8);
    struct table *lt = side_table(&lab, left), *rt = side_table(&lab, right);
    const uint32_t p = lab.next_parameter++;
    for (uint32_t k = 0; k < sizeof kinds; k++) {
        for (uint32_t memo = 0; memo < 2; memo++) {
            struct pnode_apply *a = apply_plan(&lab, kinds[k], &lab_scan(&lab, lt, false)->base,
                                               matching(&lab, rt, p), p);
            a->memo = memo != 0;
            a->first_only = true;
            struct lines want = {0};
            for (uint32_t i = 0; i < left->count; i++)
                model_row(kinds[k], left->rows[i], right, &want);
            lab_expect(&lab, &a->base, &want, true, "apply");
        }
    }
    struct pnode_apply *a =
        apply_plan(&lab, PJOIN_SINGLE, &lab_scan(&lab, lt, false)->base, matching(&lab, rt, p), p);
    struct lines got = lab_run_with(&lab, &a->base, 1, NULL);
    assert_int_equal(lab.rc, LLKV_CARDINALITY);
    lines_free(&got);
    lab_deinit(&lab);
    free(left);
    free(right);
}

static struct pnode *count_plan(struct lab *lab, const struct pnode *child)
{
    struct pnode_group *g = lab_node(lab, POP_GROUP, sizeof *g, 1);
    struct pagg *agg = lab_new(lab, sizeof *agg);
    *agg = (struct pagg){.op = AGG_COUNT_STAR, .type = type_of(TYPE_BIGINT)};
    lab_type(&g->base, 0, agg->type);
    g->aggs = agg;
    g->agg_count = 1;
    g->strategy = PGROUP_PLAIN;
    g->row_of_agg = -1;
    lab_child(&g->base, child, NULL);
    return &g->base;
}

/* (select count(*) from r join r2 on r.b = r2.b where r.a = l.a): r2 is built once. */
static void test_group_inside(void **state)
{
    (void)state;
    struct side *left = calloc(1, sizeof *left), *right = calloc(1, sizeof *right);
    struct lab lab;
    lab_init(&lab);
    side_make(left, LEFT_ROWS, 3, 8);
    side_make(right, RIGHT_ROWS, 4, 8);
    struct table *lt = side_table(&lab, left), *rt = side_table(&lab, right);
    const uint32_t p = lab.next_parameter++;
    const struct pnode *l = &lab_scan(&lab, lt, false)->base;
    const struct pnode *r = matching(&lab, rt, p);
    const struct pnode *r2 = &lab_scan(&lab, rt, false)->base;
    struct pnode_join *j = lab_node(&lab, POP_HASH_JOIN, sizeof *j, 1);
    lab_type(&j->base, 0, type_of(TYPE_BIGINT));
    iu_id *out = lab_new(&lab, sizeof *out);
    out[0] = r2->out[0];
    j->base.out = out;
    j->kind = PJOIN_INNER;
    const struct pjoin_key key = {lab_column(&lab, r, 2), lab_column(&lab, r2, 2), false};
    j->keys = &key;
    j->key_count = 1;
    lab_child(&j->base, r, r2);
    struct pnode_apply *a = apply_plan(&lab, PJOIN_SINGLE, l, count_plan(&lab, &j->base), p);
    struct lines want = {0};
    for (uint32_t i = 0; i < left->count; i++) {
        struct value line[4] = {left->rows[i][0], left->rows[i][1], left->rows[i][2], lab_int(0)};
        for (uint32_t m = 0; m < right->count; m++) {
            const struct value *x = right->rows[m];
            if (line[1].is_null || x[1].is_null || x[1].i != line[1].i || x[2].is_null) continue;
            for (uint32_t n = 0; n < right->count; n++)
                line[3].i += !right->rows[n][2].is_null && right->rows[n][2].i == x[2].i;
        }
        lines_add(&want, line, 4);
    }
    lab_expect(&lab, &a->base, &want, true, "count inside");
    lab_deinit(&lab);
    free(left);
    free(right);
}

/* An apply in the inner plan of an apply; the innermost depends on both bindings. */
static void test_nested(void **state)
{
    (void)state;
    struct side *left = calloc(1, sizeof *left), *right = calloc(1, sizeof *right);
    struct lab lab;
    lab_init(&lab);
    side_make(left, 60, 5, 8);
    side_make(right, RIGHT_ROWS, 6, 8);
    struct table *lt = side_table(&lab, left), *rt = side_table(&lab, right);
    const uint32_t outer = lab.next_parameter++, inner = lab.next_parameter++;
    struct pnode_scan *deep = lab_scan(&lab, rt, false);
    const struct expr **both = lab_new(&lab, 2 * sizeof *both);
    both[0] = lab_compare(&lab, CMP_LT, lab_column(&lab, &deep->base, 1),
                          lab_param(&lab, outer, TYPE_BIGINT));
    both[1] = lab_compare(&lab, CMP_EQ, lab_column(&lab, &deep->base, 2),
                          lab_param(&lab, inner, TYPE_BIGINT));
    deep->filter = (struct pfilter){2, both};
    struct pnode_apply *b =
        apply_plan(&lab, PJOIN_SEMI, matching(&lab, rt, outer), &deep->base, inner);
    b->memo = true;
    struct pnode_apply *a = apply_plan(&lab, PJOIN_SINGLE, &lab_scan(&lab, lt, false)->base,
                                       count_plan(&lab, &b->base), outer);
    struct lines want = {0};
    for (uint32_t i = 0; i < left->count; i++) {
        struct value line[4] = {left->rows[i][0], left->rows[i][1], left->rows[i][2], lab_int(0)};
        for (uint32_t m = 0; m < right->count && !line[1].is_null; m++) {
            const struct value *x = right->rows[m];
            if (x[1].is_null || x[1].i != line[1].i) continue;
            bool found = false;
            for (uint32_t n = 0; n < right->count; n++) {
                const struct value *y = right->rows[n];
                found |= !y[1].is_null && y[1].i < line[1].i && !y[2].is_null && y[2].i == x[1].i;
            }
            line[3].i += found;
        }
        lines_add(&want, line, 4);
    }
    lab_expect(&lab, &a->base, &want, true, "nested");
    lab_deinit(&lab);
    free(left);
    free(right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_group_inside),
        cmocka_unit_test(test_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
