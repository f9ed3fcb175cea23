/* ast.h -- what was written, as a tree: no names resolved, no types, nothing folded.
 *
 * Owns:    nothing. Nodes, lists and decoded text live in the arena of the cx that parsed them;
 *          names and literals that needed no decoding point into the statement's text. Both must
 *          outlive the tree (ast_clone makes a tree that needs neither text nor old arena).
 * Threads: immutable once parsed, share it freely.
 * Holds:   every node begins with struct ast; `kind` says which struct it is (the list is ast.def);
 *          [at, end) is its byte range in the whole text. A pointer documented as "or NULL" may be
 *          NULL, every other one is set. A list without items is {NULL, 0}; a name that was not
 *          given has text.len == 0 and text.data == NULL.
 *
 * Chains of AND, OR and of one set operator are one node with many children, so that depth does not
 * grow with their length. Parentheses leave no node. */
#ifndef SQL_AST_H
#define SQL_AST_H
#include "base/cx.h"
#include "sql/ast_command.h"
#include "sql/ast_expr.h"
#include "sql/ast_node.h"
#include "sql/ast_query.h"

/* ---- the root ------------------------------------------------------------------------------- */

/* One statement. `node` is an AST_QUERY, or one of the kinds of the sections DML to utilities. */
struct ast_stmt {
    struct ast base; /* kind AST_STATEMENT */
    struct ast *node;
    uint32_t param_count;            /* the highest number of a parameter */
    const struct slice *param_names; /* param_count of them; len 0: a parameter without a name */
};

/* ---- helpers -------------------------------------------------------------------------------- */

/* Called for a node before its children; *out_descend is true on entry. Another result than LLKV_OK
 * ends the walk and is its result. */
typedef llkv_code ast_visit_fn(struct cx *cx, const struct ast *node, void *state,
                               bool *out_descend);

/* Walk `node` (may be NULL) and everything below it in the order written. Depth is limited (54001).
 */
NODISCARD llkv_code ast_visit(struct cx *cx, const struct ast *node, ast_visit_fn *fn, void *state);

/* A deep copy in cx's arena, texts included; byte ranges are kept. NULL gives NULL. */
NODISCARD llkv_code ast_clone(struct cx *cx, const struct ast *node, struct ast **out_copy);

/* The same tree? Byte ranges do not count, nor whether a name was quoted; names compare folded.
 * Both may be NULL. False beyond CX_DEPTH_MAX levels. */
bool ast_equal(const struct ast *a, const struct ast *b);

/* Goes with ast_equal. */
uint64_t ast_hash(const struct ast *node);

/* The name of a kind, for messages and dumps: "BETWEEN". */
const char *ast_kind_name(enum ast_kind kind);

/* "TABLE", "MATERIALIZED VIEW": for messages. */
const char *ast_object_name(enum ast_object_kind kind);

/* What a statement is, for messages: "CREATE TABLE". */
const char *ast_statement_name(const struct ast *node);

/* The schema in the name of an object; empty: none is given. What is temporary can be written as in
 * a database of its own: temp.main.t is temp.t. */
struct slice ast_path_schema(const struct ast_path *path);

#endif
