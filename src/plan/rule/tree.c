/* tree.c -- small questions and moves that rules share. */
#include "plan/rule/rule.h"

llkv_code plan_each_tree(struct plan *plan, lnode_rewrite_fn *fn)
{
    for (uint32_t i = 0; i < plan->shared.count; i++)
        TRY(fn(plan, &plan->shared.items[i]));
    return fn(plan, &plan->root);
}

bool expr_touches(const struct expr *e, const struct iuset *set)
{
    if (!(e->flags & EXPR_HAS_COLUMN)) return false;
    if (e->kind == EXPR_COLUMN) return iuset_has(set, e->column);
    for (uint32_t i = 0; i < e->arg_count; i++)
        if (expr_touches(e->args[i], set)) return true;
    return false;
}

bool expr_within(const struct expr *e, const struct iuset *set)
{
    if (!(e->flags & EXPR_HAS_COLUMN)) return true;
    if (e->kind == EXPR_COLUMN) return iuset_has(set, e->column);
    for (uint32_t i = 0; i < e->arg_count; i++)
        if (!expr_within(e->args[i], set)) return false;
    return true;
}

bool expr_is_true(const struct expr *e)
{
    return e->kind == EXPR_CONST && e->type.id == TYPE_BOOLEAN && !e->value->is_null && e->value->b;
}

bool expr_is_never_true(const struct expr *e)
{
    return e->kind == EXPR_CONST &&
           (e->value->is_null || (e->type.id == TYPE_BOOLEAN && !e->value->b));
}

bool expr_is_equality(const struct expr *e, bool *null_equal)
{
    if (null_equal != NULL) *null_equal = e->kind == EXPR_DISTINCT;
    if (e->kind == EXPR_COMPARE) return e->op == CMP_EQ;
    return null_equal != NULL && e->kind == EXPR_DISTINCT && e->op == 1;
}

/* ---- counting ---- */

struct uses {
    struct plan *plan;
    uint32_t *count;
};

static void count_column(void *arg, iu_id iu)
{
    struct uses *uses = arg;
    uses->count[iu]++;
}

static llkv_code count_expr(void *arg, const struct expr **io_expr)
{
    expr_columns(*io_expr, count_column, arg);
    return LLKV_OK;
}

static void count_list(struct uses *uses, const iu_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        uses->count[list->items[i]]++;
}

static llkv_code count_tree(struct uses *uses, struct lnode *node)
{
    TRY(cx_enter(uses->plan->cx));
    TRY(lnode_exprs(node, count_expr, uses));
    if (node->op == LOP_SETOP) count_list(uses, &node->setop.from[0]);
    if (node->op == LOP_SETOP) count_list(uses, &node->setop.from[1]);
    if (node->op == LOP_SHARED) count_list(uses, &node->shared.from);
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(count_tree(uses, node->child[i]));
    cx_leave(uses->plan->cx);
    return LLKV_OK;
}

static void count_dml(struct uses *uses, const struct ldml *dml)
{
    if (dml->row_id != 0) uses->count[dml->row_id]++;
    for (uint32_t i = 0; i < dml->column_count; i++)
        expr_columns(dml->values[i], count_column, uses);
    if (dml->current == NULL) return;
    uint32_t columns = table_definition(dml->object->table)->column_count;
    for (uint32_t i = 0; i < columns; i++)
        expr_columns(dml->current[i], count_column, uses);
}

llkv_code plan_count_uses(struct plan *plan, const struct ldml *dml, uint32_t **out_uses)
{
    struct uses uses = {.plan = plan};
    uses.count = cx_alloc_array(plan->cx, plan->ius.count + 1u, sizeof *uses.count);
    if (uses.count == NULL) return LLKV_NOMEM;
    memset(uses.count, 0, (plan->ius.count + 1u) * sizeof *uses.count);
    for (uint32_t i = 0; i < plan->shared.count; i++)
        TRY(count_tree(&uses, plan->shared.items[i]));
    TRY(count_tree(&uses, plan->root));
    count_list(&uses, &plan->out);
    if (dml != NULL && dml->kind != LDML_NONE) count_dml(&uses, dml);
    *out_uses = uses.count;
    return LLKV_OK;
}

/* ---- making ---- */

llkv_code expr_list_add(struct plan *plan, expr_list *list, const struct expr *e)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_equal(list->items[i], e) && !(e->flags & EXPR_VOLATILE)) return LLKV_OK;
    VEC_PUSH(plan->cx, list, e);
    return LLKV_OK;
}

llkv_code lnode_filter(struct plan *plan, struct lnode *node, const expr_list *conjuncts,
                       struct lnode **out)
{
    *out = node;
    if (conjuncts->count == 0) return LLKV_OK;
    if (node->op != LOP_SELECT) TRY(lnode_new(plan, LOP_SELECT, node, NULL, &node));
    *out = node;
    for (uint32_t i = 0; i < conjuncts->count; i++)
        TRY(expr_list_add(plan, &node->select.conjuncts, conjuncts->items[i]));
    return LLKV_OK;
}

llkv_code lnode_make_empty(struct plan *plan, struct lnode **io_node)
{
    struct iuset produced = {0};
    struct lnode *empty;
    TRY(lnode_produced(plan, *io_node, &produced));
    TRY(lnode_new(plan, LOP_EMPTY, NULL, NULL, &empty));
    for (iu_id iu = iuset_next(&produced, 0); iu != 0; iu = iuset_next(&produced, iu))
        VEC_PUSH(plan->cx, &empty->empty.ius, iu);
    *io_node = empty;
    return LLKV_OK;
}

llkv_code plan_bool(struct plan *plan, enum expr_kind kind, uint8_t op,
                    const struct expr *const *args, uint32_t count, const struct expr **out)
{
    if (count == 1 && (kind == EXPR_AND || kind == EXPR_OR)) {
        *out = args[0];
        return LLKV_OK;
    }
    return expr_make(plan->cx, kind, op, type_of(TYPE_BOOLEAN), args, count, args[0]->at, out);
}

llkv_code plan_equal(struct plan *plan, const struct expr *a, const struct expr *b, bool null_equal,
                     const struct expr **out)
{
    const struct expr *args[2] = {a, b};
    if (null_equal) return plan_bool(plan, EXPR_DISTINCT, 1, args, 2, out);
    return plan_bool(plan, EXPR_COMPARE, CMP_EQ, args, 2, out);
}

static llkv_code see_volatile(void *arg, const struct expr **io_expr)
{
    *(bool *)arg |= ((*io_expr)->flags & EXPR_VOLATILE) != 0;
    return LLKV_OK;
}

llkv_code lnode_volatile(struct plan *plan, struct lnode *node, bool *out)
{
    TRY(cx_enter(plan->cx));
    TRY(lnode_exprs(node, see_volatile, out));
    for (int i = 0; i < 2 && !*out; i++)
        if (node->child[i] != NULL) TRY(lnode_volatile(plan, node->child[i], out));
    cx_leave(plan->cx);
    return LLKV_OK;
}

/* ---- replacing columns ---- */

llkv_code replace_init(struct plan *plan, struct replace *replace)
{
    *replace = (struct replace){.plan = plan, .count = plan->ius.count};
    replace->by_iu = cx_alloc_zero(plan->cx, (replace->count + 1u) * sizeof *replace->by_iu);
    return replace->by_iu == NULL ? LLKV_NOMEM : LLKV_OK;
}

llkv_code replace_set(struct replace *replace, iu_id iu, const struct expr *e)
{
    CHECK(replace->plan->cx, iu < replace->count);
    replace->by_iu[iu] = e;
    return LLKV_OK;
}

static const struct expr *replacement(void *arg, const struct expr *column)
{
    const struct replace *replace = arg;
    return column->column < replace->count ? replace->by_iu[column->column] : NULL;
}

llkv_code replace_expr(struct replace *replace, const struct expr **io_expr)
{
    return expr_substitute(replace->plan->cx, *io_expr, replacement, replace, io_expr);
}

static llkv_code replace_one(void *arg, const struct expr **io_expr)
{
    return replace_expr(arg, io_expr);
}

llkv_code replace_tree(struct replace *replace, struct lnode *node)
{
    TRY(cx_enter(replace->plan->cx));
    TRY(lnode_exprs(node, replace_one, replace));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(replace_tree(replace, node->child[i]));
    cx_leave(replace->plan->cx);
    return LLKV_OK;
}
