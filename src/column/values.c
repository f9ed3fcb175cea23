#include "column/values.h"

#include <assert.h>
#include <string.h>

#include "base/bitmap.h"
#include "column/layout.h"
#include "column/sound.h"

static void pack_texts(struct pack_writer *w, const struct vector *v, uint32_t n)
{
    const struct str_view *views = v->data;
    for (uint32_t i = 0; i < n; i++)
        pack_u32(w, vec_valid(v, i) ? views[i].len : 0);
    for (uint32_t i = 0; i < n; i++)
        if (vec_valid(v, i)) pack_bytes(w, str_data(&views[i]), views[i].len);
}

void pack_values(struct pack_writer *w, const struct vector *v, uint32_t n)
{
    assert(v->shape == VEC_FLAT);
    assert(n <= VEC_ROWS_MAX);
    uint64_t bits[VEC_WORDS_MAX];
    const size_t bit_bytes = bitmap_words(n) * sizeof(uint64_t);
    bool nulls = v->validity != NULL && !bitmap_all(v->validity, n);
    pack_u8(w, nulls);
    if (nulls) {
        bitmap_copy_bits(bits, v->validity, 0, n);
        pack_bytes(w, bits, bit_bytes);
    }
    if (v->phys == PHYS_VIEW) {
        pack_texts(w, v, n);
    } else if (v->phys == PHYS_BOOL) {
        bitmap_copy_bits(bits, v->data, 0, n);
        pack_bytes(w, bits, bit_bytes);
    } else if (v->phys != PHYS_NULLS) {
        pack_bytes(w, v->data, (size_t)n * phys_bytes[v->phys]);
    }
}

static llkv_code bad_values(struct cx *cx)
{
    return cx_fail(cx, LLKV_CORRUPT, "values of the file are not what was written");
}

static llkv_code unpack_texts(struct cx *cx, struct pack_reader *r, uint32_t n,
                              const uint64_t *validity, struct str_view *out)
{
    const uint8_t *lens = unpack_bytes(r, n * sizeof(uint32_t));
    for (uint32_t i = 0; lens != NULL && i < n; i++) {
        uint32_t len;
        memcpy(&len, lens + i * sizeof len, sizeof len);
        bool valid = validity == NULL || bit_get(validity, i);
        if (len > TEXT_BYTES_MAX || (!valid && len != 0)) return bad_values(cx);
        const uint8_t *text = unpack_bytes(r, len);
        if (text == NULL) break;
        out[i] = str_of(text, len);
    }
    return r->bad ? bad_values(cx) : LLKV_OK;
}

llkv_code unpack_values(struct cx *cx, struct pack_reader *r, struct type type, uint32_t n,
                        struct vector *out)
{
    assert(n <= VEC_ROWS_MAX);
    const enum phys_type phys = type.phys;
    const size_t bit_bytes = bitmap_words(n) * sizeof(uint64_t);
    uint64_t *validity = NULL;
    uint8_t nulls = unpack_u8(r);
    if (nulls > 1) return bad_values(cx);
    if (nulls) {
        const uint8_t *bits = unpack_bytes(r, bit_bytes);
        if (bits == NULL) return bad_values(cx);
        validity = cx_alloc(cx, bit_bytes);
        if (validity == NULL) return LLKV_NOMEM;
        memcpy(validity, bits, bit_bytes);
    }
    *out =
        (struct vector){.phys = (uint8_t)phys, .shape = VEC_FLAT, .rows = n, .validity = validity};
    if (phys == PHYS_NULLS) return r->bad ? bad_values(cx) : LLKV_OK;
    size_t bytes = phys == PHYS_BOOL ? bit_bytes : (size_t)n * phys_bytes[phys];
    void *data = cx_alloc_zero(cx, bytes + 16);
    if (data == NULL) return LLKV_NOMEM;
    out->data = data;
    if (phys == PHYS_VIEW) {
        TRY(unpack_texts(cx, r, n, validity, data));
    } else {
        const uint8_t *values = unpack_bytes(r, bytes);
        if (values == NULL) return bad_values(cx);
        memcpy(data, values, bytes);
    }
    return sound_values(type, data, validity, n) ? LLKV_OK : bad_values(cx);
}
