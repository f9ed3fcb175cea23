/* LIKE: a table of cases, and every short pattern over every short text against the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "func/like.h"

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

static bool matches(const char *text, const char *pattern, int32_t escape, enum like_case mode)
{
    struct like *like = NULL;
    assert_int_equal(like_new(&cx, slice_of(pattern), escape, mode, -1, &like), LLKV_OK);
    return like_match(like, slice_of(text));
}

struct row {
    const char *text, *pattern;
    int32_t escape;
    uint8_t mode;
    bool match;
};

static void test_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"hello", "hello", -1, LIKE_CASE_EXACT, true},
        {"hello", "Hello", -1, LIKE_CASE_EXACT, false},
        {"hello", "Hello", -1, LIKE_CASE_ASCII, true},
        {"ZOË", "zoë", -1, LIKE_CASE_ASCII, false},
        {"ZOË", "zoë", -1, LIKE_CASE_UNICODE, true},
        {"Zoë", "Z__", -1, LIKE_CASE_EXACT, true},
        {"Zoë", "Z___", -1, LIKE_CASE_EXACT, false},
        {"", "", -1, LIKE_CASE_EXACT, true},
        {"", "%", -1, LIKE_CASE_EXACT, true},
        {"", "_", -1, LIKE_CASE_EXACT, false},
        {"100%", "100\\%", '\\', LIKE_CASE_EXACT, true},
        {"1000", "100\\%", '\\', LIKE_CASE_EXACT, false},
        {"100\\x", "100\\%", -1, LIKE_CASE_EXACT, true},
        {"a_b", "a#_b", '#', LIKE_CASE_EXACT, true},
        {"axb", "a#_b", '#', LIKE_CASE_EXACT, false},
        {"a#b", "a##b", '#', LIKE_CASE_EXACT, true},
        {"special packages requests", "%special%requests%", -1, LIKE_CASE_EXACT, true},
        {"requests special", "%special%requests%", -1, LIKE_CASE_EXACT, false},
        {"abab", "ab%ab", -1, LIKE_CASE_EXACT, true},
        {"aba", "ab%ba", -1, LIKE_CASE_EXACT, false},
        {"xyzxyz", "%xyz", -1, LIKE_CASE_UNICODE, true},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        bool got =
            matches(rows[i].text, rows[i].pattern, rows[i].escape, (enum like_case)rows[i].mode);
        if (got != rows[i].match) fail_msg("%s LIKE %s", rows[i].text, rows[i].pattern);
    }
}

static void test_errors(void **state)
{
    (void)state;
    struct like *like;
    int32_t escape;
    assert_int_equal(like_compile(&cx, SLICE("ab\\"), '\\', false, &like), LLKV_DATA);
    assert_string_equal(error.sqlstate, "22025");
    assert_int_equal(like_compile(&cx, SLICE("a\\b"), '\\', false, &like), LLKV_DATA);
    assert_int_equal(like_escape(&cx, SLICE("ab"), 3, &escape), LLKV_DATA);
    assert_string_equal(error.sqlstate, "22019");
    assert_int_equal(like_escape(&cx, SLICE(""), 3, &escape), LLKV_OK);
    assert_int_equal(escape, -1);
    assert_int_equal(like_escape(&cx, SLICE("ä"), 3, &escape), LLKV_OK);
    assert_int_equal(escape, 0xe4);
}

/* The definition. */
static bool defined(const char *text, const char *pattern)
{
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '%') return defined(text, pattern + 1) || (*text && defined(text + 1, pattern));
    if (*text == '\0') return false;
    return (*pattern == '_' || *pattern == *text) && defined(text + 1, pattern + 1);
}

static void spell(uint32_t number, uint32_t len, const char *letters, char *out)
{
    uint32_t base = (uint32_t)strlen(letters);
    for (uint32_t i = 0; i < len; i++) {
        out[i] = letters[number % base];
        number /= base;
    }
    out[len] = '\0';
}

static void check_pattern(const char *pattern)
{
    struct arena_mark mark = arena_mark(&arena);
    struct like *modes[2];
    assert_int_equal(like_new(&cx, slice_of(pattern), -1, LIKE_CASE_EXACT, -1, &modes[0]), LLKV_OK);
    assert_int_equal(like_new(&cx, slice_of(pattern), -1, LIKE_CASE_ASCII, -1, &modes[1]), LLKV_OK);
    for (uint32_t len = 0, all = 1; len <= 6; len++, all *= 2) {
        for (uint32_t number = 0; number < all; number++) {
            char text[8];
            spell(number, len, "ab", text);
            bool want = defined(text, pattern);
            for (uint32_t k = 0; k < 2; k++)
                if (like_match(modes[k], slice_of(text)) != want)
                    fail_msg("%s LIKE %s, way %u", text, pattern, k);
        }
    }
    arena_rewind(&arena, mark);
}

static void test_all_short(void **state)
{
    (void)state;
    for (uint32_t len = 0, all = 1; len <= 5; len++, all *= 4) {
        for (uint32_t number = 0; number < all; number++) {
            char pattern[8];
            spell(number, len, "ab%_", pattern);
            check_pattern(pattern);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_short, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
