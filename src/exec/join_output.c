/* join_output.c -- batches of a join: pairs gathered from both sides, left rows with a verdict,
 * right rows at the end; and the residual condition on pairs. */
#include "exec/join.h"

/* Column `c` of the left batch for every pair. */
static llkv_code left_column(struct run *run, const struct join_local *l, const struct batch *in,
                             uint32_t c, struct colbuf *buf, struct vector *out)
{
    const struct vector *v = &in->columns[c];
    if (v->shape == VEC_CONST || v->phys == PHYS_NULLS) {
        *out = *v;
        out->rows = l->pair_count;
        return LLKV_OK;
    }
    return flat_column(run, v, l->positions, l->pair_count, v->phys, buf, out);
}

/* Values by key: row_ids are keys. */
static llkv_code key_column(struct run *run, const struct op_join *join, const struct join_local *l,
                            uint32_t c, struct colbuf *buf, struct vector *out)
{
    const struct join_values *v = join_columns_find(run->exec->states[join->op.id], c);
    CHECK(run->cx, v != NULL);
    TRY(colbuf_reserve(run, buf, join->fmt.phys[c], l->pair_count));
    gather32(buf->data, v->values, v->width, l->row_ids, l->pair_count);
    *out = (struct vector){.phys = join->fmt.phys[c],
                           .shape = VEC_FLAT,
                           .flags = join->op.varies ? 0 : VEC_STABLE,
                           .rows = l->pair_count,
                           .data = buf->data};
    return LLKV_OK;
}

static llkv_code right_column(struct run *run, const struct op_join *join,
                              const struct join_local *l, uint32_t c, struct colbuf *buf,
                              struct vector *out)
{
    const struct join_state *s = run->exec->states[join->op.id];
    if (s->present != NULL) return key_column(run, join, l, c, buf, out);
    const bool nulls = l->null_rows || rowstore_has_nulls(s->rows.store, c);
    const struct rowlist list = {l->rows, l->pair_count, nulls};
    TRY(rowfmt_read(run, &join->fmt, c, &list, buf, out));
    if (!join->op.varies) out->flags |= VEC_STABLE;
    return LLKV_OK;
}

/* Every live row once, in order: left columns may stay where they are. */
static bool is_identity(const struct join_local *l, const struct batch *in)
{
    if (l->every_row) return true;
    if (in->sel != NULL || l->pair_count != in->rows) return false;
    for (uint32_t i = 0; i < l->pair_count; i++)
        if (l->positions[i] != i) return false;
    return true;
}

llkv_code join_emit_pairs(struct run *run, const struct op_join *join, struct join_local *l,
                          const struct batch *in, const struct batch **out_batch)
{
    const uint32_t count = join->node->base.out_count;
    const bool identity = is_identity(l, in);
    for (uint32_t i = 0; i < count; i++) {
        const struct join_column *c = &join->out[i];
        if (c->side == JOIN_RIGHT)
            TRY(right_column(run, join, l, c->column, &l->columns[i], &l->vectors[i]));
        else if (identity)
            l->vectors[i] = in->columns[c->column];
        else
            TRY(left_column(run, l, in, c->column, &l->columns[i], &l->vectors[i]));
    }
    l->batch = (struct batch){
        .rows = l->pair_count, .live = l->pair_count, .column_count = count, .columns = l->vectors};
    *out_batch = &l->batch;
    return LLKV_OK;
}

/* Keep pair i if bit i is set. */
static void keep_pairs(struct join_local *l, const uint16_t *sel, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t from = sel[i];
        l->live[i] = l->live[from];
        l->positions[i] = l->positions[from];
        l->rows[i] = l->rows[from];
        l->row_ids[i] = l->row_ids[from];
    }
    l->pair_count = n;
}

/* IN in a loop join: the comparison decides between partner and unknown. */
static llkv_code judge_compare(struct run *run, const struct op_join *join, struct join_local *l,
                               const struct batch *pairs)
{
    struct vector v;
    TRY(eval_flat(run, join->compare, &l->compare, pairs, &v));
    const uint64_t *bits = v.data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pairs->live; i++) {
        const uint32_t from = pairs->sel == NULL ? i : pairs->sel[i];
        if (v.validity != NULL && !bit_get(v.validity, i)) {
            bit_set(l->unknown, l->live[from]);
        } else if (bit_get(bits, i)) {
            l->sel[kept++] = (uint16_t)from;
        }
    }
    keep_pairs(l, l->sel, kept);
    return LLKV_OK;
}

llkv_code join_residual(struct run *run, const struct op_join *join, struct join_local *l,
                        const struct batch *in)
{
    static const uint64_t none;
    static const _Alignas(16) uint8_t zero[16];
    if (join->residual.count == 0 && join->compare == NULL) return LLKV_OK;
    for (uint32_t i = 0; i < join->residual_count; i++) {
        const struct join_column *c = &join->residual_columns[i];
        struct vector *v = &l->residual_vectors[i];
        if (c->side == JOIN_LEFT)
            TRY(left_column(run, l, in, c->column, &l->residual_columns[i], v));
        else if (c->side == JOIN_RIGHT)
            TRY(right_column(run, join, l, c->column, &l->residual_columns[i], v));
        else
            *v = (struct vector){.phys = PHYS_NULLS,
                                 .shape = VEC_CONST,
                                 .rows = l->pair_count,
                                 .validity = &none,
                                 .data = zero};
    }
    struct batch pairs = {.rows = l->pair_count,
                          .live = l->pair_count,
                          .column_count = join->residual_count,
                          .columns = l->residual_vectors};
    TRY(filter_select(run, &join->residual, &l->residual, &pairs));
    if (join->compare != NULL) return judge_compare(run, join, l, &pairs);
    if (pairs.sel != NULL) keep_pairs(l, pairs.sel, pairs.live);
    l->pair_count = pairs.live;
    return LLKV_OK;
}

/* ---- left rows with a verdict ---- */
static void narrow(struct join_local *l, const struct batch *in, const uint64_t *bits, bool wanted)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < in->live; i++) {
        l->sel[kept] = in->sel == NULL ? (uint16_t)i : in->sel[i];
        kept += bit_get(bits, i) == wanted;
    }
    if (kept == in->live) return;
    l->batch.sel = l->sel;
    l->batch.live = kept;
}

/* The mark of every position: live rows are spread over those of the batch. */
static struct vector mark_vector(struct join_local *l, const struct batch *in, bool three_valued)
{
    bool nulls = false;
    memset(l->mark_bits, 0, bitmap_words(in->rows) * 8);
    memset(l->mark_validity, 0xff, bitmap_words(in->rows) * 8);
    for (uint32_t i = 0; i < in->live; i++) {
        const uint32_t at = in->sel == NULL ? i : in->sel[i];
        if (bit_get(l->matched, i)) {
            bit_set(l->mark_bits, at);
        } else if (three_valued && bit_get(l->unknown, i)) {
            bit_clear(l->mark_validity, at);
            nulls = true;
        }
    }
    return (struct vector){.phys = PHYS_BOOL,
                           .shape = VEC_FLAT,
                           .rows = in->rows,
                           .validity = nulls ? l->mark_validity : NULL,
                           .data = l->mark_bits};
}

llkv_code join_emit_left(struct run *run, const struct op_join *join, struct join_local *l,
                         const struct batch *in, const struct batch **out_batch)
{
    const uint32_t count = join->node->base.out_count;
    (void)run;
    l->batch = *in;
    l->batch.columns = l->vectors;
    l->batch.column_count = count;
    switch (join->kind) {
    case PJOIN_SEMI: narrow(l, in, l->matched, true); break;
    case PJOIN_ANTI: narrow(l, in, l->matched, false); break;
    case PJOIN_ANTI_NULL:
        for (size_t w = 0; w < bitmap_words(in->live); w++)
            l->matched[w] |= l->unknown[w];
        narrow(l, in, l->matched, false);
        break;
    default: break;
    }
    if (l->batch.live == 0) return LLKV_OK;
    for (uint32_t i = 0; i < count; i++) {
        if (join->out[i].side == JOIN_MARK)
            l->vectors[i] = mark_vector(l, in, join->kind == PJOIN_MARK_IN);
        else
            l->vectors[i] = in->columns[join->out[i].column];
    }
    *out_batch = &l->batch;
    return LLKV_OK;
}

/* ---- right rows at the end ---- */
/* The next built rows whose mark is `wanted`. */
static uint32_t next_marked(const struct join_state *s, struct join_local *l, bool wanted)
{
    const struct rowstore *store = s->rows.store;
    uint32_t n = 0;
    while (n < VEC_ROWS_MAX && l->flush.block < store->filled) {
        const struct rowblock *b = &store->blocks[l->flush.block];
        if (l->flush.index == b->used) {
            l->flush = (struct rowreader){.block = l->flush.block + 1};
            continue;
        }
        const uint32_t row = (l->flush.block << store->shift) | l->flush.index++;
        const uint64_t word = atomic_load_explicit(&s->marks[row >> 6], memory_order_relaxed);
        if (((word >> (row & 63)) & 1) == wanted) l->rows[n++] = rowstore_at(store, row);
    }
    return n;
}

llkv_code join_flush(struct run *run, const struct op *op, const struct batch **out_batch)
{
    static const uint64_t none;
    static const _Alignas(16) uint8_t zero[16];
    const struct op_join *join = (const struct op_join *)op;
    struct join_local *l = run->locals[op->id];
    *out_batch = NULL;
    l->pair_count = next_marked(run->exec->states[op->id], l, join->kind == PJOIN_RSEMI);
    l->null_rows = false;
    if (l->pair_count == 0) return LLKV_OK;
    for (uint32_t i = 0; i < op->node->out_count; i++) {
        if (join->out[i].side == JOIN_RIGHT) {
            TRY(right_column(run, join, l, join->out[i].column, &l->columns[i], &l->vectors[i]));
            continue;
        }
        l->vectors[i] = (struct vector){.phys = op->node->out_types[i].phys,
                                        .shape = VEC_CONST,
                                        .flags = VEC_STABLE,
                                        .rows = l->pair_count,
                                        .validity = &none,
                                        .data = zero};
    }
    l->batch = (struct batch){.rows = l->pair_count,
                              .live = l->pair_count,
                              .column_count = op->node->out_count,
                              .columns = l->vectors};
    *out_batch = &l->batch;
    return LLKV_OK;
}
