#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "arrow/vector.h"
#include "base/bitmap.h"

/* ---- types ---- */

static void assert_prints(const char *expect, struct type type)
{
    char text[32];
    assert_int_equal(type_print(type, text, sizeof text), strlen(expect));
    assert_string_equal(text, expect);
}

static void types_are_what_sql_says(void **state)
{
    (void)state;
    assert_prints("BIGINT", type_of(TYPE_BIGINT));
    assert_prints("DECIMAL(18,3)", type_of(TYPE_DECIMAL));
    assert_prints("DECIMAL(38,38)", type_decimal(38, 38));
    assert_prints("VARCHAR(12)", type_varchar(12));
    assert_prints("VARCHAR", type_varchar(0));
    assert_prints("TIMESTAMP WITH TIME ZONE", type_of(TYPE_TIMESTAMPTZ));
    char small[6];
    assert_int_equal(type_print(type_of(TYPE_BOOLEAN), small, sizeof small), 5);
    assert_string_equal(small, "BOOLE");
    for (int id = 0; id < TYPE_COUNT; id++) {
        const struct type type = type_of((enum type_id)id);
        assert_int_equal(type.id, id);
        assert_true(type.phys < PHYS_COUNT);
        assert_non_null(phys_names[type.phys]);
        assert_true(type_equal(type, type));
    }
    assert_string_equal(phys_names[PHYS_I128], "I128");
    assert_int_equal(phys_bytes[PHYS_MDN], 16);
    assert_int_equal(phys_bytes[PHYS_BOOL], 0);
    assert_false(type_equal(type_decimal(10, 2), type_decimal(10, 3)));
    assert_false(type_equal(type_varchar(3), type_varchar(4)));
}

static void decimals_take_the_narrowest_type(void **state)
{
    (void)state;
    static const struct {
        uint32_t precision;
        enum phys_type phys;
    } cases[] = {{1, PHYS_I16},  {4, PHYS_I16},  {5, PHYS_I32},   {9, PHYS_I32},
                 {10, PHYS_I64}, {18, PHYS_I64}, {19, PHYS_I128}, {38, PHYS_I128}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        assert_int_equal(type_decimal(cases[i].precision, 0).phys, cases[i].phys);
}

static void type_classes(void **state)
{
    (void)state;
    for (int id = 0; id < TYPE_COUNT; id++) {
        const struct type t = type_of((enum type_id)id);
        const bool is_signed = id == TYPE_TINYINT || id == TYPE_SMALLINT || id == TYPE_INTEGER ||
                               id == TYPE_BIGINT || id == TYPE_HUGEINT;
        const bool is_unsigned = id == TYPE_UTINYINT || id == TYPE_USMALLINT ||
                                 id == TYPE_UINTEGER || id == TYPE_UBIGINT || id == TYPE_UHUGEINT;
        const bool is_float = id == TYPE_FLOAT || id == TYPE_DOUBLE;
        assert_int_equal(type_is_signed_integer(t), is_signed);
        assert_int_equal(type_is_integer(t), is_signed || is_unsigned);
        assert_int_equal(type_is_float(t), is_float);
        assert_int_equal(type_is_numeric(t), is_signed || is_unsigned || is_float ||
                                                 id == TYPE_DECIMAL || id == TYPE_NUMBER);
        assert_int_equal(type_is_text(t), id == TYPE_VARCHAR);
        assert_int_equal(type_is_temporal(t), id == TYPE_DATE || id == TYPE_TIME ||
                                                  id == TYPE_TIMESTAMP || id == TYPE_TIMESTAMPTZ ||
                                                  id == TYPE_INTERVAL);
    }
}

/* ---- texts ---- */

static void texts_compare_bytewise(void **state)
{
    (void)state;
    static const char *const ascending[] = {"",
                                            "\x01",
                                            "a",
                                            "aa",
                                            "aaaaaaaaaaaa",
                                            "aaaaaaaaaaaab",
                                            "aab",
                                            "b",
                                            "ba",
                                            "ba and more of it",
                                            "\xff"};
    for (size_t i = 0; i < ARRAY_COUNT(ascending); i++)
        for (size_t k = 0; k < ARRAY_COUNT(ascending); k++) {
            const struct str_view a = str_of(ascending[i], (uint32_t)strlen(ascending[i]));
            const struct str_view b = str_of(ascending[k], (uint32_t)strlen(ascending[k]));
            const int order = str_compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
            assert_int_equal(str_equal(&a, &b), i == k);
        }
    const struct str_view zero = str_of("a\0", 2), one = str_of("a", 1);
    assert_true(str_compare(&one, &zero) < 0);
    assert_false(str_equal(&one, &zero));
}

/* ---- values ---- */

static void values_go_in_and_out(void **state)
{
    (void)state;
    for (int id = 0; id < TYPE_COUNT; id++) {
        const struct type type = type_of((enum type_id)id);
        _Alignas(16) uint8_t data[16 * 4];
        memset(data, 0xff, sizeof data);
        struct value in;
        memset(&in, 0, sizeof in);
        in.type = type;
        in.is_null = type.phys == PHYS_NULLS;
        switch ((enum phys_type)type.phys) {
        case PHYS_NULLS: break;
        case PHYS_BOOL: in.b = true; break;
        case PHYS_F32: in.f = -1.5f; break;
        case PHYS_F64: in.d = -1.5; break;
        case PHYS_VIEW: in.s = SLICE("a text that is not short"); break;
        case PHYS_MDN: in.interval = (struct interval){-1, 2, -3}; break;
        case PHYS_NUMBER: in.number = (struct number){.d = 0.5, .is_real = 1}; break;
        case PHYS_I128: in.h = -((i128)1 << 100); break;
        case PHYS_U128: in.uh = ~(u128)0; break;
        default: in.i = type_is_integer(type) && !type_is_signed_integer(type) ? 200 : -100; break;
        }
        value_store(&in, type.phys, data, 2);
        const struct vector v = {.phys = type.phys, .shape = VEC_FLAT, .rows = 4, .data = data};
        const struct value out = vec_value(&v, type, 2);
        assert_int_equal(out.is_null, in.is_null);
        if (type.phys == PHYS_VIEW) {
            assert_true(slice_equal(in.s, out.s));
        } else {
            assert_memory_equal(&in.h, &out.h, sizeof in.h);
        }
        _Alignas(16) uint8_t storage[16];
        uint64_t word;
        const struct vector c = vec_const(&in, storage, &word, 1000);
        const struct value again = vec_value(&c, type, 999);
        assert_int_equal(again.is_null, in.is_null);
        if (type.phys != PHYS_VIEW) assert_memory_equal(&again.h, &in.h, sizeof in.h);
        in.is_null = true;
        const struct vector null = vec_const(&in, storage, &word, 10);
        assert_true(vec_value(&null, type, 7).is_null);
    }
}

/* ---- flattening ---- */

enum { ROWS = 400 };

struct table {
    struct vector shapes[12];
    uint32_t count;
    int32_t ints[ROWS], offsets[ROWS + 1];
    uint8_t codes8[ROWS];
    uint16_t codes16[ROWS];
    uint32_t codes32[ROWS];
    struct str_view entries[5], views[ROWS];
    int64_t seq[2];
    uint64_t bits[7], validity[7], entry_validity[1], word;
    _Alignas(16) uint8_t storage[2][16];
    struct vector texts, flags, gaps;
    char heap[ROWS * 25];
};

static void add_shape(struct table *t, struct vector v)
{
    v.rows = ROWS;
    t->shapes[t->count++] = v;
}

static void make_data(struct table *t)
{
    static const char *const words[5] = {"", "short", "twelve bytes", "thirteen byte",
                                         "a long text of many bytes"};
    size_t used = 0;
    for (int i = 0; i < 5; i++)
        t->entries[i] = str_of(words[i], (uint32_t)strlen(words[i]));
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t k = (i * 7 + i / 3) % 5;
        t->ints[i] = (int32_t)(i * 1000);
        t->codes8[i] = (uint8_t)k;
        t->codes16[i] = (uint16_t)k;
        t->codes32[i] = k;
        t->views[i] = t->entries[k];
        memcpy(t->heap + used, words[k], strlen(words[k]));
        used += strlen(words[k]);
        t->offsets[i + 1] = (int32_t)used;
        bit_put(t->bits, i, i % 3 == 0);
        bit_put(t->validity, i, i % 7 != 2);
        if (i % 7 == 2) t->codes8[i] = 250; /* codes under NULLs are anything */
    }
    t->entry_validity[0] = 0x1b;
    t->seq[0] = -7;
    t->seq[1] = 3;
}

static struct table *make_table(void)
{
    struct table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    make_data(t);
    t->texts =
        (struct vector){.phys = PHYS_VIEW, .rows = 5, .data = t->entries, .flags = VEC_STABLE};
    t->gaps = t->texts;
    t->gaps.validity = t->entry_validity;
    t->flags = (struct vector){.phys = PHYS_BOOL, .rows = 5, .data = t->bits};
    add_shape(t, (struct vector){.phys = PHYS_I32, .data = t->ints, .validity = t->validity});
    add_shape(t, (struct vector){.phys = PHYS_I32, .data = t->ints});
    add_shape(t, (struct vector){.phys = PHYS_BOOL, .data = t->bits, .validity = t->validity});
    add_shape(t, (struct vector){.phys = PHYS_VIEW, .data = t->views, .flags = VEC_STABLE});
    add_shape(t, (struct vector){.phys = PHYS_VIEW,
                                 .shape = VEC_OFFS,
                                 .data = t->offsets,
                                 .aux = t->heap,
                                 .validity = t->validity});
    add_shape(t, (struct vector){.phys = PHYS_VIEW,
                                 .shape = VEC_DICT,
                                 .code_width = 1,
                                 .data = t->codes8,
                                 .aux = &t->texts,
                                 .validity = t->validity});
    add_shape(t, (struct vector){.phys = PHYS_VIEW,
                                 .shape = VEC_DICT,
                                 .code_width = 2,
                                 .data = t->codes16,
                                 .aux = &t->gaps});
    add_shape(t, (struct vector){.phys = PHYS_BOOL,
                                 .shape = VEC_DICT,
                                 .code_width = 4,
                                 .data = t->codes32,
                                 .aux = &t->flags});
    add_shape(t, (struct vector){.phys = PHYS_I64, .shape = VEC_SEQ, .data = t->seq});
    const struct value one = {.type = type_of(TYPE_DOUBLE), .d = 2.5};
    const struct value null = {.type = type_of(TYPE_BOOLEAN), .is_null = true};
    static uint64_t ignored;
    add_shape(t, vec_const(&one, t->storage[0], &ignored, ROWS));
    add_shape(t, vec_const(&null, t->storage[1], &t->word, ROWS));
    add_shape(t, (struct vector){.phys = PHYS_NULLS});
    return t;
}

/* Any type of the physical type will do to read a value. */
static struct type type_with(enum phys_type phys)
{
    for (int id = 0; id < TYPE_COUNT; id++)
        if (type_of((enum type_id)id).phys == phys) return type_of((enum type_id)id);
    return type_of(TYPE_NULL);
}

static void check_flat(const struct vector *v, const uint16_t *sel, uint32_t n)
{
    static _Alignas(64) uint8_t data[VEC_ROWS_MAX * 16];
    uint64_t words[VEC_WORDS_MAX];
    struct vector out;
    vec_flatten(v, sel, n, data, words, &out);
    assert_int_equal(out.shape, VEC_FLAT);
    assert_int_equal(out.phys, v->phys);
    assert_int_equal(out.rows, n);
    const struct type type = type_with(v->phys);
    bool all_valid = true;
    for (uint32_t i = 0; i < n; i++) {
        const struct value expect = vec_value(v, type, sel == NULL ? i : sel[i]);
        const struct value actual = vec_value(&out, type, i);
        assert_int_equal(expect.is_null, actual.is_null);
        all_valid &= !expect.is_null;
        if (expect.is_null) continue;
        if (v->phys == PHYS_VIEW) {
            assert_true(slice_equal(expect.s, actual.s));
        } else {
            assert_memory_equal(&expect.h, &actual.h, sizeof expect.h);
        }
    }
    const bool passed_through = v->shape == VEC_FLAT && sel == NULL;
    if (all_valid && !passed_through) assert_null(out.validity);
    if (passed_through) assert_ptr_equal(out.data, v->data);
}

static void every_shape_becomes_flat(void **state)
{
    (void)state;
    struct table *t = make_table();
    uint16_t sel[ROWS];
    for (uint16_t i = 0; i < ROWS; i++)
        sel[i] = i;
    uint16_t some[ROWS / 3];
    for (uint16_t i = 0; i < ROWS / 3; i++)
        some[i] = (uint16_t)(i * 3 + (i & 1));
    for (uint32_t k = 0; k < t->count; k++)
        for (uint32_t n = 0; n <= 133; n += n < 8 ? 1 : 25) {
            check_flat(&t->shapes[k], NULL, n);
            check_flat(&t->shapes[k], sel, n);
            check_flat(&t->shapes[k], some, n < ROWS / 3 ? n : ROWS / 3);
        }
    for (uint32_t k = 0; k < t->count; k++)
        check_flat(&t->shapes[k], NULL, ROWS);
    free(t);
}

static void an_empty_dictionary_has_only_nulls(void **state)
{
    (void)state;
    const uint8_t codes[3] = {9, 0, 255};
    const uint64_t validity = 0;
    const struct vector none = {.phys = PHYS_VIEW};
    const struct vector v = {.phys = PHYS_VIEW,
                             .shape = VEC_DICT,
                             .code_width = 1,
                             .rows = 3,
                             .validity = &validity,
                             .data = codes,
                             .aux = &none};
    struct str_view views[3];
    uint64_t words[1];
    struct vector out;
    vec_flatten(&v, NULL, 3, views, words, &out);
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(vec_valid(&out, i));
        assert_int_equal(views[i].len, 0); /* harmless to whoever looks at dead slots */
    }
}

static void stability_follows_the_bytes(void **state)
{
    (void)state;
    struct table *t = make_table();
    uint16_t sel[1] = {3};
    _Alignas(16) uint8_t data[64];
    uint64_t words[1];
    struct vector out;
    vec_flatten(&t->shapes[3], sel, 1, data, words, &out);
    assert_int_equal(out.flags & VEC_STABLE, VEC_STABLE);
    vec_flatten(&t->shapes[4], sel, 1, data, words, &out);
    assert_int_equal(out.flags & VEC_STABLE, 0);
    vec_flatten(&t->shapes[5], sel, 1, data, words, &out);
    assert_int_equal(out.flags & VEC_STABLE, VEC_STABLE);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_what_sql_says),
        cmocka_unit_test(decimals_take_the_narrowest_type),
        cmocka_unit_test(type_classes),
        cmocka_unit_test(texts_compare_bytewise),
        cmocka_unit_test(values_go_in_and_out),
        cmocka_unit_test(every_shape_becomes_flat),
        cmocka_unit_test(an_empty_dictionary_has_only_nulls),
        cmocka_unit_test(stability_follows_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
