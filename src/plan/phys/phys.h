/* phys.h -- from the logical tree to physical operators. Private to plan.
 *
 * build(node, need) makes the operators of a subtree whose rows have at least the columns `need`.
 * Columns that are known before the operators run (results of init plans, outer columns inside an
 * apply) are parameters: expressions are translated by phys_expr, which knows them. */
#ifndef PLAN_PHYS_PHYS_H
#define PLAN_PHYS_PHYS_H
#include "plan/algebra/algebra.h"

struct phys {
    struct plan *plan;
    struct cx *cx;
    uint32_t *parameter_of; /* per IU: parameter + 1, or 0 */
    uint32_t iu_capacity;
    uint32_t parameter_count;
    uint32_t node_count;
    VEC(struct pinit) inits;
    VEC(const struct pnode *) shared; /* in the order to run */
    uint32_t *shared_index;           /* per plan->shared: position + 1 in `shared`, or 0 */
};

/* ---- build.c ---- */
NODISCARD llkv_code phys_build(struct phys *p, struct lnode *node, const struct iuset *need,
                               struct pnode **out);
/* A node of `bytes` bytes that produces `out`. */
NODISCARD llkv_code phys_node(struct phys *p, enum pop op, size_t bytes, const iu_id *out,
                              uint32_t out_count, struct pnode **out_node);
/* With columns that are parameters put in as such. */
NODISCARD llkv_code phys_expr(struct phys *p, const struct expr *e, const struct expr **out);
NODISCARD llkv_code phys_filter(struct phys *p, const expr_list *list, struct pfilter *out);
/* Exactly these columns in this order: a PROJECT unless they are so already. */
NODISCARD llkv_code phys_columns(struct phys *p, struct pnode *node, const iu_id *ius,
                                 uint32_t count, struct pnode **out);
NODISCARD llkv_code phys_parameter(struct phys *p, iu_id iu, uint32_t *out_parameter);
/* Are the columns of `node` among these? */
bool phys_produces(const struct pnode *node, iu_id iu);
/* A new IU, known to phys. */
NODISCARD llkv_code phys_iu(struct phys *p, struct type type, bool nullable, iu_id *out);

/* ---- access.c ---- */
NODISCARD llkv_code phys_scan(struct phys *p, struct lnode *scan, const expr_list *conjuncts,
                              const struct iuset *need, struct pnode **out);
/* Statistics of the base column behind an expression; false if it is none. */
bool phys_stats(const struct phys *p, const struct expr *e, struct column_stats *out);

/* ---- join.c ---- */
NODISCARD llkv_code phys_join(struct phys *p, struct lnode *join, const struct iuset *need,
                              struct pnode **out);

/* ---- group.c ---- */
NODISCARD llkv_code phys_group(struct phys *p, struct lnode *group, const struct iuset *need,
                               struct pnode **out);

/* ---- dml.c ---- */
NODISCARD llkv_code phys_dml(struct phys *p, const struct ldml *dml, struct pnode **out);
#endif
