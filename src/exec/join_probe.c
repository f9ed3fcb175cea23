/* join_probe.c -- from the keys of left rows to their first candidates. */
#include "exec/join.h"

enum { PREFETCH_SLOTS = 16 * 1024 };

static llkv_code probe_reserve(struct run *run, const struct op_join *join, struct join_local *l,
                               uint32_t n)
{
    if (n <= l->room) return LLKV_OK;
    const uint32_t room = n <= 64 ? 64 : n <= 512 ? 512 : VEC_ROWS_MAX;
    l->wide_hash = cx_alloc_array(run->cx, room, sizeof *l->wide_hash);
    l->hash = cx_alloc_array(run->cx, room, sizeof *l->hash);
    l->heads = cx_alloc_array(run->cx, room, sizeof *l->heads);
    l->words = cx_alloc_array(run->cx, join->one_word ? room : 1, sizeof *l->words);
    l->stage = cx_alloc_array(run->cx, join->one_word && !join->in_kind ? 1 : room, join->key_end);
    if (l->wide_hash == NULL || l->hash == NULL || l->heads == NULL || l->words == NULL ||
        l->stage == NULL)
        return LLKV_NOMEM;
    l->room = room;
    return LLKV_OK;
}

/* Keys as images that compare with built rows. */
static void stage_keys(const struct op_join *join, struct join_local *l, uint32_t n)
{
    const struct rowdest dest = {l->stage, join->key_end};
    rowfmt_write(&join->fmt, l->keys, join->node->key_count, 0, n, &dest);
}

static void probe_dense(const struct op_join *join, const struct join_state *s,
                        struct join_local *l, uint32_t n)
{
    const uint8_t phys = join->fmt.phys[0];
    for (uint32_t i = 0; i < n; i++) {
        const int64_t key = slot_integer(phys, l->words[i]);
        const uint64_t at = (uint64_t)key - (uint64_t)s->dense_min;
        l->heads[i] = at < s->dense_range ? s->dense_rows[at] : 0;
    }
    if (s->dense_range < PREFETCH_SLOTS) return;
    for (uint32_t i = 0; i < n; i++)
        if (l->heads[i] != 0) PREFETCH(rowstore_at(s->rows.store, l->heads[i] - 1));
}

/* Follow the slots from `slot` to the entry whose key is equal. */
ALWAYS_INLINE uint32_t find_head(const struct op_join *join, const struct join_state *s,
                                 const struct join_local *l, uint32_t i, const bool one_word)
{
    const uint32_t hash = l->hash[i];
    for (uint32_t slot = hash & s->mask;; slot = (slot + 1) & s->mask) {
        const uint64_t entry = s->dir[slot];
        if (entry == 0) return 0;
        if ((uint32_t)(entry >> 32) != hash) continue;
        const uint8_t *row = rowstore_at(s->rows.store, (uint32_t)entry - 1);
        if (one_word ? row_word(row, ROW_NULLS_AT + join->fmt.null_words * 8) == l->words[i]
                     : rowfmt_equal(&join->fmt, row, l->stage + (size_t)i * join->key_end))
            return (uint32_t)entry;
    }
}

static void probe_directory(const struct op_join *join, const struct join_state *s,
                            struct join_local *l, uint32_t n)
{
    if (s->mask >= PREFETCH_SLOTS) {
        for (uint32_t i = 0; i < n; i++)
            PREFETCH(&s->dir[l->hash[i] & s->mask]);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t entry = s->dir[l->hash[i] & s->mask];
            if (entry != 0) PREFETCH(rowstore_at(s->rows.store, (uint32_t)entry - 1));
        }
    }
    if (join->one_word)
        for (uint32_t i = 0; i < n; i++)
            l->heads[i] = find_head(join, s, l, i, true);
    else
        for (uint32_t i = 0; i < n; i++)
            l->heads[i] = find_head(join, s, l, i, false);
}

/* NULL keys have no candidates. */
static void drop_null_keys(const struct op_join *join, struct join_local *l, uint32_t key_count,
                           uint32_t n)
{
    for (uint32_t k = 0; k < key_count; k++) {
        const uint64_t *validity = l->keys[k].validity;
        if (validity == NULL || join->node->keys[k].null_equal) continue;
        for (uint32_t i = 0; i < n; i++)
            if (!bit_get(validity, i)) l->heads[i] = 0;
    }
}

llkv_code join_probe(struct run *run, const struct op_join *join, struct join_local *l,
                     const struct batch *in)
{
    const struct join_state *s = run->exec->states[join->op.id];
    const uint32_t n = in->live;
    TRY(probe_reserve(run, join, l, n));
    if (join->loop) return LLKV_OK;
    for (uint32_t k = 0; k < join->node->key_count; k++)
        TRY(eval_flat(run, &join->probe_keys[k], &l->key_evals[k], in, &l->keys[k]));
    if (s->rows.store->count == 0) {
        memset(l->heads, 0, n * sizeof *l->heads);
        return LLKV_OK;
    }
    if (join->one_word) vec_words(&l->keys[0], n, l->words);
    if (s->dense) {
        probe_dense(join, s, l, n);
    } else {
        rowfmt_hash(&join->fmt, l->keys, n, l->wide_hash, l->hash);
        if (!join->one_word) stage_keys(join, l, n);
        probe_directory(join, s, l, n);
    }
    drop_null_keys(join, l, join->node->key_count, n);
    return LLKV_OK;
}

/* ---- the groups of IN ---- */
static uint32_t find_group(const struct op_join *join, const struct join_state *s, uint32_t hash,
                           const uint8_t *image)
{
    for (uint32_t slot = hash & s->group_mask;; slot = (slot + 1) & s->group_mask) {
        const uint64_t entry = s->group_dir[slot];
        if (entry == 0) return 0;
        if ((uint32_t)(entry >> 32) != hash) continue;
        const uint8_t *row = rowstore_at(s->rows.store, (uint32_t)entry - 1);
        if (rowfmt_equal(&join->group_fmt, row, image)) return (uint32_t)entry;
    }
}

static void group_heads(const struct op_join *join, const struct join_state *s,
                        struct join_local *l, uint32_t n)
{
    const uint32_t last = join->node->key_count - 1;
    if (last == 0) {
        for (uint32_t i = 0; i < n; i++)
            l->heads[i] = s->group_head;
        return;
    }
    rowfmt_hash(&join->group_fmt, l->keys, n, l->wide_hash, l->hash);
    stage_keys(join, l, n);
    for (uint32_t i = 0; i < n; i++)
        l->heads[i] = find_group(join, s, l->hash[i], l->stage + (size_t)i * join->key_end);
    drop_null_keys(join, l, last, n);
}

llkv_code join_probe_groups(struct run *run, const struct op_join *join, struct join_local *l,
                            const struct batch *in)
{
    const struct join_state *s = run->exec->states[join->op.id];
    const uint32_t n = in->live, last = join->node->key_count - 1;
    const struct rowstore *store = s->rows.store;
    memset(l->unknown, 0, sizeof l->unknown);
    if (store->count == 0) {
        memset(l->heads, 0, n * sizeof *l->heads);
        return LLKV_OK;
    }
    group_heads(join, s, l, n);
    for (uint32_t i = 0; i < n; i++) {
        if (l->heads[i] == 0) continue;
        const uint64_t *validity = l->keys[last].validity;
        const bool probe_null = validity != NULL && !bit_get(validity, i);
        /* Rows with a NULL come first in a group: if the first has none, none has. */
        const bool row_null = row_is_null(rowstore_at(store, l->heads[i] - 1), last);
        if (bit_get(l->matched, i) || (!probe_null && !row_null))
            l->heads[i] = 0;
        else
            bit_set(l->unknown, i);
    }
    return LLKV_OK;
}
