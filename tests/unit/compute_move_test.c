#include <stdlib.h>

#include "base/hash.h"
#include "compute/number.h"
#include "compute_testing.h"

/* ---- positions ---- */

static void positions_of_every_pattern(void **state)
{
    (void)state;
    struct random r = {1};
    uint64_t bits[VEC_WORDS_MAX];
    static uint16_t out[VEC_ROWS_MAX + 64 + 1];
    for (uint32_t n = 0; n <= 2048; n = next_length(n))
        for (int density = 0; density < 6; density++) {
            for (int i = 0; i < VEC_WORDS_MAX; i++) {
                const uint64_t x = random_u64(&r), y = random_u64(&r), z = random_u64(&r);
                const uint64_t patterns[] = {0,         ~UINT64_C(0), x,
                                             x & y & z, x | y | z,    UINT64_C(1) << (x & 63)};
                bits[i] = patterns[density];
            }
            for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier)) {
                out[n + 64] = 0xdead;
                const uint32_t count = tier->bits_to_positions(out, bits, n);
                uint32_t expect = 0;
                for (uint32_t i = 0; i < n; i++)
                    if (bit_get(bits, i)) assert_int_equal(out[expect++], i);
                assert_int_equal(count, expect);
                assert_int_equal(out[n + 64], 0xdead);
            }
        }
    assert_int_equal(bits_to_positions(out, bits, 64), 1);
}

/* ---- gather and scatter ---- */

static void gather_and_scatter(void **state)
{
    (void)state;
    static struct column data, out, back;
    struct random r = {2};
    uint16_t sel[VEC_ROWS_MAX];
    uint32_t idx[VEC_ROWS_MAX];
    for (size_t i = 0; i < sizeof data.bytes; i++)
        data.bytes[i] = (uint8_t)random_u64(&r);
    for (uint32_t n = 0; n <= 2048; n = next_length(n))
        for (uint32_t width = 1; width <= 16; width *= 2) {
            for (uint32_t i = 0; i < n; i++)
                idx[i] = sel[i] = (uint16_t)random_below(&r, 2048);
            memset(out.bytes, 0x11, sizeof out.bytes);
            gather16(out.bytes, data.bytes, width, sel, n);
            for (uint32_t i = 0; i < n; i++)
                assert_memory_equal(out.bytes + i * width, data.bytes + sel[i] * width, width);
            assert_int_equal(out.bytes[n * width], 0x11);
            memset(back.bytes, 0, sizeof back.bytes);
            gather32(back.bytes, data.bytes, width, idx, n);
            assert_memory_equal(back.bytes, out.bytes, n * width);
            scatter16(back.bytes, out.bytes, width, sel, n);
            for (uint32_t i = 0; i < n; i++)
                assert_memory_equal(back.bytes + sel[i] * width, data.bytes + sel[i] * width,
                                    width);
        }
}

static void bits_gather_and_scatter(void **state)
{
    (void)state;
    struct random r = {3};
    uint64_t bits[VEC_WORDS_MAX], out[VEC_WORDS_MAX], wide[VEC_WORDS_MAX], back[VEC_WORDS_MAX];
    uint16_t sel[VEC_ROWS_MAX];
    uint32_t idx[VEC_ROWS_MAX];
    for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
        for (int i = 0; i < VEC_WORDS_MAX; i++)
            bits[i] = back[i] = random_u64(&r);
        for (uint32_t i = 0; i < n; i++)
            idx[i] = sel[i] = (uint16_t)random_below(&r, 2048);
        gather_bits16(out, bits, sel, n);
        gather_bits32(wide, bits, idx, n);
        assert_memory_equal(out, wide, bitmap_words(n) * 8);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(bit_get(out, i), bit_get(bits, sel[i]));
        if (n % 64 != 0) assert_int_equal(out[n / 64] & ~low_bits(n % 64), 0);
        for (uint32_t i = 0; i < n; i++)
            bit_put(back, sel[i], !bit_get(back, sel[i]));
        scatter_bits16(back, out, sel, n);
        assert_memory_equal(back, bits, sizeof bits);
    }
}

static void offsets_become_views(void **state)
{
    (void)state;
    struct random r = {4};
    int32_t offsets[301] = {0};
    for (int i = 0; i < 300; i++)
        offsets[i + 1] = offsets[i] + (int32_t)random_below(&r, 17);
    uint8_t *heap = malloc((size_t)offsets[300] + 16); /* exactly the padding that is promised */
    assert_non_null(heap);
    for (int i = 0; i < offsets[300] + 16; i++)
        heap[i] = (uint8_t)random_u64(&r);
    struct str_view views[300];
    for (uint32_t n = 0; n <= 300; n += 50) {
        offs_to_views(views, offsets, heap, n);
        for (uint32_t i = 0; i < n; i++) {
            const struct str_view expect =
                str_of(heap + offsets[i], (uint32_t)(offsets[i + 1] - offsets[i]));
            assert_memory_equal(&views[i], &expect, sizeof expect);
        }
    }
    free(heap);
}

/* ---- hashes ---- */

static uint64_t hash_one(enum phys_type phys, const void *value)
{
    const struct vector v = {.phys = (uint8_t)phys, .shape = VEC_FLAT, .rows = 1, .data = value};
    uint64_t hash;
    vec_hash(&v, NULL, 1, &hash, false);
    return hash;
}

static void equal_values_hash_equally(void **state)
{
    (void)state;
    const double zeros[] = {0.0, -0.0}, nans[] = {(double)NAN, -(double)NAN};
    assert_int_equal(hash_one(PHYS_F64, &zeros[0]), hash_one(PHYS_F64, &zeros[1]));
    assert_int_equal(hash_one(PHYS_F64, &nans[0]), hash_one(PHYS_F64, &nans[1]));
    const float narrow[] = {0.0f, -0.0f};
    assert_int_equal(hash_one(PHYS_F32, &narrow[0]), hash_one(PHYS_F32, &narrow[1]));
    const struct number numbers[] = {number_int(7),         number_real(7.0), number_real(-0x1p63),
                                     number_int(INT64_MIN), number_real(7.5), number_real(0x1p63)};
    assert_int_equal(hash_one(PHYS_NUMBER, &numbers[0]), hash_one(PHYS_NUMBER, &numbers[1]));
    assert_int_equal(hash_one(PHYS_NUMBER, &numbers[2]), hash_one(PHYS_NUMBER, &numbers[3]));
    assert_int_not_equal(hash_one(PHYS_NUMBER, &numbers[1]), hash_one(PHYS_NUMBER, &numbers[4]));
    assert_int_not_equal(hash_one(PHYS_NUMBER, &numbers[5]), hash_one(PHYS_NUMBER, &numbers[3]));
    const struct interval intervals[] = {{1, 0, 0}, {0, 30, 0}, {0, 29, INT64_C(86400000000)}};
    assert_int_equal(hash_one(PHYS_MDN, &intervals[0]), hash_one(PHYS_MDN, &intervals[1]));
    assert_int_equal(hash_one(PHYS_MDN, &intervals[0]), hash_one(PHYS_MDN, &intervals[2]));
}

/* A column of texts, every third one NULL, in each shape that can hold it. */
struct texts {
    struct str_view views[300], entries[7];
    int32_t offsets[301];
    uint8_t codes[300];
    char heap[300 * 20 + 16];
    uint64_t validity[5];
};

static void make_texts(struct texts *t)
{
    static const char *const words[7] = {
        "", "a", "twelve bytes", "thirteen byte", "abc", "a text of some more bytes", "abd"};
    memset(t, 0, sizeof *t);
    size_t used = 0;
    for (uint32_t i = 0; i < 7; i++)
        t->entries[i] = str_of(words[i], (uint32_t)strlen(words[i]));
    for (uint32_t i = 0; i < 300; i++) {
        const char *word = words[i * i % 7];
        if (used + 30 > sizeof t->heap) word = words[0];
        t->codes[i] = (uint8_t)(word == words[0] ? 0 : i * i % 7);
        memcpy(t->heap + used, word, strlen(word));
        t->views[i] = str_of(word, (uint32_t)strlen(word));
        used += strlen(word);
        t->offsets[i + 1] = (int32_t)used;
        if (i % 3 != 1) bit_set(t->validity, i);
    }
}

static void every_shape_hashes_alike(void **state)
{
    (void)state;
    static struct texts t;
    make_texts(&t);
    const struct vector dict = {.phys = PHYS_VIEW, .shape = VEC_FLAT, .rows = 7, .data = t.entries};
    const struct vector shapes[] = {
        {.phys = PHYS_VIEW,
         .shape = VEC_FLAT,
         .rows = 300,
         .validity = t.validity,
         .data = t.views},
        {.phys = PHYS_VIEW,
         .shape = VEC_OFFS,
         .rows = 300,
         .validity = t.validity,
         .data = t.offsets,
         .aux = t.heap},
        {.phys = PHYS_VIEW,
         .shape = VEC_DICT,
         .code_width = 1,
         .rows = 300,
         .validity = t.validity,
         .data = t.codes,
         .aux = &dict},
    };
    uint16_t sel[100];
    for (uint16_t i = 0; i < 100; i++)
        sel[i] = (uint16_t)(i * 3 - (i % 2 == 0 ? 0 : 1));
    uint64_t first[300], other[300], live[100];
    vec_hash(&shapes[0], NULL, 300, first, false);
    for (uint32_t i = 0; i < 300; i++)
        assert_int_equal(first[i] == HASH_NULL, !bit_get(t.validity, i));
    for (int k = 1; k < 3; k++) {
        vec_hash(&shapes[k], NULL, 300, other, false);
        assert_memory_equal(first, other, sizeof first);
    }
    for (int k = 0; k < 3; k++) {
        vec_hash(&shapes[k], sel, 100, live, false);
        for (int i = 0; i < 100; i++)
            assert_int_equal(live[i], first[sel[i]]);
        vec_hash(&shapes[k], sel, 100, live, true);
        for (int i = 0; i < 100; i++)
            assert_int_equal(live[i], hash_mix(first[sel[i]], first[sel[i]]));
    }
}

static void numbers_hash_by_shape_and_tier(void **state)
{
    (void)state;
    const int64_t seq[2] = {-5, 3};
    int64_t flat[2048], one = 77;
    for (int i = 0; i < 2048; i++)
        flat[i] = seq[0] + seq[1] * i;
    const struct vector v = {.phys = PHYS_I64, .shape = VEC_FLAT, .rows = 2048, .data = flat};
    const struct vector s = {.phys = PHYS_I64, .shape = VEC_SEQ, .rows = 2048, .data = seq};
    const struct vector c = {.phys = PHYS_I64, .shape = VEC_CONST, .rows = 2048, .data = &one};
    const struct vector nulls = {.phys = PHYS_NULLS, .shape = VEC_FLAT, .rows = 2048};
    static uint64_t a[2048], b[2048];
    vec_hash(&v, NULL, 2048, a, false);
    vec_hash(&s, NULL, 2048, b, false);
    assert_memory_equal(a, b, sizeof a);
    for (int i = 0; i < 2048; i++)
        assert_int_equal(a[i], hash_u64((uint64_t)flat[i]));
    vec_hash(&c, NULL, 2048, b, false);
    assert_int_equal(b[2047], hash_u64(77));
    vec_hash(&nulls, NULL, 2048, b, false);
    assert_int_equal(b[1000], HASH_NULL);
    for (uint32_t n = 0; n <= 2048; n = next_length(n))
        for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier)) {
            for (uint32_t i = 0; i < n; i++)
                b[i] = (uint64_t)flat[i];
            tier->hash_words(b, n);
            assert_memory_equal(a, b, n * sizeof *a);
            tier->hash_mix_words(b, a, n);
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(b[i], hash_mix(a[i], a[i]));
        }
}

/* ---- smallest and largest ---- */

static void check_min_max(enum phys_type type, min_max_fn *fn, const struct column *c,
                          const uint64_t *validity, uint32_t n)
{
    _Alignas(16) uint8_t least[16] = {0}, most[16] = {0};
    const size_t width = phys_bytes[type];
    kernel_order_fn *order = kernel_order(type);
    bool any = false;
    const bool found = fn(c->bytes, validity, n, least, most);
    for (uint32_t i = 0; i < n; i++) {
        if (validity != NULL && !bit_get(validity, i)) continue;
        any = true;
        assert_true(order(c->bytes + i * width, least) >= 0);
        assert_true(order(c->bytes + i * width, most) <= 0);
    }
    assert_int_equal(found, any);
    if (!any) return;
    bool has_least = false, has_most = false;
    for (uint32_t i = 0; i < n; i++) {
        if (validity != NULL && !bit_get(validity, i)) continue;
        has_least |= order(c->bytes + i * width, least) == 0;
        has_most |= order(c->bytes + i * width, most) == 0;
    }
    assert_true(has_least && has_most);
}

static void smallest_and_largest(void **state)
{
    (void)state;
    static struct column c;
    struct random r = {6};
    uint64_t validity[VEC_WORDS_MAX];
    for (int type = PHYS_I8; type <= PHYS_F64; type++)
        for (uint32_t n = 0; n <= 2048; n = next_length(n))
            for (int pattern = 0; pattern < 4; pattern++) {
                fill(&c, (enum phys_type)type, n, &r);
                for (int i = 0; i < VEC_WORDS_MAX; i++) {
                    const uint64_t x = random_u64(&r);
                    const uint64_t patterns[] = {0, ~UINT64_C(0), x, i % 2 == 0 ? x : ~UINT64_C(0)};
                    validity[i] = patterns[pattern];
                }
                const uint64_t *valid = pattern == 1 ? NULL : validity;
                for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
                    if (tier->min_max[type] != NULL)
                        check_min_max((enum phys_type)type, tier->min_max[type], &c, valid, n);
            }
    _Alignas(16) uint8_t least[16], most[16];
    const uint64_t bits[2] = {0, 1}, only_clear = 1;
    assert_true(kernel_min_max(PHYS_BOOL, bits, NULL, 65, least, most));
    assert_true(least[0] == 0 && most[0] == 1);
    assert_true(kernel_min_max(PHYS_BOOL, bits, &only_clear, 64, least, most));
    assert_true(least[0] == 0 && most[0] == 0);
    const double zeros[] = {0.0, -0.0}, reversed[] = {-0.0, 0.0};
    double a[2], b[2];
    assert_true(kernel_min_max(PHYS_F64, zeros, NULL, 2, &a[0], &a[1]));
    assert_true(kernel_min_max(PHYS_F64, reversed, NULL, 2, &b[0], &b[1]));
    assert_memory_equal(a, b, sizeof a);
    const struct str_view views[] = {str_of("b", 1), str_of("a text of more than twelve", 26),
                                     str_of("c", 1)};
    struct str_view low, high;
    assert_true(kernel_min_max(PHYS_VIEW, views, NULL, 3, &low, &high));
    assert_int_equal(low.len, 26);
    assert_int_equal(high.prefix[0], 'c');
    assert_false(kernel_min_max(PHYS_NULLS, NULL, NULL, 3, &low, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_of_every_pattern),
        cmocka_unit_test(gather_and_scatter),
        cmocka_unit_test(bits_gather_and_scatter),
        cmocka_unit_test(offsets_become_views),
        cmocka_unit_test(equal_values_hash_equally),
        cmocka_unit_test(every_shape_hashes_alike),
        cmocka_unit_test(numbers_hash_by_shape_and_tier),
        cmocka_unit_test(smallest_and_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
