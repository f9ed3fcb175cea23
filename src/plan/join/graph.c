/* graph.c -- leaves, classes of equal columns, and other conditions. */
#include <math.h>

#include "plan/join/join.h"
#include "plan/rule/rule.h"
#include "plan/stats/stats.h"

struct builder {
    struct join_graph *graph;
    uint8_t *leaf_of;   /* by IU: 1 + its leaf, 0: none */
    uint32_t *class_of; /* by IU: 1 + its class */
    uint32_t iu_count;
};

struct leaf_search {
    const struct builder *b;
    uint64_t leaves;
};

static void see_leaf(void *arg, iu_id iu)
{
    struct leaf_search *search = arg;
    if (iu >= search->b->iu_count || search->b->leaf_of[iu] == 0) return;
    search->leaves |= UINT64_C(1) << (search->b->leaf_of[iu] - 1);
}

static uint64_t leaves_of(const struct builder *b, const struct expr *e)
{
    struct leaf_search search = {.b = b};
    expr_columns(e, see_leaf, &search);
    return search.leaves;
}

static llkv_code map_leaves(struct builder *b)
{
    struct plan *plan = b->graph->plan;
    b->iu_count = plan->ius.count;
    b->leaf_of = cx_alloc_zero(plan->cx, b->iu_count + 1u);
    b->class_of = cx_alloc_zero(plan->cx, (b->iu_count + 1u) * sizeof *b->class_of);
    if (b->leaf_of == NULL || b->class_of == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < b->graph->leaf_count; i++) {
        struct iuset produced = {0};
        TRY(lnode_produced(plan, b->graph->leaves[i], &produced));
        for (iu_id iu = iuset_next(&produced, 0); iu != 0; iu = iuset_next(&produced, iu))
            b->leaf_of[iu] = (uint8_t)(i + 1);
    }
    return LLKV_OK;
}

/* ---- classes ---- */

static llkv_code add_member(struct builder *b, uint32_t class, const struct expr *column)
{
    struct join_graph *graph = b->graph;
    struct join_class *c = &graph->classes.items[class];
    uint32_t leaf = b->leaf_of[column->column] - 1u;
    for (uint32_t i = 0; i < c->members.count; i++)
        if (c->members.items[i].column->column == column->column) return LLKV_OK;
    struct join_member member = {.leaf = leaf, .column = column};
    double rows = fmax(1, graph->leaves[leaf]->rows);
    TRY(stats_distinct(graph->plan, column, rows, &member.distinct));
    VEC_PUSH(graph->plan->cx, &c->members, member);
    c->leaves |= UINT64_C(1) << leaf;
    b->class_of[column->column] = class + 1;
    return LLKV_OK;
}

static llkv_code new_class(struct builder *b, uint32_t *out)
{
    *out = b->graph->classes.count;
    VEC_PUSH(b->graph->plan->cx, &b->graph->classes, (struct join_class){0});
    return LLKV_OK;
}

static llkv_code merge_classes(struct builder *b, uint32_t into, uint32_t from)
{
    struct join_class old = b->graph->classes.items[from];
    b->graph->classes.items[from] = (struct join_class){0};
    for (uint32_t i = 0; i < old.members.count; i++)
        TRY(add_member(b, into, old.members.items[i].column));
    return LLKV_OK;
}

static llkv_code add_equality(struct builder *b, const struct expr *x, const struct expr *y)
{
    uint32_t class;
    uint32_t cx = b->class_of[x->column], cy = b->class_of[y->column];
    if (!plan_rule_on(b->graph->plan, RULE_BIT(equality_classes))) cx = cy = 0;
    if (cx != 0 && cy != 0) {
        if (cx != cy) TRY(merge_classes(b, cx - 1, cy - 1));
        return LLKV_OK;
    }
    if (cx != 0 || cy != 0)
        class = (cx != 0 ? cx : cy) - 1;
    else
        TRY(new_class(b, &class));
    TRY(add_member(b, class, x));
    return add_member(b, class, y);
}

/* A condition on one leaf alone: no join would check it. */
static llkv_code filter_leaf(struct join_graph *graph, uint32_t at, const struct expr *e)
{
    expr_list one = {0};
    struct lnode **leaf = &graph->leaves[at];
    VEC_PUSH(graph->plan->cx, &one, e);
    if ((*leaf)->op == LOP_SCAN)
        TRY(expr_list_add(graph->plan, &(*leaf)->scan.conjuncts, e));
    else
        TRY(lnode_filter(graph->plan, *leaf, &one, leaf));
    return stats_node_rows(graph->plan, *leaf);
}

/* Two members of a class in one leaf. */
static llkv_code compare_inside(struct join_graph *graph, const struct join_class *c, uint32_t at)
{
    const struct join_member *m = &c->members.items[at];
    for (uint32_t i = 0; i < at; i++) {
        if (c->members.items[i].leaf != m->leaf) continue;
        const struct expr *e;
        TRY(plan_equal(graph->plan, c->members.items[i].column, m->column, false, &e));
        return filter_leaf(graph, m->leaf, e);
    }
    return LLKV_OK;
}

/* ---- conditions ---- */

/* What a disjunction says about single leaves is checked there already: do not count it twice. */
static llkv_code part_of_or(struct builder *b, const struct expr *e, double *out)
{
    double part;
    TRY(stats_selectivity(b->graph->plan, e, out));
    for (uint64_t left = leaves_of(b, e); left != 0; left &= left - 1) {
        const struct expr *filter;
        struct iuset side = {0};
        TRY(lnode_produced(b->graph->plan, b->graph->leaves[__builtin_ctzll(left)], &side));
        TRY(or_side_filter(b->graph->plan, e, &side, &filter));
        if (filter == NULL) continue;
        TRY(stats_selectivity(b->graph->plan, filter, &part));
        *out = fmin(1, *out / fmax(part, 1e-6));
    }
    return LLKV_OK;
}

static llkv_code part_of(struct builder *b, const struct expr *e, double *out)
{
    double distinct = 1, d;
    if (e->kind == EXPR_OR) return part_of_or(b, e, out);
    if (!expr_is_equality(e, NULL)) return stats_selectivity(b->graph->plan, e, out);
    for (int i = 0; i < 2; i++) {
        uint64_t leaves = leaves_of(b, e->args[i]);
        if (leaves == 0 || (leaves & (leaves - 1)) != 0) continue;
        double rows = b->graph->leaves[__builtin_ctzll(leaves)]->rows;
        TRY(stats_distinct(b->graph->plan, e->args[i], fmax(1, rows), &d));
        distinct = fmax(distinct, d);
    }
    *out = 1 / distinct;
    return LLKV_OK;
}

static bool is_two_columns(const struct expr *e)
{
    return expr_is_equality(e, NULL) && e->args[0]->kind == EXPR_COLUMN &&
           e->args[1]->kind == EXPR_COLUMN;
}

static llkv_code add_condition(struct builder *b, const struct expr *e)
{
    struct join_graph *graph = b->graph;
    struct join_pred pred = {.leaves = leaves_of(b, e), .expr = e};
    bool one = (pred.leaves & (pred.leaves - 1)) == 0;
    bool key =
        expr_is_equality(e, NULL) && (leaves_of(b, e->args[0]) & leaves_of(b, e->args[1])) == 0;
    bool stays = (e->flags & EXPR_VOLATILE) != 0 || ((e->flags & EXPR_CAN_RAISE) != 0 && !key);
    if (pred.leaves == 0 || stays) {
        VEC_PUSH(graph->plan->cx, &graph->rest, e);
        return LLKV_OK;
    }
    if (one) return filter_leaf(graph, (uint32_t)__builtin_ctzll(pred.leaves), e);
    if (is_two_columns(e)) return add_equality(b, e->args[0], e->args[1]);
    TRY(part_of(b, e, &pred.part));
    VEC_PUSH(graph->plan->cx, &graph->preds, pred);
    return LLKV_OK;
}

static void add_neighbours(struct join_graph *graph, uint64_t leaves)
{
    for (uint64_t left = leaves; left != 0; left &= left - 1) {
        uint64_t self = left & (~left + 1);
        graph->neighbours[__builtin_ctzll(left)] |= leaves & ~self;
    }
}

llkv_code join_graph_init(struct plan *plan, struct join_graph *graph, const expr_list *conditions)
{
    struct builder b = {.graph = graph};
    graph->plan = plan;
    TRY(map_leaves(&b));
    for (uint32_t i = 0; i < conditions->count; i++)
        TRY(add_condition(&b, conditions->items[i]));
    for (uint32_t i = 0; i < graph->classes.count; i++) {
        struct join_class *c = &graph->classes.items[i];
        for (uint32_t k = 1; k < c->members.count; k++)
            TRY(compare_inside(graph, c, k));
        add_neighbours(graph, c->leaves);
    }
    for (uint32_t i = 0; i < graph->preds.count; i++)
        if (__builtin_popcountll(graph->preds.items[i].leaves) == 2)
            add_neighbours(graph, graph->preds.items[i].leaves);
    return LLKV_OK;
}

/* ---- asking ---- */

uint64_t join_neighbours(const struct join_graph *graph, uint64_t set)
{
    uint64_t all = 0;
    for (uint64_t left = set; left != 0; left &= left - 1)
        all |= graph->neighbours[__builtin_ctzll(left)];
    return all & ~set;
}

bool join_graph_connected(const struct join_graph *graph)
{
    uint64_t all = graph->leaf_count == 64 ? UINT64_MAX : (UINT64_C(1) << graph->leaf_count) - 1;
    uint64_t seen = 1;
    for (uint64_t more = seen; more != 0;) {
        more = join_neighbours(graph, seen);
        seen |= more;
    }
    return seen == all;
}

struct join_tree join_leaf(const struct join_graph *graph, uint32_t leaf)
{
    return (struct join_tree){
        .set = UINT64_C(1) << leaf, .rows = graph->leaves[leaf]->rows, .leaf = leaf};
}

/* Different values of a class among the rows of a tree: those of its poorest member. */
static double class_distinct(const struct join_class *c, const struct join_tree *tree)
{
    double least = fmax(1, tree->rows);
    for (uint32_t i = 0; i < c->members.count; i++)
        if ((tree->set >> c->members.items[i].leaf) & 1)
            least = fmin(least, c->members.items[i].distinct);
    return fmax(1, least);
}

struct join_tree join_estimate(struct join_graph *graph, const struct join_tree *left,
                               const struct join_tree *right)
{
    double l = 1, r = 1, part = 1;
    uint64_t set = left->set | right->set;
    graph->estimates++;
    for (uint32_t i = 0; i < graph->classes.count; i++) {
        const struct join_class *c = &graph->classes.items[i];
        if ((c->leaves & left->set) == 0 || (c->leaves & right->set) == 0) continue;
        l *= class_distinct(c, left);
        r *= class_distinct(c, right);
    }
    for (uint32_t i = 0; i < graph->preds.count; i++) {
        uint64_t leaves = graph->preds.items[i].leaves;
        if ((leaves & ~set) != 0 || (leaves & left->set) == 0 || (leaves & right->set) == 0)
            continue;
        part *= graph->preds.items[i].part;
    }
    /* several columns have at most as many combinations as there are rows */
    double distinct = fmax(fmin(l, fmax(1, left->rows)), fmin(r, fmax(1, right->rows)));
    double rows = left->rows * right->rows * part / distinct;
    double build = fmin(left->rows, right->rows), probe = fmax(left->rows, right->rows);
    double cost = left->cost + right->cost + 2 * build + probe + rows;
    return (struct join_tree){.set = set, .rows = rows, .cost = cost, .left = left, .right = right};
}
