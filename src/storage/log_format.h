/* log_format.h -- the bytes of a redo log: slots, headers of segments and groups.
 *
 * Pure functions of bytes. Every record carries a crc32c that is seeded with the ids of the
 * container and of the log, so nothing of another file ever passes. Little-endian; the platform
 * is. Nothing decoded is trusted beyond its checksum: who uses a number checks its range. */
#ifndef STORAGE_LOG_FORMAT_H
#define STORAGE_LOG_FORMAT_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/compiler.h"

enum {
    STORAGE_BLOCK_BYTES = 4096, /* what a medium writes, or tears, at a time */
    STORAGE_FORMAT_MAJOR = 1,   /* another one is refused */
    STORAGE_FORMAT_MINOR = 0,   /* a higher one is read */
    STORAGE_ID_BYTES = 16,
};

enum {
    LOG_SLOTS = 2,
    LOG_PLACES_OFFSET = LOG_SLOTS * STORAGE_BLOCK_BYTES,
    LOG_FIRST_SEGMENT_BYTES = 1024 * 1024, /* of groups; its header's block comes on top */
    LOG_GROUP_ALIGN = 8,
    LOG_SLOT_BYTES = 144,
    LOG_SEGMENT_BYTES = 64,
    LOG_GROUP_BYTES = 72, /* the header, before the frames */
};

/* Numbers that count up stay below this: lsns, sequences, generations, versions. */
#define STORAGE_NUMBER_MAX (UINT64_C(1) << 62)

/* Which container and which log: what all checksums of the log start from. */
struct log_ids {
    uint8_t file_id[STORAGE_ID_BYTES];
    uint64_t log_id;
};
uint32_t log_seed(const struct log_ids *ids);

/* Where a group begins, or would begin. */
struct log_position {
    uint64_t lsn, sequence, offset;
};

/* The published root, as the log knows it. */
struct log_root {
    uint64_t tail; /* where its entry ends in the container */
    uint64_t version, replay_from;
    struct log_position start;
    uint32_t crc; /* of the entry's footer */
};

struct log_slot {
    struct log_ids ids;
    uint64_t generation, segment_bytes;
    struct log_root root;
    uint64_t durable_lsn, container_tail;
    uint64_t sequence_max; /* of the segments opened so far */
};

struct log_segment {
    uint64_t sequence, salt, first_lsn, offset;
};

struct log_group {
    uint64_t first_lsn, durable_lsn, sequence, salt, offset, container_tail;
    uint32_t bytes, frames, payload_crc, previous_crc;
};

enum log_verdict {
    LOG_VALID,
    LOG_INVALID,   /* other bytes, or damaged ones */
    LOG_TOO_NEW,   /* a valid slot of a format this program does not know */
    LOG_OTHER_FILE /* a valid slot of another container */
};

void log_slot_encode(const struct log_slot *slot, uint8_t out[LOG_SLOT_BYTES]);
/* `file_id`: of the container beside it. *out_slot is set only for LOG_VALID. */
NODISCARD enum log_verdict log_slot_decode(const uint8_t bytes[LOG_SLOT_BYTES],
                                           const uint8_t file_id[STORAGE_ID_BYTES],
                                           struct log_slot *out_slot);
/* Returns the checksum, which the first group repeats. */
uint32_t log_segment_encode(const struct log_segment *segment, uint32_t seed,
                            uint8_t out[LOG_SEGMENT_BYTES]);
NODISCARD bool log_segment_decode(const uint8_t bytes[LOG_SEGMENT_BYTES], uint32_t seed,
                                  struct log_segment *out_segment, uint32_t *out_crc);
/* Returns the checksum, which the next group repeats. */
uint32_t log_group_encode(const struct log_group *group, uint32_t seed,
                          uint8_t out[LOG_GROUP_BYTES]);
NODISCARD bool log_group_decode(const uint8_t bytes[LOG_GROUP_BYTES], uint32_t seed,
                                struct log_group *out_group, uint32_t *out_crc);
/* Can a header of a group be here? Cheaper than decoding. */
bool log_group_likely(const uint8_t bytes[LOG_GROUP_BYTES]);

/* Bytes a group takes in the file. */
ALWAYS_INLINE uint64_t log_group_span(uint64_t payload_bytes)
{
    uint64_t bytes = LOG_GROUP_BYTES + payload_bytes;
    return (bytes + LOG_GROUP_ALIGN - 1) / LOG_GROUP_ALIGN * LOG_GROUP_ALIGN;
}
#endif
