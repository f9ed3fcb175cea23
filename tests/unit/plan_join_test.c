/* Join orders: against exhaustive search on random graphs; the work for 64 tables is counted. */
#include "plan/join/join.h"
#include "plan/rule/rule.h"
#include "store_testing.h"

enum { COLUMNS = 4 };

struct order_lab {
    struct test_cx t;
    struct settings settings;
    struct plan plan;
    struct join_graph graph;
    expr_list conditions;
    iu_id columns[JOIN_LEAVES_MAX][COLUMNS];
};

static void lab_init(struct order_lab *lab)
{
    memset(lab, 0, sizeof *lab);
    test_cx_init(&lab->t);
    lab->plan.cx = &lab->t.cx;
    lab->plan.settings = &lab->settings;
    lab->graph.plan = &lab->plan;
}

static void add_leaf(struct order_lab *lab, double rows)
{
    struct lnode *leaf;
    uint32_t at = lab->graph.leaf_count++;
    assert_ok(&lab->t, lnode_new(&lab->plan, LOP_EMPTY, NULL, NULL, &leaf));
    for (int i = 0; i < COLUMNS; i++) {
        iu_id *iu = &lab->columns[at][i];
        assert_ok(&lab->t, plan_iu_new(&lab->plan, type_of(TYPE_INTEGER), "c", false, iu));
        assert_ok(&lab->t, VEC_RESERVE(&lab->t.cx, &leaf->empty.ius));
        leaf->empty.ius.items[leaf->empty.ius.count++] = *iu;
    }
    leaf->rows = rows;
    lab->graph.leaves[at] = leaf;
}

static void add_edge(struct order_lab *lab, uint32_t i, uint32_t k, enum compare_op op, int column)
{
    const struct expr *args[2], *e;
    assert_ok(&lab->t, plan_column(&lab->plan, lab->columns[i][column], -1, &args[0]));
    assert_ok(&lab->t,
              plan_column(&lab->plan, lab->columns[k][COLUMNS - 1 - column], -1, &args[1]));
    assert_ok(&lab->t, plan_bool(&lab->plan, EXPR_COMPARE, (uint8_t)op, args, 2, &e));
    assert_ok(&lab->t, VEC_RESERVE(&lab->t.cx, &lab->conditions));
    lab->conditions.items[lab->conditions.count++] = e;
}

static void start(struct order_lab *lab)
{
    assert_ok(&lab->t, join_graph_init(&lab->plan, &lab->graph, &lab->conditions));
}

/* The cheapest tree over a set without cross products; cost < 0: there is none. */
static struct join_tree search(struct order_lab *lab, uint64_t set, struct join_tree *memo,
                               bool *done)
{
    if (done[set]) return memo[set];
    struct join_tree best = {.cost = -1};
    if ((set & (set - 1)) == 0) best = join_leaf(&lab->graph, (uint32_t)__builtin_ctzll(set));
    for (uint64_t left = (set - 1) & set; left != 0; left = (left - 1) & set) {
        uint64_t right = set & ~left;
        if ((join_neighbours(&lab->graph, left) & right) == 0) continue;
        if (search(lab, left, memo, done).cost < 0 || search(lab, right, memo, done).cost < 0)
            continue;
        struct join_tree tree = join_estimate(&lab->graph, &memo[left], &memo[right]);
        if (best.cost < 0 || tree.cost < best.cost) best = tree;
    }
    memo[set] = best;
    done[set] = true;
    return best;
}

static uint64_t check_tree(struct order_lab *lab, const struct join_tree *tree)
{
    if (tree->left == NULL) return UINT64_C(1) << tree->leaf;
    uint64_t left = check_tree(lab, tree->left), right = check_tree(lab, tree->right);
    assert_int_equal(left & right, 0);
    assert_true((join_neighbours(&lab->graph, left) & right) != 0);
    assert_int_equal(left | right, tree->set);
    return left | right;
}

static void random_graph(struct order_lab *lab, uint64_t *seed, uint32_t leaves)
{
    lab_init(lab);
    for (uint32_t i = 0; i < leaves; i++)
        add_leaf(lab, 1 + test_below(seed, 100000));
    for (uint32_t i = 1; i < leaves; i++) /* connected */
        add_edge(lab, i, test_below(seed, i), CMP_EQ, (int)test_below(seed, COLUMNS));
    for (uint32_t i = test_below(seed, leaves); i > 0; i--) {
        uint32_t x = test_below(seed, leaves), y = test_below(seed, leaves);
        if (x != y) add_edge(lab, x, y, test_below(seed, 3) == 0 ? CMP_LT : CMP_EQ, 0);
    }
    start(lab);
}

static void exact_is_the_cheapest(void **state)
{
    (void)state;
    static struct order_lab lab;
    static struct join_tree memo[1 << 8];
    static bool done[1 << 8];
    uint64_t seed = 11;
    for (int round = 0; round < 300; round++) {
        uint32_t leaves = 2 + test_below(&seed, 6);
        uint64_t all = (UINT64_C(1) << leaves) - 1;
        const struct join_tree *exact, *greedy, *linear;
        random_graph(&lab, &seed, leaves);
        memset(done, 0, sizeof done);
        double best = search(&lab, all, memo, done).cost;
        assert_ok(&lab.t, join_exact(&lab.graph, UINT64_MAX, &exact));
        assert_ok(&lab.t, join_greedy(&lab.graph, &greedy));
        assert_ok(&lab.t, join_linear(&lab.graph, greedy, &linear));
        assert_non_null(exact);
        assert_non_null(linear);
        assert_int_equal(check_tree(&lab, exact), all);
        assert_int_equal(check_tree(&lab, greedy), all);
        assert_int_equal(check_tree(&lab, linear), all);
        assert_true(exact->cost <= best * (1 + 1e-9));
        assert_true(best <= exact->cost * (1 + 1e-9));
        assert_true(linear->cost <= greedy->cost * (1 + 1e-9));
        test_cx_deinit(&lab.t);
    }
}

static void search_ends_with_its_budget(void **state)
{
    (void)state;
    static struct order_lab lab;
    const struct join_tree *tree;
    lab_init(&lab);
    for (uint32_t i = 0; i < JOIN_EXACT_MAX; i++)
        add_leaf(&lab, 1000);
    for (uint32_t i = 0; i < JOIN_EXACT_MAX; i++)
        for (uint32_t k = i + 1; k < JOIN_EXACT_MAX; k++)
            add_edge(&lab, i, k, CMP_LT, 0);
    start(&lab);
    assert_ok(&lab.t, join_exact(&lab.graph, 500, &tree));
    assert_null(tree);
    assert_int_equal(lab.graph.estimates, 500);
    test_cx_deinit(&lab.t);
}

static uint32_t count_conditions(const struct lnode *node)
{
    if (node->op != LOP_JOIN) return 0;
    assert_int_equal(node->kind, LJOIN_INNER);
    assert_true(node->join.conditions.count > 0);
    assert_true(node->child[1]->rows <= node->child[0]->rows);
    return node->join.conditions.count + count_conditions(node->child[0]) +
           count_conditions(node->child[1]);
}

static void chain(struct order_lab *lab, bool one_class)
{
    lab_init(lab);
    for (uint32_t i = 0; i < JOIN_LEAVES_MAX; i++)
        add_leaf(lab, i == 17 ? 1 : 10);
    for (uint32_t i = 1; i < JOIN_LEAVES_MAX; i++)
        add_edge(lab, i - 1, i, CMP_EQ, one_class ? 0 : (int)(i % 2));
    start(lab);
}

static void chains_of_64_are_planned_in_few_steps(void **state)
{
    (void)state;
    static struct order_lab lab;
    const struct join_tree *tree;
    struct lnode *root;
    chain(&lab, false);
    assert_ok(&lab.t, join_greedy(&lab.graph, &tree));
    assert_int_equal(check_tree(&lab, tree), UINT64_MAX);
    assert_true(lab.graph.estimates < 1000);
    assert_ok(&lab.t, join_build(&lab.graph, tree, &root));
    assert_int_equal(count_conditions(root), JOIN_LEAVES_MAX - 1);
    assert_true(tree->cost < 64 * 64);
    test_cx_deinit(&lab.t);
}

static void cliques_of_64_are_planned_in_few_steps(void **state)
{
    (void)state;
    static struct order_lab lab;
    const struct join_tree *tree;
    lab_init(&lab);
    for (uint32_t i = 0; i < JOIN_LEAVES_MAX; i++)
        add_leaf(&lab, 10 + i);
    for (uint32_t i = 0; i < JOIN_LEAVES_MAX; i++)
        for (uint32_t k = i + 1; k < JOIN_LEAVES_MAX; k += 7)
            add_edge(&lab, i, k, CMP_EQ, 0);
    start(&lab);
    assert_ok(&lab.t, join_greedy(&lab.graph, &tree));
    assert_int_equal(check_tree(&lab, tree), UINT64_MAX);
    assert_true(lab.graph.estimates < 10000);
    test_cx_deinit(&lab.t);
}

static void what_is_not_connected_is_crossed_last(void **state)
{
    (void)state;
    static struct order_lab lab;
    const struct join_tree *tree;
    lab_init(&lab);
    for (uint32_t i = 0; i < 5; i++)
        add_leaf(&lab, 100);
    add_edge(&lab, 0, 2, CMP_EQ, 0);
    add_edge(&lab, 1, 3, CMP_EQ, 0);
    add_edge(&lab, 3, 4, CMP_EQ, 0);
    start(&lab);
    assert_false(join_graph_connected(&lab.graph));
    assert_ok(&lab.t, join_greedy(&lab.graph, &tree));
    assert_int_equal(tree->set, 31);
    assert_int_equal(check_tree(&lab, tree->left) | check_tree(&lab, tree->right), 31);
    assert_int_equal(join_neighbours(&lab.graph, tree->left->set), 0);
    test_cx_deinit(&lab.t);
}

static void equal_columns_of_one_leaf_are_compared_there(void **state)
{
    (void)state;
    static struct order_lab lab;
    const struct join_tree *tree;
    struct lnode *root;
    lab_init(&lab);
    add_leaf(&lab, 100);
    add_leaf(&lab, 200);
    add_edge(&lab, 0, 1, CMP_EQ, 0); /* a.0 = b.3 */
    add_edge(&lab, 1, 0, CMP_EQ, 3); /* b.3 = a.0: the same */
    const struct expr *x, *y, *e;
    assert_ok(&lab.t, plan_column(&lab.plan, lab.columns[0][1], -1, &x));
    assert_ok(&lab.t, plan_column(&lab.plan, lab.columns[1][3], -1, &y));
    assert_ok(&lab.t, plan_equal(&lab.plan, x, y, false, &e));
    assert_ok(&lab.t, VEC_RESERVE(&lab.t.cx, &lab.conditions));
    lab.conditions.items[lab.conditions.count++] = e; /* a.1 = b.3 */
    start(&lab);
    assert_ok(&lab.t, join_greedy(&lab.graph, &tree));
    assert_ok(&lab.t, join_build(&lab.graph, tree, &root));
    assert_int_equal(root->join.conditions.count, 1);
    assert_int_equal(lab.graph.leaves[0]->op, LOP_SELECT); /* a.0 = a.1 */
    assert_int_equal(lab.graph.leaves[1]->op, LOP_EMPTY);
    test_cx_deinit(&lab.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_is_the_cheapest),
        cmocka_unit_test(search_ends_with_its_budget),
        cmocka_unit_test(chains_of_64_are_planned_in_few_steps),
        cmocka_unit_test(cliques_of_64_are_planned_in_few_steps),
        cmocka_unit_test(what_is_not_connected_is_crossed_last),
        cmocka_unit_test(equal_columns_of_one_leaf_are_compared_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
