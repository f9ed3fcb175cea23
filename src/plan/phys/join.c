/* join.c -- joins: by hash where there are equalities, by loops else; init plans; apply. */
#include "plan/phys/phys.h"
#include "plan/rule/rule.h"

static enum pjoin_kind join_kind_of(const struct lnode *join)
{
    switch ((enum ljoin_kind)join->kind) {
    case LJOIN_INNER: return PJOIN_INNER;
    case LJOIN_LEFT: return PJOIN_LEFT;
    case LJOIN_RIGHT: return PJOIN_RIGHT;
    case LJOIN_FULL: return PJOIN_FULL;
    case LJOIN_SEMI: return PJOIN_SEMI;
    case LJOIN_ANTI: return PJOIN_ANTI;
    case LJOIN_ANTI_NULL: return PJOIN_ANTI_NULL;
    case LJOIN_MARK: return join->null_aware ? PJOIN_MARK_IN : PJOIN_MARK_EXISTS;
    case LJOIN_SINGLE: return PJOIN_SINGLE;
    }
    return PJOIN_INNER;
}

static bool hands_up_right(enum pjoin_kind kind)
{
    return kind == PJOIN_INNER || kind == PJOIN_LEFT || kind == PJOIN_RIGHT || kind == PJOIN_FULL ||
           kind == PJOIN_SINGLE;
}

/* What both children must give: the needed columns and those of the conditions, each side its own.
 */
static llkv_code child_needs(struct phys *p, struct lnode *join, const struct iuset *need,
                             struct iuset sides[2], struct iuset needs[2])
{
    struct iuset all = {0};
    TRY(iuset_copy(p->cx, need, &all));
    for (uint32_t i = 0; i < join->join.conditions.count; i++)
        TRY(iuset_add_expr(p->cx, &all, join->join.conditions.items[i]));
    for (int s = 0; s < 2; s++) {
        TRY(lnode_produced(p->plan, join->child[s], &sides[s]));
        for (iu_id iu = iuset_next(&sides[s], 0); iu != 0; iu = iuset_next(&sides[s], iu))
            if (iuset_has(&all, iu)) TRY(iuset_add(p->cx, &needs[s], iu));
    }
    return LLKV_OK;
}

/* The side whose rows a join may leave out gives NULL then, also for what an init plan computed
 * below it: that becomes a column of the rows again. */
static llkv_code column_again(struct phys *p, const struct iuset *need, struct pnode **io_child)
{
    iu_list ius = {0};
    struct pnode *child = *io_child;
    for (uint32_t i = 0; i < child->out_count; i++)
        VEC_PUSH(p->cx, &ius, child->out[i]);
    for (iu_id iu = iuset_next(need, 0); iu != 0; iu = iuset_next(need, iu))
        if (p->parameter_of[iu] != 0 && !phys_produces(child, iu)) VEC_PUSH(p->cx, &ius, iu);
    TRY(phys_columns(p, child, ius.items, ius.count, io_child));
    for (uint32_t i = child->out_count; i < ius.count; i++)
        p->parameter_of[ius.items[i]] = 0;
    return LLKV_OK;
}

static bool pads(enum pjoin_kind kind, int side)
{
    if (side == 0) return kind == PJOIN_RIGHT || kind == PJOIN_FULL;
    return kind == PJOIN_LEFT || kind == PJOIN_FULL || kind == PJOIN_SINGLE;
}

/* ---- conditions: keys and the rest ---- */

static llkv_code only_of(struct phys *p, const struct expr *e, const struct iuset *side, bool *out)
{
    struct iuset columns = {0};
    TRY(iuset_add_expr(p->cx, &columns, e));
    *out = !iuset_empty(&columns) && iuset_subset(&columns, side);
    return LLKV_OK;
}

static bool hashable(const struct expr *e, bool *out_null_equal)
{
    *out_null_equal = e->kind == EXPR_DISTINCT && e->op == 1;
    return (e->kind == EXPR_COMPARE && e->op == CMP_EQ) || *out_null_equal;
}

static llkv_code as_key(struct phys *p, const struct expr *e, const struct iuset sides[2],
                        struct pjoin_key *out, bool *out_found)
{
    *out_found = false;
    if (!hashable(e, &out->null_equal)) return LLKV_OK;
    for (int swap = 0; swap < 2; swap++) {
        bool left, right;
        TRY(only_of(p, e->args[swap], &sides[0], &left));
        TRY(only_of(p, e->args[1 - swap], &sides[1], &right));
        if (!left || !right) continue;
        TRY(phys_expr(p, e->args[swap], &out->left));
        TRY(phys_expr(p, e->args[1 - swap], &out->right));
        *out_found = true;
        return LLKV_OK;
    }
    return LLKV_OK;
}

struct split {
    VEC(struct pjoin_key) keys;
    expr_list residual;
    bool last_is_key; /* the last condition became the last key */
};

static llkv_code split_conditions(struct phys *p, struct lnode *join, const struct iuset sides[2],
                                  struct split *out)
{
    const expr_list *list = &join->join.conditions;
    for (uint32_t i = 0; i < list->count; i++) {
        struct pjoin_key key = {0};
        bool found = false;
        if (plan_rule_on(p->plan, RULE_BIT(hash_join)))
            TRY(as_key(p, list->items[i], sides, &key, &found));
        if (found)
            VEC_PUSH(p->cx, &out->keys, key);
        else
            VEC_PUSH(p->cx, &out->residual, list->items[i]);
        if (i + 1 == list->count) out->last_is_key = found;
    }
    return LLKV_OK;
}

/* ---- hash and loop joins ---- */

enum { DENSE_ROWS_MIN = 256, DENSE_FACTOR = 4 };

static void dense_key(struct phys *p, struct pnode_join *join, const struct pnode *built)
{
    struct column_stats stats;
    if (!plan_rule_on(p->plan, RULE_BIT(dense_join)) || join->key_count != 1) return;
    const struct pjoin_key *key = &join->keys[0];
    if (!type_is_integer(key->right->type) || phys_bytes[key->right->type.phys] > 8) return;
    if (built->rows < DENSE_ROWS_MIN || key->null_equal) return;
    if (!phys_stats(p, key->right, &stats) || !stats.has_range) return;
    if (stats.max.type.phys == PHYS_U64) return;
    int64_t span;
    if (__builtin_sub_overflow(stats.max.i, stats.min.i, &span)) return;
    if ((double)span >= DENSE_FACTOR * built->rows) return;
    join->key_dense = true;
    join->key_min = stats.min.i;
    join->key_max = stats.max.i;
}

static llkv_code join_out(struct phys *p, struct lnode *join, enum pjoin_kind kind,
                          struct pnode *child[2], const struct iuset *need, iu_list *out)
{
    for (int s = 0; s < 2; s++) {
        if (s == 1 && !hands_up_right(kind)) break;
        for (uint32_t i = 0; i < child[s]->out_count; i++)
            if (iuset_has(need, child[s]->out[i])) VEC_PUSH(p->cx, out, child[s]->out[i]);
    }
    if (join->kind == LJOIN_MARK) VEC_PUSH(p->cx, out, join->join.mark);
    return LLKV_OK;
}

static double join_rows(const struct lnode *join, enum pjoin_kind kind, struct pnode *child[2],
                        bool keyed)
{
    if (join->rows >= 0) return join->rows;
    if (!hands_up_right(kind) || kind == PJOIN_SINGLE) return child[0]->rows;
    double pairs = child[0]->rows * child[1]->rows;
    double bigger = child[0]->rows > child[1]->rows ? child[0]->rows : child[1]->rows;
    return keyed ? bigger : pairs;
}

static llkv_code make_join(struct phys *p, struct lnode *join, enum pjoin_kind kind,
                           struct pnode *child[2], struct split *split, const struct iuset *need,
                           struct pnode **out)
{
    iu_list ius = {0};
    bool hash = split->keys.count != 0;
    TRY(join_out(p, join, kind, child, need, &ius));
    TRY(phys_node(p, hash ? POP_HASH_JOIN : POP_LOOP_JOIN, sizeof(struct pnode_join), ius.items,
                  ius.count, out));
    struct pnode_join *node = (struct pnode_join *)*out;
    node->kind = (uint8_t)kind;
    node->first_only = join->first_only;
    node->mark = join->kind == LJOIN_MARK ? join->join.mark : 0;
    node->keys = split->keys.items;
    node->key_count = split->keys.count;
    (*out)->child[0] = child[0];
    (*out)->child[1] = child[1];
    (*out)->child_count = 2;
    (*out)->rows = join_rows(join, kind, child, hash);
    if (hash) dense_key(p, node, child[1]);
    return phys_filter(p, &split->residual, &node->residual);
}

/* The operators that know NULLs of the last comparison need it as the last key; otherwise the whole
 * condition is evaluated pair by pair. */
static llkv_code all_residual(struct phys *p, struct lnode *join, struct split *out)
{
    *out = (struct split){0};
    for (uint32_t i = 0; i < join->join.conditions.count; i++)
        VEC_PUSH(p->cx, &out->residual, join->join.conditions.items[i]);
    return LLKV_OK;
}

/* NOT IN whose comparison is no key: three-valued mark, then NOT mark. */
static llkv_code anti_by_mark(struct phys *p, struct lnode *join, struct pnode *child[2],
                              struct split *split, const struct iuset *need, struct pnode **out)
{
    struct lnode marked = *join;
    struct iuset with_mark = {0};
    const struct expr *mark, *not_mark;
    marked.kind = LJOIN_MARK;
    marked.null_aware = true;
    TRY(phys_iu(p, type_of(TYPE_BOOLEAN), true, &marked.join.mark));
    TRY(iuset_copy(p->cx, need, &with_mark));
    TRY(iuset_add(p->cx, &with_mark, marked.join.mark));
    struct pnode *join_node;
    TRY(make_join(p, &marked, PJOIN_MARK_IN, child, split, &with_mark, &join_node));
    TRY(plan_column(p->plan, marked.join.mark, -1, &mark));
    TRY(expr_make(p->cx, EXPR_NOT, 0, type_of(TYPE_BOOLEAN), &mark, 1, -1, &not_mark));
    expr_list list = {0};
    VEC_PUSH(p->cx, &list, not_mark);
    TRY(phys_node(p, POP_FILTER, sizeof(struct pnode_filter), join_node->out, join_node->out_count,
                  out));
    (*out)->child[0] = join_node;
    (*out)->child_count = 1;
    (*out)->rows = join_node->rows;
    return phys_filter(p, &list, &((struct pnode_filter *)*out)->filter);
}

static llkv_code plain_join(struct phys *p, struct lnode *join, const struct iuset *need,
                            struct pnode **out)
{
    struct iuset sides[2] = {{0}, {0}}, needs[2] = {{0}, {0}};
    struct pnode *child[2];
    struct split split = {0};
    enum pjoin_kind kind = join_kind_of(join);
    TRY(child_needs(p, join, need, sides, needs));
    for (int s = 0; s < 2; s++) {
        TRY(phys_build(p, join->child[s], &needs[s], &child[s]));
        if (pads(kind, s)) TRY(column_again(p, &needs[s], &child[s]));
    }
    TRY(split_conditions(p, join, sides, &split));
    bool null_aware = kind == PJOIN_ANTI_NULL || kind == PJOIN_MARK_IN;
    if (null_aware && (!split.last_is_key || split.residual.count != 0)) {
        TRY(all_residual(p, join, &split));
        if (kind == PJOIN_ANTI_NULL) return anti_by_mark(p, join, child, &split, need, out);
    }
    return make_join(p, join, kind, child, &split, need, out);
}

/* ---- subqueries that do not depend on rows: computed once ---- */

/* Only where there is no second row: 21000 belongs to the rows that ask for the value, and nobody
 * knows yet that there are any. */
static llkv_code is_init_plan(struct phys *p, struct lnode *join, bool *out)
{
    struct iuset outer = {0}, no_columns = {0};
    *out = false;
    if (join->kind != LJOIN_SINGLE || join->dependent || join->join.conditions.count != 0)
        return LLKV_OK;
    if (!plan_rule_on(p->plan, RULE_BIT(init_plan))) return LLKV_OK;
    TRY(lnode_free(p->plan, join->child[1], &outer));
    if (!iuset_empty(&outer)) return LLKV_OK;
    *out = join->first_only;
    return *out ? LLKV_OK : rows_unique(p->plan, join->child[1], &no_columns, out);
}

static llkv_code init_plan(struct phys *p, struct lnode *join, const struct iuset *need,
                           struct pnode **out)
{
    struct iuset right = {0}, wanted = {0};
    struct pnode *node;
    TRY(lnode_produced(p->plan, join->child[1], &right));
    for (iu_id iu = iuset_next(&right, 0); iu != 0; iu = iuset_next(&right, iu))
        if (iuset_has(need, iu)) TRY(iuset_add(p->cx, &wanted, iu));
    iu_id value = iuset_next(&wanted, 0);
    if (value != 0 && iuset_next(&wanted, value) == 0) {
        TRY(phys_build(p, join->child[1], &wanted, &node));
        TRY(phys_columns(p, node, &value, 1, &node));
        uint32_t parameter;
        TRY(phys_parameter(p, value, &parameter));
        VEC_PUSH(p->cx, &p->inits, (struct pinit){node, parameter, join->first_only});
        return phys_build(p, join->child[0], need, out);
    }
    if (value == 0 && join->first_only) return phys_build(p, join->child[0], need, out);
    return plain_join(p, join, need, out);
}

/* ---- what stays dependent ---- */

struct apply_build {
    VEC(struct papply_param) params;
};

/* Columns of the left side that the right side, or a condition that filters it, names. */
static llkv_code apply_outer(struct phys *p, struct lnode *join, const struct expr *compare,
                             const struct iuset *left, struct iuset *out)
{
    struct iuset outer = {0};
    const expr_list *conditions = &join->join.conditions;
    TRY(lnode_free(p->plan, join->child[1], &outer));
    for (uint32_t i = 0; i < conditions->count; i++)
        if (conditions->items[i] != compare)
            TRY(iuset_add_expr(p->cx, &outer, conditions->items[i]));
    for (iu_id iu = iuset_next(&outer, 0); iu != 0; iu = iuset_next(&outer, iu))
        if (iuset_has(left, iu)) TRY(iuset_add(p->cx, out, iu));
    return LLKV_OK;
}

/* They become parameters while the right side is built. What an init plan below has computed is a
 * parameter already, and no column of the left side's rows. */
static llkv_code enter_apply(struct phys *p, const struct iuset *outer, struct apply_build *a)
{
    for (iu_id iu = iuset_next(outer, 0); iu != 0; iu = iuset_next(outer, iu)) {
        struct papply_param param = {.column = iu};
        if (p->parameter_of[iu] != 0) continue;
        TRY(phys_parameter(p, iu, &param.parameter));
        VEC_PUSH(p->cx, &a->params, param);
    }
    return LLKV_OK;
}

static void leave_apply(struct phys *p, const struct apply_build *a)
{
    for (uint32_t i = 0; i < a->params.count; i++)
        p->parameter_of[a->params.items[i].column] = 0;
}

/* The conditions of a dependent join: those but a null-aware comparison filter the right side. */
static llkv_code apply_right(struct phys *p, struct lnode *join, const struct expr *compare,
                             const struct iuset *need, struct pnode **out)
{
    struct lnode *right = join->child[1];
    uint32_t count = join->join.conditions.count - (compare != NULL ? 1 : 0);
    struct iuset wanted = {0}, own = {0};
    TRY(lnode_produced(p->plan, right, &own));
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *condition = join->join.conditions.items[i];
        TRY(lnode_select(p->plan, right, condition, &right));
    }
    TRY(iuset_copy(p->cx, need, &wanted));
    if (compare != NULL) TRY(iuset_add_expr(p->cx, &wanted, compare));
    struct iuset mine = {0};
    for (iu_id iu = iuset_next(&own, 0); iu != 0; iu = iuset_next(&own, iu))
        if (iuset_has(&wanted, iu)) TRY(iuset_add(p->cx, &mine, iu));
    return phys_build(p, right, &mine, out);
}

static llkv_code make_apply(struct phys *p, struct lnode *join, const struct apply_build *a,
                            const struct expr *compare, struct pnode *child[2],
                            const struct iuset *need, struct pnode **out)
{
    iu_list ius = {0};
    enum pjoin_kind kind = join_kind_of(join);
    TRY(join_out(p, join, kind, child, need, &ius));
    TRY(phys_node(p, POP_APPLY, sizeof(struct pnode_apply), ius.items, ius.count, out));
    struct pnode_apply *node = (struct pnode_apply *)*out;
    node->kind = (uint8_t)kind;
    node->first_only = join->first_only;
    node->memo = plan_rule_on(p->plan, RULE_BIT(apply_memo));
    node->mark = join->kind == LJOIN_MARK ? join->join.mark : 0;
    node->params = a->params.items;
    node->param_count = a->params.count;
    (*out)->child[0] = child[0];
    (*out)->child[1] = child[1];
    (*out)->child_count = 2;
    (*out)->rows = join_rows(join, kind, child, false);
    return phys_expr(p, compare, &node->compare);
}

static llkv_code apply_join(struct phys *p, struct lnode *join, const struct iuset *need,
                            struct pnode **out)
{
    struct iuset sides[2] = {{0}, {0}}, needs[2] = {{0}, {0}}, outer = {0};
    struct apply_build a = {0};
    struct pnode *child[2];
    enum pjoin_kind kind = join_kind_of(join);
    if (kind == PJOIN_RIGHT || kind == PJOIN_FULL || kind == PJOIN_ANTI_NULL)
        return cx_fail(p->cx, LLKV_UNSUPPORTED, "a lateral join of this kind is not supported");
    TRY(child_needs(p, join, need, sides, needs));
    const expr_list *conditions = &join->join.conditions;
    const struct expr *compare = NULL;
    if (join->null_aware && conditions->count != 0)
        compare = conditions->items[conditions->count - 1];
    TRY(apply_outer(p, join, compare, &sides[0], &outer));
    for (iu_id iu = iuset_next(&outer, 0); iu != 0; iu = iuset_next(&outer, iu))
        TRY(iuset_add(p->cx, &needs[0], iu));
    TRY(phys_build(p, join->child[0], &needs[0], &child[0]));
    TRY(enter_apply(p, &outer, &a));
    TRY(apply_right(p, join, compare, need, &child[1]));
    if (pads(kind, 1)) TRY(column_again(p, &needs[1], &child[1]));
    leave_apply(p, &a);
    return make_apply(p, join, &a, compare, child, need, out);
}

llkv_code phys_join(struct phys *p, struct lnode *join, const struct iuset *need,
                    struct pnode **out)
{
    bool init;
    if (join->dependent) return apply_join(p, join, need, out);
    TRY(is_init_plan(p, join, &init));
    if (init) return init_plan(p, join, need, out);
    return plain_join(p, join, need, out);
}
