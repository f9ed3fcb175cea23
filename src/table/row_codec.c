#include "table/row_codec.h"

#include <string.h>

#include "base/bitmap.h"
#include "column/sound.h"

enum block_shape { BLOCK_VALID, BLOCK_BITS, BLOCK_NULL };

/* ---- writing ---- */

static void pack_bits(struct pack_writer *w, const uint64_t *words, uint32_t n)
{
    uint64_t clean[VEC_WORDS_MAX];
    bitmap_copy_bits(clean, words, 0, n);
    pack_bytes(w, clean, (n + 7) / 8); /* little-endian */
}

static void pack_values(struct pack_writer *w, const struct vector *flat, uint32_t n)
{
    if (flat->phys == PHYS_BOOL) {
        pack_bits(w, flat->data, n);
    } else if (flat->phys == PHYS_VIEW) {
        const struct str_view *views = flat->data;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t len = vec_valid(flat, i) ? views[i].len : 0;
            pack_varint(w, len);
            pack_bytes(w, str_data(&views[i]), len);
        }
    } else {
        pack_bytes(w, flat->data, (size_t)n * phys_bytes[flat->phys]);
    }
}

static void pack_column(struct pack_writer *w, const struct vector *v, const uint16_t *sel,
                        uint32_t n)
{
    _Alignas(16) uint8_t data[VEC_ROWS_MAX * 16 + 16];
    uint64_t validity[VEC_WORDS_MAX];
    struct vector flat;
    vec_flatten(v, sel, n, data, validity, &flat);
    uint64_t valid = flat.validity == NULL ? n : bitmap_count(flat.validity, n);
    if (flat.phys == PHYS_NULLS || valid == 0) {
        pack_u8(w, BLOCK_NULL);
        return;
    }
    pack_u8(w, valid == n ? BLOCK_VALID : BLOCK_BITS);
    if (valid != n) pack_bits(w, flat.validity, n);
    pack_values(w, &flat, n);
}

void rows_pack(struct pack_writer *w, const struct vector *columns, uint32_t column_count,
               const uint16_t *sel, uint32_t n)
{
    pack_varint(w, n);
    for (uint32_t c = 0; c < column_count; c++)
        pack_column(w, &columns[c], sel, n);
}

/* ---- reading ---- */

static llkv_code fail_block(struct cx *cx)
{
    return cx_fail(cx, LLKV_CORRUPT, "rows in the log are damaged");
}

static llkv_code unpack_bits(struct cx *cx, struct pack_reader *r, uint32_t n,
                             const uint64_t **out_words)
{
    const uint8_t *bytes = unpack_bytes(r, (n + 7) / 8);
    if (bytes == NULL) return fail_block(cx);
    uint64_t *words = cx_alloc_zero(cx, (bitmap_words(n) + 2) * sizeof *words);
    if (words == NULL) return LLKV_NOMEM;
    memcpy(words, bytes, (n + 7) / 8);
    *out_words = words;
    return LLKV_OK;
}

static llkv_code unpack_texts(struct cx *cx, struct pack_reader *r, uint32_t n,
                              const void **out_data)
{
    /* Every text has a byte at least, so this is in proportion to what is there. */
    if (n > pack_left(r)) return fail_block(cx);
    struct str_view *views = cx_alloc_array(cx, n + 1u, sizeof *views);
    if (views == NULL) return LLKV_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t len = unpack_varint(r);
        const uint8_t *bytes = len > UINT32_MAX ? NULL : unpack_bytes(r, (size_t)len);
        if (bytes == NULL) return fail_block(cx);
        views[i] = str_of(bytes, (uint32_t)len);
    }
    *out_data = views;
    return LLKV_OK;
}

static llkv_code unpack_fixed(struct cx *cx, struct pack_reader *r, enum phys_type phys, uint32_t n,
                              const void **out_data)
{
    size_t bytes = (size_t)n * phys_bytes[phys];
    const uint8_t *from = unpack_bytes(r, bytes);
    if (from == NULL) return fail_block(cx);
    uint8_t *data = cx_alloc(cx, bytes + 16);
    if (data == NULL) return LLKV_NOMEM;
    memcpy(data, from, bytes);
    memset(data + bytes, 0, 16);
    *out_data = data;
    return LLKV_OK;
}

static llkv_code unpack_column(struct cx *cx, struct pack_reader *r, struct type type, uint32_t n,
                               struct vector *out)
{
    static const uint64_t none;
    static const _Alignas(16) uint8_t zero[16];
    const uint8_t shape = unpack_u8(r);
    if (r->bad || shape > BLOCK_NULL) return fail_block(cx);
    *out = (struct vector){.phys = type.phys, .shape = VEC_FLAT, .rows = n};
    if (shape == BLOCK_NULL) {
        out->shape = VEC_CONST;
        out->validity = &none;
        out->data = zero;
        return LLKV_OK;
    }
    if (type.phys == PHYS_NULLS) return fail_block(cx);
    if (shape == BLOCK_BITS) TRY(unpack_bits(cx, r, n, &out->validity));
    if (type.phys == PHYS_BOOL) {
        const uint64_t *words;
        TRY(unpack_bits(cx, r, n, &words));
        out->data = words;
        return LLKV_OK;
    }
    TRY(type.phys == PHYS_VIEW ? unpack_texts(cx, r, n, &out->data)
                               : unpack_fixed(cx, r, type.phys, n, &out->data));
    return sound_values(type, out->data, out->validity, n) ? LLKV_OK : fail_block(cx);
}

llkv_code rows_unpack(struct cx *cx, struct pack_reader *r, const struct type *types,
                      uint32_t column_count, struct batch *out_rows)
{
    const uint64_t n = unpack_varint(r);
    if (r->bad || n == 0 || n > VEC_ROWS_MAX) return fail_block(cx);
    struct vector *columns = cx_alloc_array(cx, column_count + 1u, sizeof *columns);
    if (columns == NULL) return LLKV_NOMEM;
    for (uint32_t c = 0; c < column_count; c++)
        TRY(unpack_column(cx, r, types[c], (uint32_t)n, &columns[c]));
    *out_rows = (struct batch){
        .rows = (uint32_t)n, .live = (uint32_t)n, .column_count = column_count, .columns = columns};
    return LLKV_OK;
}
