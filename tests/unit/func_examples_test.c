/* The table of functions: its order, and every example in it.
 *
 * The examples are SQL. What is read here is the part of it that they are written in: literals,
 * casts behind ::, typed literals, calls, and one binary or unary operator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "compute/kernel.h"
#include "expr/expr.h"
#include "func/function.h"

struct reader {
    struct cx *cx;
    const char *at;
    const char *text;
};

static struct arena arena;
static llkv_error error;
static struct cx cx;

static int setup(void **state)
{
    (void)state;
    error = (llkv_error)LLKV_ERROR_INIT;
    arena_init(&arena, NULL);
    cx = (struct cx){.arena = &arena, .error = &error};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void skip_blanks(struct reader *r)
{
    while (*r->at == ' ')
        r->at++;
}

static bool take_char(struct reader *r, char c)
{
    skip_blanks(r);
    if (*r->at != c) return false;
    r->at++;
    return true;
}

static struct slice take_word(struct reader *r)
{
    skip_blanks(r);
    const char *from = r->at;
    while ((*r->at >= 'a' && *r->at <= 'z') || (*r->at >= 'A' && *r->at <= 'Z') || *r->at == '_' ||
           (r->at > from && *r->at >= '0' && *r->at <= '9'))
        r->at++;
    return (struct slice){from, (size_t)(r->at - from)};
}

static bool type_named(struct slice name, struct type *out)
{
    static const char *const names[] = {"DOUBLE",    "BLOB",        "DATE",    "TIME",
                                        "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL"};
    static const uint8_t ids[] = {TYPE_DOUBLE,    TYPE_BLOB,        TYPE_DATE,    TYPE_TIME,
                                  TYPE_TIMESTAMP, TYPE_TIMESTAMPTZ, TYPE_INTERVAL};
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
        if (!slice_equal(name, slice_of(names[i]))) continue;
        *out = type_of((enum type_id)ids[i]);
        return true;
    }
    return false;
}

static const struct expr *constant(struct value value)
{
    const struct expr *e = NULL;
    assert_int_equal(expr_const(&cx, &value, -1, &e), LLKV_OK);
    return e;
}

static const struct expr *cast_to(const struct expr *e, struct type type)
{
    const struct expr *out = NULL;
    if (type_equal(e->type, type)) return e;
    assert_int_equal(expr_make(&cx, EXPR_CAST, EXPR_CAST_PLAIN, type, &e, 1, -1, &out), LLKV_OK);
    return out;
}

static const struct expr *read_text(struct reader *r)
{
    char *copy = cx_alloc(&cx, strlen(r->at) + 1);
    size_t len = 0;
    assert_true(take_char(r, '\''));
    for (; *r->at != '\'' || r->at[1] == '\''; r->at++) {
        if (*r->at == '\'') r->at++;
        copy[len++] = *r->at;
    }
    r->at++;
    struct value value = {.type = type_of(TYPE_VARCHAR), .s = {copy, len}};
    return constant(value);
}

static const struct expr *read_number(struct reader *r)
{
    const char *from = r->at;
    if (*r->at == '-') r->at++;
    while ((*r->at >= '0' && *r->at <= '9') || *r->at == '.')
        r->at++;
    struct slice text = {from, (size_t)(r->at - from)};
    const char *point = memchr(text.data, '.', text.len);
    struct value value = {.type = type_of(TYPE_INTEGER)};
    if (point != NULL) {
        uint32_t scale = (uint32_t)(text.data + text.len - point - 1);
        i128 digits;
        value.type = type_decimal((uint32_t)text.len - 1 - (*from == '-'), scale);
        assert_int_equal(number_cast_decimal(text, value.type.precision, scale, &digits), TEXT_OK);
        value.i = (int64_t)digits;
    } else {
        assert_int_equal(number_parse_i64(text, &value.i), TEXT_OK);
    }
    return constant(value);
}

static const struct expr *read_expr(struct reader *r);

/* How far an argument is from a parameter; -1: not at all. */
static int distance(struct type from, uint8_t to, bool text_any)
{
    if (to == TYPE_NULL || from.id == to) return 0;
    if (from.id == TYPE_NULL) return 1;
    if (to == TYPE_VARCHAR) return text_any ? 20 : -1;
    bool widens = type_is_integer(from) && to > from.id && to <= TYPE_HUGEINT;
    if (widens) return to - from.id;
    if (to == TYPE_DOUBLE && type_is_numeric(from)) return 10;
    return to == TYPE_TIMESTAMP && from.id == TYPE_DATE ? 5 : -1;
}

static int match(const struct function *f, const struct expr *const *args, uint32_t count)
{
    int total = 0;
    if (count < f->arg_count_min || count > f->arg_count_max) return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = i;
        if ((f->flags & FUNC_VARIADIC) && k >= f->arg_count_min) k = f->arg_count_min - 1u;
        int one = distance(args[i]->type, f->arg_types[k], (f->flags & FUNC_TEXT_ANY) != 0);
        if (one < 0) return -1;
        total += one;
    }
    return total;
}

static const struct expr *make_call(const struct reader *r, struct slice name,
                                    const struct expr **args, uint32_t count)
{
    uint32_t overloads;
    const struct function *best = NULL;
    const struct function *f = function_find(name, &overloads);
    int least = INT32_MAX;
    for (uint32_t i = 0; i < overloads; i++) {
        int one = match(&f[i], args, count);
        if (one < 0 || one >= least) continue;
        least = one;
        best = &f[i];
    }
    if (best == NULL) fail_msg("no overload for %s", r->text);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = i;
        if ((best->flags & FUNC_VARIADIC) && k >= best->arg_count_min) k = best->arg_count_min - 1u;
        uint8_t type = best->arg_types[k];
        if (type != TYPE_NULL && type != args[i]->type.id)
            args[i] = cast_to(args[i], type_of((enum type_id)type));
    }
    struct type type = best->result_rule == FUNC_RESULT_FIXED
                           ? type_of((enum type_id)best->result_type)
                           : args[0]->type;
    const struct expr *out = NULL;
    assert_int_equal(expr_call(&cx, best, type, args, count, -1, &out), LLKV_OK);
    return out;
}

static const struct expr *read_primary(struct reader *r)
{
    const struct expr *args[8];
    uint32_t count = 0;
    struct type type;
    skip_blanks(r);
    if (*r->at == '\'') return read_text(r);
    if ((*r->at >= '0' && *r->at <= '9') || (*r->at == '-' && r->at[1] >= '0' && r->at[1] <= '9'))
        return read_number(r);
    if (take_char(r, '-')) {
        args[0] = read_primary(r);
        return make_call(r, SLICE("-"), args, 1);
    }
    struct slice word = take_word(r);
    if (slice_equal(word, SLICE("NULL")))
        return constant((struct value){.type = type_of(TYPE_NULL), .is_null = true});
    if (type_named(word, &type)) return cast_to(read_text(r), type);
    assert_true(take_char(r, '('));
    while (!take_char(r, ')')) {
        args[count++] = read_expr(r);
        (void)take_char(r, ',');
    }
    return make_call(r, word, args, count);
}

static const struct expr *read_operand(struct reader *r)
{
    const struct expr *e = read_primary(r);
    while (r->at[0] == ':' && r->at[1] == ':') {
        struct type type;
        r->at += 2;
        assert_true(type_named(take_word(r), &type));
        e = cast_to(e, type);
    }
    return e;
}

static const struct expr *read_compare(struct reader *r, const struct expr *left)
{
    enum compare_op op = *r->at == '<' ? CMP_LT : CMP_GT;
    r->at++;
    if (take_char(r, '=')) op = CMP_GE;
    const struct expr *args[2] = {left, cast_to(read_operand(r), left->type)};
    const struct expr *out = NULL;
    assert_int_equal(
        expr_make(&cx, EXPR_COMPARE, (uint8_t)op, type_of(TYPE_BOOLEAN), args, 2, -1, &out),
        LLKV_OK);
    return out;
}

static const struct expr *read_expr(struct reader *r)
{
    const struct expr *args[2] = {read_operand(r), NULL};
    skip_blanks(r);
    if (*r->at == '<' || *r->at == '>') return read_compare(r, args[0]);
    struct slice name = {r->at, *r->at == '|' ? 2 : 1};
    if (*r->at != '+' && *r->at != '-' && *r->at != '*' && *r->at != '|') return args[0];
    r->at += name.len;
    args[1] = read_operand(r);
    return make_call(r, name, args, 2);
}

static void run_example(const struct function *f)
{
    const char *arrow = strstr(f->example, " => ");
    assert_non_null(arrow);
    char source[256];
    snprintf(source, sizeof source, "%.*s", (int)(arrow - f->example), f->example);
    struct reader r = {.cx = &cx, .at = source, .text = f->example};
    const struct expr *e = read_expr(&r);
    skip_blanks(&r);
    if (*r.at != '\0') fail_msg("%s: not read: %s", f->example, r.at);
    struct value value;
    struct slice text;
    if (expr_evaluate(&cx, e, NULL, false, &value) != LLKV_OK)
        fail_msg("%s: %s", f->example, error.message);
    assert_int_equal(value_to_text(&cx, &value, &text), LLKV_OK);
    char got[256];
    snprintf(got, sizeof got, "%.*s", SLICE_ARG(text));
    if (strcmp(got, arrow + 4) != 0) fail_msg("%s: got %s", f->example, got);
}

static void test_examples(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < function_count(); i++)
        run_example(function_at(i));
}

static void test_table(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < function_count(); i++) {
        const struct function *f = function_at(i);
        uint32_t count;
        assert_non_null(f->eval);
        assert_true(f->doc[0] != '\0');
        if (i > 0) assert_true(strcmp(function_at(i - 1)->name, f->name) <= 0);
        const struct function *found = function_find(slice_of(f->name), &count);
        assert_true(found <= f && f < found + count);
        if (!(f->flags & FUNC_VARIADIC)) assert_true(f->arg_count_max <= FUNC_ARGS_MAX);
    }
}

static void test_names(void **state)
{
    (void)state;
    uint32_t count;
    enum agg_op op;
    assert_non_null(function_find(SLICE("ABS"), &count));
    assert_int_equal(count, 14);
    assert_null(function_find(SLICE("abss"), &count));
    assert_int_equal(count, 0);
    assert_null(function_find(SLICE(""), &count));
    assert_null(function_find(SLICE("zzzz"), &count));
    assert_string_equal(function_suggest(SLICE("substrin")), "substring");
    assert_string_equal(function_suggest(SLICE("LENGHT")), "length");
    assert_null(function_suggest(SLICE("frobnicate")));
    assert_true(function_aggregate(SLICE("Sum"), false, &op) && op == AGG_SUM);
    assert_true(function_aggregate(SLICE("COUNT"), true, &op) && op == AGG_COUNT_STAR);
    assert_false(function_aggregate(SLICE("sum"), true, &op));
    assert_false(function_aggregate(SLICE("abs"), false, &op));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_examples, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
