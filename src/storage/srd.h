/* srd.h -- the entries of a simd-r-drive container, one at a time: pure functions of bytes.
 *
 * A container is entries back to back from byte 0 to its end, the tail; nothing else.
 * Little-endian.
 *
 *   value      pad (0 to 63 bytes) | payload, at a multiple of 64 | key hash 8 | prev 8 | crc 4
 *   tombstone  one zero byte, where the last entry ended           | key hash 8 | prev 8 | crc 4
 *
 * `prev` is the tail before the entry, its pad included: it chains all entries, newest to oldest,
 * and is 0 for the first. `crc` is CRC-32/IEEE of the payload; key hash and prev have no checksum.
 * The length of a payload is stored nowhere: it is what lies between.
 *
 * Threads: any. Nothing here trusts its input. */
#ifndef STORAGE_SRD_H
#define STORAGE_SRD_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"

enum {
    SRD_ALIGN = 64,
    SRD_TRAILER_BYTES = 20,
    SRD_TOMBSTONE_BYTES = 1 + SRD_TRAILER_BYTES, /* also the least that an entry takes */
    SRD_PAD_ZERO = 0x00,
    SRD_PAD_MARK = 0x5a, /* pads that cannot be taken for trailers */
};
#define SRD_TOMBSTONE_CRC UINT32_C(0xd202ef8d)
/* No file is longer; sums of an offset and a payload below it do not overflow. */
#define SRD_TAIL_MAX (UINT64_C(1) << 62)

/* The last bytes of every entry. */
struct srd_trailer {
    uint64_t key_hash; /* at 0 */
    uint64_t prev;     /* at 8 */
    uint32_t crc;      /* at 16 */
};

/* Where an entry lies in its file: prev <= payload < payload + payload_bytes < tail. */
struct srd_entry {
    uint64_t prev;    /* where it begins, its pad first */
    uint64_t payload; /* of a tombstone: its zero byte */
    uint64_t payload_bytes;
    uint64_t tail; /* where it ends */
    uint64_t key_hash;
    uint32_t crc;
    bool tombstone;
};

/* What is wrong with an entry, or (the last three) with bytes among entries. X(name, text) */
#define SRD_FAULT_LIST(X)                                                                          \
    X(NONE, "nothing is wrong")                                                                    \
    X(SHORT, "there is no room for an entry")                                                      \
    X(PREV, "the trailer says that the entry begins behind its end")                               \
    X(EMPTY, "there is no payload before the trailer")                                             \
    X(PAD, "the padding is not as it was written")                                                 \
    X(CHECKSUM, "the payload does not have its checksum")                                          \
    X(LINK, "the trailer of the entry does not say where it begins")                               \
    X(TORN, "the last append was not written to its end")                                          \
    X(LOST, "no whole entry ends here")

enum srd_fault {
#define X(name, text) SRD_FAULT_##name,
    SRD_FAULT_LIST(X)
#undef X
};

/* A string constant. */
const char *srd_fault_text(enum srd_fault fault);

/* XXH3-64 of the key. */
uint64_t srd_key_hash(const void *key, size_t bytes);
/* CRC-32/IEEE of the payload. */
uint32_t srd_crc(const void *payload, size_t bytes);

/* ---- writing at the tail `tail` ---- */

/* Bytes to fill before a payload. */
ALWAYS_INLINE uint64_t srd_pad_bytes(uint64_t tail)
{
    return (SRD_ALIGN - tail % SRD_ALIGN) % SRD_ALIGN;
}
/* The tail after a value of `payload_bytes`. */
ALWAYS_INLINE uint64_t srd_value_tail(uint64_t tail, uint64_t payload_bytes)
{
    return tail + srd_pad_bytes(tail) + payload_bytes + SRD_TRAILER_BYTES;
}
/* May it be stored? Not nothing, and not one zero byte, which would be a tombstone. */
bool srd_payload_allowed(const void *payload, uint64_t bytes);

void srd_trailer_encode(const struct srd_trailer *trailer, uint8_t out[SRD_TRAILER_BYTES]);
struct srd_trailer srd_trailer_decode(const uint8_t bytes[SRD_TRAILER_BYTES]);

/* The whole entry into `out`, which has room for it; returns how long it is. `pad` is SRD_PAD_*. */
size_t srd_value_encode(uint64_t tail, uint64_t key_hash, const void *payload, size_t bytes,
                        uint8_t pad, uint8_t *out);
size_t srd_tombstone_encode(uint64_t tail, uint64_t key_hash, uint8_t out[SRD_TOMBSTONE_BYTES]);

/* ---- reading: the strict rule, entry by entry ---- */

/* The entry that ends at `tail`, by its last SRD_TOMBSTONE_BYTES bytes: its place and kind. For
 * tail < SRD_TOMBSTONE_BYTES the bytes are not looked at: SRD_FAULT_SHORT. */
NODISCARD enum srd_fault srd_entry_locate(uint64_t tail, const uint8_t last[SRD_TOMBSTONE_BYTES],
                                          struct srd_entry *out_entry);
/* A pad is all zeros or all SRD_PAD_MARK. */
bool srd_pad_allowed(const uint8_t *pad, size_t bytes);
/* Pad and checksum of an entry whose bytes from prev to tail are at `bytes`. */
NODISCARD enum srd_fault srd_entry_check(const struct srd_entry *entry, const uint8_t *bytes);
#endif
