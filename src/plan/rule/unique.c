/* unique.c -- proofs about how many rows there can be. From constraints only: what statistics know
 * of one snapshot does not outlive it in a cached plan. */
#include "plan/rule/rule.h"

static bool scan_unique(const struct lnode *node, const struct iuset *columns)
{
    const struct table_def *def = table_definition(node->scan.object->table);
    for (uint32_t k = 0; k < def->key_count; k++) {
        const struct key_def *key = &def->keys[k];
        bool covered = key->unique;
        for (uint32_t c = 0; c < key->column_count && covered; c++) {
            bool found = false;
            for (uint32_t i = 0; i < node->scan.ius.count && !found; i++)
                found = node->scan.columns.items[i] == key->columns[c].column &&
                        iuset_has(columns, node->scan.ius.items[i]);
            covered = found;
        }
        if (covered) return true;
    }
    for (uint32_t i = 0; i < node->scan.ius.count; i++)
        if (node->scan.columns.items[i] == SCAN_COLUMN_ROW_ID &&
            iuset_has(columns, node->scan.ius.items[i]))
            return true;
    return false;
}

static bool is_const_at_most_one(const struct expr *limit)
{
    if (limit == NULL || limit->kind != EXPR_CONST || limit->value->is_null) return false;
    return limit->value->i == 0 || limit->value->i == 1;
}

/* Columns that the equalities in `conjuncts` fix to something that is the same for all rows. */
static llkv_code add_fixed(struct plan *plan, const expr_list *conjuncts, struct iuset *io_columns)
{
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const struct expr *e = conjuncts->items[i];
        if (!expr_is_equality(e, NULL)) continue;
        for (int side = 0; side < 2; side++) {
            const struct expr *column = e->args[side], *value = e->args[1 - side];
            if (column->kind != EXPR_COLUMN) continue;
            if ((value->flags & (EXPR_HAS_COLUMN | EXPR_VOLATILE)) != 0) continue;
            TRY(iuset_add(plan->cx, io_columns, column->column));
        }
    }
    return LLKV_OK;
}

static bool group_unique(const struct lnode *node, const struct iuset *columns)
{
    for (uint32_t i = 0; i < node->group.keys.count; i++) {
        const struct expr *e = node->group.keys.items[i].expr;
        bool same = (e->flags & (EXPR_HAS_COLUMN | EXPR_VOLATILE)) == 0;
        if (!same && !iuset_has(columns, node->group.keys.items[i].iu)) return false;
    }
    return true;
}

static llkv_code join_unique(struct plan *plan, const struct lnode *node,
                             const struct iuset *columns, bool *out)
{
    switch ((enum ljoin_kind)node->kind) {
    case LJOIN_SEMI:
    case LJOIN_ANTI:
    case LJOIN_ANTI_NULL:
    case LJOIN_MARK:
    case LJOIN_SINGLE: return rows_unique(plan, node->child[0], columns, out);
    case LJOIN_LEFT:
    case LJOIN_INNER: {
        TRY(rows_unique(plan, node->child[0], columns, out));
        if (!*out) return LLKV_OK;
        TRY(join_partner_unique(plan, node, out));
        return *out || node->kind == LJOIN_LEFT ? LLKV_OK
                                                : rows_unique(plan, node->child[1], columns, out);
    }
    case LJOIN_RIGHT:
    case LJOIN_FULL: return LLKV_OK;
    }
    return LLKV_OK;
}

static llkv_code select_unique(struct plan *plan, const struct lnode *node,
                               const expr_list *conjuncts, const struct iuset *columns, bool *out)
{
    struct iuset more = {0};
    TRY(iuset_copy(plan->cx, columns, &more));
    TRY(add_fixed(plan, conjuncts, &more));
    if (node->op == LOP_SCAN) {
        *out = scan_unique(node, &more);
        return LLKV_OK;
    }
    return rows_unique(plan, node->child[0], &more, out);
}

llkv_code rows_unique(struct plan *plan, const struct lnode *node, const struct iuset *columns,
                      bool *out)
{
    *out = false;
    TRY(cx_enter(plan->cx));
    switch ((enum lop)node->op) {
    case LOP_SCAN: TRY(select_unique(plan, node, &node->scan.conjuncts, columns, out)); break;
    case LOP_SELECT: TRY(select_unique(plan, node, &node->select.conjuncts, columns, out)); break;
    case LOP_VALUES: *out = node->values.row_count <= 1; break;
    case LOP_EMPTY: *out = true; break;
    case LOP_MAP:
    case LOP_SORT: TRY(rows_unique(plan, node->child[0], columns, out)); break;
    case LOP_LIMIT:
        *out = is_const_at_most_one(node->limit.limit);
        if (!*out) TRY(rows_unique(plan, node->child[0], columns, out));
        break;
    case LOP_GROUP: *out = group_unique(node, columns); break;
    case LOP_JOIN: TRY(join_unique(plan, node, columns, out)); break;
    case LOP_RANGE:
    case LOP_CSV:
    case LOP_SETOP:
    case LOP_SHARED:
    case LOP_COUNT: break;
    }
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code join_partner_unique(struct plan *plan, const struct lnode *join, bool *out)
{
    struct iuset right = {0}, columns = {0};
    TRY(lnode_produced(plan, join->child[1], &right));
    for (uint32_t i = 0; i < join->join.conditions.count; i++) {
        const struct expr *e = join->join.conditions.items[i];
        if (!expr_is_equality(e, NULL)) continue;
        for (int side = 0; side < 2; side++) {
            const struct expr *column = e->args[side];
            if (column->kind != EXPR_COLUMN || !iuset_has(&right, column->column)) continue;
            if (!expr_touches(e->args[1 - side], &right))
                TRY(iuset_add(plan->cx, &columns, column->column));
        }
    }
    /* equalities where NULL meets NULL find one partner only if groups make the rows unique */
    struct iuset null_equal = {0};
    TRY(iuset_copy(plan->cx, &columns, &null_equal));
    const struct lnode *group = join->child[1];
    while (group->op == LOP_MAP || group->op == LOP_SELECT)
        group = group->child[0];
    for (uint32_t i = 0; group->op == LOP_GROUP && i < join->join.conditions.count; i++) {
        const struct expr *e = join->join.conditions.items[i];
        if (e->kind != EXPR_DISTINCT || e->op != 1) continue;
        for (int side = 0; side < 2; side++)
            if (e->args[side]->kind == EXPR_COLUMN && !expr_touches(e->args[1 - side], &right))
                TRY(iuset_add(plan->cx, &null_equal, e->args[side]->column));
    }
    TRY(rows_unique(plan, join->child[1], &columns, out));
    if (!*out && group->op == LOP_GROUP) *out = group_unique(group, &null_equal);
    return LLKV_OK;
}

bool rows_exactly_one(const struct lnode *node)
{
    while (node->op == LOP_MAP || node->op == LOP_SORT)
        node = node->child[0];
    if (node->op == LOP_VALUES) return node->values.row_count == 1;
    return node->op == LOP_GROUP && node->group.keys.count == 0;
}
