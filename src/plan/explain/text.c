/* text.c -- EXPLAIN: one operator per line, indented by depth. */
#include <stdarg.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

struct text {
    struct cx *cx;
    const struct pplan *plan;
    char *data;
    size_t len, capacity;
};

static llkv_code put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static llkv_code put(struct text *t, const char *fmt, ...)
{
    for (;;) {
        size_t room = t->capacity - t->len;
        va_list args;
        va_start(args, fmt);
        int n = vsnprintf(t->data == NULL ? NULL : t->data + t->len, room, fmt, args);
        va_end(args);
        if (n < 0) return cx_fail(t->cx, LLKV_INTERNAL, "a text cannot be formatted");
        if ((size_t)n < room) {
            t->len += (size_t)n;
            return LLKV_OK;
        }
        size_t capacity = (t->capacity + (size_t)n) * 2 + 256;
        char *grown = cx_alloc(t->cx, capacity);
        if (grown == NULL) return LLKV_NOMEM;
        if (t->len != 0) memcpy(grown, t->data, t->len);
        t->data = grown;
        t->capacity = capacity;
    }
}

static const char *iu_name(void *arg, iu_id iu)
{
    struct text *t = arg;
    if (iu < t->plan->iu_count && t->plan->iu_names[iu] != NULL && t->plan->iu_names[iu][0] != '\0')
        return t->plan->iu_names[iu];
    const char *name = cx_printf(t->cx, "#%u", iu);
    return name == NULL ? "?" : name;
}

static llkv_code put_expr(struct text *t, const struct expr *e)
{
    const char *text;
    TRY(expr_print(t->cx, e, iu_name, t, &text));
    return put(t, "%s", text);
}

static llkv_code put_exprs(struct text *t, const char *label, const struct expr *const *exprs,
                           uint32_t count, const char *between)
{
    if (count == 0) return LLKV_OK;
    TRY(put(t, "  %s=", label));
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) TRY(put(t, "%s", between));
        TRY(put_expr(t, exprs[i]));
    }
    return LLKV_OK;
}

static llkv_code put_filter(struct text *t, const char *label, const struct pfilter *filter)
{
    return put_exprs(t, label, filter->conjuncts, filter->count, " AND ");
}

static const char *const join_names[] = {"inner",     "left",        "right",   "full",
                                         "semi",      "anti",        "rsemi",   "ranti",
                                         "anti-null", "mark-exists", "mark-in", "single"};

static llkv_code put_join(struct text *t, const struct pnode_join *join)
{
    TRY(put(t, " %s", join_names[join->kind]));
    for (uint32_t i = 0; i < join->key_count; i++) {
        TRY(put(t, i == 0 ? "  on=" : " AND "));
        TRY(put_expr(t, join->keys[i].left));
        TRY(put(t, join->keys[i].null_equal ? " IS " : " = "));
        TRY(put_expr(t, join->keys[i].right));
    }
    if (join->key_dense) TRY(put(t, "  dense"));
    return put_filter(t, join->key_count == 0 ? "on" : "residual", &join->residual);
}

static llkv_code put_group(struct text *t, const struct pnode_group *group)
{
    static const char *const strategies[] = {"", " hash", " direct", " stream"};
    static const char *const names[] = {
#define X(name) #name,
        AGG_LIST(X)
#undef X
    };
    TRY(put(t, "%s", strategies[group->strategy]));
    TRY(put_exprs(t, "by", group->keys, group->key_count, ", "));
    for (uint32_t i = 0; i < group->agg_count; i++) {
        const struct pagg *agg = &group->aggs[i];
        TRY(put(t, "%s%s(%s", i == 0 ? "  " : ", ", names[agg->op],
                agg->distinct ? "DISTINCT " : ""));
        if (agg->arg != NULL) TRY(put_expr(t, agg->arg));
        TRY(put(t, ")"));
    }
    return LLKV_OK;
}

static llkv_code put_sort(struct text *t, const struct pnode_sort *sort)
{
    for (uint32_t i = 0; i < sort->key_count; i++) {
        TRY(put(t, i == 0 ? "  by=" : ", "));
        TRY(put_expr(t, sort->keys[i].expr));
        if (sort->keys[i].descending) TRY(put(t, " DESC"));
    }
    return sort->top == INT64_MAX ? LLKV_OK : put(t, "  top=%lld", (long long)sort->top);
}

static llkv_code put_details(struct text *t, const struct pnode *node)
{
    switch ((enum pop)node->op) {
    case POP_SCAN: {
        const struct pnode_scan *scan = (const struct pnode_scan *)node;
        TRY(put(t, " %s", table_definition(scan->table)->name));
        return put_filter(t, "filter", &scan->filter);
    }
    case POP_LOOKUP: {
        const struct pnode_lookup *lookup = (const struct pnode_lookup *)node;
        TRY(put(t, " %s", table_definition(lookup->table)->name));
        TRY(put_exprs(t, "key", lookup->values, lookup->key_column_count, ", "));
        return put_filter(t, "filter", &lookup->filter);
    }
    case POP_VALUES: return put(t, " rows=%u", ((const struct pnode_values *)node)->row_count);
    case POP_FILTER: return put_filter(t, "filter", &((const struct pnode_filter *)node)->filter);
    case POP_PROJECT:
        return put_exprs(t, "out", ((const struct pnode_project *)node)->exprs, node->out_count,
                         ", ");
    case POP_HASH_JOIN:
    case POP_LOOP_JOIN: return put_join(t, (const struct pnode_join *)node);
    case POP_APPLY: return put(t, " %s", join_names[((const struct pnode_apply *)node)->kind]);
    case POP_GROUP: return put_group(t, (const struct pnode_group *)node);
    case POP_SORT: return put_sort(t, (const struct pnode_sort *)node);
    case POP_SET:
        return put(t, " %s%s",
                   ((const struct pnode_set *)node)->kind == PSET_INTERSECT ? "intersect"
                                                                            : "except",
                   ((const struct pnode_set *)node)->all ? " all" : "");
    case POP_SHARED: return put(t, " #%u", ((const struct pnode_shared *)node)->index);
    case POP_INSERT:
        return put(t, " %s", table_definition(((const struct pnode_insert *)node)->table)->name);
    case POP_UPDATE:
        return put(t, " %s", table_definition(((const struct pnode_update *)node)->table)->name);
    case POP_DELETE:
        return put(t, " %s", table_definition(((const struct pnode_delete *)node)->table)->name);
    case POP_CSV: return put(t, " %s", ((const struct pnode_csv *)node)->spec->path);
    case POP_CSV_WRITE: {
        const struct csv_target *target = ((const struct pnode_csv_write *)node)->target;
        return put(t, " %s", target->path == NULL ? "standard output" : target->path);
    }
    case POP_RANGE:
    case POP_EMPTY:
    case POP_LIMIT:
    case POP_UNION_ALL:
    case POP_COUNT: return LLKV_OK;
    }
    return LLKV_OK;
}

static llkv_code put_node(struct text *t, const struct pnode *node, int depth)
{
    static const char *const names[] = {
#define X(name, text) text,
        POP_LIST(X)
#undef X
    };
    TRY(cx_enter(t->cx));
    TRY(put(t, "%*s%s", depth * 2, "", names[node->op]));
    TRY(put_details(t, node));
    TRY(put(t, "  est %.0f\n", node->rows < 0 ? 0 : node->rows));
    for (uint32_t i = 0; i < node->child_count; i++)
        TRY(put_node(t, node->child[i], depth + 1));
    cx_leave(t->cx);
    return LLKV_OK;
}

llkv_code plan_explain(struct cx *cx, const struct pplan *plan, const char **out_text)
{
    struct text t = {.cx = cx, .plan = plan};
    TRY(put_node(&t, plan->root, 0));
    for (uint32_t i = 0; i < plan->init_count; i++) {
        TRY(put(&t, "Init $%u\n", plan->inits[i].parameter + 1));
        TRY(put_node(&t, plan->inits[i].node, 1));
    }
    for (uint32_t i = 0; i < plan->shared_count; i++) {
        TRY(put(&t, "Shared #%u\n", i));
        TRY(put_node(&t, plan->shared[i], 1));
    }
    *out_text = t.data;
    return LLKV_OK;
}
