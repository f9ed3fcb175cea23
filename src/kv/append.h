/* append.h -- writes entries at the end of a container, at offsets of their own. Private to kv.
 *
 * What is small is collected, so that a put is one write. After an error, what is behind the tail
 * of the file is undefined: the owner cuts it off. Threads: one at a time. */
#ifndef KV_APPEND_H
#define KV_APPEND_H
#include "base/os_fs.h"
#include "storage/srd.h"

/* Zero-initialised can be deinitialised. */
struct kv_append {
    struct os_fs_file *file; /* borrowed */
    uint64_t tail;           /* behind the last entry that is complete */
    uint64_t at;             /* where the buffer goes in the file */
    uint8_t *buffer;
    size_t used;
    uint8_t *piece; /* of a value that is copied */
    uint8_t pad;    /* SRD_PAD_* */
    /* the value in progress */
    uint64_t payload, payload_bytes;
    uint32_t crc;
    uint8_t first; /* byte of it */
};

/* Begin at the tail of `file`; allocates the buffer if there is none yet. */
NODISCARD llkv_code kv_append_begin(struct cx *cx, struct kv_append *append,
                                    struct os_fs_file *file, uint64_t tail);
void kv_append_deinit(struct kv_append *append);

/* A value in pieces; LLKV_DATA from _end if it is none that can be stored. */
NODISCARD llkv_code kv_append_value_begin(struct cx *cx, struct kv_append *append);
NODISCARD llkv_code kv_append_value_bytes(struct cx *cx, struct kv_append *append, const void *data,
                                          uint64_t bytes);
NODISCARD llkv_code kv_append_value_end(struct cx *cx, struct kv_append *append, uint64_t key);
NODISCARD llkv_code kv_append_value(struct cx *cx, struct kv_append *append, uint64_t key,
                                    const void *value, uint64_t bytes);
/* The value at `offset` of `from`, its trailer behind it; LLKV_CORRUPT if it has not the checksum
 * that stands there. */
NODISCARD llkv_code kv_append_copy(struct cx *cx, struct kv_append *append, uint64_t key,
                                   struct os_fs_file *from, uint64_t offset, uint64_t bytes);
NODISCARD llkv_code kv_append_tombstone(struct cx *cx, struct kv_append *append, uint64_t key);
/* Hand everything to the file. */
NODISCARD llkv_code kv_append_flush(struct cx *cx, struct kv_append *append);
#endif
