/* prune.c -- prune: from the top down, `need` says which IUs somebody above reads; what nobody
 * reads is neither computed nor scanned, and a join that only adds such columns goes. */
#include "plan/rule/rule.h"

struct prune {
    struct plan *plan;
    struct iuset *shared; /* per definition: what its readers need */
};

static llkv_code prune(struct prune *p, struct lnode **io_node, const struct iuset *need);

static llkv_code add_exprs(struct prune *p, const expr_list *list, struct iuset *io_set)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(iuset_add_expr(p->plan->cx, io_set, list->items[i]));
    return LLKV_OK;
}

static llkv_code prune_scan(struct prune *p, struct lnode *node, const struct iuset *need)
{
    struct iuset all = {0};
    TRY(iuset_copy(p->plan->cx, need, &all));
    TRY(add_exprs(p, &node->scan.conjuncts, &all));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->scan.ius.count; i++) {
        if (!iuset_has(&all, node->scan.ius.items[i])) continue;
        node->scan.ius.items[kept] = node->scan.ius.items[i];
        node->scan.columns.items[kept++] = node->scan.columns.items[i];
    }
    node->scan.ius.count = node->scan.columns.count = kept;
    return LLKV_OK;
}

static llkv_code prune_map(struct prune *p, struct lnode **io_node, const struct iuset *need)
{
    struct lnode *node = *io_node;
    struct iuset below = {0};
    uint32_t kept = 0;
    TRY(iuset_copy(p->plan->cx, need, &below));
    for (uint32_t i = 0; i < node->map.items.count; i++) {
        struct lmap_item item = node->map.items.items[i];
        if (!iuset_has(need, item.iu)) continue;
        TRY(iuset_add_expr(p->plan->cx, &below, item.expr));
        node->map.items.items[kept++] = item;
    }
    node->map.items.count = kept;
    TRY(prune(p, &node->child[0], &below));
    if (kept == 0) *io_node = node->child[0];
    return LLKV_OK;
}

static llkv_code need_of_agg(struct prune *p, const struct lagg *agg, struct iuset *io_set)
{
    TRY(iuset_add_expr(p->plan->cx, io_set, agg->arg));
    TRY(iuset_add_expr(p->plan->cx, io_set, agg->filter));
    for (uint32_t i = 0; i < agg->order_count; i++)
        TRY(iuset_add_expr(p->plan->cx, io_set, agg->order[i].expr));
    return LLKV_OK;
}

/* Aggregates that take their value from the row of another one keep that one alive. */
static llkv_code prune_group(struct prune *p, struct lnode *node, const struct iuset *need)
{
    struct iuset below = {0};
    uint32_t kept = 0, total = node->group.aggs.count;
    int32_t row_of = node->group.row_of_agg;
    for (uint32_t i = 0; i < node->group.keys.count; i++)
        TRY(iuset_add_expr(p->plan->cx, &below, node->group.keys.items[i].expr));
    bool row_needed = false;
    for (uint32_t i = 0; i < total; i++)
        row_needed |= row_of >= 0 && iuset_has(need, node->group.aggs.items[i].iu);
    for (uint32_t i = 0; i < total; i++) {
        struct lagg agg = node->group.aggs.items[i];
        bool is_row = row_of >= 0 && (uint32_t)row_of == i;
        bool only = i + 1 == total && kept == 0 && node->group.keys.count == 0;
        if (!iuset_has(need, agg.iu) && !(is_row && row_needed) && !only) continue;
        if (only && !iuset_has(need, agg.iu) && !is_row) {
            TRY(plan_iu_new(p->plan, type_of(TYPE_BIGINT), "", false, &agg.iu));
            agg = (struct lagg){.iu = agg.iu, .op = AGG_COUNT_STAR, .type = type_of(TYPE_BIGINT)};
        }
        TRY(need_of_agg(p, &agg, &below));
        if (is_row) node->group.row_of_agg = (int32_t)kept;
        node->group.aggs.items[kept++] = agg;
    }
    node->group.aggs.count = kept;
    if (row_of >= 0 && (!row_needed || kept == 0)) node->group.row_of_agg = -1;
    return prune(p, &node->child[0], &below);
}

/* A join that neither drops nor repeats left rows, and whose columns nobody reads. */
static llkv_code is_useless(struct prune *p, const struct lnode *node, const struct iuset *need,
                            bool *out)
{
    struct iuset right = {0};
    *out = false;
    if (node->kind == LJOIN_MARK) {
        *out = !iuset_has(need, node->join.mark);
        return LLKV_OK;
    }
    if (node->kind != LJOIN_LEFT && node->kind != LJOIN_SINGLE) return LLKV_OK;
    TRY(lnode_produced(p->plan, node->child[1], &right));
    if (iuset_intersects(need, &right)) return LLKV_OK;
    if (node->kind == LJOIN_SINGLE && node->first_only) {
        *out = true;
        return LLKV_OK;
    }
    return join_partner_unique(p->plan, node, out);
}

static llkv_code prune_join(struct prune *p, struct lnode **io_node, const struct iuset *need)
{
    struct lnode *node = *io_node;
    bool useless;
    TRY(is_useless(p, node, need, &useless));
    if (useless) {
        *io_node = node->child[0];
        return prune(p, io_node, need);
    }
    struct iuset left = {0}, right = {0};
    TRY(add_exprs(p, &node->join.conditions, &right));
    if (node->kind != LJOIN_SEMI && node->kind != LJOIN_ANTI && node->kind != LJOIN_ANTI_NULL &&
        node->kind != LJOIN_MARK)
        TRY(iuset_add_all(p->plan->cx, &right, need));
    TRY(iuset_copy(p->plan->cx, need, &left));
    TRY(iuset_add_all(p->plan->cx, &left, &right));
    TRY(prune(p, &node->child[1], &right));
    if (node->dependent) TRY(lnode_free(p->plan, node->child[1], &left));
    return prune(p, &node->child[0], &left);
}

static llkv_code prune_setop(struct prune *p, struct lnode *node, const struct iuset *need)
{
    uint32_t kept = 0, total = node->setop.ius.count;
    for (uint32_t i = 0; i < total; i++) {
        bool only = i + 1 == total && kept == 0;
        if (node->kind == LSETOP_UNION_ALL && !only && !iuset_has(need, node->setop.ius.items[i]))
            continue;
        node->setop.ius.items[kept] = node->setop.ius.items[i];
        node->setop.from[0].items[kept] = node->setop.from[0].items[i];
        node->setop.from[1].items[kept++] = node->setop.from[1].items[i];
    }
    node->setop.ius.count = node->setop.from[0].count = node->setop.from[1].count = kept;
    for (int side = 0; side < 2; side++) {
        struct iuset below = {0};
        for (uint32_t i = 0; i < kept; i++)
            TRY(iuset_add(p->plan->cx, &below, node->setop.from[side].items[i]));
        TRY(prune(p, &node->child[side], &below));
    }
    return LLKV_OK;
}

static llkv_code prune_shared(struct prune *p, struct lnode *node, const struct iuset *need)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->shared.ius.count; i++) {
        if (!iuset_has(need, node->shared.ius.items[i])) continue;
        TRY(iuset_add(p->plan->cx, &p->shared[node->shared.index], node->shared.from.items[i]));
        node->shared.ius.items[kept] = node->shared.ius.items[i];
        node->shared.from.items[kept++] = node->shared.from.items[i];
    }
    node->shared.ius.count = node->shared.from.count = kept;
    return LLKV_OK;
}

static llkv_code prune_empty(struct lnode *node, const struct iuset *need)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->empty.ius.count; i++)
        if (iuset_has(need, node->empty.ius.items[i]))
            node->empty.ius.items[kept++] = node->empty.ius.items[i];
    node->empty.ius.count = kept;
    return LLKV_OK;
}

static llkv_code prune_above(struct prune *p, struct lnode *node, const struct iuset *need)
{
    struct iuset below = {0};
    TRY(iuset_copy(p->plan->cx, need, &below));
    if (node->op == LOP_SELECT) TRY(add_exprs(p, &node->select.conjuncts, &below));
    for (uint32_t i = 0; node->op == LOP_SORT && i < node->sort.keys.count; i++)
        TRY(iuset_add_expr(p->plan->cx, &below, node->sort.keys.items[i].expr));
    return prune(p, &node->child[0], &below);
}

static llkv_code prune(struct prune *p, struct lnode **io_node, const struct iuset *need)
{
    struct lnode *node = *io_node;
    llkv_code rc = LLKV_OK;
    TRY(cx_enter(p->plan->cx));
    switch ((enum lop)node->op) {
    case LOP_SCAN: rc = prune_scan(p, node, need); break;
    case LOP_MAP: rc = prune_map(p, io_node, need); break;
    case LOP_JOIN: rc = prune_join(p, io_node, need); break;
    case LOP_GROUP: rc = prune_group(p, node, need); break;
    case LOP_SETOP: rc = prune_setop(p, node, need); break;
    case LOP_SHARED: rc = prune_shared(p, node, need); break;
    case LOP_EMPTY: rc = prune_empty(node, need); break;
    case LOP_SELECT:
    case LOP_SORT:
    case LOP_LIMIT: rc = prune_above(p, node, need); break;
    case LOP_VALUES:
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_COUNT: break;
    }
    if (rc != LLKV_OK) return rc;
    cx_leave(p->plan->cx);
    return LLKV_OK;
}

static llkv_code need_of_dml(struct prune *p, const struct ldml *dml, struct iuset *io_set)
{
    struct cx *cx = p->plan->cx;
    if (dml->row_id != 0) TRY(iuset_add(cx, io_set, dml->row_id));
    for (uint32_t i = 0; i < dml->column_count; i++)
        TRY(iuset_add_expr(cx, io_set, dml->values[i]));
    if (dml->current == NULL) return LLKV_OK;
    uint32_t columns = table_definition(dml->object->table)->column_count;
    for (uint32_t i = 0; i < columns; i++)
        TRY(iuset_add_expr(cx, io_set, dml->current[i]));
    return LLKV_OK;
}

/* Shared definitions in an order in which each stands behind those it reads. */
struct reading {
    struct plan *plan;
    bool *seen;
    VEC(uint32_t) order;
};

static llkv_code reading_order(struct reading *r, const struct lnode *node)
{
    TRY(cx_enter(r->plan->cx));
    if (node->op == LOP_SHARED && !r->seen[node->shared.index]) {
        r->seen[node->shared.index] = true;
        TRY(reading_order(r, r->plan->shared.items[node->shared.index]));
        VEC_PUSH(r->plan->cx, &r->order, node->shared.index);
    }
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(reading_order(r, node->child[i]));
    cx_leave(r->plan->cx);
    return LLKV_OK;
}

static llkv_code prune_definitions(struct prune *p)
{
    struct reading r = {.plan = p->plan};
    r.seen = cx_alloc_zero(p->plan->cx, p->plan->shared.count + 1u);
    if (r.seen == NULL) return LLKV_NOMEM;
    TRY(reading_order(&r, p->plan->root));
    for (uint32_t i = r.order.count; i-- > 0;) { /* readers first: they say what is needed */
        uint32_t index = r.order.items[i];
        TRY(prune(p, &p->plan->shared.items[index], &p->shared[index]));
    }
    for (uint32_t i = 0; i < p->plan->shared.count; i++) /* nobody reads it any more */
        if (!r.seen[i]) TRY(lnode_make_empty(p->plan, &p->plan->shared.items[i]));
    return LLKV_OK;
}

llkv_code rule_prune(struct plan *plan, const struct ldml *dml)
{
    struct prune p = {.plan = plan};
    struct iuset need = {0};
    if (plan->shared.count != 0) {
        p.shared = cx_alloc_zero(plan->cx, plan->shared.count * sizeof *p.shared);
        if (p.shared == NULL) return LLKV_NOMEM;
    }
    for (uint32_t i = 0; i < plan->out.count; i++)
        TRY(iuset_add(plan->cx, &need, plan->out.items[i]));
    if (dml != NULL && dml->kind != LDML_NONE) TRY(need_of_dml(&p, dml, &need));
    TRY(prune(&p, &plan->root, &need));
    return plan->shared.count == 0 ? LLKV_OK : prune_definitions(&p);
}
