#include "base/arena.h"

#include <assert.h>

enum {
    FIRST_BLOCK_BYTES = 64 * 1024,
    BLOCK_BYTES_MAX = 1024 * 1024,
};

/* A "single" block holds one big request. It stands in the list in the order of its making, but the
 * arena goes on filling the newest shared block below it. */
struct arena_block {
    struct arena_block *older;
    size_t bytes; /* the header included */
    size_t is_single;
    size_t unused; /* keeps what follows aligned to 16 */
};
static_assert(sizeof(struct arena_block) % 16 == 0, "alignment of what follows");

struct arena_cleanup {
    struct arena_cleanup *older;
    void (*fn)(void *);
    void *ptr;
};

static char *block_begin(struct arena_block *block)
{
    return (char *)(block + 1);
}

static char *block_end(struct arena_block *block)
{
    return (char *)block + block->bytes;
}

static struct arena_block *newest_shared(struct arena_block *block)
{
    while (block != NULL && block->is_single)
        block = block->older;
    return block;
}

void arena_init(struct arena *arena, struct mem_budget *budget)
{
    *arena = (struct arena){.budget = budget};
}

static void run_cleanups(struct arena *arena, const struct arena_cleanup *until)
{
    while (arena->cleanups != until) {
        struct arena_cleanup *cleanup = arena->cleanups;
        arena->cleanups = cleanup->older;
        cleanup->fn(cleanup->ptr);
    }
}

static void pop_block(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    arena->blocks = block->older;
    arena->total_bytes -= block->bytes;
    mem_free(block);
}

void arena_deinit(struct arena *arena)
{
    run_cleanups(arena, NULL);
    while (arena->blocks != NULL)
        pop_block(arena);
    arena_init(arena, arena->budget);
}

void arena_reset(struct arena *arena)
{
    run_cleanups(arena, NULL);
    struct arena_block *kept = NULL;
    for (struct arena_block *b = arena->blocks; b != NULL; b = b->older)
        if (!b->is_single) kept = b;
    while (arena->blocks != NULL && arena->blocks != kept)
        pop_block(arena);
    if (kept == NULL) return;
    while (kept->older != NULL) { /* single blocks made before the first shared one */
        struct arena_block *block = kept->older;
        kept->older = block->older;
        arena->total_bytes -= block->bytes;
        mem_free(block);
    }
    arena->at = block_begin(kept);
    arena->end = block_end(kept);
}

static struct arena_block *push_block(struct arena *arena, size_t bytes, bool is_single)
{
    struct arena_block *block = mem_alloc(arena->budget, bytes);
    if (block == NULL) return NULL;
    *block = (struct arena_block){.older = arena->blocks, .bytes = bytes, .is_single = is_single};
    arena->blocks = block;
    arena->total_bytes += bytes;
    return block;
}

void *arena_alloc_slow(struct arena *arena, size_t bytes)
{
    assert((bytes & 15) == 0);
    struct arena_block *last = newest_shared(arena->blocks);
    size_t wanted = last == NULL ? FIRST_BLOCK_BYTES : last->bytes * 2;
    if (wanted > BLOCK_BYTES_MAX) wanted = BLOCK_BYTES_MAX;
    if (bytes > wanted / 4) {
        size_t total;
        if (!size_add(bytes, sizeof(struct arena_block), &total)) return NULL;
        struct arena_block *single = push_block(arena, total, true);
        return single == NULL ? NULL : block_begin(single);
    }
    struct arena_block *block = push_block(arena, wanted, false);
    if (block == NULL) return NULL;
    char *p = block_begin(block);
    arena->at = p + bytes;
    arena->end = block_end(block);
    return p;
}

bool arena_on_reset(struct arena *arena, void (*fn)(void *), void *ptr)
{
    struct arena_cleanup *cleanup = arena_alloc(arena, sizeof *cleanup);
    if (cleanup == NULL) return false;
    *cleanup = (struct arena_cleanup){arena->cleanups, fn, ptr};
    arena->cleanups = cleanup;
    return true;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->blocks, arena->at, arena->cleanups};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    run_cleanups(arena, mark.cleanups);
    while (arena->blocks != mark.block) {
        assert(arena->blocks != NULL);
        pop_block(arena);
    }
    struct arena_block *current = newest_shared(arena->blocks);
    arena->at = mark.at;
    arena->end = current == NULL ? NULL : block_end(current);
    assert(current == NULL || (mark.at >= block_begin(current) && mark.at <= block_end(current)));
}
