#include "arrow/vector.h"

#include "base/bitmap.h"

struct word_pair {
    uint64_t low, high;
};

#define G_IDX 16
#define G_IDX_TYPE uint16_t
#include "arrow/gather_widths.inc.h"
#define G_IDX 32
#define G_IDX_TYPE uint32_t
#include "arrow/gather_widths.inc.h"

int str_compare(const struct str_view *a, const struct str_view *b)
{
    const uint32_t common = a->len < b->len ? a->len : b->len;
    const int order = common == 0 ? 0 : memcmp(str_data(a), str_data(b), common);
    if (order != 0) return order;
    return (a->len > b->len) - (a->len < b->len);
}

static uint32_t dict_code(const struct vector *v, uint32_t row)
{
    switch (v->code_width) {
    case 1: return ((const uint8_t *)v->data)[row];
    case 2: return ((const uint16_t *)v->data)[row];
    default: assert(v->code_width == 4); return ((const uint32_t *)v->data)[row];
    }
}

static void value_load(struct value *value, enum phys_type phys, const void *data, uint32_t row)
{
    const uint8_t *at = (const uint8_t *)data + (size_t)row * phys_bytes[phys];
    switch (phys) {
    case PHYS_NULLS:
    case PHYS_COUNT: value->is_null = true; return;
    case PHYS_BOOL: value->b = bit_get((const uint64_t *)data, row); return;
    case PHYS_I8: value->i = *(const int8_t *)at; return;
    case PHYS_I16: value->i = ((const int16_t *)data)[row]; return;
    case PHYS_I32: value->i = ((const int32_t *)data)[row]; return;
    case PHYS_I64: value->i = ((const int64_t *)data)[row]; return;
    case PHYS_U8: value->u = *at; return;
    case PHYS_U16: value->u = ((const uint16_t *)data)[row]; return;
    case PHYS_U32: value->u = ((const uint32_t *)data)[row]; return;
    case PHYS_U64: value->u = ((const uint64_t *)data)[row]; return;
    case PHYS_I128: memcpy(&value->h, at, sizeof value->h); return;
    case PHYS_U128: memcpy(&value->uh, at, sizeof value->uh); return;
    case PHYS_F32: memcpy(&value->f, at, sizeof value->f); return;
    case PHYS_F64: memcpy(&value->d, at, sizeof value->d); return;
    case PHYS_VIEW: value->s = str_slice((const struct str_view *)data + row); return;
    case PHYS_MDN: memcpy(&value->interval, at, sizeof value->interval); return;
    case PHYS_NUMBER: memcpy(&value->number, at, sizeof value->number); return;
    }
}

/* Vectors of a type may come in another physical type only as NULLS. */
struct value vec_value(const struct vector *v, struct type type, uint32_t row)
{
    struct value value;
    memset(&value, 0, sizeof value);
    value.type = type;
    value.is_null = !vec_valid(v, row);
    if (value.is_null) return value;
    switch ((enum vec_shape)v->shape) {
    case VEC_FLAT: value_load(&value, v->phys, v->data, row); break;
    case VEC_CONST: value_load(&value, v->phys, v->data, 0); break;
    case VEC_DICT: return vec_value((const struct vector *)v->aux, type, dict_code(v, row));
    case VEC_SEQ: {
        const int64_t *seq = (const int64_t *)v->data;
        value.i = (int64_t)((uint64_t)seq[0] + (uint64_t)seq[1] * row);
        break;
    }
    case VEC_OFFS: {
        const int32_t *offsets = (const int32_t *)v->data;
        value.s = (struct slice){(const char *)v->aux + offsets[row],
                                 (size_t)(offsets[row + 1] - offsets[row])};
        break;
    }
    }
    return value;
}

void value_store(const struct value *value, enum phys_type phys, void *data, uint32_t row)
{
    uint8_t *at = (uint8_t *)data + (size_t)row * phys_bytes[phys];
    switch (phys) {
    case PHYS_NULLS:
    case PHYS_COUNT: return;
    case PHYS_BOOL: bit_put((uint64_t *)data, row, !value->is_null && value->b); return;
    case PHYS_VIEW: {
        struct str_view view = str_of(NULL, 0);
        assert(value->is_null || value->s.len <= UINT32_MAX);
        if (!value->is_null) view = str_of(value->s.data, (uint32_t)value->s.len);
        memcpy(at, &view, sizeof view);
        return;
    }
    case PHYS_I8:
    case PHYS_I16:
    case PHYS_I32:
    case PHYS_I64:
    case PHYS_I128:
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64:
    case PHYS_U128:
    case PHYS_F32:
    case PHYS_F64:
    case PHYS_MDN:
    case PHYS_NUMBER: /* all members of the union begin at its first byte, lowest byte first */
        if (value->is_null) {
            memset(at, 0, phys_bytes[phys]);
        } else {
            memcpy(at, &value->h, phys_bytes[phys]);
        }
        return;
    }
}

struct vector vec_const(const struct value *value, void *storage, uint64_t *validity_word,
                        uint32_t rows)
{
    const enum phys_type phys = value->type.phys;
    memset(storage, 0, 16);
    value_store(value, phys, storage, 0);
    *validity_word = !value->is_null;
    return (struct vector){.phys = (uint8_t)phys,
                           .shape = VEC_CONST,
                           .rows = rows,
                           .validity = value->is_null ? validity_word : NULL,
                           .data = storage};
}

static uint32_t row_at(const uint16_t *sel, uint32_t i)
{
    return sel == NULL ? i : sel[i];
}

/* ---- vec_flatten, one function per shape; each fills `data` only ---- */

static void flatten_flat(const struct vector *v, const uint16_t *sel, uint32_t n, void *data)
{
    if (v->phys == PHYS_BOOL) {
        gather_bits_by_16((uint64_t *)data, (const uint64_t *)v->data, sel, n);
    } else {
        gather_by_16(data, v->data, phys_bytes[v->phys], sel, n);
    }
}

static void flatten_const(const struct vector *v, uint32_t n, void *data)
{
    if (v->phys == PHYS_BOOL) {
        bitmap_fill((uint64_t *)data, n, bit_get((const uint64_t *)v->data, 0));
        return;
    }
    const uint32_t width = phys_bytes[v->phys];
    if (n == 0) return;
    /* Doubling copies: a handful of memcpy calls instead of one per value. */
    const size_t total = (size_t)n * width;
    memcpy(data, v->data, width);
    for (size_t done = width; done < total;) {
        const size_t part = done < total - done ? done : total - done;
        memcpy((uint8_t *)data + done, data, part);
        done += part;
    }
}

static void flatten_offs(const struct vector *v, const uint16_t *sel, uint32_t n, void *data)
{
    const int32_t *offsets = (const int32_t *)v->data;
    const uint8_t *heap = (const uint8_t *)v->aux;
    struct str_view *views = (struct str_view *)data;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t row = row_at(sel, i);
        views[i] = vec_valid(v, row)
                       ? str_of(heap + offsets[row], (uint32_t)(offsets[row + 1] - offsets[row]))
                       : str_of(NULL, 0);
    }
}

static void flatten_seq(const struct vector *v, const uint16_t *sel, uint32_t n, void *data)
{
    const int64_t *seq = (const int64_t *)v->data;
    const uint64_t start = (uint64_t)seq[0], step = (uint64_t)seq[1];
    int64_t *out = (int64_t *)data;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (int64_t)(start + step * row_at(sel, i));
}

/* Codes of NULL rows may be anything: they become entry 0, or zero bytes if there is none. */
static void flatten_dict(const struct vector *v, const uint16_t *sel, uint32_t n, void *data)
{
    const struct vector *dict = (const struct vector *)v->aux;
    assert(dict->shape == VEC_FLAT);
    if (dict->rows == 0) {
        memset(data, 0,
               v->phys == PHYS_BOOL ? bitmap_words(n) * 8 : (size_t)n * phys_bytes[v->phys]);
        return;
    }
    uint32_t codes[VEC_ROWS_MAX];
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t row = row_at(sel, i);
        codes[i] = v->validity == NULL || vec_valid(v, row) ? dict_code(v, row) : 0;
    }
    if (v->phys == PHYS_BOOL) {
        gather_bits_by_32((uint64_t *)data, (const uint64_t *)dict->data, codes, n);
    } else {
        gather_by_32(data, dict->data, phys_bytes[v->phys], codes, n);
    }
}

static bool row_is_valid(const struct vector *v, uint32_t row)
{
    if (!vec_valid(v, row)) return false;
    return v->shape != VEC_DICT || vec_valid((const struct vector *)v->aux, dict_code(v, row));
}

/* The validity of the live rows: a bitmap in `words`, or NULL if all of them are valid. */
static const uint64_t *flatten_validity(const struct vector *v, const uint16_t *sel, uint32_t n,
                                        uint64_t *words)
{
    const struct vector *dict = v->shape == VEC_DICT ? (const struct vector *)v->aux : NULL;
    if (v->validity == NULL && (dict == NULL || dict->validity == NULL)) return NULL;
    for (uint32_t i = 0; i < n; i += 64) {
        const uint32_t rows = n - i < 64 ? n - i : 64;
        uint64_t word = 0;
        for (uint32_t k = 0; k < rows; k++)
            word |= (uint64_t)row_is_valid(v, row_at(sel, i + k)) << k;
        words[i >> 6] = word;
    }
    return bitmap_all(words, n) ? NULL : words;
}

void vec_flatten(const struct vector *v, const uint16_t *sel, uint32_t n, void *data,
                 uint64_t *validity, struct vector *out)
{
    assert(n <= VEC_ROWS_MAX);
    assert(sel != NULL || n <= v->rows);
    if (v->phys == PHYS_NULLS) {
        *out = (struct vector){.phys = PHYS_NULLS, .shape = VEC_FLAT, .rows = n};
        return;
    }
    if (v->shape == VEC_FLAT && sel == NULL) {
        *out = *v;
        out->rows = n;
        return;
    }
    struct vector flat = {.phys = v->phys, .shape = VEC_FLAT, .rows = n, .data = data};
    /* The slots are the caller's memory; only what views point to can be stable. */
    if (v->phys == PHYS_VIEW) flat.flags = v->flags & VEC_STABLE;
    switch ((enum vec_shape)v->shape) {
    case VEC_FLAT: flatten_flat(v, sel, n, data); break;
    case VEC_CONST: flatten_const(v, n, data); break;
    case VEC_OFFS: flatten_offs(v, sel, n, data); break;
    case VEC_SEQ: flatten_seq(v, sel, n, data); break;
    case VEC_DICT:
        flatten_dict(v, sel, n, data);
        if (v->phys == PHYS_VIEW) flat.flags = ((const struct vector *)v->aux)->flags & VEC_STABLE;
        break;
    }
    flat.validity = flatten_validity(v, sel, n, validity);
    *out = flat;
}
