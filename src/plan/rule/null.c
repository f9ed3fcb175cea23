/* null.c -- what a NULL decides: three-valued logic read backwards. */
#include "plan/rule/rule.h"

static llkv_code any_arg(struct plan *plan, const struct expr *e, enum null_question q,
                         struct iuset *io_set)
{
    for (uint32_t i = 0; i < e->arg_count; i++)
        TRY(null_implied(plan, e->args[i], q, io_set));
    return LLKV_OK;
}

static void intersect(struct iuset *set, const struct iuset *other)
{
    set->word0 &= other->word0;
    for (uint32_t i = 0; i < set->words; i++)
        set->more[i] &= i < other->words ? other->more[i] : 0;
}

static llkv_code every_arg(struct plan *plan, const struct expr *e, enum null_question q,
                           struct iuset *io_set)
{
    struct iuset all = {0};
    TRY(null_implied(plan, e->args[0], q, &all));
    for (uint32_t i = 1; i < e->arg_count; i++) {
        struct iuset one = {0};
        TRY(null_implied(plan, e->args[i], q, &one));
        intersect(&all, &one);
    }
    return iuset_add_all(plan->cx, io_set, &all);
}

/* IS NOT DISTINCT FROM something that is never NULL is FALSE for a NULL; IS DISTINCT FROM is TRUE.
 */
static llkv_code of_distinct(struct plan *plan, const struct expr *e, enum null_question q,
                             struct iuset *io_set)
{
    if (q != (e->op == 1 ? NULL_NOT_TRUE : NULL_NOT_FALSE)) return LLKV_OK;
    for (int i = 0; i < 2; i++)
        if (!(e->args[1 - i]->flags & EXPR_NULLABLE) && e->args[1 - i]->type.id != TYPE_NULL)
            TRY(null_implied(plan, e->args[i], NULL_GIVES_NULL, io_set));
    return LLKV_OK;
}

/* x IS [NOT] TRUE / FALSE: never NULL itself. */
static llkv_code of_truth(struct plan *plan, const struct expr *e, enum null_question q,
                          struct iuset *io_set)
{
    enum null_question inner = e->kind == EXPR_IS_TRUE ? NULL_NOT_TRUE : NULL_NOT_FALSE;
    if (q != (e->op == 0 ? NULL_NOT_TRUE : NULL_NOT_FALSE)) return LLKV_OK;
    return null_implied(plan, e->args[0], inner, io_set);
}

static llkv_code implied(struct plan *plan, const struct expr *e, enum null_question q,
                         struct iuset *io_set)
{
    switch ((enum expr_kind)e->kind) {
    case EXPR_COLUMN: return iuset_add(plan->cx, io_set, e->column);
    case EXPR_ARITH:
    case EXPR_UNARY:
    case EXPR_COMPARE:
    case EXPR_CAST:
    case EXPR_LIKE: return any_arg(plan, e, NULL_GIVES_NULL, io_set);
    case EXPR_IN:
    case EXPR_NULLIF: return null_implied(plan, e->args[0], NULL_GIVES_NULL, io_set);
    case EXPR_CALL:
        return (e->function->flags & FUNC_STRICT) ? any_arg(plan, e, NULL_GIVES_NULL, io_set)
                                                  : LLKV_OK;
    case EXPR_NOT:
        if (q == NULL_NOT_TRUE) return null_implied(plan, e->args[0], NULL_NOT_FALSE, io_set);
        if (q == NULL_NOT_FALSE) return null_implied(plan, e->args[0], NULL_NOT_TRUE, io_set);
        return null_implied(plan, e->args[0], q, io_set);
    case EXPR_AND:
        return q == NULL_NOT_TRUE ? any_arg(plan, e, q, io_set) : every_arg(plan, e, q, io_set);
    case EXPR_OR:
        return q == NULL_NOT_FALSE ? any_arg(plan, e, q, io_set) : every_arg(plan, e, q, io_set);
    case EXPR_IS_NOT_NULL:
        return q == NULL_NOT_TRUE ? null_implied(plan, e->args[0], NULL_GIVES_NULL, io_set)
                                  : LLKV_OK;
    case EXPR_IS_NULL:
        return q == NULL_NOT_FALSE ? null_implied(plan, e->args[0], NULL_GIVES_NULL, io_set)
                                   : LLKV_OK;
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE: return of_truth(plan, e, q, io_set);
    case EXPR_DISTINCT: return of_distinct(plan, e, q, io_set);
    case EXPR_CONST:
    case EXPR_PARAM:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_KIND_COUNT: break;
    }
    return LLKV_OK;
}

llkv_code null_implied(struct plan *plan, const struct expr *e, enum null_question q,
                       struct iuset *io_set)
{
    if (!(e->flags & EXPR_HAS_COLUMN)) return LLKV_OK;
    TRY(cx_enter(plan->cx));
    TRY(implied(plan, e, q, io_set));
    cx_leave(plan->cx);
    return LLKV_OK;
}

/* IUs that are not NULL in any row of the node, as its conditions tell. */
static llkv_code rejected_below(struct plan *plan, const struct lnode *node, struct iuset *io_set)
{
    const expr_list *list = NULL;
    TRY(cx_enter(plan->cx));
    bool left = node->op == LOP_SELECT || node->op == LOP_MAP || node->op == LOP_SORT ||
                node->op == LOP_LIMIT,
         right = false;
    if (node->op == LOP_SELECT) list = &node->select.conjuncts;
    if (node->op == LOP_SCAN) list = &node->scan.conjuncts;
    if (node->op == LOP_JOIN) {
        left = node->kind != LJOIN_RIGHT && node->kind != LJOIN_FULL;
        right = node->kind == LJOIN_INNER || node->kind == LJOIN_RIGHT;
        if (node->kind == LJOIN_INNER || node->kind == LJOIN_SEMI) list = &node->join.conditions;
    }
    for (uint32_t i = 0; list != NULL && i < list->count; i++)
        TRY(null_implied(plan, list->items[i], NULL_NOT_TRUE, io_set));
    if (left) TRY(rejected_below(plan, node->child[0], io_set));
    if (right) TRY(rejected_below(plan, node->child[1], io_set));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code null_never(struct plan *plan, const struct lnode *node, const struct expr *e, bool *out)
{
    *out = e->type.id != TYPE_NULL && !(e->flags & EXPR_NULLABLE);
    if (*out || e->kind != EXPR_COLUMN) return LLKV_OK;
    struct iuset set = {0};
    TRY(rejected_below(plan, node, &set));
    *out = iuset_has(&set, e->column);
    return LLKV_OK;
}
