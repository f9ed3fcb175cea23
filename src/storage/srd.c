#include "storage/srd.h"

#include <assert.h>
#include <string.h>

#include "base/crc32.h"
#include "base/hash.h"

static_assert(SRD_TRAILER_BYTES == 8 + 8 + 4, "on disk");

const char *srd_fault_text(enum srd_fault fault)
{
    switch (fault) {
#define X(name, text)                                                                              \
    case SRD_FAULT_##name: return text;
        SRD_FAULT_LIST(X)
#undef X
    }
    return "unknown";
}

uint64_t srd_key_hash(const void *key, size_t bytes)
{
    return hash_bytes(key, bytes);
}

uint32_t srd_crc(const void *payload, size_t bytes)
{
    return crc32_ieee(0, payload, bytes);
}

bool srd_payload_allowed(const void *payload, uint64_t bytes)
{
    return bytes > 1 || (bytes == 1 && *(const uint8_t *)payload != 0);
}

void srd_trailer_encode(const struct srd_trailer *trailer, uint8_t out[SRD_TRAILER_BYTES])
{
    /* The platform is little-endian: cmake/LlkvPlatform.cmake. */
    memcpy(out, &trailer->key_hash, 8);
    memcpy(out + 8, &trailer->prev, 8);
    memcpy(out + 16, &trailer->crc, 4);
}

struct srd_trailer srd_trailer_decode(const uint8_t bytes[SRD_TRAILER_BYTES])
{
    struct srd_trailer trailer;
    memcpy(&trailer.key_hash, bytes, 8);
    memcpy(&trailer.prev, bytes + 8, 8);
    memcpy(&trailer.crc, bytes + 16, 4);
    return trailer;
}

size_t srd_value_encode(uint64_t tail, uint64_t key_hash, const void *payload, size_t bytes,
                        uint8_t pad, uint8_t *out)
{
    assert(srd_payload_allowed(payload, bytes));
    assert(tail <= SRD_TAIL_MAX && bytes <= SRD_TAIL_MAX);
    size_t pad_bytes = (size_t)srd_pad_bytes(tail);
    struct srd_trailer trailer = {key_hash, tail, srd_crc(payload, bytes)};
    memset(out, pad, pad_bytes);
    memcpy(out + pad_bytes, payload, bytes);
    srd_trailer_encode(&trailer, out + pad_bytes + bytes);
    return pad_bytes + bytes + SRD_TRAILER_BYTES;
}

size_t srd_tombstone_encode(uint64_t tail, uint64_t key_hash, uint8_t out[SRD_TOMBSTONE_BYTES])
{
    assert(tail <= SRD_TAIL_MAX);
    struct srd_trailer trailer = {key_hash, tail, SRD_TOMBSTONE_CRC};
    out[0] = 0;
    srd_trailer_encode(&trailer, out + 1);
    return SRD_TOMBSTONE_BYTES;
}

enum srd_fault srd_entry_locate(uint64_t tail, const uint8_t last[SRD_TOMBSTONE_BYTES],
                                struct srd_entry *out_entry)
{
    if (tail < SRD_TOMBSTONE_BYTES || tail > SRD_TAIL_MAX) return SRD_FAULT_SHORT;
    struct srd_trailer trailer = srd_trailer_decode(last + 1);
    uint64_t end = tail - SRD_TRAILER_BYTES;
    if (trailer.prev >= end) return SRD_FAULT_PREV;
    bool tombstone = end - trailer.prev == 1 && last[0] == 0;
    uint64_t payload = tombstone ? trailer.prev : trailer.prev + srd_pad_bytes(trailer.prev);
    if (payload >= end) return SRD_FAULT_EMPTY;
    *out_entry = (struct srd_entry){.prev = trailer.prev,
                                    .payload = payload,
                                    .payload_bytes = end - payload,
                                    .tail = tail,
                                    .key_hash = trailer.key_hash,
                                    .crc = trailer.crc,
                                    .tombstone = tombstone};
    assert(out_entry->payload - out_entry->prev < SRD_ALIGN);
    return SRD_FAULT_NONE;
}

bool srd_pad_allowed(const uint8_t *pad, size_t bytes)
{
    assert(bytes < SRD_ALIGN);
    if (bytes == 0) return true;
    if (pad[0] != SRD_PAD_ZERO && pad[0] != SRD_PAD_MARK) return false;
    for (size_t i = 1; i < bytes; i++)
        if (pad[i] != pad[0]) return false;
    return true;
}

enum srd_fault srd_entry_check(const struct srd_entry *entry, const uint8_t *bytes)
{
    size_t pad = (size_t)(entry->payload - entry->prev);
    if (!srd_pad_allowed(bytes, pad)) return SRD_FAULT_PAD;
    bool same = srd_crc(bytes + pad, (size_t)entry->payload_bytes) == entry->crc;
    return same ? SRD_FAULT_NONE : SRD_FAULT_CHECKSUM;
}
