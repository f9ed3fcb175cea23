/* build.c -- from a chosen order back to nodes. */
#include "plan/join/join.h"
#include "plan/rule/rule.h"

static const struct expr *member_in(const struct join_class *c, uint64_t set)
{
    for (uint32_t i = 0; i < c->members.count; i++)
        if ((set >> c->members.items[i].leaf) & 1) return c->members.items[i].column;
    return NULL;
}

/* What the join of two sets has to compare: one pair per class, and every condition that is whole.
 */
static llkv_code add_conditions(struct join_graph *graph, const struct join_tree *tree,
                                expr_list *out)
{
    uint64_t left = tree->left->set, right = tree->right->set;
    for (uint32_t i = 0; i < graph->classes.count; i++) {
        const struct join_class *c = &graph->classes.items[i];
        const struct expr *x = member_in(c, left), *y = member_in(c, right), *e;
        if (x == NULL || y == NULL) continue;
        TRY(plan_equal(graph->plan, x, y, false, &e));
        VEC_PUSH(graph->plan->cx, out, e);
    }
    for (uint32_t i = 0; i < graph->preds.count; i++) {
        const struct join_pred *p = &graph->preds.items[i];
        if ((p->leaves & ~tree->set) != 0) continue;
        if ((p->leaves & left) == 0 || (p->leaves & right) == 0) continue;
        VEC_PUSH(graph->plan->cx, out, p->expr);
    }
    return LLKV_OK;
}

llkv_code join_build(struct join_graph *graph, const struct join_tree *tree, struct lnode **out)
{
    if (tree->left == NULL) {
        *out = graph->leaves[tree->leaf];
        return LLKV_OK;
    }
    struct lnode *left, *right, *node;
    TRY(join_build(graph, tree->left, &left)); /* as deep as there are leaves */
    TRY(join_build(graph, tree->right, &right));
    bool swap = right->rows > left->rows; /* child[1] is kept in memory */
    TRY(lnode_new(graph->plan, LOP_JOIN, swap ? right : left, swap ? left : right, &node));
    node->kind = LJOIN_INNER;
    node->rows = tree->rows;
    TRY(add_conditions(graph, tree, &node->join.conditions));
    *out = node;
    return LLKV_OK;
}
