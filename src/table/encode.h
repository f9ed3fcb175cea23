/* encode.h -- a write set as ops of a log frame.
 *
 * Body of a FRAME_TABLE op, of one table:
 *     varint table id
 *     varint parts, then a blob_ref each: bytes in batches that were made durable before
 *     varint bytes, and the bytes: the last part, in the frame itself
 *     varint pieces, then {varint row id, varint rows}: where the inserted rows went, in order
 * The parts one after the other are steps, in the order in which they are to be done:
 *     ROWS    a block of inserted rows (row_codec.h)
 *     SEAL    the rows since the last SEAL, BREAK or ADOPT are a segment of their own
 *     BREAK   no segment begins with rows from both sides of this
 *     ADOPT   varint batch, varint header offset, varint rows: a sealed segment
 *     DELETE  varint n <= VEC_ROWS_MAX, n row ids
 *     UPDATE  varint columns, their numbers, a block of new values, a row id for each
 * No step crosses a part. Row ids are varints of the zigzag difference to the one before; rows that
 * the same set inserted have provisional ones. */
#ifndef TABLE_ENCODE_H
#define TABLE_ENCODE_H
#include "table/write_priv.h"

enum encode_step {
    STEP_ROWS = 1,
    STEP_SEAL = 2,
    STEP_ADOPT = 3,
    STEP_DELETE = 4,
    STEP_UPDATE = 5,
    STEP_BREAK = 6,
};
enum { ENCODE_INLINE_MAX = 256 * 1024 }; /* more than this of a whole set goes to batches */

/* Everything but the row ids of inserted rows, before the commit mutex; what is large is durable
 * when it returns. Only with a log. Writes were prepared for the commit. */
NODISCARD llkv_code encode_write_set(struct cx *cx, struct write_set *set);
/* The op of one table; under the commit mutex. */
NODISCARD llkv_code encode_writes(struct cx *cx, struct txn_participant *participant,
                                  struct frame *frame);
/* A batch with `bytes` of the set, which the log is to keep; named twice it counts once, its bytes
 * together. */
NODISCARD llkv_code writes_note_batch(struct cx *cx, struct write_set *set, uint32_t batch_seq,
                                      uint64_t bytes);
/* Differences of row ids, so that small ones are short. */
ALWAYS_INLINE uint64_t encode_zigzag(uint64_t from, uint64_t to)
{
    uint64_t difference = to - from;
    return (difference << 1) ^ ((uint64_t)0 - (difference >> 63));
}
ALWAYS_INLINE uint64_t encode_unzigzag(uint64_t from, uint64_t code)
{
    return from + ((code >> 1) ^ ((uint64_t)0 - (code & 1)));
}
#endif
