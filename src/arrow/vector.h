/* vector.h -- what flows through the engine: vectors of up to 2,048 values, batches of vectors.
 *
 * A vector is plain data: it is copied freely and owns nothing. Validity is a bitmap (1 = valid,
 * NULL pointer = all valid); a slot under a NULL holds any initialised value. Buffers are readable
 * 16 bytes past their end. A batch is valid until the push that received it returns. */
#ifndef ARROW_VECTOR_H
#define ARROW_VECTOR_H
#include <stddef.h>
#include <stdint.h>

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "arrow/type.h"
#include "base/compiler.h"
#include "base/slice.h"

enum { VEC_ROWS_MAX = 2048, VEC_WORDS_MAX = VEC_ROWS_MAX / 64, STRIP_BYTES = 2048 };

/* Text or blob: 16 bytes. Up to 12 bytes stand in the view itself, zero padded, so that equality of
 * short texts is one 128-bit compare; longer ones are pointed to. */
struct str_view {
    uint32_t len;      /* bytes */
    uint8_t prefix[4]; /* the first bytes, zero padded */
    union {
        uint8_t tail[8]; /* len <= 12: bytes 4..11, zero padded */
        const uint8_t *ptr;
    };
};
static_assert(sizeof(struct str_view) == 16, "one VIEW slot");
enum { STR_INLINE_MAX = 12 };

ALWAYS_INLINE const uint8_t *str_data(const struct str_view *v)
{
    return v->len <= STR_INLINE_MAX ? v->prefix : v->ptr;
}
/* A view of `len` bytes; points to `data` if they do not fit inline. */
ALWAYS_INLINE struct str_view str_of(const void *data, uint32_t len)
{
    struct str_view v;
    const size_t copied = len <= STR_INLINE_MAX ? len : sizeof v.prefix;
    memset(&v, 0, sizeof v);
    v.len = len;
    if (copied != 0) memcpy((uint8_t *)&v + offsetof(struct str_view, prefix), data, copied);
    if (len > STR_INLINE_MAX) v.ptr = (const uint8_t *)data;
    return v;
}
ALWAYS_INLINE struct slice str_slice(const struct str_view *v)
{
    return (struct slice){(const char *)str_data(v), v->len};
}
ALWAYS_INLINE bool str_equal(const struct str_view *a, const struct str_view *b)
{
    uint64_t a0, b0;
    memcpy(&a0, a, 8);
    memcpy(&b0, b, 8);
    if (a0 != b0) return false;
    if (a->len <= STR_INLINE_MAX) return memcmp(a->tail, b->tail, 8) == 0;
    return a->ptr == b->ptr || memcmp(a->ptr, b->ptr, a->len) == 0;
}
/* Bytewise order: < 0, 0, > 0. */
int str_compare(const struct str_view *a, const struct str_view *b);

enum vec_shape {
    VEC_FLAT,  /* data: rows values */
    VEC_CONST, /* data: one value; validity: NULL, or one word whose bit 0 tells */
    VEC_OFFS,  /* Arrow utf8: data: rows + 1 int32 offsets, aux: the heap they point into */
    VEC_DICT,  /* data: codes of code_width bytes, aux: struct vector of the values (FLAT) */
    VEC_SEQ,   /* data: int64_t[2]: start, step; phys I64 */
};
enum vec_flag {
    VEC_STABLE = 1, /* bytes (and what views point to) live as long as the statement's snapshot */
};

struct vector {
    uint8_t phys, shape, code_width, flags;
    uint32_t rows;
    const uint64_t *validity;
    const void *data;
    const void *aux;
    uint64_t dict_id; /* equal ids = equal dictionaries */
};

struct batch {
    uint32_t rows, live; /* live == rows when sel is NULL */
    const uint16_t *sel; /* ascending positions of the live rows, or NULL: all */
    uint32_t column_count;
    uint32_t segment, first_row; /* where a scan read it; first_row counts inside the segment */
    struct vector *columns;
};

ALWAYS_INLINE bool vec_valid(const struct vector *v, uint32_t row)
{
    if (v->phys == PHYS_NULLS) return false;
    return v->validity == NULL || ((v->validity[v->shape == VEC_CONST ? 0 : row >> 6] >>
                                    (v->shape == VEC_CONST ? 0 : row & 63)) &
                                   1);
}

/* One scalar, of any type. Text and blobs point to bytes that somebody else owns. */
struct value {
    struct type type;
    bool is_null;
    union {
        bool b;
        int64_t i;  /* I8..I64, sign extended */
        uint64_t u; /* U8..U64, zero extended */
        float f;
        double d;
        struct slice s;
        struct interval interval;
        struct number number;
        i128 h; /* I128 */
        u128 uh;
    };
};

/* The value in row `row`; text points into the vector. */
struct value vec_value(const struct vector *v, struct type type, uint32_t row);
/* Store `value` (its physical type is `phys`) as slot `row` of FLAT `data`; booleans set a bit. */
void value_store(const struct value *value, enum phys_type phys, void *data, uint32_t row);
/* A CONST vector over `storage` (16 bytes, aligned 16) and `validity_word`. */
struct vector vec_const(const struct value *value, void *storage, uint64_t *validity_word,
                        uint32_t rows);

/* Make FLAT vectors out of every shape: the live rows only (`sel`, `n` of them), dense. `data` has
 * room for n values (bits for BOOL), `validity` for bitmap_words(n). The result is `out`, whose
 * validity is NULL when all are valid. A FLAT vector without `sel` is passed through. */
void vec_flatten(const struct vector *v, const uint16_t *sel, uint32_t n, void *data,
                 uint64_t *validity, struct vector *out);
#endif
