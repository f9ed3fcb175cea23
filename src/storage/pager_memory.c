/* The pager in memory: a batch is a list of blocks, one per piece, so nothing is ever copied. */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "storage/pager.h"
#include "storage/pager_priv.h"

enum { PAD_BYTES = 64 }; /* readable behind every piece */
#define BATCH_BYTES_MAX ((uint64_t)1 << 38)

/* Freed when discarded and seen by nobody. */
struct piece {
    void *data;
    uint64_t offset, bytes;
    uint32_t views;
    bool discarded;
};

struct llkv_pager_batch {
    uint32_t seq;
    uint32_t piece_count, piece_capacity;
    struct piece **pieces; /* each an allocation: views point to them */
    uint64_t bytes;
};

struct memory_pager {
    struct llkv_pager pager;
    struct mem_budget *budget;
    pthread_mutex_t lock;              /* for everything below */
    struct llkv_pager_batch **batches; /* ascending seq */
    uint32_t batch_count, batch_capacity;
    uint32_t last_seq;
    uint64_t root_version, replay_from;
    size_t root_bytes;
    uint8_t root[LLKV_PAGER_ROOT_BYTES_MAX];
};

static struct memory_pager *memory_of(llkv_pager *pager)
{
    return (struct memory_pager *)(void *)pager;
}

static llkv_code no_memory(llkv_error *error)
{
    return pager_fail(error, LLKV_NOMEM, "out of memory");
}

static llkv_pager_caps memory_caps(llkv_pager *pager)
{
    (void)pager;
    return (llkv_pager_caps){.struct_size = sizeof(llkv_pager_caps),
                             .flags = LLKV_PAGER_ZERO_COPY | LLKV_PAGER_CHEAP_SYNC,
                             .batch_bytes_max = BATCH_BYTES_MAX};
}

static void batch_free(struct llkv_pager_batch *batch)
{
    for (uint32_t i = 0; i < batch->piece_count; i++) {
        mem_free(batch->pieces[i]->data);
        mem_free(batch->pieces[i]);
    }
    mem_free(batch->pieces);
    mem_free(batch);
}

static llkv_code memory_batch_begin(llkv_pager *pager, llkv_pager_batch **out_batch,
                                    llkv_error *error)
{
    struct memory_pager *mp = memory_of(pager);
    struct llkv_pager_batch *batch = mem_alloc_zero(mp->budget, sizeof *batch);
    if (batch == NULL) return no_memory(error);
    *out_batch = batch;
    return LLKV_OK;
}

/* Room for one more pointer in an array that doubles. */
static bool room_for_one(void **items, uint32_t count, uint32_t *capacity,
                         struct mem_budget *budget)
{
    if (count < *capacity) return true;
    uint32_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    size_t bytes;
    if (wanted <= *capacity || !size_mul(wanted, sizeof(void *), &bytes)) return false;
    void *grown = mem_realloc(*items, bytes, budget);
    if (grown == NULL) return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

static bool piece_room(struct memory_pager *mp, struct llkv_pager_batch *batch)
{
    void *items = batch->pieces;
    bool ok = room_for_one(&items, batch->piece_count, &batch->piece_capacity, mp->budget);
    batch->pieces = items;
    return ok;
}

static llkv_code memory_batch_add(llkv_pager *pager, llkv_pager_batch *batch, uint64_t bytes,
                                  void **out_space, uint64_t *out_offset, llkv_error *error)
{
    struct memory_pager *mp = memory_of(pager);
    if (bytes == 0) return pager_fail(error, LLKV_MISUSE, "a piece of a batch has no bytes");
    if (bytes > BATCH_BYTES_MAX - batch->bytes)
        return pager_fail(error, LLKV_LIMIT, "a batch is larger than %llu bytes",
                          (unsigned long long)BATCH_BYTES_MAX);
    uint64_t rounded = (bytes + LLKV_PAGER_ALIGN - 1) / LLKV_PAGER_ALIGN * LLKV_PAGER_ALIGN;
    if (!piece_room(mp, batch)) return no_memory(error);
    struct piece *piece = mem_alloc_zero(mp->budget, sizeof *piece);
    if (piece == NULL) return no_memory(error);
    piece->data = mem_alloc_aligned(mp->budget, (size_t)rounded + PAD_BYTES);
    if (piece->data == NULL) {
        mem_free(piece);
        return no_memory(error);
    }
    memset((uint8_t *)piece->data + bytes, 0, (size_t)(rounded - bytes) + PAD_BYTES);
    piece->bytes = rounded;
    piece->offset = batch->bytes;
    batch->pieces[batch->piece_count++] = piece;
    batch->bytes += rounded;
    *out_space = piece->data;
    *out_offset = piece->offset;
    return LLKV_OK;
}

static llkv_code memory_batch_seal(llkv_pager *pager, llkv_pager_batch *batch,
                                   uint32_t *out_batch_seq, llkv_error *error)
{
    struct memory_pager *mp = memory_of(pager);
    pthread_mutex_lock(&mp->lock);
    void *items = mp->batches;
    bool ok = room_for_one(&items, mp->batch_count, &mp->batch_capacity, mp->budget);
    mp->batches = items;
    bool numbered = mp->last_seq < UINT32_MAX;
    if (ok && numbered) {
        batch->seq = ++mp->last_seq;
        mp->batches[mp->batch_count++] = batch;
        *out_batch_seq = batch->seq;
    }
    pthread_mutex_unlock(&mp->lock);
    if (ok && numbered) return LLKV_OK;
    batch_free(batch);
    return ok ? pager_fail(error, LLKV_LIMIT, "no batch numbers are left") : no_memory(error);
}

static void memory_batch_abort(llkv_pager *pager, llkv_pager_batch *batch)
{
    (void)pager;
    batch_free(batch);
}

/* The index of a batch, or of the first one behind it. */
static uint32_t batch_position(const struct memory_pager *mp, uint32_t seq)
{
    uint32_t low = 0;
    uint32_t high = mp->batch_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (mp->batches[middle]->seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct llkv_pager_batch *find_batch(const struct memory_pager *mp, uint32_t seq)
{
    uint32_t i = batch_position(mp, seq);
    return i < mp->batch_count && mp->batches[i]->seq == seq ? mp->batches[i] : NULL;
}

/* The piece that holds the byte at `offset`; NULL: none. */
static struct piece *find_piece(const struct llkv_pager_batch *batch, uint64_t offset)
{
    uint32_t low = 0;
    uint32_t high = batch->piece_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct piece *piece = batch->pieces[middle];
        if (offset < piece->offset) {
            high = middle;
        } else if (offset - piece->offset >= piece->bytes) {
            low = middle + 1;
        } else {
            return piece;
        }
    }
    return NULL;
}

static llkv_code memory_batch_sync(llkv_pager *pager, uint32_t batch_seq, llkv_error *error)
{
    struct memory_pager *mp = memory_of(pager);
    pthread_mutex_lock(&mp->lock);
    bool found = batch_seq != 0 && batch_seq <= mp->last_seq;
    pthread_mutex_unlock(&mp->lock);
    return found ? LLKV_OK : pager_fail(error, LLKV_MISUSE, "there is no batch %u", batch_seq);
}

/* Under the lock: give the bytes of a discarded piece back once nobody looks at them, and the batch
 * with its last piece. */
static void drop_piece_bytes(struct piece *piece)
{
    if (!piece->discarded || piece->views != 0) return;
    mem_free(piece->data);
    piece->data = NULL;
}

static void drop_batch_if_dead(struct memory_pager *mp, uint32_t seq)
{
    uint32_t at = batch_position(mp, seq);
    if (at >= mp->batch_count || mp->batches[at]->seq != seq) return;
    struct llkv_pager_batch *batch = mp->batches[at];
    for (uint32_t i = 0; i < batch->piece_count; i++)
        if (batch->pieces[i]->data != NULL) return;
    memmove(&mp->batches[at], &mp->batches[at + 1],
            (mp->batch_count - at - 1) * sizeof(struct llkv_pager_batch *));
    mp->batch_count--;
    batch_free(batch);
}

static void memory_discard(llkv_pager *pager, uint32_t batch_seq, uint64_t offset, uint64_t bytes)
{
    struct memory_pager *mp = memory_of(pager);
    pthread_mutex_lock(&mp->lock);
    struct llkv_pager_batch *batch = find_batch(mp, batch_seq);
    if (batch != NULL) {
        for (uint32_t i = 0; i < batch->piece_count; i++) {
            struct piece *piece = batch->pieces[i];
            if (piece->offset < offset || piece->offset - offset > bytes) continue;
            if (piece->bytes > bytes - (piece->offset - offset)) continue;
            piece->discarded = true;
            drop_piece_bytes(piece);
        }
        drop_batch_if_dead(mp, batch_seq);
    }
    pthread_mutex_unlock(&mp->lock);
}

/* A pin tells the piece and, for the batch, its number. */
struct pin {
    struct piece *piece;
    uint32_t batch_seq;
};

static llkv_code memory_view(llkv_pager *pager, uint64_t handle, uint64_t bytes,
                             llkv_pager_view *out_view, llkv_error *error)
{
    struct memory_pager *mp = memory_of(pager);
    uint32_t seq = (uint32_t)(handle >> 32);
    uint64_t offset = (handle & UINT32_MAX) * LLKV_PAGER_ALIGN;
    struct pin *pin = mem_alloc(mp->budget, sizeof *pin);
    if (pin == NULL) return no_memory(error);
    pthread_mutex_lock(&mp->lock);
    struct llkv_pager_batch *batch = find_batch(mp, seq);
    struct piece *piece = batch == NULL ? NULL : find_piece(batch, offset);
    bool inside = piece != NULL && !piece->discarded && bytes != 0 &&
                  bytes <= piece->bytes - (offset - piece->offset);
    if (inside) {
        piece->views++;
        *pin = (struct pin){piece, seq};
        *out_view = (llkv_pager_view){(uint8_t *)piece->data + (offset - piece->offset), pin};
    }
    pthread_mutex_unlock(&mp->lock);
    if (inside) return LLKV_OK;
    mem_free(pin);
    return pager_fail(error, LLKV_CORRUPT, "batch %u holds no %llu bytes at %llu", seq,
                      (unsigned long long)bytes, (unsigned long long)offset);
}

static void memory_view_release(llkv_pager *pager, llkv_pager_view *view)
{
    struct memory_pager *mp = memory_of(pager);
    struct pin *pin = view->pin;
    if (pin == NULL) return;
    pthread_mutex_lock(&mp->lock);
    assert(pin->piece->views > 0);
    pin->piece->views--;
    if (pin->piece->discarded && pin->piece->views == 0) {
        drop_piece_bytes(pin->piece);
        drop_batch_if_dead(mp, pin->batch_seq);
    }
    pthread_mutex_unlock(&mp->lock);
    mem_free(pin);
    *view = (llkv_pager_view){0};
}

static llkv_code memory_root_get(llkv_pager *pager, uint64_t *out_version, void *out_root,
                                 size_t *out_bytes, uint64_t *out_replay_from, llkv_error *error)
{
    (void)error;
    struct memory_pager *mp = memory_of(pager);
    pthread_mutex_lock(&mp->lock);
    *out_version = mp->root_version;
    *out_bytes = mp->root_bytes;
    *out_replay_from = mp->replay_from;
    memcpy(out_root, mp->root, mp->root_bytes);
    pthread_mutex_unlock(&mp->lock);
    return LLKV_OK;
}

static llkv_code memory_root_publish(llkv_pager *pager, uint64_t expected_version, const void *root,
                                     size_t bytes, uint64_t replay_from, llkv_error *error)
{
    struct memory_pager *mp = memory_of(pager);
    if (bytes > LLKV_PAGER_ROOT_BYTES_MAX)
        return pager_fail(error, LLKV_LIMIT, "a root of %zu bytes is too large", bytes);
    pthread_mutex_lock(&mp->lock);
    uint64_t version = mp->root_version;
    if (version == expected_version) {
        if (bytes != 0) memcpy(mp->root, root, bytes);
        mp->root_bytes = bytes;
        mp->replay_from = replay_from;
        mp->root_version++;
    }
    pthread_mutex_unlock(&mp->lock);
    if (version == expected_version) return LLKV_OK;
    return pager_fail(error, LLKV_CONFLICT, "the root is at version %llu, not %llu",
                      (unsigned long long)version, (unsigned long long)expected_version);
}

static void memory_close(llkv_pager *pager)
{
    struct memory_pager *mp = memory_of(pager);
    for (uint32_t i = 0; i < mp->batch_count; i++)
        batch_free(mp->batches[i]);
    mem_free(mp->batches);
    pthread_mutex_destroy(&mp->lock);
    mem_free(mp);
}

static const llkv_pager_methods memory_methods = {
    .struct_size = sizeof(llkv_pager_methods),
    .caps = memory_caps,
    .batch_begin = memory_batch_begin,
    .batch_add = memory_batch_add,
    .batch_seal = memory_batch_seal,
    .batch_abort = memory_batch_abort,
    .batch_sync = memory_batch_sync,
    .discard = memory_discard,
    .view = memory_view,
    .view_release = memory_view_release,
    .root_get = memory_root_get,
    .root_publish = memory_root_publish,
    .close = memory_close,
};

llkv_pager *pager_memory_new(struct mem_budget *budget)
{
    struct memory_pager *mp = mem_alloc_zero(budget, sizeof *mp);
    if (mp == NULL) return NULL;
    mp->pager.methods = &memory_methods;
    mp->budget = budget;
    mp->replay_from = 1;
    if (pthread_mutex_init(&mp->lock, NULL) != 0) {
        mem_free(mp);
        return NULL;
    }
    return &mp->pager;
}

llkv_code llkv_pager_memory_open(llkv_pager **out_pager, llkv_error *error)
{
    if (out_pager == NULL) return pager_fail(error, LLKV_MISUSE, "out_pager is NULL");
    llkv_pager *pager = pager_memory_new(NULL);
    if (pager == NULL) return no_memory(error);
    *out_pager = pager;
    return LLKV_OK;
}
