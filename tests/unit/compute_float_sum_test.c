#include "compute/float_sum.h"
#include "compute_testing.h"

/* ---- the definition: an integer of 2,432 bits in units of 2^-1152, rounded once ---- */

enum { DIGITS = 76, LOWEST = -1152 };
struct exact {
    int64_t digit[DIGITS]; /* base 2^32, carries pending */
};

static void exact_add(struct exact *e, double x)
{
    if (x == 0) return;
    int exponent;
    const double fraction = frexp(fabs(x), &exponent);
    const uint64_t mantissa = (uint64_t)ldexp(fraction, 53);
    const int shift = exponent - 53 - LOWEST;
    const u128 v = (u128)mantissa << (shift % 32);
    for (int k = 0; k < 3; k++) {
        const int64_t part = (int64_t)(uint32_t)(v >> (32 * k));
        e->digit[shift / 32 + k] += x < 0 ? -part : part;
    }
}

static bool exact_carry(struct exact *e)
{
    for (int k = 0; k + 1 < DIGITS; k++) {
        const int64_t carry = e->digit[k] >> 32;
        e->digit[k] -= carry * ((int64_t)1 << 32);
        e->digit[k + 1] += carry;
    }
    return e->digit[DIGITS - 1] < 0;
}

static double exact_total(const struct exact *sum)
{
    struct exact e = *sum;
    const bool negative = exact_carry(&e);
    if (negative) {
        for (int k = 0; k < DIGITS; k++)
            e.digit[k] = -e.digit[k];
        (void)exact_carry(&e);
    }
    int top = DIGITS - 1;
    while (top > 0 && e.digit[top] == 0)
        top--;
    u128 head = 0;
    for (int k = top; k > top - 4 && k >= 0; k--)
        head |= (u128)(uint64_t)e.digit[k] << (32 * (3 - (top - k)));
    bool sticky = false;
    for (int k = top - 4; k >= 0; k--)
        sticky |= e.digit[k] != 0;
    if (head == 0) return 0.0;
    int bits = 128;
    while (head >> (bits - 1) == 0)
        bits--;
    const int cut = bits > 53 ? bits - 53 : 0;
    u128 kept = head >> cut;
    const u128 rest = head & (((u128)1 << cut) - 1), half = cut > 0 ? (u128)1 << (cut - 1) : 0;
    if (cut > 0 && (rest > half || (rest == half && (sticky || (kept & 1))))) kept++;
    const double value = ldexp((double)(uint64_t)kept, cut + 32 * (top - 3) + LOWEST);
    return negative ? -value : value;
}

/* ---- columns ---- */

enum { ROWS = 5000 };
static double column[ROWS], shuffled[ROWS];

/* A half of some bin's unit, or next to one, in the first or the second of its bins. */
static double tie(struct random *r)
{
    static const double large[] = {0, 0, 0x1p40}, next[] = {0, 0x1p-34, -0x1p-34};
    const uint32_t k = random_below(r, 3);
    const double near = large[k] != 0 ? 0 : next[random_below(r, 3)];
    return ldexp(large[k] + random_below(r, 9) - 3.5 + near, 32 * (int)random_below(r, 6));
}

/* Exponents within `spread` of each other, or anything that is finite. */
static void make_column(int kind, struct random *r)
{
    for (int i = 0; i < ROWS; i++) {
        const double unit = (double)(random_u64(r) >> 11) * 0x1p-53 - 0.5;
        double x = unit;
        switch (kind) {
        case 0: x = unit * 1000; break;
        case 1: x = (double)(int64_t)(random_u64(r) % 100000) / 100; break;
        case 2: x = ldexp(unit, (int)random_below(r, 30)); break;
        case 3: x = ldexp(unit, (int)random_below(r, 2000) - 1000); break;
        case 4: x = ldexp(unit, -1060 + (int)random_below(r, 20)); break;
        case 5: x = ldexp(unit, 1000); break;
        case 6: x = i % 2 == 0 ? ldexp(unit, (int)random_below(r, 200)) : -column[i - 1]; break;
        case 7: x = i == ROWS / 2 ? 1e200 : unit; break;
        case 8: /* halves of units, so that what is dropped is a tie */
            x = tie(r);
            /* The large ones cancel, so that the total shows what became of the small ones. */
            if (i % 2 == 1 && fabs(column[i - 1]) > 0x1p110) x = -column[i - 1];
            if (i % 2 == 1 && fabs(x) > 0x1p110 && x != -column[i - 1]) x = 1.5 * 0x1p64;
            if (i == ROWS - 1 && fabs(x) > 0x1p110 && i % 2 == 0) x = 0;
            break;
        default: x = i % 5 == 0 ? -0.0 : ldexp(0.5, 32 * (int)random_below(r, 6) - (i % 3)); break;
        }
        column[i] = x;
    }
}

static void shuffle(struct random *r)
{
    memcpy(shuffled, column, sizeof column);
    for (uint32_t i = ROWS - 1; i > 0; i--) {
        const uint32_t k = random_below(r, i + 1);
        const double x = shuffled[i];
        shuffled[i] = shuffled[k];
        shuffled[k] = x;
    }
}

static struct float_sum sum_one_by_one(const double *x)
{
    struct float_sum sum = {0};
    for (int i = 0; i < ROWS; i++)
        float_sum_add(&sum, x[i]);
    return sum;
}

/* Some states, each fed with runs of random lengths, merged in a random order. */
static struct float_sum sum_in_parts(const double *x, struct random *r)
{
    struct float_sum states[7] = {0};
    for (uint32_t at = 0; at < ROWS;) {
        const uint32_t most = random_below(r, 3) == 0 ? 2048 : 40;
        uint32_t n = random_below(r, most) + 1;
        n = n < ROWS - at ? n : ROWS - at;
        float_sum_add_run(&states[random_below(r, 7)], x + at, n);
        at += n;
    }
    for (int left = 7; left > 1; left--) {
        const int from = left - 1;
        const int into = (int)random_below(r, (uint32_t)from);
        if (random_below(r, 2)) {
            float_sum_merge(&states[into], &states[from]);
        } else {
            float_sum_merge(&states[from], &states[into]);
            states[into] = states[from];
        }
    }
    return states[0];
}

static void any_order_and_split_give_the_same_bits(void **state)
{
    (void)state;
    struct random r = {42};
    for (int kind = 0; kind < 10; kind++)
        for (int round = 0; round < 6; round++) {
            make_column(kind, &r);
            const struct float_sum first = sum_one_by_one(column);
            const double expect = float_sum_total(&first);
            for (int k = 0; k < 6; k++) {
                shuffle(&r);
                const struct float_sum other =
                    k == 0 ? sum_one_by_one(shuffled) : sum_in_parts(shuffled, &r);
                assert_true(same_real(expect, float_sum_total(&other)));
                assert_true(
                    same_real(float_sum_ratio(&first, 12345), float_sum_ratio(&other, 12345)));
                assert_int_equal(first.window, other.window);
            }
        }
}

static void the_total_is_rounded_once(void **state)
{
    (void)state;
    struct random r = {43};
    for (int kind = 0; kind < 10; kind++) {
        if (kind == 3 || kind == 7) continue; /* more bits than are kept: the next test */
        for (int round = 0; round < 10; round++) {
            make_column(kind, &r);
            struct exact e = {{0}};
            for (int i = 0; i < ROWS; i++)
                exact_add(&e, column[i]);
            const struct float_sum sum = sum_one_by_one(column);
            /* Kinds 2, 6 and 8 may lose bits far below a total that cancels. */
            const double expect = exact_total(&e), actual = float_sum_total(&sum);
            if (kind == 0 || kind == 1 || kind == 4 || kind == 5) {
                assert_true(same_real(expect, actual));
            } else {
                double largest = 0;
                for (int i = 0; i < ROWS; i++)
                    largest = fabs(column[i]) > largest ? fabs(column[i]) : largest;
                assert_true(fabs(expect - actual) <=
                            ROWS * largest * 0x1p-94 + fabs(expect) * 0x1p-52);
            }
        }
    }
}

/* The digits of a strip are the bins of its values one by one. */
static void check_digits(const struct tier *tier, int window, uint32_t n)
{
    static double strip[FLOAT_STRIP_ROWS];
    static int64_t digits[SUM_BINS][FLOAT_STRIP_ROWS];
    memset(strip, 0, sizeof strip);
    memcpy(strip, column, n * sizeof *strip);
    memset(digits, 0, sizeof digits);
    const uint32_t count = tier->float_digits(strip, window, digits);
    assert_true(count == SUM_BINS || count == SUM_BINS - 1);
    for (uint32_t i = 0; i < n; i++) {
        struct float_bins bins;
        assert_true(tier->float_bins(&strip[i], 1, window, &bins));
        for (uint32_t k = 0; k < SUM_BINS; k++)
            assert_int_equal(bins.bin[SUM_BINS - 1 - k], k < count ? digits[k][i] : 0);
    }
}

static void every_tier_cuts_alike(void **state)
{
    (void)state;
    struct random r = {44};
    for (int kind = 0; kind < 10; kind++) {
        if (kind == 3 || kind == 4 || kind == 5) continue; /* outside what lanes are asked for */
        make_column(kind, &r);
        for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
            struct float_bins first = {{0}};
            const uint64_t largest = tier_get(CPU_BASELINE)->largest_f64(column, n);
            if (kind == 7 && n > ROWS / 2) continue;
            for (int above = 0; above < 5; above++) {
                const int window = (((int)(largest >> 52) - 1023 + 1) >> 5) + above;
                if (largest == 0 || window < -30 || window > 30) continue;
                for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier)) {
                    check_digits(tier, window, n < FLOAT_STRIP_ROWS ? n : FLOAT_STRIP_ROWS);
                    struct float_bins bins = {{0}};
                    assert_int_equal(tier->largest_f64(column, n), largest);
                    assert_true(tier->float_bins(column, n, window, &bins));
                    struct float_bins ignored;
                    if (above == 0 && window > -30)
                        assert_false(tier->float_bins(column, n, window - 1, &ignored));
                    if (tier == first_tier()) first = bins;
                    assert_memory_equal(&first, &bins, sizeof bins);
                }
            }
        }
    }
}

static double sum_of(const double *x, uint32_t n)
{
    struct float_sum sum = {0};
    float_sum_add_run(&sum, x, n);
    return float_sum_total(&sum);
}

static void known_sums(void **state)
{
    (void)state;
    const double cancel[] = {1e16, 1, -1e16, 1, 1e300, 3, -1e300, 1, 1};
    assert_true(sum_of(cancel, 4) == 2);
    struct float_sum tenths = {0};
    for (int i = 0; i < 10; i++)
        float_sum_add(&tenths, 0.1);
    assert_true(float_sum_total(&tenths) == 1.0);
    assert_true(float_sum_ratio(&tenths, 10) == 0.1);
    const double large[] = {DBL_MAX, DBL_MAX, -DBL_MAX};
    assert_true(sum_of(large, 3) == DBL_MAX);
    assert_true(sum_of(large, 2) == (double)INFINITY);
    const double tiny[] = {5e-324, 5e-324, 5e-324};
    assert_true(sum_of(tiny, 3) == 15e-324);
    struct float_sum none = {0};
    assert_true(same_real(float_sum_total(&none), 0.0));
    struct float_sum many = {0};
    i128 expect = 0;                 /* in units of 2^-21 */
    for (int i = 0; i < 6000; i++) { /* digits close to 2^31, states merged into each other */
        float_sum_add(&many, 0x1.ffffffffffffep30);
        expect += INT64_C(0x1ffffffffffffe) >> 1;
        if (i % 200 == 0) {
            const struct float_sum copy = many;
            float_sum_merge(&many, &copy);
            expect *= 2;
        }
    }
    assert_true(float_sum_total(&many) == ldexp((double)expect, -21));
}

/* The carries of the bins: 2^70 times the largest digit, by doubling. */
static void bins_do_not_overflow(void **state)
{
    (void)state;
    struct float_sum sum = {0}, negative = {0};
    float_sum_add(&sum, 0x1.fffffffffffffp30);
    float_sum_add(&negative, -0x1.fffffffffffffp30);
    for (int i = 0; i < 45; i++) {
        const struct float_sum copy = sum, other = negative;
        float_sum_merge(&sum, &copy);
        float_sum_merge(&negative, &other);
        assert_true(float_sum_total(&sum) == ldexp(0x1.fffffffffffffp30, i + 1));
        assert_true(float_sum_total(&negative) == -ldexp(0x1.fffffffffffffp30, i + 1));
    }
    float_sum_merge(&sum, &negative);
    assert_true(same_real(float_sum_total(&sum), 0.0));
    /* A bit so far below that 128 bits do not reach it decides a half. */
    struct float_sum half = {0};
    float_sum_add(&half, 0x1p30);
    for (int i = 0; i < 40; i++) {
        const struct float_sum copy = half;
        float_sum_merge(&half, &copy);
    }
    float_sum_add(&half, 0x1p17);
    assert_true(float_sum_total(&half) == 0x1p70);
    float_sum_add(&half, 0x1p-90);
    assert_true(float_sum_total(&half) == 0x1p70 + 0x1p18);
}

static void special_values(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    double x[20] = {1, 2, 3};
    x[10] = inf;
    assert_true(sum_of(x, 20) == inf);
    x[11] = -inf;
    assert_true(sum_of(x, 20) != sum_of(x, 20));
    x[10] = 0;
    assert_true(sum_of(x, 20) == -inf);
    x[3] = nan;
    assert_true(sum_of(x, 20) != sum_of(x, 20));
    struct float_sum a = {0}, b = {0};
    float_sum_add(&a, inf);
    float_sum_add(&b, -inf);
    float_sum_merge(&a, &b);
    assert_true(float_sum_total(&a) != float_sum_total(&a));
}

static void squares_and_integers(void **state)
{
    (void)state;
    struct float_sum sum = {0};
    float_sum_add_square(&sum, 3);
    float_sum_add_square(&sum, -0.5);
    assert_true(float_sum_total(&sum) == 9.25);
    struct float_sum wide = {0};
    float_sum_add_square(&wide, 1e300); /* beyond the largest double, and back */
    assert_true(float_sum_total(&wide) == (double)INFINITY);
    assert_true(fabs(float_sum_parts(&wide).high) >= 0.5);
    struct float_sum ints = {0};
    float_sum_add_int(&ints, -(i128)(((u128)1 << 127) - 1));
    float_sum_add_int(&ints, (i128)(((u128)1 << 127) - 1));
    float_sum_add_int(&ints, -17);
    assert_true(float_sum_total(&ints) == -17);
    struct float_sum third = {0};
    float_sum_add(&third, 0x1.5555555555555p-2);
    float_sum_add(&third, 0x1p-100);
    const struct float_parts parts = float_sum_parts(&third);
    assert_true(ldexp(parts.high, parts.exponent) == 0x1.5555555555555p-2);
    assert_true(ldexp(parts.low, parts.exponent) == 0x1p-100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_and_split_give_the_same_bits),
        cmocka_unit_test(the_total_is_rounded_once),
        cmocka_unit_test(every_tier_cuts_alike),
        cmocka_unit_test(known_sums),
        cmocka_unit_test(bins_do_not_overflow),
        cmocka_unit_test(special_values),
        cmocka_unit_test(squares_and_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
