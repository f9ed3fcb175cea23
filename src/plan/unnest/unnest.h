/* unnest.h -- dependent joins become joins. Private to plan.
 *
 * `outer` is always the set of IUs that the right side of one dependent join takes from its left
 * side. Three ways, tried in this order for every join, outermost first; what none of them covers
 * stays dependent and is run once per left row:
 *
 *   pull     conditions that name outer IUs are lifted to the top of the right side
 *   scalar   a single row of aggregates becomes one row per group, joined to the left
 *   domain   the right side is computed for all different values of the outer IUs at once */
#ifndef PLAN_UNNEST_UNNEST_H
#define PLAN_UNNEST_UNNEST_H
#include "plan/algebra/algebra.h"

/* All of the plan. */
NODISCARD llkv_code rule_unnest(struct plan *plan);
/* Conditions of semi and anti joins that stay dependent go into their right side. */
NODISCARD llkv_code unnest_settle(struct plan *plan);

/* ---- pull.c ---- */
/* Lift every condition that names `outer` out of *io_node into `out`. `substitute`: computed
 * columns that name `outer` may be replaced in what is lifted and, by `columns`, in what the caller
 * holds. Without `change` nothing is touched; *out_done tells whether it can be done. */
struct unnest_pull {
    struct plan *plan;
    const struct iuset *outer;
    bool substitute, change;
};
struct replace;
NODISCARD llkv_code unnest_pull(const struct unnest_pull *request, struct lnode **io_node,
                                expr_list *out, struct replace *columns, bool *out_done);
/* inner = outer (or IS NOT DISTINCT FROM) with nothing of `outer` on the inner side, and nothing of
 * `inside` on the outer side. */
bool unnest_split(const struct expr *e, const struct iuset *outer, const struct iuset *inside,
                  const struct expr **out_inner, const struct expr **out_outer);

/* ---- clone.c ---- */
/* A copy that produces IUs of its own; *columns maps the old ones to them. */
NODISCARD llkv_code unnest_clone(struct plan *plan, const struct lnode *node,
                                 struct replace *columns, struct lnode **out);

/* ---- domain.c ---- */
struct domain {
    struct plan *plan;
    struct lnode *join; /* whose left side the values come from */
    const struct iuset *outer;
    iu_list list; /* the members of `outer` */
    bool ready, shared;
    uint32_t index; /* of plan->shared */
};
/* May the subtree be computed for a set of outer values? */
NODISCARD llkv_code domain_feasible(struct plan *plan, const struct lnode *node,
                                    const struct iuset *outer, bool *out);
NODISCARD llkv_code domain_init(struct plan *plan, struct lnode *join, const struct iuset *outer,
                                struct domain *domain);
/* Make *io_node produce its rows for every value of the domain; columns[i] stands for list[i] then.
 */
NODISCARD llkv_code domain_push(struct domain *domain, struct lnode **io_node,
                                const struct expr **columns);
/* left[i] IS NOT DISTINCT FROM right[i], for every member. */
NODISCARD llkv_code domain_conditions(struct domain *domain, const struct expr *const *left,
                                      const struct expr *const *right, expr_list *out);
/* The outer IUs themselves, as columns. */
NODISCARD llkv_code domain_own(struct domain *domain, const struct expr **columns);
/* Replace the outer IUs in the expressions of one node. */
NODISCARD llkv_code domain_rename(struct domain *domain, struct lnode *node,
                                  const struct expr *const *columns, bool whole_tree);

/* ---- scalar.c ---- */
/* R is computed columns over aggregates without keys: the GROUP; NULL if it is something else. */
struct lnode *scalar_group(struct lnode *right);
/* By equalities that become keys; *out_done: done. */
NODISCARD llkv_code scalar_by_keys(struct plan *plan, struct lnode *join, const struct iuset *outer,
                                   bool change, bool *out_done);
/* By a domain; the caller has asked domain_feasible for the group's input. */
NODISCARD llkv_code scalar_by_domain(struct plan *plan, struct lnode *join,
                                     const struct iuset *outer);
/* What aggregates without keys give for no rows, put over a left join of groups: *io_node is the
 * join, the group's columns get other IUs. */
NODISCARD llkv_code scalar_fill(struct plan *plan, struct lnode *group, struct lnode **io_node);

/* ---- cost.c ---- */
enum unnest_way { UNNEST_PULL, UNNEST_KEYS, UNNEST_DOMAIN };
/* Is it worth it, or is running the right side per left row cheaper? */
NODISCARD llkv_code unnest_pays(struct plan *plan, struct lnode *join, enum unnest_way way,
                                bool *out);
#endif
