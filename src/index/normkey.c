#include "index/normkey.h"

#include <assert.h>
#include <string.h>

enum { FIXED_BYTES_MAX = 17 };

void normkey_deinit(struct normkey *key)
{
    if (key->data != key->first) mem_free(key->data);
    key->data = NULL;
    key->len = key->capacity = 0;
}

bool normkey_supports(enum phys_type phys)
{
    return phys != PHYS_NUMBER && phys != PHYS_COUNT;
}

static llkv_code ensure(struct cx *cx, struct normkey *key, size_t more)
{
    size_t wanted;
    if (!size_add(key->len, more, &wanted)) return cx_nomem(cx);
    if (LIKELY(wanted <= key->capacity)) return LLKV_OK;
    if (key->data == NULL && wanted <= sizeof key->first) {
        key->data = key->first;
        key->capacity = sizeof key->first;
        return LLKV_OK;
    }
    size_t capacity = key->capacity * 2 < 64 ? 64 : key->capacity * 2;
    if (capacity < wanted) capacity = wanted;
    const bool is_short = key->data == key->first;
    uint8_t *data = mem_realloc(is_short ? NULL : key->data, capacity, key->budget);
    if (data == NULL) return cx_nomem(cx);
    if (is_short) memcpy(data, key->first, key->len);
    key->data = data;
    key->capacity = capacity;
    return LLKV_OK;
}

/* `width` is known where it is called, and not 0: this becomes one store. */
ALWAYS_INLINE size_t put_big_endian(uint8_t *out, uint64_t value, size_t width)
{
    const uint64_t bytes = __builtin_bswap64(value << (64 - 8 * width));
    memcpy(out, &bytes, width);
    return width;
}

ALWAYS_INLINE size_t put_signed(uint8_t *out, int64_t value, size_t width)
{
    put_big_endian(out, (uint64_t)value, width);
    out[0] ^= 0x80;
    return width;
}

static size_t put_wide(uint8_t *out, u128 value, bool is_signed)
{
    put_big_endian(out, (uint64_t)(value >> 64), 8);
    put_big_endian(out + 8, (uint64_t)value, 8);
    if (is_signed) out[0] ^= 0x80;
    return 16;
}

static size_t put_double(uint8_t *out, double value)
{
    value += 0.0; /* -0.0 becomes 0.0 */
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value) {
        bits = UINT64_MAX;
    } else {
        bits = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
    }
    return put_big_endian(out, bits, 8);
}

static size_t put_interval(uint8_t *out, struct interval v)
{
    const i128 day = 86400000000;
    i128 micros = ((i128)v.months * 30 + v.days) * day + v.micros;
    return put_wide(out, (u128)micros, true);
}

#define LOAD(type, name, slot)                                                                     \
    type name;                                                                                     \
    memcpy(&name, (slot), sizeof name)

/* Values of a fixed width, NULLS and BOOL included; returns the bytes written. */
static size_t put_fixed(uint8_t *out, enum phys_type phys, const void *slot)
{
    switch (phys) {
    case PHYS_BOOL: {
        LOAD(uint8_t, v, slot);
        return put_big_endian(out, v, 1);
    }
    case PHYS_I8: {
        LOAD(int8_t, v, slot);
        return put_signed(out, v, 1);
    }
    case PHYS_I16: {
        LOAD(int16_t, v, slot);
        return put_signed(out, v, 2);
    }
    case PHYS_I32: {
        LOAD(int32_t, v, slot);
        return put_signed(out, v, 4);
    }
    case PHYS_I64: {
        LOAD(int64_t, v, slot);
        return put_signed(out, v, 8);
    }
    case PHYS_U8: {
        LOAD(uint8_t, v, slot);
        return put_big_endian(out, v, 1);
    }
    case PHYS_U16: {
        LOAD(uint16_t, v, slot);
        return put_big_endian(out, v, 2);
    }
    case PHYS_U32: {
        LOAD(uint32_t, v, slot);
        return put_big_endian(out, v, 4);
    }
    case PHYS_U64: {
        LOAD(uint64_t, v, slot);
        return put_big_endian(out, v, 8);
    }
    case PHYS_I128: {
        LOAD(i128, v, slot);
        return put_wide(out, (u128)v, true);
    }
    case PHYS_U128: {
        LOAD(u128, v, slot);
        return put_wide(out, v, false);
    }
    case PHYS_F32: {
        LOAD(float, v, slot);
        return put_double(out, (double)v);
    }
    case PHYS_F64: {
        LOAD(double, v, slot);
        return put_double(out, v);
    }
    case PHYS_MDN: {
        LOAD(struct interval, v, slot);
        return put_interval(out, v);
    }
    case PHYS_NULLS:
    case PHYS_VIEW:
    case PHYS_NUMBER:
    case PHYS_COUNT: break;
    }
    return 0;
}

static size_t put_text(uint8_t *out, const uint8_t *text, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        out[at++] = text[i];
        if (text[i] == 0) out[at++] = 0xff;
    }
    out[at++] = 0;
    out[at++] = 0;
    return at;
}

llkv_code normkey_append(struct cx *cx, struct normkey *key, enum phys_type phys, bool descending,
                         const void *slot)
{
    if (!normkey_supports(phys))
        return cx_fail(cx, LLKV_UNSUPPORTED, "a key over type %s is not supported",
                       phys_names[phys]);
    struct str_view view = {0};
    size_t room = FIXED_BYTES_MAX;
    if (phys == PHYS_VIEW && slot != NULL) {
        memcpy(&view, slot, sizeof view);
        room = (size_t)view.len * 2 + 3;
    }
    TRY(ensure(cx, key, room));
    uint8_t *begin = key->data + key->len;
    size_t bytes = 1;
    begin[0] = slot != NULL;
    if (slot != NULL && phys == PHYS_VIEW) {
        bytes += put_text(begin + 1, str_data(&view), view.len);
    } else if (slot != NULL) {
        bytes += put_fixed(begin + 1, phys, slot);
    }
    for (size_t i = 0; descending && i < bytes; i++)
        begin[i] = (uint8_t)~begin[i];
    key->len += bytes;
    assert(key->len <= key->capacity);
    return LLKV_OK;
}

llkv_code normkey_append_value(struct cx *cx, struct normkey *key, bool descending,
                               const struct value *value)
{
    enum phys_type phys = value->type.phys;
    _Alignas(16) uint8_t slot[16] = {0};
    if (value->is_null || phys == PHYS_NULLS)
        return normkey_append(cx, key, phys, descending, NULL);
    if (phys == PHYS_BOOL) {
        slot[0] = value->b;
    } else {
        value_store(value, phys, slot, 0);
    }
    return normkey_append(cx, key, phys, descending, slot);
}
