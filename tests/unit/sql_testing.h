/* sql_testing.h -- what the tests of src/sql share: parse a text, or fail the test. */
#ifndef SQL_TESTING_H
#define SQL_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sql/parse.h"
#include "sql/print.h"

struct world {
    struct arena arena;
    llkv_error error;
    struct cx cx;
};

static inline void world_init(struct world *world)
{
    *world = (struct world){.error = LLKV_ERROR_INIT};
    arena_init(&world->arena, NULL);
    world->cx = (struct cx){.arena = &world->arena, .error = &world->error};
}

static inline void world_deinit(struct world *world)
{
    arena_deinit(&world->arena);
}

/* The first statement of the text; NULL after an error, which is in world->error. */
static inline struct ast_stmt *try_parse(struct world *world, const char *sql, bool sqlite_compat)
{
    struct sql_options options = {.sqlite_compat = sqlite_compat};
    struct ast_stmt *stmt = NULL;
    size_t at = 0;
    world->cx.depth = 0;
    llkv_code rc = sql_parse_next(&world->cx, &options, slice_of(sql), &at, &stmt);
    return rc == LLKV_OK ? stmt : NULL;
}

static inline struct ast_stmt *parse(struct world *world, const char *sql)
{
    struct ast_stmt *stmt = try_parse(world, sql, false);
    if (stmt == NULL) {
        print_message("%s\n    %s at %d\n", sql, world->error.message, (int)world->error.offset);
        fail();
    }
    return stmt;
}

static inline struct ast *parse_expr(struct world *world, const char *sql)
{
    struct ast *expr = NULL;
    world->cx.depth = 0;
    llkv_code rc = sql_parse_expression(&world->cx, NULL, slice_of(sql), &expr);
    if (rc != LLKV_OK) {
        print_message("%s\n    %s at %d\n", sql, world->error.message, (int)world->error.offset);
        fail();
    }
    return expr;
}

#endif
