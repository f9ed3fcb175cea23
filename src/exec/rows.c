/* rows.c -- the format of rows: layout, writing columns to rows and back, hashing, equality. */
#include "exec/rows.h"

static bool slot_decides(uint8_t phys)
{
    return phys_bytes[phys] <= 8;
}

llkv_code rowfmt_init(struct cx *cx, struct rowfmt *fmt, const uint8_t *phys, uint32_t column_count,
                      uint32_t key_count, uint32_t state_bytes)
{
    uint8_t *types = cx_alloc(cx, column_count + 1);
    uint32_t *at = cx_alloc_array(cx, column_count + 1, sizeof *at);
    if (types == NULL || at == NULL) return LLKV_NOMEM;
    const uint32_t null_words = (column_count + 63) / 64;
    uint32_t end = ROW_NULLS_AT + (null_words == 0 ? 1 : null_words) * 8;
    bool packed = true;
    for (uint32_t c = 0; c < column_count; c++) {
        types[c] = phys[c];
        at[c] = end;
        end += phys_bytes[phys[c]] > 8 ? 16 : 8;
        if (c < key_count && !slot_decides(phys[c])) packed = false;
    }
    const uint32_t state_at = (end + 15) & ~UINT32_C(15);
    *fmt = (struct rowfmt){.column_count = column_count,
                           .key_count = key_count,
                           .null_words = null_words,
                           .end = end,
                           .state_at = state_at,
                           .stride = state_bytes == 0 ? end : state_at + state_bytes,
                           .packed = packed,
                           .phys = types,
                           .at = at};
    uint8_t *null_row = cx_alloc_zero(cx, fmt->stride);
    if (null_row == NULL) return LLKV_NOMEM;
    memset(null_row + ROW_NULLS_AT, 0xff, (size_t)null_words * 8);
    fmt->null_row = null_row;
    return LLKV_OK;
}

/* ---- writing ---- */
ALWAYS_INLINE void write_width(uint8_t *slot, uint32_t stride, const uint8_t *data, uint32_t n,
                               const uint32_t width)
{
    for (uint32_t i = 0; i < n; i++) {
        if (width == 16) {
            memcpy(slot, data + (size_t)i * 16, 16);
        } else {
            uint64_t word = 0;
            memcpy(&word, data + (size_t)i * width, width);
            memcpy(slot, &word, 8);
        }
        slot += stride;
    }
}

static void write_bits(uint8_t *slot, uint32_t stride, const uint64_t *bits, uint32_t from,
                       uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t word = bit_get(bits, from + i);
        memcpy(slot, &word, 8);
        slot += stride;
    }
}

/* Equal floats get equal bytes. */
static void normalise_f64(uint8_t *slot, uint32_t stride, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double d;
        memcpy(&d, slot, 8);
        if (d == 0.0) d = 0.0;
        if (isnan(d)) d = (double)NAN;
        memcpy(slot, &d, 8);
        slot += stride;
    }
}

static void normalise_f32(uint8_t *slot, uint32_t stride, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        float f;
        memcpy(&f, slot, 4);
        if (f == 0.0f) f = 0.0f;
        if (isnan(f)) f = NAN;
        memcpy(slot, &f, 4);
        slot += stride;
    }
}

static void write_nulls(const struct rowfmt *fmt, uint32_t c, const uint64_t *validity,
                        uint32_t from, uint32_t n, const struct rowdest *dest)
{
    const uint32_t at = fmt->at[c], bytes = phys_bytes[fmt->phys[c]] > 8 ? 16 : 8;
    for (uint32_t i = 0; i < n; i++) {
        if (bit_get(validity, from + i)) continue;
        uint8_t *row = dest->rows + (size_t)i * dest->stride;
        uint8_t *word_at = row + ROW_NULLS_AT + (size_t)(c >> 6) * 8;
        uint64_t word;
        memcpy(&word, word_at, 8);
        word |= UINT64_C(1) << (c & 63);
        memcpy(word_at, &word, 8);
        memset(row + at, 0, bytes);
    }
}

static void write_column(const struct rowfmt *fmt, uint32_t c, const struct vector *v,
                         uint32_t from, uint32_t n, const struct rowdest *dest)
{
    const uint32_t width = phys_bytes[fmt->phys[c]], stride = dest->stride;
    uint8_t *slot = dest->rows + fmt->at[c];
    const uint8_t *data = (const uint8_t *)v->data + (size_t)from * width;
    assert(v->shape == VEC_FLAT);
    switch (width) {
    case 0:
        if (fmt->phys[c] == PHYS_BOOL) write_bits(slot, stride, v->data, from, n);
        break;
    case 1: write_width(slot, stride, data, n, 1); break;
    case 2: write_width(slot, stride, data, n, 2); break;
    case 4: write_width(slot, stride, data, n, 4); break;
    case 8: write_width(slot, stride, data, n, 8); break;
    default: write_width(slot, stride, data, n, 16); break;
    }
    if (c < fmt->key_count && fmt->phys[c] == PHYS_F64) normalise_f64(slot, stride, n);
    if (c < fmt->key_count && fmt->phys[c] == PHYS_F32) normalise_f32(slot, stride, n);
    if (v->validity != NULL) write_nulls(fmt, c, v->validity, from, n, dest);
}

void rowfmt_write(const struct rowfmt *fmt, const struct vector *columns, uint32_t column_count,
                  uint32_t from, uint32_t n, const struct rowdest *dest)
{
    static const uint64_t none[VEC_WORDS_MAX];
    const size_t null_bytes = (size_t)fmt->null_words * 8;
    assert(n <= VEC_ROWS_MAX);
    for (uint32_t i = 0; i < n; i++)
        memset(dest->rows + (size_t)i * dest->stride + ROW_NULLS_AT, 0, null_bytes);
    for (uint32_t c = 0; c < column_count; c++) {
        if (columns[c].phys == PHYS_NULLS || fmt->phys[c] == PHYS_NULLS)
            write_nulls(fmt, c, none, 0, n, dest);
        else
            write_column(fmt, c, &columns[c], from, n, dest);
    }
}

/* ---- words ---- */
ALWAYS_INLINE void widen(uint64_t *restrict out, const uint8_t *data, uint32_t n,
                         const uint32_t width)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t word = 0;
        memcpy(&word, data + (size_t)i * width, width);
        out[i] = word;
    }
}

void vec_words(const struct vector *v, uint32_t n, uint64_t *out)
{
    switch (phys_bytes[v->phys]) {
    case 1: widen(out, v->data, n, 1); break;
    case 2: widen(out, v->data, n, 2); break;
    case 4: widen(out, v->data, n, 4); break;
    case 8: widen(out, v->data, n, 8); break;
    default: /* bits */
        for (uint32_t i = 0; i < n; i++)
            out[i] = bit_get(v->data, i);
        break;
    }
}

/* ---- reading ---- */
ALWAYS_INLINE void read_width(uint8_t *restrict out, const uint8_t *const *rows, uint32_t at,
                              uint32_t n, const uint32_t width)
{
    for (uint32_t i = 0; i < n; i++)
        memcpy(out + (size_t)i * width, rows[i] + at, width);
}

static void read_bits(uint64_t *out, const uint8_t *const *rows, uint32_t at, uint32_t n)
{
    memset(out, 0, bitmap_words(n) * 8);
    for (uint32_t i = 0; i < n; i++)
        out[i >> 6] |= (uint64_t)(rows[i][at] & 1) << (i & 63);
}

static bool read_validity(uint64_t *out, const uint8_t *const *rows, uint32_t c, uint32_t n)
{
    bool any = false;
    for (uint32_t from = 0; from < n; from += 64) {
        const uint32_t end = n - from < 64 ? n - from : 64;
        uint64_t word = 0;
        for (uint32_t i = 0; i < end; i++)
            word |= (uint64_t)!row_is_null(rows[from + i], c) << i;
        out[from >> 6] = word;
        any |= word != low_bits(end);
    }
    return any;
}

llkv_code rowfmt_read(struct run *run, const struct rowfmt *fmt, uint32_t c,
                      const struct rowlist *list, struct colbuf *buf, struct vector *out)
{
    const uint8_t *const *rows = list->rows;
    const uint32_t at = fmt->at[c], n = list->n;
    TRY(colbuf_reserve(run, buf, fmt->phys[c], n));
    switch (phys_bytes[fmt->phys[c]]) {
    case 0:
        if (fmt->phys[c] == PHYS_BOOL) read_bits(buf->data, rows, at, n);
        break;
    case 1: read_width(buf->data, rows, at, n, 1); break;
    case 2: read_width(buf->data, rows, at, n, 2); break;
    case 4: read_width(buf->data, rows, at, n, 4); break;
    case 8: read_width(buf->data, rows, at, n, 8); break;
    default: read_width(buf->data, rows, at, n, 16); break;
    }
    const bool any = list->nulls && read_validity(buf->validity, rows, c, n);
    *out = (struct vector){.phys = fmt->phys[c],
                           .shape = VEC_FLAT,
                           .rows = n,
                           .validity = any ? buf->validity : NULL,
                           .data = buf->data};
    return LLKV_OK;
}

/* ---- equality and hashes ---- */
static bool slot_equal(uint8_t phys, const uint8_t *a, const uint8_t *b)
{
    if (phys == PHYS_VIEW) {
        struct str_view x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return str_equal(&x, &y);
    }
    if (phys == PHYS_NUMBER || phys == PHYS_MDN) {
        _Alignas(16) uint8_t x[16], y[16];
        memcpy(x, a, 16);
        memcpy(y, b, 16);
        return kernel_order(phys)(x, y) == 0;
    }
    return memcmp(a, b, phys_bytes[phys] > 8 ? 16 : 8) == 0;
}

bool rowfmt_equal(const struct rowfmt *fmt, const uint8_t *a, const uint8_t *b)
{
    for (uint32_t w = 0; w * 64 < fmt->key_count; w++) {
        const uint64_t mask = low_bits(fmt->key_count - w * 64);
        const uint32_t at = ROW_NULLS_AT + w * 8;
        if (((row_word(a, at) ^ row_word(b, at)) & mask) != 0) return false;
    }
    for (uint32_t c = 0; c < fmt->key_count; c++) {
        const uint32_t at = fmt->at[c];
        if (fmt->packed ? row_word(a, at) != row_word(b, at)
                        : !slot_equal(fmt->phys[c], a + at, b + at))
            return false;
    }
    return true;
}

void rowfmt_hash(const struct rowfmt *fmt, const struct vector *keys, uint32_t n, uint64_t *scratch,
                 uint32_t *out_hash)
{
    if (fmt->key_count == 0) memset(scratch, 0, (size_t)n * 8);
    for (uint32_t c = 0; c < fmt->key_count; c++)
        vec_hash(&keys[c], NULL, n, scratch, c != 0);
    for (uint32_t i = 0; i < n; i++)
        out_hash[i] = (uint32_t)(scratch[i] >> 32);
}
