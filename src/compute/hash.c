/* hash.c -- hashes of values, every shape.
 *
 * A strip of rows is brought to words that are equal for equal values (the keys), hashed all at
 * once, and only then NULLs and earlier columns are looked at. Types of 16 bytes and texts are
 * hashed on the way, one by one. */
#include "base/hash.h"

#include "base/bitmap.h"
#include "compute/interval.h"
#include "compute/kernel_priv.h"
#include "compute/number.h"

enum { STRIP_ROWS = 256 };

/* ---- keys ---- */

static uint64_t real_key(double x)
{
    if (x != x) return UINT64_C(0x7ff8000000000000);
    x += 0.0; /* -0.0 becomes 0.0 */
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint64_t number_key(struct number x)
{
    if (!x.is_real) return (uint64_t)x.i;
    /* A real number that an integer may equal has the key of that integer. */
    if (x.d >= -0x1p63 && x.d < 0x1p63 && (double)(int64_t)x.d == x.d)
        return (uint64_t)(int64_t)x.d;
    return real_key(x.d);
}

static uint64_t pair_hash(uint64_t low, uint64_t high)
{
    return hash_mix(hash_u64(low), high);
}

static uint64_t wide_hash(u128 x)
{
    return pair_hash((uint64_t)x, (uint64_t)(x >> 64));
}

static uint64_t view_hash(const struct str_view *v)
{
    if (v->len > STR_INLINE_MAX) return hash_bytes(v->ptr, v->len);
    uint64_t words[2];
    memcpy(words, v, sizeof words);
    return pair_hash(words[0], words[1]);
}

/* ---- the values of FLAT data at the rows idx ---- */

#define K_TEMPLATE "compute/hash.inc.h"
#define K_KEY(x) ((uint64_t)(int64_t)(x))
#include "compute/each_int.inc.h"
#undef K_KEY
#define K_KEY(x) ((uint64_t)(x))
#include "compute/each_uint.inc.h"
#undef K_KEY
#define K_KEY(x) real_key((double)(x))
#include "compute/each_float.inc.h"
#undef K_KEY
#define K_KEY(x) number_key(x)
#define K_ID number
#define K_TYPE struct number
#include "compute/hash.inc.h"
#undef K_KEY
#define K_KEY(x) wide_hash(x)
#define K_ID u128
#define K_TYPE u128
#include "compute/hash.inc.h"
#undef K_KEY
#define K_KEY(x) wide_hash((u128)interval_micros(x))
#define K_ID mdn
#define K_TYPE struct interval
#include "compute/hash.inc.h"
#undef K_KEY
#define K_KEY(x) view_hash(&(x))
#define K_ID view
#define K_TYPE struct str_view
#include "compute/hash.inc.h"
#undef K_KEY
#undef K_TEMPLATE

static void keys_bool(uint64_t *restrict out, const void *data, const uint32_t *idx, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = bit_get((const uint64_t *)data, idx[i]);
}

typedef void keys_fn(uint64_t *restrict out, const void *data, const uint32_t *idx, uint32_t n);
static keys_fn *const keys_of[PHYS_COUNT] = {
    [PHYS_BOOL] = keys_bool,     [PHYS_I8] = keys_i8,   [PHYS_I16] = keys_i16,
    [PHYS_I32] = keys_i32,       [PHYS_I64] = keys_i64, [PHYS_I128] = keys_u128,
    [PHYS_U8] = keys_u8,         [PHYS_U16] = keys_u16, [PHYS_U32] = keys_u32,
    [PHYS_U64] = keys_u64,       [PHYS_F32] = keys_f32, [PHYS_F64] = keys_f64,
    [PHYS_U128] = keys_u128,     [PHYS_MDN] = keys_mdn, [PHYS_VIEW] = keys_view,
    [PHYS_NUMBER] = keys_number,
};

/* Are the keys of the type hashes already? */
static bool key_is_hash(enum phys_type phys)
{
    return phys == PHYS_I128 || phys == PHYS_U128 || phys == PHYS_MDN || phys == PHYS_VIEW;
}

static void hash_values(const struct tier *tier, enum phys_type phys, const void *data,
                        const uint32_t *idx, uint32_t n, uint64_t *out)
{
    keys_of[phys](out, data, idx, n);
    if (!key_is_hash(phys)) tier->hash_words(out, n);
}

/* ---- shapes: n <= STRIP_ROWS rows to hashes; slots under NULLs give anything ---- */

static void hash_offs(const struct vector *v, const uint32_t *rows, uint32_t n, uint64_t *out)
{
    const int32_t *offsets = (const int32_t *)v->data;
    const char *heap = (const char *)v->aux;
    for (uint32_t i = 0; i < n; i++) {
        const int32_t from = offsets[rows[i]];
        const struct str_view view = str_of(heap + from, (uint32_t)(offsets[rows[i] + 1] - from));
        out[i] = view_hash(&view);
    }
}

static void hash_seq(const struct tier *tier, const struct vector *v, const uint32_t *rows,
                     uint32_t n, uint64_t *out)
{
    const int64_t *seq = (const int64_t *)v->data;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (uint64_t)seq[0] + (uint64_t)seq[1] * rows[i];
    tier->hash_words(out, n);
}

static uint32_t dict_code(const struct vector *v, uint32_t row)
{
    switch (v->code_width) {
    case 1: return ((const uint8_t *)v->data)[row];
    case 2: return ((const uint16_t *)v->data)[row];
    default: assert(v->code_width == 4); return ((const uint32_t *)v->data)[row];
    }
}

/* NULLs in the dictionary count as NULLs of the rows. */
static void hash_dict(const struct tier *tier, const struct vector *v, const uint32_t *rows,
                      uint32_t n, uint64_t *out)
{
    const struct vector *dict = (const struct vector *)v->aux;
    assert(dict->shape == VEC_FLAT);
    if (dict->rows == 0) {
        memset(out, 0, n * sizeof *out); /* every row is NULL */
        return;
    }
    uint32_t codes[STRIP_ROWS];
    for (uint32_t i = 0; i < n; i++)
        codes[i] = vec_valid(v, rows[i]) ? dict_code(v, rows[i]) : 0;
    hash_values(tier, v->phys, dict->data, codes, n, out);
    if (dict->validity == NULL) return;
    for (uint32_t i = 0; i < n; i++)
        if (!bit_get(dict->validity, codes[i])) out[i] = HASH_NULL;
}

static void hash_strip(const struct tier *tier, const struct vector *v, const uint32_t *rows,
                       uint32_t n, uint64_t *out)
{
    switch ((enum vec_shape)v->shape) {
    case VEC_FLAT: hash_values(tier, v->phys, v->data, rows, n, out); break;
    case VEC_OFFS: hash_offs(v, rows, n, out); break;
    case VEC_DICT: hash_dict(tier, v, rows, n, out); break;
    case VEC_SEQ: hash_seq(tier, v, rows, n, out); break;
    case VEC_CONST: {
        const uint32_t first = 0;
        hash_values(tier, v->phys, v->data, &first, 1, out);
        for (uint32_t i = 1; i < n; i++)
            out[i] = out[0];
        break;
    }
    }
    if (v->validity == NULL) return;
    for (uint32_t i = 0; i < n; i++)
        out[i] = vec_valid(v, rows[i]) ? out[i] : HASH_NULL;
}

void vec_hash(const struct vector *v, const uint16_t *sel, uint32_t n, uint64_t *io_hash,
              bool combine)
{
    const struct tier *tier = tier_best();
    uint32_t rows[STRIP_ROWS];
    uint64_t hashes[STRIP_ROWS];
    for (uint32_t at = 0; at < n; at += STRIP_ROWS) {
        const uint32_t part = n - at < STRIP_ROWS ? n - at : STRIP_ROWS;
        if (v->phys == PHYS_NULLS) {
            for (uint32_t i = 0; i < part; i++)
                hashes[i] = HASH_NULL;
        } else {
            for (uint32_t i = 0; i < part; i++)
                rows[i] = sel == NULL ? at + i : sel[at + i];
            hash_strip(tier, v, rows, part, hashes);
        }
        if (combine) {
            tier->hash_mix_words(io_hash + at, hashes, part);
        } else {
            memcpy(io_hash + at, hashes, part * sizeof *hashes);
        }
    }
}
