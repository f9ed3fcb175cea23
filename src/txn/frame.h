/* frame.h -- what the log holds of one commit.
 *
 *     u32 bytes (the header too), u32 ops, u64 commit timestamp, then the ops:
 *     u8 code, u32 bytes, body
 *
 * The bodies belong to who wrote them. A group of the log is frames one after the other. What is
 * read is checked: lengths against the end, the timestamp against what must come next, codes.
 *
 * Owns:    a writer owns its bytes; a reader borrows. One thread. */
#ifndef TXN_FRAME_H
#define TXN_FRAME_H
#include "base/cx.h"
#include "base/pack.h"

enum {
    FRAME_HEADER_BYTES = 16,
    FRAME_OP_HEADER_BYTES = 5,
    FRAME_BYTES_MAX = 512 * 1024,
};

enum frame_code {
    FRAME_TABLE = 1,   /* what happened to the rows of one table (table/encode.h) */
    FRAME_CATALOG = 2, /* a change of the catalog */
};

/* Zeroed memory with a budget in `bytes` is an empty frame. */
struct frame {
    struct pack_writer bytes;
    uint32_t ops;
    size_t op_at; /* of the op being written */
};

void frame_deinit(struct frame *frame);
/* Between these the body is packed into frame->bytes. */
void frame_op_begin(struct frame *frame, enum frame_code code);
void frame_op_end(struct frame *frame);
/* The frame is complete. LLKV_NOMEM, LLKV_LIMIT. */
NODISCARD llkv_code frame_finish(struct cx *cx, struct frame *frame, int64_t ts);

struct frame_reader {
    int64_t ts;
    uint32_t ops; /* left */
    struct pack_reader in;
};
/* The next frame of a group, which must be that of commit `ts`. LLKV_CORRUPT. */
NODISCARD llkv_code frame_open(struct cx *cx, struct pack_reader *group, int64_t ts,
                               struct frame_reader *out_frame);
/* The next op; *out_code is 0 behind the last one. LLKV_CORRUPT also if bytes are left then. */
NODISCARD llkv_code frame_next(struct cx *cx, struct frame_reader *frame, uint8_t *out_code,
                               struct pack_reader *out_body);
#endif
