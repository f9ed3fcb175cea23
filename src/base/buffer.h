/* buffer.h -- column data: reference-counted, 64-byte aligned, readable 64 bytes past its end.
 *
 * Immutable once shared. The last unref frees it, or calls `release` for bytes that belong to
 * somebody else (a pager's view, an imported Arrow array). Big ones are recycled through the
 * engine's block pool, because first touch of fresh memory costs more than a scan of it. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H
#include <stdint.h>

#include <stdatomic.h>

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
/* One reference to bytes that stay where they are; release(owner) is called by the last unref, and
 * not at all if this fails (NULL: no memory). `release` may be NULL. */
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
 * undefined; NULL: no memory. Blocks are aligned to 64, those of 2 MiB to their size and of huge
 * pages. Up to an eighth of the budget's limit is kept for reuse, each block for ten seconds. */
enum block_size { BLOCK_64K, BLOCK_2M, BLOCK_SIZE_COUNT };
struct block_pool;
/* One pool per budget, which it serves from then on: `budget` must not be NULL and must outlive it.
 * NULL: no memory. */
struct block_pool *block_pool_new(struct mem_budget *budget);
/* Every block and every big buffer of the budget must have been given back. NULL is allowed. */
void block_pool_free(struct block_pool *pool);
/* Give kept blocks that were not used for `idle_ms` back to the system; the bytes given back. Done
 * on the way by block_put; for a caller that has been idle itself. */
size_t block_pool_trim(struct block_pool *pool, int64_t idle_ms);
void *block_get(struct block_pool *pool, enum block_size size);
void block_put(struct block_pool *pool, void *block, enum block_size size);
#endif
