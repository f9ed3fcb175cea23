/* order.c -- blocks found, ordered and put back; sides of the other joins; estimates on the way. */
#include "plan/join/join.h"
#include "plan/rule/rule.h"
#include "plan/stats/stats.h"

/* A greedy plan of so few rows is not worth a search; a search may look at so many pairs. */
#define SEARCH_COST_MIN 20000.0
enum { SEARCH_PAIRS_MAX = 20000 };
/* Where an outer join is turned round so that the smaller side is kept in memory. */
#define TURN_ROWS_MIN 1000.0
#define TURN_FACTOR 3.0

static llkv_code order(struct plan *plan, struct lnode **io_node);

static bool is_inner(const struct lnode *node)
{
    return node->op == LOP_JOIN && node->kind == LJOIN_INNER && !node->dependent;
}

/* Open inner joins until all are open or there is no room; leaves stay in the order of the text. */
static llkv_code open_block(struct plan *plan, struct lnode *node, struct join_graph *graph,
                            expr_list *conditions)
{
    graph->leaves[0] = node;
    graph->leaf_count = 1;
    for (uint32_t at = 0; at < graph->leaf_count;) {
        struct lnode *join = graph->leaves[at];
        if (!is_inner(join) || graph->leaf_count == JOIN_LEAVES_MAX) {
            at++;
            continue;
        }
        memmove(&graph->leaves[at + 2], &graph->leaves[at + 1],
                (graph->leaf_count - at - 1) * sizeof graph->leaves[0]);
        graph->leaves[at] = join->child[0];
        graph->leaves[at + 1] = join->child[1];
        graph->leaf_count++;
        for (uint32_t i = 0; i < join->join.conditions.count; i++)
            VEC_PUSH(plan->cx, conditions, join->join.conditions.items[i]);
    }
    return LLKV_OK;
}

static llkv_code choose(struct join_graph *graph, const struct join_tree **out_tree)
{
    const struct join_tree *better = NULL;
    if (!plan_rule_on(graph->plan, RULE_BIT(join_order))) return join_text(graph, out_tree);
    TRY(join_greedy(graph, out_tree));
    if ((*out_tree)->cost < SEARCH_COST_MIN || graph->leaf_count < 3) return LLKV_OK;
    if (!join_graph_connected(graph)) return LLKV_OK;
    if (graph->leaf_count <= JOIN_EXACT_MAX)
        TRY(join_exact(graph, graph->estimates + SEARCH_PAIRS_MAX, &better));
    if (better == NULL && graph->leaf_count <= JOIN_LINEAR_MAX)
        TRY(join_linear(graph, *out_tree, &better));
    if (better != NULL && better->cost < (*out_tree)->cost) *out_tree = better;
    return LLKV_OK;
}

/* `above` (may be NULL) are further conditions over the block. */
static llkv_code order_block(struct plan *plan, struct lnode **io_node, const expr_list *above,
                             bool leaves_done)
{
    struct join_graph *graph = cx_alloc_zero(plan->cx, sizeof *graph);
    const struct join_tree *tree;
    expr_list conditions = {0};
    if (graph == NULL) return LLKV_NOMEM;
    TRY(open_block(plan, *io_node, graph, &conditions));
    for (uint32_t i = 0; above != NULL && i < above->count; i++)
        VEC_PUSH(plan->cx, &conditions, above->items[i]);
    for (uint32_t i = 0; i < graph->leaf_count && !leaves_done; i++)
        TRY(order(plan, &graph->leaves[i]));
    TRY(join_graph_init(plan, graph, &conditions));
    TRY(choose(graph, &tree));
    TRY(join_build(graph, tree, io_node));
    if (graph->rest.count == 0) return LLKV_OK;
    double part, rows = (*io_node)->rows;
    TRY(lnode_filter(plan, *io_node, &graph->rest, io_node));
    TRY(stats_conjunction(plan, &graph->rest, &part));
    (*io_node)->rows = rows * part;
    return LLKV_OK;
}

/* ---- the other joins ---- */

static void turn(struct lnode *node, enum ljoin_kind kind)
{
    struct lnode *swap = node->child[0];
    node->child[0] = node->child[1];
    node->child[1] = swap;
    node->kind = (uint8_t)kind;
}

/* child[1] is kept in memory: the smaller side, where the kind has a mirror image. */
static void choose_side(struct lnode *node)
{
    double kept = node->child[1]->rows, other = node->child[0]->rows;
    if (node->dependent || kept < TURN_ROWS_MIN || kept < other * TURN_FACTOR) return;
    if (node->kind == LJOIN_LEFT)
        turn(node, LJOIN_RIGHT);
    else if (node->kind == LJOIN_RIGHT)
        turn(node, LJOIN_LEFT);
    else if (node->kind == LJOIN_FULL)
        turn(node, LJOIN_FULL);
}

/* The smallest part of a block of inner joins that has all columns a semi join compares. */
static llkv_code find_target(struct plan *plan, const struct lnode *semi, struct lnode **left,
                             struct lnode ***out_slot)
{
    struct iuset used = {0}, all = {0};
    struct lnode **slot = left;
    TRY(lnode_produced(plan, *left, &all));
    for (uint32_t i = 0; i < semi->join.conditions.count; i++)
        TRY(iuset_add_expr(plan->cx, &used, semi->join.conditions.items[i]));
    for (;;) {
        struct iuset side[2] = {{0}, {0}}, other[2] = {{0}, {0}};
        if (!is_inner(*slot)) break;
        for (int i = 0; i < 2; i++) {
            TRY(lnode_produced(plan, (*slot)->child[i], &side[i]));
            TRY(iuset_copy(plan->cx, &all, &other[i]));
            iuset_remove_all(&other[i], &side[i]);
        }
        int in = !iuset_intersects(&used, &other[0]) ? 0 : 1;
        if (iuset_intersects(&used, &other[in]) || !iuset_intersects(&used, &side[in])) break;
        slot = &(*slot)->child[in];
    }
    *out_slot = slot;
    return LLKV_OK;
}

/* A semi or anti join over a block filters one of its relations just as well: below the joins if
 * there are not more rows there. */
static llkv_code sink_semi(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node, *left = node->child[0], **slot = &left;
    bool filters =
        node->kind == LJOIN_SEMI || node->kind == LJOIN_ANTI || node->kind == LJOIN_ANTI_NULL;
    if (!filters || node->dependent || !is_inner(left)) return LLKV_OK;
    for (uint32_t i = 0; i < node->join.conditions.count; i++)
        if (node->join.conditions.items[i]->flags & (EXPR_CAN_RAISE | EXPR_VOLATILE))
            return LLKV_OK;
    TRY(find_target(plan, node, &left, &slot));
    if (slot == &left || (*slot)->rows > left->rows) return LLKV_OK;
    node->child[0] = *slot;
    *slot = node;
    TRY(stats_node_rows(plan, node));
    *io_node = left;
    return order_block(plan, io_node, NULL, true);
}

static llkv_code order_other(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(order(plan, &node->child[i]));
    TRY(stats_node_rows(plan, node));
    if (node->op != LOP_JOIN) return LLKV_OK;
    if (!plan_rule_on(plan, RULE_BIT(join_order))) return LLKV_OK;
    choose_side(node);
    return sink_semi(plan, io_node);
}

static llkv_code order(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    TRY(cx_enter(plan->cx));
    if (is_inner(node)) {
        TRY(order_block(plan, io_node, NULL, false));
    } else if (node->op == LOP_SELECT && is_inner(node->child[0])) {
        *io_node = node->child[0]; /* what the filter compares joins the block */
        TRY(order_block(plan, io_node, &node->select.conjuncts, false));
    } else {
        TRY(order_other(plan, io_node));
    }
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code rule_join_order(struct plan *plan)
{
    return plan_each_tree(plan, order);
}
