/* rule.h -- rewrites of the logical tree, and the facts they rest on. Private to plan.
 *
 * A rule takes the plan and leaves it in a state that plan_check accepts; whether it runs is
 * decided in pass.c. Everything lives in the plan's arena. */
#ifndef PLAN_RULE_RULE_H
#define PLAN_RULE_RULE_H
#include "plan/algebra/algebra.h"

/* ---- the rules ---- */
/* or_factor, or_to_in: conditions rewritten where they stand. */
NODISCARD llkv_code rule_conditions(struct plan *plan);
/* EXISTS and IN used as conjuncts become semi and anti joins. `dml` may be NULL. */
NODISCARD llkv_code rule_mark_to_semi(struct plan *plan, const struct ldml *dml);
NODISCARD llkv_code rule_outer_to_inner(struct plan *plan);
/* Conditions move down, and along equalities; cross products with conditions become joins. */
NODISCARD llkv_code rule_pushdown(struct plan *plan);
/* Columns, aggregates and joins that nobody needs disappear. `dml` may be NULL. */
NODISCARD llkv_code rule_prune(struct plan *plan, const struct ldml *dml);
/* Every reader of a shared definition gets the same columns; the last pass. */
NODISCARD llkv_code rule_share_columns(struct plan *plan);

/* ---- tree.c: small questions and moves ---- */
typedef llkv_code lnode_rewrite_fn(struct plan *plan, struct lnode **io_node);
/* The root and every shared definition. */
NODISCARD llkv_code plan_each_tree(struct plan *plan, lnode_rewrite_fn *fn);
/* Does the expression name a member of the set / nothing but members? */
bool expr_touches(const struct expr *e, const struct iuset *set);
bool expr_within(const struct expr *e, const struct iuset *set);
/* TRUE, or a constant that is not. */
bool expr_is_true(const struct expr *e);
bool expr_is_never_true(const struct expr *e);
/* a = b (or IS NOT DISTINCT FROM, if `null_equal` is not NULL). */
bool expr_is_equality(const struct expr *e, bool *null_equal);
/* How often every IU is named, by id, in trees, result and dml. Room for plan->ius.count. */
NODISCARD llkv_code plan_count_uses(struct plan *plan, const struct ldml *dml, uint32_t **out_uses);
/* A SELECT of several conjuncts on `node`; `node` itself if there are none. */
NODISCARD llkv_code lnode_filter(struct plan *plan, struct lnode *node, const expr_list *conjuncts,
                                 struct lnode **out);
/* Append a conjunct unless it stands there. */
NODISCARD llkv_code expr_list_add(struct plan *plan, expr_list *list, const struct expr *e);
/* Replace io_node by an EMPTY that produces the same IUs. */
NODISCARD llkv_code lnode_make_empty(struct plan *plan, struct lnode **io_node);
/* A BOOLEAN operator. */
NODISCARD llkv_code plan_bool(struct plan *plan, enum expr_kind kind, uint8_t op,
                              const struct expr *const *args, uint32_t count,
                              const struct expr **out);
/* a = b, or a IS NOT DISTINCT FROM b. */
NODISCARD llkv_code plan_equal(struct plan *plan, const struct expr *a, const struct expr *b,
                               bool null_equal, const struct expr **out);
/* Something volatile in the subtree? */
NODISCARD llkv_code lnode_volatile(struct plan *plan, struct lnode *node, bool *out);

/* Columns to put in the place of others: by IU, NULL where nothing changes. */
struct replace {
    struct plan *plan;
    const struct expr **by_iu;
    uint32_t count;
};
NODISCARD llkv_code replace_init(struct plan *plan, struct replace *replace);
NODISCARD llkv_code replace_set(struct replace *replace, iu_id iu, const struct expr *e);
NODISCARD llkv_code replace_expr(struct replace *replace, const struct expr **io_expr);
/* In every expression of the subtree. */
NODISCARD llkv_code replace_tree(struct replace *replace, struct lnode *node);

/* ---- null.c: what a NULL decides ---- */
enum null_question {
    NULL_GIVES_NULL, /* the expression is NULL */
    NULL_NOT_TRUE,   /* it is not TRUE */
    NULL_NOT_FALSE,  /* it is not FALSE */
};
/* Add the IUs whose NULL, whatever the others are, answers the question with yes. */
NODISCARD llkv_code null_implied(struct plan *plan, const struct expr *e, enum null_question q,
                                 struct iuset *io_set);
/* Proven: the expression is not NULL in any row of `node`. */
NODISCARD llkv_code null_never(struct plan *plan, const struct lnode *node, const struct expr *e,
                               bool *out);

/* ---- unique.c: how many rows ---- */
/* Proven: no two rows agree (not NULL) in all of `columns`. An empty set: at most one row. */
NODISCARD llkv_code rows_unique(struct plan *plan, const struct lnode *node,
                                const struct iuset *columns, bool *out);
/* Proven: every left row of the join has at most one partner. */
NODISCARD llkv_code join_partner_unique(struct plan *plan, const struct lnode *join, bool *out);
/* Proven: exactly one row, whatever is below. */
bool rows_exactly_one(const struct lnode *node);

/* ---- classes.c: what follows from equalities ---- */
/* Append to `out` the conditions on other members of a class that follow from `known` and the
 * equalities in `known` and `links`. */
NODISCARD llkv_code classes_derive(struct plan *plan, const expr_list *known,
                                   const expr_list *links, expr_list *out);
/* The arms of an OR may each say something about one side: the disjunction of that, or NULL. */
NODISCARD llkv_code or_side_filter(struct plan *plan, const struct expr *e,
                                   const struct iuset *side, const struct expr **out);
#endif
