/* pull.c -- conditions on outer columns, lifted to where the outer columns are. */
#include "plan/rule/rule.h"
#include "plan/unnest/unnest.h"

struct pull {
    const struct unnest_pull *request;
    struct plan *plan;
    struct iuset outer; /* and computed columns that name them */
    struct replace *columns;
    bool failed;
};

static llkv_code pull(struct pull *p, struct lnode **io_node, expr_list *out);

static llkv_code names_outer(struct pull *p, const struct lnode *node, bool *out)
{
    struct iuset free = {0};
    TRY(lnode_free(p->plan, node, &free));
    *out = iuset_intersects(&free, p->request->outer);
    return LLKV_OK;
}

static llkv_code lift(struct pull *p, const struct expr *e, expr_list *out)
{
    if (e->flags & EXPR_VOLATILE) p->failed = true;
    TRY(replace_expr(p->columns, &e));
    VEC_PUSH(p->plan->cx, out, e);
    return LLKV_OK;
}

/* Errors must not come for rows that a lifted condition would have kept out: what may raise
 * follows. */
static llkv_code pull_list(struct pull *p, expr_list *list, expr_list *out)
{
    uint32_t kept = 0, lifted = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct expr *e = list->items[i];
        bool raises = (e->flags & EXPR_CAN_RAISE) != 0;
        if (expr_touches(e, &p->outer) || (raises && lifted != 0)) {
            TRY(lift(p, e, out));
            lifted++;
        } else if (p->request->change) {
            list->items[kept++] = e;
        }
    }
    if (p->request->change) list->count = kept;
    return LLKV_OK;
}

static llkv_code pull_map(struct pull *p, struct lnode **io_node, expr_list *out)
{
    struct lnode *node = *io_node;
    uint32_t kept = 0;
    TRY(pull(p, &node->child[0], out));
    for (uint32_t i = 0; i < node->map.items.count; i++) {
        struct lmap_item item = node->map.items.items[i];
        if (expr_touches(item.expr, &p->outer)) {
            if (!p->request->substitute || (item.expr->flags & EXPR_VOLATILE)) p->failed = true;
            TRY(iuset_add(p->plan->cx, &p->outer, item.iu));
            TRY(replace_expr(p->columns, &item.expr));
            if (p->request->change) TRY(replace_set(p->columns, item.iu, item.expr));
        } else if (p->request->change) {
            node->map.items.items[kept++] = item;
        }
    }
    if (!p->request->change) return LLKV_OK;
    node->map.items.count = kept;
    if (kept == 0) *io_node = node->child[0];
    return LLKV_OK;
}

static bool any_touches(const expr_list *list, const struct iuset *set)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_touches(list->items[i], set)) return true;
    return false;
}

static llkv_code pull_join(struct pull *p, struct lnode *node, expr_list *out)
{
    if (node->kind == LJOIN_FULL || (node->kind == LJOIN_INNER && node->dependent)) {
        p->failed = true;
        return LLKV_OK;
    }
    if (node->kind == LJOIN_INNER) {
        TRY(pull(p, &node->child[0], out));
        TRY(pull(p, &node->child[1], out));
        return pull_list(p, &node->join.conditions, out);
    }
    int kept = node->kind == LJOIN_RIGHT ? 1 : 0; /* the side whose rows all stay or are filtered */
    TRY(pull(p, &node->child[kept], out));
    struct iuset free = {0};
    TRY(lnode_free(p->plan, node->child[1 - kept], &free));
    if (iuset_intersects(&free, &p->outer)) p->failed = true;
    if (any_touches(&node->join.conditions, &p->outer)) p->failed = true;
    return LLKV_OK;
}

bool unnest_split(const struct expr *e, const struct iuset *outer, const struct iuset *inside,
                  const struct expr **out_inner, const struct expr **out_outer)
{
    bool null_equal;
    if (!expr_is_equality(e, &null_equal)) return false;
    for (int i = 0; i < 2; i++) {
        const struct expr *inner = e->args[i], *other = e->args[1 - i];
        if (expr_touches(inner, outer) || !expr_touches(inner, inside)) continue;
        if (!expr_touches(other, outer) || expr_touches(other, inside)) continue;
        if ((inner->flags & (EXPR_VOLATILE | EXPR_CAN_RAISE)) != 0) continue;
        *out_inner = inner;
        *out_outer = other;
        return true;
    }
    return false;
}

/* Through a group: what is about keys passes, an equality makes its inner side a key. */
static llkv_code through_group(struct pull *p, struct lnode *group, const struct expr *e,
                               const struct iuset *inside, expr_list *out)
{
    struct iuset other = {0};
    TRY(iuset_copy(p->plan->cx, inside, &other));
    for (uint32_t i = 0; i < group->group.keys.count; i++) {
        const struct lkey *key = &group->group.keys.items[i];
        if (key->expr->kind == EXPR_COLUMN && key->expr->column == key->iu)
            iuset_remove(&other, key->iu);
    }
    const struct expr *inner, *outer;
    if (!expr_touches(e, &other)) {
        VEC_PUSH(p->plan->cx, out, e);
        return LLKV_OK;
    }
    if (!unnest_split(e, &p->outer, inside, &inner, &outer)) {
        p->failed = true;
        return LLKV_OK;
    }
    if (p->request->change) {
        struct lkey key = {.iu = inner->column, .expr = inner};
        if (inner->kind != EXPR_COLUMN)
            TRY(plan_iu_new(p->plan, inner->type, "", (inner->flags & EXPR_NULLABLE) != 0,
                            &key.iu));
        VEC_PUSH(p->plan->cx, &group->group.keys, key);
        TRY(plan_column(p->plan, key.iu, inner->at, &inner));
        TRY(plan_equal(p->plan, inner, outer, e->kind == EXPR_DISTINCT, &e));
    }
    VEC_PUSH(p->plan->cx, out, e);
    return LLKV_OK;
}

struct group_scan {
    const struct iuset *outer;
    bool fixed; /* an expression that may not be computed for more groups than were asked for */
};

static llkv_code see_group_expr(void *arg, const struct expr **io_expr)
{
    struct group_scan *scan = arg;
    scan->fixed |= expr_touches(*io_expr, scan->outer) ||
                   ((*io_expr)->flags & (EXPR_CAN_RAISE | EXPR_VOLATILE)) != 0;
    return LLKV_OK;
}

static llkv_code pull_group(struct pull *p, struct lnode *node, expr_list *out)
{
    expr_list below = {0};
    struct iuset inside = {0};
    TRY(pull(p, &node->child[0], &below));
    struct group_scan scan = {.outer = &p->outer};
    TRY(lnode_exprs(node, see_group_expr, &scan));
    if (scan.fixed || node->group.keys.count == 0) p->failed = true;
    TRY(lnode_produced(p->plan, node->child[0], &inside));
    for (uint32_t i = 0; i < below.count && !p->failed; i++)
        TRY(through_group(p, node, below.items[i], &inside, out));
    return LLKV_OK;
}

static llkv_code pull_select(struct pull *p, struct lnode **io_node, expr_list *out)
{
    struct lnode *node = *io_node;
    TRY(pull(p, &node->child[0], out));
    TRY(pull_list(p, &node->select.conjuncts, out));
    if (p->request->change && node->select.conjuncts.count == 0) *io_node = node->child[0];
    return LLKV_OK;
}

static llkv_code pull_sort(struct pull *p, struct lnode *node, expr_list *out)
{
    TRY(pull(p, &node->child[0], out));
    for (uint32_t i = 0; i < node->sort.keys.count; i++)
        if (expr_touches(node->sort.keys.items[i].expr, &p->outer)) p->failed = true;
    return LLKV_OK;
}

static llkv_code pull(struct pull *p, struct lnode **io_node, expr_list *out)
{
    struct lnode *node = *io_node;
    bool named;
    if (p->failed) return LLKV_OK;
    TRY(names_outer(p, node, &named));
    if (!named) return LLKV_OK;
    TRY(cx_enter(p->plan->cx));
    switch ((enum lop)node->op) {
    case LOP_SELECT: TRY(pull_select(p, io_node, out)); break;
    case LOP_MAP: TRY(pull_map(p, io_node, out)); break;
    case LOP_JOIN: TRY(pull_join(p, node, out)); break;
    case LOP_GROUP: TRY(pull_group(p, node, out)); break;
    case LOP_SORT: TRY(pull_sort(p, node, out)); break;
    case LOP_SCAN: TRY(pull_list(p, &node->scan.conjuncts, out)); break;
    case LOP_LIMIT:
    case LOP_SETOP:
    case LOP_VALUES:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SHARED:
    case LOP_COUNT: p->failed = true; break;
    }
    cx_leave(p->plan->cx);
    return LLKV_OK;
}

llkv_code unnest_pull(const struct unnest_pull *request, struct lnode **io_node, expr_list *out,
                      struct replace *columns, bool *out_done)
{
    struct pull p = {.request = request, .plan = request->plan, .columns = columns};
    TRY(iuset_copy(p.plan->cx, request->outer, &p.outer));
    TRY(pull(&p, io_node, out));
    *out_done = !p.failed;
    CHECK(p.plan->cx, !request->change || !p.failed);
    return LLKV_OK;
}
