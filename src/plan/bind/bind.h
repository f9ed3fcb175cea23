/* bind.h -- AST to logical plan: names to IUs, types, casts. Private to plan.
 *
 * A scope is one SELECT being bound. `node` is the operator whose output the clause being bound
 * reads; a subquery met in an expression puts its dependent join on top of it. Names are looked up
 * in the scope, then in its parents: what is found there is a correlated column, and needs nothing
 * more, because an IU is the same everywhere. */
#ifndef PLAN_BIND_BIND_H
#define PLAN_BIND_BIND_H
#include "plan/algebra/algebra.h"
#include "plan/plan.h"
#include "sql/ast.h"

/* Set on constants that were written as literals: they take the type of what they meet. */
enum { EXPR_LITERAL = 64 };
enum { BIND_VIEW_DEPTH_MAX = 128, BIND_COLUMNS_MAX = 10000 };

struct scope_column {
    struct slice name;
    uint32_t hash;
    iu_id iu; /* 0: a table column nobody has named yet */
    struct type type;
    bool nullable;
    bool hidden; /* the second copy of a USING column: only by qualified name */
    bool merged; /* a USING column: stands first in * */
};

/* One item of FROM. */
struct scope_relation {
    struct slice schema, name; /* name: the alias if there is one; may be empty */
    uint32_t hash;
    struct lnode *scan; /* a base table, whose columns get IUs when they are named; or NULL */
    const struct object *object;
    uint32_t column_count;
    struct scope_column *columns;
};

/* An aggregate call found in the select list, HAVING or ORDER BY. */
struct scope_agg {
    const struct ast_call *call;
    uint32_t index; /* of the group node's aggs */
};

/* What is known of a common table expression once it was bound. */
struct cte_state {
    bool used;
    bool shared; /* computed once: index of plan->shared, columns of `query` */
    uint32_t index;
    const struct bound_query *query;
};

/* A common table expression that names below may mean. */
struct scope_cte {
    const struct ast_cte *cte;
    const struct scope_cte *outer; /* those visible inside it */
    struct scope *parent;          /* whose columns it may name */
    struct cte_state *state;
};

enum scope_clause {
    CLAUSE_FROM,
    CLAUSE_WHERE,
    CLAUSE_GROUP,
    CLAUSE_AGGREGATE, /* inside an aggregate's argument */
    CLAUSE_SELECT,
    CLAUSE_HAVING,
    CLAUSE_ORDER,
    CLAUSE_VALUES, /* no columns of its own */
};

struct scope {
    struct scope *parent;
    const struct scope_cte *ctes;
    struct lnode *node;
    VEC(struct scope_relation) relations;
    const struct ast_select *select; /* for aliases; NULL in DML */
    uint8_t clause;
    bool grouped;         /* a group node stands above the input */
    struct lnode *group;  /* that node */
    struct iuset input;   /* grouped: IUs below the group ... */
    struct iuset visible; /* ... and those it hands up */
    VEC(struct scope_agg) aggs;
    uint32_t alias_depth; /* guards aliases that name themselves */
    uint32_t alias_limit; /* items of the select list whose aliases may be named */
};

/* One column of a bound query. */
struct bound_column {
    struct slice name;
    iu_id iu;
    struct type type;
    bool nullable;
    bool literal_text; /* a string literal: takes the type of what it meets in a set operation */
};
/* What an arm of a set operation calls a column. */
struct bound_alias {
    const struct bound_alias *next;
    struct slice name;
    uint32_t column;
};
struct bound_query {
    const struct bound_alias *aliases; /* names that ORDER BY may use besides those of columns */
    struct lnode *node;
    uint32_t column_count;
    struct bound_column *columns;
    bool ordered;
};

/* An aggregate call inside a subquery that belongs to a query around it. */
struct outer_agg {
    const struct ast_call *call;
    const struct ast_select *owner;
};
typedef VEC(struct outer_agg) outer_agg_list;

struct binder {
    struct plan *plan;
    struct cx *cx;
    const struct plan_env *env;
    const struct settings *settings;
    struct slice text; /* what offsets of the AST being bound point into */
    uint32_t view_depth;
    int32_t view_at;            /* inside a view: where the outer text names it; -1 outside */
    bool has_lateral;           /* some join may be dependent */
    outer_agg_list *outer_aggs; /* those known so far; NULL where they are not supported */
    bool reads_temporary;       /* something it names is temporary */
    bool again;                 /* one more was found: the error is not meant, bind once more */
};

/* ---- errors: positions inside a view are reported at its name ---- */
int32_t bind_at(const struct binder *b, const struct ast *node);
int32_t bind_at_name(const struct binder *b, const struct ast_name *name);
NODISCARD llkv_code bind_unsupported(struct binder *b, const struct ast *node, const char *what);

/* ---- scope.c ---- */
/* Resolve a column path; *out_scope is where it was found. */
NODISCARD llkv_code bind_column(struct binder *b, struct scope *scope,
                                const struct ast_column *column, const struct expr **out);
/* The IU of one column of a relation, made on first use. */
NODISCARD llkv_code bind_relation_column(struct binder *b, struct scope_relation *relation,
                                         uint32_t column, iu_id *out_iu);
/* The relation named by the qualifier of t.*, or an error. */
NODISCARD llkv_code bind_relation(struct binder *b, struct scope *scope,
                                  const struct ast_path *path, struct scope_relation **out);
/* Is there a column of that name here or further out? Never an error. */
bool bind_column_exists(struct scope *scope, const struct ast_path *path);

/* ---- object.c ---- */
/* The object a path names, with errors for what is not there. */
NODISCARD llkv_code bind_object(struct binder *b, const struct ast_path *path,
                                const struct object **out_object);
/* The same, looked up in `catalog`. */
NODISCARD llkv_code bind_object_in(struct binder *b, const struct catalog_scope *catalog,
                                   const struct ast_path *path, const struct object **out_object);

/* ---- from.c ---- */
NODISCARD llkv_code bind_from(struct binder *b, struct scope *scope, const struct ast_list *from);
/* More items, joined to what the scope has: UPDATE ... FROM, DELETE ... USING. */
NODISCARD llkv_code bind_from_more(struct binder *b, struct scope *scope,
                                   const struct ast_list *from);
/* A base table as the scope's only relation: for DML. */
NODISCARD llkv_code bind_target(struct binder *b, struct scope *scope,
                                const struct ast_table *table, const struct object **out_object);

/* ---- join.c ---- */
/* One item of FROM; its relations are added to the scope. */
NODISCARD llkv_code bind_item(struct binder *b, struct scope *scope, const struct ast *item,
                              struct lnode **out);
NODISCARD llkv_code bind_join(struct binder *b, struct scope *scope, const struct ast_join *ast,
                              struct lnode **out);
/* An inner join, dependent if its right side names columns of its left. */
NODISCARD llkv_code bind_cross(struct binder *b, struct lnode *left, struct lnode *right,
                               struct lnode **out);
/* Name a relation and its columns, and add it to the scope. */
NODISCARD llkv_code bind_add_relation(struct binder *b, struct scope *scope,
                                      struct scope_relation *relation, const struct ast_name *alias,
                                      const struct ast_names *names);

/* ---- query.c ---- */
/* The names of WITH come before those of *io_ctes. */
NODISCARD llkv_code bind_with(struct binder *b, struct scope *parent, const struct ast_with *with,
                              const struct scope_cte **io_ctes);
/* Bind what nobody named, for its errors. */
NODISCARD llkv_code bind_unused_ctes(struct binder *b, const struct ast_with *with,
                                     const struct scope_cte *ctes);
NODISCARD llkv_code bind_query(struct binder *b, struct scope *parent, const struct scope_cte *ctes,
                               const struct ast_query *query, struct bound_query *out);

/* ---- values.c ---- */
/* Rows of cells on their way to a node. */
struct bound_rows {
    uint32_t row_count, column_count;
    const struct expr **cells; /* row after row; one type per column */
    struct lnode **nodes;      /* what a row with subqueries reads; NULL: nothing */
};
NODISCARD llkv_code bind_rows_init(struct binder *b, uint32_t row_count, uint32_t column_count,
                                   struct bound_rows *out);
/* Around the cells of each row: a scope without columns. *io_one is NULL before the first row. */
NODISCARD llkv_code bind_row_begin(struct binder *b, struct scope *io_scope, struct lnode **io_one);
void bind_row_end(struct bound_rows *rows, uint32_t row, const struct scope *scope,
                  const struct lnode *one);
NODISCARD llkv_code bind_rows_node(struct binder *b, const struct bound_rows *rows,
                                   struct lnode **out_node, const iu_id **out_ius);
NODISCARD llkv_code bind_values(struct binder *b, struct scope *parent,
                                const struct scope_cte *ctes, const struct ast_values *values,
                                struct bound_query *out);

/* ---- star.c ---- */
/* The columns that * and t.* stand for, EXCLUDE, REPLACE and RENAME done. */
struct star_column {
    struct slice name;
    struct scope_relation *relation; /* and the number of its column, or */
    uint32_t column;
    const struct ast *replaced; /* the expression in its place */
};
typedef VEC(struct star_column) star_columns;
NODISCARD llkv_code bind_star(struct binder *b, struct scope *scope, const struct ast_star *star,
                              star_columns *out);

/* ---- select.c ---- */
NODISCARD llkv_code bind_select(struct binder *b, struct scope *parent,
                                const struct scope_cte *ctes, const struct ast_select *select,
                                const struct ast_list *order, struct bound_query *out);

/* ---- group.c ---- */
/* Does an expression hold an aggregate call of this query level? */
bool bind_has_aggregate(struct binder *b, const struct ast *node);
/* Put a GROUP over scope->node if the query has one; binds all aggregates. */
NODISCARD llkv_code bind_group(struct binder *b, struct scope *scope,
                               const struct ast_select *select, const struct ast_list *order);
/* The same for the outer columns that a subquery above the group uses. */
NODISCARD llkv_code bind_grouped_free(struct binder *b, struct scope *scope,
                                      const struct lnode *subquery, int32_t at);
/* The key of one ORDER BY item that is bound already. */
NODISCARD llkv_code bind_sort_key(struct binder *b, const struct ast_order *order,
                                  const struct expr *e, struct psort_key *out);
/* The column of an aggregate call bound before. */
NODISCARD llkv_code bind_aggregate_ref(struct binder *b, struct scope *scope,
                                       const struct ast_call *call, const struct expr **out);
/* Replace what equals a group key by the key; 42803 for what is neither grouped nor aggregated (or
 * ANY of it under sqlite_compat). */
NODISCARD llkv_code bind_grouped(struct binder *b, struct scope *scope,
                                 const struct expr **io_expr);

/* ---- outer.c ---- */
/* Is it known to belong to a query around the one where it stands? */
bool bind_is_outer(const struct binder *b, const struct ast_call *call);
/* Do all columns of the argument and the filter (each may be NULL; some columns there must be) come
 * from queries around `scope`? Then the call belongs to the nearest of them, which had to know when
 * its groups were made: fails with b->again set, or for good where that query has no place for it.
 */
NODISCARD llkv_code bind_outer_check(struct binder *b, struct scope *scope,
                                     const struct ast_call *call, const struct expr *arg,
                                     const struct expr *filter);
/* The same for a call where its own query cannot have one: its arguments are bound first. */
NODISCARD llkv_code bind_outer_try(struct binder *b, struct scope *scope,
                                   const struct ast_call *call);

/* ---- expr.c ---- */
NODISCARD llkv_code bind_expr(struct binder *b, struct scope *scope, const struct ast *node,
                              const struct expr **out);
/* The members of (a, b); *out_exprs has `count` of them, or the row has another size: 42601. */
NODISCARD llkv_code bind_row(struct binder *b, struct scope *scope, const struct ast *node,
                             uint32_t count, const struct expr **out_exprs);
/* As a condition: numbers count as (not 0). */
NODISCARD llkv_code bind_condition(struct binder *b, struct scope *scope, const struct ast *node,
                                   const struct expr **out);

/* ---- literal.c ---- */
NODISCARD llkv_code bind_literal(struct binder *b, const struct ast_literal *literal, bool negative,
                                 const struct expr **out);
NODISCARD llkv_code bind_null(struct binder *b, struct type type, int32_t at,
                              const struct expr **out);
NODISCARD llkv_code bind_bool(struct binder *b, bool value, int32_t at, const struct expr **out);
NODISCARD llkv_code bind_int(struct binder *b, int64_t value, int32_t at, const struct expr **out);

/* ---- make.c: constructors that fold ---- */
NODISCARD llkv_code bind_make(struct binder *b, enum expr_kind kind, uint8_t op, struct type type,
                              const struct expr *const *args, uint32_t count, int32_t at,
                              const struct expr **out);
NODISCARD llkv_code bind_fold(struct binder *b, const struct expr *e, const struct expr **out);
NODISCARD llkv_code bind_flag(struct binder *b, const struct expr *e, uint8_t flag,
                              const struct expr **out);
NODISCARD llkv_code bind_not(struct binder *b, const struct expr *e, int32_t at,
                             const struct expr **out);
/* AND or OR of `count` conditions. */
NODISCARD llkv_code bind_logic(struct binder *b, enum expr_kind kind,
                               const struct expr *const *args, uint32_t count, int32_t at,
                               const struct expr **out);

/* ---- cast.c ---- */
/* What an explicit cast does. */
NODISCARD llkv_code bind_cast(struct binder *b, const struct expr *e, struct type to,
                              enum expr_cast mode, int32_t at, const struct expr **out);
/* The DECIMAL that holds every value of an integer type. */
struct type bind_decimal_of_integer(struct type t);
/* Implicit: only where nothing can get lost; 42804 else. `what` names the place for the message. */
NODISCARD llkv_code bind_coerce(struct binder *b, const struct expr *e, struct type to,
                                const char *what, const struct expr **out);
/* Into a column: sql.md "assignment casts freely". */
NODISCARD llkv_code bind_assign(struct binder *b, const struct expr *e, struct type to,
                                const char *column, const struct expr **out);
/* The type both can be compared in; false if there is none. Literals adapt. */
enum common_use { COMMON_COMPARE, COMMON_RESULT };
bool bind_common_type(const struct binder *b, enum common_use use, const struct expr *x,
                      const struct expr *y, struct type *out);
bool bind_common_of(const struct binder *b, enum common_use use, struct type x, struct type y,
                    struct type *out);
/* Cast all to one type (a result: CASE, COALESCE, VALUES ...). */
NODISCARD llkv_code bind_unify(struct binder *b, const struct expr **exprs, uint32_t count,
                               const char *what, struct type *out_type);
NODISCARD llkv_code bind_to_condition(struct binder *b, const struct expr *e,
                                      const struct expr **out);

/* ---- type.c ---- */
NODISCARD llkv_code bind_type(struct binder *b, const struct ast_type *type, struct type *out);

/* ---- operator.c ---- */
NODISCARD llkv_code bind_binary(struct binder *b, uint16_t op, const struct expr *left,
                                const struct expr *right, int32_t at, const struct expr **out);
NODISCARD llkv_code bind_compare(struct binder *b, enum compare_op op, const struct expr *left,
                                 const struct expr *right, int32_t at, const struct expr **out);
NODISCARD llkv_code bind_unary(struct binder *b, uint16_t op, const struct expr *value, int32_t at,
                               const struct expr **out);

/* ---- row.c: rows as operands ---- */
/* Is the operator a comparison with a row on one side? */
bool bind_is_row_compare(const struct ast_binary *node);
NODISCARD llkv_code bind_row_compare(struct binder *b, struct scope *scope,
                                     const struct ast_binary *node, const struct expr **out);
/* (a, b) IN ((1, 2), (3, 4)) */
NODISCARD llkv_code bind_row_in_list(struct binder *b, struct scope *scope,
                                     const struct ast_in_list *node, const struct expr **out);

/* ---- call.c ---- */
NODISCARD llkv_code bind_call(struct binder *b, struct scope *scope, const struct ast_call *call,
                              const struct expr **out);
/* Overload resolution over bound arguments. */
NODISCARD llkv_code bind_function(struct binder *b, struct slice name, const struct expr **args,
                                  uint32_t count, int32_t at, const struct expr **out);

/* ---- subquery.c ---- */
NODISCARD llkv_code bind_scalar_query(struct binder *b, struct scope *scope,
                                      const struct ast_query *query, const struct expr **out);
NODISCARD llkv_code bind_exists(struct binder *b, struct scope *scope,
                                const struct ast_query *query, const struct expr **out);
/* left op ANY (query), or op ALL; IN is = ANY. */
NODISCARD llkv_code bind_quantified(struct binder *b, struct scope *scope, const struct expr *left,
                                    enum compare_op op, bool all, const struct ast_query *query,
                                    int32_t at, const struct expr **out);
/* (a, b) IN (query); `count` columns on the left. */
NODISCARD llkv_code bind_row_in(struct binder *b, struct scope *scope,
                                const struct expr *const *left, uint32_t count,
                                const struct ast_query *query, int32_t at, const struct expr **out);
/* The columns of a query of at most one row. */
NODISCARD llkv_code bind_row_query(struct binder *b, struct scope *scope,
                                   const struct ast_query *query, uint32_t count,
                                   const struct expr **out_exprs);
/* x IN table */
NODISCARD llkv_code bind_in_object(struct binder *b, struct scope *scope, const struct expr *left,
                                   const struct ast_path *path, int32_t at,
                                   const struct expr **out);

/* Make the columns of a query `types` (casting where needed). */
NODISCARD llkv_code bind_query_cast(struct binder *b, struct bound_query *io_query,
                                    const struct type *types);

/* ---- dml.c ---- */
NODISCARD llkv_code bind_insert(struct binder *b, const struct ast_insert *insert,
                                struct ldml *out_dml);
NODISCARD llkv_code bind_update(struct binder *b, const struct ast_update *update,
                                struct ldml *out_dml);
NODISCARD llkv_code bind_delete(struct binder *b, const struct ast_delete *del,
                                struct ldml *out_dml);

/* Into the values of an INSERT: source[i] is the IU that feeds table column i, 0 for its default.
 * Checks included. */
NODISCARD llkv_code bind_insert_rows(struct binder *b, const struct object *object,
                                     const iu_id *source, int32_t at, struct ldml *out_dml);
/* target[i]: which of `columns` (all if there are none) is table column i, or -1. */
NODISCARD llkv_code bind_target_columns(struct binder *b, const struct ast_names *columns,
                                        const struct table_def *def, int32_t *target);
NODISCARD llkv_code bind_refuse_triggers(struct binder *b, const struct object *object,
                                         const struct ast *at, const char *verb);

/* ---- statement.c ---- */
/* A query whose rows are the plan's result. */
NODISCARD llkv_code bind_result(struct binder *b, const struct ast_query *ast);

/* ---- copy.c ---- */
NODISCARD llkv_code bind_copy(struct binder *b, const struct ast_copy *copy, struct ldml *out_dml);
/* The name of a file: a constant text. */
NODISCARD llkv_code bind_file_name(struct binder *b, const struct ast *file, const char **out);
/* 42501 where files are out of reach. */
NODISCARD llkv_code bind_refuse_files(struct binder *b, const struct ast *at);
/* What the options say, over the defaults of reading or writing. */
struct csv_options {
    struct csv_dialect dialect;
    const struct ast_option *force_quote; /* a list of columns, or NULL */
};
NODISCARD llkv_code bind_csv_options(struct binder *b, const struct ast_list *options, bool writing,
                                     struct csv_options *out);

/* ---- read_csv.c ---- */
/* 'file.csv' in FROM. */
NODISCARD llkv_code bind_csv_table(struct binder *b, const struct ast_table *table,
                                   struct lnode **out, struct scope_relation *out_relation);
/* read_csv, read_csv_auto, sniff_csv */
bool bind_is_csv_function(struct slice name);
NODISCARD llkv_code bind_csv_function(struct binder *b, const struct ast_call *call,
                                      struct lnode **out, struct scope_relation *out_relation);

/* Parse and bind a stored expression (DEFAULT, CHECK) in `scope`. */
NODISCARD llkv_code bind_stored_expr(struct binder *b, struct scope *scope, const char *sql,
                                     const struct expr **out);
#endif
