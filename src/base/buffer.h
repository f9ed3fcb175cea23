/* buffer.h -- column data: reference-counted, 64-byte aligned, readable 64 bytes past its end.
 *
 * Immutable once shared. The last unref frees it, or calls `release` for bytes that belong to
 * somebody else (a pager's view, an imported Arrow array). Big ones are recycled through the
 * engine's block pool, because first touch of fresh memory costs more than a scan of it. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H
#include <stdatomic.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/compiler.h"

struct buffer {
    uint8_t *data;
    uint64_t bytes;    /* in use */
    uint64_t capacity; /* 0: foreign bytes */
    atomic_uint refs;
    void (*release)(void *owner); /* foreign bytes only */
    void *owner;
};

/* One reference; contents undefined, the padding behind `bytes` zeroed. NULL: no memory. */
struct buffer *buffer_new(struct mem_budget *budget, uint64_t bytes);
struct buffer *buffer_wrap(struct mem_budget *budget, const void *data, uint64_t bytes,
                           void (*release)(void *owner), void *owner);
ALWAYS_INLINE struct buffer *buffer_ref(struct buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed);
    return buffer;
}
/* NULL is allowed. */
void buffer_unref(struct buffer *buffer);

/* Recycled blocks of a fixed size for operators and column builders. Thread-safe; contents
 * undefined; NULL: no memory. */
enum block_size { BLOCK_64K, BLOCK_2M, BLOCK_SIZE_COUNT };
struct block_pool;
struct block_pool *block_pool_new(struct mem_budget *budget);
void block_pool_free(struct block_pool *pool);
void *block_get(struct block_pool *pool, enum block_size size);
void block_put(struct block_pool *pool, void *block, enum block_size size);
#endif
