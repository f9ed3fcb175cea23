#include "storage/log_format.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"

#define SLOT_MAGIC UINT64_C(0x315a544f4c534c4c)    /* "LLSLOTZ1" */
#define SEGMENT_MAGIC UINT64_C(0x31544e4d47534c4c) /* "LLSGMNT1" */
#define GROUP_MAGIC UINT32_C(0x5052474c)           /* "LGRP" */

struct slot_bytes {
    uint64_t magic;                    /* 0 */
    uint16_t major, minor;             /* 8 */
    uint32_t features;                 /* 12: that a reader must understand; none yet */
    uint8_t file_id[STORAGE_ID_BYTES]; /* 16 */
    uint64_t log_id;                   /* 32 */
    uint64_t generation;               /* 40 */
    uint64_t segment_bytes;            /* 48 */
    uint64_t root_tail;                /* 56 */
    uint64_t root_version;             /* 64 */
    uint64_t replay_from;              /* 72 */
    uint64_t start_lsn;                /* 80 */
    uint64_t start_sequence;           /* 88 */
    uint64_t start_offset;             /* 96 */
    uint64_t durable_lsn;              /* 104 */
    uint64_t container_tail;           /* 112 */
    uint64_t sequence_max;             /* 120 */
    uint32_t root_crc;                 /* 128 */
    uint32_t zero[2];                  /* 132 */
    uint32_t crc;                      /* 140: of what is before it */
};
static_assert(sizeof(struct slot_bytes) == LOG_SLOT_BYTES, "on disk");
static_assert(offsetof(struct slot_bytes, crc) == 140, "on disk");

struct segment_bytes {
    uint64_t magic;     /* 0 */
    uint64_t sequence;  /* 8 */
    uint64_t salt;      /* 16 */
    uint64_t first_lsn; /* 24 */
    uint64_t offset;    /* 32: its own, in the file */
    uint64_t zero[2];   /* 40 */
    uint32_t zero_too;  /* 56 */
    uint32_t crc;       /* 60 */
};
static_assert(sizeof(struct segment_bytes) == LOG_SEGMENT_BYTES, "on disk");

struct group_bytes {
    uint32_t magic;          /* 0 */
    uint32_t crc;            /* 4: of what follows, up to the frames */
    uint64_t first_lsn;      /* 8 */
    uint64_t durable_lsn;    /* 16 */
    uint64_t sequence;       /* 24 */
    uint64_t salt;           /* 32 */
    uint64_t offset;         /* 40: its own, in the file */
    uint64_t container_tail; /* 48 */
    uint32_t bytes;          /* 56: of the frames */
    uint32_t frames;         /* 60 */
    uint32_t payload_crc;    /* 64 */
    uint32_t previous_crc;   /* 68: of the group before it, or of the segment's header */
};
static_assert(sizeof(struct group_bytes) == LOG_GROUP_BYTES, "on disk");
static_assert(LOG_GROUP_BYTES % LOG_GROUP_ALIGN == 0, "frames follow at once");

uint32_t log_seed(const struct log_ids *ids)
{
    uint32_t crc = crc32c(0, ids->file_id, sizeof ids->file_id);
    return crc32c(crc, &ids->log_id, sizeof ids->log_id);
}

void log_slot_encode(const struct log_slot *slot, uint8_t out[LOG_SLOT_BYTES])
{
    assert(slot->generation != 0);
    struct slot_bytes b = {.magic = SLOT_MAGIC,
                           .major = STORAGE_FORMAT_MAJOR,
                           .minor = STORAGE_FORMAT_MINOR,
                           .log_id = slot->ids.log_id,
                           .generation = slot->generation,
                           .segment_bytes = slot->segment_bytes,
                           .root_tail = slot->root.tail,
                           .root_version = slot->root.version,
                           .replay_from = slot->root.replay_from,
                           .start_lsn = slot->root.start.lsn,
                           .start_sequence = slot->root.start.sequence,
                           .start_offset = slot->root.start.offset,
                           .durable_lsn = slot->durable_lsn,
                           .container_tail = slot->container_tail,
                           .sequence_max = slot->sequence_max,
                           .root_crc = slot->root.crc};
    memcpy(b.file_id, slot->ids.file_id, sizeof b.file_id);
    b.crc = crc32c(0, &b, offsetof(struct slot_bytes, crc));
    memcpy(out, &b, sizeof b);
}

/* What no writer writes, whatever the checksum says. */
static bool slot_allowed(const struct slot_bytes *b)
{
    const uint64_t max = STORAGE_NUMBER_MAX;
    return b->generation != 0 && b->generation < max && b->root_version < max &&
           b->sequence_max < max && b->start_sequence <= b->sequence_max && b->durable_lsn < max &&
           b->replay_from < max && b->start_lsn != 0 && b->start_lsn <= b->replay_from;
}

enum log_verdict log_slot_decode(const uint8_t bytes[LOG_SLOT_BYTES],
                                 const uint8_t file_id[STORAGE_ID_BYTES], struct log_slot *out_slot)
{
    struct slot_bytes b;
    memcpy(&b, bytes, sizeof b);
    if (b.magic != SLOT_MAGIC) return LOG_INVALID;
    if (b.crc != crc32c(0, &b, offsetof(struct slot_bytes, crc))) return LOG_INVALID;
    if (b.major != STORAGE_FORMAT_MAJOR || b.features != 0) return LOG_TOO_NEW;
    if (memcmp(b.file_id, file_id, sizeof b.file_id) != 0) return LOG_OTHER_FILE;
    if (!slot_allowed(&b)) return LOG_INVALID;
    *out_slot = (struct log_slot){
        .ids.log_id = b.log_id,
        .generation = b.generation,
        .segment_bytes = b.segment_bytes,
        .root = {.tail = b.root_tail,
                 .version = b.root_version,
                 .replay_from = b.replay_from,
                 .start = {b.start_lsn, b.start_sequence, b.start_offset},
                 .crc = b.root_crc},
        .durable_lsn = b.durable_lsn,
        .container_tail = b.container_tail,
        .sequence_max = b.sequence_max,
    };
    memcpy(out_slot->ids.file_id, b.file_id, sizeof b.file_id);
    return LOG_VALID;
}

uint32_t log_segment_encode(const struct log_segment *segment, uint32_t seed,
                            uint8_t out[LOG_SEGMENT_BYTES])
{
    struct segment_bytes b = {.magic = SEGMENT_MAGIC,
                              .sequence = segment->sequence,
                              .salt = segment->salt,
                              .first_lsn = segment->first_lsn,
                              .offset = segment->offset};
    b.crc = crc32c(seed, &b, offsetof(struct segment_bytes, crc));
    memcpy(out, &b, sizeof b);
    return b.crc;
}

bool log_segment_decode(const uint8_t bytes[LOG_SEGMENT_BYTES], uint32_t seed,
                        struct log_segment *out_segment, uint32_t *out_crc)
{
    struct segment_bytes b;
    memcpy(&b, bytes, sizeof b);
    if (b.magic != SEGMENT_MAGIC) return false;
    if (b.crc != crc32c(seed, &b, offsetof(struct segment_bytes, crc))) return false;
    if (b.sequence >= STORAGE_NUMBER_MAX || b.first_lsn >= STORAGE_NUMBER_MAX) return false;
    *out_segment = (struct log_segment){b.sequence, b.salt, b.first_lsn, b.offset};
    *out_crc = b.crc;
    return true;
}

static uint32_t group_crc(const struct group_bytes *b, uint32_t seed)
{
    const size_t from = offsetof(struct group_bytes, first_lsn);
    return crc32c(seed, (const uint8_t *)b + from, sizeof *b - from);
}

uint32_t log_group_encode(const struct log_group *group, uint32_t seed,
                          uint8_t out[LOG_GROUP_BYTES])
{
    struct group_bytes b = {.magic = GROUP_MAGIC,
                            .first_lsn = group->first_lsn,
                            .durable_lsn = group->durable_lsn,
                            .sequence = group->sequence,
                            .salt = group->salt,
                            .offset = group->offset,
                            .container_tail = group->container_tail,
                            .bytes = group->bytes,
                            .frames = group->frames,
                            .payload_crc = group->payload_crc,
                            .previous_crc = group->previous_crc};
    b.crc = group_crc(&b, seed);
    memcpy(out, &b, sizeof b);
    return b.crc;
}

bool log_group_likely(const uint8_t bytes[LOG_GROUP_BYTES])
{
    uint32_t magic;
    memcpy(&magic, bytes, sizeof magic);
    return magic == GROUP_MAGIC;
}

bool log_group_decode(const uint8_t bytes[LOG_GROUP_BYTES], uint32_t seed,
                      struct log_group *out_group, uint32_t *out_crc)
{
    struct group_bytes b;
    memcpy(&b, bytes, sizeof b);
    if (b.magic != GROUP_MAGIC || b.crc != group_crc(&b, seed)) return false;
    if (b.sequence >= STORAGE_NUMBER_MAX || b.first_lsn >= STORAGE_NUMBER_MAX) return false;
    *out_group = (struct log_group){.first_lsn = b.first_lsn,
                                    .durable_lsn = b.durable_lsn,
                                    .sequence = b.sequence,
                                    .salt = b.salt,
                                    .offset = b.offset,
                                    .container_tail = b.container_tail,
                                    .bytes = b.bytes,
                                    .frames = b.frames,
                                    .payload_crc = b.payload_crc,
                                    .previous_crc = b.previous_crc};
    *out_crc = b.crc;
    return true;
}
