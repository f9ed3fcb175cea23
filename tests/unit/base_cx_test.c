#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/cpu.h"
#include "base/cx.h"
#include "base/utf8.h"

struct world {
    struct arena arena;
    llkv_error error;
    struct cx cx;
};

static void world_init(struct world *w)
{
    *w = (struct world){.error = LLKV_ERROR_INIT};
    w->cx = (struct cx){.arena = &w->arena, .error = &w->error};
}

static void errors_carry_their_place(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.cx.text = SLICE("SELECT 1,\n  '\xc3\xa4\xc3\xb6', x");
    int32_t at = (int32_t)w.cx.text.len - 1;
    assert_int_equal(cx_fail_at(&w.cx, LLKV_NAME, at, "42703", "no column \"%s\"", "x"), LLKV_NAME);
    assert_int_equal(w.error.code, LLKV_NAME);
    assert_int_equal(w.error.offset, at);
    assert_int_equal(w.error.line, 2);
    assert_int_equal(w.error.column, 9);
    assert_string_equal(w.error.sqlstate, "42703");
    assert_string_equal(w.error.message, "no column \"x\"");
    assert_int_equal(cx_hint(&w.cx, "did you mean %s?", "y"), LLKV_NAME);
    assert_string_equal(w.error.hint, "did you mean y?");
    assert_int_equal(cx_while(&w.cx, LLKV_NAME, "view %s", "v"), LLKV_NAME);
    assert_string_equal(w.error.message, "view v: no column \"x\"");
    assert_int_equal(w.error.line, 2);
    assert_int_equal(cx_fail_at(&w.cx, LLKV_SYNTAX, 0, NULL, "first"), LLKV_SYNTAX);
    assert_int_equal(w.error.line, 1);
    assert_int_equal(w.error.column, 1);
    assert_string_equal(w.error.sqlstate, "42601");
    assert_string_equal(w.error.hint, "");
    assert_int_equal(cx_fail_at(&w.cx, LLKV_SYNTAX, 1000000, NULL, "end"), LLKV_SYNTAX);
    assert_int_equal(w.error.offset, w.cx.text.len);
    assert_int_equal(cx_fail(&w.cx, LLKV_CONFLICT, "conflict"), LLKV_CONFLICT);
    assert_true(w.error.retryable);
    assert_int_equal(w.error.offset, -1);
    assert_int_equal(w.error.line, 0);
    assert_int_equal(cx_nomem(&w.cx), LLKV_NOMEM);
    assert_string_equal(w.error.message, "out of memory");
    assert_string_equal(w.error.sqlstate, "53200");
    assert_false(w.error.retryable);
}

static void long_messages_end_with_a_whole_character(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    char text[1000];
    for (size_t shift = 0; shift < 8; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = shift; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        text[sizeof text - 1] = '\0';
        assert_int_equal(cx_fail(&w.cx, LLKV_DATA, "%s", text), LLKV_DATA);
        size_t len = strlen(w.error.message);
        assert_true(len >= sizeof w.error.message - 4);
        assert_true(utf8_valid(w.error.message, len));
        assert_int_equal(cx_while(&w.cx, LLKV_DATA, "%.*s", 5, "12345"), LLKV_DATA);
        assert_true(utf8_valid(w.error.message, strlen(w.error.message)));
        assert_int_equal(cx_while(&w.cx, LLKV_DATA, "%s", text), LLKV_DATA);
        assert_true(utf8_valid(w.error.message, strlen(w.error.message)));
    }
}

static void recursion_is_limited(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    for (int i = 0; i < CX_DEPTH_MAX; i++)
        assert_int_equal(cx_enter(&w.cx), LLKV_OK);
    assert_int_equal(cx_enter(&w.cx), LLKV_LIMIT);
    assert_string_equal(w.error.sqlstate, "54001");
    for (int i = 0; i < CX_DEPTH_MAX; i++)
        cx_leave(&w.cx);
    assert_int_equal(w.cx.depth, 0);
}

static void cancel_is_seen(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    atomic_bool cancel = false;
    assert_int_equal(cx_check_cancel(&w.cx), LLKV_OK);
    w.cx.cancel = &cancel;
    assert_int_equal(cx_check_cancel(&w.cx), LLKV_OK);
    cancel = true;
    assert_int_equal(cx_check_cancel(&w.cx), LLKV_CANCELLED);
    assert_string_equal(w.error.sqlstate, "57014");
}

static void memory_comes_from_the_arena(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_non_null(cx_alloc(&w.cx, 0));
    char *zero = cx_alloc_zero(&w.cx, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zero[i], 0);
    assert_string_equal(cx_strndup(&w.cx, "abcdef", 3), "abc");
    assert_string_equal(cx_strndup(&w.cx, NULL, 0), "");
    assert_string_equal(cx_printf(&w.cx, "%d-%s", 7, "x"), "7-x");
    assert_null(cx_alloc_array(&w.cx, SIZE_MAX / 4, 16));
    assert_int_equal(w.error.code, LLKV_NOMEM);
    w.error.code = LLKV_OK;
    assert_null(cx_alloc(&w.cx, SIZE_MAX));
    assert_int_equal(w.error.code, LLKV_NOMEM);
    mem_fail_nth(1, true);
    assert_null(cx_alloc(&w.cx, 1000000));
    assert_null(cx_strndup(&w.cx, w.error.message, 500000000));
    mem_fail_nth(0, false);
    arena_deinit(&w.arena);
}

static void codes_have_texts(void **state)
{
    (void)state;
    for (int code = LLKV_OK; code <= LLKV_INTERNAL; code++) {
        assert_true(strlen(llkv_code_text((llkv_code)code)) > 1);
        assert_int_equal(strlen(llkv_code_sqlstate((llkv_code)code)), 5);
        assert_in_range(llkv_code_adbc((llkv_code)code), 0, 14);
    }
    assert_string_equal(llkv_code_text((llkv_code)1000), "unknown code");
    assert_string_equal(llkv_code_sqlstate((llkv_code)1000), "XX000");
}

static void the_processor_has_a_tier(void **state)
{
    (void)state;
    enum cpu_tier tier = cpu_tier_get();
    assert_int_equal(tier, cpu_tier_get());
    assert_in_range(tier, CPU_BASELINE, CPU_AVX512);
    assert_string_equal(cpu_tier_name(CPU_AVX2), "avx2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_carry_their_place),
        cmocka_unit_test(long_messages_end_with_a_whole_character),
        cmocka_unit_test(recursion_is_limited),
        cmocka_unit_test(cancel_is_seen),
        cmocka_unit_test(memory_comes_from_the_arena),
        cmocka_unit_test(codes_have_texts),
        cmocka_unit_test(the_processor_has_a_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
