/* entry_format.h -- our entries in a container: what stands around their contents.
 *
 * An entry is a value of the simd-r-drive format (srd.h) whose length, trailer included, is a
 * multiple of STORAGE_BLOCK_BYTES, so it needs no pad and the next one begins at a block:
 *
 *   header 64 | contents | zeros | footer 232 | 4 zeros | trailer 20
 *
 * DATA holds a batch, CHECKPOINT a root. Pure functions of bytes, little-endian; nothing decoded is
 * trusted beyond its checksum. */
#ifndef STORAGE_ENTRY_FORMAT_H
#define STORAGE_ENTRY_FORMAT_H
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "storage/log_format.h"

enum {
    ENTRY_HEADER_BYTES = 64,
    ENTRY_FOOTER_BYTES = 232,
    ENTRY_END_BYTES = 256, /* footer, zeros, trailer: the last bytes of every entry */
};
#define ENTRY_BYTES_MAX (UINT64_C(1) << 34)
#define ENTRY_NO_OFFSET UINT64_MAX

enum entry_kind { ENTRY_DATA = 1, ENTRY_CHECKPOINT = 2 };
enum entry_flag { ENTRY_LOG_REQUIRED = 1 };

/* Where the newest state of the batch table is: a node (batch_table.h). */
struct table_ref {
    uint64_t offset; /* in the file; 0: the table is empty */
    uint32_t crc, height;
};

/* A part of an entry, from its beginning. */
struct entry_part {
    uint32_t offset, bytes, crc;
};

struct entry {
    uint8_t file_id[STORAGE_ID_BYTES];
    enum entry_kind kind;
    uint32_t batch_seq;
    uint64_t offset, bytes; /* in the file, trailer included */
    uint64_t data_end;      /* DATA: where its pieces end, from the entry's beginning */
    /* ---- CHECKPOINT ---- */
    uint32_t flags; /* enum entry_flag */
    uint64_t log_id;
    uint64_t version, replay_from;
    struct log_position start;
    uint64_t previous; /* where the checkpoint before it begins, or ENTRY_NO_OFFSET */
    struct table_ref table;
    struct entry_part root, drops;
    uint32_t crc; /* of the footer: set by entry_end_encode and entry_end_decode */
};

ALWAYS_INLINE uint64_t entry_bytes_for(uint64_t content_end)
{
    uint64_t bytes = content_end + ENTRY_END_BYTES;
    return (bytes + STORAGE_BLOCK_BYTES - 1) / STORAGE_BLOCK_BYTES * STORAGE_BLOCK_BYTES;
}

enum entry_verdict {
    ENTRY_VALID,
    ENTRY_INVALID,
    ENTRY_TOO_NEW, /* valid, of a format this program does not know */
};

void entry_header_encode(const struct entry *entry, uint8_t out[ENTRY_HEADER_BYTES]);
/* Sets file_id, kind, batch_seq, offset and bytes, and zeroes the rest. */
NODISCARD enum entry_verdict entry_header_decode(const uint8_t bytes[ENTRY_HEADER_BYTES],
                                                 struct entry *out_entry);
/* Everything but the trailer's checksum; sets entry->crc. */
void entry_end_encode(struct entry *entry, uint8_t out[ENTRY_END_BYTES]);
/* The trailer's checksum, of the payload: all of the entry but the trailer, so the footer too. */
void entry_end_set_crc(uint8_t end[ENTRY_END_BYTES], uint32_t payload_crc);
/* The whole entry by its last bytes, the trailer compared with the footer. */
NODISCARD enum entry_verdict entry_end_decode(const uint8_t bytes[ENTRY_END_BYTES],
                                              struct entry *out_entry, uint32_t *out_payload_crc);
#endif
