/* mark.c -- mark_to_semi: EXISTS and IN whose answer only keeps or drops rows.
 *
 *   mark as a conjunct        SEMI: unknown counts as FALSE
 *   NOT mark as a conjunct    ANTI if the comparison is never unknown, or there is none;
 *                             else ANTI_NULL, or ANTI on "the comparison is not FALSE"
 *   over exactly one row      no join of many rows at all: the comparison itself */
#include "plan/rule/rule.h"

static bool is_positive_limit(const struct lnode *node)
{
    const struct expr *limit = node->limit.limit, *offset = node->limit.offset;
    if (offset != NULL &&
        (offset->kind != EXPR_CONST || offset->value->is_null || offset->value->i != 0))
        return false;
    if (limit == NULL) return true;
    return limit->kind == EXPR_CONST && (limit->value->is_null || limit->value->i > 0);
}

static bool is_distinct(const struct lnode *node)
{
    bool plain = node->group.aggs.count == 0 && node->group.keys.count != 0;
    for (uint32_t i = 0; i < node->group.keys.count && plain; i++) {
        const struct lkey *key = &node->group.keys.items[i];
        plain = key->expr->kind == EXPR_COLUMN && key->expr->column == key->iu;
    }
    return plain;
}

/* What changes neither whether there are rows nor (unless `values` do not matter) which values. */
static void strip(struct lnode **io_right, bool values)
{
    for (;;) {
        struct lnode *node = *io_right;
        bool drop = node->op == LOP_SORT;
        if (node->op == LOP_GROUP) drop = values ? is_distinct(node) : node->group.keys.count != 0;
        if (!values && node->op == LOP_MAP) drop = true;
        if (!values && node->op == LOP_LIMIT) drop = is_positive_limit(node);
        if (!drop) return;
        *io_right = node->child[0];
    }
}

/* The mark of a query of exactly one row is a value: the comparison with it. */
static llkv_code mark_of_one_row(struct plan *plan, struct lnode *node)
{
    struct lmap_item item = {.iu = node->join.mark};
    struct value yes = {.type = type_of(TYPE_BOOLEAN), .b = true};
    struct lnode *below = node->child[0];
    if (node->join.conditions.count == 0) {
        TRY(expr_const(plan->cx, &yes, -1, &item.expr));
    } else {
        const expr_list *list = &node->join.conditions;
        TRY(plan_bool(plan, EXPR_AND, 0, list->items, list->count, &item.expr));
        TRY(lnode_new(plan, LOP_JOIN, node->child[0], node->child[1], &below));
        below->kind = LJOIN_SINGLE;
        below->dependent = node->dependent;
    }
    *node = (struct lnode){.op = LOP_MAP, .child = {below}, .rows = -1};
    VEC_PUSH(plan->cx, &node->map.items, item);
    return LLKV_OK;
}

static llkv_code prepare(struct plan *plan, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    TRY(cx_enter(plan->cx));
    bool plain = node->op == LOP_JOIN && node->kind == LJOIN_MARK;
    if (plain || (node->op == LOP_JOIN && (node->kind == LJOIN_SEMI || node->kind == LJOIN_ANTI)))
        strip(&node->child[1], node->join.conditions.count != 0);
    if (plain && node->join.conditions.count <= 1 && rows_exactly_one(node->child[1]))
        TRY(mark_of_one_row(plan, node));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(prepare(plan, &node->child[i]));
    cx_leave(plan->cx);
    return LLKV_OK;
}

/* ---- conjuncts ---- */

struct marks {
    struct plan *plan;
    const uint32_t *uses;
};

/* Where on the left spine below a SELECT the mark is made; NULL if something stands between. */
static struct lnode *find_mark(struct lnode *node, iu_id mark)
{
    for (;;) {
        if (node->op == LOP_SELECT || node->op == LOP_MAP || node->op == LOP_SORT) {
            node = node->child[0];
            continue;
        }
        if (node->op != LOP_JOIN) return NULL;
        if (node->kind == LJOIN_MARK && node->join.mark == mark) return node;
        if (node->kind == LJOIN_RIGHT || node->kind == LJOIN_FULL) return NULL;
        node = node->child[0];
    }
}

/* "the comparison is not FALSE": what NOT IN must not find */
static llkv_code make_not_false(struct plan *plan, struct lnode *join)
{
    const struct expr **last = &join->join.conditions.items[join->join.conditions.count - 1];
    return plan_bool(plan, EXPR_IS_FALSE, 1, last, 1, last);
}

static llkv_code negate(struct marks *m, struct lnode *select, struct lnode *join)
{
    if (!join->null_aware) {
        join->kind = LJOIN_ANTI;
        return LLKV_OK;
    }
    const struct expr *last = join->join.conditions.items[join->join.conditions.count - 1];
    bool known = last->kind == EXPR_COMPARE;
    for (uint32_t i = 0; known && i < last->arg_count; i++) {
        bool never = false;
        TRY(null_never(m->plan, join->child[1], last->args[i], &never));
        if (!never) TRY(null_never(m->plan, select, last->args[i], &never));
        known = never;
    }
    bool plain = join->join.conditions.count == 1 && !join->dependent;
    if (!known && plain && expr_is_equality(last, NULL)) {
        join->kind = LJOIN_ANTI_NULL;
        join->null_aware = false;
        return LLKV_OK;
    }
    if (!known) TRY(make_not_false(m->plan, join));
    join->kind = LJOIN_ANTI;
    join->null_aware = false;
    return LLKV_OK;
}

static llkv_code convert(struct marks *m, struct lnode *select, const struct expr *e, bool *out)
{
    bool negated = e->kind == EXPR_NOT;
    const struct expr *column = negated ? e->args[0] : e;
    *out = false;
    if (column->kind != EXPR_COLUMN || m->uses[column->column] != 1) return LLKV_OK;
    struct lnode *join = find_mark(select->child[0], column->column);
    if (join == NULL) return LLKV_OK;
    *out = true;
    join->join.mark = 0;
    if (negated) return negate(m, select, join);
    join->kind = LJOIN_SEMI;
    join->null_aware = false;
    expr_list conditions = {0}; /* a row's comparison is an AND */
    for (uint32_t i = 0; i < join->join.conditions.count; i++)
        TRY(plan_conjuncts(m->plan, join->join.conditions.items[i], &conditions));
    join->join.conditions = conditions;
    return LLKV_OK;
}

static llkv_code convert_tree(struct marks *m, struct lnode **io_node)
{
    struct lnode *node = *io_node;
    TRY(cx_enter(m->plan->cx));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(convert_tree(m, &node->child[i]));
    if (node->op == LOP_SELECT) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < node->select.conjuncts.count; i++) {
            bool done;
            TRY(convert(m, node, node->select.conjuncts.items[i], &done));
            if (!done) node->select.conjuncts.items[kept++] = node->select.conjuncts.items[i];
        }
        node->select.conjuncts.count = kept;
        if (kept == 0) *io_node = node->child[0];
    }
    cx_leave(m->plan->cx);
    return LLKV_OK;
}

llkv_code rule_mark_to_semi(struct plan *plan, const struct ldml *dml)
{
    uint32_t *uses;
    TRY(plan_each_tree(plan, prepare));
    TRY(plan_count_uses(plan, dml, &uses));
    struct marks m = {plan, uses};
    for (uint32_t i = 0; i < plan->shared.count; i++)
        TRY(convert_tree(&m, &plan->shared.items[i]));
    return convert_tree(&m, &plan->root);
}
