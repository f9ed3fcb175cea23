/* expr.h -- typed expressions: what the binder makes, rewrites move, and programs are compiled
 * from.
 *
 * Immutable, in an arena. Columns are named by IU ("information unit"): a query-wide id for one
 * typed column, so that moving an operator never rewrites its expressions. Casts are explicit
 * nodes; both sides of an operator have the same type. */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H
#include "arrow/vector.h"
#include "base/cx.h"
#include "compute/kernel.h"
#include "func/function.h"

typedef uint32_t iu_id; /* 0: none */

enum expr_kind {
    EXPR_CONST,    /* value */
    EXPR_COLUMN,   /* column */
    EXPR_PARAM,    /* parameter: bound at open; also results of scalar subqueries run before */
    EXPR_ARITH,    /* op: enum arith_op; 2 args of the result's physical type (DECIMAL: scales as
                      binder laid down; MUL adds them) */
    EXPR_UNARY,    /* op: enum unary_op */
    EXPR_COMPARE,  /* op: enum compare_op; BOOLEAN, NULL if a side is NULL */
    EXPR_DISTINCT, /* a IS DISTINCT FROM b, never NULL; op 1: IS NOT DISTINCT FROM */
    EXPR_AND,      /* n-ary, three-valued */
    EXPR_OR,
    EXPR_NOT,
    EXPR_IS_NULL, /* never NULL */
    EXPR_IS_NOT_NULL,
    EXPR_IS_TRUE, /* never NULL; op 1: negated */
    EXPR_IS_FALSE,
    EXPR_CASE,     /* args: condition, value, condition, value, ..., else. Arms are lazy */
    EXPR_COALESCE, /* lazy from the left */
    EXPR_NULLIF,   /* NULL if args equal, else the first */
    EXPR_CAST,     /* op: enum expr_cast */
    EXPR_IN,       /* args[0] IN (args[1..]), constants and params of its type; op 1: NOT IN */
    EXPR_LIKE,     /* args: text, pattern [, escape]; op: enum expr_like */
    EXPR_CALL,     /* function */
    EXPR_KIND_COUNT
};
enum expr_cast { EXPR_CAST_PLAIN, EXPR_CAST_TRY, EXPR_CAST_SQLITE };
enum expr_like { EXPR_LIKE_PLAIN = 0, EXPR_LIKE_NOT = 1, EXPR_LIKE_NOCASE = 2 };

enum expr_flag {
    EXPR_CAN_RAISE = 1,
    EXPR_VOLATILE = 2,
    EXPR_NULLABLE = 4,    /* may be NULL */
    EXPR_DIV_NULL = 8,    /* ARITH: division of floats by zero gives NULL (sqlite_compat) */
    EXPR_HAS_COLUMN = 16, /* some column below */
    EXPR_HAS_PARAM = 32,
};

struct expr {
    uint8_t kind, op, flags;
    uint32_t hash; /* structural */
    int32_t at;    /* place in the SQL text, -1: none */
    uint32_t arg_count;
    struct type type;
    const struct expr *const *args;
    union {
        iu_id column;
        uint32_t parameter;
        const struct function *function;
        const struct value *value;
    };
};

/* Constructors: allocate in cx->arena, set flags and hash. They do not fold; see plan. */
NODISCARD llkv_code expr_const(struct cx *cx, const struct value *value, int32_t at,
                               const struct expr **out);
NODISCARD llkv_code expr_column(struct cx *cx, iu_id column, struct type type, bool nullable,
                                int32_t at, const struct expr **out);
NODISCARD llkv_code expr_param(struct cx *cx, uint32_t parameter, struct type type, int32_t at,
                               const struct expr **out);
/* Every other kind. Copies the array `args`. */
NODISCARD llkv_code expr_make(struct cx *cx, enum expr_kind kind, uint8_t op, struct type type,
                              const struct expr *const *args, uint32_t arg_count, int32_t at,
                              const struct expr **out);
NODISCARD llkv_code expr_call(struct cx *cx, const struct function *function, struct type type,
                              const struct expr *const *args, uint32_t arg_count, int32_t at,
                              const struct expr **out);
/* With the flags of `e` and one more argument list: used by rewrites. Returns `e` if unchanged. */
NODISCARD llkv_code expr_with_args(struct cx *cx, const struct expr *e,
                                   const struct expr *const *args, const struct expr **out);

bool expr_equal(const struct expr *a, const struct expr *b);
bool expr_is_const(const struct expr *e); /* kind CONST */
/* Call fn for every EXPR_COLUMN in `e`. */
void expr_columns(const struct expr *e, void (*fn)(void *arg, iu_id column), void *arg);
/* Replace columns: map(arg, column) returns the expression to put there, or NULL to leave it. */
typedef const struct expr *expr_map_fn(void *arg, const struct expr *column);
NODISCARD llkv_code expr_substitute(struct cx *cx, const struct expr *e, expr_map_fn *map,
                                    void *arg, const struct expr **out);
/* As text for EXPLAIN; columns by `name(arg, iu)`. */
NODISCARD llkv_code expr_print(struct cx *cx, const struct expr *e,
                               const char *(*name)(void *arg, iu_id column), void *arg,
                               const char **out_text);

/* The value of an expression without columns (constants, parameters given in `params`, NULL if
 * none). An error of evaluation is returned as such. Text lives in cx->arena. */
NODISCARD llkv_code expr_evaluate(struct cx *cx, const struct expr *e, const struct value *params,
                                  bool sqlite_compat, struct value *out_value);
#endif
