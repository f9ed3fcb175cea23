/* outer.c -- outer_to_inner: an outer join whose padded rows are rejected above needs no padding.
 *
 * Walking down, `rejected` holds the IUs whose NULL keeps a row out of the answer. */
#include "plan/rule/rule.h"

static llkv_code simplify(struct plan *plan, struct lnode *node, const struct iuset *rejected);

static llkv_code add_rejected(struct plan *plan, const expr_list *conjuncts, struct iuset *io_set)
{
    for (uint32_t i = 0; i < conjuncts->count; i++)
        TRY(null_implied(plan, conjuncts->items[i], NULL_NOT_TRUE, io_set));
    return LLKV_OK;
}

/* The kind after it is known which sides must not be padded. */
static enum ljoin_kind reduced(enum ljoin_kind kind, bool left, bool right)
{
    if (kind == LJOIN_LEFT && right) return LJOIN_INNER;
    if (kind == LJOIN_RIGHT && left) return LJOIN_INNER;
    if (kind == LJOIN_FULL && left && right) return LJOIN_INNER;
    if (kind == LJOIN_FULL && left) return LJOIN_LEFT;
    if (kind == LJOIN_FULL && right) return LJOIN_RIGHT;
    return kind;
}

static llkv_code reduce_kind(struct plan *plan, struct lnode *node, const struct iuset *rejected)
{
    struct iuset left = {0}, right = {0};
    if (node->kind == LJOIN_SINGLE && !node->dependent) {
        bool unique;
        TRY(join_partner_unique(plan, node, &unique));
        if (unique && node->join.conditions.count != 0) node->kind = LJOIN_LEFT;
    }
    if (node->kind != LJOIN_LEFT && node->kind != LJOIN_RIGHT && node->kind != LJOIN_FULL)
        return LLKV_OK;
    TRY(lnode_produced(plan, node->child[0], &left));
    TRY(lnode_produced(plan, node->child[1], &right));
    node->kind = (uint8_t)reduced((enum ljoin_kind)node->kind, iuset_intersects(rejected, &left),
                                  iuset_intersects(rejected, &right));
    return LLKV_OK;
}

static llkv_code simplify_join(struct plan *plan, struct lnode *node, const struct iuset *rejected)
{
    TRY(reduce_kind(plan, node, rejected));
    struct iuset on = {0}, both = {0}, none = {0};
    bool aware = node->null_aware || node->kind == LJOIN_ANTI_NULL;
    if (!aware) TRY(add_rejected(plan, &node->join.conditions, &on));
    TRY(iuset_copy(plan->cx, rejected, &both));
    TRY(iuset_add_all(plan->cx, &both, &on));
    const struct iuset *left = &none, *right = &none;
    switch ((enum ljoin_kind)node->kind) {
    case LJOIN_INNER: left = right = &both; break;
    case LJOIN_LEFT:
    case LJOIN_ANTI:
    case LJOIN_ANTI_NULL:
    case LJOIN_MARK:
    case LJOIN_SINGLE:
        left = rejected;
        right = &on;
        break;
    case LJOIN_SEMI:
        left = &both;
        right = &on;
        break;
    case LJOIN_RIGHT:
        left = &on;
        right = rejected;
        break;
    case LJOIN_FULL: break;
    }
    TRY(simplify(plan, node->child[0], left));
    return simplify(plan, node->child[1], right);
}

static llkv_code simplify_map(struct plan *plan, struct lnode *node, const struct iuset *rejected)
{
    struct iuset below = {0};
    TRY(iuset_copy(plan->cx, rejected, &below));
    for (uint32_t i = 0; i < node->map.items.count; i++) {
        const struct lmap_item *item = &node->map.items.items[i];
        if (iuset_has(rejected, item->iu))
            TRY(null_implied(plan, item->expr, NULL_GIVES_NULL, &below));
    }
    return simplify(plan, node->child[0], &below);
}

static llkv_code simplify_group(struct plan *plan, struct lnode *node, const struct iuset *rejected)
{
    struct iuset below = {0};
    for (uint32_t i = 0; i < node->group.keys.count; i++) {
        const struct lkey *key = &node->group.keys.items[i];
        if (iuset_has(rejected, key->iu))
            TRY(null_implied(plan, key->expr, NULL_GIVES_NULL, &below));
    }
    return simplify(plan, node->child[0], &below);
}

static llkv_code simplify_setop(struct plan *plan, struct lnode *node, const struct iuset *rejected)
{
    for (int side = 0; side < 2; side++) {
        struct iuset below = {0};
        for (uint32_t i = 0; i < node->setop.ius.count; i++)
            if (iuset_has(rejected, node->setop.ius.items[i]))
                TRY(iuset_add(plan->cx, &below, node->setop.from[side].items[i]));
        TRY(simplify(plan, node->child[side], &below));
    }
    return LLKV_OK;
}

static llkv_code simplify(struct plan *plan, struct lnode *node, const struct iuset *rejected)
{
    struct iuset below = {0};
    llkv_code rc = LLKV_OK;
    TRY(cx_enter(plan->cx));
    switch ((enum lop)node->op) {
    case LOP_SELECT:
        TRY(iuset_copy(plan->cx, rejected, &below));
        TRY(add_rejected(plan, &node->select.conjuncts, &below));
        rc = simplify(plan, node->child[0], &below);
        break;
    case LOP_JOIN: rc = simplify_join(plan, node, rejected); break;
    case LOP_MAP: rc = simplify_map(plan, node, rejected); break;
    case LOP_GROUP: rc = simplify_group(plan, node, rejected); break;
    case LOP_SETOP: rc = simplify_setop(plan, node, rejected); break;
    case LOP_SORT: rc = simplify(plan, node->child[0], rejected); break;
    case LOP_LIMIT: rc = simplify(plan, node->child[0], &below); break;
    case LOP_SCAN:
    case LOP_VALUES:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_EMPTY:
    case LOP_SHARED:
    case LOP_COUNT: break;
    }
    cx_leave(plan->cx);
    return rc;
}

static llkv_code simplify_tree(struct plan *plan, struct lnode **io_node)
{
    struct iuset none = {0};
    return simplify(plan, *io_node, &none);
}

llkv_code rule_outer_to_inner(struct plan *plan)
{
    return plan_each_tree(plan, simplify_tree);
}
