/* ast_query.h -- nodes of queries: SELECT, set operations, FROM, windows. Include ast.h. */
#ifndef SQL_AST_QUERY_H
#define SQL_AST_QUERY_H
#include "sql/ast_expr.h"

/* ---- queries -------------------------------------------------------------------------------- */

enum { AST_QUERY_LIMIT_PERCENT = 1, AST_QUERY_WITH_TIES = 2 };

/* Every place that takes a query takes an AST_QUERY. `body` is an AST_SELECT, AST_SETOP or
 * AST_VALUES, another AST_QUERY that stood in parentheses with clauses of its own, or an
 * AST_DESCRIBE in parentheses. AST_QUERY_LIMIT_PERCENT, AST_QUERY_WITH_TIES (FETCH ... WITH TIES).
 * LIMIT a, b sets offset a, limit b. */
struct ast_query {
    struct ast base;
    struct ast_with *with; /* or NULL */
    struct ast *body;
    struct ast_list order; /* AST_ORDER */
    struct ast *limit;     /* or NULL (also LIMIT ALL) */
    struct ast *offset;    /* or NULL */
};

enum { AST_WITH_RECURSIVE = 1 };

struct ast_with {
    struct ast base;
    struct ast_list ctes; /* AST_CTE */
};

enum { AST_CTE_MATERIALIZED = 1, AST_CTE_NOT_MATERIALIZED = 2 };

struct ast_cte {
    struct ast base;
    struct ast_name name;
    struct ast_names columns;
    struct ast_query *query;
};

enum {
    AST_SELECT_DISTINCT = 1,  /* DISTINCT, or DISTINCT ON when distinct_on has items */
    AST_SELECT_GROUP_ALL = 2, /* GROUP BY ALL: group is empty */
    AST_SELECT_FROM_FIRST = 4 /* FROM t without SELECT, TABLE t: items is one plain * */
};

struct ast_select {
    struct ast base;
    struct ast_list distinct_on; /* expressions */
    struct ast_list items;       /* AST_ITEM, AST_STAR */
    struct ast_list from;        /* from items, those between commas */
    struct ast *where;           /* or NULL */
    struct ast_list group;       /* expressions and AST_GROUP_SET */
    struct ast *having;          /* or NULL */
    struct ast_list windows;     /* AST_WINDOW_DEF */
    struct ast *qualify;         /* or NULL */
    struct ast_sample *sample;   /* USING SAMPLE, or NULL */
};

/* expression [[AS] name]; also `name : expression`, and * AS name (an AST_STAR): all columns of it.
 * Without a name the binder makes one; the text of the expression is [value->at, value->end). */
struct ast_item {
    struct ast base;
    struct ast *value;
    struct ast_name name; /* or not given */
};

enum ast_group_op { AST_GROUP_ROLLUP, AST_GROUP_CUBE, AST_GROUP_SETS, AST_GROUP_PLAIN };

/* op: enum ast_group_op. ROLLUP and CUBE hold expressions and AST_GROUP_PLAIN; GROUPING SETS holds
 * expressions and all four; AST_GROUP_PLAIN is one parenthesised set, () without items. */
struct ast_group_set {
    struct ast base;
    struct ast_list items;
};

enum ast_setop_op { AST_SETOP_UNION, AST_SETOP_INTERSECT, AST_SETOP_EXCEPT };
enum { AST_SETOP_ALL = 1, AST_SETOP_BY_NAME = 2 };

/* arms[0] op arms[1] op arms[2] ..., taken from left to right; two or more arms, each a body as in
 * struct ast_query. op: enum ast_setop_op; AST_SETOP_ALL, AST_SETOP_BY_NAME hold for every step. */
struct ast_setop {
    struct ast base;
    struct ast_list arms;
};

/* VALUES (..), (..): cells[row * column_count + column], all rows equally long. */
struct ast_values {
    struct ast base;
    struct ast **cells;
    uint32_t row_count, column_count;
};

enum {
    AST_ORDER_ASC = 1, /* ASC was written; without ASC and DESC the setting default_order decides */
    AST_ORDER_DESC = 2,
    AST_ORDER_NULLS_FIRST = 4,
    AST_ORDER_NULLS_LAST = 8
};

/* One sort key (also of an index). value NULL: ORDER BY ALL. */
struct ast_order {
    struct ast base;
    struct ast *value;
};

enum ast_frame_unit { AST_FRAME_NONE, AST_FRAME_ROWS, AST_FRAME_RANGE, AST_FRAME_GROUPS };
enum ast_frame_bound {
    AST_BOUND_UNBOUNDED_PRECEDING,
    AST_BOUND_PRECEDING, /* value PRECEDING */
    AST_BOUND_CURRENT_ROW,
    AST_BOUND_FOLLOWING, /* value FOLLOWING */
    AST_BOUND_UNBOUNDED_FOLLOWING
};
enum ast_frame_exclude {
    AST_EXCLUDE_NO_OTHERS,
    AST_EXCLUDE_CURRENT_ROW,
    AST_EXCLUDE_GROUP,
    AST_EXCLUDE_TIES
};
enum { AST_WINDOW_NAME_ONLY = 1 }; /* OVER w, without parentheses: only `name` is set */

/* ([name] PARTITION BY .. ORDER BY .. frame). op: enum ast_frame_unit; AST_FRAME_NONE: no frame
 * written. A frame without BETWEEN ends at CURRENT ROW. */
struct ast_window {
    struct ast base;
    struct ast_name name;      /* of the window it extends, or not given */
    struct ast_list partition; /* expressions */
    struct ast_list order;     /* AST_ORDER */
    uint32_t start, stop;      /* enum ast_frame_bound */
    struct ast *start_offset;  /* of PRECEDING and FOLLOWING, or NULL */
    struct ast *stop_offset;   /* or NULL */
    uint32_t exclude;          /* enum ast_frame_exclude */
};
struct ast_window_def { /* WINDOW name AS (...) */
    struct ast base;
    struct ast_name name;
    struct ast_window *window;
};

/* ---- FROM ----------------------------------------------------------------------------------- */

enum {
    AST_TABLE_FILE = 1,       /* FROM 'file.csv': path has one part, the file's name */
    AST_TABLE_NOT_INDEXED = 2 /* NOT INDEXED: without effect */
};

struct ast_table {
    struct ast base;
    struct ast_path path;
    struct ast_name alias;      /* or not given */
    struct ast_names columns;   /* t AS x(a, b) */
    struct ast_name indexed_by; /* INDEXED BY n: without effect, but n must exist */
    struct ast_sample *sample;  /* or NULL */
};

enum { AST_FROM_LATERAL = 1, AST_FROM_ORDINALITY = 2 };

/* (query) AS alias(columns), (VALUES ...) x; AST_FROM_LATERAL. */
struct ast_derived {
    struct ast base;
    struct ast_query *query;
    struct ast_name alias;
    struct ast_names columns;
    struct ast_sample *sample; /* or NULL */
};

/* f(args) AS alias(columns); AST_FROM_LATERAL, AST_FROM_ORDINALITY (WITH ORDINALITY). */
struct ast_table_function {
    struct ast base;
    struct ast_call *call;
    struct ast_name alias;
    struct ast_names columns;
    struct ast_sample *sample; /* or NULL */
};

enum ast_join_op {
    AST_JOIN_INNER, /* also CROSS JOIN with ON, and JOIN without any condition */
    AST_JOIN_CROSS,
    AST_JOIN_LEFT,
    AST_JOIN_RIGHT,
    AST_JOIN_FULL,
    AST_JOIN_SEMI,
    AST_JOIN_ANTI,
    AST_JOIN_POSITIONAL
};
enum { AST_JOIN_NATURAL = 1, AST_JOIN_ASOF = 2 };

/* op: enum ast_join_op; AST_JOIN_NATURAL, AST_JOIN_ASOF. At most one of on and using is given. */
struct ast_join {
    struct ast base;
    struct ast *left, *right; /* from items */
    struct ast *on;           /* or NULL */
    struct ast_names using;
    struct ast_name alias; /* (a JOIN b) AS alias(columns), or not given */
    struct ast_names columns;
};

enum ast_sample_op { AST_SAMPLE_PERCENT, AST_SAMPLE_ROWS };

/* op: enum ast_sample_op. TABLESAMPLE [method](amount [PERCENT|ROWS|%]) [REPEATABLE (seed)]. */
struct ast_sample {
    struct ast base;
    struct ast *amount;
    struct ast_name method; /* bernoulli, system, reservoir, or not given */
    struct ast *seed;       /* or NULL */
};

/* source PIVOT (aggregates FOR on... GROUP BY group) AS alias, and the statement
 * PIVOT source ON on USING aggregates GROUP BY group (then it is the only FROM item of SELECT *).
 */
struct ast_pivot {
    struct ast base;
    struct ast *source;         /* a from item */
    struct ast_list aggregates; /* AST_ITEM */
    struct ast_list on;         /* AST_PIVOT_ON */
    struct ast_list group;      /* expressions */
    struct ast_name alias;
    struct ast_names columns;
};
struct ast_pivot_on { /* value IN (items) or IN (query), or all values */
    struct ast base;
    struct ast *value;
    struct ast_list items;   /* AST_ITEM */
    struct ast_query *query; /* or NULL */
};

enum { AST_UNPIVOT_INCLUDE_NULLS = 1 };

/* source UNPIVOT (values FOR name IN (items)) AS alias, UNPIVOT source ON items INTO NAME n VALUE
 * v. */
struct ast_unpivot {
    struct ast base;
    struct ast *source;
    struct ast_names values; /* one, or several for tuples; without items: "value" */
    struct ast_name name;    /* not given: "name" */
    struct ast_list items;   /* AST_ITEM: a column, AST_ROW of columns, or AST_STAR / COLUMNS() */
    struct ast_name alias;
    struct ast_names columns;
};

#endif
