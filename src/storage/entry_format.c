#include "storage/entry_format.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "storage/srd.h"

#define HEADER_MAGIC UINT64_C(0x31594e45564b4c4c) /* "LLKVENY1" */
#define FOOTER_MAGIC UINT64_C(0x31544f46564b4c4c) /* "LLKVFOT1" */

struct header_bytes {
    uint64_t magic;                    /* 0 */
    uint16_t major, minor;             /* 8 */
    uint32_t kind;                     /* 12 */
    uint8_t file_id[STORAGE_ID_BYTES]; /* 16 */
    uint64_t offset;                   /* 32: its own, in the file */
    uint64_t bytes;                    /* 40 */
    uint32_t batch_seq;                /* 48 */
    uint32_t zero[2];                  /* 52 */
    uint32_t crc;                      /* 60 */
};
static_assert(sizeof(struct header_bytes) == ENTRY_HEADER_BYTES, "on disk");

struct footer_bytes {
    uint64_t magic;                    /* 0 */
    uint16_t major, minor;             /* 8 */
    uint32_t kind;                     /* 12 */
    uint64_t features_required;        /* 16: a reader must understand them; none yet */
    uint64_t features_optional;        /* 24: it need not */
    uint8_t file_id[STORAGE_ID_BYTES]; /* 32 */
    uint64_t offset;                   /* 48 */
    uint64_t bytes;                    /* 56 */
    uint64_t data_end;                 /* 64 */
    uint32_t batch_seq;                /* 72 */
    uint32_t flags;                    /* 76 */
    uint64_t log_id;                   /* 80 */
    uint64_t version;                  /* 88 */
    uint64_t replay_from;              /* 96 */
    uint64_t start_lsn;                /* 104 */
    uint64_t start_sequence;           /* 112 */
    uint64_t start_offset;             /* 120 */
    uint64_t previous;                 /* 128 */
    uint64_t table_offset;             /* 136 */
    uint32_t table_crc, table_height;  /* 144 */
    uint32_t root_offset, root_bytes;  /* 152 */
    uint32_t root_crc, drops_offset;   /* 160 */
    uint32_t drops_bytes, drops_crc;   /* 168 */
    uint64_t zero[6];                  /* 176 */
    uint32_t zero_too;                 /* 224 */
    uint32_t crc;                      /* 228 */
};
static_assert(sizeof(struct footer_bytes) == ENTRY_FOOTER_BYTES, "on disk");
static_assert(offsetof(struct footer_bytes, crc) == 228, "on disk");
static_assert(ENTRY_FOOTER_BYTES + 4 + SRD_TRAILER_BYTES == ENTRY_END_BYTES, "on disk");

enum { TRAILER_AT = ENTRY_END_BYTES - SRD_TRAILER_BYTES };

/* The key of an entry is its number, stored where simd-r-drive has the hash of a key. */
static struct srd_trailer trailer_for(const struct entry *entry, uint32_t payload_crc)
{
    return (struct srd_trailer){entry->batch_seq, entry->offset, payload_crc};
}

void entry_header_encode(const struct entry *entry, uint8_t out[ENTRY_HEADER_BYTES])
{
    assert(entry->bytes % STORAGE_BLOCK_BYTES == 0);
    assert(entry->offset % STORAGE_BLOCK_BYTES == 0);
    struct header_bytes b = {.magic = HEADER_MAGIC,
                             .major = STORAGE_FORMAT_MAJOR,
                             .minor = STORAGE_FORMAT_MINOR,
                             .kind = (uint32_t)entry->kind,
                             .offset = entry->offset,
                             .bytes = entry->bytes,
                             .batch_seq = entry->batch_seq};
    memcpy(b.file_id, entry->file_id, sizeof b.file_id);
    b.crc = crc32c(0, &b, offsetof(struct header_bytes, crc));
    memcpy(out, &b, sizeof b);
}

static bool extent_allowed(uint64_t offset, uint64_t bytes)
{
    return offset % STORAGE_BLOCK_BYTES == 0 && bytes % STORAGE_BLOCK_BYTES == 0 && bytes != 0 &&
           bytes <= ENTRY_BYTES_MAX && offset <= SRD_TAIL_MAX;
}

static bool kind_allowed(uint32_t kind)
{
    return kind == ENTRY_DATA || kind == ENTRY_CHECKPOINT;
}

enum entry_verdict entry_header_decode(const uint8_t bytes[ENTRY_HEADER_BYTES],
                                       struct entry *out_entry)
{
    struct header_bytes b;
    memcpy(&b, bytes, sizeof b);
    if (b.magic != HEADER_MAGIC) return ENTRY_INVALID;
    if (b.crc != crc32c(0, &b, offsetof(struct header_bytes, crc))) return ENTRY_INVALID;
    if (b.major != STORAGE_FORMAT_MAJOR) return ENTRY_TOO_NEW;
    if (!kind_allowed(b.kind) || !extent_allowed(b.offset, b.bytes)) return ENTRY_INVALID;
    *out_entry = (struct entry){.kind = (enum entry_kind)b.kind,
                                .batch_seq = b.batch_seq,
                                .offset = b.offset,
                                .bytes = b.bytes};
    memcpy(out_entry->file_id, b.file_id, sizeof b.file_id);
    return ENTRY_VALID;
}

void entry_end_encode(struct entry *entry, uint8_t out[ENTRY_END_BYTES])
{
    struct footer_bytes b = {.magic = FOOTER_MAGIC,
                             .major = STORAGE_FORMAT_MAJOR,
                             .minor = STORAGE_FORMAT_MINOR,
                             .kind = (uint32_t)entry->kind,
                             .offset = entry->offset,
                             .bytes = entry->bytes,
                             .data_end = entry->data_end,
                             .batch_seq = entry->batch_seq,
                             .flags = entry->flags,
                             .log_id = entry->log_id,
                             .version = entry->version,
                             .replay_from = entry->replay_from,
                             .start_lsn = entry->start.lsn,
                             .start_sequence = entry->start.sequence,
                             .start_offset = entry->start.offset,
                             .previous = entry->previous,
                             .table_offset = entry->table.offset,
                             .table_crc = entry->table.crc,
                             .table_height = entry->table.height,
                             .root_offset = entry->root.offset,
                             .root_bytes = entry->root.bytes,
                             .root_crc = entry->root.crc,
                             .drops_offset = entry->drops.offset,
                             .drops_bytes = entry->drops.bytes,
                             .drops_crc = entry->drops.crc};
    memcpy(b.file_id, entry->file_id, sizeof b.file_id);
    b.crc = crc32c(0, &b, offsetof(struct footer_bytes, crc));
    entry->crc = b.crc;
    memset(out, 0, ENTRY_END_BYTES);
    memcpy(out, &b, sizeof b);
    struct srd_trailer trailer = trailer_for(entry, 0);
    srd_trailer_encode(&trailer, out + TRAILER_AT);
}

void entry_end_set_crc(uint8_t end[ENTRY_END_BYTES], uint32_t payload_crc)
{
    struct srd_trailer trailer = srd_trailer_decode(end + TRAILER_AT);
    trailer.crc = payload_crc;
    srd_trailer_encode(&trailer, end + TRAILER_AT);
}

static bool part_allowed(const struct entry_part *part, uint64_t entry_bytes)
{
    if (part->bytes == 0) return true;
    uint64_t end = entry_bytes - ENTRY_END_BYTES;
    return part->offset >= ENTRY_HEADER_BYTES && part->offset <= end &&
           part->bytes <= end - part->offset;
}

static bool entry_plausible(const struct entry *entry)
{
    uint64_t end = entry->bytes - ENTRY_END_BYTES;
    if (entry->kind == ENTRY_DATA)
        return entry->data_end >= ENTRY_HEADER_BYTES && entry->data_end <= end;
    if (entry->version >= STORAGE_NUMBER_MAX || entry->start.sequence >= STORAGE_NUMBER_MAX)
        return false;
    return entry->start.lsn != 0 && entry->start.lsn <= entry->replay_from &&
           entry->replay_from < STORAGE_NUMBER_MAX && part_allowed(&entry->root, entry->bytes) &&
           part_allowed(&entry->drops, entry->bytes);
}

static void footer_to_entry(const struct footer_bytes *b, struct entry *out_entry)
{
    *out_entry = (struct entry){.kind = (enum entry_kind)b->kind,
                                .batch_seq = b->batch_seq,
                                .offset = b->offset,
                                .bytes = b->bytes,
                                .data_end = b->data_end,
                                .flags = b->flags,
                                .log_id = b->log_id,
                                .version = b->version,
                                .replay_from = b->replay_from,
                                .start = {b->start_lsn, b->start_sequence, b->start_offset},
                                .previous = b->previous,
                                .table = {b->table_offset, b->table_crc, b->table_height},
                                .root = {b->root_offset, b->root_bytes, b->root_crc},
                                .drops = {b->drops_offset, b->drops_bytes, b->drops_crc},
                                .crc = b->crc};
    memcpy(out_entry->file_id, b->file_id, sizeof b->file_id);
}

enum entry_verdict entry_end_decode(const uint8_t bytes[ENTRY_END_BYTES], struct entry *out_entry,
                                    uint32_t *out_payload_crc)
{
    struct footer_bytes b;
    memcpy(&b, bytes, sizeof b);
    if (b.magic != FOOTER_MAGIC) return ENTRY_INVALID;
    if (b.crc != crc32c(0, &b, offsetof(struct footer_bytes, crc))) return ENTRY_INVALID;
    if (b.major != STORAGE_FORMAT_MAJOR || b.features_required != 0) return ENTRY_TOO_NEW;
    if (!kind_allowed(b.kind) || !extent_allowed(b.offset, b.bytes)) return ENTRY_INVALID;
    struct entry entry;
    footer_to_entry(&b, &entry);
    if (!entry_plausible(&entry)) return ENTRY_INVALID;
    struct srd_trailer found = srd_trailer_decode(bytes + TRAILER_AT);
    struct srd_trailer wanted = trailer_for(&entry, found.crc);
    if (found.key_hash != wanted.key_hash || found.prev != wanted.prev) return ENTRY_INVALID;
    *out_entry = entry;
    *out_payload_crc = found.crc;
    return ENTRY_VALID;
}
