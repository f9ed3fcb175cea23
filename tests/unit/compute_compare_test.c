#include "compute/number.h"
#include "compute_testing.h"

/* ---- the definition: < 0, 0, > 0 ---- */

static int define_real(double a, double b)
{
    if (a != a && b != b) return 0;
    if (a != a) return 1;
    if (b != b) return -1;
    return a < b ? -1 : a > b;
}

static int define_order(enum phys_type type, const struct column *a, uint32_t i,
                        const struct column *b, uint32_t k)
{
    if (type == PHYS_BOOL)
        return (int)bit_get((const uint64_t *)(const void *)a->bytes, i) -
               (int)bit_get((const uint64_t *)(const void *)b->bytes, k);
    if (phys_is_float(type)) return define_real(real_at(a, type, i), real_at(b, type, k));
    const u128 x = integer_at(a, type, i), y = integer_at(b, type, k);
    if (phys_is_signed(type)) return (i128)x < (i128)y ? -1 : (i128)x > (i128)y;
    return x < y ? -1 : x > y;
}

static bool define_op(enum compare_op op, int order)
{
    switch (op) {
    case CMP_EQ: return order == 0;
    case CMP_NE: return order != 0;
    case CMP_LT: return order < 0;
    case CMP_LE: return order <= 0;
    case CMP_GT: return order > 0;
    case CMP_GE: return order >= 0;
    case CMP_OP_COUNT: break;
    }
    return false;
}

static void fill_any(struct column *c, enum phys_type type, uint32_t n, struct random *r)
{
    if (type == PHYS_BOOL) {
        for (int i = 0; i < 33; i++)
            ((uint64_t *)(void *)c->bytes)[i] = random_u64(r);
        return;
    }
    fill(c, type, n, r);
}

static void check_compare(kernel_fn *fn, enum compare_op op, enum phys_type type,
                          enum kernel_shape shape)
{
    static struct column a, b;
    uint64_t out[VEC_WORDS_MAX + 1];
    struct random r = {(uint64_t)op * 100 + type};
    for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
        fill_any(&a, type, n == 0 ? 1 : n, &r);
        fill_any(&b, type, n == 0 ? 1 : n, &r);
        /* Equal values are rare by chance. */
        for (uint32_t i = 0; i < n && type != PHYS_BOOL; i += 3)
            memcpy(b.bytes + i * phys_bytes[type], a.bytes + i * phys_bytes[type],
                   phys_bytes[type]);
        memset(out, 0xa5, sizeof out);
        assert_int_equal(fn(out, a.bytes, b.bytes, NULL, n), 0);
        for (uint32_t i = 0; i < n; i++) {
            const int order =
                define_order(type, &a, shape == KERNEL_SV ? 0 : i, &b, shape == KERNEL_VS ? 0 : i);
            if (bit_get(out, i) != define_op(op, order))
                fail_msg("op %d %s shape %d n %u row %u", (int)op, phys_names[type], (int)shape, n,
                         i);
        }
        for (size_t i = bitmap_words(n); i <= VEC_WORDS_MAX; i++)
            assert_int_equal(out[i], UINT64_C(0xa5a5a5a5a5a5a5a5));
    }
}

static void numbers_and_bits(void **state)
{
    (void)state;
    for (int type = PHYS_BOOL; type <= PHYS_F64; type++)
        for (int op = 0; op < CMP_OP_COUNT; op++)
            for (int shape = 0; shape < KERNEL_SHAPE_COUNT; shape++) {
                check_compare(kernel_compare((enum compare_op)op, (enum phys_type)type,
                                             (enum kernel_shape)shape),
                              (enum compare_op)op, (enum phys_type)type, (enum kernel_shape)shape);
                for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
                    if (tier->compare[type][op][shape] != NULL)
                        check_compare(tier->compare[type][op][shape], (enum compare_op)op,
                                      (enum phys_type)type, (enum kernel_shape)shape);
            }
}

static void bytes_are_exhausted(void **state)
{
    (void)state;
    int8_t a[256], b[256];
    uint64_t out[4];
    for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
        for (int x = -128; x < 128; x++) {
            for (int y = 0; y < 256; y++) {
                a[y] = (int8_t)x;
                b[y] = (int8_t)(y - 128);
            }
            (void)tier->compare[PHYS_I8][CMP_LT][KERNEL_VV](out, a, b, NULL, 256);
            for (uint32_t y = 0; y < 256; y++)
                assert_int_equal(bit_get(out, y), a[y] < b[y]);
            (void)tier->compare[PHYS_U8][CMP_LE][KERNEL_SV](out, a, b, NULL, 256);
            for (uint32_t y = 0; y < 256; y++)
                assert_int_equal(bit_get(out, y), (uint8_t)a[y] <= (uint8_t)b[y]);
            (void)tier->compare[PHYS_I8][CMP_EQ][KERNEL_VS](out, b, a, NULL, 256);
            for (uint32_t y = 0; y < 256; y++)
                assert_int_equal(bit_get(out, y), a[y] == b[y]);
        }
}

/* ---- texts ---- */

static char heap_a[2048][40], heap_b[2048][40];

/* Few letters, zero bytes among them, so that prefixes, lengths and tails all collide. */
static struct str_view random_view(char *heap, struct random *r)
{
    static const char letters[4] = {'\0', 'a', 'b', (char)0xff};
    const uint32_t len = random_below(r, 4) == 0 ? random_below(r, 30) : 10 + random_below(r, 5);
    for (uint32_t i = 0; i < len; i++)
        heap[i] = random_below(r, 6) ? 'a' : letters[i % 4];
    return str_of(heap, len);
}

static int define_text(const struct str_view *a, const struct str_view *b)
{
    for (uint32_t i = 0; i < a->len && i < b->len; i++)
        if (str_data(a)[i] != str_data(b)[i]) return str_data(a)[i] < str_data(b)[i] ? -1 : 1;
    return a->len < b->len ? -1 : a->len > b->len;
}

static void check_views(const struct tier *tier, const struct str_view *a, const struct str_view *b,
                        uint32_t n)
{
    uint64_t out[VEC_WORDS_MAX];
    for (int op = 0; op < CMP_OP_COUNT; op++)
        for (int shape = 0; shape < KERNEL_SHAPE_COUNT; shape++) {
            (void)tier->compare[PHYS_VIEW][op][shape](out, a, b, NULL, n);
            for (uint32_t i = 0; i < n; i++) {
                const int order =
                    define_text(&a[shape == KERNEL_SV ? 0 : i], &b[shape == KERNEL_VS ? 0 : i]);
                assert_int_equal(bit_get(out, i), define_op((enum compare_op)op, order));
            }
        }
}

static void texts(void **state)
{
    (void)state;
    static struct str_view a[2048], b[2048];
    struct random r = {31};
    for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
        for (uint32_t i = 0; i < (n == 0 ? 1 : n); i++) {
            a[i] = random_view(heap_a[i], &r);
            b[i] = random_view(heap_b[i], &r);
            if (i % 3 == 0) { /* the same text elsewhere */
                memcpy(heap_b[i], heap_a[i], sizeof heap_b[i]);
                b[i] = str_of(heap_b[i], a[i].len);
            }
            if (i % 7 == 0) b[i] = a[i];
        }
        for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
            check_views(tier, a, b, n);
    }
}

/* ---- intervals and numbers ---- */

static void intervals_count_thirty_days(void **state)
{
    (void)state;
    const struct interval a[] = {
        {1, 0, 0}, {0, 30, 0}, {0, 1, 0}, {INT32_MAX, INT32_MAX, INT64_MAX}};
    const struct interval b[] = {
        {0, 30, 0}, {0, 30, 1}, {0, 0, INT64_C(86400000000)}, {INT32_MIN, INT32_MIN, INT64_MIN}};
    uint64_t out[1];
    (void)kernel_compare(CMP_EQ, PHYS_MDN, KERNEL_VV)(out, a, b, NULL, 4);
    assert_int_equal(out[0] & 15, 5);
    (void)kernel_compare(CMP_LT, PHYS_MDN, KERNEL_VV)(out, a, b, NULL, 4);
    assert_int_equal(out[0] & 15, 2);
    (void)kernel_compare(CMP_GT, PHYS_MDN, KERNEL_VS)(out, a, b, NULL, 4);
    assert_int_equal(out[0] & 15, 8);
}

static void integers_against_reals_are_exact(void **state)
{
    (void)state;
    const struct {
        struct number a, b;
        int order;
    } cases[] = {
        {number_int(INT64_C(9007199254740993)), number_real(9007199254740992.0), 1},
        {number_int(INT64_MAX), number_real(0x1p63), -1},
        {number_int(INT64_MIN), number_real(-0x1p63), 0},
        {number_int(INT64_MIN), number_real(-0x1.0000000000001p63), 1},
        {number_int(0), number_real(-0.0), 0},
        {number_int(-3), number_real(-3.5), 1},
        {number_int(3), number_real(3.5), -1},
        {number_int(3), number_real((double)NAN), -1},
        {number_real((double)NAN), number_real((double)NAN), 0},
        {number_real((double)NAN), number_real((double)INFINITY), 1},
        {number_int(INT64_MAX), number_real(-(double)INFINITY), 1},
        {number_real(2.0), number_int(2), 0},
        {number_int(7), number_int(8), -1},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        for (int op = 0; op < CMP_OP_COUNT; op++) {
            uint64_t out;
            (void)kernel_compare((enum compare_op)op, PHYS_NUMBER, KERNEL_VV)(&out, &cases[i].a,
                                                                              &cases[i].b, NULL, 1);
            assert_int_equal(out & 1, define_op((enum compare_op)op, cases[i].order));
            (void)kernel_compare((enum compare_op)op, PHYS_NUMBER, KERNEL_SV)(&out, &cases[i].b,
                                                                              &cases[i].a, NULL, 1);
            assert_int_equal(out & 1, define_op((enum compare_op)op, -cases[i].order));
        }
}

/* ---- the order of sorting is that of the comparisons ---- */

static void order_agrees_with_comparison(void **state)
{
    (void)state;
    static struct column a, b;
    struct random r = {77};
    for (int type = PHYS_I8; type <= PHYS_F64; type++) {
        fill(&a, (enum phys_type)type, 2048, &r);
        fill(&b, (enum phys_type)type, 2048, &r);
        for (uint32_t i = 0; i < 2048; i++) {
            const int order = kernel_order((enum phys_type)type)(a.bytes + i * phys_bytes[type],
                                                                 b.bytes + i * phys_bytes[type]);
            const int expect = define_order((enum phys_type)type, &a, i, &b, i);
            assert_int_equal((order > 0) - (order < 0), expect);
        }
    }
    const struct str_view x = str_of("abc", 3), y = str_of("abd a long text behind", 22);
    assert_true(kernel_order(PHYS_VIEW)(&x, &y) < 0);
    assert_true(kernel_order(PHYS_VIEW)(&y, &x) > 0);
    assert_null(kernel_order(PHYS_NULLS));
    for (int op = 0; op < CMP_OP_COUNT; op++)
        for (int order = -1; order <= 1; order++) {
            assert_int_equal(define_op((enum compare_op)op, order),
                             define_op(compare_flip((enum compare_op)op), -order));
            assert_int_not_equal(define_op((enum compare_op)op, order),
                                 define_op(compare_negate((enum compare_op)op), order));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_bits),
        cmocka_unit_test(bytes_are_exhausted),
        cmocka_unit_test(texts),
        cmocka_unit_test(intervals_count_thirty_days),
        cmocka_unit_test(integers_against_reals_are_exact),
        cmocka_unit_test(order_agrees_with_comparison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
