#include "txn/frame.h"

#include <assert.h>
#include <string.h>

static void put_u32(uint8_t *at, uint32_t value)
{
    for (uint32_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

void frame_deinit(struct frame *frame)
{
    pack_writer_deinit(&frame->bytes);
    frame->ops = 0;
}

/* The header is filled in by frame_finish. */
static void ensure_header(struct frame *frame)
{
    if (frame->bytes.len != 0) return;
    uint8_t *header = pack_room(&frame->bytes, FRAME_HEADER_BYTES);
    if (header != NULL) memset(header, 0, FRAME_HEADER_BYTES);
}

void frame_op_begin(struct frame *frame, enum frame_code code)
{
    ensure_header(frame);
    frame->op_at = frame->bytes.len;
    pack_u8(&frame->bytes, (uint8_t)code);
    pack_u32(&frame->bytes, 0);
}

void frame_op_end(struct frame *frame)
{
    frame->ops++;
    if (frame->bytes.bad) return;
    size_t body = frame->bytes.len - frame->op_at - FRAME_OP_HEADER_BYTES;
    if (body > FRAME_BYTES_MAX) return; /* frame_finish refuses it */
    put_u32(frame->bytes.data + frame->op_at + 1, (uint32_t)body);
}

llkv_code frame_finish(struct cx *cx, struct frame *frame, int64_t ts)
{
    ensure_header(frame);
    if (frame->bytes.bad) return cx_nomem(cx);
    if (frame->bytes.len > FRAME_BYTES_MAX)
        return cx_fail(cx, LLKV_LIMIT, "the transaction touches too many places for the log");
    assert(ts > 0);
    put_u32(frame->bytes.data, (uint32_t)frame->bytes.len);
    put_u32(frame->bytes.data + 4, frame->ops);
    put_u32(frame->bytes.data + 8, (uint32_t)((uint64_t)ts & UINT32_MAX));
    put_u32(frame->bytes.data + 12, (uint32_t)((uint64_t)ts >> 32));
    return LLKV_OK;
}

static llkv_code fail_frame(struct cx *cx, int64_t ts)
{
    return cx_fail(cx, LLKV_CORRUPT, "the log holds something else than commit %lld",
                   (long long)ts);
}

llkv_code frame_open(struct cx *cx, struct pack_reader *group, int64_t ts,
                     struct frame_reader *out_frame)
{
    uint32_t bytes = unpack_u32(group);
    uint32_t ops = unpack_u32(group);
    uint64_t commit_ts = unpack_u64(group);
    bool sound = !group->bad && bytes >= FRAME_HEADER_BYTES && bytes <= FRAME_BYTES_MAX && ts > 0 &&
                 commit_ts == (uint64_t)ts;
    if (!sound) return fail_frame(cx, ts);
    const uint8_t *body = unpack_bytes(group, bytes - FRAME_HEADER_BYTES);
    if (body == NULL && bytes != FRAME_HEADER_BYTES) return fail_frame(cx, ts);
    if (ops > (bytes - FRAME_HEADER_BYTES) / FRAME_OP_HEADER_BYTES) return fail_frame(cx, ts);
    *out_frame = (struct frame_reader){.ts = ts, .ops = ops};
    pack_reader_init(&out_frame->in, body, bytes - FRAME_HEADER_BYTES);
    return LLKV_OK;
}

llkv_code frame_next(struct cx *cx, struct frame_reader *frame, uint8_t *out_code,
                     struct pack_reader *out_body)
{
    *out_code = 0;
    pack_reader_init(out_body, frame->in.at, 0);
    if (frame->ops == 0) return pack_left(&frame->in) == 0 ? LLKV_OK : fail_frame(cx, frame->ts);
    uint8_t code = unpack_u8(&frame->in);
    uint32_t bytes = unpack_u32(&frame->in);
    const uint8_t *body = unpack_bytes(&frame->in, bytes);
    bool known = code == FRAME_TABLE || code == FRAME_CATALOG;
    if (frame->in.bad || (body == NULL && bytes != 0) || !known) return fail_frame(cx, frame->ts);
    frame->ops--;
    *out_code = code;
    pack_reader_init(out_body, body, bytes);
    return LLKV_OK;
}
