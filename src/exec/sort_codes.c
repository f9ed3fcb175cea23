/* sort_codes.c -- keys as integers whose order is the order of sorting. */
#include "exec/sort.h"

static uint64_t flip_sign(int64_t value)
{
    return (uint64_t)value ^ UINT64_C(0x8000000000000000);
}

/* NaN above everything, -0.0 = 0.0. */
static uint64_t double_code(double d)
{
    uint64_t bits;
    if (isnan(d)) return UINT64_MAX;
    if (d == 0.0) d = 0.0;
    memcpy(&bits, &d, 8);
    return bits >> 63 ? ~bits : bits | UINT64_C(0x8000000000000000);
}

/* The first 8 bytes, the first of them highest. */
static uint64_t text_code(const uint8_t *slot)
{
    struct str_view view;
    uint8_t first[8] = {0};
    memcpy(&view, slot, sizeof view);
    memcpy(first, str_data(&view), view.len < 8 ? view.len : 8);
    uint64_t code = 0;
    for (uint32_t i = 0; i < 8; i++)
        code = code << 8 | first[i];
    return code;
}

/* NUMBER by its value as a double: integers that differ beyond 53 bits share a code. */
static uint64_t number_code(const uint8_t *slot)
{
    struct number n;
    memcpy(&n, slot, sizeof n);
    return double_code(n.is_real ? n.d : (double)n.i);
}

uint64_t sort_code(uint8_t phys, const uint8_t *slot)
{
    uint64_t word;
    float f;
    i128 wide;
    memcpy(&word, slot, 8);
    switch ((enum phys_type)phys) {
    case PHYS_I8: return flip_sign((int8_t)word);
    case PHYS_I16: return flip_sign((int16_t)word);
    case PHYS_I32: return flip_sign((int32_t)word);
    case PHYS_I64: return flip_sign((int64_t)word);
    case PHYS_BOOL:
    case PHYS_U8:
    case PHYS_U16:
    case PHYS_U32:
    case PHYS_U64: return word;
    case PHYS_F32: memcpy(&f, slot, 4); return double_code((double)f);
    case PHYS_F64: {
        double d;
        memcpy(&d, slot, 8);
        return double_code(d);
    }
    case PHYS_I128: memcpy(&wide, slot, 16); return flip_sign((int64_t)(wide >> 64));
    case PHYS_U128: memcpy(&wide, slot, 16); return (uint64_t)((u128)wide >> 64);
    case PHYS_VIEW: return text_code(slot);
    case PHYS_NUMBER: return number_code(slot);
    case PHYS_NULLS:
    case PHYS_MDN:
    case PHYS_COUNT: break;
    }
    return 0;
}

bool sort_code_exact(uint8_t phys)
{
    return phys_bytes[phys] <= 8;
}

void sort_vector_codes(const struct vector *v, uint32_t n, uint64_t *out)
{
    if (v->phys == PHYS_NULLS) {
        memset(out, 0, n * sizeof *out);
    } else if (phys_bytes[v->phys] > 8) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = sort_code(v->phys, (const uint8_t *)v->data + (size_t)i * 16);
    } else {
        vec_words(v, n, out);
        if (v->phys == PHYS_I64)
            for (uint32_t i = 0; i < n; i++)
                out[i] ^= UINT64_C(0x8000000000000000);
        else
            for (uint32_t i = 0; i < n; i++)
                out[i] = sort_code(v->phys, (const uint8_t *)&out[i]);
    }
}

static int slot_compare(uint8_t phys, const uint8_t *a, const uint8_t *b)
{
    const uint64_t x = sort_code(phys, a), y = sort_code(phys, b);
    if (x != y) return x < y ? -1 : 1;
    if (sort_code_exact(phys)) return 0;
    if (phys == PHYS_VIEW) {
        struct str_view v, w;
        memcpy(&v, a, sizeof v);
        memcpy(&w, b, sizeof w);
        return str_compare(&v, &w);
    }
    _Alignas(16) uint8_t left[16], right[16];
    memcpy(left, a, 16);
    memcpy(right, b, 16);
    return kernel_order(phys)(left, right);
}

int sort_compare(const struct rowfmt *fmt, const struct sort_key *keys, uint32_t key_count,
                 const uint8_t *a, const uint8_t *b)
{
    for (uint32_t k = 0; k < key_count; k++) {
        const uint32_t c = keys[k].column;
        const bool a_null = row_is_null(a, c), b_null = row_is_null(b, c);
        if (a_null || b_null) {
            if (a_null && b_null) continue;
            return a_null == keys[k].nulls_first ? -1 : 1;
        }
        const int order = slot_compare(fmt->phys[c], a + fmt->at[c], b + fmt->at[c]);
        if (order != 0) return keys[k].descending ? -order : order;
    }
    return 0;
}

/* ---- composing ---- */
struct key_range {
    uint64_t low, high;
    bool any;
};

static struct key_range find_range(const struct rowstore *store, uint32_t c)
{
    const struct rowfmt *fmt = store->fmt;
    const bool nulls = rowstore_has_nulls(store, c);
    struct key_range range = {UINT64_MAX, 0, false};
    for (uint32_t b = 0; b < store->filled; b++) {
        const uint8_t *row = store->blocks[b].rows;
        for (uint32_t i = 0; i < store->blocks[b].used; i++, row += fmt->stride) {
            if (nulls && row_is_null(row, c)) continue;
            const uint64_t code = sort_code(fmt->phys[c], row + fmt->at[c]);
            if (code < range.low) range.low = code;
            if (code > range.high) range.high = code;
            range.any = true;
        }
    }
    return range;
}

/* Put `bits` bits of a key (its upper ones, `drop` are left out) behind what is there. */
struct key_part {
    uint32_t column, bits, drop;
    bool descending, nulls, nulls_first;
    struct key_range range;
};

static uint64_t part_code(const struct rowfmt *fmt, const struct key_part *p, const uint8_t *row)
{
    const bool null = p->nulls && row_is_null(row, p->column);
    uint64_t code = 0;
    if (!null) {
        code = sort_code(fmt->phys[p->column], row + fmt->at[p->column]);
        code = (p->descending ? p->range.high - code : code - p->range.low) >> p->drop;
    }
    if (p->nulls && null != p->nulls_first) code |= UINT64_C(1) << p->bits;
    return code;
}

static void append_part(const struct rowstore *store, const struct key_part *p,
                        struct sort_entry *out, bool first)
{
    const uint32_t width = p->bits + p->nulls;
    uint64_t n = 0;
    for (uint32_t b = 0; b < store->filled; b++) {
        const uint8_t *row = store->blocks[b].rows;
        for (uint32_t i = 0; i < store->blocks[b].used; i++, row += store->fmt->stride) {
            const uint64_t code = part_code(store->fmt, p, row);
            out[n].code = first || width == 64 ? code : out[n].code << width | code;
            n++;
        }
    }
}

static uint32_t bit_width(uint64_t x)
{
    return x == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(x);
}

static void number_rows(const struct rowstore *store, struct sort_entry *out)
{
    uint64_t n = 0;
    for (uint32_t b = 0; b < store->filled; b++)
        for (uint32_t i = 0; i < store->blocks[b].used; i++)
            out[n++] = (struct sort_entry){.row = (b << store->shift) | i};
}

void sort_codes(const struct rowstore *store, const struct sort_key *keys, uint32_t key_count,
                struct sort_entry *out, uint32_t *out_bits, bool *out_exact)
{
    uint32_t used = 0;
    number_rows(store, out);
    *out_exact = true;
    for (uint32_t k = 0; k < key_count; k++) {
        const uint32_t c = keys[k].column;
        struct key_part p = {.column = c,
                             .descending = keys[k].descending,
                             .nulls = rowstore_has_nulls(store, c),
                             .nulls_first = keys[k].nulls_first,
                             .range = find_range(store, c)};
        p.bits = p.range.any ? bit_width(p.range.high - p.range.low) : 0;
        if (!p.range.any) p.range.high = p.range.low;
        const uint32_t room = 64 - used;
        if (p.nulls && room == 0) p.nulls = false; /* then nothing of it is said */
        if (p.bits + p.nulls > room) {
            p.drop = p.bits + p.nulls - room;
            if (p.drop > p.bits) p.drop = p.bits;
            p.bits -= p.drop;
        }
        if (room != 0 && p.bits + p.nulls != 0) append_part(store, &p, out, used == 0);
        used += p.bits + p.nulls;
        if (p.drop != 0 || !sort_code_exact(store->fmt->phys[c]) ||
            (room == 0 && rowstore_has_nulls(store, c))) {
            *out_exact = false;
            break;
        }
    }
    *out_bits = used;
}
