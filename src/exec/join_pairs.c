/* join_pairs.c -- one left batch through a join: candidates, condition, verdict, in steps of up to
 * VEC_ROWS_MAX pairs. */
#include "exec/join.h"

llkv_code join_local_init(struct run *run, const struct op_join *join, struct join_local *l)
{
    const uint32_t keys = join->node->key_count, out = join->node->base.out_count;
    l->keys = cx_alloc_zero(run->cx, (keys + 1) * sizeof *l->keys);
    l->key_evals = cx_alloc_zero(run->cx, (keys + 1) * sizeof *l->key_evals);
    l->vectors = cx_alloc_zero(run->cx, (out + 1) * sizeof *l->vectors);
    l->columns = cx_alloc_zero(run->cx, (out + 1) * sizeof *l->columns);
    l->residual_vectors =
        cx_alloc_zero(run->cx, (join->residual_count + 1) * sizeof *l->residual_vectors);
    l->residual_columns =
        cx_alloc_zero(run->cx, (join->residual_count + 1) * sizeof *l->residual_columns);
    if (l->keys == NULL || l->key_evals == NULL || l->vectors == NULL || l->columns == NULL ||
        l->residual_vectors == NULL || l->residual_columns == NULL)
        return LLKV_NOMEM;
    l->live = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->live);
    l->positions = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->positions);
    l->rows = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->rows);
    l->row_ids = cx_alloc_array(run->cx, VEC_ROWS_MAX, sizeof *l->row_ids);
    l->sel = cx_alloc_array(run->cx, VEC_ROWS_MAX + 64, sizeof *l->sel);
    l->mark_bits = cx_alloc_zero(run->cx, VEC_WORDS_MAX * 8 + 64);
    l->mark_validity = cx_alloc_zero(run->cx, VEC_WORDS_MAX * 8 + 64);
    if (l->live == NULL || l->positions == NULL || l->rows == NULL || l->row_ids == NULL ||
        l->sel == NULL || l->mark_bits == NULL || l->mark_validity == NULL)
        return LLKV_NOMEM;
    return LLKV_OK;
}

llkv_code join_attach(struct run *run, const struct op *op)
{
    struct join_local *l;
    bool is_new;
    TRY(run_local(run, op, sizeof *l, &l, &is_new));
    if (is_new) TRY(join_local_init(run, (const struct op_join *)op, l));
    l->phase = JOIN_IDLE;
    l->flush = (struct rowreader){0};
    return LLKV_OK;
}

/* ---- making pairs ---- */
/* A row whose verdict stands once it has a partner needs no further candidates. */
static bool one_is_enough(uint8_t kind)
{
    return kind == PJOIN_SEMI || kind == PJOIN_ANTI || kind == PJOIN_ANTI_NULL ||
           kind == PJOIN_MARK_EXISTS || kind == PJOIN_MARK_IN;
}

ALWAYS_INLINE void add_pair(const struct op_join *join, const struct join_state *s,
                            struct join_local *l, uint32_t live, uint32_t row)
{
    const uint32_t n = l->pair_count++;
    l->live[n] = (uint16_t)live;
    l->row_ids[n] = row;
    if (row == ROW_NONE) {
        l->rows[n] = join->fmt.null_row;
        l->null_rows = true;
    } else {
        l->rows[n] = rowstore_at(s->rows.store, row);
    }
}

/* Every left row with every built row. */
static void pair_all(const struct op_join *join, const struct join_state *s, struct join_local *l,
                     uint32_t live_count)
{
    const struct rowstore *store = s->rows.store;
    const bool once = one_is_enough(join->kind);
    while (l->pair_count < VEC_ROWS_MAX && l->at < live_count) {
        if (once && bit_get(l->matched, l->at)) l->reader.block = store->filled;
        if (l->reader.block >= store->filled) {
            l->at++;
            l->reader = (struct rowreader){0};
            continue;
        }
        const struct rowblock *b = &store->blocks[l->reader.block];
        uint32_t take = b->used - l->reader.index;
        if (take > VEC_ROWS_MAX - l->pair_count) take = VEC_ROWS_MAX - l->pair_count;
        const uint32_t first = (l->reader.block << store->shift) | l->reader.index;
        for (uint32_t i = 0; i < take; i++)
            add_pair(join, s, l, l->at, first + i);
        l->reader.index += take;
        if (l->reader.index == b->used)
            l->reader = (struct rowreader){.block = l->reader.block + 1};
    }
}

/* Every left row has one candidate or none, and those without are left out: no choice but which
 * place the next pair takes. */
static void pair_unique(const struct op_join *join, const struct join_state *s,
                        struct join_local *l, const struct batch *in)
{
    const struct rowstore *store = s->rows.store;
    const uint32_t live_count = in->live;
    uint32_t n = 0;
    for (uint32_t i = 0; i < live_count; i++) {
        l->live[n] = (uint16_t)i;
        l->row_ids[n] = l->heads[i] - 1;
        n += l->heads[i] != 0;
    }
    for (uint32_t i = 0; s->present == NULL && i < n; i++)
        l->rows[i] = rowstore_at(store, l->row_ids[i]);
    l->every_row = !join->deferred && in->sel == NULL && n == in->rows;
    l->pair_count = n;
    l->at = live_count;
}

/* Left rows with the rows chained behind their heads. */
static void pair_chains(const struct op_join *join, const struct join_state *s,
                        struct join_local *l, const struct batch *in)
{
    const uint32_t live_count = in->live;
    const bool once = one_is_enough(join->kind);
    const bool inline_null =
        !join->deferred &&
        (join->kind == PJOIN_LEFT || join->kind == PJOIN_FULL || join->kind == PJOIN_SINGLE);
    if (s->unique && !once && !inline_null) {
        pair_unique(join, s, l, in);
        return;
    }
    while (l->pair_count < VEC_ROWS_MAX && l->at < live_count) {
        uint32_t row = l->candidate == 0 ? l->heads[l->at] : l->candidate;
        if (once && bit_get(l->matched, l->at)) row = 0;
        if (row == 0) {
            if (inline_null) add_pair(join, s, l, l->at, ROW_NONE);
            l->candidate = 0;
            l->at++;
            continue;
        }
        while (row != 0 && l->pair_count < VEC_ROWS_MAX) {
            add_pair(join, s, l, l->at, row - 1);
            row = s->unique ? 0 : row_link(l->rows[l->pair_count - 1]);
        }
        l->candidate = row;
        if (row == 0) l->at++;
    }
}

/* Candidates of IN's second question: the group, or its rows with a NULL if the left key has none.
 */
static void pair_groups(const struct op_join *join, const struct join_state *s,
                        struct join_local *l, uint32_t live_count)
{
    const uint32_t last = join->node->key_count - 1;
    const uint64_t *validity = l->keys[last].validity;
    while (l->pair_count < VEC_ROWS_MAX && l->at < live_count) {
        uint32_t row = l->candidate == 0 ? l->heads[l->at] : l->candidate;
        const bool all = validity != NULL && !bit_get(validity, l->at);
        while (row != 0 && l->pair_count < VEC_ROWS_MAX) {
            if (!all && !row_is_null(rowstore_at(s->rows.store, row - 1), last)) {
                row = 0;
                break;
            }
            add_pair(join, s, l, l->at, row - 1);
            row = s->group_links[row - 1];
        }
        l->candidate = row;
        if (row == 0) l->at++;
    }
}

/* ---- verdicts ---- */
static void mark_row(const struct join_state *s, uint32_t row)
{
    const uint64_t bit = UINT64_C(1) << (row & 63);
    _Atomic uint64_t *word = &s->marks[row >> 6];
    if ((atomic_load_explicit(word, memory_order_relaxed) & bit) == 0)
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
}

/* SINGLE: a second partner is an error, or ignored. */
static llkv_code single_pairs(struct run *run, const struct op_join *join, struct join_local *l)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < l->pair_count; i++) {
        const bool second = l->row_ids[i] != ROW_NONE && bit_get(l->matched, l->live[i]);
        if (second && !join->node->first_only)
            return cx_fail(run->cx, LLKV_CARDINALITY,
                           "more than one row returned by a subquery used as an expression");
        if (second) continue;
        l->live[kept] = l->live[i];
        l->positions[kept] = l->positions[i];
        l->row_ids[kept] = l->row_ids[i];
        l->rows[kept] = l->rows[i];
        kept++;
        if (l->row_ids[i] != ROW_NONE) bit_set(l->matched, l->live[i]);
    }
    l->pair_count = kept;
    return LLKV_OK;
}

/* Take note of the pairs that hold. */
static llkv_code judge_pairs(struct run *run, const struct op_join *join, struct join_local *l)
{
    const struct join_state *s = run->exec->states[join->op.id];
    if (l->phase == JOIN_GROUP_PAIRS) {
        for (uint32_t i = 0; i < l->pair_count; i++)
            bit_set(l->unknown, l->live[i]);
        return LLKV_OK;
    }
    if (join->kind == PJOIN_SINGLE) return single_pairs(run, join, l);
    if (join_keeps_right(join->kind))
        for (uint32_t i = 0; i < l->pair_count; i++)
            if (l->row_ids[i] != ROW_NONE) mark_row(s, l->row_ids[i]);
    if (join->deferred && join->kind != PJOIN_INNER)
        for (uint32_t i = 0; i < l->pair_count; i++)
            bit_set(l->matched, l->live[i]);
    return LLKV_OK;
}

static bool emits_pairs(uint8_t kind)
{
    return kind == PJOIN_INNER || kind == PJOIN_LEFT || kind == PJOIN_RIGHT || kind == PJOIN_FULL ||
           kind == PJOIN_SINGLE;
}

/* ---- steps ---- */
static void begin_pairs(struct join_local *l, uint32_t phase)
{
    l->phase = phase;
    l->at = 0;
    l->candidate = 0;
    l->reader = (struct rowreader){0};
}

/* All that is to know is whether there is a candidate. */
static void match_heads(struct join_local *l, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (l->heads[i] != 0) bit_set(l->matched, i);
}

/* Rows of equal keys have all met a partner if one has. */
static void mark_chains(const struct join_state *s, const struct join_local *l, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = l->heads[i];
        if (row == 0) continue;
        const uint64_t word = atomic_load_explicit(&s->marks[(row - 1) >> 6], memory_order_relaxed);
        if ((word >> ((row - 1) & 63)) & 1) continue;
        for (; row != 0; row = s->unique ? 0 : row_link(rowstore_at(s->rows.store, row - 1)))
            mark_row(s, row - 1);
    }
}

static llkv_code begin_batch(struct run *run, const struct op_join *join, struct join_local *l,
                             const struct batch *in)
{
    const struct join_state *s = run->exec->states[join->op.id];
    TRY(join_probe(run, join, l, in));
    const size_t bytes = bitmap_words(in->live) * 8;
    memset(l->matched, 0, bytes);
    memset(l->unknown, 0, bytes);
    begin_pairs(l, JOIN_PAIRS);
    if (join->deferred || emits_pairs(join->kind)) return LLKV_OK;
    l->phase = JOIN_REST;
    if (join->kind == PJOIN_RSEMI || join->kind == PJOIN_RANTI)
        mark_chains(s, l, in->live);
    else
        match_heads(l, in->live);
    return LLKV_OK;
}

static void make_pairs(const struct op_join *join, const struct join_state *s, struct join_local *l,
                       const struct batch *in)
{
    l->pair_count = 0;
    l->null_rows = false;
    l->every_row = false;
    if (l->phase == JOIN_GROUP_PAIRS)
        pair_groups(join, s, l, in->live);
    else if (join->loop)
        pair_all(join, s, l, in->live);
    else
        pair_chains(join, s, l, in);
    if (l->every_row) return;
    if (in->sel == NULL) memcpy(l->positions, l->live, l->pair_count * sizeof *l->positions);
    for (uint32_t i = 0; in->sel != NULL && i < l->pair_count; i++)
        l->positions[i] = in->sel[l->live[i]];
}

/* After the last pair: what is said of left rows as such. */
static llkv_code end_pairs(struct run *run, const struct op_join *join, struct join_local *l,
                           const struct batch *in)
{
    if (l->phase == JOIN_PAIRS && join->in_kind && !join->loop && join->residual.count != 0) {
        TRY(join_probe_groups(run, join, l, in));
        memset(l->unknown, 0, sizeof l->unknown);
        begin_pairs(l, JOIN_GROUP_PAIRS);
        return LLKV_OK;
    }
    l->phase = JOIN_REST;
    return LLKV_OK;
}

static llkv_code finish_batch(struct run *run, const struct op_join *join, struct join_local *l,
                              const struct batch *in, const struct batch **out_batch)
{
    l->phase = JOIN_IDLE;
    switch ((enum pjoin_kind)join->kind) {
    case PJOIN_INNER:
    case PJOIN_RIGHT:
    case PJOIN_RSEMI:
    case PJOIN_RANTI: return LLKV_OK;
    case PJOIN_LEFT:
    case PJOIN_FULL:
    case PJOIN_SINGLE:
        if (!join->deferred) return LLKV_OK;
        l->pair_count = 0;
        for (uint32_t i = 0; i < in->live; i++) {
            if (bit_get(l->matched, i)) continue;
            l->positions[l->pair_count] = in->sel == NULL ? (uint16_t)i : in->sel[i];
            l->rows[l->pair_count++] = join->fmt.null_row;
        }
        l->null_rows = true;
        if (l->pair_count == 0) return LLKV_OK;
        return join_emit_pairs(run, join, l, in, out_batch);
    case PJOIN_MARK_IN:
    case PJOIN_ANTI_NULL:
        if (!join->loop && join->residual.count == 0) TRY(join_probe_groups(run, join, l, in));
        return join_emit_left(run, join, l, in, out_batch);
    case PJOIN_SEMI:
    case PJOIN_ANTI:
    case PJOIN_MARK_EXISTS: return join_emit_left(run, join, l, in, out_batch);
    }
    return LLKV_OK;
}

llkv_code join_push(struct run *run, const struct op *op, const struct batch *in,
                    const struct batch **out_batch, enum op_result *out_result)
{
    const struct op_join *join = (const struct op_join *)op;
    const struct join_state *s = run->exec->states[op->id];
    struct join_local *l = run->locals[op->id];
    *out_result = OP_MORE;
    if (l->phase == JOIN_IDLE) TRY(begin_batch(run, join, l, in));
    while (l->phase != JOIN_REST) {
        TRY(cx_check_cancel(run->cx));
        make_pairs(join, s, l, in);
        const bool ended = l->at >= in->live;
        if (l->pair_count != 0 && join->deferred) TRY(join_residual(run, join, l, in));
        if (l->pair_count != 0) TRY(judge_pairs(run, join, l));
        const bool emit = l->pair_count != 0 && emits_pairs(join->kind);
        if (ended) TRY(end_pairs(run, join, l, in));
        if (emit) return join_emit_pairs(run, join, l, in, out_batch);
    }
    *out_result = OP_NEED_INPUT;
    return finish_batch(run, join, l, in, out_batch);
}
