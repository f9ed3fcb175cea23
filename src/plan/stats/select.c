/* select.c -- which part of the rows meets a condition. */
#include <math.h>

#include "plan/stats/stats.h"

/* Where nothing is known. */
#define PART_EQUAL 0.1
#define PART_RANGE 0.33
#define PART_NULL 0.05
#define PART_LIKE_PREFIX 0.1
#define PART_LIKE_INSIDE 0.05
#define PART_OTHER 0.33

static double clamp(double part)
{
    return part < 0 ? 0 : part > 1 ? 1 : part;
}

static bool as_double(const struct value *v, double *out)
{
    if (v->is_null) return false;
    switch ((enum phys_type)v->type.phys) {
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64: *out = (double)v->i; return true;
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: *out = (double)v->u; return true;
    case PHYS_I128: *out = (double)v->h; return true;
    case PHYS_U128: *out = (double)v->uh; return true;
    case PHYS_F32: *out = (double)v->f; return true;
    case PHYS_F64: *out = v->d; return true;
    case PHYS_NUMBER: *out = v->number.is_real ? v->number.d : (double)v->number.i; return true;
    case PHYS_NULLS:
    case PHYS_BOOL:
    case PHYS_VIEW:
    case PHYS_MDN:
    case PHYS_COUNT: return false;
    }
    return false;
}

/* column op value, either way round. */
struct bound {
    const struct expr *column, *value;
    enum compare_op op;
};

static bool as_bound(const struct expr *e, struct bound *out)
{
    for (int side = 0; side < 2; side++) {
        const struct expr *column = e->args[side], *value = e->args[1 - side];
        if (column->kind != EXPR_COLUMN || (value->flags & EXPR_HAS_COLUMN) != 0) continue;
        enum compare_op op = (enum compare_op)e->op;
        *out = (struct bound){column, value, side == 0 ? op : compare_flip(op)};
        return true;
    }
    return false;
}

/* The part of the column's values that are below a constant, by its bounds; < 0: unknown. */
static llkv_code part_below(struct plan *plan, const struct bound *b, double *out)
{
    const struct column_stats *stats;
    double min, max, at;
    *out = -1;
    TRY(stats_column(plan, b->column->column, &stats));
    if (stats == NULL || !stats->has_range || b->value->kind != EXPR_CONST) return LLKV_OK;
    if (!as_double(&stats->min, &min) || !as_double(&stats->max, &max)) return LLKV_OK;
    if (!as_double(b->value->value, &at)) return LLKV_OK;
    bool to_upper = b->op == CMP_LE || b->op == CMP_GT; /* the constant itself counts as below */
    double step = type_is_float(b->column->type) ? 0 : 1;
    *out = clamp((at - min + (to_upper ? step : 0)) / fmax(max - min + step, 1e-9));
    return LLKV_OK;
}

static llkv_code part_equal(struct plan *plan, const struct expr *column, double *out)
{
    const struct iu *info = &plan->ius.items[column->column];
    double distinct = 1 / PART_EQUAL;
    if (info->scan != NULL && info->scan->scan.object != NULL)
        TRY(stats_distinct(plan, column, fmax(1, stats_table_rows(plan, info->scan)), &distinct));
    *out = clamp(1 / distinct);
    return LLKV_OK;
}

static llkv_code of_bound(struct plan *plan, const struct bound *b, double *out)
{
    double below;
    if (b->op == CMP_EQ || b->op == CMP_NE) {
        TRY(part_equal(plan, b->column, out));
        if (b->op == CMP_NE) *out = 1 - *out;
        return LLKV_OK;
    }
    TRY(part_below(plan, b, &below));
    *out = PART_RANGE;
    if (below >= 0) *out = b->op == CMP_LT || b->op == CMP_LE ? below : 1 - below;
    return LLKV_OK;
}

static llkv_code of_compare(struct plan *plan, const struct expr *e, double *out)
{
    struct bound b;
    double x, y;
    if (as_bound(e, &b)) return of_bound(plan, &b, out);
    if (e->op != CMP_EQ && e->op != CMP_NE) {
        *out = PART_RANGE;
        return LLKV_OK;
    }
    *out = PART_EQUAL;
    if (e->args[0]->kind == EXPR_COLUMN && e->args[1]->kind == EXPR_COLUMN) {
        TRY(part_equal(plan, e->args[0], &x));
        TRY(part_equal(plan, e->args[1], &y));
        *out = fmin(x, y);
    }
    if (e->op == CMP_NE) *out = 1 - *out;
    return LLKV_OK;
}

static llkv_code of_null(struct plan *plan, const struct expr *e, double *out)
{
    const struct column_stats *stats = NULL;
    *out = (e->flags & EXPR_NULLABLE) ? PART_NULL : 0;
    if (e->kind != EXPR_COLUMN) return LLKV_OK;
    TRY(stats_column(plan, e->column, &stats));
    if (stats != NULL) *out = clamp((double)stats->nulls / (double)stats->rows);
    return LLKV_OK;
}

static double of_like(const struct expr *e)
{
    const struct expr *pattern = e->args[1];
    bool inside = pattern->kind != EXPR_CONST || pattern->value->is_null ||
                  pattern->value->s.len == 0 || pattern->value->s.data[0] == '%';
    double part = inside ? PART_LIKE_INSIDE : PART_LIKE_PREFIX;
    return (e->op & EXPR_LIKE_NOT) ? 1 - part : part;
}

static llkv_code of_all(struct plan *plan, const struct expr *e, double *out)
{
    const struct expr *const *args = e->args;
    double product = 1, part;
    bool any = e->kind == EXPR_OR;
    for (uint32_t i = 0; i < e->arg_count; i++) {
        TRY(stats_selectivity(plan, args[i], &part));
        product *= any ? 1 - part : part;
    }
    *out = any ? 1 - product : product;
    return LLKV_OK;
}

static llkv_code of_in(struct plan *plan, const struct expr *e, double *out)
{
    double each = PART_EQUAL;
    if (e->args[0]->kind == EXPR_COLUMN) TRY(part_equal(plan, e->args[0], &each));
    *out = clamp(each * (e->arg_count - 1));
    if (e->op == 1) *out = 1 - *out;
    return LLKV_OK;
}

static llkv_code of_kind(struct plan *plan, const struct expr *e, double *out)
{
    *out = PART_OTHER;
    switch ((enum expr_kind)e->kind) {
    case EXPR_CONST: *out = e->type.id == TYPE_BOOLEAN && !e->value->is_null && e->value->b; break;
    case EXPR_COLUMN: *out = 0.5; break;
    case EXPR_COMPARE: return of_compare(plan, e, out);
    case EXPR_DISTINCT: *out = e->op == 1 ? PART_EQUAL : 1 - PART_EQUAL; break;
    case EXPR_AND:
    case EXPR_OR: return of_all(plan, e, out);
    case EXPR_NOT:
        TRY(stats_selectivity(plan, e->args[0], out));
        *out = 1 - *out;
        break;
    case EXPR_IS_NULL: return of_null(plan, e->args[0], out);
    case EXPR_IS_NOT_NULL:
        TRY(of_null(plan, e->args[0], out));
        *out = 1 - *out;
        break;
    case EXPR_IN: return of_in(plan, e, out);
    case EXPR_LIKE: *out = of_like(e); break;
    case EXPR_PARAM:
    case EXPR_ARITH:
    case EXPR_UNARY:
    case EXPR_IS_TRUE:
    case EXPR_IS_FALSE:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_NULLIF:
    case EXPR_CAST:
    case EXPR_CALL:
    case EXPR_KIND_COUNT: break;
    }
    return LLKV_OK;
}

llkv_code stats_selectivity(struct plan *plan, const struct expr *e, double *out)
{
    TRY(cx_enter(plan->cx));
    TRY(of_kind(plan, e, out));
    *out = clamp(*out);
    cx_leave(plan->cx);
    return LLKV_OK;
}

/* What a range leaves of one column: two bounds of it are not independent. */
struct range {
    iu_id iu;
    double low, high;
};

static struct range *range_of(struct range *ranges, uint32_t max, uint32_t *io_count, iu_id iu)
{
    for (uint32_t i = 0; i < *io_count; i++)
        if (ranges[i].iu == iu) return &ranges[i];
    if (*io_count == max) return NULL;
    ranges[*io_count] = (struct range){.iu = iu, .low = 0, .high = 1};
    return &ranges[(*io_count)++];
}

llkv_code stats_conjunction(struct plan *plan, const expr_list *list, double *out)
{
    enum { RANGES_MAX = 8 };
    struct range ranges[RANGES_MAX];
    uint32_t range_count = 0;
    *out = 1;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct expr *e = list->items[i];
        struct bound b;
        double part, below = -1;
        bool is_range = e->kind == EXPR_COMPARE && e->op != CMP_EQ && e->op != CMP_NE;
        struct range *range = NULL;
        if (is_range && as_bound(e, &b)) TRY(part_below(plan, &b, &below));
        if (below >= 0) range = range_of(ranges, RANGES_MAX, &range_count, b.column->column);
        if (range == NULL) {
            TRY(stats_selectivity(plan, e, &part));
            *out *= part;
        } else if (b.op == CMP_LT || b.op == CMP_LE) {
            range->high = fmin(range->high, below);
        } else {
            range->low = fmax(range->low, below);
        }
    }
    for (uint32_t i = 0; i < range_count; i++)
        *out *= fmax(ranges[i].high - ranges[i].low, 1e-6);
    return LLKV_OK;
}
