/* group_feed.c -- rows to aggregate states: FILTER, DISTINCT, ORDER BY inside a call, then kernels.
 */
#include "exec/group.h"

static bool is_distinct(const struct link_agg *a)
{
    return a->agg->distinct && a->has_arg;
}

static bool is_ordered(const struct link_agg *a)
{
    return a->agg->order_count != 0 && a->has_arg;
}

llkv_code group_feeds_new(struct run *run, const struct op_group *g, struct group_range *r)
{
    r->feeds = cx_alloc_zero(run->cx, (g->node->agg_count + 1) * sizeof *r->feeds);
    if (r->feeds == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        const struct link_agg *a = &g->aggs[i];
        struct agg_feed *f = &r->feeds[i];
        f->context =
            (struct agg_context){.cx = run->cx, .heap = &r->heap, .separator = a->agg->separator};
        if (is_distinct(a)) TRY(keytab_init(run, &f->seen, &a->distinct_fmt));
        if (!is_ordered(a)) continue;
        TRY(rowstore_init(run, &f->ordered, &a->order_fmt));
        f->order_evals = cx_alloc_zero(run->cx, (a->agg->order_count + 1) * sizeof(struct eval));
        f->order_vectors =
            cx_alloc_zero(run->cx, (a->agg->order_count + 2) * sizeof(struct vector));
        if (f->order_evals == NULL || f->order_vectors == NULL) return LLKV_NOMEM;
    }
    return LLKV_OK;
}

llkv_code group_feeds_reset(const struct op_group *g, struct group_range *r)
{
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        if (is_distinct(&g->aggs[i])) keytab_reset(&r->feeds[i].seen);
        if (is_ordered(&g->aggs[i])) rowstore_reset(&r->feeds[i].ordered);
    }
    return LLKV_OK;
}

static llkv_code feed_reserve(struct run *run, struct agg_feed *f)
{
    if (f->narrow_ids != NULL) return LLKV_OK;
    f->sel = cx_alloc_array(run->cx, VEC_ROWS_MAX + 64, sizeof *f->sel);
    f->narrow_ids = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *f->narrow_ids);
    f->seen_ids = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *f->seen_ids);
    return f->sel == NULL || f->narrow_ids == NULL || f->seen_ids == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* The group numbers of the rows that are left: both selections ascend. */
static void follow_filter(const struct batch *before, const struct batch *after,
                          const uint32_t *ids, uint32_t *out)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < after->live; i++) {
        const uint32_t position = after->sel == NULL ? i : after->sel[i];
        if (before->sel == NULL)
            at = position;
        else
            while (before->sel[at] != position)
                at++;
        out[i] = ids[at];
    }
}

/* Group numbers as a column. */
static llkv_code id_column(struct run *run, struct agg_feed *f, const uint32_t *ids, uint32_t n,
                           struct vector *out)
{
    TRY(colbuf_reserve(run, &f->ids, PHYS_U32, n));
    if (ids != NULL)
        memcpy(f->ids.data, ids, n * sizeof *ids);
    else
        memset(f->ids.data, 0, n * sizeof *ids);
    *out = (struct vector){.phys = PHYS_U32, .shape = VEC_FLAT, .rows = n, .data = f->ids.data};
    return LLKV_OK;
}

/* Leave the rows that bring a value their group has not seen. */
static llkv_code leave_new(struct run *run, const struct link_agg *a, struct agg_feed *f,
                           struct batch *io, const uint32_t **io_ids)
{
    struct vector keys[2];
    TRY(id_column(run, f, *io_ids, io->live, &keys[0]));
    TRY(eval_flat(run, &a->arg, &f->arg, io, &keys[1]));
    uint32_t next = f->seen.count, kept = 0;
    TRY(keytab_map(&f->seen, keys, io->live, f->seen_ids));
    for (uint32_t i = 0; i < io->live; i++) {
        if (f->seen_ids[i] != next) continue;
        next++;
        f->sel[kept] = io->sel == NULL ? (uint16_t)i : io->sel[i];
        if (*io_ids != NULL) f->narrow_ids[kept] = (*io_ids)[i];
        kept++;
    }
    if (*io_ids != NULL) *io_ids = f->narrow_ids;
    io->sel = f->sel;
    io->live = kept;
    return LLKV_OK;
}

static llkv_code put_aside(struct run *run, const struct link_agg *a, struct agg_feed *f,
                           const struct batch *in, const uint32_t *ids)
{
    TRY(id_column(run, f, ids, in->live, &f->order_vectors[0]));
    for (uint32_t k = 0; k <= a->agg->order_count; k++)
        TRY(eval_flat(run, &a->order_exprs[k], &f->order_evals[k], in, &f->order_vectors[k + 1]));
    return rowstore_append(&f->ordered, f->order_vectors, NULL, in->live);
}

static llkv_code feed_kernel(const struct op_group *g, struct group_range *r, uint32_t index,
                             const struct vector *v, uint32_t n, const uint32_t *ids)
{
    const struct link_agg *a = &g->aggs[index];
    struct agg_feed *f = &r->feeds[index];
    const void *data = v == NULL ? NULL : v->data;
    const uint64_t *validity = v == NULL ? NULL : v->validity;
    if (ids == NULL)
        return a->kernel->update(&f->context, r->plain + a->state_at, data, validity, n);
    uint32_t stride;
    uint8_t *states = group_states(g, r, &stride);
    return a->kernel->update_groups(&f->context, states + a->state_at, stride, ids, data, validity,
                                    n);
}

static llkv_code feed_one(struct run *run, const struct op_group *g, struct group_range *r,
                          uint32_t index, const struct batch *batch, const uint32_t *ids)
{
    const struct link_agg *a = &g->aggs[index];
    struct agg_feed *f = &r->feeds[index];
    struct batch in = *batch;
    f->context.cx = run->cx;
    if (a->filter.count != 0) {
        TRY(filter_select(run, &a->filter, &f->filter, &in));
        if (in.live == 0) return LLKV_OK;
        if (ids != NULL && in.live != batch->live) {
            TRY(feed_reserve(run, f));
            follow_filter(batch, &in, ids, f->narrow_ids);
            ids = f->narrow_ids;
        }
    }
    if (!a->has_arg) return feed_kernel(g, r, index, NULL, in.live, ids);
    if (is_distinct(a)) {
        TRY(feed_reserve(run, f));
        TRY(leave_new(run, a, f, &in, &ids));
        if (in.live == 0) return LLKV_OK;
    }
    if (is_ordered(a)) return put_aside(run, a, f, &in, ids);
    struct vector v;
    TRY(eval_flat(run, &a->arg, &f->arg, &in, &v));
    return feed_kernel(g, r, index, &v, in.live, ids);
}

llkv_code group_feed(struct run *run, const struct op_group *g, struct group_range *r,
                     const struct batch *in, const uint32_t *ids)
{
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        if (g->aggs[i].by_row || (r->direct && group_direct_counts(g, &g->aggs[i]))) continue;
        if (r->direct && r->totals_on && g->aggs[i].total != NULL) continue;
        TRY(feed_one(run, g, r, i, in, ids));
    }
    return g->node->row_of_agg >= 0 ? group_feed_rows(run, g, r, in, ids) : LLKV_OK;
}

/* ---- ORDER BY inside a call ---- */
static llkv_code feed_sorted(struct run *run, const struct op_group *g, struct group_range *r,
                             uint32_t index)
{
    const struct link_agg *a = &g->aggs[index];
    struct agg_feed *f = &r->feeds[index];
    const uint32_t value = a->agg->order_count + 1;
    struct sorter sorter = {0};
    struct colbuf ids = {0}, values = {0};
    const uint8_t **rows = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *rows);
    struct sorter *kept = cx_alloc(run->cx, sizeof *kept);
    if (rows == NULL || kept == NULL) return LLKV_NOMEM;
    *kept = sorter;
    TRY(sorter_sort(run, kept, &f->ordered, a->order_keys, a->agg->order_count + 1));
    for (uint64_t at = 0; at < kept->count;) {
        struct vector id, v;
        uint32_t n = 0;
        for (; n < VEC_ROWS_MAX && at < kept->count; at++)
            rows[n++] = rowstore_at(&f->ordered, kept->entries[at].row);
        const struct rowlist groups = {rows, n, false};
        const struct rowlist args = {rows, n, rowstore_has_nulls(&f->ordered, value)};
        TRY(rowfmt_read(run, &a->order_fmt, 0, &groups, &ids, &id));
        TRY(rowfmt_read(run, &a->order_fmt, value, &args, &values, &v));
        TRY(feed_kernel(g, r, index, &v, n, g->strategy == PGROUP_PLAIN ? NULL : id.data));
    }
    return LLKV_OK;
}

llkv_code group_feed_ordered(struct run *run, const struct op_group *g, struct group_range *r)
{
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        if (!is_ordered(&g->aggs[i]) || g->aggs[i].by_row) continue;
        TRY(feed_sorted(run, g, r, i));
    }
    return LLKV_OK;
}
