/* column.c -- what is known of one column. */
#include <math.h>

#include "plan/stats/stats.h"

enum { ROWS_UNKNOWN = 1000 };

double stats_table_rows(const struct plan *plan, const struct lnode *scan)
{
    if (plan->reader == NULL || scan->scan.object == NULL || scan->scan.object->table == NULL)
        return ROWS_UNKNOWN;
    return (double)table_row_count(scan->scan.object->table, plan->reader);
}

static llkv_code room(struct plan *plan)
{
    uint32_t count = plan->ius.count + 16u;
    struct column_stats **stats = cx_alloc_zero(plan->cx, count * sizeof *stats);
    if (stats == NULL) return LLKV_NOMEM;
    if (plan->iu_stats_count != 0)
        memcpy(stats, plan->iu_stats, plan->iu_stats_count * sizeof *stats);
    plan->iu_stats = stats;
    plan->iu_stats_count = count;
    return LLKV_OK;
}

llkv_code stats_column(struct plan *plan, iu_id iu, const struct column_stats **out)
{
    const struct iu *info = &plan->ius.items[iu];
    *out = NULL;
    if (info->scan == NULL || plan->reader == NULL || info->column == SCAN_COLUMN_ROW_ID)
        return LLKV_OK;
    if (iu >= plan->iu_stats_count) TRY(room(plan));
    if (plan->iu_stats[iu] == NULL) {
        struct table *table = info->scan->scan.object->table;
        struct column_stats *stats = cx_alloc_zero(plan->cx, sizeof *stats);
        if (stats == NULL) return LLKV_NOMEM;
        stats->rows = table_row_count(table, plan->reader);
        if (stats->rows > STATS_SMALL_ROWS)
            table_column_stats(table, plan->reader, info->column, stats);
        plan->iu_stats[iu] = stats;
    }
    if (plan->iu_stats[iu]->rows > STATS_SMALL_ROWS) *out = plan->iu_stats[iu];
    return LLKV_OK;
}

static bool is_key(const struct iu *info)
{
    if (info->column == SCAN_COLUMN_ROW_ID) return true;
    const struct table_def *def = table_definition(info->scan->scan.object->table);
    for (uint32_t k = 0; k < def->key_count; k++)
        if (def->keys[k].unique && def->keys[k].column_count == 1 &&
            def->keys[k].columns[0].column == info->column)
            return true;
    return false;
}

/* Different values met when drawing `rows` of `total` rows that hold `distinct` values. */
static double drawn(double distinct, double total, double rows)
{
    if (rows >= total || distinct >= total) return fmin(distinct, rows);
    double per_value = total / distinct;
    return fmin(rows, distinct * (1 - pow(1 - rows / total, per_value)));
}

llkv_code stats_distinct(struct plan *plan, const struct expr *e, double rows, double *out)
{
    const struct column_stats *stats = NULL;
    double distinct = rows;
    if (e->kind != EXPR_COLUMN) {
        bool one = (e->flags & EXPR_HAS_COLUMN) == 0;
        *out = one ? 1 : fmax(1, rows / 4);
        return LLKV_OK;
    }
    const struct iu *info = &plan->ius.items[e->column];
    TRY(stats_column(plan, e->column, &stats));
    if (stats != NULL) {
        distinct = stats->unique ? (double)stats->rows : stats->distinct;
        distinct = drawn(fmax(1, distinct), (double)stats->rows, rows);
    } else if (info->scan != NULL && info->scan->scan.object != NULL) {
        double total = stats_table_rows(plan, info->scan);
        if (!is_key(info)) total = total / 2;
        distinct = fmin(rows, total);
    }
    *out = fmax(1, distinct);
    return LLKV_OK;
}
