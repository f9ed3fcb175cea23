#include <stdlib.h>

#include "compute/aggregate.h"
#include "compute_testing.h"

enum { GROUPS = 300 };

/* ---- totals ---- */

/* What the copies of a group's word come to. */
static uint64_t word_of(const struct totals *t, uint32_t group, uint32_t word)
{
    uint64_t sum = 0;
    for (uint32_t c = 0; c < t->copies; c++)
        sum += t->words[(size_t)c * t->copy_words + (size_t)group * t->width + word];
    return sum;
}

static void check_totals(struct random *r, uint32_t sums, uint32_t copies, uint32_t n)
{
    static int64_t values[TOTAL_SUMS_MAX][VEC_ROWS_MAX];
    static uint64_t expect[GROUPS][1 + TOTAL_SUMS_MAX];
    static uint32_t ids[VEC_ROWS_MAX];
    const int64_t *args[TOTAL_SUMS_MAX];
    struct totals t = {.width = totals_words(sums), .sums = sums, .copies = copies};
    t.copy_words = GROUPS * t.width;
    t.keys = (const uint8_t *)ids;
    t.words = calloc((size_t)copies * t.copy_words, sizeof *t.words);
    assert_non_null(t.words);
    memset(expect, 0, sizeof expect);
    for (uint32_t s = 0; s < sums; s++)
        args[s] = values[s];
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < n; i++) {
            ids[i] = random_below(r, GROUPS);
            expect[ids[i]][0]++;
            for (uint32_t s = 0; s < sums; s++) {
                values[s][i] = (int64_t)random_u64(r) >> 14;
                expect[ids[i]][1 + s] += (uint64_t)values[s][i];
            }
        }
        totals_add(&t, ids, args, n);
    }
    for (uint32_t g = 0; g < GROUPS; g++)
        for (uint32_t w = 0; w <= sums; w++)
            assert_int_equal(word_of(&t, g, w), expect[g][w]);
    /* A copy without rows of a group has no sums of it. */
    for (size_t w = 0; w < (size_t)copies * t.copy_words; w += t.width)
        for (uint32_t s = 1; s < t.width && t.words[w] == 0; s++)
            assert_int_equal(t.words[w + s], 0);
    free(t.words);
}

static void totals_of_any_number_of_sums(void **state)
{
    (void)state;
    struct random r = {1};
    for (uint32_t sums = 0; sums <= TOTAL_SUMS_MAX; sums++)
        for (uint32_t n = 0; n <= 2048; n = next_length(n)) {
            check_totals(&r, sums, 1, n);
            check_totals(&r, sums, TOTAL_COPIES, n);
        }
}

/* ---- numbers of groups ---- */

static int64_t value_at(enum phys_type type, const void *data, uint32_t i)
{
    int64_t value = 0;
    const uint32_t bytes = phys_bytes[type];
    memcpy(&value, (const uint8_t *)data + (size_t)i * bytes, bytes);
    const uint32_t unused = 64 - bytes * 8;
    return phys_is_signed(type) ? (int64_t)((uint64_t)value << unused) >> unused : value;
}

static void put_value(enum phys_type type, void *data, uint32_t i, int64_t value)
{
    memcpy((uint8_t *)data + (size_t)i * phys_bytes[type], &value, phys_bytes[type]);
}

static void check_ids(const struct tier *tier, enum phys_type type, struct random *r, uint32_t n)
{
    static struct column column;
    uint32_t ids[VEC_ROWS_MAX], before[VEC_ROWS_MAX];
    const struct group_span span = {phys_is_signed(type) ? -40 : 3, 100, n % 2 == 0 ? 0 : 101};
    for (uint32_t i = 0; i < n; i++) {
        put_value(type, column.bytes, i, span.min + random_below(r, 100));
        ids[i] = before[i] = random_below(r, 1000);
    }
    assert_int_equal(tier->group_ids[type](ids, column.bytes, &span, n), 0);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t at = value_at(type, column.bytes, i) - span.min;
        assert_int_equal(ids[i], span.size == 0 ? at : before[i] * span.size + at);
    }
    if (n == 0) return;
    /* One value outside, next to the range and far away. */
    const int64_t outside[] = {span.min - 1, span.min + 100, INT64_MIN, INT64_MAX, -1};
    for (size_t k = 0; k < ARRAY_COUNT(outside); k++) {
        const uint32_t i = random_below(r, n);
        const int64_t kept = value_at(type, column.bytes, i);
        put_value(type, column.bytes, i, outside[k]);
        const int64_t got = value_at(type, column.bytes, i);
        const bool inside =
            !(type == PHYS_U64 && got < 0) && got >= span.min && got < span.min + 100;
        assert_int_equal(tier->group_ids[type](ids, column.bytes, &span, n) == 0, inside);
        put_value(type, column.bytes, i, kept);
    }
}

static void numbers_of_groups(void **state)
{
    (void)state;
    struct random r = {2};
    for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
        for (int type = 0; type < PHYS_COUNT; type++) {
            const bool word = phys_is_integer((enum phys_type)type) && phys_bytes[type] <= 8;
            assert_int_equal(tier->group_ids[type] != NULL, word);
            for (uint32_t n = 0; word && n <= 2048; n = next_length(n))
                check_ids(tier, (enum phys_type)type, &r, n);
        }
}

/* ---- words to add up ---- */

static void words_and_how_wide_they_are(void **state)
{
    (void)state;
    static struct column column, out;
    struct random r = {3};
    for (const struct tier *tier = first_tier(); tier != NULL; tier = next_tier(tier))
        for (int type = PHYS_I8; type <= PHYS_U64; type++) {
            if (tier->total_words[type] == NULL) continue;
            for (uint32_t n = 1; n <= 2048; n = next_length(n)) {
                uint64_t need = 0;
                for (uint32_t i = 0; i < n; i++) {
                    put_value((enum phys_type)type, column.bytes, i,
                              (int64_t)random_u64(&r) >> (n % 64));
                    const int64_t value = value_at((enum phys_type)type, column.bytes, i);
                    need |= type == PHYS_U64 ? (uint64_t)value : (uint64_t)(value ^ (value >> 63));
                }
                const uint64_t top =
                    tier->total_words[type]((int64_t *)(void *)out.bytes, column.bytes, n);
                assert_true((need & ~top) == 0);
                const void *words = phys_bytes[type] == 8 ? column.bytes : out.bytes;
                for (uint32_t i = 0; i < n; i++)
                    assert_int_equal(((const int64_t *)words)[i],
                                     value_at((enum phys_type)type, column.bytes, i));
            }
        }
}

/* ---- into states ---- */

static void totals_into_states(void **state)
{
    (void)state;
    static const int16_t values[] = {1, -7, 300};
    static const enum agg_op ops[] = {AGG_SUM, AGG_SUM_I64, AGG_TOTAL, AGG_AVG, AGG_COUNT};
    for (size_t k = 0; k < ARRAY_COUNT(ops); k++) {
        const struct agg_kernel *kernel = agg_kernel_find(ops[k], PHYS_I16);
        agg_total_fn *total = agg_total_find(ops[k], PHYS_I16);
        assert_non_null(total);
        _Alignas(16) uint8_t one[64] = {0}, two[64] = {0}, a[16] = {0}, b[16] = {0};
        struct agg_context context = {0};
        bool valid;
        assert_int_equal(kernel->update(&context, one, values, NULL, 3), LLKV_OK);
        total(two, 1 - 7, 2);
        total(two, 300, 1);
        assert_int_equal(kernel->final(&context, one, a, &valid), LLKV_OK);
        assert_int_equal(kernel->final(&context, two, b, &valid), LLKV_OK);
        assert_memory_equal(a, b, sizeof a);
    }
    assert_null(agg_total_find(AGG_MIN, PHYS_I16));
    assert_null(agg_total_find(AGG_SUM, PHYS_F64));
    assert_null(agg_total_find(AGG_SUM, PHYS_I128));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_of_any_number_of_sums),
        cmocka_unit_test(numbers_of_groups),
        cmocka_unit_test(words_and_how_wide_they_are),
        cmocka_unit_test(totals_into_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
