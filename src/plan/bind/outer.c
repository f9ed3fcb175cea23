/* outer.c -- aggregates inside a subquery that belong to a query around it.
 *
 * SELECT (SELECT sum(x.a) FROM y) FROM x sums the rows of x: an aggregate whose columns all come
 * from outside is the nearest query's that they come from. That is known only when its argument is
 * bound, when that query has made its groups; so the call is remembered and binding starts again.
 */
#include "plan/bind/bind.h"

enum { OUTER_AGGS_MAX = 256 }; /* each binds the statement once more */

bool bind_is_outer(const struct binder *b, const struct ast_call *call)
{
    for (uint32_t i = 0; b->outer_aggs != NULL && i < b->outer_aggs->count; i++)
        if (b->outer_aggs->items[i].call == call) return true;
    return false;
}

/* What the rows of a query hold before they are grouped. */
static llkv_code input_of(struct binder *b, const struct scope *scope, struct iuset *out)
{
    const struct lnode *node = scope->grouped ? scope->group->child[0] : scope->node;
    return node == NULL ? LLKV_OK : lnode_produced(b->plan, node, out);
}

static llkv_code owner_of(struct binder *b, struct scope *scope, const struct iuset *used,
                          struct scope **out)
{
    *out = NULL;
    for (struct scope *s = scope; s != NULL && *out == NULL; s = s->parent) {
        struct iuset input = {0};
        TRY(input_of(b, s, &input));
        if (iuset_intersects(&input, used)) *out = s;
    }
    return LLKV_OK;
}

static llkv_code hand_over(struct binder *b, const struct scope *owner, const struct ast_call *call)
{
    static const char *const places[] = {"FROM",         "WHERE",           "GROUP BY",
                                         "an aggregate", "the select list", "HAVING",
                                         "ORDER BY",     "VALUES"};
    int32_t at = bind_at(b, &call->base);
    bool may = owner->clause == CLAUSE_SELECT || owner->clause == CLAUSE_HAVING ||
               owner->clause == CLAUSE_ORDER;
    if (!may || owner->select == NULL)
        return cx_fail_at(b->cx, LLKV_SEMANTIC, at, "42803",
                          "aggregate %.*s belongs to an outer query, where it is not allowed in %s",
                          SLICE_ARG(call->name.parts[0].text),
                          owner->select == NULL ? "a change of a table" : places[owner->clause]);
    if (b->outer_aggs == NULL || b->view_depth > 0 || b->outer_aggs->count == OUTER_AGGS_MAX)
        return bind_unsupported(b, &call->base, "an aggregate of an outer query's columns here");
    VEC_PUSH(b->cx, b->outer_aggs, (struct outer_agg){call, owner->select});
    b->again = true;
    return bind_unsupported(b, &call->base, "an aggregate of an outer query's columns");
}

llkv_code bind_outer_check(struct binder *b, struct scope *scope, const struct ast_call *call,
                           const struct expr *arg, const struct expr *filter)
{
    struct iuset used = {0};
    struct scope *owner;
    if (scope->parent == NULL) return LLKV_OK;
    if (arg != NULL) TRY(iuset_add_expr(b->cx, &used, arg));
    if (filter != NULL) TRY(iuset_add_expr(b->cx, &used, filter));
    if (iuset_empty(&used)) return LLKV_OK;
    TRY(owner_of(b, scope, &used, &owner));
    return owner == NULL || owner == scope ? LLKV_OK : hand_over(b, owner, call);
}

llkv_code bind_outer_try(struct binder *b, struct scope *scope, const struct ast_call *call)
{
    const struct expr *arg = NULL, *filter = NULL;
    if (scope->parent == NULL || call->args.count == 0) return LLKV_OK;
    TRY(bind_expr(b, scope, call->args.items[0], &arg));
    if (call->filter != NULL) TRY(bind_condition(b, scope, call->filter, &filter));
    return bind_outer_check(b, scope, call, arg, filter);
}
