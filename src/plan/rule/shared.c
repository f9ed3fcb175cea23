/* shared.c -- all readers of a shared definition read the same columns in the same order, so that
 * the definition hands its rows out as they are. */
#include "plan/rule/rule.h"

struct sharing {
    struct plan *plan;
    iu_list *columns; /* per definition */
    bool rewrite;
};

static bool list_has(const iu_list *list, iu_id iu)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == iu) return true;
    return false;
}

static llkv_code collect(struct sharing *s, const struct lnode *reader)
{
    iu_list *list = &s->columns[reader->shared.index];
    for (uint32_t i = 0; i < reader->shared.from.count; i++)
        if (!list_has(list, reader->shared.from.items[i]))
            VEC_PUSH(s->plan->cx, list, reader->shared.from.items[i]);
    return LLKV_OK;
}

static llkv_code rewrite(struct sharing *s, struct lnode *reader)
{
    const iu_list *list = &s->columns[reader->shared.index];
    iu_list ius = {0}, from = {0};
    for (uint32_t k = 0; k < list->count; k++) {
        iu_id iu = 0;
        for (uint32_t i = 0; i < reader->shared.from.count && iu == 0; i++)
            if (reader->shared.from.items[i] == list->items[k]) iu = reader->shared.ius.items[i];
        struct iu info = s->plan->ius.items[list->items[k]];
        if (iu == 0) TRY(plan_iu_new(s->plan, info.type, info.name, info.nullable, &iu));
        VEC_PUSH(s->plan->cx, &ius, iu);
        VEC_PUSH(s->plan->cx, &from, list->items[k]);
    }
    reader->shared.ius = ius;
    reader->shared.from = from;
    return LLKV_OK;
}

static llkv_code visit(struct sharing *s, struct lnode *node)
{
    TRY(cx_enter(s->plan->cx));
    if (node->op == LOP_SHARED) TRY(s->rewrite ? rewrite(s, node) : collect(s, node));
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL) TRY(visit(s, node->child[i]));
    cx_leave(s->plan->cx);
    return LLKV_OK;
}

llkv_code rule_share_columns(struct plan *plan)
{
    struct sharing s = {.plan = plan};
    if (plan->shared.count == 0) return LLKV_OK;
    s.columns = cx_alloc_zero(plan->cx, plan->shared.count * sizeof *s.columns);
    if (s.columns == NULL) return LLKV_NOMEM;
    for (int pass = 0; pass < 2; pass++) {
        s.rewrite = pass == 1;
        for (uint32_t i = 0; i < plan->shared.count; i++)
            TRY(visit(&s, plan->shared.items[i]));
        TRY(visit(&s, plan->root));
    }
    return LLKV_OK;
}
