/* group_merge.c -- the groups of all ranges become one set, in the order of the ranges.
 *
 * Tables: the first row that has a key is its owner; later ones are merged into it where it stands
 * and marked by their link. Work is divided by hash, so that no two threads meet the same key. */
#include "exec/group.h"

enum { PARALLEL_GROUPS = 16384 };

static llkv_code merge_states(struct run *run, const struct op_group *g, struct arena *heap,
                              uint8_t *into, const uint8_t *from)
{
    for (uint32_t i = 0; i < g->node->agg_count; i++) {
        struct agg_context context = {
            .cx = run->cx, .heap = heap, .separator = g->aggs[i].agg->separator};
        const uint32_t at = g->aggs[i].state_at;
        TRY(g->aggs[i].kernel->merge(&context, into + at, from + at));
    }
    return LLKV_OK;
}

/* ---- tables ---- */
struct partition_merge {
    const struct op_group *g;
    struct group_state *s;
    uint32_t partitions;
};

ALWAYS_INLINE uint32_t partition_of(uint32_t hash, uint32_t partitions)
{
    return (uint32_t)((uint64_t)hash * partitions >> 32);
}

/* A directory of owners: {hash, number of the owner + 1}. */
struct owners {
    uint64_t *dir;
    uint8_t **rows;
    uint32_t mask, count;
};

static llkv_code owners_new(struct run *run, uint64_t count, struct owners *o)
{
    uint64_t slots = 64;
    while (slots < count * 2)
        slots *= 2;
    if (slots > UINT64_C(1) << 32)
        return cx_fail(run->cx, LLKV_LIMIT, "an operator holds more than 2 billion groups");
    o->dir = mem_alloc_zero(run->cx->budget, slots * sizeof *o->dir);
    o->rows = mem_alloc(run->cx->budget, (count + 1) * sizeof *o->rows);
    o->mask = (uint32_t)(slots - 1);
    return o->dir == NULL || o->rows == NULL ? cx_nomem(run->cx) : LLKV_OK;
}

static void owners_deinit(struct owners *o)
{
    mem_free(o->dir);
    mem_free(o->rows);
}

static llkv_code merge_row(struct run *run, const struct op_group *g, struct owners *o,
                           uint8_t *row)
{
    const uint32_t hash = row_hash(row);
    uint32_t slot = hash & o->mask;
    for (; o->dir[slot] != 0; slot = (slot + 1) & o->mask) {
        if ((uint32_t)(o->dir[slot] >> 32) != hash) continue;
        uint8_t *owner = o->rows[(uint32_t)o->dir[slot] - 1];
        if (!rowfmt_equal(&g->fmt, owner, row)) continue;
        row_set_link(row, 1);
        return merge_states(run, g, run->cx->arena, owner + g->fmt.state_at, row + g->fmt.state_at);
    }
    o->rows[o->count++] = row;
    o->dir[slot] = (uint64_t)hash << 32 | o->count;
    return LLKV_OK;
}

static llkv_code merge_rows(struct run *run, const struct partition_merge *m, uint32_t partition,
                            struct owners *o)
{
    const uint32_t stride = m->g->fmt.stride;
    for (uint32_t i = 0; i < m->s->range_count; i++) {
        const struct group_range *r = m->s->ranges[i];
        if (r == NULL || !r->has_table) continue;
        TRY(cx_check_cancel(run->cx));
        uint8_t *row = r->table.rows;
        for (uint32_t k = 0; k < r->table.count; k++, row += stride)
            if (partition_of(row_hash(row), m->partitions) == partition)
                TRY(merge_row(run, m->g, o, row));
    }
    return LLKV_OK;
}

static llkv_code merge_partition(struct run *run, void *arg, uint32_t partition)
{
    const struct partition_merge *m = arg;
    struct owners o = {0};
    uint64_t count = 0;
    llkv_code rc;
    for (uint32_t i = 0; i < m->s->range_count; i++) {
        const struct group_range *r = m->s->ranges[i];
        for (uint32_t k = 0; r != NULL && r->has_table && k < r->table.count; k++)
            count += partition_of(row_hash(keytab_row(&r->table, k)), m->partitions) == partition;
    }
    TRY_TO(done, rc, owners_new(run, count, &o));
    TRY_TO(done, rc, merge_rows(run, m, partition, &o));
done:
    owners_deinit(&o);
    return rc;
}

static llkv_code merge_tables(struct run *run, const struct op_group *g, struct group_state *s)
{
    struct partition_merge m = {g, s, 1};
    uint64_t groups = 0, filled = 0;
    for (uint32_t i = 0; i < s->range_count; i++) {
        const struct group_range *r = s->ranges[i];
        if (r == NULL || !r->has_table || r->table.count == 0) continue;
        groups += r->table.count;
        filled++;
    }
    if (filled <= 1) return LLKV_OK;
    if (groups < PARALLEL_GROUPS) return merge_partition(run, &m, 0);
    m.partitions = run->exec->env.threads;
    return exec_ranges(run, m.partitions, (double)groups * 20, merge_partition, &m);
}

/* ---- arrays ---- */
struct array_merge {
    const struct op_group *g;
    struct group_state *s;
    uint32_t parts;
};

static llkv_code merge_part(struct run *run, void *arg, uint32_t part)
{
    const struct array_merge *m = arg;
    struct group_range *into = m->s->ranges[0];
    const uint32_t bytes = m->g->state_bytes;
    const uint32_t first = (uint32_t)((uint64_t)m->g->slots * part / m->parts);
    const uint32_t end = (uint32_t)((uint64_t)m->g->slots * (part + 1) / m->parts);
    for (uint32_t i = 1; i < m->s->range_count; i++) {
        const struct group_range *r = m->s->ranges[i];
        for (uint32_t slot = first; r != NULL && slot < end; slot++) {
            if (r->counts[slot] == 0) continue;
            uint8_t *to = into->states + (size_t)slot * bytes;
            const uint8_t *from = r->states + (size_t)slot * bytes;
            if (into->counts[slot] != 0)
                TRY(merge_states(run, m->g, run->cx->arena, to, from));
            else
                memcpy(to, from, bytes);
            into->counts[slot] = 1;
        }
    }
    return LLKV_OK;
}

static llkv_code merge_arrays(struct run *run, const struct op_group *g, struct group_state *s)
{
    struct array_merge m = {g, s, 1};
    if (s->range_count == 1) return LLKV_OK;
    if (g->slots < PARALLEL_GROUPS) return merge_part(run, &m, 0);
    m.parts = run->exec->env.threads;
    return exec_ranges(run, m.parts, (double)g->slots * s->range_count * 10, merge_part, &m);
}

/* Some range met a key outside: all become tables, and the groups are put in the order in which the
 * array would have given them, which does not depend on who met that key. */
static llkv_code order_groups(struct run *run, const struct op_group *g, struct group_state *s)
{
    const uint32_t keys = g->node->key_count;
    const uint8_t **rows = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *rows);
    struct vector *vectors = cx_alloc_zero(run->cx, (keys + 1) * sizeof *vectors);
    struct colbuf *bufs = cx_alloc_zero(run->cx, (keys + 1) * sizeof *bufs);
    if (rows == NULL || vectors == NULL || bufs == NULL) return LLKV_NOMEM;
    if (s->order.run == NULL)
        TRY(rowstore_init(run, &s->order, &g->order_fmt));
    else
        rowstore_reset(&s->order);
    for (uint32_t i = 0; i < s->range_count; i++) {
        const struct group_range *r = s->ranges[i];
        for (uint32_t at = 0; r != NULL && at < r->table.count;) {
            uint32_t n = 0;
            for (; n < VEC_ROWS_MAX && at < r->table.count; at++)
                if (row_link(keytab_row(&r->table, at)) == 0) rows[n++] = keytab_row(&r->table, at);
            const struct rowlist list = {rows, n, true};
            for (uint32_t k = 0; k < keys; k++)
                TRY(rowfmt_read(run, &g->fmt, k, &list, &bufs[k], &vectors[k]));
            vectors[keys] = (struct vector){
                .phys = PHYS_U64, .shape = VEC_FLAT, .rows = n, .data = (const void *)rows};
            TRY(rowstore_append(&s->order, vectors, NULL, n));
        }
    }
    s->by_order = true;
    return sorter_sort(run, &s->sorter, &s->order, g->order_keys, keys);
}

static llkv_code merge_direct(struct run *run, const struct op_group *g, struct group_state *s)
{
    bool all = true;
    for (uint32_t i = 0; i < s->range_count; i++)
        if (s->ranges[i] != NULL && !s->ranges[i]->direct) all = false;
    if (all) {
        for (uint32_t i = 0; i < s->range_count; i++)
            if (s->ranges[i] != NULL) TRY(group_direct_finish(run, g, s->ranges[i]));
        return merge_arrays(run, g, s);
    }
    for (uint32_t i = 0; i < s->range_count; i++) {
        struct group_range *r = s->ranges[i];
        if (r == NULL || !r->direct) continue;
        if (!r->has_table) TRY(keytab_init(run, &r->table, &g->fmt));
        r->has_table = true;
        TRY(group_direct_convert(run, g, r));
    }
    TRY(merge_tables(run, g, s));
    return order_groups(run, g, s);
}

llkv_code group_merge(struct run *run, const struct op_group *g, struct group_state *s)
{
    s->by_order = false;
    if (g->strategy == PGROUP_DIRECT) return merge_direct(run, g, s);
    if (g->strategy == PGROUP_HASH) return merge_tables(run, g, s);
    for (uint32_t i = 1; i < s->range_count; i++)
        if (s->ranges[i] != NULL)
            TRY(merge_states(run, g, &s->ranges[0]->heap, s->ranges[0]->plain,
                             s->ranges[i]->plain));
    return LLKV_OK;
}
