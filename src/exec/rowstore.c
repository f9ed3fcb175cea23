/* rowstore.c -- blocks of rows. */
#include "exec/rows.h"

/* From SLAB_FROM blocks on they are cut from recycled slabs of 2 MiB, which lie on huge pages. */
enum { BLOCK_BYTES = 64 * 1024, SLAB_BYTES = 2 * 1024 * 1024, SLAB_FROM = 16, FIRST_ROWS = 32 };

static void block_release(struct rowstore *store, struct rowblock *b)
{
    if (b->pooled)
        block_put(store->run->exec->env.blocks, b->rows, BLOCK_64K);
    else if (b->heap)
        mem_free(b->rows);
}

void rowstore_deinit(void *ptr)
{
    struct rowstore *store = ptr;
    for (uint32_t b = 0; b < store->block_count; b++)
        block_release(store, &store->blocks[b]);
    for (uint32_t i = 0; i < store->slab_count; i++)
        block_put(store->run->exec->env.blocks, store->slabs[i], BLOCK_2M);
    arena_deinit(&store->heap);
    store->slab_count = 0;
    store->slab_used = SLAB_BYTES;
    store->block_count = 0;
    store->filled = 0;
    store->count = 0;
}

llkv_code rowstore_init(struct run *run, struct rowstore *store, const struct rowfmt *fmt)
{
    uint32_t shift = 0;
    while (((size_t)fmt->stride << (shift + 1)) <= BLOCK_BYTES)
        shift++;
    *store = (struct rowstore){.fmt = fmt, .run = run, .shift = shift, .slab_used = SLAB_BYTES};
    arena_init(&store->heap, run->cx->budget);
    store->null_seen = cx_alloc_zero(run->cx, (size_t)(fmt->null_words + 1) * 8);
    if (store->null_seen == NULL) return LLKV_NOMEM;
    return run_own(run, rowstore_deinit, store);
}

void rowstore_reset(struct rowstore *store)
{
    for (uint32_t b = 0; b < store->filled; b++)
        store->blocks[b].used = 0;
    store->filled = 0;
    store->count = 0;
    if (store->null_seen != NULL) memset(store->null_seen, 0, (size_t)store->fmt->null_words * 8);
    arena_reset(&store->heap);
}

static llkv_code block_reserve(struct rowstore *store, uint32_t count)
{
    if (count <= store->block_capacity) return LLKV_OK;
    uint32_t capacity = store->block_capacity == 0 ? 4 : store->block_capacity * 2;
    while (capacity < count)
        capacity *= 2;
    struct rowblock *blocks = cx_alloc_array(store->run->cx, capacity, sizeof *blocks);
    if (blocks == NULL) return LLKV_NOMEM;
    if (store->block_count != 0) memcpy(blocks, store->blocks, store->block_count * sizeof *blocks);
    store->blocks = blocks;
    store->block_capacity = capacity;
    return LLKV_OK;
}

/* A block out of the current slab. */
static llkv_code block_carve(struct rowstore *store, uint8_t **out_rows)
{
    struct run *run = store->run;
    if (store->slab_used == SLAB_BYTES) {
        if (store->slab_count == store->slab_capacity)
            TRY(vec_grow(run->cx, (void **)&store->slabs, &store->slab_capacity,
                         sizeof *store->slabs));
        uint8_t *slab = block_get(run->exec->env.blocks, BLOCK_2M);
        if (slab == NULL) return cx_nomem(run->cx);
        store->slabs[store->slab_count++] = slab;
        store->slab_used = 0;
    }
    *out_rows = store->slabs[store->slab_count - 1] + store->slab_used;
    store->slab_used += BLOCK_BYTES;
    return LLKV_OK;
}

/* The first block is small and the arena's, so that ten rows cost no block of the pool. */
static llkv_code block_new(struct rowstore *store)
{
    struct run *run = store->run;
    TRY(block_reserve(store, store->block_count + 1));
    if (((uint64_t)store->block_count + 1) << store->shift >= ROW_NONE)
        return cx_fail(run->cx, LLKV_LIMIT, "an operator holds more than 4 billion rows");
    struct rowblock b = {.capacity = UINT32_C(1) << store->shift};
    if (store->block_count == 0 && b.capacity >= FIRST_ROWS) {
        b.capacity = FIRST_ROWS;
        b.rows = cx_alloc(run->cx, (size_t)FIRST_ROWS * store->fmt->stride + 16);
        if (b.rows == NULL) return LLKV_NOMEM;
    } else if (run->exec->env.blocks != NULL && store->block_count >= SLAB_FROM &&
               store->fmt->stride <= BLOCK_BYTES) {
        TRY(block_carve(store, &b.rows));
    } else if (run->exec->env.blocks != NULL && store->fmt->stride <= BLOCK_BYTES) {
        b.pooled = true;
        b.rows = block_get(run->exec->env.blocks, BLOCK_64K);
    } else {
        b.heap = true;
        b.rows =
            mem_alloc_aligned(run->cx->budget, ((size_t)store->fmt->stride << store->shift) + 16);
    }
    if (b.rows == NULL) return cx_nomem(run->cx);
    store->blocks[store->block_count++] = b;
    return LLKV_OK;
}

/* The block that takes the next row. */
static llkv_code block_open(struct rowstore *store, struct rowblock **out_block)
{
    if (store->filled != 0) {
        struct rowblock *b = &store->blocks[store->filled - 1];
        if (b->used < b->capacity) {
            *out_block = b;
            return LLKV_OK;
        }
    }
    if (store->filled == store->block_count) TRY(block_new(store));
    *out_block = &store->blocks[store->filled++];
    (*out_block)->used = 0;
    return LLKV_OK;
}

/* Texts that may go away are copied. */
static llkv_code keep_texts(struct rowstore *store, uint32_t c, uint8_t *rows, uint32_t n)
{
    store->texts_kept = true;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *slot = rows + (size_t)i * store->fmt->stride + store->fmt->at[c];
        struct str_view view;
        memcpy(&view, slot, sizeof view);
        if (view.len <= STR_INLINE_MAX) continue;
        uint8_t *copy = arena_alloc(&store->heap, (size_t)view.len + 16);
        if (copy == NULL) return cx_nomem(store->run->cx);
        memcpy(copy, view.ptr, view.len);
        view.ptr = copy;
        memcpy(slot, &view, sizeof view);
    }
    return LLKV_OK;
}

static llkv_code finish_rows(struct rowstore *store, const struct vector *columns, uint8_t *rows,
                             const uint32_t *hash, uint32_t n)
{
    const struct rowfmt *fmt = store->fmt;
    for (uint32_t c = 0; c < fmt->column_count; c++) {
        if (columns[c].validity != NULL || columns[c].phys == PHYS_NULLS)
            bit_set(store->null_seen, c);
        if (fmt->phys[c] == PHYS_VIEW && columns[c].phys == PHYS_VIEW &&
            (columns[c].flags & VEC_STABLE) == 0)
            TRY(keep_texts(store, c, rows, n));
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t header[2] = {hash == NULL ? 0 : hash[i], 0};
        memcpy(rows + (size_t)i * fmt->stride, header, 8);
    }
    return LLKV_OK;
}

llkv_code rowstore_append(struct rowstore *store, const struct vector *columns,
                          const uint32_t *hash, uint32_t n)
{
    for (uint32_t from = 0; from < n;) {
        struct rowblock *b;
        TRY(block_open(store, &b));
        uint32_t take = b->capacity - b->used;
        if (take > n - from) take = n - from;
        uint8_t *rows = b->rows + (size_t)b->used * store->fmt->stride;
        const struct rowdest dest = {rows, store->fmt->stride};
        rowfmt_write(store->fmt, columns, store->fmt->column_count, from, take, &dest);
        TRY(finish_rows(store, columns, rows, hash == NULL ? NULL : hash + from, take));
        b->used += take;
        store->count += take;
        from += take;
    }
    return LLKV_OK;
}

llkv_code rowstore_copy(struct rowstore *store, const struct rowstore *from,
                        const uint8_t *const *rows, uint32_t n)
{
    const struct rowfmt *fmt = store->fmt;
    for (uint32_t i = 0; i < n; i++) {
        struct rowblock *b;
        TRY(block_open(store, &b));
        uint8_t *row = b->rows + (size_t)b->used * fmt->stride;
        memcpy(row, rows[i], fmt->stride);
        b->used++;
        store->count++;
        for (uint32_t c = 0; from->texts_kept && c < fmt->column_count; c++)
            if (fmt->phys[c] == PHYS_VIEW) TRY(keep_texts(store, c, row, 1));
    }
    for (uint32_t w = 0; w < fmt->null_words; w++)
        store->null_seen[w] |= from->null_seen[w];
    return LLKV_OK;
}

llkv_code rowstore_concat(struct rowstore *store, struct rowstore *from)
{
    if (from->count == 0) return LLKV_OK;
    assert(store->shift == from->shift);
    TRY(block_reserve(store, store->block_count + from->filled));
    if (((uint64_t)store->block_count + from->filled) << store->shift >= ROW_NONE)
        return cx_fail(store->run->cx, LLKV_LIMIT, "an operator holds more than 4 billion rows");
    /* Blocks kept from an earlier run stay behind those in use. */
    memmove(store->blocks + store->filled + from->filled, store->blocks + store->filled,
            (store->block_count - store->filled) * sizeof *store->blocks);
    memcpy(store->blocks + store->filled, from->blocks, from->filled * sizeof *from->blocks);
    store->block_count += from->filled;
    store->filled += from->filled;
    store->count += from->count;
    store->texts_kept |= from->texts_kept;
    for (uint32_t w = 0; w < store->fmt->null_words; w++)
        store->null_seen[w] |= from->null_seen[w];
    for (uint32_t b = from->filled; b < from->block_count; b++)
        block_release(from, &from->blocks[b]);
    from->block_count = 0;
    from->filled = 0;
    from->count = 0;
    return LLKV_OK;
}

uint32_t rowstore_next(const struct rowstore *store, struct rowreader *reader, uint32_t max,
                       const uint8_t **out_rows)
{
    uint32_t n = 0;
    while (n < max && reader->block < store->filled) {
        const struct rowblock *b = &store->blocks[reader->block];
        if (reader->index == b->used) {
            reader->block++;
            reader->index = 0;
            continue;
        }
        uint32_t take = b->used - reader->index;
        if (take > max - n) take = max - n;
        const uint8_t *row = b->rows + (size_t)reader->index * store->fmt->stride;
        for (uint32_t i = 0; i < take; i++)
            out_rows[n + i] = row + (size_t)i * store->fmt->stride;
        reader->index += take;
        n += take;
    }
    return n;
}
