/* push.c -- pushdown: conditions move towards the tables they speak of.
 *
 * push() takes conditions that hold above a node and makes the node's subtree enforce them. What
 * may raise an error stays above joins, groups and set operations, and behind the conditions
 * written before it; what is volatile stays where it was written. */
#include "plan/rule/rule.h"

static llkv_code push(struct plan *plan, struct lnode **io_node, expr_list *conjuncts);

static bool moves(const struct expr *e)
{
    return (e->flags & (EXPR_VOLATILE | EXPR_CAN_RAISE)) == 0;
}

static llkv_code keep(struct plan *plan, struct lnode **io_node, const expr_list *stay)
{
    return lnode_filter(plan, *io_node, stay, io_node);
}

/* ---- one input ---- */

static llkv_code push_select(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    expr_list below = {0}, stay = {0};
    for (uint32_t i = 0; i < node->select.conjuncts.count; i++) {
        const struct expr *e = node->select.conjuncts.items[i];
        VEC_PUSH(plan->cx, (e->flags & EXPR_VOLATILE) ? &stay : &below, e);
    }
    for (uint32_t i = 0; i < conjuncts->count; i++)
        TRY(expr_list_add(plan, &below, conjuncts->items[i]));
    TRY(push(plan, &node->child[0], &below));
    *io_node = node->child[0];
    if (stay.count == 0) return LLKV_OK;
    node->select.conjuncts.count = 0;
    for (uint32_t i = 0; i < stay.count; i++)
        VEC_PUSH(plan->cx, &node->select.conjuncts, stay.items[i]);
    *io_node = node;
    return LLKV_OK;
}

static llkv_code push_map(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    struct replace replace;
    expr_list below = {0}, stay = {0};
    struct iuset fixed = {0};
    if (conjuncts->count == 0) return push(plan, &node->child[0], &below);
    TRY(replace_init(plan, &replace));
    for (uint32_t i = 0; i < node->map.items.count; i++) {
        const struct lmap_item *item = &node->map.items.items[i];
        TRY(replace_set(&replace, item->iu, item->expr));
        if (item->expr->flags & EXPR_VOLATILE) TRY(iuset_add(plan->cx, &fixed, item->iu));
    }
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const struct expr *e = conjuncts->items[i];
        bool raises = (e->flags & EXPR_CAN_RAISE) != 0;
        if (expr_touches(e, &fixed) || (raises && stay.count != 0)) {
            VEC_PUSH(plan->cx, &stay, e);
            continue;
        }
        TRY(replace_expr(&replace, &e));
        VEC_PUSH(plan->cx, &below, e);
    }
    TRY(push(plan, &node->child[0], &below));
    return keep(plan, io_node, &stay);
}

static llkv_code push_group(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    struct replace replace;
    expr_list below = {0}, stay = {0};
    struct iuset keys = {0};
    if (conjuncts->count == 0) return push(plan, &node->child[0], &below);
    TRY(replace_init(plan, &replace));
    for (uint32_t i = 0; i < node->group.keys.count; i++) {
        const struct lkey *key = &node->group.keys.items[i];
        if (key->expr->flags & EXPR_VOLATILE) continue;
        TRY(iuset_add(plan->cx, &keys, key->iu));
        TRY(replace_set(&replace, key->iu, key->expr));
    }
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const struct expr *e = conjuncts->items[i];
        if (!moves(e) || !expr_touches(e, &keys) || !expr_within(e, &keys)) {
            VEC_PUSH(plan->cx, &stay, e);
            continue;
        }
        TRY(replace_expr(&replace, &e));
        VEC_PUSH(plan->cx, &below, e);
    }
    TRY(push(plan, &node->child[0], &below));
    return keep(plan, io_node, &stay);
}

static llkv_code push_setop(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    expr_list stay = {0};
    for (int side = 0; side < 2; side++) {
        struct replace replace;
        expr_list below = {0};
        TRY(replace_init(plan, &replace));
        for (uint32_t i = 0; i < node->setop.ius.count; i++) {
            const struct expr *from;
            TRY(plan_column(plan, node->setop.from[side].items[i], -1, &from));
            TRY(replace_set(&replace, node->setop.ius.items[i], from));
        }
        for (uint32_t i = 0; i < conjuncts->count; i++) {
            const struct expr *e = conjuncts->items[i];
            if (!moves(e)) {
                if (side == 0) VEC_PUSH(plan->cx, &stay, e);
                continue;
            }
            TRY(replace_expr(&replace, &e));
            VEC_PUSH(plan->cx, &below, e);
        }
        TRY(push(plan, &node->child[side], &below));
    }
    return keep(plan, io_node, &stay);
}

static llkv_code push_scan(struct plan *plan, struct lnode *node, const expr_list *conjuncts)
{
    for (uint32_t i = 0; i < conjuncts->count; i++)
        TRY(expr_list_add(plan, &node->scan.conjuncts, conjuncts->items[i]));
    return LLKV_OK;
}

/* ---- joins ---- */

struct sides {
    struct iuset left, right;
    expr_list to_left, to_right, on, stay;
};

static llkv_code sides_of(struct plan *plan, const struct lnode *node, struct sides *s)
{
    memset(s, 0, sizeof *s);
    TRY(lnode_produced(plan, node->child[0], &s->left));
    TRY(lnode_produced(plan, node->child[1], &s->right));
    /* what the join itself makes is not known on its left side either */
    return node->kind == LJOIN_MARK ? iuset_add(plan->cx, &s->right, node->join.mark) : LLKV_OK;
}

/* x = y with x over one side and y over the other */
static bool is_join_key(const struct expr *e, const struct sides *s)
{
    if (!expr_is_equality(e, NULL) || (e->flags & EXPR_VOLATILE)) return false;
    for (int i = 0; i < 2; i++)
        if (!expr_touches(e->args[i], &s->right) && !expr_touches(e->args[1 - i], &s->left) &&
            expr_touches(e->args[i], &s->left) && expr_touches(e->args[1 - i], &s->right))
            return true;
    return false;
}

/* A condition over both sides of an inner join; what it says about each side goes there, too. */
static llkv_code to_both(struct plan *plan, struct sides *s, const struct expr *e)
{
    const struct expr *filter;
    TRY(expr_list_add(plan, &s->on, e));
    TRY(or_side_filter(plan, e, &s->left, &filter));
    if (filter != NULL) TRY(expr_list_add(plan, &s->to_left, filter));
    TRY(or_side_filter(plan, e, &s->right, &filter));
    if (filter != NULL) TRY(expr_list_add(plan, &s->to_right, filter));
    return LLKV_OK;
}

static bool is_inner(const struct lnode *node)
{
    return node->op == LOP_JOIN && node->kind == LJOIN_INNER && !node->dependent;
}

/* What may raise goes down only as the key of a join: that join would be a cross product else. */
static llkv_code is_key_below(struct plan *plan, const struct lnode *node, const struct expr *e,
                              bool *out)
{
    *out = false;
    while (is_inner(node) && !*out) {
        struct sides s;
        TRY(sides_of(plan, node, &s));
        bool left = expr_touches(e, &s.left), right = expr_touches(e, &s.right);
        *out = is_join_key(e, &s);
        if (left == right) return LLKV_OK;
        node = node->child[left ? 0 : 1];
    }
    return LLKV_OK;
}

static llkv_code sort_out_inner(struct plan *plan, const struct lnode *node, struct sides *s,
                                const struct expr *e)
{
    bool left = expr_touches(e, &s->left), right = expr_touches(e, &s->right), key = true;
    if (!moves(e)) TRY(is_key_below(plan, node, e, &key));
    if (!key) return expr_list_add(plan, &s->stay, e);
    if (left && right) return to_both(plan, s, e);
    return expr_list_add(plan, right ? &s->to_right : &s->to_left, e);
}

/* Give the conditions of a block of inner joins to its joins and leaves. */
static llkv_code distribute(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    if (!is_inner(node)) {
        expr_list list = *conjuncts;
        return push(plan, io_node, &list);
    }
    struct sides s;
    TRY(cx_enter(plan->cx));
    TRY(sides_of(plan, node, &s));
    s.on = node->join.conditions; /* those that may raise have stayed */
    for (uint32_t i = 0; i < conjuncts->count; i++)
        TRY(sort_out_inner(plan, node, &s, conjuncts->items[i]));
    node->join.conditions = s.on;
    TRY(distribute(plan, &node->child[0], &s.to_left));
    TRY(distribute(plan, &node->child[1], &s.to_right));
    TRY(keep(plan, io_node, &s.stay));
    cx_leave(plan->cx);
    return LLKV_OK;
}

/* Take all conditions out of a block of inner joins, but for those that may raise. */
static llkv_code collect(struct plan *plan, struct lnode **io_node, expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    expr_list *own = NULL;
    if (is_inner(node)) own = &node->join.conditions;
    if (node->op == LOP_SELECT) own = &node->select.conjuncts;
    if (own == NULL) return LLKV_OK;
    TRY(cx_enter(plan->cx));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < own->count; i++) {
        if (moves(own->items[i]))
            TRY(expr_list_add(plan, conjuncts, own->items[i]));
        else
            own->items[kept++] = own->items[i];
    }
    own->count = kept;
    if (is_inner(node)) {
        TRY(collect(plan, &node->child[0], conjuncts));
        TRY(collect(plan, &node->child[1], conjuncts));
    } else {
        TRY(collect(plan, &node->child[0], conjuncts));
        if (kept == 0) *io_node = node->child[0];
    }
    cx_leave(plan->cx);
    return LLKV_OK;
}

static llkv_code push_inner(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts)
{
    expr_list all = {0};
    TRY(collect(plan, io_node, &all));
    for (uint32_t i = 0; i < conjuncts->count; i++)
        TRY(expr_list_add(plan, &all, conjuncts->items[i]));
    TRY(classes_derive(plan, &all, &all, &all));
    return distribute(plan, io_node, &all);
}

/* Which way a join's own conditions and those from above may go. */
struct door {
    bool above_left, above_right; /* conditions from above on one side only */
    bool on_left, on_right;       /* conditions of the join on one side only */
    bool derive;                  /* what holds on the left restricts partners on the right */
};

static struct door door_of(const struct lnode *node)
{
    static const struct door doors[] = {
        [LJOIN_INNER] = {true, true, true, true, true},
        [LJOIN_LEFT] = {true, false, false, true, true},
        [LJOIN_RIGHT] = {false, true, true, false, false},
        [LJOIN_FULL] = {false, false, false, false, false},
        [LJOIN_SEMI] = {true, false, true, true, true},
        [LJOIN_ANTI] = {true, false, false, true, true},
        [LJOIN_ANTI_NULL] = {true, false, false, false, false},
        [LJOIN_MARK] = {true, false, false, true, true},
        [LJOIN_SINGLE] = {true, false, false, true, true},
    };
    struct door door = doors[node->kind];
    if (node->null_aware) door.on_right = door.derive = false;
    return door;
}

static llkv_code sort_out(struct plan *plan, const struct door *door, struct sides *s,
                          const expr_list *conjuncts, bool above)
{
    bool to_left = above ? door->above_left : door->on_left;
    bool to_right = above ? door->above_right : door->on_right;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const struct expr *e = conjuncts->items[i];
        if (expr_is_true(e)) continue;
        bool left = expr_touches(e, &s->left), right = expr_touches(e, &s->right);
        expr_list *to = above ? &s->stay : &s->on;
        if (moves(e) && to_left && !right && (left || above)) to = &s->to_left;
        if (moves(e) && to_right && !left && (right || (above && !to_left))) to = &s->to_right;
        TRY(expr_list_add(plan, to, e));
    }
    return LLKV_OK;
}

static llkv_code derive_right(struct plan *plan, struct sides *s)
{
    expr_list derived = {0};
    TRY(classes_derive(plan, &s->to_left, &s->on, &derived));
    for (uint32_t i = 0; i < derived.count; i++) /* a left row without a partner may stay */
        if (expr_within(derived.items[i], &s->right))
            TRY(expr_list_add(plan, &s->to_right, derived.items[i]));
    return LLKV_OK;
}

static llkv_code still_dependent(struct plan *plan, struct lnode *node)
{
    struct iuset outer = {0}, left = {0};
    if (!node->dependent) return LLKV_OK;
    TRY(lnode_free(plan, node->child[1], &outer));
    TRY(lnode_produced(plan, node->child[0], &left));
    node->dependent = iuset_intersects(&outer, &left);
    return LLKV_OK;
}

/* A scalar that depends on nothing moves to the relation that it is compared with: below the joins
 * it can filter. */
static llkv_code sink_scalar(struct plan *plan, struct lnode **io_node, const expr_list *conjuncts,
                             bool *out_sunk)
{
    struct lnode *node = *io_node;
    *out_sunk = false;
    if (node->kind != LJOIN_SINGLE || node->dependent || node->join.conditions.count != 0)
        return LLKV_OK;
    struct sides s;
    struct iuset here = {0};
    const struct expr *use = NULL;
    TRY(sides_of(plan, node, &s));
    for (uint32_t i = 0; i < conjuncts->count && use == NULL; i++)
        if (moves(conjuncts->items[i]) && expr_touches(conjuncts->items[i], &s.right) &&
            expr_touches(conjuncts->items[i], &s.left))
            use = conjuncts->items[i];
    if (use == NULL) return LLKV_OK;
    TRY(iuset_add_expr(plan->cx, &here, use));
    iuset_remove_all(&here, &s.right);
    struct lnode **slot = &node->child[0];
    for (;;) {
        struct iuset side[2] = {{0}, {0}};
        while ((*slot)->op == LOP_SELECT)
            slot = &(*slot)->child[0];
        if (!is_inner(*slot)) break;
        for (int i = 0; i < 2; i++)
            TRY(lnode_produced(plan, (*slot)->child[i], &side[i]));
        if (!iuset_subset(&here, &side[0]) && !iuset_subset(&here, &side[1])) break;
        slot = &(*slot)->child[iuset_subset(&here, &side[0]) ? 0 : 1];
        *out_sunk = true;
    }
    if (!*out_sunk) return LLKV_OK;
    struct lnode *below = *slot;
    *io_node = node->child[0];
    *slot = node;
    node->child[0] = below;
    return LLKV_OK;
}

static llkv_code push_join(struct plan *plan, struct lnode **io_node, expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    bool sunk;
    if (is_inner(node)) return push_inner(plan, io_node, conjuncts);
    TRY(sink_scalar(plan, io_node, conjuncts, &sunk));
    if (sunk) return push(plan, io_node, conjuncts);
    struct sides s;
    struct door door = door_of(node);
    expr_list on = node->join.conditions;
    TRY(sides_of(plan, node, &s));
    TRY(sort_out(plan, &door, &s, conjuncts, true));
    TRY(sort_out(plan, &door, &s, &on, false));
    node->join.conditions = s.on;
    if (door.derive) TRY(derive_right(plan, &s));
    TRY(push(plan, &node->child[0], &s.to_left));
    TRY(push(plan, &node->child[1], &s.to_right));
    TRY(still_dependent(plan, node));
    return keep(plan, io_node, &s.stay);
}

/* ---- all ---- */

static llkv_code push_node(struct plan *plan, struct lnode **io_node, expr_list *conjuncts)
{
    struct lnode *node = *io_node;
    expr_list none = {0};
    switch ((enum lop)node->op) {
    case LOP_SELECT: return push_select(plan, io_node, conjuncts);
    case LOP_MAP: return push_map(plan, io_node, conjuncts);
    case LOP_JOIN: return push_join(plan, io_node, conjuncts);
    case LOP_GROUP: return push_group(plan, io_node, conjuncts);
    case LOP_SETOP: return push_setop(plan, io_node, conjuncts);
    case LOP_SCAN: return push_scan(plan, node, conjuncts);
    case LOP_SORT: return push(plan, &node->child[0], conjuncts);
    case LOP_LIMIT: TRY(push(plan, &node->child[0], &none)); break;
    case LOP_EMPTY: return LLKV_OK;
    case LOP_VALUES:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_SHARED:
    case LOP_COUNT: break;
    }
    return keep(plan, io_node, conjuncts);
}

static llkv_code push(struct plan *plan, struct lnode **io_node, expr_list *conjuncts)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        if (expr_is_never_true(conjuncts->items[i])) return lnode_make_empty(plan, io_node);
        if (!expr_is_true(conjuncts->items[i])) conjuncts->items[kept++] = conjuncts->items[i];
    }
    conjuncts->count = kept;
    TRY(cx_enter(plan->cx));
    TRY(push_node(plan, io_node, conjuncts));
    cx_leave(plan->cx);
    return LLKV_OK;
}

static llkv_code push_tree(struct plan *plan, struct lnode **io_node)
{
    expr_list none = {0};
    return push(plan, io_node, &none);
}

llkv_code rule_pushdown(struct plan *plan)
{
    return plan_each_tree(plan, push_tree);
}
