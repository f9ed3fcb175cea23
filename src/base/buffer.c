#define _DEFAULT_SOURCE 1
#include "base/buffer.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/* Before the data of an own buffer stands its struct, behind it 64 readable bytes. */
enum { HEAD_BYTES = 64, PAD_BYTES = 64 };
static_assert(sizeof(struct buffer) <= HEAD_BYTES, "the struct fits before its data");

/* Classes of kept memory: the block sizes first, then buffers of 2^n data bytes. */
enum {
    CLASS_BUFFER = BLOCK_SIZE_COUNT,
    BUFFER_SHIFT_MIN = 16,
    BUFFER_SHIFT_MAX = 22,
    CLASS_COUNT = CLASS_BUFFER + BUFFER_SHIFT_MAX - BUFFER_SHIFT_MIN + 1,
    KEPT_BYTES_DEFAULT = 256 * 1024 * 1024, /* with a budget that has no limit */
    KEPT_MS = 10000,
};

/* Written into kept memory itself. */
struct kept {
    struct kept *newer, *older;
    int64_t since_ms;
};

struct class_list {
    struct kept *newest, *oldest;
};

struct block_pool {
    struct mem_budget *budget;
    pthread_mutex_t lock;
    struct class_list classes[CLASS_COUNT];
    size_t kept_bytes;
    size_t kept_bytes_max;
};

static size_t class_bytes(uint32_t class)
{
    if (class == BLOCK_64K) return 64 * 1024;
    if (class == BLOCK_2M) return MEM_PAGE_BYTES;
    return ((size_t)1 << (class - CLASS_BUFFER + BUFFER_SHIFT_MIN)) + HEAD_BYTES + PAD_BYTES;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *fresh(struct mem_budget *budget, uint32_t class)
{
    if (class == BLOCK_2M) return mem_map(budget, MEM_PAGE_BYTES);
    return mem_alloc_aligned(budget, class_bytes(class));
}

static void give_back(struct mem_budget *budget, void *memory, uint32_t class)
{
    if (class == BLOCK_2M)
        mem_unmap(budget, memory, MEM_PAGE_BYTES);
    else
        mem_free(memory);
}

struct block_pool *block_pool_new(struct mem_budget *budget)
{
    assert(budget != NULL);
    assert(budget->blocks == NULL);
    struct block_pool *pool = mem_alloc_zero(budget, sizeof *pool);
    if (pool == NULL) return NULL;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        mem_free(pool);
        return NULL;
    }
    pool->budget = budget;
    pool->kept_bytes_max =
        budget->limit_bytes == 0 ? KEPT_BYTES_DEFAULT : (size_t)budget->limit_bytes / 8;
    budget->blocks = pool;
    return pool;
}

static void unlink_kept(struct class_list *list, struct kept *kept)
{
    if (kept->newer != NULL)
        kept->newer->older = kept->older;
    else
        list->newest = kept->older;
    if (kept->older != NULL)
        kept->older->newer = kept->newer;
    else
        list->oldest = kept->newer;
}

/* The oldest kept memory of any class if it was put before `before_ms`. Under the lock. */
static struct kept *take_expired(struct block_pool *pool, int64_t before_ms, uint32_t *out_class)
{
    for (uint32_t class = 0; class < CLASS_COUNT; class ++) {
        struct kept *kept = pool->classes[class].oldest;
        if (kept == NULL || kept->since_ms > before_ms) continue;
        unlink_kept(&pool->classes[class], kept);
        pool->kept_bytes -= class_bytes(class);
        *out_class = class;
        return kept;
    }
    return NULL;
}

size_t block_pool_trim(struct block_pool *pool, int64_t idle_ms)
{
    int64_t before_ms = now_ms() - idle_ms;
    size_t bytes = 0;
    for (;;) {
        uint32_t class = 0;
        pthread_mutex_lock(&pool->lock);
        struct kept *kept = take_expired(pool, before_ms, &class);
        pthread_mutex_unlock(&pool->lock);
        if (kept == NULL) return bytes;
        give_back(pool->budget, kept, class);
        bytes += class_bytes(class);
    }
}

void block_pool_free(struct block_pool *pool)
{
    if (pool == NULL) return;
    block_pool_trim(pool, 0);
    assert(pool->kept_bytes == 0);
    pool->budget->blocks = NULL;
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

static void *class_get(struct block_pool *pool, uint32_t class)
{
    struct class_list *list = &pool->classes[class];
    pthread_mutex_lock(&pool->lock);
    struct kept *kept = list->newest;
    if (kept != NULL) {
        unlink_kept(list, kept);
        pool->kept_bytes -= class_bytes(class);
    }
    pthread_mutex_unlock(&pool->lock);
    return kept != NULL ? (void *)kept : fresh(pool->budget, class);
}

static void class_put(struct block_pool *pool, void *memory, uint32_t class)
{
    size_t bytes = class_bytes(class);
    struct class_list *list = &pool->classes[class];
    struct kept *kept = memory;
    int64_t now = now_ms();
    uint32_t expired_class = 0;
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->kept_bytes + bytes <= pool->kept_bytes_max;
    struct kept *expired = take_expired(pool, now - KEPT_MS, &expired_class);
    if (keep) {
        *kept = (struct kept){.older = list->newest, .since_ms = now};
        if (list->newest != NULL)
            list->newest->newer = kept;
        else
            list->oldest = kept;
        list->newest = kept;
        pool->kept_bytes += bytes;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep) give_back(pool->budget, memory, class);
    if (expired != NULL) give_back(pool->budget, expired, expired_class);
}

void *block_get(struct block_pool *pool, enum block_size size)
{
    assert(size < BLOCK_SIZE_COUNT);
    return class_get(pool, (uint32_t)size);
}

void block_put(struct block_pool *pool, void *block, enum block_size size)
{
    assert(size < BLOCK_SIZE_COUNT);
    if (block != NULL) class_put(pool, block, (uint32_t)size);
}

/* The class of kept buffers for `bytes`, or 0 if such buffers are not kept. A buffer takes at most
 * twice what it needs. */
static uint32_t buffer_class(uint64_t bytes)
{
    if (bytes <= UINT64_C(1) << (BUFFER_SHIFT_MIN - 1)) return 0;
    if (bytes > UINT64_C(1) << BUFFER_SHIFT_MAX) return 0;
    uint32_t shift = 64 - (uint32_t)__builtin_clzll(bytes - 1);
    return CLASS_BUFFER + shift - BUFFER_SHIFT_MIN;
}

struct buffer *buffer_new(struct mem_budget *budget, uint64_t bytes)
{
    struct block_pool *pool = budget == NULL ? NULL : budget->blocks;
    uint32_t class = pool == NULL ? 0 : buffer_class(bytes);
    size_t total;
    struct buffer *buffer = NULL;
    if (class != 0) {
        total = class_bytes(class);
        buffer = class_get(pool, class);
    } else if (size_add(bytes, HEAD_BYTES + PAD_BYTES, &total)) {
        buffer = mem_alloc_aligned(budget, total);
    }
    if (buffer == NULL) return NULL;
    buffer->data = (uint8_t *)buffer + HEAD_BYTES;
    buffer->bytes = bytes;
    buffer->capacity = total - HEAD_BYTES - PAD_BYTES;
    if (buffer->capacity == 0) buffer->capacity = 1; /* 0 would mean foreign bytes */
    atomic_init(&buffer->refs, 1);
    buffer->release = NULL;
    buffer->owner = class == 0 ? NULL : pool;
    memset(buffer->data + bytes, 0, PAD_BYTES);
    return buffer;
}

struct buffer *buffer_wrap(struct mem_budget *budget, const void *data, uint64_t bytes,
                           void (*release)(void *owner), void *owner)
{
    struct buffer *buffer = mem_alloc(budget, sizeof *buffer);
    if (buffer == NULL) return NULL;
    union {
        const void *constant;
        uint8_t *plain;
    } pointer = {.constant = data}; /* foreign bytes are never written to: capacity is 0 */
    *buffer =
        (struct buffer){.data = pointer.plain, .bytes = bytes, .release = release, .owner = owner};
    atomic_init(&buffer->refs, 1);
    return buffer;
}

void buffer_unref(struct buffer *buffer)
{
    if (buffer == NULL) return;
    uint32_t before = atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_release);
    assert(before != 0);
    if (before != 1) return;
    /* An acquire load rather than a fence: the thread sanitizer understands it. */
    (void)atomic_load_explicit(&buffer->refs, memory_order_acquire);
    if (buffer->capacity != 0 && buffer->owner != NULL) {
        class_put(buffer->owner, buffer, buffer_class(buffer->capacity));
        return;
    }
    if (buffer->capacity == 0 && buffer->release != NULL) buffer->release(buffer->owner);
    mem_free(buffer);
}
