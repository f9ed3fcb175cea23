/* group_row.c -- sqlite_compat: next to one MIN or MAX, columns outside of aggregates take their
 * values from the row that has it. */
#include "exec/group.h"

/* One value out of a FLAT column, its text copied if it may go away. */
static llkv_code take_value(struct group_range *r, struct run *run, const struct vector *v,
                            uint32_t i, struct row_value *out)
{
    const uint32_t width = phys_bytes[v->phys];
    memset(out, 0, sizeof *out);
    if (v->phys == PHYS_NULLS || (v->validity != NULL && !bit_get(v->validity, i))) {
        out->state = 1;
        return LLKV_OK;
    }
    out->state = 2;
    if (v->phys == PHYS_BOOL)
        out->value[0] = bit_get(v->data, i);
    else
        memcpy(out->value, (const uint8_t *)v->data + (size_t)i * width, width);
    if (v->phys != PHYS_VIEW || (v->flags & VEC_STABLE) != 0) return LLKV_OK;
    struct str_view view;
    memcpy(&view, out->value, sizeof view);
    if (view.len <= STR_INLINE_MAX) return LLKV_OK;
    uint8_t *copy = arena_alloc(&r->heap, (size_t)view.len + 16);
    if (copy == NULL) return cx_nomem(run->cx);
    memcpy(copy, view.ptr, view.len);
    view.ptr = copy;
    memcpy(out->value, &view, sizeof view);
    return LLKV_OK;
}

/* Is row i's value nearer to the MIN or MAX than what was there? The first row counts in any case.
 */
static bool is_better(const struct link_agg *a, const struct vector *v, uint32_t i,
                      const struct row_value *best)
{
    _Alignas(16) uint8_t x[16] = {0}, y[16];
    if (best->state == 0) return true;
    if (v->phys == PHYS_NULLS || (v->validity != NULL && !bit_get(v->validity, i))) return false;
    if (best->state == 1) return true;
    if (v->phys == PHYS_BOOL)
        x[0] = bit_get(v->data, i);
    else
        memcpy(x, (const uint8_t *)v->data + (size_t)i * phys_bytes[v->phys], phys_bytes[v->phys]);
    memcpy(y, best->value, 16);
    const int order = v->phys == PHYS_BOOL ? (int)x[0] - (int)y[0] : kernel_order(v->phys)(x, y);
    return a->agg->op == AGG_MIN ? order < 0 : order > 0;
}

static llkv_code take_row(struct run *run, const struct op_group *g, struct group_range *r,
                          const struct vector *args, uint32_t i, uint8_t *states)
{
    struct row_value value;
    for (uint32_t k = 0; k < g->node->agg_count; k++) {
        if (!g->aggs[k].by_row) continue;
        TRY(take_value(r, run, &args[k], i, &value));
        memcpy(states + g->aggs[k].state_at, &value, sizeof value);
    }
    TRY(take_value(r, run, &args[g->node->row_of_agg], i, &value));
    memcpy(states + g->best_at, &value, sizeof value);
    return LLKV_OK;
}

llkv_code group_feed_rows(struct run *run, const struct op_group *g, struct group_range *r,
                          const struct batch *in, const uint32_t *ids)
{
    const uint32_t main = (uint32_t)g->node->row_of_agg;
    struct vector *args = cx_alloc_zero(run->cx, g->node->agg_count * sizeof *args);
    if (args == NULL) return LLKV_NOMEM;
    for (uint32_t k = 0; k < g->node->agg_count; k++)
        if ((g->aggs[k].by_row && g->aggs[k].has_arg) || k == main)
            TRY(eval_flat(run, &g->aggs[k].arg, &r->feeds[k].arg, in, &args[k]));
    uint32_t stride;
    uint8_t *states = group_states(g, r, &stride);
    for (uint32_t i = 0; i < in->live; i++) {
        uint8_t *row = states + (size_t)(ids == NULL ? 0 : ids[i]) * stride;
        struct row_value best;
        memcpy(&best, row + g->best_at, sizeof best);
        if (is_better(&g->aggs[main], &args[main], i, &best))
            TRY(take_row(run, g, r, args, i, row));
    }
    return LLKV_OK;
}
