/* parse.c -- any bytes parse or fail with a place in the text; what parses prints to a text with
 * the same tree, and is copied and hashed alike. */
#include "sql/parse.h"

#include "fuzz.h"
#include "sql/print.h"

static void check_statement(struct cx *cx, struct ast_stmt *stmt)
{
    struct slice text;
    struct ast *copy = NULL;
    struct ast_stmt *again = NULL;
    size_t at = 0;
    cx->depth = 0;
    llkv_code rc = ast_print(cx, stmt->node, &text);
    FUZZ_CHECK(rc == LLKV_OK || rc == LLKV_LIMIT);
    if (rc != LLKV_OK) return;
    rc = sql_parse_next(cx, NULL, text, &at, &again);
    if (rc == LLKV_LIMIT) return; /* parentheses that were not written count too */
    FUZZ_CHECK(rc == LLKV_OK && again != NULL && at == text.len);
    FUZZ_CHECK(ast_equal(stmt->node, again->node));
    FUZZ_CHECK(ast_hash(stmt->node) == ast_hash(again->node));
    cx->depth = 0;
    rc = ast_clone(cx, &stmt->base, &copy);
    FUZZ_CHECK(rc == LLKV_OK || rc == LLKV_LIMIT);
    if (rc == LLKV_OK) FUZZ_CHECK(ast_equal(&stmt->base, copy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, NULL);
    llkv_error error = LLKV_ERROR_INIT;
    struct cx cx = {.arena = &arena, .error = &error};
    struct slice text = {(const char *)data, size};
    struct sql_options options = {.sqlite_compat = size > 0 && data[size - 1] == '['};
    size_t at = 0;
    for (;;) {
        struct ast_stmt *stmt = NULL;
        size_t before = at;
        cx.depth = 0;
        llkv_code rc = sql_parse_next(&cx, &options, text, &at, &stmt);
        FUZZ_CHECK(at <= size && (at > before || at == size));
        FUZZ_CHECK(rc != LLKV_INTERNAL && rc != LLKV_NOMEM);
        if (rc == LLKV_OK && stmt == NULL) break;
        if (rc != LLKV_OK)
            FUZZ_CHECK(error.offset >= 0 && (size_t)error.offset <= size);
        else
            check_statement(&cx, stmt);
        if (at == size) break;
    }
    arena_deinit(&arena);
    return 0;
}
