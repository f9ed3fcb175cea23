#include "compute/number.h"
#include "compute_testing.h"

/* ---- the definition: a op b in the type, and whether that is not representable ---- */

static bool out_of_type(u128 exact, bool beyond, enum phys_type type)
{
    const uint32_t bits = phys_bits(type);
    if (beyond) return true;
    if (bits == 128) return false;
    const i128 signed_exact = (i128)exact;
    if (phys_is_signed(type))
        return signed_exact < -((i128)1 << (bits - 1)) || signed_exact >= (i128)1 << (bits - 1);
    return exact >> bits != 0;
}

/* Operands are extended to 128 bits, so only 128-bit types can leave them. */
static bool multiply_leaves(u128 a, u128 b, u128 product, bool is_signed)
{
    if (a == 0) return false;
    if (!is_signed) return product / a != b;
    if ((i128)a == -1) return (i128)b == (i128)((u128)1 << 127);
    return (i128)product / (i128)a != (i128)b;
}

static bool define_shift(enum arith_op op, u128 a, u128 b, enum phys_type type, u128 *out)
{
    const uint32_t bits = phys_bits(type);
    const bool is_signed = phys_is_signed(type);
    const bool negative_count = is_signed && (i128)b < 0;
    const bool wide = b >= bits;
    if (op == ARITH_SHR) {
        if (is_signed) {
            *out = (u128)((i128)a >> (wide ? 127 : (int)b));
        } else {
            *out = wide ? 0 : a >> b;
        }
        return negative_count;
    }
    *out = wide ? 0 : a << b;
    if (negative_count) return true;
    if (wide) return a != 0;
    /* Lost bits: shifting back in the type does not restore the value. */
    u128 kept = *out;
    if (bits < 128) kept &= ((u128)1 << bits) - 1;
    if (is_signed && bits < 128 && (kept >> (bits - 1)) & 1) kept |= ~(u128)0 << bits;
    return (is_signed ? (u128)((i128)kept >> b) : kept >> b) != a;
}

static bool define_divide(enum arith_op op, u128 a, u128 b, enum phys_type type, u128 *out)
{
    *out = 0;
    if (b == 0) return false;
    if (!phys_is_signed(type)) {
        *out = op == ARITH_DIV ? a / b : a % b;
        return false;
    }
    if ((i128)b == -1) {
        const u128 smallest = ~(u128)0 << (phys_bits(type) - 1);
        *out = op == ARITH_DIV ? 0 - a : 0;
        return a == smallest;
    }
    *out = (u128)(op == ARITH_DIV ? (i128)a / (i128)b : (i128)a % (i128)b);
    return false;
}

/* Returns whether the result is wrong; *out is the result modulo the width where it is defined. */
static bool define(enum arith_op op, u128 a, u128 b, enum phys_type type, u128 *out)
{
    const bool is_signed = phys_is_signed(type);
    const bool wide = phys_bits(type) == 128;
    bool beyond = false;
    switch (op) {
    case ARITH_ADD:
        *out = a + b;
        if (wide) beyond = is_signed ? ((i128)((a ^ *out) & (b ^ *out)) < 0) : *out < a;
        return out_of_type(*out, beyond, type);
    case ARITH_SUB:
        *out = a - b;
        if (wide || !is_signed) beyond = is_signed ? ((i128)((a ^ b) & (a ^ *out)) < 0) : a < b;
        return out_of_type(*out, beyond, type);
    case ARITH_MUL:
        *out = a * b;
        return out_of_type(*out, multiply_leaves(a, b, *out, is_signed), type);
    case ARITH_DIV:
    case ARITH_MOD: return define_divide(op, a, b, type, out);
    case ARITH_AND: *out = a & b; return false;
    case ARITH_OR: *out = a | b; return false;
    case ARITH_XOR: *out = a ^ b; return false;
    case ARITH_SHL:
    case ARITH_SHR: return define_shift(op, a, b, type, out);
    case ARITH_SHL_WRAP:
    case ARITH_SHR_WRAP:
    case ARITH_OP_COUNT: break;
    }
    fail();
    return false;
}

/* ---- integers ---- */

struct integer_case {
    kernel_fn *fn;
    enum arith_op op;
    enum phys_type type;
    enum kernel_shape shape;
};

static void check_integer(const struct integer_case *c, const struct column *a,
                          const struct column *b, uint32_t n)
{
    const enum arith_op op = c->op;
    const enum phys_type type = c->type;
    const enum kernel_shape shape = c->shape;
    static struct column out;
    const size_t width = phys_bytes[type];
    memset(out.bytes, 0xa5, sizeof out.bytes);
    const bool flagged = c->fn(out.bytes, a->bytes, b->bytes, NULL, n) != 0;
    bool expect_flag = false;
    for (uint32_t i = 0; i < n; i++) {
        u128 expect;
        const bool bad = define(op, integer_at(a, type, shape == KERNEL_SV ? 0 : i),
                                integer_at(b, type, shape == KERNEL_VS ? 0 : i), type, &expect);
        expect_flag |= bad;
        if (!bad && memcmp(out.bytes + i * width, &expect, width) != 0)
            fail_msg("op %d %s shape %d n %u row %u", (int)op, phys_names[type], (int)shape, n, i);
    }
    if (flagged != expect_flag)
        fail_msg("flag of op %d %s shape %d n %u", (int)op, phys_names[type], (int)shape, n);
    for (size_t i = n * width; i < n * width + 32; i++)
        assert_int_equal(out.bytes[i], 0xa5);
}

static void check_integer_lengths(kernel_fn *fn, enum arith_op op, enum phys_type type,
                                  enum kernel_shape shape)
{
    static struct column a, b;
    const struct integer_case c = {fn, op, type, shape};
    struct random r = {(uint64_t)op * 1000 + type * 10 + shape};
    for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
        if (n > 32 && n < 128 && n % 7 != 0) continue;
        fill(&a, type, n == 0 ? 1 : n, &r);
        fill(&b, type, n == 0 ? 1 : n, &r);
        check_integer(&c, &a, &b, n);
    }
    /* Small values only: strips without a flag, and the fast way of products. */
    fill(&a, type, 2048, &r);
    fill(&b, type, 2048, &r);
    for (uint32_t i = 0; i < 2048; i++) {
        const u128 x = random_below(&r, 8), y = random_below(&r, 8) + 1;
        memcpy(a.bytes + i * phys_bytes[type], &x, phys_bytes[type]);
        memcpy(b.bytes + i * phys_bytes[type], &y, phys_bytes[type]);
    }
    check_integer(&c, &a, &b, 2048);
    for (uint32_t i = 0; i < 500; i++) { /* n = 1: the flag is about this very slot */
        fill(&a, type, 1, &r);
        fill(&b, type, 1, &r);
        check_integer(&c, &a, &b, 1);
    }
}

static void integers_agree_with_the_definition(void **state)
{
    (void)state;
    for (int op = ARITH_ADD; op <= ARITH_SHR; op++)
        for (int type = PHYS_I8; type <= PHYS_U128; type++)
            for (int shape = 0; shape < KERNEL_SHAPE_COUNT; shape++) {
                kernel_fn *fn =
                    kernel_arith((enum arith_op)op, (enum phys_type)type, (enum kernel_shape)shape);
                assert_non_null(fn);
                check_integer_lengths(fn, (enum arith_op)op, (enum phys_type)type,
                                      (enum kernel_shape)shape);
                for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
                    if (tier->arith[op][type][shape] != NULL)
                        check_integer_lengths(tier->arith[op][type][shape], (enum arith_op)op,
                                              (enum phys_type)type, (enum kernel_shape)shape);
            }
}

static void bytes_are_exhausted(void **state)
{
    (void)state;
    static struct column a, b;
    for (int x = 0; x < 256; x++) {
        for (int y = 0; y < 256; y++) {
            a.bytes[y] = (uint8_t)x;
            b.bytes[y] = (uint8_t)y;
        }
        for (int op = ARITH_ADD; op <= ARITH_SHR; op++)
            for (int type = PHYS_I8; type <= PHYS_U8; type += PHYS_U8 - PHYS_I8) {
                const struct integer_case c = {
                    kernel_arith((enum arith_op)op, (enum phys_type)type, KERNEL_VV),
                    (enum arith_op)op, (enum phys_type)type, KERNEL_VV};
                check_integer(&c, &a, &b, 256);
                for (uint32_t y = 0; y < 256; y++) {
                    static struct column one_a, one_b;
                    one_a.bytes[0] = (uint8_t)x;
                    one_b.bytes[0] = (uint8_t)y;
                    check_integer(&c, &one_a, &one_b, 1);
                }
            }
    }
}

static void wrapping_shifts_are_those_of_sqlite(void **state)
{
    (void)state;
    static const struct {
        int64_t a, b, left, right;
    } cases[] = {
        {1, 64, 0, 0},    {1, 63, INT64_MIN, 0}, {1, -1, 0, 2},          {-1, 70, 0, -1},
        {-8, 1, -16, -4}, {-8, -1, -4, -16},     {1, -63, 0, INT64_MIN}, {1, -64, 0, 0},
        {-1, -64, -1, 0}, {1, INT64_MIN, 0, 0},  {-1, INT64_MIN, -1, 0}, {5, 0, 5, 5},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int64_t r;
        assert_int_equal(0, kernel_arith(ARITH_SHL_WRAP, PHYS_I64,
                                         KERNEL_VV)(&r, &cases[i].a, &cases[i].b, NULL, 1));
        assert_int_equal(r, cases[i].left);
        assert_int_equal(0, kernel_arith(ARITH_SHR_WRAP, PHYS_I64,
                                         KERNEL_VS)(&r, &cases[i].a, &cases[i].b, NULL, 1));
        assert_int_equal(r, cases[i].right);
    }
    assert_null(kernel_arith(ARITH_SHL_WRAP, PHYS_I32, KERNEL_VV));
}

/* ---- floats ---- */

static double define_float(enum arith_op op, double a, double b, enum phys_type type)
{
    if (type == PHYS_F32) {
        const float x = (float)a, y = (float)b;
        switch (op) {
        case ARITH_ADD: return (double)(x + y);
        case ARITH_SUB: return (double)(x - y);
        case ARITH_MUL: return (double)(x * y);
        case ARITH_DIV: return (double)(x / y);
        default: return (double)fmodf(x, y);
        }
    }
    switch (op) {
    case ARITH_ADD: return a + b;
    case ARITH_SUB: return a - b;
    case ARITH_MUL: return a * b;
    case ARITH_DIV: return a / b;
    default: return fmod(a, b);
    }
}

static void check_float(kernel_fn *fn, enum arith_op op, enum phys_type type,
                        enum kernel_shape shape)
{
    static struct column a, b, out;
    struct random r = {7 + (uint64_t)op};
    for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
        fill(&a, type, n == 0 ? 1 : n, &r);
        fill(&b, type, n == 0 ? 1 : n, &r);
        assert_int_equal(fn(out.bytes, a.bytes, b.bytes, NULL, n), 0);
        for (uint32_t i = 0; i < n; i++) {
            const double expect = define_float(op, real_at(&a, type, shape == KERNEL_SV ? 0 : i),
                                               real_at(&b, type, shape == KERNEL_VS ? 0 : i), type);
            assert_true(same_real(expect, real_at(&out, type, i)));
        }
    }
}

static void floats_follow_ieee(void **state)
{
    (void)state;
    for (int op = ARITH_ADD; op <= ARITH_MOD; op++)
        for (int type = PHYS_F32; type <= PHYS_F64; type++)
            for (int shape = 0; shape < KERNEL_SHAPE_COUNT; shape++) {
                check_float(
                    kernel_arith((enum arith_op)op, (enum phys_type)type, (enum kernel_shape)shape),
                    (enum arith_op)op, (enum phys_type)type, (enum kernel_shape)shape);
                for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
                    if (tier->arith[op][type][shape] != NULL)
                        check_float(tier->arith[op][type][shape], (enum arith_op)op,
                                    (enum phys_type)type, (enum kernel_shape)shape);
            }
    assert_null(kernel_arith(ARITH_AND, PHYS_F64, KERNEL_VV));
    assert_null(kernel_arith(ARITH_ADD, PHYS_VIEW, KERNEL_VV));
}

/* ---- one operand ---- */

static void check_unary(kernel_fn *fn, enum unary_op op, enum phys_type type)
{
    static struct column a, out;
    struct random r = {99 + (uint64_t)op};
    const size_t width = phys_bytes[type];
    const u128 smallest = ~(u128)0 << (phys_bits(type) - 1);
    for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
        fill(&a, type, n, &r);
        const bool flagged = fn(out.bytes, a.bytes, NULL, NULL, n) != 0;
        bool expect_flag = false;
        for (uint32_t i = 0; i < n; i++) {
            const u128 x = integer_at(&a, type, i);
            const bool negative = phys_is_signed(type) && (i128)x < 0;
            u128 expect = ~x;
            bool bad = false;
            if (op != UNARY_BITNOT) {
                expect = op == UNARY_NEG || negative ? 0 - x : x;
                bad = phys_is_signed(type) ? x == smallest : op == UNARY_NEG && x != 0;
            }
            expect_flag |= bad;
            assert_true(bad || memcmp(out.bytes + i * width, &expect, width) == 0);
        }
        assert_int_equal(flagged, expect_flag);
    }
}

static void one_operand(void **state)
{
    (void)state;
    for (int op = 0; op < UNARY_OP_COUNT; op++)
        for (int type = PHYS_I8; type <= PHYS_U128; type++) {
            check_unary(kernel_unary((enum unary_op)op, (enum phys_type)type), (enum unary_op)op,
                        (enum phys_type)type);
            for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
                if (tier->unary[op][type] != NULL)
                    check_unary(tier->unary[op][type], (enum unary_op)op, (enum phys_type)type);
        }
    const double in[4] = {-1.5, -0.0, (double)INFINITY, 2};
    double out[4];
    for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier)) {
        assert_int_equal(tier->unary[UNARY_NEG][PHYS_F64](out, in, NULL, NULL, 4), 0);
        for (int i = 0; i < 4; i++)
            assert_true(same_real(out[i], -in[i]));
        assert_int_equal(tier->unary[UNARY_ABS][PHYS_F64](out, in, NULL, NULL, 4), 0);
        for (int i = 0; i < 4; i++)
            assert_true(same_real(out[i], fabs(in[i])));
    }
}

static void divisors_of_zero_become_null(void **state)
{
    (void)state;
    static struct column b;
    struct random r = {5};
    for (int type = PHYS_I8; type <= PHYS_F64; type++)
        for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
            uint64_t validity[VEC_WORDS_MAX], before[VEC_WORDS_MAX];
            fill(&b, (enum phys_type)type, n == 0 ? 1 : n, &r);
            for (int i = 0; i < VEC_WORDS_MAX; i++)
                before[i] = validity[i] = random_u64(&r);
            kernel_div_zero(validity, b.bytes, (enum phys_type)type, false, n);
            for (uint32_t i = 0; i < n; i++) {
                const bool zero = phys_is_float((enum phys_type)type)
                                      ? real_at(&b, (enum phys_type)type, i) == 0
                                      : integer_at(&b, (enum phys_type)type, i) == 0;
                assert_int_equal(bit_get(validity, i), bit_get(before, i) && !zero);
            }
            memset(b.bytes, 0, 16);
            kernel_div_zero(validity, b.bytes, (enum phys_type)type, true, n);
            assert_int_equal(bitmap_count(validity, n), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_agree_with_the_definition),
        cmocka_unit_test(bytes_are_exhausted),
        cmocka_unit_test(wrapping_shifts_are_those_of_sqlite),
        cmocka_unit_test(floats_follow_ieee),
        cmocka_unit_test(one_operand),
        cmocka_unit_test(divisors_of_zero_become_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
