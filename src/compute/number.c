#include "compute/number.h"

#include "base/bitmap.h"
#include "compute/kernel.h"

/* ---- order ---- */

static int real_compare(double a, double b)
{
    if (a != a || b != b) return (a != a) - (b != b);
    return (a > b) - (a < b);
}

static int int_compare_real(int64_t a, double b)
{
    if (b != b || b >= 0x1p63) return -1;
    if (b < -0x1p63) return 1;
    const int64_t whole = (int64_t)b; /* towards zero: exact */
    if (a != whole) return a < whole ? -1 : 1;
    const double rest = b - (double)whole;
    return (rest < 0) - (rest > 0);
}

int number_compare(struct number a, struct number b)
{
    if (a.is_real) return b.is_real ? real_compare(a.d, b.d) : -int_compare_real(b.i, a.d);
    if (b.is_real) return int_compare_real(a.i, b.d);
    return (a.i > b.i) - (a.i < b.i);
}

/* ---- arithmetic ---- */

static struct number add(struct number x, struct number y)
{
    int64_t r;
    if (!(x.is_real | y.is_real) && !__builtin_add_overflow(x.i, y.i, &r)) return number_int(r);
    return number_real(number_to_real(x) + number_to_real(y));
}

static struct number sub(struct number x, struct number y)
{
    int64_t r;
    if (!(x.is_real | y.is_real) && !__builtin_sub_overflow(x.i, y.i, &r)) return number_int(r);
    return number_real(number_to_real(x) - number_to_real(y));
}

static struct number mul(struct number x, struct number y)
{
    int64_t r;
    if (!(x.is_real | y.is_real) && !__builtin_mul_overflow(x.i, y.i, &r)) return number_int(r);
    return number_real(number_to_real(x) * number_to_real(y));
}

static struct number divide(struct number x, struct number y)
{
    const double divisor = number_to_real(y);
    if (divisor == 0) return number_int(0);
    if (x.is_real | y.is_real || (x.i == INT64_MIN && y.i == -1))
        return number_real(number_to_real(x) / divisor);
    return number_int(x.i / y.i);
}

/* Of the whole parts; the class of the result is that of the operands. */
static struct number modulo(struct number x, struct number y)
{
    const int64_t a = number_to_int(x), b = number_to_int(y);
    const int64_t r = b == 0 || b == -1 ? 0 : a % b;
    return x.is_real | y.is_real ? number_real((double)r) : number_int(r);
}

#define K_OP add
#include "compute/number.inc.h"
#define K_OP sub
#include "compute/number.inc.h"
#define K_OP mul
#include "compute/number.inc.h"
#define K_OP divide
#include "compute/number.inc.h"
#define K_OP modulo
#include "compute/number.inc.h"

#define SHAPES(op)                                                                                 \
    {                                                                                              \
        number_##op##_vv, number_##op##_vs, number_##op##_sv                                       \
    }
static kernel_fn *const kernels[ARITH_OP_COUNT][KERNEL_SHAPE_COUNT] = {
    [ARITH_ADD] = SHAPES(add),    [ARITH_SUB] = SHAPES(sub),    [ARITH_MUL] = SHAPES(mul),
    [ARITH_DIV] = SHAPES(divide), [ARITH_MOD] = SHAPES(modulo),
};

kernel_fn *kernel_number(enum arith_op op, enum kernel_shape shape)
{
    assert(op < ARITH_OP_COUNT);
    assert(shape < KERNEL_SHAPE_COUNT);
    return kernels[op][shape];
}

void kernel_number_mod_zero(uint64_t *io_validity, const void *b, bool scalar, uint32_t n)
{
    const struct number *divisors = (const struct number *)b;
    for (uint32_t i = 0; i < n; i++)
        if (number_to_int(divisors[scalar ? 0 : i]) == 0) bit_clear(io_validity, i);
}
