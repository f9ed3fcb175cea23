#include "compute/number.h"
#include "compute_testing.h"

static struct number apply(enum arith_op op, struct number a, struct number b)
{
    struct number out[3];
    for (int shape = 0; shape < KERNEL_SHAPE_COUNT; shape++)
        assert_int_equal(kernel_number(op, (enum kernel_shape)shape)(&out[shape], &a, &b, NULL, 1),
                         0);
    assert_memory_equal(&out[0], &out[1], sizeof out[0]);
    assert_memory_equal(&out[0], &out[2], sizeof out[0]);
    return out[0];
}

static void assert_number(struct number expect, struct number actual)
{
    assert_int_equal(expect.is_real, actual.is_real);
    if (expect.is_real) {
        assert_true(same_real(expect.d, actual.d));
    } else {
        assert_int_equal(expect.i, actual.i);
    }
    for (size_t i = 0; i < sizeof actual.zero; i++)
        assert_int_equal(actual.zero[i], 0);
}

/* The expected values were taken from SQLite 3.40. */
static void arithmetic_is_that_of_sqlite(void **state)
{
    (void)state;
#define I(x) number_int(x)
#define R(x) number_real(x)
    const struct {
        enum arith_op op;
        struct number a, b, expect;
    } cases[] = {
        {ARITH_ADD, I(1), I(2), I(3)},
        {ARITH_ADD, I(INT64_MAX), I(1), R(0x1p63)},
        {ARITH_ADD, I(1), R(0.5), R(1.5)},
        {ARITH_SUB, I(INT64_MIN), I(1), R(-0x1p63)},
        {ARITH_SUB, R(1.5), I(1), R(0.5)},
        {ARITH_MUL, I(INT64_MAX), I(2), R(0x1p64)},
        {ARITH_MUL, I(0), R(-1.0), R(-0.0)},
        {ARITH_DIV, I(7), I(2), I(3)},
        {ARITH_DIV, I(-7), I(2), I(-3)},
        {ARITH_DIV, I(INT64_MIN), I(-1), R(0x1p63)},
        {ARITH_DIV, R(5.0), I(2), R(2.5)},
        {ARITH_DIV, I(5), I(0), I(0)},
        {ARITH_DIV, I(5), R(0.0), I(0)},
        {ARITH_MOD, I(-7), I(3), I(-1)},
        {ARITH_MOD, I(INT64_MIN), I(-1), I(0)},
        {ARITH_MOD, R(7.5), I(2), R(1.0)},
        {ARITH_MOD, I(7), R(-2.5), R(1.0)},
        {ARITH_MOD, I(-7), R(2.0), R(-1.0)},
        {ARITH_MOD, R(1e300), I(7), R(0.0)},
        {ARITH_MOD, I(7), R((double)INFINITY), R(7.0)},
        {ARITH_MOD, I(INT64_MAX), R(1e300), R(0.0)},
        {ARITH_MOD, I(5), R(0.5), R(0.0)}, /* NULL by kernel_number_mod_zero */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        assert_number(cases[i].expect, apply(cases[i].op, cases[i].a, cases[i].b));
    assert_null(kernel_number(ARITH_AND, KERNEL_VV));
}

static void divisors_of_zero_become_null(void **state)
{
    (void)state;
    const struct number divisors[] = {I(0), R(0.0), R(-0.0), R(0.5), I(1), R((double)NAN)};
    uint64_t validity = ~UINT64_C(0);
    kernel_div_zero(&validity, divisors, PHYS_NUMBER, false, 6);
    assert_int_equal(validity & 63, 0x38);
    kernel_number_mod_zero(&validity, divisors, false, 6);
    assert_int_equal(validity & 63, 0x10);
    kernel_number_mod_zero(&validity, &divisors[3], true, 6);
    assert_int_equal(validity & 63, 0);
}

static void one_operand(void **state)
{
    (void)state;
    const struct number in[] = {I(INT64_MIN), I(-5), R(-2.5), R(-0.0)};
    struct number out[4];
    assert_int_equal(kernel_unary(UNARY_NEG, PHYS_NUMBER)(out, in, NULL, NULL, 4), 0);
    assert_number(R(0x1p63), out[0]);
    assert_number(I(5), out[1]);
    assert_number(R(2.5), out[2]);
    assert_int_not_equal(kernel_unary(UNARY_ABS, PHYS_NUMBER)(out, in, NULL, NULL, 1), 0);
    assert_int_equal(kernel_unary(UNARY_ABS, PHYS_NUMBER)(out, in + 1, NULL, NULL, 3), 0);
    assert_number(I(5), out[0]);
    assert_number(R(2.5), out[1]);
    assert_number(R(0.0), out[2]);
    assert_int_equal(kernel_unary(UNARY_BITNOT, PHYS_NUMBER)(out, in, NULL, NULL, 3), 0);
    assert_number(I(INT64_MAX), out[0]);
    assert_number(I(1), out[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_is_that_of_sqlite),
        cmocka_unit_test(divisors_of_zero_become_null),
        cmocka_unit_test(one_operand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
