/* build.c -- operators that need no choice, and what all of them share. */
#include <math.h>
#include <string.h>

#include "plan/phys/phys.h"

/* ---- nodes, columns, expressions ---- */

llkv_code phys_iu(struct phys *p, struct type type, bool nullable, iu_id *out)
{
    TRY(plan_iu_new(p->plan, type, "", nullable, out));
    if (*out < p->iu_capacity) return LLKV_OK;
    uint32_t capacity = p->plan->ius.count * 2 + 16;
    uint32_t *grown = cx_alloc_array(p->cx, capacity, sizeof *grown);
    if (grown == NULL) return LLKV_NOMEM;
    memset(grown, 0, capacity * sizeof *grown);
    if (p->iu_capacity != 0) memcpy(grown, p->parameter_of, p->iu_capacity * sizeof *grown);
    p->parameter_of = grown;
    p->iu_capacity = capacity;
    return LLKV_OK;
}

llkv_code phys_node(struct phys *p, enum pop op, size_t bytes, const iu_id *out, uint32_t out_count,
                    struct pnode **out_node)
{
    struct pnode *node = cx_alloc_zero(p->cx, bytes);
    iu_id *ius = cx_alloc_array(p->cx, out_count + 1u, sizeof *ius);
    struct type *types = cx_alloc_array(p->cx, out_count + 1u, sizeof *types);
    if (node == NULL || ius == NULL || types == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < out_count; i++) {
        ius[i] = out[i];
        types[i] = p->plan->ius.items[out[i]].type;
    }
    node->op = (uint8_t)op;
    node->id = p->node_count++;
    node->out = ius;
    node->out_types = types;
    node->out_count = out_count;
    node->rows_max = (double)INFINITY;
    *out_node = node;
    return LLKV_OK;
}

bool phys_produces(const struct pnode *node, iu_id iu)
{
    for (uint32_t i = 0; i < node->out_count; i++)
        if (node->out[i] == iu) return true;
    return false;
}

struct substitute {
    struct phys *p;
    llkv_code rc;
};

static const struct expr *as_parameter(void *arg, const struct expr *column)
{
    struct substitute *s = arg;
    uint32_t parameter = s->p->parameter_of[column->column];
    const struct expr *e = NULL;
    if (parameter == 0 || s->rc != LLKV_OK) return NULL;
    s->rc = expr_param(s->p->cx, parameter - 1, column->type, column->at, &e);
    return e;
}

llkv_code phys_expr(struct phys *p, const struct expr *e, const struct expr **out)
{
    *out = e;
    if (e == NULL || !(e->flags & EXPR_HAS_COLUMN)) return LLKV_OK;
    if (p->parameter_count == p->plan->parameter_types.count) return LLKV_OK; /* none are mapped */
    struct substitute s = {p, LLKV_OK};
    TRY(expr_substitute(p->cx, e, as_parameter, &s, out));
    return s.rc;
}

llkv_code phys_filter(struct phys *p, const expr_list *list, struct pfilter *out)
{
    const struct expr **conjuncts = cx_alloc_array(p->cx, list->count + 1u, sizeof *conjuncts);
    if (conjuncts == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < list->count; i++)
        TRY(phys_expr(p, list->items[i], &conjuncts[i]));
    *out = (struct pfilter){list->count, conjuncts};
    return LLKV_OK;
}

llkv_code phys_parameter(struct phys *p, iu_id iu, uint32_t *out_parameter)
{
    *out_parameter = p->parameter_count++;
    p->parameter_of[iu] = *out_parameter + 1;
    return LLKV_OK;
}

static void inherit(struct pnode *node, struct pnode *child)
{
    node->child[0] = child;
    node->child_count = 1;
    node->rows = child->rows;
    node->rows_max = child->rows_max;
}

llkv_code phys_columns(struct phys *p, struct pnode *node, const iu_id *ius, uint32_t count,
                       struct pnode **out)
{
    bool same = count == node->out_count;
    for (uint32_t i = 0; i < count && same; i++)
        same = ius[i] == node->out[i];
    *out = node;
    if (same) return LLKV_OK;
    const struct expr **exprs = cx_alloc_array(p->cx, count + 1u, sizeof *exprs);
    if (exprs == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        TRY(plan_column(p->plan, ius[i], -1, &exprs[i]));
        if (!phys_produces(node, ius[i])) TRY(phys_expr(p, exprs[i], &exprs[i]));
    }
    struct pnode *project;
    TRY(phys_node(p, POP_PROJECT, sizeof(struct pnode_project), ius, count, &project));
    ((struct pnode_project *)project)->exprs = exprs;
    inherit(project, node);
    *out = project;
    return LLKV_OK;
}

/* `need` and the columns of the node's own expressions, as its child must give them. */
static llkv_code need_exprs(struct phys *p, const struct iuset *need, const expr_list *list,
                            struct iuset *out)
{
    TRY(iuset_copy(p->cx, need, out));
    for (uint32_t i = 0; i < list->count; i++)
        TRY(iuset_add_expr(p->cx, out, list->items[i]));
    return LLKV_OK;
}

/* ---- leaves ---- */

static llkv_code build_values(struct phys *p, struct lnode *node, struct pnode **out)
{
    TRY(phys_node(p, POP_VALUES, sizeof(struct pnode_values), node->values.ius.items,
                  node->values.ius.count, out));
    struct pnode_values *values = (struct pnode_values *)*out;
    struct pfilter exprs;
    TRY(phys_filter(p, &node->values.exprs, &exprs));
    values->row_count = node->values.row_count;
    values->exprs = exprs.conjuncts;
    (*out)->rows = (*out)->rows_max = node->values.row_count;
    return LLKV_OK;
}

static llkv_code build_range(struct phys *p, struct lnode *node, struct pnode **out)
{
    TRY(phys_node(p, POP_RANGE, sizeof(struct pnode_range), &node->range.iu, 1, out));
    struct pnode_range *range = (struct pnode_range *)*out;
    TRY(phys_expr(p, node->range.start, &range->start));
    TRY(phys_expr(p, node->range.stop, &range->stop));
    TRY(phys_expr(p, node->range.step, &range->step));
    range->inclusive = node->inclusive;
    (*out)->rows = node->rows >= 0 ? node->rows : 1000;
    return LLKV_OK;
}

/* Only what is needed is converted. */
static llkv_code build_csv(struct phys *p, struct lnode *node, const struct iuset *need,
                           struct pnode **out)
{
    const uint32_t count = node->csv.ius.count;
    struct csv_spec *spec = cx_alloc(p->cx, sizeof *spec);
    struct csv_column *columns = cx_alloc_array(p->cx, count + 1u, sizeof *columns);
    uint32_t *wanted = cx_alloc_array(p->cx, count + 1u, sizeof *wanted);
    iu_id *ius = cx_alloc_array(p->cx, count + 1u, sizeof *ius);
    uint32_t out_count = 0;
    if (spec == NULL || columns == NULL || wanted == NULL || ius == NULL) return LLKV_NOMEM;
    *spec = *node->csv.spec;
    spec->columns = columns;
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = node->csv.spec->columns[i];
        columns[i].skipped = !iuset_has(need, node->csv.ius.items[i]);
        if (columns[i].skipped) continue;
        wanted[out_count] = i;
        ius[out_count++] = node->csv.ius.items[i];
    }
    TRY(phys_node(p, POP_CSV, sizeof(struct pnode_csv), ius, out_count, out));
    ((struct pnode_csv *)*out)->spec = spec;
    ((struct pnode_csv *)*out)->columns = wanted;
    (*out)->rows = node->rows;
    return LLKV_OK;
}

static llkv_code build_empty(struct phys *p, struct lnode *node, struct pnode **out)
{
    TRY(phys_node(p, POP_EMPTY, sizeof(struct pnode), node->empty.ius.items, node->empty.ius.count,
                  out));
    (*out)->rows_max = 0;
    return LLKV_OK;
}

/* ---- filter, map, sort, limit ---- */

static llkv_code build_select(struct phys *p, struct lnode *node, const struct iuset *need,
                              struct pnode **out)
{
    struct pnode *child;
    struct iuset below = {0};
    if (node->child[0]->op == LOP_SCAN)
        return phys_scan(p, node->child[0], &node->select.conjuncts, need, out);
    TRY(need_exprs(p, need, &node->select.conjuncts, &below));
    TRY(phys_build(p, node->child[0], &below, &child));
    TRY(phys_node(p, POP_FILTER, sizeof(struct pnode_filter), child->out, child->out_count, out));
    inherit(*out, child);
    if (node->rows >= 0) (*out)->rows = node->rows;
    return phys_filter(p, &node->select.conjuncts, &((struct pnode_filter *)*out)->filter);
}

static llkv_code map_need(struct phys *p, struct lnode *node, const struct iuset *need,
                          struct iuset *out)
{
    TRY(iuset_copy(p->cx, need, out));
    for (uint32_t i = 0; i < node->map.items.count; i++)
        iuset_remove(out, node->map.items.items[i].iu);
    for (uint32_t i = 0; i < node->map.items.count; i++)
        if (iuset_has(need, node->map.items.items[i].iu))
            TRY(iuset_add_expr(p->cx, out, node->map.items.items[i].expr));
    return LLKV_OK;
}

static llkv_code build_map(struct phys *p, struct lnode *node, const struct iuset *need,
                           struct pnode **out)
{
    struct iuset below = {0};
    struct pnode *child;
    TRY(map_need(p, node, need, &below));
    TRY(phys_build(p, node->child[0], &below, &child));
    uint32_t room = child->out_count + node->map.items.count, count = 0;
    iu_id *ius = cx_alloc_array(p->cx, room + 1u, sizeof *ius);
    const struct expr **exprs = cx_alloc_array(p->cx, room + 1u, sizeof *exprs);
    if (ius == NULL || exprs == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < child->out_count; i++) {
        if (!iuset_has(need, child->out[i])) continue;
        TRY(plan_column(p->plan, child->out[i], -1, &exprs[count]));
        ius[count++] = child->out[i];
    }
    for (uint32_t i = 0; i < node->map.items.count; i++) {
        const struct lmap_item *item = &node->map.items.items[i];
        if (!iuset_has(need, item->iu)) continue;
        TRY(phys_expr(p, item->expr, &exprs[count]));
        ius[count++] = item->iu;
    }
    TRY(phys_node(p, POP_PROJECT, sizeof(struct pnode_project), ius, count, out));
    ((struct pnode_project *)*out)->exprs = exprs;
    inherit(*out, child);
    return LLKV_OK;
}

static llkv_code build_sort(struct phys *p, struct lnode *node, const struct iuset *need,
                            int64_t top, struct pnode **out)
{
    struct iuset below = {0};
    struct pnode *child;
    uint32_t count = node->sort.keys.count;
    TRY(iuset_copy(p->cx, need, &below));
    for (uint32_t i = 0; i < count; i++)
        TRY(iuset_add_expr(p->cx, &below, node->sort.keys.items[i].expr));
    TRY(phys_build(p, node->child[0], &below, &child));
    struct psort_key *keys = cx_alloc_array(p->cx, count + 1u, sizeof *keys);
    if (keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = node->sort.keys.items[i];
        TRY(phys_expr(p, keys[i].expr, &keys[i].expr));
    }
    TRY(phys_node(p, POP_SORT, sizeof(struct pnode_sort), child->out, child->out_count, out));
    struct pnode_sort *sort = (struct pnode_sort *)*out;
    sort->keys = keys;
    sort->key_count = count;
    sort->top = top;
    inherit(*out, child);
    if ((double)top < (*out)->rows) (*out)->rows = (double)top;
    return LLKV_OK;
}

/* LIMIT and OFFSET as constants: how many rows a sort below has to keep. */
static int64_t constant_top(const struct phys *p, const struct lnode *limit)
{
    const struct expr *l = limit->limit.limit, *o = limit->limit.offset;
    if (!plan_rule_on(p->plan, RULE_BIT(top_n)) || l == NULL || l->kind != EXPR_CONST)
        return INT64_MAX;
    if (l->value->is_null || l->value->i < 0) return INT64_MAX;
    if (o == NULL) return l->value->i;
    if (o->kind != EXPR_CONST || o->value->is_null || o->value->i < 0) return INT64_MAX;
    int64_t sum;
    return __builtin_add_overflow(l->value->i, o->value->i, &sum) ? INT64_MAX : sum;
}

static llkv_code build_limit(struct phys *p, struct lnode *node, const struct iuset *need,
                             struct pnode **out)
{
    struct pnode *child;
    int64_t top = constant_top(p, node);
    if (node->child[0]->op == LOP_SORT)
        TRY(build_sort(p, node->child[0], need, top, &child));
    else
        TRY(phys_build(p, node->child[0], need, &child));
    TRY(phys_node(p, POP_LIMIT, sizeof(struct pnode_limit), child->out, child->out_count, out));
    struct pnode_limit *limit = (struct pnode_limit *)*out;
    TRY(phys_expr(p, node->limit.limit, &limit->limit));
    TRY(phys_expr(p, node->limit.offset, &limit->offset));
    limit->negative_is_none = node->limit.negative_is_none;
    inherit(*out, child);
    if ((double)top < (*out)->rows_max) (*out)->rows_max = (double)top;
    if ((double)top < (*out)->rows) (*out)->rows = (double)top;
    return LLKV_OK;
}

/* ---- set operations ---- */

static llkv_code set_child(struct phys *p, struct lnode *node, int side, struct pnode **out)
{
    struct iuset need = {0};
    const iu_list *from = side == 0 ? &node->setop.from[0] : &node->setop.from[1];
    for (uint32_t i = 0; i < from->count; i++)
        TRY(iuset_add(p->cx, &need, from->items[i]));
    TRY(phys_build(p, node->child[side], &need, out));
    return phys_columns(p, *out, from->items, from->count, out);
}

/* UNION: the distinct rows of UNION ALL. */
static llkv_code distinct_rows(struct phys *p, struct pnode *child, struct pnode **out)
{
    const struct expr **keys = cx_alloc_array(p->cx, child->out_count + 1u, sizeof *keys);
    if (keys == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < child->out_count; i++)
        TRY(plan_column(p->plan, child->out[i], -1, &keys[i]));
    TRY(phys_node(p, POP_GROUP, sizeof(struct pnode_group), child->out, child->out_count, out));
    struct pnode_group *group = (struct pnode_group *)*out;
    group->strategy = PGROUP_HASH;
    group->key_count = child->out_count;
    group->keys = keys;
    group->row_of_agg = -1;
    inherit(*out, child);
    return LLKV_OK;
}

static llkv_code build_setop(struct phys *p, struct lnode *node, struct pnode **out)
{
    struct pnode *child[2];
    for (int side = 0; side < 2; side++)
        TRY(set_child(p, node, side, &child[side]));
    bool is_union = node->kind == LSETOP_UNION || node->kind == LSETOP_UNION_ALL;
    size_t bytes = is_union ? sizeof(struct pnode_union) : sizeof(struct pnode_set);
    TRY(phys_node(p, is_union ? POP_UNION_ALL : POP_SET, bytes, node->setop.ius.items,
                  node->setop.ius.count, out));
    (*out)->child[0] = child[0];
    (*out)->child[1] = child[1];
    (*out)->child_count = 2;
    (*out)->rows = is_union ? child[0]->rows + child[1]->rows : child[0]->rows;
    if (!is_union) {
        struct pnode_set *set = (struct pnode_set *)*out;
        set->kind = node->kind == LSETOP_INTERSECT ? PSET_INTERSECT : PSET_EXCEPT;
        set->all = node->all;
    }
    return node->kind == LSETOP_UNION ? distinct_rows(p, *out, out) : LLKV_OK;
}

static llkv_code build_shared(struct phys *p, struct lnode *node, struct pnode **out)
{
    uint32_t index = node->shared.index;
    if (p->shared_index[index] == 0) {
        struct iuset need = {0};
        struct pnode *def;
        for (uint32_t i = 0; i < node->shared.from.count; i++)
            TRY(iuset_add(p->cx, &need, node->shared.from.items[i]));
        TRY(phys_build(p, p->plan->shared.items[index], &need, &def));
        TRY(phys_columns(p, def, node->shared.from.items, node->shared.from.count, &def));
        VEC_PUSH(p->cx, &p->shared, def);
        p->shared_index[index] = p->shared.count;
    }
    const struct pnode *def = p->shared.items[p->shared_index[index] - 1];
    CHECK(p->cx, def->out_count == node->shared.ius.count);
    TRY(phys_node(p, POP_SHARED, sizeof(struct pnode_shared), node->shared.ius.items,
                  node->shared.ius.count, out));
    ((struct pnode_shared *)*out)->index = p->shared_index[index] - 1;
    (*out)->rows = def->rows;
    (*out)->rows_max = def->rows_max;
    return LLKV_OK;
}

llkv_code phys_build(struct phys *p, struct lnode *node, const struct iuset *need,
                     struct pnode **out)
{
    static const expr_list none = {0};
    llkv_code rc = LLKV_INTERNAL;
    TRY(cx_enter(p->cx));
    switch ((enum lop)node->op) {
    case LOP_SCAN: rc = phys_scan(p, node, &none, need, out); break;
    case LOP_VALUES: rc = build_values(p, node, out); break;
    case LOP_RANGE: rc = build_range(p, node, out); break;
    case LOP_CSV: rc = build_csv(p, node, need, out); break;
    case LOP_EMPTY: rc = build_empty(p, node, out); break;
    case LOP_SELECT: rc = build_select(p, node, need, out); break;
    case LOP_MAP: rc = build_map(p, node, need, out); break;
    case LOP_JOIN: rc = phys_join(p, node, need, out); break;
    case LOP_GROUP: rc = phys_group(p, node, need, out); break;
    case LOP_SORT: rc = build_sort(p, node, need, INT64_MAX, out); break;
    case LOP_LIMIT: rc = build_limit(p, node, need, out); break;
    case LOP_SETOP: rc = build_setop(p, node, out); break;
    case LOP_SHARED: rc = build_shared(p, node, out); break;
    case LOP_COUNT: rc = cx_fail(p->cx, LLKV_INTERNAL, "not an operator"); break;
    }
    if (rc == LLKV_OK) cx_leave(p->cx);
    return rc;
}
