#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "llkv/splitter.h"
#include "llkv/suggest.h"

/* The length of the first statement, or 0: not complete. Given at once, and byte by byte. */
static size_t first_statement(const char *text)
{
    size_t whole = 0, pieces = 0;
    struct splitter splitter = {0};
    if (!splitter_scan(&splitter, text, strlen(text), &whole)) whole = 0;
    splitter = (struct splitter){0};
    for (size_t len = 0; len <= strlen(text); len++) {
        if (splitter_scan(&splitter, text, len, &pieces)) break;
    }
    assert_int_equal(whole, pieces);
    return whole;
}

static void complete(void **state)
{
    (void)state;
    static const char *const statements[] = {
        ";",
        "SELECT 1;",
        "SELECT ';', \"a;b\", `;`, 'it''s;' ;",
        "SELECT E'\\';' ;",
        "SELECT 1 -- one; two\n + 2;",
        "SELECT /* ; /* ; */ ; */ 1;",
        "SELECT $$ ; $$, $tag$ ; $$ ; $tag$;",
        "SELECT $1;",
        "SELECT a-b, a/b;",
        "CREATE TABLE trigger_log(a);",
        "CREATE TABLE t(\"trigger\" INTEGER);",
        "CREATE INDEX trigger ON t(a);",
        "BEGIN;",
        "CREATE TRIGGER r UPDATE ON t BEGIN SELECT 1; END;",
        "create temp trigger r after insert on t begin select case when 1 then 2 end; end ;",
        "CREATE TRIGGER r UPDATE ON t BEGIN SELECT 1; /* so */ END -- it is\n;",
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        assert_int_equal(first_statement(statements[i]), strlen(statements[i]));
    }
    assert_int_equal(first_statement("SELECT 1; SELECT 2;"), 9);
}

static void incomplete(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "SELECT 1",
        "SELECT 'a;",
        "SELECT \"a;",
        "SELECT 1 -- ;",
        "SELECT /* ;",
        "SELECT /* /* */ ;",
        "SELECT $$ ;",
        "SELECT $x$ ; $$ ;",
        "SELECT E'\\';",
        "CREATE TRIGGER r UPDATE ON t BEGIN SELECT 1;",
        "CREATE TRIGGER r UPDATE ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END;",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(first_statement(texts[i]), 0);
    }
}

static void suggestions(void **state)
{
    (void)state;
    static const char *const names[] = {"help", "open", "exit"};
    assert_string_equal(suggest_name("hepl", names, 3), "help");
    assert_string_equal(suggest_name("oppen", names, 3), "open");
    assert_null(suggest_name("tables", names, 3));
    assert_null(suggest_name("", names, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complete),
        cmocka_unit_test(incomplete),
        cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
