/* parse.h -- SQL text to a tree.
 *
 * Owns:    nothing; trees live in cx's arena and may point into the text (ast.h).
 * Threads: no state of its own.
 * Holds:   offsets in nodes and errors are bytes from the start of `text`, which becomes cx->text.
 *
 * Errors of all three: LLKV_SYNTAX (42601, or finer: 42602 a bad name or number, 22025 a bad
 * escape) with the position, the token found and up to five that could stand there, and a hint
 * where one is known; LLKV_UNSUPPORTED (0A000) for what is understood but not there; LLKV_LIMIT
 * (54001 nesting, 54000 text or parameters); LLKV_DATA (22021) for text that is not UTF-8;
 * LLKV_NOMEM. */
#ifndef SQL_PARSE_H
#define SQL_PARSE_H
#include <stddef.h>

#include <stdbool.h>

#include "base/cx.h"
#include "base/slice.h"
#include "sql/ast.h"

enum {
    SQL_TEXT_BYTES_MAX = 64 << 20,
    SQL_DEPTH_MAX = CX_DEPTH_MAX, /* nested parentheses, queries, unary operators */
    SQL_PARAMETERS_MAX = 32767,
    SQL_COLUMNS_MAX = 10000, /* of one select list, table or row */
};

struct sql_options {
    bool sqlite_compat; /* [x] is a name where a name may stand */
};

/* Parse the statement that starts at *in_out_at. *in_out_at moves behind its semicolon, also after
 * an error (then the end is found by tokens alone, a trigger's BEGIN ... END kept together). Empty
 * statements are skipped; *out_stmt is NULL at the end of the text. `options` may be NULL. */
NODISCARD llkv_code sql_parse_next(struct cx *cx, const struct sql_options *options,
                                   struct slice text, size_t *in_out_at,
                                   struct ast_stmt **out_stmt);

/* Parse the whole text as one expression: a stored DEFAULT, CHECK or index key. */
NODISCARD llkv_code sql_parse_expression(struct cx *cx, const struct sql_options *options,
                                         struct slice text, struct ast **out_expression);

/* Parse the whole text as one type. */
NODISCARD llkv_code sql_parse_type(struct cx *cx, struct slice text, struct ast_type **out_type);

/* The byte behind the statement that starts at `at`: behind its semicolon, or the end of the text.
 * *out_complete (may be NULL): it ended with a semicolon, and not inside a string, a comment or a
 * trigger's body. Never fails. */
size_t sql_statement_end(struct slice text, size_t at, bool sqlite_compat, bool *out_complete);

#endif
