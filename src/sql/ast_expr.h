/* ast_expr.h -- nodes of expressions and types. The rules of ast.h hold. Include ast.h. */
#ifndef SQL_AST_EXPR_H
#define SQL_AST_EXPR_H
#include "sql/ast_node.h"

struct ast_query;
struct ast_type;
struct ast_window;

/* ---- expressions ---------------------------------------------------------------------------- */

enum ast_literal_op {
    AST_LITERAL_NULL,
    AST_LITERAL_TRUE,
    AST_LITERAL_FALSE,
    AST_LITERAL_INTEGER, /* digits only; hexadecimal ones are given in decimal */
    AST_LITERAL_DECIMAL, /* digits with a point */
    AST_LITERAL_REAL,    /* with an exponent */
    AST_LITERAL_STRING,  /* text: the decoded value */
    AST_LITERAL_BLOB     /* text: the decoded bytes */
};
enum { AST_LITERAL_FITS = 1 }; /* flag: an integer whose value fits int64_t; `value` holds it */

/* op: enum ast_literal_op. Numbers carry no sign (that is AST_UNARY) and no underscores. */
struct ast_literal {
    struct ast base;
    struct slice text;
    int64_t value;
};

/* x, t.x, s.t.x, and s.t.x.field: which part is what, only the binder knows. */
struct ast_column {
    struct ast base;
    struct ast_path path;
};

/* #1: the n-th column of the FROM clause, counted from 1. */
struct ast_position {
    struct ast base;
    uint32_t number;
};

/* * or t.* in a select list, an argument list, or COLUMNS(*). */
struct ast_star {
    struct ast base;
    struct ast_path qualifier; /* count 0: plain * */
    struct ast_list exclude;   /* AST_COLUMN */
    struct ast_list replace;   /* AST_ITEM: expression, and name = the column it stands in for */
    struct ast_list rename;    /* AST_ITEM: AST_COLUMN, and its new name */
};

/* ?, ?n, $n, :name, @name, $name. */
struct ast_param {
    struct ast base;
    uint32_t number;   /* from 1; equal names have equal numbers */
    struct slice name; /* without its sign; len 0 if it has none */
};

enum ast_unary_op {
    AST_UNARY_MINUS,
    AST_UNARY_PLUS,
    AST_UNARY_NOT,
    AST_UNARY_BIT_NOT,
    AST_UNARY_FACTORIAL,
    AST_UNARY_ABS
};

/* op: enum ast_unary_op. FACTORIAL is the postfix !, ABS the prefix @. */
struct ast_unary {
    struct ast base;
    struct ast *value;
};

enum ast_binary_op {
    AST_BINARY_ADD,
    AST_BINARY_SUB,
    AST_BINARY_MUL,
    AST_BINARY_DIV,         /* / */
    AST_BINARY_INT_DIV,     /* // */
    AST_BINARY_MOD,         /* % */
    AST_BINARY_POWER,       /* ** and ^ */
    AST_BINARY_CONCAT,      /* || */
    AST_BINARY_BIT_AND,     /* & */
    AST_BINARY_BIT_OR,      /* | */
    AST_BINARY_SHIFT_LEFT,  /* << */
    AST_BINARY_SHIFT_RIGHT, /* >> */
    AST_BINARY_EQ,          /* = and == */
    AST_BINARY_NE,          /* <> and != */
    AST_BINARY_LT,
    AST_BINARY_LE,
    AST_BINARY_GT,
    AST_BINARY_GE,
    AST_BINARY_DISTINCT,     /* IS DISTINCT FROM; IS NOT with any operand but NULL, TRUE ... */
    AST_BINARY_NOT_DISTINCT, /* IS NOT DISTINCT FROM; IS with any operand */
    AST_BINARY_ARROW,        /* -> (JSON; a lambda where a function declares one) */
    AST_BINARY_ARROW_TEXT,   /* ->> */
    AST_BINARY_CONTAINS,     /* @> */
    AST_BINARY_CONTAINED,    /* <@ */
    AST_BINARY_OVERLAP,      /* && */
    AST_BINARY_STARTS,       /* ^@ */
    AST_BINARY_OP_COUNT
};

/* op: enum ast_binary_op. Long chains of + or || are left-deep: walk the left spine in a loop. */
struct ast_binary {
    struct ast base;
    struct ast *left, *right;
};

enum ast_logic_op { AST_LOGIC_AND, AST_LOGIC_OR };

/* op: enum ast_logic_op; two or more operands, none of them the same LOGIC op unless it stood in
 * parentheses. */
struct ast_logic {
    struct ast base;
    struct ast_list operands;
};

enum { AST_NEGATED = 1 }; /* flag of IS, BETWEEN, LIKE, IN_*, EXISTS: the NOT form */

enum ast_is_op { AST_IS_NULL, AST_IS_TRUE, AST_IS_FALSE, AST_IS_UNKNOWN };

/* op: enum ast_is_op; AST_NEGATED. Also x ISNULL, x NOTNULL, x NOT NULL. */
struct ast_is {
    struct ast base;
    struct ast *value;
};

enum { AST_BETWEEN_SYMMETRIC = 2 };

/* AST_NEGATED, AST_BETWEEN_SYMMETRIC. */
struct ast_between {
    struct ast base;
    struct ast *value, *low, *high;
};

enum ast_like_op {
    AST_LIKE_LIKE,    /* also ~~ */
    AST_LIKE_ILIKE,   /* also ~~* */
    AST_LIKE_SIMILAR, /* SIMILAR TO */
    AST_LIKE_GLOB,
    AST_LIKE_REGEXP,        /* the word REGEXP */
    AST_LIKE_MATCH,         /* the word MATCH */
    AST_LIKE_TILDE,         /* ~ */
    AST_LIKE_TILDE_CASELESS /* ~* */
};

/* op: enum ast_like_op; AST_NEGATED. */
struct ast_like {
    struct ast base;
    struct ast *value, *pattern;
    struct ast *escape; /* or NULL */
};

/* x IN (a, b); AST_NEGATED. The list may be empty. */
struct ast_in_list {
    struct ast base;
    struct ast *value;
    struct ast_list items; /* expressions */
};

/* x IN (SELECT ...); AST_NEGATED. */
struct ast_in_query {
    struct ast base;
    struct ast *value;
    struct ast_query *query;
};

/* x IN name, x IN s.f(a): `source` is an AST_COLUMN (a visible column that is a list, else a table)
 * or an AST_CALL (a table function), or any other primary expression (a list); AST_NEGATED. */
struct ast_in_table {
    struct ast base;
    struct ast *value, *source;
};

/* EXISTS (query); AST_NEGATED never set by the parser (NOT EXISTS is a AST_UNARY_NOT above it). */
struct ast_exists {
    struct ast base;
    struct ast_query *query;
};

enum { AST_SUBQUERY_ARRAY = 1 }; /* ARRAY(query): a list of all rows */

/* (query) as a value; AST_SUBQUERY_ARRAY. */
struct ast_subquery {
    struct ast base;
    struct ast_query *query;
};

enum { AST_QUANTIFIED_ALL = 2 }; /* else ANY = SOME */

/* left op ANY|ALL (source). op: a comparison of enum ast_binary_op, or AST_QUANTIFIED_LIKE + enum
 * ast_like_op. Exactly one of query and array is set. AST_QUANTIFIED_ALL, AST_NEGATED (of a LIKE).
 */
enum { AST_QUANTIFIED_LIKE = 256 };
struct ast_quantified {
    struct ast base;
    struct ast *left;
    struct ast_query *query; /* or NULL */
    struct ast *array;       /* or NULL */
};

/* CASE [operand] WHEN ... [ELSE otherwise] END. */
struct ast_case {
    struct ast base;
    struct ast *operand;   /* or NULL */
    struct ast_list whens; /* AST_WHEN, one or more */
    struct ast *otherwise; /* or NULL */
};
struct ast_when {
    struct ast base;
    struct ast *condition, *result;
};

enum { AST_CAST_TRY = 1 };

/* CAST(value AS type), value::type; AST_CAST_TRY. */
struct ast_cast {
    struct ast base;
    struct ast *value;
    struct ast_type *type;
};

enum {
    AST_CALL_STAR = 1,          /* f(*): args is empty */
    AST_CALL_DISTINCT = 2,      /* f(DISTINCT x) */
    AST_CALL_IGNORE_NULLS = 4,  /* IGNORE NULLS, inside or behind the parentheses */
    AST_CALL_RESPECT_NULLS = 8, /* RESPECT NULLS */
    AST_CALL_BARE = 16,         /* a function without parentheses: CURRENT_DATE ... */
    AST_CALL_METHOD = 32        /* (x).f(y): args[0] is x. a.f(y) is a path of two parts instead */
};

/* name(args). The forms with words inside become plain calls: EXTRACT(p FROM x) date_part('p', x);
 * SUBSTRING(x FROM a FOR b) substring(x, a, b); POSITION(a IN b) strpos(b, a); TRIM([BOTH] c FROM
 * x) trim(x, c), LEADING ltrim, TRAILING rtrim; OVERLAY(x PLACING y FROM a FOR b) overlay(x, y, a,
 * b). An aggregate, window or scalar function: the binder knows. */
struct ast_call {
    struct ast base;
    struct ast_path name;
    struct ast_list
        args; /* expressions, AST_STAR (t.*, COLUMNS(* EXCLUDE a)), AST_ARGUMENT, AST_LAMBDA */
    struct ast_list order;        /* AST_ORDER: f(x ORDER BY y) */
    struct ast_list within_group; /* AST_ORDER: f(p) WITHIN GROUP (ORDER BY y) */
    struct ast *filter;           /* FILTER (WHERE x), or NULL */
    struct ast_window *over;      /* or NULL */
};

/* name => value, name := value, in a call; also a member of AST_STRUCT. */
struct ast_argument {
    struct ast base;
    struct ast_name name;
    struct ast *value;
};

/* (a, b), ROW(a), ROW(). */
struct ast_row {
    struct ast base;
    struct ast_list items;
};

/* [a, b], ARRAY[a, b]. */
struct ast_array {
    struct ast base;
    struct ast_list items;
};

/* {'a': 1, b: 2}. */
struct ast_struct {
    struct ast base;
    struct ast_list members; /* AST_ARGUMENT */
};

/* MAP {k: v, ...}: keys.count == values.count. (MAP(keys, values) is an AST_CALL.) */
struct ast_map {
    struct ast base;
    struct ast_list keys, values;
};

/* value[index]. */
struct ast_subscript {
    struct ast base;
    struct ast *value, *index;
};

/* value[low : high : step]; each may be left out: NULL. */
struct ast_slice {
    struct ast base;
    struct ast *value, *low, *high, *step;
};

/* value.name where value is not a chain of names (that is an AST_COLUMN). */
struct ast_field {
    struct ast base;
    struct ast *value;
    struct ast_name name;
};

/* lambda x, y: body. */
struct ast_lambda {
    struct ast base;
    struct ast_names names;
    struct ast *body;
};

enum ast_unit {
    AST_UNIT_NONE, /* INTERVAL '3 days' */
    AST_UNIT_MICROSECOND,
    AST_UNIT_MILLISECOND,
    AST_UNIT_SECOND,
    AST_UNIT_MINUTE,
    AST_UNIT_HOUR,
    AST_UNIT_DAY,
    AST_UNIT_WEEK,
    AST_UNIT_MONTH,
    AST_UNIT_QUARTER,
    AST_UNIT_YEAR,
    AST_UNIT_DECADE,
    AST_UNIT_CENTURY,
    AST_UNIT_MILLENNIUM
};

/* INTERVAL value [unit [TO last_unit]]. op: enum ast_unit. */
struct ast_interval {
    struct ast base;
    struct ast *value;  /* a string or integer literal, or any expression that was in parentheses */
    uint32_t last_unit; /* enum ast_unit; AST_UNIT_NONE without TO */
};

/* DATE '2001-02-03' and the like. */
struct ast_typed {
    struct ast base;
    struct ast_type *type;
    struct slice text; /* the decoded string */
};

struct ast_collate {
    struct ast base;
    struct ast *value;
    struct ast_path collation;
};

/* value AT TIME ZONE zone; zone NULL: AT LOCAL. */
struct ast_at_zone {
    struct ast base;
    struct ast *value, *zone;
};

/* GROUPING(a, b), GROUPING_ID(a, b). */
struct ast_grouping {
    struct ast base;
    struct ast_list args;
};

/* DEFAULT as a value in VALUES and SET; elsewhere the binder refuses it. */
struct ast_default {
    struct ast base;
};

/* ---- types ---------------------------------------------------------------------------------- */

enum ast_type_op {
    AST_TYPE_NAMED,  /* name, args: INTEGER, s.my_type, DECIMAL(10, 2), TIMESTAMP WITH TIME ZONE */
    AST_TYPE_LIST,   /* element[] */
    AST_TYPE_ARRAY,  /* element[size] */
    AST_TYPE_STRUCT, /* members: STRUCT(a INTEGER, b TEXT), ROW(...) */
    AST_TYPE_UNION,  /* members */
    AST_TYPE_MAP,    /* element = key, value */
    AST_TYPE_ENUM    /* labels */
};

/* op: enum ast_type_op. Several words are one name with single blanks between ("DOUBLE PRECISION");
 * arguments may stand in the middle of them (TIMESTAMP(3) WITH TIME ZONE). */
struct ast_type {
    struct ast base;
    struct ast_path name;
    struct ast_list args;     /* expressions, mostly integer literals */
    struct ast_type *element; /* or NULL */
    struct ast_type *value;   /* of a map, or NULL */
    struct ast_list members;  /* AST_MEMBER */
    struct ast_list labels;   /* AST_LITERAL, strings */
    int64_t size;             /* of an array */
};
struct ast_member {
    struct ast base;
    struct ast_name name;
    struct ast_type *type;
};

#endif
