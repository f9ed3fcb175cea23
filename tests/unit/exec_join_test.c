/* Joins of every kind against brute force: NULLs on both sides, duplicates, residual conditions,
 * one and two keys, dense keys, loops, one to four threads. */
#include "exec_testing.h"

enum { LEFT_ROWS = 300, RIGHT_ROWS = 90 };

/* Columns: id, a, b, text. */
struct side {
    uint32_t rows;
    uint64_t seed;
    uint32_t values;  /* of a and b */
    uint32_t null_in; /* one in so many is NULL; 0: none */
    bool unique;      /* a is the row's number */
    struct value (*rows_made)[4];
};

static const char *const texts[] = {"",
                                    "a",
                                    "short",
                                    "twelve bytes",
                                    "rather more than twelve bytes",
                                    "rather more than twelve bytes, too"};

static void side_make(struct lab *lab, struct side *s)
{
    s->rows_made = lab_new(lab, s->rows * sizeof *s->rows_made);
    uint64_t state = s->seed;
    for (uint32_t r = 0; r < s->rows; r++) {
        s->rows_made[r][0] = lab_int(r);
        for (uint32_t c = 1; c < 3; c++) {
            s->rows_made[r][c] = lab_int((int64_t)(lab_random(&state) % s->values) - 2);
            if (s->null_in != 0 && lab_random(&state) % s->null_in == 0)
                s->rows_made[r][c] = lab_null(TYPE_BIGINT);
        }
        if (s->unique) s->rows_made[r][1] = lab_int((int64_t)r - 2);
        s->rows_made[r][3] = lab_text(texts[lab_random(&state) % 6]);
        if (s->null_in != 0 && lab_random(&state) % s->null_in == 0)
            s->rows_made[r][3] = lab_null(TYPE_VARCHAR);
    }
}

static struct value side_fill(void *arg, uint32_t row, uint32_t column)
{
    const struct side *s = arg;
    return s->rows_made[row][column];
}

static struct table *side_table(struct lab *lab, struct side *s)
{
    static const enum type_id types[4] = {TYPE_BIGINT, TYPE_BIGINT, TYPE_BIGINT, TYPE_VARCHAR};
    side_make(lab, s);
    return lab_table(lab, types, 4, s->rows, side_fill, s);
}

/* ---- the model ---- */
struct model {
    uint8_t kind;
    uint32_t key_count; /* 1: a; 2: a and b; 3: text */
    bool null_equal;    /* of the first key */
    bool residual;      /* left.id % 5 < right.id % 7, as id comparisons: left.b <= right.b */
    bool first_only;
    bool loop; /* the keys are the condition */
};

enum truth { NO, YES, UNKNOWN };

static enum truth equal_values(const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null) return UNKNOWN;
    if (a->type.phys == PHYS_VIEW) return slice_equal(a->s, b->s) ? YES : NO;
    return a->i == b->i ? YES : NO;
}

static const uint32_t key_columns[4][2] = {{0, 0}, {1, 0}, {1, 2}, {3, 0}};

static uint32_t key_count_of(const struct model *m)
{
    return m->key_count == 2 ? 2 : 1;
}

static enum truth key_truth(const struct model *m, const struct value *l, const struct value *r,
                            uint32_t k)
{
    const uint32_t c = key_columns[m->key_count][k];
    if (k == 0 && m->null_equal && l[c].is_null && r[c].is_null) return YES;
    if (k == 0 && m->null_equal && (l[c].is_null || r[c].is_null)) return NO;
    return equal_values(&l[c], &r[c]);
}

static bool residual_holds(const struct model *m, const struct value *l, const struct value *r)
{
    if (!m->residual) return true;
    return !l[2].is_null && !r[2].is_null && l[2].i <= r[2].i;
}

/* All keys but the last, and the residual. */
static bool in_group(const struct model *m, const struct value *l, const struct value *r)
{
    for (uint32_t k = 0; k + 1 < key_count_of(m); k++)
        if (key_truth(m, l, r, k) != YES) return false;
    return residual_holds(m, l, r);
}

static enum truth partner(const struct model *m, const struct value *l, const struct value *r)
{
    if (!in_group(m, l, r)) return NO;
    return key_truth(m, l, r, key_count_of(m) - 1);
}

static void add_line(struct lines *out, const struct value *l, const struct value *r,
                     const struct value *mark)
{
    static const enum type_id types[4] = {TYPE_BIGINT, TYPE_BIGINT, TYPE_BIGINT, TYPE_VARCHAR};
    struct value v[9];
    uint32_t n = 0;
    for (uint32_t side = 0; side < 2; side++) {
        const struct value *row = side == 0 ? l : r;
        if (mark != NULL && side == 1) continue;
        for (uint32_t c = 0; c < 4; c++)
            v[n++] = row == NULL ? lab_null(types[c]) : row[c];
    }
    if (mark != NULL) v[n++] = *mark;
    lines_add(out, v, n);
}

static bool gives_one_side(uint8_t kind)
{
    return kind == PJOIN_SEMI || kind == PJOIN_ANTI || kind == PJOIN_ANTI_NULL ||
           kind == PJOIN_RSEMI || kind == PJOIN_RANTI;
}

static void model_left(const struct model *m, const struct value *l, enum truth found,
                       uint32_t partners, struct lines *out)
{
    struct value mark = {.type = type_of(TYPE_BOOLEAN), .b = found == YES};
    switch (m->kind) {
    case PJOIN_LEFT:
    case PJOIN_FULL:
    case PJOIN_SINGLE:
        if (partners == 0) add_line(out, l, NULL, NULL);
        break;
    case PJOIN_SEMI:
        if (found == YES) lines_add(out, l, 4);
        break;
    case PJOIN_ANTI:
        if (found != YES) lines_add(out, l, 4);
        break;
    case PJOIN_ANTI_NULL:
        if (found == NO) lines_add(out, l, 4);
        break;
    case PJOIN_MARK_EXISTS: add_line(out, l, NULL, &mark); break;
    case PJOIN_MARK_IN:
        mark.is_null = found == UNKNOWN;
        add_line(out, l, NULL, &mark);
        break;
    default: break;
    }
}

/* False: SINGLE found two. */
static bool model_run(const struct model *m, const struct side *left, const struct side *right,
                      struct lines *out)
{
    bool matched[RIGHT_ROWS] = {false}, fine = true;
    for (uint32_t i = 0; i < left->rows; i++) {
        const struct value *l = left->rows_made[i];
        enum truth found = NO;
        uint32_t partners = 0;
        for (uint32_t j = 0; j < right->rows; j++) {
            const enum truth t = partner(m, l, right->rows_made[j]);
            if (t == UNKNOWN && found == NO) found = UNKNOWN;
            if (t != YES) continue;
            found = YES;
            matched[j] = true;
            partners++;
            if (m->kind == PJOIN_SINGLE && partners > 1) {
                fine &= m->first_only;
                continue;
            }
            if (!gives_one_side(m->kind) && m->kind != PJOIN_MARK_IN &&
                m->kind != PJOIN_MARK_EXISTS)
                add_line(out, l, right->rows_made[j], NULL);
        }
        model_left(m, l, found, partners, out);
    }
    for (uint32_t j = 0; j < right->rows; j++) {
        const struct value *r = right->rows_made[j];
        if ((m->kind == PJOIN_RIGHT || m->kind == PJOIN_FULL) && !matched[j])
            add_line(out, NULL, r, NULL);
        if (m->kind == PJOIN_RSEMI && matched[j]) lines_add(out, r, 4);
        if (m->kind == PJOIN_RANTI && !matched[j]) lines_add(out, r, 4);
    }
    return fine;
}

/* ---- the plan ---- */
static void join_keys(struct lab *lab, const struct model *m, struct pnode_join *j,
                      const struct pnode *l, const struct pnode *r)
{
    const uint32_t count = key_count_of(m);
    struct pjoin_key *keys = lab_new(lab, count * sizeof *keys);
    const struct expr **conjuncts = lab_new(lab, 3 * sizeof *conjuncts);
    uint32_t n = 0;
    if (m->residual)
        conjuncts[n++] = lab_compare(lab, CMP_LE, lab_column(lab, l, 2), lab_column(lab, r, 2));
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t c = key_columns[m->key_count][k];
        keys[k] = (struct pjoin_key){lab_column(lab, l, c), lab_column(lab, r, c),
                                     k == 0 && m->null_equal};
        if (!m->loop) continue;
        conjuncts[n++] = k == 0 && m->null_equal
                             ? lab_binary(lab, EXPR_DISTINCT, 1, keys[k].left, keys[k].right)
                             : lab_compare(lab, CMP_EQ, keys[k].left, keys[k].right);
    }
    j->residual = (struct pfilter){n, conjuncts};
    if (m->loop) return;
    j->key_count = count;
    j->keys = keys;
}

static struct pnode *join_plan(struct lab *lab, const struct model *m, struct table *left,
                               struct table *right)
{
    const struct pnode *l = &lab_scan(lab, left, false)->base;
    const struct pnode *r = &lab_scan(lab, right, false)->base;
    const bool only_right = m->kind == PJOIN_RSEMI || m->kind == PJOIN_RANTI;
    const bool mark = m->kind == PJOIN_MARK_IN || m->kind == PJOIN_MARK_EXISTS;
    const uint32_t out = gives_one_side(m->kind) ? 4 : mark ? 5 : 8;
    struct pnode_join *j = lab_node(lab, m->loop ? POP_LOOP_JOIN : POP_HASH_JOIN, sizeof *j, out);
    iu_id *ius = lab_new(lab, 9 * sizeof *ius);
    for (uint32_t c = 0; c < out; c++) {
        const bool from_right = only_right || c >= 4;
        ius[c] = from_right ? r->out[c % 4] : l->out[c];
        lab_type(&j->base, c, from_right ? r->out_types[c % 4] : l->out_types[c]);
    }
    if (mark) {
        j->mark = ius[4] = lab->next_iu++;
        lab_type(&j->base, 4, type_of(TYPE_BOOLEAN));
    }
    j->base.out = ius;
    j->kind = m->kind;
    j->first_only = m->first_only;
    lab_child(&j->base, l, r);
    join_keys(lab, m, j, l, r);
    return &j->base;
}

static const char *const kinds[] = {"inner",     "left",        "right",   "full",
                                    "semi",      "anti",        "rsemi",   "ranti",
                                    "anti null", "mark exists", "mark in", "single"};

static void check_join(struct lab *lab, const struct model *m, const struct side *left,
                       const struct side *right, struct table *l, struct table *r)
{
    char what[128];
    snprintf(what, sizeof what, "%s, keys %u%s%s%s%s", kinds[m->kind], m->key_count,
             m->null_equal ? ", nulls equal" : "", m->residual ? ", residual" : "",
             m->loop ? ", loop" : "", m->first_only ? ", first only" : "");
    struct lines want = {0};
    const struct pnode *plan = join_plan(lab, m, l, r);
    if (model_run(m, left, right, &want)) {
        lab_expect(lab, plan, &want, false, what);
        return;
    }
    lines_free(&want);
    struct lines got = lab_run_with(lab, plan, 1, NULL);
    assert_int_equal(lab->rc, LLKV_CARDINALITY);
    assert_string_equal(lab->error.sqlstate, "21000");
    lines_free(&got);
}

static void check_all(struct lab *lab, const struct side *left, const struct side *right,
                      struct table *l, struct table *r)
{
    for (uint8_t kind = PJOIN_INNER; kind <= PJOIN_SINGLE; kind++) {
        for (uint32_t bits = 0; bits < 16; bits++) {
            for (uint32_t keys = 1; keys <= 3; keys++) {
                const struct model m = {.kind = kind,
                                        .key_count = keys,
                                        .null_equal = (bits & 1) != 0,
                                        .residual = (bits & 2) != 0,
                                        .loop = (bits & 4) != 0,
                                        .first_only = (bits & 8) != 0};
                if (m.first_only && kind != PJOIN_SINGLE) continue;
                /* IS NOT DISTINCT FROM as the compared key has no unknown: not asked of IN. */
                if (m.null_equal && keys != 2 && (kind == PJOIN_MARK_IN || kind == PJOIN_ANTI_NULL))
                    continue;
                check_join(lab, &m, left, right, l, r);
            }
        }
    }
}

static void run_sides(struct side left, struct side right)
{
    struct lab lab;
    lab_init(&lab);
    struct table *l = side_table(&lab, &left), *r = side_table(&lab, &right);
    check_all(&lab, &left, &right, l, r);
    lab_deinit(&lab);
}

static void test_with_nulls(void **state)
{
    (void)state;
    run_sides((struct side){.rows = LEFT_ROWS, .seed = 1, .values = 40, .null_in = 6},
              (struct side){.rows = RIGHT_ROWS, .seed = 2, .values = 40, .null_in = 7});
}

static void test_without_nulls(void **state)
{
    (void)state;
    run_sides((struct side){.rows = LEFT_ROWS, .seed = 3, .values = 60},
              (struct side){.rows = RIGHT_ROWS, .seed = 4, .values = 60, .unique = true});
}

static void test_few_null_keys_right(void **state)
{
    (void)state;
    run_sides((struct side){.rows = 50, .seed = 5, .values = 8, .null_in = 3},
              (struct side){.rows = 10, .seed = 6, .values = 8, .null_in = 0});
}

static void test_empty_sides(void **state)
{
    (void)state;
    run_sides((struct side){.rows = 40, .seed = 7, .values = 8, .null_in = 3},
              (struct side){.rows = 0, .seed = 8, .values = 8});
    run_sides((struct side){.rows = 0, .seed = 7, .values = 8},
              (struct side){.rows = 20, .seed = 8, .values = 8, .null_in = 4});
}

/* Dense keys: also where the promise about the range is wrong. */
static void test_dense(void **state)
{
    (void)state;
    struct lab lab;
    lab_init(&lab);
    struct side left = {.rows = LEFT_ROWS, .seed = 9, .values = 60, .null_in = 9};
    struct side right = {.rows = RIGHT_ROWS, .seed = 10, .values = 50, .null_in = 9};
    struct table *l = side_table(&lab, &left), *r = side_table(&lab, &right);
    for (uint8_t kind = PJOIN_INNER; kind < PJOIN_SINGLE; kind++) {
        for (int64_t max = 10; max <= 60; max += 50) {
            const struct model m = {.kind = kind, .key_count = 1};
            struct pnode *plan = join_plan(&lab, &m, l, r);
            struct pnode_join *j = (struct pnode_join *)(void *)plan;
            j->key_dense = true;
            j->key_min = -2;
            j->key_max = max;
            struct lines want = {0};
            assert_true(model_run(&m, &left, &right, &want));
            lab_expect(&lab, plan, &want, false, kinds[kind]);
        }
    }
    lab_deinit(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_nulls),
        cmocka_unit_test(test_without_nulls),
        cmocka_unit_test(test_few_null_keys_right),
        cmocka_unit_test(test_empty_sides),
        cmocka_unit_test(test_dense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
