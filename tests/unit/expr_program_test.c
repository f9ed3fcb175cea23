/* Programs with known answers: laziness, errors and their places, dead slots, parameters, lists,
 * the modes of division, and what EXPLAIN prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/bitmap.h"
#include "expr/program.h"

enum { ROWS = 300 };

static struct arena arena;
static llkv_error error;
static struct cx cx;
static int64_t numbers[2][ROWS];
static double reals[2][ROWS];
static struct str_view texts[ROWS];
static uint64_t validity[8];
static struct vector columns[5];
static const iu_id layout[5] = {11, 12, 13, 14, 15};
static uint16_t sel_room[VEC_ROWS_MAX + 64];

static int setup(void **state)
{
    (void)state;
    error = (llkv_error)LLKV_ERROR_INIT;
    arena_init(&arena, NULL);
    cx = (struct cx){.arena = &arena, .error = &error};
    memset(validity, 0xff, sizeof validity);
    for (uint32_t i = 0; i < ROWS; i++) {
        numbers[0][i] = (int64_t)i - 3;
        numbers[1][i] = i % 7;
        reals[0][i] = (double)i / 2;
        reals[1][i] = i % 3;
        texts[i] = i % 2 ? str_of("17", 2) : str_of("not a number at all", 19);
    }
    static const uint8_t phys[5] = {PHYS_I64, PHYS_I64, PHYS_F64, PHYS_F64, PHYS_VIEW};
    const void *data[5] = {numbers[0], numbers[1], reals[0], reals[1], texts};
    for (uint32_t i = 0; i < 5; i++)
        columns[i] =
            (struct vector){.phys = phys[i], .shape = VEC_FLAT, .rows = ROWS, .data = data[i]};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

/* ---- making expressions ---- */

static const struct expr *column(uint32_t index)
{
    static const uint8_t ids[5] = {TYPE_BIGINT, TYPE_BIGINT, TYPE_DOUBLE, TYPE_DOUBLE,
                                   TYPE_VARCHAR};
    const struct expr *e = NULL;
    assert_int_equal(
        expr_column(&cx, layout[index], type_of((enum type_id)ids[index]), true, 1, &e), LLKV_OK);
    return e;
}

static const struct expr *constant(struct value value)
{
    const struct expr *e = NULL;
    assert_int_equal(expr_const(&cx, &value, 2, &e), LLKV_OK);
    return e;
}

static const struct expr *integer(int64_t i)
{
    return constant((struct value){.type = type_of(TYPE_BIGINT), .i = i});
}

static const struct expr *make(enum expr_kind kind, uint8_t op, enum type_id type,
                               const struct expr *a, const struct expr *b, const struct expr *c)
{
    const struct expr *args[3] = {a, b, c};
    const struct expr *e = NULL;
    uint32_t count = c != NULL ? 3 : b != NULL ? 2 : 1;
    assert_int_equal(expr_make(&cx, kind, op, type_of(type), args, count, 9, &e), LLKV_OK);
    return e;
}

static const struct program *compiled;
static struct registers *registers;

static llkv_code run(const struct expr *e, bool sqlite_compat, struct batch *b, struct vector *v)
{
    struct program_options options = {layout, 5, sqlite_compat};
    TRY(program_compile(&cx, e, &options, &compiled));
    TRY(registers_new(&cx, compiled, NULL, ROWS, &registers));
    return program_run(&cx, compiled, registers, b, v);
}

static struct batch all_rows(void)
{
    return (struct batch){.rows = ROWS, .live = ROWS, .column_count = 5, .columns = columns};
}

/* ---- errors ---- */

static void test_error_of_first_row(void **state)
{
    (void)state;
    struct batch b = all_rows();
    struct vector v;
    /* a + MAX fails from row 4 on; the second operand of the sum at row 2 already */
    const struct expr *late =
        make(EXPR_ARITH, ARITH_ADD, TYPE_BIGINT, column(0), integer(INT64_MAX), NULL);
    const struct expr *early =
        make(EXPR_ARITH, ARITH_SUB, TYPE_BIGINT, integer(INT64_MIN), column(1), NULL);
    const struct expr *sum = make(EXPR_ARITH, ARITH_ADD, TYPE_BIGINT, late, early, NULL);
    assert_int_equal(run(sum, false, &b, &v), LLKV_OVERFLOW);
    assert_string_equal(error.sqlstate, "22003");
    assert_string_equal(error.message, "BIGINT out of range: -9223372036854775808 - 1");
    /* rows that are not live, or NULL, do not fail */
    sel_room[0] = 0;
    b.sel = sel_room;
    b.live = 1;
    assert_int_equal(run(late, false, &b, &v), LLKV_OK);
    assert_int_equal(vec_value(&v, late->type, 0).i, INT64_MAX - 3);
    b = all_rows();
    validity[0] = 15; /* -3 .. 0 */
    memset(validity + 1, 0, sizeof validity - sizeof validity[0]);
    columns[0].validity = validity;
    assert_int_equal(run(late, false, &b, &v), LLKV_OK);
    assert_int_equal(v.rows, ROWS);
    assert_true(vec_valid(&v, 3));
    assert_false(vec_valid(&v, 4));
}

static void test_lazy_arms(void **state)
{
    (void)state;
    struct batch b = all_rows();
    struct vector v;
    const struct expr *zero = integer(0);
    const struct expr *cast = make(EXPR_CAST, EXPR_CAST_PLAIN, TYPE_BIGINT, column(4), NULL, NULL);
    assert_int_equal(run(cast, false, &b, &v), LLKV_DATA);
    assert_string_equal(error.message, "'not a number at all' is not a valid BIGINT");
    /* text LIKE '1%' AND CAST(text AS BIGINT) = 17 */
    const struct expr *like =
        make(EXPR_LIKE, 0, TYPE_BOOLEAN, column(4),
             constant((struct value){.type = type_of(TYPE_VARCHAR), .s = SLICE("1%")}), NULL);
    const struct expr *is_17 = make(EXPR_COMPARE, CMP_EQ, TYPE_BOOLEAN, cast, integer(17), NULL);
    struct program_options options = {layout, 5, false};
    const struct expr *both = make(EXPR_AND, 0, TYPE_BOOLEAN, like, is_17, NULL);
    assert_int_equal(program_compile(&cx, both, &options, &compiled), LLKV_OK);
    assert_int_equal(registers_new(&cx, compiled, NULL, ROWS, &registers), LLKV_OK);
    assert_int_equal(program_select(&cx, compiled, registers, &b, sel_room), LLKV_OK);
    assert_int_equal(b.live, ROWS / 2);
    assert_int_equal(b.sel[7], 15);
    b = all_rows();
    /* CASE WHEN b <> 0 THEN a / b ELSE -1 END, and the arm that is an error */
    const struct expr *nonzero = make(EXPR_COMPARE, CMP_NE, TYPE_BOOLEAN, column(1), zero, NULL);
    const struct expr *least =
        make(EXPR_ARITH, ARITH_DIV, TYPE_BIGINT, integer(INT64_MIN),
             make(EXPR_ARITH, ARITH_SUB, TYPE_BIGINT, column(1), integer(1), NULL), NULL);
    const struct expr *guarded = make(EXPR_CASE, 0, TYPE_BIGINT, nonzero, integer(5), least);
    assert_int_equal(run(guarded, false, &b, &v), LLKV_OVERFLOW);
    numbers[1][0] = 3; /* now rows 7, 14, .. */
    sel_room[0] = 0;
    sel_room[1] = 1;
    b.sel = sel_room;
    b.live = 2;
    assert_int_equal(run(guarded, false, &b, &v), LLKV_OK);
    assert_int_equal(vec_value(&v, guarded->type, 1).i, 5);
}

/* ---- division ---- */

static void test_division(void **state)
{
    (void)state;
    struct batch b = all_rows();
    struct vector v;
    const struct expr *ints = make(EXPR_ARITH, ARITH_DIV, TYPE_BIGINT, column(0), column(1), NULL);
    assert_int_equal(run(ints, false, &b, &v), LLKV_OK);
    assert_false(vec_valid(&v, 7));
    assert_int_equal(vec_value(&v, ints->type, 8).i, 5);
    const struct expr *real = make(EXPR_ARITH, ARITH_DIV, TYPE_DOUBLE, column(2), column(3), NULL);
    assert_int_equal(run(real, false, &b, &v), LLKV_OK);
    assert_true(vec_valid(&v, 3));
    assert_true(isinf(vec_value(&v, real->type, 3).d));
    assert_int_equal(run(real, true, &b, &v), LLKV_OK);
    assert_false(vec_valid(&v, 3));
    assert_true(vec_valid(&v, 4));
    const struct expr *by_zero =
        make(EXPR_ARITH, ARITH_MOD, TYPE_BIGINT, column(0), integer(0), NULL);
    assert_int_equal(run(by_zero, false, &b, &v), LLKV_OK);
    assert_false(vec_valid(&v, ROWS - 1));
    const struct expr *by_two =
        make(EXPR_ARITH, ARITH_DIV, TYPE_BIGINT, column(0), integer(2), NULL);
    assert_false(by_two->flags & EXPR_CAN_RAISE);
    assert_int_equal(run(by_two, false, &b, &v), LLKV_OK);
    assert_null(v.validity);
}

/* ---- decimals: more digits than the type has ---- */

static void test_precision(void **state)
{
    (void)state;
    struct batch b = all_rows();
    struct vector v;
    const struct expr *out = NULL;
    struct type full = type_decimal(38, 0);
    struct value big = {.type = full};
    big.h = 1;
    for (int i = 0; i < 37; i++)
        big.h *= 10;
    const struct expr *args[2] = {constant(big), NULL};
    args[1] = args[0];
    assert_int_equal(expr_make(&cx, EXPR_ARITH, ARITH_ADD, full, args, 2, 5, &out), LLKV_OK);
    assert_int_equal(run(out, false, &b, &v), LLKV_OK);
    assert_int_equal(v.shape, VEC_CONST);
    big.h *= 9;
    args[0] = constant(big);
    assert_int_equal(expr_make(&cx, EXPR_ARITH, ARITH_ADD, full, args, 2, 5, &out), LLKV_OK);
    assert_true(out->flags & EXPR_CAN_RAISE);
    assert_int_equal(run(out, false, &b, &v), LLKV_OVERFLOW);
    assert_string_equal(error.message, "DECIMAL(38,0) out of range in an addition or subtraction");
    struct value ignored;
    assert_int_equal(expr_evaluate(&cx, out, NULL, false, &ignored), LLKV_OVERFLOW);
}

/* ---- lists and parameters ---- */

static void test_bound_list(void **state)
{
    (void)state;
    const struct expr *args[13];
    const struct expr *in = NULL;
    struct value params[2];
    struct batch b = all_rows();
    args[0] = column(0);
    for (uint32_t i = 1; i < 12; i++)
        args[i] = integer((int64_t)i * 1000000007);
    params[0] = (struct value){.type = type_of(TYPE_BIGINT), .i = 4};
    params[1] = params[0];
    assert_int_equal(expr_param(&cx, 1, type_of(TYPE_BIGINT), 1, &args[12]), LLKV_OK);
    assert_int_equal(expr_make(&cx, EXPR_IN, 0, type_of(TYPE_BOOLEAN), args, 13, 1, &in), LLKV_OK);
    struct program_options options = {layout, 5, false};
    assert_int_equal(program_compile(&cx, in, &options, &compiled), LLKV_OK);
    assert_int_equal(registers_new(&cx, compiled, params, ROWS, &registers), LLKV_OK);
    assert_int_equal(program_select(&cx, compiled, registers, &b, sel_room), LLKV_OK);
    assert_int_equal(b.live, 1);
    assert_int_equal(b.sel[0], 7);
    params[1].i = 5;
    assert_int_equal(registers_rebind(&cx, registers), LLKV_OK);
    b = all_rows();
    assert_int_equal(program_select(&cx, compiled, registers, &b, sel_room), LLKV_OK);
    assert_int_equal(b.sel[0], 8);
    params[1].is_null = true;
    assert_int_equal(registers_rebind(&cx, registers), LLKV_OK);
    b = all_rows();
    struct vector v;
    assert_int_equal(program_run(&cx, compiled, registers, &b, &v), LLKV_OK);
    assert_false(vec_valid(&v, 0)); /* NOT in the list, as far as is known */
}

static void test_empty_list(void **state)
{
    (void)state;
    struct batch b = all_rows();
    struct vector v;
    const struct expr *in = make(EXPR_IN, 1, TYPE_BOOLEAN, column(0), NULL, NULL);
    validity[0] = 0;
    columns[0].validity = validity;
    assert_int_equal(run(in, false, &b, &v), LLKV_OK);
    assert_true(vec_valid(&v, 0) && vec_value(&v, in->type, 0).b);
}

/* ---- bare columns, nodes read twice, texts ---- */

static void test_columns(void **state)
{
    (void)state;
    struct batch b = all_rows();
    struct vector v;
    assert_int_equal(run(column(4), false, &b, &v), LLKV_OK);
    assert_ptr_equal(v.data, texts);
    sel_room[0] = 4;
    sel_room[1] = 299;
    b.sel = sel_room;
    b.live = 2;
    assert_int_equal(run(column(0), false, &b, &v), LLKV_OK);
    assert_int_equal(v.rows, 2);
    assert_int_equal(((const int64_t *)v.data)[1], 296);
}

static void test_volatile(void **state)
{
    (void)state;
    uint32_t count;
    struct batch b = all_rows();
    struct vector v;
    const struct expr *a = NULL, *c = NULL;
    const struct function *random = function_find(SLICE("random"), &count);
    assert_int_equal(expr_call(&cx, random, type_of(TYPE_DOUBLE), NULL, 0, 1, &a), LLKV_OK);
    assert_int_equal(expr_call(&cx, random, type_of(TYPE_DOUBLE), NULL, 0, 1, &c), LLKV_OK);
    assert_true(a->flags & EXPR_VOLATILE);
    const struct expr *twice = make(EXPR_COMPARE, CMP_EQ, TYPE_BOOLEAN, a, a, NULL);
    const struct expr *other = make(EXPR_COMPARE, CMP_EQ, TYPE_BOOLEAN, a, c, NULL);
    assert_int_equal(run(twice, false, &b, &v), LLKV_OK);
    for (uint32_t i = 0; i < ROWS; i++)
        assert_true(vec_value(&v, twice->type, i).b);
    assert_int_equal(run(other, false, &b, &v), LLKV_OK);
    uint32_t equal = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        equal += vec_value(&v, other->type, i).b;
    assert_int_equal(equal, 0);
}

static void test_no_growth(void **state)
{
    (void)state;
    uint32_t count;
    struct batch b = all_rows();
    struct vector v;
    const struct expr *e = NULL;
    const struct expr *args[2] = {column(4), column(4)};
    assert_int_equal(
        expr_call(&cx, function_find(SLICE("||"), &count), type_of(TYPE_VARCHAR), args, 2, 1, &e),
        LLKV_OK);
    assert_int_equal(run(e, false, &b, &v), LLKV_OK);
    uint64_t before = mem_alloc_count();
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(program_run(&cx, compiled, registers, &b, &v), LLKV_OK);
    assert_int_equal(mem_alloc_count(), before);
    struct value last = vec_value(&v, e->type, 0);
    assert_true(slice_equal(last.s, SLICE("not a number at allnot a number at all")));
}

/* ---- printing and equality ---- */

static void check_print(const struct expr *e, const char *expected)
{
    const char *text = NULL;
    assert_int_equal(expr_print(&cx, e, NULL, NULL, &text), LLKV_OK);
    assert_string_equal(text, expected);
}

static void test_print(void **state)
{
    (void)state;
    const struct expr *sum = make(EXPR_ARITH, ARITH_ADD, TYPE_BIGINT, column(0), integer(1), NULL);
    check_print(make(EXPR_ARITH, ARITH_MUL, TYPE_BIGINT, sum, sum, NULL), "(#11 + 1) * (#11 + 1)");
    check_print(make(EXPR_ARITH, ARITH_SUB, TYPE_BIGINT, column(0), sum, NULL), "#11 - (#11 + 1)");
    const struct expr *text =
        constant((struct value){.type = type_of(TYPE_VARCHAR), .s = SLICE("it's")});
    const struct expr *equal = make(EXPR_COMPARE, CMP_EQ, TYPE_BOOLEAN, column(4), text, NULL);
    const struct expr *is_null = make(EXPR_IS_NULL, 0, TYPE_BOOLEAN, sum, NULL, NULL);
    const struct expr *or_ = make(EXPR_OR, 0, TYPE_BOOLEAN, equal, is_null, NULL);
    check_print(make(EXPR_AND, 0, TYPE_BOOLEAN, or_, equal, NULL),
                "(#15 = 'it''s' OR #11 + 1 IS NULL) AND #15 = 'it''s'");
    check_print(make(EXPR_NOT, 0, TYPE_BOOLEAN, or_, NULL, NULL),
                "NOT (#15 = 'it''s' OR #11 + 1 IS NULL)");
    check_print(make(EXPR_CASE, 0, TYPE_BIGINT, is_null, sum, integer(2)),
                "CASE WHEN #11 + 1 IS NULL THEN #11 + 1 ELSE 2 END");
    const struct expr *again =
        make(EXPR_ARITH, ARITH_ADD, TYPE_BIGINT, column(0), integer(1), NULL);
    assert_true(expr_equal(sum, again));
    assert_false(expr_equal(sum, column(0)));
    check_print(make(EXPR_UNARY, UNARY_NEG, TYPE_BIGINT, integer(-1), NULL, NULL), "-(-1)");
}

/* ---- memory that ends at any moment ---- */

static void test_no_memory(void **state)
{
    (void)state;
    const struct expr *cast = make(EXPR_CAST, EXPR_CAST_PLAIN, TYPE_VARCHAR, column(0), NULL, NULL);
    struct batch b = all_rows();
    bool done = false;
    for (int64_t nth = 1; !done && nth < 100; nth++) {
        struct vector v;
        struct arena fresh;
        arena_init(&fresh, NULL);
        cx.arena = &fresh;
        mem_fail_nth(nth, false);
        llkv_code code = run(cast, false, &b, &v);
        done = code == LLKV_OK;
        if (!done) assert_int_equal(code, LLKV_NOMEM);
        mem_fail_nth(0, false);
        arena_deinit(&fresh);
    }
    cx.arena = &arena;
    assert_true(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_error_of_first_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lazy_arms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_division, setup, teardown),
        cmocka_unit_test_setup_teardown(test_precision, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_volatile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_growth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
