#include "expr/in_set.h"

#include "base/bitmap.h"
#include "base/hash.h"
#include "compute/kernel.h"

enum set_kind { SET_EMPTY, SET_BITMAP, SET_INTS, SET_TEXTS, SET_SORTED };
enum { SPAN_MAX = 65536 };

struct in_set {
    uint8_t kind, phys;
    bool has_null, has_zero; /* SET_INTS: 0 marks an empty place, so it is told apart */
    uint64_t base, span;     /* SET_BITMAP: of the least value, counting as unsigned distance */
    uint64_t *bits;
    uint64_t mask; /* of the hash table */
    uint64_t *ints;
    struct str_view *texts;
    uint8_t *used; /* SET_TEXTS: one byte per place */
    uint32_t count;
    uint8_t *sorted; /* SET_SORTED: values of the physical type */
    kernel_order_fn *order;
};

static bool is_word_integer(enum phys_type phys)
{
    return (phys >= PHYS_I8 && phys <= PHYS_I64) || (phys >= PHYS_U8 && phys <= PHYS_U64);
}

static bool is_signed(enum phys_type phys)
{
    return phys >= PHYS_I8 && phys <= PHYS_I64;
}

static uint64_t table_size(uint32_t count)
{
    uint64_t size = 16;
    while (size < (uint64_t)count * 2)
        size *= 2;
    return size;
}

/* ---- making ---- */

static llkv_code make_bitmap(struct cx *cx, struct in_set *set, const uint64_t *keys)
{
    set->kind = SET_BITMAP;
    set->bits = cx_alloc_zero(cx, bitmap_words(set->span + 1) * sizeof(uint64_t));
    if (set->bits == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < set->count; i++)
        bit_set(set->bits, keys[i] - set->base);
    return LLKV_OK;
}

static llkv_code make_ints(struct cx *cx, struct in_set *set, const uint64_t *keys)
{
    uint64_t size = table_size(set->count);
    set->kind = SET_INTS;
    set->mask = size - 1;
    set->ints = cx_alloc_zero(cx, size * sizeof(uint64_t));
    if (set->ints == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < set->count; i++) {
        if (keys[i] == 0) set->has_zero = true;
        uint64_t at = hash_u64(keys[i]) & set->mask;
        while (set->ints[at] != 0 && set->ints[at] != keys[i])
            at = (at + 1) & set->mask;
        set->ints[at] = keys[i];
    }
    return LLKV_OK;
}

static llkv_code make_integers(struct cx *cx, struct in_set *set, const struct value *const *values,
                               uint32_t count)
{
    uint64_t *keys = cx_alloc_array(cx, count, sizeof *keys);
    if (keys == NULL) return LLKV_NOMEM;
    /* flipping the sign bit makes signed numbers ordered as unsigned ones */
    uint64_t flip = is_signed((enum phys_type)set->phys) ? UINT64_C(1) << 63 : 0;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i]->is_null) continue;
        uint64_t key = values[i]->u;
        if ((key ^ flip) < least) least = key ^ flip;
        if ((key ^ flip) > most) most = key ^ flip;
        keys[set->count++] = key;
    }
    if (set->count == 0) return LLKV_OK;
    set->base = least ^ flip;
    set->span = most - least;
    return set->span < SPAN_MAX ? make_bitmap(cx, set, keys) : make_ints(cx, set, keys);
}

static uint64_t hash_view(const struct str_view *view)
{
    uint64_t head, tail;
    memcpy(&head, view, sizeof head);
    if (view->len > STR_INLINE_MAX) return hash_bytes(view->ptr, view->len);
    memcpy(&tail, view->tail, sizeof tail);
    return hash_mix(head, tail);
}

static llkv_code make_texts(struct cx *cx, struct in_set *set, const struct value *const *values,
                            uint32_t count)
{
    uint64_t size = table_size(count);
    set->mask = size - 1;
    set->texts = cx_alloc_array(cx, size, sizeof *set->texts);
    set->used = cx_alloc_zero(cx, size);
    if (set->texts == NULL || set->used == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i]->is_null) continue;
        struct str_view view;
        value_store(values[i], PHYS_VIEW, &view, 0);
        uint64_t at = hash_view(&view) & set->mask;
        while (set->used[at] && !str_equal(&set->texts[at], &view))
            at = (at + 1) & set->mask;
        set->texts[at] = view;
        set->used[at] = 1;
        set->kind = SET_TEXTS;
    }
    return LLKV_OK;
}

/* An insertion into a sorted array, by halves: lists of such types are short. */
static void insert_sorted(struct in_set *set, const void *value)
{
    uint32_t width = phys_bytes[set->phys];
    uint32_t low = 0;
    uint32_t high = set->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = set->order(value, set->sorted + (size_t)middle * width);
        if (order == 0) return;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    uint8_t *at = set->sorted + (size_t)low * width;
    memmove(at + width, at, (size_t)(set->count - low) * width);
    memcpy(at, value, width);
    set->count++;
}

static llkv_code make_sorted(struct cx *cx, struct in_set *set, const struct value *const *values,
                             uint32_t count)
{
    uint32_t width = phys_bytes[set->phys];
    set->order = kernel_order((enum phys_type)set->phys);
    CHECK(cx, set->order != NULL);
    CHECK(cx, width > 0);
    set->sorted = cx_alloc_array(cx, (size_t)count + 1, width);
    if (set->sorted == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct str_view slot; /* 16 bytes, as any value needs at most */
        if (values[i]->is_null) continue;
        value_store(values[i], (enum phys_type)set->phys, &slot, 0);
        insert_sorted(set, &slot);
    }
    if (set->count > 0) set->kind = SET_SORTED;
    return LLKV_OK;
}

llkv_code in_set_new(struct cx *cx, struct type type, const struct value *const *values,
                     uint32_t count, const struct in_set **out_set)
{
    struct in_set *set = cx_alloc_zero(cx, sizeof *set);
    if (set == NULL) return LLKV_NOMEM;
    *out_set = set;
    set->kind = SET_EMPTY;
    set->phys = type.phys;
    for (uint32_t i = 0; i < count; i++)
        set->has_null |= values[i]->is_null;
    if (is_word_integer((enum phys_type)type.phys)) return make_integers(cx, set, values, count);
    if (type.phys == PHYS_VIEW) return make_texts(cx, set, values, count);
    return make_sorted(cx, set, values, count);
}

bool in_set_has_null(const struct in_set *set)
{
    return set->has_null;
}

/* ---- asking ---- */

static bool has_integer(const struct in_set *set, uint64_t key)
{
    if (set->kind == SET_BITMAP) {
        uint64_t distance = key - set->base;
        return distance <= set->span && bit_get(set->bits, distance);
    }
    if (key == 0) return set->has_zero;
    uint64_t at = hash_u64(key) & set->mask;
    while (set->ints[at] != 0 && set->ints[at] != key)
        at = (at + 1) & set->mask;
    return set->ints[at] == key;
}

static bool has_text(const struct in_set *set, const struct str_view *view)
{
    uint64_t at = hash_view(view) & set->mask;
    while (set->used[at]) {
        if (str_equal(&set->texts[at], view)) return true;
        at = (at + 1) & set->mask;
    }
    return false;
}

static bool has_sorted(const struct in_set *set, const void *value)
{
    uint32_t low = 0;
    uint32_t high = set->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = set->order(value, set->sorted + (size_t)middle * phys_bytes[set->phys]);
        if (order == 0) return true;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

static uint64_t load_key(enum phys_type phys, const void *data, uint32_t i)
{
    switch (phys) {
    case PHYS_I8: return (uint64_t)((const int8_t *)data)[i];
    case PHYS_I16: return (uint64_t)((const int16_t *)data)[i];
    case PHYS_I32: return (uint64_t)((const int32_t *)data)[i];
    case PHYS_U8: return ((const uint8_t *)data)[i];
    case PHYS_U16: return ((const uint16_t *)data)[i];
    case PHYS_U32: return ((const uint32_t *)data)[i];
    case PHYS_I64:
    case PHYS_U64:
    case PHYS_NULLS:
    case PHYS_BOOL:
    case PHYS_I128:
    case PHYS_U128:
    case PHYS_F32:
    case PHYS_F64:
    case PHYS_VIEW:
    case PHYS_MDN:
    case PHYS_NUMBER:
    case PHYS_COUNT: break;
    }
    return ((const uint64_t *)data)[i];
}

static bool has_value(const struct in_set *set, const void *data, uint32_t i)
{
    switch ((enum set_kind)set->kind) {
    case SET_EMPTY: return false;
    case SET_BITMAP:
    case SET_INTS: return has_integer(set, load_key((enum phys_type)set->phys, data, i));
    case SET_TEXTS: return has_text(set, (const struct str_view *)data + i);
    case SET_SORTED:
        return has_sorted(set, (const uint8_t *)data + (size_t)i * phys_bytes[set->phys]);
    }
    return false;
}

/* The commonest: a bitmap of integers. */
ALWAYS_INLINE uint64_t bitmap_bit(const struct in_set *set, uint64_t key)
{
    uint64_t distance = key - set->base;
    uint64_t inside = distance <= set->span;
    uint64_t at = inside ? distance : 0;
    return inside & (set->bits[at >> 6] >> (at & 63));
}

static uint64_t test_bitmap_i32(const struct in_set *set, const int32_t *data, uint32_t n)
{
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++)
        word |= bitmap_bit(set, (uint64_t)(int64_t)data[i]) << i;
    return word;
}

static uint64_t test_bitmap_i64(const struct in_set *set, const int64_t *data, uint32_t n)
{
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++)
        word |= bitmap_bit(set, (uint64_t)data[i]) << i;
    return word;
}

static uint64_t test_word(const struct in_set *set, const void *data, uint32_t from, uint32_t n)
{
    if (set->kind == SET_BITMAP && set->phys == PHYS_I32)
        return test_bitmap_i32(set, (const int32_t *)data + from, n);
    if (set->kind == SET_BITMAP && set->phys == PHYS_I64)
        return test_bitmap_i64(set, (const int64_t *)data + from, n);
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++)
        word |= (uint64_t)has_value(set, data, from + i) << i;
    return word;
}

void in_set_test(const struct in_set *set, const void *data, uint32_t n, uint64_t *out_bits)
{
    for (uint32_t from = 0; from < n; from += 64) {
        uint32_t count = n - from < 64 ? n - from : 64;
        out_bits[from / 64] = test_word(set, data, from, count);
    }
}
