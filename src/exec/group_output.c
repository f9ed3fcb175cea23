/* group_output.c -- groups as batches: keys, then what the aggregates come to. */
#include "exec/group.h"

struct group_local {
    uint64_t at, end; /* positions: rows of all ranges, or slots, or places in the order */
    uint32_t range;   /* of the position */
    uint64_t range_first;
    const uint8_t **rows;   /* rows with keys */
    const uint8_t **states; /* states of the same groups */
    uint32_t *slots;        /* DIRECT */
    struct colbuf *columns;
    struct vector *vectors;
    struct batch batch;
};

static uint64_t position_count(const struct op_group *g, const struct group_state *s)
{
    uint64_t count = 0;
    if (g->strategy == PGROUP_PLAIN) return 1;
    if (s->by_order) return s->sorter.count;
    if (g->strategy == PGROUP_DIRECT) return g->slots;
    for (uint32_t i = 0; i < s->range_count; i++)
        if (s->ranges[i] != NULL) count += s->ranges[i]->table.count;
    return count;
}

llkv_code group_attach(struct run *run, const struct op *op)
{
    const struct op_group *g = (const struct op_group *)op;
    const struct group_state *s = run->exec->states[op->id];
    struct group_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    l->at = 0;
    l->range = 0;
    l->range_first = 0;
    l->end = position_count(g, s);
    if (!is_new) return LLKV_OK;
    const uint32_t room = g->strategy == PGROUP_PLAIN ? 1 : VEC_ROWS_MAX;
    l->rows = cx_alloc_array(run->cx, room, sizeof *l->rows);
    l->states = cx_alloc_array(run->cx, room, sizeof *l->states);
    l->slots = cx_alloc_array(run->cx, room, sizeof *l->slots);
    l->columns = cx_alloc_zero(run->cx, (op->node->out_count + 1) * sizeof *l->columns);
    l->vectors = cx_alloc_zero(run->cx, (op->node->out_count + 1) * sizeof *l->vectors);
    if (l->rows == NULL || l->states == NULL || l->slots == NULL || l->columns == NULL ||
        l->vectors == NULL)
        return LLKV_NOMEM;
    return LLKV_OK;
}

enum { GROUP_MORSEL = 32768 };

uint32_t group_morsels(struct run *run, const struct op *op)
{
    const uint64_t count = position_count((const struct op_group *)op, run->exec->states[op->id]);
    return (uint32_t)((count + GROUP_MORSEL - 1) / GROUP_MORSEL);
}

llkv_code group_seek(struct run *run, const struct op *op, uint32_t first, uint32_t end)
{
    const uint64_t count = position_count((const struct op_group *)op, run->exec->states[op->id]);
    struct group_local *l = run->locals[op->id];
    l->at = (uint64_t)first * GROUP_MORSEL;
    l->end = (uint64_t)end * GROUP_MORSEL;
    if (l->end > count) l->end = count;
    l->range = 0;
    l->range_first = 0;
    return LLKV_OK;
}

/* ---- which groups are next ---- */
static uint32_t next_slots(const struct op_group *g, const struct group_range *r,
                           struct group_local *l)
{
    uint32_t n = 0;
    for (; n < VEC_ROWS_MAX && l->at < l->end; l->at++) {
        if (r->counts[l->at] == 0) continue;
        l->slots[n] = (uint32_t)l->at;
        l->states[n++] = r->states + l->at * g->state_bytes;
    }
    return n;
}

static uint32_t next_ordered(const struct op_group *g, const struct group_state *s,
                             struct group_local *l)
{
    const uint32_t at = g->order_fmt.at[g->node->key_count];
    uint32_t n = 0;
    for (; n < VEC_ROWS_MAX && l->at < l->end; l->at++) {
        const uint8_t *row = rowstore_at(&s->order, s->sorter.entries[l->at].row);
        memcpy(&l->rows[n], row + at, sizeof l->rows[n]);
        l->states[n] = l->rows[n] + g->fmt.state_at;
        n++;
    }
    return n;
}

/* Rows of the tables, those merged into others left out. */
static uint32_t next_rows(const struct op_group *g, const struct group_state *s,
                          struct group_local *l)
{
    uint32_t n = 0;
    while (n < VEC_ROWS_MAX && l->at < l->end) {
        const struct group_range *r = s->ranges[l->range];
        const uint64_t count = r == NULL ? 0 : r->table.count;
        if (l->at >= l->range_first + count) {
            l->range_first += count;
            l->range++;
            continue;
        }
        const uint8_t *row = keytab_row(&r->table, (uint32_t)(l->at - l->range_first));
        l->at++;
        if (row_link(row) != 0) continue;
        l->rows[n] = row;
        l->states[n++] = row + g->fmt.state_at;
    }
    return n;
}

/* ---- values ---- */
static double power_of_ten(uint32_t n)
{
    double p = 1;
    for (uint32_t i = 0; i < n; i++)
        p *= 10;
    return p;
}

/* An exact sum into the type of the result. */
static llkv_code narrow_sum(struct run *run, const struct link_agg *a, const uint8_t *value,
                            void *data, uint32_t i)
{
    const uint8_t phys = a->agg->type.phys;
    const uint32_t width = phys_bytes[phys];
    i128 sum;
    memcpy(&sum, value, sizeof sum);
    if (phys == PHYS_F64) {
        ((double *)data)[i] = (double)sum;
        return LLKV_OK;
    }
    const bool is_unsigned = phys >= PHYS_U8 && phys <= PHYS_U128;
    const uint32_t bits = width * 8;
    const i128 low = is_unsigned ? 0 : -((i128)1 << (bits - 1));
    const i128 high = ((i128)1 << (is_unsigned ? bits : bits - 1)) - 1;
    if (width < 16 && (sum < low || sum > high)) {
        char type[32];
        type_print(a->agg->type, type, sizeof type);
        return cx_fail_at(run->cx, LLKV_OVERFLOW, a->has_arg ? a->agg->arg->at : -1, NULL,
                          "the sum is out of range for type %s", type);
    }
    memcpy((uint8_t *)data + (size_t)i * width, &sum, width);
    return LLKV_OK;
}

static llkv_code store_result(struct run *run, const struct link_agg *a, const uint8_t *value,
                              void *data, uint32_t i)
{
    const uint8_t phys = a->agg->type.phys;
    if (a->kernel->out_phys != phys) return narrow_sum(run, a, value, data, i);
    if (phys == PHYS_BOOL)
        bit_put(data, i, value[0] != 0);
    else
        memcpy((uint8_t *)data + (size_t)i * phys_bytes[phys], value, phys_bytes[phys]);
    return LLKV_OK;
}

static llkv_code final_value(struct agg_context *context, const struct link_agg *a,
                             const uint8_t *state, uint8_t *value, bool *out_valid)
{
    if (!a->by_row) return a->kernel->final(context, state + a->state_at, value, out_valid);
    struct row_value row;
    memcpy(&row, state + a->state_at, sizeof row);
    memcpy(value, row.value, sizeof row.value);
    *out_valid = row.state == 2;
    return LLKV_OK;
}

/* By row the value has the argument's type, which is that of the result. */
static llkv_code agg_column(struct run *run, const struct op_group *g, struct group_local *l,
                            uint32_t index, uint32_t n)
{
    const struct link_agg *a = &g->aggs[index];
    const uint32_t c = g->node->key_count + index;
    const uint8_t phys = a->agg->type.phys;
    struct colbuf *buf = &l->columns[c];
    struct agg_context context = {
        .cx = run->cx, .heap = run->cx->arena, .separator = a->agg->separator};
    const double scale = a->agg->op == AGG_AVG ? power_of_ten(a->agg->scale) : 1;
    bool nulls = false;
    TRY(colbuf_reserve(run, buf, phys, n));
    memset(buf->validity, 0xff, bitmap_words(n) * 8);
    for (uint32_t i = 0; i < n; i++) {
        _Alignas(16) uint8_t value[16] = {0};
        bool valid;
        TRY(final_value(&context, a, l->states[i], value, &valid));
        if (!valid) {
            bit_clear(buf->validity, i);
            nulls = true;
            memset(value, 0, sizeof value);
        }
        TRY(store_result(run, a, value, buf->data, i));
        if (scale != 1) ((double *)buf->data)[i] /= scale;
    }
    l->vectors[c] = (struct vector){.phys = phys,
                                    .shape = VEC_FLAT,
                                    .rows = n,
                                    .validity = nulls ? buf->validity : NULL,
                                    .data = buf->data};
    if (!g->op.varies) l->vectors[c].flags |= VEC_STABLE;
    return LLKV_OK;
}

static bool keys_have_nulls(const struct group_state *s, uint32_t k)
{
    for (uint32_t i = 0; i < s->range_count; i++)
        if (s->ranges[i] != NULL && s->ranges[i]->has_table &&
            bit_get(s->ranges[i]->table.null_seen, k))
            return true;
    return false;
}

static llkv_code key_column(struct run *run, const struct op_group *g, struct group_local *l,
                            uint32_t k, uint32_t n)
{
    const struct group_state *s = run->exec->states[g->op.id];
    if (g->strategy == PGROUP_DIRECT && !s->by_order)
        return group_direct_key(run, g, k, l->slots, n, &l->columns[k], &l->vectors[k]);
    const struct rowlist list = {l->rows, n, keys_have_nulls(s, k)};
    TRY(rowfmt_read(run, &g->fmt, k, &list, &l->columns[k], &l->vectors[k]));
    if (!g->op.varies) l->vectors[k].flags |= VEC_STABLE;
    return LLKV_OK;
}

static llkv_code count_rows_batch(struct run *run, const struct op_group *g, struct group_local *l)
{
    const struct group_state *s = run->exec->states[g->op.id];
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        TRY(colbuf_reserve(run, &l->columns[i], PHYS_I64, 1));
        memcpy(l->columns[i].data, &s->rows, sizeof s->rows);
        l->vectors[i] = (struct vector){
            .phys = PHYS_I64, .shape = VEC_FLAT, .rows = 1, .data = l->columns[i].data};
    }
    return LLKV_OK;
}

llkv_code group_next(struct run *run, const struct op *op, const struct batch **out_batch)
{
    const struct op_group *g = (const struct op_group *)op;
    const struct group_state *s = run->exec->states[op->id];
    struct group_local *l = run->locals[op->id];
    uint32_t n;
    *out_batch = NULL;
    if (l->at >= l->end) return LLKV_OK;
    if (g->count_rows) {
        l->at = n = 1;
        TRY(count_rows_batch(run, g, l));
    } else {
        if (g->strategy == PGROUP_PLAIN) {
            l->states[0] = s->ranges[0]->plain;
            l->at = n = 1;
        } else if (s->by_order) {
            n = next_ordered(g, s, l);
        } else if (g->strategy == PGROUP_DIRECT) {
            n = next_slots(g, s->ranges[0], l);
        } else {
            n = next_rows(g, s, l);
        }
        if (n == 0) return LLKV_OK;
        for (uint32_t k = 0; k < g->node->key_count; k++)
            TRY(key_column(run, g, l, k, n));
        for (uint32_t i = 0; i < g->node->agg_count; i++)
            TRY(agg_column(run, g, l, i, n));
    }
    l->batch = (struct batch){
        .rows = n, .live = n, .column_count = op->node->out_count, .columns = l->vectors};
    *out_batch = &l->batch;
    return LLKV_OK;
}
