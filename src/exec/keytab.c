/* keytab.c -- keys to row numbers. */
#include "exec/keytab.h"

enum { FIRST_ROWS = 32, FIRST_SLOTS = 64, PREFETCH_SLOTS = 32 * 1024 };

static size_t row_bytes(const struct keytab *t, uint32_t capacity)
{
    return (size_t)capacity * t->fmt->stride + 64;
}

static size_t dir_bytes(uint32_t mask)
{
    return ((size_t)mask + 1) * sizeof(uint64_t);
}

void keytab_deinit(void *ptr)
{
    struct keytab *t = ptr;
    if (t->rows_heap) big_free(t->heap.budget, t->rows, row_bytes(t, t->capacity));
    if (t->dir_heap) big_free(t->heap.budget, t->dir, dir_bytes(t->mask));
    arena_deinit(&t->heap);
    t->rows = NULL;
    t->dir = NULL;
    t->rows_heap = false;
    t->dir_heap = false;
    t->count = 0;
    t->capacity = 0;
}

llkv_code keytab_init(struct run *run, struct keytab *t, const struct rowfmt *fmt)
{
    *t = (struct keytab){.fmt = fmt, .run = run, .mask = FIRST_SLOTS - 1};
    arena_init(&t->heap, run->cx->budget);
    t->dir = cx_alloc_zero(run->cx, FIRST_SLOTS * sizeof *t->dir);
    t->null_seen = cx_alloc_zero(run->cx, (size_t)(fmt->null_words + 1) * 8);
    if (t->dir == NULL || t->null_seen == NULL) return LLKV_NOMEM;
    return run_own(run, keytab_deinit, t);
}

void keytab_reset(struct keytab *t)
{
    if (t->count == 0) return;
    memset(t->dir, 0, ((size_t)t->mask + 1) * sizeof *t->dir);
    t->count = 0;
    t->null_row = 0;
    memset(t->null_seen, 0, (size_t)t->fmt->null_words * 8);
    arena_reset(&t->heap);
}

/* ---- growth ---- */
static llkv_code grow_rows(struct keytab *t)
{
    struct run *run = t->run;
    const uint32_t stride = t->fmt->stride;
    const bool first = t->capacity == 0;
    if (t->capacity >= UINT32_MAX / 4)
        return cx_fail(run->cx, LLKV_LIMIT, "an operator holds more than 4 billion groups");
    const uint32_t capacity = first ? FIRST_ROWS : t->capacity * (t->capacity < 4096 ? 8 : 2);
    const size_t bytes = row_bytes(t, capacity);
    /* Few and short rows come from the arena: no allocation for a small statement. */
    const bool heap = !first || bytes > 16384;
    uint8_t *rows = heap ? big_alloc(run->cx, bytes) : cx_alloc(run->cx, bytes);
    if (rows == NULL) return LLKV_NOMEM;
    if (t->count != 0) memcpy(rows, t->rows, (size_t)t->count * stride);
    if (t->rows_heap) big_free(t->heap.budget, t->rows, row_bytes(t, t->capacity));
    t->rows = rows;
    t->rows_heap = heap;
    t->capacity = capacity;
    return LLKV_OK;
}

static llkv_code grow_directory(struct keytab *t)
{
    const uint64_t slots = ((uint64_t)t->mask + 1) * (t->mask < 65536 ? 4 : 2);
    if (slots > UINT64_C(1) << 32)
        return cx_fail(t->run->cx, LLKV_LIMIT, "an operator holds more than 2 billion groups");
    const uint32_t mask = (uint32_t)(slots - 1);
    uint64_t *dir = big_alloc(t->run->cx, dir_bytes(mask));
    if (dir == NULL) return LLKV_NOMEM;
    for (uint64_t s = 0; s <= t->mask; s++) {
        const uint64_t entry = t->dir[s];
        if (entry == 0) continue;
        uint32_t at = (uint32_t)(entry >> 32) & mask;
        while (dir[at] != 0)
            at = (at + 1) & mask;
        dir[at] = entry;
    }
    if (t->dir_heap) big_free(t->heap.budget, t->dir, dir_bytes(t->mask));
    t->dir = dir;
    t->dir_heap = true;
    t->mask = mask;
    return LLKV_OK;
}

/* ---- staging: the keys of a batch as row images, and their hashes ---- */
static llkv_code stage_reserve(struct keytab *t, uint32_t n)
{
    if (n <= t->stage_rows) return LLKV_OK;
    const uint32_t room = n <= 64 ? 64 : n <= 512 ? 512 : VEC_ROWS_MAX;
    t->stage = cx_alloc(t->run->cx, (size_t)room * t->fmt->end + 16);
    t->hash = cx_alloc_array(t->run->cx, room, sizeof *t->hash);
    t->wide_hash = cx_alloc_array(t->run->cx, room, sizeof *t->wide_hash);
    if (t->stage == NULL || t->hash == NULL || t->wide_hash == NULL) return LLKV_NOMEM;
    t->stage_rows = room;
    return LLKV_OK;
}

static llkv_code stage_keys(struct keytab *t, const struct vector *keys, uint32_t n)
{
    TRY(stage_reserve(t, n));
    rowfmt_hash(t->fmt, keys, n, t->wide_hash, t->hash);
    const struct rowdest dest = {t->stage, t->fmt->end};
    rowfmt_write(t->fmt, keys, t->fmt->column_count, 0, n, &dest);
    if (t->mask >= PREFETCH_SLOTS) {
        for (uint32_t i = 0; i < n; i++)
            PREFETCH(&t->dir[t->hash[i] & t->mask]);
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t row = (uint32_t)t->dir[t->hash[i] & t->mask];
            if (row != 0) PREFETCH(keytab_row(t, row - 1));
        }
    }
    return LLKV_OK;
}

/* The row, or ROW_NONE and the free slot. */
static uint32_t probe(const struct keytab *t, const uint8_t *image, uint32_t hash,
                      uint32_t *out_slot)
{
    uint32_t slot = hash & t->mask;
    for (;;) {
        const uint64_t entry = t->dir[slot];
        if (entry == 0) {
            *out_slot = slot;
            return ROW_NONE;
        }
        const uint32_t row = (uint32_t)entry - 1;
        if ((uint32_t)(entry >> 32) == hash && rowfmt_equal(t->fmt, keytab_row(t, row), image))
            return row;
        slot = (slot + 1) & t->mask;
    }
}

/* A new row at the end, zero states. */
static llkv_code add_row(struct keytab *t, const uint8_t *image, uint32_t hash, uint32_t slot)
{
    if (UNLIKELY(t->count == t->capacity)) TRY(grow_rows(t));
    uint8_t *row = keytab_row(t, t->count);
    const uint32_t header[2] = {hash, 0};
    memcpy(row, header, 8);
    memcpy(row + ROW_NULLS_AT, image + ROW_NULLS_AT, t->fmt->end - ROW_NULLS_AT);
    memset(row + t->fmt->end, 0, t->fmt->stride - t->fmt->end);
    t->dir[slot] = (uint64_t)hash << 32 | (t->count + 1);
    t->count++;
    if (UNLIKELY(t->count > t->mask / 2)) TRY(grow_directory(t));
    return LLKV_OK;
}

/* Copy the texts of new rows if they may go away. */
static llkv_code keep_texts(struct keytab *t, uint32_t first, uint32_t c)
{
    for (uint32_t r = first; r < t->count; r++) {
        uint8_t *slot = keytab_row(t, r) + t->fmt->at[c];
        struct str_view view;
        memcpy(&view, slot, sizeof view);
        if (view.len <= STR_INLINE_MAX) continue;
        uint8_t *copy = arena_alloc(&t->heap, (size_t)view.len + 16);
        if (copy == NULL) return cx_nomem(t->run->cx);
        memcpy(copy, view.ptr, view.len);
        view.ptr = copy;
        memcpy(slot, &view, sizeof view);
    }
    return LLKV_OK;
}

static llkv_code finish_new(struct keytab *t, const struct vector *keys, uint32_t first)
{
    for (uint32_t c = 0; c < t->fmt->column_count; c++) {
        const struct vector *v = &keys[c];
        if (v->validity != NULL || v->phys == PHYS_NULLS) bit_set(t->null_seen, c);
        if (t->fmt->phys[c] == PHYS_VIEW && v->phys == PHYS_VIEW && (v->flags & VEC_STABLE) == 0)
            TRY(keep_texts(t, first, c));
    }
    return LLKV_OK;
}

static llkv_code map_rows(struct keytab *t, uint32_t n, uint32_t *ids)
{
    const uint32_t step = t->fmt->end;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = 0;
        const uint8_t *image = t->stage + (size_t)i * step;
        uint32_t row = probe(t, image, t->hash[i], &slot);
        if (row == ROW_NONE) {
            row = t->count;
            TRY(add_row(t, image, t->hash[i], slot));
        }
        ids[i] = row;
    }
    return LLKV_OK;
}

/* ---- one integer key: its value is the image; the row of NULL is known by number ---- */
enum { WORD_AT = ROW_NULLS_AT + 8 };
#define NULL_HASH UINT32_C(0x9e3779b9)

static bool is_one_word(const struct keytab *t)
{
    const uint8_t phys = t->fmt->phys[0];
    return t->fmt->packed && t->fmt->key_count == 1 && phys != PHYS_F32 && phys != PHYS_F64 &&
           phys != PHYS_NULLS;
}

static uint32_t word_hash(uint64_t word)
{
    return (uint32_t)(hash_u64(word) >> 32);
}

static llkv_code stage_words(struct keytab *t, const struct vector *v, uint32_t n)
{
    TRY(stage_reserve(t, n));
    t->words = phys_bytes[v->phys] == 8 ? v->data : t->wide_hash;
    if (t->words == t->wide_hash) vec_words(v, n, t->wide_hash);
    for (uint32_t i = 0; i < n; i++)
        t->hash[i] = word_hash(t->words[i]);
    return LLKV_OK;
}

/* The rows whose hash is right, or ROW_NONE, for keys first .. end: asked for ahead, slots first. A
 * key that is met for the first time among these is not found here. */
static void find_rows(const struct keytab *t, uint32_t first, uint32_t end, uint32_t *ids)
{
    const uint64_t *dir = t->dir;
    const uint32_t mask = t->mask;
    if (mask >= PREFETCH_SLOTS)
        for (uint32_t i = first; i < end; i++)
            PREFETCH(&dir[t->hash[i] & mask]);
    for (uint32_t i = first; i < end; i++) {
        const uint32_t hash = t->hash[i];
        uint32_t slot = hash & mask;
        while (dir[slot] != 0 && (uint32_t)(dir[slot] >> 32) != hash)
            slot = (slot + 1) & mask;
        ids[i] = (uint32_t)dir[slot] - 1; /* ROW_NONE for a free slot */
        if (dir[slot] == 0) continue;
        PREFETCH(keytab_row(t, ids[i]));
        PREFETCH(keytab_row(t, ids[i] + 1) - 1); /* the states may lie in the next line */
    }
}

ALWAYS_INLINE uint32_t probe_word(const struct keytab *t, uint64_t word, uint32_t hash,
                                  uint32_t *out_slot)
{
    for (uint32_t slot = hash & t->mask;; slot = (slot + 1) & t->mask) {
        const uint64_t entry = t->dir[slot];
        if (entry == 0) {
            *out_slot = slot;
            return ROW_NONE;
        }
        const uint32_t row = (uint32_t)entry - 1;
        if ((uint32_t)(entry >> 32) == hash && row_word(keytab_row(t, row), WORD_AT) == word)
            return row;
    }
}

static llkv_code add_word(struct keytab *t, uint64_t word, bool null, uint32_t hash, uint32_t slot)
{
    uint64_t image[3] = {0, null, word};
    if (!null) return add_row(t, (const uint8_t *)image, hash, slot);
    /* Not in the directory: no value may meet it. */
    if (t->count == t->capacity) TRY(grow_rows(t));
    uint8_t *row = keytab_row(t, t->count++);
    memset(row, 0, t->fmt->stride);
    memcpy(row, image, sizeof image);
    memcpy(row + ROW_HASH_AT, &hash, sizeof hash);
    t->null_row = t->count;
    return LLKV_OK;
}

/* Row i by itself: ids[i] was a guess. */
static llkv_code map_word(struct keytab *t, const struct vector *v, uint32_t i, bool add,
                          uint32_t *out_row)
{
    const bool null = v->validity != NULL && !bit_get(v->validity, i);
    uint32_t slot = 0;
    uint32_t row = null ? t->null_row - 1 : probe_word(t, t->words[i], t->hash[i], &slot);
    *out_row = row;
    if (row != ROW_NONE || !add) return LLKV_OK;
    *out_row = t->count;
    return add_word(t, null ? 0 : t->words[i], null, null ? NULL_HASH : t->hash[i], slot);
}

/* `add` false: ROW_NONE for a key that is not there. */
static llkv_code map_words(struct keytab *t, const struct vector *v, uint32_t n, uint32_t *ids,
                           bool add)
{
    enum { STEP_ROWS = 256 }; /* what they take stays in the first-level cache */
    TRY(stage_words(t, v, n));
    for (uint32_t first = 0; first < n; first += STEP_ROWS) {
        const uint32_t end = n - first < STEP_ROWS ? n : first + STEP_ROWS;
        find_rows(t, first, end, ids);
        for (uint32_t i = first; i < end; i++) {
            const bool null = v->validity != NULL && !bit_get(v->validity, i);
            if (LIKELY(ids[i] != ROW_NONE && !null &&
                       row_word(keytab_row(t, ids[i]), WORD_AT) == t->words[i]))
                continue;
            TRY(map_word(t, v, i, add, &ids[i]));
        }
    }
    return LLKV_OK;
}

llkv_code keytab_map(struct keytab *t, const struct vector *keys, uint32_t n, uint32_t *ids)
{
    const uint32_t first = t->count;
    if (is_one_word(t)) {
        TRY(map_words(t, &keys[0], n, ids, true));
    } else {
        TRY(stage_keys(t, keys, n));
        TRY(map_rows(t, n, ids));
    }
    return t->count == first ? LLKV_OK : finish_new(t, keys, first);
}

llkv_code keytab_find(struct keytab *t, const struct vector *keys, uint32_t n, uint32_t *ids)
{
    if (is_one_word(t)) return map_words(t, &keys[0], n, ids, false);
    TRY(stage_keys(t, keys, n));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot;
        ids[i] = probe(t, t->stage + (size_t)i * t->fmt->end, t->hash[i], &slot);
    }
    return LLKV_OK;
}
