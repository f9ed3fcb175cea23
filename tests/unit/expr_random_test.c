/* Programs against the evaluation of single values: random trees over random batches, with NULLs
 * over poisoned slots, selections, shapes, strips, and errors that must be those of the first row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/hash.h"
#include "expr/program.h"

enum { COLUMN_COUNT = 10, DEPTH_MAX = 4 };

static struct arena arena;
static llkv_error error;
static struct cx cx;
static uint64_t seed;
static struct value params[3];

static uint32_t roll(uint32_t below)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash_u64(seed) >> 33) % below;
}

/* ---- columns: IU 1 + index ---- */

static struct type column_types[COLUMN_COUNT];
static iu_id layout[COLUMN_COUNT];
static bool column_nullable[COLUMN_COUNT];

static void make_types(void)
{
    column_types[0] = type_of(TYPE_BIGINT);
    column_types[1] = type_of(TYPE_BIGINT);
    column_types[2] = type_of(TYPE_INTEGER);
    column_types[3] = type_of(TYPE_DOUBLE);
    column_types[4] = type_of(TYPE_VARCHAR);
    column_types[5] = type_of(TYPE_BOOLEAN);
    column_types[6] = type_decimal(9, 2);
    column_types[7] = type_of(TYPE_NUMBER);
    column_types[8] = type_of(TYPE_BOOLEAN);
    column_types[9] = type_of(TYPE_TINYINT);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        layout[i] = i + 1;
        column_nullable[i] = i != 1;
    }
}

static const char *const texts[] = {"",
                                    "a",
                                    "ab",
                                    "12",
                                    "-7",
                                    "3.5",
                                    "hello",
                                    "a rather long text, not inline",
                                    "x%y_",
                                    "Zoë",
                                    "9999999999999999999",
                                    "another long text, with digits 123"};

static struct value random_value(struct type type, bool small)
{
    struct value v = {.type = type};
    switch ((enum type_id)type.id) {
    case TYPE_BOOLEAN: v.b = roll(2) == 1; break;
    case TYPE_DOUBLE: v.d = (double)(int32_t)roll(2001) / 8 - 100; break;
    case TYPE_VARCHAR: v.s = slice_of(texts[roll(ARRAY_COUNT(texts))]); break;
    case TYPE_NUMBER:
        v.number.is_real = (uint8_t)roll(2);
        if (v.number.is_real) {
            v.number.d = (double)roll(100) / 4 - 10;
        } else {
            v.number.i = (int64_t)roll(21) - 10;
        }
        break;
    case TYPE_TINYINT: v.i = (int64_t)roll(256) - 128; break;
    case TYPE_DECIMAL: v.i = (int64_t)roll(200001) - 100000; break;
    default:
        v.i = (int64_t)roll(41) - 20;
        if (!small && roll(40) == 0) v.i = type.id == TYPE_INTEGER ? INT32_MAX : INT64_MAX;
        if (!small && roll(40) == 0) v.i = type.id == TYPE_INTEGER ? INT32_MIN : INT64_MIN;
        break;
    }
    return v;
}

/* ---- trees ---- */

static const struct expr *tree(struct type type, uint32_t depth);

static const struct expr *make(enum expr_kind kind, uint8_t op, struct type type,
                               const struct expr *const *args, uint32_t count)
{
    const struct expr *e = NULL;
    assert_int_equal(expr_make(&cx, kind, op, type, args, count, (int32_t)roll(100), &e), LLKV_OK);
    return e;
}

static const struct expr *leaf(struct type type)
{
    const struct expr *e = NULL;
    uint32_t which = roll(8);
    if (which < 5) {
        for (uint32_t tries = 0; tries < 30; tries++) {
            uint32_t column = roll(COLUMN_COUNT);
            if (!type_equal(column_types[column], type)) continue;
            assert_int_equal(expr_column(&cx, column + 1, type, column_nullable[column], 3, &e),
                             LLKV_OK);
            return e;
        }
    }
    if (which == 5) {
        for (uint32_t i = 0; i < ARRAY_COUNT(params); i++) {
            if (!type_equal(params[i].type, type)) continue;
            assert_int_equal(expr_param(&cx, i, type, 4, &e), LLKV_OK);
            return e;
        }
    }
    struct value value = random_value(type, true);
    if (roll(8) == 0) value = (struct value){.type = type, .is_null = true};
    assert_int_equal(expr_const(&cx, &value, 5, &e), LLKV_OK);
    return e;
}

static struct type random_type(void)
{
    return column_types[roll(COLUMN_COUNT)];
}

static const struct expr *list_tree(uint32_t depth)
{
    struct type type = random_type();
    const struct expr *args[24];
    uint32_t count = roll(4) == 0 ? 20 : 1 + roll(5);
    args[0] = tree(type, depth - 1);
    for (uint32_t i = 1; i <= count; i++) {
        struct value value = random_value(type, true);
        if (roll(30) == 0) value = (struct value){.type = type, .is_null = true};
        assert_int_equal(expr_const(&cx, &value, 5, &args[i]), LLKV_OK);
        if (roll(10) == 0 && type_equal(params[0].type, type))
            assert_int_equal(expr_param(&cx, 0, type, 4, &args[i]), LLKV_OK);
    }
    return make(EXPR_IN, (uint8_t)roll(2), type_of(TYPE_BOOLEAN), args, count + 1);
}

/* Operands that may raise run after the others, so that is where the reference gets them. */
static const struct expr *words_tree(uint32_t depth)
{
    struct type truth = type_of(TYPE_BOOLEAN);
    const struct expr *args[4];
    uint32_t count = 2 + roll(3);
    uint32_t at = 0;
    uint32_t end = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *arg = tree(truth, depth - 1);
        args[arg->flags & EXPR_CAN_RAISE ? --end : at++] = arg;
    }
    return make(roll(2) ? EXPR_AND : EXPR_OR, 0, truth, args, count);
}

static const struct expr *bool_tree(uint32_t depth)
{
    struct type truth = type_of(TYPE_BOOLEAN);
    const struct expr *args[4];
    struct type type = random_type();
    switch (roll(11)) {
    case 0:
    case 1:
    case 2:
        args[0] = tree(type, depth - 1);
        args[1] = tree(type, depth - 1);
        return make(EXPR_COMPARE, (uint8_t)roll(CMP_OP_COUNT), truth, args, 2);
    case 3:
    case 4: return words_tree(depth);
    case 5: args[0] = tree(truth, depth - 1); return make(EXPR_NOT, 0, truth, args, 1);
    case 6:
        args[0] = tree(type, depth - 1);
        return make(roll(2) ? EXPR_IS_NULL : EXPR_IS_NOT_NULL, 0, truth, args, 1);
    case 7:
        args[0] = tree(truth, depth - 1);
        return make(roll(2) ? EXPR_IS_TRUE : EXPR_IS_FALSE, (uint8_t)roll(2), truth, args, 1);
    case 8:
        args[0] = tree(type, depth - 1);
        args[1] = tree(type, depth - 1);
        return make(EXPR_DISTINCT, (uint8_t)roll(2), truth, args, 2);
    case 9: return list_tree(depth);
    default: {
        struct value pattern = {.type = type_of(TYPE_VARCHAR)};
        static const char *const patterns[] = {"a%", "%l%", "%o", "%long%text%", "_", "Z__", "%"};
        pattern.s = slice_of(patterns[roll(ARRAY_COUNT(patterns))]);
        args[0] = tree(pattern.type, depth - 1);
        assert_int_equal(expr_const(&cx, &pattern, 6, &args[1]), LLKV_OK);
        if (roll(4) == 0) args[1] = tree(pattern.type, depth - 1);
        return make(EXPR_LIKE, (uint8_t)roll(4), truth, args, 2);
    }
    }
}

/* Any type: CASE, COALESCE, NULLIF. */
static const struct expr *choice_tree(struct type type, uint32_t depth)
{
    const struct expr *args[7];
    struct type truth = type_of(TYPE_BOOLEAN);
    uint32_t which = roll(4);
    if (which < 2) {
        uint32_t count = 2 * (1 + roll(3));
        for (uint32_t i = 0; i < count; i++)
            args[i] = tree(i % 2 ? type : truth, depth - 1);
        if (roll(3) > 0) args[count++] = tree(type, depth - 1);
        return make(EXPR_CASE, 0, type, args, count);
    }
    uint32_t count = which == 2 ? 2 + roll(3) : 2;
    for (uint32_t i = 0; i < count; i++)
        args[i] = tree(type, depth - 1);
    return make(which == 2 ? EXPR_COALESCE : EXPR_NULLIF, 0, type, args, count);
}

static const struct expr *cast_tree(struct type type, uint32_t depth)
{
    const struct expr *arg;
    struct type from = random_type();
    if (from.id == TYPE_NUMBER || type_equal(from, type)) return tree(type, depth - 1);
    if (type.id == TYPE_NUMBER) from = type_of(roll(2) ? TYPE_BIGINT : TYPE_DOUBLE);
    arg = tree(from, depth - 1);
    return make(EXPR_CAST, roll(3) == 0 ? EXPR_CAST_PLAIN : EXPR_CAST_TRY, type, &arg, 1);
}

static const struct expr *text_tree(uint32_t depth)
{
    const struct expr *args[3];
    const struct expr *e = NULL;
    struct type type = type_of(TYPE_VARCHAR);
    uint32_t count;
    args[0] = tree(type, depth - 1);
    args[1] = tree(type, depth - 1);
    switch (roll(3)) {
    case 0:
        assert_int_equal(
            expr_call(&cx, function_find(SLICE("upper"), &count), type, args, 1, 7, &e), LLKV_OK);
        return e;
    case 1:
        assert_int_equal(expr_call(&cx, function_find(SLICE("||"), &count), type, args, 2, 7, &e),
                         LLKV_OK);
        return e;
    default:
        args[1] = tree(type_of(TYPE_BIGINT), depth - 1);
        assert_int_equal(
            expr_call(&cx, function_find(SLICE("substr"), &count), type, args, 2, 7, &e), LLKV_OK);
        return e;
    }
}

static const struct expr *arith_tree(struct type type, uint32_t depth)
{
    const struct expr *args[2];
    static const uint8_t number_ops[] = {ARITH_ADD, ARITH_SUB, ARITH_MUL, ARITH_DIV, ARITH_MOD};
    uint8_t op = number_ops[roll(type.id == TYPE_DECIMAL ? 2 : 5)];
    if (type_is_integer(type) && roll(6) == 0) op = (uint8_t)(ARITH_AND + roll(5));
    args[0] = tree(type, depth - 1);
    args[1] = tree(type, depth - 1);
    if (roll(6) == 0) return make(EXPR_UNARY, UNARY_NEG, type, args, 1);
    return make(EXPR_ARITH, op, type, args, 2);
}

static const struct expr *tree(struct type type, uint32_t depth)
{
    if (depth == 0 || roll(5) == 0) return leaf(type);
    if (roll(4) == 0) return choice_tree(type, depth);
    if (roll(5) == 0) return cast_tree(type, depth);
    if (type.id == TYPE_BOOLEAN) return bool_tree(depth);
    if (type.id == TYPE_VARCHAR) return text_tree(depth);
    return arith_tree(type, depth);
}

/* ---- batches ---- */

static void poison(void *data, enum phys_type phys, uint32_t row)
{
    if (phys == PHYS_VIEW || phys == PHYS_BOOL || phys == PHYS_NUMBER) return;
    memset((uint8_t *)data + (size_t)row * phys_bytes[phys], roll(2) ? 0xff : 0x80,
           phys_bytes[phys]);
}

static struct vector random_column(uint32_t column, uint32_t rows)
{
    struct type type = column_types[column];
    enum phys_type phys = (enum phys_type)type.phys;
    uint8_t *data = cx_alloc_zero(&cx, (size_t)rows * 16 + 80);
    uint64_t *validity = cx_alloc_zero(&cx, bitmap_words(rows) * 8 + 8);
    struct vector v = {.phys = type.phys, .shape = VEC_FLAT, .rows = rows, .data = data};
    bool nulls = column_nullable[column] && roll(3) > 0;
    for (uint32_t i = 0; i < rows; i++) {
        struct value value = random_value(type, false);
        value_store(&value, phys, data, i);
        bit_set(validity, i);
        if (!nulls || roll(4) != 0) continue;
        bit_clear(validity, i);
        poison(data, phys, i);
    }
    if (nulls) v.validity = validity;
    if (roll(12) == 0) v.shape = VEC_CONST;
    if (column == 1 && roll(6) == 0) {
        int64_t *seq = (int64_t *)(void *)data;
        seq[0] = (int64_t)roll(50) - 25;
        seq[1] = 3;
        v.shape = VEC_SEQ;
    }
    if (column == 2 && roll(12) == 0) v = (struct vector){.phys = PHYS_NULLS, .rows = rows};
    return v;
}

static struct batch random_batch(void)
{
    static const uint32_t sizes[] = {1,   2,   10,  63,  64,  65,   127,
                                     128, 129, 255, 257, 300, 1000, 2048};
    struct batch b = {.rows = sizes[roll(ARRAY_COUNT(sizes))], .column_count = COLUMN_COUNT};
    b.columns = cx_alloc(&cx, COLUMN_COUNT * sizeof *b.columns);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        b.columns[i] = random_column(i, b.rows);
    b.live = b.rows;
    if (roll(2) == 0) return b;
    uint16_t *sel = cx_alloc(&cx, (VEC_ROWS_MAX + 64) * sizeof *sel);
    uint32_t share = 1 + roll(10);
    b.live = 0;
    for (uint32_t i = 0; i < b.rows; i++)
        if (roll(10) < share) sel[b.live++] = (uint16_t)i;
    if (b.live == 0) sel[b.live++] = 0;
    b.sel = sel;
    return b;
}

/* ---- the reference: columns replaced by the values of one row ---- */

struct row_of {
    const struct batch *batch;
    uint32_t row;
};

static const struct expr *put_value(void *arg, const struct expr *column)
{
    struct row_of *at = arg;
    uint32_t index = column->column - 1;
    struct value value = vec_value(&at->batch->columns[index], column->type, at->row);
    const struct expr *e = NULL;
    assert_int_equal(expr_const(&cx, &value, column->at, &e), LLKV_OK);
    return e;
}

static llkv_code reference(const struct expr *e, const struct batch *b, uint32_t row,
                           struct value *out)
{
    struct row_of at = {b, row};
    const struct expr *fixed = NULL;
    assert_int_equal(expr_substitute(&cx, e, put_value, &at, &fixed), LLKV_OK);
    return expr_evaluate(&cx, fixed, params, false, out);
}

static void explain(const struct expr *e, uint64_t from)
{
    const char *text = "";
    (void)!expr_print(&cx, e, NULL, NULL, &text);
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)from, text);
}

static bool same_value(const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    struct slice x, y;
    assert_int_equal(value_to_text(&cx, a, &x), LLKV_OK);
    assert_int_equal(value_to_text(&cx, b, &y), LLKV_OK);
    return slice_equal(x, y);
}

/* The values of all live rows; the code and message of the first that fails. */
struct expected {
    llkv_code code;
    char message[512];
    struct value *values;
};

static void expect(const struct expr *e, const struct batch *b, struct expected *x)
{
    x->code = LLKV_OK;
    x->values = cx_alloc(&cx, (b->live + 1) * sizeof *x->values);
    for (uint32_t i = 0; i < b->live && x->code == LLKV_OK; i++) {
        x->code = reference(e, b, b->sel == NULL ? i : b->sel[i], &x->values[i]);
        if (x->code != LLKV_OK) snprintf(x->message, sizeof x->message, "%s", error.message);
    }
}

static void check_values(const struct expr *e, const struct batch *b, const struct program *p,
                         struct registers *r, const struct expected *x, uint64_t from)
{
    struct vector v;
    llkv_code code = program_run(&cx, p, r, b, &v);
    if (code != x->code || (code != LLKV_OK && strcmp(x->message, error.message) != 0)) {
        explain(e, from);
        fail_msg("code %d %s, expected %d %s", code, error.message, x->code, x->message);
    }
    if (code != LLKV_OK) return;
    assert_int_equal(v.rows, b->live);
    for (uint32_t i = 0; i < b->live; i++) {
        struct value value = vec_value(&v, e->type, i);
        if (same_value(&value, &x->values[i])) continue;
        explain(e, from);
        struct slice a, c;
        (void)!value_to_text(&cx, &value, &a);
        (void)!value_to_text(&cx, &x->values[i], &c);
        fail_msg("row %u of %u: %.*s, expected %.*s", i, b->live, SLICE_ARG(a), SLICE_ARG(c));
    }
}

static void check_select(const struct expr *e, const struct batch *b, const struct program *p,
                         struct registers *r, const struct expected *x, uint64_t from)
{
    struct batch io = *b;
    uint16_t *sel = cx_alloc(&cx, (VEC_ROWS_MAX + 64) * sizeof *sel);
    if (b->sel != NULL) memcpy(sel, b->sel, b->live * sizeof *sel);
    if (b->sel != NULL) io.sel = sel; /* in place */
    llkv_code code = program_select(&cx, p, r, &io, sel);
    if (code != x->code) explain(e, from);
    assert_int_equal(code, x->code);
    if (code != LLKV_OK) return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->live; i++) {
        if (x->values[i].is_null || !x->values[i].b) continue;
        uint16_t row = b->sel == NULL ? (uint16_t)i : b->sel[i];
        if (kept >= io.live || (io.sel == NULL ? kept : io.sel[kept]) != row) explain(e, from);
        assert_true(kept < io.live);
        assert_int_equal(io.sel == NULL ? kept : io.sel[kept], row);
        kept++;
    }
    if (io.live != kept) explain(e, from);
    assert_int_equal(io.live, kept);
}

static void run_one(uint64_t from)
{
    seed = from;
    params[0] = random_value(type_of(TYPE_BIGINT), true);
    params[1] = random_value(type_of(TYPE_BOOLEAN), true);
    params[2] = (struct value){.type = type_of(TYPE_DOUBLE), .is_null = true};
    struct type type = random_type();
    const struct expr *e = tree(type, 1 + roll(DEPTH_MAX));
    struct program_options options = {layout, COLUMN_COUNT, false};
    const struct program *p = NULL;
    struct registers *r = NULL;
    llkv_code code = program_compile(&cx, e, &options, &p);
    if (code != LLKV_OK) {
        explain(e, from);
        fail_msg("%s", error.message);
    }
    struct batch first = random_batch();
    uint32_t rows_max = first.rows;
    assert_int_equal(registers_new(&cx, p, params, rows_max, &r), LLKV_OK);
    for (uint32_t round = 0; round < 3; round++) {
        struct batch b = round == 0 ? first : random_batch();
        if (b.rows > rows_max) continue;
        struct expected x;
        expect(e, &b, &x);
        check_values(e, &b, p, r, &x, from);
        if (type.id == TYPE_BOOLEAN) check_select(e, &b, p, r, &x, from);
    }
    assert_int_equal(cx.depth, 0);
}

static void test_random(void **state)
{
    (void)state;
    const char *more = getenv("LLKV_TEST_ROUNDS");
    uint64_t rounds = more == NULL ? 1500 : strtoull(more, NULL, 10);
    const char *start = getenv("LLKV_TEST_SEED");
    uint64_t from = start == NULL ? 1 : strtoull(start, NULL, 10);
    make_types();
    for (uint64_t i = 0; i < rounds; i++) {
        arena_init(&arena, NULL);
        error = (llkv_error)LLKV_ERROR_INIT;
        cx = (struct cx){.arena = &arena, .error = &error};
        run_one(from + i);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
