/* iuset.h -- sets of IUs: a bitmap in the plan's arena; ids below 64 stand in the struct. */
#ifndef PLAN_ALGEBRA_IUSET_H
#define PLAN_ALGEBRA_IUSET_H
#include "expr/expr.h"

struct iuset {
    uint64_t word0;
    uint64_t *more; /* ids 64 .. 64 * (words + 1) - 1 */
    uint32_t words;
};

NODISCARD llkv_code iuset_add(struct cx *cx, struct iuset *set, iu_id iu);
NODISCARD llkv_code iuset_add_all(struct cx *cx, struct iuset *set, const struct iuset *other);
/* A copy that shares nothing. */
NODISCARD llkv_code iuset_copy(struct cx *cx, const struct iuset *from, struct iuset *out);
bool iuset_has(const struct iuset *set, iu_id iu);
void iuset_remove(struct iuset *set, iu_id iu);
void iuset_remove_all(struct iuset *set, const struct iuset *other);
bool iuset_empty(const struct iuset *set);
bool iuset_subset(const struct iuset *a, const struct iuset *b); /* a within b */
bool iuset_intersects(const struct iuset *a, const struct iuset *b);
/* The smallest member > after; 0 if there is none. Start with 0. */
iu_id iuset_next(const struct iuset *set, iu_id after);
/* Add the columns of an expression. */
NODISCARD llkv_code iuset_add_expr(struct cx *cx, struct iuset *set, const struct expr *e);
#endif
