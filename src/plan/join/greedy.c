/* greedy.c -- the two trees with the smallest result meet first (greedy operator ordering); and the
 * order of the text, for when that is asked for. */
#include "plan/join/join.h"

/* Trees that are not joined yet, and what joining each pair would give. */
struct forest {
    struct join_graph *graph;
    uint32_t count;
    struct join_tree *trees[JOIN_LEAVES_MAX];
    uint64_t next[JOIN_LEAVES_MAX]; /* leaves next to each tree */
    double *rows;                   /* of every pair i < k; < 0: not connected */
    uint32_t width;                 /* of a line of `rows` */
};

static double *pair_rows(struct forest *f, uint32_t i, uint32_t k)
{
    return &f->rows[i < k ? i * f->width + k : k * f->width + i];
}

static void estimate_pair(struct forest *f, uint32_t i, uint32_t k)
{
    double *rows = pair_rows(f, i, k);
    *rows = -1;
    if ((f->next[i] & f->trees[k]->set) == 0) return;
    *rows = join_estimate(f->graph, f->trees[i], f->trees[k]).rows;
}

static llkv_code plant(struct forest *f)
{
    struct cx *cx = f->graph->plan->cx;
    f->count = f->graph->leaf_count;
    f->width = f->count;
    f->rows = cx_alloc_array(cx, (size_t)f->width * f->width, sizeof *f->rows);
    if (f->rows == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < f->count; i++) {
        f->trees[i] = cx_alloc(cx, sizeof *f->trees[i]);
        if (f->trees[i] == NULL) return LLKV_NOMEM;
        *f->trees[i] = join_leaf(f->graph, i);
        f->next[i] = f->graph->neighbours[i];
    }
    for (uint32_t i = 0; i < f->count; i++)
        for (uint32_t k = i + 1; k < f->count; k++)
            estimate_pair(f, i, k);
    return LLKV_OK;
}

/* The connected pair with the fewest rows, or the smallest cross product if none is connected. */
static void best_pair(struct forest *f, uint32_t *out_i, uint32_t *out_k)
{
    double best = -1, best_cross = -1;
    uint32_t cross_i = 0, cross_k = 1;
    for (uint32_t i = 0; i < f->count; i++)
        for (uint32_t k = i + 1; k < f->count; k++) {
            double rows = *pair_rows(f, i, k);
            if (rows >= 0 && (best < 0 || rows < best)) {
                best = rows;
                *out_i = i;
                *out_k = k;
            }
            double cross = f->trees[i]->rows * f->trees[k]->rows;
            if (best < 0 && (best_cross < 0 || cross < best_cross)) {
                best_cross = cross;
                cross_i = i;
                cross_k = k;
            }
        }
    if (best >= 0) return;
    *out_i = cross_i;
    *out_k = cross_k;
}

static llkv_code merge(struct forest *f, uint32_t i, uint32_t k)
{
    struct join_tree *tree = cx_alloc(f->graph->plan->cx, sizeof *tree);
    if (tree == NULL) return LLKV_NOMEM;
    *tree = join_estimate(f->graph, f->trees[i], f->trees[k]);
    f->trees[i] = tree;
    f->next[i] = (f->next[i] | f->next[k]) & ~tree->set;
    f->count--;
    for (uint32_t m = k; m < f->count; m++) { /* keep the order of the text */
        f->trees[m] = f->trees[m + 1];
        f->next[m] = f->next[m + 1];
    }
    for (uint32_t m = 0; m < f->count; m++)
        for (uint32_t n = m + 1 > k ? m + 1 : k; n < f->count; n++) {
            uint32_t old_m = m < k ? m : m + 1;
            *pair_rows(f, m, n) = *pair_rows(f, old_m, n + 1);
        }
    for (uint32_t m = 0; m < f->count; m++)
        if (m != i) estimate_pair(f, i, m);
    return LLKV_OK;
}

llkv_code join_greedy(struct join_graph *graph, const struct join_tree **out_tree)
{
    struct forest f = {.graph = graph};
    TRY(plant(&f));
    while (f.count > 1) {
        uint32_t i = 0, k = 1;
        best_pair(&f, &i, &k);
        TRY(merge(&f, i, k));
    }
    *out_tree = f.trees[0];
    return LLKV_OK;
}

/* The first leaf of the text that is next to what is joined already; the first at all if none is.
 */
static uint32_t next_in_text(const struct join_graph *graph, uint64_t joined)
{
    uint64_t near = join_neighbours(graph, joined);
    uint64_t left = near != 0 ? near : ~joined;
    return (uint32_t)__builtin_ctzll(left);
}

llkv_code join_text(struct join_graph *graph, const struct join_tree **out_tree)
{
    struct cx *cx = graph->plan->cx;
    struct join_tree *tree = cx_alloc(cx, sizeof *tree);
    if (tree == NULL) return LLKV_NOMEM;
    *tree = join_leaf(graph, 0);
    for (uint32_t i = 1; i < graph->leaf_count; i++) {
        struct join_tree *leaf = cx_alloc(cx, sizeof *leaf), *both = cx_alloc(cx, sizeof *both);
        if (leaf == NULL || both == NULL) return LLKV_NOMEM;
        *leaf = join_leaf(graph, next_in_text(graph, tree->set));
        *both = join_estimate(graph, tree, leaf);
        tree = both;
    }
    *out_tree = tree;
    return LLKV_OK;
}
