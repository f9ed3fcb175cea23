/* unnest.c -- every dependent join, outermost first: which way it goes. */
#include "plan/unnest/unnest.h"

#include "plan/rule/rule.h"

/* One dependent join being looked at. */
struct attempt {
    struct plan *plan;
    struct lnode *join;
    struct iuset outer;
    bool twice; /* the left side may be read a second time */
    bool done;
};

static bool is_filter(const struct lnode *join)
{
    return join->kind == LJOIN_SEMI || join->kind == LJOIN_ANTI || join->kind == LJOIN_MARK;
}

/* ---- pull ---- */

/* Only the first of several partners counts: which one that is, only repeated runs tell. */
static llkv_code first_is_only(struct attempt *a, const expr_list *conditions, bool *out)
{
    *out = true;
    if (a->join->kind != LJOIN_SINGLE || !a->join->first_only) return LLKV_OK;
    struct lnode joined = *a->join;
    joined.join.conditions = *conditions;
    return join_partner_unique(a->plan, &joined, out);
}

static llkv_code try_pull(struct attempt *a)
{
    struct lnode *join = a->join;
    struct replace columns;
    expr_list dry = {0}, lifted = {0};
    bool possible;
    struct unnest_pull request = {
        .plan = a->plan, .outer = &a->outer, .substitute = is_filter(join)};
    TRY(replace_init(a->plan, &columns));
    TRY(unnest_pull(&request, &join->child[1], &dry, &columns, &possible));
    if (!possible) return LLKV_OK;
    TRY(first_is_only(a, &dry, &possible));
    if (possible) TRY(unnest_pays(a->plan, join, UNNEST_PULL, &possible));
    if (!possible) return LLKV_OK;
    request.change = true;
    TRY(unnest_pull(&request, &join->child[1], &lifted, &columns, &possible));
    for (uint32_t i = 0; i < join->join.conditions.count; i++) { /* a comparison of IN stays last */
        const struct expr *e = join->join.conditions.items[i];
        TRY(replace_expr(&columns, &e));
        VEC_PUSH(a->plan->cx, &lifted, e);
    }
    join->join.conditions = lifted;
    join->dependent = false;
    a->done = true;
    return LLKV_OK;
}

/* ---- a row of aggregates ---- */

static llkv_code try_scalar(struct attempt *a)
{
    struct lnode *join = a->join, *group;
    bool possible;
    if (join->kind != LJOIN_SINGLE || join->join.conditions.count != 0) return LLKV_OK;
    group = scalar_group(join->child[1]);
    if (group == NULL) return LLKV_OK;
    TRY(scalar_by_keys(a->plan, join, &a->outer, false, &possible));
    if (possible) {
        TRY(unnest_pays(a->plan, join, UNNEST_KEYS, &possible));
        if (possible) TRY(scalar_by_keys(a->plan, join, &a->outer, true, &a->done));
        return LLKV_OK;
    }
    possible = a->twice;
    if (possible) TRY(domain_feasible(a->plan, group, &a->outer, &possible));
    if (possible) TRY(unnest_pays(a->plan, join, UNNEST_DOMAIN, &possible));
    if (!possible) return LLKV_OK;
    a->done = true;
    return scalar_by_domain(a->plan, join, &a->outer);
}

/* ---- domain ---- */

static llkv_code try_domain(struct attempt *a)
{
    struct lnode *join = a->join;
    struct iuset none = {0};
    expr_list conditions = {0};
    struct domain d;
    bool possible = a->twice;
    if (possible && join->kind == LJOIN_SINGLE && join->first_only)
        TRY(rows_unique(a->plan, join->child[1], &none, &possible));
    if (possible) TRY(domain_feasible(a->plan, join->child[1], &a->outer, &possible));
    if (possible) TRY(unnest_pays(a->plan, join, UNNEST_DOMAIN, &possible));
    if (!possible) return LLKV_OK;
    TRY(domain_init(a->plan, join, &a->outer, &d));
    const struct expr **columns = cx_alloc_array(a->plan->cx, d.list.count + 1u, sizeof *columns);
    const struct expr **own = cx_alloc_array(a->plan->cx, d.list.count + 1u, sizeof *own);
    if (columns == NULL || own == NULL) return LLKV_NOMEM;
    TRY(domain_push(&d, &join->child[1], columns));
    TRY(domain_own(&d, own));
    TRY(domain_conditions(&d, own, columns, &conditions));
    for (uint32_t i = 0; i < join->join.conditions.count; i++)
        VEC_PUSH(a->plan->cx, &conditions, join->join.conditions.items[i]);
    join->join.conditions = conditions;
    join->dependent = false;
    a->done = true;
    return LLKV_OK;
}

/* ---- all ---- */

static bool has_kind(const struct lnode *join)
{
    return join->kind == LJOIN_INNER || join->kind == LJOIN_LEFT || join->kind == LJOIN_SINGLE ||
           is_filter(join);
}

/* A volatile left side can be shared, unless it depends on something itself. */
static llkv_code left_twice(struct attempt *a)
{
    struct iuset free = {0};
    bool is_volatile = false;
    TRY(lnode_free(a->plan, a->join->child[0], &free));
    TRY(lnode_volatile(a->plan, a->join->child[0], &is_volatile));
    a->twice = !is_volatile || iuset_empty(&free);
    return LLKV_OK;
}

static llkv_code attempt(struct plan *plan, struct lnode *join)
{
    struct attempt a = {.plan = plan, .join = join};
    struct iuset left = {0}, free = {0};
    bool is_volatile = false;
    TRY(lnode_produced(plan, join->child[0], &left));
    TRY(lnode_free(plan, join->child[1], &free));
    for (iu_id iu = iuset_next(&free, 0); iu != 0; iu = iuset_next(&free, iu))
        if (iuset_has(&left, iu)) TRY(iuset_add(plan->cx, &a.outer, iu));
    if (iuset_empty(&a.outer)) {
        join->dependent = false;
        return LLKV_OK;
    }
    TRY(lnode_volatile(plan, join->child[1], &is_volatile));
    if (is_volatile || !has_kind(join)) return LLKV_OK;
    while (join->child[1]->op == LOP_SORT && !join->first_only)
        join->child[1] = join->child[1]->child[0];
    TRY(left_twice(&a));
    TRY(try_scalar(&a));
    if (!a.done && scalar_group(join->child[1]) == NULL) TRY(try_pull(&a));
    if (!a.done && (join->kind != LJOIN_SINGLE || scalar_group(join->child[1]) == NULL))
        TRY(try_domain(&a));
    return LLKV_OK;
}

static llkv_code unnest_node(struct plan *plan, struct lnode *node)
{
    TRY(cx_enter(plan->cx));
    if (node->child[0] != NULL) TRY(unnest_node(plan, node->child[0]));
    if (node->op == LOP_JOIN && node->dependent) {
        TRY(attempt(plan, node));
        /* a row of aggregates may have put operators on top of the join */
        while (node->op != LOP_JOIN)
            node = node->child[0];
    }
    if (node->child[1] != NULL) TRY(unnest_node(plan, node->child[1]));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code rule_unnest(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->shared.count; i++)
        TRY(unnest_node(plan, plan->shared.items[i]));
    return unnest_node(plan, plan->root);
}

static llkv_code settle(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    TRY(cx_enter(plan->cx));
    bool filters = node->op == LOP_JOIN && (node->kind == LJOIN_SEMI || node->kind == LJOIN_ANTI);
    if (filters && node->dependent && node->join.conditions.count != 0) {
        TRY(lnode_filter(plan, node->child[1], &node->join.conditions, &node->child[1]));
        node->join.conditions.count = 0;
    }
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(settle(plan, &node->child[i]));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code unnest_settle(struct plan *plan)
{
    return plan_each_tree(plan, settle);
}
