/* print_priv.h -- what the printers of expressions, queries and commands share.
 *
 * Owns:    the text under construction, in cx's arena.      Threads: belongs to one print.
 * Holds:   after the first error (rc) nothing is written any more. */
#ifndef SQL_PRINT_PRIV_H
#define SQL_PRINT_PRIV_H
#include "sql/print.h"

/* How tightly operators bind, as in grammar/head.y. An operand printed with a minimum above its own
 * rank gets parentheses. */
enum rank {
    RANK_NONE,
    RANK_OR,
    RANK_AND,
    RANK_NOT,
    RANK_IS,
    RANK_COMPARE,
    RANK_LIKE,
    RANK_OPERATOR,
    RANK_ADD,
    RANK_MULTIPLY,
    RANK_POWER,
    RANK_ZONE,
    RANK_COLLATE,
    RANK_UNARY,
    RANK_POSTFIX,
    RANK_PRIMARY
};

struct printer {
    struct cx *cx;
    char *data;
    size_t len, capacity;
    llkv_code rc;
};

void put_bytes(struct printer *out, struct slice text);
void put(struct printer *out, const char *text);
void put_number(struct printer *out, int64_t value);
void put_string(struct printer *out, struct slice text);
/* Quoted where it must be. */
void put_name(struct printer *out, const struct ast_name *name);
void put_path(struct printer *out, struct ast_path path);
/* (a, b), nothing for an empty list; with a blank before it. */
void put_columns(struct printer *out, struct ast_names names);
void put_names(struct printer *out, struct ast_names names);
void put_expr(struct printer *out, const struct ast *node, enum rank minimum);
/* Expressions and other list items, with commas between. */
void put_list(struct printer *out, struct ast_list list);
void put_type(struct printer *out, const struct ast_type *type);
void put_call(struct printer *out, const struct ast_call *call);

void put_query(struct printer *out, const struct ast_query *query);
void put_with(struct printer *out, const struct ast_with *with);
void put_window(struct printer *out, const struct ast_window *window);
void put_order(struct printer *out, const struct ast_order *order);
void put_from(struct printer *out, const struct ast *item);
/* The parts of queries; false if the node is none of them. */
bool put_query_node(struct printer *out, const struct ast *node);

/* CREATE, DROP, ALTER, COMMENT and their parts; false if the node is none of them. */
bool put_ddl(struct printer *out, const struct ast *node);
/* All other statements and their parts; false if the node is none of them. */
bool put_command(struct printer *out, const struct ast *node);
/* INSERT, UPDATE, DELETE, MERGE and their parts; false if the node is none of them. */
bool put_dml(struct printer *out, const struct ast *node);
/* Any node. */
void put_node(struct printer *out, const struct ast *node);

#endif
