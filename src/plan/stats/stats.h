/* stats.h -- how many rows: estimates for join order, build sides and unnesting. Private to plan.
 *
 * Never a proof (those are in rule/unique.c). Tables of up to STATS_SMALL_ROWS rows are taken by
 * their size alone; column statistics are read for larger ones, once per column and plan. */
#ifndef PLAN_STATS_STATS_H
#define PLAN_STATS_STATS_H
#include "plan/algebra/algebra.h"

enum { STATS_SMALL_ROWS = 2048 };

/* Conditions of scans of larger tables: the most useful first. */
NODISCARD llkv_code rule_filter_order(struct plan *plan);

/* Set `rows` of every node of the subtree. */
NODISCARD llkv_code stats_rows(struct plan *plan, struct lnode *node);
/* The same of one node whose children are done. */
NODISCARD llkv_code stats_node_rows(struct plan *plan, struct lnode *node);
/* Rows of the table of a SCAN, before its conditions. */
double stats_table_rows(const struct plan *plan, const struct lnode *scan);
/* What is known of an IU's column; NULL: nothing, or the table is small. */
NODISCARD llkv_code stats_column(struct plan *plan, iu_id iu, const struct column_stats **out);
/* Different values of an expression among `rows` rows, 1 .. rows. */
NODISCARD llkv_code stats_distinct(struct plan *plan, const struct expr *e, double rows,
                                   double *out);
/* The part of the rows that meets a condition, 0 .. 1, and that meets all of a list. */
NODISCARD llkv_code stats_selectivity(struct plan *plan, const struct expr *e, double *out);
NODISCARD llkv_code stats_conjunction(struct plan *plan, const expr_list *list, double *out);
/* The part of all pairs that meets the conditions of a join of so many rows. */
NODISCARD llkv_code stats_join(struct plan *plan, const expr_list *conditions,
                               const struct iuset *left, const double rows[2], double *out);
#endif
