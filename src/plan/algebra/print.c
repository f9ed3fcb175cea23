/* print.c -- a logical tree as indented text, one line per operator. */
#include <stdio.h>

#include "plan/algebra/algebra.h"

struct printer {
    struct plan *plan;
    const char *text; /* so far */
};

static llkv_code put(struct printer *p, const char *a, const char *b, const char *c)
{
    p->text = cx_printf(p->plan->cx, "%s%s%s%s", p->text, a, b, c);
    return p->text == NULL ? LLKV_NOMEM : LLKV_OK;
}

static const char *iu_name(void *arg, iu_id iu)
{
    struct plan *plan = arg;
    if (iu == 0 || iu >= plan->ius.count) return "?";
    const char *name = plan->ius.items[iu].name;
    const char *text = cx_printf(plan->cx, "%s#%u", name == NULL ? "" : name, iu);
    return text == NULL ? "?" : text;
}

static llkv_code put_iu(struct printer *p, const char *before, iu_id iu)
{
    return put(p, before, iu_name(p->plan, iu), "");
}

static llkv_code put_ius(struct printer *p, const iu_list *ius)
{
    for (uint32_t i = 0; i < ius->count; i++)
        TRY(put_iu(p, i == 0 ? " " : ", ", ius->items[i]));
    return LLKV_OK;
}

static llkv_code put_expr(struct printer *p, const char *before, const struct expr *e)
{
    const char *text;
    TRY(expr_print(p->plan->cx, e, iu_name, p->plan, &text));
    return put(p, before, text, "");
}

static llkv_code put_list(struct printer *p, const char *before, const expr_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(put_expr(p, i == 0 ? before : " and ", list->items[i]));
    return LLKV_OK;
}

static llkv_code put_join(struct printer *p, const struct lnode *node)
{
    static const char *const kinds[] = {
        [LJOIN_INNER] = " inner", [LJOIN_LEFT] = " left",           [LJOIN_RIGHT] = " right",
        [LJOIN_FULL] = " full",   [LJOIN_SEMI] = " semi",           [LJOIN_ANTI] = " anti",
        [LJOIN_MARK] = " mark",   [LJOIN_ANTI_NULL] = " anti null", [LJOIN_SINGLE] = " single"};
    TRY(put(p, kinds[node->kind], node->dependent ? " dependent" : "",
            node->null_aware ? " null-aware" : ""));
    if (node->kind == LJOIN_MARK) TRY(put_iu(p, " ", node->join.mark));
    return put_list(p, " on ", &node->join.conditions);
}

static llkv_code put_group(struct printer *p, const struct lnode *node)
{
    static const char *const names[] = {
#define X(name) [AGG_##name] = #name,
        AGG_LIST(X)
#undef X
    };
    for (uint32_t i = 0; i < node->group.keys.count; i++) {
        const struct lkey *key = &node->group.keys.items[i];
        TRY(put_expr(p, i == 0 ? " by " : ", ", key->expr));
        if (key->expr->kind != EXPR_COLUMN || key->expr->column != key->iu)
            TRY(put_iu(p, " as ", key->iu));
    }
    for (uint32_t i = 0; i < node->group.aggs.count; i++) {
        const struct lagg *agg = &node->group.aggs.items[i];
        TRY(put_iu(p, i == 0 ? ": " : ", ", agg->iu));
        TRY(put(p, " = ", names[agg->op], agg->distinct ? "(distinct" : "("));
        if (agg->arg != NULL) TRY(put_expr(p, agg->distinct ? " " : "", agg->arg));
        TRY(put(p, ")", "", ""));
        if (agg->filter != NULL) TRY(put_expr(p, " filter ", agg->filter));
    }
    return LLKV_OK;
}

static llkv_code put_setop(struct printer *p, const struct lnode *node)
{
    static const char *const kinds[] = {[LSETOP_UNION_ALL] = " union all",
                                        [LSETOP_UNION] = " union",
                                        [LSETOP_INTERSECT] = " intersect",
                                        [LSETOP_EXCEPT] = " except"};
    bool all = node->all && node->kind != LSETOP_UNION_ALL;
    TRY(put(p, kinds[node->kind], all ? " all" : "", ""));
    TRY(put_ius(p, &node->setop.ius));
    TRY(put(p, " from", "", ""));
    TRY(put_ius(p, &node->setop.from[0]));
    TRY(put(p, " and", "", ""));
    return put_ius(p, &node->setop.from[1]);
}

static llkv_code put_sort(struct printer *p, const struct lnode *node)
{
    for (uint32_t i = 0; i < node->sort.keys.count; i++) {
        const struct psort_key *key = &node->sort.keys.items[i];
        TRY(put_expr(p, i == 0 ? " by " : ", ", key->expr));
        TRY(put(p, key->descending ? " desc" : "", key->nulls_first ? " nulls first" : "", ""));
    }
    return LLKV_OK;
}

static llkv_code put_own(struct printer *p, const struct lnode *node)
{
    char number[32];
    switch ((enum lop)node->op) {
    case LOP_SCAN:
        TRY(put(p, " ", node->scan.object == NULL ? "?" : node->scan.object->name, ""));
        TRY(put_ius(p, &node->scan.ius));
        return put_list(p, " where ", &node->scan.conjuncts);
    case LOP_VALUES:
        snprintf(number, sizeof number, " %u rows", node->values.row_count);
        TRY(put(p, number, "", ""));
        TRY(put_ius(p, &node->values.ius));
        return put_list(p, ": ", &node->values.exprs);
    case LOP_RANGE: return put_iu(p, " ", node->range.iu);
    case LOP_CSV: TRY(put(p, " ", node->csv.spec->path, "")); return put_ius(p, &node->csv.ius);
    case LOP_EMPTY: return put_ius(p, &node->empty.ius);
    case LOP_SELECT: return put_list(p, " ", &node->select.conjuncts);
    case LOP_MAP:
        for (uint32_t i = 0; i < node->map.items.count; i++) {
            TRY(put_iu(p, i == 0 ? " " : ", ", node->map.items.items[i].iu));
            TRY(put_expr(p, " = ", node->map.items.items[i].expr));
        }
        return LLKV_OK;
    case LOP_JOIN: return put_join(p, node);
    case LOP_GROUP: return put_group(p, node);
    case LOP_SORT: return put_sort(p, node);
    case LOP_LIMIT:
        if (node->limit.limit != NULL) TRY(put_expr(p, " ", node->limit.limit));
        return node->limit.offset == NULL ? LLKV_OK : put_expr(p, " offset ", node->limit.offset);
    case LOP_SETOP: return put_setop(p, node);
    case LOP_SHARED:
        snprintf(number, sizeof number, " %u", node->shared.index);
        TRY(put(p, number, "", ""));
        TRY(put_ius(p, &node->shared.ius));
        TRY(put(p, " from", "", ""));
        return put_ius(p, &node->shared.from);
    case LOP_COUNT: return LLKV_OK;
    }
    return LLKV_OK;
}

static llkv_code put_node(struct printer *p, const struct lnode *node, uint32_t depth)
{
    static const char *const names[LOP_COUNT] = {
#define X(name, text) [LOP_##name] = text,
        LOP_LIST(X)
#undef X
    };
    TRY(cx_enter(p->plan->cx));
    for (uint32_t i = 0; i < depth; i++)
        TRY(put(p, "  ", "", ""));
    TRY(put(p, names[node->op], "", ""));
    TRY(put_own(p, node));
    TRY(put(p, "\n", "", ""));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(put_node(p, node->child[i], depth + 1));
    cx_leave(p->plan->cx);
    return LLKV_OK;
}

llkv_code plan_print(struct plan *plan, const struct lnode *node, const char **out_text)
{
    struct printer p = {.plan = plan, .text = ""};
    for (uint32_t i = 0; node == plan->root && i < plan->shared.count; i++) {
        const char *head = cx_printf(plan->cx, "shared %u:\n", i);
        if (head == NULL) return LLKV_NOMEM;
        TRY(put(&p, head, "", ""));
        TRY(put_node(&p, plan->shared.items[i], 1));
    }
    TRY(put_node(&p, node, 0));
    *out_text = p.text;
    return LLKV_OK;
}
