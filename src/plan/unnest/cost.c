/* cost.c -- running a subquery once per row, against making it a join: rough nanoseconds. */
#include <math.h>

#include "plan/rule/rule.h"
#include "plan/stats/stats.h"
#include "plan/unnest/unnest.h"

#define NS_RUN 400.0      /* start the right side once */
#define NS_SCAN_ROW 2.0   /* scan, filter and aggregate a row of it */
#define NS_LOOKUP 300.0   /* reach rows by key */
#define NS_PULL 3000.0    /* start a hash join */
#define NS_KEYS 5000.0    /* and a group */
#define NS_DOMAIN 12000.0 /* and a domain of different values */
#define NS_JOIN_ROW 4.0
#define NS_GROUP_ROW 12.0
#define NS_REPEAT_MIN 20000.0 /* repeated runs that take less need no domain */

/* column = something from outside, for the only column of a key: no scan */
static bool is_lookup(const struct lnode *scan, const expr_list *conjuncts,
                      const struct iuset *outer)
{
    struct table *table = scan->scan.object->table;
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        const struct expr *e = conjuncts->items[i];
        if (!expr_is_equality(e, NULL)) continue;
        for (int side = 0; side < 2; side++) {
            const struct expr *column = e->args[side], *other = e->args[1 - side];
            if (column->kind != EXPR_COLUMN || !expr_within(other, outer)) continue;
            for (uint32_t c = 0; c < scan->scan.ius.count; c++) {
                if (scan->scan.ius.items[c] != column->column) continue;
                for (uint32_t k = 0; k < table_key_count(table); k++) {
                    const struct key_def *key = table_key(table, k);
                    if (key->column_count == 1 &&
                        key->columns[0].column == scan->scan.columns.items[c])
                        return true; /* a guess at costs: whether plans may use it is no matter */
                }
            }
        }
    }
    return false;
}

/* Rows that one run of the subtree reads, and how many rows its tables have. */
struct work {
    double per_run, table_rows;
};

static llkv_code add_work(struct plan *plan, const struct lnode *node, const struct iuset *outer,
                          const expr_list *conjuncts, struct work *io_work)
{
    TRY(cx_enter(plan->cx));
    if (node->op == LOP_SCAN) {
        double rows = stats_table_rows(plan, node);
        bool known = plan->reader != NULL && node->scan.object != NULL;
        bool lookup = known && conjuncts != NULL && is_lookup(node, conjuncts, outer);
        io_work->per_run += lookup ? NS_LOOKUP : rows * NS_SCAN_ROW;
        io_work->table_rows += rows;
    } else if (node->op == LOP_SHARED) {
        io_work->per_run += fmax(0, node->rows) * NS_SCAN_ROW;
    }
    for (int i = 0; i < 2; i++)
        if (node->child[i] != NULL)
            TRY(add_work(plan, node->child[i], outer,
                         node->op == LOP_SELECT ? &node->select.conjuncts : NULL, io_work));
    cx_leave(plan->cx);
    return LLKV_OK;
}

llkv_code unnest_pays(struct plan *plan, struct lnode *join, enum unnest_way way, bool *out)
{
    *out = true;
    if (!plan_rule_on(plan, RULE_BIT(apply_by_cost))) return LLKV_OK;
    struct iuset outer = {0};
    struct work work = {0};
    TRY(lnode_produced(plan, join->child[0], &outer));
    TRY(stats_rows(plan, join->child[0]));
    TRY(add_work(plan, join->child[1], &outer, NULL, &work));
    double left = fmax(1, join->child[0]->rows);
    double again = left * (NS_RUN + work.per_run);
    double once = left * NS_JOIN_ROW + work.table_rows * NS_JOIN_ROW + NS_PULL;
    if (way == UNNEST_KEYS) once = left * NS_JOIN_ROW + work.table_rows * NS_GROUP_ROW + NS_KEYS;
    if (way == UNNEST_DOMAIN)
        once = left * 2 * NS_GROUP_ROW + work.table_rows * NS_GROUP_ROW + NS_DOMAIN;
    *out = once < again && (way != UNNEST_DOMAIN || again > NS_REPEAT_MIN);
    return LLKV_OK;
}
