/* join.h -- the order of inner joins. Private to plan.
 *
 * A block is a maximal tree of inner joins, cut at JOIN_LEAVES_MAX leaves; whatever else stands in
 * it is a leaf and is ordered by itself. Equal columns form classes: when two sets of leaves meet,
 * one equality per class they share is enough, and every class connects all its leaves. */
#ifndef PLAN_JOIN_JOIN_H
#define PLAN_JOIN_JOIN_H
#include "plan/algebra/algebra.h"

enum { JOIN_LEAVES_MAX = 64 };

/* Order every block, choose the sides of joins, and set `rows` of every node. */
NODISCARD llkv_code rule_join_order(struct plan *plan);

struct join_member {
    uint32_t leaf;
    const struct expr *column;
    double distinct;
};
struct join_class {
    uint64_t leaves;
    VEC(struct join_member) members;
};
/* A condition that is no equality of two columns. */
struct join_pred {
    uint64_t leaves;
    const struct expr *expr;
    double part; /* of the pairs that meet it */
};

struct join_graph {
    struct plan *plan;
    uint32_t leaf_count;
    struct lnode *leaves[JOIN_LEAVES_MAX];
    uint64_t neighbours[JOIN_LEAVES_MAX]; /* leaves that share a class or a condition of two */
    VEC(struct join_class) classes;
    VEC(struct join_pred) preds;
    expr_list rest;     /* conditions that stay above the block */
    uint64_t estimates; /* pairs looked at: the work done */
};

/* A join tree over some leaves. */
struct join_tree {
    uint64_t set;
    double rows, cost;
    uint32_t leaf; /* if there are no children */
    const struct join_tree *left, *right;
};

/* Classes, conditions and neighbours; the leaves have their rows. `conditions` are all of the
 * block. */
NODISCARD llkv_code join_graph_init(struct plan *plan, struct join_graph *graph,
                                    const expr_list *conditions);
/* Leaves next to a set, without it. */
uint64_t join_neighbours(const struct join_graph *graph, uint64_t set);
bool join_graph_connected(const struct join_graph *graph);
/* The tree that joins two: rows and cost. */
struct join_tree join_estimate(struct join_graph *graph, const struct join_tree *left,
                               const struct join_tree *right);
struct join_tree join_leaf(const struct join_graph *graph, uint32_t leaf);

/* Always: join the two trees with the smallest result, over and over. A cross product only where
 * nothing is connected. */
NODISCARD llkv_code join_greedy(struct join_graph *graph, const struct join_tree **out_tree);
/* As the text has it, from left to right, but that a leaf waits until something joined before is
 * connected with it. */
NODISCARD llkv_code join_text(struct join_graph *graph, const struct join_tree **out_tree);
/* Every connected split of every connected set, within `budget` estimates; *out_tree NULL: not
 * finished. At most JOIN_EXACT_MAX leaves, connected. */
enum { JOIN_EXACT_MAX = 10 };
NODISCARD llkv_code join_exact(struct join_graph *graph, uint64_t budget,
                               const struct join_tree **out_tree);
/* Every bracketing of the leaves in the order of a tree; NULL if there is none without a cross
 * product. At most JOIN_LINEAR_MAX leaves. */
enum { JOIN_LINEAR_MAX = 24 };
NODISCARD llkv_code join_linear(struct join_graph *graph, const struct join_tree *order,
                                const struct join_tree **out_tree);
/* The nodes of a tree, with their conditions. */
NODISCARD llkv_code join_build(struct join_graph *graph, const struct join_tree *tree,
                               struct lnode **out);
#endif
