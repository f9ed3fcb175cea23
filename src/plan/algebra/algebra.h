/* algebra.h -- the logical plan: operators over IUs.
 *
 * A tree: every node has one parent, so passes change nodes in place. Nodes, expressions and lists
 * live in the plan's arena. An IU is produced by one leaf, MAP, GROUP or set operation; a GROUP
 * hands key columns on under the IU they came with, everything else hands its input's IUs on
 * unchanged.
 *
 * A node's right side may name IUs that only its left side produces: then the join is *dependent*
 * (`dependent` is set by the binder, cleared by unnesting). The binder leaves every subquery as
 * such a join over the input of the operator that evaluates it:
 *
 *   scalar subquery   SINGLE join; its value is the right side's column (NULL without a row)
 *   EXISTS            MARK join without conditions; mark is TRUE or FALSE
 *   x IN (query)      MARK join, last condition x = column, null_aware; mark is three-valued
 *   x op ANY (query)  the same with the comparison; ALL is NOT ANY of the negated comparison */
#ifndef PLAN_ALGEBRA_ALGEBRA_H
#define PLAN_ALGEBRA_ALGEBRA_H
#include "base/vec.h"
#include "plan/algebra/iuset.h"
#include "plan/pplan.h"
#include "plan/settings.h"

/* X(NAME, text) */
#define LOP_LIST(X)                                                                                \
    X(SCAN, "scan")                                                                                \
    X(VALUES, "values")                                                                            \
    X(RANGE, "range")                                                                              \
    X(CSV, "csv")                                                                                  \
    X(EMPTY, "empty")                                                                              \
    X(SELECT, "select")                                                                            \
    X(MAP, "map")                                                                                  \
    X(JOIN, "join")                                                                                \
    X(GROUP, "group")                                                                              \
    X(SORT, "sort")                                                                                \
    X(LIMIT, "limit")                                                                              \
    X(SETOP, "setop")                                                                              \
    X(SHARED, "shared")

enum lop {
#define X(name, text) LOP_##name,
    LOP_LIST(X)
#undef X
        LOP_COUNT
};

enum ljoin_kind {
    LJOIN_INNER, /* without conditions: cross product */
    LJOIN_LEFT,
    LJOIN_RIGHT,
    LJOIN_FULL,
    LJOIN_SEMI,
    LJOIN_ANTI,
    LJOIN_ANTI_NULL, /* NOT IN: the last condition is the comparison */
    LJOIN_MARK,
    LJOIN_SINGLE
};
enum lsetop_kind { LSETOP_UNION_ALL, LSETOP_UNION, LSETOP_INTERSECT, LSETOP_EXCEPT };

/* One column of the query, wherever it comes from. */
struct iu {
    struct type type;
    const char *name; /* for EXPLAIN and errors; may be "" */
    bool nullable;
    const struct lnode *scan; /* the SCAN that produces it, or NULL */
    uint16_t column;          /* of its table */
};

typedef VEC(const struct expr *) expr_list;
typedef VEC(iu_id) iu_list;

struct lmap_item {
    iu_id iu;
    const struct expr *expr;
};
struct lagg {
    iu_id iu;   /* of the result; for ANY and FIRST it may be the argument's own */
    uint8_t op; /* enum agg_op */
    bool distinct;
    const struct expr *arg, *filter;
    struct slice separator;
    uint8_t scale; /* AVG of a DECIMAL */
    struct type type;
    uint32_t order_count;
    struct psort_key *order;
};
struct lkey {
    iu_id iu;                /* of the key above the group; the column's own if expr is a column */
    const struct expr *expr; /* over the input */
};

struct lnode {
    uint8_t op;     /* enum lop */
    uint8_t kind;   /* JOIN: enum ljoin_kind; SETOP: enum lsetop_kind */
    bool dependent; /* JOIN: the right side names IUs of the left */
    bool
        null_aware; /* JOIN MARK: the last condition is a comparison whose NULL counts as unknown */
    bool first_only; /* JOIN SINGLE: a second partner is ignored, not an error */
    bool all;        /* SETOP: INTERSECT ALL, EXCEPT ALL */
    bool inclusive;  /* RANGE */
    struct lnode *child[2];
    double rows; /* estimate; set by plan/stats */
    union {
        struct {
            const struct object *object;
            VEC(uint16_t) columns; /* table columns or SCAN_COLUMN_ROW_ID; parallel to ius */
            iu_list ius;
            const char *alias;
            expr_list conjuncts; /* pushed down by rewrites */
        } scan;
        struct {
            iu_list ius;
            uint32_t row_count;
            expr_list exprs; /* row after row; no columns but outer ones */
        } values;
        struct {
            iu_id iu;
            const struct expr *start, *stop, *step;
        } range;
        struct {
            iu_list ius; /* one per column of the spec */
            const struct csv_spec *spec;
        } csv;
        struct {
            iu_list ius;
        } empty;
        struct {
            expr_list conjuncts;
        } select;
        struct {
            VEC(struct lmap_item) items;
        } map;
        struct {
            expr_list conditions; /* conjuncts over both sides */
            iu_id mark;
        } join;
        struct {
            VEC(struct lkey) keys;
            VEC(struct lagg) aggs; /* neither keys nor aggs: never */
            int32_t row_of_agg;    /* see pnode_group */
        } group;
        struct {
            VEC(struct psort_key) keys;
        } sort;
        struct {
            const struct expr *limit, *offset; /* BIGINT, no columns; or NULL */
            bool negative_is_none;
        } limit;
        struct {
            iu_list ius;     /* produced */
            iu_list from[2]; /* the columns of each child that feed them, in order */
        } setop;
        struct {
            uint32_t index; /* of plan->shared */
            iu_list ius;    /* produced here ... */
            iu_list from;   /* ... from these of the definition */
        } shared;
    };
};

/* What a short text can mean once views and common table expressions are written out in full has
 * no other bound. */
enum { PLAN_NODES_MAX = 100000 };

/* One query on its way to a physical plan. */

struct plan {
    struct cx *cx;
    const struct settings *settings;
    struct catalog_scope catalog;
    const struct table_reader *reader;
    const struct value *params; /* bound user parameters, or NULL */
    VEC(struct iu) ius;         /* index 0 is unused */
    struct lnode *root;
    iu_list out;                      /* the result's columns in order */
    const char **names;               /* parallel to out */
    struct csv_target *copy_to;       /* COPY .. TO: where the rows of `out` go; or NULL */
    VEC(struct type) parameter_types; /* of the user's */
    VEC(struct lnode *) shared;
    struct column_stats **iu_stats; /* plan/stats: by IU, NULL until asked for */
    uint32_t iu_stats_count;
    bool has_subquery, has_join, has_outer; /* which passes are worth running */
    uint32_t relation_count;
    uint32_t node_count; /* of all nodes ever made, at most PLAN_NODES_MAX */
    bool ordered;
    bool uses_clock; /* now() and the like */
    bool debug_checks;
    bool reads_files; /* what was found out about them holds for one execution only */
};

ALWAYS_INLINE bool plan_rule_on(const struct plan *plan, uint64_t rule_bit)
{
    return (plan->settings->disabled_rules & rule_bit) == 0;
}

NODISCARD llkv_code plan_iu_new(struct plan *plan, struct type type, const char *name,
                                bool nullable, iu_id *out_iu);
/* EXPR_COLUMN for an IU. */
NODISCARD llkv_code plan_column(struct plan *plan, iu_id iu, int32_t at, const struct expr **out);
NODISCARD llkv_code lnode_new(struct plan *plan, enum lop op, struct lnode *left,
                              struct lnode *right, struct lnode **out);
/* What a node hands up (mark included). */
NODISCARD llkv_code lnode_produced(struct plan *plan, const struct lnode *node,
                                   struct iuset *io_set);
/* IUs its subtree names but does not produce: what it takes from outside. */
NODISCARD llkv_code lnode_free(struct plan *plan, const struct lnode *node, struct iuset *io_set);
/* Call fn(arg, &expr) for every expression of this node itself (not of its children). */
typedef llkv_code lnode_expr_fn(void *arg, const struct expr **io_expr);
NODISCARD llkv_code lnode_exprs(struct lnode *node, lnode_expr_fn *fn, void *arg);
/* A filter over `node`; returns `node` itself if there is nothing to check; merges with a SELECT.
 */
NODISCARD llkv_code lnode_select(struct plan *plan, struct lnode *node,
                                 const struct expr *condition, struct lnode **out);
/* Split AND into conjuncts. */
NODISCARD llkv_code plan_conjuncts(struct plan *plan, const struct expr *e, expr_list *io_list);
/* Every rule of this header, checked: IUs named are produced below or outside, types agree, no
 * dependent join is left if `unnested`. LLKV_INTERNAL with the place. */
NODISCARD llkv_code plan_check(struct plan *plan, const char *after);
/* As an indented text, for tests. */
NODISCARD llkv_code plan_print(struct plan *plan, const struct lnode *node, const char **out_text);

/* What a DML statement does with the rows of plan->root. */
enum ldml_kind { LDML_NONE, LDML_INSERT, LDML_UPDATE, LDML_DELETE };
struct ldml {
    uint8_t kind;
    uint8_t on_conflict; /* enum write_conflict */
    const struct object *object;
    iu_id row_id;                      /* UPDATE, DELETE: produced by root */
    uint32_t column_count;             /* UPDATE: assigned columns; INSERT: all of the table */
    const uint16_t *columns;           /* UPDATE */
    const struct expr *const *values;  /* over root's IUs, cast to the columns' types */
    expr_list checks;                  /* over row[] */
    const iu_id *row;                  /* per table column, IUs of their own */
    const struct expr *const *current; /* UPDATE with checks: per table column over root */
    const char **check_names;
    bool all;  /* DELETE without a condition */
    bool copy; /* the INSERT is COPY .. FROM */
};

/* Rewrite, unnest, order: everything between binding and physical planning. */
NODISCARD llkv_code plan_optimize(struct plan *plan, struct ldml *dml);
/* Operators, layouts, strategies. */
NODISCARD llkv_code plan_physical(struct plan *plan, const struct ldml *dml,
                                  struct pplan **out_pplan);
#endif
