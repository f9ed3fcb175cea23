/* build.h -- what the grammar's actions call: they make nodes and check what a grammar cannot.
 *
 * Owns:    nothing; nodes lie in the arena of the cx.      Threads: belongs to one parse.
 * Holds:   after the first error (parse.rc) every function returns NULL or an empty value and reads
 *          none of its arguments, so actions need no checks of their own.
 *
 * The functions are named after the rule that uses them, see grammar/; tokens are passed for their
 * text or for the place where a node begins. Nodes end where the last token of the rule ends. */
#ifndef SQL_BUILD_H
#define SQL_BUILD_H
#include <string.h>

#include "base/cx.h"
#include "base/vec.h"
#include "sql/ast.h"
#include "sql/filter.h"
#include "sql/lex.h"
#include "sql/parse.h"

struct parse {
    struct cx *cx;
    struct slice text;
    llkv_code rc;     /* the first error, LLKV_OK before */
    uint32_t begin;   /* of the statement */
    uint32_t end;     /* of the last token taken */
    uint32_t stop;    /* behind the semicolon, or the end of the text */
    struct ast *root; /* once accepted */
    struct filter *filter;
    VEC(struct slice) params;
    struct parse_values *rows;       /* of a VALUES list read without the parser */
    uint32_t rows_end;               /* behind them */
    struct ast_name trigger_refs[4]; /* old, new, old table, new table */
};

/* ---- lists, names --------------------------------------------------------------------------- */

struct parse_list {
    struct ast **items;
    uint32_t count, capacity;
};
struct parse_names {
    struct ast_name *items;
    uint32_t count, capacity;
};
struct parse_values {
    uint32_t at;
    struct parse_list cells;
    uint32_t row_count, column_count;
};
struct parse_alias {
    struct ast_name name;
    struct ast_names columns;
};
struct parse_bound {
    uint32_t kind;
    struct ast *offset;
};
struct parse_create {
    uint32_t at;
    int flags;
};
struct parse_events {
    uint32_t events;
    enum ast_trigger_time time;
    struct ast_names columns;
};
struct parse_params {
    uint32_t at;
    struct ast_list list;
};

void *parse_alloc_slow(struct parse *p, size_t bytes);

ALWAYS_INLINE void *parse_alloc(struct parse *p, size_t bytes)
{
    void *memory = arena_alloc(p->cx->arena, bytes);
    return LIKELY(memory != NULL) ? memory : parse_alloc_slow(p, bytes);
}

ALWAYS_INLINE uint32_t at_of(const struct ast *node)
{
    return node == NULL ? 0 : node->at;
}

ALWAYS_INLINE struct ast *node_init(struct parse *p, void *memory, size_t bytes, uint32_t kind_op,
                                    uint32_t at)
{
    if (memory == NULL) return NULL;
    memset(memory, 0, bytes);
    struct ast *node = memory;
    *node = (struct ast){
        .kind = (uint8_t)kind_op, .op = (uint16_t)(kind_op >> 16), .at = at, .end = p->end};
    return node;
}

/* A zeroed node of the kind, beginning at `at`; NULL after an error. */
#define NODE(p, kind, op, type, at)                                                                \
    ((struct type *)((p)->rc != LLKV_OK                                                            \
                         ? NULL                                                                    \
                         : node_init((p), parse_alloc((p), sizeof(struct type)),                   \
                                     sizeof(struct type), (uint32_t)(kind) | (uint32_t)(op) << 16, \
                                     (at))))

ALWAYS_INLINE struct ast_list list_end(struct parse_list list)
{
    return (struct ast_list){list.items, list.count};
}
ALWAYS_INLINE struct ast_names names_end(struct parse_names names)
{
    return (struct ast_names){names.items, names.count};
}
ALWAYS_INLINE struct ast_path path_end(struct parse_names names)
{
    return (struct ast_path){names.items, names.count};
}
ALWAYS_INLINE struct parse_list list_none(void)
{
    return (struct parse_list){NULL, 0, 0};
}
ALWAYS_INLINE struct parse_names names_none(void)
{
    return (struct parse_names){NULL, 0, 0};
}

struct parse_list list_grow(struct parse *p, struct parse_list list);
ALWAYS_INLINE struct parse_list list_add(struct parse *p, struct parse_list list, struct ast *item)
{
    if (UNLIKELY(list.count == list.capacity)) list = list_grow(p, list);
    if (LIKELY(p->rc == LLKV_OK)) list.items[list.count++] = item;
    return list;
}
ALWAYS_INLINE struct parse_list list_one(struct parse *p, struct ast *item)
{
    return list_add(p, list_none(), item);
}
/* Add to a list that was finished: one made by list_add or by this function, which always have room
 * up to a power of two. */
struct ast_list list_extend(struct parse *p, struct ast_list list, struct ast *item);
/* The items that are not NULL. */
struct parse_list list_of(struct parse *p, struct ast *a, struct ast *b, struct ast *c,
                          struct ast *d);
struct parse_list list_prepend(struct parse *p, struct ast *item, struct parse_list list);
struct parse_names names_add(struct parse *p, struct parse_names names, struct token token);
ALWAYS_INLINE struct parse_names names_one(struct parse *p, struct token token)
{
    return names_add(p, names_none(), token);
}

/* ---- errors --------------------------------------------------------------------------------- */

/* Record the first error of the parse. sqlstate may be NULL. */
void parse_fail(struct parse *p, llkv_code code, const char *sqlstate, uint32_t at, const char *fmt,
                ...) PRINTF_LIKE(5, 6);
void parse_hint(struct parse *p, const char *hint);
void parse_too_deep(struct parse *p);
void parse_accept(struct parse *p, struct ast *root);
/* For the parser's stack, which lies in the arena; NULL beyond the limit. */
void *parse_stack_grow(struct parse *p, const void *old, size_t old_bytes, size_t bytes);
/* Say that `found` does not fit, given the tokens that would (the array is used up). */
void parse_unexpected(struct parse *p, struct token found, bool *fits, uint32_t code_count);
/* Feed tokens until the statement ends or fails (grammar/tail.y). `start`: 0, or the token that
 * says what the text is to be. */
void parse_run(struct parse *p, uint16_t start);
/* Try to read the rows of INSERT ... VALUES without the parser; the filter stands behind VALUES. */
bool values_read_rows(struct parse *p, uint32_t at);

/* ---- literals (literal.c) ------------------------------------------------------------------- */

/* The text between the quotes of a string or of a quoted name, or of a plain word. Empty after an
 * error. */
struct slice token_text(struct parse *p, const struct token *token);
struct ast_name token_name(struct parse *p, const struct token *token);
bool token_is(const struct parse *p, const struct token *token, const char *word);
void literal_number(struct parse *p, const struct token *token, struct ast_literal *literal);
struct slice literal_blob(struct parse *p, const struct token *token);

/* ---- expressions (build_expr.c, build_call.c, build_type.c) --------------------------------- */

enum { LIKE_NOT = 1024 }; /* beside AST_QUANTIFIED_LIKE + enum ast_like_op */

struct ast *expr_word(struct parse *p, struct token token, enum ast_literal_op op);
struct ast *expr_number(struct parse *p, struct token token);
struct ast *expr_string(struct parse *p, struct token token);
struct ast *expr_blob(struct parse *p, struct token token);
struct ast *expr_one(struct parse *p); /* the integer 1, which was not written */
struct ast *param_node_new(struct parse *p, struct token token);
struct ast *expr_position(struct parse *p, struct token token);
struct ast *expr_default(struct parse *p, struct token token);
struct ast *column_node_new(struct parse *p, struct token token);
struct ast *expr_of_path(struct parse *p, struct parse_names path);
struct ast *expr_field(struct parse *p, struct ast *value, struct token name);
struct ast *expr_star(struct parse *p, struct ast *qualifier, struct ast_star *clauses);
struct ast *expr_plain_star(struct parse *p, struct token star, struct ast_star *clauses);
struct ast_star *star_exclude(struct parse *p, struct token word, struct parse_list columns);
struct ast_star *star_replace(struct parse *p, struct token word, struct parse_list items);
struct ast_star *star_rename(struct parse *p, struct token word, struct parse_list items);
struct ast_star *star_merge(struct parse *p, struct ast_star *into, struct ast_star *from);
struct ast *expr_argument(struct parse *p, struct token name, struct ast *value);
struct ast *expr_subscript(struct parse *p, struct ast *value, struct ast *index);
struct ast *expr_slice(struct parse *p, struct ast *value, struct ast *low, struct ast *high,
                       struct ast *step);
struct ast *expr_subquery(struct parse *p, struct ast_query *query);
struct ast *expr_parens(struct parse *p, struct token open, struct ast *value);
struct ast *expr_row(struct parse *p, struct token open, struct parse_list items);
struct ast *expr_exists(struct parse *p, struct token word, struct ast_query *query);
struct ast *expr_array_query(struct parse *p, struct token word, struct ast_query *query);
struct ast *expr_array(struct parse *p, struct token open, struct parse_list items);
struct ast *expr_struct(struct parse *p, struct token open, struct parse_list members);
struct ast *expr_map(struct parse *p, struct token word, struct parse_list pairs);
struct ast *expr_case(struct parse *p, struct token word, struct ast *operand,
                      struct parse_list whens, struct ast *otherwise);
struct ast *expr_when(struct parse *p, struct token word, struct ast *condition,
                      struct ast *result);
struct ast *expr_cast(struct parse *p, uint32_t at, int flags, struct ast *value,
                      struct ast_type *type);
struct ast *expr_typed(struct parse *p, struct token word, struct token last, struct token text);
struct ast *expr_interval(struct parse *p, struct token word, struct ast *value,
                          const struct token *unit, const struct token *last_unit);
struct ast *expr_lambda(struct parse *p, struct token word, struct parse_names names,
                        struct ast *body);
struct ast *expr_grouping(struct parse *p, struct token word, struct parse_list args);
struct ast *expr_logic(struct parse *p, enum ast_logic_op op, struct ast *left, struct ast *right);
struct ast *expr_unary(struct parse *p, enum ast_unary_op op, struct token sign, struct ast *value);
struct ast *expr_postfix(struct parse *p, enum ast_unary_op op, struct ast *value);
struct ast *expr_binary(struct parse *p, enum ast_binary_op op, struct ast *left,
                        struct ast *right);
struct ast *expr_operator(struct parse *p, struct token op, struct ast *left, struct ast *right);
struct ast *expr_compare(struct parse *p, struct token op, struct ast *left, struct ast *right);
struct ast *expr_is(struct parse *p, int op, int flags, struct ast *value);
int quantified_compare(struct token op);
struct ast *expr_quantified(struct parse *p, int op, struct token word, struct ast *left,
                            struct ast_query *query, struct ast *array);
struct ast *expr_between(struct parse *p, int flags, struct ast *value, struct ast *low,
                         struct ast *high);
int like_op(struct token word, bool negated);
struct ast *expr_like(struct parse *p, int op, struct ast *value, struct ast *pattern,
                      struct ast *escape);
struct ast *expr_in_list(struct parse *p, int flags, struct ast *value, struct parse_list items);
struct ast *expr_in_query(struct parse *p, int flags, struct ast *value, struct ast_query *query);
struct ast *expr_in_table(struct parse *p, int flags, struct ast *value, struct ast *source);
struct ast *in_source_call(struct parse *p, struct ast *name, struct parse_list args);
struct ast *expr_at_zone(struct parse *p, struct ast *value, struct ast *zone);
struct ast *expr_collate(struct parse *p, struct ast *value, struct parse_names collation);

struct ast_call *call_open(struct parse *p, struct token name);
struct ast_call *call_open_path(struct parse *p, struct ast *value, struct token name);
struct ast_call *call_args(struct parse *p, struct ast_call *call, int flags,
                           struct parse_list args);
struct ast_call *call_star(struct parse *p, struct ast_call *call, struct ast *star);
struct ast_call *call_order(struct parse *p, struct ast_call *call, struct parse_list order);
struct ast_call *call_nulls(struct parse *p, struct ast_call *call, struct token word);
struct ast_call *call_end(struct parse *p, struct ast_call *call);
struct ast_call *call_within(struct parse *p, struct ast_call *call, struct parse_list order);
struct ast_call *call_filter(struct parse *p, struct ast_call *call, struct ast *condition);
struct ast_call *call_over_name(struct parse *p, struct ast_call *call, struct token name);
struct ast_call *call_over(struct parse *p, struct ast_call *call, struct token open,
                           struct ast_window *window);
struct ast *expr_bare_call(struct parse *p, struct token name);
struct ast *call_plain(struct parse *p, struct token name, struct parse_list args);
struct ast *call_fixed(struct parse *p, struct token word, const char *name,
                       struct parse_list args);
/* [value FOR names IN list] is list_transform(list, lambda names: value). */
struct ast *expr_comprehension(struct parse *p, struct token open, struct ast *value,
                               struct parse_names names, struct ast *list);
/* list_filter(list, lambda names: condition) */
struct ast *expr_filter(struct parse *p, struct token open, struct ast *condition,
                        struct parse_names names, struct ast *list);
struct ast *call_trim(struct parse *p, struct token word, const struct token *side,
                      struct ast *characters, struct ast *value);

struct ast_type *type_named(struct parse *p, struct parse_names name);
struct ast_type *type_word(struct parse *p, struct ast_type *type, struct token word);
struct ast_type *type_zone(struct parse *p, struct ast_type *type, struct token with);
struct ast_type *type_args(struct parse *p, struct ast_type *type, struct parse_list args);
struct ast_type *type_list(struct parse *p, struct ast_type *element);
struct ast_type *type_array(struct parse *p, struct ast_type *element, struct token size);
struct ast_type *type_members(struct parse *p, enum ast_type_op op, struct token word,
                              struct parse_list members);
struct ast_type *type_map(struct parse *p, struct token word, struct ast_type *key,
                          struct ast_type *value);
struct ast *type_member(struct parse *p, struct token name, struct ast_type *type);

/* ---- queries (build_query.c, build_from.c) -------------------------------------------------- */

/* A query that is the body and nothing else: one that stood in parentheses stays itself. */
struct ast_query *query_new(struct parse *p, struct ast *body);
/* A query that clauses can be added to. */
struct ast_query *query_wrap(struct parse *p, struct ast *body);
struct ast_query *query_with(struct parse *p, struct ast_with *with, struct ast_query *query);
struct ast_query *query_parens(struct parse *p, struct token open, struct ast_query *query);
struct ast_query *query_clause(struct parse *p, struct ast_query *query, struct ast_query *clause);
struct ast *query_as_body(struct parse *p, struct ast_query *query);
struct ast_query *clause_order(struct parse *p, struct token word, struct parse_list order);
struct ast_query *clause_limit(struct parse *p, struct token word, struct ast *limit,
                               struct ast *offset, int flags);
struct ast_query *clause_offset(struct parse *p, struct token word, struct ast *offset);
struct ast_with *with_new(struct parse *p, struct token word, int flags, struct parse_list ctes);
struct ast *cte_new(struct parse *p, struct token name, struct parse_names columns, int flags,
                    struct ast_query *query);
struct ast *setop_new(struct parse *p, struct token word, int flags, struct ast *left,
                      struct ast *right);
struct parse_values *values_new(struct parse *p, struct token word, struct parse_list row);
struct parse_values *values_rows(struct parse *p, struct token word);
struct parse_values *values_row(struct parse *p, struct parse_values *values, struct token open,
                                struct parse_list row);
struct ast *values_end(struct parse *p, struct parse_values *values);
struct ast *select_table(struct parse *p, struct token word, struct parse_names path);
/* The select is complete. */
struct ast *select_end(struct ast_select *select);
struct ast_select *select_new(struct parse *p, struct token word, int flags,
                              struct parse_list items);
struct ast_select *select_distinct_on(struct parse *p, struct token word, struct parse_list on,
                                      struct parse_list items);
struct ast_select *select_from_first(struct parse *p, struct token word, struct parse_list from);
struct ast_select *select_from_items(struct parse *p, struct token word, struct parse_list from,
                                     int flags, struct parse_list items);
struct ast_select *select_from(struct parse *p, struct ast_select *select, struct token word,
                               struct parse_list from);
struct ast_select *select_where(struct parse *p, struct ast_select *select, struct token word,
                                struct ast *condition);
struct ast_select *select_group(struct parse *p, struct ast_select *select, struct token word,
                                struct parse_list group);
struct ast_select *select_group_all(struct parse *p, struct ast_select *select, struct token word);
struct ast_select *select_having(struct parse *p, struct ast_select *select, struct token word,
                                 struct ast *condition);
struct ast_select *select_windows(struct parse *p, struct ast_select *select, struct token word,
                                  struct parse_list windows);
struct ast_select *select_qualify(struct parse *p, struct ast_select *select, struct token word,
                                  struct ast *condition);
struct ast_select *select_sample(struct parse *p, struct ast_select *select, struct token word,
                                 struct ast_sample *sample);
struct ast *item_new(struct parse *p, struct ast *value, const struct token *name);
struct ast *item_prefix(struct parse *p, struct token name, struct ast *value);
struct ast *group_expr(struct parse *p, struct ast *value);
struct ast *group_set(struct parse *p, enum ast_group_op op, struct token word,
                      struct parse_list items);
struct ast_order *order_new(struct parse *p, struct ast *value);
struct ast_order *order_all(struct parse *p, struct token word);
struct ast_order *order_flag(struct parse *p, struct ast_order *order, int flag);
struct ast *window_def(struct parse *p, struct token name, struct token open,
                       struct ast_window *window);
struct ast_window *window_new(struct parse *p, const struct token *name);
struct ast_window *window_partition(struct parse *p, struct ast_window *window, struct token word,
                                    struct parse_list list);
struct ast_window *window_order(struct parse *p, struct ast_window *window, struct token word,
                                struct parse_list list);
struct ast_window *window_frame(struct parse *p, struct ast_window *window, struct token unit,
                                struct parse_bound *start, struct parse_bound *stop);
struct ast_window *window_exclude(struct parse *p, struct ast_window *window,
                                  enum ast_frame_exclude what);
struct parse_bound *bound_new(struct parse *p, enum ast_frame_bound kind, struct ast *offset);

struct ast *join_new(struct parse *p, int words, struct ast *left, struct ast *right);
struct ast *join_on(struct parse *p, struct ast *join, struct token word, struct ast *condition);
struct ast *join_using(struct parse *p, struct ast *join, struct token word,
                       struct parse_names columns);
struct ast *table_item_new(struct parse *p, struct parse_names path, struct parse_alias *alias);
struct ast *table_file(struct parse *p, struct token file, struct parse_alias *alias);
struct ast *table_indexed(struct parse *p, struct ast *table, const struct token *index);
struct ast *derived_values(struct parse *p, struct parse_values *values, struct parse_alias *alias);
struct ast *from_prefix(struct parse *p, struct token name, struct ast *item);
struct ast *derived_new(struct parse *p, const struct token *lateral, struct ast_query *query,
                        struct parse_alias *alias);
struct ast_call *table_call(struct parse *p, struct parse_names name, struct parse_list args);
struct ast *table_function(struct parse *p, const struct token *lateral, struct ast_call *call,
                           int flags, struct parse_alias *alias);
struct ast *from_parens(struct parse *p, struct token open, struct ast *item,
                        struct parse_alias *alias);
struct ast *from_sample(struct parse *p, struct ast *item, struct token word,
                        struct ast_sample *sample);
struct parse_alias *alias_new(struct parse *p, struct token name, struct parse_names columns);
struct ast_sample *sample_new(struct parse *p, struct ast *amount, int unit);
struct ast_sample *sample_method(struct parse *p, struct ast_sample *sample, struct token method,
                                 struct ast *seed);
struct ast_sample *sample_named(struct parse *p, struct ast_sample *sample, struct token method);
/* The sample is complete. */
struct ast_sample *sample_end(struct ast_sample *sample);
struct ast_sample *sample_seed(struct parse *p, struct ast_sample *sample, struct ast *seed);
struct ast *pivot_new(struct parse *p, struct token word, struct ast *source,
                      struct ast_pivot *clauses, struct parse_alias *alias);
struct ast *pivot_on(struct parse *p, struct ast *column, struct parse_list items,
                     struct ast_query *query);
struct ast *pivot_on_expr(struct parse *p, struct ast *value);
struct ast_pivot *pivot_clause(struct parse *p, struct token word, struct parse_list on,
                               struct parse_list aggregates, struct parse_list group);
struct ast_pivot *pivot_merge(struct parse *p, struct ast_pivot *into, struct ast_pivot *from);
struct ast *pivot_statement(struct parse *p, struct token word, struct ast *source,
                            struct ast_pivot *clauses);
struct ast_unpivot *unpivot_what(struct parse *p, int flags, struct parse_names values,
                                 const struct token *name, struct parse_list items);
struct ast *unpivot_new(struct parse *p, struct token word, struct ast *source,
                        struct ast_unpivot *what, struct parse_alias *alias);
struct ast *unpivot_statement(struct parse *p, struct token word, struct ast *source,
                              struct ast_unpivot *what);

#include "sql/build_command.h"
#endif
