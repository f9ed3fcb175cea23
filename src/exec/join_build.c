/* join_build.c -- the table of a join: rows, directory or dense array, groups of IN. */
#include "exec/join.h"

static size_t dir_bytes(uint32_t mask)
{
    return ((size_t)mask + 1) * sizeof(uint64_t);
}

static void join_release(void *ptr)
{
    struct join_state *s = ptr;
    join_columns_release(s);
    big_free(s->budget, s->dir, dir_bytes(s->mask));
    big_free(s->budget, s->dense_rows, s->dense_range * sizeof *s->dense_rows);
    big_free(s->budget, s->group_dir, dir_bytes(s->group_mask));
    mem_free(s->marks);
    mem_free(s->group_links);
    s->dir = NULL;
    s->dense_rows = NULL;
    s->marks = NULL;
    s->group_dir = NULL;
    s->group_links = NULL;
}

/* A NULL key meets nothing, unless NULLs are equal in that key. */
static bool key_is_null(const struct op_join *join, const uint8_t *row, uint32_t key_count)
{
    for (uint32_t k = 0; k < key_count; k++)
        if (row_is_null(row, k) && !join->node->keys[k].null_equal) return true;
    return false;
}

static bool keys_have_nulls(const struct op_join *join, const struct rowstore *store)
{
    for (uint32_t k = 0; k < join->node->key_count; k++)
        if (rowstore_has_nulls(store, k) && !join->node->keys[k].null_equal) return true;
    return false;
}

/* Directory for n rows: exactly sized, at most half full. */
static llkv_code directory_new(struct run *run, uint64_t n, uint64_t **out_dir, uint32_t *out_mask)
{
    uint64_t slots = 16;
    while (slots < n * 2)
        slots *= 2;
    if (slots > UINT64_C(1) << 32)
        return cx_fail(run->cx, LLKV_LIMIT, "a join holds more than 2 billion rows");
    *out_mask = (uint32_t)(slots - 1);
    *out_dir = big_alloc(run->cx, dir_bytes(*out_mask));
    return *out_dir == NULL ? LLKV_NOMEM : LLKV_OK;
}

/* Rows are entered from the last to the first, each before those of equal key: chains run in build
 * order. */
static void enter_hash(const struct op_join *join, struct join_state *s,
                       const struct rowstore *store, uint8_t *row, uint32_t number)
{
    const uint32_t hash = row_hash(row);
    uint32_t slot = hash & s->mask;
    for (; s->dir[slot] != 0; slot = (slot + 1) & s->mask) {
        if ((uint32_t)(s->dir[slot] >> 32) != hash) continue;
        const uint32_t head = (uint32_t)s->dir[slot];
        const uint8_t *other = rowstore_at(store, head - 1);
        const uint32_t at = join->fmt.at[0];
        const bool equal = join->one_word ? row_word(other, at) == row_word(row, at)
                                          : rowfmt_equal(&join->fmt, other, row);
        if (!equal) continue;
        row_set_link(row, head);
        s->unique = false;
        break;
    }
    s->dir[slot] = (uint64_t)hash << 32 | (number + 1);
}

static void fill_directory(const struct op_join *join, struct join_state *s,
                           const struct rowstore *store)
{
    enum { AHEAD = 16 };
    const bool nulls = keys_have_nulls(join, store);
    const uint32_t stride = join->fmt.stride;
    s->unique = true;
    for (uint32_t b = store->filled; b-- > 0;) {
        const struct rowblock *block = &store->blocks[b];
        for (uint32_t i = block->used; i-- > 0;) {
            uint8_t *row = block->rows + (size_t)i * stride;
            if (i >= AHEAD) PREFETCH(&s->dir[row_hash(row - (size_t)AHEAD * stride) & s->mask]);
            row_set_link(row, 0);
            if (nulls && key_is_null(join, row, join->node->key_count)) continue;
            enter_hash(join, s, store, row, (b << store->shift) | i);
        }
    }
}

/* False: some key is outside the range that was promised. */
static bool fill_dense(const struct op_join *join, struct join_state *s,
                       const struct rowstore *store)
{
    const bool nulls = rowstore_has_nulls(store, 0);
    const uint8_t phys = join->fmt.phys[0];
    s->unique = true;
    for (uint32_t b = store->filled; b-- > 0;) {
        const struct rowblock *block = &store->blocks[b];
        for (uint32_t i = block->used; i-- > 0;) {
            uint8_t *row = block->rows + (size_t)i * join->fmt.stride;
            row_set_link(row, 0);
            if (nulls && row_is_null(row, 0)) continue;
            const int64_t key = slot_integer(phys, row_word(row, join->fmt.at[0]));
            if (key < s->dense_min) return false;
            const uint64_t at = (uint64_t)key - (uint64_t)s->dense_min;
            if (at >= s->dense_range) return false;
            if (s->dense_rows[at] != 0) s->unique = false;
            row_set_link(row, s->dense_rows[at]);
            s->dense_rows[at] = ((b << store->shift) | i) + 1;
        }
    }
    return true;
}

static bool is_dense_type(uint8_t phys)
{
    return phys == PHYS_I8 || phys == PHYS_I16 || phys == PHYS_I32 || phys == PHYS_I64 ||
           phys == PHYS_U8 || phys == PHYS_U16 || phys == PHYS_U32;
}

/* The array pays while it is not much larger than the rows. */
static llkv_code build_dense(struct run *run, const struct op_join *join, struct join_state *s,
                             const struct rowstore *store)
{
    const struct pnode_join *node = join->node;
    s->dense = false;
    if (!node->key_dense || !join->one_word || !is_dense_type(join->fmt.phys[0])) return LLKV_OK;
    if (node->key_max < node->key_min) return LLKV_OK;
    const uint64_t range = (uint64_t)node->key_max - (uint64_t)node->key_min;
    if (range >= store->count * 4 + 4096) return LLKV_OK;
    s->dense_min = node->key_min;
    s->dense_range = range + 1;
    s->dense_rows = big_alloc(run->cx, s->dense_range * sizeof *s->dense_rows);
    if (s->dense_rows == NULL) return LLKV_NOMEM;
    s->dense = fill_dense(join, s, store);
    return LLKV_OK;
}

/* ---- groups of IN ---- */
static void enter_group(const struct op_join *join, struct join_state *s,
                        const struct rowstore *store, uint32_t hash, uint32_t number)
{
    const uint8_t *row = rowstore_at(store, number);
    if (join->node->key_count <= 1) {
        s->group_links[number] = s->group_head;
        s->group_head = number + 1;
        return;
    }
    uint32_t slot = hash & s->group_mask;
    for (; s->group_dir[slot] != 0; slot = (slot + 1) & s->group_mask) {
        if ((uint32_t)(s->group_dir[slot] >> 32) != hash) continue;
        const uint32_t head = (uint32_t)s->group_dir[slot];
        if (!rowfmt_equal(&join->group_fmt, rowstore_at(store, head - 1), row)) continue;
        s->group_links[number] = head;
        break;
    }
    s->group_dir[slot] = (uint64_t)hash << 32 | (number + 1);
}

/* The hash over all keys but the last. */
static uint32_t group_hash(const struct op_join *join, const uint8_t *row)
{
    uint64_t hash = 0;
    for (uint32_t k = 0; k + 1 < join->node->key_count; k++) {
        _Alignas(16) uint8_t slot[16] = {0};
        const uint64_t valid = !row_is_null(row, k);
        memcpy(slot, row + join->fmt.at[k], phys_bytes[join->fmt.phys[k]] > 8 ? 16 : 8);
        const struct vector v = {.phys = join->fmt.phys[k],
                                 .shape = VEC_FLAT,
                                 .rows = 1,
                                 .validity = &valid,
                                 .data = slot};
        vec_hash(&v, NULL, 1, &hash, k != 0);
    }
    return (uint32_t)(hash >> 32);
}

/* Rows whose last key is (not) NULL. */
static void fill_groups(const struct op_join *join, struct join_state *s,
                        const struct rowstore *store, bool null_key)
{
    const uint32_t last = join->node->key_count - 1;
    for (uint32_t b = store->filled; b-- > 0;) {
        for (uint32_t i = store->blocks[b].used; i-- > 0;) {
            const uint32_t number = (b << store->shift) | i;
            const uint8_t *row = rowstore_at(store, number);
            if (row_is_null(row, last) != null_key || key_is_null(join, row, last)) continue;
            enter_group(join, s, store, last == 0 ? 0 : group_hash(join, row), number);
        }
    }
}

static llkv_code build_groups(struct run *run, const struct op_join *join, struct join_state *s,
                              const struct rowstore *store)
{
    s->group_head = 0;
    if (join->node->key_count > 1)
        TRY(directory_new(run, store->count, &s->group_dir, &s->group_mask));
    s->group_links =
        mem_alloc_zero(run->cx->budget, ((size_t)rowstore_end(store) + 1) * sizeof *s->group_links);
    if (s->group_links == NULL) return cx_nomem(run->cx);
    fill_groups(join, s, store, false);
    fill_groups(join, s, store, true);
    return LLKV_OK;
}

static llkv_code build_table(struct run *run, const struct op_join *join, struct join_state *s)
{
    join_release(s);
    TRY(collect_chain(run, join->build, &s->rows));
    const struct rowstore *store = s->rows.store;
    if (join_keeps_right(join->kind)) {
        s->mark_words = bitmap_words(rowstore_end(store)) + 1;
        s->marks = mem_alloc_zero(run->cx->budget, s->mark_words * sizeof *s->marks);
        if (s->marks == NULL) return cx_nomem(run->cx);
    }
    if (join->loop) return LLKV_OK;
    if (join->in_kind) TRY(build_groups(run, join, s, store));
    TRY(build_dense(run, join, s, store));
    if (s->dense) return join_columns_build(run, join, s);
    TRY(directory_new(run, store->count, &s->dir, &s->mask));
    fill_directory(join, s, store);
    return LLKV_OK;
}

llkv_code join_prepare(struct run *run, const struct op *op)
{
    const struct op_join *join = (const struct op_join *)op;
    struct join_state *s;
    bool is_new;
    TRY(exec_state(run, op, sizeof *s, &s, &is_new));
    if (is_new) {
        s->rows =
            (struct collect){.fmt = &join->fmt, .exprs = join->build_exprs, .hashed = !join->loop};
        TRY(run_own(run, join_release, s));
    }
    if (s->built && !op->varies) {
        for (size_t w = 0; s->marks != NULL && w < s->mark_words; w++)
            atomic_init(&s->marks[w], 0);
        return LLKV_OK;
    }
    TRY(build_table(run, join, s));
    s->built = true;
    return LLKV_OK;
}
