/* join_probe.c -- from the keys of left rows to their first candidates. */
#include "exec/join.h"

/* PROBE_ROWS: what their slots and rows take stays in the first-level cache. */
enum { PREFETCH_SLOTS = 16 * 1024, PROBE_ROWS = 256 };

static llkv_code probe_reserve(struct run *run, const struct op_join *join, struct join_local *l,
                               uint32_t n)
{
    if (n <= l->room) return LLKV_OK;
    const uint32_t room = n <= 64 ? 64 : n <= 512 ? 512 : VEC_ROWS_MAX;
    l->wide_hash = cx_alloc_array(run->cx, room, sizeof *l->wide_hash);
    l->hash = cx_alloc_array(run->cx, room, sizeof *l->hash);
    l->heads = cx_alloc_array(run->cx, room, sizeof *l->heads);
    l->word_room = cx_alloc_array(run->cx, join->one_word ? room : 1, sizeof *l->word_room);
    l->stage = cx_alloc_array(run->cx, join->one_word && !join->in_kind ? 1 : room, join->key_end);
    if (l->wide_hash == NULL || l->hash == NULL || l->heads == NULL || l->word_room == NULL ||
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

static void read_words(struct join_local *l, uint32_t n)
{
    l->words = phys_bytes[l->keys[0].phys] == 8 ? l->keys[0].data : l->word_room;
    if (l->words == l->word_room) vec_words(&l->keys[0], n, l->word_room);
}

/* `phys` is a constant of the caller. */
ALWAYS_INLINE void dense_heads(const struct join_state *s, struct join_local *l, uint32_t n,
                               const uint8_t phys)
{
    const uint32_t *rows = s->dense_rows;
    const uint64_t min = (uint64_t)s->dense_min, range = s->dense_range;
    if (s->present != NULL) {
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t from = (uint64_t)slot_integer(phys, l->words[i]) - min;
            const uint64_t at = from < range ? from : range; /* the bit behind the last is 0 */
            l->heads[i] = (uint32_t)(at + 1) & (0 - (uint32_t)bit_get(s->present, at));
        }
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t at = (uint64_t)slot_integer(phys, l->words[i]) - min;
        l->heads[i] = at < range ? rows[at] : 0;
    }
}

static void probe_dense(const struct op_join *join, const struct join_state *s,
                        struct join_local *l, uint32_t n)
{
    switch (join->fmt.phys[0]) {
    case PHYS_I8: dense_heads(s, l, n, PHYS_I8); break;
    case PHYS_I16: dense_heads(s, l, n, PHYS_I16); break;
    case PHYS_I32: dense_heads(s, l, n, PHYS_I32); break;
    default: dense_heads(s, l, n, PHYS_I64); break;
    }
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

/* Three passes over rows first .. end: ask for the slots; go to the slots with the right hash and
 * ask for their rows; compare the keys. */
ALWAYS_INLINE void probe_rows(const struct op_join *join, const struct join_state *s,
                              struct join_local *l, const uint32_t first, const uint32_t end,
                              const bool one_word)
{
    const uint64_t *dir = s->dir;
    const uint32_t mask = s->mask;
    const uint32_t at = ROW_NULLS_AT + join->fmt.null_words * 8;
    if (mask >= PREFETCH_SLOTS)
        for (uint32_t i = first; i < end; i++)
            PREFETCH(&dir[l->hash[i] & mask]);
    for (uint32_t i = first; i < end; i++) {
        const uint32_t hash = l->hash[i];
        uint32_t slot = hash & mask;
        while (dir[slot] != 0 && (uint32_t)(dir[slot] >> 32) != hash)
            slot = (slot + 1) & mask;
        l->heads[i] = (uint32_t)dir[slot];
        if (dir[slot] != 0) PREFETCH(rowstore_at(s->rows.store, (uint32_t)dir[slot] - 1));
    }
    for (uint32_t i = first; i < end; i++) {
        if (l->heads[i] == 0) continue;
        const uint8_t *row = rowstore_at(s->rows.store, l->heads[i] - 1);
        const bool equal =
            one_word ? row_word(row, at) == l->words[i]
                     : rowfmt_equal(&join->fmt, row, l->stage + (size_t)i * join->key_end);
        if (UNLIKELY(!equal)) l->heads[i] = find_head(join, s, l, i, one_word);
    }
}

static void probe_directory(const struct op_join *join, const struct join_state *s,
                            struct join_local *l, uint32_t n)
{
    for (uint32_t first = 0; first < n; first += PROBE_ROWS) {
        const uint32_t end = n - first < PROBE_ROWS ? n : first + PROBE_ROWS;
        if (join->one_word)
            probe_rows(join, s, l, first, end, true);
        else
            probe_rows(join, s, l, first, end, false);
    }
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
    if (join->one_word) read_words(l, n);
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
