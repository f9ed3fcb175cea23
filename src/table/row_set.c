#include "table/row_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/hash.h"

void row_set_init(struct row_set *set, struct mem_budget *budget, uint32_t vector_rows)
{
    *set = (struct row_set){.budget = budget,
                            .vector_rows = vector_rows,
                            .vector_words = (uint32_t)bitmap_words(vector_rows)};
}

void row_set_deinit(struct row_set *set)
{
    for (uint32_t i = 0; i < set->capacity; i++)
        mem_free(set->slots[i].bits);
    mem_free(set->slots);
    row_set_init(set, set->budget, set->vector_rows);
}

/* The slot of a unit, or the free one where it belongs. There is room. */
static uint32_t find_slot(const struct row_unit *slots, uint32_t capacity, uint64_t unit)
{
    uint32_t mask = capacity - 1;
    uint32_t at = (uint32_t)hash_u64(unit) & mask;
    while (slots[at].bits != NULL && slots[at].unit != unit)
        at = (at + 1) & mask;
    return at;
}

static llkv_code grow(struct cx *cx, struct row_set *set)
{
    if (set->count * 2 < set->capacity) return LLKV_OK;
    if (set->capacity > UINT32_MAX / 4) return cx_fail(cx, LLKV_LIMIT, "too many rows are changed");
    uint32_t capacity = set->capacity == 0 ? 8 : set->capacity * 2;
    struct row_unit *slots = mem_alloc_zero(set->budget, capacity * sizeof *slots);
    if (slots == NULL) return cx_nomem(cx);
    for (uint32_t i = 0; i < set->capacity; i++)
        if (set->slots[i].bits != NULL)
            slots[find_slot(slots, capacity, set->slots[i].unit)] = set->slots[i];
    mem_free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    set->last = 0;
    return LLKV_OK;
}

static uint64_t *bits_of(struct row_set *set, uint64_t unit)
{
    if (set->capacity == 0) return NULL;
    const struct row_unit *last = &set->slots[set->last];
    if (last->bits != NULL && last->unit == unit) return last->bits;
    uint32_t at = find_slot(set->slots, set->capacity, unit);
    if (set->slots[at].bits != NULL) set->last = at;
    return set->slots[at].bits;
}

llkv_code row_set_add(struct cx *cx, struct row_set *set, uint64_t row, bool *out_added)
{
    uint64_t unit = row / set->vector_rows;
    uint64_t *bits = bits_of(set, unit);
    *out_added = false;
    if (bits == NULL) {
        TRY(grow(cx, set));
        bits = mem_alloc_zero(set->budget, set->vector_words * sizeof *bits);
        if (bits == NULL) return cx_nomem(cx);
        uint32_t at = find_slot(set->slots, set->capacity, unit);
        set->slots[at] = (struct row_unit){unit, bits};
        set->last = at;
        set->count++;
    }
    if (bit_get(bits, row % set->vector_rows)) return LLKV_OK;
    bit_set(bits, row % set->vector_rows);
    set->rows++;
    *out_added = true;
    return LLKV_OK;
}

bool row_set_has(struct row_set *set, uint64_t row)
{
    const uint64_t *bits = bits_of(set, row / set->vector_rows);
    return bits != NULL && bit_get(bits, row % set->vector_rows);
}

void row_set_remove(struct row_set *set, uint64_t row)
{
    uint64_t *bits = bits_of(set, row / set->vector_rows);
    if (bits == NULL || !bit_get(bits, row % set->vector_rows)) return;
    bit_clear(bits, row % set->vector_rows);
    set->rows--;
}

const uint64_t *row_set_unit(struct row_set *set, uint64_t unit)
{
    return bits_of(set, unit);
}

const uint64_t *row_set_peek(const struct row_set *set, uint64_t unit)
{
    if (set->rows == 0) return NULL;
    return set->slots[find_slot(set->slots, set->capacity, unit)].bits;
}

static int compare_units(const void *a, const void *b)
{
    uint64_t x = ((const struct row_unit *)a)->unit;
    uint64_t y = ((const struct row_unit *)b)->unit;
    return (x > y) - (x < y);
}

static llkv_code copy_bits(struct cx *cx, const struct row_set *set, const uint64_t *from,
                           uint64_t **out)
{
    *out = cx_alloc_array(cx, set->vector_words, sizeof **out);
    if (*out == NULL) return LLKV_NOMEM;
    memcpy(*out, from, set->vector_words * sizeof **out);
    return LLKV_OK;
}

llkv_code row_set_union(struct cx *cx, struct row_set *a, struct row_set *b,
                        struct row_unit **out_units, uint32_t *out_count)
{
    uint32_t room = a->count + (b == NULL ? 0 : b->count);
    *out_units = NULL;
    *out_count = 0;
    if (room == 0) return LLKV_OK;
    struct row_unit *units = cx_alloc_array(cx, room, sizeof *units);
    if (units == NULL) return LLKV_NOMEM;
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->capacity; i++) {
        if (a->slots[i].bits == NULL) continue;
        units[count].unit = a->slots[i].unit;
        TRY(copy_bits(cx, a, a->slots[i].bits, &units[count].bits));
        const uint64_t *more = b == NULL ? NULL : bits_of(b, a->slots[i].unit);
        for (uint32_t w = 0; more != NULL && w < a->vector_words; w++)
            units[count].bits[w] |= more[w];
        count++;
    }
    for (uint32_t i = 0; b != NULL && i < b->capacity; i++) {
        if (b->slots[i].bits == NULL || bits_of(a, b->slots[i].unit) != NULL) continue;
        units[count].unit = b->slots[i].unit;
        TRY(copy_bits(cx, b, b->slots[i].bits, &units[count].bits));
        count++;
    }
    qsort(units, count, sizeof *units, compare_units);
    *out_units = units;
    *out_count = count;
    return LLKV_OK;
}
