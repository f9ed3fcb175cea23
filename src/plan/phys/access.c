/* access.c -- how the rows of a table are reached: a scan with pruning, or a key lookup. */
#include <math.h>

#include "plan/phys/phys.h"

/* column op value, with the column on the left. */
struct sarg {
    iu_id iu;
    uint8_t op; /* enum compare_op */
    const struct expr *value;
};

static bool is_value(const struct expr *e)
{
    return e->kind == EXPR_PARAM || (e->kind == EXPR_CONST && !e->value->is_null);
}

static bool as_sarg(const struct expr *e, struct sarg *out)
{
    if (e->kind != EXPR_COMPARE) return false;
    const struct expr *l = e->args[0], *r = e->args[1];
    enum compare_op op = (enum compare_op)e->op;
    if (l->kind != EXPR_COLUMN) {
        const struct expr *swap = l;
        l = r;
        r = swap;
        op = compare_flip(op);
    }
    if (l->kind != EXPR_COLUMN || !is_value(r)) return false;
    *out = (struct sarg){l->column, (uint8_t)op, r};
    return true;
}

static int scan_column(const struct lnode *scan, iu_id iu)
{
    for (uint32_t i = 0; i < scan->scan.ius.count; i++)
        if (scan->scan.ius.items[i] == iu) return scan->scan.columns.items[i];
    return -1;
}

static bool orderable(struct type type)
{
    return type.phys != PHYS_VIEW && type.phys != PHYS_MDN && type.phys != PHYS_NUMBER &&
           type.phys != PHYS_BOOL && type.phys != PHYS_NULLS;
}

static int scan_op(uint8_t op)
{
    switch ((enum compare_op)op) {
    case CMP_EQ: return SCAN_EQ;
    case CMP_LT: return SCAN_LT;
    case CMP_LE: return SCAN_LE;
    case CMP_GT: return SCAN_GT;
    case CMP_GE: return SCAN_GE;
    case CMP_NE:
    case CMP_OP_COUNT: break;
    }
    return -1;
}

/* Conditions that statistics can rule segments out by. */
static llkv_code predicates(struct phys *p, const struct lnode *scan, const struct pfilter *filter,
                            struct pnode_scan *out)
{
    if (!plan_rule_on(p->plan, RULE_BIT(scan_predicates)) || filter->count == 0) return LLKV_OK;
    struct pscan_predicate *list = cx_alloc_array(p->cx, filter->count, sizeof *list);
    if (list == NULL) return LLKV_NOMEM;
    uint32_t n = 0;
    for (uint32_t i = 0; i < filter->count; i++) {
        struct sarg s;
        if (!as_sarg(filter->conjuncts[i], &s) || !orderable(s.value->type)) continue;
        int column = scan_column(scan, s.iu), op = scan_op(s.op);
        if (column < 0 || column >= SCAN_COLUMN_DELETED_BY || op < 0) continue;
        list[n++] = (struct pscan_predicate){(uint16_t)column, (uint8_t)op, s.value};
    }
    out->predicates = list;
    out->predicate_count = n;
    return LLKV_OK;
}

/* The columns to read: what is needed above, and what the filter looks at. */
static llkv_code columns_read(struct phys *p, const struct lnode *scan, const struct iuset *need,
                              const struct pfilter *filter, iu_list *out_ius,
                              uint16_t **out_columns)
{
    struct iuset all = {0};
    TRY(iuset_copy(p->cx, need, &all));
    for (uint32_t i = 0; i < filter->count; i++)
        TRY(iuset_add_expr(p->cx, &all, filter->conjuncts[i]));
    uint16_t *columns = cx_alloc_array(p->cx, scan->scan.ius.count + 1u, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    bool prune = plan_rule_on(p->plan, RULE_BIT(prune));
    for (uint32_t i = 0; i < scan->scan.ius.count; i++) {
        if (prune && !iuset_has(&all, scan->scan.ius.items[i])) continue;
        columns[out_ius->count] = scan->scan.columns.items[i];
        VEC_PUSH(p->cx, out_ius, scan->scan.ius.items[i]);
    }
    *out_columns = columns;
    return LLKV_OK;
}

/* ---- key lookup ---- */

/* For every column of the key a value it must equal; false if one has none. */
static bool key_values(const struct lnode *scan, const struct key_def *key,
                       const struct pfilter *filter, const struct expr **values)
{
    for (uint32_t k = 0; k < key->column_count; k++) {
        values[k] = NULL;
        for (uint32_t i = 0; i < filter->count && values[k] == NULL; i++) {
            struct sarg s;
            if (!as_sarg(filter->conjuncts[i], &s) || s.op != CMP_EQ) continue;
            if (scan_column(scan, s.iu) == key->columns[k].column) values[k] = s.value;
        }
        if (values[k] == NULL) return false;
    }
    return true;
}

/* The conditions that the lookup does not answer by itself. Equal integers are equal keys; of other
 * types the condition stays. */
static llkv_code without_keys(struct phys *p, const struct lnode *scan, const struct key_def *key,
                              const struct pfilter *filter, const struct expr *const *values,
                              struct pfilter *out)
{
    const struct expr **kept = cx_alloc_array(p->cx, filter->count, sizeof *kept);
    if (kept == NULL) return LLKV_NOMEM;
    *out = (struct pfilter){.conjuncts = kept};
    for (uint32_t i = 0; i < filter->count; i++) {
        struct sarg s;
        bool answered = false;
        if (as_sarg(filter->conjuncts[i], &s) && s.op == CMP_EQ && orderable(s.value->type) &&
            s.value->type.phys != PHYS_F32 && s.value->type.phys != PHYS_F64)
            for (uint32_t k = 0; k < key->column_count; k++)
                answered |=
                    values[k] == s.value && scan_column(scan, s.iu) == key->columns[k].column;
        if (!answered) kept[out->count++] = filter->conjuncts[i];
    }
    return LLKV_OK;
}

static llkv_code lookup(struct phys *p, struct lnode *scan, const struct pfilter *filter,
                        const struct iuset *need, struct pnode **out)
{
    struct table *table = scan->scan.object->table;
    *out = NULL;
    if (!plan_rule_on(p->plan, RULE_BIT(key_lookup)) || filter->count == 0) return LLKV_OK;
    for (uint32_t k = 0; k < table_key_count(table); k++) {
        const struct key_def *key = table_key(table, k);
        if (!key->unique || !table_key_usable(table, k, p->plan->reader->snapshot)) continue;
        const struct expr **values = cx_alloc_array(p->cx, key->column_count, sizeof *values);
        if (values == NULL) return LLKV_NOMEM;
        if (!key_values(scan, key, filter, values)) continue;
        iu_list ius = {0};
        uint16_t *columns;
        struct pfilter rest;
        TRY(without_keys(p, scan, key, filter, values, &rest));
        TRY(columns_read(p, scan, need, &rest, &ius, &columns));
        TRY(phys_node(p, POP_LOOKUP, sizeof(struct pnode_lookup), ius.items, ius.count, out));
        struct pnode_lookup *node = (struct pnode_lookup *)*out;
        node->table = table;
        node->object_id = scan->scan.object->id;
        node->key_name = cx_strndup(p->cx, key->name, slice_of(key->name).len);
        if (node->key_name == NULL) return LLKV_NOMEM;
        node->key_column_count = key->column_count;
        node->values = values;
        node->columns = columns;
        node->filter = rest;
        node->unique = true;
        (*out)->rows = 1;
        (*out)->rows_max = 1;
        return LLKV_OK;
    }
    return LLKV_OK;
}

/* ---- scan ---- */

static llkv_code all_conjuncts(struct phys *p, struct lnode *scan, const expr_list *more,
                               struct pfilter *out)
{
    expr_list list = {0};
    for (uint32_t i = 0; i < scan->scan.conjuncts.count; i++)
        VEC_PUSH(p->cx, &list, scan->scan.conjuncts.items[i]);
    for (uint32_t i = 0; i < more->count; i++)
        VEC_PUSH(p->cx, &list, more->items[i]);
    return phys_filter(p, &list, out);
}

llkv_code phys_scan(struct phys *p, struct lnode *scan, const expr_list *conjuncts,
                    const struct iuset *need, struct pnode **out)
{
    struct pfilter filter;
    TRY(all_conjuncts(p, scan, conjuncts, &filter));
    TRY(lookup(p, scan, &filter, need, out));
    if (*out != NULL) return LLKV_OK;
    iu_list ius = {0};
    uint16_t *columns;
    TRY(columns_read(p, scan, need, &filter, &ius, &columns));
    TRY(phys_node(p, POP_SCAN, sizeof(struct pnode_scan), ius.items, ius.count, out));
    struct pnode_scan *node = (struct pnode_scan *)*out;
    node->table = scan->scan.object->table;
    node->object_id = scan->scan.object->id;
    node->columns = columns;
    node->filter = filter;
    TRY(predicates(p, scan, &filter, node));
    double rows = (double)table_row_count(node->table, p->plan->reader);
    (*out)->rows = scan->rows >= 0 && conjuncts->count == 0 ? scan->rows : rows;
    for (uint32_t i = 0; scan->rows < 0 && i < filter.count; i++)
        (*out)->rows *= 0.5;
    return LLKV_OK;
}

bool phys_stats(const struct phys *p, const struct expr *e, struct column_stats *out)
{
    if (e->kind != EXPR_COLUMN) return false;
    const struct iu *iu = &p->plan->ius.items[e->column];
    if (iu->scan == NULL || iu->column >= SCAN_COLUMN_DELETED_BY) return false;
    table_column_stats(iu->scan->scan.object->table, p->plan->reader, iu->column, out);
    return true;
}
