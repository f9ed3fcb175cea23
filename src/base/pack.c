#include "base/pack.h"

#include <string.h>

#include "base/crc32c.h"

void pack_writer_deinit(struct pack_writer *w)
{
    mem_free(w->data);
    *w = (struct pack_writer){.budget = w->budget};
}

uint8_t *pack_room(struct pack_writer *w, size_t bytes)
{
    size_t wanted;
    if (w->bad || !size_add(w->len, bytes, &wanted)) goto no_memory;
    if (wanted > w->capacity) {
        size_t capacity = w->capacity * 2 < 256 ? 256 : w->capacity * 2;
        if (capacity < wanted) capacity = wanted;
        uint8_t *data = mem_realloc(w->data, capacity, w->budget);
        if (data == NULL) goto no_memory;
        w->data = data;
        w->capacity = capacity;
    }
    uint8_t *room = w->data + w->len;
    w->len = wanted;
    return room;
no_memory:
    w->bad = true;
    return NULL;
}

void pack_bytes(struct pack_writer *w, const void *data, size_t bytes)
{
    uint8_t *room = pack_room(w, bytes);
    if (room != NULL && bytes != 0) memcpy(room, data, bytes);
}

void pack_u8(struct pack_writer *w, uint8_t value)
{
    pack_bytes(w, &value, sizeof value);
}

void pack_u16(struct pack_writer *w, uint16_t value)
{
    pack_bytes(w, &value, sizeof value);
}

void pack_u32(struct pack_writer *w, uint32_t value)
{
    pack_bytes(w, &value, sizeof value);
}

void pack_u64(struct pack_writer *w, uint64_t value)
{
    pack_bytes(w, &value, sizeof value);
}

void pack_varint(struct pack_writer *w, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    pack_bytes(w, bytes, n);
}

void pack_text(struct pack_writer *w, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    if (len >= UINT32_MAX) {
        w->bad = true;
        return;
    }
    pack_u32(w, text == NULL ? UINT32_MAX : (uint32_t)len);
    pack_bytes(w, text, len);
}

void pack_align(struct pack_writer *w, size_t unit)
{
    size_t pad = (unit - w->len % unit) % unit;
    uint8_t *room = pack_room(w, pad);
    if (room != NULL && pad != 0) memset(room, 0, pad);
}

void pack_crc(struct pack_writer *w)
{
    pack_u32(w, w->bad ? 0 : crc32c(0, w->data, w->len));
}

/* ---- reading ---- */

void pack_reader_init(struct pack_reader *r, const void *data, size_t bytes)
{
    *r = (struct pack_reader){.begin = data, .at = data, .end = (const uint8_t *)data + bytes};
}

size_t pack_left(const struct pack_reader *r)
{
    return r->bad ? 0 : (size_t)(r->end - r->at);
}

const uint8_t *unpack_bytes(struct pack_reader *r, size_t bytes)
{
    if (r->bad || bytes > (size_t)(r->end - r->at)) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += bytes;
    return at;
}

static void read_to(struct pack_reader *r, void *out, size_t bytes)
{
    const uint8_t *at = unpack_bytes(r, bytes);
    if (at == NULL) {
        memset(out, 0, bytes);
    } else {
        memcpy(out, at, bytes);
    }
}

uint8_t unpack_u8(struct pack_reader *r)
{
    uint8_t value;
    read_to(r, &value, sizeof value);
    return value;
}

uint16_t unpack_u16(struct pack_reader *r)
{
    uint16_t value;
    read_to(r, &value, sizeof value);
    return value;
}

uint32_t unpack_u32(struct pack_reader *r)
{
    uint32_t value;
    read_to(r, &value, sizeof value);
    return value;
}

uint64_t unpack_u64(struct pack_reader *r)
{
    uint64_t value;
    read_to(r, &value, sizeof value);
    return value;
}

uint64_t unpack_varint(struct pack_reader *r)
{
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        uint8_t byte = unpack_u8(r);
        if (shift == 63 && byte > 1) break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return r->bad ? 0 : value;
    }
    r->bad = true;
    return 0;
}

bool unpack_text(struct pack_reader *r, struct slice *out)
{
    *out = (struct slice){0};
    uint32_t len = unpack_u32(r);
    if (r->bad || len == UINT32_MAX) return false;
    const uint8_t *at = unpack_bytes(r, len);
    if (at == NULL) return false;
    if (memchr(at, 0, len) != NULL) {
        r->bad = true;
        return false;
    }
    *out = (struct slice){(const char *)at, len};
    return true;
}

void unpack_align(struct pack_reader *r, size_t unit)
{
    if (r->bad) return;
    size_t done = (size_t)(r->at - r->begin) % unit;
    if (done != 0) (void)unpack_bytes(r, unit - done);
}

bool unpack_crc(struct pack_reader *r)
{
    uint32_t crc;
    size_t bytes = pack_left(r);
    if (bytes < sizeof crc) {
        r->bad = true;
        return false;
    }
    r->end -= sizeof crc;
    memcpy(&crc, r->end, sizeof crc);
    if (crc32c(0, r->at, bytes - sizeof crc) != crc) r->bad = true;
    return !r->bad;
}
