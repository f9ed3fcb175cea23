/* exact.c -- the cheapest tree: over all connected sets, or over one order of the leaves. */
#include "plan/join/join.h"

/* trees[set]: the best over these leaves; set 0 there: none. */
static bool split_best(struct join_graph *graph, struct join_tree *trees, uint64_t set,
                       uint64_t budget)
{
    struct join_tree *best = &trees[set];
    uint64_t lowest = set & (~set + 1), rest = set & ~lowest;
    for (uint64_t other = rest; other != 0; other = (other - 1) & rest) {
        uint64_t mine = set & ~other;
        if (trees[mine].set == 0 || trees[other].set == 0) continue;
        if ((join_neighbours(graph, mine) & other) == 0) continue;
        if (graph->estimates >= budget) return false;
        struct join_tree tree = join_estimate(graph, &trees[mine], &trees[other]);
        if (best->set == 0 || tree.cost < best->cost) *best = tree;
    }
    return true;
}

llkv_code join_exact(struct join_graph *graph, uint64_t budget, const struct join_tree **out_tree)
{
    *out_tree = NULL;
    CHECK(graph->plan->cx, graph->leaf_count <= JOIN_EXACT_MAX);
    uint64_t sets = UINT64_C(1) << graph->leaf_count;
    struct join_tree *trees = cx_alloc_zero(graph->plan->cx, sets * sizeof *trees);
    if (trees == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < graph->leaf_count; i++)
        trees[UINT64_C(1) << i] = join_leaf(graph, i);
    for (uint64_t set = 3; set < sets; set++)
        if ((set & (set - 1)) != 0 && !split_best(graph, trees, set, budget)) return LLKV_OK;
    if (trees[sets - 1].set != 0) *out_tree = &trees[sets - 1];
    return LLKV_OK;
}

static uint32_t list_leaves(const struct join_tree *tree, uint32_t *leaves, uint32_t count)
{
    if (tree->left == NULL) {
        leaves[count] = tree->leaf;
        return count + 1;
    }
    count = list_leaves(tree->left, leaves, count); /* as deep as there are leaves */
    return list_leaves(tree->right, leaves, count);
}

/* trees[from * JOIN_LINEAR_MAX + to]: the best over leaves from..to of the order. */
static void bracket_best(struct join_graph *graph, struct join_tree *trees, uint32_t from,
                         uint32_t to)
{
    struct join_tree *best = &trees[from * JOIN_LINEAR_MAX + to];
    for (uint32_t cut = from; cut < to; cut++) {
        const struct join_tree *left = &trees[from * JOIN_LINEAR_MAX + cut];
        const struct join_tree *right = &trees[(cut + 1) * JOIN_LINEAR_MAX + to];
        if (left->set == 0 || right->set == 0) continue;
        if ((join_neighbours(graph, left->set) & right->set) == 0) continue;
        struct join_tree tree = join_estimate(graph, left, right);
        if (best->set == 0 || tree.cost < best->cost) *best = tree;
    }
}

llkv_code join_linear(struct join_graph *graph, const struct join_tree *order,
                      const struct join_tree **out_tree)
{
    uint32_t leaves[JOIN_LEAVES_MAX];
    const uint32_t count = graph->leaf_count;
    *out_tree = NULL;
    CHECK(graph->plan->cx, count <= JOIN_LINEAR_MAX);
    size_t cells = (size_t)JOIN_LINEAR_MAX * JOIN_LINEAR_MAX;
    struct join_tree *trees = cx_alloc_zero(graph->plan->cx, cells * sizeof *trees);
    if (trees == NULL) return LLKV_NOMEM;
    uint32_t listed = list_leaves(order, leaves, 0);
    CHECK(graph->plan->cx, listed == count);
    for (uint32_t i = 0; i < count; i++)
        trees[i * JOIN_LINEAR_MAX + i] = join_leaf(graph, leaves[i]);
    for (uint32_t length = 2; length <= count; length++)
        for (uint32_t from = 0; from + length <= count; from++)
            bracket_best(graph, trees, from, from + length - 1);
    if (trees[count - 1].set != 0) *out_tree = &trees[count - 1];
    return LLKV_OK;
}
