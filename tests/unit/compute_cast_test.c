#include "compute/number.h"
#include "compute/wide.h"
#include "compute_testing.h"

static const enum phys_type numeric[] = {PHYS_I8,   PHYS_I16,  PHYS_I32, PHYS_I64,
                                         PHYS_I128, PHYS_U8,   PHYS_U16, PHYS_U32,
                                         PHYS_U64,  PHYS_U128, PHYS_F32, PHYS_F64};

/* ---- the definition ---- */

static bool integer_fits(bool from_signed, u128 x, enum phys_type to)
{
    const uint32_t bits = phys_bits(to);
    if (from_signed && (i128)x < 0)
        return phys_is_signed(to) && (i128)x >= -((i128)1 << (bits - 2)) * 2;
    const u128 most = (((u128)1 << (bits - 1)) - 1) * 2 + 1;
    return x <= (phys_is_signed(to) ? most >> 1 : most);
}

static double define_round_even(double x)
{
    return x != x || fabs(x) == (double)INFINITY ? x : rint(x);
}

/* The integer of a double of whole value inside the type. */
static bool real_fits(double whole, enum phys_type to, u128 *out)
{
    const uint32_t bits = phys_bits(to);
    const double ceiling = ldexp(1, (int)bits - phys_is_signed(to));
    if (!(whole >= (phys_is_signed(to) ? -ceiling : 0.0)) || !(whole < ceiling)) return false;
    int exponent;
    const double fraction = frexp(fabs(whole), &exponent);
    u128 magnitude = (u128)(uint64_t)ldexp(fraction, 53);
    if (whole == 0) magnitude = 0;
    magnitude = exponent >= 53 ? magnitude << (exponent - 53)
                               : magnitude >> (whole == 0 ? 0 : 53 - exponent);
    *out = whole < 0 ? 0 - magnitude : magnitude;
    return true;
}

/* The nearest double by hand: 53 bits, half to even. */
static double define_to_real(bool negative, u128 magnitude, int keep)
{
    int bits = 0;
    while (bits < 128 && magnitude >> bits != 0)
        bits++;
    if (bits <= keep) return negative ? -(double)(uint64_t)magnitude : (double)(uint64_t)magnitude;
    const int cut = bits - keep;
    u128 head = magnitude >> cut;
    const u128 rest = magnitude & (((u128)1 << cut) - 1), half = (u128)1 << (cut - 1);
    if (rest > half || (rest == half && (head & 1))) head++;
    return (negative ? -1 : 1) * ldexp((double)(uint64_t)head, cut);
}

static void check_cast(enum phys_type from, enum phys_type to, const struct column *a, uint32_t n)
{
    static struct column out;
    const bool flagged = kernel_cast(CAST_ROUND, from, to)(out.bytes, a->bytes, NULL, NULL, n) != 0;
    bool expect_flag = false;
    for (uint32_t i = 0; i < n; i++) {
        u128 expect = 0;
        bool fits = true;
        if (phys_is_float(to)) {
            double value;
            if (phys_is_float(from)) {
                value = real_at(a, from, i);
                if (to == PHYS_F32 && fabs(value) <= DBL_MAX) {
                    fits = fabs(value) < 0x1.ffffffp127;
                    if (fits) value = (double)(float)value;
                }
            } else {
                const u128 x = integer_at(a, from, i);
                const bool negative = phys_is_signed(from) && (i128)x < 0;
                value = define_to_real(negative, negative ? 0 - x : x, to == PHYS_F32 ? 24 : 53);
                fits = to == PHYS_F64 || value < 0x1p128;
            }
            if (fits && !same_real(value, real_at(&out, to, i)))
                fail_msg("%s to %s row %u", phys_names[from], phys_names[to], i);
            expect_flag |= !fits;
            continue;
        }
        if (phys_is_float(from)) {
            fits = real_fits(define_round_even(real_at(a, from, i)), to, &expect);
        } else {
            expect = integer_at(a, from, i);
            fits = integer_fits(phys_is_signed(from), expect, to);
        }
        expect_flag |= !fits;
        if (fits && memcmp(out.bytes + i * phys_bytes[to], &expect, phys_bytes[to]) != 0)
            fail_msg("%s to %s row %u of %u", phys_names[from], phys_names[to], i, n);
    }
    if (flagged != expect_flag)
        fail_msg("flag of %s to %s, n %u", phys_names[from], phys_names[to], n);
}

static void every_pair_of_numbers(void **state)
{
    (void)state;
    static struct column a;
    for (size_t pair = 0; pair < ARRAY_COUNT(numeric) * ARRAY_COUNT(numeric); pair++) {
        const enum phys_type from = numeric[pair / ARRAY_COUNT(numeric)];
        const enum phys_type to = numeric[pair % ARRAY_COUNT(numeric)];
        struct random r = {pair};
        for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
            if (n > 20 && n < 128 && n % 16 != 1) continue;
            fill(&a, from, n, &r);
            check_cast(from, to, &a, n);
        }
        for (uint32_t i = 0; i < 2000; i++) {
            fill(&a, from, 1, &r);
            check_cast(from, to, &a, 1);
        }
    }
}

static void truncation_saturates(void **state)
{
    (void)state;
    static struct column a, out;
    struct random r = {3};
    for (enum phys_type from = PHYS_F32; from <= PHYS_F64; from++)
        for (enum phys_type to = PHYS_I8; to <= PHYS_U128; to++) {
            fill(&a, from, 2048, &r);
            assert_int_equal(
                kernel_cast(CAST_TRUNCATE, from, to)(out.bytes, a.bytes, NULL, NULL, 2048), 0);
            for (uint32_t i = 0; i < 2048; i++) {
                const double x = real_at(&a, from, i);
                u128 expect = 0;
                if (!real_fits(trunc(x), to, &expect) && x == x) {
                    const u128 least = phys_is_signed(to) ? ~(u128)0 << (phys_bits(to) - 1) : 0;
                    expect = x < 0 ? least : ~least;
                }
                assert_memory_equal(out.bytes + i * phys_bytes[to], &expect, phys_bytes[to]);
            }
        }
    const double x[] = {1e300, -1e300, 9.3e18, (double)NAN, -7.9};
    int64_t whole[5];
    (void)kernel_cast(CAST_TRUNCATE, PHYS_F64, PHYS_I64)(whole, x, NULL, NULL, 5);
    assert_int_equal(whole[0], INT64_MAX);
    assert_int_equal(whole[1], INT64_MIN);
    assert_int_equal(whole[2], INT64_MAX);
    assert_int_equal(whole[3], 0);
    assert_int_equal(whole[4], -7);
}

static void halves_go_to_even(void **state)
{
    (void)state;
    const double x[] = {0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.4999, 0x1.fffffffffffffp-2};
    const int8_t expect[] = {0, 2, 2, 0, -2, -2, 126, 127, 0};
    int8_t out[9];
    assert_int_equal(kernel_cast(CAST_ROUND, PHYS_F64, PHYS_I8)(out, x, NULL, NULL, 9), 0);
    assert_memory_equal(out, expect, sizeof expect);
    const double beyond = 127.5;
    assert_int_not_equal(kernel_cast(CAST_ROUND, PHYS_F64, PHYS_I8)(out, &beyond, NULL, NULL, 1),
                         0);
}

static void booleans_and_numbers(void **state)
{
    (void)state;
    const uint64_t bits[2] = {5, 1};
    int32_t ints[66];
    struct number numbers[66];
    uint64_t back[2];
    (void)kernel_cast(CAST_ROUND, PHYS_BOOL, PHYS_I32)(ints, bits, NULL, NULL, 66);
    assert_int_equal(ints[0], 1);
    assert_int_equal(ints[1], 0);
    assert_int_equal(ints[64], 1);
    (void)kernel_cast(CAST_ROUND, PHYS_I32, PHYS_BOOL)(back, ints, NULL, NULL, 66);
    assert_int_equal(back[0], 5);
    assert_int_equal(back[1] & 3, 1);
    (void)kernel_cast(CAST_ROUND, PHYS_BOOL, PHYS_NUMBER)(numbers, bits, NULL, NULL, 66);
    assert_int_equal(numbers[2].i, 1);
    assert_int_equal(numbers[2].is_real, 0);
    const double nan = (double)NAN;
    (void)kernel_cast(CAST_ROUND, PHYS_F64, PHYS_BOOL)(back, &nan, NULL, NULL, 1);
    assert_int_equal(back[0] & 1, 1);

    const u128 huge[2] = {(u128)1 << 63, 17};
    (void)kernel_cast(CAST_ROUND, PHYS_U128, PHYS_NUMBER)(numbers, huge, NULL, NULL, 2);
    assert_true(numbers[0].is_real && numbers[0].d == 0x1p63);
    assert_true(!numbers[1].is_real && numbers[1].i == 17);
    const struct number mixed[] = {number_real(2.5), number_int(300), number_real(-9.9)};
    int8_t bytes[3];
    assert_int_not_equal(kernel_cast(CAST_ROUND, PHYS_NUMBER, PHYS_I8)(bytes, mixed, NULL, NULL, 3),
                         0);
    assert_int_equal(bytes[0], 2);
    assert_int_equal(kernel_cast(CAST_TRUNCATE, PHYS_NUMBER, PHYS_I8)(bytes, mixed, NULL, NULL, 3),
                     0);
    assert_int_equal(bytes[0], 2);
    assert_int_equal(bytes[1], 127);
    assert_int_equal(bytes[2], -9);
    assert_null(kernel_cast(CAST_ROUND, PHYS_VIEW, PHYS_I32));
    assert_null(kernel_cast(CAST_ROUND, PHYS_I32, PHYS_MDN));
}

/* ---- decimals ---- */

static u128 power(uint32_t digits)
{
    u128 p = 1;
    for (uint32_t i = 0; i < digits; i++)
        p *= 10;
    return p;
}

/* x * 10^(to - from) rounded half away; false if it leaves 127 bits. */
static bool define_scale(i128 x, int from, int to, u128 *magnitude)
{
    *magnitude = x < 0 ? 0 - (u128)x : (u128)x;
    for (; from < to; from++) {
        if (*magnitude > (~(u128)0 >> 1) / 10) return *magnitude == 0;
        *magnitude *= 10;
    }
    if (from > to) {
        const u128 divisor = power((uint32_t)(from - to));
        const u128 rest = *magnitude % divisor;
        *magnitude = *magnitude / divisor + (rest >= divisor - rest);
    }
    return true;
}

static void check_decimal(enum phys_type from, enum phys_type to, const struct decimal_cast *cast,
                          const struct column *a, uint32_t n)
{
    static struct column out;
    const bool flagged = kernel_decimal_cast(from, to)(out.bytes, a->bytes, NULL, cast, n) != 0;
    bool expect_flag = false;
    for (uint32_t i = 0; i < n; i++) {
        const u128 x = integer_at(a, from, i);
        u128 magnitude;
        bool fits = phys_is_signed(from) || (i128)x >= 0;
        fits = fits && define_scale((i128)x, cast->from_scale, cast->to_scale, &magnitude);
        if (from == PHYS_U128 && to == PHYS_U128 && cast->from_scale == cast->to_scale) {
            fits = true;
            magnitude = x;
        }
        if (fits) {
            const bool negative = phys_is_signed(from) && (i128)x < 0 && magnitude != 0;
            const u128 expect = negative ? 0 - magnitude : magnitude;
            fits = integer_fits(negative, expect, to);
            if (cast->to_precision != 0 && magnitude >= power(cast->to_precision)) fits = false;
            if (fits && memcmp(out.bytes + i * phys_bytes[to], &expect, phys_bytes[to]) != 0)
                fail_msg("%s(%u) to %s(%u) row %u", phys_names[from], cast->from_scale,
                         phys_names[to], cast->to_scale, i);
        }
        expect_flag |= !fits;
    }
    if (flagged != expect_flag)
        fail_msg("flag of %s(%u) to %s(%u,%u) n %u", phys_names[from], cast->from_scale,
                 phys_names[to], cast->to_precision, cast->to_scale, n);
}

static void decimals_change_scale(void **state)
{
    (void)state;
    static struct column a;
    struct random r = {11};
    for (enum phys_type from = PHYS_I8; from <= PHYS_U128; from++)
        for (enum phys_type to = PHYS_I8; to <= PHYS_U128; to++)
            for (uint32_t round = 0; round < 300; round++) {
                struct decimal_cast cast = {.from_scale = (uint8_t)random_below(&r, 6),
                                            .to_scale = (uint8_t)random_below(&r, 6)};
                if (round % 8 == 0) cast.from_scale = (uint8_t)random_below(&r, 39);
                if (round % 8 == 1) cast.to_scale = (uint8_t)random_below(&r, 39);
                if (round % 3 == 0) cast.to_precision = (uint8_t)(1 + random_below(&r, 38));
                if (from == PHYS_U128) cast.from_scale = 0;
                const uint32_t n = round % 2 == 0 ? 1 : random_below(&r, 200);
                fill(&a, from, n, &r);
                check_decimal(from, to, &cast, &a, n);
            }
}

static void decimals_and_reals(void **state)
{
    (void)state;
    const struct decimal_cast two = {.to_scale = 2, .to_precision = 5},
                              from_two = {.from_scale = 2};
    const double x[] = {1.005, -2.345, 999.99, 0.125, -0.125};
    const int32_t expect[] = {100, -235, 99999, 13, -13};
    int32_t out[5];
    assert_int_equal(kernel_decimal_cast(PHYS_F64, PHYS_I32)(out, x, NULL, &two, 5), 0);
    /* -2.345 * 100 is -234.5 in doubles */
    assert_memory_equal(out, expect, sizeof expect);
    const double bad[] = {1000.0, (double)NAN, (double)INFINITY, -1e300, 999.995};
    for (int i = 0; i < 5; i++)
        assert_int_not_equal(kernel_decimal_cast(PHYS_F64, PHYS_I32)(out, &bad[i], NULL, &two, 1),
                             0);
    double back[5];
    assert_int_equal(kernel_decimal_cast(PHYS_I32, PHYS_F64)(back, expect, NULL, &from_two, 5), 0);
    assert_true(back[0] == 1.0 && back[1] == -2.35 && back[2] == 999.99 && back[3] == 0.13);
    /* Rounded once, however large: 2^53 + 1 tenths */
    const i128 large[] = {((i128)1 << 53) * 10 + 1, -(i128)power(38) + 1, 1};
    const struct decimal_cast one = {.from_scale = 1}, all = {.from_scale = 38};
    (void)kernel_decimal_cast(PHYS_I128, PHYS_F64)(back, large, NULL, &one, 1);
    assert_true(back[0] == 0x1p53);
    (void)kernel_decimal_cast(PHYS_I128, PHYS_F64)(back, large + 1, NULL, &all, 2);
    assert_true(back[0] == -1.0 && back[1] == 1e-38);
    float narrow[2];
    const u128 huge[2] = {~(u128)0, 16777217};
    const struct decimal_cast plain = {0};
    assert_int_not_equal(kernel_decimal_cast(PHYS_U128, PHYS_F32)(narrow, huge, NULL, &plain, 1),
                         0);
    assert_int_equal(kernel_decimal_cast(PHYS_U128, PHYS_F32)(narrow, huge + 1, NULL, &plain, 1),
                     0);
    assert_true(narrow[0] == 16777216.0f);
    u128 unsigned_out;
    const double big = 0x1.8p127;
    assert_int_equal(kernel_decimal_cast(PHYS_F64, PHYS_U128)(&unsigned_out, &big, NULL, &plain, 1),
                     0);
    assert_true(unsigned_out == (u128)3 << 126);
}

static void ratios_are_rounded_once(void **state)
{
    (void)state;
    struct random r = {123};
    for (int i = 0; i < 20000; i++) {
        const int64_t a = (int64_t)(random_u64(&r) >> random_below(&r, 60));
        const uint64_t b = (random_u64(&r) >> random_below(&r, 60)) | 1;
        const double ours = i128_ratio(a, b);
        /* ours = m * 2^e with 53 bits: |a / 2^e - m * b| <= b / 2, and m even if they are equal. */
        int e;
        const uint64_t m = (uint64_t)ldexp(frexp(fabs(ours), &e), 53);
        e -= 53;
        const u128 magnitude = i128_magnitude(a);
        const u128 exact = e <= 0 ? magnitude << -e : magnitude;
        const u128 kept = e <= 0 ? (u128)m * b : (u128)m * b << e;
        const u128 distance = exact > kept ? exact - kept : kept - exact;
        const u128 half = e <= 0 ? b : (u128)b << e;
        assert_true(a == 0 || 2 * distance < half || (2 * distance == half && m % 2 == 0));
        assert_true(i128_ratio((i128)a * 3, 3) == (double)a);
        assert_true(i128_ratio((i128)a * ((i128)1 << 60), (u128)b << 60) == ours);
    }
    assert_true(i128_ratio(0, 7) == 0);
    assert_true(i128_ratio(I128_MIN, 1) == -0x1p127);
    assert_true(i128_ratio(1, ~(u128)0) == 0x1p-128);
}

static void products_of_128_bits(void **state)
{
    (void)state;
    u128 u;
    i128 s;
    assert_false(u128_mul(~(u128)0, 1, &u));
    assert_true(u128_mul(~(u128)0, 2, &u));
    assert_true(u128_mul((u128)1 << 64, (u128)1 << 64, &u));
    assert_false(u128_mul((u128)1 << 64, (u128)1 << 63, &u));
    assert_false(i128_mul(I128_MIN, 1, &s));
    assert_true(s == I128_MIN);
    assert_true(i128_mul(I128_MIN, -1, &s));
    assert_false(i128_mul((i128)1 << 64, -((i128)1 << 63), &s));
    assert_true(s == I128_MIN);
    assert_true(i128_mul((i128)1 << 64, (i128)1 << 63, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_numbers),   cmocka_unit_test(truncation_saturates),
        cmocka_unit_test(halves_go_to_even),       cmocka_unit_test(booleans_and_numbers),
        cmocka_unit_test(decimals_change_scale),   cmocka_unit_test(decimals_and_reals),
        cmocka_unit_test(ratios_are_rounded_once), cmocka_unit_test(products_of_128_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
