/* print.h -- a tree back to SQL text.
 *
 * Owns:    nothing; the text lies in cx's arena.      Threads: no state.
 * Holds:   parsing the text gives an equal tree (ast_equal), with the default options. */
#ifndef SQL_PRINT_H
#define SQL_PRINT_H
#include "base/cx.h"
#include "base/slice.h"
#include "sql/ast.h"

/* The SQL text of any node that can stand alone (a statement without its semicolon, a query, an
 * expression, a type) or as a part (a column definition, a constraint, a select item, a from item).
 * NUL-terminated behind its end. */
NODISCARD llkv_code ast_print(struct cx *cx, const struct ast *node, struct slice *out_text);

/* `name` as it must be written in a statement: as it is, or in double quotes where it is a keyword,
 * or holds anything but letters, digits and underscores. */
NODISCARD llkv_code sql_quote_name(struct cx *cx, struct slice name, struct slice *out_text);

/* `text` as a string literal. */
NODISCARD llkv_code sql_quote_string(struct cx *cx, struct slice text, struct slice *out_text);

#endif
