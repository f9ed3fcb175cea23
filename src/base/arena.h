/* arena.h -- memory by lifetime: allocate by moving a pointer, free all at once.
 *
 * States: zero (valid, owns nothing) or holding blocks. A reset keeps the first block, so that a
 * session's statements allocate nothing once it is warm. Not for threads: one arena, one owner. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/compiler.h"
#include "base/slice.h"

struct arena_block;
struct arena_cleanup;

struct arena {
    char *at, *end;
    struct arena_block *blocks; /* newest first */
    struct arena_cleanup *cleanups;
    struct mem_budget *budget;
    size_t total_bytes; /* of all blocks */
};

struct arena_mark {
    struct arena_block *block;
    char *at;
    struct arena_cleanup *cleanups;
};

/* Allocates nothing yet. */
void arena_init(struct arena *arena, struct mem_budget *budget);
/* Runs the cleanups and frees everything; the arena is zero afterwards but for its budget. */
void arena_deinit(struct arena *arena);
/* Runs the cleanups, newest first; keeps the oldest block. */
void arena_reset(struct arena *arena);

void *arena_alloc_slow(struct arena *arena, size_t bytes);

/* Aligned to 16, contents undefined; NULL if there is no memory. Prefer cx_alloc, which records the
 * error. */
ALWAYS_INLINE void *arena_alloc(struct arena *arena, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (UNLIKELY(bytes > (size_t)(arena->end - arena->at))) return arena_alloc_slow(arena, bytes);
    void *p = arena->at;
    arena->at += bytes;
    return p;
}

/* Call fn(ptr) at reset, deinit or rewind. False if there is no memory: then nothing is recorded.
 */
NODISCARD _Bool arena_on_reset(struct arena *arena, void (*fn)(void *), void *ptr);

/* Give back what was allocated after the mark (its cleanups run). */
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);
#endif
