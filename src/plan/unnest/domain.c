/* domain.c -- the right side computed for every different value of the outer columns at once.
 *
 * The domain is a GROUP over the left side, whose columns stand for the outer ones. It is pushed
 * down the right side to where they are named; every operator on the way hands its columns up. The
 * left side is read twice then: a plain scan is copied, anything else becomes a shared definition.
 */
#include "plan/rule/rule.h"
#include "plan/unnest/unnest.h"

static llkv_code names(struct plan *plan, const struct lnode *node, const struct iuset *outer,
                       bool *out)
{
    struct iuset free = {0};
    TRY(lnode_free(plan, node, &free));
    *out = iuset_intersects(&free, outer);
    return LLKV_OK;
}

/* ---- may it be done ---- */

static bool takes_rows_in_order(const struct lnode *group)
{
    for (uint32_t i = 0; i < group->group.aggs.count; i++) {
        const struct lagg *agg = &group->group.aggs.items[i];
        bool ordered = agg->op == AGG_FIRST || agg->op == AGG_LAST || agg->op == AGG_GROUP_CONCAT;
        if (ordered && agg->order_count == 0) return true;
    }
    return false;
}

static llkv_code join_feasible(struct plan *plan, const struct lnode *node,
                               const struct iuset *outer, bool *out)
{
    if (node->kind == LJOIN_FULL) return LLKV_OK;
    int kept = node->kind == LJOIN_RIGHT ? 1 : 0;
    TRY(domain_feasible(plan, node->child[kept], outer, out));
    if (!*out || node->kind != LJOIN_INNER || node->dependent) return LLKV_OK;
    return domain_feasible(plan, node->child[1], outer, out);
}

llkv_code domain_feasible(struct plan *plan, const struct lnode *node, const struct iuset *outer,
                          bool *out)
{
    bool named;
    TRY(names(plan, node, outer, &named));
    *out = !named;
    if (*out) return LLKV_OK;
    TRY(cx_enter(plan->cx));
    switch ((enum lop)node->op) {
    case LOP_SELECT:
    case LOP_MAP:
    case LOP_SORT: TRY(domain_feasible(plan, node->child[0], outer, out)); break;
    case LOP_GROUP:
        if (!takes_rows_in_order(node)) TRY(domain_feasible(plan, node->child[0], outer, out));
        break;
    case LOP_JOIN: TRY(join_feasible(plan, node, outer, out)); break;
    case LOP_SETOP:
        TRY(domain_feasible(plan, node->child[0], outer, out));
        if (*out) TRY(domain_feasible(plan, node->child[1], outer, out));
        break;
    case LOP_VALUES: *out = node->values.row_count == 1; break;
    case LOP_SCAN: *out = true; break;
    case LOP_LIMIT:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SHARED:
    case LOP_COUNT: break;
    }
    cx_leave(plan->cx);
    return LLKV_OK;
}

/* ---- the domain itself ---- */

llkv_code domain_init(struct plan *plan, struct lnode *join, const struct iuset *outer,
                      struct domain *domain)
{
    *domain = (struct domain){.plan = plan, .join = join, .outer = outer};
    for (iu_id iu = iuset_next(outer, 0); iu != 0; iu = iuset_next(outer, iu))
        VEC_PUSH(plan->cx, &domain->list, iu);
    return LLKV_OK;
}

/* Copy the left side, or make it a definition that both readers share. */
static llkv_code settle_left(struct domain *d)
{
    struct iuset free = {0}, produced = {0};
    struct lnode *left = d->join->child[0], *reader;
    if (d->ready) return LLKV_OK;
    d->ready = true;
    const struct lnode *below = left;
    while (below->op == LOP_SELECT)
        below = below->child[0];
    TRY(lnode_free(d->plan, left, &free));
    bool is_volatile = false;
    TRY(lnode_volatile(d->plan, left, &is_volatile));
    bool plain = below->op == LOP_SCAN || below->op == LOP_SHARED || below->op == LOP_EMPTY;
    if (!is_volatile && (plain || !iuset_empty(&free))) return LLKV_OK;
    d->shared = true;
    d->index = d->plan->shared.count;
    TRY(lnode_produced(d->plan, left, &produced));
    TRY(lnode_new(d->plan, LOP_SHARED, NULL, NULL, &reader));
    reader->shared.index = d->index;
    for (iu_id iu = iuset_next(&produced, 0); iu != 0; iu = iuset_next(&produced, iu)) {
        VEC_PUSH(d->plan->cx, &reader->shared.ius, iu);
        VEC_PUSH(d->plan->cx, &reader->shared.from, iu);
    }
    VEC_PUSH(d->plan->cx, &d->plan->shared, left);
    d->join->child[0] = reader;
    return LLKV_OK;
}

static llkv_code read_shared(struct domain *d, struct lnode **out, const struct expr **columns)
{
    struct lnode *reader;
    TRY(lnode_new(d->plan, LOP_SHARED, NULL, NULL, &reader));
    reader->shared.index = d->index;
    for (uint32_t i = 0; i < d->list.count; i++) {
        struct iu info = d->plan->ius.items[d->list.items[i]];
        iu_id iu;
        TRY(plan_iu_new(d->plan, info.type, info.name, info.nullable, &iu));
        VEC_PUSH(d->plan->cx, &reader->shared.ius, iu);
        VEC_PUSH(d->plan->cx, &reader->shared.from, d->list.items[i]);
        TRY(plan_column(d->plan, iu, -1, &columns[i]));
    }
    *out = reader;
    return LLKV_OK;
}

/* The different values, as a node of its own with columns of its own. */
static llkv_code domain_node(struct domain *d, struct lnode **out, const struct expr **columns)
{
    struct lnode *source, *group;
    TRY(settle_left(d));
    if (d->shared) {
        TRY(read_shared(d, &source, columns));
    } else {
        struct replace map;
        TRY(unnest_clone(d->plan, d->join->child[0], &map, &source));
        for (uint32_t i = 0; i < d->list.count; i++)
            columns[i] = map.by_iu[d->list.items[i]];
    }
    TRY(lnode_new(d->plan, LOP_GROUP, source, NULL, &group));
    group->group.row_of_agg = -1;
    for (uint32_t i = 0; i < d->list.count; i++) {
        struct lkey key = {.iu = columns[i]->column, .expr = columns[i]};
        VEC_PUSH(d->plan->cx, &group->group.keys, key);
    }
    *out = group;
    return LLKV_OK;
}

llkv_code domain_own(struct domain *d, const struct expr **columns)
{
    for (uint32_t i = 0; i < d->list.count; i++)
        TRY(plan_column(d->plan, d->list.items[i], -1, &columns[i]));
    return LLKV_OK;
}

llkv_code domain_conditions(struct domain *d, const struct expr *const *left,
                            const struct expr *const *right, expr_list *out)
{
    for (uint32_t i = 0; i < d->list.count; i++) {
        const struct expr *e;
        bool nulls = (left[i]->flags & EXPR_NULLABLE) != 0;
        TRY(plan_equal(d->plan, left[i], right[i], nulls, &e));
        VEC_PUSH(d->plan->cx, out, e);
    }
    return LLKV_OK;
}

struct renamer {
    struct replace *replace;
};

static llkv_code rename_one(void *arg, const struct expr **io_expr)
{
    struct renamer *r = arg;
    return replace_expr(r->replace, io_expr);
}

llkv_code domain_rename(struct domain *d, struct lnode *node, const struct expr *const *columns,
                        bool whole_tree)
{
    struct replace replace;
    struct renamer renamer = {&replace};
    TRY(replace_init(d->plan, &replace));
    for (uint32_t i = 0; i < d->list.count; i++)
        TRY(replace_set(&replace, d->list.items[i], columns[i]));
    return whole_tree ? replace_tree(&replace, node) : lnode_exprs(node, rename_one, &renamer);
}

/* ---- pushing it down ---- */

static llkv_code columns_new(struct domain *d, const struct expr ***out)
{
    *out = cx_alloc_array(d->plan->cx, d->list.count + 1u, sizeof **out);
    return *out == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* Nothing below depends on the domain: every row meets every value. */
static llkv_code cross(struct domain *d, struct lnode **io_node, const struct expr **columns)
{
    struct lnode *domain, *join;
    TRY(domain_node(d, &domain, columns));
    TRY(lnode_new(d->plan, LOP_JOIN, domain, *io_node, &join));
    join->kind = LJOIN_INNER;
    *io_node = join;
    return LLKV_OK;
}

static llkv_code push_inner(struct domain *d, struct lnode *node, const struct expr **columns)
{
    bool left, right;
    TRY(names(d->plan, node->child[0], d->outer, &left));
    TRY(names(d->plan, node->child[1], d->outer, &right));
    TRY(domain_push(d, &node->child[right && !left ? 1 : 0], columns));
    TRY(domain_rename(d, node, columns, false));
    if (!left || !right) return LLKV_OK;
    const struct expr **other;
    TRY(columns_new(d, &other));
    TRY(domain_push(d, &node->child[1], other));
    return domain_conditions(d, columns, other, &node->join.conditions);
}

/* The left side carries the domain; what the right side names becomes a column of the left. */
static llkv_code push_left(struct domain *d, struct lnode *node, const struct expr **columns)
{
    struct iuset free = {0}, left = {0};
    if (node->kind == LJOIN_RIGHT) {
        struct lnode *swap = node->child[0];
        node->child[0] = node->child[1];
        node->child[1] = swap;
        node->kind = LJOIN_LEFT;
    }
    TRY(domain_push(d, &node->child[0], columns));
    TRY(domain_rename(d, node->child[1], columns, true));
    TRY(domain_rename(d, node, columns, false));
    TRY(lnode_free(d->plan, node->child[1], &free));
    TRY(lnode_produced(d->plan, node->child[0], &left));
    node->dependent = iuset_intersects(&free, &left);
    if (!node->dependent || node->kind != LJOIN_ANTI_NULL) return LLKV_OK;
    node->kind = LJOIN_ANTI; /* one emptiness per row, not one for all */
    const struct expr **last = &node->join.conditions.items[node->join.conditions.count - 1];
    return plan_bool(d->plan, EXPR_IS_FALSE, 1, last, 1, last);
}

static llkv_code push_group(struct domain *d, struct lnode **io_node, const struct expr **columns)
{
    struct lnode *node = *io_node, *domain, *join;
    bool one_row = node->group.keys.count == 0;
    TRY(domain_push(d, &node->child[0], columns));
    TRY(domain_rename(d, node, columns, false));
    for (uint32_t i = 0; i < d->list.count; i++) {
        struct lkey key = {.iu = columns[i]->column, .expr = columns[i]};
        VEC_PUSH(d->plan->cx, &node->group.keys, key);
    }
    if (!one_row) return LLKV_OK;
    const struct expr **all; /* values without rows have a row of aggregates as well */
    TRY(columns_new(d, &all));
    TRY(domain_node(d, &domain, all));
    TRY(lnode_new(d->plan, LOP_JOIN, domain, node, &join));
    join->kind = LJOIN_LEFT;
    TRY(domain_conditions(d, all, columns, &join->join.conditions));
    for (uint32_t i = 0; i < d->list.count; i++)
        columns[i] = all[i];
    TRY(scalar_fill(d->plan, node, &join));
    *io_node = join;
    return LLKV_OK;
}

static llkv_code push_setop(struct domain *d, struct lnode *node, const struct expr **columns)
{
    const struct expr **right;
    TRY(columns_new(d, &right));
    TRY(domain_push(d, &node->child[0], columns));
    TRY(domain_push(d, &node->child[1], right));
    for (uint32_t i = 0; i < d->list.count; i++) {
        struct iu info = d->plan->ius.items[d->list.items[i]];
        iu_id iu;
        TRY(plan_iu_new(d->plan, info.type, info.name, info.nullable, &iu));
        VEC_PUSH(d->plan->cx, &node->setop.from[0], columns[i]->column);
        VEC_PUSH(d->plan->cx, &node->setop.from[1], right[i]->column);
        VEC_PUSH(d->plan->cx, &node->setop.ius, iu);
        TRY(plan_column(d->plan, iu, -1, &columns[i]));
    }
    return LLKV_OK;
}

/* One row of expressions over the domain. */
static llkv_code push_values(struct domain *d, struct lnode **io_node, const struct expr **columns)
{
    struct lnode *node = *io_node, *domain, *map;
    TRY(domain_node(d, &domain, columns));
    TRY(domain_rename(d, node, columns, false));
    TRY(lnode_new(d->plan, LOP_MAP, domain, NULL, &map));
    for (uint32_t i = 0; i < node->values.ius.count; i++) {
        struct lmap_item item = {node->values.ius.items[i], node->values.exprs.items[i]};
        VEC_PUSH(d->plan->cx, &map->map.items, item);
    }
    *io_node = map;
    return LLKV_OK;
}

static llkv_code push_scan(struct domain *d, struct lnode **io_node, const struct expr **columns)
{
    struct lnode *scan = *io_node;
    expr_list moved = scan->scan.conjuncts;
    memset(&scan->scan.conjuncts, 0, sizeof scan->scan.conjuncts);
    TRY(cross(d, io_node, columns));
    TRY(lnode_filter(d->plan, *io_node, &moved, io_node));
    return domain_rename(d, *io_node, columns, false);
}

static llkv_code push_node(struct domain *d, struct lnode **io_node, const struct expr **columns)
{
    struct lnode *node = *io_node;
    switch ((enum lop)node->op) {
    case LOP_SELECT:
    case LOP_MAP:
    case LOP_SORT:
        TRY(domain_push(d, &node->child[0], columns));
        return domain_rename(d, node, columns, false);
    case LOP_JOIN:
        if (node->kind == LJOIN_INNER && !node->dependent) return push_inner(d, node, columns);
        return push_left(d, node, columns);
    case LOP_GROUP: return push_group(d, io_node, columns);
    case LOP_SETOP: return push_setop(d, node, columns);
    case LOP_VALUES: return push_values(d, io_node, columns);
    case LOP_SCAN: return push_scan(d, io_node, columns);
    case LOP_LIMIT:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SHARED:
    case LOP_COUNT: break;
    }
    return cx_fail(d->plan->cx, LLKV_INTERNAL, "a domain cannot pass operator %u", node->op);
}

llkv_code domain_push(struct domain *d, struct lnode **io_node, const struct expr **columns)
{
    bool named;
    TRY(names(d->plan, *io_node, d->outer, &named));
    if (!named) return cross(d, io_node, columns);
    TRY(cx_enter(d->plan->cx));
    TRY(push_node(d, io_node, columns));
    cx_leave(d->plan->cx);
    return LLKV_OK;
}
