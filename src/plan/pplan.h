/* pplan.h -- the physical plan: what exec runs. Immutable; it decides everything but pointers to
 * kernels.
 *
 * A tree of operators; each produces rows of the columns `out` (IUs) in that order. Expressions
 * name IUs of the children's `out`. The plan lives in an arena of its own or of the statement;
 * nothing in it points into the AST or the SQL text. */
#ifndef PLAN_PPLAN_H
#define PLAN_PPLAN_H
#include "catalog/scope.h"
#include "compute/aggregate.h"
#include "expr/expr.h"
#include "format/csv.h"
#include "llkv/result.h"
#include "table/scan.h"
#include "table/write.h"

/* X(NAME, "text of EXPLAIN") */
#define POP_LIST(X)                                                                                \
    X(SCAN, "Scan")                                                                                \
    X(LOOKUP, "KeyLookup")                                                                         \
    X(VALUES, "Values")                                                                            \
    X(RANGE, "Range")                                                                              \
    X(CSV, "ReadCsv")                                                                              \
    X(EMPTY, "Empty")                                                                              \
    X(FILTER, "Filter")                                                                            \
    X(PROJECT, "Project")                                                                          \
    X(HASH_JOIN, "HashJoin")                                                                       \
    X(LOOP_JOIN, "LoopJoin")                                                                       \
    X(APPLY, "Apply")                                                                              \
    X(GROUP, "Group")                                                                              \
    X(SORT, "Sort")                                                                                \
    X(LIMIT, "Limit")                                                                              \
    X(UNION_ALL, "UnionAll")                                                                       \
    X(SET, "SetOperation")                                                                         \
    X(SHARED, "Shared")                                                                            \
    X(INSERT, "Insert")                                                                            \
    X(UPDATE, "Update")                                                                            \
    X(DELETE, "Delete")                                                                            \
    X(CSV_WRITE, "WriteCsv")

enum pop {
#define X(name, text) POP_##name,
    POP_LIST(X)
#undef X
        POP_COUNT
};

struct pnode {
    uint8_t op;
    uint8_t child_count;
    uint32_t id; /* dense, from 0: indexes state in exec */
    uint32_t out_count;
    const iu_id *out; /* layout of the rows produced */
    const struct type *out_types;
    double rows;     /* estimate */
    double rows_max; /* proven bound; INFINITY if none */
    const struct pnode *child[2];
};

/* A conjunction, in the order of evaluation; empty = TRUE. */
struct pfilter {
    uint32_t count;
    const struct expr *const *conjuncts;
};

struct pscan_predicate {
    uint16_t column;
    uint8_t op;               /* enum scan_predicate_op */
    const struct expr *value; /* CONST or PARAM of the column's type; NULL for IS_NULL, NOT_NULL */
};

/* Rows of a table. out[i] is read from columns[i]. The filter is evaluated on the rows of `out`. */
struct pnode_scan {
    struct pnode base;
    struct table *table;
    uint64_t object_id;
    const uint16_t *columns; /* table columns or SCAN_COLUMN_*; out_count of them */
    /* column op value conditions implied by the filter, for pruning; values are constants or params
     */
    uint32_t predicate_count;
    const struct pscan_predicate *predicates;
    struct pfilter filter;
};

/* Rows whose unique or other key equals `values` (one expression without columns per key column).
 */
struct pnode_lookup {
    struct pnode base;
    struct table *table;
    uint64_t object_id;
    const char *key_name; /* the key, by name: keys may move while the plan is cached */
    uint32_t key_column_count;
    const struct expr *const *values;
    const uint16_t *columns;
    struct pfilter filter;
    bool unique; /* at most one row */
};

/* row_count rows of out_count expressions each (row after row), without columns. out_count may be
 * 0. */
struct pnode_values {
    struct pnode base;
    uint32_t row_count;
    const struct expr *const *exprs;
};

/* start, start + step, ... before `stop` (inclusive: up to and including), BIGINT expressions. */
struct pnode_range {
    struct pnode base;
    const struct expr *start, *stop, *step;
    bool inclusive;
};

/* Records of a file; out[i] is value columns[i] of each. */
struct pnode_csv {
    struct pnode base;
    const struct csv_spec *spec;
    const uint32_t *columns;
};

struct pnode_filter {
    struct pnode base; /* out = child's out */
    struct pfilter filter;
};

/* out[i] = exprs[i] */
struct pnode_project {
    struct pnode base;
    const struct expr *const *exprs;
};

/* LEFT is the probe side, child[0]; child[1] is built (HASH_JOIN) or kept in memory (LOOP_JOIN).
 *   INNER   pairs            out: columns of both sides
 *   LEFT    + unmatched left rows with NULLs; RIGHT, FULL likewise
 *   SEMI    left rows with a partner, ANTI without        out: columns of the left side
 *   RSEMI, RANTI   right rows with / without a partner    out: columns of the right side
 *   ANTI_NULL  NOT IN: as ANTI, but a NULL in the built key drops every row, and so does a NULL
 * probe key unless the build side is empty (per correlation group: the keys before the last) MARK
 * every left row and `mark`: TRUE if a partner; MARK_EXISTS: else FALSE; MARK_IN: else NULL if the
 * last probe key is NULL and the group is not empty, or the group has a NULL key; else FALSE. The
 * group: built rows equal in all keys but the last. SINGLE  as LEFT, but a second partner is 21000
 * (or ignored if first_only) */
enum pjoin_kind {
    PJOIN_INNER,
    PJOIN_LEFT,
    PJOIN_RIGHT,
    PJOIN_FULL,
    PJOIN_SEMI,
    PJOIN_ANTI,
    PJOIN_RSEMI,
    PJOIN_RANTI,
    PJOIN_ANTI_NULL,
    PJOIN_MARK_EXISTS,
    PJOIN_MARK_IN,
    PJOIN_SINGLE
};
struct pjoin_key {
    const struct expr *left, *right; /* over child[0], child[1]; same type */
    bool null_equal;                 /* IS NOT DISTINCT FROM */
};
struct pnode_join {
    struct pnode base;
    uint8_t kind;
    bool first_only;    /* SINGLE */
    iu_id mark;         /* MARK_*: in out */
    uint32_t key_count; /* LOOP_JOIN: 0 */
    const struct pjoin_key *keys;
    struct pfilter residual; /* over both sides; part of "partner". For LOOP_JOIN the whole
                                condition (MARK_IN in a loop join: the last conjunct is the
                                comparison, its NULL counts as unknown) */
    /* dense keys: one integer key, built values proven within [key_min, key_max] */
    bool key_dense;
    int64_t key_min, key_max;
};

/* For every row of child[0], bind params to its columns and run child[1]; then as the join kind
 * says: INNER, LEFT, SEMI, ANTI, MARK_EXISTS, MARK_IN, SINGLE. `compare` (MARK_IN) is evaluated
 * over both sides' columns. Results are remembered per distinct binding if `memo`. */
struct papply_param {
    uint32_t parameter;
    iu_id column; /* of child[0] */
};
struct pnode_apply {
    struct pnode base;
    uint8_t kind;
    bool first_only, memo;
    iu_id mark;
    uint32_t param_count;
    const struct papply_param *params;
    const struct expr *compare; /* BOOLEAN, or NULL */
};

struct psort_key {
    const struct expr *expr;
    bool descending, nulls_first;
};

struct pagg {
    uint8_t op; /* enum agg_op */
    bool distinct;
    const struct expr *arg;    /* over the child; NULL for COUNT_STAR */
    const struct expr *filter; /* FILTER (WHERE ..), or NULL */
    struct slice separator;
    struct type type;     /* of the result; its phys is what the kernel's final writes, but for
                             SUM, where I128 is narrowed with a check */
    uint8_t scale;        /* AVG of a DECIMAL: divide by 10^scale */
    uint32_t order_count; /* ORDER BY inside the call */
    const struct psort_key *order;
};

/* out: the keys, then the aggregates. No keys: exactly one row. No aggregates: DISTINCT. */
enum pgroup_strategy {
    PGROUP_PLAIN, /* no keys */
    PGROUP_HASH,
    PGROUP_DIRECT, /* keys are integers (or BOOLEAN) with proven ranges: array indexed by the packed
                      key */
    PGROUP_STREAM, /* input clustered by the keys */
};
struct pgroup_range {
    int64_t min, max; /* proven for the snapshot the plan was made under; checked at run time */
};
struct pnode_group {
    struct pnode base;
    uint8_t strategy;
    uint32_t key_count, agg_count;
    const struct expr *const *keys;
    const struct pagg *aggs;
    const struct pgroup_range *ranges; /* DIRECT: per key */
    /* sqlite_compat: with exactly one MIN or MAX, ANY aggregates take their value from the row that
     * has it; the index of that aggregate, or -1 */
    int32_t row_of_agg;
};

/* Stable. limit: keep the first limit + offset rows only (top-N), a constant; INT64_MAX: all. */
struct pnode_sort {
    struct pnode base; /* out = child's out */
    uint32_t key_count;
    const struct psort_key *keys;
    int64_t top;
};

/* BIGINT expressions without columns, or NULL. A NULL value means none. */
struct pnode_limit {
    struct pnode base;
    const struct expr *limit, *offset;
    bool negative_is_none; /* sqlite_compat; else 2201W / 2201X */
};

/* Both children produce the same types in order; out has IUs of its own. */
struct pnode_union {
    struct pnode base;
};
enum pset_kind { PSET_INTERSECT, PSET_EXCEPT };
struct pnode_set {
    struct pnode base;
    uint8_t kind;
    bool all;
};

/* A subplan computed once per statement and read by every pnode_shared of the same index. */
struct pnode_shared {
    struct pnode base; /* no children; out maps position by position to the definition's out */
    uint32_t index;    /* of pplan.shared */
};

/* DML: consumes the child, produces no rows (RETURNING is refused by the binder). */
struct pnode_insert {
    struct pnode base;
    struct table *table;
    uint64_t object_id;
    const struct expr *const *values; /* one per table column, over the child */
    struct pfilter checks;            /* over IUs row[i] of the new row: FALSE is 23514 */
    const iu_id *row;                 /* the IU that stands for column i in checks */
    const char *const *check_names;   /* one per check */
    uint8_t on_conflict;              /* enum write_conflict */
};
struct pnode_update {
    struct pnode base; /* child has row_id and what the values need */
    struct table *table;
    uint64_t object_id;
    iu_id row_id;
    uint32_t column_count;
    const uint16_t *columns;
    const struct expr *const *values;
    struct pfilter checks; /* over row[]: every column of the new row, which the child provides or
                              values replace; `current` gives the old value */
    const iu_id *row;
    const struct expr *const
        *current; /* per table column over the child; NULL if no check needs it */
    const char *const *check_names;
    uint8_t on_conflict; /* ABORT, or REPLACE: UPDATE OR REPLACE */
};
struct pnode_delete {
    struct pnode base;
    struct table *table;
    uint64_t object_id;
    iu_id row_id;
    bool all; /* no condition: child is the plain scan */
};

/* The end of a plan: the child's rows go to a file, no rows come out. */
struct pnode_csv_write {
    struct pnode base;
    const struct csv_target *target;
};

/* A scalar computed before the rest runs: an uncorrelated subquery of at most one row. */
struct pinit {
    const struct pnode *node; /* one column */
    uint32_t parameter;       /* where its value goes; no row: NULL */
    bool first_only;          /* a second row is 21000 unless this is set */
};

struct pplan {
    llkv_result_kind kind;
    bool changes; /* tables: it needs a write set */
    const struct pnode *root;
    uint32_t node_count;
    uint32_t column_count; /* of the result: root->out in order */
    const char *const *names;
    const struct type *types;
    const char *object_name;            /* DML: the table */
    uint32_t user_parameter_count;      /* parameters 0 .. n-1 are the statement's own */
    uint32_t parameter_count;           /* and those of inits and applies behind them */
    const struct type *parameter_types; /* of the user's: what values are cast to; TYPE_NULL: any */
    uint32_t init_count, shared_count;
    const struct pinit *inits;              /* in the order to run; later ones may use earlier */
    const struct pnode *const *shared;      /* in the order to run */
    struct catalog_version catalog_version; /* common 0: it must be made anew each time */
    uint32_t iu_count;                      /* names of IUs, for EXPLAIN */
    const char *const *iu_names;
    bool sqlite_compat;
    bool uses_clock; /* cx->now_micros must be set */
    bool ordered;    /* the result has an ORDER BY; else batches may leave in any order that is the
                        same    for one thread: row-id order */
};
#endif
